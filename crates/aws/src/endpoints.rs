//! Which host each service is called at: what the HTTP client looks up.

use std::fmt::Write as _;

use tokio::time::Instant;

use crate::access::Access;
use crate::http::AwsHttp;
use crate::http::tests::Names;
use crate::parameters::fetch_parameters;
use crate::s3::{Address, S3};
use crate::secrets::SecretsManager;
use crate::sns::Sns;

/// A Region of each partition.
const REGIONS: [&str; 8] = [
    "eu-central-1",
    "cn-north-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "us-isob-east-1",
    "eu-isoe-west-1",
    "us-isof-south-1",
    "eusc-de-east-1",
];

/// Access in a Region with these variables, and the names that it looks up.
fn access(region: &'static str, variables: Vec<(&'static str, &'static str)>) -> (Access, Names) {
    let names = Names::default();
    let http = AwsHttp::with_resolver(names.clone()).unwrap();
    let access = Access::over(http, move |name| match name {
        "AWS_REGION" => Some(region.to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("A".to_owned()),
        name => {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    });
    (access.unwrap(), names)
}

/// The last name that was looked up, or why none was.
fn outcome<E: std::error::Error>(names: &Names, answer: Result<(), E>) -> String {
    let error = answer.unwrap_err();
    names.pop().unwrap_or_else(|| error.to_string())
}

/// One attempt.
fn now() -> Instant {
    Instant::now()
}

async fn s3(access: &Access, names: &Names, bucket: &str) -> String {
    let at: Address = format!("s3://{bucket}/key").parse().unwrap();
    outcome(names, S3::new(access).get(&at, 1, now()).await.map(drop))
}

async fn sns(access: &Access, names: &Names, region: &str) -> String {
    let topic = format!("arn:aws:sns:{region}:111122223333:gate");
    let topic = topic.parse().unwrap();
    let sns = Sns::new(access, &topic);
    outcome(
        names,
        sns.publish(&topic, "subject", "message", now()).await,
    )
}

async fn parameters(access: &Access, names: &Names) -> String {
    let answer = fetch_parameters(access, &["/a".to_owned()], now()).await;
    outcome(names, answer.map(drop))
}

/// A line for each service.
async fn table(region: &'static str, variables: &[(&'static str, &'static str)]) -> String {
    let (access, names) = access(region, variables.to_vec());
    let (access, names) = (&access, &names);
    let secrets = SecretsManager::new(access);
    let codedeploy = aws_sdk_codedeploy::Client::new(access.config());
    let ecs = aws_sdk_ecs::Client::new(access.config());
    let elb = aws_sdk_elasticloadbalancingv2::Client::new(access.config());
    let mut table = String::new();
    for host in [
        s3(access, names, "shop").await,
        s3(access, names, "shop.example").await,
        sns(access, names, region).await,
        outcome(names, secrets.value("a", now()).await.map(drop)),
        parameters(access, names).await,
        outcome(
            names,
            codedeploy
                .get_deployment()
                .deployment_id("d")
                .send()
                .await
                .map(drop),
        ),
        outcome(
            names,
            ecs.describe_services().services("s").send().await.map(drop),
        ),
        outcome(names, elb.describe_rules().send().await.map(drop)),
    ] {
        let _ = writeln!(table, "  {host}");
    }
    table
}

/// Held against the rules in botocore 1.44: the same hosts.
#[tokio::test]
async fn each_partition_has_hosts_of_its_own_with_fips_and_with_dual_stack() {
    const FIPS: (&str, &str) = ("AWS_USE_FIPS_ENDPOINT", "true");
    const DUAL_STACK: (&str, &str) = ("AWS_USE_DUALSTACK_ENDPOINT", "true");
    let mut tables = String::new();
    for region in REGIONS {
        for (kind, variables) in [
            ("", &[][..]),
            (", dual-stack", &[DUAL_STACK]),
            (", FIPS", &[FIPS]),
            (", FIPS, dual-stack", &[FIPS, DUAL_STACK]),
        ] {
            let table = table(region, variables).await;
            let _ = write!(tables, "{region}{kind}\n{table}");
        }
    }
    insta::assert_snapshot!(tables);
}

#[tokio::test]
async fn a_topic_is_reached_in_its_own_region() {
    let (access, names) = access("eu-central-1", vec![]);
    assert_eq!(
        sns(&access, &names, "eu-west-1").await,
        "sns.eu-west-1.amazonaws.com"
    );
    assert_eq!(
        sns(&access, &names, "cn-north-1").await,
        "sns.cn-north-1.amazonaws.com.cn"
    );
}

#[tokio::test]
async fn what_stands_in_for_a_service_is_called_in_its_place() {
    let (access, names) = access(
        "eusc-de-east-1",
        vec![
            ("AWS_ENDPOINT_URL", "https://all.example"),
            ("AWS_ENDPOINT_URL_S3", "https://objects.example"),
            ("AWS_ENDPOINT_URL_SSM", "https://parameters.example/"),
        ],
    );
    // Without the bucket in the name.
    assert_eq!(s3(&access, &names, "shop").await, "objects.example");
    assert_eq!(parameters(&access, &names).await, "parameters.example");
    assert_eq!(sns(&access, &names, "eu-west-1").await, "all.example");
}

#[tokio::test]
async fn what_stands_in_for_a_service_has_neither_fips_nor_dual_stack() {
    for kind in ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"] {
        let variables = vec![(kind, "true"), ("AWS_ENDPOINT_URL", "https://all.example")];
        let (access, names) = access("eu-central-1", variables);
        for outcome in [
            s3(&access, &names, "shop").await,
            sns(&access, &names, "eu-west-1").await,
            parameters(&access, &names).await,
        ] {
            assert!(outcome.contains("no request: "), "{outcome}");
        }
    }
}
