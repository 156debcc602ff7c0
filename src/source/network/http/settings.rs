//! The keys of a source of the kind `http`.

use std::collections::BTreeMap;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

use super::map::Map;
use super::page::CursorSettings;
use crate::net::http::{Address, Auth, check_protection};
use crate::net::tls::Tls;

/// The keys of a source that polls an HTTP endpoint.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The address of the endpoint.
    pub url: Address,
    /// The poll interval in seconds, 1 to 3600; it varies by 10 % at random.
    #[serde(default = "ten")]
    pub every_s: u64,
    /// The maximum time for a response in seconds, 1 to 3600.
    #[serde(default = "twenty")]
    pub patience_s: u64,
    /// The credentials.
    #[serde(default)]
    pub auth: Option<Auth>,
    /// Which certificates are trusted.
    #[serde(default)]
    pub tls: Tls,
    /// The most requests per second that all sources with this account make together, over 0 to 1000; no limit when
    /// absent.
    #[serde(default)]
    pub requests_per_second: Option<f64>,
    /// The HTTP method.
    #[serde(default)]
    pub method: Method,
    /// The request body: JSON, unless `headers` has another content type.
    #[serde(default)]
    pub body: Option<String>,
    /// Further request headers; credentials belong in `auth`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// How to request only new events, if the endpoint returns contact events.
    #[serde(default)]
    pub cursor: Option<CursorSettings>,
    /// How to read the response, if it is not in floorwatch's own format.
    #[serde(default)]
    pub map: Option<Map>,
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Without a body.
    #[default]
    Get,
    /// With a body.
    Post,
}

const fn ten() -> u64 {
    10
}

const fn twenty() -> u64 {
    20
}

/// The longest interval, in seconds. A wallboard needs newer data than that.
const MAX_SECONDS: u64 = 3600;

impl Settings {
    /// Check what can be checked without connecting.
    ///
    /// # Errors
    /// The first key whose value cannot work, and why.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        for (key, seconds) in [("every_s", self.every_s), ("patience_s", self.patience_s)] {
            if !(1..=MAX_SECONDS).contains(&seconds) {
                return Err((key, format!("is {seconds}: 1 to {MAX_SECONDS} seconds are meant")));
            }
        }
        if let Some(per_second) = self.requests_per_second.filter(|rate| !(*rate > 0.0 && *rate <= 1000.0)) {
            return Err(("requests_per_second", format!("is {per_second}: over 0 to 1000 is meant, such as 0.5")));
        }
        if self.body.is_some() && self.method == Method::Get {
            return Err(("body", r#"needs method = "POST""#.to_owned()));
        }
        self.header_map().map_err(|wrong| ("headers", wrong))?;
        check_protection(&self.url, self.auth.as_ref().into(), &self.tls).map_err(|wrong| ("url", wrong))?;
        if let Some(cursor) = &self.cursor {
            if self.map.is_some() {
                return Err(("cursor", "is for contact events: it can't stand beside `map`".to_owned()));
            }
            cursor.check().map_err(|wrong| ("cursor", wrong))?;
        }
        self.map.as_ref().map_or(Ok(()), |map| map.check().map_err(|wrong| ("map", wrong)))
    }

    /// The configured request headers.
    pub(super) fn header_map(&self) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let known =
                HeaderName::try_from(name).map_err(|_| format!("has `{name}`, which can't be a header's name"))?;
            if known == AUTHORIZATION {
                return Err(
                    "has Authorization: write it as auth = { bearer = … } or { user = …, password = … }".to_owned()
                );
            }
            let value =
                HeaderValue::try_from(value).map_err(|_| format!("has a value for `{name}` that none can have"))?;
            headers.insert(known, value);
        }
        Ok(headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), (&'static str, String)> {
        toml::from_str::<Settings>(&format!("url = \"https://h/stats\"\n{text}")).unwrap().check()
    }

    #[test]
    fn a_secret_for_another_machine_needs_https_or_leave() {
        let check = |keys: &str| {
            let auth = "auth = { header = 'X-Api-Key', value = { env = 'P' } }";
            toml::from_str::<Settings>(&format!("{keys}\n{auth}")).unwrap().check()
        };
        assert_eq!(check("url = 'http://127.0.0.1:8080/stats'"), Ok(()));
        let (key, wrong) = check("url = 'http://crm.example/stats'").unwrap_err();
        assert!(key == "url" && wrong.contains("crm.example") && wrong.contains("write https://"), "{wrong}");
        assert_eq!(check("url = 'http://crm.example/stats'\ntls = { allow_plain_http = true }"), Ok(()));
    }

    #[test]
    fn an_address_is_enough() {
        let settings: Settings = toml::from_str("url = \"https://h/stats\"").unwrap();
        assert_eq!((settings.every_s, settings.method, settings.check()), (10, Method::Get, Ok(())));
    }

    #[test]
    fn what_cannot_work_is_told_by_its_key() {
        for (text, key, words) in [
            ("every_s = 0", "every_s", "1 to 3600"),
            ("patience_s = 0", "patience_s", "1 to 3600"),
            ("body = \"{}\"", "body", "POST"),
            ("headers = { Authorization = \"Bearer x\" }", "headers", "auth ="),
            ("headers = { \"a b\" = \"x\" }", "headers", "name"),
            ("cursor = { parameter = \"since\" }", "cursor", "either"),
            ("map = { queue = \"q\" }", "map", "no figure"),
            ("map = { queue = \"q\", kpis = { waiting = \"w\" }, scale = { asa = 0.1 } }", "map", "not under `kpis`"),
            ("map = { queue = \"q\", since = { waiting = \"w\" } }", "map", "no length of time"),
            (
                "map = { queue = \"q\", kpis = { longest_wait = \"a\" }, since = { longest_wait = \"b\" } }",
                "map",
                "one of",
            ),
            (
                "cursor = { parameter = \"a\", pointer = \"/b\" }\nmap = { queue = \"q\", kpis = { waiting = \"w\" } }",
                "cursor",
                "beside",
            ),
        ] {
            let (found, wrong) = check(text).unwrap_err();
            assert!(found == key && wrong.contains(words), "{text}: {found} {wrong}");
        }
    }

    #[test]
    fn an_unknown_figure_or_expression_is_told_when_it_is_read() {
        let read = |text: &str| {
            toml::from_str::<Settings>(&format!("url = \"https://h\"\n{text}")).unwrap_err().message().to_owned()
        };
        let said = read("map = { queue = \"q\", kpis = { longest_wat = \"w\" } }");
        assert!(said.contains("did you mean `longest_wait`"), "{said}");
        assert!(read("map = { queue = \"q[\", kpis = { waiting = \"w\" } }").contains("JMESPath"));
        assert!(read("map = { queue = { valu = \"q\" }, kpis = { waiting = \"w\" } }").contains("valu"));
        assert!(read("method = \"PUT\"").contains("GET"));
    }
}
