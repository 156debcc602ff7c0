//! Annotations: what people say of a time, so that whoever looks at a curve later knows why it bends: a new script, an
//! outage, a mailing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alert::{Actor, CommandRefusal};
use crate::clock::Time;
use crate::engine::Rows;
use crate::kpi::Slice;
use crate::text::Text;

/// The most annotations of a floor. Beyond that, those go first whose time is longest ago.
const MAX_ANNOTATIONS: usize = 500;

/// What somebody says of a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Annotation {
    /// Unique in the journal, from 1.
    pub id: u64,
    /// 1, and one more once it is removed.
    pub version: u32,
    /// The part of the floor that it is about, as pairs of dimension and value; the whole floor where it is empty.
    pub of: Slice,
    /// When it happened, or began.
    pub at: Time,
    /// When it ended; `None` of an instant.
    pub until: Option<Time>,
    /// What happened.
    pub text: Text,
    /// Who says so.
    pub who: Actor,
    /// Whether its author has removed it. A board has none of these.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
}

/// What a new annotation says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnotationDraft {
    /// See [`Annotation::of`].
    pub of: Slice,
    /// See [`Annotation::at`].
    pub at: Time,
    /// See [`Annotation::until`].
    pub until: Option<Time>,
    /// See [`Annotation::text`].
    pub text: Text,
}

/// A person's command about annotations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnotationCommand {
    /// The person.
    pub who: Actor,
    /// What to do.
    pub act: AnnotationAction,
}

/// What a command does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnnotationAction {
    /// Write one.
    Write(AnnotationDraft),
    /// Remove one's own with this number.
    Remove(u64),
}

impl Annotation {
    /// When it ended, or happened.
    #[must_use]
    pub fn end(&self) -> Time {
        self.until.unwrap_or(self.at)
    }

    /// Whether any of it happened from `from` to before `to`.
    #[must_use]
    pub fn is_within(&self, from: Time, to: Time) -> bool {
        self.at < to && (self.at >= from || self.end() > from)
    }

    /// Whether it concerns a slice: it is about the slice itself, about what the slice is a part of, or about a part of it.
    #[must_use]
    pub fn concerns(&self, slice: &Slice) -> bool {
        slice.parts().all(|(dim, value)| self.of.get(*dim).is_none_or(|own| own == value))
    }
}

/// The annotations of a floor, also those that were removed.
#[derive(Debug)]
pub struct Annotations {
    all: BTreeMap<u64, Annotation>,
    next_id: u64,
    shown: Rows<Annotation>,
}

impl Default for Annotations {
    fn default() -> Self {
        Self { all: BTreeMap::new(), next_id: 1, shown: Rows::default() }
    }
}

impl Annotations {
    /// Those of a journal, in which none has had the number `next_id` or a higher one.
    #[must_use]
    pub fn restored(all: Vec<Annotation>, next_id: u64) -> Self {
        let mut restored = Self { next_id: next_id.max(1), ..Self::default() };
        for annotation in all {
            restored.insert(annotation);
        }
        restored.show();
        restored
    }

    /// Those that were not removed, by number.
    #[must_use]
    pub const fn shown(&self) -> &Rows<Annotation> {
        &self.shown
    }

    /// The one with a number.
    #[must_use]
    pub fn find(&self, id: u64) -> Option<&Annotation> {
        self.all.get(&id)
    }

    /// Put one that another floor has changed.
    pub fn put(&mut self, annotation: Annotation) {
        self.insert(annotation);
        self.show();
    }

    /// Carry out a command; returns the annotation as it is then, which the caller stores.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn execute(&mut self, command: &AnnotationCommand) -> Result<Annotation, CommandRefusal> {
        let AnnotationCommand { who, act } = command;
        let changed = match act {
            AnnotationAction::Write(draft) => self.written(who, draft)?,
            AnnotationAction::Remove(id) => {
                let known = self.find(*id).ok_or(CommandRefusal::UnknownAnnotation(*id))?;
                if known.who.name != who.name {
                    return Err(CommandRefusal::Theirs(known.who.name.clone()));
                }
                Annotation { version: 2, removed: true, ..known.clone() }
            }
        };
        self.put(changed.clone());
        Ok(changed)
    }

    /// A new annotation. What the same person has said already is not said again: a command may come twice.
    fn written(&self, who: &Actor, draft: &AnnotationDraft) -> Result<Annotation, CommandRefusal> {
        let AnnotationDraft { of, at, until, text } = draft.clone();
        let unfit = |why| Err(CommandRefusal::Unfit(Text::fixed(why)));
        if text.is_empty() {
            return unfit("an annotation needs a text");
        }
        if until.is_some_and(|until| until <= at) {
            return unfit("an annotation ends after it begins");
        }
        let says = |known: &&Annotation| {
            (&known.of, known.at, known.until, &known.text, &known.who.name) == (&of, at, until, &text, &who.name)
        };
        Ok(match self.shown.iter().find(says) {
            Some(known) => known.clone(),
            None => Annotation { id: self.next_id, version: 1, of, at, until, text, who: who.clone(), removed: false },
        })
    }

    /// Undo a command that could not be stored; `before` is `None` where there was no such annotation.
    pub fn take_back(&mut self, before: Option<Annotation>, after: &Annotation) {
        self.all.remove(&after.id);
        self.all.extend(before.map(|before| (before.id, before)));
        self.show();
    }

    fn insert(&mut self, annotation: Annotation) {
        self.next_id = self.next_id.max(annotation.id.saturating_add(1));
        self.all.insert(annotation.id, annotation);
        if self.all.len() > MAX_ANNOTATIONS
            && let Some(oldest) = self.all.values().min_by_key(|annotation| (annotation.end(), annotation.id))
        {
            let oldest = oldest.id;
            self.all.remove(&oldest);
        }
    }

    fn show(&mut self) {
        self.shown = self.all.values().filter(|annotation| !annotation.removed).cloned().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Span;
    use crate::kpi::Dim;
    use crate::text::Label;

    fn actor(name: &str) -> Actor {
        Actor { name: Label::new(name), from: Label::default() }
    }

    fn draft(at: i64, text: &str) -> AnnotationDraft {
        AnnotationDraft { of: Slice::TOTAL, at: Time::from_unix(at), until: None, text: Text::new(text) }
    }

    fn write(annotations: &mut Annotations, who: &str, draft: AnnotationDraft) -> Result<Annotation, CommandRefusal> {
        annotations.execute(&AnnotationCommand { who: actor(who), act: AnnotationAction::Write(draft) })
    }

    fn remove(annotations: &mut Annotations, who: &str, id: u64) -> Result<Annotation, CommandRefusal> {
        annotations.execute(&AnnotationCommand { who: actor(who), act: AnnotationAction::Remove(id) })
    }

    #[test]
    fn an_annotation_is_said_once_and_removed_by_its_author() {
        let mut all = Annotations::default();
        let mailing = write(&mut all, "ann", draft(60, "mailing")).unwrap();
        assert_eq!(write(&mut all, "ann", draft(60, "mailing")), Ok(mailing.clone()));
        assert_eq!(write(&mut all, "bob", draft(60, "mailing")).unwrap().id, 2);
        assert_eq!(remove(&mut all, "bob", 1), Err(CommandRefusal::Theirs("ann".into())));
        assert_eq!(remove(&mut all, "bob", 7), Err(CommandRefusal::UnknownAnnotation(7)));
        let removed = remove(&mut all, "ann", 1).unwrap();
        assert_eq!(all.shown().iter().map(|known| known.id).collect::<Vec<_>>(), [2]);
        // What could not be stored is as it was.
        all.take_back(Some(mailing), &removed);
        assert_eq!(all.shown().len(), 2);
        assert_eq!(write(&mut all, "ann", draft(60, "outage")).unwrap().id, 3);
    }

    #[test]
    fn an_annotation_without_text_or_with_its_end_first_is_refused() {
        let mut all = Annotations::default();
        assert!(matches!(write(&mut all, "ann", draft(60, " \u{200b} ")), Err(CommandRefusal::Unfit(_))));
        let ends_first = AnnotationDraft { until: Some(Time::from_unix(60)), ..draft(60, "outage") };
        assert!(matches!(write(&mut all, "ann", ends_first), Err(CommandRefusal::Unfit(_))));
        assert!(all.shown().is_empty());
    }

    #[test]
    fn of_too_many_the_oldest_go() {
        let mut all = Annotations::default();
        for minute in 0..=i64::try_from(MAX_ANNOTATIONS).unwrap() {
            write(&mut all, "ann", draft(60 * (1_000 - minute), "mailing")).unwrap();
        }
        assert_eq!(all.shown().len(), MAX_ANNOTATIONS);
        assert!(all.shown().iter().all(|known| known.at > Time::from_unix(60 * 500)));
    }

    #[test]
    fn it_concerns_the_parts_and_the_whole_of_what_it_is_about() {
        let billing = Slice::of(Dim::Queue, "billing".into());
        let refund = Slice::of(Dim::Intent, "refund".into());
        let mut all = Annotations::default();
        let said = write(&mut all, "ann", AnnotationDraft { of: billing.clone(), ..draft(60, "new script") }).unwrap();
        assert!([Slice::TOTAL, billing, refund].iter().all(|slice| said.concerns(slice)));
        assert!(!said.concerns(&Slice::of(Dim::Queue, "sales".into())));
        let [before, after] = [Time::from_unix(0), Time::from_unix(90)];
        assert!(said.is_within(said.at, after) && !said.is_within(before, said.at) && !said.is_within(after, after));
        let lasting = Annotation { until: Some(after), ..said };
        assert!(lasting.is_within(lasting.at + Span::SECOND, after) && !lasting.is_within(after, after + Span::SECOND));
    }
}
