//! `rehearsal serve`: the stage, kept up for trials by hand.

use std::io::Write;
use std::path::{Path, PathBuf};

use anstyle::Style;
use clap::Args;
use rehearsal::{Colour, Defect, Fault, RegisteredDeployment, Stage, StageOptions};
use serde_json::{Map, Value, json};
use tokio::signal::unix::{SignalKind, signal};

use super::{CommandError, Ending, Out};

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// What is wrong with green: orders-are-empty, wrong-totals, login-fails,
    /// unhealthy or slow.
    #[arg(long, value_name = "DEFECT")]
    green_defect: Option<Defect>,

    /// What is wrong with the test listener, such as black-hole or slow:500.
    #[arg(long, value_name = "FAULT")]
    test_fault: Option<Fault>,

    /// The port of the test listener; 0 means any free one.
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    test_port: u16,

    /// The port of the production listener; 0 means any free one.
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    production_port: u16,

    /// Copy the certificate authority, which is new at each start, into this
    /// file.
    #[arg(long, value_name = "PATH")]
    ca_file: Option<PathBuf>,

    /// Write everything that is printed into this file, as JSON, as soon as
    /// the stage answers.
    #[arg(long, value_name = "PATH")]
    ready_file: Option<PathBuf>,
}

impl Serve {
    pub(crate) async fn run(&self, out: &mut Out) -> Result<Ending, CommandError> {
        // Whoever waits for the ready file may send a signal as soon as it is
        // there, so the handlers come first.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let stage = Stage::start(StageOptions {
            production_port: self.production_port,
            test_port: self.test_port,
            green_defect: self.green_defect,
            test_fault: self.test_fault,
            ..StageOptions::default()
        })
        .await?;
        if let Some(path) = &self.ca_file {
            std::fs::copy(stage.ca_file(), path)?;
        }
        let mut registered = stage.codedeploy().register();
        self.write_event_files(&stage, &registered)?;
        write_summary(&stage, &registered, out)?;
        loop {
            tokio::select! {
                verdict = stage.codedeploy().wait_for_verdict(&registered.deployment_id) => {
                    writeln!(out, "verdict {verdict} for {}", registered.deployment_id)?;
                    registered = stage.codedeploy().register();
                    writeln!(out, "next: {}", registered.event())?;
                    self.write_event_files(&stage, &registered)?;
                }
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
            }
        }
        Ok(Ending::Expected)
    }

    /// Writes the event into the stage's folder, and the ready file.
    fn write_event_files(
        &self,
        stage: &Stage,
        registered: &RegisteredDeployment,
    ) -> Result<(), CommandError> {
        replace_file(&event_path(stage), &registered.event())?;
        if let Some(path) = &self.ready_file {
            replace_file(path, &ready_summary(stage, registered))?;
        }
        Ok(())
    }
}

/// Writes a file so that a reader sees the old or the new content, never a part.
fn replace_file(path: &Path, content: &Value) -> Result<(), CommandError> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".part");
    std::fs::write(&temporary, format!("{content:#}\n"))?;
    std::fs::rename(&temporary, path)?;
    Ok(())
}

/// The file that holds the event of the deployment that waits.
fn event_path(stage: &Stage) -> PathBuf {
    stage.folder().join("event.json")
}

/// The environment variables that point a hook, or AWS's own clients, here.
fn client_environment(stage: &Stage) -> Vec<(String, String)> {
    let mut variables = stage.hook_settings();
    for (name, value) in [
        ("AWS_ENDPOINT_URL_CODEDEPLOY", stage.codedeploy().url()),
        ("AWS_ENDPOINT_URL_ECS", stage.codedeploy().url()),
        (
            "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2",
            stage.codedeploy().url(),
        ),
        ("AWS_REGION", "eu-central-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "AKIDREHEARSAL".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "rehearsal".to_owned()),
    ] {
        variables.push((name.to_owned(), value));
    }
    variables
}

/// The content of the ready file.
fn ready_summary(stage: &Stage, registered: &RegisteredDeployment) -> Value {
    let environment: Map<String, Value> = client_environment(stage)
        .into_iter()
        .map(|(name, value)| (name, Value::String(value)))
        .collect();
    json!({
        "test_url": stage.test_url(),
        "production_url": stage.production_url(),
        "blue_url": stage.app_url(Colour::Blue),
        "green_url": stage.app_url(Colour::Green),
        "codedeploy_url": stage.codedeploy().url(),
        "ca_file": stage.ca_file(),
        "event_file": event_path(stage),
        "event": registered.event(),
        "environment": environment,
    })
}

/// Writes how to reach the stage.
fn write_summary(
    stage: &Stage,
    registered: &RegisteredDeployment,
    out: &mut Out,
) -> Result<(), CommandError> {
    let bold = Style::new().bold();
    writeln!(out, "{bold}The stage is up; ctrl-c ends it.{bold:#}\n")?;
    for (name, value) in [
        ("test listener", stage.test_url()),
        ("production listener", stage.production_url()),
        ("blue app", stage.app_url(Colour::Blue)),
        ("green app", stage.app_url(Colour::Green)),
        ("CodeDeploy API", stage.codedeploy().url()),
        ("authority", stage.ca_file().display().to_string()),
        ("event", event_path(stage).display().to_string()),
    ] {
        writeln!(out, "  {name:<20} {value}")?;
    }
    writeln!(out, "\n{bold}For the hook and for AWS clients{bold:#}\n")?;
    for (name, value) in client_environment(stage) {
        writeln!(out, "  export {name}={value}")?;
    }
    writeln!(
        out,
        "\n{bold}The event{bold:#}\n\n  {}\n",
        registered.event()
    )?;
    writeln!(
        out,
        "{bold}Try{bold:#}\n\n  curl --cacert {} {}/version\n",
        stage.ca_file().display(),
        stage.test_url()
    )?;
    out.flush()?;
    Ok(())
}
