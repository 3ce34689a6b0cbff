//! The schema against the reader, the documents and the shipped checks.

#[path = "../../../runner/tests/runner/support/blocks.rs"]
mod blocks;
mod each_key;
mod examples;
mod tables;

use std::path::Path;

use super::*;
use diagnostic::Source;

/// Who completes a key in an editor reads what it is for.
#[test]
fn every_key_is_explained() {
    fn check(value: &Value, place: &str) {
        match value {
            Value::Object(members) => {
                // A map of schemas; a key of that name is a schema itself.
                let properties = members.get("properties").and_then(Value::as_object);
                for (name, property) in properties.into_iter().flatten() {
                    let said = property.get("description").and_then(Value::as_str);
                    let said = said.unwrap_or_default();
                    assert!(said.ends_with(['.', ')']), "{place}: {name}: `{said}`");
                }
                for (name, member) in members {
                    check(member, &format!("{place}/{name}"));
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    check(item, &format!("{place}/{at}"));
                }
            }
            _ => {}
        }
    }
    check(&schema(), "");
}

/// What the schema says against a check file.
fn problems(text: &str) -> Vec<String> {
    let source = Source::new("any.yaml", text);
    let tree = yaml::parse(&source, &mut Vec::new()).unwrap();
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let document = to_json(&tree);
    let found = validator.iter_errors(&document);
    found
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn workspace(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path);
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_schema_accepts_every_check_file_of_the_documents() {
    let mut files = vec![workspace("smoke-tests/checks/storefront.yaml")];
    for document in ["README.md", "docs/check-files.md"] {
        let text = workspace(document);
        let blocks = text.split("```yaml\n").skip(1);
        let blocks = blocks.map(|block| block.split("```").next().unwrap().to_owned());
        files.extend(
            blocks.filter(|block| block.contains("\nchecks:") || block.starts_with("checks:")),
        );
    }
    assert!(files.len() > 6);
    for file in files {
        assert_eq!(problems(&file), Vec::<String>::new(), "{file}");
    }
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    for check in [
        "{ get: / }",
        "{ name: a }",
        "{ name: a, get: /, post: / }",
        "{ name: a, got: / }",
        "{ name: a, writes: true, request: { method: PURGE } }",
        "{ name: a, writes: true, request: { method: purge, path: / } }",
        "{ name: a, request: { method: GET, path: / } }",
        "{ name: a, request: { method: PROPFIND, path: x } }",
        "{ name: a, request: { method: PROPFIND, path: / }, get: / }",
        "{ name: a, get: healthz }",
        "{ name: a, get: ftp://x }",
        "{ name: a, get: /, timeout: 5 }",
        "{ name: a, get: /, retry: { every: 1s } }",
        "{ name: a, get: /, expect: { status: 700 } }",
        "{ name: a, get: /, expect: { latency: 300ms } }",
        "{ name: a, get: /, expect: { json: { status: ok } } }",
        "{ name: a, get: /, expect: { json: { $.a: { above: [1] } } } }",
        "{ name: a, get: /, expect: { body: {} } }",
        "{ name: a, get: /, expect: { tls: {} } }",
        "{ name: a, get: /, expect: { tls: { expires_in: 14d } } }",
        "{ name: a, get: /, expect: { latency: { dns: 5ms } } }",
        "{ name: a, get: /, expect: { cookies: { a: { value: b, secured: true } } } }",
        "{ name: a, get: /, capture: { t: { tls: cipher } } }",
        "{ name: a, get: /, severity: minor }",
        "{ name: a, get: /, auth: { basic: { user: a } } }",
        "{ name: a, get: /, capture: { t: { json: $.a, header: b } } }",
        "{ name: a, get: /, auth: { oauth2: { token_url: /t, client_id: a } } }",
        "{ name: a, get: /, auth: { digest: { password: a } } }",
        "{ name: a, get: /, auth: { sigv4: { region: a } } }",
        "{ name: a, get: /, auth: { bearer: a, basic: { user: a, password: b } } }",
        "{ name: a, get: /, http: 3 }",
        "{ name: a, get: /, headers: { transfer-encoding: chunked } }",
        "{ name: a, get: /, capture: { t: redirected } }",
        "{ name: a, get: /, delay: 5 }",
        "{ name: a, get: /, expect: { variables: { a-b: 1 } } }",
        "{ name: a, post: /, graphql: { variables: {} } }",
        "{ name: a, post: /, writes: true, multipart: { a: { type: image/png } } }",
        "{ name: a, post: /, writes: true, multipart: {} }",
        "{ name: a, post: /, writes: true, text: a, compress: br }",
        "{ name: a, get: /, quarantine: { until: soon, owner: a, reason: b } }",
    ] {
        let text = format!("checks: [{check}]");
        assert!(!problems(&text).is_empty(), "{check}");
        let source = Source::new("any.yaml", text);
        let read = runner::plan::plan(&[source], &runner::settings::Selection::default(), &|_| {
            None
        });
        assert!(read.is_err(), "{check}");
    }
}

#[test]
fn the_committed_schema_is_the_one_that_the_command_prints() {
    let committed: Value = serde_json::from_str(&workspace("docs/check-file.schema.json")).unwrap();
    assert!(committed == schema(), "run `make schema`");
}
