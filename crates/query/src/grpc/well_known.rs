//! The well-known types that messages of services commonly use, and their own
//! forms in JSON: times, durations and values that may be absent.

use std::time::Duration;

use serde_json::{Value, json};

/// What a file of Google's declares; `None` for those that are not known here.
pub fn file(path: &str) -> Option<&'static str> {
    Some(match path {
        "google/protobuf/empty.proto" => {
            "syntax = \"proto3\"; package google.protobuf; message Empty {}"
        }
        "google/protobuf/timestamp.proto" => {
            "syntax = \"proto3\"; package google.protobuf;
             message Timestamp { int64 seconds = 1; int32 nanos = 2; }"
        }
        "google/protobuf/duration.proto" => {
            "syntax = \"proto3\"; package google.protobuf;
             message Duration { int64 seconds = 1; int32 nanos = 2; }"
        }
        "google/protobuf/wrappers.proto" => {
            "syntax = \"proto3\"; package google.protobuf;
             message DoubleValue { double value = 1; }
             message FloatValue { float value = 1; }
             message Int64Value { int64 value = 1; }
             message UInt64Value { uint64 value = 1; }
             message Int32Value { int32 value = 1; }
             message UInt32Value { uint32 value = 1; }
             message BoolValue { bool value = 1; }
             message StringValue { string value = 1; }
             message BytesValue { bytes value = 1; }"
        }
        _ => return None,
    })
}

fn is_wrapper(name: &str) -> bool {
    let own = name.strip_prefix("google.protobuf.");
    own.is_some_and(|own| own.len() > "Value".len() && own.ends_with("Value"))
}

/// The members of a message that JSON writes in a form of its own; `None` for
/// all others.
pub(super) fn from_json(name: &str, value: &Value) -> Result<Option<Value>, String> {
    let text = value.as_str().unwrap_or_default();
    Ok(Some(match name {
        "google.protobuf.Timestamp" => {
            let time: jiff::Timestamp = text
                .parse()
                .map_err(|_| format!("`{text}` is no time such as `2030-01-31T12:00:00Z`"))?;
            // Seconds are counted downwards from 1970, their parts upwards.
            let (seconds, nanos) = (time.as_second(), time.subsec_nanosecond());
            let (seconds, nanos) = match nanos {
                ..0 => (seconds - 1, nanos + 1_000_000_000),
                _ => (seconds, nanos),
            };
            json!({"seconds": seconds, "nanos": nanos})
        }
        "google.protobuf.Duration" => {
            let unfit = || format!("`{text}` is no duration such as `1.5s`");
            let (sign, digits) = match text.strip_prefix('-') {
                Some(digits) => (-1, digits),
                None => (1, text),
            };
            let digits = digits.strip_suffix('s').ok_or_else(unfit)?;
            let seconds = digits.parse().map_err(|_| unfit())?;
            let duration = Duration::try_from_secs_f64(seconds).map_err(|_| unfit())?;
            let seconds = i64::try_from(duration.as_secs()).map_err(|_| unfit())?;
            json!({
                "seconds": sign * seconds,
                "nanos": sign * i64::from(duration.subsec_nanos()),
            })
        }
        name if is_wrapper(name) => json!({"value": value}),
        _ => return Ok(None),
    }))
}

/// The form of its own that JSON has for a message.
pub(super) fn to_json(name: &str, value: Value) -> Value {
    let seconds = || value["seconds"].as_str()?.parse::<i64>().ok();
    let nanos = || i32::try_from(value["nanos"].as_i64()?).ok();
    let own = match name {
        "google.protobuf.Timestamp" => seconds().zip(nanos()).and_then(|(seconds, nanos)| {
            let time = jiff::Timestamp::new(seconds, nanos).ok()?;
            Some(time.to_string().into())
        }),
        "google.protobuf.Duration" => seconds().zip(nanos()).map(|(seconds, nanos)| {
            let sign = if seconds < 0 || nanos < 0 { "-" } else { "" };
            let parts = format!("{:09}", nanos.unsigned_abs());
            let parts = parts.trim_end_matches('0');
            let dot = if parts.is_empty() { "" } else { "." };
            format!("{sign}{}{dot}{parts}s", seconds.unsigned_abs()).into()
        }),
        name if is_wrapper(name) => Some(value["value"].clone()),
        _ => None,
    };
    own.unwrap_or(value)
}
