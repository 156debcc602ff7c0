//! Tallies: what was counted of a slice in a period.
//!
//! Tallies add: that of a window is the sum of its minutes'. Rates and means are computed from a tally at the end, and
//! never from other rates. Durations are whole microseconds, so that sums do not depend on their order.

use super::samples::Samples;
use crate::clock::{Span, Time};
use crate::event::LeftReason;

/// The bands of positions on joining that `abandonment_by_position` distinguishes.
pub const POSITIONS: [&str; 6] = ["1", "2", "3", "4-5", "6-10", ">10"];

/// The index in [`POSITIONS`] of a position in the queue (from 1).
#[must_use]
pub const fn position_band(position: u32) -> usize {
    match position {
        0 | 1 => 0,
        2 => 1,
        3 => 2,
        4 | 5 => 3,
        6..=10 => 4,
        _ => 5,
    }
}

/// The number of values, their sum and the sum of their squares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// The number of values.
    pub n: i64,
    /// Their sum, in microseconds or in millionths of a score.
    pub sum: i64,
    /// The sum of their squares, for the interval of a mean.
    pub squares: i128,
}

impl Sum {
    /// Add a value (`sign` 1) or subtract it (−1).
    pub fn count(&mut self, value: i64, sign: i64) {
        let wide = i128::from(value);
        self.n += sign;
        self.sum = self.sum.wrapping_add(sign.wrapping_mul(value));
        self.squares += i128::from(sign) * wide * wide;
    }

    fn add(&mut self, other: &Self) {
        self.n += other.n;
        self.sum = self.sum.wrapping_add(other.sum);
        self.squares += other.squares;
    }
}

/// Numbers of contacts by the band of their position on joining and by reason, in the orders of [`POSITIONS`] and
/// [`LeftReason::ALL`].
pub type LeftByPosition = [[i64; 8]; 6];

/// What was counted of a slice in a period. Every field of a sum of tallies is the sum of the fields.
///
/// "Of those" refers to the field above. Values whose length is not known are in the counts and not in the sums.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Contacts that joined a queue.
    pub offered: i64,
    /// Contacts connected to an agent.
    pub answered: i64,
    /// Of those, within the service level threshold of their queue.
    pub answered_within: i64,
    /// Waits of answered contacts, µs.
    pub answer_wait: Sum,
    /// The same one by one, for quantiles.
    pub answer_waits: Samples,
    /// Contacts that hung up while waiting.
    pub abandoned: i64,
    /// Of those, after less than `short_abandon_s`.
    pub short_abandoned: i64,
    /// Abandoned within the service level threshold of their queue.
    pub abandoned_within: i64,
    /// Waits of abandoned contacts, µs.
    pub abandon_wait: Sum,
    /// The same one by one, for the curve of patience.
    pub abandon_waits: Samples,
    /// Waits of contacts that left unanswered without hanging up, one by one, µs.
    pub left_waits: Samples,
    /// Contacts that left unanswered, by reason in the order of [`LeftReason::ALL`].
    pub left: [i64; 8],
    /// Contacts closed without a known end.
    pub unknown_end: i64,
    /// Of those, before an answer.
    pub unknown_end_waiting: i64,
    /// Answered contacts by the band of their position on joining, in the order of [`POSITIONS`].
    pub position_answered: [i64; 6],
    /// Abandoned contacts without the short abandons, by band.
    pub position_abandoned: [i64; 6],
    /// Contacts that left unanswered, by band and reason; `None` where none did, as in most tallies.
    pub position_left: Option<Box<LeftByPosition>>,
    /// Contacts that an agent has finished with.
    pub handled: i64,
    /// Talk and hold of handled contacts, µs.
    pub handle: Sum,
    /// Talk time of handled contacts, µs.
    pub talk: i64,
    /// Hold time of handled contacts, µs.
    pub hold: i64,
    /// After-contact work, µs.
    pub acw: i64,
    /// Of that, the work for contacts whose talk time is known: the part in handling times.
    pub handle_acw: i64,
    /// Contacts with after-contact work.
    pub wrapped: i64,
    /// Of the handled contacts, those transferred away.
    pub transferred: i64,
    /// Times that a contact rang an agent who did not answer.
    pub ring_no_answer: i64,
    /// Of those, the phone never rang: it was busy, or not registered.
    pub never_rang: i64,
    /// First response times on asynchronous channels, µs.
    pub response: Sum,
    /// Self-service sessions.
    pub self_service: i64,
    /// Of those, ended without an agent.
    pub contained: i64,
    /// First contacts: handled, without an earlier one of the customer about the intent within `fcr_window`.
    pub first_contacts: i64,
    /// Of those, resolved so far.
    pub first_resolved: i64,
    /// Times of joining of those, µs since 1970: each is provisional until `fcr_window` has passed.
    pub first_open: Samples,
    /// Contacts with a disposition.
    pub dispositions: i64,
    /// Of those, resolved.
    pub resolved: i64,
    /// Contacts with a survey's "was it resolved?".
    pub survey_resolutions: i64,
    /// Of those, yes.
    pub survey_resolved: i64,
    /// Times that a contact was reopened.
    pub reopened: i64,
    /// Contacts that repeat an earlier one.
    pub repeats: i64,
    /// Contacts of known customers that joined a queue.
    pub known_customer: i64,
    /// Of those, the ones whose customer used another channel for the same intent in the 24 h before.
    pub channel_switched: i64,
    /// Satisfaction scores converted to 1–5, in millionths.
    pub csat: Sum,
    /// Of those, scores in the top two steps of their scale.
    pub csat_top: i64,
    /// Customer effort converted to 1–7 where lower is easier, in millionths.
    pub ces: Sum,
    /// Answers to "would you recommend us?".
    pub nps: i64,
    /// Of those, 9 or 10.
    pub promoters: i64,
    /// Of the answers, 0 to 6.
    pub detractors: i64,
    /// Authentication steps, in millionths.
    pub auth_steps: Sum,
    /// Quality evaluations, 0–100, in millionths.
    pub quality: Sum,
    /// The same by evaluator, sorted by the number that the engine gives each.
    pub evaluators: Vec<(u32, Sum)>,
}

impl Tally {
    /// Contacts that left for other reasons than those of `excluded`.
    #[must_use]
    pub fn left_counted(&self, excluded: &[LeftReason]) -> i64 {
        counted(&self.left, excluded)
    }

    /// Whether nothing is counted, or everything has been subtracted again.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        // Most have the first: the others are not looked at then.
        self.offered == 0
            && self.answered == 0
            && self.abandoned == 0
            && self.left_total() == 0
            && self.unknown_end == 0
            && self.handled == 0
            && self.wrapped == 0
            && self.ring_no_answer == 0
            && self.response.n == 0
            && self.self_service == 0
            && self.dispositions == 0
            && self.survey_resolutions == 0
            && self.reopened == 0
            && self.csat.n == 0
            && self.ces.n == 0
            && self.nps == 0
            && self.quality.n == 0
    }

    /// Contacts that left for any reason.
    #[must_use]
    pub fn left_total(&self) -> i64 {
        self.left.iter().sum()
    }

    /// Add a quality evaluation in millionths (`sign` 1) or subtract it (−1).
    pub fn count_quality(&mut self, evaluator: u32, score: i64, sign: i64) {
        self.quality.count(score, sign);
        match self.evaluators.binary_search_by_key(&evaluator, |e| e.0) {
            Ok(at) => {
                if let Some((_, sum)) = self.evaluators.get_mut(at) {
                    sum.count(score, sign);
                }
            }
            Err(at) => {
                let mut sum = Sum::default();
                sum.count(score, sign);
                self.evaluators.insert(at, (evaluator, sum));
            }
        }
    }

    /// First contacts resolved so far that joined after `since`, and so may still turn out unresolved.
    #[must_use]
    pub fn provisional_first(&self, since: Time) -> i64 {
        self.first_open.above(since.0)
    }

    /// The longest wait that ended; `None` where none with a known length did.
    #[must_use]
    pub fn max_wait(&self) -> Option<Span> {
        self.answer_waits.max().max(self.abandon_waits.max()).max(self.left_waits.max()).map(Span)
    }

    /// Free the memory of samples that have been subtracted. Whether a contact that joined up to `settled` was a first one
    /// that is resolved does not change any more: its time is forgotten.
    pub fn tidy(&mut self, settled: Time) {
        self.answer_waits.tidy();
        self.abandon_waits.tidy();
        self.left_waits.tidy();
        self.first_open.tidy_above(settled.0);
    }

    /// The counts and sums, without samples.
    #[must_use]
    pub fn without_samples(&self) -> Self {
        let mut sums = Self::default();
        sums.add_sums(self);
        sums
    }

    /// Add another tally to this one.
    pub fn add(&mut self, other: &Self) {
        self.add_sums(other);
        self.answer_waits.add(&other.answer_waits);
        self.abandon_waits.add(&other.abandon_waits);
        self.left_waits.add(&other.left_waits);
        self.first_open.add(&other.first_open);
    }

    /// The sum of tallies.
    #[must_use]
    pub fn sum(tallies: &[Self]) -> Self {
        match tallies {
            [] => Self::default(),
            [one] => one.clone(),
            // By halves, so that many samples are merged a few times and not once for each tally.
            _ => {
                let (first, second) = tallies.split_at(tallies.len() / 2);
                let mut sum = Self::sum(first);
                sum.add(&Self::sum(second));
                sum
            }
        }
    }

    /// Add the counts and sums of another tally, without samples.
    fn add_sums(&mut self, other: &Self) {
        macro_rules! sum {
            ($($field:ident),* $(,)?) => { $(self.$field += other.$field;)* };
        }
        macro_rules! merge {
            ($($field:ident),* $(,)?) => { $(self.$field.add(&other.$field);)* };
        }
        sum!(
            offered,
            answered,
            answered_within,
            abandoned,
            short_abandoned,
            abandoned_within,
            unknown_end,
            unknown_end_waiting,
            handled,
            talk,
            hold,
            acw,
            handle_acw,
            wrapped,
            transferred,
            ring_no_answer,
            never_rang,
            self_service,
            contained,
            first_contacts,
            first_resolved,
            dispositions,
            resolved,
            survey_resolutions,
            survey_resolved,
            reopened,
            repeats,
            known_customer,
            channel_switched,
            csat_top,
            nps,
            promoters,
            detractors,
        );
        merge!(answer_wait, handle, abandon_wait, response, csat, ces, auth_steps, quality,);
        add_each(&mut self.left, &other.left);
        add_each(&mut self.position_answered, &other.position_answered);
        add_each(&mut self.position_abandoned, &other.position_abandoned);
        if let Some(theirs) = &other.position_left {
            let mine = self.position_left.get_or_insert_default();
            mine.iter_mut().zip(theirs.iter()).for_each(|(mine, theirs)| add_each(mine, theirs));
        }
        for (evaluator, sum) in &other.evaluators {
            match self.evaluators.binary_search_by_key(evaluator, |e| e.0) {
                Ok(at) => {
                    if let Some((_, mine)) = self.evaluators.get_mut(at) {
                        mine.add(sum);
                    }
                }
                Err(at) => self.evaluators.insert(at, (*evaluator, *sum)),
            }
        }
    }
}

fn add_each<const N: usize>(mine: &mut [i64; N], theirs: &[i64; N]) {
    for (mine, theirs) in mine.iter_mut().zip(theirs) {
        *mine += theirs;
    }
}

/// The sum of `left` over the reasons that are not in `excluded`.
pub(super) fn counted(left: &[i64; 8], excluded: &[LeftReason]) -> i64 {
    LeftReason::ALL.iter().zip(left).filter(|(reason, _)| !excluded.contains(reason)).map(|(_, n)| n).sum()
}
