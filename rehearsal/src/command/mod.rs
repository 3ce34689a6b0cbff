//! What the subcommands share: the options for the hook, errors, and endings.

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

/// Standard output, with or without colours.
pub(crate) fn open_stdout(color: ColorChoice) -> Out {
    AutoStream::new(io::stdout(), color_choice(color))
}

/// The same choice for `anstream`.
fn color_choice(color: ColorChoice) -> anstream::ColorChoice {
    match color {
        ColorChoice::Auto => anstream::AutoStream::choice(&io::stdout()),
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
}

/// How a subcommand ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Every deployment ended as it should: exit code 0.
    Expected,
    /// A deployment ended otherwise: exit code 1.
    Unexpected,
}

/// Why a subcommand could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error("expected {what}, found no file `{}`", path.display())]
    NoFile { what: &'static str, path: PathBuf },
    #[error("expected NAME=VALUE, found `{found}`")]
    BadSetting { found: String },
    #[error(transparent)]
    Stage(#[from] StageError),
    #[error("cannot write")]
    Write(#[from] io::Error),
}

impl CommandError {
    /// 2 for bad input, 3 for everything else.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::NoFile { .. } | Self::BadSetting { .. } => ExitCode::from(2),
            Self::Stage(_) | Self::Write(_) => ExitCode::from(3),
        }
    }

    /// Writes the error with its causes, and what helps.
    pub(crate) fn write_to_stderr(&self, color: ColorChoice) {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            // Writing into a string cannot fail.
            let _ = write!(text, ": {error}");
            cause = error.source();
        }
        let help = match self {
            // A missing hook is the usual mistake: it was not built.
            Self::NoFile {
                what: "the hook", ..
            } => "\nhelp: build it with `cargo build -p hook`, or name it with `--hook PATH`",
            _ => "",
        };
        let red = AnsiColor::Red.on_default().bold();
        let mut err = AutoStream::new(io::stderr(), color_choice(color));
        // With standard error closed, the exit code still tells.
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
    pub(crate) fn deployment_options(
        &self,
        stage: &Stage,
    ) -> Result<DeploymentOptions, CommandError> {
        let mut options = DeploymentOptions::new(self.hook_path()?);
        options.settings = stage.hook_settings();
        if let Some(checks) = &self.checks {
            let checks = resolve_path("a check file", checks)?;
            let setting = ("SMOKE_CHECKS".to_owned(), checks.display().to_string());
            options.settings.push(setting);
        }
        for setting in &self.settings {
            let (name, value) = setting
                .split_once('=')
                .filter(|(name, _)| !name.is_empty())
                .ok_or_else(|| CommandError::BadSetting {
                    found: setting.clone(),
                })?;
            options.settings.push((name.to_owned(), value.to_owned()));
        }
        Ok(options)
    }

    /// The executable of the hook.
    fn hook_path(&self) -> Result<PathBuf, CommandError> {
        if let Some(hook) = &self.hook {
            return resolve_path("the hook", hook);
        }
        let mut bootstrap = std::env::current_exe()?;
        bootstrap.set_file_name("bootstrap");
        resolve_path("the hook", &bootstrap)
    }
}

/// The absolute path of a file that exists: the function's process has another
/// working folder.
fn resolve_path(what: &'static str, path: &Path) -> Result<PathBuf, CommandError> {
    std::fs::canonicalize(path).map_err(|_| CommandError::NoFile {
        what,
        path: path.to_owned(),
    })
}

/// Runs a deployment and writes its events as they come.
pub(crate) async fn deploy_and_tell(
    stage: &Stage,
    options: DeploymentOptions,
    out: &mut Out,
) -> Result<Outcome, CommandError> {
    let mut story = Story::new(out);
    let mut write_result = Ok(());
    let outcome = stage
        .deploy(options, |event| {
            // A closed pipe must not end the deployment in the middle.
            if write_result.is_ok() {
                write_result = story.tell(&event);
            }
        })
        .await?;
    write_result?;
    Ok(outcome)
}
