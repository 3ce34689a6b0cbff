//! What a capture or an assert asks of an answer, with its filters.

use serde_json::{Value, json};

use super::filter::{Filter, filters};
use super::value::Word;
use crate::draft::{Place, is_header};
use query::jsonpath::Path;
use query::markup::{Kind, XPath};
use query::pattern::Pattern;

/// A part of an answer.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    /// Where a check file finds it.
    pub(super) place: Place,
    pub(super) form: Form,
    /// Whether a path may lead to several values: Hurl takes the value if there
    /// is one alone, and a list if there are several.
    pub(super) is_multiple: bool,
}

/// What kind of value a part is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Form {
    Status,
    Text,
    Number,
    Boolean,
    Json,
    /// The number of elements.
    Count,
    Nodes,
    Milliseconds,
    /// Whole days until the certificate expires.
    Days,
    Url,
    /// A digest, in hexadecimal digits.
    Digest,
    /// An attribute of a cookie.
    Attribute(&'static str),
    /// The first group of a pattern in the body.
    Regex(String),
}

impl Subject {
    pub(super) fn new(place: Place, form: Form) -> Self {
        Self {
            place,
            form,
            is_multiple: false,
        }
    }

    /// The same place with what a filter makes of it.
    fn with_form(&self, form: Form) -> Self {
        Self {
            form,
            ..self.clone()
        }
    }

    /// Where a capture takes the value from, and the expression that makes the
    /// original's value of it.
    pub(super) fn source(&self) -> Option<(Value, &'static str)> {
        let source = match &self.form {
            Form::Days | Form::Attribute(_) => return None,
            Form::Regex(pattern) => json!({ "regex": pattern }),
            _ => self.place.source()?,
        };
        let expression = if self.is_multiple {
            "value | nth(0) if value | length < 2 else value"
        } else {
            "value"
        };
        Some((source, expression))
    }

    /// The same of a capture that the original names: of a count, the number.
    pub(super) fn capture_source(&self) -> Option<(Value, String)> {
        let (source, expression) = self.source()?;
        let expression = match self.form {
            Form::Count if self.is_multiple => format!("({expression}) | length"),
            Form::Count => format!("{expression} | length"),
            _ => expression.to_owned(),
        };
        Some((source, expression))
    }

    /// A word for the part, of which a variable is named.
    pub(super) fn word(&self) -> &str {
        match &self.place {
            Place::Header(name) | Place::Cookie(name) => name,
            Place::Json(path) => {
                let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let mut names = path.rsplit(|c: char| !letter(c));
                let begins = |name: &&str| name.starts_with(|c: char| c.is_ascii_alphabetic());
                names.find(begins).unwrap_or("value")
            }
            Place::Body if self.form == Form::Text => "body",
            _ => "value",
        }
    }
}

/// What is asked, and the words after it.
pub(super) struct Query<'w> {
    pub(super) part: Subject,
    /// The filters that are not part of `part`.
    pub(super) filters: Vec<Filter<'w>>,
    pub(super) rest: &'w [Word],
}

/// What the first words ask.
pub(super) fn query(words: &[Word]) -> Option<Query<'_>> {
    let (first, rest) = words.split_first()?;
    let Word::Name(name) = first else { return None };
    let (mut part, rest) = match name.as_str() {
        "status" => (Subject::new(Place::Status, Form::Status), rest),
        "version" => (Subject::new(Place::Version, Form::Text), rest),
        "body" => (Subject::new(Place::Body, Form::Text), rest),
        "bytes" if rest.first().is_some_and(|word| word.is("count")) => {
            (Subject::new(Place::Size, Form::Number), &rest[1..])
        }
        "sha256" => (Subject::new(Place::Sha256, Form::Digest), rest),
        "duration" => (Subject::new(Place::Latency, Form::Milliseconds), rest),
        "url" => (Subject::new(Place::Url, Form::Url), rest),
        "redirects" if rest.first().is_some_and(|word| word.is("count")) => {
            (Subject::new(Place::Redirects, Form::Count), &rest[1..])
        }
        _ => {
            let (argument, rest) = rest.split_first()?;
            (with_argument(name, argument)?, rest)
        }
    };
    let (mut filters, rest) = filters(rest)?;
    while let Some(narrower) = filters.first().and_then(|filter| narrower(&part, filter)) {
        filters.remove(0);
        part = narrower;
    }
    Some(Query {
        part,
        filters,
        rest,
    })
}

fn with_argument(name: &str, argument: &Word) -> Option<Subject> {
    Some(match name {
        "variable" => Subject::new(
            Place::Variable(argument.plain_text()?.to_owned()),
            Form::Json,
        ),
        "header" => {
            let name = argument.plain_text().filter(|name| is_header(name))?;
            Subject::new(Place::Header(name.to_ascii_lowercase()), Form::Text)
        }
        "cookie" => cookie(argument.plain_text()?)?,
        "jsonpath" => json_path(argument.plain_text()?.to_owned())?,
        "xpath" => {
            let xpath = XPath::parse(argument.plain_text()?).ok()?;
            // Hurl's own prefix for the default namespace of the root.
            if xpath.prefixes().iter().any(|prefix| prefix == "_") {
                return None;
            }
            let form = match xpath.kind() {
                Kind::Text => Form::Text,
                Kind::Number => Form::Number,
                Kind::Boolean => Form::Boolean,
                Kind::Nodes => Form::Nodes,
            };
            Subject::new(Place::XPath(xpath.text().to_owned()), form)
        }
        "certificate" => match argument.plain_text()? {
            "Subject" => Subject::new(Place::Tls("subject"), Form::Text),
            "Issuer" => Subject::new(Place::Tls("issuer"), Form::Text),
            "Expire-Date" => Subject::new(Place::Tls("expires_in"), Form::Nodes),
            _ => return None,
        },
        "regex" => {
            // Without a group there is nothing that it could find.
            let pattern = argument.pattern()?;
            Pattern::parse(pattern).ok().filter(Pattern::has_group)?;
            Subject::new(Place::Body, Form::Regex(pattern.to_owned()))
        }
        _ => return None,
    })
}

/// A path that both dialects read alike.
fn json_path(path: String) -> Option<Subject> {
    let is_multiple = !Path::parse(&path).ok()?.is_singular();
    Some(Subject {
        is_multiple,
        ..Subject::new(Place::Json(path), Form::Json)
    })
}

/// `name`, or `name[Attribute]`.
fn cookie(text: &str) -> Option<Subject> {
    let (name, form) = match text.split_once('[') {
        None => (text, Form::Text),
        Some((name, attribute)) => {
            let attribute = attribute.strip_suffix(']')?.to_ascii_lowercase();
            let form = match attribute.as_str() {
                "value" => Form::Text,
                "secure" => Form::Attribute("secure"),
                "httponly" => Form::Attribute("http_only"),
                "samesite" => Form::Attribute("same_site"),
                _ => return None,
            };
            (name, form)
        }
    };
    Some(Subject::new(Place::Cookie(name.to_owned()), form))
}

/// What a filter makes of a part, if a check file can name that too.
fn narrower(part: &Subject, filter: &Filter<'_>) -> Option<Subject> {
    let argument = filter.arguments.first();
    match (&part.place, &part.form, filter.name) {
        (Place::Json(path), Form::Json, "first") if !part.is_multiple => {
            json_path(format!("{path}[0]"))
        }
        (Place::Json(path), Form::Json, "last") if !part.is_multiple => {
            json_path(format!("{path}[-1]"))
        }
        (Place::Json(path), Form::Json, "nth") if !part.is_multiple => match argument? {
            Word::Name(index) => json_path(format!("{path}[{}]", index.parse::<i32>().ok()?)),
            _ => None,
        },
        (Place::Body, Form::Text, "jsonpath" | "regex" | "xpath") => {
            with_argument(filter.name, argument?)
        }
        (_, Form::Json | Form::Nodes, "count") => Some(part.with_form(Form::Count)),
        (Place::Tls("expires_in"), _, "daysAfterNow") => Some(part.with_form(Form::Days)),
        _ => None,
    }
}
