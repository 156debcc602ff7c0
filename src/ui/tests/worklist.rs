//! The page of the worklist: what its keys do, and what it says.

use super::*;
use crate::worklist::{Outcome, WorkAction, WorkKind};

fn page() -> TestScreen {
    let mut screen = TestScreen::new(sample::board(60));
    screen.press("1 c");
    screen.text((120, 35));
    screen
}

/// The only command of an effect: the item, its version, and what to do.
fn command(effect: Option<Effect>) -> (u64, u32, WorkAction) {
    match effect {
        Some(Effect::Execute(commands)) => match commands.as_slice() {
            [FloorCommand::Work(command)] => (command.item, command.version, command.act.clone()),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

const CLAIM: WorkAction = WorkAction::Claim { note: None, lasts: None };

#[test]
fn a_claim_takes_one_key_and_done_takes_two_and_goes_on_to_the_next() {
    let mut screen = page();
    assert_eq!(command(screen.press("a")), (1, 3, CLAIM));
    let reached = WorkAction::Done { outcome: Outcome::Reached, note: None };
    assert_eq!(command(screen.press("<enter> 1")), (1, 3, reached.clone()));
    // The next one is selected; undo means what was closed last, until the selection is moved.
    assert_eq!(command(screen.press("u")), (1, 3, WorkAction::Undo));
    assert_eq!(command(screen.press("<enter> <enter>")), (2, 3, reached));
    assert_eq!(command(screen.press("<down> u")), (4, 3, WorkAction::Undo));
    let vain = WorkAction::Done { outcome: Outcome::NotReached, note: None };
    assert_eq!(command(screen.press("<enter> 2")), (4, 3, vain));
    assert_eq!(command(screen.press("n o n <enter>")), (5, 3, WorkAction::Note("on".into())));
    // Another key than those of the words closes nothing.
    assert_eq!(screen.press("<enter> x"), None);
    assert_eq!(screen.press("<enter> 9"), None);
    // The keys of alerts are not in the way.
    assert_eq!((screen.press("A"), screen.press("z")), (None, None));
    assert!(screen.text((120, 35)).contains("alerts are on page 5"));
}

#[test]
fn tab_goes_through_the_kinds_and_the_words_follow() {
    let mut screen = page();
    for (kind, heading) in WorkKind::WORDS.map(|(_, kind)| (kind, kind.name())) {
        assert_eq!(screen.ui.worklist.kind, kind);
        let text = screen.text((120, 35));
        assert!(text.contains(&format!("To do: {heading}")), "{text}");
        let next = kind.next().name();
        assert!(text.lines().last().is_some_and(|foot| foot.contains(&format!("tab {next}"))), "{text}");
        screen.press("<enter>");
        let text = screen.text((120, 35));
        for (outcome, digit) in kind.outcomes().iter().zip(1..) {
            assert!(text.contains(&format!("{digit}: {}", outcome.word())), "{text}");
        }
        screen.press("<esc> <tab>");
    }
    assert_eq!(screen.ui.worklist.kind, WorkKind::Callback);
}

#[test]
fn the_page_says_who_has_what_and_how_it_ended() {
    let mut screen = page();
    let text = screen.text((200, 50));
    for words in [
        "18 open, 2 claimed, 10 late · today 2 done, 2 by themselves",
        "ann, 12m",
        "hung up 2×",
        "reached 10:38 bo",
        "answered 10:39",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    screen.press("/ b o <enter>");
    assert!(!screen.text((200, 50)).contains("ann, 12m"));
}

#[test]
fn a_hub_without_worklists_is_named_as_the_cause() {
    let mut screen = page();
    let query = super::super::queries::worklist(&screen.ui);
    screen.answers.store(&Question::Worklist(query), Reply::Worklist(Box::new(None)), Instant::now());
    let orders = view::orders(screen.ctx(Palette::Terminal, Depth::True));
    screen.ui.lists.extend(orders);
    let text = screen.text((80, 24));
    assert!(text.contains("the hub there is of an older version and has no worklists: update it"), "{text}");
    assert_eq!(screen.press("a"), None);
}
