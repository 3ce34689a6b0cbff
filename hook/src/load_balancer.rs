//! The load balancer: who a listener forwards to, and how the targets are.
//!
//! The only module that knows the SDK of Elastic Load Balancing.

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{Action, Rule as SdkRule, TargetHealthDescription};
use tokio::time::Instant;

use aws::Access;
use aws::calls::{CallError, ask};

/// ELB's actions that describe know no resources.
const ANY: &str = "`*`";

/// The client.
#[derive(Debug)]
pub(crate) struct LoadBalancer(Client);

/// A rule of a listener, as far as it forwards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Whether it holds where no other does.
    pub(crate) is_default: bool,
    /// The ARN of each target group and its share, which may be 0.
    pub(crate) forwards: Vec<(String, u32)>,
}

/// A target and its health, such as `unhealthy` with a reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TargetHealth {
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
}

impl LoadBalancer {
    pub(crate) fn new(access: &Access) -> Self {
        Self(Client::new(&access.config("ELASTIC_LOAD_BALANCING_V2")))
    }

    /// The port of a listener.
    ///
    /// Source: [DescribeListeners](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeListeners.html).
    pub(crate) async fn port(
        &self,
        listener: &str,
        until: Instant,
    ) -> Result<Option<u16>, CallError> {
        let call = || self.0.describe_listeners().listener_arns(listener).send();
        let action = "elasticloadbalancing:DescribeListeners";
        let answer = ask(action, ANY, until, call).await?;
        let listener = answer.listeners.unwrap_or_default().into_iter().next();
        Ok(listener.and_then(|listener| u16::try_from(listener.port?).ok()))
    }

    /// The rules of a listener, of which the last is its default action.
    ///
    /// Source: [DescribeRules](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeRules.html).
    pub(crate) async fn rules(
        &self,
        listener: &str,
        until: Instant,
    ) -> Result<Vec<Rule>, CallError> {
        let call = || self.0.describe_rules().listener_arn(listener).send();
        let action = "elasticloadbalancing:DescribeRules";
        let answer = ask(action, ANY, until, call).await?;
        let rules = answer.rules.unwrap_or_default().into_iter();
        Ok(rules.map(Rule::from).collect())
    }

    /// The targets of a target group.
    ///
    /// Source: [DescribeTargetHealth](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html).
    pub(crate) async fn targets(
        &self,
        target_group: &str,
        until: Instant,
    ) -> Result<Vec<TargetHealth>, CallError> {
        let call = || {
            let call = self.0.describe_target_health();
            call.target_group_arn(target_group).send()
        };
        let action = "elasticloadbalancing:DescribeTargetHealth";
        let answer = ask(action, ANY, until, call).await?;
        let targets = answer.target_health_descriptions.unwrap_or_default();
        Ok(targets.into_iter().map(TargetHealth::from).collect())
    }
}

impl From<SdkRule> for Rule {
    fn from(rule: SdkRule) -> Self {
        let actions = rule.actions.unwrap_or_default();
        Self {
            is_default: rule.is_default.unwrap_or_default(),
            forwards: actions.into_iter().flat_map(forwards).collect(),
        }
    }
}

/// With several target groups there is no `TargetGroupArn` beside the
/// `ForwardConfig`, and an older listener may have the first alone.
fn forwards(action: Action) -> Vec<(String, u32)> {
    let configured = action
        .forward_config
        .and_then(|config| config.target_groups)
        .unwrap_or_default();
    if configured.is_empty() {
        return action
            .target_group_arn
            .into_iter()
            .map(|arn| (arn, 1))
            .collect();
    }
    let weight = |weight: Option<i32>| weight.map_or(1, |it| u32::try_from(it).unwrap_or(0));
    let groups = configured.into_iter();
    groups
        .filter_map(|group| Some((group.target_group_arn?, weight(group.weight))))
        .collect()
}

impl From<TargetHealthDescription> for TargetHealth {
    fn from(target: TargetHealthDescription) -> Self {
        let Some(health) = target.target_health else {
            return Self::default();
        };
        Self {
            state: health
                .state
                .map_or(String::new(), |it| it.as_str().to_owned()),
            reason: health.reason.map(|it| it.as_str().to_owned()),
        }
    }
}
