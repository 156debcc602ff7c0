//! Recognizes requests that a proxy has forwarded.

use axum::http::HeaderMap;

/// The headers that proxies add, besides those that begin with `x-forwarded-`.
const HEADERS: [&str; 6] = ["forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"];

/// Whether a proxy has added headers to the request. The connection's address is then the proxy's, not the sender's.
pub(crate) fn is_forwarded(headers: &HeaderMap) -> bool {
    let is_proxys = |name: &str| name.starts_with("x-forwarded-") || HEADERS.contains(&name);
    headers.keys().any(|name| is_proxys(name.as_str()))
}
