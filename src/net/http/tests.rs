use super::*;
use crate::net::FaultKind;
use reqwest::header::HeaderValue;

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

#[test]
fn an_address_is_one_of_the_web_and_shows_no_secret() {
    let address: Address = "https://example.com:8443/v1/stats?token=hunter2#x".parse().unwrap();
    assert_eq!(address.to_string(), "https://example.com:8443/v1/stats");
    assert!(!format!("{address:?}").contains("hunter2"));
    assert_eq!(address.url().query(), Some("token=hunter2"));
    assert_eq!(address.under("/api/q").to_string(), "https://example.com:8443/v1/stats/api/q");
    assert_eq!("http://h".parse::<Address>().unwrap().under("api").to_string(), "http://h/api");
    for (bad, why) in [
        ("ftp://h/x", "begins with"),
        ("example.com/x", "no web address"),
        ("http://", "no web address"),
        ("https://desk:hunter2@h/x", "don't stand in the address"),
    ] {
        let said = bad.parse::<Address>().unwrap_err().to_string();
        assert!(said.contains(why) && !said.contains("hunter2"), "{bad}: {said}");
    }
    assert_eq!(display_url(&url("https://desk:hunter2@h/x?key=hunter2")), "https://h/x");
    let long = display_url(&url(&format!("https://h/{}", "x".repeat(1_000_000))));
    assert!(long.len() < 250 && long.ends_with("x…"), "{long}");
}

#[test]
fn a_server_is_the_same_at_its_encrypted_side_and_nowhere_else() {
    for (from, to, same) in [
        ("http://pbx/stats", "http://pbx/", true),
        ("http://pbx/stats", "https://pbx/stats/", true),
        ("https://pbx", "http://pbx", false),
        ("http://pbx:8080", "https://pbx:8443", false),
        ("http://pbx:8080", "https://pbx", false),
        ("http://127.0.0.1:8080", "http://127.0.0.1:9090", false),
        ("http://pbx", "https://pbx.example.com", false),
    ] {
        assert_eq!(is_of_server(&url(from), &url(to)), same, "{from} to {to}");
    }
}

#[test]
fn loopback_is_here() {
    for (text, here) in [
        ("http://localhost:1", true),
        ("http://127.0.0.1:1", true),
        ("http://[::1]:1", true),
        ("http://10.0.0.1", false),
        ("http://localhost.example.com", false),
    ] {
        assert_eq!(text.parse::<Address>().unwrap().is_loopback(), here, "{text}");
    }
}

#[test]
fn a_refusal_says_what_to_do_and_when_to_come_back() {
    let now = Time::parse_rfc3339("2026-03-02T09:00:00Z").unwrap();
    let say = |status: u16, headers: &HeaderMap| {
        status_fault(StatusCode::from_u16(status).unwrap(), headers, "https://h/x", now)
    };
    let mut headers = HeaderMap::new();
    for (status, needs_change, words) in [
        (401, true, "check the token"),
        (403, true, "the right to"),
        (404, true, "correct the address"),
        (410, true, "gone"),
        (422, true, "does not understand"),
        (429, false, "too often"),
        (500, false, "fault of its own"),
        (503, false, "overloaded"),
    ] {
        let fault = say(status, &headers);
        assert!(
            (fault.kind == FaultKind::NeedsChange) == needs_change
                && fault.reason.contains(words)
                && fault.after.is_some() == (status == 429),
            "{fault:?}"
        );
    }
    headers.insert("retry-after", HeaderValue::from_static("90"));
    assert_eq!(say(429, &headers).after, Some(Duration::from_secs(90)));
    headers.insert("retry-after", HeaderValue::from_static("Mon, 02 Mar 2026 09:02:00 GMT"));
    assert_eq!(say(503, &headers).after, Some(Duration::from_mins(2)));
    headers.insert("retry-after", HeaderValue::from_static("Mon, 02 Mar 2026 08:00:00 GMT"));
    assert_eq!(say(503, &headers).after, None);
    headers.insert("retry-after", HeaderValue::from_static("soon"));
    assert_eq!(say(503, &headers).after, None);
}
