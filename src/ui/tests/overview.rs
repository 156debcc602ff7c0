//! What the overview says of this minute: tiles, the line of the day, and which alert the keys mean.

use super::*;
use crate::alert::State;
use crate::kpi::{Dim, Figure, KpiId, Slice, Window};
use crate::ui::state::{Overlay, Panel, TILES};

fn with_alerts(change: impl FnOnce(&mut [crate::alert::Episode])) -> TestScreen {
    let mut board = sample::board(60);
    let alerts: &mut Vec<_> = board.alerts.to_mut();
    change(alerts);
    TestScreen::new(board)
}

#[test]
fn a_note_and_a_snooze_mean_the_alert_that_was_just_acknowledged() {
    let mut screen = TestScreen::new(sample::board(20));
    screen.press("a");
    let mut board = Board::clone(&screen.board);
    board.seq += 1;
    board.alerts.to_mut()[0].state = State::Acknowledged;
    screen.board = Arc::new(board);
    let noted = |screen: &mut TestScreen| alert_commands(screen.press("n x <enter>"))[0].episode;
    assert_eq!(noted(&mut screen), 1, "not the next worst");
    let commands = alert_commands(screen.press("z z"));
    assert_eq!(commands[0].episode, 1);
    screen.ui.taken = None;
    assert_eq!(noted(&mut screen), 2, "after some seconds the worst new one");
}

#[test]
fn what_the_key_takes_is_marked_and_named_before_it_is_pressed() {
    let mut screen = TestScreen::new(sample::board(60));
    for size in SIZES {
        let text = screen.text(size);
        assert!(text.contains("a takes Outages: longest wait"), "{text}");
        assert!(text.lines().any(|line| line.contains("▸‼  Outages") || line.contains("▸ ‼  Outages")), "{text}");
    }
    screen.press("3");
    assert!(screen.text(SIZES[1]).contains("a ack Outages: longest wait"), "{}", screen.text(SIZES[1]));
}

#[test]
fn an_alert_that_recovers_says_how_bad_it_was_and_what_ends_it() {
    let mut screen = with_alerts(|alerts| (alerts[0].figure.value, alerts[0].worst) = (Some(111.0), Some(362.0)));
    let text = screen.text(SIZES[2]);
    assert!(text.contains("was 6:02") && text.contains("now: 1:51, was 6:02, clears below 5:00"), "{text}");
    assert!(!text.contains("> 5:00"), "{text}");
    screen.press("5");
    for size in SIZES {
        let text = screen.text(size);
        assert!(text.contains("1:51 ≤ 5:00") && text.contains("recovers"), "{text}");
    }
}

#[test]
fn alerts_that_a_filter_hides_are_counted_and_the_panel_says_why_it_is_empty() {
    let mut screen = TestScreen::new(sample::board(20));
    screen.press("/ z z z <enter>");
    for size in SIZES {
        let text = screen.text(size);
        assert!(text.contains("no alert matches \"zzz\"") && text.contains("0 of "), "{text}");
    }
}

#[test]
fn pages_have_their_names_as_far_as_the_trail_leaves_room() {
    let mut screen = TestScreen::new(sample::board(20));
    for (key, page) in [("5", "Alerts"), ("6", "Trends"), ("8", "Live")] {
        screen.press(key);
        let text = screen.text((120, 35));
        let tabs = text.lines().nth(1).unwrap();
        assert!(tabs.contains("8 Live") && tabs.trim_end().ends_with(&format!("Overview ▸ {page}")), "{tabs}");
    }
}

#[test]
fn the_window_of_an_alert_is_named_where_the_page_has_another() {
    let screen = with_alerts(|alerts| alerts[1].window = Window::D7);
    let mut screen = screen;
    screen.press("5");
    let text = screen.text(SIZES[2]);
    assert!(text.contains("hung up, 7d") && !text.contains("hung up, 30m"), "{text}");
}

#[test]
fn a_row_without_a_bad_column_says_which_alert_made_it_red() {
    let screen = with_alerts(|alerts| {
        alerts[0].slice = Slice::of(Dim::Queue, "vip".into());
        (alerts[0].kpi, alerts[0].window) = (Some(KpiId::Fcr), Window::D7);
        alerts[0].figure.value = Some(61.0);
    });
    let text = screen.text(SIZES[2]);
    assert!(text.lines().any(|line| line.contains("Priority line") && line.contains("‼ FCR, 7d")), "{text}");
}

#[test]
fn a_bad_tile_is_filled_and_a_figure_of_the_day_gets_one_only_if_it_is_bad() {
    let mut screen = TestScreen::new(sample::board(60));
    let text = screen.text(SIZES[2]);
    let day = text.lines().find(|line| line.contains("today: ")).unwrap_or_else(|| panic!("{text}")).to_owned();
    assert!(day.contains("handling") && !day.contains("satisfied"), "what is bad has a tile: {day}");
    let theme = Theme { palette: Palette::Dark, depth: Depth::True, light: false };
    let buffer = screen.draw(SIZES[2], theme.palette, theme.depth, false);
    let critical = theme.style(super::super::theme::Tone::Critical).bg.unwrap();
    let filled = buffer.content.iter().take(12 * 200).filter(|cell| cell.bg == critical).count();
    assert!(filled > 200, "the tile of the longest wait: {filled}");
    // Every figure that is drawn can be selected, one after the other.
    screen.press("<tab> <tab>");
    assert_eq!(screen.ui.focus(), Panel::Tiles);
    screen.draw(SIZES[2], theme.palette, theme.depth, false);
    let shown = screen.drawn.borrow().tiles();
    for tile in shown.iter().skip(1) {
        screen.press("<right>");
        assert_eq!(screen.ui.tile, *tile, "{:?}", TILES[*tile]);
    }
}

#[test]
fn a_speed_of_answer_with_email_in_it_is_not_judged_and_says_so() {
    let screen = TestScreen::new(sample::board(20));
    let ctx = screen.ctx(Palette::Terminal, Depth::Few);
    let (asa, total) = (Figure::gauge(161.0, 40), Slice::TOTAL);
    assert!(ctx.is_mixed(KpiId::Asa, &total, &asa), "there is a queue of e-mail");
    assert!(!ctx.is_mixed(KpiId::Asa, &Slice::of(Dim::Queue, "mail".into()), &asa));
    assert!(!ctx.is_mixed(KpiId::Aht, &total, &asa));
}

#[test]
fn intents_and_queues_are_sorted_by_what_has_changed_in_the_last_hour() {
    let mut screen = TestScreen::new(sample::board(60));
    for (page, panel) in [("1", Panel::Queues), ("3", Panel::Intents)] {
        screen.press(page);
        let heads = view::heads(panel);
        let column = heads.iter().position(|head| head.key == "change").unwrap();
        screen.ui.lists.entry(panel).or_default().column = column;
        screen.press("s");
        let grid = view::grid(panel, screen.ctx(Palette::Terminal, Depth::Few)).unwrap();
        let known = |row: &&u32| {
            let mut known = false;
            grid.with_sort_key(**row as usize, column, &mut |key| known = key != crate::ui::grid::SortKey::Missing);
            known
        };
        let order = &screen.ui.lists[&panel].order;
        assert_eq!(order.iter().filter(known).count(), order.len(), "each row has a change");
        let text = screen.text(SIZES[2]);
        assert!(text.contains("×usual↓") && text.contains("× against 4 Mondays"), "{text}");
    }
}

#[test]
fn why_tells_a_change_in_parts_that_sum_to_it() {
    let mut screen = TestScreen::new(sample::board(60));
    let board = Arc::clone(&screen.board);
    let (mut told, mut drivers) = (0, 0);
    for episode in board.alerts.iter() {
        let (kpi, slice, window) = (KpiId::ServiceLevel, episode.slice.clone(), Window::H1);
        screen.ui.overlay = Some(Overlay::Why { kpi, slice, window, episode: Some(episode.id) });
        screen.answer();
        let text = lines(&screen.draw((200, 90), Palette::Dark, Depth::True, false));
        let points = |line: &String| -> Option<f64> {
            let before = line.split(" points").next()?;
            before.split_whitespace().last()?.parse().ok()
        };
        let Some(first) = text.iter().position(|line| line.contains("of which")) else { continue };
        let whole = points(&text[first]).unwrap();
        // Once by what drove it, and once by its parts.
        let parts = |from: usize| {
            let rows = text[from + 1..].iter().take_while(|line| !line.contains("by what came"));
            rows.map_while(points).collect::<Vec<f64>>()
        };
        let heading = text.iter().position(|line| line.contains("what each"));
        drivers += usize::from(heading.is_some());
        for parts in [first].into_iter().chain(heading).map(parts) {
            #[expect(clippy::cast_precision_loss, reason = "a few lines")]
            let rounding = 0.05 * (parts.len() + 1) as f64;
            let sum: f64 = parts.iter().sum();
            assert!(!parts.is_empty() && (sum - whole).abs() <= rounding, "{sum} {whole} {text:#?}");
        }
        told += 1;
    }
    assert!(told > 0 && drivers > 0);
}

#[test]
fn an_instruction_stands_once_for_all_alerts_that_it_is_for() {
    let mut board = sample::board(60);
    board.alerts = board
        .alerts
        .iter()
        .cloned()
        .map(|episode| crate::alert::Episode { action: "Put more agents on the queue.".into(), ..episode })
        .collect();
    let mut screen = TestScreen::new(board);
    screen.resize((200, 60));
    let text = screen.text((200, 60));
    assert_eq!(text.matches("Put more agents").count(), 1, "{text}");
    assert!(text.contains("→ the same for "), "{text}");
}

#[test]
fn the_place_of_alerts_stays_when_they_come() {
    let top = |board: crate::board::Board| {
        let mut screen = TestScreen::new(board);
        screen.resize((200, 50));
        let text = lines(&screen.draw((200, 50), Palette::Dark, Depth::True, false));
        let row = |title: &str| text.iter().position(|line| line.contains(title)).unwrap();
        ["─ Alerts ", "─ Alerts that are over ", "─ What grew most"].map(row)
    };
    let calm = crate::board::Board { alerts: crate::alert::Alerts::default(), ..sample::board(60) };
    assert_eq!(top(calm), top(sample::board(60)));
}
