//! Where to read on: links into the console of AWS.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use report::Link;

use crate::environment::Environment;

/// Where the console of AWS shows what belongs to an invocation.
#[derive(Debug, Clone)]
pub(crate) struct Console {
    region: Option<String>,
    log_group: Option<String>,
    log_stream: Option<String>,
}

impl Console {
    pub(super) fn new(environment: &Environment) -> Self {
        let read = |name: &str| environment.setting(name).map(str::to_owned);
        Self {
            region: read("AWS_REGION"),
            log_group: read("AWS_LAMBDA_LOG_GROUP_NAME"),
            log_stream: read("AWS_LAMBDA_LOG_STREAM_NAME"),
        }
    }

    /// The links of an invocation, and of its deployment if it has one.
    pub(super) fn links(&self, request_id: &str, deployment_id: Option<&str>) -> Vec<Link> {
        // Outside of AWS there is no console to look at.
        let Some(region) = &self.region else {
            return Vec::new();
        };
        let console = console_url(region);
        let mut links = Vec::new();
        if let Some(id) = deployment_id {
            let id = encode_in_url(id);
            links.push(Link {
                title: "CodeDeploy".to_owned(),
                url: format!("{console}/codesuite/codedeploy/deployments/{id}?region={region}"),
            });
        }
        if let (Some(group), Some(stream)) = (&self.log_group, &self.log_stream) {
            let (group, stream) = (encode_in_fragment(group), encode_in_fragment(stream));
            let filter = encode_in_fragment(&format!("\"{request_id}\""));
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
pub(super) fn console_url(region: &str) -> String {
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
pub(super) fn encode_in_url(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string()
}

/// A text in the fragment of a URL, as the console of CloudWatch reads it:
/// encoded twice, and with `$` for `%`.
fn encode_in_fragment(text: &str) -> String {
    encode_in_url(&encode_in_url(text)).replace('%', "$")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_console_reads_a_log_group_in_a_fragment() {
        assert_eq!(
            encode_in_fragment("/aws/lambda/CodeDeployHook_shop"),
            "$252Faws$252Flambda$252FCodeDeployHook_shop"
        );
        assert_eq!(
            encode_in_fragment("2026/01/01/[$LATEST]0a"),
            "2026$252F01$252F01$252F$255B$2524LATEST$255D0a"
        );
    }

    #[test]
    fn each_partition_has_its_console() {
        assert_eq!(
            console_url("eu-west-1"),
            "https://eu-west-1.console.aws.amazon.com"
        );
        assert_eq!(
            console_url("cn-north-1"),
            "https://cn-north-1.console.amazonaws.cn"
        );
        assert_eq!(
            console_url("us-gov-west-1"),
            "https://us-gov-west-1.console.amazonaws-us-gov.com"
        );
    }
}
