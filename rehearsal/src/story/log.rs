//! Renders the hook's log lines for people.
//!
//! The hook writes one JSON object a line, as CloudWatch wants it. A line is
//! shown as its level, its message and the members that a reader looks for; any
//! other line is shown as it is.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value};

/// The members that are shown beside the message, in this order.
const MEMBERS: [&str; 5] = ["verdict", "reason", "deployment_id", "attempts", "error"];

/// One line of the hook as lines for people, without anything that could
/// steer the terminal. Paths below this process's folder are shown relative
/// to it.
pub(super) fn render_log_line(line: &str) -> Vec<String> {
    // Paths of the repository are long, and the same in every line.
    let here = std::env::current_dir().map(|folder| format!("{}/", folder.display()));
    let line = match here {
        Ok(here) => line.replace(&here, ""),
        Err(_) => line.to_owned(),
    };
    let rendered = match serde_json::from_str(&line) {
        Ok(Value::Object(object)) => render_object(&object),
        _ => None,
    };
    rendered.unwrap_or_else(|| vec![escape_controls(&line)])
}

/// Renders a JSON line; `None` if it is not a log line of a known form.
fn render_object(object: &Map<String, Value>) -> Option<Vec<String>> {
    if let Some(metrics) = render_metrics(object) {
        return Some(vec![metrics]);
    }
    // tracing's own JSON format puts message and members under `fields`.
    let fields = object.get("fields").and_then(Value::as_object);
    let member = |name: &str| object.get(name).or_else(|| fields?.get(name));
    // A line with these two members is the end of a check.
    if let (Some(Value::String(check)), Some(Value::String(outcome))) =
        (member("check"), member("outcome"))
    {
        let reason = member("reason").and_then(Value::as_str);
        let milliseconds = member("duration_ms").and_then(Value::as_u64);
        return Some(render_check(check, outcome, milliseconds, reason));
    }
    let message = member("message")?.as_str()?;
    let level = member("level").and_then(Value::as_str).unwrap_or("INFO");
    let style = choose_level_style(level);
    let mut text = format!("{style}{level:<5}{style:#} {}", escape_controls(message));
    let dim = Style::new().dimmed();
    for name in MEMBERS {
        if let Some(value) = member(name).filter(|value| !value.is_null()) {
            let value = match value {
                Value::String(text) => escape_controls(text),
                other => other.to_string(),
            };
            // The message often contains the verdict and its reason already.
            if !message.contains(value.as_str()) {
                // Writing into a string cannot fail.
                let _ = write!(text, "  {dim}{name}={dim:#}{value}");
            }
        }
    }
    Some(vec![text])
}

/// Renders a check that ended: outcome, name and time, then each failure on a
/// line of its own.
fn render_check(
    check: &str,
    outcome: &str,
    milliseconds: Option<u64>,
    reason: Option<&str>,
) -> Vec<String> {
    let style = match outcome {
        "passed" => AnsiColor::Green.on_default(),
        "warned" => AnsiColor::Yellow.on_default(),
        _ => AnsiColor::Red.on_default().bold(),
    };
    let dim = Style::new().dimmed();
    let time = milliseconds.map_or(String::new(), |ms| format!("  {dim}{ms} ms{dim:#}"));
    let first = format!(
        "{style}{:<8}{style:#} {}{time}",
        escape_controls(outcome),
        escape_controls(check)
    );
    let reasons = reason.into_iter().flat_map(|reason| reason.split("; "));
    std::iter::once(first)
        .chain(reasons.map(|reason| format!("         {}", escape_controls(reason))))
        .collect()
}

/// Renders a line in CloudWatch's embedded metric format as names and values;
/// `None` if it is none.
fn render_metrics(object: &Map<String, Value>) -> Option<String> {
    let directives = object.get("_aws")?.get("CloudWatchMetrics")?.as_array()?;
    let names = directives
        .iter()
        .filter_map(|directive| directive.get("Metrics")?.as_array())
        .flatten()
        .filter_map(|metric| metric.get("Name")?.as_str());
    let dim = Style::new().dimmed();
    let mut text = format!("{dim}metrics{dim:#}");
    for name in names {
        let value = object.get(name).map(Value::to_string).unwrap_or_default();
        let _ = write!(text, "  {dim}{}={dim:#}{value}", escape_controls(name));
    }
    Some(text)
}

/// The style of a log level.
fn choose_level_style(level: &str) -> Style {
    match level {
        "ERROR" | "FATAL" => AnsiColor::Red.on_default().bold(),
        "WARN" => AnsiColor::Yellow.on_default(),
        "DEBUG" | "TRACE" => Style::new().dimmed(),
        _ => AnsiColor::Cyan.on_default(),
    }
}

/// The text with control characters as escapes, so that a line of the hook cannot
/// steer the terminal.
pub(super) fn escape_controls(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && character != '\t' {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        assert_eq!(
            anstream::adapter::strip_str(&render_log_line(line).join("\n")).to_string(),
            expected
        );
    }

    #[test]
    fn a_check_that_ended_is_shown_with_each_thing_that_was_wrong() {
        check(
            r#"{"timestamp":"x","level":"INFO","message":"check ended","check":"login","outcome":"passed","duration_ms":12,"other":1}"#,
            "passed   login  12 ms",
        );
        check(
            r#"{"level":"WARN","message":"m","check":"login","outcome":"failed","reason":"a: b; c"}"#,
            "failed   login\n         a: b\n         c",
        );
    }

    #[test]
    fn what_the_message_says_is_not_said_again() {
        check(
            r#"{"level":"ERROR","message":"Failed: no","verdict":"Failed","reason":"because"}"#,
            "ERROR Failed: no  reason=because",
        );
    }

    #[test]
    fn the_members_may_be_nested_as_tracing_nests_them() {
        check(
            r#"{"level":"ERROR","fields":{"message":"no","reason":"because"},"target":"hook"}"#,
            "ERROR no  reason=because",
        );
    }

    #[test]
    fn a_metric_line_is_shown_as_its_metrics() {
        check(
            r#"{"_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Namespace":"N","Dimensions":[],"Metrics":[{"Name":"Failed"}]}]},"Failed":2}"#,
            "metrics  Failed=2",
        );
    }

    #[test]
    fn an_unknown_line_is_shown_as_it_is() {
        check("thread 'main' panicked", "thread 'main' panicked");
        check(r#"{"a":1}"#, r#"{"a":1}"#);
        check("[1]", "[1]");
    }
}
