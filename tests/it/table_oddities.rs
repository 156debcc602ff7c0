//! Tables with odd cells, rows of totals, names in other languages and durations that include others: each is read right, or
//! left out with a remark.

use crate::table_doubts::{mapped, table};
use crate::tables::{floorwatch, hold, report, written};

const USUAL: [(&str, f64); 5] =
    [("offered", 2.0), ("answered", 1.0), ("abandoned", 1.0), ("asa", 12.0), ("aht", 143.0)];
const TWO: [(&str, f64); 5] = [("offered", 2.0), ("answered", 1.0), ("abandoned", 1.0), ("asa", 12.0), ("aht", 123.0)];

#[test]
fn milliseconds_are_told_by_the_name_and_by_the_times_beside() {
    for [wait, talk] in [["wait_ms", "talk_ms"], ["waitms", "talktimems"], ["Wait Millis", "Talk (msec)"]] {
        // All of these are numbers that a spreadsheet's days have, too.
        let table = format!(
            "id,start_time,queue,agent,status,{wait},{talk}\n1,2026-03-25T09:00:05Z,sales,Ann,answered,22000,45000\n\
             2,2026-03-25T09:10:05Z,sales,,abandoned,40000,0\n3,2026-03-25T09:20:05Z,sales,Ben,answered,32000,65000\n"
        );
        mapped(table.as_bytes(), &[], &[("offered", 3.0), ("asa", 27.0), ("time_to_abandon", 40.0), ("aht", 55.0)]);
    }
    let table = "id,start,answered at,end,queue,agent,status,wait time,talk time\n\
        1,2026-03-25T09:00:05Z,2026-03-25T09:00:17Z,2026-03-25T09:02:20Z,sales,Ann,answered,12000,123000\n\
        2,2026-03-25T09:10:05Z,,2026-03-25T09:10:45Z,sales,,abandoned,40000,0\n";
    let said = mapped(table.as_bytes(), &[], &TWO);
    assert!(said.contains("wait_s, talk_s: taken for milliseconds, as the times beside show"), "{said}");
    let table = "id,start,queue,agent,status,wait time\n1,2026-03-25T09:00:05Z,sales,Ann,answered,120000\n\
        2,2026-03-25T09:10:05Z,sales,,abandoned,400000\n";
    let said = mapped(table.as_bytes(), &[], &[("offered", 2.0), ("asa", 120.0), ("time_to_abandon", 400.0)]);
    assert!(said.contains("wait_s: taken for milliseconds, as most would be above four hours in seconds"), "{said}");
    let (_folder, file, columns) =
        written(table.as_bytes(), "time = \"start\"\nagent = \"agent\"\nwait_s = \"wait time\"");
    let remarks = hold(&[&file, "--columns", &columns], &[]);
    assert!(remarks.contains("wait_s: 2 of 2 durations are above four hours: set its unit"), "{remarks}");
}

#[test]
fn a_column_with_a_few_odd_cells_is_proposed_and_these_are_unknown() {
    let row = |row: u32| {
        let wait = if [15, 20].contains(&row) { "n/a?" } else { "12" };
        let end = if row == 25 { "still open" } else { "2026-03-25 10:00:00" };
        format!("c{row},2026-03-25 09:{row:02}:05,sales,Ann,Answered,{wait},{end}\n")
    };
    let rows: String = (0..30).map(row).collect();
    let table = format!("Call ID,Start Time,Queue,Agent,Status,Wait Time,End Time\n{rows}");
    let said = mapped(table.as_bytes(), &["--utc"], &[("offered", 30.0), ("answered", 30.0), ("asa", 12.0)]);
    let half = table.replace("12,2026-03-25 10", "soon,2026-03-25 10").replacen("soon", "12", 14);
    let left_out = mapped(half.as_bytes(), &["--utc"], &[("offered", 30.0)]);
    assert!(
        left_out.contains(
            "wait_s is left out: 15 of 30 cells of Wait Time are no length, the first is \"soon\" in line 16"
        ),
        "{left_out}"
    );
    for words in [
        "wait_s: 2 of 30 cells are no length, the first is \"n/a?\" in line 17: taken as unknown",
        "wait_s: 2 cells are taken as unknown, the first: ",
        "ended_at: 1 of 30 cells is no time as the others, the first is \"still open\" in line 27",
        "ended_at: 1 cell is taken as unknown",
        "0 lines set aside",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn a_total_duration_is_talk_time_only_where_rows_prove_what_it_includes() {
    let table = |durations: [[&str; 2]; 3], name: &str| {
        let row = |n: usize, agent: &str, status: &str| {
            let [ring, total] = durations[n];
            format!("{n},2026-03-25 09:{n}0:05,sales,{agent},{status},{ring},{total}\n")
        };
        format!(
            "Call ID,Start Time,Queue,Agent,Status,Ring Time,{name}\n{}{}{}",
            row(0, "Ann", "Answered"),
            row(1, "", "Missed"),
            row(2, "Ann", "Answered")
        )
    };
    let known = [("offered", 3.0), ("answered", 2.0), ("asa", 16.0), ("aht", 111.5)];
    let included = [["0:12", "2:15"], ["0:40", "0:40"], ["0:20", "2:00"]];
    let apart = [["0:12", "2:03"], ["0:40", "0:00"], ["0:20", "1:40"]];
    let unproven = [["0:12", "2:15"], ["", "0:40"], ["0:20", "2:00"]];
    for name in ["Total Duration", "Duration"] {
        let said = mapped(table(included, name).as_bytes(), &["--utc"], &known);
        assert!(said.contains(&format!("talk_s: {name} includes Ring Time, as rows show")), "{said}");
        mapped(table(apart, name).as_bytes(), &["--utc"], &known);
    }
    let said = mapped(table(unproven, "Total Duration").as_bytes(), &["--utc"], &[("asa", 16.0)]);
    assert!(said.contains("talk_s is left out: no row proves whether Total Duration includes the wait"), "{said}");
    let said = mapped(table(unproven, "Duration").as_bytes(), &["--utc"], &[("asa", 16.0)]);
    assert!(
        said.contains("talk_s: Duration is taken for the talk time without Ring Time, which no row proves"),
        "{said}"
    );
    // A handling time has hold and work in it.
    let table = "id,start,queue,agent,status,wait,handle time,hold time,wrap up time\n\
        1,2026-03-25 09:00:05,sales,Ann,answered,12,143,10,20\n2,2026-03-25 09:10:05,sales,,abandoned,40,,,\n";
    mapped(table.as_bytes(), &["--utc"], &[("aht", 143.0), ("talk", 113.0), ("hold", 10.0), ("acw", 20.0)]);
}

#[test]
fn an_unknown_talk_time_is_said_as_such() {
    let (_folder, file, columns) =
        written(b"When,Who\n2026-03-25 09:00:05,Ann\n2026-03-25 09:10:05,\n", "time = \"When\"\nagent = \"Who\"");
    let report = report(&[&file, "--columns", &columns]);
    let why = |kpi: &str| report["total"][kpi]["reason"].as_str().unwrap_or_default().to_owned();
    assert_eq!(why("aht"), "no source gives the talk times of the contacts in this window");
    assert_eq!(why("time_to_abandon"), "no known waits in this window");
}

#[test]
fn rows_of_totals_are_left_out_and_said_once() {
    let rows = table(["2026-03-25 09:00:05", "2026-03-25 09:10:05"], ["12", "123", "20"], ',');
    for totals in [
        "Total,,,,,52,123,20",
        "Summe,,,,2,52,123,20",
        "Grand total: 2 calls",
        ",,Total,,,52,123,20",
        ",Total:,2,,,52,123,20",
    ] {
        let said = mapped(format!("{rows}{totals}\n").as_bytes(), &["--utc"], &USUAL);
        assert!(said.contains("1 row of totals is left out") && said.contains("0 lines set aside"), "{totals}: {said}");
    }
    // A row that lacks its time is none, and no number is a word for totals.
    for lacking in ["c3,,sales,Ann,Answered,12,123,20", "c3,,Total,Ann,Answered,12,123,20", ",,100,201,,52,123,20"] {
        let said = mapped(format!("{rows}{lacking}\n").as_bytes(), &["--utc"], &USUAL);
        assert!(said.contains("1 lines set aside") && said.contains("the time is empty"), "{lacking}: {said}");
    }
    let sums = "Date,Interval,Queue,Offered,Answered,Abandoned\n2026-03-25,09:00,sales,30,25,5\n2026-03-25,09:00,vip,28,25,3\n\
        2026-03-25,09:00,Total,58,50,8\nGrand Total,,,58,50,8\n";
    let (_folder, file, _) = written(sums.as_bytes(), "");
    let remarks = hold(&[&file], &[("offered", 58.0), ("answered", 50.0), ("abandoned", 8.0)]);
    assert!(remarks.contains("2 rows of totals are left out"), "{remarks}");
}

#[test]
fn contacts_are_no_totals_whatever_their_queue_is_called() {
    let usual = |id: u32| format!("Billing,{id},2026-03-02 09:0{id}:00,Ann,10,300\n");
    let rows: String = (3..10).map(usual).collect();
    let odd = format!(
        "Queue,Call ID,Start Time,Agent,Wait,Talk\nTotal,1,2026-03-02 09:00:00,Ann,10,300\n\
         Total,2,2026-03-02 09:01:00,Total,10,300s!\n{rows}"
    );
    let numbers = "Start Time,Queue,Agent,Wait,Talk\n2026-03-02 09:00:00,100,201,12,300\n,100,203,10,300\n\
        2026-03-02 09:01:00,200,202,8,300\n";
    for (table, offered, why) in
        [(odd.as_str(), 9.0, "talk_s: 1 cell is taken as unknown"), (numbers, 2.0, "1 lines set aside")]
    {
        let said = mapped(table.as_bytes(), &["--utc"], &[("offered", offered), ("asa", 10.0), ("aht", 300.0)]);
        assert!(said.contains(why) && !said.contains("of totals"), "{said}");
    }
}

#[test]
fn words_that_may_mean_resolved_or_not_are_asked_for() {
    let table = |[yes, no]: [&str; 2]| {
        format!(
            "Call ID,Start Time,Queue,Agent,Wait,Talk,Resolved\n1,2026-03-02 09:00:00,Billing,Ann,12,312,{yes}\n\
             2,2026-03-02 09:01:00,Billing,Bob,15,234,{no}\n3,2026-03-02 09:02:00,Billing,Ann,9,845,{yes}\n"
        )
    };
    let proposed = "resolved = \"Resolved\"";
    for words in [["Yes", "No"], ["1", "0"], ["No", "no"]] {
        let said = mapped(table(words).as_bytes(), &["--utc"], &[("offered", 3.0)]);
        assert!(said.contains(proposed), "{said}");
    }
    let said = mapped(table(["Solved", "Open"]).as_bytes(), &["--utc"], &[("offered", 3.0)]);
    assert!(!said.contains(proposed), "{said}");
    assert!(said.contains("resolved is left out: which of [\"Open\", \"Solved\"] in Resolved mean yes?"), "{said}");
}

#[test]
fn lines_that_end_in_cr_alone_are_read() {
    let rows = table(["2026-03-25 09:00:05", "2026-03-25 09:10:05"], ["12", "123", "20"], ',').replace('\n', "\r");
    let said = mapped(rows.as_bytes(), &["--utc"], &USUAL);
    assert!(said.contains("0 lines set aside"), "{said}");
    let log = "1774429205|1.1|sales|NONE|ENTERQUEUE||0207|1\r1774429217|1.1|sales|Ann|CONNECT|12|1.2|3\r\
        1774429340|1.1|sales|Ann|COMPLETECALLER|12|123|1\r";
    let (_folder, file, _) = written(log.as_bytes(), "");
    hold(&[&file], &[("answered", 1.0), ("asa", 12.0), ("aht", 123.0)]);
}

#[test]
fn months_and_weekdays_are_read_in_other_languages() {
    for times in [
        ["3. M\u{e4}rz 2026 09:00:05", "3. M\u{e4}rz 2026 09:10:05"],
        ["Di., 03. M\u{e4}r. 2026 um 09:00:05 Uhr", "Di., 03. M\u{e4}r. 2026 um 09:10:05 Uhr"],
        ["03-M\u{e4}r-2026 09:00:05", "03-M\u{e4}r-2026 09:10:05"],
        ["3 mars 2026 09:00:05", "3 mars 2026 09:10:05"],
        ["mar. 3 mars 2026 09:00:05", "mar. 3 mars 2026 09:10:05"],
        ["mardi 3 mars 2026 \u{e0} 09h00", "mardi 3 mars 2026 \u{e0} 09h10"],
        ["1 janv. 2026 09:00:05", "1 janv. 2026 09:10:05"],
        ["3 de marzo de 2026 9:00:05 a. m.", "3 de marzo de 2026 9:10:05 a. m."],
        ["3 de mar\u{e7}o de 2026 09:00:05", "3 de mar\u{e7}o de 2026 09:10:05"],
        ["3 set 2026 09:00:05", "3 set 2026 09:10:05"],
        ["12 sept. 2026 09:00:05", "12 sept. 2026 09:10:05"],
        [
            "\u{33} \u{43c}\u{430}\u{440}\u{442}\u{430} 2026 09:00:05",
            "\u{33} \u{43c}\u{430}\u{440}\u{442}\u{430} 2026 09:10:05",
        ],
        ["2026\u{5e74}3\u{6708}3\u{65e5} 09:00:05", "2026\u{5e74}3\u{6708}3\u{65e5} 09:10:05"],
    ] {
        mapped(table(times, ["12", "123", "20"], ';').as_bytes(), &["--utc"], &USUAL);
    }
}

#[test]
fn a_list_in_an_object_is_named_with_how_to_take_it_apart() {
    let (_folder, file, _) = written(b"{\"page\":1,\"calls\":[{\"id\":1,\"start\":\"2026-03-25T09:00:05Z\"}]}\n", "");
    let output = floorwatch(&["map", &file]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("calls holds a list of objects") && said.contains("jq -c '.calls[]'"), "{said}");
}

#[test]
fn zones_by_name_and_times_before_dates_are_read() {
    for (times, began) in [
        (["2026-03-25 09:00:05 CET", "2026-03-25 09:10:05 CET"], "2026-03-25T08:00:05Z"),
        (["25.03.2026 09:00:05 CET", "25.03.2026 09:10:05 CET"], "2026-03-25T08:00:05Z"),
        (["03/25/2026 09:00:05 AM EDT", "03/25/2026 09:10:05 AM EDT"], "2026-03-25T13:00:05Z"),
        (["25/03/2026 09:00:05 CST", "25/03/2026 09:10:05 CST"], "2026-03-25T09:00:05Z"),
        (["09:00:05 25/03/2026", "09:10:05 25/03/2026"], "2026-03-25T09:00:05Z"),
        (
            [
                "Wed Mar 25 2026 09:00:05 GMT+0100 (Central European Standard Time)",
                "Wed Mar 25 2026 09:10:05 GMT+0100 (Central European Standard Time)",
            ],
            "2026-03-25T08:00:05Z",
        ),
    ] {
        let said = mapped(table(times, ["12", "123", "20"], ',').as_bytes(), &["--utc"], &USUAL);
        assert!(said.contains(began), "{began}: {said}");
    }
}

#[test]
fn cells_guarded_against_spreadsheets_are_read() {
    let table = "Call ID,Start Time,Queue,Agent,Status,Wait Time,Talk Time\n\
        =\"01\",\"=\"\"2026-03-25 09:00:05\"\"\",sales,Ann,Answered,=\"12\",'123\n=\"02\",\"=\"\"2026-03-25 09:10:05\"\"\",sales,,Abandoned,=\"40\",'0\n";
    mapped(table.as_bytes(), &["--utc"], &TWO);
}

#[test]
fn rows_of_several_contacts_are_not_taken_for_contacts() {
    for (table, words) in [
        (
            "Agent,Login Time,Calls Handled,Talk Time\nAnn,2026-03-25 08:00,30,3600\nBen,2026-03-25 08:00,25,3000\n",
            "as Calls Handled says",
        ),
        ("Queue,Offered,Answered\nsales,30,25\nvip,28,25\n", "as Offered says"),
        ("Call ID,Start Time,Queue,Agent\n", "a header and no row"),
    ] {
        let (_folder, file, _) = written(table.as_bytes(), "");
        let output = floorwatch(&["map", &file]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains(words), "{said}");
    }
}

#[test]
fn units_are_told_by_the_name_in_the_large_languages_and_by_the_times_beside() {
    for (wait, talk, waits, talks) in [
        ("Wait (h)", "Talk (hours)", ["1.5", "0.5"], ["1.25", "0.25"]),
        ("Wait time (hh:mm)", "Gesprächszeit (Std:Min)", ["1:30", "00:30"], ["01:15", "0:15"]),
        ("Время ожидания (мин)", "待ち時間（分） Talk", ["90", "30"], ["75", "15"]),
    ] {
        let talk = if talk.contains('待') { "Talk (dk)" } else { talk };
        let table = format!(
            "id,start,queue,agent,status,{wait},{talk}\n1,2026-03-25 09:00:05,sales,Ann,answered,{},{}\n\
             2,2026-03-25 09:10:05,sales,Ben,answered,{},{}\n",
            waits[0], talks[0], waits[1], talks[1]
        );
        mapped(table.as_bytes(), &["--utc"], &[("offered", 2.0), ("asa", 3600.0), ("aht", 2700.0)]);
    }
    // Seconds with many decimals are no fractions of a day, if the name says seconds.
    let table = "id,start,queue,agent,status,Wait (s)\n1,2026-03-25 09:00:05,sales,Ann,answered,0.0123457\n";
    mapped(table.as_bytes(), &["--utc"], &[("offered", 1.0), ("asa", 0.012_346)]);
    // A wait of ten hours that the times beside show is one of seconds.
    let table = "id,created at,answered at,ended at,queue,agent,channel,wait,talk\n\
        1,2026-03-25 09:00:00,2026-03-25 19:00:00,2026-03-25 19:05:00,mail,Ann,email,36000,300\n";
    mapped(table.as_bytes(), &["--utc"], &[("offered", 1.0), ("aht", 300.0)]);
}

#[test]
fn a_tuesday_in_french_is_no_march_and_a_row_behind_a_cr_is_said() {
    let table = "id,date,file,agent,attente\n1,lun. 02/03/2026 09:00,a,Ann,12\n2,mar. 13/03/2026 09:00,a,Ann,12\n";
    mapped(table.as_bytes(), &["--utc"], &[("offered", 2.0)]);
    let table = "id,start,queue,agent,wait\n1,2026-03-25 09:00:05,a,Ann,12\r2,2026-03-25 09:00:06,a,Ann,12\n3,2026-03-25 09:00:07,a,Ann,12\n";
    let said = mapped(table.as_bytes(), &["--utc"], &[("offered", 1.0)]);
    assert!(said.contains("a CR in the line begins another row"), "{said}");
}
