//! The keys of the worklist: claim, done, note and undo mean the selected item; Tab chooses the kind.

use crossterm::event::{KeyCode, KeyEvent};

use crate::floor::{CommandSubject, FloorCommand};
use crate::language::text;
use crate::ui::action::Action;
use crate::ui::drawn::Drawn;
use crate::ui::prompt::{Prompt, PromptKind};
use crate::ui::state::{Effect, Elsewhere, List, Overlay, Page, Panel, Ui};
use crate::ui::theme::Tone;
use crate::ui::worklist::WorkChoice;
use crate::worklist::{WorkAction, WorkCommand, WorkKind};

impl Ui {
    /// Do what a key does on the page of the worklist in another way than elsewhere.
    ///
    /// # Errors
    /// [`Elsewhere`] where it does the same.
    pub(in crate::ui) fn act_on_worklist(
        &mut self,
        action: Action,
        drawn: &Drawn,
    ) -> Result<Option<Effect>, Elsewhere> {
        if self.page() != Page::Worklist || self.overlay.is_some() {
            return Err(Elsewhere);
        }
        let choice = self.worklist;
        Ok(match action {
            Action::Acknowledge => self.about_item(drawn, WorkAction::Claim { note: None, lasts: None }),
            Action::Enter => {
                self.overlay = self.selected_item().map(Overlay::Done);
                self.say_if_none(self.overlay.is_none())
            }
            Action::Note => {
                let item = self.selected_item();
                self.prompt = item.map(|id| Prompt::new(PromptKind::Note(CommandSubject::Item(id)), ""));
                self.say_if_none(item.is_none())
            }
            Action::Undo => {
                let item = choice.closed.or_else(|| self.selected_item());
                self.worklist.closed = None;
                self.work(item, drawn, WorkAction::Undo)
            }
            Action::NextPanel | Action::PreviousPanel => {
                let steps = if action == Action::NextPanel { 1 } else { WorkKind::WORDS.len() - 1 };
                let kind = (0..steps).fold(choice.kind, |kind, _| kind.next());
                self.worklist = WorkChoice { kind, closed: None };
                self.reset_lists();
                None
            }
            Action::AcknowledgeAll | Action::Snooze => {
                self.show_toast(text!("toast-only-work"), Tone::Muted);
                None
            }
            _ => {
                let moves = matches!(action, Action::Up | Action::Down | Action::PageUp | Action::PageDown);
                self.worklist.closed = choice.closed.filter(|_| !moves);
                return Err(Elsewhere);
            }
        })
    }

    /// Close an item with the word that a key chooses, and go on to the next one.
    pub(in crate::ui) fn choose_outcome(&mut self, id: u64, key: &KeyEvent, drawn: &Drawn) -> Option<Effect> {
        let outcomes = self.worklist.kind.outcomes();
        let place = match key.code {
            _ if !key.modifiers.is_empty() => None,
            KeyCode::Enter => Some(0),
            KeyCode::Char(digit) => digit.to_digit(10).and_then(|digit| usize::try_from(digit).ok()?.checked_sub(1)),
            _ => None,
        };
        let outcome = *outcomes.get(place?)?;
        let effect = self.work(Some(id), drawn, WorkAction::Done { outcome, note: None });
        self.lists.entry(Panel::Worklist).or_default().move_selection(1);
        self.worklist.closed = effect.is_some().then_some(id);
        effect
    }

    /// The command about an item, in the version that is on the screen.
    pub(in crate::ui) fn work(&mut self, item: Option<u64>, drawn: &Drawn, act: WorkAction) -> Option<Effect> {
        let seen = item.and_then(|id| drawn.items.iter().find(|(known, _)| *known == id));
        let Some((item, version)) = seen.copied() else { return self.say_if_none(true) };
        let who = self.who.clone();
        Some(Effect::Execute(vec![FloorCommand::Work(WorkCommand { item, version, who, act })]))
    }

    fn about_item(&mut self, drawn: &Drawn, act: WorkAction) -> Option<Effect> {
        self.work(self.selected_item(), drawn, act)
    }

    fn selected_item(&self) -> Option<u64> {
        self.lists.get(&Panel::Worklist).and_then(List::current)?.as_str().parse().ok()
    }

    fn say_if_none(&mut self, none: bool) -> Option<Effect> {
        if none {
            self.show_toast(text!("toast-no-work"), Tone::Muted);
        }
        None
    }
}
