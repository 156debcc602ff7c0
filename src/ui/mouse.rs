//! Handles mouse clicks and the wheel by what the last frame drew at their position.

use std::sync::Arc;

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use crate::board::Board;
use crate::ui::drawn::{ClickTarget, Drawn};
use crate::ui::state::{Overlay, Panel, Ui};

/// How many rows one notch of the wheel scrolls.
const WHEEL_ROWS: i16 = 3;

impl Ui {
    /// Handle a click or a turn of the wheel.
    pub fn mouse(&mut self, event: &MouseEvent, board: &Arc<Board>, drawn: &Drawn) {
        let target = drawn.at(event.column, event.row);
        match event.kind {
            MouseEventKind::ScrollUp => self.wheel(target, -WHEEL_ROWS),
            MouseEventKind::ScrollDown => self.wheel(target, WHEEL_ROWS),
            // A click doesn't discard what is being typed.
            MouseEventKind::Down(MouseButton::Left) if self.prompt.is_none() => {
                self.toast = None;
                if let Some(target) = target {
                    self.click(target, board);
                }
            }
            _ => {}
        }
    }

    fn wheel(&mut self, target: Option<ClickTarget>, by: i16) {
        if let Some(Overlay::Help(down) | Overlay::Sources(down)) = &mut self.overlay {
            *down = down.saturating_add_signed(by);
            return;
        }
        let Some(ClickTarget::List(panel) | ClickTarget::Row(panel, _) | ClickTarget::Column(panel, _)) = target else {
            return;
        };
        if let Some(list) = self.lists.get_mut(&panel) {
            list.move_selection(isize::from(by));
        }
    }

    fn click(&mut self, target: ClickTarget, board: &Arc<Board>) {
        match target {
            ClickTarget::Overlay => self.overlay = None,
            ClickTarget::Sources => self.overlay = Some(Overlay::Sources(0)),
            ClickTarget::Tab(page) => self.open(page),
            ClickTarget::Step(step) => {
                self.overlay = None;
                if step + 1 < self.trail.len() {
                    self.filter.clear();
                    self.trail.truncate(step + 1);
                    self.reset_lists();
                }
            }
            ClickTarget::Tile(tile) => {
                let again = self.focus() == Panel::Tiles && self.tile == tile;
                self.give_focus(Panel::Tiles);
                self.tile = tile;
                if again {
                    self.enter(board);
                }
            }
            ClickTarget::Moment(step) => {
                let axis = self.trend_axis(board);
                let again = self.trends.moment.is_some_and(|moment| axis.place(moment) == step);
                self.trends.moment = Some(axis.step(step).start);
                if again {
                    self.open_moment(board);
                }
            }
            ClickTarget::List(panel) => self.give_focus(panel),
            ClickTarget::Column(panel, column) => {
                self.give_focus(panel);
                self.lists.entry(panel).or_default().column = column;
                self.sort();
            }
            ClickTarget::Row(panel, row) => {
                let again = self.focus() == panel;
                self.give_focus(panel);
                let list = self.lists.entry(panel).or_default();
                if again && list.position() == Some(row) {
                    self.enter(board);
                } else {
                    list.selected = list.id_at(row).cloned().or(list.selected.take());
                }
            }
        }
    }

    fn give_focus(&mut self, panel: Panel) {
        if let Some(location) = self.trail.last_mut() {
            location.focus = panel;
        }
    }
}
