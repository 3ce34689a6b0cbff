//! `rehearsal demo`: one deployment that must pass and one that must not.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use clap::Args;
use rehearsal::{Colour, Defect, DeploymentStatus, Outcome, Stage, StageOptions};

use super::{Ending, HookArguments, Out, Problem, tell};

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
struct Row {
    brings: String,
    outcome: Outcome,
    as_it_should: bool,
}

impl Demo {
    pub(crate) async fn run(&self, out: &mut Out) -> Result<Ending, Problem> {
        let bold = Style::new().bold();
        let mut rows = Vec::new();
        for defect in [None, Some(self.defect)] {
            let brings = defect.map_or("works".to_owned(), |defect| defect.to_string());
            writeln!(out, "\n{bold}A new version: {brings}{bold:#}\n")?;
            let stage = Stage::start(StageOptions::default()).await?;
            let mut options = self.hook.options(&stage)?;
            options.defect = defect;
            let outcome = tell(&stage, options, out).await?;
            let as_it_should = match defect {
                None => ended(&outcome, DeploymentStatus::Succeeded, Colour::Green),
                Some(_) => ended(&outcome, DeploymentStatus::Failed, Colour::Blue),
            };
            rows.push(Row {
                brings,
                outcome,
                as_it_should,
            });
        }
        table(&rows, out)?;
        Ok(if rows.iter().all(|row| row.as_it_should) {
            Ending::AsItShould
        } else {
            Ending::Otherwise
        })
    }
}

fn ended(outcome: &Outcome, status: DeploymentStatus, production: Colour) -> bool {
    outcome.deployment_status == status && outcome.production_serves == production
}

fn table(rows: &[Row], out: &mut Out) -> Result<(), Problem> {
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
        let (mark, style) = if row.as_it_should {
            ("yes", AnsiColor::Green.on_default().bold())
        } else {
            ("NO", AnsiColor::Red.on_default().bold())
        };
        writeln!(
            out,
            "{:<18} {verdict:<10} {:<11} {:<11} {after:>8}  {style}{mark}{style:#}",
            row.brings, outcome.deployment_status, outcome.production_serves,
        )?;
    }
    Ok(())
}
