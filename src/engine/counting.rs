//! Adding facts to tallies: what each measure counts.

use super::facts::{Fact, Measure, NO_BAND, UNKNOWN};
use super::interner::{NameNo, QueueNo};
use crate::clock::Span;
use crate::kpi::Tally;

/// The limits that waits are compared with while facts are counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Limits {
    /// The service level threshold by queue number; `default_service_level` where there is none.
    pub(super) by_queue: Vec<Option<Span>>,
    pub(super) default_service_level: Span,
    pub(super) short_abandon: Span,
}

impl Limits {
    pub(super) fn service_level(&self, queue: QueueNo) -> Span {
        self.by_queue.get(queue.index()).copied().flatten().unwrap_or(self.default_service_level)
    }
}

/// Add one fact to a tally, or subtract it where its sign is −1. Waits are counted one by one only `with_waits`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "where a visit is counted, it is known which of the arms it is")]
#[expect(clippy::too_many_lines, reason = "one arm for each measure")]
pub(super) fn count_fact(tally: &mut Tally, fact: &Fact, queue: QueueNo, limits: &Limits, with_waits: bool) {
    let sign = i64::from(fact.sign);
    let flag = i64::from(fact.arg) * sign;
    let value = fact.value;
    match fact.measure {
        Measure::Offered => tally.offered += sign,
        Measure::Answered => {
            tally.answered += sign;
            add_band(&mut tally.position_answered, fact.arg, sign);
            if value != UNKNOWN {
                tally.answer_wait.count(value, sign);
                if with_waits {
                    tally.answer_waits.count(value, sign);
                }
                if value <= limits.service_level(queue).0 {
                    tally.answered_within += sign;
                }
            }
        }
        Measure::Abandoned => {
            tally.abandoned += sign;
            let short = value != UNKNOWN && value < limits.short_abandon.0;
            if short {
                tally.short_abandoned += sign;
            } else {
                add_band(&mut tally.position_abandoned, fact.arg, sign);
            }
            if value != UNKNOWN {
                tally.abandon_wait.count(value, sign);
                if with_waits {
                    tally.abandon_waits.count(value, sign);
                }
                if value <= limits.service_level(queue).0 {
                    tally.abandoned_within += sign;
                }
            }
        }
        Measure::Left => {
            let (reason, band) = (usize::from(fact.arg & 15), fact.arg >> 4);
            if let Some(n) = tally.left.get_mut(reason) {
                *n += sign;
            }
            if band != NO_BAND {
                let row = tally.position_left.get_or_insert_default().get_mut(usize::from(band));
                row.and_then(|row| row.get_mut(reason)).into_iter().for_each(|n| *n += sign);
            }
            if value != UNKNOWN && with_waits {
                tally.left_waits.count(value, sign);
            }
        }
        Measure::UnknownEnd => {
            tally.unknown_end += sign;
            tally.unknown_end_waiting += flag;
        }
        Measure::Handled => {
            tally.handled += sign;
            if value != UNKNOWN {
                tally.handle.count(value, sign);
                tally.talk += value * sign;
            }
        }
        // `Handled` counts talk and hold together: the hold is moved from the one to the other.
        Measure::Hold => {
            tally.hold += value * sign;
            tally.talk -= value * sign;
        }
        Measure::AfterContact => {
            tally.acw += value * sign;
            tally.handle_acw += value * flag;
            tally.wrapped += sign;
        }
        Measure::Transferred => tally.transferred += sign,
        Measure::RingNoAnswer => {
            tally.ring_no_answer += sign;
            tally.never_rang += flag;
        }
        Measure::Responded => tally.response.count(value, sign),
        Measure::SelfService => {
            tally.self_service += sign;
            tally.contained += flag;
        }
        Measure::FirstContact => {
            tally.first_contacts += sign;
            tally.first_resolved += flag;
            if fact.arg != 0 && value != UNKNOWN {
                tally.first_open.count(value, sign);
            }
        }
        Measure::Disposition => {
            tally.dispositions += sign;
            tally.resolved += flag;
        }
        Measure::SurveyResolved => {
            tally.survey_resolutions += sign;
            tally.survey_resolved += flag;
        }
        Measure::Reopened => tally.reopened += sign,
        Measure::Repeat => tally.repeats += sign,
        Measure::KnownCustomer => {
            tally.known_customer += sign;
            tally.channel_switched += flag;
        }
        Measure::Csat => {
            tally.csat.count(value, sign);
            tally.csat_top += flag;
        }
        Measure::Ces => tally.ces.count(value, sign),
        Measure::Nps => {
            tally.nps += sign;
            match fact.arg {
                0..=6 => tally.detractors += sign,
                9.. => tally.promoters += sign,
                _ => {}
            }
        }
        Measure::AuthSteps => tally.auth_steps.count(value, sign),
        Measure::Quality => {
            let evaluator = u32::try_from(value >> 32).unwrap_or(0);
            tally.count_quality(evaluator, value & 0xffff_ffff, sign);
        }
    }
}

fn add_band(bands: &mut [i64; 6], band: u8, sign: i64) {
    if band != NO_BAND
        && let Some(n) = bands.get_mut(usize::from(band))
    {
        *n += sign;
    }
}
