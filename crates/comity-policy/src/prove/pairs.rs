//! The questions: pairs of rules, pairs of instruments, rules alone.

use super::case::{lines, minimize};
use super::formula::Formula;
use super::search::{Outcome, Space};
use crate::channel::{Channel, Stance};
use crate::cond::{Silent, eval};
use crate::decide::{clause_for, stance_of, truths};
use crate::policy::{Anchor, Policy};
use comity_model::{CaseFacts, Day, Diagnostic, Tri};

/// Findings and what was asked.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Contradictions as errors, dead rules and questions left open as warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// Policies looked at.
    pub policies: usize,
    /// Rules looked at.
    pub rules: usize,
    /// Rules that some case was found to make apply.
    pub rules_alive: usize,
    /// Pairs of rules of one policy that disagree on a channel.
    pub pairs_checked: usize,
    /// Pairs of instruments of one level that could contradict each other.
    pub instruments_pairs: usize,
    /// Questions that a cap left without a proof and without a case.
    pub unsettled: usize,
}

impl Report {
    /// True when every question was settled and no contradiction was found.
    pub fn is_proof(&self) -> bool {
        self.unsettled == 0 && !self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// True for two stances that one instrument cannot take on one channel at once.
fn disagree(a: Stance, b: Stance) -> bool {
    let group = |s| if s == Stance::Protect { Stance::May } else { s };
    group(a) != group(b)
}

fn locate(mut d: Diagnostic, policy: &Policy, line: usize) -> Diagnostic {
    d.file.clone_from(&policy.file);
    d.line = line;
    d.column = usize::from(line > 0);
    d
}

fn names(channels: &[Channel]) -> String {
    channels.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", ")
}

fn in_force(policy: &Policy, anchor: Anchor, facts: &CaseFacts) -> bool {
    facts.get_date(anchor.fact()).is_some_and(|d| policy.in_force_on(d))
}

/// The instrument surely binds the case, its place aside.
fn binds(policy: &Policy, anchor: Anchor, facts: &CaseFacts) -> bool {
    in_force(policy, anchor, facts) && eval(&policy.applies_when, facts, &mut Silent) == Tri::True
}

/// Those rules surely apply.
fn apply(policy: &Policy, rules: u64, facts: &CaseFacts) -> bool {
    truths(policy, facts).applies & rules == rules
}

/// The instrument surely takes that stance; the clause that it rests on.
fn says(policy: &Policy, channel: Channel, stance: Stance, facts: &CaseFacts) -> Option<u8> {
    let t = truths(policy, facts);
    let applies = policy.speakers[channel as usize].of(stance) & t.applies != 0;
    let sure = applies || stance_of(policy, channel, &t).only() == Some(stance);
    sure.then(|| clause_for(policy, channel, &t, stance)).flatten()
}

fn example(facts: CaseFacts, place: &str, is_real: &dyn Fn(&CaseFacts) -> bool) -> String {
    let facts = minimize(facts, is_real);
    let at = if place.is_empty() { String::new() } else { format!(" in {place}") };
    let mut lines = lines(&facts);
    if lines.is_empty() {
        lines.push("# whatever the facts".to_owned());
    }
    format!("they meet in this case{at}:\n{}", lines.join("\n"))
}

/// Everything about one policy alone.
pub(super) fn within_policy(policy: &Policy, space: &mut Space, report: &mut Report) {
    report.policies += 1;
    let here = super::place::binding(policy, &space.spots);
    let rules: Vec<u8> = (0..policy.clauses.len() as u8)
        .filter(|i| !policy.clauses[*i as usize].is_default)
        .collect();
    for (i, a) in rules.iter().enumerate() {
        for b in &rules[i + 1..] {
            rule_pair(policy, *a, *b, &here, space, report);
        }
    }
    for rule in rules {
        dead_rule(policy, rule, &here, space, report);
    }
}

/// Channels on which two rules disagree, by the anchor that dates them.
fn disputed(policy: &Policy, a: u8, b: u8) -> Vec<(Anchor, Vec<Channel>)> {
    let mut out: Vec<(Anchor, Vec<Channel>)> = Vec::new();
    for (channel, stance) in &policy.clauses[a as usize].stances {
        let other = policy.clauses[b as usize].stances.iter().find(|(c, _)| c == channel);
        if !other.is_some_and(|(_, s)| disagree(*stance, *s)) {
            continue;
        }
        let anchor = policy.anchors[*channel as usize];
        match out.iter_mut().find(|(x, _)| *x == anchor) {
            Some((_, channels)) => channels.push(*channel),
            None => out.push((anchor, vec![*channel])),
        }
    }
    out
}

fn rule_pair(
    policy: &Policy,
    a: u8,
    b: u8,
    here: &[usize],
    space: &mut Space,
    report: &mut Report,
) {
    let disputed = disputed(policy, a, b);
    if disputed.is_empty() {
        return;
    }
    report.pairs_checked += 1;
    let clause = |i: u8| &policy.clauses[i as usize];
    if clause(a).overridden_by >> b & 1 == 1 || clause(b).overridden_by >> a & 1 == 1 {
        return;
    }
    let later = if clause(a).line > clause(b).line { a } else { b };
    for (anchor, channels) in disputed {
        let mut f = Formula::default();
        let parts = vec![f.binds(policy, anchor), f.applies(policy, a), f.applies(policy, b)];
        f.root = f.and(parts);
        let rules = 1_u64 << a | 1_u64 << b;
        let is_real =
            |facts: &CaseFacts| binds(policy, anchor, facts) && apply(policy, rules, facts);
        let names_of = format!("`{}` and `{}`", clause(a).id, clause(b).id);
        let d = match space.search(&f, here, &is_real) {
            Outcome::Impossible => continue,
            Outcome::Found(facts, _) => {
                let message =
                    format!("{names_of} disagree on {} and can apply together", names(&channels));
                let case = example(*facts, "", &is_real);
                Diagnostic::error("contradicting-rules", message)
                    .help(format!("{case}\nadd `unless` or `overrides` to one of them"))
            }
            Outcome::Unsettled => {
                report.unsettled += 1;
                let on = names(&channels);
                let message = format!("cannot prove that {names_of} never disagree on {on}");
                Diagnostic::error("unproved-rules", message)
                    .help("let one override the other, or use fewer or smaller counts")
                    .warning()
            }
        };
        report.diagnostics.push(locate(d, policy, clause(later).line));
    }
}

/// A rule that can never apply.
fn dead_rule(policy: &Policy, rule: u8, here: &[usize], space: &mut Space, report: &mut Report) {
    report.rules += 1;
    let clause = &policy.clauses[rule as usize];
    let mut anchors: Vec<Anchor> =
        clause.stances.iter().map(|(c, _)| policy.anchors[*c as usize]).collect();
    anchors.push(policy.anchor);
    anchors.dedup();
    for anchor in anchors {
        let mut f = Formula::default();
        let parts = vec![f.binds(policy, anchor), f.applies(policy, rule)];
        f.root = f.and(parts);
        let is_real =
            |facts: &CaseFacts| binds(policy, anchor, facts) && apply(policy, 1 << rule, facts);
        match space.search(&f, here, &is_real) {
            Outcome::Impossible => {}
            Outcome::Found(..) => {
                report.rules_alive += 1;
                return;
            }
            Outcome::Unsettled => return,
        }
    }
    let message = format!("`{}` can never apply", clause.id);
    let d = Diagnostic::error("dead-rule", message)
        .help(
            "its condition contradicts itself, the instrument's dates, or a rule that overrides it",
        )
        .warning();
    report.diagnostics.push(locate(d, policy, clause.line));
}

/// Stances of two instruments of one level that cannot be resolved.
const CLASHES: [(Stance, Stance); 4] = [
    (Stance::Must, Stance::MustNot),
    (Stance::MustNot, Stance::Must),
    (Stance::Protect, Stance::MustNot),
    (Stance::MustNot, Stance::Protect),
];

fn can_say(policy: &Policy, channel: Channel, stance: Stance) -> bool {
    let speakers = &policy.speakers[channel as usize];
    speakers.of(stance) != 0 || speakers.default.is_some_and(|(s, _)| s == stance)
}

fn never_together(a: &Policy, b: &Policy, channel: Channel) -> bool {
    let last = Day(i32::MAX);
    let apart = a.from > b.until.unwrap_or(last) || b.from > a.until.unwrap_or(last);
    apart && a.anchors[channel as usize] == b.anchors[channel as usize]
}

/// Two instruments of one level whose places meet in `here`.
pub(super) fn instruments(
    a: &Policy,
    b: &Policy,
    here: &[usize],
    space: &mut Space,
    report: &mut Report,
) {
    let mut asked = false;
    let mut said: Vec<(u8, u8)> = Vec::new();
    for channel in a.speaks_on() {
        for (sa, sb) in CLASHES {
            let possible = can_say(a, *channel, sa) && can_say(b, *channel, sb);
            if !possible || never_together(a, b, *channel) {
                continue;
            }
            asked = true;
            clash((a, sa), (b, sb), *channel, here, space, report, &mut said);
        }
    }
    report.instruments_pairs += usize::from(asked);
}

fn clash(
    (a, sa): (&Policy, Stance),
    (b, sb): (&Policy, Stance),
    channel: Channel,
    here: &[usize],
    space: &mut Space,
    report: &mut Report,
    said: &mut Vec<(u8, u8)>,
) {
    let (anchor_a, anchor_b) = (a.anchors[channel as usize], b.anchors[channel as usize]);
    let mut f = Formula::default();
    let parts = vec![
        f.binds(a, anchor_a),
        f.binds(b, anchor_b),
        f.says(a, channel, sa),
        f.says(b, channel, sb),
    ];
    f.root = f.and(parts);
    let is_real = |facts: &CaseFacts| {
        binds(a, anchor_a, facts)
            && binds(b, anchor_b, facts)
            && says(a, channel, sa, facts).is_some()
            && says(b, channel, sb, facts).is_some()
    };
    match space.search(&f, here, &is_real) {
        Outcome::Impossible => {}
        Outcome::Found(facts, place) => {
            let clauses = says(a, channel, sa, &facts).zip(says(b, channel, sb, &facts));
            let Some((ca, cb)) = clauses else { return };
            if said.contains(&(ca, cb)) {
                // The same two clauses on another channel: one finding names both.
                return also_on(report, channel);
            }
            said.push((ca, cb));
            let show = |p: &Policy, s: Stance, c: u8| {
                let clause = &p.clauses[c as usize].id;
                format!("`{}` says {} ({clause})", p.id, s.name())
            };
            let (first, second) = (show(a, sa, ca), show(b, sb, cb));
            let message = format!("on `{channel}` {first} while {second}, at one level");
            let case = example(*facts, &place, &is_real);
            let d = Diagnostic::error("contradicting-instruments", message).help(format!(
                "{case}\nlimit one of them by `applies_when`, its dates or its conditions"
            ));
            let (later, line) = if a.from > b.from {
                (a, a.clauses[ca as usize].line)
            } else {
                (b, b.clauses[cb as usize].line)
            };
            report.diagnostics.push(locate(d, later, line));
        }
        Outcome::Unsettled => {
            report.unsettled += 1;
            let message = format!(
                "cannot prove that `{}` and `{}` never contradict each other on `{channel}`",
                a.id, b.id
            );
            let d = Diagnostic::error("unproved-instruments", message)
                .help("use fewer or smaller counts")
                .warning();
            report.diagnostics.push(locate(d, b, 0));
        }
    }
}

fn also_on(report: &mut Report, channel: Channel) {
    if let Some(last) = report.diagnostics.last_mut() {
        last.message = last.message.replacen("on `", &format!("on `{channel}`, `"), 1);
    }
}
