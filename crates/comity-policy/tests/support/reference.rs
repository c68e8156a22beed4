//! A second implementation of "How an answer is made" (docs/reference/policy-language.md)
//! for complete facts, from the files' own text: the library must give the same answers.

use super::oracle::{Given, GivenParam, World, truth};
use comity_model::facts::Value;
use comity_model::schema::{FieldId, enums, find_scalar};
use comity_model::tree::{Node, Raw, parse_toml};
use comity_model::{CaseFacts, Day, SourceText, place};
use comity_policy::expr::{Expr, parse};
use comity_policy::{Channel, Policy};
use std::collections::BTreeMap;

/// What is said on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    May,
    Protect,
    Must,
    MustNot,
}

const WORDS: [(&str, Word); 4] = [
    ("may", Word::May),
    ("protect", Word::Protect),
    ("must", Word::Must),
    ("must_not", Word::MustNot),
];

struct Rule {
    id: String,
    says: Vec<(Channel, Word)>,
    when: Option<Expr>,
    unless: Option<Expr>,
    from: Option<Day>,
    until: Option<Day>,
    overrides: Vec<String>,
}

/// One instrument, as its file says.
pub struct Instrument {
    pub id: String,
    /// 0 for rulings, the highest.
    pub rank: usize,
    places: Vec<String>,
    from: Day,
    until: Option<Day>,
    anchors: BTreeMap<String, FieldId>,
    anchor: FieldId,
    rounds_up: bool,
    applies_when: Option<Expr>,
    params: BTreeMap<String, GivenParam>,
    defines: BTreeMap<String, Expr>,
    rules: Vec<Rule>,
    defaults: Vec<(Channel, Word)>,
}

fn texts(node: Option<&Node>) -> Vec<String> {
    match node.map(|n| &n.raw) {
        None => Vec::new(),
        Some(Raw::Text(t)) => vec![t.clone()],
        Some(Raw::List(items)) => items.iter().filter_map(Node::text).map(str::to_owned).collect(),
        Some(other) => panic!("{other:?}"),
    }
}

fn tables(node: Option<&Node>) -> Vec<&Node> {
    match node {
        None => Vec::new(),
        Some(n) => n.items().map_or_else(|| vec![n], |items| items.iter().collect()),
    }
}

fn day(node: Option<&Node>) -> Option<Day> {
    match &node?.raw {
        Raw::Date(t) | Raw::Text(t) => Day::parse(t),
        other => panic!("{other:?}"),
    }
}

fn condition(node: Option<&Node>) -> Option<Expr> {
    node.and_then(Node::text).map(|t| parse(t).unwrap())
}

fn says(node: &Node) -> Vec<(Channel, Word)> {
    let mut out = Vec::new();
    for (key, word) in WORDS {
        for name in texts(node.get(key)) {
            out.push((Channel::from_name(&name).unwrap(), word));
        }
    }
    out
}

fn anchor(name: &str) -> FieldId {
    let path = match name {
        "decision" => "decision.on",
        "request_issued" => "request.issued_on",
        "release_eligible" => "custody.release_eligible_on",
        "arrest" => "custody.arrested_on",
        other => panic!("{other}"),
    };
    find_scalar(path).unwrap()
}

fn param(node: &Node) -> GivenParam {
    let unit = node.get("unit").and_then(Node::text).unwrap().to_owned();
    let mut values = Vec::new();
    for v in tables(node.get("values")) {
        let given = match &v.get("value").unwrap().raw {
            Raw::Int(n) => Given::Number(*n),
            Raw::Date(t) => Given::Day(Day::parse(t).unwrap()),
            Raw::Text(t) if unit == "date" => Given::Day(Day::parse(t).unwrap()),
            _ => Given::Set(texts(v.get("value"))),
        };
        values.push((day(v.get("from")).unwrap(), given));
    }
    GivenParam { unit, values }
}

impl Instrument {
    /// Reads the text of a policy file that is known to be right.
    pub fn read(policy: &Policy) -> Instrument {
        let root = parse_toml(&SourceText { name: &policy.file, text: &policy.text }).unwrap();
        let text = |key: &str| root.get(key).and_then(Node::text).unwrap_or("");
        let ranks = [
            &["ruling"][..],
            &["federal"],
            &["state"],
            &["county", "city"],
            &["agency"],
            &["agreement"],
        ];
        let (mut anchors, mut main) = (BTreeMap::new(), "decision");
        match root.get("anchor").map(|n| (n, n.entries())) {
            Some((_, Some(entries))) => {
                for e in entries {
                    anchors.insert(e.key.clone(), anchor(e.node.text().unwrap()));
                }
            }
            Some((n, None)) => main = n.text().unwrap(),
            None => {}
        }
        let entries = |key: &str| root.get(key).and_then(Node::entries).unwrap_or(&[]);
        let rule = |n: &&Node| Rule {
            id: n.get("id").and_then(Node::text).unwrap().to_owned(),
            says: says(n),
            when: condition(n.get("when")),
            unless: condition(n.get("unless")),
            from: day(n.get("from")),
            until: day(n.get("until")),
            overrides: texts(n.get("overrides")),
        };
        let in_force = root.get("in_force").unwrap();
        Instrument {
            id: text("id").to_owned(),
            rank: ranks.iter().position(|r| r.contains(&text("level"))).unwrap(),
            places: texts(root.get("place")),
            from: day(in_force.get("from")).unwrap(),
            until: day(in_force.get("until")),
            anchors,
            anchor: anchor(main),
            rounds_up: text("date_rounding") == "up",
            applies_when: condition(root.get("applies_when")),
            params: entries("param").iter().map(|e| (e.key.clone(), param(&e.node))).collect(),
            defines: entries("define")
                .iter()
                .map(|e| (e.key.clone(), condition(Some(&e.node)).unwrap()))
                .collect(),
            rules: tables(root.get("rule")).iter().map(rule).collect(),
            defaults: tables(root.get("default")).into_iter().flat_map(says).collect(),
        }
    }

    fn world<'a>(&'a self, facts: &'a CaseFacts) -> World<'a> {
        World {
            facts,
            params: &self.params,
            defines: &self.defines,
            rounds_up: self.rounds_up,
            anchor: facts.get_date(self.anchor),
        }
    }

    fn is_true(&self, e: Option<&Expr>, facts: &CaseFacts) -> bool {
        e.is_none_or(|e| truth(e, &self.world(facts)))
    }

    fn binds(&self, channel: Channel, facts: &CaseFacts) -> bool {
        let at = |f| facts.get_text(f).unwrap_or("");
        let here = self.places.iter().any(|p| {
            p == "us" || [place::STATE, place::COUNTY, place::CITY].into_iter().any(|f| at(f) == p)
        });
        let anchor = self.anchors.get(channel.name()).copied().unwrap_or(self.anchor);
        let on = facts.get_date(anchor).unwrap();
        let in_force = self.from <= on && self.until.is_none_or(|u| on <= u);
        here && in_force && self.is_true(self.applies_when.as_ref(), facts)
    }

    fn applies(&self, rule: &Rule, facts: &CaseFacts) -> bool {
        let on = facts.get_date(self.anchor).unwrap();
        let own = rule.from.is_none_or(|f| f <= on)
            && rule.until.is_none_or(|u| on <= u)
            && self.is_true(rule.when.as_ref(), facts)
            && !(rule.unless.is_some() && self.is_true(rule.unless.as_ref(), facts));
        own && !self.rules.iter().any(|r| r.overrides.contains(&rule.id) && self.applies(r, facts))
    }

    /// What it says on a channel; several words only where its rules disagree.
    pub fn says(&self, channel: Channel, facts: &CaseFacts) -> Vec<Word> {
        let on = |list: &[(Channel, Word)]| {
            list.iter().filter(|(c, _)| *c == channel).map(|(_, w)| *w).collect::<Vec<_>>()
        };
        if self
            .defaults
            .iter()
            .chain(self.rules.iter().flat_map(|r| &r.says))
            .all(|(c, _)| *c != channel)
            || !self.binds(channel, facts)
        {
            return Vec::new();
        }
        let applying = self.rules.iter().filter(|r| r.says.iter().any(|(c, _)| *c == channel));
        let mut words: Vec<Word> =
            applying.filter(|r| self.applies(r, facts)).flat_map(|r| on(&r.says)).collect();
        if words.is_empty() {
            words = on(&self.defaults);
        }
        words.sort_unstable();
        words.dedup();
        words
    }
}

/// The outcomes on a channel, `must`, `may` or `must_not`; none where two rules of one
/// instrument disagree, which `policy check` refuses.
pub fn outcomes(
    all: &[Instrument],
    channel: Channel,
    facts: &CaseFacts,
) -> Option<Vec<&'static str>> {
    let mut protected = false;
    for rank in 0..6 {
        let mut level: Vec<Word> = Vec::new();
        for i in all.iter().filter(|i| i.rank == rank) {
            let words = i.says(channel, facts);
            let one = match words.as_slice() {
                [] => continue,
                [Word::May, Word::Protect] => Word::Protect,
                [one] => *one,
                _ => return None,
            };
            level.push(one);
        }
        let has = |w: Word| level.contains(&w);
        // At one level, neither a duty nor a protection yields to a prohibition.
        match (has(Word::Must) || has(Word::Protect) && has(Word::MustNot), has(Word::MustNot)) {
            (true, true) if !protected => return Some(vec!["must", "must_not"]),
            (true, false) => return Some(vec!["must"]),
            (false, true) if !protected => return Some(vec!["must_not"]),
            _ => {}
        }
        protected |= has(Word::Protect);
    }
    Some(vec!["may"])
}

/// Every fact that a complete case needs has a value, every list is complete.
pub fn is_complete(facts: &CaseFacts) -> bool {
    super::filling::slots(facts).iter().all(|p| facts.at(*p) != Value::Unknown)
        && super::filling::lists().all(|l| facts.list(l).state == comity_model::ListState::Complete)
        && !enums::ALL.is_empty()
}
