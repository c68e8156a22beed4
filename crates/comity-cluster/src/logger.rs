//! What the libraries of a role warn of, on standard error.

use log::{LevelFilter, Log, Metadata, Record};

struct Errors;

impl Log for Errors {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            eprintln!("{}: {}: {}", record.level(), record.target(), record.args());
        }
    }

    fn flush(&self) {}
}

/// Shows warnings and errors of this process from now on; asked twice it does nothing.
pub fn show_warnings() {
    if log::set_logger(&Errors).is_ok() {
        log::set_max_level(LevelFilter::Warn);
    }
}
