//! A blue/green deployment on loopback, with no AWS account and no Docker.
//!
//! The stage has everything that Greenlight meets on AWS: a TLS load balancer
//! with a production and a test listener, a small shop in two versions,
//! CodeDeploy's API, and the Lambda Runtime API with the hook as a real
//! process. Each part can misbehave on request.
//!
//! ```no_run
//! use rehearsal::{Colour, Defect, Fault, Listener, Stage, StageOptions};
//!
//! # async fn example() -> Result<(), rehearsal::StageError> {
//! let stage = Stage::start(StageOptions::default()).await?;
//! stage.green_app().break_with(Defect::OrdersAreEmpty);
//! stage.load_balancer().forward(Listener::Test, Some(Colour::Green));
//! stage.load_balancer().fault(Listener::Test, Some(Fault::BlackHole));
//! let registered = stage.codedeploy().register();
//! assert_eq!(stage.codedeploy().verdict(&registered.deployment_id), None);
//! # Ok(())
//! # }
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | `certificates` | an own authority, a good certificate, and wrong ones |
//! | `app` | the shop, blue and green, and its [`Defect`]s |
//! | `load_balancer` | listeners, rules, weights, and their [`Fault`]s |
//! | `codedeploy` | the API that takes the verdict, those of ECS and ELB beside it, and their [`ApiFault`]s |
//! | `lambda` | the function's process and the Runtime API |
//! | `stage` | all of it together |
//! | `deployment` | the lifecycle, told as [`StoryEvent`]s |
//! | `story` | those events for people |
//! | `tls_front` | TLS in front of a server that speaks none |
//! | `moto` | S3, SNS and more, as moto has them, where it is installed |
//! | `tool` | tools of other projects that tests need |
//!
//! Everything listens on 127.0.0.1, and stops when its value is dropped.

mod app;
mod ask;
mod certificates;
mod codedeploy;
mod colour;
mod deployment;
mod error;
mod lambda;
mod load_balancer;
mod moto;
mod random;
mod serve;
mod stage;
mod story;
mod tls_front;
mod tool;

pub use app::{App, CUSTOMER, Defect, PASSWORD, UnknownDefect};
pub use certificates::{NAMES, PRODUCTION_NAME, WrongCertificate};
pub use codedeploy::{
    Answer, ApiFault, Call, CodeDeploy, ComputePlatform, DeploymentStatus, EventStatus,
    LifecycleEvent, Registered, TargetHealth, UnknownApiFault, VERDICT, Verdict, operations,
};
pub use colour::Colour;
pub use deployment::{DeploymentOptions, Outcome, StoryEvent};
pub use error::StageError;
pub use lambda::{
    Exit, FUNCTION_NAME, Function, FunctionOptions, Invocation, InvocationOutcome, LogLine, Output,
};
pub use load_balancer::{Action, Fault, Listener, LoadBalancer, Rule, UnknownFault, Weights};
pub use moto::{Moto, MotoError};
pub use stage::{Stage, StageOptions};
pub use story::Story;
pub use tls_front::TlsFront;
pub use tool::{MissingTool, tool};
