//! Parses and checks queries for figures, as given in the URL.

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::problem::ApiProblem;
use crate::clock::Time;
use crate::kpi::{Dim, Every, Formula, KpiId, Period, Query, RowSelection, Slice, Window};
use crate::text::Label;

/// The most rows of a query with `every`: a day in steps of one minute fits.
const MAX_STEPS: i64 = 2_000;

/// The query parameters. This type only describes them, because `of` may be given more than once.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "its fields are the description")]
pub(super) struct FiguresParams {
    /// A dimension and its value, such as `queue:billing`; several narrow the slice further. The whole floor when
    /// absent.
    #[param(inline)]
    of: Option<Vec<OfText>>,
    /// Up to two dimensions, separated by commas, with a row for each value.
    #[param(inline, style = Form, explode = false, max_items = 2)]
    by: Option<Vec<Dim>>,
    /// The period: 15m, 30m, 1h, interval, today (the default), 7d, 30d, or from..to in RFC 3339.
    #[param(inline)]
    over: Option<OverText>,
    /// The length of the steps: minutes that divide a day, or days (`30m`, `1d`).
    #[param(inline)]
    every: Option<EveryText>,
    /// The ids of the figures (see `/v1/kpis`), separated by commas.
    #[param(inline, style = Form, explode = false, min_items = 1)]
    kpis: Vec<KpiId>,
    /// The service level formula; the configured one when absent.
    #[param(inline)]
    formula: Option<Formula>,
}

struct OfText;
struct OverText;
struct EveryText;

/// Describe a parameter by a pattern.
macro_rules! described_by {
    ($name:ident, $pattern:expr) => {
        impl ToSchema for $name {}
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type(Type::String).pattern(Some($pattern)).into()
            }
        }
    };
}

described_by!(OfText, format!("^({}):", Dim::ALL.map(Dim::key).join("|")));
described_by!(OverText, {
    let instant = concat!(
        "((19|20)[0-9]{2}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)",
        "|02-(0[1-9]|1[0-9]|2[0-8]))|((19|20)(0[48]|[2468][048]|[13579][26])|2000)-02-29)",
        r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])",
    );
    format!(r"^({}|{instant}\.\.{instant})$", Window::ALL.map(Window::key).join("|"))
});
described_by!(EveryText, {
    let divisors =
        |whole: u32| (1..=whole).filter(move |part| whole.is_multiple_of(*part)).map(|part| part.to_string());
    let of = |whole| divisors(whole).collect::<Vec<_>>().join("|");
    format!("^(({})m|({})h|[1-9][0-9]{{0,3}}d)$", of(1440), of(24))
});

/// The query that the parameters of a URL describe.
pub(super) fn parse(params: &[(String, String)]) -> Result<Query, ApiProblem> {
    let mut query = Query {
        of: Slice::TOTAL,
        by: Vec::new(),
        over: Period::Window(Window::Today),
        every: None,
        kpis: Vec::new(),
        formula: None,
    };
    for (key, value) in params {
        match key.as_str() {
            "of" => {
                let (dim, of) = value.split_once(':').ok_or_else(|| wrong("of", "is written queue:NAME"))?;
                query.of = query.of.and(dimension("of", dim)?, Label::new(of));
            }
            "by" => query.by = list(value).map(|word| dimension("by", word)).collect::<Result<_, _>>()?,
            "over" => query.over = over(value)?,
            "every" => query.every = Some(Every::parse(value).map_err(|why| wrong("every", &why))?),
            "kpis" => query.kpis = list(value).map(kpi).collect::<Result<_, _>>()?,
            "formula" => {
                let formula = Formula::parse(value);
                query.formula = Some(formula.ok_or_else(|| wrong("formula", "is none of the six service levels"))?);
            }
            other => {
                let other = Label::new(other);
                return Err(ApiProblem::bad(format!(
                    "there is no parameter `{other}`: of, by, over, every, kpis, formula"
                )));
            }
        }
    }
    checked(query)
}

/// A query as the body of a request, with the rows that are wanted; all where they are not named.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct FiguresQuestion {
    #[serde(flatten)]
    pub(super) query: Query,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) rows: RowSelection,
}

fn is_default(rows: &RowSelection) -> bool {
    *rows == RowSelection::All
}

impl FiguresQuestion {
    /// Check the question, and remove repeated KPIs.
    pub(super) fn checked(self) -> Result<Self, ApiProblem> {
        let query = checked(self.query)?;
        match self.rows {
            RowSelection::First { kpi, .. } if !query.kpis.contains(&kpi) => {
                Err(impossible("rows", "orders by a figure that `kpis` does not name"))
            }
            rows => Ok(Self { query, rows }),
        }
    }
}

/// Check a query, and remove repeated KPIs.
pub(super) fn checked(mut query: Query) -> Result<Query, ApiProblem> {
    let mut seen = std::collections::HashSet::new();
    query.kpis.retain(|kpi| seen.insert(*kpi));
    if query.kpis.is_empty() {
        return Err(wrong("kpis", "is missing: which figures? /v1/kpis lists them"));
    }
    if query.by.len() > 2 {
        return Err(wrong("by", "takes two dimensions at most"));
    }
    if let (Period::Range(from, to), every) = (query.over, query.every) {
        if from >= to {
            return Err(impossible("over", "ends before it begins"));
        }
        let step = match every {
            Some(Every::Minutes(minutes)) => i64::from(minutes.max(1)) * 60,
            Some(Every::Days(_)) | None => 86_400,
        };
        if to.since(from).as_secs() / step > MAX_STEPS {
            return Err(ApiProblem::answer_too_large(
                "`over` is too long for such short steps: ask for longer ones, or a shorter time",
            ));
        }
    }
    match query.every {
        Some(Every::Minutes(0) | Every::Days(0)) => Err(wrong("every", "must be a minute or more")),
        Some(Every::Minutes(minutes)) if 1440 % minutes != 0 => Err(wrong("every", "must divide a day")),
        _ => Ok(query),
    }
}

fn list(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|word| !word.is_empty())
}

fn dimension(key: &str, word: &str) -> Result<Dim, ApiProblem> {
    Dim::parse(word).ok_or_else(|| wrong(key, "takes queue, intent, agent, channel or team"))
}

fn kpi(word: &str) -> Result<KpiId, ApiProblem> {
    KpiId::parse(word).ok_or_else(|| {
        let near = KpiId::nearest(word)
            .map_or_else(|| "/v1/kpis lists them".to_owned(), |near| format!("did you mean {near}?"));
        wrong("kpis", &format!("knows no `{}`: {near}", Label::new(word)))
    })
}

fn over(value: &str) -> Result<Period, ApiProblem> {
    if let Some((from, to)) = value.split_once("..") {
        let instant = |text: &str| {
            Time::parse_rfc3339(text).map_err(|_| wrong("over", "has times in RFC 3339: 2026-03-02T09:00:00Z"))
        };
        return Ok(Period::Range(instant(from)?, instant(to)?));
    }
    let window = Window::ALL.into_iter().find(|window| window.key() == value);
    window.map(Period::Window).ok_or_else(|| wrong("over", "is 15m, 30m, 1h, interval, today, 7d, 30d or from..to"))
}

fn wrong(key: &str, why: &str) -> ApiProblem {
    ApiProblem::bad(format!("`{key}` {why}"))
}

/// What is well formed, but asks for something that there is not.
fn impossible(key: &str, why: &str) -> ApiProblem {
    ApiProblem::impossible(format!("`{key}` {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_url(raw: &str) -> Result<Query, ApiProblem> {
        let uri = format!("/?{}", raw.replace(' ', "%20")).parse().unwrap();
        let axum::extract::Query::<Vec<_>>(params) = axum::extract::Query::try_from_uri(&uri).unwrap();
        parse(&params)
    }

    #[test]
    fn a_question_reads_as_it_is_meant() {
        let query =
            parse_url("of=queue:billing%20desk&of=intent:refund&by=agent&over=1h&every=15m&kpis=asa,offered").unwrap();
        assert_eq!(query.of.get(Dim::Queue), Some(&"billing desk".into()));
        assert_eq!(query.of.get(Dim::Intent), Some(&"refund".into()));
        assert_eq!((query.by, query.every), (vec![Dim::Agent], Some(Every::Minutes(15))));
        assert_eq!(query.kpis, [KpiId::Asa, KpiId::Offered]);
        assert_eq!(query.over, Period::Window(Window::H1));
    }

    #[test]
    fn what_is_wrong_is_named_with_the_remedy() {
        for (raw, words) in [
            ("", "`kpis` is missing"),
            ("kpis=asaa", "did you mean asa?"),
            ("kpis=asa&of=billing", "queue:NAME"),
            ("kpis=asa&by=queue,agent,team", "two dimensions"),
            ("kpis=asa&over=yesterday", "15m, 30m"),
            ("kpis=asa&over=2026-03-02T09:00:00Z..2026-03-01T09:00:00Z", "before it begins"),
            ("kpis=asa&every=1m&over=2026-01-01T00:00:00Z..2026-03-01T00:00:00Z", "too long"),
            ("kpis=asa&every=7m", "divide a day"),
            ("kpis=asa&queue=billing", "no parameter `queue`"),
        ] {
            let said = parse_url(raw).unwrap_err().message;
            assert!(said.contains(words), "{raw}: {said}");
        }
    }
}
