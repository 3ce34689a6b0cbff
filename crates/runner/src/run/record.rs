//! Keeps what a step sent last and what came back, for the report of one that
//! failed; all of it bounded.

use std::collections::VecDeque;

use bytes::Bytes;
use http::{HeaderMap, Version};

use crate::credential;
use crate::curl;
use client::connection::Connection;
use client::http::{Came, Content, Request, Response};
use query::charset;
use redact::{REDACTED, Redactor, Secret};
use report::{Excerpt, Exchange, Message, MessageKind, Received, Sent};

/// The most characters of a body that a report shows.
const MOST_BODY: usize = 2_000;
/// The most characters of a header's value that a report shows.
const MOST_VALUE: usize = 500;
/// The most headers that a report shows.
const MOST_HEADERS: usize = 60;
/// The most messages of a WebSocket that a report shows.
const MOST_MESSAGES: usize = 40;

/// What stands in the place of an answer that is not shown.
const HIDDEN: &str = "(not shown: it may hold a secret that was not found in time)";

/// The last request of an attempt, and the answer to it.
#[derive(Default)]
pub(super) struct Trace {
    request: Option<Request>,
    response: Option<Response>,
    /// The last of what was said over a WebSocket.
    messages: VecDeque<Message>,
    secrets: Vec<Secret>,
    /// Whether the answer is that of another version.
    is_foreign: bool,
}

impl Trace {
    pub(super) fn asked(&mut self, request: &Request) {
        if let Some(signer) = &request.manner.signer {
            self.know("secret_access_key", &signer.secret_key);
        }
        self.request = Some(request.clone());
        self.response = None;
        self.is_foreign = false;
    }

    /// Another version answered.
    pub(super) fn foreign(&mut self, response: Response) {
        self.answered(response);
        self.is_foreign = true;
    }

    /// Whether another version gave the last answer.
    pub(super) fn is_foreign(&self) -> bool {
        self.is_foreign
    }

    pub(super) fn answered(&mut self, response: Response) {
        self.response = Some(response);
    }

    /// A message was sent.
    pub(super) fn said(&mut self, text: &str) {
        self.message(true, MessageKind::Text, text.as_bytes());
    }

    /// Something came over the WebSocket.
    pub(super) fn heard(&mut self, came: &Came) {
        match came {
            Came::Message(Content::Text(bytes)) => self.message(false, MessageKind::Text, bytes),
            Came::Message(Content::Binary(bytes)) => {
                self.message(false, MessageKind::Binary, bytes);
            }
            Came::Close(close) => {
                let text = match close {
                    Some((code, reason)) => format!("{code} {reason}"),
                    None => String::new(),
                };
                self.message(false, MessageKind::Close, text.trim_end().as_bytes());
            }
        }
    }

    fn message(&mut self, sent: bool, kind: MessageKind, content: &[u8]) {
        if self.messages.len() >= MOST_MESSAGES {
            self.messages.pop_front();
        }
        self.messages.push_back(Message {
            sent,
            kind,
            content: beginning(&HeaderMap::new(), content),
        });
    }

    pub(super) fn response(&self) -> Option<&Response> {
        self.response.as_ref()
    }

    /// Shows nothing of what came back: there may be a secret in it that
    /// nobody knows.
    pub(super) fn hide_answer(&mut self) {
        if let Some(response) = &mut self.response {
            response.headers.clear();
            response.body = Bytes::from_static(HIDDEN.as_bytes());
        }
        for message in self.messages.iter_mut().filter(|message| !message.sent) {
            message.content = beginning(&HeaderMap::new(), HIDDEN.as_bytes());
        }
    }

    /// Takes note of a value that no output may hold.
    pub(super) fn know(&mut self, name: &str, value: &str) {
        self.secrets.push(Secret {
            name: name.to_owned(),
            value: value.to_owned(),
        });
    }

    /// The values that are credentials by nature.
    pub(super) fn credentials(&self) -> Vec<Secret> {
        let sent = self.request.iter().map(|request| &request.headers);
        let received = self.response.iter().map(|response| &response.headers);
        let in_headers = sent.chain(received).flat_map(credential::of);
        self.secrets.iter().cloned().chain(in_headers).collect()
    }

    /// What the report shows; nothing if nothing was sent.
    pub(super) fn exchange(self, connection: &Connection, redactor: &Redactor) -> Option<Exchange> {
        let credentials = self.credentials();
        let request = self.request?;
        let redactor = redactor.with(&credentials);
        Some(Exchange {
            curl: curl::command(&request, connection, &redactor),
            request: Sent {
                method: request.method.to_string(),
                url: request.url.to_string(),
                headers: headers(&request.headers),
                body: excerpt(&request.headers, &request.body),
            },
            answer: self.response.map(|response| Received {
                status: response.status,
                version: version(response.version),
                headers: headers(&response.headers),
                body: excerpt(&response.headers, &response.body),
            }),
            messages: self.messages.into(),
        })
    }
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_11 => "HTTP/1.1",
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_3 => "HTTP/3",
        _ => "HTTP",
    }
}

/// The headers, without what is a credential by nature.
fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut shown: Vec<_> = headers
        .iter()
        .take(MOST_HEADERS)
        .map(|(name, value)| {
            let mut text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            for (range, _) in credential::parts(name.as_str(), &text).into_iter().rev() {
                text.replace_range(range, REDACTED);
            }
            (name.to_string(), shortened(&text, MOST_VALUE))
        })
        .collect();
    if headers.len() > MOST_HEADERS {
        let more = headers.len() - MOST_HEADERS;
        shown.push(("…".to_owned(), format!("{more} more")));
    }
    shown
}

/// The beginning of a body, if there is one.
fn excerpt(headers: &HeaderMap, body: &[u8]) -> Option<Excerpt> {
    (!body.is_empty()).then(|| beginning(headers, body))
}

/// As what judges it reads it: a secret in another text would not be found.
fn beginning(headers: &HeaderMap, body: &[u8]) -> Excerpt {
    // Four bytes a character at the most, and room for a broken one.
    let begin = charset::decode(headers, &body[..body.len().min(4 * MOST_BODY + 4)]);
    Excerpt {
        text: shortened(&begin, MOST_BODY),
        bytes: body.len(),
    }
}

fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::CONTENT_TYPE;

    use super::*;

    #[test]
    fn a_body_is_shown_in_the_encoding_that_it_names() {
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("a/b; charset=latin1"),
        );
        let shown = |headers: &HeaderMap| excerpt(headers, b"gr\xfcn").map(|shown| shown.text);
        assert_eq!(shown(&headers).as_deref(), Some("grün"));
        assert_eq!(shown(&HeaderMap::new()).as_deref(), Some("gr\u{fffd}n"));
        assert!(excerpt(&headers, b"").is_none());
    }
}
