//! Parses the lists of `callcenter_config`: a line of column names, lines of fields separated by bars, and `+OK` at the
//! end.
//!
//! Nothing is escaped. A caller's name or an agent's dial string may contain a bar, so that its line has more fields than
//! there are columns. Fields before that column are counted from the front, fields after it from the back.

/// A list.
#[derive(Debug)]
pub(super) struct CcList<'a> {
    columns: Vec<&'a [u8]>,
    /// The index of the column that may contain bars.
    free_text: usize,
    lines: Vec<&'a [u8]>,
}

/// A row of a list.
#[derive(Debug)]
pub(super) struct CcListRow<'a, 't> {
    list: &'t CcList<'a>,
    fields: Vec<&'a [u8]>,
}

impl<'a> CcList<'a> {
    /// Parse `text`, in which the column `free_text` may contain bars. An empty list has no line of column names.
    pub(super) fn parse(text: &'a [u8], free_text: &str) -> Self {
        let mut lines = text
            .split(|byte| *byte == b'\n')
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
            .filter(|line| !line.is_empty() && *line != b"+OK");
        let columns = lines.next().map(split).unwrap_or_default();
        let free_text = columns.iter().position(|name| *name == free_text.as_bytes()).unwrap_or(columns.len());
        Self { columns, free_text, lines: lines.collect() }
    }

    /// The rows; lines with too few fields are skipped.
    pub(super) fn rows(&self) -> impl Iterator<Item = CcListRow<'a, '_>> {
        self.lines
            .iter()
            .map(|line| CcListRow { list: self, fields: split(line) })
            .filter(|row| row.fields.len() >= self.columns.len())
    }
}

impl<'a> CcListRow<'a, '_> {
    /// The field of a column; `None` where there is no such column or the field is empty.
    pub(super) fn get(&self, column: &str) -> Option<&'a [u8]> {
        let list = self.list;
        let place = list.columns.iter().position(|name| *name == column.as_bytes())?;
        let extra = self.fields.len() - list.columns.len();
        let place = if place > list.free_text { place + extra } else { place };
        self.fields.get(place).copied().filter(|field| !field.is_empty() && *field != b"(null)")
    }

    /// The field of a column as a whole number.
    pub(super) fn number(&self, column: &str) -> Option<i64> {
        super::headers::number(self.get(column)?)
    }
}

fn split(line: &[u8]) -> Vec<&[u8]> {
    line.split(|byte| *byte == b'|').collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_list_is_read_by_the_names_of_its_columns() {
        let text = b"name|contact|status|wrap_up_time\n1000@default|user/1000|Available|10\n\
            1001@default|user/1001|user/1002|On Break|5\nbroken\n(null)||Logged Out|x\n+OK\n";
        let list = CcList::parse(text, "contact");
        let rows: Vec<_> = list.rows().collect();
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[0].get("name"), Some(&b"1000@default"[..]));
        assert_eq!((rows[1].get("status"), rows[1].number("wrap_up_time")), (Some(&b"On Break"[..]), Some(5)));
        assert_eq!((rows[2].get("name"), rows[2].get("contact"), rows[2].number("wrap_up_time")), (None, None, None));
        assert_eq!(rows[0].get("state"), None);
    }

    #[test]
    fn an_empty_list_has_no_lines() {
        assert_eq!(CcList::parse(b"+OK\n", "contact").rows().count(), 0);
        assert_eq!(CcList::parse(b"", "contact").rows().count(), 0);
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_without_a_panic(text in "[a-c|\n\r+OK]{0,80}") {
            for row in CcList::parse(text.as_bytes(), "a").rows() {
                row.get("b");
                row.number("c");
            }
        }
    }
}
