//! What is said about expectations and captures of HTML and XML.

use super::problems_of_check;

#[test]
fn an_xpath_that_cannot_be_read_is_an_error() {
    insta::assert_snapshot!(problems_of_check(
        r#"get: /
expect:
  xpath:
    "//h1[": a
    "//a/@": a
    "h1 h2": a
    "//p[text() = 'a]": a
    "foo::a": a
    "": a
capture: { a: { xpath: "//li[)" }, b: { xpath: 5 } }"#
    ));
}

#[test]
fn an_xpath_that_makes_no_sense_is_an_error() {
    insta::assert_snapshot!(problems_of_check(
        r#"get: /
expect:
  xpath:
    "cuont(//li)": 1
    "//li[lower-case(.) = 'a']": a
    "//a[re:test(., 'b')]": a
    "contains(//h1)": true
    "substring(//h1, 1, 2, 3)": a
    "false() or true(1)": true
    "//li[$row]": a
    "count('a')": 1
    "//a | 'b'": a
    "('a')[1]": a
    "string(//a)/b": a
    "//a/namespace::b": a
    "translate(//a, //b, 'c')": a
"#
    ));
}

#[test]
fn an_xpath_that_is_too_long_or_too_deep_is_an_error() {
    let deep = format!("{}1{}", "(".repeat(40), ")".repeat(40));
    insta::assert_snapshot!(problems_of_check(&format!(
        "get: /\nexpect: {{ xpath: {{ '{deep}': 1 }} }}"
    )));
}

#[test]
fn a_selector_that_cannot_be_translated_is_an_error() {
    insta::assert_snapshot!(problems_of_check(
        r#"get: /
expect:
  css:
    "a:hover": a
    "p::before": a
    "ul >": a
    "a:not(:focus)": a
    "svg|g": a
    ":contains(b)": a
    "h1 || h2": a
    "*:first-of-type": a
capture: { a: { css: "a..b" }, b: { css: h1, xpath: "//h1" } }"#
    ));
}

#[test]
fn predicates_over_markup_fit_its_values() {
    insta::assert_snapshot!(problems_of_check(
        r#"get: /
expect:
  xpath:
    "count(//li)": { contains: a }
    "boolean(//li)": yes please
    "string(//h1)": { count: 1 }
    "//li": { type: string }
  css:
    li: { countt: 1 }
  html: {}
"#
    ));
}
