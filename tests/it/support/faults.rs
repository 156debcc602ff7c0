//! The faults of connections to a web server, which are the same for every source that uses HTTP: what the source
//! reports, and that it recovers.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use floorwatch::board::Health;
use floorwatch::source::SourceKind;

use super::peer::{Conversation, Peer, authority, free_address};
use super::running_source::RunningSource;

/// The script of a healthy server, which sends the contact `a`.
pub(crate) type Good = fn(&mut Conversation) -> io::Result<()>;

/// A source of `kind`, and servers for it.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) kind: SourceKind,
    pub(crate) good: Good,
    /// The script of a server whose clock is an hour ahead.
    pub(crate) an_hour_ahead: Good,
    /// The content type that the source expects, and further keys.
    pub(crate) keys: &'static str,
}

/// Make a test of each fault for the source that `$case` describes.
macro_rules! fault_tests {
    ($case:expr) => {
        crate::support::faults::fault_tests!($case;
            a_server_that_refuses_connections_at_first
            a_connection_that_is_reset
            an_answer_that_is_no_http
            overloaded_and_broken_servers_are_left_alone_for_a_while
            a_token_that_is_refused_or_missing
            redirects_end_and_lead_to_no_other_server
            certificates_are_checked
            a_host_name_that_is_unknown
            a_clock_that_is_an_hour_ahead);
    };
    ($case:expr; $($fault:ident)*) => {
        $(#[test]
        fn $fault() {
            $case.$fault();
        })*
    };
}
pub(crate) use fault_tests;

impl Case {
    fn start(self, url: &str, keys: &str) -> RunningSource {
        RunningSource::start(self.kind, &format!("url = \"{url}\"\n{}\n{keys}", self.keys))
    }

    /// The first connection fails with `words`, later ones succeed: nothing is lost, and nothing comes twice.
    fn recovers(
        self,
        fault: impl Fn(&mut Conversation) -> io::Result<()> + Send + Sync + 'static,
        words: &str,
    ) -> Peer {
        let peer = Peer::start(move |c| if c.number == 0 { fault(c) } else { (self.good)(c) });
        let mut source = self.start(&peer.url("/x"), "");
        source.until_health(Health::Down, words);
        source.until_health(Health::Live, "");
        source.until(|source| !source.events.is_empty());
        assert_eq!(source.contacts(), ["a"]);
        peer
    }

    /// A fault that needs a person: it is reported with `words`, and not retried at once.
    fn lasts(self, fault: impl Fn(&mut Conversation) -> io::Result<()> + Send + Sync + 'static, words: &str) -> Peer {
        let peer = Peer::start(move |c| {
            loop {
                fault(c)?;
            }
        });
        let mut source = self.start(&peer.url("/x"), "");
        source.until_health(Health::Down, words);
        assert_eq!(source.events, []);
        peer
    }

    pub(crate) fn a_server_that_refuses_connections_at_first(self) {
        let address = free_address();
        let mut source = self.start(&format!("http://{address}/x"), "");
        source.until_health(Health::Down, "nobody listens");
        let _peer = Peer::start_at(address, self.good);
        source.until_health(Health::Live, "");
        source.until(|source| !source.events.is_empty());
        assert_eq!(source.contacts(), ["a"]);
    }

    pub(crate) fn a_connection_that_is_reset(self) {
        self.recovers(Conversation::reset, "broke the connection off");
    }

    pub(crate) fn an_answer_that_is_no_http(self) {
        let garbage = |c: &mut Conversation| c.request().and_then(|_| c.say("\x00\x01\x02 no HTTP at all\r\n\r\n"));
        self.recovers(garbage, "gave no answer");
    }

    pub(crate) fn overloaded_and_broken_servers_are_left_alone_for_a_while(self) {
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

    pub(crate) fn a_token_that_is_refused_or_missing(self) {
        let peer = Peer::start(|c| {
            c.request()?;
            c.answer("401 Unauthorized", "")
        });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "hunter2\n").unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let mut source = self
            .start(&peer.url("/x?key=hunter2"), &format!("auth = {{ bearer = {{ file = \"{}\" }} }}", path.display()));
        source.until_health(Health::Down, "check the token");
        assert_eq!(peer.asked()[0].header("authorization"), Some("Bearer hunter2"));
        assert_eq!(peer.asked()[0].header("user-agent"), Some(concat!("floorwatch/", env!("CARGO_PKG_VERSION"))));
        assert!(source.health.iter().all(|(_, reason)| !reason.contains("hunter2")), "{:?}", source.health);
        // A missing secret is reported before any request is sent.
        std::fs::remove_file(&path).unwrap();
        let mut source =
            self.start(&peer.url("/x"), &format!("auth = {{ bearer = {{ file = \"{}\" }} }}", path.display()));
        source.until_health(Health::Down, "cannot read the secret");
        assert_eq!(peer.asked().len(), 1);
    }

    pub(crate) fn redirects_end_and_lead_to_no_other_server(self) {
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
        // What another server says would be taken for this one's, and the credentials are not for it.
        let there = Peer::start(self.good);
        let next = there.url("/there");
        let here = Peer::start(move |c| {
            loop {
                let asked = c.request()?;
                let next = if asked.path() == "/x" { "/near" } else { &next };
                c.answer(&format!("302 Found\nLocation: {next}"), "")?;
            }
        });
        let mut source = self.start(&here.url("/x"), r#"auth = { header = "X-Api-Key", value = { env = "PATH" } }"#);
        let words = format!("{} sends us on to another server, {}", here.url("/x"), there.url("/there"));
        source.until_health(Health::Down, &words);
        assert!(source.health.last().unwrap().1.contains("correct `url`"), "{:?}", source.health);
        assert!(here.asked().iter().all(|asked| asked.header("x-api-key").is_some()), "{:?}", here.asked());
        assert!(there.asked().is_empty() && source.events.is_empty(), "{:?}", there.asked());
    }

    pub(crate) fn certificates_are_checked(self) {
        let (pem, config) = authority();
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, pem).unwrap();
        let peer = Peer::start_tls(config, self.good);
        let url = format!("https://localhost:{}/x", peer.address.port());
        let mut source = self.start(&url, "");
        source.until_health(Health::Down, "signed by nobody we trust");
        let mut source = self.start(&url, &format!("tls = {{ ca = \"{}\" }}", ca.display()));
        source.until_health(Health::Live, "");
        source.until(|source| !source.events.is_empty());
        assert!(source.remarks.is_empty());
        let mut source = self.start(&url, "tls = { danger_accept_any_certificate = true }");
        source.until_health(Health::Live, "");
        assert!(source.remarks[0].contains("not checked"), "{:?}", source.remarks);
        // The name in the certificate is checked.
        let other = url.replace("localhost", "127.0.0.2");
        let mut source = self.start(&other, &format!("tls = {{ ca = \"{}\" }}", ca.display()));
        source.until_health(Health::Down, "");
        let reason = &source.health.last().unwrap().1;
        assert!(reason.contains("another name") || reason.contains("nobody listens"), "{reason}");
    }

    pub(crate) fn a_host_name_that_is_unknown(self) {
        let mut source = self.start("http://nowhere.invalid/x", "");
        source.until_health(Health::Down, "nowhere.invalid is not known");
    }

    /// The server accepts the connection and then sends nothing.
    pub(crate) fn silence(self, keys: &str, words: &str) {
        let peer = Peer::start(|c| c.request().and_then(|_| c.hold()));
        let mut source = self.start(&peer.url("/x"), keys);
        source.until_health(Health::Down, words);
    }

    pub(crate) fn a_clock_that_is_an_hour_ahead(self) {
        let peer = Peer::start(self.an_hour_ahead);
        let mut source = self.start(&peer.url("/x"), "");
        source.until(|source| source.ahead.is_some());
        assert!(source.ahead.is_some_and(|ahead| (ahead - 3600.0).abs() < 60.0), "{:?}", source.ahead);
    }
}

/// The value of a `Date` header, by a clock that is an hour ahead.
pub(crate) fn date_an_hour_ahead() -> String {
    #[expect(clippy::disallowed_methods, reason = "a server has a clock of its own")]
    let now = chrono::Utc::now();
    (now + chrono::TimeDelta::hours(1)).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// The peak memory of this process, in MiB.
pub(crate) fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() / 1024
}

/// Send a text byte by byte.
pub(crate) fn drip(c: &mut Conversation, text: &str) -> io::Result<()> {
    for byte in text.as_bytes() {
        c.say([*byte])?;
        thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}
