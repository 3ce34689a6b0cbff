//! Any XPath or selector is asked of any document.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::markup(text));
