//! Other spellings of texts that may be times: halves of a day, dates with points, fractions of a second.

use super::month_names::{self, MonthNames};

/// The other spellings of a text that may be a time: names of months in English, `a. m.` as `AM`, a fraction of a second after a
/// point; then the same without what stands between a date and a time.
pub(super) fn spellings(text: &str, months: MonthNames) -> Vec<String> {
    let named = month_names::in_english(text, months);
    let plain = fraction_after_point(&plain_meridiem(named.as_deref().unwrap_or(text)));
    // `GMT+0100 (Central European Standard Time)`
    let plain = plain.split(" (").next().unwrap_or_default().replace("GMT+", "+").replace("GMT-", "-");
    let bare = plain_after_year(&plain_dotted_date(&plain.replace(", ", " ").replace(" - ", " ")));
    let mut out = vec![plain, bare];
    out.dedup();
    out.retain(|spelling| spelling != text);
    out
}

/// The halves of a day in other languages, before or behind the time.
const MERIDIEMS: [(&str, &str); 14] = [
    ("a. m.", "AM"),
    ("p. m.", "PM"),
    ("a.m.", "AM"),
    ("p.m.", "PM"),
    ("오전", "AM"),
    ("오후", "PM"),
    ("午前", "AM"),
    ("午後", "PM"),
    ("上午", "AM"),
    ("下午", "PM"),
    ("π.μ.", "AM"),
    ("μ.μ.", "PM"),
    ("πμ", "AM"),
    ("μμ", "PM"),
];

/// `9:05 a. m.` and `오전 9:05` as `9:05 AM`.
fn plain_meridiem(text: &str) -> String {
    let text = text.replace(['\u{a0}', '\u{202f}'], " ");
    let lower = text.to_lowercase();
    let plain = MERIDIEMS.into_iter().find_map(|(written, plain)| {
        let at = lower.find(written)?;
        let (before, after) = (text.get(..at)?.trim_end(), text.get(at + written.len()..)?.trim_start());
        let space = if before.is_empty() || after.is_empty() { "" } else { " " };
        Some(format!("{before}{space}{} {plain}", after.trim_end()).replace("  ", " "))
    });
    plain.unwrap_or(text)
}

/// `05.10.2026. 09:00` and `5. 10. 2026 09:00` as `05.10.2026 09:00`.
fn plain_dotted_date(text: &str) -> String {
    let is_dotted = |word: &str| word.bytes().all(|b| b.is_ascii_digit() || b == b'.') && word.contains('.');
    let is_year = |word: &str| word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit());
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let is_part = !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        match words.last_mut().filter(|last| is_dotted(last) && last.ends_with('.') && is_part) {
            Some(last) if last.matches('.').count() < 3 => last.push_str(word),
            _ => words.push(word.to_owned()),
        }
    }
    let bare = |word: &String| match word.strip_suffix('.') {
        Some(bare) if is_year(bare) || is_dotted(bare) && bare.matches('.').count() == 2 => bare.to_owned(),
        _ => word.clone(),
    };
    words.iter().map(bare).collect::<Vec<_>>().join(" ")
}

/// `09:00:00,123` as `09:00:00.123`.
pub(super) fn fraction_after_point(text: &str) -> String {
    match text.rsplit_once(',') {
        Some((before, after)) if before.contains(':') && after.starts_with(|c: char| c.is_ascii_digit()) => {
            format!("{before}.{after}")
        }
        _ => text.to_owned(),
    }
}
/// `02/Mar/2026:09:00:05` as `02/Mar/2026 09:00:05`.
fn plain_after_year(text: &str) -> String {
    match (text.get(..11), text.get(11..).and_then(|rest| rest.strip_prefix(':'))) {
        (Some(date), Some(time)) if date.matches('/').count() == 2 => format!("{date} {time}"),
        _ => text.to_owned(),
    }
}
