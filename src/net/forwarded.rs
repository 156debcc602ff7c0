//! Recognizes requests that a proxy has forwarded.

use axum::http::HeaderMap;

/// Headers that proxies add, besides those whose name tells.
const HEADERS: [&str; 5] = ["via", "x-real-ip", "x-envoy-external-address", "cdn-loop", "cf-ray"];

/// Whether a proxy has added headers to the request. The connection's address is then the proxy's, not the sender's.
pub(crate) fn is_forwarded(headers: &HeaderMap) -> bool {
    let is_proxys = |name: &str| {
        let tells = ["forwarded", "client-ip", "clientip", "connecting-ip"];
        tells.iter().any(|word| name.contains(word)) || HEADERS.contains(&name)
    };
    headers.keys().any(|name| is_proxys(name.as_str()))
}
