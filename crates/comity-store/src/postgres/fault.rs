//! What PostgreSQL's errors mean.

use crate::fault::Fault;
use postgres::Error;
use postgres::error::DbError;

/// The fault that an error is. Its words name tables and constraints, never values: the detail
/// of a message, which may, is left out.
pub(super) fn fault(error: Error) -> Fault {
    if let Some(db) = error.as_db_error() {
        return of_server(db);
    }
    let words = words(&error);
    let io = std::error::Error::source(&error)
        .is_some_and(|source| source.downcast_ref::<std::io::Error>().is_some());
    if error.is_closed() || io || words.contains("timed out") {
        return Fault::Busy(format!("the server is not there: {words}"));
    }
    if words.contains("deserializing") {
        return Fault::Damaged(words);
    }
    Fault::Other(words)
}

/// An error and what it came from.
fn words(error: &Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn of_server(db: &DbError) -> Fault {
    let code = db.code().code();
    let words = match db.constraint() {
        Some(constraint) => format!("{} (`{constraint}`)", db.message()),
        None => db.message().to_owned(),
    };
    // Appendix A of PostgreSQL's documentation.
    match code {
        "53100" => Fault::Full(words),
        "25006" | "42501" => Fault::ReadOnly(words),
        "55P03" | "40001" | "40P01" | "57014" => Fault::Busy(words),
        "XX001" | "XX002" => Fault::Damaged(words),
        // Another process made it at the same moment.
        "42P06" | "42P07" => Fault::Misfit(words),
        "54000" => Fault::Misfit(words),
        _ if code.starts_with("23") => Fault::Misfit(words),
        _ if code.starts_with("53") || code.starts_with("57P") || code.starts_with("08") => {
            Fault::Busy(words)
        }
        _ => Fault::Other(format!("{words} ({code})")),
    }
}
