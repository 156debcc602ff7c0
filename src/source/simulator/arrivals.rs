//! When contacts come: Poisson arrivals whose rate follows the clock on the wall, by thinning.

use chrono::{Datelike, Timelike, Weekday};
use chrono_tz::Tz;

use super::rng::SimRng;
use super::scenario::{self, Scenario};
use super::world::{self, QueueId};
use crate::clock::{Span, Time};

/// A stream of arrivals.
#[derive(Clone, Copy, Debug)]
pub(super) enum ArrivalStream {
    /// New contacts of a queue.
    Queue(QueueId),
    /// The contacts that an outage brings.
    Outage,
    /// Self-service sessions that need no agent.
    Contained,
}

/// What the rates depend on.
pub(super) struct Arrivals {
    pub(super) zone: Tz,
    pub(super) scenario: Scenario,
    /// The first live moment.
    pub(super) live: Time,
}

/// Local time, as far as rates depend on it.
struct LocalTime {
    weekday: Weekday,
    /// Minutes since midnight, with fractions.
    minute: f64,
}

fn local(zone: Tz, at: Time) -> LocalTime {
    let wall = at.to_chrono().with_timezone(&zone);
    LocalTime { weekday: wall.weekday(), minute: f64::from(wall.num_seconds_from_midnight()) / 60.0 }
}

/// Whether a day has the weekend's curve and staff.
pub(super) const fn is_weekend(day: Weekday) -> bool {
    matches!(day, Weekday::Sat | Weekday::Sun)
}

/// The day's curve in a half hour.
fn curve(weekend: bool, half_hour: usize) -> f64 {
    let table = if weekend { &world::WEEKEND } else { &world::WEEKDAY };
    table.get(half_hour).copied().unwrap_or(0.0)
}

/// New contacts a second of a queue in a half hour of a plain day: what staff is planned by.
pub(super) fn plain_rate(queue: QueueId, weekend: bool, half_hour: usize) -> f64 {
    // Email, social media and text messages come round the clock, more evenly than calls.
    let (row, curve) = (queue.row(), curve(weekend, half_hour));
    let curve = if row.channel.is_asynchronous() { 0.6_f64.mul_add(curve, 22.0) } else { curve };
    row.per_day * curve * scale()
}

fn greatest(table: &[f64]) -> f64 {
    table.iter().copied().fold(0.0, f64::max)
}

/// Turns contacts a day, times the curve, into contacts a second.
fn scale() -> f64 {
    48.0 / (world::WEEKDAY.iter().sum::<f64>() * 86_400.0)
}

impl Arrivals {
    /// Arrivals a second at a moment.
    pub(super) fn rate(&self, stream: ArrivalStream, at: Time) -> f64 {
        let local = local(self.zone, at);
        let weekend = is_weekend(local.weekday);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a half hour's number is 0–47")]
        let half_hour = (local.minute / 30.0) as usize;
        let curve = curve(weekend, half_hour);
        match stream {
            ArrivalStream::Queue(queue) => {
                plain_rate(queue, weekend, half_hour) * self.scenario.factor(queue, local.minute)
            }
            ArrivalStream::Outage => {
                let busy = 0.65_f64.mul_add(curve / greatest(&world::WEEKDAY), 0.35);
                self.scenario.outage_per_minute(at, self.live) / 60.0 * busy
            }
            ArrivalStream::Contained => world::CONTAINED_PER_DAY * curve * scale(),
        }
    }

    /// A rate that a stream never exceeds.
    pub(super) fn bound(&self, stream: ArrivalStream) -> f64 {
        let crest = greatest(&world::WEEKDAY) * scale();
        match stream {
            ArrivalStream::Queue(queue) => queue.row().per_day * crest * self.scenario.greatest(),
            ArrivalStream::Outage => scenario::OUTAGE_PER_MINUTE / 60.0,
            ArrivalStream::Contained => world::CONTAINED_PER_DAY * crest,
        }
    }

    /// When a stream's next contact comes after `at`. Not to be asked of a stream whose rate is nothing for good.
    pub(super) fn next(&self, stream: ArrivalStream, at: Time, rng: &mut SimRng) -> Time {
        let bound = self.bound(stream);
        let mut next = at;
        loop {
            next = next + rng.exponential(1.0 / bound) + Span(1);
            if rng.unit() * bound < self.rate(stream, next) {
                return next;
            }
        }
    }
}
