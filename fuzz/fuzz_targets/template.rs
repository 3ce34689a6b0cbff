//! Any template is filled in with any values.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::template(text));
