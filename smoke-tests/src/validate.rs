//! `smoke validate`: reads check files and sends nothing.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::time::Duration;

use diagnostic::Diagnostic;
use diagnostic::units::{human_duration, human_duration_beside, pluralize};
use runner::plan::Plan;

use crate::Exit;
use crate::args::ValidateArgs;
use crate::error::CommandError;
use crate::output::Output;
use crate::run::read_plan;

/// The most checks that are named because they may take long.
const MOST_NAMED: usize = 3;

pub(crate) fn validate(args: &ValidateArgs, output: &Output) -> Result<Exit, CommandError> {
    let plan = read_plan(&args.files)?;
    let longest = plan.worst_case(args.jobs, args.rate);
    let mut text = String::new();
    if args.list {
        for entry in plan.entries() {
            let _ = writeln!(text, "{entry}");
        }
    }
    let problem = check_deadline(&plan, longest, args);
    if problem.is_none() {
        let _ = writeln!(
            text,
            "valid: {} in {}, {} at the longest",
            pluralize(plan.check_count(), "check"),
            pluralize(plan.file_count(), "file"),
            human_duration(longest)
        );
    }
    output.print(&text)?;
    match problem {
        None => Ok(Exit::Passed),
        Some(problem) => Err(CommandError::BadChecks {
            problems: problem.into(),
        }),
    }
}

/// The problem that the checks may take longer than `--deadline`, with those
/// that may take longest; `None` if they may not.
fn check_deadline(plan: &Plan, longest: Duration, args: &ValidateArgs) -> Option<Diagnostic> {
    let deadline = args.deadline.filter(|deadline| longest > *deadline)?;
    let mut entries: Vec<_> = plan
        .entries()
        .filter(|entry| entry.skip_reason.is_none())
        .collect();
    entries.sort_by_key(|entry| Reverse(entry.longest));
    let slowest = entries.iter().take(MOST_NAMED).map(|entry| {
        let (name, place) = (&entry.name, &entry.place);
        format!("`{name}` ({place}) for {}", human_duration(entry.longest))
    });
    let slowest: Vec<_> = slowest.collect();
    let ellipsis = if entries.len() > MOST_NAMED {
        ", …"
    } else {
        ""
    };
    let (most, found) = human_duration_beside(deadline, longest);
    let slowest = slowest.join(", ");
    let problem = Diagnostic::general("the checks may take too long")
        .expected(format!("at most {most}"))
        .found(format!(
            "{found} if every request times out: {slowest}{ellipsis}"
        ))
        .help("shorten timeouts and retries, or raise `--jobs` or `--deadline`");
    Some(problem)
}
