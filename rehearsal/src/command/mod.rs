//! What the subcommands share: options, the two kinds of problem, the end.

pub(crate) mod demo;
pub(crate) mod deploy;
pub(crate) mod serve;

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Stdout, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anstream::AutoStream;
use anstyle::AnsiColor;
use clap::{Args, ColorChoice};
use rehearsal::{DeploymentOptions, Outcome, Stage, StageError, Story};

/// Standard output, with colours where they are wanted.
pub(crate) type Out = AutoStream<Stdout>;

pub(crate) fn stdout(color: ColorChoice) -> Out {
    AutoStream::new(io::stdout(), choice(color))
}

fn choice(color: ColorChoice) -> anstream::ColorChoice {
    match color {
        ColorChoice::Auto => anstream::AutoStream::choice(&io::stdout()),
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
}

/// How a subcommand ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Exit code 0.
    AsItShould,
    /// Exit code 1.
    Otherwise,
}

/// Why a subcommand could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("expected {what}, found no file `{}`", path.display())]
    NoFile { what: &'static str, path: PathBuf },
    #[error("expected NAME=VALUE, found `{found}`")]
    BadSetting { found: String },
    #[error(transparent)]
    Stage(#[from] StageError),
    #[error("cannot write")]
    Write(#[from] io::Error),
}

impl Problem {
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::NoFile { .. } | Self::BadSetting { .. } => ExitCode::from(2),
            Self::Stage(_) | Self::Write(_) => ExitCode::from(3),
        }
    }

    pub(crate) fn write_to_stderr(&self, color: ColorChoice) {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            // Writing into a string cannot fail.
            let _ = write!(text, ": {error}");
            cause = error.source();
        }
        let help = match self {
            Self::NoFile {
                what: "the hook", ..
            } => "\nhelp: build it with `cargo build -p hook`, or name it with `--hook PATH`",
            _ => "",
        };
        let red = AnsiColor::Red.on_default().bold();
        let mut err = AutoStream::new(io::stderr(), choice(color));
        // Where standard error is closed there is nobody to tell.
        let _ = writeln!(err, "{red}error{red:#}: {text}{help}");
    }
}

/// Which hook runs, with which checks.
#[derive(Debug, Args)]
pub(crate) struct HookArguments {
    /// The hook's executable [default: `bootstrap` beside this command].
    #[arg(long, value_name = "PATH")]
    hook: Option<PathBuf>,

    /// A check file, or a folder of them, for the hook: SMOKE_CHECKS.
    #[arg(long, value_name = "PATH")]
    checks: Option<PathBuf>,

    /// Another environment variable for the hook; may be repeated.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
}

impl HookArguments {
    /// The deployment that these options ask for, on this stage.
    pub(crate) fn options(&self, stage: &Stage) -> Result<DeploymentOptions, Problem> {
        let mut options = DeploymentOptions::new(self.hook()?);
        options.settings = stage.hook_settings();
        if let Some(checks) = &self.checks {
            let checks = existing("a check file", checks)?;
            let setting = ("SMOKE_CHECKS".to_owned(), checks.display().to_string());
            options.settings.push(setting);
        }
        for setting in &self.settings {
            let (name, value) = setting
                .split_once('=')
                .filter(|(name, _)| !name.is_empty())
                .ok_or_else(|| Problem::BadSetting {
                    found: setting.clone(),
                })?;
            options.settings.push((name.to_owned(), value.to_owned()));
        }
        Ok(options)
    }

    fn hook(&self) -> Result<PathBuf, Problem> {
        if let Some(hook) = &self.hook {
            return existing("the hook", hook);
        }
        let mut beside = std::env::current_exe()?;
        beside.set_file_name("bootstrap");
        existing("the hook", &beside)
    }
}

/// The path as the function's process, which runs elsewhere, can use it.
fn existing(what: &'static str, path: &Path) -> Result<PathBuf, Problem> {
    std::fs::canonicalize(path).map_err(|_| Problem::NoFile {
        what,
        path: path.to_owned(),
    })
}

/// Runs a deployment and tells its story.
pub(crate) async fn tell(
    stage: &Stage,
    options: DeploymentOptions,
    out: &mut Out,
) -> Result<Outcome, Problem> {
    let mut story = Story::new(out);
    let mut written = Ok(());
    let outcome = stage
        .deploy(options, |event| {
            if written.is_ok() {
                written = story.tell(&event);
            }
        })
        .await?;
    written?;
    Ok(outcome)
}
