//! What kind of day it is: how far arrivals stray from the plain curve, and when.

use crate::clock::{Span, Time};

use super::world::{self, QueueId};

/// What kind of day is simulated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scenario {
    /// A day that mostly meets its targets; one queue is in a bit of trouble now and then.
    #[default]
    Calm,
    /// More contacts than staff, most of all from 09:30 to 11:30.
    Monday,
    /// Half an hour ago a service failed: its intent explodes, customers call again, other channels fill.
    Outage,
}

/// How long before the first live moment an outage begins.
const OUTAGE_BEFORE: Span = Span(30 * Span::MINUTE.0);
/// How long an outage lasts until it ebbs.
const OUTAGE_LASTS_MIN: f64 = 95.0;
/// How long after its beginning it comes again.
const OUTAGE_EVERY: Span = Span(4 * Span::HOUR.0);

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Calm, Self::Monday, Self::Outage];

    /// Its name on the command line and the board.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Monday => "monday",
            Self::Outage => "outage",
        }
    }

    /// From its name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.key() == word)
    }

    /// How many times the plain curve's contacts come to a queue at `minute` of the local day.
    pub(super) fn factor(self, queue: QueueId, minute: f64) -> f64 {
        let wave = if queue == world::CLAIMS { claims_wave(minute) } else { 1.0 };
        match self {
            Self::Calm | Self::Outage => wave,
            Self::Monday => wave * monday(queue, minute),
        }
    }

    /// The greatest value of [`Self::factor`].
    pub(super) const fn greatest(self) -> f64 {
        match self {
            Self::Calm | Self::Outage => CLAIMS_CREST,
            Self::Monday => CLAIMS_CREST * MONDAY_PEAK,
        }
    }

    /// Contacts a minute that an outage brings at `at` on a busy hour's scale; `live` is the first live moment.
    pub(super) fn outage_per_minute(self, at: Time, live: Time) -> f64 {
        let began = live - OUTAGE_BEFORE;
        if self != Self::Outage || at < began {
            return 0.0;
        }
        let since = Span((at - began).0.rem_euclid(OUTAGE_EVERY.0)).as_secs_f64() / 60.0;
        OUTAGE_PER_MINUTE * ramp(since, 0.0, 8.0) * (1.0 - ramp(since, OUTAGE_LASTS_MIN - 25.0, OUTAGE_LASTS_MIN))
    }
}

/// The crest of an outage, contacts a minute.
pub(super) const OUTAGE_PER_MINUTE: f64 = 6.0;
const CLAIMS_CREST: f64 = 2.8;
/// All day.
const MONDAY_PLAIN: f64 = 1.0;
/// The crest where it hurts, and in the other queues.
const MONDAY_PEAK: f64 = 1.6;
const MONDAY_ELSEWHERE: f64 = 1.0;
/// How high the later waves are, against the peak.
const MONDAY_WAVE: f64 = 0.75;

/// Every two hours and a half claims come in a wave of forty minutes.
fn claims_wave(minute: f64) -> f64 {
    let at = (minute + 40.0).rem_euclid(150.0);
    if at < 40.0 { CLAIMS_CREST } else { 0.8 }
}

/// The morning's peak, and smaller waves all day and night after it.
fn monday(queue: QueueId, minute: f64) -> f64 {
    let peak = ramp(minute, 555.0, 585.0) * (1.0 - ramp(minute, 675.0, 705.0));
    let at = minute.rem_euclid(120.0);
    let wave = ramp(at, 0.0, 10.0) * (1.0 - ramp(at, 70.0, 90.0));
    // At night all share one desk, which takes less.
    let awake = 0.6_f64.mul_add(ramp(minute, 360.0, 480.0) * (1.0 - ramp(minute, 1_200.0, 1_320.0)), 0.4);
    let crest = if world::MONDAY_QUEUES.contains(&queue) { MONDAY_PEAK } else { MONDAY_ELSEWHERE };
    (crest - MONDAY_PLAIN).mul_add(peak.max(MONDAY_WAVE * awake * wave), MONDAY_PLAIN)
}

/// From 0 at `from` to 1 at `to`.
fn ramp(at: f64, from: f64, to: f64) -> f64 {
    ((at - from) / (to - from)).clamp(0.0, 1.0)
}
