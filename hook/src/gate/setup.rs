//! What outlives an invocation: the settings, and what is made from them.

use std::sync::Arc;

use aws::Access;
use client::http::Client;
use client::target::Target;
use report::Problem;

use crate::codedeploy::Learner;
use crate::ecs::Ecs;
use crate::environment::Environment;
use crate::error::{Error, Input};
use crate::proof::Prover;
use crate::settings::{Mode, SettingError, Settings};
use crate::time_limit::Unproven;

/// Settings that are fine, and the clients for them.
pub(super) struct Setup {
    pub(super) environment: Environment,
    pub(super) settings: Settings,
    /// Or why there are none.
    clients: Result<Clients, Unproven>,
    /// Absent if the settings leave the target to the event.
    client: Option<Client>,
}

/// The clients of AWS that learn of deployments and prove green.
///
/// They share no connection with the one that reports: whatever hangs here
/// hangs alone.
pub(super) struct Clients {
    pub(super) learner: Learner,
    pub(super) prover: Prover,
}

impl Setup {
    /// Reads the settings and makes the clients.
    ///
    /// # Errors
    /// What is wrong with the settings.
    pub(super) fn new(environment: Environment) -> Result<Self, Vec<Problem>> {
        let settings = Settings::read(&environment)
            .map_err(|errors| errors.iter().map(Problem::from).collect::<Vec<_>>())?;
        let client = match settings.target.clone() {
            Some(target) => Some(connect(&settings, target).map_err(|problem| vec![problem])?),
            None => None,
        };
        Ok(Self {
            clients: Clients::new(&settings, &environment),
            environment,
            settings,
            client,
        })
    }

    /// The clients that a proof needs.
    ///
    /// # Errors
    /// Why there are none.
    pub(super) fn clients(&self) -> Result<&Clients, Unproven> {
        self.clients.as_ref().map_err(Unproven::clone)
    }

    /// The client for the target of the settings, or else of the event. An
    /// event cannot turn a deployed gate to another target.
    ///
    /// # Errors
    /// Why there is no target, or none that can be tested.
    pub(super) fn choose_client(&self, event_target: Option<&str>) -> Result<Client, Error> {
        match (&self.client, event_target) {
            (Some(client), None) => Ok(client.clone()),
            (Some(_), Some(_)) => Err(Error::refuse(
                Input::Event,
                [Problem {
                    text: "expected the target from `SMOKE_TARGET` alone, found one in the event"
                        .to_owned(),
                    help: Some("remove one of the two".to_owned()),
                }],
            )),
            (None, Some(text)) => {
                let target = text.parse().map_err(|problem| {
                    let text = format!("`target` of the event: {problem}");
                    Error::refuse(Input::Event, [Problem { text, help: None }])
                })?;
                connect(&self.settings, target)
                    .map_err(|problem| Error::refuse(Input::Settings, [problem]))
            }
            (None, None) => Err(Error::refuse(
                Input::Settings,
                [Problem::from(&SettingError::no_target())],
            )),
        }
    }
}

impl Clients {
    fn new(settings: &Settings, environment: &Environment) -> Result<Self, Unproven> {
        // Without a proof no call is made, and no permission is needed.
        if settings.proof.mode == Mode::Off {
            return Err(Unproven::without_help("the proof is switched off"));
        }
        let access: Access = environment.aws().map_err(|error| {
            Unproven::new(
                error.to_string(),
                "run the function on Lambda; for a run by hand, send `{}`",
            )
        })?;
        let ecs = Arc::new(Ecs::new(&access));
        Ok(Self {
            learner: Learner::new(&access, Arc::clone(&ecs)),
            prover: Prover::new(settings.proof.clone(), &access, ecs),
        })
    }
}

fn connect(settings: &Settings, target: Target) -> Result<Client, Problem> {
    Client::new(&settings.connection(target)).map_err(|error| Problem {
        text: error.to_string(),
        help: None,
    })
}
