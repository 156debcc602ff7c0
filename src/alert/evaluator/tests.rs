use proptest::prelude::*;

use super::*;
use crate::alert::{
    Actor, AlertAction, AlertGroup, Hours, MuteLength, Reception, Severity, State, built_in, group_by_cause, related,
};
use crate::clock::Span;
use crate::kpi::{AnswerRow, Figure};
use crate::text::Patterns;

/// The catalogue's bands and the slices' own names, for every slice.
fn context() -> EvaluationContext<'static> {
    EvaluationContext { bands: &|kpi, _| kpi.def().bands, name: &Slice::to_string }
}

const QUEUE: &str = "billing";

fn at(seconds: i64) -> Time {
    Time::from_unix(seconds)
}

fn actor(name: &str) -> Actor {
    Actor { name: name.into(), from: "desk/pts1".into() }
}

/// An evaluator of abandonment in `billing` and `sales`.
struct TestFloor {
    evaluator: Evaluator,
    sources: Vec<SourceState>,
}

impl TestFloor {
    fn new() -> Self {
        let rules = built_in().into_iter().filter(|rule| matches!(rule.name.as_str(), "abandonment" | "source stale"));
        let pbx = SourceState { name: "pbx".into(), queues: vec![QUEUE.into()], ..SourceState::default() };
        let crm = SourceState { name: "crm".into(), ..SourceState::default() };
        Self {
            evaluator: Evaluator::new(rules.collect(), Settings::default(), Calendar::default()),
            sources: vec![pbx, crm],
        }
    }

    /// Evaluate at the given second, with the abandonment of `billing`; `None` is no row at all.
    fn evaluate(&mut self, second: i64, value: Option<f64>) -> Vec<Episode> {
        let row = |(name, value): (&str, f64)| AnswerRow {
            key: Slice::of(Dim::Queue, name.into()),
            start: None,
            figures: vec![Figure { value: Some(value), n: 50, ..Figure::default() }],
        };
        let rows = value.map(|value| (QUEUE, value)).into_iter().chain([("sales", 1.0)]).map(row).collect();
        let answer = Answer { at: at(second), rows, ..Answer::default() };
        self.evaluator.evaluate(&[answer], &self.sources, context(), at(second))
    }

    /// Evaluate every second from one to another; returns every changed episode.
    fn during(&mut self, seconds: std::ops::Range<i64>, value: Option<f64>) -> Vec<Episode> {
        seconds.flat_map(|second| self.evaluate(second, value)).collect()
    }

    fn firing() -> Self {
        let mut floor = Self::new();
        assert_eq!(floor.during(0..61, Some(6.0)).len(), 1);
        floor
    }

    fn one(&self) -> Episode {
        let active = self.evaluator.active();
        assert_eq!(active.len(), 1, "{active:?}");
        active[0].clone()
    }

    fn execute(&mut self, name: &str, version: u32, act: AlertAction, second: i64) -> Result<Episode, CommandRefusal> {
        self.evaluator.execute(&AlertCommand { episode: 1, version, who: actor(name), act }, at(second))
    }
}

const ACKNOWLEDGE: AlertAction = AlertAction::Acknowledge { note: None, lasts: None };

fn history(episode: &Episode) -> Vec<&str> {
    episode.trail.iter().map(|entry| entry.kind.key()).collect()
}

#[test]
fn an_episode_from_pending_to_resolved() {
    let mut floor = TestFloor::new();
    assert!(floor.evaluate(0, Some(6.0)).is_empty(), "pending is no news");
    assert_eq!(floor.one().state, State::Pending);
    floor.during(1..61, Some(6.0));
    let episode = floor.one();
    assert_eq!((episode.state, episode.severity, episode.version), (State::Firing, Severity::Warning, 1));
    assert_eq!(episode.text.as_str(), "billing: abandonment 6% over the last hour, above 5%");
    floor.evaluate(61, Some(7.0));
    let episode = floor.one();
    assert_eq!((episode.version, episode.worst, episode.figure.value), (1, Some(7.0), Some(7.0)));
    let changed = floor.during(62..200, Some(1.0));
    assert_eq!(changed.len(), 1);
    assert_eq!((changed[0].state, changed[0].resolved), (State::Resolved, Some(at(122))));
    assert_eq!(history(&changed[0]), ["fired", "resolved"]);
    assert!(floor.evaluator.active().is_empty());
}

#[test]
fn missing_data_resolves_an_episode_after_a_while_and_says_so() {
    let mut floor = TestFloor::firing();
    assert!(floor.during(61..121, None).is_empty());
    assert_eq!(floor.one().state, State::Firing);
    assert!(floor.one().text.as_str().contains("no data for the moment"));
    let changed = floor.evaluate(121, None);
    assert_eq!(changed[0].trail.last().unwrap().text.as_ref().unwrap().as_str(), "no data");
}

#[test]
fn of_two_acknowledgements_at_once_one_wins() {
    let mut floor = TestFloor::firing();
    let version = floor.one().version;
    let taken = floor.execute("ann", version, ACKNOWLEDGE, 70).unwrap();
    assert_eq!(taken.state, State::Acknowledged);
    assert_eq!(taken.acknowledged.unwrap().until, at(70 + 900));
    assert_eq!(floor.execute("bob", version, ACKNOWLEDGE, 70), Err(CommandRefusal::Taken("ann".into())));
    assert_eq!(
        floor.execute("ann", version, ACKNOWLEDGE, 70),
        Err(CommandRefusal::Taken("ann".into())),
        "on her other terminal"
    );
    let renewed = floor.execute("ann", taken.version, ACKNOWLEDGE, 80).unwrap();
    assert_eq!(renewed.acknowledged.unwrap().until, at(80 + 900));
}

#[test]
fn an_old_version_can_acknowledge_what_nobody_holds_but_not_snooze() {
    let mut floor = TestFloor::firing();
    floor.execute("bob", 1, AlertAction::Note("looking".into()), 65).unwrap();
    assert_eq!(
        floor.execute("ann", 1, AlertAction::Snooze(MuteLength::new(Span::HOUR).unwrap()), 66),
        Err(CommandRefusal::Changed)
    );
    assert!(floor.execute("ann", 1, ACKNOWLEDGE, 66).is_ok());
}

#[test]
fn an_acknowledgement_holds_while_things_improve_and_expires() {
    let mut floor = TestFloor::firing();
    floor.execute("ann", 1, ACKNOWLEDGE, 61).unwrap();
    assert!(floor.during(61..961, Some(5.5)).is_empty());
    assert_eq!(floor.one().state, State::Acknowledged);
    floor.evaluate(961, Some(5.5));
    let episode = floor.one();
    assert_eq!((episode.state, history(&episode).last().copied()), (State::Firing, Some("expired")));
}

#[test]
fn an_acknowledgement_breaks_when_it_gets_much_worse_or_critical() {
    let mut floor = TestFloor::firing();
    floor.execute("ann", 1, ACKNOWLEDGE, 61).unwrap();
    floor.evaluate(62, Some(7.9));
    assert_eq!(floor.one().state, State::Acknowledged);
    floor.evaluate(63, Some(8.3));
    let last = floor.one().trail.pop().unwrap();
    assert_eq!((last.kind.key(), last.text.unwrap().as_str()), ("broken", "6.0% → 8.3%"));

    let mut floor = TestFloor::firing();
    floor.execute("ann", 1, AlertAction::Snooze(MuteLength::new(Span::HOUR).unwrap()), 61).unwrap();
    floor.during(62..130, Some(9.0));
    let episode = floor.one();
    assert_eq!(history(&episode), ["fired", "snoozed", "worsened", "broken"]);
    assert_eq!((episode.state, episode.severity), (State::Firing, Severity::Critical));
}

#[test]
fn only_the_holder_can_undo() {
    let mut floor = TestFloor::firing();
    assert_eq!(floor.execute("ann", 1, AlertAction::Undo, 61), Err(CommandRefusal::Nothing));
    floor.execute("ann", 1, ACKNOWLEDGE, 61).unwrap();
    assert_eq!(floor.execute("bob", 2, AlertAction::Undo, 62), Err(CommandRefusal::Theirs("ann".into())));
    assert_eq!(floor.execute("ann", 2, AlertAction::Undo, 62).unwrap().state, State::Firing);
}

#[test]
fn an_acknowledgement_after_the_end_is_refused_but_recorded() {
    let mut floor = TestFloor::firing();
    floor.during(61..200, Some(0.0));
    assert_eq!(floor.execute("ann", 1, ACKNOWLEDGE, 201), Err(CommandRefusal::Over));
    let changed = floor.evaluate(201, Some(0.0));
    assert_eq!(history(&changed[0]), ["fired", "resolved", "late"]);
    assert_eq!(changed[0].state, State::Resolved);
    let unknown = AlertCommand { episode: 99, version: 0, who: actor("ann"), act: AlertAction::Undo };
    assert_eq!(floor.evaluator.execute(&unknown, at(202)), Err(CommandRefusal::Unknown(99)));
}

#[test]
fn a_dead_source_is_one_group_and_holds_the_episodes_of_its_queues() {
    let mut floor = TestFloor::firing();
    floor.sources[0].reception = Reception::Down;
    floor.sources[0].reason = "connection refused".into();
    floor.during(61..80, None);
    let active = floor.evaluator.active();
    assert_eq!(active.len(), 2);
    assert_eq!(active[0].text.as_str(), "source pbx is down: its figures stand still");
    assert_eq!(
        active[0].action.as_str(),
        "connection refused. Check the system and the way to it; `floorwatch check` says what each source answers."
    );
    assert_eq!(active[1].inhibited_by.as_ref().unwrap().as_str(), "source pbx is down");
    assert_eq!(group_by_cause(&active), [AlertGroup { lead: 0, others: vec![1] }]);
    // The episode of its queue does not end for lack of data.
    floor.during(80..300, None);
    assert_eq!(floor.evaluator.active().len(), 2);
    floor.sources[0].reception = Reception::Good;
    floor.during(300..320, Some(6.0));
    let episode = floor.one();
    assert_eq!((episode.id, episode.inhibited_by), (1, None));
}

/// Three queues, each of a source of its own, all past their limit.
struct ThreeSources {
    evaluator: Evaluator,
    sources: Vec<SourceState>,
}

impl ThreeSources {
    fn new() -> Self {
        let TestFloor { evaluator, .. } = TestFloor::new();
        let of = |name: &str| SourceState {
            name: name.into(),
            queues: vec![format!("{name}-queue").as_str().into()],
            ..SourceState::default()
        };
        Self { evaluator, sources: ["well", "late", "dead"].map(of).into() }
    }

    fn during(&mut self, seconds: std::ops::Range<i64>, value: f64) {
        for second in seconds {
            let row = |source: &SourceState| AnswerRow {
                key: Slice::of(Dim::Queue, source.queues[0].clone()),
                start: None,
                figures: vec![Figure { value: Some(value), n: 50, ..Figure::default() }],
            };
            let mut rows: Vec<AnswerRow> = self.sources.iter().map(row).collect();
            rows.sort_by(|a, b| a.key.cmp(&b.key));
            let answer = Answer { at: at(second), rows, ..Answer::default() };
            self.evaluator.evaluate(&[answer], &self.sources, context(), at(second));
        }
    }

    /// The fired episodes: what each is about, and what hides it.
    fn fired(&self) -> Vec<(String, Option<String>)> {
        let about = |e: &Episode| e.source.as_ref().map_or_else(|| e.slice.to_string(), |s| format!("source {s}"));
        let active = self.evaluator.active();
        let fired = active.iter().filter(|episode| episode.state == State::Firing);
        let mut fired: Vec<_> = fired.map(|e| (about(e), e.inhibited_by.as_ref().map(ToString::to_string))).collect();
        fired.sort();
        fired
    }
}

#[test]
fn of_three_sources_the_live_one_goes_on_alerting() {
    let mut floor = ThreeSources::new();
    (floor.sources[1].reception, floor.sources[2].reception) = (Reception::Stale, Reception::Down);
    (floor.sources[1].since, floor.sources[2].since) = (at(-300), at(-200));
    floor.during(0..70, 6.0);
    let hidden = |cause: &str| Some(cause.to_owned());
    assert_eq!(
        floor.fired(),
        [
            ("dead-queue".to_owned(), hidden("source dead is down")),
            ("late-queue".to_owned(), hidden("source late is stale")),
            ("source dead".to_owned(), None),
            ("source late".to_owned(), None),
            ("well-queue".to_owned(), None),
        ]
    );
    let active = floor.evaluator.active();
    let of = |name: &str| active.iter().find(|e| e.source.as_ref().is_some_and(|s| s.as_str() == name)).unwrap();
    assert_eq!((of("dead").severity, of("dead").since), (Severity::Critical, at(-200)));
    assert_eq!((of("late").severity, of("late").since), (Severity::Warning, at(-300)));
    // One line for the live queue and one for each source, which stands for its queue.
    assert_eq!(group_by_cause(&active).len(), 3);
    // Once the sources are back, the episodes that they hid are shown again.
    floor.sources.iter_mut().for_each(|source| source.reception = Reception::Good);
    floor.during(70..81, 6.0);
    assert_eq!(floor.fired().len(), 3, "{:?}", floor.fired());
    assert!(floor.fired().iter().all(|(_, hidden)| hidden.is_none()));
}

#[test]
fn what_a_degraded_source_still_tells_is_judged_and_what_it_does_not_tell_holds() {
    let mut floor = ThreeSources::new();
    floor.during(0..70, 6.0);
    floor.sources.iter_mut().for_each(|source| (source.reception, source.since) = (Reception::Degraded, at(70)));
    floor.during(70..200, f64::NAN);
    let fired = floor.fired();
    assert_eq!(fired.len(), 6, "{fired:?}");
    assert!(fired.iter().all(|(_, hidden)| hidden.is_none()), "{fired:?}");
    let active = floor.evaluator.active();
    let of_source = active.iter().find(|episode| episode.source.is_some()).unwrap();
    assert_eq!(of_source.severity, Severity::Warning);
    assert!(of_source.text.as_str().ends_with("answers in part: what fails is unknown"), "{}", of_source.text);
    floor.during(200..300, 0.0);
    assert_eq!(floor.fired().len(), 3, "{:?}", floor.fired());
}

#[test]
fn a_brief_reconnect_fires_nothing_and_a_longer_outage_is_one_episode() {
    let mut floor = ThreeSources::new();
    floor.during(0..5, 0.0);
    for blip in 0..20 {
        floor.sources[0].reception = Reception::Stale;
        floor.during(5 + 10 * blip..6 + 10 * blip, 0.0);
        floor.sources[0].reception = Reception::Good;
        floor.during(6 + 10 * blip..15 + 10 * blip, 0.0);
    }
    assert!(floor.evaluator.active().is_empty());
    // The source breaks, stays away, is back for a moment, goes again, and comes back for good.
    let course = [(300, Reception::Stale), (310, Reception::Down), (340, Reception::Good), (345, Reception::Stale)];
    for (second, reception) in course {
        floor.sources[0].reception = reception;
        floor.during(second..second + 9, 0.0);
        assert_eq!(floor.fired().len(), 1);
    }
    let episode = floor.evaluator.active()[0].clone();
    assert!(episode.id == 21 && !episode.flapping, "{episode:?}");
    assert_eq!(history(&episode)[..2], ["fired", "worsened"]);
    floor.sources[0].reception = Reception::Good;
    floor.during(354..360, 0.0);
    assert_eq!(floor.evaluator.active()[0].text.as_str(), "source well is back");
    floor.during(360..370, 0.0);
    assert!(floor.evaluator.active().is_empty());
}

#[test]
fn after_a_restart_a_dead_source_stays_dead_until_it_is_known_to_live() {
    let mut before = ThreeSources::new();
    before.sources[2].reception = Reception::Down;
    before.during(0..30, 6.0);
    let kept = before.evaluator.active().to_vec();
    let mut floor = ThreeSources::new();
    floor.evaluator.restore(kept, 50, Time::default(), at(100));
    for source in &mut floor.sources {
        source.reception = Reception::Connecting;
    }
    floor.during(100..140, 6.0);
    let text =
        |floor: &ThreeSources| floor.evaluator.active().iter().find(|e| e.source.is_some()).map(|e| e.text.to_string());
    assert_eq!(text(&floor).unwrap(), "source dead is being connected: its figures stand still");
    for source in &mut floor.sources {
        source.reception = Reception::Good;
    }
    floor.during(140..155, 6.0);
    assert_eq!(text(&floor), None);
}

#[test]
fn a_queue_with_another_healthy_source_is_not_inhibited() {
    let mut floor = TestFloor::firing();
    floor.sources[1].queues = vec![QUEUE.into()];
    floor.sources[1].reception = Reception::Stale;
    floor.during(61..80, Some(6.0));
    let active = floor.evaluator.active();
    assert_eq!(active.len(), 2);
    assert!(active.iter().all(|episode| episode.inhibited_by.is_none()));
}

#[test]
fn active_episodes_continue_after_a_restart() {
    let mut before = TestFloor::firing();
    before.execute("ann", 1, ACKNOWLEDGE, 61).unwrap();
    let kept = before.evaluator.active().to_vec();
    let text = serde_json::to_string(&kept).unwrap();
    let kept_again: Vec<Episode> = serde_json::from_str(&text).unwrap();
    assert_eq!(kept_again, kept, "nothing is cut on the way through the journal");

    let mut floor = TestFloor::new();
    floor.evaluator.restore(kept_again, 8, Time::default(), at(100));
    assert!(floor.during(100..110, Some(6.0)).is_empty());
    assert_eq!(floor.one().acknowledged.unwrap().until, at(61 + 900));
    let changed = floor.during(110..1000, Some(6.0));
    assert_eq!(history(&changed[0]).last().copied(), Some("expired"));
    // An episode whose rule no longer exists ends.
    let mut bare = Evaluator::new(Vec::new(), Settings::default(), Calendar::default());
    bare.restore(kept, 8, Time::default(), at(100));
    assert_eq!(bare.evaluate(&[], &[], context(), at(100))[0].state, State::Resolved);
}

#[test]
fn an_acknowledgement_that_ended_because_the_clock_was_wrong_holds_again() {
    const SNOOZE: AlertAction = AlertAction::Snooze(MuteLength::MIN);
    for act in [ACKNOWLEDGE, SNOOZE] {
        let mut before = TestFloor::firing();
        before.execute("ann", 1, act, 61).unwrap();
        let (muted, until) = (before.one().state, mute_end(&before.one()));
        // One start with a clock that is ahead: as far as it knows, the time is over.
        let mut ahead = TestFloor::new();
        ahead.evaluator.restore(before.evaluator.active().to_vec(), 8, Time::default(), at(100_000));
        ahead.during(100_000..100_002, Some(6.0));
        assert_eq!((ahead.one().state, ahead.one().lapsed.is_some()), (State::Firing, true));
        // The next one with the right clock.
        let mut right = TestFloor::new();
        right.evaluator.restore(ahead.evaluator.active().to_vec(), 8, Time::default(), at(70));
        assert_eq!((right.one().state, mute_end(&right.one())), (muted, until));
        let changed = right.during(70..80, Some(6.0));
        assert_eq!(changed.len(), 1, "it is journaled: {changed:?}");
        right.during(80..1000, Some(6.0));
        assert_eq!(history(&right.one()).last().copied(), Some("expired"), "at its own time");
        // Or the clock is set right while it runs.
        ahead.evaluator.shift(Span::seconds(-99_930), at(72));
        assert_eq!((ahead.one().state, mute_end(&ahead.one())), (muted, until));
    }
}

#[test]
fn an_acknowledgement_that_was_given_while_the_clock_was_ahead_lasts_no_longer() {
    let mut ahead = TestFloor::new();
    ahead.during(100_000..100_061, Some(6.0));
    ahead.execute("ann", 1, ACKNOWLEDGE, 100_061).unwrap();
    let mut right = TestFloor::new();
    right.evaluator.restore(ahead.evaluator.active().to_vec(), 8, Time::default(), at(100));
    assert_eq!(mute_end(&right.one()), at(1000));
}

#[test]
fn nothing_ends_while_the_clock_is_behind_what_was_seen_before_the_restart() {
    let mut before = TestFloor::firing();
    before.execute("ann", 1, ACKNOWLEDGE, 61).unwrap();
    let mut behind = TestFloor::new();
    behind.evaluator.restore(before.evaluator.active().to_vec(), 8, at(1000), at(10));
    behind.during(10..300, None);
    behind.during(300..600, Some(0.0));
    assert_eq!(behind.one().state, State::Acknowledged);
    // The clock is set right.
    behind.evaluator.shift(Span::seconds(500), at(1100));
    let changed = behind.during(1100..1400, Some(0.0));
    assert_eq!(changed.last().unwrap().state, State::Resolved);
}

/// When an acknowledgement or snooze ends.
fn mute_end(episode: &Episode) -> Time {
    let acknowledged = episode.acknowledged.as_ref().map(|ack| ack.until);
    acknowledged.or(episode.snoozed.as_ref().map(|snooze| snooze.until)).unwrap()
}

#[test]
fn firing_and_resolving_often_is_flapping() {
    let mut floor = TestFloor::new();
    for round in 0..4 {
        floor.during(round * 200..round * 200 + 80, Some(6.0));
        floor.during(round * 200 + 80..round * 200 + 200, Some(1.0));
    }
    floor.during(800..870, Some(6.0));
    assert!(floor.one().flapping);
    assert_eq!(history(&floor.one()), ["fired", "flapping"]);
}

#[test]
fn rules_share_queries() {
    let evaluator = Evaluator::new(built_in(), Settings::default(), Calendar::default());
    let queries = evaluator.queries();
    assert_eq!(queries.len(), 5, "{queries:#?}"); // 1h, 7d and today by queue; 7d and 30d of the floor
    let hourly = queries.iter().find(|query| query.over == Period::Window(Window::H1)).unwrap();
    let now = [KpiId::LongestWait, KpiId::WaitingUnserved, KpiId::OldestCallback];
    assert_eq!(hourly.kpis, [[KpiId::ServiceLevel, KpiId::AbandonmentRate, KpiId::Asa].as_slice(), &now].concat());
}

#[test]
fn the_worst_episode_of_a_slice_leads_its_group() {
    let mut evaluator = Evaluator::new(built_in(), Settings::default(), Calendar::default());
    let queries = evaluator.queries().to_vec();
    let value = |kpi: &KpiId| match kpi {
        KpiId::ServiceLevel => 75.0,
        KpiId::AbandonmentRate => 9.0,
        KpiId::LongestWait => 130.0,
        _ => 0.0,
    };
    let answers: Vec<Answer> = queries
        .iter()
        .map(|query| {
            let judged = query.over == Period::Window(Window::H1);
            let figures =
                query.kpis.iter().map(|kpi| Figure { value: judged.then(|| value(kpi)), n: 90, ..Figure::default() });
            let key = Slice::of(Dim::Queue, QUEUE.into());
            Answer { rows: vec![AnswerRow { key, start: None, figures: figures.collect() }], ..Answer::default() }
        })
        .collect();
    for second in 0..61 {
        evaluator.evaluate(&answers, &[], context(), at(second));
    }
    let active = evaluator.active();
    let groups = group_by_cause(&active);
    assert_eq!((groups.len(), groups[0].others.len()), (1, 2));
    assert_eq!(active[groups[0].lead].kpi, Some(KpiId::AbandonmentRate));
    assert_eq!(related(&active, &active[0]).len(), 3);
}

#[test]
fn a_thousand_queues_by_ten_rules_evaluate_within_a_second() {
    let mut evaluator = Evaluator::new(built_in(), Settings::default(), Calendar::default());
    let answers: Vec<Answer> = evaluator
        .queries()
        .iter()
        .map(|query| {
            let figure = Figure { value: Some(10.0), n: 90, ..Figure::default() };
            let figures = vec![figure; query.kpis.len()];
            let row = |queue: i32| AnswerRow {
                key: Slice::of(Dim::Queue, Label::new(&format!("queue-{queue:04}"))),
                start: None,
                figures: figures.clone(),
            };
            Answer { rows: (0..1000).map(row).collect(), total: figures.clone(), ..Answer::default() }
        })
        .collect();
    let started = std::time::Instant::now();
    for second in 0..5 {
        evaluator.evaluate(&answers, &[], context(), at(second * 100));
    }
    assert!(started.elapsed().as_secs_f64() < 5.0, "{:?}", started.elapsed());
}

proptest! {
    #[test]
    fn the_needed_rows_alone_give_the_same_episodes(
        steps in proptest::collection::vec(proptest::collection::vec((0.5..1.5_f64, 0..80_u64), 5), 1..30),
    ) {
        let mut rules = built_in();
        let of = |name| Rule { for_: Span::seconds(30), ..Rule::of(name, KpiId::AbandonmentRate) };
        rules.push(Rule { only: Patterns::new(["q1"]), own_limits: true, warning: Some(4.0), ..of("of one") });
        rules.push(Rule { against: Some(Window::Today), own_limits: true, warning: Some(1.0), ..of("rise") });
        let hours = rules.len();
        rules.push(Rule { each: Some(Dim::Intent), hours: Hours::parse("00:00-00:02").ok(), ..of("in its hours") });
        prop_assert!(rules[hours].hours.is_some());
        let new = || Evaluator::new(rules.clone(), Settings::default(), Calendar::default());
        let (mut by_all, mut by_needed) = (new(), new());
        for (values, step) in steps.iter().zip(0..) {
            let now = at(20 * step);
            let figure = |kpi: KpiId, (value, n): (f64, u64)| {
                let limit = kpi.def().bands.warning.unwrap_or(1.0);
                Figure { value: (n > 0).then_some(value * limit), n, ..Figure::default() }
            };
            // A queue without contacts has no row.
            let rows = |query: &Query| -> Vec<AnswerRow> {
                let dim = query.by.first().copied().unwrap_or(Dim::Queue);
                let row = |(value, name): (&(f64, u64), i32)| AnswerRow {
                    key: Slice::of(dim, format!("q{name}").as_str().into()),
                    start: None,
                    figures: query.kpis.iter().map(|kpi| figure(*kpi, *value)).collect(),
                };
                values.iter().zip(0..).filter(|((_, n), _)| *n > 10 || n % 2 == 0).map(row).collect()
            };
            let answer = |query: &Query| Answer {
                rows: if query.by.is_empty() { Vec::new() } else { rows(query) },
                total: query.kpis.iter().map(|kpi| figure(*kpi, values[0])).collect(),
                ..Answer::default()
            };
            let all: Vec<Answer> = by_all.queries().iter().map(answer).collect();
            let mut needed = all.clone();
            for ((answer, query), index) in needed.iter_mut().zip(by_needed.queries()).zip(0..) {
                let needs = by_needed.needed(index, now);
                answer.rows.retain(|row| {
                    let column = |kpi| query.kpis.iter().position(|other| *other == kpi).unwrap();
                    let figure = |kpi| row.figures[column(kpi)].clone();
                    needs(&RowDraft { key: &row.key, bands: &|kpi: KpiId| kpi.def().bands, figure: &figure })
                });
            }
            let changed = by_all.evaluate(&all, &[], context(), now);
            prop_assert_eq!(by_needed.evaluate(&needed, &[], context(), now), changed);
            prop_assert_eq!(by_needed.active(), by_all.active());
        }
    }
}

#[test]
fn a_rule_that_changes_judges_anew_and_leaves_what_people_did() {
    let mut floor = TestFloor::firing();
    let episode = floor.one();
    assert_eq!((episode.severity, episode.limit), (Severity::Warning, Some(5.0)));
    let command = |act| AlertCommand { episode: episode.id, version: episode.version, who: actor("ann"), act };
    floor.evaluator.execute(&command(AlertAction::Acknowledge { note: None, lasts: None }), at(61)).unwrap();
    let rule = |warning| Rule {
        warning: Some(warning),
        critical: None,
        own_limits: true,
        action: "Call them back.".into(),
        ..Rule::of("abandonment", KpiId::AbandonmentRate)
    };
    // Still past its limit: the same episode with the new limit, held as before.
    floor.evaluator.change_rules(vec![rule(3.0)], Settings::default());
    let changed = floor.evaluate(62, Some(6.0));
    let now = floor.one();
    assert_eq!(changed, std::slice::from_ref(&now), "it is journaled");
    assert_eq!((now.id, now.state, now.limit), (episode.id, State::Acknowledged, Some(3.0)));
    assert_eq!((now.since, now.action.as_str()), (episode.since, "Call them back."));
    assert!(now.text.as_str().ends_with("above 3%"), "{}", now.text);
    // Within its limit: it recovers, as it does when the figure falls.
    floor.evaluator.change_rules(vec![rule(20.0)], Settings::default());
    let changed = floor.during(63..130, Some(6.0));
    assert_eq!(changed.last().map(|e| (e.id, e.state)), Some((episode.id, State::Resolved)));
    // A rule that is gone takes its alert with it.
    let mut floor = TestFloor::firing();
    floor.evaluator.change_rules(Vec::new(), Settings::default());
    let changed = floor.evaluate(62, Some(6.0));
    assert_eq!(changed.iter().map(|e| e.state).collect::<Vec<_>>(), [State::Resolved]);
}
