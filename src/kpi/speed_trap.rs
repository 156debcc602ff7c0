//! Speed without resolution: handling that became faster while contacts were resolved, or customers satisfied, less often.

use super::figure::{Figure, float};
use super::tally::Sum;
use super::{FcrMethod, KpiInputs};

/// 1 if handling became faster while resolution or satisfaction fell, each significantly compared with the baseline:
/// a two-sample z test at 95 % (docs/kpis.md, `speed_trap`).
#[expect(clippy::cast_precision_loss, reason = "sums of a month stay far below 2^53 in their unit")]
pub(super) fn speed_trap(r: &KpiInputs<'_>) -> Figure {
    const Z: f64 = 1.96;
    let Some(before) = r.baseline else {
        return Figure::unknown("nothing to compare with: no history of these hours");
    };
    let now = r.tally;
    let spread = |sum: &Sum| {
        let (n, s, q) = (float(sum.n), sum.sum as f64 / 1e6, sum.squares as f64 / 1e12);
        let mean = s / n;
        (mean, ((q - s * mean) / (n - 1.0)).max(0.0) / n)
    };
    let least = i64::try_from(r.rules.min_samples).unwrap_or(i64::MAX).max(2);
    if now.handle.n < least || before.handle.n < least {
        return Figure::unknown("too few handled contacts to compare");
    }
    // After-contact work counts in the means; its variance is not known, so that of talk and hold is used.
    let acw = |t: &super::Tally| t.handle_acw as f64 / 1e6 / float(t.handle.n);
    let ((mean_now, noise_now), (mean_before, noise_before)) = (spread(&now.handle), spread(&before.handle));
    let faster = (mean_before + acw(before)) - (mean_now + acw(now)) > Z * (noise_now + noise_before).sqrt();
    let fell = |part_now: i64, n_now: i64, part_before: i64, n_before: i64| {
        if n_now < least || n_before < least {
            return false;
        }
        let (a, b) = (float(part_now) / float(n_now), float(part_before) / float(n_before));
        let noise = (a * (1.0 - a) / float(n_now) + b * (1.0 - b) / float(n_before)).sqrt();
        b - a > Z * noise
    };
    let resolution = match r.rules.fcr_method {
        FcrMethod::Repeat => fell(now.first_resolved, now.first_contacts, before.first_resolved, before.first_contacts),
        FcrMethod::Disposition => fell(now.resolved, now.dispositions, before.resolved, before.dispositions),
        FcrMethod::Survey => {
            fell(now.survey_resolved, now.survey_resolutions, before.survey_resolved, before.survey_resolutions)
        }
    };
    let trapped = faster && (resolution || fell(now.csat_top, now.csat.n, before.csat_top, before.csat.n));
    Figure::gauge(if trapped { 1.0 } else { 0.0 }, now.handle.n)
}
