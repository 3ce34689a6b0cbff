//! The figures of a step: the time of one request by phase, and what came of
//! many.

use std::fmt::Write as _;
use std::ops::AddAssign;
use std::time::Duration;

use diagnostic::units::human_duration;

/// The time of a request over a connection of its own, by phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// From the name to addresses.
    pub dns: Duration,
    /// From an address to a TCP connection.
    pub connect: Duration,
    /// The TLS handshake; absent without TLS.
    pub tls: Option<Duration>,
    /// From the open connection to the head of the answer.
    pub first_byte: Duration,
    /// All of it, to the last byte of the body; redirects included.
    pub total: Duration,
}

/// How often a request was sent once more although no check file says so. Only
/// a request that no server began to answer is sent again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resends {
    /// Because the server had closed the connection, which was used before.
    pub closed: u32,
    /// Because the server said that it had not begun with the request.
    pub refused: u32,
}

impl Resends {
    /// How many resends there were, for either reason.
    pub fn total(self) -> u32 {
        self.closed + self.refused
    }
}

impl AddAssign for Resends {
    fn add_assign(&mut self, more: Self) {
        self.closed += more.closed;
        self.refused += more.refused;
    }
}

/// What came of a step that is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Series {
    /// How many repetitions were to be.
    pub times: usize,
    /// How many there were in the run's time.
    pub done: usize,
    /// How many of them failed.
    pub failed: usize,
    /// The time that half of the answers did not exceed; absent without any
    /// answer, as are the others.
    pub p50: Option<Duration>,
    /// The time that 90 in a hundred did not exceed.
    pub p90: Option<Duration>,
    /// The time that 95 in a hundred did not exceed.
    pub p95: Option<Duration>,
    /// The time that 99 in a hundred did not exceed.
    pub p99: Option<Duration>,
}

impl Series {
    /// How many of all failed, from 0 to 1, to four decimals.
    pub fn error_rate(&self) -> Option<f64> {
        // More repetitions than `u32` holds do not fit in any run's time.
        let count = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let rate = count(self.failed) / count(self.done);
        (self.done > 0).then(|| (rate * 10_000.0).round() / 10_000.0)
    }

    /// The time at the 50th, 90th, 95th or 99th percentile; any other number
    /// means the 99th, for the check language has only these.
    pub fn percentile(&self, percent: u8) -> Option<Duration> {
        match percent {
            50 => self.p50,
            90 => self.p90,
            95 => self.p95,
            _ => self.p99,
        }
    }

    /// Count, failures and percentiles in words, for people.
    pub fn words(&self) -> String {
        let mut words = format!("{} times, {} failed", self.done, self.failed);
        for (name, time) in [("p50", self.p50), ("p95", self.p95), ("p99", self.p99)] {
            if let Some(time) = time {
                let _ = write!(words, ", {name} {}", human_duration(time));
            }
        }
        words
    }
}
