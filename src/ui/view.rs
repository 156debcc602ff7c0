//! Drawing: the board and the state of the screen become a frame.
//!
//! ```text
//! City Power  LIVE  today          · pbx-1 1s   10:42:17 GMT     header
//! 1 Overview  2 Queue  3 Intents …          Overview ▸ Billing
//! ‼ pbx-2 down since 10:32: connection refused                   banner, where data is old
//! …                                                              the page; an overlay lies over it
//! a ack  ⏎ open  w why …                              H help     footer
//! ```
//!
//! Each page has a file of its own, and so has each part that several pages share (tiles, arrivals, positions,
//! staffing, episode).

pub mod agent;
pub mod agents;
pub mod alerts;
pub mod arrivals;
pub mod change;
pub mod contacts;
pub mod days;
pub mod episode;
pub mod figure;
pub mod footer;
pub mod growth;
pub mod header;
pub mod health;
pub mod help;
pub mod hint;
pub mod intents;
pub mod kiosk;
pub mod live;
pub mod overlay;
pub mod overview;
pub mod positions;
pub mod queue;
pub mod queues;
pub mod rail;
pub mod series;
pub mod small;
pub mod sources;
pub mod staffing;
pub mod suggestions;
pub mod tiles;
pub mod trends;
pub mod waiting;
pub mod why;
pub mod worklist;

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

use crate::annotation::Annotation;
use crate::board::{Board, CutOff, Health, QueueRow};
use crate::clock::Time;
use crate::event::Channel;
use crate::kpi::{Answer, Bands, Dim, Figure, KpiId, Slice, Verdict};
use crate::language::{self, text};
use crate::text::Label;
use crate::ui::action::{Action, Keymap};
use crate::ui::answers::Answers;
use crate::ui::drawn::{ClickTarget, Drawn};
use crate::ui::format;
use crate::ui::glyphs::GlyphSet;
use crate::ui::grid::{self, Grid, Head};
use crate::ui::settings::Settings;
use crate::ui::state::{List, Overlay, Page, Panel, Ui};
use crate::ui::theme::Theme;
use crate::ui::widget::panel;
use crate::ui::widget::table::{self, TableView};
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rustc_hash::FxHasher;

/// The smallest terminal that a page fits on: columns and rows.
pub const LEAST: (u16, u16) = (60, 16);

/// Everything that drawing reads.
#[derive(Clone, Copy)]
pub struct Ctx<'a> {
    /// The state of the screen: page, selections, overlay.
    pub ui: &'a Ui,
    /// The board on the screen: the newest, or the one that is frozen.
    pub board: &'a Board,
    /// The answers to the page's questions.
    pub answers: &'a Answers,
    /// The colours and styles.
    pub theme: Theme,
    /// The signs that the terminal can show.
    pub glyphs: GlyphSet,
    /// The key bindings, for hints and the help.
    pub keymap: &'a Keymap,
    /// The settings of the screen.
    pub settings: &'a Settings,
}

impl<'a> Ctx<'a> {
    /// The time zone that times are shown in.
    #[must_use]
    pub fn zone(&self) -> chrono_tz::Tz {
        self.settings.zone.unwrap_or(self.board.calendar.zone)
    }

    /// What must be known about the configuration, the floor's machine and its journal, if anything.
    #[must_use]
    pub fn remark(&self) -> Option<&'a str> {
        self.ui.remark.as_ref().or(self.board.remarks.first()).map(|remark| language::told(remark.as_str()))
    }

    /// Target and limits of a KPI: those of the floor, or else the built-in ones.
    #[must_use]
    pub fn bands(&self, kpi: KpiId) -> Bands {
        let own = self.board.bands.iter().find(|(of, _)| *of == kpi);
        own.map_or(kpi.def().bands, |(_, bands)| *bands)
    }

    /// Target and limits of a KPI in a slice: those of the queue where it has its own.
    #[must_use]
    pub fn bands_of(&self, kpi: KpiId, slice: &Slice) -> Bands {
        let queue = slice.get(Dim::Queue).and_then(|id| self.board.queues.find(id));
        let own = queue.and_then(|queue| queue.bands.iter().find(|(of, _)| *of == kpi));
        own.map_or_else(|| self.bands(kpi), |(_, bands)| *bands)
    }

    /// Whether sources are still catching up on the past, so that figures are not yet complete.
    #[must_use]
    pub fn reading(&self) -> bool {
        self.board.is_reading()
    }

    /// The longest wait of a queue, judged by its own limits: an email may wait for hours.
    #[must_use]
    pub fn longest_wait(&self, queue: &QueueRow) -> Figure {
        let Some(wait) = queue.live.longest_wait else { return Figure::default() };
        let kpi = KpiId::LongestWait.def();
        let figure = Figure::gauge(wait.as_secs_f64(), queue.live.waiting);
        Figure { verdict: self.wait_limits(queue).verdict(kpi.better, &figure, 0, false), ..figure }
    }

    /// The limits of a queue's longest wait.
    #[must_use]
    pub fn wait_limits(&self, queue: &QueueRow) -> Bands {
        let own = queue.bands.iter().find(|(of, _)| *of == KpiId::LongestWait);
        own.map_or_else(|| self.bands(KpiId::LongestWait), |(_, bands)| *bands)
    }

    /// The limits of a contact's wait: those of its queue, or of a mail the time in which its channel answers. Nobody waits
    /// at the phone for it.
    #[must_use]
    pub fn contact_limits(&self, queue: &Label, channel: Channel) -> Bands {
        let own = self.board.queues.find(queue).map(|queue| self.wait_limits(queue));
        own.filter(|own| *own != Bands::NONE).unwrap_or_else(|| {
            let target = channel.response_target().as_secs_f64();
            let asynchronous = Bands::limits(target, target, 2.0 * target);
            if channel.is_asynchronous() { asynchronous } else { self.bands(KpiId::LongestWait) }
        })
    }

    /// Whether a figure is not judged because its slice mixes calls, which wait for seconds, with mail, which waits for
    /// hours.
    #[must_use]
    pub fn is_mixed(&self, kpi: KpiId, slice: &Slice, figure: &Figure) -> bool {
        use KpiId as K;
        let is_of_waits = matches!(
            kpi,
            K::Asa
                | K::LongestWait
                | K::MaxWait
                | K::AnswerP50
                | K::AnswerP90
                | K::AnswerP99
                | K::TimeToAbandon
                | K::Patience
        );
        let of_waits = is_of_waits && figure.verdict == Verdict::None;
        let mixes = || self.board.queues.iter().any(|queue| queue.channel.is_asynchronous());
        of_waits && figure.is_known() && slice.get(Dim::Queue).is_none() && mixes()
    }

    /// The display name of a queue; its id where the board does not know it.
    #[must_use]
    pub fn queue_name(&self, id: &'a Label) -> &'a Label {
        self.board.queues.find(id).map_or(id, |queue| &queue.name)
    }

    /// The display name of an agent; the id where the board does not know it.
    #[must_use]
    pub fn agent_name(&self, id: &'a Label) -> &'a Label {
        self.board.agents.find(id).map_or(id, |agent| &agent.name)
    }

    /// The display name of a dimension's value.
    #[must_use]
    pub fn value_name(&self, dim: Dim, id: &Label) -> String {
        match dim {
            Dim::Intent if id.is_empty() => text!("intent-not-known").to_owned(),
            _ if id.is_empty() => language::no(dim).to_owned(),
            Dim::Queue => self.board.queues.find(id).map_or(id, |q| &q.name).to_string(),
            Dim::Agent => self.board.agents.find(id).map_or(id, |a| &a.name).to_string(),
            Dim::Intent | Dim::Channel | Dim::Team => id.to_string(),
        }
    }

    /// A slice in display names: `Billing × refund`.
    #[must_use]
    pub fn slice_name(&self, slice: &Slice) -> String {
        if slice.is_total() {
            return text!("all-queues").to_owned();
        }
        let names = slice.parts().map(|(dim, id)| self.value_name(*dim, id));
        names.collect::<Vec<_>>().join(" × ")
    }

    /// An annotation in words: `10:41 Billing: new script (Ann)`; with its day where that is not the day of `day`.
    #[must_use]
    pub fn annotation(&self, said: &Annotation, day: Time) -> String {
        let is_today = self.board.calendar.day(said.at) == self.board.calendar.day(day);
        let time = |at| if is_today { language::minute(at, self.zone()) } else { format::day_minute(at, self.zone()) };
        let when = said.until.map_or_else(|| time(said.at), |until| format!("{}–{}", time(said.at), time(until)));
        let of = if said.of.is_total() { String::new() } else { format!("{}: ", self.slice_name(&said.of)) };
        text!("annotation", when = when, text = format!("{of}{}", said.text), who = said.who.name)
    }

    /// Since when and why the connection to the hub is lost; `None` if it is up or there is no hub.
    #[must_use]
    pub fn cut_off(&self) -> Option<&'a CutOff> {
        self.board.hub.as_ref()?.cut_off.as_ref()
    }

    /// Whether no board has come from the hub yet: what is empty then is not zero, but not known.
    #[must_use]
    pub fn unknown(&self) -> bool {
        self.cut_off().is_some() && self.board.sources.is_empty() && self.board.queues.iter().next().is_none()
    }

    /// Whether everything on the screen is old: every followed source is silent, or no board arrives, or the floor that
    /// writes the journal does nothing.
    #[must_use]
    pub fn stale(&self) -> bool {
        let followed = || self.board.sources.iter().filter(|source| source.health != Health::Ended);
        self.ui.silent >= 5
            || self.cut_off().is_some()
            || self.board.silent_since.is_some()
            || followed().next().is_some() && followed().all(|source| source.is_silent(self.board.at))
    }

    /// [`Ctx::about`] for figures of many queues, with the sources that are missing from them: `today · × without pbx-2`.
    #[must_use]
    pub fn about_many(&self, answer: Option<&Answer>) -> String {
        let about = self.about(answer);
        match self.missing_sources(self.ui.slice()).first() {
            Some(missing) => format!("{about} · {missing}"),
            None => about,
        }
    }

    /// How many rows a panel's list shows, for its title: `12`, or where a filter hides some `3 of 12`.
    #[must_use]
    pub fn count(self, panel: Panel) -> String {
        if self.unknown() {
            return "–".to_owned();
        }
        let shown = usize::from(self.row_count(panel));
        let all =
            if self.ui.filter.is_empty() { shown } else { grid(panel, self).map_or(shown, |grid| grid.row_count()) };
        if shown == all { shown.to_string() } else { text!("shown-of", shown = shown, all = all) }
    }

    /// How many rows a panel's list has.
    #[must_use]
    pub fn row_count(&self, panel: Panel) -> u16 {
        format::cols(self.ui.lists.get(&panel).map_or(0, |list| list.order.len()))
    }

    /// The window and the age of an answer, for the title of a panel: `today · 12s old`.
    #[must_use]
    pub fn about(&self, answer: Option<&Answer>) -> String {
        let window = language::window_key(self.ui.window);
        match answer {
            None => format!("{window} …"),
            // The floor stores no old answers, so a page that is opened for the first time while the screen is frozen
            // is newer than the rest. An answer that was on its way still belongs to the frozen board.
            Some(answer) if self.ui.frozen.is_some() && answer.at.since(self.board.at).as_secs() >= 2 => {
                let time = format::clock(answer.at, self.zone());
                text!("about-after-freeze", window = window, time = time)
            }
            Some(answer) => match self.board.at.since(answer.at) {
                age if age.as_secs() < 3 => window.to_owned(),
                age => text!("about-old", window = window, age = format::age(age)),
            },
        }
    }
}

/// The headings of a panel's table; none where it has no table.
#[must_use]
pub fn heads(panel: Panel) -> Vec<Head> {
    match panel {
        Panel::Tiles | Panel::KioskQueues | Panel::Trends | Panel::TrendSlices => Vec::new(),
        Panel::Queues => grid::heads(queues::QueueItem::COLUMNS),
        Panel::Rail => grid::heads(alerts::AlertItem::RAIL),
        Panel::Waiting => grid::heads(waiting::WaitingItem::COLUMNS),
        Panel::Serving => grid::heads(agents::AgentItem::SERVING),
        Panel::QueueIntents | Panel::Intents => grid::heads(intents::IntentItem::COLUMNS),
        Panel::Agents => grid::heads(agents::AgentItem::COLUMNS),
        Panel::Active => grid::heads(alerts::AlertItem::ACTIVE),
        Panel::Held => grid::heads(alerts::AlertItem::HELD),
        Panel::Past => grid::heads(alerts::AlertItem::PAST),
        Panel::Contacts => grid::heads(contacts::ContactItem::COLUMNS),
        Panel::Live => grid::heads(live::LiveItem::COLUMNS),
        Panel::Worklist => grid::heads(worklist::WorkRow::COLUMNS),
    }
}

/// The table of a panel; `None` for tiles.
#[must_use]
pub fn grid(panel: Panel, ctx: Ctx<'_>) -> Option<Box<dyn Grid + '_>> {
    Some(match panel {
        Panel::Tiles => return None,
        Panel::Queues => Box::new(queues::table(ctx)),
        Panel::Rail => Box::new(alerts::rail(ctx)),
        Panel::Waiting => Box::new(waiting::table(ctx)),
        Panel::Serving => Box::new(agents::serving(ctx)),
        Panel::QueueIntents | Panel::Intents => Box::new(intents::table(ctx)),
        Panel::Agents if ctx.ui.slice().is_total() => Box::new(agents::all(ctx)),
        Panel::Agents => Box::new(agents::table(ctx)),
        Panel::Active => Box::new(alerts::active(ctx)),
        Panel::Held => Box::new(alerts::held(ctx)),
        Panel::Past => Box::new(alerts::past(ctx)),
        Panel::Contacts => Box::new(contacts::table(ctx)),
        Panel::KioskQueues => Box::new(queues::kiosk(ctx)),
        Panel::Live => Box::new(live::table(ctx)),
        Panel::Worklist => Box::new(worklist::table(ctx)),
        Panel::Trends => Box::new(trends::table::series(ctx)),
        Panel::TrendSlices => Box::new(trends::table::slices(ctx)),
    })
}

/// The page's lists whose rows or order have changed since they were last sorted.
#[must_use]
pub fn orders(ctx: Ctx<'_>) -> Vec<(Panel, List)> {
    let mut out = Vec::new();
    for panel in ctx.ui.page().panels() {
        let list = ctx.ui.lists.get(panel);
        let sort = list.and_then(|list| list.sort);
        let mut hasher = FxHasher::default();
        let ui = ctx.ui;
        (ctx.board.seq, ctx.answers.serial, sort, &ui.filter, ui.slice(), ui.window, ui.formula).hash(&mut hasher);
        let made_of = hasher.finish();
        if list.is_some_and(|list| list.made_of == made_of) {
            continue;
        }
        let Some(grid) = grid(*panel, ctx) else { continue };
        let order = grid.order(sort, &ui.filter);
        let next = List {
            ids: grid.ids(),
            order,
            selected: list.and_then(|list| list.selected.clone()),
            column: list.map_or(0, |list| list.column),
            sort,
            kpi: sort.and_then(|(column, _)| grid.heads().get(column)?.kpi),
            made_of,
        };
        out.push((*panel, next));
    }
    out
}

/// Draw the table of a panel; `empty` says why there are no rows.
pub fn table(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, panel: Panel, empty: &str, drawn: &mut Drawn) {
    if let Some(grid) = grid(panel, ctx) {
        table_of(buffer, area, ctx, (panel, grid.as_ref()), empty, drawn);
    }
}

/// Draw a table that is the one of a panel.
pub fn table_of(
    buffer: &mut Buffer,
    area: Rect,
    ctx: Ctx<'_>,
    (panel, grid): (Panel, &dyn Grid),
    empty: &str,
    drawn: &mut Drawn,
) {
    let focus = panel == ctx.ui.focus();
    if focus {
        drawn.page_rows = area.height.saturating_sub(2).max(1);
    }
    let default = List::default();
    let list = ctx.ui.lists.get(&panel).unwrap_or(&default);
    if list.order.is_empty() {
        let back = ctx.keymap.key(Action::Back).unwrap_or("esc");
        let filter = &ctx.ui.filter;
        let unmatched = || panel.unmatched(filter, back);
        let words = match filter.as_str() {
            _ if ctx.unknown() => Cow::Borrowed(text!("nothing-from-hub")),
            "" => Cow::Borrowed(empty),
            _ => Cow::Owned(unmatched()),
        };
        panel::message(buffer, area, ctx.theme, &words);
        return;
    }
    let stale =
        ctx.is_silent(ctx.ui.slice()) && !matches!(panel, Panel::Rail | Panel::Active | Panel::Held | Panel::Past);
    let offset = drawn.offsets.entry(panel).or_default();
    let view = TableView { grid, list, focus, stale, theme: ctx.theme };
    let cursor = view.draw(buffer, area, offset);
    let first = *offset;
    drawn.cursor = cursor.or(drawn.cursor);
    drawn.note(area, ClickTarget::List(panel));
    for column in table::layout(area, &grid.heads()) {
        drawn.note(column.area.intersection(area), ClickTarget::Column(panel, column.index));
    }
    for (row, y) in (first..list.order.len()).zip(area.y + 1..area.bottom()) {
        drawn.note(Rect { y, height: 1, ..area }, ClickTarget::Row(panel, row));
    }
}

/// Draw everything. `last` is the result of the frame before: lists keep their scroll position.
pub fn draw(frame: &mut Frame<'_>, ctx: Ctx<'_>, last: &Drawn) -> Drawn {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    buffer.set_style(area, ctx.theme.base());
    let mut drawn = last.next_frame();
    drawn.size = area.as_size().into();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        small::draw(buffer, area, ctx);
    } else if ctx.ui.page() == Page::Kiosk && ctx.ui.overlay.is_none() {
        kiosk::draw(buffer, area, ctx, &mut drawn);
        if ctx.ui.prompt.is_some() {
            let foot = Rect { y: area.bottom() - 1, height: 1, ..area };
            suggestions::draw(buffer, Rect { height: area.height - 1, ..area }, ctx);
            drawn.cursor = footer::draw(buffer, foot, ctx);
        }
    } else {
        let top = header::draw(buffer, area, ctx, &mut drawn);
        let body = Rect { y: area.y + top, height: area.height.saturating_sub(top + 1), ..area };
        let hint = hint::rows(ctx, body.height);
        hint::draw(buffer, Rect { y: body.bottom() - hint, height: hint, ..body }, ctx);
        let body = Rect { height: body.height - hint, ..body };
        match ctx.ui.page() {
            Page::Overview => overview::draw(buffer, body, ctx, &mut drawn),
            Page::Queue => queue::draw(buffer, body, ctx, &mut drawn),
            Page::Intents => intents::draw(buffer, body, ctx, &mut drawn),
            Page::Agents => agents::draw(buffer, body, ctx, &mut drawn),
            Page::Alerts => alerts::draw(buffer, body, ctx, &mut drawn),
            Page::Contacts => contacts::draw(buffer, body, ctx, &mut drawn),
            Page::Trends => trends::draw(buffer, body, ctx, &mut drawn),
            Page::Kiosk => kiosk::draw(buffer, body, ctx, &mut drawn),
            Page::Agent => agent::draw(buffer, body, ctx, &mut drawn),
            Page::Live => live::draw(buffer, body, ctx, &mut drawn),
            Page::Worklist => worklist::draw(buffer, body, ctx, &mut drawn),
        }
        if ctx.ui.overlay.is_some() {
            // The page below the box is dimmed.
            buffer.set_style(body, ctx.theme.behind());
            drawn.note(body, ClickTarget::Overlay);
        }
        match &ctx.ui.overlay {
            Some(Overlay::Help(down)) => help::draw(buffer, body, ctx, *down),
            Some(Overlay::Figure { kpi, slice, window }) => figure::draw(buffer, body, ctx, *kpi, slice, *window),
            Some(Overlay::Why { kpi, slice, window, episode }) => {
                why::draw(buffer, body, ctx, *kpi, slice, *window, *episode);
            }
            Some(Overlay::Sources(down)) => sources::draw(buffer, body, ctx, *down),
            Some(Overlay::Snooze(id)) => episode::snooze(buffer, body, ctx, *id),
            Some(Overlay::Done(id)) => worklist::outcomes(buffer, body, ctx, *id),
            None => {}
        }
        suggestions::draw(buffer, body, ctx);
        let foot = Rect { y: area.bottom() - 1, height: 1, ..area };
        drawn.cursor = footer::draw(buffer, foot, ctx).or(drawn.cursor);
    }
    ctx.glyphs.translate(buffer);
    if let Some(cursor) = drawn.cursor {
        frame.set_cursor_position(cursor);
    }
    drawn
}
