//! A hub: the program with a configuration, a journal and a port of its own, and requests to it.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::time::{Duration, Instant};

use floorwatch::hub::access::TokenDigest;
use reqwest::{Method, RequestBuilder, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_floorwatch");
/// The longest time that anything may take on a busy machine; it does not measure the program's speed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// The tokens: name and role.
const TOKENS: [(&str, &str); 5] =
    [("wall", "viewer"), ("ann", "supervisor"), ("bob", "supervisor"), ("pbx", "ingest"), ("root", "admin")];

/// A hub that can be started and ended any number of times.
pub(crate) struct Hub {
    pub(crate) folder: TempDir,
    pub(crate) address: String,
    child: Option<Child>,
    /// Additional environment variables.
    pub(crate) env: Vec<(&'static str, String)>,
    pub(crate) arguments: Vec<String>,
    /// How many files it may have open at once; as many as this process if `None`.
    pub(crate) max_files: Option<u32>,
    pub(crate) client: reqwest::Client,
}

impl Hub {
    /// A hub that is not started yet. `own` is appended to its `[hub]` table.
    pub(crate) fn new(own: &str) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let folder = tempfile::tempdir().unwrap();
        // The system hands out ports in turn, so no other process gets this one soon.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let tokens = TOKENS.map(|(name, role)| {
            format!(
                "[[hub.tokens]]\nname = \"{name}\"\nrole = \"{role}\"\nsha256 = \"{}\"\n",
                TokenDigest::of(&token(name))
            )
        });
        let limited = format!(
            "[[hub.tokens]]\nname = \"limited\"\nrole = \"viewer\"\nqueues = [\"q0\"]\nsha256 = \"{}\"\n",
            TokenDigest::of(&token("limited"))
        );
        let text = format!(
            "title = \"Test floor\"\ntimezone = \"UTC\"\nday_starts = \"{}\"\n[journal]\npath = \"{}\"\n[hub]\nlisten = \"{address}\"\nsocket = \"{}\"\n{own}\n{}\n{ALERT}",
            day_start(),
            folder.path().join("journal.db").display(),
            folder.path().join("hub.sock").display(),
            tokens.concat() + &limited,
        );
        fs::write(folder.path().join("config.toml"), text).unwrap();
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        Self { folder, address, child: None, env: Vec::new(), arguments: Vec::new(), max_files: None, client }
    }

    /// Start the program, without waiting until it answers.
    pub(crate) fn spawn(&mut self) {
        let log = fs::OpenOptions::new().append(true).create(true).open(self.path("log")).unwrap();
        let mut command = Command::new(PROGRAM);
        if let Some(files) = self.max_files {
            command = Command::new("sh");
            command.args(["-c", &format!("ulimit -n {files} && exec \"$0\" \"$@\""), PROGRAM]);
        }
        let child = command
            .arg("hub")
            .args(&self.arguments)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("USER", "ann")
            .env("HOME", self.folder.path())
            .env("TMPDIR", self.folder.path())
            .env("FLOORWATCH_CONFIG", self.path("config.toml"))
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
    }

    /// Start the program, and wait until it is ready.
    pub(crate) async fn start(&mut self) {
        self.spawn();
        let end = Instant::now() + PATIENCE;
        loop {
            let ready = self.client.get(format!("http://{}/readyz", self.address)).send().await;
            if ready.is_ok_and(|ready| ready.status() == 200) {
                return;
            }
            assert!(Instant::now() < end, "it is not ready; its log:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(self.child.as_ref().unwrap())
    }

    /// Send a signal to the process.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Kill the process (`kill -9`).
    pub(crate) fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.child.take().unwrap().wait().unwrap();
    }

    /// Wait until the process has ended; its exit code.
    pub(crate) async fn ended(&mut self) -> Option<i32> {
        let end = Instant::now() + PATIENCE;
        let mut child = self.child.take().unwrap();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < end, "it does not end; its log:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A request with the token of `who`.
    pub(crate) fn request(&self, method: Method, path: &str, who: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("http://{}{path}", self.address));
        if who.is_empty() { request } else { request.bearer_auth(token(who)) }
    }

    /// Get a resource; the status and the JSON body.
    pub(crate) async fn get(&self, path: &str, who: &str) -> (StatusCode, Value) {
        let answer = self.request(Method::GET, path, who).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}

/// Let this process have as many files open as the system allows it: each connection of a crowd is one.
pub(crate) fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
}

/// A rule that gives every queue with a contact an alert.
const ALERT: &str = "[[alert]]\nname = \"Busy\"\nkpi = \"offered\"\neach = \"queue\"\nwindow = \"today\"\nwhen = \"above\"\nwarning = 0.5\nfor = 0\nmin_samples = 0\nworsening = 1000000\n";

/// The token of a caller.
pub(crate) fn token(who: &str) -> String {
    format!("floorwatch_{who}_0123456789abcdef")
}

/// A contact event, `ago` seconds old.
pub(crate) fn event(id: &str, kind: &str, ago: i64, data: &Value) -> Value {
    let time = floorwatch::clock::Clock::System.now() - floorwatch::clock::Span::seconds(ago);
    serde_json::json!({
        "specversion": "1.0", "id": id, "source": "/test", "type": format!("floorwatch.contact.{kind}"),
        "time": time.to_string(), "data": data,
    })
}

/// A start of the business day that is far from now.
fn day_start() -> String {
    use chrono::Timelike;
    let now = floorwatch::clock::Clock::System.now().to_chrono();
    format!("{:02}:00", (now.hour() + 12) % 24)
}
