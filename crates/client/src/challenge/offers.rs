//! Reads what a server offers in its `www-authenticate` headers.

/// A way to log in that a server offers, with its parameters.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) scheme: String,
    parameters: Vec<(String, String)>,
}

impl Offer {
    pub(super) fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters.iter();
        let (_, value) = parameters.find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        Some(value)
    }
}

/// What a `www-authenticate` header offers (RFC 9110, section 11.6.1): schemes
/// with parameters, where commas separate both.
pub(super) fn offers(text: &str) -> Vec<Offer> {
    let mut offers: Vec<Offer> = Vec::new();
    let mut rest = text;
    // A scheme stands at the beginning, or after a comma.
    let mut begins = true;
    while let Some(next) = rest.chars().next() {
        let end = rest.find(|c| !in_token(c)).unwrap_or(rest.len());
        if end == 0 {
            begins |= next == ',';
            rest = &rest[next.len_utf8()..];
            continue;
        }
        let (word, after) = rest.split_at(end);
        rest = after;
        let value = after.trim_start().strip_prefix('=');
        match (value, offers.last_mut()) {
            (Some(value), Some(offer)) => {
                let (value, after) = value_of(value.trim_start());
                offer.parameters.push((word.to_owned(), value));
                rest = after;
            }
            (None, _) if begins => offers.push(Offer {
                scheme: word.to_owned(),
                parameters: Vec::new(),
            }),
            _ => {}
        }
        begins = false;
    }
    offers
}

/// The value that a text begins with, a word or a quoted string, and the rest.
fn value_of(text: &str) -> (String, &str) {
    let Some(inside) = text.strip_prefix('"') else {
        let end = text
            .find(|c: char| c == ',' || c.is_whitespace())
            .unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = inside.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return (value, &inside[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => value.push(c),
        }
    }
    (value, "")
}

/// Whether a character may stand in a token (RFC 9110, section 5.6.2).
fn in_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(text: &str) -> Vec<String> {
        let told = offers(text).into_iter().map(|offer| {
            let parameters = offer.parameters.iter();
            let parameters = parameters.map(|(name, value)| format!(" {name}={value};"));
            format!("{}{}", offer.scheme, parameters.collect::<String>())
        });
        told.collect()
    }

    #[test]
    fn several_schemes_stand_in_one_header() {
        let check = |text: &str, expected: &[&str]| assert_eq!(told(text), expected, "{text}");
        check(
            r#"Basic realm="a, b", DIGEST realm = "say \"c\"",nonce=d,, qop="auth,auth-int" , Negotiate"#,
            &[
                "Basic realm=a, b;",
                r#"DIGEST realm=say "c"; nonce=d; qop=auth,auth-int;"#,
                "Negotiate",
            ],
        );
        check(
            "Negotiate abc/def==, Digest nonce=\"x\"",
            &["Negotiate def==;", "Digest nonce=x;"],
        );
        check("Digest realm=\"a", &["Digest realm=a;"]);
        check("realm=a", &[]);
        check("", &[]);
    }

    proptest! {
        #[test]
        fn any_header_is_read(text in "[Da-c=\",\\\\ ü]{0,40}") {
            for offer in offers(&text) {
                prop_assert!(!offer.scheme.is_empty());
            }
        }
    }
}
