//! Rates as people say them.

use crate::compared::Compared;

/// The rate below which nothing was measured: what a score claims beyond is extrapolated
/// (docs/adr/0030-alignments-grow-pair-by-pair.md), and a number would say more than is known.
const RATE_KNOWN_MIN: f64 = 1e-6;

/// How often: `about once in 3,400`.
pub fn once_in(rate: f64) -> String {
    if rate >= 0.5 {
        return "in every second case or more often".to_owned();
    }
    if rate.is_nan() || rate < RATE_KNOWN_MIN {
        return "less often than once in a million".to_owned();
    }
    format!("about once in {}", thousands(rounded(1.0 / rate)))
}

/// Two digits of a count: more were not measured.
fn rounded(count: f64) -> u64 {
    let step = 10_f64.powf((count.log10().floor() - 1.0).max(0.0));
    ((count / step).round() * step) as u64
}

/// `12,000`.
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// What a comparison's score means in a gallery of this size.
pub fn in_gallery(compared: &Compared) -> String {
    let fingers = thousands(compared.gallery_fingers as u64);
    let rate = compared.false_positive_rate;
    let says = format!(
        "This gallery holds {fingers} fingers. For somebody who is not in it, a search of it names \
         somebody else with a score this high {}.",
        once_in(rate)
    );
    if rate < RATE_KNOWN_MIN {
        return format!("{says} How much less often was not measured.");
    }
    says
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_said_with_two_digits_and_none_beyond_what_was_measured() {
        assert_eq!(once_in(1.0), "in every second case or more often");
        assert_eq!(once_in(0.25), "about once in 4");
        assert_eq!(once_in(1.0 / 3_449.0), "about once in 3,400");
        assert_eq!(once_in(2e-6), "about once in 500,000");
        assert_eq!(once_in(9e-7), "less often than once in a million");
        assert_eq!(once_in(0.0), "less often than once in a million");
        assert_eq!(once_in(f64::NAN), "less often than once in a million");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(thousands(999), "999");
    }
}
