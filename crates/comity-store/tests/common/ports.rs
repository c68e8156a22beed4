//! Ports for what a test starts: not those that the system hands out by itself, because another
//! test's connection could have one before the server is there, or while it is started anew.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

/// Systems hand out higher ones, but for very old or oddly set ones.
const FIRST: u32 = 10_000;
const COUNT: u32 = 20_000;

/// The first of some ports in a row that nobody uses and that this program gives nobody else.
pub fn free_ports(in_a_row: u16) -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Programs at the same time begin at different places.
    let from = std::process::id().wrapping_mul(97);
    for _ in 0..COUNT {
        let taken = NEXT.fetch_add(u32::from(in_a_row), Ordering::Relaxed);
        let first = u16::try_from(FIRST + from.wrapping_add(taken) % COUNT).unwrap();
        if (first..first + in_a_row).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return first;
        }
    }
    panic!("no port from {FIRST} to {} is free on 127.0.0.1", FIRST + COUNT)
}

/// A port that nobody uses and that this program gives nobody else.
#[allow(dead_code, reason = "each test program uses a part")]
pub fn free_port() -> u16 {
    free_ports(1)
}
