//! The table of KPIs. To add one, add an entry to the table below, its function to `formula`, and a number computed by
//! hand to `kpi/tests.rs`. An entry has the fields of [`Kpi`] in the order of the macro's pattern.

use super::bands::{Bands, Better};
use super::{Kpi, KpiGroup, Unit, formula};

macro_rules! catalogue {
    ($($id:ident $key:literal, $name:literal, $short:literal, $unit:ident, $better:ident, $bands:expr, $group:ident,
       $sampled:literal, $compute:ident, $formula:literal, $action:literal;)*) => {
        /// The number of a KPI: its index in [`CATALOGUE`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "the catalogue's names and formulas document them")]
        pub enum KpiId { $($id),* }

        /// Every KPI, in the order of docs/kpis.md.
        pub const CATALOGUE: &[Kpi] = &[$(Kpi {
            id: KpiId::$id, key: $key, name: $name, short: $short, unit: Unit::$unit, better: Better::$better,
            bands: $bands, group: KpiGroup::$group, formula: $formula, action: $action, sampled: $sampled,
            compute: formula::$compute,
        }),*];
    };
}

/// The core KPIs, which the overview and reports for people show, in their order there.
pub const CORE: [KpiId; 8] = [
    KpiId::ServiceLevel,
    KpiId::AbandonmentRate,
    KpiId::Asa,
    KpiId::Fcr,
    KpiId::Csat,
    KpiId::Ces,
    KpiId::Nps,
    KpiId::Aht,
];

catalogue! {
    Waiting "waiting", "Waiting", "Waiting", Count, Neutral, Bands::NONE, Live, false, waiting,
        "contacts in queue now",
        "Look at the oldest first; move agents in from quiet queues.";
    LongestWait "longest_wait", "Longest wait", "Longest", Seconds, Lower, Bands::limits(60.0, 120.0, 300.0), Live, false, longest_wait,
        "age of the oldest contact waiting now",
        "Take the oldest contact now: pull an agent from a quieter queue or off a pause.";
    WaitingUnserved "waiting_unserved", "Waiting where nobody serves", "Unserved", Count, Lower, Bands::limits(0.0, 0.0, 0.0), Live, false, waiting_unserved,
        "contacts waiting now in queues of which every agent is offline or paused; unknown where no source says who serves a queue",
        "Nobody takes the contacts of this queue: end a pause, log agents in to it, send its contacts elsewhere, or close it.";
    EstimatedWait "estimated_wait", "Estimated wait", "Est. wait", Seconds, Neutral, Bands::NONE, Live, false, estimated_wait,
        "(waiting + 1 − available agents, never below 0) × mean handling time of the last hour ÷ agents serving the queue",
        "Offer a callback while it is long.";
    InProgress "in_progress", "In progress", "Talking", Count, Neutral, Bands::NONE, Live, false, in_progress,
        "contacts with an agent now",
        "";
    AgentsStaffed "agents_staffed", "Agents staffed", "Staffed", Count, Neutral, Bands::NONE, Live, false, agents_staffed,
        "agents in any state but offline and unknown",
        "";
    AgentsAvailable "agents_available", "Agents available", "Avail", Count, Neutral, Bands::NONE, Live, false, agents_available,
        "agents waiting for a contact",
        "";
    AgentsRinging "agents_ringing", "Agents ringing", "Ringing", Count, Neutral, Bands::NONE, Live, false, agents_ringing,
        "agents being rung",
        "";
    AgentsOnContact "agents_on_contact", "Agents on a contact", "On cont.", Count, Neutral, Bands::NONE, Live, false, agents_on_contact,
        "agents with a contact",
        "";
    AgentsAfterContact "agents_after_contact", "Agents in after-contact work", "ACW", Count, Neutral, Bands::NONE, Live, false, agents_after_contact,
        "agents in after-contact work",
        "";
    AgentsPaused "agents_paused", "Agents paused", "Paused", Count, Neutral, Bands::NONE, Live, false, agents_paused,
        "agents paused, with their reasons",
        "";
    AgentsOffline "agents_offline", "Agents offline", "Offline", Count, Neutral, Bands::NONE, Live, false, agents_offline,
        "known agents who are logged off",
        "";
    AgentsUnknown "agents_unknown", "Agents in an unknown state", "Unknown", Count, Neutral, Bands::NONE, Live, false, agents_unknown,
        "agents of whom a source no longer says what they do, or nothing was heard for agent_ttl; they are in no other number of agents",
        "Look at the sources page: it names the words and fields that are not read.";
    Backlog "backlog", "Backlog", "Backlog", Count, Neutral, Bands::NONE, Live, false, backlog,
        "open asynchronous contacts (email, SMS, social)",
        "Give the oldest to agents between calls.";
    AgedBacklog "aged_backlog", "Aged backlog", "Aged", Count, Lower, Bands::NONE, Live, false, aged_backlog,
        "open asynchronous contacts older than their channel's first response target",
        "Answer these first: they are already late.";
    Offered "offered", "Offered", "Offered", Count, Neutral, Bands::NONE, Accessibility, false, offered,
        "contacts that joined a queue",
        "";
    Answered "answered", "Answered", "Answered", Count, Neutral, Bands::NONE, Accessibility, false, answered,
        "contacts connected to an agent",
        "";
    Abandoned "abandoned", "Abandoned", "Abandoned", Count, Neutral, Bands::NONE, Accessibility, false, abandoned,
        "contacts that hung up while waiting",
        "Call them back: the list is one Enter away.";
    ShortAbandoned "short_abandoned", "Short abandons", "Short", Count, Neutral, Bands::NONE, Accessibility, false, short_abandoned,
        "abandoned contacts that waited less than short_abandon_s",
        "";
    Left "left", "Left unanswered", "Left", Count, Neutral, Bands::NONE, Accessibility, false, left,
        "contacts that left the queue unanswered, not by hanging up: timeout, key, empty, full, closed, overflow, callback, withdrawn",
        "Find the reason: a full or empty queue is a staffing fault, a timeout a routing one.";
    UnknownEnd "unknown_end", "Unknown end", "Unknown", Count, Neutral, Bands::NONE, Accessibility, false, unknown_end,
        "contacts closed without a known end: the source restarted, or contact_ttl passed",
        "";
    AbandonmentRate "abandonment_rate", "Abandonment", "Abandon", Percent, Lower, Bands::limits(3.0, 5.0, 8.0), Accessibility, true, abandonment_rate,
        "(abandoned − short abandons) ÷ (answered + abandoned − short abandons + left)",
        "Move agents into the queue, end pauses that can wait, offer callbacks; call the abandoned back.";
    ServiceLevel "service_level", "Service level", "Svc lvl", Percent, Higher, Bands::limits(80.0, 80.0, 70.0), Accessibility, true, service_level,
        "share answered within T seconds",
        "Put more agents on the queue until callers are answered in time; postpone breaks and offline work.";
    Asa "asa", "Average speed of answer", "ASA", Seconds, Lower, Bands::limits(20.0, 30.0, 45.0), Accessibility, true, asa,
        "waits of answered contacts ÷ answered contacts (those whose wait is known)",
        "Add agents at the peak; check for agents in a long pause or after-contact work.";
    AnswerP50 "answer_p50", "Median wait of answered", "Wait p50", Seconds, Lower, Bands::NONE, Accessibility, true, answer_p50,
        "half of the answered contacts waited no longer",
        "";
    AnswerP90 "answer_p90", "Wait of answered, 90 %", "Wait p90", Seconds, Lower, Bands::NONE, Accessibility, true, answer_p90,
        "nine in ten answered contacts waited no longer",
        "";
    AnswerP99 "answer_p99", "Wait of answered, 99 %", "Wait p99", Seconds, Lower, Bands::NONE, Accessibility, true, answer_p99,
        "99 in 100 answered contacts waited no longer",
        "";
    TimeToAbandon "time_to_abandon", "Time to abandon", "To aband.", Seconds, Neutral, Bands::NONE, Accessibility, true, time_to_abandon,
        "waits of abandoned contacts ÷ abandoned contacts (those whose wait is known)",
        "";
    Patience "patience", "Patience", "Patience", Seconds, Neutral, Bands::NONE, Accessibility, true, patience,
        "waiting time of all contacts ÷ abandoned contacts: the mean time until a customer would hang up",
        "Answer, or tell the expected wait and offer a callback, before a tenth has hung up.";
    MaxWait "max_wait", "Longest wait that ended", "Max wait", Seconds, Lower, Bands::NONE, Accessibility, false, max_wait,
        "the longest wait that ended in the window",
        "";
    AbandonmentByPosition "abandonment_by_position", "Abandonment by position", "By pos.", Percent, Lower, Bands::NONE, Accessibility, true, abandonment_by_position,
        "abandonment by the position on joining (1, 2, 3, 4–5, 6–10, > 10)",
        "";
    Frt "frt", "First response time", "FRT", Seconds, Lower, Bands::NONE, Accessibility, true, frt,
        "joining to first agent response on asynchronous channels ÷ contacts responded to",
        "";
    Handled "handled", "Handled", "Handled", Count, Neutral, Bands::NONE, Efficiency, false, handled,
        "contacts an agent has finished with: completed, or transferred away",
        "";
    Aht "aht", "Average handling time", "AHT", Seconds, Band, Bands::NONE, Efficiency, true, aht,
        "(talk + hold + after-contact work) ÷ handled contacts",
        "Too long: listen for what is missing (a tool, an answer). Too short: check that contacts are really resolved.";
    Talk "talk", "Talk time", "Talk", Seconds, Neutral, Bands::NONE, Efficiency, true, talk,
        "talk time ÷ handled contacts",
        "";
    Hold "hold", "Hold time", "Hold", Seconds, Neutral, Bands::NONE, Efficiency, true, hold,
        "hold time ÷ handled contacts",
        "";
    Acw "acw", "After-contact work", "ACW", Seconds, Neutral, Bands::NONE, Efficiency, true, acw,
        "after-contact work ÷ handled contacts",
        "";
    Occupancy "occupancy", "Occupancy", "Occup.", Percent, Band, Bands::between(75.0, 88.0), Efficiency, true, occupancy,
        "(talk + hold + after-contact work) ÷ (that + available time)",
        "Above 88 % people burn out: give breaks back. Below 75 %: lend agents to a busier queue.";
    TransferRate "transfer_rate", "Transfer rate", "Transfer", Percent, Lower, Bands::NONE, Efficiency, true, transfer_rate,
        "transferred ÷ handled",
        "See which intents are sent on: route them there at once, or teach them here.";
    RingNoAnswer "ring_no_answer", "Ring no answer", "No answer", Count, Lower, Bands::NONE, Efficiency, false, ring_no_answer,
        "contacts that rang an agent and weren't taken",
        "Ask whether the agent has left the desk; pause whoever has.";
    ContactsPerHour "contacts_per_hour", "Contacts per hour", "Per hour", PerHour, Neutral, Bands::NONE, Efficiency, true, contacts_per_hour,
        "handled ÷ staffed hours",
        "";
    SelfServiceContainment "self_service_containment", "Self-service containment", "Contained", Percent, Higher, Bands::NONE, Efficiency, true, self_service_containment,
        "self-service sessions ended without an agent ÷ all self-service sessions",
        "";
    Fcr "fcr", "First contact resolution", "FCR", Percent, Higher, Bands::limits(80.0, 75.0, 70.0), Resolution, true, fcr,
        "first contacts resolved ÷ first contacts; resolved: no further contact of the customer about the intent within fcr_window, and not transferred",
        "Take the intent with the most repeats and fix its cause: knowledge, authority or process.";
    ReopenRate "reopen_rate", "Reopen rate", "Reopened", Percent, Lower, Bands::NONE, Resolution, true, reopen_rate,
        "reopened ÷ resolved",
        "";
    RepeatRate "repeat_rate", "Repeat rate", "Repeats", Percent, Lower, Bands::NONE, Resolution, true, repeat_rate,
        "contacts that repeat an earlier one of the same customer and intent within fcr_window ÷ offered",
        "Ask the last ten who came back what was left open.";
    ResolutionRate "resolution_rate", "Resolution rate", "Resolved", Percent, Higher, Bands::NONE, Resolution, true, resolution_rate,
        "contacts marked resolved ÷ contacts with a disposition",
        "";
    Csat "csat", "Customer satisfaction", "CSAT", Percent, Higher, Bands::limits(85.0, 85.0, 75.0), Experience, true, csat,
        "scores in the top two steps ÷ scores",
        "Read today's low scores and their comments; coach on what they share.";
    CsatMean "csat_mean", "Mean satisfaction", "CSAT mean", Score, Higher, Bands::limits(4.2, 4.0, 3.5), Experience, true, csat_mean,
        "mean score, put on 1–5",
        "Read today's low scores and their comments; coach on what they share.";
    Ces "ces", "Customer effort", "CES", Score, Lower, Bands::limits(3.0, 3.0, 4.0), Experience, true, ces,
        "mean effort, 1–7, lower is easier",
        "Find the step customers have to repeat: authentication, transfers, forms.";
    Nps "nps", "Net promoter score", "NPS", Points, Higher, Bands::NONE, Experience, true, nps,
        "(promoters 9–10 − detractors 0–6) ÷ answers",
        "Look for what changed for customers, not for agents: NPS speaks of the company.";
    ChannelSwitchRate "channel_switch_rate", "Channel switch rate", "Switched", Percent, Lower, Bands::NONE, Experience, true, channel_switch_rate,
        "contacts whose customer used another channel for the same intent in the 24 h before ÷ contacts of known customers",
        "";
    AuthSteps "auth_steps", "Authentication steps", "Auth", Score, Lower, Bands::NONE, Experience, true, auth_steps,
        "authentication steps ÷ contacts that say how many",
        "";
    QualityScore "quality_score", "Quality score", "Quality", Score, Higher, Bands::NONE, Quality, true, quality_score,
        "mean quality evaluation, 0–100",
        "";
    QaVariance "qa_variance", "Evaluator variance", "QA var.", Score, Lower, Bands::NONE, Quality, false, qa_variance,
        "standard deviation of the evaluators' mean scores",
        "Score the same three contacts together and compare.";
    QualityGap "quality_gap", "Quality gap", "Gap", Score, Band, Bands::between(-10.0, 10.0), Quality, true, quality_gap,
        "quality score − CSAT",
        "What is scored isn't what customers feel: revise the form.";
    SpeedTrap "speed_trap", "Speed trap", "Trap", Flag, Lower, Bands::limits(0.0, 0.0, 2.0), Quality, true, speed_trap,
        "handling time fell while FCR or CSAT fell, both by more than their noise, against the same hours of the previous 4 weeks (or the previous day)",
        "Stop pressing for speed: look at repeats and low scores of the intents that got faster.";
}
