//! Figures over time, with the bins in which a contributing source was silent.

use std::collections::BTreeMap;

use unicode_width::UnicodeWidthStr;

use super::Ctx;
use crate::board::{GapRow, Health, SourceRow};
use crate::clock::{Span, Time};
use crate::kpi::{AnswerRow, Dim, Every, KpiId, Slice};
use crate::language::text;
use crate::text::Label;
use crate::ui::answers::Figures;
use crate::ui::glyphs;
use crate::ui::widget::trend::TrendPoint;

/// A gap marks a bin if it covers at least one part in this many; a shorter one changes no figure visibly.
const VISIBLE_PARTS: i64 = 60;

/// A step of a series.
pub struct Bin<'a> {
    /// When the step begins.
    pub start: Time,
    /// The figures of the step; `None` where nothing was counted.
    pub row: Option<&'a AnswerRow>,
    /// Whether a contributing source was silent during a visible part of the step.
    pub gap: bool,
}

/// The bins of an answer about slice `of`, oldest first; of one queue where the answer is split by queue.
#[must_use]
pub fn bins<'a>(ctx: Ctx<'_>, figures: &'a Figures, queue: Option<&Label>, of: &Slice, every: Every) -> Vec<Bin<'a>> {
    let of = queue.map_or_else(|| of.clone(), |queue| of.clone().and(Dim::Queue, queue.clone()));
    let sources = contributing(ctx, &of);
    let (from, to) = (figures.answer.from, figures.answer.at.max(figures.answer.from));
    let mut lost: BTreeMap<Time, Span> = BTreeMap::new();
    let calendar = &ctx.board.calendar;
    let next = |start: Time| calendar.next_step(every, start);
    for gap in gaps(ctx, &sources) {
        let mut start = calendar.bucket(every, gap.since.max(from));
        while start < gap.until.min(to) {
            let end = next(start);
            let part = lost.entry(start).or_default();
            // A gap that still lasts is shown at once, however short it is.
            let lasts = gap.until > ctx.board.at && end >= to;
            *part = *part + if lasts { every.length() } else { gap.overlap(start.max(from), end.min(to)) };
            if end <= start {
                break;
            }
            start = end;
        }
    }
    lost.retain(|start, lost| {
        let length = next(*start).min(to).since((*start).max(from));
        lost.0 > 0 && lost.0.saturating_mul(VISIBLE_PARTS) >= length.0
    });
    let mut bins: BTreeMap<Time, Bin<'a>> =
        lost.into_keys().map(|start| (start, Bin { start, row: None, gap: true })).collect();
    for row in figures.rows(queue.map(Label::as_str)) {
        let start = row.start.unwrap_or(from);
        bins.entry(start).or_insert(Bin { start, row: None, gap: false }).row = Some(row);
    }
    bins.into_values().collect()
}

/// The values of a KPI, one per bin.
#[must_use]
pub fn points(figures: &Figures, bins: &[Bin<'_>], kpi: KpiId) -> Vec<TrendPoint> {
    let value = |bin: &Bin<'_>| bin.row.and_then(|row| figures.of(row, kpi)).and_then(|figure| figure.value);
    bins.iter().map(|bin| TrendPoint { value: value(bin), gap: bin.gap }).collect()
}

/// The gaps of sources: those that are over, and those that still last.
fn gaps(ctx: Ctx<'_>, sources: &[&SourceRow]) -> Vec<GapRow> {
    let over = ctx.board.gaps.iter().filter(|gap| sources.iter().any(|source| source.name == gap.source)).cloned();
    let last = sources.iter().filter(|source| source.is_silent(ctx.board.at)).map(|source| {
        // The gap of a silent source begins when data last came from it, that of a lost one when it was lost.
        let silent = source.health == Health::Stale && source.next_try.is_none();
        let since = source.heard.filter(|_| silent).map_or(source.since, |heard| heard.min(source.since));
        GapRow { source: source.name.clone(), since, until: ctx.board.at + Span::SECOND }
    });
    over.chain(last).collect()
}

/// The gaps of sources since `from` in words, the newest first, at most `most`: "no data from pbx between 10:32 and
/// 10:36".
#[must_use]
pub fn gap_words(ctx: Ctx<'_>, sources: &[&SourceRow], from: Time, most: usize) -> Vec<String> {
    let mut gaps: Vec<GapRow> = gaps(ctx, sources).into_iter().filter(|gap| gap.until > from).collect();
    gaps.sort_by_key(|gap| (std::cmp::Reverse(gap.until), gap.since));
    let more = gaps.len().saturating_sub(most);
    let mut words: Vec<String> = gaps
        .iter()
        .take(most)
        .map(|gap| {
            if gap.until > ctx.board.at {
                text!("gap-since", source = gap.source, since = ctx.short_time(gap.since))
            } else {
                let (since, until) = (ctx.short_time(gap.since), ctx.short_time(gap.until));
                text!("gap-between", source = gap.source, since = since, until = until)
            }
        })
        .collect();
    if let (Some(last), 1..) = (words.last_mut(), more) {
        *last = text!("gaps-more", gap = last, count = more);
    }
    words
}

/// [`gap_words`] for the sources that contribute to a slice.
#[must_use]
pub fn gap_words_of(ctx: Ctx<'_>, of: &Slice, from: Time, most: usize) -> Vec<String> {
    gap_words(ctx, &contributing(ctx, of), from, most)
}

/// The legend of the sign for missing data, in at most `room` columns; empty where there is no gap.
#[must_use]
pub fn legend(ctx: Ctx<'_>, of: &Slice, from: Time, room: usize) -> String {
    let gaps = gap_words(ctx, &contributing(ctx, of), from, usize::MAX);
    let Some(first) = gaps.first() else { return String::new() };
    let more = if gaps.len() > 1 { format!(" (+{})", gaps.len() - 1) } else { String::new() };
    let sign = glyphs::MISSING;
    let words = [
        format!("{sign} {first}{more}"),
        format!("{sign} {}{more}", text!("no-data")),
        format!("{sign} {}", text!("no-data")),
    ];
    words.into_iter().find(|words| words.width() <= room).unwrap_or_default()
}

fn contributing<'a>(ctx: Ctx<'a>, of: &Slice) -> Vec<&'a SourceRow> {
    ctx.board.sources.iter().filter(|source| ctx.contributes(source, of)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::alert::Actor;
    use crate::kpi::{Answer, Figure, Window};
    use crate::ui::action::Keymap;
    use crate::ui::answers::{Answers, Reply};
    use crate::ui::queries;
    use crate::ui::state::Ui;
    use crate::ui::theme::{Depth, Palette, Theme};
    use crate::ui::{Settings, sample};

    /// The bins of the day so far, by minute of the day, those with a gap marked; half hours 9:00 and 10:00 have
    /// contacts.
    fn marked(gaps: &[(i64, i64)], down_since: Option<i64>) -> Vec<(i64, bool, bool)> {
        let mut board = sample::board(0);
        let day = board.calendar.day_start(board.at, 0);
        let at = |second: i64| day + Span::seconds(second);
        board.gaps = gaps
            .iter()
            .map(|(since, until)| GapRow { source: "pbx-1".into(), since: at(*since), until: at(*until) })
            .chain([GapRow { source: "another".into(), since: day, until: board.at }])
            .collect();
        if let Some(since) = down_since {
            board.sources[0].health = Health::Down;
            board.sources[0].since = at(since);
        }
        let ui = Ui::new(Actor { name: "a".into(), from: "b".into() }, Window::Today, None, Palette::Dark, false);
        let query = queries::course(&ui, &Slice::TOTAL);
        let row = |second: i64| AnswerRow {
            key: Slice::TOTAL,
            start: Some(at(second)),
            figures: vec![Figure::default(); query.kpis.len()],
        };
        let rows = vec![row(9 * 3600), row(10 * 3600)];
        let answer = Answer { at: board.at, from: day, to: board.at, rows, ..Answer::default() };
        let mut answers = Answers::default();
        let now = std::time::Instant::now();
        answers.due(&[queries::Question::Figures(query.clone())], 1, false, now);
        answers.store(&queries::Question::Figures(query.clone()), Reply::Figures(Box::new(answer)), now);
        let ctx = Ctx {
            ui: &ui,
            board: &board,
            answers: &answers,
            theme: Theme { palette: Palette::Dark, depth: Depth::None, light: false },
            glyphs: crate::ui::glyphs::GlyphSet::Full,
            keymap: &Keymap::new(&BTreeMap::new()).unwrap(),
            settings: &Settings::default(),
        };
        let figures = answers.figures(query).unwrap();
        bins(ctx, figures, None, &Slice::TOTAL, Every::Minutes(30))
            .into_iter()
            .map(|bin| (bin.start.since(day).as_secs() / 60, bin.row.is_some(), bin.gap))
            .collect()
    }

    #[test]
    fn a_gap_marks_the_bins_it_lies_in_and_adds_those_that_have_no_row() {
        assert_eq!(marked(&[], None), [(540, true, false), (600, true, false)]);
        // 8:50 to 9:05.
        assert_eq!(marked(&[(31_800, 32_700)], None), [(510, false, true), (540, true, true), (600, true, false)]);
        // A gap of half a minute in a half hour is shown; ten seconds are too short.
        assert_eq!(marked(&[(36_000, 36_030)], None)[1], (600, true, true));
        assert_eq!(marked(&[(36_000, 36_010)], None)[1], (600, true, false));
        // A connection that breaks repeatedly loses more than that.
        assert_eq!(marked(&[(36_000, 36_010), (36_100, 36_110), (36_200, 36_210)], None)[1], (600, true, true));
        // A gap that ended before the day began is not shown.
        assert_eq!(marked(&[(-900, -300)], None).len(), 2);
    }

    #[test]
    fn an_outage_that_lasts_marks_the_newest_bin_at_once() {
        // It is 10:42:17: down since 10:42:10.
        assert_eq!(marked(&[], Some(38_530)), [(540, true, false), (600, true, false), (630, false, true)]);
    }
}
