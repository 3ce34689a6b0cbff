//! What is known so far of an invocation, and the one channel on which it is
//! passed on: from the thread that works to whoever waits for its decision,
//! and from the proof to the plan beside it.
//!
//! Invariant: what was recorded is there also if the work panics or hangs.

use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::deadlines::Deadlines;

/// What is known so far.
#[derive(Debug, Clone)]
pub(crate) struct Findings {
    /// They come closer where CodeDeploy's hour ends before Lambda's time.
    pub(crate) deadlines: Deadlines,
    /// What check files see as `deployment`, as far as it is known. Empty if
    /// nobody deploys.
    pub(crate) deployment: Map<String, Value>,
    /// Whether no more will be known of the deployment.
    is_deployment_complete: bool,
    /// How long the proof of green took, whether it succeeded or not.
    pub(crate) proof_time: Option<Duration>,
}

impl Findings {
    /// A text that is known of the deployment, such as its `application`.
    pub(crate) fn deployment_text(&self, name: &str) -> Option<&str> {
        self.deployment.get(name)?.as_str()
    }
}

/// The sending half of the channel: where the work records what it finds.
#[derive(Debug)]
pub(crate) struct Recorder(watch::Sender<Findings>);

impl Recorder {
    /// The channel of an invocation, of which only its deadlines are known.
    pub(crate) fn new(deadlines: Deadlines) -> (Self, watch::Receiver<Findings>) {
        let (sender, receiver) = watch::channel(Findings {
            deadlines,
            deployment: Map::new(),
            is_deployment_complete: false,
            proof_time: None,
        });
        (Self(sender), receiver)
    }

    /// The deadlines as they are now.
    pub(crate) fn deadlines(&self) -> Deadlines {
        self.0.borrow().deadlines
    }

    /// Whoever waits for the verdict waits this long and no longer.
    pub(crate) fn shorten_deadlines(&self, left: Duration) {
        let now = Instant::now();
        self.0
            .send_modify(|known| known.deadlines = known.deadlines.shorten(now, left));
    }

    /// Adds to what is known of the deployment.
    pub(crate) fn record_deployment<'v>(
        &self,
        members: impl IntoIterator<Item = (&'static str, &'v str)>,
    ) {
        let members = members.into_iter();
        let members = members.map(|(name, value)| (name.to_owned(), Value::from(value)));
        self.0.send_modify(|known| known.deployment.extend(members));
    }

    /// Says that all is recorded that will be known of the deployment.
    pub(crate) fn complete_deployment(&self) {
        self.0
            .send_modify(|known| known.is_deployment_complete = true);
    }

    /// Waits until all is known of the deployment. `None` if nobody deploys.
    pub(crate) async fn wait_for_deployment(&self) -> Option<Map<String, Value>> {
        let mut receiver = self.0.subscribe();
        let complete = receiver.wait_for(|known| known.is_deployment_complete);
        // The channel is open for as long as this half of it is there.
        let deployment = complete.await.ok()?.deployment.clone();
        (!deployment.is_empty()).then_some(deployment)
    }

    /// Records how long the proof took.
    pub(crate) fn record_proof_time(&self, duration: Duration) {
        self.0
            .send_modify(|known| known.proof_time = Some(duration));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn channel() -> (Recorder, watch::Receiver<Findings>) {
        let hour = Duration::from_hours(1);
        Recorder::new(Deadlines::new(Instant::now(), hour, Duration::ZERO, None))
    }

    #[tokio::test]
    async fn the_plan_waits_until_all_is_known_of_the_deployment() {
        let (recorder, _findings) = channel();
        recorder.record_deployment([("id", "d-1")]);
        let mut waiting = Box::pin(recorder.wait_for_deployment());
        assert!((&mut waiting).now_or_never().is_none());
        recorder.record_deployment([("tag", "1.2")]);
        assert!((&mut waiting).now_or_never().is_none());
        recorder.complete_deployment();
        let deployment = Value::Object(waiting.await.unwrap());
        assert_eq!(deployment, serde_json::json!({"id": "d-1", "tag": "1.2"}));
    }

    #[tokio::test]
    async fn a_run_by_hand_has_no_deployment() {
        let (recorder, _findings) = channel();
        recorder.complete_deployment();
        assert_eq!(recorder.wait_for_deployment().await, None);
    }

    #[tokio::test]
    async fn what_was_recorded_outlives_its_recorder() {
        let (recorder, findings) = channel();
        recorder.record_proof_time(Duration::from_secs(2));
        recorder.shorten_deadlines(Duration::from_mins(1));
        let deadlines = recorder.deadlines();
        drop(recorder);
        let known = findings.borrow();
        assert_eq!(known.proof_time, Some(Duration::from_secs(2)));
        assert_eq!(known.deadlines, deadlines);
        assert!(deadlines.checks <= Instant::now() + Duration::from_mins(1));
    }
}
