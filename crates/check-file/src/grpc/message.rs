//! Messages from JSON to protobuf and back, as
//! [ProtoJSON](https://protobuf.dev/programming-guides/json/) has it: 64-bit
//! numbers are strings, fields that cannot be told from their default are
//! there, and well-known types have a form of their own.

use std::io::{self, Write};

use prost_reflect::prost::Message as _;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _,
    SerializeOptions, Value as Field,
};
use serde_json::{Value, json};

use diagnostic::suggest;
use query::value::{MOST_LEVELS, levels, quote_value};

/// The deepest nesting of messages in an answer, which protobuf's own reader
/// has too.
const MOST_DEPTH: usize = 100;

/// How many levels the message in an `Any` counts for. What is in it is read
/// anew for each `Any` around it, so that ten of them are enough work.
const LEVELS_OF_ANY: usize = 10;

/// The most bytes of JSON that an answer may become. A message of two bytes can
/// have any number of fields with their defaults.
const MOST_JSON_BYTES: usize = 8 * 1024 * 1024;

/// The package of types that have a form of their own in JSON.
const WELL_KNOWN: &str = "google.protobuf.";

/// Why JSON is no message of a type, behind the fields that lead there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct EncodeError {
    reason: String,
}

/// Why bytes are no message of a type.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("what is not a `{name}`: {source}")]
    Wire {
        name: String,
        source: prost_reflect::prost::DecodeError,
    },
    #[error("a `{name}` that JSON cannot hold: {}", quote_with_backticks(source))]
    Json {
        name: String,
        source: serde_json::Error,
    },
    #[error("a `{name}` whose messages are nested too deeply")]
    TooDeep { name: String },
}

/// The message as protobuf.
pub(super) fn encode(message: &MessageDescriptor, value: &Value) -> Result<Vec<u8>, EncodeError> {
    if levels(value) > MOST_LEVELS {
        return Err(EncodeError::new("messages that are nested too deeply"));
    }
    match DynamicMessage::deserialize(message.clone(), value) {
        Ok(message) => Ok(message.encode_to_vec()),
        Err(error) => Err(explain(message, value, &error)),
    }
}

/// The message as JSON, with its members in the order of their names: maps have
/// none in protobuf.
pub(super) fn decode(message: &MessageDescriptor, bytes: &[u8]) -> Result<Value, DecodeError> {
    let name = || message.full_name().to_owned();
    let not_json = |source| DecodeError::Json {
        name: name(),
        source,
    };
    let decoded =
        DynamicMessage::decode(message.clone(), bytes).map_err(|source| DecodeError::Wire {
            name: name(),
            source,
        })?;
    if !is_within_levels(&decoded, MOST_DEPTH) {
        return Err(DecodeError::TooDeep { name: name() });
    }
    // The text of the JSON keeps 0.1 of a `float` as 0.1; a value of serde would
    // widen it to 0.10000000149011612.
    let mut json = serde_json::Serializer::new(BoundedWriter(Vec::new()));
    let options = SerializeOptions::new().skip_default_fields(false);
    decoded
        .serialize_with_options(&mut json, &options)
        .map_err(not_json)?;
    drop(decoded);
    let mut value: Value = serde_json::from_slice(&json.into_inner().0).map_err(not_json)?;
    value.sort_all_objects();
    Ok(value)
}

/// Whether a message is nested no deeper than so many levels. The library
/// follows each `Any` into the message in it, however deep that leads.
fn is_within_levels(message: &DynamicMessage, levels: usize) -> bool {
    let is_fit = |field: &Field| match field {
        Field::Message(inner) => levels > 0 && is_within_levels(inner, levels - 1),
        _ => true,
    };
    let mut fields = message.fields();
    let are_fit = fields.all(|(_, field)| match field {
        Field::List(items) => items.iter().all(is_fit),
        Field::Map(entries) => entries.values().all(is_fit),
        field => is_fit(field),
    });
    are_fit
        && match decode_any(message) {
            Some(inner) => levels
                .checked_sub(LEVELS_OF_ANY)
                .is_some_and(|levels| is_within_levels(&inner, levels)),
            None => true,
        }
}

/// The message in an `Any`, if that can be read.
fn decode_any(any: &DynamicMessage) -> Option<DynamicMessage> {
    let descriptor = any.descriptor();
    if descriptor.full_name() != "google.protobuf.Any" {
        return None;
    }
    let url = any.get_field_by_name("type_url")?;
    let (_, name) = url.as_str()?.rsplit_once('/')?;
    let inner = descriptor.parent_pool().get_message_by_name(name)?;
    let value = any.get_field_by_name("value")?;
    DynamicMessage::decode(inner, value.as_bytes()?.clone()).ok()
}

/// Bytes up to [`MOST_JSON_BYTES`].
struct BoundedWriter(Vec<u8>);

impl Write for BoundedWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MOST_JSON_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl EncodeError {
    fn new(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { reason }
    }

    /// The same error, seen from the message around it.
    fn at_key(self, key: &str) -> Self {
        Self::new(format!("`{key}`: {}", self.reason))
    }
}

/// Says which field of a message is wrong. The library's error names no place,
/// so that each field is tried by itself, from the outside inwards.
fn explain(message: &MessageDescriptor, value: &Value, error: &serde_json::Error) -> EncodeError {
    let name = message.full_name();
    if name.starts_with(WELL_KNOWN) {
        let words = describe_well_known(name, error);
        return EncodeError::new(format!("{} is not {words}", quote_value(value)));
    }
    let Value::Object(members) = value else {
        return EncodeError::new(format!("{} where a `{name}` is a map", quote_value(value)));
    };
    for (key, value) in members {
        let Some(field) = find_field(message, key) else {
            let fields: Vec<_> = message.fields().collect();
            let near = suggest::nearest(key, fields.iter().map(FieldDescriptor::name));
            let but = near.map_or_else(String::new, |near| format!(", but `{near}`"));
            return EncodeError::new(format!("`{name}` has no field `{key}`{but}"));
        };
        let alone = json!({ key: value });
        if let Err(error) = DynamicMessage::deserialize(message.clone(), &alone) {
            return explain_field(&field, key, value, &error);
        }
    }
    // Each field alone is right, so that only the library knows what is wrong with
    // all of them, such as two fields of one `oneof`.
    EncodeError::new(quote_with_backticks(error))
}

fn find_field(message: &MessageDescriptor, key: &str) -> Option<FieldDescriptor> {
    let by_json_name = message.get_field_by_json_name(key);
    by_json_name.or_else(|| message.get_field_by_name(key))
}

fn explain_field(
    field: &FieldDescriptor,
    key: &str,
    value: &Value,
    error: &serde_json::Error,
) -> EncodeError {
    // An error of the library names no place, so that each value is tried in a
    // message that has nothing else.
    let try_out = |value: Value| {
        let alone = json!({ key: value });
        DynamicMessage::deserialize(field.parent_message().clone(), &alone).err()
    };
    match (value, field.kind()) {
        (Value::Object(entries), Kind::Message(entry)) if field.is_map() => {
            let (key_kind, kind) = (
                entry.map_entry_key_field().kind(),
                entry.map_entry_value_field().kind(),
            );
            let explained = entries.iter().find_map(|(entry_key, item)| {
                if !is_key(&key_kind, entry_key) {
                    let shown = quote_value(&json!(entry_key));
                    let reason = format!("{shown} is not {}", describe_kind(&key_kind));
                    return Some(EncodeError::new(reason));
                }
                let error = try_out(json!({ entry_key: item }))?;
                Some(explain_value(&kind, item, &error).at_key(entry_key))
            });
            explained
                .unwrap_or_else(|| EncodeError::new(quote_with_backticks(error)))
                .at_key(key)
        }
        (value, _) if field.is_map() => {
            EncodeError::new(format!("{} where a map is expected", quote_value(value))).at_key(key)
        }
        (Value::Array(items), kind) if field.is_list() => {
            let explained = items.iter().enumerate().find_map(|(index, item)| {
                let error = try_out(json!([item]))?;
                Some(explain_value(&kind, item, &error).at_key(&format!("{key}[{index}]")))
            });
            explained.unwrap_or_else(|| EncodeError::new(quote_with_backticks(error)))
        }
        (value, _) if field.is_list() => {
            EncodeError::new(format!("{} where a list is expected", quote_value(value))).at_key(key)
        }
        (value, kind) => explain_value(&kind, value, error).at_key(key),
    }
}

fn explain_value(kind: &Kind, value: &Value, error: &serde_json::Error) -> EncodeError {
    match kind {
        Kind::Message(message) => explain(message, value, error),
        kind => EncodeError::new(format!(
            "{} is not {}",
            quote_value(value),
            describe_kind(kind)
        )),
    }
}

/// Whether a text is a key of a map whose keys are of this kind.
fn is_key(kind: &Kind, key: &str) -> bool {
    match kind {
        Kind::String => true,
        Kind::Bool => matches!(key, "true" | "false"),
        kind => {
            let (least, most) = integer_range(kind);
            key.parse().is_ok_and(|key| (least..=most).contains(&key))
        }
    }
}

/// What a message says that a value of this kind is.
fn describe_kind(kind: &Kind) -> String {
    match kind {
        Kind::Double | Kind::Float => "a number".to_owned(),
        Kind::Bool => "`true` or `false`".to_owned(),
        Kind::String => "text".to_owned(),
        Kind::Bytes => "text in Base64".to_owned(),
        Kind::Message(message) => format!("a `{}`", message.full_name()),
        Kind::Enum(values) => format!("a value of `{}`", values.full_name()),
        kind => {
            let (least, most) = integer_range(kind);
            format!("a whole number from {least} to {most}")
        }
    }
}

/// The least and the largest whole number of a kind.
fn integer_range(kind: &Kind) -> (i128, i128) {
    match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => (i32::MIN.into(), i32::MAX.into()),
        Kind::Uint32 | Kind::Fixed32 => (0, u32::MAX.into()),
        Kind::Uint64 | Kind::Fixed64 => (0, u64::MAX.into()),
        _ => (i64::MIN.into(), i64::MAX.into()),
    }
}

/// What a message says that the JSON of a well-known type is.
fn describe_well_known(name: &str, error: &serde_json::Error) -> String {
    let own = name.strip_prefix(WELL_KNOWN).unwrap_or(name);
    match own {
        "Timestamp" => "a time such as `2030-01-31T12:00:00Z`".to_owned(),
        "Duration" => "a duration such as `1.5s`".to_owned(),
        "FieldMask" => "text with the names of fields, such as `name,priceCents`".to_owned(),
        "Struct" => "a map".to_owned(),
        "ListValue" => "a list".to_owned(),
        "Empty" => "a map without keys".to_owned(),
        "Any" => format!(
            "a map with `@type` and its fields: {}",
            quote_with_backticks(error)
        ),
        "DoubleValue" | "FloatValue" => describe_kind(&Kind::Double),
        "Int32Value" => describe_kind(&Kind::Int32),
        "Int64Value" => describe_kind(&Kind::Int64),
        "UInt32Value" => describe_kind(&Kind::Uint32),
        "UInt64Value" => describe_kind(&Kind::Uint64),
        "BoolValue" => describe_kind(&Kind::Bool),
        "StringValue" => describe_kind(&Kind::String),
        "BytesValue" => describe_kind(&Kind::Bytes),
        _ => format!("a `{name}`: {}", quote_with_backticks(error)),
    }
}

/// The words of the library, with its quotes as ours.
fn quote_with_backticks(error: &serde_json::Error) -> String {
    error.to_string().replace('\'', "`")
}
