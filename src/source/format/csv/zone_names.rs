//! Names of zones after a time that has no offset.

use crate::clock::Span;

/// Names that mean one offset, in minutes east of UTC. `CST` and `IST` are of three zones each, and so of none here.
const OFFSETS: [(&str, i64); 25] = [
    ("UTC", 0),
    ("GMT", 0),
    ("Z", 0),
    ("WET", 0),
    ("WEST", 60),
    ("BST", 60),
    ("CET", 60),
    ("MEZ", 60),
    ("CEST", 120),
    ("MESZ", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("JST", 540),
    ("AEST", 600),
    ("AEDT", 660),
    ("NZST", 720),
    ("NZDT", 780),
    ("EDT", -240),
    ("EST", -300),
    ("CDT", -300),
    ("MDT", -360),
    ("MST", -420),
    ("PDT", -420),
    ("PST", -480),
];
/// The most letters of a name.
const MAX_LETTERS: usize = 5;

/// A time without the name of a zone at its end, and how far the zone is east of UTC: `None` if the name means several zones,
/// so that the time is one on the table's wall clock.
pub(super) fn split(text: &str) -> Option<(&str, Option<Span>)> {
    let bare = text.strip_suffix(')').unwrap_or(text);
    let name = bare.rsplit([' ', '(']).next()?;
    let before = bare.strip_suffix(name)?.strip_suffix(['(', ' '])?.trim_end();
    let is_name = (1..=MAX_LETTERS).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_uppercase());
    if !is_name || ["AM", "PM"].contains(&name) {
        return None;
    }
    let offset = OFFSETS.iter().find(|(known, _)| *known == name).map(|(_, minutes)| Span::seconds(minutes * 60));
    Some((before, offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_means_one_zone_is_an_offset_and_any_other_is_passed_over() {
        for (text, bare, minutes) in [
            ("2026-03-02 09:00 UTC", "2026-03-02 09:00", Some(0)),
            ("2026-03-02 09:00 (UTC)", "2026-03-02 09:00", Some(0)),
            ("03/02/2026 09:00 AM EDT", "03/02/2026 09:00 AM", Some(-240)),
            ("2026-03-02 09:00 CET", "2026-03-02 09:00", Some(60)),
            ("2026-03-02 09:00 CST", "2026-03-02 09:00", None),
        ] {
            assert_eq!(split(text), Some((bare, minutes.map(|minutes| Span::seconds(minutes * 60)))), "{text}");
        }
        for text in ["2026-03-02 09:00", "03/02/2026 09:00 AM", "", "UTC", "2026-03-02T09:00Z", "Ann Lee"] {
            assert_eq!(split(text), None, "{text}");
        }
    }
}
