//! The legacy text form of an inquiry: read, written back, and refused with the place.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use comity_exchange::iaq::{FIELDS, IAQ_BYTES_MAX, Inquiry};
use proptest::prelude::*;

const HEAD: &str = "IAQ.TX0000000.AX.";
const BODY: &str = "PUR/C.ATN/SGT EXAMPLE.PHN/5125550100.NAM/EXAMPLE, TEST PERSON.\
                    DOB/19800229.SEX/M.POB/MM.CUS/Y.OFF/0399.";

fn read(text: &str) -> Result<Inquiry, comity_model::Diagnostic> {
    Inquiry::read("inbox", text.as_bytes())
}

/// The code, the field and the place of a fault.
fn fault(text: &str) -> (&'static str, String, usize, usize) {
    let d = read(text).unwrap_err();
    assert_eq!(d.file, "inbox");
    assert!(!d.message.is_empty());
    (d.code, d.path.clone(), d.line, d.column)
}

#[test]
fn an_inquiry_is_read_and_written_back() {
    let text = format!("{HEAD}*0000000017.TXT\n{BODY}ARN/000000000.SID/TX00000000.");
    let inquiry = read(&text).unwrap();
    assert_eq!(inquiry.to_text(), text);
    assert_eq!(inquiry.sender(), "TX0000000");
    assert_eq!(inquiry.control(), Some("*0000000017"));
    assert_eq!(inquiry.value("NAM"), Some("EXAMPLE, TEST PERSON"));
    assert_eq!(inquiry.born_on().unwrap().to_string(), "1980-02-29");
    assert!(inquiry.in_custody());
    let niem: Vec<(&str, &str)> = inquiry.niem().collect();
    assert!(niem.contains(&("n2:PurposeCode", "C")));
    assert!(niem.contains(&("nc:ContactTelephoneNumber", "5125550100")));
    assert!(niem.contains(&("j4:ChargeNCICCode", "0399")));
    assert!(niem.contains(&("nc:StatusText", "Y")));
}

#[test]
fn line_breaks_between_fields_and_a_missing_last_period_are_read() {
    let text = format!("{HEAD}TXT PUR/C.\r\n{}FBI/000000AA0", &BODY["PUR/C.".len()..]);
    let inquiry = read(&text).unwrap();
    assert_eq!(inquiry.value("FBI"), Some("000000AA0"));
    assert_eq!(inquiry.to_text(), format!("{HEAD}TXT\n{BODY}FBI/000000AA0."));
}

#[test]
fn fields_that_the_page_does_not_name_are_kept_as_they_are() {
    let inquiry = read(&format!("{HEAD}TXT\n{BODY}XYZ/something else.")).unwrap();
    assert_eq!(inquiry.value("XYZ"), Some("something else"));
    assert_eq!(read(&inquiry.to_text()).unwrap(), inquiry);
}

#[test]
fn a_century_is_not_guessed() {
    let inquiry = read(&format!("{HEAD}TXT\n{}", BODY.replace("19800229", "022980"))).unwrap();
    assert_eq!((inquiry.value("DOB"), inquiry.born_on()), (Some("022980"), None));
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let with = |from: &str, to: &str| format!("{HEAD}TXT\n{}", BODY.replace(from, to));
    let column = |field: &str| BODY.find(field).unwrap() + 1;
    let of = |code, field: &str| (code, field.to_owned(), 2, column(&format!("{field}/")));
    assert_eq!(fault(&with("PUR/C", "PUR/X")), of("bad-value", "PUR"));
    assert_eq!(fault(&with("EXAMPLE, TEST PERSON", "EXAMPLE")), of("bad-value", "NAM"));
    assert_eq!(fault(&with("19800229", "19810229")), of("bad-value", "DOB"));
    assert_eq!(fault(&with("19800229", "133180")), of("bad-value", "DOB"));
    assert_eq!(fault(&with("CUS/Y", "CUS/y")), of("bad-value", "CUS"));
    assert_eq!(fault(&with("OFF/0399", "OFF/399")), of("bad-value", "OFF"));
    assert_eq!(fault(&with("SGT EXAMPLE", "A NAME OF MORE THAN THIRTY LETTERS")).0, "bad-value");
    let (code, path, line, _) = fault(&with("SEX/M.", ""));
    assert_eq!((code, path.as_str(), line), ("missing", "SEX", 2));
    let swapped = with("PUR/C.ATN/SGT EXAMPLE.", "ATN/SGT EXAMPLE.PUR/C.");
    assert_eq!(fault(&swapped).0, "wrong-order");
    let twice = format!("{HEAD}TXT\n{BODY}SEX/F.");
    assert_eq!(fault(&twice), ("twice", "SEX".to_owned(), 2, BODY.len() + 1));
    assert_eq!(fault("IAR.TX0000000.AX.TXT\n").0, "unexpected");
    assert_eq!(fault("IAQ.tx0000000.AX.TXT\n"), ("bad-value", "ORI".to_owned(), 1, 5));
    assert_eq!(fault("IAQ.TX0000000.TX.TXT\n"), ("unexpected", String::new(), 1, 15));
    assert_eq!(fault("IAQ.TX0000000.AX.*.TXT\n").1, "control");
    assert_eq!(fault("IAQ.TX0000000").1, "ORI");
    assert_eq!(fault("").0, "unexpected");
    assert_eq!(fault(&with("EXAMPLE, TEST", "EX\u{c1}MPLE, TEST")).0, "not-ascii");
    assert_eq!(fault(&" ".repeat(IAQ_BYTES_MAX + 1)).0, "too-large");
}

#[test]
fn no_message_and_no_log_names_the_person() {
    let text = format!("{HEAD}TXT\n{}", BODY.replace("PERSON.", "PERSON AND MORE NAMES THAN FIT."));
    let fault = read(&text).unwrap_err();
    assert_eq!(fault.path, "NAM");
    assert!(!format!("{fault} {fault:?}").contains("PERSON"));
    let inquiry = read(&format!("{HEAD}TXT\n{BODY}")).unwrap();
    assert!(!format!("{inquiry:?}").contains("PERSON"));
}

#[test]
fn a_value_with_a_period_is_not_written() {
    let mut values: Vec<(&str, &str)> = FIELDS
        .iter()
        .filter(|field| field.required)
        .map(|field| {
            let at = BODY.find(&format!("{}/", field.prefix)).unwrap() + 4;
            (field.prefix, BODY[at..].split('.').next().unwrap())
        })
        .collect();
    let inquiry = Inquiry::new("TX0000000", None, &values).unwrap();
    assert_eq!(inquiry.to_text(), format!("{HEAD}TXT\n{BODY}"));
    values[3].1 = "ST. EXAMPLE, TEST";
    let fault = Inquiry::new("TX0000000", None, &values).unwrap_err();
    assert_eq!((fault.code, fault.path.as_str()), ("bad-value", "NAM"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn damaged_inquiries_are_read_whole_or_refused_with_a_place(
        at in 0_usize..200, with in proptest::collection::vec(any::<u8>(), 0..4), drop in 0_usize..6,
    ) {
        let mut bytes = format!("{HEAD}*17.TXT\n{BODY}ARN/000000000.").into_bytes();
        let at = at % bytes.len();
        let to = (at + drop).min(bytes.len());
        bytes.splice(at..to, with);
        match Inquiry::read("inbox", &bytes) {
            Ok(inquiry) => {
                let again = Inquiry::read("again", inquiry.to_text().as_bytes()).unwrap();
                prop_assert_eq!(again, inquiry);
            }
            Err(fault) => prop_assert!(fault.line >= 1 && fault.column >= 1 && !fault.code.is_empty()),
        }
    }

    #[test]
    fn any_bytes_at_all(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Inquiry::read("inbox", &bytes).is_err());
    }
}
