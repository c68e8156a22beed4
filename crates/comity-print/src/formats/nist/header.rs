//! Type-1: what kind of transaction, from whom, to whom, when.

use super::record::Transaction;
use serde::Serialize;

/// Versions that are read, of the editions of 1993 to 2015.
pub const VERSIONS: [&str; 8] = ["0200", "0201", "0202", "0300", "0400", "0500", "0501", "0502"];

/// The fields of Type-1 as text; empty where a field is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Header {
    /// 1.002 VER.
    pub version: String,
    /// 1.004 TOT: type of transaction, `CAR`.
    pub tot: String,
    /// 1.005 DAT, `20261121`.
    pub date: String,
    /// 1.006 PRY: priority, 1 highest.
    pub priority: String,
    /// 1.007 DAI: the agency it goes to.
    pub destination: String,
    /// 1.008 ORI: the agency it comes from.
    pub origin: String,
    /// 1.009 TCN: its control number.
    pub control_number: String,
    /// 1.010 TCR: the control number it answers.
    pub control_reference: String,
    /// 1.011 NSR: native scanning resolution, pixels a millimeter.
    pub native_px_per_mm: String,
    /// 1.012 NTR: nominal transmitting resolution, pixels a millimeter.
    pub nominal_px_per_mm: String,
    /// 1.013 DOM: domain and its version, `NORAM`.
    pub domain: String,
    /// 1.015 DCS: directory of character sets.
    pub character_set: String,
}

impl Transaction {
    /// The fields of Type-1.
    pub fn header(&self) -> Header {
        let text = |number| self.first(1).map(|r| r.text(number)).unwrap_or_default();
        let first_line = |number: u16| {
            let shown = text(number).replace(['\u{1e}', '\u{1f}'], " ");
            shown.trim().to_owned()
        };
        Header {
            version: text(2),
            tot: text(4),
            date: text(5),
            priority: text(6),
            destination: text(7),
            origin: text(8),
            control_number: text(9),
            control_reference: text(10),
            native_px_per_mm: text(11),
            nominal_px_per_mm: text(12),
            domain: first_line(13),
            character_set: first_line(15),
        }
    }
}
