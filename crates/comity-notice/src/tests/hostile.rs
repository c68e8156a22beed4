//! Texts that somebody wrote to break the paper, and values that contradict each other.

use super::reader::Reader;
use super::synthetic::*;
use super::text::read_out;
use crate::{
    CHARS_MAX, Contact, HoldTime, Language, Notice, NoticeError, Observation, Report, Text,
};

/// The right edge of a letter page less the margin, in points.
const RIGHT_EDGE_PT: f32 = 612.0 - 0.85 * 72.0;

/// A notice whose every text is this one.
fn filled(text: &str) -> Notice {
    let mut notice = held();
    let agency = &mut notice.agency;
    for field in [&mut agency.name, &mut agency.facility, &mut agency.phone] {
        text.clone_into(field);
    }
    agency.address = vec![text.to_owned()];
    text.clone_into(&mut notice.person.name);
    text.clone_into(&mut notice.person.booking_number);
    text.clone_into(&mut notice.reference);
    text.clone_into(&mut notice.request.from);
    notice.request.form = Some(text.to_owned());
    for answer in &mut notice.answers {
        for reason in &mut answer.reasons {
            text.clone_into(&mut reason.cite);
            reason.says = Text { en: text.to_owned(), es: Some(text.to_owned()) };
        }
    }
    if let HoldTime::Running { limits, .. } = &mut notice.hold {
        limits.iter_mut().for_each(|limit| text.clone_into(&mut limit.cite));
    }
    let contact = Contact { name: text.to_owned(), reach: Text::english(text) };
    notice.lawyers = vec![contact.clone()];
    notice.consulates = vec![contact.clone()];
    notice.claims = vec![contact];
    notice
}

fn filled_report(text: &str) -> Report {
    let mut report = over_detention();
    text.clone_into(&mut report.person.name);
    text.clone_into(&mut report.claimed_by);
    text.clone_into(&mut report.taken_by.name);
    text.clone_into(&mut report.proof.origin);
    text.clone_into(&mut report.proof.evidence_file);
    let at = report.claimed_at;
    report.facts = vec![Observation { at, says: text.to_owned(), source: text.to_owned() }];
    report
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[test]
fn script_and_markup_are_printed_as_they_are() {
    for text in [
        "#panic(\"no\")",
        "#read(\"/etc/passwd\")",
        "#import \"@preview/x:1.0.0\": *",
        "*bold* _it_ $x^2$ = Heading `raw` <label> @ref // comment /* more */",
        "#{ while true {} }",
        "\\u{41} \\ #sys.inputs ~ -- --- ... \" '",
        "<script>alert(1)</script>",
        "{name} {at} {who} {",
        "/ term: x\n+ one\n- two",
        "https://example.test/x",
        "%PDF-1.7 endobj stream (( )) << >> \\(",
    ] {
        for language in Language::ALL {
            let read = bare(&read_out(&filled(text).pdf(language).unwrap()));
            let times = read.matches(&bare(text)).count();
            assert!(times >= 15, "{text}: {times} times in {language}");
        }
        let read = bare(&read_out(&filled_report(text).pdf().unwrap()));
        assert!(read.contains(&bare(text)), "{text}");
    }
}

#[test]
fn every_writing_system_is_printed_or_named_by_its_code_points() {
    for (text, printed) in [
        ("Nguyễn Thị Ánh Tuyết", "Nguyễn Thị Ánh Tuyết"),
        ("Ольга Петровна", "Ольга Петровна"),
        ("Ελένη Παπαδοπούλου", "Ελένη Παπαδοπούλου"),
        ("王小明", "[U+738B][U+5C0F][U+660E]"),
        ("محمد", "[U+0645][U+062D][U+0645][U+062F]"),
        ("אב", "[U+05D0][U+05D1]"),
        ("\u{202E}evil\u{0}", "[U+202E]evil[U+0000]"),
        ("\u{E000}\u{FFFF}\u{10FFFF}", "[U+E000][U+FFFF][U+10FFFF]"),
        ("👩‍👧", "[U+1F469][U+200D][U+1F467]"),
    ] {
        let read = bare(&read_out(&filled(text).pdf(Language::En).unwrap()));
        assert!(read.contains(&bare(printed)), "{text:?}");
    }
}

#[test]
fn combining_marks_survive_in_any_number() {
    let text = format!("Z{}o", "\u{301}".repeat(500));
    assert!(filled(&text).pdf(Language::En).is_ok());
}

#[test]
fn long_names_wrap_and_stay_on_the_page() {
    let with_spaces = "Ana María de los Ángeles ".repeat(80);
    for text in [
        "W".repeat(2000),
        with_spaces,
        "王".repeat(2000),
        "-".repeat(2000),
        "a\u{301}".repeat(1000),
    ] {
        let mut notice = held();
        text.clone_into(&mut notice.person.name);
        let mut table = notice.clone();
        for reason in table.answers.iter_mut().flat_map(|a| &mut a.reasons) {
            text.clone_into(&mut reason.cite);
        }
        for notice in [notice, table] {
            let pdf = notice.pdf(Language::En).unwrap();
            let furthest = furthest_right_pt(&Reader::of(&pdf));
            assert!(furthest > 400.0, "the measure measures: {furthest}");
            // A space at the end of a line hangs into the margin; any letter is wider.
            assert!(
                furthest <= RIGHT_EDGE_PT + 3.0,
                "{}: {furthest} pt",
                &text[..text.len().min(8)]
            );
        }
    }
}

/// How far to the right any text of the document reaches, in points: starts of shown texts plus
/// the widths of their glyphs.
fn furthest_right_pt(reader: &Reader) -> f32 {
    let mut furthest = 0.0_f32;
    for page in reader.document.get_pages().into_values() {
        furthest = furthest.max(super::reader::right_edge_pt(reader, page));
    }
    furthest
}

#[test]
fn empty_texts_are_said_to_be_missing() {
    for text in ["", " \t\n "] {
        let read = bare(&read_out(&filled(text).pdf(Language::En).unwrap()));
        assert!(read.contains("Namenotgiven"), "{read}");
        assert!(
            read.contains("ArequestwithoutaformfromnotgivenreachedthisagencyonMonday"),
            "{read}"
        );
    }
    let mut consent = consent();
    consent.from = String::new();
    let read = bare(&read_out(&consent.pdf(Language::Es).unwrap()));
    assert!(read.contains("Personaldeunaoficinafederaldeinmigraciónquiereentrevistarle"), "{read}");
}

#[test]
fn what_contradicts_itself_is_refused() {
    let mut notice = held();
    notice.hold = HoldTime::Running { began_at: at("2026-12-01T00:00:00Z"), limits: limits() };
    assert!(matches!(notice.pdf(Language::En), Err(NoticeError::EndsBeforeStart { .. })));
    notice.hold = HoldTime::Running { began_at: at("2026-11-25T20:05:00Z"), limits: Vec::new() };
    assert_eq!(notice.pdf(Language::En), Err(NoticeError::NoEnd));
    let mut release = release();
    release.held_until = at("2026-11-25T20:04:59Z");
    assert!(matches!(release.pdf(Language::En), Err(NoticeError::EndsBeforeStart { .. })));
}

#[test]
fn a_flood_is_refused_and_says_how_much_it_was() {
    let mut notice = held();
    notice.person.name = "x".repeat(CHARS_MAX + 1);
    let Err(NoticeError::TooLong { chars }) = notice.pdf(Language::En) else {
        panic!("a flood was printed");
    };
    assert!(chars > CHARS_MAX);
    notice.person.name = "x".repeat(20_000_000);
    assert!(matches!(notice.pdf(Language::En), Err(NoticeError::TooLong { .. })));
}

#[test]
fn of_two_limits_the_earlier_decides_and_one_without_an_end_does_not() {
    let mut notice = held();
    let HoldTime::Running { limits, .. } = &mut notice.hold else { panic!("it runs") };
    limits[1].ends_at = None;
    let read = bare(&read_out(&notice.pdf(Language::En).unwrap()));
    assert!(
        read.contains(&bare("It must end no later than Monday, November 30, 2026, 2:05 PM (CST)"))
    );
    assert!(read.contains(&bare("48 hours; every hour counts Not known yet")));
}
