//! What a column of dates shows beyond each single one: which of the numbers is the day, and in which language the months are.

use super::month_names::{MonthNames, NamedMonth, named_month};
use super::value::ascii_digits;

/// The order of the numbers in dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DateOrder {
    DayMonthYear,
    MonthDayYear,
    YearMonthDay,
}

impl DateOrder {
    /// The likeliest first.
    const ALL: [Self; 3] = [Self::DayMonthYear, Self::MonthDayYear, Self::YearMonthDay];

    /// The places of day, month and year, from 0.
    const fn places(self) -> [usize; 3] {
        match self {
            Self::DayMonthYear => [0, 1, 2],
            Self::MonthDayYear => [1, 0, 2],
            Self::YearMonthDay => [2, 1, 0],
        }
    }

    /// chrono's codes for the date of a `format` in each order in which it can be meant, and the one in which it is.
    fn of(format: &str) -> Option<(Self, [String; 3])> {
        let date = format.split(' ').find(|part| part.contains("%d") && part.contains("%m"))?;
        let between = ["/", "-", "."].into_iter().find(|between| date.matches(between).count() == 2)?;
        let year = if date.contains("%y") { "%y" } else { "%Y" };
        let codes = Self::ALL.map(|order| {
            let mut codes = [""; 3];
            for (place, code) in order.places().into_iter().zip(["%d", "%m", year]) {
                if let Some(there) = codes.get_mut(place) {
                    *there = code;
                }
            }
            codes.join(between)
        });
        let found = Self::ALL.into_iter().zip(&codes).find(|(_, codes)| *codes == date)?.0;
        // A year of four digits shows where it is.
        (year == "%y" || found != Self::YearMonthDay).then_some((found, codes))
    }

    /// The same `format` with the date in this order.
    pub(super) fn applied(self, format: &str) -> Option<String> {
        let (now, codes) = Self::of(format)?;
        let code =
            |order: Self| Self::ALL.into_iter().zip(&codes).find(|(other, _)| *other == order).map(|(_, code)| code);
        Some(format.replacen(code(now)?, code(self)?, 1))
    }

    const fn words(self) -> &'static str {
        match self {
            Self::DayMonthYear => "day",
            Self::MonthDayYear => "month",
            Self::YearMonthDay => "year",
        }
    }
}

/// What was seen of the dates of a column.
#[derive(Clone, Debug, Default)]
pub(super) struct DateEvidence {
    /// How many dates are possible in each order of [`DateOrder::ALL`].
    possible: [u64; 3],
    /// Which numbers below 128 stood in each place, as bits.
    seen: [u128; 3],
    /// Dates whose year is of two digits.
    short_years: u64,
    /// Between the numbers are points.
    dotted: u64,
    /// Names of months that are Croatian alone, that are not Croatian, and that are of different months.
    croatian: u64,
    common: u64,
    ambiguous: Option<String>,
}

impl DateEvidence {
    /// Those of a column's cells in a `format`.
    pub(super) fn of<'a>(cells: impl IntoIterator<Item = &'a str>, format: &str) -> Self {
        let mut out = Self::default();
        cells.into_iter().for_each(|cell| out.note(cell, format));
        out
    }

    /// Note a cell in a `format`. One that holds no date shows nothing.
    pub(super) fn note(&mut self, cell: &str, format: &str) {
        let has_names = format.contains("%b");
        if !has_names && format.starts_with("%Y") {
            return;
        }
        let cell = ascii_digits(cell);
        for word in cell.split_whitespace() {
            let word = word.trim_matches([',', '.']);
            if has_names {
                word.split(['-', '/', '.']).filter(|word| !word.is_empty()).for_each(|word| self.note_name(word));
            } else if let Some((numbers, between)) = numbers_of(word) {
                self.note_numbers(numbers, between);
            }
        }
    }

    fn note_numbers(&mut self, numbers: [(u32, usize); 3], between: char) {
        let [.., (_, year_digits)] = numbers;
        let number = |place: usize| numbers.get(place).map_or(0, |(number, _)| *number);
        let is_possible = |order: DateOrder| {
            let [day, month, year] = order.places();
            let is_order_met = match order {
                DateOrder::DayMonthYear => true,
                DateOrder::MonthDayYear => between != '.',
                DateOrder::YearMonthDay => {
                    year_digits == 2 && numbers.get(year).is_some_and(|(_, digits)| *digits == 2)
                }
            };
            is_order_met && (1..=31).contains(&number(day)) && (1..=12).contains(&number(month))
        };
        let possible = DateOrder::ALL.map(is_possible);
        if !possible.contains(&true) {
            return;
        }
        for (count, possible) in self.possible.iter_mut().zip(possible) {
            *count += u64::from(possible);
        }
        for (seen, (number, _)) in self.seen.iter_mut().zip(numbers) {
            *seen |= 1_u128 << (number % 100);
        }
        self.short_years += u64::from(year_digits == 2);
        self.dotted += u64::from(between == '.');
    }

    fn note_name(&mut self, word: &str) {
        match named_month(word) {
            Some(NamedMonth::Croatian) => self.croatian += 1,
            Some(NamedMonth::Common) => self.common += 1,
            Some(NamedMonth::Ambiguous) => {
                self.ambiguous.get_or_insert_with(|| word.to_owned());
            }
            None => {}
        }
    }

    /// How many different numbers stood in the places of day and year in an order.
    fn distinct(&self, order: DateOrder) -> [u32; 2] {
        let [day, _, year] = order.places();
        [day, year].map(|place| self.seen.get(place).map_or(0, |seen| seen.count_ones()))
    }

    /// The orders in which the most dates are possible, and believable: more years than days are not.
    fn candidates(&self) -> Vec<DateOrder> {
        let most = self.possible.iter().copied().max().filter(|most| *most > 0);
        let is_believable = |order: &DateOrder| {
            let [days, years] = self.distinct(*order);
            self.short_years == 0 || years < days + MANY_MORE
        };
        let all = DateOrder::ALL.into_iter().zip(self.possible).filter(|(_, count)| Some(*count) == most);
        let all: Vec<DateOrder> = all.map(|(order, _)| order).collect();
        let believable: Vec<DateOrder> = all.iter().copied().filter(is_believable).collect();
        if believable.is_empty() { all } else { believable }
    }

    /// The likeliest order, where the dates show one: there are more days than months and years. `usual` where they do not.
    pub(super) fn order(&self, usual: DateOrder) -> DateOrder {
        let candidates = self.candidates();
        let rank = |order: &DateOrder| {
            let [days, years] = self.distinct(*order);
            (i64::from(days) - i64::from(years), *order == usual)
        };
        // Of equals, `max_by_key` returns the last.
        candidates.into_iter().rev().max_by_key(rank).unwrap_or(usual)
    }

    /// The format with the date in the likeliest order.
    pub(super) fn ordered(&self, format: &str) -> Option<String> {
        let (usual, _) = DateOrder::of(format)?;
        self.order(usual).applied(format)
    }

    /// The language of the names of months, where some show it.
    pub(super) const fn months(&self) -> Option<MonthNames> {
        if self.croatian > self.common {
            Some(MonthNames::Croatian)
        } else if self.common > 0 {
            Some(MonthNames::Common)
        } else {
            None
        }
    }

    /// What of dates that are read in `format` is not proved by any of them.
    pub(super) fn doubt(&self, format: &str, months: Option<MonthNames>) -> Option<String> {
        if let Some(name) = self.ambiguous.as_deref().filter(|_| self.months().is_none() && months.is_none()) {
            return Some(format!(
                "times: no row proves in which language \"{name}\" is: it is taken for the month that it is in Polish and Czech; \
                 months = \"croatian\" in [csv] takes it for the month before, as Croatian does"
            ));
        }
        let (order, _) = DateOrder::of(format)?;
        let others = self.candidates().into_iter().filter(|other| *other != order).count();
        // A short date with points is hardly one with its year first.
        (others > 0 && self.dotted == 0).then(|| {
            format!("times: the {} is taken to come first, which no row proves: check time_format", order.words())
        })
    }

    /// Says how many dates are none in the order of `format`, where more are possible in another one.
    pub(super) fn contradiction(&self, format: &str) -> Option<String> {
        let (now, _) = DateOrder::of(format)?;
        let count = |order: DateOrder| DateOrder::ALL.into_iter().zip(self.possible).find(|(other, _)| *other == order);
        let ((_, read), better) = (count(now)?, self.order(now));
        let (_, possible) = count(better)?;
        let codes = better.applied(format)?;
        (possible > read).then(|| {
            format!(
                "times: {} dates show that the {} comes first, and others were read with the {} first: set time_format = \"{codes}\"",
                possible - read,
                better.words(),
                now.words()
            )
        })
    }
}

/// By so many more than days, years are not believed.
const MANY_MORE: u32 = 3;

/// The three numbers of a date, each with its count of digits, and what stands between; not where the year comes first in four digits.
fn numbers_of(word: &str) -> Option<([(u32, usize); 3], char)> {
    let between = word.chars().find(|c| !c.is_ascii_digit()).filter(|c| ['/', '-', '.'].contains(c))?;
    let mut parts = word.split(between);
    let mut number = |digits: &[usize]| {
        let part = parts.next().filter(|part| digits.contains(&part.len()))?;
        Some((part.parse::<u32>().ok()?, part.len()))
    };
    let numbers = [number(&[1, 2])?, number(&[1, 2])?, number(&[2, 4])?];
    parts.next().is_none().then_some((numbers, between))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_column_tells_the_order() {
        for (cells, format, ordered, doubtful) in [
            (&["03/02/2026", "04/02/2026"][..], "%d/%m/%Y", "%d/%m/%Y", true),
            // The numbers that change are days.
            (&["02/03/2026", "02/04/2026", "02/05/2026"], "%d/%m/%Y", "%m/%d/%Y", true),
            (&["02/03/2026", "02/13/2026"], "%d/%m/%Y", "%m/%d/%Y", false),
            (&["03/02/2026 09:00", "??? 31-x", "31/31/2026"], "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M", true),
            (&["26/03/25", "26/03/26", "26/03/28"], "%d/%m/%y", "%y/%m/%d", true),
            (&["26/03/25", "26/03/26", "26/03/27", "26/03/28"], "%d/%m/%y", "%y/%m/%d", false),
            (&["25/03/26", "26/03/26", "27/03/26", "28/03/26"], "%d/%m/%y", "%d/%m/%y", false),
            (&["25/03/26"], "%d/%m/%y", "%d/%m/%y", true),
            (&["25.03.26"], "%d.%m.%y", "%d.%m.%y", false),
            (&["Wed 25.03.2026. 09:00"], "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M", false),
        ] {
            let evidence = DateEvidence::of(cells.iter().copied(), format);
            assert_eq!(evidence.ordered(format).as_deref(), Some(ordered), "{cells:?}");
            assert_eq!(evidence.doubt(ordered, None).is_some(), doubtful, "{cells:?}");
        }
        assert_eq!(DateEvidence::of(["2026-03-25"], "%Y-%m-%d").ordered("%Y-%m-%d"), None);
        let mixed = DateEvidence::of(["13/02/2026", "02/13/2026", "02/14/2026"], "%d/%m/%Y");
        let said = mixed.contradiction("%d/%m/%Y").unwrap();
        assert!(said.contains("time_format = \"%m/%d/%Y\""), "{said}");
        assert_eq!(mixed.contradiction("%m/%d/%Y"), None);
    }

    #[test]
    fn the_whole_column_tells_the_language_of_its_months() {
        let months = |cells: &[&str]| DateEvidence::of(cells.iter().copied(), "%d %b %Y").months();
        assert_eq!(months(&["5. listopada 2026. 09:00", "6. studenoga 2026."]), Some(MonthNames::Croatian));
        assert_eq!(months(&["5 listopada 2026", "6 grudnia 2026"]), Some(MonthNames::Common));
        assert_eq!(months(&["5 listopada 2026"]), None);
        let alone = DateEvidence::of(["5 listopada 2026"], "%d %b %Y");
        assert!(alone.doubt("%d %b %Y", None).unwrap().contains("months = \"croatian\""));
        assert_eq!(alone.doubt("%d %b %Y", Some(MonthNames::Common)), None);
    }
}
