//! What may stand in a `.proto` file, and what is said of one that is wrong.

use diagnostic::Source;
use runner::settings::Selection;

/// What is said of a check file with this call, beside these files.
fn problems(files: &[(&str, &str)], call: &str) -> String {
    let files: Vec<_> = files
        .iter()
        .map(|(name, text)| (*name, text.as_bytes()))
        .collect();
    problems_beside(&files, call)
}

fn problems_beside(files: &[(&str, &[u8])], call: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let call = call.trim().replace('\n', "\n    ");
    let text = format!("checks:\n  - name: a\n    writes: true\n    {call}\n");
    let source = Source::new(folder.path().join("shop.yaml"), text);
    let problems = super::malformed_files::problems_of(&[source], &Selection::default());
    problems.replace(&format!("{}/", folder.path().display()), "")
}

/// A file that uses what other tools than a compiler read.
const OPTIONS: &str = r#"
syntax = "proto3";
package shop.v1;

import "google/api/annotations.proto";
import "buf/validate/validate.proto";
import "google/protobuf/any.proto";
import "google/protobuf/api.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/wrappers.proto";

option go_package = "example.com/shop/v1;shopv1";
option (openapi.info) = { title: "shop" version: "1" contact { name: "we" } };

service Shop {
  option (google.api.default_host) = "shop.example.com";
  rpc Update(Item) returns (Item) {
    option (google.api.http) = {
      patch: "/v1/{name=items/*}"
      body: "*"
      additional_bindings { put: "/v1/items" }
    };
  }
}

message Item {
  option (google.api.resource) = { type: "shop/Item" pattern: ["items/{item}"] };
  string name = 1 [(buf.validate.field) = { string: { min_len: 1, pattern: "^[a-z]+$" } }];
  int64 price_cents = 2 [json_name = "cents", deprecated = true];
  google.protobuf.Struct labels = 3;
  google.protobuf.Any detail = 4;
  google.protobuf.FieldMask mask = 5;
  google.protobuf.Int64Value stock = 6;
  google.protobuf.Value anything = 7;
  google.protobuf.ListValue list = 8;
}
"#;

#[test]
fn options_and_the_files_that_only_they_need_are_passed_over() {
    let call = r#"
grpc: shop.v1.Shop/Update
proto: shop.proto
message:
  name: cup
  cents: "1250"
  labels: { colour: red, sizes: [1, 2.5], none: null, deep: { a: true } }
  detail: { "@type": type.googleapis.com/shop.v1.Item, name: inner, cents: 1 }
  mask: "name,cents"
  stock: "9007199254740993"
  anything: [1, { a: null }]
  list: [a, 1]
"#;
    assert_eq!(
        problems(&[("shop.proto", OPTIONS)], call),
        "valid: 1 checks"
    );
}

const CALL: &str = "grpc: shop.v1.Shop/Get\nproto: protos/shop.proto";

/// What is said of a file with this in the place of the item's fields, and with
/// these imports.
fn problems_of_item(imports: &str, item: &str) -> String {
    let text = format!(
        r#"syntax = "proto3";
package shop.v1;
{imports}
service Shop {{ rpc Get(Item) returns (Item); }}
message Item {{
  {item}
}}
"#
    );
    problems(&[("protos/shop.proto", &text)], CALL)
}

#[test]
fn a_mistake_in_a_declaration_is_shown_where_it_stands() {
    insta::assert_snapshot!(problems_of_item("", "int32 größe = 1;"), @r#"
    error: invalid token
     --> protos/shop.proto:6:11
      |
    6 |   int32 größe = 1;
      |           ^ expected a declaration of proto2 or proto3, found `ö`
      |
     ::: shop.yaml:5:12
      |
    5 |     proto: protos/shop.proto
      |            ----------------- the declaration of this call
      |
      = help: write it as compilers of protobuf read it
    "#);
    insta::assert_snapshot!(problems_of_item("", "int32 size = 1"), @r#"
    error: expected `;` or `[`, but found `}`
     --> protos/shop.proto:7:1
      |
    7 | }
      | ^ expected a declaration of proto2 or proto3, found `}`
      |
     ::: shop.yaml:5:12
      |
    5 |     proto: protos/shop.proto
      |            ----------------- the declaration of this call
      |
      = help: write it as compilers of protobuf read it
    "#);
    insta::assert_snapshot!(problems_of_item("", "Size size = 1;\n  Colour colour = 2;"), @r#"
    error: name `Size` is not defined
     --> protos/shop.proto:6:3
      |
    6 |   Size size = 1;
      |   ^^^^ expected a declaration that fits the others, found `Size`
      |
     ::: shop.yaml:5:12
      |
    5 |     proto: protos/shop.proto
      |            ----------------- the declaration of this call
      |
      = help: declare each name and number once, in this file or in one that it imports

    error: name `Colour` is not defined
     --> protos/shop.proto:7:3
      |
    7 |   Colour colour = 2;
      |   ^^^^^^ expected a declaration that fits the others, found `Colour`
      |
     ::: shop.yaml:5:12
      |
    5 |     proto: protos/shop.proto
      |            ----------------- the declaration of this call
      |
      = help: declare each name and number once, in this file or in one that it imports
    "#);
    insta::assert_snapshot!(problems_of_item("", "int32 a = 1;\n  string b = 1;"), @r#"
    error: field number `1` is already used
     --> protos/shop.proto:6:13
      |
    6 |   int32 a = 1;
      |             ^ expected a declaration that fits the others, found `1`
    7 |   string b = 1;
      |              - defined again here
      |
     ::: shop.yaml:5:12
      |
    5 |     proto: protos/shop.proto
      |            ----------------- the declaration of this call
      |
      = help: declare each name and number once, in this file or in one that it imports
    "#);
    insta::assert_snapshot!(problems_of_item("", "reserved 2 to 4;\n  int32 a = 3;"), @r#"
    error: field number `3` conflicts with reserved range `2 to 4`
     --> protos/shop.proto:6:12
      |
    6 |   reserved 2 to 4;
      |            ^^^^^^ expected a declaration that fits the others, found `2 to 4`
    7 |   int32 a = 3;
      |             - defined here
      |
     ::: shop.yaml:5:12
      |
    5 |     proto: protos/shop.proto
      |            ----------------- the declaration of this call
      |
      = help: declare each name and number once, in this file or in one that it imports
    "#);
    let unfinished = "syntax = \"proto3\";\nmessage Item {\n  int32 a = 1;\n";
    insta::assert_snapshot!(problems(&[("protos/shop.proto", unfinished)], CALL), @r#"
    error: expected a message field, oneof, reserved range, enum, message, option or `}`, but reached end of file
     --> protos/shop.proto:3:15
      |
    3 |   int32 a = 1;
      |               ^ expected a declaration of proto2 or proto3, found the end of the file
      |
     ::: shop.yaml:5:12
      |
    5 |     proto: protos/shop.proto
      |            ----------------- the declaration of this call
      |
      = help: write it as compilers of protobuf read it
    "#);
    let edition = "edition = \"2023\";\n";
    insta::assert_snapshot!(problems(&[("protos/shop.proto", edition)], CALL), @r#"
    error: expected `enum`, `extend`, `import`, `message`, `option`, `service`, `package` or `;`, but found `edition`
     --> protos/shop.proto:1:1
      |
    1 | edition = "2023";
      | ^^^^^^^ expected a declaration of proto2 or proto3, found `edition`
      |
     ::: shop.yaml:5:12
      |
    5 |     proto: protos/shop.proto
      |            ----------------- the declaration of this call
      |
      = help: write it as compilers of protobuf read it
    "#);
}

#[test]
fn a_type_from_an_import_that_is_not_there_names_the_import() {
    let imports = "import \"google/api/annotations.proto\";\nimport \"google/type/money.proto\";\n";
    let item = "google.type.Money price = 1 [(google.api.field_behavior) = REQUIRED];";
    insta::assert_snapshot!(problems_of_item(imports, item), @r#"
    error: name `google.type.Money` is not defined
     --> protos/shop.proto:8:3
      |
    3 | import "google/api/annotations.proto";
      | -------------------------------------- `google/api/annotations.proto` is not there
    4 | import "google/type/money.proto";
      | --------------------------------- `google/type/money.proto` is not there
    ...
    8 |   google.type.Money price = 1 [(google.api.field_behavior) = REQUIRED];
      |   ^^^^^^^^^^^^^^^^^ expected a declaration that fits the others, found `google.type.Money`
      |
     ::: shop.yaml:5:12
      |
    5 |     proto: protos/shop.proto
      |            ----------------- the declaration of this call
      |
      = help: declare each name and number once, in this file or in one that it imports
    "#);
}

#[test]
fn an_import_is_looked_for_beside_both_files() {
    let shop = r#"
syntax = "proto3";
package shop.v1;
import public "item.proto";
import "common/money.proto";
service Shop { rpc Get(Item) returns (Item); }
"#;
    let item = r#"
syntax = "proto3";
package shop.v1;
import public "common/size.proto";
message Item { common.Size size = 1; common.Money price = 2; }
"#;
    let size =
        r#"syntax = "proto3"; package common; import "item.proto"; message Size { int32 cm = 1; }"#;
    let money = r#"syntax = "proto3"; package common; message Money { int64 cents = 1; }"#;
    let files = [
        ("protos/shop.proto", shop),
        ("protos/item.proto", item),
        ("protos/common/size.proto", size),
        ("common/money.proto", money),
    ];
    let call = format!("{CALL}\nmessage: {{ size: {{ cm: 1 }}, price: {{ cents: 1 }} }}");
    assert_eq!(problems(&files, &call), "valid: 1 checks");
}

#[test]
fn an_import_that_cannot_be_read_says_why() {
    let shop = "syntax = \"proto3\";\nimport \"a.proto\";\nimport \"b.proto\";\n";
    let huge = "/".repeat(1024 * 1024 + 1);
    let files = [
        ("protos/shop.proto", shop.as_bytes()),
        ("protos/a.proto", b"// \xff".as_slice()),
        ("b.proto", huge.as_bytes()),
    ];
    insta::assert_snapshot!(problems_beside(&files, CALL), @r#"
    error: an import that cannot be read
     --> protos/shop.proto:2:1
      |
    2 | import "a.proto";
      | ^^^^^^^^^^^^^^^^^ expected a text of proto2 or proto3, found stream did not contain valid UTF-8
      |
     ::: shop.yaml:5:12
      |
    5 |     proto: protos/shop.proto
      |            ----------------- the declaration of this call
      |
      = help: mend the file, or import another one

    error: an import that cannot be read
     --> protos/shop.proto:3:1
      |
    3 | import "b.proto";
      | ^^^^^^^^^^^^^^^^^ expected a text of proto2 or proto3, found 1048577 bytes, where a file has at most 1048576 bytes
      |
     ::: shop.yaml:5:12
      |
    5 |     proto: protos/shop.proto
      |            ----------------- the declaration of this call
      |
      = help: mend the file, or import another one
    "#);
    insta::assert_snapshot!(problems(&[], CALL), @r#"
    error: a declaration that cannot be read
     --> shop.yaml:5:12
      |
    5 |     proto: protos/shop.proto
      |            ^^^^^^^^^^^^^^^^^ expected a file of proto2 or proto3, found `protos/shop.proto` is not there
      |
      = help: name the file by its path from the check file
    "#);
    insta::assert_snapshot!(problems_beside(&[("protos/shop.proto", b"\xff")], CALL), @r#"
    error: a declaration that cannot be read
     --> shop.yaml:5:12
      |
    5 |     proto: protos/shop.proto
      |            ^^^^^^^^^^^^^^^^^ expected a file of proto2 or proto3, found `protos/shop.proto`: stream did not contain valid UTF-8
      |
      = help: name the file by its path from the check file
    "#);
}

#[test]
fn a_declaration_is_made_of_so_many_files_and_each_name_is_declared_once() {
    let texts: Vec<_> = (0..64)
        .map(|number| {
            let next = number + 1;
            (
                format!("{number}.proto"),
                format!("import \"{next}.proto\";\n"),
            )
        })
        .collect();
    let files = texts
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()));
    let files: Vec<_> = files.collect();
    let call = "grpc: shop.v1.Shop/Get\nproto: 0.proto";
    insta::assert_snapshot!(problems(&files, call), @r#"
    error: a declaration of too many files
     --> 63.proto:1:1
      |
    1 | import "64.proto";
      | ^^^^^^^^^^^^^^^^^^ expected at most 64 files, with all imports, found `64.proto` beside them
      |
     ::: shop.yaml:5:12
      |
    5 |     proto: 0.proto
      |            ------- the declaration of this call
      |
      = help: declare the call in a file that imports less
    "#);
    let shop = r#"
syntax = "proto3";
package google.protobuf;
import "google/protobuf/timestamp.proto";
message Timestamp {}
"#;
    insta::assert_snapshot!(problems(&[("protos/shop.proto", shop)], CALL), @r#"
    error: a declaration that does not fit together
     --> shop.yaml:5:12
      |
    5 |     proto: protos/shop.proto
      |            ^^^^^^^^^^^^^^^^^ expected a declaration that fits the others, found name `google.protobuf.Timestamp` is already defined in file `protos/shop.proto`
      |
      = help: declare each name and number once, in this file or in one that it imports
    "#);
}

#[test]
fn a_message_that_does_not_fit_says_where_and_what_would() {
    let check = |message: &str| {
        let call = format!("grpc: shop.v1.Shop/Update\nproto: shop.proto\nmessage: {message}");
        let problems = problems(&[("shop.proto", OPTIONS)], &call);
        let found = problems.lines().find(|line| line.contains("expected"));
        found.unwrap().split("found ").nth(1).unwrap().to_owned()
    };
    let found = [
        "{ price: 1 }",
        "{ cents: 1.5 }",
        "{ labels: [1] }",
        "{ detail: { a: 1 } }",
        "{ detail: { '@type': a/b.C } }",
        "{ mask: [name] }",
        "{ stock: many }",
        "{ list: {} }",
    ]
    .map(check);
    insta::assert_snapshot!(found.join("\n"), @r#"
    `shop.v1.Item` has no field `price`, but `price_cents`
    `cents`: `1.5` is not a whole number from -9223372036854775808 to 9223372036854775807
    `labels`: `[1]` is not a map
    `detail`: `{"a":1}` is not a map with `@type` and its fields: expected `@type` field
    `detail`: `{"@type":"a/b.C"}` is not a map with `@type` and its fields: message `b.C` not found
    `mask`: `["name"]` is not text with the names of fields, such as `name,priceCents`
    `stock`: `"many"` is not a whole number from -9223372036854775808 to 9223372036854775807
    `list`: `{}` is not a list
    "#);
}
