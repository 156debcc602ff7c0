//! The sample floor with sources in trouble.

use super::now;
use crate::alert::{self, Episode, Severity};
use crate::board::{Board, GapRow, Health, SourceRow};
use crate::clock::Span;
use crate::kpi::{Dim, Figure, Slice};
use crate::text::Text;

/// The same floor with three sources: one is live, one is stale, one is down.
#[must_use]
pub(in crate::ui) fn three_sources(agents: usize) -> Board {
    let mut board = super::board(agents);
    let ago = |seconds: i64| now() - Span::seconds(seconds);
    let mut live = board.sources.remove(0);
    live.kind = "asterisk".into();
    live.ahead = Some(Span::seconds(3600));
    live.remark =
        Some(Text::new("certificates are not checked (danger_accept_any_certificate): whoever answers is believed"));
    let stale = SourceRow {
        name: "helpdesk".into(),
        kind: "sse".into(),
        health: Health::Stale,
        reason: Text::new("nothing has come for 90 s, though it is connected: is the sender still running?"),
        since: ago(95),
        newest: Some(ago(188)),
        heard: Some(ago(185)),
        events: 1204,
        rejected: 2,
        late: 3,
        last_rejection: Some(Text::new("helpdesk:88: contact.answered without `agent`: have it send one")),
        ahead: None,
        remark: None,
        ..live.clone()
    };
    let down = SourceRow {
        name: "pbx-2".into(),
        health: Health::Down,
        reason: Text::new("nobody listens at pbx-2:5038 (connection refused): is it running, is the port right?"),
        since: ago(597),
        newest: Some(ago(601)),
        heard: Some(ago(599)),
        events: 9377,
        duplicates: 41,
        next_try: Some(now() + Span::seconds(12)),
        ahead: None,
        remark: None,
        ..live.clone()
    };
    for queue in board.queues.iter_mut() {
        queue.sources = match queue.id.as_str() {
            "chat" | "mail" => vec![stale.name.clone()],
            "billing" | "moves" | "complaints" => vec![down.name.clone()],
            _ => vec![live.name.clone()],
        };
    }
    board.gaps = vec![GapRow { source: "pbx-1".into(), since: ago(6020), until: ago(5780) }];
    let cause = |source: &SourceRow| Text::new(&format!("source {} is {}", source.name, source.health.key()));
    let mut alerts = Vec::new();
    for (id, source, severity) in [(20, &down, Severity::Critical), (21, &stale, Severity::Warning)] {
        alerts.push(Episode {
            id,
            rule: "source stale".into(),
            kpi: None,
            source: Some(source.name.clone()),
            slice: Slice::TOTAL,
            severity,
            since: source.since,
            figure: Figure::default(),
            text: Text::new(&format!("{}: its figures stand still", cause(source))),
            action: Text::new(&format!(
                "{} Check the system and the way to it; `floorwatch check` says what each source answers.",
                source.reason
            )),
            ..board.alerts.to_mut().remove(0)
        });
    }
    for mut episode in super::alerts() {
        if episode.slice.get(Dim::Queue).is_some_and(|queue| queue.as_str() == "billing") {
            episode.inhibited_by = Some(cause(&down));
        }
        alerts.push(episode);
    }
    alert::sort(&mut alerts);
    board.alerts = alerts.into();
    board.sources = vec![live, stale, down];
    board
}
