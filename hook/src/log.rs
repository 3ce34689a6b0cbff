//! The log: one JSON object per line on stdout, as Lambda's log-level filter
//! wants it: `level`, an RFC 3339 `timestamp`, and everything else beside them.
//!
//! The runtime crate's own subscriber leaves the time out, and Lambda then
//! takes every line for INFO. Source: [log-level filtering](https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html).

use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use report::render::json::escape_unseen;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::secrets;

/// Starts the log, with a panic being one more line of it.
pub(crate) fn start(level: Option<&str>) {
    let log = Log {
        level: level.map_or(LevelFilter::INFO, parse_level),
    };
    // There is no other subscriber that this one could be in the way of.
    let _ = tracing::subscriber::set_global_default(log);
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(
            place = place.unwrap_or_default(),
            "panic: {}",
            panic.payload_as_str().unwrap_or("of unknown kind")
        );
    }));
}

/// Names the invocation that the lines from now on belong to.
pub(crate) fn set_request_id(request_id: &str) {
    let mut current = REQUEST_ID.lock().unwrap_or_else(PoisonError::into_inner);
    request_id.clone_into(&mut current);
}

/// Writes a line that is no event of the log, such as one of metrics.
pub(crate) fn write_line(level: &str, message: &str, members: Map<String, Value>) {
    let mut fields = Fields::start_line(level);
    fields.insert("message", Value::from(message));
    fields.0.extend(members);
    fields.write();
}

/// The level of a line that Lambda's filter lets through whatever it is set
/// to: INFO, unless that is filtered out.
pub(crate) fn choose_passing_level(level: Option<&str>) -> &'static str {
    match level.map(str::to_ascii_uppercase).as_deref() {
        Some("WARN") => "WARN",
        Some("ERROR") => "ERROR",
        Some("FATAL") => "FATAL",
        _ => "INFO",
    }
}

/// The current invocation. Lambda gives an environment one at a time.
static REQUEST_ID: Mutex<String> = Mutex::new(String::new());

/// Our own modules begin with the name of the binary.
const OURS: &str = "bootstrap";

/// The libraries that say again what is said here already, with more detail and
/// at the level that it deserves: the runtime of an invocation that failed, and
/// AWS's SDK of each answer that is an error, a call that then succeeds
/// included.
const MUTE: [&str; 4] = [
    "lambda_runtime::layers::panic",
    "aws_smithy_",
    "aws_runtime",
    "aws_sdk_",
];

/// Lambda's levels. `FATAL` is above everything that is ever logged here, and
/// errors are still wanted then.
fn parse_level(level: &str) -> LevelFilter {
    match level.to_ascii_uppercase().as_str() {
        "TRACE" => LevelFilter::TRACE,
        "DEBUG" => LevelFilter::DEBUG,
        "WARN" => LevelFilter::WARN,
        "ERROR" | "FATAL" => LevelFilter::ERROR,
        // A level that Lambda does not document must not silence the log.
        _ => LevelFilter::INFO,
    }
}

/// Members whose values are words of ours, for programs to compare.
const WORDS: [&str; 7] = [
    "timestamp",
    "level",
    "requestId",
    "verdict",
    "reported",
    "outcome",
    "class",
];

struct Log {
    level: LevelFilter,
}

impl Subscriber for Log {
    /// Libraries are heard from WARN up only: below it they may say what was
    /// in a request. Some of them are not heard at all, see [`MUTE`].
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        *metadata.level() <= self.level
            && metadata.is_event()
            && (target.starts_with(OURS) || *metadata.level() <= Level::WARN)
            && !MUTE.iter().any(|mute| target.starts_with(mute))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::start_line(event.metadata().level().as_str());
        event.record(&mut fields);
        fields.write();
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The members of one line.
struct Fields(Map<String, Value>);

impl Fields {
    /// What each line begins with.
    fn start_line(level: &str) -> Self {
        let mut fields = Self(Map::new());
        let now = jiff::Timestamp::now();
        fields.insert("timestamp", Value::from(format!("{now:.3}")));
        fields.insert("level", Value::from(level));
        // The message comes first, wherever the macro puts it.
        fields.insert("message", Value::Null);
        let id = REQUEST_ID.lock().unwrap_or_else(PoisonError::into_inner);
        if !id.is_empty() {
            fields.insert("requestId", Value::from(id.as_str()));
        }
        fields
    }

    fn write(mut self) {
        // What is said of a check holds no secret where it comes from, and of
        // checks there may be thousands.
        if !self.0.contains_key("check") {
            let texts = self.0.iter_mut();
            for (_, text) in texts.filter(|(name, _)| !WORDS.contains(&name.as_str())) {
                secrets::redact_value(text);
            }
        }
        let mut line = escape_unseen(Value::Object(self.0).to_string());
        line.push('\n');
        // Where the log itself cannot be written, nobody can be told.
        let _ = std::io::stdout().lock().write_all(line.as_bytes());
    }

    fn insert(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field.name(), Value::from(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field.name(), Value::from(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field.name(), Value::from(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field.name(), Value::from(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.insert(field.name(), Value::from(format!("{value:?}")));
    }
}
