//! The composition root: runtime, clock, channels, tasks, and the order in which they end.
//!
//! The only place that knows every room. The screen runs on the thread that the program began on; the floor on a
//! worker of the runtime; each source on a thread of its own; the journal's writer on another. A hub is the same
//! without a screen; a hub's guest is the screen without a floor.

mod hub;
mod identity;
mod log;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::mpsc as threads;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::alert::Actor;
use crate::board::Mode;
use crate::clock::{Clock, Time};
use crate::config::{self, Config};
use crate::event::Event;
use crate::floor::{
    self, Cursors, Feed, Floor, Handle, NotifierHandle, Persistence, Recording, SourceInfo, StartNotifier,
};
use crate::hub::{ServerConfig, client};
use crate::journal::{self, Journal};
use crate::kpi::{Bands, KpiId};
use crate::notify;
use crate::source::file::read::{self, Options};
use crate::source::format::csv::{Columns, ColumnsError};
use crate::source::simulator::{self, Scenario};
use crate::source::{self, Message};
use crate::text::{Label, Text};
use crate::ui;

/// Messages in flight between the sources and the floor; a source that is quicker waits.
const IN_FLIGHT: usize = 64;
/// How long the floor may take to write down what is pending when the program ends.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why the board can't be shown, or no more.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nowhere to keep the journal.
    #[error("there is no home folder to keep the journal in: name a file with `path` under [journal]")]
    Homeless,
    /// The log file can't be written.
    #[error("the log file {0}")]
    Log(PathBuf, #[source] std::io::Error),
    /// `FLOORWATCH_LOG` can't be read.
    #[error(
        "FLOORWATCH_LOG={0:?} is no log filter: name a level (error, warn, info, debug, trace), or targets with levels: \"info,floorwatch::hub=debug\""
    )]
    LogFilter(String),
    /// The system gives no threads.
    #[error("cannot start")]
    Start(#[from] std::io::Error),
    /// The journal.
    #[error("the journal")]
    Journal(#[from] journal::Error),
    /// A recording's columns.
    #[error("the columns")]
    Columns(#[from] ColumnsError),
    /// A recording.
    #[error(transparent)]
    Read(#[from] read::Error),
    /// A recording in which nothing happens.
    #[error("there is no event in {0}: nothing to replay")]
    Empty(String),
    /// Several floors on this machine, and none is named.
    #[error("several floors run on this machine ({}): name one with `socket` under [hub]", .0.join(", "))]
    Many(Vec<String>),
    /// The floor that runs here is for others.
    #[error(
        "{0}'s floor on this machine is shared with the group {1}, which this user is not in: have an administrator run `usermod -aG {1} USER`, and log in anew"
    )]
    NotShared(Label, Label),
    /// The hub can't listen.
    #[error("the hub can't listen at {0}")]
    Listen(String, #[source] std::io::Error),
    /// Nor at its socket.
    #[error(transparent)]
    Socket(#[from] crate::hub::socket::Error),
    /// Its certificate.
    #[error("{0}: {1}")]
    Certificate(PathBuf, String),
    /// No floor to look at.
    #[error("no floor runs here: start `floorwatch hub` or a board, or name a hub with `url` under [hub]")]
    NoFloor,
    /// The hub can't be reached.
    #[error("{0}")]
    CutOff(Text),
    /// The screen.
    #[error(transparent)]
    Screen(#[from] ui::Error),
}

/// A simulated floor.
#[derive(Clone, Copy, Debug)]
pub struct Demo {
    /// The same seed makes the same day.
    pub seed: u64,
    /// How many times faster than life.
    pub speed: f64,
    /// What kind of day.
    pub scenario: Scenario,
}

impl Default for Demo {
    fn default() -> Self {
        Self { seed: 1, speed: 1.0, scenario: Scenario::Calm }
    }
}

/// A recording to be played.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The files; several are one stream in time order.
    pub files: Vec<PathBuf>,
    /// The file that names the columns of tables.
    pub columns: Option<PathBuf>,
    /// How many times faster than life.
    pub speed: f64,
    /// Where to begin.
    pub from: Option<Time>,
}

/// Show the configured floor: a hub's, where one is named, or one of this program's own.
///
/// # Errors
/// Where the journal, a thread or the terminal can't be had.
pub fn board(config: Config, log_file: Option<&Path>) -> Result<(), Error> {
    if config.hub.url.is_some() {
        return visit(config, log_file)?.map_or_else(|| Err(Error::NoFloor), Ok);
    }
    let _log = log::start(log_file, config::state_folder().as_deref())?;
    let clock = Clock::System;
    let who = identity::who(config.who.clone());
    let (floor, handle, socket) = kept(&config, &clock, &who, None)?;
    let stop = CancellationToken::new();
    let share = hub::share(handle.clone(), socket, config.hub.group.clone(), clock, stop.clone());
    show(floor.run(), share, handle, config.ui, who, &stop)
}

/// Show the floor of the configured hub, or one that runs on this machine; `None` where there is none.
///
/// # Errors
/// Where several run here, or the terminal can't be had.
pub fn visit(config: Config, log_file: Option<&Path>) -> Result<Option<()>, Error> {
    let Some((place, name)) = hub::place(&config)? else { return Ok(None) };
    let _log = log::start(log_file, config::state_folder().as_deref())?;
    let (handle, work) = client::connect(place, name, Clock::System);
    let who = identity::who(config.who);
    show(work, std::future::ready(()), handle, config.ui, who, &CancellationToken::new()).map(Some)
}

/// Run the configured floor for others, without a screen, until the program is told to end.
///
/// # Errors
/// Where the journal or a thread can't be had, or the hub can't listen.
pub fn hub(config: &Config, log_file: Option<&Path>) -> Result<(), Error> {
    let _log = log::to_stderr(log_file)?;
    let clock = Clock::System;
    let who = identity::who(config.who.clone());
    let push = hub::PushSource::of(config);
    let event_slot = push.as_ref().map(hub::PushSource::event_slot);
    let (floor, handle, socket) = kept(config, &clock, &who, push)?;
    let runtime = runtime()?;
    let floor = runtime.spawn(floor.run());
    let server_config = ServerConfig { handle, tokens: config.hub.tokens.clone(), event_slot, clock };
    let served = runtime.block_on(hub::serve(server_config, config, socket));
    // The hub's handles are gone, so the floor writes down what is pending and ends.
    let ended = runtime.block_on(async { tokio::time::timeout(PATIENCE, floor).await });
    if ended.is_err() {
        tracing::error!("the floor did not end in time");
    }
    runtime.shutdown_background();
    served
}

/// Look at the configured hub's floor, or one that runs on this machine, and do something with its handle once its
/// board is there.
///
/// # Errors
/// [`Error::NoFloor`] where there is none, [`Error::CutOff`] where it can't be reached.
pub fn look<T, F: Future<Output = T>>(config: &Config, ask: impl FnOnce(Handle) -> F) -> Result<T, Error> {
    let (place, name) = hub::place(config)?.ok_or(Error::NoFloor)?;
    let runtime = runtime()?;
    let (handle, work) = client::connect(place, name, Clock::System);
    runtime.spawn(work);
    runtime.block_on(async {
        let mut boards = handle.watch();
        // The first board that is no more cut off is the floor's; the first that says why it is cut off says it all.
        let arrived = boards.wait_for(|board| {
            board.hub.as_ref().is_some_and(|hub| hub.cut_off.as_ref().is_none_or(|cut_off| cut_off.next_try.is_some()))
        });
        let cut_off = match tokio::time::timeout(PATIENCE, arrived).await {
            Ok(Ok(board)) => board.hub.as_ref().and_then(|hub| hub.cut_off.clone()).map(|cut_off| cut_off.reason),
            _ => Some(Text::fixed("the hub does not answer")),
        };
        match cut_off {
            Some(reason) => Err(Error::CutOff(reason)),
            None => Ok(ask(handle).await),
        }
    })
}

/// Where the journal lies.
fn journal_path(config: &Config) -> Result<PathBuf, Error> {
    let usual = || config::state_folder().map(|folder| folder.join("floorwatch.db"));
    config.journal.path.clone().or_else(usual).ok_or(Error::Homeless)
}

/// The configured floor, which goes on where it was left and is written down, its handle, and where users of this
/// machine find it. `push` is one more source of it.
fn kept(
    config: &Config,
    clock: &Clock,
    who: &Actor,
    push: Option<hub::PushSource>,
) -> Result<(Floor, Handle, Option<PathBuf>), Error> {
    let path = journal_path(config)?;
    let mut settings = journal::Settings::new(who.name.clone(), identity::host(), clock.clone());
    settings.keep_days = config.journal.keep_days;
    let opened = Journal::open(&path, &settings)?;
    let info = |source: &source::Settings| SourceInfo { name: source.name(), kind: source.kind_label() };
    let mut infos: Vec<SourceInfo> = config.sources.iter().map(info).collect();
    infos.extend(push.iter().map(|push| SourceInfo { name: push.name.clone(), kind: hub::PushSource::kind() }));
    let floor_settings = floor_settings(config, infos);
    let start = {
        let (sources, clock) = (config.sources.clone(), clock.clone());
        Box::new(move |cursors: &Cursors| start(&sources, push.as_ref(), &clock, cursors))
    };
    let socket = hub::socket_of(&config.hub, &path);
    let forward = hub::forward(socket.clone(), clock.clone());
    let tell = telling(config, clock);
    let persistence = Persistence { opened, path, settings, start, tell, forward };
    let (floor, handle) = Floor::new(floor_settings, clock.clone(), Mode::Live, Feed::Nothing);
    Ok((floor.with_journal(persistence), handle, socket))
}

/// Show a simulated floor. Nothing of it is kept.
///
/// # Errors
/// Where a thread or the terminal can't be had.
pub fn demo(mut config: Config, demo: Demo, log_file: Option<&Path>) -> Result<(), Error> {
    let _log = log::start(log_file, None)?;
    let clock = match demo.speed {
        1.0 => Clock::System,
        speed => Clock::Scaled { origin: Clock::System.now(), speed },
    };
    for (intent, low, high) in simulator::handling_bounds() {
        let bounds = *config.floor.intents.entry(intent.clone()).or_insert(Bands::between(low, high));
        config.ui.handling_time.insert(intent.to_string(), bounds);
    }
    for (queue, within_s) in simulator::written_queues() {
        let targets = &mut config.floor.queues.entry(queue).or_default().targets;
        for kpi in [KpiId::LongestWait, KpiId::Asa] {
            targets.entry(kpi).or_insert(Bands::limits(within_s, within_s, 2.0 * within_s));
        }
    }
    let name = Label::fixed("simulator");
    let info = SourceInfo { name: name.clone(), kind: name };
    let settings = floor_settings(&config, vec![info]);
    let (to, messages) = mpsc::channel(IN_FLIGHT);
    let world = simulator::Settings { seed: demo.seed, scenario: demo.scenario, zone: config.floor.calendar.zone };
    simulator::spawn(0, world, clock.clone(), to)?;
    let mode = Mode::Simulated { scenario: Label::fixed(demo.scenario.key()), speed: demo.speed };
    let (floor, handle) = Floor::new(settings, clock, mode, Feed::Sources(messages));
    show(floor.run(), std::future::ready(()), handle, config.ui, identity::who(config.who), &CancellationToken::new())
}

/// Show a recorded day as if it were live. Nothing of it is kept.
///
/// # Errors
/// Where a file can't be read, or a thread or the terminal can't be had.
pub fn replay(config: Config, replay: &Replay, log_file: Option<&Path>) -> Result<(), Error> {
    let _log = log::start(log_file, None)?;
    let columns = replay.columns.as_deref().map(Columns::load).transpose()?;
    let mut reader = read::open(&replay.files, &Options { columns, ..Options::default() })?;
    let mut events: Vec<Event> = Vec::new();
    reader.for_each(&mut |event| events.push(event));
    if events.is_empty() {
        let names: Vec<String> = replay.files.iter().map(|file| file.display().to_string()).collect();
        return Err(Error::Empty(names.join(", ")));
    }
    let name = Label::fixed("recording");
    let info = SourceInfo { name: name.clone(), kind: name };
    let settings = floor_settings(&config, vec![info]);
    let mode = Mode::Replay { speed: replay.speed, paused: false, from: Time(0), to: Time(0) };
    let recording = Recording::new(events, replay.from, replay.speed);
    let (floor, handle) = Floor::new(settings, Clock::System, mode, Feed::Recording(recording));
    show(floor.run(), std::future::ready(()), handle, config.ui, identity::who(config.who), &CancellationToken::new())
}

fn floor_settings(config: &Config, sources: Vec<SourceInfo>) -> floor::Settings {
    floor::Settings {
        title: config.title.clone(),
        engine: config.floor.clone(),
        rules: config.rules.clone(),
        alerts: config.alerts,
        sources,
    }
}

/// Starts those who tell people outside of alerts.
fn telling(config: &Config, clock: &Clock) -> StartNotifier {
    let (targets, clock) = (config.notify.clone(), clock.clone());
    let floor = notify::FloorInfo { title: config.title.clone(), zone: config.floor.calendar.zone };
    Box::new(move |outbox| {
        if targets.is_empty() {
            return None;
        }
        match notify::start(targets, &floor, &clock, &outbox) {
            Ok(notify::RunningTargets { stop, ended, failing }) => Some(NotifierHandle { stop, ended, failing }),
            Err(error) => {
                tracing::error!("nobody outside is told of alerts: {error}");
                None
            }
        }
    })
}

/// Start every source where it was left off.
fn start(
    sources: &[source::Settings],
    push: Option<&hub::PushSource>,
    clock: &Clock,
    cursors: &Cursors,
) -> Result<mpsc::Receiver<Message>, Text> {
    let (to, messages) = mpsc::channel(IN_FLIGHT);
    if let Some(push) = push {
        push.open(clock, &to);
    }
    for (index, settings) in sources.iter().enumerate() {
        let name = settings.name();
        let cursor = cursors.iter().find(|(of, _)| *of == name).map(|(_, cursor)| cursor.as_str());
        source::spawn(index, settings, clock.clone(), cursor, to.clone())
            .map_err(|error| Text::new(&error.to_string()))?;
    }
    Ok(messages)
}

/// Keep a floor up by `work` and show it until the user leaves; then let the floor write down what is pending. `also`
/// runs beside it, and ends with `stop`.
fn show(
    work: impl Future<Output = ()> + Send + 'static,
    also: impl Future<Output = ()> + Send + 'static,
    handle: Handle,
    settings: ui::Settings,
    who: Actor,
    stop: &CancellationToken,
) -> Result<(), Error> {
    let runtime = runtime()?;
    let (ended, end) = threads::channel();
    runtime.spawn(async move {
        work.await;
        // Nobody waits for it any more: the program is ending anyway.
        let _ = ended.send(());
    });
    let also = runtime.spawn(also);
    let shown = runtime.block_on(ui::run(handle, settings, who));
    stop.cancel();
    runtime.block_on(async { drop(tokio::time::timeout(PATIENCE, also).await) });
    // The screen's handle was the last, so the floor ends.
    if end.recv_timeout(PATIENCE).is_err() {
        tracing::error!("the floor did not end in time");
    }
    runtime.shutdown_background();
    Ok(shown?)
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(2).thread_name("floorwatch").enable_all().build()
}
