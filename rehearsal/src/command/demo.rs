//! `rehearsal demo`: one deployment that must pass and one that must not.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use clap::Args;
use rehearsal::{Colour, Defect, DeploymentStatus, Outcome, Stage, StageOptions};

use super::{CommandError, Ending, HookArguments, Out, deploy_and_tell};

#[derive(Debug, Args)]
pub(crate) struct Demo {
    #[command(flatten)]
    hook: HookArguments,

    /// What is wrong with the broken version: orders-are-empty, wrong-totals,
    /// login-fails, unhealthy or slow.
    #[arg(long, default_value = "orders-are-empty")]
    defect: Defect,
}

/// One line of the table at the end.
struct DemoRow {
    version: String,
    outcome: Outcome,
    as_expected: bool,
}

impl Demo {
    pub(crate) async fn run(&self, out: &mut Out) -> Result<Ending, CommandError> {
        let bold = Style::new().bold();
        let mut rows = Vec::new();
        for defect in [None, Some(self.defect)] {
            let version = defect.map_or("works".to_owned(), |defect| defect.to_string());
            writeln!(out, "\n{bold}A new version: {version}{bold:#}\n")?;
            // Each deployment has a stage of its own, so the first leaves nothing behind.
            let stage = Stage::start(StageOptions::default()).await?;
            let mut options = self.hook.deployment_options(&stage)?;
            options.defect = defect;
            let outcome = deploy_and_tell(&stage, options, out).await?;
            let as_expected = match defect {
                None => ended_with(&outcome, DeploymentStatus::Succeeded, Colour::Green),
                Some(_) => ended_with(&outcome, DeploymentStatus::Failed, Colour::Blue),
            };
            rows.push(DemoRow {
                version,
                outcome,
                as_expected,
            });
        }
        write_table(&rows, out)?;
        Ok(if rows.iter().all(|row| row.as_expected) {
            Ending::Expected
        } else {
            Ending::Unexpected
        })
    }
}

/// Whether a deployment ended with this status and production on this colour.
fn ended_with(outcome: &Outcome, status: DeploymentStatus, production: Colour) -> bool {
    outcome.deployment_status == status && outcome.production_serves == production
}

/// Writes the table of all deployments.
fn write_table(rows: &[DemoRow], out: &mut Out) -> Result<(), CommandError> {
    let bold = Style::new().bold();
    writeln!(
        out,
        "\n{bold}{:<18} {:<10} {:<11} {:<11} {:>8}  as it should{bold:#}",
        "new version", "verdict", "deployment", "production", "after"
    )?;
    for row in rows {
        let outcome = &row.outcome;
        let verdict = outcome
            .verdict
            .map_or("none".to_owned(), |verdict| verdict.to_string());
        let after = outcome.verdict_after.map_or("-".to_owned(), |after| {
            format!("{:.2} s", after.as_secs_f64())
        });
        let (mark, style) = if row.as_expected {
            ("yes", AnsiColor::Green.on_default().bold())
        } else {
            ("NO", AnsiColor::Red.on_default().bold())
        };
        writeln!(
            out,
            "{:<18} {verdict:<10} {:<11} {:<11} {after:>8}  {style}{mark}{style:#}",
            row.version, outcome.deployment_status, outcome.production_serves,
        )?;
    }
    Ok(())
}
