//! Shift planning: about as many agents in each half hour as its workload needs.
//!
//! The requirement is the workload plus a share of its square root, since small groups need relatively more (the
//! square-root staffing rule). A greedy algorithm covers it from the first half hour to the last: it adds the shift that
//! fills the largest share of the remaining gap until the gap is small.

use super::arrivals::plain_rate;
use super::world::StaffingGroup;
use crate::clock::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shift {
    /// Minutes after local midnight.
    pub(super) starts: i64,
    /// Eight hours, else five.
    pub(super) full_time: bool,
}

/// A pause that belongs to every shift of its kind, in minutes.
pub(super) struct PlannedPause {
    pub(super) reason: &'static str,
    /// Earliest and latest start, from the start of the shift.
    pub(super) into: [f64; 2],
    /// Least and greatest length.
    pub(super) lasts: [f64; 2],
}

static FULL_TIME_PAUSES: [PlannedPause; 3] = [
    PlannedPause { reason: "Break", into: [70.0, 170.0], lasts: [12.0, 16.0] },
    PlannedPause { reason: "Lunch", into: [190.0, 315.0], lasts: [28.0, 34.0] },
    PlannedPause { reason: "Break", into: [345.0, 440.0], lasts: [10.0, 16.0] },
];
static PART_TIME_PAUSES: [PlannedPause; 1] =
    [PlannedPause { reason: "Break", into: [90.0, 220.0], lasts: [12.0, 16.0] }];

const HALF_HOURS_PER_DAY: usize = 48;
/// When the day groups open and close, in half hours after midnight.
const OPENING: i64 = 12;
const CLOSING: i64 = 44;
/// Repeat contacts and transfers per first contact.
const REPEAT_SHARE: f64 = 0.27;
/// The half hours over which they are spread.
const REPEAT_HALF_HOURS: usize = 9;
/// The share of planned agents who are present and not in a meeting.
const SHOW_UP_SHARE: f64 = 0.955;
/// Agents added to the requirement, however small the workload.
const MIN_SPARE: f64 = 0.15;
/// A gap of this many agents is not filled.
const TOLERATED_GAP: f64 = 0.45;
/// A factor on the worth of a part-time shift; it is chosen only where it fits the gap much better.
const PART_TIME_WEIGHT: f64 = 0.7;

impl Shift {
    const fn minutes(self) -> i64 {
        if self.full_time { 480 } else { 300 }
    }

    pub(super) const fn lasts(self) -> Span {
        Span(self.minutes() * Span::MINUTE.0)
    }

    pub(super) fn pauses(self) -> &'static [PlannedPause] {
        if self.full_time { &FULL_TIME_PAUSES } else { &PART_TIME_PAUSES }
    }

    /// The expected share of the shift's agents who are at their desk in each of its half hours.
    fn presence(self) -> impl Iterator<Item = f64> {
        (0..self.minutes() / 30).map(move |slot| {
            #[expect(clippy::cast_precision_loss, reason = "a shift has few half hours")]
            let middle = slot as f64 * 30.0 + 15.0;
            let away = |pause: &PlannedPause| {
                let ([from, to], [least, most]) = (pause.into, pause.lasts);
                let mean = f64::midpoint(least, most);
                if middle >= from && middle < to + mean { mean / (to + mean - from) } else { 0.0 }
            };
            SHOW_UP_SHARE * (1.0 - self.pauses().iter().map(away).sum::<f64>())
        })
    }

    fn first_slot(self) -> usize {
        usize::try_from(self.starts / 30).unwrap_or(0)
    }
}

/// The workload of a group in each half hour, in erlangs (the mean number of busy agents).
fn load(group: &StaffingGroup, weekend: bool) -> [f64; HALF_HOURS_PER_DAY] {
    let own = group.teams.first().map_or(&[] as &[_], |team| team.own);
    let new: [f64; HALF_HOURS_PER_DAY] = std::array::from_fn(|slot| {
        own.iter().map(|queue| plain_rate(*queue, weekend, slot) * queue.spec().handling_s()).sum()
    });
    let at = |slot: usize| new.get(slot % HALF_HOURS_PER_DAY).copied().unwrap_or(0.0);
    std::array::from_fn(|slot| {
        let before: f64 = (1..=REPEAT_HALF_HOURS).map(|back| at(slot + HALF_HOURS_PER_DAY - back)).sum();
        #[expect(clippy::cast_precision_loss, reason = "a few half hours")]
        let returning = before / REPEAT_HALF_HOURS as f64 * REPEAT_SHARE;
        // Volume can rise within the half hour, so its end counts too.
        f64::midpoint(at(slot), at(slot).max(at(slot + 1))) + returning
    })
}

/// The shifts of a group on a weekday or a day at the weekend.
pub(super) fn shifts(group: &StaffingGroup, weekend: bool) -> Vec<Shift> {
    let mut missing = load(group, weekend).map(|load| group.slack.mul_add(load.sqrt(), load) + MIN_SPARE);
    let (hours, starts) =
        if group.night { (CLOSING..OPENING + 48, 43..46) } else { (OPENING..CLOSING, OPENING - 1..CLOSING) };
    for (slot, missing) in (0..).zip(&mut missing) {
        if !hours.contains(&slot) && !hours.contains(&(slot + 48)) {
            *missing = 0.0;
        }
    }
    let kinds = if group.night { &[true][..] } else { &[true, false][..] };
    let candidates =
        starts.flat_map(|slot| kinds.iter().map(move |full_time| Shift { starts: slot * 30, full_time: *full_time }));
    let fits = |shift: &Shift| group.night || shift.starts + shift.minutes() <= 30 * (CLOSING + 1);
    let candidates: Vec<Shift> = candidates.filter(fits).collect();
    let mut planned = Vec::new();
    for slot in hours {
        let covers = |shift: &&Shift| (shift.starts..shift.starts + shift.minutes()).contains(&(slot * 30));
        let lacks = |missing: &[f64; HALF_HOURS_PER_DAY]| {
            usize::try_from(slot).ok().and_then(|slot| missing.get(slot % HALF_HOURS_PER_DAY).copied())
        };
        while lacks(&missing).is_some_and(|lack| lack > TOLERATED_GAP) {
            let worths = candidates.iter().filter(covers).map(|shift| (worth(*shift, &missing), *shift));
            let Some((_, shift)) = worths.max_by(|a, b| a.0.total_cmp(&b.0)) else { break };
            for (slot, present) in (shift.first_slot()..).zip(shift.presence()) {
                if let Some(missing) = missing.get_mut(slot % HALF_HOURS_PER_DAY) {
                    *missing -= present;
                }
            }
            planned.push(shift);
        }
    }
    planned
}

/// The mean gap that a shift fills per half hour; overstaffed half hours count against it.
fn worth(shift: Shift, missing: &[f64; HALF_HOURS_PER_DAY]) -> f64 {
    let (mut filled, mut slots) = (0.0, 0.0);
    for (slot, present) in (shift.first_slot()..).zip(shift.presence()) {
        filled += missing.get(slot % HALF_HOURS_PER_DAY).map_or(0.0, |missing| missing.clamp(-0.5, present));
        slots += 1.0;
    }
    filled / slots * if shift.full_time { 1.0 } else { PART_TIME_WEIGHT }
}

#[cfg(test)]
mod tests {
    use super::super::world;
    use super::*;

    #[test]
    fn every_half_hour_is_staffed_for_its_load_but_not_far_above() {
        for (group, weekend) in world::GROUPS.iter().flat_map(|group| [(group, false), (group, true)]) {
            let load = load(group, weekend);
            let mut there = [0.0; HALF_HOURS_PER_DAY];
            for shift in shifts(group, weekend) {
                for (slot, present) in (shift.first_slot()..).zip(shift.presence()) {
                    there[slot % HALF_HOURS_PER_DAY] += present;
                }
            }
            let hours = if group.night { CLOSING..OPENING + 48 } else { OPENING..CLOSING };
            for slot in hours.map(|slot| usize::try_from(slot).unwrap() % HALF_HOURS_PER_DAY) {
                let name = group.teams[0].name;
                assert!(there[slot] > load[slot], "{name} at {slot}: {} for {}", there[slot], load[slot]);
                let many = load[slot] * 1.5 + 5.0;
                assert!(there[slot] < many, "{name} at {slot}: {} for {}", there[slot], load[slot]);
            }
        }
    }

    #[test]
    fn most_agents_of_a_shift_are_present_in_each_half_hour() {
        for full_time in [true, false] {
            let shift = Shift { starts: 480, full_time };
            let presence: Vec<f64> = shift.presence().collect();
            assert_eq!(presence.len() * 30, usize::try_from(shift.minutes()).unwrap());
            assert!(presence.iter().all(|share| (0.6..1.0).contains(share)), "{presence:?}");
        }
    }
}
