//! Rows that are JSON objects, one a line, as a table: a column for each value, named by its path with dots.

use serde_json::{Map, Value};

use crate::source::format::surrogates;

/// How many columns a table of objects has at most.
const MAX_COLUMNS: usize = 1000;
/// How deep objects may lie in one another.
const MAX_DEPTH: usize = 8;

/// Whether a table that begins with `head` has objects as rows.
pub(super) fn begins(head: &[u8]) -> bool {
    head.trim_ascii_start().starts_with(b"{")
}

/// Add the columns of an object to `columns`, in the order of the object. A line that is none adds nothing.
pub(super) fn add_columns(line: &[u8], columns: &mut Vec<String>) {
    let mut add = |path: &str, _: &Value| {
        if columns.len() < MAX_COLUMNS && !columns.iter().any(|known| known == path) {
            columns.push(path.to_owned());
        }
    };
    if let Some(object) = object(line) {
        each_value(&object, "", MAX_DEPTH, &mut add);
    }
}

fn object(line: &[u8]) -> Option<Map<String, Value>> {
    let mended = || serde_json::from_str(&surrogates::mended(std::str::from_utf8(line).ok()?)?).ok();
    serde_json::from_slice(line).ok().or_else(mended)
}

/// The cells of an object in the order of `columns`; an absent value and `null` are empty.
///
/// # Errors
/// If the line is no JSON object.
pub(super) fn cells(line: &[u8], columns: &[String]) -> Result<Vec<String>, &'static str> {
    let object = object(line).ok_or("not a JSON object")?;
    let mut cells = vec![String::new(); columns.len()];
    each_value(&object, "", MAX_DEPTH, &mut |path, value| {
        let place = columns.iter().position(|column| column == path);
        if let Some(cell) = place.and_then(|place| cells.get_mut(place)) {
            *cell = text(value);
        }
    });
    Ok(cells)
}

fn each_value(object: &Map<String, Value>, prefix: &str, depth: usize, each: &mut dyn FnMut(&str, &Value)) {
    for (key, value) in object {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            Value::Object(inner) if depth > 0 => each_value(inner, &path, depth - 1, each),
            value => each(&path, value),
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_columns_named_by_their_paths() {
        let line =
            br#"{"id":"c1","queue":{"name":"Basic","wait":12.5},"agent":null,"tags":["a","b"],"more":[{"x":1}]}"#;
        let mut columns = Vec::new();
        add_columns(line, &mut columns);
        add_columns(br#"{"id":"c2","agent":{"name":"Ann"}}"#, &mut columns);
        add_columns(b"no object", &mut columns);
        assert_eq!(columns, ["id", "queue.name", "queue.wait", "agent", "tags", "more", "agent.name"]);
        assert_eq!(cells(line, &columns).unwrap(), ["c1", "Basic", "12.5", "", "a, b", "{\"x\":1}", ""]);
        assert!(cells(b"[1]", &columns).is_err());
    }
}
