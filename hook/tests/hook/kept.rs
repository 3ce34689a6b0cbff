//! Values that AWS keeps: Secrets Manager and Parameter Store, as moto has
//! them, and as they are when something is wrong.

use rehearsal::Verdict;
use serde_json::json;

use crate::stand_in::{Wrong, WrongServer, shared};
use crate::support::Trial;

const DENIED: &str = r#"{"__type":"AccessDeniedException","Message":"User is not authorized"}"#;

/// A trial that reads its values from moto and runs this check file. `None` if
/// moto is not installed.
async fn kept(file: &str, values: &[(&str, &str, &str)]) -> Option<Trial> {
    let url = shared(|aws| {
        for (kind, name, value) in values {
            let (service, operation, arguments) = match *kind {
                "secret" => (
                    "secretsmanager",
                    "create_secret",
                    json!({ "Name": name, "SecretString": value }),
                ),
                "bytes" => (
                    "secretsmanager",
                    "create_secret",
                    json!({ "Name": name, "SecretBinary": value }),
                ),
                _ => (
                    "ssm",
                    "put_parameter",
                    json!({ "Name": name, "Value": value, "Type": "SecureString" }),
                ),
            };
            aws.ask(&json!(["call", service, operation, arguments]))
                .unwrap();
        }
        aws.url().to_owned()
    })?;
    Some(at(file, &url).await)
}

async fn at(file: &str, url: &str) -> Trial {
    let trial = Trial::new().await;
    let path = trial.stage.folder().join("kept.yaml");
    std::fs::write(&path, file).unwrap();
    trial
        .set("SMOKE_CHECKS", &path.display().to_string())
        .set("AWS_ENDPOINT_URL_SECRETS_MANAGER", url)
        .set("AWS_ENDPOINT_URL_SSM", url)
}

const LOGIN: &str = "
variables:
  customer: { parameter: /kept/customer }
  password: { secret: kept/login, key: password }
  unused: { secret: kept/not-there }
checks:
  - name: the customer logs in
    writes: true
    post: /login
    json: { email: '{{ customer }}', password: '{{ password }}' }
  - name: somebody else does not run
    skip: not here
    get: '/{{ unused }}'
";

#[tokio::test]
async fn a_check_uses_a_secret_and_a_parameter() {
    let login = json!({ "user": "demo", "password": "correct-horse" }).to_string();
    let values = [
        ("secret", "kept/login", login.as_str()),
        ("parameter", "/kept/customer", "demo@example.com"),
    ];
    let Some(trial) = kept(LOGIN, &values).await else {
        return;
    };
    let (registered, invoked) = trial.gate().await;
    let answer = invoked.answer();
    assert_eq!(
        trial.verdict(&registered),
        Some(Verdict::Succeeded),
        "{answer}"
    );
}

#[tokio::test]
async fn what_comes_back_of_them_is_in_no_output() {
    let file = "
variables:
  pin: { secret: kept/pin }
  key: { parameter: /kept/key }
checks:
  - name: they come back
    writes: true
    post: /echo
    query: { pin: '{{ pin }}' }
    headers: { x-key: '{{ key | base64 }}' }
    json: { pin: '{{ pin }}', key: '{{ key }}' }
    expect: { json: { $.body: nothing, $.query: '{{ pin }}', $.headers: { empty: true } } }
";
    let values = [
        ("secret", "kept/pin", "a pin/with spaces"),
        ("parameter", "/kept/key", "key+of=the?store"),
    ];
    let Some(trial) = kept(file, &values).await else {
        return;
    };
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "they come back");
    let output = outcome.1.output();
    for leak in [
        "a pin/with spaces",
        "a+pin%2Fwith+spaces",
        "a%20pin%2Fwith%20spaces",
        "YSBwaW4vd2l0aCBzcGFjZX",
        "key+of=the?store",
        "a2V5K29mPXRoZT9zdG9yZQ",
    ] {
        assert!(!output.contains(leak), "{leak}: {output}");
    }
    assert!(output.contains("***"), "{output}");
}

#[tokio::test]
async fn what_does_not_exist_is_said_at_its_place() {
    let file = "
variables:
  secret: { secret: kept/nowhere }
  parameter: { parameter: /kept/nowhere }
  member: { secret: kept/members, key: b }
  bytes: { secret: kept/bytes }
checks: [{ name: a, get: '/{{ secret }}{{ parameter }}{{ member }}{{ bytes }}' }]
";
    let values = [
        ("secret", "kept/members", r#"{"a":"the-only-member"}"#),
        ("bytes", "kept/bytes", "only-bytes"),
    ];
    let Some(trial) = kept(file, &values).await else {
        return;
    };
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "4 problems with the check files");
    let (_, invoked) = outcome;
    let problems = invoked.answer()["problems"].to_string();
    for said in [
        "kept.yaml:3:21",
        "ResourceNotFoundException",
        "kept.yaml:4:27",
        "no parameter of that name",
        "kept.yaml:5:21",
        "no member of that name",
        "a secret of bytes",
    ] {
        assert!(problems.contains(said), "{said}: {problems}");
    }
    assert!(!invoked.output().contains("the-only-member"));
    assert_eq!(trial.requests(), 0);
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let server = WrongServer::start(Wrong::Answers(400, DENIED)).await;
    let trial = at(LOGIN, &server.url).await;
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "2 problems with the check files");
    let problems = outcome.1.answer()["problems"].to_string();
    for said in [
        "allow `ssm:GetParameters` on the parameters `/kept/customer` to the function's role",
        "allow `secretsmanager:GetSecretValue` on the secret `kept/login` to the function's role",
    ] {
        assert!(problems.contains(said), "{said}: {problems}");
    }
    assert_eq!(trial.requests(), 0);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn who_needs_none_asks_for_none() {
    let server = WrongServer::start(Wrong::Answers(400, DENIED)).await;
    let file = "
variables: { password: { secret: kept/login } }
checks:
  - { name: healthy, tags: [quick], get: /healthz }
  - { name: other, tags: [slow], get: '/{{ password }}' }
";
    let trial = at(file, &server.url).await.set("SMOKE_TAG", "quick");
    let (registered, invoked) = trial.gate().await;
    assert_eq!(
        trial.verdict(&registered),
        Some(Verdict::Succeeded),
        "{}",
        invoked.answer()
    );
    assert!(server.requests().is_empty());
}
