//! What of a table is no part of its contacts' figures: lengths that none uses, rows of what comes before a queue, another table below.

use crate::table_doubts::mapped;
use crate::tables::{hold, written};

/// A table with the cells of each row: every fourth contact is abandoned, the others are answered.
fn rows(header: &str, row: impl Fn(u32, bool) -> String) -> String {
    let rows = (0..20).map(|n| row(n, n % 4 != 0) + "\n");
    format!("{header}\n{}", rows.collect::<String>())
}

/// A cell of an answered row alone.
fn of(answered: bool, cell: u32) -> String {
    if answered { cell.to_string() } else { String::new() }
}

#[test]
fn lengths_that_no_figure_uses_are_named() {
    let table =
        rows("Call ID,Start Time,Queue,Agent,Status,Wait Time,Talk Time,Zork,Bell Time,Extension", |n, answered| {
            let (agent, status) = if answered { ("Ann", "Answered") } else { ("", "Abandoned") };
            let (talk, zork) = (of(answered, 60), of(answered, 20 + n));
            format!("c{n},2026-03-02 09:{n:02}:05,sales,{agent},{status},9,{talk},{zork},{n},1{n:02}")
        });
    let said = mapped(table.as_bytes(), &["--utc"], &[("answered", 15.0), ("aht", 60.0)]);
    assert!(said.contains("lengths that no figure uses: Zork, Bell Time; answered contacts alone have Zork"), "{said}");
    // A mapping of one's own says the same, and one that names them does not.
    let mapping =
        "time = \"Start Time\"\nagent = \"Agent\"\nwait_s = \"Wait Time\"\ntalk_s = \"Talk Time\"\nacw_s = \"Zork\"\n";
    let (_folder, file, columns) = written(table.as_bytes(), mapping);
    let said = hold(&[&file, "--columns", &columns], &[("answered", 15.0)]);
    assert!(said.contains("lengths that no figure uses: Bell Time\""), "{said}");
}

#[test]
fn talk_that_includes_the_ringing_is_without_it() {
    let table = rows("Call ID,Start Time,Queue,Agent,Status,Queue Time,Ring Time,Talk Time,Speech", |n, answered| {
        let (agent, status) = if answered { ("Ann", "Answered") } else { ("", "Abandoned") };
        let [ring, talk, speech] = [4 + n % 3, 64 + n % 3, 60].map(|length| of(answered, length));
        format!("c{n},2026-03-02 09:{n:02}:05,sales,{agent},{status},9,{ring},{talk},{speech}")
    });
    let said = mapped(table.as_bytes(), &["--utc"], &[("answered", 15.0), ("talk", 60.0)]);
    assert!(said.contains("talk_s: it includes Ring Time, as Speech shows"), "{said}");
}

#[test]
fn ringing_beside_a_wait_and_a_talk_that_are_the_whole_contact_is_a_part_of_one() {
    for (wait, words, talk) in
        [(9, "is a part of wait_s or of talk_s", 66.0), (2, "it includes Ring Time, as rows show", 60.0)]
    {
        let table =
            rows("Call ID,Start Time,End Time,Queue,Agent,Status,Queue Time,Ring Time,Talk Time", |n, answered| {
                let (agent, status) = if answered { ("Ann", "Answered") } else { ("", "Abandoned") };
                let end = if answered { wait + 66 } else { wait };
                let (ring, talk) = (of(answered, 6), of(answered, 66));
                let end = format!("2026-03-02 09:{:02}:{:02}", n + end / 60, end % 60);
                format!("c{n},2026-03-02 09:{n:02}:00,{end},sales,{agent},{status},{wait},{ring},{talk}")
            });
        let said = mapped(table.as_bytes(), &["--utc"], &[("answered", 15.0), ("talk", talk)]);
        assert!(said.contains(words) && !said.contains("answered contacts alone"), "{said}");
    }
}

#[test]
fn calls_from_extensions_are_not_of_customers_where_the_others_are_from_outside() {
    let table = rows("Start Time,Caller ID,Destination,Disposition,Billsec", |n, answered| {
        let (from, to) = if n % 5 == 1 {
            (format!("10{n}"), format!("+49301{n}"))
        } else {
            (format!("+493012{n:04}"), format!("10{n}"))
        };
        format!(
            "2026-03-02 09:{n:02}:05,{from},{to},{},{}",
            if answered { "ANSWERED" } else { "NO ANSWER" },
            if answered { 60 + n } else { 0 }
        )
    });
    let said = mapped(table.as_bytes(), &["--utc"], &[("offered", 16.0), ("answered", 12.0)]);
    assert!(said.contains("4 rows in which Caller ID is an extension"), "{said}");
}

#[test]
fn the_work_after_a_contact_may_be_told_by_its_end() {
    let table = rows("Call ID,Start Time,Queue,Agent,Status,Answer Time,End Time,Wrap-up End Time", |n, answered| {
        let (agent, status) = if answered { ("Ann", "Answered") } else { ("", "Abandoned") };
        let at = |minute, second| format!("2026-03-02 09:{minute:02}:{second:02}");
        let of_answer = |at: String| if answered { at } else { String::new() };
        let (answer, end, wrapped) = (of_answer(at(n, 9)), at(n + 1, 9), of_answer(at(n + 1, 29)));
        format!("c{n},2026-03-02 09:{n:02}:00,sales,{agent},{status},{answer},{end},{wrapped}")
    });
    mapped(
        table.as_bytes(),
        &["--utc"],
        &[("answered", 15.0), ("asa", 9.0), ("talk", 60.0), ("acw", 20.0), ("aht", 80.0)],
    );
}

#[test]
fn rows_of_callers_who_never_reached_a_queue_are_no_contacts() {
    let table = rows("Call ID,Start Time,Queue,Agent,IVR Time,Queue Time,Talk Time", |n, answered| {
        let (queue, agent, wait, talk) = match (n % 8, answered) {
            (0, _) => ("", "", String::new(), String::new()),
            (_, false) => ("sales", "", "12".to_owned(), "0".to_owned()),
            (_, true) => ("sales", "Ann", "9".to_owned(), "60".to_owned()),
        };
        format!("c{n},2026-03-02 09:{n:02}:05,{queue},{agent},30,{wait},{talk}")
    });
    let said = mapped(table.as_bytes(), &["--utc"], &[("offered", 17.0), ("answered", 15.0), ("abandoned", 2.0)]);
    assert!(said.contains("did not get as far as a queue"), "{said}");
}

#[test]
fn another_table_below_is_never_mixed_in() {
    let first = rows("Call ID,Start Time,Queue,Agent,Status,Wait Time,Talk Time", |n, answered| {
        let (agent, status) = if answered { ("Ann", "Answered") } else { ("", "Abandoned") };
        format!("c{n},2026-03-02 09:{n:02}:05,sales,{agent},{status},9,{}", of(answered, 60))
    });
    let columns = "Queue,Call ID,Agent,Start Time,Talk Time,Wait Time,Status\n";
    let second = format!(
        "{columns}sales,d1,Ben,2026-03-02 10:00:00,30,5,Answered\nsales,d2,,2026-03-02 10:01:00,0,5,Abandoned\n"
    );
    let expected = [("offered", 20.0), ("answered", 15.0), ("aht", 60.0)];
    let said = mapped(format!("{first}\n{second}").as_bytes(), &["--utc"], &expected);
    assert!(said.contains("another table, with the columns Queue, Call ID, Agent"), "{said}");
    // Its own header again is none.
    let header = first.lines().next().unwrap();
    let again = format!("{first}{header}\nd1,2026-03-02 10:00:00,sales,Ben,Answered,9,60\n");
    mapped(again.as_bytes(), &["--utc"], &[("offered", 21.0), ("answered", 16.0)]);
}

#[test]
fn a_length_that_comes_often_is_no_word_for_a_direction() {
    let table = rows("call_start,call_id,clid,destination,disposition,seconds", |n, answered| {
        let (from, to) = if n % 5 == 1 { ("101", format!("+49301{n}")) } else { ("+4930123", format!("10{n}")) };
        let seconds = if n % 5 == 1 { 90 } else { 60 };
        let disposition = if answered { "answered" } else { "no answer" };
        format!("2026-03-02 09:{n:02}:05,{n},{from},{to},{disposition},{}", if answered { seconds } else { 0 })
    });
    let said = mapped(table.as_bytes(), &["--utc"], &[("answered", 12.0)]);
    assert!(!said.contains("except = { seconds"), "{said}");
}

#[test]
fn the_code_pages_of_dos_are_told_by_the_names_of_columns() {
    let table = rows("Anruf-ID;Beginn;Warteschlange;Agent;Ergebnis;Wartezeit;Gespr\u{84}chszeit", |n, answered| {
        let (agent, status) = if answered { ("J\u{94}rg", "Angenommen") } else { ("", "Aufgelegt") };
        format!("c{n};02.03.2026 09:{n:02}:05;B\u{81}ro;{agent};{status};9;{}", of(answered, 60))
    });
    let bytes: Vec<u8> = table.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let said = mapped(&bytes, &["--utc"], &[("answered", 15.0), ("talk", 60.0)]);
    assert!(said.contains("encoding = \"cp850\"") && said.contains("Büro") && said.contains("Jörg"), "{said}");
}

#[test]
fn a_no_in_the_column_of_who_answered_names_nobody() {
    let table = rows("Call ID,Start Time,Queue,Answered By,Wait Time", |n, answered| {
        format!("c{n},2026-03-02 09:{n:02}:05,sales,{},9", if answered { "Ann Lee" } else { "No" })
    });
    mapped(table.as_bytes(), &["--utc"], &[("answered", 15.0), ("abandoned", 5.0)]);
}
