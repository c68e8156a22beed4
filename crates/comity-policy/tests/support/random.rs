//! Random libraries with everything the language has, and random cases for them: what the
//! two evaluators are compared on.

use super::conditions::{Vocabulary, Writer, domain};
use super::tape::Tape;
use comity_model::facts::{ListState, Value};
use comity_model::schema::{ElemFieldId, FieldId, scalar};
use comity_model::{CaseFacts, Day, place};
use comity_policy::{Channel, Library, PolicyFile, PolicyIndex, Scope};

const PLACES: &str = r#"
[[place]]
code = "us-oh"
name = "Ohio"
kind = "state"
circuit = 6
time_zone = "America/New_York"
[[place]]
code = "us-oh.knox"
name = "Knox County"
kind = "county"
[[place]]
code = "us-ky"
name = "Kentucky"
kind = "state"
circuit = 6
time_zone = "America/New_York"
"#;

/// The parameters of [`super::conditions::params`], as a policy file has them.
const PARAMS: &str = r#"[param.years]
unit = "years"
values = [{ from = 2008-01-01, value = 1, cite = "x" }, { from = 2014-01-01, value = 4, cite = "x" }]

[param.days]
unit = "days"
values = [{ from = 2008-01-01, value = 0, cite = "x" }, { from = 2014-01-01, value = 365, cite = "x" }]

[param.age]
unit = "years"
values = [{ from = 2008-01-01, value = 5, cite = "x" }, { from = 2014-01-01, value = 18, cite = "x" }]

[param.cut]
unit = "date"
values = [{ from = 2008-01-01, value = 2012-02-29, cite = "x" }, { from = 2014-01-01, value = 2016-02-29, cite = "x" }]

[param.listed]
unit = "offense category"
values = [{ from = 2008-01-01, value = ["capital_murder"], cite = "x" }, { from = 2014-01-01, value = ["murder", "other"], cite = "x" }]

[param.levels]
unit = "offense level"
values = [{ from = 2008-01-01, value = ["felony", "wobbler"], cite = "x" }, { from = 2014-01-01, value = [], cite = "x" }]
"#;

const ANCHORS: [&str; 4] = ["decision", "request_issued", "release_eligible", "arrest"];
const ANCHOR_FACTS: [FieldId; 4] = [
    scalar("decision.on"),
    scalar("request.issued_on"),
    scalar("custody.release_eligible_on"),
    scalar("custody.arrested_on"),
];
/// Few channels, so that instruments meet on them.
const CHANNELS: [&str; 4] = ["hold", "notify", "transfer", "request_hold"];
const STANCES: [&str; 4] = ["may", "protect", "must", "must_not"];
const LEVELS: [&str; 7] = ["ruling", "federal", "state", "county", "city", "agency", "agreement"];

/// A random library, its text, and the facts that it may read.
pub struct World {
    pub library: Library,
    pub text: String,
    pub vocabulary: Vocabulary,
}

/// Writes a library of one to five policies.
pub fn world(tape: &mut Tape) -> World {
    let mut vocabulary = Vocabulary::of(tape);
    let mut files =
        vec![PolicyFile { name: "places.toml".to_owned(), bytes: PLACES.as_bytes().to_vec() }];
    let mut text = String::new();
    for i in 0..=tape.pick(5) {
        let mut writer = Writer { tape, vocabulary, vars: Vec::new() };
        let one = policy(&mut writer, i);
        vocabulary = writer.vocabulary;
        text.push_str(&one);
        files.push(PolicyFile { name: format!("p{i}.toml"), bytes: one.into_bytes() });
    }
    let library = Library::load(&files).unwrap_or_else(|f| panic!("{text}\n{}", super::shown(&f)));
    World { library, text, vocabulary }
}

fn policy(w: &mut Writer<'_>, i: usize) -> String {
    let t = &mut *w.tape;
    let place = t.one(&["\"us\"", "\"us-oh\"", "\"us-oh.knox\"", "[\"us-oh\", \"us-ky\"]"]);
    let level = t.one(&LEVELS);
    let from = t.one(&["2008-03-12", "2012-02-29", "2014-01-01"]);
    let until = t.one(&["", ", until = 2015-06-30", ", until = 2016-02-29"]);
    let anchor = match t.pick(4) {
        0 | 1 => String::new(),
        2 => format!("anchor = \"{}\"\n", t.one(&ANCHORS)),
        _ => format!(
            "anchor = {{ hold = \"{}\", notify = \"{}\" }}\n",
            t.one(&ANCHORS),
            t.one(&ANCHORS)
        ),
    };
    let rounding = t.one(&["down", "up"]);
    let mut out = format!(
        "id = \"p{i}\"\ntitle = \"Random\"\nplace = {place}\nlevel = \"{level}\"\n\
         in_force = {{ from = {from}{until} }}\n{anchor}date_rounding = \"{rounding}\"\n\
         not_coded = \"Nothing.\"\n\
         source = {{ cite = \"x\", verified = \"primary\", checked_on = 2026-11-21 }}\n"
    );
    if w.tape.rarely(4) {
        let when = condition(w, 1);
        out.push_str(&format!("applies_when = \"\"\"{when}\"\"\"\napplies_says = \"Some.\"\n"));
    }
    let mut rules = String::new();
    if w.tape.pick(3) != 0 {
        let said = says(w.tape);
        rules.push_str(&format!("[default]\n{said}cite = \"x\"\nsays = \"The default.\"\n"));
    }
    for r in 0..=w.tape.pick(5) {
        rules.push_str(&rule(w, r));
    }
    let params = params_of(&format!("{out}{rules}"));
    format!("{out}{params}\n{rules}")
}

/// The parameters that a text uses.
fn params_of(text: &str) -> String {
    let used = |p: &&str| {
        let name = p.lines().next().unwrap().trim_matches(|c| c == '[' || c == ']');
        text.contains(name)
    };
    PARAMS.split("\n\n").filter(used).collect::<Vec<_>>().join("\n")
}

/// A library of one instrument with one rule: *may hold* where the condition holds, otherwise
/// *must not*.
pub fn one_rule(when: &str) -> Library {
    let text = format!(
        "id = \"p0\"\ntitle = \"One rule\"\nplace = \"us\"\nlevel = \"federal\"\n\
         in_force = {{ from = 2008-01-01 }}\ndate_rounding = \"down\"\nnot_coded = \"Nothing.\"\n\
         source = {{ cite = \"x\", verified = \"primary\", checked_on = 2026-11-21 }}\n{}\n\
         [default]\nmust_not = [\"hold\"]\ncite = \"x\"\nsays = \"The default.\"\n\
         [[rule]]\nid = \"r0\"\ncite = \"x\"\nsays = \"A rule.\"\nmay = [\"hold\"]\n\
         when = \"\"\"{when}\"\"\"\n",
        params_of(when)
    );
    let file = |name: &str, text: &str| PolicyFile { name: name.to_owned(), bytes: text.into() };
    let files = [file("places.toml", PLACES), file("p0.toml", &text)];
    Library::load(&files).unwrap_or_else(|f| panic!("{text}\n{}", super::shown(&f)))
}

fn condition(w: &mut Writer<'_>, depth: usize) -> String {
    w.condition(depth)
}

/// What a rule says, on one to three channels.
fn says(t: &mut Tape) -> String {
    let first = t.pick(CHANNELS.len());
    let mut by_stance = [const { Vec::new() }; 4];
    for k in 0..=t.pick(3) {
        let channel = CHANNELS[(first + k) % CHANNELS.len()];
        by_stance[t.pick(STANCES.len())].push(format!("\"{channel}\""));
    }
    let line = |(stance, channels): (&str, Vec<String>)| {
        if channels.is_empty() {
            String::new()
        } else {
            format!("{stance} = [{}]\n", channels.join(", "))
        }
    };
    STANCES.into_iter().zip(by_stance).map(line).collect()
}

fn rule(w: &mut Writer<'_>, r: usize) -> String {
    let mut out = format!("[[rule]]\nid = \"r{r}\"\ncite = \"x\"\nsays = \"A rule.\"\n");
    let cap = w.tape.rarely(4);
    if !cap || w.tape.pick(2) == 0 {
        out.push_str(&says(w.tape));
    }
    if cap {
        out.push_str(&format!("hold_hours_max = {}\n", w.tape.one(&[24, 48, 72])));
    }
    if w.tape.pick(8) != 7 {
        let depth = w.tape.pick(4);
        let when = condition(w, depth);
        out.push_str(&format!("when = \"\"\"{when}\"\"\"\n"));
    }
    if w.tape.rarely(5) {
        let unless = condition(w, 1);
        out.push_str(&format!("unless = \"\"\"{unless}\"\"\"\n"));
    }
    if w.tape.rarely(8) {
        out.push_str("from = 2014-06-01\n");
    }
    let overridden: Vec<String> =
        (0..r).filter(|_| w.tape.rarely(4)).map(|j| format!("\"r{j}\"")).collect();
    if !overridden.is_empty() {
        out.push_str(&format!("overrides = [{}]\n", overridden.join(", ")));
    }
    out
}

impl World {
    /// One rule with its vocabulary.
    pub fn of_rule(when: &str, vocabulary: Vocabulary) -> World {
        World { library: one_rule(when), text: when.to_owned(), vocabulary }
    }

    /// A random scope: in force, or some policies here and now, or some that are in force.
    pub fn scope(&self, tape: &mut Tape) -> Scope {
        let all: Vec<PolicyIndex> = self.library.policies().map(|(i, _)| i).collect();
        let some: Vec<PolicyIndex> = all.into_iter().filter(|_| tape.pick(4) != 3).collect();
        match tape.pick(3) {
            0 => Scope::InForce,
            1 => Scope::Under(some),
            _ => Scope::Only(some),
        }
    }

    /// A random case; about `known_in_10` tenths of its facts are known.
    pub fn case(&self, tape: &mut Tape, known_in_10: usize) -> CaseFacts {
        let mut facts = CaseFacts::default();
        match tape.pick(6) {
            0 => {}
            1 => facts.set_text(place::STATE, "us-ky"),
            2 => facts.set_text(place::STATE, "us-tx"),
            3 => facts.set_text(place::STATE, "us-oh"),
            _ => {
                facts.set_text(place::STATE, "us-oh");
                let county = tape.one(&["us-oh.knox", "us-oh.ross"]);
                facts.set_text(place::COUNTY, county);
            }
        }
        for (list, chosen) in &self.vocabulary.lists {
            let lengths = [0, 1, 1, 2, 2, 3, 5, 9];
            let len = tape.one(&lengths);
            let states = [ListState::Complete, ListState::AtLeast, ListState::Unknown];
            let state =
                if tape.pick(10) < known_in_10 { ListState::Complete } else { tape.one(&states) };
            for _ in 0..len {
                let at = facts.list_mut(*list).push_unknown();
                for f in chosen {
                    if tape.pick(10) < known_in_10 {
                        let def = &list.def().fields[f.0 as usize];
                        let values = domain(&def.kind, &mut facts);
                        facts.list_mut(*list).set(at, ElemFieldId(f.0), tape.one(&values));
                    }
                }
            }
            facts.list_mut(*list).state = state;
        }
        for f in ANCHOR_FACTS.iter().chain(&self.vocabulary.scalars) {
            if tape.pick(10) < known_in_10 {
                let values = domain(&f.def().kind, &mut facts);
                facts.set(*f, tape.one(&values));
            }
        }
        for f in ANCHOR_FACTS {
            // Mostly inside the dates of the policies.
            if facts.get(f) != Value::Unknown && tape.pick(2) == 0 {
                let day = Day::parse(tape.one(&["2013-01-01", "2014-06-01", "2015-06-30"]));
                facts.set(f, Value::Date(day.unwrap()));
            }
        }
        facts
    }
}

/// The channels in the order of their names here, for messages.
pub fn channels() -> [Channel; Channel::COUNT] {
    Channel::ALL
}

/// A tape of choices from a seed, by xorshift with a multiplied output.
pub struct Dice(pub u64);

impl Dice {
    pub fn tape(&mut self, length: usize) -> Tape {
        Tape::of((0..length).map(|_| self.next()).collect())
    }

    pub fn next(&mut self) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) as u32
    }
}
