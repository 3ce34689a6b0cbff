//! Plain scalars that are numbers by the core schema of YAML 1.2 (section 10.3.2).

/// Parses a number of YAML's core schema; absent if the text is none. The inner
/// error is a clause that says why JSON cannot hold the number.
pub fn parse_number(text: &str) -> Option<Result<serde_json::Number, &'static str>> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(Err("which is not finite"));
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok().map(|n| Ok(n.into()));
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return u64::from_str_radix(digits, 8).ok().map(|n| Ok(n.into()));
    }
    // The rest is read by hand, because Rust's own parsers also take `inf`, `nan`
    // and other texts that are strings in YAML.
    let mut rest = unsigned.bytes().peekable();
    let mut digits = 0;
    while rest.next_if(u8::is_ascii_digit).is_some() {
        digits += 1;
    }
    if rest.peek().is_none() && digits > 0 {
        let text = text.strip_prefix('+').unwrap_or(text);
        return if let Ok(number) = text.parse::<i64>() {
            Some(Ok(number.into()))
        } else if let Ok(number) = text.parse::<u64>() {
            Some(Ok(number.into()))
        } else {
            Some(Err("which is too large"))
        };
    }
    if rest.next_if_eq(&b'.').is_some() {
        while rest.next_if(u8::is_ascii_digit).is_some() {
            digits += 1;
        }
    }
    if digits == 0 {
        return None;
    }
    if rest.next_if(|c| matches!(c, b'e' | b'E')).is_some() {
        rest.next_if(|c| matches!(c, b'+' | b'-'));
        rest.next_if(u8::is_ascii_digit)?;
        while rest.next_if(u8::is_ascii_digit).is_some() {}
    }
    if rest.next().is_some() {
        return None;
    }
    let value: f64 = text.strip_prefix('+').unwrap_or(text).parse().ok()?;
    Some(serde_json::Number::from_f64(value).ok_or("which is too large"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_core_schema_that_json_can_hold() {
        let check = |text: &str, value: Option<&str>| {
            let found = parse_number(text).map(|number| match number {
                Ok(number) => number.to_string(),
                Err(why) => why.to_owned(),
            });
            assert_eq!(found.as_deref(), value, "{text}");
        };
        check("0", Some("0"));
        check("-17", Some("-17"));
        check("+17", Some("17"));
        check("0x1F", Some("31"));
        check("0o17", Some("15"));
        check("18446744073709551615", Some("18446744073709551615"));
        check("99999999999999999999", Some("which is too large"));
        check("1.50", Some("1.5"));
        check(".5", Some("0.5"));
        check("1e3", Some("1000.0"));
        check("1e999", Some("which is too large"));
        check("-.inf", Some("which is not finite"));
        check(".nan", Some("which is not finite"));
        for text in [
            "",
            "-",
            ".",
            "1.2.3",
            "1e",
            "12px",
            "1_000",
            "0xZZ",
            "2026-11-23",
        ] {
            check(text, None);
        }
    }
}
