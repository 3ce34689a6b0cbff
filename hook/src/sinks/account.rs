//! What there is to tell of an invocation, and where to read on.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use report::{About, Link, Refusal, Report};

use crate::codedeploy::{ReportError, Reported};
use crate::decision::Decision;
use crate::environment::Environment;
use crate::event::Hook;

/// What there is to tell of an invocation.
#[derive(Debug)]
pub(crate) struct Account<'a> {
    /// The invocation.
    pub(crate) request_id: &'a str,
    /// Who waited for the verdict; nobody, if it was a run by hand.
    pub(crate) hook: Option<&'a Hook>,
    /// Whether the gate died, and this is the watchdog.
    pub(crate) is_aftermath: bool,
    /// What was decided, and why.
    pub(crate) decision: &'a Decision,
    /// What became of the verdict.
    pub(crate) reported: &'a Result<Reported, ReportError>,
    /// The base URL under test, as far as the settings say it.
    pub(crate) target: Option<String>,
    /// When the invocation began.
    pub(crate) started_at: Timestamp,
    /// How long it took until the verdict was told.
    pub(crate) took: Duration,
}

/// Where the console of AWS shows what belongs to an invocation.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    region: Option<String>,
    log_group: Option<String>,
    log_stream: Option<String>,
}

impl Account<'_> {
    /// Whether this is the verdict that counts: CodeDeploy took it, or has
    /// none because it could not be told.
    pub(super) fn decides(&self) -> bool {
        match self.reported {
            Ok(Reported::Accepted) | Err(_) => true,
            Ok(Reported::AlreadyCompleted { ours_perhaps }) => *ours_perhaps,
            Ok(Reported::NothingToReportTo) => false,
        }
    }

    /// What to say of a gate that died, perhaps after CodeDeploy had taken its
    /// verdict and before it had told anybody else.
    fn is_belated(&self) -> Option<&'static str> {
        let completed = matches!(self.reported, Ok(Reported::AlreadyCompleted { .. }));
        (self.is_aftermath && completed).then_some(
            "CodeDeploy has a verdict already, which may be the gate's: look there how the \
             deployment goes on; this may be told twice",
        )
    }

    /// The report of the checks, or of why there were none, with all that is
    /// known beside it.
    pub(super) fn report(&self, places: &Places) -> Report {
        let decision = self.decision;
        let refused = || Report {
            target: self.target.clone().unwrap_or_default(),
            started_at: self.started_at,
            duration: self.took,
            checks: Vec::new(),
            refusal: Some(Refusal {
                reason: decision.reason.clone(),
                problems: decision.problems.clone(),
            }),
            about: About::default(),
        };
        let mut report = decision.report.as_deref().cloned().unwrap_or_else(refused);
        let reported = match self.reported {
            Ok(reported) => reported.to_string(),
            Err(_) => "not-accepted".to_owned(),
        };
        let About {
            mut notes,
            foreign_answers,
            ..
        } = std::mem::take(&mut report.about);
        if let (Some(refusal), Some(note)) = (&mut report.refusal, self.is_belated()) {
            refusal.reason = format!("{}; {note}", refusal.reason);
            notes.push(note.to_owned());
        }
        report.about = About {
            notes,
            deployment: self.deployment(),
            reported: Some(reported),
            proof: decision.learned.proof.get().copied(),
            foreign_answers,
            links: places.links(self),
        };
        report
    }

    fn deployment(&self) -> BTreeMap<String, String> {
        let learned = self.decision.learned.deployment().into_iter();
        let learned = learned.filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
        let id = self.hook.map(|hook| hook.deployment_id.clone());
        let id = id.map(|id| ("id".to_owned(), id));
        id.into_iter().chain(learned).collect()
    }
}

impl Places {
    pub(super) fn new(environment: &Environment) -> Self {
        let given = |name: &str| environment.given(name).map(str::to_owned);
        Self {
            region: given("AWS_REGION"),
            log_group: given("AWS_LAMBDA_LOG_GROUP_NAME"),
            log_stream: given("AWS_LAMBDA_LOG_STREAM_NAME"),
        }
    }

    fn links(&self, account: &Account<'_>) -> Vec<Link> {
        let Some(region) = &self.region else {
            return Vec::new();
        };
        let console = console(region);
        let mut links = Vec::new();
        if let Some(hook) = account.hook {
            let id = in_url(&hook.deployment_id);
            links.push(Link {
                title: "CodeDeploy".to_owned(),
                url: format!("{console}/codesuite/codedeploy/deployments/{id}?region={region}"),
            });
        }
        if let (Some(group), Some(stream)) = (&self.log_group, &self.log_stream) {
            let (group, stream) = (in_fragment(group), in_fragment(stream));
            let filter = in_fragment(&format!("\"{}\"", account.request_id));
            links.push(Link {
                title: "log".to_owned(),
                url: format!(
                    "{console}/cloudwatch/home?region={region}#logsV2:log-groups/log-group/{group}\
                     /log-events/{stream}$3FfilterPattern$3D{filter}"
                ),
            });
        }
        links
    }
}

/// The address of the console in a Region.
pub(super) fn console(region: &str) -> String {
    let domain = if region.starts_with("cn-") {
        "console.amazonaws.cn"
    } else if region.starts_with("us-gov-") {
        "console.amazonaws-us-gov.com"
    } else {
        "console.aws.amazon.com"
    };
    format!("https://{region}.{domain}")
}

/// What stays as it is in a part of a URL.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A text as a part of a URL.
pub(super) fn in_url(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string()
}

/// A text in the fragment of a URL, as the console of CloudWatch reads it:
/// encoded twice, and with `$` for `%`.
fn in_fragment(text: &str) -> String {
    in_url(&in_url(text)).replace('%', "$")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_console_reads_a_log_group_in_a_fragment() {
        assert_eq!(
            in_fragment("/aws/lambda/CodeDeployHook_shop"),
            "$252Faws$252Flambda$252FCodeDeployHook_shop"
        );
        assert_eq!(
            in_fragment("2026/01/01/[$LATEST]0a"),
            "2026$252F01$252F01$252F$255B$2524LATEST$255D0a"
        );
    }

    #[test]
    fn each_partition_has_its_console() {
        assert_eq!(
            console("eu-west-1"),
            "https://eu-west-1.console.aws.amazon.com"
        );
        assert_eq!(
            console("cn-north-1"),
            "https://cn-north-1.console.amazonaws.cn"
        );
        assert_eq!(
            console("us-gov-west-1"),
            "https://us-gov-west-1.console.amazonaws-us-gov.com"
        );
    }
}
