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
use client::http::{self as http_client, Manner, Request};
use client::target::Target;

/// Why a request cannot be made of the values that there are.
pub(super) struct Unfit {
    /// The part of the request.
    pub(super) what: String,
    pub(super) reason: String,
}

fn unfit<R: Into<String>>(what: impl Into<String>) -> impl FnOnce(R) -> Unfit {
    let what = what.into();
    |reason| Unfit {
        what,
        reason: reason.into(),
    }
}

/// The request, with all of its templates filled in.
pub(super) fn fill_in(
    request: &check_file::Request,
    target: &Target,
    scope: &Scope,
) -> Result<Request, Unfit> {
    let path = request.path.render(scope).map_err(unfit("the path"))?;
    let opens = request.messages.is_some();
    let path = if opens { as_http(&path) } else { path };
    let mut url = target.url(&path).map_err(unfit("the URL"))?;
    for (name, template) in &request.query {
        let value = template.render(scope).map_err(unfit("the query"))?;
        url.query_pairs_mut().append_pair(name, &value);
    }
    // The defaults are for the target; another host gets what the step says.
    let at_target = target.is_at(&url);
    let own = if at_target {
        request.headers.len()
    } else {
        request.own.headers
    };
    let mut headers = headers(&request.headers[..own], scope)?;
    let own_login = headers.contains_key(AUTHORIZATION);
    let auth = request.auth.as_ref();
    let auth = auth.filter(|_| !own_login && (at_target || request.own.auth));
    if let Some(value) = authorization(auth, scope).map_err(unfit("the login"))? {
        headers.insert(AUTHORIZATION, value);
    }
    let signer = signer(auth, scope).map_err(unfit("the signature"))?;
    let codec = request.grpc.clone().map(|call| Arc::new(JsonCodec(call)));
    let mut body = Bytes::new();
    if let Some(own) = &request.body {
        let (bytes, content_type) = fill_in_body(own, scope)?;
        if let Some(codec) = &codec {
            let message = codec.encode(&bytes).map_err(|error| error.to_string());
            message.map_err(unfit("the message"))?;
        }
        let content_type = HeaderValue::from_str(&content_type)
            .map_err(|error| unfit("the body")(error.to_string()))?;
        headers.entry(CONTENT_TYPE).or_insert(content_type);
        body = bytes;
    }
    let call = request.grpc.is_some();
    let defaults = [
        (ACCEPT, Some("*/*")),
        (ACCEPT_ENCODING, (!call).then_some(encoding::ACCEPTED)),
        // Without it no status can come behind the message.
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
        let upgrade = http_client::upgrade().map_err(unfit("the WebSocket"))?;
        headers.extend(upgrade);
    }
    Ok(Request {
        method: request.method.clone(),
        url,
        headers,
        body,
        manner: Manner {
            http: request.http.map(http_version),
            compress: request.compress,
            signer,
            grpc: codec.map(|codec| codec as Arc<dyn Codec>),
            opens,
        },
    })
}

/// The messages of a call as JSON.
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

fn headers(own: &[(HeaderName, Template)], scope: &Scope) -> Result<HeaderMap, Unfit> {
    let mut headers = HeaderMap::new();
    for (name, template) in own {
        let what = || unfit(format!("the header `{name}`"));
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

/// The bytes of a body, and what they are.
fn fill_in_body(body: &Body, scope: &Scope) -> Result<(Bytes, String), Unfit> {
    let (bytes, content_type) = match body {
        Body::Json(value) => {
            let value = value.evaluate(scope).map_err(unfit("the body"))?;
            (value.to_string().into(), "application/json")
        }
        Body::Form(fields) => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            for (name, template) in fields {
                let value = template.render(scope).map_err(unfit("the form"))?;
                form.append_pair(name, &value);
            }
            (form.finish().into(), "application/x-www-form-urlencoded")
        }
        Body::Text(template) => {
            let text = template.render(scope).map_err(unfit("the body"))?;
            (text.into(), "text/plain; charset=utf-8")
        }
        Body::File(bytes) => (bytes.clone(), "application/octet-stream"),
        Body::GraphQl(request) => {
            let value = graphql(request, scope).map_err(unfit("the GraphQL request"))?;
            (value.to_string().into(), "application/json")
        }
        Body::Message(message) => {
            let value = message.evaluate(scope).map_err(unfit("the message"))?;
            (value.to_string().into(), "application/grpc")
        }
        Body::Multipart(parts) => {
            let parts = parts.iter().map(|own| part(own, scope));
            let parts: Vec<_> = parts.collect::<Result<_, _>>().map_err(unfit("the form"))?;
            return Ok(multipart::encode(&parts));
        }
    };
    Ok((bytes, content_type.to_owned()))
}

/// The members of a request that GraphQL over HTTP names.
fn graphql(request: &GraphQl, scope: &Scope) -> Result<Value, String> {
    let mut members = Map::new();
    members.insert("query".to_owned(), request.document.render(scope)?.into());
    if let Some(variables) = &request.variables {
        members.insert("variables".to_owned(), variables.evaluate(scope)?);
    }
    if let Some(operation) = &request.operation {
        members.insert("operationName".to_owned(), operation.render(scope)?.into());
    }
    Ok(members.into())
}

fn part(part: &FormPart, scope: &Scope) -> Result<multipart::Part, String> {
    let filename = part.filename.as_ref().map(|name| name.render(scope));
    Ok(multipart::Part {
        name: part.name.clone(),
        filename: filename.transpose()?,
        content_type: part.content_type.clone(),
        content: match &part.content {
            PartContent::Text(template) => template.render(scope)?.into(),
            PartContent::File(bytes) => bytes.clone(),
        },
    })
}

/// The version of HTTP that the client is told of.
fn http_version(version: HttpVersion) -> client::http::HttpVersion {
    match version {
        HttpVersion::One => client::http::HttpVersion::One,
        HttpVersion::Two => client::http::HttpVersion::Two,
    }
}
