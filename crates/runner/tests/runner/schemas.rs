//! JSON Schemas as expectations: inline, from files, and inside `OpenAPI`
//! documents, against a real TLS load balancer on loopback.

use std::path::Path;

use client::http::Client;
use diagnostic::Source;
use diagnostic::snippet::{Colour, render};
use report::Outcome;
use runner::plan::plan;
use runner::settings::{Limits, Selection};

use crate::support::{connection, fails, passes, stage};

const OPENAPI_3_1: &str = r##"
openapi: 3.1.0
info: { title: shop, version: "1" }
paths:
  /catalogue:
    get:
      responses:
        "200":
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Catalogue" }
components:
  schemas:
    Catalogue:
      type: object
      required: [count, items]
      properties:
        count: { type: integer, minimum: 1 }
        items: { type: array, items: { $ref: "#/components/schemas/Item" } }
    Item:
      type: object
      required: [id, price_cents]
      properties:
        id: { type: string, pattern: "^[a-z-]+$" }
        price_cents: { type: [integer, "null"], exclusiveMinimum: 0 }
"##;

/// What is said about a check of this text that stands beside these files.
fn said(files: &[(&str, &str)], expect: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    match planned(folder.path(), files, expect) {
        Ok(plan) => format!("valid: {} checks", plan.check_count()),
        Err(problems) => problems
            .diagnostics()
            .iter()
            .inspect(|problem| assert!(problem.help.is_some(), "{problem:?}"))
            .map(|problem| render(problem, Colour::Never))
            .collect::<Vec<_>>()
            .join("\n\n")
            .replace(folder.path().to_str().unwrap(), "FOLDER"),
    }
}

fn planned(
    folder: &Path,
    files: &[(&str, &str)],
    expect: &str,
) -> Result<runner::plan::Plan, diagnostic::Problems> {
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let text = format!("checks:\n  - name: a\n    get: /catalogue\n    expect: {expect}\n");
    let source = Source::new(folder.join("shop.yaml"), text);
    plan(&[source], &Selection::default(), &|_| None)
}

async fn outcome(files: &[(&str, &str)], expect: &str) -> Outcome {
    let stage = stage().await;
    let folder = tempfile::tempdir().unwrap();
    let plan =
        planned(folder.path(), files, expect).unwrap_or_else(|problems| panic!("{problems}"));
    let client = Client::new(&connection(&stage)).unwrap();
    let report = runner::run::run(&plan, &client, Limits::default(), &|_| {}).await;
    report.checks[0].outcome
}

#[tokio::test]
async fn an_inline_schema_is_held_against_json() {
    let stage = stage().await;
    passes(
        &stage,
        r##"
get: /catalogue
expect:
  json:
    $:
      schema:
        type: object
        required: [count, items]
        properties:
          count: { type: integer, minimum: 1 }
          items: { type: array, items: { $ref: "#/$defs/item" }, minItems: 1 }
        $defs:
          item: { type: object, required: [id], properties: { id: { type: string } } }
    $.items[0].name: { schema: { type: string, maxLength: 50 }, not: { schema: { const: "" } } }
    "$.items[*]": { each: { schema: { required: [price_cents] } } }
"##,
    )
    .await;
    insta::assert_snapshot!(fails(&stage, r#"
post: /json-echo
json: { id: 5, lines: [{ quantity: 1 }, { quantity: "two" }], extra: true, kind: c, "a/b": 1 }
expect:
  json:
    $: { schema: { required: [id, total], properties: { id: { type: string }, lines: { items: { properties: { quantity: { type: integer } } } }, kind: { enum: [a, b] }, a/b: { minimum: 2 }, extra: { anyOf: [{ type: integer }, { const: / }] } } } }
    $.id: { schema: false }
    $.lines: { each: { schema: { properties: { quantity: { type: [integer, boolean] } }, additionalProperties: false } } }
    $.lines[0]: { schema: { properties: { id: true }, additionalProperties: false } }
"#).await, @r#"
    error[wrong-answer]: unexpected JSON at `$`
     --> shop.yaml:7:14
      |
    7 | ... { schema: { required: [id, total], prope...{ type: integer }, { const: / }] } } } }
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^...^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected JSON as in the schema, found at the top `{"id":5,"lines":[{"quantity":1},{"quantity":"two"}],"extra":true,"kind":"c","a/b":1}`: without `total`; at `/a~1b` `1`: must be >=2, but got 1; at `/extra` `true`: expected one of the alternatives, and none fits; at `/id` `5`: expected string; at `/kind` `"c"`: value must be one of 'a', 'b'; and 1 more
    error[wrong-answer]: unexpected JSON at `$.id`
     --> shop.yaml:8:17
      |
    8 |         $.id: { schema: false }
      |                 ^^^^^^^^^^^^^ expected JSON as in the schema, found at the top `5`: expected not to be there
    error[wrong-answer]: unexpected JSON at `$.lines`
     --> shop.yaml:9:20
      |
    9 | ... { each: { schema: { properties: { quantity: { type: [integer, boolean] } }, additionalProperties: false } } }
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected of each element: JSON as in the schema, found at `/quantity` `"two"`: expected boolean or integer at index 1
    error[wrong-answer]: unexpected JSON at `$.lines[0]`
      --> shop.yaml:10:23
       |
    10 |         $.lines[0]: { schema: { properties: { id: true }, additionalProperties: false } }
       |                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected JSON as in the schema, found at the top `{"quantity":1}`: with `quantity`, which is not allowed
       |
       = note: POST https://localhost:PORT/json-echo answered 200 (N time)
       = note: the answer begins: {"id":5,"lines":[{"quantity":1},{"quantity":"two"}],"extra":true,"kind":"c","a/b":1}
    "#);
}

#[tokio::test]
async fn a_bounded_number_of_problems_is_said() {
    let stage = stage().await;
    let text = "post: /json-echo\njson: { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7 }\nexpect: { json: { $: { schema: { additionalProperties: { type: string } } } } }";
    let said = fails(&stage, text).await;
    assert!(
        said.contains("at `/e` `5`: expected string; and 2 more"),
        "{said}"
    );
}

#[tokio::test]
async fn formats_are_asserted() {
    let stage = stage().await;
    for (format, value, right) in [
        ("date-time", "2030-01-31T12:00:00Z", true),
        ("date-time", "tomorrow", false),
        ("uuid", "6f9619ff-8b86-4d11-b42d-00c04fc964ff", true),
        ("uuid", "6f9619ff", false),
        ("email", "demo@example.com", true),
        ("email", "demo", false),
    ] {
        let text = format!(
            "get: /echo?v={value}\nexpect: {{ json: {{ $.query.v: {{ {}schema: {{ format: {format} }}{} }} }} }}",
            if right { "" } else { "not: { " },
            if right { "" } else { " }" },
        );
        passes(&stage, &text).await;
    }
}

#[tokio::test]
async fn a_schema_can_stand_in_a_file() {
    let right = r#"{ "$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "required": ["items"] }"#;
    let wrong = right.replace("items", "orders");
    let expect = "{ json: { $: { schema: { file: catalogue.schema.json } } } }";
    assert_eq!(
        outcome(&[("catalogue.schema.json", right)], expect).await,
        Outcome::Passed
    );
    assert_eq!(
        outcome(&[("catalogue.schema.json", &wrong)], expect).await,
        Outcome::Failed
    );
}

#[tokio::test]
async fn a_schema_can_stand_inside_an_openapi_document() {
    let by_name = r##"{ json: { $: { schema: { file: openapi.yaml, at: "#/components/schemas/Catalogue" } } } }"##;
    let by_path = r##"{ json: { $: { schema: { file: openapi.yaml, at: "#/paths/~1catalogue/get/responses/200/content/application~1json/schema" } } } }"##;
    for expect in [by_name, by_path] {
        let files = [("openapi.yaml", OPENAPI_3_1)];
        assert_eq!(outcome(&files, expect).await, Outcome::Passed);
        let strict = OPENAPI_3_1.replace("required: [id, price_cents]", "required: [sku]");
        let files = [("openapi.yaml", strict.as_str())];
        assert_eq!(outcome(&files, expect).await, Outcome::Failed);
    }
}

#[tokio::test]
async fn null_is_where_openapi_3_0_says_nullable() {
    let document = |nullable: bool| {
        format!(
            r##"
openapi: 3.0.3
components:
  schemas:
    Answer:
      type: object
      required: [note, kind, of]
      properties:
        note: {{ type: string, nullable: {nullable} }}
        kind: {{ type: string, enum: [a, b], nullable: {nullable} }}
        of: {{ allOf: [{{ $ref: "#/components/schemas/Note" }}], nullable: {nullable} }}
        size: {{ type: integer, minimum: 0, exclusiveMinimum: true }}
    Note: {{ type: object }}
"##
        )
    };
    let stage = stage().await;
    for (nullable, expected) in [(true, Outcome::Passed), (false, Outcome::Failed)] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("openapi.yaml"), document(nullable)).unwrap();
        let text = r##"
variables: { answer: { note: null, kind: null, of: null, size: 1 } }
checks:
  - name: a
    writes: true
    post: /json-echo
    json: "{{ answer }}"
    expect: { json: { $: { schema: { file: openapi.yaml, at: "#/components/schemas/Answer" } } } }
"##;
        let source = Source::new(folder.path().join("shop.yaml"), text);
        let plan = plan(&[source], &Selection::default(), &|_| None)
            .unwrap_or_else(|problems| panic!("{problems}"));
        let client = Client::new(&connection(&stage)).unwrap();
        let report = runner::run::run(&plan, &client, Limits::default(), &|_| {}).await;
        assert_eq!(report.checks[0].outcome, expected, "{report:#?}");
    }
}

#[test]
fn a_schema_that_cannot_be_used_is_a_diagnostic_at_its_place() {
    let inline = |schema: &str| said(&[], &format!("{{ json: {{ $: {{ schema: {schema} }} }} }}"));
    insta::assert_snapshot!(inline("{ type: objekt, required: id }"), @r##"
    error: a schema that cannot be used
     --> FOLDER/shop.yaml:4:36
      |
    4 |     expect: { json: { $: { schema: { type: objekt, required: id } } } }
      |                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected a JSON Schema that refers to nothing outside its document, found at `/required`: expected array; at `/type`: expected one of the alternatives, and none fits
      |
      = help: drafts 4 to 2020-12 are understood; `at: "#/components/schemas/Order"` names a part of the file
    "##);
    insta::assert_snapshot!(inline("5"), @"
    error: `schema` of the wrong type
     --> FOLDER/shop.yaml:4:36
      |
    4 |     expect: { json: { $: { schema: 5 } } }
      |                                    ^ expected a JSON Schema, or `{ file: order.schema.json }`, found the number `5`
      |
      = help: write `{ type: object, required: [id] }`, or name a file
    ");
    insta::assert_snapshot!(inline(r##"{ $ref: "#/$defs/nothing" }"##), @r##"
    error: a schema that cannot be used
     --> FOLDER/shop.yaml:4:36
      |
    4 |     expect: { json: { $: { schema: { $ref: "#/$defs/nothing" } } } }
      |                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected a JSON Schema that refers to nothing outside its document, found nothing at `#/$defs/nothing`
      |
      = help: drafts 4 to 2020-12 are understood; `at: "#/components/schemas/Order"` names a part of the file
    "##);
    insta::assert_snapshot!(inline("{ $ref: https://example.com/order.json }"), @r##"
    error: a schema that cannot be used
     --> FOLDER/shop.yaml:4:36
      |
    4 |     expect: { json: { $: { schema: { $ref: https://example.com/order.json } } } }
      |                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected a JSON Schema that refers to nothing outside its document, found `https://example.com/order.json`: a reference to another document, which is never loaded
      |
      = help: drafts 4 to 2020-12 are understood; `at: "#/components/schemas/Order"` names a part of the file
    "##);
    insta::assert_snapshot!(inline(r#"{ $ref: "file:///etc/passwd" }"#), @r##"
    error: a schema that cannot be used
     --> FOLDER/shop.yaml:4:36
      |
    4 |     expect: { json: { $: { schema: { $ref: "file:///etc/passwd" } } } }
      |                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected a JSON Schema that refers to nothing outside its document, found `file:///etc/passwd`: a reference to another document, which is never loaded
      |
      = help: drafts 4 to 2020-12 are understood; `at: "#/components/schemas/Order"` names a part of the file
    "##);
    insta::assert_snapshot!(inline("{ pattern: '[' }"), @r##"
    error: a schema that cannot be used
     --> FOLDER/shop.yaml:4:36
      |
    4 |     expect: { json: { $: { schema: { pattern: '[' } } } }
      |                                    ^^^^^^^^^^^^^^^^ expected a JSON Schema that refers to nothing outside its document, found at `/pattern`: '[' is not valid regex: regex parse error:\n  [\n  ^\nerror: unclosed character class
      |
      = help: drafts 4 to 2020-12 are understood; `at: "#/components/schemas/Order"` names a part of the file
    "##);
    insta::assert_snapshot!(said(&[], "{ body: { schema: { type: string } } }"), @"
    error: `schema` does not apply to text
     --> FOLDER/shop.yaml:4:23
      |
    4 |     expect: { body: { schema: { type: string } } }
      |                       ^^^^^^ expected an operator for this kind of value, found `schema`
      |
      = help: `count`, `each`, `unique` and `sorted` are for lists, `type` and `schema` for JSON, text operators for text and JSON
    ");
}

#[test]
fn a_file_that_holds_no_schema_is_a_diagnostic() {
    let in_file = |files: &[(&str, &str)], schema: &str| {
        said(
            files,
            &format!("{{ json: {{ $: {{ schema: {schema} }} }} }}"),
        )
    };
    insta::assert_snapshot!(in_file(&[], "{ file: nowhere.json }"), @"
    error: the file `nowhere.json` cannot be read as a schema
     --> FOLDER/shop.yaml:4:44
      |
    4 |     expect: { json: { $: { schema: { file: nowhere.json } } } }
      |                                            ^^^^^^^^^^^^ expected a file of at most 1.0 MiB, beside the check file, found no such file or directory
      |
      = help: give the path relative to the check file
    ");
    insta::assert_snapshot!(in_file(&[("a.json", "{ nothing")], "{ file: a.json }"), @"
    error: `a.json` does not hold a schema
     --> FOLDER/shop.yaml:4:44
      |
    4 |     expect: { json: { $: { schema: { file: a.json } } } }
      |                                            ^^^^^^ expected JSON, or YAML in a file named `….yaml`, found key must be a string at line 1 column 3
      |
      = help: check the file with `smoke validate` again once it is mended
    ");
    insta::assert_snapshot!(in_file(&[("a.yaml", "a: [1")], "{ file: a.yaml }"), @"
    error: this is not YAML
     --> FOLDER/a.yaml:1:6
      |
    1 | a: [1
      |      ^ expected well-formed YAML, found an error: while parsing a flow sequence, expected ',' or ']'
      |
      = help: check the indentation, and put text that holds `: `, ` #`, `{` or `[` in quotes
    ");
    insta::assert_snapshot!(in_file(&[("a.yaml", OPENAPI_3_1)], "{ file: a.yaml, at: '#/components/schemas/Order' }"), @r##"
    error: a schema that cannot be used
     --> FOLDER/shop.yaml:4:36
      |
    4 |     expect: { json: { $: { schema: { file: a.yaml, at: '#/components/schemas/Order' } } } }
      |                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected a JSON Schema that refers to nothing outside its document, found nothing at `#/components/schemas/Order`
      |
      = help: drafts 4 to 2020-12 are understood; `at: "#/components/schemas/Order"` names a part of the file
    "##);
    insta::assert_snapshot!(in_file(&[("a.yaml", OPENAPI_3_1)], "{ file: a.yaml, at: components, from: 1 }"), @"
    error: a place that is not in the document
     --> FOLDER/shop.yaml:4:56
      |
    4 |     expect: { json: { $: { schema: { file: a.yaml, at: components, from: 1 } } } }
      |                                                        ^^^^^^^^^^ expected a reference such as `#/components/schemas/Order`, found `components`
      |
      = help: begin with `#/`; write `~1` for `/` and `~0` for `~` in a name

    error: unknown key `from` in `schema`
     --> FOLDER/shop.yaml:4:68
      |
    4 |     expect: { json: { $: { schema: { file: a.yaml, at: components, from: 1 } } } }
      |                                                                    ^^^^ expected `file` or `at`, found `from`
      |
      = help: remove the key
    ");
}
