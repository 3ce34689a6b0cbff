//! Any check file, variables and tags become a plan.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::planner(text));
