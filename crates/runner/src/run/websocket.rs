//! Sends and awaits the messages of a step over its WebSocket, and closes it.

use std::time::Duration;

use http::HeaderMap;
use serde_json::Value;
use tokio::time::Instant;

use super::cookies::Jar;
use super::step::StepAttempt;
use super::trace::Trace;
use check_file::predicate::Unit;
use check_file::template::Scope;
use check_file::{AwaitedEvent, Message, WebSocketEvent};
use client::http::{MOST_MESSAGE_BYTES, Response, Socket, SocketError, SocketEvent, SocketMessage};
use diagnostic::Diagnostic;
use diagnostic::units::{human_bytes, human_duration, pluralize};
use query::value::quote_text;
use report::{Class, Failure};

/// The most other messages that are skipped while one is awaited.
const MOST_OTHERS: usize = 1_000;

/// An open WebSocket, and what its messages are judged with.
struct Conversation<'t> {
    socket: Socket,
    /// The answer that opened it.
    opened: Response,
    scope: &'t mut Scope,
    jar: &'t Jar,
    trace: &'t mut Trace,
}

impl StepAttempt<'_> {
    /// Sends and awaits the step's messages, in their order. Returns everything
    /// that is wrong with the first one that fails, so nothing if all pass.
    pub(super) async fn converse(
        &self,
        socket: Result<Socket, String>,
        opened: Response,
        deadline: Instant,
        scope: &mut Scope,
        jar: &Jar,
        trace: &mut Trace,
    ) -> Vec<Failure> {
        let messages = self.step.request.messages();
        let socket = match socket {
            Ok(socket) => socket,
            // The step expects that the WebSocket does not open: it has no
            // messages, and the answer is as it says.
            Err(_) if messages.is_empty() && opened.status != 101 => return Vec::new(),
            Err(found) => {
                let mut failure = self.new_failure(Class::WrongAnswer, "no WebSocket");
                failure.diagnostic = failure
                    .diagnostic
                    .expected("an answer that opens a WebSocket")
                    .found(found);
                return vec![failure];
            }
        };
        let mut conversation = Conversation {
            socket,
            opened,
            scope,
            jar,
            trace,
        };
        for message in messages {
            let failures = self
                .exchange_message(message, &mut conversation, deadline)
                .await;
            if !failures.is_empty() {
                return failures;
            }
        }
        conversation.socket.close(deadline).await;
        Vec::new()
    }

    /// Sends one message, if there is one to send, and awaits the answer, if
    /// there is one to await. Returns everything that is wrong with it.
    async fn exchange_message(
        &self,
        message: &Message,
        conversation: &mut Conversation<'_>,
        end: Instant,
    ) -> Vec<Failure> {
        if let Some(send) = &message.send {
            let text = match send.evaluate(conversation.scope) {
                Ok(Value::String(text)) => text,
                Ok(value) => value.to_string(),
                Err(reason) => {
                    let title = "a message that cannot be made";
                    let diagnostic = self.message_diagnostic(message, title);
                    let diagnostic = diagnostic
                        .expected("values that fit into it")
                        .found(reason)
                        .help("correct the variables and captures that it is made of");
                    return vec![failure(Class::CouldNotAsk, diagnostic)];
                }
            };
            conversation.trace.record_sent_message(&text);
            let left = end.saturating_duration_since(Instant::now());
            if let Err(error) = conversation.socket.send(text, end).await {
                return vec![self.socket_failure(
                    message,
                    &error,
                    left,
                    "a message that is not taken",
                )];
            }
        }
        match &message.awaited {
            Some(awaited) => {
                self.await_message(message, awaited, conversation, end)
                    .await
            }
            None => Vec::new(),
        }
    }

    /// Waits for what must come, and judges it. Messages of another kind are
    /// skipped if the step says so.
    async fn await_message(
        &self,
        message: &Message,
        awaited: &AwaitedEvent,
        conversation: &mut Conversation<'_>,
        end: Instant,
    ) -> Vec<Failure> {
        let begun = Instant::now();
        let end = message.timeout.map_or(end, |limit| end.min(begun + limit));
        let limit = end.saturating_duration_since(begun);
        let mut others = 0;
        loop {
            let came = match conversation.socket.receive(end).await {
                Ok(came) => came,
                Err(SocketError::Late) if others > 0 && !self.shared.is_over() => {
                    return vec![self.only_others_failure(message, others, limit)];
                }
                Err(error) => {
                    return vec![self.socket_failure(message, &error, limit, "no message")];
                }
            };
            conversation.trace.record_received_message(&came);
            let failures = self
                .judge_message(message, awaited, &came, conversation)
                .await;
            let closed = matches!(came, SocketEvent::Close(_));
            if failures.is_empty() || closed || !awaited.skip_others {
                return failures;
            }
            others += 1;
            if others >= MOST_OTHERS {
                return vec![self.only_others_failure(message, others, begun.elapsed())];
            }
        }
    }

    /// Everything that is wrong with what came.
    async fn judge_message(
        &self,
        message: &Message,
        awaited: &AwaitedEvent,
        came: &SocketEvent,
        conversation: &mut Conversation<'_>,
    ) -> Vec<Failure> {
        let wrong = |title: &str, expected: &str, found: String| {
            let diagnostic = self.message_diagnostic(message, title);
            vec![failure(
                Class::WrongAnswer,
                diagnostic.expected(expected).found(found),
            )]
        };
        match (&awaited.event, came) {
            (
                WebSocketEvent::Message {
                    expectations,
                    captures,
                },
                SocketEvent::Message(content),
            ) => {
                let response = message_as_response(content, &conversation.opened);
                let judged = self
                    .judge(
                        expectations,
                        captures,
                        &response,
                        conversation.scope,
                        conversation.jar,
                    )
                    .await;
                if judged.hides_secret {
                    conversation.trace.hide_answer();
                }
                judged.failures
            }
            (WebSocketEvent::Message { .. }, SocketEvent::Close(close)) => wrong(
                "a WebSocket that was closed",
                "a message",
                format!("a close {}", describe_close(close.as_ref())),
            ),
            (WebSocketEvent::Close(_), SocketEvent::Message(content)) => {
                let text = String::from_utf8_lossy(content.bytes());
                let found = format!("the message {}", quote_text(&text));
                wrong("a WebSocket that stays open", "a close", found)
            }
            (WebSocketEvent::Close(code), SocketEvent::Close(close)) => {
                let found = close.as_ref().map(|(code, _)| Value::from(*code));
                match code.judge(found.as_ref(), Unit::None, conversation.scope) {
                    Ok(mismatches) => mismatches
                        .into_iter()
                        .map(|mismatch| {
                            let title = "unexpected code of the close";
                            let diagnostic = Diagnostic::at(self.source, mismatch.span, title)
                                .expected(mismatch.expected)
                                .found(describe_close(close.as_ref()));
                            failure(Class::WrongAnswer, diagnostic)
                        })
                        .collect(),
                    Err(reason) => wrong(
                        "unexpected code of the close",
                        "a value to compare with",
                        reason.into(),
                    ),
                }
            }
        }
    }

    fn message_diagnostic(&self, message: &Message, title: &str) -> Diagnostic {
        Diagnostic::at(self.source, message.span, title)
    }

    fn only_others_failure(&self, message: &Message, others: usize, time: Duration) -> Failure {
        let diagnostic = self
            .message_diagnostic(message, "not the message that was awaited")
            .expected(format!("it within {}", human_duration(time)))
            .found(format!("{} of another kind", pluralize(others, "message")));
        failure(Class::WrongAnswer, diagnostic)
    }

    /// The failure of a WebSocket that sent nothing in time, or took nothing.
    fn socket_failure(
        &self,
        message: &Message,
        error: &SocketError,
        time: Duration,
        title: &str,
    ) -> Failure {
        let class = match error {
            SocketError::Late if self.shared.is_over() => Class::CutShort,
            SocketError::Late | SocketError::Broken(_) => Class::CouldNotAsk,
            SocketError::TooLarge => Class::WrongAnswer,
        };
        let title = match class {
            Class::CutShort => "cut short by the end of the run",
            Class::WrongAnswer => "too large a message",
            _ => title,
        };
        let diagnostic = self.message_diagnostic(message, title);
        let diagnostic = match error {
            SocketError::Late if class == Class::CutShort => diagnostic
                .expected("a message before the run's time was over")
                .found("none"),
            SocketError::Late => diagnostic
                .expected("a message")
                .found(format!("none within {}", human_duration(time)))
                .help("raise `timeout`, of the message or of the step, if the server is only slow"),
            SocketError::TooLarge => diagnostic
                .expected("a message that can be read")
                .found(format!(
                    "one of more than {}",
                    human_bytes(MOST_MESSAGE_BYTES as u64)
                ))
                .help("ask the server for less in one message"),
            SocketError::Broken(reason) => diagnostic
                .expected("a WebSocket that stays open")
                .found(reason.clone()),
        };
        failure(class, diagnostic)
    }
}

fn failure(class: Class, diagnostic: Diagnostic) -> Failure {
    Failure { class, diagnostic }
}

/// A message as the body of the answer that opened the WebSocket, so that the
/// same queries find what is in it.
fn message_as_response(content: &SocketMessage, opened: &Response) -> Response {
    Response {
        body: content.bytes().clone(),
        headers: HeaderMap::new(),
        ..opened.clone()
    }
}

/// A close in words.
fn describe_close(close: Option<&(u16, String)>) -> String {
    match close {
        None => "without a code".to_owned(),
        Some((code, reason)) if reason.is_empty() => format!("`{code}`"),
        Some((code, reason)) => format!("`{code}` ({})", quote_text(reason)),
    }
}
