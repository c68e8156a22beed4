//! One TOML file to one [`Policy`], with every finding located.

mod canonical;
mod clause;
mod params;
pub mod table;

use crate::channel::{Channel, Level, Stance, Verified};
use crate::cond::{Cond, DateTerm, Ref, Test};
use crate::expr::ast::CmpOp;
use crate::expr::check::{self, Names, Used};
use crate::expr::{self, Expr};
use crate::plan::Plan;
use crate::policy::*;
use comity_model::date::DateRounding;
use comity_model::schema::{FieldId, scalar};
use comity_model::tree::{Node, Raw};
use comity_model::{Day, Diagnostic, PlaceCode, Places, SourceText, place, tree};
use std::collections::BTreeMap;
use table::{Findings, Table};

/// A policy with its own cases, still as a tree.
#[derive(Debug)]
pub struct Loaded {
    /// The compiled policy.
    pub policy: Policy,
    /// Its `[[case]]` tables.
    pub cases: Vec<Node>,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
}

impl Anchor {
    const NAMES: [(&'static str, Anchor); 4] = [
        ("decision", Anchor::Decision),
        ("request_issued", Anchor::RequestIssued),
        ("release_eligible", Anchor::ReleaseEligible),
        ("arrest", Anchor::Arrest),
    ];

    /// The fact whose day is meant.
    pub fn fact(self) -> FieldId {
        const FACTS: [FieldId; 4] = [
            scalar("decision.on"),
            scalar("request.issued_on"),
            scalar("custody.release_eligible_on"),
            scalar("custody.arrested_on"),
        ];
        FACTS[self as usize]
    }
}

/// Reads and checks one policy file.
///
/// # Errors
/// Every finding, with its line; on any error there is no policy.
pub fn load(name: &str, bytes: &[u8], places: &Places) -> Result<Loaded, Vec<Diagnostic>> {
    let text = tree::text_of(name, bytes).map_err(|d| vec![*d])?;
    let source = SourceText { name, text };
    let root = tree::parse_toml(&source)?;
    let mut found = Findings { source: &source, list: Vec::new() };
    let loaded = Loader { found: &mut found, places, root: &root }.policy(name);
    match loaded {
        Some((policy, cases)) if !found.has_errors() => {
            Ok(Loaded { policy, cases, warnings: found.list })
        }
        _ => Err(found.list),
    }
}

struct Loader<'a, 'f> {
    found: &'a mut Findings<'f>,
    places: &'a Places,
    root: &'a Node,
}

/// What stands above the rules of a file.
struct Head {
    id: String,
    title: String,
    instrument: String,
    level: Level,
    from: Day,
    until: Option<Day>,
    places: Vec<PlaceCode>,
    anchor: Anchor,
    anchors: [Anchor; Channel::COUNT],
    rounding: Option<DateRounding>,
    source: Source,
    not_coded: String,
}

/// What rules need to know of their file.
struct Frame<'a> {
    params: &'a BTreeMap<String, params::ParamEntry>,
    kinds: &'a BTreeMap<String, check::Param>,
    defines: &'a BTreeMap<String, Expr>,
    rounding: Option<DateRounding>,
    anchor: Anchor,
    from: Day,
    until: Option<Day>,
    verified: Verified,
    level: Level,
}

impl Loader<'_, '_> {
    fn policy(&mut self, file: &str) -> Option<(Policy, Vec<Node>)> {
        let mut t = Table::new(self.root, "", self.found)?;
        let head = self.head(&mut t)?;
        let param_entries = params::read(&mut t, head.from, head.until, self.found);
        let kinds = param_entries.iter().map(|(k, p)| (k.clone(), p.param.clone())).collect();
        let defines = self.defines(&mut t);
        let frame = Frame {
            params: &param_entries,
            kinds: &kinds,
            defines: &defines,
            rounding: head.rounding,
            anchor: head.anchor,
            from: head.from,
            until: head.until,
            verified: head.source.verified,
            level: head.level,
        };
        let mut used = Used::default();
        let (applies_when, applies_says) = self.applies(&mut t, &frame, &mut used);
        let clauses = self.clauses(&mut t, &frame, &mut used);
        self.unused(&frame, &used);
        let cases = t.tables("case", self.found).into_iter().map(|(n, _)| n.clone()).collect();
        t.finish(self.found);
        let (clauses, order) = clauses?;
        let speakers = self.speakers(&clauses);
        let canonical = canonical::canonical(self.root);
        let policy = Policy {
            id: PolicyId(head.id),
            instrument: head.instrument,
            title: head.title,
            in_place: place_condition(&head.places, self.places),
            places: head.places,
            level: head.level,
            from: head.from,
            until: head.until,
            anchors: head.anchors,
            anchor: head.anchor,
            source: head.source,
            not_coded: head.not_coded,
            applies_says,
            applies_when,
            param_texts: params::texts(&param_entries),
            params: kinds,
            plan: Plan::compile(order.iter().map(|i| {
                let c = &clauses[*i as usize];
                (*i, &c.when, c.overridden_by)
            })),
            clauses,
            order,
            spoken: spoken(&speakers),
            speakers,
            hash: PolicyHash(canonical::hash(&canonical)),
            canonical,
            file: file.to_owned(),
            text: self.found.source.text.to_owned(),
        };
        Some((policy, cases))
    }

    /// Everything above the rules; every key is read, so that every finding is reported.
    fn head(&mut self, t: &mut Table<'_>) -> Option<Head> {
        const ID: &str = "a place code, a subject, a year: us-ks.sedgwick.detainers.2014";
        const NOT_CODED: &str =
            "what the instrument says that the file does not; \"Nothing.\" if so";
        let id = t.need_text("id", ID, self.found);
        let title = t.need_text("title", "the instrument's name", self.found);
        let instrument = t.text("instrument", self.found).unwrap_or(&id).to_owned();
        let level = t.node_level(self.found);
        let (from, until) = self.in_force(t);
        let places = self.places_of(t);
        let (anchor, anchors) = self.anchors(t);
        let roundings = [("down", DateRounding::Down), ("up", DateRounding::Up)];
        let rounding = t.choice("date_rounding", &roundings, self.found);
        let source = self.source(t);
        let not_coded = t.need_text("not_coded", NOT_CODED, self.found);
        let (level, from, source) = (level?, from?, source?);
        Some(Head {
            id,
            title,
            instrument,
            level,
            from,
            until,
            places,
            anchor,
            anchors,
            rounding,
            source,
            not_coded,
        })
    }

    /// Whom the instrument binds: the condition and its sentence.
    fn applies(&mut self, t: &mut Table<'_>, frame: &Frame<'_>, used: &mut Used) -> (Cond, String) {
        let when = self.condition(t.take("applies_when"), "applies_when", frame, used);
        let says = t.text("applies_says", self.found).unwrap_or("").to_owned();
        if when != Cond::Const(true) && says.is_empty() {
            let d = Diagnostic::error("missing-key", "`applies_says` is missing")
                .help("say in one sentence whom the instrument binds");
            self.found.add(d, self.root.get("applies_when").and_then(|n| n.span.clone()));
        }
        (when, says)
    }

    fn in_force(&mut self, t: &mut Table<'_>) -> (Option<Day>, Option<Day>) {
        let Some(node) = t.take("in_force") else {
            let d = Diagnostic::error("missing-key", "`in_force` is missing").help(
                "in_force = { from = 2014-01-01 }, with `until` (the last day) if it has ended",
            );
            self.found.add(d.path("in_force"), Some(0..0));
            return (None, None);
        };
        let Some(mut dates) = Table::new(node, "in_force", self.found) else {
            return (None, None);
        };
        let from = dates.need_day("from", self.found);
        let until = dates.day("until", self.found);
        dates.finish(self.found);
        if let (Some(from), Some(until)) = (from, until)
            && until < from
        {
            let d = Diagnostic::error(
                "empty-date-range",
                format!("in force from {from} until {until}: no day"),
            )
            .help("`until` is the last day in force");
            self.found.add(d.path("in_force"), node.span.clone());
        }
        (from, until)
    }

    fn places_of(&mut self, t: &mut Table<'_>) -> Vec<PlaceCode> {
        let texts = t.texts("place", self.found);
        if texts.is_empty() {
            let d = Diagnostic::error("missing-key", "`place` is missing")
                .help("a code of policies/places.toml, or \"us\"");
            self.found.add(d.path("place"), Some(0..0));
        }
        let mut out = Vec::new();
        for (code, node) in texts {
            if code != "us"
                && let Err(d) = self.places.find(code)
            {
                self.found.add(d.path("place"), node.span.clone());
            }
            out.push(PlaceCode(code.to_owned()));
        }
        out
    }

    fn anchors(&mut self, t: &mut Table<'_>) -> (Anchor, [Anchor; Channel::COUNT]) {
        let all = |a| (a, [a; Channel::COUNT]);
        let Some(node) = t.take("anchor") else {
            return all(Anchor::Decision);
        };
        if node.text().is_some() {
            return all(t.choice("anchor", &Anchor::NAMES, self.found).unwrap_or(Anchor::Decision));
        }
        let mut anchors = [Anchor::Decision; Channel::COUNT];
        if let Some(mut table) = Table::new(node, "anchor", self.found) {
            for c in Channel::ALL {
                if let Some(a) = table.choice(c.name(), &Anchor::NAMES, self.found) {
                    anchors[c as usize] = a;
                }
            }
            table.finish(self.found);
        }
        (Anchor::Decision, anchors)
    }

    fn source(&mut self, t: &mut Table<'_>) -> Option<Source> {
        let Some(node) = t.take("source") else {
            let d = Diagnostic::error("missing-source", "`source` is missing").help(
                "source = { cite = \"…\", url = \"…\", verified = \"secondary\", checked_on = 2026-11-21 }",
            );
            self.found.add(d.path("source"), Some(0..0));
            return None;
        };
        let mut s = Table::new(node, "source", self.found)?;
        let cite = s.need_text("cite", "the citation of the instrument", self.found);
        let url = s.text("url", self.found).unwrap_or("").to_owned();
        if s.take("verified").is_none() {
            let d = Diagnostic::error("missing-key", "`source.verified` is missing")
                .help("\"primary\", \"secondary\" or \"recalled\"");
            self.found.add(d.path("source.verified"), node.span.clone());
        }
        let verified = s.choice("verified", &VERIFIED, self.found);
        let checked_on = s.need_day("checked_on", self.found);
        s.finish(self.found);
        Some(Source { cite, url, verified: verified?, checked_on: checked_on? })
    }

    fn defines(&mut self, t: &mut Table<'_>) -> BTreeMap<String, Expr> {
        let mut out = BTreeMap::new();
        let Some(node) = t.take("define") else {
            return out;
        };
        let Some(entries) = node.entries() else {
            t.wrong_type("define", node, "a table of conditions", self.found);
            return out;
        };
        for entry in entries {
            let path = format!("define.{}", entry.key);
            let Some(text) = entry.node.text() else {
                t.wrong_type("define", &entry.node, "a condition in quotes", self.found);
                continue;
            };
            match expr::parse(text) {
                Ok(e) => {
                    out.insert(entry.key.clone(), e);
                }
                Err(e) => self.expr_error(&e, &entry.node, &path),
            }
        }
        out
    }

    /// A condition of the file; absent means *always*.
    fn condition(
        &mut self,
        node: Option<&Node>,
        path: &str,
        frame: &Frame<'_>,
        used: &mut Used,
    ) -> Cond {
        let Some(node) = node else {
            return Cond::Const(true);
        };
        let Some(text) = node.text() else {
            let d = Diagnostic::error(
                "wrong-type",
                format!("`{path}` is {}, not a condition in quotes", node.type_name()),
            );
            self.found.add(d.path(path), node.span.clone());
            return Cond::Const(false);
        };
        let names = Names {
            params: frame.kinds,
            defines: frame.defines,
            rounding: frame.rounding,
            anchor: frame.anchor.fact(),
        };
        let cond = expr::parse(text).and_then(|e| check::check(&e, &names, used));
        cond.unwrap_or_else(|e| {
            self.expr_error(&e, node, path);
            Cond::Const(false)
        })
    }

    fn expr_error(&mut self, e: &expr::ExprError, node: &Node, path: &str) {
        let d = Diagnostic::error(e.code, e.message.clone()).help(e.help.clone()).path(path);
        let span = node.span.clone().map(|s| {
            let literal = self.found.source.text.get(s.clone()).unwrap_or("");
            let inner = node.text().and_then(|t| literal.find(t));
            // A text with escapes is not in the file letter by letter: point at its start.
            match inner {
                Some(at) => check::span_in_file(&e.span, s.start + at),
                None => s,
            }
        });
        self.found.add(d, span);
    }

    /// Every parameter and every named condition must be used, and checks even if it is not.
    fn unused(&mut self, frame: &Frame<'_>, used: &Used) {
        for (name, entry) in frame.params {
            if !used.params.contains(name) {
                let d =
                    Diagnostic::error("unused-param", format!("no condition uses param.{name}"))
                        .help("use it, or say it in not_coded");
                self.found.add(d.path(format!("param.{name}")), entry.span.clone());
            }
        }
        for name in frame.defines.keys() {
            if !used.defines.contains(name) {
                let span =
                    self.root.get("define").and_then(|d| d.get(name)).and_then(|n| n.span.clone());
                let d = Diagnostic::error("unused-define", format!("no condition uses `{name}`"));
                self.found.add(d.path(format!("define.{name}")), span);
            }
        }
    }

    fn speakers(&mut self, clauses: &[Clause]) -> [Speakers; Channel::COUNT] {
        let mut out = [Speakers::default(); Channel::COUNT];
        for (i, clause) in clauses.iter().enumerate() {
            for (channel, stance) in &clause.stances {
                let s = &mut out[*channel as usize];
                if !clause.is_default {
                    let slot = Stance::ALL.iter().position(|x| x == stance).unwrap_or(1) - 1;
                    s.rules[slot.min(3)] |= 1 << i;
                } else if s.default.is_some() {
                    let d = Diagnostic::error(
                        "two-defaults",
                        format!("two defaults speak on `{channel}`"),
                    );
                    self.found.add(d, None);
                } else {
                    s.default = Some((*stance, i as u8));
                }
            }
        }
        out
    }
}

/// The marks, by name.
const VERIFIED: [(&str, Verified); 3] = [
    ("primary", Verified::Primary),
    ("secondary", Verified::Secondary),
    ("recalled", Verified::Recalled),
];

impl Table<'_> {
    fn node_level(&mut self, found: &mut Findings<'_>) -> Option<Level> {
        if self.take("level").is_none() {
            let d = Diagnostic::error("missing-key", "`level` is missing")
                .help("ruling, federal, state, county, city, agency or agreement");
            found.add(d.path("level"), Some(0..0));
        }
        self.choice("level", &Level::NAMES, found)
    }
}

/// The channels on which somebody speaks.
fn spoken(speakers: &[Speakers; Channel::COUNT]) -> Vec<Channel> {
    let speaks = |c: &Channel| {
        let s = &speakers[*c as usize];
        s.all() != 0 || s.default.is_some()
    };
    Channel::ALL.into_iter().filter(speaks).collect()
}

/// The days between which a fact lies, as a condition.
fn days(fact: FieldId, from: Option<Day>, until: Option<Day>) -> Cond {
    let fact = DateTerm::Fact(Ref::Scalar(fact));
    let bound = |op, d: Option<Day>| d.map(|d| Cond::Test(Test::Date(fact, op, DateTerm::Day(d))));
    Cond::and([bound(CmpOp::Ge, from), bound(CmpOp::Le, until)].into_iter().flatten().collect())
}

/// The condition that a case lies in one of some places.
fn place_condition(codes: &[PlaceCode], places: &Places) -> Cond {
    let one = |code: &PlaceCode| {
        if code.0 == "us" {
            return Cond::Const(true);
        }
        let is =
            |field, text: &str| Cond::Test(Test::TextIn(Ref::Scalar(field), vec![text.into()]));
        let state = is(place::STATE, code.state().unwrap_or(""));
        let kind = places.get(&code.0).map(|p| p.kind);
        match kind {
            Some(place::PlaceKind::City | place::PlaceKind::Consolidated) => {
                Cond::and(vec![state, is(place::CITY, &code.0)])
            }
            Some(place::PlaceKind::County) => Cond::and(vec![state, is(place::COUNTY, &code.0)]),
            _ => state,
        }
    };
    Cond::or(codes.iter().map(one).collect())
}

/// The text of a scalar node, for display.
fn plain_text(node: &Node) -> String {
    match &node.raw {
        Raw::Bool(b) => b.to_string(),
        Raw::Int(n) => n.to_string(),
        Raw::Text(t) | Raw::Date(t) => t.clone(),
        Raw::List(items) => items.iter().map(plain_text).collect::<Vec<_>>().join(", "),
        _ => String::new(),
    }
}
