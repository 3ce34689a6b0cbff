//! Values that AWS keeps: Secrets Manager and Parameter Store, as moto has
//! them, and as they are when something is wrong.

use rehearsal::{Moto, Verdict};
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

#[tokio::test]
async fn a_secret_is_fetched_once_whoever_uses_it() {
    let file = "
variables:
  user: { secret: shop/login, key: user }
  password: { secret: shop/login, key: password }
  first: { parameter: /shop/first }
  second: { parameter: /shop/second }
checks:
  - name: one logs in
    writes: true
    post: /login
    json: { email: '{{ user }}', password: '{{ password }}' }
  - name: and others, such as {{ who }}
    writes: true
    each: [{ who: a }, { who: b }]
    steps:
      - post: /login
        json: { email: '{{ user }}', password: '{{ password }}' }
      - get: '/healthz?{{ first }}&{{ second }}'
        headers: { x-user: '{{ user }}' }
";
    let trial = Trial::new().await;
    let path = trial.stage.folder().join("kept.yaml");
    std::fs::write(&path, file).unwrap();
    let api = trial.stage.codedeploy();
    let login = json!({ "user": "demo@example.com", "password": rehearsal::PASSWORD });
    api.keep_secret("shop/login", &login.to_string());
    api.keep_parameter("/shop/first", "1");
    api.keep_parameter("/shop/second", "2");
    let trial = trial.set("SMOKE_CHECKS", &path.display().to_string());
    let (registered, invoked) = trial.gate().await;
    let verdict = trial.verdict(&registered);
    assert_eq!(verdict, Some(Verdict::Succeeded), "{}", invoked.output());
    let api = trial.stage.codedeploy();
    for operation in ["GetSecretValue", "GetParameters"] {
        assert_eq!(api.calls_of(operation).len(), 1, "{operation}");
    }
}

/// Moto checks the signatures and the policy here, as AWS does.
#[tokio::test]
async fn what_is_fetched_is_what_the_role_allows() {
    let Some(mut aws) = Moto::start().unwrap() else {
        return;
    };
    let login = json!({ "password": rehearsal::PASSWORD }).to_string();
    let secret = json!({ "Name": "kept/login", "SecretString": login });
    aws.ask(&json!(["call", "secretsmanager", "create_secret", secret]))
        .unwrap();
    let parameter = json!({
        "Name": "/kept/customer", "Value": rehearsal::CUSTOMER, "Type": "SecureString",
    });
    aws.ask(&json!(["call", "ssm", "put_parameter", parameter]))
        .unwrap();
    let both = ["secretsmanager:GetSecretValue", "ssm:GetParameters"];
    let keys = aws.ask(&json!(["user", both.map(|it| [it, "*"])])).unwrap();
    let trial = at(LOGIN, aws.url())
        .await
        .set("AWS_ACCESS_KEY_ID", keys[0].as_str().unwrap())
        .set("AWS_SECRET_ACCESS_KEY", keys[1].as_str().unwrap())
        .set("AWS_SESSION_TOKEN", "");
    aws.ask(&json!(["trust_everybody_for", 0])).unwrap();
    let (registered, invoked) = trial.gate().await;
    let verdict = trial.verdict(&registered);
    assert_eq!(verdict, Some(Verdict::Succeeded), "{}", invoked.output());
    // Another's key signs nothing of this user's.
    let forged = trial.set("AWS_SECRET_ACCESS_KEY", "of-somebody-else");
    let (_, invoked) = forged.gate().await;
    let problems = invoked.answer()["problems"].to_string();
    // Moto says why in XML, which these services do not speak.
    for action in both {
        let refused = format!("`{action}`: status 403");
        assert!(problems.contains(&refused), "{problems}");
    }
    // With one of the two, the other is named.
    let trial = forged.set("AWS_SECRET_ACCESS_KEY", keys[1].as_str().unwrap());
    for (allowed, denied) in [(both[0], both[1]), (both[1], both[0])] {
        let statement = json!({"Effect": "Allow", "Action": allowed, "Resource": "*"});
        let document = json!({"Version": "2012-10-17", "Statement": [statement]});
        let policy = json!({
            "UserName": "gate", "PolicyName": "gate", "PolicyDocument": document.to_string(),
        });
        aws.ask(&json!(["trust_everybody_for", 1_000_000])).unwrap();
        aws.ask(&json!(["call", "iam", "put_user_policy", policy]))
            .unwrap();
        aws.ask(&json!(["trust_everybody_for", 0])).unwrap();
        let (registered, invoked) = trial.gate().await;
        assert_eq!(trial.verdict(&registered), Some(Verdict::Failed));
        let problems = invoked.answer()["problems"].to_string();
        let refused = format!("`{denied}`: status 403");
        assert!(problems.contains(&refused), "{problems}");
        assert!(!problems.contains(allowed), "{problems}");
    }
}
