//! Going to a view that is named: by a locator on the command line, by what is chosen at the `:` prompt, or as a saved view.

use crate::kpi::Slice;
use crate::language::text;
use crate::text::Label;
use crate::text::suggest::suggestion;
use crate::ui::locator::{LocatorError, ViewLocator};
use crate::ui::prompt;
use crate::ui::state::{Effect, Location, Page, Ui};
use crate::ui::theme::Tone;
use crate::ui::trends::TrendChoice;
use crate::ui::view;
use crate::ui::views::{SavedViews, ViewsChange};

/// Read a locator whose column its page has.
///
/// # Errors
/// As for [`ViewLocator::parse`], and where the focused list has no such column.
pub fn read(text: &str) -> Result<ViewLocator, LocatorError> {
    let locator = ViewLocator::parse(text)?;
    if let Some((column, _)) = &locator.sort {
        let heads = view::heads(locator.location.focus);
        if !heads.iter().any(|head| head.key == *column) {
            let words = suggestion(column, heads.iter().map(|head| head.key));
            return Err(LocatorError(format!("no column of this list is called `{column}`{words}")));
        }
    }
    Ok(locator)
}

impl Ui {
    /// The locator of what the screen shows.
    #[must_use]
    pub fn locator(&self) -> ViewLocator {
        let location = self.location();
        let list = self.lists.get(&location.focus);
        let heads = view::heads(location.focus);
        let sort = list.and_then(|list| list.sort);
        let key = |(column, descending): (usize, bool)| Some((heads.get(column)?.key.to_owned(), descending));
        ViewLocator {
            sort: sort.and_then(key),
            row: list.and_then(|list| list.selected.clone()),
            window: Some(if location.page == Page::Trends { self.trends.range } else { self.window }),
            formula: self.formula,
            filter: self.filter.clone(),
            location,
        }
    }

    /// Show what a locator says.
    pub fn go(&mut self, locator: ViewLocator) {
        let ViewLocator { location, window, formula, filter, sort, row } = locator;
        let (page, focus) = (location.page, location.focus);
        self.overlay = None;
        if page == Page::Trends {
            self.trends = window.map_or(self.trends, TrendChoice::over);
        } else {
            self.window = window.unwrap_or(self.window);
        }
        self.formula = formula.or(self.formula);
        self.filter = filter;
        self.trail.truncate(1);
        if page == Page::Overview {
            self.trail = vec![location];
        } else {
            self.trail.extend(page.parent().map(|page| Location::new(page, Slice::TOTAL)));
            self.trail.push(location);
        }
        self.reset_lists();
        let list = self.lists.entry(focus).or_default();
        if let Some((key, descending)) = sort
            && let Some(column) = view::heads(focus).iter().position(|head| head.key == key)
        {
            (list.column, list.sort) = (column, Some((column, descending)));
        }
        list.selected = row;
    }
}

impl Ui {
    /// Save what the screen shows under a name. A name that is a command or a page would never be found again.
    pub(super) fn save_view(&mut self, name: &str) -> Option<Effect> {
        let name = Label::new(name);
        let is_taken = prompt::is_command(name.as_str()) || Page::ALL.iter().any(|page| page.key() == name.as_str());
        if name.is_empty() || is_taken || name.as_str().contains(['/', '?']) {
            self.show_toast(text!("views-name", name = name), Tone::Warning);
            return None;
        }
        let line = self.locator().to_string();
        self.show_toast(text!("views-saved", name = name), Tone::Good);
        Some(Effect::Views(ViewsChange::Save(name.to_string(), line)))
    }

    /// Open the saved view of a name; returns whether there is one.
    pub(super) fn open_view(&mut self, name: &str) -> bool {
        let Some(line) = self.views.get(name) else { return false };
        match read(line) {
            Ok(locator) => self.go(locator),
            Err(error) => self.show_toast(error.to_string(), Tone::Warning),
        }
        true
    }

    /// Forget the saved view of a name.
    pub(super) fn forget_view(&mut self, name: &str) -> Option<Effect> {
        if !self.views.contains_key(name) {
            self.show_toast(text!("views-unknown", name = Label::new(name)), Tone::Warning);
            return None;
        }
        self.show_toast(text!("views-forgotten", name = Label::new(name)), Tone::Good);
        Some(Effect::Views(ViewsChange::Forget(name.to_owned())))
    }

    /// Take the saved views as they were read.
    pub(super) fn take_views(&mut self, read: Result<SavedViews, String>) {
        match read {
            Ok(views) => self.views = views,
            Err(words) => self.show_toast(words, Tone::Warning),
        }
    }
}
