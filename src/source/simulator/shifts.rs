//! The shifts: in every half hour about as many people as its load asks for.
//!
//! The load of a group's queues plus a share of its square root (small pools need relatively more) is covered from
//! morning to night, each time by the shift that fills the most of what is missing.

use super::arrivals::plain_rate;
use super::world::StaffingGroup;
use crate::clock::Span;

/// A shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shift {
    /// When it starts, minutes after local midnight.
    pub(super) starts: i64,
    /// Whole and part time.
    pub(super) whole: bool,
}

/// A pause that belongs to a shift, in minutes.
pub(super) struct PlannedPause {
    pub(super) reason: &'static str,
    /// How far into the shift it begins, at the earliest and at the latest.
    pub(super) into: [f64; 2],
    /// How long it lasts, at the least and at the most.
    pub(super) lasts: [f64; 2],
}

static WHOLE: [PlannedPause; 3] = [
    PlannedPause { reason: "Break", into: [70.0, 170.0], lasts: [12.0, 16.0] },
    PlannedPause { reason: "Lunch", into: [190.0, 315.0], lasts: [28.0, 34.0] },
    PlannedPause { reason: "Break", into: [345.0, 440.0], lasts: [10.0, 16.0] },
];
static PART: [PlannedPause; 1] = [PlannedPause { reason: "Break", into: [90.0, 220.0], lasts: [12.0, 16.0] }];

/// Half hours in a day.
const DAY: usize = 48;
/// When the day's groups begin and end, half hours after midnight.
const OPENS: i64 = 12;
const CLOSES: i64 = 44;
/// How many of those who come anew come again, or are sent on to another queue.
const RETURNS: f64 = 0.27;
/// Most of them do so within so many half hours.
const BACK_WITHIN: usize = 9;
/// The share of those planned who come, and are not in a meeting.
const PRESENT: f64 = 0.955;
/// And so many more, however small the load.
const AT_LEAST_SPARE: f64 = 0.15;
/// So many people short is near enough.
const TOLERATED: f64 = 0.45;
/// A part-time shift is chosen where it fits so much better than a whole one.
const PART_TIME_PENALTY: f64 = 0.7;

impl Shift {
    const fn minutes(self) -> i64 {
        if self.whole { 480 } else { 300 }
    }

    /// How long it lasts.
    pub(super) const fn lasts(self) -> Span {
        Span(self.minutes() * Span::MINUTE.0)
    }

    /// Its pauses.
    pub(super) fn pauses(self) -> &'static [PlannedPause] {
        if self.whole { &WHOLE } else { &PART }
    }

    /// The share of people in such a shift who are at their desk in its half hours, one after another.
    fn presence(self) -> impl Iterator<Item = f64> {
        (0..self.minutes() / 30).map(move |slot| {
            #[expect(clippy::cast_precision_loss, reason = "a shift has few half hours")]
            let middle = slot as f64 * 30.0 + 15.0;
            let away = |pause: &PlannedPause| {
                let ([from, to], [least, most]) = (pause.into, pause.lasts);
                let mean = f64::midpoint(least, most);
                if middle >= from && middle < to + mean { mean / (to + mean - from) } else { 0.0 }
            };
            PRESENT * (1.0 - self.pauses().iter().map(away).sum::<f64>())
        })
    }

    fn first_slot(self) -> usize {
        usize::try_from(self.starts / 30).unwrap_or(0)
    }
}

/// The work that a group's queues bring in each half hour, in people busy with it.
fn load(group: &StaffingGroup, weekend: bool) -> [f64; DAY] {
    let own = group.teams.first().map_or(&[] as &[_], |team| team.own);
    let new: [f64; DAY] = std::array::from_fn(|slot| {
        own.iter().map(|queue| plain_rate(*queue, weekend, slot) * queue.row().handling_s()).sum()
    });
    let at = |slot: usize| new.get(slot % DAY).copied().unwrap_or(0.0);
    std::array::from_fn(|slot| {
        let before: f64 = (1..=BACK_WITHIN).map(|back| at(slot + DAY - back)).sum();
        #[expect(clippy::cast_precision_loss, reason = "a few half hours")]
        let returning = before / BACK_WITHIN as f64 * RETURNS;
        // Who begins at the half hour is there for what it brings at its end.
        f64::midpoint(at(slot), at(slot).max(at(slot + 1))) + returning
    })
}

/// The shifts of a group on a plain weekday or weekend day.
pub(super) fn shifts(group: &StaffingGroup, weekend: bool) -> Vec<Shift> {
    let mut missing = load(group, weekend).map(|load| group.slack.mul_add(load.sqrt(), load) + AT_LEAST_SPARE);
    let (hours, starts) = if group.night { (CLOSES..OPENS + 48, 43..46) } else { (OPENS..CLOSES, OPENS - 1..CLOSES) };
    for (slot, missing) in (0..).zip(&mut missing) {
        if !hours.contains(&slot) && !hours.contains(&(slot + 48)) {
            *missing = 0.0;
        }
    }
    let kinds = if group.night { &[true][..] } else { &[true, false][..] };
    let candidates = starts.flat_map(|slot| kinds.iter().map(move |whole| Shift { starts: slot * 30, whole: *whole }));
    let fits = |shift: &Shift| group.night || shift.starts + shift.minutes() <= 30 * (CLOSES + 1);
    let candidates: Vec<Shift> = candidates.filter(fits).collect();
    let mut planned = Vec::new();
    for slot in hours {
        let covers = |shift: &&Shift| (shift.starts..shift.starts + shift.minutes()).contains(&(slot * 30));
        let lacks = |missing: &[f64; DAY]| usize::try_from(slot).ok().and_then(|slot| missing.get(slot % DAY).copied());
        while lacks(&missing).is_some_and(|lack| lack > TOLERATED) {
            let worths = candidates.iter().filter(covers).map(|shift| (worth(*shift, &missing), *shift));
            let Some((_, shift)) = worths.max_by(|a, b| a.0.total_cmp(&b.0)) else { break };
            for (slot, present) in (shift.first_slot()..).zip(shift.presence()) {
                if let Some(missing) = missing.get_mut(slot % DAY) {
                    *missing -= present;
                }
            }
            planned.push(shift);
        }
    }
    planned
}

/// The share of a shift that fills what is missing, less what is too much.
fn worth(shift: Shift, missing: &[f64; DAY]) -> f64 {
    let (mut filled, mut slots) = (0.0, 0.0);
    for (slot, present) in (shift.first_slot()..).zip(shift.presence()) {
        filled += missing.get(slot % DAY).map_or(0.0, |missing| missing.clamp(-0.5, present));
        slots += 1.0;
    }
    filled / slots * if shift.whole { 1.0 } else { PART_TIME_PENALTY }
}

#[cfg(test)]
mod tests {
    use super::super::world;
    use super::*;

    #[test]
    fn every_half_hour_is_covered_and_not_by_far_too_many() {
        for (group, weekend) in world::GROUPS.iter().flat_map(|group| [(group, false), (group, true)]) {
            let load = load(group, weekend);
            let mut there = [0.0; DAY];
            for shift in shifts(group, weekend) {
                for (slot, present) in (shift.first_slot()..).zip(shift.presence()) {
                    there[slot % DAY] += present;
                }
            }
            let hours = if group.night { CLOSES..OPENS + 48 } else { OPENS..CLOSES };
            for slot in hours.map(|slot| usize::try_from(slot).unwrap() % DAY) {
                let name = group.teams[0].name;
                assert!(there[slot] > load[slot], "{name} at {slot}: {} for {}", there[slot], load[slot]);
                let many = load[slot] * 1.5 + 5.0;
                assert!(there[slot] < many, "{name} at {slot}: {} for {}", there[slot], load[slot]);
            }
        }
    }

    #[test]
    fn people_in_a_shift_are_mostly_at_their_desks() {
        for whole in [true, false] {
            let shift = Shift { starts: 480, whole };
            let presence: Vec<f64> = shift.presence().collect();
            assert_eq!(presence.len() * 30, usize::try_from(shift.minutes()).unwrap());
            assert!(presence.iter().all(|share| (0.6..1.0).contains(share)), "{presence:?}");
        }
    }
}
