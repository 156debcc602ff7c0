//! Arrival times: Poisson processes whose rate follows the local time of day, sampled by thinning.
//!
//! Lewis and Shedler, "Simulation of nonhomogeneous Poisson processes by thinning", Naval Research Logistics
//! Quarterly 26 (1979).

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
    /// The extra contacts of an outage.
    Outage,
    /// Self-service sessions that end without an agent.
    Contained,
}

/// What the arrival rates depend on.
pub(super) struct Arrivals {
    pub(super) zone: Tz,
    pub(super) scenario: Scenario,
    /// When the first board is shown; an outage is timed relative to it.
    pub(super) live: Time,
}

/// The local time of day, as far as rates depend on it.
struct LocalTime {
    weekday: Weekday,
    /// Minutes since midnight, with fractions.
    minute: f64,
}

fn local(zone: Tz, at: Time) -> LocalTime {
    let wall = at.to_chrono().with_timezone(&zone);
    LocalTime { weekday: wall.weekday(), minute: f64::from(wall.num_seconds_from_midnight()) / 60.0 }
}

pub(super) const fn is_weekend(day: Weekday) -> bool {
    matches!(day, Weekday::Sat | Weekday::Sun)
}

/// The relative contact volume in a half hour of the day (0–47).
fn curve(weekend: bool, half_hour: usize) -> f64 {
    let table = if weekend { &world::WEEKEND } else { &world::WEEKDAY };
    table.get(half_hour).copied().unwrap_or(0.0)
}

/// A queue's arrivals per second in a half hour of a day without a scenario; shifts are planned from it.
pub(super) fn plain_rate(queue: QueueId, weekend: bool, half_hour: usize) -> f64 {
    // Email, social media and text messages arrive more evenly over the day than calls.
    let (spec, curve) = (queue.spec(), curve(weekend, half_hour));
    let curve = if spec.channel.is_asynchronous() { 0.6_f64.mul_add(curve, 22.0) } else { curve };
    spec.per_day * curve * scale()
}

fn maximum(table: &[f64]) -> f64 {
    table.iter().copied().fold(0.0, f64::max)
}

/// The factor from contacts per day times the curve's value to contacts per second.
fn scale() -> f64 {
    48.0 / (world::WEEKDAY.iter().sum::<f64>() * 86_400.0)
}

impl Arrivals {
    /// Arrivals per second at a time.
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
                let busy = 0.65_f64.mul_add(curve / maximum(&world::WEEKDAY), 0.35);
                self.scenario.outage_per_minute(at, self.live) / 60.0 * busy
            }
            ArrivalStream::Contained => world::CONTAINED_PER_DAY * curve * scale(),
        }
    }

    /// An upper bound of [`Self::rate`] at any time.
    pub(super) fn bound(&self, stream: ArrivalStream) -> f64 {
        let peak = maximum(&world::WEEKDAY) * scale();
        match stream {
            ArrivalStream::Queue(queue) => queue.spec().per_day * peak * self.scenario.max_factor(),
            ArrivalStream::Outage => scenario::OUTAGE_PER_MINUTE / 60.0,
            ArrivalStream::Contained => world::CONTAINED_PER_DAY * peak,
        }
    }

    /// The stream's next arrival after `at`. The stream's rate must not be zero for good, or this never returns.
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
