//! The settings of the sinks: where the verdict is told beside CodeDeploy.

use aws::s3::Address;
use aws::sns::Topic;

use super::Reader;
use crate::environment::Environment;

pub(super) const METRICS: &str = "SMOKE_METRICS";
pub(super) const REPORTS: &str = "SMOKE_REPORTS";
pub(super) const NOTIFY: &str = "SMOKE_NOTIFY";
pub(super) const NOTIFY_ON: &str = "SMOKE_NOTIFY_ON";

const NAMESPACE: &str = "Greenlight";
/// Source: [`PutMetricData`](https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html).
const LONGEST_NAMESPACE: usize = 255;

/// Where the verdict is told beside CodeDeploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SinkSettings {
    /// The namespace of the metrics; absent if there are to be none.
    pub(crate) metrics: Option<String>,
    /// What the keys of the reports begin with; it ends with a slash.
    pub(crate) reports: Option<Address>,
    /// Who gets messages.
    pub(crate) notify: Option<Notify>,
}

/// Who gets messages, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notify {
    pub(crate) topic: Topic,
    pub(crate) on: NotifyOn,
}

/// Which verdicts a message tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotifyOn {
    /// `Failed`, and one that CodeDeploy could not be told.
    Failed,
    Always,
}

impl SinkSettings {
    /// What can be used of them. What cannot is an error of the settings, and
    /// the sinks that are fine tell of it.
    pub(crate) fn read(environment: &Environment) -> Self {
        let mut reader = Reader {
            environment,
            errors: Vec::new(),
        };
        reader.read_sinks()
    }
}

impl Reader<'_> {
    pub(super) fn read_sinks(&mut self) -> SinkSettings {
        let on = self.read_notify_on();
        let topic = self.parse_setting::<Topic>(NOTIFY, "give the ARN of the SNS topic");
        SinkSettings {
            metrics: self.read_namespace(),
            reports: self.read_reports(),
            notify: topic.map(|topic| Notify { topic, on }),
        }
    }

    fn read_namespace(&mut self) -> Option<String> {
        let Some(text) = self.environment.setting(METRICS) else {
            return Some(NAMESPACE.to_owned());
        };
        // An empty setting means the default, so that switching off takes a
        // word.
        if text == "off" {
            return None;
        }
        let fine = text.len() <= LONGEST_NAMESPACE
            && !text.starts_with([':', '/'])
            // CloudWatch keeps this prefix for AWS's own services.
            && !text.starts_with("AWS/")
            && text
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || b".-_/#:".contains(&c));
        if fine {
            return Some(text.to_owned());
        }
        self.add_error(
            METRICS,
            format!("expected a namespace of CloudWatch, or `off`, found `{text}`"),
            format!(
                "use letters, digits and `.-_/#:`, and not the prefix `AWS/`; leave it out for `{NAMESPACE}`"
            ),
        );
        None
    }

    fn read_reports(&mut self) -> Option<Address> {
        let help = "write the bucket, and what the keys of the reports begin with";
        let below = self.parse_setting::<Address>(REPORTS, help)?;
        let key = &below.key;
        // Keys are made by appending, and `reports` must not become
        // `reportsd-1`.
        Some(if key.is_empty() || key.ends_with('/') {
            below
        } else {
            below.with_key(format!("{key}/"))
        })
    }

    fn read_notify_on(&mut self) -> NotifyOn {
        match self.environment.setting(NOTIFY_ON) {
            None | Some("failed") => NotifyOn::Failed,
            Some("always") => NotifyOn::Always,
            Some(text) => {
                let found = format!("expected `failed` or `always`, found `{text}`");
                self.add_error(NOTIFY_ON, found, "leave it out for `failed`");
                NotifyOn::Failed
            }
        }
    }
}
