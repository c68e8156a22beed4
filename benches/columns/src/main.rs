//! `decide_columns` and a hand-written loop on the twelve rules: makes the data that all
//! contenders read, and measures these two; see `run` for the others.

mod data;
mod ours;

use arrow_array::RecordBatch;
use cpu_time::ThreadTime;

/// Rows by outcome: may hold, must not, open.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts(pub [u64; 3]);

fn main() {
    let rows = 2_000_000;
    for unknown in [0, 50] {
        let batches: Vec<RecordBatch> = data::Cases::new(20_140_101, rows, unknown).collect();
        let bytes: usize = batches.iter().map(|b| b.get_array_memory_size()).sum();
        for needs in [false, true] {
            let mut ours = ours::Ours::new(needs);
            let mut best = f64::MAX;
            let mut counts = Counts::default();
            for _ in 0..7 {
                counts = Counts::default();
                let start = ThreadTime::now();
                batches.iter().for_each(|b| ours.run(b, &mut counts));
                best = best.min(start.elapsed().as_secs_f64());
            }
            println!(
                "unknown {unknown} needs {needs}: {:.1} M rows/s, {:.1} ns, {} bytes a row, {counts:?}",
                rows as f64 / best / 1e6,
                best * 1e9 / rows as f64,
                bytes / rows
            );
        }
    }
}
