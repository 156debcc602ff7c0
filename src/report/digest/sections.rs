//! The parts of a digest, each a table: what to do comes first, and what is not known last.

use std::collections::BTreeMap;

use super::super::document::{Document, DocumentSection};
use super::super::{chart::Chart, mark};
use super::data::{Digest, KPIS, MAX_CONTACTS, OPEN_KPIS, figure, row_of};
use super::period::Cadence;
use super::trend::DigestTrend;
use crate::board::ContactRow;
use crate::clock::Time;
use crate::event::Channel;
use crate::kpi::control::{MIN_USUAL_POINTS, SeriesState, count_change, median, unusual_length};
use crate::kpi::difference::{Quotient, effects};
use crate::kpi::format::{UNKNOWN, duration};
use crate::kpi::{AnswerRow, Dim, Figure, KpiId, Unit, Verdict};
use crate::language::{self, ShownFigure as _, text};
use crate::text::Label;

/// The most rows of a table that is about the first of something.
const MAX_FIRST: usize = 10;
/// The most things to do.
const MAX_TO_DO: usize = 5;

pub(super) fn document(digest: &Digest) -> Document {
    let trends = digest.trends();
    let mut sections = vec![digest.to_do(&trends), Digest::figures(&trends)];
    match digest.period.cadence {
        Cadence::Weekly => {
            sections.extend([digest.intents(), digest.backlog(), digest.long_contacts(), digest.reopened()]);
        }
        Cadence::Monthly | Cadence::Quarterly => {
            sections.extend([digest.channels(), digest.fcr_causes(), digest.backlog(), digest.intents()]);
        }
    }
    sections.extend([digest.annotations(), digest.missing()]);
    let title = language::keyed("digest", digest.period.cadence.key());
    let floor = &digest.data.title;
    Document {
        title: if floor.is_empty() { title.to_owned() } else { format!("{title} · {floor}") },
        about: digest.about(),
        sections,
    }
}

impl Digest {
    fn date(&self, at: Time) -> String {
        language::time(at, self.period.calendar.zone, "%Y-%m-%d")
    }

    fn about(&self) -> String {
        let (own, before) = (self.period.own(), self.period.time_before());
        let (now, earlier) = (self.coverage_of(&self.period.own_days()), self.coverage_of(&self.period.days_before()));
        let steps = self.comparable_steps();
        let usual = steps.len().saturating_sub(self.period.own_steps());
        let times = text!(
            "digest-times",
            from = self.date(own.start),
            to = self.date(own.end),
            before = self.date(before.start),
            zone = self.period.calendar.zone.name()
        );
        let coverage = text!(
            "digest-coverage",
            days = now.with_data,
            all = now.days,
            before = earlier.with_data,
            before_all = earlier.days,
            steps = steps.iter().take(usual).filter(|comparable| **comparable).count(),
            usual = usual
        );
        format!("{times} {coverage}")
    }

    /// The figures past a limit, and those that got worse beyond chance, the worst first.
    fn to_do(&self, trends: &[DigestTrend<'_>]) -> DocumentSection {
        let mut bad: Vec<&DigestTrend<'_>> = trends.iter().filter(|trend| trend.is_bad() || trend.is_worse()).collect();
        bad.sort_by_key(|trend| std::cmp::Reverse((trend.now.verdict, trend.is_worse())));
        let left_out = bad.len().saturating_sub(MAX_TO_DO);
        let row = |trend: &&DigestTrend<'_>| {
            let limit = match trend.now.verdict {
                Verdict::Critical => Some(text!("digest-past-critical")),
                Verdict::Warning => Some(text!("digest-past-warning")),
                _ => None,
            };
            let worse = trend.is_worse().then(|| reading(trend));
            let why: Vec<&str> = limit.into_iter().chain(worse.as_deref()).collect();
            let words = language::kpi(trend.kpi);
            vec![words.name.clone(), shown(trend.kpi, Some(trend.now)), why.join("; "), words.action.clone()]
        };
        let mut section = DocumentSection::new(
            text!("digest-to-do"),
            if self.coverage_of(&self.period.own_days()).with_data == 0 {
                text!("digest-no-data")
            } else {
                text!("digest-nothing-to-do")
            },
            vec![text!("column-what"), text!("column-now"), text!("column-why"), text!("handover-what-to-do")],
            bad.iter().take(MAX_TO_DO).map(row),
        );
        if left_out > 0 {
            section.note = text!("handover-left-out", count = left_out);
        }
        section
    }

    /// Every known figure with its course.
    fn figures(trends: &[DigestTrend<'_>]) -> DocumentSection {
        let row = |trend: &DigestTrend<'_>| {
            let usual = trend.usual.map_or_else(
                || UNKNOWN.to_owned(),
                |usual| {
                    text!("report-interval", low = bound(trend.kpi, usual.low), high = bound(trend.kpi, usual.high))
                },
            );
            vec![
                language::kpi(trend.kpi).name.clone(),
                shown(trend.kpi, Some(trend.now)),
                shown(trend.kpi, trend.before),
                usual,
                language::plain_count(trend.now.n),
                reading(trend),
            ]
        };
        let heads = vec![
            text!("column-what"),
            text!("column-now"),
            text!("digest-before"),
            text!("digest-usual-range"),
            "n",
            text!("digest-reading"),
            text!("digest-course"),
        ];
        let mut section = DocumentSection::new(
            text!("digest-figures"),
            text!("digest-nothing-counted"),
            heads,
            trends.iter().map(row),
        );
        section.charts =
            trends.iter().map(|trend| Chart { points: trend.points.clone(), usual: trend.usual }).collect();
        section.add_note(text!("digest-about-usual"));
        section
    }

    /// What came, by intent.
    fn intents(&self) -> DocumentSection {
        let total = figure(&self.data.intents.total, KpiId::Offered).and_then(|all| all.value).unwrap_or(0.0);
        let row = |row: &AnswerRow| {
            let offered = count(row, KpiId::Offered);
            vec![
                name(row, Dim::Intent),
                language::count(offered),
                language::percent(100.0 * offered / total.max(1.0), 0),
                self.change(row_of(&self.data.intents_before, &row.key), offered),
                shown(KpiId::Aht, figure(&row.figures, KpiId::Aht)),
                shown(KpiId::Fcr, figure(&row.figures, KpiId::Fcr)),
            ]
        };
        let rows: Vec<&AnswerRow> =
            self.data.intents.rows.iter().filter(|row| count(row, KpiId::Offered) > 0.0).collect();
        let left_out = rows.len().saturating_sub(MAX_FIRST);
        let mut section = DocumentSection::new(
            text!("digest-intents"),
            text!("digest-nothing-counted"),
            vec![
                text!("column-intent"),
                text!("column-offered"),
                text!("column-share"),
                text!("digest-change"),
                text!("column-aht"),
                text!("column-fcr"),
            ],
            rows.into_iter().take(MAX_FIRST).map(row),
        );
        if left_out > 0 {
            section.note = text!("handover-left-out", count = left_out);
        }
        section
    }

    /// How a count differs from that of the time before, for each day with data.
    fn change(&self, before: Option<&AnswerRow>, now: f64) -> String {
        let days = |days| f64::from(u32::try_from(self.coverage_of(&days).with_data).unwrap_or(0));
        let (days_now, days_before) = (days(self.period.own_days()), days(self.period.days_before()));
        let before = before.map_or(0.0, |row| count(row, KpiId::Offered));
        if days_before <= 0.0 || days_now <= 0.0 {
            return text!("digest-no-baseline").to_owned();
        }
        let beyond = count_change((before, days_before), (now, days_now)).is_some();
        let change = if before > 0.0 {
            // Adding 0 makes 0 of -0.
            let percent = (100.0 * (now / days_now / (before / days_before) - 1.0)).round() + 0.0;
            format!("{}{}", if percent > 0.0 { "+" } else { "" }, language::percent(percent, 0))
        } else {
            text!("digest-new").to_owned()
        };
        if beyond { text!("digest-beyond-chance", change = change) } else { change }
    }

    /// What came, went and is open of the channels that need not be answered at once.
    fn backlog(&self) -> DocumentSection {
        let days = f64::from(u32::try_from(self.coverage_of(&self.period.own_days()).with_data).unwrap_or(0));
        let is_written = |row: &&AnswerRow| {
            let channel = row.key.get(Dim::Channel).and_then(|channel| Channel::parse(channel.as_str()));
            channel.is_some_and(Channel::is_asynchronous)
        };
        let row = |row: &AnswerRow| {
            let (came, handled) = (count(row, KpiId::Offered), count(row, KpiId::Handled));
            let open = row_of(&self.data.open, &row.key);
            let now =
                |kpi| open.and_then(|open| open.figures.get(OPEN_KPIS.iter().position(|known| *known == kpi)?)?.value);
            let (open, aged) = (now(KpiId::Backlog), now(KpiId::AgedBacklog));
            let clear = open.filter(|_| handled > 0.0 && days > 0.0).map(|open| open * days / handled);
            let number = |value: Option<f64>| value.map_or_else(|| UNKNOWN.to_owned(), language::count);
            vec![
                name(row, Dim::Channel),
                language::count(came),
                language::count(handled),
                language::count(came - handled),
                number(open),
                number(aged),
                clear.map_or_else(|| UNKNOWN.to_owned(), |days| language::decimal(days, 1)),
            ]
        };
        let mut section = DocumentSection::new(
            text!("digest-backlog"),
            text!("digest-no-written"),
            vec![
                text!("column-channel"),
                text!("handover-came"),
                text!("column-handled"),
                text!("digest-net"),
                text!("digest-open-now"),
                text!("digest-aged-now"),
                text!("digest-days-to-clear"),
            ],
            self.data.channels.rows.iter().filter(is_written).map(row),
        );
        section.add_note(text!("digest-about-backlog"));
        section
    }

    /// Contacts that took unusually long for what they were about.
    fn long_contacts(&self) -> DocumentSection {
        let mut kinds: BTreeMap<(&Label, &'static str), Vec<(f64, &ContactRow)>> = BTreeMap::new();
        for contact in &self.data.contacts {
            if let Some(talk) = contact.talk.filter(|_| contact.ended.is_some()) {
                let kind = (&contact.intent, contact.channel.key());
                let handling = talk + contact.hold + contact.acw;
                kinds.entry(kind).or_default().push((handling.as_secs_f64(), contact));
            }
        }
        let mut long: Vec<(f64, f64, &ContactRow)> = Vec::new();
        for contacts in kinds.values() {
            let Some(limit) = unusual_length(contacts.iter().map(|(handling, _)| *handling)) else { continue };
            let middle = median(&contacts.iter().map(|(handling, _)| *handling).collect::<Vec<_>>()).unwrap_or(limit);
            long.extend(contacts.iter().filter(|(handling, _)| *handling > limit).map(|(h, c)| (h / middle, *h, *c)));
        }
        long.sort_by(|(a, _, x), (b, _, y)| b.total_cmp(a).then_with(|| x.contact.cmp(&y.contact)));
        let found = long.len();
        let row = |(times, handling, contact): (f64, f64, &ContactRow)| {
            vec![
                language::time(contact.offered, self.period.calendar.zone, text!("time-date-minute")),
                contact.contact.to_string(),
                language_name(&contact.intent, Dim::Intent),
                language::channel(contact.channel).to_owned(),
                duration(handling),
                format!("×{}", language::decimal(times, 1)),
            ]
        };
        let mut section = DocumentSection::new(
            text!("digest-long"),
            text!("digest-none-long"),
            vec![
                text!("handover-when"),
                text!("column-contact"),
                text!("column-intent"),
                text!("column-channel"),
                text!("digest-handling"),
                text!("digest-times-median"),
            ],
            long.into_iter().take(MAX_FIRST).map(row),
        );
        let looked_at = self.data.contacts.len();
        section.note = text!("digest-about-long", found = found, contacts = language::plain_count(looked_at as u64));
        if looked_at >= MAX_CONTACTS {
            section.add_note(text!("digest-newest-only"));
        }
        section
    }

    /// The intents of which most contacts were opened again.
    fn reopened(&self) -> DocumentSection {
        let reopened = |row: &AnswerRow| figure(&row.figures, KpiId::ReopenRate)?.numerator.filter(|n| *n > 0.0);
        let rows = self.data.intents.rows.iter();
        let mut rows: Vec<(f64, &AnswerRow)> = rows.filter_map(|row| Some((reopened(row)?, row))).collect();
        rows.sort_by(|(a, x), (b, y)| b.total_cmp(a).then_with(|| x.key.cmp(&y.key)));
        let row = |(reopened, row): (f64, &AnswerRow)| {
            let before = row_of(&self.data.intents_before, &row.key);
            let rate = figure(&row.figures, KpiId::ReopenRate);
            vec![
                name(row, Dim::Intent),
                language::count(reopened),
                shown(KpiId::ReopenRate, rate),
                before.map_or_else(
                    || UNKNOWN.to_owned(),
                    |before| shown(KpiId::ReopenRate, figure(&before.figures, KpiId::ReopenRate)),
                ),
                rate.map_or_else(String::new, |rate| language::plain_count(rate.n)),
            ]
        };
        DocumentSection::new(
            text!("digest-reopened"),
            text!("digest-none-reopened"),
            vec![
                text!("column-intent"),
                text!("digest-reopened-count"),
                text!("digest-rate"),
                text!("digest-before"),
                "n",
            ],
            rows.into_iter().take(MAX_FIRST).map(row),
        )
    }

    /// How each channel did.
    fn channels(&self) -> DocumentSection {
        const SHOWN: [KpiId; 7] =
            [KpiId::ServiceLevel, KpiId::Frt, KpiId::Fcr, KpiId::Csat, KpiId::Ces, KpiId::Nps, KpiId::Aht];
        let known = |kpi: &KpiId| figure(&self.data.channels.total, *kpi).is_some_and(Figure::is_known);
        let columns: Vec<KpiId> = SHOWN.into_iter().filter(known).collect();
        let row = |row: &AnswerRow| {
            let offered = count(row, KpiId::Offered);
            let before = row_of(&self.data.channels_before, &row.key);
            let mut cells = vec![name(row, Dim::Channel), language::count(offered), self.change(before, offered)];
            cells.extend(columns.iter().map(|kpi| {
                let now = shown(*kpi, figure(&row.figures, *kpi));
                let then = before.and_then(|row| figure(&row.figures, *kpi)).filter(|figure| figure.is_known());
                then.map_or_else(
                    || now.clone(),
                    |then| text!("digest-from-to", before = shown(*kpi, Some(then)), now = now),
                )
            }));
            cells
        };
        let mut heads = vec![text!("column-channel"), text!("column-offered"), text!("digest-change")];
        heads.extend(columns.iter().map(|kpi| language::kpi(*kpi).short.as_str()));
        let rows = self.data.channels.rows.iter().filter(|row| count(row, KpiId::Offered) > 0.0).map(row);
        DocumentSection::new(text!("digest-channels"), text!("digest-nothing-counted"), heads, rows)
    }

    /// Which intents moved first contact resolution: by coming more or less often, or by being resolved otherwise.
    fn fcr_causes(&self) -> DocumentSection {
        let quotient = |figures: &[Figure]| {
            let fcr = figure(figures, KpiId::Fcr);
            let parts = fcr.and_then(|fcr| Some((fcr.numerator?, fcr.denominator?))).unwrap_or_default();
            Quotient { numerator: parts.0, denominator: parts.1 }
        };
        let (now, before) = (&self.data.intents, &self.data.intents_before);
        let mut parts: Vec<(Quotient, Quotient)> = Vec::new();
        for row in &now.rows {
            let earlier = row_of(before, &row.key).map_or_else(Quotient::default, |row| quotient(&row.figures));
            parts.push((earlier, quotient(&row.figures)));
        }
        let rest = (
            quotient(&before.total).without(parts.iter().map(|part| part.0)),
            quotient(&now.total).without(parts.iter().map(|part| part.1)),
        );
        parts.push(rest);
        let effects = effects(&parts);
        let mut moved: Vec<_> = now.rows.iter().zip(&effects).filter(|(_, effect)| effect.total() != 0.0).collect();
        moved.sort_by(|(_, a), (_, b)| b.total().abs().total_cmp(&a.total().abs()));
        let points = |share: f64| {
            let points = language::decimal(100.0 * share, 1);
            if share > 0.0 { format!("+{points}") } else { points }
        };
        let row = |(row, effect): (&AnswerRow, &crate::kpi::difference::PartEffect)| {
            let then = row_of(before, &row.key).and_then(|row| figure(&row.figures, KpiId::Fcr));
            let is = figure(&row.figures, KpiId::Fcr);
            vec![
                name(row, Dim::Intent),
                shown(KpiId::Fcr, then),
                shown(KpiId::Fcr, is),
                is.map_or_else(String::new, |fcr| language::plain_count(fcr.n)),
                points(effect.share),
                points(effect.ratio),
            ]
        };
        let mut section = DocumentSection::new(
            text!("digest-fcr-causes"),
            text!("digest-no-fcr"),
            vec![
                text!("column-intent"),
                text!("digest-before"),
                text!("column-now"),
                "n",
                text!("digest-by-share"),
                text!("digest-by-ratio"),
            ],
            moved.into_iter().take(MAX_TO_DO).map(row),
        );
        section.note = text!(
            "digest-about-fcr",
            before = shown(KpiId::Fcr, figure(&before.total, KpiId::Fcr)),
            now = shown(KpiId::Fcr, figure(&now.total, KpiId::Fcr))
        );
        section
    }

    fn annotations(&self) -> DocumentSection {
        let day_minute = |at| language::time(at, self.period.calendar.zone, text!("time-date-minute"));
        let row = |said: &crate::annotation::Annotation| {
            vec![day_minute(said.at), said.of.to_string(), said.text.to_string(), said.who.name.to_string()]
        };
        DocumentSection::new(
            text!("handover-annotations"),
            text!("handover-no-annotations"),
            vec![text!("column-from"), text!("column-where"), text!("column-what"), text!("column-who")],
            self.data.annotations.iter().map(row),
        )
    }

    /// The figures that are not known, and why, and the days without data.
    fn missing(&self) -> DocumentSection {
        let unknown = KPIS.into_iter().zip(&self.data.intents.total).filter(|(_, figure)| !figure.is_known());
        let figures = unknown.map(|(kpi, figure)| {
            let why = figure.reason.as_ref().map_or(UNKNOWN, |reason| language::told(reason.as_str()));
            vec![language::kpi(kpi).name.clone(), why.to_owned()]
        });
        let own = self.coverage_of(&self.period.own_days());
        let gap = (own.with_data < own.days).then(|| {
            vec![text!("digest-days").to_owned(), text!("digest-days-missing", count = own.days - own.with_data)]
        });
        DocumentSection::new(
            text!("digest-missing"),
            text!("digest-nothing-missing"),
            vec![text!("column-what"), text!("column-why")],
            gap.into_iter().chain(figures),
        )
    }
}

/// How the newest value stands to those before, in words.
fn reading(trend: &DigestTrend<'_>) -> String {
    match trend.state {
        SeriesState::Outside { above: true } => text!("digest-above").to_owned(),
        SeriesState::Outside { above: false } => text!("digest-below").to_owned(),
        SeriesState::Shifted { above: true } => text!("digest-shifted-up").to_owned(),
        SeriesState::Shifted { above: false } => text!("digest-shifted-down").to_owned(),
        SeriesState::Usual => text!("digest-usual").to_owned(),
        SeriesState::Unknown if trend.now.verdict == Verdict::FewSamples => text!("verdict-few").to_owned(),
        SeriesState::Unknown if trend.baseline < MIN_USUAL_POINTS => {
            text!("digest-few-steps", count = trend.baseline, least = MIN_USUAL_POINTS)
        }
        SeriesState::Unknown => text!("digest-gaps").to_owned(),
    }
}

/// A figure with the sign of its verdict.
fn shown(kpi: KpiId, figure: Option<&Figure>) -> String {
    let Some(figure) = figure else { return UNKNOWN.to_owned() };
    format!("{}{}", kpi.def().shown(figure), mark(figure.verdict))
}

/// A limit of a usual range, held to the values that there are.
fn bound(kpi: KpiId, value: f64) -> String {
    let held = match kpi.def().unit {
        Unit::Percent => value.clamp(0.0, 100.0),
        Unit::Points => value.clamp(-100.0, 100.0),
        _ => value.max(0.0),
    };
    kpi.def().shown_value(held, 0)
}

fn count(row: &AnswerRow, kpi: KpiId) -> f64 {
    figure(&row.figures, kpi).and_then(|figure| figure.value).unwrap_or(0.0)
}

fn name(row: &AnswerRow, dim: Dim) -> String {
    row.key.get(dim).map_or_else(String::new, |value| language_name(value, dim))
}

fn language_name(value: &Label, dim: Dim) -> String {
    match (dim, Channel::parse(value.as_str())) {
        _ if value.is_empty() => language::no(dim).to_owned(),
        (Dim::Channel, Some(channel)) => language::channel(channel).to_owned(),
        _ => value.to_string(),
    }
}
