//! `floorwatch demo`: the board, fed by a simulated floor.

use crate::app::Demo;
use crate::source::simulator::Scenario;

const SCENARIOS: [&str; 3] = ["calm", "monday", "outage"];

/// The arguments of the command.
#[derive(Clone, Debug, PartialEq, clap::Args)]
pub struct Args {
    /// The seed of the simulation; the same one gives the same day
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// The speed, as a multiple of real time
    #[arg(long, default_value_t = 1.0, value_name = "N", value_parser = super::times::speed)]
    pub speed: f64,
    /// The kind of day
    #[arg(long, default_value = "calm", value_parser = super::words(&SCENARIOS, Scenario::parse))]
    pub scenario: Scenario,
}

impl Args {
    /// The simulated floor that the arguments ask for.
    #[must_use]
    pub const fn demo(&self) -> Demo {
        Demo { seed: self.seed, speed: self.speed, scenario: self.scenario }
    }
}
