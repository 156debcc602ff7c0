//! The step under the cursor in words: its figures with samples, what they are compared with, and what drove them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::picture::TrendPicture;
use crate::kpi::{AnswerRow, KpiId, Slice, Verdict, Window};
use crate::language::{self, ShownFigure as _, text};
use crate::text::fit;
use crate::ui::answers::Figures;
use crate::ui::format::{cols, float};
use crate::ui::queries::trends as queries;
use crate::ui::theme::Tone;
use crate::ui::trends::model::is_many;
use crate::ui::view::growth::{self, Grown};
use crate::ui::words;

/// How many drivers are named.
const MAX_DRIVERS: usize = 2;
/// Fewer contacts that hung up are no reason.
const MIN_HUNG_UP: f64 = 3.0;

/// One figure of the step.
pub struct ReadFigure {
    /// Its word: `in time`.
    pub name: &'static str,
    /// The value; a dash where it is unknown.
    pub value: String,
    /// The tone of the value.
    pub tone: Tone,
    /// The samples: `of 187`.
    pub samples: Option<String>,
    /// What it is compared with: `last Sat 84.0%`, `expected 131`.
    pub before: Option<String>,
}

impl ReadFigure {
    /// Samples and comparison as far as `detail` goes: 0 for neither, 1 for what it is compared with, 2 for both.
    #[must_use]
    pub fn about(&self, detail: usize) -> String {
        let samples = self.samples.as_deref().filter(|_| detail > 1);
        let before = self.before.as_deref().filter(|_| detail > 0);
        samples.into_iter().chain(before).collect::<Vec<_>>().join(", ")
    }
}

/// The figures of the step: those of the charts, and the arrivals.
#[must_use]
pub fn figures(picture: &TrendPicture<'_>, charts: &[KpiId]) -> Vec<ReadFigure> {
    let Some(step) = picture.model.steps.get(picture.cursor) else { return Vec::new() };
    let others = charts.iter().copied().filter(|kpi| *kpi != KpiId::Offered);
    let mut all: Vec<ReadFigure> = others
        .map(|kpi| {
            let figure = step.figure(kpi).filter(|figure| figure.is_known());
            let verdict = step.verdict(kpi);
            let tone = if verdict >= Verdict::Warning { Tone::of(verdict) } else { Tone::Text };
            let samples =
                figure.filter(|figure| !figure.observed).map(|figure| text!("of-count", count = figure.n.to_string()));
            let before = step.before(kpi).zip(picture.compared_in_short());
            let before = before.map(|(value, name)| format!("{name} {}", kpi.def().shown_value(value, 100)));
            ReadFigure {
                name: words::of(kpi),
                value: figure.map_or_else(|| "–".to_owned(), |figure| kpi.def().shown(figure)),
                tone,
                samples,
                before,
            }
        })
        .collect();
    let arrivals = step.figure(KpiId::Offered);
    let many = step.verdict(KpiId::Offered) == Verdict::Warning;
    all.push(ReadFigure {
        name: text!("figure-arrivals"),
        value: arrivals.map_or_else(|| "–".to_owned(), |figure| KpiId::Offered.def().shown(figure)),
        tone: if many { Tone::Warning } else { Tone::Text },
        samples: None,
        before: step.expected.map(|expected| text!("trends-expected", count = format!("{expected:.0}"))),
    });
    all.extend(step.staffed.map(|staffed| ReadFigure {
        name: text!("trends-staffed"),
        value: format!("{staffed:.0}"),
        tone: Tone::Text,
        samples: None,
        before: None,
    }));
    all
}

/// The time of the step, and whether it still goes on.
#[must_use]
pub fn when(picture: &TrendPicture<'_>) -> String {
    let words = picture.step_words(picture.cursor);
    match picture.cursor.cmp(&picture.model.present) {
        std::cmp::Ordering::Less => words,
        std::cmp::Ordering::Equal => text!("trends-so-far", step = words),
        std::cmp::Ordering::Greater => text!("trends-to-come", step = words),
    }
}

/// Draw it: the figures in as much detail as there is room for, and the reasons on the last line.
pub fn draw(buffer: &mut Buffer, area: Rect, picture: &TrendPicture<'_>, charts: &[KpiId]) {
    let style = |tone| picture.ctx.theme.style(tone);
    let room = area.width.saturating_sub(2);
    let most = usize::from(area.height.saturating_sub(1)).max(1);
    let mut lines: Vec<_> = (0..=2).map(|detail| lines(groups(picture, charts, detail), room)).collect();
    while lines.len() > 1 && lines.last().is_some_and(|lines| lines.len() > most) {
        lines.pop();
    }
    let lines = lines.pop().unwrap_or_default();
    for (line, y) in lines.iter().take(most).zip(area.y..area.bottom()) {
        let mut x = area.x + 1;
        for (text, tone) in line {
            let text = fit(text, usize::from(area.right().saturating_sub(x + 1)));
            buffer.set_string(x, y, &text, style(*tone));
            x += cols(text.width());
        }
    }
    let y = area.y + cols(lines.len().min(most));
    if y < area.bottom() {
        let line = reasons(picture).join(" · ");
        buffer.set_string(area.x + 1, y, fit(&line, usize::from(room)), style(Tone::Muted));
    }
}

/// Texts that stay together on a line.
type TextGroup = Vec<(String, Tone)>;

/// The time and each of the figures.
fn groups(picture: &TrendPicture<'_>, charts: &[KpiId], detail: usize) -> Vec<TextGroup> {
    let figure = |figure: ReadFigure| {
        let about = figure.about(detail);
        let about = if about.is_empty() { about } else { format!(" ({about})") };
        vec![(format!("{} ", figure.name), Tone::Muted), (figure.value, figure.tone), (about, Tone::Muted)]
    };
    let when = vec![(when(picture), Tone::Focus)];
    std::iter::once(when).chain(figures(picture, charts).into_iter().map(figure)).collect()
}

/// Lines of at most `room` columns, with the groups three blanks apart.
fn lines(groups: Vec<TextGroup>, room: u16) -> Vec<TextGroup> {
    let width = |group: &TextGroup| group.iter().map(|(text, _)| cols(text.width())).sum::<u16>();
    let mut lines: Vec<TextGroup> = Vec::new();
    for group in groups {
        match lines.last_mut() {
            Some(line) if width(line) + 3 + width(&group) <= room => {
                line.push(("   ".to_owned(), Tone::Text));
                line.extend(group);
            }
            _ => lines.push(group),
        }
    }
    lines
}

/// The week so far against the one before, or beside the charts of a month the month: `Week so far: FCR 81.4% (81% may
/// call again), last 79.9% · …`. What is known, as far as it fits into `room` columns.
pub fn so_far(picture: &TrendPicture<'_>, room: u16) -> String {
    let (ui, board) = (picture.ctx.ui, picture.ctx.board);
    let answer = |before| picture.ctx.answers.figures(queries::so_far(ui, board, &picture.of, before));
    let (this, last) = (answer(false), answer(true));
    let total = |figures: Option<&Figures>, kpi| figures.and_then(|figures| figures.total(kpi).cloned());
    let figure = |kpi: KpiId| {
        let now = total(this, kpi).filter(crate::kpi::Figure::is_known)?;
        let open = now.provisional.filter(|open| *open >= 0.5);
        let open = open.map(|open| format!(" ({})", text!("tile-open", share = language::percent(open, 0))));
        let before = total(last, kpi).and_then(|figure| figure.value).map(|value| kpi.def().shown_value(value, 100));
        let before = before.map(|value| format!(", {} {value}", text!("side-last")));
        let [open, before] = [open, before].map(Option::unwrap_or_default);
        Some(format!("{} {}{open}{before}", words::of(kpi), kpi.def().shown(&now)))
    };
    let title = if ui.trends.range == Window::D30 { text!("side-month") } else { text!("side-week") };
    let mut line = String::new();
    for figure in queries::WEEKLY.into_iter().filter_map(figure) {
        let more = if line.is_empty() { format!("{title}: {figure}") } else { format!("{line} · {figure}") };
        if cols(more.width()) > room {
            break;
        }
        line = more;
    }
    line
}

/// What drove the figures of the step, or without a cursor what has grown in the last hour; in words.
#[must_use]
pub fn reasons(picture: &TrendPicture<'_>) -> Vec<String> {
    if picture.ctx.ui.trends.moment.is_none() {
        return grown(picture);
    }
    let (ui, board, answers) = (picture.ctx.ui, picture.ctx.board, picture.ctx.answers);
    let answer = |days| answers.figures(queries::moment(ui, board, &picture.of, days)?);
    let Some(own) = answer(0) else { return vec![text!("trends-why").to_owned()] };
    let before = answer(7).filter(|before| count(before.total(KpiId::Offered)) > 0.0);
    let drivers = drivers(own, before);
    let name = |of: &Slice| picture.ctx.slice_name(of);
    let step = picture.axis.step(picture.cursor);
    let said = ui.annotations_in(board, step.start, step.end);
    let mut words: Vec<String> = said.map(|said| picture.ctx.annotation(said, step.start)).collect();
    let more: Vec<String> =
        drivers.more.iter().take(MAX_DRIVERS).map(|(of, by)| format!("{} +{by:.0}", name(of))).collect();
    if !more.is_empty() {
        words.push(text!("trends-more", names = more.join(", ")));
    }
    let gone: Vec<String> =
        drivers.hung_up.iter().take(MAX_DRIVERS).map(|(of, n)| format!("{} {n:.0}", name(of))).collect();
    if !gone.is_empty() {
        words.push(text!("trends-hung-up", names = gone.join(", ")));
    }
    if words.is_empty() {
        words.push(text!("trends-nothing").to_owned());
    }
    words
}

/// The intents (or queues) that have grown: today in the last hour, else in the week or month so far.
#[must_use]
pub fn growth_of(picture: &TrendPicture<'_>) -> Vec<Grown> {
    let (ctx, of, by) = (picture.ctx, &picture.of, queries::grown_by(&picture.of));
    if ctx.ui.trends.range == Window::Today {
        return growth::of(ctx, of, by);
    }
    let answer = |before| ctx.answers.figures(queries::so_far_by_part(ctx.ui, ctx.board, of, before));
    answer(false).zip(answer(true)).map_or_else(Vec::new, |(now, before)| growth::between(ctx, by, now, before))
}

/// The same in words.
fn grown(picture: &TrendPicture<'_>) -> Vec<String> {
    let grown: Vec<String> = growth_of(picture)
        .into_iter()
        .filter(|grown| grown.factor > 1.0)
        .take(3)
        .map(|grown| format!("{} +{:.0} (×{})", grown.name, grown.by, language::decimal(grown.factor, 1)))
        .collect();
    if grown.is_empty() {
        return Vec::new();
    }
    let names = grown.join(", ");
    vec![match picture.ctx.ui.trends.range {
        Window::D30 => text!("trends-grown-month", names = names),
        Window::D7 => text!("trends-grown-week", names = names),
        _ => text!("trends-grown", names = names),
    }]
}

/// What contributed most to a step.
struct Drivers {
    /// The parts with more arrivals than a week before that are no chance, and by how many.
    more: Vec<(Slice, f64)>,
    /// The parts in which most hung up, and how many.
    hung_up: Vec<(Slice, f64)>,
}

fn drivers(own: &Figures, before: Option<&Figures>) -> Drivers {
    let arrivals = |figures: &Figures, row: &AnswerRow| count(figures.of(row, KpiId::Offered));
    let mut more = Vec::new();
    let mut hung_up = Vec::new();
    for row in own.rows(None) {
        let gone = count(own.of(row, KpiId::Abandoned));
        if gone >= MIN_HUNG_UP {
            hung_up.push((row.key.clone(), gone));
        }
        let Some(before) = before else { continue };
        let usual = before.rows(None).iter().find(|other| other.key == row.key);
        let (now, usual) = (arrivals(own, row), usual.map_or(0.0, |row| arrivals(before, row)));
        if is_many(now, usual) {
            more.push((row.key.clone(), now - usual));
        }
    }
    for list in [&mut more, &mut hung_up] {
        list.sort_by(|a: &(Slice, f64), b| b.1.total_cmp(&a.1));
    }
    Drivers { more, hung_up }
}

fn count(figure: Option<&crate::kpi::Figure>) -> f64 {
    figure.and_then(|figure| figure.value).unwrap_or(float(0))
}
