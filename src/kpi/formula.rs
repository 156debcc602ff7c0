//! The formulas of docs/kpis.md: one function for each KPI, from the inputs `r` to a figure.

use super::figure::{Figure, FigurePart, float};
use super::handling::{HOUR_S, NO_HANDLED};
pub(super) use super::handling::{acw, aht, cost, cost_per_contact, hold, talk};
pub(super) use super::patience::patience;
pub(super) use super::speed_trap::speed_trap;
use super::tally::{LeftByPosition, POSITIONS, Sum, counted};
use super::{FcrMethod, Formula, KpiInputs, stats};
use crate::clock::Span;
use crate::event::{AgentState, LeftReason};
use crate::text::Label;

const NO_CONTACTS: &str = "no contacts in this window";
const NO_ANSWERS: &str = "no answered contacts in this window";
const NO_SURVEYS: &str = "no source gives surveys";
const NO_SCORES: &str = "no survey answers in this window";
const NO_WAITS: &str = "no known waits in this window";
const NO_ENDS: &str = "no source tells how the contacts of this window ended";
const FEW_ENDS: &str = "of too many contacts in this window no source tells how they ended";
/// Tallies keep scores in millionths and durations in microseconds.
const MILLION: f64 = 1e6;

fn seconds(micros: i64) -> f64 {
    Span(micros).as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "sums of a month stay far below 2^53 in their unit")]
fn mean(sum: &Sum, unit: f64, empty: &'static str) -> Figure {
    Figure::ratio(1.0, sum.sum as f64 / unit, float(sum.n), sum.n, empty)
}

/// A mean of survey scores with its t interval.
#[expect(clippy::cast_precision_loss, reason = "see `mean`")]
fn survey_mean(sum: &Sum, empty: &'static str) -> Figure {
    let mut figure = mean(sum, MILLION, empty);
    let (n, s, q) = (float(sum.n), sum.sum as f64 / MILLION, sum.squares as f64 / (MILLION * MILLION));
    if let Some((low, high)) = stats::t_interval(n, s, q) {
        figure.low = Some(low);
        figure.high = Some(high);
    }
    figure
}

fn agents(r: &KpiInputs<'_>, states: &[AgentState]) -> Figure {
    let n = states.iter().map(|state| r.live.agents_in(*state)).sum();
    if !r.evidence.agent_states && r.live.agents.iter().all(|n| *n == 0) {
        return Figure::unknown("no source gives agents' states");
    }
    // Any of them may be in one of these states.
    if n == 0 && r.live.agents_in(AgentState::Unknown) > 0 && !states.contains(&AgentState::Unknown) {
        return Figure::unknown("of some agents no source says what they do");
    }
    Figure::count(n)
}

pub(super) fn waiting(r: &KpiInputs<'_>) -> Figure {
    Figure::count(r.live.waiting)
}

pub(super) fn longest_wait(r: &KpiInputs<'_>) -> Figure {
    Figure::gauge(r.live.longest_wait.map_or(0.0, Span::as_secs_f64), r.live.waiting)
}

pub(super) fn oldest_callback(r: &KpiInputs<'_>) -> Figure {
    match r.live.oldest_callback {
        Some(since) => Figure::gauge(r.now.since(since).as_secs_f64(), 1),
        None => Figure::unknown("no call-back is open here, or nobody works through the list"),
    }
}

pub(super) fn estimated_wait(r: &KpiInputs<'_>) -> Figure {
    match r.live.estimated_wait {
        Some(wait) => Figure::gauge(wait.as_secs_f64(), 1),
        None => Figure::unknown("it is estimated queue by queue, from the contacts handled in the last hour"),
    }
}

pub(super) fn waiting_unserved(r: &KpiInputs<'_>) -> Figure {
    match r.live.unserved {
        None if r.live.waiting > 0 => Figure::unknown("no source says which agents serve the queue"),
        unserved => Figure::count(unserved.unwrap_or(0)),
    }
}

pub(super) fn in_progress(r: &KpiInputs<'_>) -> Figure {
    Figure::count(r.live.in_progress)
}

pub(super) fn agents_staffed(r: &KpiInputs<'_>) -> Figure {
    let staffed: Vec<_> = AgentState::ALL.into_iter().filter(|state| state.is_staffed()).collect();
    agents(r, &staffed)
}

pub(super) fn agents_available(r: &KpiInputs<'_>) -> Figure {
    agents(r, &[AgentState::Available])
}

pub(super) fn agents_ringing(r: &KpiInputs<'_>) -> Figure {
    agents(r, &[AgentState::Ringing])
}

pub(super) fn agents_on_contact(r: &KpiInputs<'_>) -> Figure {
    agents(r, &[AgentState::OnContact])
}

pub(super) fn agents_after_contact(r: &KpiInputs<'_>) -> Figure {
    agents(r, &[AgentState::AfterContact])
}

pub(super) fn agents_paused(r: &KpiInputs<'_>) -> Figure {
    let mut figure = agents(r, &[AgentState::Paused]);
    figure.parts = r
        .live
        .pause_reasons
        .iter()
        .map(|(reason, n)| FigurePart { key: reason.clone(), value: Some(float(*n)), n: super::figure::whole(*n) })
        .collect();
    figure
}

pub(super) fn agents_offline(r: &KpiInputs<'_>) -> Figure {
    agents(r, &[AgentState::Offline])
}

pub(super) fn agents_unknown(r: &KpiInputs<'_>) -> Figure {
    agents(r, &[AgentState::Unknown])
}

pub(super) fn backlog(r: &KpiInputs<'_>) -> Figure {
    Figure::count(r.live.backlog)
}

pub(super) fn aged_backlog(r: &KpiInputs<'_>) -> Figure {
    Figure::count(r.live.aged_backlog)
}

pub(super) fn offered(r: &KpiInputs<'_>) -> Figure {
    Figure::count(r.tally.offered)
}

/// A number of contacts that ended in some way: unknown where contacts came and the end of none is known.
fn count_of_ends(r: &KpiInputs<'_>, n: i64) -> Figure {
    let t = r.tally;
    let known = t.answered + t.abandoned + t.left_total() + t.handled;
    if known == 0 && t.offered > 0 && t.unknown_end_waiting >= t.offered {
        return Figure::unknown(NO_ENDS);
    }
    Figure::count(n)
}

pub(super) fn answered(r: &KpiInputs<'_>) -> Figure {
    count_of_ends(r, r.tally.answered)
}

pub(super) fn abandoned(r: &KpiInputs<'_>) -> Figure {
    count_of_ends(r, r.tally.abandoned)
}

pub(super) fn short_abandoned(r: &KpiInputs<'_>) -> Figure {
    count_of_ends(r, r.tally.short_abandoned)
}

pub(super) fn left(r: &KpiInputs<'_>) -> Figure {
    if !r.evidence.exits && r.tally.offered > 0 {
        return Figure::unknown("no source tells of contacts that leave a queue unanswered");
    }
    let mut figure = count_of_ends(r, r.tally.left_total());
    figure.parts = LeftReason::ALL
        .iter()
        .zip(r.tally.left)
        .filter(|(_, n)| *n != 0)
        .map(|(reason, n)| FigurePart {
            key: Label::fixed(reason.key()),
            value: Some(float(n)),
            n: super::figure::whole(n),
        })
        .collect();
    figure
}

pub(super) fn unknown_end(r: &KpiInputs<'_>) -> Figure {
    let mut figure = Figure::count(r.tally.unknown_end);
    let waiting = r.tally.unknown_end_waiting;
    let part = |key, n| FigurePart { key: Label::fixed(key), value: Some(float(n)), n: super::figure::whole(n) };
    if r.tally.unknown_end != 0 {
        figure.parts = vec![part("waiting", waiting), part("with an agent", r.tally.unknown_end - waiting)];
    }
    figure
}

pub(super) fn abandonment_rate(r: &KpiInputs<'_>) -> Figure {
    let t = r.tally;
    let long = t.abandoned - t.short_abandoned;
    let all = t.answered + long + t.left_counted(&r.rules.left_excluded);
    Figure::percent(long, all, NO_CONTACTS).of_known_ends(t.unknown_end_waiting, FEW_ENDS)
}

pub(super) fn service_level(r: &KpiInputs<'_>) -> Figure {
    let t = r.tally;
    // An answer after a wait of unknown length is neither within the threshold nor after it.
    let answered = t.answer_wait.n;
    if answered == 0 && t.answered > 0 {
        return Figure::unknown(NO_WAITS);
    }
    let all = answered + t.abandoned + t.left_counted(&r.rules.left_excluded);
    let (part, whole) = match r.rules.formula {
        Formula::Offered => (t.answered_within, all),
        Formula::ShortExcluded => (t.answered_within, all - t.short_abandoned),
        Formula::LateAbandons => (t.answered_within, all - t.abandoned_within),
        Formula::ShortCredited => (t.answered_within + t.short_abandoned, all),
        Formula::Positive => (t.answered_within + t.abandoned_within, all),
        Formula::Answered => (t.answered_within, answered),
    };
    Figure::percent(part, whole, NO_CONTACTS).of_known_ends(t.unknown_end_waiting, FEW_ENDS)
}

/// Why no wait of an answered contact is known.
fn no_answer_wait(r: &KpiInputs<'_>) -> &'static str {
    if r.tally.answered > 0 { NO_WAITS } else { NO_ANSWERS }
}

pub(super) fn asa(r: &KpiInputs<'_>) -> Figure {
    mean(&r.tally.answer_wait, MILLION, no_answer_wait(r)).without_unknown_ends(r.tally.unknown_end_waiting)
}

fn answer_quantile(r: &KpiInputs<'_>, q: f64) -> Figure {
    match r.tally.answer_waits.quantiles([q]) {
        Some([value]) => Figure::gauge(value / MILLION, i64::try_from(r.tally.answer_waits.len()).unwrap_or(i64::MAX)),
        None => Figure::unknown(no_answer_wait(r)),
    }
}

pub(super) fn answer_p50(r: &KpiInputs<'_>) -> Figure {
    answer_quantile(r, 0.5)
}

pub(super) fn answer_p90(r: &KpiInputs<'_>) -> Figure {
    answer_quantile(r, 0.9)
}

pub(super) fn answer_p99(r: &KpiInputs<'_>) -> Figure {
    answer_quantile(r, 0.99)
}

pub(super) fn time_to_abandon(r: &KpiInputs<'_>) -> Figure {
    let empty = if r.tally.abandoned > 0 { NO_WAITS } else { "nobody hung up in this window" };
    mean(&r.tally.abandon_wait, MILLION, empty).without_unknown_ends(r.tally.unknown_end_waiting)
}

pub(super) fn max_wait(r: &KpiInputs<'_>) -> Figure {
    let ended = r.tally.answer_waits.len() + r.tally.abandon_waits.len() + r.tally.left_waits.len();
    match r.tally.max_wait() {
        Some(wait) => Figure::gauge(wait.as_secs_f64(), i64::try_from(ended).unwrap_or(i64::MAX)),
        None => Figure::unknown(NO_WAITS),
    }
}

pub(super) fn abandonment_by_position(r: &KpiInputs<'_>) -> Figure {
    if !r.evidence.positions {
        return Figure::unknown("no source gives positions on joining");
    }
    let t = r.tally;
    let nobody = LeftByPosition::default();
    let left = t.position_left.as_deref().unwrap_or(&nobody);
    let rows = t.position_answered.iter().zip(&t.position_abandoned).zip(left);
    let mut total = (0, 0);
    let parts = POSITIONS
        .iter()
        .zip(rows)
        .map(|(key, ((answered, abandoned), left))| {
            let whole = answered + abandoned + counted(left, &r.rules.left_excluded);
            total = (total.0 + abandoned, total.1 + whole);
            let figure = Figure::percent(*abandoned, whole, NO_CONTACTS);
            FigurePart { key: Label::fixed(key), value: figure.value, n: figure.n }
        })
        .collect();
    // The value itself is the rate over all known positions.
    let figure = Figure::percent(total.0, total.1, NO_CONTACTS).of_known_ends(t.unknown_end_waiting, FEW_ENDS);
    if figure.is_known() || total.1 == 0 { Figure { parts, ..figure } } else { figure }
}

pub(super) fn frt(r: &KpiInputs<'_>) -> Figure {
    if !r.evidence.responses {
        return Figure::unknown("no source gives first responses on asynchronous channels");
    }
    mean(&r.tally.response, MILLION, "no first response in this window")
}

pub(super) fn handled(r: &KpiInputs<'_>) -> Figure {
    count_of_ends(r, r.tally.handled)
}

pub(super) fn occupancy(r: &KpiInputs<'_>) -> Figure {
    let Some(times) = r.times else {
        return Figure::unknown("available time belongs to agents: ask by agent, by team or in total");
    };
    if !times.known {
        return Figure::unknown("no source says when agents are available");
    }
    let busy = seconds(r.tally.talk + r.tally.hold + r.tally.acw);
    let staffed = busy + times.available.as_secs_f64();
    Figure::ratio(100.0, busy, staffed, r.tally.handled, "no staffed time in this window").with_busy_interval()
}

pub(super) fn transfer_rate(r: &KpiInputs<'_>) -> Figure {
    if !r.evidence.transfers {
        return Figure::unknown("no source has told of a transfer");
    }
    Figure::percent(r.tally.transferred, r.tally.handled, NO_HANDLED)
}

pub(super) fn ring_no_answer(r: &KpiInputs<'_>) -> Figure {
    if !r.evidence.rings && r.tally.offered > 0 {
        return Figure::unknown("no source tells of phones that ring");
    }
    let (all, never_rang) = (r.tally.ring_no_answer, r.tally.never_rang);
    let mut figure = Figure::count(all);
    if never_rang != 0 {
        let part = |key, n| FigurePart { key: Label::fixed(key), value: Some(float(n)), n: super::figure::whole(n) };
        figure.parts = vec![part("not_taken", all - never_rang), part("never_rang", never_rang)];
    }
    figure
}

pub(super) fn contacts_per_hour(r: &KpiInputs<'_>) -> Figure {
    let Some(times) = r.times else {
        return Figure::unknown("staffed time belongs to agents: ask by agent, by team or in total");
    };
    if !times.known {
        return Figure::unknown("no source says when agents are staffed");
    }
    let hours = times.staffed.as_secs_f64() / HOUR_S;
    Figure::ratio(1.0, float(r.tally.handled), hours, r.tally.handled, "no staffed time in this window")
}

pub(super) fn self_service_containment(r: &KpiInputs<'_>) -> Figure {
    if !r.evidence.self_service {
        return Figure::unknown("no source gives self-service sessions");
    }
    Figure::percent(r.tally.contained, r.tally.self_service, "no self-service sessions in this window")
}

pub(super) fn fcr(r: &KpiInputs<'_>) -> Figure {
    let t = r.tally;
    match r.rules.fcr_method {
        FcrMethod::Disposition if !r.evidence.dispositions => Figure::unknown("no source gives dispositions"),
        FcrMethod::Disposition => Figure::survey_percent(t.resolved, t.dispositions, "no dispositions in this window"),
        FcrMethod::Survey if !r.evidence.survey_resolved => Figure::unknown(NO_SURVEYS),
        FcrMethod::Survey => Figure::survey_percent(t.survey_resolved, t.survey_resolutions, NO_SCORES),
        FcrMethod::Repeat if !r.evidence.customers => Figure::unknown("no source says who the customers are"),
        FcrMethod::Repeat => {
            let mut figure =
                Figure::survey_percent(t.first_resolved, t.first_contacts, "no first contacts in this window");
            if t.first_contacts > 0 {
                let open = t.provisional_first(r.now - r.rules.fcr_window);
                figure.provisional = Some(100.0 * float(open) / float(t.first_contacts));
            }
            figure
        }
    }
}

pub(super) fn reopen_rate(r: &KpiInputs<'_>) -> Figure {
    if !r.evidence.dispositions {
        return Figure::unknown("no source gives dispositions");
    }
    Figure::percent(r.tally.reopened, r.tally.resolved, "no resolved contacts in this window")
}

pub(super) fn repeat_rate(r: &KpiInputs<'_>) -> Figure {
    if !r.evidence.customers {
        return Figure::unknown("no source says who the customers are");
    }
    Figure::percent(r.tally.repeats, r.tally.offered, NO_CONTACTS)
}

pub(super) fn resolution_rate(r: &KpiInputs<'_>) -> Figure {
    if !r.evidence.dispositions {
        return Figure::unknown("no source gives dispositions");
    }
    Figure::percent(r.tally.resolved, r.tally.dispositions, "no dispositions in this window")
}

pub(super) fn csat(r: &KpiInputs<'_>) -> Figure {
    if !r.evidence.csat {
        return Figure::unknown(NO_SURVEYS);
    }
    Figure::survey_percent(r.tally.csat_top, r.tally.csat.n, NO_SCORES)
}

pub(super) fn csat_mean(r: &KpiInputs<'_>) -> Figure {
    if !r.evidence.csat {
        return Figure::unknown(NO_SURVEYS);
    }
    survey_mean(&r.tally.csat, NO_SCORES)
}

pub(super) fn ces(r: &KpiInputs<'_>) -> Figure {
    if !r.evidence.ces {
        return Figure::unknown(NO_SURVEYS);
    }
    survey_mean(&r.tally.ces, NO_SCORES)
}

pub(super) fn nps(r: &KpiInputs<'_>) -> Figure {
    if r.of_agent {
        return Figure::unknown("NPS speaks of the company and is never computed per agent");
    }
    if !r.evidence.nps {
        return Figure::unknown(NO_SURVEYS);
    }
    let t = r.tally;
    let net = float(t.promoters - t.detractors);
    let mut figure = Figure::ratio(100.0, net, float(t.nps), t.nps, NO_SCORES);
    figure.value = figure.value.map(|v| v.round() + 0.0);
    if let Some((low, high)) = stats::nps_interval(float(t.promoters), float(t.detractors), float(t.nps)) {
        figure.low = Some(low);
        figure.high = Some(high);
    }
    figure
}

pub(super) fn channel_switch_rate(r: &KpiInputs<'_>) -> Figure {
    if !r.evidence.customers {
        return Figure::unknown("no source says who the customers are");
    }
    Figure::percent(r.tally.channel_switched, r.tally.known_customer, "no contacts of known customers in this window")
}

pub(super) fn auth_steps(r: &KpiInputs<'_>) -> Figure {
    if !r.evidence.auth_steps {
        return Figure::unknown("no source gives authentication steps");
    }
    mean(&r.tally.auth_steps, MILLION, NO_CONTACTS)
}

pub(super) fn quality_score(r: &KpiInputs<'_>) -> Figure {
    if !r.evidence.quality {
        return Figure::unknown("no source gives quality evaluations");
    }
    survey_mean(&r.tally.quality, "no evaluations in this window")
}

/// The standard deviation of the population: all evaluators are known, they are not a sample.
#[expect(clippy::cast_precision_loss, reason = "see `mean`")]
pub(super) fn qa_variance(r: &KpiInputs<'_>) -> Figure {
    if !r.evidence.quality {
        return Figure::unknown("no source gives quality evaluations");
    }
    let means: Vec<f64> = r
        .tally
        .evaluators
        .iter()
        .filter(|(_, sum)| sum.n > 0)
        .map(|(_, sum)| sum.sum as f64 / MILLION / float(sum.n))
        .collect();
    let n = means.len();
    if n < 2 {
        return Figure::unknown("fewer than two evaluators in this window");
    }
    let count = n as f64;
    let centre = means.iter().sum::<f64>() / count;
    let variance = means.iter().map(|m| (m - centre).powi(2)).sum::<f64>() / count;
    Figure::gauge(variance.sqrt(), i64::try_from(n).unwrap_or(i64::MAX))
}

pub(super) fn quality_gap(r: &KpiInputs<'_>) -> Figure {
    let (quality, csat) = (quality_score(r), csat(r));
    match (quality.value, csat.value) {
        (Some(q), Some(c)) => Figure { value: Some(q - c), n: quality.n.min(csat.n), ..Figure::default() },
        (None, _) => quality,
        _ => csat,
    }
}
