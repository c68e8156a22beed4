//! The closed sets of the schema. A value is added here and nowhere else.

use super::EnumDef;

/// What kind of offense a charge or conviction is for.
pub static OFFENSE_CATEGORY: EnumDef = EnumDef {
    name: "offense category",
    says: "The kind of offense, independent of the state's statute numbers.",
    values: &[
        ("capital_murder", "Capital or aggravated murder"),
        ("murder", "Murder"),
        ("manslaughter", "Voluntary or involuntary manslaughter, negligent homicide"),
        ("vehicular_homicide", "Homicide by vehicle or by intoxicated driving"),
        ("kidnapping", "Kidnapping"),
        ("false_imprisonment", "False imprisonment, unlawful restraint"),
        ("human_trafficking", "Trafficking of persons, slavery"),
        ("smuggling_of_persons", "Smuggling of persons"),
        ("continuous_smuggling", "Continuous smuggling of persons"),
        ("sexual_assault", "Rape, sexual assault of an adult"),
        ("aggravated_sexual_assault", "Aggravated sexual assault"),
        ("child_sexual_abuse", "Sexual abuse, assault or exploitation of a child"),
        ("sexual_exploitation", "Sexual exploitation of an adult, pimping, pandering"),
        ("lewdness", "Indecent exposure, public lewdness"),
        ("prostitution", "Prostitution or its patronizing"),
        (
            "sex_registration",
            "An offense that requires sex-offender registration, or failing to register",
        ),
        ("robbery", "Robbery"),
        ("carjacking", "Carjacking"),
        ("assault", "Assault that is not aggravated"),
        ("battery", "Battery"),
        ("aggravated_assault", "Aggravated assault: deadly weapon or serious bodily injury"),
        ("assault_on_officer", "Assault of a law-enforcement officer or public servant"),
        ("domestic_violence", "Assault or other violence within a family or household"),
        ("protective_order_violation", "Violation of a protective order"),
        ("threats", "Criminal or terroristic threats, intimidation"),
        ("stalking", "Stalking, criminal harassment"),
        ("hate_crime", "Hate crime"),
        ("elder_abuse", "Abuse of an elder, dependent or disabled adult"),
        ("child_abuse", "Abuse, injury or endangerment of a child, not sexual"),
        ("torture_mayhem", "Torture, mayhem"),
        (
            "great_bodily_injury",
            "A crime resulting in death or the personal infliction of great bodily injury",
        ),
        ("burglary", "Burglary of a building or habitation"),
        ("burglary_vehicle", "Burglary of a vehicle"),
        ("theft", "Theft, larceny"),
        ("shoplifting", "Shoplifting"),
        ("motor_vehicle_theft", "Theft or unauthorized use of a vehicle"),
        ("receiving_stolen_property", "Receiving stolen property"),
        ("fraud", "Fraud, false documents"),
        ("identity_theft", "Fraudulent use of identifying information or cards"),
        ("forgery", "Forgery"),
        ("embezzlement", "Embezzlement"),
        ("extortion", "Extortion"),
        ("money_laundering", "Money laundering, criminal profiteering"),
        ("arson", "Arson"),
        ("vandalism", "Vandalism, criminal mischief"),
        ("vandalism_with_priors", "Vandalism with prior convictions"),
        ("trespass", "Trespass"),
        ("dui", "Driving under the influence of alcohol or drugs"),
        ("dui_felony", "Driving under the influence, charged or convicted as a felony"),
        ("dui_injury", "Driving under the influence that injures somebody"),
        ("hit_and_run", "Leaving the scene of an accident that damaged property"),
        ("hit_and_run_injury", "Leaving the scene of an accident with injury or death"),
        ("reckless_driving", "Reckless driving"),
        ("driving_without_license", "Driving without a license, or with one suspended"),
        ("traffic_minor", "Minor traffic offense"),
        ("drug_possession", "Possession of a controlled substance"),
        (
            "drug_trafficking",
            "Sale, distribution, manufacture or trafficking of controlled substances",
        ),
        ("drug_paraphernalia", "Drug paraphernalia"),
        ("weapon_unlawful", "Unlawful possession or use of a weapon other than a firearm"),
        ("firearm_unlawful", "Unlawful possession or use of a firearm"),
        ("firearm_in_offense", "Possession or use of a firearm in the commission of an offense"),
        ("explosives", "Explosives, weapons of mass destruction"),
        ("obstruction", "Obstruction of justice, interference, retaliation against witnesses"),
        ("resisting_arrest", "Resisting arrest"),
        ("evading_arrest", "Evading arrest or detention, fleeing police"),
        ("false_identification", "Giving false identification to police"),
        ("record_tampering", "Tampering with a government record or with evidence, perjury"),
        ("bribery", "Bribery"),
        ("escape", "Escape from custody"),
        ("failure_to_appear", "Failure to appear, bail jumping"),
        ("offense_on_bail", "An offense while released on bail or own recognizance"),
        ("contempt", "Contempt of court, child-support writ"),
        (
            "supervision_violation",
            "Violation of probation, parole or supervision; motion to revoke",
        ),
        (
            "other_jurisdiction_warrant",
            "A warrant, hold or detainer of another county, state or federal agency",
        ),
        ("gang", "Criminal street-gang or organized-crime offense"),
        ("inchoate", "Attempt or conspiracy, where the completed offense is not known"),
        ("solicitation", "Soliciting a crime"),
        ("public_safety_threat", "Threatening the public safety: riot, terrorism, wrecking"),
        ("disorderly_conduct", "Disorderly conduct, fighting, obstructing a highway"),
        ("public_intoxication", "Public intoxication"),
        ("alcohol", "Alcohol-law offense"),
        ("city_ordinance", "Violation of a city ordinance"),
        ("illegal_entry", "Illegal entry (8 U.S.C. 1325)"),
        ("illegal_reentry", "Illegal reentry after removal (8 U.S.C. 1326)"),
        (
            "immigration_status_offense",
            "A state or local offense of which immigration status is an essential element",
        ),
        ("other", "An offense of a kind that this list does not name"),
    ],
};

/// How serious an offense is in its own jurisdiction.
pub static OFFENSE_LEVEL: EnumDef = EnumDef {
    name: "offense level",
    says: "The level of the offense in the jurisdiction that charged or convicted.",
    values: &[
        ("felony", "Felony; in New Jersey an indictable crime"),
        (
            "wobbler",
            "Convicted or charged as a misdemeanor for a crime punishable as either a misdemeanor or a felony",
        ),
        ("misdemeanor", "Misdemeanor; in New Jersey a disorderly-persons offense"),
        ("infraction", "Infraction, violation, petty or fine-only offense"),
    ],
};

/// The grade inside the level.
pub static OFFENSE_GRADE: EnumDef = EnumDef {
    name: "offense grade",
    says: "Class or degree inside the level, as the jurisdiction names it.",
    values: &[
        ("capital", "Capital"),
        ("class_a", "Class A"),
        ("class_a1", "Class A1 (North Carolina misdemeanors)"),
        ("class_b", "Class B"),
        ("class_c", "Class C"),
        ("class_d", "Class D"),
        ("class_e", "Class E or lower"),
        ("first_degree", "First degree"),
        ("second_degree", "Second degree"),
        ("third_degree", "Third degree"),
        ("fourth_degree", "Fourth degree"),
        ("state_jail", "State-jail felony (Texas)"),
        ("ungraded", "The jurisdiction gives the offense no grade"),
    ],
};

/// Where a charge stands or how it ended.
pub static DISPOSITION: EnumDef = EnumDef {
    name: "disposition",
    says: "Where the charge stands on the day of the decision.",
    values: &[
        ("arrested", "Arrested for it, not charged yet"),
        ("pending", "Charged, not decided"),
        ("convicted", "Convicted, including a plea of guilty or no contest"),
        ("deferred", "Deferred adjudication or adjournment in contemplation of dismissal"),
        ("dismissed", "Dismissed, dropped, rejected or no bill"),
        ("acquitted", "Acquitted"),
        ("not_guilty_insanity", "Not guilty by reason of insanity"),
        ("transferred", "Moved to another case, court or agency"),
    ],
};

/// What the fingerprint search said.
pub static IDENTIFICATION: EnumDef = EnumDef {
    name: "identification",
    says: "The result of the fingerprint search; a candidate is not an identification.",
    values: &[
        ("none", "No search was made, or no answer has come"),
        ("no_match", "The search found nobody"),
        ("candidate", "The search found candidates that no examiner has verified"),
        ("verified", "An examiner verified the identification"),
    ],
};

/// How something about a person is known.
pub static BASIS: EnumDef = EnumDef {
    name: "basis",
    says: "How the federal side says it knows that the person is removable.",
    values: &[
        ("none", "No basis is stated"),
        ("final_order", "A final order of removal"),
        ("pending_proceedings", "Pending removal proceedings"),
        ("biometric_match", "Biometric confirmation of identity and a records check"),
        ("statements", "Statements to an officer or other reliable evidence"),
        ("investigation_initiated", "Only that an investigation has been initiated"),
        ("reason_to_believe", "A bare reason to believe, without one of the grounds above"),
        ("foreign_birth_no_match", "Foreign birth and no database match"),
    ],
};

/// The form of the request.
pub static FORM: EnumDef = EnumDef {
    name: "request form",
    says: "The form by which the federal side asks; I-247 covers the revisions before PEP.",
    values: &[
        ("none", "There is no request"),
        ("I-247", "Immigration Detainer, revisions 8/10, 6/11, 12/11 and 12/12"),
        ("I-247D", "PEP: Request for Voluntary Action, detention"),
        ("I-247N", "PEP: Request for Voluntary Notification of Release"),
        ("I-247X", "PEP: Request for Voluntary Transfer"),
        ("I-247A", "Immigration Detainer, Notice of Action, from 2017"),
        ("other", "Another or unofficial form"),
    ],
};

/// The printed revision of the form.
pub static FORM_VERSION: EnumDef = EnumDef {
    name: "form version",
    says: "The revision date printed on the form.",
    values: &[
        ("before_2010-08", "A revision before August 2010"),
        ("2010-08", "8/10"),
        ("2011-06", "6/11"),
        ("2011-12", "12/11"),
        ("2012-12", "12/12"),
        ("2015-05", "5/15, the PEP forms"),
        ("2017-02", "2/17 or 3/17, I-247A"),
    ],
};

/// What warrant came with the request.
pub static WARRANT: EnumDef = EnumDef {
    name: "warrant",
    says: "The warrant attached to the request.",
    values: &[
        ("none", "No warrant is attached"),
        ("I-200", "Form I-200, administrative warrant of arrest"),
        ("I-203", "Form I-203, order to detain or release"),
        ("I-205", "Form I-205, administrative warrant of removal"),
        (
            "judicial",
            "A warrant or order of a judge that authorizes taking the person into custody",
        ),
    ],
};

/// Who signed the warrant.
pub static WARRANT_SIGNER: EnumDef = EnumDef {
    name: "warrant signer",
    says: "Who signed the warrant attached to the request.",
    values: &[
        ("nobody", "It is not signed"),
        ("immigration_officer", "An immigration officer"),
        ("immigration_judge", "An immigration judge, who is not a judicial officer"),
        ("federal_judge", "An Article III judge"),
        ("federal_magistrate", "A federal magistrate judge"),
        ("state_judge", "A judge or magistrate of a state"),
    ],
};

/// What the person or papers say about citizenship.
pub static CITIZENSHIP_CLAIM: EnumDef = EnumDef {
    name: "citizenship claim",
    says: "What the person claims about United States citizenship.",
    values: &[
        ("none", "No claim of United States citizenship"),
        ("claimed", "Claims to be a citizen, no proof shown"),
        ("proof_shown", "Has shown proof of citizenship"),
    ],
};

/// How a person may be inadmissible.
pub static INADMISSIBILITY: EnumDef = EnumDef {
    name: "inadmissibility",
    says: "The ground of inadmissibility (8 U.S.C. 1182(a)).",
    values: &[
        ("none", "None of the listed grounds"),
        ("present_without_admission", "212(a)(6)(A): present without admission or parole"),
        ("misrepresentation", "212(a)(6)(C): fraud or false claim to citizenship"),
        ("no_documents", "212(a)(7): no valid entry documents"),
    ],
};

/// How the person could leave custody.
pub static RELEASE_REASON: EnumDef = EnumDef {
    name: "release reason",
    says: "Why the person would otherwise be released.",
    values: &[
        ("bond_posted", "Bond or bail was posted"),
        ("recognizance", "Released on recognizance or personal bond"),
        ("sentence_served", "The sentence is served"),
        ("charges_dropped", "The charges were dropped or dismissed"),
        ("acquitted", "Acquitted"),
        ("transferred", "Transferred to another agency"),
        ("other", "Another lawful reason"),
    ],
};

/// What kind of place holds the person.
pub static FACILITY_KIND: EnumDef = EnumDef {
    name: "facility kind",
    says: "The kind of agency that has the person in custody.",
    values: &[
        ("county_jail", "County or consolidated jail, sheriff or county corrections"),
        ("city_jail", "City department of correction"),
        ("police_lockup", "Police department"),
        ("state_prison", "State prison or department of corrections"),
        ("probation", "Probation or parole supervision"),
        ("court", "Court marshals or officers"),
        ("juvenile_facility", "Juvenile facility"),
        ("federal_or_contract", "Federal prison or contract facility"),
        ("other", "Another kind"),
    ],
};

/// 287(g) agreements.
pub static AGREEMENT_287G: EnumDef = EnumDef {
    name: "287(g) agreement",
    says: "The agency's agreement under 8 U.S.C. 1357(g).",
    values: &[
        ("none", "No agreement"),
        ("jail_enforcement", "Jail enforcement model"),
        ("warrant_service", "Warrant service officer program"),
        ("task_force", "Task force model"),
    ],
};

/// Every set, for the generated reference.
pub static ALL: &[&EnumDef] = &[
    &OFFENSE_CATEGORY,
    &OFFENSE_LEVEL,
    &OFFENSE_GRADE,
    &DISPOSITION,
    &IDENTIFICATION,
    &BASIS,
    &FORM,
    &FORM_VERSION,
    &WARRANT,
    &WARRANT_SIGNER,
    &CITIZENSHIP_CLAIM,
    &INADMISSIBILITY,
    &RELEASE_REASON,
    &FACILITY_KIND,
    &AGREEMENT_287G,
];
