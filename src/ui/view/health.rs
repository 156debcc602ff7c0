//! The state of the sources, as shown in header, banner and rail, and the figures that it makes stale.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rustc_hash::FxHashSet;
use unicode_width::UnicodeWidthStr;

use super::Ctx;
use super::overlay::TextLine;
use crate::board::{Health, Keeper, SourceRow};
use crate::clock::{Span, Time};
use crate::kpi::{Dim, Slice};
use crate::language::{self, text};
use crate::text::Label;
use crate::ui::action::Action;
use crate::ui::format::{self, clauses, cols};
use crate::ui::glyphs;
use crate::ui::theme::Tone;

/// All states, the worst first.
pub const WORST_FIRST: [Health; 6] =
    [Health::Down, Health::Stale, Health::Degraded, Health::Connecting, Health::Live, Health::Ended];

impl<'a> Ctx<'a> {
    /// The sources that report to this board: none where it follows another board.
    pub(super) fn own_sources(&self) -> &'a [SourceRow] {
        if matches!(self.board.keeper, Keeper::Other(_)) { &[] } else { &self.board.sources }
    }

    /// The silent sources, those that contribute to the page first, then the worst.
    #[must_use]
    pub fn silent_sources(&self) -> Vec<&'a SourceRow> {
        if self.own_sources().is_empty() {
            return Vec::new();
        }
        let mut silent = self.board.silent_sources();
        silent.sort_by_key(|source| !self.contributes(source, self.ui.slice()));
        silent
    }

    /// Whether a source contributes to a slice.
    #[must_use]
    pub fn contributes(&self, source: &SourceRow, of: &Slice) -> bool {
        let Some(id) = of.get(Dim::Queue) else { return true };
        let queue = self.board.queues.find(id);
        queue.is_some_and(|queue| queue.sources.contains(&source.name))
    }

    /// Whether everything shown of a slice is old, because all of its sources are silent.
    #[must_use]
    pub fn is_silent(&self, of: &Slice) -> bool {
        let queue = of.get(Dim::Queue).and_then(|id| self.board.queues.find(id));
        self.stale() || !self.own_sources().is_empty() && queue.is_some_and(|queue| self.board.is_silent(queue))
    }

    /// The queues all of whose sources are silent.
    #[must_use]
    pub fn silent_queues(&self) -> FxHashSet<&'a Label> {
        if self.silent_sources().is_empty() {
            return FxHashSet::default();
        }
        self.board.queues.iter().filter(|queue| self.board.is_silent(queue)).map(|queue| &queue.id).collect()
    }

    /// The sources that are missing from a slice's figures, in wordings from long to short; empty where none or all are
    /// missing.
    #[must_use]
    pub fn missing_sources(&self, of: &Slice) -> Vec<String> {
        if self.is_silent(of) {
            return Vec::new();
        }
        let missing: Vec<_> = self.silent_sources().into_iter().filter(|source| self.contributes(source, of)).collect();
        let sign = glyphs::MISSING;
        match missing.as_slice() {
            [] => Vec::new(),
            [one] => {
                let name = &one.name;
                vec![
                    format!("{sign} {}", text!("without-since", source = name, since = self.short_time(one.since))),
                    format!("{sign} {}", text!("without-one", source = name)),
                    format!("{sign} {}", text!("without-some")),
                ]
            }
            [one, two] => vec![
                format!("{sign} {}", text!("without-two", one = one.name, two = two.name)),
                format!("{sign} {}", text!("without-many", count = 2)),
                format!("{sign} {}", text!("without-some")),
            ],
            more => vec![
                format!("{sign} {}", text!("without-many", count = more.len())),
                format!("{sign} {}", text!("without-some")),
            ],
        }
    }

    /// An instant: `10:32`, or with the day where it was not today.
    #[must_use]
    pub fn short_time(&self, at: Time) -> String {
        let zone = self.zone();
        if format::day(at, zone) == format::day(self.board.at, zone) {
            format::minute(at, zone)
        } else {
            format::day_minute(at, zone)
        }
    }

    /// The time until the next attempt to reach a source. The text keeps its width from second to second.
    pub(super) fn next_try(&self, source: &SourceRow) -> Option<String> {
        self.time_to_next_try(source.next_try)
    }

    /// The time until `next_try`.
    pub(super) fn time_to_next_try(&self, next_try: Option<Time>) -> Option<String> {
        let left = next_try?.since(self.board.at);
        Some(match left.as_secs() {
            ..=0 => text!("trying-now").to_owned(),
            s @ 1..60 => text!("next-try-seconds", seconds = format!("{s:>2}")),
            _ => text!("next-try", left = format::left(left)),
        })
    }

    /// Remarks on sources that work: wrong clocks, certificates that are not checked.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let of = |source: &SourceRow| {
            let skew = skew(source).map(|words| format!("{}: {words}", source.name));
            let remark = source.remark.as_ref().map(|remark| format!("{}: {remark}", source.name));
            skew.into_iter().chain(remark)
        };
        self.own_sources().iter().flat_map(of).collect()
    }
}

/// By how much a source's clock is off, and the remedy.
pub(super) fn skew(source: &SourceRow) -> Option<String> {
    let ahead = source.skew()?;
    let is_ahead = ahead > Span::ZERO;
    let seconds = ahead.as_secs().abs();
    let amount = match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    };
    Some(if is_ahead { text!("clock-ahead", amount = amount) } else { text!("clock-behind", amount = amount) })
}

/// The tone a state is shown in.
fn word(health: Health) -> &'static str {
    language::keyed("health", health.key())
}

pub(super) const fn tone(health: Health) -> Tone {
    match health {
        Health::Down => Tone::Critical,
        Health::Stale | Health::Degraded | Health::Connecting => Tone::Warning,
        Health::Live | Health::Ended => Tone::Muted,
    }
}

/// The sign of a state.
#[must_use]
pub const fn sign(health: Health) -> &'static str {
    match health {
        Health::Down => glyphs::CRITICAL,
        Health::Stale | Health::Degraded => glyphs::WARNING,
        Health::Connecting => glyphs::FEW,
        Health::Live | Health::Ended => glyphs::GOOD,
    }
}

/// The sources, the worst first; among equals the one that has been in its state for longest.
pub(super) fn worst_first(sources: &[SourceRow]) -> Vec<&SourceRow> {
    let mut rows: Vec<&SourceRow> = sources.iter().collect();
    rows.sort_by_key(|source| (WORST_FIRST.iter().position(|health| *health == source.health), source.since));
    rows
}

/// How many sources are in each of the states; states without a source are left out.
pub(super) fn count_by_health(rows: &[&SourceRow], healths: &[Health]) -> Vec<(Health, usize)> {
    let count = |health: &Health| (*health, rows.iter().filter(|source| source.health == *health).count());
    healths.iter().map(count).filter(|(_, n)| *n > 0).collect()
}

/// The state of the sources on one line of at most `room` columns: by name where they fit, the worst first, else as
/// counts. The width only changes when the state of a source does.
#[must_use]
pub fn summary(ctx: Ctx<'_>, room: usize) -> Vec<TextLine> {
    let rows = worst_first(ctx.own_sources());
    let named = |source: &SourceRow| {
        let age = |since: Time| format::age(ctx.board.at.since(since));
        let (name, sign) = (&source.name, sign(source.health));
        let text = match source.health {
            Health::Live => {
                let heard = source.heard.or(source.newest).map_or_else(String::new, age);
                format!("{sign} {name} {heard:<4}")
            }
            Health::Ended => format!("{sign} {name} {}", text!("source-read")),
            Health::Connecting => format!("{sign} {name} {}", word(source.health)),
            Health::Degraded | Health::Stale | Health::Down => {
                format!("{sign} {name} {} {:<4}", word(source.health), age(source.since))
            }
        };
        (text, tone(source.health))
    };
    let numbers = |of: &[Health], words: bool| -> Vec<TextLine> {
        let number = |(health, n): (Health, usize)| {
            let sign = sign(health);
            let text = if words { format!("{sign} {n} {}", word(health)) } else { format!("{sign}{n}") };
            (text, tone(health))
        };
        count_by_health(&rows, of).into_iter().map(number).collect()
    };
    let well = [Health::Live, Health::Ended];
    let troubled = || rows.iter().filter(|source| !well.contains(&source.health));
    // From the longest to the shortest; the first that fits is shown.
    let mut candidates: Vec<Vec<TextLine>> = Vec::new();
    if rows.len() <= 4 {
        candidates.push(rows.iter().map(|source| named(source)).collect());
    }
    candidates.push(troubled().map(|source| named(source)).chain(numbers(&well, true)).collect());
    if let Some(worst) = troubled().next() {
        let rest = numbers(&WORST_FIRST, true).into_iter().zip(count_by_health(&rows, &WORST_FIRST)).filter_map(
            |(words, (health, n))| match n {
                1 if health == worst.health => None,
                n if health == worst.health => {
                    Some((format!("{} {}", sign(health), text!("sources-more", count = n - 1)), words.1))
                }
                _ => Some(words),
            },
        );
        candidates.push(std::iter::once(named(worst)).chain(rest).collect());
    }
    candidates.push(numbers(&WORST_FIRST, true));
    candidates.push(numbers(&WORST_FIRST, false));
    let notes = ctx.notes().len();
    if notes > 0 {
        let long = format!("{} {}", glyphs::WARNING, text!("sources-notes", count = notes));
        let short = format!("{}{}", glyphs::WARNING, text!("sources-note"));
        let with = |line: &Vec<TextLine>, note: &String| -> Vec<TextLine> {
            line.iter().cloned().chain([(note.clone(), Tone::Warning)]).collect()
        };
        candidates = candidates.iter().flat_map(|line| [with(line, &long), with(line, &short)]).collect();
    }
    let fits = |line: &Vec<TextLine>| line.iter().map(|(text, _)| text.width() + 2).sum::<usize>() <= room + 2;
    candidates.into_iter().find(fits).unwrap_or_default()
}

/// The banner about silent sources, in at most `room` columns; `None` where all report.
#[must_use]
pub fn banner(ctx: Ctx<'_>, room: usize) -> Option<TextLine> {
    let silent = ctx.silent_sources();
    let worst = silent.first()?;
    let key = ctx.keymap.key(Action::Sources).map_or_else(String::new, |key| format!(": {key}"));
    let more = match silent.len() - 1 {
        0 => String::new(),
        n if room < 100 => format!(" (+{n}{key})"),
        n => format!(" (+{}{key})", text!("sources-more", count = n)),
    };
    let head = format!("{} {} {}{more}", sign(worst.health), worst.name, state(ctx, worst));
    let mut tail = ctx.next_try(worst).map_or_else(String::new, |words| format!(" · {words:<17}"));
    // The reason can be long and matters more than the time of the next try: it takes the room that there is, cut
    // between clauses where that is possible.
    let left = |tail: &str| room.saturating_sub(head.width() + tail.width() + 2);
    let mut why = clauses(worst.reason.as_str(), left(&tail));
    if why.ends_with('…') {
        tail.clear();
        why = clauses(worst.reason.as_str(), left(&tail));
    }
    let why = if why.is_empty() { String::new() } else { format!(": {why}") };
    let tone = if worst.health == Health::Down { Tone::Critical } else { Tone::WarningFill };
    Some((format!("{head}{why}{tail}"), tone))
}

/// State and since when: `down since 10:32`.
pub(super) fn state(ctx: Ctx<'_>, source: &SourceRow) -> String {
    text!("health-since", health = word(source.health), since = ctx.short_time(source.since))
}

/// Draw the line of the header so that it ends before column `right`; returns the column where it begins.
pub fn draw_line(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, right: u16) -> u16 {
    let words = summary(ctx, usize::from(right.saturating_sub(area.x)));
    let width = words.iter().map(|(text, _)| text.width() + 2).sum::<usize>();
    let start = right.saturating_sub(cols(width));
    let mut x = start;
    for (text, tone) in &words {
        buffer.set_string(x, area.y, text, ctx.theme.style(*tone));
        x += cols(text.width() + 2);
    }
    start
}
