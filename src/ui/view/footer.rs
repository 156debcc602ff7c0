//! The footer: the prompt, a message, or the keys that are useful here.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

use super::{Ctx, episode};
use crate::board::Mode;
use crate::language::{self, text};
use crate::text::fit;
use crate::ui::action::{ACTIONS, Action, ActionGroup, ActionInfo};
use crate::ui::format::cols;
use crate::ui::prompt::{self, PromptKind};
use crate::ui::state::{Page, Panel};
use crate::ui::theme::Tone;

/// Draw the footer; returns the position of the text cursor while something is typed.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>) -> Option<Position> {
    let width = usize::from(area.width);
    let style = |tone| ctx.theme.style(tone);
    if let Some(prompt) = &ctx.ui.prompt {
        let sign = prompt.sign();
        buffer.set_stringn(area.x, area.y, " ".repeat(width), width, ctx.theme.base());
        buffer.set_string(area.x + 1, area.y, sign, style(Tone::Focus));
        let x = area.x + 1 + cols(sign.width());
        let room = usize::from(area.right().saturating_sub(x + 1));
        let scroll = prompt.input.visual_scroll(room);
        let shown: String = prompt
            .input
            .value()
            .chars()
            .scan(0, |at, c| {
                let before = *at;
                *at += unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
                Some((before, c))
            })
            .filter(|(at, _)| *at >= scroll)
            .map(|(_, c)| c)
            .collect();
        buffer.set_stringn(x, area.y, &shown, room, style(Tone::Strong));
        let missing = if prompt.kind == PromptKind::Command { prompt::missing(prompt.line()) } else { None };
        if let Some(missing) = missing {
            let taken = shown.width() + 2;
            let room = room.saturating_sub(taken);
            buffer.set_stringn(x + cols(taken), area.y, fit(&missing, room), room, style(Tone::Muted));
        }
        return Some(Position::new(x + cols(prompt.input.visual_cursor().saturating_sub(scroll)), area.y));
    }
    if let Some(toast) = &ctx.ui.toast {
        buffer.set_stringn(area.x + 1, area.y, fit(&toast.text, width - 2), width - 2, style(toast.tone));
        return None;
    }
    let mut x = area.x + 1;
    if !ctx.ui.filter.is_empty() {
        let text = format!("/{} ", ctx.ui.filter);
        buffer.set_stringn(x, area.y, fit(&text, 24), 24, style(Tone::WarningFill));
        x += cols(fit(&text, 24).width()) + 1;
    }
    let help = ctx.keymap.key(Action::Help).map_or(String::new(), |key| format!("{key} {}", Action::Help.word()));
    let mouse = if ctx.ui.mouse { ctx.keymap.key(Action::Mouse) } else { None };
    let help = mouse.map_or(help.clone(), |key| format!("{}   {help}", text!("footer-mouse", key = key)));
    let right = area.right() - 1 - cols(help.width());
    for entry in hints(ctx) {
        let Some(key) = ctx.keymap.key(entry.action) else { continue };
        let word = named(ctx, entry);
        let needed = cols(key.width() + word.width() + 3);
        if x + needed >= right {
            break;
        }
        buffer.set_string(x, area.y, key, style(Tone::Accent));
        buffer.set_string(x + cols(key.width()) + 1, area.y, &word, style(Tone::Muted));
        x += needed;
    }
    buffer.set_string(right, area.y, &help, style(Tone::Accent));
    None
}

/// The word of an action. Where no list on the page shows which alert `a` means, its word does.
fn named(ctx: Ctx<'_>, entry: &ActionInfo) -> Cow<'static, str> {
    let own = entry.action.word();
    if let Some(word) = own_word(ctx, entry.action) {
        return Cow::Borrowed(word);
    }
    let (ui, board) = (ctx.ui, ctx.board);
    let listed = matches!(ui.page(), Page::Overview | Page::Alerts);
    match entry.action {
        Action::Enter => Cow::Borrowed(ui.focus().inside().unwrap_or(own)),
        Action::Acknowledge if !listed => ui
            .episode(board)
            .map_or(Cow::Borrowed(own), |e| Cow::Owned(format!("{own} {}", fit(&episode::name(ctx, e), 40)))),
        Action::AcknowledgeAll => Cow::Owned(text!("footer-ack-all", count = ui.taken_together(board).len())),
        _ => Cow::Borrowed(own),
    }
}

/// The word of an action that does something else on this page than elsewhere.
fn own_word(ctx: Ctx<'_>, action: Action) -> Option<&'static str> {
    match ctx.ui.page() {
        Page::Trends => trends_word(action),
        Page::Worklist => worklist_word(action, language::keyed("work-kind", ctx.ui.worklist.kind.next().key())),
        _ => None,
    }
}

/// The same on the page of the worklist; `next` is the name of the next kind.
fn worklist_word(action: Action, next: &'static str) -> Option<&'static str> {
    match action {
        Action::Acknowledge => Some(text!("action-claim")),
        Action::Enter => Some(text!("inside-item")),
        Action::NextPanel => Some(next),
        _ => None,
    }
}

/// The same on the page of trends.
fn trends_word(action: Action) -> Option<&'static str> {
    match action {
        Action::Left => Some(text!("footer-trends-earlier")),
        Action::Down => Some(text!("footer-trends-queue")),
        Action::Enter => Some(text!("inside-contacts")),
        Action::Window => Some(text!("footer-trends-range")),
        Action::NextPanel => Some(text!("footer-trends-figures")),
        Action::Filter => Some(text!("footer-trends-filter")),
        _ => None,
    }
}

/// The actions that apply here, the most useful first.
fn hints(ctx: Ctx<'_>) -> impl Iterator<Item = &'static ActionInfo> {
    let alerts = matches!(ctx.ui.focus(), Panel::Rail | Panel::Active | Panel::Held | Panel::Past);
    let replay = matches!(ctx.board.mode, Mode::Replay { .. });
    let deep = ctx.ui.trail.len() > 1 || ctx.ui.overlay.is_some();
    let page = ctx.ui.page();
    let rank = move |entry: &ActionInfo| match entry.action {
        action if page == Page::Trends && trends_word(action).is_some() => Some(2),
        Action::AcknowledgeAll | Action::Snooze if page == Page::Worklist => None,
        Action::Note | Action::Undo | Action::NextPanel if page == Page::Worklist => Some(3),
        _ if entry.action.word().is_empty() || entry.action == Action::Help => None,
        Action::Quit => Some(90),
        Action::Back => deep.then_some(0),
        Action::Acknowledge => Some(1),
        Action::Enter => ctx.ui.focus().inside().map(|_| 2),
        Action::AcknowledgeAll if ctx.ui.taken_together(ctx.board).len() < 2 => None,
        Action::Sort if super::heads(ctx.ui.focus()).is_empty() => None,
        Action::NextPanel if page.panels().len() < 2 => None,
        _ => match entry.group {
            ActionGroup::Alerts => Some(if alerts { 3 } else { 60 }),
            ActionGroup::Trends => (page == Page::Trends).then_some(3),
            ActionGroup::Replay => replay.then_some(4),
            ActionGroup::Lists => Some(20),
            ActionGroup::Anywhere => Some(match entry.action {
                Action::Why => 5,
                Action::Explain => 6,
                Action::Window => 7,
                _ => 30,
            }),
        },
    };
    let mut ranked: Vec<(i32, &'static ActionInfo)> = ACTIONS.iter().filter_map(|e| rank(e).map(|r| (r, e))).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, entry)| entry)
}
