//! Messages to and from the peers.

use crate::fault::NodeFault;
use crate::identity::{Identity, random};
use crate::keep::file_use;
use crate::node::{Done, Loaded, Node, Work};
use comity_exchange::case::{
    Act, By, CaseId, Command, CommandId, Message, Says, SetAside, Side, decide,
};
use comity_exchange::{
    Body, Digest, Envelope, EnvelopeId, Inbox, KeyNews, MessageKind, Outbox, Party, Pending,
    Receipt, Refusal, Signed, Taken,
};
use comity_ledger::{Rotation, SecretKey, StoreKey, VerifierKey};
use comity_model::Diagnostic;
use comity_store::{Change, InboxRow, OutboxRow};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// Most unsettled messages to one peer that are read from the store at a time.
const PENDING_MAX: usize = 100_000;

/// Most bytes of an envelope that is kept word for word as evidence of what was received; of a
/// longer one its digest is. Quotes double when a note stands inside JSON, and an event has a
/// largest size: a message must never be too large to be recorded, or it would hold up all
/// behind it.
const EVIDENCE_BYTES_MAX: usize = 500_000;

const KEY_REPLACED: &str = "key.replaced";
const KEY_REVOKED: &str = "key.revoked";
const LOG_KEY_REPLACED: &str = "key.log_replaced";

/// A message that is to be sent, with the files that belong to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Parcel {
    /// To whom.
    pub peer: Party,
    /// Where its node listens.
    pub url: String,
    /// The message's number.
    pub number: u64,
    /// The signed envelope.
    pub envelope: Vec<u8>,
    /// The files.
    pub files: Vec<Vec<u8>>,
}

impl std::fmt::Debug for Parcel {
    // An envelope holds personal data, which belongs into no log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Parcel({} to {})", self.number, self.peer)
    }
}

/// The prints that a message names, with its case.
fn prints_of(envelope: &Envelope) -> Option<(CaseId, Digest)> {
    match Message::read(&envelope.kind, &envelope.body).ok()? {
        Message { case, says: Says::PrintsSubmitted { submission, .. } } => {
            Some((case, submission.file))
        }
        _ => None,
    }
}

/// Whether a stored message came or goes.
#[derive(Clone, Copy)]
enum Way {
    In,
    Out,
}

/// What the sealing of a stored message is bound to.
fn mail_use(way: Way, peer: &Party, number: u64) -> Vec<u8> {
    let way = match way {
        Way::In => "in",
        Way::Out => "out",
    };
    format!("comity-mail/v1\n{way}\n{peer}\n{number}").into_bytes()
}

/// A stored message, opened. One that was stored before messages were sealed begins as every
/// envelope does.
fn opened(
    key: &StoreKey,
    way: Way,
    (peer, number): (&Party, u64),
    stored: Vec<u8>,
) -> Result<Vec<u8>, Diagnostic> {
    if stored.starts_with(b"comity-") {
        return Ok(stored);
    }
    key.open(&mail_use(way, peer, number), &stored).map(|bytes| bytes.to_vec())
}

impl Node {
    /// A message as it is stored: it holds personal data.
    fn sealed(
        &mut self,
        way: Way,
        (peer, number): (&Party, u64),
        envelope: &[u8],
    ) -> Result<Vec<u8>, NodeFault> {
        let nonce = random(self.random.as_mut());
        let key = &self.identity.store_key;
        key.seal(&mail_use(way, peer, number), nonce, envelope).map_err(NodeFault::wrong)
    }

    fn outbox(&mut self, peer: &Party) -> Result<&mut Outbox, NodeFault> {
        if !self.outboxes.contains_key(peer) {
            let next = self.store.outbox_next(peer)?;
            let rows = self.store.outbox_pending(peer, PENDING_MAX)?;
            let Identity { message_key, store_key, .. } = &self.identity;
            let own = message_key.verifier();
            let pending: Result<Vec<Pending>, Diagnostic> =
                rows.into_iter().filter_map(|row| pending(row, own, store_key)).collect();
            let outbox = Outbox::new(self.identity.party.clone(), peer.clone())
                .resume(next, pending.map_err(NodeFault::Damaged)?);
            self.outboxes.insert(peer.clone(), outbox);
        }
        self.outboxes.get_mut(peer).ok_or_else(|| {
            NodeFault::wrong(Diagnostic::error("missing", "the outbox was not kept"))
        })
    }

    /// Signs a message about a case and keeps it until it is receipted.
    pub(crate) fn post(
        &mut self,
        work: &mut Work,
        peer: &Party,
        message: &Message,
    ) -> Result<(), NodeFault> {
        let kind = message.kind().map_err(NodeFault::wrong)?;
        let body = message.to_body().map_err(NodeFault::wrong)?;
        self.post_body(work, peer, kind, body, Some(message.case))
    }

    fn post_body(
        &mut self,
        work: &mut Work,
        peer: &Party,
        kind: MessageKind,
        body: Body,
        case: Option<CaseId>,
    ) -> Result<(), NodeFault> {
        let id = EnvelopeId(random(self.random.as_mut()));
        let key = self.identity.message_key.clone();
        let outbox = self.outbox(peer)?;
        let pending =
            outbox.post(id, kind, None, body, &key, work.now).map_err(NodeFault::wrong)?;
        let Signed { envelope, bytes, digest, .. } = pending.signed.clone();
        let number = envelope.number;
        let row = OutboxRow {
            peer: peer.clone(),
            number,
            id,
            digest,
            case,
            bytes: Some(self.sealed(Way::Out, (peer, number), &bytes)?),
            attempts: 0,
            due_at: Some(work.now),
            receipt: None,
        };
        work.changes.push(Change::Post(row));
        Ok(())
    }

    /// What is to be sent at a moment, at most `max` messages to each peer, in order.
    ///
    /// # Errors
    /// The store; what it holds does not open.
    pub fn parcels(&mut self, now: Timestamp, max: usize) -> Result<Vec<Parcel>, NodeFault> {
        let mut out = Vec::new();
        let peers: Vec<(Party, String)> =
            self.peers.values().map(|p| (p.party.clone(), p.url.clone())).collect();
        for (peer, url) in peers {
            let due: Vec<Signed> =
                self.outbox(&peer)?.due(now).take(max).map(|p| p.signed.clone()).collect();
            for signed in due {
                let files = self.files_of(&signed.envelope)?;
                let (peer, url, number) = (peer.clone(), url.clone(), signed.envelope.number);
                out.push(Parcel { peer, url, number, envelope: signed.bytes, files });
            }
        }
        Ok(out)
    }

    fn files_of(&mut self, envelope: &Envelope) -> Result<Vec<Vec<u8>>, NodeFault> {
        let Some((case, digest)) = prints_of(envelope) else { return Ok(Vec::new()) };
        let file = self.read_file(case, digest)?;
        Ok(file.into_iter().collect())
    }

    /// A file of a case, opened and hashed again.
    ///
    /// # Errors
    /// [`NodeFault::NoCase`], [`NodeFault::Damaged`], [`NodeFault::Store`].
    pub fn read_file(
        &mut self,
        case: CaseId,
        digest: Digest,
    ) -> Result<Option<Vec<u8>>, NodeFault> {
        let loaded = self.load(case)?.ok_or(NodeFault::NoCase(case))?;
        let Some(row) = self.store.file(case, digest)? else { return Ok(None) };
        let bytes =
            loaded.key.open(&file_use(case, digest), &row.sealed).map_err(NodeFault::Damaged)?;
        if Digest::of_bytes(&bytes) == digest {
            return Ok(Some(bytes.to_vec()));
        }
        let message = "a stored file is not the one whose hash was recorded";
        Err(NodeFault::Damaged(Diagnostic::error("damaged", message)))
    }

    /// A peer's receipt came.
    pub(crate) fn receipt(&mut self, work: &mut Work, bytes: &[u8]) -> Result<Done, NodeFault> {
        let receipt =
            Receipt::read("receipt", bytes, &self.keys, work.now).map_err(NodeFault::wrong)?;
        let settled = self.outbox(&receipt.from)?.settle(&receipt).map_err(NodeFault::wrong)?;
        if settled == comity_exchange::Settled::Now {
            let (peer, number) = (receipt.from, receipt.number);
            work.changes.push(Change::Settle { peer, number, receipt: bytes.to_vec() });
        }
        Ok(Done::Ok)
    }

    pub(crate) fn attempted(
        &mut self,
        work: &mut Work,
        peer: &Party,
        number: u64,
    ) -> Result<Done, NodeFault> {
        let now = work.now;
        let outbox = self.outbox(peer)?;
        outbox.attempted(number, now);
        let pending = outbox.pending().find(|p| p.signed.envelope.number == number);
        if let Some(Pending { attempts, due_at, .. }) = pending {
            let (peer, attempts, due_at) = (peer.clone(), *attempts, *due_at);
            work.changes.push(Change::Attempt { peer, number, attempts, due_at });
        }
        Ok(Done::Ok)
    }

    /// In memory only: after a restart the waits are those that were stored.
    pub(crate) fn hurry(&mut self, work: &mut Work, peer: &Party) -> Result<Done, NodeFault> {
        let now = work.now;
        self.outbox(peer)?.hurry(now);
        Ok(Done::Ok)
    }

    fn inbox(&mut self, work: &Work, from: &Party) -> Result<&mut Inbox, NodeFault> {
        if !self.inboxes.contains_key(from) {
            let next = self.store.inbox_next(from)?;
            // What waits and is not believed any more is sent again by its sender.
            let waiting = self.store.inbox_waiting(from)?.into_iter().filter_map(|row| {
                let of = (from, row.number);
                let bytes = opened(&self.identity.store_key, Way::In, of, row.waiting?).ok()?;
                Envelope::read("inbox", &bytes, &self.keys, work.now).ok()
            });
            let inbox = Inbox::new(from.clone(), self.identity.party.clone());
            let inbox = inbox.resume(next, waiting.collect());
            self.inboxes.insert(from.clone(), inbox);
        }
        self.inboxes
            .get_mut(from)
            .ok_or_else(|| NodeFault::wrong(Diagnostic::error("missing", "the inbox was not kept")))
    }

    /// A message came.
    pub(crate) fn deliver(
        &mut self,
        work: &mut Work,
        bytes: &[u8],
        files: Vec<Vec<u8>>,
    ) -> Result<Done, NodeFault> {
        let unreceived = |refusal| NodeFault::Unreceived(Box::new(refusal));
        let signed = match Envelope::read("envelope", bytes, &self.keys, work.now) {
            Ok(signed) => signed,
            Err(fault) => {
                // Taken while its key was believed, and its receipt was lost.
                let was_signed = fault.code == "key-not-valid";
                let again = if was_signed { self.receipt_again(bytes)? } else { None };
                let refusal = || unreceived(Refusal::Unbelieved(fault));
                return again.map(|r| Done::Receipts(vec![r])).ok_or_else(refusal);
            }
        };
        let (from, number, id) =
            (signed.envelope.from.clone(), signed.envelope.number, signed.envelope.id);
        let known = [self.store.inbox(&from, number)?, self.store.inbox_by_id(&from, id)?];
        let inbox = self.inbox(work, &from)?;
        for row in known.into_iter().flatten().filter(|row| row.waiting.is_none()) {
            inbox.remember(row.number, row.id, row.digest);
        }
        let is_next = number == inbox.next();
        if number >= inbox.next()
            && let Some((_, digest)) = prints_of(&signed.envelope)
        {
            let came = files.iter().any(|file| Digest::of_bytes(file) == digest);
            if !came || !is_next {
                let message = "prints are taken with their file, and in their turn";
                return Err(NodeFault::FileMissing(Diagnostic::error("file-missing", message)));
            }
        }
        let taken = inbox.take_read(signed, work.now).map_err(unreceived)?;
        match taken {
            Taken::Again { .. } => {
                Ok(Done::Receipts(self.receipt_again(bytes)?.into_iter().collect()))
            }
            Taken::Waits { .. } => {
                let kept = self.inbox(work, &from)?.waiting();
                let kept = kept.filter(|s| s.envelope.number == number).map(|s| s.digest).next();
                if let Some(digest) = kept {
                    let waiting = Some(self.sealed(Way::In, (&from, number), bytes)?);
                    let peer = from.clone();
                    let row = InboxRow { peer, number, id, digest, waiting, receipt: None };
                    work.changes.push(Change::PutInbox(row));
                }
                Ok(Done::Receipts(Vec::new()))
            }
            Taken::Apply(messages) => {
                let mut receipts = Vec::new();
                let mut files = files;
                for signed in messages {
                    let taken = self.take(work, &signed, std::mem::take(&mut files));
                    // The inbox has given the message out; if it was not kept, it is read again.
                    receipts.push(taken.inspect_err(|_| drop(self.inboxes.remove(&from)))?);
                }
                Ok(Done::Receipts(receipts))
            }
        }
    }

    /// The receipt of a message that was applied before; `None` if it was not. The key that
    /// signed the receipt then may not be believed any more, so it is signed anew.
    fn receipt_again(&mut self, bytes: &[u8]) -> Result<Option<Vec<u8>>, NodeFault> {
        let key = self.identity.message_key.clone();
        let again = Signed::stored("envelope", bytes, key.verifier().clone());
        let Ok(Signed { envelope, digest, .. }) = again else { return Ok(None) };
        let row = self.store.inbox(&envelope.from, envelope.number)?;
        let receipt = row.filter(|row| row.digest == digest).and_then(|row| row.receipt);
        let signed = receipt.map(|receipt| Receipt::signed_by(receipt, &key));
        signed.transpose().map_err(NodeFault::Damaged)
    }

    /// Applies one message and gives its receipt.
    fn take(
        &mut self,
        work: &mut Work,
        signed: &Signed,
        files: Vec<Vec<u8>>,
    ) -> Result<Vec<u8>, NodeFault> {
        let before = work.changes.len();
        let leaf = match self.take_in(work, signed, files) {
            // Whatever a message says, the ones behind it must get through: it is receipted, and
            // the ledger says that it came.
            Err(NodeFault::Wrong(_) | NodeFault::Refused(_)) if work.changes.len() == before => {
                self.beside_nobody(work, "message.unread", evidence(signed))?
            }
            taken => taken?,
        };
        let receipt = Receipt::of(signed, work.now, leaf);
        let receipt = receipt.sign(&self.identity.message_key).map_err(NodeFault::wrong)?;
        work.changes.push(Change::PutInbox(InboxRow {
            peer: signed.envelope.from.clone(),
            number: signed.envelope.number,
            id: signed.envelope.id,
            digest: signed.digest,
            waiting: None,
            receipt: Some(receipt.clone()),
        }));
        Ok(receipt)
    }

    /// Applies one message; the leaf that says that it came.
    fn take_in(
        &mut self,
        work: &mut Work,
        signed: &Signed,
        files: Vec<Vec<u8>>,
    ) -> Result<u64, NodeFault> {
        let Envelope { from, kind, body, id, .. } = &signed.envelope;
        if kind.as_str() == LOG_KEY_REPLACED {
            return self.take_log_key(work, signed);
        }
        if [KEY_REPLACED, KEY_REVOKED].contains(&kind.as_str()) {
            return self.take_key(work, signed);
        }
        let Ok(message) = Message::read(kind, body) else {
            return self.beside_nobody(work, "message.unread", evidence(signed));
        };
        let loaded = match self.load(message.case)? {
            Some(loaded) if loaded.row.peer == *from => Some(loaded),
            // Another party's case: who asks learns nothing of it.
            Some(_) => None,
            None => {
                let opens = matches!(message.says, Says::PrintsSubmitted { .. });
                let opens = opens && self.identity.side == Side::Federal;
                opens.then(|| self.new_case(work.now, message.case, from.clone()))
            }
        };
        let Some(loaded) = loaded else { return self.stray(work, signed, &message) };
        let envelope = CommandId(id.0);
        let command = Command {
            id: envelope,
            by: By::Peer(envelope),
            expects: None,
            act: Act::Receive(Box::new(message.clone())),
        };
        let Ok(events) = decide(&loaded.case, &command, work.now) else {
            return self.stray(work, signed, &message);
        };
        let file = match &message.says {
            Says::PrintsSubmitted { submission, .. } => {
                let digest = submission.file;
                let file = files.into_iter().find(|file| Digest::of_bytes(file) == digest);
                Some(self.file_row(&loaded, digest, file)?)
            }
            _ => None,
        };
        let case = loaded.case.id;
        let leaf = self.received(work, &loaded, signed)?;
        self.keep(work, loaded, &events)?;
        if let Some(row) = file
            && self.store.file(case, row.digest)?.is_none()
        {
            work.changes.push(Change::AddFile(row));
        }
        Ok(leaf)
    }

    fn received(
        &mut self,
        work: &mut Work,
        loaded: &Loaded,
        signed: &Signed,
    ) -> Result<u64, NodeFault> {
        self.beside(work, loaded, "message.received", evidence(signed))
    }

    /// A message about no case of its sender's: it is receipted, set aside, and its sender is
    /// told. What it says is not kept.
    fn stray(
        &mut self,
        work: &mut Work,
        signed: &Signed,
        message: &Message,
    ) -> Result<u64, NodeFault> {
        let leaf = self.beside_nobody(work, "message.stray", evidence(signed))?;
        if !matches!(message.says, Says::SetAside(_)) {
            let aside = SetAside {
                envelope: CommandId(signed.envelope.id.0),
                kind: message.says.kind_name().to_owned(),
                why: "not-opened".to_owned(),
            };
            let says = Says::SetAside(aside);
            let from = signed.envelope.from.clone();
            self.post(work, &from, &Message { case: message.case, says })?;
        }
        Ok(leaf)
    }

    /// News of a peer's keys.
    fn take_key(&mut self, work: &mut Work, signed: &Signed) -> Result<u64, NodeFault> {
        let leaf = self.beside_nobody(work, "key.told", evidence(signed))?;
        let from = &signed.envelope.from;
        let news = read_news(signed);
        // News that cannot be believed changes nothing; the leaf says that it came.
        if let Some(news) = news
            && self.keys.take(from, news.clone(), work.now).is_ok()
        {
            if let (KeyNews::Revoked { key }, Some(inbox)) = (&news, self.inboxes.get_mut(from)) {
                inbox.drop_signed_by(key);
            }
            let peer = self.peer(from)?.clone();
            self.put_peer(work, peer)?;
        }
        Ok(leaf)
    }

    /// A peer changed its ledger's key. News that does not hold changes nothing; the leaf says
    /// that it came.
    fn take_log_key(&mut self, work: &mut Work, signed: &Signed) -> Result<u64, NodeFault> {
        let leaf = self.beside_nobody(work, "key.told", evidence(signed))?;
        let note = signed.envelope.body.get("note").and_then(Value::as_str).unwrap_or_default();
        let mut peer = self.peer(&signed.envelope.from)?.clone();
        if let Ok(change) = Rotation::parse("message", note.as_bytes())
            && peer.rotate_log(&change).is_ok()
        {
            self.put_peer(work, peer)?;
        }
        Ok(leaf)
    }

    /// Tells every peer that the ledger's key was changed.
    pub(crate) fn tell_log_key(&mut self, work: &mut Work, note: &str) -> Result<(), NodeFault> {
        let kind = MessageKind::new(LOG_KEY_REPLACED).map_err(NodeFault::wrong)?;
        let mut body = Map::new();
        body.insert("note".to_owned(), note.into());
        let peers: Vec<Party> = self.peers.keys().cloned().collect();
        for peer in peers {
            self.post_body(work, &peer, kind.clone(), body.clone(), None)?;
        }
        Ok(())
    }

    /// Tells every peer of a key.
    pub(crate) fn tell_key(&mut self, work: &mut Work, news: &KeyNews) -> Result<Done, NodeFault> {
        let (kind, key, until) = match news {
            KeyNews::Replaced { key, until } => (KEY_REPLACED, key, Some(until)),
            KeyNews::Revoked { key } => (KEY_REVOKED, key, None),
        };
        let kind = MessageKind::new(kind).map_err(NodeFault::wrong)?;
        let mut body = Map::new();
        body.insert("key".to_owned(), key.to_string().into());
        if let Some(until) = until {
            body.insert("until".to_owned(), until.to_string().into());
        }
        let peers: Vec<Party> = self.peers.keys().cloned().collect();
        for peer in peers {
            self.post_body(work, &peer, kind.clone(), body.clone(), None)?;
        }
        Ok(Done::Ok)
    }

    /// Signs again, with the key that the node has now, what is on its way: after a key was
    /// replaced, or revoked. The message that tells a peer of that key, and those before it,
    /// keep the signature that the peer can check.
    ///
    /// # Errors
    /// The store; a stored envelope that cannot be read.
    pub fn sign_again(&mut self) -> Result<Vec<Change>, NodeFault> {
        let mut changes = Vec::new();
        let key = self.identity.message_key.clone();
        let peers: Vec<Party> = self.peers.keys().cloned().collect();
        for peer in peers {
            let outbox = self.outbox(&peer)?;
            let tells = outbox.pending().filter(|p| tells_of(&p.signed.envelope, &key));
            // Told twice where the first telling was kept although it seemed to fail: what was
            // posted between the two would keep a signature that ends with the old key.
            let told = tells.map(|p| p.signed.envelope.number).min().unwrap_or(0);
            outbox.sign_again_after(told, &key).map_err(NodeFault::wrong)?;
            let again = outbox.pending().filter(|p| p.signed.envelope.number > told);
            let again: Vec<Signed> = again.map(|p| p.signed.clone()).collect();
            for signed in again {
                let number = signed.envelope.number;
                let bytes = self.sealed(Way::Out, (&peer, number), &signed.bytes)?;
                changes.push(Change::SignAgain { peer: peer.clone(), number, bytes });
            }
        }
        Ok(changes)
    }
}

fn pending(
    row: OutboxRow,
    own: &VerifierKey,
    key: &StoreKey,
) -> Option<Result<Pending, Diagnostic>> {
    let (stored, due_at) = (row.bytes?, row.due_at?);
    let bytes = opened(key, Way::Out, (&row.peer, row.number), stored);
    let signed = bytes.and_then(|bytes| Signed::stored("outbox", &bytes, own.clone()));
    Some(signed.map(|signed| Pending { signed, attempts: row.attempts, due_at }))
}

/// True for the message that tells a peer of a key.
fn tells_of(envelope: &Envelope, key: &SecretKey) -> bool {
    let says = envelope.body.get("key").and_then(Value::as_str);
    envelope.kind.as_str() == KEY_REPLACED && says == Some(&key.verifier().to_string())
}

fn read_news(signed: &Signed) -> Option<KeyNews> {
    let body = &signed.envelope.body;
    let key = VerifierKey::parse(body.get("key")?.as_str()?).ok()?;
    if signed.envelope.kind.as_str() == KEY_REVOKED {
        return Some(KeyNews::Revoked { key });
    }
    let until = body.get("until")?.as_str()?.parse().ok()?;
    Some(KeyNews::Replaced { key, until })
}

/// What the ledger commits to of a message that came: the signed note itself, so that its
/// sender's signature can be shown later.
fn evidence(signed: &Signed) -> Map<String, Value> {
    let mut says = Map::new();
    says.insert("digest".to_owned(), signed.digest.to_string().into());
    says.insert("from".to_owned(), signed.envelope.from.as_str().into());
    says.insert("number".to_owned(), signed.envelope.number.into());
    if signed.bytes.len() <= EVIDENCE_BYTES_MAX
        && let Ok(note) = std::str::from_utf8(&signed.bytes)
    {
        says.insert("note".to_owned(), note.into());
    }
    says
}
