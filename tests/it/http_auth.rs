//! Runs the HTTP source against servers that want access tokens, signatures or keys, and that limit requests.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::support::peer::{Conversation, Peer};
use crate::support::running_source::RunningSource;
use floorwatch::board::Health;
use floorwatch::source::SourceKind;

const FIGURES: &str = r#"{"queue": "billing", "waiting": 3}"#;
const MAP: &str = "every_s = 1\nmap = { queue = \"queue\", kpis = { waiting = \"waiting\" } }";

/// A source with `auth`, in which `{at}` is the server's address; a secret is one that every test has.
fn start(peer: &Peer, auth: &str, keys: &str) -> RunningSource {
    let auth = auth.replace("{at}", &peer.url("")).replace("SECRET", "{ env = \"HOME\" }");
    let url = peer.url("/stats");
    RunningSource::start(SourceKind::Http, &format!("url = \"{url}\"\nauth = {auth}\n{MAP}\n{keys}"))
}

fn oauth(client: &str) -> String {
    format!(
        "{{ oauth2 = {{ token_url = \"{{at}}/token\", client = \"{client}\", secret = SECRET, scope = \"read\" }} }}"
    )
}

/// Answers requests for tokens with `t1`, `t2`, …, and others where `accepts` the number of the token.
fn with_tokens(life_s: u32, accepts: impl Fn(usize) -> bool + Send + Sync + 'static) -> Peer {
    let given = AtomicUsize::new(0);
    Peer::start(move |c| {
        loop {
            let asked = c.request()?;
            if asked.path() == "/token" {
                let number = given.fetch_add(1, Ordering::SeqCst) + 1;
                let token =
                    format!(r#"{{"access_token": "t{number}", "token_type": "Bearer", "expires_in": {life_s}}}"#);
                c.answer("200 OK", &token)?;
                continue;
            }
            let token = asked.header("authorization").and_then(|header| header.strip_prefix("Bearer t")?.parse().ok());
            if token.is_some_and(&accepts) { c.answer("200 OK", FIGURES)? } else { c.answer("401 Unauthorized", "")? }
        }
    })
}

fn asked_for_tokens(peer: &Peer) -> usize {
    peer.asked().iter().filter(|asked| asked.path() == "/token").count()
}

#[test]
fn a_token_is_requested_once_for_all_sources_and_renewed_when_it_is_refused() {
    let limit = AtomicUsize::new(0);
    let peer = with_tokens(3600, move |token| token > 1 || limit.fetch_add(1, Ordering::SeqCst) < 3);
    let mut one = start(&peer, &oauth("shared"), "");
    one.until_health(Health::Live, "");
    let mut two = start(&peer, &oauth("shared"), "");
    two.until_health(Health::Live, "");
    assert_eq!(asked_for_tokens(&peer), 1);
    one.until(|_| asked_for_tokens(&peer) == 2);
    one.until(|_| peer.asked().len() > 8);
    assert_eq!(asked_for_tokens(&peer), 2);
    assert!(one.health.iter().chain(&two.health).all(|(health, _)| !matches!(health, Health::Down | Health::Stale)));
    let asked = peer.asked();
    assert_eq!(asked[0].body, "grant_type=client_credentials&scope=read");
    assert!(asked[0].header("authorization").unwrap().starts_with("Basic "));
}

#[test]
fn a_token_for_other_rights_is_requested_of_its_own() {
    let peer = with_tokens(3600, |_| true);
    let sources = ["read", "write", "read"].map(|scope| {
        let auth = oauth("rights").replace("scope = \"read\"", &format!("scope = \"{scope}\""));
        let mut source = start(&peer, &auth, "");
        source.until_health(Health::Live, "");
        source
    });
    let asked = peer.asked();
    let scopes: Vec<_> =
        asked.iter().filter(|asked| asked.path() == "/token").map(|asked| asked.body.clone()).collect();
    assert_eq!(scopes, ["read", "write"].map(|scope| format!("grant_type=client_credentials&scope={scope}")));
    drop(sources);
}

#[test]
fn a_token_is_renewed_before_it_ends() {
    let peer = with_tokens(2, |_| true);
    let mut source = start(&peer, &oauth("short"), "");
    source.until(|_| asked_for_tokens(&peer) >= 3);
    assert!(
        source.health.iter().all(|(health, _)| matches!(health, Health::Live | Health::Connecting)),
        "{:?}",
        source.health
    );
}

#[test]
fn the_life_of_a_token_may_be_a_text() {
    let peer = Peer::start(|c| {
        loop {
            let token = r#"{"access_token": "t", "token_type": "Bearer", "expires_in": "3600"}"#;
            let is_token = c.request()?.path() == "/token";
            c.answer("200 OK", if is_token { token } else { FIGURES })?;
        }
    });
    let mut source = start(&peer, &oauth("text"), "");
    source.until_health(Health::Live, "");
    source.until(|_| peer.asked().len() > 3);
    assert_eq!(asked_for_tokens(&peer), 1);
}

#[test]
fn a_token_that_ends_after_no_time_is_used_until_it_is_refused() {
    let peer = with_tokens(0, |_| true);
    let mut source = start(&peer, &oauth("without an end"), "");
    source.until(|_| peer.asked().len() > 4);
    assert_eq!(asked_for_tokens(&peer), 1);
}

#[test]
fn sources_whose_tokens_are_refused_do_not_ask_for_ever_more() {
    let peer = with_tokens(3600, |_| false);
    let mut sources: Vec<_> = (0..5).map(|_| start(&peer, &oauth("refused"), "")).collect();
    for source in &mut sources {
        source.until_health(Health::Down, "401 Unauthorized to a new token");
    }
    assert_eq!(asked_for_tokens(&peer), 2);
}

#[test]
fn a_token_that_is_refused_anew_is_a_lasting_fault() {
    let peer = with_tokens(3600, |_| false);
    let mut source = start(&peer, &oauth("without rights"), "");
    source.until_health(Health::Down, "401 Unauthorized to a new token");
    assert_eq!((asked_for_tokens(&peer), peer.asked().len()), (2, 4));
}

#[test]
fn a_client_that_gets_no_token_is_told_why_without_its_secret() {
    let peer = Peer::start(|c| {
        let asked = c.request()?;
        let answer = format!(r#"{{"error": "invalid_client", "error_description": "{} is unknown"}}"#, asked.body);
        c.answer("401 Unauthorized", &answer)
    });
    let secret_in_body = oauth("wrong").replace("scope", "secret_in_body = true, scope");
    let mut source = start(&peer, &secret_in_body, "");
    source.until_health(Health::Down, "no token (invalid_client: ");
    let (_, reason) = source.health.last().unwrap();
    assert!(peer.asked()[0].body.contains("client_secret="), "{:?}", peer.asked());
    assert!(!reason.contains(&std::env::var("HOME").unwrap()) && reason.contains("auth.oauth2"), "{reason}");
    let peer = Peer::start(|c| {
        let sent = c.request()?.header("authorization").unwrap_or_default().to_owned();
        c.answer("401 Unauthorized", &format!(r#"{{"error": "{sent} is unknown"}}"#))
    });
    let mut source = start(&peer, &oauth("in a header"), "");
    source.until_health(Health::Down, "no token (Basic … is unknown)");
    let peer = Peer::start(|c| {
        c.request()?;
        c.answer("200 OK", "<html>")
    });
    start(&peer, &oauth("elsewhere"), "").until_health(Health::Down, "is it the right token_url");
}

#[test]
fn a_user_s_password_goes_along_with_the_client_s_secret() {
    let peer = with_tokens(3600, |_| true);
    let auth = oauth("app").replace("scope = \"read\"", "user = \"KEY+1\", password = SECRET");
    let mut source = start(&peer, &auth, "");
    source.until_health(Health::Live, "");
    let asked = peer.asked().remove(0);
    let password = std::env::var("HOME").unwrap().replace('/', "%2F");
    assert_eq!(asked.body, format!("grant_type=password&username=KEY%2B1&password={password}"));
    assert!(asked.header("authorization").unwrap().starts_with("Basic "));
    let peer = Peer::start(|c| {
        let asked = c.request()?;
        c.answer("400 Bad Request", &format!(r#"{{"error": "invalid_grant", "error_description": "{}"}}"#, asked.body))
    });
    let mut source = start(&peer, &auth, "");
    source.until_health(Health::Down, "check client, secret, user and password in auth.oauth2");
    let reason = &source.health.last().unwrap().1;
    assert!(reason.contains("username=KEY") && !reason.contains(&password), "{reason}");
}

#[test]
fn a_token_address_that_leads_elsewhere_is_told_as_that() {
    let peer = Peer::start(|c| {
        c.request()?;
        c.answer("302 Found\nLocation: /sign-in", "")
    });
    let mut source = start(&peer, &oauth("page"), "");
    source.until_health(Health::Down, "302 Found, which leads elsewhere and gives no token");
}

#[test]
fn of_a_pause_that_is_not_kept_the_one_that_is_kept_is_told() {
    let peer = Peer::start(|c| {
        c.request()?;
        c.answer("503 Service Unavailable\nRetry-After: 31536000\nConnection: close", "")
    });
    let mut source = start(&peer, r#"{ user = "year", password = SECRET }"#, "");
    source.until_health(Health::Down, "for longer than 3600 s, and is asked again after that");
}

#[test]
fn a_request_is_signed_for_aws() {
    let peer = Peer::start(|c| {
        loop {
            c.request()?;
            c.answer("200 OK", FIGURES)?;
        }
    });
    let auth = r#"{ aws = { key_id = "AKIDEXAMPLE", secret = SECRET, region = "eu-west-2", service = "connect" } }"#;
    let mut source = start(&peer, auth, "method = \"POST\"\nbody = \"{}\"");
    source.until_health(Health::Live, "");
    let asked = peer.asked().remove(0);
    let (header, date) = (asked.header("authorization").unwrap(), asked.header("x-amz-date").unwrap());
    let scope = format!("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{}/eu-west-2/connect/aws4_request, ", &date[..8]);
    assert!(header.starts_with(&scope), "{header}");
    assert!(header.contains("SignedHeaders=content-type;host;x-amz-date, Signature="), "{header}");
}

#[test]
fn a_key_in_the_address_is_sent_and_never_shown() {
    let peer = Peer::start(|c| {
        c.request()?;
        c.answer("403 Forbidden", "")
    });
    let mut source = start(&peer, r#"{ query = "api_key", value = SECRET }"#, "");
    source.until_health(Health::Down, "403 Forbidden");
    let encoded = std::env::var("HOME").unwrap().replace('/', "%2F");
    assert_eq!(peer.asked()[0].path(), format!("/stats?api_key={encoded}"));
    assert!(!source.health.last().unwrap().1.contains("api_key"), "{:?}", source.health);
}

#[test]
fn sources_of_one_account_share_its_limit() {
    let peer = Peer::start(answer_always);
    let auth = r#"{ user = "limited", password = SECRET }"#;
    let began = Instant::now();
    let mut sources: Vec<_> = (0..4).map(|_| start(&peer, auth, "requests_per_second = 2")).collect();
    for source in &mut sources {
        source.until_health(Health::Live, "");
    }
    assert!(began.elapsed().as_millis() >= 1500, "{:?}", began.elapsed());
}

#[test]
fn a_server_that_wants_no_more_requests_gets_none() {
    let peer = Peer::start(|c| {
        c.request()?;
        c.answer("200 OK\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 30\nConnection: close", FIGURES)
    });
    let mut source = start(&peer, r#"{ user = "used up", password = SECRET }"#, "");
    source.until_health(Health::Live, "");
    source.until_health(Health::Stale, "the server wants none for");
    assert_eq!(peer.asked().len(), 1);
}

fn answer_always(c: &mut Conversation) -> io::Result<()> {
    loop {
        c.request()?;
        c.answer("200 OK", FIGURES)?;
    }
}
