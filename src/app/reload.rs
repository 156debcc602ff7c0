//! Reads the configuration again while the program runs: what can change at once goes to the floor and to the screen, and the
//! rest is named as waiting for a restart. A file with a mistake changes nothing.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::config::{self, Config};
use crate::floor::{self, FloorChange};
use crate::text::Text;
use crate::ui::ScreenChange;

/// How often the files are looked at. A change is read once it has been the same for so long: an editor may still write.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// Reads a configuration as at the start, with the options of the command line.
type Load = dyn Fn() -> Result<Config, config::Error> + Send + Sync;

/// A configuration that can be read again.
#[derive(Clone)]
pub struct Reloadable {
    path: PathBuf,
    load: Arc<Load>,
}

impl Reloadable {
    /// The configuration of a file, which `load` reads.
    pub fn new(path: PathBuf, load: impl Fn() -> Result<Config, config::Error> + Send + Sync + 'static) -> Self {
        Self { path, load: Arc::new(load) }
    }

    /// The same with something done to what was read.
    #[must_use]
    pub fn then(self, change: impl Fn(Config) -> Config + Send + Sync + 'static) -> Self {
        let load = self.load;
        Self { path: self.path, load: Arc::new(move || load().map(&change)) }
    }

    /// What the files hold now.
    fn content(&self) -> Vec<Option<Vec<u8>>> {
        let themes = config::theme_files(&self.path);
        let files = std::iter::once(&self.path).chain(&themes);
        files.map(|path| path.is_file().then(|| config::read_bytes(path).ok()).flatten()).collect()
    }

    /// Read the configuration again. A pipe could be waited for without end, and an empty file is about to be written.
    fn read(&self) -> Result<Config, config::Error> {
        let unfit = |what| Err(config::Error::Read { path: self.path.clone(), source: io::Error::other(what) });
        match self.path.metadata() {
            Ok(file) if !file.is_file() => unfit("it is no file"),
            Ok(file) if file.len() == 0 => unfit("it is empty"),
            _ => (self.load)(),
        }
    }
}

/// Who is told of a change. The remark stands on the floor's boards, or where the floor is elsewhere on the screen.
pub(super) struct Listeners {
    floor: Option<mpsc::Sender<FloorChange>>,
    screen: Option<mpsc::Sender<ScreenChange>>,
}

/// Read the configuration again whenever its files have changed, and on SIGHUP. `running` is what the program was started with.
/// Ends at `stop`.
pub(super) async fn watch(
    reloadable: Option<Reloadable>,
    running: Config,
    listeners: Listeners,
    stop: CancellationToken,
) {
    let Some(reloadable) = reloadable else { return };
    let Ok(mut hang_up) = signal(SignalKind::hangup()) else { return };
    let mut ticks = tokio::time::interval(CHECK_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let content = |of: Reloadable| async move { spawn_blocking(move || of.content()).await.unwrap_or_default() };
    let mut read = content(reloadable.clone()).await;
    let mut seen = read.clone();
    loop {
        let told = tokio::select! {
            () = stop.cancelled() => return,
            _ = hang_up.recv() => true,
            _ = ticks.tick() => false,
        };
        let now = content(reloadable.clone()).await;
        let is_due = told || now != read && now == seen;
        seen.clone_from(&now);
        if !is_due {
            continue;
        }
        read = now;
        let reader = reloadable.clone();
        match spawn_blocking(move || reader.read()).await {
            Ok(loaded) => listeners.tell(&running, loaded).await,
            Err(error) => tracing::error!("reading the configuration: {error}"),
        }
    }
}

impl Listeners {
    /// A floor alone.
    pub(super) fn of_floor() -> (Self, mpsc::Receiver<FloorChange>) {
        let (to, floor) = mpsc::channel(1);
        (Self { floor: Some(to), screen: None }, floor)
    }

    /// A screen whose floor is elsewhere.
    pub(super) fn of_screen() -> (Self, mpsc::Receiver<ScreenChange>) {
        let (to, screen) = mpsc::channel(1);
        (Self { floor: None, screen: Some(to) }, screen)
    }

    /// A floor and its screen.
    pub(super) fn of_both() -> (Self, mpsc::Receiver<FloorChange>, mpsc::Receiver<ScreenChange>) {
        let ((Self { floor: to, .. }, floor), (listeners, screen)) = (Self::of_floor(), Self::of_screen());
        (Self { floor: to, ..listeners }, floor, screen)
    }

    async fn tell(&self, running: &Config, loaded: Result<Config, config::Error>) {
        let (config, remark) = match loaded {
            Ok(config) => {
                let remark = waiting(running, &config);
                tracing::info!("the configuration was read again; {}", remark.as_deref().unwrap_or("all of it holds"));
                (Some(config), remark)
            }
            Err(error) => {
                tracing::warn!("the configuration is not taken over: {error}");
                (None, Some(format!("{}; until then the one before holds", error.in_one_line())))
            }
        };
        let remark = remark.map(|words| Text::new(&words));
        let has_floor = self.floor.is_some();
        // Whoever no longer listens has ended. The floor comes first: a screen may be held up by its terminal.
        if let Some(floor) = &self.floor {
            let settings = config.as_ref().map(|config| Box::new(super::floor_settings(config, Vec::new())));
            drop(floor.send(FloorChange { settings, remark: remark.clone() }).await);
        }
        if let Some(screen) = &self.screen {
            let settings = config.map(|config| Box::new(config.ui));
            drop(screen.send(ScreenChange { settings, remark: remark.filter(|_| !has_floor) }).await);
        }
    }
}

/// The keys that have changed since the start and wait for a restart, in words.
fn waiting(running: &Config, new: &Config) -> Option<String> {
    let counted = |config: &Config| floor::without_limits(&config.floor);
    // What changes at once is named as well, so that a new key is of one kind or the other.
    let Config { title, who, floor, sources, journal, hub, notify, ui, .. } = running;
    let Config { table_zone: _, rules: _, alerts: _, worklist: _, theme_mistakes: _, .. } = running;
    let parts = [
        ("title", *title != new.title),
        ("who", *who != new.who),
        ("timezone, day_starts", floor.calendar != new.floor.calendar),
        ("[rules], service_level_s", counted(running) != counted(new)),
        ("[[source]]", *sources != new.sources),
        ("[journal]", *journal != new.journal),
        ("[hub]", *hub != new.hub),
        ("[[notify]]", *notify != new.notify),
        ("ui.language, ui.locale", (&ui.language, &ui.locale) != (&new.ui.language, &new.ui.locale)),
        ("ui.plain", ui.plain != new.ui.plain),
        ("ui.low_bandwidth", ui.low_bandwidth != new.ui.low_bandwidth),
    ];
    let keys: Vec<&str> = parts.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect();
    let verb = if keys.len() == 1 { "waits" } else { "wait" };
    (!keys.is_empty()).then(|| format!("the configuration has changed: {} {verb} for a restart", keys.join(", ")))
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;

    #[test]
    fn what_cannot_change_at_once_is_named() {
        let parse = |text: &str| Config::parse(text, "config.toml", Ok(Tz::UTC)).unwrap();
        let running = parse("");
        let words = |text: &str| waiting(&running, &parse(text));
        let at_once = "[targets]\nasa = { warning = 12 }\n[queue.sales.targets]\nservice_level = { warning = 90 }\n\
            [ui]\ntheme = \"light\"\n[ui.kiosk]\npages = [\"now\"]\n[worklist]\ndue = \"1h\"\n[[alert]]\nname = \"abandonment\"\nwarning = 3\n";
        assert_eq!(words(at_once), None);
        let later = "timezone = \"Europe/Berlin\"\n[journal]\nkeep_days = 7\n[queue.sales]\nservice_level_s = 30\n";
        assert_eq!(
            words(later).as_deref(),
            Some(
                "the configuration has changed: timezone, day_starts, [rules], service_level_s, [journal] wait for a restart"
            )
        );
    }
}
