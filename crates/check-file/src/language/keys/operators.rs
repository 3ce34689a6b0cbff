//! The operators of predicates.

use super::kind::{Kind, Values};
use super::{Table, property};
use crate::predicate::Order;
use Kind::{
    Flag, JsonSchema, JsonType, Limit, List, Literal, Nested, Operand, Pattern, Text, Words,
};

const POINTER: Kind = Pattern("a reference such as `#/components/schemas/Order`", "^#/");

const CHOICES: Kind = List(&Literal, 1, usize::MAX);

#[rustfmt::skip]
pub(crate) static OPERATORS: Table = Table::new("a predicate", &[&[
    property("equals", Operand(Values::Exact, &Literal), "{ city: Berlin }",
        "Is equal; `1` equals `1.0`. A map is compared below `equals`."),
    property("contains", Operand(Values::Text, &Literal), "travel-mug",
        "Text that holds this text, a list that holds this element, a map that holds these members."),
    property("starts_with", Operand(Values::Text, &Text), "Demo", "Text begins so."),
    property("ends_with", Operand(Values::Text, &Text), "\"@example.com\"", "Text ends so."),
    property("matches", Operand(Values::Text, &Text), "'^[^@ ]+@'", "Text matches this regular expression, anywhere in it."),
    property("exists", Operand(Values::All, &Flag), "false", "Whether it is there. Only `exists: false` is met by what is not there."),
    property("one_of", Operand(Values::All, &CHOICES), "[silver, gold]", "Equals one of these."),
    property("above", Operand(Values::All, &Limit), "0", "Is a number, or a text that is written as one, and more than this; for a time, a duration."),
    property("below", Operand(Values::All, &Limit), "1000", "Is less than this."),
    property("at_least", Operand(Values::All, &Limit), "1", "Is this or more."),
    property("at_most", Operand(Values::All, &Limit), "5", "Is this or less."),
    property("count", Operand(Values::Lists, &Nested), "{ at_least: 1 }", "How many elements a list or map has: a number or predicates."),
    property("each", Operand(Values::Lists, &Nested), "{ above: 0 }", "A list, not empty, of which each element meets this."),
    property("unique", Operand(Values::Lists, &Flag), "true", "Whether each element of a list stands once; equal as by `equals`."),
    property("sorted", Operand(Values::Lists, &Words(&Order::NAMES)), "asc",
        "Whether a list is in ascending or descending order: numbers by value, texts by Unicode scalar values. Equal neighbours may be."),
    property("type", Operand(Values::Json, &JsonType), "integer", "What kind of JSON value it is."),
    property("schema", Operand(Values::Json, &JsonSchema(&SCHEMA)), "{ type: object, required: [id] }",
        "JSON as this JSON Schema demands; `{ file: …, at: \"#/…\" }` for one in a file, such as an OpenAPI document.").in_section("#json-schema"),
    property("empty", Operand(Values::Text, &Flag), "false", "Whether text, list or map is empty."),
    property("not", Operand(Values::All, &Nested), "{ equals: 0 }", "Is there, and does not meet what stands here."),
]]).bound_size(1, usize::MAX);

/// A JSON Schema that stands in a file.
#[rustfmt::skip]
pub(crate) static SCHEMA: Table = Table::new("`schema`", &[&[
    property("file", Text, "order.schema.json", "A JSON or YAML file, relative to the check file."),
    property("at", POINTER, "\"#/components/schemas/Order\"", "The place of the schema in the file."),
]]).require_all(&["file"]);
