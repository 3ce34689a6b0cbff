//! Talks over a WebSocket: opens it, sends and awaits one message after the
//! other, and says farewell.

use std::time::Duration;

use http::HeaderMap;
use serde_json::Value;
use tokio::time::Instant;

use super::cookies::Jar;
use super::record::Trace;
use super::step::{Attempt, timing};
use check_file::predicate::Unit;
use check_file::template::Scope;
use check_file::{AwaitedEvent, Message, WebSocketEvent};
use client::http::{Came, Content, MOST_MESSAGE_BYTES, Request, Response, Socket, SocketError};
use diagnostic::Diagnostic;
use diagnostic::units::{counted, human_bytes, human_duration};
use query::value::quote_text;
use report::{Class, Failure, StepReport};

/// The most messages that are passed over while one is awaited.
const MOST_OTHERS: usize = 1_000;

/// What a conversation needs beside its messages.
struct Talk<'t> {
    socket: Socket,
    /// The answer that opened it.
    opened: Response,
    scope: &'t mut Scope,
    jar: &'t Jar,
    trace: &'t mut Trace,
}

impl Attempt<'_> {
    /// Everything that is wrong with a WebSocket and with what is said over
    /// it; nothing if it passed.
    pub(super) async fn converse(
        &self,
        request: Request,
        mut end: Instant,
        scope: &mut Scope,
        jar: &mut Jar,
        report: &mut StepReport,
        trace: &mut Trace,
    ) -> Vec<Failure> {
        let opened = self.open(request, &mut end, jar, report, trace).await;
        let (response, socket) = match opened {
            Ok(opened) => opened,
            Err(failure) => {
                self.keep_secrets(scope, jar, trace).await;
                return vec![failure];
            }
        };
        let end = self.shared.not_beyond(end);
        report.status = Some(response.status);
        report.timing = timing(&response);
        report.latency = Some(response.latency);
        let step = self.step;
        let judged = self
            .judge(&step.expectations, &step.captures, &response, scope, jar)
            .await;
        trace.answered(response.clone());
        if judged.hides_secret {
            trace.hide_answer();
        }
        if !judged.failures.is_empty() {
            return judged.failures;
        }
        let messages = step.request.messages();
        let socket = match socket {
            Ok(socket) => socket,
            // That it does not open is what the step expects.
            Err(_) if messages.is_empty() && response.status != 101 => return Vec::new(),
            Err(found) => {
                let mut failure = self.failure(Class::WrongAnswer, "no WebSocket");
                failure.diagnostic = failure
                    .diagnostic
                    .expected("an answer that opens a WebSocket")
                    .found(found);
                return vec![failure];
            }
        };
        let mut talk = Talk {
            socket,
            opened: response,
            scope,
            jar,
            trace,
        };
        for message in messages {
            let failures = self.turn(message, &mut talk, end).await;
            if !failures.is_empty() {
                return failures;
            }
        }
        talk.socket.close(end).await;
        Vec::new()
    }

    /// Asks for the WebSocket. Beside the answer there is the socket, or why
    /// there is none.
    async fn open(
        &self,
        mut request: Request,
        end: &mut Instant,
        jar: &mut Jar,
        report: &mut StepReport,
        trace: &mut Trace,
    ) -> Result<(Response, Result<Socket, String>), Failure> {
        let client = self.shared.client;
        let mut foreign_answers = 0;
        loop {
            report.url = Some(request.url.to_string());
            // The wait for a turn is not the target's time.
            *end += self.shared.turn().await;
            let plain = request.clone();
            jar.add_to(&mut request.headers, &request.url);
            self.sign(&mut request)?;
            trace.asked(&request);
            report.routes.extend(self.shared.route(&request));
            let sent = Instant::now();
            let limit = end.saturating_duration_since(sent);
            let limit = self.shared.left(limit);
            let (opened, socket) = match client.open(request, limit).await {
                Ok((response, socket)) => (Ok(response), Some(socket)),
                Err(unanswered) => (Err(unanswered), None),
            };
            if let Some((foreign, response)) = self.foreign(&plain.url, &opened) {
                foreign_answers += 1;
                report.status = Some(response.status);
                trace.foreign(response.clone());
                self.outlast(&foreign, &plain.method, sent, foreign_answers)
                    .await?;
                *end += sent.elapsed();
                report.outlasting += sent.elapsed();
                request = plain;
                continue;
            }
            let mut response = opened.map_err(|unanswered| {
                let failure = self.unanswered(&unanswered);
                if let Some(response) = unanswered.response {
                    report.status = Some(response.status);
                    trace.answered(*response);
                }
                failure
            })?;
            let socket = socket.unwrap_or_else(|| Err("no answer".to_owned()));
            jar.keep(&response.headers, &plain.url);
            response.path = client.target().path_of(&plain.url);
            return Ok((response, socket));
        }
    }

    /// One turn of a conversation: everything that is wrong with it.
    async fn turn(&self, message: &Message, talk: &mut Talk<'_>, end: Instant) -> Vec<Failure> {
        if let Some(send) = &message.send {
            let text = match send.evaluate(talk.scope) {
                Ok(Value::String(text)) => text,
                Ok(value) => value.to_string(),
                Err(reason) => {
                    let title = "a message that cannot be made";
                    let made = self.wrong(message, title);
                    let made = made
                        .expected("values that fit into it")
                        .found(reason)
                        .help("correct the variables and captures that it is made of");
                    return vec![failure(Class::CouldNotAsk, made)];
                }
            };
            talk.trace.said(&text);
            let left = end.saturating_duration_since(Instant::now());
            if let Err(error) = talk.socket.send(text, end).await {
                return vec![self.unheard(message, &error, left, "a message that is not taken")];
            }
        }
        match &message.awaited {
            Some(awaited) => self.hear(message, awaited, talk, end).await,
            None => Vec::new(),
        }
    }

    /// Waits for what must come.
    async fn hear(
        &self,
        message: &Message,
        awaited: &AwaitedEvent,
        talk: &mut Talk<'_>,
        end: Instant,
    ) -> Vec<Failure> {
        let begun = Instant::now();
        let end = message.timeout.map_or(end, |limit| end.min(begun + limit));
        let limit = end.saturating_duration_since(begun);
        let mut others = 0;
        loop {
            let came = match talk.socket.receive(end).await {
                Ok(came) => came,
                Err(SocketError::Late) if others > 0 && !self.shared.is_over() => {
                    return vec![self.only_others(message, others, limit)];
                }
                Err(error) => {
                    return vec![self.unheard(message, &error, limit, "no message")];
                }
            };
            talk.trace.heard(&came);
            let failures = self.fits(message, awaited, &came, talk).await;
            let closed = matches!(came, Came::Close(_));
            if failures.is_empty() || closed || !awaited.skip_others {
                return failures;
            }
            others += 1;
            if others >= MOST_OTHERS {
                return vec![self.only_others(message, others, begun.elapsed())];
            }
        }
    }

    /// What is wrong with what came.
    async fn fits(
        &self,
        message: &Message,
        awaited: &AwaitedEvent,
        came: &Came,
        talk: &mut Talk<'_>,
    ) -> Vec<Failure> {
        let wrong = |title: &str, expected: &str, found: String| {
            let diagnostic = self.wrong(message, title);
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
                Came::Message(content),
            ) => {
                let response = as_answer(content, &talk.opened);
                let judged = self
                    .judge(expectations, captures, &response, talk.scope, talk.jar)
                    .await;
                if judged.hides_secret {
                    talk.trace.hide_answer();
                }
                judged.failures
            }
            (WebSocketEvent::Message { .. }, Came::Close(close)) => wrong(
                "a WebSocket that was closed",
                "a message",
                format!("a close {}", words(close.as_ref())),
            ),
            (WebSocketEvent::Close(_), Came::Message(content)) => {
                let text = String::from_utf8_lossy(content.bytes());
                let found = format!("the message {}", quote_text(&text));
                wrong("a WebSocket that stays open", "a close", found)
            }
            (WebSocketEvent::Close(code), Came::Close(close)) => {
                let found = close.as_ref().map(|(code, _)| Value::from(*code));
                match code.judge(found.as_ref(), Unit::None, talk.scope) {
                    Ok(mismatches) => mismatches
                        .into_iter()
                        .map(|mismatch| {
                            let title = "unexpected code of the close";
                            let diagnostic = Diagnostic::at(self.source, mismatch.span, title)
                                .expected(mismatch.expected)
                                .found(words(close.as_ref()));
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

    fn wrong(&self, message: &Message, title: &str) -> Diagnostic {
        Diagnostic::at(self.source, message.span, title)
    }

    fn only_others(&self, message: &Message, others: usize, time: Duration) -> Failure {
        let diagnostic = self
            .wrong(message, "not the message that was awaited")
            .expected(format!("it within {}", human_duration(time)))
            .found(format!("{} of another kind", counted(others, "message")));
        failure(Class::WrongAnswer, diagnostic)
    }

    /// Nothing came, or nothing could be sent.
    fn unheard(
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
        let diagnostic = self.wrong(message, title);
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

/// A message as the body of the answer that it came after.
fn as_answer(content: &Content, opened: &Response) -> Response {
    Response {
        body: content.bytes().clone(),
        headers: HeaderMap::new(),
        ..opened.clone()
    }
}

/// A close in words.
fn words(close: Option<&(u16, String)>) -> String {
    match close {
        None => "without a code".to_owned(),
        Some((code, reason)) if reason.is_empty() => format!("`{code}`"),
        Some((code, reason)) => format!("`{code}` ({})", quote_text(reason)),
    }
}
