//! The uncertainty of a figure: 95 % intervals of shares and means.

/// The normal distribution's 97.5 % point.
const Z: f64 = 1.959_963_984_540_054;

/// The 95 % Wilson score interval of `part` out of `whole`, as shares 0–1 (Wilson 1927; Agresti and Coull 1998).
/// `None` where `whole` is not positive.
#[must_use]
pub fn wilson(part: f64, whole: f64) -> Option<(f64, f64)> {
    if whole <= 0.0 {
        return None;
    }
    let p = (part / whole).clamp(0.0, 1.0);
    let z2 = Z * Z;
    let centre = p + z2 / (2.0 * whole);
    let spread = Z * (p * (1.0 - p) / whole + z2 / (4.0 * whole * whole)).sqrt();
    let scale = 1.0 + z2 / whole;
    Some((((centre - spread) / scale).max(0.0), ((centre + spread) / scale).min(1.0)))
}

/// The 95 % Student t interval of a mean from the number of values, their sum and the sum of their squares.
/// `None` for fewer than two values.
#[must_use]
pub fn t_interval(n: f64, sum: f64, squares: f64) -> Option<(f64, f64)> {
    if n < 2.0 {
        return None;
    }
    let mean = sum / n;
    let variance = ((squares - sum * mean) / (n - 1.0)).max(0.0);
    let half = t_975(n - 1.0) * (variance / n).sqrt();
    Some((mean - half, mean + half))
}

/// The 95 % interval of a net promoter score, in points (−100 to 100), by the normal approximation with the variance
/// of an answer that is 1 (promoter), 0 or −1 (detractor). `None` for fewer than two answers.
#[must_use]
pub fn nps_interval(promoters: f64, detractors: f64, answers: f64) -> Option<(f64, f64)> {
    if answers < 2.0 {
        return None;
    }
    let (p, d) = (promoters / answers, detractors / answers);
    let net = p - d;
    let half = Z * ((p + d - net * net).max(0.0) / answers).sqrt();
    Some((100.0 * (net - half).max(-1.0), 100.0 * (net + half).min(1.0)))
}

/// The 97.5 % point of Student's t: exact to three places from a table up to 30 degrees of freedom, beyond that by
/// the Cornish–Fisher expansion (Abramowitz and Stegun 26.7.5).
fn t_975(freedom: f64) -> f64 {
    const TABLE: [f64; 30] = [
        12.706_205, 4.302_653, 3.182_446, 2.776_445, 2.570_582, 2.446_912, 2.364_624, 2.306_004, 2.262_157, 2.228_139,
        2.200_985, 2.178_813, 2.160_369, 2.144_787, 2.131_450, 2.119_905, 2.109_816, 2.100_922, 2.093_024, 2.085_963,
        2.079_614, 2.073_873, 2.068_658, 2.063_899, 2.059_539, 2.055_529, 2.051_831, 2.048_407, 2.045_230, 2.042_272,
    ];
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index into thirty entries")]
    if let Some(t) = (freedom >= 1.0).then(|| TABLE.get(freedom as usize - 1)).flatten() {
        return *t;
    }
    let z3 = Z.powi(3);
    let z5 = Z.powi(5);
    Z + (z3 + Z) / (4.0 * freedom) + (5.0 * z5 + 16.0 * z3 + 3.0 * Z) / (96.0 * freedom * freedom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64, by: f64) -> bool {
        (a - b).abs() <= by
    }

    #[test]
    fn wilson_matches_published_examples() {
        for (part, whole, low, high) in [(13.0, 15.0, 62.1, 96.3), (24.0, 30.0, 62.7, 90.5), (80.0, 100.0, 71.1, 86.7)]
        {
            let (l, h) = wilson(part, whole).unwrap();
            assert!(near(100.0 * l, low, 0.1) && near(100.0 * h, high, 0.1), "{part}/{whole}: {l} {h}");
        }
        assert_eq!(wilson(0.0, 0.0), None);
        assert!(near(wilson(0.0, 10.0).unwrap().0, 0.0, 1e-12));
    }

    #[test]
    fn t_interval_of_five_known_values() {
        // 3, 4, 4, 5, 5: mean 4.2, s = 0.83666, t(4) = 2.776445, half = 1.03885
        let (low, high) = t_interval(5.0, 21.0, 91.0).unwrap();
        assert!(near(low, 3.161_15, 1e-4) && near(high, 5.238_85, 1e-4), "{low} {high}");
        assert_eq!(t_interval(1.0, 4.0, 16.0), None);
    }

    #[test]
    fn t_approaches_the_normal() {
        assert!(near(t_975(40.0), 2.021_075, 1e-4));
        assert!(near(t_975(1e9), Z, 1e-6));
    }
}
