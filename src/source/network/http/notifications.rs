//! The keys of a channel of notifications, and what its messages say.
//!
//! A channel says of which queue or agent something has changed; what has changed, the source asks for. So the board is as
//! precise as by polling, soon after each change, and nothing is lost with a message.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The most topics of a channel: Genesys Cloud takes no more.
const MAX_TOPICS: usize = 1000;

/// The table `notifications`: a channel in the manner of Genesys Cloud, which is made by a POST and is a websocket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotificationSettings {
    /// The path below the source's address where channels are made.
    pub path: String,
    /// The interval in seconds of requests that the channel tells of, while it does: 1 to 3600.
    #[serde(default = "one_minute")]
    pub every_s: u64,
    /// After so many seconds without a message the channel is asked whether it is there, after as many again it is taken
    /// for dead: 1 to 600.
    #[serde(default = "forty_seconds")]
    pub heartbeat_s: u64,
    /// What to be told of.
    pub topic: Vec<NotifiedTopic>,
}

/// Topics for the items of a list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotifiedTopic {
    /// The list: a name under `keep` of a request.
    pub of: String,
    /// The topic, with `${id}` for the item.
    pub topic: String,
    /// The request that is made when one of the topics has news.
    pub request: String,
}

const fn one_minute() -> u64 {
    60
}

const fn forty_seconds() -> u64 {
    40
}

impl NotificationSettings {
    /// Check what can be checked without connecting. `requests` are the names of the source's requests, and `kept` those of
    /// what they keep.
    ///
    /// # Errors
    /// What is wrong.
    pub(super) fn check(&self, requests: &[&str], kept: &[&str]) -> Result<(), String> {
        for (key, seconds, most) in [("every_s", self.every_s, 3600), ("heartbeat_s", self.heartbeat_s, 600)] {
            if !(1..=most).contains(&seconds) {
                return Err(format!("has `{key}`, which is 1 to {most} seconds"));
            }
        }
        if self.topic.is_empty() {
            return Err("has no topic: write [[source.notifications.topic]]".to_owned());
        }
        for NotifiedTopic { of, topic, request } in &self.topic {
            if !kept.contains(&of.as_str()) {
                return Err(format!("has a topic of `{of}`, which no request keeps"));
            }
            if !requests.contains(&request.as_str()) {
                return Err(format!("has a topic for the request \"{request}\", which is not there"));
            }
            if !topic.contains("${id}") {
                return Err(format!("has the topic `{topic}` without ${{id}}"));
            }
        }
        Ok(())
    }
}

/// The topics that are subscribed to, each with the requests that it concerns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Topics {
    /// By their name in lower case.
    requests: BTreeMap<String, (String, Vec<usize>)>,
    /// How many had no room.
    pub(super) left_out: usize,
}

impl Topics {
    pub(super) fn add(&mut self, topic: String, request: usize) {
        let key = topic.to_lowercase();
        let is_full = self.requests.len() >= MAX_TOPICS;
        match self.requests.get_mut(&key) {
            Some((_, requests)) if requests.contains(&request) => {}
            Some((_, requests)) => requests.push(request),
            None if is_full => self.left_out += 1,
            None => _ = self.requests.insert(key, (topic, vec![request])),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// The body that subscribes to them.
    pub(super) fn body(&self) -> String {
        let ids = self.requests.values().map(|(topic, _)| serde_json::json!({ "id": topic }));
        ids.collect::<serde_json::Value>().to_string()
    }

    /// All requests that they concern.
    pub(super) fn all(&self) -> impl Iterator<Item = usize> {
        self.requests.values().flat_map(|(_, requests)| requests.iter().copied())
    }

    /// The requests that a topic concerns.
    fn of(&self, topic: &str) -> &[usize] {
        self.requests.get(&topic.to_lowercase()).map_or(&[], |(_, requests)| requests)
    }
}

/// What a message of the channel says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ChannelNotice<'a> {
    /// The channel is there.
    Heartbeat,
    /// The server will close the channel soon.
    Closing,
    /// Something has changed, for which these requests ask.
    Changed(&'a [usize]),
    /// The channel is no more, or nothing that is known.
    Refused(String),
}

/// The fields of a message that matter.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChannelMessage {
    #[serde(default)]
    topic_name: String,
    /// The status of an answer to a message of ours.
    #[serde(default)]
    result: String,
}

impl<'a> ChannelNotice<'a> {
    pub(super) fn read(text: &str, topics: &'a Topics) -> Self {
        let Ok(ChannelMessage { topic_name, result }) = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        else {
            return Self::Refused("what the channel sends is no message that is known".to_owned());
        };
        match topic_name.to_lowercase().as_str() {
            "v2.system.socket_closing" => Self::Closing,
            "" if !result.is_empty() && result != "200" => {
                Self::Refused(format!("the channel answers {}: it has ended", crate::text::Label::new(&result)))
            }
            "" | "channel.metadata" => Self::Heartbeat,
            topic => Self::Changed(topics.of(topic)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_what_to_ask_for() {
        let mut topics = Topics::default();
        topics.add("v2.users.u1.routingStatus".to_owned(), 3);
        topics.add("v2.users.u1.routingStatus".to_owned(), 3);
        assert_eq!(topics.body(), r#"[{"id":"v2.users.u1.routingStatus"}]"#);
        let read = |text: &str| match ChannelNotice::read(text, &topics) {
            ChannelNotice::Changed(requests) => format!("{requests:?}"),
            other => format!("{other:?}"),
        };
        for (text, says) in [
            (r#"{"topicName": "channel.metadata", "eventBody": {"message": "WebSocket Heartbeat"}}"#, "Heartbeat"),
            (r#"{"topicName": "channel.metadata", "eventBody": {"message": "pong"}}"#, "Heartbeat"),
            (r#"{"topicName": "v2.system.socket_closing", "eventBody": {"message": "soon"}}"#, "Closing"),
            (r#"{"topicName": "v2.users.u1.routingstatus", "version": "2", "eventBody": {"id": "u1"}}"#, "[3]"),
            (r#"{"topicName": "v2.users.u9.routingStatus", "eventBody": {}}"#, "[]"),
            (r#"{"result": "200", "status": "subscribed"}"#, "Heartbeat"),
        ] {
            assert_eq!(read(text), says, "{text}");
        }
        assert!(read(r#"{"result": "404"}"#).contains("404"));
        assert!(read("pong").starts_with("Refused"));
    }

    #[test]
    fn a_channel_takes_so_many_topics() {
        let mut topics = Topics::default();
        (0..MAX_TOPICS + 7).for_each(|n| topics.add(format!("t{n}"), 0));
        assert_eq!((topics.len(), topics.left_out), (MAX_TOPICS, 7));
    }
}
