//! `smoke validate`: reads check files and sends nothing.

use crate::Exit;
use crate::args::ValidateArgs;
use crate::output::Output;
use crate::run::resolve;

pub(crate) fn validate(args: &ValidateArgs, output: &Output) -> Exit {
    let plan = match resolve(&args.files, output) {
        Ok(plan) => plan,
        Err(exit) => return exit,
    };
    let plural = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        count => format!("{count} {word}s"),
    };
    let text = format!(
        "valid: {} in {}\n",
        plural(plan.checks(), "check"),
        plural(plan.files(), "file")
    );
    match output.report(&text) {
        Ok(()) => Exit::Passed,
        Err(error) => {
            output.error(&format!("standard output cannot be written: {error}"));
            Exit::CouldNotWork
        }
    }
}
