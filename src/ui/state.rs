//! The state of the screen: page, drill trail, selections, overlays. Plain values; `update` changes them.

use std::sync::Arc;

use crossterm::event::KeyEvent;
use rustc_hash::FxHashMap;

use crate::alert::Actor;
use crate::board::Board;
use crate::floor::FloorCommand;
use crate::floor::handle::ReplayCommand;
use crate::kpi::{Dim, Formula, KpiId, Period, Slice, Window};
use crate::text::{Label, Text};
use crate::ui::kept::Kept;
use crate::ui::kiosk::Kiosk;
pub use crate::ui::page::{Page, Panel};
use crate::ui::prompt::Prompt;
use crate::ui::theme::{Colours, Palette, Tone};
use crate::ui::trends::TrendChoice;
use crate::ui::views::{SavedViews, ViewsChange};
use crate::ui::worklist::WorkChoice;

/// The figures of the tiles: those of this minute, then those that move by the day and share a line until one of them is
/// past its limit.
pub const TILES: [KpiId; 13] = [
    KpiId::Waiting,
    KpiId::LongestWait,
    KpiId::ServiceLevel,
    KpiId::AbandonmentRate,
    KpiId::AgentsAvailable,
    KpiId::Asa,
    KpiId::Aht,
    KpiId::Fcr,
    KpiId::Csat,
    KpiId::Ces,
    KpiId::Nps,
    KpiId::RepeatRate,
    KpiId::TransferRate,
];
/// How many of the tiles are of this minute.
pub const LIVE_TILES: isize = 5;

/// One step of the drill trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The page.
    pub page: Page,
    /// The slice that the page is about.
    pub slice: Slice,
    /// The time of the contacts on their page; `None` for the window of the screen.
    pub over: Option<Period>,
    /// The panel that has the focus.
    pub focus: Panel,
}

impl Location {
    /// A page about a slice, with the focus on its first panel.
    #[must_use]
    pub fn new(page: Page, slice: Slice) -> Self {
        let focus = page.panels().first().copied().unwrap_or(Panel::Queues);
        Self { page, slice, over: None, focus }
    }
}

/// The order and the selection of a list.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// The indices of the rows of the grid, in the order shown.
    pub order: Vec<u32>,
    /// The ids of all rows of the grid, by index.
    pub ids: Arc<[Label]>,
    /// The id of the selected row; it stays selected when the row moves.
    pub selected: Option<Label>,
    /// The selected column.
    pub column: usize,
    /// The column that the list is sorted by, and whether the highest comes first. `None`: the worst first.
    pub sort: Option<(usize, bool)>,
    /// The KPI of the column that it is sorted by.
    pub kpi: Option<KpiId>,
    /// A hash of what the order depends on: the list is sorted again only when it changes.
    pub made_of: u64,
}

impl List {
    /// The position of the selected row, of the first row if the selected one is gone; `None` for an empty list.
    #[must_use]
    pub fn position(&self) -> Option<usize> {
        if self.order.is_empty() {
            return None;
        }
        let selected = self.selected.as_ref();
        Some(selected.and_then(|id| self.shown_ids().position(|other| other == id)).unwrap_or(0))
    }

    /// The ids of the rows in the order shown.
    pub fn shown_ids(&self) -> impl Iterator<Item = &Label> {
        self.order.iter().filter_map(|row| self.ids.get(*row as usize))
    }

    /// The id of the row at a position.
    #[must_use]
    pub fn id_at(&self, position: usize) -> Option<&Label> {
        self.ids.get(*self.order.get(position)? as usize)
    }

    /// The id of the selected row.
    #[must_use]
    pub fn current(&self) -> Option<&Label> {
        self.id_at(self.position()?)
    }

    /// Move the selection by `by` rows, at most to either end.
    pub fn move_selection(&mut self, by: isize) {
        if let Some(at) = self.position() {
            let to = at.saturating_add_signed(by).min(self.order.len().saturating_sub(1));
            self.selected = self.id_at(to).cloned();
        }
    }
}

/// A window over a page.
#[derive(Clone, Debug, PartialEq)]
pub enum Overlay {
    /// All keys; holds the number of lines scrolled.
    Help(u16),
    /// The sources; holds the number of lines scrolled.
    Sources(u16),
    /// What a figure means.
    Figure {
        /// The figure.
        kpi: KpiId,
        /// The slice it is about.
        slice: Slice,
        /// The window of time it is over.
        window: Window,
    },
    /// Why a figure is red.
    Why {
        /// The figure.
        kpi: KpiId,
        /// The slice it is about.
        slice: Slice,
        /// The window of time it is over.
        window: Window,
        /// The alert, if the overlay explains one.
        episode: Option<u64>,
    },
    /// The choice of how long to snooze an episode; holds its id.
    Snooze(u64),
    /// The choice of the word with which an item of a worklist is closed; holds its number.
    Done(u64),
}

/// A message at the foot of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// The message.
    pub text: String,
    /// The tone that it is drawn in.
    pub tone: Tone,
    /// For how many more seconds it is shown.
    pub seconds: u8,
}

/// The alert that was acknowledged last: for some seconds a note and a snooze mean it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The id of its episode.
    pub episode: u64,
    /// For how many more seconds it is meant.
    pub seconds: u8,
}

/// A task for the event loop that a key has caused.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Leave the program.
    Quit,
    /// Go back to the shell until `fg`.
    Suspend,
    /// Draw the whole screen again.
    Redraw,
    /// Carry out commands about alerts or items of a worklist.
    Execute(Vec<FloorCommand>),
    /// Control a replay.
    ControlReplay(ReplayCommand),
    /// Write the focused panel to files.
    Export,
    /// Write today's figures of every queue to files.
    ExportDay,
    /// Write the hand-over of the shift to files.
    HandOver,
    /// Put a text on the terminal's clipboard.
    Copy(String),
    /// Read the saved views, and change them.
    Views(ViewsChange),
    /// Capture the mouse, or release it.
    Mouse(bool),
}

/// A key does what it does on other pages.
pub(super) struct Elsewhere;

/// The state of the screen.
#[derive(Debug)]
pub struct Ui {
    /// The drill trail; its last location is on the screen.
    pub trail: Vec<Location>,
    /// The list of each panel that has been shown.
    pub lists: FxHashMap<Panel, List>,
    /// The index of the selected tile.
    pub tile: usize,
    /// The text that rows must contain; empty for all rows.
    pub filter: String,
    /// The window of time.
    pub window: Window,
    /// The service-level formula, if it isn't the configured one.
    pub formula: Option<Formula>,
    /// The palette.
    pub palette: Palette,
    /// The themes of the configuration by name.
    pub themes: Vec<(String, Colours)>,
    /// What is wrong with the configuration of this screen by now, or waits for a restart.
    pub remark: Option<Text>,
    /// Whether the mouse is captured.
    pub mouse: bool,
    /// The board that is shown while the screen is frozen.
    pub frozen: Option<Arc<Board>>,
    /// The window over the page.
    pub overlay: Option<Overlay>,
    /// The line that is being typed.
    pub prompt: Option<Prompt>,
    /// The message at the foot.
    pub toast: Option<Toast>,
    /// The alert that was acknowledged last.
    pub taken: Option<Taken>,
    /// A key that is handled once it turns out to have come alone.
    pub held: Option<KeyEvent>,
    /// The person recorded with acknowledgements.
    pub who: Actor,
    /// For how many seconds no board has arrived; 0 below 5 seconds.
    pub silent: u64,
    /// The bytes that the terminal was sent in the mean second.
    pub bytes_per_s: f64,
    /// Whether the hint of the first start is shown.
    pub hint: bool,
    /// Whether an export waits for the figures of all rows.
    pub exporting: bool,
    /// What the wall shows.
    pub kiosk: Kiosk,
    /// What the page of trends shows.
    pub trends: TrendChoice,
    /// What the page of the worklist shows.
    pub worklist: WorkChoice,
    /// The saved views, as of when a command was begun.
    pub views: SavedViews,
    /// The columns and rows of the screen as of the last frame.
    pub size: (u16, u16),
    /// What is kept of long lists between boards.
    pub kept: Kept,
}

impl Ui {
    /// The initial state: the overview of the whole floor.
    #[must_use]
    pub fn new(who: Actor, window: Window, formula: Option<Formula>, palette: Palette, mouse: bool) -> Self {
        Self {
            trail: vec![Location::new(Page::Overview, Slice::TOTAL)],
            lists: FxHashMap::default(),
            tile: 0,
            filter: String::new(),
            window,
            formula,
            palette,
            themes: Vec::new(),
            remark: None,
            mouse,
            frozen: None,
            overlay: None,
            prompt: None,
            toast: None,
            taken: None,
            held: None,
            who,
            silent: 0,
            bytes_per_s: 0.0,
            hint: false,
            exporting: false,
            kiosk: Kiosk::default(),
            trends: TrendChoice::default(),
            worklist: WorkChoice::default(),
            views: SavedViews::new(),
            size: (0, 0),
            kept: Kept::default(),
        }
    }

    /// The location on the screen.
    #[must_use]
    pub fn location(&self) -> Location {
        self.trail.last().cloned().unwrap_or_else(|| Location::new(Page::Overview, Slice::TOTAL))
    }

    /// The panel that has the focus.
    #[must_use]
    pub fn focus(&self) -> Panel {
        self.trail.last().map_or(Panel::Queues, |location| location.focus)
    }

    /// The page on the screen.
    #[must_use]
    pub fn page(&self) -> Page {
        self.trail.last().map_or(Page::Overview, |location| location.page)
    }

    /// The slice that the page is about.
    #[must_use]
    pub fn slice(&self) -> &Slice {
        static TOTAL: Slice = Slice::TOTAL;
        self.trail.last().map_or(&TOTAL, |location| &location.slice)
    }

    /// Show a message at the foot of the screen for 6 seconds.
    pub fn show_toast(&mut self, text: impl Into<String>, tone: Tone) {
        self.toast = Some(Toast { text: text.into(), tone, seconds: 6 });
    }

    /// Go to a page that has a number key. The page about one queue shows the queue at hand, or else the
    /// selected one, or else the total.
    pub fn open(&mut self, page: Page) {
        self.overlay = None;
        self.filter.clear();
        let queue = || self.lists.get(&Panel::Queues).and_then(List::current).cloned();
        let slice = match page {
            Page::Queue => {
                let here = self.slice().get(Dim::Queue).cloned();
                here.or_else(queue).map_or(Slice::TOTAL, |queue| Slice::of(Dim::Queue, queue))
            }
            _ => Slice::TOTAL,
        };
        self.trail.truncate(1);
        if page != Page::Overview {
            self.trail.push(Location::new(page, slice));
        }
        self.reset_lists();
    }

    /// Go one step further down the drill trail.
    pub fn drill(&mut self, location: Location) {
        self.overlay = None;
        self.filter.clear();
        self.trail.push(location);
        self.reset_lists();
    }

    /// Reset the lists that now show another slice; the lists of the overview and the alerts keep their selection.
    pub fn reset_lists(&mut self) {
        for panel in self.page().panels() {
            let kept = matches!(panel, Panel::Queues | Panel::Rail | Panel::Active | Panel::Held | Panel::Past);
            if let (false, Some(list)) = (kept, self.lists.get_mut(panel)) {
                *list = List { column: list.column, sort: list.sort, ..List::default() };
            }
        }
    }
}
