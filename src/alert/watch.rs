//! The state of one rule in every slice that is, or was lately, past a limit.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::episodes::{EpisodeSeed, Episodes, Sample};
use super::inhibit::Inhibitors;
use super::judge::{self, ComparedFigure};
use super::phase::{Delays, FlapDetector, Judgement, Phase, PhaseChange};
use super::rule::Rule;
use super::{Episode, EvaluationContext, Settings, Severity};
use crate::clock::{Span, Time};
use crate::kpi::{Answer, Calendar, Figure, RowDraft, Slice};

/// Where in the answers a rule finds its figure.
#[derive(Clone, Copy, Debug)]
pub(super) struct FigurePosition {
    /// Index of the answer.
    pub(super) query: usize,
    /// Index of the figure in each of its rows.
    pub(super) column: usize,
}

/// The inputs of one evaluation.
#[derive(Clone, Copy)]
pub(super) struct Evaluation<'a> {
    pub(super) answers: &'a [Answer],
    pub(super) inhibitors: &'a Inhibitors,
    pub(super) settings: &'a Settings,
    pub(super) context: EvaluationContext<'a>,
    pub(super) calendar: &'a Calendar,
    pub(super) now: Time,
    /// Whether the clock is behind what was seen before the restart.
    pub(super) is_behind: bool,
    /// Rises by one with every evaluation.
    pub(super) number: u64,
}

/// The state of one rule in one slice.
#[derive(Debug, Default)]
pub(super) struct SliceState {
    pub(super) phase: Phase,
    flaps: FlapDetector,
    pub(super) episode: Option<u64>,
    /// The number of the last evaluation that advanced it.
    pub(super) evaluation: u64,
}

/// One rule and its state in every slice that needs one.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) rule: Rule,
    pub(super) position: FigurePosition,
    pub(super) baseline: Option<FigurePosition>,
    pub(super) states: FxHashMap<Slice, SliceState>,
    /// Whether the rule has changed since the last evaluation, so that what is said about a figure is not what was said.
    pub(super) is_new: bool,
}

impl Watch {
    /// Whether another rule judges the same figures in the same slices, so that its state can be gone on with.
    pub(super) fn judges_the_same(&self, other: &Self) -> bool {
        let key = |rule: &Rule| (rule.name.clone(), rule.kpi, rule.each);
        key(&self.rule) == key(&other.rule)
    }

    /// Go on with the state of this rule as it was before.
    pub(super) fn continue_from(&mut self, before: &mut Self) {
        self.states = std::mem::take(&mut before.states);
        self.is_new = self.rule != before.rule;
    }

    /// The episodes that have not ended.
    pub(super) fn open_episodes(&self) -> impl Iterator<Item = u64> {
        self.states.values().filter_map(|state| state.episode)
    }

    /// Whether the rule has to judge a row of its answer, which it then finds among others. Rules with a baseline need all.
    pub(super) fn needs(&self, row: &RowDraft<'_>, is_awake: bool, settings: &Settings) -> bool {
        self.is_past_in(row, is_awake, settings) || !self.states.is_empty() && self.states.contains_key(row.key)
    }

    fn is_past_in(&self, row: &RowDraft<'_>, is_awake: bool, settings: &Settings) -> bool {
        let rule = &self.rule;
        let value = rule.each.and_then(|dim| row.key.get(dim)).filter(|value| rule.only.contains(value));
        let Some((kpi, _)) = rule.kpi.zip(value).filter(|_| is_awake) else { return false };
        let bands = (row.bands)(kpi);
        if !rule.has_limits(bands) {
            return false;
        }
        let rule = rule.within(bands);
        let compared = ComparedFigure { figure: &(row.figure)(kpi), baseline: None };
        is_past(judge::judge(&rule, compared, settings.min_samples, false))
    }

    /// Judge every slice.
    pub(super) fn evaluate(&mut self, at: &Evaluation<'_>, episodes: &mut Episodes) {
        let Self { rule, position, baseline, states, is_new } = self;
        let is_new = std::mem::take(is_new);
        let awake = rule.is_awake(at.now, at.calendar);
        if !awake && states.is_empty() {
            return;
        }
        let answer = at.answers.get(position.query);
        let base = baseline.and_then(|position| Some((at.answers.get(position.query)?, position.column)));
        let mut visit = |slice: &Slice, figure: &Figure, baseline: Option<&Figure>| {
            let has_state = !states.is_empty() && states.contains_key(slice);
            let bands = rule.kpi.map(|kpi| (at.context.bands)(kpi, slice));
            if !has_state && bands.is_some_and(|bands| !rule.has_limits(bands)) {
                return;
            }
            let rule = &*bands.map_or(Cow::Borrowed(&*rule), |bands| rule.within(bands));
            let compared = ComparedFigure { figure, baseline };
            let judgement = if awake {
                judge::judge(rule, compared, at.settings.min_samples, at.inhibitors.get(slice).is_some())
            } else {
                Judgement::Asleep
            };
            // A row may be needed by another rule. Slices within their limits have no state, and cost at most one look-up.
            if !is_past(judgement) && !has_state {
                return;
            }
            let state = states.entry(slice.clone()).or_default();
            step(rule, state, slice, compared, (judgement, is_new), at, episodes);
        };
        match rule.each {
            None => {
                if let Some(figure) = answer.and_then(|answer| answer.total.get(position.column)) {
                    visit(&Slice::TOTAL, figure, base.and_then(|(answer, column)| answer.total.get(column)));
                }
            }
            Some(dim) => {
                for row in answer.map_or(&[][..], |answer| &answer.rows) {
                    let Some(figure) = row.figures.get(position.column) else { continue };
                    // Contacts without an intent or agents without a team are not a slice that anybody can act on.
                    let Some(name) = row.key.get(dim).filter(|name| !name.is_empty()) else { continue };
                    if !rule.only.contains(name) {
                        continue;
                    }
                    let base = base.and_then(|(answer, column)| {
                        let row = answer.rows.binary_search_by(|other| other.key.cmp(&row.key)).ok()?;
                        answer.rows.get(row)?.figures.get(column)
                    });
                    visit(&row.key, figure, base);
                }
            }
        }
        // A slice that has a state but no row any more has no data.
        let missing = Figure::unknown("nothing happened in the window");
        for (slice, state) in states.iter_mut().filter(|(_, state)| state.evaluation != at.number) {
            let hold = at.inhibitors.get(slice).is_some();
            let judgement = if awake { Judgement::Insufficient { hold } } else { Judgement::Asleep };
            let compared = ComparedFigure { figure: &missing, baseline: None };
            step(rule, state, slice, compared, (judgement, is_new), at, episodes);
        }
        states.retain(|_, state| !state.is_idle());
    }

    /// Continue an episode from before a restart.
    pub(super) fn resume(&mut self, episode: &Episode) {
        self.states.entry(episode.slice.clone()).or_default().resume(episode);
    }
}

const fn is_past(judgement: Judgement) -> bool {
    matches!(judgement, Judgement::Known { past: Some(_), .. })
}

fn step(
    rule: &Rule,
    state: &mut SliceState,
    slice: &Slice,
    compared: ComparedFigure<'_>,
    (judgement, is_new): (Judgement, bool),
    at: &Evaluation<'_>,
    episodes: &mut Episodes,
) {
    let seed = || EpisodeSeed {
        rule: rule.name.clone(),
        kpi: rule.kpi,
        source: None,
        slice: slice.clone(),
        window: rule.window,
        above: rule.above,
        action: rule.action.clone(),
        since: at.now,
    };
    // Words take long to make: those about the same figure stay.
    let known = state.episode.and_then(|id| episodes.get(id)).filter(|_| compared.baseline.is_none() && !is_new);
    let same = known.filter(|known| known.figure == *compared.figure).map(|known| known.severity);
    let sample = |severity: Severity| {
        (same != Some(severity)).then(|| Sample {
            figure: compared.figure.clone(),
            limit: judge::limit(rule, compared.baseline, severity)
                .or_else(|| judge::limit(rule, compared.baseline, Severity::Warning)),
            text: judge::text(rule, &(at.context.name)(slice), compared, severity),
            action: None,
        })
    };
    state.step(rule, judgement, at, episodes, seed, sample);
    if let Some(id) = state.episode {
        let cause = at.inhibitors.get(slice).and_then(|inhibitor| inhibitor.shown.as_ref());
        episodes.set_inhibited(id, cause, at.now);
    }
}

impl SliceState {
    /// The wall clock was set by `by`.
    pub(super) fn shift(&mut self, by: Span) {
        self.phase.shift(by);
        self.flaps.shift(by);
    }

    /// Continue an episode from before a restart.
    pub(super) fn resume(&mut self, episode: &Episode) {
        self.phase = Phase::firing(episode.severity);
        self.episode = Some(episode.id);
    }

    /// Whether there is nothing to remember.
    pub(super) fn is_idle(&self) -> bool {
        self.phase == Phase::Quiet && self.flaps.is_empty()
    }

    /// Advance by one judgement, and bring the episode up to date. `seed` is called when an episode begins, `sample`
    /// while there is one: `None` is as the last time.
    pub(super) fn step(
        &mut self,
        rule: &Rule,
        judgement: Judgement,
        at: &Evaluation<'_>,
        episodes: &mut Episodes,
        seed: impl FnOnce() -> EpisodeSeed,
        sample: impl FnOnce(Severity) -> Option<Sample>,
    ) {
        let now = at.now;
        self.evaluation = at.number;
        let judgement = match judgement {
            Judgement::Known { past: Some(_), .. } => judgement,
            _ if at.is_behind => Judgement::Insufficient { hold: true },
            _ => judgement,
        };
        let delays = Delays { fire: rule.for_, clear: rule.clear_for.unwrap_or(at.settings.clear_for) };
        let change = self.phase.step(judgement, delays, now);
        if let Phase::Pending { severity, .. } | Phase::Firing { severity, .. } = self.phase {
            let id = *self.episode.get_or_insert_with(|| episodes.open(seed(), severity));
            if let Some(sample) = sample(severity) {
                episodes.update(id, sample);
            }
        }
        if matches!(change, PhaseChange::Fired(_) | PhaseChange::Worsened | PhaseChange::Eased | PhaseChange::Ended(_))
        {
            self.flaps.count(now);
        }
        self.flaps.expire(now);
        let Some(id) = self.episode else { return };
        match change {
            PhaseChange::None | PhaseChange::Pending => {}
            PhaseChange::Dropped => {
                episodes.discard(id);
                self.episode = None;
            }
            PhaseChange::Fired(severity) => episodes.fire(id, severity, now),
            PhaseChange::Worsened => episodes.set_severity(id, Severity::Critical, now),
            PhaseChange::Eased => episodes.set_severity(id, Severity::Warning, now),
            PhaseChange::Ended(ending) => {
                episodes.end(id, ending, now);
                self.episode = None;
            }
        }
        if let Some(id) = self.episode {
            episodes.set_flapping(id, self.flaps.flapping, now);
        }
        if let (Phase::Pending { severity, .. }, Some(episode)) = (self.phase, episodes.get_mut(id)) {
            episode.severity = severity;
        }
    }
}
