//! The rule about the sources: a source that is silent is a warning, one that is down is critical.

use rustc_hash::FxHashMap;

use super::episodes::{EpisodeSeed, Episodes, Sample};
use super::phase::{Judgement, Phase};
use super::rule::{Rule, SOURCE_STALE};
use super::watch::{Evaluation, SliceState};
use super::{Episode, Severity, SourceState};
use crate::clock::Span;
use crate::kpi::{Figure, Slice};
use crate::text::{Label, Text};

/// The state of the rule for every source that is or was in trouble.
#[derive(Debug)]
pub(super) struct SourceWatch {
    rule: Rule,
    states: FxHashMap<Label, SliceState>,
}

impl SourceWatch {
    /// `None` when the rule is not the one about sources.
    pub(super) fn new(rule: Rule) -> Option<Self> {
        let is_about_sources = rule.kpi.is_none() && rule.name.as_str() == SOURCE_STALE;
        is_about_sources.then(|| Self { rule, states: FxHashMap::default() })
    }

    /// Continue an episode from before a restart.
    pub(super) fn resume(&mut self, source: &Label, episode: &Episode) {
        self.states.entry(source.clone()).or_default().resume(episode);
    }

    /// The wall clock was set by `by`.
    pub(super) fn shift(&mut self, by: Span) {
        self.states.values_mut().for_each(|state| state.shift(by));
    }

    pub(super) fn evaluate(&mut self, sources: &[SourceState], at: &Evaluation<'_>, episodes: &mut Episodes) {
        let Self { rule, states } = self;
        for source in sources {
            let past = match (source.down, source.stale) {
                (true, _) => Some(Severity::Critical),
                (false, true) => Some(Severity::Warning),
                (false, false) => None,
            };
            if past.is_none() && !states.contains_key(&source.name) {
                continue;
            }
            let judgement = if !at.is_awake(rule) {
                Judgement::Asleep
            } else if source.connecting {
                // After a restart, the old state holds until the source's present state is known.
                Judgement::Insufficient { hold: true }
            } else {
                let below_critical = past != Some(Severity::Critical);
                Judgement::Known { past, below_critical, clear: past.is_none() }
            };
            let state = states.entry(source.name.clone()).or_default();
            step(state, rule, source, judgement, at, episodes);
        }
        // A source that is no longer configured resolves.
        let clear = Judgement::Known { past: None, below_critical: true, clear: true };
        for (name, state) in states.iter_mut().filter(|(_, state)| state.evaluation != at.number) {
            let removed = SourceState { name: name.clone(), ..SourceState::default() };
            step(state, rule, &removed, clear, at, episodes);
        }
        states.retain(|_, state| !state.is_idle());
    }

    /// The cause to show for everything that depends on a source, once its own alert fires.
    pub(super) fn firing_cause(&self, source: &SourceState) -> Option<Text> {
        match self.states.get(&source.name)?.phase {
            Phase::Firing { severity, .. } => Some(cause(&source.name, severity)),
            Phase::Quiet | Phase::Pending { .. } => None,
        }
    }
}

fn step(
    state: &mut SliceState,
    rule: &Rule,
    source: &SourceState,
    judgement: Judgement,
    at: &Evaluation<'_>,
    episodes: &mut Episodes,
) {
    let seed = || EpisodeSeed {
        rule: rule.name.clone(),
        kpi: None,
        source: Some(source.name.clone()),
        slice: Slice::TOTAL,
        window: rule.window,
        above: true,
        action: rule.action.clone(),
        since: source.since,
    };
    let sample = |severity| Sample {
        figure: Figure::default(),
        limit: None,
        text: text(source, severity),
        action: Some(action(rule, source)),
    };
    state.step(rule, judgement, at, episodes, seed, sample);
}

/// `source pbx is down: its figures stand still`.
fn text(source: &SourceState, severity: Severity) -> Text {
    if source.connecting {
        return Text::new(&format!("source {} is being connected: its figures stand still", source.name));
    }
    if !source.down && !source.stale {
        return Text::new(&format!("source {} is back", source.name));
    }
    Text::new(&format!("{}: its figures stand still", cause(&source.name, severity)))
}

/// What to do: the source's own reason, which names a remedy, and then the rule's advice.
fn action(rule: &Rule, source: &SourceState) -> Text {
    let reason = source.reason.as_str();
    if reason.is_empty() || !source.down && !source.stale {
        return rule.action.clone();
    }
    let end = if reason.ends_with(['.', '?', '!']) { "" } else { "." };
    Text::new(&format!("{reason}{end} {}", rule.action))
}

/// The cause that is shown in place of everything that depends on a source: `source pbx is down`.
pub(super) fn cause(source: &Label, severity: Severity) -> Text {
    let state = if severity == Severity::Critical { "is down" } else { "is stale" };
    Text::new(&format!("source {source} {state}"))
}
