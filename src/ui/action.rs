//! The table of all actions: name, keys, help. The key map, the footer, the help page and the docs are made from it.

use std::collections::BTreeMap;

use crate::language::{self, text};
use crate::text::suggest::nearest;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use rustc_hash::FxHashMap;

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
    pub fn heading(self) -> &'static str {
        match self {
            Self::Anywhere => text!("help-group-anywhere"),
            Self::Lists => text!("help-group-lists"),
            Self::Trends => text!("help-group-trends"),
            Self::Alerts => text!("help-group-alerts"),
            Self::Replay => text!("help-group-replay"),
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
    /// Where the action applies.
    pub group: ActionGroup,
    /// Whether the key counts only when it came alone, because the action changes something for others or cannot be
    /// undone.
    pub alone: bool,
}

macro_rules! actions {
    ($($action:ident $name:literal [$($key:literal),*] $group:ident $($alone:ident)?;)*) => {
        /// Something a key can do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the table says what each does")]
        pub enum Action { $($action),* }

        /// Every action, in the order of the help page.
        pub const ACTIONS: &[ActionInfo] = &[$(ActionInfo {
            action: Action::$action, name: $name, keys: &[$($key),*], group: ActionGroup::$group,
            alone: $(stringify!($alone).len() > 0 ||)? false,
        }),*];
    };
}

actions! {
    Overview "overview" ["1"] Anywhere;
    Queue "queue" ["2"] Anywhere;
    Intents "intents" ["3"] Anywhere;
    Agents "agents" ["4"] Anywhere;
    Alerts "alerts" ["5"] Anywhere;
    Trends "trends" ["6"] Anywhere;
    Kiosk "kiosk" ["7"] Anywhere;
    Live "live" ["8"] Anywhere;
    Callback "callback" ["c"] Anywhere;
    Window "window" ["t"] Anywhere;
    WindowBack "window-back" ["T"] Anywhere;
    Formula "formula" ["f"] Anywhere;
    Explain "explain" ["?", "f1"] Anywhere;
    Why "why" ["w"] Anywhere;
    Sources "sources" ["S"] Anywhere;
    Freeze "freeze" ["space"] Anywhere alone;
    Export "export" ["e"] Anywhere alone;
    ExportDay "export-day" ["E"] Anywhere alone;
    HandOver "hand-over" ["x"] Anywhere alone;
    Locator "locator" ["y"] Anywhere alone;
    Command "command" [":"] Anywhere;
    Help "help" ["H", "f2"] Anywhere;
    Theme "theme" ["C"] Anywhere;
    Mouse "mouse" ["m"] Anywhere;
    Redraw "redraw" ["ctrl-l"] Anywhere;
    Suspend "suspend" ["ctrl-z"] Anywhere alone;
    Quit "quit" ["q", "ctrl-c"] Anywhere alone;

    Up "up" ["up", "k"] Lists;
    Down "down" ["down", "j"] Lists;
    Left "left" ["left", "h"] Lists;
    Right "right" ["right", "l"] Lists;
    PageUp "page-up" ["pgup", "ctrl-b"] Lists;
    PageDown "page-down" ["pgdn", "ctrl-f"] Lists;
    First "first" ["home", "g"] Lists;
    Last "last" ["end", "G"] Lists;
    NextPanel "next-panel" ["tab"] Lists;
    PreviousPanel "previous-panel" ["backtab"] Lists;
    Enter "enter" ["enter"] Lists;
    Back "back" ["esc", "backspace"] Lists;
    Filter "filter" ["/"] Lists;
    Sort "sort" ["s"] Lists;

    Compare "compare" ["d"] Trends;

    Acknowledge "acknowledge" ["a"] Alerts alone;
    AcknowledgeAll "acknowledge-group" ["A"] Alerts alone;
    Note "note" ["n"] Alerts alone;
    Undo "undo" ["u"] Alerts alone;
    Snooze "snooze" ["z"] Alerts alone;

    Step "step" ["."] Replay alone;
    Slower "slower" [",", "<"] Replay alone;
    Faster "faster" [">"] Replay alone;
}

impl Action {
    /// The line of the action in the table.
    #[must_use]
    pub fn entry(self) -> &'static ActionInfo {
        #[expect(clippy::indexing_slicing, reason = "enum and table are written by one macro, in one order")]
        &ACTIONS[self as usize]
    }

    /// Its word for the footer; empty for one that stands on the help page alone.
    #[must_use]
    pub fn word(self) -> &'static str {
        language::find("action", self.entry().name).unwrap_or_default()
    }

    /// Its line on the help page.
    #[must_use]
    pub fn help(self) -> &'static str {
        language::keyed("help", self.entry().name)
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

    /// The same keys, but only those of some actions.
    #[must_use]
    pub fn only(mut self, kept: &[Action]) -> Self {
        self.actions.retain(|_, of| kept.contains(of));
        self.names.retain(|of, _| kept.contains(of));
        self
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
