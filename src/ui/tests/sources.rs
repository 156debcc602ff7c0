//! Pages with sources in trouble.

use super::*;
use crate::board::{CutOff, Health, HubRow, Keeper, SourceRow};
use crate::clock::Span;

#[test]
#[ignore = "a screen to look at: run it in a terminal with --ignored --nocapture"]
fn look_at_sources() {
    show(sample::three_sources(60));
}

#[test]
fn one_source_live_one_stale_one_down() {
    let mut screen = TestScreen::new(sample::three_sources(60));
    snapshot(&mut screen, "three-sources");
    let ascii = lines(&screen.draw(SIZES[0], Palette::Terminal, Depth::None, true)).join("\n");
    assert!(ascii.is_ascii(), "{ascii}");
    insta::assert_snapshot!("three-sources-ascii", ascii);
    screen.press("S");
    insta::assert_snapshot!("overlay-sources-80x24", screen.text(SIZES[0]));
    insta::assert_snapshot!("overlay-sources", screen.text(SIZES[1]));
    let small = (80, 16);
    assert!(screen.text(small).contains("‼ pbx-2") && !screen.text(small).contains("certificates"));
    screen.press("<down> <down> <down> <down> <down> <down> <down> <down> <down> <down> <down> <down>");
    assert!(screen.text(small).contains("certificates"), "{}", screen.text(small));
    screen.press("<esc> <right> <right> <right> <right> ?");
    insta::assert_snapshot!("overlay-figure-without", screen.text(SIZES[1]));
    // A queue of the source that is down, and one of the live source.
    screen.press("<esc> / b i l l <enter> <enter>");
    snapshot(&mut screen, "dead-queue");
    screen.ui.window = Window::Today;
    screen.press("1 / o u t a <enter> <enter>");
    let text = screen.text(SIZES[2]);
    assert!(text.contains("× no data from pbx-1 between 09:01 and 09:05"), "{text}");
    assert!(!text.contains("without"), "{text}");
}

#[test]
fn the_head_tells_of_sources_in_one_line_whatever_their_number() {
    let mut board = sample::three_sources(20);
    board.sources[0].remark = None;
    board.sources[0].ahead = None;
    let (live, down) = (board.sources[0].clone(), board.sources[2].clone());
    board.sources = (0..9).map(|n| SourceRow { name: format!("pbx-{n}").as_str().into(), ..live.clone() }).collect();
    let head = |board: &Board, size| {
        let mut screen = TestScreen::new(board.clone());
        screen.ui.window = Window::Today;
        lines(&screen.draw(size, Palette::Terminal, Depth::Few, false))[0].clone()
    };
    assert!(head(&board, SIZES[0]).contains("today") && head(&board, SIZES[0]).contains("  · 9 live   10:42:17 GMT"));
    board.sources[4] = SourceRow { name: "pbx-4".into(), ..down.clone() };
    assert!(
        head(&board, SIZES[0]).contains("  ‼ pbx-4 down 9m    · 8 live   10:42:17 GMT"),
        "{}",
        head(&board, SIZES[0])
    );
    board.sources[7] = SourceRow { name: "pbx-7".into(), ..down.clone() };
    assert!(
        head(&board, SIZES[1]).contains("‼ pbx-4 down 9m    ‼ pbx-7 down 9m    · 7 live"),
        "{}",
        head(&board, SIZES[1])
    );
    assert!(head(&board, SIZES[0]).contains("‼ pbx-4 down 9m    ‼ 1 more  · 7 live"), "{}", head(&board, SIZES[0]));
    // Ages grow, and nothing else moves.
    board.sources[7].since = board.at;
    let place = |board: &Board| head(board, SIZES[0]).find("pbx-4");
    let before = place(&board);
    for ago in [5, 59, 60, 3599, 3600, 90_000] {
        board.sources[4].since = board.at - Span::seconds(ago);
        assert_eq!(place(&board), before, "{ago}");
    }
    // A whole data centre is down.
    for source in &mut board.sources {
        *source = SourceRow { name: source.name.clone(), ..down.clone() };
    }
    assert!(head(&board, SIZES[0]).contains("‼ 9 down") || head(&board, SIZES[0]).contains("‼ 8 more"));
}

#[test]
fn the_banner_says_why_and_when_it_is_tried_again_and_does_not_move() {
    let mut board = sample::three_sources(20);
    board.sources[2].reason = "connection refused".into();
    let line = |board: &Board| {
        lines(&TestScreen::new(board.clone()).draw(SIZES[0], Palette::Terminal, Depth::Few, false))[2].clone()
    };
    assert_eq!(line(&board), " ‼ pbx-2 down since 10:32 (+1: S): connection refused · next try in 12 s");
    board.sources[2].next_try = Some(board.at + Span::seconds(3));
    assert_eq!(line(&board), " ‼ pbx-2 down since 10:32 (+1: S): connection refused · next try in  3 s");
    board.sources[2].next_try = Some(board.at);
    assert_eq!(line(&board), " ‼ pbx-2 down since 10:32 (+1: S): connection refused · trying now");
    // A connection that is restored at once shows no banner.
    board.sources.remove(2);
    board.sources[1].next_try = Some(board.at + Span::SECOND);
    board.sources[1].since = board.at - Span::seconds(2);
    assert!(line(&board).contains("Waiting"), "{}", line(&board));
    assert!(!TestScreen::new(board.clone()).text(SIZES[1]).contains("× stale"));
    board.sources[1].since = board.at - Span::seconds(6);
    assert!(line(&board).contains("▲ helpdesk stale since 10:42"), "{}", line(&board));
}

#[test]
fn a_board_that_follows_another_says_nothing_of_sources() {
    let mut board = sample::three_sources(20);
    board.keeper = Keeper::Other("ann has the journal".into());
    let mut screen = TestScreen::new(board);
    let text = screen.text(SIZES[1]);
    assert!(text.contains("beside another board: ann has the journal") && !text.contains("× down"), "{text}");
    screen.press("S");
    assert!(screen.text(SIZES[1]).contains("this board hears no source itself"));
}

#[test]
fn a_board_whose_writer_does_nothing_is_grey() {
    let mut board = sample::three_sources(20);
    board.keeper = Keeper::Other("ann has the journal".into());
    board.remarks = vec!["ann has the journal, last written 3m ago: all figures are as of then".into()];
    let live = |board: &Board| {
        let buffer = TestScreen::new(board.clone()).draw(SIZES[1], Palette::Terminal, Depth::Few, false);
        let at = lines(&buffer)[0].find("LIVE").unwrap();
        buffer[(u16::try_from(at).unwrap(), 0)].style()
    };
    let before = live(&board);
    board.silent_since = Some(board.at - Span::seconds(180));
    assert_ne!(live(&board), before, "it says that it is live");
    assert!(TestScreen::new(board).text(SIZES[1]).contains("▲ ann has the journal, last written 3m ago"));
}

#[test]
fn a_long_path_leaves_room_for_what_happened_to_the_file() {
    let mut board = sample::three_sources(20);
    let path = format!("/srv/{}journal.db", "a-folder/".repeat(20));
    board.keeper = Keeper::Failed(format!("{path} was deleted: put it back, or start floorwatch anew").as_str().into());
    let text = TestScreen::new(board).text(SIZES[0]);
    assert!(text.contains("/journal.db was deleted"), "{text}");
}

#[test]
fn a_board_that_is_cut_off_from_its_hub_says_since_when_and_why() {
    let mut board = sample::three_sources(20);
    let at = board.at;
    let mut hub = HubRow { name: "hub.example.com:7070".into(), cut_off: None };
    board.hub = Some(hub.clone());
    assert!(TestScreen::new(board.clone()).text(SIZES[2]).contains("of hub.example.com:7070"));
    let reason = "nobody listens at hub.example.com:7070 (connection refused): is it running, is the port right?";
    hub.cut_off = Some(CutOff { since: at, reason: reason.into(), next_try: Some(at + Span::seconds(7)) });
    board.hub = Some(hub);
    let mut screen = TestScreen::new(board);
    let text = screen.text(SIZES[2]);
    assert!(text.contains("‼ cut off from hub.example.com:7070 since 10:42: nobody listens"), "{text}");
    assert!(text.contains("next try in  7 s"), "{text}");
    snapshot(&mut screen, "cut-off");
}

#[test]
fn before_the_first_board_of_a_hub_nothing_is_known_and_nothing_is_zero() {
    let cut_off = Some(CutOff { since: sample::now(), reason: "nobody listens".into(), next_try: None });
    let hub = Some(HubRow { name: "hub.example.com:7070".into(), cut_off });
    let board = Board { at: sample::now(), seq: 1, hub, ..Board::default() };
    for page in ["1", "2", "4", "5", "8"] {
        let mut screen = TestScreen::new(board.clone());
        screen.press(page);
        for size in SIZES {
            let text = screen.text(size);
            assert!(text.contains("not known: nothing has come from"), "{page}: {text}");
            for zero in ["nobody waits", "nobody serves", "no alert", "0 waiting", "talk 0", "▌ 0 "] {
                assert!(!text.contains(zero), "{page} says {zero}: {text}");
            }
        }
    }
}

#[test]
fn a_health_of_a_newer_hub_that_is_not_known_reads_as_degraded() {
    let mut value = serde_json::to_value(&sample::three_sources(20).sources[0]).unwrap();
    for (word, health) in [("resting", Health::Degraded), ("stale", Health::Stale)] {
        value["health"] = word.into();
        assert_eq!(serde_json::from_value::<SourceRow>(value.clone()).unwrap().health, health);
    }
}
