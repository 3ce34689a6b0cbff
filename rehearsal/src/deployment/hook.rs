//! The hook in a deployment: Lambda invokes it asynchronously, and the verdict
//! comes through CodeDeploy's API.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::event::StoryEvent;
use super::{DeploymentOptions, DeploymentRun};
use crate::codedeploy::Verdict;
use crate::error::StageError;
use crate::lambda::{Function, FunctionOptions, Invocation};
use crate::server::BackgroundTask;

/// How long the deployment waits for the function after it has its verdict.
pub(super) const HOOK_END_TIMEOUT: Duration = Duration::from_secs(10);
/// How many events may wait to be told; lines of the function beyond that are
/// lost.
const EVENT_CAPACITY: usize = 4096;

/// The invocations of the hook, which run in a task beside the deployment.
pub(super) struct HookRun {
    events: mpsc::Receiver<StoryEvent>,
    invoked: Instant,
    /// The first invocation that has ended.
    invocation: Option<Invocation>,
    _running: BackgroundTask,
}

impl<T: FnMut(StoryEvent)> DeploymentRun<'_, T> {
    /// Invokes the function as Lambda's asynchronous invocation does.
    pub(super) async fn invoke_hook(&mut self) -> Result<HookRun, StageError> {
        let (sender, events) = mpsc::channel(EVENT_CAPACITY);
        let lines = sender.clone();
        let function = self
            .stage
            .function_with_log(function_options(&self.options), move |line| {
                // A slow reader must not slow the function down, so lines that
                // find the channel full are dropped.
                let _ = lines.try_send(StoryEvent::HookLine(line.clone()));
            })
            .await?;
        let event = self.registered.event();
        let options = self.options.clone();
        Ok(HookRun {
            events,
            invoked: Instant::now(),
            invocation: None,
            _running: BackgroundTask::spawn(async move {
                run_deliveries(function, event, &options, &sender).await;
            }),
        })
    }

    /// Waits for the verdict and tells the hook's events meanwhile. The results are
    /// the verdict, and how long after the invocation it came.
    pub(super) async fn wait_for_verdict(
        &mut self,
        hook: &mut HookRun,
    ) -> (Option<Verdict>, Option<Duration>) {
        let codedeploy = self.stage.codedeploy();
        let id = self.registered.deployment_id.clone();
        let deadline = hook.invoked + self.options.verdict_within;
        let accepted = codedeploy.wait_for_verdict(&id);
        tokio::pin!(accepted);
        let verdict = loop {
            tokio::select! {
                // Events that came before the verdict are told before it.
                biased;
                Some(event) = hook.events.recv() => self.tell_and_keep_first_end(hook, event),
                verdict = &mut accepted => break Some(verdict),
                () = tokio::time::sleep_until(deadline) => break codedeploy.stop_waiting(&id),
            }
        };
        let after = hook.invoked.elapsed();
        if let Some(verdict) = verdict {
            self.tell_event(StoryEvent::VerdictReceived { verdict, after });
            (Some(verdict), Some(after))
        } else {
            self.tell_event(StoryEvent::NoVerdict { after });
            (None, None)
        }
    }

    /// Tells the hook's events until it ends, and kills it at the timeout. The
    /// result is the first invocation, if it has ended.
    pub(super) async fn end_hook_within(
        &mut self,
        mut hook: HookRun,
        timeout: Duration,
    ) -> Option<Invocation> {
        let deadline = Instant::now() + timeout;
        while let Ok(Some(event)) = tokio::time::timeout_at(deadline, hook.events.recv()).await {
            self.tell_and_keep_first_end(&mut hook, event);
        }
        hook.invocation
    }

    /// Tells an event of the hook, and keeps the first invocation that ends.
    fn tell_and_keep_first_end(&mut self, hook: &mut HookRun, event: StoryEvent) {
        if let StoryEvent::HookEnded(invocation) = &event {
            hook.invocation.get_or_insert_with(|| invocation.clone());
        }
        self.tell_event(event);
    }
}

/// The function of a deployment.
fn function_options(options: &DeploymentOptions) -> FunctionOptions {
    FunctionOptions {
        bootstrap: options.bootstrap.clone(),
        settings: options.settings.clone(),
        timeout: options.function_timeout,
        memory_mb: options.memory_mb,
    }
}

/// Invokes the function once for each delivery, and the watchdog after each
/// invocation that failed.
async fn run_deliveries(
    function: Function,
    event: Value,
    options: &DeploymentOptions,
    events: &mpsc::Sender<StoryEvent>,
) {
    for delivery in 1..=options.deliveries {
        // Sending fails once the deployment is over, which drops the receiver.
        let _ = events.send(StoryEvent::HookInvoked { delivery }).await;
        let invocation = function.invoke(event.clone()).await;
        let record = invocation.failure_record(&event);
        let _ = events.send(StoryEvent::HookEnded(invocation)).await;
        if let Some(record) = record.filter(|_| options.watchdog) {
            let _ = events.send(StoryEvent::WatchdogInvoked).await;
            let invocation = function.invoke(record).await;
            let _ = events.send(StoryEvent::HookEnded(invocation)).await;
        }
    }
}
