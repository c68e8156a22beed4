//! `comity print info` and `convert`, as a person runs them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn comity(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_comity"))
        .current_dir(folder)
        .arg("print")
        .args(arguments)
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
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
        let made = comity(at, &["convert", from, to]);
        assert!(made.status.success(), "{from} to {to}: {}", text(&made.stderr));
        assert_eq!(text(&made.stdout).trim(), to);
    }
    let info = json(&comity(at, &["info", "--json", "a.png", "a.wsq"]));
    for (i, format) in [(0, "PNG"), (1, "WSQ")] {
        let file = &info["files"][i];
        assert_eq!(file["format"], format);
        assert_eq!((&file["width_px"], &file["height_px"]), (&90.into(), &80.into()));
        assert_eq!(file["ppi"], 500.0);
    }
    let raw = comity(at, &["info", "b.raw"]);
    assert_eq!(raw.status.code(), Some(1));
    assert!(text(&raw.stderr).contains("--raw WIDTHxHEIGHT"));
    let stated = comity(at, &["info", "b.raw", "--raw", "90x80", "--ppi", "1000"]);
    assert!(text(&stated.stdout).contains("90 x 80 pixels, 1000 pixels an inch"));
    let halved =
        comity(at, &["convert", "b.raw", "c.png", "--raw", "90x80", "--ppi", "1000", "--resample"]);
    assert!(halved.status.success(), "{}", text(&halved.stderr));
    assert_eq!(json(&comity(at, &["info", "--json", "c.png"]))["files"][0]["width_px"], 45);
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
    let hidden = comity(at, &["info", "card.an2"]);
    let shown = text(&hidden.stdout);
    assert!(hidden.status.success(), "{}", text(&hidden.stderr));
    assert!(!shown.contains("SYNTHETIC,PERSON") && !shown.contains("secret"), "{shown}");
    assert!(shown.contains("2.018 name: (hidden"), "{shown}");
    assert!(shown.contains("lacks 2.022 DOB"), "{shown}");
    assert!(!text(&comity(at, &["info", "--json", "card.an2"]).stdout).contains("PERSON"));
    let open = comity(at, &["info", "--show-personal", "card.an2"]);
    assert!(text(&open.stdout).contains("2.018 name: SYNTHETIC,PERSON"));

    let made = comity(at, &["convert", "card.an2", "card", "--format", "raw"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let file = at.join("card/record-03-type-14-position-02-90x80.raw");
    assert_eq!(std::fs::read(file).unwrap(), pixels);
    let again = comity(at, &["convert", "card.an2", "card"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("not empty"));
    let none = comity(at, &["convert", "card.an2", "card.iso"]);
    assert!(text(&none.stderr).contains("holds no minutiae"));
}

#[test]
fn a_broken_file_is_named_and_the_good_one_still_shown() {
    let folder = folder();
    let at = folder.path();
    // A record of 30 bytes, cut to 29.
    let mut record = b"FMR\0 20\0\0\0\0\x1e\0\0\x01\x2c\x01\x90\0\xc5\0\xc5\x01\0".to_vec();
    record.extend([1, 0, 60, 0, 0]);
    std::fs::write(at.join("cut.iso"), &record).unwrap();
    let both = comity(at, &["info", "print.pgm", "cut.iso"]);
    assert_eq!(both.status.code(), Some(1));
    assert!(text(&both.stdout).contains("print.pgm: PGM"));
    let says = text(&both.stderr);
    assert!(says.contains("byte 8") && says.contains("30 bytes, there are 29"), "{says}");
    record.push(0);
    std::fs::write(at.join("whole.iso"), &record).unwrap();
    let made = comity(at, &["convert", "whole.iso", "whole.ansi"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let info = json(&comity(at, &["info", "--json", "whole.ansi"]));
    assert_eq!(info["files"][0]["format"], "ANSI INCITS 378");
    assert_eq!(info["files"][0]["views"][0]["finger"], "right_thumb");
    let nowhere = comity(at, &["convert", "whole.iso", "whole.txt"]);
    assert_eq!(nowhere.status.code(), Some(2));
}
