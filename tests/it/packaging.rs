//! The content of a package: systemd units, manual pages, completions and configurations, compared with the program.
//!
//! Run with `UPDATE_DOCS=1` to write the manual pages and completions again.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::board::{Board, Floor, PROGRAM, step};
use clap::CommandFactory;
use clap_complete::Shell;
use floorwatch::cli::{Cli, completions};
use floorwatch::config::Config;
use rustix::process::{Pid, Signal, kill_process};

const UNITS: [&str; 2] = ["floorwatch-hub.service", "floorwatch-kiosk.service"];
/// The highest exposure level of a unit by systemd-analyze, times ten.
const EXPOSURE: &str = "--threshold=20";
/// The longest time that anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn unit(name: &str) -> String {
    fs::read_to_string(root().join("assets/systemd").join(name)).unwrap()
}

/// The values of a key in a unit.
fn values<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
}

/// Compare a generated file with the one in the repository.
fn hold(path: &Path, expected: &[u8]) {
    if fs::read(path).is_ok_and(|found| found == expected) {
        return;
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        return fs::write(path, expected).unwrap();
    }
    panic!("{} is out of step; run `UPDATE_DOCS=1 cargo test --test it packaging::`", path.display());
}

#[test]
fn the_manual_is_the_command_line_s() {
    let folder = tempfile::tempdir().unwrap();
    clap_mangen::generate_to(Cli::command(), folder.path()).unwrap();
    let manual = root().join("assets/man");
    let mut pages = BTreeSet::new();
    for page in fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        hold(&manual.join(page.file_name()), &fs::read(page.path()).unwrap());
        pages.insert(page.file_name());
    }
    let kept: BTreeSet<_> = fs::read_dir(&manual).unwrap().map(|page| page.unwrap().file_name()).collect();
    assert_eq!(kept, pages, "a page for each command, and no others");
}

#[test]
fn the_completions_are_the_command_line_s() {
    for (shell, name) in
        [(Shell::Bash, "floorwatch.bash"), (Shell::Zsh, "_floorwatch"), (Shell::Fish, "floorwatch.fish")]
    {
        hold(&root().join("assets/completions").join(name), &completions::script(shell));
    }
}

/// The files in the package, and where they are installed.
fn packaged() -> Vec<(String, String)> {
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    let package = &manifest["package"]["metadata"]["deb"];
    let assets = package["assets"].as_array().unwrap().iter().map(|asset| (text(&asset[0]), text(&asset[1])));
    let units = package["systemd-units"].as_array().unwrap().iter().map(|unit| {
        assert_eq!(unit["enable"].as_bool(), Some(false), "nothing starts by itself");
        assert_eq!(unit["start"].as_bool(), Some(false), "nothing starts by itself");
        let file = format!("{}.service", text(&unit["unit-name"]));
        (format!("{}/{file}", text(&unit["unit-scripts"])), format!("usr/lib/systemd/system/{file}"))
    });
    let alone = [text(&package["changelog"])].map(|changelog| (changelog, String::new()));
    assets.chain(units).chain(alone).collect()
}

#[test]
fn the_package_takes_files_that_exist_and_leaves_none_out() {
    let mut taken = BTreeSet::new();
    for (source, _) in packaged().iter().filter(|(source, _)| !source.starts_with("target/")) {
        let path = root().join(source);
        let pattern = path.file_name().unwrap().to_str().unwrap();
        let Some(ending) = pattern.strip_prefix('*') else {
            assert!(path.is_file(), "{source} isn't there");
            taken.insert(path);
            continue;
        };
        let files = fs::read_dir(path.parent().unwrap()).unwrap().map(|file| file.unwrap().path());
        let before = taken.len();
        taken.extend(files.filter(|file| file.to_str().unwrap().ends_with(ending)));
        assert!(taken.len() > before, "{source} is no file");
    }
    for folder in ["systemd", "debian", "man", "completions"] {
        for file in fs::read_dir(root().join("assets").join(folder)).unwrap().map(|file| file.unwrap().path()) {
            assert!(taken.contains(&file), "{} is in no package", file.display());
        }
    }
}

#[test]
fn the_package_s_changelog_names_this_version() {
    let changelog = fs::read_to_string(root().join("assets/debian/changelog")).unwrap();
    assert!(changelog.starts_with(&format!("floorwatch ({}-", env!("CARGO_PKG_VERSION"))), "{changelog}");
}

#[test]
fn units_configurations_and_users_fit_together() {
    let sysusers = fs::read_to_string(root().join("assets/systemd/floorwatch.conf")).unwrap();
    let mut sockets = Vec::new();
    for name in UNITS {
        let unit = unit(name);
        for user in ["User", "Group", "SupplementaryGroups"].into_iter().flat_map(|key| values(&unit, key)) {
            assert!(sysusers.lines().any(|line| line.starts_with(&format!("u {user} "))), "{name}: who is {user}?");
        }
        let start = values(&unit, "ExecStart")[0].split(' ').collect::<Vec<_>>();
        assert_eq!(start[0], "/usr/bin/floorwatch");
        Cli::command().try_get_matches_from(&start).unwrap();
        let file = start[start.iter().position(|word| *word == "--config").unwrap() + 1].trim_start_matches('/');
        let (source, _) = packaged().into_iter().find(|(_, place)| place == file).unwrap();
        let config = Config::load(&root().join(source), Ok(chrono_tz::Tz::UTC)).unwrap();
        sockets.push(config.hub.socket.unwrap());
        assert!(config.sources.is_empty(), "{name}: where figures come from is for whoever installs it to say");
    }
    assert_eq!(sockets[0], sockets[1], "the console's board is the hub's guest");
    let (hub, socket) = (unit(UNITS[0]), sockets[0].to_str().unwrap());
    let folder = format!("/run/{}/floor-", values(&hub, "RuntimeDirectory")[0]);
    let found = socket.strip_prefix(&folder).and_then(|name| name.strip_suffix(".sock"));
    assert!(found.is_some(), "{socket} is not found by itself");
    assert_eq!(values(&hub, "RuntimeDirectoryMode"), ["0750"], "the group comes in, others don't");
}

#[test]
fn systemd_finds_the_units_sound_and_closed() {
    let analyze = |arguments: &[&str]| Command::new("systemd-analyze").args(arguments).output();
    if !analyze(&["--version"]).is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: there is no systemd-analyze here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for name in UNITS {
        let path = folder.path().join(name);
        // systemd-analyze requires that the program exists.
        fs::write(&path, unit(name).replace("/usr/bin/floorwatch", PROGRAM)).unwrap();
        let path = path.to_str().unwrap();
        let verified = analyze(&["verify", "--man=no", path]).unwrap();
        let said = String::from_utf8_lossy(&verified.stderr);
        // It also reports problems of the machine's own units.
        let ours: Vec<_> = said.lines().filter(|line| line.contains("floorwatch")).collect();
        assert!(verified.status.success() && ours.is_empty(), "{name}: {said}");
        let closed = analyze(&["security", "--offline=yes", "--no-pager", EXPOSURE, path]).unwrap();
        assert!(closed.status.success(), "{name}: {}", String::from_utf8_lossy(&closed.stdout));
    }
}

/// A running hub, which is ended with the test.
struct Hub(Child);

impl Hub {
    fn start(floor: &Floor, listen: SocketAddr, manager: Option<&Path>) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(["hub", "--listen", &listen.to_string()]);
        command.env_clear().env("HOME", floor.path("")).env("FLOORWATCH_CONFIG", floor.path("config.toml"));
        command.stderr(Stdio::null());
        if let Some(manager) = manager {
            command.env("NOTIFY_SOCKET", manager);
        }
        Self(command.spawn().unwrap())
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A local address on which nothing listens.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_service_manager_hears_when_the_hub_is_ready_and_when_it_ends() {
    let floor = Floor::new("");
    let manager = floor.path("notify");
    let told = UnixDatagram::bind(&manager).unwrap();
    told.set_read_timeout(Some(PATIENCE)).unwrap();
    let next = || {
        let mut buffer = [0; 256];
        let n = told.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..n]).trim().to_owned()
    };
    let address = free();
    let mut hub = Hub::start(&floor, address, Some(&manager));
    assert_eq!(next(), "READY=1");
    let ready = get(address, "/readyz");
    assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
    // The signal of `systemctl reload` does not end it.
    hub.signal(Signal::HUP);
    assert!(get(address, "/healthz").starts_with("HTTP/1.1 200"));
    hub.signal(Signal::TERM);
    assert_eq!(next(), "STOPPING=1");
    assert!(hub.0.wait().unwrap().success());
}

#[test]
fn a_board_on_the_console_waits_for_its_hub_and_takes_no_keys() {
    let folder = tempfile::tempdir().unwrap();
    let socket: PathBuf = folder.path().join("floor-hub.sock");
    let hub = format!("[hub]\nsocket = \"{}\"\n", socket.display());
    let floor = Floor::new(&hub);
    floor.append("queue_log", &step(0));
    let guest = folder.path().join("kiosk.toml");
    fs::write(&guest, hub).unwrap();
    let mut board = Board::run(floor.command(&["--config", guest.to_str().unwrap(), "--locked"]));
    // Without the hub, no other floor is shown in its place.
    board.wait_for("nothing has come from the hub yet");
    assert!(!board.screen().contains("SIMULATED"), "{}", board.screen());
    let _hub = Hub::start(&floor, free(), None);
    board.wait_for("all queues offered, today 1");
    for keys in ["q", "\x03", "\x1a", "\x1c", ":quit\r", "5", "a"] {
        board.type_keys(keys);
    }
    floor.append("queue_log", &step(1));
    // The keys are read but ignored: the same page is drawn on, and nothing is acknowledged.
    board.wait_for("all queues offered, today 2");
    let screen = board.screen();
    assert!(screen.contains("Queues") && !screen.contains("acknowledged") && !screen.contains("help"), "{screen}");
}
