//! Synthetic cases from a seed: each once with every fact known and once with facts missing.

use comity_model::date::DateRounding;
use comity_model::facts::{ListState, NotListed, Value};
use comity_model::schema::{self, ElemFieldId, FieldDef, FieldId, Kind, ListId, enums};
use comity_model::{CaseFacts, Day};
use std::fmt::Write;

/// Most convictions of a case; the Cedar policy has so many slots.
pub const CONVICTIONS_MAX: u64 = 4;
/// Most charges of a case.
pub const CHARGES_MAX: u64 = 3;

/// A value as it is written for every engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// Yes or no.
    Yes(bool),
    /// A value of a set.
    Word(&'static str),
    /// A whole number.
    Count(i64),
    /// A calendar day.
    On(Day),
}

/// Facts by name, `None` where they are unknown.
pub type Row = Vec<(&'static str, Option<Given>)>;

/// A list of records, and whether there may be more.
#[derive(Debug, Clone)]
pub struct Rows {
    /// The records.
    pub rows: Vec<Row>,
    /// There may be more.
    pub open: bool,
}

/// One case.
#[derive(Debug, Clone)]
pub struct Synthetic {
    /// Facts by path.
    pub scalars: Row,
    /// Convictions.
    pub convictions: Rows,
    /// Charges.
    pub charges: Rows,
}

/// Xorshift with a multiplied output (Marsaglia; Vigna 2016), so that a seed means the same everywhere.
pub struct Dice(u64);

impl Dice {
    /// A generator; the seed may not be 0.
    pub fn new(seed: u64) -> Dice {
        Dice(seed.max(1))
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 33) % n
    }

    /// True `per_mille` times in a thousand.
    fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }

    fn word(&mut self, of: &'static schema::EnumDef) -> &'static str {
        of.values[self.below(of.values.len() as u64) as usize].0
    }

    fn level(&mut self) -> &'static str {
        ["misdemeanor", "misdemeanor", "misdemeanor", "wobbler", "felony", "infraction"]
            [self.below(6) as usize]
    }
}

/// Makes `count` cases: every fact known, and the same with 1 to 10 % of its facts unknown.
pub fn cases(seed: u64, count: usize) -> Vec<(Synthetic, Synthetic)> {
    let mut dice = Dice::new(seed);
    (0..count)
        .map(|_| {
            let full = full(&mut dice);
            let rate = 10 + dice.below(91);
            let masked = mask(&full, rate, &mut dice);
            (full, masked)
        })
        .collect()
}

fn full(dice: &mut Dice) -> Synthetic {
    let decided = Day(16_071).plus_days(dice.below(1_460) as i64); // 2014-01-01 to 2017-12-30
    let yes = |b: bool| Some(Given::Yes(b));
    // Who signs what: an unsigned warrant that somebody signed would be a contradiction.
    let warrants = [
        ("none", "nobody"),
        ("none", "nobody"),
        ("I-200", "immigration_officer"),
        ("I-205", "immigration_officer"),
    ];
    let (warrant, signer) = if dice.chance(20) {
        ("judicial", "federal_magistrate")
    } else {
        warrants[dice.below(4) as usize]
    };
    let scalars = vec![
        ("decision.on", Some(Given::On(decided))),
        ("custody.release_eligible_on", Some(Given::On(decided.plus_days(dice.below(3) as i64)))),
        ("person.us_citizen", yes(dice.chance(30))),
        (
            "person.citizenship_claim",
            Some(Given::Word(
                ["none", "none", "claimed", "proof_shown"]
                    [dice.below(100).saturating_sub(96) as usize],
            )),
        ),
        ("threat.sex_arson_registrant", yes(dice.chance(15))),
        ("threat.warrant_federal_felony", yes(dice.chance(20))),
        ("request.warrant", Some(Given::Word(warrant))),
        ("request.warrant_signed_by", Some(Given::Word(signer))),
    ];
    let convictions = [0, 0, 0, 1, 1, 1, 2, 2, 3, CONVICTIONS_MAX][dice.below(10) as usize];
    let charges = 1 + dice.below(CHARGES_MAX);
    Synthetic {
        scalars,
        convictions: Rows {
            rows: (0..convictions).map(|_| conviction(dice, decided)).collect(),
            open: false,
        },
        charges: Rows { rows: (0..charges).map(|_| charge(dice)).collect(), open: false },
    }
}

fn conviction(dice: &mut Dice, decided: Day) -> Row {
    let level = dice.level();
    let felony = level == "felony";
    vec![
        ("category", Some(Given::Word(dice.word(&enums::OFFENSE_CATEGORY)))),
        ("level", Some(Given::Word(level))),
        ("serious", Some(Given::Yes(felony && dice.chance(150)))),
        ("violent", Some(Given::Yes(felony && dice.chance(80)))),
        ("state_prison", Some(Given::Yes(felony && dice.chance(300)))),
        ("aggravated_felony", Some(Given::Yes(felony && dice.chance(60)))),
        ("listed", Some(Given::Yes(dice.chance(200)))),
        ("minor_traffic", Some(Given::Yes(dice.chance(250)))),
        ("convicted_on", Some(Given::On(decided.plus_days(-1 - dice.below(5_500) as i64)))),
        ("sentence_days", Some(Given::Count(dice.below(900) as i64))),
    ]
}

fn charge(dice: &mut Dice) -> Row {
    let level = dice.level();
    let felony = level == "felony";
    vec![
        ("category", Some(Given::Word(dice.word(&enums::OFFENSE_CATEGORY)))),
        ("level", Some(Given::Word(level))),
        ("serious", Some(Given::Yes(felony && dice.chance(150)))),
        ("violent", Some(Given::Yes(felony && dice.chance(80)))),
        ("state_prison", Some(Given::Yes(felony && dice.chance(300)))),
        ("listed", Some(Given::Yes(dice.chance(200)))),
        ("held_to_answer", Some(Given::Yes(dice.chance(200)))),
        (
            "disposition",
            Some(Given::Word(
                ["pending", "pending", "arrested", "dismissed"][dice.below(4) as usize],
            )),
        ),
    ]
}

/// The same case with facts missing, and now and then the end of a list.
fn mask(full: &Synthetic, per_mille: u64, dice: &mut Dice) -> Synthetic {
    let mut out = full.clone();
    let hide = |row: &mut Row, dice: &mut Dice| {
        for (_, value) in row.iter_mut().filter(|(n, _)| *n != "decision.on") {
            if dice.chance(per_mille) {
                *value = None;
            }
        }
    };
    hide(&mut out.scalars, dice);
    for list in [&mut out.convictions, &mut out.charges] {
        list.rows.iter_mut().for_each(|row| hide(row, dice));
        if dice.chance(per_mille) {
            list.open = true;
            list.rows.pop();
        }
    }
    out
}

impl Synthetic {
    /// True when every fact is known.
    pub fn is_known(&self) -> bool {
        let rows = self.convictions.rows.iter().chain(&self.charges.rows);
        !self.convictions.open
            && !self.charges.open
            && rows.chain([&self.scalars]).flatten().all(|(_, v)| v.is_some())
    }

    /// The case for this engine.
    pub fn facts(&self) -> CaseFacts {
        let mut facts = CaseFacts::new(NotListed::Unknown);
        for (path, value) in &self.scalars {
            let (Some(field), Some(value)) = (schema::find_scalar(path), value) else { continue };
            facts.set(field, value_of(FieldId::def(field), *value));
        }
        for (name, rows) in [("convictions", &self.convictions), ("charges", &self.charges)] {
            if let Some(list) = schema::find_list(name) {
                fill(&mut facts, list, rows);
            }
        }
        facts
    }

    /// The case as JSON for Rego: lists are lists.
    pub fn rego_json(&self) -> String {
        let mut out = self.scalars_json();
        for (name, rows) in [("convictions", &self.convictions), ("charges", &self.charges)] {
            let rows: Vec<String> = rows.rows.iter().map(row_json).collect();
            let _ = write!(out, ",\"{name}\":[{}]", rows.join(","));
        }
        out.push('}');
        out
    }

    /// The case as JSON for Cedar: each record has a slot.
    pub fn cedar_json(&self) -> String {
        let mut out = self.scalars_json();
        for (letter, rows) in [('c', &self.convictions), ('h', &self.charges)] {
            for (i, row) in rows.rows.iter().enumerate() {
                let _ = write!(out, ",\"{letter}{i}\":{}", row_json(row));
            }
        }
        out.push('}');
        out
    }

    /// Scalars by their last name, and the first days of the windows; the brace stays open.
    fn scalars_json(&self) -> String {
        let mut out = String::from("{\"at\":\"us-ca\"");
        for (path, value) in &self.scalars {
            if let Some(v) = value {
                let name = path.rsplit('.').next().unwrap_or(path);
                let _ = write!(out, ",\"{name}\":{}", json(*v));
            }
            if let ("custody.release_eligible_on", Some(Given::On(d))) = (*path, value) {
                for years in [5, 10] {
                    let _ = write!(
                        out,
                        ",\"first_day_{years}\":{}",
                        d.years_before(years, DateRounding::Down).0
                    );
                }
            }
        }
        out
    }
}

fn fill(facts: &mut CaseFacts, list: ListId, rows: &Rows) {
    let fields = list.def().fields;
    let into = facts.list_mut(list);
    into.state = if rows.open { ListState::AtLeast } else { ListState::Complete };
    for row in &rows.rows {
        let index = into.push_unknown();
        for (name, value) in row {
            let at = fields.iter().position(|f| f.path == *name);
            if let (Some(at), Some(value)) = (at, value) {
                into.set(index, ElemFieldId(at as u16), value_of(&fields[at], *value));
            }
        }
    }
}

fn value_of(def: &FieldDef, given: Given) -> Value {
    match (given, &def.kind) {
        (Given::Yes(b), _) => Value::Bool(b),
        (Given::Word(w), Kind::Enum(set)) => set.code(w).map_or(Value::Unknown, Value::Enum),
        (Given::Word(_), _) => Value::Unknown,
        (Given::Count(n), _) => Value::Int(n),
        (Given::On(d), _) => Value::Date(d),
    }
}

fn json(v: Given) -> String {
    match v {
        Given::Yes(b) => b.to_string(),
        Given::Word(w) => format!("\"{w}\""),
        Given::Count(n) => n.to_string(),
        Given::On(d) => d.0.to_string(),
    }
}

fn row_json(row: &Row) -> String {
    let known: Vec<String> =
        row.iter().filter_map(|(n, v)| v.map(|v| format!("\"{n}\":{}", json(v)))).collect();
    format!("{{{}}}", known.join(","))
}
