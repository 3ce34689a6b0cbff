//! Reads calls in AWS JSON 1.1, AWS Query and S3's REST protocol over HTTP, and
//! writes their answers.
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
use super::{Answer, ApiFault, AwsState, Call, query, rest, text_member};
use crate::server::BoxError;

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

/// Answers one call, with a fault if one is set, and records it.
///
/// # Errors
/// The connection has to be closed without an answer.
pub(super) async fn answer_call(
    state: Arc<AwsState>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, BoxError> {
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, BODY_LIMIT).collect().await?.to_bytes();
    let request = ApiRequest::parse(&parts, &body);
    let input = request.input.as_ref();
    let text = |name| Some(text_member(input?, name)?.to_owned());
    let mut call = Call {
        operation: request.operation.clone(),
        deployment_id: text("deploymentId"),
        execution_id: text("lifecycleEventHookExecutionId"),
        status: text("status"),
        answer: Answer::Dropped,
        began,
        ended: began,
    };
    let fault = state.next_fault(&call.operation);
    let execute = || {
        check_signature(&parts.headers, request.service)?;
        let input = input.filter(|input| input.is_object());
        state.execute(&call.operation, input.ok_or(error::SERIALIZATION)?)
    };
    let result = match fault {
        None | Some(ApiFault::SlowAnswer { .. }) => execute(),
        Some(ApiFault::Slow { by }) => {
            tokio::time::sleep(by).await;
            execute()
        }
        Some(ApiFault::Throttled) => Err(error::THROTTLING),
        Some(ApiFault::ServerError) => Err(error::INTERNAL_FAILURE),
        Some(ApiFault::AccessDenied) => Err(error::access_denied(request.service, &call.operation)),
        Some(ApiFault::ExpiredToken) => Err(error::EXPIRED_TOKEN),
        Some(ApiFault::UnknownToken) => Err(error::UNKNOWN_TOKEN),
        Some(ApiFault::WrongSignature) => Err(error::wrong_signature(&parts.headers)),
        Some(ApiFault::ConnectionDropped) => {
            state.record(call);
            return Err("the connection is dropped before the call".into());
        }
        Some(ApiFault::AnswerLost) => {
            // The call takes effect, and only its answer is lost.
            let _ = execute();
            state.record(call);
            return Err("the connection is dropped after the call".into());
        }
        Some(ApiFault::Empty) => {
            call.answer = Answer::Garbage;
            state.record(call);
            return Ok(request.render_output(&json!({})));
        }
        Some(ApiFault::Garbage) => {
            call.answer = Answer::Garbage;
            state.record(call);
            // Neither JSON nor XML begins like this.
            let garbage = "<!doctype".to_owned();
            return Ok(request.build_response(StatusCode::OK, garbage, None));
        }
    };
    let response = match result {
        Ok(output) => {
            call.answer = Answer::Accepted;
            request.render_output(&output)
        }
        Err(error) => {
            let error = request.translate_error(error);
            call.answer = Answer::Error(error.code);
            request.render_error(&error)
        }
    };
    state.record(call);
    if let Some(ApiFault::SlowAnswer { by }) = fault {
        tokio::time::sleep(by).await;
    }
    Ok(response)
}

/// A call as it was read, whatever its protocol.
struct ApiRequest {
    protocol: Protocol,
    /// The service, as requests are signed for it.
    service: &'static str,
    operation: String,
    /// `None` if the body is not JSON.
    input: Option<Value>,
    request_id: String,
}

/// The protocol that a call and its answer are written in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    /// AWS JSON 1.1.
    Json,
    /// AWS Query.
    Query,
    /// S3's own.
    Rest,
}

impl ApiRequest {
    /// Reads a call. Each service has its own protocol, so the protocol tells
    /// which services it can be for.
    fn parse(parts: &Parts, body: &[u8]) -> Self {
        let header = |name: &str| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let request_id = crate::random::draw_uuid();
        // Of the operations here, only those of S3 are not sent by POST.
        if parts.method != Method::POST {
            let (operation, input) = rest::parse_request(parts, body);
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
            let input = query::parse_form(body);
            let operation = text_member(&input, "Action").unwrap_or_default().to_owned();
            return Self {
                protocol: Protocol::Query,
                service: query::service_name(&operation),
                operation,
                input: Some(input),
                request_id,
            };
        }
        let target = header("x-amz-target").unwrap_or_default();
        let service_and_operation = JSON_SERVICES
            .into_iter()
            .find_map(|(prefix, service)| Some((service, target.strip_prefix(prefix)?.to_owned())));
        // An unknown target is CodeDeploy's to refuse, as an unknown operation.
        let (service, operation) =
            service_and_operation.unwrap_or(("codedeploy", target.to_owned()));
        Self {
            protocol: Protocol::Json,
            service,
            operation,
            input: serde_json::from_slice(body).ok(),
            request_id,
        }
    }

    /// The error by the name and status that this protocol gives it.
    fn translate_error(&self, error: ApiError) -> ApiError {
        match self.protocol {
            Protocol::Json => error,
            Protocol::Query => query::translate_error(self.service, error),
            Protocol::Rest => rest::translate_error(error),
        }
    }

    /// The answer to a call that succeeded.
    fn render_output(&self, output: &Value) -> Response<Full<Bytes>> {
        let (status, body) = match self.protocol {
            Protocol::Json => (StatusCode::OK, output.to_string()),
            Protocol::Query => {
                let body = query::render_output(&self.operation, output, &self.request_id);
                (StatusCode::OK, body)
            }
            Protocol::Rest => rest::render_output(&self.operation, self.input.as_ref(), output),
        };
        self.build_response(status, body, None)
    }

    /// The answer to a call that failed.
    fn render_error(&self, error: &ApiError) -> Response<Full<Bytes>> {
        let body = match self.protocol {
            Protocol::Json => {
                let body = json!({"__type": error.code, "message": error.message}).to_string();
                return self.build_response(error.status, body, Some(error.code));
            }
            Protocol::Query => query::render_error(self.service, error, &self.request_id),
            Protocol::Rest => rest::render_error(error, &self.request_id),
        };
        self.build_response(error.status, body, None)
    }

    /// A response with this body, and the error's name in a header if it has one.
    fn build_response(
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

/// Checks that the request carries a Signature Version 4 for this service. The
/// signature itself is not recomputed: the stage has no secret to check it with.
fn check_signature(headers: &HeaderMap, service: &str) -> Result<(), ApiError> {
    let authorization = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("AWS4-HMAC-SHA256 "))
        .ok_or(error::MISSING_TOKEN)?;
    let parameter = |name: &str| {
        authorization
            .split(',')
            .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
    };
    let scope_fits = parameter("Credential").is_some_and(|credential| {
        let scope: Vec<&str> = credential.split('/').collect();
        matches!(scope[..], [_, _, _, signed_for, "aws4_request"] if signed_for == service)
    });
    let complete = scope_fits
        && parameter("SignedHeaders").is_some()
        && parameter("Signature").is_some_and(|signature| signature.len() == 64)
        && headers.contains_key("x-amz-date");
    if complete {
        Ok(())
    } else {
        Err(error::INCOMPLETE_SIGNATURE)
    }
}
