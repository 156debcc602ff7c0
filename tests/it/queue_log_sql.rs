//! Runs the source `queue_log_sql` against real databases.

use std::fmt::Write as _;
use std::fs;
use std::sync::LazyLock;

use floorwatch::board::Health;
use floorwatch::clock::{Clock, Span, Time};
use floorwatch::event::EventKind;
use floorwatch::source::SourceKind;

use super::support::database::{Database, Kind, PASSWORD};
use super::support::running_source::RunningSource;

const KINDS: [Kind; 3] = [Kind::MariaDb, Kind::Postgres, Kind::Sqlite];

/// As Asterisk's documentation has it, with a key.
fn keyed(kind: Kind) -> String {
    let key = match kind {
        Kind::MariaDb => "id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY",
        Kind::Postgres => "id bigserial PRIMARY KEY",
        Kind::Sqlite => "id INTEGER PRIMARY KEY",
    };
    format!("CREATE TABLE queue_log ({key}, time varchar(26), {})", fields())
}

type Written<'a> = &'a dyn Fn(i64) -> String;

/// Without a key; the type of the time is the database's own.
fn by_time(time: &str) -> String {
    format!("CREATE TABLE queue_log (time {time}, {}); CREATE INDEX by_time ON queue_log (time)", fields())
}

fn fields() -> String {
    let names = "callid queuename agent event data1 data2 data3 data4 data5".split(' ');
    names.map(|name| format!("{name} varchar(200) DEFAULT ''")).collect::<Vec<_>>().join(", ")
}

/// A row that says that a call joins the queue.
fn joins(time: &str, call: &str) -> String {
    format!(
        "INSERT INTO queue_log (time, callid, queuename, agent, event, data2, data3) \
         VALUES ({time}, '{call}', 'billing', 'NONE', 'ENTERQUEUE', '100', '1');"
    )
}

/// A second of the past hour as the wall clock of `Europe/Berlin` shows it, in quotes.
fn wall(second: i64) -> String {
    let at = recent(second).to_chrono().with_timezone(&chrono_tz::Europe::Berlin);
    format!("'{}'", at.format("%Y-%m-%d %H:%M:%S%.6f"))
}

fn recent(second: i64) -> Time {
    /// The same for all times of a test, which may go on into the next minute.
    static BEGINNING: LazyLock<Time> = LazyLock::new(|| Clock::System.now().minute() - Span::HOUR);
    *BEGINNING + Span::seconds(second)
}

fn follow(database: &Database, keys: &str) -> RunningSource {
    resume(database, keys, None)
}

fn resume(database: &Database, keys: &str, cursor: Option<&str>) -> RunningSource {
    RunningSource::resume(SourceKind::QueueLogSql, &format!("{}every_s = 1\n{keys}", database.keys()), cursor)
}

const BERLIN: &str = "timezone = 'Europe/Berlin'";

/// What happens to a table with a key: rows that come, come late and are no lines, a restart of the server, and one of the
/// program.
fn is_followed_by_its_key(kind: Kind) {
    let Some(mut database) = Database::start(kind) else { return };
    database.create(&keyed(kind));
    database.execute(&(joins(&wall(0), "1.1") + &joins(&wall(1), "1.2")));
    let mut source = follow(&database, BERLIN);
    source.until_health(Health::Live, "");
    assert_eq!(source.contacts(), ["1.1", "1.2"]);
    assert_eq!(source.events[0].at, recent(0));
    // One is written, but not yet: its key is lower than that of the next.
    database.execute("INSERT INTO queue_log (id, time, callid, queuename, agent, event) VALUES (4, 'rubbish', '1.4', 'billing', 'NONE', 'ABANDON')");
    source.until(|source| !source.rejected.is_empty());
    assert!(source.rejected[0].0 == 4 && source.rejected[0].1.contains("rubbish"), "{:?}", source.rejected);
    database.execute(&joins(&wall(5), "1.5").replace("(time", "(id, time").replace("VALUES (", "VALUES (5, "));
    source.until(|source| source.contacts().contains(&"1.5"));
    database.execute(&joins(&wall(3), "1.3").replace("(time", "(id, time").replace("VALUES (", "VALUES (3, "));
    source.until(|source| source.contacts().contains(&"1.3"));
    if kind != Kind::Sqlite {
        database.kill();
        source.until(|source| source.health.last().is_some_and(|(health, _)| *health != Health::Live));
        database.serve();
        source.until_health(Health::Live, "");
    }
    database.execute(&joins(&wall(6), "1.6").replace("(time", "(id, time").replace("VALUES (", "VALUES (6, "));
    source.until(|source| source.contacts().contains(&"1.6"));
    let cursor = source.cursor.clone();
    assert_eq!(source.contacts(), ["1.1", "1.2", "1.5", "1.3", "1.6"]);
    assert_eq!(source.rejected.len(), 1);
    drop(source);
    database.execute(&joins(&wall(7), "1.7").replace("(time", "(id, time").replace("VALUES (", "VALUES (7, "));
    let mut source = resume(&database, BERLIN, cursor.as_deref());
    source.until_health(Health::Live, "");
    assert_eq!(source.contacts(), ["1.7"]);
    // Its last row is gone: nothing is read again.
    database.execute("DELETE FROM queue_log WHERE id = 7");
    database.execute(&joins(&wall(9), "1.9").replace("(time", "(id, time").replace("VALUES (", "VALUES (9, "));
    source.until(|source| source.contacts().contains(&"1.9"));
    // Emptied: it is read from its beginning.
    database.execute("DELETE FROM queue_log");
    database.execute(&joins(&wall(10), "1.8").replace("(time", "(id, time").replace("VALUES (", "VALUES (1, "));
    source.until(|source| source.contacts().contains(&"1.8"));
    assert_eq!(source.contacts(), ["1.7", "1.9", "1.8"]);
}

#[test]
fn mariadb_is_followed_by_its_key() {
    is_followed_by_its_key(Kind::MariaDb);
}

#[test]
fn postgres_is_followed_by_its_key() {
    is_followed_by_its_key(Kind::Postgres);
}

#[test]
fn sqlite_is_followed_by_its_key() {
    is_followed_by_its_key(Kind::Sqlite);
}

#[test]
fn a_table_without_a_key_is_followed_by_time_whatever_type_that_has() {
    for kind in KINDS {
        let Some(database) = Database::start(kind) else { continue };
        database.create(&keyed(kind));
        let epoch = |second: i64| (recent(second).0 / 1_000_000).to_string();
        let utc = |second: i64| format!("'{}'", recent(second).to_chrono().format("%Y-%m-%d %H:%M:%S+00"));
        let quoted = |second: i64| format!("'{}'", epoch(second));
        let from_epoch = |second: i64| format!("FROM_UNIXTIME({})", epoch(second));
        let types: Vec<(&str, Written<'_>)> = match kind {
            Kind::MariaDb => vec![
                ("DATETIME(6)", &wall),
                ("VARCHAR(26)", &wall),
                ("TIMESTAMP NULL", &from_epoch),
                ("INT", &epoch),
                ("DECIMAL(17,6)", &epoch),
                ("VARCHAR(10)", &quoted),
            ],
            Kind::Postgres => vec![
                ("timestamp", &wall),
                ("timestamptz", &utc),
                ("text", &wall),
                ("integer", &epoch),
                ("numeric(17,6)", &epoch),
                ("varchar(10)", &quoted),
            ],
            Kind::Sqlite => vec![("TEXT", &wall), ("INTEGER", &epoch), ("VARCHAR(10)", &quoted)],
        };
        for (time, written) in types {
            database.execute("DROP TABLE queue_log");
            database.execute(&by_time(time));
            if kind == Kind::Postgres {
                database.execute("GRANT SELECT ON queue_log TO wall");
            }
            database
                .execute(&(joins(&written(200), "1.1") + &joins(&written(400), "1.2") + &joins(&written(400), "1.3")));
            let mut source = follow(&database, BERLIN);
            source.until_health(Health::Live, "");
            assert_eq!(source.contacts().len(), 3, "{kind:?} {time}");
            assert_eq!(source.events[2].at, recent(400), "{kind:?} {time}");
            // Later than the newest, and late.
            database.execute(&(joins(&written(401), "1.5") + &joins(&written(300), "1.4")));
            source.until(|source| source.contacts().len() == 5);
            let cursor = source.cursor.clone();
            drop(source);
            database.execute(&joins(&written(402), "1.6"));
            let mut source = resume(&database, BERLIN, cursor.as_deref());
            source.until_health(Health::Live, "");
            assert_eq!(source.contacts(), ["1.6"], "{kind:?} {time}");
        }
    }
}

#[test]
fn the_hour_that_comes_twice_is_told_apart_by_the_order_of_rows() {
    let Some(database) = Database::start(Kind::Sqlite) else { return };
    database.create(&keyed(Kind::Sqlite));
    let walls = ["01:59:00", "02:10:00", "02:50:00", "02:49:30", "02:05:00", "02:55:00", "03:01:00"];
    let utc = ["23:59:00", "00:10:00", "00:50:00", "00:49:30", "01:05:00", "01:55:00", "02:01:00"];
    for (index, wall) in walls.iter().enumerate() {
        database.execute(&joins(&format!("'2025-10-26 {wall}'"), &format!("1.{index}")));
    }
    let mut source = follow(&database, BERLIN);
    source.until_health(Health::Live, "");
    let found: Vec<String> = source.events.iter().map(|event| event.at.to_string()[11..19].to_owned()).collect();
    assert_eq!(found, utc);
}

#[test]
fn what_a_server_refuses_has_its_remedy_and_no_password() {
    for kind in [Kind::MariaDb, Kind::Postgres] {
        let Some(database) = Database::start(kind) else { continue };
        database.create(&keyed(kind));
        database.execute("CREATE TABLE other (id int, name varchar(10)); CREATE TABLE hidden (id int)");
        if kind == Kind::MariaDb {
            database.execute("GRANT SELECT ON cdr.other TO wall@'127.0.0.1'");
        }
        let wrong = database.folder.join("wrong");
        fs::write(&wrong, "hunter2").unwrap();
        fs::set_permissions(&wrong, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let (good, wrong) = (database.keys(), wrong.display().to_string());
        let password = database.folder.join("password").display().to_string();
        let other_port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let foreign = match kind {
            Kind::MariaDb => good.replace("mysql:", "postgres:"),
            _ => good.replace("postgres:", "mysql:"),
        };
        for (keys, words) in [
            (good.replace(&password, &wrong), "compare user and password"),
            (good.replace("/cdr", "/nothing"), "nothing"),
            (format!("{good}table = 'queue_lgo'"), "correct `table`, or GRANT SELECT"),
            (format!("{good}table = 'other'"), if kind == Kind::MariaDb { "no queue_log" } else { "other" }),
            (good.clone(), "set `timezone`"),
            (good.replace(&database.port().to_string(), &other_port.to_string()), "nobody listens"),
            (foreign, "port"),
            (format!("{good}tls = {{ danger_accept_any_certificate = true }}"), "speaks no TLS"),
        ] {
            database.execute(&joins(&wall(0), "1.1"));
            let mut source = RunningSource::start(SourceKind::QueueLogSql, &keys);
            source.until_health(Health::Down, words);
            let said = format!("{:?} {:?} {:?}", source.health, source.remarks, source.rejected);
            assert!(!said.contains("hunter2") && !said.contains(PASSWORD), "{said}");
        }
    }
}

#[test]
fn tls_is_checked_as_everywhere_else() {
    for kind in [Kind::MariaDb, Kind::Postgres] {
        let Some(mut database) = Database::start(kind) else { continue };
        database.create(&keyed(kind));
        database.execute(&joins(&wall(0), "1.1"));
        let pair = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let own = |name: &str, text: String| {
            let path = database.folder.join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
            if let Ok(metadata) = fs::metadata(&database.folder) {
                use std::os::unix::fs::MetadataExt;
                let _ = std::os::unix::fs::chown(&path, Some(metadata.uid()), Some(metadata.gid()));
            }
        };
        own("server.pem", pair.cert.pem());
        own("server.key", pair.signing_key.serialize_pem());
        database.kill();
        database.serve();
        let ca = database.folder.join("server.pem").display().to_string();
        let mut source = follow(&database, &format!("{BERLIN}\ntls = {{ ca = '{ca}' }}"));
        source.until_health(Health::Live, "");
        assert_eq!(source.contacts(), ["1.1"], "{kind:?}");
        let mut source = follow(&database, &format!("{BERLIN}\ntls = {{ danger_accept_any_certificate = true }}"));
        source.until_health(Health::Live, "");
        assert!(source.remarks.iter().any(|remark| remark.contains("certificates are not checked")));
        let mut source = follow(&database, &format!("{BERLIN}\ntls = {{}}"));
        source.until_health(Health::Down, "certificate");
    }
}

#[test]
fn check_says_what_it_found_and_what_the_account_may_do_beyond_need() {
    for kind in KINDS {
        let Some(database) = Database::start(kind) else { continue };
        database.create(&keyed(kind));
        for second in 0..5 {
            database.execute(&joins(&wall(second), &format!("1.{second}")));
        }
        let config = database.folder.join("config.toml");
        let keys = format!("timezone = 'UTC'\n[[source]]\nkind = 'queue_log_sql'\n{}{BERLIN}\n", database.keys());
        fs::write(&config, keys).unwrap();
        let check = || {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_floorwatch"));
            let output = command.args(["check", "--timeout", "40s", "-c"]).arg(&config).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let said = check();
        let rights = if kind == Kind::Sqlite { "opened read-only" } else { "the account may only SELECT" };
        for words in
            ["queue_log in ", "5 rows, the newest of 2", "id", rights, "columns id, time, callid", "1 queue (billing)"]
        {
            assert!(said.contains(words), "{words} is not in {said}");
        }
        if kind != Kind::Sqlite {
            let account = if kind == Kind::MariaDb { "wall@'127.0.0.1'" } else { "wall" };
            database.execute(&format!("GRANT INSERT, DELETE ON queue_log TO {account}"));
            let said = check();
            assert!(said.contains("may do more than SELECT") && said.contains("INSERT, DELETE: GRANT"), "{said}");
        }
    }
}

#[test]
fn a_hundred_thousand_rows_are_read_in_batches() {
    let Some(database) = Database::start(Kind::Sqlite) else { return };
    database.create(&keyed(Kind::Sqlite));
    database.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) \
         INSERT INTO queue_log (time, callid, queuename, agent, event, data2) \
         SELECT 1772442000 + i, '1.' || i, 'billing', 'NONE', 'ENTERQUEUE', i FROM n",
    );
    let mut source = follow(&database, "");
    source.until_health(Health::Live, "");
    assert_eq!(source.events.len(), 100_000);
    // By time, with more rows of one time than a batch has.
    database.execute("CREATE TABLE many AS SELECT * FROM queue_log; UPDATE many SET time = 1772442000 WHERE id < 3000");
    let mut source = follow(&database, "table = 'many'");
    source.until_health(Health::Live, "");
    assert_eq!(source.events.len(), 100_000 - 999);
    assert!(source.rejected.iter().any(|(_, reason)| reason.contains("have one time")), "{:?}", source.rejected);
    assert!(source.remarks.last().unwrap().contains("no index"), "{:?}", source.remarks);
}

#[test]
fn queuemetrics_table_is_read_by_partition() {
    for kind in KINDS {
        let Some(database) = Database::start(kind) else { continue };
        let mut table = String::from("CREATE TABLE queue_log (");
        let names = "partition call_id queue agent verb data1 data2 data3 data4 data5 serverid";
        let quote = if kind == Kind::MariaDb { "`" } else { "\"" };
        for name in names.split(' ') {
            write!(table, "{quote}{name}{quote} varchar(200) NOT NULL DEFAULT '', ").unwrap();
        }
        database.create(&(table + "time_id int NOT NULL)"));
        let start = recent(0).0 / 1_000_000;
        for (second, partition) in [(0, "P001"), (1, "P002"), (2, "P001")] {
            database.execute(&format!(
                "INSERT INTO queue_log ({quote}partition{quote}, time_id, call_id, queue, agent, verb) \
                 VALUES ('{partition}', {}, '1.{second}', 'billing', 'NONE', 'ABANDON')",
                start + second
            ));
        }
        let mut source = follow(&database, "partition = 'P001'");
        source.until_health(Health::Live, "");
        assert_eq!(source.contacts(), ["1.0", "1.2"], "{kind:?}");
        assert!(source.events.iter().all(|event| matches!(event.kind, EventKind::Contact { .. })));
    }
}
