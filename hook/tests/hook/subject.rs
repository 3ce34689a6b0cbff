//! What check files know of the deployment, and what an app may call itself.

use rehearsal::Verdict;
use serde_json::json;

use crate::proof::{asking, assert_unproven, succeeds};
use crate::support::Trial;

const DIGEST: &str = "sha256:9999999999999999999999999999999999999999999999999999999999999999";
const REPOSITORY: &str = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/storefront";

#[tokio::test]
async fn each_value_of_the_deployment_is_what_aws_says() {
    let trial = Trial::new().await;
    let registered = trial.stage.codedeploy().register();
    let expected = json!({
        "id": registered.deployment_id,
        "application": "storefront",
        "group": "storefront-blue-green",
        "lifecycle_event": "AfterAllowTestTraffic",
        "image": format!("{REPOSITORY}:green-1.1.0@{DIGEST}"),
        "tag": "green-1.1.0",
        "digest": DIGEST,
        "task_definition": "arn:aws:ecs:eu-central-1:111122223333:task-definition/storefront:42",
        "target_group": "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/storefront-green/09966783158cda59",
        "revision": "s3://rehearsal-artifacts/storefront/appspec.yaml",
    });
    let members = expected.as_object().unwrap();
    let each = members
        .keys()
        .map(|name| (name.clone(), json!(format!("{{{{ deployment.{name} }}}}"))));
    let sent: serde_json::Map<_, _> = each.collect();
    let same = members
        .iter()
        .map(|(name, value)| (format!("$.{name}"), value.clone()));
    let same: serde_json::Map<_, _> = same.collect();
    let file = json!({ "checks": [{
        "name": "they come back",
        "writes": true,
        "post": "/json-echo",
        "json": sent,
        "expect": { "json": same },
    }]});
    let path = trial.stage.folder().join("subject.yaml");
    std::fs::write(&path, file.to_string()).unwrap();
    let trial = trial.set("SMOKE_CHECKS", &path.display().to_string());
    let invoked = trial.invoke(registered.event()).await;
    let verdict = trial.verdict(&registered);
    assert_eq!(verdict, Some(Verdict::Succeeded), "{}", invoked.output());
}

/// An app that calls itself what its image is called.
async fn saying(is: &str, said: &str) -> Trial {
    asking()
        .await
        .set("SMOKE_IDENTITY", "json:$.query.i_am")
        .set("SMOKE_IDENTITY_PATH", &format!("/echo?i_am={said}"))
        .set("SMOKE_IDENTITY_IS", is)
}

#[tokio::test]
async fn an_app_may_call_itself_by_its_digest_or_its_whole_image() {
    let image = format!("{REPOSITORY}:green-1.1.0@{DIGEST}");
    for (is, said) in [("digest", DIGEST), ("image", image.as_str())] {
        let trial = saying(is, said).await;
        succeeds(&trial).await;
    }
    let other = DIGEST.replace('9', "b");
    let image = image.replace(DIGEST, &other);
    for (is, said) in [("digest", other.as_str()), ("image", image.as_str())] {
        let trial = saying(is, said).await;
        let outcome = trial.gate().await;
        assert_unproven(&trial, &outcome, "the target does not answer as green");
        trial.assert_failed(&outcome, &other);
    }
}
