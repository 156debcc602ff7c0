//! Alerts in the reader's language. The floor writes an episode's sentence and action in English, into the journal and on
//! the API; here the same is said of the episode's fields. Without them, and what people wrote, it stays as it is.

use super::{ShownFigure as _, text};
use super::{current, keyed, kpi, percent, told};
use crate::alert::{CommandRefusal, Episode, HistoryKind, STALE_ACTION};
use crate::kpi::{KpiGroup, KpiId, Unit};
use crate::text::{Label, Text};

/// What a source does that other alerts are inhibited for: `source pbx is down` is told of it.
const CAUSES: [&str; 3] = ["is down", "is stale", "sends more than is kept"];

/// What an alert about a source says of it: `is down: its figures stand still`.
#[must_use]
pub fn source_state(e: &Episode, source: &Label) -> String {
    let text = e.text.as_str();
    let own = text.strip_prefix("source ").and_then(|text| text.strip_prefix(source.as_str())).unwrap_or(text).trim();
    match (told(own), own.split_once(": ")) {
        (same, Some((state, about))) if same == own => format!("{}: {about}", told(state)),
        (state, _) => state.to_owned(),
    }
}

/// The whole alert in one sentence; `place` is the name of what it is about.
#[must_use]
pub fn sentence(e: &Episode, place: &str) -> String {
    let Some(id) = e.kpi.filter(|_| !current().is_english) else {
        return match &e.source {
            Some(source) if !current().is_english => of_source(source.as_str(), &source_state(e, source)),
            _ => e.text.to_string(),
        };
    };
    let (def, what) = (id.def(), &kpi(id).name);
    let over = if def.group == KpiGroup::Live { text!("over-now") } else { keyed("over", e.window.key()) };
    let Some(value) = e.figure.value else {
        let reason = e.figure.reason.as_ref().map_or(text!("told-nothing-in-window"), |reason| told(reason.as_str()));
        return text!("sentence-unknown", place = place, what = what, reason = reason);
    };
    if id == KpiId::SpeedTrap {
        return text!("sentence-trap", place = place, over = over);
    }
    let show_limit = |limit: f64| match def.unit {
        Unit::Percent => percent(limit, usize::from(limit.fract() != 0.0)),
        _ => def.shown_value(limit, 0),
    };
    let shown = def.shown_value(value, e.figure.n);
    // A value that rounds to its limit needs a decimal more.
    let is_hidden = def.unit == Unit::Percent && e.limit.is_some_and(|limit| show_limit(limit) == shown);
    let shown = if is_hidden { percent(value, 1) } else { shown };
    let limit = e.limit.map_or_else(String::new, |limit| {
        let is_past = if e.above { value > limit } else { value < limit };
        let side = side(e.above == is_past);
        if is_past {
            text!("sentence-past", side = side, limit = show_limit(limit))
        } else {
            text!("sentence-clears", side = side, limit = show_limit(limit))
        }
    });
    text!("sentence", place = place, what = what, value = shown, over = over, limit = limit)
}

/// `above` or `below`.
#[must_use]
pub fn side(above: bool) -> &'static str {
    if above { text!("above") } else { text!("below") }
}

/// The cause that an alert is inhibited by.
#[must_use]
pub fn cause(cause: &Text) -> String {
    let cause = cause.as_str();
    let parts = CAUSES.iter().find_map(|state| Some((cause.strip_prefix("source ")?.strip_suffix(state)?, *state)));
    parts.map_or_else(|| cause.to_owned(), |(source, state)| of_source(source.trim_end(), told(state)))
}

fn of_source(source: &str, state: &str) -> String {
    text!("source-sentence", source = source, state = state)
}

/// What to do about an alert. Before a fixed sentence there may be a source's reason.
#[must_use]
pub fn action(e: &Episode) -> String {
    let action = e.action.as_str();
    let reason = action.strip_suffix(STALE_ACTION);
    reason.map_or_else(|| told(action).to_owned(), |reason| format!("{reason}{}", text!("told-action-stale")))
}

/// What has happened to an alert: `acknowledged`.
#[must_use]
pub fn history(kind: HistoryKind) -> &'static str {
    keyed("history", kind.key())
}

/// What an entry of an alert's history says.
#[must_use]
pub fn history_text(kind: HistoryKind, words: &Text) -> String {
    match (kind, words.as_str().strip_prefix("for ")) {
        (HistoryKind::Snoozed, Some(time)) => text!("history-for", time = time),
        (HistoryKind::Noted | HistoryKind::Acknowledged, _) => words.to_string(),
        _ => told(words.as_str()).to_owned(),
    }
}

/// Why something was not done to an alert or an item of a worklist.
#[must_use]
pub fn refusal(refusal: &CommandRefusal) -> String {
    match refusal {
        CommandRefusal::Taken(who) => text!("refused-taken", who = who),
        CommandRefusal::Over => text!("refused-over").to_owned(),
        CommandRefusal::Unknown(id) => text!("refused-unknown", alert = id.to_string()),
        CommandRefusal::Early => text!("refused-early").to_owned(),
        CommandRefusal::Theirs(who) => text!("refused-theirs", who = who),
        CommandRefusal::Nothing => text!("refused-nothing").to_owned(),
        CommandRefusal::Changed => text!("refused-changed").to_owned(),
        CommandRefusal::ReadOnly(why) => text!("refused-read-only", reason = why),
        CommandRefusal::UnknownItem(id) => text!("refused-unknown-item", item = id.to_string()),
        CommandRefusal::UnknownAnnotation(id) => text!("refused-unknown-annotation", annotation = id.to_string()),
        CommandRefusal::Closed(why) => text!("refused-closed", reason = told(why.as_str())),
        CommandRefusal::Unfit(why) => told(why.as_str()).to_owned(),
        CommandRefusal::NotKept(why) => text!("refused-not-kept", reason = why),
    }
}
