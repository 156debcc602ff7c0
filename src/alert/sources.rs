//! The rules about the sources: one that is silent or answers in part is a warning, one that is down is critical, and one that
//! brings more names or open contacts than a source may is a warning.

use rustc_hash::FxHashMap;

use super::episodes::{EpisodeSeed, Episodes, Sample};
use super::phase::{Judgement, Phase};
use super::rule::{Rule, SOURCE_NAMES, SOURCE_STALE};
use super::watch::{Evaluation, SliceState};
use super::{Episode, Reception, Severity, SourceState};
use crate::clock::Span;
use crate::kpi::{Figure, Slice};
use crate::text::{Label, Text};

/// What a rule about sources watches.
#[derive(Clone, Copy, Debug)]
enum SourceCondition {
    /// The source is silent or gone, or answers in part.
    Outage,
    /// The source brings ever new names or contacts.
    Excess,
}

/// The state of a rule for every source that is or was in trouble.
#[derive(Debug)]
pub(super) struct SourceWatch {
    rule: Rule,
    condition: SourceCondition,
    states: FxHashMap<Label, SliceState>,
}

impl SourceWatch {
    /// `None` when the rule is not about sources.
    pub(super) fn new(rule: Rule) -> Option<Self> {
        let condition = match rule.name.as_str() {
            _ if rule.kpi.is_some() => return None,
            SOURCE_STALE => SourceCondition::Outage,
            SOURCE_NAMES => SourceCondition::Excess,
            _ => return None,
        };
        Some(Self { rule, condition, states: FxHashMap::default() })
    }

    pub(super) const fn name(&self) -> &Label {
        &self.rule.name
    }

    /// Go on with the state of this rule as it was before.
    pub(super) fn continue_from(&mut self, before: &mut Self) {
        self.states = std::mem::take(&mut before.states);
    }

    /// The episodes that have not ended.
    pub(super) fn open_episodes(&self) -> impl Iterator<Item = u64> {
        self.states.values().filter_map(|state| state.episode)
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
        let Self { rule, condition, states } = self;
        for source in sources {
            let past = condition.severity(source);
            if past.is_none() && !states.contains_key(&source.name) {
                continue;
            }
            let judgement = if !rule.is_awake(at.now, at.calendar) {
                Judgement::Asleep
            } else if condition.is_unknown(source) {
                // After a restart, the old state holds until the source's present state is known.
                Judgement::Insufficient { hold: true }
            } else {
                let below_critical = past != Some(Severity::Critical);
                Judgement::Known { past, below_critical, clear: past.is_none() }
            };
            let state = states.entry(source.name.clone()).or_default();
            step(state, rule, *condition, source, judgement, at, episodes);
        }
        // A source that is no longer configured resolves.
        let clear = Judgement::Known { past: None, below_critical: true, clear: true };
        for (name, state) in states.iter_mut().filter(|(_, state)| state.evaluation != at.number) {
            let removed = SourceState { name: name.clone(), ..SourceState::default() };
            step(state, rule, *condition, &removed, clear, at, episodes);
        }
        states.retain(|_, state| !state.is_idle());
    }

    /// The cause to show for everything that depends on a source, once an alert fires that says it is silent or gone. What is
    /// told of a degraded source is current.
    pub(super) fn firing_outage(&self, source: &SourceState) -> Option<Text> {
        if source.reception == Reception::Degraded {
            return None;
        }
        match (self.condition, self.states.get(&source.name)?.phase) {
            (SourceCondition::Outage, Phase::Firing { severity, .. }) => Some(outage(&source.name, severity)),
            _ => None,
        }
    }
}

impl SourceCondition {
    /// How bad it is; `None` where all is well.
    fn severity(self, source: &SourceState) -> Option<Severity> {
        match self {
            Self::Outage => match source.reception {
                Reception::Good | Reception::Connecting => None,
                Reception::Degraded | Reception::Stale => Some(Severity::Warning),
                Reception::Down => Some(Severity::Critical),
            },
            Self::Excess => (!source.excess.is_empty()).then_some(Severity::Warning),
        }
    }

    /// Whether the state of the source is not known yet.
    const fn is_unknown(self, source: &SourceState) -> bool {
        matches!((self, source.reception), (Self::Outage, Reception::Connecting))
    }

    /// `source pbx is down: its figures stand still`.
    fn text(self, source: &SourceState, severity: Severity) -> Text {
        let name = &source.name;
        let is_well = self.severity(source).is_none();
        Text::new(&match self {
            Self::Outage if self.is_unknown(source) => {
                format!("source {name} is being connected: its figures stand still")
            }
            Self::Outage if is_well => format!("source {name} is back"),
            Self::Outage if source.reception == Reception::Degraded => {
                format!("source {name} answers in part: what fails is unknown")
            }
            Self::Outage => format!("{}: its figures stand still", outage(name, severity)),
            Self::Excess if is_well => format!("source {name} no longer sends more than is kept"),
            Self::Excess => format!("{}: {}", excess(name), source.excess),
        })
    }

    /// What to do: the source's own reason, which names a remedy, and then the rule's advice.
    fn action(self, rule: &Rule, source: &SourceState) -> Text {
        let reason = source.reason.as_str();
        if matches!(self, Self::Excess) || reason.is_empty() || self.severity(source).is_none() {
            return rule.action.clone();
        }
        let end = if reason.ends_with(['.', '?', '!']) { "" } else { "." };
        Text::new(&format!("{reason}{end} {}", rule.action))
    }
}

fn step(
    state: &mut SliceState,
    rule: &Rule,
    condition: SourceCondition,
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
        since: if matches!(condition, SourceCondition::Outage) { source.since } else { at.now },
    };
    let sample = |severity| {
        let (text, action) = (condition.text(source, severity), Some(condition.action(rule, source)));
        Some(Sample { figure: Figure::default(), limit: None, text, action })
    };
    state.step(rule, judgement, at, episodes, seed, sample);
}

/// The cause that an alert about a source shares with everything that it inhibits: `source pbx is down`.
pub(super) fn cause(rule: &Label, source: &Label, severity: Severity) -> Text {
    if rule.as_str() == SOURCE_NAMES { Text::new(&excess(source)) } else { outage(source, severity) }
}

fn outage(source: &Label, severity: Severity) -> Text {
    let state = if severity == Severity::Critical { "is down" } else { "is stale" };
    Text::new(&format!("source {source} {state}"))
}

fn excess(source: &Label) -> String {
    format!("source {source} sends more than is kept")
}
