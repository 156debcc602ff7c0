//! Scenarios: by how much arrivals differ from a normal day, and when.

use crate::clock::{Span, Time};

use super::world::{self, QueueId};

/// The kind of day that is simulated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scenario {
    /// A day that meets its targets: few alerts stand, and few are critical.
    #[default]
    Calm,
    /// More contacts than the staff can handle, most of all from 09:30 to 11:30.
    Monday,
    /// A service failed half an hour ago: many contacts with one intent, repeat calls, and overflow to other channels.
    Outage,
}

/// How long before the first board is shown the outage begins.
const OUTAGE_LEAD: Span = Span(30 * Span::MINUTE.0);
/// How long an outage lasts, in minutes; the last 25 are its decline.
const OUTAGE_MINUTES: f64 = 95.0;
/// The time from the beginning of one outage to the next.
const OUTAGE_PERIOD: Span = Span(4 * Span::HOUR.0);

impl Scenario {
    /// All scenarios.
    pub const ALL: [Self; 3] = [Self::Calm, Self::Monday, Self::Outage];

    /// The name on the command line and on the board, such as `calm`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Monday => "monday",
            Self::Outage => "outage",
        }
    }

    /// The scenario with this [`Self::key`].
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.key() == word)
    }

    /// The factor on a queue's normal arrival rate at `minute` of the local day.
    pub(super) fn factor(self, queue: QueueId, minute: f64) -> f64 {
        let wave = if queue == world::CLAIMS { claims_wave(minute) } else { 1.0 };
        match self {
            Self::Calm | Self::Outage => wave,
            Self::Monday => wave * monday(queue, minute),
        }
    }

    /// The greatest value of [`Self::factor`].
    pub(super) const fn max_factor(self) -> f64 {
        match self {
            Self::Calm | Self::Outage => CLAIMS_PEAK_FACTOR,
            Self::Monday => CLAIMS_PEAK_FACTOR * MONDAY_PEAK_FACTOR,
        }
    }

    /// Contacts per minute that an outage adds at `at` in a busy hour; `live` is when the first board is shown.
    pub(super) fn outage_per_minute(self, at: Time, live: Time) -> f64 {
        let began = live - OUTAGE_LEAD;
        if self != Self::Outage || at < began {
            return 0.0;
        }
        let since = Span((at - began).0.rem_euclid(OUTAGE_PERIOD.0)).as_secs_f64() / 60.0;
        OUTAGE_PER_MINUTE * ramp(since, 0.0, 8.0) * (1.0 - ramp(since, OUTAGE_MINUTES - 25.0, OUTAGE_MINUTES))
    }
}

/// Contacts per minute at the peak of an outage.
pub(super) const OUTAGE_PER_MINUTE: f64 = 6.0;
const CLAIMS_PEAK_FACTOR: f64 = 1.4;
/// The factor outside the peaks.
const MONDAY_BASE_FACTOR: f64 = 1.0;
/// The factor at the peak, in the queues of [`world::MONDAY_QUEUES`] and in the others.
const MONDAY_PEAK_FACTOR: f64 = 1.85;
const MONDAY_OTHER_FACTOR: f64 = 1.0;
/// The height of the later waves relative to the morning's peak.
const MONDAY_WAVE_SHARE: f64 = 0.75;

/// Every 150 minutes, claims arrive in a wave of 40 minutes.
fn claims_wave(minute: f64) -> f64 {
    let at = (minute + 40.0).rem_euclid(150.0);
    if at < 40.0 { CLAIMS_PEAK_FACTOR } else { 0.8 }
}

/// The morning's peak and smaller waves for the rest of the day and night.
fn monday(queue: QueueId, minute: f64) -> f64 {
    let peak = ramp(minute, 555.0, 585.0) * (1.0 - ramp(minute, 675.0, 705.0));
    let at = minute.rem_euclid(120.0);
    let wave = ramp(at, 0.0, 10.0) * (1.0 - ramp(at, 70.0, 90.0));
    // One team serves everything at night and could not handle a full wave.
    let daytime = 0.6_f64.mul_add(ramp(minute, 360.0, 480.0) * (1.0 - ramp(minute, 1_200.0, 1_320.0)), 0.4);
    let factor = if world::MONDAY_QUEUES.contains(&queue) { MONDAY_PEAK_FACTOR } else { MONDAY_OTHER_FACTOR };
    (factor - MONDAY_BASE_FACTOR).mul_add(peak.max(MONDAY_WAVE_SHARE * daytime * wave), MONDAY_BASE_FACTOR)
}

/// Rises linearly from 0 at `from` to 1 at `to`.
fn ramp(at: f64, from: f64, to: f64) -> f64 {
    ((at - from) / (to - from)).clamp(0.0, 1.0)
}
