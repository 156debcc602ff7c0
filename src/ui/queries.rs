//! The questions of the pages, one function per question. A page finds the answer by its question; [`questions`] lists the
//! questions that the loop has to send.

mod beside;
pub mod kiosk;
pub mod trends;

use std::borrow::Cow;

use crate::board::Board;
use crate::clock::Span;
use crate::floor::handle::{ContactFilter, ContactQuery};
use crate::kpi::{Dim, Every, KpiId, Period, Query, RowSelection, Slice, Window};
use crate::text::Label;
use crate::ui::prompt::PromptKind;
use crate::ui::state::{List, Location, Overlay, Page, Panel, Ui};
use crate::worklist::WorkQuery;
pub use beside::{Beside, RESOLUTION, SPEED, patience, quality_of_teams, speed};
pub use kiosk::{kiosk_day, kiosk_queues, kiosk_work};

/// A question of the screen to the floor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    /// For figures.
    Figures(Query),
    /// For figures of some of the rows. Its answer stands for that to the whole question.
    Rows(Query, RowSelection),
    /// For contacts.
    Contacts(ContactQuery),
    /// For what an agent did today; holds the agent's id.
    States(Label),
    /// For the newest episodes that are over.
    History,
    /// For items of a worklist.
    Worklist(WorkQuery),
}

impl Question {
    /// The question whose answer a page looks for: that for all rows.
    #[must_use]
    pub fn whole(&self) -> Cow<'_, Self> {
        match self {
            Self::Rows(query, _) => Cow::Owned(Self::Figures(query.clone())),
            whole => Cow::Borrowed(whole),
        }
    }

    /// Whether it is about a time that is over.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Figures(Query { over: Period::Range(..), .. }))
    }

    /// Whether its answer is a series, which one more contact hardly changes.
    #[must_use]
    pub const fn is_series(&self) -> bool {
        matches!(self, Self::Figures(Query { every: Some(_), .. }))
    }
}

/// Lists that are longer get figures of the rows around the selected one only.
const MAX_WHOLE_LIST: usize = 1_000;
/// So many rows on either side of the selected one get figures: more than any screen has.
const ROWS_AROUND: usize = 200;
/// The most resolved episodes that the page of alerts lists.
pub const MAX_HISTORY: usize = 200;
/// The most contacts in a list.
pub const MAX_CONTACTS: usize = 500;

/// The KPIs of a page's total.
const TOTALS: &[KpiId] = &[
    KpiId::ServiceLevel,
    KpiId::AbandonmentRate,
    KpiId::Asa,
    KpiId::Fcr,
    KpiId::Csat,
    KpiId::Ces,
    KpiId::Nps,
    KpiId::Aht,
    KpiId::Offered,
    KpiId::Answered,
    KpiId::Abandoned,
    KpiId::Left,
    KpiId::Handled,
    KpiId::AnswerP90,
    KpiId::MaxWait,
    KpiId::TransferRate,
    KpiId::RepeatRate,
    KpiId::AbandonmentByPosition,
];
const SERIES: &[KpiId] = &[
    KpiId::ServiceLevel,
    KpiId::AbandonmentRate,
    KpiId::Asa,
    KpiId::Fcr,
    KpiId::Csat,
    KpiId::Ces,
    KpiId::Nps,
    KpiId::Aht,
    KpiId::Offered,
    KpiId::RepeatRate,
    KpiId::TransferRate,
];
const QUEUES: &[KpiId] = &[
    KpiId::ServiceLevel,
    KpiId::AbandonmentRate,
    KpiId::Asa,
    KpiId::Offered,
    KpiId::Answered,
    KpiId::Abandoned,
    KpiId::Aht,
    KpiId::AnswerP90,
    KpiId::Occupancy,
    KpiId::Fcr,
    KpiId::Csat,
    KpiId::TransferRate,
    KpiId::LongestWait,
];
const INTENTS: &[KpiId] = &[
    KpiId::Offered,
    KpiId::Handled,
    KpiId::Aht,
    KpiId::Fcr,
    KpiId::RepeatRate,
    KpiId::Csat,
    KpiId::TransferRate,
    KpiId::SpeedTrap,
    KpiId::AbandonmentRate,
    KpiId::ServiceLevel,
    KpiId::Acw,
];
const AGENTS: &[KpiId] = &[
    KpiId::Handled,
    KpiId::Aht,
    KpiId::Acw,
    KpiId::Hold,
    KpiId::Occupancy,
    KpiId::TransferRate,
    KpiId::RingNoAnswer,
    KpiId::ContactsPerHour,
];

fn query(ui: &Ui, of: &Slice, by: Option<Dim>, kpis: &[KpiId]) -> Query {
    Query {
        of: of.clone(),
        by: by.into_iter().collect(),
        over: Period::Window(ui.window),
        every: None,
        kpis: kpis.to_vec(),
        formula: ui.formula,
    }
}

/// The window and the step of the trends that belong to a window of time.
#[must_use]
pub const fn steps(window: Window) -> (Window, Every) {
    match window {
        Window::M15 | Window::M30 | Window::H1 | Window::Interval => (Window::H1, Every::Minutes(5)),
        Window::Today => (Window::Today, Every::Minutes(30)),
        Window::D7 | Window::D30 => (Window::D30, Every::Days(1)),
    }
}

/// What the overview has room for beyond queues and alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OverviewRoom {
    /// Nothing more, or what the queues leave free below them.
    Little,
    /// Below the alerts: those that are over, and what grows.
    Rail,
    /// Also the day of each queue.
    Days,
}

impl OverviewRoom {
    /// The room on a screen of so many columns and rows. It follows from the screen alone, so that nothing moves when an
    /// alert comes.
    #[must_use]
    pub const fn of((columns, rows): (u16, u16)) -> Self {
        match (columns, rows) {
            (150.., 70..) => Self::Days,
            (150.., 44..) => Self::Rail,
            _ => Self::Little,
        }
    }
}

/// The questions of the page and of the overlay on it.
#[must_use]
pub fn questions(ui: &Ui, board: &Board) -> Vec<Question> {
    let slice = ui.slice();
    let mut questions = match ui.page() {
        Page::Overview => vec![
            Question::Figures(totals(ui, slice)),
            Question::Figures(day(ui, slice)),
            of_list(ui, Panel::Queues, board.queues.len(), queues(ui)),
            Question::Figures(course(ui, slice)),
        ],
        Page::Queue => vec![
            Question::Figures(totals(ui, slice)),
            Question::Figures(day(ui, slice)),
            Question::Figures(course(ui, slice)),
            Question::Figures(intents(ui, slice)),
            Question::Figures(agents(ui, slice)),
        ],
        Page::Intents => {
            let selected = ui.selected_slice(board);
            vec![
                Question::Figures(totals(ui, slice)),
                Question::Figures(intents(ui, slice)),
                Question::Figures(course(ui, &selected)),
            ]
        }
        Page::Agents if slice.is_total() => {
            vec![of_list(ui, Panel::Agents, board.agents.len(), agents(ui, slice))]
        }
        // Who belongs to another slice follows from the answer.
        Page::Agents => vec![Question::Figures(agents(ui, slice))],
        Page::Alerts => vec![Question::History],
        Page::Contacts | Page::Live => vec![Question::Contacts(contacts(ui, &ui.location()))],
        Page::Worklist => vec![Question::Worklist(worklist(ui))],
        Page::Trends => trends::questions(ui, board),
        Page::Agent => of_one_agent(ui, board),
        Page::Kiosk => kiosk::questions(ui),
    };
    match ui.page() {
        Page::Overview if board.queues.len() <= MAX_WHOLE_LIST => {
            questions.extend(changes(ui, board, &Slice::TOTAL, Dim::Queue));
            questions.extend(expected(ui, board, slice));
            let room = OverviewRoom::of(ui.size);
            if room >= OverviewRoom::Rail {
                questions.push(Question::History);
                questions.extend(changes(ui, board, &Slice::TOTAL, Dim::Intent));
            }
            if room == OverviewRoom::Days {
                questions.push(Question::Figures(queue_days(ui)));
            }
        }
        Page::Queue => {
            questions.extend(changes(ui, board, slice, Dim::Intent));
            questions.extend(expected(ui, board, slice));
        }
        Page::Intents => {
            questions.extend(changes(ui, board, slice, Dim::Intent));
            questions.extend(expected(ui, board, &ui.selected_slice(board)));
        }
        _ => {}
    }
    if ui.page() == Page::Overview && board.queues.len() <= 200 {
        questions.push(Question::Figures(queue_courses(ui)));
    }
    if questions.iter().any(|question| matches!(question, Question::Rows(query, _) if *query == queues(ui))) {
        questions.push(Question::Figures(queue_verdicts(ui)));
    }
    if ui.prompt.as_ref().is_some_and(|prompt| prompt.kind == PromptKind::Command) {
        questions.push(Question::Figures(known_intents(ui)));
    }
    match &ui.overlay {
        Some(Overlay::Figure { kpi, slice, window }) => {
            questions.push(Question::Figures(single(ui, slice, *kpi, *window)));
        }
        Some(Overlay::Why { kpi, slice, window, episode }) => {
            questions.push(Question::Figures(single(ui, slice, *kpi, *window)));
            questions.push(Question::Figures(made_of(ui, slice, *kpi, *window)));
            questions.push(Question::Figures(made_of_before(ui, board, slice, *kpi, *window, *episode)));
            questions.push(Question::Figures(half_hours(ui, slice, *kpi)));
            if matches!(kpi, KpiId::ServiceLevel | KpiId::AbandonmentRate | KpiId::Asa) {
                questions.push(Question::Figures(patience(ui, slice, (*window).max(Window::D7))));
            }
            questions.extend(beside::questions(ui, board, slice, *kpi, *window).into_iter().map(Question::Figures));
        }
        _ => {}
    }
    questions
}

/// The question that fills a list of the whole floor, of which the board has `known` rows. Of a long list it is for the
/// rows around the selected one only, or for the first ones by the KPI that agents are sorted by.
fn of_list(ui: &Ui, panel: Panel, known: usize, query: Query) -> Question {
    if known <= MAX_WHOLE_LIST || ui.exporting {
        return Question::Figures(query);
    }
    let default = List::default();
    let list = ui.lists.get(&panel).unwrap_or(&default);
    let at = list.position().unwrap_or(0);
    let rows = match (list.kpi, list.sort) {
        (Some(kpi), Some((_, descending))) if panel == Panel::Agents && query.kpis.contains(&kpi) => {
            // In steps, so that it is the same question after a few rows.
            RowSelection::First { kpi, descending, limit: (at / ROWS_AROUND + 2) * ROWS_AROUND }
        }
        _ => {
            let shown = (at.saturating_sub(ROWS_AROUND)..).map_while(|at| list.id_at(at)).take(2 * ROWS_AROUND);
            RowSelection::Of(shown.cloned().collect())
        }
    };
    Question::Rows(query, rows)
}

/// What the order of the queues depends on: the figures that they are rated by, and the one that they are sorted by.
#[must_use]
pub fn queue_verdicts(ui: &Ui) -> Query {
    // The board has the longest waits.
    let rated = [KpiId::ServiceLevel, KpiId::AbandonmentRate, KpiId::Asa];
    let sorted_by = ui.lists.get(&Panel::Queues).and_then(|list| list.kpi);
    let is_asked = |kpi: &KpiId| QUEUES.contains(kpi) && *kpi != KpiId::LongestWait && !rated.contains(kpi);
    let sorted_by = sorted_by.filter(is_asked);
    let kpis: Vec<KpiId> = rated.into_iter().chain(sorted_by).collect();
    query(ui, &Slice::TOTAL, Some(Dim::Queue), &kpis)
}

/// The figures of a slice as a whole.
#[must_use]
pub fn totals(ui: &Ui, of: &Slice) -> Query {
    query(ui, of, None, TOTALS)
}

/// The same figures over the day, or the page's window if that is longer.
#[must_use]
pub fn day(ui: &Ui, of: &Slice) -> Query {
    Query { over: Period::Window(ui.window.max(Window::Today)), ..totals(ui, of) }
}

/// The same figures over time.
#[must_use]
pub fn course(ui: &Ui, of: &Slice) -> Query {
    let (window, every) = steps(ui.window);
    Query { over: Period::Window(window), every: Some(every), ..query(ui, of, None, SERIES) }
}

/// One row per queue.
#[must_use]
pub fn queues(ui: &Ui) -> Query {
    query(ui, &Slice::TOTAL, Some(Dim::Queue), QUEUES)
}

/// The same of today, whatever the page shows.
#[must_use]
pub fn today_by_queue(ui: &Ui) -> Query {
    Query { over: Period::Window(Window::Today), ..queues(ui) }
}

/// The service level of each queue over time.
#[must_use]
pub fn queue_courses(ui: &Ui) -> Query {
    let (window, every) = steps(ui.window);
    Query {
        over: Period::Window(window),
        every: Some(every),
        ..query(ui, &Slice::TOTAL, Some(Dim::Queue), &[KpiId::ServiceLevel, KpiId::Offered])
    }
}

/// The same for each half hour of today.
#[must_use]
pub fn queue_days(ui: &Ui) -> Query {
    let over = Period::Window(Window::Today);
    Query {
        over,
        every: Some(Every::Minutes(30)),
        ..query(ui, &Slice::TOTAL, Some(Dim::Queue), &[KpiId::ServiceLevel])
    }
}

/// One row per intent.
#[must_use]
pub fn intents(ui: &Ui, of: &Slice) -> Query {
    query(ui, of, Some(Dim::Intent), INTENTS)
}

/// One row per agent.
#[must_use]
pub fn agents(ui: &Ui, of: &Slice) -> Query {
    query(ui, of, Some(Dim::Agent), AGENTS)
}

/// The figures of one agent. There is no NPS: a customer's mood is not an agent's mark.
pub const OF_AGENT: &[KpiId] = &[
    KpiId::Handled,
    KpiId::RingNoAnswer,
    KpiId::ContactsPerHour,
    KpiId::Aht,
    KpiId::Hold,
    KpiId::Acw,
    KpiId::TransferRate,
    KpiId::Fcr,
    KpiId::Csat,
];

/// The questions of the page of one agent.
fn of_one_agent(ui: &Ui, board: &Board) -> Vec<Question> {
    let agent = ui.slice().get(Dim::Agent).cloned().unwrap_or_default();
    let team = board.agents.find(&agent).map(|agent| &agent.team).filter(|team| !team.is_empty());
    vec![
        Question::Contacts(contacts(ui, &ui.location())),
        Question::Figures(of_agent(ui)),
        Question::Figures(of_team(ui, team)),
        Question::States(agent),
    ]
}

/// The figures of the page's agent.
#[must_use]
pub fn of_agent(ui: &Ui) -> Query {
    Query { over: Period::Window(contact_window(ui)), ..query(ui, ui.slice(), None, OF_AGENT) }
}

/// The same of the agent's team, or of everybody where there is none.
#[must_use]
pub fn of_team(ui: &Ui, team: Option<&Label>) -> Query {
    let others = ui.slice().parts().filter(|(dim, _)| *dim != Dim::Agent);
    let of = others.fold(Slice::TOTAL, |slice, (dim, value)| slice.and(*dim, value.clone()));
    let of = match team {
        Some(team) => of.and(Dim::Team, team.clone()),
        None => of,
    };
    Query { of, ..of_agent(ui) }
}

/// The intents that can be named at the prompt: those of the day, or of the page's window if that is longer.
#[must_use]
pub fn known_intents(ui: &Ui) -> Query {
    let over = Period::Window(ui.window.max(Window::Today));
    Query { over, ..query(ui, &Slice::TOTAL, Some(Dim::Intent), &[KpiId::Offered]) }
}

/// How many earlier weeks are looked at for what is usual.
pub const WEEKS: u64 = 4;

/// The arrivals of the last hour, one row for each part of a slice.
#[must_use]
pub fn last_hour(ui: &Ui, of: &Slice, by: Dim) -> Query {
    Query { over: Period::Window(Window::H1), ..query(ui, of, Some(by), &[KpiId::Offered]) }
}

/// The same for this hour of the day so many weeks ago. The hour moves by half hours, so that its answer is kept for long.
#[must_use]
pub fn hour_before(ui: &Ui, board: &Board, of: &Slice, by: Dim, weeks: u64) -> Query {
    let calendar = &board.calendar;
    let time_of_day = calendar.half_hour(board.at) - calendar.day_start(board.at, 0);
    let middle = calendar.day_start(board.at, 7 * weeks) + time_of_day;
    let over = Period::Range(middle - Span(30 * Span::MINUTE.0), middle + Span(30 * Span::MINUTE.0));
    Query { over, ..last_hour(ui, of, by) }
}

/// The same for up to three hours of today before the last one, with their number; `None` where there is not one.
#[must_use]
pub fn hours_before(ui: &Ui, board: &Board, of: &Slice, by: Dim) -> Option<(Query, f64)> {
    let to = board.calendar.half_hour(board.at) - Span(60 * Span::MINUTE.0);
    let from = (to - Span(180 * Span::MINUTE.0)).max(board.calendar.day_start(board.at, 0));
    let hours = to.since(from).as_secs_f64() / 3600.0;
    (hours >= 1.0).then(|| (Query { over: Period::Range(from, to), ..last_hour(ui, of, by) }, hours))
}

/// The questions that tell what has changed in the last hour.
fn changes(ui: &Ui, board: &Board, of: &Slice, by: Dim) -> Vec<Question> {
    let weeks = (1..=WEEKS).map(|week| hour_before(ui, board, of, by, week));
    let before = hours_before(ui, board, of, by).map(|(query, _)| query);
    std::iter::once(last_hour(ui, of, by)).chain(weeks).chain(before).map(Question::Figures).collect()
}

/// The arrivals of a slice on this weekday so many weeks ago, in the steps of the page.
#[must_use]
pub fn day_before(ui: &Ui, board: &Board, of: &Slice, weeks: u64) -> Query {
    let start = |days| board.calendar.day_start(board.at, days);
    let over = Period::Range(start(7 * weeks), start(7 * weeks - 1));
    Query { over, every: Some(steps(ui.window).1), ..query(ui, of, None, &[KpiId::Offered]) }
}

/// The questions that tell what was expected of a day; none where a step is a day.
fn expected(ui: &Ui, board: &Board, of: &Slice) -> Vec<Question> {
    match steps(ui.window).1 {
        Every::Days(_) => Vec::new(),
        Every::Minutes(_) => (1..=WEEKS).map(|week| Question::Figures(day_before(ui, board, of, week))).collect(),
    }
}

/// One KPI of a slice over `window`, for an overlay.
#[must_use]
pub fn single(ui: &Ui, of: &Slice, kpi: KpiId, window: Window) -> Query {
    Query { over: Period::Window(window), ..query(ui, of, None, &[kpi]) }
}

/// The dimension that a slice is broken down by: the total by queue, a queue by intent, an intent by agent.
#[must_use]
pub fn parts_of(of: &Slice) -> Dim {
    match (of.get(Dim::Queue), of.get(Dim::Intent)) {
        (None, None) => Dim::Queue,
        (Some(_), None) => Dim::Intent,
        (_, Some(_)) => Dim::Agent,
    }
}

/// One KPI of a slice with what drives it, broken down by [`parts_of`].
#[must_use]
pub fn made_of(ui: &Ui, of: &Slice, kpi: KpiId, window: Window) -> Query {
    let drivers = [KpiId::Aht, KpiId::Offered, KpiId::Occupancy];
    let kpis: Vec<KpiId> = std::iter::once(kpi).chain(drivers.into_iter().filter(|driver| *driver != kpi)).collect();
    Query { over: Period::Window(window), ..query(ui, of, Some(parts_of(of)), &kpis) }
}

/// The same before. Of an alert, before its trouble: over the last window that ended before the one in which its figure was
/// past the limit first. Without an alert, and where the window is the day so far or a part of it that has just begun, at
/// the same time a week ago; of windows of days, over the ones before.
#[must_use]
pub fn made_of_before(ui: &Ui, board: &Board, of: &Slice, kpi: KpiId, window: Window, episode: Option<u64>) -> Query {
    let calendar = &board.calendar;
    let episode = board.alerts.iter().find(|e| Some(e.id) == episode);
    let (start, end) = match (episode, window) {
        (_, Window::D7 | Window::D30) => {
            let end = window.range(board.at, calendar).start;
            (window.range(end - Span(1), calendar).start, end)
        }
        (Some(episode), Window::M15 | Window::M30 | Window::H1) => {
            let end = window.range(episode.since, calendar).start;
            (window.range(end, calendar).start, end)
        }
        _ => {
            // By whole steps, so that the answer lasts.
            let now = calendar.bucket(Every::Minutes(5), board.at);
            let end = calendar.day_start(now, 7) + (now - calendar.day_start(now, 0));
            (window.range(end, calendar).start, end)
        }
    };
    Query { over: Period::Range(start, end), ..made_of(ui, of, kpi, window) }
}

/// One KPI of a slice for each half hour of today.
#[must_use]
pub fn half_hours(ui: &Ui, of: &Slice, kpi: KpiId) -> Query {
    Query {
        over: Period::Window(Window::Today),
        every: Some(Every::Minutes(30)),
        ..query(ui, of, None, &[KpiId::Offered, KpiId::Abandoned, kpi])
    }
}

/// The window of a list of contacts: that of the page, and on the page of one agent at least the day.
#[must_use]
pub fn contact_window(ui: &Ui) -> Window {
    if ui.page() == Page::Agent { ui.window.max(Window::Today) } else { ui.window }
}

/// The contacts of a page of contacts.
#[must_use]
pub fn contacts(ui: &Ui, page: &Location) -> ContactQuery {
    // What is going on now does not depend on the window.
    let live = page.page == Page::Live;
    let over = page.over.unwrap_or(Period::Window(if live { Window::Today } else { contact_window(ui) }));
    let only = if live { ContactFilter::Live } else { ContactFilter::All };
    ContactQuery { of: page.slice.clone(), over, only, limit: MAX_CONTACTS }
}

/// The items of the page of the worklist: of its queue and intent.
#[must_use]
pub fn worklist(ui: &Ui) -> WorkQuery {
    let of = |dim| ui.slice().get(dim).cloned();
    let (queue, intent) = (of(Dim::Queue), of(Dim::Intent));
    WorkQuery { kind: Some(ui.worklist.kind), queue, intent, closed: true, limit: MAX_CONTACTS }
}
