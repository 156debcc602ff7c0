//! The questions of a digest and their answers, from a floor or from its journal.

use super::period::{Cadence, DigestPeriod};
use crate::annotation::Annotation;
use crate::board::ContactRow;
use crate::clock::Time;
use crate::engine::{AnswerTooLarge, Engine};
use crate::floor::{ContactFilter, ContactQuery, FloorClosed, Handle};
use crate::kpi::{Answer, AnswerRow, Dim, Every, Figure, KpiId, Period, Query, RowSelection, Slice, Window};
use crate::text::Patterns;

/// The figures of a digest, in the order of its table.
pub(super) const KPIS: [KpiId; 15] = [
    KpiId::Offered,
    KpiId::Handled,
    KpiId::ServiceLevel,
    KpiId::AbandonmentRate,
    KpiId::Asa,
    KpiId::Frt,
    KpiId::Fcr,
    KpiId::RepeatRate,
    KpiId::ReopenRate,
    KpiId::Csat,
    KpiId::Ces,
    KpiId::Nps,
    KpiId::QualityScore,
    KpiId::TransferRate,
    KpiId::Aht,
];
/// The figures of what is open now.
pub(super) const OPEN_KPIS: [KpiId; 2] = [KpiId::Backlog, KpiId::AgedBacklog];
/// The most values of a dimension that are looked at: those with the most contacts.
const MAX_VALUES: usize = 200;
/// The most contacts in which unusually long ones are looked for.
pub(super) const MAX_CONTACTS: usize = 10_000;

/// A question and which of its rows are wanted.
type Question = (Query, RowSelection);

/// What a floor answered.
#[derive(Clone, Debug, Default)]
pub struct DigestData {
    /// The name of the floor; may be empty.
    pub title: String,
    /// The instant of the answers.
    pub at: Time,
    /// The days of all steps: how many contacts were offered.
    pub(super) by_day: Answer,
    /// The period by intent and by channel, and the time before it.
    pub(super) intents: Answer,
    pub(super) intents_before: Answer,
    pub(super) channels: Answer,
    pub(super) channels_before: Answer,
    /// What is open now, by channel.
    pub(super) open: Answer,
    /// Each step.
    pub(super) steps: Vec<Answer>,
    /// The contacts of the period, the newest first, at most [`MAX_CONTACTS`].
    pub(super) contacts: Vec<ContactRow>,
    /// What people say of the period.
    pub(super) annotations: Vec<Annotation>,
}

impl DigestPeriod {
    /// Its questions, in the order in which [`DigestData::of_answers`] takes the answers.
    fn questions(&self) -> Vec<Question> {
        let query = |over: std::ops::Range<Time>, by: Option<Dim>| Query {
            of: Slice::TOTAL,
            by: by.into_iter().collect(),
            over: Period::Range(over.start, over.end),
            every: None,
            kpis: KPIS.to_vec(),
            formula: None,
        };
        let most = || RowSelection::First { kpi: KpiId::Offered, descending: true, limit: MAX_VALUES };
        let (own, before) = (self.own(), self.time_before());
        let by_day = Query { every: Some(Every::Days(1)), kpis: vec![KpiId::Offered], ..query(self.all(), None) };
        let open = Query {
            over: Period::Window(Window::Today),
            kpis: OPEN_KPIS.to_vec(),
            ..query(own.clone(), Some(Dim::Channel))
        };
        let mut questions = vec![
            (by_day, RowSelection::All),
            (query(own.clone(), Some(Dim::Intent)), most()),
            (query(before.clone(), Some(Dim::Intent)), most()),
            (query(own, Some(Dim::Channel)), most()),
            (query(before, Some(Dim::Channel)), most()),
            (open, RowSelection::All),
        ];
        questions.extend(self.steps().map(|step| (query(step, None), RowSelection::All)));
        questions
    }

    fn contact_query(&self) -> ContactQuery {
        let own = self.own();
        let over = Period::Range(own.start, own.end);
        ContactQuery { of: Slice::TOTAL, over, only: ContactFilter::All, limit: MAX_CONTACTS }
    }
}

impl DigestData {
    fn of_answers(answers: Vec<Answer>) -> Self {
        let mut answers = answers.into_iter();
        let mut next = || answers.next().unwrap_or_default();
        let (by_day, intents, intents_before) = (next(), next(), next());
        let (channels, channels_before, open) = (next(), next(), next());
        Self {
            at: open.at,
            by_day,
            intents,
            intents_before,
            channels,
            channels_before,
            open,
            steps: answers.collect(),
            ..Self::default()
        }
    }

    /// Ask a floor for all of it.
    ///
    /// # Errors
    /// [`FloorClosed`] when the floor has ended. The inner error says that an answer would be too large.
    pub async fn gather(handle: &Handle, period: &DigestPeriod) -> Result<Result<Self, AnswerTooLarge>, FloorClosed> {
        let mut answers = Vec::new();
        for (query, selection) in period.questions() {
            match handle.ask_rows(query, selection).await? {
                Ok(answer) => answers.push(answer),
                Err(too_large) => return Ok(Err(too_large)),
            }
        }
        let contacts = match period.cadence {
            Cadence::Weekly => handle.contacts(period.contact_query()).await?,
            Cadence::Monthly | Cadence::Quarterly => Vec::new(),
        };
        let board = handle.watch().borrow().clone();
        let data = Self { title: board.title.to_string(), contacts, ..Self::of_answers(answers) };
        Ok(Ok(data.with_annotations(period, board.annotations.iter())))
    }

    /// Ask the engine of a floor that nobody runs.
    ///
    /// # Errors
    /// [`AnswerTooLarge`] where an answer would be.
    pub fn of_engine(engine: &mut Engine, period: &DigestPeriod, now: Time) -> Result<Self, AnswerTooLarge> {
        let mut ask = |(query, rows): Question| engine.ask_bounded(&query, &rows, &Patterns::default(), now);
        let answers = period.questions().into_iter().map(&mut ask).collect::<Result<_, _>>()?;
        let contacts = match period.cadence {
            Cadence::Weekly => {
                let ContactQuery { of, over, limit, .. } = period.contact_query();
                engine.contacts(&of, over, now, false, limit).into_iter().map(ContactRow::from).collect()
            }
            Cadence::Monthly | Cadence::Quarterly => Vec::new(),
        };
        Ok(Self { contacts, ..Self::of_answers(answers) })
    }

    /// The same with what people say of the period.
    #[must_use]
    pub fn with_annotations<'a>(mut self, period: &DigestPeriod, said: impl Iterator<Item = &'a Annotation>) -> Self {
        let own = period.own();
        self.annotations = said.filter(|said| said.is_within(own.start, own.end)).cloned().collect();
        self.annotations.sort_by_key(|said| (said.at, said.id));
        self
    }
}

/// A figure among those of [`KPIS`].
pub(super) fn figure(figures: &[Figure], kpi: KpiId) -> Option<&Figure> {
    figures.get(KPIS.iter().position(|known| *known == kpi)?)
}

/// The row of a value.
pub(super) fn row_of<'a>(answer: &'a Answer, key: &Slice) -> Option<&'a AnswerRow> {
    answer.rows.iter().find(|row| row.key == *key)
}

/// What a time showed, against the ones before.
#[derive(Clone, Debug)]
pub struct Digest {
    /// Its times.
    pub period: DigestPeriod,
    /// What the floor answered.
    pub data: DigestData,
}
