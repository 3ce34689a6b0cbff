//! The settings of the sinks: where the verdict is told beside CodeDeploy.

use super::Reader;
use crate::environment::Environment;

pub(super) const METRICS: &str = "SMOKE_METRICS";

const NAMESPACE: &str = "Greenlight";
/// Source: [`PutMetricData`](https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html).
const LONGEST_NAMESPACE: usize = 255;

/// Where the verdict is told beside CodeDeploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SinkSettings {
    /// The namespace of the metrics; absent if there are to be none.
    pub(crate) metrics: Option<String>,
}

impl SinkSettings {
    /// What can be used of them. What cannot is an error of the settings, and
    /// the sinks that are fine tell of it.
    pub(crate) fn read(environment: &Environment) -> Self {
        let mut reader = Reader {
            environment,
            errors: Vec::new(),
        };
        reader.sinks()
    }
}

impl Reader<'_> {
    pub(super) fn sinks(&mut self) -> SinkSettings {
        SinkSettings {
            metrics: self.namespace(),
        }
    }

    fn namespace(&mut self) -> Option<String> {
        let Some(text) = self.environment.given(METRICS) else {
            return Some(NAMESPACE.to_owned());
        };
        if text == "off" {
            return None;
        }
        let fine = text.len() <= LONGEST_NAMESPACE
            && !text.starts_with([':', '/'])
            && !text.starts_with("AWS/")
            && text
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || b".-_/#:".contains(&c));
        if fine {
            return Some(text.to_owned());
        }
        self.error(
            METRICS,
            format!("expected a namespace of CloudWatch, or `off`, found `{text}`"),
            format!(
                "use letters, digits and `.-_/#:`, and not the prefix `AWS/`; leave it out for `{NAMESPACE}`"
            ),
        );
        None
    }
}
