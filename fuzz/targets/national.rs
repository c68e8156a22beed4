//! A national table and the checks of published figures: refused with a finding, or read.
#![no_main]

use comity_replay::national::checks::Checks;
use comity_replay::national::sources::Table;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(found) = Checks::parse("checks.toml", bytes) {
        assert!(!found.is_empty());
    }
    match Table::parse("table.csv", bytes, &["county_fips"]) {
        Err(found) => assert!(!found.is_empty()),
        Ok(table) => {
            for row in table.rows() {
                let _ = (row.text("county_fips"), row.count("county_fips"));
                let _ = row.day_or_month("county_fips");
            }
        }
    }
});
