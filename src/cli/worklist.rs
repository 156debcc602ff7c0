//! `floorwatch worklist`: what there is to do on a running floor, from the command line.

use std::fmt::Write;

use chrono_tz::Tz;
use clap::builder::TypedValueParser;

use super::alerts::mute_length;
use super::{Error, print};
use crate::alert::{Actor, CommandRefusal, MuteLength};
use crate::app;
use crate::clock::Time;
use crate::config::Config;
use crate::floor::Handle;
use crate::kpi::format::age;
use crate::language;
use crate::text::{Label, Text};
use crate::worklist::{Outcome, WorkAction, WorkAnswer, WorkCommand, WorkItem, WorkKind, WorkQuery, WorkState};

/// The most items that are looked through for one with a number.
const MAX_ITEMS: usize = 10_000;

/// The arguments of the command.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub command: WorklistCommand,
}

/// The subcommands of `worklist`.
#[derive(Clone, Debug, PartialEq, Eq, clap::Subcommand)]
pub enum WorklistCommand {
    /// List what there is to do, the oldest first
    List {
        /// Only of this kind
        #[arg(long, value_parser = kind())]
        kind: Option<WorkKind>,
        /// Only of this queue
        #[arg(long, value_name = "QUEUE")]
        queue: Option<String>,
        /// Also what was closed today
        #[arg(long)]
        closed: bool,
        /// The most items to list
        #[arg(long, default_value_t = 500, value_name = "N")]
        limit: usize,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Claim an item: others see who has it
    Claim {
        /// The item's number
        id: u64,
        /// A note to add
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        /// How long the claim lasts [default: as configured]
        #[arg(long = "for", value_name = "TIME", value_parser = mute_length)]
        lasts: Option<MuteLength>,
    },
    /// Close an item, or say that the customer was not reached
    Done {
        /// The item's number
        id: u64,
        /// How it went
        #[arg(value_parser = outcome())]
        outcome: Outcome,
        /// A note to add
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Add a note to an item
    Note {
        /// The item's number
        id: u64,
        /// The note
        text: String,
    },
    /// Undo one's own claim, or what one has closed
    Undo {
        /// The item's number
        id: u64,
    },
}

fn kind() -> impl TypedValueParser<Value = WorkKind> {
    const NAMES: [&str; WorkKind::WORDS.len()] = ["callback", "low_score", "reopened", "long_handling"];
    super::words(&NAMES, |word| WorkKind::WORDS.iter().find(|(key, _)| *key == word).map(|(_, kind)| *kind))
}

fn outcome() -> impl TypedValueParser<Value = Outcome> {
    const NAMES: [&str; Outcome::WORDS.len()] = ["reached", "not_reached", "no_need", "reviewed"];
    super::words(&NAMES, |word| Outcome::WORDS.iter().find(|(key, _)| *key == word).map(|(_, outcome)| *outcome))
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

async fn execute(handle: Handle, command: WorklistCommand, zone: Tz) -> Result<String, Error> {
    let text = |note: Option<String>| note.map(|note| Text::new(&note));
    let (id, act) = match command {
        WorklistCommand::List { kind, queue, closed, limit, json } => {
            let queue = queue.map(|queue| Label::new(&queue));
            let answer = ask(&handle, WorkQuery { kind, queue, closed, limit, intent: None }).await?;
            return Ok(if json { to_json(&answer) } else { render(&answer, zone) });
        }
        WorklistCommand::Claim { id, note, lasts } => (id, WorkAction::Claim { note: text(note), lasts }),
        WorklistCommand::Done { id, outcome, note } => (id, WorkAction::Done { outcome, note: text(note) }),
        WorklistCommand::Note { id, text } => (id, WorkAction::Note(Text::new(&text))),
        WorklistCommand::Undo { id } => (id, WorkAction::Undo),
    };
    let all = ask(&handle, WorkQuery { closed: true, limit: MAX_ITEMS, ..WorkQuery::default() }).await?;
    let known = all.items.iter().find(|item| item.id == id).ok_or(CommandRefusal::UnknownItem(id))?;
    // The hub fills in who it is: from the token, or from the login of the process.
    let who = Actor { name: Label::default(), from: Label::default() };
    let item = handle.work(WorkCommand { item: id, version: known.version, who, act }).await??;
    Ok(line(&item, all.at, zone))
}

async fn ask(handle: &Handle, query: WorkQuery) -> Result<WorkAnswer, Error> {
    handle.worklist(query).await?.ok_or(Error::NoWorklist)
}

fn to_json(answer: &WorkAnswer) -> String {
    serde_json::to_string_pretty(answer).unwrap_or_default() + "\n"
}

/// One line for each item, and how many there are.
fn render(answer: &WorkAnswer, zone: Tz) -> String {
    let mut out: String = answer.items.iter().map(|item| line(item, answer.at, zone)).collect();
    let counts = &answer.counts;
    let (open, claimed, overdue) = (counts.open, counts.claimed, counts.overdue);
    let (done, ended, kept) = (counts.done, counts.ended, counts.kept);
    let _ = writeln!(
        out,
        "{open} open, {claimed} claimed, {overdue} of them late; {done} done and {ended} ended by themselves today, {kept} of them in time"
    );
    out
}

fn line(item: &WorkItem, now: Time, zone: Tz) -> String {
    let time = |at: Time| at.to_chrono().with_timezone(&zone).format("%H:%M").to_string();
    let since = language::day_minute(item.since, zone);
    let times = item.reasons().count();
    let times = if times > 1 { format!(" ({times} times)") } else { String::new() };
    let again = item.called_again().map_or_else(String::new, |at| format!("; called again {}", time(at)));
    let tries = item.tries();
    let tries = if tries > 0 { format!("; tried {tries} times") } else { String::new() };
    let state = match (&item.closed, item.holder(), item.state) {
        (Some(closing), ..) => {
            let by = closing.who.as_ref().map_or_else(String::new, |who| format!(" by {}", who.name));
            format!("{} {}{by}", closing.outcome.word(), time(closing.at))
        }
        (None, Some(holder), WorkState::Claimed) => format!("claimed by {}", holder.name),
        _ if item.is_overdue(now) => format!("late by {}", age(now.since(item.due).as_secs())),
        _ => format!("due in {}", age(item.due.since(now).as_secs())),
    };
    let note = item.note.as_ref().map_or_else(String::new, |note| format!("; {note}"));
    let (kind, subject, queue, why) = (item.kind.key(), item.subject(), &item.queue, &item.why);
    format!("{:>5}  {kind:<13}  {since:>12}  {subject}  {queue}  {why}{times}{again}{tries}; {state}{note}\n", item.id)
}
