//! The teams and the queues that each serves.

use super::{
    BILLING, CHAT_SALES, CHAT_SUPPORT, CLAIMS, DELIVERY, EMAIL, QueueId, RETENTION, SALES, SMS, SOCIAL, SUPPORT, VIP,
};

pub(in super::super) struct SimulatedTeam {
    pub(in super::super) name: &'static str,
    /// The queues that the team serves, the preferred one first.
    pub(in super::super) own: &'static [QueueId],
    /// The queues in which it helps when customers there have waited a while and none wait in its own.
    pub(in super::super) helps: &'static [QueueId],
}

/// Teams that share their queues and are staffed as one.
pub(in super::super) struct StaffingGroup {
    pub(in super::super) teams: &'static [SimulatedTeam],
    /// Works from evening to morning; the other groups work from morning to evening.
    pub(in super::super) night: bool,
    /// Agents beyond the load, in square roots of the load (square-root staffing).
    pub(in super::super) slack: f64,
}

pub(in super::super) static GROUPS: [StaffingGroup; 7] = [
    StaffingGroup {
        teams: &[
            SimulatedTeam { name: "Sales", own: &[SALES, DELIVERY], helps: &[CHAT_SALES, VIP, CLAIMS] },
            SimulatedTeam { name: "Orders", own: &[DELIVERY, SALES], helps: &[CLAIMS, BILLING] },
        ],
        night: false,
        slack: 1.05,
    },
    StaffingGroup {
        teams: &[
            SimulatedTeam { name: "Billing", own: &[BILLING, RETENTION], helps: &[SUPPORT, SALES] },
            SimulatedTeam { name: "Retention", own: &[RETENTION, BILLING], helps: &[CLAIMS, VIP] },
        ],
        night: false,
        slack: 1.05,
    },
    StaffingGroup {
        teams: &[
            SimulatedTeam { name: "Support North", own: &[SUPPORT], helps: &[VIP, DELIVERY, CLAIMS] },
            SimulatedTeam { name: "Support South", own: &[SUPPORT], helps: &[VIP, CHAT_SUPPORT, BILLING] },
        ],
        night: false,
        slack: 1.15,
    },
    StaffingGroup {
        teams: &[SimulatedTeam { name: "Claims & VIP", own: &[CLAIMS, VIP], helps: &[BILLING, RETENTION] }],
        night: false,
        slack: 1.05,
    },
    StaffingGroup {
        teams: &[SimulatedTeam {
            name: "Digital Sales",
            own: &[CHAT_SALES, SMS, EMAIL],
            helps: &[CHAT_SUPPORT, SALES],
        }],
        night: false,
        slack: 1.05,
    },
    StaffingGroup {
        teams: &[SimulatedTeam { name: "Digital Care", own: &[CHAT_SUPPORT, SOCIAL], helps: &[CHAT_SALES, SUPPORT] }],
        night: false,
        slack: 1.05,
    },
    StaffingGroup {
        teams: &[SimulatedTeam {
            name: "Night desk",
            own: &[
                SALES,
                SUPPORT,
                BILLING,
                CHAT_SUPPORT,
                DELIVERY,
                RETENTION,
                CHAT_SALES,
                VIP,
                CLAIMS,
                EMAIL,
                SOCIAL,
                SMS,
            ],
            helps: &[],
        }],
        night: true,
        slack: 1.3,
    },
];
