//! What a running service answers at the paths that services usually have.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use serde_json::json;

use super::shape;
use crate::draft::{CheckDraft, Query, StepDraft, escape};
use client::http::{Client, Request, Response, Transport};
use diagnostic::{Diagnostic, Problems, Source};

/// Where services say whether they are well, most telling first.
const HEALTH: [&str; 10] = [
    "/healthz",
    "/health",
    "/readyz",
    "/ready",
    "/livez",
    "/live",
    "/health/ready",
    "/health/live",
    "/actuator/health",
    "/ping",
];
/// What else services tell of themselves.
const FACTS: [&str; 4] = ["/version", "/info", "/status", "/api"];
/// Where services describe themselves.
const DOCUMENTS: [&str; 4] = [
    "/openapi.json",
    "/openapi.yaml",
    "/v3/api-docs",
    "/swagger.json",
];
/// A path that no service has.
const NOWHERE: &str = "/smoke-init-asks-for-a-path-that-is-not-there";
/// The longest that one answer may take.
const LIMIT: Duration = Duration::from_secs(10);

async fn get(client: &Client, path: &str) -> Result<Response, String> {
    let url = client.target().url(path);
    let request = Request {
        method: Method::GET,
        url: url.map_err(|error| error.to_string())?,
        headers: HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("*/*"))]),
        body: Bytes::new(),
        transport: Transport::default(),
    };
    let answer = client.ask(request, LIMIT).await;
    answer.map_err(|unanswered| unanswered.error.to_string())
}

pub(super) async fn fetch_document(client: &Client, path: &str) -> Result<Arc<Source>, Problems> {
    let no_document = |found: String| {
        Diagnostic::general(format!("no document at `{path}`"))
            .expected("an answer with status 200")
            .found(found)
            .help("name the URL of an OpenAPI document, or a file")
    };
    let answer = get(client, path).await.map_err(no_document)?;
    if answer.status != 200 {
        return Err(no_document(format!("status {}", answer.status)).into());
    }
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    Ok(Source::new(path.trim_start_matches('/'), text))
}

/// The checks, and what is worth knowing beside them.
pub(super) async fn collect_checks(
    client: &Client,
) -> Result<(Vec<CheckDraft>, Vec<String>), Problems> {
    let front = get(client, "/").await.map_err(|found| {
        Diagnostic::general("the service does not answer")
            .expected("an answer to `GET /`")
            .found(found)
            .help("check the URL; `--connect-to` and `--cacert` help to reach it")
    })?;
    let unknown_path = get(client, NOWHERE).await.ok();
    let mut checks = Vec::new();
    checks.extend(front_page_check(&front));
    for path in HEALTH {
        let Some(answer) = find_answer(client, path, unknown_path.as_ref()).await else {
            continue;
        };
        let mut check = check_from_answer(
            &format!("{path} says that the service is well"),
            path,
            &answer,
        );
        if checks.len() < 2 {
            let notes = &mut check.notes;
            notes.push("A new version may need a moment: ask again until it is well.".to_owned());
            let step = &mut check.steps[0];
            step.request
                .set("retry", json!({ "for": "30s", "every": "1s" }));
            step.expect(&Query::Latency, "below", json!("2s"));
        }
        checks.push(check);
    }
    for path in FACTS {
        if let Some(answer) = find_answer(client, path, unknown_path.as_ref()).await {
            checks.push(check_from_answer(&format!("{path} is told"), path, &answer));
        }
    }
    if let Some(answer) = unknown_path.filter(|answer| answer.status == 404 && !checks.is_empty()) {
        let path = "/no-such-page";
        let mut check = check_from_answer("an unknown path is not found", path, &answer);
        check.steps[0]
            .expectations
            .retain(|(place, _)| *place == Query::Status);
        checks.push(check);
    }
    let mut notes = Vec::new();
    for path in DOCUMENTS {
        if let Some(answer) = find_answer(client, path, None).await
            && String::from_utf8_lossy(&answer.body).contains("openapi")
        {
            notes.push(format!(
                "It describes itself at {path}: `smoke init --openapi URL` makes checks of that."
            ));
        }
    }
    if checks.is_empty() {
        return Err(Diagnostic::general("nothing to check is found")
            .expected(format!("success at `/` or at one of {}", HEALTH.join(", ")))
            .found(format!("status {} at `/`", front.status))
            .help("name the URL below which the service answers, or give `--openapi`")
            .into());
    }
    Ok((checks, notes))
}

/// A successful answer that an unknown path does not get as well.
async fn find_answer(
    client: &Client,
    path: &str,
    unknown_path: Option<&Response>,
) -> Option<Response> {
    let answer = get(client, path).await.ok()?;
    let everywhere = unknown_path.is_some_and(|unknown_path| {
        unknown_path.status == answer.status && content_type(unknown_path) == content_type(&answer)
    });
    ((200..300).contains(&answer.status) && !everywhere).then_some(answer)
}

fn front_page_check(answer: &Response) -> Option<CheckDraft> {
    match answer.status {
        200..=299 => Some(check_from_answer("the front page opens", "/", answer)),
        300..=399 => {
            let mut check = check_from_answer("the front page leads on", "/", answer);
            if answer.headers.contains_key(LOCATION) {
                let location = Query::Header("location".to_owned());
                check.steps[0].expect(&location, "exists", json!(true));
            }
            Some(check)
        }
        401 | 403 => Some(check_from_answer("a stranger is turned away", "/", answer)),
        _ => None,
    }
}

fn check_from_answer(name: &str, path: &str, answer: &Response) -> CheckDraft {
    let mut step = StepDraft::default();
    path.clone_into(&mut step.request.path);
    step.expect(&Query::Status, "equals", json!(answer.status));
    let kind = content_type(answer);
    if (200..300).contains(&answer.status) {
        shape::expect_content_type(&mut step, &kind);
        if kind.contains("json") {
            if let Ok(document) = serde_json::from_slice(&answer.body) {
                shape::expect_document(&mut step, &document);
            }
        } else if kind.contains("html")
            && let Some(title) = shape::stable_title(&String::from_utf8_lossy(&answer.body))
        {
            step.expect(&Query::Body, "contains", json!(escape(&title)));
        }
    }
    CheckDraft {
        name: name.to_owned(),
        steps: vec![step],
        ..CheckDraft::default()
    }
}

fn content_type(answer: &Response) -> String {
    let kind = answer.headers.get(CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok())
        .unwrap_or_default()
        .to_ascii_lowercase()
}
