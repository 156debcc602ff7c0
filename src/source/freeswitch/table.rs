//! The lists of `callcenter_config`: a line of names, lines of values, bars between them, and `+OK` at the end.
//!
//! Nothing is escaped. A caller's name or an agent's dial string may hold a bar, so that its line has more fields than
//! there are names: what stands before that column is counted from the front, what stands after it from the back.

/// A list.
#[derive(Debug)]
pub(super) struct Table<'a> {
    columns: Vec<&'a [u8]>,
    /// The column that may hold bars.
    loose: usize,
    lines: Vec<&'a [u8]>,
}

/// One line of a list.
#[derive(Debug)]
pub(super) struct Row<'a, 't> {
    table: &'t Table<'a>,
    fields: Vec<&'a [u8]>,
}

impl<'a> Table<'a> {
    /// Read `text`, in which the column `loose` may hold bars. An empty list has no line of names either.
    pub(super) fn read(text: &'a [u8], loose: &str) -> Self {
        let mut lines = text
            .split(|byte| *byte == b'\n')
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
            .filter(|line| !line.is_empty() && *line != b"+OK");
        let columns = lines.next().map(split).unwrap_or_default();
        let loose = columns.iter().position(|name| *name == loose.as_bytes()).unwrap_or(columns.len());
        Self { columns, loose, lines: lines.collect() }
    }

    /// Its lines; those that can't be told apart into fields are left out.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'a, '_>> {
        self.lines
            .iter()
            .map(|line| Row { table: self, fields: split(line) })
            .filter(|row| row.fields.len() >= self.columns.len())
    }
}

impl<'a> Row<'a, '_> {
    /// The field of a column; `None` where there is no such column, or nothing in it.
    pub(super) fn get(&self, column: &str) -> Option<&'a [u8]> {
        let table = self.table;
        let place = table.columns.iter().position(|name| *name == column.as_bytes())?;
        let extra = self.fields.len() - table.columns.len();
        let place = if place > table.loose { place + extra } else { place };
        self.fields.get(place).copied().filter(|field| !field.is_empty() && *field != b"(null)")
    }

    /// The field as a whole number.
    pub(super) fn number(&self, column: &str) -> Option<i64> {
        super::fields::number(self.get(column)?)
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
        let table = Table::read(text, "contact");
        let rows: Vec<_> = table.rows().collect();
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[0].get("name"), Some(&b"1000@default"[..]));
        assert_eq!((rows[1].get("status"), rows[1].number("wrap_up_time")), (Some(&b"On Break"[..]), Some(5)));
        assert_eq!((rows[2].get("name"), rows[2].get("contact"), rows[2].number("wrap_up_time")), (None, None, None));
        assert_eq!(rows[0].get("state"), None);
    }

    #[test]
    fn an_empty_list_has_no_lines() {
        assert_eq!(Table::read(b"+OK\n", "contact").rows().count(), 0);
        assert_eq!(Table::read(b"", "contact").rows().count(), 0);
    }

    proptest! {
        #[test]
        fn any_text_is_a_list_of_something(text in "[a-c|\n\r+OK]{0,80}") {
            for row in Table::read(text.as_bytes(), "a").rows() {
                row.get("b");
                row.number("c");
            }
        }
    }
}
