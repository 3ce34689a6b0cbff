//! Any file of another tool becomes a check file, or is refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::import(text));
