//! No output holds a secret: neither as it is, nor in base64 or hexadecimal
//! digits, nor as in a URL, in JSON, or on a page.
//! The fault matrix searches every output of every case.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use diagnostic::snippet::Colour;
use rehearsal::{Invocation, InvocationOutcome};
use report::explain;
use report::render::json;
use serde_json::Value;

use crate::support::Trial;

/// A text that must not leave the function, and what it is.
pub(crate) type Secret<'a> = (&'a str, &'a str);

/// What the function is given in its environment and must not say. The
/// password is the shop's own, the others are of the shape that AWS's have.
pub(crate) const ENVIRONMENT: [Secret<'static>; 5] = [
    ("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "wJalr+UtnFEMI/K7MDENG=bPxRfiCY"),
    ("AWS_SESSION_TOKEN", "FwoGZXIvYXdzE/+SessionToken=="),
    ("SHOP_PASSWORD", rehearsal::PASSWORD),
    ("SHOP_API_KEY", "k3y/with+\"quotes\" & more?=~"),
];

/// The first of these secrets that stands in a text, with the form it has.
pub(crate) fn leak(secrets: &[Secret<'_>], text: &str) -> Option<String> {
    secrets.iter().find_map(|(name, secret)| {
        let (form, _) = forms(secret)
            .into_iter()
            .find(|(_, form)| text.contains(form.as_str()))?;
        Some(format!("{name} {form}"))
    })
}

/// Everything that an invocation let out: its lines and its answer, as they
/// are and as the JSON in them reads.
pub(crate) fn outputs(invocation: &Invocation) -> String {
    let mut all = String::new();
    for line in &invocation.lines {
        tell(&line.text, &mut all);
    }
    match &invocation.outcome {
        InvocationOutcome::Returned(answer) => tell(&answer.to_string(), &mut all),
        InvocationOutcome::Errored {
            error_type,
            message,
        } => {
            tell(error_type, &mut all);
            tell(message, &mut all);
        }
        other => tell(&other.to_string(), &mut all),
    }
    all
}

/// What `smoke explain` says of a stored report, if it is the one in JSON.
pub(crate) fn explained(report: &str) -> Option<String> {
    let _: Value = serde_json::from_str(report).ok()?;
    let report = json::read(report.as_bytes()).unwrap();
    Some(explain::render_text(&report, usize::MAX, Colour::Never))
}

/// A text as it is, and as the JSON and the markup in it read.
pub(crate) fn read(text: &str) -> String {
    let mut all = String::new();
    tell(text, &mut all);
    all
}

/// A text, each text in the JSON that it may be, and what it is as markup.
fn tell(text: &str, all: &mut String) {
    let _ = writeln!(all, "{text}");
    let read = unescaped(text);
    // Which is shorter, so that this comes to an end.
    if read != text {
        tell(&read, all);
    }
    if let Ok(value @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text) {
        texts(&value, all);
    }
}

/// A text as it is read in HTML or XML.
fn unescaped(text: &str) -> String {
    let mut read = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        read.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let reference = rest.split_once(';').and_then(|(name, after)| {
            let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok();
            let sign = match name {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                _ => {
                    let digits = name.strip_prefix('#')?;
                    let code = match digits.strip_prefix(['x', 'X']) {
                        Some(digits) => number(digits, 16)?,
                        None => number(digits, 10)?,
                    };
                    char::from_u32(code)?
                }
            };
            Some((sign, after))
        });
        match reference {
            Some((sign, after)) => {
                read.push(sign);
                rest = after;
            }
            None => read.push('&'),
        }
    }
    read + rest
}

fn texts(value: &Value, all: &mut String) {
    match value {
        Value::String(text) => tell(text, all),
        Value::Array(items) => items.iter().for_each(|item| texts(item, all)),
        Value::Object(members) => {
            for (name, value) in members {
                let _ = writeln!(all, "{name}");
                texts(value, all);
            }
        }
        _ => {}
    }
}

/// The forms of a secret, each with what it is called. Of a text in base64
/// only what does not depend on its neighbours is looked for, at each of the
/// three places where it can begin in a group.
fn forms(secret: &str) -> Vec<(String, String)> {
    let quoted = Value::from(secret).to_string();
    let mut forms = vec![
        ("as it is".to_owned(), secret.to_owned()),
        ("as JSON".to_owned(), quoted[1..quoted.len() - 1].to_owned()),
    ];
    for (set, engine) in [
        ("base64", &STANDARD_NO_PAD),
        ("base64url", &URL_SAFE_NO_PAD),
    ] {
        for before in 0..3 {
            let text = engine.encode([&b"   "[..before], secret.as_bytes()].concat());
            let first = (before * 8).div_ceil(6);
            let last = (before + secret.len()) * 8 / 6;
            forms.push((
                format!("in {set} at {before}"),
                text[first..last].to_owned(),
            ));
        }
    }
    let mut digits = String::new();
    for byte in secret.bytes() {
        let _ = write!(digits, "{byte:02x}");
    }
    forms.push((
        "in large hexadecimal digits".to_owned(),
        digits.to_uppercase(),
    ));
    forms.push(("in hexadecimal digits".to_owned(), digits));
    for (name, spared, hex) in [
        ("as in a URL", "-._~", Hex::Upper),
        ("as in a URL, in small letters", "-._~", Hex::Lower),
        ("as in a path", "-._~/", Hex::Upper),
        ("as a component of a URL", "-._~!*'()", Hex::Upper),
        ("as in a URL, every sign", "", Hex::Upper),
    ] {
        let encoded = encoded(secret, spared, hex);
        forms.push((format!("{name}, with +"), encoded.replace("%20", "+")));
        forms.push((name.to_owned(), encoded));
    }
    forms
}

#[derive(Clone, Copy)]
enum Hex {
    Upper,
    Lower,
}

fn encoded(secret: &str, spared: &str, hex: Hex) -> String {
    let mut encoded = String::new();
    for byte in secret.bytes() {
        let sign = char::from(byte);
        let _ = match hex {
            _ if sign.is_ascii_alphanumeric() || spared.contains(sign) => {
                write!(encoded, "{sign}")
            }
            Hex::Upper => write!(encoded, "%{byte:02X}"),
            Hex::Lower => write!(encoded, "%{byte:02x}"),
        };
    }
    encoded
}

#[test]
fn the_search_finds_a_secret_in_each_form_and_at_each_place() {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    for (name, secret) in ENVIRONMENT {
        let found = |text: &str| {
            assert!(leak(&[(name, secret)], text).is_some(), "{name}: {text}");
        };
        found(&format!("before {secret} after"));
        found(&serde_json::json!({ "a": format!("x{secret}y") }).to_string());
        for around in ["", "u", "us", "user:", "longer:"] {
            let text = format!("{around}{secret}{around}");
            found(&format!("Basic {}.", STANDARD.encode(&text)));
            found(&format!("{}.", URL_SAFE.encode(&text)));
        }
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("key", secret)
            .finish();
        found(&query);
        let digits = secret.bytes().map(|byte| format!("{byte:02X}"));
        found(&digits.collect::<Vec<_>>().concat());
        for quoted in ["&quot;", "&#34;", "&#x22;"] {
            let page = secret.replace('&', "&amp;").replace('"', quoted);
            found(&read(&format!("<p>{page}</p>")));
            // A page on a page, as in a report of a page.
            found(&read(&format!("<p>{}</p>", page.replace('&', "&amp;"))));
        }
    }
    assert_eq!(leak(&ENVIRONMENT, "nothing *** of that kind"), None);
}

/// What is not known to be a secret is said, and the search hears it in what a
/// real function lets out, and in each report that it stores.
#[tokio::test]
async fn the_search_finds_what_a_function_says() {
    const PLANTED: Secret<'_> = ("planted", "n0t-a-s3cret/of+\"any\" & <body>'s");
    let trial = Trial::new().await;
    let api = trial.stage.codedeploy();
    for written in [
        PLANTED.1.to_owned(),
        STANDARD_NO_PAD.encode(format!("a:{}", PLANTED.1)),
        encoded(PLANTED.1, "", Hex::Upper),
    ] {
        let file = trial.stage.folder().join("planted.yaml");
        let text = serde_json::json!({"checks": [{
            "name": "it says what it expects",
            "get": "/healthz",
            "expect": {"body": written},
        }]});
        std::fs::write(&file, text.to_string()).unwrap();
        let registered = trial.stage.codedeploy().register();
        let mut options = trial.options();
        let checks = file.display().to_string();
        let bucket = format!("planted-{}", written.len());
        api.make_bucket(&bucket, &[]);
        let reports = format!("s3://{bucket}/");
        for (name, value) in [("SMOKE_CHECKS", checks), ("SMOKE_REPORTS", reports)] {
            options.settings.push((name.to_owned(), value));
        }
        let function = trial.stage.function(options).await.unwrap();
        let invocation = function.invoke(registered.event()).await;
        let said = outputs(&invocation);
        assert!(leak(&[PLANTED], &said).is_some(), "{said}");
        let stored = api.objects(&bucket);
        assert_eq!(stored.len(), 6, "{stored:?}");
        for (key, report) in stored {
            let found = leak(&[PLANTED], &read(&report));
            assert!(found.is_some(), "{key}: {report}");
            let explained = explained(&report);
            assert_eq!(explained.is_some(), key.ends_with("/report.json"));
            if let Some(text) = explained {
                assert!(leak(&[PLANTED], &text).is_some(), "{text}");
            }
        }
    }
}
