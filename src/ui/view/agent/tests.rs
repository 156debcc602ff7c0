//! Comparisons, the strip of the shift, and the lists of the head.

use super::*;

fn figure(value: f64, n: u64) -> Figure {
    Figure { value: Some(value), n, ..Figure::default() }
}

fn share(part: f64, whole: f64) -> Figure {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers")]
    let n = whole as u64;
    Figure { numerator: Some(part), denominator: Some(whole), ..figure(100.0 * part / whole, n) }
}

#[test]
fn of_many_names_the_first_are_shown_with_their_number() {
    let names = ["Billing", "Sales", "Outages"];
    let of = |room| listed("serves", "serves 3 queues:", &names, room);
    assert_eq!(of(30), "serves Billing, Sales, Outages");
    assert_eq!(of(29), "serves 3 queues: Billing …");
    assert_eq!(of(20), "serves 3 queues: …");
    assert_eq!(of(9), "serves 3…");
    assert_eq!(listed("skills", "1 skills:", &["French"], 9), "skills F…");
    assert_eq!(listed("skills", "0 skills:", &[], 9), "");
}

#[test]
fn a_difference_is_named_only_where_it_is_more_than_chance() {
    let compare = |own: &Figure, team: &Figure| TeamComparison::of(KpiId::Aht, own, team, 10);
    // Of 25 contacts of 5 minutes the mean is known to 300 × 1.96 / 5 = 118 s: from 3:02 to 6:58.
    assert_eq!(compare(&figure(300.0, 25), &figure(200.0, 600)), TeamComparison::Usual);
    assert_eq!(compare(&figure(300.0, 25), &figure(180.0, 600)), TeamComparison::Higher);
    // Beside 8:40 the spread is that of the longer ones: 520 × 1.96 / 5 = 204 s, up to 8:24.
    assert_eq!(compare(&figure(300.0, 25), &figure(520.0, 600)), TeamComparison::Lower);
    assert_eq!(compare(&figure(300.0, 25), &figure(420.0, 600)), TeamComparison::Usual);
    let hold = TeamComparison::of(KpiId::Hold, &figure(0.0, 28), &figure(0.4, 321), 10);
    assert_eq!(hold, TeamComparison::Unknown, "most contacts have no hold");
    assert_eq!(compare(&figure(300.0, 9), &figure(30.0, 600)), TeamComparison::Few);
    assert_eq!(compare(&Figure::default(), &figure(30.0, 600)), TeamComparison::Unknown);
    // 24 of 30 is 62.7 % to 90.5 % by Wilson's interval.
    let transfers = |team: f64| TeamComparison::of(KpiId::TransferRate, &share(24.0, 30.0), &share(team, 1000.0), 10);
    assert_eq!(transfers(650.0), TeamComparison::Usual);
    assert_eq!(transfers(600.0), TeamComparison::Higher);
    assert_eq!(transfers(920.0), TeamComparison::Lower);
}

fn period(state: AgentState, reason: &str, since: i64, until: i64) -> StatePeriod {
    StatePeriod { state, reason: reason.into(), since: Time::from_unix(since), until: Time::from_unix(until) }
}

#[test]
fn the_strip_shows_of_each_part_what_took_most_of_it() {
    use AgentState::{AfterContact, Available, Offline, OnContact, Paused};
    let day = [
        period(Offline, "", 0, 100),
        period(Available, "", 100, 110),
        period(OnContact, "", 110, 140),
        period(AfterContact, "", 140, 145),
        period(Paused, "lunch", 145, 160),
        period(Paused, "", 160, 180),
        period(Offline, "", 180, 300),
    ];
    let shift = shift(&day);
    assert_eq!(shift.len(), 5, "from the first state in which the agent was there to the last");
    // 80 seconds in 4 cells: 100–120, 120–140, 140–160, 160–180. A tie goes to the later of the states.
    let expected = [OnContact, OnContact, Paused, Paused].map(Some);
    assert_eq!(cells(shift, 4)[1..], expected[1..]);
    assert_eq!(cells(shift, 8)[0], Some(Available));
    assert_eq!(sums(shift), ["● talking 0:30", "▓ after work 0:05", "○ available 0:10", "= paused 0:35 (lunch 0:15)"]);
    assert!(cells(&[], 9).is_empty());
}
