//! An inquiry in the legacy text form: refused with its place, or written and read again
//! without a change.
#![no_main]

use comity_exchange::iaq::Inquiry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    match Inquiry::read("hostile", bytes) {
        Ok(inquiry) => {
            let again = Inquiry::read("again", inquiry.to_text().as_bytes());
            assert_eq!(again.as_ref(), Ok(&inquiry));
        }
        Err(fault) => assert!(fault.line > 0 && fault.column > 0),
    }
});
