//! ANSI/NIST-ITL transactions in traditional encoding (versions 0200 to 0502), and the FBI's
//! EBTS profile of them.
//!
//! A transaction is a list of records. Reading keeps every byte: [`Transaction::to_bytes`]
//! gives back what was read. On top of the bytes, records are seen as what they mean: Type-1
//! [`Header`], Type-4, 13, 14 and 15 [`PrintImage`], Type-9 minutiae, Type-2 fields of EBTS
//! ([`ebts`]). Other types are carried through untouched.

pub mod build;
pub mod ebts;
mod header;
mod image;
mod minutiae;
mod read;
mod record;

pub use header::{Header, VERSIONS};
pub use image::{Compression, PrintImage};
pub use read::read;
pub use record::{BinaryRecord, FS, Field, GS, RS, Record, TaggedRecord, Transaction, US};
