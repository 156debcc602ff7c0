//! The audit of figures and rules: over 90 days, which of them changed what anybody did, which go with what customers feel,
//! and which inputs are missing.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;

use super::document::{Document, DocumentSection};
use super::{html, markdown};
use crate::alert::{Episode, HistoryKind};
use crate::clock::{Span, Time};
use crate::engine::{AnswerTooLarge, Engine};
use crate::floor::{FloorClosed, Handle};
use crate::kpi::bands::Better;
use crate::kpi::control::median;
use crate::kpi::correlation::RankCorrelation;
use crate::kpi::format::UNKNOWN;
use crate::kpi::{
    Answer, CATALOGUE, Calendar, Every, Figure, KpiGroup, KpiId, KpiRole, Period, Query, RowSelection, Slice, Verdict,
};
use crate::language::{self, text};
use crate::text::{Label, Patterns};

/// How many days it looks back.
const DAYS: u64 = 90;
/// A rule that fired so often, and about which nobody did anything, may go.
const MIN_IDLE_FIRINGS: usize = 5;
/// A figure that is past its limit on this share of its days says nothing by that.
const ALWAYS_PAST: f64 = 0.9;
/// The most figures that are named beside one.
const MAX_BESIDE: usize = 5;
/// The most episodes that are looked at.
pub const MAX_AUDITED_EPISODES: usize = 10_000;
/// What the sources may give, by a figure that is unknown without it.
const INPUTS: [(&str, KpiId); 9] = [
    ("waits", KpiId::Asa),
    ("states", KpiId::Occupancy),
    ("customers", KpiId::RepeatRate),
    ("responses", KpiId::Frt),
    ("resolutions", KpiId::ReopenRate),
    ("satisfaction", KpiId::Csat),
    ("effort", KpiId::Ces),
    ("recommendation", KpiId::Nps),
    ("quality", KpiId::QualityScore),
];

/// What an audit looks at.
#[derive(Clone, Debug)]
pub struct Audit {
    /// The calendar of the floor.
    pub calendar: Calendar,
    /// The rules in force and the KPI of each.
    pub rules: Vec<(Label, Option<KpiId>)>,
    /// The figures of each day.
    by_day: Answer,
    /// The episodes of that time, whether they are over or not.
    episodes: Vec<Episode>,
    /// How far the history of alerts goes back, where that is less than the 90 days.
    history_from: Option<Time>,
}

/// The figures that a period has, unlike those of now alone.
fn kpis() -> Vec<KpiId> {
    CATALOGUE.iter().filter(|kpi| kpi.group != KpiGroup::Live).map(|kpi| kpi.id).collect()
}

impl Audit {
    fn query(calendar: Calendar, now: Time) -> Query {
        let over = Period::Range(calendar.day_start(now, DAYS), calendar.day_start(now, 0));
        Query { of: Slice::TOTAL, by: Vec::new(), over, every: Some(Every::Days(1)), kpis: kpis(), formula: None }
    }

    fn of(by_day: Answer, episodes: Vec<Episode>, calendar: Calendar, complete: bool) -> Self {
        let oldest = episodes.iter().filter_map(|episode| episode.resolved).min();
        let history_from = oldest.filter(|oldest| !complete && *oldest > by_day.from);
        let within = |episode: &Episode| episode.resolved.is_none_or(|at| at >= by_day.from);
        let episodes = episodes.into_iter().filter(within).collect();
        Self { calendar, rules: Vec::new(), by_day, episodes, history_from }
    }

    /// Ask a floor. It has the last episodes only: `recorded` are all of them, where its journal can be read.
    ///
    /// # Errors
    /// [`FloorClosed`] when the floor has ended. The inner error says that an answer would be too large.
    pub async fn gather(
        handle: &Handle,
        recorded: Option<Vec<Episode>>,
        calendar: Calendar,
        now: Time,
    ) -> Result<Result<Self, AnswerTooLarge>, FloorClosed> {
        let by_day = match handle.ask(Self::query(calendar, now)).await? {
            Ok(answer) => answer,
            Err(too_large) => return Ok(Err(too_large)),
        };
        let complete = recorded.is_some();
        let episodes = if let Some(recorded) = recorded {
            recorded
        } else {
            let mut episodes = handle.history(MAX_AUDITED_EPISODES).await?;
            episodes.extend(handle.watch().borrow().alerts.iter().cloned());
            episodes
        };
        Ok(Ok(Self::of(by_day, episodes, calendar, complete)))
    }

    /// Ask the engine of a journal, whose `episodes` are all that it has.
    ///
    /// # Errors
    /// [`AnswerTooLarge`] where an answer would be.
    pub fn of_engine(
        engine: &mut Engine,
        episodes: Vec<Episode>,
        calendar: Calendar,
        now: Time,
    ) -> Result<Self, AnswerTooLarge> {
        let query = Self::query(calendar, now);
        let by_day = engine.ask_bounded(&query, &RowSelection::All, &Patterns::default(), now)?;
        Ok(Self::of(by_day, episodes, calendar, true))
    }

    /// The same with the rules in force.
    #[must_use]
    pub fn with_rules(self, rules: impl Iterator<Item = (Label, Option<KpiId>)>) -> Self {
        Self { rules: rules.collect(), ..self }
    }

    /// The audit as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        markdown::document(&self.document())
    }

    /// The audit as one HTML page without references to other files.
    #[must_use]
    pub fn html(&self) -> String {
        html::document(&self.document())
    }

    fn days_with_data(&self) -> usize {
        let came = |figures| value(figures, KpiId::Offered).is_some_and(|offered| offered > 0.0);
        self.by_day.rows.iter().filter(|row| came(&row.figures)).count()
    }

    fn document(&self) -> Document {
        let date = |at| language::time(at, self.calendar.zone, "%Y-%m-%d");
        let about = text!(
            "audit-about",
            from = date(self.by_day.from),
            to = date(self.by_day.to),
            days = self.days_with_data(),
            all = DAYS
        );
        Document {
            title: text!("audit-title").to_owned(),
            about,
            sections: vec![self.rules(), self.figures(), self.beside(), self.inputs()],
        }
    }

    /// What each rule made anybody do.
    fn rules(&self) -> DocumentSection {
        let fired = self.episodes.iter().filter(|episode| episode.fired.is_some() && episode.inhibited_by.is_none());
        let mut by_rule: BTreeMap<&Label, (Option<KpiId>, Vec<&Episode>)> =
            self.rules.iter().map(|(name, kpi)| (name, (*kpi, Vec::new()))).collect();
        for episode in fired {
            by_rule.entry(&episode.rule).or_insert((episode.kpi, Vec::new())).1.push(episode);
        }
        let mut rules: Vec<_> = by_rule.into_iter().collect();
        rules.sort_by_key(|(name, (_, episodes))| (std::cmp::Reverse(episodes.len()), *name));
        let row = |(name, (kpi, episodes)): (&Label, (Option<KpiId>, Vec<&Episode>))| {
            let of = |kinds: &[HistoryKind]| episodes.iter().filter(|episode| did(episode, kinds)).count();
            let (acted, idle): (Vec<&Episode>, Vec<&Episode>) =
                episodes.iter().copied().partition(|episode| did(episode, &DEEDS));
            let advice = match (episodes.len(), acted.len()) {
                (0, _) if self.days_with_data() == 0 => UNKNOWN,
                (0, _) if kpi.is_some() => text!("audit-never-fired"),
                (0, _) => text!("audit-keep"),
                (MIN_IDLE_FIRINGS.., 0) => text!("audit-remove"),
                (_, 0) => text!("audit-nobody-yet"),
                _ => text!("audit-keep"),
            };
            vec![
                name.to_string(),
                kpi.map_or_else(String::new, |kpi| language::kpi(kpi).name.clone()),
                episodes.len().to_string(),
                of(&[HistoryKind::Acknowledged, HistoryKind::Late]).to_string(),
                of(&[HistoryKind::Noted]).to_string(),
                of(&[HistoryKind::Snoozed]).to_string(),
                time_to_clear(&acted),
                time_to_clear(&idle),
                advice.to_owned(),
            ]
        };
        let mut section = DocumentSection::new(
            text!("audit-rules"),
            text!("audit-no-rules"),
            vec![
                text!("audit-rule"),
                text!("column-what"),
                text!("audit-fired"),
                text!("audit-acknowledged"),
                text!("audit-noted"),
                text!("audit-put-off"),
                text!("audit-clear-acted"),
                text!("audit-clear-idle"),
                text!("audit-advice"),
            ],
            rules.into_iter().map(row),
        );
        if let Some(from) = self.history_from {
            let from = language::time(from, self.calendar.zone, "%Y-%m-%d");
            section.add_note(&text!("audit-history-from", from = from));
        }
        section
    }

    /// How each figure that is judged stood to its limits, and whether somebody watches it.
    fn figures(&self) -> DocumentSection {
        let watched: BTreeSet<KpiId> = self.rules.iter().filter_map(|(_, kpi)| *kpi).collect();
        let row = |kpi: KpiId| {
            let days: Vec<&Figure> = self.days(kpi).collect();
            let judged = days.iter().filter(|day| day.verdict > Verdict::FewSamples).count();
            let past = days.iter().filter(|day| day.verdict >= Verdict::Warning).count();
            (judged > 0).then(|| {
                let advice = if share(past, judged) >= ALWAYS_PAST {
                    text!("audit-always-past")
                } else if past == 0 {
                    text!("audit-never-past")
                } else if watched.contains(&kpi) {
                    text!("audit-keep")
                } else {
                    text!("audit-unwatched")
                };
                vec![
                    language::kpi(kpi).name.clone(),
                    language::keyed("role", kpi.def().role().key()).to_owned(),
                    judged.to_string(),
                    past.to_string(),
                    if watched.contains(&kpi) { text!("yes") } else { text!("no") }.to_owned(),
                    advice.to_owned(),
                ]
            })
        };
        DocumentSection::new(
            text!("audit-figures"),
            text!("audit-nothing-judged"),
            vec![
                text!("column-what"),
                text!("audit-role"),
                text!("audit-days-judged"),
                text!("audit-days-past"),
                text!("audit-watched"),
                text!("audit-advice"),
            ],
            kpis().into_iter().filter_map(row),
        )
    }

    /// What else of the work changes from day to day with what customers feel.
    fn beside(&self) -> DocumentSection {
        let is_felt = |kpi: &KpiId| kpi.def().role() == KpiRole::Customer && kpi.def().better != Better::Neutral;
        // A sum goes with every rate of which it is a part: of the sums, only what came is looked at.
        let is_mean = |kpi: &KpiId| kpi.def().sampled && *kpi != KpiId::Cost;
        let compared = kpis().into_iter().filter(|kpi| is_mean(kpi) || *kpi == KpiId::Offered);
        let (felt, others): (Vec<KpiId>, Vec<KpiId>) = compared.partition(is_felt);
        let series: BTreeMap<KpiId, BTreeMap<Time, f64>> =
            felt.iter().chain(&others).map(|kpi| (*kpi, self.without_weekdays(*kpi))).collect();
        let mut rows: Vec<Vec<String>> = Vec::new();
        for kpi in &felt {
            let mut found: Vec<(RankCorrelation, KpiId)> = Vec::new();
            let of_another_group = |other: &&KpiId| **other == KpiId::Offered || other.def().group != kpi.def().group;
            for other in others.iter().filter(of_another_group) {
                let (Some(xs), Some(ys)) = (series.get(kpi), series.get(other)) else { continue };
                let pairs: Vec<(f64, f64)> = xs.iter().filter_map(|(day, x)| Some((*x, *ys.get(day)?))).collect();
                found.extend(
                    RankCorrelation::of(&pairs).filter(|both| both.is_beyond_chance).map(|both| (both, *other)),
                );
            }
            found.sort_by(|(a, x), (b, y)| b.rho.abs().total_cmp(&a.rho.abs()).then(x.cmp(y)));
            rows.extend(found.into_iter().take(MAX_BESIDE).map(|(both, other)| {
                vec![
                    language::kpi(*kpi).name.clone(),
                    language::kpi(other).name.clone(),
                    language::decimal(both.rho, 2),
                    text!(
                        "report-interval",
                        low = language::decimal(both.low, 2),
                        high = language::decimal(both.high, 2)
                    ),
                    both.n.to_string(),
                ]
            }));
        }
        let mut section = DocumentSection::new(
            text!("audit-beside"),
            text!("audit-nothing-beside"),
            vec![
                text!("column-what"),
                text!("audit-goes-with"),
                text!("audit-correlation"),
                text!("column-interval"),
                text!("audit-days"),
            ],
            rows.into_iter(),
        );
        section.add_note(text!("audit-about-beside"));
        section
    }

    /// Which inputs there are.
    fn inputs(&self) -> DocumentSection {
        let row = |(input, kpi): (&str, KpiId)| {
            let total = self.by_day.total.get(kpis().iter().position(|known| *known == kpi)?)?;
            let why = total.reason.as_ref().map_or("", |reason| language::told(reason.as_str()));
            let there = if total.is_known() { text!("yes") } else { text!("no") };
            Some(vec![
                language::keyed("audit-input", input).to_owned(),
                there.to_owned(),
                if total.is_known() { String::new() } else { why.to_owned() },
            ])
        };
        let heads = vec![text!("audit-input"), text!("audit-there"), text!("column-why")];
        DocumentSection::new(
            text!("audit-inputs"),
            text!("audit-nothing-judged"),
            heads,
            INPUTS.into_iter().filter_map(row),
        )
    }

    /// The known figures of a KPI, a day each.
    fn days(&self, kpi: KpiId) -> impl Iterator<Item = &Figure> {
        let at = kpis().iter().position(|known| *known == kpi);
        let rows = self.by_day.rows.iter();
        rows.filter_map(move |row| row.figures.get(at?).filter(|figure| figure.is_known()))
    }

    /// The value of each day less the median of the same weekday: what differs by weekday goes with everything.
    fn without_weekdays(&self, kpi: KpiId) -> BTreeMap<Time, f64> {
        let days = self.by_day.rows.iter().filter_map(|row| Some((row.start?, value(&row.figures, kpi)?)));
        let mut weekdays: BTreeMap<u32, Vec<(Time, f64)>> = BTreeMap::new();
        for (start, value) in days {
            let weekday = self.calendar.day(start).weekday().num_days_from_monday();
            weekdays.entry(weekday).or_default().push((start, value));
        }
        let rest = |days: Vec<(Time, f64)>| {
            let middle = median(&days.iter().map(|(_, value)| *value).collect::<Vec<_>>()).unwrap_or(0.0);
            days.into_iter().map(move |(start, value)| (start, value - middle))
        };
        weekdays.into_values().flat_map(rest).collect()
    }
}

/// What a person does about an alert.
const DEEDS: [HistoryKind; 4] =
    [HistoryKind::Acknowledged, HistoryKind::Late, HistoryKind::Noted, HistoryKind::Snoozed];

/// Whether a person did one of these.
fn did(episode: &Episode, kinds: &[HistoryKind]) -> bool {
    episode.trail.iter().any(|entry| entry.who.is_some() && kinds.contains(&entry.kind))
}

/// The median time from firing to the end.
fn time_to_clear(episodes: &[&Episode]) -> String {
    let lasted = |episode: &&Episode| Some(episode.resolved?.since(episode.fired?).as_secs_f64());
    let middle = median(&episodes.iter().filter_map(lasted).collect::<Vec<_>>());
    middle.map_or_else(
        || UNKNOWN.to_owned(),
        |seconds| language::age(Span::from_secs_f64(seconds).unwrap_or_default().as_secs()),
    )
}

fn value(figures: &[Figure], kpi: KpiId) -> Option<f64> {
    figures.get(kpis().iter().position(|known| *known == kpi)?)?.value
}

#[expect(clippy::cast_precision_loss, reason = "numbers of days")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}
