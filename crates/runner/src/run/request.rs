//! Fills in the request of a step: from templates to what is sent.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderMap,
    HeaderName, HeaderValue, TE, USER_AGENT,
};
use serde_json::{Map, Value};

use super::auth::{authorization, signer};
use crate::multipart;
use check_file::grpc::Call;
use check_file::template::{Scope, Template};
use check_file::{Body, FormPart, GraphQl, HttpVersion, PartContent, as_http, is_host};
use client::encoding;
use client::grpc::{Codec, FrameError};
use client::http::{self as http_client, Request, Transport};
use client::target::Target;

/// Why a request cannot be made of the values that its templates name.
#[derive(Debug, thiserror::Error)]
#[error("{what} cannot be made: {reason}")]
pub(super) struct RequestError {
    /// What part of the request it is, such as `the body`.
    pub(super) what: String,
    /// What was found.
    pub(super) reason: String,
}

/// Puts the part of the request to a reason.
fn error_in<R: Into<String>>(what: impl Into<String>) -> impl FnOnce(R) -> RequestError {
    let what = what.into();
    |reason| RequestError {
        what,
        reason: reason.into(),
    }
}

/// Fills in all templates of a request, and adds the headers that every request
/// has unless the step names them.
pub(super) fn fill_in(
    request: &check_file::Request,
    target: &Target,
    scope: &Scope,
) -> Result<Request, RequestError> {
    let path = request.path.render(scope).map_err(error_in("the path"))?;
    let opens = request.messages.is_some();
    let path = if opens { as_http(&path) } else { path };
    let mut url = target
        .url(&path)
        .map_err(|error| error_in("the URL")(error.to_string()))?;
    for (name, template) in &request.query {
        let value = template.render(scope).map_err(error_in("the query"))?;
        url.query_pairs_mut().append_pair(name, &value);
    }
    // The defaults are for the target; another host gets what the step says.
    let at_target = target.is_origin_of(&url);
    let own = if at_target {
        request.headers.len()
    } else {
        request.own.headers
    };
    let mut headers = fill_in_headers(&request.headers[..own], scope)?;
    let own_login = headers.contains_key(AUTHORIZATION);
    let auth = request.auth.as_ref();
    let auth = auth.filter(|_| !own_login && (at_target || request.own.auth));
    if let Some(value) = authorization(auth, scope).map_err(error_in("the login"))? {
        headers.insert(AUTHORIZATION, value);
    }
    let signer = signer(auth, scope).map_err(error_in("the signature"))?;
    let codec = request.grpc.clone().map(|call| Arc::new(JsonCodec(call)));
    let mut body = Bytes::new();
    if let Some(own) = &request.body {
        let (bytes, content_type) = fill_in_body(own, scope)?;
        if let Some(codec) = &codec {
            let message = codec.encode(&bytes).map_err(|error| error.to_string());
            // The client encodes the message again as it sends it; here the
            // mistake is still one in the check file.
            message.map_err(error_in("the message"))?;
        }
        let content_type = HeaderValue::from_str(&content_type)
            .map_err(|error| error_in("the body")(error.to_string()))?;
        headers.entry(CONTENT_TYPE).or_insert(content_type);
        body = bytes;
    }
    let call = request.grpc.is_some();
    let defaults = [
        (ACCEPT, Some("*/*")),
        (
            ACCEPT_ENCODING,
            (!call).then_some(encoding::ACCEPTED_CODINGS),
        ),
        // gRPC requires this header: a proxy that drops it drops the trailers
        // too, in which the status stands.
        (TE, call.then_some("trailers")),
        (CONTENT_ENCODING, request.compress.then_some("gzip")),
        (USER_AGENT, Some(http_client::USER_AGENT)),
    ];
    for (name, value) in defaults {
        if let Some(value) = value {
            headers
                .entry(name)
                .or_insert(HeaderValue::from_static(value));
        }
    }
    if opens {
        let upgrade = http_client::upgrade_headers()
            .map_err(|error| error_in("the WebSocket")(error.to_string()))?;
        headers.extend(upgrade);
    }
    Ok(Request {
        method: request.method.clone(),
        url,
        headers,
        body,
        transport: Transport {
            http: request.http.map(client_version),
            compress: request.compress,
            signer,
            grpc: codec.map(|codec| codec as Arc<dyn Codec>),
            opens_websocket: opens,
        },
    })
}

/// Encodes the JSON of a check file as the messages of a call, and decodes the
/// answer, so that expectations see JSON again.
#[derive(Debug)]
struct JsonCodec(Arc<Call>);

impl Codec for JsonCodec {
    fn encode(&self, body: &[u8]) -> Result<Vec<u8>, FrameError> {
        let message = serde_json::from_slice(body);
        let message = message.map_err(|error| FrameError::Message(error.to_string()))?;
        let encoded = self.0.encode(&message);
        encoded.map_err(|error| FrameError::Message(error.to_string()))
    }

    fn decode(&self, message: &[u8]) -> Result<Vec<u8>, FrameError> {
        let decoded = self.0.decode(message);
        let decoded = decoded.map_err(|error| FrameError::Message(error.to_string()))?;
        Ok(decoded.to_string().into())
    }
}

fn fill_in_headers(
    own: &[(HeaderName, Template)],
    scope: &Scope,
) -> Result<HeaderMap, RequestError> {
    let mut headers = HeaderMap::new();
    for (name, template) in own {
        let what = || error_in(format!("the header `{name}`"));
        let value = template.render(scope);
        let value = value.map_err(|error| what()(error.to_string()))?;
        if name == HOST && !is_host(&value) {
            return Err(what()("a value that is no host".to_owned()));
        }
        let value = HeaderValue::from_str(&value)
            .map_err(|_| what()("a value that HTTP does not allow".to_owned()))?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// The bytes of a body, and its content type.
fn fill_in_body(body: &Body, scope: &Scope) -> Result<(Bytes, String), RequestError> {
    let (bytes, content_type) = match body {
        Body::Json(value) => {
            let value = value.evaluate(scope).map_err(error_in("the body"))?;
            (value.to_string().into(), "application/json")
        }
        Body::Form(fields) => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            for (name, template) in fields {
                let value = template.render(scope).map_err(error_in("the form"))?;
                form.append_pair(name, &value);
            }
            (form.finish().into(), "application/x-www-form-urlencoded")
        }
        Body::Text(template) => {
            let text = template.render(scope).map_err(error_in("the body"))?;
            (text.into(), "text/plain; charset=utf-8")
        }
        Body::File(bytes) => (bytes.clone(), "application/octet-stream"),
        Body::GraphQl(request) => {
            let value = fill_in_graphql(request, scope)?;
            (value.to_string().into(), "application/json")
        }
        Body::Message(message) => {
            let value = message.evaluate(scope).map_err(error_in("the message"))?;
            (value.to_string().into(), "application/grpc")
        }
        Body::Multipart(parts) => {
            let parts = parts.iter().map(|own| fill_in_part(own, scope));
            let parts: Vec<_> = parts.collect::<Result<_, _>>()?;
            return Ok(multipart::encode_form(&parts));
        }
    };
    Ok((bytes, content_type.to_owned()))
}

/// The members of a request as GraphQL over HTTP calls them (its section 5.1).
fn fill_in_graphql(request: &GraphQl, scope: &Scope) -> Result<Value, RequestError> {
    let error = || error_in("the GraphQL request");
    let render = |template: &Template| template.render(scope).map_err(error());
    let mut members = Map::new();
    members.insert("query".to_owned(), render(&request.document)?.into());
    if let Some(variables) = &request.variables {
        let variables = variables.evaluate(scope).map_err(error())?;
        members.insert("variables".to_owned(), variables);
    }
    if let Some(operation) = &request.operation {
        members.insert("operationName".to_owned(), render(operation)?.into());
    }
    Ok(members.into())
}

fn fill_in_part(part: &FormPart, scope: &Scope) -> Result<multipart::FormPart, RequestError> {
    let render = |template: &Template| template.render(scope).map_err(error_in("the form"));
    Ok(multipart::FormPart {
        name: part.name.clone(),
        filename: part.filename.as_ref().map(render).transpose()?,
        content_type: part.content_type.clone(),
        content: match &part.content {
            PartContent::Text(template) => render(template)?.into(),
            PartContent::File(bytes) => bytes.clone(),
        },
    })
}

/// The version of HTTP in the client's words.
fn client_version(version: HttpVersion) -> client::http::HttpVersion {
    match version {
        HttpVersion::One => client::http::HttpVersion::One,
        HttpVersion::Two => client::http::HttpVersion::Two,
    }
}
