//! The steady state of Erlang A and Erlang C, exact.
//!
//! With λ arrivals per second, service at rate μ, n agents and hang-ups at rate θ: who finds all agents busy and j others
//! waiting is next once j + 1 customers have left the line or been served, which takes V = Σ Exp(nμ + iθ), i = 0 … j. So
//! e^(−θV) has a beta distribution, and how many of a line have gone by t a negative binomial one. All sums are of positive
//! terms, so nothing cancels. C. Palm, "Research on telephone traffic carried by full availability groups", Tele 1 (1957);
//! O. Garnett, A. Mandelbaum, M. Reiman, "Designing a Call Center with Impatient Customers", Manufacturing & Service
//! Operations Management 4 (2002). The blocking probability follows D. L. Jagerman's stable recursion of its reciprocal.

use super::{Load, MAX_AGENTS};

/// Longer lines are not followed: such a load is unstable, or as good as that.
const MAX_LINE: usize = 200_000;
/// Terms below this share of the sum do not change it.
const NEGLIGIBLE: f64 = 1e-17;
/// Weights above this are made smaller.
const TOO_LARGE: f64 = 1e200;

/// A queue that has gone on in the same way for long.
#[derive(Clone, Debug)]
pub struct SteadyState {
    load: Load,
    agents: f64,
    /// By how many others wait, the probability that an arrival finds all agents busy and so many waiting.
    line: Vec<f64>,
}

/// What becomes of arrivals, as shares that sum to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WaitShares {
    /// Answered within the time.
    pub answered_within: f64,
    /// Answered after it.
    pub answered_after: f64,
    /// Hung up within the time.
    pub abandoned_within: f64,
    /// Hung up after it.
    pub abandoned_after: f64,
}

/// The steady state with so many agents. `None` where there is none (nobody hangs up, and there is more work than agents)
/// or there are more agents than [`MAX_AGENTS`].
#[must_use]
pub fn steady_state(load: Load, agents: u32) -> Option<SteadyState> {
    let n = f64::from(agents);
    let Load { arrivals_per_s, handling_s, hang_ups_per_s } = load;
    let work = arrivals_per_s * handling_s;
    if agents > MAX_AGENTS || (hang_ups_per_s == 0.0 && work >= n * (1.0 - 1e-12)) {
        return None;
    }
    // The weights of the states relative to that of n customers: first those with a free agent, then the line.
    let mut below = (1..=agents).fold(1.0, |inverse, k| 1.0 + inverse * f64::from(k) / work) - 1.0;
    let (mut line, mut weight, mut sum, mut leaves) = (Vec::new(), 1.0, 0.0, n / handling_s);
    while weight > NEGLIGIBLE * sum || leaves <= arrivals_per_s {
        if line.len() >= MAX_LINE {
            return None;
        }
        line.push(weight);
        sum += weight;
        leaves += hang_ups_per_s;
        weight *= arrivals_per_s / leaves;
        // The weights of a long line may grow beyond what a number holds before they fall.
        if weight > TOO_LARGE {
            line.iter_mut().chain([&mut below, &mut sum, &mut weight]).for_each(|weight| *weight /= TOO_LARGE);
        }
    }
    let norm = below + sum;
    for weight in &mut line {
        *weight /= norm;
    }
    Some(SteadyState { load, agents: n, line })
}

impl SteadyState {
    /// The probability that an arrival has to wait.
    #[must_use]
    pub fn waits(&self) -> f64 {
        self.line.iter().sum()
    }

    /// How many wait, in the mean.
    #[must_use]
    pub fn waiting(&self) -> f64 {
        self.by_line().map(|(others, probability)| others * probability).sum()
    }

    /// The share of arrivals that hang up.
    #[must_use]
    pub fn abandoned(&self) -> f64 {
        self.load.hang_ups_per_s * self.waiting() / self.load.arrivals_per_s
    }

    /// How long an arrival waits in the mean, seconds, whatever becomes of it.
    #[must_use]
    pub fn wait_s(&self) -> f64 {
        self.waiting() / self.load.arrivals_per_s
    }

    /// The share of their time in which agents are busy; 0 of none.
    #[must_use]
    pub fn utilisation(&self) -> f64 {
        if self.agents == 0.0 {
            return 0.0;
        }
        self.load.arrivals_per_s * self.load.handling_s * (1.0 - self.abandoned()) / self.agents
    }

    /// How long those who are answered have waited in the mean, seconds; `None` where nobody is.
    #[must_use]
    pub fn speed_of_answer_s(&self) -> Option<f64> {
        // E[V·e^(−θV)], by the derivative of the product of the transforms of the parts of V.
        let (served, hang_up) = (self.served_per_s(), self.load.hang_ups_per_s);
        let (mut sum, mut leaves, mut parts) = (0.0, served, 0.0);
        for probability in &self.line {
            leaves += hang_up;
            parts += leaves.recip();
            sum += probability * served / leaves * parts;
        }
        let answered = 1.0 - self.abandoned();
        (answered > 1e-12 && served > 0.0).then(|| sum / answered)
    }

    /// What becomes of arrivals within `within_s` seconds (0 or more) and after that.
    #[must_use]
    pub fn shares(&self, within_s: f64) -> WaitShares {
        let (served, hang_up) = (self.served_per_s(), self.load.hang_ups_per_s);
        let stays = (-hang_up * within_s).exp();
        // (1 − e^(−θt)) ÷ θ, which is t where nobody hangs up.
        let time = if hang_up > 0.0 { -(-hang_up * within_s).exp_m1() / hang_up } else { within_s };
        // Of the negative binomial numbers of customers who have gone by t, with `extra` 1 of those of the answered.
        let mut gone = Departures::new(served, hang_up, time, 0.0, within_s);
        let mut gone_if_served = Departures::new(served, hang_up, time, 1.0, within_s);
        let (mut in_time, mut still, mut leaves) = (0.0, 0.0, served);
        for probability in &self.line {
            leaves += hang_up;
            still += probability * stays * gone.add();
            in_time += probability * served / leaves * (1.0 - gone_if_served.add()).max(0.0);
        }
        let abandoned = self.abandoned();
        let answered_within = 1.0 - self.waits() + in_time;
        let abandoned_within = (1.0 - answered_within - still).clamp(0.0, abandoned);
        WaitShares {
            answered_within,
            answered_after: (1.0 - abandoned - answered_within).max(0.0),
            abandoned_within,
            abandoned_after: abandoned - abandoned_within,
        }
    }

    fn served_per_s(&self) -> f64 {
        self.agents / self.load.handling_s
    }

    fn by_line(&self) -> impl Iterator<Item = (f64, f64)> {
        (0_u32..).map(f64::from).zip(self.line.iter().copied())
    }
}

/// The distribution function of how many customers of a line have gone by a time, number by number.
struct Departures {
    /// The logarithm of the next probability: the first may be smaller than any number.
    next_ln: f64,
    sum: f64,
    number: f64,
    served: f64,
    hang_up: f64,
    time: f64,
    extra: f64,
}

impl Departures {
    fn new(served: f64, hang_up: f64, time: f64, extra: f64, within_s: f64) -> Self {
        Self { next_ln: -(served + extra * hang_up) * within_s, sum: 0.0, number: 0.0, served, hang_up, time, extra }
    }

    /// Go to the next number, and return the probability of at most that.
    fn add(&mut self) -> f64 {
        self.sum += self.next_ln.exp();
        let rate = self.served + self.hang_up * (self.number + self.extra);
        self.number += 1.0;
        self.next_ln += (rate * self.time / self.number).ln();
        self.sum.min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls per hour, handling and patience in s, agents; P(wait), P(hang up), mean wait, waiting, utilisation, answered in
    /// 20 s, the same without those who hung up by then, and with Erlang C. Computed by a program of their own, from the birth
    /// and death of states and the differential equations of the wait, and checked by simulation; as many digits as given.
    #[rustfmt::skip]
    #[expect(clippy::type_complexity, reason = "a table")]
    const GRID: [(f64, f64, u32, f64, [f64; 7], Option<f64>); 14] = [
        (2880.0, 60.0, 50, 120.0, [0.4678, 0.0309, 3.71, 2.968, 0.9303, 0.9430, 0.9720], Some(0.6435)),
        (200.0, 180.0, 10, 60.0, [0.4234, 0.1575, 9.45, 0.525, 0.8425, 0.7180, 0.7953], None),
        (200.0, 180.0, 10, 180.0, [0.5421, 0.1251, 22.52, 1.251, 0.8749, 0.5870, 0.6178], None),
        (200.0, 180.0, 12, 180.0, [0.3032, 0.0531, 9.56, 0.531, 0.7891, 0.8023, 0.8236], Some(0.6402)),
        (200.0, 180.0, 14, 180.0, [0.1355, 0.0187, 3.36, 0.187, 0.7009, 0.9256, 0.9355], Some(0.8884)),
        (200.0, 180.0, 8, 180.0, [0.7798, 0.2460, 44.29, 2.460, 0.9425, 0.3239, 0.3508], None),
        (600.0, 240.0, 40, 120.0, [0.4394, 0.0737, 8.84, 1.474, 0.9263, 0.7690, 0.8094], None),
        (600.0, 240.0, 44, 120.0, [0.2424, 0.0333, 4.00, 0.666, 0.8788, 0.8977, 0.9205], Some(0.6907)),
        (600.0, 240.0, 36, 120.0, [0.6495, 0.1351, 16.22, 2.703, 0.9610, 0.5833, 0.6347], None),
        (3000.0, 300.0, 250, 150.0, [0.4241, 0.0295, 4.43, 3.693, 0.9705, 0.9172, 0.9429], None),
        (3000.0, 300.0, 240, 150.0, [0.6316, 0.0544, 8.16, 6.799, 0.9850, 0.8176, 0.8586], None),
        (60.0, 360.0, 6, 300.0, [0.5347, 0.1677, 50.31, 0.838, 0.8323, 0.5192, 0.5367], None),
        (20.0, 300.0, 2, 90.0, [0.4185, 0.2797, 25.17, 0.140, 0.6002, 0.6172, 0.6705], Some(0.2591)),
        (100.0, 300.0, 6, 300.0, [0.8374, 0.3150, 94.49, 2.625, 0.9514, 0.2091, 0.2206], None),
    ];

    fn state(calls_per_hour: f64, handling_s: f64, agents: u32, patience_s: Option<f64>) -> Option<SteadyState> {
        steady_state(Load::new(calls_per_hour / 3600.0, handling_s, patience_s).unwrap(), agents)
    }

    /// Half a unit of the last digit that is given.
    const HALF_UNITS: [f64; 7] = [5e-5, 5e-5, 5e-3, 5e-4, 5e-5, 5e-5, 5e-5];

    #[test]
    fn the_grid_is_met_in_every_digit() {
        for (calls, handling, agents, patience, expected, erlang_c) in GRID {
            let state = state(calls, handling, agents, Some(patience)).unwrap();
            let shares = state.shares(20.0);
            let late = shares.answered_within / (1.0 - shares.abandoned_within);
            let found = [
                state.waits(),
                state.abandoned(),
                state.wait_s(),
                state.waiting(),
                state.utilisation(),
                shares.answered_within,
                late,
            ];
            for ((found, expected), half_unit) in found.into_iter().zip(expected).zip(HALF_UNITS) {
                assert!((found - expected).abs() <= half_unit * 1.01, "{calls} {agents}: {found} {expected}");
            }
            let without = super::tests::state(calls, handling, agents, None);
            match (without, erlang_c) {
                (None, None) => {}
                (Some(state), Some(expected)) => {
                    let found = state.shares(20.0).answered_within;
                    assert!((found - expected).abs() < 5.1e-5, "{found} {expected}");
                }
                (found, expected) => panic!("{calls} {agents}: {found:?} {expected:?}"),
            }
        }
    }

    #[test]
    fn the_published_case_is_met_to_six_digits() {
        // Garnett, Mandelbaum and Reiman: 48 calls a minute of a minute each, 50 agents, two minutes of patience.
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1.01e-5 * b.abs().max(0.1), "{a} {b}");
        let a = state(2880.0, 60.0, 50, Some(120.0)).unwrap();
        close(a.waits(), 0.467_774);
        close(a.abandoned(), 0.030_912);
        close(a.wait_s(), 3.709_47);
        close(a.waiting(), 2.967_576);
        close(a.utilisation(), 0.930_324);
        let c = state(2880.0, 60.0, 50, None).unwrap();
        close(c.waits(), 0.694_456);
        close(c.speed_of_answer_s().unwrap(), 20.833_67);
        close(c.waiting(), 16.666_93);
        // 100 calls in half an hour of 180 s, 14 agents: as the tests of public Erlang C libraries have it.
        let c = state(200.0, 180.0, 14, None).unwrap();
        close(c.shares(20.0).answered_within, 0.888_350_019);
        close(c.waits(), 0.174_131_934);
        close(c.speed_of_answer_s().unwrap(), 7.835_937_01);
    }

    /// The same by the definitions: probabilities of the states by multiplication, and the wait by small steps of time.
    fn by_definition(load: Load, agents: u32, within_s: f64) -> (WaitShares, f64) {
        let (n, rate) = (f64::from(agents), load.handling_s.recip());
        let states = agents + 400;
        let mut ln_weights = vec![0.0_f64];
        for k in 1..=states {
            let leaves = f64::from(k.min(agents)) * rate + f64::from(k.saturating_sub(agents)) * load.hang_ups_per_s;
            ln_weights.push(ln_weights.last().unwrap() + (load.arrivals_per_s / leaves).ln());
        }
        let most = ln_weights.iter().copied().fold(f64::MIN, f64::max);
        let weights: Vec<f64> = ln_weights.iter().map(|ln| (ln - most).exp()).collect();
        let norm: f64 = weights.iter().sum();
        // By place in the line, the probability that the tagged customer is there; place 0 is next to be answered.
        let mut places: Vec<f64> = weights.iter().skip(agents as usize).map(|weight| weight / norm).collect();
        let mut shares = WaitShares {
            answered_within: 1.0 - places.iter().sum::<f64>(),
            answered_after: 0.0,
            abandoned_within: 0.0,
            abandoned_after: 0.0,
        };
        let mut waited = 0.0;
        let step = 0.02 / (n * rate + 400.0 * load.hang_ups_per_s);
        let mut at = 0.0;
        while places.iter().sum::<f64>() > 1e-9 {
            // The midpoint rule: the derivatives at half a step.
            let change = |places: &[f64], by: f64| -> (Vec<f64>, f64, f64) {
                #[expect(clippy::cast_precision_loss, reason = "a place in a line")]
                let rate_at = |place: usize| n * rate + place as f64 * load.hang_ups_per_s;
                let next = (0..places.len()).map(|i| {
                    let from_behind = places.get(i + 1).map_or(0.0, |p| p * rate_at(i + 1));
                    places[i] + by * (from_behind - places[i] * (rate_at(i) + load.hang_ups_per_s))
                });
                let all: f64 = places.iter().sum();
                (next.collect(), by * places[0] * n * rate, by * all * load.hang_ups_per_s)
            };
            let (middle, ..) = change(&places, step / 2.0);
            let (ahead, answered, abandoned) = change(&middle, step);
            for (place, (next, was)) in places.iter_mut().zip(ahead.iter().zip(&middle)) {
                *place += next - was;
            }
            at += step;
            if at <= within_s {
                (shares.answered_within, shares.abandoned_within) =
                    (shares.answered_within + answered, shares.abandoned_within + abandoned);
            } else {
                (shares.answered_after, shares.abandoned_after) =
                    (shares.answered_after + answered, shares.abandoned_after + abandoned);
            }
            waited += answered * (at - step / 2.0);
        }
        let answered = shares.answered_within + shares.answered_after;
        (shares, waited / answered)
    }

    #[test]
    fn it_is_what_the_definitions_give() {
        for (calls, handling, agents, patience) in
            [(200.0, 180.0, 10, 60.0), (60.0, 360.0, 6, 300.0), (100.0, 300.0, 2, 90.0), (300.0, 120.0, 14, 200.0)]
        {
            let load = Load::new(calls / 3600.0, handling, Some(patience)).unwrap();
            let state = steady_state(load, agents).unwrap();
            let (expected, speed) = by_definition(load, agents, 30.0);
            let found = state.shares(30.0);
            let pairs = [
                (found.answered_within, expected.answered_within),
                (found.answered_after, expected.answered_after),
                (found.abandoned_within, expected.abandoned_within),
                (found.abandoned_after, expected.abandoned_after),
                (state.speed_of_answer_s().unwrap() / speed, 1.0),
            ];
            // The reference goes by steps, so the instant within which is one of them.
            for (found, expected) in pairs {
                assert!((found - expected).abs() < 2e-4, "{calls} {agents}: {found} {expected}");
            }
        }
    }

    #[test]
    fn large_floors_and_odd_loads_have_bounds() {
        let large = state(3_600_000.0 / 12.0, 60.0, 5_000, Some(3_600.0)).unwrap();
        let shares = large.shares(300.0);
        assert!((0.99..=1.0).contains(&shares.answered_within), "{shares:?}");
        // Nobody works: all hang up, after a line of weights beyond what a number holds.
        let nobody = state(3_600.0, 300.0, 0, Some(900.0)).unwrap();
        assert!((nobody.abandoned() - 1.0).abs() < 1e-9 && nobody.speed_of_answer_s().is_none());
        assert!(nobody.shares(20.0).answered_within.abs() < 1e-9);
        // Exactly as much work as agents is unstable where nobody hangs up.
        assert!(state(200.0, 180.0, 10, None).is_none());
        assert!(steady_state(Load::new(1.0, 60.0, None).unwrap(), MAX_AGENTS + 1).is_none());
        for (arrivals, handling, patience) in
            [(0.0, 1.0, None), (1.0, f64::NAN, None), (1.0, 1.0, Some(0.0)), (1e9, 60.0, Some(1.0))]
        {
            assert_eq!(Load::new(arrivals, handling, patience), None);
        }
    }
}
