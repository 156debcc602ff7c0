//! Rules: which figure is watched where, and from when on it is news.

use std::borrow::Cow;

use super::Severity;
use super::hours::Hours;
use super::pattern::Patterns;
use crate::clock::Span;
use crate::kpi::{Bands, Better, Dim, Formula, Kpi, KpiGroup, KpiId, Unit, Window};
use crate::text::{Label, Text};

/// The name of the rule about sources themselves.
pub const SOURCE_STALE: &str = "source stale";

/// One rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name, by which the configuration overrides it.
    pub name: Label,
    /// The KPI watched; `None` for the rule about sources.
    pub kpi: Option<KpiId>,
    /// One judgement for each value of this dimension; with none, one of the whole floor.
    pub each: Option<Dim>,
    /// Only these values.
    pub only: Patterns,
    /// Over which time. Live figures take no notice.
    pub window: Window,
    /// Compare with the same figure over this longer window: the lines are then distances from it.
    pub against: Option<Window>,
    /// Which of the six service levels, where not the configured one.
    pub formula: Option<Formula>,
    /// Whether being above a line is bad (else below).
    pub above: bool,
    /// Past this it is a warning.
    pub warning: Option<f64>,
    /// Past this it is critical.
    pub critical: Option<f64>,
    /// The lines are the rule's own. Else they are those that the board judges the slice by, so that what is red on
    /// the board is what alerts.
    pub own_lines: bool,
    /// From here on it is over. The first line less a small dead band, where absent.
    pub clear: Option<f64>,
    /// How long it must be past a line before it is news; a change for the worse too.
    pub for_: Span,
    /// How long it must be clear before it is over, and how long lost data is waited for; a change for the better
    /// too. The common setting where absent.
    pub clear_for: Option<Span>,
    /// Below this many samples it isn't judged. The common setting where absent; nothing for counts and gauges.
    pub min_samples: Option<u64>,
    /// When it is awake; always, where absent.
    pub hours: Option<Hours>,
    /// The share by which a value may get worse before an acknowledgement breaks. The common one where absent.
    pub worsening: Option<f64>,
    /// What to do.
    pub action: Text,
}

impl Rule {
    /// A rule for a KPI with the lines of the catalogue.
    #[must_use]
    pub fn of(name: &str, kpi: KpiId) -> Self {
        let def = kpi.def();
        Self {
            name: Label::new(name),
            kpi: Some(kpi),
            each: Some(Dim::Queue),
            only: Patterns::default(),
            window: Window::H1,
            against: None,
            formula: None,
            above: def.better != Better::Higher,
            warning: def.bands.warning,
            critical: def.bands.critical,
            own_lines: false,
            clear: None,
            for_: Span::MINUTE,
            clear_for: None,
            min_samples: None,
            hours: None,
            worsening: None,
            action: Text::fixed(def.action),
        }
    }

    /// The catalogue's entry.
    pub(super) fn def(&self) -> Option<&'static Kpi> {
        self.kpi.map(KpiId::def)
    }

    /// Whether it watches what stands now.
    pub(super) fn is_live(&self) -> bool {
        self.def().is_some_and(|def| def.group == KpiGroup::Live)
    }

    /// This rule as it holds in a slice that the board judges by `bands`.
    pub(super) fn within(&self, bands: Bands) -> Cow<'_, Self> {
        if self.own_lines || (self.warning, self.critical) == (bands.warning, bands.critical) {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self { warning: bands.warning, critical: bands.critical, ..self.clone() })
    }

    /// The line of a severity, as written.
    pub(super) const fn line(&self, severity: Severity) -> Option<f64> {
        match severity {
            Severity::Warning => self.warning,
            Severity::Critical => self.critical,
        }
    }

    /// How far on the good side of a line a value must be before it is clear of it.
    pub(super) fn dead_band(&self) -> f64 {
        let first = self.warning.or(self.critical).unwrap_or(0.0);
        if let Some(clear) = self.clear {
            return (first - clear).abs();
        }
        match self.def().map(|def| def.unit) {
            Some(Unit::Percent | Unit::PerHour) => 0.5,
            Some(Unit::Seconds) => (first.abs() * 0.05).max(1.0),
            Some(Unit::Score) => 0.05,
            Some(Unit::Points) => 1.0,
            Some(Unit::Count | Unit::Flag) | None => 0.0,
        }
    }

    /// The least worsening, in the KPI's unit, that breaks an acknowledgement: less is noise. A wait grows by
    /// itself second by second, so it is given a minute.
    pub(super) fn least_worsening(&self) -> f64 {
        match self.def() {
            Some(def) if self.is_live() && def.unit == Unit::Seconds => 60.0,
            Some(def) => match def.unit {
                Unit::Percent | Unit::Count => 2.0,
                Unit::Seconds => 10.0,
                Unit::Score => 0.3,
                Unit::Points => 5.0,
                Unit::PerHour => 1.0,
                Unit::Flag => f64::INFINITY,
            },
            None => f64::INFINITY,
        }
    }
}

/// The rules that hold where the configuration says nothing. Their lines are the catalogue's.
#[must_use]
pub fn built_in() -> Vec<Rule> {
    // Answers to surveys and repeats come in slowly: a week of them can be judged, an hour can't.
    let weekly = |name, kpi| Rule { window: Window::D7, for_: Span(5 * Span::MINUTE.0), ..Rule::of(name, kpi) };
    vec![
        Rule { for_: Span::ZERO, clear_for: Some(Span::seconds(10)), ..Rule::of("longest wait", KpiId::LongestWait) },
        Rule::of("service level", KpiId::ServiceLevel),
        Rule::of("abandonment", KpiId::AbandonmentRate),
        Rule::of("speed of answer", KpiId::Asa),
        weekly("first contact resolution", KpiId::Fcr),
        weekly("satisfaction", KpiId::Csat),
        weekly("mean satisfaction", KpiId::CsatMean),
        weekly("effort", KpiId::Ces),
        Rule {
            each: None,
            against: Some(Window::D30),
            warning: Some(10.0),
            own_lines: true,
            action: Text::fixed(
                "Read the newest answers of detractors and find what changed this week; see which intent or queue fell.",
            ),
            ..weekly("recommendation", KpiId::Nps)
        },
        Rule { window: Window::Today, for_: Span(5 * Span::MINUTE.0), ..Rule::of("speed trap", KpiId::SpeedTrap) },
        source_stale(),
    ]
}

fn source_stale() -> Rule {
    Rule {
        name: Label::fixed(SOURCE_STALE),
        kpi: None,
        each: None,
        window: Window::M15,
        above: true,
        warning: None,
        critical: None,
        for_: Span::seconds(5),
        clear_for: Some(Span::seconds(10)),
        action: Text::fixed("Check the system and the way to it; `floorwatch check` says what each source answers."),
        ..Rule::of(SOURCE_STALE, KpiId::Waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_goes_by_the_board_unless_its_lines_are_its_own() {
        let rule = Rule::of("asa", KpiId::Asa);
        let board = Bands { warning: Some(50.0), critical: None, ..Bands::NONE };
        let within = rule.within(board);
        assert_eq!((within.warning, within.critical), (Some(50.0), None));
        assert_eq!(Rule { own_lines: true, ..rule.clone() }.within(board).warning, rule.warning);
    }

    #[test]
    fn every_built_in_rule_says_what_to_do_and_has_a_line() {
        for rule in built_in() {
            assert!(!rule.action.is_empty(), "{}", rule.name);
            assert!(rule.kpi.is_none() || rule.warning.is_some(), "{}", rule.name);
            assert_eq!(Text::new(rule.action.as_str()), rule.action, "{}: too long to be kept", rule.name);
        }
    }

    #[test]
    fn the_lines_are_those_of_the_benchmarks() {
        let lines: Vec<_> = built_in().iter().map(|r| (r.name.to_string(), r.warning, r.critical)).collect();
        for (name, warning, critical) in [
            ("abandonment", 5.0, Some(8.0)),
            ("speed of answer", 30.0, Some(45.0)),
            ("service level", 80.0, Some(70.0)),
            ("first contact resolution", 75.0, Some(70.0)),
            ("longest wait", 120.0, Some(300.0)),
            ("recommendation", 10.0, None),
        ] {
            assert!(lines.contains(&(name.to_owned(), Some(warning), critical)), "{name}");
        }
    }
}
