//! A gauge: a value on a scale with its lower and upper limit.

/// A gauge of `width` columns on the scale 0–`most`: a bar from `low` to `high`, and the value as a dot.
#[must_use]
pub fn gauge(value: f64, low: Option<f64>, high: Option<f64>, most: f64, width: usize) -> String {
    if width < 3 || most <= 0.0 {
        return String::new();
    }
    let last = width - 1;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "held to 0..=last, a screen's width"
    )]
    let place = |v: f64| ((v / most).clamp(0.0, 1.0) * last as f64).round() as usize;
    let (from, to, at) = (place(low.unwrap_or(0.0)), place(high.unwrap_or(most)), place(value));
    (0..width)
        .map(|x| match x {
            _ if x == at => '●',
            _ if x == from && low.is_some() => '├',
            _ if x == to && high.is_some() => '┤',
            _ if from < x && x < to => '─',
            _ => ' ',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stands_between_its_bounds() {
        assert_eq!(gauge(50.0, Some(25.0), Some(75.0), 100.0, 9), "  ├─●─┤  ");
        assert_eq!(gauge(95.0, Some(25.0), Some(75.0), 100.0, 9), "  ├───┤ ●");
    }
}
