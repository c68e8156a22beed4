//! The condition language: precedence, canonical text, and every error with its advice.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use comity_model::Day;
use comity_model::date::DateRounding;
use comity_model::schema::{FieldId, Unit, enums, scalar};
use comity_policy::expr::ast::CmpOp;
use comity_policy::expr::check::{Names, Param, ParamConst, ParamKind, Used, check};
use comity_policy::expr::{
    DEPTH_MAX, EXPR_BYTES_MAX, Expr, ExprError, ExprKind, TOKENS_MAX, parse,
};
use std::collections::{BTreeMap, BTreeSet};
use support::tape::{Tape, for_all};

/// The tree with every operator in brackets and no places: `(|| a (&& b c))`.
fn shape(e: &Expr) -> String {
    let many = |items: &[Expr]| items.iter().map(|i| format!(" {}", shape(i))).collect::<String>();
    match &e.kind {
        ExprKind::Bool(b) => b.to_string(),
        ExprKind::Int(n) => n.to_string(),
        ExprKind::Text(t) => format!("{t:?}"),
        ExprKind::Name(n) => n.clone(),
        ExprKind::Member(t, n) => format!("(. {} {n})", shape(t)),
        ExprKind::Call(t, n, args) => {
            let target = t.as_ref().map_or("-".to_owned(), |t| shape(t));
            format!("(call {target} {n}{})", many(args))
        }
        ExprKind::List(items) => format!("[{}]", many(items).trim_start()),
        ExprKind::Not(a) => format!("(! {})", shape(a)),
        ExprKind::And(a, b) => format!("(&& {} {})", shape(a), shape(b)),
        ExprKind::Or(a, b) => format!("(|| {} {})", shape(a), shape(b)),
        ExprKind::Cmp(op, a, b) => format!("({} {} {})", op.symbol(), shape(a), shape(b)),
        ExprKind::In(a, b) => format!("(in {} {})", shape(a), shape(b)),
        ExprKind::Choose(c, a, b) => format!("(? {} {} {})", shape(c), shape(a), shape(b)),
    }
}

#[test]
fn operators_bind_as_in_cel_and_print_in_one_way() {
    // Written, its tree, its canonical text.
    let table = [
        ("a", "a", "a"),
        ("  a\n&&  // why\n b ", "(&& a b)", "a && b"),
        ("a || b && c", "(|| a (&& b c))", "a || (b && c)"),
        ("a && b || c", "(|| (&& a b) c)", "(a && b) || c"),
        ("a && (b && c)", "(&& a (&& b c))", "a && (b && c)"),
        ("(a || b) || c || d", "(|| (|| (|| a b) c) d)", "a || b || c || d"),
        ("a && b || c && d && e", "(|| (&& a b) (&& (&& c d) e))", "(a && b) || (c && d && e)"),
        ("(a || b) && c", "(&& (|| a b) c)", "(a || b) && c"),
        ("a && b && c", "(&& (&& a b) c)", "a && b && c"),
        ("a || b || c", "(|| (|| a b) c)", "a || b || c"),
        ("!a && b", "(&& (! a) b)", "!a && b"),
        ("!(a && b)", "(! (&& a b))", "!(a && b)"),
        ("!!a", "(! (! a))", "!!a"),
        ("!g.a", "(! (. g a))", "!g.a"),
        ("!l.exists(c, c.x)", "(! (call l exists c (. c x)))", "!l.exists(c, c.x)"),
        ("a == b && c != d", "(&& (== a b) (!= c d))", "(a == b) && (c != d)"),
        ("a < 1 || b >= 2", "(|| (< a 1) (>= b 2))", "(a < 1) || (b >= 2)"),
        ("a <= b == c > d", "(> (== (<= a b) c) d)", "((a <= b) == c) > d"),
        ("!a == b", "(== (! a) b)", "!a == b"),
        ("a in ['x', \"y\"] && b", "(&& (in a [\"x\" \"y\"]) b)", "(a in ['x', 'y']) && b"),
        ("a in p.q || b", "(|| (in a (. p q)) b)", "(a in p.q) || b"),
        ("a ? b : c", "(? a b c)", "a ? b : c"),
        ("a || b ? c && d : e", "(? (|| a b) (&& c d) e)", "(a || b) ? (c && d) : e"),
        ("a ? b : c ? d : e", "(? a b (? c d e))", "a ? b : (c ? d : e)"),
        ("a ? b ? c : d : e", "(? a (? b c d) e)", "a ? (b ? c : d) : e"),
        ("(a ? b : c) ? d : e", "(? (? a b c) d e)", "(a ? b : c) ? d : e"),
        ("f(a, b || c,)", "(call - f a (|| b c))", "f(a, b || c)"),
        ("[]", "[]", "[]"),
        ("a.b.c", "(. (. a b) c)", "a.b.c"),
        ("((((a))))", "a", "a"),
        ("'it\\'s' == \"a\\\"b\\\\\"", "(== \"it's\" \"a\\\"b\\\\\")", "'it\\'s' == 'a\"b\\\\'"),
        ("trueish && inner", "(&& trueish inner)", "trueish && inner"),
        ("a==1&&b!=2", "(&& (== a 1) (!= b 2))", "(a == 1) && (b != 2)"),
        (
            "within(a.b, c.d, years(5))",
            "(call - within (. a b) (. c d) (call - years 5))",
            "within(a.b, c.d, years(5))",
        ),
    ];
    for (written, tree, canonical) in table {
        let e = parse(written).unwrap_or_else(|e| panic!("{written}: {e:?}"));
        assert_eq!(shape(&e), tree, "{written}");
        assert_eq!(e.to_string(), canonical, "{written}");
    }
}

#[test]
fn every_node_knows_where_it_stands() {
    let text = " a.b == 'x' && !(c in [d]) ";
    let e = parse(text).unwrap();
    assert_eq!(&text[e.span.clone()], "a.b == 'x' && !(c in [d])");
    let ExprKind::And(left, right) = &e.kind else { panic!("{e:?}") };
    assert_eq!(&text[left.span.clone()], "a.b == 'x'");
    assert_eq!(&text[right.span.clone()], "!(c in [d])");
    let ExprKind::Not(inner) = &right.kind else { panic!("{e:?}") };
    assert_eq!(&text[inner.span.clone()], "(c in [d])");
}

/// A random tree, right or wrong in its types.
fn tree(tape: &mut Tape, depth: usize) -> Expr {
    let sub = |tape: &mut Tape| Box::new(tree(tape, depth.saturating_sub(1)));
    let names = ["a", "convictions", "c", "_x1", "inside", "truely", "Level"];
    let ops = [CmpOp::Eq, CmpOp::Ne, CmpOp::Lt, CmpOp::Le, CmpOp::Gt, CmpOp::Ge];
    let texts = ["", "x", "it's", "\"", "\\", "a\\'b", "§ 7282.5(a)", "// no comment", "日本\n"];
    let choice = if depth == 0 { tape.pick(4) } else { tape.pick(14) };
    let kind = match choice {
        0 => ExprKind::Name(tape.one(&names).to_owned()),
        1 => ExprKind::Int(tape.one(&[0, 1, 18, i64::MAX])),
        2 => ExprKind::Text(tape.one(&texts).to_owned()),
        3 => ExprKind::Bool(tape.pick(2) == 1),
        4 => ExprKind::Member(sub(tape), tape.one(&names).to_owned()),
        5 | 6 => {
            let target = (tape.pick(2) == 1).then(|| sub(tape));
            let args = (0..tape.pick(4)).map(|_| *sub(tape)).collect();
            ExprKind::Call(target, tape.one(&names).to_owned(), args)
        }
        7 => ExprKind::List((0..tape.pick(4)).map(|_| *sub(tape)).collect()),
        8 => ExprKind::Not(sub(tape)),
        9 => ExprKind::And(sub(tape), sub(tape)),
        10 => ExprKind::Or(sub(tape), sub(tape)),
        11 => ExprKind::Cmp(tape.one(&ops), sub(tape), sub(tape)),
        12 => ExprKind::In(sub(tape), sub(tape)),
        _ => ExprKind::Choose(sub(tape), sub(tape), sub(tape)),
    };
    Expr { kind, span: 0..0 }
}

#[test]
fn what_is_printed_reads_back_as_the_same_tree() {
    for_all(21, 4_000, 120, |tape| {
        let e = tree(tape, 5);
        let printed = e.to_string();
        let again = match parse(&printed) {
            Ok(again) => again,
            Err(e) if e.code == "expression-too-long" => return Ok(()),
            Err(e) => return Err(format!("{printed}\n{e:?}")),
        };
        if shape(&again) != shape(&e) {
            return Err(format!("{printed}\nwas  {}\nreads {}", shape(&e), shape(&again)));
        }
        (again.to_string() == printed).then_some(()).ok_or(format!("{printed} prints {again}"))
    });
}

const ANCHOR: FieldId = scalar("decision.on");

fn params() -> BTreeMap<String, Param> {
    let day = Day::parse("2014-01-01").unwrap();
    let category = enums::ALL.iter().find(|e| e.name == "offense category").unwrap();
    let one = |kind, value| Param { kind, values: vec![(None, None, value)] };
    [
        ("window", one(ParamKind::Int(Unit::Years), ParamConst::Int(5))),
        ("hours", one(ParamKind::Int(Unit::Hours), ParamConst::Int(48))),
        ("cut", one(ParamKind::Date, ParamConst::Date(day))),
        ("listed", one(ParamKind::Set(category), ParamConst::Set(1))),
    ]
    .map(|(n, p)| (n.to_owned(), p))
    .into()
}

fn checked(text: &str, rounding: Option<DateRounding>) -> Result<(), ExprError> {
    let defines: BTreeMap<String, Expr> =
        [("round", "about"), ("about", "round"), ("grave", "person.final_order")]
            .map(|(n, t)| (n.to_owned(), parse(t).unwrap()))
            .into();
    let params = params();
    let names = Names { params: &params, defines: &defines, rounding, anchor: ANCHOR };
    check(&parse(text)?, &names, &mut Used::default()).map(|_| ())
}

/// Condition, code, message, the text it points at, and a part of the advice.
type Wrong = (&'static str, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const WRONG: &[Wrong] = &[
    ("request.asks_hold && 9x", "bad-number", "`9x` is no whole number", "9x", "date('2014-01-01')"),
    ("request.form == 'I\\-247'", "bad-escape", "only \\\\, \\' and \\\" may follow a backslash", "\\", ""),
    ("request.form == 'I-247", "string-not-closed", "the text is not closed", "'I-247", "add '"),
    ("person.final_order & person.removable", "bad-expression", "`&` has no meaning here", "&", "`&&` for and"),
    ("person.final_order | person.removable", "bad-expression", "`|` has no meaning here", "|", "`||` for or"),
    ("request.form = 'I-247'", "bad-expression", "`=` has no meaning here", "=", "`==` to compare"),
    ("request.form == “I-247”", "bad-expression", "`“` has no meaning here", "“", "straight quotes"),
    ("person.final_order &&", "bad-expression", "found the end where a value should stand", "", "CEL syntax"),
    ("person.final_order person.removable", "bad-expression", "found `person` where the condition should end", "person", "CEL syntax"),
    ("(person.final_order", "bad-expression", "found the end where `)` should stand", "", "CEL syntax"),
    ("convictions[0].serious", "bad-expression", "elements have no numbers", "[", ".exists(c, …)"),
    ("", "empty-expression", "the condition is empty", "", "leave `when` out"),
    ("person.age_years + 1 == 2", "no-arithmetic", "there is no arithmetic: `+`", "+", "within(day, anchor, window)"),
    ("18", "not-a-condition", "this is a value, not a condition", "18", "compare it with something"),
    ("person.age_years", "not-a-condition", "`person.age_years` is a number of years, not a yes/no fact", "person.age_years", "compare it"),
    ("date('2014-01-01')", "not-a-condition", "this is a date, not a condition", "date('2014-01-01')", "compare it with a fact"),
    ("round", "cyclic-define", "in `round`: in `about`: `round` is defined by itself: round → about → round", "round", ""),
    ("grav", "unknown-name", "`grav` is no condition", "grav", "did you mean `grave`?"),
    ("convictions", "not-a-value", "`convictions` is no condition", "convictions", ".exists(c, …)"),
    ("request == 'I-247'", "not-a-value", "`request` alone is no value", "request", "name one of its facts"),
    ("request.form == convictions", "not-a-value", "`convictions` alone is no value", "convictions", ".at_least(n, c, …)"),
    ("request.from == 'I-247'", "unknown-field", "there is no fact `request.from`", "request.from", "did you mean `form`?"),
    ("reqest.form == 'I-247'", "unknown-field", "there is no fact `reqest.form`", "reqest.form", "did you mean `request.form`?"),
    ("convictions.level == 'felony'", "unknown-field", "`convictions` is a list", "convictions.level", "convictions.exists(c, c.level …)"),
    ("convictions.exists(c, c.levle == 'felony')", "unknown-field", "there is no fact `c.levle`", "c.levle", "did you mean `level`?"),
    ("request.a.b", "unknown-field", "there is no fact `request.a.b`", "request.a.b", "facts are group.name"),
    ("person.age_years > param.windw", "unknown-param", "there is no parameter `windw`", "param.windw", "did you mean `param.window`?"),
    ("person.age_years > param.x", "unknown-param", "there is no parameter `x`", "param.x", "add [param.x]"),
    ("1 == 1", "no-fact", "`1 == 1` reads no fact", "1 == 1", "one side must be a fact"),
    ("request.form < 'I-247'", "type-mismatch", "`<` orders things that have no order", "request.form < 'I-247'", "use == or !="),
    ("request.issued_on == '2014-01-01'", "type-mismatch", "a date against the text '2014-01-01'", "request.issued_on == '2014-01-01'", "write date('2014-01-01')"),
    ("person.final_order == 'yes'", "type-mismatch", "a yes/no fact against the text 'yes'", "person.final_order == 'yes'", "a yes/no fact stands alone"),
    ("'a' in ['a']", "type-mismatch", "`'a'` is no fact", "'a'", "fact in ['a', 'b']"),
    ("request.form in [1]", "type-mismatch", "`1` is no text", "1", "lists hold texts"),
    ("person.age_years in ['a']", "type-mismatch", "`person.age_years` is a number of years: lists hold values of sets, or texts", "['a']", ""),
    ("within(person.age_years, decision.on, days(1))", "type-mismatch", "`person.age_years` is a number of years, not a date", "person.age_years", "they end in _on"),
    ("convictions.at_least(2, request.form, c, c.serious)", "type-mismatch", "`request.form` is no field of the element", "request.form", ""),
    ("request.issued_on > 5", "date-against-number", "a date against a number", "request.issued_on > 5", "within(day, anchor, window)"),
    ("person.age_years > param.hours", "wrong-unit", "`person.age_years > param.hours` compares years with hours", "person.age_years > param.hours", "both sides must be years"),
    ("within(request.issued_on, decision.on, 5)", "wrong-unit", "a window needs a unit", "5", "years(5) or days(90)"),
    ("within(request.issued_on, decision.on, param.hours)", "wrong-unit", "a window is years or days, not param.hours, a number of hours", "param.hours", ""),
    ("custody.booked_at == custody.released_at", "moment-in-condition", "`custody.booked_at == custody.released_at` compares a moment", "custody.booked_at == custody.released_at", "use the fact that ends in _on"),
    ("within(request.issued_on, decision.on)", "wrong-arguments", "within takes 3 arguments, not 2", "within(request.issued_on, decision.on)", "param.window"),
    ("within(request.issued_on, decision.on, years())", "wrong-arguments", "a window is years(5) or days(90)", "years()", ""),
    ("convictions.exists(c.serious)", "wrong-arguments", "`exists` has the wrong number of arguments", "convictions.exists(c.serious)", "list.exists(c, cond)"),
    ("convictions.exists(1, true)", "wrong-arguments", "the variable is a bare name", "1", ""),
    ("request.issued_on == date(2014)", "wrong-arguments", "date takes one text", "date(2014)", "date('2014-01-01')"),
    ("convictions.at_least(0, c, c.serious)", "out-of-range", "`0` is no count from 1 to 100", "0", ""),
    ("within(request.issued_on, decision.on, years(201))", "out-of-range", "a window of 201 years", "years(201)", ""),
    ("conviction.exists(c, c.serious)", "unknown-list", "`conviction` is no list", "conviction", "did you mean `convictions`?"),
    ("convictions.exists(request, true)", "shadowed-name", "`request` already means something", "request", "another variable name"),
    ("convictions.any(c, c.serious)", "unknown-function", "there is no function `any`", "convictions.any(c, c.serious)", "all"),
    ("witin(request.issued_on, decision.on, days(1))", "unknown-function", "there is no function `witin`", "witin(request.issued_on, decision.on, days(1))", "did you mean `within`?"),
    ("request.issued_on < date('2014-02-30')", "bad-date", "`2014-02-30` is no calendar day", "'2014-02-30'", "date('2014-01-01')"),
    ("request.form == 'I-247a'", "wrong-enum-value", "`I-247a` is no request form", "'I-247a'", "did you mean `I-247A`?"),
    ("convictions.exists(c, c.category in ['asault'])", "wrong-enum-value", "`asault` is no offense category", "'asault'", "did you mean `assault`?"),
];

#[test]
fn every_wrong_condition_is_refused_with_its_code_place_and_advice() {
    let mut wrong = Vec::new();
    for (text, code, message, points_at, advice) in WRONG {
        let found = checked(text, Some(DateRounding::Down));
        let Err(e) = found else {
            wrong.push(format!("{text}: accepted"));
            continue;
        };
        let place = text.get(e.span.clone()).unwrap_or("(outside)");
        if (e.code, e.message.as_str(), place) != (*code, *message, *points_at)
            || !e.help.contains(advice)
        {
            wrong.push(format!(
                "{text}\n   {code}: {message} | {points_at} | {advice}\n   {}: {} | {place} | {}",
                e.code, e.message, e.help
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), WRONG.len(), wrong.join("\n"));
}

fn code(text: &str) -> &'static str {
    checked(text, Some(DateRounding::Up)).unwrap_err().code
}

#[test]
fn what_is_too_long_or_too_deep_is_refused_at_its_limit() {
    let deep = |n: usize| format!("{}person.removable{}", "(".repeat(n), ")".repeat(n));
    assert_eq!(checked(&deep(DEPTH_MAX - 1), None), Ok(()));
    assert_eq!(code(&deep(DEPTH_MAX)), "nested-too-deeply");
    assert_eq!(code(&"!".repeat(10_000)), "expression-too-long");
    assert_eq!(code(&format!("{}person.removable", "!".repeat(DEPTH_MAX))), "nested-too-deeply");
    let words = format!("{}true", "true || ".repeat(TOKENS_MAX / 2));
    assert_eq!(code(&words), "expression-too-long");
    assert_eq!(
        checked(
            &"true || ".repeat(TOKENS_MAX / 2 - 1)[..].trim_end_matches(" || ").to_owned(),
            None
        ),
        Ok(())
    );
    assert_eq!(code(&format!("true{}", " ".repeat(EXPR_BYTES_MAX))), "expression-too-long");
    let mut quantifiers = "c4.serious".to_owned();
    for i in (0..5).rev() {
        quantifiers = format!("convictions.exists(c{i}, {quantifiers})");
    }
    assert_eq!(code(&quantifiers), "nested-too-deeply");
}

#[test]
fn a_window_of_years_needs_to_be_told_how_a_leap_day_is_rounded() {
    let text = "within(request.issued_on, decision.on, param.window)";
    let e = checked(text, None).unwrap_err();
    assert_eq!((e.code, &text[e.span.clone()]), ("missing-date-rounding", "param.window"));
    assert!(e.help.contains("date_rounding = \"down\""), "{e:?}");
    assert_eq!(checked(text, Some(DateRounding::Up)), Ok(()));
    assert_eq!(checked("within(request.issued_on, decision.on, days(90))", None), Ok(()));
}

#[test]
fn what_the_reference_shows_is_accepted() {
    for text in [
        "true",
        "request.form == 'I-247A' && request.asks_hold",
        "'I-247A' != request.form",
        "convictions.exists(c, c.level == felony)",
        "convictions.all(c, c.level in ['felony', \"wobbler\"])",
        "convictions.at_least(3, c, c.category in param.listed)",
        "convictions.at_least(3, c.incident, c, !c.minor_traffic)",
        "convictions.exists(c, charges.exists(d, d.category == c.category))",
        "within(request.issued_on, decision.on, param.window) ? person.removable : !person.removable",
        "request.issued_on >= param.cut || date('2014-01-01') < request.issued_on",
        "person.age_years >= 18 && 18 <= person.age_years && person.age_years < param.window",
        "grave == true && person.removable != false",
        "request.issuing_area == 'chicago' || request.issuing_area in ['chicago', 'dallas']",
    ] {
        assert_eq!(checked(text, Some(DateRounding::Down)), Ok(()), "{text}");
    }
}

#[test]
fn every_code_that_the_source_can_give_is_in_the_table() {
    let mut codes = BTreeSet::new();
    for (_, bytes) in support::files_below("crates/comity-policy/src/expr", &[".rs"]) {
        let text = String::from_utf8(bytes).unwrap();
        for piece in text.split("ExprError::new(").skip(1) {
            if let Some((code, _)) =
                piece.trim_start().strip_prefix('"').and_then(|p| p.split_once('"'))
            {
                codes.insert(code.to_owned());
            }
        }
    }
    assert!(codes.len() >= 24, "{codes:?}");
    for seen in WRONG {
        codes.remove(seen.1);
    }
    // These have tests of their own above.
    let elsewhere = ["expression-too-long", "missing-date-rounding", "nested-too-deeply"];
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), elsewhere);
}
