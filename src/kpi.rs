//! The KPI catalogue: the one list of what floorwatch measures.
//!
//! Panels, alert rules, configuration keys, reports and the docs all read [`CATALOGUE`]. A KPI is a name, a
//! direction, its bands, and a function from [`KpiInputs`] to a [`Figure`] that keeps numerator and denominator.
//! Formulas and ids are a contract: they follow docs/kpis.md and do not change.
//!
//! ```text
//!  Query: of a Slice of the floor, by up to two Dims, over a Period, in steps (Every)
//!    │
//!    │   the engine counts, for each row of the answer:
//!    ▼
//!  Tally (counts and sums of a window)  ─┐
//!  Live (the current state)             ─┼─► KpiInputs ──► Kpi::compute ──► Figure ──► Bands ──► Verdict
//!  AgentTimes, baseline, CountingRules  ─┘
//!    │
//!    ▼
//!  Answer: a total, and an AnswerRow for each key and step, each with one Figure per KPI asked for
//! ```

pub mod bands;
mod catalogue;
pub mod control;
pub mod correlation;
pub mod difference;
pub mod figure;
pub mod format;
mod formula;
mod handling;
mod patience;
mod profile;
mod purpose;
pub mod samples;
pub mod slice;
mod speed_trap;
pub mod stats;
pub mod tally;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::clock::{Span, Time};
use crate::event::{AgentState, LeftReason};
use crate::text::Label;
use crate::text::suggest::nearest;

pub use bands::{Bands, Better};
pub use catalogue::{CATALOGUE, CORE, KpiId};
pub use figure::{Figure, FigurePart, Verdict};
pub use profile::{IssueKind, Profile};
pub use purpose::{Grade, KpiRole};
pub use slice::{Answer, AnswerRow, Calendar, Dim, Every, Period, Query, RowDraft, RowSelection, Slice, Window};
pub use tally::Tally;

/// One entry of the catalogue.
pub struct Kpi {
    /// Its number: the index in [`CATALOGUE`].
    pub id: KpiId,
    /// Its id in configuration files, JSON, alert rules and on the command line: `service_level`.
    pub key: &'static str,
    /// Its full name for people.
    pub name: &'static str,
    /// Its name for heads of columns, at most nine columns wide.
    pub short: &'static str,
    /// The unit of its values.
    pub unit: Unit,
    /// Which values are better.
    pub better: Better,
    /// The target and limits it is judged by, unless the configuration sets others. In the KPI's unit.
    pub bands: Bands,
    /// The group it is listed in.
    pub group: KpiGroup,
    /// The formula of docs/kpis.md in words.
    pub formula: &'static str,
    /// Why it matters, in one sentence.
    pub why: &'static str,
    /// What to do about it.
    pub action: &'static str,
    /// Whether it is a rate or a mean, which is not judged below `min_samples`; counts and gauges always are.
    pub sampled: bool,
    /// Computes the figure, without its verdict.
    pub compute: fn(&KpiInputs<'_>) -> Figure,
}

/// The unit of a KPI's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A number of contacts, agents or the like.
    Count,
    /// A share, 0–100.
    Percent,
    /// A length of time in seconds.
    Seconds,
    /// A mean score, on the scale that the KPI's formula names.
    Score,
    /// The difference of two percentages, −100 to 100.
    Points,
    /// Contacts per hour.
    PerHour,
    /// An amount, in the currency that `[cost]` is given in.
    Money,
    /// Yes or no, as 1 or 0.
    Flag,
}

/// The groups that docs/kpis.md lists the KPIs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum KpiGroup {
    Live,
    Accessibility,
    Efficiency,
    Resolution,
    Experience,
    Quality,
}

/// Everything that a KPI's formula may read: the data of one row of an answer.
#[derive(Clone, Copy)]
pub struct KpiInputs<'a> {
    /// The counts and sums of the slice in the period.
    pub tally: &'a Tally,
    /// The current state of the slice.
    pub live: &'a Live,
    /// How long the agents were staffed and available in the period; `None` where the slice is not one of agents.
    pub times: Option<&'a AgentTimes>,
    /// The same slice in the same hours of the four weeks before (or of the day before), for `speed_trap`; `None`
    /// where nothing that old is known.
    pub baseline: Option<&'a Tally>,
    /// The choices that the definitions leave open.
    pub rules: &'a CountingRules,
    /// What data the sources have ever given: a KPI without data says so instead of showing zero.
    pub evidence: Evidence,
    /// Whether the slice is one of a single agent: some KPIs are not computed for one.
    pub of_agent: bool,
    /// The instant the question is asked.
    pub now: Time,
}

/// The current state of one slice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Live {
    /// Contacts waiting in a queue.
    pub waiting: i64,
    /// The age of the oldest of them; `None` where none waits.
    pub longest_wait: Option<Span>,
    /// The expected wait of a contact that joins now; `None` where it cannot be estimated.
    pub estimated_wait: Option<Span>,
    /// Of those waiting, the ones in a queue that no agent serves; `None` where nobody waits, or no source says who serves
    /// these queues.
    pub unserved: Option<i64>,
    /// Since when the oldest call-back is open; `None` where none is, or nobody works through the list of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_callback: Option<Time>,
    /// Contacts with an agent.
    pub in_progress: i64,
    /// Numbers of agents by state, in the order of [`crate::event::AgentState::ALL`].
    pub agents: [i64; AgentState::ALL.len()],
    /// Numbers of paused agents by reason, sorted by reason.
    pub pause_reasons: Vec<(Label, i64)>,
    /// Open asynchronous contacts.
    pub backlog: i64,
    /// Of those, the ones older than their channel's first response target.
    pub aged_backlog: i64,
}

impl Live {
    /// The number of agents in a state.
    #[must_use]
    pub fn agents_in(&self, state: AgentState) -> i64 {
        AgentState::ALL.iter().zip(self.agents).filter(|(of, _)| **of == state).map(|(_, count)| count).sum()
    }

    /// The number of agents who are known to be at work.
    #[must_use]
    pub fn staffed(&self) -> i64 {
        AgentState::ALL.iter().zip(self.agents).filter(|(of, _)| of.is_staffed()).map(|(_, count)| count).sum()
    }
}

/// How long agents were staffed and available in a period, summed over the agents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgentTimes {
    /// Time in any state but offline and unknown.
    pub staffed: Span,
    /// Time available or being rung.
    pub available: Span,
    /// Whether a source reports when these agents are available; otherwise the times mean nothing.
    pub known: bool,
}

/// The choices that the definitions of docs/kpis.md leave to each contact centre.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Rules)]
pub struct CountingRules {
    /// Which of the six formulas `service_level` uses.
    pub formula: Formula,
    /// Contacts that left for these reasons are in no denominator.
    pub left_excluded: Vec<LeftReason>,
    /// How `fcr` tells whether a contact was resolved.
    pub fcr_method: FcrMethod,
    /// A further contact within this time makes the first one unresolved (method `repeat`), and is a repeat.
    pub fcr_window: Span,
    /// A rate or a mean of fewer samples is not judged.
    pub min_samples: u64,
    /// What a contact costs; `None` where it is not configured.
    #[serde(default)]
    pub cost: Option<CostRates>,
}

/// What an agent's time and each contact cost, in a currency of the centre's choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CostRates {
    /// An hour of handling.
    pub agent_hour: f64,
    /// Each handled contact, beside the handling: the line, the licence.
    pub contact: f64,
}

impl Default for CountingRules {
    fn default() -> Self {
        Self {
            formula: Formula::Offered,
            left_excluded: vec![LeftReason::Closed, LeftReason::Callback],
            fcr_method: FcrMethod::Repeat,
            fcr_window: Span(7 * Span::DAY.0),
            min_samples: 10,
            cost: None,
        }
    }
}

/// The six formulas for the service level that are in use in the industry; [`Formula::words`] defines them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "`Formula::words` defines them")]
pub enum Formula {
    #[default]
    Offered,
    ShortExcluded,
    LateAbandons,
    ShortCredited,
    Positive,
    Answered,
}

impl Formula {
    /// All six, in the order that the key `f` steps through.
    pub const ALL: [Self; 6] =
        [Self::Offered, Self::ShortExcluded, Self::LateAbandons, Self::ShortCredited, Self::Positive, Self::Answered];

    /// Its name in configuration files, on the command line and on the screen.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::ShortExcluded => "short_excluded",
            Self::LateAbandons => "late_abandons",
            Self::ShortCredited => "short_credited",
            Self::Positive => "positive",
            Self::Answered => "answered",
        }
    }

    /// The formula of that name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.key() == word)
    }

    /// The next one; after the last comes the first.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|f| *f == self).unwrap_or(0);
        Self::ALL.get(at + 1).copied().unwrap_or(Self::Offered)
    }

    /// The formula in words, where T is the service level threshold.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Offered => "answered within T ÷ (answered + abandoned + left)",
            Self::ShortExcluded => "answered within T ÷ (answered + abandoned − short abandons + left)",
            Self::LateAbandons => "answered within T ÷ (answered + abandoned after T + left)",
            Self::ShortCredited => "(answered within T + short abandons) ÷ (answered + abandoned + left)",
            Self::Positive => "(answered within T + abandoned within T) ÷ (answered + abandoned + left)",
            Self::Answered => "answered within T ÷ answered",
        }
    }
}

/// How `fcr` tells whether a contact was resolved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FcrMethod {
    /// The customer did not come back about the same intent within `fcr_window`.
    #[default]
    Repeat,
    /// The disposition says so.
    Disposition,
    /// The customer says so in a survey.
    Survey,
}

/// What kinds of data sources have ever given. A KPI that needs what none gives is unknown, not zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "one flag per kind of data")]
pub struct Evidence {
    /// Survey answers with satisfaction.
    pub csat: bool,
    /// Survey answers with effort.
    pub ces: bool,
    /// Survey answers with a recommendation.
    pub nps: bool,
    /// Survey answers to "was it resolved?".
    pub survey_resolved: bool,
    /// Quality evaluations.
    pub quality: bool,
    /// Dispositions.
    pub dispositions: bool,
    /// Customers of contacts.
    pub customers: bool,
    /// Agents' states.
    pub agent_states: bool,
    /// Self-service sessions.
    pub self_service: bool,
    /// First responses on asynchronous channels.
    pub responses: bool,
    /// Authentication steps.
    pub auth_steps: bool,
    /// Positions in the queue on joining.
    pub positions: bool,
    /// Transfers.
    pub transfers: bool,
    /// Time on hold.
    pub holds: bool,
    /// After-contact work.
    pub wraps: bool,
    /// Agents' phones that ring.
    pub rings: bool,
    /// Contacts that leave a queue unanswered without hanging up.
    pub exits: bool,
}

impl KpiId {
    /// Its entry in the catalogue.
    #[must_use]
    pub fn def(self) -> &'static Kpi {
        #[expect(clippy::indexing_slicing, reason = "a test checks that the catalogue is in the order of the ids")]
        &CATALOGUE[self as usize]
    }

    /// Whether it is computed from waits one by one ([`Tally::answer_waits`], [`Tally::abandon_waits`], [`Tally::left_waits`]). All others follow from
    /// counts and sums, and from the first contacts that are open.
    #[must_use]
    pub const fn is_of_single_waits(self) -> bool {
        matches!(self, Self::AnswerP50 | Self::AnswerP90 | Self::AnswerP99 | Self::MaxWait | Self::Patience)
    }

    /// The KPI with this [`Kpi::key`].
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        CATALOGUE.iter().find(|kpi| kpi.key == key).map(|kpi| kpi.id)
    }

    /// The catalogue's key nearest to a word that isn't one, where one is near enough to suggest.
    #[must_use]
    pub fn nearest(word: &str) -> Option<&'static str> {
        nearest(word, CATALOGUE.iter().map(|kpi| kpi.key))
    }
}

impl ToSchema for KpiId {}

impl PartialSchema for KpiId {
    fn schema() -> RefOr<Schema> {
        let ids = CATALOGUE.iter().map(|kpi| kpi.key);
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(ids)).into()
    }
}

impl Serialize for KpiId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.def().key)
    }
}

impl<'de> Deserialize<'de> for KpiId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&word).ok_or_else(|| {
            serde::de::Error::custom(match Self::nearest(&word) {
                Some(near) => format!("no KPI is called `{word}`; did you mean `{near}`?"),
                None => format!("no KPI is called `{word}`; `floorwatch report --help` names the list"),
            })
        })
    }
}

#[cfg(test)]
mod tests;
