//! AWS as it is on a bad day: slow, in trouble, and with lists that come in
//! odd pages.

use std::time::Duration;

use rehearsal::{ApiFault, VERDICT_OPERATION, Verdict};
use serde_json::Value;

use crate::between::Between;
use crate::support::{Invoked, Trial};

const JSON: &str = "application/x-amz-json-1.1";
const XML: &str = "text/xml";
const PAGE: &str = "<html><body><h1>503 Service Unavailable</h1></body></html>";

/// Longer than the longest patience of the first attempt.
const SLOW: Duration = Duration::from_secs(6);

#[tokio::test]
async fn a_codedeploy_that_takes_six_seconds_for_each_answer_hears_the_verdict() {
    let trial = Trial::new().await.timeout(Duration::from_secs(20));
    trial.fail_verdicts(1000, ApiFault::Slow { by: SLOW });
    let (registered, invoked) = trial.gate().await;
    assert_eq!(trial.verdict(&registered), Some(Verdict::Succeeded));
    assert_eq!(invoked.answer()["reported"], "accepted");
    assert!(trial.verdicts().len() < 4, "{:?}", trial.verdicts());
}

#[tokio::test]
async fn a_read_that_takes_six_seconds_is_heard() {
    let trial = Trial::new().await;
    let api = trial.stage.codedeploy();
    api.fail("GetDeploymentTarget", 1000, ApiFault::Slow { by: SLOW });
    let (registered, invoked) = trial.gate().await;
    let verdict = trial.verdict(&registered);
    assert_eq!(verdict, Some(Verdict::Succeeded), "{}", invoked.output());
}

/// The lines that this function wrote at WARN or above.
fn loud(invoked: &Invoked) -> Vec<Value> {
    let lines = invoked.log().into_iter();
    lines
        .filter(|line| ["WARN", "ERROR"].contains(&line["level"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn an_answer_that_is_not_awss_is_said_with_its_status_and_not_by_the_sdk() {
    for (operation, kind, status) in [
        (VERDICT_OPERATION, "text/html", 503),
        (VERDICT_OPERATION, JSON, 500),
        (VERDICT_OPERATION, "text/html", 403),
        ("GetDeployment", "text/html", 503),
        ("DescribeServices", JSON, 502),
        ("DescribeRules", "text/html", 503),
        ("DescribeRules", XML, 429),
    ] {
        let left = std::sync::atomic::AtomicUsize::new(2);
        let (trial, _between) = Between::start(Trial::new().await, move |met| {
            let order = std::sync::atomic::Ordering::Relaxed;
            let meets = met.operation == operation
                && left
                    .fetch_update(order, order, |left| left.checked_sub(1))
                    .is_ok();
            meets.then(|| (status, kind, PAGE.to_owned()))
        })
        .await;
        let (registered, invoked) = trial.gate().await;
        let verdict = trial.verdict(&registered);
        assert_eq!(verdict, Some(Verdict::Succeeded), "{operation} {status}");
        let reason = format!("status {status} and a body that is not AWS's");
        let loud = loud(&invoked);
        assert_eq!(loud.len(), 2, "{loud:#?}");
        for line in loud {
            assert_eq!(
                (&line["level"], &line["reason"]),
                (&"WARN".into(), &reason.as_str().into())
            );
        }
    }
}

/// A page of each list that has nothing in it, and a token for the next one.
fn empty_page(operation: &str) -> Option<(&'static str, String)> {
    let of_elb = |list: &str| {
        format!(
            "<{operation}Response xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\">\
             <{operation}Result><{list}/><NextMarker>a</NextMarker></{operation}Result>\
             </{operation}Response>"
        )
    };
    Some(match operation {
        "ListDeploymentTargets" => (JSON, r#"{"targetIds": [], "nextToken": "a"}"#.to_owned()),
        "DescribeListeners" => (XML, of_elb("Listeners")),
        "DescribeLoadBalancers" => (XML, of_elb("LoadBalancers")),
        "DescribeRules" => (XML, of_elb("Rules")),
        "GET /releases/" => (
            "application/xml",
            "<ListBucketResult><IsTruncated>true</IsTruncated>\
             <NextContinuationToken>a</NextContinuationToken></ListBucketResult>"
                .to_owned(),
        ),
        _ => return None,
    })
}

const LISTS: [&str; 5] = [
    "ListDeploymentTargets",
    "DescribeListeners",
    "DescribeLoadBalancers",
    "DescribeRules",
    "GET /releases/",
];

/// Check files in S3, so that each list is read.
async fn listing() -> Trial {
    let trial = Trial::new().await;
    let check = "checks:\n  - name: up\n    get: /healthz\n";
    let api = trial.stage.codedeploy();
    api.make_bucket("releases", &[("checks/up.yaml", check)]);
    trial.set("SMOKE_CHECKS", "s3://releases/checks/")
}

#[tokio::test]
async fn an_empty_page_with_a_token_is_not_the_end_of_a_list() {
    let is_first = |asked: &str| {
        !["oken\":\"a\"", "Marker=a", "token=a"]
            .iter()
            .any(|with| asked.contains(with))
    };
    let (trial, between) = Between::start(listing().await, move |met| {
        let (kind, page) = empty_page(&met.operation)?;
        is_first(&met.asked).then_some((200, kind, page))
    })
    .await;
    let (registered, invoked) = trial.gate().await;
    let verdict = trial.verdict(&registered);
    assert_eq!(verdict, Some(Verdict::Succeeded), "{}", invoked.output());
    for list in LISTS {
        let asked = between.asked(list);
        // The rules are read once more after the checks.
        let times = if list == "DescribeRules" { 4 } else { 2 };
        assert_eq!(asked.len(), times, "{list} {asked:?}");
        assert!(is_first(&asked[0]) && !is_first(&asked[1]), "{asked:?}");
    }
}

#[tokio::test]
async fn a_token_that_comes_again_and_again_ends_the_list_with_an_error() {
    for list in LISTS {
        let (trial, between) = Between::start(listing().await, move |met| {
            let (kind, page) = empty_page(&met.operation)?;
            (met.operation == list).then_some((200, kind, page))
        })
        .await;
        let outcome = trial.gate().await;
        let endless = "expected a list that ends, found pages without an end";
        trial.assert_failed(&outcome, endless);
        assert_eq!(between.asked(list).len(), 2, "{list}");
    }
}
