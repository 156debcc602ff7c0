//! Values in addresses and bodies: `${queues}` stands for what an earlier answer, or the configuration, says it is.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// What stays as it is in a value in an address.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Values by name.
pub(super) type Variables = BTreeMap<String, Value>;

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
