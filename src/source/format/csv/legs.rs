//! Which rows of an id are parts of one contact, and which ids are none of contacts.

use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::VecDeque;

use super::record::ContactRecord;
use crate::clock::{Span, Time};
use crate::text::Label;

/// A later part begins at most this long after the end of what is known of its contact.
const MAX_PAUSE: Span = Span::seconds(300);
/// The same where no row tells the end.
const MAX_OPEN_PAUSE: Span = Span::seconds(2 * 3600);
/// Rows of an id that are further apart than this are never of one call.
const MAX_LEG_DISTANCE: Span = Span::seconds(4 * 3600);
/// So many times as many ids with rows that follow one another must there be as of others.
const CLEARLY: u64 = 4;
/// How many ids are compared.
const MAX_IDS: usize = 100_000;
/// Ids that begin anew, as every day, have rows of different calls and, in one row of so many, further ones of a call.
const MAX_ROWS_PER_LEG: u64 = 10;
/// Of fewer rows, that an id is the same in all says nothing.
const MIN_ROWS: u64 = 3;
/// How many rows are remembered that may come again.
const MAX_SEEN_ROWS: usize = 100_000;

/// An id that a spreadsheet has rounded, as `3E+14`.
pub(super) fn is_rounded(id: &str) -> bool {
    let Some((digits, exponent)) = id.split_once(['E', 'e']) else { return false };
    let is_number =
        |text: &str, also: &[u8]| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || also.contains(&b));
    is_number(digits, b".,") && exponent.strip_prefix('+').is_some_and(|exponent| is_number(exponent, b""))
}

/// From when to when a contact is known to last.
#[derive(Clone, Debug)]
pub(super) struct Extent {
    from: Time,
    until: Time,
    customer: Option<Label>,
}

impl Extent {
    pub(super) fn of(record: &ContactRecord) -> Self {
        let lengths = [record.wait, record.talk, record.hold];
        let known = lengths.into_iter().flatten().fold(Span::ZERO, |sum, length| sum + length);
        Self { from: record.offered, until: record.offered + known, customer: record.offer.customer.clone() }
    }

    /// Add a later part, or an earlier one.
    pub(super) fn add(&mut self, other: Self) {
        self.from = self.from.min(other.from);
        self.until = self.until.max(other.until);
        self.customer = self.customer.take().or(other.customer);
    }

    /// How long after the one the other begins; nothing if they overlap.
    fn pause(&self, other: &Self) -> Span {
        let after =
            |first: &Self, then: &Self| if then.from > first.until { then.from - first.until } else { Span::ZERO };
        after(self, other).max(after(other, self))
    }

    fn has_same_customer(&self, other: &Self) -> bool {
        self.customer.is_none() || other.customer.is_none() || self.customer == other.customer
    }

    /// Whether another row of the id can be of the same contact.
    pub(super) fn may_include(&self, other: &Self) -> bool {
        self.pause(other) <= MAX_LEG_DISTANCE
    }

    /// Whether another row of the id follows as a part of the same contact does.
    fn is_followed_by(&self, other: &Self) -> bool {
        let is_open = self.from == self.until || other.from == other.until;
        self.has_same_customer(other) && self.pause(other) <= if is_open { MAX_OPEN_PAUSE } else { MAX_PAUSE }
    }
}

/// What a column of ids is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum IdKind {
    /// Every row has another.
    Unique,
    /// Rows of an id follow one another: how many ids, and how many rows.
    Legs(u64, u64),
    /// Rows of this id do not follow one another: it is of a person, or a ticket.
    Apart(String),
    /// Spreadsheets have rounded them, as this one.
    Rounded(String),
    /// Every row has this one.
    Same(String),
    /// No row has one.
    Empty,
}

/// What the rows of a table show of a column that may hold the contacts' ids.
#[derive(Debug, Default)]
pub(super) struct IdEvidence {
    known: FxHashMap<Label, (Extent, u64)>,
    rows: u64,
    together: u64,
    apart: Option<String>,
    aparts: u64,
    /// Those of them that are within hours: the rows of a call that are further apart are told from one another.
    near: u64,
    rounded: Option<String>,
    roundeds: u64,
}

impl IdEvidence {
    /// Note a row's id. `digest` is that of its cells: rows that stand there twice show nothing.
    pub(super) fn note(&mut self, id: &str, record: &ContactRecord, digest: u64) {
        let label = Label::new(id);
        if label.is_empty() || super::value::is_blank(id) {
            return;
        }
        self.rows += 1;
        if is_rounded(id) {
            self.rounded.get_or_insert_with(|| label.to_string());
            self.roundeds += 1;
            return;
        }
        let extent = Extent::of(record);
        let is_full = self.known.len() >= MAX_IDS;
        match self.known.get_mut(&label) {
            None if is_full => {}
            None => _ = self.known.insert(label, (extent, digest)),
            Some((_, before)) if *before == digest => self.rows -= 1,
            Some((before, last)) => {
                if before.is_followed_by(&extent) {
                    self.together += 1;
                    before.add(extent);
                } else {
                    self.apart.get_or_insert_with(|| label.to_string());
                    self.aparts += 1;
                    self.near += u64::from(before.may_include(&extent));
                    *before = extent;
                }
                *last = digest;
            }
        }
    }

    pub(super) fn kind(&self) -> IdKind {
        let first = || self.known.keys().next().map(Label::to_string);
        let of = |example: &Option<String>| example.clone().unwrap_or_default();
        match () {
            () if self.rows == 0 => IdKind::Empty,
            () if self.roundeds * 2 > self.rows => IdKind::Rounded(of(&self.rounded)),
            () if self.known.len() == 1 && self.rows >= MIN_ROWS => IdKind::Same(first().unwrap_or_default()),
            () if self.aparts * CLEARLY > self.together && !self.begins_anew() => IdKind::Apart(of(&self.apart)),
            () if self.together > 0 => IdKind::Legs(self.known.len() as u64, self.rows),
            () => IdKind::Unique,
        }
    }

    /// Whether ids are used again after hours, and are of one call until then.
    const fn begins_anew(&self) -> bool {
        self.near * CLEARLY <= self.together && self.together * MAX_ROWS_PER_LEG >= self.rows
    }

    /// Whether all ids that come again are of rows that follow one another, and several do.
    pub(super) fn is_sure(&self) -> bool {
        self.aparts == 0 && self.together > 1
    }
}

/// The rows that were read last: one that comes again as a whole was written twice.
#[derive(Debug, Default)]
pub(super) struct SeenRows {
    digests: FxHashSet<u64>,
    order: VecDeque<u64>,
}

impl SeenRows {
    /// Whether the row is new.
    pub(super) fn insert(&mut self, digest: u64) -> bool {
        if !self.digests.insert(digest) {
            return false;
        }
        self.order.push_back(digest);
        if self.order.len() > MAX_SEEN_ROWS
            && let Some(oldest) = self.order.pop_front()
        {
            self.digests.remove(&oldest);
        }
        true
    }
}
