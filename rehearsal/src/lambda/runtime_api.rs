//! The Lambda Runtime API: how a function gets its events and answers them.
//!
//! Source: [Custom runtimes: the runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use serde_json::{Value, json};
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::Instant;

use super::outcome::InvocationOutcome;
use crate::error::StageError;
use crate::serve::{BoxError, Server};

const PREFIX: &str = "/2018-06-01/runtime/";
/// The most that a function may answer: 6 MB.
const BODY_LIMIT: usize = 6 * 1024 * 1024;

/// The API that one function process talks to.
#[derive(Debug)]
pub(super) struct RuntimeApi {
    state: Arc<State>,
    server: Server,
}

#[derive(Debug, Default)]
struct State {
    desk: Mutex<Desk>,
    /// An event has been put on the desk.
    event_ready: Notify,
    /// Whether the process has asked for an event.
    asked: watch::Sender<bool>,
    init_error: watch::Sender<Option<String>>,
}

#[derive(Debug, Default)]
struct Desk {
    first_asked: Option<Instant>,
    waiting: Option<Event>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Event {
    request_id: String,
    deadline: SystemTime,
    payload: Bytes,
    answer: oneshot::Sender<InvocationOutcome>,
}

#[derive(Debug)]
struct Running {
    request_id: String,
    answer: oneshot::Sender<InvocationOutcome>,
}

impl RuntimeApi {
    pub(super) async fn start() -> Result<Self, StageError> {
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let service = service_fn(move |request| answer(Arc::clone(&shared), request));
        let server = Server::start("Lambda Runtime API", 0, service).await?;
        Ok(Self { state, server })
    }

    /// `127.0.0.1:PORT`, as `AWS_LAMBDA_RUNTIME_API` has it.
    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.server.port())
    }

    /// Waits until the process has asked for its first event.
    pub(super) async fn asked(&self) {
        let mut asked = self.state.asked.subscribe();
        // The sender lives as long as `self`, so this cannot fail.
        let _ = asked.wait_for(|asked| *asked).await;
    }

    /// When the process asked for its first event.
    pub(super) fn first_asked(&self) -> Option<Instant> {
        self.state.lock().first_asked
    }

    /// Waits until the process reports that it cannot start.
    pub(super) async fn init_error(&self) -> String {
        let mut error = self.state.init_error.subscribe();
        match error.wait_for(Option::is_some).await {
            Ok(error) => error.clone().unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Puts an event on the desk; the receiver gets the function's answer.
    pub(super) fn hand_out(
        &self,
        request_id: &str,
        payload: &Value,
        within: Duration,
    ) -> oneshot::Receiver<InvocationOutcome> {
        let (answer, answered) = oneshot::channel();
        self.state.lock().waiting = Some(Event {
            request_id: request_id.to_owned(),
            deadline: SystemTime::now() + within,
            payload: payload.to_string().into(),
            answer,
        });
        self.state.event_ready.notify_one();
        answered
    }
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(
    state: Arc<State>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, BoxError> {
    let (parts, body) = request.into_parts();
    let Some(path) = parts.uri.path().strip_prefix(PREFIX) else {
        return Ok(reply(StatusCode::NOT_FOUND, &json!({})));
    };
    let path: Vec<&str> = path.split('/').collect();
    if parts.method == Method::GET && path == ["invocation", "next"] {
        return next(&state).await;
    }
    if parts.method != Method::POST {
        return Ok(reply(StatusCode::METHOD_NOT_ALLOWED, &json!({})));
    }
    let Ok(body) = Limited::new(body, BODY_LIMIT).collect().await else {
        let error = json!({"errorType": "RequestEntityTooLarge", "errorMessage": "over 6 MB"});
        return Ok(reply(StatusCode::PAYLOAD_TOO_LARGE, &error));
    };
    let body: Option<Value> = serde_json::from_slice(&body.to_bytes()).ok();
    let outcome = match path[..] {
        ["init", "error"] => {
            let (error_type, message) = describe(body.as_ref());
            state
                .init_error
                .send_replace(Some(format!("{error_type}: {message}")));
            return Ok(reply(StatusCode::ACCEPTED, &json!({"status": "OK"})));
        }
        ["invocation", id, "response"] => {
            (id, InvocationOutcome::Returned(body.unwrap_or_default()))
        }
        ["invocation", id, "error"] => {
            let (error_type, message) = describe(body.as_ref());
            let outcome = InvocationOutcome::Errored {
                error_type,
                message,
            };
            (id, outcome)
        }
        _ => return Ok(reply(StatusCode::NOT_FOUND, &json!({}))),
    };
    Ok(finish(&state, outcome.0, outcome.1))
}

/// The long poll: it answers when there is an event.
async fn next(state: &State) -> Result<Response<Full<Bytes>>, BoxError> {
    state.lock().first_asked.get_or_insert_with(Instant::now);
    state.asked.send_replace(true);
    let event = loop {
        let waiting = state.lock().waiting.take();
        match waiting {
            Some(event) => break event,
            None => state.event_ready.notified().await,
        }
    };
    let deadline = event.deadline.duration_since(UNIX_EPOCH)?.as_millis();
    let response = Response::builder()
        .header(CONTENT_TYPE, "application/json")
        .header("Lambda-Runtime-Aws-Request-Id", &event.request_id)
        .header("Lambda-Runtime-Deadline-Ms", deadline.to_string())
        .header("Lambda-Runtime-Invoked-Function-Arn", super::function_arn())
        .header("Lambda-Runtime-Trace-Id", crate::load_balancer::trace_id())
        .body(Full::new(event.payload))?;
    state.lock().running = Some(Running {
        request_id: event.request_id,
        answer: event.answer,
    });
    Ok(response)
}

fn finish(state: &State, id: &str, outcome: InvocationOutcome) -> Response<Full<Bytes>> {
    let mut desk = state.lock();
    match desk.running.take() {
        Some(running) if running.request_id == id => {
            // Nobody waits for an answer after the time limit.
            let _ = running.answer.send(outcome);
            reply(StatusCode::ACCEPTED, &json!({"status": "OK"}))
        }
        other => {
            desk.running = other;
            let error =
                json!({"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"});
            reply(StatusCode::BAD_REQUEST, &error)
        }
    }
}

fn describe(body: Option<&Value>) -> (String, String) {
    let text = |member: &str| {
        body.and_then(|body| body.get(member)?.as_str())
            .unwrap_or_default()
            .to_owned()
    };
    (text("errorType"), text("errorMessage"))
}

fn reply(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.to_string().into()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
