//! No form of a secret is left.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;

mod layers;

fn redactor(secret: &str) -> Redactor {
    Redactor::new(&[Secret {
        name: "SHOP_PASSWORD".to_owned(),
        value: secret.to_owned(),
    }])
}

proptest! {
    #[test]
    fn a_secret_is_gone_in_every_form_it_commonly_takes(
        secret in "\\PC{4,24}", before in "[a-z ]{0,8}", after in "[a-z ]{0,8}"
    ) {
        let redactor = redactor(&secret);
        let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let json = serde_json::Value::from(secret.as_str()).to_string();
        let json = json[1..json.len() - 1].to_owned();
        let nested = serde_json::Value::from(json.as_str()).to_string();
        let nested = nested[1..nested.len() - 1].to_owned();
        let standard = STANDARD.encode(&secret);
        let url_safe = URL_SAFE_NO_PAD.encode(&secret);
        for shape in [secret, form, json, nested, standard, url_safe] {
            let mut text = format!("{before}{shape}{after}");
            redactor.redact(&mut text);
            prop_assert!(!text.contains(&shape) || REDACTED.contains(&shape), "{}", text);
        }
    }

    #[test]
    fn a_secret_is_gone_as_other_programs_write_it(
        secret in "[ -~äß€🔑]{4,24}", before in "[a-z ]{0,8}", after in "[a-z ]{0,8}"
    ) {
        let redactor = redactor(&secret);
        for shape in foreign(&secret) {
            let mut text = format!("{before}{shape}{after}");
            redactor.redact(&mut text);
            prop_assert!(!text.contains(&shape) || REDACTED.contains(&shape), "{}", text);
        }
    }

    #[test]
    fn a_secret_is_gone_from_the_middle_of_a_text_in_base64(
        secret in "[ -~]{5,24}", before in "[a-z:]{0,8}", after in "[a-z:]{0,8}"
    ) {
        let redactor = redactor(&secret);
        let whole = format!("{before}{secret}{after}");
        for encoded in [STANDARD.encode(&whole), URL_SAFE_NO_PAD.encode(&whole)] {
            let mut text = format!("\"Basic {encoded}\"");
            redactor.redact(&mut text);
            prop_assert_eq!(text, "\"Basic ***\"");
        }
    }

    #[test]
    fn the_pieces_of_a_text_hold_no_secret(
        secret in "[ -~]{4,12}", before in "[ -~]{0,8}", after in "[ -~]{0,8}"
    ) {
        let redactor = redactor(&secret);
        let text = format!("{before}{secret}{after}{secret}");
        for piece in redactor.split(&text) {
            if let Piece::Text(shown) = piece {
                prop_assert!(!shown.contains(&secret), "{}", shown);
            }
        }
    }
}

/// A text in HTML, in JSON and in hexadecimal digits, written down here once
/// more and in another way.
fn foreign(secret: &str) -> Vec<String> {
    let by = |escape: &dyn Fn(char) -> Option<String>| -> String {
        let each = |c: char| escape(c).unwrap_or_else(|| c.to_string());
        secret.chars().map(each).collect()
    };
    let page = |quotation_mark: &str, apostrophe: &str| {
        by(&|c| match c {
            '&' => Some("&amp;".to_owned()),
            '<' => Some("&lt;".to_owned()),
            '>' => Some("&gt;".to_owned()),
            '"' => Some(quotation_mark.to_owned()),
            '\'' => Some(apostrophe.to_owned()),
            _ => None,
        })
    };
    let unit = |c: char| -> String {
        let mut units = [0; 2];
        let units = c.encode_utf16(&mut units).iter();
        units.fold(String::new(), |all, unit| all + &format!("\\u{unit:04x}"))
    };
    let ascii = by(&|c| match c {
        '"' | '\\' => Some(format!("\\{c}")),
        _ => (!c.is_ascii()).then(|| unit(c)),
    });
    let for_pages = by(&|c| match c {
        '"' | '\\' => Some(format!("\\{c}")),
        _ => "<>&".contains(c).then(|| unit(c)),
    });
    let hex = secret.bytes().map(|byte| format!("{byte:02X}"));
    let hex = hex.collect::<Vec<_>>().concat();
    vec![
        page("\"", "'"),
        page("&quot;", "&#39;"),
        page("&#34;", "&#39;"),
        page("&quot;", "&#x27;"),
        page("&quot;", "&#039;"),
        page("&quot;", "&apos;"),
        ascii.replace('/', "\\/"),
        ascii,
        for_pages,
        hex.to_lowercase(),
        hex,
    ]
}

#[test]
fn a_page_that_repeats_a_secret_shows_nothing_of_it() {
    let redactor = redactor("k3y/with+\"quotes\" & more='?");
    for page in [
        "<p>k3y/with+&quot;quotes&quot; &amp; more=&#39;?</p>",
        "<p>k3y/with+&#34;quotes&#34; &amp; more=&#39;?</p>",
        "<p>k3y/with+\"quotes\" &amp; more='?</p>",
        "<p>k3y&#x2F;with+&quot;quotes&quot; &amp; more&#x3D;&#39;?</p>",
        // JSON in an attribute.
        "<p>k3y/with+\\&quot;quotes\\&quot; &amp; more=&#x27;?</p>",
        r#"<p>k3y\/with+\"quotes\" & more='?</p>"#,
        r#"<p>k3y/with+\"quotes\" \u0026 more='?</p>"#,
        r"<p>k3y/with\u002B\u0022quotes\u0022 \u0026 more=\u0027?</p>",
    ] {
        let mut text = page.to_owned();
        redactor.redact(&mut text);
        assert_eq!(text, "<p>***</p>", "{page}");
    }
}

#[test]
fn a_secret_that_was_cut_off_is_gone_too() {
    let redactor = redactor("correct-horse");
    let mut text = "{\"a\":\"corr… (900 bytes), correct-hors…".to_owned();
    redactor.redact(&mut text);
    assert_eq!(text, "{\"a\":\"***… (900 bytes), ***…");
    let whole = STANDARD.encode("user:correct-horse");
    let mut text = format!("Basic {}…", &whole[..16]);
    redactor.redact(&mut text);
    assert_eq!(text, "Basic ***…");
}

#[test]
fn an_empty_secret_redacts_nothing() {
    let mut text = "as it was".to_owned();
    redactor("").redact(&mut text);
    assert_eq!(text, "as it was");
}

#[test]
fn a_text_in_pieces_calls_each_secret_by_its_name() {
    let redactor = redactor("a/b c");
    let text = "p=a%2Fb+c&q=a/b c&r=YS9iIGM=";
    let names: Vec<_> = redactor
        .split(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Secret { variable, form, .. } => format!("{variable} {form:?}"),
        })
        .collect();
    assert_eq!(
        names,
        [
            "p=",
            "SHOP_PASSWORD Url",
            "&q=",
            "SHOP_PASSWORD Plain",
            "&r=",
            "SHOP_PASSWORD Base64"
        ]
    );
}

#[test]
fn names_become_names_of_shell_variables() {
    for (name, expected) in [
        ("SHOP_PASSWORD", "SHOP_PASSWORD"),
        ("storefront/smoke-test", "STOREFRONT_SMOKE_TEST"),
        ("2fa", "_2FA"),
        ("", "_"),
    ] {
        assert_eq!(shell_variable(name), expected);
    }
}

#[test]
fn numbers_of_a_page_need_no_semicolon_at_the_end_of_a_text_either() {
    let redactor = redactor("ab=cd+");
    for page in [
        "&#97&#98&#61&#99&#100&#43",
        "&#x61&#x62&#x3d&#x63&#x64&#x2b",
    ] {
        for (before, after) in [("", ""), ("<p>", "</p>"), ("x", " y")] {
            let mut text = format!("{before}{page}{after}");
            redactor.redact(&mut text);
            assert_eq!(text, format!("{before}***{after}"));
        }
    }
}

#[test]
fn lines_of_base64_are_parted_in_many_ways() {
    let secret = "k3y-äß€-with-some-more-characters-than-a-line-of-base64-has-0123456789";
    let encoded = STANDARD.encode(format!("user:{secret}"));
    for width in [64, 76] {
        let lines = encoded.as_bytes().chunks(width);
        let lines: Vec<_> = lines.map(String::from_utf8_lossy).collect();
        for between in ["\n", "\r\n", "\n\n", "\n  ", "\t", " ", "\\\n", " \n"] {
            let mut text = format!("a: {}", lines.join(between));
            redactor(secret).redact(&mut text);
            for line in &lines {
                let tail = &line[line.len() - 8..];
                assert!(!text.contains(tail), "{between:?} {text}");
            }
        }
    }
}

#[test]
fn a_secret_is_found_in_utf_16_that_nobody_declares() {
    let secret = "sk_live_4eC39";
    let units = secret.encode_utf16();
    let little: Vec<u8> = units.clone().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = units.flat_map(u16::to_be_bytes).collect();
    for bytes in [little, big] {
        let raw = String::from_utf8(bytes.clone()).unwrap();
        for shape in [raw, STANDARD.encode(bytes)] {
            let mut text = format!("a: {shape}.");
            redactor(secret).redact(&mut text);
            assert!(text.contains("***") && text.len() < 10, "{text:?}");
        }
    }
}
