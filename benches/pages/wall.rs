//! The crowded floor, and a screen for it without a terminal.

#![expect(clippy::unwrap_used, reason = "what can't be measured ends the bench")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use floorwatch::alert::{self, Actor, EvaluationContext, Evaluator, built_in};
use floorwatch::board::{Board, ContactRow};
use floorwatch::clock::{Span, Time};
use floorwatch::engine::{Engine, Settings, SourceNames};
use floorwatch::event::Event;
use floorwatch::floor::ContactFilter;
use floorwatch::hub::patch;
use floorwatch::kpi::{Dim, Period, Query, Slice, Window};
use floorwatch::text::{Label, Patterns};
use floorwatch::ui::action::Keymap;
use floorwatch::ui::answers::{Answers, Reply};
use floorwatch::ui::complete;
use floorwatch::ui::drawn::Drawn;
use floorwatch::ui::glyphs::GlyphSet;
use floorwatch::ui::queries::{self, Question};
use floorwatch::ui::state::{Location, Ui};
use floorwatch::ui::theme::{Depth, Palette, Theme};
use floorwatch::ui::view::{self, Ctx};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use rustix::time::{ClockId, clock_gettime};

use crate::crowd::Crowd;

/// How often a floor publishes boards.
const BOARD_INTERVAL: Span = Span(50_000);
const BOARDS_A_SECOND: usize = 20;
/// More queries than the engine keeps views for.
const OTHERS: i64 = 65;

/// An engine and an evaluator, as in a floor, and the crowd that gives the events.
pub(crate) struct Floor {
    engine: Engine,
    evaluator: Evaluator,
    crowd: Crowd,
    now: Time,
    seq: u64,
    last: Arc<Board>,
}

impl Floor {
    /// The floor a quarter of an hour after its day began.
    pub(crate) fn new() -> Self {
        let start = Time::parse_rfc3339("2026-03-02T07:00:00Z").unwrap();
        let lasts = Span(15 * Span::MINUTE.0);
        let mut engine = Engine::new(Settings::default());
        let crowd = Crowd::new(start, lasts, &mut |event| _ = engine.apply(&event));
        let evaluator = Evaluator::new(built_in(), alert::Settings::default(), *engine.calendar());
        let mut floor = Self { engine, evaluator, crowd, now: start, seq: 0, last: Arc::default() };
        floor.pass(lasts - Span(5 * Span::MINUTE.0));
        for _ in 0..5 {
            floor.judge();
            floor.pass(Span::MINUTE);
        }
        floor.judge();
        floor
    }

    /// Advance the time, as a floor does.
    fn pass(&mut self, lasts: Span) {
        self.now = self.now + lasts;
        let engine = &mut self.engine;
        self.crowd.pass(self.now, &mut |event: Event| {
            engine.apply(&event);
            engine.advance(event.at);
        });
        engine.advance(self.now);
    }

    /// Measure an operation after another second, in which boards were made as a floor makes them.
    pub(crate) fn second(&mut self, what: impl FnOnce(&mut Self)) -> Duration {
        for _ in 1..BOARDS_A_SECOND {
            self.pass(BOARD_INTERVAL);
            self.last = Arc::new(self.board());
        }
        self.pass(BOARD_INTERVAL);
        let start = processor_time();
        what(self);
        processor_time().saturating_sub(start)
    }

    /// The changes from the last board to the next, a quarter of a second later, as a hub sends them (`true`) and as a board
    /// of that hub takes them.
    pub(crate) fn patch(&mut self, sends: bool) -> Duration {
        let mut last = Board::clone(&self.last);
        // As a board has it that looks for agents by their ids.
        std::hint::black_box(last.agents.place(&Label::fixed("agent-00001")));
        for _ in 0..BOARDS_A_SECOND / 4 {
            self.pass(BOARD_INTERVAL);
            self.last = Arc::new(self.board());
        }
        let start = processor_time();
        let changes = patch::diff(&last, &self.last).unwrap();
        let sent = processor_time();
        patch::apply(&mut last, changes.json.as_bytes()).unwrap();
        std::hint::black_box(last.agents.place(&Label::fixed("agent-00001")));
        if sends { sent.saturating_sub(start) } else { processor_time().saturating_sub(sent) }
    }

    /// Send so many other queries that the engine drops its views.
    pub(crate) fn distract(&mut self) {
        for other in 0..OTHERS {
            let over = Period::Range(Time(other), Time(other + 1));
            let of = Slice::of(Dim::Queue, Label::fixed("nobody's"));
            let query = Query { of, by: Vec::new(), over, every: None, kpis: Vec::new(), formula: None };
            self.engine.ask(&query, self.now);
        }
    }

    /// Evaluate the built-in rules.
    pub(crate) fn judge(&mut self) {
        let queries = self.evaluator.queries().iter().zip(0..);
        let answers: Vec<_> = queries
            .map(|(query, at)| self.engine.ask_where(query, self.now, &self.evaluator.needed(at, self.now)))
            .collect();
        let engine = &self.engine;
        let lines = |kpi, slice: &Slice| engine.bands(kpi, slice.get(Dim::Queue), slice.get(Dim::Intent));
        let context = EvaluationContext { bands: &lines, name: &|slice| engine.name(slice) };
        self.evaluator.evaluate(&answers, &[], context, self.now);
    }

    /// Assemble the board.
    pub(crate) fn board(&mut self) -> Board {
        self.seq += 1;
        Board {
            seq: self.seq,
            at: self.now,
            calendar: *self.engine.calendar(),
            rules: self.engine.settings().rules.clone(),
            total: self.engine.total_now(self.now),
            queues: self.engine.queues_now(self.now, SourceNames::ORIGINS),
            agents: self.engine.agents_now(self.now),
            waiting: self.engine.waiting_now(self.now),
            alerts: self.evaluator.active(),
            ..Board::default()
        }
    }

    fn reply(&mut self, question: &Question) -> Reply {
        match question {
            Question::Figures(query) => Reply::Figures(Box::new(self.engine.ask(query, self.now))),
            Question::Rows(query, rows) => {
                let queues = Patterns::default();
                Reply::Figures(Box::new(self.engine.ask_bounded(query, rows, &queues, self.now).unwrap()))
            }
            Question::Contacts(wanted) => {
                let abandoned = wanted.only == ContactFilter::Abandoned;
                let found = match wanted.only {
                    ContactFilter::Live => self.engine.live_contacts(&wanted.of, &Patterns::default(), wanted.limit),
                    _ => self.engine.contacts(&wanted.of, wanted.over, self.now, abandoned, wanted.limit),
                };
                Reply::Contacts(found.into_iter().map(ContactRow::from).collect())
            }
            Question::States(agent) => Reply::States(self.engine.agent_states(agent, self.now)),
            Question::History => Reply::History(Vec::new()),
            Question::Worklist(_) => Reply::Worklist(Box::new(None)),
        }
    }
}

/// A screen that shows one page.
pub(crate) struct Wall {
    ui: Ui,
    answers: Answers,
    board: Arc<Board>,
    drawn: Drawn,
    keymap: Keymap,
    settings: floorwatch::ui::Settings,
}

impl Wall {
    /// A screen that shows `location`.
    pub(crate) fn new(location: Location, floor: &mut Floor) -> Self {
        let who = Actor { name: Label::fixed("ann"), from: Label::fixed("desk 1") };
        let mut ui = Ui::new(who, Window::Today, None, Palette::Dark, false);
        ui.drill(location);
        let keymap = Keymap::new(&BTreeMap::new()).unwrap();
        Self {
            ui,
            answers: Answers::default(),
            board: Arc::new(floor.board()),
            drawn: Drawn::default(),
            keymap,
            settings: floorwatch::ui::Settings::default(),
        }
    }

    /// Answer the page's queries.
    pub(crate) fn answer(&mut self, floor: &mut Floor) {
        for question in queries::questions(&self.ui, &self.board) {
            let reply = floor.reply(&question);
            let asked = Instant::now();
            self.answers.due(std::slice::from_ref(&question), self.board.seq, false, asked);
            self.answers.store(&question, reply, asked);
        }
    }

    /// Draw the next board, 50 ms after the last one. Returns how long that took.
    pub(crate) fn frame(&mut self, floor: &mut Floor, screen: &mut Terminal<TestBackend>) -> Duration {
        floor.pass(BOARD_INTERVAL);
        self.board = Arc::new(floor.board());
        let start = processor_time();
        self.draw(screen);
        processor_time().saturating_sub(start)
    }

    /// Press a key. Returns how long it took until its result was drawn.
    pub(crate) fn key(&mut self, key: char, floor: &mut Floor, screen: &mut Terminal<TestBackend>) -> Duration {
        floor.pass(BOARD_INTERVAL);
        self.board = Arc::new(floor.board());
        let code = if key == '\u{1b}' { KeyCode::Esc } else { KeyCode::Char(key) };
        let start = processor_time();
        self.ui.key(&KeyEvent::from(code), &self.keymap, &self.board, &self.drawn);
        self.order();
        std::hint::black_box(queries::questions(&self.ui, &self.board));
        self.draw(screen);
        processor_time().saturating_sub(start)
    }

    /// Close the prompt, if it is open.
    pub(crate) fn close_prompt(&mut self) {
        self.ui.prompt = None;
    }

    /// Sort the lists, and complete what is typed at the prompt.
    fn order(&mut self) {
        let ctx = ctx(&self.ui, &self.board, &self.answers, &self.keymap, &self.settings);
        let (orders, suggestions) = (view::orders(ctx), complete::suggestions(ctx));
        self.ui.lists.extend(orders);
        if let (Some(prompt), Some(suggestions)) = (&mut self.ui.prompt, suggestions) {
            prompt.suggestions = suggestions;
        }
    }

    fn draw(&mut self, screen: &mut Terminal<TestBackend>) {
        self.order();
        let ctx = ctx(&self.ui, &self.board, &self.answers, &self.keymap, &self.settings);
        let mut drawn = Drawn::default();
        screen.draw(|frame| drawn = view::draw(frame, ctx, &self.drawn)).unwrap();
        self.drawn = drawn;
    }
}

/// How long this thread has run.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

fn ctx<'a>(
    ui: &'a Ui,
    board: &'a Board,
    answers: &'a Answers,
    keymap: &'a Keymap,
    settings: &'a floorwatch::ui::Settings,
) -> Ctx<'a> {
    let theme = Theme { palette: Palette::Dark, depth: Depth::True, light: false };
    Ctx { ui, board, answers, theme, glyphs: GlyphSet::Full, keymap, settings }
}

/// A terminal of this size that draws into a buffer.
pub(crate) fn screen(width: u16, height: u16) -> Terminal<TestBackend> {
    Terminal::new(TestBackend::new(width, height)).unwrap()
}
