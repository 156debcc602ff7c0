//! Rows that are sums over an interval: the figures of a queue as its own system has computed them.

use std::collections::BTreeMap;

use super::contacts::{kept_out, row_time};
use super::doubts::MAX_USUAL;
use super::duration::{self, Notation};
use super::resolved::{ResolvedColumns, ResolvedField, ResolvedFigure};
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
    /// What was seen of the figures, by KPI.
    seen: BTreeMap<KpiId, FigureDoubt>,
}

/// What was seen of a figure.
#[derive(Clone, Copy, Debug, Default)]
struct FigureDoubt {
    /// How many are above 0.
    above_zero: u64,
    /// How many times are longer than is usual, and longer than is believed of one alone.
    long: u64,
    unbelievable: u64,
    /// How many shares are above 100 %, and so left out.
    above_all: u64,
}

/// No share is above it: a quotient of decimals may be above 100 by their rounding.
pub(super) const MAX_PERCENT: f64 = 100.5;

/// A mean above it is said even if it is the only one, in seconds.
const MAX_BELIEVED_S: f64 = 12.0 * 3600.0;

impl SumsTable {
    pub(super) const fn new(resolved: ResolvedColumns, clock: LocalClock) -> Self {
        let queues = resolved.queues;
        Self { resolved, clock, queues, totals: 0, seen: BTreeMap::new() }
    }

    /// Says how many rows are left out, and which figures none can have.
    pub(super) fn doubts(&self) -> Vec<String> {
        let mut out: Vec<String> = totals::remark(self.totals).into_iter().collect();
        for (kpi, seen) in &self.seen {
            let key = kpi.def().key;
            let FigureDoubt { above_zero, long, unbelievable, above_all } = *seen;
            if above_all > 0 {
                out.push(format!("{key}: {above_all} of {above_zero} are above 100 % and left out: is it a count?"));
            }
            if long * 2 > above_zero {
                out.push(format!(
                    "{key}: {long} of {above_zero} are above four hours: set its unit, perhaps `{key} = {{ column = …, unit = \"ms\" }}`"
                ));
            } else if unbelievable > 0 {
                out.push(format!("{key}: {unbelievable} of {above_zero} are above twelve hours: check these rows"));
            }
        }
        out
    }

    /// A figure of a row; `None` if it is not known.
    fn figure(&mut self, of: &ResolvedFigure, row: CsvRow<'_>) -> Result<Option<f64>, RejectionReason> {
        let unit = of.kpi.def().unit;
        let read = |index: usize, notation: Notation, is_count: bool| {
            let text = row.text(index);
            let whole = Some(text.trim()).filter(|_| is_count).and_then(duration::whole_number);
            whole.map_or_else(|| duration::figure(&text, notation), |whole| Ok(Some(whole)))
        };
        let (column, notation) = of.dividend;
        let is_percent = row.text(column).contains('%');
        let Some(mut number) = read(column, notation, matches!(unit, Unit::Count))? else { return Ok(None) };
        if let Some(divisor) = of.divisor {
            match read(divisor, Notation::default(), true)? {
                Some(by) if by > 0.0 => number /= by,
                _ => return Ok(None),
            }
        }
        if of.is_fraction && !is_percent {
            number *= 100.0;
        }
        let seen = self.seen.entry(of.kpi).or_default();
        seen.above_zero += u64::from(number > 0.0);
        match unit {
            Unit::Seconds => {
                seen.long += u64::from(number > MAX_USUAL.as_secs_f64());
                seen.unbelievable += u64::from(number > MAX_BELIEVED_S);
            }
            Unit::Percent if number > MAX_PERCENT => {
                seen.above_all += 1;
                return Ok(None);
            }
            _ => {}
        }
        Ok(Some(number))
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
        if kept_out(row, fields).is_some() {
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
        for of in &self.resolved.figures.clone() {
            if let Some(number) = self.figure(of, row).map_err(|reason| reason.about(of.kpi.def().key))? {
                figures.push((Label::new(of.kpi.def().key), number));
            }
        }
        let kind = EventKind::Observed { queue, window: Some(INTERVAL_WINDOW), figures, quotients: Vec::new() };
        each(Event { at, origin: origin.clone(), id: None, kind });
        Ok(())
    }
}
