//! ANSI/NIST-ITL transactions, made and read.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod formats_support;

use comity_print::formats::nist::build::{Envelope, Impression, Layout, start};
use comity_print::formats::nist::ebts::{self, Tot};
use comity_print::formats::nist::{self, BinaryRecord, Record, TaggedRecord, Transaction};
use comity_print::{FingerPosition, MinutiaKind, Resolution};
use formats_support::*;

/// Writes, reads, and compares.
fn there_and_back(made: &Transaction) -> Transaction {
    let bytes = made.to_bytes().unwrap();
    let read = nist::read(&bytes).unwrap();
    assert_eq!(read.to_bytes().unwrap(), bytes);
    read
}

#[test]
fn a_card_is_written_read_and_complete() {
    for layout in [Layout::Type4, Layout::Type14] {
        let card = there_and_back(&card(layout, &[], 64));
        assert_eq!(ebts::check(&card).unwrap(), []);
        let header = card.header();
        assert_eq!((header.tot.as_str(), header.version.as_str()), ("CAR", "0502"));
        assert_eq!(header.domain, "NORAM EBTS");
        let images = card.images().unwrap();
        assert_eq!(images.len(), 10);
        for (image, finger) in images.iter().zip(&FingerPosition::ALL[1..]) {
            assert_eq!((image.finger(), image.impression), (*finger, 1));
            let print = image.decode().unwrap();
            assert_eq!(print.resolution, Resolution::Ppi(500.0));
            assert_eq!((print.width_px(), print.height_px()), (64, 72));
        }
    }
}

#[test]
fn a_missing_finger_is_said_and_an_unsaid_one_is_found() {
    let missing = [(FingerPosition::LeftRing, "XX"), (FingerPosition::RightThumb, "UP")];
    let amputated = there_and_back(&card(Layout::Type4, &missing, 40));
    assert_eq!(ebts::check(&amputated).unwrap(), []);
    let said = amputated.missing_fingers().unwrap();
    assert_eq!(said.len(), 2);
    assert!(said.contains(&(FingerPosition::RightThumb, "UP".to_owned())));

    let mut unsaid = card(Layout::Type14, &[], 40);
    unsaid.records.remove(4);
    unsaid.seal();
    let found = ebts::check(&there_and_back(&unsaid)).unwrap();
    assert_eq!(found.len(), 1);
    assert!(found[0].problem.contains("positions 3"), "{}", found[0]);
}

#[test]
fn a_record_without_its_image_is_fine_only_where_the_finger_is_missing() {
    let mut made = card(Layout::Type14, &[], 40);
    let Record::Tagged(record) = &mut made.records[2] else { panic!("a record of fields") };
    record.fields.retain(|f| f.number != 999);
    made.seal();
    let error = there_and_back(&made).images().unwrap_err();
    assert_eq!(
        (error.record.as_str(), error.field.as_str()),
        ("record 3 (Type-14)", "14.999 DATA")
    );
    let Record::Tagged(record) = &mut made.records[2] else { panic!("a record of fields") };
    record.set(18, "1\u{1f}XX");
    made.seal();
    assert_eq!(there_and_back(&made).images().unwrap().len(), 9);
}

#[test]
fn what_the_profile_asks_for_is_named_where_it_is_missing() {
    let mut card = card(Layout::Type4, &[], 40);
    let Record::Tagged(person) = &mut card.records[1] else { panic!("a record of fields") };
    person.fields.retain(|f| !matches!(f.number, 22 | 45));
    card.seal();
    let found: Vec<String> =
        ebts::check(&there_and_back(&card)).unwrap().into_iter().map(|e| e.field).collect();
    assert_eq!(found, ["2.022 DOB", "2.045 DOA"]);

    let answer = Envelope { answers: Some("SYN-0001".to_owned()), ..envelope() };
    let good = start(Tot::Sre, &answer, &[(59, "N"), (73, "XX0000000")]).unwrap();
    assert_eq!(ebts::check(&there_and_back(&good)).unwrap(), []);
    let bad = start(Tot::Errt, &envelope(), &[(73, "XX0000000")]).unwrap();
    let found: Vec<String> = ebts::check(&bad).unwrap().into_iter().map(|e| e.field).collect();
    assert_eq!(found, ["1.010 TCR", "2.060 MSG"]);
}

#[test]
fn other_records_are_carried_through_untouched() {
    let mut made = card(Layout::Type4, &[], 40);
    let mut face = TaggedRecord::new(10, Some(11));
    face.set(4, "anything \u{1f}\u{1e} at all");
    face.set(999, vec![0, 0x1c, 0x1d, 0xff, 0x1c]);
    made.records.push(Record::Tagged(face));
    let signature = vec![12, 1, 2, 3, 0x1c, 0x1c];
    made.records.push(Record::Binary(BinaryRecord { record_type: 8, body: signature, offset: 0 }));
    made.seal();
    let read = there_and_back(&made);
    assert_eq!(read.records.len(), made.records.len());
    assert_eq!(read.first(10).unwrap().field(999).unwrap().value, [0, 0x1c, 0x1d, 0xff, 0x1c]);
    assert_eq!(read.images().unwrap().len(), 10);
}

#[test]
fn tags_without_leading_zeros_and_odd_spacing_are_kept() {
    let text = "1.01:050\u{1d}1.02:0201\u{1d}1.03:1\u{1f}1\u{1e}2\u{1f}0\u{1d}1.04:ERRT\u{1d}1.5: x \u{1c}\
                2.1:15\u{1d}2.2: 0 \u{1c}";
    let at = text.find('\u{1c}').unwrap() + 1;
    assert_eq!(at, 50);
    let read = nist::read(text.as_bytes()).unwrap();
    assert_eq!(read.to_bytes().unwrap(), text.as_bytes());
    assert_eq!((read.header().tot.as_str(), read.header().date.as_str()), ("ERRT", "x"));
}

#[test]
fn a_broken_transaction_is_refused_with_record_field_and_byte() {
    let good = card(Layout::Type14, &[], 40).to_bytes().unwrap();
    let error = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = good.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
        let mut bytes = good.clone();
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        (at, nist::read(&bytes).unwrap_err())
    };
    let (at, version) = error("1.002:0502", "1.002:0999");
    assert_eq!((version.offset, version.field.as_str()), (at + 6, "1.002 VER"));
    let (_, count) = error("1.003:1\u{1f}11", "1.003:1\u{1f}12");
    assert_eq!(count.field, "1.003 CNT");
    let (at, tag) = error("2.018:", "3.018:");
    assert_eq!((tag.offset, tag.record.as_str()), (at, "record 2 (Type-2)"));
    let (at, twice) = error("2.022:", "2.020:");
    assert_eq!((twice.offset, twice.field.as_str()), (at, "2.020"));
    let (_, idc) = error("14.002:03", "14.002:09");
    assert_eq!((idc.record.as_str(), idc.field.as_str()), ("record 5 (Type-14)", "IDC"));
    let cut = nist::read(&good[..good.len() - 1]).unwrap_err();
    assert_eq!(cut.record, "record 12 (Type-14)");
    let mut long = good.clone();
    long.extend(b"more");
    assert_eq!(nist::read(&long).unwrap_err().offset, good.len());
    assert!(nist::read(b"").is_err());
}

#[test]
fn an_image_that_differs_from_its_record_or_is_not_read_is_refused() {
    let change = |number: u16, value: &str| {
        let mut made = card(Layout::Type14, &[], 40);
        let Record::Tagged(record) = &mut made.records[2] else { panic!("a record of fields") };
        record.set(number, value);
        made.seal();
        let read = there_and_back(&made);
        read.images().map(|images| images[0].decode().map(|_| ()))
    };
    assert_eq!(change(6, "41").unwrap().unwrap_err().field, "HLL, VLL");
    let unread = change(11, "JP2").unwrap().unwrap_err();
    assert!(unread.problem.contains("JP2") && unread.help.contains("WSQ"));
    assert_eq!(change(11, "ZIP").unwrap_err().field, "14.011 CGA");
    assert_eq!(change(10, "900").unwrap_err().field, "14.009 HPS");
}

#[test]
fn type_9_minutiae_are_read_in_three_forms() {
    let fingers = there_and_back(&minutiae_transaction()).minutiae().unwrap();
    let [standard, fbi, incits] = fingers.as_slice() else { panic!("three forms") };
    // 12.70 mm are 250 pixels; the lowest lies at the bottom, and angles are turned around.
    let (first, second) = (standard.minutiae[0], standard.minutiae[1]);
    assert_eq!((first.x_px, first.y_px, first.angle), (250, 1, 192));
    assert_eq!((second.x_px, second.y_px, second.angle), (125, 101, 128));
    assert_eq!((first.kind, first.quality), (MinutiaKind::Ending, 100));
    assert_eq!((second.kind, second.quality), (MinutiaKind::Bifurcation, 1));
    assert_eq!(fbi.finger, FingerPosition::LeftIndex);
    assert_eq!((fbi.minutiae[0].y_px, fbi.minutiae[0].angle), (125, 64));
    assert_eq!((incits.width_px, incits.height_px), (400, 500));
    assert_eq!(incits.finger, FingerPosition::RightMiddle);
    let angles: Vec<u8> = incits.minutiae.iter().map(|m| m.angle).collect();
    assert_eq!(angles, [64, 255]);
}

#[test]
fn what_would_break_a_record_cannot_be_built() {
    assert!(start(Tot::Car, &envelope(), &[(18, "A\u{1d}B")]).is_err());
    assert!(start(Tot::Car, &envelope(), &[(18, "A"), (18, "B")]).is_err());
    assert!(start(Tot::Car, &envelope(), &[(2, "01")]).is_err());
    let mut card = start(Tot::Car, &envelope(), &PERSON).unwrap();
    let image = ridges(40, 40, Resolution::Unstated);
    let impression =
        Impression { finger: FingerPosition::RightIndex, is_rolled: true, image: &image };
    assert_eq!(card.add_impressions(Layout::Type4, &[impression], &[]).unwrap_err().field, "HPS");
    // A record that was changed and not sealed is not written.
    let mut changed = self::card(Layout::Type4, &[], 40);
    let Record::Tagged(person) = &mut changed.records[1] else { panic!("a record of fields") };
    person.set(18, "SYNTHETIC,PERSON TWO AND LONGER");
    let error = changed.to_bytes().unwrap_err();
    assert_eq!((error.record.as_str(), error.field.as_str()), ("record 2 (Type-2)", "2.001 LEN"));
}
