//! A leaf, a sealed event, a bundle of leaves: read, and written back to the same bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(leaf) = comity_ledger::Leaf::parse("hostile", bytes) {
        assert_eq!(leaf.to_bytes(), bytes);
    }
    if let Ok(sealed) = comity_ledger::Sealed::parse(bytes) {
        assert_eq!(sealed.to_bytes(), bytes);
    }
    if let Ok(leaves) = comity_ledger::read_leaves(bytes) {
        assert_eq!(comity_ledger::write_leaves(leaves).as_deref(), Some(bytes));
    }
});
