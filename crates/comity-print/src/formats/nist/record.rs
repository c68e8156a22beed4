//! Records as they stand in a file.

use crate::formats::{Format, FormatError, Read};

/// Ends a record of fields.
pub const FS: u8 = 0x1c;
/// Stands between fields.
pub const GS: u8 = 0x1d;
/// Stands between subfields.
pub const RS: u8 = 0x1e;
/// Stands between items of a subfield.
pub const US: u8 = 0x1f;

/// A transaction: its records, in order; the first is of Type-1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// The records.
    pub records: Vec<Record>,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// Fields with tags: Types 1, 2, 9 and 10 to 99.
    Tagged(TaggedRecord),
    /// A header of fixed length and bytes: Types 3 to 8.
    Binary(BinaryRecord),
}

/// A record of fields with tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaggedRecord {
    /// Its type.
    pub record_type: u8,
    /// Its fields, in order; the first is its length.
    pub fields: Vec<Field>,
    /// Where it starts in the file that it was read from; 0 where it was made.
    pub offset: usize,
}

/// One field.
#[derive(Clone, PartialEq, Eq)]
pub struct Field {
    /// Its tag as written, `14.013`.
    pub tag: String,
    /// Its number, 13.
    pub number: u16,
    /// Its value, with the separators within it.
    pub value: Vec<u8>,
    /// Where the value starts in the file that it was read from; 0 where it was made.
    pub offset: usize,
}

/// A record whose header has a fixed length.
#[derive(Clone, PartialEq, Eq)]
pub struct BinaryRecord {
    /// Its type, 3 to 8.
    pub record_type: u8,
    /// Everything after the four bytes of its length.
    pub body: Vec<u8>,
    /// Where it starts in the file that it was read from; 0 where it was made.
    pub offset: usize,
}

impl std::fmt::Debug for Field {
    /// Its tag and length, not its value: it may name a person.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} bytes)", self.tag, self.value.len())
    }
}

impl std::fmt::Debug for BinaryRecord {
    /// Its type and length, not its bytes: a print is personal data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Type-{} ({} bytes)", self.record_type, self.body.len() + 4)
    }
}

impl Field {
    /// A field of a record of a type.
    pub fn new(record_type: u8, number: u16, value: impl Into<Vec<u8>>) -> Self {
        Self { tag: format!("{record_type}.{number:03}"), number, value: value.into(), offset: 0 }
    }

    /// Its value as text; bytes that are no UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.value).into_owned()
    }

    /// Its subfields, each as its items.
    pub fn items(&self) -> impl Iterator<Item = Vec<&[u8]>> {
        self.value.split(|b| *b == RS).map(|sub| sub.split(|b| *b == US).collect())
    }
}

impl TaggedRecord {
    /// A record of a type, with an empty length and its IDC (information designation
    /// character), of which Type-1 has none.
    pub fn new(record_type: u8, idc: Option<u8>) -> Self {
        let mut fields = vec![Field::new(record_type, 1, "")];
        fields.extend(idc.map(|idc| Field::new(record_type, 2, format!("{idc:02}"))));
        Self { record_type, fields, offset: 0 }
    }

    /// The field with this number.
    pub fn field(&self, number: u16) -> Option<&Field> {
        self.fields.iter().find(|f| f.number == number)
    }

    /// The text of the field with this number, trimmed; empty where there is none.
    pub fn text(&self, number: u16) -> String {
        self.field(number).map(|f| f.text().trim().to_owned()).unwrap_or_default()
    }

    /// The whole number that the field holds.
    ///
    /// # Errors
    /// A field that is missing or holds something else.
    pub fn number<T: std::str::FromStr>(&self, number: u16, name: &str) -> Read<T> {
        let Some(field) = self.field(number) else {
            return Err(self.error(self.offset, number, name, "is missing"));
        };
        let text = field.text();
        text.trim().parse().map_err(|_| {
            self.error(
                field.offset,
                number,
                name,
                format!("a whole number expected, `{text}` found"),
            )
        })
    }

    /// Sets a field, which keeps its place or goes to the end.
    pub fn set(&mut self, number: u16, value: impl Into<Vec<u8>>) {
        match self.fields.iter_mut().find(|f| f.number == number) {
            Some(field) => field.value = value.into(),
            None => self.fields.push(Field::new(self.record_type, number, value)),
        }
    }

    /// An error at a field of this record.
    pub(super) fn error(
        &self,
        at: usize,
        number: u16,
        name: &str,
        problem: impl Into<String>,
    ) -> FormatError {
        FormatError::new(Format::AnsiNist, at, problem)
            .record(format!("Type-{} record", self.record_type))
            .field(format!("{}.{number:03} {name}", self.record_type).trim_end().to_owned())
    }

    /// Bytes that it takes.
    pub fn len(&self) -> usize {
        self.fields.iter().map(|f| f.tag.len() + 1 + f.value.len() + 1).sum()
    }

    /// True where it has no fields.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Writes its length into its first field.
    fn seal(&mut self) {
        // The digits count too: one more digit may ask for one more.
        for _ in 0..3 {
            let length = self.len().to_string();
            self.set(1, length);
        }
    }

    fn write(&self, out: &mut Vec<u8>) -> Read<()> {
        let stated = self.text(1);
        if stated.parse() != Ok(self.len()) {
            let problem = format!("the record has {} bytes, it says `{stated}`", self.len());
            return Err(self
                .error(out.len(), 1, "LEN", problem)
                .help("seal the transaction first"));
        }
        for (i, field) in self.fields.iter().enumerate() {
            out.extend(field.tag.as_bytes());
            out.push(b':');
            out.extend(&field.value);
            out.push(if i + 1 == self.fields.len() { FS } else { GS });
        }
        Ok(())
    }
}

impl Record {
    /// Its type.
    pub fn record_type(&self) -> u8 {
        match self {
            Record::Tagged(record) => record.record_type,
            Record::Binary(record) => record.record_type,
        }
    }

    /// Its information designation character; `None` for Type-1 and where it cannot be read.
    pub fn idc(&self) -> Option<u8> {
        match self {
            Record::Tagged(record) if record.record_type == 1 => None,
            Record::Tagged(record) => record.text(2).parse().ok(),
            Record::Binary(record) => record.body.first().copied(),
        }
    }

    /// The record, where it is one of fields.
    pub fn tagged(&self) -> Option<&TaggedRecord> {
        match self {
            Record::Tagged(record) => Some(record),
            Record::Binary(_) => None,
        }
    }
}

impl Transaction {
    /// The bytes of the transaction; exactly those that were read, if nothing was changed.
    ///
    /// # Errors
    /// A record whose length is not what its first field says: [`Transaction::seal`] it.
    pub fn to_bytes(&self) -> Read<Vec<u8>> {
        let mut out = Vec::new();
        for (i, record) in self.records.iter().enumerate() {
            let name = || format!("record {} (Type-{})", i + 1, record.record_type());
            match record {
                Record::Tagged(tagged) => tagged.write(&mut out).map_err(|mut e| {
                    e.record = name();
                    e
                })?,
                Record::Binary(binary) => {
                    let Ok(length) = u32::try_from(binary.body.len() + 4) else {
                        let problem = "more than 4 GiB do not fit a record";
                        return Err(
                            FormatError::new(Format::AnsiNist, out.len(), problem).record(name())
                        );
                    };
                    out.extend(length.to_be_bytes());
                    out.extend(&binary.body);
                }
            }
        }
        Ok(out)
    }

    /// Writes the lengths of the records, and the list of them (1.003 CNT), anew.
    pub fn seal(&mut self) {
        let others = self.records.get(1..).unwrap_or_default();
        let mut count = format!("1\u{1f}{}", others.len());
        for record in others {
            count.push_str(&format!(
                "\u{1e}{}\u{1f}{:02}",
                record.record_type(),
                record.idc().unwrap_or_default()
            ));
        }
        for record in &mut self.records {
            if let Record::Tagged(tagged) = record {
                if tagged.record_type == 1 {
                    tagged.set(3, count.as_str());
                }
                tagged.seal();
            }
        }
    }

    /// The first record of a type.
    pub fn first(&self, record_type: u8) -> Option<&TaggedRecord> {
        self.records.iter().filter_map(Record::tagged).find(|r| r.record_type == record_type)
    }
}
