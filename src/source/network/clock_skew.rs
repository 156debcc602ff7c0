//! Measures the offset of a server's clock by the `Date` header of its responses.

use reqwest::header::{AGE, DATE, HeaderMap};

use crate::clock::{Span, Time};
use crate::net::http::parse_http_date;
use crate::source::network::reporter::Reporter;

/// The offset of a server's clock, as it was last reported.
#[derive(Debug, Default)]
pub(crate) struct ClockSkew {
    last_reported: Option<Span>,
}

impl ClockSkew {
    /// Measure the offset by the headers of a response that has just arrived, and report it if it has changed.
    pub(crate) async fn update(&mut self, headers: &HeaderMap, reporter: &mut Reporter) {
        let Some(ahead) = clock_offset(headers, reporter.now()) else { return };
        if self.last_reported.is_none_or(|last| (ahead - last).0.abs() > Span::SECOND.0) {
            self.last_reported = Some(ahead);
            reporter.report_clock_offset(ahead).await;
        }
    }
}

/// How far the clock of the server is ahead of ours; `None` if the response does not tell, or comes from a cache. The
/// header has whole seconds, so an offset below one second counts as none.
pub(crate) fn clock_offset(headers: &HeaderMap, now: Time) -> Option<Span> {
    if headers.contains_key(AGE) {
        return None;
    }
    let date = parse_http_date(headers.get(DATE)?.to_str().ok()?)?;
    // The server cut the time to whole seconds, which makes it half a second too early on average.
    let ahead = date + Span(500_000) - now;
    Some(if ahead.0.abs() <= Span::SECOND.0 { Span::ZERO } else { ahead })
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn whole_seconds_tell_nothing_below_one_and_a_cache_tells_nothing() {
        let mut headers = HeaderMap::new();
        assert_eq!(clock_offset(&headers, Time::default()), None);
        headers.insert(DATE, HeaderValue::from_static("Mon, 02 Mar 2026 09:00:00 GMT"));
        let nine = Time::parse_rfc3339("2026-03-02T09:00:00Z").unwrap();
        assert_eq!(clock_offset(&headers, nine + Span(999_000)), Some(Span::ZERO));
        assert_eq!(clock_offset(&headers, nine - Span(400_000)), Some(Span::ZERO));
        assert_eq!(clock_offset(&headers, nine - Span::HOUR + Span(500_000)), Some(Span::HOUR));
        assert_eq!(clock_offset(&headers, nine + Span::HOUR + Span(500_000)), Some(Span(-Span::HOUR.0)));
        headers.insert(AGE, HeaderValue::from_static("30"));
        assert_eq!(clock_offset(&headers, nine), None);
    }
}
