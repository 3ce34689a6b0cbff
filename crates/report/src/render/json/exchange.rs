//! What was sent and received, in the JSON report.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A request as it was sent.
#[derive(Debug, Serialize, Deserialize)]
pub struct JsonRequest<'a> {
    /// Its method.
    pub method: Cow<'a, str>,
    /// Its URL.
    pub url: Cow<'a, str>,
    /// Its headers, in their order; a name can stand several times.
    pub headers: Vec<JsonHeader<'a>>,
    /// Its body, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<JsonExcerpt<'a>>,
}

/// An answer as it was received.
#[derive(Debug, Serialize, Deserialize)]
pub struct JsonResponse<'a> {
    /// Its status.
    pub status: u16,
    /// The version of HTTP, such as `HTTP/2`.
    pub version: Cow<'a, str>,
    /// Its headers, in their order; a name can stand several times.
    pub headers: Vec<JsonHeader<'a>>,
    /// Its body, as far as it was read, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<JsonExcerpt<'a>>,
}

/// A message of a WebSocket, or its close.
#[derive(Debug, Serialize, Deserialize)]
pub struct JsonMessage<'a> {
    /// `sent` or `received`.
    pub direction: Cow<'a, str>,
    /// `text`, `binary` or `close`.
    pub kind: Cow<'a, str>,
    /// Its content; code and reason of a close.
    #[serde(flatten)]
    pub content: JsonExcerpt<'a>,
}

/// One header.
#[derive(Debug, Serialize, Deserialize)]
pub struct JsonHeader<'a> {
    /// Its name, in lower case.
    pub name: Cow<'a, str>,
    /// Its value; what is a credential is `***`.
    pub value: Cow<'a, str>,
}

/// The beginning of a body.
#[derive(Debug, Serialize, Deserialize)]
pub struct JsonExcerpt<'a> {
    /// Its first characters; `…` at the end if there are more.
    pub text: Cow<'a, str>,
    /// The size of the whole body in bytes.
    pub bytes: usize,
}

/// How often requests were asked again that no server had answered.
#[derive(Debug, Serialize, Deserialize)]
pub struct JsonResends {
    /// Because the server had closed the connection, which was used before.
    pub closed: u32,
    /// Because the server said that it had not begun with the request.
    pub refused: u32,
}

pub(super) fn convert_resends(resends: crate::Resends) -> Option<JsonResends> {
    (resends.total() > 0).then_some(JsonResends {
        closed: resends.closed,
        refused: resends.refused,
    })
}

pub(super) fn convert_request(sent: &crate::SentRequest) -> JsonRequest<'_> {
    JsonRequest {
        method: (&sent.method).into(),
        url: (&sent.url).into(),
        headers: convert_headers(&sent.headers),
        body: sent.body.as_ref().map(convert_excerpt),
    }
}

pub(super) fn convert_answer(received: &crate::ReceivedResponse) -> JsonResponse<'_> {
    JsonResponse {
        status: received.status,
        version: received.version.into(),
        headers: convert_headers(&received.headers),
        body: received.body.as_ref().map(convert_excerpt),
    }
}

pub(super) fn convert_message(message: &crate::RecordedMessage) -> JsonMessage<'_> {
    JsonMessage {
        direction: Cow::from(if message.sent { "sent" } else { "received" }),
        kind: message.kind.word().into(),
        content: convert_excerpt(&message.content),
    }
}

fn convert_headers(headers: &[(String, String)]) -> Vec<JsonHeader<'_>> {
    headers
        .iter()
        .map(|(name, value)| JsonHeader {
            name: name.into(),
            value: value.into(),
        })
        .collect()
}

fn convert_excerpt(excerpt: &crate::Excerpt) -> JsonExcerpt<'_> {
    JsonExcerpt {
        text: (&excerpt.text).into(),
        bytes: excerpt.bytes,
    }
}
