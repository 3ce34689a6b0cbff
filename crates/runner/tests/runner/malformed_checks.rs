//! What is said about malformed captures, secrets, fragments, hosts and the
//! like: each message names the place, what was expected, what was found, and
//! what to do.

mod bounds;
mod conditions;

use diagnostic::Source;
use diagnostic::snippet::{Colour, render};
use runner::plan::plan;
use runner::settings::Selection;

/// Everything that is said about a file of this text.
fn problems(text: &str) -> String {
    let sources = [Source::new("shop.yaml", text)];
    match plan(&sources, &Selection::default(), &|_| None) {
        Ok(plan) => format!("valid: {} checks", plan.check_count()),
        Err(problems) => said(&problems),
    }
}

fn said(problems: &diagnostic::Problems) -> String {
    problems
        .diagnostics()
        .iter()
        .inspect(|problem| {
            let parts = [&problem.expected, &problem.found, &problem.help];
            assert!(parts.iter().all(|part| part.is_some()), "{problem:?}");
        })
        .map(|problem| render(problem, Colour::Never))
        .collect::<Vec<_>>()
        .join("\n\n")
}

/// What is said about a file with this one check.
fn problems_of_check(check: &str) -> String {
    let indented = check.replace('\n', "\n    ");
    problems(&format!("checks:\n  - name: a\n    {indented}\n"))
}

#[test]
fn captures_are_one_source_and_what_is_made_of_it() {
    let check = |capture: &str| problems_of_check(&format!("get: /\ncapture: {{ a: {capture} }}"));
    let all = [
        check("{ json: $.a, header: b }"),
        check("{ secret: true }"),
        check("{ from: headers }"),
        check("{ from: body, secret: maybe }"),
        check("{ json: $.a, transform: '{{ value' }"),
        check("{ json: $.a, transform: '{{ value | upcase }}' }"),
        check("{ json: $.a, transform: \"{{ value | regex('(') }}\" }"),
        check("{ json: $.a, transform: '{{ valu }}' }"),
        check("{ json: $.a, trasnform: '{{ value }}' }"),
        check("headers"),
    ];
    insta::assert_snapshot!(all.join("\n\n"));
    // Only a transform knows the value that it makes something of.
    insta::assert_snapshot!(problems_of_check("get: '/{{ value }}'"));
}

#[test]
fn a_host_that_is_not_allowed_is_named_with_what_allows_it() {
    let all = [
        problems_of_check("get: https://auth.example.com/token"),
        problems_of_check("get: 'http://localhost:9000/{{ a }}'"),
        problems_of_check("get: https://me:s3cret@auth.example.com/"),
        problems_of_check("get: https:///token"),
        problems_of_check("get: ftp://auth.example.com/"),
        problems(
            "setup: [{ get: https://a.example/ }]\nchecks: [{ name: a, get: '/?to=https://b.example/' }]",
        ),
    ];
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn a_token_comes_from_the_target_or_an_allowed_host() {
    let login = |url: &str| {
        format!("auth: {{ oauth2: {{ token_url: '{url}', client_id: a, client_secret: b }} }}")
    };
    let elsewhere = login("https://auth.example.com/oauth/token");
    let all = [
        problems_of_check(&format!("get: /\n{elsewhere}")),
        // Said once, where it stands.
        problems(&format!(
            "defaults: {{ {elsewhere} }}\nchecks: [{{ name: a, get: / }}, {{ name: b, get: / }}]"
        )),
        problems_of_check(&format!(
            "get: /\n{}",
            login("https://me:s3cret@a.example/")
        )),
        problems_of_check(&format!("get: /\n{}", login("http://{{ a }}/token"))),
    ];
    insta::assert_snapshot!(all.join("\n\n"));
    let text = format!("checks: [{{ name: a, get: /, {elsewhere} }}]");
    let selection = Selection {
        hosts: ["auth.example.com".parse().unwrap()].into_iter().collect(),
        ..Selection::default()
    };
    let allowed = plan(&[Source::new("shop.yaml", text)], &selection, &|_| None);
    assert!(allowed.is_ok(), "{allowed:?}");
}

#[test]
fn the_login_of_the_defaults_is_refused_where_it_stands_and_not_in_a_fragment() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let fragment = "fragments: { f: { steps: [{ get: / }] } }";
    std::fs::write(path("common.yaml"), fragment).unwrap();
    let text = "include: [common.yaml]
defaults: { auth: { oauth2: { token_url: 'https://a.example/t', client_id: a, client_secret: b } } }
checks: [{ name: a, steps: [{ use: f }] }]
";
    std::fs::write(path("shop.yaml"), text).unwrap();
    let shop = path("shop.yaml").to_string_lossy().into_owned();
    let sources = check_file::discover::read(&[shop]).unwrap();
    let problems = plan(&sources, &Selection::default(), &|_| None).unwrap_err();
    let said = problems.to_string();
    assert!(
        said.contains("shop.yaml:2:43: a host that is not"),
        "{said}"
    );
    assert!(!said.contains("common.yaml"), "{said}");
}

#[test]
fn what_carries_a_request_is_no_header_of_a_check_file() {
    let all = [
        problems_of_check("get: /\nheaders: { Content-Length: '2' }"),
        problems_of_check("get: /\nheaders: { content-length: '{{ 1 }}', TE: trailers }"),
        problems(
            "defaults: { headers: { transfer-encoding: chunked, connection: close } }\nchecks: [{ name: a, get: / }]",
        ),
        problems_of_check(
            "websocket: /ws\nheaders: { upgrade: h2c, keep-alive: '1', proxy-connection: a }",
        ),
    ];
    insta::assert_snapshot!(all.join("\n\n"));
    // What an answer has may be expected.
    let expected =
        "get: /\nexpect: { headers: { content-length: '2', connection: { exists: false } } }";
    assert_eq!(problems_of_check(expected), "valid: 1 checks");
}

#[test]
fn a_misspelt_login_is_one_mistake() {
    let said = problems_of_check("get: /\nauth: { bsaic: { user: a, password: b } }");
    assert_eq!(said.matches("error:").count(), 1, "{said}");
    assert!(said.contains("write `basic` if that is meant"), "{said}");
}

#[test]
fn a_host_is_a_name_and_perhaps_a_port() {
    let check = |host: &str| problems_of_check(&format!("get: /\nheaders: {{ host: '{host}' }}"));
    let all = [check("https://shop.example.com"), check("a b"), check("")];
    insta::assert_snapshot!(all.join("\n\n"));
    for fine in ["shop.example.com", "shop.example.com:8443", "[::1]:8443"] {
        assert_eq!(check(fine), "valid: 1 checks", "{fine}");
    }
}

#[test]
fn variables_of_which_something_is_expected_have_a_value_by_then() {
    let all = [
        problems_of_check("get: /\nexpect: { variables: { ordr: 1 } }\ncapture: { order: status }"),
        problems_of_check(
            "steps: [{ get: /, expect: { variables: { order: 1 } } }, { get: /, capture: { order: status } }]",
        ),
        problems_of_check("get: /\nexpect: { variables: { 'order.id': 1 } }"),
        problems_of_check("get: /\ncapture: { a: status }\nexpect: { json: { $.a: '{{ a }}' } }"),
    ];
    insta::assert_snapshot!(all.join("\n\n"));
    let same = "get: /\ncapture: { a: status, b: status }\nexpect: { variables: { a: '{{ b }}' } }";
    assert_eq!(problems_of_check(same), "valid: 1 checks");
}

#[test]
fn a_secret_is_marked_by_true() {
    let all = [
        problems("variables: { a: { value: b, secret: no } }\nchecks: [{ name: a, get: / }]"),
        problems(
            "variables: { a: { value: '{{ b }}', secret: true } }\nchecks: [{ name: a, get: '/{{ a }}' }]",
        ),
        problems(
            "variables: { a: { env: B, secret: true } }\nchecks: [{ name: a, get: '/{{ a }}' }]",
        ),
    ];
    insta::assert_snapshot!(all.join("\n\n"));
    // A map of other keys is a value.
    let map = "variables: { a: { value: b, public: true } }\nchecks: [{ name: a, get: '/{{ a.value }}' }]";
    assert_eq!(problems(map), "valid: 1 checks");
}

#[test]
fn what_is_kept_elsewhere_has_a_fixed_name_and_a_value() {
    let used = |origin: &str| {
        problems(&format!(
            "variables: {{ a: {origin} }}\nchecks: [{{ name: a, get: '/{{{{ a }}}}' }}]"
        ))
    };
    let all = [
        used("{ secret: '{{ stage }}/login' }"),
        used("{ secret: '' }"),
        used("{ secret: login, key: [a] }"),
        used("{ parameter: 7 }"),
        // Here nobody fetches them.
        used("{ secret: login, key: password }"),
        used("{ parameter: /shop/login }"),
    ];
    insta::assert_snapshot!(all.join("\n\n"));
    // A check that is not selected needs no value.
    let unused = "variables: { a: { secret: login } }\nchecks: [{ name: a, get: / }]";
    assert_eq!(problems(unused), "valid: 1 checks");
}
