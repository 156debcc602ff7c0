//! Locators: one line that says what the screen shows, so that the same view can be opened elsewhere.
//!
//! ```text
//! queue/billing?window=30m&sort=-waiting     one queue, its list sorted by what waits, the highest first
//! agents?team=North&filter=paused
//! alerts?row=17
//! ```
//!
//! The first word is a page; a queue and an agent stand behind a slash. Values are percent-encoded, so that a locator
//! needs no more than one pair of quotes in a shell.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::clock::Time;
use crate::kpi::{Dim, Formula, Period, Slice, Window};
use crate::text::Label;
use crate::text::suggest::suggestion;
use crate::ui::state::{Location, Page};

/// What is encoded in a value: all that a shell or a locator could take for something else.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The most bytes of a locator.
const MAX_LOCATOR_BYTES: usize = 1024;
/// The parts besides dimensions.
const KEYS: [&str; 8] = ["window", "formula", "filter", "panel", "sort", "row", "from", "to"];

/// What the screen shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewLocator {
    /// Page, slice, and the panel that has the focus.
    pub location: Location,
    /// The window of time; `None` leaves it as it is. The same holds for the formula.
    pub window: Option<Window>,
    /// The service-level formula.
    pub formula: Option<Formula>,
    /// The text that rows must contain; may be empty.
    pub filter: String,
    /// The column that the focused list is sorted by, by its key, and whether the highest comes first.
    pub sort: Option<(String, bool)>,
    /// The id of the selected row of that list.
    pub row: Option<Label>,
}

/// What is wrong with a locator, and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LocatorError(pub String);

impl ViewLocator {
    /// A page about a slice, with nothing else said.
    #[must_use]
    pub const fn of(location: Location) -> Self {
        Self { location, window: None, formula: None, filter: String::new(), sort: None, row: None }
    }

    /// The same with a selected row.
    #[must_use]
    pub fn row(mut self, id: Label) -> Self {
        self.row = Some(id);
        self
    }

    /// Read a locator.
    ///
    /// # Errors
    /// [`LocatorError`] where a page, part or value is unknown, or a page cannot be about the slice.
    pub fn parse(text: &str) -> Result<Self, LocatorError> {
        let fail = |words: String| Err(LocatorError(words));
        if text.len() > MAX_LOCATOR_BYTES {
            return fail(format!("the view is {} bytes long; at most {MAX_LOCATOR_BYTES} are read", text.len()));
        }
        let (path, parts) = text.trim().split_once('?').unwrap_or((text.trim(), ""));
        let (name, value) = path.split_once('/').map_or((path, None), |(name, value)| (name, Some(value)));
        let Some(page) = Page::ALL.into_iter().find(|page| page.key() == name) else {
            let names = Page::ALL.map(Page::key).into_iter();
            return fail(format!("no page is called `{name}`{}", suggestion(name, names)));
        };
        let mut slice = Slice::TOTAL;
        match (page.subject(), value) {
            (Some(dim), Some(value)) if !value.is_empty() => slice = Slice::of(dim, Label::new(&decoded(value)?)),
            (Some(dim), Some(_)) => return fail(format!("the {} is missing: write {name}/NAME", dim.key())),
            (None, Some(_)) => return fail(format!("`{name}` is about no one thing: write {name} without `/`")),
            (_, None) => {}
        }
        let mut locator = Self::of(Location::new(page, slice));
        let mut seen: Vec<&str> = Vec::new();
        for part in parts.split('&').filter(|part| !part.is_empty()) {
            let Some((key, value)) = part.split_once('=') else {
                return fail(format!("`{part}` has no value: write {part}=VALUE"));
            };
            if seen.contains(&key) {
                return fail(format!("`{key}` is given twice: leave one out"));
            }
            seen.push(key);
            locator.set(key, &decoded(value)?)?;
        }
        locator.check()
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), LocatorError> {
        let unknown = |what: &str, names: &[&str]| {
            LocatorError(format!("no {what} is called `{value}`{}", suggestion(value, names.iter().copied())))
        };
        if let Some(dim) = Dim::parse(key) {
            self.location.slice = std::mem::take(&mut self.location.slice).and(dim, Label::new(value));
            return Ok(());
        }
        match key {
            "window" => {
                let window = Window::ALL.into_iter().find(|window| window.key() == value);
                self.window = Some(window.ok_or_else(|| unknown("window", &Window::ALL.map(Window::key)))?);
            }
            "formula" => {
                let formula = Formula::parse(value);
                self.formula = Some(formula.ok_or_else(|| unknown("formula", &Formula::ALL.map(Formula::key)))?);
            }
            "filter" => value.clone_into(&mut self.filter),
            "panel" => {
                let panels = self.location.page.panels();
                let names: Vec<&str> = panels.iter().map(|panel| panel.key()).collect();
                let panel = panels.iter().find(|panel| panel.key() == value);
                self.location.focus = *panel.ok_or_else(|| unknown("panel of this page", &names))?;
            }
            "sort" => {
                let column = value.strip_prefix('-').unwrap_or(value);
                self.sort = Some((column.to_owned(), value.starts_with('-')));
            }
            "row" => self.row = Some(Label::new(value)),
            "from" | "to" if self.location.page == Page::Contacts => {
                let at = Time::parse_rfc3339(value)
                    .map_err(|_| LocatorError(format!("`{value}` is no time: write {key}=2026-03-02T09:30:00Z")))?;
                let (from, to) = match self.location.over {
                    Some(Period::Range(from, to)) => (from, to),
                    _ => (at, at),
                };
                let (from, to) = if key == "from" { (at, to) } else { (from, at) };
                self.location.over = Some(Period::Range(from, to));
            }
            _ => {
                let keys = KEYS.into_iter().chain(Dim::ALL.map(Dim::key));
                return Err(LocatorError(format!("`{key}` is no part of a view{}", suggestion(key, keys))));
            }
        }
        Ok(())
    }

    /// The locator, if its page can be about its slice.
    fn check(self) -> Result<Self, LocatorError> {
        let Location { page, slice, over, .. } = &self.location;
        let name = page.key();
        match page.subject() {
            Some(dim) if *page == Page::Agent && slice.get(dim).is_none() => {
                Err(LocatorError(format!("the {0} is missing: write {name}/NAME", dim.key())))
            }
            _ if matches!(over, Some(Period::Range(from, to)) if from >= to) => {
                Err(LocatorError("give both `from` and `to`, the earlier time first".to_owned()))
            }
            None if page.is_of_floor() && !slice.is_total() => {
                let dim = slice.parts().next().map_or("", |(dim, _)| dim.key());
                Err(LocatorError(format!("`{name}` is about the whole floor: leave out `{dim}`")))
            }
            _ => Ok(self),
        }
    }
}

/// A value without its percent encoding.
fn decoded(value: &str) -> Result<String, LocatorError> {
    let is_hex = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    let broken = value.match_indices('%').find(|(at, _)| {
        let rest = value.as_bytes().get(at + 1..).unwrap_or_default();
        !(is_hex(rest.first()) && is_hex(rest.get(1)))
    });
    if broken.is_some() {
        return Err(LocatorError(format!(
            "`{value}`: two hexadecimal digits must follow each %; write % itself as %25"
        )));
    }
    let text = percent_decode_str(value).decode_utf8();
    Ok(text.map_err(|_| LocatorError(format!("`{value}` is no UTF-8 once it is decoded")))?.into_owned())
}

impl fmt::Display for ViewLocator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
        let Location { page, slice, focus, over } = &self.location;
        f.write_str(page.key())?;
        let subject = page.subject().and_then(|dim| Some((dim, slice.get(dim).filter(|id| !id.is_empty())?)));
        if let Some((_, id)) = subject {
            write!(f, "/{}", encoded(id.as_str()))?;
        }
        let others = slice.parts().filter(|(dim, _)| subject.is_none_or(|(subject, _)| subject != *dim));
        let mut parts: Vec<(&str, String)> = others.map(|(dim, id)| (dim.key(), id.to_string())).collect();
        parts.extend(self.window.map(|window| ("window", window.key().to_owned())));
        parts.extend(self.formula.map(|formula| ("formula", formula.key().to_owned())));
        parts.extend((!self.filter.is_empty()).then(|| ("filter", self.filter.clone())));
        let first = page.panels().first();
        parts.extend((first != Some(focus)).then(|| ("panel", focus.key().to_owned())));
        let sort = |(column, descending): &(String, bool)| format!("{}{column}", if *descending { "-" } else { "" });
        parts.extend(self.sort.as_ref().map(|by| ("sort", sort(by))));
        if let Some(Period::Range(from, to)) = over {
            parts.extend([("from", from.to_string()), ("to", to.to_string())]);
        }
        parts.extend(self.row.as_ref().map(|id| ("row", id.to_string())));
        for (at, (key, value)) in parts.iter().enumerate() {
            write!(f, "{}{key}={}", if at == 0 { '?' } else { '&' }, encoded(value))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ui::state::Panel;

    fn error(text: &str) -> String {
        ViewLocator::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_locator_says_what_it_shows() {
        let read = ViewLocator::parse("queue/billing?window=30m&sort=-waiting").unwrap();
        assert_eq!(read.location.slice, Slice::of(Dim::Queue, "billing".into()));
        assert_eq!((read.window, read.sort.clone()), (Some(Window::M30), Some(("waiting".to_owned(), true))));
        assert_eq!(read.to_string(), "queue/billing?window=30m&sort=-waiting");
        let read = ViewLocator::parse("callback?queue=caf%C3%A9%20%26%20bar").unwrap();
        assert_eq!(read.location.page, Page::Worklist);
        assert_eq!(read.location.slice.get(Dim::Queue).unwrap().as_str(), "café & bar");
        assert_eq!(read.to_string(), "callback?queue=caf%C3%A9%20%26%20bar");
        let read = ViewLocator::parse("contacts?from=2026-03-02T09:30:00Z&to=2026-03-02T10:00:00Z").unwrap();
        assert_eq!(ViewLocator::parse(&read.to_string()), Ok(read));
        let read = ViewLocator::parse("alerts?panel=held&row=17").unwrap();
        assert_eq!((read.location.focus, read.row.unwrap().as_str()), (Panel::Held, "17"));
    }

    #[test]
    fn what_is_wrong_is_named_with_the_remedy() {
        assert_eq!(error("qeue/billing"), "no page is called `qeue`; did you mean `queue`?");
        assert_eq!(error("queue/billing?windw=30m"), "`windw` is no part of a view; did you mean `window`?");
        assert!(error("queue/a?window=2h").contains("no window is called `2h`; there is `15m`, "));
        assert_eq!(error("queue/"), "the queue is missing: write queue/NAME");
        assert_eq!(error("agent"), "the agent is missing: write agent/NAME");
        assert_eq!(error("intents/refund"), "`intents` is about no one thing: write intents without `/`");
        assert_eq!(error("alerts?queue=a"), "`alerts` is about the whole floor: leave out `queue`");
        assert_eq!(error("queue/a?window=1h&window=15m"), "`window` is given twice: leave one out");
        assert_eq!(error("queue/a?sort"), "`sort` has no value: write sort=VALUE");
        assert!(error("queue/100%").contains("write % itself as %25"));
        assert!(error("queue/%ff").contains("no UTF-8"));
        assert!(error("contacts?from=9:30").contains("write from=2026-03-02T09:30:00Z"));
        assert_eq!(error("contacts?to=2026-03-02T09:30:00Z"), "give both `from` and `to`, the earlier time first");
        assert!(error("queue/a?panel=rail").contains("no panel of this page is called `rail`"));
        assert!(error(&"x".repeat(5_000)).contains("at most 1024"));
    }

    proptest! {
        #[test]
        fn whatever_is_shown_is_read_again(
            page in prop::sample::select(Page::ALL.to_vec()),
            (name, other, filter) in ("\\PC{1,20}", "\\PC{0,20}", "\\PC{0,20}"),
            window in prop::option::of(prop::sample::select(Window::ALL.to_vec())),
            sort in prop::option::of(("[a-z_]{1,9}", any::<bool>())),
        ) {
            let name = Label::new(&name);
            prop_assume!(!name.is_empty());
            let slice = match page.subject() {
                Some(dim) => Slice::of(dim, name.clone()).and(Dim::Intent, Label::new(&other)),
                None if page.is_of_floor() => Slice::TOTAL,
                None => Slice::of(Dim::Team, name.clone()),
            };
            let locator = ViewLocator { window, filter, sort, ..ViewLocator::of(Location::new(page, slice)).row(name) };
            prop_assert_eq!(ViewLocator::parse(&locator.to_string()), Ok(locator));
        }

        #[test]
        fn no_text_is_too_strange_to_be_refused(text in ".{0,60}") {
            let _ = ViewLocator::parse(&text);
        }
    }
}
