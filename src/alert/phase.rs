//! The firing state of one rule in one slice, computed from figures alone. What people do never changes it.
//!
//! ```text
//!           past a limit           for `fire`                  clear for `clear`
//!  quiet ───────────────▶ pending ────────────▶ firing(w|c) ─────────────────────▶ quiet
//!    ▲                       │                   ▲      │
//!    └── not past any limit ─┘                   └──────┘ warning ⇄ critical, delayed both ways
//! ```
//!
//! Missing data is neither good nor zero. It ends a pending state, because nothing can be said. It does not end a
//! firing state at once: that holds, and resolves with the reason "no data" only when the data has been missing for as
//! long as recovery takes. While the source itself is in trouble, the state holds without a limit of time.

use super::Severity;
use crate::clock::{Span, Time};

/// How a figure compares with the limits of its rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Judgement {
    /// The rule is outside of its business hours.
    Asleep,
    /// No value, or too few samples. With `hold`, because the source is in trouble: the state stays as it is.
    Insufficient { hold: bool },
    /// A value that can be judged.
    Known {
        /// The most severe limit that it is past, confidence interval included.
        past: Option<Severity>,
        /// It is clear of the critical limit by at least the dead band.
        below_critical: bool,
        /// It is clear of every limit by at least the dead band.
        clear: bool,
    },
}

/// How long a condition must last before the phase changes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delays {
    /// Past a limit, before it fires or worsens.
    pub(super) fire: Span,
    /// Clear of a limit, before it resolves or eases.
    pub(super) clear: Span,
}

/// The phases.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Phase {
    /// Not past any limit, or nothing is known.
    #[default]
    Quiet,
    /// Past a limit since `since`, and past the critical one since `critical`.
    Pending { since: Time, critical: Option<Time>, severity: Severity },
    /// Past a limit for long enough. Three timers run towards the next change: `worse` since a warning is past the
    /// critical limit, `better` since a critical one is clear of it, `quiet` since it is clear of every limit or has no
    /// data.
    Firing { severity: Severity, worse: Option<Time>, better: Option<Time>, quiet: Option<Time> },
}

/// The transition that one judgement caused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PhaseChange {
    /// None.
    None,
    /// From quiet to pending.
    Pending,
    /// From pending back to quiet.
    Dropped,
    /// To firing.
    Fired(Severity),
    /// Warning to critical.
    Worsened,
    /// Critical to warning.
    Eased,
    /// From firing to quiet.
    Ended(Ending),
}

/// Why a firing state ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The figure recovered.
    Recovered,
    /// There was no data for as long as recovery takes.
    NoData,
    /// The rule's business hours ended.
    Asleep,
}

impl Phase {
    /// Firing with no timer running: what begins at once, or continues after a restart.
    pub(super) const fn firing(severity: Severity) -> Self {
        Self::Firing { severity, worse: None, better: None, quiet: None }
    }

    /// Advance by one judgement.
    pub(super) fn step(&mut self, judgement: Judgement, delays: Delays, now: Time) -> PhaseChange {
        match *self {
            Self::Quiet => self.leave_quiet(judgement, delays, now),
            Self::Pending { since, critical, .. } => self.leave_pending(judgement, delays, now, since, critical),
            Self::Firing { severity, worse, better, quiet } => {
                let (next, change) = step_firing(severity, (worse, better, quiet), judgement, delays, now);
                *self = next;
                change
            }
        }
    }

    /// The wall clock was set forward by `by`: shift the timers so that they keep their length.
    pub(super) fn shift(&mut self, by: Span) {
        let shift = |at: &mut Option<Time>| *at = at.map(|at| at + by);
        match self {
            Self::Quiet => {}
            Self::Pending { since, critical, .. } => {
                *since = *since + by;
                shift(critical);
            }
            Self::Firing { worse, better, quiet, .. } => [worse, better, quiet].into_iter().for_each(shift),
        }
    }

    fn leave_quiet(&mut self, judgement: Judgement, delays: Delays, now: Time) -> PhaseChange {
        let Judgement::Known { past: Some(severity), .. } = judgement else { return PhaseChange::None };
        if delays.fire.0 <= 0 {
            *self = Self::firing(severity);
            return PhaseChange::Fired(severity);
        }
        let critical = (severity == Severity::Critical).then_some(now);
        *self = Self::Pending { since: now, critical, severity };
        PhaseChange::Pending
    }

    fn leave_pending(
        &mut self,
        judgement: Judgement,
        delays: Delays,
        now: Time,
        since: Time,
        critical: Option<Time>,
    ) -> PhaseChange {
        let Judgement::Known { past: Some(severity), .. } = judgement else {
            *self = Self::Quiet;
            return PhaseChange::Dropped;
        };
        let critical = (severity == Severity::Critical).then(|| critical.unwrap_or(now));
        if now.since(since) < delays.fire {
            *self = Self::Pending { since, critical, severity };
            return PhaseChange::None;
        }
        // Critical only if it was that for long enough; else it fires as a warning and may still worsen.
        let long_critical = critical.is_some_and(|at| now.since(at) >= delays.fire);
        let severity = if long_critical { Severity::Critical } else { Severity::Warning };
        *self = Self::Firing { severity, worse: critical.filter(|_| !long_critical), better: None, quiet: None };
        PhaseChange::Fired(severity)
    }
}

/// One step from the firing phase. `times` are its timers `worse`, `better` and `quiet`.
fn step_firing(
    severity: Severity,
    times: (Option<Time>, Option<Time>, Option<Time>),
    judgement: Judgement,
    delays: Delays,
    now: Time,
) -> (Phase, PhaseChange) {
    let (worse, better, quiet) = times;
    let elapsed = |since: Time, span: Span| now.since(since) >= span;
    let (past, below_critical, ending) = match judgement {
        Judgement::Asleep => return (Phase::Quiet, PhaseChange::Ended(Ending::Asleep)),
        Judgement::Insufficient { hold: true } => return (Phase::firing(severity), PhaseChange::None),
        Judgement::Insufficient { hold: false } => (None, false, Some(Ending::NoData)),
        Judgement::Known { past, below_critical, clear } => (past, below_critical, clear.then_some(Ending::Recovered)),
    };
    let quiet = ending.map(|ending| (quiet.unwrap_or(now), ending));
    if let Some((since, ending)) = quiet
        && elapsed(since, delays.clear)
    {
        return (Phase::Quiet, PhaseChange::Ended(ending));
    }
    let quiet = quiet.map(|(since, _)| since);
    let firing = |severity, worse, better| Phase::Firing { severity, worse, better, quiet };
    match severity {
        Severity::Warning if past == Some(Severity::Critical) => {
            let since = worse.unwrap_or(now);
            if elapsed(since, delays.fire) {
                (firing(Severity::Critical, None, None), PhaseChange::Worsened)
            } else {
                (firing(severity, Some(since), None), PhaseChange::None)
            }
        }
        Severity::Critical if below_critical => {
            let since = better.unwrap_or(now);
            if elapsed(since, delays.clear) {
                (firing(Severity::Warning, None, None), PhaseChange::Eased)
            } else {
                (firing(severity, None, Some(since)), PhaseChange::None)
            }
        }
        _ => (firing(severity, None, None), PhaseChange::None),
    }
}

/// Detects flapping: five transitions within half an hour set the mark, fewer than three remove it. There are two
/// thresholds, as in Nagios and Icinga, so that the mark itself does not flap.
#[derive(Clone, Debug, Default)]
pub(super) struct FlapDetector {
    times: smallvec::SmallVec<[Time; 5]>,
    /// The mark.
    pub(super) flapping: bool,
}

impl FlapDetector {
    const MARK_COUNT: usize = 5;
    const UNMARK_COUNT: usize = 3;
    const WINDOW: Span = Span(30 * Span::MINUTE.0);

    /// The wall clock was set by `by`.
    pub(super) fn shift(&mut self, by: Span) {
        for at in &mut self.times {
            *at = *at + by;
        }
    }

    /// Count a transition.
    pub(super) fn count(&mut self, now: Time) {
        if self.times.len() >= Self::MARK_COUNT {
            self.times.remove(0);
        }
        self.times.push(now);
    }

    /// Forget transitions outside of the window; returns whether the mark changed.
    pub(super) fn expire(&mut self, now: Time) -> bool {
        self.times.retain(|at| now.since(*at) < Self::WINDOW);
        let flapping = self.times.len() >= if self.flapping { Self::UNMARK_COUNT } else { Self::MARK_COUNT };
        std::mem::replace(&mut self.flapping, flapping) != flapping
    }

    /// Whether no transition is remembered.
    pub(super) fn is_empty(&self) -> bool {
        self.times.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAYS: Delays = Delays { fire: Span::seconds(60), clear: Span::seconds(60) };

    /// Run through a day in letters, one every 30 seconds: `.` clear, `-` between the clear limit and the warning limit,
    /// `w` warning, `m` between the critical limit and its dead band, `c` critical, `x` no data, `h` no data from a
    /// dead source, `o` outside of its hours. Returns the phase after each step: `.` quiet, `p` pending, `W`, `C`.
    fn run(day: &str) -> String {
        let mut phase = Phase::default();
        day.chars()
            .enumerate()
            .map(|(at, letter)| {
                let known = |past, below_critical, clear| Judgement::Known { past, below_critical, clear };
                let judgement = match letter {
                    '.' => known(None, true, true),
                    '-' => known(None, true, false),
                    'w' => known(Some(Severity::Warning), true, false),
                    'm' => known(Some(Severity::Warning), false, false),
                    'c' => known(Some(Severity::Critical), false, false),
                    'x' => Judgement::Insufficient { hold: false },
                    'h' => Judgement::Insufficient { hold: true },
                    _ => Judgement::Asleep,
                };
                phase.step(judgement, DELAYS, Time::from_unix(30 * i64::try_from(at).unwrap()));
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
    fn phases_follow_the_diagram() {
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
            ("critical recovers at once past both limits", "ccc...", "ppCCC."),
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
        let judgement = Judgement::Known { past: Some(Severity::Critical), below_critical: false, clear: false };
        let change = phase.step(judgement, Delays { fire: Span::ZERO, clear: Span::ZERO }, Time::from_unix(0));
        assert_eq!(change, PhaseChange::Fired(Severity::Critical));
    }

    #[test]
    fn five_changes_in_half_an_hour_are_flapping_and_fewer_than_three_are_not() {
        let mut flaps = FlapDetector::default();
        let at = |minute: i64| Time::from_unix(60 * minute);
        for minute in [0, 5, 10, 15] {
            flaps.count(at(minute));
            assert!(!flaps.expire(at(minute)));
        }
        flaps.count(at(20));
        assert!(flaps.expire(at(20)) && flaps.flapping);
        assert!(!flaps.expire(at(36)) && flaps.flapping, "three are left");
        assert!(flaps.expire(at(41)) && !flaps.flapping, "two are left");
        assert!(!flaps.expire(at(60)) && flaps.is_empty());
    }
}
