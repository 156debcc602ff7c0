//! `floorwatch alerts`: the alerts of a running floor, from the command line.

use std::fmt::Write;

use chrono_tz::Tz;

use super::{Error, print};
use crate::alert::{Actor, AlertAction, AlertCommand, CommandRefusal, Episode, MuteLength};
use crate::app;
use crate::clock::{Time, duration};
use crate::config::Config;
use crate::floor::Handle;
use crate::language;
use crate::text::{Label, Text};

/// The arguments of the command.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub command: AlertsCommand,
}

/// The subcommands of `alerts`.
#[derive(Clone, Debug, PartialEq, Eq, clap::Subcommand)]
pub enum AlertsCommand {
    /// List the alerts that have not resolved, the most urgent first
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List the alerts that have resolved, the newest first
    History {
        /// The most alerts to list
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: usize,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Acknowledge an alert
    Ack {
        /// The alert's number
        id: u64,
        /// A note to add
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        /// How long the acknowledgement lasts [default: as configured]
        #[arg(long = "for", value_name = "TIME", value_parser = mute_length)]
        lasts: Option<MuteLength>,
    },
    /// Snooze an alert
    Snooze {
        /// The alert's number
        id: u64,
        /// How long the snooze lasts, such as 15m
        #[arg(value_name = "TIME", value_parser = mute_length)]
        lasts: MuteLength,
    },
    /// Add a note to an alert
    Note {
        /// The alert's number
        id: u64,
        /// The note
        text: String,
    },
    /// Undo one's own acknowledgement or snooze
    Undo {
        /// The alert's number
        id: u64,
    },
}

pub(super) fn mute_length(text: &str) -> Result<MuteLength, String> {
    let span = duration::parse(text).map_err(|error| error.to_string())?;
    MuteLength::new(span).map_err(|error| error.to_string())
}

impl Args {
    /// Run the subcommand and print the result.
    ///
    /// # Errors
    /// Where no floor runs, or the floor refuses the command.
    pub fn run(&self, config: &Config) -> Result<(), Error> {
        let zone = config.ui.zone.unwrap_or(config.floor.calendar.zone);
        let text = app::query(config, |handle| execute(handle, self.command.clone(), zone))??;
        print(text.as_bytes())
    }
}

async fn execute(handle: Handle, command: AlertsCommand, zone: Tz) -> Result<String, Error> {
    let board = handle.watch().borrow().clone();
    let (id, act) = match command {
        AlertsCommand::List { json } => return Ok(render(&board.alerts, json, board.at, zone)),
        AlertsCommand::History { limit, json } => {
            return Ok(render(&handle.history(limit).await?, json, board.at, zone));
        }
        AlertsCommand::Ack { id, note, lasts } => {
            (id, AlertAction::Acknowledge { note: note.map(|note| Text::new(&note)), lasts })
        }
        AlertsCommand::Snooze { id, lasts } => (id, AlertAction::Snooze(lasts)),
        AlertsCommand::Note { id, text } => (id, AlertAction::Note(Text::new(&text))),
        AlertsCommand::Undo { id } => (id, AlertAction::Undo),
    };
    let known = board.alerts.iter().find(|episode| episode.id == id).ok_or(CommandRefusal::Unknown(id))?;
    // The hub fills in who it is: from the token, or from the login of the process.
    let who = Actor { name: Label::default(), from: Label::default() };
    let episode = handle.execute(AlertCommand { episode: id, version: known.version, who, act }).await??;
    Ok(render(&[episode], false, board.at, zone))
}

/// Episodes as one line each, or as JSON.
fn render(episodes: &[Episode], json: bool, now: Time, zone: Tz) -> String {
    if json {
        return serde_json::to_string_pretty(episodes).unwrap_or_default() + "\n";
    }
    let mut out = String::new();
    for episode in episodes.iter().filter(|episode| episode.is_active() || episode.resolved.is_some()) {
        let since = language::day_minute(episode.since, zone);
        let lasted = episode.resolved.unwrap_or(now).since(episode.since).as_secs() / 60;
        let held = match (&episode.acknowledged, &episode.snoozed) {
            (Some(ack), _) => format!("; acknowledged by {}", ack.who.name),
            (None, Some(snooze)) => format!("; snoozed by {}", snooze.who.name),
            (None, None) => String::new(),
        };
        let severity = episode.severity.key();
        let state = episode.state.key();
        let text = &episode.text;
        let _ = writeln!(out, "{:>5}  {severity:<8}  {state:<12}  {since:>12}, {lasted} min  {text}{held}", episode.id);
    }
    if out.is_empty() { "no alerts\n".to_owned() } else { out }
}
