//! The table of KPIs. To add one, add an entry to the table below, its function to `formula`, and a number computed by
//! hand to `kpi/tests.rs`. An entry has the fields of [`Kpi`] in the order of the macro's pattern.

use super::bands::{Bands, Better};
use super::{Kpi, KpiGroup, Unit, formula};

macro_rules! catalogue {
    ($($id:ident $key:literal, $name:literal, $short:literal, $unit:ident, $better:ident, $bands:expr, $group:ident,
       $sampled:literal, $compute:ident, $formula:literal, $why:literal, $action:literal;)*) => {
        /// The number of a KPI: its index in [`CATALOGUE`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "the catalogue's names and formulas document them")]
        pub enum KpiId { $($id),* }

        /// Every KPI, in the order of docs/kpis.md.
        pub const CATALOGUE: &[Kpi] = &[$(Kpi {
            id: KpiId::$id, key: $key, name: $name, short: $short, unit: Unit::$unit, better: Better::$better,
            bands: $bands, group: KpiGroup::$group, formula: $formula, why: $why, action: $action, sampled: $sampled,
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
        "Everyone here waits for a person now; what waits now decides the service level of the next minutes.",
        "Look at the oldest first; move agents in from quiet queues.";
    LongestWait "longest_wait", "Longest wait", "Longest", Seconds, Lower, Bands::limits(60.0, 120.0, 300.0), Live, false, longest_wait,
        "age of the oldest contact waiting now",
        "A mean hides the one who has waited longest, and that one is about to hang up.",
        "Take the oldest contact now: pull an agent from a quieter queue or off a pause.";
    WaitingUnserved "waiting_unserved", "Waiting where nobody serves", "Unserved", Count, Lower, Bands::limits(0.0, 0.0, 0.0), Live, false, waiting_unserved,
        "contacts waiting now in queues of which every agent is offline or paused; unknown where no source says who serves a queue",
        "These contacts wait in vain: no agent can take them.",
        "Nobody takes the contacts of this queue: end a pause, log agents in to it, send its contacts elsewhere, or close it.";
    OldestCallback "oldest_callback", "Oldest call-back", "Call-back", Seconds, Lower, Bands::limits(3600.0, 7200.0, 14400.0), Live, false, oldest_callback,
        "time since the first reason of the oldest call-back that is not done, a claimed one included; unknown where none is open, and where nobody has done anything about one",
        "Whoever hung up and hears nothing tells others, or goes elsewhere; one call in time keeps the customer.",
        "Call the oldest back first, and share out the rest.";
    EstimatedWait "estimated_wait", "Estimated wait", "Est. wait", Seconds, Neutral, Bands::NONE, Live, false, estimated_wait,
        "(waiting + 1 − available agents, never below 0) × mean handling time of the last hour ÷ agents serving the queue",
        "Customers who know how long it will take hang up less and complain less.",
        "Offer a callback while it is long.";
    InProgress "in_progress", "In progress", "Talking", Count, Neutral, Bands::NONE, Live, false, in_progress,
        "contacts with an agent now",
        "It shows how much of the load is being served, beside what still waits.",
        "Compare it with the agents on a contact: a gap is a contact that nobody holds.";
    AgentsStaffed "agents_staffed", "Agents staffed", "Staffed", Count, Neutral, Bands::NONE, Live, false, agents_staffed,
        "agents in any state but offline and unknown",
        "All else follows from how many people are there.",
        "Fewer than planned: call in who is missing, or move people over from a quieter queue.";
    AgentsAvailable "agents_available", "Agents available", "Avail", Count, Neutral, Bands::NONE, Live, false, agents_available,
        "agents waiting for a contact",
        "The next contact is answered at once only while somebody is free.",
        "None free and contacts wait: end pauses that can wait. Many free: lend some to a busier queue.";
    AgentsRinging "agents_ringing", "Agents ringing", "Ringing", Count, Neutral, Bands::NONE, Live, false, agents_ringing,
        "agents being rung",
        "Ringing is waiting too: the caller hears nobody yet.",
        "The same agent rings again and again: ask whether the desk is empty, and pause it.";
    AgentsOnContact "agents_on_contact", "Agents on a contact", "On cont.", Count, Neutral, Bands::NONE, Live, false, agents_on_contact,
        "agents with a contact",
        "Beside those who are staffed it shows whether people or routing are short.",
        "All on a contact and more wait: offer callbacks until the peak is over.";
    AgentsAfterContact "agents_after_contact", "Agents in after-contact work", "ACW", Count, Neutral, Bands::NONE, Live, false, agents_after_contact,
        "agents in after-contact work",
        "After-contact work takes people off the queue at the peak, when they are missed most.",
        "Many at once at a peak: ask what can be written later, or what the system could fill in.";
    AgentsPaused "agents_paused", "Agents paused", "Paused", Count, Neutral, Bands::NONE, Live, false, agents_paused,
        "agents paused, with their reasons",
        "Pauses are needed, and too many at once are felt by everybody who waits.",
        "Spread the pauses: see the reasons, and ask who can come back now.";
    AgentsOffline "agents_offline", "Agents offline", "Offline", Count, Neutral, Bands::NONE, Live, false, agents_offline,
        "known agents who are logged off",
        "Who is expected and logged off is missing from the plan.",
        "Hold the names against the shift plan, and call those who should be here.";
    AgentsUnknown "agents_unknown", "Agents in an unknown state", "Unknown", Count, Neutral, Bands::NONE, Live, false, agents_unknown,
        "agents of whom a source no longer says what they do, or nothing was heard for agent_ttl; they are in no other number of agents",
        "An agent of whom nothing is known may be counted on in vain.",
        "Look at the sources page: it names the words and fields that are not read.";
    Backlog "backlog", "Backlog", "Backlog", Count, Neutral, Bands::NONE, Live, false, backlog,
        "open asynchronous contacts (email, SMS, social)",
        "What is written waits in silence, and grows where nobody looks.",
        "Give the oldest to agents between calls.";
    AgedBacklog "aged_backlog", "Aged backlog", "Aged", Count, Lower, Bands::NONE, Live, false, aged_backlog,
        "open asynchronous contacts older than their channel's first response target",
        "Who gets no answer writes again or calls: late answers make work twice.",
        "Answer these first: they are already late.";
    Offered "offered", "Offered", "Offered", Count, Neutral, Bands::NONE, Accessibility, false, offered,
        "contacts that joined a queue",
        "Demand drives everything else; what comes unexpectedly has a cause outside the floor.",
        "More than usual: find the intent that grew and tell whoever caused it (a mailing, an outage, a bill).";
    Answered "answered", "Answered", "Answered", Count, Neutral, Bands::NONE, Accessibility, false, answered,
        "contacts connected to an agent",
        "It is the part of the demand that reached a person.",
        "Read it beside offered: where they part, people are missing at that hour.";
    Abandoned "abandoned", "Abandoned", "Abandoned", Count, Neutral, Bands::NONE, Accessibility, false, abandoned,
        "contacts that hung up while waiting",
        "Each of them wanted something and did not get it; most come back, less patient.",
        "Call them back: the list is one Enter away.";
    ShortAbandoned "short_abandoned", "Short abandons", "Short", Count, Neutral, Bands::NONE, Accessibility, false, short_abandoned,
        "abandoned contacts that waited less than short_abandon_s",
        "Wrong numbers and second thoughts say nothing of the service, so they are counted apart.",
        "Suddenly many: listen to the announcement, which may send people away.";
    Left "left", "Left unanswered", "Left", Count, Neutral, Bands::NONE, Accessibility, false, left,
        "contacts that left the queue unanswered, not by hanging up: timeout, key, empty, full, closed, overflow, callback, withdrawn",
        "The centre sent these customers away; they did not go by themselves.",
        "Find the reason: a full or empty queue is a staffing fault, a timeout a routing one.";
    UnknownEnd "unknown_end", "Unknown end", "Unknown", Count, Neutral, Bands::NONE, Accessibility, false, unknown_end,
        "contacts closed without a known end: the source restarted, or contact_ttl passed",
        "As long as ends are unknown, the rates rest on fewer contacts than came.",
        "See on the sources page which source lost its connection, and when.";
    AbandonmentRate "abandonment_rate", "Abandonment", "Abandon", Percent, Lower, Bands::limits(3.0, 5.0, 8.0), Accessibility, true, abandonment_rate,
        "(abandoned − short abandons) ÷ (answered + abandoned − short abandons + left)",
        "It is the share of customers who gave up; they pay with their time and come back angry.",
        "Move agents into the queue, end pauses that can wait, offer callbacks; call the abandoned back.";
    ServiceLevel "service_level", "Service level", "Svc lvl", Percent, Higher, Bands::limits(80.0, 80.0, 70.0), Accessibility, true, service_level,
        "share answered within T seconds",
        "It says how many customers were answered in the time that was promised.",
        "Put more agents on the queue until callers are answered in time; postpone breaks and offline work.";
    Asa "asa", "Average speed of answer", "ASA", Seconds, Lower, Bands::limits(20.0, 30.0, 45.0), Accessibility, true, asa,
        "waits of answered contacts ÷ answered contacts (those whose wait is known)",
        "It is the wait an average customer feels before anybody helps.",
        "Add agents at the peak; check for agents in a long pause or after-contact work.";
    AnswerP50 "answer_p50", "Median wait of answered", "Wait p50", Seconds, Lower, Bands::NONE, Accessibility, true, answer_p50,
        "half of the answered contacts waited no longer",
        "The wait of the customer in the middle, which a few long waits cannot distort.",
        "Above the promised time: people are missing all the time, not only at the peak.";
    AnswerP90 "answer_p90", "Wait of answered, 90 %", "Wait p90", Seconds, Lower, Bands::NONE, Accessibility, true, answer_p90,
        "nine in ten answered contacts waited no longer",
        "One customer in ten waits longer than this; the mean hides them.",
        "Far above the median: level the peaks by breaks, callbacks and overflow.";
    AnswerP99 "answer_p99", "Wait of answered, 99 %", "Wait p99", Seconds, Lower, Bands::NONE, Accessibility, true, answer_p99,
        "99 in 100 answered contacts waited no longer",
        "These waits are the ones that become complaints.",
        "Look at the single contacts: a skill that too few have, or a call that was passed over.";
    TimeToAbandon "time_to_abandon", "Time to abandon", "To aband.", Seconds, Neutral, Bands::NONE, Accessibility, true, time_to_abandon,
        "waits of abandoned contacts ÷ abandoned contacts (those whose wait is known)",
        "It says how long those waited who gave up; those who stayed are not in it.",
        "Offer a callback before this time is reached.";
    Patience "patience", "Patience", "Patience", Seconds, Neutral, Bands::NONE, Accessibility, true, patience,
        "waiting time of all contacts ÷ abandoned contacts: the mean time until a customer would hang up",
        "It says how long customers are ready to wait, counting those who were answered first.",
        "Answer, or tell the expected wait and offer a callback, before a tenth has hung up.";
    MaxWait "max_wait", "Longest wait that ended", "Max wait", Seconds, Lower, Bands::NONE, Accessibility, false, max_wait,
        "the longest wait that ended in the window",
        "Nobody should wait this long; one case is enough for a complaint.",
        "Open the contact and see where it was passed over; call the customer.";
    AbandonmentByPosition "abandonment_by_position", "Abandonment by position", "By pos.", Percent, Lower, Bands::NONE, Accessibility, true, abandonment_by_position,
        "abandonment by the position on joining (1, 2, 3, 4–5, 6–10, > 10)",
        "It shows how far back in the line customers stop believing that they will be served.",
        "Announce position and wait, and offer a callback from the position where it rises.";
    Frt "frt", "First response time", "FRT", Seconds, Lower, Bands::NONE, Accessibility, true, frt,
        "joining to first agent response on asynchronous channels ÷ contacts responded to",
        "The first answer tells a customer that the message arrived; without it the same question comes again.",
        "Answer the oldest first; give messages to agents in quiet hours; tell customers how long it takes.";
    Handled "handled", "Handled", "Handled", Count, Neutral, Bands::NONE, Efficiency, false, handled,
        "contacts an agent has finished with: completed, or transferred away",
        "It is the work that was finished; whether it helped, resolution says.",
        "Read it beside first contact resolution: more contacts are no gain if they come back.";
    Aht "aht", "Average handling time", "AHT", Seconds, Band, Bands::NONE, Efficiency, true, aht,
        "(talk + hold + after-contact work) ÷ handled contacts",
        "It decides how many people are needed; pressed down, it makes customers come back.",
        "Too long: listen for what is missing (a tool, an answer). Too short: check that contacts are really resolved.";
    Talk "talk", "Talk time", "Talk", Seconds, Neutral, Bands::NONE, Efficiency, true, talk,
        "talk time ÷ handled contacts",
        "It is the time in which customers are helped; shorter is not better.",
        "Rising in one intent: listen for what agents have to explain, and explain it elsewhere.";
    Hold "hold", "Hold time", "Hold", Seconds, Neutral, Bands::NONE, Efficiency, true, hold,
        "hold time ÷ handled contacts",
        "On hold a customer waits a second time, while the agent looks for an answer.",
        "Find what agents look for: an article, a system that is slow, somebody who may decide.";
    Acw "acw", "After-contact work", "ACW", Seconds, Neutral, Bands::NONE, Efficiency, true, acw,
        "after-contact work ÷ handled contacts",
        "It is paid work that no customer sees, and it takes agents off the queue.",
        "See what is typed twice: fill it in by the system, or ask for less.";
    Occupancy "occupancy", "Occupancy", "Occup.", Percent, Band, Bands::between(75.0, 88.0), Efficiency, true, occupancy,
        "(talk + hold + after-contact work) ÷ (that + available time)",
        "Too high burns people out, too low is idle time; both become visible only later.",
        "Above 88 % people burn out: give breaks back. Below 75 %: lend agents to a busier queue.";
    TransferRate "transfer_rate", "Transfer rate", "Transfer", Percent, Lower, Bands::NONE, Efficiency, true, transfer_rate,
        "transferred ÷ handled",
        "A customer who is transferred waits again and mostly tells everything again.",
        "See which intents are sent on: route them there at once, or teach them here.";
    RingNoAnswer "ring_no_answer", "Ring no answer", "No answer", Count, Lower, Bands::NONE, Efficiency, false, ring_no_answer,
        "contacts that rang an agent and weren't taken",
        "While a phone rings in vain, the caller waits and others are passed over.",
        "Ask whether the agent has left the desk; pause whoever has.";
    ContactsPerHour "contacts_per_hour", "Contacts per hour", "Per hour", PerHour, Neutral, Bands::NONE, Efficiency, true, contacts_per_hour,
        "handled ÷ staffed hours",
        "It compares hours and queues for planning; it says nothing of how good the work was.",
        "Plan with it. Never press for it: it rises by itself when causes of contacts go away.";
    Cost "cost", "Cost of handling", "Cost", Money, Neutral, Bands::NONE, Efficiency, true, cost,
        "cost per contact × handled contacts",
        "It shows where the money goes: few intents make most of it.",
        "Take the dearest intents: remove their cause, or let customers settle them without an agent.";
    CostPerContact "cost_per_contact", "Cost per contact", "Per cont.", Money, Lower, Bands::NONE, Efficiency, true, cost_per_contact,
        "average handling time × cost of an agent's hour + cost of a contact",
        "A contact that is settled the first time is cheaper than two that were short.",
        "Read it beside FCR: lower is a gain only while customers do not come back.";
    SelfServiceContainment "self_service_containment", "Self-service containment", "Contained", Percent, Higher, Bands::NONE, Efficiency, true, self_service_containment,
        "self-service sessions ended without an agent ÷ all self-service sessions",
        "What customers settle by themselves needs no wait, provided it is settled.",
        "Falling: try the path yourself. Rising while contacts repeat: people give up instead of being helped.";
    Fcr "fcr", "First contact resolution", "FCR", Percent, Higher, Bands::limits(80.0, 75.0, 70.0), Resolution, true, fcr,
        "first contacts resolved ÷ first contacts; resolved: no further contact of the customer about the intent within fcr_window, and not transferred",
        "Nothing moves satisfaction and cost more than settling it the first time.",
        "Take the intent with the most repeats and fix its cause: knowledge, authority or process.";
    ReopenRate "reopen_rate", "Reopen rate", "Reopened", Percent, Lower, Bands::NONE, Resolution, true, reopen_rate,
        "reopened ÷ resolved",
        "A case that is opened again was not settled, whatever its status said.",
        "Read the cases opened again this week: which were closed too early, and by which rule?";
    RepeatRate "repeat_rate", "Repeat rate", "Repeats", Percent, Lower, Bands::NONE, Resolution, true, repeat_rate,
        "contacts that repeat an earlier one of the same customer and intent within fcr_window ÷ offered",
        "Each repeat is a customer who has to try again, and a contact that need not have come.",
        "Ask the last ten who came back what was left open.";
    ResolutionRate "resolution_rate", "Resolution rate", "Resolved", Percent, Higher, Bands::NONE, Resolution, true, resolution_rate,
        "contacts marked resolved ÷ contacts with a disposition",
        "It is the agents' own word on what was settled; customers may see it otherwise.",
        "Low: see what agents lack to settle it. Far above FCR: the word is not believed by customers.";
    Csat "csat", "Customer satisfaction", "CSAT", Percent, Higher, Bands::limits(85.0, 85.0, 75.0), Experience, true, csat,
        "scores in the top two steps ÷ scores",
        "It is the customers' own word about the contact they just had.",
        "Read today's low scores and their comments; coach on what they share.";
    CsatMean "csat_mean", "Mean satisfaction", "CSAT mean", Score, Higher, Bands::limits(4.2, 4.0, 3.5), Experience, true, csat_mean,
        "mean score, put on 1–5",
        "It moves before the share of satisfied customers does.",
        "Read today's low scores and their comments; coach on what they share.";
    Ces "ces", "Customer effort", "CES", Score, Lower, Bands::limits(3.0, 3.0, 4.0), Experience, true, ces,
        "mean effort, 1–7, lower is easier",
        "Customers leave because it is hard, more than because it is unfriendly.",
        "Find the step customers have to repeat: authentication, transfers, forms.";
    Nps "nps", "Net promoter score", "NPS", Points, Higher, Bands::NONE, Experience, true, nps,
        "(promoters 9–10 − detractors 0–6) ÷ answers",
        "It says whether customers would speak well of the company; one contact decides little of it.",
        "Look for what changed for customers, not for agents: NPS speaks of the company.";
    ChannelSwitchRate "channel_switch_rate", "Channel switch rate", "Switched", Percent, Lower, Bands::NONE, Experience, true, channel_switch_rate,
        "contacts whose customer used another channel for the same intent in the 24 h before ÷ contacts of known customers",
        "Who changes the channel did not get an answer in the first one.",
        "See for which intents customers change, and settle those in the channel where they begin.";
    AuthSteps "auth_steps", "Authentication steps", "Auth", Score, Lower, Bands::NONE, Experience, true, auth_steps,
        "authentication steps ÷ contacts that say how many",
        "Each step of proving who one is comes before any help.",
        "Ask for less where little is at stake, and pass on what was proven when a contact is transferred.";
    QualityScore "quality_score", "Quality score", "Quality", Score, Higher, Bands::NONE, Quality, true, quality_score,
        "mean quality evaluation, 0–100",
        "It says how well the contact was led, as those who listened heard it.",
        "Take what fails most often and practise it together; one contact is no verdict on a person.";
    QaVariance "qa_variance", "Evaluator variance", "QA var.", Score, Lower, Bands::NONE, Quality, false, qa_variance,
        "standard deviation of the evaluators' mean scores",
        "Where evaluators differ, the score says who listened, not how the contact was.",
        "Score the same three contacts together and compare.";
    QualityGap "quality_gap", "Quality gap", "Gap", Score, Band, Bands::between(-10.0, 10.0), Quality, true, quality_gap,
        "quality score − CSAT",
        "It shows whether what is scored is what customers feel.",
        "What is scored isn't what customers feel: revise the form.";
    SpeedTrap "speed_trap", "Speed trap", "Trap", Flag, Lower, Bands::limits(0.0, 0.0, 2.0), Quality, true, speed_trap,
        "handling time fell while FCR or CSAT fell, both by more than their noise, against the same hours of the previous 4 weeks (or the previous day)",
        "Speed without resolution is a fault: the contacts come back.",
        "Stop pressing for speed: look at repeats and low scores of the intents that got faster.";
}
