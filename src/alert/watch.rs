//! A rule at work: one small state a slice, kept only where something is or was wrong.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::episodes::{EpisodeSeed, Episodes, Sample};
use super::judge::{self, Seen};
use super::phase::{Change, Flaps, Judged, Phase, Timing};
use super::rule::Rule;
use super::{Episode, Settings, Severity};
use crate::clock::Time;
use crate::kpi::{Answer, Bands, Calendar, Dim, Figure, KpiId, Slice};
use crate::text::{Label, Text};

/// Where in the answers a rule's figure is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) query: usize,
    pub(super) column: usize,
}

/// What the board knows of slices.
#[derive(Clone, Copy)]
pub struct EvaluationContext<'a> {
    /// The lines it judges a slice by.
    pub lines: &'a dyn Fn(KpiId, &Slice) -> Bands,
    /// The names it shows for a slice.
    pub name: &'a dyn Fn(&Slice) -> String,
}

/// What one evaluation has at hand.
pub(super) struct Round<'a> {
    pub(super) answers: &'a [Answer],
    /// The sources' troubles, by queue.
    pub(super) causes: &'a Causes,
    pub(super) settings: &'a Settings,
    pub(super) surroundings: EvaluationContext<'a>,
    pub(super) calendar: &'a Calendar,
    pub(super) now: Time,
    pub(super) number: u64,
}

/// What keeps queues' figures from being trusted.
#[derive(Debug, Default)]
pub(super) struct Causes {
    /// Queues all of whose sources are in trouble.
    pub(super) queues: FxHashMap<Label, Trouble>,
    /// No source is well: then nothing can be trusted.
    pub(super) all: Option<Trouble>,
}

/// A source in trouble.
#[derive(Clone, Debug, Default)]
pub(super) struct Trouble {
    /// The cause to show, once it is news itself: until then nothing is hidden, so that there is never a trouble
    /// without a line.
    pub(super) shown: Option<Text>,
}

impl Causes {
    /// `None`: all is well.
    fn of(&self, slice: &Slice) -> Option<&Trouble> {
        let queue = slice.get(Dim::Queue).and_then(|queue| self.queues.get(queue));
        queue.or(self.all.as_ref())
    }
}

/// The state of a slice.
#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) phase: Phase,
    pub(super) flaps: Flaps,
    pub(super) episode: Option<u64>,
    /// The last evaluation that saw it.
    pub(super) round: u64,
}

#[derive(Debug)]
pub(super) struct Watch {
    pub(super) rule: Rule,
    pub(super) place: Place,
    pub(super) baseline: Option<Place>,
    pub(super) slots: FxHashMap<Slice, Slot>,
}

/// How many slices were looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Judged.
    pub judged: usize,
    /// Of which too little is known.
    pub insufficient: usize,
}

impl Watch {
    pub(super) fn evaluate(&mut self, round: &Round<'_>, book: &mut Episodes, watched: &mut Coverage) {
        let Self { rule, place, baseline, slots } = self;
        let awake = rule.hours.is_none_or(|hours| hours.hold(round.now, round.calendar));
        if !awake && slots.is_empty() {
            return;
        }
        let answer = round.answers.get(place.query);
        let base = baseline.and_then(|place| Some((round.answers.get(place.query)?, place.column)));
        let mut visit = |slice: &Slice, figure: &Figure, base: Option<&Figure>| {
            let rule =
                &*rule.kpi.map_or(Cow::Borrowed(&*rule), |kpi| rule.within((round.surroundings.lines)(kpi, slice)));
            let trouble = round.causes.of(slice);
            let seen = Seen { figure, baseline: base };
            let judged = if awake {
                judge::judge(rule, seen, round.settings.min_samples, trouble.is_some())
            } else {
                Judged::Asleep
            };
            match judged {
                Judged::Known { .. } => watched.judged += 1,
                Judged::Insufficient { .. } => watched.insufficient += 1,
                Judged::Asleep => {}
            }
            // Most slices are fine most of the time: those cost one look-up, and none where all are fine.
            let wrong = matches!(judged, Judged::Known { past: Some(_), .. });
            if !wrong && (slots.is_empty() || !slots.contains_key(slice)) {
                return;
            }
            if !slots.contains_key(slice) {
                slots.insert(slice.clone(), Slot::default());
            }
            let Some(slot) = slots.get_mut(slice) else { return };
            slot.round = round.number;
            step(rule, slot, slice, seen, judged, round, book);
        };
        match rule.each {
            None => {
                if let Some(figure) = answer.and_then(|answer| answer.total.get(place.column)) {
                    visit(&Slice::TOTAL, figure, base.and_then(|(answer, column)| answer.total.get(column)));
                }
            }
            Some(dim) => {
                for row in answer.map_or(&[][..], |answer| &answer.rows) {
                    let Some(figure) = row.figures.get(place.column) else { continue };
                    // Contacts without an intent, agents without a team: nothing anybody could act on.
                    let Some(name) = row.key.get(dim).filter(|name| !name.is_empty()) else { continue };
                    if !rule.only.holds(name) {
                        continue;
                    }
                    let base = base.and_then(|(answer, column)| {
                        let at = answer.rows.binary_search_by(|other| other.key.cmp(&row.key)).ok()?;
                        answer.rows.get(at)?.figures.get(column)
                    });
                    visit(&row.key, figure, base);
                }
            }
        }
        // What has no row any more has no data.
        let gone = Figure::unknown("nothing happened in the window");
        for (slice, slot) in slots.iter_mut().filter(|(_, slot)| slot.round != round.number) {
            let judged =
                if awake { Judged::Insufficient { hold: round.causes.of(slice).is_some() } } else { Judged::Asleep };
            step(rule, slot, slice, Seen { figure: &gone, baseline: None }, judged, round, book);
        }
        slots.retain(|_, slot| slot.phase != Phase::Quiet || !slot.flaps.is_empty());
    }

    /// Take up an episode from before a restart.
    pub(super) fn resume(&mut self, episode: &Episode) {
        let slot = self.slots.entry(episode.slice.clone()).or_default();
        slot.phase = Phase::resumed(episode.severity);
        slot.episode = Some(episode.id);
    }
}

fn step(
    rule: &Rule,
    slot: &mut Slot,
    slice: &Slice,
    seen: Seen<'_>,
    judged: Judged,
    round: &Round<'_>,
    book: &mut Episodes,
) {
    let news = || EpisodeSeed {
        rule: rule.name.clone(),
        kpi: rule.kpi,
        source: None,
        slice: slice.clone(),
        window: rule.window,
        above: rule.above,
        action: rule.action.clone(),
        since: round.now,
    };
    let look = |severity: Severity| Sample {
        figure: seen.figure.clone(),
        line: judge::line(rule, seen.baseline, severity)
            .or_else(|| judge::line(rule, seen.baseline, Severity::Warning)),
        text: judge::text(rule, &(round.surroundings.name)(slice), seen, severity),
        action: None,
    };
    slot.go(rule, judged, round, book, news, look);
    if let Some(id) = slot.episode {
        let cause = round.causes.of(slice).and_then(|trouble| trouble.shown.as_ref());
        book.inhibit(id, cause, round.now);
    }
}

impl Slot {
    /// One judgement: go on, and write down what it changed.
    pub(super) fn go(
        &mut self,
        rule: &Rule,
        judged: Judged,
        round: &Round<'_>,
        book: &mut Episodes,
        news: impl FnOnce() -> EpisodeSeed,
        look: impl FnOnce(Severity) -> Sample,
    ) {
        let now = round.now;
        let timing = Timing { hold: rule.for_, clear: rule.clear_for.unwrap_or(round.settings.clear_for) };
        let change = self.phase.step(judged, timing, now);
        let severity = match self.phase {
            Phase::Pending { severity, .. } | Phase::Firing { severity, .. } => Some(severity),
            Phase::Quiet => None,
        };
        if let Some(severity) = severity {
            let id = *self.episode.get_or_insert_with(|| book.open(news(), severity));
            book.look(id, look(severity));
        }
        if matches!(change, Change::Fired(_) | Change::Worsened | Change::Eased | Change::Resolved(_)) {
            self.flaps.count(now);
        }
        self.flaps.settle(now);
        let Some(id) = self.episode else { return };
        match change {
            Change::None | Change::Pending => {}
            Change::Dropped => {
                book.drop(id);
                self.episode = None;
            }
            Change::Fired(severity) => book.fire(id, severity, now),
            Change::Worsened => book.turn(id, Severity::Critical, now),
            Change::Eased => book.turn(id, Severity::Warning, now),
            Change::Resolved(ending) => {
                book.resolve(id, ending, now);
                self.episode = None;
            }
        }
        if let Some(id) = self.episode {
            book.flap(id, self.flaps.marked, now);
        }
        if let (Phase::Pending { severity, .. }, Some(episode)) = (self.phase, book.get_mut(id)) {
            episode.severity = severity;
        }
    }
}
