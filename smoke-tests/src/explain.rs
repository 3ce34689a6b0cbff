//! `smoke explain`: why a deployment got its verdict, from its stored report.
//!
//! The only module of the command that knows AWS.

use std::path::Path;
use std::time::Duration;

use aws::Access;
use aws::s3::{Address, S3};
use clap::ValueEnum;
use diagnostic::Diagnostic;
use diagnostic::snippet;
use report::explain;
use report::render::json;
use tokio::time::Instant;

use crate::Exit;
use crate::output::Output;

/// How many failed expectations are shown in full.
const SHOWN: usize = 5;
/// The largest report that is read.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// The longest that S3 is asked.
const LONGEST: Duration = Duration::from_secs(30);
/// The name that the Lambda gives to a report.
const NAME: &str = "report.json";

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
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,
}

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// What a person needs to know.
    Text,
    /// The whole report, as it is stored.
    Json,
}

/// Where a report is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin<'a> {
    File(&'a Path),
    Stored(Address),
}

/// Why there is no report, what to do, and how the command ends.
type Trouble = (Diagnostic, Exit);

pub(crate) fn explain(args: &ExplainArgs, output: &Output) -> Exit {
    match explained(args, output) {
        Ok(text) => match output.report(&text) {
            Ok(()) => Exit::Passed,
            Err(error) => {
                output.error(&format!("standard output cannot be written: {error}"));
                Exit::CouldNotWork
            }
        },
        Err((diagnostic, exit)) => {
            output.say(&snippet::render(&diagnostic, output.error_colour()));
            exit
        }
    }
}

fn explained(args: &ExplainArgs, output: &Output) -> Result<String, Trouble> {
    let (stored, from) = match origin(&args.what, args.reports.as_ref())? {
        Origin::File(path) => (read(path)?, path.display().to_string()),
        Origin::Stored(at) => (fetch(&at)?, at.to_string()),
    };
    let report = json::read(&stored).map_err(|problem| {
        let title = format!("`{from}` cannot be explained: {problem}");
        (Diagnostic::general(title), Exit::BadInput)
    })?;
    Ok(match args.format {
        Form::Text => explain::render_text(&report, SHOWN, output.colour()),
        Form::Json => String::from_utf8_lossy(&stored).into_owned(),
    })
}

/// What is named: an address in S3, a file, or else a deployment.
fn origin<'a>(what: &'a str, reports: Option<&Address>) -> Result<Origin<'a>, Trouble> {
    let bad = |title: String| (Diagnostic::general(title), Exit::BadInput);
    if what.starts_with(Address::SCHEME) {
        let at: Address = what.parse().map_err(bad)?;
        return Ok(Origin::Stored(report_at(&at)));
    }
    let path = Path::new(what);
    if path.is_file() || what.contains(['/', '\\']) || is_json(what) {
        return Ok(Origin::File(path));
    }
    let Some(below) = reports else {
        let diagnostic = Diagnostic::general(format!(
            "where are the reports? expected `--reports`, found nothing beside the deployment `{what}`"
        ));
        let help = "give `--reports s3://bucket/prefix/`, or set `SMOKE_REPORTS`, as it is set for the Lambda";
        return Err((diagnostic.help(help), Exit::BadInput));
    };
    let prefix = below.key.trim_end_matches('/');
    let slash = if prefix.is_empty() { "" } else { "/" };
    let key = format!("{prefix}{slash}{what}/");
    Ok(Origin::Stored(report_at(&below.with_key(key))))
}

/// The report in a folder, or what is named itself.
fn report_at(at: &Address) -> Address {
    let key = &at.key;
    if is_json(key) {
        return at.clone();
    }
    let slash = if key.is_empty() || key.ends_with('/') {
        ""
    } else {
        "/"
    };
    at.with_key(format!("{key}{slash}{NAME}"))
}

fn is_json(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|kind| kind == "json")
}

fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    std::fs::read(path).map_err(|error| {
        let title = format!("`{}` cannot be read: {error}", path.display());
        (Diagnostic::general(title), Exit::BadInput)
    })
}

fn fetch(at: &Address) -> Result<Vec<u8>, Trouble> {
    let could_not = |title: String| (Diagnostic::general(title), Exit::CouldNotWork);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| could_not(format!("the runtime cannot be started: {error}")))?;
    let fetched = runtime.block_on(async {
        let access = Access::of_user().await.map_err(|problem| {
            let help = "sign in as for AWS's own tools: environment variables, a profile (`AWS_PROFILE`), or `aws sso login`";
            let title = format!("no access to AWS: {problem}");
            (Diagnostic::general(title).help(help), Exit::CouldNotWork)
        })?;
        let got = S3::new(&access)
            .get(at, MOST_BYTES, Instant::now() + LONGEST)
            .await;
        got.map_err(|error| refused(at, &error))
    });
    // A look-up that the system does not end must not hold up the answer.
    runtime.shutdown_background();
    let report = fetched?;
    if report.len() as u64 > MOST_BYTES {
        let title = format!("`{at}` is too large: expected at most {MOST_BYTES} bytes");
        return Err(could_not(title));
    }
    Ok(report)
}

/// What to say of a report that S3 does not give.
fn refused(at: &Address, error: &aws::calls::CallError) -> Trouble {
    let bucket = &at.bucket;
    match error.code() {
        "NoSuchKey" => (
            Diagnostic::general(format!("there is no report `{at}`")).help(
                "is the deployment's id right, and `--reports` what `SMOKE_REPORTS` of the Lambda is? \
                 A gate that died before it could report leaves none until its watchdog has reported",
            ),
            Exit::BadInput,
        ),
        "NoSuchBucket" => (
            Diagnostic::general(format!("there is no bucket `{bucket}`"))
                .help("write `--reports` as `SMOKE_REPORTS` of the Lambda is"),
            Exit::BadInput,
        ),
        "AccessDenied" => (
            Diagnostic::general(format!("`{at}` may not be read: {error}")).help(format!(
                "allow yourself `s3:GetObject` on `arn:aws:s3:::{bucket}/{}`; without `s3:ListBucket`, S3 says the same of a report that is not there",
                at.key
            )),
            Exit::CouldNotWork,
        ),
        _ => {
            let diagnostic = Diagnostic::general(format!("`{at}` could not be read: {error}"));
            let help = "is the Region the bucket's (`AWS_REGION`, or the profile's), and S3 reached from here?";
            (diagnostic.help(help), Exit::CouldNotWork)
        }
    }
}
