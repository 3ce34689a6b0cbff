//! Where requests may go beside the target, and what they carry there.

use client::connection::Connection;
use client::hosts::Hosts;
use client::http::Client;
use diagnostic::Source;
use diagnostic::snippet::Colour;
use rehearsal::{Listener, Stage};
use report::render::failures;
use report::verdict::{Verdict, judge};
use report::{Class, Report};
use runner::plan::{Plan, plan};
use runner::run::run;
use runner::settings::{Limits, Selection};

use crate::support::{self, stage};

/// The production listener is another host to the checks: another port is
/// another origin.
fn other(stage: &Stage) -> Hosts {
    let host = format!("localhost:{}", stage.production_port());
    [host.parse().unwrap()].into_iter().collect()
}

fn planned(text: &str, hosts: &Hosts) -> Result<Plan, String> {
    let selection = Selection {
        hosts: hosts.clone(),
        ..Selection::default()
    };
    plan(&[Source::new("shop.yaml", text)], &selection, &|_| None)
        .map_err(|problems| problems.to_string())
}

/// Runs a file with `OTHER` as the URL of the other host.
async fn report(stage: &Stage, text: &str, hosts: &Hosts) -> Report {
    let text = text.replace("OTHER", &stage.production_url());
    let plan = planned(&text, hosts).unwrap();
    let connection = support::connection(stage);
    let connection = Connection {
        target: connection.target.with_allowed_hosts(hosts.clone()),
        ..connection
    };
    let client = Client::new(&connection).unwrap();
    run(&plan, &client, Limits::default(), &|_| {}).await
}

async fn passes(stage: &Stage, text: &str, hosts: &Hosts) {
    let report = report(stage, text, hosts).await;
    let said: Vec<_> = report
        .checks
        .iter()
        .map(|check| failures(check, Colour::Never))
        .collect();
    assert_eq!(judge(&report), Verdict::Succeeded, "{}", said.join("\n"));
}

#[tokio::test]
async fn a_step_may_name_an_allowed_host_and_gets_nothing_of_the_targets() {
    let stage = stage().await;
    let text = "
defaults:
  headers: { x-shop-key: of the target }
  auth: { bearer: of the target }
  writes: true
checks:
  - name: a
    steps:
      - post: /login
        auth: none
        json: { email: demo@example.com, password: correct-horse }
        capture: { session: { cookie: session } }
      - get: OTHER/echo
        expect:
          json:
            $.headers.authorization: { exists: false }
            $.headers.cookie: { exists: false }
            $.headers['x-shop-key']: { exists: false }
      - get: OTHER/echo
        headers: { x-own: '1' }
        auth: { bearer: of the step }
        expect:
          json: { $.headers.authorization: Bearer of the step, \"$.headers['x-own']\": '1' }
      - get: /echo
        expect:
          json:
            $.headers.authorization: Bearer of the target
            $.headers.cookie: 'session={{ session }}'
            $.headers['x-shop-key']: of the target
";
    passes(&stage, text, &other(&stage)).await;
    assert_eq!(stage.load_balancer().requests(Listener::Production), 2);
}

#[tokio::test]
async fn a_websocket_elsewhere_needs_a_host_that_is_allowed_too() {
    let stage = stage().await;
    let text = "
defaults: { headers: { x-shop-key: of the target } }
checks: [{ name: a, websocket: 'OTHER/ws' }]
"
    .replace("OTHER", &stage.production_url().replacen("https", "wss", 1));
    passes(&stage, &text, &other(&stage)).await;
    assert_eq!(stage.load_balancer().requests(Listener::Production), 1);
    let said = planned(&text, &Hosts::default()).err().unwrap();
    assert!(said.contains("a host that is not allowed"), "{said}");
    // Where it is only known when the step runs, too.
    let text = "checks: [{ name: a, websocket: '{{ scheme }}://elsewhere.example/ws' }]\nvariables: { scheme: wss }";
    let report = report(&stage, text, &other(&stage)).await;
    let only = &report.checks[0];
    let said = failures(only, Colour::Never);
    assert!(said.contains("which is not on the target"), "{said}");
}

#[tokio::test]
async fn a_token_may_come_from_an_allowed_host() {
    let stage = stage().await;
    let text = "
defaults:
  auth:
    oauth2: { token_url: 'OTHER/oauth/token', client_id: smoke, client_secret: let me in }
checks:
  - { name: a, get: /oauth/whoami, expect: { json: { $.token: 1 } } }
  - { name: b, get: /oauth/whoami, expect: { json: { $.token: 1 } } }
";
    passes(&stage, text, &other(&stage)).await;
    assert_eq!(stage.load_balancer().requests(Listener::Production), 1);
    // Where the host is only known when the step runs, too.
    let text = text.replace("'OTHER/", "'{{ issuer }}/");
    let text = format!("variables: {{ issuer: 'https://elsewhere.example' }}\n{text}");
    let report = report(&stage, &text, &other(&stage)).await;
    let said = failures(&report.checks[0], Colour::Never);
    assert!(said.contains("which is not on the target"), "{said}");
}

#[tokio::test]
async fn the_cookies_of_another_host_are_its_own() {
    let stage = stage().await;
    let text = "
checks:
  - name: a
    writes: true
    steps:
      - post: OTHER/login
        json: { email: demo@example.com, password: correct-horse }
      - get: /echo
        expect: { json: { $.headers.cookie: { exists: false } } }
      - get: OTHER/account
";
    passes(&stage, text, &other(&stage)).await;
}

#[tokio::test]
async fn a_redirect_to_an_allowed_host_takes_no_credentials_and_no_body_along() {
    let stage = stage().await;
    let text = "
checks:
  - name: a
    get: '/redirect-to?url=OTHER/echo'
    follow_redirects: 1
    headers: { x-key: of the target, accept: text/plain }
    auth: { bearer: of the target }
    expect:
      json:
        $.headers.authorization: { exists: false }
        $.headers['x-key']: { exists: false }
        $.headers.accept: text/plain
  - name: b
    writes: true
    post: '/redirect-to?status=303&url=OTHER/echo'
    text: of the target
    follow_redirects: 1
    expect: { json: { $.method: GET, $.body: '' } }
";
    passes(&stage, text, &other(&stage)).await;
    let before = stage.load_balancer().requests(Listener::Production);
    let text = "
checks:
  - name: a
    writes: true
    post: '/redirect-to?status=307&url=OTHER/echo'
    text: of the target
    follow_redirects: 1
";
    let refused = report(&stage, text, &other(&stage)).await;
    let said = failures(&refused.checks[0], Colour::Never);
    assert!(
        said.contains("keeps the body on the host it was for"),
        "{said}"
    );
    let unnamed = report(
        &stage,
        "checks: [{ name: a, get: '/redirect-to?url=OTHER/echo', follow_redirects: 1 }]",
        &Hosts::default(),
    )
    .await;
    let said = failures(&unnamed.checks[0], Colour::Never);
    assert!(said.contains("which is not on the target"), "{said}");
    assert!(said.contains("--allow-host"), "{said}");
    assert_eq!(stage.load_balancer().requests(Listener::Production), before);
}

#[tokio::test]
async fn a_host_that_a_template_names_is_held_to_the_same() {
    let stage = stage().await;
    let text = "
variables: { issuer: OTHER }
checks: [{ name: a, get: '{{ issuer }}/echo' }]
";
    passes(&stage, text, &other(&stage)).await;
    let refused = report(&stage, text, &Hosts::default()).await;
    let failure = refused.checks[0].failures().next().unwrap();
    assert_eq!(failure.class, Class::CouldNotAsk);
    let elsewhere = text.replace("OTHER", "https://169.254.169.254");
    let refused = report(&stage, &elsewhere, &other(&stage)).await;
    assert_eq!(judge(&refused), Verdict::Failed);
}

#[tokio::test]
async fn the_address_that_is_dialled_is_the_targets_alone() {
    let stage = stage().await;
    let hosts = other(&stage);
    let target = format!("https://shop.example.test:{}", stage.test_port());
    let target = target.parse::<client::target::Target>().unwrap();
    let connection = Connection {
        target: target.clone().with_allowed_hosts(hosts.clone()),
        connect_to: Some("127.0.0.1".parse().unwrap()),
        ..support::connection(&stage)
    };
    let text = "
checks:
  - name: a
    steps:
      - { get: /version, expect: { json: { $.colour: green } } }
      - { get: OTHER/version, expect: { json: { $.colour: blue } } }
"
    .replace("OTHER", &stage.production_url());
    let plan = planned(&text, &hosts).unwrap();
    let client = Client::new(&connection).unwrap();
    let report = run(&plan, &client, Limits::default(), &|_| {}).await;
    assert_eq!(judge(&report), Verdict::Succeeded, "{report:#?}");
    // One name cannot lead to two places.
    let twice: Hosts = ["shop.example.test".parse().unwrap()].into_iter().collect();
    let connection = Connection {
        target: target.with_allowed_hosts(twice),
        ..connection
    };
    let said = Client::new(&connection).unwrap_err().to_string();
    assert!(
        said.contains("`shop.example.test` cannot be allowed"),
        "{said}"
    );
}
