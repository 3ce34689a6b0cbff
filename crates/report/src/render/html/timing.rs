//! The time of one request by its phases: one bar, and the words to it.

use std::fmt::Write as _;
use std::time::Duration;

use crate::Timing;
use diagnostic::units::human_duration;

/// The width of the drawing that a bar is in.
const WIDTH: f64 = 1000.0;

/// Writes the phases of a request, those that took no time left out of the bar.
pub(super) fn phases(html: &mut String, timing: &Timing) {
    let known = [
        Some(("dns", "DNS", timing.dns)),
        Some(("connect", "connect", timing.connect)),
        timing.tls.map(|took| ("tls", "TLS", took)),
        Some(("wait", "first byte", timing.first_byte)),
    ];
    let known: Vec<_> = known.into_iter().flatten().collect();
    let sum: Duration = known.iter().map(|(_, _, took)| *took).sum();
    let rest = ("rest", "rest", timing.total.saturating_sub(sum));
    let whole = timing.total.max(sum).as_secs_f64().max(0.000_001);
    html.push_str(
        "<div class=\"phases\"><svg viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" \
         aria-hidden=\"true\">",
    );
    let mut at = 0.0;
    for (class, _, took) in known.iter().chain([&rest]) {
        let width = took.as_secs_f64() / whole * WIDTH;
        let _ = write!(
            html,
            "<rect class=\"{class}\" x=\"{at:.1}\" width=\"{width:.1}\" height=\"10\"/>"
        );
        at += width;
    }
    html.push_str("</svg><ul>");
    for (class, name, took) in known.iter().chain([&rest]) {
        let took = human_duration(*took);
        let _ = write!(html, "<li class=\"{class}\">{name} {took}</li>");
    }
    let total = human_duration(timing.total);
    let _ = write!(html, "<li>in all {total}</li></ul></div>");
}

/// Writes the scale of the bars: the run from its begin to its end.
pub(super) fn axis(html: &mut String, whole: Duration) {
    let _ = write!(
        html,
        "<p class=\"axis\" aria-hidden=\"true\"><span>0</span><span>{}</span><span>{}</span></p>",
        human_duration(whole / 2),
        human_duration(whole)
    );
}
