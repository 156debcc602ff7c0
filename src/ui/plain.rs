//! The floor in plain lines, for screen readers, for terminals that can do no more, and for a log: what is so at the
//! start, then each change as a line of its own. Nothing is drawn over, and lines that are typed ask and act.

mod command;
mod typed;
mod work;

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono_tz::Tz;
use rustc_hash::FxHashMap;
use tokio::sync::{mpsc, watch};

use super::settings::{KeyLock, Settings};
use super::signals::{Signalled, Signals, leave_anyway};
use super::view::episode;
use super::{Error, ScreenChange, format, words};
use crate::alert::{Actor, AlertCommand, CommandRefusal, Episode};
use crate::board::{Board, Keeper, Mode};
use crate::floor::{FloorClosed, Handle};
use crate::kpi::{Answer, Dim, Figure, KpiId, Period, Query, Slice};
use crate::language::{self, ShownFigure as _, text};
use crate::text::{Label, Text};
use command::PlainCommand;
use typed::TypedLine;

/// The most changes that are said at once; the rest is counted.
const MAX_CHANGES: usize = 30;
/// How long a floor that says nothing is waited for before that is said.
const SILENT_AFTER: Duration = Duration::from_secs(5);
/// How long after its start the floor is first described.
const GREETING_DELAY: Duration = Duration::from_secs(1);
/// How often it is looked whether anybody still reads what is written.
const READER_CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// How long an answer is waited for.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// The figures of the floor and of its queues.
const KPIS: [KpiId; 5] =
    [KpiId::Waiting, KpiId::LongestWait, KpiId::AgentsAvailable, KpiId::ServiceLevel, KpiId::AbandonmentRate];

/// Say what happens on a floor until the user quits, a signal ends the program, or the floor ends.
///
/// # Errors
/// If signals cannot be handled, or the floor has ended.
pub async fn run(
    handle: Handle,
    settings: Settings,
    who: Actor,
    mut settings_changes: mpsc::Receiver<ScreenChange>,
) -> Result<(), Error> {
    let mut signals = Signals::new()?;
    tokio::spawn(leave_anyway(Signals::new()?));
    let mut typed = if settings.lock == KeyLock::Open { typed::lines()? } else { None };
    let mut reader_checks = tokio::time::interval(READER_CHECK_INTERVAL);
    let mut boards = handle.watch();
    boards.mark_changed();
    let mut plain = Plain {
        handle,
        settings,
        who,
        said: Said::default(),
        greeted: false,
        has_told_reading: false,
        began: Instant::now(),
    };
    loop {
        let lines = tokio::select! {
            signalled = signals.next() => match signalled {
                Signalled::Leave | Signalled::Hangup => return Ok(()),
                // Nothing is drawn: the terminal is as the shell has it.
                Signalled::Stop => {
                    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP);
                    continue;
                }
                Signalled::Resume | Signalled::Resize | Signalled::Reload => continue,
            },
            line = next_line(&mut typed) => match line {
                Some(line) => match plain.typed(&line, &boards).await? {
                    Some(lines) => lines,
                    None => return Ok(()),
                },
                // The terminal is gone.
                None => return Ok(()),
            },
            _ = reader_checks.tick() => {
                if typed::is_reader_gone() {
                    return Ok(());
                }
                continue;
            },
            Some(change) = settings_changes.recv() => {
                let board = boards.borrow().clone();
                plain.change(change, &board)
            }
            changed = tokio::time::timeout(SILENT_AFTER, boards.changed()) => match changed {
                Ok(changed) => {
                    changed.map_err(|_| FloorClosed)?;
                    let board = boards.borrow_and_update().clone();
                    plain.news(&board).await?
                }
                Err(_) => plain.said.silence(),
            },
        };
        match say(&lines) {
            Ok(()) => {}
            // Whoever read this has gone.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

struct Plain {
    handle: Handle,
    settings: Settings,
    who: Actor,
    said: Said,
    /// Whether it was said what is so.
    greeted: bool,
    /// Whether it was said that the past is being read.
    has_told_reading: bool,
    began: Instant,
}

/// The next line that is typed; `None` once the terminal has gone. Where there never was one, nothing comes.
async fn next_line(typed: &mut Option<mpsc::Receiver<TypedLine>>) -> Option<TypedLine> {
    match typed {
        Some(typed) => typed.recv().await,
        None => std::future::pending().await,
    }
}

fn say(lines: &[String]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    out.flush()
}

impl Plain {
    fn zone(&self, board: &Board) -> Tz {
        self.settings.zone.unwrap_or(board.calendar.zone)
    }

    /// Take over other settings, and say so.
    fn change(&mut self, change: ScreenChange, board: &Board) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(new) = change.settings {
            self.settings = *new;
            let clock = format::clock(board.at, self.zone(board));
            lines.push(format!("{clock} {}", sentence(text!("toast-read-again"))));
        }
        self.said.remark = change.remark;
        lines.extend(self.said.changes(board, self.zone(board)));
        lines
    }

    /// What is new with a board; with the first one, all of it.
    async fn news(&mut self, board: &Board) -> Result<Vec<String>, FloorClosed> {
        let mut lines = Vec::new();
        // The first boards of a floor that has just begun have nothing on them.
        // One that was cut off is described anew.
        self.greeted &= !is_cut_off(board);
        let is_due = !self.greeted && self.began.elapsed() >= GREETING_DELAY && !is_cut_off(board);
        if is_due && board.is_reading() {
            // What is so cannot be said yet.
            if !std::mem::replace(&mut self.has_told_reading, true) {
                lines.push(format!(
                    "{} {}",
                    format::clock(board.at, self.zone(board)),
                    sentence(text!("kiosk-reading"))
                ));
            }
        } else if is_due {
            self.greeted = true;
            lines = self.now(board).await?;
            if io::stdin().is_terminal() && self.settings.lock == KeyLock::Open {
                lines.push(text!("plain-greeting").to_owned());
            }
        }
        lines.extend(self.said.changes(board, self.zone(board)));
        Ok(lines)
    }

    /// What a typed line gets for an answer; `None` to leave.
    async fn typed(
        &mut self,
        line: &TypedLine,
        boards: &watch::Receiver<Arc<Board>>,
    ) -> Result<Option<Vec<String>>, FloorClosed> {
        let board = boards.borrow().clone();
        let zone = self.zone(&board);
        let command = match command::parse(&line.text) {
            Ok(command) => command,
            Err(error) => return Ok(Some(vec![error])),
        };
        let asks = matches!(command, PlainCommand::Now | PlainCommand::Queues | PlainCommand::Alerts);
        if asks && let Some(old) = old(&board, zone) {
            return Ok(Some(old));
        }
        Ok(Some(match command {
            PlainCommand::Now => self.now(&board).await?,
            PlainCommand::Help => {
                let lines =
                    [text!("plain-help-1"), text!("plain-help-2"), text!("plain-help-todo"), text!("plain-help-3")];
                lines.map(str::to_owned).into()
            }
            PlainCommand::Queues => self.queues(&board).await?,
            PlainCommand::Alerts => alerts(&board, zone),
            // Text that was pasted by mistake, or that a program sent, must not act.
            PlainCommand::Quit | PlainCommand::Act { .. } | PlainCommand::Work { .. } | PlainCommand::Annotate(_)
                if !line.alone =>
            {
                vec![text!("plain-several-lines").to_owned()]
            }
            PlainCommand::Act { episode, act } => {
                let Some(known) = board.alerts.iter().find(|alert| alert.id == episode) else {
                    return Ok(Some(vec![language::refusal(&CommandRefusal::Unknown(episode))]));
                };
                let command = AlertCommand { episode, version: known.version, who: self.who.clone(), act };
                match self.handle.execute(command).await? {
                    // The board tells the change to everybody, here as well.
                    Ok(_) => Vec::new(),
                    Err(refusal) => vec![work::refused(&refusal)],
                }
            }
            PlainCommand::Todo => self.todo(&board).await?,
            PlainCommand::Work { item, act } => self.work(&board, item, act).await?,
            PlainCommand::Annotate(text) => self.annotate(&board, text).await?,
            PlainCommand::Quit => return Ok(None),
        }))
    }

    /// The floor in a few sentences.
    async fn now(&self, board: &Board) -> Result<Vec<String>, FloorClosed> {
        let mode = match &board.mode {
            Mode::Live => "",
            Mode::Simulated { .. } => text!("plain-simulated"),
            Mode::Replay { .. } => text!("plain-recording"),
        };
        let active = shown(board).count();
        let alerts = text!("plain-alerts", count = active);
        let window = language::window(self.settings.window);
        let clock = format::clock(board.at, self.zone(board));
        let figures = self.ask(Vec::new()).await?.map(|answer| figures(&answer.total)).unwrap_or_default();
        Ok(vec![format!("{clock} {}{mode}, {window}: {figures}; {alerts}.", board.title)])
    }

    async fn queues(&self, board: &Board) -> Result<Vec<String>, FloorClosed> {
        let Some(answer) = self.ask(vec![Dim::Queue]).await? else {
            return Ok(vec![text!("plain-no-answer").to_owned()]);
        };
        let line = |row: &crate::kpi::AnswerRow| {
            let id = row.key.get(Dim::Queue).cloned().unwrap_or_default();
            let name = board.queues.find(&id).map_or(id, |queue| queue.name.clone());
            format!("{name}: {}.", figures(&row.figures))
        };
        Ok(answer.rows.iter().map(line).collect())
    }

    async fn ask(&self, by: Vec<Dim>) -> Result<Option<Answer>, FloorClosed> {
        let over = Period::Window(self.settings.window);
        let query =
            Query { of: Slice::TOTAL, by, over, every: None, kpis: KPIS.to_vec(), formula: self.settings.formula };
        match tokio::time::timeout(ANSWER_TIMEOUT, self.handle.ask(query)).await {
            Ok(answer) => Ok(answer?.ok()),
            Err(_) => Ok(None),
        }
    }
}

/// What has been said, so that only changes are.
#[derive(Default)]
struct Said {
    /// Alerts: how many entries of the history were said, and how the alert ends in words.
    alerts: FxHashMap<u64, (usize, String)>,
    /// What is wrong with the floor itself.
    troubles: Vec<String>,
    /// What is wrong with the configuration of this program, where the floor is another's.
    remark: Option<Text>,
    is_silent: bool,
}

impl Said {
    /// What has changed since the last board, a line each.
    fn changes(&mut self, board: &Board, zone: Tz) -> Vec<String> {
        let clock = format::clock(board.at, zone);
        let mut lines = Vec::new();
        if std::mem::take(&mut self.is_silent) {
            lines.push(format!("{clock} {}", text!("plain-news-again")));
        }
        let troubles: Vec<_> =
            troubles(board).into_iter().chain(self.remark.as_ref().map(ToString::to_string)).collect();
        lines.extend(
            troubles
                .iter()
                .filter(|trouble| !self.troubles.contains(trouble))
                .map(|new| format!("{clock} {}", sentence(new))),
        );
        let over = self.troubles.iter().filter(|trouble| !troubles.contains(trouble));
        lines.extend(over.map(|old| format!("{clock} {}", text!("plain-no-longer", trouble = sentence(old)))));
        self.troubles = troubles;
        // A floor that cannot be seen says nothing about its alerts.
        if is_cut_off(board) {
            return lines;
        }
        let mut alerts = FxHashMap::default();
        for alert in shown(board) {
            let said = self.alerts.remove(&alert.id).map_or(0, |(entries, _)| entries);
            let new = alert.trail.get(said..).unwrap_or_default();
            lines.extend(new.iter().map(|entry| {
                let who = entry.who.as_ref().map_or_else(String::new, |who| text!("plain-by", who = who.name));
                // Of what nobody did, the text is the severity.
                let text = entry.text.as_ref().filter(|_| entry.who.is_some());
                let text =
                    text.map_or_else(String::new, |text| format!(": {}", language::history_text(entry.kind, text)));
                let action = if entry.who.is_none() && !alert.action.is_empty() {
                    text!("plain-action", action = language::action(alert))
                } else {
                    String::new()
                };
                let severity = language::keyed("severity", alert.severity.key());
                let head = text!("plain-alert", severity = severity, alert = alert.id.to_string());
                let (at, what) = (format::clock(entry.at, zone), language::history(entry.kind));
                format!("{at} {head}, {what}{who}{text}: {}.{action}", told(board, alert))
            }));
            let (sentence, worst) = (told(board, alert), episode::value(alert, alert.worst));
            let worst = text!("plain-over", alert = alert.id.to_string(), sentence = sentence, worst = worst);
            alerts.insert(alert.id, (alert.trail.len(), worst));
        }
        let mut over: Vec<_> = std::mem::replace(&mut self.alerts, alerts).into_iter().collect();
        over.sort_unstable_by_key(|(id, _)| *id);
        lines.extend(over.into_iter().map(|(_, (_, worst))| format!("{clock} {worst}.")));
        if lines.len() > MAX_CHANGES {
            let more = lines.len() - MAX_CHANGES;
            lines.truncate(MAX_CHANGES);
            lines.push(format!("{clock} {}", text!("plain-more-changes", count = more)));
        }
        lines
    }

    /// No board has come for [`SILENT_AFTER`].
    fn silence(&mut self) -> Vec<String> {
        if std::mem::replace(&mut self.is_silent, true) {
            return Vec::new();
        }
        vec![text!("plain-silent").to_owned()]
    }
}

/// The alerts that are shown: active, and not explained by another.
fn shown(board: &Board) -> impl Iterator<Item = &Episode> {
    board.alerts.iter().filter(|alert| alert.is_active() && alert.inhibited_by.is_none())
}

fn is_cut_off(board: &Board) -> bool {
    board.hub.as_ref().is_some_and(|hub| hub.cut_off.is_some())
}

/// In place of an answer, where everything that is known is old: why, and since when.
fn old(board: &Board, zone: Tz) -> Option<Vec<String>> {
    let cut_off = board.hub.as_ref().and_then(|hub| Some((&hub.name, hub.cut_off.as_ref()?)));
    let (since, why) = match (cut_off, board.silent_since) {
        (Some((hub, cut_off)), _) => (cut_off.since, text!("plain-cut-off", hub = hub, reason = cut_off.reason)),
        (None, Some(since)) => (since, text!("plain-followed-silent").to_owned()),
        (None, None) => return None,
    };
    let since = format::minute(since, zone);
    let mut lines = vec![format!("{} {}", sentence(&why), text!("plain-nothing-known", since = since))];
    if board.seq > 0 && shown(board).next().is_some() {
        lines.push(text!("plain-alerts-then").to_owned());
        lines.extend(alerts(board, zone));
    }
    Some(lines)
}

/// Why figures may be old or not kept, in words that stay the same while it lasts.
fn troubles(board: &Board) -> Vec<String> {
    let cut_off = board.hub.as_ref().and_then(|hub| hub.cut_off.as_ref().map(|cut_off| (&hub.name, cut_off)));
    let cut_off = cut_off.map(|(name, cut_off)| text!("plain-cut-off", hub = name, reason = cut_off.reason));
    let keeper = match &board.keeper {
        Keeper::Failed(why) => Some(text!("plain-journal-failed", reason = why)),
        Keeper::Nobody | Keeper::Us | Keeper::Loading | Keeper::Other(_) => None,
    };
    let silent = board.silent_since.map(|_| text!("plain-followed-old").to_owned());
    let sources = board.silent_sources().into_iter();
    let sources = sources.map(|source| {
        let health = language::keyed("health", source.health.key());
        text!("plain-source", source = source.name, health = health, reason = source.reason)
    });
    let untold = board
        .untold
        .iter()
        .map(|target| text!("targets-untold", target = target.name, more = 0, reason = target.reason));
    let remarks = board.remarks.iter().map(|remark| language::told(remark.as_str()).to_owned());
    cut_off.into_iter().chain(keeper).chain(silent).chain(sources).chain(untold).chain(remarks).collect()
}

/// Every alert with what to do, the most urgent first.
fn alerts(board: &Board, zone: Tz) -> Vec<String> {
    let line = |alert: &Episode| {
        let held = episode::hold(alert)
            .map(|hold| text!("plain-held", who = hold.who, until = format::minute(hold.until, zone)))
            .unwrap_or_default();
        let action = if alert.action.is_empty() {
            String::new()
        } else {
            text!("plain-action", action = language::action(alert))
        };
        let since = format::minute(alert.since, zone);
        let severity = language::keyed("severity", alert.severity.key());
        let lead = text!("plain-alert-since", alert = alert.id.to_string(), severity = severity, since = since);
        format!("{lead}{held}: {}.{action}", told(board, alert))
    };
    let lines: Vec<_> = shown(board).map(line).collect();
    if lines.is_empty() { vec![text!("plain-alerts", count = 0)] } else { lines }
}

/// An alert in one sentence.
fn told(board: &Board, alert: &Episode) -> String {
    language::sentence(alert, &place(board, alert))
}

/// The name of what an alert is about.
fn place(board: &Board, alert: &Episode) -> String {
    if alert.slice.is_total() {
        return text!("all-queues").to_owned();
    }
    let name = |(dim, id): &(Dim, Label)| match dim {
        _ if id.is_empty() => language::no(*dim).to_owned(),
        Dim::Queue => board.queues.find(id).map_or(id, |queue| &queue.name).to_string(),
        Dim::Agent => board.agents.find(id).map_or(id, |agent| &agent.name).to_string(),
        Dim::Intent | Dim::Channel | Dim::Team => id.to_string(),
    };
    alert.slice.parts().map(name).collect::<Vec<_>>().join(" × ")
}

/// A text with the sign that ends a sentence.
fn sentence(text: &str) -> String {
    if text.ends_with(['.', '?', '!']) { text.to_owned() } else { format!("{text}.") }
}

/// Figures in words; the unknown ones are left out.
fn figures(figures: &[Figure]) -> String {
    let known = KPIS.iter().zip(figures).filter(|(_, figure)| figure.value.is_some());
    let words = known.map(|(kpi, figure)| format!("{} {}", words::of(*kpi), kpi.def().shown(figure)));
    words.collect::<Vec<_>>().join(", ")
}
