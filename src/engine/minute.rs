//! The facts of one minute: as they are while it gets more of them, packed into a few bytes each later.
//!
//! ```text
//! measure, sign, what follows │ offset in the minute │ cell │ detail, value: unless both are 0
//! ```
//!
//! Numbers are of variable length, as in a segment. Where the offset and the value are whole seconds, these are counted.

use serde::{Deserialize, Serialize};

use super::facts::{CellNo, Fact, Measure, UNKNOWN};
use super::varint::{put, take, unzigzag, zigzag};
use crate::clock::{Span, Time};

/// The facts of one minute, in the order they became known.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Minute {
    pub(super) start: Time,
    /// The first facts, packed, and how many these are.
    packed: Box<[u8]>,
    packed_count: usize,
    /// The others.
    facts: Vec<OffsetFact>,
}

/// A fact and its time within a minute, in 16 bytes, because there are millions of them.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct OffsetFact {
    /// From the lowest bit on: microseconds since the start of the minute, the measure, whether the sign is −1.
    head: u32,
    cell: CellNo,
    /// The value, and in the low eight bits the detail. Lengths fit beside it up to a thousand years.
    value: i64,
}

impl OffsetFact {
    const OFFSET_BITS: u32 = 26;
    const ARG_BITS: u32 = 8;
    const LEAST: i64 = i64::MIN >> Self::ARG_BITS;

    fn new(offset: u32, fact: &Fact) -> Self {
        let value = if fact.value == UNKNOWN {
            Self::LEAST
        } else {
            fact.value.clamp(Self::LEAST + 1, i64::MAX >> Self::ARG_BITS)
        };
        let head = offset | u32::from(fact.measure as u8) << Self::OFFSET_BITS | u32::from(fact.sign < 0) << 31;
        Self { head, cell: fact.cell, value: value << Self::ARG_BITS | i64::from(fact.arg) }
    }

    /// How long after the start of its minute it happened.
    fn offset(self) -> Span {
        Span(i64::from(self.head & ((1 << Self::OFFSET_BITS) - 1)))
    }

    fn fact(self) -> Fact {
        let value = self.value >> Self::ARG_BITS;
        let [arg, ..] = self.value.to_le_bytes();
        let measure = Measure::ALL.get((self.head >> Self::OFFSET_BITS & 31) as usize).copied();
        Fact {
            cell: self.cell,
            measure: measure.unwrap_or(Measure::Offered),
            arg,
            sign: if self.head >> 31 == 0 { 1 } else { -1 },
            value: if value == Self::LEAST { UNKNOWN } else { value },
        }
    }
}

/// The bits of the first byte of a packed fact. The lowest five are the measure.
mod bits {
    pub(super) const MEASURE: u8 = 31;
    pub(super) const NEGATIVE: u8 = 1 << 5;
    pub(super) const IN_SECONDS: u8 = 1 << 6;
    pub(super) const HAS_VALUE: u8 = 1 << 7;
}

const SECOND: i64 = 1_000_000;

impl Minute {
    /// A minute with room for so many facts.
    pub(super) fn new(start: Time, room: usize) -> Self {
        Self { start, facts: Vec::with_capacity(room), ..Self::default() }
    }

    /// Add a fact, so many microseconds after the start.
    pub(super) fn push(&mut self, offset: u32, fact: &Fact) {
        self.facts.push(OffsetFact::new(offset, fact));
    }

    /// How many facts there are.
    pub(super) const fn len(&self) -> usize {
        self.packed_count + self.facts.len()
    }

    /// The facts but for the first so many, with their instants.
    pub(super) fn facts_from(&self, first: usize) -> impl Iterator<Item = (Time, Fact)> {
        let mut packed = if first < self.packed_count { &*self.packed } else { &[] };
        let unpacked = std::iter::from_fn(move || unpack(&mut packed, self.start));
        let rest = self.facts.get(first.saturating_sub(self.packed_count)..).unwrap_or_default();
        unpacked.skip(first).chain(rest.iter().map(|fact| (self.start + fact.offset(), fact.fact())))
    }

    /// The instant of the first fact.
    pub(super) fn first_instant(&self) -> Option<Time> {
        self.facts_from(0).map(|(at, _)| at).min()
    }

    /// Pack the facts that are not, once they are a good part of all.
    pub(super) fn pack(&mut self) {
        if self.facts.len() <= self.packed_count / 4 {
            return;
        }
        let mut bytes = std::mem::take(&mut self.packed).into_vec();
        self.packed_count += self.facts.len();
        for fact in std::mem::take(&mut self.facts) {
            pack(&mut bytes, self.start, fact.offset().0, &fact.fact());
        }
        self.packed = bytes.into_boxed_slice();
    }
}

/// What is packed of a value: the time of joining as the time since then.
fn packed_value(measure: Measure, at: Time, value: i64) -> i64 {
    if measure == Measure::FirstContact { at.0.wrapping_sub(value) } else { value }
}

fn pack(out: &mut Vec<u8>, start: Time, offset: i64, fact: &Fact) {
    let Fact { cell, measure, arg, sign, value } = *fact;
    let value = packed_value(measure, start + Span(offset), value);
    let in_seconds = offset % SECOND == 0 && (value == UNKNOWN || value % SECOND == 0);
    let has_value = (arg, value) != (0, 0);
    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    let flags = flag(sign < 0, bits::NEGATIVE) | flag(in_seconds, bits::IN_SECONDS) | flag(has_value, bits::HAS_VALUE);
    let unit = if in_seconds { SECOND } else { 1 };
    out.push(measure as u8 | flags);
    put(out, (offset / unit).unsigned_abs());
    put(out, u64::from(cell.number()));
    if has_value {
        out.push(arg);
        put(out, if value == UNKNOWN { 0 } else { zigzag(value / unit).wrapping_add(1) });
    }
}

fn unpack(input: &mut &[u8], start: Time) -> Option<(Time, Fact)> {
    let first = *input.split_off_first()?;
    let measure = *Measure::ALL.get(usize::from(first & bits::MEASURE))?;
    let unit = if first & bits::IN_SECONDS == 0 { 1 } else { SECOND };
    let at = start + Span(take(input)?.cast_signed().wrapping_mul(unit));
    let cell = CellNo::new(u32::try_from(take(input)?).ok()?);
    let (mut arg, mut value) = (0, 0);
    if first & bits::HAS_VALUE != 0 {
        arg = *input.split_off_first()?;
        value = match take(input)? {
            0 => UNKNOWN,
            value => unzigzag(value.wrapping_sub(1)).wrapping_mul(unit),
        };
    }
    let sign = if first & bits::NEGATIVE == 0 { 1 } else { -1 };
    Some((at, Fact { cell, measure, arg, sign, value: packed_value(measure, at, value) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_come_back_in_their_order_packed_or_not() {
        let start = Time(1_772_528_400_000_000);
        let mut minute = Minute::new(start, 0);
        let mut all = Vec::new();
        for (value, offset) in [
            (UNKNOWN, 0),
            (0, 59_999_999),
            (-5, 1),
            ((7 << 32) + 100_000_000, 2),
            (i64::MAX >> 8, 3),
            (90 * SECOND, 9_000_000),
        ] {
            for (arg, sign, cell) in [(0, 1, 3), (255, -1, u32::MAX)] {
                for measure in Measure::ALL {
                    // A time of joining is known.
                    let value =
                        if measure == Measure::FirstContact { start.0 + value.clamp(-9, 9 << 32) } else { value };
                    let fact = Fact { cell: CellNo::new(cell), measure, arg, sign, value };
                    minute.push(offset, &fact);
                    all.push((start + Span(i64::from(offset)), fact));
                    if all.len() == 200 {
                        minute.pack();
                    }
                }
            }
        }
        let is_as_pushed = |minute: &Minute| {
            for first in [0, 1, 199, 200, 201, all.len()] {
                assert!(minute.facts_from(first).eq(all.iter().skip(first).copied()), "from {first}");
            }
        };
        assert_eq!((minute.packed_count, minute.len()), (200, all.len()));
        is_as_pushed(&minute);
        minute.pack();
        assert_eq!((minute.packed_count, minute.facts.capacity()), (all.len(), 0));
        is_as_pushed(&minute);
        assert_eq!((minute.first_instant(), size_of::<OffsetFact>()), (Some(start), 16));
    }
}
