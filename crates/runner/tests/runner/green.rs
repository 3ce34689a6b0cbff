//! A run against a release that is known: answers of other versions are no
//! answers, and requests that are led elsewhere prove nothing.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use client::connection::Connection;
use client::hosts::Hosts;
use client::http::Client;
use client::target::Target;
use diagnostic::Source;
use diagnostic::snippet::Colour;
use futures_util::future::LocalBoxFuture;
use http::{HeaderMap, Method};
use report::render::failures;
use report::verdict::{self, Verdict};
use report::{Class, Outcome, Report};
use runner::green::{ExpectedIdentity, GreenProof, GreenVersion, NotProven, Route};
use runner::plan::plan;
use runner::run::run_against;
use runner::settings::{DEFAULT_JOBS, Limits, Selection};
use tokio::time::Instant;
use url::Url;

use crate::support::server::{Reply, serve};
use crate::support::{check, connection, outcome, stage};

const PATIENCE: Duration = Duration::from_secs(30);

/// A proof that can be made, or not, and that counts how often it is made.
#[derive(Default)]
struct Way {
    renewals: AtomicU32,
    refuses: Option<&'static str>,
    elsewhere: Option<&'static str>,
    undecided: Option<&'static str>,
}

impl GreenProof for Way {
    fn route(&self, method: &Method, url: &Url, headers: &HeaderMap) -> Route {
        assert!(headers.contains_key("user-agent"), "{method} {url}");
        let rule = || format!("the rule with priority 5 for `{}`", url.path());
        if self.elsewhere == Some(url.path()) {
            Route::Elsewhere(rule())
        } else if self.undecided == Some(url.path()) {
            Route::Undecided(rule())
        } else {
            Route::Release
        }
    }

    fn renew(&self, _: Instant) -> LocalBoxFuture<'_, Result<(), NotProven>> {
        self.renewals.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::ready(self.refuses.map_or(Ok(()), |why| {
            Err(NotProven {
                reason: why.to_owned(),
            })
        })))
    }
}

/// A service of which the first answers come from the old version.
struct Service {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Service {
    async fn turning_green_after(old: usize) -> Self {
        Self::answering(old, |_, version| {
            Reply::With(200, says(version), String::new())
        })
        .await
    }

    /// Answers with what this makes of a path and a version.
    async fn answering(
        old: usize,
        answer: impl Fn(&str, &str) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&asked);
        let url = serve(move |path| {
            let mut log = log.lock().unwrap();
            let version = if log.len() < old { "old" } else { "new" };
            let reply = answer(&path, version);
            log.push(path);
            async move { reply }
        })
        .await;
        Self { url, asked }
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

fn says(version: &str) -> String {
    format!("x-app-version: {version}\r\n")
}

fn of_new() -> ExpectedIdentity {
    ExpectedIdentity::from_header("x-app-version", "new").unwrap()
}

async fn run(url: &str, text: &str, identity: &ExpectedIdentity, proof: &dyn GreenProof) -> Report {
    let connection = Connection {
        target: url.parse().unwrap(),
        connect_to: None,
        cacert: None,
    };
    run_over(&connection, text, identity, proof).await
}

async fn run_over(
    connection: &Connection,
    text: &str,
    identity: &ExpectedIdentity,
    proof: &dyn GreenProof,
) -> Report {
    let selection = Selection::default();
    run_with(connection, text, &selection, identity, proof).await
}

async fn run_with(
    connection: &Connection,
    text: &str,
    selection: &Selection,
    identity: &ExpectedIdentity,
    proof: &dyn GreenProof,
) -> Report {
    let plan = plan(&[Source::new("shop.yaml", text)], selection, &|_| None)
        .unwrap_or_else(|problems| panic!("{problems}"));
    let client = Client::new(connection).unwrap();
    let release = GreenVersion {
        identity: Some(identity),
        patience: PATIENCE,
        proof,
    };
    let begun = Instant::now();
    let report = run_against(release, &plan, &client, Limits::default(), &|_| {}).await;
    // What is said before a run holds for it.
    let longest = plan.worst_case(DEFAULT_JOBS, None) + PATIENCE;
    assert!(begun.elapsed() <= longest, "{:?}", begun.elapsed());
    report
}

fn said(report: &Report, url: &str) -> String {
    let port = url.rsplit(':').next().unwrap();
    failures(&report.checks[0], Colour::Never).replace(port, "PORT")
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_another_version_is_no_answer_and_the_request_is_sent_again() {
    let service = Service::turning_green_after(3).await;
    let way = Way::default();
    let report = run(&service.url, &check("get: /"), &of_new(), &way).await;
    assert_eq!(outcome(&report), (Outcome::Passed, vec![]));
    assert_eq!(verdict::judge(&report), Verdict::Succeeded);
    assert_eq!(service.asked(), 4);
    // Before each new attempt green is proven again.
    assert_eq!(way.renewals.into_inner(), 3);
    let [foreign] = report.context.foreign_answers.as_slice() else {
        panic!("{:?}", report.context.foreign_answers);
    };
    assert_eq!(foreign.answers, 3);
    assert_eq!(foreign.said, "`x-app-version: old`");
    assert!(service.url.ends_with(&foreign.address), "{foreign:?}");
    let reason = verdict::reason(&report);
    let note = "3 answers from 127.0.0.1:PORT came from another version, `x-app-version: old`, and \
                counted for no check";
    let port = service.url.rsplit(':').next().unwrap();
    assert!(reason.replace(port, "PORT").ends_with(note), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn only_a_request_that_changes_nothing_is_sent_again() {
    let check_method = async |method: &str, expected: Outcome, sent: usize| {
        let service = Service::turning_green_after(1).await;
        let text = check(&format!("{}: /", method.to_lowercase()));
        let report = run(&service.url, &text, &of_new(), &Way::default()).await;
        assert_eq!(report.checks[0].outcome, expected, "{method}");
        assert_eq!(service.asked(), sent, "{method}");
        report
    };
    for method in ["GET", "HEAD", "OPTIONS"] {
        check_method(method, Outcome::Passed, 2).await;
    }
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let report = check_method(method, Outcome::Failed, 1).await;
        assert_eq!(outcome(&report).1, [Class::CouldNotAsk], "{method}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_sent_again_fails_with_the_address_and_what_it_said() {
    let service = Service::turning_green_after(1).await;
    let way = Way::default();
    let report = run(&service.url, &check("post: /orders"), &of_new(), &way).await;
    insta::assert_snapshot!(said(&report, &service.url));
    assert_eq!(report.context.foreign_answers[0].answers, 1);
}

#[tokio::test(start_paused = true)]
async fn a_version_that_outlasts_the_patience_fails_the_check() {
    let service = Service::turning_green_after(usize::MAX).await;
    let way = Way::default();
    let report = run(&service.url, &check("get: /"), &of_new(), &way).await;
    insta::assert_snapshot!(said(&report, &service.url));
    assert!(service.asked() > 10);
    let foreign = &report.context.foreign_answers[0];
    assert_eq!(foreign.answers as usize, service.asked());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_again_while_green_is_not_proven_again() {
    let service = Service::turning_green_after(1).await;
    let way = Way {
        refuses: Some("10.0.0.2:8443 still answers as blue"),
        ..Way::default()
    };
    let report = run(&service.url, &check("get: /"), &of_new(), &way).await;
    insta::assert_snapshot!(said(&report, &service.url));
    assert_eq!(service.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_new_proof_serves_all_checks_that_wait_for_it() {
    let service = Service::turning_green_after(8).await;
    let checks: Vec<_> = (0..8)
        .map(|number| format!("  - {{ name: c{number}, get: /{number} }}"))
        .collect();
    let checks = checks.join("\n");
    let way = Way::default();
    let report = run(&service.url, &format!("checks:\n{checks}"), &of_new(), &way).await;
    assert_eq!(report.counts().passed, 8);
    assert_eq!(service.asked(), 16);
    assert_eq!(way.renewals.into_inner(), 1);
}

#[tokio::test(start_paused = true)]
async fn of_another_versions_answer_nothing_is_kept_and_nothing_is_judged() {
    // The old version is slow, sets a cookie, and redirects elsewhere.
    let service = Service::answering(1, |path, version| {
        let headers = says(version);
        match (path, version) {
            ("/", "old") => Reply::With(
                302,
                format!("{headers}set-cookie: who=old\r\nlocation: /old\r\n"),
                String::new(),
            ),
            ("/", _) => Reply::With(302, format!("{headers}location: /new\r\n"), String::new()),
            _ => Reply::With(200, headers, path.to_owned()),
        }
    })
    .await;
    let text = "get: /\nfollow_redirects: 1\nexpect: { body: /new, cookies: { who: { exists: false } }, redirects: [/new] }";
    let report = run(&service.url, &check(text), &of_new(), &Way::default()).await;
    assert_eq!(
        outcome(&report),
        (Outcome::Passed, vec![]),
        "{}",
        said(&report, &service.url)
    );
    assert_eq!(*service.asked.lock().unwrap(), ["/", "/", "/new"]);
}

#[tokio::test(start_paused = true)]
async fn the_answer_behind_a_redirect_is_held_against_the_release_too() {
    let service = Service::answering(2, |path, version| match path {
        "/" => Reply::With(302, "location: /next\r\n".to_owned(), String::new()),
        _ => Reply::With(200, says(version), version.to_owned()),
    })
    .await;
    let text = "get: /\nfollow_redirects: 1\nexpect: { body: new }";
    let report = run(&service.url, &check(text), &of_new(), &Way::default()).await;
    assert_eq!(outcome(&report), (Outcome::Passed, vec![]));
    assert_eq!(*service.asked.lock().unwrap(), ["/", "/next", "/next"]);
}

#[tokio::test(start_paused = true)]
async fn the_answer_that_opens_a_websocket_is_held_against_the_release_too() {
    let service = Service::answering(1, |_, version| {
        Reply::With(403, says(version), version.to_owned())
    })
    .await;
    let text = "websocket: /live\nexpect: { status: 403, body: new }";
    let report = run(&service.url, &check(text), &of_new(), &Way::default()).await;
    assert_eq!(
        outcome(&report),
        (Outcome::Passed, vec![]),
        "{}",
        said(&report, &service.url)
    );
    assert_eq!(service.asked(), 2);
}

#[tokio::test]
async fn metadata_of_grpc_is_held_against_the_release_and_no_call_is_made_twice() {
    let stage = stage().await;
    let text = check("grpc: grpc.health.v1.Health/Check");
    let none = ExpectedIdentity::from_header("content-type", "another").unwrap();
    let way = Way::default();
    let report = run_over(&connection(&stage), &text, &none, &way).await;
    assert_eq!(
        outcome(&report),
        (Outcome::Failed, vec![Class::CouldNotAsk])
    );
    assert_eq!(report.context.foreign_answers[0].answers, 1);
    assert_eq!(
        report.context.foreign_answers[0].said,
        "`content-type: application/grpc`"
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_that_another_version_gives_is_none() {
    let service = Service::answering(1, |_, version| {
        let token = r#"{ "access_token": "of-the-old-version", "token_type": "Bearer" }"#;
        Reply::With(200, says(version), token.to_owned())
    })
    .await;
    let text =
        check("get: /\nauth: { oauth2: { token_url: /token, client_id: a, client_secret: b } }");
    let report = run(&service.url, &text, &of_new(), &Way::default()).await;
    assert_eq!(*service.asked.lock().unwrap(), ["/token"]);
    insta::assert_snapshot!(said(&report, &service.url));
}

#[tokio::test(start_paused = true)]
async fn no_output_holds_the_secret_with_which_another_version_answers_a_websocket() {
    let service = Service::answering(usize::MAX, |_, version| {
        let headers = format!("{}x-ticket: of-the-old-version\r\n", says(version));
        Reply::With(403, headers, "of-the-old-version".to_owned())
    })
    .await;
    let capture = "capture: { ticket: { header: x-ticket, secret: true } }";
    let text = check(&format!(
        "websocket: /live\nexpect: {{ status: 403 }}\n{capture}"
    ));
    let report = run(&service.url, &text, &of_new(), &Way::default()).await;
    let shown = said(&report, &service.url);
    assert!(!shown.contains("of-the-old-version"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn no_error_rate_tolerates_an_answer_of_another_version() {
    let series = "post: /\nrepeat: { times: 20 }\nexpect: { error_rate: { at_most: 0.5 } }";
    let service = Service::turning_green_after(0).await;
    let report = run(&service.url, &check(series), &of_new(), &Way::default()).await;
    assert_eq!(outcome(&report), (Outcome::Passed, vec![]));
    let service = Service::turning_green_after(1).await;
    let report = run(&service.url, &check(series), &of_new(), &Way::default()).await;
    assert_eq!(report.checks[0].outcome, Outcome::Failed);
    let shown = said(&report, &service.url);
    assert!(shown.contains("an answer of another version"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn a_header_without_a_value_tells_no_version() {
    let service = Service::answering(0, |_, _| Reply::With(200, says(""), String::new())).await;
    let report = run(&service.url, &check("post: /"), &of_new(), &Way::default()).await;
    assert_eq!(outcome(&report), (Outcome::Passed, vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_member_of_json_tells_the_version_at_its_path_and_nowhere_else() {
    let answer = |path: &str, version: &str| {
        let body = match path {
            "/version?full=1" => format!(r#"{{ "version": "{version}" }}"#),
            _ => r#"{ "version": "of another thing" }"#.to_owned(),
        };
        Reply::Answer(200, body)
    };
    let service = Service::answering(1, answer).await;
    let identity = ExpectedIdentity::from_member("/version", "$.version", "new").unwrap();
    let text = check("steps: [{ get: '/version?full=1' }, { get: / }]");
    let report = run(&service.url, &text, &identity, &Way::default()).await;
    assert_eq!(outcome(&report), (Outcome::Passed, vec![]));
    assert_eq!(service.asked(), 3);
    assert_eq!(
        report.context.foreign_answers[0].said,
        "`\"old\"` at `$.version`"
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_tells_no_version_is_judged_as_it_is() {
    let service = Service::answering(0, |_, _| Reply::Answer(200, String::new())).await;
    let way = Way::default();
    let report = run(&service.url, &check("get: /"), &of_new(), &way).await;
    assert_eq!(outcome(&report), (Outcome::Passed, vec![]));
    assert_eq!(way.renewals.into_inner(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_time_of_another_version_is_not_the_steps_time() {
    let slow = serve({
        let asked = AtomicU32::new(0);
        move |_| {
            let first = asked.fetch_add(1, Ordering::Relaxed) == 0;
            async move {
                if first {
                    tokio::time::sleep(Duration::from_secs(4)).await;
                }
                let version = if first { "old" } else { "new" };
                Reply::With(200, says(version), String::new())
            }
        }
    })
    .await;
    let text = check("get: /\ntimeout: 5s\nexpect: { latency: { below: 1s } }");
    let report = run(&slow, &text, &of_new(), &Way::default()).await;
    assert_eq!(
        outcome(&report),
        (Outcome::Passed, vec![]),
        "{}",
        said(&report, &slow)
    );
}

#[tokio::test(start_paused = true)]
async fn a_check_none_of_whose_requests_reaches_the_release_fails() {
    let service = Service::turning_green_after(0).await;
    let way = Way {
        elsewhere: Some("/orders"),
        ..Way::default()
    };
    let text = check("steps: [{ get: /orders }, { get: /orders }]");
    let report = run(&service.url, &text, &of_new(), &way).await;
    insta::assert_snapshot!(said(&report, &service.url));
    assert_eq!(verdict::judge(&report), Verdict::Failed);
    // One request that reaches it is enough.
    let text = check("steps: [{ get: /orders }, { get: / }]");
    let report = run(&service.url, &text, &of_new(), &way).await;
    assert_eq!(outcome(&report), (Outcome::Passed, vec![]));
}

#[tokio::test(start_paused = true)]
async fn the_time_of_another_version_is_not_the_time_of_a_retry() {
    for retry_of in ["check", "step"] {
        // The old version answers for some seconds, and green has to warm up.
        let service = Service::answering(4, {
            let asked = AtomicU32::new(0);
            move |_, version| {
                let warm = asked.fetch_add(1, Ordering::Relaxed) > 5;
                Reply::With(if warm { 200 } else { 503 }, says(version), String::new())
            }
        })
        .await;
        let retry = "retry: { for: 1s, every: 100ms }";
        let text = match retry_of {
            "step" => check(&format!("steps: [{{ get: /, {retry} }}]")),
            _ => check(&format!("steps: [{{ get: / }}]\n{retry}")),
        };
        let report = run(&service.url, &text, &of_new(), &Way::default()).await;
        assert_eq!(outcome(&report), (Outcome::Passed, vec![]), "{retry_of}");
        assert!(report.duration > Duration::from_secs(1), "{retry_of}");
    }
}

#[tokio::test]
async fn a_check_of_which_nobody_knows_where_it_is_led_is_said_to_be_undecided() {
    let service = Service::turning_green_after(0).await;
    let way = Way {
        undecided: Some("/orders"),
        ..Way::default()
    };
    let report = run(&service.url, &check("get: /orders"), &of_new(), &way).await;
    assert_eq!(verdict::judge(&report), Verdict::Succeeded);
    assert_eq!(
        report.context.notes,
        ["it is undecided whether green answered 1 check: the rule with priority 5 for `/orders`"]
    );
}

#[tokio::test]
async fn checks_that_ask_other_hosts_alone_prove_nothing() {
    let service = Service::turning_green_after(0).await;
    let other = Service::turning_green_after(0).await;
    let host = other.url.parse().unwrap();
    let hosts = Hosts::from_iter([host]);
    let target: Target = service.url.parse().unwrap();
    let connection = Connection {
        target: target.with_allowed_hosts(hosts.clone()),
        connect_to: None,
        cacert: None,
    };
    let selection = Selection {
        hosts,
        ..Selection::default()
    };
    let text = check(&format!("get: {}/hello", other.url));
    let report = run_with(&connection, &text, &selection, &of_new(), &Way::default()).await;
    assert_eq!(report.checks[0].outcome, Outcome::Passed);
    assert_eq!(verdict::judge(&report), Verdict::Failed);
    assert_eq!(
        verdict::reason(&report),
        "no check that passed asked the target"
    );
}
