//! The wire: AWS JSON 1.1 over HTTP.
//!
//! Source: [AWS JSON 1.1 protocol](https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).

use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::error::{self, ApiError};
use super::{Answer, ApiFault, Call, State};
use crate::serve::BoxError;

/// The prefix of each operation in `X-Amz-Target`.
const SERVICE: &str = "CodeDeploy_20141006.";
/// How many bytes of a request are read.
const BODY_LIMIT: usize = 256 * 1024;

/// Answers one call, and records it.
pub(super) async fn answer(
    state: Arc<State>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, BoxError> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, BODY_LIMIT).collect().await?.to_bytes();
    let operation = operation(&parts.headers).to_owned();
    let input = serde_json::from_slice::<Value>(&body).ok();
    let mut call = Call {
        operation,
        deployment_id: text(input.as_ref(), "deploymentId"),
        execution_id: text(input.as_ref(), "lifecycleEventHookExecutionId"),
        status: text(input.as_ref(), "status"),
        answer: Answer::Dropped,
    };
    let fault = state.next_fault();
    let honest = || {
        signed(&parts.headers)?;
        let input = input.as_ref().filter(|input| input.is_object());
        state.carry_out(&call.operation, input.ok_or(error::SERIALIZATION)?)
    };
    let answered = match fault {
        None => honest(),
        Some(ApiFault::Slow { by }) => {
            tokio::time::sleep(by).await;
            honest()
        }
        Some(ApiFault::Throttled) => Err(error::THROTTLING),
        Some(ApiFault::ServerError) => Err(error::INTERNAL_FAILURE),
        Some(ApiFault::AccessDenied) => Err(error::ACCESS_DENIED),
        Some(ApiFault::ExpiredToken) => Err(error::EXPIRED_TOKEN),
        Some(ApiFault::ConnectionDropped) => {
            state.record(call);
            return Err("the connection is dropped before the call".into());
        }
        Some(ApiFault::AnswerLost) => {
            // What was accepted stays accepted, only nobody is told.
            let _ = honest();
            state.record(call);
            return Err("the connection is dropped after the call".into());
        }
        Some(ApiFault::Garbage) => {
            call.answer = Answer::Garbage;
            state.record(call);
            return Ok(respond(
                StatusCode::OK,
                Bytes::from_static(b"<!doctype"),
                None,
            ));
        }
    };
    let response = match answered {
        Ok(output) => {
            call.answer = Answer::Accepted;
            respond(StatusCode::OK, output.to_string().into(), None)
        }
        Err(error) => {
            call.answer = Answer::Error(error.code);
            let body = json!({"__type": error.code, "message": error.message});
            respond(error.status, body.to_string().into(), Some(error.code))
        }
    };
    state.record(call);
    Ok(response)
}

fn operation(headers: &HeaderMap) -> &str {
    let target = headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    target.strip_prefix(SERVICE).unwrap_or(target)
}

fn text(input: Option<&Value>, member: &str) -> Option<String> {
    Some(input?.get(member)?.as_str()?.to_owned())
}

/// Whether the request carries a Signature Version 4. The signature itself is
/// not recomputed: on loopback there is no secret to check it with.
fn signed(headers: &HeaderMap) -> Result<(), ApiError> {
    let authorization = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("AWS4-HMAC-SHA256 "))
        .ok_or(error::MISSING_TOKEN)?;
    let part = |name: &str| {
        authorization
            .split(',')
            .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
    };
    let scope = part("Credential").is_some_and(|credential| {
        let scope: Vec<&str> = credential.split('/').collect();
        matches!(scope[..], [_, _, _, "codedeploy", "aws4_request"])
    });
    let complete = scope
        && part("SignedHeaders").is_some()
        && part("Signature").is_some_and(|signature| signature.len() == 64)
        && headers.contains_key("x-amz-date");
    if complete {
        Ok(())
    } else {
        Err(error::INCOMPLETE_SIGNATURE)
    }
}

fn respond(status: StatusCode, body: Bytes, error: Option<&'static str>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-amz-json-1.1"),
    );
    if let Ok(id) = HeaderValue::from_str(&crate::random::uuid()) {
        headers.insert("x-amzn-requestid", id);
    }
    if let Some(code) = error {
        headers.insert("x-amzn-errortype", HeaderValue::from_static(code));
    }
    response
}
