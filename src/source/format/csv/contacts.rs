//! Rows that are contacts.

use std::borrow::Cow;
use std::collections::{HashSet, VecDeque};

use super::columns::Columns;
use super::doubts::Doubts;
use super::evidence::RowEvidence;
use super::legs::{Extent, IdEvidence, SeenRows, is_rounded};
use super::outcome::{RowOutcome, Words, is_nobody};
use super::record::ContactRecord;
use super::resolved::{ResolvedColumns, ResolvedDuration, ResolvedField};
use super::rows::CsvRow;
use super::time::{LocalClock, beginning};
use super::totals::QueueNames;
use super::value::YesNo;
use super::{duration, ended, totals, value};
use crate::clock::{Span, Time};
use crate::event::{Channel, Event, Offer, Scored, Survey};
use crate::source::caller_number::customer;
use crate::source::ids::id_label;
use crate::source::rejection::RejectionReason;
use crate::text::Label;

/// The agent of an answered row, or the evaluator of a scored one, that names none.
const UNKNOWN_NAME: Label = Label::fixed("unknown");
/// The most contacts whose further rows are awaited. Exports have the rows of a contact close together.
const MAX_OPEN_LEGS: usize = 1000;

/// A contact that further rows may be a part of.
#[derive(Debug)]
struct OpenContact {
    /// That of its rows; the contact of a later call of the same id has another.
    id: Label,
    record: ContactRecord,
    extent: Extent,
    /// Of the rows that it was read of: a row that stands there twice counts once.
    digests: HashSet<u64>,
}

/// Reads the contacts of one table.
#[derive(Debug)]
pub(super) struct ContactTable {
    pub(super) columns: Columns,
    pub(super) resolved: ResolvedColumns,
    pub(super) clock: LocalClock,
    /// Precedes row numbers that serve as contact ids, so that several tables do not share ids.
    prefix: String,
    /// With `legs`, the contacts that further rows may be a part of, in the order of their last row.
    open: VecDeque<OpenContact>,
    seen: SeenRows,
    /// The columns whose ids are compared.
    pub(super) tried_ids: Vec<(usize, IdEvidence)>,
    pub(super) queues: QueueNames,
    pub(super) doubts: Doubts,
}

impl ContactTable {
    pub(super) fn new(columns: Columns, resolved: ResolvedColumns, clock: LocalClock, prefix: String) -> Self {
        let doubts = Doubts::about(&columns);
        let queues = resolved.queues;
        let (open, seen, tried_ids) = (VecDeque::new(), SeenRows::default(), Vec::new());
        Self { columns, resolved, clock, prefix, open, seen, tried_ids, queues, doubts }
    }

    /// Emit the events of a row, the table's `number`th.
    pub(super) fn read(
        &mut self,
        row: CsvRow<'_>,
        number: u64,
        latest: Time,
        origin: &Label,
        each: &mut dyn FnMut(Event),
    ) -> Result<(), RejectionReason> {
        if self.is_total(row) {
            self.doubts.totals += 1;
            return Ok(());
        }
        let record = match self.record(row, number, latest) {
            Ok(Some(record)) => record,
            Ok(None) => {
                self.doubts.left_out += 1;
                return Ok(());
            }
            Err(_) if totals::are_in(row, &self.resolved.naming()) => {
                self.doubts.totals += 1;
                return Ok(());
            }
            Err(reason) => return Err(reason),
        };
        let digest = row.digest();
        for (index, evidence) in &mut self.tried_ids {
            evidence.note(&row.text(*index), &record, digest);
        }
        if !self.columns.has_legs() {
            if self.is_told_apart(row, &record) && !self.seen.insert(digest) {
                self.doubts.repeated += 1;
            } else {
                record.emit(origin, each);
            }
            return Ok(());
        }
        let (id, extent) = (record.contact.clone(), Extent::of(&record));
        let known = self.open.iter().rposition(|open| open.id == id);
        let whole = match known.and_then(|at| self.open.remove(at)) {
            None => OpenContact { id, record, extent, digests: HashSet::from([digest]) },
            Some(open) if open.digests.contains(&digest) => {
                self.doubts.repeated += 1;
                open
            }
            Some(open) if record.offer.channel == Channel::Voice && !open.extent.may_include(&extent) => {
                self.doubts.note_apart(&id);
                open.record.emit(origin, each);
                let contact = self.numbered(number);
                let record = ContactRecord { contact, ..record };
                OpenContact { id, record, extent, digests: HashSet::from([digest]) }
            }
            Some(OpenContact { record: before, extent: mut all, mut digests, .. }) => {
                digests.insert(digest);
                all.add(extent);
                let (mut first, last) =
                    if before.offered <= record.offered { (before, record) } else { (record, before) };
                first.add(last);
                OpenContact { id, record: first, extent: all, digests }
            }
        };
        self.open.push_back(whole);
        if self.open.len() > MAX_OPEN_LEGS
            && let Some(oldest) = self.open.pop_front()
        {
            oldest.record.emit(origin, each);
        }
        Ok(())
    }

    /// The id of a contact that has none.
    fn numbered(&self, number: u64) -> Label {
        Label::new(&format!("{}{number}", self.prefix))
    }

    /// Whether two contacts can hardly have rows that are the same in every cell: an id or a customer is told, or an agent and the second.
    fn is_told_apart(&self, row: CsvRow<'_>, record: &ContactRecord) -> bool {
        let Self { resolved, .. } = self;
        let has_id = matches!(resolved.contact, Some(ResolvedField::Cell(index)) if !value::is_blank(&row.text(index)));
        let tells_seconds = |index: &usize| resolved.time_format.tells_seconds(&row.text(*index));
        let is_agent_s = || record.agent != UNKNOWN_NAME && resolved.time.last().is_some_and(tells_seconds);
        has_id || record.offer.customer.is_some() || is_agent_s()
    }

    /// Whether a row sums up those of all queues: it has a word for them in place of the queue's name, and names neither an id
    /// nor an agent.
    fn is_total(&mut self, row: CsvRow<'_>) -> bool {
        let is_empty = |field: &Option<ResolvedField>| match field {
            Some(ResolvedField::Cell(index)) => value::is_blank(&row.text(*index)),
            Some(ResolvedField::Constant(_)) | None => true,
        };
        let Self { resolved, queues, .. } = self;
        let Some(ResolvedField::Cell(queue)) = resolved.queue else { return false };
        queues.is_total(&row.text(queue)) && is_empty(&resolved.contact) && is_empty(&resolved.agent)
    }

    /// A row's contact with its scores. One that nobody can have given is left out, and costs the contact nothing else.
    fn with_scores(&mut self, record: ContactRecord, row: CsvRow<'_>) -> ContactRecord {
        let Self { columns, resolved, doubts, .. } = self;
        let mut score = |key, field: &Option<ResolvedField>, scale| {
            let text = match field {
                None => return None,
                Some(ResolvedField::Constant(value)) => Cow::Borrowed(value.as_str()),
                Some(ResolvedField::Cell(index)) => row.text(*index),
            };
            value::number(&text, scale).unwrap_or_else(|reason| doubts.note_unread(key, &reason))
        };
        let csat = score("csat", &resolved.csat, columns.csat_scale);
        let ces = score("ces", &resolved.ces, columns.ces_scale);
        let scored = |score: Option<f64>, [min, max]: [f64; 2]| score.map(|score| Scored { score, min, max });
        let quality = score("quality", &resolved.quality, [0.0, 100.0]);
        let nps = score("nps", &resolved.nps, [0.0, 10.0]);
        doubts.note_highest("csat", csat);
        doubts.note_highest("ces", ces);
        let (csat, ces) = (scored(csat, columns.csat_scale), scored(ces, columns.ces_scale));
        let is_whole = nps.is_none_or(|nps| nps.fract() == 0.0);
        if !is_whole {
            doubts.note_unread::<()>("nps", &"not a whole number".into());
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 0 to 10")]
        let nps = nps.filter(|_| is_whole).map(|nps| nps as u8);
        ContactRecord { survey: Survey { csat, ces, nps, ..Survey::default() }, quality, ..record }
    }

    /// Whether no contact awaits further rows.
    pub(super) fn is_settled(&self) -> bool {
        self.open.is_empty()
    }

    /// Emit the contacts that awaited further rows: the table has ended.
    pub(super) fn finish(&mut self, origin: &Label, each: &mut dyn FnMut(Event)) {
        self.open.drain(..).for_each(|open| open.record.emit(origin, each));
    }

    /// The contact of a row; `None` if the row is not one of the floor's.
    fn record(&mut self, row: CsvRow<'_>, number: u64, latest: Time) -> Result<Option<ContactRecord>, RejectionReason> {
        let fields = &self.resolved;
        let columns = &self.columns;
        if let Some((index, wanted)) = kept_out(row, fields) {
            self.doubts.note_kept_out(&row.text(index), wanted);
            return Ok(None);
        }
        let offered = row_time(row, fields, &mut self.clock, latest)?;
        let text = |field: &Option<ResolvedField>| {
            field.as_ref().map(|field| field.text(row).into_owned()).unwrap_or_default()
        };
        let label = |field: &Option<ResolvedField>| {
            let text = text(field);
            Some(Label::new(&text)).filter(|label| !label.is_empty() && !value::is_blank(&text))
        };
        let doubts = &mut self.doubts;
        let channel = match text(&fields.channel).as_str() {
            word if value::is_blank(word) => Channel::Voice,
            word => value::channel(word).unwrap_or_else(|| {
                doubts.note_word("channel", word);
                Channel::Voice
            }),
        };
        let agent = label(&fields.agent).filter(|agent| !is_nobody(agent.as_str(), &columns.nobody));
        let mut instant = |key, field: &Option<ResolvedField>| {
            let found = later(field.as_ref(), row, fields, &self.clock, offered);
            found.unwrap_or_else(|reason| doubts.note_unread(key, &reason))
        };
        let (answered_at, ended_at, wrapped_at) = (
            instant("answered_at", &fields.answered_at),
            instant("ended_at", &fields.ended_at),
            instant("wrapped_at", &fields.wrapped_at),
        );
        let mut span = |key, field: &Option<ResolvedDuration>| {
            duration_of(field.as_ref(), row).unwrap_or_else(|reason| doubts.note_unread(key, &reason))
        };
        let (wait, talk, hold, acw) = (
            span("wait_s", &fields.wait),
            span("talk_s", &fields.talk),
            span("hold_s", &fields.hold),
            span("acw_s", &fields.acw),
        );
        let evidence = RowEvidence {
            is_named: fields.agent.as_ref().map(|_| agent.is_some()),
            has_instant: fields.answered_at.as_ref().map(|_| answered_at.is_some()),
            has_talk: talk.map(|talk| talk > Span::ZERO),
        };
        let outcome = ended::outcome(row, columns, fields, evidence, doubts);
        if outcome == RowOutcome::Ignored {
            return Ok(None);
        }
        let mut reply = |key, field: &Option<ResolvedField>| ended::reply(key, field.as_ref(), row, columns, doubts);
        let transferred = reply("transferred", &fields.transferred) == YesNo::Yes;
        let resolved = reply("resolved", &fields.resolved).is_yes();
        let is_answered = outcome == RowOutcome::Answered;
        let needs_instants = answered_at.is_some() && fields.wait.is_none()
            || ended_at.is_some() && fields.talk.is_none()
            || wrapped_at.is_some() && fields.acw.is_none();
        let is_exact = tell_seconds(row, fields);
        let since = |from: Time, to: Option<Time>| to.filter(|to| *to >= from && is_exact).map(|to| to - from);
        let wait = wait.or_else(|| since(offered, if is_answered { answered_at } else { ended_at }));
        let answered_at = answered_at.or_else(|| wait.map(|wait| offered + wait));
        let talk = talk.or_else(|| since(answered_at? + hold.unwrap_or_default(), ended_at));
        let ended_at = ended_at.or_else(|| Some(answered_at? + talk? + hold.unwrap_or_default()));
        let acw = acw.or_else(|| since(ended_at?, wrapped_at));
        let contact = match id_label(text(&fields.contact).as_bytes()) {
            id if id.is_empty() || is_rounded(id.as_str()) => {
                self.doubts.rounded += u64::from(!id.is_empty());
                self.numbered(number)
            }
            id => id,
        };
        let queue = label(&fields.queue).map(|queue| answering_queue(queue, columns.queue_mark.as_deref()));
        let record = ContactRecord {
            contact,
            offered,
            offer: Offer {
                intent: label(&fields.intent),
                customer: customer(text(&fields.customer).as_bytes()),
                // A row gives durations at most: the times of its later events are computed from them.
                untimed: true,
                sampled: false,
                ..Offer::new(queue.unwrap_or(Label::fixed("all")), channel)
            },
            outcome,
            has_agent: columns.agent.is_none() || agent.is_some(),
            agent: agent.unwrap_or(UNKNOWN_NAME),
            wait,
            talk,
            hold,
            acw,
            transferred,
            resolved,
            survey: Survey::default(),
            quality: None,
            evaluator: label(&fields.evaluator).unwrap_or(UNKNOWN_NAME),
        };
        let answered = fields.answered.as_ref().map(|_| text(&fields.answered));
        self.doubts.note(&record, answered.as_deref(), evidence);
        self.doubts.whole_minutes += u64::from(!is_exact && needs_instants);
        self.note_negative(row);
        Ok(Some(self.with_scores(record, row)))
    }

    /// Count the lengths below zero, which are read as unknown.
    fn note_negative(&mut self, row: CsvRow<'_>) {
        let ResolvedColumns { wait, talk, hold, acw, .. } = &self.resolved;
        for (doubt, field) in self.doubts.durations.iter_mut().zip([wait, talk, hold, acw]) {
            if let Some(ResolvedDuration { first: ResolvedField::Cell(index), .. }) = field {
                doubt.negative += u64::from(duration::is_negative(&row.text(*index)));
            }
        }
    }
}

/// Where queues have a mark: the one in a list of several that has it, or the first.
fn answering_queue(list: Label, mark: Option<&str>) -> Label {
    let Some(mark) = mark else { return list };
    let mut names = list.as_str().split(',').map(str::trim);
    let first = names.clone().next().unwrap_or_default();
    Label::new(names.find_map(|name| name.strip_suffix(mark)).unwrap_or(first))
}

/// The column by which `only` or `except` leaves a row out, and the words of `only` in it.
pub(super) fn kept_out<'a>(row: CsvRow<'_>, fields: &'a ResolvedColumns) -> Option<(usize, Option<&'a Words>)> {
    // Several words of `only` for one column are one filter, so that filters of different columns must all hold.
    let failed = fields.filters.iter().find(|(index, words, wanted)| words.contains(&row.text(*index)) != *wanted);
    failed.map(|(index, words, wanted)| (*index, Some(words).filter(|_| *wanted)))
}

/// The time of a row.
pub(super) fn row_time(
    row: CsvRow<'_>,
    fields: &ResolvedColumns,
    clock: &mut LocalClock,
    latest: Time,
) -> Result<Time, RejectionReason> {
    if fields.time.iter().max().is_some_and(|&last| last >= row.len()) {
        return Err(RejectionReason::new("the row is cut short", format_args!("{} columns", row.len())));
    }
    let at = match fields.time.as_slice() {
        [index] => clock.time(&row.text(*index), &fields.time_format)?,
        several => {
            let parts: Vec<_> = several.iter().map(|&index| row.text(index)).collect();
            let begun: Vec<&str> = parts.iter().map(|part| beginning(part)).collect();
            clock.time(&begun.join(" "), &fields.time_format)?
        }
    };
    if at < crate::source::format::limits::EARLIEST_TIME {
        return Err("the time is in 1970 or before: check time_format".into());
    }
    if at > latest {
        return Err("the time is more than a day ahead: check time_format and timezone".into());
    }
    Ok(at)
}

fn later(
    field: Option<&ResolvedField>,
    row: CsvRow<'_>,
    fields: &ResolvedColumns,
    clock: &LocalClock,
    from: Time,
) -> Result<Option<Time>, RejectionReason> {
    let Some(ResolvedField::Cell(index)) = field else { return Ok(None) };
    let cell = row.text(*index);
    let found = clock.later_time(&cell, &fields.time_format, from);
    // A time of the day, as that of the row.
    let ([date, _], true) = (fields.time.as_slice(), found.is_err()) else { return found };
    let beside_date = clock.later_time(&format!("{} {cell}", row.text(*date)), &fields.time_format, from);
    // Behind midnight, it is of the next day.
    let of_day = |at: Time| if at < from { at + Span::DAY } else { at };
    beside_date.map(|at| at.map(of_day)).or(found)
}

/// Whether the instants of a row tell their seconds: others may be off by a minute.
fn tell_seconds(row: CsvRow<'_>, fields: &ResolvedColumns) -> bool {
    let later =
        [&fields.answered_at, &fields.ended_at, &fields.wrapped_at].into_iter().filter_map(|field| match field {
            Some(ResolvedField::Cell(index)) => Some(*index).filter(|index| !value::is_blank(&row.text(*index))),
            Some(ResolvedField::Constant(_)) | None => None,
        });
    fields.time.iter().copied().chain(later).all(|index| fields.time_format.tells_seconds(&row.text(index)))
}

/// The value of a duration; `None` if neither its first column's is known nor one that is added.
fn duration_of(field: Option<&ResolvedDuration>, row: CsvRow<'_>) -> Result<Option<Span>, RejectionReason> {
    let Some(ResolvedDuration { first, notation, others }) = field else { return Ok(None) };
    let first = match first {
        ResolvedField::Cell(index) => duration::span(&row.text(*index), *notation)?,
        ResolvedField::Constant(value) => duration::span(value, *notation)?,
    };
    let mut sum = first;
    for (index, notation, subtracted) in others {
        let other = duration::span(&row.text(*index), *notation)?;
        sum = match (sum, other) {
            (Some(sum), Some(other)) => Some(if *subtracted { sum - other } else { sum + other }),
            (None, Some(other)) if !subtracted => Some(other),
            (sum, _) => sum,
        };
    }
    Ok(sum.map(|sum| sum.max(Span::ZERO)))
}
