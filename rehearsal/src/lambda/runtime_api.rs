//! The Lambda Runtime API, from which a function's process gets its events, and to
//! which it sends its answers.
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
use crate::server::{BoxError, Server};

const PREFIX: &str = "/2018-06-01/runtime/";
/// The most that a function may answer: 6 MB.
const BODY_LIMIT: usize = 6 * 1024 * 1024;

/// The API that one function process talks to.
#[derive(Debug)]
pub(super) struct RuntimeApi {
    state: Arc<ApiState>,
    server: Server,
}

#[derive(Debug, Default)]
struct ApiState {
    events: Mutex<ProcessState>,
    /// Notified when an event is queued.
    event_ready: Notify,
    /// Whether the process has requested an event.
    has_requested: watch::Sender<bool>,
    /// The report of a runtime that cannot start.
    init_error: watch::Sender<Option<String>>,
}

/// The events of one process, which handles one at a time.
#[derive(Debug, Default)]
struct ProcessState {
    first_request_at: Option<Instant>,
    queued: Option<QueuedEvent>,
    running: Option<RunningEvent>,
}

/// An event that the process has not fetched.
#[derive(Debug)]
struct QueuedEvent {
    request_id: String,
    deadline: SystemTime,
    payload: Bytes,
    answer: oneshot::Sender<InvocationOutcome>,
}

/// An event that the process works on.
#[derive(Debug)]
struct RunningEvent {
    request_id: String,
    answer: oneshot::Sender<InvocationOutcome>,
}

impl RuntimeApi {
    /// Starts the API on any free port.
    pub(super) async fn start() -> Result<Self, StageError> {
        let state = Arc::new(ApiState::default());
        let shared = Arc::clone(&state);
        let service =
            service_fn(move |request| answer_runtime_request(Arc::clone(&shared), request));
        let server = Server::start("Lambda Runtime API", 0, service).await?;
        Ok(Self { state, server })
    }

    /// `127.0.0.1:PORT`, as `AWS_LAMBDA_RUNTIME_API` has it.
    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.server.port())
    }

    /// Waits until the process has requested its first event.
    pub(super) async fn wait_for_first_request(&self) {
        let mut has_requested = self.state.has_requested.subscribe();
        // The sender lives as long as `self`, so this cannot fail.
        let _ = has_requested.wait_for(|has_requested| *has_requested).await;
    }

    /// When the process requested its first event.
    pub(super) fn first_request_at(&self) -> Option<Instant> {
        self.state.lock().first_request_at
    }

    /// Waits until the process reports that it cannot start.
    pub(super) async fn wait_for_init_error(&self) -> String {
        let mut error = self.state.init_error.subscribe();
        match error.wait_for(Option::is_some).await {
            Ok(error) => error.clone().unwrap_or_default(),
            // The sender lives as long as `self`, so this cannot happen.
            Err(_) => String::new(),
        }
    }

    /// Queues an event; the receiver gets the function's answer. `within` is the
    /// time limit, from which the function's deadline follows.
    pub(super) fn hand_out_event(
        &self,
        request_id: &str,
        payload: &Value,
        within: Duration,
    ) -> oneshot::Receiver<InvocationOutcome> {
        let (answer, answered) = oneshot::channel();
        self.state.lock().queued = Some(QueuedEvent {
            request_id: request_id.to_owned(),
            deadline: SystemTime::now() + within,
            payload: payload.to_string().into(),
            answer,
        });
        self.state.event_ready.notify_one();
        answered
    }
}

impl ApiState {
    fn lock(&self) -> MutexGuard<'_, ProcessState> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers one request of the process.
async fn answer_runtime_request(
    state: Arc<ApiState>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, BoxError> {
    let (parts, body) = request.into_parts();
    let Some(path) = parts.uri.path().strip_prefix(PREFIX) else {
        return Ok(json_response(StatusCode::NOT_FOUND, &json!({})));
    };
    let path: Vec<&str> = path.split('/').collect();
    if parts.method == Method::GET && path == ["invocation", "next"] {
        return answer_next(&state).await;
    }
    if parts.method != Method::POST {
        return Ok(json_response(StatusCode::METHOD_NOT_ALLOWED, &json!({})));
    }
    // Lambda refuses a larger answer, and the function may then send an error.
    let Ok(body) = Limited::new(body, BODY_LIMIT).collect().await else {
        let error = json!({"errorType": "RequestEntityTooLarge", "errorMessage": "over 6 MB"});
        return Ok(json_response(StatusCode::PAYLOAD_TOO_LARGE, &error));
    };
    let body: Option<Value> = serde_json::from_slice(&body.to_bytes()).ok();
    let (id, outcome) = match path[..] {
        ["init", "error"] => {
            let (error_type, message) = parse_error_report(body.as_ref());
            state
                .init_error
                .send_replace(Some(format!("{error_type}: {message}")));
            return Ok(json_response(
                StatusCode::ACCEPTED,
                &json!({"status": "OK"}),
            ));
        }
        ["invocation", id, "response"] => {
            (id, InvocationOutcome::Returned(body.unwrap_or_default()))
        }
        ["invocation", id, "error"] => {
            let (error_type, message) = parse_error_report(body.as_ref());
            let outcome = InvocationOutcome::Errored {
                error_type,
                message,
            };
            (id, outcome)
        }
        _ => return Ok(json_response(StatusCode::NOT_FOUND, &json!({}))),
    };
    Ok(accept_outcome(&state, id, outcome))
}

/// Answers `invocation/next`, a long poll, with the next event.
async fn answer_next(state: &ApiState) -> Result<Response<Full<Bytes>>, BoxError> {
    state
        .lock()
        .first_request_at
        .get_or_insert_with(Instant::now);
    state.has_requested.send_replace(true);
    let event = loop {
        let queued = state.lock().queued.take();
        match queued {
            // The event is taken out, so a second request waits for the next one.
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
        .header(
            "Lambda-Runtime-Trace-Id",
            crate::load_balancer::new_trace_id(),
        )
        .body(Full::new(event.payload))?;
    state.lock().running = Some(RunningEvent {
        request_id: event.request_id,
        answer: event.answer,
    });
    Ok(response)
}

/// Takes the answer to a running event; the response says whether it was one.
fn accept_outcome(state: &ApiState, id: &str, outcome: InvocationOutcome) -> Response<Full<Bytes>> {
    let mut events = state.lock();
    match events.running.take() {
        Some(running) if running.request_id == id => {
            // After the time limit the invocation has ended without this answer.
            let _ = running.answer.send(outcome);
            json_response(StatusCode::ACCEPTED, &json!({"status": "OK"}))
        }
        other => {
            // An answer with a wrong id must not end the event that runs.
            events.running = other;
            let error =
                json!({"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"});
            json_response(StatusCode::BAD_REQUEST, &error)
        }
    }
}

/// The type and the message of an error report; what is missing is empty.
fn parse_error_report(body: Option<&Value>) -> (String, String) {
    let text = |member: &str| {
        body.and_then(|body| body.get(member)?.as_str())
            .unwrap_or_default()
            .to_owned()
    };
    (text("errorType"), text("errorMessage"))
}

fn json_response(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.to_string().into()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
