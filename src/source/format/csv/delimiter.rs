//! Detects which character separates the columns of a table.

use crate::text::strip_bom;

/// How many lines are examined.
const MAX_LINES: usize = 20;

/// The delimiter of a table that begins with `head`: the one that splits the most of its first lines into the same
/// number of columns. A comma if none does.
pub(crate) fn find(head: &[u8]) -> u8 {
    [b',', b'\t', b';', b'|']
        .into_iter()
        .map(|delimiter| (likeness(head, delimiter), delimiter))
        // `max_by_key` returns the last of equals; the first is wanted.
        .rev()
        .max_by_key(|(likeness, _)| *likeness)
        .filter(|(likeness, _)| *likeness > (0, 0))
        .map_or(b',', |(_, delimiter)| delimiter)
}

/// In how many of the first lines the same number of delimiters is found, and how many that are. Title lines before the
/// header have others.
fn likeness(head: &[u8], delimiter: u8) -> (usize, usize) {
    let head = strip_bom(head);
    let mut counts = Vec::with_capacity(MAX_LINES);
    let (mut quoted, mut count, mut filled) = (false, 0, false);
    for &byte in head {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => {
                if filled {
                    counts.push(count);
                }
                (count, filled) = (0, false);
                if counts.len() == MAX_LINES {
                    break;
                }
            }
            byte if byte == delimiter && !quoted => {
                count += 1;
                filled = true;
            }
            byte => filled |= !byte.is_ascii_whitespace(),
        }
    }
    // The last line may be incomplete; it counts only if it is the only one.
    if counts.is_empty() && filled {
        counts.push(count);
    }
    let often = |wanted: usize| counts.iter().filter(|&&count| count == wanted).count();
    counts.iter().filter(|&&count| count > 0).map(|&count| (often(count), count)).max().unwrap_or((0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_splits_every_line_into_the_same_number_of_columns() {
        assert_eq!(find(b"a,b,c\n1,2,3\n"), b',');
        assert_eq!(find(b"a;b;c\n1,5;2;3\n4;5,5;6\n"), b';');
        assert_eq!(find(b"a\tb\n1\t2\n"), b'\t');
        assert_eq!(find(b"a|b|c\n1|2|3\n"), b'|');
        assert_eq!(find(b"when;\"note, long, with commas\"\n1;\"x,y,z\"\n"), b';');
        assert_eq!(find(b"Report\nFrom 1, 2, 3 to 4\n\na;b\n1;2\n3;4\n"), b';');
        assert_eq!(find(b"single\ncolumn\n"), b',');
        assert_eq!(find(b""), b',');
    }
}
