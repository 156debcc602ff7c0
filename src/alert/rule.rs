//! Rules: which KPI is watched in which slices, past which limits it fires, and the built-in rules.

use std::borrow::Cow;

use super::Severity;
use super::hours::Hours;
use crate::clock::{Span, Time};
use crate::kpi::{Bands, Better, Calendar, Dim, Formula, Kpi, KpiGroup, KpiId, Unit, Window};
use crate::text::{Label, Patterns, Text};

/// The name of the built-in rule about sources that are silent or gone.
pub const SOURCE_STALE: &str = "source stale";
/// What to do about its alerts.
pub const STALE_ACTION: &str = "Check the system and the way to it; `floorwatch check` says what each source answers.";
/// The name of the built-in rule about sources that bring more names or open contacts than one source may.
pub const SOURCE_NAMES: &str = "source names";

/// An alert rule: a KPI, the slices to judge, and the limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Unique; an `[[alert]]` table of the same name changes the rule.
    pub name: Label,
    /// The KPI watched; `None` for a rule about sources.
    pub kpi: Option<KpiId>,
    /// Judge each value of this dimension by itself; `None` judges the whole floor.
    pub each: Option<Dim>,
    /// The values of `each` to judge.
    pub only: Patterns,
    /// The window of the figure. It does not matter for live figures.
    pub window: Window,
    /// Compare with the same figure over this longer window: the limits are then distances from that.
    pub against: Option<Window>,
    /// Which of the six service level formulas to use; `None` is the configured one.
    pub formula: Option<Formula>,
    /// Whether values above the limits are bad; else those below.
    pub above: bool,
    /// The warning limit, in the KPI's unit.
    pub warning: Option<f64>,
    /// The critical limit, in the KPI's unit.
    pub critical: Option<f64>,
    /// Whether the limits are the rule's own. If not, they are the bands by which the board colours the slice, so that
    /// what is red on the board is what fires.
    pub own_limits: bool,
    /// The value at which the figure counts as recovered; `None` is the first limit less a small dead band.
    pub clear: Option<f64>,
    /// How long the figure must be past a limit before the rule fires, or a warning worsens.
    pub for_: Span,
    /// How long the figure must be clear, or without data, before the episode resolves, or critical eases to warning.
    /// `None` is [`super::Settings::clear_for`].
    pub clear_for: Option<Span>,
    /// Figures of fewer samples are not judged. `None` is [`super::Settings::min_samples`] for rates and means, and 0
    /// for counts and gauges.
    pub min_samples: Option<u64>,
    /// Whether the value alone decides, also of so few contacts that it may be past a limit by chance.
    pub by_value: bool,
    /// The business hours in which it judges; `None` is always.
    pub hours: Option<Hours>,
    /// The share by which a value may worsen before an acknowledgement breaks; `None` is
    /// [`super::Settings::worsening`].
    pub worsening: Option<f64>,
    /// The advice that is shown with an alert.
    pub action: Text,
}

impl Rule {
    /// A rule for each queue over the last hour, with the limits of the KPI catalogue.
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
            own_limits: false,
            clear: None,
            for_: Span::MINUTE,
            clear_for: None,
            min_samples: None,
            by_value: false,
            hours: None,
            worsening: None,
            action: Text::fixed(def.action),
        }
    }

    /// The catalogue's entry for the KPI; `None` for a rule about sources.
    pub(super) fn def(&self) -> Option<&'static Kpi> {
        self.kpi.map(KpiId::def)
    }

    /// Whether its KPI is a live figure, without a window.
    pub(super) fn is_live(&self) -> bool {
        self.def().is_some_and(|def| def.group == KpiGroup::Live)
    }

    /// Whether it judges at `now`.
    pub(super) fn is_awake(&self, now: Time, calendar: &Calendar) -> bool {
        self.hours.is_none_or(|hours| hours.contains(now, calendar))
    }

    /// Whether it has any limit in a slice which the board colours by `bands`.
    pub(super) fn has_limits(&self, bands: Bands) -> bool {
        let (warning, critical) =
            if self.own_limits { (self.warning, self.critical) } else { (bands.warning, bands.critical) };
        warning.or(critical).is_some()
    }

    /// This rule with the limits that apply in a slice which the board colours by `bands`.
    pub(super) fn within(&self, bands: Bands) -> Cow<'_, Self> {
        if self.own_limits || (self.warning, self.critical) == (bands.warning, bands.critical) {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self { warning: bands.warning, critical: bands.critical, ..self.clone() })
    }

    /// The limit of a severity, as configured: with [`Rule::against`], a distance.
    pub(super) const fn limit(&self, severity: Severity) -> Option<f64> {
        match severity {
            Severity::Warning => self.warning,
            Severity::Critical => self.critical,
        }
    }

    /// How far on the good side of a limit a value must be to be clear of it, in the KPI's unit.
    pub(super) fn dead_band(&self) -> f64 {
        let first = self.warning.or(self.critical).unwrap_or(0.0);
        if let Some(clear) = self.clear {
            return (first - clear).abs();
        }
        match self.def().map(|def| def.unit) {
            Some(Unit::Percent | Unit::PerHour) => 0.5,
            Some(Unit::Seconds) => (first.abs() * 0.05).max(1.0),
            Some(Unit::Score) => 0.05,
            Some(Unit::Money) => first.abs() * 0.05,
            Some(Unit::Points) => 1.0,
            Some(Unit::Count | Unit::Flag) | None => 0.0,
        }
    }

    /// The smallest worsening, in the KPI's unit, that breaks an acknowledgement; less is noise. A wait that is still
    /// running grows every second, so it is allowed a minute.
    pub(super) fn least_worsening(&self) -> f64 {
        match self.def() {
            Some(def) if self.is_live() && def.unit == Unit::Seconds => 60.0,
            Some(def) => match def.unit {
                Unit::Percent | Unit::Count => 2.0,
                Unit::Seconds => 10.0,
                Unit::Score => 0.3,
                Unit::Points => 5.0,
                Unit::PerHour | Unit::Money => 1.0,
                Unit::Flag => f64::INFINITY,
            },
            None => f64::INFINITY,
        }
    }
}

/// The built-in rules, in force unless the configuration changes them. Their limits are the catalogue's.
#[must_use]
pub fn built_in() -> Vec<Rule> {
    // Survey answers and repeat contacts come in slowly: an hour of them says nothing, a week does.
    let weekly = |name, kpi| Rule { window: Window::D7, for_: Span(5 * Span::MINUTE.0), ..Rule::of(name, kpi) };
    vec![
        Rule { for_: Span::ZERO, clear_for: Some(Span::seconds(10)), ..Rule::of("longest wait", KpiId::LongestWait) },
        Rule {
            for_: Span::seconds(10),
            clear_for: Some(Span::seconds(10)),
            ..Rule::of("nobody serves", KpiId::WaitingUnserved)
        },
        Rule { clear_for: Some(Span::seconds(10)), ..Rule::of("oldest call-back", KpiId::OldestCallback) },
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
            own_limits: true,
            action: Text::fixed(
                "Read the newest answers of detractors and find what changed this week; see which intent or queue fell.",
            ),
            ..weekly("recommendation", KpiId::Nps)
        },
        Rule { window: Window::Today, for_: Span(5 * Span::MINUTE.0), ..Rule::of("speed trap", KpiId::SpeedTrap) },
        Rule { for_: Span::seconds(5), clear_for: Some(Span::seconds(10)), ..of_sources(SOURCE_STALE, STALE_ACTION) },
        of_sources(
            SOURCE_NAMES,
            "See which field is taken for the name: free text, numbers and ids are none. Then restart floorwatch, which admits new names again. Contacts are admitted again as soon as others end.",
        ),
    ]
}

/// A rule about the sources themselves. It fires at once and resolves as soon as the sources are well.
fn of_sources(name: &str, action: &'static str) -> Rule {
    Rule {
        kpi: None,
        each: None,
        window: Window::M15,
        above: true,
        warning: None,
        critical: None,
        for_: Span::ZERO,
        clear_for: Some(Span::ZERO),
        action: Text::fixed(action),
        ..Rule::of(name, KpiId::Waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_uses_the_boards_bands_unless_its_limits_are_its_own() {
        let rule = Rule::of("asa", KpiId::Asa);
        let board = Bands { warning: Some(50.0), critical: None, ..Bands::NONE };
        let within = rule.within(board);
        assert_eq!((within.warning, within.critical), (Some(50.0), None));
        assert_eq!(Rule { own_limits: true, ..rule.clone() }.within(board).warning, rule.warning);
    }

    #[test]
    fn every_built_in_rule_says_what_to_do_and_has_a_limit() {
        for rule in built_in() {
            assert!(!rule.action.is_empty(), "{}", rule.name);
            assert!(rule.kpi.is_none() || rule.warning.is_some(), "{}", rule.name);
            assert_eq!(Text::new(rule.action.as_str()), rule.action, "{}: too long to be kept", rule.name);
        }
    }

    #[test]
    fn the_limits_are_those_of_the_benchmarks() {
        let limits: Vec<_> = built_in().iter().map(|r| (r.name.to_string(), r.warning, r.critical)).collect();
        for (name, warning, critical) in [
            ("abandonment", 5.0, Some(8.0)),
            ("speed of answer", 30.0, Some(45.0)),
            ("service level", 80.0, Some(70.0)),
            ("first contact resolution", 75.0, Some(70.0)),
            ("longest wait", 120.0, Some(300.0)),
            ("recommendation", 10.0, None),
        ] {
            assert!(limits.contains(&(name.to_owned(), Some(warning), critical)), "{name}");
        }
    }
}
