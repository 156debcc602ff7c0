//! `floorwatch report` without a file: figures of the configured floor.

use super::super::Error;
use super::{Args, ReportRequest};
use crate::app;
use crate::clock::Time;
use crate::config::Config;
use crate::floor::{FloorClosed, Handle};
use crate::kpi::{Period, Query, Slice};
use crate::report::{InputSummary, Report};

impl Args {
    /// The report on files, or on the configured floor where none is given. Events later than `now` come from a wrong
    /// clock.
    ///
    /// # Errors
    /// As for [`Args::request`] and [`ReportRequest::report`]; [`Error::App`] where the floor can't be asked.
    pub fn report(&self, config: Config, now: Time) -> Result<Report, Error> {
        if !self.files.is_empty() {
            return self.request(config)?.report(now);
        }
        let only_of_files = [
            ("--service-level", self.service_level.is_some()),
            ("--short-abandon", self.short_abandon.is_some()),
            ("--fcr-window", self.fcr_window.is_some()),
            ("--columns", self.columns.is_some()),
        ];
        if let Some((option, _)) = only_of_files.into_iter().find(|(_, given)| *given) {
            let why = "is for recordings: name a FILE, or change the floor's configuration";
            return Err(Error::Usage(format!("{option} {why}")));
        }
        let request = self.request(config.clone())?;
        let Some(from) = request.asked.from else {
            let why = "without a FILE, the report is about the configured floor: say from when on with --from";
            return Err(Error::Usage(why.to_owned()));
        };
        request.of_floor(&config, from, now)
    }
}

impl ReportRequest {
    fn of_floor(&self, config: &Config, from: Time, now: Time) -> Result<Report, Error> {
        let to = self.asked.to.unwrap_or(now);
        if from >= to {
            return Err(Error::Usage("--from: that is yet to come: give a time that is past".to_owned()));
        }
        let query = Query {
            of: Slice::TOTAL,
            by: self.asked.by.clone(),
            over: Period::Range(from, to),
            every: self.asked.every,
            kpis: self.asked.kpis.clone(),
            formula: Some(self.settings.rules.formula),
        };
        let (answer, annotations) = if let Some((mut engine, annotations)) = app::stored_floor(config, now)? {
            (engine.ask(&query, now), annotations.shown().clone())
        } else {
            let query = query.clone();
            let ask = |handle: Handle| async move {
                let annotations = handle.watch().borrow().annotations.clone();
                Ok::<_, FloorClosed>((handle.ask(query).await?, annotations))
            };
            let (answer, annotations) = app::query(config, ask)??;
            (answer?, annotations)
        };
        let annotations = annotations.iter().filter(|said| said.is_within(from, to)).cloned().collect();
        let report = Report::of_answer(answer, query, &self.settings, InputSummary::default());
        Ok(Report { annotations, ..report })
    }
}
