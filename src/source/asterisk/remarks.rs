//! What the board is to say beside the health.

use std::collections::{BTreeMap, BTreeSet};

use super::Settings;
use super::frame::Frame;
use crate::clock::{Span, Time};
use crate::source::link::Link;
use crate::source::tls::UNCHECKED;
use crate::text::Label;

/// No event of a queue comes, though things happen there.
const DEAF: &str = "calls join queues and no event says so: the account needs read = agent,system,user";

/// For so long it is said that counters went back.
const NEWS: Span = Span::HOUR;

/// What the board is to say beside the health.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    /// The account may do more than it needs.
    pub(super) rights: Option<String>,
    /// No event of a queue comes, though things happen there.
    pub(super) deaf: bool,
    /// `queue_log` isn't what it should be.
    pub(super) log: Option<String>,
    /// When Asterisk's own counters were last seen to have gone back.
    reset: Option<Time>,
    /// What they were before, by queue.
    counted: BTreeMap<Label, i64>,
    said: String,
}

impl Remarks {
    /// Look at Asterisk's own counters: where one went back, it started anew or its statistics were reset.
    pub(super) fn count(&mut self, counted: &[(Label, i64)], now: Time) {
        let went_back = |(queue, count): &&(Label, i64)| self.counted.get(queue).is_some_and(|before| before > count);
        if counted.iter().any(|counter| went_back(&counter)) {
            self.reset = Some(now);
        }
        self.reset = self.reset.filter(|at| now.since(*at) < NEWS);
        self.counted = counted.iter().cloned().collect();
    }

    /// Say it, where it is news.
    pub(super) async fn say(&mut self, settings: &Settings, link: &mut Link) {
        let unchecked = settings.tls.as_ref().is_some_and(|tls| tls.danger_accept_any_certificate);
        let reset = self.reset.map(|at| {
            let at = at.to_chrono().format("%H:%M");
            format!("its counters went back by {at} UTC (a restart, or a reset of statistics): floorwatch's own go on")
        });
        let remarks = [
            unchecked.then_some(UNCHECKED),
            self.deaf.then_some(DEAF),
            self.log.as_deref(),
            reset.as_deref(),
            self.rights.as_deref(),
        ];
        let text = remarks.into_iter().flatten().collect::<Vec<_>>().join("; ");
        if self.said != text {
            link.remark(&text).await;
            self.said = text;
        }
    }
}

/// What the account can do and need not be able to, in words; `None` where there is nothing.
///
/// The reply to `ListCommands` has a line for each command the account may use, with the classes any of which
/// allows it. Those without a class are open to everybody.
pub(super) fn too_many(reply: &Frame) -> Option<String> {
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
    fn counters_that_go_back_are_news_for_an_hour() {
        let mut remarks = Remarks::default();
        let at = |minutes: i64| Time(minutes * Span::MINUTE.0);
        let counted = |count| [(Label::from("sales"), count)];
        remarks.count(&counted(7), at(0));
        remarks.count(&counted(9), at(1));
        assert_eq!(remarks.reset, None);
        remarks.count(&counted(2), at(2));
        assert_eq!(remarks.reset, Some(at(2)));
        remarks.count(&counted(3), at(30));
        assert_eq!(remarks.reset, Some(at(2)));
        remarks.count(&counted(4), at(62));
        assert_eq!(remarks.reset, None);
    }

    #[test]
    fn commands_that_are_not_open_to_everybody_are_told() {
        let open = ("QueueStatus", "Show queue status.  (Priv: <none>)");
        let message = ("Message", "whatever");
        assert_eq!(too_many(&Frame::of(&[("Response", "Success"), message, open])), None);
        let more =
            [open, ("QueuePause", "Pauses.  (Priv: agent,all)"), ("Hangup", "Hangs up.  (Priv: system,call,all)")];
        let said = too_many(&Frame::of(&more)).unwrap();
        assert!(said.contains("2 commands (agent)") && said.contains("write ="), "{said}");
    }
}
