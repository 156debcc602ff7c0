//! The page of trends: its keys, what it asks, and how it looks where signs are few.

use super::*;
use crate::clock::Time;
use crate::kpi::{Dim, Period, Slice};
use crate::ui::state::{Page, Panel};
use crate::ui::trends::Comparison;

fn opened(size: (u16, u16)) -> TestScreen {
    let mut screen = TestScreen::new(sample::board(60));
    screen.resize(size);
    screen.press("6");
    screen
}

/// Draw the page, so that keys know what it shows, and return its text.
fn seen(screen: &TestScreen) -> String {
    screen.text(screen.ui.size)
}

#[test]
fn the_arrows_move_the_cursor_and_enter_opens_the_contacts_of_its_step() {
    let mut screen = opened(SIZES[1]);
    assert!(seen(&screen).contains("10:30–11:00, so far"), "{}", seen(&screen));
    screen.press("h h");
    let text = seen(&screen);
    assert!(text.contains("09:30–10:00   in time") && text.contains("last Mon"), "{text}");
    screen.press("<enter>");
    assert_eq!(screen.ui.page(), Page::Contacts);
    let at = |clock: &str| Time::parse_rfc3339(&format!("2026-03-02T{clock}:00Z")).unwrap();
    assert_eq!(screen.ui.location().over, Some(Period::Range(at("09:30"), at("10:00"))));
    assert!(seen(&screen).contains("09:30–10:00 · 59"), "{}", seen(&screen));
    // Esc comes back to the same step, then to the present, then leaves.
    screen.press("<esc>");
    assert!(seen(&screen).contains("09:30–10:00   in time"), "{}", seen(&screen));
    screen.press("<esc>");
    assert_eq!((screen.ui.page(), screen.ui.trends.moment), (Page::Trends, None));
    screen.press("g");
    assert!(seen(&screen).contains("00:00–00:30"), "{}", seen(&screen));
    screen.press("<esc> <esc>");
    assert_eq!(screen.ui.page(), Page::Overview);
}

#[test]
fn the_charts_are_about_the_selected_queue_or_intent() {
    let mut screen = opened(SIZES[2]);
    assert!(screen.ui.trend_slice().is_total());
    screen.press("<down>");
    assert_eq!(screen.ui.trend_slice(), Slice::of(Dim::Queue, "outages".into()), "the worst queue");
    assert!(seen(&screen).contains("▸Outages") && seen(&screen).contains("\n Outages   today"), "{}", seen(&screen));
    screen.press("<esc> 6");
    assert!(screen.ui.trend_slice().is_total());
    // The filter finds a queue, or else an intent.
    screen.press("/ b i l l i n g <enter>");
    assert_eq!(screen.ui.trend_slice(), Slice::of(Dim::Queue, "billing".into()));
    screen.press("<esc> / t a r i f f <enter>");
    assert_eq!(screen.ui.trend_slice(), Slice::of(Dim::Intent, "tariff change".into()));
    screen.press("<esc>");
    assert!(screen.ui.trend_slice().is_total(), "{:?}", screen.ui.filter);
    // Opened from a queue, it is about that one.
    screen.press("1 <down> <enter> 6");
    let billing = Slice::of(Dim::Queue, "billing".into());
    assert_eq!((screen.ui.page(), screen.ui.trend_slice()), (Page::Trends, billing));
}

#[test]
fn tab_shows_other_figures_t_another_time_and_d_another_comparison() {
    let mut screen = opened(SIZES[1]);
    assert!(seen(&screen).contains("In time (service level)"));
    screen.press("<tab>");
    let text = seen(&screen);
    assert!(text.contains("FCR (first contact resolution)") && !text.contains("In time (service level)"), "{text}");
    for (key, words) in [
        ("t", "last 7 days by 3 h   against the week before, thin line"),
        ("t", "last 30 days by day   against four weeks before, thin line"),
        ("d", "last 30 days by day   tab: "),
        ("t", "today by 30 min   tab: "),
        ("d", "today by 30 min   against last Monday, thin line"),
        ("d", "today by 30 min   against yesterday, thin line"),
        ("d", "today by 30 min   against the four Mondays before, lowest and highest"),
    ] {
        screen.press(key);
        assert!(seen(&screen).contains(words), "{words}: {}", seen(&screen));
    }
    assert_eq!(screen.ui.trends.comparison, Comparison::FourWeeks);
    screen.press("1 d");
    assert!(screen.ui.toast.is_some(), "elsewhere it says where it compares");
}

#[test]
fn the_series_can_be_exported() {
    let screen = opened(SIZES[1]);
    let directory = tempfile::tempdir().unwrap();
    let export = super::super::export::of_panel(screen.ctx(Palette::Terminal, Depth::Few)).unwrap();
    let words = export.write(directory.path()).unwrap();
    assert!(words.starts_with("48 rows in ") && words.contains("floorwatch-trends-"), "{words}");
    let csv = std::fs::read_dir(directory.path()).unwrap().map(|file| file.unwrap().path());
    let csv = csv.into_iter().find(|path| path.extension().unwrap() == "csv").unwrap();
    let text = std::fs::read_to_string(csv).unwrap();
    let mut lines = text.lines();
    assert!(lines.next().unwrap().starts_with("id,from,to,offered,expected,staffed,service_level,"), "{text}");
    assert!(lines.next().unwrap().contains("2026-03-02T00:00:00+00:00,2026-03-02T00:30:00+00:00,"), "{text}");
}

#[test]
fn without_data_of_last_week_the_page_says_so() {
    let mut screen = opened(SIZES[1]);
    let of = screen.ui.trend_slice();
    let before = crate::ui::queries::trends::series_before(&screen.ui, &screen.board, &of, 7);
    let nothing = Reply::Figures(Box::default());
    screen.answers.store(&Question::Figures(before), nothing, Instant::now());
    let text = seen(&screen);
    assert!(text.contains("no data of last Monday") && !text.contains("on last Monday"), "{text}");
}

#[test]
fn a_small_board_and_one_of_few_signs() {
    let mut screen = opened((60, 16));
    screen.press("h");
    insta::assert_snapshot!("trends-60x16", seen(&screen));
    let mut screen = opened(SIZES[0]);
    screen.press("<down> h");
    let mut drawn = Drawn::default();
    for (name, glyphs) in [("console", GlyphSet::Console), ("ascii", GlyphSet::Ascii)] {
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        let ctx = Ctx { glyphs, ..screen.ctx(Palette::Terminal, Depth::Few) };
        terminal.draw(|frame| drawn = view::draw(frame, ctx, &drawn)).unwrap();
        insta::assert_snapshot!(format!("trends-{name}"), lines(terminal.backend().buffer()).join("\n"));
    }
    assert!(!screen.ui.lists[&Panel::TrendSlices].order.is_empty());
}
