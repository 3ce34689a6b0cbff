//! What the stage says of ECS and ELB.

use crate::common::{h1, stage};

#[tokio::test]
async fn a_query_that_is_not_signed_for_the_service_is_refused() {
    let stage = stage().await;
    let answer = h1(&stage)
        .post(stage.codedeploy().url())
        .header("content-type", "application/x-www-form-urlencoded")
        .body("Action=DescribeListeners&Version=2015-12-01")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 403);
    let body = answer.text().await.unwrap();
    assert!(
        body.contains("<Code>MissingAuthenticationToken</Code>"),
        "{body}"
    );
}
