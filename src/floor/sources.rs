//! The state of the floor's sources, and which queues depend on which of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::alert::{Reception, SourceState};
use crate::board::{Health, Mode, SourceRow};
use crate::clock::{Span, Time};
use crate::engine::{ApplyOutcome, Contradiction, Engine, NameCounts};
use crate::event::{Event, EventKind, Step};
use crate::source::Rejection;
use crate::text::{Label, Text};

/// A source of a floor, before it has sent anything.
#[derive(Clone, Debug)]
pub struct SourceInfo {
    /// The name from the configuration.
    pub name: Label,
    /// The kind from the configuration, such as `asterisk`.
    pub kind: Label,
}

/// The most new names that events of one source may bring, by kind. Fields that hold free text or numbers in place of
/// names would otherwise take all memory.
const MAX_NEW_NAMES: NameCounts = NameCounts { queues: 2_000, agents: 20_000, intents: 2_000, others: 5_000 };
/// The most contacts of one source that are open at a time, at some 1.3 kB each. A source that never tells of an end would
/// otherwise take all memory: on asynchronous channels contacts may be open for weeks.
const MAX_OPEN_CONTACTS: usize = 100_000;
/// How often the open contacts of a source are counted, once there are so many on the floor.
const COUNT_INTERVAL: Span = Span::SECOND;
/// How long after the last such event a source is said to bring too many names or contacts.
const REFUSAL_LASTS: Span = Span(15 * Span::MINUTE.0);

#[derive(Debug)]
struct TrackedSource {
    row: SourceRow,
    /// The origins that its events name. A queue is linked to its sources by these. None is ever removed.
    origins: BTreeSet<Label>,
    /// The new names that its events have brought since the start.
    new_names: NameCounts,
    /// When its open contacts were counted, and how many there are with those that it has begun since.
    open_contacts: Option<(Time, usize)>,
    /// When an event was last rejected because there are too many names or contacts, and why.
    refusal: Option<(Time, Text)>,
    /// The time of the first event that it told of as it happened.
    begun: Option<Time>,
}

impl TrackedSource {
    /// Note that an event was rejected because the source has sent `kind`: more of something than one may. Returns the reason.
    fn refuse(&mut self, kind: &str, remedy: &str, now: Time) -> Text {
        let reason = Text::new(&format!("it has sent {kind}, and events with further ones are rejected: {remedy}"));
        // A flood of events is not to become one of lines in the log.
        if self.refusal.as_ref().is_none_or(|(at, _)| now - *at >= Span::MINUTE) {
            tracing::warn!(source = %self.row.name, "{reason}");
        }
        self.row.rejected += 1;
        self.row.heard = Some(now);
        self.row.last_rejection = Some(reason.clone());
        self.refusal = Some((now, Text::new(&format!("events with {kind} are rejected: {remedy}"))));
        reason
    }

    /// Why events are rejected, while that lasts.
    fn excess(&self, now: Time) -> Option<&Text> {
        self.refusal.as_ref().filter(|(at, _)| now - *at < REFUSAL_LASTS).map(|(_, reason)| reason)
    }
}

/// All sources of a floor, by their index in messages.
#[derive(Debug)]
pub(super) struct Sources(Vec<TrackedSource>);

impl Sources {
    pub(super) fn new(infos: &[SourceInfo], now: Time) -> Self {
        let source = |info: &SourceInfo| TrackedSource {
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
                out_of_place: 0,
                contradictions: None,
                last_rejection: None,
                next_try: None,
                ahead: None,
                remark: None,
            },
            // The origin of events without one of their own.
            origins: BTreeSet::from([info.name.clone()]),
            new_names: NameCounts::default(),
            open_contacts: None,
            refusal: None,
            begun: None,
        };
        Self(infos.iter().map(source).collect())
    }

    /// Note when what a source tells of began. Who waits and what agents do is told with the time since when that lasts, though
    /// the source was not there then.
    pub(super) fn note_begun(&mut self, source: usize, event: &Event) {
        let is_standing =
            matches!(event.kind, EventKind::AgentState { .. } | EventKind::Contact { step: Step::Offered(_), .. });
        if let Some(source) = self.0.get_mut(source).filter(|_| !is_standing) {
            source.begun = Some(source.begun.map_or(event.at, |known| known.min(event.at)));
        }
    }

    /// When the data began: that of the first source, or the recording. `None` where no source has told of anything yet.
    pub(super) fn begun(&self, mode: &Mode) -> Option<Time> {
        match mode {
            Mode::Replay { from, .. } => Some(*from),
            Mode::Live | Mode::Simulated { .. } => self.0.iter().filter_map(|source| source.begun).min(),
        }
    }

    pub(super) fn name(&self, source: usize) -> Option<&Label> {
        self.0.get(source).map(|s| &s.row.name)
    }

    /// Whether every source has been read up to now, so that the live figures are right. A source that does not answer
    /// delays this for a few seconds only.
    pub(super) fn are_caught_up(&self, now: Time, mode: &Mode) -> bool {
        self.0.iter().all(|s| !s.row.is_catching_up(now, mode))
    }

    /// Changes when sources have named further origins.
    pub(super) fn version(&self) -> u64 {
        self.0.iter().map(|source| source.origins.len() as u64).sum()
    }

    /// The names of the sources whose events name one of these origins.
    pub(super) fn names_of(&self, origins: &[Label]) -> Vec<Label> {
        self.with_origin_in(origins).map(|source| source.row.name.clone()).collect()
    }

    fn with_origin_in(&self, origins: &[Label]) -> impl Iterator<Item = &TrackedSource> {
        self.0.iter().filter(|source| origins.iter().any(|origin| source.origins.contains(origin)))
    }

    pub(super) fn count_event(&mut self, source: usize, origin: &Label, at: Time, outcome: ApplyOutcome, now: Time) {
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
            // What fits nothing now may fit later: the engine counts it.
            ApplyOutcome::Counted | ApplyOutcome::OutOfPlace => {}
        }
    }

    /// Restore from the journal that events of a source have named this origin.
    pub(super) fn add_origin(&mut self, source: &Label, origin: Label) {
        if let Some(source) = self.0.iter_mut().find(|known| known.row.name == *source) {
            source.origins.insert(origin);
        }
    }

    pub(super) fn count_rejection(&mut self, source: usize, rejection: &Rejection, now: Time) {
        let Some(source) = self.0.get_mut(source) else { return };
        source.row.rejected += 1;
        source.row.heard = Some(now);
        let text = format!("{}:{}: {}", rejection.place, rejection.line, rejection.reason);
        source.row.last_rejection = Some(Text::new(&text));
    }

    /// Accept an event, or say why not: if it brings more names or open contacts than one source may. Then the event counts as
    /// rejected, and a remark and an alert tell the owner of the source.
    pub(super) fn admit(&mut self, source: usize, engine: &Engine, event: &Event, now: Time) -> Result<(), Text> {
        self.admit_contact(source, engine, event, now)?;
        self.admit_names(source, engine.new_names(event), now)
    }

    fn admit_contact(&mut self, source: usize, engine: &Engine, event: &Event, now: Time) -> Result<(), Text> {
        if engine.open_contact_count() < MAX_OPEN_CONTACTS || !engine.begins_contact(event) {
            return Ok(());
        }
        let Some(tracked) = self.0.get_mut(source) else { return Ok(()) };
        let counted = tracked.open_contacts.filter(|(at, _)| (now - *at).0.abs() < COUNT_INTERVAL.0);
        let (at, open) = counted.unwrap_or_else(|| (now, engine.open_contacts_of(tracked.origins.iter())));
        let is_admitted = open < MAX_OPEN_CONTACTS;
        tracked.open_contacts = Some((at, open + usize::from(is_admitted)));
        if is_admitted {
            return Ok(());
        }
        let kind = format!("more than {MAX_OPEN_CONTACTS} open contacts");
        let remedy = "check whether the ends of contacts are sent, and which field is taken for their id";
        Err(tracked.refuse(&kind, remedy, now))
    }

    fn admit_names(&mut self, source: usize, new: NameCounts, now: Time) -> Result<(), Text> {
        let Some(tracked) = self.0.get_mut(source) else { return Ok(()) };
        let (known, most) = (tracked.new_names, MAX_NEW_NAMES);
        let kinds = [
            ("queue", new.queues, known.queues, most.queues),
            ("agent", new.agents, known.agents, most.agents),
            ("intent", new.intents, known.intents, most.intents),
            ("team, reason or origin", new.others, known.others, most.others),
        ];
        let Some((kind, .., most)) = kinds.into_iter().find(|(_, new, known, most)| *new > 0 && known + new > *most)
        else {
            tracked.new_names = NameCounts {
                queues: known.queues + new.queues,
                agents: known.agents + new.agents,
                intents: known.intents + new.intents,
                others: known.others + new.others,
            };
            return Ok(());
        };
        let kind = format!("more than {most} different {kind} names");
        Err(tracked.refuse(&kind, "check which field is taken for the name", now))
    }

    pub(super) fn set_clock_skew(&mut self, source: usize, ahead: Span) {
        if let Some(source) = self.0.get_mut(source) {
            source.row.ahead = Some(ahead);
        }
    }

    pub(super) fn set_remark(&mut self, source: usize, remark: Text) {
        if let Some(source) = self.0.get_mut(source) {
            source.row.remark = Some(remark).filter(|remark| !remark.is_empty());
        }
    }

    pub(super) fn set_health(&mut self, source: usize, health: Health, reason: Text, at: Time, next_try: Option<Time>) {
        let Some(source) = self.0.get_mut(source) else { return };
        let row = &mut source.row;
        // A connection that broke and cannot be restored has been down since it broke.
        let same_outage = row.health == Health::Stale && health == Health::Down && row.next_try.is_some();
        if row.health != health && !same_outage {
            row.since = at;
        }
        row.health = health;
        row.reason = reason;
        row.next_try = next_try;
        if matches!(health, Health::Live | Health::Degraded) {
            row.heard = row.heard.max(Some(at));
        }
    }

    /// The wall clock was set forward by `by`: shift times so that ages keep their length.
    pub(super) fn shift(&mut self, by: Span) {
        for TrackedSource { row, refusal, .. } in &mut self.0 {
            row.since = row.since + by;
            row.heard = row.heard.map(|at| at + by);
            row.next_try = row.next_try.map(|at| at + by);
            *refusal = refusal.take().map(|(at, reason)| (at + by, reason));
        }
    }

    /// The rows of the board. `contradictions` are those of all sources.
    pub(super) fn rows(&self, contradictions: &[Contradiction], now: Time) -> Vec<SourceRow> {
        let row = |source: &TrackedSource| {
            let of_source = || contradictions.iter().filter(|steps| source.origins.contains(&steps.origin));
            let words: Vec<String> = of_source().map(ToString::to_string).collect();
            let remarks: Vec<_> = source.excess(now).into_iter().chain(&source.row.remark).map(Text::as_str).collect();
            SourceRow {
                remark: (!remarks.is_empty()).then(|| Text::new(&remarks.join("; "))),
                out_of_place: of_source().map(|steps| steps.count).sum(),
                contradictions: (!words.is_empty()).then(|| Text::new(&words.join("; "))),
                ..source.row.clone()
            }
        };
        self.0.iter().map(row).collect()
    }

    /// The states for the alert evaluator.
    pub(super) fn states<'q>(
        &self,
        queues: impl Iterator<Item = (&'q Label, Vec<Label>)>,
        now: Time,
    ) -> Vec<SourceState> {
        let mut dependent: BTreeMap<&Label, Vec<Label>> = BTreeMap::new();
        let in_trouble =
            |source: &TrackedSource| matches!(source.row.health, Health::Degraded | Health::Stale | Health::Down);
        // Mostly no source is, and a floor may have thousands of queues.
        for (queue, origins) in queues.take_while(|_| self.0.iter().any(in_trouble)) {
            // A queue with a healthy source does not depend on the one that is in trouble.
            if self.with_origin_in(&origins).all(in_trouble) {
                for source in self.with_origin_in(&origins) {
                    dependent.entry(&source.row.name).or_default().push(queue.clone());
                }
            }
        }
        for queues in dependent.values_mut() {
            queues.sort_unstable();
        }
        let state = |source: &TrackedSource| {
            let row = source.row.clone();
            let queues = dependent.get(&row.name).cloned().unwrap_or_default();
            let excess = source.excess(now).cloned().unwrap_or_default();
            SourceState {
                name: row.name,
                reception: match row.health {
                    Health::Live | Health::Ended => Reception::Good,
                    Health::Connecting => Reception::Connecting,
                    Health::Degraded => Reception::Degraded,
                    Health::Stale => Reception::Stale,
                    Health::Down => Reception::Down,
                },
                since: row.since,
                reason: row.reason,
                excess,
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
    fn an_outage_begins_when_the_connection_broke() {
        let at = Time::from_unix;
        let mut sources = sources();
        let mut since = |health, second, next: Option<i64>| {
            sources.set_health(0, health, "reset".into(), at(second), next.map(at));
            sources.rows(&[], at(0))[0].since
        };
        assert_eq!(since(Health::Live, 1, None), at(1));
        assert_eq!(since(Health::Stale, 60, Some(61)), at(60));
        assert_eq!(since(Health::Down, 70, Some(75)), at(60));
        assert_eq!(since(Health::Down, 80, Some(90)), at(60));
        assert_eq!(since(Health::Live, 90, None), at(90));
        // A silent source is not a broken connection. If the connection breaks later, the outage begins then.
        assert_eq!(since(Health::Stale, 300, None), at(300));
        assert_eq!(since(Health::Down, 900, None), at(900));
    }

    #[test]
    fn a_source_that_does_not_answer_delays_the_others_for_seconds_only() {
        let mut sources = sources();
        sources.set_health(0, Health::Live, Text::default(), Time::from_unix(1), None);
        assert!(!sources.are_caught_up(Time::from_unix(2), &Mode::Live));
        assert!(sources.are_caught_up(Time::from_unix(6), &Mode::Live));
        // A source that is reading what it missed may take longer.
        sources.count_event(1, &"crm".into(), Time::from_unix(-900), ApplyOutcome::Counted, Time::from_unix(6));
        assert!(!sources.are_caught_up(Time::from_unix(8), &Mode::Live));
    }

    #[test]
    fn a_queue_is_linked_to_its_sources_by_origin() {
        let mut sources = sources();
        assert_eq!(sources.names_of(&["pbx".into()]), [Label::from("pbx")]);
        sources.add_origin(&"crm".into(), "/surveys".into());
        assert_eq!(sources.names_of(&["/surveys".into()]), [Label::from("crm")]);
        sources.count_event(1, &"pbx".into(), Time::from_unix(5), ApplyOutcome::Counted, Time::from_unix(6));
        assert_eq!(sources.names_of(&["pbx".into()]), [Label::from("pbx"), Label::from("crm")]);
    }

    #[test]
    fn a_queue_of_two_sources_depends_on_one_only_when_both_are_down() {
        let mut engine = crate::engine::Engine::new(crate::engine::Settings::default());
        let at = Time::from_unix(1_000);
        for (origin, queue) in [("pbx", "sales"), ("crm", "sales"), ("crm", "mail")] {
            let profile = crate::event::QueueProfile { queue: queue.into(), ..Default::default() };
            let kind = crate::event::EventKind::QueueProfile(profile);
            engine.apply(&crate::event::Event { at, origin: origin.into(), id: None, kind });
        }
        let mut sources = sources();
        let standing = |sources: &Sources, source: usize| {
            sources.states(engine.queue_origins(), Time::from_unix(0))[source].queues.clone()
        };
        sources.set_health(0, Health::Live, Text::default(), at, None);
        sources.set_health(1, Health::Down, Text::default(), at, None);
        assert_eq!(standing(&sources, 1), [Label::from("mail")]);
        sources.set_health(0, Health::Stale, Text::default(), at, None);
        assert_eq!(standing(&sources, 1), [Label::from("mail"), Label::from("sales")]);
        assert_eq!(standing(&sources, 0), [Label::from("sales")]);
    }

    #[test]
    fn a_source_whose_contacts_never_end_is_stopped_and_the_others_go_on() {
        let (mut sources, mut engine) = (sources(), Engine::new(crate::engine::Settings::default()));
        let now = Time::from_unix(1_000);
        let offered = |n: usize, origin: &str| {
            let (contact, queue) = (Label::new(&format!("{origin} {n}")), Label::from("mail"));
            let step = Step::Offered(crate::event::Offer::new(queue.clone(), crate::event::Channel::Email));
            let kind = EventKind::Contact { contact, queue: Some(queue), step };
            Event { at: now, origin: origin.into(), id: None, kind }
        };
        for n in 0..MAX_OPEN_CONTACTS {
            assert!(sources.admit(1, &engine, &offered(n, "crm"), now).is_ok());
            engine.apply(&offered(n, "crm"));
        }
        let more = offered(MAX_OPEN_CONTACTS, "crm");
        assert!(
            sources.admit(1, &engine, &more, now).is_err()
                && sources.admit(0, &engine, &offered(0, "pbx"), now).is_ok()
        );
        assert!(sources.admit(1, &engine, &offered(7, "crm"), now).is_ok(), "one that is known already");
        let remark = |sources: &Sources, at| sources.rows(&[], at)[1].remark.clone().map(|text| text.to_string());
        let said = "events with more than 100000 open contacts are rejected: check whether the ends";
        assert!(remark(&sources, now).unwrap().starts_with(said));
        assert_eq!((remark(&sources, now + REFUSAL_LASTS), sources.rows(&[], now)[1].rejected), (None, 1));
        let ends = |n| {
            let event = offered(n, "crm");
            let EventKind::Contact { contact, queue, .. } = event.kind else { unreachable!() };
            Event { kind: EventKind::Contact { contact, queue, step: Step::Lost }, ..event }
        };
        engine.apply(&ends(3));
        assert!(sources.admit(1, &engine, &more, now + Span::SECOND).is_ok(), "there is room again");
    }
}
