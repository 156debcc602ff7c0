//! Whether somebody answered a contact, as those cells of its row show that are no words for it.

/// What a row shows of an answer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RowEvidence {
    /// Whether it names an agent; `None` without a column of them.
    pub(super) is_named: Option<bool>,
    /// Whether it gives an instant of the answer; `None` without a column of these.
    pub(super) has_instant: Option<bool>,
    /// Whether there was talk; `None` if that is not known.
    pub(super) has_talk: Option<bool>,
}

impl RowEvidence {
    /// Whether somebody answered; `None` if that is not known. An agent who did not talk was only rung, unless an answer is noted.
    /// Talk with nobody may be a message, or the time of the whole call.
    pub(super) fn is_answered(self) -> Option<bool> {
        let Self { is_named, has_instant, has_talk } = self;
        match has_talk {
            Some(true) if is_named == Some(false) && has_instant != Some(true) => None,
            Some(true) => Some(true),
            Some(false) => Some(is_named == Some(true) && has_instant == Some(true)),
            None => has_instant.or(is_named),
        }
    }
}
