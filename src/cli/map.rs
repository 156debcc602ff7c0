//! `floorwatch map`: which column of a table is which.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::{Error, print};
use crate::clock::{Clock, Span, Time};
use crate::config;
use crate::event::{Event, EventKind, Step};
use crate::source::file::read::{self, Options};
use crate::source::format::csv::{AssumedZone, Columns, Proposal, TableOptions, propose, settle};
use crate::source::format::foreign::foreign;
use crate::source::format::lines::{self, LineReader};
use crate::text::{Label, Text, shell_word};
use crate::ui::export::write_new;

/// How many contacts are shown.
const MAX_SHOWN: usize = 8;
/// How many lines that would be set aside are shown.
const MAX_REJECTIONS: usize = 5;

/// The arguments of the command.
#[derive(Clone, Debug, PartialEq, clap::Args)]
pub struct Args {
    /// The table: CSV, TSV and the like, plain or gzip
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Write the proposal to this new file, for `--columns`
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// A contact as it would be read.
#[derive(Debug, Default)]
struct ShownContact {
    contact: Label,
    at: Option<Time>,
    queue: Label,
    agent: Label,
    outcome: &'static str,
    wait: Option<Span>,
    talk: Option<Span>,
}

impl Args {
    /// Propose, show what would be read, and write the file.
    ///
    /// # Errors
    /// [`Error::NoProposal`] where the file is no table of contacts or sums, [`Error::Write`] where the file to be written
    /// exists or can't be written.
    pub fn run(&self, zone: AssumedZone) -> Result<(), Error> {
        let path = &self.file;
        let failed = |error| read::Error::Open { path: path.clone(), error };
        let open = || lines::open(path).map(|opened| LineReader::new(opened.input)).map_err(failed);
        let mut reader = open()?;
        let head = reader.peek().map_err(failed)?;
        if let Some(what) = foreign(head) {
            return Err(Error::Read(read::Error::Foreign { path: path.clone(), what }));
        }
        let mut tables = TableOptions::load(None, config::csv_presets().as_deref())?;
        tables.zone = zone;
        let refused = |reason| Error::NoProposal { path: path.clone(), reason };
        let mut proposal = propose(&mut reader, &tables.presets, zone).map_err(refused)?;
        settle(&mut proposal, &mut open()?, zone);
        let Proposal { columns, notes, .. } = proposal;
        let text = columns.as_ref().map(|columns| toml_of(columns, path)).unwrap_or_default();
        let mut out = text.clone();
        for note in notes {
            _ = writeln!(out, "# {note}");
        }
        tables.columns = columns;
        show(&mut out, path, tables)?;
        if let Some(output) = self.output.as_deref().filter(|_| !text.is_empty()) {
            let written = write_new(output, text.as_bytes());
            written.map_err(|error| Error::Write { path: output.to_owned(), error })?;
            let (output, path) = (shell_word(output), shell_word(path));
            _ = writeln!(out, "\nwritten to {output}: floorwatch report {path} --columns {output}");
        }
        print(out.as_bytes())
    }
}

/// The mapping as TOML, without the keys that have their usual value.
fn toml_of(columns: &Columns, path: &Path) -> String {
    // JSON keeps the order of the keys.
    let keys = |columns: &Columns| match serde_json::to_value(columns) {
        Ok(serde_json::Value::Object(keys)) => keys,
        _ => serde_json::Map::new(),
    };
    let usual = keys(&Columns::default());
    // A name may hold line breaks.
    let name = Text::new(&path.file_name().unwrap_or_default().to_string_lossy());
    let mut out = format!("# The columns of {name}\n[csv]\n");
    for (key, value) in keys(columns).iter().filter(|(key, value)| usual.get(*key) != Some(*value)) {
        // Tables are written inline, so that all keys stay under [csv].
        if let Ok(value) = toml::Value::try_from(value) {
            _ = writeln!(out, "{key} = {value}");
        }
    }
    out
}

/// Show the first contacts or figures as they would be read, what would be set aside, and what is doubtful.
fn show(out: &mut String, path: &Path, tables: TableOptions) -> Result<(), Error> {
    let options = Options { tables, now: Some(Clock::System.now()), ..Options::default() };
    let mut reader = read::open(&[path.to_owned()], &options)?;
    let mut contacts: Vec<ShownContact> = Vec::new();
    let (mut total, mut figures) = (0_u64, Vec::new());
    reader.for_each(&mut |event| {
        if matches!(&event.kind, EventKind::Contact { step: Step::Offered(_), .. }) {
            total += 1;
        }
        if let EventKind::Observed { queue, figures: of_row, .. } = &event.kind
            && figures.len() < MAX_SHOWN
        {
            let values: Vec<String> = of_row.iter().map(|(key, value)| format!("{key} {value:.1}")).collect();
            figures.push(format!("{}  {queue}  {}", event.at, values.join(", ")));
        }
        note(&mut contacts, &event);
    });
    let tally = reader.tally();
    _ = writeln!(out, "\n{total} contacts, {} lines set aside", tally.rejected);
    for contact in &contacts {
        let seconds =
            |span: Option<Span>| span.map_or_else(|| "-".to_owned(), |span| format!("{} s", span.as_secs_f64()));
        let ShownContact { at, queue, agent, outcome, wait, talk, .. } = contact;
        let at = at.map(|at| at.to_string()).unwrap_or_default();
        _ = writeln!(out, "  {at}  {queue}  {outcome}  {agent}  wait {}  talk {}", seconds(*wait), seconds(*talk));
    }
    for line in &figures {
        _ = writeln!(out, "  {line}");
    }
    for rejection in tally.rejections.iter().take(MAX_REJECTIONS) {
        _ = writeln!(out, "  set aside: line {}: {}", rejection.line, rejection.reason);
    }
    for remark in tally.all_remarks() {
        _ = writeln!(out, "note: {remark}");
    }
    Ok(())
}

/// Note a step of one of the first contacts.
fn note(contacts: &mut Vec<ShownContact>, event: &Event) {
    let EventKind::Contact { contact, step, .. } = &event.kind else { return };
    if let Step::Offered(offer) = step
        && contacts.len() < MAX_SHOWN
    {
        let queue = offer.queue.clone();
        contacts.push(ShownContact { contact: contact.clone(), at: Some(event.at), queue, ..ShownContact::default() });
    }
    let Some(shown) = contacts.iter_mut().rfind(|shown| shown.contact == *contact) else { return };
    match step {
        Step::Answered { agent, wait } => {
            (shown.outcome, shown.wait) = ("answered", *wait);
            shown.agent = agent.clone();
        }
        Step::Abandoned { wait, .. } => (shown.outcome, shown.wait) = ("abandoned", *wait),
        Step::Left { reason, wait } => (shown.outcome, shown.wait) = (reason.key(), *wait),
        Step::Lost => shown.outcome = "unknown",
        Step::Completed { talk, .. } | Step::Transferred { talk, .. } => shown.talk = *talk,
        _ => {}
    }
}
