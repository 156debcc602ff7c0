//! Parses the server's responses: one series per queue, with one or more values each.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::clock::{Span, Time};
use crate::source::ids::id_label;
use crate::text::{Label, Text};

/// A query that returns more queues than this has the wrong label.
const MAX_QUEUES: usize = 1000;

/// The result of a query.
#[derive(Debug, Default, PartialEq)]
pub(super) struct QueryResult {
    /// One series per queue.
    pub(super) series: Vec<Series>,
    /// What the owner of the source should know about the result.
    pub(super) remark: Option<String>,
}

/// The values of one queue.
#[derive(Debug, PartialEq)]
pub(super) struct Series {
    pub(super) queue: Label,
    /// The values in the order of time. A value that is not a number is NaN or infinite.
    pub(super) points: Vec<(Time, f64)>,
}

/// Why a response has no result.
#[derive(Debug, PartialEq)]
pub(super) enum QueryError {
    /// The server reports an error, with this message.
    Reported(String),
    /// The response does not come from Prometheus; the text says what is wrong with it.
    Malformed(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryResponse<'a> {
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow)]
    data: Option<QueryData<'a>>,
    #[serde(borrow)]
    error: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    warnings: Vec<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryData<'a> {
    #[serde(borrow)]
    result_type: Cow<'a, str>,
    #[serde(borrow)]
    result: &'a RawValue,
}

#[derive(Deserialize)]
struct RawSeries<'a> {
    #[serde(borrow)]
    metric: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    #[serde(borrow)]
    value: Option<Point<'a>>,
    #[serde(default, borrow)]
    values: Vec<Point<'a>>,
}

/// A time in seconds, and a number as a string, because JSON cannot express NaN.
#[derive(Deserialize)]
struct Point<'a>(f64, #[serde(borrow)] Cow<'a, str>);

/// Parse a response. `label` is the label that names the queue; values are multiplied by `scale`.
pub(super) fn parse(body: &[u8], label: &str, scale: f64) -> Result<QueryResult, QueryError> {
    let form = |error: serde_json::Error| QueryError::Malformed(clean(&error.to_string()));
    let answer: QueryResponse<'_> = serde_json::from_slice(body).map_err(form)?;
    if answer.status == "error" {
        return Err(QueryError::Reported(clean(answer.error.as_deref().unwrap_or("no reason is given"))));
    }
    let data = answer.data.ok_or_else(|| QueryError::Malformed("it has no data".to_owned()))?;
    if !matches!(&*data.result_type, "vector" | "matrix") {
        let what = clean(&data.result_type);
        return Err(QueryError::Reported(format!("it gives a {what}, not a value a queue: keep the label `{label}`")));
    }
    let written: Vec<RawSeries<'_>> = serde_json::from_str(data.result.get()).map_err(form)?;
    let mut found = series_by_queue(written, label, scale);
    if let Some(warning) = answer.warnings.first() {
        found.remark = Some(clean(warning));
    }
    Ok(found)
}

fn series_by_queue(written: Vec<RawSeries<'_>>, label: &str, scale: f64) -> QueryResult {
    let mut found = QueryResult::default();
    let (mut seen, mut twice) = (BTreeSet::new(), BTreeSet::new());
    for series in written {
        let Some(queue) = series.metric.get(label).filter(|queue| !queue.is_empty()) else {
            found.remark = Some(format!("a result has no label `{label}`: use `by ({label})`, or set queue_label"));
            continue;
        };
        let queue = id_label(queue.as_bytes());
        if series.value.is_none() && series.values.is_empty() {
            found.remark = Some("a result is a histogram, not a number: use `histogram_quantile`".to_owned());
            continue;
        }
        let points = series.value.into_iter().chain(series.values).filter_map(|point| point.read(scale)).collect();
        if !seen.insert(queue.clone()) {
            twice.insert(queue);
            continue;
        }
        if seen.len() > MAX_QUEUES {
            found.remark = Some(format!("more than {MAX_QUEUES} queues: is `{label}` the right label?"));
            break;
        }
        found.series.push(Series { queue, points });
    }
    if let Some(queue) = twice.first() {
        // Nothing tells which of the values is the right one.
        found.remark = Some(format!("several values for the queue {queue}: use `sum by ({label})`"));
        found.series.retain(|series| !twice.contains(&series.queue));
    }
    found
}

impl Point<'_> {
    fn read(&self, scale: f64) -> Option<(Time, f64)> {
        let at = Time(0) + Span::from_secs_f64(self.0)?;
        // `NaN` and `+Inf` are parsed as such.
        Some((at, self.1.parse::<f64>().ok()? * scale))
    }
}

fn clean(text: &str) -> String {
    Text::new(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(series: &str) -> String {
        format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{series}]}}}}"#)
    }

    fn one(queue: &str, value: &str) -> String {
        format!(r#"{{"metric":{{"queue":"{queue}","x":"y"}},"value":[1435781451.781,"{value}"]}}"#)
    }

    fn queues(found: &QueryResult) -> Vec<(&str, f64)> {
        found.series.iter().map(|series| (series.queue.as_str(), series.points[0].1)).collect()
    }

    #[test]
    fn a_vector_is_a_value_a_queue() {
        let body = vector(&[one("billing", "3"), one("sales", "0.5")].join(","));
        let found = parse(body.as_bytes(), "queue", 100.0).unwrap();
        assert_eq!(queues(&found), [("billing", 300.0), ("sales", 50.0)]);
        assert_eq!(found.series[0].points[0].0, Time(1_435_781_451_781_000));
        assert_eq!(found.remark, None);
    }

    #[test]
    fn what_is_no_number_is_kept_as_none() {
        let body = vector(&[one("a", "NaN"), one("b", "+Inf"), one("c", "-Inf"), one("d", "1e3")].join(","));
        let found = parse(body.as_bytes(), "queue", 1.0).unwrap();
        let finite: Vec<bool> = found.series.iter().map(|series| series.points[0].1.is_finite()).collect();
        assert_eq!(finite, [false, false, false, true]);
    }

    #[test]
    fn a_matrix_is_a_course_a_queue() {
        let body = r#"{"status":"success","data":{"resultType":"matrix","result":[
            {"metric":{"queue":"a"},"values":[[60,"1"],[120,"2"]]}]}}"#;
        let found = parse(body.as_bytes(), "queue", 1.0).unwrap();
        assert_eq!(found.series[0].points, [(Time::from_unix(60), 1.0), (Time::from_unix(120), 2.0)]);
    }

    #[test]
    fn what_cannot_be_used_is_said() {
        let remark = |series: &str, label: &str| {
            let found = parse(vector(series).as_bytes(), label, 1.0).unwrap();
            (found.series.len(), found.remark.unwrap_or_default())
        };
        let (left, said) = remark(&[one("a", "1"), one("b", "2"), one("a", "3")].join(","), "queue");
        assert!(left == 1 && said.contains("several values for the queue a"), "{said}");
        let (left, said) = remark(&one("a", "1"), "team");
        assert!(left == 0 && said.contains("no label `team`"), "{said}");
        let histogram = r#"{"metric":{"queue":"a"},"histogram":[1435781451.781,{"count":"1","sum":"2"}]}"#;
        let (left, said) = remark(histogram, "queue");
        assert!(left == 0 && said.contains("histogram_quantile"), "{said}");
        let many: Vec<_> = (0..1500).map(|n| one(&n.to_string(), "1")).collect();
        let (left, said) = remark(&many.join(","), "queue");
        assert!(left == 1000 && said.contains("more than 1000 queues"), "{said}");
        let body = r#"{"status":"success","warnings":["one \u001b[2Jstore is away"],
            "data":{"resultType":"vector","result":[]}}"#;
        assert_eq!(parse(body.as_bytes(), "queue", 1.0).unwrap().remark.as_deref(), Some("one ·[2Jstore is away"));
        let scalar = r#"{"status":"success","data":{"resultType":"scalar","result":[1435781451.781,"1"]}}"#;
        let Err(QueryError::Reported(why)) = parse(scalar.as_bytes(), "queue", 1.0) else { panic!() };
        assert!(why.contains("a scalar, not a value a queue"), "{why}");
    }

    #[test]
    fn an_error_says_why_and_what_is_no_answer_is_told_apart() {
        let body = r#"{"status":"error","errorType":"bad_data","error":"1:5: parse error: \u001b unexpected end"}"#;
        let said = QueryError::Reported("1:5: parse error: · unexpected end".to_owned());
        assert_eq!(parse(body.as_bytes(), "queue", 1.0), Err(said));
        for body in ["<html>", "", "{}", "[]", "\u{0}", r#"{"status":"success"}"#, r#"{"status":"success","data":[]}"#]
        {
            assert!(matches!(parse(body.as_bytes(), "queue", 1.0), Err(QueryError::Malformed(_))), "{body}");
        }
    }
}
