//! Telling a change from chance: a series against its own usual range, two counts against each other, and single lengths
//! against those of the same kind.

/// A usual range is known from so many points on.
pub const MIN_USUAL_POINTS: usize = 8;
/// So many points in a row on one side of the mean are a lasting change.
const SHIFTED_POINTS: usize = 8;
/// The limits of a chart for individual values, in mean moving ranges: 3 ÷ 1.128, the mean range of two values in standard
/// deviations.
const LIMIT_PER_MOVING_RANGE: f64 = 2.66;
/// How many standard deviations are beyond chance.
const BEYOND_CHANCE_SIGMAS: f64 = 3.0;
/// What is unusual among lengths is known from so many of them on.
const MIN_LENGTHS: usize = 20;
/// The standard deviations of a normal distribution in a median absolute deviation.
const SIGMAS_PER_DEVIATION: f64 = 1.4826;

/// The range in which a series stays by chance alone: mean ± 2.66 × the mean difference of neighbours, which are three
/// standard deviations (the `XmR` chart: W. A. Shewhart 1931; D. J. Wheeler, "Understanding Variation", 1993).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UsualRange {
    /// The lower limit.
    pub low: f64,
    /// The mean.
    pub mean: f64,
    /// The upper limit.
    pub high: f64,
}

impl UsualRange {
    /// That of a series; `None` of fewer than [`MIN_USUAL_POINTS`].
    #[must_use]
    pub fn of(points: &[f64]) -> Option<Self> {
        if points.len() < MIN_USUAL_POINTS {
            return None;
        }
        let mean = mean(points)?;
        let moves: Vec<f64> = points.iter().zip(points.iter().skip(1)).map(|(a, b)| (b - a).abs()).collect();
        let spread = LIMIT_PER_MOVING_RANGE * self::mean(&moves)?;
        Some(Self { low: mean - spread, mean, high: mean + spread })
    }
}

/// How the newest points of a series stand to the ones before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeriesState {
    /// There are too few points before.
    Unknown,
    /// They differ no more than these among each other.
    Usual,
    /// One is outside of the usual range.
    Outside {
        /// Whether it is above.
        above: bool,
    },
    /// Each is within the range, and with those before eight in a row are on one side of the mean: a slow change.
    Shifted {
        /// Whether they are above.
        above: bool,
    },
}

impl SeriesState {
    /// That of the points `now` after those of `before`, the oldest first. Of several outside, the last one counts.
    #[must_use]
    pub fn of(before: &[f64], now: &[f64]) -> Self {
        let Some(usual) = UsualRange::of(before).filter(|_| !now.is_empty()) else { return Self::Unknown };
        if let Some(value) = now.iter().rev().find(|value| **value < usual.low || **value > usual.high) {
            return Self::Outside { above: *value > usual.high };
        }
        let last: Vec<f64> = now.iter().rev().chain(before.iter().rev()).take(SHIFTED_POINTS).copied().collect();
        let all = |is: fn(f64, f64) -> bool| last.iter().all(|value| is(*value, usual.mean));
        match (all(|value, mean| value > mean), all(|value, mean| value < mean)) {
            (true, _) => Self::Shifted { above: true },
            (_, true) => Self::Shifted { above: false },
            _ => Self::Usual,
        }
    }

    /// Whether the series rose (`true`) or fell beyond chance; `None` where it did not.
    #[must_use]
    pub const fn change(self) -> Option<bool> {
        match self {
            Self::Outside { above } | Self::Shifted { above } => Some(above),
            Self::Unknown | Self::Usual => None,
        }
    }
}

/// Whether a count rose (`true`) or fell beyond chance, given as what was counted and over how long, before and now. Of two
/// Poisson counts with the same rate, one has a binomial share of their sum (J. Przyborowski and H. Wilenski, Biometrika 31,
/// 1940); the share is compared with three standard deviations, by the normal approximation with a correction of ½.
#[must_use]
pub fn count_change(before: (f64, f64), now: (f64, f64)) -> Option<bool> {
    let (sum, length) = (before.0 + now.0, before.1 + now.1);
    if before.1 <= 0.0 || now.1 <= 0.0 || sum <= 0.0 {
        return None;
    }
    let share = now.1 / length;
    let difference = now.0 - sum * share;
    let chance = BEYOND_CHANCE_SIGMAS * (sum * share * (1.0 - share)).sqrt() + 0.5;
    (difference.abs() > chance).then_some(difference > 0.0)
}

/// The length above which one is unusual among lengths of the same kind: the median of their logarithms plus three standard
/// deviations, estimated by the median absolute deviation, which long ones do not move (F. R. Hampel, Journal of the American
/// Statistical Association 69, 1974). `None` of fewer than twenty positive lengths.
#[must_use]
pub fn unusual_length(lengths: impl Iterator<Item = f64>) -> Option<f64> {
    let logs: Vec<f64> = lengths.filter(|length| *length > 0.0).map(f64::ln).collect();
    if logs.len() < MIN_LENGTHS {
        return None;
    }
    let middle = median(&logs)?;
    let deviation = median(&logs.iter().map(|log| (log - middle).abs()).collect::<Vec<_>>())?;
    Some((middle + BEYOND_CHANCE_SIGMAS * SIGMAS_PER_DEVIATION * deviation).exp())
}

/// The median; of an even number of values, the mean of the two in the middle. `None` of nothing.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = *sorted.get(sorted.len().saturating_sub(1) / 2)?;
    Some(f64::midpoint(lower, upper))
}

#[expect(clippy::cast_precision_loss, reason = "a number of values in memory")]
fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean is 50; the differences are 2, 4, 6, 4, 2, 4, 6, of which the mean is 4.
    const BEFORE: [f64; 8] = [50.0, 52.0, 48.0, 54.0, 50.0, 48.0, 52.0, 46.0];

    #[test]
    fn a_usual_range_is_that_of_an_xmr_chart() {
        let usual = UsualRange::of(&BEFORE).unwrap();
        assert!((usual.mean - 50.0).abs() < 1e-9 && (usual.high - 60.64).abs() < 1e-9, "{usual:?}");
        assert_eq!(UsualRange::of(&BEFORE[1..]), None);
    }

    #[test]
    fn a_signal_is_outside_or_lasts() {
        assert_eq!(SeriesState::of(&BEFORE, &[60.0]), SeriesState::Usual);
        assert_eq!(SeriesState::of(&BEFORE, &[60.7]).change(), Some(true));
        assert_eq!(SeriesState::of(&BEFORE, &[39.0]), SeriesState::Outside { above: false });
        assert_eq!(SeriesState::of(&BEFORE[..7], &[39.0]), SeriesState::Unknown);
        assert_eq!(SeriesState::of(&BEFORE, &[]), SeriesState::Unknown);
        let drifting = [40.0, 44.0, 40.0, 44.0, 40.0, 46.0, 44.0, 46.0, 44.0, 46.0, 44.0, 46.0];
        assert_eq!(SeriesState::of(&drifting, &[45.0]), SeriesState::Shifted { above: true });
    }

    #[test]
    fn counts_differ_beyond_chance() {
        assert_eq!(count_change((100.0, 7.0), (130.0, 7.0)), None);
        assert_eq!(count_change((100.0, 7.0), (160.0, 7.0)), Some(true));
        // As many in half the time.
        assert_eq!(count_change((100.0, 10.0), (100.0, 5.0)), Some(true));
        assert_eq!(count_change((200.0, 7.0), (100.0, 7.0)), Some(false));
        assert_eq!(count_change((0.0, 0.0), (100.0, 7.0)), None);
    }

    #[test]
    fn a_long_one_does_not_hide_itself() {
        let lengths = (0..30).map(|at| if at == 7 { 9000.0 } else { 280.0 + f64::from(at) });
        let limit = unusual_length(lengths).unwrap();
        assert!((305.0..400.0).contains(&limit), "{limit}");
        assert_eq!(unusual_length([1.0; 19].into_iter()), None);
        assert_eq!(median(&[3.0, 1.0, 2.0, 9.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }
}
