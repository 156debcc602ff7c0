//! What the screen is showing: pages, drill trail, selections, overlays. Plain values; `update` changes them.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::alert::{Actor, AlertCommand, Episode, State};
use crate::board::Board;
use crate::floor::handle::{ContactFilter, ReplayCommand};
use crate::kpi::{CORE, Dim, Formula, KpiId, Slice, Window};
use crate::text::Label;
use crate::ui::prompt::Prompt;
use crate::ui::theme::{Palette, Tone};

/// A page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Page {
    Overview,
    Queue,
    Intents,
    Agents,
    Alerts,
    Contacts,
}

impl Page {
    /// The pages that have a number key.
    pub const NUMBERED: [Self; 5] = [Self::Overview, Self::Queue, Self::Intents, Self::Agents, Self::Alerts];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Queue => "Queue",
            Self::Intents => "Intents",
            Self::Agents => "Agents",
            Self::Alerts => "Alerts",
            Self::Contacts => "Contacts",
        }
    }

    /// Its panels that take keys, in the order of Tab.
    #[must_use]
    pub const fn panels(self) -> &'static [Panel] {
        match self {
            Self::Overview => &[Panel::Queues, Panel::Rail, Panel::Tiles],
            Self::Queue => &[Panel::QueueIntents, Panel::Serving, Panel::Waiting, Panel::Tiles],
            Self::Intents => &[Panel::Intents],
            Self::Agents => &[Panel::Agents],
            Self::Alerts => &[Panel::Active, Panel::Held, Panel::Past],
            Self::Contacts => &[Panel::Contacts],
        }
    }
}

/// A part of a page that takes keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Panel {
    Tiles,
    Queues,
    Rail,
    Waiting,
    Serving,
    QueueIntents,
    Intents,
    Agents,
    Active,
    Held,
    Past,
    Contacts,
}

/// One step of the drill trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The page.
    pub page: Page,
    /// What it is about.
    pub slice: Slice,
    /// Which contacts, on the page of contacts.
    pub only: ContactFilter,
    /// The panel that has the keys.
    pub focus: Panel,
}

impl Location {
    /// A page about a slice.
    #[must_use]
    pub fn new(page: Page, slice: Slice) -> Self {
        let focus = page.panels().first().copied().unwrap_or(Panel::Queues);
        Self { page, slice, only: ContactFilter::All, focus }
    }
}

/// A list on the screen.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// The rows of its grid, as shown.
    pub order: Vec<u32>,
    /// What they are.
    pub ids: Vec<Label>,
    /// The selected one; it stays selected wherever it moves.
    pub selected: Option<Label>,
    /// The selected column.
    pub column: usize,
    /// The column sorted by, and whether from the top; none: worst first.
    pub sort: Option<(usize, bool)>,
    /// A hash of what the order was made of: it is made anew only where that changed.
    pub made_of: u64,
}

impl List {
    /// Where the selected row is; the first where it has gone.
    #[must_use]
    pub fn position(&self) -> Option<usize> {
        if self.ids.is_empty() {
            return None;
        }
        let selected = self.selected.as_ref();
        Some(selected.and_then(|id| self.ids.iter().position(|other| other == id)).unwrap_or(0))
    }

    /// What the selected row is.
    #[must_use]
    pub fn current(&self) -> Option<&Label> {
        self.ids.get(self.position()?)
    }

    /// Select the row `by` rows further.
    pub fn walk(&mut self, by: isize) {
        if let Some(at) = self.position() {
            let to = at.saturating_add_signed(by).min(self.ids.len().saturating_sub(1));
            self.selected = self.ids.get(to).cloned();
        }
    }
}

/// What lies over a page.
#[derive(Clone, Debug, PartialEq)]
pub enum Overlay {
    /// All keys; and how far down one has read.
    Help(u16),
    /// The sources; and how far down one has read.
    Sources(u16),
    /// What a figure means.
    Figure {
        /// Which.
        kpi: KpiId,
        /// Of what.
        slice: Slice,
        /// Over which time.
        window: Window,
    },
    /// Why it is red.
    Why {
        /// Which figure.
        kpi: KpiId,
        /// Of what.
        slice: Slice,
        /// Over which time.
        window: Window,
        /// The alert, where it is about one.
        episode: Option<u64>,
    },
    /// How long to be quiet about an episode.
    Snooze(u64),
}

/// A word at the foot of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// The words.
    pub text: String,
    /// What kind.
    pub tone: Tone,
    /// For how many more seconds.
    pub seconds: u8,
}

/// Something to be done outside the screen's state.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Leave.
    Quit,
    /// Back to the shell for a while.
    Suspend,
    /// Draw the whole screen anew.
    Redraw,
    /// Have these done about episodes.
    Tell(Vec<AlertCommand>),
    /// Steer a replay.
    Steer(ReplayCommand),
    /// Write what is seen to files.
    Export,
    /// Capture the mouse, or let it go.
    Mouse(bool),
}

/// What the screen is showing.
#[derive(Debug)]
pub struct Ui {
    /// The drill trail; the last is on the screen.
    pub trail: Vec<Location>,
    /// The lists.
    pub lists: FxHashMap<Panel, List>,
    /// The selected tile.
    pub tile: usize,
    /// What rows must hold.
    pub filter: String,
    /// The window of time.
    pub window: Window,
    /// The service-level formula, where not the configured one.
    pub formula: Option<Formula>,
    /// The palette.
    pub palette: Palette,
    /// Whether the mouse is captured.
    pub mouse: bool,
    /// The board that is held still.
    pub frozen: Option<Arc<Board>>,
    /// What lies over the page.
    pub overlay: Option<Overlay>,
    /// What is being typed.
    pub prompt: Option<Prompt>,
    /// A word at the foot.
    pub toast: Option<Toast>,
    /// Who sits here.
    pub who: Actor,
    /// For how many seconds no board has come.
    pub silent: u64,
}

impl Ui {
    /// The overview.
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
            mouse,
            frozen: None,
            overlay: None,
            prompt: None,
            toast: None,
            who,
            silent: 0,
        }
    }

    /// Where one is.
    #[must_use]
    pub fn location(&self) -> Location {
        self.trail.last().cloned().unwrap_or_else(|| Location::new(Page::Overview, Slice::TOTAL))
    }

    /// The panel that has the keys.
    #[must_use]
    pub fn focus(&self) -> Panel {
        self.trail.last().map_or(Panel::Queues, |location| location.focus)
    }

    /// The page.
    #[must_use]
    pub fn page(&self) -> Page {
        self.trail.last().map_or(Page::Overview, |location| location.page)
    }

    /// What the page is about.
    #[must_use]
    pub fn slice(&self) -> &Slice {
        static TOTAL: Slice = Slice::TOTAL;
        self.trail.last().map_or(&TOTAL, |location| &location.slice)
    }

    /// The tiles of the page.
    #[must_use]
    pub fn tiles(&self) -> &'static [KpiId] {
        if self.page() == Page::Queue {
            &[
                KpiId::ServiceLevel,
                KpiId::AbandonmentRate,
                KpiId::Asa,
                KpiId::Aht,
                KpiId::Fcr,
                KpiId::Csat,
                KpiId::RepeatRate,
                KpiId::TransferRate,
            ]
        } else {
            &CORE
        }
    }

    /// The episode that the alert keys are about: the selected one, or else the worst that nobody has taken:
    /// of the queue at hand, if it has one, else of the floor.
    #[must_use]
    pub fn episode<'a>(&self, board: &'a Board) -> Option<&'a Episode> {
        let panel = self.focus();
        if matches!(panel, Panel::Rail | Panel::Active | Panel::Held) {
            let id: Option<u64> =
                self.lists.get(&panel).and_then(List::current).and_then(|id| id.as_str().parse().ok());
            if let Some(episode) = id.and_then(|id| board.alerts.iter().find(|episode| episode.id == id)) {
                return Some(episode);
            }
        }
        let untaken = |episode: &&Episode| episode.state == State::Firing && episode.inhibited_by.is_none();
        let here = self.queue_here();
        let of_here = |episode: &&Episode| here.is_some() && episode.slice.get(Dim::Queue) == here;
        let untaken_here = board.alerts.iter().filter(untaken).find(of_here);
        untaken_here.or_else(|| board.alerts.iter().find(untaken))
    }

    /// The queue under the cursor, or the one that the page is about.
    fn queue_here(&self) -> Option<&Label> {
        let selected = self.lists.get(&Panel::Queues).filter(|_| self.focus() == Panel::Queues).and_then(List::current);
        selected.or_else(|| self.slice().get(Dim::Queue))
    }

    /// Say a word at the foot of the screen.
    pub fn say(&mut self, text: impl Into<String>, tone: Tone) {
        self.toast = Some(Toast { text: text.into(), tone, seconds: 6 });
    }

    /// Go to a page that has a number key. A page about one queue takes the queue that is selected, or the first.
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
        self.fresh();
    }

    /// Go in.
    pub fn drill(&mut self, location: Location) {
        self.filter.clear();
        self.trail.push(location);
        self.fresh();
    }

    /// Lists that another slice now fills begin at the top; those of the overview keep their place.
    pub fn fresh(&mut self) {
        for panel in self.page().panels() {
            let kept = matches!(panel, Panel::Queues | Panel::Rail | Panel::Active | Panel::Held | Panel::Past);
            if let (false, Some(list)) = (kept, self.lists.get_mut(panel)) {
                *list = List { column: list.column, sort: list.sort, ..List::default() };
            }
        }
    }
}
