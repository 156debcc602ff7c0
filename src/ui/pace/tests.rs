use super::*;

/// A line that takes so many bytes a second, behind a buffer; time passes only where it says so.
struct Line {
    bytes_per_s: f64,
    buffered: f64,
    now: Instant,
}

impl Line {
    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.buffered = (self.buffered - self.bytes_per_s * time.as_secs_f64()).max(0.0);
    }

    /// Hold a key down for so long, where each frame has 600 bytes; returns how many seconds are buffered then.
    fn hold_a_key(&mut self, pace: &mut Pace, time: Duration) -> f64 {
        let end = self.now + time;
        while self.now < end {
            if pace.wait(self.now).is_zero() {
                let began = self.now;
                self.buffered += 600.0;
                let too_much = (self.buffered - BACKLOG_BYTES).max(0.0);
                self.pass(Duration::from_secs_f64(too_much / self.bytes_per_s));
                pace.wrote(600, began, self.now);
            }
            self.pass(Duration::from_millis(33));
        }
        self.buffered / self.bytes_per_s
    }
}

#[test]
fn on_a_slow_line_frames_do_not_queue_up_and_a_fast_one_is_not_held_up() {
    for (bytes_per_s, most_s) in [(5_000.0, 0.5), (2_000.0, 2.5), (200_000.0, 0.1)] {
        let mut line = Line { bytes_per_s, buffered: 0.0, now: Instant::now() };
        let mut pace = Pace::default();
        let behind = line.hold_a_key(&mut pace, Duration::from_secs(12));
        assert!(behind <= most_s, "{bytes_per_s} bytes a second: {behind} s behind");
    }
}

#[test]
fn a_line_that_was_stopped_is_fast_again_soon() {
    let mut line = Line { bytes_per_s: 1e6, buffered: 0.0, now: Instant::now() };
    let mut pace = Pace::default();
    let began = line.now;
    line.pass(Duration::from_mins(1));
    pace.wrote(600, began, line.now);
    assert_eq!(pace.wait(line.now), MAX_HOLD);
    line.pass(MAX_HOLD);
    line.hold_a_key(&mut pace, SLOW_FOR);
    line.pass(MAX_HOLD);
    line.hold_a_key(&mut pace, Duration::from_secs(1));
    assert_eq!(pace.wait(line.now), Duration::ZERO);
}

#[test]
fn a_line_that_is_spared_takes_so_many_bytes_of_data_a_second_and_keys_at_once() {
    let mut pace = Pace { low_bandwidth: true, ..Pace::default() };
    let start = Instant::now();
    let (mut now, mut data, mut keys) = (start, 0, 0);
    while now < start + Duration::from_mins(1) {
        // Every ten seconds a key opens a page; all the time there are new data.
        if (now - start).as_millis().is_multiple_of(10_000) {
            assert_eq!(pace.wait(now), Duration::ZERO);
            pace.wrote(6_000, now, now);
            keys += 6_000;
        } else if pace.wait_for_data(now).is_zero() {
            pace.wrote(700, now, now);
            data += 700;
        }
        assert!(pace.wait_for_data(now) <= MAX_DATA_HOLD);
        now += Duration::from_millis(100);
    }
    assert!((100_000..=121_000).contains(&(data + keys)), "{data} and {keys} bytes in a minute");
}

#[test]
fn the_mean_second_is_known() {
    let mut pace = Pace::default();
    let now = Instant::now();
    for _ in 0..100 {
        pace.wrote(300, now, now);
        pace.wrote(200, now, now);
        pace.second();
    }
    assert!((pace.second() - 450.0).abs() < 1.0, "nine tenths of 500 after a second without a byte");
}
