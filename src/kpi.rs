//! The KPI catalogue: the one list of what floorwatch measures.
//!
//! Panels, alert rules, configuration keys, reports and the docs all read [`CATALOGUE`]. A KPI is a name, a
//! direction, its bands and a function from a [`KpiInputs`] to a [`Figure`] that keeps its numerator and
//! denominator. Formulas and ids are a contract; they don't drift.

pub mod bands;
mod catalogue;
pub mod figure;
pub mod format;
mod formula;
pub mod samples;
pub mod slice;
pub mod stats;
pub mod tally;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::clock::{Span, Time};
use crate::event::LeftReason;
use crate::text::Label;

pub use bands::{Bands, Better};
pub use catalogue::{CATALOGUE, CORE, KpiId};
pub use figure::{Figure, FigurePart, Verdict};
pub use slice::{Answer, AnswerRow, Calendar, Dim, Every, Period, Query, Slice, Window};
pub use tally::Tally;

/// One entry of the catalogue.
pub struct Kpi {
    /// Its place in the catalogue.
    pub id: KpiId,
    /// Its id in config files, JSON and alert rules.
    pub key: &'static str,
    /// Its full name.
    pub name: &'static str,
    /// Its name where room is short, at most nine columns.
    pub short: &'static str,
    /// What its values are counted in.
    pub unit: Unit,
    /// Which way is better.
    pub better: Better,
    /// The lines it is judged by where the configuration says nothing.
    pub bands: Bands,
    /// Which group of panels and documentation it belongs to.
    pub group: KpiGroup,
    /// The formula in words.
    pub formula: &'static str,
    /// What to do when it is past its line.
    pub action: &'static str,
    /// Whether few samples make it no news: a rate or a mean, not a count or a gauge.
    pub sampled: bool,
    /// The figure.
    pub compute: fn(&KpiInputs<'_>) -> Figure,
}

/// What a KPI's values are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Things.
    Count,
    /// 0–100.
    Percent,
    /// Seconds.
    Seconds,
    /// A score on a scale.
    Score,
    /// Points (−100–100).
    Points,
    /// Things an hour.
    PerHour,
    /// Yes or no, as 1 or 0.
    Flag,
}

/// The groups of kpis.md.
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

/// Everything a KPI may look at.
#[derive(Clone, Copy)]
pub struct KpiInputs<'a> {
    /// What was counted in the window.
    pub tally: &'a Tally,
    /// What stands now.
    pub live: &'a Live,
    /// How long agents were in which state in the window; `None` where the slice isn't one of agents.
    pub times: Option<&'a AgentTimes>,
    /// The same slice in the same hours of the weeks before (or the day before), for `speed_trap`.
    pub baseline: Option<&'a Tally>,
    /// How to count.
    pub rules: &'a CountingRules,
    /// What kinds of events have ever been seen: a KPI whose kind never came says so.
    pub evidence: Evidence,
    /// The slice is about an agent.
    pub of_agent: bool,
    /// The instant the question is asked.
    pub now: Time,
}

/// What stands now, of one slice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Live {
    /// Contacts in queue.
    pub waiting: i64,
    /// The age of the oldest of them.
    pub longest_wait: Option<Span>,
    /// The expected wait of a contact joining now.
    pub estimated_wait: Option<Span>,
    /// Contacts with an agent.
    pub in_progress: i64,
    /// Agents by state, in the order of [`crate::event::AgentState::ALL`].
    pub agents: [i64; 6],
    /// Paused agents by reason.
    pub pause_reasons: Vec<(Label, i64)>,
    /// Open asynchronous contacts.
    pub backlog: i64,
    /// Of those, older than their channel's target.
    pub aged_backlog: i64,
}

/// How long agents were in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgentTimes {
    /// In any state but offline.
    pub staffed: Span,
    /// Available or being rung.
    pub available: Span,
    /// Whether anything says when these agents were available.
    pub known: bool,
}

/// How to count: the parts of the definitions that a centre may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CountingRules {
    /// Which of the six service levels.
    pub formula: Formula,
    /// Reasons for leaving that are in no denominator.
    pub left_excluded: Vec<LeftReason>,
    /// How first contact resolution is told.
    pub fcr_method: FcrMethod,
    /// Within which a further contact makes the first one unresolved.
    pub fcr_window: Span,
    /// Below this many samples a figure isn't judged.
    pub min_samples: u64,
}

impl Default for CountingRules {
    fn default() -> Self {
        Self {
            formula: Formula::Offered,
            left_excluded: vec![LeftReason::Closed, LeftReason::Callback],
            fcr_method: FcrMethod::Repeat,
            fcr_window: Span(7 * Span::DAY.0),
            min_samples: 10,
        }
    }
}

/// The six service levels that the industry computes from the same data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "kpis.md and `Formula::words` define them")]
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
    /// All six, in the order that `f` steps through.
    pub const ALL: [Self; 6] =
        [Self::Offered, Self::ShortExcluded, Self::LateAbandons, Self::ShortCredited, Self::Positive, Self::Answered];

    /// Its name in config files, on the command line and on the screen.
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

    /// From its name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.key() == word)
    }

    /// The next one, round and round.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|f| *f == self).unwrap_or(0);
        Self::ALL.get(at + 1).copied().unwrap_or(Self::Offered)
    }

    /// In words.
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

/// How first contact resolution is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FcrMethod {
    /// No further contact of the customer about the intent within the window.
    #[default]
    Repeat,
    /// The `resolved` field of the disposition.
    Disposition,
    /// The survey's answer.
    Survey,
}

/// What kinds of events have been seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "one flag a kind of event")]
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
    /// Contacts of known customers.
    pub customers: bool,
    /// Agents' states.
    pub agent_states: bool,
    /// Self-service sessions.
    pub self_service: bool,
    /// First responses on asynchronous channels.
    pub responses: bool,
    /// Authentication steps.
    pub auth_steps: bool,
    /// Positions on joining.
    pub positions: bool,
}

impl KpiId {
    /// The entry.
    #[must_use]
    pub fn def(self) -> &'static Kpi {
        #[expect(clippy::indexing_slicing, reason = "a test holds the order of the catalogue to that of the ids")]
        &CATALOGUE[self as usize]
    }

    /// From its id.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        CATALOGUE.iter().find(|kpi| kpi.key == key).map(|kpi| kpi.id)
    }

    /// The catalogue's key nearest to a word that isn't one, where one is near enough to suggest.
    #[must_use]
    pub fn nearest(word: &str) -> Option<&'static str> {
        CATALOGUE
            .iter()
            .map(|kpi| (strsim::jaro_winkler(kpi.key, word), kpi.key))
            .filter(|(score, _)| *score > 0.8)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, key)| key)
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
