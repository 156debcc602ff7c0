use super::*;
use crate::alert::{Actor, HistoryEntry, Severity, State};
use crate::kpi::{AnswerRow, Window};

/// Monday, 2 March 2026, so many minutes after midnight.
fn at(minutes: i64) -> Time {
    Time::from_unix(1_772_409_600 + 60 * minutes)
}

fn episode(id: u64, rule: &str, acted: bool, lasted: i64) -> Episode {
    let fired = i64::try_from(id).unwrap() * 1440;
    let entry = |kind, who| HistoryEntry { at: at(fired + 1), kind, who, text: None, value: None };
    let mut trail = vec![entry(HistoryKind::Fired, None)];
    if acted {
        trail.push(entry(HistoryKind::Acknowledged, Some(Actor { name: "ann".into(), from: "desk".into() })));
    }
    Episode {
        id,
        version: 1,
        rule: rule.into(),
        kpi: Some(KpiId::ServiceLevel),
        source: None,
        slice: Slice::TOTAL,
        window: Window::M30,
        severity: Severity::Warning,
        state: State::Resolved,
        since: at(fired),
        fired: Some(at(fired)),
        resolved: Some(at(fired + lasted)),
        figure: Figure::default(),
        worst: None,
        limit: None,
        above: false,
        acknowledged: None,
        snoozed: None,
        lapsed: None,
        flapping: false,
        inhibited_by: None,
        text: "late".into(),
        action: "add agents".into(),
        trail,
    }
}

/// Forty days, on which satisfaction falls as transfers rise; the service level is past its limit on ten of them.
fn days() -> Answer {
    let figures = |day: u32| {
        let figure = |kpi: KpiId| {
            let known = |value| Figure { value: Some(value), n: 50, verdict: Verdict::Good, ..Figure::default() };
            match kpi {
                KpiId::Offered => known(100.0),
                KpiId::Csat => known(90.0 - f64::from(day * 7 % 40)),
                KpiId::TransferRate => known(5.0 + f64::from(day * 7 % 40) / 4.0),
                KpiId::ServiceLevel if day.is_multiple_of(4) => Figure { verdict: Verdict::Critical, ..known(60.0) },
                KpiId::ServiceLevel => known(85.0),
                _ => Figure::unknown("no source gives quality evaluations"),
            }
        };
        kpis().into_iter().map(figure).collect::<Vec<_>>()
    };
    let row = |day: u32| AnswerRow { key: Slice::TOTAL, start: Some(at(1440 * i64::from(day))), figures: figures(day) };
    let (from, to) = (at(0), at(1440 * 40));
    Answer { at: to, from, to, total: figures(1), rows: (0..40).map(row).collect() }
}

fn audit() -> Audit {
    let mut episodes: Vec<Episode> = (1..=6).map(|id| episode(id, "noise", false, 60)).collect();
    episodes.extend((7..=10).map(|id| episode(id, "service level", id % 2 == 0, 20 + 10 * i64::try_from(id).unwrap())));
    let rules = [("noise", KpiId::Aht), ("quiet", KpiId::Asa), ("service level", KpiId::ServiceLevel)];
    Audit::of(days(), episodes, Calendar::default(), false)
        .with_rules(rules.into_iter().map(|(name, kpi)| (name.into(), Some(kpi))))
}

#[test]
fn an_audit_says_what_could_go_and_what_goes_together() {
    insta::assert_snapshot!(audit().markdown());
}

#[test]
fn an_audit_of_nothing_says_so_in_each_part() {
    let text = Audit::of(Answer::default(), Vec::new(), Calendar::default(), true).markdown();
    for sentence in [text!("audit-no-rules"), text!("audit-nothing-judged"), text!("audit-nothing-beside")] {
        assert!(text.contains(sentence), "{sentence} {text}");
    }
}
