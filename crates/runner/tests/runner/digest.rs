//! Logins by Digest: challenges of the rehearsal's shop over TLS, and of
//! servers that are slow or forgetful.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use client::connection::Connection;
use client::http::Client;
use diagnostic::Source;
use diagnostic::snippet::Colour;
use rehearsal::{Listener, Stage};
use report::render::failures;
use report::{Class, Outcome, Report};
use runner::plan::plan;
use runner::run::run;
use runner::settings::{Limits, Selection};
use tokio::time::{Instant, sleep};

use crate::support::server::{Reply, serve};
use crate::support::{self, check, fails, passes, report, report_of, stage};

const LOGIN: &str = "auth: { digest: { user: demo@example.com, password: correct-horse } }";
const CHALLENGE: &str = r#"Digest realm="a", nonce="b", qop="auth""#;
const STALE: &str = r#"Digest realm="a", nonce="c", qop="auth", stale=true"#;

fn plain(url: &str) -> Connection {
    Connection {
        target: url.parse().unwrap(),
        connect_to: None,
        cacert: None,
    }
}

fn classes(report: &Report) -> Vec<Class> {
    let failures = report.checks[0].failures();
    failures.map(|failure| failure.class).collect()
}

#[tokio::test]
async fn each_algorithm_opens_the_room() {
    let stage = stage().await;
    for (query, algorithm) in [
        ("", "SHA-256"),
        ("?algorithm=MD5", "MD5"),
        ("?algorithm=MD5-sess", "MD5-sess"),
        ("?algorithm=SHA-256-sess&a=b%20c", "SHA-256-sess"),
        ("?algorithm=MD5&qop=none", "MD5"),
        ("?algorithm=SHA-256&qop=auth-int,auth", "SHA-256"),
    ] {
        for request in ["get", "post"] {
            let step = format!(
                "{request}: '/members{query}'\n{LOGIN}\nexpect: {{ json: {{ $.algorithm: {algorithm} }} }}"
            );
            passes(&stage, &step).await;
        }
    }
    let step = format!("post: /members\nhttp: '1.1'\njson: {{ a: 1 }}\n{LOGIN}");
    passes(&stage, &step).await;
    // Nobody is asked who needs not say who it is.
    passes(&stage, &format!("get: /healthz\n{LOGIN}")).await;
}

#[tokio::test]
async fn a_nonce_serves_redirects_as_long_as_it_is_good() {
    let stage = stage().await;
    for (uses, count) in [(1, 1), (2, 2)] {
        let step = format!(
            "get: '/members?uses={uses}&to=/members%3Fuses={uses}'\nfollow_redirects: 1\n{LOGIN}\nexpect: {{ json: {{ $.count: {count} }} }}"
        );
        passes(&stage, &step).await;
    }
}

#[tokio::test]
async fn a_nonce_that_is_stale_is_asked_for_once_more() {
    let asked: Arc<AtomicUsize> = Arc::default();
    let counted = Arc::clone(&asked);
    let url = serve(move |path| {
        let number = counted.fetch_add(1, Ordering::Relaxed);
        let reply = match (path.as_str(), number % 3) {
            ("/late", 2) => Reply::Answer(200, String::new()),
            (_, 0) => Reply::Challenge(CHALLENGE),
            _ => Reply::Challenge(STALE),
        };
        async { reply }
    })
    .await;
    let asks = async |path: &str| {
        let step = check(&format!("get: {path}\n{LOGIN}"));
        report_of(&plain(&url), &step, Limits::default()).await
    };
    let late = asks("/late").await;
    assert_eq!(late.checks[0].outcome, Outcome::Passed, "{late:#?}");
    assert_eq!(asked.load(Ordering::Relaxed), 3);
    let never = asks("/never").await;
    assert_eq!(classes(&never), [Class::WrongAnswer; 2]);
    assert_eq!(asked.load(Ordering::Relaxed), 6);
}

#[tokio::test]
async fn who_is_not_let_in_is_told_why() {
    let stage = stage().await;
    let wrong = LOGIN.replace("correct-horse", "a-wrong-password");
    let step = format!("get: /members\n{wrong}");
    insta::assert_snapshot!(fails(&stage, &step).await, @r#"
    error[wrong-answer]: no login by digest
     --> shop.yaml:3:5
      |
    3 |     get: /members
      |     ^^^^^^^^^^^^^ expected user and password to be taken, found another challenge
      |
      = help: correct the user and the password
    error[wrong-answer]: unexpected status
     --> shop.yaml:3:5
      |
    3 |     get: /members
      |     ^^^^^^^^^^^^^ expected 2xx, found 401
      |
      = note: GET https://localhost:PORT/members answered 401 (N time)
      = note: the answer begins: {"error":{"status":401,"message":"members only"}}
    "#);
    let step = format!("get: /members?scheme=Basic&algorithm=MD5\n{LOGIN}");
    insta::assert_snapshot!(fails(&stage, &step).await, @r#"
    error[wrong-answer]: no login by digest
     --> shop.yaml:3:5
      |
    3 |     get: /members?scheme=Basic&algorithm=MD5
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected a challenge by `Digest`, found one by `Basic`
      |
      = help: log in as the server asks for it, such as by `basic`
    error[wrong-answer]: unexpected status
     --> shop.yaml:3:5
      |
    3 |     get: /members?scheme=Basic&algorithm=MD5
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected 2xx, found 401
      |
      = note: GET https://localhost:PORT/members?scheme=Basic&algorithm=MD5 answered 401 (N time)
      = note: the answer begins: {"error":{"status":401,"message":"members only"}}
    "#);
    let step = format!("get: /members?algorithm=SHA-512-256\n{LOGIN}");
    insta::assert_snapshot!(fails(&stage, &step).await, @r#"
    error[could-not-ask]: no login by digest
     --> shop.yaml:3:5
      |
    3 |     get: /members?algorithm=SHA-512-256
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected a challenge with `MD5` or `SHA-256`, or `-sess` of one of them, found the algorithm `SHA-512-256`
      |
      = help: let the server offer one of these as well
    error[wrong-answer]: unexpected status
     --> shop.yaml:3:5
      |
    3 |     get: /members?algorithm=SHA-512-256
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected 2xx, found 401
      |
      = note: GET https://localhost:PORT/members?algorithm=SHA-512-256 answered 401 (N time)
      = note: the answer begins: {"error":{"status":401,"message":"members only"}}
    "#);
    let step = format!("get: /members?qop=auth-int\n{LOGIN}");
    insta::assert_snapshot!(fails(&stage, &step).await, @r#"
    error[could-not-ask]: no login by digest
     --> shop.yaml:3:5
      |
    3 |     get: /members?qop=auth-int
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^ expected a challenge with the quality of protection `auth`, found `auth-int`
      |
      = help: let the server offer `auth` as well
    error[wrong-answer]: unexpected status
     --> shop.yaml:3:5
      |
    3 |     get: /members?qop=auth-int
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^ expected 2xx, found 401
      |
      = note: GET https://localhost:PORT/members?qop=auth-int answered 401 (N time)
      = note: the answer begins: {"error":{"status":401,"message":"members only"}}
    "#);
    let step = format!("get: /members?uses=0\n{LOGIN}");
    insta::assert_snapshot!(fails(&stage, &step).await, @r#"
    error[wrong-answer]: no login by digest
     --> shop.yaml:3:5
      |
    3 |     get: /members?uses=0
      |     ^^^^^^^^^^^^^^^^^^^^ expected a nonce that is good for one answer, found one that was stale at once, twice
      |
      = help: let all instances of the service know the nonces of each of them
    error[wrong-answer]: unexpected status
     --> shop.yaml:3:5
      |
    3 |     get: /members?uses=0
      |     ^^^^^^^^^^^^^^^^^^^^ expected 2xx, found 401
      |
      = note: GET https://localhost:PORT/members?uses=0 answered 401 (N time)
      = note: the answer begins: {"error":{"status":401,"message":"members only"}}
    "#);
    let step = format!("get: /status/401\n{LOGIN}");
    insta::assert_snapshot!(fails(&stage, &step).await, @r#"
    error[wrong-answer]: no login by digest
     --> shop.yaml:3:5
      |
    3 |     get: /status/401
      |     ^^^^^^^^^^^^^^^^ expected a challenge by `Digest`, found none
      |
      = help: log in as the server asks for it, such as by `basic`
    error[wrong-answer]: unexpected status
     --> shop.yaml:3:5
      |
    3 |     get: /status/401
      |     ^^^^^^^^^^^^^^^^ expected 2xx, found 401
      |
      = note: GET https://localhost:PORT/status/401 answered 401 (N time)
      = note: the answer begins: {"status":401}
    "#);
}

#[tokio::test]
async fn a_refusal_may_be_what_is_expected() {
    let wrong = LOGIN.replace("correct-horse", "a-wrong-password");
    let step = format!("get: /members\n{wrong}\nexpect: {{ status: 401 }}");
    passes(&stage().await, &step).await;
}

#[tokio::test]
async fn the_challenge_is_shown_and_what_was_answered_is_not() {
    let stage = stage().await;
    let text = check(&format!(
        "get: /members\n{LOGIN}\nexpect: {{ status: 404 }}"
    ));
    let passed = report(&stage, &text).await;
    let json = serde_json::to_string(&report::render::json::report(&passed)).unwrap();
    for hidden in ["correct-horse", "response=", "cnonce="] {
        assert!(!json.contains(hidden), "{hidden} in {json}");
    }
    let curl = &passed.checks[0].steps[0].exchange.as_ref().unwrap().curl;
    assert!(
        curl.contains("--digest --user demo@example.com:\"$PASSWORD\""),
        "{curl}"
    );
    let refused = report(&stage, &text.replace("correct-horse", "wrong")).await;
    let exchange = refused.checks[0].steps[0].exchange.as_ref().unwrap();
    let headers = &exchange.answer.as_ref().unwrap().headers;
    let (_, challenge) = headers
        .iter()
        .find(|(name, _)| name == "www-authenticate")
        .unwrap();
    assert!(
        challenge.starts_with("Digest realm=\"members\""),
        "{challenge}"
    );
}

#[tokio::test]
async fn a_password_of_the_environment_is_called_by_its_name() {
    let stage = stage().await;
    let login = LOGIN.replace("correct-horse", "'{{ password }}'");
    let text = format!(
        "variables: {{ password: {{ env: SHOP_PASSWORD }} }}\n{}",
        check(&format!(
            "get: /members\n{login}\nexpect: {{ status: 404 }}"
        ))
    );
    let report = report(&stage, &text).await;
    let curl = &report.checks[0].steps[0].exchange.as_ref().unwrap().curl;
    assert!(
        curl.contains("--user demo@example.com:\"$SHOP_PASSWORD\""),
        "{curl}"
    );
}

#[tokio::test]
async fn each_repetition_and_each_attempt_logs_in_anew() {
    let stage = stage().await;
    let step = format!(
        "get: /members?uses=1\nrepeat: {{ times: 12, jobs: 4 }}\n{LOGIN}\nexpect: {{ json: {{ $.count: 1 }} }}"
    );
    passes(&stage, &step).await;
    let before = stage.load_balancer().requests(Listener::Test);
    let step = format!(
        "get: /members\nretry: {{ times: 3, every: 1ms }}\n{LOGIN}\nexpect: {{ json: {{ $.count: 2 }} }}"
    );
    fails(&stage, &step).await;
    assert_eq!(stage.load_balancer().requests(Listener::Test) - before, 6);
}

/// Runs a file with `OTHER` as the URL of the other host, which is allowed.
async fn with_other(stage: &Stage, text: &str) -> Report {
    let text = text.replace("OTHER", &stage.production_url());
    let host = format!("localhost:{}", stage.production_port());
    let selection = Selection {
        hosts: [host.parse().unwrap()].into_iter().collect(),
        ..Selection::default()
    };
    let sources = [Source::new("shop.yaml", text)];
    let plan = plan(&sources, &selection, &|_| None).unwrap();
    let connection = support::connection(stage);
    let connection = Connection {
        target: connection.target.allowing(selection.hosts),
        ..connection
    };
    let client = Client::new(&connection).unwrap();
    run(&plan, &client, Limits::default(), &|_| {}).await
}

#[tokio::test]
async fn no_other_host_is_answered_but_one_that_a_step_itself_logs_in_at() {
    let stage = stage().await;
    let text = format!(
        "
defaults: {{ {LOGIN} }}
checks:
  - name: redirected from the target
    get: '/members?to=OTHER/members'
    follow_redirects: 1
    expect: {{ status: 401 }}
  - name: asked with the login of the target
    get: OTHER/members
    expect: {{ status: 401 }}
  - name: asked with a login of its own
    get: OTHER/members
    {LOGIN}
"
    );
    let before = stage.load_balancer().requests(Listener::Production);
    let report = with_other(&stage, &text).await;
    for check in &report.checks {
        assert_eq!(
            check.outcome,
            Outcome::Passed,
            "{}",
            failures(check, Colour::Never)
        );
    }
    let asked = stage.load_balancer().requests(Listener::Production) - before;
    // One for each of the first two, and two for the third.
    assert_eq!(asked, 4);
}

#[tokio::test]
async fn a_websocket_may_be_behind_a_login() {
    let stage = stage().await;
    let step = format!("websocket: /members\n{LOGIN}\nexpect: {{ status: 200 }}");
    passes(&stage, &step).await;
    let wrong = step.replace("correct-horse", "wrong");
    let said = fails(&stage, &wrong).await;
    assert!(said.contains("no login by digest"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn the_challenge_is_answered_within_the_time_of_the_step() {
    let asked = Mutex::new(0);
    let url = serve(move |_| {
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        let first = *asked % 2 == 1;
        async move {
            if first {
                sleep(Duration::from_secs(4)).await;
                return Reply::Challenge(CHALLENGE);
            }
            Reply::Silence
        }
    })
    .await;
    let begun = Instant::now();
    let step = check(&format!("get: /\ntimeout: 5s\n{LOGIN}"));
    let late = report_of(&plain(&url), &step, Limits::default()).await;
    assert_eq!(classes(&late), [Class::CouldNotAsk]);
    assert_eq!(begun.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn no_login_takes_more_turns_than_were_planned() {
    let asked: Arc<AtomicUsize> = Arc::default();
    let counted = Arc::clone(&asked);
    let url = serve(move |_| {
        let number = counted.fetch_add(1, Ordering::Relaxed);
        let challenge = if number == 0 { CHALLENGE } else { STALE };
        async move { Reply::Challenge(challenge) }
    })
    .await;
    let limits = Limits {
        rate: Some("6/m".parse().unwrap()),
        ..Limits::default()
    };
    let text = check(&format!("get: /\n{LOGIN}"));
    let sources = [Source::new("shop.yaml", text)];
    let plan = plan(&sources, &Selection::default(), &|_| None).unwrap();
    let most = plan.worst_case(limits.jobs, limits.rate);
    let begun = Instant::now();
    run(&plan, &Client::new(&plain(&url)).unwrap(), limits, &|_| {}).await;
    assert_eq!(asked.load(Ordering::Relaxed), 3);
    assert!(begun.elapsed() >= Duration::from_secs(20));
    assert!(begun.elapsed() <= most, "{most:?}");
}
