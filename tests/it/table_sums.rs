//! Tables of sums per interval: whether a column is a share, a count, a sum or a mean, and in which unit, is what the other
//! columns bear out. What none does is left out, and said.

use crate::table_doubts::mapped;
use crate::tables::{figure, floorwatch, hold, report, stderr, written};

/// Two intervals of one queue, of 50 and 40 contacts, with further columns.
fn sums(header: &str, [first, second]: [&str; 2]) -> String {
    format!(
        "Date,Interval,Queue,Offered,Answered,Abandoned,{header}\n2026-03-25,09:00,sales,50,45,5,{first}\n\
         2026-03-25,09:30,sales,40,38,2,{second}\n"
    )
}

/// The table is read right without a mapping, and by the proposed one. What is said.
fn reads(table: &str, expected: &[(&str, f64)]) -> String {
    let (_folder, file, _) = written(table.as_bytes(), "");
    hold(&[&file], expected) + &mapped(table.as_bytes(), &["--utc"], expected)
}

/// The table is read without the figure, and `words` are said.
fn leaves_out(table: &str, kpi: &str, words: &str) {
    let (_folder, file, _) = written(table.as_bytes(), "");
    let said = report(&[&file]);
    assert_eq!(figure(&said["total"], kpi), None, "{kpi} of {table}");
    assert_eq!(figure(&said["total"], "offered"), Some(90.0));
    let remarks = said["input"]["remarks"].to_string().replace("\\\"", "\"");
    assert!(remarks.contains(words), "{remarks}");
}

#[test]
fn a_share_is_percent_a_fraction_or_a_count_of_contacts() {
    // 41 and 36 of 90, and 0.82 and 0.9 weighted by those offered.
    let within = [("offered", 90.0), ("service_level", 100.0 * 77.0 / 90.0)];
    for (header, cells) in [
        ("Service Level", ["0.82", "0.9"]),
        ("Service Level %", ["82%", "90%"]),
        ("Service Level %", ["82", "90"]),
        ("Within SL", ["41", "36"]),
        ("Answered < 20s", ["41", "36"]),
        ("Answered within 20 s", ["41", "36"]),
        ("Innerhalb Servicelevel", ["41", "36"]),
    ] {
        reads(&sums(header, cells), &within);
    }
    let rates = [("abandonment_rate", 100.0 * 7.0 / 90.0)];
    for (header, cells) in
        [("Abandon Rate", ["0.1", "0.05"]), ("Abandon Rate", ["10", "5"]), ("Abbruchquote", ["10 %", "5 %"])]
    {
        reads(&sums(header, cells), &rates);
    }
    leaves_out(
        &sums("Service Level", ["41", "36"]),
        "service_level",
        "in percent or counts contacts: write `service_level = ",
    );
    leaves_out(&sums("Service Level", ["1", "0"]), "service_level", "whether 1 in Service Level is all contacts");
    leaves_out(&sums("Service Level", ["820", "900"]), "service_level", "has values above 100");
    // A column of those within the time is no count of all.
    let table = "Date,Queue,Offered,Answered < 20s,Abandoned\n2026-03-25,sales,50,41,5\n2026-03-26,sales,40,36,2\n";
    let (_folder, file, _) = written(table.as_bytes(), "");
    assert_eq!(figure(&report(&[&file])["total"], "answered"), None);
}

#[test]
fn a_share_that_a_mapping_names_is_one_of_all() {
    let table = sums("Within,Level", ["41,0.82", "36,0.9"]);
    let mapping = |figure: &str| {
        format!(
            "time = [\"Date\", \"Interval\"]\nqueue = \"Queue\"\nfigures = {{ offered = \"Offered\", answered = \"Answered\", {figure} }}"
        )
    };
    for (of, value) in [
        ("{ of = [\"Within\", \"Offered\"] }", 100.0 * 77.0 / 90.0),
        ("{ column = \"Level\", unit = \"fraction\" }", 100.0 * 77.0 / 90.0),
        ("{ column = \"Within\", unit = \"percent\" }", (41.0 * 50.0 + 36.0 * 40.0) / 90.0),
    ] {
        let (_folder, file, columns) = written(table.as_bytes(), &mapping(&format!("service_level = {of}")));
        hold(&[&file, "--columns", &columns], &[("service_level", value)]);
    }
    for (figure, words) in [
        (
            "service_level = { column = \"Level\", unit = \"ms\" }",
            "service_level is a share: its unit is percent or fraction",
        ),
        ("aht = { column = \"Level\", unit = \"percent\" }", "aht is a time: its unit is s, ms, min, h or days"),
        ("abandoned = { column = \"Within\", unit = \"s\" }", "abandoned has no unit"),
        ("aht = { column = \"Level\", unit = \"parsec\" }", ""),
    ] {
        let (_folder, file, columns) = written(table.as_bytes(), &mapping(figure));
        let output = floorwatch(&["report", &file, "--columns", &columns]);
        assert!(!output.status.success() && stderr(&output).contains(words), "{}", stderr(&output));
    }
}

#[test]
fn each_time_is_in_its_own_unit() {
    let both = [("asa", (12.0 * 45.0 + 10.0 * 38.0) / 83.0), ("talk", (331.0 * 45.0 + 330.0 * 38.0) / 83.0)];
    let minutes = [("asa", 12.0), ("talk", (330.0 * 45.0 + 324.0 * 38.0) / 83.0)];
    for (header, cells, expected, said) in [
        ("avg_speed_ans_ms,Talk Time (ms)", ["12000,14895000", "10000,12540000"], &both, ""),
        ("avg_speed_ans,Talk Time", ["12,14895000", "10,12540000"], &both, "talk: taken for milliseconds"),
        (
            "Average Speed of Answer,Average Talk Time",
            ["12,331000", "10,330000"],
            &both,
            "talk: taken for milliseconds",
        ),
        ("ASA,Avg Talk Time", ["12000,331000", "10000,330000"], &both, "asa, talk: taken for milliseconds"),
        ("ASA,Total Talk Time", ["0:12,4:08:15", "0:10,3:29:00"], &both, ""),
        ("ASA,Talk Time", ["12,331", "10,330"], &both, "talk: Talk Time is taken for a mean"),
        ("ASA (min),Avg talk time (min)", ["0.2,5.5", "0.2,5.4"], &minutes, ""),
    ] {
        assert!(reads(&sums(header, cells), expected).contains(said), "{header}");
    }
    for (header, cells, kpi, words) in [
        ("Avg Talk Time", ["5.5", "5.4"], "talk", "5.5 in Avg Talk Time is no believable time in seconds"),
        ("ASA", ["0.2", "0.25"], "asa", "write `asa = { column = "),
    ] {
        leaves_out(&sums(header, cells), kpi, words);
    }
    // A sum without the count that it is of.
    let table = "Date,Queue,Offered,Abandoned,Total Talk Time\n2026-03-25,sales,90,7,27435\n";
    leaves_out(table, "talk", "no column counts the contacts that it is of");
    // A mapping that reads what nobody has waited for.
    let table = sums("Wait", ["50", "90000"]);
    let mapping = "time = [\"Date\", \"Interval\"]\nfigures = { offered = \"Offered\", asa = \"Wait\" }";
    let (_folder, file, columns) = written(table.as_bytes(), mapping);
    assert!(hold(&[&file, "--columns", &columns], &[]).contains("asa: 1 of 2 are above twelve hours"));
}

#[test]
fn a_point_separates_thousands_where_the_table_shows_it() {
    let table = |wait: &str, talks: [&str; 2]| {
        format!(
            "Call ID;Start Time;Queue;Agent;Status;Wait Time;Talk Time\nc1;25.03.2026 09:00:05;sales;Ann;Answered;{wait};{}\n\
             c2;25.03.2026 09:10:05;sales;Ben;Answered;{wait};{}\n",
            talks[0], talks[1]
        )
    };
    for (wait, talks, asa, aht, doubtful) in [
        ("12,5", ["1.234", "123"], 12.5, 678.5, false),
        ("12.5", ["1.234", "123"], 12.5, 62.117, false),
        ("12", ["1.234", "123"], 12.0, 678.5, true),
        ("12.125", ["83.500", "0.500"], 12.125, 42.0, false),
        ("12.125", ["83.500", "10.500"], 12.125, 47.0, true),
        ("12", ["1.234,5", "1.230"], 12.0, 1232.25, false),
    ] {
        let said = mapped(table(wait, talks).as_bytes(), &["--utc"], &[("asa", asa), ("aht", aht)]);
        assert_eq!(said.contains("which no row proves"), doubtful, "{said}");
    }
    let counts = "Date;Interval;Queue;Offered;Answered;Abandoned\n25.03.2026;09:00;sales;1.250;1.200;50\n\
        25.03.2026;09:30;sales;1.300;1.250;50\n";
    reads(counts, &[("offered", 2550.0), ("answered", 2450.0), ("abandoned", 100.0)]);
}

/// Reports of sums in the manner of vendors, in several languages: the same two intervals.
#[test]
fn reports_of_sums_are_read_in_one_command() {
    let level = |first: f64, second: f64| (first * 50.0 + second * 40.0) / 90.0;
    let mean = |first: f64, second: f64| (first * 45.0 + second * 38.0) / 83.0;
    for (table, expected) in [
        (
            "Split/Skill,Date,Time,ACD Calls,Avg ACD Time,Avg ACW Time,Aban Calls,% Within Service Level,Avg Speed Ans,Calls Offered\n\
             sales,03/25/2026,09:00 AM,45,5:00,0:31,5,82,:12,50\nsales,03/25/2026,09:30 AM,38,4:50,0:30,2,90,:10,40\n",
            vec![
                ("handled", 83.0),
                ("service_level", level(82.0, 90.0)),
                ("talk", mean(300.0, 290.0)),
                ("acw", mean(31.0, 30.0)),
            ],
        ),
        (
            "Interval Start,Interval End,Queue Name,Offer,Answer,Answer %,Abandon,Abandon %,ASA,Service Level %,Avg Talk,Avg Handle\n\
             3/25/26 9:00 AM,3/25/26 9:30 AM,sales,50,45,0.9,5,0.1,12000,0.82,300000,331000\n\
             3/25/26 9:30 AM,3/25/26 10:00 AM,sales,40,38,0.95,2,0.05,10000,0.9,290000,330000\n",
            vec![("service_level", level(82.0, 90.0)), ("asa", mean(12.0, 10.0)), ("aht", mean(331.0, 330.0))],
        ),
        (
            "Skill Name,Date,Interval,Offered,Handled,Abandons,Service Level %,Avg Handle Time\n\
             sales,3/25/2026,9:00 AM - 9:30 AM,50,45,5,82.00%,00:05:31\nsales,3/25/2026,9:30 AM - 10:00 AM,40,38,2,90.00%,00:05:30\n",
            vec![("service_level", level(82.0, 90.0)), ("aht", mean(331.0, 330.0))],
        ),
        (
            "Datum;Intervall;Warteschlange;Angeboten;Angenommen;Aufgelegt;Abbruchquote;Servicelevel;Gespr\u{e4}chszeit\n\
             25.03.2026;09:00-09:30;Vertrieb;50;45;5;0,1;0,82;4:08:15\n25.03.2026;09:30-10:00;Vertrieb;40;38;2;0,05;0,9;3:29:00\n\
             25.03.2026;Summe;;90;83;7;0,08;0,86;7:37:15\n",
            vec![
                ("abandonment_rate", 700.0 / 90.0),
                ("service_level", level(82.0, 90.0)),
                ("talk", mean(331.0, 330.0)),
            ],
        ),
        (
            "Date;Tranche horaire;File;Appels re\u{e7}us;Appels r\u{e9}pondus;Appels abandonn\u{e9}s;Niveau de service;DMT\n\
             25/03/2026;09:00 - 09:30;SAV;50;45;5;82 %;00:05:31\n25/03/2026;09:30 - 10:00;SAV;40;38;2;90 %;00:05:30\n\
             25/03/2026;09:00 - 10:00;Total;90;83;7;86 %;00:05:30\n",
            vec![("service_level", level(82.0, 90.0)), ("aht", mean(331.0, 330.0))],
        ),
        (
            "Fecha;Franja horaria;Cola;Llamadas recibidas;Contestadas;Abandonadas;Nivel de servicio;TMO\n\
             25/03/2026;09:00;ventas;50;45;5;0,82;331\n25/03/2026;09:30;ventas;40;38;2;0,90;330\n\
             25/03/2026;09:00;Todas las colas;90;83;7;0,86;331\n",
            vec![("service_level", level(82.0, 90.0)), ("aht", mean(331.0, 330.0))],
        ),
        (
            "Date,Interval,Queue,Offered,Answered,Abandoned < 5s,Abandoned > 5s,Answered < 20s,Answered > 20s\n\
             2026-03-25,09:00,sales,50,45,1,4,41,4\n2026-03-25,09:30,sales,40,38,1,1,36,2\n",
            vec![("answered", 83.0), ("service_level", 100.0 * 77.0 / 90.0)],
        ),
        (
            "Date,Interval,Queue,Offered,Answered,Abandoned,Total Talk Time (hrs)\n2026-03-25,09:00,sales,50,45,5,4.125\n\
             2026-03-25,09:30,sales,40,38,2,3.42\n",
            vec![("talk", 7.545 * 3600.0 / 83.0)],
        ),
    ] {
        reads(table, &[vec![("offered", 90.0)], expected].concat());
    }
}

#[test]
fn a_sum_and_a_mean_are_told_apart_by_which_varies_less() {
    let table = |talks: [u32; 4]| {
        let row = |(n, talk): (usize, u32)| {
            let count = [2, 24, 9, 13][n];
            format!("2026-03-25,{}:00,sales,{},{count},{talk}\n", 9 + n, count + 1)
        };
        "Date,Interval,Queue,Offered,Answered,Talk Time\n".to_owned()
            + &talks.into_iter().enumerate().map(row).collect::<String>()
    };
    let said = reads(&table([610, 7190, 2750, 3905]), &[("talk", 14_455.0 / 48.0)]);
    assert!(!said.contains("no row proves"), "{said}");
    let said = reads(&table([300, 310, 305, 298]), &[("talk", (600.0 + 7440.0 + 2745.0 + 3874.0) / 48.0)]);
    assert!(said.contains("Talk Time is taken for a mean"), "{said}");
}
