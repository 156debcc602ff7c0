//! Writing annotations and removing one's own: with a key on the page of trends, or at the `:` prompt anywhere.

use crate::annotation::{Annotation, AnnotationAction, AnnotationCommand, AnnotationDraft};
use crate::board::Board;
use crate::clock::Time;
use crate::floor::FloorCommand;
use crate::kpi::{Dim, Slice};
use crate::language::text;
use crate::text::Text;
use crate::ui::prompt::{Prompt, PromptKind};
use crate::ui::state::{Effect, Page, Ui};
use crate::ui::theme::Tone;

impl Ui {
    /// The annotations about the slice of the charts in a time, in the order written.
    pub fn annotations_in<'a>(&self, board: &'a Board, from: Time, to: Time) -> impl Iterator<Item = &'a Annotation> {
        let of = self.trend_slice();
        board.annotations.iter().filter(move |said| said.is_within(from, to) && said.concerns(&of))
    }

    /// Type an annotation of the step under the cursor, or of this moment.
    pub(in crate::ui) fn begin_annotation(&mut self, board: &Board) {
        let at = self.trends.moment.map(|moment| {
            let axis = self.trend_axis(board);
            axis.step(axis.place(moment)).start
        });
        self.prompt = Some(Prompt::new(PromptKind::Annotation(at.unwrap_or(board.at)), ""));
    }

    /// The command that writes an annotation about the queue and the intent of the page.
    pub(in crate::ui) fn annotate(&self, at: Time, until: Option<Time>, text: &str) -> Effect {
        let here = if self.page() == Page::Trends { self.trend_slice() } else { self.slice().clone() };
        let parts = here.parts().filter(|(dim, _)| matches!(dim, Dim::Queue | Dim::Intent));
        let of = parts.fold(Slice::TOTAL, |of, (dim, value)| of.and(*dim, value.clone()));
        self.about_annotation(AnnotationAction::Write(AnnotationDraft { of, at, until, text: Text::new(text) }))
    }

    /// The command that removes one's own annotation that was written last, of those of the step under the cursor or else
    /// of all that the page shows.
    pub(in crate::ui) fn remove_annotation(&mut self, board: &Board) -> Option<Effect> {
        let axis = self.trend_axis(board);
        let shown = match self.trends.moment {
            Some(moment) => axis.step(axis.place(moment)),
            None => axis.step(0).start..axis.end,
        };
        let own = self.annotations_in(board, shown.start, shown.end).filter(|said| said.who.name == self.who.name);
        let Some(last) = own.max_by_key(|said| said.id) else {
            self.show_toast(text!("toast-no-annotation"), Tone::Muted);
            return None;
        };
        Some(self.about_annotation(AnnotationAction::Remove(last.id)))
    }

    fn about_annotation(&self, act: AnnotationAction) -> Effect {
        Effect::Execute(vec![FloorCommand::Annotation(AnnotationCommand { who: self.who.clone(), act })])
    }
}
