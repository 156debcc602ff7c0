//! The keys of a source of the kind `http`.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use serde::Deserialize;

use super::map::Map;
use super::notifications::NotificationSettings;
use super::page::CursorSettings;
use super::paging::Paging;
use super::request::{Method, RequestSettings, header_map};
use super::template::{DAY_VARIABLES, TIME_VARIABLES};
use crate::net::http::{Address, Auth, check_protection};
use crate::net::tls::Tls;
use crate::text::Label;

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
    /// The time zone of the calendar days that requests ask for (`${day_start}`), and of times that have none.
    #[serde(default)]
    pub timezone: Option<Tz>,
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
    /// How a list of several pages goes on.
    #[serde(default)]
    pub page: Option<Paging>,
    /// How to read the response, if it is not in floorwatch's own format.
    #[serde(default)]
    pub map: Option<Map>,
    /// Names of queues by the vendor's ids; they count more than those in answers.
    #[serde(default)]
    pub queue_names: BTreeMap<String, Label>,
    /// Several requests in place of one, in the order in which they are made.
    #[serde(default)]
    pub request: Vec<RequestSettings>,
    /// A channel that tells what has changed, so that it need not be asked for so often.
    #[serde(default)]
    pub notifications: Option<NotificationSettings>,
}

const fn ten() -> u64 {
    10
}

const fn twenty() -> u64 {
    20
}

/// The longest interval, in seconds. A wallboard needs newer data than that.
const MAX_SECONDS: u64 = 3600;
/// The longest interval of one of several requests: names change seldom.
const MAX_REQUEST_SECONDS: u64 = 86_400;
/// The most requests of a source.
const MAX_REQUESTS: usize = 50;

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
        header_map(&self.headers).map_err(|wrong| ("headers", wrong))?;
        check_protection(&self.url, self.auth.as_ref().into(), &self.tls).map_err(|wrong| ("url", wrong))?;
        if let Some(cursor) = &self.cursor {
            if self.map.is_some() || !self.request.is_empty() {
                return Err(("cursor", "is for contact events: it can't stand beside `map` or `request`".to_owned()));
            }
            cursor.check().map_err(|wrong| ("cursor", wrong))?;
        }
        if self.map.is_none() && self.request.is_empty() && !self.queue_names.is_empty() {
            return Err((
                "queue_names",
                "goes with `map` or `request`: contact events have their own names".to_owned(),
            ));
        }
        self.check_requests()?;
        if let Some(notifications) = &self.notifications {
            let names: Vec<&str> = self.request.iter().map(|request| request.name.as_str()).collect();
            let kept: Vec<&str> =
                self.request.iter().flat_map(|request| request.keep.keys().map(String::as_str)).collect();
            notifications.check(&names, &kept).map_err(|wrong| ("notifications", wrong))?;
        }
        self.page.as_ref().map_or(Ok(()), |page| page.check().map_err(|wrong| ("page", wrong)))?;
        if self.page.is_some() && self.map.is_none() {
            return Err(("page", "goes with `map`: pages of contact events go on by `cursor`".to_owned()));
        }
        self.map.as_ref().map_or(Ok(()), |map| map.check().map_err(|wrong| ("map", wrong)))
    }

    fn check_requests(&self) -> Result<(), (&'static str, String)> {
        if self.request.is_empty() {
            return Ok(());
        }
        if self.map.is_some() || self.body.is_some() || self.page.is_some() {
            return Err(("request", "has its own `map`, `body` and `page`: write them there".to_owned()));
        }
        if self.request.len() > MAX_REQUESTS {
            return Err((
                "request",
                format!("stands there more than {MAX_REQUESTS} times: make several sources of it"),
            ));
        }
        let of_time = TIME_VARIABLES.into_iter().chain(self.timezone.into_iter().flat_map(|_| DAY_VARIABLES));
        let mut known: Vec<&str> = of_time.collect();
        for request in &self.request {
            let named = |wrong: String| ("request", format!("\"{}\" {wrong}", request.name));
            request.check(self.url.url(), &known).map_err(named)?;
            if request.every_s.is_some_and(|seconds| !(1..=MAX_REQUEST_SECONDS).contains(&seconds)) {
                return Err(named(format!("has `every_s`, which is 1 to {MAX_REQUEST_SECONDS} seconds")));
            }
            known.extend(request.keep.keys().map(String::as_str));
        }
        Ok(())
    }

    /// The requests for figures and lists: those that are configured, or the one that the keys of the source describe.
    /// None where the source answers with contact events.
    pub(super) fn requests(&self) -> Vec<RequestSettings> {
        let Some(map) = &self.map else { return self.request.clone() };
        vec![RequestSettings {
            name: String::new(),
            path: None,
            method: self.method,
            body: self.body.clone(),
            headers: BTreeMap::new(),
            every_s: None,
            page: self.page.clone(),
            each: None,
            keep: BTreeMap::new(),
            map: Some(map.clone()),
        }]
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
