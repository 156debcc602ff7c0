use super::*;

fn time(text: &str, format: Option<&str>, zone: &str) -> Result<String, String> {
    let format = TimeFormat::parse(format).map_err(str::to_owned)?;
    let at = LocalClock::new(zone.parse().unwrap()).time(text, &format);
    at.map(|at| at.to_string()).map_err(|error| error.to_string())
}

#[test]
fn times_may_lack_seconds_or_carry_an_offset_or_a_fraction() {
    for (text, format, zone, expected) in [
        ("02/03/2026 9:05", Some("%d/%m/%Y %H:%M"), "UTC", "2026-03-02T09:05:00Z"),
        ("2026-03-02", Some("%Y-%m-%d"), "UTC", "2026-03-02T00:00:00Z"),
        ("2026-03-02T10:00:00+01:00", None, "UTC", "2026-03-02T09:00:00Z"),
        ("2026-03-02 10:00 +0100", Some("%Y-%m-%d %H:%M %z"), "Asia/Tokyo", "2026-03-02T09:00:00Z"),
        ("2026-03-02 09:00:00.5", Some("%Y-%m-%d %H:%M:%S"), "UTC", "2026-03-02T09:00:00.500Z"),
        ("2026-03-02 09:00:00,5", Some("%Y-%m-%d %T"), "UTC", "2026-03-02T09:00:00.500Z"),
        ("2026-03-02 09:00:00.5", Some("%Y-%m-%d %H:%M:%S%.f"), "UTC", "2026-03-02T09:00:00.500Z"),
        ("02/03/2026 9:05:01 p. m.", Some("%d/%m/%Y %I:%M:%S %p"), "UTC", "2026-03-02T21:05:01Z"),
        ("20260302T090500Z", None, "Asia/Tokyo", "2026-03-02T09:05:00Z"),
        ("20260302 090500", None, "Asia/Tokyo", "2026-03-02T00:05:00Z"),
        ("2026-07-01 09:00:00", None, "Europe/London", "2026-07-01T08:00:00Z"),
    ] {
        assert_eq!(time(text, format, zone).as_deref(), Ok(expected), "{text}");
    }
    assert!(time("01/07/2026", Some("%Y-%m-%d"), "UTC").unwrap_err().contains("time_format"));
    assert!(time("01/07/2026", None, "UTC").unwrap_err().contains("time_format"));
    assert!(time("2026-03-29 01:30", None, "Europe/London").unwrap_err().contains("never was"));
}

#[test]
fn a_range_of_times_is_its_beginning_and_a_date_and_an_offset_are_none() {
    for (text, begun) in [
        ("09:00 - 09:30", "09:00"),
        ("09:00-09:30", "09:00"),
        ("09:00–09:30", "09:00"),
        ("9:00/9:30", "9:00"),
        ("25.03.2026 09:00-09:30", "25.03.2026 09:00"),
        ("25/03/2026 9:00–9:30", "25/03/2026 9:00"),
        ("9:00 AM - 9:30 AM", "9:00 AM"),
        ("2026-03-25 09:00 - 09:30", "2026-03-25 09:00"),
        ("25.03.2026 09:00 bis 25.03.2026 09:30", "25.03.2026 09:00"),
        ("2026-03-25T09:00:00.000Z/2026-03-25T09:30:00.000Z", "2026-03-25T09:00:00.000Z"),
        ("2026-03-25T09:00Z/PT30M", "2026-03-25T09:00Z"),
    ] {
        assert_eq!(beginning(text), begun);
    }
    for whole in [
        "1:00 - 1:30 PM",
        "2026-03-25T09:00:00-05:00",
        "2026-03-25 09:00-05:00",
        "25/03/2026 - 09:00:05",
        "09:00 25/03/2026",
        "25/03/2026 09:00",
    ] {
        assert_eq!(beginning(whole), whole);
    }
}

#[test]
fn a_time_of_a_log_is_the_first_pass_that_is_not_before_the_rows_known() {
    let zone = Some(Tz::Europe__Berlin);
    let logged = |text: &str, from: &str| {
        logged_time(text, zone, Time::parse_rfc3339(from).unwrap()).unwrap().unwrap().to_string()
    };
    assert_eq!(logged("2026-10-25 02:05:00", "2026-10-24T23:57:00Z"), "2026-10-25T00:05:00Z");
    assert_eq!(logged("2026-10-25 02:05:00.5", "2026-10-25T00:57:00Z"), "2026-10-25T01:05:00.500Z");
    assert_eq!(logged("2026-10-25 02:58:00", "2026-10-25T00:57:00Z"), "2026-10-25T00:58:00Z");
    assert_eq!(logged_time("2026-10-25 02:05:00", None, Time(0)), Ok(None));
    assert!(logged_time("2026-03-29 02:30:00", zone, Time(0)).unwrap_err().to_string().contains("never was"));
}

#[test]
fn the_size_of_a_number_tells_what_it_counts() {
    for text in [
        "1772442000",
        "1772442000.000000",
        "1772442000000",
        "1772442000000000",
        "1772442000000000000",
        "63939661200",
        "1.7724420000E+09",
        "639080388000000000",
        "46083.375",
    ] {
        for format in [None, Some("%s"), Some("unix")] {
            assert_eq!(time(text, format, "UTC").as_deref(), Ok("2026-03-02T09:00:00Z"), "{text}");
        }
    }
    assert_eq!(time("1772442000.25", None, "UTC").as_deref(), Ok("2026-03-02T09:00:00.250Z"));
    assert_eq!(time("46083.375", Some("excel"), "Europe/Berlin").as_deref(), Ok("2026-03-02T08:00:00Z"));
    assert_eq!(time("63939661200", Some("gregorian"), "UTC").as_deref(), Ok("2026-03-02T09:00:00Z"));
    assert!(time("17", None, "UTC").is_err());
    assert!(time("1.77E+09", None, "UTC").is_err(), "a spreadsheet has cut its digits off");
}

#[test]
fn the_hour_that_comes_twice_is_told_apart_by_the_order_of_rows() {
    let rows = ["00:50", "01:10", "01:50", "01:05", "01:40", "02:05"];
    let utc = ["23:50", "00:10", "00:50", "01:05", "01:40", "02:05"];
    let read = |rows: Vec<&str>| {
        let mut clock = LocalClock::new("Europe/London".parse().unwrap());
        let at = |row: &&str| clock.time(&format!("2026-10-25 {row}"), &TimeFormat::Detected).unwrap().to_string();
        let found: Vec<String> = rows.iter().map(at).map(|at| at.get(11..16).unwrap_or_default().to_owned()).collect();
        assert_eq!(clock.told_apart, 4);
        found
    };
    assert_eq!(read(rows.to_vec()), utc);
    let reversed = |list: &[&'static str]| list.iter().rev().copied().collect::<Vec<_>>();
    assert_eq!(read(reversed(&rows)), reversed(&utc));
}
