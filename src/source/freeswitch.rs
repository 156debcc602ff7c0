//! FreeSWITCH's call centre (`mod_callcenter`), over the event socket.
//!
//! `connection` and `frame` speak the socket's protocol, `translate` and `agents` make events of what is told,
//! `reconcile` lays the lists beside it. Events are asked for as plain text rather than JSON: there every byte that is
//! not ASCII is written out, so that a caller's name in whatever encoding spoils no event.

mod agents;
mod connection;
mod fields;
mod frame;
mod reconcile;
mod table;
mod translate;

use std::convert::Infallible;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::{Instant, sleep_until, timeout};

use crate::clock::{Span, Time};
use crate::secret::Secret;
use crate::source::link::{Fault, Link, Session};
use crate::source::net::is_address;
use crate::source::tls::{self, Tls};
use crate::text::Label;
use connection::Connection;
use fields::Fields;
use frame::{Frame, Kind};
use translate::Centre;

/// The keys of a source that is a FreeSWITCH.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The event socket: `host:port`, or the host alone for port 8021.
    pub address: String,
    /// A user of FreeSWITCH's directory with an `esl-password`, as `user@domain`. Without one the password is the
    /// event socket's own, which may do everything.
    #[serde(default)]
    pub user: Option<String>,
    /// The password.
    pub password: Secret,
    /// Speak TLS, where something before FreeSWITCH does.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// The channel variable that says what a call is about.
    #[serde(default = "intent")]
    pub intent: String,
    /// Show agents and queues without their domain: `1000@default` as `1000`.
    #[serde(default)]
    pub strip_domain: bool,
}

fn intent() -> String {
    "intent".to_owned()
}

impl Settings {
    /// Whether what is written can work.
    ///
    /// # Errors
    /// The key, and what is wrong with its value.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let is_word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && c != ':');
        if !is_address(&self.place()) {
            let address = Label::new(&self.address);
            return Err(("address", format!("`{address}` is no address: write host:port, with port 8021 as a rule")));
        }
        if let Some(user) = &self.user
            && !(is_word(user)
                && user.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty()))
        {
            let user = Label::new(user);
            return Err(("user", format!("`{user}` is no user of FreeSWITCH: write user@domain")));
        }
        if !is_word(&self.intent) {
            let intent = Label::new(&self.intent);
            return Err((
                "intent",
                format!("`{intent}` is no channel variable: write its name, without spaces or colons"),
            ));
        }
        Ok(())
    }

    /// The address with its port.
    fn place(&self) -> String {
        let port = if is_address(&self.address) { "" } else { ":8021" };
        format!("{}{port}", self.address)
    }
}

/// When what is asked.
#[derive(Clone, Copy, Debug)]
struct Rhythm {
    /// Whether it is still there is asked this often, and the answer must come within the same time.
    probe: Duration,
    /// With every so-manieth probe the lists are asked for.
    probes_a_round: u32,
}

const RHYTHM: Rhythm = Rhythm { probe: Duration::from_secs(10), probes_a_round: 6 };
/// A cursor is written no more often than this.
const CURSOR_EVERY: Span = Span::SECOND;
/// A change of the clock's difference is news from here on.
const SKEW: Span = Span::SECOND;

/// A connection after another to one FreeSWITCH.
pub(super) struct FreeSwitch {
    settings: Settings,
    rhythm: Rhythm,
    centre: Centre,
    /// How far its clock is ahead of ours, as it was last said.
    ahead: Option<Span>,
    /// It answers when asked for its time; else the events' own times must do.
    gives_time: bool,
    /// When the journal's last memory of it is from, until that is told.
    remembered: Option<Time>,
    written: Time,
    remarked: String,
}

impl FreeSwitch {
    /// What `settings` describe, as source `name`. It goes on from `cursor`.
    pub(super) fn new(settings: Settings, name: Label, cursor: Option<&str>) -> Self {
        let mut centre = Centre::new(name, &settings.intent, settings.strip_domain);
        let remembered = cursor.and_then(|cursor| centre.remember(cursor));
        Self {
            settings,
            rhythm: RHYTHM,
            centre,
            ahead: None,
            gives_time: false,
            remembered,
            written: Time(0),
            remarked: String::new(),
        }
    }

    async fn go_on(&mut self, link: &mut Link) -> Result<Infallible, Fault> {
        if let Some(since) = self.remembered.take() {
            link.was_away(since);
        }
        let password = self.settings.password.read()?;
        let mut connection = Connection::open(&self.settings).await?;
        let rights = connection.login(self.settings.user.as_deref(), &password).await?;
        drop(password);
        self.remark(rights, link).await;
        connection.subscribe().await?;
        self.centre.reconnected();
        self.probe(&mut connection, link).await?;
        self.reconcile(&mut connection, link).await?;
        self.probe(&mut connection, link).await?;
        self.lose_missing(link).await;
        link.missed().await;
        link.live().await;
        self.follow(&mut connection, link).await
    }

    /// Say what its owner should know, where that has changed.
    async fn remark(&mut self, rights: Option<String>, link: &mut Link) {
        let unchecked = self.settings.tls.as_ref().is_some_and(|tls| tls.danger_accept_any_certificate);
        let unchecked = unchecked.then(|| tls::UNCHECKED.to_owned());
        let remark = unchecked.into_iter().chain(rights).collect::<Vec<_>>().join("; ");
        if self.remarked != remark {
            link.remark(&remark).await;
            self.remarked = remark;
        }
    }

    /// Take events as they come, and ask now and then.
    async fn follow(&mut self, connection: &mut Connection, link: &mut Link) -> Result<Infallible, Fault> {
        let mut probes = 0_u32;
        let mut due = Instant::now() + self.rhythm.probe;
        loop {
            tokio::select! {
                frame = connection.frame() => {
                    self.take(&frame?, link).await;
                    while let Some(frame) = connection.ready()? {
                        self.take(&frame, link).await;
                    }
                }
                () = sleep_until(due) => {
                    probes += 1;
                    if probes.is_multiple_of(self.rhythm.probes_a_round) {
                        self.reconcile(connection, link).await?;
                    }
                    self.probe(connection, link).await?;
                    self.lose_missing(link).await;
                    due = Instant::now() + self.rhythm.probe;
                }
            }
            self.hand_in(link).await;
        }
    }

    /// Ask for its time: that it answers is its sign of life, and what it answers tells how its clock stands.
    async fn probe(&mut self, connection: &mut Connection, link: &mut Link) -> Result<(), Fault> {
        let asked = link.now();
        let answer = self.ask(connection, link, "api strmicroepoch").await?;
        let now = link.now();
        let time = fields::number(&answer.body).filter(|micros| *micros > 0).map(Time);
        self.gives_time = time.is_some();
        if let Some(time) = time {
            self.tell_skew(time - (asked + Span((now - asked).0 / 2)), link).await;
        }
        Ok(())
    }

    /// Lay the lists beside what is known.
    async fn reconcile(&mut self, connection: &mut Connection, link: &mut Link) -> Result<(), Fault> {
        self.centre.begin_round();
        let queues = self.list(connection, link, "api callcenter_config queue list").await?;
        let queues = self.centre.queues_listed(&queues, self.time_there(link));
        let agents = self.list(connection, link, "api callcenter_config agent list").await?;
        self.centre.agents_listed(&agents, self.time_there(link));
        let tiers = self.list(connection, link, "api callcenter_config tier list").await?;
        self.centre.tiers_listed(&tiers, self.time_there(link));
        for queue in queues {
            let queue = String::from_utf8_lossy(&queue);
            let quote = if queue.contains(' ') { "'" } else { "" };
            let command = format!("api callcenter_config queue list members {quote}{queue}{quote}");
            let members = self.list(connection, link, &command).await?;
            self.centre.members_listed(&members, self.time_there(link));
        }
        self.centre.end_round();
        self.hand_in(link).await;
        Ok(())
    }

    async fn list(&mut self, connection: &mut Connection, link: &mut Link, command: &str) -> Result<Vec<u8>, Fault> {
        let answer = self.ask(connection, link, command).await?;
        connection.list(answer)
    }

    /// Ask, and take the events in that come before the answer.
    async fn ask(&mut self, connection: &mut Connection, link: &mut Link, command: &str) -> Result<Frame, Fault> {
        let due = Instant::now() + self.rhythm.probe;
        let late = |connection: &Connection| {
            Fault::new(format!(
                "FreeSWITCH at {} has gone silent: is it, or the way there, well?",
                connection.address()
            ))
        };
        // What is given up here is the end of the connection: nothing that was read is lost by it.
        match timeout(self.rhythm.probe, connection.send(&[command])).await {
            Ok(sent) => sent?,
            Err(_) => return Err(late(connection)),
        }
        loop {
            let Ok(frame) = tokio::time::timeout_at(due, connection.frame()).await else {
                return Err(late(connection));
            };
            let frame = frame?;
            match frame.kind() {
                Kind::Response | Kind::Reply => {
                    link.hear();
                    return Ok(frame);
                }
                _ => self.take(&frame, link).await,
            }
        }
    }

    /// Take a frame in that is no answer.
    async fn take(&mut self, frame: &Frame, link: &mut Link) {
        link.hear();
        if frame.kind() != Kind::Event {
            return;
        }
        let fields = Fields::new(&frame.body);
        if !self.gives_time
            && let Some(made) = translate::stamp(fields)
        {
            self.tell_skew(made - link.now(), link).await;
        }
        let now = self.time_there(link);
        if let Err(refusal) = self.centre.event(fields, now) {
            let number = fields.number("Event-Sequence").and_then(|number| u64::try_from(number).ok());
            link.reject("callcenter::info", number.unwrap_or_default(), refusal).await;
        }
    }

    async fn lose_missing(&mut self, link: &mut Link) {
        self.centre.lose_missing(self.time_there(link));
        self.centre.touch();
        self.hand_in(link).await;
    }

    /// Tell the floor what has happened, and how to go on from there.
    async fn hand_in(&mut self, link: &mut Link) {
        let now = link.now();
        let cursor = if now.since(self.written) >= CURSOR_EVERY { self.centre.memory(now) } else { None };
        if cursor.is_some() {
            self.written = now;
        }
        let events = self.centre.take();
        if !events.is_empty() || cursor.is_some() {
            link.events(events, cursor).await;
        }
    }

    async fn tell_skew(&mut self, ahead: Span, link: &mut Link) {
        if self.ahead.is_none_or(|said| (ahead - said).0.abs() > SKEW.0) {
            self.ahead = Some(ahead);
            link.clock_is_ahead(ahead).await;
        }
    }

    /// What time it is by FreeSWITCH's clock.
    fn time_there(&self, link: &Link) -> Time {
        link.now() + self.ahead.unwrap_or_default()
    }
}

impl Session for FreeSwitch {
    async fn run(&mut self, link: &mut Link) -> Fault {
        let Err(fault) = self.go_on(link).await;
        self.hand_in(link).await;
        fault
    }
}

#[cfg(test)]
mod tests;
