//! Values that are not written in the original: what it makes anew at each
//! use, and what comes from the environment.

use serde_json::{Value, json};

/// Names for what scripts make: whole numbers in bounds, and milliseconds.
pub(super) const BETWEEN: &str = "$between:";
pub(super) const MILLISECONDS: &str = "$milliseconds";

/// The variable of the environment that gives a variable its value. Those of
/// AWS are the function's own, and not for requests.
pub(super) fn from_environment(name: &str) -> Value {
    let name = name.to_ascii_uppercase();
    let prefix = if name.starts_with("AWS_") {
        "TEST_"
    } else {
        ""
    };
    json!({ "env": format!("{prefix}{name}") })
}

/// What other tools make anew at each use, as an expression of ours.
pub(super) fn dynamic_expression(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    if let Some(bounds) = lower.strip_prefix(BETWEEN) {
        let (least, most) = bounds.split_once(':')?;
        let (least, most): (i32, i32) = (least.parse().ok()?, most.parse().ok()?);
        return (least <= most).then(|| format!("random({least}, {most})"));
    }
    let expression = match lower.as_str() {
        "$guid" | "$randomuuid" | "newuuid" => "uuid()",
        "$timestamp" => "timestamp()",
        "$isotimestamp" | "newdate" => "now()",
        MILLISECONDS => "(timestamp() * 1000)",
        "$randomint" => "random(0, 1000)",
        "$randomboolean" => "(random(0, 1) == 1)",
        "$randomip" => {
            "(random(1, 254) ~ '.' ~ random(0, 255) ~ '.' ~ random(0, 255) ~ '.' ~ random(1, 254))"
        }
        "$randomhexcolor" => "('#' ~ uuid()[:6])",
        "$randomemail" | "$randomexampleemail" => "(uuid() ~ '@example.com')",
        "$randomusername" | "$randompassword" => "uuid()[:13]",
        "$randomurl" => "('https://example.com/' ~ uuid())",
        _ => return None,
    };
    Some(expression.to_owned())
}

/// The text between quotes, as the template engine reads it.
pub(super) fn quote(text: &str) -> Option<String> {
    let marks = ["{{", "}}", "{%", "%}", "{#", "#}"];
    if marks.iter().any(|mark| text.contains(mark)) {
        return None;
    }
    let mut quoted = String::from("'");
    for c in text.chars() {
        match c {
            '\\' => quoted.push_str("\\\\"),
            '\'' => quoted.push_str("\\'"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if c.is_control() => return None,
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    Some(quoted)
}
