//! floorwatch: a live wallboard in the terminal for contact centres.
//!
//! A floor is a value that events change and questions read:
//!
//! ```text
//! source ──Event──▶ floor ( engine ▸ alert ▸ journal ) ──watch: Arc<Board>──▶ ui · hub
//!                     ◀──ask: figures, contacts, history──────────────────── ui · hub · cli
//!                     ◀──execute: acknowledge, snooze, note ──────────────── ui · hub · cli
//!                                                   journal ──outbox──▶ notify
//! ```
//!
//! Imports only point down: main → cli → app → config → { ui, hub, report } → floor → notify → { source, journal } →
//! board → alert → engine → kpi → event → { text, clock, secret }. What is about networks and not about a source is
//! in net, over { text, clock, secret }; source, notify and hub use it. Texts for people are in language, over alert; ui, report and
//! what is above them use it. staffing imports nothing. ARCHITECTURE.md describes each room, follows
//! data through them, and says where to change what.

pub mod alert;
pub mod annotation;
pub mod app;
pub mod board;
pub mod cli;
pub mod clock;
pub mod config;
pub mod engine;
pub mod event;
pub mod floor;
pub mod hub;
pub mod journal;
pub mod kpi;
pub mod language;
pub mod net;
pub mod notify;
pub mod report;
pub mod secret;
pub mod source;
pub mod staffing;
pub mod text;
pub mod ui;
pub mod worklist;
