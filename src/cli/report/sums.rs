//! Figures that a table gives for each interval, added up over a report's period and rows.

use std::collections::BTreeMap;

use crate::clock::Time;
use crate::event::{Event, EventKind, INTERVAL_WINDOW};
use crate::kpi::{Dim, Figure, KpiId, Unit};
use crate::report::Report;
use crate::text::Label;

/// The figures of intervals, by queue and beginning.
#[derive(Debug, Default)]
pub(super) struct IntervalSums(Vec<Interval>);

#[derive(Debug)]
struct Interval {
    queue: Label,
    at: Time,
    figures: Vec<(KpiId, f64)>,
}

impl Interval {
    fn get(&self, kpi: KpiId) -> Option<f64> {
        self.figures.iter().find(|(id, _)| *id == kpi).map(|(_, value)| *value)
    }
}

impl IntervalSums {
    pub(super) fn add(&mut self, event: &Event) {
        if let EventKind::Observed { queue, window: Some(window), figures, .. } = &event.kind
            && *window == INTERVAL_WINDOW
        {
            let known = figures.iter().filter_map(|(key, value)| Some((KpiId::parse(key.as_str())?, *value)));
            self.0.push(Interval { queue: queue.clone(), at: event.at, figures: known.collect() });
        }
    }

    /// Write the sums over the figures of a report that no contact gives.
    pub(super) fn fill(&self, report: &mut Report) {
        if self.0.is_empty() {
            return;
        }
        let period = report.from..report.to;
        let within: Vec<&Interval> = self.0.iter().filter(|interval| period.contains(&interval.at)).collect();
        fill(&report.kpis, &mut report.total, &within);
        let by_queue = report.by.contains(&Dim::Queue);
        let (every, calendar) = (report.every, report.calendar);
        for row in &mut report.rows {
            let of_row = within.iter().copied().filter(|interval| {
                (!by_queue || row.key.get(Dim::Queue) == Some(&interval.queue))
                    && every.is_none_or(|every| row.start == Some(calendar.bucket(every, interval.at)))
            });
            fill(&report.kpis, &mut row.figures, &of_row.collect::<Vec<_>>());
        }
    }
}

fn fill(kpis: &[KpiId], figures: &mut [Figure], intervals: &[&Interval]) {
    let sums = combined(intervals);
    for (kpi, figure) in kpis.iter().zip(figures) {
        match sums.get(kpi) {
            Some(value) if figure.observed || figure.n == 0 => {
                *figure = Figure { value: Some(*value), observed: true, ..Figure::default() };
            }
            // No contact was counted: it is the table that does not tell.
            None if !intervals.is_empty() && figure.value.is_none_or(|value| value == 0.0) && figure.n == 0 => {
                *figure = Figure::unknown("the table of sums does not tell it");
            }
            _ => {}
        }
    }
}

/// Counts are added; means and shares are weighted by the contacts that they are of.
fn combined(intervals: &[&Interval]) -> BTreeMap<KpiId, f64> {
    let mut sums: BTreeMap<KpiId, (f64, f64)> = BTreeMap::new();
    for interval in intervals {
        for &(kpi, value) in &interval.figures {
            let weight = if kpi.def().unit == Unit::Count { None } else { Some(weight(interval, kpi)) };
            let sum = sums.entry(kpi).or_default();
            sum.0 += value * weight.unwrap_or(1.0);
            sum.1 += weight.unwrap_or_default();
        }
    }
    let mean = |(kpi, (sum, weight)): (KpiId, (f64, f64))| match kpi.def().unit {
        Unit::Count => Some((kpi, sum)),
        _ => (weight > 0.0).then(|| (kpi, sum / weight)),
    };
    let mut out: BTreeMap<KpiId, f64> = sums.into_iter().filter_map(mean).collect();
    if let (Some(abandoned), Some(offered)) = (out.get(&KpiId::Abandoned), out.get(&KpiId::Offered))
        && *offered > 0.0
    {
        let rate = 100.0 * abandoned / offered;
        out.entry(KpiId::AbandonmentRate).or_insert(rate);
    }
    out
}

/// How many contacts of an interval a mean or share is of; 1 if the table does not say.
fn weight(interval: &Interval, kpi: KpiId) -> f64 {
    let of: &[KpiId] = match kpi {
        KpiId::ServiceLevel | KpiId::AbandonmentRate => &[KpiId::Offered, KpiId::Answered],
        KpiId::Asa => &[KpiId::Answered, KpiId::Handled],
        _ => &[KpiId::Handled, KpiId::Answered],
    };
    of.iter().find_map(|kpi| interval.get(*kpi)).unwrap_or(1.0)
}
