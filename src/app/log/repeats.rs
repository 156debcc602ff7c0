//! Bounds how often the log says the same thing, whatever happens how often.

use std::fmt::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;
use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{Format, Full, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::text::printable;

/// How often a warning that is repeated is written at least and, after the first few, at most.
pub(super) const REPEAT_INTERVAL: Duration = Duration::from_mins(1);
/// The most warnings that are told apart by their fields. Further ones are told apart by their place in the program.
const MAX_KEYS: usize = 1_000;
/// The fields that tell what a warning is about.
const KEY_FIELDS: [&str; 4] = ["source", "target", "hub", "kind"];

/// Formats the lines of the log. Warnings and errors from the same place in the program about the same source (target,
/// hub) and of the same kind are written when they come for the 1st, 2nd, 4th, 8th … time, and else once a minute, with
/// the `count` so far. What happens a million times takes some twenty lines and one a minute.
#[derive(Debug)]
pub(super) struct RepeatLimit {
    format: Format<Full, ()>,
    repeats: Mutex<FxHashMap<RepeatKey, RepeatedWarning>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct RepeatKey {
    callsite: Identifier,
    /// The values of [`KEY_FIELDS`].
    about: String,
}

/// A warning, and how often it came.
#[derive(Debug)]
struct RepeatedWarning {
    count: u64,
    /// `count` when it was last written.
    written: u64,
    written_at: Instant,
    /// The line as it was last written, without time and count.
    line: String,
}

impl RepeatLimit {
    pub(super) fn new() -> Self {
        Self { format: Format::default().without_time(), repeats: Mutex::default() }
    }

    /// Count a warning; how often it came if it is to be written.
    fn count(&self, key: &RepeatKey, now: Instant) -> Option<u64> {
        let mut known = self.lock();
        if let Some(repeats) = known.get_mut(key) {
            repeats.count += 1;
            let is_due = repeats.count.is_power_of_two() || now - repeats.written_at >= REPEAT_INTERVAL;
            return is_due.then(|| repeats.write(now));
        }
        known.insert(key.clone(), RepeatedWarning { count: 1, written: 1, written_at: now, line: String::new() });
        Some(1)
    }

    /// The key of an event that is a warning or worse.
    fn key(&self, event: &Event<'_>) -> Option<RepeatKey> {
        if *event.metadata().level() > Level::WARN {
            return None;
        }
        let mut key = RepeatKey { callsite: event.metadata().callsite(), about: String::new() };
        event.record(&mut key);
        let known = self.lock();
        if known.len() >= MAX_KEYS && !known.contains_key(&key) {
            key.about.clear();
        }
        Some(key)
    }

    /// The lines of warnings that came again after they were last written, which is `at_least` ago.
    pub(super) fn unwritten(&self, at_least: Duration) -> Vec<String> {
        let now = Instant::now();
        let mut known = self.lock();
        let due = known.values_mut().filter(|known| known.count > known.written && now - known.written_at >= at_least);
        due.filter_map(|repeats| {
            let count = repeats.write(now);
            finish(&format!("{} count={count}", repeats.line)).ok()
        })
        .collect()
    }

    fn lock(&self) -> MutexGuard<'_, FxHashMap<RepeatKey, RepeatedWarning>> {
        self.repeats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RepeatedWarning {
    fn write(&mut self, now: Instant) -> u64 {
        self.written = self.count;
        self.written_at = now;
        self.count
    }
}

/// A whole line: the time now, and `text`.
pub(super) fn finish(text: &str) -> Result<String, fmt::Error> {
    let mut line = String::new();
    SystemTime.format_time(&mut Writer::new(&mut line))?;
    writeln!(line, " {text}")?;
    Ok(line)
}

impl<S, N> FormatEvent<S, N> for &'static RepeatLimit
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let key = self.key(event);
        let count = key.as_ref().map_or(Some(1), |key| self.count(key, Instant::now()));
        // Of an event that fails, nothing is written.
        let count = count.ok_or(fmt::Error)?;
        let mut line = String::new();
        self.format.format_event(context, Writer::new(&mut line), event)?;
        let line = printable(line.trim_end());
        if count > 1 {
            write!(writer, "{}", finish(&format!("{line} count={count}"))?)?;
        } else {
            write!(writer, "{}", finish(&line)?)?;
        }
        if let Some(key) = key {
            self.lock().entry(key).and_modify(|repeats| repeats.line = line);
        }
        Ok(())
    }
}

impl Visit for RepeatKey {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if KEY_FIELDS.contains(&field.name()) {
            let _ = write!(self.about, "{}={value:?} ", field.name());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::layer::SubscriberExt;

    /// What was logged.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(limit: &'static RepeatLimit, work: impl FnOnce()) -> Vec<String> {
        let written = Written::default();
        let to = written.clone();
        let lines =
            tracing_subscriber::fmt::layer().event_format(limit).with_writer(move || to.clone()).with_ansi(false);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), work);
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| line.split_once(' ').unwrap().1.trim().to_owned()).collect()
    }

    #[test]
    fn a_warning_that_is_repeated_is_written_at_each_doubling_and_its_count_at_the_end() {
        let limit: &'static RepeatLimit = Box::leak(Box::new(RepeatLimit::new()));
        let lines = logged(limit, || {
            for number in 1..=1_000 {
                tracing::warn!(source = "pbx", kind = "too long", number, "rejected");
                if number % 500 == 0 {
                    tracing::warn!(source = "pbx", kind = "no time", number, "rejected");
                    tracing::warn!(source = "crm", kind = "too long", number, "rejected");
                    tracing::info!(source = "pbx", "live");
                }
            }
        });
        let about = |text: &str| lines.iter().filter(|line| line.contains(text)).collect::<Vec<_>>();
        assert_eq!(lines.len(), 10 + 2 + 2 + 2, "{lines:#?}");
        assert_eq!(
            about("source=\"pbx\" kind=\"too long\"")[2..4],
            [
                "WARN floorwatch::app::log::repeats::tests: rejected source=\"pbx\" kind=\"too long\" number=4 count=4",
                "WARN floorwatch::app::log::repeats::tests: rejected source=\"pbx\" kind=\"too long\" number=8 count=8",
            ]
        );
        assert_eq!((about("no time").len(), about("crm").len(), about("live").len()), (2, 2, 2), "{lines:#?}");
        assert!(limit.unwritten(REPEAT_INTERVAL).is_empty());
        let rest = limit.unwritten(Duration::ZERO);
        assert!(rest.len() == 1 && rest[0].ends_with("number=512 count=1000\n"), "{rest:?}");
        assert!(limit.unwritten(Duration::ZERO).is_empty());
    }

    #[test]
    fn kinds_without_end_are_told_apart_up_to_a_limit() {
        let limit: &'static RepeatLimit = Box::leak(Box::new(RepeatLimit::new()));
        let lines = logged(limit, || {
            for number in 0..100_000 {
                tracing::warn!(kind = number, "rejected");
            }
        });
        assert!(lines.len() < MAX_KEYS + 20, "{}", lines.len());
    }
}
