//! Rows that are sums over an interval: the figures of a queue as its own system has computed them.

use std::collections::BTreeMap;

use super::contacts::{passes, row_time};
use super::doubts::MAX_USUAL;
use super::duration::figure;
use super::resolved::{ResolvedColumns, ResolvedField};
use super::rows::CsvRow;
use super::time::LocalClock;
use super::totals::{self, QueueNames};
use crate::clock::Time;
use crate::event::{Event, EventKind, INTERVAL_WINDOW};
use crate::kpi::{KpiId, Unit};
use crate::source::rejection::RejectionReason;
use crate::text::Label;

/// Reads the figures of one table.
#[derive(Debug)]
pub(super) struct SumsTable {
    pub(super) resolved: ResolvedColumns,
    pub(super) clock: LocalClock,
    pub(super) queues: QueueNames,
    /// How many rows have totals and are left out.
    totals: u64,
    /// The shortest of the times that are not 0, by KPI.
    shortest: BTreeMap<KpiId, f64>,
}

impl SumsTable {
    pub(super) const fn new(resolved: ResolvedColumns, clock: LocalClock) -> Self {
        let queues = resolved.queues;
        Self { resolved, clock, queues, totals: 0, shortest: BTreeMap::new() }
    }

    /// Says how many rows are left out, and which figures are too long to be seconds.
    pub(super) fn doubts(&self) -> impl Iterator<Item = String> {
        let long = self.shortest.iter().filter(|(_, shortest)| **shortest > MAX_USUAL.as_secs_f64());
        totals::remark(self.totals).into_iter().chain(
            long.map(|(kpi, _)| format!("{}: every value is above four hours: are these milliseconds?", kpi.def().key)),
        )
    }

    /// Emit the figures of a row.
    pub(super) fn read(
        &mut self,
        row: CsvRow<'_>,
        latest: Time,
        origin: &Label,
        each: &mut dyn FnMut(Event),
    ) -> Result<(), RejectionReason> {
        let fields = &self.resolved;
        if !passes(row, fields) {
            return Ok(());
        }
        // The sum of all queues in an interval.
        if matches!(&fields.queue, Some(ResolvedField::Cell(index)) if self.queues.is_total(&row.text(*index))) {
            self.totals += 1;
            return Ok(());
        }
        let at = match row_time(row, fields, &mut self.clock, latest) {
            Err(_) if totals::are_in(row, &fields.naming()) => {
                self.totals += 1;
                return Ok(());
            }
            at => at?,
        };
        let queue = match &fields.queue {
            None => Label::default(),
            Some(ResolvedField::Constant(value)) => Label::new(value),
            Some(ResolvedField::Cell(index)) => Label::new(&row.text(*index)),
        };
        let queue = Some(queue).filter(|queue| !queue.is_empty()).unwrap_or(Label::fixed("all"));
        let mut figures = Vec::with_capacity(fields.figures.len());
        for of in &fields.figures {
            let (column, notation) = of.dividend;
            let about = |reason: RejectionReason| reason.about(of.kpi.def().key);
            let Some(mut number) = figure(&row.text(column), notation).map_err(about)? else { continue };
            if let Some((divisor, notation)) = of.divisor {
                match figure(&row.text(divisor), notation).map_err(about)? {
                    Some(by) if by > 0.0 => number /= by,
                    _ => continue,
                }
            }
            if of.kpi.def().unit == Unit::Seconds && number > 0.0 {
                let shortest = self.shortest.entry(of.kpi).or_insert(number);
                *shortest = shortest.min(number);
            }
            figures.push((Label::new(of.kpi.def().key), number));
        }
        let kind = EventKind::Observed { queue, window: Some(INTERVAL_WINDOW), figures, quotients: Vec::new() };
        each(Event { at, origin: origin.clone(), id: None, kind });
        Ok(())
    }
}
