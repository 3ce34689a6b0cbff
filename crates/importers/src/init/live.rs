//! What a running service answers at the paths that services usually have.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use serde_json::json;

use super::shape;
use crate::draft::{Check, Place, Step, escape};
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

async fn ask(client: &Client, path: &str) -> Result<Response, String> {
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

pub(super) async fn fetch(client: &Client, path: &str) -> Result<Arc<Source>, Problems> {
    let wrong = |found: String| {
        Diagnostic::general(format!("no document at `{path}`"))
            .expected("an answer with status 200")
            .found(found)
            .help("name the URL of an OpenAPI document, or a file")
    };
    let answer = ask(client, path).await.map_err(wrong)?;
    if answer.status != 200 {
        return Err(wrong(format!("status {}", answer.status)).into());
    }
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    Ok(Source::new(path.trim_start_matches('/'), text))
}

/// The checks, and what is worth knowing beside them.
pub(super) async fn checks(client: &Client) -> Result<(Vec<Check>, Vec<String>), Problems> {
    let front = ask(client, "/").await.map_err(|found| {
        Diagnostic::general("the service does not answer")
            .expected("an answer to `GET /`")
            .found(found)
            .help("check the URL; `--connect-to` and `--cacert` help to reach it")
    })?;
    let nowhere = ask(client, NOWHERE).await.ok();
    let mut checks = Vec::new();
    checks.extend(front_page(&front));
    for path in HEALTH {
        let Some(answer) = told(client, path, nowhere.as_ref()).await else {
            continue;
        };
        let mut check = of_answer(
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
            step.demand(&Place::Latency, "below", json!("2s"));
        }
        checks.push(check);
    }
    for path in FACTS {
        if let Some(answer) = told(client, path, nowhere.as_ref()).await {
            checks.push(of_answer(&format!("{path} is told"), path, &answer));
        }
    }
    if let Some(answer) = nowhere.filter(|answer| answer.status == 404 && !checks.is_empty()) {
        let path = "/no-such-page";
        let mut check = of_answer("an unknown path is not found", path, &answer);
        check.steps[0]
            .expect
            .retain(|(place, _)| *place == Place::Status);
        checks.push(check);
    }
    let mut known = Vec::new();
    for path in DOCUMENTS {
        if let Some(answer) = told(client, path, None).await
            && String::from_utf8_lossy(&answer.body).contains("openapi")
        {
            known.push(format!(
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
    Ok((checks, known))
}

/// A successful answer that an unknown path does not get as well.
async fn told(client: &Client, path: &str, nowhere: Option<&Response>) -> Option<Response> {
    let answer = ask(client, path).await.ok()?;
    let everywhere = nowhere
        .is_some_and(|nowhere| nowhere.status == answer.status && kind(nowhere) == kind(&answer));
    ((200..300).contains(&answer.status) && !everywhere).then_some(answer)
}

fn front_page(answer: &Response) -> Option<Check> {
    match answer.status {
        200..=299 => Some(of_answer("the front page opens", "/", answer)),
        300..=399 => {
            let mut check = of_answer("the front page leads on", "/", answer);
            if answer.headers.contains_key(LOCATION) {
                let location = Place::Header("location".to_owned());
                check.steps[0].demand(&location, "exists", json!(true));
            }
            Some(check)
        }
        401 | 403 => Some(of_answer("a stranger is turned away", "/", answer)),
        _ => None,
    }
}

fn of_answer(name: &str, path: &str, answer: &Response) -> Check {
    let mut step = Step::default();
    path.clone_into(&mut step.request.path);
    step.demand(&Place::Status, "equals", json!(answer.status));
    let kind = kind(answer);
    if (200..300).contains(&answer.status) {
        shape::content_type(&mut step, &kind);
        if kind.contains("json") {
            if let Ok(document) = serde_json::from_slice(&answer.body) {
                shape::document(&mut step, &document);
            }
        } else if kind.contains("html")
            && let Some(title) = shape::title(&String::from_utf8_lossy(&answer.body))
        {
            step.demand(&Place::Body, "contains", json!(escape(&title)));
        }
    }
    Check {
        name: name.to_owned(),
        steps: vec![step],
        ..Check::default()
    }
}

fn kind(answer: &Response) -> String {
    let kind = answer.headers.get(CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok())
        .unwrap_or_default()
        .to_ascii_lowercase()
}
