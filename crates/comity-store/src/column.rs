//! How values stand in columns, the same in both databases.

use crate::fault::Fault;
use crate::row::role_name;
use comity_exchange::Party;
use comity_exchange::case::{OfficialId, OfficialRole};
use jiff::Timestamp;

/// An instant as nanoseconds since 1970. Instants beyond 64 bits are refused before they come
/// here ([`check`](crate::check::check)); as a bound of a question they are as good as the
/// nearest one.
pub(crate) fn ns(at: Timestamp) -> i64 {
    let ns = at.as_nanosecond();
    i64::try_from(ns).unwrap_or(if ns < 0 { i64::MIN } else { i64::MAX })
}

/// An instant of a column.
pub(crate) fn instant(ns: i64) -> Result<Timestamp, Fault> {
    Timestamp::from_nanosecond(i128::from(ns)).map_err(|e| damaged("an instant", &e.to_string()))
}

/// A number as both databases keep it. Larger ones are refused before; as a bound of a question
/// they are beyond every row.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number of rows, plus `more`.
pub(crate) fn limit(max: usize, more: usize) -> i64 {
    i64::try_from(max.saturating_add(more)).unwrap_or(i64::MAX)
}

/// A number of a column.
pub(crate) fn unsigned(number: i64) -> Result<u64, Fault> {
    u64::try_from(number).map_err(|_| damaged("a number", &format!("{number} is below zero")))
}

/// A narrower number of a column.
pub(crate) fn narrow<T: TryFrom<i64>>(number: i64) -> Result<T, Fault> {
    T::try_from(number).map_err(|_| damaged("a number", &format!("{number} is out of range")))
}

/// Bytes of one length.
pub(crate) fn array<const N: usize>(bytes: Vec<u8>) -> Result<[u8; N], Fault> {
    let length = bytes.len();
    bytes.try_into().map_err(|_| damaged("an id", &format!("{length} bytes and not {N}")))
}

/// A party's name.
pub(crate) fn party(name: &str) -> Result<Party, Fault> {
    Party::new(name).map_err(|fault| damaged("a party", &fault.message))
}

/// An account's name.
pub(crate) fn official(name: &str) -> Result<OfficialId, Fault> {
    OfficialId::new(name).ok_or_else(|| damaged("an account", "its name cannot be one"))
}

/// A role.
pub(crate) fn role(name: &str) -> Result<OfficialRole, Fault> {
    let found = OfficialRole::ALL.into_iter().find(|role| role_name(*role) == name);
    found.ok_or_else(|| damaged("a role", "there is none of that name"))
}

/// What is stored cannot be what was written.
pub(crate) fn damaged(what: &str, why: &str) -> Fault {
    Fault::Damaged(format!("{what} cannot be read: {why}; run `comity ledger fsck`"))
}
