//! The formats `email` and `idn-email`, which the validator takes too widely:
//! an address has something before its `@` (RFC 5321, section 4.1.2).

use std::error::Error;
use std::sync::LazyLock;

use boon::{Compiler, Format, SchemaIndex, Schemas};
use serde_json::{Value, json};

/// The formats, in the place of the validator's own.
pub(super) const FORMATS: [Format; 2] = [
    Format {
        name: "email",
        func: |value| check_address(value, &EMAIL),
    },
    Format {
        name: "idn-email",
        // The validator's `idn-email` refuses some addresses in ASCII that its
        // `email` takes.
        func: |value| match value.as_str() {
            Some(text) if text.is_ascii() => check_address(value, &EMAIL),
            _ => check_address(value, &IDN_EMAIL),
        },
    },
];

/// A schema of the validator's own format; none if it cannot be compiled.
type FormatSchema = LazyLock<Option<(Schemas, SchemaIndex)>>;

static EMAIL: FormatSchema = LazyLock::new(|| compile_format("email"));
static IDN_EMAIL: FormatSchema = LazyLock::new(|| compile_format("idn-email"));

fn compile_format(format: &str) -> Option<(Schemas, SchemaIndex)> {
    let mut compiler = Compiler::new();
    compiler.enable_format_assertions();
    let place = "http://schema.invalid/format";
    compiler
        .add_resource(place, json!({ "format": format }))
        .ok()?;
    let mut schemas = Schemas::new();
    let index = compiler.compile(place, &mut schemas).ok()?;
    Some((schemas, index))
}

fn check_address(value: &Value, schema: &FormatSchema) -> Result<(), Box<dyn Error>> {
    let Value::String(text) = value else {
        return Ok(());
    };
    if text.starts_with('@') {
        return Err("nothing before the @".into());
    }
    match &**schema {
        Some((schemas, index)) if schemas.validate(value, *index).is_ok() => Ok(()),
        _ => Err("no address".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_something_on_both_sides_of_its_at() {
        let accepts = |format: &Format, text: &str| (format.func)(&json!(text)).is_ok();
        for format in &FORMATS {
            for text in ["a@example.com", "a.b+c@shop.example", "\"a b\"@example.com"] {
                assert!(accepts(format, text), "{}: {text}", format.name);
            }
            for text in [
                "@example.com",
                "@",
                "a@",
                "",
                "a",
                ".a@example.com",
                "@@example.com",
            ] {
                assert!(!accepts(format, text), "{}: {text}", format.name);
            }
            assert!((format.func)(&json!(5)).is_ok());
        }
        assert!(accepts(&FORMATS[1], "größe@bücher.example"));
    }
}
