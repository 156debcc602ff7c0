//! Compares a figure with its rule: which limits it is past, which it is clear of, and how to say so.

use super::Severity;
use super::phase::Judgement;
use super::rule::Rule;
use crate::kpi::{Figure, Kpi, KpiId, Unit, Window};
use crate::text::Text;

/// The figure of one slice, and the one to compare it with.
#[derive(Clone, Copy)]
pub(super) struct ComparedFigure<'a> {
    pub(super) figure: &'a Figure,
    /// The same figure over the longer window of [`Rule::against`], for rules that have one.
    pub(super) baseline: Option<&'a Figure>,
}

/// The limit of a severity on the figure's own scale; for a rule with a baseline, the baseline plus or minus the
/// rule's distance.
pub(super) fn limit(rule: &Rule, baseline: Option<&Figure>, severity: Severity) -> Option<f64> {
    let limit = rule.limit(severity)?;
    if rule.against.is_none() {
        return Some(limit);
    }
    let base = baseline?.value?;
    Some(if rule.above { base + limit } else { base - limit })
}

/// Judge a figure. A figure with a confidence interval is past a limit only when the whole interval is; it is clear as
/// soon as its value is. A rule may ask for the value alone. `hold` says that the slice is inhibited; see [`Judgement::Insufficient`].
pub(super) fn judge(rule: &Rule, compared: ComparedFigure<'_>, min_samples: u64, hold: bool) -> Judgement {
    let insufficient = Judgement::Insufficient { hold };
    let ComparedFigure { figure, baseline } = compared;
    let Some(value) = figure.value.filter(|value| value.is_finite()) else { return insufficient };
    let min_samples = match (rule.min_samples, rule.def()) {
        (Some(own), _) => own,
        (None, Some(def)) if def.sampled => min_samples,
        _ => 0,
    };
    // A source that reports a figure of its own does not say how many samples are behind it.
    let few = |figure: &Figure| !figure.observed && figure.n < min_samples;
    if few(figure) || rule.against.is_some() && baseline.is_none_or(|base| base.value.is_none() || few(base)) {
        return insufficient;
    }
    let interval = if rule.above { figure.low } else { figure.high };
    let best_case = interval.filter(|_| !rule.by_value).unwrap_or(value);
    let band = rule.dead_band();
    let past =
        |limit: Option<f64>| limit.is_some_and(|limit| if rule.above { best_case > limit } else { best_case < limit });
    let clear_of = |limit: Option<f64>| {
        limit.is_none_or(|limit| if rule.above { value <= limit - band } else { value >= limit + band })
    };
    let (warning, critical) = (limit(rule, baseline, Severity::Warning), limit(rule, baseline, Severity::Critical));
    let severity = if past(critical) {
        Some(Severity::Critical)
    } else if past(warning) {
        Some(Severity::Warning)
    } else {
        None
    };
    Judgement::Known {
        past: severity,
        // Without a warning limit there is no severity to ease to.
        below_critical: warning.is_some() && clear_of(critical),
        clear: severity.is_none() && clear_of(warning.or(critical)),
    }
}

/// The one line that states the problem: `billing: service level 62% over the last hour, below 70%`.
pub(super) fn text(rule: &Rule, slice: &str, compared: ComparedFigure<'_>, severity: Severity) -> Text {
    let Some(def) = rule.def() else { return Text::default() };
    let name = lower_first(def.name);
    let ComparedFigure { figure, baseline } = compared;
    let Some(value) = figure.value else {
        let reason = figure.reason.as_ref().map_or("nothing in the window", Text::as_str);
        return Text::new(&format!("{slice}: {name}: no data for the moment ({reason})"));
    };
    if def.id == KpiId::SpeedTrap {
        return Text::new(&format!(
            "{slice}: speed trap {}: handling got shorter while resolution or satisfaction fell",
            window_text(rule)
        ));
    }
    let shown = show(def, value, figure.n);
    if let (Some(against), Some(base)) = (rule.against, baseline.and_then(|base| base.value)) {
        let distance = show_distance(def, (value - base).abs());
        let side = if value >= base { "above" } else { "below" };
        let base = show(def, base, figure.n);
        return Text::new(&format!(
            "{slice}: {name} {shown} {}, {distance} {side} the {} ({base})",
            window_text(rule),
            against.words()
        ));
    }
    let past = limit(rule, baseline, severity).or_else(|| limit(rule, baseline, Severity::Warning));
    // Avoid "70%, below 70%": where rounding hides the difference, one decimal shows it.
    let hidden = def.unit == Unit::Percent && past.is_some_and(|limit| show_limit(def, limit) == shown);
    let shown = if hidden { format!("{value:.1}%") } else { shown };
    let past = past.map_or_else(String::new, |limit| {
        let side = match (rule.above, if rule.above { value > limit } else { value < limit }) {
            (true, true) => "above",
            (false, true) => "below",
            // It still fires, because it has not been within its limit for long enough.
            (true, false) => "clears below",
            (false, false) => "clears above",
        };
        format!(", {side} {}", show_limit(def, limit))
    });
    Text::new(&format!("{slice}: {name} {shown} {}{past}", window_text(rule)))
}

/// A change of value in words: `6.1% → 8.3%`.
pub(super) fn change_text(rule: &Rule, from: f64, to: f64) -> Text {
    let show = |value: f64| rule.def().map_or_else(|| value.to_string(), |def| show(def, value, 100));
    Text::new(&format!("{} → {}", show(from), show(to)))
}

fn show(def: &Kpi, value: f64, n: u64) -> String {
    def.show_value(value, n)
}

/// A limit as it was configured: without decimals where it has none.
fn show_limit(def: &Kpi, limit: f64) -> String {
    match def.unit {
        Unit::Percent if limit.fract() != 0.0 => format!("{limit}%"),
        _ => def.show_value(limit, 0),
    }
}

fn show_distance(def: &Kpi, distance: f64) -> String {
    match def.unit {
        Unit::Percent | Unit::Points => format!("{distance:.0} points"),
        _ => def.show_value(distance, 0),
    }
}

fn window_text(rule: &Rule) -> String {
    if rule.is_live() {
        return "now".to_owned();
    }
    match rule.window {
        Window::Today => "today".to_owned(),
        Window::Interval => "in this half hour".to_owned(),
        window => format!("over the {}", window.words()),
    }
}

/// `Service level` → `service level`; abbreviations such as `AHT` stay.
fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(std::iter::once(second)).chain(letters).collect()
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: f64, n: u64) -> Figure {
        Figure { value: Some(value), n, ..Figure::default() }
    }

    fn alone(figure: &Figure) -> ComparedFigure<'_> {
        ComparedFigure { figure, baseline: None }
    }

    fn known(past: Option<Severity>, below_critical: bool, clear: bool) -> Judgement {
        Judgement::Known { past, below_critical, clear }
    }

    #[test]
    fn a_figure_is_clear_of_a_limit_only_outside_of_the_dead_band() {
        let rule = Rule::of("r", KpiId::AbandonmentRate); // 5 and 8, dead band 0.5
        for (value, expected) in [
            (4.5, known(None, true, true)),
            (4.6, known(None, true, false)),
            (5.0, known(None, true, false)),
            (5.1, known(Some(Severity::Warning), true, false)),
            (7.6, known(Some(Severity::Warning), false, false)),
            (8.0, known(Some(Severity::Warning), false, false)),
            (8.1, known(Some(Severity::Critical), false, false)),
        ] {
            assert_eq!(judge(&rule, alone(&figure(value, 50)), 10, false), expected, "{value}");
        }
    }

    #[test]
    fn words_agree_with_the_figure_while_it_recovers() {
        let rule = Rule::of("r", KpiId::LongestWait); // 2:00 and 5:00
        let text = |value| text(&rule, "chat", alone(&figure(value, 3)), Severity::Critical).to_string();
        assert_eq!(text(362.0), "chat: longest wait 6:02 now, above 5:00");
        assert_eq!(text(111.0), "chat: longest wait 1:51 now, clears below 5:00");
    }

    #[test]
    fn few_samples_no_value_or_a_wide_interval_are_past_no_limit() {
        let rule = Rule::of("r", KpiId::Csat);
        let insufficient = Judgement::Insufficient { hold: false };
        assert_eq!(judge(&rule, alone(&figure(10.0, 9)), 10, false), insufficient);
        assert_eq!(judge(&rule, alone(&Figure::unknown("no answers")), 10, false), insufficient);
        let wide = Figure { low: Some(50.0), high: Some(86.0), ..figure(70.0, 30) };
        assert_eq!(judge(&rule, alone(&wide), 10, false), known(None, false, false));
        let narrow = Figure { low: Some(60.0), high: Some(74.0), ..figure(68.0, 300) };
        assert_eq!(judge(&rule, alone(&narrow), 10, false), known(Some(Severity::Critical), false, false));
    }

    /// The interval of each, by hand, after Wilson: (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) ÷ (1 + z²/n), z = 1.96.
    #[test]
    fn a_rate_of_fewer_than_thirty_contacts_fires_only_if_its_whole_interval_is_past_the_limit() {
        use Severity::{Critical, Warning};
        let abandonment = Rule::of("r", KpiId::AbandonmentRate); // warning above 5, critical above 8
        let level = Rule::of("r", KpiId::ServiceLevel); // warning below 80, critical below 70
        for (rule, part, whole, expected) in [
            (&abandonment, 2, 20, None),           // 10 %: 2.8 to 30.1
            (&abandonment, 3, 20, Some(Warning)),  // 15 %: 5.2 to 36.0
            (&abandonment, 4, 20, Some(Critical)), // 20 %: 8.1 to 41.6
            (&abandonment, 3, 29, None),           // 10.3 %: 3.6 to 26.4
            (&abandonment, 3, 30, Some(Critical)), // 10 %: its value decides
            (&level, 13, 20, None),                // 65 %: 43.3 to 81.9
            (&level, 11, 20, Some(Warning)),       // 55 %: 34.2 to 74.2
            (&level, 8, 20, Some(Critical)),       // 40 %: 21.9 to 61.3
            (&level, 23, 30, Some(Warning)),       // 76.7 %: its value decides
        ] {
            let figure = Figure::percent(part, whole, "");
            let Judgement::Known { past, clear, .. } = judge(rule, alone(&figure), 10, false) else { panic!("{part}") };
            assert_eq!((past, clear), (expected, false), "{part} of {whole}: {figure:?}");
            let rule = Rule { by_value: true, ..rule.clone() };
            let by_value = judge(&rule, alone(&figure), 10, false);
            assert!(matches!(by_value, Judgement::Known { past: Some(_), .. }), "the rule asks for it: {figure:?}");
        }
    }

    #[test]
    fn a_fall_is_measured_from_the_baseline() {
        let rule = crate::alert::built_in().into_iter().find(|rule| rule.kpi == Some(KpiId::Nps)).unwrap();
        let base = figure(44.0, 500);
        let now = Figure { low: Some(25.0), high: Some(33.0), ..figure(29.0, 120) };
        let compared = ComparedFigure { figure: &now, baseline: Some(&base) };
        assert!(matches!(judge(&rule, compared, 10, false), Judgement::Known { past: Some(Severity::Warning), .. }));
        assert_eq!(
            text(&rule, "all queues", compared, Severity::Warning).as_str(),
            "all queues: net promoter score 29 over the last 7 days, 15 points below the last 30 days (44)"
        );
        assert_eq!(
            judge(&rule, ComparedFigure { figure: &now, baseline: None }, 10, false),
            Judgement::Insufficient { hold: false }
        );
    }

    #[test]
    fn the_text_says_what_is_wrong_where_and_by_how_much() {
        let level = Rule::of("r", KpiId::ServiceLevel);
        assert_eq!(
            text(&level, "billing", alone(&figure(62.0, 40)), Severity::Critical).as_str(),
            "billing: service level 62% over the last hour, below 70%"
        );
        assert_eq!(
            text(&level, "billing", alone(&figure(69.7, 40)), Severity::Critical).as_str(),
            "billing: service level 69.7% over the last hour, below 70%"
        );
        let wait = Rule::of("r", KpiId::LongestWait);
        assert_eq!(
            text(&wait, "billing", alone(&figure(312.0, 4)), Severity::Critical).as_str(),
            "billing: longest wait 5:12 now, above 5:00"
        );
        assert_eq!(
            text(&level, "billing", alone(&Figure::unknown("no contacts yet")), Severity::Critical).as_str(),
            "billing: service level: no data for the moment (no contacts yet)"
        );
        assert_eq!(change_text(&Rule::of("r", KpiId::AbandonmentRate), 6.1, 8.3).as_str(), "6.1% → 8.3%");
    }
}
