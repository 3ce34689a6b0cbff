//! No output holds a secret: neither as it is, nor in base64, nor as in a URL.
//! The fault matrix searches every output of every case.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use rehearsal::{Invocation, InvocationOutcome};
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

/// A text as it is, and as the JSON in it reads.
pub(crate) fn read(text: &str) -> String {
    let mut all = String::new();
    tell(text, &mut all);
    all
}

/// A text, and each text in the JSON that it may be.
fn tell(text: &str, all: &mut String) {
    let _ = writeln!(all, "{text}");
    if let Ok(value @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text) {
        texts(&value, all);
    }
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
    }
    assert_eq!(leak(&ENVIRONMENT, "nothing *** of that kind"), None);
}

/// What is not known to be a secret is said, and the search hears it in what a
/// real function lets out.
#[tokio::test]
async fn the_search_finds_what_a_function_says() {
    const PLANTED: Secret<'_> = ("planted", "n0t-a-s3cret/of+anybody");
    let trial = Trial::new().await;
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
        options.settings.push(("SMOKE_CHECKS".to_owned(), checks));
        let function = trial.stage.function(options).await.unwrap();
        let invocation = function.invoke(registered.event()).await;
        let said = outputs(&invocation);
        assert!(leak(&[PLANTED], &said).is_some(), "{said}");
    }
}
