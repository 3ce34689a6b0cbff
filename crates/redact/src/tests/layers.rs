//! No secret is left below layers of escapes, Base64 and digits.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::redactor;
use crate::{REDACTED, Redactor, Secret};

/// How a program may write a text, character by character.
type Writer = fn(char) -> String;

fn units_of(c: char, write: impl Fn(u16) -> String) -> String {
    c.encode_utf16(&mut [0; 2])
        .iter()
        .map(|unit| write(*unit))
        .collect()
}

fn octets(c: char, write: impl Fn(u8) -> String) -> String {
    c.encode_utf8(&mut [0; 4]).bytes().map(write).collect()
}

/// Manners of escaping, each by the characters that it escapes.
const WRITERS: [(&str, Writer); 17] = [
    ("JSON, plain", |c| match c {
        '"' | '\\' => format!("\\{c}"),
        c => c.to_string(),
    }),
    ("JSON with slashes escaped", |c| match c {
        '"' | '\\' | '/' => format!("\\{c}"),
        c if c.is_ascii() => c.to_string(),
        c => units_of(c, |unit| format!("\\u{unit:04x}")),
    }),
    ("JSON for pages, as of Gson", |c| match c {
        '"' | '\\' => format!("\\{c}"),
        '<' | '>' | '&' | '=' | '\'' => units_of(c, |unit| format!("\\u{unit:04x}")),
        c => c.to_string(),
    }),
    ("a script's string, as of Django", |c| match c {
        '\\' | '\'' | '"' | '>' | '<' | '&' | '=' | '-' | ';' | '`' => {
            units_of(c, |unit| format!("\\u{unit:04X}"))
        }
        c => c.to_string(),
    }),
    ("JSON, all by numbers", |c| {
        units_of(c, |unit| format!("\\u{unit:04x}"))
    }),
    ("a script's string, by code points", |c| {
        format!("\\u{{{:x}}}", u32::from(c))
    }),
    ("a script's string, by bytes", |c| match c {
        c if c.is_ascii() => format!("\\x{:02X}", u32::from(c)),
        c => c.to_string(),
    }),
    ("a page, by names", |c| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&apos;".to_owned(),
        '+' => "&plus;".to_owned(),
        '=' => "&equals;".to_owned(),
        'ß' => "&szlig;".to_owned(),
        '€' => "&euro;".to_owned(),
        c => c.to_string(),
    }),
    ("a page, by numbers", |c| format!("&#{};", u32::from(c))),
    ("a page, by numbers with zeros", |c| {
        format!("&#{:07};", u32::from(c))
    }),
    ("a page, by hexadecimal numbers", |c| {
        format!("&#x{:x};", u32::from(c))
    }),
    ("a page, by long ones", |c| {
        format!("&#X{:06X};", u32::from(c))
    }),
    ("a URL", |c| match c {
        c if c.is_ascii_alphanumeric() || "-_.~".contains(c) => c.to_string(),
        c => octets(c, |byte| format!("%{byte:02X}")),
    }),
    ("a URL that keeps what it may", |c| match c {
        c if c.is_ascii_alphanumeric() || "-_.~+/&'".contains(c) => c.to_string(),
        c => octets(c, |byte| format!("%{byte:02x}")),
    }),
    ("a URL, all of it", |c| {
        octets(c, |byte| format!("%{byte:02X}"))
    }),
    ("a form", |c| {
        url::form_urlencoded::byte_serialize(c.to_string().as_bytes()).collect()
    }),
    ("an old script's URL", |c| {
        units_of(c, |unit| format!("%u{unit:04X}"))
    }),
];

fn written(writer: Writer, text: &str) -> String {
    text.chars().map(writer).collect()
}

fn in_lines(text: &str, width: usize, end: &str) -> String {
    let lines = text.as_bytes().chunks(width).map(String::from_utf8_lossy);
    lines.collect::<Vec<_>>().join(end)
}

/// The ways to write Base64.
const BASE64: [fn(&str) -> String; 5] = [
    |text| STANDARD.encode(text),
    |text| STANDARD.encode(text).replace('=', ""),
    |text| URL_SAFE_NO_PAD.encode(text),
    |text| in_lines(&STANDARD.encode(text), 64, "\n"),
    |text| in_lines(&STANDARD.encode(text), 76, "\r\n"),
];

/// Nothing of what surrounds a secret of this kind can be taken for it.
const SECRET: &str = "[A-Z0-9=+/&<>\"'ß€🔑%~_ -]{4}[A-Z=&ß€🔑%]{2,20}";

proptest! {
    // Each case is one for every pair of manners.
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_secret_is_gone_below_two_layers_of_escapes(
        secret in SECRET, before in "[a-z ]{0,8}", after in "[a-z ]{0,8}"
    ) {
        let redactor = redactor(&secret);
        for (inner_name, inner) in WRITERS {
            for (outer_name, outer) in WRITERS {
                let of = |text: &str| written(outer, &written(inner, text));
                let mut text = of(&before) + &of(&secret) + &of(&after);
                redactor.redact(&mut text);
                let shown = of(&before) + REDACTED + &of(&after);
                // A blank at the edge may be an escape of its own.
                prop_assert_eq!(text, shown, "{} in {}", inner_name, outer_name);
            }
        }
    }

    #[test]
    fn the_beginning_of_a_secret_is_gone_below_two_layers_of_escapes(
        secret in SECRET, before in "[a-z ]{0,8}", part in 0.0..1.0
    ) {
        let redactor = redactor(&secret);
        for (inner_name, inner) in WRITERS {
            for (outer_name, outer) in WRITERS {
                let of = |text: &str| written(outer, &written(inner, text));
                let whole = of(&secret);
                // Less than a character says little.
                let first = of(&secret.chars().take(1).collect::<String>()).len();
                let length = whole.len() - first;
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
                let at = first + (length as f64 * part) as usize;
                let at = whole.floor_char_boundary(at);
                let mut text = format!("{}{}… (900 bytes)", of(&before), &whole[..at]);
                redactor.redact(&mut text);
                let shown = format!("{}{REDACTED}… (900 bytes)", of(&before));
                prop_assert_eq!(text, shown, "{} in {}", inner_name, outer_name);
            }
        }
    }

    #[test]
    fn a_secret_is_gone_from_base64_in_lines_and_below_escapes(
        secret in SECRET, before in "[a-z ]{0,90}", after in "[a-z ]{0,90}"
    ) {
        let redactor = redactor(&secret);
        let around = |text: &str| format!("{before}{text}{after}");
        for encode in BASE64 {
            for (name, writer) in WRITERS {
                let inside = encode(&written(writer, &around(&secret)));
                let outside = written(writer, &encode(&around(&secret)));
                let both = written(WRITERS[0].1, &outside);
                for whole in [inside, outside, both] {
                    let mut text = whole.clone();
                    redactor.redact(&mut text);
                    prop_assert!(text.contains(REDACTED), "{}: {}", name, whole);
                    let lines = text.split(REDACTED).flat_map(|part| part.split(['\n', '\r', ' ']));
                    for line in lines {
                        let left = STANDARD.decode(line).unwrap_or_default();
                        let left = String::from_utf8_lossy(&left).into_owned();
                        let end = &secret[secret.ceil_char_boundary(secret.len() / 2)..];
                        prop_assert!(!left.contains(end), "{}: {}", name, left);
                    }
                }
            }
        }
    }

    #[test]
    fn the_beginning_of_a_secret_is_gone_from_base64(
        secret in SECRET, before in "[a-z]{0,90}", part in 0.0..1.0
    ) {
        let redactor = redactor(&secret);
        for encode in BASE64 {
            let whole = encode(&format!("{before}{secret}"));
            // From the third byte of the secret on.
            let first = encode(&format!("{before}{}", "x".repeat(3))).trim_end_matches('=').len();
            let length = whole.trim_end_matches('=').len() - first;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
            let at = first + (length as f64 * part) as usize;
            let mut text = format!("a: {}…", &whole[..at]);
            redactor.redact(&mut text);
            prop_assert!(text.ends_with("***…"), "{}", text);
        }
    }
}

#[test]
fn a_secret_that_is_kept_in_base64_or_with_escapes_is_gone_when_it_is_decoded() {
    for (secret, shown) in [
        ("ZGVtbzpjb3JyZWN0LWhvcnNl", "demo:correct-horse"),
        ("p%40ss%2Fword", "p@ss/word"),
        ("fish &amp; chips", "fish & chips"),
        ("two\\nlines of it", "two\nlines of it"),
        ("with a line break\n", "with a line break"),
    ] {
        let redactor = redactor(secret);
        for shown in [
            shown.to_owned(),
            url::form_urlencoded::byte_serialize(shown.as_bytes()).collect(),
        ] {
            let mut text = format!("it is ({shown})");
            redactor.redact(&mut text);
            assert_eq!(text, "it is (***)", "{secret}");
        }
    }
}

#[test]
fn base64_in_lines_is_covered_as_far_as_it_holds_the_secret() {
    let redactor = redactor("correct-horse");
    let encoded = STANDARD.encode(format!("{}correct-horse{}", "a".repeat(40), "b".repeat(60)));
    for end in ["\n", "\r\n", "\n    "] {
        let mut text = format!("the key:\n{}", in_lines(&encoded, 64, end));
        let last = text.rsplit(end).next().unwrap().to_owned();
        redactor.redact(&mut text);
        assert_eq!(text, format!("the key:\n***{end}{last}"));
    }
}

#[test]
fn two_secrets_that_overlap_are_gone_as_one() {
    let secrets = ["first-second", "second-third", "second"];
    let secrets = secrets.map(|value| Secret {
        name: value.to_owned(),
        value: value.to_owned(),
    });
    let redactor = Redactor::new(&secrets);
    let mut text = "a first-second-third b, second".to_owned();
    redactor.redact(&mut text);
    assert_eq!(text, "a *** b, ***");
}

#[test]
fn what_is_no_secret_stays_as_it_is() {
    let redactor = redactor("correct-horse");
    let page = "https://shop.example/a%20b?x=1+2&amp;y=%u0041 \\u003d C:\\new\\table &c; & 100% \
                dXNlcjpub3RoaW5nIG9mIGl0… 6e6f7468696e67206f66206974 {\"a\":\"\\ud83d\\udd11\"}";
    let mut text = page.to_owned();
    redactor.redact(&mut text);
    assert_eq!(text, page);
}
