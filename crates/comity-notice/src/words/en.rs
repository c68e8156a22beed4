//! English.

use super::Words;
use crate::publish::{HoldEnding, Measure};
use crate::{CapKind, Channel, Choice, ClaimKind, Language, Modality, Resolution, Verified};

fn asked(channel: Channel) -> &'static str {
    match channel {
        Channel::Hold => "Keep you in custody after the time when you would otherwise be released.",
        Channel::Notify => "Tell the federal office when you will be released.",
        Channel::Transfer => "Hand you over to federal officers inside the facility.",
        Channel::Interview => "Let federal officers interview you.",
        Channel::ShareStatus => {
            "Tell the federal office what it knows about your citizenship or immigration status."
        }
    }
}

fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Hold => "Keep you longer",
        Channel::Notify => "Tell your release date",
        Channel::Transfer => "Hand you over",
        Channel::Interview => "Allow an interview",
        Channel::ShareStatus => "Tell your status",
    }
}

fn channel_public(channel: Channel) -> &'static str {
    match channel {
        Channel::Hold => "Requests to hold a person longer",
        Channel::Notify => "Requests to tell a release date",
        Channel::Transfer => "Requests to hand a person over",
        Channel::Interview => "Requests to interview a person",
        Channel::ShareStatus => "Requests to tell a person’s status",
    }
}

fn choice(choice: Choice) -> &'static str {
    match choice {
        Choice::Comply => "Yes. The agency will do this.",
        Choice::Decline => "No. The agency will not do this.",
        Choice::Open => "Not decided. Until it is, the agency will not do this.",
    }
}

fn law(law: Modality) -> &'static str {
    match law {
        Modality::Must => "The law requires this.",
        Modality::May => "The law leaves this to the agency, and a person at the agency decided.",
        Modality::MustNot => "The law forbids this.",
        Modality::Undetermined => {
            "With the facts that are known it cannot be said what the law requires."
        }
    }
}

fn source_mark(verified: Verified) -> Option<&'static str> {
    match verified {
        Verified::Primary => None,
        Verified::Secondary => {
            Some("This rule was read in a report about the law, not in the law itself.")
        }
        Verified::Recalled => Some("Nobody has verified this rule."),
    }
}

fn cap(kind: CapKind) -> &'static str {
    match kind {
        CapKind::Requested => "What the federal request asks for",
        CapKind::Regulatory => "Federal regulation",
        CapKind::Local => "State or local law",
        CapKind::LawChange => "A new law that forbids the hold",
    }
}

fn claim(kind: ClaimKind) -> &'static str {
    match kind {
        ClaimKind::Citizenship => "a citizen or national of the United States",
        ClaimKind::LawfulStatus => "a person with lawful immigration status",
    }
}

fn measure(measure: Measure) -> &'static str {
    match measure {
        Measure::Answered(_, Choice::Comply) => "Yes",
        Measure::Answered(_, Choice::Decline) => "No",
        Measure::Answered(_, Choice::Open) => "Not decided",
        Measure::HoldEnded(HoldEnding::Transferred) => "Handed over to federal officers",
        Measure::HoldEnded(HoldEnding::ClockRanOut) => "Released because the time ran out",
        Measure::HoldEnded(HoldEnding::ClaimUpheld) => "Released because a claim was upheld",
        Measure::HoldEnded(HoldEnding::RequestWithdrawn) => {
            "Released because the request was withdrawn"
        }
        Measure::HoldEnded(HoldEnding::Other) => "Ended otherwise",
        Measure::Claimed(Some(Resolution::Upheld)) => "Upheld",
        Measure::Claimed(Some(Resolution::NotUpheld)) => "Not upheld",
        Measure::Claimed(None) => "Open",
        Measure::OverDetention => "Claims that a person was held too long",
        Measure::WrongRefusal => "Claims that a request was wrongly refused",
    }
}

pub(super) static WORDS: Words = Words {
    language: Language::En,
    asked,
    channel,
    channel_public,
    choice,
    law,
    source_mark,
    cap,
    measure,
    claim,

    page: "Page",
    page_of: "of",
    name: "Name",
    booking_number: "Booking number",
    prepared: "This paper was written",
    not_given: "not given",
    english_only: "(This text exists in English only.)",
    and: "and",
    form: "Form {form}",
    no_form: "A request without a form",

    limit: "Limit",
    counted: "How it is counted",
    ends: "Ends",
    every_hour_counts: "{hours} hours; every hour counts",
    hours_without: "{hours} hours; {days} do not count",
    saturdays: "Saturdays",
    sundays: "Sundays",
    holidays: "federal holidays",
    from_that_day: "From the day on which the law takes effect",
    end_not_known: "Not known yet",

    notice_title: "Notice about a federal request concerning you",
    notice_intro: "A federal immigration office has asked this agency for something that concerns you. This paper says what was asked, what the agency answered and why, and how long you can be held. You do not have to sign anything. Keep this paper and show it to your lawyer.",
    request_heading: "What was asked",
    request_received: "{form} from {from} reached this agency on {received}.",
    request_dated: "It is dated {issued}.",
    request_asks: "It asks this agency to do the following, which has not been answered yet:",
    copy_attached: "A copy of the request comes with this paper.",
    copy_given: "A copy of the request was given to you on {at}.",
    copy_missing: "You have not been given a copy of the request yet. Ask this facility for one.",
    answer_heading: "What the agency answered, and why",
    answer_none: "The agency has not answered yet. Until it has, it will do nothing that the request asks for. You will be told the answer in writing.",
    column_asked: "Asked",
    column_answer: "Answer",
    column_why: "Why",
    hold_heading: "How long you can be held for this request",
    hold_none: "You will not be held for this request.",
    hold_none_release: "As far as is known today, you will be released on {at}.",
    hold_ahead: "The hold has not begun. It can begin only when you would otherwise be released, and the agency does not know yet when that is.",
    hold_ahead_from: "The hold has not begun. It can begin only when you would otherwise be released: {at}.",
    hold_began: "The hold began",
    hold_must_end: "It must end no later than",
    hold_would_end: "If it begins then, it must end no later than",
    hold_limits: "These limits apply. The one that ends first decides, and stands at the top.",
    then_heading: "What happens then",
    then_release: "If federal officers have not taken custody of you by that time, this agency must release you. It may not keep you longer for this request.",
    then_too_long: "If you are still held after that time, tell any officer at once and ask that the time be written down. Your lawyer can ask a court to order your release.",
    then_no_hold: "When your own case here allows your release, you will be released. This request does not delay it.",
    then_only_this: "This paper is about this request only. It says nothing about charges against you or about an immigration case.",
    ask_heading: "Whom to ask",
    ask_facility: "This facility",
    ask_facility_says: "Ask any officer, or call {phone}.",
    ask_lawyer: "A lawyer",
    ask_lawyer_says: "You may talk to a lawyer. You do not have to answer questions about where you were born or how you entered the country.",
    ask_consulate: "Your consulate",
    ask_consulate_says: "If you are a citizen of another country, you may ask that its consulate be told that you are in custody (Vienna Convention on Consular Relations, article 36).",
    ask_claim: "If you are a U.S. citizen, or have lawful status",
    ask_claim_says: "Say so to any officer at once. It is written down, and until it is resolved the agency does not act on this request.",
    handed_by: "Given to the person by (name, number)",
    handed_at: "Day and time",
    handed_language: "Read out in (language)",

    consent_title: "Interview with federal immigration officers: your choice",
    consent_intro: "{who} would like to interview you. No interview takes place unless you agree in writing on this form.",
    consent_planned: "The interview is planned for {at}.",
    purpose_heading: "What the interview is for",
    purpose_says: "The interview is about civil immigration violations. Officers may ask who you are, where you were born, and how you came to the United States. What you say may be used to deport you.",
    purpose_given: "The federal office gives this purpose:",
    rights_heading: "Your rights",
    right_voluntary: "The interview is voluntary.",
    right_decline: "You may decline to be interviewed.",
    right_attorney: "You may choose to be interviewed only with your attorney present.",
    right_silent: "You may remain silent and need not answer any question, even after you agree.",
    right_stop: "You may end the interview at any time.",
    right_no_harm: "If you decline, you will not be punished, and your release here is not delayed.",
    right_language: "Do not sign what you do not understand. You may ask for this form and for an interpreter in your language.",
    choice_heading: "Your choice",
    choice_how: "Mark one box only.",
    choice_yes: "I agree to be interviewed without an attorney.",
    choice_attorney: "I agree to be interviewed only with my attorney present.",
    choice_no: "I decline to be interviewed.",
    choice_blank: "If no box is marked, if more than one is marked, or if the form is not signed, the answer is no.",
    sign_attorney: "Attorney, name and telephone number",
    sign_person: "Signature",
    sign_at: "Day and time",
    sign_official: "Explained by (name, number)",
    sign_interpreter: "Interpreter (name, language)",
    federal_officers: "Officers of a federal immigration office",

    release_title: "Notice that the hold has ended",
    release_intro: "You were held here for a federal immigration office after the time when you would otherwise have been released. That hold has ended. Keep this paper.",
    release_began: "The hold began",
    release_until: "You were held until",
    release_why: "Why it ended",
    release_clock: "The time that the law allows has run out.",
    release_claim: "You said that you are {claim}. That was checked, and it is true.",
    release_withdrawn: "The federal office withdrew its request on {at}.",
    release_limit_heading: "The limits on the hold",
    release_means_heading: "What this means",
    release_means: "This agency does not hold you for that request any longer.",
    release_other_custody: "If you are still in custody on charges or by order of a court, that goes on, and has nothing to do with this request.",
    release_federal: "Federal officers decide for themselves what they do. This paper is not a decision about your immigration case.",
    release_still_held: "If you were held after the time given above, say so. The agency writes it down with the name of the officer and the time, and must look into it.",
    release_keep: "Show this paper to your lawyer if anybody asks about this hold.",

    public_title: "Federal custody requests: {agency}",
    public_intro: "What federal immigration offices asked of this agency from {from} to {until}, and what it answered.",
    public_language: "English",
    public_counts: "Counts",
    public_what: "Counted",
    public_all: "All",
    public_range: "{min} to {max}",
    public_not_counted: "not counted",
    public_method: "How these counts were made",
    public_method_record: "Each count is a count of events in the agency’s ledger, in which nothing can be changed or removed without being noticed. A request that asks for several things is counted once under each.",
    public_method_small: "A count from 1 to 4 is held back, so that nobody can be recognized: it is shown as a range, and so is the largest count beside it, from which it could be found by subtracting.",
    public_method_missing: "“Not counted” means that nobody counted, and not zero.",
    public_method_limits: "The counts say nothing about people whom no request named, and nothing about what federal officers did outside this facility.",
    public_policies: "Policies in force",
    public_policy: "Policy",
    public_cite: "Where it stands",
    public_in_force: "In force",
    public_since: "since {from}",
    public_from_until: "{from} to {until}",
    public_no_policy: "No policy is listed.",
    public_data: "The same as data",
    public_data_says: "Every count of this page, for programs:",
    public_written: "Written on {on}.",
    group_hold_ends: "How holds ended",
    group_claims: "Claims of citizenship or lawful status",
    group_reports: "Reports",
};
