//! What the rules of the listener do with the requests of the checks: the
//! stage's load balancer routes by them, too.

use rehearsal::{Action, Colour, Listener, PRODUCTION_NAME, Rule, Weights};

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
            Rule::of_paths(&["/*"], Action::OtherService),
            "priority 1, path `/*`: `blog`",
        ),
        (
            Rule::of_hosts(&["*.test"], Action::OtherService),
            "priority 1, host `*.test`: `blog`",
        ),
        (
            Rule::of_hosts(&["*"], Action::Fixed(200)),
            "priority 1, host `*`: `fixed-response`",
        ),
    ] {
        let trial = with(std::slice::from_ref(&rule)).await;
        let outcome = trial.gate().await;
        let why = format!(
            "the test listener has a rule that takes every request to `shop.example.test`: {why}"
        );
        assert_unproven(&trial, &outcome, &why);
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
        Rule::of_paths(&["/blog/*"], Action::OtherService),
        Rule::of_hosts(&["blog.example.test"], Action::OtherService),
    ])
    .await;
    let invoked = succeeds(&trial).await;
    let note =
        "some requests on the test listener do not reach green: priority 1, path `/blog/*`: `blog`";
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
    let note = "only requests with header `x-gate` reach green on the test listener";
    assert_note(&invoked, note);
    // Whoever knows what the header has to hold gets in.
    assert!(!invoked.output().contains("open*"));
}

#[tokio::test]
async fn every_page_of_the_rules_is_read() {
    let rules = [
        Rule::of_paths(&["/a"], Colour::Green),
        Rule::of_paths(&["/b"], Colour::Blue),
    ];
    let trial = with(&rules[..1]).await;
    trial.stage.codedeploy().set_rules_page_size(1);
    succeeds(&trial).await;
    // Two pages before the checks, and two after them.
    assert_eq!(trial.stage.codedeploy().calls_of("DescribeRules").len(), 4);
    let trial = with(&rules).await;
    trial.stage.codedeploy().set_rules_page_size(1);
    let outcome = trial.gate().await;
    let why = "the test listener still has a rule that does not lead to green alone: priority 2, path `/b`: blue (`storefront-blue`) after ";
    assert_unproven(&trial, &outcome, why);
}

#[tokio::test]
async fn a_rule_that_shares_with_blue_is_told_with_its_weights() {
    let weights = Weights { blue: 9, green: 1 };
    let trial = with(&[Rule::of_paths(&["/api/*"], weights)]).await;
    let outcome = trial.gate().await;
    let why = "the test listener still has a rule that does not lead to green alone: priority 1, path `/api/*`: green with weight 1 and blue (`storefront-blue`) with weight 9 after ";
    assert_unproven(&trial, &outcome, why);
    assert_eq!(trial.requests(), 0);
}

#[tokio::test]
async fn what_no_request_to_the_target_can_reach_is_no_obstacle_whatever_it_does() {
    for rules in [
        vec![Rule::of_hosts(&["blog.example.test"], Colour::Blue)],
        vec![
            Rule::of_hosts(&[PRODUCTION_NAME], Colour::Green),
            Rule::of_paths(&["/api/*"], Colour::Blue),
            Rule::of_paths(&["/*"], Action::Fixed(404)),
        ],
    ] {
        let invoked = succeeds(&with(&rules).await).await;
        assert!(!invoked.output().contains("do not reach green"));
    }
    // The default action belongs to other hosts, too.
    for default in [Action::OtherService, Colour::Blue.into()] {
        let trial = with(&[Rule::of_hosts(&[PRODUCTION_NAME], Colour::Green)]).await;
        let balancer = trial.stage.load_balancer();
        balancer.set_default(Listener::Test, Some(default));
        succeeds(&trial).await;
        assert_eq!(balancer.target_requests(Colour::Blue), 0);
    }
}

#[tokio::test]
async fn a_check_of_which_one_request_reaches_green_stays_a_note() {
    let trial = with(&[Rule::of_paths(&["/orders*"], Action::Fixed(200))]).await;
    let file = trial.stage.folder().join("steps.yaml");
    let steps =
        "checks:\n  - name: both\n    steps:\n      - get: /healthz\n      - get: /orders\n";
    std::fs::write(&file, steps).unwrap();
    let trial = trial.set("SMOKE_CHECKS", &file.display().to_string());
    let invoked = succeeds(&trial).await;
    let note = "some requests on the test listener do not reach green: priority 1, path `/orders*`: `fixed-response`";
    assert_note(&invoked, note);
}

/// A trial whose checks ask only for these paths, one check each.
fn asking_for(trial: Trial, paths: &[&str]) -> Trial {
    let file = trial.stage.folder().join("paths.yaml");
    let check = |path: &&str| serde_json::json!({"name": format!("asks {path}"), "get": path});
    let checks: Vec<_> = paths.iter().map(check).collect();
    let text = serde_json::json!({ "checks": checks }).to_string();
    std::fs::write(&file, text).unwrap();
    trial.set("SMOKE_CHECKS", &file.display().to_string())
}

#[tokio::test]
async fn a_required_check_whose_requests_a_rule_answers_fails_and_the_rule_is_named() {
    let trial = with(&[
        Rule::of_paths(&["/nothing"], Colour::Green),
        Rule::of_paths(&["/orders*"], Action::Fixed(200)),
    ])
    .await;
    let trial = asking_for(trial, &["/healthz", "/orders"]);
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "priority 2, path `/orders*`: `fixed-response`");
    let balancer = trial.stage.load_balancer();
    assert_eq!(balancer.target_requests(Colour::Green), 1);
}
