//! The wire: AWS JSON 1.1, AWS Query and S3's own protocol over HTTP.
//!
//! Source: [AWS JSON 1.1 protocol](https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html);
//! `query` and `rest` have the others.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::error::{self, ApiError};
use super::{Answer, ApiFault, Call, State, query, rest};
use crate::serve::BoxError;

/// The services, by the prefix of each operation in `X-Amz-Target` and the
/// name that requests are signed for.
const JSON_SERVICES: [(&str, &str); 4] = [
    ("CodeDeploy_20141006.", "codedeploy"),
    ("AmazonEC2ContainerServiceV20141113.", "ecs"),
    ("secretsmanager.", "secretsmanager"),
    ("AmazonSSM.", "ssm"),
];
/// How many bytes of a request are read.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// Answers one call, and records it.
pub(super) async fn answer(
    state: Arc<State>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, BoxError> {
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, BODY_LIMIT).collect().await?.to_bytes();
    let asked = Asked::read(&parts, &body);
    let input = asked.input.as_ref();
    let mut call = Call {
        operation: asked.operation.clone(),
        deployment_id: text(input, "deploymentId"),
        execution_id: text(input, "lifecycleEventHookExecutionId"),
        status: text(input, "status"),
        answer: Answer::Dropped,
        began,
        ended: began,
    };
    let fault = state.next_fault(&call.operation);
    let honest = || {
        signed(&parts.headers, asked.service)?;
        let input = input.filter(|input| input.is_object());
        state.carry_out(&call.operation, input.ok_or(error::SERIALIZATION)?)
    };
    let answered = match fault {
        None | Some(ApiFault::SlowAnswer { .. }) => honest(),
        Some(ApiFault::Slow { by }) => {
            tokio::time::sleep(by).await;
            honest()
        }
        Some(ApiFault::Throttled) => Err(error::THROTTLING),
        Some(ApiFault::ServerError) => Err(error::INTERNAL_FAILURE),
        Some(ApiFault::AccessDenied) => Err(error::access_denied(asked.service, &call.operation)),
        Some(ApiFault::ExpiredToken) => Err(error::EXPIRED_TOKEN),
        Some(ApiFault::UnknownToken) => Err(error::UNKNOWN_TOKEN),
        Some(ApiFault::WrongSignature) => Err(error::wrong_signature(&parts.headers)),
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
        Some(ApiFault::Empty) => {
            call.answer = Answer::Garbage;
            state.record(call);
            return Ok(asked.accept(&json!({})));
        }
        Some(ApiFault::Garbage) => {
            call.answer = Answer::Garbage;
            state.record(call);
            let garbage = "<!doctype".to_owned();
            return Ok(asked.respond(StatusCode::OK, garbage, None));
        }
    };
    let response = match answered {
        Ok(output) => {
            call.answer = Answer::Accepted;
            asked.accept(&output)
        }
        Err(error) => {
            let error = asked.named(error);
            call.answer = Answer::Error(error.code);
            asked.refuse(&error)
        }
    };
    state.record(call);
    if let Some(ApiFault::SlowAnswer { by }) = fault {
        tokio::time::sleep(by).await;
    }
    Ok(response)
}

/// What is asked, and in which protocol the answer has to be.
struct Asked {
    protocol: Protocol,
    /// The service, as requests are signed for it.
    service: &'static str,
    operation: String,
    input: Option<Value>,
    request_id: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Json,
    Query,
    Rest,
}

impl Asked {
    fn read(parts: &Parts, body: &[u8]) -> Self {
        let header = |name: &str| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let request_id = crate::random::uuid();
        if parts.method != Method::POST {
            let (operation, input) = rest::asked(parts, body);
            return Self {
                protocol: Protocol::Rest,
                service: "s3",
                operation: operation.to_owned(),
                input: Some(input),
                request_id,
            };
        }
        let form = "application/x-www-form-urlencoded";
        if header("content-type").is_some_and(|it| it.starts_with(form)) {
            let input = query::input(body);
            let operation = text(Some(&input), "Action").unwrap_or_default();
            return Self {
                protocol: Protocol::Query,
                service: query::service(&operation),
                operation,
                input: Some(input),
                request_id,
            };
        }
        let target = header("x-amz-target").unwrap_or_default();
        let named = JSON_SERVICES
            .into_iter()
            .find_map(|(prefix, service)| Some((service, target.strip_prefix(prefix)?.to_owned())));
        let (service, operation) = named.unwrap_or(("codedeploy", target.to_owned()));
        Self {
            protocol: Protocol::Json,
            service,
            operation,
            input: serde_json::from_slice(body).ok(),
            request_id,
        }
    }

    fn named(&self, error: ApiError) -> ApiError {
        match self.protocol {
            Protocol::Json => error,
            Protocol::Query => query::named(self.service, error),
            Protocol::Rest => rest::named(error),
        }
    }

    fn accept(&self, output: &Value) -> Response<Full<Bytes>> {
        let (status, body) = match self.protocol {
            Protocol::Json => (StatusCode::OK, output.to_string()),
            Protocol::Query => {
                let body = query::answer(&self.operation, output, &self.request_id);
                (StatusCode::OK, body)
            }
            Protocol::Rest => rest::answer(&self.operation, self.input.as_ref(), output),
        };
        self.respond(status, body, None)
    }

    fn refuse(&self, error: &ApiError) -> Response<Full<Bytes>> {
        let body = match self.protocol {
            Protocol::Json => {
                let body = json!({"__type": error.code, "message": error.message}).to_string();
                return self.respond(error.status, body, Some(error.code));
            }
            Protocol::Query => query::error(self.service, error, &self.request_id),
            Protocol::Rest => rest::error(error, &self.request_id),
        };
        self.respond(error.status, body, None)
    }

    fn respond(
        &self,
        status: StatusCode,
        body: String,
        error: Option<&'static str>,
    ) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static(match self.protocol {
                Protocol::Json => "application/x-amz-json-1.1",
                Protocol::Query => "text/xml",
                Protocol::Rest => "application/xml",
            }),
        );
        if let Ok(id) = HeaderValue::from_str(&self.request_id) {
            headers.insert("x-amzn-requestid", id);
        }
        if let Some(code) = error {
            headers.insert("x-amzn-errortype", HeaderValue::from_static(code));
        }
        response
    }
}

fn text(input: Option<&Value>, member: &str) -> Option<String> {
    Some(input?.get(member)?.as_str()?.to_owned())
}

/// Whether the request carries a Signature Version 4. The signature itself is
/// not recomputed: on loopback there is no secret to check it with.
fn signed(headers: &HeaderMap, service: &str) -> Result<(), ApiError> {
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
        matches!(scope[..], [_, _, _, named, "aws4_request"] if named == service)
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
