//! ELB's operations: they describe the load balancer, its listeners and rules,
//! the target groups and their health. The outputs are JSON values here; `query`
//! writes them as XML.
//!
//! Source: [Elastic Load Balancing 2015-12-01](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/Welcome.html).

use serde_json::{Value, json};

use super::error::{self, ApiError};
use super::fleet;
use super::query::list_members;
use super::{AwsState, text_member};
use crate::colour::Colour;
use crate::load_balancer::{Action, Listener, Rule, Weights};

const LISTENERS: [Listener; 2] = [Listener::Production, Listener::Test];

/// The result of `DescribeListeners`.
pub(super) fn describe_listeners(state: &AwsState, input: &Value) -> Result<Value, ApiError> {
    let arns = list_members(input, "ListenerArns");
    // Without ARNs the call is for all listeners of the load balancer.
    let listeners = if arns.is_empty() {
        LISTENERS.to_vec()
    } else {
        let found = arns.iter().map(|arn| find_listener(arn));
        found.collect::<Result<_, _>>()?
    };
    let described: Vec<Value> = listeners
        .into_iter()
        .map(|listener| {
            json!({
                "ListenerArn": fleet::listener_arn(listener),
                "LoadBalancerArn": fleet::LOAD_BALANCER_ARN,
                "Port": state.listeners.port(listener),
                "Protocol": "HTTPS",
                "DefaultActions": [describe_default_action(state, listener)],
            })
        })
        .collect();
    Ok(json!({"Listeners": described}))
}

/// The result of `DescribeRules`, the default rule last, in pages.
pub(super) fn describe_rules(state: &AwsState, input: &Value) -> Result<Value, ApiError> {
    let arn = text_member(input, "ListenerArn");
    let listener = find_listener(arn.unwrap_or_default())?;
    let rule = |priority: &str, conditions: Value, action: Value| {
        let number = fleet::listener_arn(listener).replace(":listener/", ":listener-rule/");
        json!({
            "RuleArn": format!("{number}/{priority:0>16}"),
            "Priority": priority,
            "Conditions": conditions,
            "Actions": [action],
            "IsDefault": priority == "default",
        })
    };
    let mut rules: Vec<Value> = (1..)
        .zip(state.listeners.rules(listener).rules)
        .map(|(priority, it)| {
            rule(
                &format!("{priority}"),
                describe_conditions(&it),
                describe_action(it.action),
            )
        })
        .collect();
    // ELB lists the default rule last.
    rules.push(rule(
        "default",
        json!([]),
        describe_default_action(state, listener),
    ));
    let number = |name: &str| input.get(name)?.as_str()?.parse::<usize>().ok();
    let page = state.lock().fleet.rules_page_size;
    // A marker is the number of rules that came before.
    let size = number("PageSize").map_or(page, |size| size.min(page));
    let begin = number("Marker").unwrap_or(0).min(rules.len());
    let end = begin.saturating_add(size).min(rules.len());
    let mut result = json!({"Rules": rules[begin..end]});
    if end < rules.len() {
        result["NextMarker"] = json!(end.to_string());
    }
    Ok(result)
}

/// The conditions of a rule. Those of host and path have `Values` twice, as ELB
/// gives them: by the older form and by the newer one.
fn describe_conditions(rule: &Rule) -> Value {
    let mut conditions = Vec::new();
    if !rule.hosts.is_empty() {
        conditions.push(json!({
            "Field": "host-header",
            "Values": rule.hosts,
            "HostHeaderConfig": {"Values": rule.hosts},
        }));
    }
    if !rule.paths.is_empty() {
        conditions.push(json!({
            "Field": "path-pattern",
            "Values": rule.paths,
            "PathPatternConfig": {"Values": rule.paths},
        }));
    }
    if let Some((name, pattern)) = &rule.header {
        conditions.push(json!({
            "Field": "http-header",
            "HttpHeaderConfig": {"HttpHeaderName": name, "Values": [pattern]},
        }));
    }
    json!(conditions)
}

/// The default action of a listener: its own, or its weights.
fn describe_default_action(state: &AwsState, listener: Listener) -> Value {
    match state.listeners.rules(listener).default {
        Some(other) => describe_action(other),
        None => describe_forward(state.listeners.weights(listener)),
    }
}

/// The action of a rule.
fn describe_action(action: Action) -> Value {
    match action {
        Action::Forward(weights) => describe_forward(weights),
        Action::OtherService => json!({
            "Type": "forward",
            "Order": 1,
            "TargetGroupArn": fleet::OTHER_TARGET_GROUP_ARN,
            "ForwardConfig": {"TargetGroups": [
                {"TargetGroupArn": fleet::OTHER_TARGET_GROUP_ARN, "Weight": 1},
            ]},
        }),
        Action::Fixed(status) => json!({
            "Type": "fixed-response",
            "Order": 1,
            "FixedResponseConfig": {
                "StatusCode": status.to_string(),
                "ContentType": "text/html",
            },
        }),
    }
}

/// A forward action as CodeDeploy leaves it: before the first deployment with
/// blue alone and its `TargetGroupArn`, later with both groups and without it.
fn describe_forward(weights: Weights) -> Value {
    let tuple = |colour, weight| {
        json!({
            "TargetGroupArn": fleet::target_group_arn(colour),
            "Weight": weight,
        })
    };
    let (blue, green) = (Colour::Blue, Colour::Green);
    let mut action = json!({"Type": "forward", "Order": 1});
    let groups = match (weights.blue, weights.green) {
        // Blue alone is what a listener has before CodeDeploy first changed it.
        (1, 0) => {
            action["TargetGroupArn"] = json!(fleet::target_group_arn(blue));
            vec![tuple(blue, 1)]
        }
        (blue_weight, green_weight) => vec![tuple(green, green_weight), tuple(blue, blue_weight)],
    };
    action["ForwardConfig"] = json!({
        "TargetGroups": groups,
        "TargetGroupStickinessConfig": {"Enabled": false},
    });
    action
}

/// The result of `DescribeTargetHealth`.
pub(super) fn describe_target_health(state: &AwsState, input: &Value) -> Result<Value, ApiError> {
    let arn = text_member(input, "TargetGroupArn");
    let colour = find_target_group(arn.unwrap_or_default())?;
    let records = state.lock();
    let described: Vec<Value> = (10..)
        .zip(records.fleet.targets(colour))
        .map(|(number, health)| {
            let (status, why) = health.state_and_reason();
            let mut health = json!({"State": status});
            // A healthy target has no reason.
            if let Some((reason, description)) = why {
                health["Reason"] = json!(reason);
                health["Description"] = json!(description);
            }
            json!({
                "Target": {
                    "Id": format!("10.0.1.{number}"),
                    "Port": fleet::CONTAINER_PORT,
                    "AvailabilityZone": "eu-central-1a",
                },
                "HealthCheckPort": fleet::CONTAINER_PORT.to_string(),
                "TargetHealth": health,
            })
        })
        .collect();
    Ok(json!({"TargetHealthDescriptions": described}))
}

/// The result of `DescribeTargetGroups`.
pub(super) fn describe_target_groups(input: &Value) -> Result<Value, ApiError> {
    let mut colours = Vec::new();
    for arn in list_members(input, "TargetGroupArns") {
        colours.push(find_target_group(&arn)?);
    }
    for name in list_members(input, "Names") {
        colours.push(fleet::find_by_name(
            &fleet::COLOURS,
            fleet::target_group_name,
            &name,
            error::TARGET_GROUP_NOT_FOUND,
        )?);
    }
    // Without ARNs and names the call is for all target groups.
    if colours.is_empty() {
        colours.extend(fleet::COLOURS);
    }
    let groups: Vec<Value> = colours
        .into_iter()
        .map(|colour| {
            json!({
                "TargetGroupArn": fleet::target_group_arn(colour),
                "TargetGroupName": fleet::target_group_name(colour),
                "Protocol": "HTTP",
                "Port": fleet::CONTAINER_PORT,
                "VpcId": "vpc-0123456789abcdef0",
                "HealthCheckProtocol": "HTTP",
                "HealthCheckPort": "traffic-port",
                "HealthCheckEnabled": true,
                "HealthCheckIntervalSeconds": 15,
                "HealthCheckTimeoutSeconds": 5,
                "HealthyThresholdCount": 2,
                "UnhealthyThresholdCount": 2,
                "HealthCheckPath": "/healthz",
                "Matcher": {"HttpCode": "200"},
                "LoadBalancerArns": [fleet::LOAD_BALANCER_ARN],
                "TargetType": "ip",
                "ProtocolVersion": "HTTP1",
                "IpAddressType": "ipv4",
            })
        })
        .collect();
    Ok(json!({"TargetGroups": groups}))
}

/// The result of `DescribeLoadBalancers`.
pub(super) fn describe_load_balancers(state: &AwsState, input: &Value) -> Result<Value, ApiError> {
    let unknown = |arn: &String| arn != fleet::LOAD_BALANCER_ARN;
    let misnamed = |name: &String| name != "storefront";
    if list_members(input, "LoadBalancerArns").iter().any(unknown)
        || list_members(input, "Names").iter().any(misnamed)
    {
        return Err(error::LOAD_BALANCER_NOT_FOUND);
    }
    Ok(json!({"LoadBalancers": [{
        "LoadBalancerArn": fleet::LOAD_BALANCER_ARN,
        "DNSName": state.lock().fleet.dns_name,
        "CanonicalHostedZoneId": "Z215JYRZR1TBD5",
        "CreatedTime": "2026-01-01T00:00:00.000Z",
        "LoadBalancerName": "storefront",
        "Scheme": "internal",
        "VpcId": "vpc-0123456789abcdef0",
        "State": {"Code": "active"},
        "Type": "application",
        "AvailabilityZones": [
            {"ZoneName": "eu-central-1a", "SubnetId": "subnet-0123456789abcdef0"},
        ],
        "SecurityGroups": ["sg-0123456789abcdef0"],
        "IpAddressType": "ipv4",
    }]}))
}

/// The listener with this ARN.
fn find_listener(arn: &str) -> Result<Listener, ApiError> {
    fleet::find_by_name(
        &LISTENERS,
        fleet::listener_arn,
        arn,
        error::LISTENER_NOT_FOUND,
    )
}

/// The colour of the target group with this ARN.
fn find_target_group(arn: &str) -> Result<Colour, ApiError> {
    fleet::find_by_name(
        &fleet::COLOURS,
        fleet::target_group_arn,
        arn,
        error::TARGET_GROUP_NOT_FOUND,
    )
}
