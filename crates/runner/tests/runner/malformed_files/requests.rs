//! What is said about bodies, logins and versions that cannot be.

use super::{problems, problems_of_check};

#[test]
fn the_body_of_a_request_is_one_that_can_be_sent() {
    insta::assert_snapshot!(problems(
        r#"
checks:
  - name: a
    writes: true
    steps:
      - get: /graphql
        graphql: { query: "{ a }" }
      - post: /
        graphql: { variables: { a: 1 } }
      - post: /
        graphql: { query: "{ a", variables: [1] }
      - post: /
        graphql: { query: "fragment F on T { a }" }
      - post: /
        graphql: { query: "query A { a } query B { b }" }
      - post: /
        graphql: { query: "query All { a }", operation: Al }
      - post: /
        graphql: { query: "{ a }", operation: A, extra: 1 }
      - post: /
        multipart: {}
      - post: /
        multipart: { a: { text: b, file: c }, d: { type: image/png }, e: { text: f, type: png } }
      - post: /
        multipart: { a: { file: nowhere.png } }
      - get: /
        compress: gzip
      - post: /
        text: a
        compress: br
"#
    ), @r#"
    error: a GraphQL request that is not a POST
     --> shop.yaml:6:9
      |
    6 |       - get: /graphql
      |         ^^^ expected `post:`, found `get`
      |
      = help: write `post:`; a document of queries needs no `writes: true`

    error: a GraphQL request without a document
     --> shop.yaml:9:18
      |
    9 |         graphql: { variables: { a: 1 } }
      |                  ^^^^^^^^^^^^^^^^^^^^^^^ expected `query:` with operations, such as `query: "{ orders { id } }"`, found no key `query`
      |
      = help: write mutations below `query` too: that is the name of the document

    error: a GraphQL document that cannot be read
      --> shop.yaml:11:27
       |
    11 |         graphql: { query: "{ a", variables: [1] }
       |                           ^^^^^ expected operations such as `query { orders { id } }`, and their fragments, found an end too early
       |
       = help: close each `{`, `(` and `[`, and end each string on its line

    error: `variables` of the wrong type
      --> shop.yaml:11:45
       |
    11 |         graphql: { query: "{ a", variables: [1] }
       |                                             ^^^ expected a map, found a list
       |
       = help: write one `name: value` for each variable of the operation

    error: a GraphQL document that cannot be read
      --> shop.yaml:13:27
       |
    13 |         graphql: { query: "fragment F on T { a }" }
       |                           ^^^^^^^^^^^^^^^^^^^^^^^ expected operations such as `query { orders { id } }`, and their fragments, found no operation in it
       |
       = help: close each `{`, `(` and `[`, and end each string on its line

    error: several operations and no choice between them
      --> shop.yaml:15:27
       |
    15 |         graphql: { query: "query A { a } query B { b }" }
       |                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected `operation:` with the name of one, found 2 operations
       |
       = help: choose from `A` or `B`

    error: an operation that the document does not have
      --> shop.yaml:17:57
       |
    17 |         graphql: { query: "query All { a }", operation: Al }
       |                                                         ^^ expected `All`, found `Al`
       |
       = help: write `All` if that is meant

    error: an operation that the document does not have
      --> shop.yaml:19:47
       |
    19 |         graphql: { query: "{ a }", operation: A, extra: 1 }
       |                                               ^ expected a document with a named operation, found `A`
       |
       = help: write the name as it stands in the document

    error: unknown key `extra` in `graphql`
      --> shop.yaml:19:50
       |
    19 |         graphql: { query: "{ a }", operation: A, extra: 1 }
       |                                                  ^^^^^ expected `query`, `variables` or `operation`, found `extra`
       |
       = help: remove the key

    error: a form without a part
      --> shop.yaml:21:20
       |
    21 |         multipart: {}
       |                    ^^ expected at least one `name: value`, found none
       |
       = help: write `multipart: { photo: { file: cup.png, type: image/png } }`

    error: a part of a form with other than one content
      --> shop.yaml:23:25
       |
    23 |         multipart: { a: { text: b, file: c }, d: { type: image/png }, e: { text: f, type: png } }
       |                         ^^^^^^^^^^^^^^^^^^^^ expected `file` or `text`, found none of them, or both
       |
       = help: write `{ file: cup.png, type: image/png }`, or just the text

    error: a part of a form with other than one content
      --> shop.yaml:23:50
       |
    23 |         multipart: { a: { text: b, file: c }, d: { type: image/png }, e: { text: f, type: png } }
       |                                                  ^^^^^^^^^^^^^^^^^^^ expected `file` or `text`, found none of them, or both
       |
       = help: write `{ file: cup.png, type: image/png }`, or just the text

    error: `type` of the wrong type
      --> shop.yaml:23:91
       |
    23 |         multipart: { a: { text: b, file: c }, d: { type: image/png }, e: { text: f, type: png } }
       |                                                                                           ^^^ expected a media type such as `image/png`, found the string `png`
       |
       = help: write it as in the header `content-type`

    error: the file `nowhere.png` cannot be sent
      --> shop.yaml:25:33
       |
    25 |         multipart: { a: { file: nowhere.png } }
       |                                 ^^^^^^^^^^^ expected a file of at most 1.0 MiB, beside the check file, found no such file or directory
       |
       = help: give the path relative to the check file

    error: nothing to compress
      --> shop.yaml:27:19
       |
    27 |         compress: gzip
       |                   ^^^^ expected a body beside it: `json`, `form`, `text`, `file`, `graphql` or `multipart`, found none of them
       |
       = help: remove `compress`; answers are decoded without it

    error: `compress` of the wrong type
      --> shop.yaml:30:19
       |
    30 |         compress: br
       |                   ^^ expected `gzip`, found the string `br`
       |
       = help: write it like `compress: gzip`
    "#);
}

#[test]
fn a_mutation_needs_leave_to_write_and_so_does_what_may_be_one() {
    for document in [
        "mutation { a }",
        "query A { a } mutation B { b }",
        "{{ document }}",
    ] {
        let operation = if document.contains("query") {
            ", operation: A"
        } else {
            ""
        };
        let said = problems(&format!(
            "variables: {{ document: a }}\nchecks: [{{ name: a, post: /, graphql: {{ query: \"{document}\"{operation} }} }}]"
        ));
        assert!(
            said.contains("a request that may write"),
            "{document}: {said}"
        );
    }
    let said = problems_of_check("post: /\ngraphql: { query: 'query A { a }' }");
    assert_eq!(said, "valid: 1 checks");
}

#[test]
fn a_method_without_a_key_is_written_in_capitals_and_may_write_unless_it_is_safe() {
    insta::assert_snapshot!(problems(
        r#"
checks:
  - name: a
    request: { method: PURGE, path: /x }
  - name: b
    request: { method: PROPFIND, path: /x }
  - name: c
    writes: true
    steps:
      - request: { method: purge, path: /x }
      - request: { method: GET, path: /x }
      - request: { method: CONNECT, path: /x }
      - request: { method: "MY METHOD", path: /x }
      - request: { method: PURGE }
      - request: { methode: PURGE, path: /x }
      - request: { method: PURGE, path: x }
      - request: /x
      - request: { method: PURGE, path: /x }
        get: /x
      - requst: { method: PURGE, path: /x }
      - gte: /x
"#
    ), @r#"
    error: a request that may write
     --> shop.yaml:4:5
      |
    4 |     request: { method: PURGE, path: /x }
      |     ^^^^^^^ expected `writes: true` beside the check's name, or in `defaults`, found `PURGE` without it
      |
      = help: add `writes: true` if the request may change data of the environment

    error: a method that cannot be asked with
      --> shop.yaml:10:28
       |
    10 |       - request: { method: purge, path: /x }
       |                            ^^^^^ expected a word in capitals, such as `PURGE` or `PROPFIND`, found `purge`
       |
       = help: write `PURGE` if that is meant

    error: a method that cannot be asked with
      --> shop.yaml:11:28
       |
    11 |       - request: { method: GET, path: /x }
       |                            ^^^ expected a word in capitals, such as `PURGE` or `PROPFIND`, found `GET`, which has a key of its own
       |
       = help: write `get:` with the path, in place of `request`

    error: a method that cannot be asked with
      --> shop.yaml:12:28
       |
    12 |       - request: { method: CONNECT, path: /x }
       |                            ^^^^^^^ expected a word in capitals, such as `PURGE` or `PROPFIND`, found `CONNECT`, which asks a proxy for a connection
       |
       = help: leave it out: requests go to the target itself

    error: a method that cannot be asked with
      --> shop.yaml:13:28
       |
    13 |       - request: { method: "MY METHOD", path: /x }
       |                            ^^^^^^^^^^^ expected a word in capitals, such as `PURGE` or `PROPFIND`, found the string `MY METHOD`
       |
       = help: write it in capitals, without blanks

    error: a `request` without both its parts
      --> shop.yaml:14:18
       |
    14 |       - request: { method: PURGE }
       |                  ^^^^^^^^^^^^^^^^^ expected `method` and `path`, found one of them, or none
       |
       = help: write `request: { method: PURGE, path: /catalogue }`

    error: a `request` without both its parts
      --> shop.yaml:15:18
       |
    15 |       - request: { methode: PURGE, path: /x }
       |                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected `method` and `path`, found one of them, or none
       |
       = help: write `request: { method: PURGE, path: /catalogue }`

    error: unknown key `methode` in `request`
      --> shop.yaml:15:20
       |
    15 |       - request: { methode: PURGE, path: /x }
       |                    ^^^^^^^ expected `method` or another key of `request`, found `methode`
       |
       = help: write `method` if that is meant

    error: a path that cannot be requested
      --> shop.yaml:16:41
       |
    16 |       - request: { method: PURGE, path: x }
       |                                         ^ expected a path on the target, such as `/healthz`, found text that does not begin with `/`
       |
       = help: the host comes from the target; percent-encode what a URL cannot hold

    error: `request` of the wrong type
      --> shop.yaml:17:18
       |
    17 |       - request: /x
       |                  ^^ expected a map, found the string `/x`
       |
       = help: write `key: value` lines, or `{ key: value }`

    error: a step with two requests
      --> shop.yaml:18:9
       |
    18 |       - request: { method: PURGE, path: /x }
       |         ^^^^^^^ expected one method, found `request` beside `get`
    19 |         get: /x
       |         --- the first request
       |
       = help: write a check of several requests as a list of `steps`

    error: unknown key `requst` in a step
      --> shop.yaml:20:9
       |
    20 |       - requst: { method: PURGE, path: /x }
       |         ^^^^^^ expected `request` or another key of a step, found `requst`
       |
       = help: write `request` if that is meant

    error: unknown key `gte` in a step
      --> shop.yaml:21:9
       |
    21 |       - gte: /x
       |         ^^^ expected `name`, `retry`, `get`, `head`, `post`, `put`, `patch`, `delete`, `options`, `request`, `grpc`, `message`, `proto`, `websocket`, `messages`, `query`, `headers`, `auth`, `json`, `form`, `text`, `file`, `graphql`, `multipart`, `compress`, `http`, `expect`, `capture`, `timeout`, `follow_redirects`, `delay` or `repeat`, found `gte`
       |
       = help: remove the key

    error: a step without a request
      --> shop.yaml:21:9
       |
    21 |       - gte: /x
       |         ^^^^^^^ expected one of `get`, `head`, `post`, `put`, `patch`, `delete`, `options` or `request`, found none of them
       |
       = help: name the method and the path, such as `get: /healthz`; or a `grpc` call, or a `websocket`
    "#);
}

#[test]
fn a_login_has_all_its_parts() {
    insta::assert_snapshot!(problems(
        r#"
defaults: { auth: { basic: { user: a, password: b }, bearer: c } }
checks:
  - name: a
    steps:
      - get: /
        auth: { oauth2: { token_url: oauth/token, client_id: a, client_secret: b } }
      - get: /
        auth: { oauth2: { token_url: /oauth/token, scop: a } }
      - get: /
        auth: { sigv4: { region: eu-central-1, service: execute-api } }
      - get: /
        auth: { sigv4: { region: a, service: b, access_key: c, secret_key: "{{ unknown }}" } }
      - get: /
        auth: {}
      - get: /
        auth: { basic: { user: a } }
      - get: /
        auth: { basic: { user: a, pasword: b, password: "{{ unknown }}" } }
"#
    ), @r#"
    error: other than one way to log in
     --> shop.yaml:2:19
      |
    2 | defaults: { auth: { basic: { user: a, password: b }, bearer: c } }
      |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected one of `basic`, `bearer`, `oauth2` or `sigv4`, found none of them, or several
      |
      = help: write `auth: { bearer: "{{ token }}" }`

    error: a token URL that cannot be requested
     --> shop.yaml:7:38
      |
    7 |         auth: { oauth2: { token_url: oauth/token, client_id: a, client_secret: b } }
      |                                      ^^^^^^^^^^^ expected a path on the target, such as `/oauth/token`, or a whole URL, found the string `oauth/token`
      |
      = help: begin with `/`, or with `https://`

    error: `oauth2` without all its parts
     --> shop.yaml:9:25
      |
    9 |         auth: { oauth2: { token_url: /oauth/token, scop: a } }
      |                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected `client_id`, `client_secret` in it, found none
      |
      = help: add what is missing; secrets come from variables with `{ env: NAME }`

    error: unknown key `scop` in `oauth2`
     --> shop.yaml:9:52
      |
    9 |         auth: { oauth2: { token_url: /oauth/token, scop: a } }
      |                                                    ^^^^ expected `scope` or another key of `oauth2`, found `scop`
      |
      = help: write `scope` if that is meant

    error: `sigv4` without all its parts
      --> shop.yaml:11:24
       |
    11 |         auth: { sigv4: { region: eu-central-1, service: execute-api } }
       |                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected `access_key`, `secret_key` in it, found none
       |
       = help: add what is missing; secrets come from variables with `{ env: NAME }`

    error: unknown variable `unknown`
      --> shop.yaml:13:80
       |
    13 |         auth: { sigv4: { region: a, service: b, access_key: c, secret_key: "{{ unknown }}" } }
       |                                                                                ^^^^^^^ expected a variable of this file, or a capture of an earlier step, found `unknown`
       |
       = help: add it to `variables`, or give `--var unknown=…`

    error: other than one way to log in
      --> shop.yaml:15:15
       |
    15 |         auth: {}
       |               ^^ expected one of `basic`, `bearer`, `oauth2` or `sigv4`, found none of them, or several
       |
       = help: write `auth: { bearer: "{{ token }}" }`

    error: a login without both its parts
      --> shop.yaml:17:24
       |
    17 |         auth: { basic: { user: a } }
       |                        ^^^^^^^^^^^ expected `user` and `password`, found one of them, or none
       |
       = help: write `basic: { user: …, password: "{{ password }}" }`

    error: unknown key `pasword` in `basic`
      --> shop.yaml:19:35
       |
    19 |         auth: { basic: { user: a, pasword: b, password: "{{ unknown }}" } }
       |                                   ^^^^^^^ expected `password` or another key of `basic`, found `pasword`
       |
       = help: write `password` if that is meant

    error: unknown variable `unknown`
      --> shop.yaml:19:61
       |
    19 |         auth: { basic: { user: a, pasword: b, password: "{{ unknown }}" } }
       |                                                             ^^^^^^^ expected a variable of this file, or a capture of an earlier step, found `unknown`
       |
       = help: add it to `variables`, or give `--var unknown=…`
    "#);
}

#[test]
fn a_version_of_http_is_one_that_can_be_spoken() {
    insta::assert_snapshot!(problems(
        "defaults: { http: '3' }\nchecks: [{ name: a, get: /, http: 1.0 }, { name: b, get: /, http: 2 }]"
    ), @r#"
    error: `http` of the wrong type
     --> shop.yaml:1:19
      |
    1 | defaults: { http: '3' }
      |                   ^^^ expected `"1.1"` or `"2"`, found the string `3`
      |
      = help: leave it out to let client and server agree on one

    error: `http` of the wrong type
     --> shop.yaml:2:35
      |
    2 | checks: [{ name: a, get: /, http: 1.0 }, { name: b, get: /, http: 2 }]
      |                                   ^^^ expected `"1.1"` or `"2"`, found the number `1.0`
      |
      = help: leave it out to let client and server agree on one
    "#);
}

#[test]
fn a_grpc_call_is_declared_unary_and_fits() {
    let folder = tempfile::tempdir().unwrap();
    let proto = include_str!("../../../../../rehearsal/src/app/shop.proto");
    std::fs::write(folder.path().join("shop.proto"), proto).unwrap();
    std::fs::write(folder.path().join("odd.proto"), "import \"nowhere.proto\";").unwrap();
    let text = "
checks:
  - name: a
    writes: true
    steps:
      - grpc: shop.v1.Shop/GetItem
      - grpc: shop.v1.Shop/GetItme
        proto: shop.proto
      - grpc: shop.v1.Shop/WatchOrders
        proto: shop.proto
      - grpc: shop.v1.Shop/GetItem
        proto: odd.proto
      - grpc: shop.v1.Shop/GetItem
        proto: shop.proto
        message: { di: 1 }
      - grpc: grpc.health.v1.Health/Check
        json: {}
        http: 1.1
        expect: { grpc: ok }
      - get: /
        message: {}
  - name: b
    grpc: shop.v1.Shop/GetItem
    proto: shop.proto
";
    let path = folder.path().join("shop.yaml");
    let source = diagnostic::Source::new(&path, text);
    let said = super::problems_of(&[source], &runner::settings::Selection::default());
    let said = said.replace(&format!("{}/", folder.path().display()), "");
    insta::assert_snapshot!(said, @r#"
    error: an import that is not there
      --> odd.proto:1:1
       |
     1 | import "nowhere.proto";
       | ^^^^^^^^^^^^^^^^^^^^^^^ expected a file beside the check file, or beside the file that `proto` names, found no `nowhere.proto`
       |
      ::: shop.yaml:12:16
       |
    12 |         proto: odd.proto
       |                --------- the declaration of this call
       |
       = help: put the file there, or remove the import

    error: a call that nothing declares
     --> shop.yaml:6:9
      |
    6 |       - grpc: shop.v1.Shop/GetItem
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^ expected `proto:` with the file that declares it, found no key `proto`
      |
      = help: only `grpc.health.v1.Health/Check` is known without a file

    error: a method that nothing declares
     --> shop.yaml:7:15
      |
    7 |       - grpc: shop.v1.Shop/GetItme
      |               ^^^^^^^^^^^^^^^^^^^^ expected a method such as `shop.v1.Shop/GetItem`, `shop.v1.Shop/PlaceOrder` or `shop.v1.Shop/WatchOrders`, found `shop.v1.Shop/GetItme`
      |
      = help: write `shop.v1.Shop/GetItem` if that is meant

    error: a call that is a stream
     --> shop.yaml:9:15
      |
    9 |       - grpc: shop.v1.Shop/WatchOrders
      |               ^^^^^^^^^^^^^^^^^^^^^^^^ expected a unary method: one message there, one back, found `shop.v1.Shop/WatchOrders`, which streams
      |
      = help: ask a unary method of the same service

    error: a message that does not fit
      --> shop.yaml:15:18
       |
    15 |         message: { di: 1 }
       |                  ^^^^^^^^^ expected a `shop.v1.GetItemRequest`, found `shop.v1.GetItemRequest` has no field `di`
       |
       = help: write the fields as the file that declares them does

    error: `json` beside a gRPC call
      --> shop.yaml:17:9
       |
    17 |         json: {}
       |         ^^^^ expected `message`, and `proto` with the file that declares the call, found `json`
       |
       = help: a call has one message and is always sent by HTTP/2

    error: `http` of the wrong type
      --> shop.yaml:18:15
       |
    18 |         http: 1.1
       |               ^^^ expected `"2"`, found the number `1.1`
       |
       = help: gRPC needs HTTP/2; leave it out

    error: a status that gRPC does not have
      --> shop.yaml:19:25
       |
    19 |         expect: { grpc: ok }
       |                         ^^ expected a name such as `OK`, `NOT_FOUND` or `UNAVAILABLE`, found the string `ok`
       |
       = help: write `OK` if that is meant

    error: `message` without a gRPC call
      --> shop.yaml:21:9
       |
    21 |         message: {}
       |         ^^^^^^^ expected `grpc:` with the method, such as `shop.v1.Shop/GetItem`, found another request
       |
       = help: write `json` for the body of a plain request

    error: a call that may write
      --> shop.yaml:23:5
       |
    23 |     grpc: shop.v1.Shop/GetItem
       |     ^^^^ expected `writes: true` beside the check's name, or in `defaults`, found `shop.v1.Shop/GetItem` without it
       |
       = help: what a call does, its name does not tell; only the health check is free
    "#);
}

#[test]
fn what_is_said_over_a_websocket_is_what_can_be() {
    insta::assert_snapshot!(problems(
        r#"
checks:
  - name: a
    steps:
      - websocket: /ws
        messages: [{ send: a }]
      - websocket: /ws
        get: /
        json: {}
        http: "2"
        follow_redirects: true
      - websocket: ws
      - get: /
        messages: [{ expect: {} }]
      - grpc: grpc.health.v1.Health/Check
        websocket: /ws
      - websocket: /ws
        messages: []
      - websocket: /ws
        messages: { send: a }
  - name: b
    writes: true
    steps:
      - websocket: /ws
        messages:
          - {}
          - { timeout: 1s }
          - { send: a, timeout: 1s, skip_others: true }
          - { send: null, expect: { status: 200 } }
          - { expect: { close: 1000, body: a }, capture: { b: body } }
          - { expect: { close: normal } }
          - { expect: {}, timeout: 0s, skip_others: 1, capture: { c: status, d: { header: x-a } } }
          - { send: "{{ later }}", expect: { json: { "$.a[": "{{ nobody }}" } } }
          - { capture: { later: body } }
"#
    ));
}

#[test]
fn a_fragment_that_talks_over_a_websocket_needs_leave_to_write() {
    insta::assert_snapshot!(problems(
        "
fragments:
  subscribe: { steps: [{ websocket: /ws, messages: [{ send: a }] }] }
checks:
  - name: a
    steps: [{ use: subscribe }]
"
    ));
}

#[test]
fn a_message_knows_what_was_captured_before_it() {
    insta::assert_snapshot!(problems(
        r#"
checks:
  - name: a
    writes: true
    websocket: /ws
    messages:
      - { send: "{{ later }}", expect: { json: { $.a: "{{ nobody }}" } } }
      - { capture: { later: body } }
      - { send: "{{ later }}", expect: { close: "{{ earlier }}" } }
"#
    ));
}
