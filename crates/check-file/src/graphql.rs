//! GraphQL documents (GraphQL specification of October 2021, section 2), as
//! far as it takes to say which operations stand in them.

/// An operation of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) name: Option<String>,
    /// Whether it is a `query`, which by definition changes nothing.
    pub(crate) reads: bool,
}

/// The operations of a document. The error says what is wrong with it.
///
/// Only the brackets and the words between the definitions are looked at: the
/// rest is the server's to judge. Strings and comments may hold anything.
pub(crate) fn operations(document: &str) -> Result<Vec<Operation>, String> {
    let mut tokens = Tokens { rest: document };
    let mut operations = Vec::new();
    while let Some(token) = tokens.next()? {
        let operation = match token {
            Token::Open('{') => {
                operations.push(Operation {
                    name: None,
                    reads: true,
                });
                tokens.skip_to_the_end_of('{')?;
                continue;
            }
            Token::Name("fragment") => None,
            Token::Name(kind @ ("query" | "mutation" | "subscription")) => Some(kind),
            other => {
                let found = other.text();
                return Err(format!("`{found}` where an operation or a fragment begins"));
            }
        };
        let mut name = None;
        let mut first = true;
        loop {
            match tokens.next()? {
                Some(Token::Open('{')) => break tokens.skip_to_the_end_of('{')?,
                Some(Token::Open(open)) => tokens.skip_to_the_end_of(open)?,
                Some(Token::Close(close)) => {
                    return Err(format!("`{close}` without its beginning"));
                }
                Some(Token::Name(word)) if first => name = Some(word.to_owned()),
                Some(_) => {}
                None => return Err("an operation or a fragment without its `{ … }`".to_owned()),
            }
            first = false;
        }
        if let Some(kind) = operation {
            operations.push(Operation {
                name,
                reads: kind == "query",
            });
        }
    }
    Ok(operations)
}

/// What a document is made of.
enum Token<'d> {
    Name(&'d str),
    Open(char),
    Close(char),
    /// A number, a string or another sign.
    Other(&'d str),
}

impl Token<'_> {
    fn text(&self) -> String {
        match self {
            Self::Name(text) | Self::Other(text) => (*text).to_owned(),
            Self::Open(sign) | Self::Close(sign) => sign.to_string(),
        }
    }
}

struct Tokens<'d> {
    rest: &'d str,
}

impl<'d> Tokens<'d> {
    fn next(&mut self) -> Result<Option<Token<'d>>, String> {
        let ignored = |c: char| c.is_whitespace() || matches!(c, ',' | '\u{feff}');
        loop {
            self.rest = self.rest.trim_start_matches(ignored);
            let Some(comment) = self.rest.strip_prefix('#') else {
                break;
            };
            self.rest = &comment[comment.find(['\n', '\r']).unwrap_or(comment.len())..];
        }
        let Some(first) = self.rest.chars().next() else {
            return Ok(None);
        };
        Ok(Some(match first {
            '{' | '(' | '[' => {
                self.take(1);
                Token::Open(first)
            }
            '}' | ')' | ']' => {
                self.take(1);
                Token::Close(first)
            }
            '"' => Token::Other(self.string()?),
            'a'..='z' | 'A'..='Z' | '_' => {
                let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let end = self.rest.find(|c| !word(c)).unwrap_or(self.rest.len());
                Token::Name(self.take(end))
            }
            other => Token::Other(self.take(other.len_utf8())),
        }))
    }

    /// The next so many bytes.
    fn take(&mut self, length: usize) -> &'d str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    /// A string, or one in `"""`.
    fn string(&mut self) -> Result<&'d str, String> {
        let (quote, escape) = if self.rest.starts_with("\"\"\"") {
            ("\"\"\"", "\\\"\"\"")
        } else {
            ("\"", "\\")
        };
        let mut at = quote.len();
        while let Some(rest) = self.rest.get(at..).filter(|rest| !rest.is_empty()) {
            if rest.starts_with(quote) {
                return Ok(self.take(at + quote.len()));
            }
            let escaped = rest.starts_with(escape);
            if escaped && escape.len() > 1 {
                at += escape.len();
                continue;
            }
            let mut characters = rest.chars();
            at += characters.next().map_or(0, char::len_utf8);
            if escaped {
                at += characters.next().map_or(0, char::len_utf8);
            }
        }
        Err("a string that does not end".to_owned())
    }

    /// Goes on behind the end of a bracket that is open.
    fn skip_to_the_end_of(&mut self, open: char) -> Result<(), String> {
        let mut waiting = vec![open];
        while let Some(open) = waiting.last().copied() {
            match self.next()? {
                Some(Token::Open(open)) => waiting.push(open),
                Some(Token::Close(close)) if close == closing(open) => {
                    waiting.pop();
                }
                Some(Token::Close(close)) => {
                    return Err(format!("`{close}` where `{}` is missing", closing(open)));
                }
                Some(_) => {}
                None => return Err(format!("`{open}` without `{}`", closing(open))),
            }
        }
        Ok(())
    }
}

fn closing(open: char) -> char {
    match open {
        '{' => '}',
        '(' => ')',
        _ => ']',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_found_by_kind_and_name() {
        let check = |document: &str, expected: &[(Option<&str>, bool)]| {
            let found = operations(document).unwrap();
            let found: Vec<_> = found
                .iter()
                .map(|operation| (operation.name.as_deref(), operation.reads))
                .collect();
            assert_eq!(found, expected, "{document}");
        };
        check("{ a }", &[(None, true)]);
        check("query { a }", &[(None, true)]);
        check(
            "query A($x: In = {y: [1]}) @d(if: true) { a(x: $x) { b } }",
            &[(Some("A"), true)],
        );
        check("mutation Buy { mutation }", &[(Some("Buy"), false)]);
        check("mutation($x: Int) { a }", &[(None, false)]);
        check("subscription S { a }", &[(Some("S"), false)]);
        check(
            "fragment mutation on T { a } { ...mutation }",
            &[(None, true)],
        );
        check(
            "{ a(s: \"} mutation { \\\" b\") # mutation { b }\n}",
            &[(None, true)],
        );
        check(
            "{ a(s: \"\"\"} \\\"\"\" mutation { b } \" \"\"\") }",
            &[(None, true)],
        );
        check(
            "query A { a } , mutation B { b }",
            &[(Some("A"), true), (Some("B"), false)],
        );
        check("# nothing", &[]);
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused() {
        for document in [
            "{ a",
            "{ a ) }",
            "a }",
            "}",
            "query",
            "query A",
            "query ) { a }",
            "type T { a: Int }",
            "{ a(s: \"x) }",
            "{ a(s: \"\"\"x\") }",
            "\"a\" { b }",
        ] {
            assert!(operations(document).is_err(), "{document}");
        }
    }
}
