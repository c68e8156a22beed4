//! A study: which regimes are asked about the rows, and how the unknown is read.

use crate::mapping::filled;
use crate::rowfacts::fill_unknown;
use crate::toml_read::{Given, Target, TomlReader};
use comity_model::schema::{Kind, ListId, elem, find_list, list};
use comity_model::tree::{Node, parse_toml, text_of};
use comity_model::{CaseFacts, Diagnostic, ListState, SourceText, Value};
use comity_policy::{Channel, Library, Scope};
use serde::Serialize;

const CHARGES: ListId = list("charges");
const CONVICTIONS: ListId = list("convictions");

/// Facts that a view or a regime gives, with the reason.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The fact.
    pub target: Target,
    /// Its name as written.
    pub fact: String,
    /// The value.
    pub given: Given,
    /// The value as shown.
    pub shown: String,
    /// True: also where the fact is known.
    pub over: bool,
    /// Elements of these offense categories are left as they are.
    pub unless_category: Vec<u8>,
    /// Why.
    pub why: String,
}

/// One way to read what is unknown.
#[derive(Debug, Clone, Serialize)]
pub struct View {
    /// Its name in columns.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it does.
    pub says: String,
    #[serde(skip)]
    complete: Vec<ListId>,
    #[serde(skip)]
    settings: Vec<Setting>,
}

/// Which side of the exchange a regime speaks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// What the federal side may ask for.
    Federal,
    /// What the agency answers.
    Local,
}

/// One regime.
#[derive(Debug, Clone, Serialize)]
pub struct Regime {
    /// Its name in columns.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it says, one sentence.
    pub says: String,
    /// Its side.
    pub side: Side,
    /// The channel looked at.
    pub channel: Channel,
    /// The policies, as though in force; empty: those in force on the day, at the place.
    pub under: Vec<String>,
    #[serde(skip)]
    settings: Vec<Setting>,
    #[serde(skip)]
    scope: Scope,
}

/// A study file.
#[derive(Debug, Clone)]
pub struct Study {
    /// Its name.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The question it asks.
    pub question: String,
    /// How the answers are to be read.
    pub reading: String,
    /// The mapping, relative to the study.
    pub mapping: String,
    /// The folder of policies, relative to the study; empty: as the command says.
    pub policies: String,
    /// Ways to read the unknown; the first is the answer.
    pub views: Vec<View>,
    /// The regimes.
    pub regimes: Vec<Regime>,
    /// Notes shown beside every chart.
    pub notes: Vec<String>,
}

impl View {
    /// The facts as this view reads them.
    pub fn apply(&self, facts: &mut CaseFacts) {
        for l in &self.complete {
            let list = facts.list_mut(*l);
            if list.state == ListState::AtLeast {
                list.state = ListState::Complete;
            }
        }
        apply(&self.settings, facts);
    }

    /// What the view gives, for the report.
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }
}

impl Regime {
    /// The facts as this regime is asked about them.
    pub fn apply(&self, facts: &mut CaseFacts) {
        apply(&self.settings, facts);
    }

    /// True where the facts need no copy.
    pub fn is_plain(&self) -> bool {
        self.settings.is_empty()
    }

    /// The policies it is asked under.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// What the regime gives, for the report.
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }
}

fn apply(settings: &[Setting], facts: &mut CaseFacts) {
    for s in settings {
        if let (true, Target::Scalar(f)) = (s.over, s.target) {
            let value = s.given.in_case(facts);
            facts.set(f, value);
            continue;
        }
        let skip = |facts: &CaseFacts, i: usize| match s.target {
            Target::Element(l, _) => match category_of(facts, l, i) {
                Some(code) => s.unless_category.contains(&code),
                // An unknown kind of offense may be one of those left out.
                None => !s.unless_category.is_empty(),
            },
            _ => false,
        };
        fill_unknown(facts, s.target, &s.given, &skip);
    }
}

fn category_of(facts: &CaseFacts, l: ListId, i: usize) -> Option<u8> {
    let field = if l == CHARGES {
        const { elem(CHARGES, "category") }
    } else {
        const { elem(CONVICTIONS, "category") }
    };
    match facts.list(l).get(i, field) {
        Value::Enum(code) => Some(code),
        _ => None,
    }
}

/// Reads a study; the policies it names must be in the library.
///
/// # Errors
/// Every finding, with its place.
pub fn parse(name: &str, bytes: &[u8], library: &Library) -> Result<Study, Vec<Diagnostic>> {
    let text = text_of(name, bytes).map_err(|d| vec![*d])?;
    let source = SourceText { name, text };
    let root = parse_toml(&source)?;
    let mut r = TomlReader::new(&source);
    r.only(
        &root,
        "a study",
        &["id", "title", "question", "reading", "mapping", "policies", "view", "regime", "note"],
    );
    let study = Study {
        id: r.text(&root, "a study", "id"),
        title: r.text(&root, "a study", "title"),
        question: r.text(&root, "a study", "question"),
        reading: r.text_opt(&root, "reading").unwrap_or_default(),
        mapping: r.text(&root, "a study", "mapping"),
        policies: r.text_opt(&root, "policies").unwrap_or_default(),
        views: r.tables(&root, "view").iter().map(|n| view(&mut r, n)).collect(),
        regimes: r
            .tables(&root, "regime")
            .iter()
            .filter_map(|n| regime(&mut r, n, library))
            .collect(),
        notes: r.tables(&root, "note").iter().map(|n| r.text(n, "[[note]]", "says")).collect(),
    };
    complete(&mut r, &study);
    if r.found.is_empty() { Ok(study) } else { Err(r.found) }
}

/// The mapping and policy folder that a study names, before any policy is loaded.
///
/// # Errors
/// The file is no TOML, or names no mapping.
pub fn paths(name: &str, bytes: &[u8]) -> Result<(String, String), Vec<Diagnostic>> {
    let text = text_of(name, bytes).map_err(|d| vec![*d])?;
    let source = SourceText { name, text };
    let root = parse_toml(&source)?;
    let mut r = TomlReader::new(&source);
    let mapping = r.text(&root, "a study", "mapping");
    let policies = r.text_opt(&root, "policies").unwrap_or_default();
    if r.found.is_empty() { Ok((mapping, policies)) } else { Err(r.found) }
}

fn complete(r: &mut TomlReader<'_>, study: &Study) {
    for (what, empty) in
        [("[[view]]", study.views.is_empty()), ("[[regime]]", study.regimes.is_empty())]
    {
        if empty {
            r.wrong(
                Diagnostic::error("missing-key", format!("a study needs at least one {what}")),
                None,
            );
        }
    }
    let mut ids: Vec<&str> = study.regimes.iter().map(|x| x.id.as_str()).collect();
    ids.extend(study.views.iter().map(|x| x.id.as_str()));
    ids.sort_unstable();
    let twice = ids.iter().zip(ids.iter().skip(1)).find(|(a, b)| a == b);
    if let Some((id, _)) = twice {
        let d = Diagnostic::error("duplicate-id", format!("`{id}` is used twice"));
        r.wrong(d, None);
    }
}

fn view(r: &mut TomlReader<'_>, node: &Node) -> View {
    r.only(node, "[[view]]", &["id", "title", "says", "complete", "fill"]);
    let names = r.texts(node, "complete");
    let mut complete = Vec::new();
    for name in &names {
        match find_list(name) {
            Some(l) => complete.push(l),
            None => {
                let d = Diagnostic::error("unknown-field", format!("there is no list `{name}`"))
                    .help("charges or convictions");
                r.wrong(d, node.get("complete").and_then(|n| n.span.clone()));
            }
        }
    }
    let fills = r.tables(node, "fill");
    View {
        id: r.text(node, "[[view]]", "id"),
        title: r.text(node, "[[view]]", "title"),
        says: r.text(node, "[[view]]", "says"),
        complete,
        settings: fills.iter().flat_map(|n| setting(r, n, false)).collect(),
    }
}

fn regime(r: &mut TomlReader<'_>, node: &Node, library: &Library) -> Option<Regime> {
    r.only(
        node,
        "[[regime]]",
        &["id", "title", "says", "side", "channel", "under", "in_force", "set", "fill"],
    );
    let channel_name = r.text(node, "[[regime]]", "channel");
    let channel = Channel::from_name(&channel_name);
    if channel.is_none() {
        let names = Channel::ALL.iter().map(|c| c.name());
        let d =
            Diagnostic::error("unknown-channel", format!("there is no channel `{channel_name}`"))
                .help(comity_model::read::suggest(&channel_name, names));
        r.wrong(d, node.get("channel").and_then(|n| n.span.clone()));
    }
    let side = match r.text(node, "[[regime]]", "side").as_str() {
        "federal" => Side::Federal,
        "local" => Side::Local,
        other => {
            let d = Diagnostic::error("unknown-side", format!("there is no side `{other}`"));
            r.wrong(d.help("federal or local"), node.get("side").and_then(|n| n.span.clone()));
            Side::Local
        }
    };
    let under = r.texts(node, "under");
    let scope = scope(r, node, &under, library)?;
    let sets = r.tables(node, "set");
    let fills = r.tables(node, "fill");
    let mut settings: Vec<Setting> = sets.iter().flat_map(|n| setting(r, n, true)).collect();
    settings.extend(fills.iter().flat_map(|n| setting(r, n, false)));
    Some(Regime {
        id: r.text(node, "[[regime]]", "id"),
        title: r.text(node, "[[regime]]", "title"),
        says: r.text(node, "[[regime]]", "says"),
        side,
        channel: channel?,
        under,
        settings,
        scope,
    })
}

fn scope(
    r: &mut TomlReader<'_>,
    node: &Node,
    under: &[String],
    library: &Library,
) -> Option<Scope> {
    let in_force = r.flag(node, "in_force").unwrap_or(false);
    if in_force != under.is_empty() {
        let d = Diagnostic::error(
            "missing-key",
            "a regime is either `in_force = true` or `under` some policies",
        );
        r.wrong(d, node.span.clone());
        return None;
    }
    if in_force {
        return Some(Scope::InForce);
    }
    match library.scope_under(under) {
        Ok(scope) => Some(scope),
        Err(d) => {
            r.wrong(*d, node.get("under").and_then(|n| n.span.clone()));
            None
        }
    }
}

fn setting(r: &mut TomlReader<'_>, node: &Node, over: bool) -> Vec<Setting> {
    r.only(node, "a setting", &["fact", "facts", "value", "why", "unless_category"]);
    let why = r.text_opt(node, "why").unwrap_or_default();
    let names = r.texts(node, "unless_category");
    let unless_category: Vec<u8> = names.iter().filter_map(|n| category(r, node, n)).collect();
    filled(r, node, "a setting")
        .into_iter()
        .map(|(target, fact, given, shown)| Setting {
            target,
            fact,
            given,
            shown,
            over,
            unless_category: unless_category.clone(),
            why: why.clone(),
        })
        .collect()
}

fn category(r: &mut TomlReader<'_>, node: &Node, name: &str) -> Option<u8> {
    let set = CHARGES.def().fields.iter().find(|f| f.path == "category").map(|f| f.kind);
    let code = match set {
        Some(Kind::Enum(set)) => set.code(name),
        _ => None,
    };
    if code.is_none() {
        let d = Diagnostic::error("wrong-enum-value", format!("`{name}` is no offense category"));
        r.wrong(d, node.get("unless_category").and_then(|n| n.span.clone()));
    }
    code
}
