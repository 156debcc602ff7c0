//! Tables whose columns have names with further words: what these make of them, and what is said where a word is not known.

use crate::table_doubts::mapped;
use crate::tables::{figure, floorwatch, hold, report, stderr, written};

/// Two intervals with the counts 50 and 40, 45 and 38, 5 and 2, and further columns before and behind them.
fn sums(before: (&str, &str), counts: [&str; 3], behind: (&str, &str)) -> String {
    let [offered, answered, abandoned] = counts;
    let comma = |text: &str| if text.is_empty() { String::new() } else { format!(",{text}") };
    let (head, cell) = (comma(before.0), comma(before.1));
    let (more, last) = (comma(behind.0), comma(behind.1));
    format!(
        "Interval Start,Queue{head},{offered},{answered},{abandoned}{more}\n2026-03-25 09:00,sales{cell},50,45,5{last}\n\
         2026-03-25 09:30,sales{cell},40,38,2{last}\n2026-03-25 10:00,sales{cell},50,45,5{last}\n\
         2026-03-25 10:30,sales{cell},40,38,2{last}\n"
    )
}

const COUNTS: [(&str, f64); 3] = [("offered", 180.0), ("answered", 166.0), ("abandoned", 14.0)];
const USUAL: [&str; 3] = ["Calls Offered", "Calls Answered", "Calls Abandoned"];

#[test]
fn a_qualified_name_is_another_figure() {
    for (name, counts) in [
        ("Calls Abandoned in IVR", ["Calls Offered", "Calls Answered", "Calls Abandoned in Queue"]),
        ("Outbound Calls Answered", ["Inbound Calls", "Inbound Calls Answered", "Abandoned"]),
        ("Calls Answered within SL", USUAL),
        ("Calls Offered Forecast", ["Calls Offered Actual", "Calls Answered", "Abandoned"]),
        ("Calls Answered (last week)", ["Offered (this week)", "Answered (this week)", "Abandoned (this week)"]),
        ("Nicht angenommene Anrufe", ["Angeboten", "Angenommen", "Aufgelegt"]),
        ("Appels répondus prévus", ["Appels présentés", "Appels répondus", "Appels abandonnés"]),
    ] {
        let said = mapped(sums((name, "7"), counts, ("", "")).as_bytes(), &["--utc"], &COUNTS);
        assert!(said.contains("not read") && said.contains(name) || said.contains("service_level"), "{name}: {said}");
    }
}

#[test]
fn a_word_that_is_not_known_is_said_and_two_such_columns_are_not_taken() {
    let table = sums(("", ""), ["Calls Offered", "Calls answered Acme", "Abandoned"], ("", ""));
    let said = mapped(table.as_bytes(), &["--utc"], &COUNTS);
    assert!(said.matches("Calls answered Acme is taken for answered").count() > 1, "{said}");
    let table = sums(("Calls answered Zenith", "7"), ["Calls Offered", "Calls answered Acme", "Abandoned"], ("", ""));
    let said = mapped(table.as_bytes(), &["--utc"], &[("offered", 180.0), ("abandoned", 14.0)]);
    assert!(said.contains("not read: Calls answered Zenith, Calls answered Acme"), "{said}");
    let (_folder, file, _) = written(table.as_bytes(), "");
    assert_eq!(figure(&report(&[&file])["total"], "answered"), None);
    // Two columns of one name are none.
    let table = sums(("Offered,Answered,Abandoned", "1,2,3"), ["Offered", "Answered", "Abandoned"], ("", ""));
    let (_folder, file, _) = written(table.as_bytes(), "");
    let said = stderr(&floorwatch(&["map", &file]));
    assert!(said.contains("several columns are named Offered"), "{said}");
}

#[test]
fn means_are_read_as_such_in_the_languages_of_the_vocabulary() {
    for (name, kpi) in [
        ("Ø Gesprächszeit", "talk"),
        ("Mittlere Gesprächszeit", "talk"),
        ("Gesprächszeit (Schnitt)", "talk"),
        ("Moy. temps de conversation", "talk"),
        ("Tempo médio de conversa", "talk"),
        ("Talk Time per Call", "talk"),
        ("Talk Time/Call", "talk"),
        ("Avg Wait Time (Answered)", "asa"),
        ("Tempo medio di risposta", "asa"),
        ("Śr. czas odpowiedzi", "asa"),
        ("平均応答時間", "asa"),
    ] {
        let (_folder, file, _) = written(sums(("", ""), USUAL, (name, "00:03:20")).as_bytes(), "");
        hold(&[&file], &[(kpi, 200.0)]);
    }
    // Those who gave up have waited, too.
    for name in ["Average Wait Time", "Ø Wartezeit", "Tempo medio di attesa", "Śr. czas oczekiwania", "平均待ち時間"]
    {
        let (_folder, file, _) = written(sums(("", ""), USUAL, (name, "00:03:20")).as_bytes(), "");
        let said = report(&[&file]);
        assert_eq!(figure(&said["total"], "asa"), None, "{name}");
        assert!(
            said["input"]["remarks"].to_string().contains(&format!("asa is left out: {name} may be of all")),
            "{name}"
        );
    }
    // Of two means, the one of those answered is the speed of answer.
    let waits = ("Avg Wait Time (Abandoned),Average Wait Time,Average Speed to Answer", "60,33,20");
    let (_folder, file, _) = written(sums(("", ""), USUAL, waits).as_bytes(), "");
    hold(&[&file], &[("asa", 20.0)]);
    let (_folder, file, _) = written(sums(("", ""), USUAL, ("Longest Talk Time", "900")).as_bytes(), "");
    let said = report(&[&file]);
    assert_eq!(figure(&said["total"], "talk"), None);
    assert_eq!(said["total"]["talk"]["reason"], "the table of sums does not tell it");
}

#[test]
fn a_service_level_is_that_within_the_usual_time() {
    let level = |columns: &str, cells: [&str; 2]| {
        let table = format!(
            "Date,Queue,Offered,Answered,{columns}\n2026-03-25,sales,50,45,{0}\n2026-03-26,sales,50,45,{1}\n\
             2026-03-27,sales,50,45,{0}\n2026-03-28,sales,50,45,{1}\n",
            cells[0], cells[1]
        );
        let (_folder, file, _) = written(table.as_bytes(), "");
        let said = report(&[&file]);
        (figure(&said["total"], "service_level"), said["input"]["remarks"].to_string())
    };
    assert_eq!(level("SL 60 seconds,SL 20 seconds", ["99%,80%", "98%,82%"]).0, Some(81.0));
    assert_eq!(level("Service Level Target,Service Level Actual", ["80%,70%", "80%,72%"]).0, Some(71.0));
    assert_eq!(level("Service Level (sec),Service Level (%)", ["20,70", "20,72"]).0, Some(71.0));
    assert_eq!(level("Abandoned within SL %,Answered within SL %", ["12,70", "13,72"]).0, Some(71.0));
    let (none, said) = level("SL 60 seconds", ["99%", "98%"]);
    assert!(none.is_none() && said.contains("SL 60 seconds is of 60 s"), "{said}");
    let (none, said) = level("SLA", ["20", "20"]);
    assert!(none.is_none() && said.contains("the same in every row"), "{said}");
}

#[test]
fn rows_of_agents_tell_no_contacts_offered() {
    let table = "Date,Agent,Queue,Offered,Answered\n2026-03-25,Ann,sales,50,45\n2026-03-25,Bob,sales,40,38\n";
    let (_folder, file, _) = written(table.as_bytes(), "");
    let remarks = hold(&[&file], &[("answered", 83.0)]);
    assert!(remarks.contains("a row is of an agent") && remarks.contains("offered left out"), "{remarks}");
    assert_eq!(figure(&report(&[&file])["total"], "offered"), None);
}

#[test]
fn a_contacts_columns_are_known_by_whole_names() {
    let two = [("offered", 2.0), ("answered", 1.0), ("abandoned", 1.0), ("asa", 12.0), ("aht", 123.0)];
    for (names, first, second) in [
        ("Not Answered,Wait Time,Talk Time", "No,12,123", "Yes,40,0"),
        ("Estimated Wait Time,Actual Wait Time,Talk Time", "60,12,123", "60,40,0"),
        ("Wait Time,Bot Talk Time,Agent Talk Time", "12,9,123", "40,9,0"),
        ("Survey Result,Wait Time,Talk Time", "No answer,12,123", ",40,0"),
        ("Callback Answered,Wait Time,Talk Time", "No,12,123", "Yes,40,0"),
        ("Handled By Queue,Wait Time,Talk Time", "Yes,12,123", "Yes,40,0"),
    ] {
        let table = format!(
            "Call ID,Start Time,Queue,Agent Team,Agent,{names}\nc1,2026-03-25 09:00:05,sales,One,Ann,{first}\n\
             c2,2026-03-25 09:10:05,sales,One,,{second}\n"
        );
        mapped(table.as_bytes(), &["--utc"], &two);
    }
    // Rows of counts in words that are not known are no contacts.
    let table = "Dato,Luokka,Saapuneet,Vastatut\n2026-03-25 09:00,a,50,45\n2026-03-25 09:30,a,40,38\n";
    let (_folder, file, _) = written(table.as_bytes(), "");
    let said = stderr(&floorwatch(&["map", &file]));
    assert!(said.contains("Saapuneet, Vastatut may count several"), "{said}");
}

#[test]
fn a_row_with_more_cells_than_the_header_and_a_scale_that_no_score_reaches_are_said() {
    let rows: Vec<String> =
        (0..8).map(|at| format!("c{at},2026-03-25 09:0{at}:05,sales,Lee, Ann,Answered,12,123,3")).collect();
    let table = format!("Call ID,Start Time,Queue,Agent,Status,Wait Time,Talk Time,CSAT\n{}\n", rows.join("\n"));
    let (_folder, file, columns) = written(table.as_bytes(), "time = \"Start Time\"\ncsat = \"CSAT\"");
    let remarks = hold(&[&file, "--columns", &columns], &[("offered", 8.0)]);
    assert!(remarks.contains("8 of 8 rows have more cells than the header"), "{remarks}");
    let table = table.replace("Lee, Ann", "Ann");
    let (_folder, file, columns) = written(table.as_bytes(), "time = \"Start Time\"\ncsat = \"CSAT\"");
    let remarks = hold(&[&file, "--columns", &columns], &[("offered", 8.0)]);
    assert!(!remarks.contains("more cells") && remarks.contains("none of 8 scores is above 3"), "{remarks}");
}
