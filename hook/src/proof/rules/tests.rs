//! What a listener's rules do with the requests of the checks.

use super::*;

const GREEN: &str = "arn:aws:elasticloadbalancing:r:1:targetgroup/shop-green/1";
const BLUE: &str = "arn:aws:elasticloadbalancing:r:1:targetgroup/shop-blue/2";
const OTHER: &str = "arn:aws:elasticloadbalancing:r:1:targetgroup/blog/3";
const HOST: &str = "shop.example.com";

type Forwards<'a> = &'a [(&'a str, u32)];

fn forward(forwards: Forwards<'_>) -> Action {
    let each = forwards.iter();
    Action::Forward(
        each.map(|(arn, weight)| ((*arn).to_owned(), *weight))
            .collect(),
    )
}

fn answer(kind: &str) -> Action {
    Action::Answer(kind.to_owned())
}

fn default(action: Action) -> Rule {
    Rule {
        action,
        ..Rule::default()
    }
}

/// A rule with one condition for each field.
fn rule(conditions: &[(&str, &str)], action: Action) -> Rule {
    let conditions = conditions.iter().map(|(field, value)| Condition {
        field: (*field).to_owned(),
        values: vec![(*value).to_owned()],
        expressions: Vec::new(),
    });
    Rule {
        priority: Some(1),
        conditions: conditions.collect(),
        action,
    }
}

fn judged(rules: &[Rule]) -> Result<Vec<String>, String> {
    let pair = ["shop-blue".to_owned(), "shop-green".to_owned()];
    let asked = Asked {
        what: "test listener",
        host: HOST,
        green: GREEN,
        pair: &pair,
    };
    asked.judge(rules, "still ")
}

/// The default rule leads so, and there is no other.
#[track_caller]
fn check(forwards: Forwards<'_>, expected: Result<(), &str>) {
    let found = judged(&[default(forward(forwards))]);
    let found = found.map(|notes| assert!(notes.is_empty(), "{notes:?}"));
    assert_eq!(found, expected.map_err(str::to_owned));
}

#[test]
fn only_a_listener_that_forwards_to_green_alone_will_do() {
    check(&[(GREEN, 1)], Ok(()));
    check(&[(GREEN, 100), (BLUE, 0)], Ok(()));
    check(
        &[(GREEN, 0), (BLUE, 100)],
        Err("the test listener still forwards to blue (`shop-blue`)"),
    );
    check(
        &[(GREEN, 10), (BLUE, 90)],
        Err(
            "the test listener forwards to green with weight 10 and still to blue (`shop-blue`) with weight 90",
        ),
    );
    let nobody = Err("the test listener forwards to nobody");
    check(&[], nobody);
    check(&[(GREEN, 0), (BLUE, 0)], nobody);
    check(
        &[(OTHER, 1)],
        Err("the test listener still forwards to `blog`"),
    );
    assert_eq!(judged(&[]), nobody.map(|()| vec![]).map_err(str::to_owned));
}

/// A rule with these conditions stands before a default one that leads to
/// green.
#[track_caller]
fn before_green(conditions: &[(&str, &str)], action: Action, expected: Result<&str, &str>) {
    let rules = [rule(conditions, action), default(forward(&[(GREEN, 1)]))];
    let found = judged(&rules).map(|notes| notes.join("; "));
    let expected = expected.map(str::to_owned).map_err(str::to_owned);
    assert_eq!(found, expected, "{conditions:?}");
}

#[test]
fn a_rule_that_leads_to_blue_is_found_whatever_it_asks() {
    let mixed = "the test listener forwards to green with weight 1 and still to blue (`shop-blue`) with weight 1";
    for conditions in [
        &[("path-pattern", "/api/*")][..],
        &[("host-header", "other.example.com")],
        &[("query-string", "v=1")],
        &[],
    ] {
        before_green(conditions, forward(&[(BLUE, 1)]), Err(mixed));
    }
}

#[test]
fn a_foreign_rule_that_can_take_every_request_is_no_proof() {
    let foreign =
        "the test listener forwards to green with weight 1 and still to `blog` with weight 1";
    for conditions in [
        &[("path-pattern", "/*")][..],
        &[("path-pattern", "*")],
        &[("host-header", "*")],
        &[("host-header", "*.Example.com"), ("path-pattern", "/*")],
        &[("http-request-method", "GET")],
        &[("http-header", "*")],
        &[("source-ip", "0.0.0.0/0")],
    ] {
        before_green(conditions, forward(&[(OTHER, 1)]), Err(foreign));
    }
    before_green(
        &[("host-header", "shop.*")],
        answer("fixed-response"),
        Err(
            "the test listener has a rule that takes every request to `shop.example.com`: host-header `shop.*` leads to `fixed-response`",
        ),
    );
}

#[test]
fn a_foreign_rule_for_some_requests_is_noted_and_one_of_another_host_is_not() {
    before_green(
        &[("path-pattern", "/blog/*")],
        forward(&[(OTHER, 1)]),
        Ok(
            "some requests on the test listener do not reach green: path-pattern `/blog/*` leads to `blog`",
        ),
    );
    before_green(
        &[("path-pattern", "/old"), ("http-request-method", "POST")],
        answer("redirect"),
        Ok(
            "some requests on the test listener do not reach green: path-pattern `/old` and http-request-method `POST` leads to `redirect`",
        ),
    );
    before_green(
        &[("host-header", "blog.example.com"), ("path-pattern", "/*")],
        forward(&[(OTHER, 1)]),
        Ok(""),
    );
}

#[test]
fn a_default_action_that_answers_needs_a_rule_that_leads_the_target_to_green() {
    let check = |conditions: &[(&str, &str)], expected: Result<&str, &str>| {
        let to_green = rule(conditions, forward(&[(GREEN, 1), (BLUE, 0)]));
        let rules = [to_green, default(answer("fixed-response"))];
        let found = judged(&rules).map(|notes| notes.join("; "));
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(found, expected, "{conditions:?}");
    };
    check(&[], Ok(""));
    check(&[("host-header", "shop.example.com")], Ok(""));
    check(
        &[("host-header", "*.example.com"), ("path-pattern", "/*")],
        Ok(""),
    );
    check(
        &[("http-header", "s3cret")],
        Ok("only requests with http-header `s3cret` reach green on the test listener"),
    );
    let not = "the test listener has the default action `fixed-response`, and no rule that leads all requests to `shop.example.com` to green";
    check(&[("path-pattern", "/api/*")], Err(not));
    check(&[("host-header", "blog.example.com")], Err(not));
    check(&[("http-request-method", "GET")], Err(not));
    // Nobody forwards, and no rule leads to green for all requests.
    let nobody = [
        rule(&[("path-pattern", "/api/*")], forward(&[(GREEN, 1)])),
        default(forward(&[(GREEN, 0)])),
    ];
    assert_eq!(
        judged(&nobody).unwrap_err(),
        "the test listener has a default action that forwards to nobody, and no rule that leads all requests to `shop.example.com` to green"
    );
}

#[test]
fn what_stands_behind_a_rule_that_leads_everything_to_green_is_never_reached() {
    let rules = [
        rule(&[("path-pattern", "/*")], forward(&[(GREEN, 1)])),
        rule(&[("path-pattern", "*")], forward(&[(OTHER, 1)])),
        default(answer("fixed-response")),
    ];
    assert_eq!(judged(&rules), Ok(Vec::new()));
    // A header that anybody may leave out leads everything nowhere.
    let rules = [
        rule(&[("http-header", "*")], forward(&[(GREEN, 1)])),
        rule(&[("path-pattern", "*")], forward(&[(OTHER, 1)])),
        default(answer("fixed-response")),
    ];
    assert!(judged(&rules).is_err());
}

#[test]
fn patterns_and_expressions_are_read_as_the_load_balancer_reads_them() {
    let check = |pattern: &str, text: &str, expected: bool| {
        let found = fits(pattern.as_bytes(), text.as_bytes());
        assert_eq!(found, expected, "{pattern} {text}");
    };
    check("*.example.*", "shop.example.com", true);
    check("s?op.example.com", "shop.example.com", true);
    check("*a*b*c", "xaxbxbxc", true);
    check("*a*b*c", "xaxbxbx", false);
    check("", "", true);
    check("*", "", true);
    check("?", "", false);
    let mut by_expression = Condition {
        field: "path-pattern".to_owned(),
        expressions: vec!["^/.*$".to_owned()],
        ..Condition::default()
    };
    assert!(by_expression.is_every_path());
    by_expression.expressions = vec!["^/api/.*$".to_owned()];
    assert!(!by_expression.is_every_path());
    // What an expression says of a host is not known: it may, and need not.
    assert!(by_expression.may_have_host(HOST) && !by_expression.has_host(HOST));
}
