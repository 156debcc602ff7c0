use super::*;
use crate::alert::{
    Actor, AlertAction, AlertCommand, EvaluationContext, Evaluator, Reception, Settings, SourceState, built_in,
};
use crate::clock::Time;
use crate::kpi::{Answer, AnswerRow, Calendar, Dim, Figure, Slice};

/// A floor of one queue whose longest wait is what the test says, and what its journal would hold.
struct FilterHarness {
    evaluator: Evaluator,
    now: Time,
    down: bool,
    /// What a target was last told, and all it was told.
    told: Option<LastDelivery>,
    all: Vec<String>,
    entries: usize,
    common: CommonSettings,
}

impl FilterHarness {
    fn new(common: CommonSettings) -> Self {
        let rules = built_in().into_iter().filter(|rule| matches!(rule.name.as_str(), "longest wait" | "source stale"));
        let evaluator = Evaluator::new(rules.collect(), Settings::default(), Calendar::default());
        let now = Time::from_unix(1_780_000_000);
        Self { evaluator, now, down: false, told: None, all: Vec::new(), entries: 0, common }
    }

    fn wait(&mut self, seconds: f64) {
        self.now = self.now + Span::seconds(15);
        let figures = vec![Figure { value: Some(seconds), n: 1, ..Figure::default() }];
        let row = AnswerRow { key: Slice::of(Dim::Queue, "billing".into()), start: None, figures };
        let answer = Answer { rows: vec![row], ..Answer::default() };
        let context = EvaluationContext { bands: &|kpi, _| kpi.def().bands, name: &Slice::to_string };
        let pbx = SourceState {
            name: "pbx".into(),
            reception: if self.down { Reception::Down } else { Reception::Good },
            queues: vec!["billing".into()],
            ..SourceState::default()
        };
        for episode in self.evaluator.evaluate(&[answer], &[pbx], context, self.now) {
            self.tell(&episode);
        }
    }

    fn act(&mut self, act: AlertAction) {
        let episode = self.evaluator.active().iter().find(|e| e.source.is_none()).unwrap().clone();
        let who = Actor { name: "ann".into(), from: "desk".into() };
        let command = AlertCommand { episode: episode.id, version: episode.version, who, act };
        let episode = self.evaluator.execute(&command, self.now).unwrap();
        self.tell(&episode);
    }

    /// As the journal and a target would: entry by entry, with the episode as it stands.
    fn tell(&mut self, episode: &Episode) {
        if episode.source.is_some() {
            return;
        }
        if episode.trail.len() < self.entries {
            (self.entries, self.told) = (0, None);
        }
        for entry in self.entries..episode.trail.len() {
            let trail = episode.trail[..=entry].to_vec();
            let entry = i64::try_from(entry).unwrap();
            let episode = Episode { trail, ..episode.clone() };
            if let Some((what, again)) = message_kind(&episode, &self.common, self.told.as_ref()) {
                self.told = Some(LastDelivery { what: what.key().into(), entry });
                self.all.push(format!("{}{}", what.key(), if again { " again" } else { "" }));
            }
        }
        self.entries = if episode.resolved.is_some() { 0 } else { episode.trail.len() };
        if episode.resolved.is_some() {
            self.told = None;
        }
    }

    fn over(&mut self) {
        self.wait(0.0);
        self.wait(0.0);
    }
}

const TAKE: AlertAction = AlertAction::Acknowledge { note: None, lasts: None };

#[test]
fn an_alert_is_told_from_its_beginning_to_its_end() {
    let mut bench = FilterHarness::new(CommonSettings::default());
    bench.wait(150.0);
    bench.wait(160.0);
    bench.act(TAKE);
    bench.act(AlertAction::Note("calling".into()));
    bench.wait(170.0);
    bench.act(AlertAction::Undo);
    bench.wait(400.0);
    bench.over();
    assert_eq!(bench.all, ["firing", "acknowledged", "firing again", "worsening", "resolved"]);
}

#[test]
fn a_rise_that_breaks_an_acknowledgement_is_told_once() {
    let mut bench = FilterHarness::new(CommonSettings::default());
    bench.wait(150.0);
    bench.act(TAKE);
    bench.wait(400.0);
    assert_eq!(bench.all, ["firing", "acknowledged", "worsening"]);

    let on = vec![NoticeKind::Firing, NoticeKind::Resolved];
    let mut bench = FilterHarness::new(CommonSettings { on, ..CommonSettings::default() });
    bench.wait(150.0);
    bench.act(TAKE);
    bench.wait(400.0);
    bench.over();
    assert_eq!(bench.all, ["firing", "firing again", "resolved"], "not told of the rise, but of what it broke");
}

#[test]
fn what_is_not_bad_enough_is_told_once_it_is_and_then_to_its_end() {
    let critical = CommonSettings { severity: crate::alert::Severity::Critical, ..CommonSettings::default() };
    let mut bench = FilterHarness::new(critical.clone());
    bench.wait(150.0);
    bench.act(TAKE);
    bench.over();
    assert_eq!(bench.all, Vec::<String>::new());

    let mut bench = FilterHarness::new(critical);
    bench.wait(150.0);
    bench.wait(400.0);
    bench.wait(150.0);
    bench.wait(150.0);
    bench.over();
    assert_eq!(bench.all, ["firing", "resolved"], "an incident that was opened is closed, though it had eased");
}

#[test]
fn what_is_hidden_is_told_when_it_is_no_more() {
    let mut bench = FilterHarness::new(CommonSettings::default());
    bench.down = true;
    bench.wait(0.0);
    bench.wait(150.0);
    bench.wait(400.0);
    assert_eq!(bench.all, Vec::<String>::new());
    bench.down = false;
    (0..4).for_each(|_| bench.wait(400.0));
    assert_eq!(bench.all, ["firing"]);
    bench.over();
    assert_eq!(bench.all, ["firing", "resolved"]);
}

#[test]
fn who_is_told_only_of_the_end_is_told_of_every_end_but_hidden_ones() {
    let common = CommonSettings { on: vec![NoticeKind::Resolved], ..CommonSettings::default() };
    let mut bench = FilterHarness::new(common);
    bench.wait(150.0);
    bench.over();
    assert_eq!(bench.all, ["resolved"]);
}

#[test]
fn others_queues_and_rules_are_none_of_a_target_s_business() {
    use crate::text::Patterns;
    for common in [
        CommonSettings { queues: Patterns::new(["sales*"]), ..CommonSettings::default() },
        CommonSettings { rules: Patterns::new(["!longest*"]), ..CommonSettings::default() },
    ] {
        let mut bench = FilterHarness::new(common);
        bench.wait(150.0);
        bench.over();
        assert_eq!(bench.all, Vec::<String>::new());
    }
    let queues = Patterns::new(["bill*"]);
    let mut bench = FilterHarness::new(CommonSettings { queues, ..CommonSettings::default() });
    bench.wait(150.0);
    assert_eq!(bench.all, ["firing"]);
}
