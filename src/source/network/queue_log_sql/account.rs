//! The account that logs in to a database, what that answers, and what its refusals mean.

use crate::net::Fault;

/// The cells of a row as text; `None` is NULL.
pub(super) type Cells = Vec<Option<String>>;

/// The account that logs in to a server.
pub(super) struct Account<'a> {
    pub(super) address: &'a str,
    pub(super) user: &'a str,
    pub(super) database: &'a str,
    pub(super) secret: Option<secrecy::SecretString>,
}

/// Why a server refuses something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The login.
    Login,
    /// There is no such database, or the account may not use it.
    Database,
    /// There is no such table or column any more.
    Table,
    /// The account may not read the table.
    Rights,
    /// The server asks for TLS, or cannot speak it.
    Tls,
    /// Something that may pass by itself.
    Passing,
}

impl Refusal {
    /// The fault; `said` is what the server said.
    pub(super) fn fault(self, place: &str, said: &str) -> Fault {
        let remedy = match self {
            Self::Login => "compare user and password, and from where the account may connect",
            Self::Database => "correct the database at the end of url, or let the account use it",
            Self::Table => "correct `table`",
            Self::Rights => "GRANT SELECT on the table to the account",
            Self::Tls => "correct `tls`",
            Self::Passing => return Fault::transient(format!("{place}: {said}")),
        };
        Fault::needs_change(format!("{place}: {said}: {remedy}"))
    }
}
