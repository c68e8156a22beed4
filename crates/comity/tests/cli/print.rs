//! `comity print info` and `convert`, as a person runs them.

use super::ran::{Ran, comity};
use std::path::Path;

fn print(folder: &Path, args: &[&str]) -> Ran {
    comity(folder, &[&["print"], args].concat())
}

/// A folder with a gray map of 90 x 80 pixels at 500 an inch, in arches.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut map = b"P5\n# 500 ppi\n90 80\n255\n".to_vec();
    map.extend((0..90 * 80_usize).map(|i| {
        let (x, y) = (i % 90, 80 + i / 90);
        (((x * x + y * y) / 150 % 2) * 180 + 30) as u8
    }));
    std::fs::write(folder.path().join("print.pgm"), map).unwrap();
    folder
}

#[test]
fn an_image_goes_through_every_format_and_says_what_it_is() {
    let folder = folder();
    let at = folder.path();
    for (from, to) in
        [("print.pgm", "a.png"), ("a.png", "a.wsq"), ("a.wsq", "b.png"), ("b.png", "b.raw")]
    {
        let made = print(at, &["convert", from, to]);
        assert_eq!(made.code, 0, "{from} to {to}: {}", made.err);
        assert_eq!(made.out.trim(), to);
    }
    let info = print(at, &["info", "--json", "a.png", "a.wsq"]).json();
    for (i, format) in [(0, "PNG"), (1, "WSQ")] {
        let file = &info["files"][i];
        assert_eq!(file["format"], format);
        assert_eq!((&file["width_px"], &file["height_px"]), (&90.into(), &80.into()));
        assert_eq!(file["ppi"], 500.0);
    }
    let raw = print(at, &["info", "b.raw"]);
    assert_eq!(raw.code, 1);
    assert!(raw.err.contains("--raw WIDTHxHEIGHT"));
    let stated = print(at, &["info", "b.raw", "--raw", "90x80", "--ppi", "1000"]);
    assert!(stated.out.contains("90 x 80 pixels, 1000 pixels an inch"));
    let halved =
        print(at, &["convert", "b.raw", "c.png", "--raw", "90x80", "--ppi", "1000", "--resample"]);
    assert_eq!(halved.code, 0, "{}", halved.err);
    assert_eq!(print(at, &["info", "--json", "c.png"]).json()["files"][0]["width_px"], 45);
}

/// A transaction about nobody: a name, and a Type-14 record with gray levels as they are.
fn transaction(pixels: &[u8]) -> Vec<u8> {
    let sealed = |tag: &str, rest: &[u8]| {
        // The length counts its own digits.
        let fits = |n: &usize| tag.len() + 1 + n.to_string().len() + rest.len() == *n;
        let total = (1..100_000).find(fits);
        let mut out = format!("{tag}:{}", total.unwrap()).into_bytes();
        out.extend(rest);
        out
    };
    let head = "\u{1d}1.002:0502\u{1d}1.003:1\u{1f}2\u{1e}2\u{1f}00\u{1e}14\u{1f}01\u{1d}1.004:CAR\
                \u{1d}1.005:20261121\u{1d}1.007:XXFED0000\u{1d}1.008:XXSHERIFF\u{1d}1.009:SYN-1\u{1c}";
    let person = "\u{1d}2.002:00\u{1d}2.005:Y\u{1d}2.018:SYNTHETIC,PERSON\u{1d}2.999:secret\u{1c}";
    let mut image =
        b"\x1d14.002:01\x1d14.003:1\x1d14.006:90\x1d14.007:80\x1d14.008:1\x1d14.009:500\
                      \x1d14.010:500\x1d14.011:NONE\x1d14.012:8\x1d14.013:2\x1d14.999:"
            .to_vec();
    image.extend(pixels);
    image.push(0x1c);
    [sealed("1.001", head.as_bytes()), sealed("2.001", person.as_bytes()), sealed("14.001", &image)]
        .concat()
}

#[test]
fn a_transaction_hides_who_it_is_about_and_becomes_a_folder() {
    let folder = folder();
    let at = folder.path();
    let map = std::fs::read(at.join("print.pgm")).unwrap();
    let pixels = &map[map.len() - 7200..];
    std::fs::write(at.join("card.an2"), transaction(pixels)).unwrap();
    let hidden = print(at, &["info", "card.an2"]);
    let shown = &hidden.out;
    assert_eq!(hidden.code, 0, "{}", hidden.err);
    assert!(!shown.contains("SYNTHETIC,PERSON") && !shown.contains("secret"), "{shown}");
    assert!(shown.contains("2.018 name: (hidden"), "{shown}");
    assert!(shown.contains("lacks 2.022 DOB"), "{shown}");
    assert!(!print(at, &["info", "--json", "card.an2"]).out.contains("PERSON"));
    let open = print(at, &["info", "--show-personal", "card.an2"]);
    assert!(open.out.contains("2.018 name: SYNTHETIC,PERSON"));

    let made = print(at, &["convert", "card.an2", "card", "--format", "raw"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let file = at.join("card/record-03-type-14-position-02-90x80.raw");
    assert_eq!(std::fs::read(file).unwrap(), pixels);
    let again = print(at, &["convert", "card.an2", "card"]);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("not empty"));
    let none = print(at, &["convert", "card.an2", "card.iso"]);
    assert!(none.err.contains("holds no minutiae"));
}

#[test]
fn a_broken_file_is_named_and_the_good_one_still_shown() {
    let folder = folder();
    let at = folder.path();
    // A record of 30 bytes, cut to 29.
    let mut record = b"FMR\0 20\0\0\0\0\x1e\0\0\x01\x2c\x01\x90\0\xc5\0\xc5\x01\0".to_vec();
    record.extend([1, 0, 60, 0, 0]);
    std::fs::write(at.join("cut.iso"), &record).unwrap();
    let both = print(at, &["info", "print.pgm", "cut.iso"]);
    assert_eq!(both.code, 1);
    assert!(both.out.contains("print.pgm: PGM"));
    let says = &both.err;
    assert!(says.contains("byte 8") && says.contains("30 bytes, there are 29"), "{says}");
    record.push(0);
    std::fs::write(at.join("whole.iso"), &record).unwrap();
    let made = print(at, &["convert", "whole.iso", "whole.ansi"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let info = print(at, &["info", "--json", "whole.ansi"]).json();
    assert_eq!(info["files"][0]["format"], "ANSI INCITS 378");
    assert_eq!(info["files"][0]["views"][0]["finger"], "right_thumb");
    let nowhere = print(at, &["convert", "whole.iso", "whole.txt"]);
    assert_eq!(nowhere.code, 2);
}
