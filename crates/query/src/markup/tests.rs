//! What expressions and selectors find, and the bounds of documents.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Markup, MarkupQuery, Selector, XPath};

const HTML: &str = r#"<!doctype html>
<html lang="en"><head><title>Shop</title><meta name=csrf-token content=abc></head>
<body><h1 class="big title"> Our
  cups </h1><ul id=cups><li>Espresso<li class=new>Travel <b>mug</b></ul>
<table><tr><td>1<td>2.5</table><template><li>Hidden</li></template>
<noscript><p>No script</p></noscript><svg><linearGradient id=g /></svg></body></html>"#;

const XML: &str = r#"<?xml version="1.0"?>
<!DOCTYPE feed>
<feed xmlns="urn:atom" xmlns:p="urn:price"><entry><id>a</id><p:price p:in="EUR">1</p:price></entry>
<entry><id>b</id><other xmlns="urn:other"/></entry></feed>"#;

fn html(body: &str) -> Markup {
    Markup::read(Some("text/html; charset=utf-8"), body).unwrap()
}

fn xml(body: &str) -> Markup {
    Markup::read(Some("application/atom+xml"), body).unwrap()
}

fn by_xpath(markup: &Markup, xpath: &str) -> Option<Value> {
    let finder = XPath::parse(xpath).map(MarkupQuery::XPath).unwrap();
    markup.find(&finder).unwrap()
}

fn by_css(markup: &Markup, selector: &str) -> Option<Value> {
    let finder = Selector::parse(selector)
        .map(Box::new)
        .map(MarkupQuery::Css)
        .unwrap();
    markup.find(&finder).unwrap()
}

/// Why a document is refused, or an expression over it.
fn refused(kind: &str, body: &str, xpath: &str) -> String {
    let finder = XPath::parse(xpath).map(MarkupQuery::XPath).unwrap();
    let markup = Markup::read(Some(kind), body);
    let found = markup.and_then(|markup| markup.find(&finder));
    found.unwrap_err().found
}

#[test]
fn an_xpath_gives_text_numbers_booleans_and_nodes() {
    let html = html(HTML);
    let check = |xpath: &str, found: Value| {
        assert_eq!(by_xpath(&html, xpath), Some(found), "{xpath}");
    };
    check("//title", json!("Shop"));
    check("string(//h1)", json!(" Our\n  cups "));
    check("normalize-space(//h1)", json!("Our cups"));
    check("//meta[@name='csrf-token']/@content", json!("abc"));
    check("//li", json!(["Espresso", "Travel mug"]));
    check("count(//li)", json!(2));
    check("sum(//td)", json!(3.5));
    check("number(//title)", json!("NaN"));
    check("1 div 0", json!("Infinity"));
    check("boolean(//h1) and not(//h2)", json!(true));
    check("//li[last()]/b", json!("mug"));
    check("id('cups')/li[1]", json!("Espresso"));
    check("//noscript/p", json!("No script"));
    check(
        "name(//lineargradient)",
        json!("linearGradient".to_lowercase()),
    );
    check("//td | //title", json!(["Shop", "1", "2.5"]));
    check("//td[. > ../td[1]]", json!("2.5"));
    assert_eq!(by_xpath(&html, "//h2"), None);
}

#[test]
fn a_selector_gives_the_collapsed_text_of_elements() {
    let html = html(HTML);
    let check = |selector: &str, found: Option<Value>| {
        assert_eq!(by_css(&html, selector), found, "{selector}");
    };
    check("h1.title", Some(json!("Our cups")));
    check("H1", Some(json!("Our cups")));
    check("ul > li", Some(json!(["Espresso", "Travel mug"])));
    check("li:not(.new)", Some(json!("Espresso")));
    check("li:nth-child(2)", Some(json!("Travel mug")));
    check("title, li.new b", Some(json!(["Shop", "mug"])));
    check("[name=csrf-token][content^=a]", Some(json!("")));
    check(":root > body > h1", Some(json!("Our cups")));
    check("linearGradient#g", Some(json!("")));
    check("#gone", None);
}

#[test]
fn prefixes_of_an_xpath_are_those_of_the_document() {
    let xml = xml(XML);
    let check = |xpath: &str, found: Option<Value>| {
        assert_eq!(by_xpath(&xml, xpath), found, "{xpath}");
    };
    check("//id", None);
    check("//*[local-name()='id'][1]", Some(json!(["a", "b"])));
    check("//p:price/@p:in", Some(json!("EUR")));
    check("name(//p:price)", Some(json!("p:price")));
    check("name(//*[local-name()='id'])", Some(json!("id")));
    check(
        "namespace-uri(//*[local-name()='other'])",
        Some(json!("urn:other")),
    );
    check("//@xml:lang", None);
    // A selector asks for names in any namespace.
    assert_eq!(by_css(&xml, "feed > entry > id"), Some(json!(["a", "b"])));
    assert_eq!(by_css(&xml, "other"), Some(json!("")));
    assert_eq!(by_css(&xml, "Entry"), None);
    assert_eq!(refused("text/xml", XML, "//q:id"), "XML that declares `p`");
    assert_eq!(
        refused("text/html", HTML, "//p:id"),
        "HTML, which has no namespaces"
    );
}

#[test]
fn the_type_or_the_first_characters_say_what_is_xml() {
    let is_xml = |kind: Option<&str>, body: &str| {
        let markup = Markup::read(kind, body).unwrap();
        by_xpath(&markup, "name(/*)") == Some(json!("a"))
    };
    assert!(is_xml(Some("application/xml"), "<a/>"));
    assert!(is_xml(Some("application/xhtml+xml; charset=utf-8"), "<a/>"));
    assert!(is_xml(None, "\u{feff}<?xml version='1.0'?><a/>"));
    assert!(is_xml(Some("text/plain"), "<?xml version='1.0'?><a/>"));
    assert!(!is_xml(None, "<a/>"));
    assert!(!is_xml(Some("text/html"), "<?xml version='1.0'?><a/>"));
    for (kind, body) in [("application/json", "{}"), ("text/html", " \n")] {
        assert!(Markup::read(Some(kind), body).is_err(), "{kind}");
    }
}

#[test]
fn xml_that_is_not_well_formed_is_refused_with_its_place() {
    let check = |body: &str, found: &str| {
        assert_eq!(refused("text/xml", body, "//a"), found, "{body}");
    };
    check(
        "<a>\n <b></c></a>",
        "XML that is not well-formed at 2:5: expected `b` tag, not `c`",
    );
    check(
        "<a>\n <b>",
        "XML that is not well-formed at 2:5: the root node was opened but never closed",
    );
    check(
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        "a document type with declarations of its own",
    );
    check(
        "<a>&b;</a>",
        "XML that is not well-formed at 1:4: unknown entity reference `b`",
    );
}

#[test]
fn documents_that_are_too_deep_or_too_large_are_refused() {
    let deep = "<div>".repeat(100_000);
    let wide = "<i>".to_owned() + &"<i></i>".repeat(250_000) + "</i>";
    let tag = |attributes: usize| {
        (0..attributes).fold("<a ".to_owned(), |mut tag, at| {
            let _ = write!(tag, "b{at}='' ");
            tag
        }) + "></a>"
    };
    let depth = "elements nested more than 256 deep";
    let nodes = "a document of more than 200000 nodes";
    let attributes = "a tag of too many attributes";
    for kind in ["text/html", "text/xml"] {
        let closed = format!("{deep}{}", "</div>".repeat(100_000));
        assert_eq!(refused(kind, &closed, "//a"), depth, "{kind}");
        assert_eq!(refused(kind, &wide, "//a"), nodes, "{kind}");
        assert_eq!(refused(kind, &tag(100_000), "//a"), attributes, "{kind}");
    }
    // Formatting elements come again in each paragraph.
    let formats = "<p><b><i><u><s><em><tt>".repeat(40_000);
    assert_eq!(refused("text/html", &formats, "//a"), nodes);
    let formats = (0..1_000).fold(String::new(), |mut all, at| {
        let _ = write!(all, "<p><font size={at}>");
        all
    });
    assert_eq!(refused("text/html", &formats, "//a"), depth);
    let bodies = (0..60_000).fold(String::new(), |mut all, at| {
        let _ = write!(all, "<body b{at}>");
        all
    });
    assert_eq!(refused("text/html", &bodies, "//a"), attributes);
    let spaces = (0..1_000).fold("<a".to_owned(), |mut tag, at| {
        let _ = write!(tag, " xmlns:b{at}='c'");
        tag
    }) + "/>";
    assert_eq!(
        refused("text/xml", &spaces, "//a"),
        "more than 64 prefixes of namespaces"
    );
    // As deep and as large as a document may be.
    let deep = "<div>".repeat(254);
    assert_eq!(by_xpath(&html(&deep), "count(//div)"), Some(json!(254)));
    let wide = "<i></i>".repeat(199_990);
    assert_eq!(by_xpath(&html(&wide), "count(//i)"), Some(json!(199_990)));
    let comment = format!("<!-- {} --><a>b</a>", "a b ".repeat(9_000));
    assert_eq!(by_xpath(&html(&comment), "//a"), Some(json!("b")));
}

#[test]
fn an_expression_over_a_large_document_comes_to_an_end() {
    let large = html(&"<i>a</i><b>b</b>".repeat(10_000));
    for xpath in [
        "//i[. = //b]",
        "//i = //b",
        "//i < //b",
        "//i[preceding-sibling::b[last()]]",
    ] {
        let finder = XPath::parse(xpath).map(MarkupQuery::XPath).unwrap();
        assert_eq!(
            large.find(&finder).unwrap_err().found,
            "one that takes more than 10000000 steps over this document",
            "{xpath}"
        );
    }
    let nested = "<i>".repeat(200) + &"a".repeat(1_000_000);
    let found = refused("text/html", &nested, "//i");
    assert_eq!(found, "one that gives more than 8 MiB of text");
    // What checks do ask of a large document has room.
    let found = by_xpath(&large, "count(//i[contains(., 'a')][@id or . = 'a'])");
    assert_eq!(found, Some(json!(10_000)));
}

#[test]
fn expressions_that_go_too_deep_are_refused_before_they_are_read() {
    let nested = |count: usize| format!("{}1{}", "(".repeat(count), ")".repeat(count));
    let check = |xpath: &str, found: &str| {
        assert_eq!(XPath::parse(xpath).unwrap_err().found, found);
    };
    assert!(XPath::parse(&nested(32)).is_ok());
    check(&nested(33), "33 deep");
    check(&nested(500), "500 deep");
    check(&"1".repeat(1025), "1025 bytes");
    check(&format!("1{}", "+1".repeat(400)), "more of them");
    check(&format!("{}1", "-".repeat(1000)), "more of them");
    check(&format!("a{}", "|a".repeat(500)), "more of them");
    let nots = format!("a{}b{}", ":not(".repeat(200), ")".repeat(200));
    assert!(Selector::parse(&nots).is_err());
    let nots = format!("a{}b{}", ":not(".repeat(15), ")".repeat(15));
    assert!(Selector::parse(&nots).is_ok());
}
