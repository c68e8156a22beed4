//! What all runs share: the policies, and records of people who do not exist. Words that begin
//! with `canary` stand where personal data would; no other party's store may hold one unsealed.

use crate::fault::{Checked, Must};
use comity_exchange::case::{
    Basis, Determination, Facts, FactsOf, Form, FormVersion, PlaceName, ZoneName,
};
use comity_model::PlaceCode;
use comity_policy::{Library, PolicyFile};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// Where a facility is, and what its bookings say.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its code.
    pub name: PlaceName,
    /// Its zone.
    pub zone: ZoneName,
}

/// What all runs share.
#[derive(Debug)]
pub struct Stage {
    /// The repository's policies.
    pub library: Arc<Library>,
    /// Facilities.
    pub places: Vec<Place>,
    /// What bookings say.
    pub bookings: Vec<Facts>,
    /// What amendments say.
    pub amendments: Vec<Facts>,
    /// What officers determine.
    pub determinations: Vec<Determination>,
    /// What requests state.
    pub states: Facts,
    /// Forms with their versions.
    pub forms: Vec<(Form, Option<FormVersion>)>,
}

/// Under whose law the facilities stand: places that leave a hold to the agency, and places
/// that bar or bound it; zones with and without daylight saving.
const PLACES: [(&str, &str); 6] = [
    ("us-ga", "America/New_York"),
    ("us-ga", "America/New_York"),
    ("us-tx.travis", "America/Chicago"),
    ("us-ca.los-angeles", "America/Los_Angeles"),
    ("us-il.cook", "America/Chicago"),
    ("us-az", "America/Phoenix"),
];

const FORMS: [(&str, Option<&str>); 5] = [
    ("I-247D", Some("2015-05")),
    ("I-247D", Some("2015-05")),
    ("I-247D", Some("2015-05")),
    ("I-247N", Some("2015-05")),
    ("I-247A", Some("2017-02")),
];

fn collect(folder: &Path, out: &mut Vec<PolicyFile>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, out)?;
        } else if path.extension().is_some_and(|e| e == "toml") {
            let bytes = std::fs::read(&path)?;
            out.push(PolicyFile { name: path.display().to_string(), bytes });
        }
    }
    Ok(())
}

fn facts(tree: Value, complete: bool, of: FactsOf) -> Checked<Facts> {
    let Value::Object(tree) = tree else { return None.must("stage") };
    Facts::read(tree, complete, of).must("stage")
}

fn booking(complete: bool, convicted: bool) -> Checked<Facts> {
    let convictions = if convicted {
        json!([{ "category": "robbery", "level": "felony", "convicted_on": "2012-05-04",
                 "punishable_over_one_year": true, "sentence_days": 800,
                 "statute": "canary-conviction" }])
    } else {
        json!([])
    };
    let tree = json!({
        "person": { "age_years": 30 },
        "custody": { "criminal_arrest": true, "facility_kind": "county_jail",
                     "arrested_on": "2015-08-01" },
        "charges": [{ "category": "theft", "level": "felony", "disposition": "pending",
                      "offense_on": "2015-08-01", "statute": "canary-charge" }],
        "convictions": convictions,
    });
    facts(tree, complete, FactsOf::Booking)
}

fn determination(removable: bool, probable_cause: bool) -> Checked<Determination> {
    let tree = json!({
        "person": { "final_order": removable, "final_order_on": "2014-02-03" },
        "convictions": [{ "category": "robbery", "level": "felony",
                          "convicted_on": "2012-05-04", "punishable_over_one_year": true,
                          "sentence_days": 800, "statute": "canary-determination" }],
    });
    let basis = Basis::named("final_order").must("stage")?;
    let facts = facts(tree, true, FactsOf::Determination)?;
    Ok(Determination { removable, basis, probable_cause, facts })
}

impl Stage {
    /// Loads the policies of a folder.
    ///
    /// # Errors
    /// The folder cannot be read; a policy is wrong.
    pub fn load(policies: &Path) -> Checked<Stage> {
        let mut files = Vec::new();
        collect(policies, &mut files).must("policies")?;
        files.sort_by(|a, b| a.name.cmp(&b.name));
        let library = Arc::new(Library::load(&files).must("policies")?);
        let mut places = Vec::new();
        for (code, zone) in PLACES {
            let known = library.places().get(code).must("place")?;
            let code: &PlaceCode = &known.code;
            let zone = ZoneName::named(zone).must("zone")?;
            places.push(Place { name: PlaceName::of(code), zone });
        }
        let states = json!({
            "person": { "removable": true, "final_order": true },
            "request": { "priority_box": true, "probable_cause_box": true,
                         "officer_authorized": true, "facially_complete": true },
        });
        let amendments = [
            json!({ "person": { "age_years": 31 } }),
            json!({ "charges": [{ "category": "theft", "level": "misdemeanor",
                                  "statute": "canary-charge" }] }),
        ];
        let mut forms = Vec::new();
        for (form, version) in FORMS {
            let version = version.map(|v| FormVersion::named(v).must("form")).transpose()?;
            forms.push((Form::named(form).must("form")?, version));
        }
        Ok(Stage {
            library,
            places,
            bookings: vec![booking(true, true)?, booking(true, false)?, booking(false, true)?],
            amendments: amendments
                .into_iter()
                .map(|tree| facts(tree, false, FactsOf::Booking))
                .collect::<Checked<Vec<Facts>>>()?,
            determinations: vec![
                determination(true, true)?,
                determination(true, true)?,
                determination(true, true)?,
                determination(false, false)?,
            ],
            states: facts(states, true, FactsOf::Request)?,
            forms,
        })
    }
}
