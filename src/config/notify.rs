//! `[[notify]]`: the targets of notifications, which alerts each receives, and how.

use super::section::Section;
use crate::alert::Severity;
use crate::notify::{CommonSettings, NoticeKind, Settings, TargetKind, Transport};
use crate::text::Patterns;

const SEVERITIES: &[(&str, Severity)] = &[("warning", Severity::Warning), ("critical", Severity::Critical)];

pub(super) fn read(root: &mut Section<'_>) -> Vec<Settings> {
    let mut all: Vec<Settings> = Vec::new();
    for section in root.tables("notify") {
        let Some(settings) = one(section, &all) else { continue };
        all.push(settings);
    }
    all
}

fn one(mut section: Section<'_>, others: &[Settings]) -> Option<Settings> {
    let name = section.text("name");
    let mut common = CommonSettings::default();
    let on = section.choices("on", NoticeKind::WORDS);
    if on.as_ref().is_some_and(Vec::is_empty) {
        section.complain("on", "is empty: the target would never be told anything; take the table away instead");
    }
    let is_told_of = on.is_some();
    common.on = on.unwrap_or(common.on);
    common.severity = section.choice("severity", SEVERITIES).unwrap_or(common.severity);
    for (key, patterns) in [("queues", &mut common.queues), ("rules", &mut common.rules)] {
        if let Some(written) = section.patterns(key) {
            *patterns = Patterns::new(written);
        }
    }
    if let Some(address) = section.raw_text("board_url") {
        match address.parse() {
            Ok(address) => common.board_url = Some(address),
            Err(wrong) => section.complain("board_url", &format!("is wrong: {wrong}")),
        }
    }
    if !section.has("kind") {
        section.complain("kind", &format!("is missing: it is one of {}", words()));
        return None;
    }
    let kind = section.choice("kind", TargetKind::WORDS)?;
    if kind == TargetKind::Alertmanager && is_told_of {
        section.complain("on", "can't be chosen: Alertmanager must know how each alert stands");
    }
    let transport = section.rest(|keys| Transport::read(kind, keys))?;
    if let Err((key, wrong)) = transport.check() {
        section.complain(key, &wrong);
    }
    let settings = Settings { name, common, transport };
    if others.iter().any(|other| other.name() == settings.name()) {
        let name = settings.name();
        section.complain("name", &format!("must tell it from the others: another target is called `{name}` as well"));
    }
    Some(settings)
}

fn words() -> String {
    TargetKind::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ")
}
