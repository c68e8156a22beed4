//! A template: what is read is written back byte for byte, and can be compared.
#![no_main]

use comity_print::matcher::{Prepared, compare};
use comity_print::template::Template;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(template) = Template::from_bytes(bytes) else { return };
    assert_eq!(template.to_bytes(), bytes);
    let prepared = Prepared::of(&template);
    assert!(compare(&prepared, &prepared).score.is_finite());
});
