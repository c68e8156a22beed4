//! Changes behind a store's back, in the raw tables of SQLite.

use super::ledger::{checked, fill};
use super::random::Random;
use comity_ledger::Finding;
use comity_store::{SqliteOptions, SqliteStore};
use rusqlite::types::Value;
use rusqlite::{Connection, params};
use std::path::Path;

/// The ledger's tables: the columns that say which row, and all columns.
const TABLES: [(&str, &str, &[&str]); 3] = [
    ("leaves", "leaf_index", &["leaf_index", "leaf", "sealed"]),
    ("tiles", "rowid", &["level", "tile_index", "width", "bytes"]),
    ("checkpoints", "size", &["size", "note"]),
];

/// How many leaves of the ledger that is tampered with are in which batch.
pub const SIZES: [u64; 6] = [3, 250, 1, 2, 258, 90];

/// Makes many random changes, one at a time on a clean store, and panics at the first that is
/// not found. Returns how many of each kind were made. Tells `progress` of each.
pub fn tamper(
    path: &Path,
    rounds: u64,
    seed: u64,
    mut progress: impl FnMut(u64),
) -> [(&'static str, u64); 5] {
    let mut store = SqliteStore::create(path, SqliteOptions::default()).unwrap();
    fill(&mut store, &SIZES);
    // Beside the store, and without its rules: whoever tampers does not keep to them.
    let raw = Connection::open(path).unwrap();
    raw.execute_batch("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF").unwrap();
    let mut random = Random::new(seed);
    let mut kinds = [("bit", 0), ("delete", 0), ("exchange", 0), ("insert", 0), ("move", 0)];
    for round in 0..rounds {
        let at = random.below(8);
        let kind = if at < 4 { 0 } else { at as usize - 3 };
        raw.execute_batch("BEGIN").unwrap();
        let said = change(&raw, kinds[kind].0, &mut random);
        raw.execute_batch("COMMIT").unwrap();
        let report = checked(&mut store);
        let first =
            report.first().unwrap_or_else(|| panic!("round {round}: not found: {}", said.what));
        assert!(said.is_named(first), "round {round}: {} is said to begin at {first:?}", said.what);
        for undo in &said.undo {
            raw.execute(&undo.0, rusqlite::params_from_iter(&undo.1)).unwrap();
        }
        if round % 16 == 0 {
            let report = checked(&mut store);
            assert!(report.is_clean(), "round {round}: a false alarm: {:?}", report.findings);
        }
        kinds[kind].1 += 1;
        progress(round + 1);
    }
    let report = checked(&mut store);
    assert!(report.is_clean(), "a false alarm: {:?}", report.findings);
    kinds
}

/// What was done, which leaves are concerned, and the way back.
struct Said {
    what: String,
    leaves: Option<(u64, u64)>,
    undo: Vec<(String, Vec<Value>)>,
}

impl Said {
    /// True if a check that names this leaf as the first one named what was changed.
    fn is_named(&self, finding: &Finding) -> bool {
        let is_there = |(first, last)| (first..=last).contains(&finding.index);
        // The contents of a note that was changed say nothing: it is named by its place.
        let is_note = self.what.starts_with("bit") && self.what.ends_with("checkpoints");
        self.leaves.is_none_or(is_there) && (!is_note || finding.place.starts_with("checkpoint "))
    }
}

struct Row {
    values: Vec<Value>,
}

fn row(raw: &Connection, table: &str, columns: &[&str], number: u64) -> Row {
    let all = columns.join(", ");
    let sql = format!("SELECT {all} FROM {table} ORDER BY 1, 2 LIMIT 1 OFFSET {number}");
    let read = |row: &rusqlite::Row| (0..columns.len()).map(|i| row.get(i)).collect();
    Row { values: raw.query_row(&sql, [], read).unwrap() }
}

/// The leaves that a row of a table speaks for.
fn span(table: &str, columns: &[&str], row: &Row) -> (u64, u64) {
    let int = |name: &str| {
        let at = columns.iter().position(|column| *column == name).unwrap();
        match row.values[at] {
            Value::Integer(n) => n as u64,
            _ => 0,
        }
    };
    match table {
        "leaves" => (int("leaf_index"), int("leaf_index")),
        "tiles" => {
            let bits = 8 * (int("level") + 1);
            (int("tile_index") << bits, (int("tile_index") + 1) << bits)
        }
        // A checkpoint names the leaves that it covers, or none.
        _ => (0, int("size")),
    }
}

fn change(raw: &Connection, kind: &str, random: &mut Random) -> Said {
    let (table, _, columns) = TABLES[random.of(&[0, 0, 0, 1, 1, 2]) as usize];
    let count: u64 = raw
        .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0))
        .unwrap() as u64;
    let keys = if table == "tiles" { 2 } else { 1 };
    let which =
        (0..keys).map(|i| format!("{} = ?{}", columns[i], i + 1)).collect::<Vec<_>>().join(" AND ");
    let number = random.below(count);
    let chosen = row(raw, table, columns, number);
    let key: Vec<Value> = chosen.values[..keys].to_vec();
    let leaves = span(table, columns, &chosen);
    let marks = (1..=columns.len()).map(|i| format!("?{i}")).collect::<Vec<_>>().join(", ");
    let insert = format!("INSERT INTO {table} ({}) VALUES ({marks})", columns.join(", "));
    let delete = format!("DELETE FROM {table} WHERE {which}");
    let run = |sql: &str, values: &[Value]| {
        let changed = raw.execute(sql, rusqlite::params_from_iter(values)).unwrap();
        assert_eq!(changed, 1, "{sql}");
    };
    let mut before = Value::Null;
    if table == "checkpoints" {
        let sql = "SELECT before_size FROM checkpoints WHERE size = ?1";
        before = raw.query_row(sql, params![key[0]], |row| row.get(0)).unwrap();
    }
    let put_back = || {
        let mut back = vec![(insert.clone(), chosen.values.clone())];
        if table == "checkpoints" {
            let sql = "UPDATE checkpoints SET before_size = ?2 WHERE size = ?1".to_owned();
            back.push((sql, vec![key[0].clone(), before.clone()]));
        }
        back
    };
    let said =
        |what: String, leaves, undo| Said { what: format!("{what} in {table}"), leaves, undo };
    match kind {
        "bit" => {
            let blobs: Vec<usize> = (keys..columns.len())
                .filter(|i| matches!(&chosen.values[*i], Value::Blob(bytes) if !bytes.is_empty()))
                .collect();
            let column = random.of(&blobs);
            let Value::Blob(mut bytes) = chosen.values[column].clone() else { panic!("no bytes") };
            let bit = random.below(bytes.len() as u64 * 8);
            bytes[bit as usize / 8] ^= 1 << (bit % 8);
            let sql =
                format!("UPDATE {table} SET {} = ?{} WHERE {which}", columns[column], keys + 1);
            run(&sql, &[&key[..], &[Value::Blob(bytes)]].concat());
            let undo = [&key[..], &[chosen.values[column].clone()]].concat();
            let what = format!("bit {bit} of {} of row {number}", columns[column]);
            said(what, Some(leaves), vec![(sql, undo)])
        }
        "delete" => {
            run(&delete, &key);
            // Without the last checkpoint the leaves after the one before it are not covered.
            said(format!("row {number} removed"), Some(leaves), put_back())
        }
        "insert" => {
            // A copy at a place that is free.
            let mut copy = chosen.values.clone();
            let sql = format!("SELECT max({}) FROM {table}", columns[keys - 1]);
            let last: i64 = raw.query_row(&sql, [], |row| row.get(0)).unwrap();
            copy[keys - 1] = Value::Integer(last + 1 + random.below(5) as i64);
            run(&insert, &copy);
            let what = format!("a copy of row {number} added as {:?}", copy[keys - 1]);
            said(what, None, vec![(delete, copy[..keys].to_vec())])
        }
        "move" => {
            let sql =
                format!("UPDATE {table} SET {0} = ?{1} WHERE {which}", columns[keys - 1], keys + 1);
            let back = sql.clone();
            let query = format!("SELECT max({}) FROM {table}", columns[keys - 1]);
            let last: i64 = raw.query_row(&query, [], |row| row.get(0)).unwrap();
            let place = Value::Integer(last + 1 + random.below(5) as i64);
            run(&sql, &[&key[..], std::slice::from_ref(&place)].concat());
            let mut moved = key.clone();
            moved[keys - 1] = place.clone();
            let undo = [&moved[..], &[key[keys - 1].clone()]].concat();
            said(format!("row {number} moved to {place:?}"), Some(leaves), vec![(back, undo)])
        }
        _ => {
            // The contents of two rows that differ.
            let other_number = (number + 1 + random.below(count.saturating_sub(1))) % count;
            let other = row(raw, table, columns, other_number);
            let other_key: Vec<Value> = other.values[..keys].to_vec();
            let set = (keys..columns.len())
                .map(|i| format!("{} = ?{}", columns[i], i + 1))
                .collect::<Vec<_>>()
                .join(", ");
            let sql = format!("UPDATE {table} SET {set} WHERE {which}");
            run(&sql, &[&key[..], &other.values[keys..]].concat());
            run(&sql, &[&other_key[..], &chosen.values[keys..]].concat());
            let undo = vec![(sql.clone(), chosen.values.clone()), (sql, other.values.clone())];
            let (a, b) = (leaves, span(table, columns, &other));
            let both = (a.0.min(b.0), a.1.max(b.1));
            said(format!("rows {number} and {other_number} exchanged"), Some(both), undo)
        }
    }
}
