//! What all parts of the page of trends draw from: the series, their place on the screen, and the words for times.

use ratatui::layout::Rect;

use crate::annotation::Annotation;
use crate::clock::Time;
use crate::kpi::control::median;
use crate::kpi::{AnswerRow, Every, Figure, KpiId, Slice, Verdict, Window};
use crate::language::{self, text};
use crate::ui::answers::Figures;
use crate::ui::format;
use crate::ui::queries::trends as queries;
use crate::ui::theme::Tone;
use crate::ui::trends::model::{Earlier, TrendModel};
use crate::ui::trends::{Axis, Comparison, EXPECTED_FROM};
use crate::ui::view::{Ctx, series};
use crate::ui::widget::trend;

/// The series of the page, and what they are about.
pub struct TrendPicture<'a> {
    /// Everything else that drawing reads.
    pub ctx: Ctx<'a>,
    /// The slice.
    pub of: Slice,
    /// The steps.
    pub axis: Axis,
    /// The series.
    pub model: TrendModel<'a>,
    /// The answer that they come from; `None` until it is there.
    pub figures: Option<&'a Figures>,
    /// The index of the step under the cursor; that of the present where there is none.
    pub cursor: usize,
}

impl<'a> TrendPicture<'a> {
    /// The picture of what the page shows.
    #[must_use]
    pub fn new(ctx: Ctx<'a>) -> Self {
        let (ui, board) = (ctx.ui, ctx.board);
        let of = ui.trend_slice();
        let axis = ui.trend_axis(board);
        let figures = ctx.answers.figures(queries::series(ui, &of));
        let bins = figures.map(|figures| series::bins(ctx, figures, None, &of, axis.every)).unwrap_or_default();
        let own: Vec<_> = bins.iter().map(|bin| (bin.start, bin.row, bin.gap)).collect();
        let compared = ui.trends.comparison.days_back(ui.trends.range);
        let others = compared.iter().filter(|days| !EXPECTED_FROM.contains(days));
        let earlier = EXPECTED_FROM.iter().chain(others).filter_map(|days| {
            let figures = ctx.answers.figures(queries::series_before(ui, board, &of, *days))?;
            Some(Earlier { days: *days, rows: figures.rows(None) })
        });
        let mut model = TrendModel::new(&axis, board.at, &own, &earlier.collect::<Vec<_>>(), compared);
        if let Some(staffing) = ctx.answers.figures(queries::staffing(ui, board)).filter(|_| of.is_total()) {
            let hours = |row: &AnswerRow| Some((row.start?, row.figures.first()?.denominator?));
            model.set_staffed(&staffing.rows(None).iter().filter_map(hours).collect(), staffing.answer.at);
        }
        let cursor = axis.place(ui.trends.moment.unwrap_or(board.at));
        Self { ctx, of, axis, model, figures, cursor }
    }

    /// The columns of a step on charts of this area.
    #[must_use]
    pub fn place(&self, charts: Rect, step: usize) -> Rect {
        trend::place(charts, self.model.steps.len(), step)
    }

    /// The column of an instant on charts of this area.
    #[must_use]
    pub fn column(&self, charts: Rect, at: Time) -> u16 {
        let step = self.axis.place(at);
        let (place, time) = (self.place(charts, step), self.axis.step(step));
        let (along, length) = (at.since(time.start).0.max(0), time.end.since(time.start).0.max(1));
        let into = i64::from(place.width) * along / length;
        place.x + u16::try_from(into).unwrap_or(0).min(place.width.saturating_sub(1))
    }

    /// The annotations of the time and the slice, in order of time.
    #[must_use]
    pub fn annotations(&self) -> Vec<&'a Annotation> {
        let said = self.ctx.ui.annotations_in(self.ctx.board, self.axis.step(0).start, self.axis.end);
        let mut said: Vec<_> = said.collect();
        said.sort_by_key(|said| (said.at, said.id));
        said
    }

    /// The range whose figures are the newest: the last hour of a day, or the whole of a longer time.
    #[must_use]
    pub fn newest(&self, kpi: KpiId) -> Option<&'a Figure> {
        let figures = match self.ctx.ui.trends.range {
            Window::Today => self.ctx.answers.figures(queries::hour(self.ctx.ui, &self.of)),
            _ => self.figures,
        };
        figures?.total(kpi)
    }

    /// The value that [`Self::newest`] is compared with.
    #[must_use]
    pub fn newest_before(&self, kpi: KpiId) -> Option<f64> {
        let (ui, board, answers) = (self.ctx.ui, self.ctx.board, self.ctx.answers);
        let value = |days: &u64| {
            let figures = match ui.trends.range {
                // A newer question may not be answered yet.
                Window::Today => [0, 1]
                    .into_iter()
                    .find_map(|steps| answers.figures(queries::hour_before(ui, board, &self.of, *days, steps))),
                _ => answers.figures(queries::series_before(ui, board, &self.of, *days)),
            };
            figures?.total(kpi)?.value
        };
        // Of a day of which nothing is known, it is not known either that nobody came; and a part of a week is no week.
        let model = &self.model;
        let known = if ui.trends.range == Window::Today { &model.known } else { &model.whole };
        let known = known.iter().filter(|days| self.compared_days().contains(days));
        median(&known.filter_map(value).collect::<Vec<_>>())
    }

    /// The time of a step: `15:30–16:00`, `Mon 2 Mar 15:00`, `Mon 2 Mar`.
    #[must_use]
    pub fn step_words(&self, step: usize) -> String {
        let range = self.axis.step(step);
        match self.axis.every {
            Every::Days(_) => self.time(range.start, text!("time-weekday-day")),
            Every::Minutes(_) if self.ctx.ui.trends.range == Window::Today => {
                format!("{}–{}", self.minute(range.start), self.minute(range.end))
            }
            Every::Minutes(_) => {
                let day = self.time(range.start, text!("time-weekday-day"));
                format!("{day} {}–{}", self.minute(range.start), self.minute(range.end))
            }
        }
    }

    /// A time in the zone of the screen.
    #[must_use]
    pub fn time(&self, at: Time, how: &str) -> String {
        language::time(at, self.ctx.zone(), how)
    }

    fn minute(&self, at: Time) -> String {
        language::minute(at, self.ctx.zone())
    }

    /// The length of a step in words: `30 min`, `3 h`, `day`.
    #[must_use]
    pub fn step_length(&self) -> String {
        match self.axis.every {
            Every::Days(_) => text!("trends-day").to_owned(),
            Every::Minutes(minutes) if minutes % 60 == 0 => match minutes / 60 {
                1 => text!("trends-hour").to_owned(),
                hours => text!("trends-hours", count = hours),
            },
            Every::Minutes(minutes) => text!("trends-minutes", count = minutes),
        }
    }

    /// What the time is compared with, in words: `last Saturday`; `None` where it is compared with nothing.
    #[must_use]
    pub fn compared(&self) -> Option<String> {
        let day = self.time(self.ctx.board.at, "%A");
        let range = self.ctx.ui.trends.range;
        Some(match (self.ctx.ui.trends.comparison.of(range), range) {
            (Comparison::Nothing, _) => return None,
            (Comparison::LastWeek, Window::D7) => text!("trends-week-before").to_owned(),
            (Comparison::FourWeeks, Window::D7) => text!("trends-four-weeks-before").to_owned(),
            (Comparison::LastWeek, Window::D30) => text!("trends-month-before").to_owned(),
            (Comparison::Yesterday, _) => text!("trends-yesterday").to_owned(),
            (Comparison::FourWeeks, _) => text!("trends-four-days-before", day = day),
            (Comparison::LastWeek, _) => text!("trends-last-day", day = day),
        })
    }

    /// The same in at most ten columns: `last Sat`.
    #[must_use]
    pub fn compared_in_short(&self) -> Option<String> {
        let day = self.time(self.ctx.board.at, "%a");
        let range = self.ctx.ui.trends.range;
        Some(match (self.ctx.ui.trends.comparison.of(range), range) {
            (Comparison::Nothing, _) => return None,
            (Comparison::LastWeek, Window::Today) => text!("trends-last-day-short", day = day),
            (Comparison::Yesterday, _) => text!("trends-yesterday").to_owned(),
            (Comparison::FourWeeks, _) => text!("trends-four-weeks-short").to_owned(),
            (Comparison::LastWeek, _) => text!("trends-before-short").to_owned(),
        })
    }

    /// How many days back the days lie that the time is compared with.
    #[must_use]
    pub const fn compared_days(&self) -> &'static [u64] {
        self.ctx.ui.trends.comparison.days_back(self.ctx.ui.trends.range)
    }

    /// Whether anything is known of what the time is compared with.
    #[must_use]
    pub fn has_before(&self) -> bool {
        self.compared_days().iter().any(|days| self.model.known.contains(days))
    }
}

/// The tone of a value on a chart: coloured only where it is past a limit, and quiet where it has few samples.
#[must_use]
pub const fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Critical => Tone::Critical,
        Verdict::Warning => Tone::Warning,
        Verdict::FewSamples => Tone::Muted,
        Verdict::Good | Verdict::None => Tone::Accent,
    }
}

/// A change in the unit of a KPI: `−59 points`, `+5:09`, `+104%`; `None` where it is too small to be shown.
#[must_use]
pub fn change(kpi: KpiId, now: f64, before: f64) -> Option<String> {
    use crate::kpi::Unit;
    let by = now - before;
    let sign = if by < 0.0 { '−' } else { '+' };
    let (text, zero) = match kpi.def().unit {
        Unit::Percent | Unit::Points => (text!("points", value = format!("{:.0}", by.abs())), by.abs() < 0.5),
        Unit::Seconds => (language::duration(by.abs()), by.abs() < 0.5),
        Unit::Count if before > 0.0 => {
            let share = 100.0 * by.abs() / before;
            (language::percent(share, 0), share < 0.5)
        }
        Unit::Count => (language::count(by.abs()), by.abs() < 0.5),
        Unit::Score | Unit::PerHour => (language::decimal(by.abs(), 1), by.abs() < 0.05),
        Unit::Money => (language::decimal(by.abs(), 2), by.abs() < 0.005),
        Unit::Flag => return None,
    };
    (!zero).then(|| format!("{sign}{text}"))
}

/// How old the answer is, where that is worth saying.
#[must_use]
pub fn age(ctx: Ctx<'_>, figures: Option<&Figures>) -> String {
    match figures.map(|figures| ctx.board.at.since(figures.answer.at)) {
        None => "…".to_owned(),
        Some(age) if age.as_secs() < 15 => String::new(),
        Some(age) => text!("old", age = format::age(age)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_the_unit_of_their_figure() {
        assert_eq!(change(KpiId::ServiceLevel, 25.8, 84.6).as_deref(), Some("−59 points"));
        assert_eq!(change(KpiId::Asa, 323.0, 14.0).as_deref(), Some("+5:09"));
        assert_eq!(change(KpiId::Offered, 241.0, 118.0).as_deref(), Some("+104%"));
        assert_eq!(change(KpiId::Offered, 3.0, 0.0).as_deref(), Some("+3"));
        assert_eq!(change(KpiId::ServiceLevel, 84.5, 84.6), None);
    }
}
