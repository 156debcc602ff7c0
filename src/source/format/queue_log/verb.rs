//! The verbs of queue_log, and the verbs that sites add with the `QueueLog` application.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::LeftReason;

/// The verb of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    EnterQueue,
    Connect,
    Abandon,
    ExitEmpty,
    ExitWithTimeout,
    ExitWithKey,
    Withdraw,
    RingNoAnswer,
    RingCanceled,
    CompleteCaller,
    CompleteAgent,
    BlindTransfer,
    AttendedTransfer,
    AgentDump,
    SysCompat,
    Pause,
    Unpause,
    LogIn,
    LogOff,
    AddMember,
    RemoveMember,
    WrapUpStart,
    Refused(LeftReason),
    QueueStart,
    Custom(Meaning),
    /// A known verb that gives no event.
    Ignored,
    /// A verb that is neither Asterisk's nor configured.
    Unknown,
}

impl Verb {
    /// Asterisk's own verbs, of all versions and of common distributions.
    pub(super) fn parse(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"ENTERQUEUE" => Self::EnterQueue,
            b"CONNECT" => Self::Connect,
            b"COMPLETECALLER" => Self::CompleteCaller,
            b"COMPLETEAGENT" => Self::CompleteAgent,
            b"ABANDON" => Self::Abandon,
            b"RINGNOANSWER" => Self::RingNoAnswer,
            b"RINGCANCELED" => Self::RingCanceled,
            b"EXITWITHTIMEOUT" => Self::ExitWithTimeout,
            b"EXITWITHKEY" => Self::ExitWithKey,
            b"EXITEMPTY" => Self::ExitEmpty,
            b"WITHDRAW" => Self::Withdraw,
            b"BLINDTRANSFER" | b"TRANSFER" => Self::BlindTransfer,
            b"ATTENDEDTRANSFER" => Self::AttendedTransfer,
            b"PAUSE" | b"PAUSEALL" => Self::Pause,
            b"UNPAUSE" | b"UNPAUSEALL" => Self::Unpause,
            b"WRAPUPSTART" => Self::WrapUpStart,
            b"AGENTLOGIN" | b"AGENTCALLBACKLOGIN" => Self::LogIn,
            b"AGENTLOGOFF" | b"AGENTCALLBACKLOGOFF" => Self::LogOff,
            b"ADDMEMBER" => Self::AddMember,
            b"REMOVEMEMBER" => Self::RemoveMember,
            b"AGENTDUMP" => Self::AgentDump,
            b"SYSCOMPAT" => Self::SysCompat,
            b"FULL" => Self::Refused(LeftReason::Full),
            b"JOINEMPTY" | b"LEAVEEMPTY" => Self::Refused(LeftReason::Empty),
            b"CLOSED" => Self::Refused(LeftReason::Closed),
            b"DIVERT_CA_RATIO" | b"DIVERT_HOLDTIME" => Self::Refused(LeftReason::Overflow),
            b"QUEUESTART" => Self::QueueStart,
            b"CONFIGRELOAD" | b"PENALTY" | b"RINGINUSE" | b"CALLERIDUPDATE" | b"OUTCALL" | b"INFO" | b"CALLSTATUS"
            | b"CALLBACK" | b"DID" => Self::Ignored,
            _ => return None,
        })
    }
}

/// The meaning of a site's own verb, with the data that follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// What the contact is about: `INTENT|text`.
    Intent,
    /// Who the customer is: `CUSTOMER|id`.
    Customer,
    /// Whether it was resolved: `RESOLVED|yes or no`.
    Resolved,
    /// Satisfaction: `CSAT|score|max`, max 5 unless given.
    Csat,
    /// Effort: `CES|score|max`, max 7 unless given; lower is easier.
    Ces,
    /// Likelihood to recommend: `NPS|0 to 10`.
    Nps,
    /// A quality evaluation: `QUALITY|evaluator|0 to 100`.
    Quality,
}

/// A site's own verbs by name, `[source.verbs]` in the configuration: `CALLSTATUS = "resolved"`. The default names
/// (INTENT, CUSTOMER, RESOLVED, CSAT, CES, NPS, QUALITY) always apply and need not be listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Verbs(pub BTreeMap<String, Meaning>);

impl Verbs {
    const DEFAULT_NAMES: [(&'static str, Meaning); 7] = [
        ("INTENT", Meaning::Intent),
        ("CUSTOMER", Meaning::Customer),
        ("RESOLVED", Meaning::Resolved),
        ("CSAT", Meaning::Csat),
        ("CES", Meaning::Ces),
        ("NPS", Meaning::Nps),
        ("QUALITY", Meaning::Quality),
    ];

    /// The meaning of a site's own verb; `None` if the word is not one.
    pub(crate) fn meaning(&self, word: &[u8]) -> Option<Meaning> {
        match self.lookup(word) {
            Some(Verb::Custom(meaning)) => Some(meaning),
            _ => None,
        }
    }

    /// The verb `word`: one of Asterisk's, else a configured one, else one with a default name.
    pub(super) fn lookup(&self, word: &[u8]) -> Option<Verb> {
        let asterisk = Verb::parse(word);
        if asterisk.is_some_and(|verb| verb != Verb::Ignored) {
            return asterisk;
        }
        let mapped = self.0.iter().find(|(name, _)| name.as_bytes() == word).map(|(_, meaning)| *meaning);
        mapped
            .or_else(|| {
                Self::DEFAULT_NAMES.iter().find(|(name, _)| name.as_bytes() == word).map(|(_, meaning)| *meaning)
            })
            .map(Verb::Custom)
            .or(asterisk)
    }
}
