//! How deep a message may be, and how much may come of it.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// The message around another one, in its field of this number.
fn wrap(number: u8, inner: &[u8]) -> Vec<u8> {
    let mut outer = vec![number << 3 | 2];
    let mut length = inner.len();
    while length >= 0x80 {
        outer.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    outer.push(u8::try_from(length).unwrap());
    outer.extend(inner);
    outer
}

/// Does it with half the stack that a thread of the runtime has.
fn on_a_small_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(1024 * 1024);
        let thread = thread.spawn_scoped(scope, work).unwrap();
        thread.join().unwrap()
    })
}

const NESTED: &str = r#"
syntax = "proto3";
import "google/protobuf/any.proto";
import "google/protobuf/struct.proto";
message A {
  A inner = 1;
  google.protobuf.Any any = 2;
  google.protobuf.Value value = 3;
  repeated A more = 4;
}
"#;

#[test]
fn an_answer_of_any_depth_is_read_or_refused() {
    let call = call(NESTED, "A");
    let nest = |levels: usize, wrap: &dyn Fn(Vec<u8>) -> Vec<u8>| {
        (0..levels).fold(Vec::new(), |inner, _| wrap(inner))
    };
    let any = |name: &str, value: &[u8]| [wrap(1, name.as_bytes()), wrap(2, value)].concat();
    let in_message = |inner: Vec<u8>| wrap(1, &inner);
    let in_list = |inner: Vec<u8>| wrap(4, &inner);
    let in_any = |inner: Vec<u8>| wrap(2, &any("/A", &inner));
    let in_any_itself = |inner: Vec<u8>| any("/google.protobuf.Any", &inner);
    let list_value = |inner: Vec<u8>| wrap(6, &wrap(1, &inner));
    let check = |bytes: &[u8], expected: bool| {
        let found = on_a_small_stack(|| call.decode(bytes).map(drop));
        assert_eq!(found.is_ok(), expected, "{found:?}");
    };
    for (levels, expected) in [
        (1, true),
        (60, true),
        (100, true),
        (101, false),
        (5_000, false),
    ] {
        check(&nest(levels, &in_message), expected);
    }
    // Each level is a list in JSON too.
    for (levels, expected) in [(60, true), (100, false), (5_000, false)] {
        check(&nest(levels, &in_list), expected);
    }
    for (levels, expected) in [(1, true), (8, true), (11, false), (3_000, false)] {
        check(&nest(levels, &in_any), expected);
        let anys = (0..levels).fold(any("/A", &[]), |inner, _| in_any_itself(inner));
        check(&wrap(2, &anys), expected);
    }
    for (levels, expected) in [(1, true), (40, true), (100, false), (3_000, false)] {
        check(&wrap(3, &nest(levels, &list_value)), expected);
    }
}

#[test]
fn a_message_of_any_depth_is_sent_or_refused() {
    let call = call(NESTED, "A");
    for levels in [60, 120, 200] {
        let nest = |inner: Value| (0..levels).fold(inner, |inner, _| json!({"inner": inner}));
        for (message, expected) in [(nest(json!({})), levels < 127), (nest(json!(1)), false)] {
            let found = on_a_small_stack(|| call.encode(&message).map(drop));
            assert_eq!(found.is_ok(), expected, "{levels}");
        }
    }
}

#[test]
fn a_declaration_of_many_mistakes_is_refused_at_once() {
    let fields = (1..20_000).map(|number| format!("message M{number} {{ N n = 1; }}\n"));
    let imports = (1..20_000).map(|number| format!("import \"{number}.proto\";\n"));
    let options = "option (a) = 1;\n".to_owned();
    let check = |text: String, expected: &str| {
        let read = Schema::read("a.proto", Source::new("a.proto", text), &|_| Ok(None));
        let problems = read.unwrap_err();
        let titles: Vec<_> = problems.iter().map(|problem| &problem.title).collect();
        assert_eq!(titles, [expected]);
    };
    let fields = "syntax = 'proto3';\n".to_owned() + &fields.collect::<String>();
    check(fields, "a declaration that does not fit together");
    let imports = options + &imports.collect::<String>();
    check(imports, "a declaration of too many files");
}

#[test]
fn an_answer_that_becomes_much_json_is_refused() {
    let fields = (2..200).map(|number| format!("string field_{number} = {number};"));
    let fields = fields.collect::<String>();
    let text = format!("syntax = 'proto3'; message A {{ repeated A more = 1; {fields} }} ");
    let call = call(&text, "A");
    assert!(call.decode(&[0x0a, 0].repeat(100)).is_ok());
    let error = call.decode(&[0x0a, 0].repeat(100_000)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a `A` that JSON cannot hold: file too large"
    );
}

/// What a file may be made of, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "syntax = \"proto3\";",
        "package a;",
        "import \"b.proto\";",
        "import public \"google/protobuf/any.proto\";",
        "message",
        "enum",
        "service S { rpc C(A) returns (stream .a.A); }",
        "extend A { optional int32 x = 100; }",
        "oneof o {",
        "map<string, A> m = 3;",
        "optional group G = 4 {",
        "repeated A a = 1 [packed = true, (b.c).d = { e: [1, 2] }];",
        "int32 f = 18446744073709551615;",
        "A = -0x7f;",
        "option allow_alias = true;",
        "option (o) = { a { b: 1 } };",
        "reserved 2 to max, 5;",
        "extensions 100 to 199;",
        "[default = -inf]",
        "json_name = \"\\xff\"",
        "A",
        "{",
        "}",
        ";",
        "= 1",
        "'ü\\",
        "/* ",
        "// ü\n",
        "#",
        "0777e9",
    ]);
    prop::collection::vec(piece, 0..25).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_file_is_read_or_refused_with_a_place_inside_it(text in pieces()) {
        let source = Source::new("a.proto", text.as_str());
        let beside = |name: &str| Ok((name == "b.proto").then(|| source.beside("b.proto", &*text)));
        if let Err(problems) = Schema::read("a.proto", source.clone(), &beside) {
            prop_assert!(!problems.is_empty());
            let mut places = problems.iter().flat_map(|problem| &problem.place);
            prop_assert!(places.all(|place| place.span.end <= text.len()), "{problems:?}");
        }
    }

    /// It must not panic.
    #[test]
    fn any_bytes_are_a_message_or_none(bytes in prop::collection::vec(0_u8..40, 0..60)) {
        static CALLS: LazyLock<[Call; 2]> = LazyLock::new(|| [call(ALL, "All"), call(NESTED, "A")]);
        for call in &*CALLS {
            drop(call.decode(&bytes));
        }
    }
}
