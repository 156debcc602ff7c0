//! Requests that take long, which the floor serves in portions: figures of many closed days, and searches of the archive.
//! Between two portions it takes events, publishes boards and serves other requests, for at least as long.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Floor;
use crate::board::ContactRow;
use crate::engine::{AnswerTooLarge, ContactSearch, Engine, PortionOutcome, PortionedQuestion};
use crate::kpi::{Answer, Query, RowSelection};
use crate::text::Patterns;

/// How many requests can be under way. Further ones are served whole.
const MAX_UNDER_WAY: usize = 512;

/// The requests under way.
#[derive(Debug, Default)]
pub(super) struct PortionedRequests {
    /// Only the first one is counted, since what is counted of a question takes memory.
    questions: VecDeque<QuestionUnderWay>,
    /// These take turns.
    searches: VecDeque<SearchUnderWay>,
    /// Whether a search is next.
    search_next: bool,
    /// When the last portion was done, and how long it took.
    last: Option<(Instant, Duration)>,
}

/// A question for figures.
#[derive(Debug)]
pub(super) struct QuestionUnderWay {
    pub(super) query: Query,
    pub(super) selection: RowSelection,
    pub(super) queues: Patterns,
    pub(super) reply: oneshot::Sender<Result<Answer, AnswerTooLarge>>,
    portioned: Option<PortionedQuestion>,
}

#[derive(Debug)]
struct SearchUnderWay {
    search: ContactSearch,
    reply: oneshot::Sender<Vec<ContactRow>>,
}

impl QuestionUnderWay {
    pub(super) fn new(
        (query, selection, queues): (Query, RowSelection, Patterns),
        reply: oneshot::Sender<Result<Answer, AnswerTooLarge>>,
    ) -> Self {
        Self { query, selection, queues, reply, portioned: None }
    }
}

impl PortionedRequests {
    pub(super) fn is_empty(&self) -> bool {
        self.questions.is_empty() && self.searches.is_empty()
    }

    /// Whether other things have had as much time as the last portion took.
    pub(super) fn is_due(&self) -> bool {
        !self.is_empty() && self.last.is_none_or(|(at, took)| at.elapsed() >= took)
    }

    fn has_room(&self) -> bool {
        self.questions.len() + self.searches.len() < MAX_UNDER_WAY
    }
}

impl Floor {
    /// Answer a question, at once or in portions.
    pub(super) fn ask(&mut self, mut question: QuestionUnderWay) {
        let QuestionUnderWay { query, selection, queues, .. } = &question;
        let max_rows = Engine::max_counted(query, selection);
        let now = self.now();
        match self.engine.begin_portions(query, queues, max_rows, now).filter(|_| self.portioned.has_room()) {
            None => self.answer(question),
            portioned => {
                question.portioned = portioned;
                self.portioned.questions.push_back(question);
            }
        }
    }

    fn answer(&mut self, question: QuestionUnderWay) {
        let QuestionUnderWay { query, selection, queues, reply, .. } = question;
        // Sending a reply fails when the caller no longer waits, which is fine.
        drop(reply.send(self.engine.ask_bounded(&query, &selection, &queues, self.now())));
    }

    /// Search for contacts, at once or in portions.
    pub(super) fn search(&mut self, mut search: ContactSearch, reply: oneshot::Sender<Vec<ContactRow>>) {
        let mut is_left = self.engine.search_contacts(&mut search);
        while is_left && !self.portioned.has_room() {
            is_left = self.engine.search_contacts(&mut search);
        }
        let under_way = SearchUnderWay { search, reply };
        if is_left {
            self.portioned.searches.push_back(under_way);
        } else {
            under_way.finish();
        }
    }

    /// Go on with another engine. What was counted and found in the one before is nothing to this one.
    pub(super) fn change_engine(&mut self, engine: Engine) {
        self.engine = engine;
        for question in &mut self.portioned.questions {
            question.portioned = None;
        }
        for under_way in &mut self.portioned.searches {
            under_way.search.restart();
        }
    }

    /// Serve a portion of a request under way.
    pub(super) fn serve_portion(&mut self) {
        let began = Instant::now();
        let is_search = self.portioned.search_next || self.portioned.questions.is_empty();
        self.portioned.search_next = !is_search;
        if is_search {
            self.continue_search();
        } else {
            self.continue_question();
        }
        self.portioned.last = Some((Instant::now(), began.elapsed()));
    }

    fn continue_search(&mut self) {
        let Some(mut under_way) = self.portioned.searches.pop_front() else { return };
        if under_way.reply.is_closed() {
            return;
        }
        if self.engine.search_contacts(&mut under_way.search) {
            self.portioned.searches.push_back(under_way);
        } else {
            under_way.finish();
        }
    }

    fn continue_question(&mut self) {
        let Some(mut question) = self.portioned.questions.pop_front() else { return };
        let now = self.now();
        let counted = match &mut question.portioned {
            _ if question.reply.is_closed() => PortionOutcome::TooLarge,
            Some(portioned) => self.engine.count_portion(portioned, now),
            None => PortionOutcome::Ready,
        };
        match counted {
            PortionOutcome::Partly => return self.portioned.questions.push_front(question),
            PortionOutcome::Ready => self.answer(question),
            PortionOutcome::TooLarge => {
                let too_large = AnswerTooLarge::of(question.query.kpis.len());
                drop(question.reply.send(Err(too_large)));
            }
        }
        self.engine.end_portions();
    }
}

impl SearchUnderWay {
    fn finish(self) {
        let found = self.search.into_found().into_iter().map(ContactRow::from).collect();
        drop(self.reply.send(found));
    }
}
