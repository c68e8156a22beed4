//! The header of a file whose mapping is asked for: what is called exact knows every column.
#![no_main]

use comity_replay::mapping::recognize::{Recognized, recognize};
use comity_replay::mapping::{self, Mapping};
use comity_replay::reader::{Encoding, Rows};
use std::sync::LazyLock;

static MAPPINGS: LazyLock<Vec<(String, Mapping)>> = LazyLock::new(|| {
    let folders = std::fs::read_dir(comity_fuzz::root().join("data/mappings")).expect("mappings");
    let read = |folder: std::path::PathBuf| {
        let bytes = std::fs::read(folder.join("mapping.toml")).ok()?;
        let name = folder.display().to_string();
        let mapping = mapping::parse(&name, &bytes, comity_fuzz::LIBRARY.places()).ok()?;
        Some((name, mapping))
    };
    folders.flatten().filter_map(|f| read(f.path())).collect()
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let rows = Rows::new(bytes, Encoding::Utf8);
    let (fits, verdict) = recognize(&MAPPINGS, rows.header());
    assert_eq!(fits.len(), MAPPINGS.len());
    if let Recognized::Exact { fit } = verdict {
        assert!(fit.missing.is_empty() && fit.extra.is_empty() && !fit.unusable);
    }
});
