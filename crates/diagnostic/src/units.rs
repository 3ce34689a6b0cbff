//! Durations as people write them: `250ms`, `5s`, `1m30s`, `2h`.

use std::time::Duration;

/// What a duration looks like, for diagnostics.
pub const DURATION: &str = "a duration such as `500ms`, `5s` or `1m30s`";

/// The longest duration that is understood: one day.
const LONGEST: Duration = Duration::from_hours(24);

/// What a span of time looks like, for diagnostics.
pub const SPAN: &str = "a span of time such as `14d`, `12h` or `1d12h`";

/// The longest span of time that is understood: a hundred years.
const LONGEST_SPAN: Duration = Duration::from_hours(24 * 365 * 100);

/// Reads a duration: whole numbers, each with a unit of `ms`, `s`, `m` or `h`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    parse_units(text).filter(|duration| *duration <= LONGEST && !text.contains('d'))
}

/// Reads a span of time, such as until a certificate expires: as a duration,
/// with days of 24 hours (`d`) beside the other units.
pub fn parse_duration_with_days(text: &str) -> Option<Duration> {
    parse_units(text).filter(|span| *span <= LONGEST_SPAN)
}

/// Sums up amounts with units; absent if the text is anything else, or too large.
fn parse_units(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let amount: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        let milliseconds: u64 = match &rest[..unit] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        rest = &rest[unit..];
        total = total.checked_add(Duration::from_millis(amount.checked_mul(milliseconds)?))?;
    }
    Some(total)
}

/// A span of seconds as a person would say it: `29 d 23 h`, `2 h 05 m`.
pub fn human_duration_with_days(seconds: f64) -> String {
    // The bound keeps the cast exact; nobody reads the seconds of a longer span.
    #[allow(clippy::cast_possible_truncation)]
    let whole = seconds.abs().min(1e15) as i64;
    let sign = if seconds < 0.0 { "-" } else { "" };
    let (days, hours) = (whole / 86_400, whole % 86_400 / 3_600);
    let (minutes, seconds) = (whole % 3_600 / 60, whole % 60);
    match (days, hours, minutes) {
        (1.., 0, _) => format!("{sign}{days} d"),
        (1.., _, _) => format!("{sign}{days} d {hours} h"),
        (0, 1.., _) => format!("{sign}{hours} h {minutes:02} m"),
        (_, _, 1..) => format!("{sign}{minutes} m {seconds:02} s"),
        _ => format!("{sign}{seconds} s"),
    }
}

/// A duration as a person would say it: `850 µs`, `12 ms`, `1.4 s`, `2 m 05 s`.
pub fn human_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let whole = |n: u128, unit: &str| format!("{n} {unit}");
    if duration < Duration::from_millis(1) {
        whole(duration.as_micros(), "µs")
    } else if duration < Duration::from_secs(1) {
        whole(duration.as_millis(), "ms")
    } else if duration < Duration::from_mins(1) {
        format!("{seconds}.{} s", duration.subsec_millis() / 100)
    } else {
        format!("{} m {:02} s", seconds / 60, seconds % 60)
    }
}

/// A number of things in words: `1 check`, `2 checks`.
pub fn pluralize(count: usize, thing: &str) -> String {
    match count {
        1 => format!("1 {thing}"),
        count => format!("{count} {thing}s"),
    }
}

/// A bound and what was found beyond it, in bytes. They are exact where both would
/// be rounded to the same words.
pub fn human_bytes_beside(bound: u64, found: u64) -> (String, String) {
    match (human_bytes(bound), human_bytes(found)) {
        (one, other) if one == other => (format!("{bound} bytes"), format!("{found} bytes")),
        both => both,
    }
}

/// A bound and what was found beyond it. They are exact where both would be rounded
/// to the same words.
pub fn human_duration_beside(bound: Duration, found: Duration) -> (String, String) {
    let exact = |duration: Duration| format!("{} s", duration.as_secs_f64());
    match (human_duration(bound), human_duration(found)) {
        (one, other) if one == other => (exact(bound), exact(found)),
        both => both,
    }
}

/// A number of bytes as a person would say it: `900 bytes`, `12 KiB`, `1.4 MiB`.
pub fn human_bytes(bytes: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = 1024 * KIB;
    if bytes < KIB {
        format!("{bytes} bytes")
    } else if bytes < MIB {
        format!("{} KiB", bytes / KIB)
    } else {
        format!("{}.{} MiB", bytes / MIB, bytes % MIB * 10 / MIB)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units() {
        let check = |text: &str, milliseconds: Option<u64>| {
            assert_eq!(
                parse_duration(text),
                milliseconds.map(Duration::from_millis),
                "{text}"
            );
        };
        check("250ms", Some(250));
        check("5s", Some(5_000));
        check("1m30s", Some(90_000));
        check("2h", Some(7_200_000));
        check("0s", Some(0));
        check("5", None);
        check("", None);
        check("s", None);
        check("-5s", None);
        check("1.5s", None);
        check("5 s", None);
        check("25h", None);
        check("99999999999999999999s", None);
    }

    #[test]
    fn durations_are_said_briefly() {
        let check = |milliseconds: u64, said: &str| {
            assert_eq!(human_duration(Duration::from_millis(milliseconds)), said);
        };
        check(0, "0 µs");
        check(12, "12 ms");
        check(1_450, "1.4 s");
        check(125_000, "2 m 05 s");
    }

    #[test]
    fn a_bound_and_what_lies_beyond_it_are_not_said_in_the_same_words() {
        let mib = 1024 * 1024;
        let said = |bound: u64, found: u64| {
            let (bound, found) = human_bytes_beside(bound, found);
            format!("{bound}, {found}")
        };
        assert_eq!(said(mib, 2 * mib), "1.0 MiB, 2.0 MiB");
        assert_eq!(said(mib, mib + 1), "1048576 bytes, 1048577 bytes");
        assert_eq!(said(8 * 1024, 8 * 1024 + 9), "8192 bytes, 8201 bytes");
        let said = |bound: u64, found: u64| {
            let [bound, found] = [bound, found].map(Duration::from_millis);
            let (bound, found) = human_duration_beside(bound, found);
            format!("{bound}, {found}")
        };
        assert_eq!(said(5_000, 6_000), "5.0 s, 6.0 s");
        assert_eq!(said(5_000, 5_020), "5 s, 5.02 s");
        assert_eq!(said(60_000, 60_001), "60 s, 60.001 s");
    }

    #[test]
    fn spans_of_time_know_days() {
        assert_eq!(
            parse_duration_with_days("14d"),
            Some(Duration::from_hours(14 * 24))
        );
        assert_eq!(
            parse_duration_with_days("1d12h"),
            Some(Duration::from_hours(36))
        );
        assert_eq!(parse_duration_with_days("40000d"), None);
        assert_eq!(parse_duration("1d"), None);
        let check = |seconds: f64, said: &str| assert_eq!(human_duration_with_days(seconds), said);
        check(2_588_400.0, "29 d 23 h");
        check(1_209_600.0, "14 d");
        check(7_500.0, "2 h 05 m");
        check(90.0, "1 m 30 s");
        check(3.0, "3 s");
        check(-172_800.0, "-2 d");
    }
}
