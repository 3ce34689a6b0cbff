//! The encoding against the examples of its documentation, and there and back.

mod bounds;

use serde_json::json;

use super::*;
use diagnostic::Source;

fn schema(text: &str) -> Schema {
    Schema::read("all.proto", Source::new("all.proto", text), &|_| Ok(None)).unwrap()
}

/// A call that sends and gets a message of this type.
fn call(text: &str, name: &str) -> Call {
    let service = format!("service Echo {{ rpc Call({name}) returns ({name}); }}");
    let schema = schema(&format!("{text}{service}"));
    let calls = schema.call_names();
    let call = calls.iter().find(|name| name.ends_with("Echo/Call"));
    schema.find_call(call.unwrap()).unwrap()
}

const ALL: &str = r#"
syntax = "proto3";   // a comment
package shop.v1;
import "google/protobuf/timestamp.proto";
import public "google/protobuf/duration.proto";
import "google/protobuf/wrappers.proto";
option java_package = "it's; {odd}";
option (meta) = { names: ["a", "b"] inner { deep: true } };
/* message Nothing { */
message All {
  option deprecated = true;
  reserved 2, 15, 9 to 11;
  enum Colour { option allow_alias = true; GREY = 0; RED = 1 [deprecated = true]; BELOW = -1; }
  message Inner { int32 a = 1; Inner again = 2; }
  int32 a = 1;
  string b = 3;
  Inner c = 4;
  repeated int32 d = 6;
  repeated string names = 7 [json_name = "allNames"];
  map<string, Inner> by_name = 8;
  map<int32, bool> flags = 12;
  map<bool, string> sides = 29;
  sint64 zig = 13;
  oneof choice { string text_of_it = 14; uint64 number = 16; }
  optional bool maybe = 17;
  Colour colour = 18;
  double ratio = 19;
  float third = 20;
  fixed32 f = 21;
  sfixed64 g = 22;
  bytes raw = 23;
  google.protobuf.Timestamp at = 24;
  google.protobuf.Duration takes = 25;
  .google.protobuf.StringValue note = 26;
  repeated Colour colours = 27;
  bool plain = 28;
}
service Shop {
  option (x).y = "z";
  rpc Get(All) returns (All.Inner) { option idempotency_level = NO_SIDE_EFFECTS; }
  rpc Watch(All) returns (stream All);
}
"#;

#[test]
fn messages_are_encoded_as_the_documentation_shows() {
    let call = call(ALL, "All");
    let check = |message: Value, bytes: &[u8]| {
        assert_eq!(call.encode(&message).unwrap(), bytes, "{message}");
    };
    check(json!({"a": 150}), &[0x08, 0x96, 0x01]);
    check(json!({"b": "testing"}), b"\x1a\x07testing");
    check(json!({"c": {"a": 150}}), &[0x22, 0x03, 0x08, 0x96, 0x01]);
    check(
        json!({"d": [3, 270, 86942]}),
        &[0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05],
    );
    check(json!({"zig": -2}), &[0x68, 0x03]);
    check(
        json!({"a": -2}),
        &[
            0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
        ],
    );
    check(json!({"f": 1}), &[0xad, 0x01, 1, 0, 0, 0]);
    check(json!({"b": null}), &[]);
    // What can be told from its default is sent, what cannot is not.
    check(json!({"maybe": false, "plain": false}), &[0x88, 0x01, 0x00]);
}

#[test]
fn lists_of_numbers_are_packed_as_the_file_says() {
    let check = |syntax: &str, field: &str, bytes: &[u8]| {
        let call = call(&format!("{syntax} message A {{ {field} }} "), "A");
        assert_eq!(
            call.encode(&json!({"d": [1, 2]})).unwrap(),
            bytes,
            "{field}"
        );
        // Both ways are read, whatever the file says.
        for bytes in [&[0x0a, 2, 1, 2][..], &[0x08, 1, 0x08, 2]] {
            assert_eq!(call.decode(bytes).unwrap(), json!({"d": [1, 2]}), "{field}");
        }
    };
    let (two, three) = ("syntax = 'proto2';", "syntax = 'proto3';");
    let (packed, each) = ([0x0a, 2, 1, 2], [0x08, 1, 0x08, 2]);
    check(three, "repeated int32 d = 1;", &packed);
    check(three, "repeated int32 d = 1 [deprecated = true];", &packed);
    check(three, "repeated int32 d = 1 [packed = false];", &each);
    check(two, "repeated int32 d = 1;", &each);
    check(
        two,
        "repeated int32 d = 1 [packed = true, (x).y = { z: 1 }];",
        &packed,
    );
}

#[test]
fn what_is_sent_comes_back() {
    let call = call(ALL, "All");
    let message = json!({
        "a": -7, "b": "ü", "c": {"a": 1, "again": {"a": 2}}, "d": [1, -1],
        "allNames": ["x", ""], "byName": {"k": {"a": 1}}, "flags": {"-1": true},
        "zig": "-9007199254740993", "number": "18446744073709551615", "maybe": false,
        "colour": "BELOW", "ratio": 0.1, "third": 0.1, "f": 4_294_967_295_u32, "g": "-1",
        "raw": "AP8=", "at": "2030-01-31T12:00:00.500Z", "takes": "-1.500s",
        "note": "words", "colours": ["RED", "GREY", 7], "plain": true,
        "sides": {"false": "left"},
    });
    let bytes = call.encode(&message).unwrap();
    assert_eq!(call.decode(&bytes).unwrap(), message);
    // What cannot be told from its default is there, what can be is not.
    assert_eq!(
        call.decode(&[]).unwrap(),
        json!({
            "a": 0, "b": "", "d": [], "allNames": [], "byName": {}, "flags": {}, "zig": "0",
            "colour": "GREY", "ratio": 0.0, "third": 0.0, "f": 0, "g": "0", "raw": "",
            "colours": [], "plain": false, "sides": {},
        })
    );
    // Fields are known by their names in the file too, and unknown ones are
    // passed over.
    let own = json!({"names": ["x"], "by_name": {"k": {}}});
    let json_names = json!({"allNames": ["x"], "byName": {"k": {}}});
    let encoded = |message| call.encode(&message).unwrap();
    assert_eq!(encoded(own), encoded(json_names));
    assert_eq!(
        call.decode(&[0xf8, 0x3f, 0x01]).unwrap(),
        call.decode(&[]).unwrap()
    );
}

#[test]
fn members_stand_in_the_order_of_their_names() {
    let call = call(ALL, "All");
    let names: Vec<_> = (0..50).map(|number| format!("n{number:02}")).collect();
    let entries = names.iter().rev().map(|name| (name.clone(), json!({})));
    let message = json!({"byName": entries.collect::<serde_json::Map<_, _>>()});
    let answer = call.decode(&call.encode(&message).unwrap()).unwrap();
    let found: Vec<_> = answer["byName"].as_object().unwrap().keys().collect();
    assert_eq!(found, names.iter().collect::<Vec<_>>());
}

#[test]
fn well_known_types_have_their_own_form() {
    let text = r#"
syntax = "proto3";
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
message A {
  google.protobuf.Any any = 1;
  google.protobuf.Struct struct = 2;
  google.protobuf.Value value = 3;
  google.protobuf.ListValue list = 4;
  google.protobuf.FieldMask mask = 5;
  google.protobuf.Int64Value stock = 6;
  google.protobuf.BoolValue open = 7;
  google.protobuf.BytesValue raw = 8;
  google.protobuf.Timestamp at = 9;
  google.protobuf.Duration takes = 10;
  google.protobuf.Empty empty = 11;
}
"#;
    let call = call(text, "A");
    let check = |message: Value| {
        let bytes = call.encode(&message).unwrap();
        assert_eq!(call.decode(&bytes).unwrap(), message);
    };
    check(json!({}));
    check(json!({"any": {"@type": "type.googleapis.com/A", "open": true}}));
    check(json!({"any": {"@type": "x/google.protobuf.Duration", "value": "1s"}}));
    check(json!({"struct": {"a": [1.0, "b", null, {"c": true}], "b": {}}}));
    check(json!({"value": null}));
    check(json!({"value": [{"a": "b"}], "list": [1.5, []]}));
    check(json!({"mask": "name,item.priceCents"}));
    check(json!({"stock": "-9007199254740993", "open": false, "raw": "AP8="}));
    check(json!({"at": "1969-12-31T23:59:59.000000001Z", "takes": "-0.000001s"}));
    check(json!({"at": "2030-01-31T12:00:00Z", "takes": "90s", "empty": {}}));
}

#[test]
fn what_does_not_fit_is_named() {
    let call = call(ALL, "All");
    let check = |message: Value, expected: &str| {
        let error = call.encode(&message).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check(
        json!({"colou": 1}),
        "`shop.v1.All` has no field `colou`, but `colour`",
    );
    check(
        json!({"a": "x"}),
        "`a`: `\"x\"` is not a whole number from -2147483648 to 2147483647",
    );
    check(
        json!({"a": 1, "c": {"a": 1.5}}),
        "`c`: `a`: `1.5` is not a whole number from -2147483648 to 2147483647",
    );
    check(
        json!({"f": -1}),
        "`f`: `-1` is not a whole number from 0 to 4294967295",
    );
    check(
        json!({"colour": "GREEN"}),
        "`colour`: `\"GREEN\"` is not a value of `shop.v1.All.Colour`",
    );
    check(json!({"b": 1}), "`b`: `1` is not text");
    check(json!({"d": 1}), "`d`: `1` where a list is expected");
    check(
        json!({"d": [1, 2, []]}),
        "`d[2]`: `[]` is not a whole number from -2147483648 to 2147483647",
    );
    check(
        json!({"sides": []}),
        "`sides`: `[]` where a map is expected",
    );
    check(json!([]), "`[]` where a `shop.v1.All` is a map");
    check(
        json!({"sides": {"left": "x"}}),
        "`sides`: `\"left\"` is not `true` or `false`",
    );
    check(
        json!({"byName": {"k": {"again": {"b": 1}}}}),
        "`byName`: `k`: `again`: `shop.v1.All.Inner` has no field `b`",
    );
    check(
        json!({"at": "soon"}),
        "`at`: `\"soon\"` is not a time such as `2030-01-31T12:00:00Z`",
    );
    check(
        json!({"takes": 1}),
        "`takes`: `1` is not a duration such as `1.5s`",
    );
    check(json!({"note": 1}), "`note`: `1` is not text");
    check(
        json!({"text_of_it": "a", "number": 1}),
        "multiple fields provided for oneof `choice`",
    );
}

#[test]
fn broken_messages_are_refused() {
    let call = call(ALL, "All");
    for bytes in [
        &[0x08][..],
        &[0x1a, 0x05, b'x'],
        &[0x0b],
        &[0x08, 0xff],
        &[0x1a, 0x01, 0xff],
        &[0x0a, 0x00],
    ] {
        assert!(call.decode(bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn what_no_file_declares_is_refused() {
    for file in [
        "message A {",
        "message A { int32 a; }",
        "message A { int32 a = x; }",
        "edition = \"2023\";",
        "service S { rpc A(B) }",
        "message \"A",
        "nonsense",
        "syntax = 'proto3'; message A { B b = 1; }",
    ] {
        let source = Source::new("a.proto", file);
        let read = Schema::read("a.proto", source, &|_| Ok(None));
        let problems = read.unwrap_err();
        assert!(!problems.is_empty(), "{file}");
    }
}

#[test]
fn calls_are_known_by_their_full_names() {
    let schema = schema(ALL);
    let get = schema.find_call("shop.v1.Shop/Get").unwrap();
    assert_eq!(get.input_name(), "shop.v1.All");
    assert!(!get.is_stream());
    assert!(schema.find_call("shop.v1.Shop/Watch").unwrap().is_stream());
    assert!(schema.find_call("shop.v1.Shop/get").is_none());
}
