//! Patience: how long customers are willing to wait. Whoever was answered would have waited longer, one knows not how long: such
//! waits are censored. So the mean time until somebody hangs up says little; these do:
//!
//! - the mean patience θ = all waiting time ÷ customers who hung up, the maximum-likelihood estimate where patience is
//!   exponential, as Erlang A has it;
//! - the wait by which a share of customers would have hung up, by E. L. Kaplan and P. Meier, "Nonparametric Estimation from
//!   Incomplete Observations", Journal of the American Statistical Association 53 (1958), which assumes nothing of the kind.

use super::KpiInputs;
use super::figure::{Figure, FigurePart, float};
use super::samples::Samples;
use super::tally::Tally;
use crate::text::Label;

/// With fewer customers who hung up, nothing is said.
const MIN_ABANDONED: i64 = 10;
/// Where fewer customers still wait, the curve ends.
const MIN_WAITING: i64 = 10;
/// The shares of customers whose wait is told.
const SHARES: [(&str, f64); 4] = [("10%", 0.1), ("25%", 0.25), ("50%", 0.5), ("75%", 0.75)];

/// A step of the curve.
struct CurveStep {
    /// The wait, µs.
    wait: i64,
    /// The share (0–1) that would have hung up by then.
    gone: f64,
    /// How many customers had waited so long.
    waiting: i64,
}

/// The mean patience in seconds, from `n` customers who hung up; as parts the waits by which shares of customers would have
/// hung up, each from `n` customers who waited so long.
pub(super) fn patience(r: &KpiInputs<'_>) -> Figure {
    let t = r.tally;
    let gone = i64::try_from(t.abandon_waits.len()).unwrap_or(i64::MAX);
    if gone < MIN_ABANDONED {
        let n = t.abandon_waits.len() as u64;
        return Figure { n, ..Figure::unknown("too few hung up to tell") };
    }
    let waits = [&t.answer_waits, &t.abandon_waits, &t.left_waits].into_iter().flat_map(Samples::counts);
    let waited = waits.map(|(wait, count)| float(wait) / 1e6 * f64::from(count)).sum::<f64>();
    let figure = Figure::ratio(1.0, waited, float(gone), gone, "nobody hung up in this window");
    // Of an exponential mean, the logarithm is normal to a good approximation, with a standard error of 1 ÷ √n.
    let factor = (1.96 / float(gone).sqrt()).exp();
    let curve = curve(t);
    let parts = SHARES.iter().map(|(key, share)| {
        let step = curve.iter().find(|step| step.gone >= *share);
        let (value, n) = step.map_or((None, 0), |step| (Some(float(step.wait) / 1e6), step.waiting));
        FigurePart { key: Label::fixed(key), value, n: u64::try_from(n).unwrap_or(0) }
    });
    let (low, high) = (figure.value.map(|mean| mean / factor), figure.value.map(|mean| mean * factor));
    Figure { low, high, parts: parts.collect(), ..figure }.without_unknown_ends(t.unknown_end_waiting)
}

/// The curve of Kaplan and Meier, a step for each wait after which somebody hung up.
fn curve(t: &Tally) -> Vec<CurveStep> {
    let censored = [&t.answer_waits, &t.left_waits].into_iter().flat_map(Samples::counts);
    let censored = censored.map(|(wait, count)| (wait, 0, i64::from(count)));
    let gone = t.abandon_waits.counts().map(|(wait, count)| (wait, i64::from(count), 0));
    let mut ends: Vec<(i64, i64, i64)> = censored.chain(gone).collect();
    ends.sort_unstable();
    let mut waiting: i64 = ends.iter().map(|(_, gone, censored)| gone + censored).sum();
    let (mut stays, mut steps) = (1.0, Vec::new());
    for same in ends.chunk_by(|a, b| a.0 == b.0) {
        let (gone, all) =
            same.iter().fold((0, 0), |(sum, all), (_, gone, censored)| (sum + gone, all + gone + censored));
        if waiting < MIN_WAITING {
            break;
        }
        if let (Some((wait, ..)), 1..) = (same.first(), gone) {
            stays *= 1.0 - float(gone) / float(waiting);
            steps.push(CurveStep { wait: *wait, gone: 1.0 - stays, waiting });
        }
        waiting -= all;
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(abandoned: &[i64], answered: &[i64]) -> Tally {
        let mut tally = Tally::default();
        for wait in abandoned {
            tally.abandon_waits.count(wait * 1_000_000, 1);
        }
        for wait in answered {
            tally.answer_waits.count(wait * 1_000_000, 1);
        }
        tally
    }

    #[test]
    fn the_curve_is_that_of_kaplan_and_meier() {
        // Gehan's (1965) remission times of 6-MP, in weeks: a + is censored. The estimates stand in every textbook.
        let t = tally(&[6, 6, 6, 7, 10, 13, 16, 22, 23], &[6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]);
        let steps: Vec<_> = curve(&t).iter().map(|s| (s.wait / 1_000_000, s.waiting, 1.0 - s.gone)).collect();
        let expected =
            [(6, 21, 0.857_142), (7, 17, 0.806_722), (10, 15, 0.752_941), (13, 12, 0.690_196), (16, 11, 0.627_451)];
        assert_eq!(steps.len(), expected.len(), "where fewer than ten still wait, nothing is said");
        for (step, (wait, waiting, stays)) in steps.iter().zip(expected) {
            assert!((step.0, step.1) == (wait, waiting) && (step.2 - stays).abs() < 1e-5, "{step:?}");
        }
    }

    /// Waits of customers whose patience is exponential, with the time after which each would be answered.
    fn simulated(n: u64, patience_s: f64, answer_s: f64) -> Tally {
        let mut state = 7_u64;
        let mut exponential = |mean: f64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            #[expect(clippy::cast_precision_loss, reason = "53 bits")]
            let uniform = ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
            -mean * uniform.ln()
        };
        let mut tally = Tally::default();
        for _ in 0..n {
            let (patience, answer) = (exponential(patience_s), exponential(answer_s));
            #[expect(clippy::cast_possible_truncation, reason = "some hours at most")]
            let wait = (patience.min(answer) * 1e6) as i64;
            if patience < answer { &mut tally.abandon_waits } else { &mut tally.answer_waits }.count(wait, 1);
        }
        tally
    }

    #[test]
    fn the_patience_of_five_thousand_waits_of_which_seven_in_ten_are_censored_is_found() {
        // Answered at 3/7 of the patience, 70 of 100 do not hang up.
        let t = simulated(5_000, 180.0, 180.0 * 3.0 / 7.0);
        let rules = super::super::CountingRules::default();
        let live = super::super::Live::default();
        let inputs = KpiInputs {
            tally: &t,
            live: &live,
            times: None,
            baseline: None,
            rules: &rules,
            evidence: super::super::Evidence::default(),
            of_agent: false,
            now: crate::clock::Time(0),
        };
        let figure = patience(&inputs);
        let mean = figure.value.unwrap();
        assert!((mean / 180.0 - 1.0).abs() < 0.05, "{mean}");
        assert!(figure.low.unwrap() < 180.0 && 180.0 < figure.high.unwrap(), "{figure:?}");
        // By the exponential law, a share s would have hung up by −θ ln(1 − s).
        for (part, (_, share)) in figure.parts.iter().zip(SHARES).take(3) {
            let expected = -180.0 * (1.0_f64 - share).ln();
            assert!((part.value.unwrap() / expected - 1.0).abs() < 0.08, "{part:?} {expected}");
        }
        let few = simulated(20, 180.0, 60.0);
        let few = patience(&KpiInputs { tally: &few, ..inputs });
        assert_eq!((few.value, few.reason.unwrap().as_str()), (None, "too few hung up to tell"));
    }
}
