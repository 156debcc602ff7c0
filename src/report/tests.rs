use chrono_tz::Tz;

use super::*;
use crate::kpi::{CATALOGUE, FigurePart, Slice};
use crate::text::Label;

fn at(text: &str) -> Time {
    Time::parse_rfc3339(text).unwrap()
}

fn figure(id: KpiId, scale: f64) -> Figure {
    let known = |value: f64, n| Figure { value: Some(value), n, ..Figure::default() };
    match id {
        KpiId::Offered => known(1234.0 * scale, 1234),
        KpiId::Answered => known(1100.0 * scale, 1100),
        KpiId::Left => Figure {
            parts: vec![FigurePart { key: Label::fixed("timeout"), value: Some(12.0), n: 12 }],
            ..known(12.0, 12)
        },
        KpiId::ServiceLevel => Figure { verdict: Verdict::Warning, ..known(100.0 * 2.0 / 3.0, 300) },
        KpiId::AbandonmentRate => Figure { verdict: Verdict::Critical, ..known(9.25, 400) },
        KpiId::Asa => Figure { verdict: Verdict::Good, ..known(12.345_678_901_234, 1100) },
        KpiId::Fcr => Figure { provisional: Some(40.0), low: Some(70.0), high: Some(90.0), ..known(81.0, 52) },
        KpiId::Nps => Figure { verdict: Verdict::FewSamples, ..known(-12.5, 8) },
        KpiId::SpeedTrap => known(1.0, 1),
        _ => Figure::unknown("no source gives surveys"),
    }
}

fn figures(scale: f64) -> Vec<Figure> {
    CATALOGUE.iter().map(|kpi| figure(kpi.id, scale)).collect()
}

fn total() -> Report {
    Report {
        from: at("2026-03-02T00:00:00Z"),
        to: at("2026-03-03T00:00:00Z"),
        calendar: Calendar { zone: Tz::Europe__Berlin, ..Calendar::default() },
        input: InputSummary {
            events: 12_345,
            rejected: 21,
            duplicates: 3,
            rejections: vec![Rejection {
                place: "queue_log".into(),
                line: 17,
                reason: crate::source::RejectionReason::from("no such verb: <b>|BOO"),
            }],
            ..InputSummary::default()
        },
        kpis: CATALOGUE.iter().map(|kpi| kpi.id).collect(),
        total: figures(1.0),
        ..Report::default()
    }
}

fn by_queue() -> Report {
    let row = |name: &str, hour: &str| AnswerRow {
        key: Slice::of(Dim::Queue, Label::new(name)),
        start: Some(at(hour)),
        figures: figures(0.5),
    };
    Report {
        by: vec![Dim::Queue],
        every: Some(Every::Minutes(60)),
        rows: vec![
            row("", "2026-03-02T08:00:00Z"),
            row("=cmd|' /C calc'!A0", "2026-03-02T08:00:00Z"),
            row("<script>alert(\"1\")</script>", "2026-03-02T08:00:00Z"),
            row("サポート 日本, Nord", "2026-03-02T09:00:00Z"),
        ],
        ..total()
    }
}

#[test]
fn tables_look_as_recorded() {
    insta::assert_snapshot!("table_total", total().render(Format::Table, 100));
    insta::assert_snapshot!("table_by_queue", by_queue().render(Format::Table, 120));
    insta::assert_snapshot!("table_by_queue_narrow", by_queue().render(Format::Table, 60));
}

#[test]
fn markdown_and_html_look_as_recorded() {
    insta::assert_snapshot!("markdown", by_queue().render(Format::Markdown, 0));
    insta::assert_snapshot!("html", by_queue().render(Format::Html, 0));
}

#[test]
fn reports_for_people_are_in_their_language_and_others_are_not() {
    let machines = [Format::Json, Format::Csv].map(|format| by_queue().render(format, 0));
    crate::language::with(&crate::language::tests::GERMAN, || {
        insta::assert_snapshot!("de_table_total", total().render(Format::Table, 100));
        insta::assert_snapshot!("de_table_by_queue", by_queue().render(Format::Table, 120));
        insta::assert_snapshot!("de_markdown", by_queue().render(Format::Markdown, 0));
        assert_eq!([Format::Json, Format::Csv].map(|format| by_queue().render(format, 0)), machines);
    });
}

#[test]
fn a_table_keeps_to_its_width() {
    use unicode_width::UnicodeWidthStr;
    for width in [40, 60, 80, 100, 140, 200] {
        let text = by_queue().render(Format::Table, width);
        let widest = text.lines().skip(2).take(6).map(UnicodeWidthStr::width).max().unwrap();
        assert!(widest <= width, "{width}:\n{text}");
    }
}

#[test]
fn json_is_one_object_with_unrounded_values() {
    let value: serde_json::Value = serde_json::from_str(&by_queue().render(Format::Json, 0)).unwrap();
    assert_eq!(value["from"], "2026-03-02T00:00:00Z");
    assert_eq!(value["total"]["asa"]["value"].as_f64().unwrap().to_bits(), 12.345_678_901_234_f64.to_bits());
    assert_eq!(value["total"]["offered"], serde_json::json!({ "value": 1234, "n": 1234 }));
    assert_eq!(
        value["total"]["csat"],
        serde_json::json!({ "value": null, "n": 0, "reason": "no source gives surveys" })
    );
    assert_eq!(value["total"]["left"]["parts"][0], serde_json::json!({ "key": "timeout", "value": 12, "n": 12 }));
    assert_eq!(value["total"]["fcr"]["provisional"], 40.0);
    assert_eq!(value["total"]["speed_trap"]["value"], true);
    assert_eq!(value["total"].as_object().unwrap().len(), CATALOGUE.len());
    assert_eq!(value["input"]["rejections"][0]["line"], 17);
    assert_eq!(value["settings"]["service_level_formula"], "offered");
    assert_eq!(value["settings"]["service_level_s"], 20.0);
    assert_eq!(value["rows"][0]["key"], serde_json::json!({ "queue": null, "start": "2026-03-02T08:00:00Z" }));
    assert_eq!(value["rows"][3]["kpis"]["offered"]["value"], 617);
}

#[test]
fn rejections_are_listed_up_to_the_limit() {
    let mut report = total();
    report.input.rejected = 500;
    report.input.rejections = vec![report.input.rejections[0].clone(); 500];
    let value: serde_json::Value = serde_json::from_str(&report.render(Format::Json, 0)).unwrap();
    assert_eq!(value["input"]["rejections"].as_array().unwrap().len(), MAX_LISTED_REJECTIONS);
    let text = report.render(Format::Table, 100);
    assert_eq!(text.matches("queue_log:17").count(), MAX_LISTED_REJECTIONS);
    assert!(text.contains("and 480 more"));
}

#[test]
fn csv_can_be_read_back_and_holds_no_formula() {
    let text = by_queue().render(Format::Csv, 0);
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let heads = reader.headers().unwrap().clone();
    assert_eq!(heads.len(), 2 + 2 * CATALOGUE.len());
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 4);
    let asa = heads.iter().position(|head| head == "asa").unwrap();
    assert_eq!(&rows[0][asa], "12.345678901234");
    assert_eq!(&heads[asa + 1], "asa_n");
    let csat = heads.iter().position(|head| head == "csat").unwrap();
    assert_eq!(&rows[0][csat], "");
    assert_eq!(&rows[0][0], "");
    assert!(rows[1][0].starts_with("'="));
    assert_eq!(&rows[3][0], "サポート 日本, Nord");
}

#[test]
fn csv_without_keys_is_one_row() {
    let text = total().render(Format::Csv, 0);
    assert_eq!(text.lines().count(), 2);
    let nothing = Report { rows: Vec::new(), ..by_queue() };
    assert_eq!(nothing.render(Format::Csv, 0).lines().count(), 1);
}

#[test]
fn nothing_that_was_read_becomes_markup() {
    let html = by_queue().render(Format::Html, 0);
    assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
    let markdown = by_queue().render(Format::Markdown, 0);
    let table: Vec<_> = markdown.lines().filter(|line| line.starts_with('|')).collect();
    let columns = |line: &str| line.replace("\\|", "").matches('|').count();
    assert!(table.iter().all(|line| columns(line) == columns(table[0])), "{markdown}");
}

#[test]
fn an_empty_report_has_a_rendering_in_every_format() {
    for format in Format::ALL {
        assert!(!Report::default().render(format, 80).is_empty());
        assert_eq!(Format::parse(format.key()), Some(format));
    }
}

#[test]
fn rows_of_nothing_are_left_out_for_people_with_a_note() {
    let mut report = by_queue();
    report.rows[0].figures = vec![Figure::default(); CATALOGUE.len()];
    let text = report.render(Format::Table, 120);
    assert!(!text.contains("no queue"), "{text}");
    assert!(text.contains("1 row in which no contact came is left out; JSON and CSV have them."), "{text}");
    assert_eq!(report.render(Format::Csv, 0).lines().count(), 5);
}
