//! What failed steps sent and received, and the commands that repeat them, as
//! plain text.

use std::fmt::Write as _;

use crate::{CheckReport, Excerpt, Exchange};
use diagnostic::snippet::visible;
use diagnostic::units::human_bytes;

/// The commands that repeat the failed steps of a check.
pub(super) fn render_commands(check: &CheckReport) -> String {
    let mut text = String::new();
    for exchange in exchanges(check) {
        text.push_str("\n  repeat it with:\n");
        for row in exchange.curl.lines() {
            let _ = writeln!(text, "    {}", visible(row));
        }
    }
    text
}

/// What the failed steps of a check sent (`>`) and received (`<`).
pub(super) fn render_transcripts(check: &CheckReport) -> String {
    let mut text = String::new();
    for exchange in exchanges(check) {
        let request = &exchange.request;
        let first = format!("{} {}", request.method, request.url);
        text.push('\n');
        write_message(
            &mut text,
            '>',
            &first,
            &request.headers,
            request.body.as_ref(),
        );
        if let Some(answer) = &exchange.answer {
            let first = format!("{} {}", answer.version, answer.status);
            write_message(
                &mut text,
                '<',
                &first,
                &answer.headers,
                answer.body.as_ref(),
            );
        }
        for message in &exchange.messages {
            let mark = if message.sent { '>' } else { '<' };
            let kind = format!("[{}]", message.kind.word());
            write_message(&mut text, mark, &kind, &[], Some(&message.content));
        }
    }
    text
}

fn exchanges(check: &CheckReport) -> impl Iterator<Item = &Exchange> {
    check.steps.iter().filter_map(|step| step.exchange.as_ref())
}

/// Writes a request, an answer or a message of a WebSocket, each line behind
/// the mark of its direction.
fn write_message(
    text: &mut String,
    mark: char,
    first: &str,
    headers: &[(String, String)],
    body: Option<&Excerpt>,
) {
    let mut line = |row: &str| {
        let row = format!("  {mark} {}", visible(row));
        let _ = writeln!(text, "{}", row.trim_end());
    };
    line(first);
    for (name, value) in headers {
        line(&format!("{name}: {value}"));
    }
    if let Some(body) = body {
        line("");
        for row in body.text.lines() {
            line(row);
        }
        if body.text.ends_with('…') {
            line(&format!("({} in all)", human_bytes(body.bytes as u64)));
        }
    }
}
