//! Demands on the elements of a list: that each stands once, and that they are
//! in order.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Number, Value};

use super::json::are_equal;
use query::json::is_too_large;
use query::value::quote_value;
use query::work::budget;

/// The most places of a value that a message names.
const MOST_PLACES: usize = 5;

/// Which end of a list has the smallest element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Ascending,
    Descending,
}

impl Order {
    /// Their names, the ascending one first.
    pub(crate) const NAMES: [&str; 2] = ["asc", "desc"];

    /// The order of that name.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "asc" => Some(Self::Ascending),
            "desc" => Some(Self::Descending),
            _ => None,
        }
    }

    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Ascending => "a list of numbers or of texts in ascending order",
            Self::Descending => "a list of numbers or of texts in descending order",
        }
    }
}

/// The first value that stands a second time, and where it stands, in words.
pub(super) fn find_repetition(items: &[Value]) -> Option<String> {
    let mut alike: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut again = None;
    for (at, item) in items.iter().enumerate() {
        let places = alike.entry(fingerprint(item)).or_default();
        if places
            .iter()
            .any(|earlier| are_equal(&items[*earlier], item))
        {
            again = Some(at);
            break;
        }
        places.push(at);
    }
    let repeated = &items[again?];
    let same = items
        .iter()
        .enumerate()
        .filter(|(_, item)| are_equal(item, repeated));
    let places: Vec<String> = same.map(|(at, _)| at.to_string()).collect();
    let (first, last) = if places.len() > MOST_PLACES {
        let more = places.len() - MOST_PLACES;
        (&places[..MOST_PLACES], format!("{more} more"))
    } else {
        let (last, first) = places.split_last()?;
        (first, last.clone())
    };
    let first = first.join(", ");
    Some(format!(
        "{} at index {first} and {last}",
        quote_value(repeated)
    ))
}

/// A number that is the same for values that are equal, so that a long list
/// need not be compared each with each.
fn fingerprint(value: &Value) -> u64 {
    budget::spend(1);
    let mut hasher = DefaultHasher::new();
    match value {
        Value::Null => {}
        Value::Bool(value) => value.hash(&mut hasher),
        // `1` equals `1.0`, and `0.0` equals `-0.0`.
        Value::Number(number) => {
            (number.as_f64().unwrap_or_default() + 0.0)
                .to_bits()
                .hash(&mut hasher);
        }
        Value::String(text) => {
            budget::spend_size(text.len() / 64);
            text.hash(&mut hasher);
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| fingerprint(item).hash(&mut hasher)),
        // Objects are equal whatever the order of their members.
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| {
                let mut hasher = DefaultHasher::new();
                name.hash(&mut hasher);
                fingerprint(value).hash(&mut hasher);
                hasher.finish()
            });
            members
                .fold(0, |all, member| all ^ member)
                .hash(&mut hasher);
        }
    }
    hasher.finish()
}

/// The first two neighbours that are out of order, or have none, in words.
pub(super) fn find_disorder(items: &[Value], order: Order) -> Option<String> {
    let refused = match order {
        Order::Ascending => Ordering::Greater,
        Order::Descending => Ordering::Less,
    };
    items.windows(2).enumerate().find_map(|(at, pair)| {
        let [first, second] = pair else {
            return None;
        };
        let next = at + 1;
        match compare(first, second) {
            Some(found) if found != refused => None,
            Some(_) => Some(format!(
                "{} at index {at} before {} at index {next}",
                quote_value(first),
                quote_value(second)
            )),
            None => Some(format!(
                "{} at index {at} and {} at index {next}, which have no order",
                quote_value(first),
                quote_value(second)
            )),
        }
    })
}

/// The order of two numbers, or of two texts by their Unicode scalar values.
fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    budget::spend(1);
    match (a, b) {
        (Value::String(a), Value::String(b)) => {
            budget::spend_size(a.len().min(b.len()) / 64);
            // The bytes of UTF-8 have the order of the scalar values.
            Some(a.as_bytes().cmp(b.as_bytes()))
        }
        (Value::Number(a), Value::Number(b)) => match (to_whole_number(a), to_whole_number(b)) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            // The doubles that stand for numbers too large for one say nothing about
            // which of the two is larger.
            _ if is_too_large(a)
                && is_too_large(b)
                && a.as_f64()?.signum() == b.as_f64()?.signum() =>
            {
                None
            }
            _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
        },
        _ => None,
    }
}

/// A whole number as it is, however large.
fn to_whole_number(number: &Number) -> Option<i128> {
    let signed = number.as_i64().map(i128::from);
    signed.or_else(|| number.as_u64().map(i128::from))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_that_stands_again_is_named_with_its_places() {
        let check = |items: Value, expected: Option<&str>| {
            let found = find_repetition(items.as_array().unwrap());
            assert_eq!(found.as_deref(), expected, "{items}");
        };
        check(json!([]), None);
        check(json!([null]), None);
        check(json!([1, "1", true, null, [1], { "a": 1 }]), None);
        check(
            json!(["a", "b", "c", "b", "a", "b"]),
            Some("`\"b\"` at index 1, 3 and 5"),
        );
        check(json!([1, 2, 1.0]), Some("`1.0` at index 0 and 2"));
        check(json!([0.0, -0.0]), Some("`-0.0` at index 0 and 1"));
        check(json!([null, null]), Some("`null` at index 0 and 1"));
        check(
            json!([7, 7, 7, 7, 7, 7, 7]),
            Some("`7` at index 0, 1, 2, 3, 4 and 2 more"),
        );
        check(
            json!([{ "a": 1, "b": [2] }, { "b": [2.0], "a": 1 }]),
            Some("`{\"b\":[2.0],\"a\":1}` at index 0 and 1"),
        );
        // As floating-point numbers these two are the same.
        check(
            json!([9_007_199_254_740_993_u64, 9_007_199_254_740_992_u64]),
            None,
        );
    }

    #[test]
    fn the_first_pair_that_is_out_of_order_is_named() {
        let check = |items: Value, order: Order, expected: Option<&str>| {
            let found = find_disorder(items.as_array().unwrap(), order);
            assert_eq!(found.as_deref(), expected, "{items}");
        };
        let (up, down) = (Order::Ascending, Order::Descending);
        for order in [up, down] {
            check(json!([]), order, None);
            check(json!([{}]), order, None);
            check(json!([2, 2, 2.0]), order, None);
        }
        check(json!([1, 1.5, 2, u64::MAX]), up, None);
        check(
            json!([3, 2, 1]),
            up,
            Some("`3` at index 0 before `2` at index 1"),
        );
        check(
            json!([3, 2, 5]),
            down,
            Some("`2` at index 1 before `5` at index 2"),
        );
        check(json!(["Z", "a", "ä", "\u{ffff}", "\u{10000}"]), up, None);
        check(
            json!(["b", "a", "c"]),
            down,
            Some("`\"a\"` at index 1 before `\"c\"` at index 2"),
        );
        check(json!(["10", "9"]), up, None);
        // As floating-point numbers these two are the same.
        check(
            json!([9_007_199_254_740_993_i64, 9_007_199_254_740_992_i64]),
            up,
            Some("`9007199254740993` at index 0 before `9007199254740992` at index 1"),
        );
        check(
            json!([1, "2"]),
            up,
            Some("`1` at index 0 and `\"2\"` at index 1, which have no order"),
        );
        check(
            json!([null, null]),
            up,
            Some("`null` at index 0 and `null` at index 1, which have no order"),
        );
        check(
            json!([true, false]),
            down,
            Some("`true` at index 0 and `false` at index 1, which have no order"),
        );
        let beyond = query::json::parse("[-1e400, 1, 1e400]").unwrap();
        check(beyond, up, None);
        let beyond = query::json::parse("[1e400, 1e401]").unwrap();
        check(
            beyond,
            up,
            Some(
                "a number that is too large to be kept at index 0 and a number that is too large \
                 to be kept at index 1, which have no order",
            ),
        );
    }
}
