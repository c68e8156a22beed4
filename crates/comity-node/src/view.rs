//! Reading cases back: events are opened, hashed against their leaves, and folded.

use crate::entry::Card;
use crate::fault::NodeFault;
use comity_exchange::case::{Case, CaseId, Event, Side, apply};
use comity_ledger::{KeyState, Leaf, MemoryKeys, PersonKey, Sealed, StoreKey, Unsealed, unseal};
use comity_model::Diagnostic;
use comity_store::{CaseRow, LeafRow, Reads, key_state};

/// A case with its events, each with its place in the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseView {
    /// The fold of the events.
    pub case: Case,
    /// What lists know of it.
    pub row: CaseRow,
    /// Its events, and the index of each one's leaf.
    pub events: Vec<(Event, u64)>,
    /// What the party's people know the person by.
    pub card: Option<Card>,
}

/// The key of a case's person.
pub(crate) fn key_of(
    reads: &mut dyn Reads,
    store_key: &StoreKey,
    row: &CaseRow,
) -> Result<PersonKey, NodeFault> {
    let Some(stored) = reads.person_key(row.person_key)? else {
        let message = format!("the key of person `{}` is not stored", row.person_key);
        return Err(NodeFault::Damaged(Diagnostic::error("key-unknown", message)));
    };
    match key_state(store_key, &stored).map_err(NodeFault::Damaged)? {
        KeyState::Held(key) => Ok(key),
        KeyState::Destroyed { .. } => Err(NodeFault::NoCase(row.case)),
    }
}

/// Opens the event of a leaf, and hashes what is shown against the leaf.
///
/// # Errors
/// [`NodeFault::Damaged`].
pub fn read_event(leaf: &LeafRow, row: &CaseRow, key: &PersonKey) -> Result<Event, NodeFault> {
    let place = |mut fault: Diagnostic| {
        fault.file = format!("leaf {}", leaf.index);
        NodeFault::Damaged(fault)
    };
    let mut keys = MemoryKeys::default();
    let _ = keys.add(row.person_key, key.clone());
    let stored = Leaf::parse("leaf", &leaf.leaf).map_err(place)?;
    let sealed = Sealed::parse(&leaf.sealed).map_err(place)?;
    match unseal(&stored, &sealed, &keys).map_err(place)? {
        Unsealed::Open(opening) => {
            let text = String::from_utf8(opening.event)
                .map_err(|e| place(Diagnostic::error("not-text", e.to_string())))?;
            Event::read(&text).map_err(place)
        }
        Unsealed::Erased { .. } => Err(NodeFault::NoCase(row.case)),
    }
}

/// A case as it is stored.
///
/// # Errors
/// [`NodeFault::NoCase`], [`NodeFault::Damaged`], [`NodeFault::Store`].
pub fn read_case(
    reads: &mut dyn Reads,
    store_key: &StoreKey,
    side: Side,
    id: CaseId,
) -> Result<CaseView, NodeFault> {
    let row = reads.case(id)?.ok_or(NodeFault::NoCase(id))?;
    let key = key_of(reads, store_key, &row)?;
    let mut case = Case::new(side, id);
    let mut events = Vec::new();
    for leaf in reads.leaves_of(id)? {
        let event = read_event(&leaf, &row, &key)?;
        if event.case != id || event.version != case.version.next() {
            let message = format!("leaf {} is not the next event of its case", leaf.index);
            return Err(NodeFault::Damaged(Diagnostic::error("out-of-order", message)));
        }
        case = apply(case, &event);
        events.push((event, leaf.index));
    }
    let card = read_card(&row, &key)?;
    Ok(CaseView { case, row, events, card })
}

/// What the party's people know the person by.
///
/// # Errors
/// [`NodeFault::Damaged`].
pub fn read_card(row: &CaseRow, key: &PersonKey) -> Result<Option<Card>, NodeFault> {
    let Some(sealed) = &row.card_sealed else { return Ok(None) };
    Card::open(row.case, key, sealed).map(Some).map_err(NodeFault::Damaged)
}
