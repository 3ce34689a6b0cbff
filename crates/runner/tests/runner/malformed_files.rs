//! What is said about malformed check files: each message names the place,
//! what was expected, what was found, and what to do.

mod markup;
mod requests;

use std::sync::Arc;

use diagnostic::Source;
use diagnostic::snippet::{Colour, render};
use runner::plan::plan;
use runner::settings::{Selection, Tags};

/// Everything that is said about a file of this text.
fn problems(text: &str) -> String {
    problems_with(text, &Selection::default())
}

fn problems_with(text: &str, selection: &Selection) -> String {
    problems_of(&[Source::new("shop.yaml", text)], selection)
}

pub(super) fn problems_of(sources: &[Arc<Source>], selection: &Selection) -> String {
    match plan(sources, selection, &|_| None) {
        Ok(plan) => format!("valid: {} checks", plan.check_count()),
        Err(problems) => problems
            .diagnostics()
            .iter()
            .inspect(|problem| {
                let parts = [&problem.expected, &problem.found, &problem.help];
                assert!(parts.iter().all(|part| part.is_some()), "{problem:?}");
            })
            .map(|problem| render(problem, Colour::Never))
            .collect::<Vec<_>>()
            .join("\n\n"),
    }
}

/// What is said about a file with this one check.
fn problems_of_check(check: &str) -> String {
    let indented = check.replace('\n', "\n    ");
    problems(&format!("checks:\n  - name: a\n    {indented}\n"))
}

#[test]
fn expectations_with_parts_know_their_parts() {
    insta::assert_snapshot!(problems_of_check("get: /
expect:
  cookies: { a: { value: b, secured: true, max_age: 60, http_only: 1 }, b: { secure: { contains: x } } }
  tls: { isuer: x, expires_in: 14d, names: { countt: 1 } }
  latency: { dns: { below: 5ms }, below: 1s, tls: 3ms }
  redirects: { type: 5 }
  headers: { vary: { type: string, each: { count: 1 } } }
capture: { a: { tls: cipher }, b: { tls: version, json: $ }, c: 5 }"), @"
    error: unknown key `secured` in a cookie
     --> shop.yaml:5:33
      |
    5 |       cookies: { a: { value: b, secured: true, max_age: 60, http_only: 1 }, b: { secure: { contains: x } } }
      |                                 ^^^^^^^ expected `secure` or another key of a cookie, found `secured`
      |
      = help: write `secure` if that is meant

    error: a span of time of the wrong type
     --> shop.yaml:5:57
      |
    5 |       cookies: { a: { value: b, secured: true, max_age: 60, http_only: 1 }, b: { secure: { contains: x } } }
      |                                                         ^^ expected a limit such as `{ above: 14d }`, found the number `60`
      |
      = help: no span of time is exact; give it a limit

    error: an expected value of the wrong type
     --> shop.yaml:5:72
      |
    5 |       cookies: { a: { value: b, secured: true, max_age: 60, http_only: 1 }, b: { secure: { contains: x } } }
      |                                                                        ^ expected `true` or `false`, found the number `1`
      |
      = help: write it without quotes

    error: `contains` does not apply to `true` or `false`
     --> shop.yaml:5:92
      |
    5 |       cookies: { a: { value: b, secured: true, max_age: 60, http_only: 1 }, b: { secure: { contains: x } } }
      |                                                                                            ^^^^^^^^ expected an operator for this kind of value, found `contains`
      |
      = help: `count`, `each`, `unique` and `sorted` are for lists, `type` and `schema` for JSON, text operators for text and JSON

    error: unknown key `isuer` in `tls`
     --> shop.yaml:6:14
      |
    6 |       tls: { isuer: x, expires_in: 14d, names: { countt: 1 } }
      |              ^^^^^ expected `issuer` or another key of `tls`, found `isuer`
      |
      = help: write `issuer` if that is meant

    error: a span of time of the wrong type
     --> shop.yaml:6:36
      |
    6 |       tls: { isuer: x, expires_in: 14d, names: { countt: 1 } }
      |                                    ^^^ expected a limit such as `{ above: 14d }`, found the string `14d`
      |
      = help: no span of time is exact; give it a limit

    error: unknown key `countt` in a predicate
     --> shop.yaml:6:50
      |
    6 |       tls: { isuer: x, expires_in: 14d, names: { countt: 1 } }
      |                                                  ^^^^^^ expected `count` or another key of a predicate, found `countt`
      |
      = help: write `count` if that is meant

    error: unknown key `below` in `latency`
     --> shop.yaml:7:39
      |
    7 |       latency: { dns: { below: 5ms }, below: 1s, tls: 3ms }
      |                                       ^^^^^ expected `total`, `dns`, `connect`, `tls`, `first_byte`, `p50`, `p90`, `p95` or `p99`, found `below`
      |
      = help: remove the key

    error: a latency of the wrong type
     --> shop.yaml:7:55
      |
    7 |       latency: { dns: { below: 5ms }, below: 1s, tls: 3ms }
      |                                                       ^^^ expected a limit such as `{ below: 300ms }`, found the string `3ms`
      |
      = help: no latency is exact; give it a limit

    error: `type` of the wrong type
     --> shop.yaml:8:26
      |
    8 |       redirects: { type: 5 }
      |                          ^ expected a string that is not empty, found the number `5`
      |
      = help: write text, in quotes if it looks like a number or a map

    error: `type` does not apply to text
     --> shop.yaml:9:26
      |
    9 |       headers: { vary: { type: string, each: { count: 1 } } }
      |                          ^^^^ expected an operator for this kind of value, found `type`
      |
      = help: `count`, `each`, `unique` and `sorted` are for lists, `type` and `schema` for JSON, text operators for text and JSON

    error: `count` does not apply to text
     --> shop.yaml:9:48
      |
    9 |       headers: { vary: { type: string, each: { count: 1 } } }
      |                                                ^^^^^ expected an operator for this kind of value, found `count`
      |
      = help: `count`, `each`, `unique` and `sorted` are for lists, `type` and `schema` for JSON, text operators for text and JSON

    error: a fact of TLS that is not known
      --> shop.yaml:10:26
       |
    10 |     capture: { a: { tls: cipher }, b: { tls: version, json: $ }, c: 5 }
       |                          ^^^^^^ expected one of `version`, `issuer`, `subject`, `names` or `expires_in`, found `cipher`
       |
       = help: write it like `{ tls: issuer }`

    error: a capture with other than one source
      --> shop.yaml:10:39
       |
    10 |     capture: { a: { tls: cipher }, b: { tls: version, json: $ }, c: 5 }
       |                                       ^^^^^^^^^^^^^^^^^^^^^^^^^ expected one of `json`, `xpath`, `css`, `header`, `cookie`, `regex`, `tls` or `from`, found 2 of them
       |
       = help: write one capture for each value

    error: a capture of the wrong type
      --> shop.yaml:10:69
       |
    10 |     capture: { a: { tls: cipher }, b: { tls: version, json: $ }, c: 5 }
       |                                                                     ^ expected a word such as `status` or `body`, or a map such as `{ json: $.token }`, found the number `5`
       |
       = help: say where the value comes from
    ");
    insta::assert_snapshot!(problems_of_check("get: /\nexpect: { tls: {} }"), @"
    error: `tls` that expects nothing
     --> shop.yaml:4:20
      |
    4 |     expect: { tls: {} }
      |                    ^^ expected one of `version`, `issuer`, `subject`, `names` or `expires_in`, found an empty map
      |
      = help: certificates are always verified; write `tls: { expires_in: { above: 14d } }` for more
    ");
}

#[test]
fn what_is_said_of_repetitions_needs_repetitions() {
    insta::assert_snapshot!(problems_of_check("get: /
expect: { latency: { p95: { below: 1s } }, error_rate: { below: 1% } }"), @"
    error: `p95` of a step that asks once
     --> shop.yaml:4:26
      |
    4 |     expect: { latency: { p95: { below: 1s } }, error_rate: { below: 1% } }
      |                          ^^^ expected `repeat:` beside the request, found none
      |
      = help: add `repeat: 50`

    error: `error_rate` of a step that asks once
     --> shop.yaml:4:48
      |
    4 |     expect: { latency: { p95: { below: 1s } }, error_rate: { below: 1% } }
      |                                                ^^^^^^^^^^ expected `repeat:` beside the request, found none
      |
      = help: add `repeat: 50`

    error: a limit of the wrong type
     --> shop.yaml:4:69
      |
    4 |     expect: { latency: { p95: { below: 1s } }, error_rate: { below: 1% } }
      |                                                                     ^^ expected a number, found the string `1%`
      |
      = help: write it without quotes
    ");
    insta::assert_snapshot!(problems_of_check("get: /
repeat: { jobs: 100 }
retry: { times: 3 }
expect: { error_rate: { below: 5 }, latency: { p50: 3ms, p42: { below: 3ms } } }"), @"
    error: `repeat` without a number
     --> shop.yaml:4:13
      |
    4 |     repeat: { jobs: 100 }
      |             ^^^^^^^^^^^^^ expected `times:` with a whole number, found no key `times`
      |
      = help: write `repeat: { times: 50, jobs: 4 }`

    error: `jobs` of the wrong type
     --> shop.yaml:4:21
      |
    4 |     repeat: { jobs: 100 }
      |                     ^^^ expected a whole number from 1 to 64, found the number `100`
      |
      = help: write it like `jobs: 4`

    error: a step that is both repeated and retried
     --> shop.yaml:5:5
      |
    4 |     repeat: { jobs: 100 }
      |     ------ repeated here
    5 |     retry: { times: 3 }
      |     ^^^^^ expected `repeat` or `retry`, found both
      |
      = help: allow some repetitions to fail with `error_rate`, or remove one of the two

    error: a rate of the wrong type
     --> shop.yaml:6:36
      |
    6 |     expect: { error_rate: { below: 5 }, latency: { p50: 3ms, p42: { below: 3ms } } }
      |                                    ^ expected a number from 0 to 1, found the number `5`
      |
      = help: write `0.01` for one in a hundred

    error: a latency of the wrong type
     --> shop.yaml:6:57
      |
    6 |     expect: { error_rate: { below: 5 }, latency: { p50: 3ms, p42: { below: 3ms } } }
      |                                                         ^^^ expected a limit such as `{ below: 300ms }`, found the string `3ms`
      |
      = help: no latency is exact; give it a limit

    error: unknown key `p42` in `latency`
     --> shop.yaml:6:62
      |
    6 |     expect: { error_rate: { below: 5 }, latency: { p50: 3ms, p42: { below: 3ms } } }
      |                                                              ^^^ expected `total`, `dns`, `connect`, `tls`, `first_byte`, `p50`, `p90`, `p95` or `p99`, found `p42`
      |
      = help: remove the key
    ");
    insta::assert_snapshot!(problems_of_check("get: /\nrepeat: 0"), @"
    error: `repeat` of the wrong type
     --> shop.yaml:4:13
      |
    4 |     repeat: 0
      |             ^ expected a whole number from 1 to 10000, or a map, found the number `0`
      |
      = help: write it like `repeat: { times: 50, jobs: 4 }`
    ");
    insta::assert_snapshot!(problems_of_check("get: /\nrepeat: { times: 20000, joobs: 2 }"), @"
    error: `times` of the wrong type
     --> shop.yaml:4:22
      |
    4 |     repeat: { times: 20000, joobs: 2 }
      |                      ^^^^^ expected a whole number from 1 to 10000, found the number `20000`
      |
      = help: write it like `times: 50`

    error: unknown key `joobs` in `repeat`
     --> shop.yaml:4:29
      |
    4 |     repeat: { times: 20000, joobs: 2 }
      |                             ^^^^^ expected `jobs` or another key of `repeat`, found `joobs`
      |
      = help: write `jobs` if that is meant
    ");
}

#[test]
fn a_well_formed_file_has_no_problems() {
    insta::assert_snapshot!(problems("checks: [{ name: a, get: / }]"), @"valid: 1 checks");
}

#[test]
fn all_problems_of_a_file_are_said_at_once() {
    insta::assert_snapshot!(problems(r#"
name: storefront
variables: { customer: demo }
checks:
  - name: the health endpoint answers
    get: /healthz
    expct: { status: 200 }
    timeout: 5
  - name: a customer can log in
    writes: true
    steps:
      - post: /login
        json: { email: "{{ custmer }}" }
        expect: { status: 2000 }
        capture: { token: { json: $.token } }
      - get: "/orders/{{ tokn }}"
        expect: { json: { "$[": 1 } }
"#), @r#"
    error: unknown key `expct` in a check
     --> shop.yaml:7:5
      |
    7 |     expct: { status: 200 }
      |     ^^^^^ expected `expect` or another key of a check, found `expct`
      |
      = help: write `expect` if that is meant

    error: a timeout that is not a duration
     --> shop.yaml:8:14
      |
    8 |     timeout: 5
      |              ^ expected a duration such as `500ms`, `5s` or `1m30s`, found the number `5`
      |
      = help: add a unit: `5s` or `5ms`

    error: unknown variable `custmer`
      --> shop.yaml:13:28
       |
    13 |         json: { email: "{{ custmer }}" }
       |                            ^^^^^^^ expected a variable of this file, or a capture of an earlier step, found `custmer`
       |
       = help: write `customer` if that is meant

    error: a status that HTTP does not have
      --> shop.yaml:14:27
       |
    14 |         expect: { status: 2000 }
       |                           ^^^^ expected a status code such as `200`, a class such as `2xx`, or a list of them, found the number `2000`
       |
       = help: write a number from 100 to 599, or a class from `1xx` to `5xx`

    error: unknown variable `tokn`
      --> shop.yaml:16:26
       |
    16 |       - get: "/orders/{{ tokn }}"
       |                          ^^^^ expected a variable of this file, or a capture of an earlier step, found `tokn`
       |
       = help: write `token` if that is meant

    error: a JSONPath that cannot be read
      --> shop.yaml:17:27
       |
    17 |         expect: { json: { "$[": 1 } }
       |                           ^^^^ expected a path as in RFC 9535, such as `$.items[0].name`, found `$[`, stopped at `[` at character 2 (parser error)
       |
       = help: begin with `$`; write names that hold `-` or spaces as `$['content-type']`
    "#);
}

#[test]
fn an_unknown_key_is_an_error() {
    insta::assert_snapshot!(problems("chekcs: []"), @"
    error: unknown key `chekcs` in a check file
     --> shop.yaml:1:1
      |
    1 | chekcs: []
      | ^^^^^^ expected `checks` or another key of a check file, found `chekcs`
      |
      = help: write `checks` if that is meant

    error: a file without checks
     --> shop.yaml:1:1
      |
    1 | chekcs: []
      | ^^^^^^^^^^ expected `checks:` with at least one check, found no key `checks`
      |
      = help: add `checks:` and one `- name: …` below it
    ");
    insta::assert_snapshot!(problems("checks: [{ name: a, get: /, zzz: 1 }]"), @r"
    error: unknown key `zzz` in a check
     --> shop.yaml:1:29
      |
    1 | checks: [{ name: a, get: /, zzz: 1 }]
      |                             ^^^ expected `name`, `tags`, `severity`, `writes`, `skip`, `when`, `needs`, `each`, `quarantine`, `retry`, `steps`, `get`, `head`, `post`, `put`, `patch`, `delete`, `options`, `request`, `grpc`, `message`, `proto`, `websocket`, `messages`, `query`, `headers`, `auth`, `json`, `form`, `text`, `file`, `graphql`, `multipart`, `compress`, `http`, `expect`, `capture`, `timeout`, `follow_redirects`, `delay` or `repeat`, found `zzz`
      |
      = help: remove the key
    ");
}

#[test]
fn a_duplicate_key_is_an_error_that_shows_both_places() {
    insta::assert_snapshot!(problems_of_check("get: /one\nexpect: {}\nget: /two"), @"
    error: duplicate key `get`
     --> shop.yaml:5:5
      |
    3 |     get: /one
      |     --- first written here
    4 |     expect: {}
    5 |     get: /two
      |     ^^^ expected each key once, found it again
      |
      = help: remove one of the two
    ");
}

#[test]
fn wrong_types_are_errors() {
    insta::assert_snapshot!(problems("- a list"), @"
    error: a check file of the wrong type
     --> shop.yaml:1:1
      |
    1 | - a list
      | ^^^^^^^^ expected a map, found a list
      |
      = help: write `key: value` lines, or `{ key: value }`
    ");
    insta::assert_snapshot!(problems("checks: { name: a }"), @"
    error: `checks` of the wrong type
     --> shop.yaml:1:9
      |
    1 | checks: { name: a }
      |         ^^^^^^^^^^^ expected a list, found a map
      |
      = help: write `[one, another]`, or lines that begin with `- `
    ");
    insta::assert_snapshot!(problems("checks: [just text]"), @"
    error: a check of the wrong type
     --> shop.yaml:1:10
      |
    1 | checks: [just text]
      |          ^^^^^^^^^ expected a map, found the string `just text`
      |
      = help: write `key: value` lines, or `{ key: value }`
    ");
    insta::assert_snapshot!(problems_of_check("get: [/]"), @"
    error: a path of the wrong type
     --> shop.yaml:3:10
      |
    3 |     get: [/]
      |          ^^^ expected a string that is not empty, found a list
      |
      = help: write text, in quotes if it looks like a number or a map
    ");
    insta::assert_snapshot!(problems_of_check("get: /\ntags: critical"), @"
    error: `tags` of the wrong type
     --> shop.yaml:4:11
      |
    4 |     tags: critical
      |           ^^^^^^^^ expected a list, found the string `critical`
      |
      = help: write `[one, another]`, or lines that begin with `- `
    ");
    insta::assert_snapshot!(problems_of_check("get: /\nexpect: 200"), @"
    error: `expect` of the wrong type
     --> shop.yaml:4:13
      |
    4 |     expect: 200
      |             ^^^ expected a map, found the number `200`
      |
      = help: write `key: value` lines, or `{ key: value }`
    ");
    insta::assert_snapshot!(problems_of_check("get: /\nexpect: { latency: 300ms }"), @"
    error: a latency of the wrong type
     --> shop.yaml:4:24
      |
    4 |     expect: { latency: 300ms }
      |                        ^^^^^ expected a limit such as `{ below: 300ms }`, found the string `300ms`
      |
      = help: no latency is exact; give it a limit
    ");
    insta::assert_snapshot!(problems_of_check("get: /\nexpect: { body: { exists: maybe } }"), @"
    error: `exists` of the wrong type
     --> shop.yaml:4:31
      |
    4 |     expect: { body: { exists: maybe } }
      |                               ^^^^^ expected `true` or `false`, found the string `maybe`
      |
      = help: write it without quotes
    ");
    insta::assert_snapshot!(problems_of_check("get: /\nexpect: { json: { $.a: { above: much } } }"), @"
    error: a limit of the wrong type
     --> shop.yaml:4:37
      |
    4 |     expect: { json: { $.a: { above: much } } }
      |                                     ^^^^ expected a number, found the string `much`
      |
      = help: write it without quotes
    ");
    insta::assert_snapshot!(problems_of_check("get: /\nexpect: { json: { $.a: { type: text } } }"), @"
    error: a type that JSON does not have
     --> shop.yaml:4:36
      |
    4 |     expect: { json: { $.a: { type: text } } }
      |                                    ^^^^ expected `string`, `number`, `integer`, `boolean`, `array`, `object` or `null`, found the string `text`
      |
      = help: write one of JSON's types
    ");
    insta::assert_snapshot!(problems_of_check("get: /\nseverity: minor"), @"
    error: a severity that does not exist
     --> shop.yaml:4:15
      |
    4 |     severity: minor
      |               ^^^^^ expected `required` or `warn`, found the string `minor`
      |
      = help: write `warn` for a check that must not stop a deployment
    ");
    insta::assert_snapshot!(problems_of_check("get: /\nfollow_redirects: many"), @"
    error: `follow_redirects` of the wrong type
     --> shop.yaml:4:23
      |
    4 |     follow_redirects: many
      |                       ^^^^ expected `true` or `false`, or a whole number from 0 to 50, found the string `many`
      |
      = help: write it like `follow_redirects: true`
    ");
    insta::assert_snapshot!(problems_of_check("get: /\ncapture: { a: { json: $.a, header: b } }"), @"
    error: a capture with other than one source
     --> shop.yaml:4:19
      |
    4 |     capture: { a: { json: $.a, header: b } }
      |                   ^^^^^^^^^^^^^^^^^^^^^^^^ expected one of `json`, `xpath`, `css`, `header`, `cookie`, `regex`, `tls` or `from`, found 2 of them
      |
      = help: write one capture for each value
    ");
}

#[test]
fn an_operator_that_does_not_apply_is_an_error() {
    insta::assert_snapshot!(problems_of_check("get: /\nexpect: { status: { contains: 2 } }"), @"
    error: `contains` does not apply to the status
     --> shop.yaml:4:25
      |
    4 |     expect: { status: { contains: 2 } }
      |                         ^^^^^^^^ expected an operator for this kind of value, found `contains`
      |
      = help: `count`, `each`, `unique` and `sorted` are for lists, `type` and `schema` for JSON, text operators for text and JSON
    ");
    insta::assert_snapshot!(problems_of_check("get: /\nexpect: { body: { count: 2 } }"), @"
    error: `count` does not apply to text
     --> shop.yaml:4:23
      |
    4 |     expect: { body: { count: 2 } }
      |                       ^^^^^ expected an operator for this kind of value, found `count`
      |
      = help: `count`, `each`, `unique` and `sorted` are for lists, `type` and `schema` for JSON, text operators for text and JSON
    ");
}

#[test]
fn what_is_demanded_of_the_elements_of_a_list_is_read() {
    insta::assert_snapshot!(problems_of_check("get: /\nexpect: { body: { sorted: asc }, json: { $.a: { unique: yes, sorted: up, sort: asc } } }"), @"
    error: `sorted` does not apply to text
     --> shop.yaml:4:23
      |
    4 |     expect: { body: { sorted: asc }, json: { $.a: { unique: yes, sorted: up, sort: asc } } }
      |                       ^^^^^^ expected an operator for this kind of value, found `sorted`
      |
      = help: `count`, `each`, `unique` and `sorted` are for lists, `type` and `schema` for JSON, text operators for text and JSON

    error: `unique` of the wrong type
     --> shop.yaml:4:61
      |
    4 |     expect: { body: { sorted: asc }, json: { $.a: { unique: yes, sorted: up, sort: asc } } }
      |                                                             ^^^ expected `true` or `false`, found the string `yes`
      |
      = help: write it without quotes

    error: `sorted` of the wrong type
     --> shop.yaml:4:74
      |
    4 |     expect: { body: { sorted: asc }, json: { $.a: { unique: yes, sorted: up, sort: asc } } }
      |                                                                          ^^ expected `asc` or `desc`, found the string `up`
      |
      = help: write it like `sorted: asc`

    error: unknown key `sort` in a predicate
     --> shop.yaml:4:78
      |
    4 |     expect: { body: { sorted: asc }, json: { $.a: { unique: yes, sorted: up, sort: asc } } }
      |                                                                              ^^^^ expected `sorted` or another key of a predicate, found `sort`
      |
      = help: write `sorted` if that is meant
    ");
}

#[test]
fn a_predicate_that_demands_nothing_is_an_error() {
    insta::assert_snapshot!(problems_of_check("get: /\nexpect: { json: { $.a: {} } }"), @"
    error: a predicate that demands nothing
     --> shop.yaml:4:28
      |
    4 |     expect: { json: { $.a: {} } }
      |                            ^^ expected one of `equals`, `contains`, `starts_with`, `ends_with`, `matches`, `exists`, `one_of`, `above`, `below`, `at_least`, `at_most`, `count`, `each`, `unique`, `sorted`, `type`, `schema`, `empty` or `not`, found an empty map
      |
      = help: write `{ exists: true }` if any value will do
    ");
    insta::assert_snapshot!(problems_of_check("get: /\nexpect: { json: { $.a: { one_of: [] } } }"), @"
    error: `one_of` without a choice
     --> shop.yaml:4:38
      |
    4 |     expect: { json: { $.a: { one_of: [] } } }
      |                                      ^^ expected at least one value, found an empty list
      |
      = help: list the values that will do
    ");
}

#[test]
fn durations_need_a_unit() {
    insta::assert_snapshot!(problems_of_check("get: /\nretry: { for: 30, every: 0s }"), @"
    error: `for` that is not a duration
     --> shop.yaml:4:19
      |
    4 |     retry: { for: 30, every: 0s }
      |                   ^^ expected a duration such as `500ms`, `5s` or `1m30s`, found the number `30`
      |
      = help: add a unit: `30s` or `30ms`

    error: `every` of zero
     --> shop.yaml:4:30
      |
    4 |     retry: { for: 30, every: 0s }
      |                              ^^ expected a duration above zero, found the string `0s`
      |
      = help: leave the key out for its default
    ");
    insta::assert_snapshot!(problems_of_check("get: /\nretry: { every: 1s }"), @"
    error: a retry without an end
     --> shop.yaml:4:12
      |
    4 |     retry: { every: 1s }
      |            ^^^^^^^^^^^^^ expected `for:` with a duration, or `times:` with a number, found neither
      |
      = help: write `retry: { for: 30s, every: 1s }`
    ");
    insta::assert_snapshot!(problems_of_check("get: /\ntimeout: soon"), @"
    error: a timeout that is not a duration
     --> shop.yaml:4:14
      |
    4 |     timeout: soon
      |              ^^^^ expected a duration such as `500ms`, `5s` or `1m30s`, found the string `soon`
      |
      = help: write whole numbers with the units `ms`, `s`, `m` or `h`
    ");
}

#[test]
fn a_check_is_one_request_or_a_list_of_steps() {
    insta::assert_snapshot!(problems_of_check("tags: [a]"), @r"
    error: a check without a request
     --> shop.yaml:2:5
      |
    2 |   - name: a
      |     ^^^^^^^ expected one of `get`, `head`, `post`, `put`, `patch`, `delete`, `options` or `request`, found none of them
      |
      = help: name the method and the path, such as `get: /healthz`; or a `grpc` call, or a `websocket`
    ");
    insta::assert_snapshot!(problems_of_check("get: /\npost: /\nwrites: true"), @"
    error: a check with two requests
     --> shop.yaml:4:5
      |
    3 |     get: /
      |     --- the first request
    4 |     post: /
      |     ^^^^ expected one method, found `post` beside `get`
      |
      = help: write a check of several requests as a list of `steps`
    ");
    insta::assert_snapshot!(problems_of_check("get: /\nsteps: [{ get: / }]"), @"
    error: a check with both steps and a request of its own
     --> shop.yaml:3:5
      |
    3 |     get: /
      |     ^^^ expected either `steps` or one request, found `get` beside `steps`
      |
      = help: move the key into the step that it belongs to
    ");
    insta::assert_snapshot!(problems_of_check("steps: []"), @"
    error: a list without steps
     --> shop.yaml:3:5
      |
    3 |     steps: []
      |     ^^^^^ expected at least one step, found an empty list
      |
      = help: add a step such as `- get: /healthz`
    ");
    insta::assert_snapshot!(problems_of_check("post: /\njson: {}\ntext: a\nwrites: true"), @"
    error: a request with two bodies
     --> shop.yaml:5:5
      |
    5 |     text: a
      |     ^^^^ expected one of `json`, `form`, `text`, `file`, `graphql` or `multipart`, found `text` beside `json`
      |
      = help: remove one of the two
    ");
}

#[test]
fn names_are_needed_and_differ() {
    insta::assert_snapshot!(problems("checks: [{ get: / }]"), @"
    error: a check without a name
     --> shop.yaml:1:10
      |
    1 | checks: [{ get: / }]
      |          ^^^^^^^^^^ expected `name:` with a sentence that says what must be true, found no key `name`
      |
      = help: add a name, such as `name: the health endpoint answers`
    ");
    insta::assert_snapshot!(problems("checks:\n  - { name: a, get: / }\n  - { name: a, get: /b }"), @"
    error: two checks of one name
     --> shop.yaml:3:13
      |
    2 |   - { name: a, get: / }
      |             - the first of them
    3 |   - { name: a, get: /b }
      |             ^ expected a name of its own for each check, found `a` again
      |
      = help: say in the name how the two differ
    ");
    insta::assert_snapshot!(problems("checks: [{ name: '', get: / }]"), @"
    error: a check's name of the wrong type
     --> shop.yaml:1:18
      |
    1 | checks: [{ name: '', get: / }]
      |                  ^^ expected a string that is not empty, found an empty string
      |
      = help: write text, in quotes if it looks like a number or a map
    ");
}

#[test]
fn a_path_is_a_path_on_the_target() {
    insta::assert_snapshot!(problems_of_check("get: https://other.example/"), @"
    error: a host that is not allowed
     --> shop.yaml:3:10
      |
    3 |     get: https://other.example/
      |          ^^^^^^^^^^^^^^^^^^^^^ expected a path on the target, such as `/healthz`, or a URL on an allowed host, found `other.example`
      |
      = help: write the path alone if it is the target's; else give `--allow-host other.example` or `SMOKE_ALLOW_HOSTS`
    ");
    insta::assert_snapshot!(problems_of_check("get: //other.example/"), @"
    error: a path that cannot be requested
     --> shop.yaml:3:10
      |
    3 |     get: //other.example/
      |          ^^^^^^^^^^^^^^^^ expected a path on the target, such as `/healthz`, found a path that names another host
      |
      = help: the host comes from the target; percent-encode what a URL cannot hold
    ");
    insta::assert_snapshot!(problems_of_check("get: healthz"), @"
    error: a path that cannot be requested
     --> shop.yaml:3:10
      |
    3 |     get: healthz
      |          ^^^^^^^ expected a path on the target, such as `/healthz`, found text that does not begin with `/`
      |
      = help: the host comes from the target; percent-encode what a URL cannot hold
    ");
    insta::assert_snapshot!(problems_of_check("get: /a b"), @"
    error: a path that cannot be requested
     --> shop.yaml:3:10
      |
    3 |     get: /a b
      |          ^^^^ expected a path on the target, such as `/healthz`, found white space
      |
      = help: the host comes from the target; percent-encode what a URL cannot hold
    ");
    insta::assert_snapshot!(problems_of_check("get: '/a#b'"), @"
    error: a path that cannot be requested
     --> shop.yaml:3:10
      |
    3 |     get: '/a#b'
      |          ^^^^^^ expected a path on the target, such as `/healthz`, found a fragment, which is never sent
      |
      = help: the host comes from the target; percent-encode what a URL cannot hold
    ");
}

#[test]
fn headers_are_headers() {
    insta::assert_snapshot!(problems_of_check("get: /\nheaders: { 'a b': c, d: \"e\\nf\" }"), @r#"
    error: a header name that HTTP does not allow
     --> shop.yaml:4:16
      |
    4 |     headers: { 'a b': c, d: "e\nf" }
      |                ^^^^^ expected letters, digits and `-`, found `a b`
      |
      = help: write it like `x-request-id`

    error: a header that cannot be sent
     --> shop.yaml:4:29
      |
    4 |     headers: { 'a b': c, d: "e\nf" }
      |                             ^^^^^^ expected visible characters on one line, found the string `e\nf`
      |
      = help: remove line breaks and control characters
    "#);
}

#[test]
fn a_bad_jsonpath_is_an_error() {
    insta::assert_snapshot!(problems_of_check("get: /\nexpect: { json: { status: ok } }"), @"
    error: a JSONPath that cannot be read
     --> shop.yaml:4:23
      |
    4 |     expect: { json: { status: ok } }
      |                       ^^^^^^ expected a path as in RFC 9535, such as `$.items[0].name`, found `status`, stopped at `s` at character 1 (parser error)
      |
      = help: begin with `$`; write names that hold `-` or spaces as `$['content-type']`
    ");
    insta::assert_snapshot!(problems_of_check("get: /\ncapture: { a: { json: '$[?' } }"), @"
    error: a JSONPath that cannot be read
     --> shop.yaml:4:27
      |
    4 |     capture: { a: { json: '$[?' } }
      |                           ^^^^^ expected a path as in RFC 9535, such as `$.items[0].name`, found `$[?`, stopped at its end (in long-hand segment, parser error)
      |
      = help: begin with `$`; write names that hold `-` or spaces as `$['content-type']`
    ");
}

#[test]
fn a_bad_regular_expression_is_an_error() {
    insta::assert_snapshot!(problems_of_check("get: /\nexpect: { body: { matches: '(a' } }"), @r"
    error: a regular expression that cannot be read
     --> shop.yaml:4:32
      |
    4 |     expect: { body: { matches: '(a' } }
      |                                ^^^^ expected a regular expression without look-around or back-references, found `(a`: unclosed group
      |
      = help: put the expression in single quotes, where `\` stands for itself
    ");
    insta::assert_snapshot!(problems_of_check("get: /\nexpect: { body: { matches: 'a(?=b)' } }"), @r"
    error: a regular expression that cannot be read
     --> shop.yaml:4:32
      |
    4 |     expect: { body: { matches: 'a(?=b)' } }
      |                                ^^^^^^^^ expected a regular expression without look-around or back-references, found `a(?=b)`: look-around, including look-ahead and look-behind, is not supported
      |
      = help: put the expression in single quotes, where `\` stands for itself
    ");
    insta::assert_snapshot!(problems_of_check("get: /\nexpect: { body: { matches: '(\\w{1000}){1000}' } }"), @r"
    error: a regular expression that cannot be read
     --> shop.yaml:4:32
      |
    4 |     expect: { body: { matches: '(\w{1000}){1000}' } }
      |                                ^^^^^^^^^^^^^^^^^^ expected a regular expression without look-around or back-references, found `(\w{1000}){1000}`: it compiles to more than 1 MiB
      |
      = help: put the expression in single quotes, where `\` stands for itself
    ");
}

#[test]
fn a_bad_template_is_an_error() {
    insta::assert_snapshot!(problems_of_check("get: '/{{ a'"), @"
    error: a template that cannot be read
     --> shop.yaml:3:10
      |
    3 |     get: '/{{ a'
      |          ^^^^^^^ expected an expression such as `{{ name }}`, found syntax error: unexpected end of input, expected end of variable block
      |
      = help: close each `{{` with `}}` and name a variable or a capture in between
    ");
    insta::assert_snapshot!(problems_of_check("get: '/{{ a | nofilter }}'"), @"
    error: a template that cannot be read
     --> shop.yaml:3:10
      |
    3 |     get: '/{{ a | nofilter }}'
      |          ^^^^^^^^^^^^^^^^^^^^^ expected an expression such as `{{ name }}`, found unknown filter: filter nofilter is unknown
      |
      = help: close each `{{` with `}}` and name a variable or a capture in between
    ");
}

#[test]
fn an_unknown_variable_is_an_error_with_the_nearest_name() {
    insta::assert_snapshot!(problems("variables: { customer: a }\nchecks: [{ name: a, get: '/{{ custome }}' }]"), @"
    error: unknown variable `custome`
     --> shop.yaml:2:31
      |
    2 | checks: [{ name: a, get: '/{{ custome }}' }]
      |                               ^^^^^^^ expected a variable of this file, or a capture of an earlier step, found `custome`
      |
      = help: write `customer` if that is meant
    ");
    insta::assert_snapshot!(problems_of_check("get: '/{{ release }}'"), @"
    error: unknown variable `release`
     --> shop.yaml:3:15
      |
    3 |     get: '/{{ release }}'
      |               ^^^^^^^ expected a variable of this file, or a capture of an earlier step, found `release`
      |
      = help: add it to `variables`, or give `--var release=…`
    ");
}

#[test]
fn a_capture_cannot_be_used_before_it_is_made() {
    insta::assert_snapshot!(problems_of_check(
        "steps:\n  - get: '/{{ token }}'\n  - get: /\n    capture: { token: { json: $.token } }"
    ), @"
    error: `token` is used before it is captured
     --> shop.yaml:4:19
      |
    4 |       - get: '/{{ token }}'
      |                   ^^^^^ expected a variable, or a capture of an earlier step, found a capture of a later step
    5 |       - get: /
    6 |         capture: { token: { json: $.token } }
      |                    ------------------------ captured here
      |
      = help: move the step that captures it before this one
    ");
}

#[test]
fn variables_have_values_that_are_known_here() {
    insta::assert_snapshot!(problems("variables: { a: , 1b: 2, c: { secret: x }, f: { env: AWS_SECRET_ACCESS_KEY }, d: { env: NOT_SET }, e: '{{ a }}', g: '{{ cc }}' }\nchecks: [{ name: a, get: '/{{ a }}' }]"), @r#"
    error: a variable without a value
     --> shop.yaml:1:15
      |
    1 | variables: { a: , 1b: 2, c: { secret: x }, f: { env: AWS_SECRET_ACCESS_KEY }, d: { env: NOT_SET }, e: '{{ a }}', ...
      |               ^ expected a value, found nothing
      |
      = help: write `""` for empty text; leave the variable out if `--var` sets it

    error: a variable's name that templates cannot use
     --> shop.yaml:1:19
      |
    1 | variables: { a: , 1b: 2, c: { secret: x }, f: { env: AWS_SECRET_ACCESS_KEY }, d: { env: NOT_SET }, e: '{{ a }}', ...
      |                   ^^ expected letters, digits and `_`, not beginning with a digit, found `1b`
      |
      = help: write it like `access_token`

    error: a variable of AWS's own
     --> shop.yaml:1:54
      |
    1 | ...1b: 2, c: { secret: x }, f: { env: AWS_SECRET_ACCESS_KEY }, d: { env: NOT_SET }, e: '{{ a }}', g: '{{ cc }}' }
      |                                       ^^^^^^^^^^^^^^^^^^^^^ expected an environment variable that was set for the checks, found `AWS_SECRET_ACCESS_KEY`
      |
      = help: name it otherwise, such as `SHOP_PASSWORD`

    error: the variable `d` has no value
     --> shop.yaml:1:79
      |
    1 | ...ECRET_ACCESS_KEY }, d: { env: NOT_SET }, e: '{{ a }}', g: '{{ cc }}' }
      |                        ^ expected the environment variable `NOT_SET`, found none of that name
      |
      = help: set `NOT_SET`, or give `--var d=…`

    error: the variable `g` cannot be computed
     --> shop.yaml:1:114
      |
    1 | ...nv: NOT_SET }, e: '{{ a }}', g: '{{ cc }}' }
      |                                 ^ expected variables that stand above it, found `cc`
      |
      = help: write `c` if that is meant
    "#);
}

#[test]
fn a_file_that_is_sent_must_be_there() {
    insta::assert_snapshot!(problems_of_check("post: /\nfile: nowhere.bin\nwrites: true"), @"
    error: the file `nowhere.bin` cannot be sent
     --> shop.yaml:4:11
      |
    4 |     file: nowhere.bin
      |           ^^^^^^^^^^^ expected a file of at most 1.0 MiB, beside the check file, found no such file or directory
      |
      = help: give the path relative to the check file
    ");
}

#[test]
fn a_tab_in_the_indentation_is_an_error() {
    insta::assert_snapshot!(problems("checks:\n\t- name: a\n\t  get: /\n"), @"
    error: a tab in the indentation
     --> shop.yaml:2:1
      |
    2 |     - name: a
      | ^^^^ expected spaces, found a tab
      |
      = help: indent with spaces; YAML does not allow tabs there
    ");
    insta::assert_snapshot!(problems("checks:\n  - name: a\n\tget: /\n"), @"
    error: a tab in the indentation
     --> shop.yaml:3:1
      |
    3 |     get: /
      | ^^^^ expected spaces, found a tab
      |
      = help: indent with spaces; YAML does not allow tabs there
    ");
}

#[test]
fn a_byte_order_mark_is_fine() {
    insta::assert_snapshot!(problems("\u{feff}checks: [{ name: a, get: / }]"), @"valid: 1 checks");
    insta::assert_snapshot!(problems("\u{feff}chekcs: []"), @"
    error: unknown key `chekcs` in a check file
     --> shop.yaml:1:1
      |
    1 | chekcs: []
      | ^^^^^^ expected `checks` or another key of a check file, found `chekcs`
      |
      = help: write `checks` if that is meant

    error: a file without checks
     --> shop.yaml:1:1
      |
    1 | chekcs: []
      | ^^^^^^^^^^ expected `checks:` with at least one check, found no key `checks`
      |
      = help: add `checks:` and one `- name: …` below it
    ");
}

#[test]
fn carriage_returns_are_fine() {
    insta::assert_snapshot!(problems("checks:\r\n  - name: a\r\n    get: /\r\n"), @"valid: 1 checks");
}

#[test]
fn a_place_after_wide_characters_is_right() {
    insta::assert_snapshot!(problems("name: 🛒 Läden\nchecks: [{ name: ü, gett: / }]"), @"
    error: unknown key `gett` in a check
     --> shop.yaml:2:21
      |
    2 | checks: [{ name: ü, gett: / }]
      |                     ^^^^ expected `get` or another key of a check, found `gett`
      |
      = help: write `get` if that is meant
    ");
}

#[test]
fn a_file_without_checks_is_an_error() {
    insta::assert_snapshot!(problems(""), @"
    error: a file without checks
     --> shop.yaml:1:1
      |
    1 |
      | ^ expected `checks:` with at least one check, found an empty file
      |
      = help: begin with `checks:` and one `- name: …` below it
    ");
    insta::assert_snapshot!(problems("# only a comment\n"), @"
    error: a file without checks
     --> shop.yaml:1:1
      |
    1 | # only a comment
      | ^ expected `checks:` with at least one check, found an empty file
      |
      = help: begin with `checks:` and one `- name: …` below it
    ");
    insta::assert_snapshot!(problems("---\n"), @"
    error: a file without checks
     --> shop.yaml:1:1
      |
    1 | ---
      | ^ expected `checks:` with at least one check, found an empty file
      |
      = help: begin with `checks:` and one `- name: …` below it
    ");
    insta::assert_snapshot!(problems("name: a\n"), @"
    error: a file without checks
     --> shop.yaml:1:1
      |
    1 | name: a
      | ^^^^^^^ expected `checks:` with at least one check, found no key `checks`
      |
      = help: add `checks:` and one `- name: …` below it
    ");
    insta::assert_snapshot!(problems("checks:\n"), @"
    error: a file without checks
     --> shop.yaml:1:1
      |
    1 | checks:
      | ^^^^^^ expected at least one check, found none
      |
      = help: add one `- name: …` below it
    ");
    insta::assert_snapshot!(problems("checks: []\n"), @"
    error: a file without checks
     --> shop.yaml:1:1
      |
    1 | checks: []
      | ^^^^^^ expected at least one check, found none
      |
      = help: add one `- name: …` below it
    ");
}

#[test]
fn several_documents_in_one_file_are_an_error() {
    insta::assert_snapshot!(problems("checks: [{ name: a, get: / }]\n---\nchecks: [{ name: b, get: / }]\n"), @"
    error: a second document in one file
     --> shop.yaml:2:1
      |
    2 | ---
      | ^^^ expected one YAML document, found another after `---`
      |
      = help: move it to a file of its own
    ");
}

#[test]
fn text_that_is_not_yaml_is_an_error() {
    insta::assert_snapshot!(problems("checks: [{ name: a, get: / }"), @"
    error: this is not YAML
     --> shop.yaml:1:29
      |
    1 | checks: [{ name: a, get: / }
      |                             ^ expected well-formed YAML, found an error: while parsing a flow sequence, expected ',' or ']'
      |
      = help: check the indentation, and put text that holds `: `, ` #`, `{` or `[` in quotes
    ");
    insta::assert_snapshot!(problems("checks:\n  - name: a: b\n    get: /"), @"
    error: this is not YAML
     --> shop.yaml:2:12
      |
    2 |   - name: a: b
      |            ^ expected well-formed YAML, found an error: mapping values are not allowed in this context
      |
      = help: check the indentation, and put text that holds `: `, ` #`, `{` or `[` in quotes
    ");
    insta::assert_snapshot!(problems("checks: *nothing"), @"
    error: this is not YAML
     --> shop.yaml:1:9
      |
    1 | checks: *nothing
      |         ^ expected well-formed YAML, found an error: while parsing node, found unknown anchor
      |
      = help: check the indentation, and put text that holds `: `, ` #`, `{` or `[` in quotes
    ");
    insta::assert_snapshot!(problems("checks: \"unclosed"), @r#"
    error: this is not YAML
     --> shop.yaml:1:9
      |
    1 | checks: "unclosed
      |         ^ expected well-formed YAML, found an error: while scanning a quoted scalar, found unexpected end of stream
      |
      = help: check the indentation, and put text that holds `: `, ` #`, `{` or `[` in quotes
    "#);
    insta::assert_snapshot!(problems("\u{0}\u{1}"), @"
    error: this is not YAML
     --> shop.yaml:1:1
      |
    1 | ␀␁
      | ^ expected well-formed YAML, found an error: found unprintable character
      |
      = help: check the indentation, and put text that holds `: `, ` #`, `{` or `[` in quotes
    ");
}

#[test]
fn tags_and_strange_keys_are_errors() {
    insta::assert_snapshot!(problems("checks: !!python/object [{ name: a, get: / }]"), @"
    error: the tag `tag:yaml.org,2002:!python/object` is not supported
     --> shop.yaml:1:9
      |
    1 | checks: !!python/object [{ name: a, get: / }]
      |         ^^^^^^^^^^^^^^^^^ expected a plain value, found a tagged one
      |
      = help: remove the tag; put the value in quotes if text is meant
    ");
    insta::assert_snapshot!(problems("? [a]\n: b\nchecks: [{ name: a, get: / }]"), @"
    error: a key that is not a string
     --> shop.yaml:1:3
      |
    1 | ? [a]
      |   ^^^ expected a string, found a list
      |
      = help: put text that begins with `{`, `[` or `*` in quotes
    ");
    insta::assert_snapshot!(problems("checks: [{ name: a, get: /, json: { n: .inf } }]"), @"
    error: a number that JSON cannot hold
     --> shop.yaml:1:40
      |
    1 | checks: [{ name: a, get: /, json: { n: .inf } }]
      |                                        ^^^^ expected a finite number, found `.inf`, which is not finite
      |
      = help: put it in quotes if text is meant
    ");
}

#[test]
fn an_alias_bomb_is_stopped() {
    let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
    for (name, previous) in ('b'..='i').zip('a'..) {
        let aliases = vec![format!("*{previous}"); 9].join(", ");
        bomb.push_str(&format!("{name}: &{name} [{aliases}]\n"));
    }
    insta::assert_snapshot!(problems(&bomb), @"
    error: too many values
     --> shop.yaml:6:8
      |
    6 | f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e]
      |        ^^ expected at most 100000 once aliases are expanded, found more
      |
      = help: split the file, or use fewer aliases
    ");
}

#[test]
fn an_alias_inside_its_own_anchor_is_an_error() {
    insta::assert_snapshot!(problems("checks: &a [*a]"), @"
    error: an alias to the value that holds it
     --> shop.yaml:1:13
      |
    1 | checks: &a [*a]
      |             ^^ expected an alias to a value that ends before it, found one inside its own anchor
      |
      = help: write the value out
    ");
}

#[test]
fn deep_nesting_is_stopped() {
    let deep = format!("checks: {}{}", "[".repeat(70), "]".repeat(70));
    insta::assert_snapshot!(problems(&deep), @"
    error: nested too deeply
     --> shop.yaml:1:73
      |
    1 | ...[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
      |                                       ^ expected at most 64 levels, found more
      |
      = help: flatten the value, or put it into a file of its own
    ");
    // Far deeper than any stack: an error, and not a crash.
    let deep = "[".repeat(200_000);
    assert!(problems(&deep).contains("error"));
    let deep = "- ".repeat(200_000);
    assert!(problems(&deep).contains("error"));
    let deep = "{a: ".repeat(200_000);
    assert!(problems(&deep).contains("error"));
}

#[test]
fn a_selection_that_selects_nothing_is_an_error() {
    let selection = |tags: &[&str]| Selection {
        tags: Tags::parse(tags.iter().copied()).unwrap(),
        ..Selection::default()
    };
    let tagged = "checks: [{ name: a, get: /, tags: [critical, slow] }]";
    insta::assert_snapshot!(problems_with(tagged, &selection(&["critcal"])), @"
    error: no check is selected
     |
     = note: expected at least one check, found none for the tags `critcal`
     = help: select `critical` or `slow`
    ");
    insta::assert_snapshot!(problems_with(tagged, &selection(&["critical", "!slow"])), @"
    error: no check is selected
     |
     = note: expected at least one check, found none for the tags `critical`, `!slow`
     = help: select `critical` or `slow`
    ");
    insta::assert_snapshot!(problems_with("checks: [{ name: a, get: / }]", &selection(&["x"])), @"
    error: no check is selected
     |
     = note: expected at least one check, found none for the tags `x`
     = help: no check has any tag; leave the tags out
    ");
    insta::assert_snapshot!(problems_with(tagged, &selection(&["critical"])), @"valid: 1 checks");
}

#[test]
fn a_variable_that_no_file_uses_is_an_error() {
    let selection = Selection {
        variables: [("custmer".to_owned(), "x".to_owned())].into(),
        ..Selection::default()
    };
    let file = "variables: { customer: a }\nchecks: [{ name: a, get: '/{{ customer }}' }]";
    insta::assert_snapshot!(problems_with(file, &selection), @"
    error: no check file uses the variable `custmer`
     |
     = note: expected a variable that a check file declares or uses, found `custmer`
     = help: give `customer` if that is meant
    ");
}
