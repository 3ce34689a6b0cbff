//! How many requests a run may send in a time: `20/s`, `600/m`.

use std::str::FromStr;
use std::time::Duration;

use crate::settings::InvalidSetting;

/// The most requests in a second that can be asked for; beyond it a limit
/// limits nothing.
const MOST_PER_SECOND: u32 = 10_000;

/// A number of requests in a time. They are sent evenly, never two at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    interval: Duration,
}

impl Rate {
    /// The least time between the beginnings of two requests.
    pub(crate) fn interval(self) -> Duration {
        self.interval
    }
}

impl FromStr for Rate {
    type Err = InvalidSetting;

    fn from_str(text: &str) -> Result<Self, InvalidSetting> {
        let invalid = |expected: &str| InvalidSetting::new(expected, format!("`{text}`"));
        let no_rate =
            || invalid("a number of requests in a second or a minute, such as `20/s` or `600/m`");
        let (requests, unit) = text.trim().split_once('/').ok_or_else(no_rate)?;
        let (seconds, most) = match unit {
            "s" => (1, MOST_PER_SECOND),
            "m" => (60, 60 * MOST_PER_SECOND),
            _ => return Err(no_rate()),
        };
        let requests: u32 = requests.parse().map_err(|_| no_rate())?;
        if !(1..=most).contains(&requests) {
            return Err(invalid(&format!(
                "1 to {MOST_PER_SECOND} requests in a second"
            )));
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
