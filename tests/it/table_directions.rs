//! Calls that did not come to the floor: told by words of many languages, by a flag, or by the other cells of their rows.

use crate::table_doubts::mapped;
use crate::tables::{floorwatch, hold, stderr, written};

/// What the three inbound contacts of [`table`] come to.
const INBOUND: [(&str, f64); 4] = [("offered", 6.0), ("answered", 3.0), ("abandoned", 3.0), ("asa", 12.0)];

/// How a row of the floor's own calls is written.
#[derive(Clone, Copy)]
struct Own {
    queue: &'static str,
    caller: &'static str,
    /// Who called where nobody answered.
    silent_agent: &'static str,
}

const USUAL: Own = Own { queue: "sales", caller: "0215550199", silent_agent: "" };

/// Three answered and three abandoned contacts, and four of the floor's own calls, two of them not answered.
fn table(name: &str, [inward, outward]: [&str; 2], own: Own) -> String {
    let inbound = (0..3).map(|n| {
        format!(
            "c{n},2026-03-25 09:{n}0:05,{inward},sales,021555010{n},Ann,12,123\nd{n},2026-03-25 09:{n}5:05,{inward},sales,021555020{n},,40,0\n"
        )
    });
    let outbound = (0..2).map(|n| {
        let Own { queue, caller, silent_agent } = own;
        format!(
            "e{n},2026-03-25 10:{n}0:05,{outward},{queue},{caller},Ben,7,60\nf{n},2026-03-25 10:{n}5:05,{outward},{queue},{caller},{silent_agent},9,0\n"
        )
    });
    format!("Call ID,Start Time,{name},Queue,Caller,Agent,Wait Time,Talk Time\n")
        + &inbound.collect::<String>()
        + &outbound.collect::<String>()
}

#[test]
fn directions_are_told_in_many_languages_and_by_flags() {
    for (name, words) in [
        ("Retning", ["Indg\u{e5}ende", "Udg\u{e5}ende"]),
        ("Retning", ["Innkommende", "Utg\u{e5}ende"]),
        ("Κατεύθυνση", ["Εισερχόμενη", "Εξερχόμενη"]),
        ("구분", ["수신", "발신"]),
        ("Sens apel", ["Intrare", "Ieșire"]),
        ("Напрямок", ["Вхідний", "Вихідний"]),
        ("Direction", ["Inner", "Outer"]),
        ("I/O", ["I", "O"]),
        ("Inbound", ["1", "0"]),
        ("incoming", ["true", "false"]),
        ("is_outbound", ["no", "yes"]),
    ] {
        mapped(table(name, words, USUAL).as_bytes(), &["--utc"], &INBOUND);
    }
}

#[test]
fn rows_prove_which_calls_the_floor_made_whatever_the_words_are() {
    for (own, why) in [
        (Own { queue: "", ..USUAL }, "they name no queue, as the others do"),
        (Own { caller: "104", ..USUAL }, "the caller is an extension, and one from outside in the others"),
        (Own { silent_agent: "Ben", ..USUAL }, "they name an agent where nobody answered, and the others do not"),
    ] {
        for name in ["Direction", "Zig"] {
            let said = mapped(table(name, ["Zug", "Zag"], own).as_bytes(), &["--utc"], &INBOUND);
            assert!(
                said.contains(&format!("rows with [\"Zag\"] in {name} are taken for")) && said.contains(why),
                "{said}"
            );
        }
    }
    // Nothing tells which is which.
    let (_folder, file, _) = written(table("Direction", ["Zug", "Zag"], USUAL).as_bytes(), "");
    let said = stderr(&floorwatch(&["map", &file]));
    assert!(said.contains("which of [\"Zag\", \"Zug\"] in Direction are contacts that came to the floor?"), "{said}");
}

#[test]
fn a_direction_that_says_how_contacts_ended_tells_that() {
    let table = "Call ID,Start Time,Type,Queue,Agent,Wait Time,Talk Time\n\
        1,2026-03-25 09:00:05,inbound,sales,Ann,12,123\n2,2026-03-25 09:10:05,voicemail,sales,,40,0\n\
        3,2026-03-25 09:20:05,abandoned,sales,,30,0\n4,2026-03-25 09:30:05,outbound,sales,Ann,5,60\n";
    let expected = [("offered", 3.0), ("answered", 1.0), ("abandoned", 1.0), ("left", 1.0), ("time_to_abandon", 30.0)];
    mapped(table.as_bytes(), &["--utc"], &expected);
}

#[test]
fn a_mapping_that_counts_both_directions_is_remarked() {
    let mapping = "time = 1\nheader = false\ncontact = 10\nagent = 13\nwait_s = 3\ntalk_s = 2\ntime_format = \"%Y/%m/%d %H:%M:%S\"";
    let table =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tables/smdr-continuation.csv")).unwrap();
    let (_folder, file, columns) = written(&table, mapping);
    let remarks = hold(&[&file, "--columns", &columns], &[("offered", 4.0)]);
    assert!(remarks.contains("the column 5 tells contacts that came to the floor from other calls"), "{remarks}");
}
