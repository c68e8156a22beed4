//! Everyday changes, gathered by kind: each kind is one statement, however many asked for it.
//!
//! A change is gathered only if the batch comes to the same as with each change on its own, in
//! its order. Where the order between two kinds could tell, what was gathered is written first.

use super::link::{Link, Param};
use crate::batch::Change;
use crate::column::{ns, signed};
use crate::fault::Fault;
use crate::row::{
    AuditRow, CaseRow, FileRow, InboxRow, LeafRow, OutboxRow, PersonKeyRow, ReplyRow, TaskRow,
    role_name,
};
use comity_exchange::Party;
use comity_exchange::case::CaseId;
use std::collections::{BTreeMap, BTreeSet};

/// Changes that are not written yet, by kind, in the order in which they are written.
#[derive(Default)]
pub(super) struct Run<'a> {
    keys: Vec<&'a PersonKeyRow>,
    cases: BTreeMap<CaseId, &'a CaseRow>,
    leaves: Vec<&'a LeafRow>,
    tasks: BTreeMap<CaseId, &'a [TaskRow]>,
    files: Vec<&'a FileRow>,
    posted: Vec<&'a OutboxRow>,
    settled: BTreeMap<(&'a Party, u64), &'a [u8]>,
    inbox: Vec<&'a InboxRow>,
    audit: Vec<&'a AuditRow>,
    replies: Vec<&'a ReplyRow>,
}

/// One value of each row.
fn each<'a, R, V>(rows: &[&'a R], value: impl Fn(&'a R) -> V) -> Vec<V> {
    rows.iter().map(|row| value(row)).collect()
}

/// How many rows before each one are of the same peer, of those that count.
fn before<'a, R>(
    rows: &[&'a R],
    peer: impl Fn(&'a R) -> &'a Party,
    counts: impl Fn(&'a R) -> bool,
) -> Vec<i64> {
    let mut seen = BTreeMap::new();
    let place = |row: &&'a R| {
        let seen = seen.entry(peer(row)).or_insert(0);
        let place = *seen;
        *seen += i64::from(counts(row));
        place
    };
    rows.iter().map(place).collect()
}

fn have_their_own_keys(tasks: &[TaskRow]) -> bool {
    tasks.iter().map(|task| &task.key).collect::<BTreeSet<_>>().len() == tasks.len()
}

impl<'a> Run<'a> {
    /// True if the change may join: the kinds that are written before it, and those after it,
    /// have nothing that it could be early or late for.
    pub(super) fn fits(&self, change: &Change) -> bool {
        match change {
            Change::AddPersonKey(row) => self.cases.values().all(|case| case.person_key != row.id),
            Change::PutCase(row) => match self.cases.get(&row.case) {
                Some(before) => before.person_key == row.person_key,
                None => {
                    !self.tasks.contains_key(&row.case)
                        && self.files.iter().all(|file| file.case != row.case)
                        && self.settled.is_empty()
                }
            },
            Change::PutTasks { case, .. } => {
                self.tasks.get(case).is_none_or(|before| have_their_own_keys(before))
            }
            Change::Post(row) => !self.settled.contains_key(&(&row.peer, row.number)),
            Change::Settle { peer, number, .. } => !self.settled.contains_key(&(peer, *number)),
            Change::PutInbox(row) => self
                .inbox
                .iter()
                .all(|other| (&other.peer, other.number) != (&row.peer, row.number)),
            _ => true,
        }
    }

    /// Takes a change that fits; false if it is none of the everyday kinds.
    pub(super) fn takes(&mut self, change: &'a Change) -> bool {
        match change {
            Change::AddPersonKey(row) => self.keys.push(row),
            Change::PutCase(row) => drop(self.cases.insert(row.case, row)),
            Change::Append(row) => self.leaves.push(row),
            Change::PutTasks { case, tasks } => drop(self.tasks.insert(*case, tasks)),
            Change::AddFile(row) => self.files.push(row),
            Change::Post(row) => self.posted.push(row),
            Change::Settle { peer, number, receipt } => {
                self.settled.insert((peer, *number), receipt);
            }
            Change::PutInbox(row) => self.inbox.push(row),
            Change::Audit(row) => self.audit.push(row),
            Change::PutReply(row) => self.replies.push(row),
            _ => return false,
        }
        true
    }

    /// Writes it, on so many leaves; the number of leaves then.
    pub(super) fn write(self, link: &mut Link, size: u64) -> Result<u64, Fault> {
        self.write_keys(link)?;
        self.write_cases(link)?;
        let size = self.write_leaves(link, size)?;
        self.write_tasks(link)?;
        for row in &self.files {
            // Refused by its reference where there is no such case; each may be large.
            let sql = "INSERT INTO files (case_id, digest, sealed) VALUES ($1, $2, $3)";
            link.run(sql, &[&&row.case.0[..], &&row.digest.0[..], &row.sealed])?;
        }
        self.write_posted(link)?;
        self.write_settled(link)?;
        self.write_inbox(link)?;
        self.write_audit(link)?;
        self.write_replies(link)?;
        Ok(size)
    }

    fn write_keys(&self, link: &mut Link) -> Result<(), Fault> {
        let rows = &self.keys;
        if rows.is_empty() {
            return Ok(());
        }
        let sql = "INSERT INTO person_keys (key_id, wrapped, destroyed_at)
                   SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bigint[])";
        let params: [Param; 3] = [
            &each(rows, |row| &row.id.0[..]),
            &each(rows, |row| row.wrapped.as_deref()),
            &each(rows, |row| row.destroyed_at.map(ns)),
        ];
        link.run(sql, &params).map(drop)
    }

    fn write_cases(&self, link: &mut Link) -> Result<(), Fault> {
        let rows: &[&CaseRow] = &self.cases.values().copied().collect::<Vec<_>>();
        if rows.is_empty() {
            return Ok(());
        }
        let sql = "INSERT INTO cases (case_id, peer, key_id, version, opened_at, changed_at,
                     ended_at, next_at, card_sealed, number_ref)
                   SELECT new.* FROM unnest($1::bytea[], $2::text[], $3::bytea[], $4::bigint[],
                     $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bytea[],
                     $10::bytea[]) AS new (case_id, peer, key_id, version, opened_at, changed_at,
                     ended_at, next_at, card_sealed, number_ref)
                   WHERE EXISTS (SELECT 1 FROM person_keys
                     WHERE person_keys.key_id = new.key_id AND wrapped IS NOT NULL)
                   ON CONFLICT (case_id) DO UPDATE SET peer = EXCLUDED.peer,
                     key_id = EXCLUDED.key_id, version = EXCLUDED.version,
                     opened_at = EXCLUDED.opened_at, changed_at = EXCLUDED.changed_at,
                     ended_at = EXCLUDED.ended_at, next_at = EXCLUDED.next_at,
                     card_sealed = EXCLUDED.card_sealed, number_ref = EXCLUDED.number_ref";
        let params: [Param; 10] = [
            &each(rows, |row| &row.case.0[..]),
            &each(rows, |row| row.peer.as_str()),
            &each(rows, |row| &row.person_key.0[..]),
            &each(rows, |row| signed(row.version.0)),
            &each(rows, |row| ns(row.opened_at)),
            &each(rows, |row| ns(row.changed_at)),
            &each(rows, |row| row.ended_at.map(ns)),
            &each(rows, |row| row.next_at.map(ns)),
            &each(rows, |row| row.card_sealed.as_deref()),
            &each(rows, |row| row.number_ref.as_ref().map(|number| &number[..])),
        ];
        link.must(sql, &params, rows.len(), || "a case's key is not held".to_owned())
    }

    fn write_leaves(&self, link: &mut Link, mut size: u64) -> Result<u64, Fault> {
        let rows = &self.leaves;
        for row in rows {
            if row.index != size {
                let why = format!("leaf {} cannot follow {size} leaves", row.index);
                return Err(Fault::Misfit(why));
            }
            size += 1;
        }
        if rows.is_empty() {
            return Ok(size);
        }
        let sql = "INSERT INTO leaves (leaf_index, leaf, sealed, case_id, version)
                   SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[],
                     $5::bigint[])";
        let params: [Param; 5] = [
            &each(rows, |row| signed(row.index)),
            &each(rows, |row| &row.leaf[..]),
            &each(rows, |row| &row.sealed[..]),
            &each(rows, |row| row.of.as_ref().map(|of| &of.0.0[..])),
            &each(rows, |row| row.of.map(|of| signed(of.1.0))),
        ];
        link.run(sql, &params)?;
        Ok(size)
    }

    fn write_tasks(&self, link: &mut Link) -> Result<(), Fault> {
        if self.tasks.is_empty() {
            return Ok(());
        }
        let cases: Vec<&[u8]> = self.tasks.keys().map(|case| &case.0[..]).collect();
        link.run("DELETE FROM tasks WHERE case_id = ANY($1::bytea[])", &[&cases])?;
        // Of the others a reference says whether there is such a case.
        let is_asked = |(case, tasks): &(&'_ CaseId, &&[TaskRow])| {
            tasks.is_empty() && !self.cases.contains_key(case)
        };
        let asked: Vec<&[u8]> =
            self.tasks.iter().filter(is_asked).map(|(case, _)| &case.0[..]).collect();
        if !asked.is_empty() {
            let sql = "SELECT case_id FROM cases WHERE case_id = ANY($1::bytea[])";
            if link.query(sql, &[&asked])?.len() != asked.len() {
                return Err(Fault::Misfit("tasks of a case that is not there".to_owned()));
            }
        }
        let all = self.tasks.iter();
        let of_case: Vec<(&CaseId, &TaskRow)> =
            all.flat_map(|(case, tasks)| tasks.iter().map(move |task| (case, task))).collect();
        if of_case.is_empty() {
            return Ok(());
        }
        let cases: Vec<&[u8]> = of_case.iter().map(|(case, _)| &case.0[..]).collect();
        let rows: &[&TaskRow] = &of_case.iter().map(|(_, task)| *task).collect::<Vec<_>>();
        let sql = "INSERT INTO tasks (case_id, task_key, body, role, due_at)
                   SELECT * FROM unnest($1::bytea[], $2::text[], $3::bytea[], $4::text[],
                     $5::bigint[])";
        let params: [Param; 5] = [
            &cases,
            &each(rows, |row| row.key.as_str()),
            &each(rows, |row| &row.body[..]),
            &each(rows, |row| role_name(row.role)),
            &each(rows, |row| ns(row.due_at)),
        ];
        link.run(sql, &params).map(drop)
    }

    fn write_posted(&self, link: &mut Link) -> Result<(), Fault> {
        let rows = &self.posted;
        if rows.is_empty() {
            return Ok(());
        }
        let sql = "INSERT INTO outbox (peer, number, envelope_id, digest, case_id, bytes, attempts,
                     due_at, receipt)
                   SELECT new.peer, new.number, new.envelope_id, new.digest, new.case_id,
                     new.bytes, new.attempts, new.due_at, new.receipt
                   FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[],
                     $6::bytea[], $7::bytea[], $8::bigint[], $9::bigint[], $10::bytea[])
                     AS new (peer, number, before, envelope_id, digest, case_id, bytes, attempts,
                       due_at, receipt)
                   WHERE new.number = new.before + (SELECT coalesce(max(outbox.number) + 1, 1)
                     FROM outbox WHERE outbox.peer = new.peer COLLATE \"C\")";
        let params: [Param; 10] = [
            &each(rows, |row| row.peer.as_str()),
            &each(rows, |row| signed(row.number)),
            &before(rows, |row| &row.peer, |_| true),
            &each(rows, |row| &row.id.0[..]),
            &each(rows, |row| &row.digest.0[..]),
            &each(rows, |row| row.case.as_ref().map(|case| &case.0[..])),
            &each(rows, |row| row.bytes.as_deref()),
            &each(rows, |row| i64::from(row.attempts)),
            &each(rows, |row| row.due_at.map(ns)),
            &each(rows, |row| row.receipt.as_deref()),
        ];
        link.must(sql, &params, rows.len(), || "a message is not the next one".to_owned())
    }

    fn write_settled(&self, link: &mut Link) -> Result<(), Fault> {
        if self.settled.is_empty() {
            return Ok(());
        }
        // Of a case that was forgotten meanwhile nothing stays but the receipt.
        let is_kept = "outbox.case_id IS NULL OR EXISTS
             (SELECT 1 FROM cases WHERE cases.case_id = outbox.case_id)";
        let sql = format!(
            "UPDATE outbox SET receipt = new.receipt, due_at = NULL,
               bytes = CASE WHEN {is_kept} THEN outbox.bytes END,
               case_id = CASE WHEN {is_kept} THEN outbox.case_id END
             FROM unnest($1::text[], $2::bigint[], $3::bytea[]) AS new (peer, number, receipt)
             WHERE outbox.peer = new.peer COLLATE \"C\" AND outbox.number = new.number
               AND outbox.receipt IS NULL"
        );
        let peers: Vec<&str> = self.settled.keys().map(|(peer, _)| peer.as_str()).collect();
        let numbers: Vec<i64> = self.settled.keys().map(|(_, number)| signed(*number)).collect();
        let receipts: Vec<&[u8]> = self.settled.values().copied().collect();
        link.must(&sql, &[&peers, &numbers, &receipts], peers.len(), || {
            "a message that is settled is not on its way".to_owned()
        })
    }

    fn write_inbox(&self, link: &mut Link) -> Result<(), Fault> {
        let rows = &self.inbox;
        if rows.is_empty() {
            return Ok(());
        }
        let sql = "INSERT INTO inbox (peer, number, envelope_id, digest, waiting, receipt)
                   SELECT new.peer, new.number, new.envelope_id, new.digest, new.waiting,
                     new.receipt
                   FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[],
                     $6::bytea[], $7::bytea[])
                     AS new (peer, number, before, envelope_id, digest, waiting, receipt),
                   LATERAL (SELECT coalesce(max(inbox.number) + 1, 1) + new.before AS next
                     FROM inbox WHERE inbox.peer = new.peer COLLATE \"C\"
                       AND inbox.receipt IS NOT NULL) AS applied
                   WHERE new.number = next OR (new.number > next AND new.receipt IS NULL)
                   ON CONFLICT (peer, number) DO UPDATE SET envelope_id = EXCLUDED.envelope_id,
                     digest = EXCLUDED.digest, waiting = EXCLUDED.waiting,
                     receipt = EXCLUDED.receipt";
        let params: [Param; 7] = [
            &each(rows, |row| row.peer.as_str()),
            &each(rows, |row| signed(row.number)),
            &before(rows, |row| &row.peer, |row| row.receipt.is_some()),
            &each(rows, |row| &row.id.0[..]),
            &each(rows, |row| &row.digest.0[..]),
            &each(rows, |row| row.waiting.as_deref()),
            &each(rows, |row| row.receipt.as_deref()),
        ];
        link.must(sql, &params, rows.len(), || {
            "a message that came is applied, or not the next one".to_owned()
        })
    }

    fn write_audit(&self, link: &mut Link) -> Result<(), Fault> {
        let rows = &self.audit;
        if rows.is_empty() {
            return Ok(());
        }
        let sql = "INSERT INTO audit (number, at, account, case_id, body)
                   SELECT new.number, new.at, new.account, new.case_id, new.body
                   FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bytea[], $5::bytea[])
                     WITH ORDINALITY AS new (number, at, account, case_id, body, place)
                   WHERE new.number = new.place + (SELECT coalesce(max(audit.number), 0) FROM audit)";
        let params: [Param; 5] = [
            &each(rows, |row| signed(row.number)),
            &each(rows, |row| ns(row.at)),
            &each(rows, |row| row.account.as_ref().map(|account| account.as_str())),
            &each(rows, |row| row.case.as_ref().map(|case| &case.0[..])),
            &each(rows, |row| &row.body[..]),
        ];
        link.must(sql, &params, rows.len(), || {
            "a line of the audit cannot follow the last one".to_owned()
        })
    }

    fn write_replies(&self, link: &mut Link) -> Result<(), Fault> {
        let rows = &self.replies;
        if rows.is_empty() {
            return Ok(());
        }
        let sql = "INSERT INTO replies (key_sha256, ends_at, body)
                   SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bytea[])";
        let params: [Param; 3] = [
            &each(rows, |row| &row.key_sha256[..]),
            &each(rows, |row| ns(row.ends_at)),
            &each(rows, |row| &row.body[..]),
        ];
        link.run(sql, &params).map(drop)
    }
}
