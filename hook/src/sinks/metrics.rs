//! Metrics: one line of the log in CloudWatch's embedded metric format, which
//! costs no call.
//!
//! Source: [the specification](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).

use std::time::Duration;

use report::Report;
use report::verdict::Verdict;
use serde_json::{Map, Value, json};

use super::Invocation;
use crate::log;

const APPLICATION: &str = "Application";
const GROUP: &str = "DeploymentGroup";
/// The longest value of a dimension.
const LONGEST: usize = 1024;

/// Writes metrics into the log.
pub(super) struct Metrics {
    namespace: String,
    /// Lambda's filter drops a line whose level is below its own, and takes
    /// one without a level for INFO.
    level: &'static str,
}

impl Metrics {
    pub(super) fn new(namespace: String, log_level: Option<&str>) -> Self {
        Self {
            namespace,
            level: log::choose_passing_level(log_level),
        }
    }

    pub(super) fn write(&self, invocation: &Invocation<'_>) {
        log::write_line(self.level, "metrics", self.members(invocation));
    }

    /// The members that make a line one of metrics.
    fn members(&self, invocation: &Invocation<'_>) -> Map<String, Value> {
        let metrics = measure(invocation);
        let names: Vec<_> = metrics
            .iter()
            .map(|(name, unit, _)| json!({"Name": name, "Unit": unit}))
            .collect();
        let dimensions = dimensions(invocation);
        let keys: Vec<_> = dimensions.iter().map(|(name, _)| *name).collect();
        // Over all deployments, for an alarm; and by itself, for a graph.
        let mut sets = vec![vec![]];
        if !keys.is_empty() {
            sets.push(keys);
        }
        let metadata = json!({
            "Timestamp": jiff::Timestamp::now().as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": self.namespace,
                "Dimensions": sets,
                "Metrics": names,
            }],
        });
        let mut members = Map::from_iter([("_aws".to_owned(), metadata)]);
        if let Some(id) = invocation.deployment_id {
            members.insert("deployment".to_owned(), id.into());
        }
        let dimensions = dimensions
            .into_iter()
            .map(|(name, value)| (name, Value::from(value)));
        let metrics = metrics.into_iter().map(|(name, _, value)| (name, value));
        let targets = dimensions.chain(metrics);
        members.extend(targets.map(|(name, value)| (name.to_owned(), value)));
        members
    }
}

/// The application and the deployment group, if both are known.
fn dimensions(invocation: &Invocation<'_>) -> Vec<(&'static str, String)> {
    let read = |name| {
        let value = invocation.findings.deployment_text(name)?;
        (value.len() <= LONGEST).then(|| value.to_owned())
    };
    match (read("application"), read("group")) {
        // CloudWatch takes no empty dimension, and half a pair would be
        // another metric.
        (Some(application), Some(group)) => vec![(APPLICATION, application), (GROUP, group)],
        _ => Vec::new(),
    }
}

/// Each metric: its name, its unit, its value.
fn measure(invocation: &Invocation<'_>) -> Vec<(&'static str, &'static str, Value)> {
    let decision = invocation.decision;
    let succeeded = u8::from(decision.verdict == Verdict::Succeeded);
    let counts = decision.report.as_deref().map(Report::counts);
    let counts = counts.unwrap_or_default();
    let mut metrics = vec![
        ("Verdict", "None", succeeded.into()),
        (
            "Duration",
            "Milliseconds",
            count_milliseconds(invocation.duration),
        ),
        ("ChecksPassed", "Count", counts.passed.into()),
        ("ChecksFailed", "Count", counts.failed.into()),
        ("ChecksWarned", "Count", counts.warned.into()),
        ("ChecksNotRun", "Count", counts.not_run.into()),
    ];
    if let Some(duration) = invocation.findings.proof_time {
        metrics.push(("ProofTime", "Milliseconds", count_milliseconds(duration)));
    }
    metrics
}

fn count_milliseconds(duration: Duration) -> Value {
    u64::try_from(duration.as_millis())
        .unwrap_or(u64::MAX)
        .into()
}
