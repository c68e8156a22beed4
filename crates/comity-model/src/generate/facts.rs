//! `facts.md`: every fact with its type, unit, meaning and source columns.

use super::{GENERATED, anchor, cell};
use crate::schema::{self, FieldDef, Kind, enums, fields};
use std::fmt::Write;

/// What each group of scalar facts is about.
pub(super) const GROUPS: &[(&str, &str)] = &[
    ("decision", "The question itself."),
    ("person", "The person: age, citizenship, status, removal history."),
    ("threat", "What officers found or records say about danger, warrants and protected persons."),
    (
        "identification",
        "The fingerprint search and the status determination. A candidate is not an identification.",
    ),
    ("request", "What the federal side sent: form, boxes, warrant, service."),
    ("custody", "The stay: booking, release eligibility, facility, consents."),
    ("place", "Where the person is held, and agreements in force there."),
];

const UNKNOWN: &str = "\
## Unknown is a value

Every fact may be `\"unknown\"`. So may a whole list, an element of a list, and any fact of an element.

| written | means |
|---|---|
| `\"unknown\"` for a fact | nobody knows it; a rule that turns on it stays open and the answer names the fact |
| `convictions = \"unknown\"` | there may be none or many |
| `convictions = \"maybe more\"`, or `\"maybe more\"` as the last element | those listed are there, and there may be others |
| `\"unknown\"` as an element | there is one more, of which nothing is known |
| `convictions = []` | there is none |

What a file does not list is unknown too, unless it says `not_listed = \"no\"`: then yes/no facts are no, lists are empty, sets that have `none` are `none`; dates, numbers and texts stay unknown.

## Facts that follow from others

A fact that is given is never overwritten. Where it is not given:

- `custody.booked_on`, `custody.release_eligible_on` and `custody.released_on` follow from `…_at` in the facility's time zone;
- `person.age_years` follows from `person.born_on` and `custody.booked_on`;
- `person.final_order` implies `person.final_order_ever`, `person.illegal_reentry` implies `person.prior_removal`;
- `at` in a case file gives `place.state`, `place.county`, `place.city`, `place.circuit` and `custody.time_zone` as far as the place has them.

";

/// The page of every fact and every set of values.
pub fn facts_markdown() -> String {
    let mut out = String::from("# Facts of a case\n\n");
    out.push_str(GENERATED);
    let lists = fields::LISTS.iter().map(|l| l.fields.len()).sum::<usize>();
    let values = enums::ALL.iter().map(|e| e.values.len()).sum::<usize>();
    let _ = writeln!(
        out,
        "\nThe single vocabulary of every policy, every case file and every replay: {} facts about the case, {lists} facts about the elements of {} lists, {} sets with {values} values. [Case files](case-files.md) shows how they are written, [the policy language](policy-language.md) how conditions read them.\n",
        fields::SCALARS.len(),
        fields::LISTS.len(),
        enums::ALL.len(),
    );
    out.push_str(UNKNOWN);
    types(&mut out);
    for group in schema::groups() {
        scalars(group, &mut out);
    }
    for list in fields::LISTS {
        let _ = writeln!(
            out,
            "## {}[]\n\n{} One element of the list is a {}.\n",
            list.name, list.says, list.one
        );
        table(list.fields.iter(), &mut out);
    }
    out.push_str("# Sets of values\n\n");
    for set in enums::ALL {
        let _ = writeln!(out, "## {}\n\n{}\n\n| value | meaning |\n|---|---|", set.name, set.says);
        for (name, says) in set.values {
            let _ = writeln!(out, "| `{name}` | {} |", cell(says));
        }
        out.push('\n');
    }
    let kept = out.trim_end().len();
    out.truncate(kept);
    out.push('\n');
    out
}

fn types(out: &mut String) {
    out.push_str(
        "\
## Types

| type | written | compares by |
|---|---|---|
| yes/no | `true`, `false` | |
| whole number | `18`, from 0 to 1,000,000, in the unit given | `==` `!=` `<` `<=` `>` `>=`, within one unit |
| one of a set | `\"felony\"` | `==` `!=` `in` |
| date | `2017-05-12`, a calendar day | `==` `!=` `<` `<=` `>` `>=`, `within` |
| moment | `2017-05-12T17:00:00`, local time at the facility, or with an offset | read by the custody clock only |
| text | `\"us-tx.travis\"`, at most 200 bytes | `==` `!=` `in` |

",
    );
}

fn scalars(group: &str, out: &mut String) {
    let says = GROUPS.iter().find(|(g, _)| *g == group).map_or("", |(_, says)| says);
    let _ = writeln!(out, "## {group}\n\n{says}\n");
    let prefix = format!("{group}.");
    table(fields::SCALARS.iter().filter(|f| f.path.starts_with(&prefix)), out);
}

fn table<'a>(rows: impl Iterator<Item = &'a FieldDef>, out: &mut String) {
    out.push_str(
        "| fact | type | unit | meaning | usual source columns |\n|---|---|---|---|---|\n",
    );
    for f in rows {
        let columns = f.read_from.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", ");
        let (kind, unit) = type_and_unit(&f.kind);
        let _ = writeln!(out, "| `{}` | {kind} | {unit} | {} | {columns} |", f.path, cell(f.says));
    }
    out.push('\n');
}

fn type_and_unit(kind: &Kind) -> (String, &'static str) {
    match kind {
        Kind::Bool => ("yes/no".to_owned(), ""),
        Kind::Int(unit) => ("whole number".to_owned(), unit.name()),
        Kind::Enum(set) => (format!("[{}](#{})", set.name, anchor(set.name)), ""),
        Kind::Date => ("date".to_owned(), ""),
        Kind::Instant => ("moment".to_owned(), ""),
        Kind::Text => ("text".to_owned(), ""),
    }
}
