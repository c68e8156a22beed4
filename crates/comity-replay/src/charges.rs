//! The reviewed tables of charges: text, level code and disposition become facts of a charge
//! and, where the disposition means one, of a conviction.

use crate::reader::{Encoding, Rows};
use comity_model::schema::{ElemFieldId, Kind, ListId, elem, list};
use comity_model::{CaseFacts, Diagnostic, ListState, SourceText, Value};
use std::collections::HashMap;

/// How tables write an empty cell.
pub const EMPTY: &str = "(empty)";
const ANY: &str = "*";
const CHARGES: ListId = list("charges");
const CONVICTIONS: ListId = list("convictions");

/// What kind of line a charge text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// A new criminal offense.
    Offense,
    /// An offense whose text is masked in the data.
    Masked,
    /// A warrant of another jurisdiction.
    Warrant,
    /// A hold of another agency.
    Hold,
    /// A revocation of probation or parole.
    Revocation,
    /// Contempt or a writ.
    Writ,
    /// The request itself.
    Request,
}

impl LineKind {
    fn from_name(name: &str) -> Option<LineKind> {
        Some(match name {
            "offense" => LineKind::Offense,
            "masked" => LineKind::Masked,
            "warrant" => LineKind::Warrant,
            "hold" => LineKind::Hold,
            "revocation" => LineKind::Revocation,
            "writ" => LineKind::Writ,
            "request" => LineKind::Request,
            _ => return None,
        })
    }

    /// True where the line says that the person was arrested for a criminal offense.
    pub fn is_arrest(self) -> bool {
        matches!(self, LineKind::Offense | LineKind::Masked)
    }
}

/// A charge text as reviewed.
#[derive(Debug, Clone)]
struct ChargeRow {
    kind: LineKind,
    category: Value,
    /// `None`: by the level code.
    level: Option<Value>,
    serious: Value,
    violent: Value,
    minor_traffic: Value,
    status_element: Value,
    gang_element: Value,
    implies: Option<Value>,
    statute: String,
}

/// A level code as reviewed.
#[derive(Debug, Clone, Copy)]
struct LevelRow {
    level: Value,
    grade: Value,
    over_one_year: Value,
    state_prison: Value,
}

const LEVEL_UNKNOWN: LevelRow = LevelRow {
    level: Value::Unknown,
    grade: Value::Unknown,
    over_one_year: Value::Unknown,
    state_prison: Value::Unknown,
};

#[derive(Debug, Clone)]
struct DispositionRow {
    value: Value,
    conviction: bool,
    set_aside: String,
}

/// One line of the joined file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeLine {
    /// The charge text.
    pub text: String,
    /// The level code.
    pub level: String,
    /// The disposition.
    pub disposition: String,
}

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Used {
    /// It became a charge of this kind; the flag says whether it gave a conviction too.
    Charge(LineKind, bool),
    /// It was set aside for this reason.
    SetAside(String),
}

/// Values of a line that no table knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NotKnown {
    /// The charge text.
    pub text: bool,
    /// The level code.
    pub level: bool,
    /// The disposition.
    pub disposition: bool,
}

/// The three reviewed tables.
#[derive(Debug, Default)]
pub struct ChargeBook {
    charges: HashMap<(String, String), ChargeRow>,
    levels: HashMap<String, LevelRow>,
    dispositions: HashMap<(String, String), DispositionRow>,
}

struct Fields {
    category: ElemFieldId,
    level: ElemFieldId,
    grade: ElemFieldId,
    statute: ElemFieldId,
    serious: ElemFieldId,
    violent: ElemFieldId,
    state_prison: ElemFieldId,
    over_one_year: ElemFieldId,
}

const fn fields_of(l: ListId) -> Fields {
    Fields {
        category: elem(l, "category"),
        level: elem(l, "level"),
        grade: elem(l, "grade"),
        statute: elem(l, "statute"),
        serious: elem(l, "serious"),
        violent: elem(l, "violent"),
        state_prison: elem(l, "state_prison"),
        over_one_year: elem(l, "punishable_over_one_year"),
    }
}

const CHARGE: Fields = fields_of(CHARGES);
const CONVICTION: Fields = fields_of(CONVICTIONS);
const DISPOSITION: ElemFieldId = elem(CHARGES, "disposition");

impl ChargeBook {
    /// Reads the three tables: (file name, bytes) each.
    ///
    /// # Errors
    /// Every row that cannot be read, with its line.
    pub fn parse(
        charges: (&str, &[u8]),
        levels: (&str, &[u8]),
        dispositions: (&str, &[u8]),
    ) -> Result<ChargeBook, Vec<Diagnostic>> {
        let mut book = ChargeBook::default();
        let mut found = Vec::new();
        each_row(charges, &mut found, |c| book.add_charge(c));
        each_row(levels, &mut found, |c| book.add_level(c));
        each_row(dispositions, &mut found, |c| book.add_disposition(c));
        if found.is_empty() { Ok(book) } else { Err(found) }
    }

    fn add_charge(&mut self, c: &Cells<'_>) -> Result<(), String> {
        let kind = c.get("kind")?;
        let level = c.get("level")?;
        let implies = c.get("implies_conviction")?;
        let row = ChargeRow {
            kind: LineKind::from_name(kind).ok_or_else(|| format!("there is no kind `{kind}`"))?,
            category: c.value(CHARGES, "category", "category")?,
            level: if level == "by_code" {
                None
            } else {
                Some(c.value(CHARGES, "level", "level")?)
            },
            serious: c.value(CHARGES, "serious", "serious")?,
            violent: c.value(CHARGES, "violent", "violent")?,
            minor_traffic: c.value(CONVICTIONS, "minor_traffic", "minor_traffic")?,
            status_element: c.value(CONVICTIONS, "status_element", "status_element")?,
            gang_element: c.value(CONVICTIONS, "gang_element", "gang_element")?,
            implies: match implies {
                "" => None,
                _ => Some(c.value(CONVICTIONS, "level", "implies_conviction")?),
            },
            statute: c.get("statute")?.to_owned(),
        };
        let key = (c.get("charge_text")?.to_owned(), c.get("level_code")?.to_owned());
        unique(self.charges.insert(key, row).is_some())
    }

    fn add_level(&mut self, c: &Cells<'_>) -> Result<(), String> {
        let row = LevelRow {
            level: c.value(CHARGES, "level", "level")?,
            grade: c.value(CHARGES, "grade", "grade")?,
            over_one_year: c.value(
                CHARGES,
                "punishable_over_one_year",
                "punishable_over_one_year",
            )?,
            state_prison: c.value(CHARGES, "state_prison", "state_prison")?,
        };
        unique(self.levels.insert(c.get("level_code")?.to_owned(), row).is_some())
    }

    fn add_disposition(&mut self, c: &Cells<'_>) -> Result<(), String> {
        let row = DispositionRow {
            value: c.value(CHARGES, "disposition", "value")?,
            conviction: match c.get("conviction")? {
                "yes" => true,
                "no" => false,
                other => return Err(format!("`conviction` is yes or no, not `{other}`")),
            },
            set_aside: c.get("set_aside")?.to_owned(),
        };
        let key = (c.get("disposition")?.to_owned(), c.get("level")?.to_owned());
        unique(self.dispositions.insert(key, row).is_some())
    }

    fn charge(&self, line: &ChargeLine) -> Option<&ChargeRow> {
        let exact = self.charges.get(&(line.text.clone(), or_empty(&line.level).to_owned()));
        exact.or_else(|| self.charges.get(&(line.text.clone(), ANY.to_owned())))
    }

    fn disposition(&self, text: &str, level: &str) -> Option<&DispositionRow> {
        let text = or_empty(text).to_owned();
        let exact = self.dispositions.get(&(text.clone(), level.to_owned()));
        exact.or_else(|| self.dispositions.get(&(text, ANY.to_owned())))
    }

    /// Which values of a line no table knows.
    pub fn not_known(&self, line: &ChargeLine) -> NotKnown {
        let disposition = or_empty(&line.disposition);
        NotKnown {
            text: !self.charges.contains_key(&(line.text.clone(), ANY.to_owned())),
            level: !self.levels.contains_key(or_empty(&line.level)),
            disposition: !self.dispositions.contains_key(&(disposition.to_owned(), ANY.to_owned())),
        }
    }

    /// Adds one line to the lists of a case.
    pub fn add_line(
        &self,
        facts: &mut CaseFacts,
        line: &ChargeLine,
        youthful: Option<bool>,
    ) -> Used {
        let level_row = self.levels.get(or_empty(&line.level)).copied().unwrap_or(LEVEL_UNKNOWN);
        let charge = self.charge(line);
        let level = charge.and_then(|c| c.level).unwrap_or(level_row.level);
        // The level of a revocation is that of the earlier offense: only the code has it.
        let known = if level == Value::Unknown { level_row.level } else { level };
        let disposition = self.disposition(&line.disposition, &level_name(known));
        if let Some(d) = disposition.filter(|d| !d.set_aside.is_empty()) {
            return Used::SetAside(d.set_aside.clone());
        }
        let by_code = LevelRow { level, ..agreeing(level_row, level) };
        let kind = charge.map_or(LineKind::Masked, |c| c.kind);
        let ends = matches!(kind, LineKind::Offense | LineKind::Masked | LineKind::Warrant);
        let at = fill(facts, CHARGES, &CHARGE, charge, by_code);
        if ends && let Some(d) = disposition {
            facts.list_mut(CHARGES).set(at, DISPOSITION, d.value);
        }
        let convicted = disposition.is_some_and(|d| d.conviction);
        let mut gave = false;
        if convicted && (ends || kind == LineKind::Revocation) {
            gave = true;
            // A revocation that ends in a sentence is a conviction of the earlier, unnamed offense.
            let (named, row) = if ends { (charge, by_code) } else { (None, level_row) };
            let at = fill(facts, CONVICTIONS, &CONVICTION, named, row);
            set_conviction(facts, at, named, youthful);
        }
        if let Some(level) = charge.and_then(|c| c.implies) {
            gave = true;
            let row = LevelRow { level, over_one_year: Value::Bool(true), ..LEVEL_UNKNOWN };
            let at = fill(facts, CONVICTIONS, &CONVICTION, None, row);
            set_conviction(facts, at, None, youthful);
        }
        Used::Charge(kind, gave)
    }
}

/// The grade and ranges of a code hold only where its level is the one that counts.
fn agreeing(row: LevelRow, level: Value) -> LevelRow {
    if row.level == level { row } else { LEVEL_UNKNOWN }
}

fn level_name(level: Value) -> String {
    let kind = CHARGES.def().fields.get(CHARGE.level.0 as usize).map(|f| f.kind);
    match (kind, level) {
        (Some(Kind::Enum(set)), Value::Enum(code)) => set.name_of(code).to_owned(),
        _ => "unknown".to_owned(),
    }
}

fn fill(
    facts: &mut CaseFacts,
    list: ListId,
    f: &Fields,
    charge: Option<&ChargeRow>,
    row: LevelRow,
) -> usize {
    let statute = charge.filter(|c| !c.statute.is_empty()).map(|c| facts.text_value(&c.statute));
    // Serious and violent felonies are felonies: below that level the marks are no.
    let below_felony = !matches!(level_name(row.level).as_str(), "felony" | "unknown");
    let mark = |v: Option<Value>| {
        if below_felony { Value::Bool(false) } else { v.unwrap_or(Value::Unknown) }
    };
    let (serious, violent) = (mark(charge.map(|c| c.serious)), mark(charge.map(|c| c.violent)));
    let to = facts.list_mut(list);
    let at = to.push_unknown();
    to.set(at, f.category, charge.map_or(Value::Unknown, |c| c.category));
    to.set(at, f.level, row.level);
    to.set(at, f.grade, row.grade);
    to.set(at, f.serious, serious);
    to.set(at, f.violent, violent);
    to.set(at, f.state_prison, row.state_prison);
    to.set(at, f.over_one_year, row.over_one_year);
    if let Some(statute) = statute {
        to.set(at, f.statute, statute);
    }
    at
}

fn set_conviction(
    facts: &mut CaseFacts,
    at: usize,
    charge: Option<&ChargeRow>,
    youthful: Option<bool>,
) {
    let to = facts.list_mut(CONVICTIONS);
    if let Some(c) = charge {
        to.set(at, const { elem(CONVICTIONS, "minor_traffic") }, c.minor_traffic);
        to.set(at, const { elem(CONVICTIONS, "status_element") }, c.status_element);
        to.set(at, const { elem(CONVICTIONS, "gang_element") }, c.gang_element);
    }
    if let Some(y) = youthful {
        to.set(at, const { elem(CONVICTIONS, "youthful") }, Value::Bool(y));
    }
}

/// Says how the two lists of a case end.
pub fn end_lists(facts: &mut CaseFacts, maybe_more: bool) {
    let state = if maybe_more { ListState::AtLeast } else { ListState::Complete };
    facts.list_mut(CHARGES).state = state;
    facts.list_mut(CONVICTIONS).state = state;
}

/// How tables write a cell that may be empty.
pub fn or_empty(cell: &str) -> &str {
    if cell.is_empty() { EMPTY } else { cell }
}

fn unique(seen: bool) -> Result<(), String> {
    if seen { Err("the row is listed twice".to_owned()) } else { Ok(()) }
}

struct Cells<'a> {
    header: &'a [String],
    cells: &'a [String],
}

impl<'a> Cells<'a> {
    fn get(&self, column: &str) -> Result<&'a str, String> {
        let at = self.header.iter().position(|h| h == column);
        let cell = at.and_then(|i| self.cells.get(i));
        cell.map(String::as_str).ok_or_else(|| format!("the table has no column `{column}`"))
    }

    /// A cell as a value of a field of a list's element.
    fn value(&self, list: ListId, field: &str, column: &str) -> Result<Value, String> {
        let cell = self.get(column)?;
        if cell == "unknown" {
            return Ok(Value::Unknown);
        }
        let def = list.field(field).and_then(|f| list.def().fields.get(f.0 as usize));
        match (def.map(|d| d.kind), cell) {
            (Some(Kind::Bool), "true") => Ok(Value::Bool(true)),
            (Some(Kind::Bool), "false") => Ok(Value::Bool(false)),
            (Some(Kind::Enum(set)), name) => set
                .code(name)
                .map(Value::Enum)
                .ok_or_else(|| format!("`{name}` is no {}", set.name)),
            _ => Err(format!("`{cell}` in column `{column}` is neither true, false nor unknown")),
        }
    }
}

fn each_row(
    (name, bytes): (&str, &[u8]),
    found: &mut Vec<Diagnostic>,
    mut add: impl FnMut(&Cells<'_>) -> Result<(), String>,
) {
    let mut rows = Rows::new(bytes, Encoding::Utf8);
    let header = rows.header().to_vec();
    let nowhere = SourceText { name, text: "" };
    let mut wrong = |line: u64, message: String| {
        let mut d = nowhere.locate(Diagnostic::error("bad-table", message), None);
        d.line = line as usize;
        d.column = 1;
        found.push(d);
    };
    if header.is_empty() {
        wrong(1, "the table is empty".to_owned());
    }
    while let Some(row) = rows.next_row() {
        let added = match &row.cells {
            Ok(cells) => add(&Cells { header: &header, cells }),
            Err(reject) => Err(reject.reason.clone()),
        };
        if let Err(message) = added {
            wrong(row.line, message);
        }
    }
}
