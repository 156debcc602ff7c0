use proptest::prelude::*;

use super::*;
use crate::clock::Span;
use crate::event::{EventKind, Scored, Step, Survey};
use crate::source::format::lines::LineReader;

fn columns(toml: &str) -> Columns {
    toml::from_str(toml).unwrap()
}

/// Events, rejections, and what was wrong with the columns.
fn read(columns: Columns, text: &str) -> (Vec<Event>, Vec<String>, Option<ColumnsError>) {
    let options = TableOptions { columns: Some(columns), ..TableOptions::default() };
    let mut parser = CsvParser::new(Label::fixed("test"), options, String::new());
    let mut tally = InputTally::default();
    let (mut events, mut rejected) = (Vec::new(), Vec::new());
    if let Err(error) = parser.prepare(text.as_bytes(), None) {
        return (events, rejected, Some(error));
    }
    for line in text.lines() {
        match parser.parse_line(line.as_bytes(), Time(i64::MAX), &mut tally, &mut |event| events.push(event)) {
            Ok(()) => {}
            Err(CsvError::Row(reason)) => rejected.push(reason.to_string()),
            Err(CsvError::Columns(error)) => return (events, rejected, Some(error)),
        }
    }
    if let Err(CsvError::Row(reason)) = parser.finish(&mut tally, &mut |event| events.push(event)) {
        rejected.push(reason.to_string());
    }
    (events, rejected, None)
}

const FULL: &str = r#"
contact = "Call Id"
time = ["Date", "Time"]
time_format = "%Y-%m-%d %H:%M:%S"
timezone = "Europe/London"
queue = { value = "all" }
intent = "Topic"
agent = "Agent"
answered = "Answered"
wait_s = "Speed of answer"
talk_s = "Talk"
acw_s = "Wrap"
resolved = "Resolved"
transferred = "Transferred"
csat = "Rating"
nps = "NPS"
"#;

const TABLE: &str = "Call Id,Date,Time,Agent,Topic,Answered,Speed of answer,Talk,Wrap,Resolved,Transferred,Rating,NPS
ID1,2026-07-01,09:12:58,Diane,\"Contract, related\",Y,109,0.02.23,10,Y,N,3,9
ID2,2026-07-01,09:12:59,Becky,Support,N,,,,,,,
ID3,2026-07-01,09:13:00,Jim,Support,y,20,1:00,,N,Y,,
";

fn steps(events: &[Event], contact: &str) -> Vec<(i64, Step)> {
    events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Contact { contact: found, step, .. } if found.as_str() == contact => {
                Some((event.at.0 / 1_000_000, step.clone()))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn a_row_gives_all_events_of_its_contact() {
    let (events, rejected, error) = read(columns(FULL), TABLE);
    assert!(rejected.is_empty() && error.is_none(), "{rejected:?} {error:?}");
    let start = Time::parse_rfc3339("2026-07-01T08:12:58Z").unwrap().0 / 1_000_000;
    let s = |seconds| Some(Span::seconds(seconds));
    let diane = Label::fixed("Diane");
    let first = steps(&events, "ID1");
    let Step::Offered(offer) = &first[0].1 else { panic!("{first:?}") };
    assert_eq!((offer.queue.as_str(), offer.intent.as_ref().unwrap().as_str()), ("all", "Contract, related"));
    assert_eq!(
        first[1..],
        [
            (start + 109, Step::Answered { agent: diane.clone(), wait: s(109) }),
            (start + 252, Step::Completed { agent: None, ended_by: None, talk: s(143), hold: None }),
            (start + 262, Step::Wrapped { agent: diane, acw: s(10) }),
            (start + 262, Step::Resolved { resolved: true, reason: None }),
            (
                start + 262,
                Step::Survey(Survey {
                    csat: Some(Scored { score: 3.0, min: 1.0, max: 5.0 }),
                    nps: Some(9),
                    ..Survey::default()
                })
            ),
        ]
    );
    assert_eq!(first[0].0, start);
    let second = steps(&events, "ID2");
    assert_eq!(second[1..], [(start + 1, Step::Abandoned { wait: None, position: None })]);
    let third = steps(&events, "ID3");
    assert!(matches!(third[2].1, Step::Transferred { talk, .. } if talk == s(60)));
    assert!(matches!(third[3].1, Step::Resolved { resolved: false, .. }));
    assert_eq!(third.len(), 4);
}

#[test]
fn a_row_with_an_agent_is_answered_if_no_column_is_configured() {
    let (events, ..) =
        read(columns("time = 1\nheader = false\nagent = 2"), "2026-07-01T09:00:00Z;Ann\n2026-07-01T09:00:00Z;\n");
    assert!(matches!(steps(&events, "1")[1].1, Step::Answered { .. }));
    assert!(matches!(steps(&events, "2")[1].1, Step::Abandoned { .. }));
}

#[test]
fn a_missing_column_is_reported_with_the_most_similar_one() {
    let (_, _, error) = read(columns("time = \"Date\"\nagent = \"Agnet\""), TABLE);
    let error = error.unwrap().to_string();
    assert!(error.contains("agent: there is no column \"Agnet\" (did you mean \"Agent\"?)"), "{error}");
    assert!(error.contains("\"Call Id\", \"Date\""), "{error}");
    let (_, _, error) = read(columns("time = 3\nheader = false"), "a,b\n");
    assert!(error.unwrap().to_string().contains("the columns are 1 to 2"));
}

#[test]
fn a_row_without_a_time_is_rejected_and_other_cells_that_cannot_be_read_are_unknown() {
    let table = TABLE.replace("2026-07-01,09:12:59", "yesterday,09:12:59").replace(",20,1:00", ",soon,1:00");
    let (events, rejected, _) = read(columns(FULL), &table);
    assert_eq!(rejected.len(), 1, "{rejected:?}");
    assert!(rejected[0].contains("time_format"), "{rejected:?}");
    assert!(!steps(&events, "ID1").is_empty());
    assert!(matches!(steps(&events, "ID3")[1].1, Step::Answered { wait: None, .. }));
    let (_, rejected, _) = read(columns("time = 3\nheader = false\ntime_format = \"%Y\""), "a,b,c\nd\n");
    assert!(rejected[1].contains("cut short"), "{rejected:?}");
}

#[test]
fn quoted_cells_may_span_lines_and_an_unclosed_quote_loses_one_row() {
    let columns = columns("time = 1\nheader = false\nintent = 2");
    let (events, rejected, _) = read(columns.clone(), "2026-07-01T09:00:00Z,\"two\nlines\"\n2026-07-01T09:00:00Z,x\n");
    assert!(rejected.is_empty());
    let Step::Offered(offer) = &steps(&events, "1")[0].1 else { panic!() };
    assert_eq!(offer.intent.as_ref().unwrap().as_str(), "two lines");
    let mut text = "2026-07-01T09:00:00Z,\"open\n".to_owned();
    text.push_str(&"2026-07-01T09:00:00Z,x\n".repeat(150));
    let (events, rejected, _) = read(columns.clone(), &text);
    assert!(rejected[0].contains("quote"), "{rejected:?}");
    assert!(events.len() > 60);
    let (_, rejected, _) = read(columns, "2026-07-01T09:00:00Z,\"open\n");
    assert!(rejected[0].contains("never closed"));
}

#[test]
fn the_configuration_is_checked_before_a_file_is_read() {
    let path = std::path::Path::new("c.toml");
    let check = |toml: &str| Columns::from_toml(toml, path).map_err(|error| error.to_string());
    assert!(check("[csv]\ntime = \"T\"").is_ok());
    assert!(check("time = \"T\"").is_ok());
    assert!(check("[csv]\nqueue = \"Q\"").unwrap_err().contains("time"));
    let all = check("time = \"T\"\ntime_format = \"%!\"\ncsat_scale = [5, 1]\nlegs = true").unwrap_err();
    assert!(["time_format:", "csat_scale:", "legs:"].iter().all(|key| all.contains(key)), "{all}");
    let unknown = check("time = \"T\"\nquue = \"Q\"\nagnet = \"A\"").unwrap_err();
    assert!(unknown.contains("did you mean `queue`") && unknown.contains("did you mean `agent`"), "{unknown}");
    assert!(check("[csv]\ntime = \"T\"\ntimezone = \"Mars/Base\"").unwrap_err().contains("c.toml"));
    assert!(check("[csv]\ntime = \"T\"\ncolour = \"Q\"").unwrap_err().contains("colour"));
    assert!(check("time = \"T\"\ntime_format = \"%!\"").unwrap_err().contains("chrono"));
    assert!(check("time = \"T\"\ncsat_scale = [5, 1]").unwrap_err().contains("lowest"));
    assert!(check("time = \"T\"\nchannel = { value = \"pigeon\" }").unwrap_err().contains("pigeon"));
}

proptest! {
    #[test]
    fn no_table_makes_the_proposal_panic(
        header in "(Call ID|Start Time|Wait ms|Duration|Abandoned|Status|Agent|Handle Time|Offered)([,;](Total Duration|End|Queue|Talk|Answered|Date|Time)){0,6}",
        cells in "((2026-03-02 09:00(:05 CET)?|3\\. März 2026|n/a\\?|Total|12000|0|yes|[-0-9:., \"'=a-zT]{0,8}|\\PC{0,4})[,;\n]){0,60}",
    ) {
        let text = format!("{header}\n{cells}");
        let mut lines = LineReader::new(Box::new(std::io::Cursor::new(text.clone().into_bytes())));
        if let Ok(Proposal { columns: Some(columns), .. }) = propose(&mut lines, Preset::built_in(), AssumedZone::default()) {
            let _ = read(columns, &text);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "([-0-9:., \"a-zYN;\t\n]|\\PC){0,400}") {
        let _ = read(columns("time = 1\nheader = false\nagent = 2\nwait_s = 3\ncsat = 4\ntime_format = \"%Y-%m-%d\""), &text);
        let _ = read(columns(FULL), &format!("{TABLE}{text}"));
    }
}
