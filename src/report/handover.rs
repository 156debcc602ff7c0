//! The hand-over: what a shift leaves to the next one. Open alerts and who has them, what was done and what came of it, the
//! worst half hours, times without data, and who waits.

mod words;

use std::sync::Arc;

use chrono_tz::Tz;

use super::document::{Document, DocumentSection, MAX_TABLE_ROWS};
use super::{html, markdown};
use crate::alert::{Episode, HistoryEntry, HistoryKind, State};
use crate::annotation::Annotation;
use crate::board::Board;
use crate::clock::{Span, Time};
use crate::floor::{FloorClosed, Handle};
use crate::kpi::format::{UNKNOWN, duration};
use crate::kpi::{Answer, AnswerRow, Dim, Every, Figure, KpiId, Period, Query, Slice, Verdict};
use crate::language::{self, ShownFigure as _, text};
use crate::worklist::{WorkAnswer, WorkItem, WorkQuery};
use words::{HandoverWords, deed, last_value, notes, value, value_at, what};

/// A shift is this long where the business day began before.
const SHIFT: Span = Span(8 * Span::HOUR.0);
/// The most episodes of the past that are read.
const MAX_PAST_EPISODES: usize = 500;
/// The most of the worst half hours.
const MAX_INTERVALS: usize = 10;
/// The figures of a half hour, in the order of the question.
const INTERVAL_KPIS: [KpiId; 3] = [KpiId::Offered, KpiId::ServiceLevel, KpiId::AbandonmentRate];

/// What the hand-over is made of.
#[derive(Clone, Debug)]
pub struct Handover {
    board: Arc<Board>,
    from: Time,
    /// The episodes that ended within the shift, the newest first.
    past: Vec<Episode>,
    /// What is to be done about customers; `None` where the hub has no worklists.
    work: Option<WorkAnswer>,
    /// The half hours of each queue; `None` where the floor did not answer.
    intervals: Option<Answer>,
}

impl Handover {
    /// Ask a floor for all of it. Without `from`, the shift began with the business day, or eight hours ago.
    ///
    /// # Errors
    /// [`FloorClosed`] when the floor has ended.
    pub async fn gather(handle: &Handle, from: Option<Time>) -> Result<Self, FloorClosed> {
        let board = handle.watch().borrow().clone();
        let from = from.unwrap_or_else(|| board.calendar.day_start(board.at, 0).max(board.at - SHIFT));
        let mut past = handle.history(MAX_PAST_EPISODES).await?;
        past.retain(|episode| episode.resolved.is_some_and(|at| at >= from));
        let work = handle.worklist(WorkQuery::default()).await?;
        let query = Query {
            of: Slice::TOTAL,
            by: vec![Dim::Queue],
            over: Period::Range(from, Time(board.at.0 + 1)),
            every: Some(Every::Minutes(30)),
            kpis: INTERVAL_KPIS.to_vec(),
            formula: None,
        };
        let intervals = handle.ask(query).await.ok().and_then(Result::ok);
        Ok(Self { board, from, past, work, intervals })
    }

    /// The hand-over as Markdown, with times in a zone or else in the centre's.
    #[must_use]
    pub fn markdown(&self, zone: Option<Tz>) -> String {
        markdown::document(&self.document(zone))
    }

    /// The hand-over as one HTML page without references to other files.
    #[must_use]
    pub fn html(&self, zone: Option<Tz>) -> String {
        html::document(&self.document(zone))
    }

    /// The time of the floor at which it was made.
    #[must_use]
    pub fn at(&self) -> Time {
        self.board.at
    }

    /// The zone of the centre.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.board.calendar.zone
    }

    fn document(&self, zone: Option<Tz>) -> Document {
        let words = HandoverWords { board: &self.board, zone: zone.unwrap_or(self.board.calendar.zone) };
        let title = if self.board.title.is_empty() {
            text!("handover-title").to_owned()
        } else {
            text!("handover-title-of", floor = self.board.title)
        };
        let (from, to) = (words.day_time(self.from), words.day_time(self.board.at));
        Document {
            title,
            about: text!("handover-about", from = from, to = to, zone = words.zone.name()),
            sections: vec![
                self.new_alerts(words),
                self.acknowledged(words),
                self.snoozed(words),
                self.done(words),
                self.worst_intervals(words),
                self.annotations(words),
                self.missing_data(words),
                self.work(words),
                self.waiting(words),
            ],
        }
    }

    fn in_state(&self, state: State) -> impl Iterator<Item = &Episode> {
        self.board.alerts.iter().filter(move |e| e.state == state && e.inhibited_by.is_none())
    }

    fn new_alerts(&self, words: HandoverWords<'_>) -> DocumentSection {
        let row = |e: &Episode| {
            let since = words.time(e.since);
            vec![
                words.place(e),
                what(e),
                value(e, e.figure.value),
                value(e, e.worst),
                value(e, e.limit),
                since,
                language::keyed("severity", e.severity.key()).to_owned(),
                language::action(e),
            ]
        };
        DocumentSection::new(
            text!("handover-new"),
            text!("handover-no-new"),
            vec![
                text!("column-where"),
                text!("column-what"),
                text!("column-now"),
                text!("column-worst"),
                text!("column-limit"),
                text!("column-since"),
                text!("handover-how-bad"),
                text!("handover-what-to-do"),
            ],
            self.in_state(State::Firing).map(row),
        )
    }

    fn acknowledged(&self, words: HandoverWords<'_>) -> DocumentSection {
        let row = |e: &Episode| {
            let ack = e.acknowledged.as_ref();
            vec![
                words.place(e),
                what(e),
                ack.map_or_else(String::new, |ack| ack.who.name.to_string()),
                ack.map_or_else(String::new, |ack| words.time(ack.at)),
                ack.map_or_else(String::new, |ack| value(e, ack.value)),
                value(e, e.figure.value),
                ack.map_or_else(String::new, |ack| words.time(ack.until)),
                notes(e),
            ]
        };
        DocumentSection::new(
            text!("handover-taken"),
            text!("handover-none-taken"),
            vec![
                text!("column-where"),
                text!("column-what"),
                text!("column-who"),
                text!("handover-taken-at"),
                text!("handover-then"),
                text!("column-now"),
                text!("handover-held-until"),
                text!("handover-notes"),
            ],
            self.in_state(State::Acknowledged).map(row),
        )
    }

    fn snoozed(&self, words: HandoverWords<'_>) -> DocumentSection {
        let row = |e: &Episode| {
            let snooze = e.snoozed.as_ref();
            vec![
                words.place(e),
                what(e),
                snooze.map_or_else(String::new, |snooze| snooze.who.name.to_string()),
                snooze.map_or_else(String::new, |snooze| words.time(snooze.until)),
                value(e, e.figure.value),
                notes(e),
            ]
        };
        DocumentSection::new(
            text!("handover-put-off"),
            text!("handover-none-put-off"),
            vec![
                text!("column-where"),
                text!("column-what"),
                text!("column-who"),
                text!("handover-until"),
                text!("column-now"),
                text!("handover-notes"),
            ],
            self.in_state(State::Snoozed).map(row),
        )
    }

    /// What people did about alerts within the shift, the newest first, and how the figure stands since.
    fn done(&self, words: HandoverWords<'_>) -> DocumentSection {
        let episodes = self.board.alerts.iter().chain(&self.past);
        let acts =
            episodes.flat_map(|e| e.trail.iter().filter(|entry| self.is_deed(entry)).map(move |entry| (e, entry)));
        let mut acts: Vec<(&Episode, &HistoryEntry)> = acts.collect();
        acts.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.at));
        let row = |(e, entry): (&Episode, &HistoryEntry)| {
            let now = match e.resolved {
                Some(at) => text!("handover-over-since", value = value(e, last_value(e)), time = words.time(at)),
                None => value(e, e.figure.value),
            };
            vec![
                words.time(entry.at),
                entry.who.as_ref().map_or_else(String::new, |who| who.name.to_string()),
                format!("{}: {}", words.place(e), what(e)),
                deed(entry),
                value(e, entry.value.or_else(|| value_at(e, entry.at))),
                now,
            ]
        };
        DocumentSection::new(
            text!("handover-done"),
            text!("handover-nothing-done"),
            vec![
                text!("handover-when"),
                text!("column-who"),
                text!("handover-about-what"),
                text!("handover-deed"),
                text!("handover-then"),
                text!("handover-now-or-end"),
            ],
            acts.into_iter().map(row),
        )
    }

    fn is_deed(&self, entry: &HistoryEntry) -> bool {
        use HistoryKind::{Acknowledged, Late, Noted, Snoozed, Undone};
        entry.at >= self.from
            && entry.who.is_some()
            && matches!(entry.kind, Acknowledged | Snoozed | Noted | Undone | Late)
    }

    /// The half hours in which most contacts were not answered in time, of those whose figures are judged to be bad.
    fn worst_intervals(&self, words: HandoverWords<'_>) -> DocumentSection {
        let rows = self.intervals.iter().flat_map(|answer| &answer.rows);
        let mut bad: Vec<(f64, &AnswerRow)> = rows.filter_map(|row| Some((missed(row)?, row))).collect();
        bad.sort_by(|(a, x), (b, y)| b.total_cmp(a).then_with(|| (x.start, &x.key).cmp(&(y.start, &y.key))));
        let left_out = bad.len().saturating_sub(MAX_INTERVALS);
        let row = |(missed, row): (f64, &AnswerRow)| {
            let mut cells = vec![
                row.start.map_or_else(String::new, |start| words.time(start)),
                row.key.get(Dim::Queue).map_or_else(String::new, |queue| words.queue(queue)),
            ];
            cells.extend(INTERVAL_KPIS.iter().zip(&row.figures).map(|(kpi, figure)| kpi.def().shown_in_column(figure)));
            cells.push(format!("{missed:.0}"));
            cells
        };
        let empty = if self.intervals.is_some() { text!("handover-no-bad") } else { text!("handover-no-figures") };
        let mut section = DocumentSection::new(
            text!("handover-worst"),
            empty,
            vec![
                text!("column-from"),
                text!("column-queue"),
                text!("handover-came"),
                text!("handover-in-time"),
                text!("handover-hung-up"),
                text!("handover-not-in-time"),
            ],
            bad.into_iter().take(MAX_INTERVALS).map(row),
        );
        section.note = if left_out == 0 { String::new() } else { text!("handover-more-bad", count = left_out) };
        section
    }

    /// What people say of the shift, in order of time.
    fn annotations(&self, words: HandoverWords<'_>) -> DocumentSection {
        let said = self.board.annotations.iter().filter(|said| said.is_within(self.from, Time(self.board.at.0 + 1)));
        let mut said: Vec<&Annotation> = said.collect();
        said.sort_by_key(|said| (said.at, said.id));
        let row = |said: &Annotation| {
            vec![
                words.day_time(said.at),
                said.until.map_or_else(String::new, |until| words.day_time(until)),
                words.slice(&said.of),
                said.text.to_string(),
                said.who.name.to_string(),
            ]
        };
        DocumentSection::new(
            text!("handover-annotations"),
            text!("handover-no-annotations"),
            vec![
                text!("column-from"),
                text!("handover-until"),
                text!("column-where"),
                text!("column-what"),
                text!("column-who"),
            ],
            said.into_iter().map(row),
        )
    }

    /// What is open of the worklists, and who has it.
    fn work(&self, words: HandoverWords<'_>) -> DocumentSection {
        let row = |item: &WorkItem| {
            let holder = item.holder().map_or_else(String::new, |holder| holder.name.to_string());
            let since = words.day_time(item.since);
            let due = words.time(item.due);
            let due = if item.is_overdue(self.board.at) { text!("handover-late", time = due) } else { due };
            let tried = Some(item.tries()).filter(|tries| *tries > 0);
            let tried = tried.map_or_else(String::new, |times| format!("{times}×"));
            let again = item.called_again().map_or_else(String::new, |at| words.time(at));
            let note = item.note.as_ref().map_or_else(String::new, ToString::to_string);
            vec![
                language::keyed("work-kind", item.kind.key()).to_owned(),
                item.subject().to_string(),
                words.queue(&item.queue),
                language::work_reason(item),
                since,
                due,
                again,
                tried,
                holder,
                note,
            ]
        };
        let items = self.work.iter().flat_map(|answer| &answer.items);
        let empty = match &self.work {
            Some(_) => text!("handover-no-work"),
            None => text!("handover-no-worklists"),
        };
        let mut section = DocumentSection::new(
            text!("handover-work"),
            empty,
            vec![
                text!("column-what"),
                text!("column-who"),
                text!("column-queue"),
                text!("column-why"),
                text!("column-since"),
                text!("column-due"),
                text!("handover-called-again"),
                text!("column-tried"),
                text!("column-holder"),
                text!("column-note"),
            ],
            items.map(row),
        );
        if let Some(counts) = self.work.as_ref().map(|answer| &answer.counts)
            && counts.open + counts.claimed > u64::try_from(MAX_TABLE_ROWS).unwrap_or(u64::MAX)
        {
            section.note = text!("handover-work-in-all", open = counts.open, claimed = counts.claimed);
        }
        section
    }

    fn missing_data(&self, words: HandoverWords<'_>) -> DocumentSection {
        let gaps = self.board.gaps.iter().filter(|gap| gap.until > self.from);
        let gaps = gaps.map(|gap| {
            let lasted = gap.until.since(gap.since);
            vec![
                gap.source.to_string(),
                words.day_time(gap.since),
                words.day_time(gap.until),
                language::age(lasted.as_secs()),
            ]
        });
        let silent = self.board.silent_sources().into_iter().map(|source| {
            let lasts = self.board.at.since(source.since);
            let until = text!("handover-still-so", reason = source.reason);
            vec![source.name.to_string(), words.day_time(source.since), until, language::age(lasts.as_secs())]
        });
        DocumentSection::new(
            text!("handover-gaps"),
            text!("handover-no-gaps"),
            vec![text!("handover-source"), text!("column-from"), text!("handover-until"), text!("handover-how-long")],
            silent.chain(gaps),
        )
    }

    fn waiting(&self, words: HandoverWords<'_>) -> DocumentSection {
        let mut queues: Vec<_> = self.board.queues.iter().filter(|queue| queue.live.waiting > 0).collect();
        queues.sort_by_key(|queue| std::cmp::Reverse((queue.live.longest_wait, queue.live.waiting)));
        let row = |queue: &crate::board::QueueRow| {
            let wait = queue.live.longest_wait.map_or_else(|| UNKNOWN.to_owned(), |wait| duration(wait.as_secs_f64()));
            vec![words.queue(&queue.id), queue.live.waiting.to_string(), wait]
        };
        let heads = [text!("column-queue"), text!("handover-waiting"), text!("handover-longest-wait")];
        DocumentSection::new(
            text!("handover-waits"),
            text!("handover-nobody-waits"),
            heads.into(),
            queues.into_iter().map(row),
        )
    }
}

/// How many contacts of a half hour were not answered in time; `None` where that is not judged to be bad.
fn missed(row: &AnswerRow) -> Option<f64> {
    let is_bad = |figure: &Figure| matches!(figure.verdict, Verdict::Warning | Verdict::Critical);
    let [_, in_time, hung_up] = row.figures.as_slice() else { return None };
    let missed = in_time.denominator? - in_time.numerator?;
    ((is_bad(in_time) || is_bad(hung_up)) && missed > 0.0).then_some(missed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{Acknowledgement, Actor, Severity, Snooze};
    use crate::board::{GapRow, QueueRow};
    use crate::engine::{VisitCourse, VisitReport};
    use crate::event::Channel;
    use crate::kpi::{Calendar, Live, Window};
    use crate::text::{Label, Patterns};
    use crate::worklist::{WorkAction, WorkCommand, Worklist};

    /// Monday, 2 March 2026, at so many minutes after noon.
    fn at(minutes: i64) -> Time {
        Time::from_unix(1_772_452_800 + 60 * minutes)
    }

    fn ann() -> Actor {
        Actor { name: "ann".into(), from: "desk1".into() }
    }

    fn entry(
        minutes: i64,
        kind: HistoryKind,
        who: Option<Actor>,
        text: Option<&str>,
        value: Option<f64>,
    ) -> HistoryEntry {
        HistoryEntry { at: at(minutes), kind, who, text: text.map(Into::into), value }
    }

    fn alert(id: u64, queue: &str, state: State, now: f64) -> Episode {
        Episode {
            id,
            version: 1,
            rule: "longest wait".into(),
            kpi: Some(KpiId::LongestWait),
            source: None,
            slice: Slice::of(Dim::Queue, queue.into()),
            window: Window::M30,
            severity: Severity::Critical,
            state,
            since: at(100),
            fired: Some(at(101)),
            resolved: None,
            figure: Figure::gauge(now, 4),
            worst: Some(now),
            limit: Some(300.0),
            above: true,
            acknowledged: None,
            snoozed: None,
            lapsed: None,
            flapping: false,
            inhibited_by: None,
            text: "the wait is long".into(),
            action: "Take the oldest contact now.".into(),
            trail: vec![entry(101, HistoryKind::Fired, None, Some("critical"), Some(362.0))],
        }
    }

    fn queue(id: &str, name: &str, waiting: i64, longest: Option<i64>) -> QueueRow {
        let live = Live { waiting, longest_wait: longest.map(Span::seconds), ..Live::default() };
        QueueRow {
            id: id.into(),
            name: name.into(),
            channel: Channel::Voice,
            service_level: Span::seconds(20),
            bands: Vec::new(),
            sources: Vec::new(),
            live,
        }
    }

    fn half_hour(queue: &str, start: i64, in_time: f64, of: f64, verdict: Verdict) -> AnswerRow {
        let level = Figure {
            value: Some(100.0 * in_time / of),
            n: 100,
            numerator: Some(in_time),
            denominator: Some(of),
            verdict,
            ..Figure::default()
        };
        let hung_up = Figure { value: Some(4.0), n: 100, ..Figure::default() };
        let figures = vec![Figure::gauge(of, 1), level, hung_up];
        AnswerRow { key: Slice::of(Dim::Queue, queue.into()), start: Some(at(start)), figures }
    }

    fn work() -> WorkAnswer {
        let mut list = Worklist::new(crate::worklist::Settings::default());
        let report = |contact: &str, customer: &str, minutes| VisitReport {
            contact: contact.into(),
            queue: "billing".into(),
            intent: "refund".into(),
            customer: customer.into(),
            agent: Label::default(),
            channel: Channel::Voice,
            joined: at(minutes),
            course: VisitCourse::HungUp(at(minutes + 1)),
            wait: Some(Span::MINUTE),
            handling: None,
            ended: None,
            csat: None,
            nps: None,
            reopened: None,
        };
        for report in [report("c1", "+44 20 7946 0113", -30), report("c2", "", 20), report("c3", "+44 |1|", 60)] {
            list.take(&report, at(120));
        }
        let act = WorkAction::Claim { note: Some("calls after lunch".into()), lasts: None };
        list.execute(&WorkCommand { item: 2, version: 1, who: ann(), act }, at(119)).unwrap();
        list.ask(&WorkQuery::default(), &Patterns::default(), at(-600), at(120))
    }

    fn shift() -> Handover {
        let taken = Acknowledgement {
            who: ann(),
            at: at(110),
            until: at(125),
            value: Some(362.0),
            severity: Severity::Critical,
            note: Some("two come back from lunch".into()),
        };
        let mut held = alert(2, "billing", State::Acknowledged, 111.0);
        held.acknowledged = Some(taken);
        held.trail.push(entry(
            110,
            HistoryKind::Acknowledged,
            Some(ann()),
            Some("two come back from lunch"),
            Some(362.0),
        ));
        let mut put_off = alert(3, "sales", State::Snoozed, 310.0);
        put_off.snoozed = Some(Snooze { who: ann(), at: at(115), until: at(130) });
        let mut over = alert(4, "sales", State::Resolved, 40.0);
        over.resolved = Some(at(95));
        over.trail = vec![
            entry(80, HistoryKind::Fired, None, None, Some(500.0)),
            entry(82, HistoryKind::Noted, Some(ann()), Some("called |two|"), None),
            entry(95, HistoryKind::Resolved, None, None, Some(40.0)),
        ];
        let queues = vec![
            queue("billing", "Billing", 2, Some(111)),
            queue("sales", "Sales & more", 0, None),
            queue("tech", "Technical", 7, Some(402)),
        ];
        let gap = |source: &str, since, until| GapRow { source: source.into(), since: at(since), until: at(until) };
        let board = Board {
            at: at(120),
            title: "City Power".into(),
            calendar: Calendar { zone: Tz::Europe__Paris, ..Calendar::default() },
            queues: queues.into_iter().collect(),
            alerts: vec![alert(1, "tech", State::Firing, 402.0), held, put_off].into(),
            gaps: vec![gap("pbx", -300, -290), gap("pbx", 30, 42)],
            ..Board::default()
        };
        let rows = vec![
            half_hour("billing", 60, 90.0, 100.0, Verdict::Good),
            half_hour("sales", 60, 20.0, 40.0, Verdict::Critical),
            half_hour("tech", 90, 30.0, 80.0, Verdict::Warning),
        ];
        let intervals = Some(Answer { rows, ..Answer::default() });
        Handover { board: Arc::new(board), from: at(0), past: vec![over], work: Some(work()), intervals }
    }

    #[test]
    fn the_next_shift_reads_what_is_open_what_was_done_and_what_came_of_it() {
        insta::assert_snapshot!(shift().markdown(None));
    }

    #[test]
    fn nothing_of_it_is_markup() {
        let mut shift = shift();
        let board = Arc::make_mut(&mut shift.board);
        board.title = "<b>City".into();
        let html = shift.html(Some(Tz::UTC));
        assert!(html.starts_with("<!doctype html>") && html.contains("Hand-over of &lt;b&gt;City"), "{html}");
        assert!(html.contains("Sales &amp; more") && html.contains("from 2026-03-02 12:00 to 2026-03-02 14:00 (UTC)"));
    }

    #[test]
    fn a_quiet_shift_says_so_in_each_part() {
        let quiet = Handover {
            board: Arc::new(Board { at: at(120), ..Board::default() }),
            from: at(0),
            past: Vec::new(),
            work: Some(WorkAnswer::default()),
            intervals: Some(Answer::default()),
        };
        let document = quiet.document(None);
        let text = quiet.markdown(None);
        assert!(document.sections.iter().all(|part| part.rows.is_empty() && text.contains(part.empty)), "{text}");
    }
}
