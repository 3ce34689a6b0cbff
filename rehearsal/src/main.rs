//! The command `rehearsal`: blue/green deployments on loopback, to watch.

#![allow(
    clippy::doc_markdown,
    reason = "the documentation of an option is its help text, which people read as it is"
)]

mod command;

use std::process::ExitCode;

use clap::{ColorChoice, Parser, Subcommand};

use crate::command::{Ending, demo, deploy, serve};

/// Rehearse a blue/green deployment on this machine.
///
/// A load balancer with TLS, a shop in two versions, CodeDeploy's API and the
/// Lambda Runtime API, all on 127.0.0.1: no AWS account, no Docker. The hook
/// is the executable that would be deployed.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
struct Arguments {
    /// When to use colours; NO_COLOR is respected.
    #[arg(long, global = true, default_value = "auto", value_name = "WHEN")]
    color: ColorChoice,

    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  it ended as it should
  1  a deployment ended otherwise
  2  bad input: an option, or a file that does not exist
  3  could not work: a port is taken, a process does not start";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run two deployments, one that must pass and one that must not.
    ///
    /// The first brings a version that works: production has to move to
    /// green. The second brings a version with a defect that its health check
    /// does not show: production has to stay on blue.
    #[command(after_help = EXIT_CODES)]
    Demo(demo::Demo),
    /// Run one deployment, with a defect and faults of your choice.
    ///
    /// Exit code 0 means that the deployment succeeded and production is on
    /// green; 1 that it failed and was rolled back.
    #[command(after_help = EXIT_CODES)]
    Deploy(deploy::Deploy),
    /// Keep the stage up until ctrl-c, for trials by hand.
    ///
    /// Prints the addresses and the environment variables that point a hook,
    /// `cargo lambda`, the AWS command line or boto3 at the stage. The test
    /// listener is on green, production on blue. A deployment waits for a
    /// verdict; when it has one, the next is registered.
    #[command(after_help = EXIT_CODES)]
    Serve(serve::Serve),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut out = command::open_stdout(arguments.color);
    let ending = match arguments.command {
        Command::Demo(demo) => demo.run(&mut out).await,
        Command::Deploy(deploy) => deploy.run(&mut out).await,
        Command::Serve(serve) => serve.run(&mut out).await,
    };
    match ending {
        Ok(Ending::Expected) => ExitCode::SUCCESS,
        Ok(Ending::Unexpected) => ExitCode::from(1),
        Err(error) => {
            error.write_to_stderr(arguments.color);
            error.exit_code()
        }
    }
}
