//! Tells a target, after a time in which it could not be told, what has come of each episode meanwhile: what it was last
//! told is compared with what the episode is now.

use super::{Interruption, TargetTask};
use crate::clock::{Span, Time};
use crate::journal::{DeliveryOutcome, Error, Notice};
use crate::notify::NoticeKind;

/// When a message that was refused or given up is tried again, as long as there is something to tell.
const CATCH_UP_INTERVAL: Span = Span(10 * Span::MINUTE.0);
/// After so many failed attempts at a message, the next one is tried once.
const ATTEMPTS_PER_PROBE: u32 = 10;
/// The reason recorded with a notice that was superseded.
const NOT_IN_TIME: &str = "it could not be sent in time: what holds by then is told instead";
/// The reason recorded with the end of an episode that the target need not be told.
const NOTHING_LEFT: &str = "it was over before the target could be told of it";

impl TargetTask {
    /// Tell the target what it has not been told of each episode. Returns whether it could be told all that it is to be
    /// told now.
    pub(super) async fn catch_up(&mut self) -> Result<bool, Interruption> {
        let now = self.target.clock.steady();
        if self.catch_up_at.is_none_or(|at| at > now) {
            return Ok(true);
        }
        self.catch_up_at = None;
        let done = self.tell_differences().await;
        if !matches!(done, Ok(true)) {
            self.catch_up_at = Some(now);
        }
        done
    }

    /// Compare what the target was last told of each episode with what that is now, in the order in which they began, and
    /// tell the difference. An attempt that failed ends it; only now and then the next message is tried as well, because
    /// it may be the message that the target fails at.
    async fn tell_differences(&mut self) -> Result<bool, Interruption> {
        let mut failed = false;
        for id in self.unsettled.clone() {
            let Some((notice, what, again)) = self.difference(id)? else { continue };
            if self.deliver(&notice, what, again).await? {
                if std::mem::take(&mut failed) {
                    self.catch_up_later();
                }
            } else if failed || !self.attempted.1.is_multiple_of(ATTEMPTS_PER_PROBE) {
                return Ok(false);
            } else {
                failed = true;
            }
        }
        Ok(!failed)
    }

    /// What the target is to be told of an episode now. One of which there is nothing to tell is settled.
    fn difference(&mut self, id: u64) -> Result<Option<(Notice, NoticeKind, bool)>, Error> {
        let Some(episode) = self.target.outbox.episode(id)? else {
            self.unsettled.remove(&id);
            return Ok(None);
        };
        let Some(last) = episode.trail.last() else { return Ok(None) };
        let entry = i64::try_from(episode.trail.len() - 1).unwrap_or(i64::MAX);
        let notice = Notice { seq: self.target.cursor, entry, at: last.at, episode };
        let Some((what, again)) = self.message_kind(&notice.episode)? else {
            if notice.episode.resolved.is_some() {
                drop(self.record(&notice, NoticeKind::Resolved, DeliveryOutcome::Superseded, NOTHING_LEFT));
            }
            self.unsettled.remove(&id);
            return Ok(None);
        };
        if self.is_held_back(&notice.episode, what, self.target.clock.now())? {
            self.catch_up_later();
            return Ok(None);
        }
        Ok(Some((notice, what, again)))
    }

    /// Compare again in a while; returns when, by the steady clock.
    pub(super) fn catch_up_later(&mut self) -> Time {
        *self.catch_up_at.get_or_insert(self.target.clock.steady() + CATCH_UP_INTERVAL)
    }

    /// Leave it to [`Self::catch_up`] to tell what has come of a notice that could not be sent in time. Nothing comes after
    /// the end of an episode, so that is only put off.
    pub(super) fn supersede(&mut self, notice: &Notice, what: NoticeKind) {
        self.target.cursor = notice.seq;
        let ended = what == NoticeKind::Resolved;
        let outcome = if ended { DeliveryOutcome::Deferred } else { DeliveryOutcome::Superseded };
        drop(self.record(notice, what, outcome, NOT_IN_TIME));
        self.unsettled.insert(notice.episode.id);
        self.catch_up_at = Some(self.target.clock.steady());
    }
}
