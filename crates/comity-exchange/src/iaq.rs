//! The legacy text form of an immigration alien query (IAQ) over Nlets, and the NIEM names of
//! its fields.
//!
//! Source: Nlets, "Legacy Text Examples - Immigration Alien Transactions (IAQ/IAR)" and "NIEM
//! Examples" of the same (service.nlets.org, articles 21003097468 and 21003097355), read
//! 2026-11-21. The legacy form is deprecated there and still what many systems of jails write.
//! Fields that the pages name beyond these are read and written back as they are.
//!
//! ```text
//! IAQ.TX0000000.AX.TXT
//! PUR/C.ATN/SGT EXAMPLE.PHN/5125550100.NAM/EXAMPLE, TEST PERSON.DOB/19800229.SEX/M.POB/MM.CUS/Y.OFF/0399.
//! ```

use comity_model::Diagnostic;
use jiff::civil::Date;
use std::fmt;

/// Most bytes of an inquiry that is read.
pub const IAQ_BYTES_MAX: usize = 4096;

/// Most characters of a field beyond those that the page gives.
const OTHER_CHARS_MAX: usize = 100;

/// What a field's value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// One of these.
    OneOf(&'static [&'static str]),
    /// Any printable text.
    Text,
    /// Last name, a comma, first and middle names.
    Name,
    /// `mmddyy` or `ccyymmdd`.
    BirthDate,
    /// Letters and digits.
    Code,
    /// Digits.
    Digits,
}

/// One field of the form.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// Its prefix: `NAM`.
    pub prefix: &'static str,
    /// Its element in the NIEM form, where the page names it.
    pub niem: Option<&'static str>,
    /// Fewest and most characters.
    pub chars: (usize, usize),
    /// True if an inquiry must have it.
    pub required: bool,
    /// What it looks like.
    pub kind: FieldKind,
    /// What it means.
    pub says: &'static str,
}

const fn field(
    prefix: &'static str,
    niem: Option<&'static str>,
    chars: (usize, usize),
    kind: FieldKind,
    says: &'static str,
) -> Field {
    Field { prefix, niem, chars, required: true, kind, says }
}

const fn optional(prefix: &'static str, chars: (usize, usize), says: &'static str) -> Field {
    Field { prefix, niem: None, chars, required: false, kind: FieldKind::Code, says }
}

/// The element around the fields in the NIEM form.
pub const NIEM_INQUIRY: &str = "n2:NLETSInquiryData";

/// The offense code where there is none.
pub const OFFENSE_GENERIC: &str = "0399";

/// The fields in the order of the form, required ones first.
pub static FIELDS: [Field; 13] = [
    field(
        "PUR",
        Some("n2:PurposeCode"),
        (1, 1),
        FieldKind::OneOf(&["C", "F"]),
        "Purpose of the inquiry.",
    ),
    field(
        "ATN",
        Some("n2:ResponseAttentionDescriptionText"),
        (1, 30),
        FieldKind::Text,
        "Who inquires.",
    ),
    field(
        "PHN",
        Some("nc:ContactTelephoneNumber"),
        (1, 20),
        FieldKind::Text,
        "Area code and telephone number.",
    ),
    field(
        "NAM",
        Some("n2:Person/nc:PersonName/nc:PersonFullName"),
        (1, 30),
        FieldKind::Name,
        "Name of the subject: last, first middle.",
    ),
    field(
        "DOB",
        Some("n2:Person/nc:PersonBirthDate/nc:Date"),
        (6, 8),
        FieldKind::BirthDate,
        "Date of birth.",
    ),
    field("SEX", None, (1, 1), FieldKind::Code, "Sex."),
    field("POB", None, (2, 2), FieldKind::Code, "Place of birth, an NCIC code."),
    field(
        "CUS",
        Some("nc:StatusText"),
        (1, 1),
        FieldKind::OneOf(&["Y", "N"]),
        "Whether the subject is in custody.",
    ),
    field(
        "OFF",
        Some("j4:ChargeNCICCode"),
        (4, 4),
        FieldKind::Digits,
        "NCIC offense code of the most serious charge.",
    ),
    optional("ARN", (8, 9), "Alien registration number."),
    optional("FBI", (1, 9), "FBI number."),
    optional("SID", (1, 10), "State identification number."),
    optional("OLN", (1, 20), "Number of the operator's license."),
];

/// An inquiry: every required field, then those optional ones that were given.
#[derive(Clone, PartialEq, Eq)]
pub struct Inquiry {
    sender: String,
    control: Option<String>,
    values: Vec<(String, String)>,
}

impl fmt::Debug for Inquiry {
    // It names a person, who belongs into no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inquiry(from {}, {} fields)", self.sender, self.values.len())
    }
}

impl Inquiry {
    /// An inquiry from the ORI of its sender, an optional control field, and values by prefix.
    ///
    /// # Errors
    /// As for [`Inquiry::read`], without a place.
    pub fn new(
        sender: &str,
        control: Option<&str>,
        values: &[(&str, &str)],
    ) -> Result<Inquiry, Diagnostic> {
        let own = |(prefix, value): &(&str, &str)| ((*prefix).to_owned(), (*value).to_owned());
        let inquiry = Inquiry {
            sender: sender.to_owned(),
            control: control.map(str::to_owned),
            values: values.iter().map(own).collect(),
        };
        check_ori(sender)?;
        if let Some(control) = control {
            check_control(control)?;
        }
        for (prefix, value) in &inquiry.values {
            check(prefix, value)?;
        }
        inquiry.in_order()?;
        Ok(inquiry)
    }

    /// Reads an inquiry. Line breaks and spaces may stand after `TXT` and between fields.
    ///
    /// # Errors
    /// `too-large`, `not-ascii`, `unexpected`, `missing`, `wrong-order`, `twice`, `bad-value`,
    /// with line, column and the field's prefix. The message never holds a value.
    pub fn read(file: &str, bytes: &[u8]) -> Result<Inquiry, Diagnostic> {
        let mut reader = Reader { file, bytes, at: 0 };
        reader.inquiry()
    }

    /// The text, with a line break after `TXT` and none elsewhere.
    pub fn to_text(&self) -> String {
        let control = self.control.as_ref().map_or_else(String::new, |c| format!("{c}."));
        let mut out = format!("IAQ.{}.AX.{control}TXT\n", self.sender);
        for (prefix, value) in &self.values {
            out.push_str(&format!("{prefix}/{value}."));
        }
        out
    }

    /// The ORI of the sender.
    pub fn sender(&self) -> &str {
        &self.sender
    }

    /// The control field, with its star.
    pub fn control(&self) -> Option<&str> {
        self.control.as_deref()
    }

    /// The value of a field.
    pub fn value(&self, prefix: &str) -> Option<&str> {
        self.values.iter().find(|(p, _)| p == prefix).map(|(_, value)| value.as_str())
    }

    /// The date of birth, where its century is given; `mmddyy` is not guessed at.
    pub fn born_on(&self) -> Option<Date> {
        full_date(self.value("DOB")?)
    }

    /// True if the subject is in custody.
    pub fn in_custody(&self) -> bool {
        self.value("CUS") == Some("Y")
    }

    /// The fields that have a name in the NIEM form, under [`NIEM_INQUIRY`].
    pub fn niem(&self) -> impl Iterator<Item = (&'static str, &str)> {
        FIELDS.iter().filter_map(|field| Some((field.niem?, self.value(field.prefix)?)))
    }

    /// Required fields come first, in the order of the form; none comes twice.
    fn in_order(&self) -> Result<(), Diagnostic> {
        for (i, (prefix, _)) in self.values.iter().enumerate() {
            if self.values[..i].iter().any(|(before, _)| before == prefix) {
                let message = format!("`{prefix}/` is given twice");
                return Err(Diagnostic::error("twice", message).path(prefix.as_str()));
            }
        }
        for (i, field) in FIELDS.iter().filter(|field| field.required).enumerate() {
            let prefix = field.prefix;
            match self.values.get(i) {
                Some((given, _)) if given == prefix => {}
                _ if self.value(prefix).is_none() => {
                    let message = format!("`{prefix}/` is missing: {}", field.says);
                    return Err(Diagnostic::error("missing", message).path(prefix));
                }
                _ => {
                    let message = format!("`{prefix}/` stands out of its order");
                    return Err(Diagnostic::error("wrong-order", message)
                        .path(prefix)
                        .help("PUR ATN PHN NAM DOB SEX POB CUS OFF, then the optional fields"));
                }
            }
        }
        Ok(())
    }
}

fn full_date(text: &str) -> Option<Date> {
    if text.len() != 8 {
        return None;
    }
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
    Date::new(part(0, 4)?, part(4, 6)? as i8, part(6, 8)? as i8).ok()
}

fn short_date(text: &str) -> bool {
    // A leap day is possible in some century.
    let part = |from: usize, to: usize| text.get(from..to).and_then(|t| t.parse::<i8>().ok());
    let date = part(0, 2).zip(part(2, 4)).and_then(|(month, day)| Date::new(2000, month, day).ok());
    text.len() == 6 && date.is_some()
}

fn check_ori(ori: &str) -> Result<(), Diagnostic> {
    let fits = ori.len() == 9
        && ori.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && ori.bytes().take(2).all(|b| b.is_ascii_uppercase());
    if fits {
        return Ok(());
    }
    let message = "the sender's ORI is nine letters and digits that begin with a state";
    Err(Diagnostic::error("bad-value", message).path("ORI"))
}

fn check_control(control: &str) -> Result<(), Diagnostic> {
    let rest = control.strip_prefix('*');
    let plain = |t: &str| t.bytes().all(|b| b.is_ascii_graphic() && b != b'.');
    if rest.is_some_and(|rest| (1..=10).contains(&rest.len()) && plain(rest)) {
        return Ok(());
    }
    let message = "the control field is a star and 1 to 10 characters without spaces";
    Err(Diagnostic::error("bad-value", message).path("control"))
}

/// A value by its field. No message repeats the value: it may be the person's.
fn check(prefix: &str, value: &str) -> Result<(), Diagnostic> {
    let wrong = |is: String| {
        Err(Diagnostic::error("bad-value", format!("`{prefix}/` is {is}")).path(prefix))
    };
    if prefix.len() != 3 || !prefix.bytes().all(|b| b.is_ascii_uppercase()) {
        let message = "a field begins with three letters and a slash";
        return Err(Diagnostic::error("unexpected", message));
    }
    if !value.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'.') {
        return wrong("printable text without a period, which ends the field".to_owned());
    }
    if value.trim() != value {
        return wrong("text without spaces around it".to_owned());
    }
    let Some(field) = FIELDS.iter().find(|field| field.prefix == prefix) else {
        let fits = (1..=OTHER_CHARS_MAX).contains(&value.len());
        return if fits { Ok(()) } else { wrong(format!("1 to {OTHER_CHARS_MAX} characters")) };
    };
    let (least, most) = field.chars;
    if !(least..=most).contains(&value.len()) {
        return wrong(if least == most {
            format!("{most} characters, not {}", value.len())
        } else {
            format!("{least} to {most} characters, not {}", value.len())
        });
    }
    let alphanumeric = |v: &str| v.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    match field.kind {
        FieldKind::OneOf(words) if !words.contains(&value) => {
            wrong(format!("one of {}", words.join(", ")))
        }
        FieldKind::Name if value.split_once(',').is_none_or(|(last, _)| last.is_empty()) => {
            wrong("a last name, a comma, and first and middle names".to_owned())
        }
        FieldKind::BirthDate if full_date(value).is_none() && !short_date(value) => {
            wrong("a day as ccyymmdd or mmddyy".to_owned())
        }
        FieldKind::Code if !alphanumeric(value) => wrong("capital letters and digits".to_owned()),
        FieldKind::Digits if !value.bytes().all(|b| b.is_ascii_digit()) => {
            wrong("digits".to_owned())
        }
        _ => Ok(()),
    }
}

struct Reader<'a> {
    file: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn fault(&self, at: usize, mut fault: Diagnostic) -> Diagnostic {
        let before = &self.bytes[..at.min(self.bytes.len())];
        let line_start = before.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        self.file.clone_into(&mut fault.file);
        fault.line = before.split(|b| *b == b'\n').count();
        fault.column = before.len() - line_start + 1;
        fault
    }

    fn inquiry(&mut self) -> Result<Inquiry, Diagnostic> {
        if self.bytes.len() > IAQ_BYTES_MAX {
            let message = format!("an inquiry has at most {IAQ_BYTES_MAX} bytes");
            return Err(self.fault(0, Diagnostic::error("too-large", message)));
        }
        if let Some(at) = self.bytes.iter().position(|b| !b.is_ascii()) {
            let message = "the form is in ASCII";
            return Err(self.fault(at, Diagnostic::error("not-ascii", message)));
        }
        self.expect("IAQ.", "the message type, `IAQ.`")?;
        let start = self.at;
        let sender = self.until_period("ORI")?;
        check_ori(sender).map_err(|d| self.fault(start, d))?;
        self.expect("AX.", "the destination, `AX.`")?;
        let start = self.at;
        let control = if self.bytes.get(self.at) == Some(&b'*') {
            let control = self.until_period("control")?;
            check_control(control).map_err(|d| self.fault(start, d))?;
            Some(control.to_owned())
        } else {
            None
        };
        self.expect("TXT", "`TXT`")?;
        let mut inquiry = Inquiry { sender: sender.to_owned(), control, values: Vec::new() };
        self.skip_spaces();
        while self.at < self.bytes.len() {
            let start = self.at;
            let (prefix, value) = self.field()?;
            check(prefix, value).map_err(|d| self.fault(start, d))?;
            inquiry.values.push((prefix.to_owned(), value.to_owned()));
            self.skip_spaces();
        }
        inquiry.in_order().map_err(|d| {
            // Where the field stands, or the end where it is missing.
            let needle = format!("{}/", d.path);
            let text = String::from_utf8_lossy(self.bytes);
            let at = text.rfind(&needle).unwrap_or(self.bytes.len());
            self.fault(at, d)
        })?;
        Ok(inquiry)
    }

    fn expect(&mut self, word: &str, says: &str) -> Result<(), Diagnostic> {
        if self.bytes[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(());
        }
        let message = format!("here stands {says}");
        Err(self.fault(self.at, Diagnostic::error("unexpected", message)))
    }

    /// The text up to a period, which is passed. The last field may go without one.
    fn until_period(&mut self, path: &str) -> Result<&'a str, Diagnostic> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|b| *b == b'.');
        let Some(length) = length else {
            let message = "the field does not end with a period";
            return Err(self.fault(self.at, Diagnostic::error("unexpected", message).path(path)));
        };
        self.at += length + 1;
        Ok(std::str::from_utf8(&rest[..length]).unwrap_or_default())
    }

    fn field(&mut self) -> Result<(&'a str, &'a str), Diagnostic> {
        let rest = &self.bytes[self.at..];
        let Some((prefix, after)) = rest.split_at_checked(4).filter(|(p, _)| p[3] == b'/') else {
            let message = "a field begins with three letters and a slash";
            return Err(self.fault(self.at, Diagnostic::error("unexpected", message)));
        };
        let prefix = std::str::from_utf8(&prefix[..3]).unwrap_or_default();
        // "Followed by a period unless it is the last field."
        let length = after.iter().position(|b| *b == b'.');
        let (value, passed) = match length {
            Some(length) => (&after[..length], length + 1),
            None => (after.trim_ascii_end(), after.len()),
        };
        self.at += 4 + passed;
        Ok((prefix, std::str::from_utf8(value).unwrap_or_default()))
    }

    fn skip_spaces(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
    }
}
