//! What is asserted one by one, beside the tools themselves: each assert holds
//! and fails for each value as it does there.

use std::process::Command;

use diagnostic::Source;
use importers::import::{self, Bodies, Imported};
use rehearsal::Stage;
use report::Outcome;
use serde_json::{Value, json};

use super::{output, run, tool};
use crate::support::{connection, report_of_sources, stage};

/// Values of a member `v`, one of each kind; the last one is not there.
fn documents() -> Vec<Value> {
    let values = json!([
        5, 6, 1.5, 1.0, 0, "10", "5", "abc", "b", "", true, false, null, [1, 2, 3], ["abc"], ["b", "c"], [], [1],
        {"a": 1}, {}, "f47ac10b-58cc-4372-a567-0e02b2c3d479", "f47ac10b58cc4372a5670e02b2c3d479",
        "2024-02-29T10:00:00Z", "2024-02-29T10:00:00.5+01:00", "2024-13-29T10:00:00Z",
        "192.168.1.1", "300.1.1.1", "::1",
    ]);
    let there = values.as_array().unwrap().iter();
    there
        .map(|value| json!({ "v": value }))
        .chain([json!({})])
        .collect()
}

const HURL: &[&str] = &[
    "jsonpath \"$.v\" == 5",
    "jsonpath \"$.v\" != 5",
    "jsonpath \"$.v\" not == 5",
    "jsonpath \"$.v\" > 4",
    "jsonpath \"$.v\" >= 5",
    "jsonpath \"$.v\" < 6",
    "jsonpath \"$.v\" <=5",
    "jsonpath \"$.v\" == \"abc\"",
    "jsonpath \"$.v\" == true",
    "jsonpath \"$.v\" == null",
    "jsonpath \"$.v\" != null",
    "jsonpath \"$.v\" contains \"b\"",
    "jsonpath \"$.v\" not contains \"b\"",
    "jsonpath \"$.v\" includes \"b\"",
    "jsonpath \"$.v\" startsWith \"a\"",
    "jsonpath \"$.v\" not startsWith \"a\"",
    "jsonpath \"$.v\" endsWith \"c\"",
    "jsonpath \"$.v\" matches /[b-d]/",
    "jsonpath \"$.v\" not matches /[b-d]/",
    "jsonpath \"$.v\" matches /\\d/",
    "jsonpath \"$.v\" exists",
    "jsonpath \"$.v\" not exists",
    "jsonpath \"$.v\" isEmpty",
    "jsonpath \"$.v\" not isEmpty",
    "jsonpath \"$.v\" isInteger",
    "jsonpath \"$.v\" not isInteger",
    "jsonpath \"$.v\" isFloat",
    "jsonpath \"$.v\" not isFloat",
    "jsonpath \"$.v\" isNumber",
    "jsonpath \"$.v\" not isNumber",
    "jsonpath \"$.v\" isString",
    "jsonpath \"$.v\" isBoolean",
    "jsonpath \"$.v\" isList",
    "jsonpath \"$.v\" not isList",
    "jsonpath \"$.v\" isObject",
    "jsonpath \"$.v\" isIsoDate",
    "jsonpath \"$.v\" isUuid",
    "jsonpath \"$.v\" isIpv4",
    "jsonpath \"$.v\" isIpv6",
    "jsonpath \"$.v\" count == 3",
    "jsonpath \"$.v\" count > 0",
    "jsonpath \"$.v\" toInt == 5",
    "jsonpath \"$.v\" toInt == 1",
    "jsonpath \"$.v\" toInt > 0",
    "jsonpath \"$.v\" toInt >= 0",
    "jsonpath \"$.v\" toInt < 1",
    "jsonpath \"$.v\" toInt <= 1",
    "jsonpath \"$.v\" toInt not == 1",
    "jsonpath \"$.v\" toFloat > 4.5",
    "jsonpath \"$.v\" toFloat not > 4.5",
    "jsonpath \"$.v\" toString not == \"5\"",
    "jsonpath \"$.v\" toString == \"5\"",
    "jsonpath \"$.v\" first == 1",
    "jsonpath \"$.v\" nth 1 == 2",
    "jsonpath \"$.v\" last == \"c\"",
    "jsonpath \"$.v[*]\" exists",
    "jsonpath \"$.v[*]\" not exists",
    "jsonpath \"$.v[*]\" == 1",
    "jsonpath \"$.v[*]\" != 1",
    "jsonpath \"$.v[*]\" not == 1",
    "jsonpath \"$.v[*]\" > 0",
    "jsonpath \"$.v[*]\" isInteger",
    "jsonpath \"$.v[*]\" not isString",
    "jsonpath \"$.v[*]\" startsWith \"a\"",
    "jsonpath \"$.v[?(@ == 1)]\" == 1",
    "jsonpath \"$.v[?(@ == 9)]\" not exists",
    "body contains \"abc\"",
    "body not contains \"abc\"",
    "body matches /^\\{\"v\":\\d/",
    "body == \"{}\"",
    "bytes count < 10",
    "sha256 == hex,44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a;",
    "header \"content-type\" == \"application/json\"",
    "header \"content-length\" toInt > 8",
    "header \"content-length\" toInt == 2",
    "header \"x-none\" not exists",
    "regex /\"v\":(\\d)/ exists",
    "regex /\"v\":(\\d)/ not exists",
    "body == `{}`",
    "body contains `\\u{22}abc`",
    "body not == ```raw\n{}\n```",
    "jsonpath \"$.v\" split \"b\" count == 2",
    "jsonpath \"$.v\" split \"b\" count > 1",
    "jsonpath \"$.v\" split \"b\" first == \"a\"",
    "jsonpath \"$.v\" split \"b\" nth 1 == \"c\"",
    "jsonpath \"$.v\" split \"b\" last not == \"c\"",
    "jsonpath \"$.v\" replace \"a\" \"x\" == \"xbc\"",
    "jsonpath \"$.v\" replace \"a\" \"x\" startsWith \"x\"",
    "jsonpath \"$.v\" regex /(\\d)/ == \"5\"",
    "jsonpath \"$.v\" regex \"^(.)\" == \"a\"",
    "jsonpath \"$.v\" regex \"^(.)\" toInt == 1",
    "jsonpath \"$.v\" urlEncode == \"abc\"",
    "jsonpath \"$.v\" urlEncode contains \"%\"",
    "jsonpath \"$.v\" urlDecode == \"abc\"",
    "jsonpath \"$.v\" htmlUnescape == \"abc\"",
    "jsonpath \"$.v\" urlQueryParam \"a\" == \"1\"",
    "jsonpath \"$.v\" toString endsWith \"0\"",
    "jsonpath \"$.v\" first isInteger",
    "jsonpath \"$.v[*]\" nth 0 == 1",
    "jsonpath \"$.v[*]\" nth 1 == 2",
    "jsonpath \"$.v[*]\" nth -1 == 2",
    "jsonpath \"$.v[*]\" first == 1",
    "jsonpath \"$.v[*]\" last == \"c\"",
    "jsonpath \"$.v[*]\" count == 2",
    "jsonpath \"$.v[*]\" count == 1",
    "jsonpath \"$.v[*]\" count > 2",
    "jsonpath \"$.v[*]\" count not == 2",
    "jsonpath \"$.v[*]\" isList",
    "jsonpath \"$.v[*]\" not isList",
    "jsonpath \"$.v[*]\" contains 1",
    "jsonpath \"$.v[*]\" contains \"a\"",
    "jsonpath \"$.v[*]\" not contains 1",
    "jsonpath \"$..v\" count == 3",
    "jsonpath \"$..v\" nth 0 == 1",
    "regex /\"v\":(\\d)/ == \"5\"",
    "regex /\"v\":(\\d)/ != \"5\"",
    "regex /\"v\":(\\d)/ toInt == 5",
    "regex /\"v\":(\\d)/ toInt > 1",
    "header \"content-type\" split \"/\" last == \"json\"",
    "header \"content-type\" replace \"json\" \"x\" == \"application/x\"",
    "header \"content-length\" toInt not == 2",
    "body split \":\" count == 2",
    "body regex /(\\d)/ == \"1\"",
    "body jsonpath \"$.v\" == 5",
    "body jsonpath \"$.v\" count == 3",
];

/// Where nothing is there, a negation holds in Hurl and not here; a comment in
/// what is imported says so.
fn is_stricter(assert: &str, document: &Value) -> bool {
    let value = document.get("v");
    let elements = match value {
        Some(Value::Array(items)) => items.len(),
        Some(Value::Object(members)) => members.len(),
        _ => 0,
    };
    let negated = |path: &str| assert.starts_with(&format!("jsonpath \"{path}\" not "));
    // A value that is found alone is captured, and has to be there.
    (value.is_none() && negated("$.v") || elements == 0 && negated("$.v[*]"))
        && !assert.ends_with("exists")
}

/// What was imported, and what it was made of.
struct Case {
    assert: &'static str,
    document: Value,
    imported: Imported,
}

impl Case {
    fn noted(&self) -> bool {
        self.imported.text.contains("The original also passes")
    }
}

/// Whether the only check of each file passes.
async fn held(stage: &Stage, cases: &[Case]) -> Vec<bool> {
    let mut held = Vec::new();
    // As many files as a run may have.
    for cases in cases.chunks(1000) {
        let sources: Vec<_> = cases
            .iter()
            .enumerate()
            .map(|(at, case)| Source::new(format!("{at}.yaml"), case.imported.text.as_str()))
            .collect();
        let report = report_of_sources(&connection(stage), &sources).await;
        assert_eq!(report.checks.len(), cases.len());
        held.extend(
            report
                .checks
                .iter()
                .map(|check| check.outcome == Outcome::Passed),
        );
    }
    held
}

#[tokio::test]
async fn each_assert_of_hurl_holds_and_fails_as_it_does_there() {
    let stage = stage().await;
    let mut all = String::new();
    let mut cases = Vec::new();
    for assert in HURL {
        for document in documents() {
            let entry = format!(
                "POST {{{{base}}}}/json-echo\n{document}\nHTTP 200\n[Asserts]\n{assert}\n\n"
            );
            all.push_str(&entry);
            let imported =
                import::import_hurl(&Source::new("one.hurl", entry), Bodies::Readable).unwrap();
            assert_eq!(imported.losses, [], "{assert}");
            cases.push(Case {
                assert,
                document,
                imported,
            });
        }
    }
    let held = held(&stage, &cases).await;
    let Some(hurl) = tool("hurl") else { return };
    let file = stage.folder().join("asserts.hurl");
    std::fs::write(&file, all).unwrap();
    let said = run(Command::new(hurl)
        .args(["--continue-on-error", "--json", "--variable"])
        .arg(format!("base={}", stage.test_url()))
        .arg("--cacert")
        .arg(stage.ca_file())
        .arg(&file))
    .await;
    let results = String::from_utf8_lossy(&said.stdout);
    let results: Value = serde_json::from_str(results.lines().last().unwrap_or_default())
        .unwrap_or_else(|_| panic!("{}", output(&said)));
    let entries = results["entries"].as_array().unwrap();
    assert_eq!(entries.len(), cases.len());
    let mut different = Vec::new();
    for ((entry, case), holds) in entries.iter().zip(&cases).zip(held) {
        let Case {
            assert, document, ..
        } = case;
        let asserts = entry["asserts"].as_array().unwrap();
        let there = asserts.iter().all(|assert| assert["success"] == true);
        if is_stricter(assert, document) {
            assert!(there && !holds && case.noted(), "{assert} of {document}");
        } else if there != holds {
            different.push(format!(
                "{assert} of {document}: there {there}, here {holds}"
            ));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

const POSTMAN: &[&str] = &[
    "v.to.eql(5)",
    "v.to.not.eql(5)",
    "v.to.equal('abc')",
    "v.to.be.above(4)",
    "v.to.be.at.least(5)",
    "v.to.be.below(6)",
    "v.to.be.at.most(5)",
    "v.to.be.within(1, 5)",
    "v.to.be.a('number')",
    "v.to.be.a('string')",
    "v.to.be.a('boolean')",
    "v.to.be.an('array')",
    "v.to.be.an('object')",
    "v.to.not.be.an('array')",
    "v.to.be.true",
    "v.to.be.false",
    "v.to.be.null",
    "v.to.not.be.null",
    "v.to.be.undefined",
    "v.to.exist",
    "v.to.be.ok",
    "v.to.be.empty",
    "v.to.not.be.empty",
    "v.to.include('b')",
    "v.to.match(/[b-d]/)",
    "v.to.be.oneOf([5, 'abc', null])",
    "v.to.not.be.oneOf([5, 'abc'])",
    "v.to.have.property('a')",
    "v.to.not.have.property('a')",
    "v.to.have.property('a', 1)",
    "v.to.be.an('array').that.has.lengthOf(3)",
    "v.to.not.include('b')",
    "v.to.have.string('b')",
    "v.to.have.lengthOf(3)",
    "v.to.not.have.lengthOf(3)",
    "v.to.not.be.a('string').that.is.not.empty",
    "pm.expect(v).to.eql(5)",
    "pm.expect((v) === 5).to.be.true",
    "pm.expect((v) == 5).to.be.true",
    "pm.expect((v) > 4).to.be.true",
    "pm.expect(typeof (v)).to.eql('string')",
    "pm.expect(typeof (v)).to.eql('object')",
    "pm.expect(Array.isArray(v)).to.be.true",
    "pm.response.to.not.have.jsonBody('v', 5)",
    "pm.response.to.have.jsonSchema({ type: 'object', required: ['v'], properties: { v: { type: 'integer' } } })",
    "pm.expect(tv4.validate(pm.response.json(), { properties: { v: { type: 'string' } } })).to.be.true",
    "pm.expect(pm.response.headers.has('content-type')).to.be.true",
    "pm.expect(pm.response.headers.has('x-none')).to.be.false",
    "pm.expect(pm.cookies.has('none')).to.eql(false)",
    "pm.response.to.have.body('{}')",
    "pm.expect(pm.response.text()).to.include('abc')",
    "pm.expect(pm.response.text()).to.not.include('abc')",
];

fn script(expectation: &str) -> String {
    let value = "pm.response.json().v";
    let said = match expectation.strip_prefix("v.") {
        Some(rest) => format!("pm.expect({value}).{rest}"),
        None => expectation.replace("(v)", &format!("({value})")),
    };
    format!("pm.test('t', () => {{ pm.response.to.have.status(200); {said}; }});")
}

#[tokio::test]
async fn each_expectation_of_postman_holds_and_fails_as_it_does_there() {
    let stage = stage().await;
    let schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";
    let collection =
        |items: Vec<Value>| json!({ "info": { "name": "all", "schema": schema }, "item": items });
    let mut items = Vec::new();
    let mut cases = Vec::new();
    for expectation in POSTMAN {
        for document in documents() {
            let item = json!({
                "name": cases.len().to_string(),
                "request": {
                    "method": "POST",
                    "url": "{{base}}/json-echo",
                    "body": { "mode": "raw", "raw": document.to_string(), "options": { "raw": { "language": "json" } } },
                },
                "event": [{ "listen": "test", "script": { "exec": [script(expectation)] } }],
            });
            let text = collection(vec![item.clone()]).to_string();
            let imported =
                import::import_postman(&Source::new("one.json", text), &[], Bodies::Readable)
                    .unwrap();
            assert_eq!(imported.losses, [], "{expectation}");
            items.push(item);
            cases.push(Case {
                assert: expectation,
                document,
                imported,
            });
        }
    }
    let held = held(&stage, &cases).await;
    let Some(newman) = tool("newman") else { return };
    let (file, results) = (
        stage.folder().join("all.json"),
        stage.folder().join("said.xml"),
    );
    std::fs::write(&file, collection(items).to_string()).unwrap();
    let said = run(Command::new(newman)
        .arg("run")
        .arg(&file)
        .arg("--env-var")
        .arg(format!("base={}", stage.test_url()))
        .arg("--ssl-extra-ca-certs")
        .arg(stage.ca_file())
        .args(["--reporters", "junit", "--reporter-junit-export"])
        .arg(&results))
    .await;
    let results = std::fs::read_to_string(&results).unwrap_or_else(|_| panic!("{}", output(&said)));
    // The report in JSON holds more than Node.js can write of so many.
    let executions: Vec<&str> = results.split("<testsuite ").skip(1).collect();
    assert_eq!(executions.len(), cases.len());
    let mut different = Vec::new();
    for ((execution, case), holds) in executions.iter().zip(&cases).zip(held) {
        let Case {
            assert, document, ..
        } = case;
        let summary = execution.split('>').next().unwrap_or_default();
        let there = summary.contains("failures=\"0\"") && summary.contains("errors=\"0\"");
        // Said in a comment: a negation does not hold of nothing here.
        let absent = document.get("v").is_none() && case.noted();
        // JavaScript makes text of anything to match it.
        let no_text = document["v"].as_str().is_none() && assert.contains("match(");
        let stricter = (absent || no_text) && !holds;
        if there != holds && !stricter {
            different.push(format!(
                "{assert} of {document}: there {there}, here {holds}"
            ));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}
