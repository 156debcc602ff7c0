//! Snapshots of the pages with their colours, and what keys and clicks do.

mod beside;
mod fuzz;
mod german;
mod going;
mod kiosk;
mod overview;
mod sources;
mod task_keys;
mod trends;
mod worklist;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr as _;

use super::action::Keymap;
use super::answers::{Answers, Reply};
use super::drawn::Drawn;
use super::glyphs::GlyphSet;
use super::queries::Question;
use super::state::{Effect, Ui};
use super::theme::{Depth, Palette, Theme};
use super::view::{self, Ctx};
use super::{Settings, sample};
use crate::alert::{Actor, AlertAction, AlertCommand, Episode};
use crate::board::{Board, Health, Mode, QueueRow};
use crate::event::AgentState;
use crate::floor::{CommandOutcome, CommandSubject, FloorCommand};
use crate::kpi::{RowSelection, Window};

/// A screen without a terminal.
struct TestScreen {
    ui: Ui,
    answers: Answers,
    board: Arc<Board>,
    keymap: Keymap,
    settings: Settings,
    drawn: RefCell<Drawn>,
}

impl TestScreen {
    fn new(board: Board) -> Self {
        let who = Actor { name: "ann".into(), from: "desk1 pts/0".into() };
        let mut screen = Self {
            ui: Ui::new(who, Window::M30, None, Palette::Terminal, false),
            answers: Answers::default(),
            board: Arc::new(board),
            keymap: Keymap::new(&BTreeMap::new()).unwrap(),
            settings: Settings::default(),
            drawn: RefCell::default(),
        };
        screen.answer();
        screen
    }

    /// Answer the page's queries, and put its lists in order.
    fn answer(&mut self) {
        // An answer can change the selection, and so the next queries.
        for _ in 0..3 {
            let questions = super::queries::questions(&self.ui, &self.board);
            let frozen = self.ui.frozen.is_some();
            for question in self.answers.due(&questions, self.board.seq, frozen, Instant::now()) {
                let reply = match &question {
                    Question::Figures(query) | Question::Rows(query, _) => {
                        Reply::Figures(Box::new(sample::answer(query, &self.board)))
                    }
                    Question::Contacts(contacts) => Reply::Contacts(sample::contacts(contacts, &self.board)),
                    Question::States(_) => Reply::States(sample::states()),
                    Question::History => Reply::History(sample::history()),
                    Question::Worklist(query) => Reply::Worklist(Box::new(Some(sample::worklist(query, &self.board)))),
                };
                self.answers.store(&question, reply, Instant::now());
            }
            let orders = view::orders(self.ctx(Palette::Terminal, Depth::True));
            self.ui.lists.extend(orders);
        }
        let suggestions = super::complete::suggestions(self.ctx(Palette::Terminal, Depth::True));
        if let (Some(prompt), Some(suggestions)) = (&mut self.ui.prompt, suggestions) {
            prompt.suggestions = suggestions;
        }
    }

    fn ctx(&self, palette: Palette, depth: Depth) -> Ctx<'_> {
        Ctx {
            ui: &self.ui,
            board: &self.board,
            answers: &self.answers,
            theme: Theme { palette, depth, light: false },
            glyphs: GlyphSet::Full,
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
                "<up>" => KeyCode::Up,
                "<down>" => KeyCode::Down,
                "<right>" => KeyCode::Right,
                "<space>" => KeyCode::Char(' '),
                word => KeyCode::Char(word.chars().next().unwrap()),
            };
            let board = Arc::clone(&self.board);
            effect = self.ui.key(&KeyEvent::new(code, KeyModifiers::NONE), &self.keymap, &board, &self.drawn.borrow());
            self.answer();
        }
        effect
    }

    fn draw(&self, size: (u16, u16), palette: Palette, depth: Depth, ascii: bool) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
        let glyphs = if ascii { GlyphSet::Ascii } else { GlyphSet::Full };
        let mut drawn = self.drawn.borrow_mut();
        terminal.draw(|frame| *drawn = view::draw(frame, Ctx { glyphs, ..self.ctx(palette, depth) }, &drawn)).unwrap();
        terminal.backend().buffer().clone()
    }

    /// Ask what there is room for on a screen of another size.
    fn resize(&mut self, size: (u16, u16)) {
        self.ui.size = size;
        self.answer();
    }

    fn text(&self, size: (u16, u16)) -> String {
        lines(&self.draw(size, Palette::Terminal, Depth::Few, false)).join("\n")
    }
}

/// The commands about alerts of an effect.
fn alert_commands(effect: Option<Effect>) -> Vec<AlertCommand> {
    let Some(Effect::Execute(commands)) = effect else { panic!("{effect:?}") };
    let command = |command| match command {
        FloorCommand::Alert(command) => command,
        FloorCommand::Work(_) | FloorCommand::Annotation(_) => panic!("{command:?}"),
    };
    commands.into_iter().map(command).collect()
}

fn lines(buffer: &Buffer) -> Vec<String> {
    let width = usize::from(buffer.area.width);
    buffer
        .content
        .chunks(width)
        .map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned())
        .collect()
}

/// The runs of each row that aren't plain text: `row: from-to style`. Consecutive rows with the same runs share a line.
fn styles(buffer: &Buffer, theme: Theme) -> String {
    use std::fmt::Write as _;
    let base = theme.base();
    let colour = |one: Option<Color>, base: Option<Color>| one.filter(|c| *c != Color::Reset && Some(*c) != base);
    let mut out: Vec<(usize, usize, String)> = Vec::new();
    for (y, row) in buffer.content.chunks(usize::from(buffer.area.width)).enumerate() {
        let mut runs: Vec<(usize, usize, String)> = Vec::new();
        let mut broken = true;
        for (x, cell) in row.iter().enumerate() {
            let style = cell.style();
            let mut words = colour(style.fg, base.fg).map_or(String::new(), |fg| fg.to_string());
            if let Some(bg) = colour(style.bg, base.bg) {
                let _ = write!(words, " on {bg}");
            } else if cell.symbol() == " " && !style.add_modifier.intersects(Modifier::REVERSED | Modifier::UNDERLINED)
            {
                // A blank does not show its style, so it neither begins nor ends a run.
                continue;
            }
            if !style.add_modifier.is_empty() {
                let _ = write!(words, " {:?}", style.add_modifier);
            }
            match runs.last_mut() {
                Some((_, to, before)) if !broken && *before == words.trim_start() => *to = x,
                _ if words.is_empty() => {}
                _ => runs.push((x, x, words.trim_start().to_owned())),
            }
            broken = words.is_empty();
        }
        let text = runs.iter().fold(String::new(), |mut text, (from, to, words)| {
            let _ = write!(text, " {from}-{to} {words};");
            text
        });
        match out.last_mut() {
            Some((_, to, before)) if *before == text => *to = y,
            _ => out.push((y, y, text)),
        }
    }
    out.into_iter().filter(|(.., text)| !text.is_empty()).fold(String::new(), |mut all, (from, to, text)| {
        let rows = if from == to { from.to_string() } else { format!("{from}-{to}") };
        let _ = writeln!(all, "{rows}:{text}");
        all
    })
}

/// A floor that sends sample boards and answers to a real screen, for a person to look at.
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
                        Some(Request::Ask(query, _, _, reply)) => drop(reply.send(Ok(sample::answer(&query, &board)))),
                        Some(Request::Contacts(contacts, _, reply)) => drop(reply.send(sample::contacts(&contacts, &board))),
                        Some(Request::AgentStates(_, reply)) => drop(reply.send(sample::states())),
                        Some(Request::History(_, reply)) => drop(reply.send(sample::history())),
                        Some(Request::Execute(command, reply)) => {
                            let is_meant = |e: &&Episode| CommandSubject::Alert(e.id) == command.subject();
                            let episode = board.alerts.iter().find(is_meant).cloned();
                            let kept = episode.map(|episode| CommandOutcome::Episode(Box::new(episode)));
                            drop(reply.send(kept.ok_or_else(|| command.subject().unknown())));
                        }
                        Some(Request::Worklist(query, _, reply)) => {
                            drop(reply.send(Some(sample::worklist(&query, &board))));
                        }
                        Some(Request::SliceOf(..) | Request::Replay(_)) => {}
                    }
                }
            }
        }
    });
    crate::floor::Handle::new(boards, requests)
}

fn show(board: Board) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let who = Actor { name: "ann".into(), from: "desk1 pts/0".into() };
    runtime
        .block_on(async { super::run(floor(board), Settings::default(), who, tokio::sync::mpsc::channel(1).1).await })
        .unwrap();
}

#[test]
#[ignore = "a screen to look at: run it in a terminal with --ignored --nocapture"]
fn look() {
    show(sample::board(60));
}

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 35), (200, 50)];
/// Each page, and the keys that open it.
const PAGES: [(&str, &str); 9] = [
    ("overview", "1"),
    ("queue", "2"),
    ("intents", "3"),
    ("agents", "4"),
    ("alerts", "5"),
    ("trends", "1 6"),
    ("callback", "2 c"),
    ("live", "8"),
    ("agent", ": a n n <enter>"),
];

/// Each colour depth, and the palette it is tested with.
const DEPTHS: [(&str, Palette, Depth); 3] = [
    ("all colours", Palette::Dark, Depth::True),
    ("sixteen colours", Palette::Terminal, Depth::Few),
    ("no colours", Palette::Terminal, Depth::None),
];

#[test]
fn every_page_at_every_size_and_depth() {
    let mut screen = TestScreen::new(sample::board(60));
    for (name, keys) in PAGES {
        screen.press(keys);
        snapshot(&mut screen, name);
    }
}

/// Snapshot a page at every size, in every colour depth; the text is the same in all of them.
fn snapshot(screen: &mut TestScreen, name: &str) {
    for size in SIZES {
        screen.resize(size);
        let mut text = String::new();
        let mut styled = String::new();
        for (depth, palette, colours) in DEPTHS {
            let buffer = screen.draw(size, palette, colours, false);
            let lines = lines(&buffer).join("\n");
            assert!(text.is_empty() || text == lines, "{name}: the text is the same in {depth}");
            text = lines;
            styled = format!(
                "{styled}\n\n{depth}\n{}",
                styles(&buffer, Theme { palette, depth: colours, light: false }).trim_end()
            );
        }
        insta::assert_snapshot!(format!("{name}-{}x{}", size.0, size.1), format!("{text}{styled}"));
    }
}

#[test]
fn agents_in_an_unknown_state() {
    let mut board = sample::board(60);
    for (n, agent) in board.agents.iter_mut().enumerate() {
        // A whole team, and some of another.
        if agent.team.as_str() == "Night" || n % 8 == 0 {
            (agent.state, agent.reason, agent.queue, agent.contact) = (AgentState::Unknown, "".into(), None, None);
        }
    }
    let mut screen = TestScreen::new(board);
    screen.press("4");
    for size in [(80, 24), (120, 35)] {
        screen.resize(size);
        insta::assert_snapshot!(format!("agents-unknown-{}x{}", size.0, size.1), screen.text(size));
    }
}

#[test]
fn overlays() {
    let mut screen = TestScreen::new(sample::board(60));
    for (name, keys) in [
        ("help", "1 H"),
        ("figure", "<esc> <right> <right> <right> <right> ?"),
        ("why", "<esc> w"),
        ("snooze", "<esc> z"),
    ] {
        screen.press(keys);
        insta::assert_snapshot!(format!("overlay-{name}"), screen.text((120, 35)));
    }
}

#[test]
fn what_an_agent_can_do_is_seen_whatever_queues_and_names_there_are() {
    let mut board = sample::board(60);
    let agent = board.agents.iter_mut().next().unwrap();
    agent.name = "Annabelle Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh the Younger".into();
    agent.queues = (0..40).map(|n| format!("Queue number {n}").as_str().into()).collect();
    agent.skills = (0..12).map(|n| format!("language {n}").as_str().into()).collect();
    let mut screen = TestScreen::new(board);
    screen.press(": a n n a b <enter>");
    for size in [(60, 20), (80, 24), (120, 35), (200, 50)] {
        screen.resize(size);
        let text = screen.text(size);
        for words in ["serves 40 queues:", "12 skills:", "at most 3 at a time", "Annabelle Wolfe", "paused 8:28, lunch"]
        {
            assert!(text.contains(words), "{words}\n{text}");
        }
        // What is cut has one sign for it, wherever it begins.
        let trail = text.lines().nth(1).unwrap_or_default();
        assert!(trail.contains("Annabelle Wo") && trail.matches('…').count() <= 1, "{text}");
    }
}

#[test]
fn no_half_of_a_wide_character_is_left() {
    let mut board = sample::board(60);
    for (n, queue) in board.queues.iter_mut().enumerate() {
        queue.name = format!("サポート日本東京大阪支店{}", "x".repeat(n % 3)).as_str().into();
    }
    for (n, agent) in board.agents.iter_mut().enumerate() {
        agent.name = format!("{}佐藤健太郎鈴木一郎高橋", "x".repeat(n % 2)).as_str().into();
    }
    for alert in board.alerts.to_mut() {
        alert.text = "日本東京大阪支店サポートの待ち時間が長すぎます".into();
    }
    let mut screen = TestScreen::new(board);
    for (page, keys) in PAGES {
        for over in ["", "H", "S", "?", "w", "z", "/ x", ": x"] {
            screen.press("<esc> <esc> <esc> <esc>");
            screen.press(keys);
            screen.press(over);
            for width in [60, 61, 80, 81, 119, 120, 139, 140, 141, 200] {
                let buffer = screen.draw((width, 30), Palette::Terminal, Depth::Few, false);
                for row in buffer.content.chunks(usize::from(width)) {
                    let halves = row.iter().zip(row.iter().skip(1));
                    let cut = halves.filter(|(cell, next)| cell.symbol().width() == 2 && next.symbol() != " ").count();
                    let last = row.last().unwrap().symbol().width();
                    assert!(cut == 0 && last <= 1, "{page} {over} {width}:\n{}", lines(&buffer).join("\n"));
                }
            }
        }
    }
}

#[test]
fn in_ascii_nothing_else_is_written() {
    let mut screen = TestScreen::new(sample::board(60));
    for (_, keys) in PAGES {
        screen.press(keys);
        for size in SIZES {
            let text = lines(&screen.draw(size, Palette::Terminal, Depth::None, true)).join("\n");
            assert!(text.is_ascii(), "{text}");
        }
    }
    screen.press("1");
    let text = lines(&screen.draw(SIZES[0], Palette::Terminal, Depth::None, true)).join("\n");
    insta::assert_snapshot!("overview-ascii", text);
}

#[test]
fn no_size_is_too_small_or_too_large() {
    let mut screen = TestScreen::new(sample::board(60));
    for keys in
        ["1", "2", "3", "4", "5", "1 c", "1 H", "<esc> S", "<esc> w", "<esc> ?", "<esc> z", "<esc> /", "<esc> :"]
    {
        screen.press(keys);
        for width in [1, 7, 59, 60, 75, 99, 151, 400] {
            for height in [1, 5, 16, 23, 40, 120] {
                screen.draw((width, height), Palette::Light, Depth::Many, false);
            }
        }
    }
    let worst = screen.text((40, 5));
    assert!(worst.starts_with("‼ CRIT Outages: longest wait") && worst.contains("needs 60×16"), "{worst}");
}

#[test]
fn an_empty_floor_can_be_looked_at() {
    let mut screen = TestScreen::new(Board { at: sample::now(), ..Board::default() });
    for (_, keys) in PAGES {
        screen.press(keys);
        screen.press("<enter> <esc> <tab> w <esc> ? <esc> s a n <esc> u z <esc> e");
        screen.draw(SIZES[1], Palette::Terminal, Depth::Few, false);
    }
    screen.press("1");
    assert!(screen.text(SIZES[0]).contains("no queue has been seen yet"));
}

#[test]
fn old_data_says_so_and_why() {
    let mut board = sample::board(20);
    board.sources[0].health = Health::Down;
    board.sources[0].reason = "connection refused".into();
    board.sources[0].since = board.at - crate::clock::Span::seconds(130);
    let screen = TestScreen::new(board);
    let text = screen.text(SIZES[0]);
    assert!(text.contains("‼ pbx-1 down since 10:40: connection refused"), "{text}");
    let buffer = screen.draw(SIZES[0], Palette::Terminal, Depth::Few, false);
    insta::assert_snapshot!(
        "overview-stale",
        format!(
            "{}\n\n{}",
            lines(&buffer).join("\n"),
            styles(&buffer, Theme { palette: Palette::Terminal, depth: Depth::Few, light: false })
        )
    );
}

#[test]
fn one_key_acknowledges_the_worst_that_nobody_has_taken() {
    let mut screen = TestScreen::new(sample::board(20));
    let commands = alert_commands(screen.press("a"));
    assert_eq!((commands.len(), commands[0].episode, commands[0].version), (1, 1, 3));
    assert_eq!(commands[0].act, AlertAction::Acknowledge { note: None, lasts: None });
    // On the rail, `a` acknowledges the selected alert, and `A` all firing alerts of its queue.
    let commands = alert_commands(screen.press("<tab> j k A"));
    assert_eq!(commands.iter().map(|c| c.episode).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn notes_snoozes_and_undoing() {
    let mut screen = TestScreen::new(sample::board(20));
    let commands = alert_commands(screen.press("n h i <enter>"));
    assert_eq!(commands[0].act, AlertAction::Note("hi".into()));
    let commands = alert_commands(screen.press("z z"));
    assert_eq!(commands[0].act, AlertAction::Snooze(crate::alert::MuteLength::DEFAULT));
    assert_eq!(screen.press("z <esc>"), None);
    // No acknowledged alert is selected, so the newest acknowledgement is undone.
    let commands = alert_commands(screen.press("u"));
    assert_eq!((commands[0].episode, &commands[0].act), (4, &AlertAction::Undo));
}

#[test]
fn a_drill_goes_in_and_comes_back() {
    let mut screen = TestScreen::new(sample::board(60));
    screen.ui.window = Window::Today;
    screen.answer();
    screen.press("<down> <enter> <enter> <enter>");
    let text = screen.text(SIZES[2]);
    assert!(text.contains("Overview ▸ Billing ▸ bill too high ▸ ") && text.contains("▸ Contacts, Billing"), "{text}");
    assert_eq!(screen.ui.trail.len(), 4);
    screen.press("<esc> <esc> <esc> <esc>");
    assert_eq!(screen.ui.trail.len(), 1);
    let selected = screen.ui.lists.get(&super::state::Panel::Queues).and_then(|list| list.current().cloned());
    assert_eq!(selected.unwrap().as_str(), "billing", "the selection is kept");
}

/// Click on the first position where the screen shows `words`.
fn click(screen: &mut TestScreen, size: (u16, u16), words: &str) {
    let buffer = screen.draw(size, Palette::Terminal, Depth::Few, false);
    let rows = lines(&buffer);
    let row =
        rows.iter().position(|row| row.contains(words)).unwrap_or_else(|| panic!("no {words}: {}", rows.join("\n")));
    let column = rows[row].split(words).next().map_or(0, |before| before.chars().count());
    turn(
        screen,
        MouseEventKind::Down(MouseButton::Left),
        (u16::try_from(column).unwrap(), u16::try_from(row).unwrap()),
    );
}

fn turn(screen: &mut TestScreen, kind: MouseEventKind, (column, row): (u16, u16)) {
    let board = Arc::clone(&screen.board);
    screen.ui.mouse(&MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }, &board, &screen.drawn.borrow());
    screen.answer();
}

#[test]
fn clicks_select_go_in_sort_and_come_back() {
    use super::state::{Page, Panel};
    let mut screen = TestScreen::new(sample::board(60));
    let current = |screen: &TestScreen, panel| screen.ui.lists[&panel].current().unwrap().to_string();
    click(&mut screen, SIZES[2], "Complaints");
    assert_eq!((screen.ui.page(), current(&screen, Panel::Queues).as_str()), (Page::Overview, "complaints"));
    click(&mut screen, SIZES[2], "Complaints");
    assert_eq!((screen.ui.page(), screen.ui.trail.len()), (Page::Queue, 2));
    click(&mut screen, SIZES[2], "Overview ▸");
    assert_eq!(screen.ui.trail.len(), 1);
    click(&mut screen, SIZES[2], " Longest In time");
    assert_eq!(screen.ui.lists[&Panel::Queues].sort, Some((3, true)));
    click(&mut screen, SIZES[2], "4 Agents");
    assert_eq!(screen.ui.page(), Page::Agents);
    click(&mut screen, SIZES[2], "1 Overview");
    // A click on a panel without the focus only focuses it.
    click(&mut screen, SIZES[2], "Hung up");
    assert_eq!((screen.ui.focus(), screen.ui.tile, screen.ui.overlay.is_some()), (Panel::Tiles, 3, false));
    click(&mut screen, SIZES[2], "Hung up");
    assert!(screen.ui.overlay.is_some(), "the figure is explained");
    click(&mut screen, SIZES[2], "Abandonment of all queues");
    assert!(screen.ui.overlay.is_none(), "and put away");
}

#[test]
fn the_wheel_turns_the_list_below_it() {
    use super::state::{Page, Panel};
    let mut screen = TestScreen::new(sample::board(60));
    screen.press("<tab>");
    assert_eq!(screen.ui.focus(), Panel::Rail);
    screen.draw(SIZES[0], Palette::Terminal, Depth::Few, false);
    turn(&mut screen, MouseEventKind::ScrollDown, (20, 12));
    assert_eq!((screen.ui.focus(), screen.ui.lists[&Panel::Queues].position()), (Panel::Rail, Some(3)));
    turn(&mut screen, MouseEventKind::ScrollDown, (20, 0));
    assert_eq!((screen.ui.page(), screen.ui.lists[&Panel::Queues].position()), (Page::Overview, Some(3)));
    // A click does not discard what is being typed.
    screen.press("/ b");
    turn(&mut screen, MouseEventKind::Down(MouseButton::Left), (20, 12));
    assert!(screen.ui.prompt.is_some());
}

#[test]
fn the_selection_follows_its_row() {
    let mut screen = TestScreen::new(sample::board(20));
    screen.press("<down>");
    let before = screen.ui.lists[&super::state::Panel::Queues].current().cloned();
    let mut board = Board::clone(&screen.board);
    board.seq += 1;
    board.queues = board.queues.iter().rev().cloned().collect();
    screen.board = Arc::new(board);
    screen.press("<right> s");
    assert_eq!(screen.ui.lists[&super::state::Panel::Queues].current().cloned(), before);
}

#[test]
fn a_filter_holds_while_it_is_typed_and_esc_ends_it() {
    let mut screen = TestScreen::new(sample::board(60));
    screen.press("/ b i l l <enter>");
    let text = screen.text(SIZES[0]);
    assert!(text.contains("Billing") && !text.contains("Moving home"), "{text}");
    screen.press("<esc>");
    assert!(screen.text(SIZES[0]).contains("Moving home"));
}

#[test]
fn freezing_holds_the_board_and_pauses_a_replay() {
    let mut screen = TestScreen::new(sample::board(20));
    screen.press("<space>");
    assert!(screen.ui.frozen.is_some());
    screen.press("<space>");
    assert!(screen.ui.frozen.is_none());
    let mut board = sample::board(20);
    board.mode = Mode::Replay { speed: 60.0, paused: false, from: sample::now(), to: sample::now() };
    let mut screen = TestScreen::new(board);
    assert_eq!(screen.press("<space>"), Some(Effect::ControlReplay(crate::floor::handle::ReplayCommand::Pause(true))));
    assert_eq!(screen.press(">"), Some(Effect::ControlReplay(crate::floor::handle::ReplayCommand::Speed(120.0))));
}

#[test]
fn what_is_opened_while_frozen_says_that_it_is_newer() {
    let mut screen = TestScreen::new(sample::board(20));
    screen.press("<space>");
    let shown = Arc::clone(&screen.board);
    let mut later = Board::clone(&shown);
    later.seq += 40;
    later.at = later.at + crate::clock::Span::seconds(60);
    screen.board = Arc::new(later);
    screen.press("1");
    let overview = |screen: &mut TestScreen| {
        let live = std::mem::replace(&mut screen.board, Arc::clone(&shown));
        let text = screen.text(SIZES[1]);
        screen.board = live;
        text
    };
    let text = overview(&mut screen);
    assert!(text.contains("FROZEN at 10:42:17") && !text.contains("after the freeze"), "{text}");
    screen.press("3");
    let text = overview(&mut screen);
    assert!(text.contains("30m · as of 10:43:17, after the freeze"), "{text}");
    screen.press("1 c");
    let text = overview(&mut screen);
    assert!(text.contains("after the freeze"), "{text}");
}

#[test]
fn what_is_seen_can_be_exported() {
    let mut board = sample::board(20);
    board.queues.iter_mut().next().unwrap().id = "=cmd()".into();
    let screen = TestScreen::new(board);
    let directory = tempfile::tempdir().unwrap();
    let export = super::export::of_panel(screen.ctx(Palette::Terminal, Depth::Few)).unwrap();
    let words = export.write(directory.path()).unwrap();
    assert!(words.starts_with("10 rows in "), "{words}");
    export.write(directory.path()).unwrap();
    let files: Vec<_> = std::fs::read_dir(directory.path()).unwrap().map(|f| f.unwrap().path()).collect();
    assert_eq!(files.len(), 4, "nothing is overwritten");
    // A broken link is an existing file too.
    let name = words.split(" in ").nth(1).unwrap().split(".csv").next().unwrap();
    let (third, elsewhere) = (format!("{name}-3.json"), directory.path().join("elsewhere"));
    std::os::unix::fs::symlink(&elsewhere, &third).unwrap();
    assert!(export.write(directory.path()).unwrap().contains("-4.csv") && !elsewhere.exists());
    for file in files {
        let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "for its owner alone");
        let text = std::fs::read_to_string(&file).unwrap();
        if file.extension().unwrap() == "csv" {
            assert!(text.starts_with("id,queue,status,waiting,") && text.contains("'=cmd()"), "{text}");
        } else {
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value["rows"].as_array().unwrap().len(), 10);
        }
    }
}

#[test]
fn a_long_list_asks_for_the_figures_of_the_rows_in_view() {
    let mut screen = TestScreen::new(large_board());
    let rows = |screen: &TestScreen| {
        let questions = super::queries::questions(&screen.ui, &screen.board);
        questions.into_iter().find_map(|question| match question {
            Question::Rows(_, RowSelection::Of(rows)) => Some(rows),
            _ => None,
        })
    };
    let first = rows(&screen).unwrap();
    assert!((200..=400).contains(&first.len()));
    screen.ui.lists.get_mut(&super::state::Panel::Queues).unwrap().move_selection(900);
    let selected = screen.ui.lists[&super::state::Panel::Queues].current().cloned().unwrap();
    assert!(!first.contains(&selected) && rows(&screen).unwrap().contains(&selected));
    screen.ui.exporting = true;
    assert_eq!(rows(&screen), None, "an export has all");
}

/// A board with 20,000 agents and a thousand queues more than the sample.
fn large_board() -> Board {
    let mut board = sample::board(20_000);
    let some: Vec<QueueRow> = board.queues.iter().cloned().collect();
    let others = some.iter().cycle().take(1_000).zip(0..);
    let others = others.map(|(queue, n)| QueueRow { id: format!("queue{n}").as_str().into(), ..queue.clone() });
    board.queues = some.iter().cloned().chain(others).collect();
    board
}

#[test]
#[ignore = "a measurement: cargo test --release view_model -- --ignored --nocapture"]
fn view_model() {
    let mut screen = TestScreen::new(large_board());
    for (name, keys) in PAGES {
        screen.press(keys);
        let mut board = Board::clone(&screen.board);
        board.seq += 1;
        screen.board = Arc::new(board);
        let start = Instant::now();
        let orders = view::orders(screen.ctx(Palette::Terminal, Depth::True));
        let ordered = start.elapsed();
        screen.ui.lists.extend(orders);
        screen.draw((200, 50), Palette::Terminal, Depth::True, false);
        println!("{name}: order {ordered:?}, all {:?}", start.elapsed());
    }
}

#[test]
fn who_cannot_be_told_of_alerts_stands_on_top_of_the_board() {
    use crate::board::TargetRow;
    let row = |name: &str| TargetRow {
        name: name.into(),
        since: sample::now(),
        reason: "hooks.example.com refuses us".into(),
        failures: 3,
        next_try: None,
    };
    let untold = vec![row("duty channel"), row("pager")];
    let screen =
        TestScreen::new(Board { at: sample::now(), keeper: crate::board::Keeper::Us, untold, ..Board::default() });
    let drawn = screen.text((120, 30));
    assert!(drawn.contains("duty channel and 1 more can't be told of alerts: hooks.example.com refuses us"), "{drawn}");
}
