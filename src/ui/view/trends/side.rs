//! The right column of the page of trends: the last hour and the week so far against those before, what has grown, and the
//! step under the cursor.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::picture::{TrendPicture, change};
use super::readout;
use super::table::capital;
use crate::event::AgentState;
use crate::kpi::{Dim, Figure, KpiId, Verdict, Window};
use crate::language::{self, ShownFigure as _, text};
use crate::text::fit;
use crate::ui::format::cols;
use crate::ui::queries::trends as queries;
use crate::ui::theme::Tone;
use crate::ui::view::growth;
use crate::ui::words;

/// How many values that have grown it lists.
const MAX_GROWN: usize = 5;

/// The figures of the first table.
const HOUR: [KpiId; 5] = [KpiId::ServiceLevel, KpiId::AbandonmentRate, KpiId::Asa, KpiId::Aht, KpiId::Offered];

/// Draws lines from top to bottom.
struct Lines<'b, 'p, 'a> {
    buffer: &'b mut Buffer,
    picture: &'p TrendPicture<'a>,
    area: Rect,
}

/// Draw it.
pub fn draw(buffer: &mut Buffer, area: Rect, picture: &TrendPicture<'_>, charts: &[KpiId]) {
    let faint = picture.ctx.theme.style(Tone::Faint);
    for y in area.top()..area.bottom() {
        buffer.set_string(area.x, y, "│", faint);
    }
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(3), ..area };
    let mut lines = Lines { buffer, picture, area: inner };
    lines.hour();
    lines.so_far();
    lines.grown();
    lines.moment(charts);
}

impl Lines<'_, '_, '_> {
    /// Write texts, each at the right edge of its columns but the first, and go on with the next line.
    fn line(&mut self, texts: [(&str, Tone); 4]) {
        if self.area.height == 0 {
            return;
        }
        let mut edge = self.area.x;
        let first = self.area.width.saturating_sub(3 * 10);
        for ((text, tone), width) in texts.into_iter().zip([first, 10, 10, 10]) {
            edge += width;
            let text = fit(text, usize::from(width));
            let x = if edge == self.area.x + first { self.area.x } else { edge.saturating_sub(cols(text.width())) };
            self.buffer.set_string(x, self.area.y, &text, self.picture.ctx.theme.style(tone));
        }
        self.next();
    }

    /// Write one text, and go on with the next line.
    fn text(&mut self, text: &str, tone: Tone) {
        if self.area.height > 0 {
            let width = usize::from(self.area.width);
            let style = self.picture.ctx.theme.style(tone);
            self.buffer.set_stringn(self.area.x, self.area.y, fit(text, width), width, style);
            self.next();
        }
    }

    fn next(&mut self) {
        self.area = Rect { y: self.area.y + 1, height: self.area.height.saturating_sub(1), ..self.area };
    }

    /// A figure, the value that it is compared with, and how it has changed.
    fn figure(&mut self, name: &str, kpi: KpiId, figure: Option<&Figure>, before: Option<f64>) {
        let figure = figure.filter(|figure| figure.is_known());
        let bad = figure.is_some_and(|figure| figure.verdict >= Verdict::Warning);
        let tone = figure.filter(|_| bad).map_or(Tone::Text, |figure| Tone::of(figure.verdict));
        let now = in_column(kpi, figure.and_then(|figure| figure.value));
        let shown = in_column(kpi, before);
        let by = figure.and_then(|figure| figure.value).zip(before);
        let by = by.and_then(|(now, before)| change(kpi, now, before)).unwrap_or_default();
        let by = by.replace(&text!("points", value = ""), "");
        self.line([(name, Tone::Muted), (&now, tone), (&shown, Tone::Muted), (&by, Tone::Text)]);
    }

    fn hour(&mut self) {
        let picture = self.picture;
        let day = picture.ctx.ui.trends.range == Window::Today;
        let name = if day {
            text!("side-last-hour").to_owned()
        } else {
            capital(language::window(picture.ctx.ui.trends.range))
        };
        let before = picture.compared_in_short().unwrap_or_default();
        self.line([
            (&name, Tone::Heading),
            (text!("now"), Tone::Muted),
            (&before, Tone::Muted),
            (text!("side-change"), Tone::Muted),
        ]);
        for kpi in HOUR {
            let (own, before) = (picture.newest(kpi), picture.newest_before(kpi));
            if kpi != KpiId::Offered {
                self.figure(&words::title(kpi), kpi, own, before);
                if own.is_some_and(|figure| picture.ctx.is_mixed(kpi, &picture.of, figure)) {
                    self.text(text!("side-mixed"), Tone::Muted);
                }
            } else if day {
                self.figure(text!("arrivals"), kpi, own, before);
            } else {
                // Of a longer time the steps that are over are compared, so that today counts for what it is.
                let (own, earlier) = picture.model.arrivals();
                self.figure(text!("side-arrivals-so-far"), kpi, Some(&Figure::gauge(own, 0)), before.map(|_| earlier));
            }
        }
        let live = picture.of.get(Dim::Queue).and_then(|id| picture.ctx.board.queues.find(id)).map(|queue| &queue.live);
        let live = live.or_else(|| picture.of.is_total().then_some(&picture.ctx.board.total));
        // Where no source tells of agents, nobody knows how many there are.
        if let Some(live) = live.filter(|live| live.agents.iter().any(|count| *count > 0)) {
            let (staffed, away) = (live.staffed(), live.agents_in(AgentState::Paused));
            let paused = if away > 0 { text!("side-paused", count = away) } else { String::new() };
            let staffed = staffed.to_string();
            self.line([
                (text!("side-staffed"), Tone::Muted),
                (&staffed, Tone::Text),
                (&paused, Tone::Muted),
                ("", Tone::Text),
            ]);
        }
        self.next();
    }

    /// The week so far against the one before; beside the charts of a month, the month.
    fn so_far(&mut self) {
        let picture = self.picture;
        let (ui, board) = (picture.ctx.ui, picture.ctx.board);
        let answer = |before| picture.ctx.answers.figures(queries::so_far(ui, board, &picture.of, before));
        let (this, last) = (answer(false), answer(true));
        let heads = [text!("side-this"), text!("side-last"), text!("side-change")].map(|head| (head, Tone::Muted));
        let title = if ui.trends.range == Window::D30 { text!("side-month") } else { text!("side-week") };
        self.line([(title, Tone::Heading), heads[0], heads[1], heads[2]]);
        for kpi in queries::WEEKLY {
            let of = |figures: Option<&'_ crate::ui::answers::Figures>| figures.and_then(|f| f.total(kpi).cloned());
            let (now, before) = (of(this), of(last));
            self.figure(&words::title(kpi), kpi, now.as_ref(), before.as_ref().and_then(|figure| figure.value));
            let open = |figure: Option<Figure>| figure.and_then(|figure| figure.provisional);
            let (now, before) = (open(now), open(before));
            if now.or(before).is_some_and(|open| open >= 0.5) {
                let words = |open: Option<f64>| open.map_or_else(String::new, |open| language::percent(open, 0));
                let (now, before) = (words(now), words(before));
                self.line([
                    (text!("side-still-open"), Tone::Muted),
                    (&now, Tone::Muted),
                    (&before, Tone::Muted),
                    ("", Tone::Text),
                ]);
            }
        }
        self.next();
    }

    fn grown(&mut self) {
        let grown: Vec<_> = readout::growth_of(self.picture).into_iter().take(MAX_GROWN).collect();
        if grown.is_empty() {
            return;
        }
        let title = match self.picture.ctx.ui.trends.range {
            Window::D30 => text!("side-grown-month"),
            Window::D7 => text!("side-grown-week"),
            _ => text!("side-grown"),
        };
        self.text(title, Tone::Heading);
        let rows = cols(growth::draw(self.buffer, self.area, self.picture.ctx, &grown));
        self.area = Rect { y: self.area.y + rows, height: self.area.height - rows, ..self.area };
        self.next();
    }

    fn moment(&mut self, charts: &[KpiId]) {
        let when = readout::when(self.picture);
        self.text(&when, Tone::Focus);
        for figure in readout::figures(self.picture, charts) {
            if self.area.height == 0 {
                return;
            }
            let theme = self.picture.ctx.theme;
            let (x, y, width) = (self.area.x, self.area.y, usize::from(self.area.width));
            self.buffer.set_stringn(x, y, figure.name, width, theme.style(Tone::Muted));
            let right = x + 19;
            let value = right.saturating_sub(cols(figure.value.width()));
            self.buffer.set_string(value, y, &figure.value, theme.style(figure.tone));
            let about = fit(&figure.about(2), width.saturating_sub(21)).into_owned();
            self.buffer.set_string(x + 21, y, &about, theme.style(Tone::Muted));
            self.next();
        }
        if self.picture.ctx.ui.trends.moment.is_none() {
            return;
        }
        for reason in readout::reasons(self.picture) {
            for line in crate::ui::view::overlay::wrap(&reason, usize::from(self.area.width)) {
                self.text(&line, Tone::Text);
            }
        }
    }
}

/// A value in a column, where all percentages have a decimal.
fn in_column(kpi: KpiId, value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| kpi.def().shown_value(value, u64::MAX))
}
