//! The requests to S3, SNS and Secrets Manager, and to Parameter Store, which
//! the hook writes and signs itself: another client of AWS's judges them.

use std::io::Write as _;
use std::process::{Command, Stdio};

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::stand_in::{Wrong, WrongServer};
use crate::support::{Trial, checks};

const DENIED: &str = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
const DENIED_IN_JSON: &str = r#"{"__type":"AccessDeniedException","Message":"no"}"#;
/// What is written in one way in a path, in another in a query, and in a third
/// in a form.
const ODD: &str = "a b+c=ü/(up)&'down'~!*";

/// Requests of one service, with the operation and the arguments of each.
fn judge(requests: &[Value]) {
    run_python(include_str!("judge.py"), &json!(requests).to_string());
}

/// Runs a script that fails if something is not as botocore has it.
fn run_python(script: &str, input: &str) {
    let Some(python) = rehearsal::find_tool("python3").unwrap() else {
        return;
    };
    let mut judge = Command::new(python)
        .args(["-I", "-c", script])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = judge.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let judged = judge.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&judged.stderr);
    assert!(judged.status.success(), "{said}");
}

/// A request as it arrived, for what it stands.
fn asked(
    service: &str,
    operation: &str,
    (head, body): &(String, String),
    arguments: &Value,
) -> Value {
    json!({
        "service": service,
        "operation": operation,
        "arguments": arguments,
        "head": head,
        "body": body,
    })
}

#[tokio::test]
async fn botocore_asks_s3_for_objects_as_we_do() {
    let server = WrongServer::start(Wrong::Answers(403, DENIED)).await;
    for end in ["", ".yaml"] {
        let trial = Trial::new().await;
        let trial = trial
            .set("SMOKE_CHECKS", &format!("s3://shop/{ODD}{end}"))
            .set("AWS_ENDPOINT_URL_S3", &server.url);
        trial.gate().await;
    }
    let met = server.met();
    assert_eq!(met.len(), 2);
    for ((head, _), begins) in met.iter().zip([
        "GET /shop/?list-type=2&prefix=a%20b%2Bc%3D%C3%BC%2F",
        "GET /shop/a%20b%2Bc%3D%C3%BC/",
    ]) {
        assert!(head.starts_with(begins), "{head}");
    }
    let list = json!({ "Bucket": "shop", "Prefix": format!("{ODD}/") });
    let get = json!({ "Bucket": "shop", "Key": format!("{ODD}.yaml") });
    judge(&[
        asked("s3", "list_objects_v2", &met[0], &list),
        asked("s3", "get_object", &met[1], &get),
    ]);
}

#[tokio::test]
async fn botocore_asks_for_secrets_and_parameters_as_we_do() {
    let server = WrongServer::start(Wrong::Answers(400, DENIED_IN_JSON)).await;
    let file = json!({
        "variables": {
            "secret": { "secret": ODD },
            "one": { "parameter": "/shop/one" },
            "other": { "parameter": format!("/shop/{ODD}") },
        },
        "checks": [{
            "name": "all of them are used",
            "get": "/{{ secret | urlencode }}{{ one | urlencode }}{{ other | urlencode }}",
        }],
    });
    let trial = Trial::new().await;
    let path = trial.stage.folder().join("kept.yaml");
    std::fs::write(&path, file.to_string()).unwrap();
    let trial = trial
        .set("SMOKE_CHECKS", &path.display().to_string())
        .set("AWS_ENDPOINT_URL_SECRETS_MANAGER", &server.url)
        .set("AWS_ENDPOINT_URL_SSM", &server.url);
    trial.gate().await;
    let met = server.met();
    let of = |target: &str| {
        let mut found = met.iter().filter(|(head, _)| head.contains(target));
        let found = (found.next(), found.next());
        assert!(found.1.is_none(), "{met:?}");
        found.0.unwrap()
    };
    let secret = json!({ "SecretId": ODD });
    let names = [format!("/shop/{ODD}"), "/shop/one".to_owned()];
    let parameters = json!({ "Names": names, "WithDecryption": true });
    judge(&[
        asked(
            "secretsmanager",
            "get_secret_value",
            of("secretsmanager.GetSecretValue"),
            &secret,
        ),
        asked(
            "ssm",
            "get_parameters",
            of("AmazonSSM.GetParameters"),
            &parameters,
        ),
    ]);
}

#[tokio::test]
async fn botocore_stores_and_publishes_as_we_do() {
    const TOPIC: &str = "arn:aws:sns:eu-central-1:111122223333:gate";
    let s3 = WrongServer::start(Wrong::Answers(403, DENIED)).await;
    let sns = WrongServer::start(Wrong::Answers(403, DENIED)).await;
    let trial = Trial::new().await;
    let trial = trial
        .set("SMOKE_CHECKS", &checks("secret"))
        .set("SHOP_PASSWORD", "a password with \"quotes\" & more")
        .set("AWS_ENDPOINT_URL_S3", &s3.url)
        .set("AWS_ENDPOINT_URL_SNS", &sns.url)
        .set("SMOKE_REPORTS", &format!("s3://reports/{ODD}/"))
        .set("SMOKE_NOTIFY", TOPIC);
    trial.gate().await;
    let mut requests = Vec::new();
    for met in s3.met() {
        let path = met.0.split([' ', '?']).nth(1).unwrap();
        let path = percent_decode_str(path).decode_utf8().unwrap();
        let key = path.strip_prefix("/reports/").unwrap();
        assert!(key.starts_with(ODD), "{key}");
        let kinds = [
            (".json", "application/json"),
            (".xml", "application/xml"),
            (".html", "text/html; charset=utf-8"),
        ];
        let kind = kinds.iter().find(|(end, _)| key.ends_with(end)).unwrap().1;
        let put = json!({
            "Bucket": "reports", "Key": key, "Body": met.1, "ContentType": kind,
        });
        requests.push(asked("s3", "put_object", &met, &put));
    }
    assert!(requests.len() >= 3, "{requests:?}");
    for met in sns.met() {
        let mut publish = serde_json::Map::new();
        for (name, value) in url::form_urlencoded::parse(met.1.as_bytes()) {
            // Botocore has to add these by itself.
            if !matches!(&*name, "Action" | "Version") {
                publish.insert(name.into_owned(), value.into_owned().into());
            }
        }
        assert_eq!(publish["TopicArn"], TOPIC);
        requests.push(asked("sns", "publish", &met, &publish.into()));
    }
    assert!(requests.last().unwrap()["service"] == "sns");
    judge(&requests);
}

/// The crate `aws` takes the endpoint of Parameter Store from that of SNS.
#[test]
fn botocore_calls_parameter_store_where_it_calls_sns_but_for_the_name() {
    run_python(include_str!("endpoints.py"), "");
}
