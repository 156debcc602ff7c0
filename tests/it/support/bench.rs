//! Alerts on figures that a test chooses, and the notifier that sends them.

use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;
use floorwatch::alert::{
    Actor, AlertAction, AlertCommand, Episode, EvaluationContext, Evaluator, Settings as AlertSettings, built_in,
};
use floorwatch::board::TargetRow;
use floorwatch::clock::{Clock, Span, Time};
use floorwatch::journal::{self, Batch, Delivery, Journal, OpenedJournal};
use floorwatch::kpi::{Answer as Figures, AnswerRow, Calendar, Dim, Figure, Slice};
use floorwatch::notify::{self, CommonSettings, RunningTargets, Settings, Transport, Webhook};
use floorwatch::secret::Secret;
use floorwatch::text::Label;
use tempfile::TempDir;
use tokio::time::timeout;

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A journal, and alerts on figures that the test chooses.
pub(crate) struct Bench {
    folder: TempDir,
    pub(crate) journal: Option<Journal>,
    evaluator: Evaluator,
    pub(crate) running: Option<RunningTargets>,
    pub(crate) now: Time,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::at(Clock::System.now())
    }

    /// One whose first figures are those of `now`.
    pub(crate) fn at(now: Time) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = Self { folder, journal: None, evaluator: evaluator(), running: None, now };
        bench.open();
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn open(&mut self) {
        let settings = journal::Settings::new("ann".into(), "desk".into(), Clock::System);
        let OpenedJournal::Writer(journal) = Journal::open(&self.path("journal.db"), &settings).unwrap() else {
            panic!()
        };
        let reader = journal.reader();
        self.evaluator = evaluator();
        self.evaluator.restore(reader.active().unwrap().0, reader.next_id().unwrap(), self.now, self.now);
        self.journal = Some(journal);
    }

    /// Write a secret to a file.
    pub(crate) fn secret(&self, name: &str, text: &str) -> Secret {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        Secret::File(path)
    }

    pub(crate) fn tell(&mut self, targets: Vec<Settings>) {
        self.tell_at(targets, &Clock::System);
    }

    pub(crate) fn tell_at(&mut self, targets: Vec<Settings>, clock: &Clock) {
        let floor = notify::FloorInfo { title: "Night desk".into(), zone: Tz::Europe__Zurich };
        let outbox = self.journal.as_ref().unwrap().outbox().unwrap();
        self.running = Some(notify::start(targets, &floor, clock, &outbox).unwrap());
    }

    /// End the notifier properly.
    pub(crate) async fn stop(&mut self) {
        let running = self.running.take().unwrap();
        running.stop.cancel();
        timeout(PATIENCE, running.ended).await.unwrap().unwrap();
    }

    /// Set the longest wait of each queue, a moment later.
    pub(crate) fn waits(&mut self, waits: &[(&str, f64)]) {
        self.now = self.now + Span::seconds(15);
        let row = |(queue, seconds): &(&str, f64)| {
            let figures = vec![Figure { value: Some(*seconds), n: 1, ..Figure::default() }];
            AnswerRow { key: Slice::of(Dim::Queue, Label::new(queue)), start: None, figures }
        };
        let answer = Figures { rows: waits.iter().map(row).collect(), ..Figures::default() };
        let context = EvaluationContext { bands: &|kpi, _| kpi.def().bands, name: &Slice::to_string };
        let episodes = self.evaluator.evaluate(&[answer], &[], context, self.now);
        self.journal.as_ref().unwrap().record(Batch { episodes, ..Batch::default() });
    }

    pub(crate) fn act(&mut self, act: AlertAction) -> Episode {
        let episode = self.evaluator.active().first().unwrap().clone();
        let who = Actor { name: "ann".into(), from: "desk".into() };
        let command = AlertCommand { episode: episode.id, version: episode.version, who, act };
        let episode = self.evaluator.execute(&command, self.now).unwrap();
        self.journal.as_ref().unwrap().store(episode.clone()).unwrap();
        episode
    }

    /// Play an alert from firing to its end, with a rise to critical in between.
    pub(crate) fn play(&mut self) {
        self.waits(&[("billing", 150.0)]);
        self.act(AlertAction::Acknowledge { note: Some("calling two in".into()), lasts: None });
        self.waits(&[("billing", 400.0)]);
        self.waits(&[("billing", 0.0)]);
        self.waits(&[("billing", 0.0)]);
    }

    /// The deliveries in the journal, oldest first, once there are this many.
    pub(crate) async fn deliveries(&mut self, count: usize) -> Vec<Delivery> {
        let wait = async {
            loop {
                let mut deliveries = self.journal.as_mut().unwrap().reader().deliveries(1000).unwrap();
                if deliveries.len() >= count {
                    deliveries.reverse();
                    return deliveries;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, wait).await.expect("deliveries")
    }

    /// What the journal says of deliveries to a target, oldest first.
    pub(crate) fn deliveries_of(&mut self, target: &str) -> Vec<Delivery> {
        let mut deliveries = self.journal.as_mut().unwrap().reader().deliveries(1000).unwrap();
        deliveries.retain(|one| one.target.as_str() == target);
        deliveries.reverse();
        deliveries
    }

    /// Wait until so many deliveries to a target ended in one way.
    pub(crate) async fn outcomes(&mut self, target: &str, outcome: &str, count: usize) -> Vec<Delivery> {
        let wait = async {
            loop {
                let deliveries = self.deliveries_of(target);
                if deliveries.iter().filter(|one| one.outcome.key() == outcome).count() >= count {
                    return deliveries;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, wait)
            .await
            .unwrap_or_else(|_| panic!("{count} times {outcome}: {:?}", words(&self.deliveries_of(target))))
    }

    pub(crate) async fn failing(&mut self) -> TargetRow {
        let failing = &mut self.running.as_mut().unwrap().failing;
        let rows = timeout(PATIENCE, failing.wait_for(|rows| !rows.is_empty())).await.unwrap().unwrap().clone();
        rows.into_iter().next().unwrap()
    }

    pub(crate) async fn well(&mut self) {
        let failing = &mut self.running.as_mut().unwrap().failing;
        drop(timeout(PATIENCE, failing.wait_for(Vec::is_empty)).await.unwrap().unwrap());
    }
}

pub(crate) fn evaluator() -> Evaluator {
    let rules = built_in().into_iter().filter(|rule| rule.name.as_str() == "longest wait").collect();
    Evaluator::new(rules, AlertSettings::default(), Calendar::default())
}

pub(crate) fn target(transport: Transport) -> Settings {
    let board_url = Some("https://wall.example.com/".parse().unwrap());
    Settings { name: None, common: CommonSettings { board_url, ..CommonSettings::default() }, transport }
}

pub(crate) fn webhook(address: SocketAddr) -> Settings {
    #[derive(serde::Deserialize)]
    struct Table {
        hook: Webhook,
    }
    let text = format!("hook = {{ url = \"http://{address}/hook\" }}");
    target(Transport::Webhook(Box::new(toml::from_str::<Table>(&text).unwrap().hook)))
}

pub(crate) fn template(address: SocketAddr, key: &str, text: &str) -> Settings {
    #[derive(serde::Deserialize)]
    struct Table {
        hook: Webhook,
    }
    let text =
        format!("[hook]\nurl = \"http://{address}/hook\"\n{key} = '{text}'\nheaders = {{ X-Tenant = \"london\" }}");
    target(Transport::Webhook(Box::new(toml::from_str::<Table>(&text).unwrap().hook)))
}

pub(crate) fn words(deliveries: &[Delivery]) -> Vec<(String, &'static str, u32)> {
    deliveries.iter().map(|one| (one.what.to_string(), one.outcome.key(), one.attempts)).collect()
}
