//! A file as a live source: reading continues where it stopped, then follows the file while it grows, and survives
//! rotation, truncation and deletion.

mod cursor;
mod tailed_file;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

use crate::board::Health;
use crate::clock::{Clock, Span, Time};
use crate::event::{Event, SinkTo};
use crate::source::format::csv::{ColumnsError, TableOptions};
use crate::source::format::decoder::{DecodeError, LineDecoder};
use crate::source::format::lines::PartialLine;
use crate::source::prefix::add_prefix;
use crate::source::running::Running;
use crate::source::settings::{FileSettings, Settings};
use crate::source::tally::InputTally;
use crate::source::{Message, Rejection, RejectionReason, SpawnError};
use crate::text::{Label, Text};
use cursor::{FileCursor, FileId};
use tailed_file::{DecoderState, TailedFile};

/// How often the file is checked for new lines.
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// A message is sent once it holds this many events.
const MAX_BATCH_EVENTS: usize = 1000;
/// After this many polls without new lines, a rotated file is considered finished; its writer can still have it open.
const ROTATION_GRACE_POLLS: u32 = 3;

/// Start a thread that follows a file.
pub(in crate::source) fn spawn(
    index: usize,
    settings: &Settings,
    file: &FileSettings,
    clock: Clock,
    cursor: Option<&str>,
    to: Sender<Message>,
) -> Result<Running, SpawnError> {
    let name = settings.name();
    let tables = file.tables().map_err(|error| SpawnError::Columns { name: name.clone(), error: Box::new(error) })?;
    let stop = CancellationToken::new();
    let cursor = cursor.and_then(|text| serde_json::from_str::<FileCursor>(text).ok());
    let follower = FileFollower {
        index,
        settings: file.clone(),
        name: name.clone(),
        prefix: settings.prefix.clone(),
        tables,
        last_read_at: clock.steady(),
        clock: clock.clone(),
        to: to.clone(),
        stop: stop.clone(),
        health: None,
        remark: Text::default(),
        decoder_state: DecoderState::default(),
        tally: InputTally::default(),
    };
    Running::start(index, &name, clock, to, stop, move || follower.run(cursor))
        .map_err(|error| SpawnError::Thread { name, error })
}

struct FileFollower {
    index: usize,
    settings: FileSettings,
    name: Label,
    prefix: Option<Label>,
    tables: TableOptions,
    clock: Clock,
    to: Sender<Message>,
    stop: CancellationToken,
    health: Option<(Health, Text)>,
    /// The remark that was sent last.
    remark: Text,
    /// When the last line was read, by the steady clock.
    last_read_at: Time,
    decoder_state: DecoderState,
    tally: InputTally,
}

/// The source was stopped, or the receiver of its messages was dropped.
struct Stopped;

/// Why reading a file ended.
enum FollowEnd {
    /// Another file has replaced it.
    Rotated,
    /// It was truncated or rewritten.
    Truncated,
    /// It was read to its end and is not followed.
    Read,
    /// It cannot be read.
    Failed(io::Error),
}

impl FileFollower {
    fn run(mut self, cursor: Option<FileCursor>) {
        if self.follow_path(cursor).is_ok() {
            let reason = self.health.take().map_or(Text::default(), |(_, reason)| reason);
            let _ = self.report_health(Health::Ended, &reason);
        }
        let InputTally { lines, events, .. } = self.tally;
        let (types, fields) = (self.tally.unknown_types_seen(), self.tally.unknown_fields_seen());
        tracing::info!(source = %self.name, lines, events, unknown_types = types, unknown_fields = fields, "ended");
    }

    fn follow_path(&mut self, cursor: Option<FileCursor>) -> Result<(), Stopped> {
        self.report_health(Health::Connecting, &Text::default())?;
        let path = self.settings.path.clone();
        let mut at = (0, 0);
        let mut reason = Text::default();
        if let Some(cursor) = cursor.filter(|cursor| cursor.path == path) {
            (at, reason) = self.catch_up(&cursor)?;
        }
        loop {
            let Some(mut file) = self.open(&path, at)? else { return Ok(()) };
            let end = self.follow_file(&mut file, &reason)?;
            self.decoder_state = file.decoder_state();
            at = (0, 0);
            reason = Text::default();
            match end {
                FollowEnd::Read => return Ok(()),
                FollowEnd::Rotated => {}
                FollowEnd::Truncated => (at, reason) = self.catch_up(&file.cursor(&path))?,
                FollowEnd::Failed(error) => {
                    self.report_down(&format!("cannot read {}: {error}", path.display()))?;
                    if !self.settings.follow {
                        return Ok(());
                    }
                    self.wait_for_change(&path)?;
                    (at, reason) = self.catch_up(&file.cursor(&path))?;
                }
            }
        }
    }

    /// Read the rotated files to their end. Returns where to continue in the file itself (offset and line), and the reason
    /// to report with its health.
    fn catch_up(&mut self, cursor: &FileCursor) -> Result<((u64, u64), Text), Stopped> {
        self.decoder_state = DecoderState { memory: cursor.memory.clone(), rows: cursor.rows };
        let plan = cursor.resume_plan();
        for (path, offset, line) in &plan.rotated {
            let Ok(decoder) = self.decoder() else { continue };
            match TailedFile::open(path, (*offset, *line), decoder, self.decoder_state.clone()) {
                Ok(mut file) => {
                    if let Err(error) = self.read(&mut file, PartialLine::Emit)? {
                        tracing::warn!(source = %self.name, path = %path.display(), %error, "rotated file not read to its end");
                    }
                    self.decoder_state = file.decoder_state();
                }
                Err(error) => {
                    tracing::warn!(source = %self.name, path = %path.display(), %error, "rotated file not read");
                }
            }
        }
        let reason = if plan.truncated { Text::fixed("truncated, read anew") } else { Text::default() };
        Ok((plan.live, reason))
    }

    fn decoder(&self) -> Result<LineDecoder, ColumnsError> {
        LineDecoder::new(self.settings.kind, &self.name, &self.tables, String::new())
    }

    /// Open the file, waiting until it exists if it is to be followed.
    fn open(&mut self, path: &Path, at: (u64, u64)) -> Result<Option<TailedFile>, Stopped> {
        loop {
            let opened = self.decoder().map_err(|error| io::Error::other(error.to_string()));
            let opened = opened.and_then(|decoder| TailedFile::open(path, at, decoder, self.decoder_state.clone()));
            let reason = match opened {
                Ok(file) => return Ok(Some(file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound && self.settings.follow => {
                    format!("{} is not there; waiting for it", path.display())
                }
                Err(error) => format!("cannot read {}: {error}", path.display()),
            };
            self.report_down(&reason)?;
            if !self.settings.follow {
                return Err(Stopped);
            }
            self.wait_for_poll()?;
        }
    }

    /// Read the file and what is appended to it, until it ends. `reason` is reported with its health.
    fn follow_file(&mut self, file: &mut TailedFile, reason: &Text) -> Result<FollowEnd, Stopped> {
        let path: PathBuf = file.path.clone();
        let once = file.compressed || !self.settings.follow;
        if let Err(error) = self.read(file, if once { PartialLine::Emit } else { PartialLine::Hold })? {
            return Ok(FollowEnd::Failed(error));
        }
        self.report_health(Health::Live, reason)?;
        if once {
            return Ok(FollowEnd::Read);
        }
        // Consecutive polls that found another file or none at the path, and no new lines in this one.
        let mut quiet_polls = 0;
        loop {
            if file.is_truncated() {
                return Ok(FollowEnd::Truncated);
            }
            let at_path = fs::metadata(&path).map(|metadata| file.has_id(FileId::from(&metadata)));
            match self.read(file, PartialLine::Hold)? {
                Err(error) => return Ok(FollowEnd::Failed(error)),
                Ok(0) if !matches!(at_path, Ok(true)) => quiet_polls += 1,
                Ok(_) => quiet_polls = 0,
            }
            match at_path {
                Ok(true) => self.update_staleness()?,
                Ok(false) if quiet_polls >= ROTATION_GRACE_POLLS => {
                    if let Err(error) = self.read(file, PartialLine::Emit)? {
                        tracing::warn!(source = %self.name, %error, "rotated file not read to its end");
                    }
                    return Ok(FollowEnd::Rotated);
                }
                Ok(false) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    // Rotation renames the file before it creates the new one, so a short absence is normal.
                    if quiet_polls >= ROTATION_GRACE_POLLS {
                        self.report_down(&format!("{} is gone; waiting for it to come back", path.display()))?;
                    }
                }
                Err(error) => self.report_down(&format!("cannot look at {}: {error}", path.display()))?,
            }
            self.wait_for_poll()?;
        }
    }

    /// Read and send what the file holds now; returns the number of lines.
    fn read(&mut self, file: &mut TailedFile, partial: PartialLine) -> Result<io::Result<u64>, Stopped> {
        let latest = self.clock.now() + Span::DAY;
        let mut events: Vec<Event> = Vec::new();
        let before = self.tally.lines;
        let outcome = loop {
            let read = match file.lines.next(partial) {
                Ok(Some(line)) => {
                    file.decoder.decode(line, latest, &mut self.tally, &mut SinkTo(&mut |event| events.push(event)))
                }
                Ok(None) if partial == PartialLine::Emit => {
                    let ended = file.decoder.finish(&mut self.tally, &mut SinkTo(&mut |event| events.push(event)));
                    if let Err(DecodeError::Line(reason)) = ended {
                        self.reject(file, reason)?;
                    }
                    break Ok(self.tally.lines - before);
                }
                Ok(None) => break Ok(self.tally.lines - before),
                Err(error) => break Err(error),
            };
            self.tally.lines += 1;
            match read {
                Ok(()) => {}
                Err(DecodeError::Line(reason)) => self.reject(file, reason)?,
                Err(DecodeError::File(error)) => {
                    break Err(io::Error::new(io::ErrorKind::InvalidData, error.to_string()));
                }
            }
            file.mark_consumed();
            if events.len() >= MAX_BATCH_EVENTS {
                self.send_events(file, &mut events)?;
            }
        };
        if !events.is_empty() {
            self.send_events(file, &mut events)?;
        }
        if self.tally.lines > before {
            self.last_read_at = self.clock.steady();
            self.report_remark(file)?;
        }
        Ok(outcome)
    }

    /// Send events with the cursor that follows them.
    fn send_events(&mut self, file: &mut TailedFile, events: &mut Vec<Event>) -> Result<(), Stopped> {
        if matches!(file.decoder, LineDecoder::Csv(_)) {
            events.sort_by_key(|event| event.at);
        }
        let cursor = serde_json::to_string(&file.cursor(&self.settings.path)).ok();
        // One line can give several events, so a batch can exceed its maximum a little.
        let mut events = std::mem::replace(events, Vec::with_capacity(MAX_BATCH_EVENTS));
        if let Some(prefix) = &self.prefix {
            for event in &mut events {
                add_prefix(event, prefix);
            }
        }
        self.send(Message::Events { source: self.index, events, cursor, receipt: None })
    }

    fn reject(&self, file: &TailedFile, reason: RejectionReason) -> Result<(), Stopped> {
        let place = Label::new(&file.path.file_name().unwrap_or_default().to_string_lossy());
        let rejection = Rejection { place, line: file.lines.number(), reason };
        self.send(Message::Rejected { source: self.index, rejection })
    }

    /// Report the file as live, or as stale if it has had no new lines for too long.
    fn update_staleness(&mut self) -> Result<(), Stopped> {
        let limit_s = i64::try_from(self.settings.stale_after_s).unwrap_or(i64::MAX);
        if limit_s > 0 && self.clock.steady().since(self.last_read_at) > Span::seconds(limit_s) {
            return self.report_health(Health::Stale, &Text::new(&format!("nothing has come for {limit_s} s")));
        }
        match &self.health {
            Some((Health::Live, _)) => Ok(()),
            _ => self.report_health(Health::Live, &Text::default()),
        }
    }

    /// Report what is doubtful of what was read, if that has changed.
    fn report_remark(&mut self, file: &TailedFile) -> Result<(), Stopped> {
        let remarks: Vec<String> = file.decoder.remarks().into_iter().chain(self.tally.agents.remark()).collect();
        let remark = Text::new(&remarks.join("; "));
        if self.remark == remark {
            return Ok(());
        }
        self.remark = remark.clone();
        self.send(Message::Remark { source: self.index, remark })
    }

    fn report_down(&mut self, reason: &str) -> Result<(), Stopped> {
        self.report_health(Health::Down, &Text::of_files(reason))
    }

    /// Report the source's health if it has changed.
    fn report_health(&mut self, health: Health, reason: &Text) -> Result<(), Stopped> {
        let now = (health, reason.clone());
        if self.health.as_ref() == Some(&now) {
            return Ok(());
        }
        self.health = Some(now);
        let (source, reason, at) = (self.index, reason.clone(), self.clock.now());
        self.send(Message::Health { source, health, reason, at, next_try: None })
    }

    fn send(&self, message: Message) -> Result<(), Stopped> {
        if self.stop.is_cancelled() {
            return Err(Stopped);
        }
        self.to.blocking_send(message).map_err(|_| Stopped)
    }

    /// Wait until a file that cannot be read is replaced or modified.
    fn wait_for_change(&self, path: &Path) -> Result<(), Stopped> {
        let look = || fs::metadata(path).ok().map(|m| (FileId::from(&m), m.len(), m.modified().ok()));
        let before = look();
        loop {
            self.wait_for_poll()?;
            if look() != before {
                return Ok(());
            }
        }
    }

    /// Wait until the next poll.
    fn wait_for_poll(&self) -> Result<(), Stopped> {
        if !self.stop.is_cancelled() {
            thread::park_timeout(POLL_INTERVAL);
        }
        if self.stop.is_cancelled() || self.to.is_closed() { Err(Stopped) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
