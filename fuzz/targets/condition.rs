//! A condition: what is parsed is printed, and what is printed is parsed to the same text.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(parsed) = comity_policy::expr::parse(text) else { return };
    let printed = parsed.to_string();
    // A long chain prints with parentheses around every operator and may then be too deep.
    if let Ok(again) = comity_policy::expr::parse(&printed) {
        assert_eq!(again.to_string(), printed);
    }
});
