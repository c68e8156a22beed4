//! Bookings of a jail's own software: a sheet is booked whole or not at all, in one commit, and
//! a booking that was imported once is never booked again.
//!
//! What is remembered of a booking is a keyed hash of its id. It stays when the person is
//! forgotten, so that the same file does not bring the person back; nobody can read the id from
//! it. See docs/adr/0051.

pub mod folder;
mod report;

use crate::account::{AuditEvent, AuditOutcome, Origin, Permission, Subject, What, Who};
use crate::app::App;
use crate::problem::Problem;
use comity_exchange::bookings::{SheetBooking, SheetForm, Usual, read_bookings};
use comity_exchange::canonical;
use comity_exchange::case::{By, CaseId, CommandId, Official, Why};
use comity_ledger::StoreKey;
use comity_model::Diagnostic;
use comity_node::{Ask, Card, Entry, NodeFault, read_case};
use comity_store::{Change, Fault, Reads, ReplyRow};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;

/// For how long it is remembered that a booking was imported.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 3653);

/// How often a sheet is looked at again that another import met half way.
const TRIES_MAX: usize = 4;

/// In whose name bookings are imported.
#[derive(Debug, Clone)]
pub struct Importer {
    /// Who books.
    pub official: Official,
    /// Who that is in the audit.
    pub who: Who,
    /// From where.
    pub origin: Origin,
}

/// A booking of a sheet that is in custody's record now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// The line of the sheet.
    pub line: usize,
    /// Its id where it comes from.
    pub booking_id: String,
    /// Its case.
    pub case: CaseId,
    /// True if it was booked by this sheet; false if it had been before.
    pub is_new: bool,
}

/// Why nothing of a sheet was booked.
#[derive(Debug)]
pub enum Unimported {
    /// What is wrong, with lines and columns.
    Wrong(Vec<Diagnostic>),
    /// The node cannot, for now.
    Node(Problem),
}

impl<T: Into<Problem>> From<T> for Unimported {
    fn from(problem: T) -> Unimported {
        Unimported::Node(problem.into())
    }
}

/// A booking with what it is called inside the node.
struct Named {
    row: SheetBooking,
    case: CaseId,
    command: CommandId,
    remembered: [u8; 32],
}

fn first_16(hash: [u8; 32]) -> [u8; 16] {
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    id
}

impl Named {
    /// The same booking has the same case wherever and whenever it is sent; the same content
    /// the same command.
    fn of(row: SheetBooking, key: &StoreKey) -> Result<Named, Diagnostic> {
        let id = row.id.as_str().as_bytes();
        let case = CaseId(first_16(key.text_ref("import-case", id)));
        let peer = row.peer.as_ref().map(|peer| peer.as_str().to_owned());
        let says = json!([case, row.name, row.number, peer, row.booking]);
        let says = canonical(&says)?;
        let command = CommandId(first_16(key.text_ref("import-command", says.as_bytes())));
        let remembered = key.text_ref("import", id);
        Ok(Named { row, case, command, remembered })
    }

    fn asks(self, by: &Importer, now: Timestamp) -> [Ask; 3] {
        let SheetBooking { name, number, peer, booking, .. } = self.row;
        let card = Some(Card { name, number });
        let event = AuditEvent {
            what: What::PermissionUsed(Permission::ImportBookings),
            at: now,
            origin: by.origin,
            who: by.who.clone(),
            outcome: AuditOutcome::Done,
            subject: Subject::Case(self.case),
        };
        let ends_at = now + REMEMBERED;
        let reply = ReplyRow { key_sha256: self.remembered, ends_at, body: b"{}".to_vec() };
        [
            Ask::Enter {
                case: self.case,
                id: self.command,
                by: By::Official(by.official.clone()),
                expects: None,
                entry: Box::new(Entry::Book { booking, card }),
                peer,
                file: None,
            },
            event.to_ask(),
            Ask::Keep(vec![Change::PutReply(reply)]),
        ]
    }
}

/// What the store knows of a booking.
enum Known {
    No,
    Same,
    Changed,
}

fn known(
    reads: &mut dyn Reads,
    app: &App,
    of: &(CaseId, CommandId, [u8; 32]),
) -> Result<Known, NodeFault> {
    let (case, command, remembered) = of;
    if reads.case(*case)?.is_some() {
        let view = read_case(reads, &app.store_key, app.side, *case)?;
        let is_same = view.case.commands.contains_key(command);
        return Ok(if is_same { Known::Same } else { Known::Changed });
    }
    // Of a person who was forgotten there is no case, and nobody to be booked again.
    Ok(if reads.reply(remembered)?.is_some() { Known::Same } else { Known::No })
}

/// Books every booking of a sheet that was not imported before.
///
/// # Errors
/// Findings, of which each names its line: nothing was booked then. What the node or its store
/// says: nothing was booked, and the same sheet may be sent again.
pub async fn import(
    app: &Arc<App>,
    by: &Importer,
    bytes: &[u8],
    form: SheetForm,
) -> Result<Vec<Imported>, Unimported> {
    let usual = Usual {
        places: app.library.places(),
        place: app.place.as_deref(),
        time_zone: app.zone.iana_name().filter(|zone| *zone != "UTC"),
    };
    let rows = read_bookings("sheet", bytes, form, &usual).map_err(Unimported::Wrong)?;
    let overtaken = Fault::Misfit(String::new());
    for _ in 0..TRIES_MAX {
        match try_import(app, by, &rows).await {
            // Another import has booked one of them meanwhile.
            Err(Unimported::Node(problem)) if problem.code == overtaken.code() => {}
            done => return done,
        }
    }
    Err(Fault::Busy("another import is under way".to_owned()).into())
}

async fn try_import(
    app: &Arc<App>,
    by: &Importer,
    rows: &[SheetBooking],
) -> Result<Vec<Imported>, Unimported> {
    let named: Result<Vec<Named>, Diagnostic> =
        rows.iter().map(|row| Named::of(row.clone(), &app.store_key)).collect();
    let named = named.map_err(|fault| Unimported::Wrong(vec![fault]))?;
    let of: Vec<_> = named.iter().map(|n| (n.case, n.command, n.remembered)).collect();
    let asked = app.clone();
    let states = app.readers.read(move |reads| {
        of.iter().map(|of| known(reads, &asked, of)).collect::<Result<Vec<Known>, NodeFault>>()
    });
    let states = states.await??;
    let now = app.engine.clock.now();
    let (mut done, mut wrong) = (Vec::new(), Vec::new());
    let (mut asks, mut lines) = (Vec::new(), Vec::new());
    for (named, state) in named.into_iter().zip(states) {
        let (line, id) = (named.row.line, named.row.id.as_str().to_owned());
        let is_new = matches!(state, Known::No);
        done.push(Imported { line, booking_id: id, case: named.case, is_new });
        match state {
            Known::Same => {}
            Known::Changed => wrong.push(changed(line)),
            Known::No => {
                lines.push(line);
                asks.extend(named.asks(by, now));
            }
        }
    }
    if !wrong.is_empty() {
        return Err(Unimported::Wrong(wrong));
    }
    if asks.is_empty() {
        return Ok(done);
    }
    match app.engine.ask(Ask::Together(asks)).await {
        Ok(_) => Ok(done),
        Err(NodeFault::Together(faults)) if faults.iter().any(|(_, f)| is_overtaken(f)) => {
            Err(Fault::Misfit("another import was faster".to_owned()).into())
        }
        Err(NodeFault::Together(faults)) => {
            let found = |(ask, fault): (usize, NodeFault)| {
                refused(lines.get(ask / 3).copied().unwrap_or_default(), &fault)
            };
            Err(Unimported::Wrong(faults.into_iter().map(found).collect()))
        }
        Err(fault) => Err(fault.into()),
    }
}

/// True where a case was opened since it was looked for.
fn is_overtaken(fault: &NodeFault) -> bool {
    let NodeFault::Refused(refusal) = fault else { return false };
    matches!(refusal.why, Why::IdReused | Why::AlreadyOpened)
}

fn on_line(line: usize, path: &str, mut fault: Diagnostic) -> Diagnostic {
    fault.line = line;
    path.clone_into(&mut fault.path);
    fault
}

fn changed(line: usize) -> Diagnostic {
    let message = "this booking was imported before, and said something else then";
    let fault = Diagnostic::error("imported-otherwise", message);
    let help = "edit the booking at the desk, or with the entry `amend_booking`; or is the id \
                that of another booking?";
    on_line(line, "booking_id", fault.help(help))
}

/// What the node says to one booking, without what the booking says.
fn refused(line: usize, fault: &NodeFault) -> Diagnostic {
    match fault {
        NodeFault::Refused(refusal) if matches!(refusal.why, Why::InFuture(_)) => {
            let fault = Diagnostic::error("in-future", "this is later than now");
            on_line(
                line,
                "booked_at",
                fault.help("a person is imported once booked; is the offset right?"),
            )
        }
        NodeFault::Refused(refusal) => {
            let fault =
                Diagnostic::error(refusal.why.code(), "the case does not take this booking");
            on_line(line, "", fault)
        }
        NodeFault::Wrong(found) => {
            let of = |d: &Diagnostic| {
                let fault = Diagnostic::error(d.code, d.message.clone()).help(d.help.clone());
                on_line(line, &d.path, fault)
            };
            found.first().map_or_else(
                || on_line(line, "", Diagnostic::error("wrong", "it does not fit")),
                of,
            )
        }
        fault => on_line(line, "", Diagnostic::error("wrong", fault.to_string())),
    }
}
