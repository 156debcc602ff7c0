//! What volume, handling time and agents did to a change of a figure.
//!
//! Erlang A says what a figure would be for so many contacts, so long a handling time and so many agents. Of a queue it
//! knows neither how the agents divide their time nor what else differs from the model, so the number of agents with which
//! it gives exactly the figure that was observed, then and now, stands for all of that: the *capacity*. It changes with the
//! agents at work, where that is known, and with the rest.
//!
//! Each of the four gets its Shapley value (L. S. Shapley, "A value for n-person games", 1953): the mean of what it changes
//! over all orders in which the four can change one after the other. So no order is preferred, and the effects sum to the
//! whole change. What came of another kind (the mix) is told by `kpi::difference`, and is a part of the rest here.

use super::erlang::{SteadyState, steady_state};
use super::{Load, MAX_AGENTS};

/// This share of the way from the best figure to that of a single agent is as good as the best one.
const AS_GOOD_AS_BEST: f64 = 0.01;

/// A time, as far as it drives a figure.
#[derive(Clone, Copy, Debug)]
pub struct DrivenFigure {
    /// Contacts per second.
    pub arrivals_per_s: f64,
    /// The mean handling time, seconds.
    pub handling_s: f64,
    /// How many agents were at work in the mean; `None` where no source tells.
    pub agents: Option<f64>,
    /// The figure that was observed, in the unit of the model's.
    pub value: f64,
}

/// What each driver did to the change of a figure. They sum to it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DriverEffects {
    /// More or fewer contacts.
    pub volume: f64,
    /// Longer or shorter handling.
    pub handling: f64,
    /// More or fewer agents at work; `None` where it is not known how many there were, and so a part of the rest.
    pub agents: Option<f64>,
    /// All else: how agents divided their time, who was asked for, peaks within the time.
    pub rest: f64,
}

/// The drivers of a change of a figure that `of` reads off a steady state, and that only rises or only falls with more
/// agents. `None` where the model has no such state: nothing came, or there is more work than it is computed for.
#[must_use]
pub fn effects(
    before: &DrivenFigure,
    now: &DrivenFigure,
    patience_s: f64,
    of: impl Fn(&SteadyState) -> Option<f64>,
) -> Option<DriverEffects> {
    let model = |arrivals_per_s: f64, handling_s: f64, agents: f64| -> Option<f64> {
        let load = Load::new(arrivals_per_s, handling_s, Some(patience_s))?;
        // Between two whole numbers of agents, by the line between their figures.
        let (whole, part) = (agents.floor(), agents.fract());
        let at = |agents: f64| of(&steady_state(load, whole_number(agents)?)?);
        let low = at(whole)?;
        if part == 0.0 { Some(low) } else { Some(low + part * (at(whole + 1.0)? - low)) }
    };
    let capacity = |figure: &DrivenFigure| {
        let work = figure.arrivals_per_s * figure.handling_s;
        capacity(work, figure.value, |agents| model(figure.arrivals_per_s, figure.handling_s, agents))
    };
    // Where nobody waited, there may have been any larger number: nothing says that it was not the other time's.
    let (had, has) = match (capacity(before)?, capacity(now)?) {
        (Capacity::AtLeast(had), Capacity::AtLeast(has)) => (had.max(has), had.max(has)),
        (Capacity::AtLeast(had), Capacity::Known(has)) => (had.max(has), has),
        (Capacity::Known(had), Capacity::AtLeast(has)) => (had, has.max(had)),
        (Capacity::Known(had), Capacity::Known(has)) => (had, has),
    };
    let more_agents =
        before.agents.zip(now.agents).filter(|(was, is)| *was > 0.0 && *is > 0.0).map(|(was, is)| is / was);
    let more_else = has / (had * more_agents.unwrap_or(1.0));
    let choose = |changed: bool, was: f64, is: f64| if changed { is } else { was };
    // By which of the four have changed: a bit for each.
    let figures: Option<Vec<f64>> = (0_u32..16)
        .map(|changed| {
            let has_changed = |driver: u32| changed & (1 << driver) != 0;
            let agents =
                had * choose(has_changed(2), 1.0, more_agents.unwrap_or(1.0)) * choose(has_changed(3), 1.0, more_else);
            model(
                choose(has_changed(0), before.arrivals_per_s, now.arrivals_per_s),
                choose(has_changed(1), before.handling_s, now.handling_s),
                agents.clamp(1.0, f64::from(MAX_AGENTS - 1)),
            )
        })
        .collect();
    let figures = figures?;
    let effect = |driver: u32| -> f64 {
        let without = (0_u32..16).filter(|changed| changed & (1 << driver) == 0);
        let change = |changed: u32| {
            let figure = |changed: u32| figures.get(changed as usize).copied().unwrap_or_default();
            // How many of the 24 orders have just these before the driver: k! (3 − k)!.
            let orders = if matches!(changed.count_ones(), 0 | 3) { 6.0 } else { 2.0 };
            orders / 24.0 * (figure(changed | (1 << driver)) - figure(changed))
        };
        without.map(change).sum()
    };
    let (volume, handling, agents) = (effect(0), effect(1), more_agents.map(|_| effect(2)));
    // What no number of agents can give, such as a level of 100 %, is in the rest too.
    let rest = now.value - before.value - volume - handling - agents.unwrap_or_default();
    Some(DriverEffects { volume, handling, agents, rest })
}

/// The number of agents with which the model gives a value.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Capacity {
    /// That many; where even one agent is too many, one.
    Known(f64),
    /// The value is about the best there is, which so many give as well as more.
    AtLeast(f64),
}

/// The capacity behind a value that was observed while there was so much work, in Erlangs.
fn capacity(work: f64, value: f64, model: impl Fn(f64) -> Option<f64>) -> Option<Capacity> {
    // With so many, nobody waits.
    let most = (work + 10.0 * work.sqrt() + 10.0).ceil().min(f64::from(MAX_AGENTS - 1));
    let least = 1.0;
    let (few, many) = (model(least)?, model(most)?);
    let rises = many > few;
    let as_good = many + (few - many) * AS_GOOD_AS_BEST;
    let is_best = if rises { value > as_good } else { value < as_good };
    let value = if is_best { as_good } else { value };
    let is_enough = |found: f64| if rises { found >= value } else { found <= value };
    let (mut low, mut high) = (least, most);
    if is_enough(few) {
        return Some(Capacity::Known(least));
    }
    while high - low > 1.0 {
        let middle = f64::midpoint(low, high).floor();
        if is_enough(model(middle)?) {
            high = middle;
        } else {
            low = middle;
        }
    }
    let (few, many) = (model(low)?, model(high)?);
    let share = (value - few) / (many - few);
    let agents = if share.is_finite() { low + share } else { high };
    Some(if is_best { Capacity::AtLeast(agents) } else { Capacity::Known(agents) })
}

/// A number of agents as an integer, which it is but for its type.
fn whole_number(agents: f64) -> Option<u32> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within bounds")]
    (0.0..=f64::from(MAX_AGENTS)).contains(&agents).then_some(agents as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "a figure may be undefined")]
    fn level(state: &SteadyState) -> Option<f64> {
        Some(100.0 * state.shares(20.0).answered_within)
    }

    fn modelled(calls_per_hour: f64, handling_s: f64, agents: u32) -> DrivenFigure {
        let arrivals_per_s = calls_per_hour / 3600.0;
        let load = Load::new(arrivals_per_s, handling_s, Some(180.0)).unwrap();
        let value = level(&steady_state(load, agents).unwrap()).unwrap();
        DrivenFigure { arrivals_per_s, handling_s, agents: Some(f64::from(agents)), value }
    }

    #[test]
    fn what_alone_has_changed_has_the_whole_effect() {
        let before = modelled(200.0, 180.0, 12);
        let one = |now: DrivenFigure| effects(&before, &now, 180.0, level).unwrap();
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{a} {b}");
        let busier = modelled(260.0, 180.0, 12);
        close(one(busier).volume, busier.value - before.value);
        assert!(one(busier).volume < -10.0);
        let longer = modelled(200.0, 240.0, 12);
        close(one(longer).handling, longer.value - before.value);
        let fewer = modelled(200.0, 180.0, 9);
        close(one(fewer).agents.unwrap(), fewer.value - before.value);
        // Where it is not known how many there were, they are in the rest.
        let unknown = one(DrivenFigure { agents: None, ..fewer });
        assert_eq!(unknown.agents, None);
        close(unknown.rest, fewer.value - before.value);
    }

    #[test]
    fn a_time_in_which_nobody_waited_says_nothing_of_the_capacity() {
        // Only more came. Of few contacts, all may be answered in time by chance.
        for (was, is) in [(22.0, 68.0), (220.0, 300.0)] {
            let agents = if was < 100.0 { 5 } else { 20 };
            let (before, now) = (modelled(was, 180.0, agents), modelled(is, 180.0, agents));
            let before = DrivenFigure { value: 100.0, ..before };
            let effects = effects(&before, &now, 180.0, level).unwrap();
            assert!(
                effects.volume < 0.8 * (now.value - 100.0) && effects.rest > 0.2 * (now.value - 100.0),
                "{effects:?}"
            );
        }
    }

    #[test]
    fn no_order_is_preferred() {
        // More came and handling took longer, both by the same factor: both change the work alike.
        let now = modelled(240.0, 216.0, 12);
        let effects = effects(&modelled(200.0, 180.0, 12), &now, 180.0, level).unwrap();
        assert!(effects.volume < 0.0 && effects.handling < 0.0 && (effects.volume - effects.handling).abs() < 4.0);
        assert!(effects.rest.abs() < 1e-6 && effects.agents.unwrap().abs() < 1e-6, "{effects:?}");
    }

    #[test]
    fn waits_and_hang_ups_have_drivers_too() {
        let (before, now) = (modelled(200.0, 180.0, 12), modelled(260.0, 180.0, 12));
        let abandoned = |state: &SteadyState| Some(100.0 * state.abandoned());
        for (of, was, is) in [
            (&abandoned as &dyn Fn(&SteadyState) -> Option<f64>, 5.0, 14.0),
            (&SteadyState::speed_of_answer_s, 9.0, 24.0),
        ] {
            let [before, now] = [(before, was), (now, is)].map(|(figure, value)| DrivenFigure { value, ..figure });
            let effects = effects(&before, &now, 180.0, of).unwrap();
            assert!(effects.volume > 0.5 * (is - was), "{effects:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        /// On 1,000 random days the effects sum to the change, whatever was observed.
        #[test]
        fn the_effects_sum_to_the_change(
            volumes in (1.0_f64..400.0, 1.0_f64..400.0),
            handling in (20.0_f64..900.0, 20.0_f64..900.0),
            agents in (prop::option::of(0.0_f64..40.0), prop::option::of(0.0_f64..40.0)),
            values in (0.0_f64..=100.0, 0.0_f64..=100.0),
            patience_s in 10.0_f64..1200.0,
        ) {
            let figure = |calls: f64, handling_s, agents, value| {
                DrivenFigure { arrivals_per_s: calls / 3600.0, handling_s, agents, value }
            };
            let before = figure(volumes.0, handling.0, agents.0, values.0);
            let now = figure(volumes.1, handling.1, agents.1, values.1);
            let effects = effects(&before, &now, patience_s, level).unwrap();
            let sum = effects.volume + effects.handling + effects.agents.unwrap_or_default() + effects.rest;
            prop_assert!((sum - (values.1 - values.0)).abs() < 1e-9, "{effects:?}");
            prop_assert!([effects.volume, effects.handling, effects.rest].iter().all(|effect| effect.abs() <= 200.0));
        }
    }
}
