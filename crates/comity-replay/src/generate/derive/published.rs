//! The published counts as they stand, for the comparison with what was generated. Nothing
//! is fitted here: a fault of the other tables shows against these.

use super::counties::{PAIR_NAME, published_pair};
use super::kinds::{Kinds, NOT_STATED, published};
use super::offenses::Counted;
use super::{COUNT_MAX, Volumes, path};
use crate::generate::table::Table;
use crate::run::Files;
use comity_model::Diagnostic;
use std::fmt::Write as _;

pub fn table(
    files: &dyn Files,
    folder: &str,
    volumes: &Volumes,
    kinds: &Kinds,
    travis: &Counted,
) -> Result<String, Diagnostic> {
    let mut out = String::from("what,group,label,value\n");
    for (month, n) in &volumes.months {
        let _ = writeln!(out, "month,,{month},{n}");
    }
    let forms =
        Table::read(files, &path(folder, "national/forms.csv"), &["year", "form", "detainers"])?;
    for row in forms.rows() {
        let n = row.number(2, COUNT_MAX)?;
        let _ = writeln!(out, "form,{},{},{n}", row.text(0), row.text(1));
    }
    for (year, reasons) in &volumes.lifts {
        for (reason, n) in reasons {
            let _ = writeln!(out, "lift_reason,{year},{reason},{n}");
        }
    }
    for (kind, share) in published(files, folder)? {
        let kind = if kind.is_empty() { NOT_STATED } else { kind };
        let _ = writeln!(out, "facility_kind,,{kind},{}", (share * 100.0).round());
    }
    kinds.counts(&mut out);
    let pair = published_pair(files, folder)? * 100.0;
    let own = kinds.rows as f64 / volumes.all() as f64 * 100.0;
    let _ = writeln!(out, "state,,{PAIR_NAME},{pair:.0}\nstate,,Pennsylvania,{own:.4}");
    let _ = writeln!(out, "state,,elsewhere,{:.4}", 100.0 - pair - own);
    declined(files, folder, &mut out)?;
    travis.published(&mut out);
    let (none, serious) = prior(files, folder)?;
    let _ = writeln!(out, "prior,,none,{none}\nprior,,serious,{serious}");
    let _ = writeln!(out, "prior,,other,{:.1}", 100.0 - none - serious);
    Ok(out)
}

fn declined(files: &dyn Files, folder: &str, out: &mut String) -> Result<(), Diagnostic> {
    let name = path(folder, "national/declined-county-years.csv");
    let table = Table::read(files, &name, &["year", "county_fips", "declined"])?;
    for row in table.rows() {
        let n = row.number(2, COUNT_MAX)?;
        let _ = writeln!(out, "declined,{},{},{n}", row.text(0), row.text(1));
    }
    Ok(())
}

/// Shares of persons without a conviction, and with a serious one, in percent.
fn prior(files: &dyn Files, folder: &str) -> Result<(f64, f64), Diagnostic> {
    let name = path(folder, "national/published-figures.csv");
    let table = Table::read(files, &name, &["measure", "value"])?;
    let figure = |measure: &str| {
        let row = table.rows().find(|r| r.text(0) == measure);
        let value = row.and_then(|r| r.text(1).parse::<f64>().ok()).filter(|v| v.is_finite());
        value.ok_or_else(|| table.wrong(format!("no number {measure}")))
    };
    Ok((figure("share_no_conviction")?, figure("share_serious_max")?))
}
