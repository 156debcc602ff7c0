//! The mouse: views note what lies where while they draw, and clicks and the wheel look it up.

use std::sync::Arc;

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use crate::board::Board;
use crate::ui::state::{Overlay, Page, Panel, Ui};

/// What a stretch of the screen stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A panel's list: the wheel turns it, a click gives it the keys.
    List(Panel),
    /// A row of a list, by its place in the list's order.
    Row(Panel, usize),
    /// The head of a column.
    Column(Panel, usize),
    /// A tile.
    Tile(usize),
    /// The tab of a page.
    Tab(Page),
    /// A step of the trail.
    Step(usize),
    /// How the sources do.
    Sources,
    /// A box that lies over the page.
    Overlay,
}

/// The stretches of one frame; where they overlap the one noted last counts.
#[derive(Clone, Debug, Default)]
pub struct Areas(Vec<(Rect, Target)>);

impl Areas {
    /// A new frame, or something that covers it all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Note what lies at `area`.
    pub fn note(&mut self, area: Rect, target: Target) {
        if !area.is_empty() {
            self.0.push((area, target));
        }
    }

    /// What lies at a cell.
    #[must_use]
    pub fn at(&self, x: u16, y: u16) -> Option<Target> {
        self.0.iter().rev().find(|(area, _)| area.contains(Position::new(x, y))).map(|(_, target)| *target)
    }
}

/// How far one notch of the wheel goes.
const NOTCH: i16 = 3;

impl Ui {
    /// Take a click or a turn of the wheel.
    pub fn mouse(&mut self, event: &MouseEvent, board: &Arc<Board>) {
        let target = self.areas.borrow().at(event.column, event.row);
        match event.kind {
            MouseEventKind::ScrollUp => self.wheel(target, -NOTCH),
            MouseEventKind::ScrollDown => self.wheel(target, NOTCH),
            // What is being typed is not thrown away by a click.
            MouseEventKind::Down(MouseButton::Left) if self.prompt.is_none() => {
                self.toast = None;
                if let Some(target) = target {
                    self.click(target, board);
                }
            }
            _ => {}
        }
    }

    fn wheel(&mut self, target: Option<Target>, by: i16) {
        if let Some(Overlay::Help(down) | Overlay::Sources(down)) = &mut self.overlay {
            *down = down.saturating_add_signed(by);
            return;
        }
        let Some(Target::List(panel) | Target::Row(panel, _) | Target::Column(panel, _)) = target else { return };
        if let Some(list) = self.lists.get_mut(&panel) {
            list.walk(isize::from(by));
        }
    }

    fn click(&mut self, target: Target, board: &Arc<Board>) {
        match target {
            Target::Overlay => self.overlay = None,
            Target::Sources => self.overlay = Some(Overlay::Sources(0)),
            Target::Tab(page) => self.open(page),
            Target::Step(step) => {
                self.overlay = None;
                if step + 1 < self.trail.len() {
                    self.filter.clear();
                    self.trail.truncate(step + 1);
                    self.fresh();
                }
            }
            Target::Tile(tile) => {
                let again = self.focus() == Panel::Tiles && self.tile == tile;
                self.give_focus(Panel::Tiles);
                self.tile = tile;
                if again {
                    self.enter(board);
                }
            }
            Target::List(panel) => self.give_focus(panel),
            Target::Column(panel, column) => {
                self.give_focus(panel);
                self.lists.entry(panel).or_default().column = column;
                self.sort();
            }
            Target::Row(panel, row) => {
                let again = self.focus() == panel;
                self.give_focus(panel);
                let list = self.lists.entry(panel).or_default();
                if again && list.position() == Some(row) {
                    self.enter(board);
                } else {
                    list.selected = list.ids.get(row).cloned().or(list.selected.take());
                }
            }
        }
    }

    fn give_focus(&mut self, panel: Panel) {
        if let Some(place) = self.trail.last_mut() {
            place.focus = panel;
        }
    }
}
