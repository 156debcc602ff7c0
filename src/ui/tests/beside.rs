//! What stands beside a figure in the box that tells why.

use super::*;
use crate::kpi::{KpiId, Slice, Window};
use crate::ui::state::Overlay;

/// The box about a figure of the whole floor.
fn why(screen: &mut TestScreen, kpi: KpiId) -> String {
    let (slice, window) = (Slice::TOTAL, Window::Today);
    screen.ui.overlay = Some(Overlay::Why { kpi, slice, window, episode: None });
    screen.answer();
    screen.text(SIZES[1])
}

#[test]
fn patience_and_positions_stand_beside_abandonment() {
    let mut screen = TestScreen::new(sample::board(60));
    let text = why(&mut screen, KpiId::AbandonmentRate);
    insta::assert_snapshot!("why-abandonment", text);
    assert!(text.contains("Patience: ") && text.contains("10% gone by "), "{text}");
    assert!(text.contains("Hung up by position on joining: "), "{text}");
}

#[test]
fn resolution_stands_beside_speed() {
    let mut screen = TestScreen::new(sample::board(60));
    let text = why(&mut screen, KpiId::Aht);
    insta::assert_snapshot!("why-speed", text);
    assert!(text.contains("Speed, and what it is for") && text.contains("handling"), "{text}");
    // The same stands beside the resolution.
    assert!(why(&mut screen, KpiId::Fcr).contains("Speed, and what it is for"));
}

#[test]
fn quality_stands_beside_satisfaction_by_team_and_by_name() {
    let mut screen = TestScreen::new(sample::board(60));
    let text = why(&mut screen, KpiId::Csat);
    insta::assert_snapshot!("why-quality", text);
    let [north, south] = ["North  quality", "South  quality"].map(|row| text.find(row).unwrap());
    assert!(north < south, "{text}");
}
