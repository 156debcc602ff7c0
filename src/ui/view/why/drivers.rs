//! What volume, handling time, agents at work and the mix did to a change, in rows that sum to it.

use crate::clock::Span;
use crate::kpi::{Dim, Formula, Kpi, KpiId, Slice, Unit, Window};
use crate::language::{self, ShownFigure as _, text};
use crate::staffing::drivers::{DrivenFigure, effects};
use crate::staffing::erlang::SteadyState;
use crate::ui::answers::Figures;
use crate::ui::queries;
use crate::ui::view::Ctx;
use crate::ui::words;

/// The drivers of a change with what each did, in the KPI's unit, and the patience that the model was given in seconds.
pub(super) struct ChangeDrivers {
    pub(super) rows: Vec<(String, f64)>,
    pub(super) patience_s: f64,
}

/// The drivers of a change of a KPI, of which the mix did `mix`. `None` where the KPI does not follow from a queue, where
/// mail waits in it, and where too few have hung up to tell the patience.
pub(super) fn of(
    ctx: Ctx<'_>,
    kpi: &Kpi,
    slice: &Slice,
    window: Window,
    (before, now): (&Figures, &Figures),
    mix: f64,
) -> Option<ChangeDrivers> {
    let threshold_s = threshold(ctx, slice)?.as_secs_f64();
    let formula = ctx.board.rules.formula;
    let percent = if kpi.unit == Unit::Percent { 100.0 } else { 1.0 };
    let read = |state: &SteadyState| modelled(kpi.id, formula, threshold_s, state).map(|value| percent * value);
    let patience = ctx.answers.figures(queries::patience(ctx.ui, slice, window.max(Window::D7)))?;
    let patience_s = patience.total(KpiId::Patience)?.value?;
    let driven = |figures: &Figures| -> Option<DrivenFigure> {
        let answer = &figures.answer;
        let lasted_s = answer.to.min(answer.at).since(answer.from).as_secs_f64();
        // Of the time that agents are at work, the denominator of occupancy is what is not paused.
        let at_work_s = figures.total(KpiId::Occupancy).filter(|figure| figure.is_known()).and_then(|f| f.denominator);
        (lasted_s > 0.0).then_some(())?;
        Some(DrivenFigure {
            arrivals_per_s: figures.total(KpiId::Offered)?.value? / lasted_s,
            handling_s: figures.total(KpiId::Aht)?.value?,
            agents: at_work_s.map(|at_work_s| at_work_s / lasted_s),
            value: figures.total(kpi.id)?.value?,
        })
    };
    let (was, is) = (driven(before)?, driven(now)?);
    let did = effects(&was, &is, patience_s, read)?;
    let pair = |word: &str, show: &dyn Fn(&DrivenFigure) -> String| {
        text!("change-beside", figure = word, is = show(&is), was = show(&was))
    };
    let hourly = |figure: &DrivenFigure| language::count((3600.0 * figure.arrivals_per_s).round());
    let handling = |figure: &DrivenFigure| KpiId::Aht.def().shown_value(figure.handling_s, 0);
    let agents = |figure: &DrivenFigure| figure.agents.map_or_else(String::new, |agents| language::decimal(agents, 1));
    let mut rows = vec![
        (pair(text!("driver-volume"), &hourly), did.volume),
        (pair(words::of(KpiId::Aht), &handling), did.handling),
    ];
    rows.extend(did.agents.map(|by| (pair(text!("driver-agents"), &agents), by)));
    rows.push((language::keyed("driver-mix", queries::parts_of(slice).key()).to_owned(), mix));
    let rest = if did.agents.is_some() { text!("driver-rest") } else { text!("driver-rest-agents") };
    rows.push((rest.to_owned(), did.rest - mix));
    Some(ChangeDrivers { rows, patience_s })
}

/// The answer time of a queue, or the mean of all queues'. `None` where somebody may wait for an answer by mail.
fn threshold(ctx: Ctx<'_>, slice: &Slice) -> Option<Span> {
    let queue = slice.get(Dim::Queue);
    let queues = || ctx.board.queues.iter().filter(|row| queue.is_none_or(|queue| row.id == *queue));
    let count = i64::try_from(queues().count()).ok().filter(|count| *count > 0)?;
    let waits = !queues().any(|row| row.channel.is_asynchronous());
    waits.then(|| Span(queues().map(|row| row.service_level.0 / count).sum()))
}

/// A KPI as a steady state has it. Short abandons count like all others: what that changes is a part of the rest.
fn modelled(kpi: KpiId, formula: Formula, threshold_s: f64, state: &SteadyState) -> Option<f64> {
    let level = || {
        let shares = state.shares(threshold_s);
        let within = shares.answered_within;
        match formula {
            Formula::Offered | Formula::ShortExcluded | Formula::ShortCredited => within,
            Formula::LateAbandons => within / (1.0 - shares.abandoned_within).max(f64::MIN_POSITIVE),
            Formula::Positive => within + shares.abandoned_within,
            Formula::Answered => within / (within + shares.answered_after).max(f64::MIN_POSITIVE),
        }
    };
    match kpi {
        KpiId::ServiceLevel => Some(level()),
        KpiId::AbandonmentRate => Some(state.abandoned()),
        KpiId::Asa => state.speed_of_answer_s(),
        _ => None,
    }
}
