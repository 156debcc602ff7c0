//! Proposes the mapping of a table whose rows are sums over an interval.

use std::collections::BTreeMap;

use super::Proposer;
use super::not_read::not_read_of;
use super::profile::ColumnProfile;
use super::sum_figures::{Counts, is_partial, is_within, share, time};
use super::time_format::{TimePart, time_format};
use crate::kpi::{KpiId, Unit};
use crate::source::format::csv::columns::{Columns, CsvFigure};
use crate::source::format::csv::duration::DurationUnit;
use crate::source::format::csv::naming::{Naming, naming, without_number, without_threshold};
use crate::source::format::csv::words::{normalized, vocabulary};
use crate::source::format::csv::zone::AssumedZone;

/// The counts by which sums are known.
const COUNTS: [&str; 4] = ["offered", "handled", "answered", "abandoned"];
/// The time within which a service level is where a floor names no other.
const USUAL_SERVICE_LEVEL_S: f64 = 20.0;
/// Of fewer rows, that they are equal says nothing.
const MIN_ROWS: usize = 4;
/// How many columns are named that are not read.
const MAX_NAMED: usize = 12;

/// The mapping of a table whose rows are sums, and what was assumed: it has columns of counts, such as offered and answered, and no
/// contacts' ids.
pub(in crate::source::format::csv) fn sums<'a>(
    first: &'a [String],
    rows: &'a [&'a [String]],
    delimiter: u8,
    zone: AssumedZone,
) -> Option<(Columns, Vec<String>)> {
    if count_names(first) < 2 {
        return None;
    }
    let mut proposer = Proposer::of(first, rows, true, delimiter);
    let counts = counts(&mut proposer)?;
    let total = |key| {
        counts.get(key).and_then(|index: &usize| proposer.profiles.get(*index)).map_or(0.0, ColumnProfile::max_count)
    };
    // The flags 0 and 1 of a contact have such names too.
    if counts.len() < 2 || ["offered", "handled", "answered"].into_iter().map(total).fold(0.0, f64::max) <= 1.0 {
        return None;
    }
    proposer.time(zone);
    proposer.columns.time.as_ref()?;
    // Of the time, the tables of contacts say more.
    let mut notes = Vec::new();
    proposer.field("queue", |_| true);
    let mut figures: BTreeMap<String, CsvFigure> = BTreeMap::new();
    for (key, index) in &counts {
        figures.insert((*key).to_owned(), CsvFigure::Column(proposer.name(*index)));
    }
    let mut times = Vec::new();
    for (key, words) in &vocabulary().figures {
        let unit = KpiId::parse(key).map(|kpi| kpi.def().unit);
        if COUNTS.contains(&key.as_str()) {
            continue;
        }
        let found = if key == "service_level" {
            service_level(&proposer, words, &mut notes)
        } else {
            let fits =
                |column: &ColumnProfile<'_>| column.is_figure() && (unit == Some(Unit::Percent) || !is_partial(column));
            proposer.surest(|column| figure_naming(column, key, words), fits)
        };
        let Some(index) = found else { continue };
        proposer.used.push(index);
        if unit == Some(Unit::Seconds) {
            times.push((key.as_str(), index));
            continue;
        }
        match share(&proposer, key, index, &counts) {
            Ok((figure, note)) => {
                figures.insert(key.clone(), figure);
                notes.extend(note);
            }
            Err(why) => notes.push(why),
        }
    }
    for (key, found) in time(&proposer, &times, &counts, &mut notes) {
        figures.insert(key.to_owned(), found);
    }
    notes.extend(of_agents(&proposer, &mut figures));
    if !figures.contains_key("asa") {
        notes.extend(mean_wait(&proposer));
    }
    notes.extend(not_read(&proposer));
    Some((Columns { figures, ..proposer.columns }, notes))
}

/// How well a column is named as a figure. Of means, the words for the durations of contacts are known too.
fn figure_naming(column: &ColumnProfile<'_>, key: &str, words: &[String]) -> Option<(Naming, usize)> {
    let of_contacts = match key {
        // A mean wait is of those who gave up as well, unless its name says otherwise.
        "asa" if says_answered(column) => "wait_s",
        "talk" => "talk_s",
        "hold" => "hold_s",
        "acw" => "acw_s",
        "aht" => "handle_s",
        _ => return column.likeness(words),
    };
    let ringing = &vocabulary().names.ringing;
    let says_ring = |name: &str| name.split(' ').any(|part| ringing.iter().any(|word| part.starts_with(word.as_str())));
    let of_contacts = || {
        let (naming, at) = column.likeness(Proposer::words(of_contacts))?;
        Some((naming, words.len() + at)).filter(|_| column.is_mean() && !says_ring(&column.plain))
    };
    [column.likeness(words), of_contacts()].into_iter().flatten().min()
}

/// Whether a name says that a time is of answered contacts.
fn says_answered(column: &ColumnProfile<'_>) -> bool {
    let answered = vocabulary().figures.get("answered").map(Vec::as_slice).unwrap_or_default();
    column.plain.split(' ').any(|word| answered.iter().any(|known| known == word))
}

/// Names a mean wait that is not taken for the speed of answer.
fn mean_wait(proposer: &Proposer<'_>) -> Option<String> {
    let is_wait = |column: &&ColumnProfile<'_>| {
        column.is_mean() && column.is_figure() && column.likeness(Proposer::words("wait_s")).is_some()
    };
    let column = proposer.unused().find(is_wait)?;
    let name = column.name;
    Some(format!(
        "asa is left out: {name} may be of all contacts, also of those who gave up: write `asa = {name:?}` into figures if it is of answered \
         ones"
    ))
}

/// The column of the service level: of several, the one that names the usual time. The level within another time is another
/// figure, and a column of one number alone is a target or a time.
fn service_level(proposer: &Proposer<'_>, words: &[String], notes: &mut Vec<String>) -> Option<usize> {
    let answered = vocabulary().figures.get("answered")?;
    let naming_of = |column: &ColumnProfile<'_>| {
        let (rest, seconds) = without_threshold(&column.plain);
        let is_count = || column.is_count() && is_within(column);
        let counted =
            || Some(naming(&rest, answered).filter(|_| is_count())?).map(|(naming, at)| (naming, at + words.len()));
        naming(&rest, words).or_else(counted).map(|naming| (naming, seconds))
    };
    let is_time = |column: &ColumnProfile<'_>| {
        let is_named = without_threshold(&column.plain).1.is_none() && DurationUnit::of_name(column.name).is_some();
        let is_whole = || column.cells.iter().all(|cell| cell.trim_end_matches(['%', ' ']).starts_with("100"));
        is_named || column.cells.len() >= MIN_ROWS && column.distinct().len() == 1 && !is_whole()
    };
    let likeness = |column: &ColumnProfile<'_>| {
        let ((naming, at), seconds) = naming_of(column)?;
        // Who names the time is surer.
        let at = at + usize::from(seconds.is_none());
        Some((naming, at)).filter(|_| seconds.is_none_or(|seconds| seconds == USUAL_SERVICE_LEVEL_S))
    };
    let found = proposer.surest(likeness, |column| column.is_figure() && !is_time(column));
    if let Some(column) = found.and_then(|index| proposer.profiles.get(index))
        && let Some((_, None)) = naming_of(column)
    {
        notes.push(format!(
            "service_level: {} names no time, and is taken for the level within {USUAL_SERVICE_LEVEL_S} s or the floor's own",
            column.name
        ));
    }
    if found.is_none() {
        let unused = proposer.profiles.iter().filter(|column| !proposer.used.contains(&column.index));
        for (column, (_, seconds)) in unused.filter_map(|column| Some((column, naming_of(column)?))) {
            let name = column.name;
            let why = match seconds {
                Some(seconds) => format!("is of {seconds} s, and usual are {USUAL_SERVICE_LEVEL_S} s"),
                None if is_time(column) => "is the same in every row or a time, as a target is".to_owned(),
                None => continue,
            };
            notes.push(format!(
                "service_level is left out: {name} {why}: write `service_level = {name:?}` into figures if it is the floor's"
            ));
        }
    }
    found
}

/// In rows of agents, a contact that was offered to several of them counts as many times: such figures are left out.
fn of_agents(proposer: &Proposer<'_>, figures: &mut BTreeMap<String, CsvFigure>) -> Option<String> {
    let is_agent = |column: &&ColumnProfile<'_>| {
        column.is_text()
            && !column.is_number()
            && column.distinct().len() > 1
            && column.likeness(Proposer::words("agent")).is_some_and(|(naming, _)| naming < Naming::Guess)
    };
    let unused = proposer.profiles.iter().filter(|column| !proposer.used.contains(&column.index));
    let agent = unused.into_iter().find(is_agent)?;
    let of_queue = |key: &str| !["answered", "handled", "talk", "hold", "acw", "aht"].contains(&key);
    let left_out: Vec<String> = figures.extract_if(.., |key, _| of_queue(key)).map(|(key, _)| key).collect();
    Some(format!(
        "a row is of an agent, as {} says, and a contact can be offered to several: {} left out",
        agent.name,
        left_out.join(", ")
    ))
    .filter(|_| !left_out.is_empty())
}

/// Names the columns of figures that are not read.
fn not_read(proposer: &Proposer<'_>) -> Option<String> {
    not_read_of(proposer.unused())
}

/// The columns of counts. Of contacts within a time alone, there are others.
fn counts(proposer: &mut Proposer<'_>) -> Option<Counts> {
    let mut counts = Counts::new();
    let figures = &vocabulary().figures;
    for key in COUNTS {
        let words = figures.get(key)?;
        // `Total calls answered` has the words of both, and is what its rarer word says.
        let is_other = |column: &ColumnProfile<'_>| {
            let naming = |key: &str| Some(column.likeness(figures.get(key)?)?.0);
            let others = COUNTS.iter().filter(|other| **other != key).filter_map(|other| naming(other));
            let this = naming(key);
            others.min().is_some_and(|other| this.is_none_or(|this| other < this || key == "offered" && other == this))
        };
        let fits = |column: &ColumnProfile<'_>| column.is_count() && !is_partial(column) && !is_other(column);
        if let Some(index) = proposer.surest(|column| column.likeness(words), fits) {
            proposer.used.push(index);
            counts.insert(key, index);
        }
    }
    Some(counts)
}

/// How many columns have names of counts. Without any, the rows need not be looked at.
fn count_names(first: &[String]) -> usize {
    let words: Vec<_> = COUNTS.iter().filter_map(|key| vocabulary().figures.get(*key)).collect();
    let is_count = |name: &&String| {
        let plain = normalized(name);
        // `Calls (by agent)`
        let before = name.split_once(['(', '[', '（']).map_or(String::new(), |(before, _)| normalized(before));
        words.iter().any(|words| [without_number(&plain), &before].iter().any(|name| naming(name, words).is_some()))
    };
    first.iter().filter(is_count).count()
}

/// Why the rows of several contacts each are no sums that can be read; `None` if they are no such rows.
pub(super) fn why_no_sums(first: &[String], rows: &[&[String]]) -> Option<String> {
    if count_names(first) == 0 {
        return None;
    }
    let proposer = Proposer::of(first, rows, true, b',');
    if proposer.best(Proposer::words("contact"), |_| true).is_some() {
        return None;
    }
    let words = || COUNTS.iter().filter_map(|key| vocabulary().figures.get(*key));
    let is_named = |column: &&ColumnProfile<'_>| {
        words().any(|words| column.likeness(words).is_some_and(|(naming, _)| naming == Naming::Exact))
    };
    let is_above_one = |column: &&ColumnProfile<'_>| column.is_count() && column.max_count() > 1.0;
    let name = proposer.profiles.iter().filter(is_named).find(is_above_one).map(|column| column.name)?;
    let of_several = format!("a row is of several contacts, as {name} says");
    let twins = proposer.profiles.iter().find(|column| is_named(column) && proposer.has_twin(column));
    if let Some(twin) = twins {
        return Some(format!("{of_several}, and several columns are named {}: name them apart", twin.name));
    }
    let needed = "sums are read with a time and two of the counts offered, handled, answered and abandoned";
    let of_day = proposer.profiles.iter().find(|column| matches!(column.named_time(), Some((_, TimePart::TimeOfDay))));
    let is_none = |column: &ColumnProfile<'_>| column.named_time().is_none() && !column.cells.is_empty();
    let time = proposer.best(Proposer::words("time"), is_none).and_then(|index| proposer.profiles.get(index));
    let missing = match (of_day, time.and_then(|column| Some((column.name, column.cells.first()?)))) {
        (Some(column), _) => format!("; {} tells the time of the day, and no column the date", column.name),
        _ if proposer.has_time() => String::new(),
        (None, Some((name, cell))) => format!("; {name} holds {cell:?}, which tells no day and time"),
        (None, None) => "; no column is known to tell day and time".to_owned(),
    };
    Some(format!("{of_several}, and {needed}{missing}"))
}

/// Why rows may be sums although no count among them is known: none of the columns is of a contact.
pub(super) fn may_be_sums(proposer: &Proposer<'_>) -> Option<String> {
    let columns = &proposer.columns;
    let is_of_contact =
        !proposer.fields.keys().all(|key| ["queue", "channel"].contains(key)) || columns.outcome.is_some();
    let unused = proposer.profiles.iter().filter(|column| !proposer.used.contains(&column.index));
    let is_several = |column: &&ColumnProfile<'_>| column.is_count() && column.max_count() > 1.0;
    let names: Vec<&str> = unused.filter(is_several).map(|column| column.name).take(MAX_NAMED).collect();
    (!is_of_contact && names.len() > 1).then(|| {
        format!(
            "no column is known to be of a contact, and {} may count several: write `figures = {{ offered = …, answered = …, \
             abandoned = … }}` into a mapping if a row is the sum of an interval; if they are queues (a pivot table), export a row for each \
             queue and interval",
            names.join(", ")
        )
    })
}

/// Why a table with a column for each time is none that can be read.
pub(super) fn why_pivot(first: &[String]) -> Option<String> {
    let times: Vec<&str> = first.iter().map(|name| name.trim()).filter(|name| time_format(&[name]).is_some()).collect();
    (times.len() >= MIN_PIVOT_COLUMNS && times.len() * 2 > first.len()).then(|| {
        format!(
            "it has a column for each time ({} …), as pivot tables do: export a row for each queue and interval, or for each contact",
            times.iter().take(3).copied().collect::<Vec<_>>().join(", ")
        )
    })
}

/// So many columns that are named by times are no names of fields.
const MIN_PIVOT_COLUMNS: usize = 3;
