//! The command `smoke`: runs check files against a target, validates them, or
//! explains the verdict of a deployment.

mod args;
mod error;
mod explain;
mod files;
mod import;
mod init;
mod output;
mod progress;
mod reference;
mod report_file;
mod run;
mod runtime;
mod validate;
mod variables;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

fn main() -> ExitCode {
    let args = Args::parse();
    let output = output::Output::new(args.color);
    let result = match args.command {
        Command::Run(args) => run::run(&args, &output),
        Command::Validate(args) => validate::validate(&args, &output),
        Command::Explain(args) => explain::explain(&args, &output),
        Command::Init(args) => init::init(&args, &output),
        Command::Import(args) => import::import(&args, &output),
        Command::Schema => reference::print_schema(&output),
        Command::Completions { shell } => reference::print_completions(shell, &output),
        Command::Man(args) => reference::print_manual_page(&args, &output),
    };
    result.unwrap_or_else(|error| error.show(&output)).into()
}

/// How the command ends; `--help` lists the codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// Every required check passed, or every file is valid.
    Passed,
    /// A check failed.
    Failed,
    /// A flag, a setting or a check file is wrong; nothing was sent.
    BadInput,
    /// The command could not do its work.
    CouldNotWork,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Passed => 0,
            Exit::Failed => 1,
            Exit::BadInput => 2,
            Exit::CouldNotWork => 3,
        })
    }
}
