//! Reads in the body of an answer whether a message was accepted: several services answer 200 whatever came of it.
//!
//! - Slack answers `ok`, or an error code such as `channel_is_archived`; its API `{"ok":false,"error":"ratelimited"}`.
//! - A Teams workflow answers 202. A connector answers 200 with `1`, or with the error that it got itself: "Webhook
//!   message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 …".
//! - `PagerDuty` answers `{"status":"success"}`; so did the first version of Alertmanager's API, and now nothing at all.
//! - Other webhooks report errors as `{"ok":false,"error_code":429}` (Telegram), `{"success":false}` or
//!   `{"errcode":45009}` (`WeCom`, `DingTalk`).

use std::time::Duration;

use serde_json::{Map, Value};

use super::settings::TargetKind;

/// What comes before the status in a Teams connector's error.
const TEAMS_ERROR: &str = "HTTP error ";
/// Slack's and `PagerDuty`'s codes of errors that pass.
const TRANSIENT_CODES: [&str; 8] = [
    "ratelimited",
    "rate_limited",
    "rollup_error",
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "throttle exceeded",
];

/// The body says that the message was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReportedError {
    /// Another attempt may succeed.
    pub(super) transient: bool,
    /// How long the service asks to wait.
    pub(super) after: Option<Duration>,
}

impl ReportedError {
    fn with_status(status: Option<u64>) -> Self {
        Self { transient: status.is_some_and(is_transient), after: None }
    }

    fn with_code(code: &str) -> Self {
        Self { transient: TRANSIENT_CODES.contains(&code), after: None }
    }
}

/// Whether another attempt may succeed after an answer with this status.
pub(super) fn is_transient(status: u64) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

/// Check the body of an answer whose status says success. A document is read by its fields, and any other text must be
/// the one that the service answers: a login page in its place is no success.
pub(super) fn check(kind: TargetKind, body: &str) -> Result<(), ReportedError> {
    let body = body.trim();
    if body.is_empty() {
        return Ok(());
    }
    if let Ok(Value::Object(fields)) = serde_json::from_str(body) {
        return check_fields(kind, &fields);
    }
    match kind {
        TargetKind::Slack if body == "ok" => Ok(()),
        TargetKind::Slack => Err(ReportedError::with_code(body)),
        TargetKind::Teams if body == "1" => Ok(()),
        TargetKind::Teams => Err(ReportedError::with_status(teams_status(body))),
        TargetKind::PagerDuty | TargetKind::Alertmanager => Err(ReportedError::with_status(None)),
        TargetKind::Webhook | TargetKind::Command => Ok(()),
    }
}

fn check_fields(kind: TargetKind, fields: &Map<String, Value>) -> Result<(), ReportedError> {
    let is_false = |name: &str| fields.get(name).is_some_and(|value| value == false);
    let number = |name: &str| fields.get(name).and_then(Value::as_u64);
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let needs_status = matches!(kind, TargetKind::PagerDuty | TargetKind::Alertmanager);
    if needs_status && text("status") != Some("success") {
        return Err(ReportedError::with_code(text("status").unwrap_or_default()));
    }
    if !is_false("ok") && !is_false("success") && number("errcode").is_none_or(|code| code == 0) {
        return Ok(());
    }
    let ReportedError { transient, .. } = ReportedError::with_code(text("error").unwrap_or_default());
    let after = fields.get("parameters").and_then(|parameters| parameters.get("retry_after")).and_then(Value::as_u64);
    Err(ReportedError {
        transient: transient || after.is_some() || number("error_code").is_some_and(is_transient),
        after: after.map(Duration::from_secs),
    })
}

/// The status that Teams gave its connector.
fn teams_status(body: &str) -> Option<u64> {
    let (_, rest) = body.split_once(TEAMS_ERROR)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_is_what_each_service_calls_so() {
        for (kind, body) in [
            (TargetKind::Slack, "ok"),
            (TargetKind::Slack, "ok\n"),
            (TargetKind::Slack, ""),
            (TargetKind::Slack, r#"{"ok":true}"#),
            (TargetKind::Teams, "1"),
            (TargetKind::Teams, ""),
            (TargetKind::PagerDuty, r#"{"status":"success","message":"Event processed","dedup_key":"x"}"#),
            (TargetKind::Alertmanager, ""),
            (TargetKind::Alertmanager, r#"{"status":"success"}"#),
            (TargetKind::Webhook, "thanks"),
            (TargetKind::Webhook, r#"{"ok":true,"result":{}}"#),
            (TargetKind::Webhook, r#"{"errcode":0,"errmsg":"ok"}"#),
            (TargetKind::Webhook, r#"[{"ok":false}]"#),
            (TargetKind::Webhook, r#"{"status":"queued"}"#),
        ] {
            assert_eq!(check(kind, body), Ok(()), "{kind:?} {body}");
        }
    }

    #[test]
    fn an_error_in_the_body_is_one_whatever_the_status() {
        let teams = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error";
        for (kind, body, transient, after) in [
            (TargetKind::Slack, "channel_is_archived", false, None),
            (TargetKind::Slack, "rate_limited", true, None),
            (TargetKind::Slack, r#"{"ok":false,"error":"ratelimited"}"#, true, None),
            (TargetKind::Slack, r#"{"ok":false,"error":"not_in_channel"}"#, false, None),
            (TargetKind::Slack, "<html>Sign in</html>", false, None),
            (TargetKind::Teams, &format!("{teams} 429 with ContextId tcid=0,server=x,cv=y"), true, None),
            (TargetKind::Teams, &format!("{teams} 503."), true, None),
            (TargetKind::Teams, &format!("{teams} 413 with ContextId tcid=0"), false, None),
            (TargetKind::Teams, "Summary or Text is required.", false, None),
            (TargetKind::PagerDuty, r#"{"status":"invalid event","errors":["x"]}"#, false, None),
            (TargetKind::PagerDuty, r#"{"status":"throttle exceeded"}"#, true, None),
            (TargetKind::PagerDuty, "<html>Sign in</html>", false, None),
            (TargetKind::Alertmanager, r#"{"status":"error"}"#, false, None),
            (TargetKind::Webhook, r#"{"ok":false,"error_code":400,"description":"chat not found"}"#, false, None),
            (
                TargetKind::Webhook,
                r#"{"ok":false,"error_code":429,"parameters":{"retry_after":7}}"#,
                true,
                Some(Duration::from_secs(7)),
            ),
            (TargetKind::Webhook, r#"{"success":false}"#, false, None),
            (TargetKind::Webhook, r#"{"errcode":45009,"errmsg":"limit"}"#, false, None),
        ] {
            assert_eq!(check(kind, body), Err(ReportedError { transient, after }), "{kind:?} {body}");
        }
    }
}
