//! The remark that the board shows beside the health: what the owner of the source should know and is no fault.

use std::collections::{BTreeMap, BTreeSet};

use super::packet::AmiPacket;
use super::{Login, Settings};
use crate::clock::{Span, Time};
use crate::net::tcp;
use crate::net::tls::UNCHECKED_REMARK;
use crate::source::network::reporter::Reporter;
use crate::text::Label;

/// Shown when replies contain calls that no event has announced.
const NO_QUEUE_EVENTS: &str = "calls join queues and no event says so: the account needs read = agent,system,user";

/// Shown when Asterisk does not say that it is up, which it says to every account that may read `system`.
const NO_SYSTEM_EVENTS: &str = "Asterisk reports nothing of itself to this account, and perhaps nothing of queues: its read = in \
    manager.conf lacks system, it needs read = agent,system,user";

/// Shown while the secret is sent as it is over a connection that others can read.
const UNENCRYPTED_SECRET: &str =
    "the secret travels unencrypted (login = \"plain\" without tls): set login = \"md5\", or use tls";

/// How long the board shows that Asterisk's counters were reset.
const RESET_SHOWN: Span = Span::HOUR;

/// The parts of the remark.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    /// The account has rights that floorwatch does not need.
    pub(super) rights: Option<String>,
    /// No event about a queue comes, though calls join queues.
    pub(super) misses_queue_events: bool,
    /// No event about Asterisk itself has come.
    pub(super) misses_system_events: bool,
    /// All queues were asked for in vain, and why.
    pub(super) refused: Option<String>,
    /// `queue_log` is missing or behind.
    pub(super) log: Option<String>,
    /// When Asterisk's own counters last went back.
    reset: Option<Time>,
    /// Asterisk's counters in the last reply, by queue.
    call_counts: BTreeMap<Label, i64>,
    /// The remark that was last sent.
    sent: String,
}

impl Remarks {
    /// Compare Asterisk's own counters with those of the last reply. A counter that went back shows that Asterisk
    /// restarted or that its statistics were reset.
    pub(super) fn update_call_counts(&mut self, call_counts: &[(Label, i64)], now: Time) {
        let went_back = |(queue, count): &(Label, i64)| self.call_counts.get(queue).is_some_and(|last| last > count);
        if call_counts.iter().any(went_back) {
            self.reset = Some(now);
        }
        self.reset = self.reset.filter(|at| now.since(*at) < RESET_SHOWN);
        self.call_counts = call_counts.iter().cloned().collect();
    }

    /// Send the remark, where it has changed.
    pub(super) async fn send(&mut self, settings: &Settings, reporter: &mut Reporter) {
        let unchecked = settings.tls.as_ref().is_some_and(|tls| tls.danger_accept_any_certificate);
        let unencrypted = settings.login == Login::Plain && tcp::is_exposed(&settings.address, settings.tls.as_ref());
        let reset = self.reset.map(|at| {
            let at = at.to_chrono().format("%H:%M");
            format!("its counters went back by {at} UTC (a restart, or a reset of statistics): floorwatch's own go on")
        });
        let remarks = [
            unchecked.then_some(UNCHECKED_REMARK),
            unencrypted.then_some(UNENCRYPTED_SECRET),
            self.misses_queue_events.then_some(NO_QUEUE_EVENTS),
            self.misses_system_events.then_some(NO_SYSTEM_EVENTS),
            self.refused.as_deref(),
            self.log.as_deref(),
            reset.as_deref(),
            self.rights.as_deref(),
        ];
        let text = remarks.into_iter().flatten().collect::<Vec<_>>().join("; ");
        if self.sent != text {
            reporter.report_remark(&text).await;
            self.sent = text;
        }
    }
}

/// Describes the rights of the account that floorwatch does not need; `None` where there are none.
///
/// The reply to the action `ListCommands` has a line for each action the account may use, with the authorization classes
/// that allow it. Actions without a class are open to every account.
pub(super) fn excess_rights(reply: &AmiPacket) -> Option<String> {
    let mut commands = 0;
    let mut classes: BTreeSet<String> = BTreeSet::new();
    for (_, text) in reply.lines() {
        let Some((_, listed)) =
            String::from_utf8_lossy(text).rsplit_once("(Priv: ").map(|(a, b)| (a.to_owned(), b.to_owned()))
        else {
            continue;
        };
        let listed: Vec<&str> = listed.trim_end_matches(')').split(',').filter(|class| *class != "all").collect();
        match listed.as_slice() {
            ["<none>"] | [] => continue,
            [class] => _ = classes.insert((*class).to_owned()),
            _ => {}
        }
        commands += 1;
    }
    if commands == 0 {
        return None;
    }
    let classes: Vec<String> = classes.into_iter().collect();
    let which = if classes.is_empty() { String::new() } else { format!(" ({})", classes.join(", ")) };
    Some(format!(
        "the account may do more than it needs, {commands} commands{which}: an empty `write =` in manager.conf is enough"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_that_go_back_are_remarked_for_an_hour() {
        let mut remarks = Remarks::default();
        let at = |minutes: i64| Time(minutes * Span::MINUTE.0);
        let counts = |count| [(Label::from("sales"), count)];
        remarks.update_call_counts(&counts(7), at(0));
        remarks.update_call_counts(&counts(9), at(1));
        assert_eq!(remarks.reset, None);
        remarks.update_call_counts(&counts(2), at(2));
        assert_eq!(remarks.reset, Some(at(2)));
        remarks.update_call_counts(&counts(3), at(30));
        assert_eq!(remarks.reset, Some(at(2)));
        remarks.update_call_counts(&counts(4), at(62));
        assert_eq!(remarks.reset, None);
    }

    #[test]
    fn commands_that_are_not_open_to_everybody_are_remarked() {
        let open = ("QueueStatus", "Show queue status.  (Priv: <none>)");
        let message = ("Message", "whatever");
        assert_eq!(excess_rights(&AmiPacket::of(&[("Response", "Success"), message, open])), None);
        let more =
            [open, ("QueuePause", "Pauses.  (Priv: agent,all)"), ("Hangup", "Hangs up.  (Priv: system,call,all)")];
        let remark = excess_rights(&AmiPacket::of(&more)).unwrap();
        assert!(remark.contains("2 commands (agent)") && remark.contains("write ="), "{remark}");
    }
}
