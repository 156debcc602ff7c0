//! How many keys the tasks of a supervisor take. What is typed as text counts as one key for each letter; Enter ends it.

use super::*;
use crate::kpi::{Dim, Figure, KpiId, Slice};
use crate::ui::queries;
use crate::ui::state::{Overlay, Page, Panel};

/// A fresh screen after these keys, and what the last of them caused.
fn after(keys: &str, most: usize) -> (TestScreen, Option<Effect>) {
    assert!(keys.split_whitespace().count() <= most, "{keys} are more than {most}");
    let mut screen = TestScreen::new(sample::board(60));
    let effect = screen.press(keys);
    (screen, effect)
}

#[test]
fn the_worst_queue_and_why_takes_one() {
    let (screen, _) = after("w", 1);
    assert!(
        matches!(&screen.ui.overlay, Some(Overlay::Why { slice, .. }) if slice.get(Dim::Queue).unwrap().as_str() == "outages")
    );
}

#[test]
fn an_acknowledgement_with_a_note_takes_two_and_the_text() {
    let (mut screen, effect) = after("a", 1);
    let taken = alert_commands(effect);
    let noted = alert_commands(screen.press("n o n <space> i t <enter>"));
    assert_eq!((noted[0].episode, &noted[0].act), (taken[0].episode, &AlertAction::Note("on it".into())));
}

#[test]
fn an_agent_by_name_takes_five() {
    let (screen, _) = after(": a n n <enter>", 5);
    assert_eq!((screen.ui.page(), screen.ui.slice().to_string().as_str()), (Page::Agent, "agent0"));
}

#[test]
fn who_has_waited_longest_takes_one() {
    let (screen, _) = after("8", 2);
    let longest = screen.board.waiting.iter().min_by_key(|row| row.since).unwrap();
    assert_eq!(screen.ui.lists[&Panel::Live].current(), Some(&longest.contact));
}

#[test]
fn an_intent_that_explodes_takes_one() {
    let (mut screen, _) = after("3", 1);
    // In the last hour, cancellations are twenty times what they are otherwise.
    let query = queries::last_hour(&screen.ui, &Slice::TOTAL, Dim::Intent);
    let mut answer = sample::answer(&query, &screen.board);
    for row in answer.rows.iter_mut().filter(|row| row.key.get(Dim::Intent).unwrap().as_str() == "cancellation") {
        let usual = row.figures[0].value.unwrap();
        row.figures = vec![Figure::gauge(20.0 * usual.max(5.0), 1)];
    }
    assert_eq!(query.kpis, [KpiId::Offered]);
    screen.answers.store(&Question::Figures(query), Reply::Figures(Box::new(answer)), Instant::now());
    let orders = view::orders(screen.ctx(Palette::Terminal, Depth::True));
    screen.ui.lists.extend(orders);
    assert_eq!(screen.ui.lists[&Panel::Intents].current().unwrap().as_str(), "cancellation");
    for size in SIZES {
        let text = screen.text(size);
        let row = text.lines().find(|line| line.contains("cancellation")).unwrap();
        assert!(row.starts_with("▸") && row.contains("×"), "{text}");
    }
}

#[test]
fn resolution_this_week_against_the_last_takes_one() {
    let (mut screen, _) = after("6", 1);
    for size in SIZES {
        screen.resize(size);
        let text = screen.text(size);
        assert!(text.contains("FCR") && text.contains("Week so far") && text.contains("last"), "{text}");
    }
}

#[test]
fn an_intent_that_is_bad_says_what_makes_it_so() {
    let (screen, _) = after("3", 1);
    for size in SIZES {
        let text = screen.text(size);
        assert!(!text.contains("‼ CRIT") && text.contains("‼ "), "{text}");
    }
}

#[test]
fn on_a_screen_for_passers_by_only_the_pages_and_the_window_have_keys() {
    use crate::ui::changing::keymap;
    use crate::ui::settings::KeyLock;
    let mut wall = TestScreen::new(sample::board(60));
    wall.settings.lock = KeyLock::View;
    wall.keymap = keymap(&wall.settings).unwrap();
    wall.press("3 t");
    assert_eq!((wall.ui.page(), wall.ui.window), (Page::Intents, Window::H1));
    assert_eq!(wall.press("a A q x e : / w"), None);
    assert!(wall.ui.prompt.is_none() && wall.ui.overlay.is_none());
    wall.settings.kiosk.only = true;
    assert_eq!(keymap(&wall.settings).unwrap().keys(crate::ui::action::Action::Quit), [] as [String; 0]);
}

#[test]
fn a_hand_over_and_today_by_queue_take_one_each() {
    assert_eq!(after("x", 1).1, Some(Effect::HandOver));
    assert_eq!(after("E", 1).1, Some(Effect::ExportDay));
}

#[test]
fn a_key_that_does_nothing_says_so() {
    let says = |keys: &str, words: &str| {
        let mut screen = TestScreen::new(sample::board(60));
        screen.press(keys);
        let toast = screen.ui.toast.map(|toast| toast.text).unwrap_or_default();
        assert!(toast.contains(words), "{keys}: {toast}");
    };
    says("Z", "Z does nothing here; H lists the keys");
    says("5 <tab> <tab> <enter>", "there is nothing further to go into here");
    says("<esc>", "this is the first page");
    says("4 <tab>", "this page has one list");
    says("<tab> <tab> s", "no columns to sort by");
    says(".", "only a replay can be steered");
    let mut wall = TestScreen::new(sample::board(60));
    wall.keymap = Keymap::new(&std::collections::BTreeMap::new()).unwrap().only(&[]);
    wall.press("Z");
    assert_eq!(wall.ui.toast, None, "a screen in public has no keys to speak of");
}

#[test]
fn one_key_for_all_alerts_of_a_queue_says_how_many_and_which() {
    let mut screen = TestScreen::new(sample::board(60));
    assert!(screen.text(SIZES[2]).contains("A all 2"), "{}", screen.text(SIZES[2]));
    let commands = alert_commands(screen.press("A"));
    let find = |id: u64| screen.board.alerts.iter().find(|e| e.id == id).unwrap().clone();
    let done = |command: AlertCommand| {
        let kept = CommandOutcome::Episode(Box::new(find(command.episode)));
        (FloorCommand::Alert(command), Ok(kept))
    };
    let results: Vec<_> = commands.into_iter().map(done).collect();
    let words = crate::ui::confirm::confirmation(screen.ctx(Palette::Terminal, Depth::True), &results);
    assert_eq!(words.unwrap().0, "acknowledged 2: Outages: longest wait, hung up");
}

#[test]
fn the_footer_names_what_enter_opens() {
    for (keys, words) in [
        ("1", "enter go in"),
        ("4", "enter this agent"),
        ("3", "enter who handles it"),
        ("8", "enter its queue or agent"),
        ("c", "enter done"),
    ] {
        let (screen, _) = after(keys, 1);
        assert!(screen.text(SIZES[1]).contains(words), "{}", screen.text(SIZES[1]));
    }
    let (mut screen, _) = after("5", 1);
    screen.press("<tab> <tab>");
    assert!(!screen.text(SIZES[1]).contains("  enter "), "nothing is inside");
}

#[test]
fn the_hint_of_the_first_start_leaves_with_the_first_key() {
    let mut screen = TestScreen::new(sample::board(60));
    screen.ui.hint = true;
    for (size, name) in SIZES.into_iter().zip(["80x24", "120x35", "200x50"]) {
        let text = screen.text(size);
        assert!(text.contains("H lists all keys") && text.contains("Outages: longest wait"), "{text}");
        insta::assert_snapshot!(format!("hint-{name}"), text);
    }
    let key = KeyEvent::new(KeyCode::Char('3'), KeyModifiers::NONE);
    let (board, drawn) = (Arc::clone(&screen.board), screen.drawn.borrow().clone());
    let input = super::super::input::UserInput::Key { key, first: true };
    screen.ui.handle_input(&input, &screen.keymap, &board, &drawn);
    assert!(!screen.ui.hint && screen.ui.page() == Page::Intents, "and the key does what it does");
}

#[test]
fn a_box_and_the_keys_mean_the_same_alert() {
    // Three alerts stand about outages; `w` explains the one that `a` takes, also when the column of a figure is chosen.
    for keys in ["w", "<right> <right> <right> w", "<tab> w", "5 <down> w"] {
        let mut screen = TestScreen::new(sample::board(60));
        screen.press(keys);
        let explained = match &screen.ui.overlay {
            Some(Overlay::Why { episode: Some(episode), .. }) => *episode,
            other => panic!("{keys}: {other:?}"),
        };
        let taken = alert_commands(screen.press("a"));
        assert_eq!(taken[0].episode, explained, "{keys}");
        screen.press("<esc>");
        let taken = alert_commands(screen.press("a"));
        assert_eq!(taken[0].episode, explained, "{keys}, without the box");
    }
}

#[test]
fn going_elsewhere_closes_the_box() {
    for way in ["c", "6", "3", "8"] {
        for opened in ["w", "?", "S", "H"] {
            let mut screen = TestScreen::new(sample::board(60));
            screen.press(&format!("{opened} {way}"));
            assert_eq!((&screen.ui.overlay, screen.ui.page() == Page::Overview), (&None, false), "{opened} {way}");
        }
    }
}
