//! What `check` tells of a table, and of an account that may do more than read it.

use super::Settings;
use super::connection::Connection;
use super::dialect::Dialect;
use super::position::Position;
use super::table::{SqlTable, key_of};
use crate::net::Fault;
use crate::text::{Label, Text};

/// A trial reads so many of the newest rows.
const TRIAL_ROWS: usize = 2000;

/// What a look at the table has found.
#[derive(Debug)]
pub(crate) struct Inspection {
    /// Its columns, how many rows it has, and the newest.
    pub(crate) found: Text,
    /// The cursor with which a trial reads only the newest rows; `None` where there are few, or no key.
    pub(crate) cursor: Option<String>,
}

/// Look at the table of a source.
pub(crate) async fn inspect(settings: &Settings) -> Result<Inspection, Fault> {
    let mut connection = Connection::open(settings).await?;
    let table = SqlTable::find(settings, &mut connection).await?;
    let count = connection.query(&format!("SELECT count(*) FROM {}", table.from)).await?;
    let count = count.into_iter().flatten().next().flatten().unwrap_or_default();
    let newest = table.newest(&mut connection).await?.and_then(|row| row.into_iter().nth(1).flatten());
    let newest = newest.map_or("no newest".to_owned(), |time| format!("the newest of {}", Label::new(&time)));
    let rights = match excess_rights(settings, &mut connection).await {
        None if table.dialect == Dialect::Sqlite => "opened read-only",
        None => "the account may only SELECT",
        Some(_) => "the account may do more than SELECT",
    };
    let found = format!(
        "{} in {}: {count} rows, {newest}, followed by {}; {rights}; columns {}",
        settings.table,
        settings.url.place(),
        table.by,
        table.columns.join(", ")
    );
    let before = table.newest_but(TRIAL_ROWS, &mut connection).await?.and_then(|row| key_of(&row));
    let cursor = before.and_then(|key| Position::at_key(Position::name(settings, &table), key));
    Ok(Inspection { found: Text::new(&found), cursor })
}

/// What the account may do that floorwatch does not need; `None` where that is nothing, or cannot be found out.
pub(super) async fn excess_rights(settings: &Settings, connection: &mut Connection) -> Option<String> {
    let table = settings.url.dialect().quoted_table(&settings.table);
    let rights: Vec<String> = match settings.url.dialect() {
        Dialect::Sqlite => Vec::new(),
        Dialect::MySql => {
            let grants = connection.query("SHOW GRANTS").await.ok()?;
            grants.iter().flatten().flatten().flat_map(|grant| excess_of_grant(grant)).collect()
        }
        Dialect::Postgres => {
            let sql = format!(
                "SELECT p FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS p \
                 WHERE has_table_privilege(to_regclass('{table}'), p)"
            );
            connection.query(&sql).await.ok()?.into_iter().flatten().flatten().collect()
        }
    };
    if rights.is_empty() {
        return None;
    }
    let rights = Label::new(&rights.join(", "));
    Some(format!("the account may also {rights}: GRANT it nothing but SELECT on {table}"))
}

/// The rights of a line of `SHOW GRANTS` that are not needed. The rest of the line may hold a digest of the password.
fn excess_of_grant(grant: &str) -> Vec<String> {
    let Some((rights, _)) = grant.strip_prefix("GRANT ").and_then(|rest| rest.split_once(" ON ")) else {
        return Vec::new();
    };
    let mut depth = 0;
    // Commas within parentheses part columns: SELECT (time, callid).
    let parts = rights.split(|c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    let is_needed = |right: &str| ["USAGE", "SELECT", "SHOW VIEW", "SHOW DATABASES"].contains(&right);
    let words = parts.map(|part| part.split('(').next().unwrap_or_default().trim());
    words.filter(|right| !is_needed(right)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_goes_beyond_reading_is_named() {
        for (grant, excess) in [
            ("GRANT USAGE ON *.* TO `wall`@`%` IDENTIFIED BY PASSWORD '*A4B6157319038724E3560894F7F932C8886EBFCF'", ""),
            ("GRANT SELECT, SHOW VIEW ON `cdr`.`queue_log` TO `wall`@`%`", ""),
            ("GRANT SELECT (time, callid), INSERT (time) ON `cdr`.`queue_log` TO `wall`@`%`", "INSERT"),
            ("GRANT ALL PRIVILEGES ON `cdr`.* TO `root`@`localhost` WITH GRANT OPTION", "ALL PRIVILEGES"),
            ("GRANT SELECT, INSERT, LOCK TABLES ON `cdr`.* TO `freepbxuser`@`localhost`", "INSERT, LOCK TABLES"),
            ("GRANT `reader`@`%` TO `wall`@`%`", ""),
        ] {
            assert_eq!(excess_of_grant(grant).join(", "), excess, "{grant}");
        }
    }
}
