//! The answers of the floor, cached by question.
//!
//! A question is sent again when there is a newer board. A question that takes long is sent less often, so that the screen
//! never takes more than a twentieth of the floor's time. Until the new answer arrives, the page shows the last one.
//!
//! While the screen is frozen, its answers stay as they are. A page that is opened meanwhile and has no answer gets one
//! from the live floor, and says that it is newer than the freeze.

use std::time::{Duration, Instant};

use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::alert::Episode;
use crate::board::{ContactRow, StatePeriod};
use crate::floor::handle::ContactQuery;
use crate::kpi::{Answer, AnswerRow, Figure, KpiId, Query};
use crate::text::Label;
use crate::ui::queries::Question;
use crate::worklist::{WorkAnswer, WorkQuery};

/// A reply of the floor to a question.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Figures.
    Figures(Box<Answer>),
    /// Contacts.
    Contacts(Vec<ContactRow>),
    /// The states of an agent.
    States(Vec<StatePeriod>),
    /// Episodes.
    History(Vec<Episode>),
    /// Items of a worklist; `None` where the hub has none.
    Worklist(Box<Option<WorkAnswer>>),
}

/// Figures, with an index of their rows by key.
#[derive(Debug)]
pub struct Figures {
    /// The answer as it arrived.
    pub answer: Answer,
    kpis: Vec<KpiId>,
    rows: FxHashMap<Label, std::ops::Range<usize>>,
}

impl Figures {
    fn new(answer: Answer, query: &Query) -> Self {
        // Without steps, each row has a key of its own.
        let keys = if query.every.is_none() { answer.rows.len() } else { 0 };
        let mut rows = FxHashMap::<Label, std::ops::Range<usize>>::with_capacity_and_hasher(keys, FxBuildHasher);
        if let [dim] = query.by.as_slice() {
            for (at, row) in answer.rows.iter().enumerate() {
                let key = row.key.get(*dim).cloned().unwrap_or_default();
                rows.entry(key).or_insert(at..at).end = at + 1;
            }
        }
        Self { answer, kpis: query.kpis.clone(), rows }
    }

    /// The figure of the whole slice.
    #[must_use]
    pub fn total(&self, kpi: KpiId) -> Option<&Figure> {
        self.answer.total.get(self.column(kpi)?)
    }

    /// The figure of a row.
    #[must_use]
    pub fn of<'a>(&self, row: &'a AnswerRow, kpi: KpiId) -> Option<&'a Figure> {
        row.figures.get(self.column(kpi)?)
    }

    /// The row of a value, if the question was by one dimension.
    #[must_use]
    pub fn row(&self, value: &str) -> Option<&AnswerRow> {
        self.answer.rows.get(self.rows.get(value)?.start)
    }

    /// The figure of a value.
    #[must_use]
    pub fn at(&self, value: &str, kpi: KpiId) -> Option<&Figure> {
        self.of(self.row(value)?, kpi)
    }

    /// The rows of a value, or all.
    #[must_use]
    pub fn rows(&self, value: Option<&str>) -> &[AnswerRow] {
        match value {
            Some(value) => {
                self.rows.get(value).and_then(|range| self.answer.rows.get(range.clone())).unwrap_or_default()
            }
            None => self.answer.rows.as_slice(),
        }
    }

    fn column(&self, kpi: KpiId) -> Option<usize> {
        self.kpis.iter().position(|k| *k == kpi)
    }
}

#[derive(Debug)]
enum StoredReply {
    Figures(Figures),
    Contacts(Vec<ContactRow>),
    States(Vec<StatePeriod>),
    History(Vec<Episode>),
    Worklist(Option<WorkAnswer>),
}

#[derive(Debug)]
struct CachedAnswer {
    known: Option<StoredReply>,
    /// The question as it was last sent: for which rows.
    sent: Question,
    /// The number of the board when it was last sent.
    seq: u64,
    asked: Instant,
    in_flight: bool,
    duration: Duration,
}

/// The cache of answers.
#[derive(Debug, Default)]
pub struct Answers {
    entries: FxHashMap<Question, CachedAnswer>,
    /// Incremented with every answer: lists are sorted again when it changes.
    pub serial: u64,
}

/// A question is sent at most this often.
const MIN_ASK_INTERVAL: Duration = Duration::from_millis(250);
/// A question about a time that is over is sent at most this often.
const MIN_ASK_INTERVAL_OF_THE_PAST: Duration = Duration::from_secs(10);
/// A question for a series is sent at most this often.
const MIN_ASK_INTERVAL_OF_SERIES: Duration = Duration::from_secs(2);
/// How many answers are kept that the page on the screen does not need.
const MAX_UNUSED_ANSWERS: usize = 24;

impl Answers {
    /// The questions of `questions` that are to be sent now. They are marked as in flight.
    pub fn due(&mut self, questions: &[Question], seq: u64, frozen: bool, now: Instant) -> Vec<Question> {
        if self.entries.len() > questions.len() + MAX_UNUSED_ANSWERS {
            let wanted: Vec<_> = questions.iter().map(Question::whole).collect();
            self.entries.retain(|whole, entry| entry.in_flight || wanted.iter().any(|wanted| **wanted == *whole));
        }
        let mut due = Vec::new();
        for question in questions {
            if let Some(entry) = self.entries.get_mut(question.whole().as_ref()) {
                // What is over hardly changes any more.
                let least = match question {
                    past if past.is_over() => MIN_ASK_INTERVAL_OF_THE_PAST,
                    series if series.is_series() => MIN_ASK_INTERVAL_OF_SERIES,
                    _ => MIN_ASK_INTERVAL,
                };
                let interval = least.max(entry.duration.saturating_mul(20).min(Duration::from_secs(10)));
                // Other rows have come into view.
                let moved = entry.sent != *question;
                let due = (entry.seq != seq || moved) && now.duration_since(entry.asked) >= interval;
                if entry.in_flight || !due || frozen && !moved && entry.known.is_some() {
                    continue;
                }
                (entry.seq, entry.asked, entry.in_flight) = (seq, now, true);
                entry.sent.clone_from(question);
            } else {
                let sent = question.clone();
                let entry =
                    CachedAnswer { known: None, sent, seq, asked: now, in_flight: true, duration: Duration::ZERO };
                self.entries.insert(question.whole().into_owned(), entry);
            }
            due.push(question.clone());
        }
        due
    }

    /// Store a reply. Returns whether it is the first answer to the question.
    pub fn store(&mut self, question: &Question, reply: Reply, now: Instant) -> bool {
        let Some(entry) = self.entries.get_mut(question.whole().as_ref()) else { return false };
        let first = entry.known.is_none();
        entry.duration = now.duration_since(entry.asked);
        entry.in_flight = false;
        entry.known = match (reply, question) {
            (Reply::Figures(answer), Question::Figures(query) | Question::Rows(query, _)) => {
                Some(StoredReply::Figures(Figures::new(*answer, query)))
            }
            (Reply::Contacts(rows), _) => Some(StoredReply::Contacts(rows)),
            (Reply::States(states), _) => Some(StoredReply::States(states)),
            (Reply::History(episodes), _) => Some(StoredReply::History(episodes)),
            (Reply::Worklist(answer), _) => Some(StoredReply::Worklist(*answer)),
            (Reply::Figures(_), _) => None,
        };
        self.serial += 1;
        first
    }

    /// Whether there are answers to questions, with the rows that they are for.
    #[must_use]
    pub fn have(&self, questions: &[Question]) -> bool {
        questions.iter().all(|question| {
            let entry = self.entries.get(question.whole().as_ref());
            entry.is_some_and(|entry| entry.known.is_some() && !entry.in_flight && entry.sent == *question)
        })
    }

    /// The answer to a question for figures.
    #[must_use]
    pub fn figures(&self, query: Query) -> Option<&Figures> {
        match &self.entries.get(&Question::Figures(query))?.known {
            Some(StoredReply::Figures(figures)) => Some(figures),
            _ => None,
        }
    }

    /// The answer to a question for contacts.
    #[must_use]
    pub fn contacts(&self, contacts: ContactQuery) -> Option<&[ContactRow]> {
        match &self.entries.get(&Question::Contacts(contacts))?.known {
            Some(StoredReply::Contacts(rows)) => Some(rows),
            _ => None,
        }
    }

    /// The answer to a question for items, which is `None` where the hub has no worklists.
    #[must_use]
    pub fn worklist(&self, query: WorkQuery) -> Option<&Option<WorkAnswer>> {
        match &self.entries.get(&Question::Worklist(query))?.known {
            Some(StoredReply::Worklist(answer)) => Some(answer),
            _ => None,
        }
    }

    /// The states of an agent.
    #[must_use]
    pub fn states(&self, agent: Label) -> Option<&[StatePeriod]> {
        match &self.entries.get(&Question::States(agent))?.known {
            Some(StoredReply::States(states)) => Some(states),
            _ => None,
        }
    }

    /// Whether the question was sent for a newer board than `seq`.
    #[must_use]
    pub fn is_later(&self, question: &Question, seq: u64) -> bool {
        self.entries.get(question).is_some_and(|entry| entry.seq > seq)
    }

    /// The newest resolved episodes.
    #[must_use]
    pub fn history(&self) -> &[Episode] {
        match self.entries.get(&Question::History).and_then(|entry| entry.known.as_ref()) {
            Some(StoredReply::History(episodes)) => episodes,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_asked_once_and_again_for_a_newer_board() {
        let mut answers = Answers::default();
        let start = Instant::now();
        let questions = [Question::History];
        assert_eq!(answers.due(&questions, 1, false, start), questions);
        assert!(answers.due(&questions, 2, false, start + MIN_ASK_INTERVAL).is_empty(), "it is under way");
        assert!(answers.store(&Question::History, Reply::History(Vec::new()), start));
        assert!(answers.due(&questions, 1, false, start + MIN_ASK_INTERVAL * 2).is_empty(), "the board is the same");
        assert!(answers.due(&questions, 2, true, start + MIN_ASK_INTERVAL * 2).is_empty(), "the screen is frozen");
        assert_eq!(answers.due(&questions, 2, false, start + MIN_ASK_INTERVAL * 2), questions);
    }

    #[test]
    fn a_series_is_asked_every_two_seconds_and_the_past_every_ten() {
        use crate::clock::Time;
        use crate::kpi::{Every, Period, Slice, Window};
        let query = |over, every| {
            let kpis = vec![KpiId::Offered];
            Question::Figures(Query { of: Slice::TOTAL, by: Vec::new(), over, every, kpis, formula: None })
        };
        let today = Period::Window(Window::Today);
        let day_before = Period::Range(Time::from_unix(0), Time::from_unix(86_400));
        let start = Instant::now();
        for (question, seconds) in
            [(query(today, Some(Every::Minutes(30))), 2), (query(day_before, Some(Every::Minutes(30))), 10)]
        {
            let mut answers = Answers::default();
            let questions = [question.clone()];
            assert_eq!(answers.due(&questions, 1, false, start), questions);
            answers.store(&question, Reply::Figures(Box::default()), start);
            assert!(answers.due(&questions, 2, false, start + Duration::from_millis(seconds * 1_000 - 1)).is_empty());
            assert_eq!(answers.due(&questions, 2, false, start + Duration::from_secs(seconds)), questions);
        }
    }

    #[test]
    fn what_took_long_is_asked_less_often() {
        let mut answers = Answers::default();
        let start = Instant::now();
        let questions = [Question::History];
        answers.due(&questions, 1, false, start);
        answers.store(&Question::History, Reply::History(Vec::new()), start + Duration::from_millis(100));
        assert!(answers.due(&questions, 2, false, start + Duration::from_secs(1)).is_empty());
        assert_eq!(answers.due(&questions, 2, false, start + Duration::from_secs(2)), questions);
    }
}
