//! `floorwatch audit`: which figures and rules of the last 90 days changed what anybody did, and what could go.

use super::{Error, print};
use crate::app;
use crate::clock::Time;
use crate::config::Config;
use crate::report::audit::{Audit, MAX_AUDITED_EPISODES};

const FORMATS: [&str; 2] = ["md", "html"];

/// The arguments of the command.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct Args {
    /// Markdown or an HTML page
    #[arg(long, default_value = "md", value_parser = FORMATS)]
    pub format: String,
}

impl Args {
    /// Print the audit.
    ///
    /// # Errors
    /// Where the floor can't be asked.
    pub fn run(&self, config: &Config, now: Time) -> Result<(), Error> {
        let calendar = config.floor.calendar;
        let recorded = app::stored_episodes(config, MAX_AUDITED_EPISODES)?;
        let audit = if let Some((mut engine, _)) = app::stored_floor(config, now)? {
            Audit::of_engine(&mut engine, recorded.unwrap_or_default(), calendar, now)?
        } else {
            app::query(config, |handle| async move { Audit::gather(&handle, recorded, calendar, now).await })???
        };
        let audit = audit.with_rules(config.rules.iter().map(|rule| (rule.name.clone(), rule.kpi)));
        print(if self.format == "html" { audit.html() } else { audit.markdown() }.as_bytes())
    }
}
