//! Values in addresses and bodies: `${queues}` stands for what an earlier answer, or the configuration, says it is.

use std::collections::BTreeMap;

use chrono::{NaiveDate, SecondsFormat, TimeZone};
use chrono_tz::Tz;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::clock::Time;

/// What stays as it is in a value in an address.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Values by name.
pub(super) type Variables = BTreeMap<String, Value>;

/// The variables that are always known, without and with a time zone.
pub(super) const TIME_VARIABLES: [&str; 2] = ["now", "now_s"];
pub(super) const DAY_VARIABLES: [&str; 4] = ["day_start", "day_start_s", "day_end", "today"];

/// The times that requests ask for: now, and the calendar day in a time zone, as RFC 3339 and as seconds since 1970;
/// `today` is the day as an interval of ISO 8601.
pub(super) fn time_variables(now: Time, zone: Option<Tz>) -> Variables {
    let text = |at: Time| Value::from(at.to_chrono().to_rfc3339_opts(SecondsFormat::Secs, true));
    let seconds = |at: Time| Value::from(at.to_chrono().timestamp());
    let mut variables: Variables = [("now".to_owned(), text(now)), ("now_s".to_owned(), seconds(now))].into();
    let Some(zone) = zone else { return variables };
    let date = now.to_chrono().with_timezone(&zone).date_naive();
    // A day whose midnight is left out begins an hour later.
    let begin = |date: NaiveDate| {
        let hour = |hour| date.and_hms_opt(hour, 0, 0).and_then(|at| zone.from_local_datetime(&at).earliest());
        hour(0).or_else(|| hour(1)).map_or(now, Time::from)
    };
    let (start, end) = (begin(date), begin(date.succ_opt().unwrap_or(date)));
    let interval =
        |start: &Value, end: &Value| format!("{}/{}", start.as_str().unwrap_or(""), end.as_str().unwrap_or(""));
    variables.insert("today".to_owned(), interval(&text(start), &text(end)).into());
    variables.insert("day_start".to_owned(), text(start));
    variables.insert("day_start_s".to_owned(), seconds(start));
    variables.insert("day_end".to_owned(), text(end));
    variables
}

/// The names of the variables in a text.
pub(super) fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0))
}

/// Replace the variables of an address; a list is joined by commas.
///
/// # Errors
/// The name of a variable that has no value.
pub(super) fn in_address(text: &str, variables: &Variables) -> Result<String, String> {
    fn plain(value: &Value) -> String {
        match value {
            Value::String(text) => utf8_percent_encode(text, RESERVED).to_string(),
            Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
            other => utf8_percent_encode(&other.to_string(), RESERVED).to_string(),
        }
    }
    replace(text, variables, plain)
}

/// Replace the variables of a body by their JSON.
///
/// # Errors
/// The name of a variable that has no value.
pub(super) fn in_body(text: &str, variables: &Variables) -> Result<String, String> {
    replace(text, variables, Value::to_string)
}

fn replace(text: &str, variables: &Variables, show: impl Fn(&Value) -> String) -> Result<String, String> {
    let mut parts = text.split("${");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').ok_or_else(|| "a `${` has no end".to_owned())?;
        let value = variables.get(name).ok_or_else(|| format!("nothing is known of `${{{name}}}` yet"))?;
        out.push_str(&show(value));
        out.push_str(rest);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_that_of_the_zone() {
        let now = Time::parse_rfc3339("2026-03-29T22:30:00Z").unwrap();
        let variables = time_variables(now, Some(Tz::Europe__Berlin));
        assert_eq!(variables["today"], "2026-03-29T22:00:00Z/2026-03-30T22:00:00Z");
        assert_eq!(
            (variables["now_s"].as_i64(), variables["day_start"].as_str()),
            (Some(1_774_823_400), Some("2026-03-29T22:00:00Z"))
        );
        let all: Vec<_> = variables.keys().map(String::as_str).collect();
        let mut known = [&TIME_VARIABLES[..], &DAY_VARIABLES[..]].concat();
        known.sort_unstable();
        assert_eq!(all, known);
        assert_eq!(time_variables(now, None).len(), TIME_VARIABLES.len());
    }

    #[test]
    fn values_are_written_as_their_place_wants_them() {
        let variables: Variables = [
            ("ids".to_owned(), serde_json::json!(["a b", "c/d"])),
            ("n".to_owned(), serde_json::json!(7)),
            ("one".to_owned(), serde_json::json!("x&y")),
        ]
        .into();
        assert_eq!(in_address("/q/${one}?ids=${ids}&n=${n}", &variables).unwrap(), "/q/x%26y?ids=a%20b,c%2Fd&n=7");
        assert_eq!(in_body(r#"{"q": ${ids}, "n": ${n}}"#, &variables).unwrap(), r#"{"q": ["a b","c/d"], "n": 7}"#);
        assert!(in_body("${no}", &variables).unwrap_err().contains("${no}"));
        assert!(in_body("${n", &variables).is_err());
        assert_eq!(names("a ${b} ${c}d").collect::<Vec<_>>(), ["b", "c"]);
    }
}
