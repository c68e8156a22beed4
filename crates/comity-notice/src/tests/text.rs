//! What was put in is what a screen reader reads out, in order and nothing else.

use super::reader::Reader;
use super::synthetic::*;
use crate::print::printable;
use crate::sheet::{Block, Line, Sheet};
use crate::{Language, NoticeError};

/// What a sheet says, in order.
fn said(sheet: &Sheet) -> String {
    let mut out: Vec<String> = sheet.letterhead.clone();
    out.push(sheet.title.clone());
    let line = |line: &Line| line.iter().map(|run| run.text()).collect::<Vec<_>>().join(" ");
    for block in &sheet.blocks {
        match block {
            Block::Heading(text) => out.push(text.clone()),
            Block::Para(runs) => out.push(line(runs)),
            Block::List(lines) => out.extend(lines.iter().map(|l| format!("• {}", line(l)))),
            Block::Boxes(lines) => out.extend(lines.iter().map(|l| format!("☐ {}", line(l)))),
            Block::Named(rows) => {
                for (name, lines) in rows {
                    out.push(name.clone());
                    out.extend(lines.iter().map(line));
                }
            }
            Block::Table { head, rows, .. } => {
                out.extend(head.iter().cloned());
                out.extend(rows.iter().flatten().flatten().map(line));
            }
            Block::Notable(rows) => {
                out.extend(rows.iter().flat_map(|(a, b)| [a.clone(), b.clone()]));
            }
            Block::Blanks(names) => out.extend(names.iter().map(|(name, _)| name.clone())),
        }
    }
    out.iter().map(|text| printable(text)).collect()
}

/// Text without white space, and without the dot between parts of a letterhead.
fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '·').collect()
}

pub fn read_out(pdf: &[u8]) -> String {
    let reader = Reader::of(pdf);
    let contents = reader.contents();
    reader.structure().iter().map(|top| top.text(&contents)).collect()
}

fn same(name: &str, sheet: &Sheet, pdf: Result<Vec<u8>, NoticeError>) {
    let (put_in, read) = (bare(&said(sheet)), bare(&read_out(&pdf.unwrap())));
    if put_in != read {
        let at = put_in.chars().zip(read.chars()).take_while(|(a, b)| a == b).count();
        let around =
            |text: &str| text.chars().skip(at.saturating_sub(30)).take(90).collect::<String>();
        panic!("{name} differs at {at}:\n{}\n{}", around(&put_in), around(&read));
    }
}

#[test]
fn every_paper_reads_out_what_was_put_in() {
    for language in Language::ALL {
        for (name, notice) in [("declined", notice()), ("held", held())] {
            same(name, &notice.sheet(language).unwrap(), notice.pdf(language));
        }
        same("consent", &consent().sheet(language), consent().pdf(language));
        for release in [release(), release_on_claim(), release_on_withdrawal()] {
            same("release", &release.sheet(language).unwrap(), release.pdf(language));
        }
    }
    for report in [over_detention(), wrong_refusal()] {
        same(&report.reference, &report.sheet().unwrap(), report.pdf());
    }
    same("proof", &proof().sheet(), proof().pdf());
}

#[test]
fn the_notice_says_what_must_be_said() {
    let text = |language| bare(&read_out(&held().pdf(language).unwrap()));
    for (language, says) in [
        (Language::En, "It must end no later than Friday, November 27, 2026, 2:05 PM (CST)"),
        (Language::En, "This rule was read in a report about the law, not in the law itself."),
        (Language::En, "48 hours; Saturdays, Sundays and federal holidays do not count"),
        (
            Language::Es,
            "Debe terminar a más tardar viernes 27 de noviembre de 2026, 2:05 p. m. (CST)",
        ),
        (
            Language::Es,
            "48 horas; no cuentan los sábados, los domingos y los días feriados federales",
        ),
    ] {
        assert!(text(language).contains(&bare(says)), "{says}");
    }
    let declined = bare(&read_out(&notice().pdf(Language::En).unwrap()));
    assert!(declined.contains(&bare("Nobody has verified this rule.")));
    let spanish = bare(&read_out(&notice().pdf(Language::Es).unwrap()));
    assert!(
        spanish.contains(&bare("an answer is never required. (Este texto solo existe en inglés.)"))
    );
}

#[test]
fn the_same_paper_has_the_same_bytes() {
    for language in Language::ALL {
        assert_eq!(held().pdf(language).unwrap(), held().pdf(language).unwrap());
        assert_eq!(consent().pdf(language).unwrap(), consent().pdf(language).unwrap());
    }
    let mut later = held();
    later.prepared_at += jiff::SignedDuration::from_secs(1);
    assert_ne!(held().pdf(Language::En).unwrap(), later.pdf(Language::En).unwrap());
}

#[test]
fn papers_made_at_once_do_not_mix() {
    let alone: Vec<Vec<u8>> = Language::ALL.iter().map(|l| held().pdf(*l).unwrap()).collect();
    let threads: Vec<_> = (0..8)
        .map(|n| std::thread::spawn(move || (n % 2, held().pdf(Language::ALL[n % 2]).unwrap())))
        .collect();
    for thread in threads {
        let (language, pdf) = thread.join().unwrap();
        assert!(alone[language] == pdf);
    }
}
