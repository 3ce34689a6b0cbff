//! What the rules of the listener do with the requests of the checks: the
//! stage's load balancer routes by them, too.

use rehearsal::{Action, Colour, Listener, PRODUCTION_NAME, Rule};

use crate::proof::{assert_note, assert_unproven, impatient, succeeds};
use crate::support::Trial;

/// A trial whose test listener has these rules before its default one.
async fn with(rules: &[Rule]) -> Trial {
    let trial = impatient().await;
    let balancer = trial.stage.load_balancer();
    balancer.set_rules(Listener::Test, rules.to_vec());
    trial
}

#[tokio::test]
async fn a_rule_that_takes_every_request_elsewhere_fails() {
    for (rule, why) in [
        (
            Rule::of_paths(&["/*"], Action::Elsewhere),
            "the test listener forwards to green with weight 1 and still to `blog` with weight 1",
        ),
        (
            Rule::of_hosts(&["*.test"], Action::Elsewhere),
            "the test listener forwards to green with weight 1 and still to `blog` with weight 1",
        ),
        (
            Rule::of_hosts(&["*"], Action::Fixed(200)),
            "the test listener has a rule that takes every request to `shop.example.test`: host-header `*` leads to `fixed-response`",
        ),
    ] {
        let trial = with(std::slice::from_ref(&rule)).await;
        let outcome = trial.gate().await;
        assert_unproven(&trial, &outcome, why);
        assert_eq!(trial.requests(), 0);
        // No check would have reached green.
        let trial = with(&[rule]).await.set("SMOKE_PROOF", "off").many_checks(2);
        succeeds(&trial).await;
        let balancer = trial.stage.load_balancer();
        assert_eq!(balancer.target_requests(Colour::Green), 0);
    }
}

#[tokio::test]
async fn a_rule_for_some_requests_or_another_host_is_no_obstacle() {
    let trial = with(&[
        Rule::of_paths(&["/blog/*"], Action::Elsewhere),
        Rule::of_hosts(&["blog.example.test"], Action::Elsewhere),
    ])
    .await;
    let invoked = succeeds(&trial).await;
    let note = "some requests on the test listener do not reach green: path-pattern `/blog/*` leads to `blog`";
    assert_note(&invoked, note);
    assert!(!invoked.output().contains("blog.example.test"));
}

#[tokio::test]
async fn a_default_action_that_answers_needs_a_rule_to_green_for_the_whole_target() {
    let otherwise = |trial: &Trial| {
        let balancer = trial.stage.load_balancer();
        balancer.set_default(Listener::Test, Some(Action::Fixed(404)));
    };
    let trial = with(&[Rule::of_hosts(&[PRODUCTION_NAME], Colour::Green)]).await;
    otherwise(&trial);
    succeeds(&trial).await;
    for rules in [
        &[][..],
        &[Rule::of_paths(&["/api/*"], Colour::Green)],
        &[Rule::of_hosts(&["blog.example.test"], Colour::Green)],
    ] {
        let trial = with(rules).await;
        otherwise(&trial);
        let outcome = trial.gate().await;
        let why = if rules.is_empty() {
            "the test listener forwards to nobody"
        } else {
            "the test listener has the default action `fixed-response`, and no rule that leads all requests to `shop.example.test` to green"
        };
        assert_unproven(&trial, &outcome, why);
        assert_eq!(trial.requests(), 0);
    }
}

#[tokio::test]
async fn a_listener_that_only_opens_to_a_header_is_noted() {
    let rule = Rule {
        header: Some(("x-gate".to_owned(), "open*".to_owned())),
        ..Rule::of_paths(&[], Colour::Green)
    };
    let trial = with(&[rule]).await;
    let balancer = trial.stage.load_balancer();
    balancer.set_default(Listener::Test, Some(Action::Fixed(403)));
    let file = trial.stage.folder().join("gated.yaml");
    let checks = "checks:\n  - name: up\n    get: /healthz\n    headers: { x-gate: open-sesame }\n";
    std::fs::write(&file, checks).unwrap();
    let trial = trial.set("SMOKE_CHECKS", &file.display().to_string());
    let invoked = succeeds(&trial).await;
    let note = "only requests with http-header `open*` reach green on the test listener";
    assert_note(&invoked, note);
}

#[tokio::test]
async fn every_page_of_the_rules_is_read() {
    let rules = [
        Rule::of_paths(&["/a"], Colour::Green),
        Rule::of_paths(&["/b"], Colour::Blue),
    ];
    let trial = with(&rules[..1]).await;
    trial.stage.codedeploy().page_rules(1);
    succeeds(&trial).await;
    // Two pages before the checks, and two after them.
    assert_eq!(trial.stage.codedeploy().calls_of("DescribeRules").len(), 4);
    let trial = with(&rules).await;
    trial.stage.codedeploy().page_rules(1);
    let outcome = trial.gate().await;
    let why = "the test listener forwards to green with weight 1 and still to blue";
    assert_unproven(&trial, &outcome, why);
}
