//! The expressions of test scripts.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::parse::{Parser, Statement, StatementKind, parse};
use super::token::{Joined, TokenKind};

/// The deepest nesting that is read.
const MOST_DEPTH: usize = 60;

#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Expression {
    Literal(Value),
    Pattern(String, String),
    Name(String),
    Member(Box<Expression>, String),
    Index(Box<Expression>, Box<Expression>),
    Call(Box<Expression>, Vec<Expression>),
    /// A function's body.
    Function(Rc<Vec<Statement>>),
    Binary(Box<Expression>, &'static str, Box<Expression>),
    Not(Box<Expression>),
    /// The word that `typeof` gives.
    TypeOf(Box<Expression>),
    NotUnderstood,
}

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Expression {
        if self.depth > MOST_DEPTH {
            self.at = self.tokens.len();
            return Expression::NotUnderstood;
        }
        self.depth += 1;
        let expression = self.binary(0);
        self.depth -= 1;
        expression
    }

    /// What signs join that bind closer than `outside`.
    fn binary(&mut self, outside: u8) -> Expression {
        let mut left = self.unary();
        while let Some(TokenKind::Sign(sign)) = self.kind() {
            let sign = *sign;
            let binds = binding(sign);
            if binds <= outside {
                break;
            }
            self.at += 1;
            let right = self.binary(binds);
            left = Expression::Binary(Box::new(left), sign, Box::new(right));
        }
        left
    }

    fn unary(&mut self) -> Expression {
        if self.take("-") {
            return match self.postfix() {
                Expression::Literal(Value::Number(number)) => {
                    Expression::Literal(json_number(-number.as_f64().unwrap_or_default()))
                }
                _ => Expression::NotUnderstood,
            };
        }
        if self.depth > MOST_DEPTH {
            self.at = self.tokens.len();
            return Expression::NotUnderstood;
        }
        let wraps: Option<fn(Box<Expression>) -> Expression> = match self.kind() {
            Some(TokenKind::Sign("!")) => Some(Expression::Not),
            Some(TokenKind::Name(word)) if word == "typeof" => Some(Expression::TypeOf),
            _ => None,
        };
        if let Some(wraps) = wraps {
            self.at += 1;
            self.depth += 1;
            let inner = self.unary();
            self.depth -= 1;
            return wraps(Box::new(inner));
        }
        self.postfix()
    }

    fn postfix(&mut self) -> Expression {
        let mut expression = self.primary();
        loop {
            if self.take(".") || self.take("?.") {
                let Some(name) = self.name() else {
                    return Expression::NotUnderstood;
                };
                expression = Expression::Member(Box::new(expression), name);
            } else if self.take("[") {
                let index = self.expression();
                if !self.take("]") {
                    return Expression::NotUnderstood;
                }
                expression = Expression::Index(Box::new(expression), Box::new(index));
            } else if self.is("(") {
                let Some(arguments) = self.list("(", ")") else {
                    return Expression::NotUnderstood;
                };
                expression = Expression::Call(Box::new(expression), arguments);
            } else {
                return expression;
            }
        }
    }

    fn list(&mut self, open: &str, close: &str) -> Option<Vec<Expression>> {
        self.take(open);
        let mut items = Vec::new();
        while !self.take(close) {
            if self.at >= self.tokens.len() {
                return None;
            }
            items.push(self.expression());
            if !self.take(",") && !self.is(close) {
                return None;
            }
        }
        Some(items)
    }

    fn primary(&mut self) -> Expression {
        let Some(kind) = self.kind().cloned() else {
            return Expression::NotUnderstood;
        };
        match kind {
            TokenKind::Text(text) => self.literal(json!(text)),
            TokenKind::Joined(parts) => {
                self.at += 1;
                parts
                    .into_iter()
                    .map(part)
                    .reduce(|left, right| Expression::Binary(Box::new(left), "+", Box::new(right)))
                    .unwrap_or(Expression::NotUnderstood)
            }
            TokenKind::Number(number) => self.literal(json_number(number)),
            TokenKind::Pattern(pattern, flags) => {
                self.at += 1;
                Expression::Pattern(pattern, flags)
            }
            TokenKind::Sign("(") => self.parenthesis(),
            TokenKind::Sign("[") => {
                let items = self
                    .list("[", "]")
                    .unwrap_or_else(|| vec![Expression::NotUnderstood]);
                let items: Option<Vec<Value>> = items.into_iter().map(literal).collect();
                items.map_or(Expression::NotUnderstood, |items| {
                    Expression::Literal(items.into())
                })
            }
            TokenKind::Sign("{") => self.object(),
            TokenKind::Name(name) => self.named(&name),
            TokenKind::Sign(_) | TokenKind::Unknown => {
                self.at += usize::from(matches!(kind, TokenKind::Unknown));
                Expression::NotUnderstood
            }
        }
    }

    fn literal(&mut self, value: Value) -> Expression {
        self.at += 1;
        Expression::Literal(value)
    }

    fn named(&mut self, name: &str) -> Expression {
        self.at += 1;
        match name {
            "true" => Expression::Literal(json!(true)),
            "false" => Expression::Literal(json!(false)),
            "null" => Expression::Literal(Value::Null),
            "function" => {
                let _ = self.name();
                if self.list("(", ")").is_none() || !self.is("{") {
                    return Expression::NotUnderstood;
                }
                self.block()
            }
            "async" => self.primary(),
            "new" => {
                let made = self.postfix();
                new_date(&made).map_or(Expression::NotUnderstood, |name| {
                    Expression::Call(Box::new(Expression::Name(name)), Vec::new())
                })
            }
            "await" => {
                self.postfix();
                Expression::NotUnderstood
            }
            _ if self.take("=>") => self.arrow_body(),
            _ => Expression::Name(name.to_owned()),
        }
    }

    /// An arrow function's parameters, or an expression in parentheses.
    fn parenthesis(&mut self) -> Expression {
        let Some(mut inside) = self.list("(", ")") else {
            return Expression::NotUnderstood;
        };
        if self.take("=>") {
            return self.arrow_body();
        }
        match (inside.pop(), inside.is_empty()) {
            (Some(only), true) => only,
            _ => Expression::NotUnderstood,
        }
    }

    fn arrow_body(&mut self) -> Expression {
        if self.is("{") {
            return self.block();
        }
        let start = self.tokens.get(self.at).map_or(0, |token| token.start);
        let expression = self.expression();
        let end = self
            .at
            .checked_sub(1)
            .and_then(|last| self.tokens.get(last))
            .map_or(start, |token| token.end);
        let kind = StatementKind::Expression(expression);
        Expression::Function(Rc::new(vec![Statement {
            kind,
            start,
            end: end.max(start),
        }]))
    }

    fn block(&mut self) -> Expression {
        if self.depth > MOST_DEPTH {
            self.at = self.tokens.len();
            return Expression::NotUnderstood;
        }
        self.depth += 1;
        self.take("{");
        let mut statements = Vec::new();
        while !self.take("}") {
            if self.at >= self.tokens.len() {
                self.depth -= 1;
                return Expression::NotUnderstood;
            }
            statements.extend(self.statement());
        }
        self.depth -= 1;
        Expression::Function(Rc::new(statements))
    }

    fn object(&mut self) -> Expression {
        self.take("{");
        let mut members = Some(Map::new());
        while !self.take("}") {
            let key = match self.kind().cloned() {
                Some(TokenKind::Name(name) | TokenKind::Text(name)) => name,
                Some(TokenKind::Number(number)) => number.to_string(),
                _ => return Expression::NotUnderstood,
            };
            self.at += 1;
            let value = if self.take(":") {
                literal(self.expression())
            } else {
                None
            };
            match (members.as_mut(), value) {
                (Some(members), Some(value)) => drop(members.insert(key, value)),
                _ => members = None,
            }
            if !self.take(",") && !self.is("}") {
                return Expression::NotUnderstood;
            }
        }
        members.map_or(Expression::NotUnderstood, |members| {
            Expression::Literal(members.into())
        })
    }
}

/// A part of a text with values in it.
fn part(part: Joined) -> Expression {
    let expression = match part {
        Joined::Text(text) => return Expression::Literal(json!(text)),
        Joined::Expression(text) => text,
    };
    let mut statements = parse(&expression);
    match (
        statements.pop().map(|only| only.kind),
        statements.is_empty(),
    ) {
        (Some(StatementKind::Expression(expression)), true) => expression,
        _ => Expression::NotUnderstood,
    }
}

/// How close a sign binds; 0 for one that joins no expressions.
fn binding(sign: &str) -> u8 {
    match sign {
        "||" | "??" => 1,
        "&&" => 2,
        "===" | "!==" | "==" | "!=" => 3,
        ">=" | "<=" | "<" | ">" => 4,
        "+" | "-" => 5,
        "*" | "/" | "%" => 6,
        _ => 0,
    }
}

/// `new Date().toISOString()` and its like, under one name.
fn new_date(made: &Expression) -> Option<String> {
    let Expression::Call(callee, arguments) = made else {
        return None;
    };
    let Expression::Member(date, method) = &**callee else {
        return None;
    };
    let now = match &**date {
        Expression::Call(name, of) => {
            of.is_empty() && matches!(&**name, Expression::Name(name) if name == "Date")
        }
        _ => false,
    };
    (now && arguments.is_empty()).then(|| format!("new Date().{method}"))
}

fn literal(expression: Expression) -> Option<Value> {
    match expression {
        Expression::Literal(value) => Some(value),
        _ => None,
    }
}

/// JavaScript has one kind of number; whole ones are written as such.
fn json_number(number: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_991.0;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        #[allow(clippy::cast_possible_truncation)]
        return json!(number as i64);
    }
    json!(number)
}
