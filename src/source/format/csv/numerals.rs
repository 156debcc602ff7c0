//! Which signs separate thousands and fractions in the numbers of a table.

use super::duration::{number, number_with};

/// What the numbers of a column show of a sign.
#[derive(Clone, Copy, Debug, PartialEq)]
enum SignUse<'a> {
    /// No number has it, or none of thousands is separated.
    None,
    Fraction,
    Thousands,
    /// Three digits stand behind it in all numbers, such as this one. Others may have none of it.
    Open {
        cell: &'a str,
        /// Whole numbers without it stand beside, or all three digits are 0 everywhere: a fraction would be written otherwise.
        is_likely: bool,
    },
}

/// What the cells of a column show of a `sign`, a comma or a point.
fn use_of<'a>(cells: impl Iterator<Item = &'a str>, sign: char) -> SignUse<'a> {
    let other = if sign == ',' { '.' } else { ',' };
    let (mut open, mut opens, mut round, mut beside_whole) = (None, 0, 0, false);
    for cell in cells.map(str::trim).filter(|cell| number(cell).is_some()) {
        let Some((whole, rest)) = cell.split_once(sign) else {
            if cell.len() > 3 && cell.bytes().all(|b| b.is_ascii_digit()) {
                // Thousands are not separated.
                return SignUse::None;
            }
            beside_whole |= cell != "0" && !cell.contains(other);
            continue;
        };
        match (whole.contains(other), rest.contains([sign, other])) {
            (true, _) => return SignUse::Fraction,
            (false, true) => return SignUse::Thousands,
            (false, false) => {}
        }
        if rest.len() != 3 || !(1..=3).contains(&whole.len()) || whole.starts_with('0') {
            return SignUse::Fraction;
        }
        open = open.or(Some(cell));
        opens += 1;
        round += usize::from(rest == "000");
    }
    let is_likely = beside_whole || opens > 1 && round == opens;
    open.map_or(SignUse::None, |cell| SignUse::Open { cell, is_likely })
}

/// The sign of fractions in a table, where the numbers of one of its columns prove it and none proves another.
pub(super) fn decimal_sign<R: AsRef<[String]>>(rows: &[R]) -> Option<char> {
    let columns = rows.iter().map(|row| row.as_ref().len()).max().unwrap_or(0);
    let proves = |sign: char| {
        (0..columns).any(|index| {
            let cells = || rows.iter().filter_map(|row| row.as_ref().get(index)).map(|cell| cell.trim());
            let all = cells().filter(|cell| !cell.is_empty()).count();
            // Versions, addresses and dates are no numbers, and text may hold some.
            cells().filter(|cell| number(cell).is_some()).count() * 4 >= all * 3
                && use_of(cells(), sign) == SignUse::Fraction
        })
    };
    match (proves(','), proves('.')) {
        (true, false) => Some(','),
        (false, true) => Some('.'),
        _ => None,
    }
}

/// The sign that separates thousands in a column, if any, and how one of its numbers is read where nothing proves it. `decimal` is
/// the sign of fractions elsewhere in the table. Between cells that commas separate, a number with one was quoted: it is of thousands.
pub(super) fn thousands_of<'a>(
    cells: &(impl Iterator<Item = &'a str> + Clone),
    decimal: impl Fn() -> Option<char>,
    delimiter: u8,
) -> (Option<char>, Option<String>) {
    let mut doubt = None;
    for sign in [',', '.'] {
        match use_of(cells.clone(), sign) {
            SignUse::None | SignUse::Fraction => {}
            SignUse::Thousands => return (Some(sign), None),
            SignUse::Open { cell, is_likely } => {
                let decimal = decimal();
                if decimal == Some(sign) {
                    continue;
                }
                let separates = decimal.is_some() || is_likely || sign == ',' && delimiter == b',';
                let thousands = separates.then_some(sign);
                if decimal.is_none() {
                    let read = number_with(cell, thousands).unwrap_or_default();
                    doubt = Some(format!("{cell} is taken for {read}, which no row proves"));
                }
                if separates {
                    return (thousands, doubt);
                }
            }
        }
    }
    (None, doubt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_separates_what_the_column_or_else_the_table_shows() {
        for (cells, decimal, delimiter, thousands, doubtful) in [
            (&["1,250", "1,200,000"][..], None, b';', Some(','), false),
            (&["1,250", "12,5"], None, b';', None, false),
            (&["1,250", "1250"], None, b',', None, false),
            (&["1,250"], None, b',', Some(','), true),
            (&["1,250", "12"], None, b';', Some(','), true),
            (&["1.234", "123"], None, b';', Some('.'), true),
            (&["1.234", "123"], Some(','), b';', Some('.'), false),
            (&["1.234", "123"], Some('.'), b';', None, false),
            (&["1.234", "0.123"], None, b',', None, false),
            (&["1.234", "2.345", "0"], None, b',', None, true),
            (&["16.000", "126.000"], None, b';', Some('.'), true),
            (&["1.234,5", "1.230"], None, b';', Some('.'), false),
            (&["12", "120"], None, b',', None, false),
        ] {
            let (found, doubt) = thousands_of(&cells.iter().copied(), || decimal, delimiter);
            assert_eq!((found, doubt.is_some()), (thousands, doubtful), "{cells:?}");
        }
        let rows = [["1.234".to_owned(), "12,5".to_owned(), "10.4.2".to_owned()]];
        assert_eq!(decimal_sign(&rows), Some(','));
        assert_eq!(decimal_sign(&[["1.5".to_owned(), "1,5".to_owned()]]), None);
    }
}
