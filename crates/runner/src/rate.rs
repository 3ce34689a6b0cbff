//! How many requests a run may send in a time: `20/s`, `600/m`.

use std::str::FromStr;
use std::time::Duration;

/// The most requests in a second that can be asked for; beyond it a limit
/// limits nothing.
const MOST: u32 = 10_000;

/// A number of requests in a time. They are sent evenly, never two at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    interval: Duration,
}

impl Rate {
    /// The least time between the begins of two requests.
    pub(crate) fn interval(self) -> Duration {
        self.interval
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "expected a number of requests in a second or a minute, such as `20/s` or \
                 `600/m`, found `{text}`"
            )
        };
        let (requests, unit) = text.trim().split_once('/').ok_or_else(wrong)?;
        let (seconds, most) = match unit {
            "s" => (1, MOST),
            "m" => (60, 60 * MOST),
            _ => return Err(wrong()),
        };
        let requests: u32 = requests.parse().map_err(|_| wrong())?;
        if !(1..=most).contains(&requests) {
            return Err(format!(
                "expected 1 to {MOST} requests in a second, found `{text}`"
            ));
        }
        Ok(Self {
            interval: Duration::from_secs(seconds) / requests,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_of_requests_in_a_second_or_a_minute() {
        let check = |text: &str, milliseconds: Option<u64>| {
            let interval = text.parse::<Rate>().ok().map(Rate::interval);
            assert_eq!(interval, milliseconds.map(Duration::from_millis), "{text}");
        };
        check("20/s", Some(50));
        check("600/m", Some(100));
        check("1/m", Some(60_000));
        for wrong in ["0/s", "20", "20/h", "-1/s", "1.5/s", "10001/s", "", "/s"] {
            check(wrong, None);
        }
    }
}
