//! Shares the floor's time among callers. The floor answers one query after the other, so a caller with expensive
//! queries must not keep it busy: each caller may have a few requests under way, and after a long one it waits as long
//! before the next.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustc_hash::FxHashMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout};

use super::problem::ApiProblem;
use crate::text::Label;

/// The requests of all callers that may be under way at once.
const MAX_CONCURRENT: usize = 256;
/// The requests of one caller that may be under way at once.
const MAX_CONCURRENT_PER_CALLER: usize = 8;
/// How long a request waits for its turn before it is refused as busy.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);
/// A query that takes less time does not delay its caller's next one.
const FREE_TIME: Duration = Duration::from_millis(20);
/// The number of callers that are tracked.
const MAX_CALLERS: usize = 4_096;

/// The turns of all callers.
#[derive(Debug)]
pub(super) struct Turns {
    all: Arc<Semaphore>,
    callers: Mutex<FxHashMap<Label, Arc<CallerTurns>>>,
}

#[derive(Debug)]
struct CallerTurns {
    places: Arc<Semaphore>,
    /// When the caller's next query may begin.
    next: Mutex<Instant>,
}

/// A turn, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    caller: Arc<CallerTurns>,
    /// `None` if the turn does not delay the caller's next query.
    began: Option<Instant>,
    _places: (OwnedSemaphorePermit, OwnedSemaphorePermit),
}

impl Default for Turns {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(MAX_CONCURRENT)), callers: Mutex::default() }
    }
}

impl Turns {
    /// Wait for a turn of this caller.
    ///
    /// # Errors
    /// If there is none within `TURN_TIMEOUT`.
    pub(super) async fn take(&self, caller: &Label) -> Result<Turn, ApiProblem> {
        let caller = self.caller(caller);
        let busy = |_| ApiProblem::busy();
        timeout(TURN_TIMEOUT, async {
            let own = Arc::clone(&caller.places).acquire_owned().await.map_err(busy)?;
            let next = *caller.next.lock().unwrap_or_else(PoisonError::into_inner);
            sleep_until(next).await;
            let place = Arc::clone(&self.all).acquire_owned().await.map_err(busy)?;
            Ok(Turn { caller: Arc::clone(&caller), began: Some(Instant::now()), _places: (own, place) })
        })
        .await
        .map_err(|_| ApiProblem::busy())?
    }

    fn caller(&self, name: &Label) -> Arc<CallerTurns> {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.len() >= MAX_CALLERS {
            callers.retain(|_, turns| Arc::strong_count(turns) > 1);
        }
        let new = || CallerTurns {
            places: Arc::new(Semaphore::new(MAX_CONCURRENT_PER_CALLER)),
            next: Mutex::new(Instant::now()),
        };
        Arc::clone(callers.entry(name.clone()).or_insert_with(|| Arc::new(new())))
    }
}

impl Turn {
    /// Do not charge the time of this turn: a command waits for the disk, which takes none of the floor's time.
    pub(super) fn at_no_cost(mut self) -> Self {
        self.began = None;
        self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let now = Instant::now();
        let took = self.began.map_or(Duration::ZERO, |began| now - began);
        if took > FREE_TIME {
            let mut next = self.caller.next.lock().unwrap_or_else(PoisonError::into_inner);
            *next = (*next).max(now + took).min(now + TURN_TIMEOUT / 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_long_question_makes_its_caller_wait_and_nobody_else() {
        let turns = Turns::default();
        let (ann, bob) = (Label::fixed("ann"), Label::fixed("bob"));
        let turn = turns.take(&ann).await.unwrap();
        tokio::time::advance(Duration::from_secs(1)).await;
        drop(turn);
        let began = Instant::now();
        drop(turns.take(&bob).await.unwrap());
        assert_eq!(began.elapsed(), Duration::ZERO);
        let mut held = vec![turns.take(&ann).await.unwrap()];
        assert!(began.elapsed() >= Duration::from_secs(1));
        for _ in 1..MAX_CONCURRENT_PER_CALLER {
            held.push(turns.take(&ann).await.unwrap());
        }
        assert!(turns.take(&ann).await.is_err(), "ann has as many under way as one caller may");
        drop(turns.take(&bob).await.unwrap());
    }
}
