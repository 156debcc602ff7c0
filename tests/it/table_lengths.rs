//! Lengths and instants that are told by what stands beside them: their unit, what they include, whether they can be known.

use crate::table_doubts::mapped;
use crate::tables::{figure, floorwatch, report, stderr, written};

/// Of two contacts, the one waits 12 s and talks 123 s, the other gives up after 40 s.
const TWO: [(&str, f64); 5] =
    [("offered", 2.0), ("answered", 1.0), ("asa", 12.0), ("time_to_abandon", 40.0), ("aht", 123.0)];

fn contacts(header: &str, rows: [&str; 2]) -> String {
    let [answered, abandoned] = rows;
    format!(
        "Call ID,Start Time,Queue,Agent,Status,{header}\nc1,2026-03-02 09:00:05,sales,Ann,Answered,{answered}\n\
         c2,2026-03-02 09:10:05,sales,,Abandoned,{abandoned}\n"
    )
}

/// Three answered contacts that wait 12 s, talk 100 s and hold 20 s besides.
fn held(header: &str, row: impl Fn(u32) -> String) -> String {
    let row = |n: u32| format!("c{n},2026-03-02 09:0{n}:05,sales,Ann,Answered,{}\n", row(n));
    format!("Call ID,Start Time,Queue,Agent,Status,{header}\n{}{}{}", row(1), row(2), row(3))
}

const HELD: [(&str, f64); 4] = [("asa", 12.0), ("talk", 100.0), ("hold", 20.0), ("aht", 120.0)];

#[test]
fn a_talk_time_that_includes_the_hold_is_without_it() {
    for (table, words) in [
        (held("Wait,Talk,Hold,Total Call Time", |_| "12,120,20,132".to_owned()), "as rows show"),
        (held("Wait,Talk,Hold,Total Call Time", |_| "12,100,20,132".to_owned()), ""),
        (held("Wait,Talk Time (incl. hold),Hold", |_| "12,120,20".to_owned()), "as its name says"),
        (
            held("Answered At,End Time,Talk,Hold", |n| {
                format!("2026-03-02 09:0{n}:17,2026-03-02 09:0{}:17,120,20", n + 2)
            }),
            "as rows show",
        ),
        (
            held("Answered At,End Time,Talk,Hold", |n| {
                format!("2026-03-02 09:0{n}:17,2026-03-02 09:0{}:17,100,20", n + 2)
            }),
            "",
        ),
        (held("Wait,Talk,Hold,Handle Time", |_| "12,120,20,120".to_owned()), "as rows show"),
    ] {
        let said = mapped(table.as_bytes(), &["--utc"], &HELD);
        assert_eq!(said.contains("it is subtracted"), !words.is_empty(), "{said}");
        assert!(said.contains(words) && !said.contains("which no row proves"), "{said}");
    }
    let said = mapped(held("Wait,Talk,Hold", |_| "12,100,20".to_owned()).as_bytes(), &["--utc"], &HELD);
    assert!(said.contains("talk_s: Talk is taken to be without Hold, which no row proves"), "{said}");
}

#[test]
fn a_hold_of_contacts_that_nobody_answered_is_the_wait() {
    for name in ["Holdtime", "Hold Time", "Haltezeit"] {
        let said = mapped(contacts(&format!("{name},Talk Time"), ["12,123", "40,0"]).as_bytes(), &["--utc"], &TWO);
        assert!(said.contains(&format!("wait_s: {name} is taken for the wait")), "{said}");
    }
}

#[test]
fn the_wait_of_those_that_gave_up_may_have_a_column_of_its_own() {
    for (header, rows) in [
        ("Wait Time,Abandon Time,Talk Time", ["12,0,123", "0,40,0"]),
        ("Speed of Answer,Time to Abandon,Talk Time", ["12,,123", ",40,"]),
        ("InQueue,Abandon_Time,Talk Time", ["12,0,123", "40,40,0"]),
    ] {
        mapped(contacts(header, rows).as_bytes(), &["--utc"], &TWO);
    }
}

#[test]
fn a_wait_that_begins_in_a_menu_is_that_of_the_queue() {
    for (header, rows) in [
        ("IVR Time,Wait,Talk Time,Total Call Time", ["30,42,123,165", "20,60,0,60"]),
        ("IVR Time,Wait,Talk Time,Total Call Time", ["30,12,123,165", "20,40,0,60"]),
        ("IVR Time,Queue Wait,Time to Answer,Talk Time", ["30,12,42,123", "20,40,,0"]),
    ] {
        mapped(contacts(header, rows).as_bytes(), &["--utc"], &TWO);
    }
    let instants = "Call ID,Call Start,Queue Entry,Answered At,End Time,Queue,Agent,Status\n\
        c1,2026-03-02 09:00:00,2026-03-02 09:00:30,2026-03-02 09:00:42,2026-03-02 09:02:45,sales,Ann,Answered\n\
        c2,2026-03-02 09:10:00,2026-03-02 09:10:30,,2026-03-02 09:11:10,sales,,Abandoned\n";
    mapped(instants.as_bytes(), &["--utc"], &TWO);
}

#[test]
fn a_length_of_the_whole_call_is_no_talk_time_where_no_wait_can_be_subtracted() {
    let table = contacts("Call Length", ["135", "40"]);
    let said = mapped(table.as_bytes(), &["--utc"], &[("offered", 2.0), ("answered", 1.0)]);
    assert!(said.contains("talk_s is left out: Call Length includes the wait"), "{said}");
    let said = mapped(contacts("Call Duration", ["123", "0"]).as_bytes(), &["--utc"], &[("aht", 123.0)]);
    assert!(!said.contains("wait_s ="), "{said}");
}

#[test]
fn units_are_those_that_make_the_lengths_fit_the_times() {
    let row = |n: u32, wait: u32, talk: u32, cells: &str| {
        let at = |second: u32| format!("2026-03-02 09:{:02}:{:02}", n * 10 + second / 60, second % 60);
        format!("c{n},{},{},{},sales,Ann,Answered,{cells}\n", at(5), at(5 + wait), at(5 + wait + talk))
    };
    for (cells, words) in [
        (["1,2", "2,4"], "minutes"),
        (["60000,120000", "120000,240000"], "milliseconds"),
        (["0:01,0:02", "0:02,0:04"], "hours and minutes"),
        (["01:00:00,02:00:00", "02:00:00,04:00:00"], "minutes and seconds"),
    ] {
        let table = "Call ID,Start Time,Answered At,End Time,Queue,Agent,Status,Wait,Talk\n".to_owned()
            + &row(1, 60, 120, cells[0])
            + &row(2, 120, 240, cells[1]);
        let said = mapped(table.as_bytes(), &["--utc"], &[("asa", 90.0), ("aht", 180.0)]);
        assert!(said.contains(&format!("wait_s, talk_s: taken for {words}, as the times beside show")), "{said}");
    }
    // Of an instant of the answer alone, a talk time is no part.
    let table = "Call ID,Start Time,Answered At,Queue,Agent,Status,Talk\n\
        c1,2026-03-02 09:00:05,2026-03-02 09:00:17,sales,Ann,Answered,123\n\
        c2,2026-03-02 09:10:05,2026-03-02 09:10:17,sales,Ann,Answered,145\n";
    mapped(table.as_bytes(), &["--utc"], &[("asa", 12.0), ("aht", 134.0)]);
    // Minutes and seconds that a spreadsheet shows as hours and minutes.
    let table = contacts("Wait,Talk", ["0:12:00,2:03:00", "0:40:00,0:00:00"]);
    let said = mapped(table.as_bytes(), &["--utc"], &TWO);
    assert!(said.contains("taken for minutes and seconds, as none of them has seconds, and the times have"), "{said}");
}

#[test]
fn units_are_read_in_cells_and_below_the_header() {
    for [wait, talk, abandoned] in [
        ["12 sn", "2 dk 3 sn", "40 sn"],
        ["12 mp", "2 perc 3 mp", "40 mp"],
        ["12 сек", "2 мин 3 сек", "40 сек"],
        ["12秒", "2分3秒", "40秒"],
        ["12\"", "2'3\"", "40\""],
        ["000012", "000203", "000040"],
    ] {
        let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
        let table =
            contacts("Wait,Talk", [&format!("{},{}", quoted(wait), quoted(talk)), &format!("{},", quoted(abandoned))]);
        mapped(table.as_bytes(), &["--utc"], &TWO);
    }
    let table = contacts("Wait,Talk", ["12000,123000", "40000,0"]).replacen('\n', "\n,,,,,(ms),(ms)\n", 1);
    let said = mapped(table.as_bytes(), &["--utc"], &TWO);
    assert!(said.contains("0 lines set aside"), "{said}");
    let german = "Anruf-ID;Beginn;Warteschlange;Agent;Status;Wartezeit (ms)\n1;02.03.2026 09:00:05;a;Ann;Angenommen;16.000\n\
        2;02.03.2026 09:10:05;a;Ann;Angenommen;126.000\n3;02.03.2026 09:20:05;a;;Aufgelegt;0\n";
    mapped(german.as_bytes(), &["--utc"], &[("answered", 2.0), ("asa", 71.0)]);
}

#[test]
fn lengths_are_unknown_where_times_have_no_seconds() {
    let table = "Start,Answered At,End Time,Queue,Agent\n2026-03-02 09:00,2026-03-02 09:00,2026-03-02 09:03,sales,Ann\n\
        2026-03-02 09:10,2026-03-02 09:11,2026-03-02 09:13,sales,Ann\n2026-03-02 09:20,,2026-03-02 09:22,sales,\n";
    for table in [table.to_owned(), table.replace(",2026", ":00,2026").replace(",sales", ":00,sales")] {
        let (folder, file, _) = written(table.as_bytes(), "");
        let proposal = folder.path().join("proposal.toml");
        let proposal = proposal.to_str().unwrap();
        let output = floorwatch(&["map", &file, "--utc", "-o", proposal]);
        assert!(output.status.success(), "{}", stderr(&output));
        let report = report(&[&file, "--columns", proposal]);
        let total = |kpi: &str| figure(&report["total"], kpi);
        assert_eq!((total("offered"), total("answered"), total("abandoned")), (Some(3.0), Some(2.0), Some(1.0)));
        assert_eq!((total("asa"), total("aht")), (None, None));
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &report["input"]["remarks"].to_string();
        assert!(said.contains("times without seconds") || said.contains("all times are whole minutes"), "{said}");
    }
    // Lengths beside them are known.
    let table = "Start,Answered At,Queue,Agent,Wait\n2026-03-02 09:00,2026-03-02 09:00,sales,Ann,12\n";
    mapped(table.as_bytes(), &["--utc"], &[("asa", 12.0)]);
}

#[test]
fn the_time_of_the_day_is_no_length_and_later_ones_are_of_the_same_date() {
    let table = "Call ID,Date,Call Time,Start Time,Answered,Ended,Queue,Agent,Status\n\
        c1,2026-03-02,0:02:15,09:00:05,09:00:17,09:02:20,sales,Ann,Answered\n\
        c2,2026-03-02,0:00:40,09:10:05,,09:10:45,sales,,Abandoned\n\
        c3,2026-03-02,0:02:15,23:59:00,23:59:12,00:01:15,sales,Ann,Answered\n";
    let said = mapped(
        table.as_bytes(),
        &["--utc"],
        &[("offered", 3.0), ("asa", 12.0), ("aht", 123.0), ("time_to_abandon", 40.0)],
    );
    assert!(said.contains("2026-03-02T23:59:00Z"), "{said}");
}

#[test]
fn of_two_clocks_the_one_of_the_later_times_is_taken() {
    let table = "Call ID,Start (local),Start (UTC),Answered (UTC),Queue,Agent,Status,Talk Time\n\
        1,2026-03-02 10:00:05,2026-03-02 09:00:05,2026-03-02 09:00:17,sales,Ann,Answered,123\n\
        2,2026-03-02 10:10:05,2026-03-02 09:10:05,2026-03-02 09:10:17,sales,Ann,Answered,123\n";
    let said = mapped(table.as_bytes(), &["--timezone", "Europe/Berlin"], &[("asa", 12.0), ("aht", 123.0)]);
    assert!(said.contains("2026-03-02T09:00:05Z"), "{said}");
}

#[test]
fn a_column_for_each_time_is_refused_by_name() {
    let (_folder, file, _) = written(b"Queue,08:00,09:00,10:00\nsales,3,4,5\nvip,1,0,2\n", "");
    let output = floorwatch(&["map", &file]);
    assert!(
        stderr(&output).contains("a column for each time (08:00, 09:00, 10:00 …), as pivot tables do"),
        "{output:?}"
    );
}

#[test]
fn names_that_differ_in_their_word_for_time_alone_are_the_same() {
    for header in [
        "Wartedauer,Gespr\u{e4}chsdauer",
        "T. Espera,T. Conversaci\u{f3}n",
        "Temps attente (s),Temps conversation (s)",
        "7. Wait Dur,8. Talk Dur",
        "Queue Secs,Talk Secs",
        "durationwait,durationtalk",
        "대기시간,통화시간",
        "Χρόνος αναμονής,Διάρκεια ομιλίας",
    ] {
        mapped(contacts(header, ["12,123", "40,0"]).as_bytes(), &["--utc"], &TWO);
    }
}

#[test]
fn a_menu_that_is_longer_than_some_waits_is_no_part_of_them() {
    let table = contacts("IVR Time,Wait,Talk Time,Total Call Time", ["30,12,123,135", "8,40,0,40"]);
    mapped(table.as_bytes(), &["--utc"], &TWO);
}

#[test]
fn lengths_and_times_are_read_as_spreadsheets_store_them() {
    let days =
        contacts("Wait,Talk", ["1899-12-30 00:00:12,1899-12-30 00:02:03", "1899-12-30 00:00:40,1899-12-30 00:00:00"]);
    mapped(days.as_bytes(), &["--utc"], &TWO);
    let parts = "Call No,Date,Time,Queue,Agent,Status,Wait,Talk\n\
        1,46083,0.3750578704,sales,Ann,Answered,0.0001388889,0.0014236111\n2,46083,0.3820023148,sales,,Abandoned,0.0004629630,0.0000000000\n";
    let said = mapped(parts.as_bytes(), &["--utc"], &TWO);
    assert!(said.contains("2026-03-02T09:00:05"), "{said}");
}

#[test]
fn the_wait_is_what_contacts_have_that_nobody_answered() {
    let rows = |header: &str, silent: &str, answered: &str| {
        let row = |n: u32, agent: &str, status: &str, cells: &str| {
            format!("c{n},2026-03-02 09:{n}0:05,sales,{agent},{status},{cells}\n")
        };
        format!("Call ID,Start Time,Queue,Agent,Status,{header}\n")
            + &(0..3).map(|n| row(n, "", "Abandoned", silent)).collect::<String>()
            + &(3..6).map(|n| row(n, "Ann", "Answered", answered)).collect::<String>()
    };
    let expected = [("answered", 3.0), ("asa", 12.0), ("time_to_abandon", 40.0), ("aht", 123.0)];
    mapped(rows("Ring Time,LocalQTime,Talk", "0,40,0", "5,12,123").as_bytes(), &["--utc"], &expected);
    // A rung phone alone tells no wait.
    let said =
        mapped(rows("Ring Time,Talk", "0,0", "5,123").as_bytes(), &["--utc"], &[("answered", 3.0), ("aht", 123.0)]);
    assert!(said.contains("wait_s: Ring Time is left out"), "{said}");
    // The answer of a system, and one of an unknown name.
    let system = rows("Answered At,Zig", "2026-03-02 09:50:05,", "2026-03-02 09:50:05,2026-03-02 10:00:17");
    let said = mapped(system.as_bytes(), &["--utc"], &[("answered", 3.0)]);
    assert!(said.contains("answered_at: Answered At is left out") && said.contains("answered_at = \"Zig\""), "{said}");
}

#[test]
fn a_hold_and_a_work_of_unknown_names_are_what_the_other_lengths_leave() {
    let row = |n: u32| {
        let hold = n * 10;
        format!("12,100,{hold},{},{},{}", 7 + n, 112 + hold, 100 + hold + 7 + n)
    };
    let said = mapped(
        held("Wait,Talk,Zig,Zag,Total Call Time,Handle Time", row).as_bytes(),
        &["--utc"],
        &[("talk", 100.0), ("hold", 20.0), ("acw", 9.0), ("aht", 129.0)],
    );
    assert!(said.contains("hold_s: Zig is taken for it") && said.contains("acw_s: Zag is taken for it"), "{said}");
    // In the unit of the others, which most of them show.
    let row = |n: u32| format!("20000,100000,{},{}", n * 10_000, 120_000 + n * 10_000);
    let said = mapped(
        held("Wait,Talk,Total attente,Total Call Time", row).as_bytes(),
        &["--utc"],
        &[("asa", 20.0), ("talk", 100.0), ("hold", 20.0)],
    );
    assert!(said.contains("unit = \"ms\""), "{said}");
    // How often a contact was on hold is no length.
    for name in ["Anzahl Halten", "Held"] {
        let row = |n: u32| format!("12,100,{}", n % 2);
        let header = format!("Call ID,Start Time,Queue,Agent,Status,Wait,Talk,{name}\n");
        let table = (0..6)
            .fold(header, |table, n| table + &format!("c{n},2026-03-02 09:0{n}:05,sales,Ann,Answered,{}\n", row(n)));
        let said = mapped(table.as_bytes(), &["--utc"], &[("aht", 100.0)]);
        assert!(!said.contains("hold_s ="), "{said}");
    }
}
