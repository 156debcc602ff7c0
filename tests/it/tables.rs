//! Tables as contact centres export them, read by the program: tests/fixtures/tables. The expected figures were computed
//! apart.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tables")
}

pub(crate) fn floorwatch(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_floorwatch"));
    command.args(arguments).current_dir(folder()).env_remove("FLOORWATCH_CONFIG");
    command.env("XDG_CONFIG_HOME", "/nonexistent").env("XDG_STATE_HOME", "/nonexistent").output().unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn report(arguments: &[&str]) -> Value {
    let output = floorwatch(&[&["report", "--utc", "--format", "json"], arguments].concat());
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

pub(crate) fn figure(figures: &Value, kpi: &str) -> Option<f64> {
    figures.get(kpi)?.get("value")?.as_f64()
}

/// The figures of a report's total, and what it remarks.
pub(crate) fn hold(arguments: &[&str], expected: &[(&str, f64)]) -> String {
    let report = report(arguments);
    for (kpi, value) in expected {
        let got = figure(&report["total"], kpi);
        assert!(
            got.is_some_and(|got| (got - value).abs() < 0.001),
            "{arguments:?} {kpi}: expected {value}, got {got:?}"
        );
    }
    report["input"]["remarks"].to_string()
}

/// A table and perhaps a mapping in a folder of their own.
pub(crate) fn written(table: &[u8], mapping: &str) -> (tempfile::TempDir, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let (file, columns) = (folder.path().join("table.csv"), folder.path().join("columns.toml"));
    std::fs::write(&file, table).unwrap();
    std::fs::write(&columns, mapping).unwrap();
    let (file, columns) = (file.to_str().unwrap().to_owned(), columns.to_str().unwrap().to_owned());
    (folder, file, columns)
}

#[test]
fn a_queue_log_from_a_database_is_read_as_one_whatever_is_configured() {
    let expected =
        [("offered", 3.0), ("answered", 1.0), ("abandoned", 1.0), ("left", 1.0), ("asa", 8.0), ("aht", 60.0)];
    hold(&["queue-log-table.csv"], &expected);
    let table = std::fs::read_to_string(folder().join("queue-log-table.csv")).unwrap();
    let mapping = "[csv]\ntime = \"time\"\nqueue = \"queuename\"\nagent = \"agent\"";
    let drawn: Vec<String> = table.lines().map(|line| format!("| {} |", line.replace(',', " | "))).collect();
    for text in [table.replace(',', "\t"), format!("+--+--+\n{}\n+--+--+\n", drawn.join("\n"))] {
        let (_folder, file, columns) = written(text.as_bytes(), mapping);
        hold(&[&file], &expected);
        hold(&[&file, "--columns", &columns], &expected);
    }
}

#[test]
fn a_queue_log_from_a_database_is_read_whatever_its_columns_and_times() {
    let expected = [("offered", 1.0), ("answered", 1.0), ("asa", 8.0), ("aht", 60.0)];
    let rows = [
        (0, "NONE,ENTERQUEUE,,+442079460111,1,,"),
        (8, "Ann,CONNECT,8,1772442001.2,7,,"),
        (68, "Ann,COMPLETEAGENT,8,60,1,,"),
    ];
    let wall = |second: i64| format!("2026-03-02 09:0{}:{:02}", second / 60, second % 60);
    let epoch = |second: i64| (1_772_442_000 + second).to_string();
    for header in ["time,callid,queuename", "created,id,time,callid,queuename", "partition,time_id,call_id,queue"] {
        let named = if header.contains("call_id") { "agent,verb" } else { "agent,event" };
        let times: [&dyn Fn(i64) -> String; 5] =
            [&wall, &epoch, &|s| wall(s) + ".120034", &|s| epoch(s) + ".000000", &|s| {
                wall(s).replace(' ', "T") + "+00:00"
            }];
        for time in times {
            let mut table = format!("{header},{named},data1,data2,data3,data4,data5\n");
            for (second, rest) in rows {
                let cell = |name: &str| match name {
                    "time" | "time_id" => time(second),
                    "created" => "2026-04-01 00:00:00".to_owned(),
                    "callid" | "call_id" => "1772442000.1".to_owned(),
                    "queuename" | "queue" => "billing".to_owned(),
                    _ => "P001".to_owned(),
                };
                table.extend([&header.split(',').map(cell).collect::<Vec<_>>().join(","), ",", rest, "\n"]);
            }
            let (_folder, file, _) = written(table.as_bytes(), "");
            hold(&[&file], &expected);
        }
    }
}

#[test]
fn rows_that_are_no_contacts_are_left_out_and_outcomes_have_reasons() {
    let expected = [
        ("offered", 4.0),
        ("answered", 2.0),
        ("abandoned", 1.0),
        ("left", 1.0),
        ("abandonment_rate", 33.333),
        ("asa", 29.5),
        ("time_to_abandon", 155.0),
        ("aht", 340.5),
    ];
    for arguments in [&["aircall-calls.csv"][..], &["aircall-calls.csv", "--columns", "aircall"]] {
        let remarks = hold(arguments, &expected);
        assert!(remarks.contains("2 of 6 rows"), "{remarks}");
    }
}

#[test]
fn durations_are_read_in_every_notation() {
    let mapping = std::fs::read_to_string(folder().join("3cx-iso-duration.toml")).unwrap();
    for (column, mean) in [
        ("WaitTime", 1272.833),
        ("WaitTime (text)", 1272.667),
        ("WaitTime (seconds)", 1272.833),
        ("WaitTime (hh:mm:ss)", 1272.833),
    ] {
        let (_folder, _, columns) = written(b"", &mapping.replace("\"WaitTime\"", &format!("\"{column}\"")));
        hold(&["3cx-iso-duration.csv", "--columns", &columns], &[("abandoned", 3.0), ("time_to_abandon", mean)]);
    }
}

#[test]
fn a_duration_that_is_not_known_does_not_cost_the_row() {
    let table = b"start;agent;wait;talk\n2026-03-02T09:00:00Z;Ann;10,5;-\n2026-03-02T09:01:00Z;Ann;N/A;1 min 23 sec\n";
    let mapping = "time = \"start\"\nagent = \"agent\"\nwait_s = \"wait\"\ntalk_s = \"talk\"";
    let (_folder, file, columns) = written(table, mapping);
    hold(&[&file, "--columns", &columns], &[("answered", 2.0), ("asa", 10.5), ("aht", 83.0)]);
}

#[test]
fn instants_count_from_any_beginning_and_stand_for_durations() {
    let expected =
        [("offered", 3.0), ("answered", 1.0), ("abandoned", 1.0), ("left", 1.0), ("asa", 12.0), ("aht", 60.0)];
    hold(&["kazoo-gregorian.csv", "--columns", "kazoo-gregorian.toml"], &expected);
    hold(&["kazoo-gregorian.csv", "--columns", "kazoo-gregorian.toml"], &[("time_to_abandon", 40.0)]);
    // Without the columns of the durations, the instants tell the same.
    let mapping = std::fs::read_to_string(folder().join("kazoo-gregorian.toml")).unwrap();
    let mapping = mapping.replace(
        "wait_s = \"wait_time\"\ntalk_s = \"talk_time\"",
        "answered_at = \"handled_timestamp\"\nended_at = \"processed_timestamp\"",
    );
    let (_folder, _, columns) = written(b"", &mapping);
    hold(&["kazoo-gregorian.csv", "--columns", &columns], &expected);
}

#[test]
fn sums_of_intervals_are_observed_figures_and_no_contacts() {
    let expected = [("offered", 58.0), ("handled", 50.0), ("aht", 331.0)];
    hold(&["interval-aggregate.csv"], &expected);
    let remarks = hold(&["interval-aggregate.csv", "--columns", "interval-aggregate.toml"], &expected);
    assert!(remarks.contains("sum of an interval"), "{remarks}");
    let table = std::fs::read_to_string(folder().join("interval-aggregate.csv")).unwrap();
    let (_folder, file, _) = written(table.replace("Interactions Handled", "ACD Calls").as_bytes(), "");
    assert!(hold(&[&file], &expected).contains("sum of an interval"));
    let report = report(&["interval-aggregate.csv", "--by", "queue", "--every", "30m"]);
    let offered: Vec<_> =
        report["rows"].as_array().unwrap().iter().map(|row| figure(&row["kpis"], "offered")).collect();
    assert_eq!(offered, [Some(30.0), Some(28.0)]);
}

#[test]
fn several_rows_of_a_contact_are_one_or_it_is_said() {
    let expected = [("offered", 2.0), ("answered", 1.0), ("left", 1.0), ("asa", 12.0), ("aht", 123.0)];
    hold(&["smdr-continuation.csv", "--columns", "smdr-continuation.toml"], &expected);
    hold(&["smdr-continuation.csv", "--columns", "avaya-ip-office"], &expected);
    let mapping = std::fs::read_to_string(folder().join("smdr-continuation.toml")).unwrap();
    let (_folder, _, columns) = written(b"", &mapping.replace("legs = true\n", ""));
    let remarks = hold(&["smdr-continuation.csv", "--columns", &columns], &[]);
    assert!(remarks.contains("2 ids in 3 rows"), "{remarks}");
}

#[test]
fn utf_16_is_read_and_the_hour_that_comes_twice_told_apart() {
    let report = report(&["utf16-export.csv", "--columns", "utf16-export.toml", "--every", "1h"]);
    let offered: Vec<_> =
        report["rows"].as_array().unwrap().iter().map(|row| figure(&row["kpis"], "offered")).collect();
    assert_eq!(offered, [1.0, 2.0, 2.0, 1.0].map(Some));
    assert!(report["input"]["remarks"].to_string().contains("came twice in Europe/London"));
}

#[test]
fn title_lines_totals_byte_order_marks_and_quoted_line_breaks_are_no_obstacle() {
    let expected = [("offered", 3.0), ("answered", 2.0), ("abandoned", 1.0), ("asa", 38.5), ("aht", 416.5)];
    hold(&["title-lines.csv", "--columns", "title-lines.toml"], &expected);
    let table = "\u{feff}\"Report\nof March\"\r\n\r\n\"When\n(UTC)\",Who\r\n2026-03-02 09:00:00,\"Ann\nLee\"\r\n";
    let (_folder, file, columns) = written(table.as_bytes(), "time = \"When\\n(UTC)\"\nagent = \"Who\"");
    hold(&[&file, "--columns", &columns], &[("answered", 1.0)]);
}

#[test]
fn nothing_read_is_a_failure_with_the_reasons() {
    let (_folder, file, columns) = written(b"When,Who\nnever,Ann\n", "time = \"When\"\nagent = \"Who\"");
    let output = floorwatch(&["report", &file, "--columns", &columns]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        output.stdout.is_empty() && stderr(&output).contains("table.csv:2: the time is not RFC 3339"),
        "{}",
        stderr(&output)
    );
    let output = floorwatch(&["check", &file, "--columns", &columns]);
    assert_eq!(output.status.code(), Some(1));
    let (_folder, file, columns) =
        written(b"When,Who\n2026-03-02T09:00:00Z,Ann\n", "time = \"When\"\nonly = { Who = \"Bob\" }");
    let output = floorwatch(&["report", &file, "--columns", &columns]);
    assert!(output.status.code() == Some(1) && stderr(&output).contains("1 of 1 rows"), "{}", stderr(&output));
}

#[test]
fn words_that_say_neither_yes_nor_no_are_remarked_and_tell_nothing() {
    let table = "When,Ok\n2026-03-02T09:00:00Z,14\n2026-03-02T09:00:01Z,15\n2026-03-02T09:00:02Z,15\n";
    let (_folder, file, columns) = written(table.as_bytes(), "time = \"When\"\nanswered = \"Ok\"");
    let remarks = hold(&[&file, "--columns", &columns], &[("offered", 3.0), ("unknown_end", 3.0)]);
    assert!(remarks.contains(r#"answered: 3 rows have words that are not known (\"14\", \"15\")"#), "{remarks}");
}

#[test]
fn all_columns_that_are_missing_are_named_at_once() {
    let (_folder, file, columns) =
        written(b"When,Who\n2026-03-02T09:00:00Z,Ann\n", "time = \"Wen\"\nagent = \"Woh\"\nqueue = \"Q\"");
    let output = floorwatch(&["report", &file, "--columns", &columns]);
    let said = stderr(&output);
    for key in [
        "time: there is no column \"Wen\" (did you mean \"When\"?)",
        "agent: there is no column",
        "queue: there is no column",
    ] {
        assert!(said.contains(key), "{said}");
    }
    assert_eq!(said.lines().count(), 1);
}

/// From an unknown table to its figures: `map -o`, then `report`.
pub(crate) fn mapped(table: &[u8], expected: &[(&str, f64)]) -> String {
    let (folder, file, _) = written(table, "");
    for command in ["report", "check"] {
        let output = floorwatch(&[command, &file]);
        let said = stderr(&output) + &String::from_utf8_lossy(&output.stdout);
        assert!(output.status.code() == Some(1) && said.contains("floorwatch map"), "{said}");
    }
    let proposal = folder.path().join("proposal.toml");
    let output = floorwatch(&["map", &file, "--utc", "-o", proposal.to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));
    hold(&[&file, "--columns", proposal.to_str().unwrap()], expected);
    assert_eq!(
        floorwatch(&["map", &file, "-o", proposal.to_str().unwrap()]).status.code(),
        Some(1),
        "it is not overwritten"
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_table_s_name_is_text_alone() {
    let table = b"Date,Queue,Agent,Wait,Talk,Caller\n2026-03-02 09:00:00,billing,ann,12,100,555\n";
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (file, proposal) = (at("e\x1b[2Jvil\ninjected = 1\n;id.csv"), at("pro\x1b[31mposal.toml"));
    std::fs::write(&file, table).unwrap();
    for command in [&["report", &file][..], &["check", &file], &["map", &file, "--utc", "-o", &proposal]] {
        let output = floorwatch(command);
        let said = [output.stdout, output.stderr].concat();
        assert!(!said.contains(&0x1b), "{command:?}: {}", String::from_utf8_lossy(&said).escape_debug());
    }
    assert!(!std::fs::read_to_string(&proposal).unwrap().lines().any(|line| line.starts_with("injected")));
    // What was written is a mapping, and no more.
    report(&[&file, "--columns", &proposal]);
}

#[test]
fn a_mapping_that_cannot_be_written_whole_is_not_left_in_part() {
    let table = b"Date,Queue,Agent,Wait,Talk,Caller\n2026-03-02 09:00:00,billing,ann,12,100,555\n";
    let (folder, file, _) = written(table, "");
    let proposal = folder.path().join("proposal.toml");
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$@\"";
    let mut limited = Command::new("sh");
    limited.args(["-c", script, "sh", env!("CARGO_BIN_EXE_floorwatch"), "map", &file, "--utc", "-o"]).arg(&proposal);
    let output = limited.env("XDG_CONFIG_HOME", "/nonexistent").output().unwrap();
    assert!(stderr(&output).contains("proposal.toml: File too large"), "{}", stderr(&output));
    assert!(!proposal.exists());
}

#[test]
fn a_mapping_is_proposed_for_an_unknown_table() {
    let title = std::fs::read(folder().join("title-lines.csv")).unwrap();
    let said = mapped(&title, &[("offered", 3.0), ("answered", 2.0), ("asa", 38.5), ("aht", 416.5)]);
    assert!(said.contains("month is taken to come first") && said.contains("1 row of totals is left out"), "{said}");
}

#[test]
fn a_mapping_is_proposed_in_other_languages_and_encodings() {
    let german = "Anruf-ID;Datum;Uhrzeit;Richtung;Warteschlange;Mitarbeiter;Ergebnis;Wartezeit;Gespr\u{e4}chszeit;Nachbearbeitung\n\
        1;25.03.2026;09:00:05;eingehend;B\u{fc}ro;J\u{f6}rg;angenommen;0:12;2:03;0:20\n\
        2;25.03.2026;09:10:05;eingehend;B\u{fc}ro;;verpasst;0:40;-;-\n\
        3;25.03.2026;09:20:00;ausgehend;B\u{fc}ro;J\u{f6}rg;angenommen;0:05;10:30;0:15\n";
    // As a spreadsheet saves it: in Windows-1252.
    let bytes: Vec<u8> = german.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let expected = [("offered", 2.0), ("answered", 1.0), ("abandoned", 1.0), ("asa", 12.0), ("aht", 143.0)];
    let said = mapped(&bytes, &expected);
    assert!(said.contains("J\u{f6}rg") && said.contains("1 of 3 rows"), "{said}");
    let spanish = "Fecha y hora\tCola\tAgente\tEstado\tTiempo de espera\tTiempo de conversaci\u{f3}n\n\
        25/03/2026 09:00:05\tventas\tAna\tContestada\t12\t123\n25/03/2026 09:10:05\tventas\t\tAbandonada\t40\t0\n";
    mapped(spanish.as_bytes(), &[("offered", 2.0), ("answered", 1.0), ("asa", 12.0), ("aht", 123.0)]);
    let french = "Date,Heure,File d'attente,Conseiller,Statut,Dur\u{e9}e d'attente,Dur\u{e9}e de conversation\n\
        2026-03-25,09:00:05,SAV,Zo\u{e9},R\u{e9}pondu,00:00:12,00:02:03\n2026-03-25,09:10:05,SAV,,Abandonn\u{e9},00:00:40,\n";
    mapped(french.as_bytes(), &[("offered", 2.0), ("answered", 1.0), ("asa", 12.0), ("aht", 123.0)]);
    let instants = "Fila,Atendente,In\u{ed}cio da chamada,Hora de atendimento,Fim,Situa\u{e7}\u{e3}o\n\
        suporte,Rui,1774429205000,1774429217000,1774429340000,Atendida\nsuporte,,1774429805000,,1774429845000,Abandonada\n";
    mapped(
        instants.as_bytes(),
        &[("offered", 2.0), ("answered", 1.0), ("asa", 12.0), ("aht", 123.0), ("time_to_abandon", 40.0)],
    );
}

#[test]
fn a_user_s_own_preset_is_found_by_its_columns_and_its_name() {
    let (folder, file, _) = written(b"When,Who,Where\n2026-03-02T09:00:00Z,Ann,sales\n", "");
    let presets = folder.path().join("floorwatch/presets/csv");
    std::fs::create_dir_all(&presets).unwrap();
    std::fs::write(presets.join("ours.toml"), "time = \"When\"\nagent = \"Who\"\nqueue = \"Where\"").unwrap();
    for arguments in [&["report", &file][..], &["report", &file, "--columns", "ours"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_floorwatch"));
        command.args(arguments).args(["--utc", "--format", "json"]).env_remove("FLOORWATCH_CONFIG");
        let output = command.env("XDG_CONFIG_HOME", folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(figure(&report["total"], "answered"), Some(1.0));
    }
}

#[test]
fn every_preset_reads_its_sample_in_one_command() {
    let usual = |aht| {
        vec![
            ("offered", 2.0),
            ("answered", 1.0),
            ("abandoned", 1.0),
            ("asa", 12.0),
            ("time_to_abandon", 40.0),
            ("aht", aht),
        ]
    };
    let one_left =
        |aht| vec![("offered", 3.0), ("answered", 1.0), ("abandoned", 1.0), ("left", 1.0), ("asa", 12.0), ("aht", aht)];
    for (name, expected) in [
        ("3cx-abandoned", vec![("offered", 2.0), ("abandoned", 2.0), ("time_to_abandon", 20.0)]),
        ("amazon-connect", usual(200.0)),
        ("avaya-cms", one_left(143.0)),
        ("cisco-uccx", usual(143.0)),
        ("dialpad", usual(123.0)),
        ("five9", one_left(143.0)),
        ("fusionpbx", one_left(123.0)),
        ("ringcx-calls", one_left(123.0)),
        ("ringcx-intervals", vec![("offered", 58.0), ("answered", 50.0), ("abandoned", 8.0), ("asa", 10.0)]),
        ("zendesk-talk", one_left(153.0)),
    ] {
        let remarks = hold(&[&format!("presets/{name}.csv")], &expected);
        assert!(remarks.contains(&format!("read by the preset {name}")), "{remarks}");
    }
    let remarks = hold(&["presets/amazon-connect.jsonl"], &usual(200.0));
    assert!(remarks.contains("read by the preset amazon-connect"), "{remarks}");
    for (file, name) in [
        ("aircall-calls.csv", "aircall"),
        ("kazoo-gregorian.csv", "kazoo"),
        ("interval-aggregate.csv", "genesys-intervals"),
    ] {
        let remarks = hold(&[file], &[]);
        assert!(remarks.contains(&format!("read by the preset {name}")), "{remarks}");
    }
}
