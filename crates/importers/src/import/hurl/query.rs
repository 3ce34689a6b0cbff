//! What a capture or an assert asks of an answer, with its filters.

use serde_json::{Value, json};

use super::filter::{Filter, filters};
use super::value::Word;
use crate::draft::{Place, is_header};
use query::jsonpath::Path;
use query::markup::{ValueKind, XPath};
use query::pattern::Pattern;

/// A part of an answer.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    /// Where a check file finds it, if it can name it.
    pub(super) place: Option<Place>,
    pub(super) form: Form,
    /// Where a capture takes it from, and what is made of `value` then.
    source: Option<(Value, String)>,
}

/// What kind of value a part is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Form {
    Status,
    Text,
    Number,
    Boolean,
    Json,
    /// What a path finds that may lead to several values: Hurl takes the value
    /// if there is one alone, and a list if there are several.
    Several,
    /// The number of elements.
    Count,
    /// The number of a header's values.
    Values,
    Nodes,
    Milliseconds,
    /// Whole days until the certificate expires.
    Days,
    /// The names of a certificate.
    Names,
    Url,
    /// Bytes, of which only a digest can be compared.
    Bytes,
    Digest,
    /// An attribute of a cookie.
    Attribute(&'static str),
    /// The first group of a pattern.
    Regex(String),
}

/// What is made of the values of a path that may lead to several.
const ALONE: &str = "value | nth(0) if value | length < 2 else value";

impl Subject {
    pub(super) fn new(place: Place, form: Form) -> Self {
        let expression = if form == Form::Several {
            ALONE
        } else {
            "value"
        };
        Self {
            source: place.source().map(|source| (source, expression.to_owned())),
            place: Some(place),
            form,
        }
    }

    /// The same place with what a filter makes of it.
    fn made(&self, form: Form) -> Self {
        Self {
            form,
            ..self.clone()
        }
    }

    /// A part that a capture alone can take.
    fn only_captured(source: Value, expression: String, form: Form) -> Self {
        Self {
            place: None,
            form,
            source: Some((source, expression)),
        }
    }

    /// Where a capture takes the value from, and the expression that it is.
    pub(super) fn source(&self) -> Option<(Value, String)> {
        let fine = !matches!(self.form, Form::Values | Form::Days | Form::Attribute(_));
        self.source.clone().filter(|_| fine)
    }

    /// Whether it is what a path finds that may lead to several values.
    pub(super) fn is_of_several(&self) -> bool {
        let alone = |(_, expression): &(_, String)| expression == ALONE;
        self.source.as_ref().is_some_and(alone)
    }

    /// The same of what is captured by its own name.
    pub(super) fn capture_source(&self) -> Option<(Value, String)> {
        let (source, expression) = self.source()?;
        let expression = match self.form {
            Form::Count if expression == "value" => "value | length".to_owned(),
            Form::Count => format!("({expression}) | length"),
            _ => expression,
        };
        Some((source, expression))
    }

    /// A word for the part, of which a variable is named.
    pub(super) fn word(&self) -> &str {
        match &self.place {
            Some(Place::Header(name) | Place::Cookie(name)) => name,
            Some(Place::Json(path)) => {
                let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let mut names = path.rsplit(|c: char| !letter(c));
                let begins = |name: &&str| name.starts_with(|c: char| c.is_ascii_alphabetic());
                names.find(begins).unwrap_or("value")
            }
            Some(Place::Body) => "body",
            None if self.form == Form::Url => "location",
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
        "bytes" => (Subject::new(Place::Sha256, Form::Bytes), rest),
        "sha256" => (Subject::new(Place::Sha256, Form::Digest), rest),
        "duration" => (Subject::new(Place::Latency, Form::Milliseconds), rest),
        "url" => (Subject::new(Place::Url, Form::Url), rest),
        "redirects" if rest.first().is_some_and(|word| word.is("count")) => {
            (Subject::new(Place::Redirects, Form::Count), &rest[1..])
        }
        "redirects" => redirect(rest)?,
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

/// `nth 0 location`, and its like.
fn redirect(words: &[Word]) -> Option<(Subject, &[Word])> {
    let (number, rest) = match words {
        [first, rest @ ..] if first.is("first") => (0, rest),
        [last, rest @ ..] if last.is("last") => (-1, rest),
        [nth, Word::Name(number), rest @ ..] if nth.is("nth") => {
            (number.parse::<i32>().ok()?, rest)
        }
        _ => return None,
    };
    let (location, rest) = rest.split_first()?;
    let expression = format!("value | nth({number})");
    let part = Subject::only_captured(json!("redirects"), expression, Form::Url);
    location.is("location").then_some((part, rest))
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
                ValueKind::Text => Form::Text,
                ValueKind::Number => Form::Number,
                ValueKind::Boolean => Form::Boolean,
                ValueKind::Nodes => Form::Nodes,
            };
            Subject::new(Place::XPath(xpath.text().to_owned()), form)
        }
        "certificate" => match argument.plain_text()? {
            "Subject" => Subject::new(Place::Tls("subject"), Form::Text),
            "Issuer" => Subject::new(Place::Tls("issuer"), Form::Text),
            "Subject-Alt-Name" => Subject::new(Place::Tls("names"), Form::Names),
            "Expire-Date" => Subject::new(Place::Tls("expires_in"), Form::Nodes),
            _ => return None,
        },
        "regex" => {
            // Without a group there is nothing that it could find.
            let pattern = argument.pattern()?;
            Pattern::parse(pattern).ok().filter(Pattern::has_group)?;
            let form = Form::Regex(pattern.to_owned());
            Subject::only_captured(json!({ "regex": pattern }), "value".to_owned(), form)
        }
        _ => return None,
    })
}

/// A path that both dialects read alike.
fn json_path(path: String) -> Option<Subject> {
    let singular = Path::parse(&path).ok()?.is_singular();
    let form = if singular { Form::Json } else { Form::Several };
    Some(Subject::new(Place::Json(path), form))
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
                "path" => Form::Attribute("path"),
                "domain" => Form::Attribute("domain"),
                "max-age" => Form::Attribute("max_age"),
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
    match (part.place.as_ref()?, &part.form, filter.name) {
        (Place::Json(path), Form::Json, "first") => json_path(format!("{path}[0]")),
        (Place::Json(path), Form::Json, "last") => json_path(format!("{path}[-1]")),
        (Place::Json(path), Form::Json, "nth") => match argument? {
            Word::Name(index) => json_path(format!("{path}[{}]", index.parse::<i32>().ok()?)),
            _ => None,
        },
        (Place::Body, _, "jsonpath" | "regex" | "xpath") => with_argument(filter.name, argument?),
        (_, Form::Json | Form::Several | Form::Nodes, "count") => Some(part.made(Form::Count)),
        (_, Form::Bytes, "count") => Some(Subject::new(Place::Size, Form::Number)),
        (_, Form::Digest, "toHex") => Some(part.clone()),
        (Place::Header(_), Form::Text, "count") => Some(part.made(Form::Values)),
        (Place::Tls("expires_in"), _, "daysAfterNow") => Some(part.made(Form::Days)),
        _ => None,
    }
}
