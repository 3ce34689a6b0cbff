//! `smoke validate`: reads check files and sends nothing.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::time::Duration;

use diagnostic::Diagnostic;
use diagnostic::units::{counted, human_duration, human_duration_beside};
use runner::plan::Plan;

use crate::Exit;
use crate::args::ValidateArgs;
use crate::output::Output;
use crate::run::resolve;

/// The most checks that are named because they may take long.
const MOST_NAMED: usize = 3;

pub(crate) fn validate(args: &ValidateArgs, output: &Output) -> Exit {
    let plan = match resolve(&args.files, output) {
        Ok(plan) => plan,
        Err(exit) => return exit,
    };
    let longest = plan.worst_case(args.jobs, args.rate);
    let mut text = String::new();
    if args.list {
        for entry in plan.entries() {
            let _ = writeln!(text, "{entry}");
        }
    }
    let problem = too_long(&plan, longest, args);
    if problem.is_none() {
        let _ = writeln!(
            text,
            "valid: {} in {}, {} at the longest",
            counted(plan.check_count(), "check"),
            counted(plan.file_count(), "file"),
            human_duration(longest)
        );
    }
    if let Err(error) = output.report(&text) {
        output.error(&format!("standard output cannot be written: {error}"));
        return Exit::CouldNotWork;
    }
    match problem {
        None => Exit::Passed,
        Some(problem) => {
            output.problems(&problem.into());
            Exit::BadInput
        }
    }
}

/// What is wrong with the time that the checks may take, if anything is.
fn too_long(plan: &Plan, longest: Duration, args: &ValidateArgs) -> Option<Diagnostic> {
    let deadline = args.deadline.filter(|deadline| longest > *deadline)?;
    let mut entries: Vec<_> = plan
        .entries()
        .filter(|entry| entry.skip_reason.is_none())
        .collect();
    entries.sort_by_key(|entry| Reverse(entry.longest));
    let named = entries.iter().take(MOST_NAMED).map(|entry| {
        let (name, place) = (&entry.name, &entry.place);
        format!("`{name}` ({place}) for {}", human_duration(entry.longest))
    });
    let named: Vec<_> = named.collect();
    let more = if entries.len() > MOST_NAMED {
        ", …"
    } else {
        ""
    };
    let (most, found) = human_duration_beside(deadline, longest);
    let named = named.join(", ");
    let problem = Diagnostic::general("the checks may take too long")
        .expected(format!("at most {most}"))
        .found(format!("{found} if every request times out: {named}{more}"))
        .help("shorten timeouts and retries, or raise `--jobs` or `--deadline`");
    Some(problem)
}
