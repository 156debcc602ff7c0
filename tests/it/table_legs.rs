//! Tables with several rows of a contact, or with ids that are none of contacts: a contact counts once, and two never as one.

use crate::table_doubts::mapped;
use crate::tables::{figure, hold, report, written};

/// A contact that two agents were rung for, and one that gave up.
const RUNG: [(&str, f64); 5] = [("offered", 3.0), ("answered", 2.0), ("abandoned", 1.0), ("asa", 30.0), ("aht", 100.0)];

fn rung(name: &str, ids: [&str; 3]) -> String {
    let [first, second, third] = ids;
    format!(
        "{name},Start Time,Queue,Agent,Status,Wait Time,Talk Time\n\
         {first},2026-03-02 09:00:10,sales,Ann,No Answer,30,0\n{first},2026-03-02 09:00:20,sales,Ben,Answered,30,120\n\
         {second},2026-03-02 10:00:00,sales,,Abandoned,40,0\n{third},2026-03-02 11:00:00,sales,Ben,No Answer,30,0\n\
         {third},2026-03-02 11:00:05,sales,Ann,Answered,30,80\n"
    )
}

#[test]
fn the_rows_of_an_id_are_one_contact_whatever_the_id_is_called() {
    let ids = ["48210007", "48210014", "48210021"];
    for name in
        ["Reference", "Conversation", "Interaction", "Call #", "GUID", "Session", "Vorgangsnummer", "Réf. appel"]
    {
        let said = mapped(rung(name, ids).as_bytes(), &["--utc"], &RUNG);
        assert!(said.contains("legs = true") && said.contains(&format!("3 ids in 5 rows of {name}")), "{said}");
    }
    // One of an unknown name, and one that looks like an instant.
    let said = mapped(rung("Xyz", ["ab-48210007", "ab-48210014", "ab-48210021"]).as_bytes(), &["--utc"], &RUNG);
    assert!(said.contains("of Xyz, although its name is not known"), "{said}");
    mapped(rung("Xyz", ids).as_bytes(), &["--utc"], &RUNG);
    mapped(rung("uniqueid", ["1772442010.7", "1772445600.9", "1772449200.11"]).as_bytes(), &["--utc"], &RUNG);
    // A length is no id.
    let said = mapped(
        b"Start Time,Queue,Agent,Status,Wait Time,Conversation\n2026-03-02 09:00:10,sales,Ann,Answered,30,0:02:00\n\
          2026-03-02 09:10:10,sales,,Abandoned,40,0:00:00\n",
        &["--utc"],
        &[("offered", 2.0), ("aht", 120.0)],
    );
    assert!(!said.contains("contact ="), "{said}");
}

#[test]
fn a_second_row_of_a_contact_may_come_long_after_the_first_ones() {
    let row = |n: u32, rest: &str| {
        let (day, minute) = (2 + n / 600, n % 600);
        format!("48{n:06},2026-03-{day:02} {:02}:{:02}:00,sales,{rest}\n", 8 + minute / 60, minute % 60)
    };
    let mut table = "Call ID,Start Time,Queue,Agent,Status,Wait Time,Talk Time\n".to_owned();
    table.extend((0..1500).map(|n| row(n, "Ann,Answered,12,100")));
    table += &row(1500, "Ann,No Answer,12,0");
    table += &row(1500, "Ben,Answered,12,100");
    let said = mapped(table.as_bytes(), &["--utc"], &[("offered", 1501.0), ("answered", 1501.0), ("asa", 12.0)]);
    assert!(said.contains("1501 ids in 1502 rows"), "{said}");
}

#[test]
fn the_id_of_a_person_or_a_ticket_makes_no_contact_of_several() {
    let row =
        |id: &str, day: u32, caller: &str| format!("{id},2026-03-0{day} 09:00:05,{caller},sales,Ann,Answered,12,100\n");
    for name in ["ID", "Ticket ID"] {
        let table = format!("{name},Start Time,Caller,Queue,Agent,Status,Wait Time,Talk Time\n")
            + &row("C0001", 2, "0207001")
            + &row("C0002", 3, "0207002")
            + &row("C0001", 4, "0207001");
        let said = mapped(table.as_bytes(), &["--utc"], &[("offered", 3.0), ("answered", 3.0), ("asa", 12.0)]);
        assert!(said.contains("rows of C0001 do not follow one another"), "{said}");
        // Where a mapping says that they are legs, calls of different days are none.
        let mapping = format!(
            "contact = {name:?}\nlegs = true\ntime = \"Start Time\"\nqueue = \"Queue\"\nagent = \"Agent\"\nwait_s = \"Wait Time\""
        );
        let (_folder, file, columns) = written(table.as_bytes(), &mapping);
        let remarks = hold(&[&file, "--columns", &columns], &[("offered", 3.0), ("asa", 12.0)]);
        assert!(remarks.contains("1 rows are hours apart from the others of their id"), "{remarks}");
    }
}

#[test]
fn ids_that_begin_anew_every_day_are_of_a_call_each() {
    let day = |day: u32| {
        format!(
            "1,2026-03-0{day} 09:00:00,sales,Ann,No Answer,30,0\n1,2026-03-0{day} 09:00:00,sales,Ben,Answered,30,120\n\
             2,2026-03-0{day} 10:00:00,sales,,Abandoned,40,0\n"
        )
    };
    let table = "Call #,Start Time,Queue,Agent,Status,Wait Time,Talk Time\n".to_owned() + &day(2) + &day(3) + &day(4);
    let said = mapped(
        table.as_bytes(),
        &["--utc"],
        &[("offered", 6.0), ("answered", 3.0), ("abandoned", 3.0), ("asa", 30.0), ("aht", 120.0)],
    );
    assert!(said.contains("are hours apart from the others of their id"), "{said}");
}

#[test]
fn ids_that_a_spreadsheet_has_rounded_are_none() {
    for ids in [["3E+14", "3E+14", "3E+14"], ["1.70E+09", "1.71E+09", "1.70E+09"], ["300000000000000"; 3]] {
        let table = rung("Call ID", ids).replace("No Answer", "Abandoned");
        let said = mapped(table.as_bytes(), &["--utc"], &[("offered", 5.0), ("answered", 2.0), ("abandoned", 3.0)]);
        assert!(said.contains("contact: Call ID is left out"), "{said}");
    }
    let mapping = "contact = \"Call ID\"\ntime = \"Start Time\"\nagent = \"Agent\"\nwait_s = \"Wait Time\"";
    let (_folder, file, columns) = written(rung("Call ID", ["3E+14"; 3]).as_bytes(), mapping);
    let remarks = hold(&[&file, "--columns", &columns], &[("offered", 5.0)]);
    assert!(remarks.contains("5 ids were rounded by a spreadsheet"), "{remarks}");
}

#[test]
fn a_menu_before_the_queue_neither_answers_nor_counts_as_a_wait() {
    for menu in ["IVR", "Main Menu", "flow 7"] {
        let table = format!(
            "Call ID,Start Time,Queue,Agent,Status,Wait Time,Talk Time\n\
             c1,2026-03-02 09:00:00,{menu},,Answered,0,30\nc1,2026-03-02 09:00:30,sales,Ann,Answered,12,123\n\
             c2,2026-03-02 09:10:00,{menu},,Answered,0,20\nc2,2026-03-02 09:10:20,sales,,Abandoned,40,0\n\
             c3,2026-03-02 09:20:00,{menu},,Answered,0,25\n"
        );
        let expected = [
            ("offered", 2.0),
            ("answered", 1.0),
            ("abandoned", 1.0),
            ("asa", 12.0),
            ("time_to_abandon", 40.0),
            ("aht", 123.0),
        ];
        let said = mapped(table.as_bytes(), &["--utc"], &expected);
        assert!(said.contains(&format!("rows with [\"{menu}\"] in Queue are left out")), "{said}");
    }
    // A mapping that keeps such rows.
    let table = "id,start,queue,agent,status,wait,talk\nc1,2026-03-02T09:00:00Z,sales,,Answered,0,30\n\
        c1,2026-03-02T09:00:30Z,sales,Ann,Answered,12,123\nc1,2026-03-02T09:02:45Z,sales,,Answered,0,9\n";
    let mapping = "contact = \"id\"\nlegs = true\ntime = \"start\"\nqueue = \"queue\"\nagent = \"agent\"\noutcome = \"status\"\n\
        wait_s = \"wait\"\ntalk_s = \"talk\"";
    let (_folder, file, columns) = written(table.as_bytes(), mapping);
    hold(&[&file, "--columns", &columns], &[("offered", 1.0), ("answered", 1.0), ("asa", 12.0), ("aht", 123.0)]);
}

#[test]
fn a_contact_that_moves_to_another_queue_is_one() {
    let table = "uii,Start Time,Queue,Agent,Status,Wait Time,Talk Time\n\
        c1,2026-03-02 09:00:00,sales,,Overflowed,60,0\nc1,2026-03-02 09:01:00,backup,Ann,Answered,12,123\n\
        c2,2026-03-02 09:10:00,sales,,Abandoned,40,0\n";
    let expected = [("offered", 2.0), ("answered", 1.0), ("abandoned", 1.0), ("asa", 72.0), ("aht", 123.0)];
    mapped(table.as_bytes(), &["--utc"], &expected);
}

#[test]
fn a_row_that_stands_there_twice_counts_once_without_an_id_too() {
    let header = "Start Time,Caller,Queue,Agent,Status,Wait Time,Talk Time\n";
    let rows = "2026-03-02 09:00:10,,sales,Ann,Answered,12,123\n2026-03-02 09:10:00,0207001,sales,,Abandoned,40,0\n";
    let expected = [("offered", 2.0), ("answered", 1.0), ("abandoned", 1.0), ("asa", 12.0), ("aht", 123.0)];
    let said = mapped(format!("{header}{rows}{rows}").as_bytes(), &["--utc"], &expected);
    assert!(said.contains("2 of the rows are repeated and count once"), "{said}");
    // Without a second or an id, two contacts may have the same row.
    let rows = rows.replace(":10,", ",").replace("10:00", "10").replace("0207001", "");
    mapped(format!("{header}{rows}{rows}").as_bytes(), &["--utc"], &[("offered", 4.0), ("answered", 2.0)]);
}

/// The contacts of each queue: how many were offered and answered, and their mean handling time.
fn by_queue(table: &str) -> (Vec<String>, String) {
    let (_folder, file, _) = written(table.as_bytes(), "");
    let report = report(&[&file, "--by", "queue"]);
    let row = |row: &serde_json::Value| {
        let of = |kpi| figure(&row["kpis"], kpi).map_or_else(|| "-".to_owned(), |value| value.to_string());
        format!("{}: {} {} {}", row["key"]["queue"].as_str().unwrap(), of("offered"), of("answered"), of("aht"))
    };
    (report["rows"].as_array().unwrap().iter().map(row).collect(), report["input"].to_string())
}

#[test]
fn an_agent_who_did_not_answer_makes_no_second_answer_and_the_queue_that_did_is_the_marked_one() {
    let row = |id: &str, minute: u32, rest: &str| {
        format!("{id},3/25/2026 9:{minute}:05 AM,3/25/2026 9:{minute}:59 AM,{rest}\n")
    };
    let mut table = "Node ID - Session ID - Sequence No,Call Start Time,Call End Time,Contact Disposition,\
        Originator DN (Calling Number),Destination DN,Called Number,Application Name,CSQ Names,Queue Time,Agent Name,Ring Time,\
        Talk Time,Work Time\n"
        .to_owned();
    // Ann's phone rang in vain, in either order.
    table += &row("1-600-0", 10, "2,0215550101,201,9000,Main,Claims*,00:00:30,Ann Lee,00:00:12,00:00:00,00:00:00");
    table += &row("1-600-0", 10, "2,0215550101,202,9000,Main,Claims*,00:00:30,Bob Ray,00:00:03,00:01:40,00:00:20");
    table += &row("1-601-0", 20, "2,0215550102,202,9000,Main,Claims*,00:00:10,Bob Ray,00:00:03,00:01:00,00:00:20");
    table += &row("1-601-0", 20, "2,0215550102,201,9000,Main,Claims*,00:00:10,Ann Lee,00:00:12,00:00:00,00:00:00");
    // The call went on to another queue.
    table +=
        &row("1-601-1", 22, "2,0215550102,203,9001,Main,\"Claims,VIP*\",00:00:20,Cy Fox,00:00:03,00:01:20,00:00:20");
    table +=
        &row("1-602-0", 30, "1,0215550103,201,9000,Main,\"Claims,VIP\",00:00:50,Ann Lee,00:00:12,00:00:00,00:00:00");
    let (rows, input) = by_queue(&table);
    assert_eq!(rows, ["Claims: 3 2 100", "VIP: 1 1 100"], "{input}");
    assert!(input.contains("cisco-uccx") && input.contains("\"out_of_place\":0"), "{input}");
}

#[test]
fn a_call_that_goes_on_to_another_queue_is_offered_to_both() {
    let row = |id: &str, queue: &str, result: &str, wait: u32, agent: &str, talk: &str, start: &str| {
        format!(
            "{id},ACD-INBOUND,Service,{queue},2025550101,8005550100,COMPLETE,{result},{wait},90,{agent},{talk},2026-03-02T09:{start}.000+0000,,\n"
        )
    };
    let mut table = "uii,sourceType,sourceGroupName,sourceName,ani,dnis,callStatus,callResult,queueTime,callDuration,\
        connectedName,connectedDuration,callStartDts,callEndDts,connectedDts\n"
        .to_owned();
    table += &row("A1", "Billing", "CONNECTED", 12, "Ann", "60", "00:00");
    table += &row("A1", "Tech", "CONNECTED", 20, "Bob", "80", "01:12");
    table += &row("A2", "Billing", "CONNECTED", 12, "Ann", "60", "10:00");
    table += &row("A2", "Billing", "ABANDON", 30, "", "", "11:12");
    table += &row("A3", "Billing", "DEFLECTED", 40, "", "", "20:00");
    table += &row("A3", "Tech", "CONNECTED", 15, "Bob", "60", "20:40");
    let (rows, input) = by_queue(&table);
    assert_eq!(rows, ["Billing: 4 2 60", "Tech: 2 2 70"], "{input}");
    assert!(input.contains("ringcx-calls") && !input.contains("legs"), "{input}");
}

#[test]
fn of_the_agents_of_a_contact_one_who_did_not_talk_was_rung_only() {
    let table = "Call ID,Start Time,Queue,Agent,Status,Wait,Talk\n1,2026-03-25 09:00:05,sales,Ann,Handled,12,0\n\
        1,2026-03-25 09:00:25,sales,Ben,Handled,12,123\n2,2026-03-25 09:10:05,sales,Ann,Handled,12,61\n";
    let table = table.to_owned() + "3,2026-03-25 09:20:05,sales,,Abandoned,40,0\n";
    let said = mapped(table.as_bytes(), &["--utc"], &[("offered", 3.0), ("answered", 2.0), ("aht", 92.0)]);
    assert!(said.contains("legs = true"), "{said}");
}
