//! A file as a live source: read from where it was left, then followed while it grows, is rotated, cut, or gone.

mod cursor;
mod open;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

use crate::board::Health;
use crate::clock::{Clock, Span, Time};
use crate::event::Event;
use crate::source::csv::{Columns, ColumnsError};
use crate::source::decoder::{DecodeError, LineDecoder};
use crate::source::lines::{PartialLine, RawLine};
use crate::source::naming::keep_apart;
use crate::source::running::Running;
use crate::source::settings::{FileSettings, Settings};
use crate::source::tally::InputTally;
use crate::source::{Message, Rejection, SpawnError};
use crate::text::{Label, Text};
use cursor::{FileCursor, FileId};
use open::{DecoderState, TailedFile};

/// How often the file is looked at.
const POLL: Duration = Duration::from_millis(200);
/// How many events a message holds at most.
const BATCH: usize = 1000;
/// How many looks without news make a rotated file finished: its writer may still hold it.
const QUIET: u32 = 3;

/// Start following the file that `file` names; `settings` are the source's own.
pub(super) fn spawn(
    index: usize,
    settings: &Settings,
    file: &FileSettings,
    clock: Clock,
    cursor: Option<&str>,
    to: Sender<Message>,
) -> Result<Running, SpawnError> {
    let name = settings.name();
    let columns =
        file.table_columns().map_err(|error| SpawnError::Columns { name: name.clone(), error: Box::new(error) })?;
    let stop = CancellationToken::new();
    let cursor = cursor.and_then(|text| serde_json::from_str::<FileCursor>(text).ok());
    let follower = FileFollower {
        index,
        settings: file.clone(),
        name: name.clone(),
        prefix: settings.prefix.clone(),
        columns,
        heard: clock.now(),
        clock: clock.clone(),
        to: to.clone(),
        stop: stop.clone(),
        health: None,
        carry: DecoderState::default(),
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
    columns: Option<Columns>,
    clock: Clock,
    to: Sender<Message>,
    stop: CancellationToken,
    health: Option<(Health, Text)>,
    /// When a line last came.
    heard: Time,
    carry: DecoderState,
    tally: InputTally,
}

/// Nobody listens any more.
struct Stopped;

/// How a file came to its end.
enum FollowEnd {
    /// Another file stands in its place.
    Rotated,
    /// It was cut, or written anew.
    Truncated,
    /// It isn't followed.
    Read,
    /// It can't be read.
    Failed(io::Error),
}

impl FileFollower {
    fn run(mut self, cursor: Option<FileCursor>) {
        if self.work(cursor).is_ok() {
            let reason = self.health.take().map_or(Text::default(), |(_, reason)| reason);
            let _ = self.say(Health::Ended, &reason);
        }
        let InputTally { lines, events, .. } = self.tally;
        let (types, fields) = (self.tally.unknown_types_seen(), self.tally.unknown_fields_seen());
        tracing::info!(source = %self.name, lines, events, unknown_types = types, unknown_fields = fields, "ended");
    }

    fn work(&mut self, cursor: Option<FileCursor>) -> Result<(), Stopped> {
        self.say(Health::Connecting, &Text::default())?;
        let path = self.settings.path.clone();
        let mut at = (0, 0);
        let mut reason = Text::default();
        if let Some(cursor) = cursor.filter(|cursor| cursor.path == path) {
            (at, reason) = self.catch_up(&cursor)?;
        }
        loop {
            let Some(mut file) = self.open(&path, at)? else { return Ok(()) };
            let end = self.follow(&mut file, &reason)?;
            self.carry = file.carry();
            at = (0, 0);
            reason = Text::default();
            match end {
                FollowEnd::Read => return Ok(()),
                FollowEnd::Rotated => {}
                FollowEnd::Truncated => (at, reason) = self.catch_up(&file.cursor(&path))?,
                FollowEnd::Failed(error) => {
                    self.down(&format!("cannot read {}: {error}", path.display()))?;
                    if !self.settings.follow {
                        return Ok(());
                    }
                    self.wait_for_change(&path)?;
                    (at, reason) = self.catch_up(&file.cursor(&path))?;
                }
            }
        }
    }

    /// Finish what rotation left behind; where to go on in the file itself, and what to say of it.
    fn catch_up(&mut self, cursor: &FileCursor) -> Result<((u64, u64), Text), Stopped> {
        self.carry = DecoderState { memory: cursor.memory.clone(), rows: cursor.rows };
        let plan = cursor.plan();
        for (path, offset, line) in &plan.rotated {
            let Ok(decoder) = self.decoder() else { continue };
            match TailedFile::open(path, (*offset, *line), decoder, self.carry.clone()) {
                Ok(mut file) => {
                    if let Err(error) = self.read(&mut file, PartialLine::Emit)? {
                        tracing::warn!(source = %self.name, path = %path.display(), %error, "rotated file not read to its end");
                    }
                    self.carry = file.carry();
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
        let FileSettings { kind, verbs, .. } = &self.settings;
        LineDecoder::new(*kind, &self.name, verbs, self.columns.as_ref(), String::new())
    }

    /// Open the file, waiting until it is there; `None` where it can't be waited for.
    fn open(&mut self, path: &Path, at: (u64, u64)) -> Result<Option<TailedFile>, Stopped> {
        loop {
            let opened = self.decoder().map_err(|error| io::Error::other(error.to_string()));
            let opened = opened.and_then(|decoder| TailedFile::open(path, at, decoder, self.carry.clone()));
            let reason = match opened {
                Ok(file) => return Ok(Some(file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound && self.settings.follow => {
                    format!("{} is not there; waiting for it", path.display())
                }
                Err(error) => format!("cannot read {}: {error}", path.display()),
            };
            self.down(&reason)?;
            if !self.settings.follow {
                return Err(Stopped);
            }
            self.pause()?;
        }
    }

    /// Read the file and what is added to it, until it ends. `reason` goes with the word that it is live.
    fn follow(&mut self, file: &mut TailedFile, reason: &Text) -> Result<FollowEnd, Stopped> {
        let path: PathBuf = file.path.clone();
        let once = file.packed || !self.settings.follow;
        if let Err(error) = self.read(file, if once { PartialLine::Emit } else { PartialLine::Hold })? {
            return Ok(FollowEnd::Failed(error));
        }
        self.say(Health::Live, reason)?;
        if once {
            return Ok(FollowEnd::Read);
        }
        // Looks in a row that found another file in its place, or none, and nothing new in this one.
        let mut away = 0;
        loop {
            if file.is_truncated() {
                return Ok(FollowEnd::Truncated);
            }
            let place = fs::metadata(&path).map(|metadata| file.is(FileId::from(&metadata)));
            match self.read(file, PartialLine::Hold)? {
                Err(error) => return Ok(FollowEnd::Failed(error)),
                Ok(0) if !matches!(place, Ok(true)) => away += 1,
                Ok(_) => away = 0,
            }
            match place {
                Ok(true) => self.freshen()?,
                Ok(false) if away >= QUIET => {
                    if let Err(error) = self.read(file, PartialLine::Emit)? {
                        tracing::warn!(source = %self.name, %error, "rotated file not read to its end");
                    }
                    return Ok(FollowEnd::Rotated);
                }
                Ok(false) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    // A rotation is a rename and then a new file: a short absence is no news.
                    if away >= QUIET {
                        self.down(&format!("{} is gone; waiting for it to come back", path.display()))?;
                    }
                }
                Err(error) => self.down(&format!("cannot look at {}: {error}", path.display()))?,
            }
            self.pause()?;
        }
    }

    /// Read what is there and send it; how many lines that was.
    fn read(&mut self, file: &mut TailedFile, tail: PartialLine) -> Result<io::Result<u64>, Stopped> {
        let latest = self.clock.now() + Span::DAY;
        let mut events: Vec<Event> = Vec::new();
        let before = self.tally.lines;
        let outcome = loop {
            let read = match file.lines.next(tail) {
                Ok(Some(RawLine::Text(text))) => {
                    file.decoder.line(text, latest, &mut self.tally, &mut |event| events.push(event))
                }
                Ok(Some(RawLine::TooLong)) => {
                    Err(DecodeError::Line("longer than 64 KiB: skipped to the next line".into()))
                }
                Ok(None) if tail == PartialLine::Emit => {
                    if let Err(DecodeError::Line(reason)) = file.decoder.finish() {
                        self.reject(file, &reason)?;
                    }
                    break Ok(self.tally.lines - before);
                }
                Ok(None) => break Ok(self.tally.lines - before),
                Err(error) => break Err(error),
            };
            self.tally.lines += 1;
            match read {
                Ok(()) => {}
                Err(DecodeError::Line(reason)) => self.reject(file, &reason)?,
                Err(DecodeError::File(error)) => {
                    break Err(io::Error::new(io::ErrorKind::InvalidData, error.to_string()));
                }
            }
            file.take_in();
            if events.len() >= BATCH {
                self.send(file, &mut events)?;
            }
        };
        if !events.is_empty() {
            self.send(file, &mut events)?;
        }
        if self.tally.lines > before {
            self.heard = self.clock.now();
        }
        Ok(outcome)
    }

    /// Send events with how far the file has been read.
    fn send(&mut self, file: &mut TailedFile, events: &mut Vec<Event>) -> Result<(), Stopped> {
        self.tally.events += events.len() as u64;
        if matches!(file.decoder, LineDecoder::Csv(_)) {
            events.sort_by_key(|event| event.at);
        }
        let cursor = serde_json::to_string(&file.cursor(&self.settings.path)).ok();
        // One line can give several events, so a batch may be a little over.
        let mut events = std::mem::replace(events, Vec::with_capacity(BATCH));
        if let Some(prefix) = &self.prefix {
            for event in &mut events {
                keep_apart(event, prefix);
            }
        }
        self.tell(Message::Events { source: self.index, events, cursor, kept: None })
    }

    fn reject(&self, file: &TailedFile, reason: &str) -> Result<(), Stopped> {
        let place = Label::new(&file.path.file_name().unwrap_or_default().to_string_lossy());
        let rejection = Rejection { place, line: file.lines.number(), reason: Text::new(reason) };
        self.tell(Message::Rejected { source: self.index, rejection })
    }

    /// The file is there: live, or stale where nothing has come for too long.
    fn freshen(&mut self) -> Result<(), Stopped> {
        let patience = i64::try_from(self.settings.stale_after_s).unwrap_or(i64::MAX);
        if patience > 0 && self.clock.now().since(self.heard) > Span::seconds(patience) {
            return self.say(Health::Stale, &Text::new(&format!("nothing has come for {patience} s")));
        }
        match &self.health {
            Some((Health::Live, _)) => Ok(()),
            _ => self.say(Health::Live, &Text::default()),
        }
    }

    fn down(&mut self, reason: &str) -> Result<(), Stopped> {
        self.say(Health::Down, &Text::new(reason))
    }

    /// Say how the source does, where that is news.
    fn say(&mut self, health: Health, reason: &Text) -> Result<(), Stopped> {
        let now = (health, reason.clone());
        if self.health.as_ref() == Some(&now) {
            return Ok(());
        }
        self.health = Some(now);
        let (source, reason, at) = (self.index, reason.clone(), self.clock.now());
        self.tell(Message::Health { source, health, reason, at, next_try: None })
    }

    fn tell(&self, message: Message) -> Result<(), Stopped> {
        if self.stop.is_cancelled() {
            return Err(Stopped);
        }
        self.to.blocking_send(message).map_err(|_| Stopped)
    }

    /// Wait until a file that can't be read is another one, or was written to.
    fn wait_for_change(&self, path: &Path) -> Result<(), Stopped> {
        let look = || fs::metadata(path).ok().map(|m| (FileId::from(&m), m.len(), m.modified().ok()));
        let before = look();
        loop {
            self.pause()?;
            if look() != before {
                return Ok(());
            }
        }
    }

    /// Wait for the next look at the file.
    fn pause(&self) -> Result<(), Stopped> {
        if !self.stop.is_cancelled() {
            thread::park_timeout(POLL);
        }
        if self.stop.is_cancelled() || self.to.is_closed() { Err(Stopped) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
