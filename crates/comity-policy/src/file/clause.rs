//! Rules and defaults of a policy file.

use super::table::Table;
use super::{Frame, Loader, VERIFIED, days};
use crate::channel::{Channel, Level, Stance};
use crate::cond::Cond;
use crate::expr::check::Used;
use crate::policy::*;
use comity_model::schema::nearest;
use comity_model::tree::Node;
use comity_model::{Diagnostic, SourceText};
use std::collections::BTreeMap;

/// A clause whose overrides are still names.
struct Raw<'n> {
    clause: Clause,
    overrides: Vec<(&'n str, &'n Node)>,
}

const STANCES: [(&str, Stance); 4] = [
    ("may", Stance::May),
    ("protect", Stance::Protect),
    ("must", Stance::Must),
    ("must_not", Stance::MustNot),
];

const CAP_KINDS: [(&str, CapKind); 3] = [
    ("requested", CapKind::Requested),
    ("regulatory", CapKind::Regulatory),
    ("local", CapKind::Local),
];

/// Longest hold a cap can name, in hours: a year.
const HOLD_HOURS_LIMIT: i64 = 8_785;

impl Loader<'_, '_> {
    /// All clauses, rules first, and the order in which they are evaluated.
    pub(super) fn clauses(
        &mut self,
        t: &mut Table<'_>,
        frame: &Frame<'_>,
        used: &mut Used,
    ) -> Option<(Vec<Clause>, Vec<u8>)> {
        let mut raw = Vec::new();
        for (node, path) in t.tables("rule", self.found) {
            raw.extend(self.clause(node, &path, None, frame, used));
        }
        for (i, (node, path)) in t.tables("default", self.found).into_iter().enumerate() {
            let id = if i == 0 { "default".to_owned() } else { format!("default-{}", i + 1) };
            raw.extend(self.clause(node, &path, Some(id), frame, used));
        }
        if raw.is_empty() {
            let d = Diagnostic::error("no-rules", "the policy has no rule and no default");
            self.found.add(d, Some(0..0));
        }
        if raw.len() > CLAUSES_MAX {
            let message =
                format!("{} rules and defaults; at most {CLAUSES_MAX} in one file", raw.len());
            self.found
                .add(Diagnostic::error("too-many", message).help("split the instrument"), None);
            return None;
        }
        self.resolve(raw)
    }

    fn clause<'n>(
        &mut self,
        node: &'n Node,
        path: &str,
        default_id: Option<String>,
        frame: &Frame<'_>,
        used: &mut Used,
    ) -> Option<Raw<'n>> {
        let mut t = Table::new(node, path, self.found)?;
        let is_default = default_id.is_some();
        let id = match default_id {
            Some(id) => id,
            None => t.need_text(
                "id",
                "a short name for the rule, such as \"serious-or-violent\"",
                self.found,
            ),
        };
        let cite = t.need_text("cite", "every rule has a citation", self.found);
        let says = t.need_text("says", "the rule in one sentence", self.found);
        let verified = t.choice("verified", &VERIFIED, self.found).unwrap_or(frame.verified);
        let stances = self.stances(&mut t);
        let mut parts = Vec::new();
        let (mut when_text, mut unless_text, mut overrides) =
            (String::new(), String::new(), Vec::new());
        if !is_default {
            (when_text, unless_text) = self.conditions(&mut t, path, frame, used, &mut parts);
            overrides = t.texts("overrides", self.found);
            self.own_dates(&mut t, node, frame, &mut parts);
        }
        let cap = self.cap(&mut t, frame);
        let flag = self.flag(&mut t);
        let labels = self.labels(&mut t);
        let duties = self.duties(&mut t);
        let empty = stances.is_empty()
            && cap.is_none()
            && flag.is_none()
            && labels.is_empty()
            && duties.is_empty()
            && overrides.is_empty();
        t.finish(self.found);
        if empty {
            let d = Diagnostic::error("rule-without-effect", format!("`{id}` says nothing"))
                .help("add must, may, must_not, protect, a cap, a flag, a label or a duty");
            self.found.add(d.path(path), node.span.clone());
        }
        let line = node.span.as_ref().map_or(0, |s| line_of(self.found.source, s.start));
        let when = Cond::and(parts);
        let clause = Clause {
            id: RuleId(id),
            is_default,
            cite,
            says,
            verified,
            stances,
            cap,
            flag,
            labels,
            duties,
            when,
            when_text,
            unless_text,
            overridden_by: 0,
            line,
        };
        Some(Raw { clause, overrides })
    }

    fn conditions(
        &mut self,
        t: &mut Table<'_>,
        path: &str,
        frame: &Frame<'_>,
        used: &mut Used,
        parts: &mut Vec<Cond>,
    ) -> (String, String) {
        let mut texts = [String::new(), String::new()];
        for (i, key) in ["when", "unless"].into_iter().enumerate() {
            let Some(node) = t.take(key) else { continue };
            let cond = self.condition(Some(node), &format!("{path}.{key}"), frame, used);
            parts.push(if i == 0 { cond } else { Cond::not(cond) });
            texts[i] = node.text().unwrap_or("").split_whitespace().collect::<Vec<_>>().join(" ");
        }
        let [when, unless] = texts;
        (when, unless)
    }

    fn own_dates(
        &mut self,
        t: &mut Table<'_>,
        node: &Node,
        frame: &Frame<'_>,
        parts: &mut Vec<Cond>,
    ) {
        let (from, until) = (t.day("from", self.found), t.day("until", self.found));
        if from.is_none() && until.is_none() {
            return;
        }
        let start = from.unwrap_or(frame.from);
        let end = until.or(frame.until);
        let outside = start < frame.from
            || end.is_some_and(|e| e < start || frame.until.is_some_and(|u| e > u));
        if outside {
            let d = Diagnostic::error(
                "empty-date-range",
                "the rule's dates do not lie inside the instrument's",
            )
            .help("`from` is the first day, `until` the last");
            self.found.add(d, node.span.clone());
        }
        parts.push(days(frame.anchor.fact(), from, until));
    }

    fn stances(&mut self, t: &mut Table<'_>) -> Vec<(Channel, Stance)> {
        let mut out: Vec<(Channel, Stance)> = Vec::new();
        for (key, stance) in STANCES {
            for (name, node) in t.texts(key, self.found) {
                let Some(channel) = Channel::from_name(name) else {
                    let names = Channel::ALL.into_iter().map(Channel::name);
                    let d = Diagnostic::error(
                        "unknown-channel",
                        format!("there is no channel `{name}`"),
                    )
                    .help(comity_model::read::suggest(name, names));
                    self.found.add(d.path(t.path_of(key)), node.span.clone());
                    continue;
                };
                if out.iter().any(|(c, _)| *c == channel) {
                    let d = Diagnostic::error(
                        "contradicting-rules",
                        format!("the rule says two things on `{channel}`"),
                    );
                    self.found.add(d.path(t.path_of(key)), node.span.clone());
                    continue;
                }
                out.push((channel, stance));
            }
        }
        out
    }

    fn cap(&mut self, t: &mut Table<'_>, frame: &Frame<'_>) -> Option<Cap> {
        let kind = t.choice("hold_kind", &CAP_KINDS, self.found);
        let hours = t.number("hold_hours_max", 1..HOLD_HOURS_LIMIT, self.found);
        let excludes = t.texts("hold_excludes", self.found);
        let from_receipt = t
            .choice("hold_from", &[("release", false), ("receipt", true)], self.found)
            .unwrap_or(false);
        let until = t.choice("hold_until", &[("end_of_day", ())], self.found);
        let mut excluded = [false; 3];
        for (name, node) in excludes {
            let names = ["saturday", "sunday", "holiday"];
            match names.iter().position(|n| *n == name) {
                Some(i) => excluded[i] = true,
                None => {
                    let d = Diagnostic::error(
                        "unknown-value",
                        format!("`{name}` is no day that can be excluded"),
                    )
                    .help(comity_model::read::suggest(name, names.into_iter()));
                    self.found.add(d.path(t.path_of("hold_excludes")), node.span.clone());
                }
            }
        }
        let limit = match (hours, until) {
            (Some(hours), None) => CapLimit::Hours {
                hours_max: hours as u32,
                excludes_saturday: excluded[0],
                excludes_sunday: excluded[1],
                excludes_holiday: excluded[2],
                from_receipt,
            },
            (None, Some(())) => CapLimit::EndOfDay,
            (None, None) => return None,
            (Some(_), Some(())) => {
                let d =
                    Diagnostic::error("two-caps", "`hold_hours_max` and `hold_until` in one rule")
                        .help("write two rules");
                self.found.add(d, None);
                return None;
            }
        };
        let kind = kind.unwrap_or(match frame.level {
            Level::Federal => CapKind::Regulatory,
            _ => CapKind::Local,
        });
        Some(Cap { kind, limit })
    }

    fn flag(&mut self, t: &mut Table<'_>) -> Option<(String, String)> {
        let flag = t.text("flag", self.found)?.to_owned();
        let says = t.need_text("flag_says", "what the flag means here, one sentence", self.found);
        Some((flag, says))
    }

    fn labels(&mut self, t: &mut Table<'_>) -> BTreeMap<String, String> {
        let mut out = BTreeMap::new();
        let Some(node) = t.take("label") else {
            return out;
        };
        for entry in node.entries().unwrap_or(&[]) {
            out.insert(entry.key.clone(), super::plain_text(&entry.node));
        }
        if node.entries().is_none() {
            t.wrong_type("label", node, "a table: { priority = \"1(d)\" }", self.found);
        }
        out
    }

    fn duties(&mut self, t: &mut Table<'_>) -> Vec<Duty> {
        let mut out = Vec::new();
        for (node, path) in t.tables("duty", self.found) {
            let Some(mut d) = Table::new(node, path, self.found) else { continue };
            out.push(Duty {
                id: d.need_text("id", "a short name for the duty", self.found),
                says: d.need_text("says", "what must be done, one sentence", self.found),
                cite: d.need_text("cite", "every duty has a citation", self.found),
                who: d.text("who", self.found).unwrap_or("").to_owned(),
                within_hours: d
                    .number("within_hours", 0..HOLD_HOURS_LIMIT, self.found)
                    .map(|n| n as u32),
                after: d
                    .choice("after", &AFTER.map(|a| (a, a)), self.found)
                    .unwrap_or("")
                    .to_owned(),
            });
            d.finish(self.found);
        }
        out
    }

    /// Resolves overrides and orders the rules so that overriding ones come first.
    fn resolve(&mut self, raw: Vec<Raw<'_>>) -> Option<(Vec<Clause>, Vec<u8>)> {
        let ids: Vec<String> = raw.iter().map(|r| r.clause.id.0.clone()).collect();
        let lines: Vec<usize> = raw.iter().map(|r| r.clause.line).collect();
        for (i, id) in ids.iter().enumerate() {
            if ids[..i].contains(id) && !id.is_empty() {
                let d =
                    Diagnostic::error("duplicate-rule-id", format!("two rules are called `{id}`"));
                self.add_at_line(d, lines[i]);
            }
        }
        let mut clauses = Vec::with_capacity(raw.len());
        let mut edges: Vec<(usize, usize)> = Vec::new();
        for (i, r) in raw.into_iter().enumerate() {
            for (name, node) in r.overrides {
                match ids.iter().position(|x| x == name) {
                    Some(j) if !name.starts_with("default") => edges.push((i, j)),
                    _ => {
                        let near = nearest(name, ids.iter().map(String::as_str));
                        let d = Diagnostic::error(
                            "unknown-override",
                            format!("there is no rule `{name}`"),
                        )
                        .help(near.map_or_else(String::new, |n| format!("did you mean `{n}`?")));
                        self.found.add(d, node.span.clone());
                    }
                }
            }
            clauses.push(r.clause);
        }
        for (over, under) in &edges {
            clauses[*under].overridden_by |= 1 << over;
        }
        let order = topological(&clauses);
        if order.is_none() {
            let names: Vec<&str> = edges.iter().map(|(i, _)| ids[*i].as_str()).collect();
            let d = Diagnostic::error(
                "cyclic-overrides",
                format!("rules override each other in a circle: {}", names.join(", ")),
            );
            self.add_at_line(d, edges.first().map_or(1, |(i, _)| lines[*i]));
        }
        Some((clauses, order?))
    }

    fn add_at_line(&mut self, d: Diagnostic, line: usize) {
        let text = self.found.source.text;
        let start: usize =
            text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        self.found.add(d, Some(start..start));
    }
}

const AFTER: [&str; 3] = ["request_received", "decision", "release_eligible"];

fn topological(clauses: &[Clause]) -> Option<Vec<u8>> {
    let mut done = 0_u64;
    let mut order = Vec::with_capacity(clauses.len());
    while order.len() < clauses.len() {
        // Cheap conditions first: what they settle need not be asked again.
        let next = (0..clauses.len())
            .filter(|i| done >> i & 1 == 0 && clauses[*i].overridden_by & !done == 0)
            .min_by_key(|i| clauses[*i].when.cost())?;
        done |= 1 << next;
        order.push(next as u8);
    }
    Some(order)
}

fn line_of(source: &SourceText<'_>, at: usize) -> usize {
    source.text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() + 1
}
