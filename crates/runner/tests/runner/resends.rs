//! When a request is asked again by itself, and over which connection: what
//! the server saw, counted.

use std::num::NonZeroUsize;

use diagnostic::snippet::Colour;
use report::render::{failures, json, text};
use report::{Outcome, Report, Resends};
use runner::settings::Limits;

use crate::support::scripted::Deed::{
    Abort, Answer, AnswerAndClose, Close, GoAwayAfter, GoAwayBefore, HalfABody, HalfABodyAndReset,
    HalfAHead, Reset, Silence, TimeOut, Together,
};
use crate::support::scripted::{
    CANCEL, Deed, INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM, Scripted, serve_script,
};
use crate::support::{plain, report_of};

const VERSIONS: [&str; 2] = ["1.1", "2"];
const REPEATABLE: [&str; 3] = ["get", "head", "options"];
const OTHERS: [&str; 4] = ["post", "put", "patch", "delete"];

/// A check of these requests, one after the other.
fn check(http: &str, methods: &[&str]) -> String {
    let steps = methods.iter().map(|method| {
        let body = match *method {
            "post" | "put" | "patch" => ", text: hello",
            _ => "",
        };
        format!("      - {{ {method}: /, http: '{http}', timeout: 5s{body} }}\n")
    });
    let steps: String = steps.collect();
    format!("checks:\n  - name: a\n    writes: true\n    steps:\n{steps}")
}

struct Seen {
    report: Report,
    server: Scripted,
}

async fn run(http: &'static str, script: &[&[Deed]], methods: &[&str]) -> Seen {
    let server = serve_script(http, script).await;
    let text = check(http, methods);
    let report = report_of(&plain(&server.url), &text, Limits::default()).await;
    Seen { report, server }
}

impl Seen {
    #[track_caller]
    fn assert(&self, case: &str, outcome: Outcome, connections: &[usize], repeats: (u32, u32)) {
        let only = &self.report.checks[0];
        let found = failures(only, Colour::Never);
        assert_eq!(self.server.connections(), connections, "{case}: {found}");
        assert_eq!(only.outcome, outcome, "{case}: {found}");
        let counted = only.steps.last().unwrap().resends;
        let (closed, refused) = repeats;
        assert_eq!(counted, Resends { closed, refused }, "{case}");
        for raw in ["os error", "https://docs", "hyper", "h2"] {
            assert!(!found.contains(raw), "{case}: {found}");
        }
    }
}

#[tokio::test]
async fn what_may_be_repeated_is_asked_once_more_when_a_used_connection_ends() {
    for http in VERSIONS {
        for method in REPEATABLE {
            for end in [Close, Abort] {
                let case = format!("{method} over {http}, {end:?}");
                let script: &[&[Deed]] = &[&[Answer, end], &[]];
                let seen = run(http, script, &["get", method]).await;
                seen.assert(&case, Outcome::Passed, &[0, 0, 1], (1, 0));
            }
        }
    }
}

#[tokio::test]
async fn a_408_on_a_used_connection_is_its_end_and_on_a_new_one_an_answer() {
    for method in REPEATABLE {
        let script: &[&[Deed]] = &[&[Answer, TimeOut], &[]];
        let seen = run("1.1", script, &["get", method]).await;
        seen.assert(method, Outcome::Passed, &[0, 0, 1], (1, 0));
        let script: &[&[Deed]] = &[&[Answer, TimeOut], &[TimeOut]];
        let seen = run("1.1", script, &["get", method]).await;
        seen.assert(method, Outcome::Failed, &[0, 0, 1], (1, 0));
        let seen = run("1.1", &[&[TimeOut]], &[method]).await;
        seen.assert(method, Outcome::Failed, &[0], (0, 0));
    }
}

#[tokio::test]
async fn it_is_asked_once_more_and_not_twice() {
    for http in VERSIONS {
        for method in REPEATABLE {
            let case = format!("{method} over {http}");
            let script: &[&[Deed]] = &[&[Answer, Close], &[Close], &[]];
            let seen = run(http, script, &["get", method]).await;
            seen.assert(&case, Outcome::Failed, &[0, 0, 1], (1, 0));
        }
    }
}

#[tokio::test]
async fn a_new_connection_that_ends_is_a_failure() {
    for http in VERSIONS {
        for method in [&REPEATABLE[..], &OTHERS].concat() {
            for end in [Close, Abort] {
                let case = format!("{method} over {http}, {end:?}");
                let seen = run(http, &[&[end], &[]], &[method]).await;
                seen.assert(&case, Outcome::Failed, &[0], (0, 0));
            }
        }
    }
}

#[tokio::test]
async fn a_part_of_an_answer_is_an_answer() {
    for http in VERSIONS {
        for part in [HalfAHead, HalfABody] {
            let case = format!("{part:?} over {http}");
            let script: &[&[Deed]] = &[&[Answer, part], &[]];
            let seen = run(http, script, &["get", "get"]).await;
            seen.assert(&case, Outcome::Failed, &[0, 0], (0, 0));
        }
    }
}

#[tokio::test]
async fn a_body_that_is_reset_is_not_whole() {
    for code in [NO_ERROR, INTERNAL_ERROR, REFUSED_STREAM, CANCEL] {
        let case = format!("reset with {code}");
        let script: &[&[Deed]] = &[&[Answer, HalfABodyAndReset(code)], &[]];
        let seen = run("2", script, &["get", "get"]).await;
        seen.assert(&case, Outcome::Failed, &[0, 0], (0, 0));
    }
}

#[tokio::test]
async fn what_may_not_be_repeated_gets_a_connection_that_was_not_idle() {
    for http in VERSIONS {
        for method in OTHERS {
            let case = format!("{method} over {http}");
            // Whoever came over the first one again would fail.
            let script: &[&[Deed]] = &[&[Answer, Close], &[]];
            let seen = run(http, script, &["get", method]).await;
            seen.assert(&case, Outcome::Passed, &[0, 1], (0, 0));
            let seen = run(http, script, &["get", method, method, "get"]).await;
            let connections: &[usize] = &[0, 1, 2, 2];
            seen.assert(&case, Outcome::Passed, connections, (0, 0));
        }
    }
}

#[tokio::test]
async fn a_connection_that_the_server_announced_to_close_is_not_used_again() {
    for http in VERSIONS {
        let script: &[&[Deed]] = &[&[Answer, AnswerAndClose], &[]];
        let seen = run(http, script, &["get", "get", "get", "get"]).await;
        let connections = seen.server.connections();
        assert_eq!(connections, [0, 0, 1, 1], "{http}");
        assert_eq!(seen.report.checks[0].outcome, Outcome::Passed, "{http}");
    }
}

#[tokio::test]
async fn what_the_server_has_not_begun_with_is_asked_again_whatever_it_is() {
    let all = [&REPEATABLE[..], &OTHERS].concat();
    for method in all {
        let refused = Reset(REFUSED_STREAM);
        let script: &[&[Deed]] = &[&[refused], &[]];
        let seen = run("2", script, &[method]).await;
        let again = seen.server.connections();
        // Whether over the same connection or another one, nobody cares.
        assert_eq!(again.len(), 2, "{method}: {again:?}");
        assert_eq!(seen.report.checks[0].outcome, Outcome::Passed, "{method}");
        assert_eq!(seen.report.checks[0].steps[0].resends.refused, 1);

        // A connection on which everything is refused is given up.
        let script: &[&[Deed]] = &[&[refused; 20], &[]];
        let seen = run("2", script, &[method]).await;
        assert_eq!(seen.server.connections().last(), Some(&1), "{method}");
        assert_eq!(seen.report.checks[0].outcome, Outcome::Passed, "{method}");

        for code in [NO_ERROR, INTERNAL_ERROR] {
            let case = format!("{method}, GOAWAY with {code}");
            let script: &[&[Deed]] = &[&[GoAwayBefore(code)], &[GoAwayBefore(code)], &[]];
            let seen = run("2", script, &[method]).await;
            seen.assert(&case, Outcome::Passed, &[0, 1, 2], (0, 2));
        }
    }
}

#[tokio::test]
async fn what_the_server_may_have_begun_with_is_not_asked_again() {
    for method in OTHERS {
        for deed in [
            Reset(INTERNAL_ERROR),
            Reset(CANCEL),
            GoAwayAfter(NO_ERROR),
            GoAwayAfter(INTERNAL_ERROR),
        ] {
            let case = format!("{method}, {deed:?}");
            let seen = run("2", &[&[deed], &[]], &[method]).await;
            seen.assert(&case, Outcome::Failed, &[0], (0, 0));
        }
    }
    // Nor is a GET whose stream was reset: that is what the service does.
    for code in [INTERNAL_ERROR, CANCEL, NO_ERROR] {
        let case = format!("get, reset with {code}");
        let script: &[&[Deed]] = &[&[Answer, Reset(code)], &[]];
        let seen = run("2", script, &["get", "get"]).await;
        seen.assert(&case, Outcome::Failed, &[0, 0], (0, 0));
    }
}

#[tokio::test]
async fn a_server_that_refuses_for_ever_is_asked_until_the_timeout() {
    let server = serve_script("2", &[&[Reset(REFUSED_STREAM); 100]]).await;
    let text = "checks:\n  - { name: a, get: /, http: '2', timeout: 1s }\n";
    let report = report_of(&plain(&server.url), text, Limits::default()).await;
    let asked = server.connections().len();
    assert!((3..30).contains(&asked), "{asked}");
    let said = failures(&report.checks[0], Colour::Never);
    let said = said.replace(&server.url, "URL");
    let said = said.replace(&format!("{asked} times"), "N times");
    let took = without_time(&said);
    insta::assert_snapshot!(took);
}

/// The text without the time that a request took.
fn without_time(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| match line.split_once("was not answered (") {
            Some((begin, _)) => format!("{begin}was not answered (N time)"),
            None => line.to_owned(),
        });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn reports_say_how_often_requests_were_asked_again() {
    let script: &[&[Deed]] = &[&[Answer, Close], &[GoAwayBefore(NO_ERROR)], &[]];
    let seen = run("2", script, &["get", "get"]).await;
    seen.assert("once each", Outcome::Passed, &[0, 0, 1, 2], (1, 1));
    let report = serde_json::to_value(json::JsonReport::new(&seen.report)).unwrap();
    let steps = &report["checks"][0]["steps"];
    assert_eq!(steps[0].get("repeats"), None);
    assert_eq!(
        steps[1]["repeats"],
        serde_json::json!({ "closed": 1, "refused": 1 })
    );
    let shown = text::render(&seen.report, Colour::Never);
    assert!(shown.contains(", asked again 2 times)"), "{shown}");
}

#[tokio::test]
async fn a_connection_over_which_nothing_comes_any_more_is_given_up() {
    for http in VERSIONS {
        let script: &[&[Deed]] = &[&[Answer, Silence], &[]];
        let server = serve_script(http, script).await;
        let text = format!(
            "checks:\n\
             \x20 - {{ name: a, get: /, http: '{http}' }}\n\
             \x20 - {{ name: b, get: /, http: '{http}', timeout: 300ms }}\n\
             \x20 - {{ name: c, get: /, http: '{http}' }}\n"
        );
        let limits = Limits {
            jobs: NonZeroUsize::MIN,
            ..Limits::default()
        };
        let report = report_of(&plain(&server.url), &text, limits).await;
        let outcomes: Vec<_> = report.checks.iter().map(|check| check.outcome).collect();
        assert_eq!(server.connections(), [0, 0, 1], "{http}");
        assert_eq!(
            outcomes,
            [Outcome::Passed, Outcome::Failed, Outcome::Passed]
        );
    }
}

#[tokio::test]
async fn a_thousand_checks_share_their_connections() {
    for http in VERSIONS {
        let server = serve_script(http, &[&[]]).await;
        let checks = (0..1_000).map(|n| format!("  - {{ name: c{n}, get: /, http: '{http}' }}\n"));
        let text = format!("checks:\n{}", checks.collect::<String>());
        let limits = Limits {
            jobs: NonZeroUsize::new(16).unwrap(),
            ..Limits::default()
        };
        let report = report_of(&plain(&server.url), &text, limits).await;
        assert_eq!(report.counts().passed, 1_000, "{http}");
        let connections = server.connections();
        let most = connections.iter().max().unwrap() + 1;
        let allowed = if http == "2" { 1 } else { 16 };
        assert!(most <= allowed, "{http}: {most}");
    }
}

#[tokio::test]
async fn those_who_ask_at_the_same_time_share_one_connection_of_http_2() {
    // None is answered before all have asked, over the same connection.
    for method in ["get: /", "post: /, text: a"] {
        let text = format!(
            "checks:\n  - {{ name: a, {method}, http: '2', writes: true, \
             repeat: {{ times: 16, jobs: 16 }} }}\n"
        );
        let server = serve_script("2", &[&[Together(16); 16], &[Close; 16]]).await;
        let report = report_of(&plain(&server.url), &text, Limits::default()).await;
        let said = failures(&report.checks[0], Colour::Never);
        assert_eq!(report.checks[0].outcome, Outcome::Passed, "{said}");
        assert_eq!(server.connections(), [0; 16], "{method}");
    }
}

#[tokio::test]
async fn a_stream_that_is_reset_says_nothing_of_the_version() {
    for (code, words) in [(INTERNAL_ERROR, "`INTERNAL_ERROR`"), (63, "the code 0x3f")] {
        let seen = run("2", &[&[Reset(code)]], &["get"]).await;
        let found = failures(&seen.report.checks[0], Colour::Never);
        let expected = format!("found a broken answer: the server reset the stream with {words}");
        assert!(found.contains(&expected), "{found}");
    }
}
