//! The composition root: it wires the rooms together, and is the only one that knows them all.
//!
//! # Threads and tasks
//! - The main thread runs the screen, or waits for the hub's server.
//! - A tokio runtime with two workers runs the floor, the server's connections, and the client of a remote hub.
//! - Each configured source has a thread of its own, as has the journal's writer. All notification targets share one.
//!
//! # Channels
//! - Sources send [`Message`]s to the floor through one bounded channel, so a source that is faster than the floor waits.
//! - The floor publishes boards through a `watch` channel and takes queries and commands through a bounded one. A
//!   [`Handle`] holds the other ends of both; a remote hub's client provides the same [`Handle`].
//!
//! # Shutdown
//! 1. The screen or the hub's server ends, and with it the last [`Handle`]. A board that shares its floor first stops the
//!    server at its socket.
//! 2. The floor ends because nobody can ask it any more: it stops the notifier, then flushes the journal. The main thread
//!    waits up to `SHUTDOWN_TIMEOUT` for this.
//! 3. The process exits. Sources are not waited for: the journal holds how far their events have been recorded.

mod certificate;
mod colleagues;
mod ending;
mod identity;
mod locate;
mod log;
mod push_source;
mod recording;
mod reload;
mod serve;
mod share;
mod simulated;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::mpsc as threads;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::alert::{Actor, Episode};
use crate::annotation::Annotations;
use crate::board::Mode;
use crate::clock::{Clock, Span, Time};
use crate::config::{self, Config};
use crate::engine::{self, Engine};
use crate::floor::{
    self, Cursors, Feed, Floor, Handle, NotifierHandle, Persistence, Recording, SourceInfo, StartNotifier,
};
use crate::hub::{ServerConfig, client};
use crate::journal::{self, Journal};
use crate::notify;
use crate::source::file::read;
use crate::source::format::csv::ColumnsError;
use crate::source::simulator::{self, Scenario};
use crate::source::{self, Message};
use crate::text::{Label, Text};
use crate::ui;
use push_source::PushSource;
use reload::Listeners;
pub use reload::Reloadable;

/// The threads that serve a hub's boards and sources.
const WORKER_THREADS: usize = 2;
/// Capacity of the channel from the sources to the floor, in messages.
const MESSAGE_CAPACITY: usize = 64;
/// The same from the simulator, whose past comes faster than a floor counts it: few wait, so that they take little room.
const SIMULATED_MESSAGE_CAPACITY: usize = 4;
/// How long the floor may take to flush the journal when the program ends.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);
/// How long [`query`] waits for the board of a hub.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The most events of a replay, which holds all of them in memory: about 1 GB.
const MAX_REPLAY_EVENTS: usize = 5_000_000;

/// Why a floor cannot be shown or served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no home folder for the journal.
    #[error("there is no home folder to keep the journal in: name a file with `path` under [journal]")]
    NoHomeFolder,
    /// The log file cannot be opened.
    #[error("the log file {0}")]
    Log(PathBuf, #[source] std::io::Error),
    /// `FLOORWATCH_LOG` is no valid filter.
    #[error(
        "FLOORWATCH_LOG={0:?} is no log filter: name a level (error, warn, info, debug, trace), or targets with levels: \"info,floorwatch::hub=debug\""
    )]
    LogFilter(std::ffi::OsString),
    /// The runtime or a thread cannot be started.
    #[error("cannot start")]
    Start(#[from] std::io::Error),
    /// The journal cannot be opened.
    #[error("the journal")]
    Journal(#[from] journal::Error),
    /// The columns of a recording are wrong.
    #[error("the columns")]
    Columns(#[from] ColumnsError),
    /// A recording cannot be read.
    #[error(transparent)]
    Read(#[from] read::Error),
    /// The recording holds no events.
    #[error("there is no event in {0}: nothing to replay")]
    Empty(String),
    /// A recording that does not fit into memory.
    #[error("there are {0} events or more, too many to replay: give the files of one day")]
    TooLong(usize),
    /// Several floors run on this machine, and none is configured.
    #[error("several floors run on this machine ({}): name one with `socket` under [hub]", .0.join(", "))]
    SeveralFloors(Vec<String>),
    /// The floor on this machine is shared with a group that this user is not in.
    #[error(
        "{0}'s floor on this machine is shared with the group {1}, which this user is not in: have an administrator run `usermod -aG {1} USER`, and log in anew"
    )]
    NotShared(Label, Label),
    /// The hub cannot listen at its address.
    #[error("the hub can't listen at {0}")]
    Listen(String, #[source] std::io::Error),
    /// The hub cannot listen at its socket.
    #[error(transparent)]
    Socket(#[from] crate::hub::socket::Error),
    /// The hub's certificate or key cannot be used.
    #[error("{0}: {1}")]
    Certificate(PathBuf, String),
    /// There is no floor to connect to.
    #[error("no floor runs here: start `floorwatch hub` or a board, or name a hub with `url` under [hub]")]
    NoFloor,
    /// The hub cannot be reached.
    #[error("{0}")]
    CutOff(Text),
    /// The terminal failed.
    #[error(transparent)]
    Screen(#[from] ui::Error),
}

/// A simulated floor.
#[derive(Clone, Copy, Debug)]
pub struct Demo {
    /// The seed; the same one produces the same day.
    pub seed: u64,
    /// The speed; 1.0 is real time.
    pub speed: f64,
    /// The kind of day.
    pub scenario: Scenario,
}

impl Default for Demo {
    fn default() -> Self {
        Self { seed: 1, speed: 1.0, scenario: Scenario::Calm }
    }
}

/// A recording to replay.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The files; several are one stream in time order.
    pub files: Vec<PathBuf>,
    /// The file that names the columns of tables.
    pub columns: Option<PathBuf>,
    /// The speed; 1.0 is real time.
    pub speed: f64,
    /// Where to start; the first event when `None`.
    pub from: Option<Time>,
}

/// Show the configured floor: that of the configured hub, or else a floor in this program.
///
/// # Errors
/// If the journal or the log cannot be opened, a thread cannot be started, or the terminal fails.
pub fn board(config: Config, reloadable: Option<Reloadable>, log_file: Option<&Path>) -> Result<(), Error> {
    if config.hub.url.is_some() {
        return remote_board(config, reloadable, log_file)?.map_or_else(|| Err(Error::NoFloor), Ok);
    }
    let _log = log::start(log_file, config::state_folder().as_deref())?;
    let clock = Clock::System;
    let who = identity::who(config.who.clone());
    let (floor, handle, socket) = persistent_floor(&config, &clock, &who, None)?;
    let stop = CancellationToken::new();
    let share = share::share(handle.clone(), socket, config.hub.group.clone(), clock, stop.clone());
    let (listeners, floor_changes, changes) = Listeners::of_both();
    let screen = ScreenSetup { settings: config.ui.clone(), who, changes };
    let watch = reload::watch(reloadable, config, listeners, stop.clone());
    show(
        floor.with_changes(floor_changes).run(),
        async { ((), ()) = tokio::join!(share, watch) },
        handle,
        screen,
        &stop,
    )
}

/// Show the floor of the configured hub, or one that runs on this machine; `None` if there is neither.
///
/// # Errors
/// If several floors run on this machine and none is configured, or the terminal fails.
pub fn remote_board(
    config: Config,
    reloadable: Option<Reloadable>,
    log_file: Option<&Path>,
) -> Result<Option<()>, Error> {
    let Some((place, name)) = locate::find(&config)? else { return Ok(None) };
    let _log = log::start(log_file, config::state_folder().as_deref())?;
    let (handle, work) = client::connect(place, name, Clock::System);
    let stop = CancellationToken::new();
    let (listeners, changes) = Listeners::of_screen();
    let screen = ScreenSetup { settings: config.ui.clone(), who: identity::who(config.who.clone()), changes };
    show(work, reload::watch(reloadable, config, listeners, stop.clone()), handle, screen, &stop).map(Some)
}

/// Serve the configured floor without a screen, until the program is told to end.
///
/// # Errors
/// If the journal or the log cannot be opened, a thread cannot be started, or the hub cannot listen.
pub fn hub(config: &Config, reloadable: Option<Reloadable>, log_file: Option<&Path>) -> Result<(), Error> {
    let _log = log::to_stderr(log_file)?;
    raise_file_limit();
    let clock = Clock::System;
    let who = identity::who(config.who.clone());
    let push = PushSource::of(config);
    let event_slot = push.as_ref().map(PushSource::event_slot);
    let (floor, handle, socket) = persistent_floor(config, &clock, &who, push)?;
    let runtime = runtime(WORKER_THREADS)?;
    let (listeners, floor_changes) = Listeners::of_floor();
    runtime.spawn(reload::watch(reloadable, config.clone(), listeners, CancellationToken::new()));
    let floor = drive(&runtime, floor.with_changes(floor_changes).run())?;
    let server_config = ServerConfig { handle, tokens: config.hub.tokens.clone(), event_slot, clock };
    let served = runtime.block_on(serve::serve(server_config, config, socket));
    // The hub's handles are gone, so the floor flushes the journal and ends.
    if floor.recv_timeout(SHUTDOWN_TIMEOUT).is_err() {
        tracing::error!("the floor did not end in time");
    }
    runtime.shutdown_background();
    served
}

/// Raise the limit of open files to the maximum that the system allows this process: each connection is one, and the
/// usual limit of 1,024 is too low for a hub.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::warn!("the limit of open files stays as it is: {error}");
    }
}

/// Connect to the configured hub, or to a floor on this machine, and run `ask` with its handle once its board has
/// arrived.
///
/// # Errors
/// [`Error::NoFloor`] if there is none, [`Error::CutOff`] if it cannot be reached within `CONNECT_TIMEOUT`.
pub fn query<T, F: Future<Output = T>>(config: &Config, ask: impl FnOnce(Handle) -> F) -> Result<T, Error> {
    let (place, name) = locate::find(config)?.ok_or(Error::NoFloor)?;
    let runtime = runtime(WORKER_THREADS)?;
    let (handle, work) = client::connect(place, name, Clock::System);
    runtime.spawn(work);
    runtime.block_on(async {
        let mut boards = handle.watch();
        // Wait for a board from the floor, or for the first failure to connect.
        let arrived = boards.wait_for(|board| {
            board.hub.as_ref().is_some_and(|hub| hub.cut_off.as_ref().is_none_or(|cut_off| cut_off.next_try.is_some()))
        });
        let cut_off = match tokio::time::timeout(CONNECT_TIMEOUT, arrived).await {
            Ok(Ok(board)) => board.hub.as_ref().and_then(|hub| hub.cut_off.clone()).map(|cut_off| cut_off.reason),
            _ => Some(Text::fixed("the hub does not answer")),
        };
        match cut_off {
            Some(reason) => Err(Error::CutOff(reason)),
            None => Ok(ask(handle).await),
        }
    })
}

/// The configured floor as its journal has it, if no process can be asked: no hub is configured, and the floor does not
/// run here or does not listen. `None` where there is no such journal.
///
/// # Errors
/// [`Error::Journal`] if it cannot be read.
pub fn stored_floor(config: &Config, now: Time) -> Result<Option<(Engine, Annotations)>, Error> {
    if config.hub.url.is_some() || locate::own_socket(config).is_some() {
        return Ok(None);
    }
    let settings = engine::Settings { keep: Some(kept_figures(config)), ..config.floor.clone() };
    Ok(floor::read_journal(&journal_path(config)?, &settings, now)?)
}

/// How long a floor with a journal keeps figures.
fn kept_figures(config: &Config) -> Span {
    Span(i64::from(config.journal.keep_figures_days.max(config.journal.keep_days)) * Span::DAY.0)
}

/// The alerts of the journal of the configured floor, those that are active and the last `limit` that are over, whether the
/// floor runs or not. `None` where a hub has them.
///
/// # Errors
/// [`Error::Journal`] if it cannot be read.
pub fn stored_episodes(config: &Config, limit: usize) -> Result<Option<Vec<Episode>>, Error> {
    if config.hub.url.is_some() {
        return Ok(None);
    }
    let Some(reader) = journal::Reader::of(&journal_path(config)?)? else { return Ok(None) };
    let (mut episodes, _) = reader.history(limit)?;
    episodes.extend(reader.active()?.0);
    Ok(Some(episodes))
}

/// The path of the journal.
fn journal_path(config: &Config) -> Result<PathBuf, Error> {
    let default = || config::state_folder().map(|folder| folder.join("floorwatch.db"));
    config.journal.path.clone().or_else(default).ok_or(Error::NoHomeFolder)
}

/// The configured floor, which continues from its journal and is recorded there, its handle, and the socket at which it
/// is shared. `push` is a further source.
fn persistent_floor(
    config: &Config,
    clock: &Clock,
    who: &Actor,
    push: Option<PushSource>,
) -> Result<(Floor, Handle, Option<PathBuf>), Error> {
    let path = journal_path(config)?;
    let mut settings = journal::Settings::new(who.name.clone(), identity::host(), clock.clone());
    settings.keep_days = config.journal.keep_days;
    settings.keep_figures_days = config.journal.keep_figures_days;
    let socket = share::socket_path(&config.hub, &path);
    settings.socket.clone_from(&socket);
    let opened = Journal::open(&path, &settings)?;
    let info = |source: &source::Settings| SourceInfo { name: source.name(), kind: source.kind_label() };
    let mut infos: Vec<SourceInfo> = config.sources.iter().map(info).collect();
    infos.extend(push.iter().map(|push| SourceInfo { name: push.name.clone(), kind: PushSource::kind() }));
    let mut floor_settings = floor_settings(config, infos);
    floor_settings.engine.keep = Some(kept_figures(config));
    let start = {
        let (sources, clock) = (config.sources.clone(), clock.clone());
        Box::new(move |cursors: &Cursors| start(&sources, push.as_ref(), &clock, cursors))
    };
    let forward = share::forward(path.clone(), socket.clone(), clock.clone());
    let tell = notifier(config, clock);
    let persistence = Persistence { opened, path, settings, start, tell, forward };
    let (floor, handle) = Floor::new(floor_settings, clock.clone(), Mode::Live, Feed::Nothing);
    let remarks = config.notify.iter().filter_map(notify::Settings::protection_remark).map(|words| Text::new(&words));
    Ok((floor.with_journal(persistence).with_remarks(remarks.collect()), handle, socket))
}

/// Show a simulated floor, without a journal.
///
/// # Errors
/// If a thread cannot be started, or the terminal fails.
pub fn demo(config: Config, reloadable: Option<Reloadable>, demo: Demo, log_file: Option<&Path>) -> Result<(), Error> {
    let _log = log::start(log_file, None)?;
    let clock = match demo.speed {
        1.0 => Clock::System,
        speed => Clock::Scaled { origin: Clock::System.now(), speed },
    };
    let config = simulated::with_targets(config);
    let reloadable = reloadable.map(|reloadable| reloadable.then(simulated::with_targets));
    let name = Label::fixed("simulator");
    let info = SourceInfo { name: name.clone(), kind: name };
    let settings = floor_settings(&config, vec![info]);
    let (to, messages) = mpsc::channel(SIMULATED_MESSAGE_CAPACITY);
    let world = simulator::Settings { seed: demo.seed, scenario: demo.scenario, zone: config.floor.calendar.zone };
    simulator::spawn(0, world, clock.clone(), to)?;
    let mode = Mode::Simulated { scenario: Label::fixed(demo.scenario.key()), speed: demo.speed };
    let (floor, handle) = Floor::new(settings, clock, mode, Feed::Sources(messages));
    let stop = CancellationToken::new();
    let (listeners, floor_changes, changes) = Listeners::of_both();
    let screen = ScreenSetup { settings: config.ui.clone(), who: identity::who(config.who.clone()), changes };
    let watch = reload::watch(reloadable, config, listeners, stop.clone());
    let colleagues = colleagues::work(handle.clone(), demo.speed, stop.clone());
    let beside = async { _ = tokio::join!(watch, colleagues) };
    show(floor.with_changes(floor_changes).run(), beside, handle, screen, &stop)
}

/// Replay a recording as if it were live, without a journal.
///
/// # Errors
/// If a file cannot be read or holds no events, a thread cannot be started, or the terminal fails.
pub fn replay(config: Config, replay: &Replay, log_file: Option<&Path>) -> Result<(), Error> {
    let _log = log::start(log_file, None)?;
    let events = recording::read(replay, &config, MAX_REPLAY_EVENTS)?;
    let name = Label::fixed("recording");
    let info = SourceInfo { name: name.clone(), kind: name };
    let settings = floor_settings(&config, vec![info]);
    let mode = Mode::Replay { speed: replay.speed, paused: false, from: Time(0), to: Time(0) };
    let recording = Recording::new(events, replay.from, replay.speed);
    let (floor, handle) = Floor::new(settings, Clock::System, mode, Feed::Recording(recording));
    let screen = ScreenSetup { settings: config.ui, who: identity::who(config.who), changes: mpsc::channel(1).1 };
    show(floor.run(), std::future::ready(()), handle, screen, &CancellationToken::new())
}

fn floor_settings(config: &Config, sources: Vec<SourceInfo>) -> floor::Settings {
    floor::Settings {
        title: config.title.clone(),
        engine: config.floor.clone(),
        rules: config.rules.clone(),
        alerts: config.alerts,
        worklist: config.worklist.clone(),
        sources,
    }
}

/// A function that starts the notifier, if targets are configured.
fn notifier(config: &Config, clock: &Clock) -> StartNotifier {
    let (targets, clock) = (config.notify.clone(), clock.clone());
    let floor = notify::FloorInfo { title: config.title.clone(), zone: config.floor.calendar.zone };
    Box::new(move |outbox| {
        if targets.is_empty() {
            return None;
        }
        match notify::start(targets, &floor, &clock, &outbox) {
            Ok(notify::RunningTargets { stop, ended, failing }) => Some(NotifierHandle { stop, ended, failing }),
            Err(error) => {
                tracing::error!("no notifications of alerts are sent: {error}");
                None
            }
        }
    })
}

/// Start every source at its cursor.
fn start(
    sources: &[source::Settings],
    push: Option<&PushSource>,
    clock: &Clock,
    cursors: &Cursors,
) -> Result<mpsc::Receiver<Message>, Text> {
    let (to, messages) = mpsc::channel(MESSAGE_CAPACITY);
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

/// What is shown on, by whom, and how that changes.
struct ScreenSetup {
    settings: ui::Settings,
    who: Actor,
    changes: mpsc::Receiver<ui::ScreenChange>,
}

/// Show a floor until the user quits, then wait for it to end. `work` drives the floor; `also` runs beside it until
/// `stop`.
fn show(
    work: impl Future<Output = ()> + Send + 'static,
    also: impl Future<Output = ()> + Send + 'static,
    handle: Handle,
    screen: ScreenSetup,
    stop: &CancellationToken,
) -> Result<(), Error> {
    let ScreenSetup { mut settings, who, changes } = screen;
    settings.hint_seen = config::state_folder().map(|folder| folder.join("hint-seen"));
    settings.views = config::default_path().map(|path| path.with_file_name("views.toml"));
    // The floor and the screen have threads of their own: one is enough for the rest.
    let runtime = runtime(1)?;
    let floor = drive(&runtime, work)?;
    let also = runtime.spawn(also);
    let shown = if settings.plain {
        runtime.block_on(ui::plain::run(handle, settings, who, changes))
    } else {
        runtime.block_on(ui::run(handle, settings, who, changes))
    };
    runtime.spawn(ending::at_once_when_told());
    stop.cancel();
    runtime.block_on(async { drop(tokio::time::timeout(SHUTDOWN_TIMEOUT, also).await) });
    // The screen held the last handle, so the floor ends.
    if floor.recv_timeout(SHUTDOWN_TIMEOUT).is_err() {
        tracing::error!("the floor did not end in time");
    }
    runtime.shutdown_background();
    Ok(shown?)
}

/// Drive a floor on a thread of its own, which says when it has ended. What it spawns runs on the runtime's threads. One
/// that went from thread to thread would use the memory that the allocator keeps for each.
fn drive(runtime: &Runtime, work: impl Future<Output = ()> + Send + 'static) -> std::io::Result<threads::Receiver<()>> {
    let (ended, end) = threads::channel();
    let runtime = runtime.handle().clone();
    std::thread::Builder::new().name("floor".to_owned()).spawn(move || {
        runtime.block_on(work);
        // The main thread may have stopped waiting.
        let _ = ended.send(());
    })?;
    Ok(end)
}

fn runtime(threads: usize) -> std::io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(threads).thread_name("floorwatch").enable_all().build()
}
