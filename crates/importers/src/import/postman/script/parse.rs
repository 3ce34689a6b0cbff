//! Test scripts as statements: the part of JavaScript that
//! they are usually written in. Whatever else there is becomes a statement
//! that is not understood, with its place.

use super::expression::Expression;
use super::token::{Token, TokenKind, tokens};

/// Words that begin what is not understood.
const BLOCKS: [&str; 12] = [
    "if", "for", "while", "do", "switch", "try", "throw", "function", "class", "return", "async",
    "await",
];

/// A statement and where it stands in the script.
#[derive(Debug, PartialEq)]
pub(in super::super) struct Statement {
    pub(super) kind: StatementKind,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Debug, PartialEq)]
pub(in super::super) enum StatementKind {
    /// `const name = value`.
    Let(String, Expression),
    /// `place = value`.
    Assign(Expression, Expression),
    Expression(Expression),
    NotUnderstood,
}

/// The statements of a script.
pub(super) fn parse(text: &str) -> Vec<Statement> {
    let mut parser = Parser {
        text,
        tokens: tokens(text),
        at: 0,
        depth: 0,
    };
    let mut statements = Vec::new();
    while parser.at < parser.tokens.len() {
        let before = parser.at;
        statements.extend(parser.statement());
        // A brace too many is nobody's statement.
        parser.at = parser.at.max(before + 1);
    }
    statements
}

/// Reads statements here, and expressions in [`super::expression`].
pub(super) struct Parser<'t> {
    text: &'t str,
    pub(super) tokens: Vec<Token>,
    pub(super) at: usize,
    pub(super) depth: usize,
}

impl Parser<'_> {
    pub(super) fn kind(&self) -> Option<&TokenKind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    pub(super) fn is(&self, sign: &str) -> bool {
        matches!(self.kind(), Some(TokenKind::Sign(found)) if *found == sign)
    }

    pub(super) fn take(&mut self, sign: &str) -> bool {
        let found = self.is(sign);
        self.at += usize::from(found);
        found
    }

    pub(super) fn name(&mut self) -> Option<String> {
        let Some(TokenKind::Name(name)) = self.kind() else {
            return None;
        };
        let name = name.clone();
        self.at += 1;
        Some(name)
    }

    pub(super) fn statement(&mut self) -> Option<Statement> {
        let first = self.at;
        let start = self.tokens.get(first)?.start;
        if self.take(";") {
            return None;
        }
        let kind = self.simple_statement();
        let ends = self.at >= self.tokens.len()
            || self.is(";")
            || self.is("}")
            || self.at > first && self.begins_a_statement();
        let kind = match kind {
            Some(kind) if ends => kind,
            _ => {
                self.at = first;
                self.skip_statement();
                StatementKind::NotUnderstood
            }
        };
        let last = self.at.max(first + 1) - 1;
        let end = self.tokens.get(last).map_or(start, |token| token.end);
        self.take(";");
        Some(Statement { kind, start, end })
    }

    /// Where a semicolon was left out, the next statement begins with a name.
    fn begins_a_statement(&self) -> bool {
        matches!(self.kind(), Some(TokenKind::Name(_)))
    }

    fn on_a_new_line(&self) -> bool {
        let before = self
            .at
            .checked_sub(1)
            .and_then(|before| self.tokens.get(before));
        let between = before.zip(self.tokens.get(self.at));
        let between = between.and_then(|(a, b)| self.text.get(a.end..b.start));
        between.is_some_and(|blank| blank.contains('\n'))
    }

    fn simple_statement(&mut self) -> Option<StatementKind> {
        if let Some(TokenKind::Name(word)) = self.kind() {
            match word.as_str() {
                "var" | "let" | "const" => {
                    self.at += 1;
                    let name = self.name()?;
                    let value = if self.take("=") {
                        self.expression()
                    } else {
                        Expression::NotUnderstood
                    };
                    return Some(StatementKind::Let(name, value));
                }
                word if BLOCKS.contains(&word) => return None,
                _ => {}
            }
        }
        let expression = self.expression();
        if self.take("=") {
            let value = self.expression();
            return Some(StatementKind::Assign(expression, value));
        }
        Some(StatementKind::Expression(expression))
    }

    /// Moves behind a statement that is not understood: to a semicolon, or
    /// behind the last of its blocks.
    fn skip_statement(&mut self) {
        let mut depth = 0_usize;
        let first = self.at;
        let is_block =
            matches!(self.kind(), Some(TokenKind::Name(word)) if BLOCKS.contains(&word.as_str()));
        while let Some(kind) = self.kind() {
            if depth == 0
                && !is_block
                && self.at > first
                && self.begins_a_statement()
                && self.on_a_new_line()
            {
                return;
            }
            let TokenKind::Sign(sign) = kind else {
                self.at += 1;
                continue;
            };
            match *sign {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" => depth = depth.saturating_sub(1),
                "}" if depth == 0 => {
                    return;
                }
                "}" => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += 1;
                        let goes_on = matches!(self.kind(), Some(TokenKind::Name(word)) if matches!(word.as_str(), "else" | "catch" | "finally"))
                            || matches!(self.kind(), Some(TokenKind::Sign(sign)) if !matches!(*sign, "}" | ";"));
                        if goes_on {
                            continue;
                        }
                        return;
                    }
                }
                ";" if depth == 0 => return,
                _ => {}
            }
            self.at += 1;
        }
    }
}
