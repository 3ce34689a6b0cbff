//! Green's task set, and what tells it from blue's.

use rehearsal::{Colour, TargetHealth, Verdict};

use crate::proof::{asking, assert_note, assert_unproven, impatient, succeeds};
use crate::support::Trial;

/// A trial in which blue runs green's image.
pub(crate) async fn alike(proof: &str) -> Trial {
    let trial = asking().await.set("SMOKE_PROOF", proof);
    let api = trial.stage.codedeploy();
    api.set_image(Colour::Blue, "registry/storefront:green-1.1.0");
    trial
}

#[tokio::test]
async fn an_identity_that_blue_has_too_proves_nothing() {
    let trial = alike("identity").await;
    let outcome = trial.gate().await;
    let why = "blue has the same identity as green, `green-1.1.0`: it tells nothing apart";
    assert_unproven(&trial, &outcome, why);
    assert_eq!(trial.requests(), 0);

    let trial = alike("full").await;
    let invoked = succeeds(&trial).await;
    let note = "the identity `green-1.1.0` is blue's as well, and proves nothing: only the listener tells green from blue";
    assert_note(&invoked, note);

    // What differs tells them apart.
    let trial = alike("identity").await;
    let trial = trial.set("SMOKE_IDENTITY_IS", "env:APP_VERSION");
    succeeds(&trial).await;
}

#[tokio::test]
async fn as_many_targets_as_tasks_have_to_be_healthy() {
    let trial = impatient().await;
    trial.stage.codedeploy().set_green_tasks(3, 3);
    let outcome = trial.gate().await;
    let why = "1 of 3 targets of green are healthy: 2 not registered after ";
    assert_unproven(&trial, &outcome, why);
    assert_eq!(trial.requests(), 0);
}

#[tokio::test]
async fn a_service_that_grows_or_shrinks_is_not_waited_for() {
    use TargetHealth::{Draining, Healthy, Initial};
    for (targets, wanted, running) in [
        (&[Healthy, Healthy, Initial][..], 3, 2),
        (&[Healthy, Draining], 1, 2),
    ] {
        let trial = impatient().await;
        let api = trial.stage.codedeploy();
        api.set_targets(Colour::Green, targets);
        api.set_green_tasks(wanted, running);
        succeeds(&trial).await;
    }
}

#[tokio::test]
async fn a_service_that_is_made_smaller_meanwhile_is_asked_again() {
    let trial = Trial::new().await;
    let api = trial.stage.codedeploy();
    api.set_green_tasks(2, 2);
    let shrinking = async {
        while api.calls_of("DescribeTargetHealth").is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        api.set_green_tasks(1, 1);
    };
    let ((registered, invoked), ()) = tokio::join!(trial.gate(), shrinking);
    let verdict = trial.verdict(&registered);
    assert_eq!(verdict, Some(Verdict::Succeeded), "{}", invoked.output());
}

#[tokio::test]
async fn a_task_set_that_is_taken_away_is_not_green() {
    for proof in ["full", "identity"] {
        let trial = asking().await.set("SMOKE_PROOF", proof);
        trial.stage.codedeploy().drain_green();
        let outcome = trial.gate().await;
        let why = "the task set `ecs-svc/1000000000000000002` of the deployment is being taken away: its status is `DRAINING`";
        assert_unproven(&trial, &outcome, why);
        assert_eq!(trial.requests(), 0);
    }
}

#[tokio::test]
async fn a_rollback_is_judged_by_the_task_set_that_it_makes() {
    let check = "checks:\n  - name: up\n    get: /healthz\n    expect: { status: 200 }\n    when: \"{{ deployment.creator == 'codeDeployRollback' }}\"\n";
    let trial = impatient().await;
    let file = trial.stage.folder().join("rollback.yaml");
    std::fs::write(&file, check).unwrap();
    let trial = trial.set("SMOKE_CHECKS", &file.display().to_string());
    let api = trial.stage.codedeploy();
    let registered = api.register();
    api.mark_as_rollback(&registered, "d-FAILED123");
    let invoked = trial.invoke(registered.event()).await;
    let verdict = trial.verdict(&registered);
    assert_eq!(verdict, Some(Verdict::Succeeded), "{}", invoked.output());
    assert_eq!(invoked.answer()["report"]["counts"]["passed"], 1);
}

#[tokio::test]
async fn a_rollback_that_makes_no_task_set_says_so() {
    let trial = impatient().await;
    let api = trial.stage.codedeploy();
    api.hide_green();
    let registered = api.register();
    api.mark_as_rollback(&registered, "d-FAILED123");
    let outcome = (registered.clone(), trial.invoke(registered.event()).await);
    let why = format!(
        "{} rolls d-FAILED123 back, and made no task set in `shop/storefront` within ",
        registered.deployment_id
    );
    assert_unproven(&trial, &outcome, &why);
}
