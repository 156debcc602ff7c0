//! The words of a hand-over: whom an alert is about, what somebody did, what a figure was at a time.

use std::fmt::Write;

use chrono_tz::Tz;

use crate::alert::{Episode, HistoryEntry, HistoryKind};
use crate::board::Board;
use crate::clock::Time;
use crate::kpi::format::UNKNOWN;
use crate::kpi::{Dim, KpiGroup, KpiId, Slice};
use crate::language::{self, ShownFigure as _, text};
use crate::text::Label;

/// A value in the unit of an episode's KPI. Percentages have a decimal: they stand beside their limit.
pub(super) fn value(e: &Episode, value: Option<f64>) -> String {
    let shown = e.kpi.zip(value).map(|(kpi, value)| kpi.def().shown_value(value, u64::MAX));
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
        None => language::sentence(e, ""),
        Some(kpi) if kpi.group == KpiGroup::Live => language::kpi(kpi.id).name.clone(),
        Some(kpi) => format!("{}, {}", language::kpi(kpi.id).name, language::window(e.window)),
    }
}

/// What somebody did, with their words.
pub(super) fn deed(entry: &HistoryEntry) -> String {
    let what = match entry.kind {
        HistoryKind::Acknowledged => text!("deed-took"),
        HistoryKind::Late => text!("deed-took-late"),
        HistoryKind::Snoozed => text!("deed-put-off"),
        HistoryKind::Noted => text!("deed-wrote"),
        HistoryKind::Undone => text!("deed-gave-back"),
        other => return language::history(other).to_owned(),
    };
    entry
        .text
        .as_ref()
        .filter(|text| !text.is_empty())
        .map_or_else(|| what.to_owned(), |text| format!("{what}: {}", language::history_text(entry.kind, text)))
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
        language::minute(at, self.zone)
    }

    pub(super) fn day_time(self, at: Time) -> String {
        language::time(at, self.zone, text!("time-date-minute"))
    }

    pub(super) fn queue(self, id: &Label) -> String {
        if id.is_empty() {
            return language::no(Dim::Queue).to_owned();
        }
        self.board.queues.find(id).map_or(id, |queue| &queue.name).to_string()
    }

    /// Whom an alert is about.
    pub(super) fn place(self, e: &Episode) -> String {
        if let Some(source) = &e.source {
            return source.to_string();
        }
        self.slice(&e.slice)
    }

    /// The names of a slice.
    pub(super) fn slice(self, of: &Slice) -> String {
        if of.is_total() {
            return text!("all-queues").to_owned();
        }
        let name = |(dim, id): &(Dim, Label)| match dim {
            Dim::Queue => self.queue(id),
            Dim::Agent => self.board.agents.find(id).map_or(id, |agent| &agent.name).to_string(),
            _ if id.is_empty() => language::no(*dim).to_owned(),
            _ => id.to_string(),
        };
        of.parts().map(name).collect::<Vec<_>>().join(" × ")
    }
}
