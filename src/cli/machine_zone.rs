//! The time zone of the machine, or of the user who set `TZ`.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use chrono_tz::Tz;

use crate::config;

/// The machine's zone: a link into the zone database, or a copy of one of its files.
const LOCALTIME: &str = "/etc/localtime";

/// The zone that `date` would use. The error says why it is not known and what to do about it.
pub(super) fn machine_zone() -> Result<Tz, String> {
    from(std::env::var_os("TZ"))
}

fn from(tz: Option<OsString>) -> Result<Tz, String> {
    let Some(value) = tz else { return system() };
    let wrong = |why: &str| format!("TZ={:?} {why}", value.to_string_lossy());
    let Some(text) = value.to_str() else { return Err(wrong("is not UTF-8: set it to an IANA name")) };
    let name = text.strip_prefix(':').unwrap_or(text);
    if name == LOCALTIME {
        return system();
    }
    if name.is_empty() {
        // POSIX defines an empty `TZ` as UTC.
        return Ok(Tz::UTC);
    }
    if name.starts_with('/') {
        return of_file(Path::new(name))
            .ok_or_else(|| wrong("is no file of the zone database: set it to an IANA name"));
    }
    config::zone(name).map_err(|why| wrong(&why))
}

/// The zone that the machine is set to; UTC if it is set to none.
fn system() -> Result<Tz, String> {
    if let Some(zone) = iana_time_zone::get_timezone().ok().and_then(|name| name.parse().ok()) {
        return Ok(zone);
    }
    let path = Path::new(LOCALTIME);
    if config::is_absent(path) {
        return Ok(Tz::UTC);
    }
    of_file(path).ok_or_else(|| {
        format!(
            "the time zone of this machine is not known: {LOCALTIME} does not tell its name; set TZ to an IANA name"
        )
    })
}

/// The zone of the file at `path`, by its path or that of its link target.
fn of_file(path: &Path) -> Option<Tz> {
    let named = |path: &Path| {
        let parts: Vec<&str> = path.iter().filter_map(OsStr::to_str).collect();
        let after = parts.iter().rposition(|part| *part == "zoneinfo")? + 1;
        let name = parts.get(after..)?.join("/");
        let name = name.trim_start_matches("posix/").trim_start_matches("right/");
        name.parse().ok()
    };
    named(path).or_else(|| named(&path.canonicalize().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(tz: &str) -> Result<Tz, String> {
        from(Some(tz.into()))
    }

    #[test]
    fn tz_is_read_as_the_c_library_reads_it() {
        for (tz, expected) in [
            ("Asia/Tokyo", Tz::Asia__Tokyo),
            (":Europe/Berlin", Tz::Europe__Berlin),
            ("/usr/share/zoneinfo/America/Argentina/Salta", Tz::America__Argentina__Salta),
            (":/usr/share/zoneinfo/posix/Asia/Kathmandu", Tz::Asia__Kathmandu),
            ("", Tz::UTC),
            (":", Tz::UTC),
        ] {
            assert_eq!(zone(tz), Ok(expected), "{tz}");
        }
        assert_eq!(zone(":/etc/localtime"), system());
        assert_eq!(from(None), system());
    }

    #[test]
    fn a_tz_that_is_no_zone_is_said_with_the_nearest() {
        let said = zone("Europe/Berlni").unwrap_err();
        assert!(said.starts_with("TZ=\"Europe/Berlni\" can't be") && said.contains("`Europe/Berlin`"), "{said}");
        assert!(zone("CET-1CEST,M3.5.0,M10.5.0/3").is_err());
        assert!(zone("/nowhere/zone").unwrap_err().contains("no file of the zone database"));
    }
}
