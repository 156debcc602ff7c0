//! The requests of a source: what is asked for, how often, page by page and for each part of a long list.

use std::collections::BTreeMap;

use jmespath::{Rcvar, Variable};
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::Value;

use super::map::Map;
use super::paging::{PageRef, Paging};
use super::path::JmesPath;
use super::template::{self, DAY_VARIABLES, Variables};

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

/// A table `[[source.request]]`: one of several requests of a source.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestSettings {
    /// What it is for, in messages.
    pub name: String,
    /// The path and query below the source's address, or a whole address on the same server; the source's address when
    /// absent.
    #[serde(default)]
    pub path: Option<String>,
    /// The HTTP method.
    #[serde(default)]
    pub method: Method,
    /// The request body: JSON, unless `headers` has another content type.
    #[serde(default)]
    pub body: Option<String>,
    /// Further request headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Its own interval in seconds; that of the source when absent.
    #[serde(default)]
    pub every_s: Option<u64>,
    /// How a list of several pages goes on.
    #[serde(default)]
    pub page: Option<Paging>,
    /// The list for whose items the request is repeated.
    #[serde(default)]
    pub each: Option<ForEach>,
    /// Values for later requests: paths within the document. Lists of several pages are joined.
    #[serde(default)]
    pub keep: BTreeMap<String, JmesPath>,
    /// How to read the answer.
    #[serde(default)]
    pub map: Option<Map>,
}

/// The list for whose items a request is repeated.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForEach {
    /// The variable with the list, which in this request is a part of it.
    pub of: String,
    /// How many items a request is for, 1 to 1000. For one, the variable is that item and no list, and the answer has it
    /// as `each`.
    #[serde(default = "one")]
    pub at_once: usize,
}

const fn one() -> usize {
    1
}

/// A request is repeated for at most so many parts of a list.
const MAX_PARTS: usize = 500;

impl RequestSettings {
    /// Check what can be checked without an answer; `known` are the variables of earlier requests.
    pub(super) fn check(&self, base: &Url, known: &[&str]) -> Result<(), String> {
        if self.body.is_some() && self.method == Method::Get {
            return Err(r#"has a `body`: that needs method = "POST""#.to_owned());
        }
        if self.map.is_none() && self.keep.is_empty() {
            return Err("does nothing with its answer: write `map` or `keep`".to_owned());
        }
        let texts = [self.path.as_deref(), self.body.as_deref()];
        if let Some(unknown) = texts.into_iter().flatten().flat_map(template::names).find(|name| !known.contains(name))
        {
            if DAY_VARIABLES.contains(&unknown) {
                return Err(format!("uses ${{{unknown}}}: write the `timezone` of the day"));
            }
            return Err(format!(
                "uses ${{{unknown}}}, which no earlier request keeps (keep = {{ {unknown} = \"…\" }})"
            ));
        }
        if let Some(ForEach { of, at_once }) = &self.each {
            if !known.contains(&of.as_str()) {
                return Err(format!("is for each of {of}, which no earlier request keeps"));
            }
            if !(1..=1000).contains(at_once) {
                return Err("has `at_once`, which is 1 to 1000".to_owned());
            }
        }
        let path = self.path.as_deref().unwrap_or_default().replace("${", "").replace('}', "");
        let url = address(base, &path)?;
        if url.origin() != base.origin() {
            return Err("goes to another server than `url`: make it a source of its own".to_owned());
        }
        header_map(&self.headers)?;
        self.page.as_ref().map_or(Ok(()), |page| page.check().map_err(|wrong| format!("page {wrong}")))?;
        self.map.as_ref().map_or(Ok(()), |map| map.check().map_err(|wrong| format!("map {wrong}")))
    }

    /// The names of the variables that it needs.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        let texts = self.path.iter().chain(&self.body).flat_map(|text| template::names(text));
        texts.chain(self.each.iter().map(|each| each.of.as_str()))
    }

    /// The variables of each time that the request is made, and whether all that there are fit.
    pub(super) fn parts(&self, variables: &Variables) -> (Vec<Variables>, bool) {
        let Some(ForEach { of, at_once }) = &self.each else { return (vec![variables.clone()], true) };
        let items = variables.get(of).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let part = |items: &[Value]| {
            let value = match items {
                [one] if *at_once == 1 => one.clone(),
                several => Value::Array(several.to_vec()),
            };
            let mut part = variables.clone();
            part.insert(of.clone(), value);
            part
        };
        let parts: Vec<_> = items.chunks((*at_once).max(1)).take(MAX_PARTS).map(part).collect();
        let is_whole = parts.len() * at_once >= items.len();
        (parts, is_whole)
    }

    /// The address and the body of a page.
    pub(super) fn page_request(
        &self,
        base: &Url,
        variables: &Variables,
        page: &PageRef,
    ) -> Result<(Url, Option<String>), String> {
        let path = template::in_address(self.path.as_deref().unwrap_or_default(), variables)?;
        let mut url = address(base, &path)?;
        let text = self.body.as_deref().map(|body| template::in_body(body, variables)).transpose()?;
        let Some(paging) = &self.page else { return Ok((url, text)) };
        let is_in_body = paging.pointer.is_some() && *page != PageRef::First;
        let mut body = match &text {
            Some(text) if is_in_body => {
                Some(serde_json::from_str(text).map_err(|error| format!("its body is no JSON ({error})"))?)
            }
            _ => is_in_body.then_some(Value::Null),
        };
        paging.apply(page, &mut url, &mut body);
        Ok((url, body.map(|body| body.to_string()).or(text)))
    }

    /// A document that also tells which item the request was for (`each`), where it was for one.
    pub(super) fn with_item(&self, document: Rcvar, variables: &Variables) -> Rcvar {
        let each = self.each.as_ref().filter(|each| each.at_once == 1);
        let item = each.and_then(|each| Variable::from_json(&variables.get(&each.of)?.to_string()).ok());
        match (document.as_object(), item) {
            (Some(object), Some(item)) => {
                let mut object = object.clone();
                object.insert("each".to_owned(), Rcvar::new(item));
                Rcvar::new(Variable::Object(object))
            }
            _ => document,
        }
    }

    /// Keep the values for later requests that a page has.
    pub(super) fn keep_values(&self, document: &Rcvar, into: &mut Variables) -> Result<(), String> {
        for (name, path) in &self.keep {
            let value = serde_json::to_value(&*path.find(document)?).map_err(|error| error.to_string())?;
            match (into.get_mut(name), value) {
                (Some(Value::Array(known)), Value::Array(more)) => known.extend(more),
                (_, Value::Null) => {}
                (_, value) => _ = into.insert(name.clone(), value),
            }
        }
        Ok(())
    }
}

/// An address below the source's own, or on the same server.
fn address(base: &Url, path: &str) -> Result<Url, String> {
    if path.is_empty() {
        return Ok(base.clone());
    }
    if path.contains("://") {
        return Url::parse(path).map_err(|_| "has a path that is no address".to_owned());
    }
    let below = format!(
        "{}/{}",
        base.as_str().split('?').next().unwrap_or_default().trim_end_matches('/'),
        path.trim_start_matches('/')
    );
    Url::parse(&below).map_err(|_| "has a path that is none".to_owned())
}

/// The configured request headers.
pub(super) fn header_map(configured: &BTreeMap<String, String>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in configured {
        let known = HeaderName::try_from(name).map_err(|_| format!("has `{name}`, which can't be a header's name"))?;
        if known == AUTHORIZATION {
            return Err("has Authorization: write it as auth = { bearer = … } or { user = …, password = … }".to_owned());
        }
        let value = HeaderValue::try_from(value).map_err(|_| format!("has a value for `{name}` that none can have"))?;
        headers.insert(known, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &str) -> RequestSettings {
        toml::from_str(&format!("name = 'queues'\n{text}")).unwrap()
    }

    fn base() -> Url {
        "https://h/v1?x=1".parse().unwrap()
    }

    #[test]
    fn a_request_is_made_for_each_part_of_a_list() {
        let of = |at_once: usize| {
            request(&format!(
                "keep = {{ a = 'a' }}\npath = '/q/${{ids}}'\neach = {{ of = 'ids', at_once = {at_once} }}"
            ))
        };
        let variables: Variables = [("ids".to_owned(), serde_json::json!(["a", "b", "c"]))].into();
        let paths = |request: &RequestSettings| {
            let (parts, is_whole) = request.parts(&variables);
            assert!(is_whole);
            let path = |part: &Variables| request.page_request(&base(), part, &PageRef::First).unwrap().0.to_string();
            parts.iter().map(path).collect::<Vec<_>>()
        };
        assert_eq!(paths(&of(1)), ["https://h/v1/q/a", "https://h/v1/q/b", "https://h/v1/q/c"]);
        assert_eq!(paths(&of(2)), ["https://h/v1/q/a,b", "https://h/v1/q/c"]);
        let none: Variables = [("ids".to_owned(), serde_json::json!([]))].into();
        assert_eq!(of(2).parts(&none).0.len(), 0);
        let many: Variables = [("ids".to_owned(), serde_json::json!(vec![0; MAX_PARTS + 1]))].into();
        assert_eq!((of(1).parts(&many).0.len(), of(1).parts(&many).1), (MAX_PARTS, false));
    }

    #[test]
    fn what_cannot_work_is_told() {
        for (text, wrong) in [
            ("", "does nothing"),
            ("keep = { a = 'a' }\nbody = '{}'", "POST"),
            ("keep = { a = 'a' }\npath = '/x/${b}'", "${b}"),
            ("keep = { a = 'a' }\neach = { of = 'b' }", "each of b"),
            ("keep = { a = 'a' }\npath = 'https://other/x'", "another server"),
            ("keep = { a = 'a' }\npage = { link = true, from = 1 }", "page goes on"),
            ("map = { rows = 'a' }", "map names no figure"),
        ] {
            let found = request(text).check(&base(), &[]);
            assert!(found.clone().unwrap_err().contains(wrong), "{text}: {found:?}");
        }
        assert_eq!(request("keep = { a = 'a' }\npath = '/x/${b}?y=1'").check(&base(), &["b"]), Ok(()));
    }
}
