//! Where the rules of a listener lead a request.

use http::HeaderValue;

use super::*;
use crate::load_balancer::{Action, Condition, QueryPair, Values};

const GREEN: &str = "arn:aws:elasticloadbalancing:r:1:targetgroup/shop-green/1";
const BLUE: &str = "arn:aws:elasticloadbalancing:r:1:targetgroup/shop-blue/2";
const OTHER: &str = "arn:aws:elasticloadbalancing:r:1:targetgroup/blog/3";

fn to(groups: &[(&str, u32)]) -> Action {
    let each = groups.iter();
    Action::Forward(
        each.map(|(arn, weight)| ((*arn).to_owned(), *weight))
            .collect(),
    )
}

fn answer(kind: &str) -> Action {
    Action::Answer(kind.to_owned())
}

fn values(patterns: &[&str]) -> Values {
    Values {
        patterns: patterns.iter().map(|&it| it.to_owned()).collect(),
        ..Values::default()
    }
}

fn path(pattern: &str) -> Condition {
    Condition::Path(values(&[pattern]))
}

fn source(range: &str) -> Condition {
    Condition::SourceIp(vec![range.to_owned()])
}

fn rule(priority: u32, conditions: &[Condition], action: Action) -> Rule {
    Rule {
        priority: Some(priority),
        conditions: conditions.to_vec(),
        action,
        ..Rule::default()
    }
}

fn default(action: Action) -> Rule {
    Rule {
        action,
        ..Rule::default()
    }
}

fn routes(rules: &[Rule]) -> Routes {
    Routes {
        rules: rules.to_vec(),
        green: GREEN.to_owned(),
        pair: vec!["shop-blue".to_owned(), "shop-green".to_owned()],
    }
}

fn routed(rules: &[Rule], method: &str, url: &str, headers: &[(&'static str, &str)]) -> Route {
    let url = Url::parse("https://shop.example.com:8443")
        .unwrap()
        .join(url)
        .unwrap();
    let headers = headers
        .iter()
        .map(|(name, value)| {
            let name = http::HeaderName::from_static(name);
            (name, HeaderValue::from_str(value).unwrap())
        })
        .collect();
    routes(rules).route(&method.parse().unwrap(), &url, &headers)
}

fn elsewhere(rule: &str) -> Route {
    Route::Elsewhere(rule.to_owned())
}

fn undecided(rule: &str) -> Route {
    Route::Undecided(rule.to_owned())
}

#[test]
fn the_first_rule_that_a_request_meets_says_where_it_goes() {
    let rules = [
        rule(5, &[path("/orders/new")], to(&[(GREEN, 1)])),
        rule(7, &[path("/orders*")], answer("fixed-response")),
        rule(
            9,
            &[path("/old"), Condition::Method(vec!["GET".to_owned()])],
            answer("redirect"),
        ),
        rule(11, &[path("/blog/*")], to(&[(OTHER, 1)])),
        rule(12, &[path("/api/*")], to(&[(BLUE, 1)])),
        default(to(&[(GREEN, 1), (BLUE, 0)])),
    ];
    for (method, url, expected) in [
        ("GET", "/", Route::Release),
        ("GET", "/orders/new", Route::Release),
        (
            "GET",
            "/orders?page=2",
            elsewhere("priority 7, path `/orders*`: `fixed-response`"),
        ),
        (
            "GET",
            "/old",
            elsewhere("priority 9, path `/old` and method `GET`: `redirect`"),
        ),
        ("POST", "/old", Route::Release),
        (
            "GET",
            "/blog/1",
            elsewhere("priority 11, path `/blog/*`: `blog`"),
        ),
        (
            "GET",
            "/api/",
            elsewhere("priority 12, path `/api/*`: blue (`shop-blue`)"),
        ),
    ] {
        assert_eq!(routed(&rules, method, url, &[]), expected, "{url}");
    }
}

#[test]
fn a_request_that_no_rule_leads_to_green_names_the_default_action() {
    let check = |action: Action, expected: &str| {
        let found = routed(&[default(action)], "GET", "/", &[]);
        assert_eq!(found, elsewhere(expected));
    };
    check(
        answer("fixed-response"),
        "the default action: `fixed-response`",
    );
    check(to(&[(GREEN, 0)]), "the default action: nobody");
    check(to(&[(BLUE, 1)]), "the default action: blue (`shop-blue`)");
    check(
        to(&[(OTHER, 1), (BLUE, 2)]),
        "the default action: `blog` and blue (`shop-blue`)",
    );
    check(
        to(&[(GREEN, 1), (BLUE, 9)]),
        "the default action: green with weight 1 and blue (`shop-blue`) with weight 9",
    );
    let none = elsewhere("the listener has no default action");
    assert_eq!(routed(&[], "GET", "/", &[]), none);
}

#[test]
fn the_host_is_that_of_the_header_and_has_no_port() {
    let host = |pattern: &str| Condition::Host(values(&[pattern]));
    let rules = [
        rule(1, &[host("blog.example.com")], to(&[(OTHER, 1)])),
        rule(2, &[host("shop.example.com")], to(&[(GREEN, 1)])),
        default(answer("fixed-response")),
    ];
    let check = |headers: &[(&'static str, &str)], expected: Route| {
        assert_eq!(routed(&rules, "GET", "/", headers), expected, "{headers:?}");
    };
    check(&[], Route::Release);
    check(&[("host", "SHOP.example.com")], Route::Release);
    check(&[("host", "shop.example.com:8443")], Route::Release);
    let blog = elsewhere("priority 1, host `blog.example.com`: `blog`");
    check(&[("host", "blog.example.com:8443")], blog);
    let other = elsewhere("the default action: `fixed-response`");
    check(&[("host", "[2001:db8::1]:8443")], other);
}

#[test]
fn a_rule_that_may_hold_is_undecided_only_where_it_leads_another_way() {
    let office = source("10.0.0.0/8");
    let here = elsewhere("the default action: `fixed-response`");
    for (first, second, expected) in [
        (
            answer("fixed-response"),
            to(&[(GREEN, 1)]),
            undecided("priority 3, source IP `10.0.0.0/8`: `fixed-response`"),
        ),
        (
            to(&[(GREEN, 1)]),
            answer("fixed-response"),
            undecided("priority 3, source IP `10.0.0.0/8`: green"),
        ),
        // Whoever sends it.
        (to(&[(GREEN, 1)]), to(&[(GREEN, 2)]), Route::Release),
        (to(&[(OTHER, 1)]), answer("fixed-response"), here),
    ] {
        let rules = [
            rule(3, std::slice::from_ref(&office), first),
            default(second),
        ];
        assert_eq!(routed(&rules, "GET", "/", &[]), expected);
    }
    let rules = [
        rule(1, std::slice::from_ref(&office), answer("fixed-response")),
        rule(2, &[office.clone(), path("/blog")], to(&[(OTHER, 1)])),
        rule(
            3,
            &[Condition::Unknown("tls-version".to_owned())],
            answer("redirect"),
        ),
        default(to(&[(GREEN, 1)])),
    ];
    let both = "priority 1, source IP `10.0.0.0/8`: `fixed-response` and priority 3, condition `tls-version`: `redirect`";
    assert_eq!(routed(&rules, "GET", "/", &[]), undecided(both));
    // One that certainly holds comes before.
    let first = rule(1, &[path("/orders")], to(&[(GREEN, 1)]));
    let rules = [
        first,
        rule(2, &[office], answer("redirect")),
        default(answer("redirect")),
    ];
    assert_eq!(routed(&rules, "GET", "/orders", &[]), Route::Release);
}

#[test]
fn who_has_no_session_is_answered_by_the_load_balancer() {
    let check = |needs: Option<(&'static str, &str)>, headers: &[(&'static str, &str)]| {
        let login = Login {
            kind: "authenticate-oidc".to_owned(),
            needs: needs.map(|(name, text)| (name, text.to_owned())),
        };
        let guarded = Rule {
            login: Some(login),
            ..default(to(&[(GREEN, 1)]))
        };
        routed(&[guarded], "GET", "/", headers)
    };
    let words = "the default action: `authenticate-oidc` before green";
    let session = Some(("cookie", "AWSELBAuthSessionCookie"));
    assert_eq!(check(session, &[]), elsewhere(words));
    assert_eq!(check(session, &[("cookie", "a=b")]), elsewhere(words));
    let cookie = "a=b; AWSELBAuthSessionCookie-0=x";
    assert_eq!(check(session, &[("cookie", cookie)]), undecided(words));
    let token = Some(("authorization", "Bearer "));
    assert_eq!(
        check(token, &[("authorization", "Basic x")]),
        elsewhere(words)
    );
    assert_eq!(
        check(token, &[("authorization", "Bearer x")]),
        undecided(words)
    );
    // An action that is not known.
    assert_eq!(check(None, &[]), undecided(words));
}

#[test]
fn a_rule_is_told_by_its_priority_its_conditions_and_what_it_does() {
    let several = Values {
        patterns: vec!["/a".to_owned()],
        expressions: vec!["^/b$".to_owned()],
    };
    let pair = |key: Option<&str>, value: &str| QueryPair {
        key: key.map(str::to_owned),
        value: value.to_owned(),
    };
    // What a header has to hold may be a secret.
    let header = Condition::Header {
        name: "x-gate".to_owned(),
        values: values(&["open-sesame"]),
    };
    let query = Condition::Query(vec![pair(Some("v"), "1"), pair(None, "debug")]);
    for (condition, expected) in [
        (Condition::Path(several), "path `/a` or matching `^/b$`"),
        (header, "header `x-gate`"),
        (query, "query `v=1` or `debug`"),
        (source("10.0.0.0/8"), "source IP `10.0.0.0/8`"),
        (Condition::Host(values(&["*.test"])), "host `*.test`"),
    ] {
        let rule = rule(4, &[condition], answer("redirect"));
        let told = routes(&[]).groups().describe_rule(&rule);
        assert_eq!(told, format!("priority 4, {expected}: `redirect`"));
    }
}
