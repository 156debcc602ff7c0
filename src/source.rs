//! Sources: whatever a system says, turned into events.
//!
//! One file or folder a kind of source: bytes → records (pure) → events (pure). A source runs on its own thread
//! and sends [`Message`]s; how it does is said the same way as what it saw.

pub mod csv;
mod decoder;
pub mod detect;
pub mod follow;
pub mod lines;
mod names;
pub mod queue_log;
pub mod read;
pub mod settings;
pub mod simulator;
pub mod tally;
pub mod wire;

pub use follow::{Running, spawn};
pub use settings::Settings;
pub use tally::InputTally;

use crate::board::Health;
use crate::clock::Time;
use crate::event::Event;
use crate::text::Label;

/// What a source tells the floor. `source` is its index in the configuration.
#[derive(Debug)]
pub enum Message {
    /// Things that happened, in the order they were read.
    Events {
        /// Which source.
        source: usize,
        /// What.
        events: Vec<Event>,
        /// How far the source has been read once these are kept: text that means something only to the source.
        /// The journal keeps it in the same transaction as the events, so that none is lost or counted twice.
        cursor: Option<String>,
    },
    /// A line was set aside.
    Rejected {
        /// Which source.
        source: usize,
        /// Where and why.
        rejection: Rejection,
    },
    /// How the source does.
    Health {
        /// Which source.
        source: usize,
        /// How.
        health: Health,
        /// Why, in words; empty where all is well.
        reason: Label,
        /// Since when.
        at: Time,
    },
}

/// Something that could not be taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The file's name as given, or the source's.
    pub place: Label,
    /// The line, from 1.
    pub line: u64,
    /// Why, and what to do about it.
    pub reason: Label,
}
