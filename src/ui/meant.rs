//! What the keys mean: the alert, and the figure, of what is selected.

use crate::alert::{self, Episode, State};
use crate::board::Board;
use crate::kpi::{Dim, KpiId};
use crate::text::Label;
use crate::ui::state::{List, Overlay, Panel, TILES, Ui};
use crate::ui::view;

impl Ui {
    /// The episode that the alert keys refer to: the one that a box explains, or the selected one, or else the most
    /// urgent new one: of the queue at hand if it has one, first that about the selected figure, else of the floor.
    #[must_use]
    pub fn episode<'a>(&self, board: &'a Board) -> Option<&'a Episode> {
        if let Some(Overlay::Why { episode: Some(id), .. }) = &self.overlay
            && let Some(episode) = board.alerts.iter().find(|episode| episode.id == *id)
        {
            return Some(episode);
        }
        let panel = self.focus();
        if matches!(panel, Panel::Rail | Panel::Active | Panel::Held) {
            let id: Option<u64> =
                self.lists.get(&panel).and_then(List::current).and_then(|id| id.as_str().parse().ok());
            if let Some(episode) = id.and_then(|id| board.alerts.iter().find(|episode| episode.id == id)) {
                return Some(episode);
            }
        }
        let is_new = |episode: &&Episode| episode.state == State::Firing && episode.inhibited_by.is_none();
        let here = self.queue_here();
        let of_here = |episode: &&Episode| here.is_some() && episode.slice.get(Dim::Queue) == here;
        let new_here = || board.alerts.iter().filter(is_new).filter(of_here);
        let chosen = self.chosen_kpi();
        let of_chosen = new_here().find(|episode| chosen.is_some() && episode.kpi == chosen);
        of_chosen.or_else(|| new_here().next()).or_else(|| board.alerts.iter().find(is_new))
    }

    /// The KPI of the selected tile or column; `None` where it shows none.
    #[must_use]
    pub fn chosen_kpi(&self) -> Option<KpiId> {
        let focus = self.focus();
        if focus == Panel::Tiles {
            return TILES.get(self.tile).copied();
        }
        let column = self.lists.get(&focus).map_or(0, |list| list.column);
        view::heads(focus).get(column).and_then(|column| column.kpi)
    }

    /// The episodes that one key acknowledges together: that of [`Ui::episode`], and the new ones of the same queue or
    /// source.
    #[must_use]
    pub fn taken_together<'a>(&self, board: &'a Board) -> Vec<&'a Episode> {
        let Some(episode) = self.episode(board) else { return Vec::new() };
        let group = alert::related(&board.alerts, episode);
        let is_new = |other: &&Episode| group.contains(&other.id) && other.state == State::Firing;
        board.alerts.iter().filter(|other| other.id == episode.id || is_new(other)).collect()
    }

    /// The episode that a note or a snooze is about: the one just acknowledged, or else that of [`Ui::episode`].
    #[must_use]
    pub fn meant<'a>(&self, board: &'a Board) -> Option<&'a Episode> {
        let taken = self.taken.and_then(|taken| board.alerts.iter().find(|episode| episode.id == taken.episode));
        taken.or_else(|| self.episode(board))
    }

    /// The queue under the cursor, or the one that the page is about.
    fn queue_here(&self) -> Option<&Label> {
        let selected = self.lists.get(&Panel::Queues).filter(|_| self.focus() == Panel::Queues).and_then(List::current);
        selected.or_else(|| self.slice().get(Dim::Queue))
    }
}
