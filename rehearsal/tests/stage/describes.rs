//! What the stage says of ECS and ELB.

use crate::common::{http1_client, start_stage};

#[tokio::test]
async fn a_query_that_is_not_signed_for_the_service_is_refused() {
    let stage = start_stage().await;
    let answer = http1_client(&stage)
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
