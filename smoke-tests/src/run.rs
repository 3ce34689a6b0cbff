//! `smoke run`: from flags to an exit code.

use std::io;
use std::path::{Path, PathBuf};

use check_file::discover;
use client::http::Client;
use diagnostic::snippet::Colour;
use report::Report;
use report::render::{html, json, junit, tap, text};
use report::verdict::{Verdict, judge};
use runner::plan::{Plan, plan};
use runner::run as engine;
use thiserror::Error;

use crate::Exit;
use crate::args::{FileArgs, ReportFormat, RunArgs};
use crate::error::CommandError;
use crate::output::Output;
use crate::progress::Display;
use crate::runtime::start_runtime;

/// Why a report cannot be written.
#[derive(Debug, Error)]
enum WriteError {
    #[error("the report cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the report cannot be written as XML: {0}")]
    Xml(#[from] junit::XmlError),
    #[error("`{}` cannot be written: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error(transparent)]
    StandardOutput(#[from] CommandError),
}

pub(crate) fn run(args: &RunArgs, output: &Output) -> Result<Exit, CommandError> {
    let plan = read_plan(&args.files)?;
    let client = Client::new(&args.connection())
        .map_err(|error| CommandError::bad_input(error.to_string()))?;
    let runtime = start_runtime()?;
    let display = Display::new(output, args.quiet, plan.check_count());
    let report = runtime.block_on(engine::run(&plan, &client, args.limits(), &|progress| {
        display.show(progress);
    }));
    display.finish();
    runtime.shutdown_background();
    write_reports(args, &report, output)?;
    Ok(match judge(&report) {
        Verdict::Succeeded => Exit::Passed,
        Verdict::Failed => Exit::Failed,
    })
}

/// The plan that files, variables and tags make.
pub(crate) fn read_plan(files: &FileArgs) -> Result<Plan, CommandError> {
    let selection = files
        .selection(unicode_environment())
        .map_err(|error| CommandError::bad_input(error.to_string()))?;
    discover::read(&files.files)
        .and_then(|sources| plan(&sources, &selection, &|name| std::env::var(name).ok()))
        .map_err(|problems| CommandError::BadChecks { problems })
}

/// The environment, without what is not Unicode.
fn unicode_environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
}

/// Writes every report that was asked for. One that cannot be written does not
/// keep the others from being written; all errors are told together.
fn write_reports(args: &RunArgs, report: &Report, output: &Output) -> Result<(), CommandError> {
    // With `--output`, the file has the format, and a person has the text.
    let on_screen = if args.output.is_some() {
        ReportFormat::Text
    } else {
        args.format
    };
    let printed =
        render_report(on_screen, report, output.colour()).and_then(|text| Ok(output.print(&text)?));
    let output = args.output.iter().map(|path| (args.format, path));
    let reports = args.reports.iter().map(|file| (file.format, &file.path));
    let saved = output.chain(reports).map(|(format, path)| {
        render_report(format, report, Colour::Never).and_then(|text| save_report(path, &text))
    });
    let errors: Vec<String> = std::iter::once(printed)
        .chain(saved)
        .filter_map(Result::err)
        .map(|error| error.to_string())
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        let errors = errors.join("; ");
        Err(CommandError::could_not_work(errors))
    }
}

fn render_report(
    format: ReportFormat,
    report: &Report,
    colour: Colour,
) -> Result<String, WriteError> {
    Ok(match format {
        ReportFormat::Text => text::render(report, colour),
        ReportFormat::Json => json::render(report)? + "\n",
        ReportFormat::Junit => junit::render(report)?,
        ReportFormat::Tap => tap::render(report),
        ReportFormat::Html => html::render(report),
    })
}

fn save_report(path: &Path, text: &str) -> Result<(), WriteError> {
    std::fs::write(path, text).map_err(|source| WriteError::File {
        path: path.to_owned(),
        source,
    })
}
