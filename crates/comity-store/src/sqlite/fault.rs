//! What SQLite's errors mean.

use crate::fault::Fault;
use rusqlite::{Error, ErrorCode, ffi};

/// The fault that an error of SQLite is. Its words name tables and columns, never values.
pub(super) fn fault(error: Error) -> Fault {
    let Error::SqliteFailure(code, ref words) = error else {
        return match error {
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..) => Fault::Damaged(error.to_string()),
            _ => Fault::Other(error.to_string()),
        };
    };
    let words = words.clone().unwrap_or_else(|| code.to_string());
    match (code.code, code.extended_code) {
        (ErrorCode::DiskFull, _)
        // The shared index of the log could not grow.
        | (_, ffi::SQLITE_IOERR_SHMSIZE) => Fault::Full(words),
        (ErrorCode::ReadOnly | ErrorCode::PermissionDenied, _) => Fault::ReadOnly(words),
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => Fault::Busy(words),
        (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => Fault::Damaged(words),
        (ErrorCode::ConstraintViolation | ErrorCode::TooBig, _) => Fault::Misfit(words),
        _ => Fault::Other(words),
    }
}
