//! Records what a step sent last and what came back, for the report of a step
//! that failed; all of it bounded.

use std::collections::VecDeque;

use bytes::Bytes;
use http::{HeaderMap, Version};

use crate::credential;
use crate::curl;
use client::connection::Connection;
use client::http::{Request, Response, SocketEvent, SocketMessage};
use query::charset;
use redact::{REDACTED, Redactor, Secret};
use report::{Excerpt, Exchange, MessageKind, ReceivedResponse, RecordedMessage, SentRequest};

/// The most characters of a body that a report shows.
const MOST_BODY_CHARACTERS: usize = 2_000;
/// The most characters of a header's value that a report shows.
const MOST_VALUE_CHARACTERS: usize = 500;
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
    /// The last messages of a WebSocket.
    messages: VecDeque<RecordedMessage>,
    secrets: Vec<Secret>,
    /// Whether the answer is that of another version.
    is_foreign: bool,
}

impl Trace {
    /// Records a request that goes out, and forgets the answer to the one
    /// before.
    pub(super) fn record_request(&mut self, request: &Request) {
        if let Some(signer) = &request.transport.signer {
            self.add_secret("secret_access_key", &signer.secret_key);
        }
        self.request = Some(request.clone());
        self.response = None;
        self.is_foreign = false;
    }

    /// Records an answer that another version gave.
    pub(super) fn record_foreign_response(&mut self, response: Response) {
        self.record_response(response);
        self.is_foreign = true;
    }

    /// Whether another version gave the last answer.
    pub(super) fn is_foreign(&self) -> bool {
        self.is_foreign
    }

    /// Records the answer to the last request.
    pub(super) fn record_response(&mut self, response: Response) {
        self.response = Some(response);
    }

    /// Records a message that was sent over a WebSocket.
    pub(super) fn record_sent_message(&mut self, text: &str) {
        self.record_message(true, MessageKind::Text, text.as_bytes());
    }

    /// Records what came over a WebSocket.
    pub(super) fn record_received_message(&mut self, received: &SocketEvent) {
        match received {
            SocketEvent::Message(SocketMessage::Text(bytes)) => {
                self.record_message(false, MessageKind::Text, bytes);
            }
            SocketEvent::Message(SocketMessage::Binary(bytes)) => {
                self.record_message(false, MessageKind::Binary, bytes);
            }
            SocketEvent::Close(close) => {
                let text = match close {
                    Some((code, reason)) => format!("{code} {reason}"),
                    None => String::new(),
                };
                self.record_message(false, MessageKind::Close, text.trim_end().as_bytes());
            }
        }
    }

    fn record_message(&mut self, sent: bool, kind: MessageKind, content: &[u8]) {
        if self.messages.len() >= MOST_MESSAGES {
            self.messages.pop_front();
        }
        self.messages.push_back(RecordedMessage {
            sent,
            kind,
            content: cut_excerpt(&HeaderMap::new(), content),
        });
    }

    /// The last answer, whole or not.
    pub(super) fn response(&self) -> Option<&Response> {
        self.response.as_ref()
    }

    /// Shows nothing of what came back: it may hold a secret that the redactor
    /// does not know.
    pub(super) fn hide_answer(&mut self) {
        if let Some(response) = &mut self.response {
            response.headers.clear();
            response.body = Bytes::from_static(HIDDEN.as_bytes());
        }
        for message in self.messages.iter_mut().filter(|message| !message.sent) {
            message.content = cut_excerpt(&HeaderMap::new(), HIDDEN.as_bytes());
        }
    }

    /// Adds a value that no output may hold.
    pub(super) fn add_secret(&mut self, name: &str, value: &str) {
        self.secrets.push(Secret {
            name: name.to_owned(),
            value: value.to_owned(),
        });
    }

    /// The values that no output may hold: those that were added, and those
    /// that are credentials by nature.
    pub(super) fn credentials(&self) -> Vec<Secret> {
        let sent = self.request.iter().map(|request| &request.headers);
        let received = self.response.iter().map(|response| &response.headers);
        let in_headers = sent
            .chain(received)
            .flat_map(credential::collect_credentials);
        self.secrets.iter().cloned().chain(in_headers).collect()
    }

    /// What the report shows; absent if nothing was sent.
    pub(super) fn into_exchange(
        self,
        connection: &Connection,
        redactor: &Redactor,
    ) -> Option<Exchange> {
        let credentials = self.credentials();
        let request = self.request?;
        let redactor = redactor.with_secrets(&credentials);
        Some(Exchange {
            curl: curl::command(&request, connection, &redactor),
            request: SentRequest {
                method: request.method.to_string(),
                url: request.url.to_string(),
                headers: list_headers(&request.headers),
                body: excerpt(&request.headers, &request.body),
            },
            answer: self.response.map(|response| ReceivedResponse {
                status: response.status,
                version: version_name(response.version),
                headers: list_headers(&response.headers),
                body: excerpt(&response.headers, &response.body),
            }),
            messages: self.messages.into(),
        })
    }
}

fn version_name(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_11 => "HTTP/1.1",
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_3 => "HTTP/3",
        _ => "HTTP",
    }
}

/// The headers as the report shows them: without the values that are
/// credentials by nature.
fn list_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut shown: Vec<_> = headers
        .iter()
        .take(MOST_HEADERS)
        .map(|(name, value)| {
            let mut text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            for (range, _) in credential::find_credentials(name.as_str(), &text)
                .into_iter()
                .rev()
            {
                text.replace_range(range, REDACTED);
            }
            (name.to_string(), shorten(&text, MOST_VALUE_CHARACTERS))
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
    (!body.is_empty()).then(|| cut_excerpt(headers, body))
}

/// The beginning of a body in the encoding that the judge reads it in: in
/// another one, the redactor would not find a captured secret.
fn cut_excerpt(headers: &HeaderMap, body: &[u8]) -> Excerpt {
    // Four bytes a character at the most, and room for a broken one.
    let begin = charset::decode(
        headers,
        &body[..body.len().min(4 * MOST_BODY_CHARACTERS + 4)],
    );
    Excerpt {
        text: shorten(&begin, MOST_BODY_CHARACTERS),
        bytes: body.len(),
    }
}

fn shorten(text: &str, most: usize) -> String {
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
