//! The firing state of one rule in one slice: pure, from figures alone. What people do lies over it and never
//! changes it.
//!
//! ```text
//!           past a line            for `hold`                  clear for `clear`
//!  quiet ───────────────▶ pending ────────────▶ firing(w|c) ─────────────────────▶ quiet
//!    ▲                       │                   ▲      │
//!    └── not past any line ──┘                   └──────┘ warning ⇄ critical, damped both ways
//! ```
//!
//! Missing data is neither ok nor zero. It ends a pending state, because what can't be judged isn't news. It
//! doesn't end a firing one at once: the state holds, and only when the data has been gone for as long as
//! recovery takes is it over, with "no data" as the reason. While the source itself is dead it holds for good.

use super::Severity;
use crate::clock::{Span, Time};

/// What a figure says, seen through its rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Judged {
    /// The rule sleeps: outside of its hours.
    Asleep,
    /// No value, or too few samples. `hold`: because its source is dead, so nothing can be told from it.
    Insufficient { hold: bool },
    /// A value that can be judged.
    Known {
        /// The worst line that the whole of it is past.
        past: Option<Severity>,
        /// It is clear of the critical line, dead band included.
        below_critical: bool,
        /// It is clear of every line, dead band included.
        clear: bool,
    },
}

/// How long things must last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    /// Past a line, before it is news.
    pub(super) hold: Span,
    /// Clear of a line, before it is over.
    pub(super) clear: Span,
}

/// Where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Phase {
    /// Nothing is wrong, or nothing can be told.
    #[default]
    Quiet,
    /// Past a line since `since`, past the critical one since `critical`.
    Pending { since: Time, critical: Option<Time>, severity: Severity },
    /// Firing. `worse`: past the critical line since, while only a warning; `better`: clear of the critical line
    /// since; `quiet`: clear of every line, or without data, since.
    Firing { severity: Severity, worse: Option<Time>, better: Option<Time>, quiet: Option<Time> },
}

/// What a step changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing.
    None,
    /// It is pending now.
    Pending,
    /// It was pending and is not any more.
    Dropped,
    /// It is news.
    Fired(Severity),
    /// Warning to critical.
    Worsened,
    /// Critical to warning.
    Eased,
    /// It is over.
    Resolved(Ending),
}

/// Why it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The figure recovered.
    Recovered,
    /// There has been no data for as long as recovery takes.
    NoData,
    /// The rule went to sleep.
    Asleep,
}

impl Phase {
    /// An episode that goes on after a restart.
    pub(super) const fn resumed(severity: Severity) -> Self {
        Self::Firing { severity, worse: None, better: None, quiet: None }
    }

    /// Go on by one judgement.
    pub(super) fn step(&mut self, judged: Judged, timing: Timing, now: Time) -> Change {
        match *self {
            Self::Quiet => self.leave_quiet(judged, timing, now),
            Self::Pending { since, critical, .. } => self.leave_pending(judged, timing, now, since, critical),
            Self::Firing { severity, worse, better, quiet } => {
                let (next, change) = firing(severity, (worse, better, quiet), judged, timing, now);
                *self = next;
                change
            }
        }
    }

    fn leave_quiet(&mut self, judged: Judged, timing: Timing, now: Time) -> Change {
        let Judged::Known { past: Some(severity), .. } = judged else { return Change::None };
        if timing.hold.0 <= 0 {
            *self = Self::resumed(severity);
            return Change::Fired(severity);
        }
        let critical = (severity == Severity::Critical).then_some(now);
        *self = Self::Pending { since: now, critical, severity };
        Change::Pending
    }

    fn leave_pending(
        &mut self,
        judged: Judged,
        timing: Timing,
        now: Time,
        since: Time,
        critical: Option<Time>,
    ) -> Change {
        let Judged::Known { past: Some(severity), .. } = judged else {
            *self = Self::Quiet;
            return Change::Dropped;
        };
        let critical = (severity == Severity::Critical).then(|| critical.unwrap_or(now));
        if now.since(since) < timing.hold {
            *self = Self::Pending { since, critical, severity };
            return Change::None;
        }
        // Critical only if it was that for long enough; else it fires as a warning and may still worsen.
        let long_critical = critical.is_some_and(|at| now.since(at) >= timing.hold);
        let severity = if long_critical { Severity::Critical } else { Severity::Warning };
        *self = Self::Firing { severity, worse: critical.filter(|_| !long_critical), better: None, quiet: None };
        Change::Fired(severity)
    }
}

/// `times`: worse, better and quiet since, as in [`Phase::Firing`].
fn firing(
    severity: Severity,
    times: (Option<Time>, Option<Time>, Option<Time>),
    judged: Judged,
    timing: Timing,
    now: Time,
) -> (Phase, Change) {
    let (worse, better, quiet) = times;
    let over = |since: Time, span: Span| now.since(since) >= span;
    let (past, below_critical, ending) = match judged {
        Judged::Asleep => return (Phase::Quiet, Change::Resolved(Ending::Asleep)),
        Judged::Insufficient { hold: true } => return (Phase::resumed(severity), Change::None),
        Judged::Insufficient { hold: false } => (None, false, Some(Ending::NoData)),
        Judged::Known { past, below_critical, clear } => (past, below_critical, clear.then_some(Ending::Recovered)),
    };
    let quiet = ending.map(|ending| (quiet.unwrap_or(now), ending));
    if let Some((since, ending)) = quiet
        && over(since, timing.clear)
    {
        return (Phase::Quiet, Change::Resolved(ending));
    }
    let quiet = quiet.map(|(since, _)| since);
    let firing = |severity, worse, better| Phase::Firing { severity, worse, better, quiet };
    match severity {
        Severity::Warning if past == Some(Severity::Critical) => {
            let since = worse.unwrap_or(now);
            if over(since, timing.hold) {
                (firing(Severity::Critical, None, None), Change::Worsened)
            } else {
                (firing(severity, Some(since), None), Change::None)
            }
        }
        Severity::Critical if below_critical => {
            let since = better.unwrap_or(now);
            if over(since, timing.clear) {
                (firing(Severity::Warning, None, None), Change::Eased)
            } else {
                (firing(severity, None, Some(since)), Change::None)
            }
        }
        _ => (firing(severity, None, None), Change::None),
    }
}

/// Whether it comes and goes: five changes within half an hour mark it, fewer than three unmark it. Two lines, as
/// Nagios and Icinga have them, so that the mark doesn't flap itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Flaps {
    times: smallvec::SmallVec<[Time; 5]>,
    /// It is marked.
    pub(super) marked: bool,
}

impl Flaps {
    const MARK: usize = 5;
    const UNMARK: usize = 3;
    const WITHIN: Span = Span(30 * Span::MINUTE.0);

    /// Count a change.
    pub(super) fn count(&mut self, now: Time) {
        if self.times.len() >= Self::MARK {
            self.times.remove(0);
        }
        self.times.push(now);
    }

    /// Forget what is long ago; says whether the mark has changed.
    pub(super) fn settle(&mut self, now: Time) -> bool {
        self.times.retain(|at| now.since(*at) < Self::WITHIN);
        let marked = self.times.len() >= if self.marked { Self::UNMARK } else { Self::MARK };
        std::mem::replace(&mut self.marked, marked) != marked
    }

    /// Whether there is nothing to remember.
    pub(super) fn is_empty(&self) -> bool {
        self.times.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMING: Timing = Timing { hold: Span::seconds(60), clear: Span::seconds(60) };

    /// A day in letters, one every 30 seconds: `.` clear, `-` between the clear line and the warning line, `w`
    /// warning, `m` between the critical line and its dead band, `c` critical, `x` no data, `h` no data from a
    /// dead source, `o` outside of its hours. Answers a letter a step: `.` quiet, `p` pending, `W`, `C`.
    fn run(day: &str) -> String {
        let mut phase = Phase::default();
        day.chars()
            .enumerate()
            .map(|(at, letter)| {
                let known = |past, below_critical, clear| Judged::Known { past, below_critical, clear };
                let judged = match letter {
                    '.' => known(None, true, true),
                    '-' => known(None, true, false),
                    'w' => known(Some(Severity::Warning), true, false),
                    'm' => known(Some(Severity::Warning), false, false),
                    'c' => known(Some(Severity::Critical), false, false),
                    'x' => Judged::Insufficient { hold: false },
                    'h' => Judged::Insufficient { hold: true },
                    _ => Judged::Asleep,
                };
                phase.step(judged, TIMING, Time::from_unix(30 * i64::try_from(at).unwrap()));
                match phase {
                    Phase::Quiet => '.',
                    Phase::Pending { .. } => 'p',
                    Phase::Firing { severity: Severity::Warning, .. } => 'W',
                    Phase::Firing { severity: Severity::Critical, .. } => 'C',
                }
            })
            .collect()
    }

    #[test]
    fn the_table_of_cases() {
        for (what, day, expected) in [
            ("it fires after `for`", "..www", "..ppW"),
            ("pending resets when the condition clears", "ww-www", "pp.ppW"),
            ("pending resets when the data goes", "wwxwww", "pp.ppW"),
            ("critical for long enough fires as critical", "cccc", "ppCC"),
            ("critical for a short time fires as warning, then worsens", "wwccc", "ppWWC"),
            ("a warning worsens after `for`", "wwwccc", "ppWWWC"),
            ("a critical spike doesn't worsen a warning", "wwwcwc", "ppWWWW"),
            ("it resolves after `clear_for`", "www...", "ppWWW."),
            ("the dead band is not clear", "www------", "ppWWWWWWW"),
            ("the dead band starts recovery anew", "www.-...", "ppWWWWW."),
            ("critical eases after `clear_for`", "cccwww", "ppCCCW"),
            ("critical doesn't ease inside of its dead band", "cccmmmm", "ppCCCCC"),
            ("critical recovers at once past both lines", "ccc...", "ppCCC."),
            ("lost data holds the state, then ends it", "wwwxxx", "ppWWW."),
            ("lost data that comes back bad changes nothing", "wwwxwwx", "ppWWWWW"),
            ("a dead source holds the state for good", "wwwhhhhhh", "ppWWWWWWW"),
            ("no data never fires", "xxxxxx", "......"),
            ("outside of its hours it is over", "wwwoo", "ppW.."),
            ("outside of its hours nothing fires", "ooow", "...p"),
        ] {
            assert_eq!(run(day), expected, "{what}: {day}");
        }
    }

    #[test]
    fn without_a_delay_it_fires_at_once() {
        let mut phase = Phase::default();
        let judged = Judged::Known { past: Some(Severity::Critical), below_critical: false, clear: false };
        let change = phase.step(judged, Timing { hold: Span::ZERO, clear: Span::ZERO }, Time::from_unix(0));
        assert_eq!(change, Change::Fired(Severity::Critical));
    }

    #[test]
    fn five_changes_in_half_an_hour_are_flapping_and_fewer_than_three_are_not() {
        let mut flaps = Flaps::default();
        let at = |minute: i64| Time::from_unix(60 * minute);
        for minute in [0, 5, 10, 15] {
            flaps.count(at(minute));
            assert!(!flaps.settle(at(minute)));
        }
        flaps.count(at(20));
        assert!(flaps.settle(at(20)) && flaps.marked);
        assert!(!flaps.settle(at(36)) && flaps.marked, "three are left");
        assert!(flaps.settle(at(41)) && !flaps.marked, "two are left");
        assert!(!flaps.settle(at(60)) && flaps.is_empty());
    }
}
