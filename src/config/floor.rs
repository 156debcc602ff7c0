//! `timezone`, `day_starts`, `profile`, `[rules]`, `[targets]`, `[cost]`, `[queue.NAME]` and `[intent.NAME]`: how the floor counts, and its
//! targets.

use std::collections::BTreeMap;

use chrono::NaiveTime;
use chrono_tz::Tz;

use super::section::Section;
use crate::clock::Span;
use crate::engine::{QueueSettings, Settings};
use crate::event::LeftReason;
use crate::kpi::{Bands, Better, CostRates, FcrMethod, Formula, IssueKind, KpiId, Profile};
use crate::text::Label;
use crate::text::suggest::nearest;

const FCR_METHODS: [(&str, FcrMethod); 3] =
    [("repeat", FcrMethod::Repeat), ("disposition", FcrMethod::Disposition), ("survey", FcrMethod::Survey)];

/// The largest amount of `[cost]`.
const MAX_COST: f64 = 1e6;

/// Reads the keys about counting and targets over the engine's defaults.
pub(super) fn read(settings: &mut Settings, root: &mut Section<'_>) {
    if let Some(name) = root.raw_text("timezone") {
        match zone(&name) {
            Ok(zone) => settings.calendar.zone = zone,
            Err(what) => root.complain("timezone", &what),
        }
    }
    if let Some(text) = root.raw_text("day_starts") {
        match NaiveTime::parse_from_str(&text, "%H:%M") {
            Ok(time) => settings.calendar.day_starts = time,
            Err(_) => root.complain("day_starts", "must be a time of day, such as `\"06:00\"`"),
        }
    }
    read_rules(settings, root.section("rules"));
    settings.targets = targets(&root.section("targets"));
    let profile = root.choice("profile", &Profile::WORDS);
    for (kpi, bands) in profile.map_or(&[][..], Profile::targets) {
        let own = settings.targets.entry(*kpi).or_default();
        *own = own.or(*bands);
    }
    settings.rules.cost = cost(root.section("cost"));
    for (name, mut section) in root.named("queue") {
        let service_level = section.span("service_level_s");
        let targets = targets(&section.section("targets"));
        section.done();
        settings.queues.insert(name, QueueSettings { service_level, targets });
    }
    for (name, mut section) in root.named("intent") {
        let low = section.span("aht_low_s").map(Span::as_secs_f64);
        let high = section.span("aht_high_s").map(Span::as_secs_f64);
        let kind = section.choice("kind", &IssueKind::WORDS).map_or(Bands::NONE, IssueKind::handling_time);
        let bands = Bands { low, high, ..Bands::NONE }.or(kind);
        if bands.low.zip(bands.high).is_some_and(|(low, high)| low >= high) {
            section.complain("aht_low_s", "must be less than `aht_high_s`");
        }
        section.done();
        settings.intents.insert(name, bands);
    }
}

fn read_rules(settings: &mut Settings, mut section: Section<'_>) {
    let rules = &mut settings.rules;
    for (key, target) in [
        ("service_level_s", &mut settings.service_level),
        ("short_abandon_s", &mut settings.short_abandon),
        ("fcr_window", &mut rules.fcr_window),
        ("lateness", &mut settings.lateness),
        ("contact_ttl", &mut settings.contact_ttl),
        ("agent_ttl", &mut settings.agent_ttl),
    ] {
        if let Some(span) = section.span(key) {
            *target = span;
        }
    }
    if settings.agent_ttl < Span::HOUR {
        section.complain("agent_ttl", "must be `\"1h\"` or more: sources repeat what agents do every half an hour");
    }
    let formulas = Formula::ALL.map(|formula| (formula.key(), formula));
    if let Some(formula) = section.choice("service_level_formula", &formulas) {
        rules.formula = formula;
    }
    let reasons = LeftReason::ALL.map(|reason| (reason.key(), reason));
    if let Some(excluded) = section.choices("left_excluded", &reasons) {
        rules.left_excluded = excluded;
    }
    if let Some(method) = section.choice("fcr_method", &FCR_METHODS) {
        rules.fcr_method = method;
    }
    if let Some(samples) = section.count("min_samples") {
        rules.min_samples = samples;
    }
    section.done();
}

fn cost(mut section: Section<'_>) -> Option<CostRates> {
    let mut rate = |key: &'static str| {
        let rate = section.number(key)?;
        if !(0.0..=MAX_COST).contains(&rate) {
            section.complain(key, "must be an amount from 0 to 1000000");
        }
        Some(rate)
    };
    let (agent_hour, contact) = (rate("agent_hour"), rate("contact"));
    section.done();
    agent_hour.or(contact)?;
    Some(CostRates { agent_hour: agent_hour.unwrap_or(0.0), contact: contact.unwrap_or(0.0) })
}

/// A time zone by its IANA name. The error says what is wrong and suggests the nearest name.
pub(crate) fn zone(name: &str) -> Result<Tz, String> {
    name.parse().map_err(|_| {
        let shown = Label::new(name);
        let near = nearest(name, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
        let hint = near.map_or_else(
            || "; write an IANA name, such as `Europe/London`".to_owned(),
            |near| format!("; did you mean `{near}`?"),
        );
        format!("can't be `{shown}`: no time zone is called that{hint}")
    })
}

fn targets(section: &Section<'_>) -> BTreeMap<KpiId, Bands> {
    let mut found = BTreeMap::new();
    for key in section.keys() {
        let Some(id) = KpiId::parse(&key) else {
            section.unknown(&key, KpiId::nearest(&key));
            continue;
        };
        let Some(bands) = section.value::<Bands>(&key) else { continue };
        match check_bands(id, bands) {
            Ok(()) => {
                found.insert(id, bands);
            }
            Err(what) => section.complain(&key, &what),
        }
    }
    found
}

/// Checks that targets and limits are consistent with each other and with the catalogue's defaults.
fn check_bands(id: KpiId, bands: Bands) -> Result<(), String> {
    let kpi = id.def();
    let all = bands.or(kpi.bands);
    let limits = bands.target.is_some() || bands.warning.is_some() || bands.critical.is_some();
    let bounds = bands.low.is_some() || bands.high.is_some();
    let ascending = |low: Option<f64>, high: Option<f64>| low.zip(high).is_none_or(|(low, high)| low <= high);
    match kpi.better {
        Better::Neutral => Err("is a plain number that nothing is judged by: it takes no limits".to_owned()),
        Better::Band if limits => {
            Err("is judged by `low` and `high`, not by `target`, `warning` and `critical`".to_owned())
        }
        Better::Band if !ascending(all.low, all.high) => Err("has its `low` above its `high`".to_owned()),
        Better::Higher | Better::Lower if bounds => {
            Err("is judged by `target`, `warning` and `critical`, not by `low` and `high`".to_owned())
        }
        Better::Higher if !ascending(all.critical, all.warning) => Err(format!(
            "is better the higher: its `critical` ({}) must not be above its `warning` ({})",
            show(all.critical),
            show(all.warning)
        )),
        Better::Lower if !ascending(all.warning, all.critical) => Err(format!(
            "is better the lower: its `critical` ({}) must not be below its `warning` ({})",
            show(all.critical),
            show(all.warning)
        )),
        _ => Ok(()),
    }
}

fn show(limit: Option<f64>) -> String {
    limit.map_or_else(String::new, |limit| limit.to_string())
}
