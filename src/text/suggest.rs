//! "Did you mean …?": finds the known word nearest to an unknown one.

/// The least similarity (Jaro–Winkler, 0–1) at which a word is worth suggesting.
const MIN_SIMILARITY: f64 = 0.75;

/// The candidate nearest to `word`, whatever the case of its letters; `None` where none is near enough to suggest.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&candidate.to_lowercase(), &lower), candidate))
        .filter(|(similarity, _)| *similarity > MIN_SIMILARITY)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// The end of an error message: `; did you mean …?`, or else a list of the candidates; empty where there are none.
pub(crate) fn suggestion<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = nearest(word, candidates.clone()) {
        return format!("; did you mean `{near}`?");
    }
    let all: Vec<_> = candidates.into_iter().map(|candidate| format!("`{candidate}`")).collect();
    if all.is_empty() { String::new() } else { format!("; there is {}", all.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_the_nearest_word_or_lists_them_all() {
        assert_eq!(suggestion("fcr_windw", ["fcr_window", "fcr_method"]), "; did you mean `fcr_window`?");
        assert_eq!(suggestion("zzz", ["fcr", "asa"]), "; there is `fcr`, `asa`");
        assert_eq!(suggestion("zzz", []), "");
    }

    #[test]
    fn letters_may_differ_in_case_and_order() {
        assert_eq!(nearest("AGNET", ["Queue", "Agent"]), Some("Agent"));
        assert_eq!(nearest("agnets", ["agents", "alerts"]), Some("agents"));
        assert_eq!(nearest("seek", ["speed of light", "quit"]), None);
    }
}
