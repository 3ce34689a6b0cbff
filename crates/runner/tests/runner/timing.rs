//! How long a run takes, by a clock that stands still until everybody waits:
//! pauses grow as they should, and no run takes longer than was said before it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use client::connection::Connection;
use client::http::Client;
use diagnostic::Source;
use diagnostic::snippet::Colour;
use report::render::failures;
use report::{Class, Outcome, Report};
use runner::plan::{Plan, plan};
use runner::run::run;
use runner::settings::{Limits, Selection};
use tokio::time::{Instant, sleep};

use crate::support::check;
use crate::support::server::{Reply, serve};

const TOKEN: &str = r#"{ "access_token": "t", "token_type": "Bearer" }"#;

/// A server on which `/silence` is never answered, `/slow` after four seconds,
/// `/token` at once, and `/slow-token` after nine seconds.
async fn server() -> String {
    serve(|path| async move {
        let second = Duration::from_secs(1);
        match path.as_str() {
            "/silence" => Reply::Silence,
            "/token" => Reply::Answer(200, TOKEN.to_owned()),
            "/slow-token" => {
                sleep(9 * second).await;
                Reply::Answer(200, TOKEN.to_owned())
            }
            "/slow" => {
                sleep(4 * second).await;
                Reply::Answer(503, String::new())
            }
            _ => Reply::Answer(200, String::new()),
        }
    })
    .await
}

fn planned(files: &[&str]) -> Plan {
    let files = files.iter().enumerate();
    let sources: Vec<_> = files
        .map(|(number, text)| Source::new(format!("{number}.yaml"), *text))
        .collect();
    plan(&sources, &Selection::default(), &|_| None).unwrap()
}

async fn report_of(url: &str, plan: &Plan, limits: Limits) -> Report {
    let client = Client::new(&Connection {
        target: url.parse().unwrap(),
        connect_to: None,
        cacert: None,
    });
    run(plan, &client.unwrap(), limits, &|_| {}).await
}

async fn report(url: &str, files: &[&str]) -> Report {
    report_of(url, &planned(files), Limits::default()).await
}

/// Checks as they are written behind a login by this token.
fn logging_in(token_url: &str, checks: &str) -> String {
    format!(
        "defaults: {{ auth: {{ oauth2: {{ token_url: {token_url}, client_id: a, client_secret: b }} }} }}\n{checks}"
    )
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_by_the_backoff() {
    let asked: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let asked_at = Arc::clone(&asked);
    let url = serve(move |_| {
        asked_at.lock().unwrap().push(Instant::now());
        async { Reply::Answer(503, String::new()) }
    })
    .await;
    let gaps = |retry: &str| {
        let text = check(&format!("get: /\nretry: {retry}"));
        let (url, asked) = (url.clone(), Arc::clone(&asked));
        async move {
            asked.lock().unwrap().clear();
            report(&url, &[&text]).await;
            let asked = asked.lock().unwrap();
            let gaps = asked.windows(2).map(|two| two[1] - two[0]);
            gaps.map(|gap| (gap.as_secs_f64() * 10.0).round() / 10.0)
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(gaps("{ times: 4, every: 1s }").await, [1.0, 1.0, 1.0]);
    let doubled = gaps("{ times: 5, every: 1s, backoff: 2 }").await;
    assert_eq!(doubled, [1.0, 2.0, 4.0, 8.0]);
    let slower = gaps("{ times: 4, every: 2s, backoff: 1.5 }").await;
    assert_eq!(slower, [2.0, 3.0, 4.5]);
    // No attempt begins after the time is over.
    let within = gaps("{ for: 6s, every: 1s, backoff: 2 }").await;
    assert_eq!(within, [1.0, 2.0]);
}

#[tokio::test(start_paused = true)]
async fn a_step_waits_for_its_delay_once_and_no_longer_than_the_run_has_time() {
    let asked: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let asked_at = Arc::clone(&asked);
    let url = serve(move |path| {
        asked_at.lock().unwrap().push(Instant::now());
        async move { Reply::Answer(if path == "/" { 200 } else { 503 }, String::new()) }
    })
    .await;
    let text = "checks: [{ name: a, steps: [{ get: / }, { get: /busy, delay: 7s, retry: { times: 2, every: 1s } }] }]";
    let begun = Instant::now();
    let slow = report(&url, &[text]).await;
    let at = |time: &Instant| (*time - begun).as_secs();
    let times: Vec<_> = asked.lock().unwrap().iter().map(at).collect();
    assert_eq!(times, [0, 7, 8]);
    // The delay is not the service's time.
    assert_eq!(slow.checks[0].steps[1].duration.as_secs(), 1);
    let limits = Limits {
        deadline: Some(Duration::from_secs(5)),
        ..Limits::default()
    };
    let begun = Instant::now();
    let cut = report_of(&url, &planned(&[text]), limits).await;
    assert_eq!(begun.elapsed().as_secs(), 5);
    let classes: Vec<_> = cut.checks[0].failures().map(|it| it.class).collect();
    assert_eq!(classes, [Class::CutShort]);
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_asked_is_asked_again_and_a_wrong_answer_is_not() {
    let asked: Arc<Mutex<usize>> = Arc::default();
    let url = serve(move |path| {
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        let reply = match path.as_str() {
            "/wrong" => Reply::Answer(500, String::new()),
            _ if *asked < 3 => Reply::Close,
            _ => Reply::Answer(200, String::new()),
        };
        async { reply }
    })
    .await;
    let retry = "retry: { times: 5, every: 1s, while: could_not_ask }";
    let heals = report(&url, &[&check(&format!("get: /\n{retry}"))]).await;
    assert_eq!(heals.checks[0].outcome, Outcome::Passed, "{heals:#?}");
    assert_eq!(heals.checks[0].steps[0].attempts, 3);
    let wrong = report(&url, &[&check(&format!("get: /wrong\n{retry}"))]).await;
    assert_eq!(wrong.checks[0].steps[0].attempts, 1);
    // Where nobody listens any more.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let refused = report(&closed, &[&check(&format!("get: /\n{retry}"))]).await;
    assert_eq!(refused.checks[0].steps[0].attempts, 5);
    let classes: Vec<_> = refused.checks[0].failures().map(|it| it.class).collect();
    assert_eq!(classes, [Class::CouldNotAsk]);
}

#[tokio::test(start_paused = true)]
async fn no_run_takes_longer_than_its_worst_case() {
    let url = server().await;
    let took = async |files: &[&str], rate: Option<&str>| {
        let limits = Limits {
            rate: rate.map(|rate| rate.parse().unwrap()),
            ..Limits::default()
        };
        let plan = planned(files);
        let report = report_of(&url, &plan, limits).await;
        let most = plan.worst_case(limits.jobs, limits.rate);
        assert!(
            report.duration <= most,
            "{:?} and not {most:?}: {files:?}",
            report.duration
        );
        report.duration.as_secs()
    };
    let silent = |rest: &str| check(&format!("get: /silence\ntimeout: 3s\n{rest}"));
    for rate in [None, Some("1/s"), Some("6/m")] {
        // Pauses of 1, 2, 4 and 8 seconds.
        let times = silent("retry: { times: 5, every: 1s, backoff: 2 }");
        let took_times = took(&[&times], rate).await;
        assert!(took_times >= 30, "{took_times}");
        took(
            &[&silent("retry: { for: 10s, every: 1s, backoff: 2 }")],
            rate,
        )
        .await;
        took(&[&silent("repeat: { times: 5, jobs: 2 }")], rate).await;
        let steps = "retry: { times: 2, every: 1s }\nsteps: [{ get: / }, { get: /slow, timeout: 5s, retry: { times: 2 } }]";
        took(&[&check(steps)], rate).await;
        took(&[&check("websocket: /silence\ntimeout: 3s")], rate).await;
        // A login and a request have one time together.
        let both = logging_in(
            "/slow-token",
            "checks: [{ name: a, get: /silence, timeout: 10s }]",
        );
        let took_both = took(&[&both], rate).await;
        assert!(took_both >= 10, "{took_both}");
        // A setup waits for a token that a check of another file asks for, and
        // has its own time for it.
        let other = logging_in(
            "/slow-token",
            "setup: [{ get: /, timeout: 1s }]\nchecks: [{ name: b, get: / }]\nteardown: [{ get: /silence, auth: none, timeout: 10s }]",
        );
        took(&[&both, &other], rate).await;
        let silence = logging_in(
            "/silence",
            "checks: [{ name: a, get: /, timeout: 30s, retry: { times: 2 } }, { name: b, get: /, timeout: 1s, retry: { times: 3 } }, { name: c, needs: b, get: / }]",
        );
        took(&[&silence], rate).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_anothers_token_waits_no_longer_than_a_step_may_take() {
    let url = server().await;
    let text = logging_in(
        "/silence",
        "checks:\n  - { name: a, get: /, timeout: 30s }\n  - { name: b, get: /, timeout: 1s }",
    );
    let waited = report(&url, &[&text]).await;
    assert_eq!(waited.checks[1].duration.as_secs(), 1);
    let said = failures(&waited.checks[1], Colour::Never);
    insta::assert_snapshot!(said.replace(&url, "URL"), @"
    error[could-not-ask]: no access token
     --> 0.yaml:4:16
      |
    4 |   - { name: b, get: /, timeout: 1s }
      |                ^^^^^^ expected an access token from `URL/silence`, found none within 1.0 s, in which another step asked for it
      |
      = help: raise `timeout` if the server for tokens is only slow
    ");
    // The end of the run comes before that of the step.
    let limits = Limits {
        deadline: Some(Duration::from_secs(10)),
        ..Limits::default()
    };
    let text = text.replace("timeout: 1s", "timeout: 20s");
    let cut = report_of(&url, &planned(&[&text]), limits).await;
    for check in &cut.checks {
        let classes: Vec<_> = check.failures().map(|failure| failure.class).collect();
        assert_eq!(classes, [Class::CutShort], "{check:#?}");
    }
    assert_eq!(cut.duration.as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_is_waited_for_takes_nothing_of_anybodys_time() {
    let url = server().await;
    let limits = Limits {
        rate: Some("6/m".parse().unwrap()),
        ..Limits::default()
    };
    // The token is asked for at the second turn, after ten seconds.
    let text = logging_in(
        "/token",
        "checks:
  - { name: a, get: /, auth: none }
  - { name: b, get: /, timeout: 2s }
  - { name: c, get: /, timeout: 2s }
  - { name: d, get: /, timeout: 2s }",
    );
    let report = report_of(&url, &planned(&[&text]), limits).await;
    for check in &report.checks {
        assert_eq!(check.outcome, Outcome::Passed, "{check:#?}");
    }
    // Five requests in turns of ten seconds.
    assert_eq!(report.duration.as_secs(), 40);
}
