//! One sentence for a sergeant.

use super::{ChannelView, ClauseView};
use crate::channel::{Channel, Modality, Stance, Verified};
use crate::needs::Need;
use crate::trace::Derivation;
use comity_model::CaseFacts;
use comity_model::facts::FactPath;
use std::collections::BTreeSet;

/// What is done on a channel, after *you may* or *you must not*.
fn deed(c: Channel) -> &'static str {
    match c {
        Channel::RequestHold => "ask the jail to hold this person",
        Channel::RequestNotice => "ask the jail for notice of the release",
        Channel::RequestTransfer => "ask the jail for a transfer",
        Channel::Hold => "hold this person for ICE past the time of release",
        Channel::Notify => "tell ICE when this person will be released",
        Channel::Transfer => "hand this person over to ICE",
        Channel::Interview => "let ICE interview this person",
        Channel::ShareStatus => "share citizenship or immigration status information with ICE",
        Channel::AskStatus => "ask this person about immigration status",
        Channel::ArrestForStatus => "arrest this person for a civil immigration violation",
    }
}

pub(super) fn sentence(v: &ChannelView, facts: &CaseFacts, d: &Derivation) -> String {
    let who = if v.channel.is_federal() { "The federal office" } else { "You" };
    let deed = deed(v.channel);
    if v.discretion {
        let whose = if v.channel.is_federal() { "the office's" } else { "your agency's" };
        return format!(
            "No rule in force here says whether {} may {deed}: it is {whose} own decision, and a named person must make it.",
            who.to_lowercase()
        );
    }
    let mut out = match (v.possible.only(), &v.rule) {
        (Some(m), Some(rule)) => settled(who, m, deed, rule),
        (Some(m), None) => format!(
            "{who} {} {deed}, whatever the facts that are still missing turn out to be",
            m.words()
        ),
        (None, _) => open(v, who, deed, facts, d),
    };
    if let Some(c) = &v.conflict {
        out.push_str(&format!(
            "; {} ({}) says the opposite and is set aside",
            c.set_aside.title, c.set_aside.cite
        ));
    }
    let binding_unverified = v.rule.as_ref().is_some_and(|r| r.verified == Verified::Recalled);
    if binding_unverified {
        out.push_str(" [this rule is not verified]");
    } else if v.rests_on_unverified {
        out.push_str(" [a rule that mattered is not verified]");
    }
    out.push('.');
    out
}

fn settled(who: &str, m: Modality, deed: &str, rule: &ClauseView) -> String {
    let reason = lower_first(rule.says.trim_end_matches('.'));
    let cite = citation(rule);
    match m {
        Modality::Must => format!("{who} must {deed}: {reason} ({cite})"),
        Modality::MustNot => format!("{who} must not {deed}: {reason} ({cite})"),
        Modality::May => {
            format!(
                "{who} may {deed}, but need not, and a named person must decide: {reason} ({cite})"
            )
        }
    }
}

fn open(v: &ChannelView, who: &str, deed: &str, facts: &CaseFacts, d: &Derivation) -> String {
    let which: Vec<&str> = v.possible.iter().map(Modality::words).collect();
    let subject = if who == "You" { "you" } else { "the federal office" };
    let head = format!("It is not known yet whether {subject} {} {deed}", which.join(" or "));
    let needs = d.needs.iter().find(|(c, _)| *c == v.channel).map(|(_, n)| n.as_slice());
    let wanted = needs.map(|n| smallest_words(n, facts)).unwrap_or_default();
    let mut out = if !wanted.is_empty() {
        format!("{head}: find out {wanted}")
    } else if d.answer.on(v.channel).stances.contains(Stance::Clash) {
        format!("{head}: two rules contradict each other, and counsel must say which holds")
    } else {
        format!("{head}: too many facts are missing to say which few would settle it")
    };
    if v.channel == Channel::Hold {
        out.push_str("; until then nothing here allows a hold");
    }
    out
}

/// The smallest sets of facts in words: the facts of one set joined by *and*, the sets by
/// *or*; about four facts are named.
fn smallest_words(needs: &[Need], facts: &CaseFacts) -> String {
    let size = needs.iter().map(|n| n.facts.len()).min().unwrap_or(0);
    let sets: BTreeSet<&[FactPath]> =
        needs.iter().map(|n| n.facts.as_slice()).filter(|f| f.len() == size).collect();
    let shown = (4 / size.max(1)).max(1);
    let words = |set: &&[FactPath]| {
        let words: Vec<String> = set.iter().map(|p| fact_words(*p, facts)).collect();
        words.join(" and ")
    };
    let named: Vec<String> = sets.iter().take(shown).map(words).collect();
    let mut out = named.join(", or ");
    let more = sets.len().saturating_sub(shown);
    if more > 0 {
        let s = if more == 1 { "" } else { "s" };
        let what = if size == 1 { format!("fact{s}") } else { format!("set{s} of facts") };
        out.push_str(&format!(", or {more} other {what}"));
    }
    out
}

fn fact_words(path: FactPath, facts: &CaseFacts) -> String {
    let says = lower_first(path.says().trim_end_matches('.'));
    match path {
        FactPath::List(l) => {
            let what = if facts.list(l).is_empty() {
                "whether there are any"
            } else {
                "whether there are more"
            };
            format!("{what} {} ({})", l.def().name, l.def().name)
        }
        FactPath::Scalar(_) | FactPath::Element(..) => match path.kind() {
            Some(comity_model::schema::Kind::Bool) => {
                format!("whether this is so: {says} ({path})")
            }
            _ => format!("{says} ({path})"),
        },
    }
}

/// Title and citation, without saying one thing twice.
pub(super) fn citation(rule: &ClauseView) -> String {
    let title = rule.title.split([',', ':', '(']).next().unwrap_or("").trim();
    let (head, rest) = rule.cite.split_once(',').unwrap_or((&rule.cite, ""));
    if rule.cite.contains(title) {
        rule.cite.clone()
    } else if title.contains(head) {
        format!("{title}{}{rest}", if rest.is_empty() { "" } else { "," })
    } else {
        format!("{}, {}", rule.title.split(',').next().unwrap_or(title), rule.cite)
    }
}

/// Words that begin a sentence and keep no capital after a colon.
const COMMON: &str = "A An The No Any Each Every If When Where While Without There This These Those \
    Convicted Charged Held Nobody Someone Person Persons People Officers Local Only Once \
    Unless Until In On Before After With Information Detention Such What It Under For By \
    As At From To Because During Even Whether Whoever Neither Nothing None All Some \
    County City State Federal Jails Agencies Police";

/// Lowers the first letter of a sentence that begins with a common word, so that it
/// can follow a colon; names and abbreviations keep theirs.
pub(super) fn lower_first(text: &str) -> String {
    let first = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
    if COMMON.split_whitespace().any(|w| w == first) {
        let mut chars = text.chars();
        let head = chars.next().map(|c| c.to_lowercase().to_string()).unwrap_or_default();
        return head + chars.as_str();
    }
    text.to_owned()
}
