//! Processor time, which other work on the machine does not lengthen.

use std::time::Instant;

/// Measures from when it is made.
pub struct Busy {
    begun: Instant,
    from: Option<f64>,
}

impl Busy {
    /// Begins now.
    pub fn new() -> Self {
        Self { begun: Instant::now(), from: processor_s() }
    }

    /// Seconds that this thread was on a processor since; by the clock where nobody says.
    pub fn seconds(&self) -> f64 {
        match (self.from, processor_s()) {
            (Some(from), Some(to)) => to - from,
            _ => self.begun.elapsed().as_secs_f64(),
        }
    }
}

fn processor_s() -> Option<f64> {
    let said = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    said.split(' ').next()?.parse::<f64>().ok().map(|ns| ns / 1e9)
}
