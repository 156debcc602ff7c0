//! Writes a queue_log of any length: the input of the report's bench and of its comparison.
//!
//! `cargo bench --bench generate -- FILE LINES`

use std::io::{BufWriter, Write};

/// A small linear congruential generator: the file must be the same on every machine.
struct Lcg(u64);

impl Lcg {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// When the floor opens and closes, in seconds of the day.
const OPENING: std::ops::Range<u64> = 8 * 3600..20 * 3600;

/// Write about `lines` lines of a floor with 40 queues and 400 agents: 29,000 contacts a day, so that three million
/// lines are five weeks.
pub(crate) fn write(out: &mut impl Write, lines: u64) -> std::io::Result<()> {
    let mut random = Lcg(20_260_302);
    let mut pending: std::collections::BinaryHeap<std::cmp::Reverse<(u64, u64, String)>> =
        std::collections::BinaryHeap::new();
    let (mut now, mut calls, mut written) = (1_772_438_400u64, 0u64, 0u64);
    while written < lines {
        now += random.below(4);
        if !OPENING.contains(&(now % 86_400)) {
            now = now - now % 86_400 + OPENING.start + if now % 86_400 < OPENING.start { 0 } else { 86_400 };
        }
        while pending.peek().is_some_and(|line| line.0.0 <= now) {
            let Some(std::cmp::Reverse((_, _, line))) = pending.pop() else { break };
            out.write_all(line.as_bytes())?;
            written += 1;
        }
        calls += 1;
        let (id, queue) = (format!("{now}.{calls}"), format!("queue-{:02}", random.below(40)));
        let caller = 442_070_000_000 + random.below(300_000);
        writeln!(out, "{now}|{id}|{queue}|NONE|ENTERQUEUE||{caller}|{}", 1 + random.below(6))?;
        written += 1;
        let wait = random.below(30) * random.below(4);
        let mut later = |at: u64, order: u64, text: String| {
            pending.push(std::cmp::Reverse((at, calls * 4 + order, text)));
        };
        if random.below(100) < 6 {
            let end = now + wait;
            later(end, 0, format!("{end}|{id}|{queue}|NONE|ABANDON|1|1|{wait}\n"));
            continue;
        }
        let agent = format!("agent {:03}", random.below(400));
        let (answered, talk) = (now + wait, 20 + random.below(400));
        let ended = answered + talk;
        if random.below(10) == 0 {
            later(now, 0, format!("{now}|{id}|{queue}|{agent}|RINGNOANSWER|12000\n"));
        }
        later(answered, 1, format!("{answered}|{id}|{queue}|{agent}|CONNECT|{wait}|{id}1|4\n"));
        let verb = if random.below(3) == 0 { "COMPLETEAGENT" } else { "COMPLETECALLER" };
        later(ended, 2, format!("{ended}|{id}|{queue}|{agent}|{verb}|{wait}|{talk}|1\n"));
    }
    out.flush()
}

/// The entry point where this file is run by itself.
#[allow(dead_code, reason = "the report's bench includes this file for `write`")]
fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let [path, lines] = args.as_slice() else { return Ok(()) };
    let lines = lines.parse().map_err(std::io::Error::other)?;
    write(&mut BufWriter::new(std::fs::File::create(path)?), lines)
}
