//! Going to a view that is named: by a locator on the command line, or by what is chosen at the `:` prompt.

use crate::kpi::Slice;
use crate::text::suggest::suggestion;
use crate::ui::locator::{LocatorError, ViewLocator};
use crate::ui::state::{Location, Page, Ui};
use crate::ui::trends::TrendChoice;
use crate::ui::view;

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
