//! Expectations and captures of HTML and XML, against a real TLS load balancer
//! on loopback.

use crate::support::{fails, passes, stage};

#[tokio::test]
async fn a_page_and_a_feed_are_what_xpaths_and_selectors_say() {
    let stage = stage().await;
    passes(
        &stage,
        r##"
steps:
  - get: /orders.html
    expect:
      xpath:
        //title: Your orders
        "normalize-space(//h1)": Your orders
        "count(//li)": { at_least: 3 }
        //li/a/@href: { each: { starts_with: /orders/ }, count: 3, contains: /orders/ord-2 }
        //li[1]//span: { above: 12, one_of: ["12.50", "13.50"] }
        "boolean(//form)": true
        //nav: { exists: false, count: 0 }
      css:
        h1.title: Your orders
        ul.orders > li: { count: 3, each: { matches: '\d\.\d\d$' } }
        button:disabled: { exists: true, count: 1 }
        "#gone": { exists: false }
    capture:
      csrf: { xpath: "string(//meta[@name='csrf-token']/@content)", secret: true }
      title: { css: h1 }
      prices: { css: .price, transform: "{{ value | first }}" }
  - get: /feed.xml
    expect:
      xpath:
        "/*/*[local-name() = 'title']": The coffee shop
        //shop:price/@currency: { each: EUR }
        "//*[*[local-name() = 'id'] = 'espresso-cup']/shop:price": "{{ prices }}"
        "//*[local-name() = 'entry']": { count: { above: 5 } }
      css:
        feed > entry > title: { contains: Travel mug }
"##,
    )
    .await;
}

#[tokio::test]
async fn what_was_found_instead_is_said_at_the_line_that_demanded_it() {
    let stage = stage().await;
    insta::assert_snapshot!(
        fails(
            &stage,
            r##"
get: /orders.html
expect:
  xpath:
    //h1: Welcome
    "count(//li)": { below: 3 }
    //li/a: { each: { contains: cup } }
    //nav: Orders
    //shop:price: { exists: false }
  css:
    ul.orders > li: { count: 4 }
    h1: { not: { contains: orders } }
    "#gone": { exists: true }
capture: { token: { css: "#token" } }
"##
        )
        .await
    );
}

#[tokio::test]
async fn an_answer_that_is_neither_meets_nothing() {
    let stage = stage().await;
    insta::assert_snapshot!(
        fails(
            &stage,
            r##"
get: /healthz
expect: { css: { "#error": { exists: false } } }
"##
        )
        .await
    );
}

#[tokio::test]
async fn a_captured_token_that_is_secret_is_in_no_output() {
    let stage = stage().await;
    let said = fails(
        &stage,
        r#"
get: /orders.html
expect: { xpath: { //title: { matches: csrf- } } }
capture: { csrf: { xpath: "//meta/@content", secret: true } }
"#,
    )
    .await;
    assert!(!said.contains("csrf-green"), "{said}");
}
