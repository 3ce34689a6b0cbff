//! Whether a request meets the conditions of a rule.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::Match::{No, Perhaps, Yes};
use super::*;

fn values(patterns: &[&str], expressions: &[&str]) -> Values {
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    Values {
        patterns: owned(patterns),
        expressions: owned(expressions),
    }
}

fn header(name: &str, values: Values) -> Condition {
    Condition::Header {
        name: name.to_owned(),
        values,
    }
}

/// Pairs as `key=value`, or a value alone.
fn query(pairs: &[&str]) -> Condition {
    let pairs = pairs.iter().map(|pair| match pair.split_once('=') {
        Some((key, value)) => QueryPair {
            key: Some(key.to_owned()),
            value: value.to_owned(),
        },
        None => QueryPair {
            key: None,
            value: (*pair).to_owned(),
        },
    });
    Condition::Query(pairs.collect())
}

/// A request of the host `shop.example.com`, with these headers.
#[track_caller]
fn check_with(headers: &[(&str, &str)], condition: &Condition, path: &str, expected: Match) {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| {
            let name: HeaderName = name.parse().unwrap();
            (name, HeaderValue::from_bytes(value.as_bytes()).unwrap())
        })
        .collect();
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path, None),
    };
    let request = Request {
        method: "GET",
        path,
        query,
        headers: &headers,
    };
    let seen = RequestView {
        host: "shop.example.com",
        request: Some(request),
    };
    assert_eq!(condition.matches(seen), expected, "{condition} {path}");
}

#[track_caller]
fn check(condition: &Condition, path: &str, expected: Match) {
    check_with(&[], condition, path, expected);
}

#[test]
fn a_path_is_compared_with_its_case_and_without_its_query() {
    for (pattern, path, expected) in [
        ("/orders", "/orders", Yes),
        ("/orders", "/orders/", No),
        ("/orders", "/Orders", No),
        ("/orders", "/orders?page=1", Yes),
        ("/orders*", "/orders", Yes),
        ("/orders*", "/orders/1/lines", Yes),
        ("/orders/*", "/orders", No),
        ("/img/*/pics", "/img/a/b/pics", Yes),
        ("/v?/orders", "/v1/orders", Yes),
        ("/v?/orders", "/v10/orders", No),
        ("*.png", "/a/b.png", Yes),
        ("*", "/", Yes),
        ("/*", "/", Yes),
        ("/", "/a", No),
        ("/a+b", "/a+b", Yes),
    ] {
        check(&Condition::Path(values(&[pattern], &[])), path, expected);
    }
    let several = Condition::Path(values(&["/a", "/b"], &[]));
    check(&several, "/b", Yes);
    check(&several, "/c", No);
}

#[test]
fn what_a_normalization_of_the_path_would_change_is_undecided() {
    for (pattern, path, expected) in [
        ("/orders", "/%6Frders", Perhaps),
        ("/%6Frders", "/%6Frders", Perhaps),
        ("/a b", "/a%20b", Perhaps),
        // Whatever becomes of it, it is the same.
        ("/orders/*", "/orders/a%2Fb", Yes),
        ("/blog/*", "/orders/a%2Fb", No),
    ] {
        check(&Condition::Path(values(&[pattern], &[])), path, expected);
    }
}

#[test]
fn a_host_is_compared_without_its_case() {
    for (pattern, expected) in [
        ("shop.example.com", Yes),
        ("SHOP.Example.com", Yes),
        ("*.example.com", Yes),
        ("sho?.example.com", Yes),
        ("example.com", No),
        ("*.shop.example.com", No),
        ("*", Yes),
    ] {
        check(&Condition::Host(values(&[pattern], &[])), "/", expected);
    }
}

#[test]
fn a_header_is_found_by_its_name_and_each_of_its_values() {
    let check = |pattern: &str, expected: Match| {
        let headers = [("x-app", "one"), ("x-app", "Two, three"), ("x-b", "x")];
        let condition = header("X-App", values(&[pattern], &[]));
        check_with(&headers, &condition, "/", expected);
    };
    check("ONE", Yes);
    check("two*", Yes);
    check("*three", Yes);
    check("two", No);
    check("t??, three", Yes);
    check("x", No);
    check("*", Yes);
    // Whether a backslash escapes is documented for queries alone.
    check("\\*", No);
    check_with(
        &[("x-app", "*")],
        &header("x-app", values(&["\\*"], &[])),
        "/",
        Perhaps,
    );
    let absent = header("x-absent", values(&["*"], &[]));
    check_with(&[("x-app", "one")], &absent, "/", No);
    let foreign = header("x-app", values(&["caf?"], &[]));
    check_with(&[("x-app", "café")], &foreign, "/", Perhaps);
}

#[test]
fn a_method_is_compared_as_it_is() {
    let method =
        |names: &[&str]| Condition::Method(names.iter().map(|&name| name.to_owned()).collect());
    check(&method(&["GET"]), "/", Yes);
    check(&method(&["POST", "GET"]), "/", Yes);
    check(&method(&["get"]), "/", No);
    check(&method(&["GE*"]), "/", No);
}

#[test]
fn a_query_string_is_searched_for_pairs_and_values() {
    for (pair, path, expected) in [
        ("version=v1", "/?version=v1", Yes),
        ("version=v1", "/?a=b&Version=V1&c", Yes),
        ("version=v1", "/?version=v10", No),
        ("version=v*", "/?version=v10", Yes),
        ("version=v1", "/?versions=v1", No),
        ("*example*", "/?any=an-example-of", Yes),
        ("example", "/?example=no", No),
        ("example", "/", No),
        ("*=x", "/?any=x", Yes),
        ("q=a\\*b", "/?q=a*b", Yes),
        ("q=a\\*b", "/?q=axb", No),
        ("q=\\?", "/?q=?", Yes),
        ("q=a b", "/?q=a%20b", Perhaps),
        ("q=v1", "/?q=%761", Perhaps),
        ("q=*", "/?q=%761", Yes),
        // A name without a value.
        ("debug", "/?debug", Perhaps),
        ("debug=*", "/?debug", Perhaps),
        ("debug=on", "/?debug", No),
    ] {
        check(&query(&[pair]), path, expected);
    }
    check(&query(&["a=1", "b=2"]), "/?b=2", Yes);
}

#[test]
fn a_regular_expression_decides_where_each_way_to_read_it_agrees() {
    for (expression, path, expected) in [
        ("^/api/(.*)$", "/api/orders", Yes),
        ("^/api/(.*)$", "/orders", No),
        // A part of the path, or all of it?
        ("^/api/", "/api/orders", Perhaps),
        ("^/api/", "/orders", No),
        ("/orders", "/orders", Yes),
        (r"^/orders/\d+$", "/orders/42", Yes),
        (".*", "/a", Yes),
        ("^/.*$", "/a", Yes),
        // What is not understood.
        ("^/(?=api)", "/orders", Perhaps),
        ("^/(", "/orders", Perhaps),
    ] {
        check(&Condition::Path(values(&[], &[expression])), path, expected);
    }
    let host = |expression: &str| Condition::Host(values(&[], &[expression]));
    check(&host(r"^(.*)\.example\.com$"), "/", Yes);
    check(&host(r"^(.*)\.example\.org$"), "/", No);
    check(&host("^Shop[.].*$"), "/", Perhaps);
    let agent = header("user-agent", values(&[], &[".+"]));
    check_with(&[("user-agent", "greenlight")], &agent, "/", Yes);
    check(&agent, "/", No);
}

#[test]
fn a_source_address_and_what_is_not_known_are_undecided() {
    let source = |ranges: &[&str]| {
        Condition::SourceIp(ranges.iter().map(|&range| range.to_owned()).collect())
    };
    check(&source(&["10.0.0.0/8"]), "/", Perhaps);
    check(&source(&["10.0.0.0/8", "0.0.0.0/0"]), "/", Yes);
    check(&Condition::Unknown("tls-version".to_owned()), "/", Perhaps);
    // Fields whose values are not understood.
    check(&Condition::Path(Values::default()), "/", Perhaps);
    check(&Condition::Host(Values::default()), "/", Perhaps);
    check(&Condition::Query(Vec::new()), "/", Perhaps);
    check(&Condition::Method(Vec::new()), "/", Perhaps);
    check(&header("", values(&["*"], &[])), "/", Perhaps);
}

#[test]
fn a_pattern_for_grpc_may_name_a_package_or_a_service() {
    let grpc = [("content-type", "application/grpc+proto")];
    let path = "/shop.v1.Orders/List";
    for (pattern, of_grpc, otherwise) in [
        ("/shop", Perhaps, No),
        ("/shop.v1.Orders", Perhaps, No),
        ("/shop.v1.Orders/List", Yes, Yes),
        ("/shop.v1.Orders/Lis", No, No),
        ("/blog", No, No),
    ] {
        let condition = Condition::Path(values(&[pattern], &[]));
        check_with(&grpc, &condition, path, of_grpc);
        check(&condition, path, otherwise);
    }
}

#[test]
fn all_conditions_of_a_rule_have_to_hold() {
    let path = |pattern: &str| Condition::Path(values(&[pattern], &[]));
    let doubtful = Condition::SourceIp(vec!["10.0.0.0/8".to_owned()]);
    let seen = RequestView {
        host: "shop.example.com",
        request: Some(Request {
            method: "GET",
            path: "/orders",
            query: None,
            headers: &HeaderMap::new(),
        }),
    };
    for (conditions, expected) in [
        (vec![], Yes),
        (vec![path("/orders"), path("/o*")], Yes),
        (vec![path("/orders"), path("/blog")], No),
        (vec![path("/orders"), doubtful.clone()], Perhaps),
        // One that does not hold is enough.
        (vec![doubtful, path("/blog")], No),
    ] {
        let rule = Rule {
            conditions,
            ..Rule::default()
        };
        assert_eq!(rule.matches(seen), expected, "{rule:?}");
    }
}

#[test]
fn of_a_request_that_is_not_known_only_the_host_decides() {
    let seen = RequestView {
        host: "shop.example.com",
        request: None,
    };
    for (condition, expected) in [
        (Condition::Host(values(&["shop.*"], &[])), Yes),
        (Condition::Host(values(&["blog.*"], &[])), No),
        (Condition::Path(values(&["/*"], &[])), Yes),
        (Condition::Path(values(&["/a"], &[])), Perhaps),
        (Condition::Method(vec!["GET".to_owned()]), Perhaps),
        (query(&["a=b"]), Perhaps),
        (header("x-app", values(&["*"], &[])), Perhaps),
    ] {
        assert_eq!(condition.matches(seen), expected, "{condition}");
    }
}
