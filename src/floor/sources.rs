//! How the floor's sources do, and which queues stand still with one.

use std::collections::{BTreeMap, BTreeSet};

use crate::alert::SourceState;
use crate::board::{Health, Mode, SourceRow};
use crate::clock::{Span, Time};
use crate::engine::{ApplyOutcome, QueueNow};
use crate::source::Rejection;
use crate::text::{Label, Text};

/// What is known of a source before it has said anything.
#[derive(Clone, Debug)]
pub struct SourceInfo {
    /// Its name.
    pub name: Label,
    /// Its kind.
    pub kind: Label,
}

#[derive(Debug)]
struct Source {
    row: SourceRow,
    /// The origins its events name; queues are known by them.
    origins: BTreeSet<Label>,
}

/// All sources of a floor.
#[derive(Debug)]
pub(super) struct Sources(Vec<Source>);

impl Sources {
    pub(super) fn new(infos: &[SourceInfo], now: Time) -> Self {
        let source = |info: &SourceInfo| Source {
            row: SourceRow {
                name: info.name.clone(),
                kind: info.kind.clone(),
                health: Health::Connecting,
                reason: Text::default(),
                since: now,
                newest: None,
                heard: None,
                events: 0,
                rejected: 0,
                duplicates: 0,
                late: 0,
                last_rejection: None,
                next_try: None,
                ahead: None,
                remark: None,
            },
            // Unless its events say otherwise.
            origins: BTreeSet::from([info.name.clone()]),
        };
        Self(infos.iter().map(source).collect())
    }

    pub(super) fn name(&self, source: usize) -> Option<&Label> {
        self.0.get(source).map(|s| &s.row.name)
    }

    /// Whether every source has been read up to now, so that what stands now is the truth. One that doesn't answer
    /// holds the others up for a moment only.
    pub(super) fn caught_up(&self, now: Time, mode: &Mode) -> bool {
        self.0.iter().all(|s| !s.row.is_catching_up(now, mode))
    }

    /// The sources that tell of what has these origins.
    pub(super) fn that_tell(&self, origins: &[Label]) -> Vec<Label> {
        self.telling(origins).map(|source| source.row.name.clone()).collect()
    }

    fn telling(&self, origins: &[Label]) -> impl Iterator<Item = &Source> {
        self.0.iter().filter(|source| origins.iter().any(|origin| source.origins.contains(origin)))
    }

    pub(super) fn heard(&mut self, source: usize, origin: &Label, at: Time, outcome: ApplyOutcome, now: Time) {
        let Some(source) = self.0.get_mut(source) else { return };
        if !source.origins.contains(origin) {
            source.origins.insert(origin.clone());
        }
        let row = &mut source.row;
        row.events += 1;
        row.heard = Some(now);
        row.newest = row.newest.max(Some(at));
        match outcome {
            ApplyOutcome::Duplicate => row.duplicates += 1,
            ApplyOutcome::Late => row.late += 1,
            ApplyOutcome::Counted | ApplyOutcome::OutOfPlace => {}
        }
    }

    /// The journal knows that events of a source have named this origin.
    pub(super) fn tells(&mut self, source: &Label, origin: Label) {
        if let Some(source) = self.0.iter_mut().find(|known| known.row.name == *source) {
            source.origins.insert(origin);
        }
    }

    pub(super) fn rejected(&mut self, source: usize, rejection: &Rejection, now: Time) {
        let Some(source) = self.0.get_mut(source) else { return };
        source.row.rejected += 1;
        source.row.heard = Some(now);
        let said = format!("{}:{}: {}", rejection.place, rejection.line, rejection.reason);
        source.row.last_rejection = Some(Text::new(&said));
    }

    pub(super) fn clock(&mut self, source: usize, ahead: Span) {
        if let Some(source) = self.0.get_mut(source) {
            source.row.ahead = Some(ahead);
        }
    }

    pub(super) fn remark(&mut self, source: usize, remark: Text) {
        if let Some(source) = self.0.get_mut(source) {
            source.row.remark = Some(remark).filter(|remark| !remark.is_empty());
        }
    }

    pub(super) fn health(&mut self, source: usize, health: Health, reason: Text, at: Time, next_try: Option<Time>) {
        let Some(source) = self.0.get_mut(source) else { return };
        let row = &mut source.row;
        // A connection that broke and can't be made anew has been in trouble since it broke.
        let same_trouble = row.health == Health::Stale && health == Health::Down && row.next_try.is_some();
        if row.health != health && !same_trouble {
            row.since = at;
        }
        row.health = health;
        row.reason = reason;
        row.next_try = next_try;
        if health == Health::Live {
            row.heard = row.heard.max(Some(at));
        }
    }

    pub(super) fn rows(&self) -> Vec<SourceRow> {
        self.0.iter().map(|source| source.row.clone()).collect()
    }

    /// What alerts must know.
    pub(super) fn states(&self, queues: &[QueueNow]) -> Vec<SourceState> {
        let mut standing: BTreeMap<&Label, Vec<Label>> = BTreeMap::new();
        for queue in queues {
            // A queue that another source still tells of doesn't stand still with one of its sources.
            if self.telling(&queue.origins).all(|source| matches!(source.row.health, Health::Stale | Health::Down)) {
                for source in self.telling(&queue.origins) {
                    standing.entry(&source.row.name).or_default().push(queue.id.clone());
                }
            }
        }
        let state = |source: &Source| {
            let row = source.row.clone();
            let queues = standing.get(&row.name).cloned().unwrap_or_default();
            SourceState {
                name: row.name,
                down: row.health == Health::Down,
                stale: row.health == Health::Stale,
                connecting: row.health == Health::Connecting,
                since: row.since,
                reason: row.reason,
                queues,
            }
        };
        self.0.iter().map(state).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> Sources {
        let info = |name: &str| SourceInfo { name: name.into(), kind: "asterisk".into() };
        Sources::new(&[info("pbx"), info("crm")], Time::from_unix(0))
    }

    #[test]
    fn trouble_began_when_the_connection_broke() {
        let at = Time::from_unix;
        let mut sources = sources();
        let mut say = |health, second, next: Option<i64>| {
            sources.health(0, health, "reset".into(), at(second), next.map(at));
            sources.rows()[0].since
        };
        assert_eq!(say(Health::Live, 1, None), at(1));
        assert_eq!(say(Health::Stale, 60, Some(61)), at(60));
        assert_eq!(say(Health::Down, 70, Some(75)), at(60));
        assert_eq!(say(Health::Down, 80, Some(90)), at(60));
        assert_eq!(say(Health::Live, 90, None), at(90));
        // Silence is no broken connection: that it is gone is news of its own.
        assert_eq!(say(Health::Stale, 300, None), at(300));
        assert_eq!(say(Health::Down, 900, None), at(900));
    }

    #[test]
    fn a_source_that_does_not_answer_holds_the_others_up_for_a_moment_only() {
        let mut sources = sources();
        sources.health(0, Health::Live, Text::default(), Time::from_unix(1), None);
        assert!(!sources.caught_up(Time::from_unix(2), &Mode::Live));
        assert!(sources.caught_up(Time::from_unix(6), &Mode::Live));
        // One that reads its past may take longer.
        sources.heard(1, &"crm".into(), Time::from_unix(-900), ApplyOutcome::Counted, Time::from_unix(6));
        assert!(!sources.caught_up(Time::from_unix(8), &Mode::Live));
    }

    #[test]
    fn a_queue_is_known_by_its_origin_even_before_anything_came() {
        let mut sources = sources();
        assert_eq!(sources.that_tell(&["pbx".into()]), [Label::from("pbx")]);
        sources.tells(&"crm".into(), "/surveys".into());
        assert_eq!(sources.that_tell(&["/surveys".into()]), [Label::from("crm")]);
        sources.heard(1, &"pbx".into(), Time::from_unix(5), ApplyOutcome::Counted, Time::from_unix(6));
        assert_eq!(sources.that_tell(&["pbx".into()]), [Label::from("pbx"), Label::from("crm")]);
    }

    #[test]
    fn a_queue_of_two_sources_stands_still_only_with_both() {
        let mut engine = crate::engine::Engine::new(crate::engine::Settings::default());
        let at = Time::from_unix(1_000);
        for (origin, queue) in [("pbx", "sales"), ("crm", "sales"), ("crm", "mail")] {
            let profile = crate::event::QueueProfile { queue: queue.into(), ..Default::default() };
            let kind = crate::event::EventKind::QueueProfile(profile);
            engine.apply(&crate::event::Event { at, origin: origin.into(), id: None, kind });
        }
        let queues = engine.queues_now(at);
        let mut sources = sources();
        let standing = |sources: &Sources, source: usize| sources.states(&queues)[source].queues.clone();
        sources.health(0, Health::Live, Text::default(), at, None);
        sources.health(1, Health::Down, Text::default(), at, None);
        assert_eq!(standing(&sources, 1), [Label::from("mail")]);
        sources.health(0, Health::Stale, Text::default(), at, None);
        assert_eq!(standing(&sources, 1), [Label::from("mail"), Label::from("sales")]);
        assert_eq!(standing(&sources, 0), [Label::from("sales")]);
    }
}
