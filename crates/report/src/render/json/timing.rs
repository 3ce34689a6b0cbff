//! How long requests took, in the JSON report.

use serde::{Deserialize, Serialize};

/// The parts of a request's time in milliseconds, with one decimal.
#[derive(Debug, Serialize, Deserialize)]
pub struct JsonTiming {
    /// From the name to addresses.
    pub dns_ms: f64,
    /// From an address to a TCP connection.
    pub connect_ms: f64,
    /// The TLS handshake; absent without TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_ms: Option<f64>,
    /// From the open connection to the head of the answer.
    pub first_byte_ms: f64,
    /// All of it, to the last byte of the body; redirects included.
    pub total_ms: f64,
}

/// What came of a step that asks many times.
#[derive(Debug, Serialize, Deserialize)]
pub struct JsonSeries {
    /// How many repetitions were to be.
    pub times: usize,
    /// How many there were in the run's time.
    pub done: usize,
    /// How many of them failed.
    pub failed: usize,
    /// How many of all failed, from 0 to 1.
    pub error_rate: Option<f64>,
    /// The latency at percentiles, by nearest rank, in milliseconds with one
    /// decimal; null without any answer.
    pub p50_ms: Option<f64>,
    /// See `p50_ms`.
    pub p90_ms: Option<f64>,
    /// See `p50_ms`.
    pub p95_ms: Option<f64>,
    /// See `p50_ms`.
    pub p99_ms: Option<f64>,
}

pub(super) fn convert_timing(timing: &crate::Timing) -> JsonTiming {
    JsonTiming {
        dns_ms: round_milliseconds(timing.dns),
        connect_ms: round_milliseconds(timing.connect),
        tls_ms: timing.tls.map(round_milliseconds),
        first_byte_ms: round_milliseconds(timing.first_byte),
        total_ms: round_milliseconds(timing.total),
    }
}

pub(super) fn convert_series(series: &crate::Series) -> JsonSeries {
    JsonSeries {
        times: series.times,
        done: series.done,
        failed: series.failed,
        error_rate: series.error_rate(),
        p50_ms: series.p50.map(round_milliseconds),
        p90_ms: series.p90.map(round_milliseconds),
        p95_ms: series.p95.map(round_milliseconds),
        p99_ms: series.p99.map(round_milliseconds),
    }
}

/// Milliseconds with one decimal.
fn round_milliseconds(duration: std::time::Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}
