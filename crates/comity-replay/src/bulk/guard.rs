//! The readers of Parquet, Arrow and Excel may panic on damaged bytes. A damaged file is an
//! error of the data, with its name; our own panics are not caught.

use super::input::unreadable;
use comity_model::Diagnostic;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

thread_local! {
    static READING: Cell<bool> = const { Cell::new(false) };
}

/// What to do about a file that cannot be read to its end.
pub(super) const DAMAGED: &str = "the file was cut off or damaged; get it again or leave it out";

/// True while this thread is inside a reader whose panics are turned into errors: a panic hook
/// has nothing to say then.
pub fn is_reading() -> bool {
    READING.get()
}

/// Runs a reader of a file's bytes.
///
/// # Errors
/// The reader's own, or that it panicked.
pub(super) fn read<T>(
    path: &Path,
    what: &str,
    reader: impl FnOnce() -> Result<T, Diagnostic>,
) -> Result<T, Diagnostic> {
    READING.set(true);
    // Whatever a reader leaves half done is dropped with it.
    let result = catch_unwind(AssertUnwindSafe(reader));
    READING.set(false);
    result.unwrap_or_else(|_| {
        Err(unreadable(path, format!("{what}: its bytes contradict each other")).help(DAMAGED))
    })
}
