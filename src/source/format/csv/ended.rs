//! How the contact of a row ended: by the words for it, or else by the row's other cells.

use super::columns::Columns;
use super::doubts::Doubts;
use super::evidence::RowEvidence;
use super::outcome::RowOutcome;
use super::resolved::{ResolvedColumns, ResolvedField};
use super::rows::CsvRow;
use super::value::{YesNo, is_blank};

/// What a field of yes or no says in a row. A word that is not known is noted.
pub(super) fn reply(
    key: &'static str,
    field: Option<&ResolvedField>,
    row: CsvRow<'_>,
    columns: &Columns,
    doubts: &mut Doubts,
) -> YesNo {
    let Some(cell) = field.map(|field| field.text(row)) else { return YesNo::Nothing };
    let reply = YesNo::of(&cell, &columns.yes, &columns.no);
    if reply == YesNo::Unknown {
        doubts.note_word(key, &cell);
    }
    reply
}

/// How the contact of a row ended. A word that is not known is noted.
pub(super) fn outcome(
    row: CsvRow<'_>,
    columns: &Columns,
    fields: &ResolvedColumns,
    evidence: RowEvidence,
    doubts: &mut Doubts,
) -> RowOutcome {
    let told = fields.outcome.iter().find_map(|index| fields.outcomes.find(&row.text(*index)));
    let by_evidence = |unanswered| match evidence.is_answered() {
        Some(true) => RowOutcome::Answered,
        Some(false) => unanswered,
        None => RowOutcome::Unknown,
    };
    match told {
        Some(RowOutcome::ByAgent) => return by_evidence(RowOutcome::Unknown),
        Some(outcome) => return outcome,
        None => {}
    }
    if fields.answered.is_some() {
        return match reply("answered", fields.answered.as_ref(), row, columns, doubts) {
            YesNo::Yes => RowOutcome::Answered,
            YesNo::No | YesNo::Nothing => RowOutcome::Abandoned,
            YesNo::Unknown => RowOutcome::Unknown,
        };
    }
    let words = fields.outcome.iter().map(|index| row.text(*index));
    if let Some(word) = words.into_iter().find(|word| !is_blank(word)) {
        doubts.note_word("outcome", &word);
        return RowOutcome::Unknown;
    }
    match () {
        () if columns.leaves_ends_open() => RowOutcome::Unknown,
        // The others say how they ended.
        () if !fields.outcome.is_empty() => by_evidence(RowOutcome::Unknown),
        () => by_evidence(RowOutcome::Abandoned),
    }
}
