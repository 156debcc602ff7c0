//! Going anywhere: what the `:` prompt suggestions, and the locator of a view.

use super::*;
use crate::kpi::{Dim, Slice};
use crate::ui::going;
use crate::ui::prompt::{Prompt, PromptKind};
use crate::ui::state::{Page, Panel};
use crate::ui::theme::Tone;
use crate::ui::views::ViewsChange;

/// The names offered for a text.
fn offered(screen: &mut TestScreen, text: &str) -> Vec<String> {
    screen.press(":");
    for c in text.chars() {
        screen.press(if c == ' ' { "<space>".to_owned() } else { c.to_string() }.as_str());
    }
    let prompt = screen.ui.prompt.take().unwrap();
    prompt.suggestions.list.into_iter().map(|offer| format!("{} {}", offer.kind, offer.name)).collect()
}

fn here(screen: &TestScreen) -> (Page, Slice) {
    (screen.ui.page(), screen.ui.slice().clone())
}

#[test]
fn names_that_begin_with_the_text_come_before_those_in_which_a_word_does() {
    let mut screen = TestScreen::new(sample::board(60));
    let ann = offered(&mut screen, "ann");
    assert_eq!(ann[0], "agent Ann Abel", "{ann:?}");
    let home = offered(&mut screen, "HOME");
    assert_eq!(home[0], "queue Moving home", "a word of it: {home:?}");
    let bill = offered(&mut screen, "bill");
    assert_eq!(bill[..2], ["queue Billing", "intent bill too high"], "{bill:?}");
    assert_eq!(offered(&mut screen, "ack")[..2], ["command acknowledge", "command acknowledge-group"]);
    assert_eq!(offered(&mut screen, "ntrdngs")[..], [] as [String; 0]);
    assert_eq!(offered(&mut screen, "mtrdngs"), ["queue Meter readings"], "its letters in this order");
    assert_eq!(offered(&mut screen, "a").len(), 8, "no more than are drawn");
    assert!(offered(&mut screen, "").iter().all(|offer| offer.starts_with("page ") || offer.starts_with("queue ")));
}

#[test]
fn what_is_offered_is_gone_to() {
    let mut screen = TestScreen::new(sample::board(60));
    screen.press(": b i l l <enter>");
    assert_eq!(here(&screen), (Page::Queue, Slice::of(Dim::Queue, "billing".into())));
    screen.press(": b i l l <tab> <enter>");
    assert_eq!(here(&screen), (Page::Intents, Slice::TOTAL));
    assert_eq!(screen.ui.lists[&Panel::Intents].current().unwrap().as_str(), "bill too high");
    screen.press(": i n t e <enter>");
    assert_eq!(here(&screen).0, Page::Intents);
    screen.press(": o u t a g e s : <down> <enter>");
    assert_eq!((here(&screen).0, screen.ui.focus()), (Page::Alerts, Panel::Active));
    screen.press(": n o r t h <enter>");
    assert_eq!(here(&screen), (Page::Agents, Slice::of(Dim::Team, "North".into())), "{}", screen.text(SIZES[1]));
    screen.press(": <esc>");
    assert!(screen.ui.prompt.is_none());
}

#[test]
fn a_command_that_is_typed_whole_is_what_enter_does() {
    let mut screen = TestScreen::new(sample::board(60));
    screen.press(": w i n d o w <space> 1 h <enter>");
    assert_eq!(screen.ui.window, Window::H1);
    screen.press(": a g e n t s <enter>");
    assert_eq!(here(&screen).0, Page::Agents);
    screen.press(": q u e u e / s o l a r ? w i n d o w = 7 d <enter>");
    assert_eq!(here(&screen), (Page::Queue, Slice::of(Dim::Queue, "solar".into())));
    assert_eq!(screen.ui.window, Window::D7);
    screen.press(": q u e u e / s o l a r ? w n d o w = 7 d <enter>");
    assert!(screen.text(SIZES[1]).contains("did you mean `window`?"), "{}", screen.text(SIZES[1]));
    screen.press(": a g n e t s <enter>");
    assert!(screen.text(SIZES[1]).contains("did you mean `agents`?"), "{}", screen.text(SIZES[1]));
}

#[test]
fn a_command_without_its_word_asks_for_it() {
    let mut screen = TestScreen::new(sample::board(60));
    for (typed, command, asks) in
        [(": a n n o t", "annotate ", "what happened?"), (": s a v e", "save ", "needs a name")]
    {
        screen.press(typed);
        screen.press("<enter>");
        let prompt = screen.ui.prompt.as_ref().unwrap();
        assert_eq!(prompt.input.value(), command);
        assert!(screen.text(SIZES[1]).lines().last().unwrap().contains(asks), "{}", screen.text(SIZES[1]));
        screen.press("<esc>");
    }
}

#[test]
fn what_changes_something_for_others_is_taken_from_a_lone_enter_only() {
    let mut screen = TestScreen::new(sample::board(60));
    screen.press(": a c k");
    let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
    let (board, drawn) = (Arc::clone(&screen.board), screen.drawn.borrow().clone());
    let pasted = super::super::input::UserInput::Key { key: enter, first: false };
    assert_eq!(screen.ui.handle_input(&pasted, &screen.keymap, &board, &drawn), None);
    assert!(screen.ui.prompt.is_some(), "nothing is done");
    assert!(matches!(screen.press("<enter>"), Some(Effect::Execute(commands)) if commands.len() == 1));
}

#[test]
fn the_offers_are_drawn_above_the_prompt() {
    let mut screen = TestScreen::new(sample::board(60));
    screen.press(": b i l l");
    for (size, name) in [(SIZES[0], "80x24"), (SIZES[1], "120x35")] {
        insta::assert_snapshot!(format!("suggestions-{name}"), screen.text(size));
    }
}

#[test]
fn a_filter_that_leaves_nothing_says_so_and_the_title_counts_what_is_left() {
    let mut screen = TestScreen::new(sample::board(60));
    screen.press("/ m <enter>");
    assert!(screen.text(SIZES[1]).contains("Queues 6 of 10"), "{}", screen.text(SIZES[1]));
    screen.press("<esc> / z z z <enter>");
    let text = screen.text(SIZES[1]);
    assert!(text.contains("no queue matches \"zzz\"; esc clears") && text.contains("Queues 0 of 10"), "{text}");
    for (keys, noun) in [("3", "intent"), ("4", "agent"), ("5", "alert"), ("c", "item")] {
        screen.press(keys);
        screen.press("/ z z z <enter>");
        let text = screen.text(SIZES[1]);
        assert!(text.contains(&format!("no {noun} matches \"zzz\"")) && text.contains("0 of "), "{text}");
    }
}

#[test]
fn a_locator_opens_the_very_view_that_was_copied() {
    let mut screen = TestScreen::new(sample::board(60));
    screen.press("<down> <down> <enter> <tab> <right> <right> <right> s t / a <enter> <down>");
    let text = screen.text(SIZES[2]);
    let Some(Effect::Copy(command)) = screen.press("y") else { panic!("nothing is copied") };
    let locator = command.strip_prefix("floorwatch --at '").and_then(|rest| rest.strip_suffix('\'')).unwrap();
    assert!(locator.starts_with("queue/") && locator.contains("&panel=serving&sort=-state_s&row="), "{locator}");
    assert!(screen.text(SIZES[2]).contains(&format!("copied: {command}")));
    let mut elsewhere = TestScreen::new(sample::board(60));
    elsewhere.ui.go(going::read(locator).unwrap());
    elsewhere.answer();
    assert_eq!(elsewhere.text(SIZES[2]), text);
    assert_eq!(elsewhere.ui.locator().to_string(), locator);
}

#[test]
fn a_column_that_the_list_lacks_is_named() {
    let error = going::read("agents?sort=-handld").unwrap_err().to_string();
    assert_eq!(error, "no column of this list is called `handld`; did you mean `handled`?");
}

#[test]
fn one_key_shows_who_has_waited_longest_and_how_long_is_left() {
    let mut screen = TestScreen::new(sample::board(60));
    screen.press("8");
    let text = screen.text(SIZES[1]);
    let row = |n: usize| text.lines().nth(4 + n).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    // The limit is 2:00, and critical is 5:00: 5:41 have passed.
    assert!(row(0).starts_with("▸ ▸ ringing 5:41 ‼-3:41 Outages"), "{text}");
    assert!(row(1).starts_with("○ waiting 5:27 ‼-3:27 Outages all busy"), "{text}");
    assert!(row(2).starts_with("○ waiting 5:13 ‼-3:13 Billing 2 free"), "{text}");
    assert!(text.contains("22 waiting · 1 ringing · "), "{text}");
    screen.press("<enter>");
    assert_eq!(here(&screen), (Page::Queue, Slice::of(Dim::Queue, "outages".into())));
    screen.press("8 / o n <space> h o l d <enter> <enter>");
    assert!(here(&screen).0 == Page::Agent && here(&screen).1.get(Dim::Agent).is_some(), "who has it");
}

#[test]
fn until_the_floor_answers_the_board_says_who_waits() {
    let mut screen = TestScreen::new(sample::board(60));
    screen.ui.open(Page::Live);
    let orders = view::orders(screen.ctx(Palette::Terminal, Depth::True));
    screen.ui.lists.extend(orders);
    let text = screen.text(SIZES[1]);
    assert!(text.contains("Live contacts 23") && text.contains("22 waiting · 1 ringing"), "{text}");
}

#[test]
fn five_keys_show_one_agent_beside_the_team_and_no_rank() {
    let mut screen = TestScreen::new(sample::board(60));
    screen.press(": a n n <enter>");
    assert_eq!(here(&screen), (Page::Agent, Slice::of(Dim::Agent, "agent0".into())));
    let text = screen.text(SIZES[1]);
    for words in
        ["The shift so far", "since 08:02", "= paused 17:00 (coffee 17:00)", "Beside the team North", "Contacts"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("NPS") && text.contains("Overview ▸ Agents ▸ Ann Abel"), "{text}");
    screen.press("<esc>");
    assert_eq!(here(&screen), (Page::Agents, Slice::TOTAL));
    screen.press("<enter>");
    assert_eq!(here(&screen).0, Page::Agent);
}

#[test]
fn a_locator_of_a_queue_that_is_not_on_the_board_shows_no_sums_of_all_queues() {
    let mut screen = TestScreen::new(sample::board(20));
    screen.ui.go(going::read("queue/nope").unwrap());
    screen.answer();
    let text = screen.text(SIZES[0]);
    assert!(text.contains("nope  not on the board: no source has told of this queue"), "{text}");
    assert!(!text.contains("All queues"), "{text}");
}

/// What a command does, typed whole.
fn command(screen: &mut TestScreen, line: &str) -> Option<Effect> {
    screen.ui.prompt = Some(Prompt::new(PromptKind::Command, line));
    screen.answer();
    screen.press("<enter>")
}

#[test]
fn a_saved_view_is_opened_by_its_name_and_forgotten() {
    let mut screen = TestScreen::new(sample::board(60));
    screen.press("1 <down> <enter> t");
    let there = here(&screen);
    let line = screen.ui.locator().to_string();
    let saved = command(&mut screen, "save early shift");
    assert_eq!(saved, Some(Effect::Views(ViewsChange::Save("early shift".to_owned(), line.clone()))));
    screen.ui.views = [("early shift".to_owned(), line)].into();
    for open in [": e a r l y <enter>", ": v i e w <space> e a r l y <space> s h i f t <enter>"] {
        screen.press("1 5");
        screen.press(open);
        assert_eq!(here(&screen), there, "{open}");
    }
    assert_eq!(offered(&mut screen, "shift")[0], "view early shift");
    let forgotten = command(&mut screen, "forget early shift");
    assert_eq!(forgotten, Some(Effect::Views(ViewsChange::Forget("early shift".to_owned()))));
    // What would never be found again, or is not there.
    for line in ["save overview", "save quit", "save theme dark", "save a/b", "forget night", "view night"] {
        assert_eq!(command(&mut screen, line), None, "{line}");
        assert_eq!(screen.ui.toast.as_ref().unwrap().tone, Tone::Warning, "{line}");
    }
    // A view of a page that a floorwatch of another version had.
    screen.ui.views = [("old".to_owned(), "nowhere/x".to_owned())].into();
    command(&mut screen, "old");
    assert!(screen.ui.toast.as_ref().unwrap().text.contains("no page is called `nowhere`"));
}
