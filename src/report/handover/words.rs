//! The words of a hand-over: whom an alert is about, what somebody did, what a figure was at a time.

use std::fmt::Write;

use chrono_tz::Tz;

use crate::alert::{Episode, HistoryEntry, HistoryKind};
use crate::board::Board;
use crate::clock::Time;
use crate::kpi::format::UNKNOWN;
use crate::kpi::{Dim, KpiGroup, KpiId};
use crate::text::Label;

/// A value in the unit of an episode's KPI.
pub(super) fn value(e: &Episode, value: Option<f64>) -> String {
    let shown = e.kpi.zip(value).map(|(kpi, value)| kpi.def().show_value(value, e.figure.n));
    shown.unwrap_or_else(|| UNKNOWN.to_owned())
}

/// The value that the history has last.
pub(super) fn last_value(e: &Episode) -> Option<f64> {
    e.trail.iter().rev().find_map(|entry| entry.value)
}

/// The last value that the history has until `at`, or the first after it.
pub(super) fn value_at(e: &Episode, at: Time) -> Option<f64> {
    let before = e.trail.iter().take_while(|entry| entry.at <= at).filter_map(|entry| entry.value).last();
    before.or_else(|| e.trail.iter().find_map(|entry| entry.value))
}

/// What is wrong.
pub(super) fn what(e: &Episode) -> String {
    match e.kpi.map(KpiId::def) {
        None => e.text.to_string(),
        Some(kpi) if kpi.group == KpiGroup::Live => kpi.name.to_owned(),
        Some(kpi) => format!("{}, {}", kpi.name, e.window.words()),
    }
}

/// What somebody did, with their words.
pub(super) fn deed(entry: &HistoryEntry) -> String {
    let what = match entry.kind {
        HistoryKind::Acknowledged => "took it",
        HistoryKind::Late => "took it after it was over",
        HistoryKind::Snoozed => "put it off",
        HistoryKind::Noted => "wrote",
        HistoryKind::Undone => "gave it back",
        other => return other.to_string(),
    };
    entry
        .text
        .as_ref()
        .filter(|text| !text.is_empty())
        .map_or_else(|| what.to_owned(), |text| format!("{what}: {text}"))
}

/// What people wrote about an alert, oldest first.
pub(super) fn notes(e: &Episode) -> String {
    let noted = e.trail.iter().filter(|entry| {
        matches!(entry.kind, HistoryKind::Noted | HistoryKind::Acknowledged)
            && entry.text.as_ref().is_some_and(|t| !t.is_empty())
    });
    let mut out = String::new();
    for entry in noted {
        let who = entry.who.as_ref().map_or("", |who| who.name.as_str());
        let text = entry.text.as_ref().map_or("", |text| text.as_str());
        let _ = write!(out, "{}{who}: {text}", if out.is_empty() { "" } else { "; " });
    }
    out
}

/// The words for what the board knows by ids and instants.
#[derive(Clone, Copy)]
pub(super) struct HandoverWords<'a> {
    pub(super) board: &'a Board,
    pub(super) zone: Tz,
}

impl HandoverWords<'_> {
    pub(super) fn time(self, at: Time) -> String {
        at.to_chrono().with_timezone(&self.zone).format("%H:%M").to_string()
    }

    pub(super) fn day_time(self, at: Time) -> String {
        at.to_chrono().with_timezone(&self.zone).format("%Y-%m-%d %H:%M").to_string()
    }

    pub(super) fn queue(self, id: &Label) -> String {
        if id.is_empty() {
            return "no queue".to_owned();
        }
        self.board.queues.find(id).map_or(id, |queue| &queue.name).to_string()
    }

    /// Whom an alert is about.
    pub(super) fn place(self, e: &Episode) -> String {
        if let Some(source) = &e.source {
            return source.to_string();
        }
        if e.slice.is_total() {
            return "all queues".to_owned();
        }
        let name = |(dim, id): &(Dim, Label)| match dim {
            Dim::Queue => self.queue(id),
            Dim::Agent => self.board.agents.find(id).map_or(id, |agent| &agent.name).to_string(),
            _ if id.is_empty() => format!("no {}", dim.key()),
            _ => id.to_string(),
        };
        e.slice.parts().map(name).collect::<Vec<_>>().join(" × ")
    }
}
