//! The encoding of protobuf, below messages: tags, numbers, lengths.

use super::schema::{Field, Kind, Schema};

/// The deepest nesting of messages.
pub(super) const MOST_DEPTH: usize = 64;

pub(super) fn fields<'s>(schema: &'s Schema, name: &str) -> Result<&'s [Field], String> {
    let fields = schema.messages.get(name);
    Ok(fields.ok_or_else(|| format!("`{name}` is not declared"))?)
}

pub(super) const VARINT: u8 = 0;
pub(super) const FIXED64: u8 = 1;
pub(super) const LENGTH: u8 = 2;
pub(super) const FIXED32: u8 = 5;

pub(super) fn wire_type(kind: &Kind) -> u8 {
    match kind {
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => FIXED64,
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => FIXED32,
        Kind::String | Kind::Bytes | Kind::Message(_) => LENGTH,
        _ => VARINT,
    }
}

pub(super) fn tag(number: u32, wire: u8, bytes: &mut Vec<u8>) {
    varint(u64::from(number) << 3 | u64::from(wire), bytes);
}

pub(super) fn varint(mut value: u64, bytes: &mut Vec<u8>) {
    while value >= 0x80 {
        bytes.push(lowest(value) | 0x80);
        value >>= 7;
    }
    bytes.push(lowest(value));
}

/// The lowest seven bits.
pub(super) fn lowest(value: u64) -> u8 {
    value.to_le_bytes()[0] & 0x7f
}

pub(super) fn range(kind: &Kind) -> (i128, i128) {
    match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => (i32::MIN.into(), i32::MAX.into()),
        Kind::Uint32 | Kind::Fixed32 => (0, u32::MAX.into()),
        Kind::Uint64 | Kind::Fixed64 => (0, u64::MAX.into()),
        _ => (i64::MIN.into(), i64::MAX.into()),
    }
}

pub(super) fn words(kind: &Kind) -> String {
    match kind {
        Kind::Double | Kind::Float => "a number".to_owned(),
        Kind::Bool => "`true` or `false`".to_owned(),
        Kind::String => "text".to_owned(),
        Kind::Bytes => "text in Base64".to_owned(),
        Kind::Message(name) => format!("a `{name}`"),
        Kind::Enum(name) => format!("a value of `{name}`"),
        _ => {
            let (least, most) = range(kind);
            format!("a whole number from {least} to {most}")
        }
    }
}

/// What stands behind a tag.
pub(super) enum Raw<'b> {
    Number(u64),
    Bytes(&'b [u8]),
}

pub(super) fn take_field<'b>(bytes: &mut &'b [u8]) -> Result<(u32, u8, Raw<'b>), String> {
    let tag = take_varint(bytes)?;
    let number = u32::try_from(tag >> 3).map_err(|_| "a field with too large a number")?;
    let wire = lowest(tag) & 7;
    let raw = match wire {
        VARINT => Raw::Number(take_varint(bytes)?),
        FIXED64 => Raw::Number(u64::from_le_bytes(take(bytes)?)),
        FIXED32 => Raw::Number(u32::from_le_bytes(take(bytes)?).into()),
        LENGTH => {
            let length = usize::try_from(take_varint(bytes)?).ok();
            let length = length.filter(|length| *length <= bytes.len());
            let (content, rest) = bytes.split_at(length.ok_or("a field that is cut short")?);
            *bytes = rest;
            Raw::Bytes(content)
        }
        other => return Err(format!("a field of the wire type {other}")),
    };
    Ok((number, wire, raw))
}

pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], String> {
    let (taken, rest) = bytes
        .split_first_chunk()
        .ok_or("a field that is cut short")?;
    *bytes = rest;
    Ok(*taken)
}

pub(super) fn take_varint(bytes: &mut &[u8]) -> Result<u64, String> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let [byte] = take(bytes)?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err("a number that does not end".to_owned())
}

/// `in_stock` as `inStock`.
pub(super) fn camel(name: &str) -> String {
    let mut camel = String::new();
    let mut upper = false;
    for c in name.chars() {
        if c == '_' {
            upper = true;
        } else if upper {
            camel.push(c.to_ascii_uppercase());
            upper = false;
        } else {
            camel.push(c);
        }
    }
    camel
}
