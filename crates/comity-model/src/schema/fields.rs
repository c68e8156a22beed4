//! The tables of fields: the single vocabulary of every policy and every case.

use super::enums::*;
use super::{FieldDef, Kind, ListDef, Unit};

const fn f(path: &'static str, kind: Kind, says: &'static str) -> FieldDef {
    FieldDef { path, kind, says, read_from: &[] }
}

const fn from(
    path: &'static str,
    kind: Kind,
    says: &'static str,
    read_from: &'static [&'static str],
) -> FieldDef {
    FieldDef { path, kind, says, read_from }
}

/// Every scalar fact, by group.
pub static SCALARS: &[FieldDef] = &[
    // decision
    from(
        "decision.on",
        Kind::Date,
        "The day whose law is applied.",
        &["booking_month", "prepare_date"],
    ),
    // person
    f("person.born_on", Kind::Date, "Date of birth."),
    from("person.age_years", Kind::Int(Unit::Years), "Age at booking.", &["age_band"]),
    f(
        "person.citizenship_claim",
        Kind::Enum(&CITIZENSHIP_CLAIM),
        "What the person claims about United States citizenship.",
    ),
    from(
        "person.us_citizen",
        Kind::Bool,
        "The person is a citizen or national of the United States.",
        &["lift_reason"],
    ),
    f(
        "person.lawful_status_proof",
        Kind::Bool,
        "The person has shown proof of lawful immigration status.",
    ),
    f("person.lawful_permanent_resident", Kind::Bool, "The person is a lawful permanent resident."),
    f(
        "person.removable",
        Kind::Bool,
        "The federal side says that the person is an alien subject to removal.",
    ),
    f(
        "person.inadmissibility",
        Kind::Enum(&INADMISSIBILITY),
        "The ground of inadmissibility, if any.",
    ),
    f("person.final_order", Kind::Bool, "There is an outstanding final order of removal."),
    f("person.final_order_on", Kind::Date, "The day of the final order."),
    f(
        "person.final_order_ever",
        Kind::Bool,
        "The person is, or has ever been, subject to a final order of removal.",
    ),
    f(
        "person.removal_warrant",
        Kind::Bool,
        "There is an outstanding warrant of removal (8 CFR 241.2).",
    ),
    f("person.pending_proceedings", Kind::Bool, "Removal proceedings are pending."),
    f("person.prior_removal", Kind::Bool, "The person has been removed or returned before."),
    f(
        "person.illegal_reentry",
        Kind::Bool,
        "The person re-entered illegally after a removal or return.",
    ),
    f("person.entered_on", Kind::Date, "The day of the last entry."),
    f(
        "person.unlawful_entry",
        Kind::Bool,
        "The last entry was without admission or lawful status.",
    ),
    f(
        "person.present_since",
        Kind::Date,
        "The day since which the person can show continuous presence.",
    ),
    f(
        "person.border_apprehension",
        Kind::Bool,
        "Apprehended at the border or a port while attempting unlawful entry.",
    ),
    f("person.visa_abuse", Kind::Bool, "Significantly abused the visa or visa-waiver programs."),
    f(
        "person.immigration_fraud",
        Kind::Bool,
        "An officer or judge found knowing immigration fraud.",
    ),
    // threat
    f(
        "threat.national_security",
        Kind::Bool,
        "Engaged in or suspected of terrorism or espionage, or otherwise a danger to national security.",
    ),
    f(
        "threat.field_office_danger",
        Kind::Bool,
        "A field office director judged the person a danger to national security.",
    ),
    f(
        "threat.other_significant_risk",
        Kind::Bool,
        "Otherwise poses a significant risk to national, border or public security, as an officer found.",
    ),
    f(
        "threat.public_safety_current",
        Kind::Bool,
        "Poses a current threat to public safety on the totality of facts, as an officer found.",
    ),
    f(
        "threat.public_safety_unacceptable",
        Kind::Bool,
        "The local officer determined an unacceptable risk to public safety.",
    ),
    f(
        "threat.gang_participation",
        Kind::Bool,
        "Not younger than 16 and intentionally participated in an organized criminal gang.",
    ),
    f("threat.gang_member_listed", Kind::Bool, "Known gang member in NCIC or a like database."),
    f(
        "threat.terrorist_watchlist",
        Kind::Bool,
        "Possible match in the terrorist screening database or a similar list.",
    ),
    f(
        "threat.sex_arson_registrant",
        Kind::Bool,
        "Current registrant on the California Sex and Arson Registry.",
    ),
    f(
        "threat.warrant_criminal",
        Kind::Bool,
        "There is an outstanding criminal arrest warrant, of any court.",
    ),
    f("threat.warrant_state", Kind::Bool, "There is an outstanding arrest warrant of this state."),
    f(
        "threat.warrant_federal_felony",
        Kind::Bool,
        "ICE identified the person as the subject of an outstanding federal felony arrest warrant.",
    ),
    f(
        "threat.warrant_federal_criminal",
        Kind::Bool,
        "There is an outstanding federal criminal warrant.",
    ),
    f(
        "threat.crime_victim_or_witness",
        Kind::Bool,
        "The person is a necessary witness or a victim of a crime.",
    ),
    // identification
    f("identification.result", Kind::Enum(&IDENTIFICATION), "What the fingerprint search said."),
    f("identification.status_basis", Kind::Enum(&BASIS), "The basis of the status determination."),
    f(
        "identification.probable_cause",
        Kind::Bool,
        "The federal officer determined probable cause that the person is removable.",
    ),
    f(
        "identification.foreign_born",
        Kind::Bool,
        "The booking record says that the person was born abroad.",
    ),
    // request
    from("request.form", Kind::Enum(&FORM), "The form of the request.", &["form"]),
    f("request.form_version", Kind::Enum(&FORM_VERSION), "The revision printed on the form."),
    from(
        "request.issued_on",
        Kind::Date,
        "The day the request was issued.",
        &["prepare_date", "detainer_prepare_date"],
    ),
    f(
        "request.received_at",
        Kind::Instant,
        "The moment the agency received the request (and the warrant, where one is needed).",
    ),
    f("request.asks_hold", Kind::Bool, "The request asks the agency to hold."),
    f("request.asks_notice", Kind::Bool, "The request asks for notice of release."),
    f("request.asks_transfer", Kind::Bool, "The request asks for transfer in a secure area."),
    f("request.asks_interview", Kind::Bool, "The request asks to interview the person."),
    f(
        "request.asks_status",
        Kind::Bool,
        "The request asks what the agency knows of citizenship or immigration status.",
    ),
    f("request.priority_box", Kind::Bool, "A priority box is ticked (forms D and N)."),
    f(
        "request.probable_cause_box",
        Kind::Bool,
        "The probable-cause determination (A box 1, D part B) is completed.",
    ),
    f(
        "request.loaned_prisoner_box",
        Kind::Bool,
        "The box for a prisoner lent by DHS (A box 2) is completed.",
    ),
    f(
        "request.probable_cause_basis",
        Kind::Enum(&BASIS),
        "The probable-cause basis stated on the form.",
    ),
    f(
        "request.conditional_on_conviction",
        Kind::Bool,
        "The form is ticked to operate only on conviction (12/11).",
    ),
    f("request.warrant", Kind::Enum(&WARRANT), "The warrant attached to the request."),
    f("request.warrant_signed_by", Kind::Enum(&WARRANT_SIGNER), "Who signed that warrant."),
    f("request.served_on_person", Kind::Bool, "A copy of the request was served on the person."),
    f("request.served_on", Kind::Date, "The day of that service."),
    f("request.officer_authorized", Kind::Bool, "Issued by an officer whom 8 CFR 287.7(b) lists."),
    f("request.facially_complete", Kind::Bool, "The form is complete and official on its face."),
    f(
        "request.supporting_affidavit",
        Kind::Bool,
        "An affidavit, order or other official paper shows probable cause where the form is incomplete.",
    ),
    f(
        "request.issuing_area",
        Kind::Text,
        "The ICE area of responsibility that issued it, in lower case (chicago).",
    ),
    f(
        "request.flight_risk_determination",
        Kind::Bool,
        "ICE found the person individually likely to escape before a warrant could be obtained.",
    ),
    from(
        "request.withdrawn",
        Kind::Bool,
        "The federal side cancelled or withdrew the request.",
        &["lift_reason"],
    ),
    // custody
    from("custody.booked_at", Kind::Instant, "The moment of booking.", &["booking_date"]),
    from(
        "custody.booked_on",
        Kind::Date,
        "The day of booking, in the facility's zone.",
        &["booking_month"],
    ),
    f("custody.arrested_on", Kind::Date, "The day of the instant arrest."),
    f(
        "custody.criminal_arrest",
        Kind::Bool,
        "A law-enforcement agency arrested the person for a criminal offense.",
    ),
    f(
        "custody.release_eligible_at",
        Kind::Instant,
        "The moment the person would otherwise be released.",
    ),
    f(
        "custody.release_eligible_on",
        Kind::Date,
        "The day the person would otherwise be released, in the facility's zone.",
    ),
    f(
        "custody.release_reason",
        Kind::Enum(&RELEASE_REASON),
        "Why the person would otherwise be released.",
    ),
    f(
        "custody.after_conviction",
        Kind::Bool,
        "The person is in custody on, or being released after, a conviction.",
    ),
    f("custody.bond_not_posted", Kind::Bool, "Charges are pending and bond has not been posted."),
    f("custody.hold_started_at", Kind::Instant, "The moment a hold for the federal side started."),
    f("custody.released_at", Kind::Instant, "The moment of release."),
    f("custody.released_on", Kind::Date, "The day of release, in the facility's zone."),
    f("custody.release_date_public", Kind::Bool, "The release date is available to the public."),
    from("custody.facility", Kind::Text, "The facility's name.", &["facility"]),
    from(
        "custody.facility_kind",
        Kind::Enum(&FACILITY_KIND),
        "The kind of agency that has custody.",
        &["facility_kind"],
    ),
    f("custody.time_zone", Kind::Text, "The facility's time zone, an IANA name."),
    f(
        "custody.consent_interview",
        Kind::Bool,
        "The person signed the written consent to an interview.",
    ),
    f(
        "custody.consent_hold",
        Kind::Bool,
        "The person asked or agreed in writing to stay past the release time.",
    ),
    f(
        "custody.court_order_interview",
        Kind::Bool,
        "A court ordered, or the person asked for, the interview.",
    ),
    // place
    from("place.state", Kind::Text, "The state, as a place code (us-tx).", &["state"]),
    from(
        "place.county",
        Kind::Text,
        "The county, as a place code (us-tx.travis).",
        &["county_fips"],
    ),
    f("place.city", Kind::Text, "The city, as a place code (us-ma.boston)."),
    f("place.circuit", Kind::Int(Unit::Count), "The federal judicial circuit (D.C. is 0)."),
    f(
        "place.program_activated_on",
        Kind::Date,
        "The day Secure Communities was activated in the county.",
    ),
    f("place.cost_agreement", Kind::Bool, "A written agreement reimburses all costs of holding."),
    f("place.agreement_287g", Kind::Enum(&AGREEMENT_287G), "The agency's 287(g) agreement."),
    f(
        "place.status_sharing_barred",
        Kind::Bool,
        "A local rule forbids sending citizenship or immigration status information to ICE.",
    ),
];

/// Fields of a charge.
pub static CHARGE: &[FieldDef] = &[
    from("category", Kind::Enum(&OFFENSE_CATEGORY), "The kind of offense.", &["charge_text"]),
    from("level", Kind::Enum(&OFFENSE_LEVEL), "Its level.", &["level"]),
    from("grade", Kind::Enum(&OFFENSE_GRADE), "Its class or degree.", &["level"]),
    f("statute", Kind::Text, "The statute, as cited locally."),
    f(
        "serious",
        Kind::Bool,
        "Serious under the law that decides (California: Penal Code 1192.7(c)).",
    ),
    f(
        "violent",
        Kind::Bool,
        "Violent under the law that decides (California: Penal Code 667.5(c)).",
    ),
    f("state_prison", Kind::Bool, "Punishable by imprisonment in the state prison."),
    f("punishable_over_one_year", Kind::Bool, "Punishable by more than one year."),
    f(
        "listed",
        Kind::Bool,
        "Named in the deciding law's own list, where categories are too coarse to say.",
    ),
    from("disposition", Kind::Enum(&DISPOSITION), "Where the charge stands.", &["disposition"]),
    f(
        "held_to_answer",
        Kind::Bool,
        "A magistrate found probable cause (California: Penal Code 872).",
    ),
    f("bail_denied", Kind::Bool, "The offense is non-bondable."),
    f("offense_on", Kind::Date, "The day of the alleged offense."),
    f("charged_on", Kind::Date, "The day of the charge."),
];

/// Fields of a conviction.
pub static CONVICTION: &[FieldDef] = &[
    f("category", Kind::Enum(&OFFENSE_CATEGORY), "The kind of offense."),
    f("level", Kind::Enum(&OFFENSE_LEVEL), "Its level in the convicting jurisdiction."),
    f("grade", Kind::Enum(&OFFENSE_GRADE), "Its class or degree."),
    f("statute", Kind::Text, "The statute, as cited locally."),
    f(
        "serious",
        Kind::Bool,
        "Serious under the law that decides (California: Penal Code 1192.7(c)).",
    ),
    f(
        "violent",
        Kind::Bool,
        "Violent under the law that decides (California: Penal Code 667.5(c)).",
    ),
    f("state_prison", Kind::Bool, "Punishable by imprisonment in the state prison."),
    f("punishable_over_one_year", Kind::Bool, "Punishable by more than one year."),
    f(
        "aggravated_felony",
        Kind::Bool,
        "An aggravated felony as 8 U.S.C. 1101(a)(43) defined it at the time of the conviction.",
    ),
    f(
        "gang_element",
        Kind::Bool,
        "Active participation in a criminal street gang is an element (18 U.S.C. 521(a)).",
    ),
    f("status_element", Kind::Bool, "Immigration status is an essential element of the offense."),
    f(
        "listed",
        Kind::Bool,
        "Named in the deciding law's own list, where categories are too coarse to say.",
    ),
    f("minor_traffic", Kind::Bool, "A minor traffic offense."),
    f(
        "reduced_by_prop_47",
        Kind::Bool,
        "A misdemeanor that was a felony or wobbler before 2014-11-05 (Proposition 47).",
    ),
    f("youthful", Kind::Bool, "A youthful-offender or juvenile adjudication, not a conviction."),
    f("convicted_on", Kind::Date, "The day of the conviction."),
    f("offense_on", Kind::Date, "The day of the offense."),
    f("sentence_days", Kind::Int(Unit::Days), "Days of custody imposed and not suspended."),
    f("released_on", Kind::Date, "The day the person was released from custody for it."),
    f("in_custody_for", Kind::Bool, "The person is in custody now for this conviction."),
    f(
        "incident",
        Kind::Text,
        "An identifier that two convictions share if they arose out of one incident.",
    ),
];

/// The lists of records.
pub static LISTS: &[ListDef] = &[
    ListDef {
        name: "charges",
        one: "charge",
        fields: CHARGE,
        says: "Charges of this booking and other pending cases.",
    },
    ListDef {
        name: "convictions",
        one: "conviction",
        fields: CONVICTION,
        says: "Convictions, of this booking and before.",
    },
];
