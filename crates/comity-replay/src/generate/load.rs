//! Reads the tables of a set of distributions.

use super::alias::{Alias, WEIGHT_MAX, per_million};
use super::settings::Settings;
use super::table::{Cells, Month, Table};
use super::tables::{
    County, DECLINED, FILES, FacilityKind, Form, Kinds, MonthRow, Offense, Offenses, Published,
    State, Tables, YearRow,
};
use crate::run::Files;
use comity_model::Diagnostic;
use comity_model::schema::enums;
use std::collections::BTreeMap;

/// Stands for every county or state that a table does not name.
const ANY: &str = "*";

/// SHA-256 over all files of the set.
pub fn hash(files: &dyn Files, path: &dyn Fn(&str) -> String) -> Result<String, Diagnostic> {
    let mut lines = String::new();
    for name in FILES {
        let sha = crate::receipt::sha256(&files.bytes(&path(name))?);
        lines.push_str(&format!("{sha}  {name}\n"));
    }
    Ok(crate::receipt::sha256(lines.as_bytes()))
}

/// Reads one table after the other.
pub struct Loader<'a> {
    /// Where the files are.
    pub files: &'a dyn Files,
    /// The path of a file of the set.
    pub path: &'a dyn Fn(&str) -> String,
}

/// Forms and years while they are collected.
type ByMonth = BTreeMap<Month, Vec<(Form, u64)>>;

impl Loader<'_> {
    fn table(&self, name: &str, columns: &[&str]) -> Result<Table, Diagnostic> {
        Table::read(self.files, &(self.path)(name), columns)
    }

    /// Reads everything.
    pub fn load(&self, settings: Settings, sha256: String) -> Result<Tables, Diagnostic> {
        let (states, kinds) = self.states()?;
        let (counties, county) = self.counties(&states)?;
        let (reasons, years) = self.years(&counties)?;
        let (months, forms) = self.months(&years)?;
        let (age_band, age_bands) = self.drawn("ages.csv", &["from_years", "to_years"], |r| {
            let (from, to) = (r.number(0, 150)? as u32, r.number(1, 150)? as u32);
            if from <= to { Ok((from, to)) } else { Err(r.wrong(1, "at least `from_years`")) }
        })?;
        let (stay, stays_days) =
            self.drawn("stays.csv", &["days"], |r| Ok(r.number(0, 36_500)? as u32))?;
        let (charges, convictions) = (self.offenses("charges")?, self.offenses("convictions")?);
        let table = self.table("offenses.csv", &[])?;
        let some = |serious: bool| {
            let of = convictions.offenses.iter().zip(&convictions.weights);
            let weights: Vec<u64> = of
                .map(|(o, w)| if (o.serious == Some(true)) == serious { *w } else { 0 })
                .collect();
            let says = "convictions need some that are serious and some that are not";
            Alias::new(&weights).ok_or_else(|| table.wrong(says))
        };
        let (serious, not_serious) = (some(true)?, some(false)?);
        let parts = |parts: &[u64]| {
            let says = "parts in national.toml are all zero, or more than a million millions";
            Alias::new(parts).ok_or_else(|| Diagnostic::error("wrong-parts", says))
        };
        Ok(Tables {
            months,
            forms,
            reasons,
            years,
            counties,
            county,
            states,
            kinds,
            age_band,
            age_bands,
            stay,
            stays_days,
            charges,
            convictions,
            serious,
            not_serious,
            charges_known: parts(&settings.charges_known)?,
            convictions_known: parts(&settings.convictions_known)?,
            assumed: settings.assumed.iter().map(|a| parts(&a.parts)).collect::<Result<_, _>>()?,
            settings,
            published: self.published()?,
            sha256,
        })
    }

    fn published(&self) -> Result<Vec<Published>, Diagnostic> {
        let table = self.table("published.csv", &["what", "group", "label", "value"])?;
        let read = |row: Cells<'_>| {
            let [what, group, label] = [0, 1, 2].map(|i| row.text(i).to_owned());
            let value = row.text(3).parse::<f64>().ok().filter(|v| (0.0..1e12).contains(v));
            let value = value.ok_or_else(|| row.wrong(3, "a number from 0"))?;
            Ok(Published { what, group, label, value })
        };
        table.rows().map(read).collect()
    }

    /// A table of weighted values; the weight is in the column `weight`.
    fn drawn<T>(
        &self,
        name: &str,
        columns: &[&str],
        read: impl Fn(&Cells<'_>) -> Result<T, Diagnostic>,
    ) -> Result<(Alias, Vec<T>), Diagnostic> {
        let mut all = columns.to_vec();
        all.push("weight");
        let table = self.table(name, &all)?;
        let (mut values, mut weights) = (Vec::new(), Vec::new());
        for row in table.rows() {
            values.push(read(&row)?);
            weights.push(row.number(columns.len(), WEIGHT_MAX)?);
        }
        Ok((alias(&table, &weights)?, values))
    }

    fn states(&self) -> Result<(Vec<State>, Vec<Kinds>), Diagnostic> {
        let columns = ["state", "facility_kind", "has_county", "weight"];
        let table = self.table("facility-kinds.csv", &columns)?;
        let mut groups: Vec<(String, Vec<FacilityKind>, Vec<u64>)> = Vec::new();
        for row in table.rows() {
            let code = code(&row, 1, &enums::FACILITY_KIND)?;
            let kind = FacilityKind { code, has_county: flag(&row, 2)?.unwrap_or(false) };
            let weight = row.number(3, WEIGHT_MAX)?;
            let at = groups.iter().position(|(s, _, _)| s == row.text(0)).unwrap_or_else(|| {
                groups.push((row.text(0).to_owned(), Vec::new(), Vec::new()));
                groups.len() - 1
            });
            groups[at].1.push(kind);
            groups[at].2.push(weight);
        }
        let any = groups.iter().position(|(s, _, _)| s == ANY);
        let any = any.ok_or_else(|| table.wrong("the table has no rows of state `*`"))?;
        let names = self.table("states.csv", &["state", "circuit"])?;
        let mut states = Vec::new();
        for row in names.rows() {
            let place = row.text(0).to_owned();
            let kinds = groups.iter().position(|(s, _, _)| *s == place).unwrap_or(any);
            states.push(State { place, circuit: row.number(1, 99)? as i32, kinds });
        }
        let made = groups.into_iter().map(|(_, kinds, w)| Ok((alias(&table, &w)?, kinds)));
        Ok((states, made.collect::<Result<_, Diagnostic>>()?))
    }

    fn counties(&self, states: &[State]) -> Result<(Vec<County>, Alias), Diagnostic> {
        let columns = ["county_fips", "place", "city", "activated_on"];
        let (alias, counties) = self.drawn("counties.csv", &columns, |r| {
            let place = r.text(1).to_owned();
            let state = states.iter().position(|s| place.split('.').next() == Some(&s.place));
            Ok(County {
                fips: r.text(0).to_owned(),
                city: r.text(2).to_owned(),
                state: state.ok_or_else(|| r.wrong(1, "a place of a state of states.csv"))?,
                activated_on: r.day(3)?,
                place,
            })
        })?;
        Ok((counties, alias))
    }

    fn years(
        &self,
        counties: &[County],
    ) -> Result<(Vec<Option<String>>, Vec<YearRow>), Diagnostic> {
        let table = self.table("lift-reasons.csv", &["year", "lift_reason", "weight"])?;
        let mut reasons: Vec<Option<String>> = vec![Some(DECLINED.to_owned())];
        let mut weights: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
        for row in table.rows() {
            let (year, weight) = (row.number(0, 9_998)? as u32, row.number(2, WEIGHT_MAX)?);
            let reason = Some(row.text(1).to_owned()).filter(|r| !r.is_empty());
            let at = reasons.iter().position(|r| *r == reason).unwrap_or_else(|| {
                reasons.push(reason);
                reasons.len() - 1
            });
            // The codes of a dictionary are eight bits.
            if at > 200 {
                return Err(row.wrong(1, "one of at most 200 reasons"));
            }
            let of = weights.entry(year).or_default();
            of.resize(of.len().max(at + 1), 0);
            of[at] = weight;
        }
        let declines = self.table("declines.csv", &["year", "county_fips", "per_million"])?;
        let mut rates: BTreeMap<(u32, &str), u64> = BTreeMap::new();
        for row in declines.rows() {
            rates.insert((row.number(0, 9_998)? as u32, row.text(1)), row.number(2, 1_000_000)?);
        }
        let mut years = Vec::new();
        for (year, mut of) in weights {
            // A decline is drawn before, by county.
            of[0] = 0;
            let rate = |place: &str| rates.get(&(year, place)).copied().unwrap_or(0);
            let base = rate(ANY);
            let declined_in = counties.iter().map(|c| per_million(base + rate(&c.fips)));
            years.push(YearRow {
                year,
                reason: alias(&table, &of)?,
                declined_in: declined_in.collect(),
            });
        }
        Ok((reasons, years))
    }

    fn forms(&self) -> Result<ByMonth, Diagnostic> {
        let table = self.table("forms.csv", &["month", "form", "form_version", "weight"])?;
        let mut out = ByMonth::new();
        for row in table.rows() {
            let form = code(&row, 1, &enums::FORM)?.ok_or_else(|| row.wrong(1, "a form"))?;
            let version = code(&row, 2, &enums::FORM_VERSION)?;
            let version = version.ok_or_else(|| row.wrong(2, "a revision"))?;
            let weight = row.number(3, WEIGHT_MAX)?;
            out.entry(row.month(0)?).or_default().push((Form { form, version }, weight));
        }
        Ok(out)
    }

    fn months(&self, years: &[YearRow]) -> Result<(Vec<MonthRow>, Vec<Form>), Diagnostic> {
        let (weekday, _) = self.weekdays()?;
        let by_month = self.forms()?;
        let mut forms: Vec<Form> = Vec::new();
        for (form, _) in by_month.values().flatten() {
            if !forms.contains(form) {
                forms.push(*form);
            }
        }
        let table = self.table("months.csv", &["month", "weight", "days"])?;
        let mut months: Vec<MonthRow> = Vec::new();
        for row in table.rows() {
            let month = row.month(0)?;
            if months.last().is_some_and(|m| m.month.0 + 1 != month.0) {
                return Err(row.wrong(0, "the month after the one before"));
            }
            // The codes of a dictionary are eight bits.
            if months.len() == 250 {
                return Err(row.wrong(0, "one of at most 250 months"));
            }
            let days = row.number(2, u64::from(month.days()))?;
            let first_day = month.first_day();
            // 1970-01-01 was a Thursday.
            let of_day = |d: u64| weekday[(first_day.0 + d as i32 + 3).rem_euclid(7) as usize];
            let day: Vec<u64> = (0..days).map(of_day).collect();
            let empty = Vec::new();
            let drawn = by_month.get(&month).unwrap_or(&empty);
            let mut form = vec![0; forms.len()];
            for (f, weight) in drawn {
                if let Some(at) = forms.iter().position(|g| g == f) {
                    form[at] = *weight;
                }
            }
            let year = years.iter().position(|y| y.year == month.year());
            months.push(MonthRow {
                month,
                weight: row.number(1, WEIGHT_MAX)?,
                first_day,
                day: Alias::new(&day).ok_or_else(|| row.wrong(2, "at least one day"))?,
                form: Alias::new(&form).ok_or_else(|| row.wrong(0, "a month of forms.csv"))?,
                year: year.ok_or_else(|| row.wrong(0, "in a year of lift-reasons.csv"))?,
            });
        }
        if months.iter().all(|m| m.weight == 0) {
            return Err(table.wrong("the table has no month with requests"));
        }
        Ok((months, forms))
    }

    fn weekdays(&self) -> Result<(Vec<u64>, Table), Diagnostic> {
        let table = self.table("weekdays.csv", &["weekday", "weight"])?;
        let mut out = vec![0; 7];
        for row in table.rows() {
            let at = row.number(0, 7)?;
            if at == 0 {
                return Err(row.wrong(0, "a day from 1, Monday, to 7"));
            }
            out[at as usize - 1] = row.number(1, WEIGHT_MAX)?;
        }
        Ok((out, table))
    }

    fn offenses(&self, list: &str) -> Result<Offenses, Diagnostic> {
        let table = self.table("counts.csv", &["list", "n", "weight"])?;
        let (mut numbers, mut weights) = (Vec::new(), Vec::new());
        for row in table.rows().filter(|r| r.text(0) == list) {
            numbers.push(row.number(1, 1_000)? as u32);
            weights.push(row.number(2, WEIGHT_MAX)?);
        }
        let number = alias(&table, &weights)?;
        let columns = [
            "list",
            "category",
            "level",
            "grade",
            "serious",
            "violent",
            "minor_traffic",
            "disposition",
            "weight",
        ];
        let table = self.table("offenses.csv", &columns)?;
        let (mut offenses, mut weights) = (Vec::new(), Vec::new());
        for row in table.rows().filter(|r| r.text(0) == list) {
            offenses.push(Offense {
                category: code(&row, 1, &enums::OFFENSE_CATEGORY)?,
                level: code(&row, 2, &enums::OFFENSE_LEVEL)?,
                grade: code(&row, 3, &enums::OFFENSE_GRADE)?,
                serious: flag(&row, 4)?,
                violent: flag(&row, 5)?,
                minor_traffic: flag(&row, 6)?,
                disposition: code(&row, 7, &enums::DISPOSITION)?,
            });
            weights.push(row.number(8, WEIGHT_MAX)?);
        }
        let offense = alias(&table, &weights)?;
        Ok(Offenses { number, numbers, offense, offenses, weights })
    }
}

fn alias(table: &Table, weights: &[u64]) -> Result<Alias, Diagnostic> {
    Alias::new(weights).ok_or_else(|| table.wrong("the table has no weights to draw from"))
}

/// A value of a set; empty = unknown.
fn code(
    row: &Cells<'_>,
    column: usize,
    set: &comity_model::schema::EnumDef,
) -> Result<Option<u8>, Diagnostic> {
    match row.text(column) {
        "" => Ok(None),
        name => set
            .code(name)
            .map(Some)
            .ok_or_else(|| row.wrong(column, &format!("a value of the set {}", set.name))),
    }
}

/// Yes or no; empty = unknown.
fn flag(row: &Cells<'_>, column: usize) -> Result<Option<bool>, Diagnostic> {
    match row.text(column) {
        "" => Ok(None),
        "true" => Ok(Some(true)),
        "false" => Ok(Some(false)),
        _ => Err(row.wrong(column, "true, false or empty")),
    }
}
