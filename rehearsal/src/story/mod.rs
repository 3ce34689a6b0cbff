//! Renders the events of a deployment for people: a line for each, with the time
//! since the start.
//!
//! [`Story`] writes; pure functions render the text of a line. Colours are ANSI
//! sequences, and the stream given to [`Story`] (`anstream`) removes them where
//! they are not wanted.

mod log;

use std::io::{self, Write};
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};

use crate::codedeploy::{DeploymentStatus, EventStatus, LifecycleEvent, Verdict};
use crate::colour::Colour;
use crate::deployment::StoryEvent;
use crate::lambda::{Invocation, InvocationOutcome};

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default();
const BLUE: Style = AnsiColor::Blue.on_default().bold();

/// Writes the events of a deployment as they come.
#[derive(Debug)]
pub struct Story<W> {
    out: W,
    began: Instant,
}

impl<W: Write> Story<W> {
    /// A story that begins now.
    pub fn new(out: W) -> Self {
        Self {
            out,
            began: Instant::now(),
        }
    }

    /// Writes one event.
    pub fn tell(&mut self, event: &StoryEvent) -> io::Result<()> {
        let since = self.began.elapsed();
        for line in render_story_event(event) {
            writeln!(self.out, "{DIM}{:>9}{DIM:#}  {line}", format_seconds(since))?;
        }
        self.out.flush()
    }
}

/// The lines of one event; none for what only a machine wants to know.
fn render_story_event(event: &StoryEvent) -> Vec<String> {
    match event {
        StoryEvent::StageUp {
            production_url,
            test_url,
        } => vec![format!(
            "{BOLD}stage{BOLD:#}       production {production_url}, test {test_url}"
        )],
        StoryEvent::Created {
            deployment_id,
            defect,
        } => {
            let version = match defect {
                None => "a version that works".to_owned(),
                Some(defect) => format!("a broken version: {BAD}{defect}{BAD:#}"),
            };
            vec![format!(
                "{BOLD}deployment{BOLD:#}  {deployment_id} brings {version}"
            )]
        }
        StoryEvent::ListenerForwards { listener, to } => {
            let to = paint_colour(&to.to_string());
            vec![format!("listener    {listener:<10} → {to}")]
        }
        StoryEvent::GreenStarted { health } => {
            let style = if *health == 200 { GOOD } else { BAD };
            vec![format!(
                "install     green runs, its health check answers {style}{health}{style:#}"
            )]
        }
        // The other lifecycle events are over at once, so only their end is shown.
        StoryEvent::EventStarted {
            event: event @ LifecycleEvent::AfterAllowTestTraffic,
        } => vec![format!("event       {event:<21} …")],
        StoryEvent::EventStarted { .. } => Vec::new(),
        StoryEvent::EventEnded {
            event,
            status,
            after,
        } => {
            let style = match status {
                EventStatus::Succeeded => GOOD,
                EventStatus::Failed => BAD,
                _ => DIM,
            };
            vec![format!(
                "event       {event:<21} {style}{status}{style:#} {DIM}{}{DIM:#}",
                format_seconds(*after)
            )]
        }
        StoryEvent::HookInvoked { delivery: 1 } => vec![format!("hook        invoked")],
        StoryEvent::HookInvoked { delivery } => {
            vec![format!("hook        invoked again, delivery {delivery}")]
        }
        StoryEvent::HookLine(line) => log::render_log_line(&line.text)
            .into_iter()
            .map(|text| format!("hook      │ {text}"))
            .collect(),
        StoryEvent::HookEnded(invocation) => vec![render_invocation(invocation)],
        StoryEvent::WatchdogInvoked => {
            vec![format!(
                "watchdog    {WARNING}invoked{WARNING:#} with the failure"
            )]
        }
        StoryEvent::VerdictReceived { verdict, after } => {
            let style = verdict_style(Some(*verdict));
            vec![format!(
                "verdict     {style}{verdict}{style:#} {DIM}{} after the invocation{DIM:#}",
                format_seconds(*after)
            )]
        }
        StoryEvent::NoVerdict { after } => {
            vec![format!(
                "verdict     {BAD}no verdict in time{BAD:#} {DIM}{}{DIM:#}",
                format_seconds(*after)
            )]
        }
        StoryEvent::ProductionMoved { to } => {
            vec![format!(
                "production  customers are on {}",
                paint_colour(to.name())
            )]
        }
        StoryEvent::RolledBack { test } => vec![format!(
            "rollback    {WARNING}done{WARNING:#}: test → {}, production never moved",
            paint_colour(&test.to_string())
        )],
        StoryEvent::Ended {
            status,
            production_serves,
        } => {
            let style = status_style(*status);
            vec![format!(
                "{BOLD}ended{BOLD:#}       {style}{status}{style:#}; production answers {}",
                paint_colour(production_serves.name())
            )]
        }
    }
}

/// How an invocation ended, and how long it took.
fn render_invocation(invocation: &Invocation) -> String {
    let style = match invocation.outcome {
        InvocationOutcome::Returned(_) => DIM,
        _ => BAD,
    };
    let init = invocation
        .init
        .map(|init| format!(", started in {}", format_milliseconds(init)))
        .unwrap_or_default();
    format!(
        "hook        {style}{}{style:#} {DIM}after {}{init}{DIM:#}",
        log::escape_controls(&invocation.outcome.to_string()),
        format_milliseconds(invocation.duration)
    )
}

/// The style of a verdict; a missing one is as bad as `Failed`.
fn verdict_style(verdict: Option<Verdict>) -> Style {
    match verdict {
        Some(Verdict::Succeeded) => GOOD,
        Some(Verdict::Failed) | None => BAD,
    }
}

/// The style of a deployment's status.
fn status_style(status: DeploymentStatus) -> Style {
    match status {
        DeploymentStatus::Succeeded => GOOD,
        DeploymentStatus::InProgress => DIM,
        DeploymentStatus::Failed | DeploymentStatus::Stopped => BAD,
    }
}

/// The text of a colour in its colour.
fn paint_colour(text: &str) -> String {
    let style = if text == Colour::Green.name() {
        GOOD
    } else if text == Colour::Blue.name() {
        BLUE
    } else {
        WARNING
    };
    format!("{style}{text}{style:#}")
}

fn format_seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

fn format_milliseconds(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lambda::{LogLine, Output};

    fn plain(event: &StoryEvent) -> String {
        anstream::adapter::strip_str(&render_story_event(event).join("\n")).to_string()
    }

    #[test]
    fn a_broken_version_is_named() {
        let event = StoryEvent::Created {
            deployment_id: "d-ABCDEFGHI".to_owned(),
            defect: Some(crate::Defect::WrongTotals),
        };
        assert_eq!(
            plain(&event),
            "deployment  d-ABCDEFGHI brings a broken version: wrong-totals"
        );
    }

    #[test]
    fn a_line_of_the_hook_cannot_steer_the_terminal() {
        let event = StoryEvent::HookLine(LogLine {
            output: Output::Stdout,
            text: "\u{1b}[2Jgone\r".to_owned(),
        });
        assert!(!render_story_event(&event).concat().contains("\u{1b}[2J"));
    }

    #[test]
    fn every_line_carries_the_time_and_no_colour_where_none_is_wanted() {
        let mut out = Vec::new();
        {
            let stream = anstream::StripStream::new(&mut out);
            let mut story = Story::new(stream);
            story
                .tell(&StoryEvent::HookInvoked { delivery: 1 })
                .unwrap();
        }
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "   0.00 s  hook        invoked\n");
    }
}
