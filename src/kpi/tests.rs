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
        evidence: Evidence { csat: true, nps: true, quality: true, ..Evidence::default() },
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
        assert!(!kpi.formula.is_empty());
    }
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
