//! The kiosk: snapshots, and the law of the wall.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{TestScreen, lines};
use crate::alert::Hours;
use crate::board::Health;
use crate::clock::Span;
use crate::ui::drawn::Drawn;
use crate::ui::glyphs::GlyphSet;
use crate::ui::kiosk::KioskPage;
use crate::ui::sample;
use crate::ui::theme::{Depth, Palette};
use crate::ui::view::{self, Ctx};
use crate::ui::widget::lettering::{self, Size};

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 35), (160, 45), (320, 90)];

/// The kiosk `seconds` after the sample board.
pub(super) fn kiosk(seconds: i64, change: impl FnOnce(&mut crate::board::Board)) -> TestScreen {
    let mut board = sample::board(60);
    let at = board.at;
    change(&mut board);
    let mut screen = TestScreen::new(board);
    screen.press("7");
    let settings = screen.settings.kiosk.clone();
    screen.ui.kiosk.step(at + Span::seconds(seconds), &screen.board, &settings, |_| true);
    screen.ui.kiosk.page = KioskPage::Now;
    screen
}

fn picture(screen: &TestScreen, size: (u16, u16)) -> Buffer {
    screen.draw(size, Palette::Dark, Depth::True, false)
}

/// Nothing is wrong.
fn calm(board: &mut crate::board::Board) {
    board.alerts = crate::alert::Alerts::default();
    // Of too few contacts nothing is judged.
    board.rules.min_samples = 1_000_000;
    board.total.longest_wait = Some(Span::seconds(48));
    for queue in board.queues.iter_mut() {
        queue.live.longest_wait = queue.live.longest_wait.map(|_| Span::seconds(48));
    }
}

#[test]
fn what_stands_now_calm_critical_and_old() {
    for (name, screen) in [
        ("calm", kiosk(0, calm)),
        ("critical", kiosk(0, |_| {})),
        ("old", kiosk(41, |_| {})),
        (
            "without-a-source",
            kiosk(0, |board| {
                board.sources[0].health = Health::Down;
                board.sources[0].reason = "connection refused".into();
            }),
        ),
    ] {
        for size in SIZES {
            let text = lines(&picture(&screen, size)).join("\n");
            insta::assert_snapshot!(format!("kiosk-{name}-{}x{}", size.0, size.1), text);
        }
    }
}

#[test]
fn a_hub_that_is_away_from_the_start_is_waited_for() {
    use crate::board::{Board, CutOff, HubRow};
    let reason = "nobody listens there".into();
    let cut_off = Some(CutOff { since: sample::now(), reason, next_try: None });
    let hub = Some(HubRow { name: "hub".into(), cut_off });
    let mut screen = TestScreen::new(Board { at: sample::now(), hub, ..Board::default() });
    screen.press("7");
    for (_, page) in KioskPage::WORDS {
        screen.ui.kiosk.page = page;
        let text = lines(&picture(&screen, (80, 24))).join("\n");
        assert!(text.contains("NO DATA YET") && text.contains("nobody listens there"), "{text}");
        assert!(!text.contains("QUEUE") && !text.contains("TODAY"), "{text}");
    }
}

#[test]
fn a_wall_whose_floor_follows_one_that_does_nothing_is_old() {
    let screen = kiosk(0, |board| board.silent_since = Some(board.at - Span::seconds(180)));
    let text = lines(&picture(&screen, (120, 35))).join("\n");
    assert!(text.contains("the floor is silent"), "{text}");
}

#[test]
fn every_page_of_the_rotation() {
    let mut screen = kiosk(0, |_| {});
    for (name, page) in KioskPage::WORDS.into_iter().skip(1) {
        screen.ui.kiosk.page = page;
        insta::assert_snapshot!(format!("kiosk-{name}"), lines(&picture(&screen, (160, 45))).join("\n"));
    }
}

/// The height of a text in rows, in letters of any size or in plain text; `None` where it cannot be read.
fn height(buffer: &Buffer, text: &str) -> Option<f64> {
    let plain = lines(buffer).iter().any(|line| line.contains(&text.to_uppercase()));
    let letters = (1..10).flat_map(|halves| (3..=3 * halves).map(move |wide| (halves, wide)));
    let found = letters.filter_map(|(halves, wide)| {
        let size = Size::widest(halves, |size| lettering::width("I", size) <= Some(wide));
        let width = lettering::width(text, size)?;
        let area = Rect::new(0, 0, width, size.rows());
        let mut wanted = Buffer::empty(area);
        lettering::draw(&mut wanted, 0, 0, text, size, Style::new());
        contains(buffer, &wanted).then(|| f64::from(halves) * 2.5)
    });
    found.fold(plain.then_some(1.0), |best, rows| Some(best.unwrap_or(0.0).max(rows)))
}

fn contains(buffer: &Buffer, wanted: &Buffer) -> bool {
    let (area, size) = (buffer.area, wanted.area);
    let is_at = |left: u16, top: u16| {
        size.positions().all(|at| {
            let cell = &wanted[at];
            buffer[(left + at.x, top + at.y)].symbol() == cell.symbol()
        })
    };
    let columns = 0..(area.width + 1).saturating_sub(size.width);
    columns.into_iter().any(|left| (0..(area.height + 1).saturating_sub(size.height)).any(|top| is_at(left, top)))
}

#[test]
fn what_must_be_read_has_four_percent_of_the_height_and_heroes_fifteen() {
    let screen = kiosk(0, |_| {});
    for size in [(80, 24), (80, 25), (100, 30), (120, 35), (160, 45), (200, 50), (240, 67), (320, 90)] {
        let buffer = picture(&screen, size);
        let share = |text: &str| height(&buffer, text).map_or(0.0, |rows| 100.0 * rows / f64::from(size.1));
        for label in ["WAITING", "LONGEST", "IN TIME", "FREE", "OUTAGES", "5:41 WAIT", "10:42", "5 "] {
            if label == "FREE" && size == (100, 30) {
                continue; // There is room for three.
            }
            assert!(share(label) >= 4.0, "{label} has {} % at {size:?}\n{}", share(label), lines(&buffer).join("\n"));
        }
        for hero in ["23", "5:41"] {
            assert!(share(hero) >= 15.0, "{hero} has {} % at {size:?}\n{}", share(hero), lines(&buffer).join("\n"));
        }
    }
}

#[test]
fn without_colours_a_warning_leaves_labels_whole() {
    let warn = |board: &mut crate::board::Board| {
        calm(board);
        board.total.agents = <_>::default();
        board.total.agents[0] = 5;
        board.total.waiting = 3;
    };
    let screen = kiosk(0, warn);
    for size in [(80, 24), (120, 35), (200, 50)] {
        let buffer = screen.draw(size, Palette::Terminal, Depth::None, false);
        for label in ["WAITING", "LONGEST", "IN TIME", "FREE"] {
            assert!(height(&buffer, label).is_some(), "{label} at {size:?}\n{}", lines(&buffer).join("\n"));
        }
        assert!(height(&buffer, "!").is_some(), "{}", lines(&buffer).join("\n"));
    }
}

#[test]
fn what_makes_a_queue_bad_stands_beside_it_where_no_figure_shows_it() {
    let screen = kiosk(0, |board| {
        calm(board);
        let billing = board.queues.iter().position(|queue| queue.id.as_str() == "billing").unwrap();
        let mut alert = sample::board(60).alerts.iter().next().unwrap().clone();
        alert.slice = crate::kpi::Slice::of(crate::kpi::Dim::Queue, "billing".into());
        alert.kpi = Some(crate::kpi::KpiId::Fcr);
        board.alerts = vec![alert].into_iter().collect();
        assert!(billing < board.queues.len());
    });
    let buffer = picture(&screen, (320, 90));
    let words = format!("BILLING: {}", crate::ui::words::of(crate::kpi::KpiId::Fcr).to_uppercase());
    assert!(height(&buffer, &words).is_some(), "{words}\n{}", lines(&buffer).join("\n"));
}

#[test]
fn no_agent_and_no_customer_is_named() {
    let mut screen = kiosk(0, |_| {});
    for (_, page) in KioskPage::WORDS {
        screen.ui.kiosk.page = page;
        let text = lines(&picture(&screen, (80, 24))).join("\n").to_uppercase();
        for name in ["ANN", "ABEL", "+44", "7946"] {
            assert!(!text.contains(name), "{name}\n{text}");
        }
    }
}

#[test]
fn only_the_key_of_quit_pressed_twice_leaves_a_kiosk() {
    use crate::ui::action::{Action, Keymap};
    use crate::ui::state::{Effect, Page};
    let mut screen = kiosk(0, |_| {});
    screen.keymap = Keymap::new(&std::collections::BTreeMap::new()).unwrap().only(&[Action::Quit]);
    screen.ui.kiosk.only = true;
    assert_eq!(screen.press("1 2 a z : /"), None);
    assert_eq!(screen.ui.page(), Page::Kiosk);
    assert_eq!(screen.press("q"), None);
    assert!(lines(&picture(&screen, (80, 24))).join("\n").contains("the same key again leaves"));
    assert_eq!(screen.press("x"), None);
    assert_eq!(screen.press("q"), None);
    assert_eq!(screen.press("q"), Some(Effect::Quit));
}

fn with_signs(screen: &TestScreen, size: (u16, u16), glyphs: GlyphSet) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    let ctx = Ctx { glyphs, ..screen.ctx(Palette::Terminal, Depth::Few) };
    terminal.draw(|frame| drop(view::draw(frame, ctx, &Drawn::default()))).unwrap();
    terminal.backend().buffer().clone()
}

#[test]
fn a_console_has_letters_of_full_cells_and_no_size_is_too_small() {
    let mut screen = kiosk(0, |_| {});
    insta::assert_snapshot!("kiosk-console-80x24", lines(&with_signs(&screen, (80, 24), GlyphSet::Console)).join("\n"));
    for (_, page) in KioskPage::WORDS {
        screen.ui.kiosk.page = page;
        for width in [60, 61, 75, 99, 151, 400] {
            for height in [16, 17, 23, 40, 67, 120] {
                let console = lines(&with_signs(&screen, (width, height), GlyphSet::Console)).join("\n");
                assert!(console.chars().all(|c| c.is_ascii() || "█░▒─│‼▲·●–…×±≥".contains(c)), "{console}");
                let ascii = lines(&with_signs(&screen, (width, height), GlyphSet::Ascii)).join("\n");
                assert!(ascii.is_ascii(), "{ascii}");
            }
        }
    }
}

#[test]
fn on_consoles_of_usual_sizes_there_is_room_for_what_must_be_read() {
    let screen = kiosk(0, |_| {});
    for size in [(80, 25), (80, 30), (100, 37), (120, 33), (128, 48), (160, 50), (240, 67), (240, 135)] {
        let buffer = with_signs(&screen, size, GlyphSet::Console);
        let share = |text: &str| height(&buffer, text).map_or(0.0, |rows| 100.0 * rows / f64::from(size.1));
        for (text, least) in [
            ("WAITING", 1.9),
            ("LONGEST", 1.9),
            ("IN TIME", 1.9),
            ("FREE", 1.9),
            ("OUTAGES", 1.9),
            ("23", 13.0),
            ("5:41", 13.0),
        ] {
            assert!(share(text) >= least, "{text} has {} % at {size:?}\n{}", share(text), lines(&buffer).join("\n"));
        }
    }
}

#[test]
fn outside_of_its_hours_it_says_when_it_opens_unless_somebody_waits() {
    let nobody_waits = |board: &mut crate::board::Board| {
        calm(board);
        board.total.waiting = 0;
    };
    let mut screen = kiosk(0, nobody_waits);
    // The sample board is of Monday, 10:42 in London.
    screen.settings.kiosk.hours =
        ["mon 11:00-18:00", "tue-fri 08:00-18:00"].map(|hours| Hours::parse(hours).unwrap()).into();
    for size in SIZES {
        let text = lines(&picture(&screen, size)).join("\n");
        assert!(!text.contains("IN TIME") && !text.contains("queues are fine"), "{text}");
    }
    let text = lines(&picture(&screen, SIZES[0])).join("\n");
    insta::assert_snapshot!("kiosk-closed", text);
    screen.settings.kiosk.hours = vec![Hours::parse("mon 08:00-18:00").unwrap()];
    assert!(lines(&picture(&screen, SIZES[0])).join("\n").contains("WAITING"), "it is open");
    let mut screen = kiosk(0, calm);
    screen.settings.kiosk.hours = vec![Hours::parse("tue 08:00-18:00").unwrap()];
    assert!(lines(&picture(&screen, SIZES[0])).join("\n").contains("WAITING"), "somebody waits");
}
