//! The content of a notification, the same for every kind of target; the layout is up to the kind.

use serde::Serialize;

use super::{FloorInfo, NoticeKind};
use crate::alert::{Episode, Severity};
use crate::clock::Time;
use crate::journal::Notice;
use crate::kpi::format::age;
use crate::kpi::{Dim, KpiId};
use crate::text::{Label, Text};

/// What is told. Its JSON is what a command and a webhook without a template get.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlertMessage {
    /// Unique for this message; receivers can use it to detect duplicates.
    pub id: String,
    /// The same for all messages about one episode.
    pub key: String,
    /// What has happened.
    pub event: NoticeKind,
    /// The target already got a `firing` for this episode.
    pub again: bool,
    /// The alert fires and resolves repeatedly.
    pub flapping: bool,
    /// The centre's name.
    pub floor: Label,
    /// The episode's number on the board.
    pub episode: u64,
    /// The name of the rule.
    pub rule: Label,
    /// The KPI; `None` for alerts about a source.
    pub kpi: Option<KpiId>,
    /// The part of the floor, for people.
    pub slice: String,
    /// The queue; `None` if the alert is not about one.
    pub queue: Option<Label>,
    /// The source; `None` if the alert is not about one.
    pub source: Option<Label>,
    /// The current severity.
    pub severity: Severity,
    /// One line: the severity, the part of the floor, and the value with its limit.
    pub title: String,
    /// What it means.
    pub text: String,
    /// What to do about it.
    pub action: Text,
    /// The value, in the KPI's unit.
    pub value: Option<f64>,
    /// The value as the board shows it.
    pub shown: Option<String>,
    /// The limit that is violated.
    pub line: Option<f64>,
    /// When this happened.
    pub at: Time,
    /// Since when the limit is violated.
    pub since: Time,
    /// `since` as the local time of day, such as `20:26 UTC`; with the date where that is not today's.
    pub since_local: String,
    /// When the alert was resolved; `None` while it is active.
    pub resolved: Option<Time>,
    /// Who acknowledged or snoozed it.
    pub who: Option<Label>,
    /// When the acknowledgement or snooze ends.
    pub until: Option<Time>,
    /// `until` in the same form.
    pub until_local: Option<String>,
    /// The note given with the acknowledgement.
    pub note: Option<Text>,
    /// The address of the board.
    pub link: Option<String>,
}

impl AlertMessage {
    /// The names of the fields, in order.
    pub(super) const FIELDS: [&'static str; 28] = [
        "id",
        "key",
        "event",
        "again",
        "flapping",
        "floor",
        "episode",
        "rule",
        "kpi",
        "slice",
        "queue",
        "source",
        "severity",
        "title",
        "text",
        "action",
        "value",
        "shown",
        "line",
        "at",
        "since",
        "since_local",
        "resolved",
        "who",
        "until",
        "until_local",
        "note",
        "link",
    ];

    /// The message about `what` happened to an episode, sent `now`. `journal` is the id of the journal, which makes the key
    /// unique across floors.
    pub(super) fn of(
        notice: &Notice,
        what: NoticeKind,
        again: bool,
        floor: &FloorInfo,
        journal: &str,
        link: Option<String>,
        now: Time,
    ) -> Self {
        let episode = &notice.episode;
        let in_zone = |at: Time| at.to_chrono().with_timezone(&floor.zone);
        let today = in_zone(now).date_naive();
        let local = |at: Time| {
            let at = in_zone(at);
            at.format(if at.date_naive() == today { "%H:%M %Z" } else { "%Y-%m-%d %H:%M %Z" }).to_string()
        };
        let holder = episode.acknowledged.as_ref().map(|ack| (&ack.who.name, ack.until, ack.note.clone()));
        let holder = holder.or_else(|| episode.snoozed.as_ref().map(|snooze| (&snooze.who.name, snooze.until, None)));
        // After the end it matters who had the alert, but not until when.
        let until = holder.as_ref().map(|holder| holder.1).filter(|_| what != NoticeKind::Resolved);
        let shown = episode.kpi.and_then(|kpi| Some(kpi.def().show_value(episode.figure.value?, episode.figure.n)));
        let key = format!("floorwatch-{journal}-{}", episode.id);
        Self {
            id: format!("{key}-{}", notice.entry),
            key,
            event: what,
            again,
            flapping: episode.flapping,
            floor: floor.title.clone(),
            episode: episode.id,
            rule: episode.rule.clone(),
            kpi: episode.kpi,
            slice: episode.slice.to_string(),
            queue: episode.slice.get(Dim::Queue).cloned(),
            source: episode.source.clone(),
            severity: episode.severity,
            title: title(episode, what, again, shown.as_deref()),
            text: text(episode, what),
            action: episode.action.clone(),
            value: episode.figure.value,
            shown,
            line: episode.limit,
            at: notice.at,
            since: episode.since,
            since_local: local(episode.since),
            resolved: episode.resolved,
            who: holder.as_ref().map(|holder| holder.0.clone()),
            until,
            until_local: until.map(local),
            note: holder.and_then(|holder| holder.2),
            link,
        }
    }

    /// Further facts for people, as pairs of name and value.
    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![("Since", self.since_local.clone())];
        if let Some(who) = &self.who {
            let until = self.until_local.as_ref().map(|until| format!(" until {until}")).unwrap_or_default();
            facts.push(("Acknowledged by", format!("{who}{until}")));
        }
        if let Some(note) = &self.note {
            facts.push(("Note", note.to_string()));
        }
        if self.event != NoticeKind::Resolved {
            facts.push(("What to do", self.action.to_string()));
        }
        facts.push(("Floor", self.floor.to_string()));
        facts
    }
}

/// "CRITICAL billing: service level 62% over the last hour, below 70%".
fn title(episode: &Episode, what: NoticeKind, again: bool, shown: Option<&str>) -> String {
    let severity = match episode.severity {
        Severity::Warning => "WARNING",
        Severity::Critical => "CRITICAL",
    };
    let flapping = if episode.flapping { " (flapping)" } else { "" };
    let subject = &episode.text;
    match what {
        NoticeKind::Firing if again => format!("{severity} again{flapping} · {subject}"),
        NoticeKind::Firing => format!("{severity}{flapping} · {subject}"),
        NoticeKind::Worsening => format!("Worse, now {severity}{flapping} · {subject}"),
        NoticeKind::Acknowledged if episode.acknowledged.is_none() => format!("Snoozed{} · {subject}", by(episode)),
        NoticeKind::Acknowledged => format!("Acknowledged{} · {subject}", by(episode)),
        // The alert's text describes a violated limit, which is no longer true.
        NoticeKind::Resolved => match (&episode.source, episode.kpi, shown) {
            (Some(source), ..) => format!("Over{flapping} · source {source} is back"),
            (None, Some(kpi), Some(shown)) => {
                format!("Over{flapping} · {}: {} {shown}", episode.slice, kpi.def().name)
            }
            _ => format!("Over{flapping} · {}: {}", episode.slice, episode.rule),
        },
    }
}

fn by(episode: &Episode) -> String {
    let who = episode.acknowledged.as_ref().map(|ack| &ack.who);
    let who = who.or_else(|| episode.snoozed.as_ref().map(|snooze| &snooze.who));
    who.map(|who| format!(" by {}", who.name)).unwrap_or_default()
}

fn text(episode: &Episode, what: NoticeKind) -> String {
    if what != NoticeKind::Resolved {
        return episode.text.to_string();
    }
    let lasted = episode.resolved.unwrap_or(episode.since).since(episode.since);
    let why = episode.trail.last().and_then(|entry| entry.text.as_ref());
    let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
    let worst = episode.kpi.zip(episode.worst).map(|(kpi, worst)| kpi.def().show_value(worst, 0));
    let worst = worst.map(|worst| format!("; the worst was {worst}")).unwrap_or_default();
    format!("It lasted {}{worst}{why}.", age(lasted.as_secs()))
}

/// A message for tests: billing's service level is critical.
#[cfg(test)]
pub(super) fn sample() -> AlertMessage {
    let at = Time::from_unix(1_780_000_000);
    AlertMessage {
        id: "floorwatch-0a0b-7-0".to_owned(),
        key: "floorwatch-0a0b-7".to_owned(),
        event: NoticeKind::Firing,
        again: false,
        flapping: false,
        floor: "Night desk".into(),
        episode: 7,
        rule: "service level".into(),
        kpi: Some(KpiId::ServiceLevel),
        slice: "billing".to_owned(),
        queue: Some("billing".into()),
        source: None,
        severity: Severity::Critical,
        title: "CRITICAL · billing: service level 62% over the last hour, below 70%".to_owned(),
        text: "billing: service level 62% over the last hour, below 70%".to_owned(),
        action: "Call two agents in.".into(),
        value: Some(62.0),
        shown: Some("62%".to_owned()),
        line: Some(70.0),
        at,
        since: at,
        since_local: "20:26 UTC".to_owned(),
        resolved: None,
        who: None,
        until: None,
        until_local: None,
        note: None,
        link: Some("https://board.example.com/".to_owned()),
    }
}
