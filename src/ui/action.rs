//! The table of all actions: name, keys, help. The key map, the footer, the help page and the docs are made from it.

use std::collections::BTreeMap;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use rustc_hash::FxHashMap;

use crate::text::suggest::nearest;

/// Where an action applies. The help page has a section for each group; the footer shows the groups that apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionGroup {
    /// On every page.
    Anywhere,
    /// In a list.
    Lists,
    /// On the page of trends.
    Trends,
    /// Where an alert is selected.
    Alerts,
    /// In a replay only.
    Replay,
}

impl ActionGroup {
    /// The heading of the group on the help page.
    #[must_use]
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Anywhere => "Everywhere",
            Self::Lists => "Lists and drilling",
            Self::Trends => {
                "Trends (there ← and → move in time, ↑ and ↓ choose the queue, tab the figures, t the time)"
            }
            Self::Alerts => "Alerts",
            Self::Replay => "Replay",
        }
    }

    /// All groups, in the order of the help page.
    pub const ALL: [Self; 5] = [Self::Anywhere, Self::Lists, Self::Trends, Self::Alerts, Self::Replay];
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct ActionInfo {
    /// The action.
    pub action: Action,
    /// The name in the configuration and at the `:` prompt.
    pub name: &'static str,
    /// The default keys.
    pub keys: &'static [&'static str],
    /// The label in the footer; empty if the footer doesn't show the action.
    pub word: &'static str,
    /// What the action does, for the help page.
    pub help: &'static str,
    /// Where the action applies.
    pub group: ActionGroup,
    /// Whether the key counts only when it came alone, because the action changes something for others or cannot be
    /// undone.
    pub alone: bool,
}

macro_rules! actions {
    ($($action:ident $name:literal [$($key:literal),*] $word:literal $group:ident $($alone:ident)? $help:literal;)*) => {
        /// Something a key can do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the table says what each does")]
        pub enum Action { $($action),* }

        /// Every action, in the order of the help page.
        pub const ACTIONS: &[ActionInfo] = &[$(ActionInfo {
            action: Action::$action, name: $name, keys: &[$($key),*], word: $word, help: $help, group: ActionGroup::$group,
            alone: $(stringify!($alone).len() > 0 ||)? false,
        }),*];
    };
}

actions! {
    Overview "overview" ["1"] "" Anywhere "This minute, queues and alerts at a glance";
    Queue "queue" ["2"] "" Anywhere "One queue: who waits, who serves, what about";
    Intents "intents" ["3"] "" Anywhere "What contacts are about, and how well each is handled";
    Agents "agents" ["4"] "" Anywhere "Who is doing what, and for how long";
    Alerts "alerts" ["5"] "" Anywhere "Active, acknowledged and past alerts";
    Trends "trends" ["6"] "" Anywhere "The day, week or month against the one before, and what was expected";
    Kiosk "kiosk" ["7"] "" Anywhere "The wall: large figures to read across the room, page after page";
    Live "live" ["8"] "" Anywhere "Who waits, rings, talks, is held: the longest first, then written contacts";
    Callback "callback" ["c"] "call back" Anywhere "The contacts that hung up: the list to call back";
    Window "window" ["t"] "window" Anywhere "The next window of time";
    WindowBack "window-back" ["T"] "" Anywhere "The window of time before";
    Formula "formula" ["f"] "formula" Anywhere "The next of the six service-level formulas";
    Explain "explain" ["?", "f1"] "what is it" Anywhere "What the selected number means: formula, parts, samples, age";
    Why "why" ["w"] "why" Anywhere "Why it is red: what the rule saw, and who pulls it down";
    Sources "sources" ["S"] "sources" Anywhere "Where the data comes from: each source, how it does, and what to do";
    Freeze "freeze" ["space"] "freeze" Anywhere alone "Hold the screen still, or let go (a replay pauses)";
    Export "export" ["e"] "export" Anywhere alone "Write what is seen to CSV and JSON files";
    ExportDay "export-day" ["E"] "" Anywhere alone "Write today's figures of every queue to CSV and JSON files";
    HandOver "hand-over" ["x"] "" Anywhere alone "Write the hand-over of the shift to Markdown and HTML files";
    Locator "locator" ["y"] "" Anywhere alone "Copy the command that opens this very view elsewhere";
    Command "command" [":"] "go to" Anywhere "Go to a page, queue, intent, team, agent or alert by its name, or do what a key does";
    Help "help" ["H", "f2"] "help" Anywhere "This page";
    Theme "theme" ["C"] "" Anywhere "The next theme: auto, dark, light, high-contrast, colour-blind, terminal, own";
    Mouse "mouse" ["m"] "" Anywhere "Mouse on or off (on: wheel and click; off: the terminal's own select and copy)";
    Redraw "redraw" ["ctrl-l"] "" Anywhere "Draw the whole screen anew";
    Suspend "suspend" ["ctrl-z"] "" Anywhere alone "Back to the shell; fg returns";
    Quit "quit" ["q", "ctrl-c"] "quit" Anywhere alone "Leave";

    Up "up" ["up", "k"] "" Lists "The row above";
    Down "down" ["down", "j"] "" Lists "The row below";
    Left "left" ["left", "h"] "" Lists "The column, or tile, to the left";
    Right "right" ["right", "l"] "" Lists "The column, or tile, to the right";
    PageUp "page-up" ["pgup", "ctrl-b"] "" Lists "A screenful up";
    PageDown "page-down" ["pgdn", "ctrl-f"] "" Lists "A screenful down";
    First "first" ["home", "g"] "" Lists "The first row";
    Last "last" ["end", "G"] "" Lists "The last row";
    NextPanel "next-panel" ["tab"] "panel" Lists "The next panel";
    PreviousPanel "previous-panel" ["backtab"] "" Lists "The panel before";
    Enter "enter" ["enter"] "go in" Lists "Go in: queue, intent, agent, contacts";
    Back "back" ["esc", "backspace"] "back" Lists "Come back one step";
    Filter "filter" ["/"] "filter" Lists "Show only rows that hold a word";
    Sort "sort" ["s"] "sort" Lists "Sort by the selected column; again: the other way; again: worst first";

    Compare "compare" ["d"] "compare" Trends "Compare with last week, yesterday, the four weeks before, or nothing";

    Acknowledge "acknowledge" ["a"] "ack" Alerts alone "Acknowledge the selected alert, or else the worst new one";
    AcknowledgeAll "acknowledge-group" ["A"] "ack group" Alerts alone "Acknowledge every alert of the same queue or source";
    Note "note" ["n"] "note" Alerts alone "Add a note to it";
    Undo "undo" ["u"] "undo" Alerts alone "Undo an acknowledgement or snooze";
    Snooze "snooze" ["z"] "snooze" Alerts alone "Snooze it for 5, 15, 30 or 60 minutes (zz: 15)";

    Step "step" ["."] "step" Replay alone "One minute on while it stands still";
    Slower "slower" [",", "<"] "slower" Replay alone "Half as fast";
    Faster "faster" [">"] "faster" Replay alone "Twice as fast";
}

impl Action {
    /// The line of the action in the table.
    #[must_use]
    pub fn entry(self) -> &'static ActionInfo {
        #[expect(clippy::indexing_slicing, reason = "enum and table are written by one macro, in one order")]
        &ACTIONS[self as usize]
    }
}

/// A key, as the configuration writes it: `q`, `ctrl-l`, `pgup`, `space`, `f1`.
type Press = (KeyCode, KeyModifiers);

/// What is wrong with `ui.keys` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No action has this name; holds the name and a suggestion.
    #[error("`ui.keys`: no action is called `{0}`{1}; the help page (H) names them all")]
    Action(String, String),
    /// The text names no key; holds the action and the text.
    #[error("`ui.keys.{0}`: `{1}` is no key; write a character, or ctrl-x, alt-x, enter, esc, tab, space, pgup, f1 …")]
    Key(String, String),
    /// One key is given to two actions; holds the key and both actions.
    #[error("`ui.keys`: `{0}` is the key of both `{1}` and `{2}`; give one of them another")]
    Twice(String, String, String),
}

/// Which key does what.
#[derive(Clone, Debug)]
pub struct Keymap {
    actions: FxHashMap<Press, Action>,
    names: FxHashMap<Action, Vec<String>>,
}

impl Keymap {
    /// The default keys, overridden by `own`: action name → keys. An empty list removes the keys of an action.
    ///
    /// # Errors
    /// If an action or a key is unknown, or one key is given to two actions.
    pub fn new(own: &BTreeMap<String, Vec<String>>) -> Result<Self, KeyError> {
        for name in own.keys() {
            if !ACTIONS.iter().any(|entry| entry.name == name) {
                let hint = nearest(name, ACTIONS.iter().map(|entry| entry.name))
                    .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                return Err(KeyError::Action(name.clone(), hint));
            }
        }
        let mut map = Self { actions: FxHashMap::default(), names: FxHashMap::default() };
        let mut taken: FxHashMap<Press, &'static str> = FxHashMap::default();
        // The keys of the configuration come first: the action that has such a key by default loses it.
        for entry in ACTIONS.iter().filter(|e| own.contains_key(e.name)) {
            for key in own.get(entry.name).into_iter().flatten() {
                let press = parse(key).ok_or_else(|| KeyError::Key(entry.name.to_owned(), key.clone()))?;
                if let Some(other) = taken.insert(press, entry.name) {
                    return Err(KeyError::Twice(key.clone(), other.to_owned(), entry.name.to_owned()));
                }
                map.bind(press, key, entry.action);
            }
        }
        for entry in ACTIONS.iter().filter(|e| !own.contains_key(e.name)) {
            for key in entry.keys {
                let Some(press) = parse(key) else { continue };
                if !taken.contains_key(&press) {
                    map.bind(press, key, entry.action);
                }
            }
        }
        Ok(map)
    }

    /// The same keys, but only those of one action.
    #[must_use]
    pub fn only(mut self, action: Action) -> Self {
        self.actions.retain(|_, of| *of == action);
        self.names.retain(|of, _| *of == action);
        self
    }

    /// A map without keys, for a screen in public.
    #[must_use]
    pub fn locked() -> Self {
        Self { actions: FxHashMap::default(), names: FxHashMap::default() }
    }

    fn bind(&mut self, press: Press, key: &str, action: Action) {
        self.actions.insert(press, action);
        self.names.entry(action).or_default().push(key.to_owned());
    }

    /// The action of a key.
    #[must_use]
    pub fn action(&self, key: &KeyEvent) -> Option<Action> {
        // The character already includes Shift; terminals differ on whether they also report it.
        let modifiers = key.modifiers - KeyModifiers::SHIFT;
        self.actions.get(&(key.code, modifiers)).copied()
    }

    /// The keys of an action, as the configuration writes them.
    #[must_use]
    pub fn keys(&self, action: Action) -> &[String] {
        self.names.get(&action).map_or(&[], Vec::as_slice)
    }

    /// The first key of an action.
    #[must_use]
    pub fn key(&self, action: Action) -> Option<&str> {
        self.keys(action).first().map(String::as_str)
    }
}

fn parse(text: &str) -> Option<Press> {
    if let Some(rest) = text.strip_prefix("ctrl-") {
        return parse(rest).map(|(code, m)| (code, m | KeyModifiers::CONTROL));
    }
    if let Some(rest) = text.strip_prefix("alt-") {
        return parse(rest).map(|(code, m)| (code, m | KeyModifiers::ALT));
    }
    let mut chars = text.chars();
    if let (Some(only), None) = (chars.next(), chars.next()) {
        return Some((KeyCode::Char(only), KeyModifiers::NONE));
    }
    let code = match text {
        "space" => KeyCode::Char(' '),
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "backtab" => KeyCode::BackTab,
        "backspace" => KeyCode::Backspace,
        "delete" => KeyCode::Delete,
        "insert" => KeyCode::Insert,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "pgup" => KeyCode::PageUp,
        "pgdn" => KeyCode::PageDown,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        _ => KeyCode::F(text.strip_prefix('f')?.parse().ok().filter(|n| (1..=24).contains(n))?),
    };
    Some((code, KeyModifiers::NONE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(name: &str, keys: &[&str]) -> BTreeMap<String, Vec<String>> {
        BTreeMap::from([(name.to_owned(), keys.iter().map(|k| (*k).to_owned()).collect())])
    }

    #[test]
    fn the_table_is_in_order_and_no_key_is_given_twice() {
        let mut seen = FxHashMap::default();
        for (at, entry) in ACTIONS.iter().enumerate() {
            assert_eq!(entry.action as usize, at);
            for key in entry.keys {
                assert!(parse(key).is_some(), "{key}");
                assert_eq!(seen.insert(*key, entry.name), None, "{key}");
            }
        }
    }

    #[test]
    fn the_configuration_moves_keys() {
        let map = Keymap::new(&own("freeze", &["t"])).unwrap();
        let t = KeyEvent::new(KeyCode::Char('t'), KeyModifiers::NONE);
        assert_eq!(map.action(&t), Some(Action::Freeze));
        assert!(map.keys(Action::Window).is_empty());
    }

    #[test]
    fn mistakes_are_named() {
        let error = Keymap::new(&own("freese", &["t"])).unwrap_err().to_string();
        assert!(error.contains("did you mean `freeze`"), "{error}");
        assert!(Keymap::new(&own("freeze", &["hyper-t"])).unwrap_err().to_string().contains("hyper-t"));
    }

    #[test]
    fn capital_letters_come_with_and_without_shift() {
        let map = Keymap::new(&BTreeMap::new()).unwrap();
        for modifiers in [KeyModifiers::NONE, KeyModifiers::SHIFT] {
            assert_eq!(map.action(&KeyEvent::new(KeyCode::Char('A'), modifiers)), Some(Action::AcknowledgeAll));
        }
    }
}
