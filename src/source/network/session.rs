//! The loop that every network source runs in.
//!
//! A source implements [`Session`]: one connection, from connecting until it breaks. The loop reports the source's
//! health, waits longer after each failure, and starts the next session, until the source is stopped.

use std::future::Future;
use std::io;

use tokio::sync::mpsc::Sender;

use super::reporter::Reporter;
use super::shared_reporter::SharedReporter;
use crate::board::Health;
use crate::clock::{Clock, Span};
use crate::net::{Backoff, Fault, FaultKind};
use crate::source::running::Running;
use crate::source::{Message, SourceIdentity};
use crate::text::Text;

/// A source that was live is reported as down after this many failures in a row. Fewer only make it stale, because a
/// connection that is restored at once needs no alarm.
const MAX_FAILURES_WHILE_STALE: u32 = 3;

/// One connection to a source.
pub(crate) trait Session: Send + 'static {
    /// Connect, report what arrives to `reporter`, and return the fault that ended the connection. The session calls
    /// [`Reporter::report_live`] as soon as the board shows the current state. The future is dropped when the source
    /// is stopped.
    fn run(&mut self, reporter: &mut Reporter) -> impl Future<Output = Fault> + Send;
}

/// Start `session` on a thread of its own.
///
/// # Errors
/// When the system provides no thread or runtime.
pub(in crate::source) fn start(
    source: SourceIdentity,
    clock: Clock,
    to: Sender<Message>,
    session: impl Session,
) -> io::Result<Running> {
    let (index, name) = (source.index, source.name.clone());
    let shared = SharedReporter::new(source, clock.clone(), to.clone());
    let stop = shared.stop_token();
    let mut reporter = Reporter::new(shared);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let stopped = stop.clone();
    Running::start(index, &name, clock, to, stop, move || {
        runtime.block_on(async {
            tokio::select! {
                () = stopped.cancelled() => {}
                () = run_sessions(session, &mut reporter) => {}
            }
        });
    })
}

/// Run one session after the other, with a backoff in between.
async fn run_sessions(mut session: impl Session, reporter: &mut Reporter) {
    let mut backoff = Backoff::default();
    let mut was_live = false;
    reporter.report_health(Health::Connecting, Text::default(), None).await;
    loop {
        let fault = session.run(reporter).await;
        let now = reporter.now();
        let lasted = reporter.end_session();
        was_live |= lasted.is_some();
        let wait = backoff.after(&fault, lasted.unwrap_or_default());
        let next_try = now + Span(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX));
        let failures = backoff.failures();
        let is_down = fault.kind == FaultKind::NeedsChange || !was_live || failures >= MAX_FAILURES_WHILE_STALE;
        let health = if is_down { Health::Down } else { Health::Stale };
        tracing::warn!(source = %reporter.name(), failures, wait_s = wait.as_secs_f64(), "{}", fault.reason);
        reporter.report_health(health, Text::new(&fault.reason), Some(next_try)).await;
        tokio::time::sleep(wait).await;
    }
}

#[cfg(test)]
mod tests;
