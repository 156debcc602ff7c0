//! Tables of which only the whole column, or another one, tells what a cell means: the order of day and month, the language of
//! months, rows of totals, how a contact ended.

use crate::table_doubts::{mapped, table};
use crate::tables::{floorwatch, hold, stderr, written};

const HEADER: &str = "Call ID,Start Time,Queue,Agent,Status,Wait Time,Talk Time\n";

fn rows(times: impl IntoIterator<Item = String>) -> String {
    let row = |(n, time): (usize, String)| format!("c{n},{time} 09:00:05,sales,Ann,Answered,12,123\n");
    HEADER.to_owned() + &times.into_iter().enumerate().map(row).collect::<String>()
}

/// Each file by `map` and its mapping, and by a mapping that leaves the format to be found.
fn both(table: &str, expected: &[(&str, f64)]) -> [String; 2] {
    let mapping =
        "time = \"Start Time\"\ncontact = \"Call ID\"\nqueue = \"Queue\"\nagent = \"Agent\"\nwait_s = \"Wait Time\"";
    let (_folder, file, columns) = written(table.as_bytes(), mapping);
    [mapped(table.as_bytes(), &["--utc"], expected), hold(&[&file, "--columns", &columns], expected)]
}

#[test]
fn the_order_of_day_and_month_is_that_of_the_whole_file() {
    // The first rows leave it open, hundreds of lines later one proves it.
    let many = |late: &[&str]| {
        let early = (0..400).map(|n| format!("0{}/02/2026", n % 9 + 1));
        rows(early.chain(late.iter().map(|&time| time.to_owned())))
    };
    for said in both(&many(&["02/13/2026", "02/14/2026"]), &[("offered", 402.0)]) {
        assert!(!said.contains("no row proves"), "{said}");
    }
    for said in both(&many(&["13/02/2026"]), &[("offered", 401.0)]) {
        assert!(!said.contains("no row proves"), "{said}");
    }
    // A cell that is no date proves nothing.
    for said in both(&many(&["31-x", "31/31/2026"]), &[("offered", 400.0)]) {
        assert!(said.contains("the day is taken to come first, which no row proves"), "{said}");
    }
    // A mapping that says otherwise than the rows.
    let table = many(&["13/02/2026"]);
    let (_folder, file, columns) =
        written(table.as_bytes(), "time = \"Start Time\"\ntime_format = \"%m/%d/%Y %H:%M:%S\"\nagent = \"Agent\"");
    let remarks = hold(&[&file, "--columns", &columns], &[("offered", 400.0)]);
    assert!(remarks.contains("1 dates show that the day comes first"), "{remarks}");
}

#[test]
fn a_year_of_two_digits_may_come_first() {
    let days = |days: std::ops::Range<u32>| rows(days.map(|day| format!("26/03/{day:02}")));
    for (days, doubtful) in [(days(10..30), false), (days(25..27), true)] {
        for said in both(&days, &[("answered", f64::from(u32::try_from(days.lines().count() - 1).unwrap()))]) {
            assert_eq!(said.contains("the year is taken to come first, which no row proves"), doubtful, "{said}");
        }
        assert!(mapped(days.as_bytes(), &["--utc"], &[]).contains("  2026-03-"));
    }
}

#[test]
fn a_month_of_two_languages_is_that_of_the_column() {
    let began = |second: &str| {
        let table = table(["5. listopada 2026. 09:00:05", second], ["12", "123", "20"], ';');
        mapped(table.as_bytes(), &["--utc"], &[])
    };
    for (second, month) in [("6. studenoga 2026. 09:00:05", "10"), ("6. pa\u{17a}dziernika 2026 09:00:05", "11")] {
        let said = began(second);
        assert!(said.contains(&format!("2026-{month}-05T09:00:05Z")) && !said.contains("no row proves"), "{said}");
    }
    let said = began("6. listopada 2026. 09:00:05");
    assert!(said.contains("no row proves in which language \"listopada\" is"), "{said}");
    let table = "When,Who\n5 listopad 2026 09:00,Ann\n";
    let (_folder, file, columns) = written(table.as_bytes(), "time = \"When\"\nagent = \"Who\"\nmonths = \"croatian\"");
    let output = floorwatch(&["report", "--utc", "--format", "json", "--columns", &columns, &file]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("2026-10-05T09:00:00Z") && !said.contains("no row proves"), "{said}");
}

#[test]
fn the_time_of_sums_may_be_a_range() {
    for (header, first, second) in [
        ("Date,Interval", "2026-03-25,09:00 - 09:30", "2026-03-25,09:30 - 10:00"),
        ("Interval", "2026-03-25T09:00:00Z/2026-03-25T09:30:00Z", "2026-03-25T09:30:00Z/2026-03-25T10:00:00Z"),
        ("Interval", "2026-03-25 09:00 - 09:30", "2026-03-25 09:30 - 10:00"),
        ("Zeitraum", "25.03.2026 09:00 bis 25.03.2026 09:30", "25.03.2026 09:30 bis 25.03.2026 10:00"),
        ("Interval", "2026-03-25 09:00:00", "2026-03-25 09:30:00"),
    ] {
        let table =
            format!("{header},Queue,Offered,Answered,Abandoned\n{first},sales,30,25,5\n{second},sales,28,25,3\n");
        let expected = [("offered", 58.0), ("answered", 50.0), ("abandoned", 8.0)];
        assert!(mapped(table.as_bytes(), &["--utc"], &expected).contains("2026-03-25T09:30:00Z  sales"), "{first}");
    }
    let (_folder, file, _) =
        written(b"Interval,Queue,Offered,Answered\n09:00 - 09:30,sales,30,25\n09:30 - 10:00,sales,28,25\n", "");
    let output = floorwatch(&["map", &file]);
    assert!(stderr(&output).contains("Interval tells the time of the day, and no column the date"), "{output:?}");
}

#[test]
fn rows_of_all_queues_are_no_queue_unless_there_is_no_other() {
    let sums = |name: &str, others: &str| {
        format!("Date,Interval,Queue,Offered,Answered,Abandoned\n{others}2026-03-25,09:00,{name},58,50,8\n")
    };
    let others = "2026-03-25,09:00,sales,30,25,5\n2026-03-25,09:00,vip,28,25,3\n";
    let expected = [("offered", 58.0), ("answered", 50.0), ("abandoned", 8.0)];
    for name in ["Total", "All queues", "Summary", "Gesamt", "Toutes les files", "Todas las colas", "Итого", "合計"]
    {
        let said = mapped(sums(name, others).as_bytes(), &["--utc"], &expected);
        assert!(said.contains("1 row of totals is left out"), "{name}: {said}");
        let said = mapped(sums(name, "").as_bytes(), &["--utc"], &expected);
        assert!(!said.contains("left out"), "{name}: {said}");
    }
    // Contacts without an id.
    let contacts = "Start Time,Queue,Agent,Wait,Talk\n2026-03-25 09:00,sales,Ann,12,123\n2026-03-25 09:05,sales,Ann,12,123\n\
        2026-03-25 09:05,Total,,24,246\n";
    let said = mapped(contacts.as_bytes(), &["--utc"], &[("offered", 2.0), ("asa", 12.0), ("aht", 123.0)]);
    assert!(said.contains("1 row of totals is left out"), "{said}");
    // The other queue comes long after.
    let late = (0..300).fold("Date,Interval,Queue,Offered,Answered\n".to_owned(), |table, n| {
        table + &format!("2026-03-{:02},{:02}:{:02},Total,10,9\n", 1 + n / 96, n / 4 % 24, n % 4 * 15)
    });
    let said = mapped((late + "2026-03-25,09:00,sales,7,6\n").as_bytes(), &["--utc"], &[("offered", 7.0)]);
    assert!(said.contains("300 rows of totals are left out"), "{said}");
}

#[test]
fn a_word_for_the_outcome_is_surer_than_an_agent_s_name() {
    for (word, kpi) in [
        ("Nicht beantwortet", "abandoned"),
        ("not answered", "abandoned"),
        ("No contestada", "abandoned"),
        ("RONA", "left"),
        ("Odd 7", "unknown_end"),
    ] {
        let table = format!(
            "{HEADER}c1,2026-03-25 09:00:05,sales,Ann,{word},12,0\nc2,2026-03-25 09:10:05,sales,Ann,Answered,12,123\n"
        );
        let said = mapped(table.as_bytes(), &["--utc"], &[("offered", 2.0), ("answered", 1.0), (kpi, 1.0)]);
        assert_eq!(said.contains("what do [\"Odd 7\"] mean?"), word == "Odd 7", "{said}");
    }
    let table = format!(
        "{HEADER}c1,2026-03-25 09:00:05,sales,Ann,Zwiddled,12,123\nc2,2026-03-25 09:10:05,sales,Ann,Not zwiddled,12,0\n"
    );
    let said = mapped(table.as_bytes(), &["--utc"], &[("answered", 1.0), ("unknown_end", 1.0)]);
    assert!(said.contains("what do [\"Not zwiddled\"] mean?"), "{said}");
    // Whoever was not abandoned was not answered for that.
    let table = "Call ID,Start Time,Queue,Agent,Abandoned,Wait Time,Talk Time\nc1,2026-03-25 09:00:05,sales,Ann,No,12,123\n\
        c2,2026-03-25 09:10:05,sales,,Yes,40,\nc3,2026-03-25 09:20:05,sales,,No,40,\n";
    let expected = [("offered", 3.0), ("answered", 1.0), ("abandoned", 1.0), ("unknown_end", 1.0), ("asa", 12.0)];
    let said = mapped(table.as_bytes(), &["--utc"], &expected);
    assert!(said.contains("\"No\" in Abandoned is taken for answered where a row names an agent"), "{said}");
}

#[test]
fn a_score_off_its_scale_costs_the_contact_nothing_else() {
    let row = |n: u32, score: &str| format!("c{n},2026-03-25 09:0{n}:05,sales,Ann,Answered,12,123,{score}\n");
    let table = HEADER.replace('\n', ",CSAT\n") + &row(1, "0") + &row(2, "5") + &row(3, "3") + &row(4, "none given");
    let said = mapped(table.as_bytes(), &["--utc"], &[("offered", 4.0), ("aht", 123.0), ("csat", 50.0)]);
    assert!(said.contains("csat: 2 cells are taken as unknown, the first: outside 1 to 5"), "{said}");
}

#[test]
fn a_contact_counts_once_however_long_it_waits_or_talks() {
    let table = HEADER.replace("Time", "Time (s)").replace("Start Time (s)", "Start Time")
        + "c1,2026-03-25 09:00:05,mail,Ann,Answered,50000,123\nc2,2026-03-25 09:10:05,mail,,Abandoned,50000,\n\
           c3,2026-03-27 09:10:05,sales,Ann,Answered,5,5\nc4,2026-03-27 10:10:05,sales,Ann,Answered,5,50000\n";
    let expected = [("offered", 4.0), ("answered", 3.0), ("abandoned", 1.0), ("unknown_end", 0.0), ("asa", 16_670.0)];
    mapped(table.as_bytes(), &["--utc"], &expected);
}

#[test]
fn a_quoted_line_end_in_a_file_of_cr_alone_is_none_of_a_row() {
    let table = format!(
        "{HEADER}c1,2026-03-25 09:00:05,\"sal\nes\",Ann,Answered,12,123\nc2,2026-03-25 09:10:05,sales,,Abandoned,40,\n"
    );
    let table = table.replace('\n', "\r").replace("sal\res", "sal\nes");
    mapped(table.as_bytes(), &["--utc"], &[("offered", 2.0), ("answered", 1.0), ("asa", 12.0)]);
}

#[test]
fn what_was_not_answered_is_said_in_the_large_languages() {
    let expected = [("offered", 2.0), ("answered", 1.0), ("abandoned", 1.0), ("asa", 12.0), ("aht", 123.0)];
    for (header, answered, unanswered, time) in [
        (
            "ID appel;Date;File d'attente;Conseiller;Statut;Attente (s);Conversation (s)",
            "D\u{e9}croch\u{e9}",
            "Non d\u{e9}croch\u{e9}",
            "25/03/2026",
        ),
        (
            "Gespreks ID;Starttijd;Wachtrij;Medewerker;Status;Wachttijd;Gespreksduur",
            "Beantwoord",
            "Niet beantwoord",
            "25-03-2026",
        ),
        (
            "ID llamada;Fecha;Cola;Agente;Estado;Espera (seg);Tiempo hablado",
            "Contestada",
            "No contestada",
            "25/03/2026",
        ),
        (
            "Protocolo;Data/Hora;Fila;Atendente;Situa\u{e7}\u{e3}o;Tempo de espera;Tempo falado",
            "Respondida",
            "N\u{e3}o respondida",
            "25/03/2026",
        ),
        (
            "ID chiamata;Data e ora;Coda;Operatore;Esito;Attesa;Durata conversazione",
            "Risposta",
            "Non risposta",
            "25/03/2026",
        ),
        (
            "ID \u{437}\u{432}\u{43e}\u{43d}\u{43a}\u{430};\u{414}\u{430}\u{442}\u{430} \u{438} \u{432}\u{440}\u{435}\u{43c}\u{44f};\u{41e}\u{447}\u{435}\u{440}\u{435}\u{434}\u{44c};\
             \u{41e}\u{43f}\u{435}\u{440}\u{430}\u{442}\u{43e}\u{440};\u{421}\u{442}\u{430}\u{442}\u{443}\u{441};\
             \u{412}\u{440}\u{435}\u{43c}\u{44f} \u{43e}\u{436}\u{438}\u{434}\u{430}\u{43d}\u{438}\u{44f};\u{412}\u{440}\u{435}\u{43c}\u{44f} \u{440}\u{430}\u{437}\u{433}\u{43e}\u{432}\u{43e}\u{440}\u{430}",
            "\u{41f}\u{440}\u{438}\u{43d}\u{44f}\u{442}",
            "\u{41d}\u{435} \u{43f}\u{440}\u{438}\u{43d}\u{44f}\u{442}",
            "25.03.2026",
        ),
        ("Call ID;Date (your timezone);Queue;Agent;Status;Wait;Talk", "Connected", "Not connected", "25/03/2026"),
    ] {
        // An agent is named in both.
        let table = format!(
            "{header}\n1;{time} 09:00:05;sales;Ann;{answered};12;123\n2;{time} 09:10:05;sales;Ann;{unanswered};40;0\n"
        );
        mapped(table.as_bytes(), &["--utc"], &expected);
    }
}

#[test]
fn dates_with_a_point_behind_and_halves_of_a_day_before_are_read() {
    for times in [
        ["2026.03.02. 09:00:05", "2026.03.02. 09:10:05"],
        ["2026. 03. 02. 09:00:05", "2026. 03. 02. 09:10:05"],
        ["2. 3. 2026 09:00:05", "2. 3. 2026 09:10:05"],
        ["2026-03-02 오전 9:00:05", "2026-03-02 오전 9:10:05"],
        ["02/Mar/2026:09:00:05 +0000", "02/Mar/2026:09:10:05 +0000"],
        ["/Date(1772442005000)/", "/Date(1772442605000+0100)/"],
    ] {
        let said = mapped(table(times, ["12", "123", "20"], ';').as_bytes(), &["--utc"], &[("asa", 12.0)]);
        assert!(said.contains("2026-03-02T09:00:05Z"), "{said}");
    }
}

#[test]
fn old_encodings_are_told_by_the_names_that_are_known_in_them() {
    let table = "\u{414}\u{430}\u{442}\u{430};\u{41e}\u{447}\u{435}\u{440}\u{435}\u{434}\u{44c};\u{41e}\u{43f}\u{435}\u{440}\u{430}\u{442}\u{43e}\u{440};\
        \u{412}\u{440}\u{435}\u{43c}\u{44f} \u{43e}\u{436}\u{438}\u{434}\u{430}\u{43d}\u{438}\u{44f}\n02.03.2026 09:00:05;a;Ann;12\n";
    for encoding in [encoding_rs::KOI8_R, encoding_rs::ISO_8859_5, encoding_rs::WINDOWS_1251] {
        let said = mapped(&encoding.encode(table).0, &["--utc"], &[("answered", 1.0), ("asa", 12.0)]);
        assert!(said.contains(&encoding.name().to_lowercase()), "{said}");
    }
    let korean = "\u{c77c}\u{c2dc},\u{d050},\u{c0c1}\u{b2f4}\u{c0ac},\u{b300}\u{ae30}\u{c2dc}\u{ac04}\n2026-03-02 09:00:05,a,Ann,12\n";
    mapped(&encoding_rs::EUC_KR.encode(korean).0, &["--utc"], &[("answered", 1.0), ("asa", 12.0)]);
}
