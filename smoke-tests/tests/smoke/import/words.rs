//! What becomes of words that files of others use in ways of their own.

use diagnostic::Source;
use importers::import::{self, Bodies};
use serde_json::{Value, json};

use super::accepted;

/// What is imported of a Hurl file, and what was lost of it.
fn hurl(text: &str) -> (String, Vec<String>) {
    said(import::import_hurl(&Source::new("file.hurl", text), Bodies::Readable).unwrap())
}

/// The same of a collection of these items.
fn postman(items: &Value) -> (String, Vec<String>) {
    let schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";
    let collection = json!({ "info": { "name": "all", "schema": schema }, "item": items });
    let source = Source::new("all.json", collection.to_string());
    said(import::import_postman(&source, &[], Bodies::Readable).unwrap())
}

fn said(imported: import::Imported) -> (String, Vec<String>) {
    accepted(&imported);
    let losses = imported.losses.iter().map(ToString::to_string).collect();
    (imported.text, losses)
}

/// Nothing is lost, and all of these lines are there.
fn whole((text, losses): (String, Vec<String>), lines: &[&str]) {
    assert_eq!(losses, [] as [&str; 0], "{text}");
    for line in lines {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

/// This is lost, and nothing else.
fn lost((text, losses): (String, Vec<String>), what: &str) {
    let [loss] = losses.as_slice() else {
        panic!("{losses:?}\n{text}");
    };
    assert!(loss.contains(what), "{what}\n{loss}");
}

#[test]
fn a_login_in_a_url_is_a_login() {
    let wanted = r#"basic: { user: me@a.example, password: "p:q" }"#;
    let url = "http://me%40a.example:p:q@localhost:8000/x";
    whole(
        hurl(&format!("GET {url}\nHTTP 200\n")),
        &[wanted, "--target http://localhost:8000"],
    );
    let item = json!([{ "name": "a", "request": { "method": "GET", "url": url } }]);
    whole(postman(&item), &[wanted, "--target http://localhost:8000"]);
    // A header is heard before it.
    let text = format!("GET {url}\nAuthorization: Bearer x\nHTTP 200\n");
    let (text, _) = hurl(&text);
    assert!(!text.contains("basic"), "{text}");
}

#[test]
fn a_body_may_stand_behind_asserts() {
    for (body, wanted) in [
        ("`Hello World!`", "body: \"Hello World!\""),
        ("```\nHello\n```", r#"body: "Hello\n""#),
        ("{\"a\": 1}", r#"body: '{"a": 1}'"#),
        (
            "hex,68656c6c6f;",
            "sha256: 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
        ),
    ] {
        let text = format!("GET http://a.example/\nHTTP 200\n[Asserts]\nduration < 100\n{body}\n");
        whole(hurl(&text), &["latency: { below: 100ms }", wanted]);
    }
}

#[test]
fn what_a_query_of_graphql_stands_for_is_no_body_that_could_be_expected() {
    let text = "POST http://a.example/\n```graphql\n{ a }\n```\nHTTP 200\n```graphql\n{ a }\n```\n";
    lost(hurl(text), "a body of GraphQL");
    let text = "GET http://a.example/\nHTTP 200\n[Asserts]\nbody == ```graphql\n{ a }\n```\n";
    lost(hurl(text), "an assert");
}

#[test]
fn texts_have_no_order_here() {
    for text in ["\"te\"", "\"{{word}}\"", "`te`"] {
        let text =
            format!("GET http://a.example/\nHTTP 200\n[Asserts]\njsonpath \"$.a\" > {text}\n");
        lost(hurl(&text), "an assert");
    }
}

#[test]
fn comments_that_change_cookies_are_said() {
    for told in ["clear", "set: a.example FALSE /shop FALSE 0 session abc"] {
        let text =
            format!("# @cookie_storage_{told}\n# the second\nGET http://a.example/\nHTTP 200\n");
        lost(hurl(&text), "what a comment does to cookies");
    }
}

#[test]
fn a_redirect_to_another_host_takes_no_headers_along_and_that_is_said() {
    let text = |header: &str| {
        format!(
            "GET http://a.example/\n{header}\n[Options]\nlocation: true\nHTTP 200\n[Asserts]\nurl == \"http://b.example/x\"\n"
        )
    };
    let what = "headers and cookies that follow a redirect";
    lost(hurl(&text("X-Tenant: 7")), what);
    lost(hurl(&text("Cookie: a=b")), what);
    // Neither tool sends a login there.
    whole(
        hurl(&text("Authorization: Basic eDp5")),
        &[
            r#"url: "http://b.example/x""#,
            "--allow-host http://b.example",
        ],
    );
}

#[test]
fn a_coding_is_asked_for_where_the_original_does() {
    let text =
        |option: &str, header: &str| format!("GET http://a.example/\n{option}HTTP 200\n{header}");
    let compressed = "[Options]\ncompressed: true\n";
    whole(
        hurl(&text(compressed, "Content-Encoding: br\n")),
        &[r#"accept-encoding: "gzip, deflate, br""#],
    );
    whole(
        hurl(&text("", "Content-Length: 5\n")),
        &["accept-encoding: identity"],
    );
    let (plain, _) = hurl(&text("", "X-A: 5\n"));
    assert!(!plain.contains("accept-encoding"), "{plain}");
}

#[test]
fn filters_of_asserts_are_those_of_captures() {
    let text = "GET http://a.example/\nHTTP 200\n[Captures]\nid: jsonpath \"$.id\"\nold: cookie \"a[Path]\"\n[Asserts]\n\
        jsonpath \"$.at\" urlDecode == \"2030\"\n\
        jsonpath \"$.ids\" split \",\" nth 1 == {{id}}\n\
        header \"Age\" toInt > 30\n\
        variable \"id\" startsWith \"ord-\"\n";
    let (text, losses) = hurl(text);
    assert_eq!(losses.len(), 1, "{losses:?}");
    for line in [
        r#"at_1: { json: $.at, transform: "{{ value | url_decode }}" }"#,
        r#"at_1: "2030""#,
        r#"ids_1: { json: $.ids, transform: "{{ value | split(',') | nth(1) }}" }"#,
        r#"ids_1: "{{ id }}""#,
        "age_1: { type: number, above: 30 }",
        "$.at: { type: string }",
        "$.id: { type: string, starts_with: ord- }",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn what_cannot_be_both_fails_as_it_does_in_the_original() {
    let script = [
        "pm.response.to.have.status(200);",
        "pm.expect(pm.response.code).to.be.oneOf([202, 410]);",
        "pm.response.to.have.status(404);",
    ];
    let event = json!({ "listen": "test", "script": { "exec": script } });
    let request = json!({ "method": "GET", "url": "http://a.example/" });
    let item = json!([{ "name": "a", "request": request, "event": [event] }]);
    whole(
        postman(&item),
        &["equals: 200", "one_of: [202, 410]", "one_of: [404]"],
    );
    let text = "GET http://a.example/\nHTTP 200\n[Asserts]\nstatus == 404\n";
    whole(hurl(text), &["status: { equals: 200, one_of: [404] }"]);
}

#[test]
fn options_and_numbers_that_hurl_refuses_are_lost() {
    let asked = "GET http://a.example/\n";
    lost(
        hurl(&format!("{asked}[Options]\nverbose: {{{{v}}}}\nHTTP 200\n")),
        "an option",
    );
    let assert = "jsonpath \"$.a\" toFloat == 10000000000000000365.0";
    lost(
        hurl(&format!("{asked}HTTP 200\n[Asserts]\n{assert}\n")),
        "an assert",
    );
}

#[test]
fn what_is_said_of_a_capture_that_was_lost_is_lost_too() {
    let text = "GET http://a.example/\nHTTP 200\n[Captures]\nold: cookie \"a[Path]\"\n[Asserts]\nvariable \"old\" == \"/\"\n";
    let (text, losses) = hurl(text);
    assert_eq!(losses.len(), 2, "{losses:?}");
    assert!(!text.contains("variables:"), "{text}");
}

#[test]
fn a_body_stays_as_it_is_written_where_that_is_asked_for() {
    let text =
        "POST http://a.example/\n{\n  \"id\": {{id}},\n  \"name\": \"{{name}}\"\n}\nHTTP 200\n";
    let source = Source::new("file.hurl", text);
    whole(
        said(import::import_hurl(&source, Bodies::Verbatim).unwrap()),
        &[
            "headers: { content-type: application/json }",
            "\"id\": {{ id }},\n",
            "\"name\": \"{{ name }}\"\n",
        ],
    );
    let without = "JSON with variables is sent without its blanks";
    let (plain, _) = hurl(text);
    assert!(plain.contains(without), "{plain}");
    let (compact, _) = hurl("POST http://a.example/\n{\"a b\":\"{{name}}\"}\nHTTP 200\n");
    assert!(!compact.contains(without), "{compact}");
    // What holds no text with variables, or is sent in the same bytes, needs no asking.
    whole(
        hurl("POST http://a.example/\n{ \"a\": [1.0, {{n}}] }\nHTTP 200\n"),
        &[r#"text: '{ "a": [1.0, {{ n }}] }'"#],
    );
    whole(
        hurl("POST http://a.example/\n{\"a\":[1,2]}\nHTTP 200\n"),
        &["json: { a: [1, 2] }"],
    );
    let schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";
    let raw = "{ \"id\": \"{{id}}\" }";
    let body = json!({ "mode": "raw", "raw": raw, "options": { "raw": { "language": "json" } } });
    let request = json!({ "method": "POST", "url": "http://a.example/", "body": body });
    let item = json!([{ "name": "a", "request": request }]);
    let collection = json!({ "info": { "name": "all", "schema": schema }, "item": item });
    let source = Source::new("all.json", collection.to_string());
    let imported = import::import_postman(&source, &[], Bodies::Verbatim).unwrap();
    assert!(
        imported.text.contains("{ \"id\": \"{{ id }}\" }"),
        "{}",
        imported.text
    );
}

#[test]
fn a_name_that_only_an_answer_gives_is_lost() {
    let before = "GET http://a.example/\nHTTP 200\n[Captures]\nname: body\n\n";
    for (request, what) in [
        (
            "GET http://a.example/\n{{name}}: 1\n",
            "a name that a variable gives",
        ),
        (
            "GET http://a.example/\n[Query]\n{{name}}: 1\n",
            "a name that a variable gives",
        ),
    ] {
        lost(hurl(&format!("{before}{request}HTTP 200\n")), what);
    }
    // A form is a text, in which it can stand.
    let form = format!("{before}POST http://a.example/\n[Form]\n{{{{name}}}}: 1\nHTTP 200\n");
    whole(
        hurl(&form),
        &[r#"text: "{{ name | string | urlencode }}=1""#],
    );
}

#[test]
fn what_is_refused_twice_has_room_for_both() {
    let text = "GET http://a.example/\nHTTP 200\n[Asserts]\n\
        jsonpath \"$.a\" != 1\njsonpath \"$.a\" != null\njsonpath \"$.a\" == 5\njsonpath \"$.a\" == 5.0\n";
    whole(
        hurl(text),
        &["$.a: { not: { one_of: [1, null] }, equals: 5 }"],
    );
    let text = "GET http://a.example/\nHTTP 200\n[Asserts]\n\
        jsonpath \"$.a\" not isFloat\njsonpath \"$.a\" != null\n";
    whole(
        hurl(text),
        &["variables: { a_1: { not: { equals: null } } }"],
    );
}

#[test]
fn a_cookie_that_an_answer_takes_away_is_seen_in_its_header() {
    let text = "GET http://a.example/\nHTTP 200\n[Asserts]\ncookie \"a.b\" == \"\"\n";
    whole(
        hurl(text),
        &[r#"set-cookie: { matches: '(^|, )a\.b="?"?(;|, |$)' }"#],
    );
}

#[test]
fn a_variable_that_only_a_lost_assert_names_needs_no_value() {
    let text = "GET http://a.example/\nHTTP 200\n[Asserts]\nmd5 == {{b}}\n";
    let (text, _) = hurl(text);
    assert!(!text.contains("variables:"), "{text}");
    // And one without quotes is text by `--var`.
    let text = "GET http://a.example/\nHTTP 200\n[Asserts]\njsonpath \"$.age\" == {{age}}\n";
    whole(
        hurl(text),
        &["give a number here, or write {{ age | int }}"],
    );
}

/// A request with a test script.
fn item(name: &str, request: &Value, script: &str) -> Value {
    json!({
        "name": name,
        "request": request,
        "event": [{ "listen": "test", "script": { "exec": [script] } }],
    })
}

#[test]
fn old_tests_of_postman_are_carried_over() {
    let request = json!({ "method": "GET", "url": "http://a.example/" });
    for (script, wanted) in [
        (
            "tests['a'] = responseCode.code !== 200;",
            "status: { not: { equals: 200 } }",
        ),
        (
            "tests['a'] = (postman.getResponseHeader('X-Id'));",
            "x-id: { empty: false }",
        ),
        (
            "tests['a'] = postman.getResponseCookie('id').value === 'b';",
            "cookies: { id: b }",
        ),
        (
            "var d = JSON.parse(responseBody); tests['a'] = d.form.hasOwnProperty('x');",
            "$.form.x: { exists: true }",
        ),
    ] {
        whole(postman(&json!([item("a", &request, script)])), &[wanted]);
    }
}

#[test]
fn comparisons_of_scripts_are_carried_over() {
    let request = json!({ "method": "GET", "url": "http://a.example/" });
    for (script, wanted) in [
        ("tests['a'] = 200 === responseCode.code;", "status: 200"),
        (
            "var d = JSON.parse(responseBody); tests['a'] = d.n > 1 && d.n <= 5;",
            "$.n: { above: 1, at_most: 5 }",
        ),
        (
            "tests['a'] = !responseBody.has('x');",
            "body: { not: { contains: x } }",
        ),
        (
            "const d = pm.response.json(); pm.test('a', () => pm.expect(typeof d.n).to.eql('number'));",
            "$.n: { type: number }",
        ),
        (
            "const d = pm.response.json(); pm.test('a', () => pm.expect(Array.isArray(d.n)).to.be.true);",
            "$.n: { type: array }",
        ),
        (
            "const d = pm.response.json(); pm.test('a', () => pm.expect(d.n === 'b').to.be.false);",
            "$.n: { not: { equals: b } }",
        ),
        (
            "tests['a'] = JSON.parse(responseBody).n == 5;",
            "$.n: { one_of: [5, \"5\"] }",
        ),
        (
            "const d = pm.response.json(); pm.test('a', () => pm.expect(d.token.length).to.be.above(7));",
            "{ type: [array, string], minItems: 8, minLength: 8 }",
        ),
        (
            "const d = pm.response.json(); pm.test('a', () => pm.expect(d.items).to.be.an('array').that.has.length.above(7));",
            "$.items: { type: array, count: { above: 7 } }",
        ),
    ] {
        whole(postman(&json!([item("a", &request, script)])), &[wanted]);
    }
}

#[test]
fn a_status_may_be_said_by_its_reason_and_be_one_of_several() {
    let request = json!({ "method": "GET", "url": "http://a.example/" });
    for (script, wanted) in [
        ("pm.response.to.have.status('Created');", "status: 201"),
        (
            "tests['a'] = responseCode.code === 200 || responseCode.code === 201;",
            "status: [200, 201]",
        ),
        (
            "pm.test('a', () => pm.expect(pm.response.code == 200 || 204 == pm.response.code).to.be.true);",
            "status: [200, 204]",
        ),
        (
            "const d = pm.response.json(); tests['a'] = d.n === 1 || d.n === 'one';",
            "$.n: { one_of: [1, one] }",
        ),
        (
            "pm.test('a', () => { pm.response.to.have.body(); });",
            "body: { empty: false }",
        ),
    ] {
        whole(postman(&json!([item("a", &request, script)])), &[wanted]);
    }
    let script = "tests['a'] = responseCode.code === 200 || responseBody.has('x');";
    lost(postman(&json!([item("a", &request, script)])), "a test");
}

#[test]
fn what_is_set_only_at_times_is_a_capture_that_says_so() {
    let request = |path: &str| json!({ "method": "GET", "url": format!("http://a.example{path}") });
    let script = "if (pm.response.code === 200) {
            pm.environment.set('id', pm.response.json().id);
        }";
    whole(
        postman(&json!([
            item("set", &request("/set"), script),
            item("use", &request("/{{id}}"), ""),
        ])),
        &[
            "The original sets `id` only if `pm.response.code === 200`; here it has to be there.",
            "capture: { id: { json: $.id } }",
        ],
    );
    let script = "if (pm.response.code === 200) { pm.test('a', () => {}); }";
    lost(
        postman(&json!([item("a", &request("/"), script)])),
        "runs only at times",
    );
}

#[test]
fn a_script_that_is_no_javascript_is_lost_as_a_whole() {
    let request = json!({ "method": "GET", "url": "http://a.example/" });
    let deep = "(".repeat(60_000);
    for script in ["pm.test('a', () => {", "let {{x}} = 1;", &deep] {
        lost(
            postman(&json!([item("a", &request, script)])),
            "part of a test script",
        );
    }
}

#[test]
fn what_scripts_set_is_known_to_the_requests_after_them() {
    let request = |path: &str| json!({ "method": "GET", "url": format!("http://a.example{path}") });
    let script = "const d = pm.response.json();
        pm.environment.set('login', 'Bearer ' + d.token);
        pm.environment.set('same', `Bearer ${d.token}`);
        pm.environment.set('plan', 'gold');
        pm.environment.set('unused', 'x');";
    let (text, losses) = postman(&json!([
        item("before", &request("/{{plan}}"), ""),
        item("set", &request("/set"), script),
        item(
            "after",
            &request("/{{plan}}?a={{login}}&b={{same}}"),
            "tests['a'] = postman.getEnvironmentVariable('plan') === 'gold';
            pm.test('a', () => pm.expect(pm.environment.get('plan')).to.eql('gold'));"
        ),
    ]));
    whole(
        (text.clone(), losses),
        &[
            "plan: \"{{ '{{' }}plan}}\"",
            "login: { json: $.token, transform: \"Bearer {{ value }}\" }",
            "same: { json: $.token, transform: \"Bearer {{ value }}\" }",
            "plan: { from: status, transform: gold }",
            "variables: { plan: gold }",
        ],
    );
    assert!(!text.contains("unused"), "{text}");
}

#[test]
fn a_redirect_that_is_followed_in_another_way_is_said_where_that_is_set() {
    let one = |method: &str, settings: Value| {
        let request = json!({ "method": method, "url": "http://a.example/" });
        json!([{ "name": "a", "request": request, "protocolProfileBehavior": settings }])
    };
    for settings in [
        json!({ "followOriginalHttpMethod": false }),
        json!({ "removeRefererHeaderOnRedirect": false }),
    ] {
        lost(postman(&one("DELETE", settings.clone())), "a setting");
        let mut settings = settings;
        settings["followRedirects"] = json!(false);
        whole(postman(&one("DELETE", settings)), &[]);
    }
    for method in ["GET", "POST"] {
        let settings = json!({ "followOriginalHttpMethod": false });
        whole(postman(&one(method, settings)), &[]);
    }
}

#[test]
fn any_method_is_carried_over() {
    let request = json!({ "method": "PURGE", "url": "http://a.example/x" });
    let wanted = ["request: { method: PURGE, path: /x }", "writes: true"];
    whole(postman(&json!([item("a", &request, "")])), &wanted);
    whole(hurl("PURGE http://a.example/x\nHTTP 200\n"), &wanted);
    let (text, _) = hurl("PROPFIND http://a.example/x\nHTTP 207\n");
    assert!(!text.contains("writes"), "{text}");
    lost(
        hurl("CONNECT http://a.example/x\nHTTP 200\n"),
        "a request with this method",
    );
}

#[test]
fn a_login_takes_the_place_of_a_header() {
    let login = |kind: &str, values: Value| {
        let header = json!([{ "key": "Authorization", "value": "old" }]);
        let auth = json!({ "type": kind, kind: values });
        let request = json!({
            "method": "GET", "url": "http://a.example/", "header": header, "auth": auth,
        });
        postman(&json!([{ "name": "a", "request": request }]))
    };
    let user = json!({ "username": "u", "password": "p" });
    let (text, losses) = login("basic", user.clone());
    assert!(!text.contains("old"), "{text}");
    whole(
        (text, losses),
        &["auth: { basic: { user: u, password: p } }"],
    );
    lost(login("digest", user), "a login of this kind");
    // One without its values is none.
    whole(
        login("bearer", json!({ "token": "" })),
        &["authorization: old"],
    );
}

#[test]
fn an_xpath_with_the_prefix_that_only_hurl_has_is_lost() {
    let text = "GET http://a.example/\nHTTP 200\n[Asserts]\nxpath \"//_:entry\" exists\n";
    lost(hurl(text), "//_:entry");
}

#[test]
fn a_password_that_hurl_does_not_send_is_not_sent() {
    for way in ["digest", "ntlm", "negotiate"] {
        let options = format!("[Options]\n{way}: true\nuser: a:b\n");
        let (text, losses) = hurl(&format!("GET http://a.example/\n{options}HTTP 200\n"));
        assert!(!text.contains("auth:"), "{text}");
        lost((text, losses), way);
    }
}

#[test]
fn what_reads_cookies_goes_with_what_may_have_set_them() {
    let request = |path: &str| json!({ "method": "GET", "url": format!("http://a.example{path}") });
    let (text, _) = postman(&json!([
        item("set", &request("/set"), ""),
        item(
            "read",
            &request("/read"),
            "pm.test('a', () => pm.expect(pm.cookies.get('a')).to.eql('b'));"
        ),
        item("alone", &request("/alone"), ""),
    ]));
    assert!(text.contains("- name: \"set … read\""), "{text}");
    assert!(text.contains("- name: alone"), "{text}");
}

#[test]
fn fields_of_a_collection_may_be_named_by_variables() {
    let urlencoded = json!([{ "key": "{{name}}", "value": "{{name}}" }]);
    let request = json!({
        "method": "POST",
        "url": "http://a.example/?{{name}}=1",
        "body": { "mode": "urlencoded", "urlencoded": urlencoded },
    });
    let (text, _) = postman(&json!([{ "name": "a", "request": request }]));
    let named = "{{ name | string | urlencode }}";
    for wanted in [format!("/?{named}=1"), format!("text: \"{named}={named}\"")] {
        assert!(text.contains(&wanted), "{wanted}\n{text}");
    }
}
