//! The hook's part of a deployment: invoked and left alone, heard through the
//! API.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::event::StoryEvent;
use super::{Deployment, DeploymentOptions};
use crate::codedeploy::Verdict;
use crate::error::StageError;
use crate::lambda::{Function, FunctionOptions, Invocation};
use crate::serve::Task;

/// How long the deployment waits for the function after it has its verdict.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// How many lines of the function may wait to be told; more are left out.
const NEWS: usize = 4096;

/// The invocation that goes on beside the deployment.
pub(super) struct Hook {
    news: mpsc::Receiver<StoryEvent>,
    invoked: Instant,
    invocation: Option<Invocation>,
    _running: Task,
}

impl<T: FnMut(StoryEvent)> Deployment<'_, T> {
    /// Invokes the function as Lambda's asynchronous invocation does.
    pub(super) async fn invoke(&mut self) -> Result<Hook, StageError> {
        let (sender, news) = mpsc::channel(NEWS);
        let lines = sender.clone();
        let function = self
            .stage
            .function_with_log(function_options(&self.options), move |line| {
                // A deployment that does not listen loses lines, not time.
                let _ = lines.try_send(StoryEvent::HookLine(line.clone()));
            })
            .await?;
        let event = self.registered.event();
        let options = self.options.clone();
        Ok(Hook {
            news,
            invoked: Instant::now(),
            invocation: None,
            _running: Task::spawn(async move {
                run(function, event, &options, &sender).await;
            }),
        })
    }

    /// Waits for the verdict, telling what the hook says meanwhile.
    pub(super) async fn wait(&mut self, hook: &mut Hook) -> (Option<Verdict>, Option<Duration>) {
        let codedeploy = self.stage.codedeploy();
        let id = self.registered.deployment_id.clone();
        let deadline = hook.invoked + self.options.verdict_within;
        let verdict = codedeploy.wait_for_verdict(&id);
        tokio::pin!(verdict);
        let found = loop {
            tokio::select! {
                biased;
                Some(news) = hook.news.recv() => self.hear(hook, news),
                verdict = &mut verdict => break Some(verdict),
                () = tokio::time::sleep_until(deadline) => break codedeploy.close(&id),
            }
        };
        let after = hook.invoked.elapsed();
        if let Some(verdict) = found {
            self.say(StoryEvent::VerdictReceived { verdict, after });
            (Some(verdict), Some(after))
        } else {
            self.say(StoryEvent::NoVerdict { after });
            (None, None)
        }
    }

    /// Tells what the function still says after its verdict, and kills it if
    /// it does not end. Without a verdict there is nothing to wait for.
    pub(super) async fn last_words(&mut self, mut hook: Hook, wait: bool) -> Option<Invocation> {
        let patience = if wait { LAST_WORDS } else { Duration::ZERO };
        let deadline = Instant::now() + patience;
        while let Ok(Some(news)) = tokio::time::timeout_at(deadline, hook.news.recv()).await {
            self.hear(&mut hook, news);
        }
        hook.invocation
    }

    fn hear(&mut self, hook: &mut Hook, news: StoryEvent) {
        if let StoryEvent::HookEnded(invocation) = &news {
            hook.invocation.get_or_insert_with(|| invocation.clone());
        }
        self.say(news);
    }
}

fn function_options(options: &DeploymentOptions) -> FunctionOptions {
    FunctionOptions {
        bootstrap: options.bootstrap.clone(),
        settings: options.settings.clone(),
        timeout: options.function_timeout,
        memory_mb: options.memory_mb,
    }
}

/// Delivers the event as often as asked, and the failure to the watchdog.
async fn run(
    function: Function,
    event: Value,
    options: &DeploymentOptions,
    news: &mpsc::Sender<StoryEvent>,
) {
    for delivery in 1..=options.deliveries {
        // Nobody listens any more when the deployment is over.
        let _ = news.send(StoryEvent::HookInvoked { delivery }).await;
        let invocation = function.invoke(event.clone()).await;
        let record = invocation.failure_record(&event);
        let _ = news.send(StoryEvent::HookEnded(invocation)).await;
        if let Some(record) = record.filter(|_| options.watchdog) {
            let _ = news.send(StoryEvent::WatchdogInvoked).await;
            let invocation = function.invoke(record).await;
            let _ = news.send(StoryEvent::HookEnded(invocation)).await;
        }
    }
}
