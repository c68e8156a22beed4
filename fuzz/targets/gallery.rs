//! A shard of a gallery: read with every place of damage inside the file, or refused. The bytes
//! are taken as a file, and as the content of a block whose checksums fit.
#![no_main]

use comity_print::gallery::file::{Shard, ShardHeader};
use comity_print::gallery::{Gallery, Probe};

fn block(content: &[u8]) -> Vec<u8> {
    let (count, rest) = content.split_first().unwrap_or((&0, &[]));
    let mut head = b"CGB1\x01\0\0\0".to_vec();
    head.extend(u32::from(*count).to_le_bytes());
    head.extend((rest.len() as u32).to_le_bytes());
    head.extend(crc32fast::hash(rest).to_le_bytes());
    head.extend(crc32fast::hash(&head).to_le_bytes());
    [&head, rest].concat()
}

fn read(bytes: &[u8]) {
    let Ok(shard) = Shard::read(bytes) else { return };
    for damage in shard.damaged.iter().chain(&shard.torn) {
        assert!(damage.at + damage.bytes <= bytes.len());
    }
    let templates: Vec<_> = shard.fingers.iter().filter_map(|f| f.finger.entry().ok()).collect();
    // The tables of a search are large: one input in eight is searched, the others read.
    if let (Some(entry), 0) = (templates.first(), bytes.len() % 8) {
        let gallery = Gallery::new(vec![shard]);
        let probe = Probe::new(entry, &gallery);
        (0..gallery.len().min(4)).for_each(|n| drop(gallery.compare(&probe, n)));
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    let header = ShardHeader { gallery: [0; 16], shard: 0, shards: 1 };
    read(&[header.to_bytes().as_slice(), &block(bytes)].concat());
});
