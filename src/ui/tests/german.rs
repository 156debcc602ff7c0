//! The pages in German: nothing is cut that has room.

use super::kiosk::kiosk;
use super::{PAGES, TestScreen, lines};
use crate::alert::{self, Episode};
use crate::kpi::{Figure, KpiId};
use crate::language;
use crate::ui::kiosk::KioskPage;
use crate::ui::sample;
use crate::ui::theme::{Depth, Palette};

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 35)];

fn german(act: impl FnOnce()) {
    language::with(&language::tests::GERMAN, act);
}

#[test]
fn every_page() {
    german(|| {
        let mut screen = TestScreen::new(sample::board(60));
        for (name, keys) in PAGES {
            screen.press(keys);
            for size in SIZES {
                screen.resize(size);
                insta::assert_snapshot!(format!("de-{name}-{}x{}", size.0, size.1), screen.text(size));
            }
        }
    });
}

#[test]
fn overlays() {
    german(|| {
        let mut screen = TestScreen::new(sample::board(60));
        for (name, keys) in [
            ("help", "1 H"),
            ("figure", "<esc> <right> <right> <right> <right> ?"),
            ("why", "<esc> w"),
            ("snooze", "<esc> z"),
            ("sources", "<esc> S"),
            ("prompt", "<esc> :"),
        ] {
            screen.press(keys);
            insta::assert_snapshot!(format!("de-overlay-{name}"), screen.text((120, 35)));
        }
    });
}

#[test]
fn the_wall() {
    german(|| {
        let mut screen = kiosk(0, |_| {});
        for (name, page) in KioskPage::WORDS {
            screen.ui.kiosk.page = page;
            screen.answer();
            for size in SIZES {
                let text = lines(&screen.draw(size, Palette::Dark, Depth::True, false)).join("\n");
                insta::assert_snapshot!(format!("de-kiosk-{name}-{}x{}", size.0, size.1), text);
            }
        }
    });
}

#[test]
fn an_alert_is_told_of_its_fields() {
    german(|| {
        let mut board = sample::board(60);
        let mut told = board.alerts.to_mut().clone();
        let first = |kpi| told.iter().find(|e| e.kpi == Some(kpi)).unwrap();
        let sentence = |e| language::sentence(e, "Outages");
        assert_eq!(sentence(first(KpiId::LongestWait)), "Outages: Längste Wartezeit 5:41 jetzt, über 5:00");
        let hung_up = first(KpiId::AbandonmentRate);
        assert_eq!(sentence(hung_up), "Outages: Auflegerquote 12,4% in den letzten 30 Minuten, über 8%");
        // It recovers: the limit is where it ends.
        let recovered = Episode { figure: Figure::gauge(7.96, 200), ..hung_up.clone() };
        assert_eq!(sentence(&recovered), "Outages: Auflegerquote 8,0% in den letzten 30 Minuten, endet unter 8%");
        let unknown = Episode { figure: Figure::unknown("no contacts in this window"), ..hung_up.clone() };
        let words = "Outages: Auflegerquote: zurzeit keine Daten (keine Kontakte in diesem Zeitraum)";
        assert_eq!(sentence(&unknown), words);
        // A source's alert is told in a sentence that is one of few.
        let mut source = told.remove(0);
        (source.kpi, source.source) = (None, Some("pbx-1".into()));
        source.text = "source pbx-1 is down: its figures stand still".into();
        let rules = alert::built_in();
        let stale = rules.iter().find(|rule| rule.name.as_str() == alert::SOURCE_STALE).unwrap();
        source.action = format!("connection refused. {}", stale.action).as_str().into();
        assert_eq!(language::sentence(&source, ""), "Quelle pbx-1 ist gestört: ihre Zahlen stehen still");
        let action = language::action(&source);
        assert!(action.starts_with("connection refused. Das System und den Weg dorthin prüfen"), "{action}");
        // What nobody knows stays as it is.
        source.text = "source pbx-1 has moved".into();
        assert_eq!(language::sentence(&source, ""), "Quelle pbx-1 has moved");
    });
}

#[test]
fn what_is_exported_for_machines_is_the_same_in_every_language() {
    let mut screen = TestScreen::new(sample::board(60));
    screen.press("5");
    let export =
        |screen: &TestScreen| format!("{:?}", super::super::export_of_page(screen.ctx(Palette::Dark, Depth::True)));
    let english = export(&screen);
    german(|| assert_eq!(export(&screen), english));
}
