//! The load balancer: who a listener forwards to, and how the targets are.
//!
//! The only module that knows the SDK of Elastic Load Balancing.

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{
    Action as SdkAction, ActionTypeEnum, AuthenticateCognitoActionConditionalBehaviorEnum,
    AuthenticateOidcActionConditionalBehaviorEnum, Rule as SdkRule, RuleCondition,
    TargetHealthDescription,
};
use tokio::time::Instant;

use aws::Access;
use aws::calls::{CallError, Pages, ask};

/// ELB's actions that describe know no resources.
const ANY: &str = "`*`";

/// The client.
#[derive(Debug)]
pub(crate) struct LoadBalancer(Client);

/// A listener.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Listener {
    pub(crate) port: u16,
    /// The ARN of its load balancer.
    pub(crate) load_balancer: String,
}

/// A rule of a listener.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rule {
    /// The lowest holds first; the default rule, which holds where no other
    /// does, has none.
    pub(crate) priority: Option<u32>,
    /// All of them have to hold.
    pub(crate) conditions: Vec<Condition>,
    /// What a request has to pass before the action.
    pub(crate) login: Option<Login>,
    /// What becomes of a request.
    pub(crate) action: Action,
}

/// What a rule asks of a request: that one of the values fits.
///
/// Source: [RuleCondition](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RuleCondition.html).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    Host(Values),
    Path(Values),
    Header {
        name: String,
        values: Values,
    },
    Method(Vec<String>),
    Query(Vec<QueryPair>),
    /// Addresses in CIDR notation.
    SourceIp(Vec<String>),
    /// A field that Greenlight does not know.
    Unknown(String),
}

/// What a text is compared with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Values {
    /// Patterns, in which `*` stands for any characters and `?` for one.
    pub(crate) patterns: Vec<String>,
    /// Regular expressions.
    pub(crate) expressions: Vec<String>,
}

/// Two patterns for a pair of a query string; without a key, any will do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct QueryPair {
    pub(crate) key: Option<String>,
    pub(crate) value: String,
}

/// An action before the last one, which answers requests that do not pass it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Login {
    /// Such as `authenticate-oidc`.
    pub(crate) kind: String,
    /// What a request that passes has to hold, as far as that is known: a
    /// header, and a text in it.
    pub(crate) needs: Option<(&'static str, String)>,
}

/// What a rule does with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// The ARN of each target group and its share, which may be 0.
    Forward(Vec<(String, u32)>),
    /// The load balancer answers by itself, such as with a `redirect`.
    Answer(String),
}

impl Default for Action {
    fn default() -> Self {
        Self::Forward(Vec::new())
    }
}

/// A target and its health, such as `unhealthy` with a reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TargetHealth {
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
}

impl LoadBalancer {
    pub(crate) fn new(access: &Access) -> Self {
        Self(Client::new(access.config()))
    }

    /// A listener; `None` if there is no such one.
    ///
    /// Source: [DescribeListeners](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeListeners.html).
    pub(crate) async fn listener(
        &self,
        listener: &str,
        until: Instant,
    ) -> Result<Option<Listener>, CallError> {
        let action = "elasticloadbalancing:DescribeListeners";
        let (mut pages, mut marker) = (Pages::new(action, ANY, until), None);
        let found = loop {
            let call = || {
                let call = self.0.describe_listeners().listener_arns(listener);
                call.set_marker(marker.clone()).send()
            };
            let page = ask(action, ANY, until, call).await?;
            let first = page.listeners.unwrap_or_default().into_iter().next();
            marker = pages.next(page.next_marker.filter(|_| first.is_none()))?;
            if marker.is_none() {
                break first;
            }
        };
        Ok(found.and_then(|listener| {
            Some(Listener {
                port: u16::try_from(listener.port?).ok()?,
                load_balancer: listener.load_balancer_arn?,
            })
        }))
    }

    /// The name of a load balancer in DNS.
    ///
    /// Source: [DescribeLoadBalancers](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html).
    pub(crate) async fn name(
        &self,
        load_balancer: &str,
        until: Instant,
    ) -> Result<Option<String>, CallError> {
        let action = "elasticloadbalancing:DescribeLoadBalancers";
        let (mut pages, mut marker) = (Pages::new(action, ANY, until), None);
        loop {
            let call = || {
                let call = self.0.describe_load_balancers();
                let call = call.load_balancer_arns(load_balancer);
                call.set_marker(marker.clone()).send()
            };
            let page = ask(action, ANY, until, call).await?;
            let first = page.load_balancers.unwrap_or_default().into_iter().next();
            marker = pages.next(page.next_marker.filter(|_| first.is_none()))?;
            if marker.is_none() {
                return Ok(first.and_then(|found| found.dns_name));
            }
        }
    }

    /// The rules of a listener, in the order in which they hold; the last is
    /// its default action.
    ///
    /// Source: [DescribeRules](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeRules.html).
    pub(crate) async fn rules(
        &self,
        listener: &str,
        until: Instant,
    ) -> Result<Vec<Rule>, CallError> {
        let action = "elasticloadbalancing:DescribeRules";
        let (mut rules, mut marker) = (Vec::new(), None);
        let mut pages = Pages::new(action, ANY, until);
        loop {
            let call = || {
                let call = self.0.describe_rules().listener_arn(listener);
                call.set_marker(marker.clone()).send()
            };
            let page = ask(action, ANY, until, call).await?;
            rules.extend(page.rules.unwrap_or_default().into_iter().map(Rule::from));
            marker = pages.next(page.next_marker)?;
            if marker.is_none() {
                rules.sort_by_key(|rule: &Rule| rule.priority.unwrap_or(u32::MAX));
                return Ok(rules);
            }
        }
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
        let conditions = rule.conditions.unwrap_or_default();
        let mut actions = rule.actions.unwrap_or_default();
        actions.sort_by_key(|action| action.order);
        let last = actions.pop();
        Self {
            priority: rule.priority.and_then(|priority| priority.parse().ok()),
            conditions: conditions.into_iter().map(Condition::from).collect(),
            login: actions.iter().find_map(login),
            action: last.map(Action::from).unwrap_or_default(),
        }
    }
}

/// What a request has to pass, unless the action lets everybody pass.
///
/// Source: [Authenticate users](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html).
fn login(action: &SdkAction) -> Option<Login> {
    use AuthenticateCognitoActionConditionalBehaviorEnum as Cognito;
    use AuthenticateOidcActionConditionalBehaviorEnum as Oidc;
    let cookie = |name: Option<&str>| {
        let name = name.unwrap_or("AWSELBAuthSessionCookie");
        Some(("cookie", name.to_owned()))
    };
    let oidc = action.authenticate_oidc_config.as_ref();
    let cognito = action.authenticate_cognito_config.as_ref();
    let kind = action.r#type.as_ref()?;
    let needs = match kind {
        ActionTypeEnum::AuthenticateOidc => {
            if oidc.and_then(|it| it.on_unauthenticated_request()) == Some(&Oidc::Allow) {
                return None;
            }
            cookie(oidc.and_then(|it| it.session_cookie_name()))
        }
        ActionTypeEnum::AuthenticateCognito => {
            if cognito.and_then(|it| it.on_unauthenticated_request()) == Some(&Cognito::Allow) {
                return None;
            }
            cookie(cognito.and_then(|it| it.session_cookie_name()))
        }
        ActionTypeEnum::JwtValidation => Some(("authorization", "Bearer ".to_owned())),
        _ => None,
    };
    Some(Login {
        kind: kind.as_str().to_owned(),
        needs,
    })
}

impl From<SdkAction> for Action {
    fn from(action: SdkAction) -> Self {
        match &action.r#type {
            Some(ActionTypeEnum::Forward) | None => Self::Forward(forwards(action)),
            Some(other) => Self::Answer(other.as_str().to_owned()),
        }
    }
}

/// The values stand in the configuration of the field, and those of some
/// fields perhaps beside it alone.
impl From<RuleCondition> for Condition {
    fn from(condition: RuleCondition) -> Self {
        let given = |list: Option<Vec<String>>| list.filter(|list| !list.is_empty());
        let (beside, expressions) = (given(condition.values), given(condition.regex_values));
        let values = |(patterns, regex)| Values {
            patterns: given(patterns).or(beside.clone()).unwrap_or_default(),
            expressions: given(regex).or(expressions.clone()).unwrap_or_default(),
        };
        match condition.field.unwrap_or_default().as_str() {
            "host-header" => {
                let config = condition.host_header_config;
                let config = config.map(|it| (it.values, it.regex_values));
                Self::Host(values(config.unwrap_or_default()))
            }
            "path-pattern" => {
                let config = condition.path_pattern_config;
                let config = config.map(|it| (it.values, it.regex_values));
                Self::Path(values(config.unwrap_or_default()))
            }
            "http-header" => {
                let config = condition.http_header_config;
                let name = config.as_ref().and_then(|it| it.http_header_name.clone());
                let config = config.map(|it| (it.values, it.regex_values));
                Self::Header {
                    name: name.unwrap_or_default(),
                    values: values(config.unwrap_or_default()),
                }
            }
            "http-request-method" => {
                let config = condition.http_request_method_config;
                let methods = config.and_then(|it| it.values);
                Self::Method(values((methods, None)).patterns)
            }
            "query-string" => {
                let pairs = condition.query_string_config.and_then(|it| it.values);
                let pairs = pairs.unwrap_or_default().into_iter().map(|pair| QueryPair {
                    key: pair.key,
                    value: pair.value.unwrap_or_default(),
                });
                Self::Query(pairs.collect())
            }
            "source-ip" => {
                let config = condition.source_ip_config;
                let ranges = config.and_then(|it| it.values);
                Self::SourceIp(values((ranges, None)).patterns)
            }
            other => Self::Unknown(other.to_owned()),
        }
    }
}

/// With several target groups there is no `TargetGroupArn` beside the
/// `ForwardConfig`, and an older listener may have the first alone.
fn forwards(action: SdkAction) -> Vec<(String, u32)> {
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

#[cfg(test)]
mod tests;
