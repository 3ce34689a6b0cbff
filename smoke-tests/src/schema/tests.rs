//! The schema against the reader, the documents and the shipped checks.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::check_file::keys;
use crate::diagnostic::Source;
use crate::yaml::{self, Node, Yaml};

/// The keys of the schema at a place are those of the reader.
#[test]
fn the_schema_knows_the_keys_that_the_reader_knows() {
    let schema = schema();
    let check = |place: &str, lists: &[&[&str]]| {
        let properties = schema.pointer(place).and_then(Value::as_object);
        let found: BTreeSet<_> = properties.unwrap().keys().map(String::as_str).collect();
        let known: BTreeSet<_> = lists.iter().flat_map(|list| list.iter().copied()).collect();
        assert_eq!(found, known, "{place}");
    };
    check("/properties", &[&keys::FILE]);
    check("/properties/defaults/properties", &[&keys::DEFAULTS]);
    check(
        "/definitions/check/properties",
        &[&keys::CHECK, &keys::REQUEST],
    );
    check(
        "/definitions/step/properties",
        &[&["name", "retry"], &keys::REQUEST],
    );
    check("/definitions/use/properties", &[&keys::USE]);
    check("/definitions/fragment/properties", &[&keys::FRAGMENT]);
    check("/definitions/retry/properties", &[&keys::RETRY]);
    let auth = "/definitions/auth/anyOf/1/properties";
    check(auth, &[&keys::AUTH]);
    check(&format!("{auth}/basic/properties"), &[&keys::BASIC]);
    check(&format!("{auth}/oauth2/properties"), &[&keys::OAUTH2]);
    check(&format!("{auth}/sigv4/properties"), &[&keys::SIGV4]);
    let request = "/definitions/step/properties";
    check(&format!("{request}/graphql/properties"), &[&keys::GRAPHQL]);
    let part = "multipart/additionalProperties/anyOf/0/anyOf/1/properties";
    check(&format!("{request}/{part}"), &[&keys::PART]);
    let message = format!("{request}/messages/items/properties");
    check(&message, &[&keys::MESSAGE]);
    let expected = format!("{message}/expect/properties");
    check(&expected, &[&keys::MESSAGE_EXPECTATIONS]);
    check("/definitions/expect/properties", &[&keys::EXPECTATIONS]);
    check(
        "/definitions/predicate/anyOf/1/properties",
        &[&keys::OPERATORS],
    );
    check("/definitions/capture/anyOf/1/properties", &[&keys::CAPTURE]);
    check(
        "/definitions/expect/properties/cookies/additionalProperties/anyOf/1/properties",
        &[&keys::COOKIE],
    );
    check(
        "/definitions/expect/properties/tls/properties",
        &[&keys::TLS],
    );
    check(
        "/definitions/expect/properties/latency/anyOf/1/properties",
        &[&keys::LATENCY],
    );
}

fn json(node: &Node) -> Value {
    match &node.value {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => (*value).into(),
        Yaml::Number(number, _) => number.clone().into(),
        Yaml::String(text) => text.as_str().into(),
        Yaml::List(items) => items.iter().map(json).collect(),
        Yaml::Map(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|(key, value)| (key.text.clone(), json(value)));
            Value::Object(entries.collect())
        }
    }
}

/// What the schema says against a check file.
fn problems(text: &str) -> Vec<String> {
    let source = Source::new("any.yaml", text);
    let tree = yaml::parse(&source, &mut Vec::new()).unwrap();
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let document = json(&tree);
    let found = validator.iter_errors(&document);
    found
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn workspace(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
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
        "{ name: a, get: /, auth: { sigv4: { region: a } } }",
        "{ name: a, get: /, auth: { bearer: a, basic: { user: a, password: b } } }",
        "{ name: a, get: /, http: 3 }",
        "{ name: a, post: /, graphql: { variables: {} } }",
        "{ name: a, post: /, writes: true, multipart: { a: { type: image/png } } }",
        "{ name: a, post: /, writes: true, multipart: {} }",
        "{ name: a, post: /, writes: true, text: a, compress: br }",
        "{ name: a, get: /, quarantine: { until: soon, owner: a, reason: b } }",
    ] {
        let text = format!("checks: [{check}]");
        assert!(!problems(&text).is_empty(), "{check}");
        let source = Source::new("any.yaml", text);
        let read = crate::plan::plan(&[source], &crate::settings::Selection::default(), &|_| None);
        assert!(read.is_err(), "{check}");
    }
}

#[test]
fn the_committed_schema_is_the_one_that_the_command_prints() {
    let committed: Value = serde_json::from_str(&workspace("docs/check-file.schema.json")).unwrap();
    assert_eq!(committed, schema(), "run `make schema`");
}
