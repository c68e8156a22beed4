//! Which counts are compared with which.

use super::{Group, Section};
use crate::generate::plan::Plan;
use crate::generate::table::Month;
use crate::generate::tables::Tables;
use crate::generate::tally::Tally;
use comity_model::schema::{EnumDef, enums};
use std::collections::BTreeMap;

const NOT_STATED: &str = "(not stated)";
const NOT_RECORDED: &str = "(no lift reason recorded)";
const FOIA: &str = "ICE FOIA 15-87693 through NPR";
const TRAVIS: &str = "Travis County bookings, 2006 to 2016, through the reviewed charge tables";
/// Counties that a comparison shows one by one.
const COUNTIES_SHOWN: usize = 20;
/// The first month in which the release records the form.
const FORM_FROM: &str = "2014-10";
/// The revision that the release calls 2013-03, ICE's own date of it.
const CURRENT_REVISION: &str = "2012-12";

/// Every comparison, in the order of the report.
pub fn all(tables: &Tables, plan: &Plan, tally: &Tally) -> Vec<Section> {
    let c = Compare { tables, plan, tally };
    vec![
        c.months(),
        c.forms(),
        c.lifts(),
        c.kinds(),
        c.kinds_of_pennsylvania(),
        c.states(),
        c.counties_of_pennsylvania(),
        c.declines(),
        c.prior(),
        c.ages(),
        c.charges(),
        c.mix(
            "charge_category",
            "Offense categories of charges",
            &tally.categories,
            &enums::OFFENSE_CATEGORY,
        ),
        c.mix("charge_level", "Offense levels of charges", &tally.levels, &enums::OFFENSE_LEVEL),
        c.mix(
            "charge_disposition",
            "Dispositions of charges",
            &tally.dispositions,
            &enums::DISPOSITION,
        ),
    ]
}

struct Compare<'a> {
    tables: &'a Tables,
    plan: &'a Plan,
    tally: &'a Tally,
}

impl Compare<'_> {
    /// Published values: group, label, value.
    fn published(&self, what: &str) -> impl Iterator<Item = (&str, &str, f64)> {
        let of = self.tables.published.iter().filter(move |p| p.what == what);
        of.map(|p| (p.group.as_str(), p.label.as_str(), p.value))
    }

    /// One group of what is published, with the counts of a function.
    fn one(&self, what: &str, generated: impl Fn(&str) -> u64) -> Vec<Group> {
        let lines = self.published(what).map(|(_, l, p)| (l.to_owned(), p, generated(l)));
        vec![(String::new(), lines.collect())]
    }

    fn months(&self) -> Section {
        let by_month: BTreeMap<String, u64> = self
            .tables
            .months
            .iter()
            .zip(&self.tally.months)
            .map(|(m, n)| (m.month.to_string(), *n))
            .collect();
        let (first, last) = self.span();
        let lines = self
            .published("month")
            .filter(|(_, m, _)| Month::parse(m).is_some_and(|m| (first..=last).contains(&m)));
        let lines = lines.map(|(_, m, p)| (m.to_owned(), p, by_month.get(m).copied().unwrap_or(0)));
        Section::new(
            ("month", "Requests by month"),
            FOIA,
            "Not drawn: each month gets its published part of the rows, to the row. July 2015 is partial in the release.",
            false,
            vec![(String::new(), lines.collect())],
        )
    }

    /// First and last month of the run.
    fn span(&self) -> (Month, Month) {
        let months = &self.tables.months;
        let at = |i: usize| months.get(i).map_or(Month(0), |m| m.month);
        let (last, _) = self.plan.month_of(self.plan.rows().saturating_sub(1));
        (at(self.plan.first), at(last))
    }

    /// Forms of years whose recorded months are all in the run.
    fn forms(&self) -> Section {
        let recorded = Month::parse(FORM_FROM).unwrap_or(Month(0));
        let (first, last) = self.span();
        let mut groups: Vec<Group> = Vec::new();
        for (year, label, published) in self.published("form") {
            let months = self.tables.months.iter().zip(&self.tally.forms);
            let of_year: Vec<_> = months
                .filter(|(m, _)| m.month >= recorded && m.month.year().to_string() == year)
                .collect();
            let whole = of_year.iter().all(|(m, _)| (first..=last).contains(&m.month));
            if !whole {
                continue;
            }
            let generated = of_year.iter().map(|(_, f)| form_count(f, label)).sum();
            let line = (label.to_owned(), published, generated);
            match groups.iter_mut().find(|(g, _)| g == year) {
                Some((_, lines)) => lines.push(line),
                None => groups.push((year.to_owned(), vec![line])),
            }
        }
        Section::new(
            ("form", "Forms by year"),
            FOIA,
            "Recorded from October 2014, in the release and here compared from then. The ten forms D and N that the release dates 2014 did not exist then and are not generated. The others are placed in July 2015, so that only a run over the whole of 2015 can be compared with that year.",
            true,
            groups,
        )
    }

    fn lifts(&self) -> Section {
        let mut groups: BTreeMap<String, Vec<(String, f64, u64)>> = BTreeMap::new();
        for (year, label, published) in self.published("lift_reason") {
            let at = self.tables.years.iter().position(|y| y.year.to_string() == year);
            let counts = at.and_then(|y| self.tally.lifts.get(y));
            let reason = Some(label).filter(|l| *l != NOT_RECORDED);
            let known = self.tables.reasons.iter().position(|r| r.as_deref() == reason);
            // Null has its place after the last of all reasons.
            let at = if reason.is_none() { Some(self.tables.reasons.len()) } else { known };
            let n = counts.zip(at).and_then(|(c, i)| c.get(i)).copied().unwrap_or(0);
            let lines = groups.entry(year.to_owned()).or_default();
            lines.push((label.to_owned(), published, n));
        }
        Section::new(
            ("lift_reason", "Lift reasons by year"),
            FOIA,
            "Drawn year by year. A decline is drawn first, with the chance of the county and year; the chances are rounded to a millionth and capped where a county's volume is underestimated.",
            true,
            groups.into_iter().collect(),
        )
    }

    fn kind_count(&self, groups: &[usize], label: &str) -> u64 {
        let count = |name: &str| -> u64 {
            let at = match name {
                "" => Some(enums::FACILITY_KIND.values.len()),
                name => enums::FACILITY_KIND.code(name).map(usize::from),
            };
            let of = groups.iter().filter_map(|g| self.tally.kinds.get(*g));
            of.filter_map(|k| k.get(at?)).sum()
        };
        match (label, groups.len()) {
            // The figures know neither lockups nor offices: they are where the figures put them.
            ("city_jail", 2) => count("city_jail") + count("police_lockup"),
            (NOT_STATED, 2) => {
                let other = ["other", "probation", "court", "juvenile_facility"];
                count("") + other.iter().map(|k| count(k)).sum::<u64>()
            }
            (NOT_STATED, _) => count(""),
            (label, _) => count(label),
        }
    }

    fn kinds(&self) -> Section {
        Section::new(
            ("facility_kind", "Facility kinds, country"),
            "TRAC, 2016-01-21 (published figures 20 to 23), October 2014 to October 2015",
            "Published in approximate words and for a year only; taken for all years. Police lockups are counted with city jails.",
            true,
            self.one("facility_kind", |l| self.kind_count(&[0, 1], l)),
        )
    }

    fn kinds_of_pennsylvania(&self) -> Section {
        Section::new(
            ("facility_kind_pa", "Facility kinds, Pennsylvania"),
            "Rows of Pennsylvania in the same release",
            "Drawn independently of year and county.",
            true,
            self.one("facility_kind_pa", |l| self.kind_count(&[0], l)),
        )
    }

    fn states(&self) -> Section {
        let (ca, tx) = (self.tally.state("us-ca"), self.tally.state("us-tx"));
        let pa = self.tally.state("us-pa");
        Section::new(
            ("state", "States"),
            "TRAC, 2014-11-12 (published figure 18), October 2011 to March 2014; rows of Pennsylvania",
            "How the shares of states moved over the years is not modeled: California's fell faster than the country's.",
            true,
            self.one("state", |l| match l {
                "California+Texas" => ca + tx,
                "Pennsylvania" => pa,
                _ => self.tally.rows - ca - tx - pa,
            }),
        )
    }

    fn name(&self, fips: &str) -> String {
        let county = self.tables.counties.iter().find(|c| c.fips == fips);
        county.map_or_else(|| fips.to_owned(), |c| format!("{} ({fips})", c.place))
    }

    /// The largest by what is published, and all others together.
    fn largest(&self, mut all: Vec<(String, f64, u64)>) -> Vec<(String, f64, u64)> {
        all.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let rest = all.split_off(all.len().min(COUNTIES_SHOWN));
        for line in &mut all {
            line.0 = self.name(&line.0);
        }
        let sum = rest.iter().fold((0.0, 0), |s, (_, p, n)| (s.0 + p, s.1 + n));
        all.push(("all others".to_owned(), sum.0, sum.1));
        all
    }

    fn counties_of_pennsylvania(&self) -> Section {
        let all = self.published("county_pa");
        let all = all.map(|(_, f, p)| (f.to_owned(), p, self.tally.county(f))).collect();
        Section::new(
            ("county_pa", "Counties of Pennsylvania"),
            "Rows of Pennsylvania in the same release",
            "The only state whose rows are public one by one. Rows with a county only.",
            true,
            vec![(String::new(), self.largest(all))],
        )
    }

    /// Declines by county over the years of the run.
    fn declines(&self) -> Section {
        let mut sums: BTreeMap<&str, (f64, u64)> = BTreeMap::new();
        for (i, year) in self.tables.years.iter().enumerate() {
            let counts = self.tally.lifts.get(i);
            if !counts.is_some_and(|l| l.iter().any(|n| *n > 0)) {
                continue;
            }
            let name = year.year.to_string();
            for (_, fips, p) in self.published("declined").filter(|(y, _, _)| *y == name) {
                let sum = sums.entry(fips).or_insert((0.0, 0));
                *sum = (sum.0 + p, sum.1 + self.tally.declined(i, fips));
            }
        }
        let all = sums.into_iter().map(|(f, (p, n))| (f.to_owned(), p, n)).collect();
        Section::new(
            ("declined", "Declines by county"),
            "ICE FOIA 15-87693 through NPR, summed by county",
            "The public file places 82 % of the declines in a county; the others are given to the counties in proportion. Fitted year by year, here summed over years: a run of part of a year differs. A county's requests are an estimate, and no county declines more than 95 % of them.",
            true,
            vec![(String::new(), self.largest(all))],
        )
    }

    fn prior(&self) -> Section {
        let [all, none, serious] = self.tally.prior;
        Section::new(
            ("prior", "Convictions before the request"),
            "TRAC report 330 (published figures 5 and 6), October 2011 to January 2013",
            "Rows whose convictions are known to be complete. Published is that no more than 14 % were serious; the bound is taken.",
            true,
            self.one("prior", |l| match l {
                "none" => none,
                "serious" => serious,
                _ => all - none - serious,
            }),
        )
    }

    fn ages(&self) -> Section {
        let count = |label: &str| {
            let (from, to) = label.split_once(" to ").unwrap_or((label, label));
            let (from, to) = (from.parse().unwrap_or(0), to.parse().unwrap_or(0));
            self.tally
                .ages
                .iter()
                .enumerate()
                .filter(|(a, _)| (from..=to).contains(a))
                .map(|(_, n)| n)
                .sum()
        };
        Section::new(
            ("age", "Ages"),
            TRAVIS,
            "Bands as published; within a band drawn evenly. Rows whose age is known.",
            true,
            self.one("age", count),
        )
    }

    fn charges(&self) -> Section {
        let count = |label: &str| {
            let n: usize = label.trim_end_matches(" or more").parse().unwrap_or(usize::MAX);
            self.tally.charges.get(n).copied().unwrap_or(0)
        };
        Section::new(
            ("charges", "Number of charges"),
            TRAVIS,
            "Rows whose charges are known, all or some of them.",
            true,
            self.one("charges", count),
        )
    }

    fn mix(
        &self,
        what: &'static str,
        title: &'static str,
        counts: &[u64],
        set: &'static EnumDef,
    ) -> Section {
        let count = |label: &str| {
            let at = set.code(label).map_or(set.values.len(), usize::from);
            counts.get(at).copied().unwrap_or(0)
        };
        let mut groups = self.one(what, count);
        for (_, lines) in &mut groups {
            lines.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        }
        Section::new(
            (what, title),
            TRAVIS,
            "One county stands for the country: no public table has offenses of all. The charges of one person are drawn independently.",
            true,
            groups,
        )
    }
}

/// Rows of a month by the release's name of the form.
fn form_count(forms: &[[u64; 8]; 8], label: &str) -> u64 {
    let name = label.split(' ').next().unwrap_or(label);
    let current = enums::FORM_VERSION.code(CURRENT_REVISION).map(usize::from);
    let Some(versions) = enums::FORM.code(name).and_then(|c| forms.get(usize::from(c))) else {
        return 0;
    };
    let all: u64 = versions.iter().sum();
    let newest = current.and_then(|c| versions.get(c)).copied().unwrap_or(0);
    match label {
        "I-247 (2013-03)" => newest,
        "I-247 (pre 2013-03)" => all - newest,
        _ => all,
    }
}
