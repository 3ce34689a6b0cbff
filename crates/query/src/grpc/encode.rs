//! Messages from JSON to the wire. Names are taken as they stand in the file or
//! in lowerCamelCase.

use serde_json::{Value, json};

use super::schema::{Field, Kind, Label, Schema};
use super::well_known;
use super::wire::{LENGTH, MOST_DEPTH, camel, fields, range, tag, varint, wire_type, words};
use crate::value::shown;

/// The message on the wire. The error says which field does not fit.
pub(crate) fn encode(schema: &Schema, name: &str, value: &Value) -> Result<Vec<u8>, String> {
    message_to_wire(schema, name, value, 0)
}

fn message_to_wire(
    schema: &Schema,
    name: &str,
    value: &Value,
    depth: usize,
) -> Result<Vec<u8>, String> {
    if depth > MOST_DEPTH {
        return Err("messages that are nested too deeply".to_owned());
    }
    let unwrapped = well_known::from_json(name, value)?;
    let value = unwrapped.as_ref().unwrap_or(value);
    let Value::Object(members) = value else {
        return Err(format!("{} where a `{name}` is a map", shown(value)));
    };
    let mut bytes = Vec::new();
    for (key, value) in members {
        let fields = fields(schema, name)?;
        let named = |field: &&Field| field.name == *key || camel(&field.name) == *key;
        let Some(field) = fields.iter().find(named) else {
            let known: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
            return Err(
                match diagnostic::suggest::nearest(key, known.iter().copied()) {
                    Some(near) => format!("`{name}` has no field `{key}`, but `{near}`"),
                    None => format!("`{name}` has no field `{key}`"),
                },
            );
        };
        if value.is_null() {
            continue;
        }
        let wrong = |reason| format!("`{key}`: {reason}");
        field_to_wire(schema, field, value, depth, &mut bytes).map_err(wrong)?;
    }
    Ok(bytes)
}

fn field_to_wire(
    schema: &Schema,
    field: &Field,
    value: &Value,
    depth: usize,
    bytes: &mut Vec<u8>,
) -> Result<(), String> {
    match (&field.label, value) {
        (Label::Repeated, Value::Array(items)) => {
            let packed = field.packed && wire_type(&field.kind) != LENGTH;
            let mut block = Vec::new();
            for item in items {
                if !packed {
                    tag(field.number, wire_type(&field.kind), &mut block);
                }
                value_to_wire(schema, &field.kind, item, depth, &mut block)?;
            }
            if packed && !items.is_empty() {
                tag(field.number, LENGTH, bytes);
                varint(block.len() as u64, bytes);
            }
            bytes.extend_from_slice(&block);
        }
        (Label::Map(key_kind), Value::Object(members)) => {
            for (key, value) in members {
                let mut entry = Vec::new();
                tag(1, wire_type(key_kind), &mut entry);
                let key = match (key_kind, key.as_str()) {
                    (Kind::Bool, "true") => json!(true),
                    (Kind::Bool, "false") => json!(false),
                    (_, key) => json!(key),
                };
                value_to_wire(schema, key_kind, &key, depth, &mut entry)?;
                tag(2, wire_type(&field.kind), &mut entry);
                value_to_wire(schema, &field.kind, value, depth, &mut entry)?;
                tag(field.number, LENGTH, bytes);
                varint(entry.len() as u64, bytes);
                bytes.extend_from_slice(&entry);
            }
        }
        (Label::Repeated, other) => {
            return Err(format!("{} where a list is expected", shown(other)));
        }
        (Label::Map(_), other) => return Err(format!("{} where a map is expected", shown(other))),
        (Label::Implicit | Label::Explicit, value) => {
            tag(field.number, wire_type(&field.kind), bytes);
            value_to_wire(schema, &field.kind, value, depth, bytes)?;
        }
    }
    Ok(())
}

fn value_to_wire(
    schema: &Schema,
    kind: &Kind,
    value: &Value,
    depth: usize,
    bytes: &mut Vec<u8>,
) -> Result<(), String> {
    let unfit = || format!("{} is not {}", shown(value), words(kind));
    match kind {
        Kind::Double => bytes.extend(float(value).ok_or_else(unfit)?.to_le_bytes()),
        #[allow(clippy::cast_possible_truncation)]
        Kind::Float => bytes.extend((float(value).ok_or_else(unfit)? as f32).to_le_bytes()),
        Kind::Bool => varint(u64::from(value.as_bool().ok_or_else(unfit)?), bytes),
        Kind::String => length(value.as_str().ok_or_else(unfit)?.as_bytes(), bytes),
        Kind::Bytes => {
            let decoded = value.as_str().and_then(crate::digest::bytes_from_base64);
            length(&decoded.ok_or_else(unfit)?, bytes);
        }
        Kind::Message(name) => length(&message_to_wire(schema, name, value, depth + 1)?, bytes),
        Kind::Enum(name) => {
            let values = schema
                .enums
                .get(name)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let number = match value {
                Value::String(text) => values
                    .iter()
                    .find(|(known, _)| known == text)
                    .map(|(_, number)| i64::from(*number)),
                other => other
                    .as_i64()
                    .filter(|number| i32::try_from(*number).is_ok()),
            };
            varint(number.ok_or_else(unfit)?.cast_unsigned(), bytes);
        }
        _ => {
            let number = integer(value).ok_or_else(unfit)?;
            let (least, most) = range(kind);
            if number < least || number > most {
                return Err(unfit());
            }
            integer_to_wire(kind, number, bytes);
        }
    }
    Ok(())
}

/// The number is within the range of its kind.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn integer_to_wire(kind: &Kind, number: i128, bytes: &mut Vec<u8>) {
    match kind {
        Kind::Sint32 | Kind::Sint64 => {
            let number = number as i64;
            varint((number << 1 ^ number >> 63).cast_unsigned(), bytes);
        }
        Kind::Fixed32 | Kind::Sfixed32 => bytes.extend((number as u32).to_le_bytes()),
        Kind::Fixed64 | Kind::Sfixed64 => bytes.extend((number as u64).to_le_bytes()),
        // Negative ones take all ten bytes, as the encoding has it.
        _ => varint(number as u64, bytes),
    }
}

fn length(content: &[u8], bytes: &mut Vec<u8>) {
    varint(content.len() as u64, bytes);
    bytes.extend_from_slice(content);
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => match text.as_str() {
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text => text.parse().ok(),
        },
        other => other.as_f64(),
    }
}

fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => {
            let whole = number.as_i64().map(i128::from);
            let whole = whole.or_else(|| number.as_u64().map(i128::from));
            #[allow(clippy::cast_possible_truncation)]
            whole.or_else(|| {
                number
                    .as_f64()
                    .filter(|n| n.fract() == 0.0)
                    .map(|n| n as i128)
            })
        }
        _ => None,
    }
}
