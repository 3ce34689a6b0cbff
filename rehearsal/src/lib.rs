//! A blue/green deployment on loopback, with no AWS account and no Docker.
//!
//! The stage has everything that Greenlight needs of AWS: a TLS load balancer
//! with a production and a test listener, a small shop in two versions,
//! CodeDeploy's API, and the Lambda Runtime API with the hook as a real
//! process. Each of them can be given faults.
//!
//! ```no_run
//! use rehearsal::{Colour, Defect, Fault, Listener, Stage, StageOptions};
//!
//! # async fn example() -> Result<(), rehearsal::StageError> {
//! let stage = Stage::start(StageOptions::default()).await?;
//! stage.green_app().break_with(Defect::OrdersAreEmpty);
//! stage.load_balancer().forward(Listener::Test, Some(Colour::Green));
//! stage.load_balancer().set_fault(Listener::Test, Some(Fault::BlackHole));
//! let registered = stage.codedeploy().register();
//! assert_eq!(stage.codedeploy().verdict(&registered.deployment_id), None);
//! # Ok(())
//! # }
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | `certificates` | an authority, a good certificate, and wrong ones |
//! | `app` | the shop, blue and green, and its [`Defect`]s |
//! | `load_balancer` | listeners, rules, weights, and their [`Fault`]s |
//! | `codedeploy` | the APIs of AWS: CodeDeploy takes the verdict, ECS and ELB describe the deployment; their [`ApiFault`]s |
//! | `lambda` | the function's process and the Runtime API |
//! | `stage` | all of these together |
//! | `deployment` | the lifecycle of a deployment, told as [`StoryEvent`]s |
//! | `story` | these events, rendered for people |
//! | `tls_front` | TLS in front of a server that has none |
//! | `moto` | more of AWS, imitated by moto where it is installed |
//! | `tool` | finds tools of other projects that tests need |
//! | `server`, `probe`, `random` | an HTTP server, a client for it, random identifiers |
//!
//! Everything listens on 127.0.0.1, and stops when its value is dropped.

mod app;
mod certificates;
mod codedeploy;
mod colour;
mod deployment;
mod error;
mod lambda;
mod load_balancer;
mod moto;
mod probe;
mod random;
mod server;
mod stage;
mod story;
mod tls_front;
mod tool;

pub use app::{App, CUSTOMER, Defect, PASSWORD, UnknownDefect};
pub use certificates::{PRODUCTION_NAME, WrongCertificate};
pub use codedeploy::{
    Answer, ApiFault, Call, CodeDeploy, ComputePlatform, DeploymentStatus, EventStatus,
    LifecycleEvent, RegisteredDeployment, TargetHealth, UnknownApiFault, VERDICT_OPERATION,
    Verdict, operations,
};
pub use colour::Colour;
pub use deployment::{DeploymentOptions, Outcome, StoryEvent};
pub use error::StageError;
pub use lambda::{
    Exit, FUNCTION_NAME, Function, FunctionOptions, InitError, Invocation, InvocationOutcome,
    LogLine, Output,
};
pub use load_balancer::{Action, Fault, Listener, LoadBalancer, Rule, UnknownFault, Weights};
pub use moto::{Moto, MotoError};
pub use stage::{Stage, StageOptions};
pub use story::Story;
pub use tls_front::TlsFront;
pub use tool::{MissingTool, find_tool};
