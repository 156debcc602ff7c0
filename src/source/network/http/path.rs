//! `JMESPath` expressions, which locate values in JSON documents. They are compiled when the configuration is read.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

use chrono::{NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use jmespath::ast::Ast;
use jmespath::functions::{ArgumentType, CustomFunction, Signature};
use jmespath::{Context, ErrorReason, Expression, JmespathError, Rcvar, Runtime, SearchResult, Variable};
use serde::{Deserialize, Deserializer};
use serde_json::Number;

use crate::clock::Time;
use crate::source::rejection::RejectionReason;

/// The functions of `JMESPath`, with a `sum` that also adds numbers that are written as text.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut runtime = Runtime::new();
    runtime.register_builtin_functions();
    let signature = Signature::new(vec![ArgumentType::Array], None);
    runtime.register_function("sum", Box::new(CustomFunction::new(signature, Box::new(sum))));
    runtime
});

/// The sum of a list of numbers, some of which may be text.
fn sum(arguments: &[Rcvar], context: &mut Context<'_>) -> SearchResult {
    let wrong = |reason: String| JmespathError::new(context.expression, context.offset, ErrorReason::Parse(reason));
    let items = arguments.first().and_then(|list| list.as_array()).map_or(&[][..], Vec::as_slice);
    let mut sum = 0.0;
    for item in items {
        let text = item.as_string().and_then(|text| text.trim().parse::<f64>().ok());
        let number = item.as_number().or(text).filter(|number| number.is_finite());
        sum += number.ok_or_else(|| wrong(format!("`sum` of a list with {item}, which is no number")))?;
    }
    let sum = Number::from_f64(sum).ok_or_else(|| wrong("a `sum` that is no number".to_owned()))?;
    Ok(Rcvar::new(Variable::Number(sum)))
}

/// A compiled `JMESPath` expression.
#[derive(Clone, PartialEq)]
pub struct JmesPath(Expression<'static>);

impl JmesPath {
    /// Compile `text`.
    ///
    /// # Errors
    /// If it is not a valid expression: the reason and the position.
    pub(in crate::source::network) fn compile(text: &str) -> Result<Self, String> {
        check_size(text)?;
        let wrong = |error: jmespath::JmespathError| {
            format!("`{text}` is no JMESPath expression (at character {}): {}", error.offset + 1, error.reason)
        };
        let expression = RUNTIME.compile(text).map_err(wrong)?;
        if copies(expression.as_ast()) > MAX_COPIES {
            return Err(format!("`{text}` repeats what it reads more than {MAX_COPIES} times: name each value once"));
        }
        Ok(Self(expression))
    }

    /// Evaluate the expression in `value`.
    pub(in crate::source::network) fn find(&self, value: &Rcvar) -> Result<Rcvar, String> {
        self.0.search(value).map_err(|error| format!("`{self}`: {}", error.reason))
    }

    /// The names of the keys that the expression looks for, but not those that it makes itself: `{made: looked_for}`.
    pub(super) fn keys(&self) -> BTreeSet<&str> {
        let (mut found, mut made) = (BTreeSet::new(), BTreeSet::new());
        collect_keys(self.0.as_ast(), &mut found, &mut made);
        &found - &made
    }

    /// The names of the keys that the expression makes.
    pub(super) fn made_keys(&self) -> BTreeSet<&str> {
        let mut made = BTreeSet::new();
        collect_keys(self.0.as_ast(), &mut BTreeSet::new(), &mut made);
        made
    }

    /// The result as a number; `None` if it is missing, `null` or an empty string.
    pub(in crate::source::network) fn number(&self, value: &Rcvar) -> Result<Option<f64>, RejectionReason> {
        number(&self.find(value)?, self)
    }

    /// The result as a string; a number is formatted. `None` if it is missing, `null` or an empty string.
    pub(in crate::source::network) fn text(&self, value: &Rcvar) -> Result<Option<String>, RejectionReason> {
        let found = self.find(value)?;
        if found.is_null() {
            return Ok(None);
        }
        match found.as_string() {
            Some(text) => Ok(Some(text.clone()).filter(|text| !text.trim().is_empty())),
            // Two ids of so many digits would be one.
            None if found.as_number().is_some_and(|number| number.abs() >= MAX_EXACT_NUMBER) => {
                Err(format!("`{self}` is a number of too many digits to be told from the next one: it has to be text")
                    .into())
            }
            None if found.is_number() => Ok(Some(found.to_string())),
            None => Err(format!("`{self}` is {}, not a text", found.get_type()).into()),
        }
    }

    /// The same of the next page's token or address, where `false` is none either.
    pub(super) fn text_unless_false(&self, value: &Rcvar) -> Result<Option<String>, RejectionReason> {
        if self.find(value)?.as_boolean() == Some(false) { Ok(None) } else { self.text(value) }
    }

    /// The result as a list of strings, and how many of its items are none; empty ones are left out. `None` if it is missing
    /// or `null`.
    pub(in crate::source::network) fn texts(
        &self,
        value: &Rcvar,
    ) -> Result<Option<(Vec<String>, usize)>, RejectionReason> {
        let found = self.find(value)?;
        let items = match found.as_array() {
            Some(items) => items,
            None if found.is_null() => return Ok(None),
            None => return Err(format!("`{self}` is {}, not a list", found.get_type()).into()),
        };
        let (mut texts, mut odd) = (Vec::new(), 0);
        for item in items.iter().filter(|item| !item.is_null()) {
            match item.as_string().cloned().or_else(|| item.is_number().then(|| item.to_string())) {
                Some(text) => texts.extend(Some(text).filter(|text| !text.is_empty())),
                None => odd += 1,
            }
        }
        Ok(Some((texts, odd)))
    }

    /// The result as a time: RFC 3339, or seconds or milliseconds since 1970.
    pub(in crate::source::network) fn time(&self, value: &Rcvar) -> Result<Option<Time>, RejectionReason> {
        self.time_in(value, None)
    }

    /// The same; a time without an offset from UTC is one in `zone`.
    pub(super) fn time_in(&self, value: &Rcvar, zone: Option<Tz>) -> Result<Option<Time>, RejectionReason> {
        /// Numbers from here on are milliseconds: as seconds this is the year 5138, as milliseconds 1973.
        const MILLISECONDS: f64 = 1e11;
        let found = self.find(value)?;
        if let Some(text) = found.as_string()
            && let Ok(at) = Time::parse_rfc3339(text.trim())
        {
            return Ok(Some(at));
        }
        if let Some(local) = found.as_string().and_then(|text| local_time(text.trim())) {
            let zone = zone.ok_or_else(|| {
                format!(
                    "`{self}` is a time without a zone (`Z`, `+01:00`): a source of kind http can have a `timezone`"
                )
            })?;
            let at = zone.from_local_datetime(&local).earliest().map(Time::from);
            return at.map(Some).ok_or_else(|| format!("`{self}` is a time that no clock in {zone} showed").into());
        }
        let seconds = match number(&found, self) {
            Ok(None) => return Ok(None),
            Ok(Some(number)) if number.abs() >= MILLISECONDS => number / 1e3,
            Ok(Some(number)) => number,
            Err(_) => return Err(format!("`{self}` is no time: RFC 3339, or seconds since 1970 are meant").into()),
        };
        #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
        let at = (seconds.abs() < 1e11).then_some(Time((seconds * 1e6) as i64));
        at.map(Some).ok_or_else(|| format!("`{self}` is no time that is meant").into())
    }
}

/// A date and a time of day without an offset from UTC.
fn local_time(text: &str) -> Option<NaiveDateTime> {
    let formats = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"];
    formats.into_iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
}

/// Integers from here on are no longer all different as 64-bit integers: 2⁶⁴.
const MAX_EXACT_NUMBER: f64 = 18_446_744_073_709_551_616.0;

const MAX_EXPRESSION_BYTES: usize = 4096;
/// The compiler is recursive, so the nesting of an expression is limited.
const MAX_EXPRESSION_DEPTH: usize = 64;

/// How often an expression may repeat a value. A row of twenty figures repeats it twenty times; `[@, @][] | [@, @][] | …`
/// doubles it with each step.
const MAX_COPIES: usize = 1000;

/// How often an expression repeats a value at most: the elements of a list or object add up, and steps multiply.
fn copies(ast: &Ast) -> usize {
    let sum = |parts: &mut dyn Iterator<Item = usize>| parts.fold(0, usize::saturating_add).max(1);
    match ast {
        Ast::Identity { .. } | Ast::Field { .. } | Ast::Index { .. } | Ast::Literal { .. } | Ast::Slice { .. } => 1,
        Ast::Expref { ast: node, .. }
        | Ast::Flatten { node, .. }
        | Ast::Not { node, .. }
        | Ast::ObjectValues { node, .. } => copies(node),
        Ast::Subexpr { lhs, rhs, .. } | Ast::Projection { lhs, rhs, .. } => copies(lhs).saturating_mul(copies(rhs)),
        Ast::Comparison { lhs, rhs, .. }
        | Ast::And { lhs, rhs, .. }
        | Ast::Or { lhs, rhs, .. }
        | Ast::Condition { predicate: lhs, then: rhs, .. } => copies(lhs).max(copies(rhs)),
        Ast::MultiList { elements, .. } => sum(&mut elements.iter().map(copies)),
        Ast::MultiHash { elements, .. } => sum(&mut elements.iter().map(|pair| copies(&pair.value))),
        Ast::Function { args, .. } => args.iter().map(copies).fold(1, usize::saturating_mul),
    }
}

/// Collect the keys that an expression looks for, and those that it makes.
fn collect_keys<'a>(ast: &'a Ast, found: &mut BTreeSet<&'a str>, made: &mut BTreeSet<&'a str>) {
    match ast {
        Ast::Identity { .. } | Ast::Index { .. } | Ast::Literal { .. } | Ast::Slice { .. } => {}
        Ast::Field { name, .. } => _ = found.insert(name),
        Ast::Expref { ast: node, .. }
        | Ast::Flatten { node, .. }
        | Ast::Not { node, .. }
        | Ast::ObjectValues { node, .. } => collect_keys(node, found, made),
        Ast::Subexpr { lhs, rhs, .. }
        | Ast::Projection { lhs, rhs, .. }
        | Ast::Comparison { lhs, rhs, .. }
        | Ast::And { lhs, rhs, .. }
        | Ast::Or { lhs, rhs, .. }
        | Ast::Condition { predicate: lhs, then: rhs, .. } => {
            collect_keys(lhs, found, made);
            collect_keys(rhs, found, made);
        }
        Ast::MultiList { elements, .. } | Ast::Function { args: elements, .. } => {
            for part in elements {
                collect_keys(part, found, made);
            }
        }
        Ast::MultiHash { elements, .. } => {
            for pair in elements {
                made.insert(&pair.key);
                collect_keys(&pair.value, found, made);
            }
        }
    }
}

/// Check that an expression is small enough for the recursive compiler.
fn check_size(text: &str) -> Result<(), String> {
    if text.len() > MAX_EXPRESSION_BYTES {
        return Err(format!("a JMESPath expression is longer than {MAX_EXPRESSION_BYTES} bytes"));
    }
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' | b'!' | b'&' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        deepest = deepest.max(depth);
    }
    if deepest > MAX_EXPRESSION_DEPTH {
        return Err(format!("a JMESPath expression is nested more than {MAX_EXPRESSION_DEPTH} levels deep"));
    }
    Ok(())
}

fn number(found: &Rcvar, path: &JmesPath) -> Result<Option<f64>, RejectionReason> {
    if found.is_null() {
        return Ok(None);
    }
    if let Some(text) = found.as_string() {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        if let Some(seconds) = text.strip_prefix('P').and_then(iso_seconds) {
            return Ok(Some(seconds));
        }
        // Rust also parses words such as `inf` and `nan` as numbers.
        let digits = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
        let number = text.parse::<f64>().ok().filter(|number| digits && number.is_finite());
        return number.map(Some).ok_or_else(|| RejectionReason::new(&format!("`{path}` is not a number"), text));
    }
    let number = found.as_number().filter(|number| number.is_finite());
    number.map(Some).ok_or_else(|| format!("`{path}` is {}, not a number", found.get_type()).into())
}

/// The seconds of a duration of ISO 8601 after its `P`: `T1M23.5S`, `1DT2H`.
fn iso_seconds(text: &str) -> Option<f64> {
    let (mut seconds, mut digits, mut is_time) = (0.0, String::new(), false);
    for letter in text.chars() {
        let unit = match letter {
            'T' if digits.is_empty() => {
                is_time = true;
                continue;
            }
            'D' if !is_time => 86_400.0,
            'H' if is_time => 3600.0,
            'M' if is_time => 60.0,
            'S' if is_time => 1.0,
            _ if letter.is_ascii_digit() || letter == '.' => {
                digits.push(letter);
                continue;
            }
            _ => return None,
        };
        seconds += std::mem::take(&mut digits).parse::<f64>().ok()? * unit;
    }
    (digits.is_empty() && !text.is_empty()).then_some(seconds)
}

impl fmt::Display for JmesPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl fmt::Debug for JmesPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for JmesPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::compile(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Rcvar {
        Rcvar::new(Variable::from_json(text).unwrap())
    }

    fn path(text: &str) -> JmesPath {
        JmesPath::compile(text).unwrap()
    }

    #[test]
    fn an_expression_that_is_none_says_where() {
        let said = JmesPath::compile("rows[?a ==").unwrap_err();
        assert!(said.contains("`rows[?a ==`") && said.contains("at character"), "{said}");
        assert!(JmesPath::compile("nonsense(a)").unwrap().find(&json("{}")).unwrap_err().contains("nonsense"));
    }

    #[test]
    fn an_expression_that_is_too_deep_is_refused_before_it_is_compiled() {
        for deep in ["(", "[", "!", "a[?", "length("] {
            let said = JmesPath::compile(&deep.repeat(500)).unwrap_err();
            assert!(said.contains("levels deep"), "{said}");
        }
        assert!(JmesPath::compile(&"a.".repeat(5_000)).unwrap_err().contains("longer than"));
        // The longest chain that is accepted can be compiled and evaluated.
        let chain = format!("a{}", ".a".repeat(2_000));
        assert!(JmesPath::compile(&chain).unwrap().find(&json("{}")).unwrap().is_null());
    }

    #[test]
    fn an_expression_that_multiplies_what_it_reads_is_refused() {
        for doubling in ["[@, @][] | ", "{a: @, b: @}.*[] | ", "[@ @ @][] | ", "map(&[@, @], @)[] | "] {
            let text = format!("{}@", doubling.repeat(15));
            assert!(JmesPath::compile(&text).unwrap_err().contains("repeats"), "{text}");
        }
        let keys: Vec<_> = (0..40).map(|n| format!("k{n}: a[?b > `{n}`].c | [0]")).collect();
        assert!(JmesPath::compile(&format!("rows[].{{{}}}", keys.join(", "))).is_ok());
    }

    #[test]
    fn numbers_may_be_text_and_nothing_is_no_number() {
        let row =
            json(r#"{"n": 3, "text": " 4.5 ", "words": "n/a", "inf": "inf", "null": null, "empty": "", "yes": true}"#);
        let number = |at: &str| path(at).number(&row);
        assert_eq!(number("n"), Ok(Some(3.0)));
        assert_eq!(number("text"), Ok(Some(4.5)));
        assert_eq!(number("'PT1M23.5S'"), Ok(Some(83.5)));
        assert_eq!(number("'P1DT2H'"), Ok(Some(93_600.0)));
        for wrong in ["'P'", "'PT5'", "'P1M'", "'PT1.2.3S'"] {
            assert!(number(wrong).is_err(), "{wrong}");
        }
        for missing in ["null", "empty", "absent"] {
            assert_eq!(number(&format!("\"{missing}\"")), Ok(None), "{missing}");
        }
        assert_eq!(number("sum([n, text, null][?@ != null])"), Ok(Some(7.5)));
        for wrong in ["words", "inf", "yes", "@", "sum(words)", "sum([n, words])", "sum([inf])"] {
            assert!(number(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_keys_that_are_looked_for_are_known() {
        let path = path("rows[?a.b == 'x'].{made: c, n: sum(d[].e)} | [0].made");
        let keys: Vec<_> = path.keys().into_iter().collect();
        assert_eq!(keys, ["a", "b", "c", "d", "e", "rows"]);
    }

    #[test]
    fn times_are_rfc_3339_or_counted_since_1970() {
        let row = json(
            r#"{"text": "2026-03-02T10:00:00+01:00", "s": 1772442000, "ms": 1772442000000, "digits": "1772442000", "no": "soon", "far": 1e30}"#,
        );
        let nine = Time::parse_rfc3339("2026-03-02T09:00:00Z").unwrap();
        for at in ["text", "s", "ms", "digits"] {
            assert_eq!(path(at).time(&row), Ok(Some(nine)), "{at}");
        }
        assert_eq!(path("absent").time(&row), Ok(None));
        assert!(path("no").time(&row).is_err() && path("far").time(&row).is_err());
    }
}
