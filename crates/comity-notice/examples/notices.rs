//! Writes every paper, in both languages, and the public page, about nobody; and says how long
//! a paper took:
//! `cargo run --release -p comity-notice --example notices -- OUTDIR`

#![allow(clippy::unwrap_used, reason = "an example stops at what it did not expect")]

mod synthetic;

use std::path::PathBuf;
use std::time::Instant;

fn main() {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("give the folder to write into: notices OUTDIR");
        std::process::exit(2);
    };
    std::fs::create_dir_all(&folder).unwrap();
    let papers = synthetic::papers();
    for (name, pdf) in &papers {
        std::fs::write(folder.join(name), pdf).unwrap();
        println!("{name}: {} bytes", pdf.len());
    }
    let public = folder.join("public");
    std::fs::create_dir_all(&public).unwrap();
    for (name, bytes) in comity_notice::publish(&synthetic::figures()) {
        println!("public/{name}: {} bytes", bytes.len());
        std::fs::write(public.join(name), bytes).unwrap();
    }
    let rounds = 10;
    let began = Instant::now();
    for _ in 0..rounds {
        synthetic::papers();
    }
    let each = began.elapsed() / (rounds * papers.len() as u32);
    println!("{} papers {rounds} times: {:.1} ms each", papers.len(), each.as_secs_f64() * 1e3);
}
