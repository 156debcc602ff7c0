//! Pages as they are drawn, with their colours; and keys, as changes of state.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::action::Keymap;
use super::ask::{Data, Reply, Want};
use super::state::{Effect, Ui};
use super::theme::{Depth, Palette, Theme};
use super::view::{self, Ctx};
use super::{Settings, sample};
use crate::alert::{Act, Who};
use crate::board::{Board, Health, Mode};
use crate::kpi::Window;

/// A screen without a terminal.
struct Bench {
    ui: Ui,
    data: Data,
    board: Arc<Board>,
    keymap: Keymap,
    settings: Settings,
}

impl Bench {
    fn new(board: Board) -> Self {
        let who = Who { name: "ann".into(), from: "desk1 pts/0".into() };
        let mut bench = Self {
            ui: Ui::new(who, Window::Today, None, Palette::Terminal, false),
            data: Data::default(),
            board: Arc::new(board),
            keymap: Keymap::new(&BTreeMap::new()).unwrap(),
            settings: Settings::default(),
        };
        bench.answer();
        bench
    }

    /// Answer what the page asks, and put its lists in order.
    fn answer(&mut self) {
        let wants = self.ui.needs(&self.board);
        for want in self.data.due(&wants, self.board.seq, false, Instant::now()) {
            let reply = match &want {
                Want::Figures(query) => Reply::Figures(Box::new(sample::answer(query, &self.board))),
                Want::Contacts(contacts) => Reply::Contacts(sample::contacts(contacts)),
                Want::History => Reply::History(sample::history()),
            };
            self.data.keep(&want, reply, Instant::now());
        }
        let orders = view::orders(self.ctx(Palette::Terminal, Depth::True));
        self.ui.lists.extend(orders);
    }

    fn ctx(&self, palette: Palette, depth: Depth) -> Ctx<'_> {
        Ctx {
            ui: &self.ui,
            board: &self.board,
            data: &self.data,
            theme: Theme { palette, depth },
            keymap: &self.keymap,
            settings: &self.settings,
        }
    }

    /// Press keys: characters, or names in `<>`.
    fn press(&mut self, keys: &str) -> Option<Effect> {
        let mut effect = None;
        for word in keys.split_whitespace() {
            let code = match word {
                "<enter>" => KeyCode::Enter,
                "<esc>" => KeyCode::Esc,
                "<tab>" => KeyCode::Tab,
                "<down>" => KeyCode::Down,
                "<right>" => KeyCode::Right,
                "<space>" => KeyCode::Char(' '),
                word => KeyCode::Char(word.chars().next().unwrap()),
            };
            let board = Arc::clone(&self.board);
            effect = self.ui.key(&KeyEvent::new(code, KeyModifiers::NONE), &self.keymap, &board);
            self.answer();
        }
        effect
    }

    fn draw(&self, size: (u16, u16), palette: Palette, depth: Depth, ascii: bool) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
        terminal.draw(|frame| view::draw(frame, self.ctx(palette, depth), ascii)).unwrap();
        terminal.backend().buffer().clone()
    }

    fn text(&self, size: (u16, u16)) -> String {
        lines(&self.draw(size, Palette::Terminal, Depth::Few, false)).join("\n")
    }
}

fn lines(buffer: &Buffer) -> Vec<String> {
    let width = usize::from(buffer.area.width);
    buffer
        .content
        .chunks(width)
        .map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned())
        .collect()
}

/// The text, and below it each stretch of one style with what stands in it.
fn written(buffer: &Buffer) -> String {
    let mut out = lines(buffer).join("\n");
    out.push_str("\n\nstyles\n");
    let base = buffer.cell((0, 0)).unwrap();
    let base = Style::new().bg(base.bg);
    for (y, row) in buffer.content.chunks(usize::from(buffer.area.width)).enumerate() {
        let mut runs: Vec<(Style, String)> = Vec::new();
        for cell in row {
            match runs.last_mut() {
                Some((style, text)) if *style == cell.style() => text.push_str(cell.symbol()),
                _ => runs.push((cell.style(), cell.symbol().to_owned())),
            }
        }
        for (style, text) in runs {
            let text = text.trim();
            let marked = !style.add_modifier.is_empty() || style.bg != base.bg;
            if !text.is_empty() && (marked || matches!(style.fg, Some(fg) if fg != ratatui::style::Color::Reset)) {
                use std::fmt::Write as _;
                let short: String = text.chars().take(24).collect();
                let bg = style.bg.filter(|bg| Some(*bg) != base.bg).map_or(String::new(), |bg| format!(" on {bg}"));
                let fg = style.fg.map_or(String::new(), |fg| fg.to_string());
                let _ = writeln!(out, "{y:>3} {fg}{bg} {:?} {short}", style.add_modifier);
            }
        }
    }
    out
}

/// Sends a sample floor's boards and answers to a real screen, for looking at.
fn floor(board: Board) -> crate::floor::Handle {
    use crate::floor::handle::Request;
    let (sender, boards) = tokio::sync::watch::channel(Arc::new(board));
    let (requests, mut inbox) = tokio::sync::mpsc::channel(64);
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(std::time::Duration::from_secs(1));
        loop {
            tokio::select! {
                _ = tick.tick() => sender.send_modify(|board| {
                    let board = Arc::make_mut(board);
                    board.seq += 1;
                    board.at = board.at + crate::clock::Span::SECOND;
                    board.total.waiting += 1;
                }),
                request = inbox.recv() => {
                    let board = sender.borrow().clone();
                    match request {
                        None => return,
                        Some(Request::Ask(query, reply)) => drop(reply.send(sample::answer(&query, &board))),
                        Some(Request::Contacts(contacts, reply)) => drop(reply.send(sample::contacts(&contacts))),
                        Some(Request::History(_, reply)) => drop(reply.send(sample::history())),
                        Some(Request::Tell(command, reply)) => {
                            let episode = board.alerts.iter().find(|e| e.id == command.episode).cloned();
                            drop(reply.send(episode.ok_or(crate::alert::Refusal::Unknown(command.episode))));
                        }
                        Some(Request::Steer(_)) => {}
                    }
                }
            }
        }
    });
    crate::floor::Handle::new(boards, requests)
}

#[test]
#[ignore = "a screen to look at: run it in a terminal with --ignored --nocapture"]
fn look() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let who = Who { name: "ann".into(), from: "desk1 pts/0".into() };
    runtime.block_on(async { super::run(floor(sample::board(60)), Settings::default(), who).await }).unwrap();
}
