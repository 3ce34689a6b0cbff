//! What is shown while checks run: a bar on a terminal, plain lines elsewhere.

use diagnostic::snippet::visible;
use indicatif::{ProgressBar, ProgressStyle};
use report::Outcome;
use report::render::text;
use runner::run::Progress;

use crate::output::Output;

/// Where progress goes.
pub(crate) enum Display<'a> {
    /// Nowhere.
    Silent,
    /// One line a finished check.
    Lines(&'a Output),
    /// A bar, with the lines of what did not pass above it.
    Bar(&'a Output, ProgressBar),
}

impl<'a> Display<'a> {
    pub(crate) fn new(output: &'a Output, quiet: bool, total: usize) -> Self {
        if quiet {
            return Self::Silent;
        }
        if !output.error_is_terminal() {
            return Self::Lines(output);
        }
        let bar = ProgressBar::new(total as u64);
        if let Ok(style) = ProgressStyle::with_template(
            "{spinner} [{bar:30}] {pos}/{len} checks, {elapsed}  {wide_msg}",
        ) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.enable_steady_tick(std::time::Duration::from_millis(120));
        Self::Bar(output, bar)
    }

    pub(crate) fn show(&self, progress: Progress<'_>) {
        match (self, progress) {
            (Self::Lines(output), Progress::Finished { check, done, total }) => {
                let width = total.to_string().len();
                let line = text::render_line(check, output.error_colour());
                output.say(&format!("[{done:>width$}/{total}] {line}"));
            }
            (Self::Bar(_, bar), Progress::Started { check }) => bar.set_message(visible(check)),
            (Self::Bar(output, bar), Progress::Finished { check, .. }) => {
                if check.outcome != Outcome::Passed {
                    bar.println(text::render_line(check, output.error_colour()));
                }
                bar.inc(1);
            }
            _ => {}
        }
    }

    pub(crate) fn finish(&self) {
        if let Self::Bar(_, bar) = self {
            bar.finish_and_clear();
        }
    }
}
