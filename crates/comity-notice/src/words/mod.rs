//! The words of everything that a person in custody reads, in one place per language.
//!
//! A field is a sentence, a name or a heading; `{so}` stands for a value, and [`fill`] puts it
//! in. Both languages have every field, or this does not compile; a test compares the values
//! that their sentences ask for.

mod en;
mod es;

use crate::publish::Measure;
use crate::{CapKind, Channel, Choice, ClaimKind, Language, Modality, Verified};

/// The words of a language.
pub fn words(language: Language) -> &'static Words {
    match language {
        Language::En => &en::WORDS,
        Language::Es => &es::WORDS,
    }
}

/// Puts values into a sentence: `{name}` becomes the value of that name. What stands in a value
/// is never read again, and a name without a value stays as it is.
pub fn fill(sentence: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let value = after.split_once('}').and_then(|(name, tail)| {
            values.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value, tail))
        });
        match value {
            Some((value, tail)) => {
                out.push_str(value);
                rest = tail;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

macro_rules! catalog {
    ($( $(#[$says:meta])* $name:ident ),* $(,)?) => {
        /// One language's words. Functions name the members of closed sets.
        #[derive(Debug)]
        pub struct Words {
            /// The language.
            pub language: Language,
            /// What a channel asks of the agency, as a task: `Keep you in custody …`.
            pub asked: fn(Channel) -> &'static str,
            /// A channel's short name, for tables.
            pub channel: fn(Channel) -> &'static str,
            /// A channel's name on a public page, which speaks to nobody in particular.
            pub channel_public: fn(Channel) -> &'static str,
            /// What the agency does.
            pub choice: fn(Choice) -> &'static str,
            /// What the law says.
            pub law: fn(Modality) -> &'static str,
            /// How well a rule was read, where the reader must know: not for the primary text.
            pub source_mark: fn(Verified) -> Option<&'static str>,
            /// Whose limit on a hold it is.
            pub cap: fn(CapKind) -> &'static str,
            /// One thing that a public page counts.
            pub measure: fn(Measure) -> &'static str,
            /// What a person claims to be.
            pub claim: fn(ClaimKind) -> &'static str,
            $( $(#[$says])* pub $name: &'static str, )*
        }

        impl Words {
            /// Every sentence with its name, in the order of the catalog.
            pub fn sentences(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($name), self.$name)),*]
            }
        }
    };
}

catalog! {
    // Everywhere.
    /// Before a page's number.
    page,
    /// Between a page's number and how many there are.
    page_of,
    /// The name of the person.
    name,
    /// The booking's number.
    booking_number,
    /// When a paper was written.
    prepared,
    /// A field without a value.
    not_given,
    /// After a text that is printed in English in a Spanish paper.
    english_only,
    /// Between the last two of a list.
    and,
    /// A form by its name, `{form}`.
    form,
    /// A request without a form.
    no_form,

    // The custody clock.
    /// A column: the limit.
    limit,
    /// A column: how it is counted.
    counted,
    /// A column: when it ends.
    ends,
    /// `{hours}`, none left out.
    every_hour_counts,
    /// `{hours}`, with `{days}` left out.
    hours_without,
    /// Days left out.
    saturdays,
    /// Days left out.
    sundays,
    /// Days left out.
    holidays,
    /// How a change of law limits a hold.
    from_that_day,
    /// The end of a limit that cannot be said yet.
    end_not_known,

    // The notice.
    /// Title.
    notice_title,
    /// What the paper is.
    notice_intro,
    /// Heading: the request.
    request_heading,
    /// `{form}` from `{from}` came in on `{received}`.
    request_received,
    /// The form is dated `{issued}`.
    request_dated,
    /// Before the list of what was asked and is not answered.
    request_asks,
    /// A copy comes with this paper.
    copy_attached,
    /// A copy was given on `{at}`.
    copy_given,
    /// There is no copy yet.
    copy_missing,
    /// Heading: the answer.
    answer_heading,
    /// The agency has not answered yet.
    answer_none,
    /// Column: what was asked.
    column_asked,
    /// Column: the answer.
    column_answer,
    /// Column: why.
    column_why,
    /// Heading: how long.
    hold_heading,
    /// There is no hold.
    hold_none,
    /// When the person would otherwise be released, `{at}`.
    hold_none_release,
    /// A hold may follow, its start is not known.
    hold_ahead,
    /// A hold may follow from `{at}`.
    hold_ahead_from,
    /// When the hold began.
    hold_began,
    /// When it must end.
    hold_must_end,
    /// When it would have to end.
    hold_would_end,
    /// Before the table of limits.
    hold_limits,
    /// Heading: what happens then.
    then_heading,
    /// What happens at the end of a hold.
    then_release,
    /// What a person can do if that does not happen.
    then_too_long,
    /// What happens where there is no hold.
    then_no_hold,
    /// What the paper does not speak of.
    then_only_this,
    /// Heading: whom to ask.
    ask_heading,
    /// Row: this facility.
    ask_facility,
    /// `{phone}` of the facility, or any officer.
    ask_facility_says,
    /// Row: a lawyer.
    ask_lawyer,
    /// The right to talk to a lawyer.
    ask_lawyer_says,
    /// Row: the consulate.
    ask_consulate,
    /// The right to have the consulate told.
    ask_consulate_says,
    /// Row: citizens and people with lawful status.
    ask_claim,
    /// How to claim it.
    ask_claim_says,
    /// Where a person signs that the paper was handed over.
    handed_by,
    /// When it was handed over.
    handed_at,
    /// That it was read out, and in which language.
    handed_language,

    // The consent to an interview.
    /// Title.
    consent_title,
    /// What the paper is; `{who}` wants to talk.
    consent_intro,
    /// When the interview is planned, `{at}`.
    consent_planned,
    /// Heading: the purpose.
    purpose_heading,
    /// The purpose of the interview.
    purpose_says,
    /// Where the purpose is given by the other side.
    purpose_given,
    /// Heading: the rights.
    rights_heading,
    /// It is voluntary.
    right_voluntary,
    /// It may be declined.
    right_decline,
    /// The lawyer may be there.
    right_attorney,
    /// What is said may be used.
    right_silent,
    /// It can be ended at any moment.
    right_stop,
    /// Saying no changes nothing here.
    right_no_harm,
    /// Nobody has to sign what was not understood.
    right_language,
    /// Heading: the choice.
    choice_heading,
    /// How to fill it in.
    choice_how,
    /// Box: yes.
    choice_yes,
    /// Box: only with a lawyer.
    choice_attorney,
    /// Box: no.
    choice_no,
    /// What an empty form means.
    choice_blank,
    /// Line: the lawyer's name and telephone number.
    sign_attorney,
    /// Line: the person's signature.
    sign_person,
    /// Line: the day and hour.
    sign_at,
    /// Line: the official's name and number.
    sign_official,
    /// Line: the interpreter.
    sign_interpreter,
    /// Who wants to talk, where it is not said.
    federal_officers,

    // The release.
    /// Title.
    release_title,
    /// What the paper is.
    release_intro,
    /// Row: when the hold began.
    release_began,
    /// Row: until when the person was held.
    release_until,
    /// Row: why the hold ended.
    release_why,
    /// The clock ran out.
    release_clock,
    /// A `{claim}` was upheld.
    release_claim,
    /// The request was withdrawn on `{at}`.
    release_withdrawn,
    /// Heading: the limit that ended first.
    release_limit_heading,
    /// Heading: what that means.
    release_means_heading,
    /// The agency no longer holds the person for this request.
    release_means,
    /// Other custody goes on.
    release_other_custody,
    /// A released person may be asked by federal officers all the same.
    release_federal,
    /// What to do if still held.
    release_still_held,
    /// Keep the paper.
    release_keep,

    // The public page.
    /// Title; `{agency}`.
    public_title,
    /// What the page is, for `{from}` to `{until}`.
    public_intro,
    /// The link to this language.
    public_language,
    /// Heading: counts.
    public_counts,
    /// Column: what is counted.
    public_what,
    /// Column: the sum.
    public_all,
    /// A number that is known from `{min}` to `{max}` only.
    public_range,
    /// A count that nobody made.
    public_not_counted,
    /// Heading: method.
    public_method,
    /// Where the counts come from.
    public_method_record,
    /// Why small counts are held back, and how.
    public_method_small,
    /// What a count that is missing means.
    public_method_missing,
    /// What the counts do not say.
    public_method_limits,
    /// Heading: policies.
    public_policies,
    /// Column: the policy.
    public_policy,
    /// Column: where it stands.
    public_cite,
    /// Column: the days in force.
    public_in_force,
    /// In force since `{from}`.
    public_since,
    /// In force from `{from}` to `{until}`.
    public_from_until,
    /// There is none.
    public_no_policy,
    /// Heading: the same as data.
    public_data,
    /// What the data files are.
    public_data_says,
    /// When the page was written, `{on}`.
    public_written,
    /// Group: how holds ended.
    group_hold_ends,
    /// Group: claims.
    group_claims,
    /// Group: reports.
    group_reports,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The values that a sentence asks for.
    fn values(sentence: &str) -> BTreeSet<&str> {
        sentence
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split_once('}'))
            .map(|(n, _)| n)
            .collect()
    }

    #[test]
    fn both_languages_ask_for_the_same_values() {
        let (en, es) = (words(Language::En), words(Language::Es));
        for ((name, english), (_, spanish)) in en.sentences().into_iter().zip(es.sentences()) {
            assert!(!english.is_empty() && !spanish.is_empty(), "{name}");
            assert_eq!(values(english), values(spanish), "{name}");
        }
    }

    #[test]
    fn nothing_was_left_untranslated() {
        let (en, es) = (words(Language::En), words(Language::Es));
        for ((name, english), (_, spanish)) in en.sentences().into_iter().zip(es.sentences()) {
            assert!(english != spanish, "{name}: `{english}`");
        }
        for channel in Channel::ALL {
            assert_ne!((en.asked)(channel), (es.asked)(channel));
            assert_ne!((en.channel)(channel), (es.channel)(channel));
        }
    }

    #[test]
    fn what_nobody_verified_says_so() {
        assert_eq!(
            (words(Language::En).source_mark)(Verified::Recalled),
            Some("Nobody has verified this rule.")
        );
        assert_eq!((words(Language::En).source_mark)(Verified::Primary), None);
    }

    #[test]
    fn values_are_put_in_once_and_never_read_again() {
        assert_eq!(fill("{a} and {b}", &[("a", "{b}"), ("b", "x")]), "{b} and x");
        assert_eq!(fill("{a} {c", &[("a", "1")]), "1 {c");
        assert_eq!(fill("{unknown}", &[]), "{unknown}");
    }
}
