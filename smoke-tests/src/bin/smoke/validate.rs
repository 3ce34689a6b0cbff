//! `smoke validate`: reads check files and sends nothing.

use std::fmt::Write as _;

use smoke_tests::diagnostic::Diagnostic;
use smoke_tests::units::{counted, human_duration};

use crate::Exit;
use crate::args::ValidateArgs;
use crate::output::Output;
use crate::run::resolve;

pub(crate) fn validate(args: &ValidateArgs, output: &Output) -> Exit {
    let plan = match resolve(&args.files, output) {
        Ok(plan) => plan,
        Err(exit) => return exit,
    };
    let longest = plan.worst_case_at(args.jobs, args.rate);
    let mut text = String::new();
    if args.list {
        for entry in plan.list() {
            let _ = writeln!(text, "{entry}");
        }
    }
    let _ = writeln!(
        text,
        "valid: {} in {}, {} at the longest",
        counted(plan.checks(), "check"),
        counted(plan.files(), "file"),
        human_duration(longest)
    );
    if let Some(deadline) = args.deadline
        && longest > deadline
    {
        let problem = Diagnostic::general("the checks may take too long")
            .expected(format!("at most {}", human_duration(deadline)))
            .found(format!(
                "{} if every request times out",
                human_duration(longest)
            ))
            .help("shorten timeouts and retries, or raise `--jobs` or `--deadline`");
        output.problems(&problem.into());
        return Exit::BadInput;
    }
    match output.report(&text) {
        Ok(()) => Exit::Passed,
        Err(error) => {
            output.error(&format!("standard output cannot be written: {error}"));
            Exit::CouldNotWork
        }
    }
}
