//! What differs between the databases in the language.

/// What a database speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `MySQL` and `MariaDB`.
    MySql,
    /// `PostgreSQL`.
    Postgres,
    /// `SQLite`.
    Sqlite,
}

impl Dialect {
    /// A name of a table or column in quotes.
    pub(super) fn quoted(self, name: &str) -> String {
        let quote = if self == Self::MySql { "`" } else { "\"" };
        let inner = name.replace(quote, &quote.repeat(2));
        format!("{quote}{inner}{quote}")
    }

    /// A query for the columns of a table: name, type, whether the database numbers rows by it, and whether an index
    /// begins with it.
    pub(super) fn columns_query(self, table: &str) -> String {
        let (schema, name) = table.split_once('.').map_or((None, table), |(schema, name)| (Some(schema), name));
        match self {
            Self::MySql => {
                let schema = schema.map_or("DATABASE()".to_owned(), |schema| format!("'{schema}'"));
                let here = format!("table_schema = {schema} AND table_name = '{name}'");
                format!(
                    "SELECT column_name, data_type, extra LIKE '%auto_increment%', column_name IN (SELECT column_name \
                     FROM information_schema.statistics WHERE {here} AND seq_in_index = 1) \
                     FROM information_schema.columns WHERE {here} ORDER BY ordinal_position"
                )
            }
            Self::Postgres => format!(
                "SELECT attname, typname, (attidentity <> '' OR coalesce(pg_get_expr(adbin, adrelid) LIKE 'nextval(%', \
                 false))::int, EXISTS (SELECT 1 FROM pg_index WHERE indrelid = attrelid AND indkey[0] = attnum)::int \
                 FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid \
                 LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum \
                 WHERE attrelid = to_regclass('{}') AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
                self.quoted_table(table)
            ),
            Self::Sqlite => format!(
                "SELECT name, type, pk = 1 AND upper(type) = 'INTEGER', pk = 1 OR name IN (SELECT parts.name FROM \
                 pragma_index_list('{name}') AS list, pragma_index_info(list.name) AS parts WHERE parts.seqno = 0) \
                 FROM pragma_table_info('{name}')"
            ),
        }
    }

    pub(super) fn quoted_table(self, table: &str) -> String {
        table.split('.').map(|part| self.quoted(part)).collect::<Vec<_>>().join(".")
    }
}
