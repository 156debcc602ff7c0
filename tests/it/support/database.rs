//! Real databases from Debian's packages, on loopback, each with a data folder of its own that ends with it.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);
/// The password of the account `wall`.
pub(crate) const PASSWORD: &str = "s3cret-of-the-wall";

/// What a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    MariaDb,
    Postgres,
    Sqlite,
}

/// A database with the account `wall`, which may read the table `queue_log` and nothing else.
pub(crate) struct Database {
    pub(crate) kind: Kind,
    pub(crate) folder: PathBuf,
    /// Removes the folder.
    _folder: tempfile::TempDir,
    port: u16,
    server: Option<Child>,
    user: Option<(u32, u32)>,
}

/// The first of `places` that exists.
fn program(places: &[&str]) -> Option<PathBuf> {
    places.iter().map(PathBuf::from).find(|path| path.exists())
}

fn postgres_program(name: &str) -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    versions.map(|version| version.path().join("bin").join(name)).find(|path| path.exists())
}

/// The ids of a system user, where the test runs as root: neither server runs as root.
fn user_of(name: &str) -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let user = uzers::get_user_by_name(name)?;
    Some((user.uid(), user.primary_group_id()))
}

impl Database {
    /// A running database; `None`, with a word about it, where there is none here.
    #[expect(clippy::print_stdout, reason = "a test says that it is skipped")]
    pub(crate) fn start(kind: Kind) -> Option<Self> {
        let missing = match kind {
            Kind::MariaDb => program(&["/usr/sbin/mariadbd"]).is_none().then_some("mariadb-server"),
            Kind::Postgres => postgres_program("initdb").is_none().then_some("postgresql"),
            Kind::Sqlite => None,
        };
        if let Some(package) = missing {
            println!("skipped: there is no {package} here (Debian: apt-get install {package})");
            return None;
        }
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().to_owned();
        let user = match kind {
            Kind::MariaDb => user_of("mysql"),
            Kind::Postgres => user_of("postgres"),
            Kind::Sqlite => None,
        };
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut database = Self { kind, folder, _folder: temporary, port, server: None, user };
        if let Some((uid, gid)) = user {
            chown(&database.folder, Some(uid), Some(gid)).unwrap();
        }
        fs::write(database.folder.join("password"), PASSWORD).unwrap();
        fs::set_permissions(database.folder.join("password"), fs::Permissions::from_mode(0o600)).unwrap();
        database.initialize();
        database.serve();
        Some(database)
    }

    fn initialize(&self) {
        let data = self.folder.join("data");
        match self.kind {
            Kind::MariaDb => {
                let mut command = self.command(Path::new("/usr/bin/mariadb-install-db"));
                command.arg("--no-defaults").arg("--auth-root-authentication-method=normal").arg("--skip-test-db");
                run(command.arg(format!("--datadir={}", data.display())));
            }
            Kind::Postgres => {
                let mut command = self.command(&postgres_program("initdb").unwrap());
                run(command
                    .args(["--no-sync", "--auth-host=scram-sha-256", "--auth-local=trust", "-U", "root", "-D"])
                    .arg(data));
            }
            Kind::Sqlite => {}
        }
    }

    /// Start the server on the data that are there.
    pub(crate) fn serve(&mut self) {
        let (data, log) =
            (self.folder.join("data"), File::options().create(true).append(true).open(self.folder.join("log")));
        let (port, folder) = (self.port, self.folder.display().to_string());
        let mut command = match self.kind {
            Kind::MariaDb => {
                let mut command = self.command(Path::new("/usr/sbin/mariadbd"));
                command.args(["--no-defaults", "--bind-address=127.0.0.1"]);
                command.args([format!("--datadir={}", data.display()), format!("--port={port}")]);
                command.args([format!("--socket={folder}/socket"), format!("--pid-file={folder}/pid")]);
                for (key, name) in [("ssl-cert", "server.pem"), ("ssl-key", "server.key")] {
                    if self.folder.join(name).exists() {
                        command.arg(format!("--{key}={folder}/{name}"));
                    }
                }
                command
            }
            Kind::Postgres => {
                let mut command = self.command(&postgres_program("postgres").unwrap());
                command.arg("-D").arg(data).args(["-p", &port.to_string(), "-k", &folder, "-h", "127.0.0.1", "-F"]);
                if self.folder.join("server.key").exists() {
                    let file = |key: &str, name: &str| format!("ssl_{key}_file={folder}/{name}");
                    command.args(["-c", "ssl=on", "-c", &file("cert", "server.pem"), "-c", &file("key", "server.key")]);
                }
                command
            }
            Kind::Sqlite => return,
        };
        let log = log.unwrap();
        let child = command.stdout(log.try_clone().unwrap()).stderr(log).stdin(Stdio::null()).spawn().unwrap();
        self.server = Some(child);
        let end = Instant::now() + PATIENCE;
        while !self.client("postgres", "SELECT 1").output().is_ok_and(|output| output.status.success()) {
            assert!(Instant::now() < end, "{}", fs::read_to_string(self.folder.join("log")).unwrap_or_default());
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Kill the server.
    pub(crate) fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
        // PostgreSQL takes its lock for that of a living server if the process id is in use again.
        let _ = fs::remove_file(self.folder.join("data/postmaster.pid"));
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder);
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// The administrator's client.
    fn client(&self, database: &str, sql: &str) -> Command {
        let folder = self.folder.display().to_string();
        match self.kind {
            Kind::MariaDb => {
                let mut command = Command::new("mariadb");
                command.args(["--no-defaults", "-uroot", &format!("--socket={folder}/socket"), "-e", sql]);
                if database != "postgres" {
                    command.arg(database);
                }
                command
            }
            Kind::Postgres => {
                let mut command = Command::new("psql");
                let port = self.port.to_string();
                command.args([
                    "-X",
                    "-q",
                    "-v",
                    "ON_ERROR_STOP=1",
                    "-h",
                    &folder,
                    "-p",
                    &port,
                    "-U",
                    "root",
                    "-d",
                    database,
                ]);
                command.args(["-c", sql]);
                command
            }
            Kind::Sqlite => unreachable!("SQLite is opened in place"),
        }
    }

    /// Run statements as the administrator.
    pub(crate) fn execute(&self, sql: &str) {
        if self.kind == Kind::Sqlite {
            let path = self.folder.join("q.db");
            return rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
        }
        run(&mut self.client("cdr", sql));
    }

    /// Make the database `cdr` with a table and the account.
    pub(crate) fn create(&self, table: &str) {
        match self.kind {
            Kind::MariaDb => {
                run(&mut self.client("postgres", "CREATE DATABASE cdr"));
                self.execute(table);
                self.execute(&format!(
                    "CREATE USER wall@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'; GRANT SELECT ON cdr.queue_log TO wall@'127.0.0.1'"
                ));
            }
            Kind::Postgres => {
                run(&mut self.client("postgres", "CREATE DATABASE cdr"));
                self.execute(table);
                self.execute(&format!("CREATE ROLE wall LOGIN PASSWORD '{PASSWORD}'"));
                self.execute("GRANT SELECT ON queue_log TO wall");
            }
            Kind::Sqlite => self.execute(table),
        }
    }

    /// The keys of a source that follows it: address and password.
    pub(crate) fn keys(&self) -> String {
        let (folder, port) = (self.folder.display(), self.port);
        let scheme = match self.kind {
            Kind::Sqlite => return format!("url = 'sqlite:{folder}/q.db'\n"),
            Kind::MariaDb => "mysql",
            Kind::Postgres => "postgres",
        };
        format!("url = '{scheme}://wall@127.0.0.1:{port}/cdr'\npassword = {{ file = '{folder}/password' }}\n")
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.kill();
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
