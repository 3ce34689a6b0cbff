//! The encoding against the examples of its documentation, and there and back.

use serde_json::json;

use super::*;

fn schema(text: &str) -> Schema {
    let mut schema = Schema::default();
    for import in schema.read(text).unwrap() {
        schema.read(well_known_file(&import).unwrap()).unwrap();
    }
    schema.resolve().unwrap();
    schema
}

const ALL: &str = r#"
syntax = "proto3";   // a comment
package shop.v1;
import "google/protobuf/timestamp.proto";
import public "google/protobuf/duration.proto";
import "google/protobuf/wrappers.proto";
option java_package = "it's; {odd}";
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
  repeated string names = 7 [json_name = "names"];
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
    let schema = schema(ALL);
    let check = |message: Value, bytes: &[u8]| {
        assert_eq!(
            encode::encode(&schema, "shop.v1.All", &message).unwrap(),
            bytes,
            "{message}"
        );
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
}

#[test]
fn what_is_sent_comes_back() {
    let schema = schema(ALL);
    let message = json!({
        "a": -7, "b": "ü", "c": {"a": 1, "again": {"a": 2}}, "d": [1, -1], "names": ["x", ""],
        "byName": {"k": {"a": 1}}, "flags": {"-1": true}, "zig": "-9007199254740993",
        "number": "18446744073709551615", "maybe": false, "colour": "BELOW", "ratio": 0.1,
        "third": 0.1, "f": 4_294_967_295_u32, "g": "-1", "raw": "AP8=",
        "at": "2030-01-31T12:00:00.5Z", "takes": "-1.5s", "note": "words",
        "colours": ["RED", "GREY"], "plain": true, "sides": {"false": "left"},
    });
    let bytes = encode::encode(&schema, "shop.v1.All", &message).unwrap();
    assert_eq!(
        decode::decode(&schema, "shop.v1.All", &bytes).unwrap(),
        message
    );
    // What cannot be told from its default is there, what can be is not.
    assert_eq!(
        decode::decode(&schema, "shop.v1.All", &[]).unwrap(),
        json!({
            "a": 0, "b": "", "d": [], "names": [], "byName": {}, "flags": {}, "zig": "0",
            "colour": "GREY", "ratio": 0.0, "third": 0.0, "f": 0, "g": "0", "raw": "",
            "colours": [], "plain": false, "sides": {},
        })
    );
    // Unknown fields are passed over, and lists need not be packed.
    let bytes = [0x30, 0x05, 0x30, 0x06, 0xf8, 0x3f, 0x01];
    assert_eq!(
        decode::decode(&schema, "shop.v1.All", &bytes).unwrap()["d"],
        json!([5, 6])
    );
}

#[test]
fn what_does_not_fit_is_named() {
    let schema = schema(ALL);
    let check = |message: Value, said: &str| {
        assert_eq!(
            encode::encode(&schema, "shop.v1.All", &message).unwrap_err(),
            said
        );
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
        json!({"c": {"a": 1.5}}),
        "`c`: `a`: `1.5` is not a whole number from -2147483648 to 2147483647",
    );
    check(
        json!({"colour": "GREEN"}),
        "`colour`: `\"GREEN\"` is not a value of `shop.v1.All.Colour`",
    );
    check(json!({"d": 1}), "`d`: `1` where a list is expected");
    check(json!([]), "`[]` where a `shop.v1.All` is a map");
    check(
        json!({"sides": {"left": "x"}}),
        "`sides`: `\"left\"` is not `true` or `false`",
    );
    check(
        json!({"at": "soon"}),
        "`at`: `soon` is no time such as `2030-01-31T12:00:00Z`",
    );
}

#[test]
fn broken_messages_and_files_are_refused() {
    let schema = schema(ALL);
    for bytes in [
        &[0x08][..],
        &[0x1a, 0x05, b'x'],
        &[0x0b],
        &[0x08, 0xff],
        &[0x1a, 0x01, 0xff],
        &[0x0a, 0x00],
    ] {
        assert!(
            decode::decode(&schema, "shop.v1.All", bytes).is_err(),
            "{bytes:?}"
        );
    }
    let nested = (0..200).fold(Vec::new(), |inner: Vec<u8>, _| {
        let mut outer = vec![0x12];
        outer.extend(if inner.len() < 128 {
            vec![u8::try_from(inner.len()).unwrap()]
        } else {
            vec![
                u8::try_from(inner.len() & 0x7f).unwrap() | 0x80,
                u8::try_from(inner.len() >> 7).unwrap(),
            ]
        });
        outer.extend(inner);
        outer
    });
    assert!(decode::decode(&schema, "shop.v1.All.Inner", &nested).is_err());
    for file in [
        "message A {",
        "message A { int32 a; }",
        "message A { int32 a = x; }",
        "edition = \"2023\";",
        "service S { rpc A(B) }",
        "message \"A",
        "nonsense",
    ] {
        assert!(Schema::default().read(file).is_err(), "{file}");
    }
    let mut schema = Schema::default();
    schema.read("message A { B b = 1; }").unwrap();
    assert!(schema.resolve().is_err());
}

#[test]
fn methods_are_known_by_their_full_names() {
    let schema = schema(ALL);
    assert_eq!(
        schema.methods["shop.v1.Shop/Get"].output,
        "shop.v1.All.Inner"
    );
    assert!(!schema.methods["shop.v1.Shop/Get"].streams);
    assert!(schema.methods["shop.v1.Shop/Watch"].streams);
}
