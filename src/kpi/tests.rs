use super::tally::Sum;
use super::*;
use crate::clock::Time;

fn value(id: KpiId, tally: &Tally, rules: &CountingRules) -> Option<f64> {
    let live = Live::default();
    let reading = KpiInputs {
        tally,
        live: &live,
        times: None,
        baseline: None,
        rules,
        evidence: Evidence { csat: true, nps: true, quality: true, exits: true, rings: true, ..Evidence::default() },
        of_agent: false,
        now: Time(0),
    };
    (id.def().compute)(&reading).value
}

#[test]
fn the_catalogue_is_in_the_order_of_its_ids_and_its_keys_are_unique() {
    for (at, kpi) in CATALOGUE.iter().enumerate() {
        assert_eq!(kpi.id as usize, at);
        assert_eq!(KpiId::parse(kpi.key), Some(kpi.id));
        assert!(kpi.short.chars().count() <= 9, "{}", kpi.short);
        assert!(![kpi.formula, kpi.why, kpi.action].contains(&""), "{}", kpi.key);
    }
}

#[test]
fn the_oldest_call_back_is_as_old_as_its_first_reason() {
    let (tally, rules) = (Tally::default(), CountingRules::default());
    let oldest = KpiId::OldestCallback.def().compute;
    let of = |live: &Live| {
        let (times, baseline, of_agent, now) = (None, None, false, Time::from_unix(10_000));
        let evidence = Evidence::default();
        oldest(&KpiInputs { tally: &tally, live, times, baseline, rules: &rules, evidence, of_agent, now })
    };
    let since = |at| Live { oldest_callback: Some(Time::from_unix(at)), ..Live::default() };
    assert_eq!(of(&since(2_500)).value, Some(7_500.0));
    assert_eq!(of(&Live::default()).value, None);
}

#[test]
fn a_contact_costs_its_handling_time_and_its_own_rate() {
    // Of 20 contacts, 10 have a known handling time of 6 minutes in the mean.
    let tally = Tally {
        handled: 20,
        handle: Sum { n: 10, sum: 3_600_000_000, ..Sum::default() },
        talk: 3_600_000_000,
        ..Tally::default()
    };
    let without = CountingRules::default();
    assert_eq!(value(KpiId::Cost, &tally, &without), None);
    let rules = CountingRules { cost: Some(CostRates { agent_hour: 30.0, contact: 0.5 }), ..without };
    assert_eq!(value(KpiId::CostPerContact, &tally, &rules), Some(3.5));
    assert_eq!(value(KpiId::Cost, &tally, &rules), Some(70.0));
    assert_eq!(value(KpiId::Cost, &Tally::default(), &rules), None);
}

#[test]
fn the_six_service_levels_on_the_worked_example() {
    let tally = Tally {
        answered: 1000,
        answer_wait: Sum { n: 1000, ..Sum::default() },
        abandoned: 60,
        answered_within: 860,
        abandoned_within: 20,
        short_abandoned: 10,
        ..Tally::default()
    };
    for (formula, expected) in Formula::ALL.into_iter().zip([81.1, 81.9, 82.7, 82.1, 83.0, 86.0]) {
        let rules = CountingRules { formula, ..CountingRules::default() };
        let got = value(KpiId::ServiceLevel, &tally, &rules).unwrap();
        assert!((got - expected).abs() < 0.05, "{}: {got}", formula.key());
    }
}

#[test]
fn answers_after_an_unknown_wait_are_in_no_service_level() {
    let rules = CountingRules::default();
    let waits = |n: i64| Sum { n, ..Sum::default() };
    let known = Tally { answered: 90, answered_within: 40, abandoned: 10, answer_wait: waits(40), ..Tally::default() };
    assert_eq!(value(KpiId::ServiceLevel, &known, &rules), Some(80.0));
    let unknown = Tally { answered: 90, abandoned: 10, ..Tally::default() };
    for formula in Formula::ALL {
        let rules = CountingRules { formula, ..CountingRules::default() };
        assert_eq!(value(KpiId::ServiceLevel, &unknown, &rules), None, "{}", formula.key());
    }
}

fn figure(id: KpiId, tally: &Tally, evidence: Evidence) -> Figure {
    let (live, rules) = (Live::default(), CountingRules::default());
    let (times, baseline, of_agent, now) = (None, None, false, Time(0));
    (id.def().compute)(&KpiInputs { tally, live: &live, times, baseline, rules: &rules, evidence, of_agent, now })
}

#[test]
fn a_rate_is_unknown_where_contacts_without_a_known_end_decide_it() {
    let waits = |n: i64| Sum { n, ..Sum::default() };
    let with = |scale: i64, unknown: i64| Tally {
        offered: 100 * scale + unknown,
        answered: 90 * scale,
        answered_within: 90 * scale,
        answer_wait: waits(90 * scale),
        abandoned: 10 * scale,
        unknown_end: unknown,
        unknown_end_waiting: unknown,
        ..Tally::default()
    };
    // 10 of 100 is 5.5 to 17.4 %. With two more it is 9.8 to 11.8, with twenty 8.3 to 25.
    for (scale, unknown, known) in [(1, 0, true), (1, 2, true), (1, 20, false), (100, 100, true), (100, 200, false)] {
        let tally = with(scale, unknown);
        let abandonment = figure(KpiId::AbandonmentRate, &tally, Evidence::default());
        assert_eq!(abandonment.value, known.then_some(10.0), "{unknown} of {scale}00");
        assert_eq!(abandonment.reason.is_some(), !known);
        assert_eq!(value(KpiId::ServiceLevel, &tally, &CountingRules::default()), known.then_some(90.0));
        let note = (known && unknown > 0).then(|| format!("without {unknown} contacts whose end is unknown"));
        assert_eq!(abandonment.note.map(|note| note.to_string()), note);
        assert_eq!(
            value(KpiId::Abandoned, &tally, &CountingRules::default()),
            Some(if scale == 1 { 10.0 } else { 1000.0 })
        );
    }
}

#[test]
fn counts_of_ends_are_unknown_where_no_contact_has_one() {
    let ends = [KpiId::Answered, KpiId::Abandoned, KpiId::ShortAbandoned, KpiId::Left, KpiId::Handled];
    let all = Tally { offered: 5, unknown_end: 5, unknown_end_waiting: 5, ..Tally::default() };
    // Some are still open; or one is lost long after it came, and nothing else happens.
    let some = Tally { offered: 6, ..all.clone() };
    let later = Tally { offered: 0, unknown_end: 1, unknown_end_waiting: 1, ..Tally::default() };
    for id in ends {
        let rules = CountingRules::default();
        assert_eq!(value(id, &all, &rules), None, "{}", id.def().key);
        assert_eq!(value(id, &some, &rules), Some(0.0));
        assert_eq!(value(id, &later, &rules), Some(0.0));
    }
    assert_eq!(figure(KpiId::ServiceLevel, &all, Evidence::default()).value, None);
}

#[test]
fn what_no_source_tells_of_handling_is_unknown_and_not_zero() {
    let mut tally = Tally { handled: 2, talk: 240_000_000, ..Tally::default() };
    tally.handle = Sum { n: 2, sum: 240_000_000, ..Sum::default() };
    let told = Evidence { holds: true, wraps: true, ..Evidence::default() };
    assert_eq!(figure(KpiId::Acw, &tally, told).value, Some(0.0));
    assert_eq!(figure(KpiId::Acw, &tally, Evidence { wraps: false, ..told }).value, None);
    let aht = |evidence| figure(KpiId::Aht, &tally, evidence);
    assert_eq!((aht(told).value, aht(told).note), (Some(120.0), None));
    let without = aht(Evidence { wraps: false, ..told });
    assert_eq!(without.value, Some(120.0));
    assert!(without.note.unwrap().as_str().contains("no source tells of after-contact work"));
}

#[test]
fn what_rows_of_a_table_have_no_column_for_is_unknown() {
    let tally = Tally { offered: 2, answered: 1, abandoned: 1, ..Tally::default() };
    for id in [KpiId::Left, KpiId::RingNoAnswer] {
        assert_eq!(figure(id, &tally, Evidence::default()).value, None);
        assert_eq!(figure(id, &tally, Evidence { rings: true, exits: true, ..Evidence::default() }).value, Some(0.0));
        assert_eq!(figure(id, &Tally::default(), Evidence::default()).value, Some(0.0));
    }
}

#[test]
fn a_rate_without_samples_is_unknown() {
    for kpi in CATALOGUE.iter().filter(|kpi| kpi.sampled) {
        assert_eq!(value(kpi.id, &Tally::default(), &CountingRules::default()), None, "{}", kpi.key);
    }
}

#[test]
fn excluded_reasons_are_in_no_denominator() {
    let mut tally = Tally { answered: 90, answered_within: 90, abandoned: 10, ..Tally::default() };
    let closed = LeftReason::ALL.iter().position(|r| *r == LeftReason::Closed).unwrap();
    tally.left[closed] = 50;
    assert_eq!(value(KpiId::AbandonmentRate, &tally, &CountingRules::default()), Some(10.0));
    let all = CountingRules { left_excluded: Vec::new(), ..CountingRules::default() };
    assert!((value(KpiId::AbandonmentRate, &tally, &all).unwrap() - 100.0 * 10.0 / 150.0).abs() < 1e-9);
}

#[test]
fn nps_is_a_whole_number_and_not_computed_per_agent() {
    let tally = Tally { nps: 9, promoters: 5, detractors: 2, ..Tally::default() };
    assert_eq!(value(KpiId::Nps, &tally, &CountingRules::default()), Some(33.0));
    let (live, rules) = (Live::default(), CountingRules::default());
    let reading = KpiInputs {
        tally: &tally,
        live: &live,
        times: None,
        baseline: None,
        rules: &rules,
        evidence: Evidence { nps: true, ..Evidence::default() },
        of_agent: true,
        now: Time(0),
    };
    assert!((KpiId::Nps.def().compute)(&reading).reason.unwrap().as_str().contains("never computed per agent"));
}

#[test]
fn a_speed_trap_needs_both_speed_and_loss() {
    let rules = CountingRules::default();
    let fill = |seconds: i64, resolved: i64| {
        let mut tally = Tally { first_contacts: 400, first_resolved: resolved, ..Tally::default() };
        for i in 0..400 {
            let micros = (seconds + i % 20) * 1_000_000;
            tally.handle.count(micros, 1);
            tally.talk += micros;
        }
        tally
    };
    let before = fill(300, 330);
    let trap = |now: &Tally| {
        let live = Live::default();
        let reading = KpiInputs {
            tally: now,
            live: &live,
            times: None,
            baseline: Some(&before),
            rules: &rules,
            evidence: Evidence::default(),
            of_agent: false,
            now: Time(0),
        };
        (KpiId::SpeedTrap.def().compute)(&reading).value
    };
    assert_eq!(trap(&fill(240, 270)), Some(1.0));
    assert_eq!(trap(&fill(240, 330)), Some(0.0), "faster and as good is good");
    assert_eq!(trap(&fill(300, 270)), Some(0.0), "worse but not faster is another matter");
}
