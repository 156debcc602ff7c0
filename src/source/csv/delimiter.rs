//! Which character stands between the fields.

/// Lines that are looked at.
const LINES: usize = 20;

/// The delimiter of a file that begins with `head`: the one that splits its first lines into the same number of
/// fields, the most of them. A comma where none does.
pub(crate) fn find(head: &[u8]) -> u8 {
    [b',', b'\t', b';', b'|']
        .into_iter()
        .map(|delimiter| (likeness(head, delimiter), delimiter))
        // The first of equals: max_by_key would take the last.
        .rev()
        .max_by_key(|(likeness, _)| *likeness)
        .filter(|(likeness, _)| *likeness > (0, 0))
        .map_or(b',', |(_, delimiter)| delimiter)
}

/// How many of the first lines have as many fields as the first one has, and how many those are.
fn likeness(head: &[u8], delimiter: u8) -> (usize, usize) {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let mut counts = Vec::with_capacity(LINES);
    let (mut quoted, mut count, mut filled) = (false, 0, false);
    for &byte in head {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => {
                if filled {
                    counts.push(count);
                }
                (count, filled) = (0, false);
                if counts.len() == LINES {
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
    // The last line may be cut, unless it is the only one.
    if counts.is_empty() && filled {
        counts.push(count);
    }
    match counts.first() {
        None | Some(0) => (0, 0),
        Some(&first) => (counts.iter().filter(|&&count| count == first).count(), first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_that_splits_every_line_alike() {
        assert_eq!(find(b"a,b,c\n1,2,3\n"), b',');
        assert_eq!(find(b"a;b;c\n1,5;2;3\n4;5,5;6\n"), b';');
        assert_eq!(find(b"a\tb\n1\t2\n"), b'\t');
        assert_eq!(find(b"a|b|c\n1|2|3\n"), b'|');
        assert_eq!(find(b"when;\"note, long, with commas\"\n1;\"x,y,z\"\n"), b';');
        assert_eq!(find(b"single\ncolumn\n"), b',');
        assert_eq!(find(b""), b',');
    }
}
