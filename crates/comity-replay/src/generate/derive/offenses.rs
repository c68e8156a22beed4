//! The mix of offenses, ages and stays of the bookings of Travis County, through its reviewed
//! charge tables.

use super::{Derived, path};
use crate::charges::{ChargeBook, ChargeLine, Used};
use crate::generate::table::Table;
use crate::run::Files;
use comity_model::schema::{Kind, ListId, list};
use comity_model::{CaseFacts, Diagnostic, Value};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const CHARGES: ListId = list("charges");
const CONVICTIONS: ListId = list("convictions");
/// What the table of offenses says of one.
const FIELDS: [&str; 7] =
    ["category", "level", "grade", "serious", "violent", "minor_traffic", "disposition"];
/// More charges than this are counted as this many.
const CHARGES_MAX: u64 = 12;
/// Age bands as the public file writes them, with the years they stand for.
/// The file's youngest and oldest band are open; 18 and 64 are where adult jails begin and
/// where their population ends but for a few.
const AGES: [(&str, u32, u32); 3] = [("<25", 18, 24), ("25-34", 25, 34), ("35+", 35, 64)];

type Mix = BTreeMap<[String; 7], u64>;

/// What the bookings come to.
pub struct Counted {
    charges: Mix,
    convictions: Mix,
    n_charges: BTreeMap<u64, u64>,
    n_convictions: BTreeMap<u64, u64>,
    ages: [u64; 3],
    stays: BTreeMap<u64, u64>,
}

pub fn count(files: &dyn Files, folder: &str) -> Result<Counted, Vec<Diagnostic>> {
    let book = book(files, folder)?;
    let one = |d: Diagnostic| vec![d];
    let rows = bookings(files, folder).map_err(one)?;
    let mut lines: BTreeMap<String, Vec<ChargeLine>> = BTreeMap::new();
    let name = path(folder, "travis-tx/bookings-charges.csv");
    let columns = ["row_id", "is_ice_detainer", "charge_text", "level", "disposition"];
    let table = Table::read(files, &name, &columns).map_err(one)?;
    for r in table.rows().filter(|r| r.text(1) != "1") {
        let cell = |i| r.text(i).trim().to_owned();
        let line = ChargeLine { text: cell(2), level: cell(3), disposition: cell(4) };
        lines.entry(cell(0)).or_default().push(line);
    }
    let (mut charges, mut convictions) = (Mix::new(), Mix::new());
    let (mut n_charges, mut n_convictions) = (BTreeMap::new(), BTreeMap::new());
    for row_id in &rows.ids {
        let mut facts = CaseFacts::default();
        for line in lines.get(row_id).map_or(&[][..], Vec::as_slice) {
            if let Used::SetAside(_) = book.add_line(&mut facts, line, None) {}
        }
        for (list, mix, counts) in [
            (CHARGES, &mut charges, &mut n_charges),
            (CONVICTIONS, &mut convictions, &mut n_convictions),
        ] {
            let n = facts.list(list).len();
            *counts.entry((n as u64).min(CHARGES_MAX)).or_insert(0_u64) += 1;
            for i in 0..n {
                *mix.entry(element(&facts, list, i)).or_insert(0) += 1;
            }
        }
    }
    // How many earlier convictions a person has is not public: the number of convictions of
    // one booking, where there is any, stands for it.
    n_convictions.remove(&0);
    let Bookings { ages, stays, .. } = rows;
    Ok(Counted { charges, convictions, n_charges, n_convictions, ages, stays })
}

impl Counted {
    /// The tables to draw from.
    pub fn tables(&self) -> Vec<Derived> {
        let mut counts = String::from("list,n,weight\n");
        for (list, map) in [("charges", &self.n_charges), ("convictions", &self.n_convictions)] {
            for (n, weight) in map {
                let _ = writeln!(counts, "{list},{n},{weight}");
            }
        }
        let mut ages = String::from("from_years,to_years,weight\n");
        for ((_, from, to), n) in AGES.iter().zip(self.ages) {
            let _ = writeln!(ages, "{from},{to},{n}");
        }
        let mut stays = String::from("days,weight\n");
        for (days, n) in &self.stays {
            let _ = writeln!(stays, "{days},{n}");
        }
        vec![
            ("offenses.csv", mix_table(&self.charges, &self.convictions)),
            ("counts.csv", counts),
            ("ages.csv", ages),
            ("stays.csv", stays),
        ]
    }

    /// The counts as they stand.
    pub fn published(&self, out: &mut String) {
        for ((_, from, to), n) in AGES.iter().zip(self.ages) {
            let _ = writeln!(out, "age,,{from} to {to},{n}");
        }
        for (n, weight) in &self.n_charges {
            let more = if *n == CHARGES_MAX { " or more" } else { "" };
            let _ = writeln!(out, "charges,,{n}{more},{weight}");
        }
        let of = [
            ("category", "charge_category"),
            ("level", "charge_level"),
            ("disposition", "charge_disposition"),
        ];
        for (field, what) in of {
            let at = FIELDS.iter().position(|f| *f == field).unwrap_or(0);
            let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
            for (key, n) in &self.charges {
                let label = if key[at].is_empty() { "unknown" } else { key[at].as_str() };
                *sums.entry(label).or_insert(0) += n;
            }
            for (label, n) in sums {
                let _ = writeln!(out, "{what},,{label},{n}");
            }
        }
    }
}

fn mix_table(charges: &Mix, convictions: &Mix) -> String {
    let mut out = format!("list,{},weight\n", FIELDS.join(","));
    for (list, mix) in [("charges", charges), ("convictions", convictions)] {
        for (key, weight) in mix {
            let _ = writeln!(out, "{list},{},{weight}", key.join(","));
        }
    }
    out
}

/// One element as the table writes it; empty = unknown, or not a fact of this list.
fn element(facts: &CaseFacts, list: ListId, index: usize) -> [String; 7] {
    FIELDS.map(|name| {
        let Some(field) = list.field(name) else { return String::new() };
        let kind = list.def().fields.get(field.0 as usize).map(|f| &f.kind);
        match (facts.list(list).get(index, field), kind) {
            (Value::Bool(b), _) => b.to_string(),
            (Value::Enum(code), Some(Kind::Enum(set))) => set.name_of(code).to_owned(),
            _ => String::new(),
        }
    })
}

fn book(files: &dyn Files, folder: &str) -> Result<ChargeBook, Vec<Diagnostic>> {
    let names = ["charge-table.csv", "levels.csv", "dispositions.csv"];
    let paths = names.map(|n| path(folder, &format!("travis-tx/{n}")));
    let mut bytes = Vec::new();
    for p in &paths {
        bytes.push(files.bytes(p).map_err(|d| vec![d])?);
    }
    let [a, b, c] = [0, 1, 2].map(|i| (paths[i].as_str(), bytes[i].as_slice()));
    ChargeBook::parse(a, b, c)
}

struct Bookings {
    ids: Vec<String>,
    ages: [u64; 3],
    stays: BTreeMap<u64, u64>,
}

fn bookings(files: &dyn Files, folder: &str) -> Result<Bookings, Diagnostic> {
    let columns = ["row_id", "age_band", "days_booking_to_last_local_disposition"];
    let table = Table::read(files, &path(folder, "travis-tx/bookings.csv"), &columns)?;
    let mut ages = [0_u64; 3];
    let mut stays: BTreeMap<u64, u64> = BTreeMap::new();
    let mut ids = Vec::new();
    for row in table.rows() {
        ids.push(row.text(0).to_owned());
        let band = AGES.iter().position(|(band, _, _)| *band == row.text(1));
        ages[band.ok_or_else(|| row.wrong(1, "an age band that is known"))?] += 1;
        match row.text(2) {
            // The local case goes on: its length is not known.
            "" => {}
            // A disposition on the day before the booking is one on the day.
            "-1" => *stays.entry(0).or_insert(0) += 1,
            _ => *stays.entry(row.number(2, 36_500)?).or_insert(0) += 1,
        }
    }
    Ok(Bookings { ids, ages, stays })
}
