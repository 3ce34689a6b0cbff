//! Messages from the wire to JSON: names are in lowerCamelCase, 64-bit numbers
//! are strings, and fields that cannot be told from their default are there.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value, json};

use super::schema::{Field, Kind, Label, Schema};
use super::well_known;
use super::wire::{
    FIXED32, FIXED64, LENGTH, MOST_DEPTH, Raw, camel, fields, take, take_field, take_varint,
    wire_type, words,
};

/// The message as JSON. The error says what is not a message of that name.
pub(crate) fn decode(schema: &Schema, name: &str, bytes: &[u8]) -> Result<Value, String> {
    message_to_json(schema, name, bytes, 0)
}

fn message_to_json(
    schema: &Schema,
    name: &str,
    mut bytes: &[u8],
    depth: usize,
) -> Result<Value, String> {
    if depth > MOST_DEPTH {
        return Err("messages that are nested too deeply".to_owned());
    }
    let fields = fields(schema, name)?;
    let mut found: BTreeMap<u32, Vec<(u8, Raw<'_>)>> = BTreeMap::new();
    while !bytes.is_empty() {
        let (number, wire, raw) = take_field(&mut bytes)?;
        found.entry(number).or_default().push((wire, raw));
    }
    let mut members = Map::new();
    for field in fields {
        let raw = found.remove(&field.number).unwrap_or_default();
        if let Some(value) = field_to_json(schema, field, &raw, depth)? {
            members.insert(camel(&field.name), value);
        }
    }
    Ok(well_known::to_json(name, members.into()))
}

fn field_to_json(
    schema: &Schema,
    field: &Field,
    raw: &[(u8, Raw<'_>)],
    depth: usize,
) -> Result<Option<Value>, String> {
    Ok(match &field.label {
        Label::Repeated => {
            let mut items = Vec::new();
            for (wire, raw) in raw {
                match raw {
                    // Numbers in one block, whether the file says so or not.
                    Raw::Bytes(block) if wire_type(&field.kind) != LENGTH && *wire == LENGTH => {
                        let mut block = *block;
                        while !block.is_empty() {
                            let number = match wire_type(&field.kind) {
                                FIXED64 => u64::from_le_bytes(take(&mut block)?),
                                FIXED32 => u32::from_le_bytes(take(&mut block)?).into(),
                                _ => take_varint(&mut block)?,
                            };
                            items.push(value_to_json(
                                schema,
                                &field.kind,
                                &Raw::Number(number),
                                depth,
                            )?);
                        }
                    }
                    raw => items.push(value_to_json(schema, &field.kind, raw, depth)?),
                }
            }
            Some(Value::Array(items))
        }
        Label::Map(key) => {
            let entry = [(key.clone(), 1, "key"), (field.kind.clone(), 2, "value")];
            let entry = entry.map(|(kind, number, name)| Field {
                name: name.to_owned(),
                number,
                kind,
                label: Label::Implicit,
                packed: false,
            });
            let mut members = Map::new();
            for (_, raw) in raw {
                let Raw::Bytes(bytes) = raw else {
                    return Err(format!("`{}` is no map", field.name));
                };
                let (key, value) = entry_to_json(schema, &entry, bytes, depth)?;
                members.insert(key, value);
            }
            Some(Value::Object(members))
        }
        Label::Implicit | Label::Explicit => match raw.last() {
            Some((_, raw)) => Some(value_to_json(schema, &field.kind, raw, depth)?),
            None if field.label == Label::Explicit => None,
            None => Some(default(schema, &field.kind)),
        },
    })
}

/// An entry of a map, whose two fields have the names of [`field_to_json`].
fn entry_to_json(
    schema: &Schema,
    pair: &[Field; 2],
    mut bytes: &[u8],
    depth: usize,
) -> Result<(String, Value), String> {
    let mut found = [None, None];
    while !bytes.is_empty() {
        let (number, _, raw) = take_field(&mut bytes)?;
        if let Some(at) = pair.iter().position(|field| field.number == number) {
            found[at] = Some(value_to_json(schema, &pair[at].kind, &raw, depth)?);
        }
    }
    let [key, value] = found;
    let key = key.unwrap_or_else(|| default(schema, &pair[0].kind));
    let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
    Ok((key, value.unwrap_or_else(|| default(schema, &pair[1].kind))))
}

#[allow(clippy::cast_possible_truncation)]
fn value_to_json(
    schema: &Schema,
    kind: &Kind,
    raw: &Raw<'_>,
    depth: usize,
) -> Result<Value, String> {
    let number = match (kind, raw) {
        (Kind::String, Raw::Bytes(bytes)) => {
            let text = std::str::from_utf8(bytes).map_err(|_| "text that is not UTF-8")?;
            return Ok(text.into());
        }
        (Kind::Bytes, Raw::Bytes(bytes)) => return Ok(crate::digest::base64(bytes).into()),
        (Kind::Message(name), Raw::Bytes(bytes)) => {
            return message_to_json(schema, name, bytes, depth + 1);
        }
        (Kind::String | Kind::Bytes | Kind::Message(_), Raw::Number(_)) | (_, Raw::Bytes(_)) => {
            return Err(format!("something else than {}", words(kind)));
        }
        (_, Raw::Number(number)) => *number,
    };
    Ok(match kind {
        Kind::Bool => (number != 0).into(),
        Kind::Double => from_float(f64::from_bits(number)),
        Kind::Float => {
            let value = f32::from_bits(number as u32);
            // By its shortest text: 0.1 stays 0.1.
            from_float(value.to_string().parse().unwrap_or_else(|_| value.into()))
        }
        Kind::Enum(name) => {
            let number = number as i32;
            let values = schema
                .enums
                .get(name)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let known = values.iter().find(|(_, known)| *known == number);
            known.map_or_else(|| number.into(), |(known, _)| known.as_str().into())
        }
        Kind::Int32 | Kind::Sfixed32 => (number as i32).into(),
        Kind::Uint32 | Kind::Fixed32 => (number as u32).into(),
        Kind::Sint32 => (zigzag(number) as i32).into(),
        Kind::Sint64 => zigzag(number).to_string().into(),
        Kind::Int64 | Kind::Sfixed64 => number.cast_signed().to_string().into(),
        _ => number.to_string().into(),
    })
}

fn zigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

fn from_float(value: f64) -> Value {
    match Number::from_f64(value) {
        Some(number) => number.into(),
        None if value.is_nan() => "NaN".into(),
        None if value > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}

/// The value of a field that is not on the wire.
fn default(schema: &Schema, kind: &Kind) -> Value {
    match kind {
        Kind::Bool => false.into(),
        Kind::String | Kind::Bytes => "".into(),
        Kind::Message(_) => json!({}),
        Kind::Enum(name) => {
            let first = schema.enums.get(name).and_then(|values| values.first());
            first.map_or_else(|| 0.into(), |(name, _)| name.as_str().into())
        }
        Kind::Int64 | Kind::Uint64 | Kind::Sint64 | Kind::Fixed64 | Kind::Sfixed64 => "0".into(),
        Kind::Double | Kind::Float => from_float(0.0),
        _ => 0.into(),
    }
}
