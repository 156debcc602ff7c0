//! Business hours: the weekdays and times at which a rule judges, or at which a wall is bright.

use chrono::{Datelike, Days, NaiveTime, TimeZone, Timelike, Weekday};
use serde::{Deserialize, Deserializer, Serialize};

use crate::clock::Time;
use crate::kpi::Calendar;

/// Weekdays and a time range by the centre's wall clock, written as `mon-fri 08:00-18:00`, `sat,sun 10:00-16:00` or
/// `22:00-06:00` (every day). A range over midnight belongs to the day on which it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Hours {
    days: [bool; 7],
    from: NaiveTime,
    to: NaiveTime,
}

/// A text that is not of the form of [`Hours`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not business hours: write \"mon-fri 08:00-18:00\", \"sat,sun 10:00-16:00\" or \"08:00-20:00\"")]
pub struct NotHours(String);

impl Hours {
    /// Parse the form above.
    ///
    /// # Errors
    /// [`NotHours`] with the text, when it has another form.
    pub fn parse(text: &str) -> Result<Self, NotHours> {
        Self::read(text).ok_or_else(|| NotHours(text.to_owned()))
    }

    fn read(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let (first, second) = (words.next()?, words.next());
        if words.next().is_some() {
            return None;
        }
        let (days, times) = second.map_or((None, first), |times| (Some(first), times));
        let (from, to) = times.split_once('-')?;
        let time = |word: &str| match word {
            "24:00" => Some(NaiveTime::MIN),
            word => NaiveTime::parse_from_str(word, "%H:%M").ok(),
        };
        Some(Self { days: days.map_or(Some([true; 7]), read_days)?, from: time(from)?, to: time(to)? })
    }

    /// Whether an instant lies within them. A range whose ends are equal is the whole day.
    #[must_use]
    pub fn contains(&self, at: Time, calendar: &Calendar) -> bool {
        let local = at.to_chrono().with_timezone(&calendar.zone);
        let on = |day: Weekday| self.days.get(day.num_days_from_monday() as usize).copied().unwrap_or(false);
        let (today, time) = (local.weekday(), local.time());
        if self.from < self.to {
            return on(today) && self.from <= time && time < self.to;
        }
        (on(today) && self.from <= time) || (on(today.pred()) && time < self.to)
    }

    /// The next instant after `at` at which they begin; `None` if they have no day.
    #[must_use]
    pub fn next_start(&self, at: Time, calendar: &Calendar) -> Option<Time> {
        let today = at.to_chrono().with_timezone(&calendar.zone).date_naive();
        // A week from now, at the latest, unless daylight saving skips the time on that day.
        (0..=14).find_map(|days| {
            let day = today.checked_add_days(Days::new(days))?;
            let open = *self.days.get(day.weekday().num_days_from_monday() as usize)?;
            let start = Time::from(calendar.zone.from_local_datetime(&day.and_time(self.from)).earliest()?);
            (open && start > at).then_some(start)
        })
    }
}

fn read_days(text: &str) -> Option<[bool; 7]> {
    let mut days = [false; 7];
    let day = |word: &str| word.parse::<Weekday>().ok();
    for part in text.split(',') {
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (day(first)?, day(last)?),
            None => (day(part)?, day(part)?),
        };
        let mut at = first;
        loop {
            *days.get_mut(at.num_days_from_monday() as usize)? = true;
            if at == last {
                break;
            }
            at = at.succ();
        }
    }
    Some(days)
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl std::fmt::Display for Hours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (from, to) = (self.from, self.to);
        write!(f, "{:02}:{:02}–{:02}:{:02}", from.hour(), from.minute(), to.hour(), to.minute())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_hold_by_the_centres_wall_clock() {
        let calendar = Calendar { zone: chrono_tz::Tz::Europe__London, ..Calendar::default() };
        let at = |text: &str| Time::parse_rfc3339(text).unwrap();
        for (hours, when, expected) in [
            ("mon-fri 08:00-18:00", "2026-07-03T07:00:00Z", true), // a Friday, 08:00 in summer
            ("mon-fri 08:00-18:00", "2026-07-03T06:59:59Z", false),
            ("mon-fri 08:00-18:00", "2026-07-03T17:00:00Z", false),
            ("mon-fri 08:00-18:00", "2026-07-04T10:00:00Z", false),
            ("sat,sun 10:00-16:00", "2026-07-04T10:00:00Z", true),
            ("fri 22:00-06:00", "2026-07-04T04:00:00Z", true),
            ("fri 22:00-06:00", "2026-07-03T04:00:00Z", false),
            ("fri-mon 08:00-18:00", "2026-07-05T10:00:00Z", true),
            ("00:00-24:00", "2026-07-05T10:00:00Z", true),
        ] {
            assert_eq!(Hours::parse(hours).unwrap().contains(at(when), &calendar), expected, "{hours} {when}");
        }
        for wrong in ["", "8-18", "mon-fri", "mon-fri 8 to 18", "mon-fri 08:00-25:00", "x 08:00-18:00"] {
            assert!(Hours::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn they_begin_again_on_the_next_of_their_days() {
        let calendar = Calendar { zone: chrono_tz::Tz::Europe__London, ..Calendar::default() };
        let at = |text: &str| Time::parse_rfc3339(text).unwrap();
        for (hours, now, next) in [
            ("mon-fri 08:00-18:00", "2026-07-03T17:00:00Z", "2026-07-06T07:00:00Z"),
            ("mon-fri 08:00-18:00", "2026-07-06T06:59:59Z", "2026-07-06T07:00:00Z"),
            ("mon-fri 08:00-18:00", "2026-07-06T07:00:00Z", "2026-07-07T07:00:00Z"),
            ("sun 22:00-06:00", "2026-07-05T22:30:00Z", "2026-07-12T21:00:00Z"),
            // The clocks go back in the night to the 25th of October.
            ("08:00-18:00", "2026-10-24T20:00:00Z", "2026-10-25T08:00:00Z"),
        ] {
            assert_eq!(Hours::parse(hours).unwrap().next_start(at(now), &calendar), Some(at(next)), "{hours} {now}");
        }
    }
}
