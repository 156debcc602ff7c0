use super::*;
use crate::event::{
    self, AgentState, Channel, Event, EventKind, LeftReason, Offer, Scored, SelfService, Step, Survey, TransferKind,
};
use crate::kpi::{
    Answer, AnswerRow, Bands, CountingRules, Dim, Every, KpiId, Period, Query, RowSelection, Slice, Window,
};

/// Tuesday 3 March 2026, 09:00 UTC.
const NINE: i64 = 1_772_528_400;

fn at(seconds: i64) -> Time {
    Time::from_unix(NINE + seconds)
}

fn contact(seconds: i64, id: &str, queue: Option<&str>, step: Step) -> Event {
    Event {
        at: at(seconds),
        origin: "pbx".into(),
        id: None,
        kind: EventKind::Contact { contact: id.into(), queue: queue.map(Into::into), step },
    }
}

fn offered(seconds: i64, id: &str, queue: &str, customer: &str, intent: Option<&str>) -> Event {
    let offer = Offer {
        intent: intent.map(Into::into),
        customer: (!customer.is_empty()).then(|| customer.into()),
        position: Some(1),
        ..Offer::new(queue.into(), Channel::Voice)
    };
    contact(seconds, id, None, Step::Offered(offer))
}

fn answered(seconds: i64, id: &str, agent: &str) -> Event {
    contact(seconds, id, None, Step::Answered { agent: agent.into(), wait: None })
}

fn blind_transfer(to_queue: Option<&str>, talk: Option<Span>) -> Step {
    let (kind, to_queue) = (TransferKind::Blind, to_queue.map(Into::into));
    Step::Transferred { agent: None, kind, to_queue, to_agent: None, to_number: None, talk }
}

fn completed(seconds: i64, id: &str) -> Event {
    contact(seconds, id, None, Step::Completed { agent: None, ended_by: None, talk: None, hold: None })
}

fn abandoned(seconds: i64, id: &str) -> Event {
    contact(seconds, id, None, Step::Abandoned { wait: None, position: None })
}

fn engine(events: &[Event]) -> Engine {
    let mut engine = Engine::new(Settings::default());
    for event in events {
        engine.apply(event);
    }
    engine
}

fn ask(engine: &mut Engine, of: Slice, by: &[Dim], kpis: &[KpiId], now: i64) -> Answer {
    let over = Period::Range(at(-86_400), at(86_400));
    let query = Query { of, by: by.to_vec(), over, every: None, kpis: kpis.to_vec(), formula: None };
    engine.ask(&query, at(now))
}

fn value(engine: &mut Engine, of: Slice, kpi: KpiId) -> Option<f64> {
    ask(engine, of, &[], &[kpi], 3600).total[0].value
}

#[test]
fn one_contact_from_joining_to_wrapped() {
    let mut floor = engine(&[
        offered(0, "c1", "billing", "ann", Some("refund")),
        answered(12, "c1", "bo"),
        contact(30, "c1", None, Step::Held),
        contact(40, "c1", None, Step::Resumed),
        completed(112, "c1"),
        contact(142, "c1", None, Step::Wrapped { agent: "bo".into(), acw: None }),
    ]);
    let expected = [
        (KpiId::Offered, 1.0),
        (KpiId::Answered, 1.0),
        (KpiId::Asa, 12.0),
        (KpiId::ServiceLevel, 100.0),
        (KpiId::Handled, 1.0),
        (KpiId::Talk, 90.0),
        (KpiId::Hold, 10.0),
        (KpiId::Acw, 30.0),
        (KpiId::Aht, 130.0),
        (KpiId::Fcr, 100.0),
    ];
    for of in [
        Slice::TOTAL,
        Slice::of(Dim::Queue, "billing".into()),
        Slice::of(Dim::Intent, "refund".into()),
        Slice::of(Dim::Agent, "bo".into()),
        Slice::of(Dim::Channel, "voice".into()),
        Slice::of(Dim::Queue, "billing".into()).and(Dim::Agent, "bo".into()),
    ] {
        for (kpi, value_expected) in expected {
            assert_eq!(value(&mut floor, of.clone(), kpi), Some(value_expected), "{of} {}", kpi.def().key);
        }
    }
    assert_eq!(value(&mut floor, Slice::of(Dim::Queue, "sales".into()), KpiId::Offered), Some(0.0));
}

#[test]
fn an_intent_known_late_moves_everything_that_was_counted() {
    let mut floor = engine(&[offered(0, "c1", "billing", "", None), answered(5, "c1", "bo"), completed(65, "c1")]);
    let by_intent = |floor: &mut Engine| {
        let answer = ask(floor, Slice::TOTAL, &[Dim::Intent], &[KpiId::Offered, KpiId::Handled, KpiId::Asa], 600);
        answer
            .rows
            .iter()
            .map(|row| (row.key.to_string(), row.figures[0].n, row.figures[1].n, row.figures[2].value))
            .collect::<Vec<_>>()
    };
    assert_eq!(by_intent(&mut floor), [("no intent".to_owned(), 1, 1, Some(5.0))]);
    floor.apply(&contact(70, "c1", None, Step::Classified { intent: "refund".into() }));
    assert_eq!(by_intent(&mut floor), [("refund".to_owned(), 1, 1, Some(5.0))]);
    assert_eq!(value(&mut floor, Slice::TOTAL, KpiId::MaxWait), Some(5.0));
}

#[test]
fn a_transfer_to_another_queue_starts_another_visit() {
    let to_support = blind_transfer(Some("support"), None);
    let mut floor = engine(&[
        offered(0, "c1", "sales", "ann", None),
        answered(10, "c1", "bo"),
        contact(70, "c1", None, to_support),
        offered(70, "c1", "support", "ann", None),
        answered(100, "c1", "cy"),
        completed(200, "c1"),
    ]);
    for (queue, wait) in [("sales", 10.0), ("support", 30.0)] {
        let of = Slice::of(Dim::Queue, queue.into());
        assert_eq!(value(&mut floor, of.clone(), KpiId::Offered), Some(1.0), "{queue}");
        assert_eq!(value(&mut floor, of.clone(), KpiId::Handled), Some(1.0), "{queue}");
        assert_eq!(value(&mut floor, of, KpiId::Asa), Some(wait), "{queue}");
    }
    assert_eq!(value(&mut floor, Slice::TOTAL, KpiId::TransferRate), Some(50.0));
}

#[test]
fn overlapping_visits_are_distinguished_by_their_queue() {
    let blind = blind_transfer(None, Some(Span::seconds(8)));
    let mut floor = engine(&[
        offered(0, "c1", "sales", "", None),
        answered(5, "c1", "bo"),
        offered(13, "c1", "vip", "", None),
        contact(13, "c1", Some("sales"), blind),
        contact(20, "c1", Some("vip"), Step::Abandoned { wait: Some(Span::seconds(7)), position: Some(1) }),
    ]);
    assert_eq!(value(&mut floor, Slice::of(Dim::Queue, "sales".into()), KpiId::Handled), Some(1.0));
    assert_eq!(value(&mut floor, Slice::of(Dim::Queue, "vip".into()), KpiId::Abandoned), Some(1.0));
    assert_eq!(floor.open_contacts.len(), 0);
}

#[test]
fn contacts_that_joined_before_the_source_began_are_counted() {
    let mut floor = engine(&[
        contact(0, "c1", Some("sales"), Step::Answered { agent: "bo".into(), wait: Some(Span::seconds(30)) }),
        contact(5, "c2", Some("sales"), Step::Answered { agent: "cy".into(), wait: None }),
        contact(9, "c3", Some("sales"), Step::Abandoned { wait: Some(Span::seconds(9)), position: None }),
        contact(9, "c4", Some("sales"), Step::Left { reason: LeftReason::Timeout, wait: None }),
        completed(60, "c5"),
    ]);
    for (kpi, expected) in [
        (KpiId::Offered, Some(4.0)),
        (KpiId::Answered, Some(2.0)),
        (KpiId::Asa, Some(30.0)),
        (KpiId::Abandoned, Some(1.0)),
        (KpiId::Left, Some(1.0)),
        (KpiId::MaxWait, Some(30.0)),
    ] {
        assert_eq!(value(&mut floor, Slice::TOTAL, kpi), expected, "{}", kpi.def().key);
    }
}

#[test]
fn a_restart_and_an_expired_contact_are_unknown_ends() {
    let mut floor = engine(&[
        offered(0, "c1", "sales", "", None),
        offered(0, "c2", "sales", "", None),
        answered(5, "c2", "bo"),
        Event { at: at(60), origin: "pbx".into(), id: None, kind: EventKind::Restarted },
        offered(70, "c3", "sales", "", None),
    ]);
    assert_eq!(value(&mut floor, Slice::TOTAL, KpiId::UnknownEnd), Some(2.0));
    assert_eq!(floor.total_now(at(80)).waiting, 1);
    floor.advance(at(70 + 12 * 3600 + 61));
    assert_eq!(floor.total_now(at(14 * 3600)).waiting, 0);
    assert_eq!(value(&mut floor, Slice::TOTAL, KpiId::UnknownEnd), Some(3.0));
}

#[test]
fn an_expired_visit_closes_and_a_later_one_of_the_same_contact_stays_open() {
    let day = 86_400;
    let mut engine = engine_over_time(&[offered(0, "a", "q", "", None), offered(day, "a", "q", "", None)]);
    engine.advance(at(day + 120));
    let query = |kpi| Query {
        of: Slice::TOTAL,
        by: Vec::new(),
        over: Period::Range(at(0), at(2 * day)),
        every: None,
        kpis: vec![kpi],
        formula: None,
    };
    let mut figure = |kpi| engine.ask(&query(kpi), at(day + 120)).total[0].value;
    assert_eq!(figure(KpiId::UnknownEnd), Some(1.0));
    assert_eq!(figure(KpiId::Waiting), Some(1.0));
}

#[test]
fn a_survey_with_a_score_that_is_not_known_is_no_duplicate() {
    let mut floor = engine(&[offered(0, "c1", "sales", "", None)]);
    let outcome = |floor: &mut Engine, nps, resolved| {
        floor.apply(&contact(9, "c1", None, Step::Survey(Survey { nps: Some(nps), resolved, ..Survey::default() })))
    };
    assert_eq!(outcome(&mut floor, 9, None), ApplyOutcome::Counted);
    assert_eq!(outcome(&mut floor, 9, Some(true)), ApplyOutcome::Counted);
    assert_eq!(outcome(&mut floor, 9, Some(true)), ApplyOutcome::Duplicate);
}

#[test]
fn the_second_of_two_events_with_one_id_is_dropped() {
    let mut event = offered(0, "c1", "sales", "", None);
    event.id = Some("e1".into());
    let mut floor = Engine::new(Settings::default());
    assert_eq!(floor.apply(&event), ApplyOutcome::Counted);
    assert_eq!(floor.apply(&event), ApplyOutcome::Duplicate);
    let mut late = offered(-600, "c0", "sales", "", None);
    late.id = Some("e0".into());
    assert_eq!(floor.apply(&late), ApplyOutcome::Late);
    assert_eq!(value(&mut floor, Slice::TOTAL, KpiId::Offered), Some(2.0));
}

#[test]
fn scores_are_converted_to_one_scale() {
    let survey = |csat: Option<Scored>, ces, backwards| Survey {
        csat,
        ces,
        ces_higher_is_easier: backwards,
        ..Survey::default()
    };
    let scored = |score, min, max| Some(Scored { score, min, max });
    let mut floor = engine(&[
        offered(0, "c1", "sales", "", None),
        answered(1, "c1", "bo"),
        completed(2, "c1"),
        contact(3, "c1", None, Step::Survey(survey(scored(6.0, 1.0, 7.0), scored(7.0, 1.0, 7.0), true))),
        contact(4, "c1", None, Step::Survey(survey(scored(3.0, 1.0, 5.0), scored(3.0, 1.0, 7.0), false))),
    ]);
    assert_eq!(value(&mut floor, Slice::TOTAL, KpiId::Csat), Some(50.0));
    assert!((value(&mut floor, Slice::TOTAL, KpiId::CsatMean).unwrap() - 11.0 / 3.0).abs() < 1e-3);
    assert_eq!(value(&mut floor, Slice::TOTAL, KpiId::Ces), Some(2.0));
    assert_eq!(value(&mut floor, Slice::of(Dim::Agent, "bo".into()), KpiId::Nps), None);
}

#[test]
fn fcr_is_provisional_until_the_window_has_passed() {
    let mut floor = engine(&[
        offered(0, "c1", "sales", "ann", Some("refund")),
        answered(5, "c1", "bo"),
        completed(60, "c1"),
        offered(7200, "c2", "sales", "ann", Some("refund")),
        abandoned(7230, "c2"),
        offered(7300, "c3", "sales", "ben", Some("refund")),
        answered(7305, "c3", "bo"),
        completed(7400, "c3"),
    ]);
    let figure = |floor: &mut Engine, now| ask(floor, Slice::TOTAL, &[], &[KpiId::Fcr], now).total[0].clone();
    let now = figure(&mut floor, 7400);
    assert_eq!((now.value, now.n, now.provisional), (Some(50.0), 2, Some(50.0)));
    let later = figure(&mut floor, 8 * 86_400);
    assert_eq!((later.value, later.provisional), (Some(50.0), Some(0.0)));
}

#[test]
fn the_provisional_share_stays_right_while_times_of_joining_are_forgotten() {
    const CONTACTS_A_DAY: i64 = 150;
    let rules = CountingRules { fcr_window: Span::DAY, ..CountingRules::default() };
    let mut floor = Engine::new(Settings { rules, ..Settings::default() });
    let over = Period::Window(Window::D30);
    let by = vec![Dim::Queue];
    let query = Query { of: Slice::TOTAL, by, over, every: None, kpis: vec![KpiId::Fcr], formula: None };
    for number in 0..20 * CONTACTS_A_DAY {
        let (id, second) = (format!("c{number}"), number * 86_400 / CONTACTS_A_DAY);
        floor.apply(&offered(second, &id, "sales", &format!("customer {number}"), Some("refund")));
        floor.apply(&answered(second + 5, &id, "bo"));
        floor.apply(&completed(second + 60, &id));
        floor.advance(at(second + 60));
        if number % 10 == 9 {
            let answer = floor.ask(&query, at(second + 60));
            let contacts = number + 1;
            let share = 100.0 * f64::from(i32::try_from(contacts.min(CONTACTS_A_DAY)).unwrap());
            let share = share / f64::from(i32::try_from(contacts).unwrap());
            for figure in [&answer.total[0], &answer.rows[0].figures[0]] {
                assert_eq!((figure.n, figure.provisional), (u64::try_from(contacts).unwrap(), Some(share)));
            }
        }
    }
}

#[test]
fn agents_states_are_live_and_occupancy_is_a_share_of_their_time() {
    let state = |seconds, state| Event {
        at: at(seconds),
        origin: "pbx".into(),
        id: None,
        kind: EventKind::AgentState { agent: "bo".into(), state, reason: None, lasts: None },
    };
    let mut floor = engine(&[
        state(0, AgentState::Available),
        offered(50, "c1", "sales", "", None),
        answered(60, "c1", "bo"),
        completed(120, "c1"),
        state(180, AgentState::Paused),
    ]);
    // 60 s talking, 60 + 60 s available
    assert_eq!(value(&mut floor, Slice::of(Dim::Agent, "bo".into()), KpiId::Occupancy), Some(100.0 / 3.0));
    assert_eq!(floor.agents_now(at(90)).get(0).unwrap().state, AgentState::OnContact);
    let queues = floor.queues_now(at(200), SourceNames::ORIGINS);
    assert_eq!(queues.get(0).unwrap().live.agents[4], 1, "paused, and known to serve sales");
    assert!(
        ask(&mut floor, Slice::TOTAL, &[Dim::Intent], &[KpiId::Occupancy], 200)
            .rows
            .iter()
            .all(|r| r.figures[0].value.is_none())
    );
}

#[test]
fn half_hour_steps_add_up_to_the_whole() {
    let events: Vec<Event> = (0..40).map(|i| offered(i * 300, &format!("c{i}"), "sales", "", None)).collect();
    let mut floor = engine(&events);
    let query = Query {
        of: Slice::TOTAL,
        by: vec![],
        over: Period::Range(at(0), at(12_000)),
        every: Some(Every::Minutes(30)),
        kpis: vec![KpiId::Offered],
        formula: None,
    };
    let answer = floor.ask(&query, at(12_000));
    let counts: Vec<u64> = answer.rows.iter().map(|row| row.figures[0].n).collect();
    assert_eq!(counts, [6, 6, 6, 6, 6, 6, 4]);
    assert_eq!(answer.rows[0].start, Some(at(0)));
}

#[test]
fn staffed_time_is_cut_into_steps() {
    let state = |seconds, agent: &str, state| Event {
        at: at(seconds),
        origin: "pbx".into(),
        id: None,
        kind: EventKind::AgentState { agent: agent.into(), state, reason: None, lasts: None },
    };
    let mut floor = engine(&[
        state(0, "bo", AgentState::Available),
        state(900, "ann", AgentState::Available),
        offered(950, "c1", "sales", "", None),
        answered(960, "c1", "bo"),
        completed(1_020, "c1"),
        state(2_700, "bo", AgentState::Offline),
        offered(2_800, "c2", "sales", "", None),
        answered(2_800, "c2", "ann"),
        completed(2_860, "c2"),
    ]);
    let query = |of| Query {
        of,
        by: vec![],
        over: Period::Range(at(0), at(7_200)),
        every: Some(Every::Minutes(30)),
        kpis: vec![KpiId::ContactsPerHour],
        formula: None,
    };
    let hours = |floor: &mut Engine, of: Slice| {
        let rows = floor.ask(&query(of), at(3_000)).rows;
        rows.iter().map(|row| row.figures[0].denominator).collect::<Vec<_>>()
    };
    // Bo for 30 and then 15 minutes, Ann for 15 and for the 20 minutes so far.
    assert_eq!(hours(&mut floor, Slice::TOTAL), [Some(0.75), Some(35.0 / 60.0)]);
    assert_eq!(hours(&mut floor, Slice::of(Dim::Agent, "bo".into())), [Some(0.5)], "he had nothing to do later");
    assert_eq!(hours(&mut floor, Slice::of(Dim::Queue, "sales".into())), [None, None], "agents serve many queues");
}

#[test]
fn untimed_durations_are_unknown_and_never_zero() {
    let Event { kind: EventKind::Contact { step: Step::Offered(offer), .. }, .. } = offered(0, "c1", "sales", "", None)
    else {
        panic!("an offer");
    };
    let offer = Offer { untimed: true, ..offer };
    let mut floor = engine(&[
        contact(0, "c1", None, Step::Offered(offer)),
        answered(0, "c1", "bo"),
        completed(0, "c1"),
        offered(0, "c2", "sales", "", None),
        answered(8, "c2", "bo"),
        completed(68, "c2"),
    ]);
    for (kpi, expected) in [(KpiId::Answered, 2.0), (KpiId::Handled, 2.0), (KpiId::Asa, 8.0), (KpiId::Aht, 60.0)] {
        assert_eq!(value(&mut floor, Slice::TOTAL, kpi), Some(expected), "{}", kpi.def().key);
    }
}

#[test]
fn an_intent_of_a_contact_holds_for_all_its_visits() {
    let away = blind_transfer(None, None);
    let mut floor = engine(&[
        offered(0, "c1", "sales", "", None),
        answered(5, "c1", "bo"),
        contact(60, "c1", None, away),
        offered(60, "c1", "support", "", None),
        answered(70, "c1", "cy"),
        completed(90, "c1"),
        contact(95, "c1", None, Step::Classified { intent: "refund".into() }),
    ]);
    assert_eq!(value(&mut floor, Slice::of(Dim::Intent, "refund".into()), KpiId::Handled), Some(2.0));
}

#[test]
fn limits_of_live_channels_do_not_judge_asynchronous_ones() {
    let mut events: Vec<Event> = Vec::new();
    for (i, queue) in ["sales", "email"].into_iter().enumerate() {
        for n in 0..20 {
            let id = format!("{queue}{n}");
            let Event { kind: EventKind::Contact { step: Step::Offered(offer), .. }, .. } =
                offered(0, &id, queue, "", None)
            else {
                panic!("an offer");
            };
            let channel = [Channel::Voice, Channel::Email][i];
            events.push(contact(0, &id, None, Step::Offered(Offer { channel, ..offer })));
            events.push(answered(100 + n, &id, "bo"));
        }
    }
    let mut floor = engine(&events);
    let verdict = |floor: &mut Engine, of| ask(floor, of, &[], &[KpiId::Asa], 3600).total[0].verdict;
    assert_eq!(verdict(&mut floor, Slice::of(Dim::Queue, "sales".into())), crate::kpi::Verdict::Critical);
    assert_eq!(verdict(&mut floor, Slice::of(Dim::Queue, "email".into())), crate::kpi::Verdict::None);
    assert_eq!(verdict(&mut floor, Slice::TOTAL), crate::kpi::Verdict::None);
    // Each written channel promises its first response in another time; a live one promises none.
    let promised = |queue: &str| floor.bands(KpiId::Frt, Some(&queue.into()), None).warning;
    assert_eq!([promised("email"), promised("sales")], [Some(4.0 * 3600.0), None]);
    assert_eq!(floor.bands(KpiId::Frt, None, None), Bands::NONE);
}

fn scored(seconds: i64, id: &str) -> Event {
    let csat = Some(Scored { score: 5.0, min: 1.0, max: 5.0 });
    contact(seconds, id, None, Step::Survey(Survey { csat, nps: Some(9), ..Survey::default() }))
}

/// An engine to which events are applied with time passing at each.
fn engine_over_time(events: &[Event]) -> Engine {
    let mut floor = Engine::new(Settings { keep: None, ..Settings::default() });
    for event in events {
        floor.apply(event);
        floor.advance(floor.newest());
    }
    floor
}

#[test]
fn annotations_long_after_the_end_are_counted_once_in_any_order() {
    let mut floor = engine_over_time(&[
        offered(0, "c1", "sales", "", None),
        answered(5, "c1", "bo"),
        completed(60, "c1"),
        offered(1200, "c2", "sales", "", None),
        scored(1210, "c1"),
        contact(1205, "c1", None, Step::Quality { evaluator: "eve".into(), score: 80.0, failures: Vec::new() }),
        contact(1204, "c1", None, Step::Reopened),
    ]);
    let answer = ask(&mut floor, Slice::TOTAL, &[], &[KpiId::Csat, KpiId::Nps, KpiId::QualityScore], 1300);
    assert_eq!(answer.total.iter().map(|figure| figure.n).collect::<Vec<_>>(), [1, 1, 1]);
}

#[test]
fn an_annotation_belongs_to_the_visit_that_was_answered_though_the_contact_came_back_later() {
    let classified =
        |seconds: i64, intent: &str| contact(seconds, "c1", None, Step::Classified { intent: intent.into() });
    let steps = [
        offered(0, "c1", "sales", "", None),
        answered(5, "c1", "bo"),
        contact(60, "c1", None, blind_transfer(None, None)),
        // The first visit is settled by then.
        offered(9_000, "c2", "sales", "", None),
        offered(4_000, "c1", "billing", "", None),
        abandoned(4_060, "c1"),
        scored(5_000, "c1"),
        // Of before the second visit, which begins with it.
        classified(3_000, "refund"),
        // As what was said before is not applied twice.
        contact(4_030, "c1", None, Step::Ringing { agent: "cy".into() }),
    ];
    for mut floor in [engine(&steps), engine_over_time(&steps)] {
        let mut rows =
            |by| ask(&mut floor, Slice::TOTAL, &[by], &[KpiId::Csat, KpiId::Nps, KpiId::Offered], 10_000).rows;
        let n = |rows: Vec<AnswerRow>, key: &str| {
            let row = rows.into_iter().find(|row| row.key.to_string() == key).unwrap();
            row.figures.iter().map(|figure| figure.n).collect::<Vec<_>>()
        };
        assert_eq!(n(rows(Dim::Queue), "sales"), [1, 1, 2]);
        assert_eq!(n(rows(Dim::Queue), "billing"), [0, 0, 1]);
        assert_eq!(n(rows(Dim::Intent), "refund"), [1, 1, 2]);
    }
}

#[test]
fn a_missing_step_completes_a_contact_however_late_it_arrives() {
    let others = |from: i64| (0..40).map(move |n| offered(from + n * 60, &format!("x{n}"), "other", "", None));
    let mut events = vec![offered(0, "c1", "sales", "", None), completed(60, "c1"), abandoned(61, "c2")];
    events.extend(others(100));
    events.extend([answered(10, "c1", "bo"), offered(0, "c2", "sales", "", None)]);
    let mut floor = engine_over_time(&events);
    for (kpi, expected) in [
        (KpiId::Offered, 2.0),
        (KpiId::Answered, 1.0),
        (KpiId::Handled, 1.0),
        (KpiId::Abandoned, 1.0),
        (KpiId::UnknownEnd, 0.0),
        (KpiId::Waiting, 0.0),
        (KpiId::InProgress, 0.0),
    ] {
        let of = Slice::of(Dim::Queue, "sales".into());
        assert_eq!(value(&mut floor, of, kpi), Some(expected), "{}", kpi.def().key);
    }
}

#[test]
fn ids_are_remembered_for_ever_where_everything_is_kept() {
    let with_id = |seconds| Event { id: Some("e1".into()), ..offered(seconds, "c1", "sales", "", None) };
    let mut events = vec![with_id(0)];
    events.extend((1..80).map(|hour| offered(hour * 3600, &format!("x{hour}"), "sales", "", None)));
    let mut floor = engine_over_time(&events);
    assert_eq!(floor.apply(&with_id(0)), ApplyOutcome::Duplicate);
}

#[test]
fn after_contact_work_of_known_length_does_not_end_a_pause() {
    let state = |seconds, state, lasts: Option<i64>| Event {
        at: at(seconds),
        origin: "pbx".into(),
        id: None,
        kind: EventKind::AgentState { agent: "bo".into(), state, reason: None, lasts: lasts.map(Span::seconds) },
    };
    let mut floor = engine(&[
        state(0, AgentState::Available, None),
        state(60, AgentState::AfterContact, Some(30)),
        state(80, AgentState::Paused, None),
    ]);
    assert_eq!(floor.agents_now(at(200)).get(0).unwrap().state, AgentState::Paused);
    let mut floor = engine(&[state(60, AgentState::AfterContact, Some(30))]);
    assert_eq!(floor.agents_now(at(80)).get(0).unwrap().state, AgentState::AfterContact);
    assert_eq!(floor.agents_now(at(100)).get(0).unwrap().state, AgentState::Available);
}

#[test]
fn a_conversation_of_no_length_does_not_leave_its_agent_in_it() {
    let mut floor = engine(&[
        offered(0, "c1", "sales", "", None),
        answered(9, "c1", "bo"),
        completed(9, "c1"),
        offered(0, "c2", "sales", "", None),
        answered(9, "c2", "bo"),
        completed(30, "c2"),
    ]);
    assert_eq!(floor.agents_now(at(20)).get(0).unwrap().state, AgentState::OnContact);
    assert_eq!(floor.agents_now(at(31)).get(0).unwrap().state, AgentState::Available);
    // The end may be corrected after somebody has looked.
    let mut floor = engine(&[offered(0, "c1", "sales", "", None), answered(9, "c1", "bo")]);
    assert_eq!(floor.agents_now(at(20)).get(0).unwrap().state, AgentState::OnContact);
    floor.apply(&completed(9, "c1"));
    assert_eq!(floor.agents_now(at(20)).get(0).unwrap().state, AgentState::Available);
}

#[test]
fn after_contact_work_of_contacts_with_unknown_talk_time_is_in_no_mean() {
    let untimed = |id: &str| {
        let Event { kind: EventKind::Contact { step: Step::Offered(offer), .. }, .. } =
            offered(0, id, "sales", "", None)
        else {
            panic!("an offer");
        };
        contact(0, id, None, Step::Offered(Offer { untimed: true, ..offer }))
    };
    let done = |id: &str, talk: Option<i64>, acw: i64| {
        let talk = talk.map(Span::seconds);
        [
            untimed(id),
            answered(0, id, "bo"),
            contact(60, id, None, Step::Completed { agent: None, ended_by: None, talk, hold: None }),
            contact(90, id, None, Step::Wrapped { agent: "bo".into(), acw: Some(Span::seconds(acw)) }),
        ]
    };
    let mut floor = engine(&[done("c1", Some(100), 10), done("c2", None, 50)].concat());
    assert_eq!(value(&mut floor, Slice::TOTAL, KpiId::Aht), Some(110.0));
    assert_eq!(value(&mut floor, Slice::TOTAL, KpiId::Acw), Some(10.0));
}

#[test]
fn an_abandon_after_a_transfer_counts_like_an_answer_after_one() {
    let away = blind_transfer(Some("support"), None);
    let mut floor = engine(&[
        offered(0, "c1", "sales", "", None),
        answered(5, "c1", "bo"),
        contact(60, "c1", None, away),
        contact(120, "c1", None, Step::Abandoned { wait: Some(Span::seconds(60)), position: None }),
    ]);
    let support = Slice::of(Dim::Queue, "support".into());
    assert_eq!(value(&mut floor, support.clone(), KpiId::Offered), Some(1.0));
    assert_eq!(value(&mut floor, support, KpiId::Abandoned), Some(1.0));
}

#[test]
fn the_agent_of_an_unseen_answer_is_known_from_the_end() {
    let done = Step::Completed { agent: Some("bo".into()), ended_by: None, talk: Some(Span::seconds(60)), hold: None };
    let mut floor = engine(&[contact(0, "c1", Some("sales"), done)]);
    assert_eq!(value(&mut floor, Slice::of(Dim::Agent, "bo".into()), KpiId::Aht), Some(60.0));
}

#[test]
fn profiles_from_two_sources_are_merged() {
    let mut engine = Engine::new(Settings::default());
    let mut apply = |origin: &str, kind| engine.apply(&Event { at: at(0), origin: origin.into(), id: None, kind });
    let of_agent = |team: Option<&str>, queues: &[&str]| {
        EventKind::AgentProfile(event::AgentProfile {
            agent: "Ann".into(),
            team: team.map(Label::new),
            queues: queues.iter().map(|queue| Label::new(queue)).collect(),
            ..event::AgentProfile::default()
        })
    };
    let of_queue = |name: Option<&str>, service_level_s| {
        EventKind::QueueProfile(event::QueueProfile {
            queue: "q1".into(),
            name: name.map(Label::new),
            service_level_s,
            channel: None,
        })
    };
    apply("crm", of_agent(Some("night"), &[]));
    apply("pbx", of_agent(None, &["q1"]));
    let here = EventKind::AgentState { agent: "Ann".into(), state: AgentState::Available, reason: None, lasts: None };
    apply("pbx", here);
    apply("crm", of_queue(Some("Sales"), None));
    apply("pbx", of_queue(None, Some(30.0)));
    let agents = engine.agents_now(at(1));
    let agent = agents.get(0).unwrap();
    assert_eq!((agent.team.as_str(), agent.queues.as_slice()), ("night", ["q1".into()].as_slice()));
    let queues = engine.queues_now(at(1), SourceNames::ORIGINS);
    let queue = queues.get(0).unwrap();
    assert_eq!((queue.name.as_str(), queue.service_level), ("Sales", Span::seconds(30)));
    assert_eq!(queue.sources, [Label::from("crm"), Label::from("pbx")]);
}

#[test]
fn the_total_of_agents_does_not_depend_on_the_rows() {
    let named = |agent: &str| {
        let state =
            EventKind::AgentState { agent: agent.into(), state: AgentState::Available, reason: None, lasts: None };
        Event { at: at(0), origin: "pbx".into(), id: None, kind: state }
    };
    // Cy is available, and serves no queue that is known.
    let mut floor = engine(&[named("cy"), offered(0, "c1", "sales", "", None), answered(9, "c1", "bo")]);
    let kpis = [KpiId::AgentsStaffed, KpiId::AgentsAvailable];
    let mut total =
        |by: &[Dim]| ask(&mut floor, Slice::TOTAL, by, &kpis, 20).total.iter().map(|f| f.value).collect::<Vec<_>>();
    for by in [&[][..], &[Dim::Queue], &[Dim::Intent], &[Dim::Team], &[Dim::Queue, Dim::Agent]] {
        assert_eq!(total(by), [Some(2.0), Some(1.0)], "{by:?}");
    }
}

#[test]
fn a_state_of_which_nothing_is_heard_lapses() {
    let hour = 3600;
    let state = |second, agent: &str, state| {
        let kind = EventKind::AgentState { agent: agent.into(), state, reason: None, lasts: None };
        Event { at: at(second), origin: "pbx".into(), id: None, kind }
    };
    let mut floor = engine(&[
        state(0, "ann", AgentState::Available),
        state(0, "bo", AgentState::Offline),
        state(0, "cy", AgentState::Paused),
        offered(0, "c1", "sales", "", None),
        answered(9, "c1", "di"),
    ]);
    let mut seen = |second| {
        let rows = floor.agents_now(at(second));
        let row = |row: &AgentRow| format!("{} {} {}", row.id, row.state.key(), (row.since - at(0)).as_secs());
        let rows: Vec<String> = rows.iter().map(row).collect();
        let kpis = [KpiId::AgentsUnknown, KpiId::AgentsAvailable];
        let of = |floor: &mut Engine, slice| ask(floor, slice, &[], &kpis, second).total[0].value;
        // Counted anew for a slice.
        let (all, ann) = (of(&mut floor, Slice::TOTAL), of(&mut floor, Slice::of(Dim::Agent, "ann".into())));
        assert_eq!(all == Some(0.0), ann == Some(0.0), "{all:?} {ann:?}");
        (rows.join(", "), all)
    };
    let before = "ann available 0, bo offline 0, cy paused 0, di on_contact 9";
    assert_eq!(seen(12 * hour - 1), (before.to_owned(), Some(0.0)));
    // Di is still with a contact, and Bo is not there.
    assert_eq!(seen(12 * hour), ("ann unknown 0, bo offline 0, cy unknown 0, di on_contact 9".to_owned(), Some(2.0)));
    floor.apply(&state(12 * hour + 5, "ann", AgentState::Available));
    let mut now = |second| floor.agents_now(at(second)).iter().map(|row| row.state.key()).collect::<Vec<_>>().join(" ");
    assert_eq!(now(12 * hour + 6), "available offline unknown on_contact");
    assert_eq!(now(24 * hour + 5), "unknown offline unknown on_contact");
}

#[test]
fn some_rows_of_an_answer_are_as_in_the_whole() {
    let mut events = Vec::new();
    for (queue, waits) in [("a", [5, 9]), ("b", [30, 40]), ("c", [1, 2]), ("d", [5, 9])] {
        for (n, wait) in waits.into_iter().enumerate() {
            let id = format!("{queue}{n}");
            events.extend([offered(0, &id, queue, "", None), answered(wait, &id, "bo")]);
        }
    }
    events.push(offered(0, "e", "e", "", None));
    let mut engine = engine(&events);
    let over = Period::Range(at(-1), at(100));
    let kpis = vec![KpiId::Offered, KpiId::Asa];
    let query = Query { of: Slice::TOTAL, by: vec![Dim::Queue], over, every: None, kpis, formula: None };
    let whole = engine.ask(&query, at(60));
    let mut some = |rows: RowSelection| {
        let answer = engine.ask_bounded(&query, &rows, &crate::text::Patterns::default(), at(60)).unwrap();
        assert_eq!(answer.total, whole.total);
        assert!(answer.rows.iter().all(|row| whole.rows.contains(row)));
        answer.rows.iter().map(|row| row.key.to_string()).collect::<String>()
    };
    assert_eq!(some(RowSelection::Of(vec!["d".into(), "nobody's".into(), "b".into()])), "bd");
    let mut first = |descending, limit| some(RowSelection::First { kpi: KpiId::Asa, descending, limit });
    assert_eq!(first(true, 3), "bad");
    assert_eq!(first(false, 2), "ca");
    assert_eq!(first(false, 9), "cadbe", "what has no value comes last");
}

#[test]
fn what_is_said_a_million_times_takes_no_more_memory() {
    let mut floor = Engine::new(Settings::default());
    let state = |state| {
        let kind = EventKind::AgentState { agent: "bo".into(), state, reason: None, lasts: None };
        Event { at: at(0), origin: "pbx".into(), id: None, kind }
    };
    let rung = contact(5, "c1", None, Step::RingNoAnswer { agent: "bo".into(), ring: None });
    let outcomes: Vec<_> = (0..100_000)
        .map(|n| {
            floor.apply(&state(if n % 2 == 0 { AgentState::Paused } else { AgentState::Available }));
            floor.apply(&rung);
            floor.apply(&offered(0, "c1", "billing", "", None))
        })
        .collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == ApplyOutcome::Counted).count(), 1);
    assert_eq!(outcomes.last(), Some(&ApplyOutcome::Duplicate));
    let known = floor.contacts.newest_first(|_| true).next().unwrap();
    assert_eq!((known.visits.len(), known.steps.len(), floor.ended.len()), (1, 9, 1));
    assert_eq!(floor.agent_records[1].timeline.state(at(1)).map(|(state, ..)| state), Some(AgentState::Available));
}

#[test]
fn a_contact_that_joins_without_end_stops_nothing() {
    let mut floor = Engine::new(Settings::default());
    let day = 24 * 3600;
    for n in 0..20_000_u32 {
        let joined = i64::from(n) * day / 20_000;
        floor.apply(&offered(joined, "c1", ["billing", "sales"][n as usize % 2], "", None));
        floor.advance(at(joined));
    }
    let known = floor.contacts.newest_first(|_| true).next().unwrap();
    assert_eq!(known.visits.len(), 1_000);
    // Those that are older than a contact gets have ended without a word.
    assert!(!known.is_open());
}

#[test]
fn a_contact_whose_steps_come_backwards_without_end_stops_nothing() {
    let mut floor = engine(&[offered(0, "c1", "billing", "", None)]);
    for second in (1..20_000).rev() {
        let step = if second % 2 == 0 { Step::Held } else { Step::Resumed };
        floor.apply(&contact(second, "c1", None, step));
    }
    floor.apply(&answered(20_000, "c1", "ann"));
    let known = floor.contacts.newest_first(|_| true).next().unwrap();
    assert!((1_000..2_000).contains(&known.steps.len()), "{}", known.steps.len());
    assert!(known.visits[0].answered.is_some());
}

#[test]
fn contacts_that_go_on_come_with_the_longest_wait_first() {
    let mail = Offer::new("mail".into(), Channel::Email);
    let mut engine = engine(&[
        contact(0, "letter", None, Step::Offered(mail)),
        offered(10, "talks", "billing", "c1", None),
        answered(20, "talks", "ann"),
        offered(30, "held", "billing", "c2", None),
        answered(40, "held", "bo"),
        contact(90, "held", None, Step::Held),
        offered(50, "second", "sales", "c3", None),
        offered(45, "first", "billing", "c4", None),
        contact(60, "first", None, Step::Ringing { agent: "chi".into() }),
        offered(5, "over", "billing", "c5", None),
        abandoned(15, "over"),
    ]);
    let all = crate::text::Patterns::default();
    let live = engine.live_contacts(&Slice::TOTAL, &all, 100);
    let rows: Vec<_> = live.iter().map(|c| (c.contact.as_str(), c.since, c.on_hold)).collect();
    let row = |id, since, on_hold| (id, Some(at(since)), on_hold);
    // Who waits, then conversations, then mail. A hold counts from its own beginning.
    let expected = [
        row("first", 45, false),
        row("second", 50, false),
        row("talks", 20, false),
        row("held", 90, true),
        row("letter", 0, false),
    ];
    assert_eq!(rows, expected);
    assert_eq!(live[0].ringing.as_ref().unwrap().as_str(), "chi");
    assert_eq!(engine.live_contacts(&Slice::TOTAL, &all, 2).len(), 2);
    let sales = engine.live_contacts(&Slice::of(Dim::Queue, "sales".into()), &all, 100);
    assert_eq!(sales.len(), 1);
}

#[test]
fn contacts_without_a_queue_are_no_queue() {
    let mut engine = Engine::default();
    let id = Some(Label::from("menu 1"));
    let session =
        SelfService { session: "menu 1".into(), contained: true, channel: None, intent: None, customer: None };
    engine.apply(&Event { at: at(1), origin: "pbx".into(), id, kind: EventKind::SelfService(session) });
    engine.apply(&contact(2, "c1", None, Step::Offered(Offer::new("sales".into(), Channel::Voice))));
    let queues = engine.queues_now(at(3), SourceNames::ORIGINS);
    assert_eq!(queues.iter().map(|queue| queue.id.as_str()).collect::<Vec<_>>(), ["sales"]);
}
