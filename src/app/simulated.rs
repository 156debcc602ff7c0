//! The targets of the simulated floor.

use crate::config::Config;
use crate::engine::Settings;
use crate::kpi::{Bands, KpiId};
use crate::source::simulator::{handling_bounds, written_queues};

/// A configuration with the targets that suit the simulated centre.
pub(super) fn with_targets(mut config: Config) -> Config {
    set_targets(&mut config.floor);
    config
}

/// Set the targets that suit the simulated centre, where there are none: bounds of handling time for each intent, and the
/// waits of written contacts.
pub(super) fn set_targets(settings: &mut Settings) {
    for (intent, low, high) in handling_bounds() {
        settings.intents.entry(intent).or_insert(Bands::between(low, high));
    }
    for (queue, within_s) in written_queues() {
        let targets = &mut settings.queues.entry(queue).or_default().targets;
        for kpi in [KpiId::LongestWait, KpiId::Asa] {
            targets.entry(kpi).or_insert(Bands::limits(within_s, within_s, 2.0 * within_s));
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;
    use crate::alert::{self, EvaluationContext, Evaluator, Severity};
    use crate::clock::{Span, Time};
    use crate::engine::Engine;
    use crate::kpi::{Dim, Slice};
    use crate::source::simulator::{self, Scenario, Simulator, history_start};

    fn settings(seed: u64, scenario: Scenario) -> simulator::Settings {
        simulator::Settings { seed, scenario, zone: Tz::UTC }
    }

    fn time(text: &str) -> Time {
        Time::parse_rfc3339(text).unwrap()
    }

    fn hours(hours: i64) -> Span {
        Span(hours * Span::HOUR.0)
    }

    /// How many critical alerts and how many warnings stand at each of the times from `live` to `until`, five minutes apart.
    fn active(settings: simulator::Settings, live: Time, until: Time) -> Vec<[usize; 2]> {
        let mut engine_settings = Settings::default();
        engine_settings.calendar.zone = settings.zone;
        set_targets(&mut engine_settings);
        let calendar = engine_settings.calendar;
        let mut engine = Engine::new(engine_settings);
        let mut evaluator = Evaluator::new(alert::built_in(), alert::Settings::default(), calendar);
        let mut simulator = Simulator::new(settings, history_start(live), live);
        let (mut at, mut events, mut counts) = (live, Vec::new(), Vec::new());
        while at <= until {
            simulator.advance(at, &mut events);
            for event in events.drain(..) {
                engine.apply(&event);
            }
            engine.advance(at);
            let answers: Vec<_> = evaluator.queries().iter().map(|query| engine.ask(query, at)).collect();
            let bands = |kpi, slice: &Slice| engine.bands(kpi, slice.get(Dim::Queue), slice.get(Dim::Intent));
            let context = EvaluationContext { bands: &bands, name: &|slice| engine.name(slice) };
            evaluator.evaluate(&answers, &[], context, at);
            let of = |severity| evaluator.active().iter().filter(|episode| episode.severity == severity).count();
            counts.push([Severity::Critical, Severity::Warning].map(of));
            at = at + Span(5 * Span::MINUTE.0);
        }
        counts
    }

    /// The mean numbers of critical alerts and warnings, and the share of times without a critical one.
    fn summary(counts: &[[usize; 2]]) -> (f64, f64, f64) {
        let mean =
            |sum: usize| f64::from(u32::try_from(sum).unwrap()) / f64::from(u32::try_from(counts.len()).unwrap());
        let [critical, warnings] = [0, 1].map(|at| mean(counts.iter().map(|count| count[at]).sum()));
        (critical, warnings, mean(counts.iter().filter(|count| count[0] == 0).count()))
    }

    #[test]
    fn few_alerts_stand_on_a_calm_day_and_many_on_the_others() {
        let live = time("2026-03-11T08:00:00Z");
        for seed in 1..=5 {
            let calm = summary(&active(settings(seed, Scenario::Calm), live, live + hours(8)));
            assert!(calm.0 < 0.7 && calm.1 < 2.0 && calm.2 > 0.6, "seed {seed}: {calm:?}");
        }
        let outage = summary(&active(settings(1, Scenario::Outage), live + Span(15 * Span::MINUTE.0), live + hours(1)));
        assert!(outage.0 >= 3.0, "{outage:?}");
        let monday = time("2026-03-09T10:30:00Z");
        let monday = summary(&active(settings(1, Scenario::Monday), monday, monday + hours(1)));
        assert!(monday.0 >= 3.0, "{monday:?}");
    }
}
