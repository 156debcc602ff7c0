use proptest::prelude::*;

use super::*;

fn at(seconds: i64) -> Time {
    Time::from_unix(seconds)
}

fn timeline(change: &[(i64, AgentChange)]) -> Timeline {
    let mut timeline = Timeline::default();
    for (seconds, change) in change {
        timeline.insert(at(*seconds), *change);
    }
    timeline
}

fn day() -> [(i64, AgentChange); 6] {
    [
        (0, AgentChange::State(AgentState::Available, ReasonNo::UNKNOWN)),
        (60, AgentChange::TalkStarts),
        (180, AgentChange::TalkEnds),
        (200, AgentChange::State(AgentState::Paused, ReasonNo::new(7))),
        (300, AgentChange::State(AgentState::Available, ReasonNo::UNKNOWN)),
        (400, AgentChange::State(AgentState::Offline, ReasonNo::UNKNOWN)),
    ]
}

#[test]
fn a_state_that_ends_and_begins_at_one_instant_is_two() {
    let state = |state| AgentChange::State(state, ReasonNo::UNKNOWN);
    let (on_contact, available) = (state(AgentState::OnContact), state(AgentState::Available));
    let named =
        [(0, on_contact), (28, available), (28, on_contact), (28, available), (28, on_contact), (28, on_contact)];
    let derived = [(0, AgentChange::TalkStarts), (28, AgentChange::TalkEnds), (28, AgentChange::TalkStarts)];
    for changes in [&named[..], &derived] {
        let timeline = timeline(changes);
        assert_eq!(timeline.state(at(30)), Some((AgentState::OnContact, ReasonNo::UNKNOWN, at(28))));
        let periods: Vec<_> =
            timeline.states(at(0), at(30)).into_iter().map(|(since, state, _)| (since, state)).collect();
        assert_eq!(periods, [(at(0), AgentState::OnContact), (at(28), AgentState::OnContact)]);
        let times = timeline.times(at(0), at(60));
        assert_eq!((times.staffed.as_secs(), times.available.as_secs()), (60, 0));
    }
    // A pause that was named again is the same one.
    let paused = state(AgentState::Paused);
    let timeline = timeline(&[(0, paused), (28, paused), (28, paused)]);
    assert_eq!(timeline.state(at(30)).map(|(.., since)| since), Some(at(0)));
}

#[test]
fn in_an_unknown_state_only_contacts_tell_what_the_agent_does() {
    let state = |state| AgentChange::State(state, ReasonNo::UNKNOWN);
    let changes = [
        (0, state(AgentState::OnContact)),
        (10, state(AgentState::Available)),
        (20, state(AgentState::Unknown)),
        (40, AgentChange::TalkStarts),
        (70, AgentChange::TalkEnds),
        (90, state(AgentState::Available)),
    ];
    let timeline = timeline(&changes);
    let states =
        timeline.states(at(0), at(100)).into_iter().map(|(since, state, _)| ((since - at(0)).as_secs(), state));
    let expected = [
        (0, AgentState::OnContact),
        (10, AgentState::Available),
        (20, AgentState::Unknown),
        (40, AgentState::OnContact),
        (70, AgentState::Unknown),
        (90, AgentState::Available),
    ];
    assert_eq!(states.collect::<Vec<_>>(), expected);
    assert_eq!(timeline.activity(at(30), false, Span::HOUR), (AgentState::Unknown, ReasonNo::UNKNOWN));
    assert_eq!(timeline.activity(at(30), true, Span::HOUR), (AgentState::Ringing, ReasonNo::UNKNOWN));
    let times = timeline.times(at(0), at(100));
    assert_eq!((times.staffed.as_secs(), times.available.as_secs()), (60, 20));
}

#[test]
fn of_the_states_named_at_one_instant_the_last_one_holds_and_few_are_kept() {
    let mut timeline = Timeline::default();
    for n in 0..1_000 {
        let state = if n % 2 == 0 { AgentState::Paused } else { AgentState::Available };
        timeline.insert(Time::from_unix(7), AgentChange::State(state, ReasonNo::UNKNOWN));
    }
    assert_eq!(timeline.entries.len(), 2);
    assert_eq!(timeline.state(Time::from_unix(8)).map(|(state, ..)| state), Some(AgentState::Available));
}

#[test]
fn a_change_before_very_many_others_is_left_out() {
    let state = |n: i64| {
        let state = if n % 2 == 0 { AgentState::Paused } else { AgentState::Available };
        AgentChange::State(state, ReasonNo::UNKNOWN)
    };
    let mut timeline = Timeline::default();
    (0..40_000).rev().for_each(|n| timeline.insert(at(n), state(n)));
    assert_eq!(timeline.entries.len(), MAX_CHANGES_AFTER);
    timeline.remove(at(39_999), state(39_999));
    timeline.insert(at(39_998), AgentChange::TalkStarts);
    assert_eq!(timeline.state(at(40_000)).map(|(state, ..)| state), Some(AgentState::OnContact));
}

#[test]
fn times_are_differences_of_running_totals() {
    let timeline = timeline(&day());
    let all = timeline.times(at(0), at(1000));
    assert_eq!((all.staffed.as_secs(), all.available.as_secs()), (400, 60 + 20 + 100));
    let part = timeline.times(at(190), at(250));
    assert_eq!((part.staffed.as_secs(), part.available.as_secs()), (60, 10));
    assert_eq!(timeline.state(at(250)), Some((AgentState::Paused, ReasonNo::new(7), at(200))));
    assert_eq!(timeline.state(at(100)), Some((AgentState::OnContact, ReasonNo::UNKNOWN, at(60))));
}

#[test]
fn times_can_be_cut_into_steps() {
    let timeline = timeline(&day());
    let bounds = [at(-100), at(0), at(70), at(190), at(250), at(1000)];
    let mut sums = [AgentTimes::default(); 5];
    timeline.add_times(&bounds, &mut sums);
    let seconds = sums.map(|sum| (sum.staffed.as_secs(), sum.available.as_secs()));
    assert_eq!(seconds, [(0, 0), (70, 60), (120, 10), (60, 10), (150, 100)]);
    let times = bounds.windows(2).map(|pair| timeline.times(pair[0], pair[1]));
    assert!(times.zip(sums).all(|(a, b)| (a.staffed, a.available) == (b.staffed, b.available)));
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    let mut shuffled = day();
    shuffled.reverse();
    assert_eq!(timeline(&shuffled).times(at(30), at(390)), timeline(&day()).times(at(30), at(390)));
}

#[test]
fn after_contact_work_is_not_available_time_once_its_end_is_reported() {
    let mut timeline = timeline(&day());
    assert_eq!(timeline.state(at(190)).map(|s| s.0), Some(AgentState::Available));
    timeline.insert(at(195), AgentChange::WrapEnds);
    assert_eq!(timeline.state(at(190)).map(|s| s.0), Some(AgentState::AfterContact));
    assert_eq!(timeline.times(at(0), at(1000)).available.as_secs(), 60 + 5 + 100);
}

#[test]
fn a_removed_change_leaves_no_trace() {
    let mut timeline = timeline(&day());
    timeline.remove(at(60), AgentChange::TalkStarts);
    timeline.remove(at(180), AgentChange::TalkEnds);
    assert_eq!(timeline.times(at(0), at(200)).available.as_secs(), 200);
}

#[test]
fn a_state_that_lasts_keeps_its_beginning_when_detail_is_dropped() {
    let mut timeline = timeline(&[
        (0, AgentChange::State(AgentState::OnContact, ReasonNo::UNKNOWN)),
        (0, AgentChange::State(AgentState::Available, ReasonNo::UNKNOWN)),
        (1, AgentChange::TalkStarts),
    ]);
    timeline.drop_before(at(50), &[at(0)]);
    assert_eq!(timeline.state(at(60)), Some((AgentState::Available, ReasonNo::UNKNOWN, at(0))));
    timeline.insert(at(0), AgentChange::State(AgentState::Paused, ReasonNo::UNKNOWN));
    assert_eq!(timeline.state(at(60)), Some((AgentState::Paused, ReasonNo::UNKNOWN, at(0))));
}

#[test]
fn times_from_a_mark_stay_exact_when_detail_is_dropped() {
    let mut timeline = timeline(&day());
    let before = timeline.times(at(190), at(1000));
    timeline.drop_before(at(350), &[at(190)]);
    assert_eq!(timeline.times(at(190), at(1000)), before);
    assert!(timeline.entries.len() < day().len());
}

fn changes() -> impl Strategy<Value = Vec<(i64, AgentChange)>> {
    let state = (0..AgentState::ALL.len(), 0..3_u32);
    let change = prop_oneof![
        state.prop_map(|(state, reason)| AgentChange::State(AgentState::ALL[state], ReasonNo::new(reason))),
        Just(AgentChange::TalkStarts),
        Just(AgentChange::TalkEnds),
        Just(AgentChange::WrapEnds),
        Just(AgentChange::WorkLapses),
    ];
    proptest::collection::vec((0..1_000_i64, change), 1..90)
}

proptest! {
    #[test]
    fn what_is_cut_changes_no_time_from_the_beginning_on(
        mut changes in changes(),
        early in 0..400_i64,
        late in 400..900_i64,
        end in 900..1_100_i64,
    ) {
        changes.push((0, AgentChange::State(AgentState::OnContact, ReasonNo::UNKNOWN)));
        let whole = timeline(&changes);
        let (before, after): (Vec<_>, Vec<_>) = changes.into_iter().partition(|(at, _)| *at < late);
        let mut cut = timeline(&before);
        cut.cut_before(at(early / 2));
        cut.cut_before(at(early));
        for (seconds, change) in &after {
            cut.insert(at(*seconds), *change);
        }
        prop_assert_eq!(cut.times(at(-1), at(end)), whole.times(at(-1), at(end)));
        prop_assert_eq!(cut.state(at(1_000)).map(|(state, reason, _)| (state, reason)), whole.state(at(1_000)).map(|(state, reason, _)| (state, reason)));
    }

    #[test]
    fn what_is_dropped_changes_no_time_from_a_mark_on(
        mut changes in changes(),
        early in 0..400_i64,
        late in 400..900_i64,
        (marks_apart, from, length) in (20..200_usize, 0..1_000_i64, 0..1_000_i64),
    ) {
        // What a source can say is known before anything is dropped.
        changes.extend([AgentState::OnContact, AgentState::Available].map(|s| (0, AgentChange::State(s, ReasonNo::UNKNOWN))));
        changes.push((0, AgentChange::WrapEnds));
        let whole = timeline(&changes);
        let (before, after): (Vec<_>, Vec<_>) = changes.into_iter().partition(|(at, _)| *at < late);
        let mut thinned = timeline(&before);
        let marks: Vec<Time> = (0..1_000).step_by(marks_apart).map(at).collect();
        thinned.drop_before(at(early), &marks);
        thinned.drop_before(at(early + 50), &marks);
        for (seconds, change) in &after {
            thinned.insert(at(*seconds), *change);
        }
        for start in marks.iter().copied().filter(|mark| *mark < at(early)).chain([at(from.max(early + 50))]) {
            prop_assert_eq!(thinned.times(start, start + Span::seconds(length)).known, true);
            let end = (start + Span::seconds(length)).max(at(early + 50));
            prop_assert_eq!(thinned.times(start, end), whole.times(start, end));
        }
        prop_assert_eq!(thinned.state(at(1_000)), whole.state(at(1_000)));
    }
}
