//! Galleries: templates kept as files, and the search of one print among all of them.
//!
//! A gallery is a folder of shards; a shard is a header and checksummed blocks
//! (docs/reference/gallery.md). This crate works on the bytes of shards; reading and appending
//! files is the caller's. The search is a cascade: [`codes`] over everybody, the codes of their minutiae
//! over a tenth, the exact comparison over the best few, [`fusion`] over fingers.

pub mod codes;
mod directions;
pub mod entry;
pub mod file;
pub mod fusion;
pub mod search;

pub use entry::{FingerEntry, Record, SubjectId};
pub use file::{Damage, Shard, ShardHeader};
pub use fusion::Calibration;
pub use search::{Effort, Gallery, Probe};
