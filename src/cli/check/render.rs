//! Renders a check as lines for people or as one JSON object for programs.

use std::fmt::Write;
use std::path::Path;

use serde::Serialize;

use super::finding::Finding;
use crate::clock::Span;
use crate::config;
use crate::text::{Label, Text};

/// How many queues a line names.
const MAX_QUEUE_NAMES: usize = 6;
/// A smaller clock skew is not reported.
const MIN_REPORTED_SKEW: Span = Span::seconds(2);

/// The result of a check.
#[derive(Clone, Debug, Serialize)]
pub struct CheckReport {
    ok: bool,
    config: Configuration,
    /// What deserves attention in the settings of the hub and of notifications.
    remarks: Vec<String>,
    /// The hub that the board connects to; `None` if there is none.
    hub: Option<Finding>,
    sources: Vec<Finding>,
    files: Vec<Finding>,
}

#[derive(Clone, Debug, Serialize)]
struct Configuration {
    /// `None` if there is no file.
    path: Option<Text>,
    ok: bool,
    reason: Option<String>,
}

impl CheckReport {
    pub(super) fn new(
        path: Option<&Path>,
        remarks: Vec<String>,
        hub: Option<Finding>,
        sources: Vec<Finding>,
        files: Vec<Finding>,
    ) -> Self {
        let config = Configuration { path: shown(path), ok: true, reason: None };
        let report = Self { ok: true, config, remarks, hub, sources, files };
        Self { ok: report.faults() == 0, ..report }
    }

    /// The report about a configuration that can't be read.
    #[must_use]
    pub fn of_unreadable_config(path: Option<&Path>, error: &config::Error) -> Self {
        let reason = Some(error.to_string());
        let config = Configuration { path: shown(path), ok: false, reason };
        Self { ok: false, config, remarks: Vec::new(), hub: None, sources: Vec::new(), files: Vec::new() }
    }

    /// How many of the hub, the sources and the files failed.
    #[must_use]
    pub fn faults(&self) -> usize {
        self.hub.iter().chain(&self.sources).chain(&self.files).filter(|found| !found.ok).count()
    }

    /// The report as one JSON object.
    #[must_use]
    pub fn json(&self) -> String {
        // This cannot fail: all maps have keys of text.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The report as one line per source or file.
    #[must_use]
    pub fn lines(&self) -> String {
        let mut out = match &self.config.path {
            None => "no configuration file: the board would show the simulated floor\n".to_owned(),
            Some(path) => format!("{path}: sound; sources: {}\n", self.sources.len()),
        };
        for remark in &self.remarks {
            let _ = writeln!(out, "warn  {remark}");
        }
        write_block(&mut out, self.hub.as_slice());
        write_block(&mut out, &self.sources);
        write_block(&mut out, &self.files);
        out
    }
}

/// Writes one line per finding, with aligned columns.
fn write_block(out: &mut String, block: &[Finding]) {
    let widest = |of: fn(&Finding) -> usize| block.iter().map(of).max().unwrap_or_default();
    let (names, kinds) = (widest(|found| found.name.width()), widest(|found| found.kind.width()));
    for found in block {
        let mark = match found {
            Finding { ok: false, .. } => "FAIL",
            Finding { remark: Some(_), .. } => "warn",
            _ => "ok",
        };
        let pad = |shown: usize, width: usize| " ".repeat(width - shown);
        let (name, kind) = (&found.name, &found.kind);
        let (after_name, after_kind) = (pad(name.width(), names), pad(kind.width(), kinds));
        let words = found.describe();
        let _ = writeln!(out, "{mark:<4}  {name}{after_name}  {kind}{after_kind}  {words}");
        for line in found.first_rows.iter().chain(&found.rejections) {
            let _ = writeln!(out, "        {line}");
        }
    }
}

fn shown(path: Option<&Path>) -> Option<Text> {
    path.map(|path| Text::new(&path.display().to_string()))
}

impl Finding {
    /// The text of the last column.
    fn describe(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.reason.as_ref().map(ToString::to_string));
        parts.extend(self.took.map(|took| format!("live in {:.1} s", took.as_secs_f64())));
        parts.extend(self.found.as_ref().map(ToString::to_string));
        if self.ok {
            self.describe_content(&mut parts);
        }
        if let Some(ahead) = self.clock_ahead.filter(|ahead| ahead.0.abs() >= MIN_REPORTED_SKEW.0) {
            let way = if ahead.0 < 0 { "behind" } else { "ahead" };
            parts.push(format!("its clock is {:.0} s {way}", ahead.as_secs_f64().abs()));
        }
        if self.set_aside > 0 {
            parts.push(format!("{} set aside", counted(self.set_aside, "line")));
        }
        if self.out_of_place > 0 {
            parts.push(format!("{} out of place", counted(self.out_of_place, "step")));
        }
        parts.extend(self.remark.as_ref().map(ToString::to_string));
        parts.join("; ")
    }

    /// Adds what the board would see: events, queues and agents.
    fn describe_content(&self, parts: &mut Vec<String>) {
        if self.health.is_none() {
            if self.events == 0 && self.set_aside == 0 {
                parts.push("empty so far".to_owned());
                return;
            }
            let mut words = counted(self.events, "event");
            if let (Some(from), Some(to)) = (self.from, self.to) {
                let _ = write!(words, " from {from} to {to}");
            }
            parts.push(words);
        }
        if self.queues.is_empty() && self.agents.is_empty() {
            if self.health.is_some() {
                parts.push("nothing said yet of queues and agents".to_owned());
            }
            return;
        }
        let mut names: Vec<&str> = self.queues.iter().map(Label::as_str).take(MAX_QUEUE_NAMES).collect();
        if self.queues.len() > MAX_QUEUE_NAMES {
            names.push("…");
        }
        let which = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
        parts.push(counted(self.queues.len() as u64, "queue") + &which);
        parts.push(counted(self.agents.len() as u64, "agent"));
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
