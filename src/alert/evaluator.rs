//! The owner of all rules at work and of the book of episodes.

use rustc_hash::{FxHashMap, FxHashSet};

use super::episodes::{EpisodeSeed, Episodes, Sample};
use super::judge;
use super::order::rank;
use super::phase::{Judged, Phase};
use super::rule::Rule;
use super::watch::{Causes, Place, Round, Slot, Trouble, Watch};
use super::{Actor, AlertCommand, CommandRefusal, Episode, HistoryEntry, Severity, commands};
use crate::clock::{Span, Time};
use crate::kpi::{Answer, Calendar, Dim, Figure, Formula, KpiId, Period, Query, Slice, Window};
use crate::text::{Label, Text};

pub use super::watch::{Coverage, EvaluationContext};

/// What holds for all rules where they say nothing themselves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// How long an acknowledgement lasts.
    pub expiry: Span,
    /// By what share a value may worsen before an acknowledgement breaks.
    pub worsening: f64,
    /// How long a figure must be clear before an episode is over.
    pub clear_for: Span,
    /// Below this many samples a rate or mean isn't judged.
    pub min_samples: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { expiry: Span(15 * Span::MINUTE.0), worsening: 0.2, clear_for: Span::MINUTE, min_samples: 10 }
    }
}

/// How a source does, as far as alerts care.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceState {
    /// Its name.
    pub name: Label,
    /// It can't be reached or read.
    pub down: bool,
    /// Nothing has come for too long.
    pub stale: bool,
    /// It has yet to say how it does: it is being connected.
    pub connecting: bool,
    /// Since when.
    pub since: Time,
    /// Why, in words.
    pub reason: Text,
    /// The queues it tells of.
    pub queues: Vec<Label>,
}

/// All rules at work. Pure: give it figures and the time.
///
/// Each evaluation asks for [`Evaluator::queries`], hands over the answers, and journals what comes back; each
/// command that was taken is journaled by whoever gave it.
#[derive(Debug)]
pub struct Evaluator {
    watches: Vec<Watch>,
    by_name: FxHashMap<Label, usize>,
    queries: Vec<Query>,
    sources: Option<SourceWatch>,
    settings: Settings,
    calendar: Calendar,
    book: Episodes,
    /// Episodes whose rule is gone: over at the next evaluation.
    orphans: Vec<u64>,
    watched: Coverage,
    round: u64,
}

/// The rule about sources at work.
#[derive(Debug)]
struct SourceWatch {
    rule: Rule,
    slots: FxHashMap<Label, Slot>,
}

impl Evaluator {
    /// Put rules to work.
    #[must_use]
    pub fn new(rules: Vec<Rule>, settings: Settings, calendar: Calendar) -> Self {
        let mut queries = Vec::new();
        let (mut watches, mut by_name, mut sources) = (Vec::new(), FxHashMap::default(), None);
        // Live figures don't care for a window: they join a question that is asked anyway.
        let (live, windowed): (Vec<Rule>, Vec<Rule>) = rules.into_iter().partition(Rule::is_live);
        for rule in windowed.into_iter().chain(live) {
            let Some(kpi) = rule.kpi else {
                if judge::is_about_sources(&rule) {
                    sources = Some(SourceWatch { rule, slots: FxHashMap::default() });
                }
                continue;
            };
            let place = ask(&mut queries, rule.each, (!rule.is_live()).then_some(rule.window), rule.formula, kpi);
            let baseline = rule.against.map(|window| ask(&mut queries, rule.each, Some(window), rule.formula, kpi));
            by_name.insert(rule.name.clone(), watches.len());
            watches.push(Watch { rule, place, baseline, slots: FxHashMap::default() });
        }
        Self {
            watches,
            by_name,
            queries,
            sources,
            settings,
            calendar,
            book: Episodes::default(),
            orphans: Vec::new(),
            watched: Coverage::default(),
            round: 0,
        }
    }

    /// What must be asked of the engine for an evaluation.
    #[must_use]
    pub fn queries(&self) -> &[Query] {
        &self.queries
    }

    /// Go on with the episodes that were active before a restart, as they were; `next` is the first free id.
    /// To be called before the first evaluation.
    pub fn restore(&mut self, active: Vec<Episode>, next: u64) {
        self.book.continue_from(next);
        for episode in active.into_iter().filter(Episode::is_active) {
            if let Some(source) = &episode.source {
                match &mut self.sources {
                    Some(watch) => {
                        let slot = watch.slots.entry(source.clone()).or_default();
                        slot.phase = Phase::resumed(episode.severity);
                        slot.episode = Some(episode.id);
                    }
                    None => self.orphans.push(episode.id),
                }
            } else {
                let place = self.by_name.get(&episode.rule);
                match place.and_then(|place| self.watches.get_mut(*place)) {
                    Some(watch) if watch.rule.kpi == episode.kpi => watch.resume(&episode),
                    _ => self.orphans.push(episode.id),
                }
            }
            self.book.resume(episode);
        }
    }

    /// Judge every slice by every rule. `answers` are those to [`Evaluator::queries`], in the same order, `surroundings` what the
    /// board knows of slices. Returns the
    /// episodes that have changed and are to be journaled, those that are over included; pending ones are not news.
    pub fn evaluate(
        &mut self,
        answers: &[Answer],
        sources: &[SourceState],
        surroundings: EvaluationContext<'_>,
        now: Time,
    ) -> Vec<Episode> {
        self.round += 1;
        self.watched = Coverage::default();
        for id in std::mem::take(&mut self.orphans) {
            self.book.close(id, Some(Text::fixed("its rule is gone")), now);
        }
        let nothing = Causes::default();
        let round = Round {
            answers,
            causes: &nothing,
            settings: &self.settings,
            surroundings,
            calendar: &self.calendar,
            now,
            number: self.round,
        };
        if let Some(watch) = &mut self.sources {
            watch.evaluate(sources, &round, &mut self.book);
        }
        let causes = self.causes(sources);
        let round = Round { causes: &causes, ..round };
        for watch in &mut self.watches {
            watch.evaluate(&round, &mut self.book, &mut self.watched);
        }
        self.settle(now);
        self.book.take_changed()
    }

    /// Do what somebody wants done. What comes back is to be journaled before anybody is told that it is done.
    ///
    /// # Errors
    /// Why it was refused.
    pub fn execute(&mut self, command: &AlertCommand, now: Time) -> Result<Episode, CommandRefusal> {
        self.book.tell(command, self.settings.expiry, now)
    }

    /// Take back what could not be journaled: nobody must rely on it.
    pub fn withdraw(&mut self, episode: u64, who: &Actor, why: &Text, now: Time) {
        let Some(episode) = self.book.get_mut(episode) else { return };
        let taken = episode.acknowledged.as_ref().map(|ack| &ack.who);
        let put_off = episode.snoozed.as_ref().map(|snooze| &snooze.who);
        if taken.or(put_off) == Some(who) {
            let entry = HistoryEntry::new(now, "undone", episode.figure.value).saying(Some(why.clone()));
            commands::release(episode, entry);
            let id = episode.id;
            self.book.mark(id);
        }
    }

    /// The episodes that are not over, pending ones too: those that need somebody first, inhibited ones last.
    #[must_use]
    pub fn active(&self) -> Vec<Episode> {
        let mut episodes: Vec<&Episode> = self.book.episodes().collect();
        episodes.sort_by_cached_key(|episode| rank(episode));
        episodes.into_iter().cloned().collect()
    }

    /// How many slices the last evaluation judged, and of how many too little was known.
    #[must_use]
    pub const fn coverage(&self) -> Coverage {
        self.watched
    }

    /// Let acknowledgements and snoozes expire or break.
    fn settle(&mut self, now: Time) {
        let held: Vec<u64> = self
            .book
            .episodes()
            .filter(|episode| episode.acknowledged.is_some() || episode.snoozed.is_some())
            .map(|episode| episode.id)
            .collect();
        for id in held {
            let Some(episode) = self.book.get_mut(id) else { continue };
            let place = self.by_name.get(&episode.rule);
            let rule = place.and_then(|place| self.watches.get(*place)).map(|watch| &watch.rule);
            if commands::settle(episode, rule, self.settings.worsening, now) {
                self.book.mark(id);
            }
        }
    }

    /// Which queues' figures stand still: those that only sources in trouble tell of. A queue whose surveys are
    /// late still has its calls.
    fn causes(&self, sources: &[SourceState]) -> Causes {
        let mut causes = Causes::default();
        let trouble = |source: &SourceState| {
            let slot = self.sources.as_ref().and_then(|watch| watch.slots.get(&source.name));
            let shown = match slot.map(|slot| slot.phase) {
                Some(Phase::Firing { severity, .. }) => {
                    Some(judge::cause(&source.name, severity == Severity::Critical))
                }
                _ => None,
            };
            (shown.is_some() || source.down || source.stale).then_some(Trouble { shown })
        };
        let (mut well, mut bad) = (Vec::new(), Vec::new());
        for source in sources {
            match trouble(source) {
                Some(trouble) => bad.push((source, trouble)),
                None => well.push(source),
            }
        }
        if bad.is_empty() {
            return causes;
        }
        let told: FxHashSet<&Label> = well.iter().flat_map(|source| &source.queues).collect();
        for (source, trouble) in &bad {
            for queue in source.queues.iter().filter(|queue| !told.contains(queue)) {
                let known = causes.queues.entry(queue.clone()).or_default();
                if known.shown.is_none() {
                    known.shown.clone_from(&trouble.shown);
                }
            }
        }
        if well.is_empty() {
            let first = bad.iter().find(|(_, trouble)| trouble.shown.is_some()).or_else(|| bad.first());
            causes.all = first.map(|(_, trouble)| trouble.clone());
        }
        causes
    }
}

impl SourceWatch {
    fn evaluate(&mut self, sources: &[SourceState], round: &Round<'_>, book: &mut Episodes) {
        let Self { rule, slots } = self;
        let awake = rule.hours.is_none_or(|hours| hours.hold(round.now, round.calendar));
        let well = Judged::Known { past: None, below_critical: true, clear: true };
        for source in sources {
            let severity = match (source.down, source.stale) {
                (true, _) => Some(Severity::Critical),
                (false, true) => Some(Severity::Warning),
                (false, false) => None,
            };
            if severity.is_none() && !slots.contains_key(&source.name) {
                continue;
            }
            let past = severity;
            let below_critical = past != Some(Severity::Critical);
            let judged = if source.connecting {
                // After a restart: what was so before is so until it is known to be otherwise.
                Judged::Insufficient { hold: true }
            } else {
                Judged::Known { past, below_critical, clear: past.is_none() }
            };
            let slot = slots.entry(source.name.clone()).or_default();
            slot.round = round.number;
            let judged = if awake { judged } else { Judged::Asleep };
            let look = |severity| source_look(rule, source, severity);
            slot.go(rule, judged, round, book, || source_news(rule, source), look);
        }
        // A source that is configured no more is no trouble any more.
        for (name, slot) in slots.iter_mut().filter(|(_, slot)| slot.round != round.number) {
            let gone = SourceState { name: name.clone(), ..SourceState::default() };
            let look = |severity| source_look(rule, &gone, severity);
            slot.go(rule, well, round, book, || source_news(rule, &gone), look);
        }
        slots.retain(|_, slot| slot.phase != Phase::Quiet || !slot.flaps.is_empty());
    }
}

fn source_news(rule: &Rule, source: &SourceState) -> EpisodeSeed {
    EpisodeSeed {
        rule: rule.name.clone(),
        kpi: None,
        source: Some(source.name.clone()),
        slice: Slice::TOTAL,
        window: rule.window,
        above: true,
        action: rule.action.clone(),
        since: source.since,
    }
}

fn source_look(rule: &Rule, source: &SourceState, severity: Severity) -> Sample {
    Sample {
        figure: Figure::default(),
        line: None,
        text: judge::source_text(source, severity),
        action: Some(judge::source_action(rule, source)),
    }
}

/// Find a place for a figure among the questions, adding a question or a column where there is none.
fn ask(
    queries: &mut Vec<Query>,
    each: Option<Dim>,
    window: Option<Window>,
    formula: Option<Formula>,
    kpi: KpiId,
) -> Place {
    let fits = |query: &Query| {
        query.by.first().copied() == each
            && window.is_none_or(|window| query.over == Period::Window(window) && query.formula == formula)
    };
    let query = queries.iter().position(fits).unwrap_or_else(|| {
        queries.push(Query {
            of: Slice::TOTAL,
            by: each.into_iter().collect(),
            over: Period::Window(window.unwrap_or(Window::M15)),
            every: None,
            kpis: Vec::new(),
            formula,
        });
        queries.len() - 1
    });
    let mut column = 0;
    if let Some(query) = queries.get_mut(query) {
        column = query.kpis.iter().position(|other| *other == kpi).unwrap_or_else(|| {
            query.kpis.push(kpi);
            query.kpis.len() - 1
        });
    }
    Place { query, column }
}

#[cfg(test)]
mod tests;
