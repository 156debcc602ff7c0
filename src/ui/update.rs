//! The effect of keys on the state of the screen. A key that needs the floor, the terminal or the disk returns an
//! [`Effect`] for the event loop.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::alert::{AlertAction, AlertCommand, Episode, MuteLength, State};
use crate::board::{Board, Mode};
use crate::clock::Span;
use crate::floor::handle::ReplayCommand;
use crate::floor::{CommandSubject, FloorCommand};
use crate::kpi::{Dim, KpiId, Slice};
use crate::language::{self, text};
use crate::text::{Label, Text};
use crate::ui::action::{Action, Keymap};
use crate::ui::drawn::Drawn;
use crate::ui::prompt::{self, Prompt, PromptEvent, PromptKind};
use crate::ui::state::{Effect, LIVE_TILES, Location, Overlay, Page, Panel, Taken, Ui};
use crate::ui::theme::{Palette, Tone};
use crate::ui::view;
use crate::ui::views::ViewsChange;
use crate::worklist::WorkAction;

impl Ui {
    /// Handle a key: the prompt comes first, then the choice of a snooze, then the key map.
    pub fn key(&mut self, key: &KeyEvent, keymap: &Keymap, board: &Arc<Board>, drawn: &Drawn) -> Option<Effect> {
        let asked = self.toast.take().is_some_and(|toast| toast.text == text!("toast-quit-again"));
        if let Some(mut prompt) = self.prompt.take() {
            let typed = prompt.key(key);
            return self.prompt_event(prompt, typed, board, drawn);
        }
        if let Some(Overlay::Snooze(id)) = self.overlay {
            self.overlay = None;
            return self.snooze(id, key, board);
        }
        if let Some(Overlay::Done(id)) = self.overlay {
            self.overlay = None;
            return self.choose_outcome(id, key, drawn);
        }
        let Some(action) = keymap.action(key) else {
            self.does_nothing(key, keymap);
            return None;
        };
        // On a kiosk, the only key is that of leaving.
        if self.kiosk.only && !asked {
            self.show_toast(text!("toast-quit-again"), Tone::Strong);
            return None;
        }
        self.act(action, board, drawn)
    }

    /// Say of a key that it does nothing; a screen in public knows no keys. Keys with Ctrl or Alt can be the rest of
    /// something that a terminal sends.
    fn does_nothing(&mut self, key: &KeyEvent, keymap: &Keymap) {
        let help = keymap.key(Action::Help).filter(|_| !self.kiosk.only);
        if let (KeyCode::Char(sign), Some(help)) = (key.code, help)
            && key.modifiers.difference(KeyModifiers::SHIFT).is_empty()
        {
            let sign = Label::new(&sign.to_string());
            self.show_toast(text!("toast-no-key", sign = sign, key = help), Tone::Muted);
        }
    }

    fn prompt_event(
        &mut self,
        prompt: Prompt,
        event: PromptEvent,
        board: &Arc<Board>,
        drawn: &Drawn,
    ) -> Option<Effect> {
        let text = prompt.line().to_owned();
        match (prompt.kind, event) {
            (PromptKind::Filter, PromptEvent::Cancelled) => self.filter.clear(),
            (PromptKind::Filter, _) => self.filter.clone_from(&text),
            (PromptKind::Command, PromptEvent::Submitted) if prompt::missing(&text).is_some() => {
                self.prompt = Some(Prompt::new(PromptKind::Command, &format!("{text} ")));
                return None;
            }
            (PromptKind::Command, PromptEvent::Submitted) if !text.is_empty() => {
                return self.command(&text, board, drawn);
            }
            (PromptKind::Note(CommandSubject::Item(id)), PromptEvent::Submitted) if !text.is_empty() => {
                return self.work(Some(id), drawn, WorkAction::Note(Text::new(&text)));
            }
            (PromptKind::Note(CommandSubject::Alert(id)), PromptEvent::Submitted) if !text.is_empty() => {
                let episode = board.alerts.iter().find(|episode| episode.id == id)?;
                return Some(Effect::Execute(vec![self.about(episode, AlertAction::Note(Text::new(&text)))]));
            }
            (PromptKind::Annotation(at), PromptEvent::Submitted) if !text.is_empty() => {
                return Some(self.annotate(at, None, &text));
            }
            _ => {}
        }
        if event == PromptEvent::Editing {
            self.prompt = Some(prompt);
        }
        None
    }

    /// Apply the filter while it is typed.
    pub(super) fn follow_filter(&mut self) {
        if let Some(Prompt { kind: PromptKind::Filter, input, .. }) = &self.prompt {
            input.value().trim().clone_into(&mut self.filter);
        }
    }

    fn about(&self, episode: &Episode, act: AlertAction) -> FloorCommand {
        FloorCommand::Alert(AlertCommand { episode: episode.id, version: episode.version, who: self.who.clone(), act })
    }

    fn snooze(&mut self, id: u64, key: &KeyEvent, board: &Board) -> Option<Effect> {
        let minutes = match key.code {
            _ if !key.modifiers.is_empty() => return None,
            KeyCode::Char('1') => 5,
            KeyCode::Char('2' | 'z') | KeyCode::Enter => 15,
            KeyCode::Char('3') => 30,
            KeyCode::Char('4') => 60,
            _ => return None,
        };
        let episode = board.alerts.iter().find(|episode| episode.id == id)?;
        let length = MuteLength::new(Span(minutes * Span::MINUTE.0)).ok()?;
        Some(Effect::Execute(vec![self.about(episode, AlertAction::Snooze(length))]))
    }

    /// Carry out an action.
    pub fn act(&mut self, action: Action, board: &Arc<Board>, drawn: &Drawn) -> Option<Effect> {
        if let Ok(effect) = self.act_on_trends(action, board, drawn) {
            return effect;
        }
        if let Ok(effect) = self.act_on_worklist(action, drawn) {
            return effect;
        }
        let page = isize::try_from(drawn.page_rows).unwrap_or(10);
        match action {
            Action::Overview => self.open(Page::Overview),
            Action::Queue => self.open(Page::Queue),
            Action::Intents => self.open(Page::Intents),
            Action::Agents => self.open(Page::Agents),
            Action::Alerts => self.open(Page::Alerts),
            Action::Trends => self.open_trends(),
            Action::Kiosk => self.open(Page::Kiosk),
            Action::Live => self.open(Page::Live),
            Action::Callback => {
                let slice = self.slice().clone();
                self.drill(Location::new(Page::Worklist, slice));
            }
            Action::Window => self.window = self.window.next(),
            Action::WindowBack => self.window = self.window.previous(),
            Action::Formula => {
                let formula = self.formula.unwrap_or(board.rules.formula).next();
                self.formula = (formula != board.rules.formula).then_some(formula);
                let words = text!("toast-formula", name = formula.key(), formula = language::formula(formula));
                self.show_toast(words, Tone::Accent);
            }
            Action::Explain => self.explain(board),
            Action::Why => self.why(board),
            Action::Sources => {
                let shown = matches!(self.overlay, Some(Overlay::Sources(_)));
                self.overlay = (!shown).then_some(Overlay::Sources(0));
            }
            Action::Freeze => return self.freeze(board),
            Action::Export => return Some(Effect::Export),
            Action::ExportDay => return Some(Effect::ExportDay),
            Action::HandOver => return Some(Effect::HandOver),
            Action::Locator => {
                let command = format!("floorwatch --at '{}'", self.locator());
                self.show_toast(text!("toast-copied", command = command), Tone::Good);
                return Some(Effect::Copy(command));
            }
            Action::Command => {
                self.prompt = Some(Prompt::new(PromptKind::Command, ""));
                return Some(Effect::Views(ViewsChange::Nothing));
            }
            Action::Filter => self.prompt = Some(Prompt::new(PromptKind::Filter, &self.filter)),
            Action::Help => self.overlay = Some(Overlay::Help(0)),
            Action::Theme => {
                let mut after = Palette::named(&self.themes).skip_while(|(_, palette)| *palette != self.palette);
                let (name, next) = after.nth(1).unwrap_or((Palette::Auto.key(), Palette::Auto));
                let words = text!("toast-theme", name = name);
                drop(after);
                self.palette = next;
                self.show_toast(words, Tone::Muted);
            }
            Action::Mouse => {
                self.mouse = !self.mouse;
                let words = if self.mouse { text!("toast-mouse-on") } else { text!("toast-mouse-off") };
                self.show_toast(words, Tone::Muted);
                return Some(Effect::Mouse(self.mouse));
            }
            Action::Redraw => return Some(Effect::Redraw),
            Action::Suspend => return Some(Effect::Suspend),
            Action::Quit => return Some(Effect::Quit),
            Action::Up => self.move_selection(-1, drawn),
            Action::Down => self.move_selection(1, drawn),
            Action::PageUp => self.move_selection(-page, drawn),
            Action::PageDown => self.move_selection(page, drawn),
            Action::First => self.move_selection(isize::MIN / 2, drawn),
            Action::Last => self.move_selection(isize::MAX / 2, drawn),
            Action::Left => self.move_sideways(-1, drawn),
            Action::Right => self.move_sideways(1, drawn),
            Action::NextPanel => self.panel(1),
            Action::PreviousPanel => self.panel(-1),
            Action::Enter => self.enter(board),
            Action::Back => self.back(),
            Action::Sort => self.sort(),
            Action::Compare => self.show_toast(text!("toast-compare"), Tone::Muted),
            Action::Acknowledge => return self.acknowledge(board, false),
            Action::AcknowledgeAll => return self.acknowledge(board, true),
            Action::Note => match self.meant(board) {
                Some(episode) => {
                    self.prompt = Some(Prompt::new(PromptKind::Note(CommandSubject::Alert(episode.id)), ""));
                }
                None => self.show_toast(text!("toast-no-note"), Tone::Muted),
            },
            Action::Undo => return self.undo(board),
            Action::Snooze => match self.meant(board) {
                Some(episode) => self.overlay = Some(Overlay::Snooze(episode.id)),
                None => self.show_toast(text!("toast-no-snooze"), Tone::Muted),
            },
            Action::Step => return self.control_replay(ReplayCommand::Step(Span::MINUTE), board),
            Action::Slower => return self.change_speed(0.5, board),
            Action::Faster => return self.change_speed(2.0, board),
        }
        None
    }

    fn freeze(&mut self, board: &Arc<Board>) -> Option<Effect> {
        if let Mode::Replay { paused, .. } = board.mode {
            return Some(Effect::ControlReplay(ReplayCommand::Pause(!paused)));
        }
        self.frozen = if self.frozen.is_some() { None } else { Some(Arc::clone(board)) };
        None
    }

    fn move_selection(&mut self, by: isize, drawn: &Drawn) {
        if let Some(Overlay::Help(down) | Overlay::Sources(down)) = &mut self.overlay {
            let by = i16::try_from(by.clamp(-1000, 1000)).unwrap_or(0);
            *down = down.saturating_add_signed(by);
            return;
        }
        let focus = self.focus();
        if focus == Panel::Tiles {
            self.step_tile(by.saturating_mul(LIVE_TILES), drawn);
        } else {
            self.taken = self.taken.filter(|_| !matches!(focus, Panel::Rail | Panel::Active | Panel::Held));
            self.lists.entry(focus).or_default().move_selection(by);
        }
    }

    /// Select another of the tiles that are on the screen.
    fn step_tile(&mut self, by: isize, drawn: &Drawn) {
        let shown = drawn.tiles();
        let at = shown.iter().position(|tile| *tile == self.tile).unwrap_or(0);
        let to = at.saturating_add_signed(by).min(shown.len().saturating_sub(1));
        self.tile = shown.get(to).copied().unwrap_or(self.tile);
    }

    fn move_sideways(&mut self, by: isize, drawn: &Drawn) {
        let focus = self.focus();
        if focus == Panel::Tiles {
            self.step_tile(by, drawn);
        } else {
            let rightmost = view::heads(focus).len().saturating_sub(1);
            let list = self.lists.entry(focus).or_default();
            list.column = list.column.saturating_add_signed(by).min(rightmost);
        }
    }

    fn panel(&mut self, by: isize) {
        let panels = self.page().panels();
        if panels.len() < 2 {
            return self.show_toast(text!("toast-one-list"), Tone::Muted);
        }
        let at = panels.iter().position(|panel| *panel == self.focus()).unwrap_or(0);
        let len = isize::try_from(panels.len()).unwrap_or(1).max(1);
        let to = (isize::try_from(at).unwrap_or(0) + by).rem_euclid(len);
        if let (Some(location), Some(panel)) =
            (self.trail.last_mut(), usize::try_from(to).ok().and_then(|to| panels.get(to)))
        {
            location.focus = *panel;
        }
    }

    pub(super) fn sort(&mut self) {
        let focus = self.focus();
        let columns = view::heads(focus);
        if columns.is_empty() {
            return self.show_toast(text!("toast-no-columns"), Tone::Muted);
        }
        let list = self.lists.entry(focus).or_default();
        // Numbers are sorted from the highest first, names from A.
        let first = columns.get(list.column).is_some_and(|column| !column.left);
        list.sort = match list.sort {
            Some((column, way)) if column == list.column && way == first => Some((column, !first)),
            Some((column, _)) if column == list.column => None,
            _ => Some((list.column, first)),
        };
    }

    fn back(&mut self) {
        if self.overlay.take().is_some() {
        } else if !self.filter.is_empty() {
            self.filter.clear();
        } else if self.trail.len() > 1 {
            self.trail.pop();
            self.reset_lists();
        } else {
            self.show_toast(text!("toast-first-page"), Tone::Muted);
        }
    }

    /// The slice of the selected row, or else the slice of the page.
    #[must_use]
    pub fn selected_slice(&self, board: &Board) -> Slice {
        let slice = self.slice().clone();
        let Some(id) = self.lists.get(&self.focus()).and_then(|list| list.current()).cloned() else { return slice };
        match self.focus() {
            Panel::Queues => slice.and(Dim::Queue, id),
            Panel::QueueIntents | Panel::Intents => slice.and(Dim::Intent, id),
            Panel::Agents | Panel::Serving => slice.and(Dim::Agent, id),
            Panel::Rail | Panel::Active | Panel::Held => self.episode(board).map_or(slice, |e| e.slice.clone()),
            Panel::Trends | Panel::TrendSlices => self.trend_slice(),
            Panel::Tiles | Panel::Waiting | Panel::Past | Panel::Contacts | Panel::KioskQueues | Panel::Worklist => {
                slice
            }
            Panel::Live => self.live_slice(board).unwrap_or(slice),
        }
    }

    /// The queue of the selected contact while it waits, or the agent who has it; `None` where the board does not know.
    fn live_slice(&self, board: &Board) -> Option<Slice> {
        let id = self.lists.get(&Panel::Live)?.current()?;
        let queue = board.waiting.iter().find(|row| row.contact == *id).map(|row| (Dim::Queue, &row.queue));
        let agent = || board.agents.iter().find(|agent| agent.contact.as_ref() == Some(id));
        let (dim, value) = queue.or_else(|| agent().map(|agent| (Dim::Agent, &agent.id)))?;
        Some(Slice::of(dim, value.clone()))
    }

    /// The KPI of the selected column or tile.
    fn selected_kpi(&self, board: &Board) -> KpiId {
        match self.focus() {
            Panel::Rail | Panel::Active | Panel::Held => self.episode(board).and_then(|episode| episode.kpi),
            Panel::Trends | Panel::TrendSlices => self.trends.figures(1).first().copied(),
            _ => self.chosen_kpi(),
        }
        .unwrap_or(KpiId::ServiceLevel)
    }

    fn explain(&mut self, board: &Board) {
        let kpi = self.selected_kpi(board);
        self.overlay = match self.overlay {
            Some(Overlay::Figure { .. }) => None,
            _ => Some(Overlay::Figure { kpi, slice: self.selected_slice(board), window: self.window }),
        };
    }

    fn why(&mut self, board: &Board) {
        if matches!(self.overlay, Some(Overlay::Why { .. })) {
            self.overlay = None;
            return;
        }
        let slice = self.selected_slice(board);
        let kpi = self.selected_kpi(board);
        let on_alert = matches!(self.focus(), Panel::Rail | Panel::Active | Panel::Held);
        // On the lists of alerts, the selected alert. Elsewhere the alert about the selected figure, or, if no figure is
        // selected, an alert about the selected row or else about the slice of the page: the one that the other keys mean.
        let chosen = self.chosen_kpi().is_some();
        let about = |of: &Slice| {
            let here = || board.alerts.iter().filter(|e| e.slice == *of && e.kpi.is_some());
            if chosen {
                return here().find(|e| e.kpi == Some(kpi));
            }
            self.episode(board).filter(|e| e.slice == *of && e.kpi.is_some()).or_else(|| here().next())
        };
        let episode = if on_alert {
            self.episode(board)
        } else {
            about(&slice).or_else(|| if chosen { None } else { about(self.slice()) })
        };
        self.overlay = Some(match episode {
            // The overlay of the sources says why a source is in trouble.
            Some(e) if e.source.is_some() => Overlay::Sources(0),
            Some(e) => Overlay::Why {
                kpi: e.kpi.unwrap_or(kpi),
                slice: e.slice.clone(),
                window: e.window,
                episode: Some(e.id),
            },
            None => Overlay::Why { kpi, slice, window: self.window, episode: None },
        });
    }

    pub(super) fn enter(&mut self, board: &Board) {
        if self.overlay.take().is_some() {
            return;
        }
        let slice = self.selected_slice(board);
        match self.focus() {
            Panel::Tiles => self.explain(board),
            Panel::Queues => self.drill(Location::new(Page::Queue, slice)),
            Panel::QueueIntents | Panel::Intents => self.drill(Location::new(Page::Agents, slice)),
            Panel::Agents | Panel::Serving if slice.get(Dim::Agent).is_some() => {
                self.drill(Location::new(Page::Agent, slice));
            }
            Panel::Agents | Panel::Serving | Panel::Waiting => self.drill(Location::new(Page::Contacts, slice)),
            Panel::Rail => {
                let id = self.lists.get(&Panel::Rail).and_then(|list| list.current()).cloned();
                self.drill(Location::new(Page::Alerts, Slice::TOTAL));
                self.lists.entry(Panel::Active).or_default().selected = id;
            }
            Panel::Active | Panel::Held if self.episode(board).is_some_and(|e| e.source.is_some()) => {
                self.overlay = Some(Overlay::Sources(0));
            }
            Panel::Active | Panel::Held => {
                let page = match (slice.get(Dim::Queue), slice.get(Dim::Intent), slice.get(Dim::Agent)) {
                    (_, _, Some(_)) => Page::Agent,
                    (_, Some(_), _) => Page::Agents,
                    (Some(_), ..) => Page::Queue,
                    _ => return self.open(Page::Overview),
                };
                self.drill(Location::new(page, slice));
            }
            Panel::Live => match self.live_slice(board) {
                Some(slice) if slice.get(Dim::Agent).is_some() => self.drill(Location::new(Page::Agent, slice)),
                Some(slice) => self.drill(Location::new(Page::Queue, slice)),
                None => self.show_toast(text!("toast-contact-over"), Tone::Muted),
            },
            Panel::Trends | Panel::TrendSlices => self.open_moment(board),
            Panel::Past | Panel::Contacts | Panel::KioskQueues | Panel::Worklist => {
                self.show_toast(text!("toast-nothing-further"), Tone::Muted);
            }
        }
    }

    fn acknowledge(&mut self, board: &Board, group: bool) -> Option<Effect> {
        let Some(episode) = self.episode(board) else {
            self.show_toast(text!("toast-no-alert"), Tone::Muted);
            return None;
        };
        self.taken = Some(Taken { episode: episode.id, seconds: 10 });
        let act = AlertAction::Acknowledge { note: None, lasts: None };
        let together = if group { self.taken_together(board) } else { vec![episode] };
        let commands = together.into_iter().map(|other| self.about(other, act.clone())).collect();
        Some(Effect::Execute(commands))
    }

    fn undo(&mut self, board: &Board) -> Option<Effect> {
        let mine = |e: &&Episode| matches!(e.state, State::Acknowledged | State::Snoozed);
        let selected = self.episode(board).filter(mine);
        // Without a selection: the newest acknowledgement.
        let newest = || board.alerts.iter().filter(mine).max_by_key(|e| e.acknowledged.as_ref().map(|a| a.at));
        let Some(episode) = selected.or_else(newest) else {
            self.show_toast(text!("refused-nothing"), Tone::Muted);
            return None;
        };
        Some(Effect::Execute(vec![self.about(episode, AlertAction::Undo)]))
    }
}
