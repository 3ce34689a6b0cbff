//! `smoke run`: from flags to an exit code.

use std::path::Path;

use check_file::discover;
use client::http::Client;
use diagnostic::snippet::Colour;
use report::Report;
use report::render::{html, json, junit, tap, text};
use report::verdict::{Verdict, judge};
use runner::plan::{Plan, plan};
use runner::run as engine;

use crate::Exit;
use crate::args::{FileArgs, Format, RunArgs};
use crate::output::Output;
use crate::progress::Display;

pub(crate) fn run(args: &RunArgs, output: &Output) -> Exit {
    let plan = match resolve(&args.files, output) {
        Ok(plan) => plan,
        Err(exit) => return exit,
    };
    let client = match Client::new(&args.connection()) {
        Ok(client) => client,
        Err(error) => {
            output.error(&error.to_string());
            return Exit::BadInput;
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            output.error(&format!("the runtime cannot be started: {error}"));
            return Exit::CouldNotWork;
        }
    };
    let display = Display::new(output, args.quiet, plan.checks());
    let report = runtime.block_on(engine::run(&plan, &client, args.limits(), &|progress| {
        display.show(progress);
    }));
    display.finish();
    // A look-up that the system does not end must not hold up the report.
    runtime.shutdown_background();
    if let Err(reason) = write(args, &report, output) {
        output.error(&reason);
        return Exit::CouldNotWork;
    }
    match judge(&report) {
        Verdict::Succeeded => Exit::Passed,
        Verdict::Failed => Exit::Failed,
    }
}

/// The plan that files, variables and tags make.
pub(crate) fn resolve(files: &FileArgs, output: &Output) -> Result<Plan, Exit> {
    let selection = files.selection(environment()).map_err(|reason| {
        output.error(&reason);
        Exit::BadInput
    })?;
    discover::read(&files.files)
        .and_then(|sources| plan(&sources, &selection, &|name| std::env::var(name).ok()))
        .map_err(|problems| {
            output.problems(&problems);
            Exit::BadInput
        })
}

/// The environment, without what is not Unicode.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
}

/// Writes every report that was asked for; one that cannot be written does not
/// keep the others from it.
fn write(args: &RunArgs, report: &Report, output: &Output) -> Result<(), String> {
    let shown = if args.output.is_some() {
        Format::Text
    } else {
        args.format
    };
    let printed = rendered(shown, report, output.colour()).and_then(|text| {
        output
            .report(&text)
            .map_err(|error| format!("standard output cannot be written: {error}"))
    });
    let output = args.output.iter().map(|path| (args.format, path));
    let reports = args.reports.iter().map(|file| (file.format, &file.path));
    let saved = output.chain(reports).map(|(format, path)| {
        rendered(format, report, Colour::Never).and_then(|text| save(path, &text))
    });
    let wrong: Vec<String> = std::iter::once(printed)
        .chain(saved)
        .filter_map(Result::err)
        .collect();
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("; "))
    }
}

fn rendered(format: Format, report: &Report, colour: Colour) -> Result<String, String> {
    match format {
        Format::Text => Ok(text::render(report, colour)),
        Format::Json => json::render(report)
            .map(|text| text + "\n")
            .map_err(|error| format!("the report cannot be written as JSON: {error}")),
        Format::Junit => junit::render(report)
            .map_err(|error| format!("the report cannot be written as XML: {error}")),
        Format::Tap => Ok(tap::render(report)),
        Format::Html => Ok(html::render(report)),
    }
}

fn save(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text)
        .map_err(|error| format!("`{}` cannot be written: {error}", path.display()))
}
