//! A WebSocket: the request that opens it, and the messages over it.

use std::time::Duration;

use http::Method;

use super::keys::{BODIES, CALL, MESSAGE, MESSAGE_EXPECTATIONS, METHODS, Subject, is_among};
use super::reader::{Fields, Reader};
use super::{Capture, Expectation, HttpVersion, Query, Request};
use crate::predicate::Predicate;
use crate::template::Template;
use crate::value::ValueTemplate;
use diagnostic::Span;
use diagnostic::suggest;
use diagnostic::yaml::{Key, Node, Yaml};

/// The most entries of `messages`.
const MOST_MESSAGES: usize = 100;

/// One entry of `messages`: something is sent, something is awaited, or both.
#[derive(Debug, Clone)]
pub struct Message {
    /// Where the message is written.
    pub span: Span,
    /// Text as it is, any other value as JSON.
    pub send: Option<ValueTemplate>,
    /// What the server must say then.
    pub awaited: Option<AwaitedEvent>,
    /// How long it is waited for; as long as the step may take, if absent.
    pub timeout: Option<Duration>,
}

/// What the server must send, and what it may send before.
#[derive(Debug, Clone)]
pub struct AwaitedEvent {
    /// The event that is waited for.
    pub event: WebSocketEvent,
    /// Whether messages of another kind may come before it.
    pub skip_others: bool,
}

/// What a server can do on a WebSocket.
#[derive(Debug, Clone)]
pub enum WebSocketEvent {
    /// A message.
    Message {
        /// What it must be like.
        expectations: Vec<Expectation>,
        /// What of it becomes variables.
        captures: Vec<Capture>,
    },
    /// The server closes, with a code like this.
    Close(Predicate),
}

impl Message {
    /// What the message must be like; nothing for a close.
    pub fn expectations(&self) -> &[Expectation] {
        match self.event() {
            Some(WebSocketEvent::Message { expectations, .. }) => expectations,
            _ => &[],
        }
    }

    /// What of the message becomes variables; nothing for a close.
    pub fn captures(&self) -> &[Capture] {
        match self.event() {
            Some(WebSocketEvent::Message { captures, .. }) => captures,
            _ => &[],
        }
    }

    /// The templates in what is sent.
    pub fn sent_templates(&self) -> Vec<&Template> {
        let mut found = Vec::new();
        if let Some(send) = &self.send {
            send.templates(&mut found);
        }
        found
    }

    /// What the code of a close must be like.
    pub fn close(&self) -> Option<&Predicate> {
        match self.event() {
            Some(WebSocketEvent::Close(code)) => Some(code),
            _ => None,
        }
    }

    fn event(&self) -> Option<&WebSocketEvent> {
        self.awaited.as_ref().map(|awaited| &awaited.event)
    }
}

/// The URL of the request that opens a WebSocket: `https` for `wss`.
pub fn as_http(url: &str) -> String {
    match url.strip_prefix("ws") {
        Some(rest) if rest.starts_with("://") || rest.starts_with("s://") => format!("http{rest}"),
        _ => url.to_owned(),
    }
}

impl Reader<'_> {
    /// The WebSocket that the fields of a step describe, as the request that
    /// opens it.
    pub(super) fn read_websocket_request(
        &mut self,
        fields: Fields<'_>,
        key: &Key,
        node: &Node,
        writes: bool,
    ) -> Option<(Request, Span)> {
        self.refuse_keys_beside_websocket(fields);
        let http = fields.value("http");
        let http = http.map(|node| (node, self.read_http_version(node)));
        if let Some((node, Some(HttpVersion::Two))) = http {
            let help = "load balancers upgrade HTTP/1.1 only; leave it out";
            self.report_wrong_type(node, "`http`", "`\"1.1\"`", help);
        }
        let path = self.read_string(node, "a path");
        let path = path.and_then(|text| self.parse_path(&as_http(text), node));
        let messages = match fields.value("messages") {
            Some(node) => self.read_messages(node),
            None => Some(Vec::new()),
        };
        if let Some(first) = messages.iter().flatten().find(|m| m.send.is_some())
            && !writes
        {
            let problem = self
                .at(key.span, "a WebSocket that may write")
                .expected("`writes: true` beside the check's name, or in `defaults`")
                .found("`send` without it")
                .help("what a message does, its text does not tell; only listening is free")
                .related(self.source, first.span, "this is sent");
            self.report(problem);
        }
        let head = self.read_head(fields);
        let query = fields.value("query").map(|node| self.read_query(node));
        let request = Request {
            method: Method::GET,
            path: path?,
            query: query.unwrap_or_default(),
            headers: head.headers,
            auth: head.auth,
            own: head.own,
            body: None,
            compress: false,
            http: Some(HttpVersion::One),
            grpc: None,
            messages: Some(messages?),
        };
        Some((request, key.span.to(node.span)))
    }

    fn refuse_keys_beside_websocket(&mut self, fields: Fields<'_>) {
        for (other, _) in fields.iter() {
            let name = other.text.as_str();
            let is_of_other_request = [METHODS, CALL, BODIES].map(|group| is_among(group, name));
            if is_of_other_request.contains(&true) || name == "compress" {
                let problem = self
                    .at(other.span, format!("`{name}` beside a WebSocket"))
                    .expected("`messages` with what is sent and what must come")
                    .found(format!("`{name}`"))
                    .help("a WebSocket is opened by a GET without a body; write other requests as steps of their own");
                self.report(problem);
            }
        }
        if let Some(node) = fields.value("follow_redirects") {
            let problem = self
                .at(node.span, "redirects of a WebSocket")
                .expected("a path that answers with 101 itself")
                .found("`follow_redirects`")
                .help("remove it: browsers do not follow them either");
            self.report(problem);
        }
    }

    /// Reports `messages` in a request that opens no WebSocket.
    pub(super) fn refuse_messages(&mut self, fields: Fields<'_>) {
        if let Some((key, _)) = fields.get("messages") {
            let problem = self
                .at(key.span, "`messages` without a WebSocket")
                .expected("`websocket:` with the path that opens it")
                .found("another request")
                .help("write `websocket: /path` in place of the method");
            self.report(problem);
        }
    }

    fn read_messages(&mut self, node: &Node) -> Option<Vec<Message>> {
        let items = self.read_list(node, "`messages`")?;
        if items.is_empty() || items.len() > MOST_MESSAGES {
            let problem = self
                .at(node.span, "`messages` that cannot be exchanged")
                .expected(format!("from 1 to {MOST_MESSAGES} of them"))
                .found(format!("{}", items.len()))
                .help("leave `messages` out if it is enough that the WebSocket opens");
            self.report(problem);
            return None;
        }
        let messages: Vec<_> = items.iter().map(|item| self.read_message(item)).collect();
        messages.into_iter().collect()
    }

    fn read_message(&mut self, node: &Node) -> Option<Message> {
        let fields = self.read_fields(node, &MESSAGE)?;
        let send = fields.value("send").map(|node| self.read_sent(node));
        let timeout = fields.value("timeout");
        let timeout = timeout.map(|node| self.read_positive_duration(node, "a timeout").ok_or(()));
        let awaited = match (fields.get("expect"), fields.get("capture")) {
            (None, None) => Ok(None),
            (expect, capture) => {
                let expect = expect.map(|(_, node)| node);
                let capture = capture.map(|(key, node)| (key, node));
                self.read_awaited(fields, expect, capture)
                    .map(Some)
                    .ok_or(())
            }
        };
        if send.is_none() && matches!(awaited, Ok(None)) {
            let problem = self
                .at(fields.span, "a message that is neither sent nor awaited")
                .expected("`send`, `expect`, or both")
                .found("neither")
                .help("write `expect: {}` if any message will do");
            self.report(problem);
            return None;
        }
        for key in ["timeout", "skip_others"] {
            if let (Ok(None), Some((key, _))) = (&awaited, fields.get(key)) {
                let problem = self
                    .at(
                        key.span,
                        format!("`{}` without anything to wait for", key.text),
                    )
                    .expected("`expect` beside it")
                    .found("only `send`")
                    .help("add `expect`, or remove the key");
                self.report(problem);
            }
        }
        Some(Message {
            span: fields.span,
            send: send.map(|send| send.ok_or(())).transpose().ok()?,
            awaited: awaited.ok()?,
            timeout: timeout.transpose().ok()?,
        })
    }

    /// Text, or a value that is sent as JSON.
    fn read_sent(&mut self, node: &Node) -> Option<ValueTemplate> {
        if matches!(node.value, Yaml::Null) {
            let help = "write text, or a map or a list that is sent as JSON";
            self.report_wrong_type(node, "`send`", "text or JSON", help);
            return None;
        }
        self.read_value(node)
    }

    fn read_awaited(
        &mut self,
        fields: Fields<'_>,
        expect: Option<&Node>,
        capture: Option<(&Key, &Node)>,
    ) -> Option<AwaitedEvent> {
        let skip_others = match fields.value("skip_others") {
            Some(node) => self.read_boolean(node, "`skip_others`"),
            None => Some(false),
        };
        let expected = match expect {
            Some(node) => Some(self.read_fields(node, &MESSAGE_EXPECTATIONS)?),
            None => None,
        };
        let close = expected.and_then(|fields| fields.get("close"));
        if let (Some((key, node)), Some(expected)) = (close, expected) {
            let others = expected.iter().map(|(other, _)| other);
            let other = others.chain(capture.map(|(key, _)| key));
            if let Some(other) = other.into_iter().find(|other| other.text != "close") {
                let problem = self
                    .at(other.span, format!("`{}` of a close", other.text))
                    .expected("`close` alone: a close has a code and no content")
                    .found(format!("`{}` beside it", other.text))
                    .help("write the message that comes before it as an entry of its own")
                    .related(self.source, key.span, "the close");
                self.report(problem);
            }
            let code = self.read_predicate(node, Subject::Number)?;
            return Some(AwaitedEvent {
                event: WebSocketEvent::Close(code),
                skip_others: skip_others?,
            });
        }
        let mut expectations = Vec::new();
        if let Some(fields) = expected {
            for (key, query) in [("body", Query::Body), ("size", Query::Size)] {
                let predicate = self.read_predicate_at(fields, key);
                expectations.extend(super::expect::make_expectation(query, predicate));
            }
            self.read_json_expectations(fields, &mut expectations);
            self.read_markup_expectations(fields, &mut expectations);
        }
        let captures = match capture {
            Some((_, node)) => {
                let captures = self.read_captures(node);
                self.check_message_captures(&captures);
                captures
            }
            None => Vec::new(),
        };
        Some(AwaitedEvent {
            event: WebSocketEvent::Message {
                expectations,
                captures,
            },
            skip_others: skip_others?,
        })
    }

    fn check_message_captures(&mut self, captures: &[Capture]) {
        for capture in captures {
            if matches!(
                capture.query,
                Query::Json(_) | Query::Markup(_) | Query::Regex(_) | Query::Body
            ) {
                continue;
            }
            let problem = self
                .at(capture.span, "a capture that no message has")
                .expected(suggest::list(&["json", "xpath", "css", "regex", "body"]))
                .found(capture.query.describe())
                .help("what the answer that opens the WebSocket holds, capture beside `websocket`");
            self.report(problem);
        }
    }
}

impl Request {
    /// What is said, if it opens a WebSocket.
    pub fn messages(&self) -> &[Message] {
        self.messages.as_deref().unwrap_or_default()
    }
}
