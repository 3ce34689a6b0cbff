//! The schema against the reader, the documents and the shipped checks.

#[path = "../../../runner/tests/runner/support/blocks.rs"]
mod blocks;
mod taught;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::*;
use crate::language::keys;
use diagnostic::Source;
use diagnostic::yaml::{self, Node, Yaml};

/// Lists of keys, each with the place in the schema that it is for. A place with
/// several lists knows the keys of all of them.
const LISTS: &[(&str, &[&str])] = &[
    ("/properties", &keys::FILE),
    ("/properties/defaults/properties", &keys::DEFAULTS),
    (
        "/properties/variables/additionalProperties/anyOf/0/properties",
        &[keys::ORIGIN[0]],
    ),
    (
        "/properties/variables/additionalProperties/anyOf/1/properties",
        &[keys::ORIGIN[1], keys::ORIGIN[2]],
    ),
    (
        "/properties/variables/additionalProperties/anyOf/2/properties",
        &[keys::ORIGIN[3]],
    ),
    (
        "/properties/variables/additionalProperties/anyOf/3/properties",
        &keys::MARKED,
    ),
    ("/definitions/check/properties", &keys::CHECK),
    ("/definitions/check/properties", &keys::REQUEST),
    ("/definitions/step/properties", &["name", "retry"]),
    ("/definitions/step/properties", &keys::REQUEST),
    ("/definitions/use/properties", &keys::USE),
    ("/definitions/fragment/properties", &keys::FRAGMENT),
    (
        "/definitions/fragment/properties/parameters/items/anyOf/1/properties",
        &keys::PARAMETER,
    ),
    (
        "/definitions/check/properties/each/anyOf/1/properties",
        &keys::ROWS,
    ),
    (
        "/definitions/check/properties/quarantine/properties",
        &keys::QUARANTINE,
    ),
    ("/definitions/retry/properties", &keys::RETRY),
    ("/definitions/auth/anyOf/1/properties", &keys::AUTH),
    (
        "/definitions/auth/anyOf/1/properties/basic/properties",
        &keys::BASIC,
    ),
    (
        "/definitions/auth/anyOf/1/properties/digest/properties",
        &keys::BASIC,
    ),
    (
        "/definitions/auth/anyOf/1/properties/oauth2/properties",
        &keys::OAUTH2,
    ),
    (
        "/definitions/auth/anyOf/1/properties/sigv4/properties",
        &keys::SIGV4,
    ),
    (
        "/definitions/step/properties/request/properties",
        &keys::ASKED,
    ),
    (
        "/definitions/step/properties/graphql/properties",
        &keys::GRAPHQL,
    ),
    (
        "/definitions/step/properties/multipart/additionalProperties/anyOf/0/anyOf/1/properties",
        &keys::PART,
    ),
    (
        "/definitions/step/properties/messages/items/properties",
        &keys::MESSAGE,
    ),
    (
        "/definitions/step/properties/messages/items/properties/expect/properties",
        &keys::MESSAGE_EXPECTATIONS,
    ),
    (
        "/definitions/step/properties/repeat/anyOf/1/properties",
        &keys::REPEAT,
    ),
    ("/definitions/expect/properties", &keys::EXPECTATIONS),
    (
        "/definitions/expect/properties/cookies/additionalProperties/anyOf/1/properties",
        &keys::COOKIE,
    ),
    ("/definitions/expect/properties/tls/properties", &keys::TLS),
    (
        "/definitions/expect/properties/latency/anyOf/1/properties",
        &keys::LATENCY,
    ),
    (
        "/definitions/predicate/anyOf/1/properties",
        &keys::OPERATORS,
    ),
    (
        "/definitions/predicate/anyOf/1/properties/schema/then/properties",
        &keys::SCHEMA,
    ),
    ("/definitions/capture/anyOf/1/properties", &keys::CAPTURE),
];

#[test]
fn the_schema_knows_the_keys_that_the_reader_knows() {
    let schema = schema();
    let mut known: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (place, list) in LISTS {
        known.entry(place).or_default().extend(*list);
    }
    for (place, known) in known {
        let properties = schema.pointer(place).and_then(Value::as_object);
        let properties = properties.unwrap_or_else(|| panic!("nothing at {place}"));
        let found: BTreeSet<_> = properties.keys().map(String::as_str).collect();
        assert_eq!(found, known, "{place}");
    }
    let capture = &schema["definitions"]["capture"]["anyOf"];
    assert_eq!(capture[1]["properties"]["tls"]["enum"], json!(keys::TLS));
    let words = json!(keys::SOURCE_WORDS);
    assert_eq!(capture[1]["properties"]["from"]["enum"], words);
    assert_eq!(capture[0]["enum"], words);
}

/// A list of keys that no test looks at could say anything.
#[test]
fn every_list_of_the_reader_s_keys_is_looked_at() {
    let lists = include_str!("../language/keys.rs").split("pub(crate) const ");
    let here = include_str!("tests.rs");
    for list in lists.skip(1) {
        let name = list.split(':').next().unwrap();
        // The schema is made of two, and a test below tries the third.
        let elsewhere = ["LIBRARY", "CARRYING", "SOURCES"].contains(&name);
        assert!(
            elsewhere || here.contains(&format!("keys::{name}")),
            "{name}"
        );
    }
}

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
    assert_eq!(committed, schema(), "run `make schema`");
}
