//! The twelve rules as somebody would write them in Rust for this table: one loop over rows,
//! the first rule that is met settles the row. For tables in which every fact is known.

use crate::Counts;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int32Type, UInt8Type};
use arrow_array::{ArrayRef, BooleanArray, RecordBatch, StructArray};
use comity_model::Day;
use comity_model::date::DateRounding;
use comity_model::schema::{EnumDef, enums};
use std::borrow::Cow;

const LISTED: &str = "assault aggravated_assault assault_on_officer battery domestic_violence threats \
  child_sexual_abuse sexual_exploitation child_abuse burglary burglary_vehicle robbery carjacking \
  theft shoplifting motor_vehicle_theft receiving_stolen_property fraud identity_theft forgery \
  embezzlement extortion obstruction resisting_arrest bribery escape weapon_unlawful \
  firearm_unlawful explosives vandalism_with_priors gang great_bodily_injury capital_murder murder \
  manslaughter vehicular_homicide firearm_in_offense sex_registration false_imprisonment \
  human_trafficking money_laundering torture_mayhem public_safety_threat arson elder_abuse \
  hate_crime stalking solicitation offense_on_bail sexual_assault aggravated_sexual_assault \
  kidnapping";
const UNCLEAR: &str = "trespass inchoate lewdness hit_and_run_injury other";
const FELONY_ONLY: &str = "dui dui_felony dui_injury drug_possession drug_trafficking";
const DUI: &str = "dui dui_felony dui_injury";

/// The sets and codes of the rules.
pub struct Hand {
    listed: u128,
    unclear: u128,
    felony_only: u128,
    dui: u128,
    domestic_violence: u8,
    felony: u8,
    wobbler: u8,
    misdemeanor: u8,
    dropped: u128,
    proof_shown: u8,
    judicial: u8,
    judges: u128,
}

fn set(of: &EnumDef, words: &str) -> u128 {
    words.split_whitespace().map(|w| 1 << code(of, w)).sum()
}

fn code(of: &EnumDef, word: &str) -> u8 {
    of.code(word).expect("a value of the set")
}

fn is_in(set: u128, code: u8) -> bool {
    set >> code & 1 == 1
}

struct List<'b> {
    category: Cow<'b, [u8]>,
    level: Cow<'b, [u8]>,
    serious: &'b BooleanArray,
    violent: &'b BooleanArray,
    state_prison: &'b BooleanArray,
    listed: &'b BooleanArray,
}

/// Codes in the order of the set; Parquet brings dictionaries in an order of its own.
fn codes<'b>(column: &'b ArrayRef, of: &EnumDef) -> Cow<'b, [u8]> {
    let column = column.as_dictionary::<UInt8Type>();
    let (keys, values) = (column.keys().values(), column.values().as_string::<i32>());
    let map: Vec<u8> = values.iter().map(|v| code(of, v.expect("a name"))).collect();
    if map.iter().zip(0..).all(|(code, i)| *code == i) {
        return Cow::Borrowed(keys);
    }
    keys.iter().map(|k| map[*k as usize]).collect()
}

fn element<'b>(elements: &'b StructArray, name: &str) -> &'b ArrayRef {
    elements.column_by_name(name).expect(name)
}

fn yes<'b>(elements: &'b StructArray, name: &str) -> &'b BooleanArray {
    elements.column_by_name(name).expect(name).as_boolean()
}

impl<'b> List<'b> {
    fn of(elements: &'b StructArray) -> List<'b> {
        List {
            category: codes(element(elements, "category"), &enums::OFFENSE_CATEGORY),
            level: codes(element(elements, "level"), &enums::OFFENSE_LEVEL),
            serious: yes(elements, "serious"),
            violent: yes(elements, "violent"),
            state_prison: yes(elements, "state_prison"),
            listed: yes(elements, "listed"),
        }
    }
}

impl Hand {
    /// Looks the codes up.
    pub fn new() -> Hand {
        let category = &enums::OFFENSE_CATEGORY;
        Hand {
            listed: set(category, LISTED),
            unclear: set(category, UNCLEAR),
            felony_only: set(category, FELONY_ONLY),
            dui: set(category, DUI),
            domestic_violence: code(category, "domestic_violence"),
            felony: code(&enums::OFFENSE_LEVEL, "felony"),
            wobbler: code(&enums::OFFENSE_LEVEL, "wobbler"),
            misdemeanor: code(&enums::OFFENSE_LEVEL, "misdemeanor"),
            dropped: set(&enums::DISPOSITION, "dismissed acquitted"),
            proof_shown: code(&enums::CITIZENSHIP_CLAIM, "proof_shown"),
            judicial: code(&enums::WARRANT, "judicial"),
            judges: set(&enums::WARRANT_SIGNER, "federal_judge federal_magistrate"),
        }
    }

    /// Decides a batch and counts outcomes.
    pub fn run(&self, batch: &RecordBatch, counts: &mut Counts) {
        self.decide(batch, |may| counts.0[usize::from(!may)] += 1);
    }

    /// Decides a batch and says of every row whether it may be held.
    pub fn decide(&self, batch: &RecordBatch, mut say: impl FnMut(bool)) {
        let column = |name: &str| batch.column_by_name(name).expect(name);
        let citizen = column("person_us_citizen").as_boolean();
        let claim = codes(column("person_citizenship_claim"), &enums::CITIZENSHIP_CLAIM);
        let registrant = column("threat_sex_arson_registrant").as_boolean();
        let federal = column("threat_warrant_federal_felony").as_boolean();
        let warrant = codes(column("request_warrant"), &enums::WARRANT);
        let signer = codes(column("request_warrant_signed_by"), &enums::WARRANT_SIGNER);
        let release = column("custody_release_eligible_on").as_primitive::<Date32Type>().values();
        let (convictions, charges) =
            (column("convictions").as_list::<i32>(), column("charges").as_list::<i32>());
        let (of_convictions, of_charges) = (convictions.offsets(), charges.offsets());
        let (convictions, charges) =
            (convictions.values().as_struct(), charges.values().as_struct());
        let (v, h) = (List::of(convictions), List::of(charges));
        let aggravated = yes(convictions, "aggravated_felony");
        let traffic = yes(convictions, "minor_traffic");
        let day = |name| convictions.column_by_name(name).expect(name);
        let convicted = day("convicted_on").as_primitive::<Date32Type>().values();
        let sentence = day("sentence_days").as_primitive::<Int32Type>().values();
        let held = yes(charges, "held_to_answer");
        let disposition = codes(element(charges, "disposition"), &enums::DISPOSITION);
        for row in 0..batch.num_rows() {
            if citizen.value(row) || claim[row] == self.proof_shown {
                say(false);
                continue;
            }
            let mut may = registrant.value(row)
                || (warrant[row] == self.judicial && is_in(self.judges, signer[row]));
            let anchor = release[row];
            let first_5 = Day(anchor).years_before(5, DateRounding::Down).0;
            let first_10 = Day(anchor).years_before(10, DateRounding::Down).0;
            let mut misdemeanors = 0;
            for i in of_convictions[row] as usize..of_convictions[row + 1] as usize {
                let (category, level) = (v.category[i], v.level[i]);
                let recent = first_5 <= convicted[i] && convicted[i] <= anchor;
                let unclear = is_in(self.unclear, category) && v.listed.value(i);
                let listed = is_in(self.listed, category) || unclear;
                may |= v.serious.value(i) || v.violent.value(i);
                may |= level == self.felony
                    && (v.state_prison.value(i) || listed || is_in(self.felony_only, category));
                may |= level == self.wobbler && listed && recent;
                may |= aggravated.value(i) && v.listed.value(i);
                may |= is_in(self.dui, category)
                    && sentence[i] >= 365
                    && first_10 <= convicted[i]
                    && convicted[i] <= anchor;
                misdemeanors += u32::from(level == self.misdemeanor && !traffic.value(i) && recent);
                if may {
                    break;
                }
            }
            may |= misdemeanors >= 2;
            let mut all_dropped = true;
            for i in of_charges[row] as usize..of_charges[row + 1] as usize {
                if may {
                    break;
                }
                let (category, level) = (h.category[i], h.level[i]);
                let unclear = is_in(self.unclear, category) && h.listed.value(i);
                let felony = level == self.felony
                    && (h.state_prison.value(i)
                        || (category != self.domestic_violence
                            && (is_in(self.listed, category)
                                || unclear
                                || is_in(self.felony_only, category))));
                may |= held.value(i) && (h.serious.value(i) || h.violent.value(i) || felony);
                all_dropped &= is_in(self.dropped, disposition[i]);
            }
            may |= federal.value(row) && !all_dropped;
            say(may);
        }
    }
}
