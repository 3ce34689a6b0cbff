//! What a listener's rules do with the requests of the checks.

use super::*;
use crate::load_balancer::{QueryPair, Values};

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

/// A rule of priority 5 with one condition for each field.
fn rule(conditions: &[(&str, &str)], action: Action) -> Rule {
    let conditions = conditions.iter().map(|&(field, value)| {
        let alone = vec![value.to_owned()];
        let values = Values {
            patterns: alone.clone(),
            ..Values::default()
        };
        match field {
            "host" => Condition::Host(values),
            "path" => Condition::Path(values),
            "method" => Condition::Method(alone),
            "source" => Condition::SourceIp(alone),
            "query" => Condition::Query(vec![QueryPair {
                key: Some("v".to_owned()),
                value: value.to_owned(),
            }]),
            name => Condition::Header {
                name: name.to_owned(),
                values,
            },
        }
    });
    Rule {
        priority: Some(5),
        conditions: conditions.collect(),
        action,
        ..Rule::default()
    }
}

fn judged(rules: &[Rule]) -> Result<Vec<String>, String> {
    let pair = ["shop-blue".to_owned(), "shop-green".to_owned()];
    let check = RuleCheck {
        listener: "test listener",
        host: HOST,
        groups: Groups {
            green: GREEN,
            pair: &pair,
        },
    };
    check.judge(rules, "still ").map_err(|it| it.state)
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
fn a_rule_that_leads_to_blue_is_told_with_its_priority_and_its_conditions() {
    for (conditions, told) in [
        (&[("path", "/api/*")][..], ", path `/api/*`"),
        (&[("query", "1")], ", query `v=1`"),
        (
            &[("host", "shop.*"), ("method", "POST")],
            ", host `shop.*` and method `POST`",
        ),
        (&[("x-gate", "s3cret")], ", header `x-gate`"),
        (&[], ""),
    ] {
        let has = "the test listener still has a rule that does not lead to green alone";
        let to_blue = format!("{has}: priority 5{told}: blue (`shop-blue`)");
        before_green(conditions, forward(&[(BLUE, 1)]), Err(&to_blue));
        // Weights are told where they matter.
        let shared = format!(
            "{has}: priority 5{told}: green with weight 1 and blue (`shop-blue`) with weight 9"
        );
        let action = forward(&[(GREEN, 1), (BLUE, 9)]);
        before_green(conditions, action, Err(&shared));
    }
    let shared = "the test listener still has a rule that does not lead to green alone: priority 5, path `/a`: green with weight 1 and `blog` with weight 1";
    let action = forward(&[(GREEN, 1), (OTHER, 1)]);
    before_green(&[("path", "/a")], action, Err(shared));
}

#[test]
fn a_rule_that_can_take_every_request_is_no_proof() {
    for (conditions, told) in [
        (&[("path", "/*")][..], "path `/*`"),
        (&[("path", "*")], "path `*`"),
        (&[("host", "*")], "host `*`"),
        (
            &[("host", "*.Example.com"), ("path", "/*")],
            "host `*.Example.com` and path `/*`",
        ),
        (&[("method", "GET")], "method `GET`"),
        (&[("x-app", "*")], "header `x-app`"),
        (&[("source", "0.0.0.0/0")], "source IP `0.0.0.0/0`"),
    ] {
        let takes = format!(
            "the test listener has a rule that takes every request to `{HOST}`: priority 5, {told}"
        );
        for (action, does) in [
            (forward(&[(OTHER, 1)]), "`blog`"),
            (forward(&[(OTHER, 0)]), "nobody"),
            (answer("fixed-response"), "`fixed-response`"),
        ] {
            before_green(conditions, action, Err(&format!("{takes}: {does}")));
        }
    }
}

#[test]
fn a_rule_that_leads_some_requests_elsewhere_is_noted() {
    let some = "some requests on the test listener do not reach green";
    for (conditions, action, told) in [
        (
            &[("path", "/blog/*")][..],
            forward(&[(OTHER, 1)]),
            "path `/blog/*`: `blog`",
        ),
        (
            &[("path", "/old"), ("method", "POST")],
            answer("redirect"),
            "path `/old` and method `POST`: `redirect`",
        ),
        (
            &[("path", "/gone")],
            forward(&[(GREEN, 0)]),
            "path `/gone`: nobody",
        ),
    ] {
        let note = format!("{some}: priority 5, {told}");
        before_green(conditions, action, Ok(&note));
    }
}

#[test]
fn a_rule_for_other_hosts_is_no_reason_whatever_it_does() {
    for action in [
        forward(&[(OTHER, 1)]),
        forward(&[(BLUE, 1)]),
        forward(&[(GREEN, 1), (BLUE, 1)]),
        answer("fixed-response"),
    ] {
        let other = [("host", "blog.example.com")];
        before_green(&other, action.clone(), Ok(""));
        let other = [("host", "blog.example.com"), ("path", "/*")];
        before_green(&other, action, Ok(""));
    }
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
    check(&[("host", "shop.example.com")], Ok(""));
    check(&[("host", "*.example.com"), ("path", "/*")], Ok(""));
    check(
        &[("x-gate", "s3cret")],
        Ok("only requests with header `x-gate` reach green on the test listener"),
    );
    let not = "the test listener has the default action `fixed-response`, and no rule that leads all requests to `shop.example.com` to green";
    check(&[("path", "/api/*")], Err(not));
    check(&[("host", "blog.example.com")], Err(not));
    check(&[("method", "GET")], Err(not));
    // Nobody forwards, and no rule leads to green for all requests.
    let nobody = [
        rule(&[("path", "/api/*")], forward(&[(GREEN, 1)])),
        default(forward(&[(GREEN, 0)])),
    ];
    assert_eq!(
        judged(&nobody).unwrap_err(),
        "the test listener has a default action that forwards to nobody, and no rule that leads all requests to `shop.example.com` to green"
    );
}

#[test]
fn what_stands_behind_a_rule_that_leads_everything_to_green_is_never_reached() {
    for first in [
        &[("path", "/*")][..],
        &[("host", HOST)],
        &[("source", "0.0.0.0/0")],
    ] {
        for behind in [
            forward(&[(OTHER, 1)]),
            forward(&[(BLUE, 1)]),
            answer("fixed-response"),
        ] {
            let rules = [
                rule(first, forward(&[(GREEN, 1)])),
                rule(&[("path", "*")], behind.clone()),
                rule(&[("path", "/blog/*")], behind.clone()),
                default(behind),
            ];
            assert_eq!(judged(&rules), Ok(Vec::new()), "{first:?}");
        }
    }
    // What stands before it is reached.
    let rules = [
        rule(&[("path", "/api/*")], forward(&[(BLUE, 1)])),
        rule(&[("path", "/*")], forward(&[(GREEN, 1)])),
        default(answer("fixed-response")),
    ];
    assert!(judged(&rules).is_err());
    // A header that anybody may leave out leads everything nowhere.
    let rules = [
        rule(&[("x-gate", "*")], forward(&[(GREEN, 1)])),
        rule(&[("path", "*")], forward(&[(OTHER, 1)])),
        default(answer("fixed-response")),
    ];
    assert!(judged(&rules).is_err());
}

#[test]
fn a_regular_expression_holds_for_every_path_if_it_is_known_to() {
    let judged = |expression: &str| {
        let values = Values {
            expressions: vec![expression.to_owned()],
            ..Values::default()
        };
        let rule = Rule {
            conditions: vec![Condition::Path(values)],
            ..rule(&[], forward(&[(GREEN, 1)]))
        };
        judged(&[rule, default(answer("fixed-response"))])
    };
    assert_eq!(judged("^/.*$"), Ok(Vec::new()));
    assert!(judged("^/api/.*$").is_err());
}
