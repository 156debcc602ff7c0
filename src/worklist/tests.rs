use proptest::prelude::*;

use super::*;
use crate::alert::Actor;
use crate::engine::{VisitCourse, VisitReport};
use crate::event::Channel;
use crate::text::{Patterns, Text};

fn at(minutes: i64) -> Time {
    Time::from_unix(1_772_438_400 + 60 * minutes)
}

fn report(contact: &str, customer: &str, joined: i64, course: VisitCourse) -> VisitReport {
    VisitReport {
        contact: contact.into(),
        queue: "billing".into(),
        intent: "refund".into(),
        customer: customer.into(),
        agent: Label::default(),
        channel: Channel::Voice,
        joined: at(joined),
        course,
        wait: Some(Span::MINUTE),
        handling: None,
        ended: None,
        csat: None,
        nps: None,
        reopened: None,
    }
}

fn hung_up(contact: &str, customer: &str, joined: i64) -> VisitReport {
    report(contact, customer, joined, VisitCourse::HungUp(at(joined + 1)))
}

/// A worklist that has taken these reports, at so many minutes.
fn worklist(reports: &[VisitReport], now: i64) -> Worklist {
    let mut worklist = Worklist::new(Settings::default());
    worklist.advance(at(now), at(now));
    for report in reports {
        worklist.take(report, at(now));
    }
    worklist
}

fn who(name: &str) -> Actor {
    Actor { name: name.into(), from: "desk".into() }
}

fn command(item: &WorkItem, name: &str, act: WorkAction) -> WorkCommand {
    WorkCommand { item: item.id, version: item.version, who: who(name), act }
}

const CLAIM: WorkAction = WorkAction::Claim { note: None, lasts: None };

fn done(outcome: Outcome) -> WorkAction {
    WorkAction::Done { outcome, note: None }
}

fn all(worklist: &Worklist, now: i64) -> WorkAnswer {
    let query = WorkQuery { closed: true, ..WorkQuery::default() };
    worklist.ask(&query, &Patterns::default(), at(-600), at(now))
}

/// A worklist that was started again with these items, at minute 100.
fn restarted(items: &WorkAnswer) -> Worklist {
    let stored = items.items.iter().map(|item| serde_json::from_value(serde_json::to_value(item).unwrap()).unwrap());
    let mut worklist = worklist(&[], 100);
    worklist.restore(stored.collect(), 1, at(100));
    worklist.advance(at(100), at(100));
    worklist
}

#[test]
fn a_later_call_that_is_a_reason_for_another_item_stays_in_the_history_of_the_first_after_a_restart() {
    let asked = |joined| report("c1", "cu1", joined, VisitCourse::AskedBack(at(joined + 1)));
    let waits = report("c1", "cu1", 58, VisitCourse::Waiting);
    let in_sales = |joined| VisitReport { queue: "sales".into(), ..asked(joined) };
    let before = all(&worklist(&[asked(8), waits, in_sales(0), in_sales(58)], 100), 100);
    let mut restarted = restarted(&before);
    restarted.take(&in_sales(58), at(100));
    assert_eq!(all(&restarted, 100), before);
}

#[test]
fn a_customer_who_hangs_up_twice_in_a_queue_is_one_item_and_two_queues_are_two() {
    let sales = VisitReport { queue: "sales".into(), ..hung_up("c3", "cu1", 20) };
    let worklist = worklist(&[hung_up("c1", "cu1", 0), hung_up("c2", "cu1", 10), sales], 30);
    let answer = all(&worklist, 30);
    let found: Vec<_> = answer.items.iter().map(|item| (item.queue.as_str(), item.reasons().count())).collect();
    assert_eq!(found, [("billing", 2), ("sales", 1)]);
    let [first, _] = answer.items.as_slice() else { panic!() };
    assert_eq!((first.since, first.last(), first.due), (at(1), at(11), at(121)));
    assert_eq!((first.why.as_str(), first.contact.as_str()), ("hung up after 1:00", "c2"));
}

#[test]
fn who_hung_up_at_once_is_not_called_back() {
    let waited = |seconds| VisitReport { wait: Some(Span::seconds(seconds)), ..hung_up("c1", "cu1", 0) };
    assert_eq!(all(&worklist(&[waited(4)], 30), 30).items, []);
    assert_eq!(all(&worklist(&[waited(5)], 30), 30).items.len(), 1);
    // It is not known how long somebody waited.
    let unknown = VisitReport { wait: None, ..hung_up("c1", "cu1", 0) };
    assert_eq!(all(&worklist(&[unknown], 30), 30).items[0].why.as_str(), "hung up");
}

#[test]
fn who_is_answered_later_is_off_the_list_with_the_time_and_an_answer_from_before_counts_for_nothing() {
    let before = report("c0", "cu1", -9, VisitCourse::Answered(at(-8)));
    let mut list = worklist(&[before.clone(), hung_up("c1", "cu1", 0), before], 30);
    assert_eq!(all(&list, 30).counts.open, 1);
    // The customer waits again, in another queue about the same.
    let other = |course| VisitReport { queue: "chat".into(), ..report("c2", "cu1", 20, course) };
    list.take(&other(VisitCourse::Waiting), at(20));
    assert_eq!(all(&list, 30).items[0].called_again(), Some(at(20)));
    list.take(&other(VisitCourse::Answered(at(21))), at(21));
    let answer = all(&list, 30);
    let item = &answer.items[0];
    assert_eq!(item.state, WorkState::Ended);
    let closing = item.closed.clone().unwrap();
    assert_eq!((closing.outcome, closing.at, closing.who), (Outcome::Answered, at(21), None));
    assert_eq!((answer.counts.ended, answer.counts.kept, answer.counts.oldest), (1, 1, None));
    // Another matter leaves the item open.
    let other = VisitReport {
        queue: "chat".into(),
        intent: "parcel".into(),
        ..report("c3", "cu2", 20, VisitCourse::Answered(at(21)))
    };
    assert_eq!(all(&worklist(&[hung_up("c1", "cu2", 0), other], 30), 30).counts.open, 1);
}

#[test]
fn the_telephone_system_s_own_call_back_is_an_attempt_or_the_end() {
    let asked = report("c1", "cu1", 0, VisitCourse::AskedBack(at(1)));
    let back =
        |contact, joined, course| VisitReport { channel: Channel::Callback, ..report(contact, "cu1", joined, course) };
    let list = worklist(&[asked.clone(), back("c2", 10, VisitCourse::Waiting)], 30);
    let item = &all(&list, 30).items[0];
    assert_eq!((item.tries(), item.reasons().count()), (1, 1));
    assert_eq!(item.why.as_str(), "asked to be called back after 1:00");
    // One that fails is an attempt, and no further customer who hung up.
    let failed = back("c2", 10, VisitCourse::HungUp(at(11)));
    let list = worklist(&[asked.clone(), failed, back("c3", 20, VisitCourse::Waiting)], 30);
    let answer = all(&list, 30);
    assert_eq!((answer.items.len(), answer.items[0].tries(), answer.counts.open), (1, 2, 1));
    let list = worklist(&[asked, back("c2", 10, VisitCourse::Answered(at(11)))], 30);
    assert_eq!(all(&list, 30).items[0].closed.as_ref().map(|closing| closing.outcome), Some(Outcome::Reached));
}

#[test]
fn what_turns_out_otherwise_ends_the_item() {
    let mut list = worklist(&[hung_up("c1", "cu1", 0)], 30);
    list.take(&report("c1", "cu1", 0, VisitCourse::Answered(at(2))), at(30));
    assert_eq!(all(&list, 30).items[0].closed.as_ref().map(|closing| closing.outcome), Some(Outcome::Answered));
    let mut list = worklist(&[hung_up("c1", "cu1", 0)], 30);
    list.take(&report("c1", "cu1", 0, VisitCourse::Other), at(30));
    assert_eq!(all(&list, 30).items[0].closed.as_ref().map(|closing| closing.outcome), Some(Outcome::Withdrawn));
    // Who the customer is becomes known later: the two are one item then.
    let mut list = worklist(&[hung_up("c1", "cu1", 0), hung_up("c2", "", 5)], 30);
    assert_eq!(all(&list, 30).counts.open, 2);
    list.take(&hung_up("c2", "cu1", 5), at(30));
    let answer = all(&list, 30);
    assert_eq!((answer.counts.open, answer.counts.ended), (1, 1));
    assert_eq!(answer.items[0].reasons().count(), 2);
}

#[test]
fn of_two_who_claim_at_once_the_first_has_it_and_the_second_is_told() {
    let mut list = worklist(&[hung_up("c1", "cu1", 0)], 30);
    let item = all(&list, 30).items[0].clone();
    let taken = list.execute(&command(&item, "ann", CLAIM), at(30)).unwrap();
    assert_eq!(taken.holder().map(|holder| holder.name.as_str()), Some("ann"));
    for act in [CLAIM, done(Outcome::Reached)] {
        let refused = list.execute(&command(&item, "bob", act), at(30)).unwrap_err();
        assert_eq!(refused, CommandRefusal::Taken("ann".into()));
    }
    // Sent again, the command changes nothing.
    assert_eq!(list.execute(&command(&item, "ann", CLAIM), at(31)).unwrap(), taken);
    // Anybody may write a note.
    list.execute(&command(&item, "bob", WorkAction::Note("try after four".into())), at(31)).unwrap();
    let closed = list.execute(&command(&taken, "ann", done(Outcome::Reached)), at(32)).unwrap();
    assert_eq!((closed.state, closed.note.as_ref().map(Text::as_str)), (WorkState::Done, Some("try after four")));
    let refused = list.execute(&command(&closed, "bob", done(Outcome::NoNeed)), at(33)).unwrap_err();
    assert_eq!(refused, CommandRefusal::Taken("ann".into()));
    let refused = list.execute(&command(&closed, "bob", WorkAction::Undo), at(33)).unwrap_err();
    assert_eq!(refused, CommandRefusal::Theirs("ann".into()));
    // What was closed is open again, and still hers; then it is nobody's.
    let again = list.execute(&command(&closed, "ann", WorkAction::Undo), at(33)).unwrap();
    assert_eq!((again.state, &again.closed), (WorkState::Claimed, &None));
    let again = list.execute(&command(&again, "ann", WorkAction::Undo), at(33)).unwrap();
    assert_eq!(again.state, WorkState::Open);
    let refused = list.execute(&command(&again, "ann", WorkAction::Undo), at(33)).unwrap_err();
    assert_eq!(refused, CommandRefusal::Nothing);
}

#[test]
fn of_two_who_close_it_at_once_the_second_is_told_and_who_has_not_seen_a_change_looks_again() {
    let mut list = worklist(&[hung_up("c1", "cu1", 0)], 30);
    let seen = all(&list, 30).items[0].clone();
    list.take(&hung_up("c2", "cu1", 20), at(30));
    let refused = list.execute(&command(&seen, "ann", done(Outcome::NoNeed)), at(30)).unwrap_err();
    assert_eq!(refused, CommandRefusal::Changed);
    let seen = all(&list, 30).items[0].clone();
    list.execute(&command(&seen, "ann", done(Outcome::NoNeed)), at(30)).unwrap();
    let refused = list.execute(&command(&seen, "bob", done(Outcome::Reached)), at(30)).unwrap_err();
    assert_eq!(refused, CommandRefusal::Taken("ann".into()));
    let refused = list.execute(&command(&seen, "ann", done(Outcome::Reviewed)), at(30)).unwrap_err();
    assert!(matches!(&refused, CommandRefusal::Unfit(why) if why.as_str().contains("not_reached")), "{refused}");
}

#[test]
fn who_is_not_reached_stays_on_the_list_until_it_was_tried_often_enough() {
    let mut list = worklist(&[hung_up("c1", "cu1", 0)], 30);
    for attempt in 1..=3 {
        let item = all(&list, 30).items[0].clone();
        let item = list.execute(&command(&item, "ann", CLAIM), at(30)).unwrap();
        let item = list.execute(&command(&item, "ann", done(Outcome::NotReached)), at(30)).unwrap();
        assert_eq!((item.attempts, item.is_closed()), (attempt, attempt == 3));
    }
    let item = all(&list, 30).items[0].clone();
    let item = list.execute(&command(&item, "ann", WorkAction::Undo), at(31)).unwrap();
    assert_eq!((item.attempts, item.state), (2, WorkState::Claimed));
    let item = list.execute(&command(&item, "ann", WorkAction::Undo), at(31)).unwrap();
    assert_eq!((item.attempts, item.state), (2, WorkState::Open));
}

#[test]
fn the_oldest_call_back_counts_where_people_work_through_them() {
    let sales = VisitReport { queue: "sales".into(), ..hung_up("c3", "cu3", 20) };
    let mut list = worklist(&[hung_up("c1", "cu1", 10), hung_up("c2", "cu2", 0), sales], 30);
    assert!(list.oldest_callbacks().is_empty(), "nobody has done anything");
    let oldest = |list: &Worklist| {
        let mut oldest: Vec<_> = list.oldest_callbacks().into_iter().collect();
        oldest.sort();
        oldest
    };
    let item = all(&list, 30).items[0].clone();
    let claimed = list.execute(&command(&item, "ann", CLAIM), at(30)).unwrap();
    assert_eq!(oldest(&list), [("billing".into(), at(1)), ("sales".into(), at(21))], "a claimed one is not done");
    list.execute(&command(&claimed, "ann", done(Outcome::Reached)), at(31)).unwrap();
    assert_eq!(oldest(&list), [("billing".into(), at(11)), ("sales".into(), at(21))]);
}

#[test]
fn a_claim_runs_out_and_an_item_ends_that_is_too_old_by_the_events_and_not_by_the_clock() {
    let mut list = worklist(&[hung_up("c1", "cu1", 0)], 30);
    let item = all(&list, 30).items[0].clone();
    list.execute(&command(&item, "ann", CLAIM), at(30)).unwrap();
    list.advance(at(44), at(44));
    assert_eq!(all(&list, 44).items[0].state, WorkState::Claimed);
    list.advance(at(45), at(45));
    assert_eq!(all(&list, 45).items[0].state, WorkState::Open);
    // The clock is a year ahead.
    list.advance(at(600_000), at(50));
    assert_eq!(all(&list, 50).counts.open, 1);
    list.advance(at(1442), at(1442));
    let item = &list.find(1).unwrap();
    assert_eq!(item.closed.as_ref().map(|closing| closing.outcome), Some(Outcome::Expired));
    // Once that is stored, it is forgotten, and a report of it opens nothing.
    assert_eq!(list.take_changed().len(), 1);
    list.advance(at(1443), at(1443));
    list.take(&hung_up("c1", "cu1", 0), at(1443));
    assert_eq!((list.find(1), all(&list, 1443).items.len()), (None, 0));
}

#[test]
fn what_happens_again_after_an_item_was_closed_is_a_new_one_and_what_happened_before_is_not() {
    let mut list = worklist(&[hung_up("c1", "cu1", 0)], 30);
    let item = all(&list, 30).items[0].clone();
    let closed = list.execute(&command(&item, "ann", done(Outcome::Reached)), at(30)).unwrap();
    list.take(&hung_up("c2", "cu1", 10), at(31));
    assert_eq!(all(&list, 31).counts.open, 0);
    list.take(&hung_up("c3", "cu1", 31), at(32));
    assert_eq!(all(&list, 32).counts.open, 1);
    // There is one open item at most: the former one stays closed.
    let refused = list.execute(&command(&closed, "ann", WorkAction::Undo), at(33)).unwrap_err();
    assert_eq!(refused.to_string(), "it is over: it happened again: there is a newer item");
}

#[test]
fn low_scores_reopened_contacts_and_long_ones_are_items_as_well() {
    let over = report("c1", "cu1", 0, VisitCourse::Answered(at(1)));
    let low = VisitReport { csat: Some((at(20), 2.0)), nps: Some((at(20), 9.0)), ..over.clone() };
    let reopened = VisitReport { reopened: Some(at(25)), ..low.clone() };
    let long = VisitReport { handling: Some(Span(61 * Span::MINUTE.0)), ended: Some(at(62)), ..over.clone() };
    let high = VisitReport { csat: Some((at(20), 2.5)), nps: Some((at(20), 7.0)), ..over };
    let kinds = |report: &VisitReport| {
        let answer = all(&worklist(std::slice::from_ref(report), 100), 100);
        answer.items.iter().map(|item| (item.kind, item.why.to_string())).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&high), []);
    assert_eq!(kinds(&low), [(WorkKind::LowScore, "satisfied 2 of 5".to_owned())]);
    assert_eq!(kinds(&reopened)[1], (WorkKind::Reopened, "opened again".to_owned()));
    assert_eq!(kinds(&long), [(WorkKind::LongHandling, "over after 1:01:00".to_owned())]);
    let none = Settings { kinds: Vec::new(), ..Settings::default() };
    let mut list = Worklist::new(none);
    list.take(&reopened, at(30));
    assert_eq!(all(&list, 30).items, []);
}

#[test]
fn a_command_that_could_not_be_stored_is_taken_back_and_what_happened_meanwhile_stays() {
    let mut list = worklist(&[hung_up("c1", "cu1", 0)], 30);
    let before = all(&list, 30).items[0].clone();
    let after = list.execute(&command(&before, "ann", CLAIM), at(30)).unwrap();
    list.take(&hung_up("c2", "cu1", 20), at(31));
    list.take_back(&before, &after);
    let item = all(&list, 31).items[0].clone();
    assert_eq!((item.state, item.claim.clone(), item.reasons().count()), (WorkState::Open, None, 2));
    assert!(item.version > after.version);
    let whats: Vec<_> = item.trail.iter().map(|entry| entry.what).collect();
    assert_eq!(whats, [WorkEvent::Opened, WorkEvent::Repeated]);
}

/// What one of a few customers does.
fn any_report() -> impl Strategy<Value = VisitReport> {
    (0..4_u8, 0..3_u8, 0..2_u8, 0..60_i64, 0..5_u8).prop_map(|(contact, customer, queue, joined, course)| {
        let ended = at(joined + 1);
        let course = match course {
            0 => VisitCourse::Waiting,
            1 => VisitCourse::Answered(ended),
            2 => VisitCourse::AskedBack(ended),
            3 => VisitCourse::Other,
            _ => VisitCourse::HungUp(ended),
        };
        let customer = ["", "cu1", "cu2"][usize::from(customer)];
        let queue = ["billing", "sales"][usize::from(queue)].into();
        VisitReport { queue, ..report(&format!("c{contact}"), customer, joined, course) }
    })
}

proptest! {
    #[test]
    fn reports_that_come_again_change_nothing_and_there_is_one_open_item_for_each(
        reports in proptest::collection::vec(any_report(), 1..30),
        acts in proptest::collection::vec((0..30_usize, 0..4_u8), 0..10),
    ) {
        let mut list = worklist(&[], 100);
        for (place, report) in reports.iter().enumerate() {
            let due: Vec<_> = acts.iter().filter(|(at, _)| *at == place).collect();
            for (_, act) in due {
                let Some(item) = all(&list, 100).items.into_iter().next() else { continue };
                let act = [CLAIM, done(Outcome::Reached), done(Outcome::NotReached), WorkAction::Undo][usize::from(*act)].clone();
                let _ = list.execute(&command(&item, "ann", act), at(100));
            }
            list.take(report, at(100));
            // The same report again, at once and after a restart.
            let before = all(&list, 100);
            list.take(report, at(100));
            prop_assert_eq!(&all(&list, 100), &before);
            let mut restored = restarted(&before);
            restored.take(report, at(100));
            prop_assert_eq!(&all(&restored, 100), &before);
            let mut keys = std::collections::HashSet::new();
            for item in before.items.iter().filter(|item| !item.is_closed()) {
                prop_assert!(keys.insert(key_of(item)), "{:?}", item);
                prop_assert!(item.reasons().next().is_some());
                prop_assert_eq!(item.state == WorkState::Claimed, item.claim.is_some());
            }
        }
    }
}

#[test]
fn events_that_are_read_again_after_a_restart_end_nothing_that_they_have_not_come_to_yet() {
    use crate::event::{Event, EventKind, Offer, Step};

    let step = |contact: &str, minutes: i64, step: Step| Event {
        at: at(minutes),
        origin: "pbx".into(),
        id: None,
        kind: EventKind::Contact { contact: contact.into(), queue: None, step },
    };
    let offered = |customer: &str| {
        Step::Offered(Offer { customer: Some(customer.into()), ..Offer::new("billing".into(), Channel::Voice) })
    };
    let events = [
        step("c1", 0, offered("cu1")),
        step("c2", 1, offered("cu2")),
        step("c1", 2, Step::Abandoned { wait: None, position: None }),
        step("c2", 2, Step::Answered { agent: "ann".into(), wait: None }),
        step("c2", 3, Step::Completed { agent: None, ended_by: None, talk: None, hold: None }),
        step("c2", 4, Step::Resolved { resolved: true, reason: None }),
        step("c2", 9, Step::Reopened),
    ];
    let mut engine = Engine::new(crate::engine::Settings::default());
    engine.report_visits(at(-60));
    let mut list = worklist(&[], 10);
    for event in &events {
        engine.apply(event);
    }
    list.follow(&mut engine, at(10));
    let item = all(&list, 10).items.into_iter().find(|item| item.kind == WorkKind::Callback).unwrap();
    list.execute(&command(&item, "ann", CLAIM), at(10)).unwrap();
    let before = all(&list, 10);
    assert_eq!((before.counts.claimed, before.counts.open), (1, 1));
    // The same events, with a look at the list after each.
    let mut engine = Engine::new(crate::engine::Settings::default());
    engine.report_visits(at(-60));
    let mut restored = worklist(&[], 10);
    restored.restore(before.items.clone(), 1, at(10));
    for event in &events {
        engine.apply(event);
        restored.follow_reading(&mut engine, at(10));
        assert_eq!(all(&restored, 10), before);
    }
    restored.follow(&mut engine, at(10));
    assert_eq!(all(&restored, 10), before);
}

#[test]
fn the_engine_reports_what_the_list_is_made_of() {
    use crate::event::{Event, EventKind, Offer, Step, Survey};

    let mut engine = Engine::new(crate::engine::Settings::default());
    engine.report_visits(at(-60));
    let step = |contact: &str, minutes: i64, step: Step| Event {
        at: at(minutes),
        origin: "pbx".into(),
        id: None,
        kind: EventKind::Contact { contact: contact.into(), queue: None, step },
    };
    let offered = |customer: &str| {
        Step::Offered(Offer { customer: Some(customer.into()), ..Offer::new("billing".into(), Channel::Voice) })
    };
    let mut list = worklist(&[], 10);
    for event in [
        step("c0", -200, offered("old")),
        step("c0", -199, Step::Abandoned { wait: None, position: None }),
        step("c1", 0, offered("cu1")),
        step("c1", 2, Step::Abandoned { wait: None, position: None }),
        step("c2", 3, offered("cu2")),
        step("c2", 4, Step::Answered { agent: "ann".into(), wait: None }),
        step("c2", 9, Step::Completed { agent: None, ended_by: None, talk: None, hold: None }),
        step("c2", 10, Step::Survey(Survey { nps: Some(3), ..Survey::default() })),
    ] {
        engine.apply(&event);
    }
    list.follow(&mut engine, at(10));
    let found: Vec<_> = all(&list, 10).items.into_iter().map(|item| (item.customer, item.why, item.agent)).collect();
    let expected = [("cu1", "hung up after 2:00", ""), ("cu2", "recommends 3 of 10", "ann")]
        .map(|(a, b, c)| (a.into(), b.into(), c.into()));
    assert_eq!(found, expected);
}
