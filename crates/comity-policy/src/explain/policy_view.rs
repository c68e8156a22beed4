//! One policy as people read it.

use super::cap_words;
use crate::channel::{Channel, Level, Stance, Verified};
use crate::policy::{Anchor, Duty, ParamText, Policy, PolicyHash, PolicyId, RuleId, Source};
use comity_model::PlaceCode;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A policy as data for display.
#[derive(Debug, Clone, Serialize)]
pub struct PolicyView {
    /// Its id.
    pub id: PolicyId,
    /// The name its versions share.
    pub instrument: String,
    /// Its title.
    pub title: String,
    /// Where it binds.
    pub places: Vec<PlaceCode>,
    /// Its level.
    pub level: Level,
    /// First day in force.
    pub from: String,
    /// Last day in force.
    pub until: Option<String>,
    /// The day that must fall in those dates.
    pub anchor: Anchor,
    /// Where it was read.
    pub source: Source,
    /// Whom it binds.
    pub applies_says: String,
    /// What it says that the file does not.
    pub not_coded: String,
    /// Its parameters.
    pub params: Vec<ParamText>,
    /// Its rules and defaults.
    pub rules: Vec<RuleText>,
    /// SHA-256 of its canonical form.
    pub sha256: PolicyHash,
    /// The file.
    pub file: String,
}

/// A rule for display.
#[derive(Debug, Clone, Serialize)]
pub struct RuleText {
    /// Its id.
    pub id: RuleId,
    /// The citation.
    pub cite: String,
    /// The rule in one sentence.
    pub says: String,
    /// How well it was read.
    pub verified: Verified,
    /// What it says on which channels.
    pub stances: BTreeMap<Channel, Stance>,
    /// The condition as written.
    pub when: String,
    /// The exception as written.
    pub unless: String,
    /// The cap in words.
    pub cap: String,
    /// A flag.
    pub flag: Option<(String, String)>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Duties.
    pub duties: Vec<Duty>,
}

/// A policy as data for display.
pub fn policy_view(p: &Policy) -> PolicyView {
    let rules = p.clauses.iter().map(|c| RuleText {
        id: c.id.clone(),
        cite: c.cite.clone(),
        says: c.says.clone(),
        verified: c.verified,
        stances: c.stances.iter().copied().collect(),
        when: c.when_text.clone(),
        unless: c.unless_text.clone(),
        cap: c.cap.as_ref().map_or_else(String::new, cap_words),
        flag: c.flag.clone(),
        labels: c.labels.clone(),
        duties: c.duties.clone(),
    });
    PolicyView {
        id: p.id.clone(),
        instrument: p.instrument.clone(),
        title: p.title.clone(),
        places: p.places.clone(),
        level: p.level,
        from: p.from.to_string(),
        until: p.until.map(|u| u.to_string()),
        anchor: p.anchor,
        source: p.source.clone(),
        applies_says: p.applies_says.clone(),
        not_coded: p.not_coded.clone(),
        params: p.param_texts.clone(),
        rules: rules.collect(),
        sha256: p.hash,
        file: p.file.clone(),
    }
}

/// A policy as plain text.
pub fn policy_text(v: &PolicyView) -> String {
    let mut out = String::new();
    let places: Vec<&str> = v.places.iter().map(|p| p.0.as_str()).collect();
    let _ = writeln!(out, "{}\n{}", v.title, "=".repeat(v.title.chars().count()));
    let _ = writeln!(
        out,
        "id          {}\nlevel       {}\nplace       {}",
        v.id,
        v.level.name(),
        places.join(", ")
    );
    let _ = writeln!(out, "in force    {} to {}", v.from, v.until.as_deref().unwrap_or("open"));
    let _ = writeln!(
        out,
        "source      {} ({}, checked {})",
        v.source.cite,
        v.source.verified.words(),
        v.source.checked_on
    );
    if !v.source.url.is_empty() {
        let _ = writeln!(out, "            {}", v.source.url);
    }
    if !v.applies_says.is_empty() {
        let _ = writeln!(out, "binds       {}", v.applies_says);
    }
    let _ = writeln!(
        out,
        "not coded   {}\nsha256      {}\nfile        {}\n",
        v.not_coded, v.sha256, v.file
    );
    for p in &v.params {
        let _ =
            writeln!(out, "param {} = {} {} from {} ({})", p.name, p.value, p.unit, p.from, p.cite);
    }
    for r in &v.rules {
        let mark = if r.verified == Verified::Primary {
            String::new()
        } else {
            format!(" [{}]", r.verified.words())
        };
        let _ = writeln!(out, "\n{} ({}){mark}\n  {}", r.id, r.cite, r.says);
        for (channel, stance) in &r.stances {
            let _ = writeln!(out, "  {} {channel}", stance.name().replace('_', " "));
        }
        for (word, text) in [("when", &r.when), ("unless", &r.unless), ("cap:", &r.cap)] {
            if !text.is_empty() {
                let _ = writeln!(out, "  {word} {text}");
            }
        }
        if let Some((flag, says)) = &r.flag {
            let _ = writeln!(out, "  flag {flag}: {says}");
        }
        for (k, l) in &r.labels {
            let _ = writeln!(out, "  label {k} = {l}");
        }
        for d in &r.duties {
            let _ = writeln!(out, "  duty {}: {} ({})", d.id, d.says, d.cite);
        }
    }
    out
}
