//! The Lambda of Greenlight: CodeDeploy invokes it when the test listener
//! serves green; it runs the checks and tells CodeDeploy the verdict.
//!
//! A module may use what stands above it here, never what stands below it.
//!
//! | module | what it is for |
//! |---|---|
//! | `environment` | the one reader of the environment |
//! | `secrets` | what nobody may say, and the place that all go through who say something |
//! | `log` | JSON lines that Lambda's filter understands |
//! | `deadlines` | by when what has to end |
//! | `settings` | what the team has to say about its gate |
//! | `findings` | what is known so far of an invocation, and the channel for it |
//! | `time_limit` | how long a proof may take, and why there is none |
//! | `ecs`, `load_balancer` | what AWS knows of green |
//! | `deployment` | what is tested, whichever way it is deployed |
//! | `codedeploy` | CodeDeploy's way: who waits, what is deployed, the report of the verdict |
//! | `event` | what the function is invoked with |
//! | `error` | why there is no report of checks |
//! | `proof` | evidence that the target serves green |
//! | `checks` | the check files, from the package or from S3 |
//! | `remote` | values of variables that AWS keeps |
//! | `decision` | the verdict, and why |
//! | `sinks` | who is told beside CodeDeploy: metrics, reports in S3, a message |
//! | `response` | the function's answer |
//! | `gate` | from the event to the answer |

mod checks;
mod codedeploy;
mod deadlines;
mod decision;
mod deployment;
mod ecs;
mod environment;
mod error;
mod event;
mod findings;
mod gate;
mod load_balancer;
mod log;
mod proof;
mod remote;
mod response;
mod secrets;
mod settings;
mod sinks;
mod time_limit;

use std::process::ExitCode;
use std::sync::LazyLock;

use lambda_runtime::service_fn;

use crate::environment::Environment;
use crate::gate::Gate;

fn main() -> ExitCode {
    let environment = Environment::from_process();
    secrets::remember_environment(&environment);
    log::start(environment.log_level());
    // Whoever starts the binary by hand would see the runtime panic
    // otherwise.
    if !environment.is_lambda() {
        tracing::error!(
            "expected to be started by Lambda, found no `AWS_LAMBDA_RUNTIME_API`; \
             use `cargo lambda watch`, or the `smoke` command"
        );
        return ExitCode::FAILURE;
    }
    match serve(environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("Lambda's Runtime API is gone: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Takes events until Lambda has no more use for this environment.
fn serve(environment: Environment) -> Result<(), lambda_runtime::Error> {
    // Made for the first event, not before it is asked for: reading all
    // certificate authorities takes several times as long as starting.
    let gate = LazyLock::new(|| Gate::new(environment));
    let handler = service_fn(|event| gate.handle(event));
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(lambda_runtime::Runtime::new(handler).run())
}
