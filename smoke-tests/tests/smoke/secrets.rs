//! Secrets, however they are given and wherever they come back: in no output.

use std::path::Path;
use std::process::Output;

use rehearsal::Stage;

use crate::support::stage;

type Flags<'a> = &'a [&'a str];
type Environment<'a> = &'a [(&'a str, &'a str)];

const FORMATS: [&str; 5] = ["text", "json", "junit", "tap", "html"];

/// With what JSON, URLs and shells have a word for.
const SECRET: &str = "s3cret/with \"quotes\"&co";
/// Parts of it that no output may hold, in every form that it takes.
const LEAKS: [&str; 6] = [
    "s3cret",
    "with \"quotes\"",
    "with%20",
    "with+",
    "czNjcmV0",
    "InF1b3",
];

async fn smoke(folder: &Path, args: &[&str], environment: &[(&str, &str)]) -> Output {
    tokio::process::Command::new(env!("CARGO_BIN_EXE_smoke"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .await
        .unwrap()
}

/// Everything that the command writes about this file, in each format.
async fn outputs(
    stage: &Stage,
    text: &str,
    flags: &[&str],
    environment: &[(&str, &str)],
) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("shop.yaml"), text).unwrap();
    std::fs::write(
        folder.path().join("my.vars"),
        format!("# of the stage\nsecret pin={SECRET}\n"),
    )
    .unwrap();
    let target = stage.test_url();
    let cacert = stage.ca_file().to_string_lossy().into_owned();
    let mut args = vec!["run", "shop.yaml", "--target", &target, "--cacert", &cacert];
    args.extend(flags);
    let mut all = Vec::new();
    for format in FORMATS {
        let with_format = [args.as_slice(), &["--format", format]].concat();
        let output = smoke(folder.path(), &with_format, environment).await;
        let text = [output.stdout, output.stderr].concat();
        all.push(String::from_utf8(text).unwrap());
    }
    all
}

fn holds_no(leaks: &[&str], output: &str) {
    for leak in leaks {
        assert!(!output.contains(leak), "{leak} in {output}");
    }
}

/// A check that sends a variable in many forms to where it comes back from.
const ECHO: &str = "
checks:
  - name: 'it comes back to {{ row }}'
    writes: true
    each: [{ row: everybody }]
    post: /echo
    query: { p: '{{ pin }}', q: '{{ pin | urlencode }}' }
    auth: { basic: { user: me, password: '{{ pin }}' } }
    headers: { x-plain: '{{ pin }}' }
    json: { a: '{{ pin }}', b: '{{ pin | base64 }}', c: '{{ pin | base64url }}' }
    expect: { status: 500, json: { $.body: no, \"$.headers['x-plain']\": no, $.headers.authorization: no } }
";

#[tokio::test]
async fn a_secret_is_in_no_output_however_it_is_given() {
    let stage = stage().await;
    let literal = "variables: { pin: { value: 's3cret/with \"quotes\"&co', secret: true } }";
    let computed =
        "variables: { a: s3cret/with, pin: { value: '{{ a }} \"quotes\"&co', secret: true } }";
    let replaced = "variables: { pin: { value: other, secret: true } }";
    let plain = format!("pin={SECRET}");
    let ways: [(&str, Flags<'_>, Environment<'_>); 7] = [
        (literal, &[], &[]),
        (computed, &[], &[]),
        (replaced, &["--var", &plain], &[]),
        ("", &["--secret", &plain], &[]),
        ("", &["--vars-file", "my.vars"], &[]),
        ("", &[], &[("SMOKE_SECRET_pin", SECRET)]),
        // What was a secret once stays one.
        ("", &["--var", &plain], &[("SMOKE_SECRET_pin", "other")]),
    ];
    for (variables, flags, environment) in ways {
        let text = format!("{variables}\n{ECHO}");
        for output in outputs(&stage, &text, flags, environment).await {
            assert!(output.contains("***"), "{output}");
            assert!(output.contains("$PIN"), "{output}");
            // The path of the second file holds its first word.
            let leaks = if variables == computed {
                &LEAKS[1..]
            } else {
                &LEAKS
            };
            holds_no(leaks, &output.replace("a: s3cret/with", ""));
        }
    }
}

#[tokio::test]
async fn a_captured_secret_is_in_no_output_from_then_on() {
    let stage = stage().await;
    let text = "
setup:
  - post: /echo
    text: 's3cret/with \"quotes\"&co'
    capture: { pin: { json: $.body, secret: true } }
";
    // The text of the file itself is the user's own.
    let text = format!("{text}\n{ECHO}");
    for output in outputs(&stage, &text, &[], &[]).await {
        assert!(output.contains("$PIN"), "{output}");
        holds_no(&LEAKS, &output);
    }
}

#[tokio::test]
async fn a_captured_secret_is_in_no_output_of_the_step_that_fails_on_its_answer() {
    let stage = stage().await;
    let text = "
defaults: { writes: true }
checks:
  - name: a wrong answer
    post: /login
    json: { email: demo@example.com, password: correct-horse }
    expect: { json: { $.token: no } }
    capture: { token: { json: $.token, secret: true } }
";
    for output in outputs(&stage, text, &[], &[]).await {
        // Cookies and JSON hold the token of the session.
        assert!(!output.contains("tok_"), "{output}");
    }
}

#[tokio::test]
async fn what_one_check_captures_is_in_no_failure_of_another() {
    let stage = stage().await;
    let text = "
checks:
  - name: it does not know yet
    get: /echo?q=later-42-later
    expect: { json: { $.query.q: no } }
  - name: it learns
    needs: it knows
    get: /echo?q=later-42-later
    capture: { pin: { json: $.query.q, secret: true } }
  - { name: it knows, get: / }
";
    // The texts of the file hold it; what came back must not.
    for output in outputs(&stage, text, &["--quiet"], &[]).await {
        assert!(output.contains("***"), "{output}");
        assert!(!output.contains("found `\"later"), "{output}");
        assert!(!output.contains("\"q\": \"later"), "{output}");
    }
}

#[tokio::test]
async fn a_secret_that_is_too_long_fails_the_step_and_is_shown_by_no_part() {
    let stage = stage().await;
    let text = "
variables: { part: 's3cret{{ uuid() }}' }
checks:
  - name: a
    writes: true
    post: /echo
    text: \"{% for n in range(300) %}{{ part }}{% endfor %}\"
    capture: { long: { json: $.body, secret: true } }
";
    for output in outputs(&stage, text, &[], &[]).await {
        assert!(output.contains("is too long for a secret"), "{output}");
        let shown = output.replace("s3cret{{ uuid() }}", "");
        let answer = shown.split("\"body\"").nth(1).unwrap_or_default();
        assert!(!answer.contains("s3cret"), "{output}");
    }
}

#[tokio::test]
async fn settings_that_are_wrong_do_not_repeat_a_value() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("shop.yaml", "checks: [{ name: a, get: '/{{ pin }}' }]");
    write("bad.vars", "secret s3cret\n");
    let both = ["--var", "pin=s3cret", "--secret", "pin=s3cret"];
    let ways: [(Flags<'_>, Environment<'_>); 6] = [
        (&["--secret", "s3cret"], &[]),
        (&["--secret", "s3c ret=s3cret"], &[]),
        (&["--var", "s3cret"], &[]),
        (&["--vars-file", "bad.vars"], &[]),
        (&both, &[]),
        (
            &["--secret", "pni=s3cret"],
            &[("SMOKE_SECRET_pin", "s3cret")],
        ),
    ];
    let mut said = Vec::new();
    for (flags, environment) in ways {
        let args = [&["validate", "shop.yaml"], flags].concat();
        let output = smoke(folder.path(), &args, environment).await;
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        holds_no(&["s3cret", "s3c ret"], &text);
        said.push(text);
    }
    insta::assert_snapshot!(said.join("\n"));
}

#[tokio::test]
async fn a_secret_of_the_file_is_covered_in_what_is_shown_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let text = "
variables: { pin: { value: s3cret, secret: true }, x: { value: s3cret, secret: no } }
checks: [{ name: a, get: '/{{ pni }}' }]
";
    std::fs::write(folder.path().join("shop.yaml"), text).unwrap();
    let output = smoke(folder.path(), &["validate", "shop.yaml"], &[]).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("value: ******, secret: true"), "{said}");
    insta::assert_snapshot!(said);
}
