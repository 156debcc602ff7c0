//! Who serves which queues.

use super::{
    BILLING, CHAT_SALES, CHAT_SUPPORT, CLAIMS, DELIVERY, EMAIL, QueueId, RETENTION, SALES, SMS, SOCIAL, SUPPORT, VIP,
};

/// A team.
pub(in super::super) struct Team {
    pub(in super::super) name: &'static str,
    /// The queues that are its own, the favourite first.
    pub(in super::super) own: &'static [QueueId],
    /// The queues it lends a hand to when customers there have waited a while and its own don't.
    pub(in super::super) helps: &'static [QueueId],
}

/// Teams that share their own queues, and are planned as one.
pub(in super::super) struct Group {
    pub(in super::super) teams: &'static [Team],
    /// It works while the others sleep.
    pub(in super::super) night: bool,
    /// How many more than the load are planned for, in square roots of the load.
    pub(in super::super) slack: f64,
}

pub(in super::super) static GROUPS: [Group; 7] = [
    Group {
        teams: &[
            Team { name: "Sales", own: &[SALES, DELIVERY], helps: &[CHAT_SALES, VIP, CLAIMS] },
            Team { name: "Orders", own: &[DELIVERY, SALES], helps: &[CLAIMS, BILLING] },
        ],
        night: false,
        slack: 0.75,
    },
    Group {
        teams: &[
            Team { name: "Billing", own: &[BILLING, RETENTION], helps: &[SUPPORT, SALES] },
            Team { name: "Retention", own: &[RETENTION, BILLING], helps: &[CLAIMS, VIP] },
        ],
        night: false,
        slack: 0.75,
    },
    Group {
        teams: &[
            Team { name: "Support North", own: &[SUPPORT], helps: &[VIP, DELIVERY, CLAIMS] },
            Team { name: "Support South", own: &[SUPPORT], helps: &[VIP, CHAT_SUPPORT, BILLING] },
        ],
        night: false,
        slack: 0.85,
    },
    Group {
        teams: &[Team { name: "Claims & VIP", own: &[CLAIMS, VIP], helps: &[BILLING, RETENTION] }],
        night: false,
        slack: 0.8,
    },
    Group {
        teams: &[Team { name: "Digital Sales", own: &[CHAT_SALES, SMS, EMAIL], helps: &[CHAT_SUPPORT, SALES] }],
        night: false,
        slack: 0.5,
    },
    Group {
        teams: &[Team { name: "Digital Care", own: &[CHAT_SUPPORT, SOCIAL], helps: &[CHAT_SALES, SUPPORT] }],
        night: false,
        slack: 0.55,
    },
    Group {
        teams: &[Team {
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
        slack: 0.95,
    },
];
