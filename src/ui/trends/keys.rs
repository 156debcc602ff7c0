//! The keys of the page of trends: the arrows move the cursor and choose the queue, the others choose what is shown.

use crate::board::Board;
use crate::kpi::{Dim, Every, Period, Slice};
use crate::language::text;
use crate::text::Label;
use crate::ui::action::Action;
use crate::ui::drawn::Drawn;
use crate::ui::state::{Effect, Elsewhere, Location, Page, Panel, Ui};
use crate::ui::theme::Tone;
use crate::ui::trends::Axis;

/// The id of the row of the slice that the page was opened for; other rows have the letter of a dimension and a value, and
/// that of the whole floor has none.
const OWN: &str = "=";

/// The id of the row of a slice in the list of slices.
#[must_use]
pub fn slice_id(slice: &Slice) -> Label {
    let parts: Vec<_> = slice.parts().collect();
    match parts.as_slice() {
        [] => Label::default(),
        [(Dim::Queue, queue)] => queue_id(queue),
        [(Dim::Intent, intent)] => intent_id(intent),
        _ => Label::fixed(OWN),
    }
}

/// The id of a queue's slice.
#[must_use]
pub fn queue_id(queue: &Label) -> Label {
    Label::new(&format!("q{queue}"))
}

/// The id of an intent's slice.
#[must_use]
pub fn intent_id(intent: &Label) -> Label {
    Label::new(&format!("i{intent}"))
}

impl Ui {
    /// The slice that the charts are about: the selected one.
    #[must_use]
    pub fn trend_slice(&self) -> Slice {
        let own = || self.slice().clone();
        let Some(id) = self.lists.get(&Panel::TrendSlices).and_then(|list| list.current()) else { return own() };
        match id.as_str().split_at_checked(1) {
            None => Slice::TOTAL,
            Some(("q", value)) => Slice::of(Dim::Queue, Label::new(value)),
            Some(("i", value)) => Slice::of(Dim::Intent, Label::new(value)),
            Some(_) => own(),
        }
    }

    /// The length of the steps of the charts.
    #[must_use]
    pub const fn trend_every(&self) -> Every {
        self.trends.every(self.size.0)
    }

    /// The steps of the charts.
    #[must_use]
    pub fn trend_axis(&self, board: &Board) -> Axis {
        Axis::new(self.trends.range, self.trend_every(), board.at, &board.calendar)
    }

    /// Do what a key does on the page of trends in another way than elsewhere.
    ///
    /// # Errors
    /// [`Elsewhere`] where it does the same.
    pub(in crate::ui) fn act_on_trends(
        &mut self,
        action: Action,
        board: &Board,
        drawn: &Drawn,
    ) -> Result<Option<Effect>, Elsewhere> {
        if self.page() != Page::Trends || self.overlay.is_some() {
            return Err(Elsewhere);
        }
        let page = isize::try_from(drawn.page_rows).unwrap_or(10);
        match action {
            Action::Left => self.step_moment(-1, board),
            Action::Right => self.step_moment(1, board),
            Action::First => self.trends.moment = self.trend_axis(board).starts.first().copied(),
            Action::Last => self.trends.moment = None,
            Action::Up => self.step_slice(-1),
            Action::Down => self.step_slice(1),
            Action::PageUp => self.step_slice(-page),
            Action::PageDown => self.step_slice(page),
            Action::NextPanel => self.trends.step_figures(true, drawn.charts),
            Action::PreviousPanel => self.trends.step_figures(false, drawn.charts),
            Action::Window => self.trends.step_range(true),
            Action::WindowBack => self.trends.step_range(false),
            Action::Compare => self.trends.comparison = self.trends.comparison.next(self.trends.range),
            Action::Enter => self.open_moment(board),
            // Right after an alert was acknowledged, a note is about that.
            Action::Note if self.taken.is_none() => self.begin_annotation(board),
            Action::Undo if self.taken.is_none() => return Ok(self.remove_annotation(board)),
            Action::Back if self.filter.is_empty() && self.trends.moment.is_some() => self.trends.moment = None,
            Action::Sort => self.show_toast(text!("toast-trends-sorted"), Tone::Muted),
            _ => return Err(Elsewhere),
        }
        Ok(None)
    }

    /// Open the page, about the queue and intent of the page at hand.
    pub(in crate::ui) fn open_trends(&mut self) {
        let here = self.slice().parts().filter(|(dim, _)| matches!(dim, Dim::Queue | Dim::Intent));
        let of = here.fold(Slice::TOTAL, |of, (dim, value)| of.and(*dim, value.clone()));
        self.open(Page::Trends);
        if let Some(location) = self.trail.last_mut() {
            location.slice = of;
        }
    }

    fn step_moment(&mut self, by: isize, board: &Board) {
        let axis = self.trend_axis(board);
        let to = axis.place(self.trends.moment.unwrap_or(board.at)).saturating_add_signed(by);
        self.trends.moment = axis.starts.get(to.min(axis.starts.len().saturating_sub(1))).copied();
    }

    fn step_slice(&mut self, by: isize) {
        self.lists.entry(Panel::TrendSlices).or_default().move_selection(by);
    }

    /// Open the contacts of the step under the cursor.
    pub(in crate::ui) fn open_moment(&mut self, board: &Board) {
        let axis = self.trend_axis(board);
        let step = axis.step(axis.place(self.trends.moment.unwrap_or(board.at)));
        let over = Some(Period::Range(step.start, step.end));
        self.drill(Location { over, ..Location::new(Page::Contacts, self.trend_slice()) });
    }
}
