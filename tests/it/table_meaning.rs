//! What the words of a table mean, held against the other cells of their rows, over the whole file.

use std::fmt::Write as _;

use crate::table_doubts::mapped;
use crate::tables::{floorwatch, hold, stderr, written};

/// Three contacts: one waits 12 s and talks 123 s, one gives up after 40 s, one waits 20 s and talks 61 s.
const THREE: [(&str, f64); 5] = [("offered", 3.0), ("answered", 2.0), ("abandoned", 1.0), ("asa", 16.0), ("aht", 92.0)];

/// A table of the contacts of [`THREE`] with `columns` more, whose cells are those of `cells`.
fn three(agents: [&str; 3], talks: [&str; 3], columns: &str, cells: [&str; 3]) -> String {
    let waits = ["12", "40", "20"];
    let row = |at: usize| {
        let (agent, wait, talk, more) = (agents[at], waits[at], talks[at], cells[at]);
        format!("c{at},2026-03-25 09:{at}0:05,sales,{agent},{wait},{talk},{more}\n")
    };
    format!("Call ID,Start Time,Queue,Agent,Wait Time,Talk Time,{columns}\n{}", (0..3).map(row).collect::<String>())
}

const AGENTS: [&str; 3] = ["Ann", "", "Ben"];
const TALKS: [&str; 3] = ["123", "0", "61"];

#[test]
fn rows_of_other_directions_are_left_out_whatever_their_status_says() {
    for (name, inward, outward) in [
        ("Call Type", "Inbound Call", "Outbound Call"),
        ("Type", "TERMINATING", "ORIGINATING"),
        ("Call Type", "External", "Internal"),
        ("Direzione", "Entrata", "Uscita"),
        ("Richting", "Inkomend", "Uitgaand"),
        ("Direction", "IN", "OUT"),
        ("Direction", "Ingoing", "Internal"),
        ("Kierunek", "Przychodz\u{105}ce", "Wychodz\u{105}ce"),
    ] {
        let cells = ["Answered", "Abandoned", "Answered"].map(|status| format!("{inward},{status}"));
        let table = three(AGENTS, TALKS, &format!("{name},Status"), [&cells[0], &cells[1], &cells[2]])
            + &format!("c7,2026-03-25 09:40:05,sales,Ann,5,60,{outward},Answered\n");
        let said = mapped(table.as_bytes(), &["--utc"], &THREE);
        assert!(said.contains("1 of 4 rows"), "{name}: {said}");
    }
}

#[test]
fn a_direction_that_is_not_understood_is_asked_for_or_refused() {
    let table = three(AGENTS, TALKS, "Direction", ["Inbound", "Inbound", "Inbound"])
        + "c7,2026-03-25 09:40:05,sales,Ann,5,60,Sideways\n";
    let said = mapped(table.as_bytes(), &["--utc"], &THREE);
    assert!(
        said.contains("only: what do [\"Sideways\"] in Direction mean? 1 rows have them and are left out"),
        "{said}"
    );
    assert!(said.contains("only: 1 row has words that are not known (\\\"Sideways\\\")"), "{said}");
    let table = table.replace("Inbound", "Zig");
    let (_folder, file, _) = written(table.as_bytes(), "");
    let output = floorwatch(&["map", &file]);
    let said = stderr(&output);
    assert!(
        output.status.code() == Some(1)
            && said.contains("which of [\"Sideways\", \"Zig\"] in Direction are contacts that came to the floor?")
            && said.contains("only = { \"Direction\""),
        "{said}"
    );
    let (_folder, file, _) = written(table.replace("Zig", "Out").replace("Sideways", "Internal").as_bytes(), "");
    let said = stderr(&floorwatch(&["map", &file]));
    assert!(said.contains("every row is of a call that did not come to the floor"), "{said}");
}

#[test]
fn words_that_come_late_in_a_file_are_seen() {
    let mut table = "Call ID,Start Time,Queue,Agent,Status,Wait Time,Talk Time,Direction\n".to_owned();
    for at in 0..250 {
        _ = writeln!(table, "c{at},2026-03-25 {:02}:{:02}:05,sales,Ann,Answered,12,123,Inbound", at / 60, at % 60);
    }
    table += "c300,2026-03-25 09:10:05,sales,,Queue Timeout,60,0,Inbound\nc301,2026-03-25 09:10:05,sales,,Zonked,60,0,Inbound\n\
        c302,2026-03-25 09:20:05,sales,Ann,Answered,12,60,Outbound\n";
    let expected = [("offered", 252.0), ("answered", 250.0), ("left", 1.0), ("unknown_end", 1.0), ("asa", 12.0)];
    let said = mapped(table.as_bytes(), &["--utc"], &expected);
    assert!(said.contains("outcome: what do [\"Zonked\"] mean?") && said.contains("only = {"), "{said}");
}

#[test]
fn a_word_that_its_rows_belie_tells_nothing() {
    for (name, words) in [
        // It is over, whether answered or not.
        ("Status", ["Completed", "Completed", "Completed"]),
        ("Status", ["Closed", "Closed", "Finished"]),
        // Who hung up, the state of a ticket, what the agent noted.
        ("Disconnect Reason", ["Caller", "Caller", "Agent"]),
        ("Status", ["Solved", "Solved", "Open"]),
        ("Disposition", ["Callback", "", "No answer from bank"]),
        ("Result", ["NORMAL_CLEARING", "NORMAL_CLEARING", "NORMAL_CLEARING"]),
    ] {
        let said = mapped(three(AGENTS, TALKS, name, words).as_bytes(), &["--utc"], &THREE);
        assert!(said.contains("a row with Talk Time is taken for answered, and one without for abandoned"), "{said}");
    }
    // One of several words.
    let table = three(AGENTS, TALKS, "Status", ["Completed", "Abandoned", "Completed"])
        + "c7,2026-03-25 09:40:05,sales,,5,0,Completed\n";
    let expected = [("offered", 4.0), ("answered", 2.0), ("abandoned", 1.0), ("unknown_end", 1.0), ("asa", 16.0)];
    let said = mapped(table.as_bytes(), &["--utc"], &expected);
    assert!(said.contains("\"Completed\" is not taken for answered"), "{said}");
}

#[test]
fn an_agent_without_talk_was_only_rung_and_words_for_nobody_are_known() {
    for talk in ["0", "", "-"] {
        let talks = ["123", talk, "61"];
        mapped(three(["Ann", "Cat", "Ben"], talks, "Note", ["x", "y", "z"]).as_bytes(), &["--utc"], &THREE);
    }
    for nobody in ["Not assigned", "-none-", "System", "keiner", "Aucun", "N/D", "0", "IVR", "Queue", "sales", "[none]"]
    {
        let table = three(["Ann", nobody, "Ben"], ["", "", ""], "Note", ["x", "y", "z"]);
        let said = mapped(table.as_bytes(), &["--utc"], &[("answered", 2.0), ("abandoned", 1.0), ("asa", 16.0)]);
        assert!(said.contains("a row with an agent is taken for answered"), "{said}");
    }
}

#[test]
fn yes_and_no_are_read_in_many_languages_and_an_unknown_word_is_said() {
    for [yes, no] in
        [["S\u{ed}", "No"], ["WAHR", "FALSCH"], ["\u{2713}", "\u{2717}"], ["OUI", "NON"], ["x", ""], ["Tak", "Nie"]]
    {
        mapped(three(AGENTS, TALKS, "Answered", [yes, no, yes]).as_bytes(), &["--utc"], &THREE);
    }
    let table = three(AGENTS, TALKS, "Answered,Transferred", ["Ja,Ja", "Nein,Nein", "Ja,Nein"]);
    mapped(table.as_bytes(), &["--utc"], &[THREE[0], THREE[1], ("transfer_rate", 50.0)]);
    // Said of a later file.
    let mapping =
        "time = \"Start Time\"\nanswered = \"Answered\"\ntransferred = \"Transferred\"\nchannel = \"Channel\"";
    let table = three(AGENTS, TALKS, "Answered,Transferred,Channel", ["Yes,No,voice", "No,No,voice", "Ay,Hmm,pigeon"]);
    let (_folder, file, columns) = written(table.as_bytes(), mapping);
    let expected = [("offered", 3.0), ("answered", 1.0), ("abandoned", 1.0), ("unknown_end", 1.0)];
    let remarks = hold(&[&file, "--columns", &columns], &expected);
    for words in [
        r#"answered: 1 row has words that are not known (\"Ay\")"#,
        r#"transferred: 1 row has words that are not known (\"Hmm\")"#,
        r#"channel: 1 row has words that are not known (\"pigeon\")"#,
    ] {
        assert!(remarks.contains(words), "{words}: {remarks}");
    }
    // A word of neither, which the other cells tell.
    mapped(three(AGENTS, TALKS, "Answered", ["Yes", "Nope", "Yes"]).as_bytes(), &["--utc"], &THREE);
}

#[test]
fn what_words_say_against_talk_and_agent_is_remarked() {
    let table = three(AGENTS, TALKS, "Status", ["Missed", "Answered", "Answered"]);
    let mapping = "time = \"Start Time\"\nagent = \"Agent\"\ntalk_s = \"Talk Time\"\noutcome = \"Status\"";
    let (_folder, file, columns) = written(table.as_bytes(), mapping);
    let remarks = hold(&[&file, "--columns", &columns], &[("answered", 2.0), ("abandoned", 1.0)]);
    assert!(remarks.contains("1 of 3 contacts are answered, and have neither an agent nor talk time"), "{remarks}");
    assert!(remarks.contains("1 of 3 contacts are abandoned, and have an agent and talk time"), "{remarks}");
}

#[test]
fn columns_tell_by_their_words_whatever_they_are_called() {
    let table =
        three(AGENTS, TALKS, "Zig,Zag", ["Incoming,Picked up", "Incoming,Caller gave up", "Incoming,Picked up"])
            + "c7,2026-03-25 09:40:05,sales,Ann,5,60,Outgoing,Picked up\n";
    let said = mapped(table.as_bytes(), &["--utc"], &THREE);
    assert!(said.contains("outcome = \"Zag\"") && said.contains("only = { Zig = [\"Incoming\"] }"), "{said}");
}

#[test]
fn a_time_that_is_none_is_shown_and_an_assumed_service_level_is_said() {
    let (_folder, file, _) = written(b"Call ID,Start Time,Queue,Agent\n1,soon,sales,Ann\n2,later,sales,Ann\n", "");
    let said = stderr(&floorwatch(&["map", &file]));
    assert!(said.contains("no column holds times; Start Time holds \"soon\" in line 2"), "{said}");
    let table = "Date,Queue,Offered,Answered,Abandoned,Service Level,Ring Group Size\n2026-03-25,a,50,45,5,80%,7\n2026-03-26,a,50,45,5,81%,7\n";
    let (_folder, file, columns) = written(
        table.as_bytes(),
        "time = \"Date\"\nqueue = \"Queue\"\nfigures = { offered = \"Offered\", answered = \"Answered\" }",
    );
    let remarks = hold(&[&file], &[("service_level", 80.5)]);
    assert!(remarks.contains("service_level: Service Level names no time"), "{remarks}");
    let remarks = hold(&[&file, "--columns", &columns], &[("answered", 90.0)]);
    assert!(remarks.contains("columns that are not read: Abandoned, Service Level, Ring Group Size"), "{remarks}");
}

#[test]
fn talk_alone_tells_who_was_answered_where_nothing_else_does() {
    let table = "Call ID,Start Time,Queue,Wait Time,Talk Time\nc1,2026-03-25 09:00:05,sales,12,123\nc2,2026-03-25 09:10:05,sales,40,0\n\
        c3,2026-03-25 09:20:05,sales,20,61\n";
    let said = mapped(table.as_bytes(), &["--utc"], &THREE);
    assert!(said.contains("a row with Talk Time is taken for answered, and one without for abandoned"), "{said}");
}

#[test]
fn people_whom_only_answered_contacts_name_are_the_agents() {
    let table = three(["", "", ""], TALKS, "Zig", ["Ann Lee", "", "Ben Ray"])
        + "c7,2026-03-25 09:40:05,sales,,40,0,\nc8,2026-03-25 09:50:05,sales,,12,123,Ann Lee\nc9,2026-03-25 09:55:05,sales,,20,61,Ben Ray\n";
    let said =
        mapped(table.replace(",Agent", ",Note").as_bytes(), &["--utc"], &[("answered", 4.0), ("abandoned", 2.0)]);
    assert!(said.contains("agent: Zig is taken for it"), "{said}");
}
