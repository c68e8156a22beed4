//! Estimates of the unauthorized population, from files that the user gives: they are not
//! ours to carry.

use super::counties::Counties;
use super::sources::{Row, Sources, Table};
use comity_model::Diagnostic;
use std::collections::{BTreeMap, BTreeSet};

/// What to do where no file was given.
pub const HOW: &str = "Estimates of the unauthorized population are not carried: their publisher's terms do not allow it. Give one or two files with --unauthorized FILE: CSV with a column `fips` (five digits: a county; two digits: a state; `US`: the nation) or `county_fips` or `state` (its name), and a column whose name begins with `unauthorized`. The national figure must be among the rows";

/// Estimates, persons.
#[derive(Debug, Clone, Default)]
pub struct Unauthorized {
    counties: BTreeMap<String, f64>,
    states: BTreeMap<String, f64>,
    nation: f64,
}

impl Unauthorized {
    /// Reads the files; `None` where there are none.
    ///
    /// # Errors
    /// A file cannot be read, has no such columns, or none has the national figure.
    pub fn read(
        sources: &Sources<'_>,
        counties: &Counties,
        paths: &[String],
    ) -> Result<Option<Unauthorized>, Vec<Diagnostic>> {
        if paths.is_empty() {
            return Ok(None);
        }
        let mut out = Unauthorized::default();
        let names: BTreeMap<String, String> = counties
            .states()
            .into_iter()
            .map(|(fips, name)| (name.to_lowercase(), fips.to_owned()))
            .collect();
        for path in paths {
            let bytes = sources.bytes("unauthorized population", path)?;
            out.add(path, &bytes, &names)?;
        }
        if out.nation <= 0.0 {
            let d = Diagnostic::error(
                "missing-total",
                "no row of the files has the national unauthorized population",
            );
            return Err(vec![d.help(HOW)]);
        }
        Ok(Some(out))
    }

    fn add(
        &mut self,
        path: &str,
        bytes: &[u8],
        names: &BTreeMap<String, String>,
    ) -> Result<(), Vec<Diagnostic>> {
        let table = Table::parse(path, bytes, &[])?;
        let columns = table.columns();
        let number = columns.iter().find(|c| c.starts_with("unauthorized")).copied();
        let place = ["fips", "county_fips", "state"].into_iter().find(|c| table.has(c));
        let (Some(number), Some(place)) = (number, place) else {
            let message = format!("`{path}` has the columns {}", columns.join(", "));
            return Err(vec![Diagnostic::error("missing-column", message).help(HOW)]);
        };
        for row in table.rows() {
            // Empty: no estimate. Published tables end with notes, which have no number either.
            if !row.text(number).is_empty() {
                self.row(row, place, number, names)?;
            }
        }
        Ok(())
    }

    fn row(
        &mut self,
        row: Row<'_>,
        place: &str,
        number: &str,
        names: &BTreeMap<String, String>,
    ) -> Result<(), Vec<Diagnostic>> {
        let persons = row.number(number)?;
        if persons < 0.0 {
            return Err(row.wrong(number, "a number of persons"));
        }
        let key = row.text(place).to_lowercase();
        if ["us", "united states"].contains(&key.as_str()) {
            self.nation = persons;
        } else if key.len() == 5 && key.bytes().all(|b| b.is_ascii_digit()) {
            self.counties.insert(key, persons);
        } else if key.len() == 2 && key.bytes().all(|b| b.is_ascii_digit()) {
            self.states.insert(key, persons);
        } else if let Some(fips) = names.get(&key) {
            self.states.insert(fips.clone(), persons);
        } else {
            return Err(row.wrong(place, "a FIPS code, the name of a state, or `US`"));
        }
        Ok(())
    }

    /// At least this share of the nation's unauthorized population lives in these counties.
    /// A state all of whose counties are among them counts whole; elsewhere a county without
    /// an estimate counts nothing.
    pub fn share_at_least(&self, counties: &Counties, chosen: &BTreeSet<&str>) -> f64 {
        let mut persons = 0.0;
        for state in counties.states().keys() {
            let of_state: Vec<&str> = counties.of_state(state).map(|c| c.fips.as_str()).collect();
            let known = || of_state.iter().filter(|f| chosen.contains(*f));
            let sum: f64 = known().filter_map(|f| self.counties.get(*f)).sum();
            let whole = known().count() == of_state.len();
            let state_figure = self.states.get(*state).filter(|_| whole);
            persons += state_figure.copied().unwrap_or(0.0).max(sum);
        }
        persons / self.nation
    }
}
