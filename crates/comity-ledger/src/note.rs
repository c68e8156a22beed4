//! Signed notes (C2SP signed-note) and countersignatures (C2SP tlog-cosignature): text, an
//! empty line, signature lines.

use crate::crypto;
use crate::key::{KeyId, KeyKind, KeyName, SecretKey, VerifierKey};
use crate::text::{Lines, base64, decimal};
use comity_model::Diagnostic;

/// Most bytes of a note that is read.
pub const NOTE_BYTES_MAX: usize = 1 << 20;

/// Most signatures of a note that is read, as in Go's `sumdb/note`.
pub const SIGNATURES_MAX: usize = 100;

/// What a signature line starts with: an em dash and a space.
const SIGNATURE_MARK: &str = "\u{2014} ";

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// Who signed, as the line says.
    pub name: KeyName,
    /// Which of the signer's keys, as the line says.
    pub key_id: KeyId,
    /// The signature in the form of the key's kind: 64 bytes, or 8 of the time and 64.
    pub bytes: Vec<u8>,
}

impl NoteSignature {
    /// The line without its newline.
    pub fn to_line(&self) -> String {
        let mut signature = self.key_id.0.to_vec();
        signature.extend(&self.bytes);
        format!("{SIGNATURE_MARK}{} {}", self.name, base64(&signature))
    }

    fn is_by(&self, key: &VerifierKey) -> bool {
        self.name == *key.name() && self.key_id == key.id()
    }
}

/// A signature that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// For a countersignature its time, in seconds since 1970 in UTC.
    pub time_s: Option<u64>,
}

/// A text and its signatures. Nothing of it is to be believed before a signature is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl Note {
    /// A text without signatures yet. It must end in a newline.
    ///
    /// # Errors
    /// `cut-off`, `control-character`.
    pub fn new(text: &str) -> Result<Note, Diagnostic> {
        Lines::new("", text.as_bytes(), "the text", NOTE_BYTES_MAX)?;
        Ok(Note { text: text.to_owned(), signatures: Vec::new() })
    }

    /// Reads a note; [`Note::to_bytes`] gives the same bytes again.
    ///
    /// # Errors
    /// What is wrong, at which line, in which field.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Note, Diagnostic> {
        Note::parse_at(file, bytes, 0)
    }

    /// Reads a note that starts after so many lines of a file.
    pub(crate) fn parse_at(
        file: &str,
        bytes: &[u8],
        lines_before: usize,
    ) -> Result<Note, Diagnostic> {
        Note::read(file, bytes).map_err(|mut fault| {
            if fault.line > 0 {
                fault.line += lines_before;
            }
            fault
        })
    }

    fn read(file: &str, bytes: &[u8]) -> Result<Note, Diagnostic> {
        let mut lines = Lines::new(file, bytes, "the note", NOTE_BYTES_MAX)?;
        let (whole, _) = lines.rest();
        // The text may have empty lines; the last one stands before the signatures.
        let Some(end) = whole.rfind("\n\n") else {
            let message = "no empty line stands between text and signatures";
            return Err(lines.fault("unsigned", "signatures", message));
        };
        let text = &whole[..=end];
        for _ in 0..text.lines().count() {
            lines.next("text")?;
        }
        lines.expect("signatures", "")?;
        let mut signatures = Vec::new();
        while !lines.is_done() {
            signatures.push(read_signature(&mut lines)?);
            if signatures.len() > SIGNATURES_MAX {
                let message = format!("the note has more than {SIGNATURES_MAX} signatures");
                return Err(lines.fault("too-large", "signatures", message));
            }
        }
        if signatures.is_empty() {
            lines.next("first signature")?;
        }
        Ok(Note { text: text.to_owned(), signatures })
    }

    /// The note as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = format!("{}\n", self.text);
        for signature in &self.signatures {
            out.push_str(&signature.to_line());
            out.push('\n');
        }
        out.into_bytes()
    }

    /// The text, with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, checked or not.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds a signature line unless the same one is there.
    pub fn add(&mut self, signature: NoteSignature) {
        if !self.signatures.contains(&signature) {
            self.signatures.push(signature);
        }
    }

    /// Signs with a log's key (type 0x01): Ed25519 over the text. `None` for a witness's key,
    /// which needs a time.
    pub fn sign(&self, key: &SecretKey) -> Option<NoteSignature> {
        let verifier = key.verifier();
        (verifier.kind() == KeyKind::Log).then(|| NoteSignature {
            name: verifier.name().clone(),
            key_id: verifier.id(),
            bytes: key.sign(self.text.as_bytes()).to_vec(),
        })
    }

    /// Countersigns with a witness's key (type 0x04, `cosignature/v1`) at a time in seconds
    /// since 1970. `None` for a log's key.
    pub fn countersign(&self, key: &SecretKey, time_s: u64) -> Option<NoteSignature> {
        let verifier = key.verifier();
        (verifier.kind() == KeyKind::Witness && decimal(&time_s.to_string()).is_some()).then(|| {
            let mut bytes = time_s.to_be_bytes().to_vec();
            bytes.extend(key.sign(countersigned(&self.text, time_s).as_bytes()));
            NoteSignature { name: verifier.name().clone(), key_id: verifier.id(), bytes }
        })
    }

    /// Checks a key's signatures. `None` if there is none by it.
    ///
    /// # Errors
    /// `bad-signature`: there is a signature said to be by this key that is not. The whole note
    /// is then to be refused.
    pub fn check(&self, key: &VerifierKey) -> Result<Option<Signed>, Diagnostic> {
        let mut found = None;
        for signature in self.signatures.iter().filter(|s| s.is_by(key)) {
            let signed = check_one(&self.text, key, &signature.bytes).ok_or_else(|| {
                let message = format!("the signature said to be by `{}` is not", key.name());
                Diagnostic::error("bad-signature", message)
                    .path("signature")
                    .help("the note was changed or forged; keep it, and ask its sender")
            })?;
            // Of several countersignatures by one key, the latest says most.
            if found.is_none_or(|before: Signed| before.time_s < signed.time_s) {
                found = Some(signed);
            }
        }
        Ok(found)
    }
}

fn read_signature(lines: &mut Lines) -> Result<NoteSignature, Diagnostic> {
    let line = lines.next("signature")?;
    let Some((name, signature)) =
        line.strip_prefix(SIGNATURE_MARK).and_then(|rest| rest.split_once(' '))
    else {
        let message = "a signature line is an em dash, a name and a signature in base64";
        return Err(lines.fault("bad-signature-line", "signature", message));
    };
    let name = KeyName::new(name)
        .map_err(|fault| lines.fault("bad-key-name", "key name", fault.message))?;
    let bytes = lines.base64("signature", signature)?;
    match bytes.split_first_chunk::<4>() {
        Some((id, rest)) if !rest.is_empty() => {
            Ok(NoteSignature { name, key_id: KeyId(*id), bytes: rest.to_vec() })
        }
        _ => {
            let message = format!("the signature has {} bytes, too few", bytes.len());
            Err(lines.fault("wrong-length", "signature", message))
        }
    }
}

/// What a countersignature is over (C2SP tlog-cosignature, "Ed25519 signed message").
fn countersigned(text: &str, time_s: u64) -> String {
    format!("cosignature/v1\ntime {time_s}\n{text}")
}

fn check_one(text: &str, key: &VerifierKey, bytes: &[u8]) -> Option<Signed> {
    match key.kind() {
        KeyKind::Log => {
            let signature = bytes.try_into().ok()?;
            crypto::verify(key.public(), text.as_bytes(), signature)
                .then_some(Signed { time_s: None })
        }
        KeyKind::Witness => {
            let (time, signature) = bytes.split_first_chunk::<8>()?;
            let time_s = u64::from_be_bytes(*time);
            let message = countersigned(text, time_s);
            let holds = i64::try_from(time_s).is_ok()
                && crypto::verify(key.public(), message.as_bytes(), signature.try_into().ok()?);
            holds.then_some(Signed { time_s: Some(time_s) })
        }
    }
}
