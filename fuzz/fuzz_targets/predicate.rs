//! Any expectations are held against any document.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::predicate(text));
