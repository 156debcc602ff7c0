//! A figure seen through its rule: past which line, clear of which, and in words.

use super::phase::Judged;
use super::rule::Rule;
use super::{Severity, SourceState, rule};
use crate::kpi::{Figure, Kpi, KpiId, Unit, Window};
use crate::text::{Label, Text};

/// What a rule sees of one slice.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    /// The figure.
    pub(super) figure: &'a Figure,
    /// The figure that it is compared with, where the rule says so.
    pub(super) baseline: Option<&'a Figure>,
}

/// The line of a severity on the figure's own scale.
pub(super) fn line(rule: &Rule, baseline: Option<&Figure>, severity: Severity) -> Option<f64> {
    let line = rule.line(severity)?;
    if rule.against.is_none() {
        return Some(line);
    }
    let base = baseline?.value?;
    Some(if rule.above { base + line } else { base - line })
}

/// Judge. A survey's figure is past a line only when the whole of its interval is; it is clear when its value is.
pub(super) fn judge(rule: &Rule, seen: Seen<'_>, min_samples: u64, hold: bool) -> Judged {
    let insufficient = Judged::Insufficient { hold };
    let figure = seen.figure;
    let Some(value) = figure.value.filter(|value| value.is_finite()) else { return insufficient };
    let least = match (rule.min_samples, rule.def()) {
        (Some(own), _) => own,
        (None, Some(def)) if def.sampled => min_samples,
        _ => 0,
    };
    // How many samples are behind a source's own figure, nobody says.
    let few = |figure: &Figure| !figure.observed && figure.n < least;
    if few(figure) || rule.against.is_some() && seen.baseline.is_none_or(|base| base.value.is_none() || few(base)) {
        return insufficient;
    }
    let best_case = if rule.above { figure.low } else { figure.high }.unwrap_or(value);
    let band = rule.dead_band();
    let at = |severity| line(rule, seen.baseline, severity);
    let past =
        |line: Option<f64>| line.is_some_and(|line| if rule.above { best_case > line } else { best_case < line });
    let clear_of = |line: Option<f64>| {
        line.is_none_or(|line| if rule.above { value <= line - band } else { value >= line + band })
    };
    let (warning, critical) = (at(Severity::Warning), at(Severity::Critical));
    let severity = if past(critical) {
        Some(Severity::Critical)
    } else if past(warning) {
        Some(Severity::Warning)
    } else {
        None
    };
    Judged::Known {
        past: severity,
        // Without a warning line there is nothing to ease to.
        below_critical: warning.is_some() && clear_of(critical),
        clear: severity.is_none() && clear_of(warning.or(critical)),
    }
}

/// What it means, in words: "billing: service level 62% over the last hour, below 70%".
pub(super) fn text(rule: &Rule, slice: &str, seen: Seen<'_>, severity: Severity) -> Text {
    let Some(def) = rule.def() else { return Text::default() };
    let name = lower_first(def.name);
    let figure = seen.figure;
    let Some(value) = figure.value else {
        let reason = figure.reason.as_ref().map_or("nothing in the window", Text::as_str);
        return Text::new(&format!("{slice}: {name}: no data for the moment ({reason})"));
    };
    if def.id == KpiId::SpeedTrap {
        return Text::new(&format!(
            "{slice}: speed trap {}: handling got shorter while resolution or satisfaction fell",
            over(rule)
        ));
    }
    let shown = show(def, value, figure.n);
    let side = if rule.above { "above" } else { "below" };
    if let (Some(against), Some(base)) = (rule.against, seen.baseline.and_then(|base| base.value)) {
        let distance = show_distance(def, (value - base).abs());
        let base = show(def, base, figure.n);
        return Text::new(&format!(
            "{slice}: {name} {shown} {}, {distance} {side} the {} ({base})",
            over(rule),
            against.words()
        ));
    }
    let past = line(rule, seen.baseline, severity).or_else(|| line(rule, seen.baseline, Severity::Warning));
    // "70%, below 70%" would be nonsense: where rounding hides the difference, a decimal shows it.
    let hidden = def.unit == Unit::Percent && past.is_some_and(|line| show_line(def, line) == shown);
    let shown = if hidden { format!("{value:.1}%") } else { shown };
    let past = past.map_or_else(String::new, |line| format!(", {side} {}", show_line(def, line)));
    Text::new(&format!("{slice}: {name} {shown} {}{past}", over(rule)))
}

/// The words for a change of value: "6.1% → 8.3%".
pub(super) fn change(rule: &Rule, from: f64, to: f64) -> Text {
    let show = |value: f64| rule.def().map_or_else(|| value.to_string(), |def| show(def, value, 100));
    Text::new(&format!("{} → {}", show(from), show(to)))
}

fn show(def: &Kpi, value: f64, n: u64) -> String {
    def.show_value(value, n)
}

/// A line as it was written: whole where it is whole.
fn show_line(def: &Kpi, line: f64) -> String {
    match def.unit {
        Unit::Percent if line.fract() != 0.0 => format!("{line}%"),
        _ => def.show_value(line, 0),
    }
}

fn show_distance(def: &Kpi, distance: f64) -> String {
    match def.unit {
        Unit::Percent | Unit::Points => format!("{distance:.0} points"),
        _ => def.show_value(distance, 0),
    }
}

fn over(rule: &Rule) -> String {
    if rule.is_live() {
        return "now".to_owned();
    }
    match rule.window {
        Window::Today => "today".to_owned(),
        Window::Interval => "in this half hour".to_owned(),
        window => format!("over the {}", window.words()),
    }
}

/// "Service level" → "service level"; abbreviations stay as they are.
fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(std::iter::once(second)).chain(letters).collect()
        }
        _ => name.to_owned(),
    }
}

/// The words for a source: "source pbx is down: its figures stand still".
pub(super) fn source_text(source: &SourceState, severity: Severity) -> Text {
    if source.connecting {
        return Text::new(&format!("source {} is being connected: its figures stand still", source.name));
    }
    if !source.down && !source.stale {
        return Text::new(&format!("source {} is back", source.name));
    }
    let cause = cause(&source.name, severity == Severity::Critical);
    Text::new(&format!("{cause}: its figures stand still"))
}

/// What to do about a source: its reason says why and what to do, and the rule what else there is.
pub(super) fn source_action(rule: &Rule, source: &SourceState) -> Text {
    let reason = source.reason.as_str();
    if reason.is_empty() || !source.down && !source.stale {
        return rule.action.clone();
    }
    let end = if reason.ends_with(['.', '?', '!']) { "" } else { "." };
    Text::new(&format!("{reason}{end} {}", rule.action))
}

/// The cause that stands for everything that hangs on a source: "source pbx is down".
pub(super) fn cause(source: &Label, down: bool) -> Text {
    Text::new(&format!("source {source} {}", if down { "is down" } else { "is stale" }))
}

/// Whether a rule is the one about sources.
pub(super) fn is_about_sources(rule: &Rule) -> bool {
    rule.kpi.is_none() && rule.name.as_str() == rule::SOURCE_STALE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: f64, n: u64) -> Figure {
        Figure { value: Some(value), n, ..Figure::default() }
    }

    fn seen(figure: &Figure) -> Seen<'_> {
        Seen { figure, baseline: None }
    }

    fn known(past: Option<Severity>, below_critical: bool, clear: bool) -> Judged {
        Judged::Known { past, below_critical, clear }
    }

    #[test]
    fn lines_and_their_dead_bands() {
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
            assert_eq!(judge(&rule, seen(&figure(value, 50)), 10, false), expected, "{value}");
        }
    }

    #[test]
    fn few_samples_no_value_and_wide_intervals_are_no_news() {
        let rule = Rule::of("r", KpiId::Csat);
        let insufficient = Judged::Insufficient { hold: false };
        assert_eq!(judge(&rule, seen(&figure(10.0, 9)), 10, false), insufficient);
        assert_eq!(judge(&rule, seen(&Figure::unknown("no answers")), 10, false), insufficient);
        let wide = Figure { low: Some(50.0), high: Some(86.0), ..figure(70.0, 30) };
        assert_eq!(judge(&rule, seen(&wide), 10, false), known(None, false, false));
        let narrow = Figure { low: Some(60.0), high: Some(74.0), ..figure(68.0, 300) };
        assert_eq!(judge(&rule, seen(&narrow), 10, false), known(Some(Severity::Critical), false, false));
    }

    #[test]
    fn a_fall_is_measured_from_the_baseline() {
        let rule = rule::built_in().into_iter().find(|rule| rule.kpi == Some(KpiId::Nps)).unwrap();
        let base = figure(44.0, 500);
        let now = Figure { low: Some(25.0), high: Some(33.0), ..figure(29.0, 120) };
        let seen = Seen { figure: &now, baseline: Some(&base) };
        assert!(matches!(judge(&rule, seen, 10, false), Judged::Known { past: Some(Severity::Warning), .. }));
        assert_eq!(
            text(&rule, "all queues", seen, Severity::Warning).as_str(),
            "all queues: net promoter score 29 over the last 7 days, 15 points below the last 30 days (44)"
        );
        assert_eq!(
            judge(&rule, Seen { figure: &now, baseline: None }, 10, false),
            Judged::Insufficient { hold: false }
        );
    }

    #[test]
    fn words_say_what_is_wrong_where_and_by_how_much() {
        let level = Rule::of("r", KpiId::ServiceLevel);
        assert_eq!(
            text(&level, "billing", seen(&figure(62.0, 40)), Severity::Critical).as_str(),
            "billing: service level 62% over the last hour, below 70%"
        );
        assert_eq!(
            text(&level, "billing", seen(&figure(69.7, 40)), Severity::Critical).as_str(),
            "billing: service level 69.7% over the last hour, below 70%"
        );
        let wait = Rule::of("r", KpiId::LongestWait);
        assert_eq!(
            text(&wait, "billing", seen(&figure(312.0, 4)), Severity::Critical).as_str(),
            "billing: longest wait 5:12 now, above 5:00"
        );
        assert_eq!(
            text(&level, "billing", seen(&Figure::unknown("no contacts yet")), Severity::Critical).as_str(),
            "billing: service level: no data for the moment (no contacts yet)"
        );
        assert_eq!(change(&Rule::of("r", KpiId::AbandonmentRate), 6.1, 8.3).as_str(), "6.1% → 8.3%");
    }
}
