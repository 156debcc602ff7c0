//! How a list that comes in pages goes on: by a token, by the next page's address, or by a page number.

use jmespath::Rcvar;
use reqwest::Url;
use reqwest::header::{HeaderMap, LINK};
use serde::Deserialize;
use serde_json::Value;

use super::path::JmesPath;
use crate::net::http::display_url;

/// Servers take no longer token.
const MAX_TOKEN_BYTES: usize = 8192;

/// The key `page`: how to ask for the next page, by one of `token`, `next`, `link` and `from`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Paging {
    /// A path to the token of the next page; the last page has none.
    pub token: Option<JmesPath>,
    /// A path to the address of the next page; the last page has none.
    pub next: Option<JmesPath>,
    /// Whether the header `Link` has the address of the next page (`rel="next"`).
    pub link: bool,
    /// The number of the first page, or of its first row.
    pub from: Option<u64>,
    /// By how much the number grows from page to page: 1, or the rows of a page.
    pub step: Option<u64>,
    /// With `from`: a path to the number of pages.
    pub pages: Option<JmesPath>,
    /// With `from`: a path to the list of rows; the first page with fewer rows than `step`, or with none, is the last.
    pub rows: Option<JmesPath>,
    /// The parameter of the address that takes the token or number.
    pub parameter: Option<String>,
    /// The key of the body (JSON) that takes it, as a JSON Pointer.
    pub pointer: Option<String>,
}

/// Servers take no longer address.
const MAX_ADDRESS_BYTES: usize = 8192;

/// A page to ask for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum PageRef {
    First,
    /// The value for the parameter or the body.
    Value(Value),
    /// The whole address.
    Address(Url),
}

impl Paging {
    pub(super) fn check(&self) -> Result<(), String> {
        let forms = [self.token.is_some(), self.next.is_some(), self.link, self.from.is_some()];
        if forms.into_iter().filter(|given| *given).count() != 1 {
            return Err("goes on by one of token, next, link and from: write one of them".to_owned());
        }
        let has_value = self.token.is_some() || self.from.is_some();
        if has_value != (self.parameter.is_some() != self.pointer.is_some()) {
            return Err("needs `parameter` or `pointer` for its token or number, and only for these".to_owned());
        }
        if self.from.is_some() != (self.pages.is_some() != self.rows.is_some()) {
            return Err("needs `pages` or `rows` with `from`, to know the last page".to_owned());
        }
        if self.step == Some(0) || (self.step.is_some() && self.from.is_none()) {
            return Err("has `step`, which is 1 or more and goes with `from`".to_owned());
        }
        match &self.pointer {
            Some(pointer) if !pointer.starts_with('/') => Err(format!("has the pointer `{pointer}`: it begins with /")),
            _ => Ok(()),
        }
    }

    /// The paths that tell of the next page.
    pub(super) fn paths(&self) -> impl Iterator<Item = &JmesPath> {
        [&self.token, &self.next, &self.pages, &self.rows].into_iter().flatten()
    }

    /// The page after the one with the number `index` (from 0), which is `document` and came from `url`; `None` after the
    /// last.
    ///
    /// # Errors
    /// If the document does not tell, in words.
    pub(super) fn next(
        &self,
        index: u64,
        url: &Url,
        headers: &HeaderMap,
        document: &Rcvar,
    ) -> Result<Option<PageRef>, String> {
        let text = |path: &JmesPath| path.text_unless_false(document).map_err(|reason| reason.to_string());
        if let Some(path) = &self.token {
            let token = text(path)?;
            // The list would seem to end here.
            if let Some(length) = token.as_ref().map(String::len).filter(|length| *length > MAX_TOKEN_BYTES) {
                return Err(format!("the next page's token is {length} bytes long"));
            }
            return Ok(token.map(|token| PageRef::Value(Value::String(token))));
        }
        if let Some(from) = self.from {
            let step = self.step.unwrap_or(1);
            let is_last = match (&self.pages, &self.rows) {
                (Some(path), _) => {
                    let pages = path.number(document).map_err(|reason| reason.to_string())?;
                    #[expect(clippy::cast_precision_loss, reason = "there are few pages")]
                    pages.is_none_or(|pages| (index + 1) as f64 >= pages)
                }
                (None, Some(path)) => {
                    let rows = path.find(document)?.as_array().map_or(0, Vec::len);
                    rows == 0 || (self.step.is_some() && (rows as u64) < step)
                }
                (None, None) => true,
            };
            return Ok((!is_last).then(|| PageRef::Value(Value::from(from + (index + 1) * step))));
        }
        let next = if self.link { next_link(headers) } else { self.next.as_ref().map_or(Ok(None), text)? };
        let Some(next) = next else { return Ok(None) };
        if next.len() > MAX_ADDRESS_BYTES {
            return Err(format!("the next page's address is {} bytes long", next.len()));
        }
        let mut next = url.join(&next).map_err(|_| "the next page's address is none".to_owned())?;
        // A server behind a proxy may not know that it is asked by https.
        let is_unencrypted_side = (next.scheme(), next.port()) == ("http", None) && next.host() == url.host();
        if is_unencrypted_side && (url.scheme(), url.port()) == ("https", None) {
            // This fails only for schemes without a host.
            let _ = next.set_scheme("https");
        }
        if next.origin() != url.origin() {
            return Err(format!(
                "the next page is on another server ({}), which is not asked: write that one's address as `url`, or go on by `token` or `from`",
                display_url(&next)
            ));
        }
        Ok(Some(PageRef::Address(next)))
    }

    /// Put the page that is wanted into an address and a body.
    pub(super) fn apply(&self, page: &PageRef, url: &mut Url, body: &mut Option<Value>) {
        match page {
            PageRef::First => {}
            PageRef::Address(address) => *url = address.clone(),
            PageRef::Value(value) => {
                if let Some(parameter) = &self.parameter {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    set_parameter(url, parameter, &text);
                }
                if let (Some(pointer), Some(body)) = (&self.pointer, body) {
                    set_at(body, pointer, value.clone());
                }
            }
        }
    }
}

/// Set a parameter of an address, whether it has it already or not.
pub(super) fn set_parameter(url: &mut Url, parameter: &str, value: &str) {
    let others: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| name != parameter)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.query_pairs_mut().clear().extend_pairs(others).append_pair(parameter, value);
}

/// Set the value at a JSON Pointer, and make the objects on the way there.
fn set_at(body: &mut Value, pointer: &str, value: Value) {
    let mut place = body;
    for key in pointer.split('/').skip(1) {
        if !place.is_object() {
            *place = Value::Object(serde_json::Map::new());
        }
        let Value::Object(object) = place else { return };
        place = object.entry(key.replace("~1", "/").replace("~0", "~")).or_insert(Value::Null);
    }
    *place = value;
}

/// The address with `rel="next"` in the headers `Link` (RFC 8288).
fn next_link(headers: &HeaderMap) -> Option<String> {
    let links = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    for link in links.flat_map(|value| value.split(",<").flat_map(|part| part.split(", <"))) {
        let Some((target, parameters)) = link.trim().trim_start_matches('<').split_once('>') else { continue };
        let mut relations = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
        let is_next = relations.any(|(name, value)| {
            let mut words = value.trim().trim_matches('"').split_ascii_whitespace();
            name.trim().eq_ignore_ascii_case("rel") && words.any(|word| word.eq_ignore_ascii_case("next"))
        });
        if is_next {
            return Some(target.to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::network::http::map;

    fn paging(text: &str) -> Paging {
        toml::from_str(text).unwrap()
    }

    fn next(paging: &Paging, index: u64, headers: &HeaderMap, document: &str) -> Result<Option<PageRef>, String> {
        let url = "https://h/list?size=2".parse().unwrap();
        paging.next(index, &url, headers, &map::parse(document.as_bytes()).unwrap())
    }

    #[test]
    fn a_token_stands_in_the_address_or_in_the_body() {
        let none = HeaderMap::new();
        let by_token = paging("token = 'NextToken'\npointer = '/page/token'");
        let page = next(&by_token, 0, &none, r#"{"NextToken": "t+1"}"#).unwrap().unwrap();
        let (mut url, mut body) = ("https://h/list?page=0&size=2".parse().unwrap(), Some(Value::Null));
        by_token.apply(&page, &mut url, &mut body);
        assert_eq!(body.unwrap().to_string(), r#"{"page":{"token":"t+1"}}"#);
        let by_parameter = paging("token = 'NextToken'\nparameter = 'page'");
        by_parameter.apply(&page, &mut url, &mut None);
        assert_eq!(url.as_str(), "https://h/list?size=2&page=t%2B1");
        for last in [r#"{"NextToken": null}"#, r#"{"NextToken": ""}"#, r#"{"NextToken": false}"#, "{}"] {
            assert_eq!(next(&by_token, 1, &none, last), Ok(None), "{last}");
        }
        let long = format!(r#"{{"NextToken": "{}"}}"#, "x".repeat(9_000));
        assert!(next(&by_token, 1, &none, &long).unwrap_err().ends_with("is 9000 bytes long"));
    }

    #[test]
    fn a_page_number_grows_until_the_last() {
        let none = HeaderMap::new();
        let by_count = paging("from = 1\nparameter = 'page'\npages = 'pageCount'");
        assert_eq!(next(&by_count, 0, &none, r#"{"pageCount": 2}"#), Ok(Some(PageRef::Value(2.into()))));
        assert_eq!(next(&by_count, 1, &none, r#"{"pageCount": 2}"#), Ok(None));
        let by_rows = paging("from = 0\nstep = 2\nparameter = '$skip'\nrows = 'value'");
        assert_eq!(next(&by_rows, 0, &none, r#"{"value": [1, 2]}"#), Ok(Some(PageRef::Value(2.into()))));
        assert_eq!(next(&by_rows, 1, &none, r#"{"value": [3]}"#), Ok(None));
    }

    #[test]
    fn an_address_is_one_of_the_same_server() {
        let by_link = paging("link = true");
        let mut headers = HeaderMap::new();
        headers.insert(
            LINK,
            r#"<https://h/list?p=1>; rel="prev", <https://h/list?p=3>; title="x"; rel="next""#.parse().unwrap(),
        );
        let Ok(Some(PageRef::Address(url))) = next(&by_link, 0, &headers, "{}") else { panic!() };
        assert_eq!(url.as_str(), "https://h/list?p=3");
        assert_eq!(next(&by_link, 0, &HeaderMap::new(), "{}"), Ok(None));
        let by_path = paging("next = 'meta.next_page_url'");
        let Ok(Some(PageRef::Address(url))) =
            next(&by_path, 0, &headers, r#"{"meta": {"next_page_url": "/v1/x?p=2"}}"#)
        else {
            panic!()
        };
        assert_eq!(url.as_str(), "https://h/v1/x?p=2");
        let other = next(&by_path, 0, &headers, r#"{"meta": {"next_page_url": "https://evil/x"}}"#);
        assert!(other.unwrap_err().contains("another server"));
        let encrypted = next(&by_path, 0, &headers, r#"{"meta": {"next_page_url": "http://h/v1/x?p=2"}}"#);
        let Ok(Some(PageRef::Address(url))) = encrypted else { panic!() };
        assert_eq!(url.as_str(), "https://h/v1/x?p=2");
        let long = format!(r#"{{"meta": {{"next_page_url": "/{}"}}}}"#, "x".repeat(1_000_000));
        assert!(next(&by_path, 0, &headers, &long).unwrap_err().ends_with("is 1000001 bytes long"));
    }

    #[test]
    fn one_way_is_told_whole() {
        for (text, wrong) in [
            ("link = false", "one of"),
            ("link = true\nfrom = 1", "one of"),
            ("token = 't'", "`parameter` or `pointer`"),
            ("link = true\nparameter = 'p'", "only for these"),
            ("from = 1\nparameter = 'p'", "`pages` or `rows`"),
            ("from = 1\nparameter = 'p'\nrows = 'r'\nstep = 0", "`step`"),
            ("token = 't'\npointer = 'p'", "begins with /"),
        ] {
            assert!(paging(text).check().unwrap_err().contains(wrong), "{text}");
        }
        assert_eq!(paging("link = true").check(), Ok(()));
    }
}
