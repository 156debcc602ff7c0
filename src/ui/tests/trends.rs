//! The page of trends: its keys, what it asks, and how it looks where signs are few.

use super::*;
use crate::annotation::{Annotation, AnnotationAction, AnnotationDraft};
use crate::clock::Time;
use crate::kpi::{Dim, Period, Slice};
use crate::ui::prompt::{Prompt, PromptKind};
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

/// What somebody says of a time of the sample's day.
fn said(id: u64, clock: &str, until: Option<&str>, text: &str, who: &str) -> Annotation {
    let at = |clock: &str| Time::parse_rfc3339(&format!("2026-03-02T{clock}:00Z")).unwrap();
    let who = Actor { name: who.into(), from: "desk".into() };
    let of = if id == 2 { Slice::of(Dim::Queue, "billing".into()) } else { Slice::TOTAL };
    Annotation { id, version: 1, of, at: at(clock), until: until.map(at), text: text.into(), who, removed: false }
}

fn annotated() -> Board {
    let mut board = sample::board(60);
    board.annotations = [
        said(1, "06:40", Some("08:15"), "telephones down", "bob"),
        said(2, "09:05", None, "mailing to all customers of the north", "ann"),
        said(3, "10:20", None, "new script", "ann"),
        said(4, "10:30", None, "a text that is too long for the rest of the line \u{1b}[31m", "bob"),
    ]
    .into_iter()
    .collect();
    board
}

#[test]
fn annotations_stand_below_the_axis_and_are_read_under_the_cursor() {
    let mut screen = TestScreen::new(annotated());
    screen.press("6");
    for size in SIZES {
        screen.resize(size);
        screen.ui.trends.moment = Some(Time::parse_rfc3339("2026-03-02T09:10:00Z").unwrap());
        insta::assert_snapshot!(format!("trends-annotated-{}x{}", size.0, size.1), seen(&screen));
    }
    assert!(seen(&screen).contains("09:05 Billing: mailing to all customers"), "{}", seen(&screen));
    // Those of another queue are not there.
    screen.press("/ o u t a g <enter>");
    assert!(seen(&screen).contains("telephones down") && !seen(&screen).contains("mailing"), "{}", seen(&screen));
}

/// The command about an annotation that an effect is.
fn annotating(effect: Option<Effect>) -> AnnotationAction {
    let Some(Effect::Execute(commands)) = effect else { panic!("{effect:?}") };
    match commands.as_slice() {
        [FloorCommand::Annotation(command)] => command.act.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_note_on_trends_is_about_the_step_and_undo_removes_ones_own() {
    let at = |clock: &str| Time::parse_rfc3339(&format!("2026-03-02T{clock}:00Z")).unwrap();
    let mut screen = TestScreen::new(annotated());
    screen.resize(SIZES[1]);
    screen.press("1 <down> 6 h n");
    assert!(seen(&screen).contains("annotate:"), "{}", seen(&screen));
    let of = Slice::of(Dim::Queue, "billing".into());
    let draft = AnnotationDraft { of: Slice::TOTAL, at: at("10:00"), until: None, text: "ill".into() };
    assert_eq!(annotating(screen.press("i l l <enter>")), AnnotationAction::Write(draft));
    // Anywhere, at a time or over one, about the queue of the page.
    screen.press("<esc> 1 <enter>");
    screen.ui.prompt = Some(Prompt::new(PromptKind::Command, "annotate 09:00-09:40 ill"));
    let draft = AnnotationDraft { of, at: at("09:00"), until: Some(at("09:40")), text: "ill".into() };
    assert_eq!(annotating(screen.press("<enter>")), AnnotationAction::Write(draft));

    screen.press("1 6");
    assert_eq!(annotating(screen.press("u")), AnnotationAction::Remove(3), "the newest of one's own");
    screen.press("h h h");
    assert_eq!(annotating(screen.press("u")), AnnotationAction::Remove(2), "that of the step");
    screen.press("h");
    assert_eq!(screen.press("u"), None);
    assert_eq!(screen.ui.toast.as_ref().unwrap().text, "no annotation of yours is here");
}

#[test]
fn a_click_on_the_charts_moves_the_cursor_and_a_second_one_opens_the_contacts() {
    use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
    let mut screen = opened(SIZES[1]);
    let text = seen(&screen);
    let (row, line) = text.lines().enumerate().find(|(_, line)| line.contains("08:00")).unwrap();
    let column = line.split_once("08:00").unwrap().0.chars().count();
    let event = MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column: u16::try_from(column).unwrap(),
        row: u16::try_from(row - 5).unwrap(),
        modifiers: KeyModifiers::NONE,
    };
    let board = Arc::clone(&screen.board);
    let drawn = screen.drawn.borrow().clone();
    screen.ui.mouse(&event, &board, &drawn);
    screen.answer();
    assert!(seen(&screen).contains("08:00–08:30   in time"), "{}", seen(&screen));
    screen.ui.mouse(&event, &board, &drawn);
    assert_eq!(screen.ui.page(), Page::Contacts);
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
