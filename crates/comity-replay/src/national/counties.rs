//! The counties of the reference table: names, states, populations.

use super::sources::Sources;
use comity_model::Diagnostic;
use std::collections::BTreeMap;

/// State FIPS codes from here on are territories: not in the shares, not on the map.
const TERRITORIES: &str = "57";
/// The District of Columbia, which is counted beside the states.
pub const DISTRICT: &str = "11";

/// One county or county equivalent.
#[derive(Debug, Clone)]
pub struct County {
    /// FIPS code, five digits.
    pub fips: String,
    /// Its name.
    pub name: String,
    /// Its state's name.
    pub state: String,
    /// Persons.
    pub population: u64,
}

impl County {
    /// FIPS code of its state.
    pub fn state_fips(&self) -> &str {
        self.fips.get(..2).unwrap_or_default()
    }

    /// Name and state.
    pub fn full_name(&self) -> String {
        format!("{}, {}", self.name, self.state)
    }
}

/// All counties of the fifty states and the District of Columbia, by FIPS code.
#[derive(Debug, Clone, Default)]
pub struct Counties {
    by_fips: BTreeMap<String, County>,
    /// Codes of territories, which no report counts.
    pub territories: Vec<String>,
}

impl Counties {
    /// Reads `counties.csv`.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn read(sources: &Sources<'_>) -> Result<Counties, Vec<Diagnostic>> {
        let columns = ["county_fips", "county_name", "state_name", "total_population"];
        let table = sources.table("counties.csv", &columns)?;
        let mut out = Counties::default();
        for row in table.rows() {
            let fips = row.text("county_fips").to_owned();
            if fips.len() != 5 || !fips.bytes().all(|b| b.is_ascii_digit()) {
                return Err(row.wrong("county_fips", "a FIPS code of five digits"));
            }
            if fips.as_str() >= TERRITORIES {
                out.territories.push(fips);
                continue;
            }
            let county = County {
                name: title_case(row.text("county_name")),
                state: title_case(row.text("state_name")),
                population: row.count("total_population")?,
                fips: fips.clone(),
            };
            if out.by_fips.insert(fips, county).is_some() {
                return Err(row.wrong("county_fips", "a code that is listed once"));
            }
        }
        Ok(out)
    }

    /// The county of that code.
    pub fn get(&self, fips: &str) -> Option<&County> {
        self.by_fips.get(fips)
    }

    /// All, in the order of their codes.
    pub fn iter(&self) -> impl Iterator<Item = &County> {
        self.by_fips.values()
    }

    /// Those of a state.
    pub fn of_state<'c>(&'c self, state_fips: &'c str) -> impl Iterator<Item = &'c County> {
        self.iter().filter(move |c| c.state_fips() == state_fips)
    }

    /// FIPS codes and names of the states, in order.
    pub fn states(&self) -> BTreeMap<&str, &str> {
        self.iter().map(|c| (c.state_fips(), c.state.as_str())).collect()
    }

    /// Persons in all of them.
    pub fn population(&self) -> u64 {
        self.iter().map(|c| c.population).sum()
    }

    /// Number of counties.
    pub fn len(&self) -> usize {
        self.by_fips.len()
    }

    /// True without counties.
    pub fn is_empty(&self) -> bool {
        self.by_fips.is_empty()
    }
}

/// `st. mary's county` as `St. Mary's County`; small words stay small.
pub fn title_case(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        if ["of", "and", "the", "du", "qui"].contains(&word) {
            return word.to_owned();
        }
        let parts: Vec<String> = word.split('-').map(capital).collect();
        parts.join("-")
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Names with a capital inside.
const INNER: [(&str, &str); 6] = [
    ("dekalb", "DeKalb"),
    ("desoto", "DeSoto"),
    ("dewitt", "DeWitt"),
    ("dupage", "DuPage"),
    ("laporte", "LaPorte"),
    ("lasalle", "LaSalle"),
];

fn capital(word: &str) -> String {
    if let Some((_, written)) = INNER.iter().find(|(name, _)| *name == word) {
        return (*written).to_owned();
    }
    let mut chars = word.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let rest = chars.as_str();
    // McDuffie, McLean.
    match (word.starts_with("mc"), rest.get(1..2), rest.get(2..)) {
        (true, Some(letter), Some(end)) if !end.is_empty() => {
            format!("Mc{}{end}", letter.to_uppercase())
        }
        _ => format!("{first}{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::title_case;

    #[test]
    fn names_are_written_as_on_a_map() {
        assert_eq!(title_case("st. clair county"), "St. Clair County");
        assert_eq!(title_case("mclean county"), "McLean County");
        assert_eq!(title_case("district of columbia"), "District of Columbia");
        assert_eq!(title_case("miami-dade county"), "Miami-Dade County");
        assert_eq!(title_case(""), "");
    }
}
