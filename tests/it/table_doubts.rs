//! Tables whose notations mean two things, or that are none: what is taken for granted is said, and what cannot be read is
//! refused with what it is.

use serde_json::Value;

use crate::tables::{figure, floorwatch, hold, stderr, written};

const USUAL: [(&str, f64); 5] =
    [("offered", 2.0), ("answered", 1.0), ("abandoned", 1.0), ("asa", 12.0), ("aht", 143.0)];

/// A table of two contacts: their times, and the durations of the first one.
pub(crate) fn table(times: [&str; 2], [wait, talk, work]: [&str; 3], delimiter: char) -> String {
    let rows = [
        ["Call ID", "Start Time", "Queue", "Agent", "Status", "Wait Time", "Talk Time", "Wrap Up Time"],
        ["c1", times[0], "sales", "Ann", "Answered", wait, talk, work],
        ["c2", times[1], "sales", "", "Abandoned", "40", "", ""],
    ];
    rows.map(|row| row.join(&delimiter.to_string()) + "\n").concat()
}

/// What `map` and `report` say of a table that was read by the proposed mapping, once its figures are right.
pub(crate) fn mapped(table: &[u8], flags: &[&str], expected: &[(&str, f64)]) -> String {
    let (folder, file, _) = written(table, "");
    let proposal = folder.path().join("proposal.toml");
    let proposal = proposal.to_str().unwrap();
    let output = floorwatch(&[&["map", &file, "-o", proposal], flags].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let remarks = hold(&[&file, "--columns", proposal], expected);
    String::from_utf8(output.stdout).unwrap() + &remarks
}

#[test]
fn the_zone_that_is_taken_is_said_with_who_names_it() {
    let table = table(["2026-07-01 09:00:05", "2026-07-01 09:10:05"], ["12", "123", "20"], ',');
    let mapping = "time = \"Start Time\"\nqueue = \"Queue\"\nagent = \"Agent\"\nchannel = { value = \"voice\" }\n\
                   wait_s = \"Wait Time\"\ntalk_s = \"Talk Time\"\nacw_s = \"Wrap Up Time\"";
    let (folder, file, columns) = written(table.as_bytes(), mapping);
    let config = folder.path().join("config.toml");
    std::fs::write(
        &config,
        format!("timezone = \"Europe/London\"\n[[source]]\nkind = \"csv\"\npath = {file:?}\ncolumns = {columns:?}\n"),
    )
    .unwrap();
    let config = config.to_str().unwrap();
    let report = |arguments: &[&str]| {
        let output = floorwatch(&[&["report", "--format", "json", "--columns", &columns, &file], arguments].concat());
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        (report["from"].as_str().unwrap().to_owned(), report["input"]["remarks"].to_string())
    };
    for (arguments, from, words) in [
        (&["--config", config][..], "2026-07-01T08:00:05Z", "Europe/London (the `timezone` of the configuration)"),
        (&["--timezone", "Asia/Tokyo"], "2026-07-01T00:00:05Z", "Asia/Tokyo (as the command line says)"),
    ] {
        let (began, remarks) = report(arguments);
        assert!(began == from && remarks.contains(words), "{began}: {remarks}");
    }
    let output = floorwatch(&["--config", config, "check"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("from 2026-07-01T08:00:05Z") && said.contains("Europe/London (the `timezone`"), "{said}");
    std::fs::write(&columns, mapping.to_owned() + "\ntimezone = \"America/New_York\"").unwrap();
    let (began, remarks) = report(&["--config", config]);
    assert_eq!((began.as_str(), remarks.as_str()), ("2026-07-01T13:00:05Z", "[]"));
}

#[test]
fn what_the_mapping_does_not_say_is_said_to_be_taken_for_granted() {
    let table = "When,Who\n2026-03-02T09:00:00Z,Ann\n";
    let (_folder, file, columns) = written(table.as_bytes(), "time = \"When\"\nagent = \"Who\"");
    let remarks = hold(&[&file, "--columns", &columns], &[("answered", 1.0)]);
    assert!(remarks.contains(r#"channel \"voice\", queue \"all\""#), "{remarks}");
    // Without a word about the end, it is not known how many were abandoned.
    std::fs::write(&columns, "time = \"When\"").unwrap();
    let remarks = hold(&[&file, "--columns", &columns], &[("offered", 1.0), ("unknown_end", 1.0)]);
    assert!(remarks.contains("how contacts ended is unknown"), "{remarks}");
}

#[test]
fn a_comma_separates_what_the_column_and_the_table_tell() {
    let iso = ["2026-03-25 09:00:05", "2026-03-25 09:10:05"];
    let german = ["25.03.2026 09:00:05", "25.03.2026 09:10:05"];
    let long = [USUAL[0], USUAL[1], USUAL[2], USUAL[3], ("aht", 1250.0)];
    let said = mapped(table(iso, ["12", "\"1,230\"", "20"], ',').as_bytes(), &["--utc"], &long);
    assert!(said.contains("1,230 is taken for 1230, which no row proves"), "{said}");
    let said = mapped(table(german, ["12,0", "123,0", "20,0"], ';').as_bytes(), &["--utc"], &USUAL);
    assert!(!said.contains("no row proves"), "{said}");
    for talk in ["1\u{202f}230", "1'230", "1.230,0"] {
        mapped(table(german, ["12", talk, "20"], ';').as_bytes(), &["--utc"], &long);
    }
    let sums = "Date,Interval,Queue,Calls Offered,Calls Handled,Average Handle Time\n\
        3/25/2026,9:00,Sales,\"1,250\",\"1,200\",331\n3/25/2026,9:30,Sales,\"1,300\",\"1,250\",330\n";
    let (_folder, file, _) = written(sums.as_bytes(), "");
    hold(&[&file], &[("offered", 2550.0), ("handled", 2450.0), ("aht", 330.490)]);
}

#[test]
fn the_order_of_day_and_month_is_said_where_no_row_proves_it() {
    for (first, second, doubtful) in [
        ("03/02/2026 09:00:05", "04/02/2026 09:10:05", true),
        ("03-02-2026 09:00:05", "04-02-2026 09:10:05", true),
        ("03/02/2026 09:00:05", "25/02/2026 09:10:05", false),
        ("3/2/2026 9:00:05 AM", "3/25/2026 9:10:05 AM", false),
    ] {
        let table = table([first, second], ["12", "123", "20"], ',');
        let said = mapped(table.as_bytes(), &["--utc"], &USUAL);
        assert_eq!(said.contains("no row proves"), doubtful, "{first}: {said}");
        let mapping = "time = \"Start Time\"\nqueue = \"Queue\"\nagent = \"Agent\"";
        let (_folder, file, columns) = written(table.as_bytes(), mapping);
        assert_eq!(hold(&[&file, "--columns", &columns], &[]).contains("no row proves"), doubtful);
    }
}

#[test]
fn times_are_read_in_the_notations_of_exports_and_spreadsheets() {
    for times in [
        ["25 Mar 2026 09:00:05", "25 Mar 2026 09:10:05"],
        ["\"Wed, 25 Mar 2026 09:00:05\"", "\"Wed, 25 Mar 2026 09:10:05\""],
        ["\"March 25, 2026 09:00:05\"", "\"March 25, 2026 09:10:05\""],
        ["25-Mar-26 9:00:05 AM", "25-Mar-26 9:10:05 AM"],
        ["Wed 03/25/2026 09:00", "Wed 03/25/2026 09:10"],
        ["20260325T090005Z", "20260325T091005Z"],
        ["1.774429205E+09", "1.774429805E+09"],
        ["46106.37505787", "46106.3820023148"],
    ] {
        mapped(table(times, ["12", "123", "20"], ',').as_bytes(), &["--utc"], &USUAL);
    }
    // As a table of queue_log, too.
    let log = |times: [&str; 3]| {
        format!(
            "time,callid,queuename,agent,event,data1,data2\n{},1.1,sales,NONE,ENTERQUEUE,,0207\n{},1.1,sales,Ann,CONNECT,12,1.2\n\
             {},1.1,sales,Ann,COMPLETECALLER,12,120\n",
            times[0], times[1], times[2]
        )
    };
    for times in [
        ["25/03/2026 09:00:00", "25/03/2026 09:00:12", "25/03/2026 09:02:12"],
        ["3/2/2026 9:00:00 AM", "3/2/2026 9:00:12 AM", "3/2/2026 9:02:12 AM"],
    ] {
        let (_folder, file, _) = written(log(times).as_bytes(), "");
        hold(&[&file], &[("answered", 1.0), ("asa", 12.0), ("aht", 120.0)]);
    }
}

#[test]
fn the_encoding_of_an_old_text_is_said_and_can_be_named() {
    let russian = "Дата и время;Очередь;Оператор;Статус;Время ожидания;Время разговора\n\
        25.03.2026 09:00:05;Продажи;Анна;Отвечен;12;143\n25.03.2026 09:10:05;Продажи;;Пропущен;40;0\n";
    let (bytes, ..) = encoding_rs::WINDOWS_1251.encode(russian);
    let said = mapped(&bytes, &["--utc"], &USUAL);
    assert!(said.contains("encoding = \"windows-1251\"") && said.contains("Анна"), "{said}");
    assert!(said.contains("no UTF-8 and read as windows-1251"), "{said}");
    let japanese = "開始日時,キュー,オペレーター,結果,待ち時間,通話時間\n\
        2026/03/25 09:00:05,営業,アン,応答,12,143\n2026/03/25 09:10:05,営業,,放棄,40,0\n";
    let (bytes, ..) = encoding_rs::SHIFT_JIS.encode(japanese);
    assert!(mapped(&bytes, &["--utc"], &USUAL).contains("アン"));
    for text in [russian, japanese] {
        mapped(text.as_bytes(), &["--utc"], &USUAL);
    }
    for (language, text) in [
        (
            "Dutch",
            "Datum;Tijd;Wachtrij;Medewerker;Resultaat;Wachttijd;Gesprekstijd\n\
             25-03-2026;09:00:05;verkoop;Anna;Beantwoord;12;143\n25-03-2026;09:10:05;verkoop;;Gemist;40;0\n",
        ),
        (
            "Polish",
            "Data;Godzina;Kolejka;Konsultant;Wynik;Czas oczekiwania;Czas rozmowy\n\
             2026-03-25;09:00:05;sprzedaż;Anna;Odebrane;12;143\n2026-03-25;09:10:05;sprzedaż;;Nieodebrane;40;0\n",
        ),
    ] {
        assert!(mapped(text.as_bytes(), &["--utc"], &USUAL).contains("Anna"), "{language}");
    }
}

#[test]
fn objects_a_line_are_the_rows_of_a_table() {
    let rows = "{\"id\":1,\"start\":\"2026-03-25T09:00:05Z\",\"queue\":{\"name\":\"sales\"},\"agent\":null,\"status\":\"abandoned\",\"wait_ms\":40000}\n\
        {\"id\":2,\"start\":\"2026-03-25T09:10:05Z\",\"queue\":{\"name\":\"sales\"},\"agent\":{\"name\":\"Ann\"},\"status\":\"answered\",\"wait_ms\":12000,\
        \"talk_ms\":143000}\nno object\n";
    let said = mapped(rows.as_bytes(), &[], &USUAL);
    assert!(said.contains("queue = \"queue.name\"") && said.contains("line 3: not a JSON object"), "{said}");
}

#[test]
fn a_file_of_another_kind_is_refused_with_what_it_is() {
    for (bytes, words) in [
        (&b"PK\x03\x04\x14\x00\x06\x00rest of it"[..], "a workbook"),
        (b"<html><table><tr><td>Call ID</td></tr></table></html>\n", "HTML or XML"),
        (b"<?xml version=\"1.0\"?>\n<calls>\n<call id=\"1\"/>\n</calls>\n", "HTML or XML"),
        (b"%PDF-1.7\nCall ID,Start\n", "a PDF"),
        (b"[{\"id\":1,\"start\":\"2026-03-25T09:00:05Z\"},\n{\"id\":2}]\n", "a JSON array"),
        (b"{\n  \"calls\": [\n    {\"id\": 1}\n  ]\n}\n", "a JSON document"),
        (b"SQLite format 3\0 and so on", "queue_log_sql"),
    ] {
        let (_folder, file, _) = written(bytes, "");
        for command in ["report", "check", "map"] {
            let output = floorwatch(&[command, &file]);
            let said = stderr(&output) + &String::from_utf8_lossy(&output.stdout);
            assert!(output.status.code() == Some(1) && said.contains(words), "{command}: {said}");
        }
    }
}

#[test]
fn a_count_that_a_table_of_sums_does_not_tell_is_unknown() {
    let table = "queue,date,answered,abandoned,asa\nsales,2026-03-02,25,5,00:00:12\nvip,2026-03-02,25,3,00:00:08\n";
    let (_folder, file, _) = written(table.as_bytes(), "");
    let output = floorwatch(&["report", "--utc", "--format", "json", &file]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let total = |kpi| figure(&report["total"], kpi);
    assert_eq!((total("answered"), total("abandoned"), total("asa")), (Some(50.0), Some(8.0), Some(10.0)));
    assert_eq!(total("offered"), None, "it is not 0");
}

#[test]
fn exports_of_systems_without_a_preset_are_mapped() {
    let two = [("offered", 2.0), ("answered", 1.0), ("abandoned", 1.0), ("asa", 12.0), ("aht", 123.0)];
    for table in [
        // 3CX's call log, QueueMetrics, Issabel, Talkdesk, CloudTalk, Ringover, a spreadsheet's durations.
        "Call Time,Caller ID,Destination,Status,Ringing,Talking,Totals,Cost,Reason\n\
         2026-03-25T09:00:05,Anna (0215550101),Sales (800),Answered,00:00:12,00:02:03,00:02:15,0,Terminated by caller\n\
         2026-03-25T09:10:05,Ben (0215550102),Sales (800),Unanswered,00:00:40,,00:00:40,0,Terminated by caller\n",
        "Date,Caller,Queue,IVR,Wait,Duration,Pos.,Disconnection,Handled by,Attempts,Code\n\
         25/03/2026 - 09:00:05,0215550101,Sales,,0:12,2:03,1,Agent,Agent/101,1,\n\
         25/03/2026 - 09:10:05,0215550102,Sales,,0:40,,1,Abandon,,0,\n",
        "No. Agent,Agent,Start Time,End Time,Duration,Duration Wait,Queue,Type,Phone,Transfer,Status\n\
         101,Ann Lee,2026-03-25 09:00:17,2026-03-25 09:02:20,00:02:03,00:00:12,800,Inbound,0215550101,,terminada\n\
         ,,2026-03-25 09:10:05,2026-03-25 09:10:45,,00:00:40,800,Inbound,0215550102,,abandonada\n",
        "Call Id,Type,Start Time,End Time,Customer Phone Number,Talk Time,Wait Time,Ring Groups,User Name\n\
         t1,inbound,2026-03-25 09:00:05,2026-03-25 09:02:40,+1212,00:02:03,00:00:12,sales,Ann Lee\n\
         t2,abandoned,2026-03-25 09:10:05,2026-03-25 09:10:45,+1213,00:00:00,00:00:40,sales,\n\
         t3,outbound,2026-03-25 09:20:05,2026-03-25 09:21:05,+1214,00:01:00,00:00:00,,Ann Lee\n",
        "Call ID,Date & time,Direction,Group,Agent,Status,Waiting time (s),Talking time (s)\n\
         1,\"25.03.2026, 09:00:05\",Incoming,Sales,Ann,Answered,12,123\n\
         2,\"25.03.2026, 09:10:05\",Incoming,Sales,,Missed,40,0\n",
        "Date;Heure;Type;Etat;Numero appelant;File;Agent;Temps d'attente;Duree conversation\n\
         25/03/2026;09:00:05;Entrant;Repondu;+33155;SAV;Zoe;12;123\n\
         25/03/2026;09:10:05;Entrant;Manque;+33156;SAV;;40;0\n25/03/2026;09:20:05;Sortant;Repondu;+33157;SAV;Zoe;0;60\n",
        "Call ID,Start,Queue,Agent,Result,Wait,Talk\n1,3/25/26 9:00,Sales,Ann,Answered,12:00:12 AM,12:02:03 AM\n\
         2,3/25/26 9:10,Sales,,Abandoned,12:00:40 AM,12:00:00 AM\n",
    ] {
        mapped(table.as_bytes(), &["--utc"], &two);
    }
    let genesys = "Interval Start,Interval End,Queue Name,Media Type,Offer,Answer,Abandon,ASA,Avg Handle\n\
        3/25/26 9:00 AM,3/25/26 9:30 AM,Billing,voice,30,25,5,12000,331000\n";
    let (_folder, file, _) = written(genesys.as_bytes(), "");
    let remarks = hold(&[&file], &[("offered", 30.0), ("answered", 25.0), ("asa", 12.0), ("aht", 331.0)]);
    assert!(remarks.contains("aht, asa: taken for milliseconds"), "{remarks}");
    // Sums: Amazon Connect's metrics, UCCX, Avaya's split report.
    for table in [
        "Queue,StartInterval,EndInterval,Contacts queued,Contacts handled,Contacts abandoned,Average handle time,Average queue answer time\n\
         Basic,2026-03-25T09:00:00Z,2026-03-25T09:30:00Z,30,25,5,331,12\n\
         Basic,2026-03-25T09:30:00Z,2026-03-25T10:00:00Z,28,25,3,330,10\n",
        "CSQ Name,Interval Start Time,Interval End Time,Calls Presented,Calls Handled,Calls Abandoned,Avg Speed of Answer,Avg Handle Time\n\
         Claims,3/25/26 9:00:00 AM,3/25/26 9:30:00 AM,30,25,5,0:00:12,0:05:31\n\
         Claims,3/25/26 9:30:00 AM,3/25/26 10:00:00 AM,28,25,3,0:00:10,0:05:30\n",
        "Split/Skill,Date,Time,ACD Calls,Avg Speed Ans,Avg Handle Time,Aban Calls,Calls Offered\n\
         Billing,03/25/2026,09:00,25,:12,5:31,5,30\nBilling,03/25/2026,09:30,25,:10,5:30,3,28\n",
    ] {
        let (_folder, file, _) = written(table.as_bytes(), "");
        hold(&[&file], &[("offered", 58.0), ("handled", 50.0), ("abandoned", 8.0), ("asa", 11.0), ("aht", 330.5)]);
    }
}

/// The figures of [`table`] without after-contact work.
const TWO: [(&str, f64); 5] = [("offered", 2.0), ("answered", 1.0), ("abandoned", 1.0), ("asa", 12.0), ("aht", 123.0)];

#[test]
fn digits_of_other_scripts_dotted_times_and_named_zones_are_read() {
    let arabic = |text: &str| -> String {
        let digit = |c: char| c.to_digit(10).and_then(|digit| char::from_u32(0x660 + digit)).unwrap_or(c);
        text.chars().map(digit).collect()
    };
    for times in [
        ["2026-03-25 09:00:05", "2026-03-25 09:10:05"].map(arabic),
        ["25/03/2026 09.00.05", "25/03/2026 09.10.05"].map(str::to_owned),
        ["2026-03-25 09:00:05 UTC", "2026-03-25 09:10:05 UTC"].map(str::to_owned),
        ["25.03.2026 09:00:05 GMT", "25.03.2026 09:10:05 GMT"].map(str::to_owned),
    ] {
        mapped(table([&times[0], &times[1]], ["12", "123", ""], ';').as_bytes(), &["--utc"], &TWO);
        let lengths = [&*arabic("12"), &*arabic("123"), ""];
        mapped(table([&times[0], &times[1]], lengths, ';').as_bytes(), &["--utc"], &TWO);
    }
}

#[test]
fn a_length_below_0_is_unknown_and_said() {
    let table = table(["2026-03-25 09:00:05", "2026-03-25 09:10:05"], ["12", "-1", ""], ',')
        + "c3,2026-03-25 09:20:05,sales,Ann,Answered,12,123,\n";
    let expected = [("offered", 3.0), ("answered", 2.0), ("aht", 123.0), ("asa", 12.0)];
    let said = mapped(table.as_bytes(), &["--utc"], &expected);
    assert!(said.contains("talk_s: 1 of 3 are below 0 and taken as unknown"), "{said}");
}

#[test]
fn files_put_together_have_their_header_once_more() {
    let whole = table(["2026-03-25 09:00:05", "2026-03-25 09:10:05"], ["12", "123", ""], ',');
    let [header, first, second] = [0, 1, 2].map(|line| whole.lines().nth(line).unwrap());
    for again in [header.to_owned(), format!("\u{feff}{header}")] {
        let table = format!("\u{feff}{header}\n{first}\n{again}\n{second}\n");
        let said = mapped(table.as_bytes(), &["--utc"], &TWO);
        assert!(said.contains("0 lines set aside"), "{said}");
    }
}

#[test]
fn a_row_that_stands_there_twice_counts_once() {
    let whole = table(["2026-03-25 09:00:05", "2026-03-25 09:10:05"], ["12", "123", ""], ',');
    let first = whole.lines().nth(1).unwrap().to_owned();
    let said = mapped(format!("{whole}{first}\n").as_bytes(), &["--utc"], &TWO);
    assert!(said.contains("1 of the rows are repeated and count once"), "{said}");
}
