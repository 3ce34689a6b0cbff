//! When something ran, and the phases of one request, as bars.

use std::time::Duration;

use minijinja::{Value, context};

use crate::Timing;
use diagnostic::units::human_duration;

/// The width of the drawing that a bar is in, in its own units, and the width
/// below which a bar could not be seen.
const WIDTH: f64 = 1000.0;
const LEAST: f64 = 10.0;

/// A bar that shows when something ran within the whole run; `None` for what
/// took no time, such as a check that did not run.
pub(super) fn draw_bar(start: Duration, length: Duration, whole: Duration) -> Option<Value> {
    // A run that took no time must not divide by zero.
    let whole = whole.as_secs_f64().max(0.001);
    let at = (start.as_secs_f64() / whole * WIDTH).clamp(0.0, WIDTH - LEAST);
    let width = (length.as_secs_f64() / whole * WIDTH).clamp(LEAST, WIDTH - at);
    (!length.is_zero()).then(|| context! { x => format_pixels(at), width => format_pixels(width) })
}

/// The phases of a request.
pub(super) fn draw_phases(timing: &Timing) -> Value {
    let phases = [
        Some(("dns", "DNS", timing.dns)),
        Some(("connect", "connect", timing.connect)),
        timing.tls.map(|took| ("tls", "TLS", took)),
        Some(("wait", "first byte", timing.first_byte)),
    ];
    let phases: Vec<_> = phases.into_iter().flatten().collect();
    let sum: Duration = phases.iter().map(|(_, _, took)| *took).sum();
    let rest = ("rest", "rest", timing.total.saturating_sub(sum));
    let whole = timing.total.max(sum).as_secs_f64().max(0.000_001);
    let mut at = 0.0;
    let parts = phases.iter().chain([&rest]).map(|(class, name, took)| {
        let width = took.as_secs_f64() / whole * WIDTH;
        let x = format_pixels(at);
        at += width;
        context! { class => *class, name => *name, x, width => format_pixels(width), took => human_duration(*took) }
    });
    context! {
        parts => parts.collect::<Vec<_>>(),
        total => human_duration(timing.total),
    }
}

fn format_pixels(length: f64) -> String {
    format!("{length:.1}")
}
