//! What was sent and received, in the JSON report.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A request as it was sent.
#[derive(Debug, Serialize, Deserialize)]
pub struct Request<'a> {
    /// Its method.
    pub method: Cow<'a, str>,
    /// Its URL.
    pub url: Cow<'a, str>,
    /// Its headers, in their order; a name can stand several times.
    pub headers: Vec<Header<'a>>,
    /// Its body, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Excerpt<'a>>,
}

/// An answer as it was received.
#[derive(Debug, Serialize, Deserialize)]
pub struct Answer<'a> {
    /// Its status.
    pub status: u16,
    /// The version of HTTP, such as `HTTP/2`.
    pub version: Cow<'a, str>,
    /// Its headers, in their order; a name can stand several times.
    pub headers: Vec<Header<'a>>,
    /// Its body, as far as it was read, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Excerpt<'a>>,
}

/// A message of a WebSocket, or its close.
#[derive(Debug, Serialize, Deserialize)]
pub struct Message<'a> {
    /// `sent` or `received`.
    pub direction: Cow<'a, str>,
    /// `text`, `binary` or `close`.
    pub kind: Cow<'a, str>,
    /// Its content; code and reason of a close.
    #[serde(flatten)]
    pub content: Excerpt<'a>,
}

/// One header.
#[derive(Debug, Serialize, Deserialize)]
pub struct Header<'a> {
    /// Its name, in lower case.
    pub name: Cow<'a, str>,
    /// Its value; what is a credential is `***`.
    pub value: Cow<'a, str>,
}

/// The beginning of a body.
#[derive(Debug, Serialize, Deserialize)]
pub struct Excerpt<'a> {
    /// Its first characters; `…` at the end if there are more.
    pub text: Cow<'a, str>,
    /// The size of the whole body in bytes.
    pub bytes: usize,
}

/// How often requests were asked again that no server had answered.
#[derive(Debug, Serialize, Deserialize)]
pub struct Repeats {
    /// Because the server had closed the connection, which was used before.
    pub closed: u32,
    /// Because the server said that it had not begun with the request.
    pub refused: u32,
}

pub(super) fn repeats(repeats: crate::Repeats) -> Option<Repeats> {
    (repeats.total() > 0).then_some(Repeats {
        closed: repeats.closed,
        refused: repeats.refused,
    })
}

pub(super) fn request(sent: &crate::Sent) -> Request<'_> {
    Request {
        method: (&sent.method).into(),
        url: (&sent.url).into(),
        headers: headers(&sent.headers),
        body: sent.body.as_ref().map(excerpt),
    }
}

pub(super) fn answer(received: &crate::Received) -> Answer<'_> {
    Answer {
        status: received.status,
        version: received.version.into(),
        headers: headers(&received.headers),
        body: received.body.as_ref().map(excerpt),
    }
}

pub(super) fn message(message: &crate::Message) -> Message<'_> {
    Message {
        direction: Cow::from(if message.sent { "sent" } else { "received" }),
        kind: message.kind.word().into(),
        content: excerpt(&message.content),
    }
}

fn headers(headers: &[(String, String)]) -> Vec<Header<'_>> {
    headers
        .iter()
        .map(|(name, value)| Header {
            name: name.into(),
            value: value.into(),
        })
        .collect()
}

fn excerpt(excerpt: &crate::Excerpt) -> Excerpt<'_> {
    Excerpt {
        text: (&excerpt.text).into(),
        bytes: excerpt.bytes,
    }
}
