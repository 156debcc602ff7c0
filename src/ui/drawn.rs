//! Where a frame drew what. Drawing returns it, and the loop keeps it for the next key, click and frame.

use ratatui::layout::{Position, Rect};
use rustc_hash::FxHashMap;

use crate::ui::state::{Page, Panel};

/// What a click on an area of the screen refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClickTarget {
    /// A panel's list: the wheel scrolls it, a click focuses it.
    List(Panel),
    /// A row of a list, by its index in the list's order.
    Row(Panel, usize),
    /// The heading of a column, by the column's index.
    Column(Panel, usize),
    /// A tile, by its index on the page.
    Tile(usize),
    /// The tab of a page.
    Tab(Page),
    /// A step of the drill trail, by its index.
    Step(usize),
    /// A step of the charts, by its index.
    Moment(usize),
    /// The state of the sources.
    Sources,
    /// The box that lies over the page.
    Overlay,
}

/// The result of drawing one frame.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// Where the terminal's cursor belongs: at the text input, or at the selected row for screen readers.
    pub cursor: Option<Position>,
    /// The first row shown of each list. Lists that this frame does not show keep the value of the frame before.
    pub offsets: FxHashMap<Panel, usize>,
    /// How many rows of the focused list are visible: the distance of Page Up and Page Down.
    pub page_rows: u16,
    /// How many queues the first page of the kiosk shows, and whether more are wrong.
    pub kiosk_queues: usize,
    /// See `kiosk_queues`.
    pub kiosk_more: bool,
    /// The columns and rows of the screen.
    pub size: (u16, u16),
    /// How many charts the page of trends shows.
    pub charts: usize,
    /// The items of the worklist, each with its version: a command is about what was seen.
    pub items: Vec<(u64, u32)>,
    areas: Vec<(Rect, ClickTarget)>,
}

impl Default for Drawn {
    fn default() -> Self {
        Self {
            cursor: None,
            offsets: FxHashMap::default(),
            page_rows: 10,
            kiosk_queues: 0,
            kiosk_more: false,
            size: (0, 0),
            charts: 1,
            items: Vec::new(),
            areas: Vec::new(),
        }
    }
}

impl Drawn {
    /// The start of the next frame: scroll positions are kept, areas and cursor are drawn anew.
    #[must_use]
    pub fn next_frame(&self) -> Self {
        Self { cursor: None, areas: Vec::new(), items: Vec::new(), offsets: self.offsets.clone(), ..*self }
    }

    /// Record what lies at `area`. Where areas overlap the one recorded last counts.
    pub fn note(&mut self, area: Rect, target: ClickTarget) {
        if !area.is_empty() {
            self.areas.push((area, target));
        }
    }

    /// The tiles of the frame, in the order in which they were drawn.
    #[must_use]
    pub fn tiles(&self) -> Vec<usize> {
        let tile = |(_, target): &(Rect, ClickTarget)| match target {
            ClickTarget::Tile(tile) => Some(*tile),
            _ => None,
        };
        self.areas.iter().filter_map(tile).collect()
    }

    /// What lies at a column and row of the screen.
    #[must_use]
    pub fn at(&self, x: u16, y: u16) -> Option<ClickTarget> {
        self.areas.iter().rev().find(|(area, _)| area.contains(Position::new(x, y))).map(|(_, target)| *target)
    }
}
