//! The flags of the command, each with its twin in the environment.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use client::connection::Connection;
use client::hosts::{Host, Hosts};
use client::target::{Address, Target};
use diagnostic::units::parse_duration;
use runner::rate::Rate;
use runner::settings::{Assignment, DEFAULT_JOBS, Limits, Selection, Tags, parse_jobs};

use crate::error::SelectionError;
use crate::report_file::ReportFile;
use crate::variables::{RunVariables, VariableError, read_variables};

use crate::explain;

const EXIT_CODES: &str = "\
Exit codes:
  0  every required check passed, or every file is valid
  1  a check failed
  2  a flag, a setting or a check file is wrong; nothing was sent
  3  the command could not do its work";

const RUN_EXAMPLES: &str = "\
Examples:
  smoke run checks/ --target https://staging.example.com:8443
  smoke run checks/ --target https://shop.example.com:8443 --connect-to my-alb.eu-west-1.elb.amazonaws.com
  smoke run 'checks/**/*.yaml' --target https://localhost:8443 --cacert ca.pem --tag critical --tag '!slow'
  smoke run checks/ --target https://staging.example.com --report junit=report.xml --report html=report.html

Variables can also be given as environment variables: SMOKE_VAR_customer=demo is --var customer=demo.

Exit codes:
  0  every required check passed
  1  a check failed
  2  a flag, a setting or a check file is wrong; nothing was sent
  3  the command could not do its work";

const INIT_EXAMPLES: &str = "\
Examples:
  smoke init https://staging.example.com
  smoke init --openapi openapi.yaml --output checks/api.yaml
  smoke init --openapi https://staging.example.com/openapi.json --dry-run

Only GET requests are sent.

Exit codes:
  0  the check file is written
  2  nothing to check was found, or the check file is there already
  3  the command could not do its work";

const IMPORT_EXAMPLES: &str = "\
Examples:
  smoke import shop.postman_collection.json staging.postman_environment.json
  smoke import checks.hurl --output checks/

Exit codes:
  0  everything is carried over
  1  something is not; the check file says where, and so does standard error
  2  a file is wrong, or the check file is there already
  3  the command could not do its work";

/// Functional checks for the test listener of a blue/green deployment.
#[derive(Debug, Parser)]
#[command(name = "smoke", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// When to use colours; `NO_COLOR` is respected
    #[arg(long, global = true, value_enum, default_value_t = ColourChoice::Auto, value_name = "WHEN")]
    pub(crate) color: ColourChoice,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run checks against a target and say what came out
    #[command(after_help = RUN_EXAMPLES)]
    Run(Box<RunArgs>),
    /// Read check files, say everything that is wrong with them, and send nothing
    Validate(ValidateArgs),
    /// Say why a deployment got its verdict, from the report that the Lambda stored
    #[command(after_help = explain::EXAMPLES)]
    Explain(explain::ExplainArgs),
    /// Write a first check file, from what a service answers or from an OpenAPI document
    #[command(after_help = INIT_EXAMPLES)]
    Init(InitArgs),
    /// Make check files from Postman collections and Hurl files
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(ImportArgs),
    /// Print the JSON Schema of check files, for editors
    Schema,
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print a manual page, in troff
    Man(ManArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// The subcommand whose page is printed; that of `smoke` itself if absent
    pub(crate) subcommand: Option<String>,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColourChoice {
    /// On a terminal.
    Auto,
    Always,
    Never,
}

/// The form of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people.
    Text,
    /// For programs, with a version of its own.
    Json,
    /// For CI systems and CodeBuild report groups.
    Junit,
    /// Test Anything Protocol, version 14.
    Tap,
    /// For people, in a browser: one file with all in it.
    Html,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) files: FileArgs,

    /// The base URL under test, such as the test listener's
    #[arg(long, env = "SMOKE_TARGET", value_name = "URL")]
    target: Target,

    /// Dial this host instead of the target's name; TLS and Host keep the name
    #[arg(long, env = "SMOKE_CONNECT_TO", value_name = "HOST[:PORT]")]
    connect_to: Option<Address>,

    /// Trust only the certificate authorities in this PEM file
    #[arg(long, env = "SMOKE_CACERT", value_name = "FILE")]
    cacert: Option<PathBuf>,

    /// Begin no further check after one that fails
    #[arg(
        long,
        env = "SMOKE_FAIL_FAST",
        num_args = 0..=1,
        require_equals = true,
        default_value_t = false,
        default_missing_value = "true",
        value_name = "BOOL"
    )]
    fail_fast: bool,

    /// How many checks run at the same time, 256 at most
    #[arg(long, short, env = "SMOKE_JOBS", value_name = "N", default_value_t = DEFAULT_JOBS, value_parser = parse_jobs)]
    jobs: NonZeroUsize,

    /// The most requests in a second or a minute, over all checks
    #[arg(long, env = "SMOKE_RATE", value_name = "N/s")]
    rate: Option<Rate>,

    /// The longest that the whole run may take, such as 2m30s; what is not
    /// done by then is reported as cut short or not run
    #[arg(long, env = "SMOKE_DEADLINE", value_name = "TIME", value_parser = parse_time_limit)]
    deadline: Option<Duration>,

    /// The form of the report
    #[arg(long, env = "SMOKE_FORMAT", value_enum, default_value_t = ReportFormat::Text)]
    pub(crate) format: ReportFormat,

    /// Write the report into this file, and a text for people to standard output
    #[arg(long, short, env = "SMOKE_OUTPUT", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Write a report into a file as well; may be repeated, so that one run
    /// gives a text to read, JUnit for the CI system and HTML to keep
    #[arg(
        long = "report",
        env = "SMOKE_REPORT",
        value_delimiter = ',',
        value_name = "FORMAT=FILE"
    )]
    pub(crate) reports: Vec<ReportFile>,

    /// Show no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ValidateArgs {
    #[command(flatten)]
    pub(crate) files: FileArgs,

    /// List what would run, with its place, tags and longest time
    #[arg(long)]
    pub(crate) list: bool,

    /// How many checks will run at the same time, 256 at most
    #[arg(long, short, env = "SMOKE_JOBS", value_name = "N", default_value_t = DEFAULT_JOBS, value_parser = parse_jobs)]
    pub(crate) jobs: NonZeroUsize,

    /// The most requests in a second or a minute that there will be
    #[arg(long, env = "SMOKE_RATE", value_name = "N/s")]
    pub(crate) rate: Option<Rate>,

    /// Refuse files that may take longer than this, such as 10m
    #[arg(long, env = "SMOKE_DEADLINE", value_name = "TIME", value_parser = parse_time_limit)]
    pub(crate) deadline: Option<Duration>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct InitArgs {
    /// The URL of a service that runs
    #[arg(value_name = "URL", required_unless_present = "openapi")]
    pub(crate) target: Option<Target>,

    /// An OpenAPI document, 3.0 or 3.1: checks of its GET operations
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) openapi: Option<String>,

    /// Dial this host instead of the URL's name; TLS and Host keep the name
    #[arg(long, env = "SMOKE_CONNECT_TO", value_name = "HOST[:PORT]")]
    pub(crate) connect_to: Option<Address>,

    /// Trust only the certificate authorities in this PEM file
    #[arg(long, env = "SMOKE_CACERT", value_name = "FILE")]
    pub(crate) cacert: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) writing: WritingArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ImportArgs {
    /// Postman collections (format v2.1), Postman environments, and Hurl files
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,

    /// Keep all bodies of JSON as they are written, those with variables too
    #[arg(long)]
    pub(crate) verbatim: bool,

    #[command(flatten)]
    pub(crate) writing: WritingArgs,
}

/// How a check file is written.
#[derive(Debug, clap::Args)]
pub(crate) struct WritingArgs {
    /// Write the check file here: a file, a folder, or `-` for standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Replace a file that is there
    #[arg(long)]
    pub(crate) force: bool,

    /// Print the check file and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct FileArgs {
    /// Check files, folders of them, or globs
    #[arg(env = "SMOKE_CHECKS", value_delimiter = ',', required = true)]
    pub(crate) files: Vec<String>,

    /// Give a variable its value; may be repeated
    #[arg(long = "var", value_name = "NAME=VALUE")]
    variables: Vec<String>,

    /// Give a variable a value that no output may hold; may be repeated. Other
    /// users of the machine may see flags: prefer `SMOKE_SECRET_NAME=VALUE` in
    /// the environment, or a file
    #[arg(long = "secret", value_name = "NAME=VALUE")]
    secrets: Vec<String>,

    /// Read variables from a file of NAME=VALUE lines, `secret` before those
    /// that no output may hold; may be repeated
    #[arg(
        long = "vars-file",
        env = "SMOKE_VARS_FILE",
        value_delimiter = ',',
        value_name = "FILE"
    )]
    variable_files: Vec<PathBuf>,

    /// A host beside the target that steps may name by its URL, such as
    /// `auth.example.com`, `*.example.com` or `localhost:9000`; may be repeated
    #[arg(
        long = "allow-host",
        env = "SMOKE_ALLOW_HOSTS",
        value_delimiter = ',',
        value_name = "HOST[:PORT]"
    )]
    hosts: Vec<Host>,

    /// Run checks with this tag, or without it if it begins with `!`; may be repeated
    #[arg(
        long = "tag",
        env = "SMOKE_TAG",
        value_delimiter = ',',
        value_name = "TAG"
    )]
    tags: Vec<String>,
}

impl RunArgs {
    pub(crate) fn connection(&self) -> Connection {
        Connection {
            target: self.target.clone().with_allowed_hosts(self.files.hosts()),
            connect_to: self.connect_to.clone(),
            cacert: self.cacert.clone(),
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits {
            jobs: self.jobs,
            fail_fast: self.fail_fast,
            deadline: self.deadline,
            rate: self.rate,
        }
    }
}

impl FileArgs {
    fn hosts(&self) -> Hosts {
        self.hosts.iter().cloned().collect()
    }

    /// What the flags and the environment select. A variable of a flag replaces
    /// that of a file, and that of a file the environment's.
    pub(crate) fn selection(
        &self,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Selection, SelectionError> {
        let mut variables = RunVariables::default();
        for (key, value) in environment {
            let secret = key.strip_prefix("SMOKE_SECRET_");
            if let Some(name) = secret.or_else(|| key.strip_prefix("SMOKE_VAR_")) {
                let name = name.to_owned();
                variables.add(Assignment { name, value }, secret.is_some())?;
            }
        }
        for path in &self.variable_files {
            variables.begin_source();
            for (assignment, secret) in read_variables(path)? {
                variables.add(assignment, secret)?;
            }
        }
        variables.begin_source();
        let plain = self.variables.iter().map(|text| ("--var", text, false));
        let secret = self.secrets.iter().map(|text| ("--secret", text, true));
        for (flag, text, secret) in plain.chain(secret) {
            let assignment =
                text.parse::<Assignment>()
                    .map_err(|reason| VariableError::BadFlag {
                        flag,
                        reason: reason.to_string(),
                    })?;
            variables.add(assignment, secret)?;
        }
        let tags = Tags::parse(self.tags.iter().map(String::as_str));
        let tags = tags.map_err(|reason| SelectionError::BadTag {
            reason: reason.to_string(),
        })?;
        Ok(Selection {
            variables: variables.values,
            secrets: variables.secrets,
            hosts: self.hosts(),
            tags,
            ..Selection::default()
        })
    }
}

fn parse_time_limit(text: &str) -> Result<Duration, String> {
    parse_duration(text)
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| {
            "expected a duration above zero, such as `500ms`, `5s` or `1m30s`".to_owned()
        })
}
