//! The committed synthetic prints: what extraction finds of their true minutiae, whether
//! comparing tells their fingers apart, and whether the rates that a score claims hold.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use comity_print::extract::extract;
use comity_print::formats::{read_image, read_minutiae};
use comity_print::gallery::Calibration;
use comity_print::matcher::{Prepared, compare};
use comity_print::template::Template;
use comity_print::{FingerPosition, Minutia};
use std::path::PathBuf;
use std::sync::OnceLock;

const FINGERS: usize = 10;
const IMPRESSIONS: usize = 3;
/// A found minutia is the true one within this distance and turn (256ths).
const NEAR_PX: f32 = 12.0;
const TURN: u8 = 21;

/// One impression: what is true of it, what was found.
struct Print {
    finger: usize,
    impression: usize,
    truth: Vec<Minutia>,
    found: Vec<Minutia>,
    quality: u8,
    prepared: Prepared,
}

fn read(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
        .join("../../data/prints/synthetic");
    let path = folder.join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn prints() -> &'static [Print] {
    static PRINTS: OnceLock<Vec<Print>> = OnceLock::new();
    PRINTS.get_or_init(|| {
        let all = (1..=FINGERS).flat_map(|f| (1..=IMPRESSIONS).map(move |i| (f, i)));
        all.map(|(finger, impression)| {
            let image = read_image(&read(&format!("{finger}_{impression}.wsq"))).unwrap();
            let truth = read_minutiae(&read(&format!("{finger}_{impression}.iso"))).unwrap();
            let extraction = extract(&image, FingerPosition::Unknown);
            Print {
                finger,
                impression,
                truth: truth[0].minutiae.clone(),
                prepared: Prepared::of(&Template::of(&extraction)),
                quality: extraction.found.quality,
                found: extraction.found.minutiae,
            }
        })
        .collect()
    })
}

/// Which of the found minutiae are true; each true one is found once.
fn hits(print: &Print) -> Vec<bool> {
    let mut near: Vec<(f32, usize, usize)> = Vec::new();
    for (i, t) in print.truth.iter().enumerate() {
        for (j, m) in print.found.iter().enumerate() {
            let (dx, dy) =
                (f32::from(t.x_px) - f32::from(m.x_px), f32::from(t.y_px) - f32::from(m.y_px));
            let turn = (t.angle.wrapping_sub(m.angle) as i8).unsigned_abs();
            if dx.hypot(dy) <= NEAR_PX && turn <= TURN {
                near.push((dx.hypot(dy), i, j));
            }
        }
    }
    near.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut ours, mut theirs) = (vec![false; print.truth.len()], vec![false; print.found.len()]);
    for (_, i, j) in near {
        if !ours[i] && !theirs[j] {
            (ours[i], theirs[j]) = (true, true);
        }
    }
    theirs
}

/// Of the impressions of a number: how many true minutiae were found, how many found are true.
fn recall_and_precision(impression: usize) -> (f64, f64) {
    let of_number = || prints().iter().filter(|p| p.impression == impression);
    let hits = of_number().flat_map(hits).filter(|hit| *hit).count();
    let truth: usize = of_number().map(|p| p.truth.len()).sum();
    let found: usize = of_number().map(|p| p.found.len()).sum();
    assert!(truth > 300, "{truth} true minutiae");
    (hits as f64 / truth as f64, hits as f64 / found as f64)
}

#[test]
fn extraction_finds_the_true_minutiae() {
    // Easy, medium, hard.
    for (impression, recall_min, precision_min) in [(1, 0.88, 0.88), (2, 0.85, 0.85), (3, 0.8, 0.8)]
    {
        let (recall, precision) = recall_and_precision(impression);
        println!("impression {impression}: recall {recall:.3}, precision {precision:.3}");
        assert!(recall >= recall_min, "impression {impression}: recall {recall:.3}");
        assert!(precision >= precision_min, "impression {impression}: precision {precision:.3}");
    }
}

#[test]
fn the_surer_the_extractor_is_of_a_minutia_the_likelier_it_is_true() {
    let mut judged: Vec<(u8, bool)> =
        prints().iter().flat_map(|p| p.found.iter().map(|m| m.quality).zip(hits(p))).collect();
    judged.sort_unstable();
    let false_share: Vec<f64> = judged
        .chunks(judged.len().div_ceil(5))
        .map(|fifth| {
            let (least, most) = (fifth[0].0, fifth[fifth.len() - 1].0);
            let share = fifth.iter().filter(|(_, hit)| !hit).count() as f64 / fifth.len() as f64;
            println!("quality {least} to {most}: {share:.3} of {} false", fifth.len());
            share
        })
        .collect();
    assert!(false_share.is_sorted_by(|lower, higher| higher <= lower), "{false_share:?}");
    assert!(false_share[1] < 0.08 && false_share[3] < 0.02, "{false_share:?}");
    assert!(false_share[0] > 3.0 * false_share[1], "quality tells them apart: {false_share:?}");
}

#[test]
fn harder_prints_are_of_lower_quality() {
    let mean = |impression| {
        let of_number = prints().iter().filter(|p| p.impression == impression);
        of_number.map(|p| f64::from(p.quality)).sum::<f64>() / FINGERS as f64
    };
    let (easy, medium, hard) = (mean(1), mean(2), mean(3));
    println!("quality {easy:.1}, {medium:.1}, {hard:.1}");
    assert!(easy > medium && medium > hard);
}

/// Scores of the same finger, and of different ones.
fn scores() -> (Vec<f32>, Vec<f32>) {
    let (mut genuine, mut impostors) = (Vec::new(), Vec::new());
    for (at, a) in prints().iter().enumerate() {
        for b in &prints()[at + 1..] {
            let list = if a.finger == b.finger { &mut genuine } else { &mut impostors };
            list.push(compare(&a.prepared, &b.prepared).score);
        }
    }
    (genuine, impostors)
}

#[test]
fn comparing_tells_fingers_apart_and_the_claimed_rates_hold() {
    let (genuine, impostors) = scores();
    assert_eq!((genuine.len(), impostors.len()), (30, 405));
    let best_impostor = impostors.iter().copied().fold(f32::MIN, f32::max);
    let above = genuine.iter().filter(|s| **s > best_impostor).count();
    println!("{above} of 30 above the best impostor's {best_impostor:.2}");
    assert!(above >= 28, "{above} of 30 above the best impostor's {best_impostor:.2}: {genuine:?}");
    let calibration = Calibration::default();
    // 405 pairs: 40 expected at one in ten, 4 at one in a hundred.
    for (rate, seen_max) in [(0.1, 60), (0.01, 10)] {
        let score = calibration.score_at(rate);
        let seen = impostors.iter().filter(|s| f64::from(**s) >= score).count();
        println!("claimed {rate}: {seen} of 405");
        assert!(seen <= seen_max, "{seen} of 405 impostors claim a rate of {rate} or rarer");
    }
}
