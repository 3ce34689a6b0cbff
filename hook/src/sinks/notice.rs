//! The notice: a message through SNS, for people.

use aws::Access;
use aws::sns::{Sns, Topic};
use diagnostic::snippet::Colour;
use report::Report;
use report::explain;
use report::render::json;
use report::verdict::Verdict;
use tokio::time::Instant;

use super::{Invocation, Problem};
use crate::secrets;
use crate::settings::{Notify, NotifyOn};

/// How many failed expectations stand in a message in full.
const SHOWN: usize = 1;

/// Sends messages.
pub(super) struct Notices {
    sns: Sns,
    settings: Notify,
}

impl Notices {
    pub(super) fn new(access: &Access, settings: Notify) -> Self {
        Self {
            sns: Sns::new(access, &settings.topic),
            settings,
        }
    }

    pub(super) fn topic(&self) -> &Topic {
        &self.settings.topic
    }

    /// Why nobody is to be told of this one.
    pub(super) fn why_not(&self, account: &Invocation<'_>) -> Option<&'static str> {
        let succeeded = account.decision.verdict == Verdict::Succeeded;
        if !account.decides() && !account.is_watchdog {
            Some("CodeDeploy had a verdict already")
        } else if succeeded && account.reported.is_ok() && self.settings.on == NotifyOn::Failed {
            Some("the verdict is `Succeeded`")
        } else {
            None
        }
    }

    pub(super) async fn send(&self, mut report: Report, until: Instant) -> Result<(), Problem> {
        secrets::redact_report(&mut report);
        let (subject, message) = tokio::task::spawn_blocking(move || write(&report))
            .await
            .map_err(|died| Problem::new(format!("the message was not written: {died}")))?;
        let sent = self
            .sns
            .publish(&self.settings.topic, &subject, &message, until);
        Ok(sent.await?)
    }
}

/// The subject and the text.
fn write(report: &Report) -> (String, String) {
    let report = json::JsonReport::new(report);
    let text = explain::render_text(&report, SHOWN, Colour::Never);
    (explain::render_subject(&report), text)
}
