//! `smoke explain`: why a deployment got its verdict, from its stored report.
//!
//! The only module of the command that knows AWS.

use std::path::Path;
use std::time::Duration;

use aws::Access;
use aws::s3::{Address, S3};
use clap::ValueEnum;
use report::explain;
use report::render::json;
use tokio::time::Instant;

use crate::Exit;
use crate::error::CommandError;
use crate::output::Output;
use crate::runtime::start_runtime;

/// How many failed expectations are shown in full.
const MOST_FAILURES: usize = 5;
/// The largest report that is read.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// The longest that a request to S3 may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The name that the Lambda gives to a report.
const REPORT_NAME: &str = "report.json";

pub(crate) const EXAMPLES: &str = "\
Examples:
  smoke explain d-ABCDEF123 --reports s3://shop-reports/greenlight/
  smoke explain s3://shop-reports/greenlight/d-ABCDEF123/runs/2026-11-23T120000.000Z-8476a536/
  smoke explain report.json

Credentials and Region are those of AWS's own tools: environment variables, profiles, SSO.

Exit codes:
  0  the report is shown, whatever its verdict
  2  there is no such report, or it cannot be read
  3  the command could not do its work";

#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    /// The deployment, such as d-ABCDEF123; or a JSON report, or its folder, as
    /// a file or in S3
    #[arg(value_name = "DEPLOYMENT-ID")]
    what: String,

    /// Where the Lambda stores its reports
    #[arg(long, env = "SMOKE_REPORTS", value_name = "S3-PREFIX")]
    reports: Option<Address>,

    /// What is printed
    #[arg(long, value_enum, default_value_t = ExplainFormat::Text)]
    format: ExplainFormat,
}

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExplainFormat {
    /// What a person needs to know.
    Text,
    /// The whole report, as it is stored.
    Json,
}

/// Where a report is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ReportPlace<'a> {
    File(&'a Path),
    Stored(Address),
}

pub(crate) fn explain(args: &ExplainArgs, output: &Output) -> Result<Exit, CommandError> {
    let (stored, name) = match find_report(&args.what, args.reports.as_ref())? {
        ReportPlace::File(path) => (read_file(path)?, path.display().to_string()),
        ReportPlace::Stored(at) => (fetch_report(&at)?, at.to_string()),
    };
    let report = json::read(&stored).map_err(|problem| {
        let title = format!("`{name}` cannot be explained: {problem}");
        CommandError::bad_input(title)
    })?;
    let text = match args.format {
        ExplainFormat::Text => explain::render_text(&report, MOST_FAILURES, output.colour()),
        ExplainFormat::Json => String::from_utf8_lossy(&stored).into_owned(),
    };
    output.print(&text)?;
    Ok(Exit::Passed)
}

/// Where the report is that the argument names: an address in S3, a file, or
/// else the folder of a deployment below `--reports`.
fn find_report<'a>(
    what: &'a str,
    reports: Option<&Address>,
) -> Result<ReportPlace<'a>, CommandError> {
    if what.starts_with(Address::SCHEME) {
        let address = what.parse::<Address>();
        let at = address.map_err(CommandError::bad_input)?;
        return Ok(ReportPlace::Stored(report_in(&at)));
    }
    let path = Path::new(what);
    // A deployment's id has no slash and does not end with `.json`, so such a name
    // is a file, even if no such file is there: the message then names it.
    if path.is_file() || what.contains(['/', '\\']) || is_json(what) {
        return Ok(ReportPlace::File(path));
    }
    let Some(below) = reports else {
        let error = CommandError::bad_input(format!(
            "where are the reports? expected `--reports`, found nothing beside the deployment `{what}`"
        ));
        let help = "give `--reports s3://bucket/prefix/`, or set `SMOKE_REPORTS`, as it is set for the Lambda";
        return Err(error.with_help(help));
    };
    let prefix = below.key.trim_end_matches('/');
    let slash = if prefix.is_empty() { "" } else { "/" };
    let key = format!("{prefix}{slash}{what}/");
    Ok(ReportPlace::Stored(report_in(&below.with_key(key))))
}

/// The report in a folder, or what is named itself.
fn report_in(at: &Address) -> Address {
    let key = &at.key;
    if is_json(key) {
        return at.clone();
    }
    let slash = if key.is_empty() || key.ends_with('/') {
        ""
    } else {
        "/"
    };
    at.with_key(format!("{key}{slash}{REPORT_NAME}"))
}

fn is_json(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|kind| kind == "json")
}

fn read_file(path: &Path) -> Result<Vec<u8>, CommandError> {
    std::fs::read(path).map_err(|error| {
        let title = format!("`{}` cannot be read: {error}", path.display());
        CommandError::bad_input(title)
    })
}

fn fetch_report(at: &Address) -> Result<Vec<u8>, CommandError> {
    let runtime = start_runtime()?;
    let fetched = runtime.block_on(async {
        let access = Access::for_user().await.map_err(|problem| {
            let help = "sign in as for AWS's own tools: environment variables, a profile (`AWS_PROFILE`), or `aws sso login`";
            let title = format!("no access to AWS: {problem}");
            CommandError::could_not_work(title).with_help(help)
        })?;
        let result = S3::new(&access)
            .get(at, MOST_BYTES, Instant::now() + TIMEOUT)
            .await;
        result.map_err(|error| explain_refusal(at, &error))
    });
    runtime.shutdown_background();
    fetched?.ok_or_else(|| {
        CommandError::could_not_work(format!(
            "`{at}` is too large: expected at most {MOST_BYTES} bytes"
        ))
    })
}

/// Why S3 does not give the report, and what to do.
fn explain_refusal(at: &Address, error: &aws::calls::CallError) -> CommandError {
    let bucket = &at.bucket;
    match error.code() {
        "NoSuchKey" => CommandError::bad_input(format!("there is no report `{at}`")).with_help(
            "is the deployment's id right, and `--reports` what `SMOKE_REPORTS` of the Lambda is? \
             A gate that died before it could report leaves none until its watchdog has reported",
        ),
        "NoSuchBucket" => CommandError::bad_input(format!("there is no bucket `{bucket}`"))
            .with_help("write `--reports` as `SMOKE_REPORTS` of the Lambda is"),
        // S3 does not tell who may not list a bucket whether the object is there.
        "AccessDenied" => {
            CommandError::could_not_work(format!("`{at}` may not be read: {error}")).with_help(format!(
                "allow yourself `s3:GetObject` on `arn:aws:s3:::{bucket}/{}`; without `s3:ListBucket`, S3 says the same of a report that is not there",
                at.key
            ))
        }
        _ => CommandError::could_not_work(format!("`{at}` could not be read: {error}")).with_help(
            "is the Region the bucket's (`AWS_REGION`, or the profile's), and S3 reached from here?",
        ),
    }
}
