//! What a block of lines gave, on its way from the thread that decoded it to the one that takes the events: of nearly all of
//! them, where their names are in the text of the block, so that no name is stored for the way.

use std::vec;

use crate::clock::Time;
use crate::event::{Event, EventSink, PlainEvent, PlainStep};
use crate::source::format::decoder::LineDecoder;
use crate::source::format::lines::{BlockLine, block_lines};
use crate::source::tally::InputTally;
use crate::text::{Label, PlainName};

/// How many bytes of a log give an event, about: room is made for so many at once.
const BYTES_PER_EVENT: usize = 50;

/// What a block of lines gave.
#[derive(Debug, Default)]
pub(super) struct DecodedBlock {
    events: Vec<DecodedEvent>,
    /// The text that plain events are parts of, and the origin of them all.
    text: String,
    origin: Label,
    /// The lines left to whoever takes the events, in order.
    pub(super) held: Vec<HeldLine>,
    /// How many lines there were, of whatever kind.
    pub(super) lines: u64,
    /// Unknown names and fields. Lines, events and rejections are not counted here.
    pub(super) tally: InputTally,
}

/// A line that was not decoded.
#[derive(Debug)]
pub(super) struct HeldLine {
    /// How many of the block's events come before it.
    pub(super) after: usize,
    /// Its number within the block, from 1.
    pub(super) number: u64,
    /// Its bytes; `None` if it was too long.
    pub(super) bytes: Option<Vec<u8>>,
}

#[derive(Debug)]
enum DecodedEvent {
    Plain { at: Time, contact: NamePlace, queue: NamePlace, step: PlainStep<NamePlace> },
    Other(Box<Event>),
}

/// Where a name is in the text of a block.
#[derive(Clone, Copy, Debug)]
struct NamePlace {
    start: u32,
    length: u32,
}

impl NamePlace {
    /// The place of a part of the text that begins at an address; `None` where it is none.
    fn of(name: PlainName<'_>, text_address: usize) -> Option<Self> {
        let name = name.as_ref();
        let start = name.as_ptr().addr().checked_sub(text_address)?;
        Some(Self { start: u32::try_from(start).ok()?, length: u32::try_from(name.len()).ok()? })
    }

    fn name(self, text: &str) -> Option<PlainName<'_>> {
        let (start, length) = (self.start as usize, self.length as usize);
        text.get(start..start + length).map(PlainName::new)
    }
}

/// Collects the events of a block.
struct BlockSink {
    events: Vec<DecodedEvent>,
    origin: Option<Label>,
    /// Where the text of the block is in memory; `None` where events are to have names of their own.
    text_address: Option<usize>,
}

impl EventSink for BlockSink {
    fn take(&mut self, event: Event) {
        self.events.push(DecodedEvent::Other(Box::new(event)));
    }

    fn take_plain(&mut self, event: &PlainEvent<'_>) {
        let placed = self.text_address.and_then(|address| {
            let place = |name: PlainName<'_>| NamePlace::of(name, address);
            let (contact, queue) = (place(event.contact)?, place(event.queue)?);
            Some(DecodedEvent::Plain { at: event.at, contact, queue, step: event.step.rename(place)? })
        });
        let Some(placed) = placed else { return self.take(event.event()) };
        self.origin.get_or_insert_with(|| event.origin.clone());
        self.events.push(placed);
    }
}

impl DecodedBlock {
    /// Decode a block. Plain events stay parts of it where they are taken as `plain`.
    pub(super) fn decode(decoder: &mut LineDecoder, block: Vec<u8>, latest: Time, plain: bool) -> Self {
        let text = String::from_utf8(block);
        let (bytes, text_address) = match &text {
            Ok(text) => (text.as_bytes(), plain.then(|| text.as_ptr().addr())),
            // Some line is in another encoding.
            Err(error) => (error.as_bytes(), None),
        };
        let events = Vec::with_capacity(bytes.len() / BYTES_PER_EVENT);
        let mut sink = BlockSink { events, origin: None, text_address };
        let (mut held, mut lines, mut tally) = (Vec::new(), 0, InputTally::default());
        for line in block_lines(bytes) {
            lines += 1;
            if decoder.decode_line(line, latest, &mut tally, &mut sink).is_err() {
                let BlockLine { bytes, .. } = line;
                held.push(HeldLine { after: sink.events.len(), number: lines, bytes: Some(bytes.to_vec()) });
            }
        }
        let BlockSink { events, origin, .. } = sink;
        Self { events, text: text.unwrap_or_default(), origin: origin.unwrap_or_default(), held, lines, tally }
    }

    /// A line that was too long to be read.
    pub(super) fn too_long() -> Self {
        Self { held: vec![HeldLine { after: 0, number: 1, bytes: None }], lines: 1, ..Self::default() }
    }

    /// The lines that were not decoded, and the events.
    pub(super) fn into_events(self) -> (Vec<HeldLine>, BlockEvents) {
        let Self { events, text, origin, held, .. } = self;
        (held, BlockEvents { events: events.into_iter(), text, origin })
    }
}

/// The events of a block, which are passed on one after another.
pub(super) struct BlockEvents {
    events: vec::IntoIter<DecodedEvent>,
    text: String,
    origin: Label,
}

impl BlockEvents {
    /// Pass on the next events, up to `most`.
    pub(super) fn pass(&mut self, most: usize, each: &mut dyn EventSink) {
        let Self { events, text, origin } = self;
        for event in events.take(most) {
            match event {
                DecodedEvent::Other(event) => each.take(*event),
                DecodedEvent::Plain { at, contact, queue, step } => {
                    let name = |place: NamePlace| place.name(text);
                    let (contact, queue, step) = (name(contact), name(queue), step.rename(name));
                    // Each is there: the place was that of a part of this text.
                    if let (Some(contact), Some(queue), Some(step)) = (contact, queue, step) {
                        each.take_plain(&PlainEvent { at, origin, contact, queue, step });
                    }
                }
            }
        }
    }
}
