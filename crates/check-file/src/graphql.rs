//! GraphQL documents (GraphQL specification of October 2021, section 2): which
//! operations stand in them.
//!
//! The only module that knows the GraphQL crate.

use apollo_parser::Parser;
use apollo_parser::cst::Definition;

/// The deepest that a document may be: the parser goes down with it.
const MOST_DEPTH: usize = 128;

/// Why a document has no operations that can be told apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DocumentError {
    #[error("more than {MOST_DEPTH} levels")]
    TooDeep,
    #[error("`{character}` out of place at character {at}")]
    OutOfPlace {
        character: char,
        /// Counted from 1.
        at: usize,
    },
    #[error("an end too early")]
    EarlyEnd,
    /// A definition that belongs into the schema of a server.
    #[error("a definition of a type")]
    TypeDefinition,
}

/// An operation of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) name: Option<String>,
    /// Whether it is a `query`, which by definition changes nothing.
    pub(crate) reads: bool,
}

/// Reads which operations stand in a document.
pub(crate) fn parse_operations(document: &str) -> Result<Vec<Operation>, DocumentError> {
    let tree = Parser::new(document).recursion_limit(MOST_DEPTH).parse();
    if let Some(error) = tree.errors().next() {
        if error.is_limit() {
            return Err(DocumentError::TooDeep);
        }
        let (before, rest) = document.split_at_checked(error.index()).unwrap_or_default();
        return Err(match rest.chars().next() {
            Some(character) => DocumentError::OutOfPlace {
                character,
                at: before.chars().count() + 1,
            },
            None => DocumentError::EarlyEnd,
        });
    }
    let mut operations = Vec::new();
    for definition in tree.document().definitions() {
        match definition {
            Definition::OperationDefinition(operation) => operations.push(Operation {
                name: operation.name().map(|name| name.text().to_string()),
                reads: operation
                    .operation_type()
                    .is_none_or(|kind| kind.query_token().is_some()),
            }),
            Definition::FragmentDefinition(_) => {}
            _ => return Err(DocumentError::TypeDefinition),
        }
    }
    Ok(operations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_found_by_kind_and_name() {
        let check = |document: &str, expected: &[(Option<&str>, bool)]| {
            let found = parse_operations(document).unwrap();
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
            "{ a { } }",
            "# nothing",
            &"{ a".repeat(1000),
        ] {
            assert!(parse_operations(document).is_err(), "{document}");
        }
    }
}
