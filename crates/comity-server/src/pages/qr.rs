//! A QR code as the path of an inline SVG. Drawn by the node, so that a secret goes to no other
//! site for its picture.

use fast_qr::{ECL, QRBuilder};
use std::fmt::Write;

/// Light modules around the code (ISO/IEC 18004, section 9.1).
const QUIET: usize = 4;

/// A QR code.
pub struct Qr {
    /// Modules on a side with the quiet zone; 0 if the text does not fit.
    pub side: usize,
    /// The dark modules: one subpath for each run in a row.
    pub path: String,
}

impl Qr {
    /// The code of a text.
    pub fn of(text: &str) -> Qr {
        let Ok(code) = QRBuilder::new(text).ecl(ECL::M).build() else {
            return Qr { side: 0, path: String::new() };
        };
        let mut path = String::new();
        for y in 0..code.size {
            let mut x = 0;
            while x < code.size {
                let start = x;
                while x < code.size && code[y][x].value() {
                    x += 1;
                }
                if x > start {
                    let _ = write!(path, "M{} {}h{}v1H{0}z", start + QUIET, y + QUIET, x - start);
                } else {
                    x += 1;
                }
            }
        }
        Qr { side: code.size + 2 * QUIET, path }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_three_finders_and_its_quiet_zone() {
        let qr = Qr::of("otpauth://totp/jail:clerk?secret=ABC&issuer=jail");
        assert!(qr.side > 21 + 2 * QUIET);
        // The first row begins and ends with the top edge of a finder, seven modules wide.
        assert!(qr.path.starts_with("M4 4h7v1H4z"), "{}", &qr.path[..40]);
        let right = qr.side - QUIET - 7;
        assert!(qr.path.contains(&format!("M{right} 4h7v1H{right}z")));
        let below = qr.side - QUIET - 1;
        assert!(qr.path.contains(&format!("M4 {below}h7v1H4z")));
    }

    #[test]
    fn what_does_not_fit_is_no_code() {
        assert_eq!(Qr::of(&"x".repeat(10_000)).side, 0);
    }
}
