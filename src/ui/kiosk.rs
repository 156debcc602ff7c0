//! The state of the wall: which page of its rotation is up, which alert has taken over, what is fine again. It follows
//! from boards and the time alone; nobody touches a kiosk.

use serde::{Deserialize, Serialize};

use crate::alert::{Episode, Hours, Severity, State};
use crate::board::Board;
use crate::clock::{Span, Time};
use crate::kpi::Slice;
use crate::text::Label;

/// A page of the rotation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KioskPage {
    /// What stands now, and the worst queues.
    #[default]
    Now,
    /// The queues that are next worst.
    Queues,
    /// The agents, counted by team.
    Agents,
    /// The day so far by half hour.
    Today,
}

impl KioskPage {
    /// Every page with its word in the configuration and on the command line, in the order of the rotation.
    pub const WORDS: [(&'static str, Self); 4] =
        [("now", Self::Now), ("queues", Self::Queues), ("agents", Self::Agents), ("today", Self::Today)];

    /// What is wrong with a shorter time.
    pub const TOO_SHORT: &'static str = "is too short to read a page: write 5s or more";

    /// The page of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, page)| *page)
    }

    /// Whether a page can be read in a time.
    #[must_use]
    pub fn is_readable(rotate: Span) -> bool {
        rotate >= Span::seconds(5)
    }
}

/// How the wall behaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KioskSettings {
    /// Whether the screen shows nothing but the kiosk.
    pub only: bool,
    /// How long a page is shown.
    pub rotate: Span,
    /// The pages.
    pub pages: Vec<KioskPage>,
    /// Whether agents are named.
    pub names: bool,
    /// When the centre is open; always if empty.
    pub hours: Vec<Hours>,
}

impl Default for KioskSettings {
    fn default() -> Self {
        let pages = KioskPage::WORDS.map(|(_, page)| page).into();
        Self { only: false, rotate: Span::seconds(20), pages, names: false, hours: Vec::new() }
    }
}

/// What is shown in turn, such as several alerts, is shown for this long each.
const TURN: Span = Span::seconds(6);
/// For this long after it fired, an alert inverts its band once a second.
const FRESH: Span = Span::seconds(10);
/// For this long the wall says that something is fine again.
const RECOVERY: Span = Span::MINUTE;
/// The most alerts that are watched for their end.
const MAX_WATCHED: usize = 100;
/// The picture moves by a cell after this time, so that nothing burns in.
const SHIFT: Span = Span(10 * Span::MINUTE.0);

/// What an alert is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The slice.
    pub slice: Slice,
    /// The source, for an alert about one.
    pub source: Option<Label>,
}

impl Subject {
    /// What `episode` is about.
    #[must_use]
    pub fn of(episode: &Episode) -> Self {
        Self { slice: episode.slice.clone(), source: episode.source.clone() }
    }
}

/// The state of the kiosk.
#[derive(Debug, Default)]
pub struct Kiosk {
    /// Whether the screen shows nothing else.
    pub only: bool,
    /// The time on the kiosk. It goes on while no board comes.
    pub now: Time,
    /// The page that is up.
    pub page: KioskPage,
    /// When it came up.
    since: Time,
    /// The ids of the alerts that have taken over.
    calling: Vec<u64>,
    /// When the newest of them came.
    called: Time,
    /// The critical alerts that have fired and are not over.
    watched: Vec<(u64, Subject)>,
    /// What is fine again, and since when.
    recovered: Vec<(Subject, Time)>,
}

impl Kiosk {
    /// Whether of two things that are shown in turn it is the second one's time.
    #[must_use]
    pub fn is_second_turn(&self) -> bool {
        self.now.0.div_euclid(TURN.0) % 2 == 1
    }

    /// Go on to `now`. `is_worth` says whether a page has something to show.
    pub fn step(&mut self, now: Time, board: &Board, settings: &KioskSettings, is_worth: impl Fn(KioskPage) -> bool) {
        // Time jumps with the first board, with a replay, and while another page was on the screen.
        if now < self.since || now.since(self.now) > settings.rotate {
            self.since = now;
        }
        self.now = now;
        let calling: Vec<u64> = calling(board).map(|episode| episode.id).collect();
        if calling.iter().any(|id| !self.calling.contains(id)) {
            self.called = now;
        }
        self.calling = calling;
        self.watch(board);
        if !self.calling.is_empty() {
            (self.page, self.since) = (KioskPage::Now, now);
        } else if now.since(self.since) >= settings.rotate {
            let at = settings.pages.iter().position(|page| *page == self.page);
            let next = at.map_or(0, |at| at + 1);
            let mut pages = settings.pages.iter().cycle().skip(next).take(settings.pages.len());
            self.page = pages.find(|page| is_worth(**page)).copied().unwrap_or_default();
            self.since = now;
        }
    }

    /// Notice which of the critical alerts are over. What a board that is not up to date lacks is not over.
    fn watch(&mut self, board: &Board) {
        self.recovered.retain(|(_, at)| (0..RECOVERY.0).contains(&(self.now.0 - at.0)));
        if board.queues.is_empty() || board.hub.as_ref().is_some_and(|hub| hub.cut_off.is_some()) {
            return;
        }
        let active: Vec<&Episode> = board.alerts.iter().filter(|episode| episode.is_active()).collect();
        for (id, subject) in std::mem::take(&mut self.watched) {
            if board.alerts.iter().any(|episode| episode.id == id) {
                self.watched.push((id, subject));
            } else if !active.iter().any(|episode| Subject::of(episode) == subject) {
                self.recovered.push((subject, self.now));
            }
        }
        let critical = active.into_iter().filter(|e| e.severity == Severity::Critical && e.inhibited_by.is_none());
        for episode in critical.take(MAX_WATCHED) {
            if self.watched.len() < MAX_WATCHED && !self.watched.iter().any(|(id, _)| *id == episode.id) {
                self.watched.push((episode.id, Subject::of(episode)));
            }
        }
    }

    /// How long the page stays up.
    #[must_use]
    pub fn left(&self, settings: &KioskSettings) -> Span {
        Span((settings.rotate.0 - self.now.since(self.since).0).max(0))
    }

    /// Which of `count` things that share a place has its turn.
    #[must_use]
    pub fn turn(&self, count: usize) -> usize {
        let turns = usize::try_from(self.now.since(self.called).0 / TURN.0).unwrap_or(0);
        turns.checked_rem(count).unwrap_or(0)
    }

    /// Whether the band of an alert that fired at `fired` is inverted now.
    #[must_use]
    pub fn is_inverted(&self, fired: Option<Time>) -> bool {
        fired.is_some_and(|fired| {
            let age = self.now.since(fired);
            age < FRESH && age.as_secs() % 2 == 1
        })
    }

    /// What is fine again, the latest first.
    pub fn recovered(&self) -> impl Iterator<Item = &Subject> {
        self.recovered.iter().rev().map(|(subject, _)| subject)
    }

    /// By how many columns and rows the picture is moved.
    #[must_use]
    pub const fn shift(&self) -> (u16, u16) {
        match self.now.0.div_euclid(SHIFT.0) % 4 {
            0 => (0, 0),
            1 => (1, 0),
            2 => (1, 1),
            _ => (0, 1),
        }
    }
}

/// When the centre opens again, if it is closed at `now`: outside of its hours, when nobody waits any more and no alert
/// calls.
#[must_use]
pub fn opens_again(board: &Board, settings: &KioskSettings, now: Time) -> Option<Time> {
    let hours = &settings.hours;
    let is_busy = board.total.waiting > 0 || calling(board).next().is_some();
    if is_busy || hours.iter().any(|hours| hours.contains(now, &board.calendar)) {
        return None;
    }
    hours.iter().filter_map(|hours| hours.next_start(now, &board.calendar)).min()
}

/// The alerts that take over, the worst first: critical ones about figures that nobody has taken. A source that is gone has
/// a band of its own.
pub fn calling(board: &Board) -> impl Iterator<Item = &Episode> {
    let calls = |episode: &&Episode| {
        episode.severity == Severity::Critical && episode.state == State::Firing && episode.source.is_none()
    };
    board.alerts.iter().filter(|episode| episode.inhibited_by.is_none()).filter(calls)
}

#[cfg(test)]
mod tests {
    use KioskPage::{Agents, Now, Today};

    use super::*;
    use crate::ui::sample;

    fn calm() -> Board {
        let mut board = sample::board(3);
        board.alerts = crate::alert::Alerts::default();
        board
    }

    #[test]
    fn pages_that_have_something_to_show_take_turns() {
        let (board, settings) = (calm(), KioskSettings::default());
        let (mut kiosk, start) = (Kiosk::default(), board.at);
        let mut seen = Vec::new();
        for second in 0..100 {
            kiosk.step(start + Span::seconds(second), &board, &settings, |page| page != KioskPage::Queues);
            if seen.last().is_none_or(|(_, page)| *page != kiosk.page) {
                seen.push((second, kiosk.page));
            }
        }
        assert_eq!(seen, [(0, Now), (20, Agents), (40, Today), (60, Now), (80, Agents)]);
    }

    #[test]
    fn a_jump_in_time_does_not_end_the_turn_of_a_page() {
        let (board, settings) = (calm(), KioskSettings::default());
        let mut kiosk = Kiosk::default();
        for now in [Time(0), board.at, board.at + Span::HOUR, board.at] {
            kiosk.step(now, &board, &settings, |_| true);
            assert_eq!((kiosk.page, kiosk.left(&settings)), (Now, settings.rotate), "{now:?}");
        }
    }

    #[test]
    fn an_alert_that_nobody_has_taken_holds_the_wall_on_now() {
        let (mut board, settings) = (sample::board(3), KioskSettings::default());
        let (mut kiosk, start) = (Kiosk::default(), board.at);
        let mut turns = Vec::new();
        for second in 0..60 {
            kiosk.step(start + Span::seconds(second), &board, &settings, |_| true);
            assert_eq!((kiosk.page, kiosk.left(&settings)), (KioskPage::Now, settings.rotate), "{second}");
            turns.push(kiosk.turn(2));
        }
        assert_eq!((turns[0], turns[5], turns[6], turns[11], turns[12]), (0, 0, 1, 1, 0));
        // Taken: the rotation goes on.
        for episode in board.alerts.to_mut() {
            episode.state = State::Acknowledged;
        }
        kiosk.step(start + Span::seconds(79), &board, &settings, |_| true);
        assert_eq!(kiosk.page, KioskPage::Queues);
    }

    #[test]
    fn a_band_inverts_for_ten_seconds_and_then_stands_still() {
        let mut kiosk = Kiosk::default();
        let fired = Time::from_unix(1000);
        let inverted = (0..30).filter(|second| {
            kiosk.now = fired + Span::seconds(*second);
            kiosk.is_inverted(Some(fired))
        });
        assert_eq!(inverted.collect::<Vec<_>>(), [1, 3, 5, 7, 9]);
    }

    #[test]
    fn what_has_ended_is_fine_again_for_a_minute() {
        let (mut board, settings) = (sample::board(3), KioskSettings::default());
        let (mut kiosk, start) = (Kiosk::default(), board.at);
        let mut at = |second: i64, board: &Board| {
            kiosk.step(start + Span::seconds(second), board, &settings, |_| true);
            kiosk.recovered().map(|subject| subject.slice.clone()).collect::<Vec<_>>()
        };
        assert!(at(0, &board).is_empty());
        // Of two alerts of one queue, one ends: it is not fine yet.
        board.alerts.to_mut().remove(0);
        assert!(at(1, &board).is_empty());
        // A hub that is away says nothing about its floor.
        let queue = board.alerts.to_mut().remove(0).slice;
        board.hub = Some(crate::board::HubRow { name: "hub".into(), cut_off: Some(cut_off(start)) });
        assert!(at(2, &board).is_empty());
        board.hub = None;
        let fine = vec![queue];
        assert_eq!(at(3, &board), fine);
        assert_eq!(at(62, &board), fine);
        assert!(at(63, &board).is_empty());
    }

    fn cut_off(since: Time) -> crate::board::CutOff {
        crate::board::CutOff { since, reason: "it is away".into(), next_try: None }
    }

    #[test]
    fn the_picture_moves_every_ten_minutes() {
        let mut kiosk = Kiosk::default();
        let shifts = (0..50).step_by(10).map(|minute| {
            kiosk.now = Time::from_unix(minute * 60);
            kiosk.shift()
        });
        assert_eq!(shifts.collect::<Vec<_>>(), [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]);
    }
}
