//! Any text is read as a check file.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::parser(text));
