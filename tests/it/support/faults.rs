//! What can go wrong between floorwatch and a web server, the same for every source that asks one: what the board is
//! told, and that all is well afterwards.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use floorwatch::board::Health;
use floorwatch::source::SourceKind;

use super::peer::{Conversation, Peer, authority, free_address};
use super::told::Told;

/// A server that does well: it tells of the contact `a`.
pub(crate) type Good = fn(&mut Conversation) -> io::Result<()>;

/// A source of `kind` that is well served by `good`.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) kind: SourceKind,
    pub(crate) good: Good,
    /// The content type it wants, and more keys.
    pub(crate) keys: &'static str,
}

impl Case {
    fn start(self, url: &str, keys: &str) -> Told {
        Told::start(self.kind, &format!("url = \"{url}\"\n{}\n{keys}", self.keys))
    }

    /// A first connection that fails with `words`, then good ones: nothing is lost, nothing comes twice.
    fn recovers(
        self,
        fault: impl Fn(&mut Conversation) -> io::Result<()> + Send + Sync + 'static,
        words: &str,
    ) -> Peer {
        let peer = Peer::start(move |c| if c.number == 0 { fault(c) } else { (self.good)(c) });
        let mut told = self.start(&peer.url("/x"), "");
        told.until_health(Health::Down, words);
        told.until_health(Health::Live, "");
        told.until(|told| !told.events.is_empty());
        assert_eq!(told.contacts(), ["a"]);
        peer
    }

    /// A fault that somebody must mend: it is told in `words`, and not tried again at once.
    fn lasts(self, fault: impl Fn(&mut Conversation) -> io::Result<()> + Send + Sync + 'static, words: &str) -> Peer {
        let peer = Peer::start(move |c| {
            loop {
                fault(c)?;
            }
        });
        let mut told = self.start(&peer.url("/x"), "");
        told.until_health(Health::Down, words);
        assert_eq!(told.events, []);
        peer
    }

    pub(crate) fn refused_then_there(self) {
        let address = free_address();
        let mut told = self.start(&format!("http://{address}/x"), "");
        told.until_health(Health::Down, "nobody listens");
        let _peer = Peer::start_at(address, self.good);
        told.until_health(Health::Live, "");
        told.until(|told| !told.events.is_empty());
        assert_eq!(told.contacts(), ["a"]);
    }

    pub(crate) fn reset(self) {
        self.recovers(Conversation::reset, "broke the connection off");
    }

    pub(crate) fn garbage(self) {
        let garbage = |c: &mut Conversation| c.request().and_then(|_| c.say("\x00\x01\x02 no HTTP at all\r\n\r\n"));
        self.recovers(garbage, "gave no answer");
    }

    pub(crate) fn overload(self) {
        let busy = |c: &mut Conversation| {
            c.request()?;
            c.answer("429 Too Many Requests\nRetry-After: 2", "")?;
            c.hold()
        };
        let began = Instant::now();
        self.recovers(busy, "it asks to be left alone for 2 s");
        assert!(began.elapsed() >= Duration::from_secs(2), "{:?}", began.elapsed());
        let broken = |c: &mut Conversation| c.request().and_then(|_| c.answer("500 Oops\nConnection: close", ""));
        self.recovers(broken, "500 Internal Server Error: it has a fault of its own");
    }

    pub(crate) fn unauthorised(self) {
        let peer = Peer::start(|c| {
            c.request()?;
            c.answer("401 Unauthorized", "")
        });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "hunter2\n").unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let mut told = self
            .start(&peer.url("/x?key=hunter2"), &format!("auth = {{ bearer = {{ file = \"{}\" }} }}", path.display()));
        told.until_health(Health::Down, "check the token");
        assert_eq!(peer.asked()[0].header("authorization"), Some("Bearer hunter2"));
        assert_eq!(peer.asked()[0].header("user-agent"), Some(concat!("floorwatch/", env!("CARGO_PKG_VERSION"))));
        assert!(told.health.iter().all(|(_, reason)| !reason.contains("hunter2")), "{:?}", told.health);
        // A secret that isn't there is told before anybody is asked.
        std::fs::remove_file(&path).unwrap();
        let mut told =
            self.start(&peer.url("/x"), &format!("auth = {{ bearer = {{ file = \"{}\" }} }}", path.display()));
        told.until_health(Health::Down, "cannot read the secret");
        assert_eq!(peer.asked().len(), 1);
    }

    pub(crate) fn redirects(self) {
        self.lasts(
            |c| {
                let asked = c.request()?;
                let next = if asked.path() == "/x" { "/y" } else { "/x" };
                c.answer(&format!("302 Found\nLocation: {next}"), "")
            },
            "round in a circle",
        );
        self.lasts(
            |c| {
                let asked = c.request()?;
                c.answer(&format!("307 Temporary Redirect\nLocation: {}x", asked.path()), "")
            },
            "more than 5 times",
        );
        // Credentials stay at home, wherever one is sent.
        let good = self.good;
        let there = Peer::start(good);
        let next = there.url("/there");
        let here = Peer::start(move |c| {
            loop {
                let asked = c.request()?;
                let next = if asked.path() == "/x" { "/near" } else { &next };
                c.answer(&format!("302 Found\nLocation: {next}"), "")?;
            }
        });
        let mut told = self.start(&here.url("/x"), r#"auth = { header = "X-Api-Key", value = { env = "PATH" } }"#);
        told.until(|told| !told.events.is_empty());
        assert_eq!(told.contacts(), ["a"]);
        let (here, there) = (here.asked(), there.asked());
        assert!(here.iter().take(2).all(|asked| asked.header("x-api-key").is_some()), "{here:?}");
        assert!(there[0].header("x-api-key").is_none() && there[0].header("accept").is_some(), "{there:?}");
    }

    pub(crate) fn tls(self) {
        let (pem, config) = authority();
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, pem).unwrap();
        let peer = Peer::start_tls(config, self.good);
        let url = format!("https://localhost:{}/x", peer.address.port());
        let mut told = self.start(&url, "");
        told.until_health(Health::Down, "signed by nobody we trust");
        let mut told = self.start(&url, &format!("tls = {{ ca = \"{}\" }}", ca.display()));
        told.until_health(Health::Live, "");
        told.until(|told| !told.events.is_empty());
        assert!(told.remarks.is_empty());
        let mut told = self.start(&url, "tls = { danger_accept_any_certificate = true }");
        told.until_health(Health::Live, "");
        assert!(told.remarks[0].contains("not checked"), "{:?}", told.remarks);
        // The name on the certificate counts.
        let other = url.replace("localhost", "127.0.0.2");
        let mut told = self.start(&other, &format!("tls = {{ ca = \"{}\" }}", ca.display()));
        told.until_health(Health::Down, "");
        let reason = &told.health.last().unwrap().1;
        assert!(reason.contains("another name") || reason.contains("nobody listens"), "{reason}");
    }

    pub(crate) fn unknown_name(self) {
        let mut told = self.start("http://nowhere.invalid/x", "");
        told.until_health(Health::Down, "nowhere.invalid is not known");
    }

    /// It connects and then says nothing.
    pub(crate) fn silence(self, keys: &str, words: &str) {
        let peer = Peer::start(|c| c.request().and_then(|_| c.hold()));
        let mut told = self.start(&peer.url("/x"), keys);
        told.until_health(Health::Down, words);
    }

    pub(crate) fn clock_off(self, dated: Good) {
        let peer = Peer::start(dated);
        let mut told = self.start(&peer.url("/x"), "");
        told.until(|told| told.ahead.is_some());
        assert!(told.ahead.is_some_and(|ahead| (ahead - 3600.0).abs() < 60.0), "{:?}", told.ahead);
    }
}

/// The `Date` of a server whose clock is an hour ahead.
pub(crate) fn an_hour_ahead() -> String {
    #[expect(clippy::disallowed_methods, reason = "a server has a clock of its own")]
    let now = chrono::Utc::now();
    (now + chrono::TimeDelta::hours(1)).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// The most memory this program has ever held, in MiB.
pub(crate) fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() / 1024
}

/// Say a text a byte at a time.
pub(crate) fn drip(c: &mut Conversation, text: &str) -> io::Result<()> {
    for byte in text.as_bytes() {
        c.say([*byte])?;
        thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}
