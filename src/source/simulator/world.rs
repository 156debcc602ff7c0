//! The figures of the simulated centre: queues, intents, teams, names and the day's curve. Tables only; what happens is
//! decided elsewhere.

use crate::event::Channel::{self, Callback, Chat, Email, Sms, Social, Video, Voice};
use crate::text::Label;

mod people;
mod teams;

pub(super) use people::{EVALUATORS, FAILURES, NAMES, NEGATIVE_COMMENTS, OPEN_REASONS, POSITIVE_COMMENTS};
pub(super) use teams::{GROUPS, SimulatedTeam, StaffingGroup};

/// A queue's index in [`QUEUES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct QueueId(pub(super) usize);

pub(super) struct SimulatedQueue {
    /// Its id in events.
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) channel: Channel,
    /// The service level threshold in seconds.
    pub(super) threshold_s: f64,
    /// First attempts on a normal weekday.
    pub(super) per_day: f64,
    /// The scale in seconds of the Weibull distribution of patience; infinite for written contacts.
    pub(super) patience_s: f64,
    /// The intents of its contacts, with their weights.
    pub(super) intents: &'static [(&'static SimulatedIntent, f64)],
    /// The queues to which its contacts are transferred.
    pub(super) transfers: &'static [QueueId],
    /// The queue that customers use who come back through another channel.
    pub(super) other_channel: QueueId,
    /// How many authentication steps a customer goes through.
    pub(super) auth_steps: u32,
    /// Least and greatest seconds until an agent may pick up a written contact; zero for calls and chats.
    pub(super) pickup_delay_s: [f64; 2],
}

/// What a contact is about.
#[derive(Debug)]
pub(super) struct SimulatedIntent {
    pub(super) name: &'static str,
    /// Mean talk time, seconds.
    pub(super) talk_s: f64,
    /// Mean after-contact work, seconds.
    pub(super) after_s: f64,
    /// The share of contacts that an average agent resolves.
    pub(super) resolved: f64,
    /// The share of contacts that are transferred.
    pub(super) transferred: f64,
}

const fn intent(name: &'static str, talk_s: f64, after_s: f64, resolved: f64, transferred: f64) -> SimulatedIntent {
    SimulatedIntent { name, talk_s, after_s, resolved, transferred }
}

static REFUND: SimulatedIntent = intent("refund", 250.0, 45.0, 0.770, 0.070);
static DELIVERY_STATUS: SimulatedIntent = intent("delivery status", 150.0, 18.0, 0.780, 0.028);
static PASSWORD_RESET: SimulatedIntent = intent("password reset", 165.0, 15.0, 0.830, 0.014);
static BILLING_DISPUTE: SimulatedIntent = intent("billing dispute", 330.0, 60.0, 0.730, 0.126);
static CANCEL: SimulatedIntent = intent("cancellation", 310.0, 50.0, 0.790, 0.056);
static NEW_ORDER: SimulatedIntent = intent("new order", 290.0, 40.0, 0.830, 0.042);
static TECHNICAL_FAULT: SimulatedIntent = intent("technical fault", 390.0, 55.0, 0.730, 0.112);
static CHANGE_OF_ADDRESS: SimulatedIntent = intent("change of address", 150.0, 22.0, 0.860, 0.028);
static PAYMENT_PLAN: SimulatedIntent = intent("payment plan", 300.0, 50.0, 0.790, 0.070);
static DAMAGE_CLAIM: SimulatedIntent = intent("damage claim", 360.0, 75.0, 0.740, 0.084);
static ADVICE: SimulatedIntent = intent("product advice", 270.0, 25.0, 0.810, 0.084);
static COMPLAINT: SimulatedIntent = intent("complaint", 340.0, 65.0, 0.710, 0.140);
/// The intent of the contacts that an outage causes.
pub(super) static LOGIN_FAULT: SimulatedIntent = intent("login fault", 215.0, 30.0, 0.770, 0.042);

static INTENTS: [&SimulatedIntent; 13] = [
    &REFUND,
    &DELIVERY_STATUS,
    &PASSWORD_RESET,
    &BILLING_DISPUTE,
    &CANCEL,
    &NEW_ORDER,
    &TECHNICAL_FAULT,
    &CHANGE_OF_ADDRESS,
    &PAYMENT_PLAN,
    &DAMAGE_CLAIM,
    &ADVICE,
    &COMPLAINT,
    &LOGIN_FAULT,
];

/// The simulated centre's intents, each with the least and greatest acceptable mean handling time in seconds.
pub fn handling_bounds() -> impl Iterator<Item = (Label, f64, f64)> {
    INTENTS.iter().map(|intent| {
        let usual = intent.talk_s + intent.after_s;
        (Label::new(intent.name), (usual * 0.8).round(), (usual * 1.2).round())
    })
}

/// The simulated centre's queues of written contacts, each with the seconds within which they should be answered; the
/// limits for calls do not fit them.
pub fn written_queues() -> impl Iterator<Item = (Label, f64)> {
    let written = QUEUES.iter().filter(|queue| queue.channel.is_asynchronous());
    written.map(|queue| (Label::fixed(queue.id), queue.threshold_s))
}

const SALES: QueueId = QueueId(0);
const BILLING: QueueId = QueueId(1);
pub(super) const SUPPORT: QueueId = QueueId(2);
const DELIVERY: QueueId = QueueId(3);
const RETENTION: QueueId = QueueId(4);
const VIP: QueueId = QueueId(5);
/// The queue whose contacts come in waves, even on a calm day.
pub(super) const CLAIMS: QueueId = QueueId(6);
const CHAT_SALES: QueueId = QueueId(7);
const CHAT_SUPPORT: QueueId = QueueId(8);
const EMAIL: QueueId = QueueId(9);
const SOCIAL: QueueId = QueueId(10);
const SMS: QueueId = QueueId(11);

/// All queues, in the order of the constants above.
pub(super) static QUEUES: [SimulatedQueue; 12] = [
    SimulatedQueue {
        id: "sales",
        name: "Sales",
        channel: Voice,
        threshold_s: 20.0,
        per_day: 650.0,
        patience_s: 280.0,
        intents: &[(&NEW_ORDER, 6.0), (&ADVICE, 3.0), (&DELIVERY_STATUS, 1.0)],
        transfers: &[BILLING, DELIVERY],
        other_channel: CHAT_SALES,
        auth_steps: 0,
        pickup_delay_s: [0.0, 0.0],
    },
    SimulatedQueue {
        id: "billing",
        name: "Billing",
        channel: Voice,
        threshold_s: 20.0,
        per_day: 820.0,
        patience_s: 310.0,
        intents: &[(&BILLING_DISPUTE, 4.0), (&REFUND, 3.0), (&PAYMENT_PLAN, 2.0), (&CHANGE_OF_ADDRESS, 2.0)],
        transfers: &[RETENTION, SUPPORT],
        other_channel: EMAIL,
        auth_steps: 2,
        pickup_delay_s: [0.0, 0.0],
    },
    SimulatedQueue {
        id: "support",
        name: "Technical support",
        channel: Voice,
        threshold_s: 20.0,
        per_day: 860.0,
        patience_s: 340.0,
        intents: &[(&TECHNICAL_FAULT, 5.0), (&PASSWORD_RESET, 3.0), (&LOGIN_FAULT, 1.5)],
        transfers: &[BILLING, DELIVERY],
        other_channel: CHAT_SUPPORT,
        auth_steps: 1,
        pickup_delay_s: [0.0, 0.0],
    },
    SimulatedQueue {
        id: "delivery",
        name: "Orders & delivery",
        channel: Voice,
        threshold_s: 20.0,
        per_day: 790.0,
        patience_s: 280.0,
        intents: &[(&DELIVERY_STATUS, 6.0), (&REFUND, 2.0), (&CHANGE_OF_ADDRESS, 1.5), (&COMPLAINT, 0.5)],
        transfers: &[CLAIMS, BILLING],
        other_channel: SMS,
        auth_steps: 1,
        pickup_delay_s: [0.0, 0.0],
    },
    SimulatedQueue {
        id: "cancellations",
        name: "Cancellations",
        channel: Voice,
        threshold_s: 20.0,
        per_day: 265.0,
        patience_s: 240.0,
        intents: &[(&CANCEL, 8.0), (&COMPLAINT, 1.0), (&BILLING_DISPUTE, 1.0)],
        transfers: &[BILLING],
        other_channel: EMAIL,
        auth_steps: 2,
        pickup_delay_s: [0.0, 0.0],
    },
    SimulatedQueue {
        id: "vip",
        name: "VIP desk",
        channel: Voice,
        threshold_s: 10.0,
        per_day: 185.0,
        patience_s: 200.0,
        intents: &[(&NEW_ORDER, 3.0), (&TECHNICAL_FAULT, 2.0), (&BILLING_DISPUTE, 2.0), (&DELIVERY_STATUS, 2.0)],
        transfers: &[CLAIMS, SUPPORT],
        other_channel: EMAIL,
        auth_steps: 0,
        pickup_delay_s: [0.0, 0.0],
    },
    SimulatedQueue {
        id: "claims",
        name: "Claims",
        channel: Voice,
        threshold_s: 30.0,
        per_day: 290.0,
        patience_s: 350.0,
        intents: &[(&DAMAGE_CLAIM, 7.0), (&REFUND, 2.0), (&COMPLAINT, 1.5)],
        transfers: &[BILLING, DELIVERY],
        other_channel: EMAIL,
        auth_steps: 2,
        pickup_delay_s: [0.0, 0.0],
    },
    SimulatedQueue {
        id: "chat-sales",
        name: "Sales chat",
        channel: Chat,
        threshold_s: 60.0,
        per_day: 315.0,
        patience_s: 280.0,
        intents: &[(&ADVICE, 5.0), (&NEW_ORDER, 4.0), (&DELIVERY_STATUS, 1.0)],
        transfers: &[CHAT_SUPPORT],
        other_channel: SALES,
        auth_steps: 0,
        pickup_delay_s: [0.0, 0.0],
    },
    SimulatedQueue {
        id: "chat-support",
        name: "Support chat",
        channel: Chat,
        threshold_s: 60.0,
        per_day: 455.0,
        patience_s: 310.0,
        intents: &[(&PASSWORD_RESET, 4.0), (&TECHNICAL_FAULT, 3.0), (&LOGIN_FAULT, 1.5), (&REFUND, 1.0)],
        transfers: &[SUPPORT, CHAT_SALES],
        other_channel: SUPPORT,
        auth_steps: 1,
        pickup_delay_s: [0.0, 0.0],
    },
    SimulatedQueue {
        id: "email",
        name: "Email",
        channel: Email,
        threshold_s: 14_400.0,
        per_day: 155.0,
        patience_s: f64::INFINITY,
        intents: &[(&COMPLAINT, 3.0), (&BILLING_DISPUTE, 3.0), (&REFUND, 3.0), (&CHANGE_OF_ADDRESS, 2.0)],
        transfers: &[EMAIL],
        other_channel: BILLING,
        auth_steps: 0,
        pickup_delay_s: [600.0, 3_000.0],
    },
    SimulatedQueue {
        id: "social",
        name: "Social media",
        channel: Social,
        threshold_s: 3_600.0,
        per_day: 115.0,
        patience_s: f64::INFINITY,
        intents: &[(&COMPLAINT, 3.0), (&ADVICE, 3.0), (&DELIVERY_STATUS, 3.0), (&LOGIN_FAULT, 1.0)],
        transfers: &[SOCIAL],
        other_channel: CHAT_SUPPORT,
        auth_steps: 0,
        pickup_delay_s: [120.0, 720.0],
    },
    SimulatedQueue {
        id: "sms",
        name: "Text messages",
        channel: Sms,
        threshold_s: 300.0,
        per_day: 185.0,
        patience_s: f64::INFINITY,
        intents: &[(&DELIVERY_STATUS, 6.0), (&PASSWORD_RESET, 2.0), (&CHANGE_OF_ADDRESS, 2.0)],
        transfers: &[SMS],
        other_channel: DELIVERY,
        auth_steps: 1,
        pickup_delay_s: [50.0, 160.0],
    },
];

/// The queues whose volume rises on a Monday.
pub(super) static MONDAY_QUEUES: [QueueId; 4] = [BILLING, SUPPORT, CLAIMS, CHAT_SUPPORT];

/// The queues that the contacts of an outage go to, with their weights.
pub(super) static OUTAGE_QUEUES: [(QueueId, f64); 4] = [(SUPPORT, 5.0), (CHAT_SUPPORT, 3.0), (SOCIAL, 1.5), (SMS, 0.5)];

/// Relative contact volume in each half hour of a weekday, from 00:00.
pub(super) const WEEKDAY: [f64; 48] = [
    35.0, 34.0, 33.0, 32.0, 31.0, 31.0, 31.0, 31.0, 32.0, 33.0, 34.0, 36.0, // 00:00–06:00
    39.0, 42.0, 44.0, 46.0, 54.0, 63.0, 76.0, 86.0, 96.0, 99.0, 100.0, 100.0, // 06:00–12:00
    101.0, 101.0, 102.0, 106.0, 114.0, 116.0, 114.0, 110.0, 102.0, 92.0, 78.0, 66.0, // 12:00–18:00
    54.0, 48.0, 44.0, 41.0, 37.0, 36.0, 35.0, 35.0, 36.0, 37.0, 37.0, 36.0, // 18:00–24:00
];

/// Relative contact volume in each half hour of a day at the weekend, on the scale of [`WEEKDAY`].
pub(super) const WEEKEND: [f64; 48] = [
    32.0, 31.0, 30.0, 29.0, 28.0, 28.0, 28.0, 28.0, 28.0, 28.0, 29.0, 30.0, // 00:00–06:00
    31.0, 32.0, 33.0, 35.0, 37.0, 39.0, 40.0, 41.0, 42.0, 42.0, 42.0, 42.0, // 06:00–12:00
    43.0, 44.0, 45.0, 46.0, 46.0, 44.0, 42.0, 40.0, 38.0, 37.0, 36.0, 36.0, // 12:00–18:00
    36.0, 37.0, 38.0, 38.0, 37.0, 36.0, 36.0, 35.0, 35.0, 35.0, 34.0, 33.0, // 18:00–24:00
];

/// The queues whose customers can be served by self-service.
pub(super) static CONTAINED_QUEUES: [QueueId; 4] = [BILLING, SUPPORT, DELIVERY, CHAT_SUPPORT];

/// Self-service sessions per day that end without an agent.
pub(super) const CONTAINED_PER_DAY: f64 = 1_000.0;

/// The number of customers.
pub(super) const CUSTOMERS: u32 = 40_000;

impl QueueId {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..QUEUES.len()).map(Self)
    }

    #[expect(clippy::indexing_slicing, reason = "ids are made in this file, as indices of this table")]
    pub(super) fn spec(self) -> &'static SimulatedQueue {
        &QUEUES[self.0]
    }
}

impl SimulatedQueue {
    /// The mean handling time of its contacts in seconds.
    pub(super) fn handling_s(&self) -> f64 {
        let pace = channel_pace(self.channel);
        let (spent, weights) = self.intents.iter().fold((0.0, 0.0), |(spent, weights), (intent, weight)| {
            (weight.mul_add(intent.talk_s.mul_add(pace, intent.after_s), spent), weights + weight)
        });
        spent / weights
    }
}

/// A factor on talk time by channel.
pub(super) const fn channel_pace(channel: Channel) -> f64 {
    match channel {
        Chat => 1.1,
        Sms | Social => 0.65,
        Voice | Email | Video | Callback => 0.95,
    }
}
