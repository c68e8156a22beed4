//! Small random libraries and partial cases, so small that every set of facts can be tried.

use super::tape::Tape;
use comity_model::facts::{FactPath, ListState, Value};
use comity_model::schema::{ElemFieldId, Kind, ListId, elem, find_scalar, list};
use comity_model::{CaseFacts, Day};
use comity_policy::prove::prove;
use comity_policy::{Channel, Library, PolicyFile, Scope};

/// The list that small conditions speak of.
pub const CONVICTIONS: ListId = list("convictions");
const FIELDS: [ElemFieldId; 3] =
    [elem(CONVICTIONS, "level"), elem(CONVICTIONS, "serious"), elem(CONVICTIONS, "convicted_on")];
const SCALARS: [&str; 6] = [
    "decision.on",
    "request.issued_on",
    "request.asks_hold",
    "request.supporting_affidavit",
    "request.warrant",
    "person.age_years",
];
const DAYS: [&str; 2] = ["2014-01-01", "2015-06-30"];
/// First and last day in force of every small policy.
const IN_FORCE: [&str; 2] = ["2013-01-01", "2019-12-31"];

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
"#;

fn test(tape: &mut Tape) -> String {
    let day = tape.one(&DAYS);
    let op = tape.one(&["==", "!=", "<", "<=", ">", ">="]);
    match tape.pick(10) {
        0 => "request.asks_hold".to_owned(),
        1 => "request.supporting_affidavit".to_owned(),
        2 => format!(
            "request.warrant {} '{}'",
            tape.one(&["==", "!="]),
            tape.one(&["I-200", "judicial"])
        ),
        3 => "request.warrant in ['I-205', 'judicial']".to_owned(),
        4 => format!("request.issued_on {op} date('{day}')"),
        5 => format!("person.age_years {op} {}", tape.one(&[18, 21])),
        6 => format!("within(request.issued_on, date('{day}'), days({}))", tape.one(&[90, 365])),
        n => {
            let body = match tape.pick(5) {
                0 => "c.serious".to_owned(),
                1 => "c.level == 'felony'".to_owned(),
                2 => "c.level != 'felony' && c.serious".to_owned(),
                3 => format!("c.convicted_on {op} date('{day}')"),
                _ => "within(c.convicted_on, request.issued_on, years(1))".to_owned(),
            };
            match n {
                7 => format!("convictions.exists(c, {body})"),
                8 => format!("convictions.all(c, {body})"),
                _ => format!("convictions.at_least(2, c, {body})"),
            }
        }
    }
}

fn condition(tape: &mut Tape, depth: usize) -> String {
    if depth == 0 {
        return test(tape);
    }
    match tape.pick(6) {
        0 => format!("!({})", condition(tape, depth - 1)),
        1 => format!("({}) && ({})", condition(tape, depth - 1), condition(tape, depth - 1)),
        2 => format!("({}) || ({})", condition(tape, depth - 1), condition(tape, depth - 1)),
        _ => test(tape),
    }
}

/// One policy on `hold`, as text. Most have rules of one direction, which cannot disagree.
fn policy(tape: &mut Tape, id: &str, level: &str, depth: usize) -> String {
    let mut out = format!(
        "id = \"{id}\"\ntitle = \"A small policy\"\nplace = \"us-oh\"\nlevel = \"{level}\"\n\
         in_force = {{ from = {}, until = {} }}\ndate_rounding = \"down\"\nnot_coded = \"Nothing.\"\n\
         source = {{ cite = \"Example Act\", verified = \"primary\", checked_on = 2026-11-21 }}\n",
        IN_FORCE[0], IN_FORCE[1]
    );
    if tape.rarely(4) {
        out.push_str("anchor = \"request_issued\"\n");
    }
    if tape.rarely(5) {
        let when = test(tape);
        out.push_str(&format!("applies_when = \"{when}\"\napplies_says = \"Binds some.\"\n"));
    }
    let stances = tape.one(&[
        &["may"][..],
        &["must"],
        &["must_not"],
        &["may", "protect"],
        &["may", "must_not"],
    ]);
    if tape.pick(4) != 0 {
        let default = tape.one(&["must_not", "may", "must"]);
        out.push_str(&format!(
            "[default]\n{default} = [\"hold\"]\ncite = \"§ 0\"\nsays = \"The default.\"\n"
        ));
    }
    let rules = 1 + tape.pick(3);
    for i in 0..rules {
        let stance = tape.one(stances);
        let when = condition(tape, depth);
        out.push_str(&format!("[[rule]]\nid = \"r{i}\"\ncite = \"§ {i}\"\nsays = \"A rule.\"\n"));
        out.push_str(&format!("{stance} = [\"hold\"]\nwhen = \"{when}\"\n"));
        if i > 0 && (tape.rarely(4) || stances.len() > 1) {
            let others: Vec<String> = (0..i).map(|j| format!("\"r{j}\"")).collect();
            out.push_str(&format!("overrides = [{}]\n", others.join(", ")));
        }
    }
    out
}

/// A library of one to three small policies at different levels, and their text; `None`
/// where two rules disagree, which `policy check` refuses.
pub fn library(tape: &mut Tape, policies: usize, depth: usize) -> Option<(Library, String)> {
    let levels = ["federal", "state", "agency"];
    let mut files =
        vec![PolicyFile { name: "places.toml".to_owned(), bytes: PLACES.as_bytes().to_vec() }];
    let mut text = String::new();
    for (i, level) in levels.into_iter().enumerate().take(policies) {
        let one = policy(tape, &format!("p{i}"), level, depth);
        text.push_str(&one);
        files.push(PolicyFile { name: format!("p{i}.toml"), bytes: one.into_bytes() });
    }
    let library = Library::load(&files).unwrap_or_else(|f| panic!("{text}\n{}", super::shown(&f)));
    prove(&library).diagnostics.iter().all(|d| !d.is_error()).then_some((library, text))
}

/// A case of which some facts are known; the day of the decision always lies in force.
pub fn case(tape: &mut Tape, elements_max: usize) -> CaseFacts {
    let mut facts = CaseFacts::default();
    facts.set_text(comity_model::place::STATE, "us-oh");
    facts.set_text(comity_model::place::COUNTY, "us-oh.knox");
    facts.set_text(comity_model::place::CITY, "none");
    for _ in 0..tape.pick(elements_max + 1) {
        facts.list_mut(CONVICTIONS).push_unknown();
    }
    let states = [ListState::Complete, ListState::Complete, ListState::AtLeast, ListState::Unknown];
    facts.list_mut(CONVICTIONS).state = tape.one(&states);
    if facts.list(CONVICTIONS).state == ListState::Unknown {
        facts.list_mut(CONVICTIONS).clear();
    }
    for path in slots(&facts) {
        if tape.pick(2) == 0 {
            let values = domain(path);
            super::filling::put(&mut facts, path, tape.one(&values));
        }
    }
    let day = Day::parse("2016-03-01").unwrap();
    facts.set(find_scalar("decision.on").unwrap(), Value::Date(day));
    facts
}

/// The facts that small policies read and a case has a slot for.
pub fn slots(facts: &CaseFacts) -> Vec<FactPath> {
    let mut out: Vec<FactPath> =
        SCALARS.iter().map(|p| FactPath::Scalar(find_scalar(p).unwrap())).collect();
    for i in 0..facts.list(CONVICTIONS).len() {
        out.extend(FIELDS.map(|f| FactPath::Element(CONVICTIONS, i as u16, f)));
    }
    out
}

/// The facts of which nothing is known, the list among them unless it is complete.
pub fn unknown(facts: &CaseFacts) -> Vec<FactPath> {
    let mut out = slots(facts);
    out.retain(|p| !facts.at(*p).is_known());
    if facts.list(CONVICTIONS).state != ListState::Complete {
        out.push(FactPath::List(CONVICTIONS));
    }
    out.sort_unstable();
    out
}

/// Values of a fact that tell all tests of small policies apart.
pub fn domain(path: FactPath) -> Vec<Value> {
    match path.kind().unwrap() {
        Kind::Bool => vec![Value::Bool(false), Value::Bool(true)],
        Kind::Enum(set) => (0..set.values.len()).map(|c| Value::Enum(c as u8)).collect(),
        Kind::Int(_) => [17, 18, 19, 21, 22].map(Value::Int).to_vec(),
        Kind::Date => {
            let mut days = Vec::new();
            for d in DAYS.iter().chain(&IN_FORCE).map(|d| Day::parse(d).unwrap()) {
                days.extend([-366, -365, -90, -1, 0, 1].map(|n| d.plus_days(n)));
            }
            days.sort_unstable();
            days.dedup();
            days.into_iter().map(Value::Date).collect()
        }
        other => panic!("{other:?} is in no small policy"),
    }
}

/// Ways in which the list can turn out: how many more elements, and what they are.
fn endings(facts: &CaseFacts) -> Vec<Vec<[Value; 3]>> {
    let mut days: Vec<Day> = ["2013-12-31", "2014-01-01", "2015-06-30", "2015-07-01"]
        .map(|d| Day::parse(d).unwrap())
        .to_vec();
    // On the day of the request, more than a year before it, and after it.
    if let Some(issued) = facts.get_date(find_scalar("request.issued_on").unwrap()) {
        days.extend([0, -400, 1].map(|n| issued.plus_days(n)));
    }
    let mut elements = Vec::new();
    for level in [0, 2] {
        for serious in [false, true] {
            for day in &days {
                elements.push([Value::Enum(level), Value::Bool(serious), Value::Date(*day)]);
            }
        }
    }
    let mut out = vec![Vec::new()];
    out.extend(elements.iter().flat_map(|e| [vec![*e], vec![*e, *e]]));
    for a in &elements {
        // Two tests on the list may want two different elements, and two of each.
        out.extend(
            elements.iter().flat_map(|b| [vec![*a, *b], vec![*a, *b, *b], vec![*a, *a, *b, *b]]),
        );
    }
    out
}

/// True when some values of exactly these facts settle the channel so; `None` when there
/// are too many values to try.
pub fn settles(
    library: &Library,
    facts: &CaseFacts,
    set: &[FactPath],
    fits: &dyn Fn(&Library, &CaseFacts) -> bool,
) -> Option<bool> {
    let size = set.iter().fold(1_usize, |n, p| {
        n.saturating_mul(if matches!(p, FactPath::List(_)) {
            endings(facts).len()
        } else {
            domain(*p).len()
        })
    });
    (size <= 20_000).then(|| tried(library, facts, set, fits))
}

fn tried(
    library: &Library,
    facts: &CaseFacts,
    set: &[FactPath],
    fits: &dyn Fn(&Library, &CaseFacts) -> bool,
) -> bool {
    let Some((path, rest)) = set.split_first() else { return fits(library, facts) };
    let mut facts = facts.clone();
    if let FactPath::List(l) = *path {
        return endings(&facts).into_iter().any(|ending| {
            let mut whole = facts.clone();
            for element in ending {
                let i = whole.list_mut(l).push_unknown();
                for (f, v) in FIELDS.into_iter().zip(element) {
                    whole.list_mut(l).set(i, f, v);
                }
            }
            whole.list_mut(l).state = ListState::Complete;
            tried(library, &whole, rest, fits)
        });
    }
    domain(*path).into_iter().any(|v| {
        super::filling::put(&mut facts, *path, v);
        tried(library, &facts, rest, fits)
    })
}

/// The outcomes of `hold`, by name.
pub fn hold(library: &Library, facts: &CaseFacts) -> Vec<&'static str> {
    let answer = library.decide(facts, &Scope::InForce);
    answer.outcome(Channel::Hold).iter().map(|m| m.name()).collect()
}
