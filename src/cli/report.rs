//! `floorwatch report`: figures from files, or from the configured floor.

mod of_floor;
mod sums;

use std::num::NonZero;
use std::path::PathBuf;

use super::progress::Progress;
use super::{Error, NothingRead, print, times, width};
use crate::clock::{Span, Time, duration};
use crate::config::{self, Config};
use crate::engine::{self, Engine};
use crate::event::{Event, EventSink, PlainEvent};
use crate::kpi::{CATALOGUE, Dim, Every, Formula};
use crate::report::{Format, Report, ReportIntake, ReportQuery};
use crate::source::Settings;
use crate::source::file::read::{self, Options, RecordingFile};
use crate::source::format::csv::{AssumedZone, TableOptions};
use crate::source::format::detect::InputFormat;
use crate::source::format::queue_log::SiteNames;
use sums::IntervalSums;

/// The arguments of the command.
#[derive(Clone, Debug, PartialEq, clap::Args)]
pub struct Args {
    /// Recordings: queue_log, contact events or CSV, plain or gzip; several are merged in time order [default: the
    /// configured floor, from the time of --from on]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The start: RFC 3339, or a date or date and time in the centre's time zone [default: the first event]
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// The end, exclusive [default: the last event]
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// A row for each value of one or two dimensions: queue, intent, agent, channel, team
    #[arg(long, value_name = "DIMENSIONS", value_delimiter = ',', value_parser = super::words(&DIMS, Dim::parse))]
    pub by: Vec<Dim>,
    /// A row for each step: 15m, 30m, 1h, 1d
    #[arg(long, value_name = "STEP", value_parser = Every::parse)]
    pub every: Option<Every>,
    /// The service level threshold in seconds
    #[arg(long, value_name = "SECONDS", value_parser = duration::parse)]
    pub service_level: Option<Span>,
    /// The service level formula
    #[arg(long, value_parser = super::words(&FORMULAS, Formula::parse))]
    pub formula: Option<Formula>,
    /// An abandon after a shorter wait is a short abandon, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = duration::parse)]
    pub short_abandon: Option<Span>,
    /// A further contact within this time makes the first one unresolved: 7d
    #[arg(long, value_name = "SPAN", value_parser = duration::parse)]
    pub fcr_window: Option<Span>,
    /// The format of the report
    #[arg(long, default_value = "table", value_parser = super::words(&FORMATS, Format::parse))]
    pub format: Format,
    /// The file whose `[csv]` table names the columns of CSV files, or a preset's name
    #[arg(long, value_name = "FILE")]
    pub columns: Option<PathBuf>,
}

const DIMS: [&str; 5] = ["queue", "intent", "agent", "channel", "team"];
const FORMULAS: [&str; 6] = ["offered", "short_excluded", "late_abandons", "short_credited", "positive", "answered"];
const FORMATS: [&str; 5] = ["table", "json", "csv", "markdown", "html"];

/// A report as the command line asks for it, checked and combined with the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportRequest {
    /// The files to read.
    pub files: Vec<PathBuf>,
    /// The file that names the columns of CSV files.
    pub columns: Option<PathBuf>,
    /// What the report is about.
    pub asked: ReportQuery,
    /// The zone of times in tables that tell none.
    pub zone: AssumedZone,
    /// The centre's own words in queue_log.
    pub site: SiteNames,
    /// How to count: the configuration with the options of the command line applied.
    pub settings: engine::Settings,
}

impl Args {
    /// Checks the arguments and combines them with the configuration.
    ///
    /// # Errors
    /// [`Error::Usage`] where the times, dimensions or spans make no sense.
    pub fn request(&self, config: Config) -> Result<ReportRequest, Error> {
        let from = times::instant("--from", self.from.as_deref(), &config.floor.calendar)?;
        let to = times::instant("--to", self.to.as_deref(), &config.floor.calendar)?;
        if let (Some(from), Some(to)) = (from, to)
            && from >= to
        {
            return Err(Error::Usage(
                "--to must be after --from; it is exclusive, so a day ends where the next begins".to_owned(),
            ));
        }
        let mut by = self.by.clone();
        by.sort_unstable();
        by.dedup();
        if by.len() != self.by.len() {
            return Err(Error::Usage("--by: a dimension is given twice".to_owned()));
        }
        if by.len() > 2 {
            return Err(Error::Usage("--by: two dimensions at most".to_owned()));
        }
        let mut settings = config.floor;
        settings.keep = None;
        settings.service_level_forced = self.service_level.is_some();
        settings.service_level = self.service_level.unwrap_or(settings.service_level);
        settings.short_abandon = self.short_abandon.unwrap_or(settings.short_abandon);
        settings.rules.formula = self.formula.unwrap_or(settings.rules.formula);
        settings.rules.fcr_window = self.fcr_window.unwrap_or(settings.rules.fcr_window);
        let kpis = CATALOGUE.iter().map(|kpi| kpi.id).collect();
        let mut site = SiteNames::default();
        site.extend(config.sources.iter().map(Settings::site));
        Ok(ReportRequest {
            files: self.files.clone(),
            columns: self.columns.clone(),
            zone: config.table_zone,
            site,
            asked: ReportQuery { from, to, by: self.by.clone(), every: self.every, kpis },
            settings,
        })
    }

    /// Print a report in the form asked for, as wide as the terminal.
    ///
    /// # Errors
    /// [`Error::Output`] where standard output can't be written.
    pub fn print(&self, report: &Report) -> Result<(), Error> {
        print(report.render(self.format, width()).as_bytes())
    }
}

/// Applies events, and adds up what tables give for intervals.
struct ReportSink<'a> {
    intake: ReportIntake<'a>,
    sums: IntervalSums,
}

impl EventSink for ReportSink<'_> {
    fn take(&mut self, event: Event) {
        self.sums.add(&event);
        self.intake.take(event);
    }

    fn takes_plain(&self) -> bool {
        true
    }

    fn take_plain(&mut self, event: &PlainEvent<'_>) {
        self.intake.take_plain(event);
    }
}

impl ReportRequest {
    /// Whether it is about all of logs: these tell no teams and no service level thresholds.
    fn is_of_whole_logs(&self, inputs: &[RecordingFile]) -> bool {
        let is_log = |file: &RecordingFile| matches!(file.format, None | Some(InputFormat::QueueLog));
        self.asked.from.is_none() && self.asked.to.is_none() && inputs.iter().all(is_log)
    }

    /// Read the files and count. Events later than `now` come from a wrong clock.
    ///
    /// # Errors
    /// [`Error::Columns`] and [`Error::Read`] where a file can't be read or isn't of a known format.
    pub fn report(&self, now: Time) -> Result<Report, Error> {
        let mut tables = TableOptions::load(self.columns.as_deref(), config::csv_presets().as_deref())?;
        tables.zone = self.zone;
        tables.site.clone_from(&self.site);
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let options = Options { tables, now: Some(now), threads, ..Options::default() };
        let progress = Progress::of(options.progress.clone());
        let mut reader = read::open(&self.files, &options)?;
        let mut engine = Engine::new(self.settings.clone());
        if self.is_of_whole_logs(reader.inputs()) {
            engine.count_only(&self.asked.by, self.asked.every);
        }
        let mut sink = ReportSink { intake: ReportIntake::new(&mut engine), sums: IntervalSums::default() };
        reader.read_into(&mut sink);
        let ReportSink { intake: ReportIntake { mut input, first, .. }, sums } = sink;
        drop(progress);
        let tally = reader.tally();
        input.rejected = tally.rejected;
        input.rejections.clone_from(&tally.rejections);
        input.incomplete.clone_from(&tally.incomplete);
        input.unknown_types = tally.unknown_types_seen();
        input.unknown_fields = tally.unknown_fields_seen();
        input.remarks = tally.all_remarks().collect();
        if input.events == 0 {
            return Err(Error::NothingRead(NothingRead::of(&self.files, tally)));
        }
        let mut report = Report::of(&mut engine, &self.asked, first, input);
        sums.fill(&mut report);
        Ok(report)
    }
}
