//! `[[alert]]` tables of the configuration, and the rules that result from them.

use serde::Deserialize;

use super::hours::Hours;
use super::rule::{Rule, built_in};
use crate::clock::{Span, duration};
use crate::kpi::{Better, Dim, Formula, KpiId, Window};
use crate::text::{Label, Patterns, Text};

/// One `[[alert]]` table. With the name of a built-in rule it changes only the keys that it has; see [`Rule`] for what
/// they mean.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleTable {
    /// The name of the rule to change or to add.
    pub name: Label,
    /// `false` switches the rule off.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The KPI to watch; required for a new rule.
    pub kpi: Option<KpiId>,
    /// What to judge by itself; each queue when absent.
    pub each: Option<Each>,
    /// Names to judge, with `*` and `?`; `!` excludes.
    #[serde(default)]
    pub only: Option<Patterns>,
    /// The window of the figure.
    pub window: Option<Window>,
    /// Compare with this longer window: the limits are then distances.
    pub against: Option<Window>,
    /// The service level formula.
    pub formula: Option<Formula>,
    /// The side of the limits that is bad; required where the KPI itself has none.
    pub when: Option<When>,
    /// The warning limit.
    pub warning: Option<f64>,
    /// The critical limit.
    pub critical: Option<f64>,
    /// The value at which the figure counts as recovered.
    pub clear: Option<f64>,
    /// How long the figure must be past a limit.
    #[serde(default, rename = "for", deserialize_with = "duration::deserialize")]
    pub for_: Option<Span>,
    /// How long the figure must be clear.
    #[serde(default, deserialize_with = "duration::deserialize")]
    pub clear_for: Option<Span>,
    /// Figures of fewer samples are not judged.
    pub min_samples: Option<u64>,
    /// Whether the value alone decides, and not its interval.
    pub by_value: Option<bool>,
    /// Business hours, such as `mon-fri 08:00-18:00`.
    pub hours: Option<Hours>,
    /// The share by which a value may worsen before an acknowledgement breaks: 0.2 is a fifth.
    pub worsening: Option<f64>,
    /// The advice to show.
    pub action: Option<String>,
}

/// What a rule judges by itself: each value of a dimension, or the whole floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Each {
    Total,
    Queue,
    Intent,
    Agent,
    Channel,
    Team,
}

/// The side of a limit that is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum When {
    Above,
    Below,
}

/// Why an `[[alert]]` table is invalid. The message names the alert and the remedy.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum RuleError {
    #[error("an alert has no name: give it `name = \"…\"`")]
    Nameless,
    #[error("alert `{0}` is written twice: give one of them another name")]
    Twice(Label),
    #[error("alert `{0}` doesn't say what it watches: add `kpi = \"…\"`, or use the name of a built-in one")]
    NoKpi(Label),
    #[error("alert `{0}` has no limit: add `warning = …` or `critical = …`")]
    NoLimit(Label),
    #[error("alert `{name}`: neither much nor little of {kpi} is bad by itself: add `when = \"above\"` or `\"below\"`")]
    NoSide { name: Label, kpi: &'static str },
    #[error("alert `{0}`: `critical` is not further out than `warning`")]
    CriticalInside(Label),
    #[error("alert `{0}`: `clear` is on the bad side of the first limit, so it could never resolve")]
    ClearOutside(Label),
    #[error("alert `{0}`: with `against` the limits are distances and can't be negative")]
    NegativeDistance(Label),
    #[error("alert `{0}`: `against` must be a longer window than `window`")]
    AgainstShorter(Label),
    #[error("alert `{0}`: `{1}` must be a finite number")]
    NotFinite(Label, &'static str),
    #[error("alert `{0}` is about sources: only `enabled`, `for`, `clear_for`, `hours` and `action` can be changed")]
    SourcesOnly(Label),
    #[error("alert `{0}`: net promoter score is never computed per agent; use `each = \"queue\"` or `\"total\"`")]
    NpsOfAgent(Label),
}

const fn yes() -> bool {
    true
}

/// The rules in force: the built-in ones, as the tables change them, and those that the tables add.
///
/// # Errors
/// [`RuleError`] for the first table that is invalid.
pub fn rules(tables: &[RuleTable]) -> Result<Vec<Rule>, RuleError> {
    let mut rules = built_in();
    for (at, table) in tables.iter().enumerate() {
        if table.name.is_empty() {
            return Err(RuleError::Nameless);
        }
        if tables.iter().take(at).any(|earlier| earlier.name == table.name) {
            return Err(RuleError::Twice(table.name.clone()));
        }
        let place = rules.iter().position(|rule| rule.name == table.name);
        if !table.enabled {
            if let Some(place) = place {
                rules.remove(place);
            }
            continue;
        }
        let base = place.and_then(|place| rules.get(place));
        let rule = table.apply_to(base)?;
        match place.and_then(|place| rules.get_mut(place)) {
            Some(slot) => *slot = rule,
            None => rules.push(rule),
        }
    }
    Ok(rules)
}

impl RuleTable {
    /// The rule of the same name with this table's keys, or a new rule.
    fn apply_to(&self, base: Option<&Rule>) -> Result<Rule, RuleError> {
        let name = || self.name.clone();
        let mut rule = match (base, self.kpi) {
            (Some(base), None) => base.clone(),
            (Some(base), Some(kpi)) if base.kpi == Some(kpi) => base.clone(),
            (_, Some(kpi)) => Rule::of(self.name.as_str(), kpi),
            (None, None) => return Err(RuleError::NoKpi(name())),
        };
        self.set_keys(&mut rule);
        let Some(def) = rule.def() else {
            return if self.fits_sources() { Ok(rule) } else { Err(RuleError::SourcesOnly(name())) };
        };
        if self.when.is_none() && matches!(def.better, Better::Neutral | Better::Band) && base.is_none() {
            return Err(RuleError::NoSide { name: name(), kpi: def.key });
        }
        for (key, value) in [
            ("warning", rule.warning),
            ("critical", rule.critical),
            ("clear", rule.clear),
            ("worsening", rule.worsening),
        ] {
            if value.is_some_and(|value| !value.is_finite()) {
                return Err(RuleError::NotFinite(name(), key));
            }
        }
        check_limits(&rule)?;
        if rule.against.is_some_and(|against| against <= rule.window) {
            return Err(RuleError::AgainstShorter(name()));
        }
        if rule.kpi == Some(KpiId::Nps) && rule.each == Some(Dim::Agent) {
            return Err(RuleError::NpsOfAgent(name()));
        }
        Ok(rule)
    }

    fn set_keys(&self, rule: &mut Rule) {
        if let Some(each) = self.each {
            rule.each = each.dim();
        }
        if let Some(only) = &self.only {
            rule.only = only.clone();
        }
        if let Some(when) = self.when {
            rule.above = when == When::Above;
        }
        if self.warning.is_some() || self.critical.is_some() {
            // The table replaces both limits: its warning limit must not be paired with the catalogue's critical limit.
            rule.warning = self.warning;
            rule.critical = self.critical;
            rule.own_limits = true;
        }
        rule.window = self.window.unwrap_or(rule.window);
        rule.against = self.against.or(rule.against);
        rule.formula = self.formula.or(rule.formula);
        rule.clear = self.clear.or(rule.clear);
        rule.for_ = self.for_.unwrap_or(rule.for_);
        rule.clear_for = self.clear_for.or(rule.clear_for);
        rule.min_samples = self.min_samples.or(rule.min_samples);
        rule.by_value = self.by_value.unwrap_or(rule.by_value);
        rule.hours = self.hours.or(rule.hours);
        rule.worsening = self.worsening.or(rule.worsening);
        if let Some(action) = &self.action {
            rule.action = Text::new(action);
        }
    }

    /// Whether it only has keys that make sense for a rule about sources.
    fn fits_sources(&self) -> bool {
        let Self { name, enabled, for_, clear_for, hours, action, .. } = self.clone();
        *self == Self { name, enabled, for_, clear_for, hours, action, ..Self::default() }
    }
}

impl Each {
    const fn dim(self) -> Option<Dim> {
        match self {
            Self::Total => None,
            Self::Queue => Some(Dim::Queue),
            Self::Intent => Some(Dim::Intent),
            Self::Agent => Some(Dim::Agent),
            Self::Channel => Some(Dim::Channel),
            Self::Team => Some(Dim::Team),
        }
    }
}

fn check_limits(rule: &Rule) -> Result<(), RuleError> {
    let name = || rule.name.clone();
    let first = rule.warning.or(rule.critical).ok_or_else(|| RuleError::NoLimit(name()))?;
    if rule.against.is_some() {
        // Distances are positive on the bad side, whichever side that is.
        if first < 0.0 || rule.critical.is_some_and(|critical| critical < 0.0) {
            return Err(RuleError::NegativeDistance(name()));
        }
        if rule.critical.is_some_and(|critical| critical < first) {
            return Err(RuleError::CriticalInside(name()));
        }
        return if rule.clear.is_some_and(|clear| clear > first) {
            Err(RuleError::ClearOutside(name()))
        } else {
            Ok(())
        };
    }
    let inside = |outer: f64, inner: f64| if rule.above { outer < inner } else { outer > inner };
    if rule.critical.is_some_and(|critical| inside(critical, first)) {
        return Err(RuleError::CriticalInside(name()));
    }
    if rule.clear.is_some_and(|clear| inside(first, clear)) {
        return Err(RuleError::ClearOutside(name()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct AlertConfig {
        alert: Vec<RuleTable>,
    }

    fn read(text: &str) -> Result<Vec<Rule>, String> {
        let file: AlertConfig = toml::from_str(text).map_err(|error| error.to_string())?;
        rules(&file.alert).map_err(|error| error.to_string())
    }

    fn find<'a>(rules: &'a [Rule], name: &str) -> &'a Rule {
        rules.iter().find(|rule| rule.name.as_str() == name).unwrap()
    }

    #[test]
    fn a_table_changes_only_the_keys_it_has() {
        let text = r#"
            [[alert]]
            name = "service level"
            for = "2m"
            only = ["sales*", "!sales-test"]
            hours = "mon-fri 08:00-18:00"
            [[alert]]
            name = "abandonment"
            enabled = false
            [[alert]]
            name = "queue is long"
            kpi = "waiting"
            when = "above"
            warning = 20
            for = 30
            action = "Open the overflow."
        "#;
        let rules = read(text).unwrap();
        let level = find(&rules, "service level");
        assert_eq!((level.for_, level.warning, level.critical), (Span::seconds(120), Some(80.0), Some(70.0)));
        assert!(level.hours.is_some() && !level.only.contains(&"sales-test".into()));
        assert!(rules.iter().all(|rule| rule.name.as_str() != "abandonment"));
        let own = find(&rules, "queue is long");
        assert_eq!((own.above, own.warning, own.for_), (true, Some(20.0), Span::seconds(30)));
    }

    #[test]
    fn errors_name_the_remedy() {
        for (table, says) in [
            ("name = \"x\"", "doesn't say what it watches"),
            ("name = \"x\"\nkpi = \"waiting\"\nwarning = 3", "add `when"),
            ("name = \"x\"\nkpi = \"asa\"\nwarning = 30\ncritical = 20", "not further out"),
            ("name = \"x\"\nkpi = \"asa\"\nwarning = 30\nclear = 40", "never resolve"),
            ("name = \"x\"\nkpi = \"max_wait\"", "has no limit"),
            ("name = \"x\"\nkpi = \"servicelevel\"", "did you mean `service_level`"),
            ("name = \"x\"\nkpi = \"asa\"\nfor = \"soon\"", "not a length of time"),
            ("name = \"x\"\nkpi = \"asa\"\nhours = \"office\"", "not business hours"),
            ("name = \"x\"\nkpi = \"asa\"\nwarnign = 3", "unknown field `warnign`"),
            ("name = \"source stale\"\nwarning = 3", "about sources"),
            ("name = \"x\"\nkpi = \"nps\"\nagainst = \"7d\"\nwindow = \"30d\"\nwarning = 5", "longer window"),
            ("name = \"x\"\nkpi = \"nps\"\neach = \"agent\"\nwarning = 5", "never computed per agent"),
        ] {
            let error = read(&format!("[[alert]]\n{table}")).unwrap_err();
            assert!(error.contains(says), "{table}: {error}");
        }
    }
}
