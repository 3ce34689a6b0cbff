//! `rehearsal deploy`: one deployment with a defect and faults of choice.

use std::time::Duration;

use clap::Args;
use rehearsal::{
    ApiFault, Colour, Defect, DeploymentStatus, Fault, Listener, Stage, StageOptions,
    VERDICT_OPERATION,
};

use super::{CommandError, Ending, HookArguments, Out, deploy_and_tell};

#[derive(Debug, Args)]
pub(crate) struct Deploy {
    #[command(flatten)]
    hook: HookArguments,

    /// What is wrong with the new version: orders-are-empty, wrong-totals,
    /// login-fails, unhealthy or slow.
    #[arg(long)]
    defect: Option<Defect>,

    /// What is wrong with the test listener, such as black-hole, status:502,
    /// drip:100 or late-flip:2000 (milliseconds).
    #[arg(long, value_name = "FAULT")]
    test_fault: Option<Fault>,

    /// What happens to the next verdict that CodeDeploy is told, such as
    /// throttled, server-error or answer-lost; once more for each repetition.
    #[arg(long, value_name = "FAULT")]
    api_fault: Vec<ApiFault>,

    /// Let the test listener serve blue before the deployment, not nobody.
    #[arg(long)]
    test_listener_rests_on_blue: bool,

    /// How many seconds a verdict may take; one hour on AWS.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    verdict_within: u64,

    /// How many seconds the function may run; at most 15 minutes on AWS.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    function_timeout: u64,

    /// How often Lambda delivers the event.
    #[arg(long, default_value_t = 1, value_name = "TIMES")]
    deliveries: u32,

    /// Invoke the hook as its own watchdog when its invocation fails.
    #[arg(long)]
    watchdog: bool,
}

impl Deploy {
    pub(crate) async fn run(&self, out: &mut Out) -> Result<Ending, CommandError> {
        let stage = Stage::start(StageOptions::default()).await?;
        let mut options = self.hook.deployment_options(&stage)?;
        options.defect = self.defect;
        options.verdict_within = Duration::from_secs(self.verdict_within);
        options.function_timeout = Duration::from_secs(self.function_timeout);
        options.deliveries = self.deliveries;
        options.watchdog = self.watchdog;
        if self.test_listener_rests_on_blue {
            options.test_listener_rests_on = Some(Colour::Blue);
        }
        stage
            .load_balancer()
            .set_fault(Listener::Test, self.test_fault);
        for fault in &self.api_fault {
            stage.codedeploy().fail(VERDICT_OPERATION, 1, *fault);
        }
        let outcome = deploy_and_tell(&stage, options, out).await?;
        let succeeded = outcome.deployment_status == DeploymentStatus::Succeeded
            && outcome.production_serves == Colour::Green;
        Ok(if succeeded {
            Ending::Expected
        } else {
            Ending::Unexpected
        })
    }
}
