//! The sinks: who is told of a verdict once CodeDeploy has it. A file may use
//! what stands above it here, never what stands below it.
//!
//! | file | what it is for |
//! |---|---|
//! | `links` | where to read on |
//! | `invocation` | what there is to tell |
//! | `metrics` | one line in CloudWatch's embedded metric format |
//! | `reports` | the reports as objects in S3 |
//! | `notice` | a message through SNS |
//!
//! Invariant: a sink changes no verdict, and delays none. One that fails is a
//! line of the log and a member of the function's answer.

mod invocation;
mod links;
mod metrics;
mod notice;
mod reports;

use std::cell::LazyCell;
use std::time::Duration;

use futures_util::future::join;
use report::{Link, Report};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use aws::calls::CallError;

use crate::environment::Environment;
use crate::secrets;
use crate::settings::SinkSettings;

pub(crate) use self::invocation::Invocation;
use self::links::Console;
use self::metrics::Metrics;
use self::notice::Notices;
use self::reports::Reports;

/// The longest that all sinks together may take.
const MOST: Duration = Duration::from_secs(10);
/// How long before that the last call gives up.
const MARGIN: Duration = Duration::from_millis(100);
/// The longest that a message waits to know whether the reports are stored.
const PATIENCE: Duration = Duration::from_secs(3);

/// Everything that tells of verdicts.
pub(crate) struct Sinks {
    console: Console,
    metrics: Option<Metrics>,
    reports: Option<Result<Reports, Problem>>,
    notices: Option<Result<Notices, Problem>>,
}

/// What became of the work of a sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SinkOutcome {
    /// Which sink it is.
    pub(crate) sink: &'static str,
    /// In one line.
    pub(crate) text: String,
}

/// Why a sink could not do its work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
struct Problem {
    reason: String,
    help: Option<String>,
}

impl Problem {
    fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            help: None,
        }
    }
}

impl From<aws::Error> for Problem {
    fn from(error: aws::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        Self {
            reason: error.to_string(),
            help: error.help(),
        }
    }
}

impl Sinks {
    /// Reads their settings and makes their clients, once for all invocations.
    /// One that cannot be made says so each time that it is needed.
    pub(crate) fn new(environment: &Environment) -> Self {
        let settings = SinkSettings::read(environment);
        // Only who is to call AWS needs access to it.
        let access = LazyCell::new(|| environment.aws().map_err(Problem::from));
        let reports = settings.reports.map(|below| {
            let access = LazyCell::force(&access).as_ref().map_err(Problem::clone)?;
            Ok(Reports::new(access, below))
        });
        let notices = settings.notify.map(|notify| {
            let access = LazyCell::force(&access).as_ref().map_err(Problem::clone)?;
            Ok(Notices::new(access, notify))
        });
        Self {
            console: Console::new(environment),
            metrics: settings
                .metrics
                .map(|namespace| Metrics::new(namespace, environment.log_level())),
            reports,
            notices,
        }
    }

    /// Tells all of them, no longer than `until`.
    pub(crate) async fn notify(
        &self,
        invocation: &Invocation<'_>,
        until: Instant,
    ) -> Vec<SinkOutcome> {
        if let Some(metrics) = &self.metrics {
            metrics.write(invocation);
        }
        // A run by hand has no deployment that its reports could belong to.
        let Some(deployment_id) = invocation.deployment_id else {
            return Vec::new();
        };
        if self.reports.is_none() && self.notices.is_none() {
            return Vec::new();
        }
        let until = until.min(Instant::now() + MOST);
        let report = invocation.report(&self.console);
        let key = reports::Key::new(deployment_id, invocation.started_at, invocation.request_id);
        let (stored, is_stored) = oneshot::channel();
        let storing = self.store(report.clone(), &key, invocation, stored, until);
        let sending = self.send(report, invocation, is_stored, until);
        let (stored, sent) = join(storing, sending).await;
        [stored, sent].into_iter().flatten().collect()
    }

    /// Stores the reports, and tells the notice where they are.
    async fn store(
        &self,
        mut report: Report,
        key: &reports::Key,
        invocation: &Invocation<'_>,
        stored: oneshot::Sender<Result<Vec<Link>, Problem>>,
        until: Instant,
    ) -> Option<SinkOutcome> {
        let reports = self.reports.as_ref()?;
        let done = finish_in_time(until, async {
            let reports = reports.as_ref().map_err(Problem::clone)?;
            report.context.links.extend(reports.links(key));
            reports
                .store(report, key, invocation.decides(), end_of_calls(until))
                .await?;
            Ok(reports.links(key))
        })
        .await;
        let outcome = done.as_ref().map_err(Problem::clone);
        let outcome = outcome.map(|links| {
            let last = links.last().map_or("", |link| link.url.as_str());
            format!("stored: {last}")
        });
        // A notice that waits no longer has no use for it.
        let _ = stored.send(done);
        Some(log_outcome("reports", outcome))
    }

    /// Sends the notice, as soon as it is known whether the reports are there.
    async fn send(
        &self,
        mut report: Report,
        invocation: &Invocation<'_>,
        is_stored: oneshot::Receiver<Result<Vec<Link>, Problem>>,
        until: Instant,
    ) -> Option<SinkOutcome> {
        let notices = self.notices.as_ref()?;
        let sent = finish_in_time(until, async {
            let notices = notices.as_ref().map_err(Problem::clone)?;
            // An event that Lambda delivers twice must not wake people twice.
            if let Some(why_not) = notices.why_not(invocation) {
                return Ok(format!("not sent: {why_not}"));
            }
            if self.reports.is_some() {
                let left = until.saturating_duration_since(Instant::now());
                let patience = Instant::now() + PATIENCE.min(left / 2);
                let known = timeout_at(patience, is_stored).await;
                match known {
                    Ok(Ok(Ok(links))) => report.context.links.extend(links),
                    Ok(Ok(Err(problem))) => {
                        report.context.links.push(explain_missing(&problem.reason));
                    }
                    _ => report
                        .context
                        .links
                        .push(explain_missing("no answer from S3 yet")),
                }
            }
            notices.send(report, end_of_calls(until)).await?;
            Ok(format!("sent to {}", notices.topic()))
        })
        .await;
        Some(log_outcome("notification", sent))
    }
}

/// What stands in a message where the reports would be.
fn explain_missing(reason: &str) -> Link {
    Link {
        title: "reports".to_owned(),
        url: format!("could not be stored: {reason}"),
    }
}

/// When the last call gives up, so that what it met is known in time.
fn end_of_calls(until: Instant) -> Instant {
    until.checked_sub(MARGIN).unwrap_or(until)
}

async fn finish_in_time<T>(
    until: Instant,
    work: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    if Instant::now() >= until {
        return Err(Problem::new("no time was left"));
    }
    match timeout_at(until, work).await {
        Ok(done) => done,
        Err(_) => Err(Problem::new("it was not done in time")),
    }
}

/// Says what became of a sink, in the log and in the function's answer.
fn log_outcome(sink: &'static str, outcome: Result<String, Problem>) -> SinkOutcome {
    let text = match outcome {
        Ok(done) => {
            tracing::info!(sink, "{sink}: {done}");
            done
        }
        Err(Problem { reason, help }) => {
            tracing::warn!(
                sink,
                reason,
                help,
                "{sink}: failed, and the verdict stands: {reason}"
            );
            let help = help.map_or(String::new(), |help| format!("; {help}"));
            format!("failed: {reason}{help}")
        }
    };
    let text = secrets::redact_text(text);
    SinkOutcome { sink, text }
}
