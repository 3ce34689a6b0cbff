//! What the SDK says of a rule, and what is made of it.

use aws_sdk_elasticloadbalancingv2::types::{
    AuthenticateCognitoActionConfig, AuthenticateOidcActionConfig, HostHeaderConditionConfig,
    HttpHeaderConditionConfig, HttpRequestMethodConditionConfig, PathPatternConditionConfig,
    QueryStringConditionConfig, QueryStringKeyValuePair, SourceIpConditionConfig,
};

use super::*;

fn values(patterns: &[&str], expressions: &[&str]) -> Values {
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    Values {
        patterns: owned(patterns),
        expressions: owned(expressions),
    }
}

#[test]
fn the_values_of_a_condition_stand_in_its_field_or_beside_it() {
    let of = |field: &str| RuleCondition::builder().field(field);
    let host = HostHeaderConditionConfig::builder();
    let path = PathPatternConditionConfig::builder();
    let header = HttpHeaderConditionConfig::builder().http_header_name("x-app");
    let pair = |key: Option<&str>| {
        let pair = QueryStringKeyValuePair::builder().value("1");
        pair.set_key(key.map(str::to_owned)).build()
    };
    let query = QueryStringConditionConfig::builder();
    let query = query.values(pair(Some("v"))).values(pair(None));
    let method = HttpRequestMethodConditionConfig::builder().values("GET");
    let source = SourceIpConditionConfig::builder().values("10.0.0.0/8");
    let query_pair = |key: Option<&str>| QueryPair {
        key: key.map(str::to_owned),
        value: "1".to_owned(),
    };
    for (condition, expected) in [
        (
            of("host-header").host_header_config(host.values("a.b").build()),
            Condition::Host(values(&["a.b"], &[])),
        ),
        (
            of("path-pattern").path_pattern_config(path.regex_values("^/a$").build()),
            Condition::Path(values(&[], &["^/a$"])),
        ),
        (
            of("path-pattern").values("/a").values("/b"),
            Condition::Path(values(&["/a", "/b"], &[])),
        ),
        (
            of("http-header").http_header_config(header.values("1").build()),
            Condition::Header {
                name: "x-app".to_owned(),
                values: values(&["1"], &[]),
            },
        ),
        (
            of("query-string").query_string_config(query.build()),
            Condition::Query(vec![query_pair(Some("v")), query_pair(None)]),
        ),
        (
            of("http-request-method").http_request_method_config(method.build()),
            Condition::Method(vec!["GET".to_owned()]),
        ),
        (
            of("source-ip").source_ip_config(source.build()),
            Condition::SourceIp(vec!["10.0.0.0/8".to_owned()]),
        ),
        (of("new-field"), Condition::Unknown("new-field".to_owned())),
    ] {
        assert_eq!(Condition::from(condition.build()), expected);
    }
}

#[test]
fn what_a_request_has_to_pass_stands_before_the_last_action() {
    use AuthenticateCognitoActionConditionalBehaviorEnum as Cognito;
    use AuthenticateOidcActionConditionalBehaviorEnum as Oidc;
    let check = |before: SdkAction, expected: Option<(&str, Option<(&'static str, &str)>)>| {
        let forward = SdkAction::builder()
            .r#type(ActionTypeEnum::Forward)
            .target_group_arn("green")
            .order(2);
        let rule = SdkRule::builder().priority("7");
        let rule = Rule::from(rule.actions(forward.build()).actions(before).build());
        assert_eq!(rule.priority, Some(7));
        assert_eq!(rule.action, Action::Forward(vec![("green".to_owned(), 1)]));
        let expected = expected.map(|(kind, needs)| Login {
            kind: kind.to_owned(),
            needs: needs.map(|(name, text)| (name, text.to_owned())),
        });
        assert_eq!(rule.login, expected);
    };
    let of = |kind: ActionTypeEnum| SdkAction::builder().r#type(kind).order(1);
    let session = Some(("cookie", "AWSELBAuthSessionCookie"));
    let oidc = |behaviour: Oidc| {
        let config = AuthenticateOidcActionConfig::builder();
        let config = config.on_unauthenticated_request(behaviour).build();
        let action = of(ActionTypeEnum::AuthenticateOidc);
        action.authenticate_oidc_config(config).build()
    };
    check(oidc(Oidc::Allow), None);
    for behaviour in [Oidc::Deny, Oidc::Authenticate] {
        check(oidc(behaviour), Some(("authenticate-oidc", session)));
    }
    let cognito = |behaviour: Cognito| {
        let config = AuthenticateCognitoActionConfig::builder().session_cookie_name("mine");
        let config = config.on_unauthenticated_request(behaviour).build();
        let action = of(ActionTypeEnum::AuthenticateCognito);
        action.authenticate_cognito_config(config).build()
    };
    check(cognito(Cognito::Allow), None);
    let mine = Some(("authenticate-cognito", Some(("cookie", "mine"))));
    check(cognito(Cognito::Deny), mine);
    let token = Some(("jwt-validation", Some(("authorization", "Bearer "))));
    check(of(ActionTypeEnum::JwtValidation).build(), token);
    let unknown = ActionTypeEnum::from("new-action");
    check(of(unknown).build(), Some(("new-action", None)));
}
