//! Segments: the facts of a closed business day in about six bytes each.
//!
//! A segment is immutable and holds all that is needed to read it: the names its cells use, the cells, and the facts
//! by measure, each as a few columns. A fact that becomes known later goes into a further segment of the same day.
//!
//! ```text
//! format │ names: queues, intents, agents, evaluators │ cells │ for each measure: times, cells, args, signs, values │ CRC-32
//! ```
//!
//! All numbers are of variable length: seven bits a byte, the lowest first. Times are differences, and where all times
//! or values of a column are whole seconds, it counts seconds.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::facts::{CellKey, CellNo, Fact, Measure, UNKNOWN};
use super::interner::{AgentNo, IntentNo, NameNo, QueueNo};
use super::varint::{put, take, unzigzag, zigzag};
use crate::clock::Time;
use crate::event::Channel;
use crate::text::Label;

/// The first byte; another one means that another version wrote it.
const FORMAT: u8 = 1;
const SECOND: i64 = 1_000_000;

/// A fact with its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DatedFact {
    pub(super) at: Time,
    pub(super) fact: Fact,
}

/// The kinds of names that facts refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameKind {
    Queue,
    Intent,
    Agent,
    Evaluator,
}

const KINDS: [NameKind; 4] = [NameKind::Queue, NameKind::Intent, NameKind::Agent, NameKind::Evaluator];

/// What the columns of one measure leave out. Bits of a byte.
mod flags {
    pub(super) const TIMES_IN_SECONDS: u8 = 1;
    pub(super) const NO_ARGS: u8 = 2;
    pub(super) const NO_SIGNS: u8 = 4;
    pub(super) const NO_VALUES: u8 = 8;
    pub(super) const VALUES_IN_SECONDS: u8 = 16;
}

/// Names and cells as they are numbered within one segment, in the order of first use.
#[derive(Default)]
struct LocalNumbers {
    names: [(FxHashMap<u32, u64>, Vec<u32>); 4],
    cells: FxHashMap<usize, u64>,
    all_cells: Vec<[u64; 4]>,
}

impl LocalNumbers {
    fn name(&mut self, kind: NameKind, number: u32) -> u64 {
        let Some((known, all)) = self.names.get_mut(kind as usize) else { return 0 };
        *known.entry(number).or_insert_with(|| {
            all.push(number);
            all.len() as u64 - 1
        })
    }

    fn cell(&mut self, cell: CellNo, cells: &[CellKey]) -> u64 {
        if let Some(number) = self.cells.get(&cell.index()) {
            return *number;
        }
        let key = cells.get(cell.index()).copied().unwrap_or_default();
        let row = [
            self.name(NameKind::Queue, key.queue.number()),
            self.name(NameKind::Intent, key.intent.number()),
            self.name(NameKind::Agent, key.agent.number()),
            key.channel as u64,
        ];
        self.all_cells.push(row);
        let number = self.all_cells.len() as u64 - 1;
        self.cells.insert(cell.index(), number);
        number
    }
}

/// Write facts as a segment. `label` gives the name of a number.
pub(super) fn encode(facts: &mut [DatedFact], cells: &[CellKey], label: &dyn Fn(NameKind, u32) -> Label) -> Vec<u8> {
    facts.sort_by_key(|dated| (dated.fact.measure as u8, dated.at));
    let base = facts.iter().map(|dated| dated.at.0).min().unwrap_or(0);
    let mut numbers = LocalNumbers::default();
    let mut columns = Vec::with_capacity(facts.len() * 6);
    put_signed(&mut columns, base);
    for column in facts.chunk_by(|a, b| a.fact.measure == b.fact.measure) {
        put_column(&mut columns, column, base, &mut numbers, cells);
    }
    let mut out = vec![FORMAT];
    for (kind, (_, all)) in KINDS.iter().zip(&numbers.names) {
        put(&mut out, all.len() as u64);
        for number in all {
            let label = label(*kind, *number);
            put(&mut out, label.as_str().len() as u64);
            out.extend_from_slice(label.as_str().as_bytes());
        }
    }
    put(&mut out, numbers.all_cells.len() as u64);
    for number in numbers.all_cells.iter().flatten() {
        put(&mut out, *number);
    }
    out.append(&mut columns);
    let sum = checksum(&out);
    out.extend_from_slice(&sum.to_le_bytes());
    out
}

/// What is stored of a value: the evaluator apart, and the time of joining as the time since then.
fn stored_value(dated: &DatedFact) -> i64 {
    match dated.fact.measure {
        Measure::Quality => dated.fact.value & 0xffff_ffff,
        Measure::FirstContact => dated.at.0 - dated.fact.value,
        _ => dated.fact.value,
    }
}

fn put_column(out: &mut Vec<u8>, column: &[DatedFact], base: i64, numbers: &mut LocalNumbers, cells: &[CellKey]) {
    let Some(first) = column.first() else { return };
    let all = |test: &dyn Fn(&DatedFact) -> bool, flag: u8| if column.iter().all(test) { flag } else { 0 };
    let whole = |value: i64| value == UNKNOWN || value % SECOND == 0;
    let flags = all(&|d| (d.at.0 - base) % SECOND == 0, flags::TIMES_IN_SECONDS)
        | all(&|d| d.fact.arg == 0, flags::NO_ARGS)
        | all(&|d| d.fact.sign == 1, flags::NO_SIGNS)
        | all(&|d| stored_value(d) == 0, flags::NO_VALUES)
        | all(&|d| whole(stored_value(d)), flags::VALUES_IN_SECONDS);
    out.push(first.fact.measure as u8);
    out.push(flags);
    put(out, column.len() as u64);
    let unit = unit(flags & flags::TIMES_IN_SECONDS);
    let mut before = base;
    for dated in column {
        put(out, ((dated.at.0 - before) / unit).unsigned_abs());
        before = dated.at.0;
    }
    for dated in column {
        put(out, numbers.cell(dated.fact.cell, cells));
    }
    if flags & flags::NO_ARGS == 0 {
        out.extend(column.iter().map(|dated| dated.fact.arg));
    }
    if flags & flags::NO_SIGNS == 0 {
        out.extend(column.iter().map(|dated| dated.fact.sign.cast_unsigned()));
    }
    if first.fact.measure == Measure::Quality {
        for dated in column {
            let evaluator = u32::try_from(dated.fact.value >> 32).unwrap_or(0);
            put(out, numbers.name(NameKind::Evaluator, evaluator));
        }
    }
    if flags & flags::NO_VALUES == 0 {
        let unit = self::unit(flags & flags::VALUES_IN_SECONDS);
        for dated in column {
            match stored_value(dated) {
                UNKNOWN => put(out, 0),
                value => put(out, zigzag(value / unit) + 1),
            }
        }
    }
}

const fn unit(in_seconds: u8) -> i64 {
    if in_seconds == 0 { 1 } else { SECOND }
}

/// A segment whose checksum is right, with its names still as text.
#[derive(Debug)]
pub(super) struct Segment<'a> {
    /// The names, in the order of [`NameKind`].
    pub(super) names: [Vec<Label>; 4],
    cells: Vec<[usize; 4]>,
    columns: &'a [u8],
}

/// The numbers that an engine has given to a segment's cells and evaluators.
#[derive(Debug, Default)]
pub(super) struct SegmentNumbers {
    pub(super) cells: Vec<CellNo>,
    pub(super) evaluators: Vec<u32>,
}

impl<'a> Segment<'a> {
    /// `None` where the bytes are no segment of this version, or damaged.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (body, sum) = bytes.split_last_chunk::<4>()?;
        let [FORMAT, rest @ ..] = body else { return None };
        if checksum(body) != u32::from_le_bytes(*sum) {
            return None;
        }
        let mut input = rest;
        let mut names: [Vec<Label>; 4] = Default::default();
        for names in &mut names {
            for _ in 0..take_count(&mut input)? {
                let length = take_count(&mut input)?;
                let (name, rest) = input.split_at_checked(length)?;
                names.push(Label::from_bytes(name));
                input = rest;
            }
        }
        let count = take_count(&mut input)?;
        let mut cells = Vec::with_capacity(count.min(input.len()));
        for _ in 0..count {
            let mut row = [0; 4];
            for number in &mut row {
                *number = take_count(&mut input)?;
            }
            cells.push(row);
        }
        Some(Self { names, cells, columns: input })
    }

    /// The cells, with the numbers that an engine gives to the names.
    pub(super) fn cells(&self, queues: &[QueueNo], intents: &[IntentNo], agents: &[AgentNo]) -> Vec<CellKey> {
        let cell = |[queue, intent, agent, channel]: &[usize; 4]| CellKey {
            queue: queues.get(*queue).copied().unwrap_or_default(),
            intent: intents.get(*intent).copied().unwrap_or_default(),
            agent: agents.get(*agent).copied().unwrap_or_default(),
            channel: Channel::ALL.get(*channel).copied().unwrap_or_default(),
        };
        self.cells.iter().map(cell).collect()
    }

    /// Call `each` with every fact. `None` where the columns end too early; the checksum makes that unlikely.
    pub(super) fn for_each(&self, numbers: &SegmentNumbers, mut each: impl FnMut(Time, &Fact)) -> Option<()> {
        let mut input = self.columns;
        let base = unzigzag(take(&mut input)?);
        let mut facts: Vec<DatedFact> = Vec::new();
        while let [measure, flags, rest @ ..] = input {
            let (measure, flags) = (*Measure::ALL.get(usize::from(*measure))?, *flags);
            input = rest;
            let count = take_count(&mut input)?;
            // A fact takes two bytes at least.
            if count > input.len() {
                return None;
            }
            facts.clear();
            facts.reserve(count);
            let unit = unit(flags & flags::TIMES_IN_SECONDS);
            let mut at = base;
            for _ in 0..count {
                at = at.wrapping_add(take(&mut input)?.cast_signed().wrapping_mul(unit));
                let fact = Fact { cell: CellNo::default(), measure, arg: 0, sign: 1, value: 0 };
                facts.push(DatedFact { at: Time(at), fact });
            }
            for dated in &mut facts {
                dated.fact.cell = *numbers.cells.get(take_count(&mut input)?)?;
            }
            if flags & flags::NO_ARGS == 0 {
                for dated in &mut facts {
                    dated.fact.arg = *input.split_off_first()?;
                }
            }
            if flags & flags::NO_SIGNS == 0 {
                for dated in &mut facts {
                    dated.fact.sign = input.split_off_first()?.cast_signed();
                }
            }
            if measure == Measure::Quality {
                for dated in &mut facts {
                    let evaluator = *numbers.evaluators.get(take_count(&mut input)?)?;
                    dated.fact.value = i64::from(evaluator) << 32;
                }
            }
            let unit = self::unit(flags & flags::VALUES_IN_SECONDS);
            for dated in &mut facts {
                let value = if flags & flags::NO_VALUES == 0 {
                    match take(&mut input)? {
                        0 => UNKNOWN,
                        value => unzigzag(value - 1).wrapping_mul(unit),
                    }
                } else {
                    0
                };
                dated.fact.value = match measure {
                    Measure::Quality => dated.fact.value | value,
                    Measure::FirstContact => dated.at.0.wrapping_sub(value),
                    _ => value,
                };
                each(dated.at, &dated.fact);
            }
        }
        input.is_empty().then_some(())
    }
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn put_signed(out: &mut Vec<u8>, value: i64) {
    put(out, zigzag(value));
}

fn take_count(input: &mut &[u8]) -> Option<usize> {
    usize::try_from(take(input)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::facts::CellTable;

    fn label(_: NameKind, number: u32) -> Label {
        Label::new(&format!("name {number}"))
    }

    fn number(label: &Label) -> u32 {
        label.as_str().trim_start_matches("name ").parse().unwrap()
    }

    fn fact(at: i64, cell: CellNo, measure: Measure, arg: u8, sign: i8, value: i64) -> DatedFact {
        DatedFact { at: Time(at), fact: Fact { cell, measure, arg, sign, value } }
    }

    fn sample() -> (Vec<DatedFact>, CellTable) {
        let mut table = CellTable::default();
        let ann = AgentNo::new(7);
        let cell = table.intern(CellKey { queue: QueueNo::new(3), agent: ann, ..CellKey::default() });
        let other = table.intern(CellKey { channel: Channel::Email, ..CellKey::default() });
        let start = 1_772_528_400_000_000;
        let facts = vec![
            fact(start + 5, cell, Measure::Quality, 0, 1, (9 << 32) + 80_000_000),
            fact(start, cell, Measure::Offered, 0, 1, 0),
            fact(start + 60 * SECOND, other, Measure::Offered, 0, -1, 0),
            fact(start + SECOND, cell, Measure::Answered, 15, 1, UNKNOWN),
            fact(start + 2 * SECOND, cell, Measure::Answered, 1, 1, 12 * SECOND),
            fact(start + 900 * SECOND, other, Measure::FirstContact, 1, 1, start - 86_400 * SECOND),
            fact(start + 3, other, Measure::Hold, 0, 1, -5),
            fact(start + 3, other, Measure::Hold, 0, 1, i64::MAX),
        ];
        (facts, table)
    }

    #[test]
    fn facts_come_back_as_they_were() {
        let (mut facts, table) = sample();
        let bytes = encode(&mut facts, table.all(), &label);
        let segment = Segment::parse(&bytes).unwrap();
        let evaluators = segment.names[3].iter().map(number).collect();
        let queues: Vec<QueueNo> = segment.names[0].iter().map(|name| QueueNo::new(number(name))).collect();
        let agents: Vec<AgentNo> = segment.names[2].iter().map(|name| AgentNo::new(number(name))).collect();
        let mut same = CellTable::default();
        table.all().iter().for_each(|cell| _ = same.intern(*cell));
        let cells = segment.cells(&queues, &[IntentNo::UNKNOWN], &agents);
        let numbers = SegmentNumbers { cells: cells.iter().map(|cell| same.intern(*cell)).collect(), evaluators };
        let mut back = Vec::new();
        segment.for_each(&numbers, |at, fact| back.push(DatedFact { at, fact: *fact })).unwrap();
        assert_eq!(back, facts);
    }

    #[test]
    fn damage_is_noticed_wherever_it_is() {
        let (mut facts, table) = sample();
        let bytes = encode(&mut facts, table.all(), &label);
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0x10;
            assert!(Segment::parse(&damaged).is_none(), "byte {place}");
            assert!(Segment::parse(&bytes[..place]).is_none(), "cut at {place}");
        }
    }
}
