//! Changes of the configuration while the floor runs.

use tokio::sync::mpsc;

use super::{Floor, Settings};
use crate::engine;
use crate::text::Text;

/// What the configuration says by now.
#[derive(Debug)]
pub struct FloorChange {
    /// The settings; `None` where they cannot be read.
    pub settings: Option<Box<Settings>>,
    /// What is wrong with it, or waits for a restart: it stands on every board until the next change.
    pub remark: Option<Text>,
}

/// How figures are counted, without what they are judged by: that can change at any time.
#[must_use]
pub fn without_limits(settings: &engine::Settings) -> engine::Settings {
    let mut counted = settings.clone();
    counted.take_limits(&engine::Settings::default());
    counted.queues.retain(|_, queue| queue.service_level.is_some());
    counted.calendar = engine::Settings::default().calendar;
    counted
}

impl Floor {
    /// Take over what `changes` brings.
    #[must_use]
    pub fn with_changes(self, changes: mpsc::Receiver<FloorChange>) -> Self {
        Self { changes, ..self }
    }

    /// Take over targets, limits, alert rules and what worklists hold. Open alerts are judged by the rules as they are now.
    pub(super) fn change(&mut self, change: FloorChange) {
        self.change_remark = change.remark;
        self.dirty = true;
        let Some(new) = change.settings else { return };
        self.settings.engine.take_limits(&new.engine);
        self.engine.take_limits(&new.engine);
        self.worklist.change_settings(new.worklist);
        if (&self.settings.rules, &self.settings.alerts) != (&new.rules, &new.alerts) {
            (self.settings.rules, self.settings.alerts) = (new.rules, new.alerts);
            self.evaluator.change_rules(self.settings.rules.clone(), self.settings.alerts);
        }
        self.evaluate_alerts();
    }
}
