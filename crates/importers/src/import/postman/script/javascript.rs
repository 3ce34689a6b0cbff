//! The part of JavaScript that test scripts are usually written in, as a small
//! tree of our own. Whatever else there is becomes [`Expression::Other`] or
//! [`StatementKind::Other`], with its place.

use std::thread;

use oxc_allocator::Allocator;
use oxc_ast::ast;
use oxc_parser::{ParseOptions, Parser};
use oxc_span::{GetSpan, SourceType, Span};
use serde_json::{Value, json};

/// The longest script that is read, in bytes.
const MOST_BYTES: usize = 64 * 1024;
/// What the parser may need for a script of that length that is nothing but
/// opening brackets. Memory is taken as it is used.
const STACK: usize = 512 * 1024 * 1024;
/// The deepest nesting that is looked into.
const MOST_DEPTH: usize = 60;

#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Expression {
    Literal(Value),
    /// A regular expression and its flags.
    Pattern(String, String),
    Name(String),
    Member(Box<Expression>, String),
    Element(Box<Expression>, i64),
    /// `new X()` is a call of the name `new X`.
    Call(Box<Expression>, Vec<Expression>),
    /// A function's body.
    Function(Vec<Statement>),
    Binary(Box<Expression>, &'static str, Box<Expression>),
    Not(Box<Expression>),
    TypeOf(Box<Expression>),
    Other,
}

/// A statement and where it stands in the script.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Statement {
    pub(super) kind: StatementKind,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum StatementKind {
    /// `const name = value`.
    Let(String, Expression),
    /// `place = value`.
    Assign(Expression, Expression),
    Expression(Expression),
    /// `if (…) { … }`: where its condition stands, and what is done.
    If(std::ops::Range<usize>, Vec<Statement>),
    Other,
}

/// The statements of a script; all of it is one that is not understood where it
/// is no JavaScript.
pub(super) fn parse(text: &str) -> Vec<Statement> {
    // Brackets in brackets may be as deep as the text is long.
    let parsed = thread::scope(|scope| {
        let reader = thread::Builder::new().stack_size(STACK);
        let reader = reader.spawn_scoped(scope, || parse_statements(text)).ok()?;
        reader.join().ok()?
    });
    parsed.unwrap_or_else(|| vec![new_statement(StatementKind::Other, 0..text.len())])
}

fn parse_statements(text: &str) -> Option<Vec<Statement>> {
    if text.len() > MOST_BYTES {
        return None;
    }
    let options = ParseOptions {
        preserve_parens: false,
        allow_return_outside_function: true,
        ..ParseOptions::default()
    };
    // Postman lets a script wait, which only modules may do.
    [SourceType::script(), SourceType::mjs()]
        .into_iter()
        .find_map(|kind| {
            let allocator = Allocator::default();
            let parser = Parser::new(&allocator, text, kind).with_options(options);
            let parsed = parser.parse();
            let readable = !parsed.panicked && parsed.diagnostics.is_empty();
            readable.then(|| convert_statements(&parsed.program.body, 0))
        })
}

fn new_statement(kind: StatementKind, place: std::ops::Range<usize>) -> Statement {
    Statement {
        kind,
        start: place.start,
        end: place.end,
    }
}

fn to_range(span: Span) -> std::ops::Range<usize> {
    span.start as usize..span.end as usize
}

fn convert_statements(all: &[ast::Statement<'_>], depth: usize) -> Vec<Statement> {
    let mut found = Vec::new();
    for one in all {
        let place = to_range(one.span());
        let kind = match one {
            ast::Statement::EmptyStatement(_) => continue,
            ast::Statement::ExpressionStatement(one) => match &one.expression {
                ast::Expression::AssignmentExpression(set) if set.operator.as_str() == "=" => {
                    let to = match &set.left {
                        ast::AssignmentTarget::AssignmentTargetIdentifier(name) => {
                            Expression::Name(name.name.to_string())
                        }
                        target => target
                            .as_member_expression()
                            .map_or(Expression::Other, |to| convert_member(to, depth)),
                    };
                    StatementKind::Assign(to, convert_expression(&set.right, depth))
                }
                other => StatementKind::Expression(convert_expression(other, depth)),
            },
            ast::Statement::VariableDeclaration(names) => {
                for name in &names.declarations {
                    let value = name.init.as_ref();
                    let value =
                        value.map_or(Expression::Other, |value| convert_expression(value, depth));
                    found.push(match name.id.get_binding_identifier() {
                        Some(id) => {
                            let kind = StatementKind::Let(id.name.to_string(), value);
                            new_statement(kind, place.clone())
                        }
                        None => new_statement(StatementKind::Other, place.clone()),
                    });
                }
                continue;
            }
            ast::Statement::IfStatement(one) if one.alternate.is_none() && depth < MOST_DEPTH => {
                let then = match &one.consequent {
                    ast::Statement::BlockStatement(block) => block.body.as_slice(),
                    single => std::slice::from_ref(single),
                };
                StatementKind::If(
                    to_range(one.test.span()),
                    convert_statements(then, depth + 1),
                )
            }
            _ => StatementKind::Other,
        };
        found.push(new_statement(kind, place));
    }
    found
}

fn convert_expression(found: &ast::Expression<'_>, depth: usize) -> Expression {
    let depth = depth + 1;
    if depth > MOST_DEPTH {
        return Expression::Other;
    }
    let inner = |found| Box::new(convert_expression(found, depth));
    match found {
        ast::Expression::Identifier(name) => Expression::Name(name.name.to_string()),
        ast::Expression::RegExpLiteral(one) => Expression::Pattern(
            one.regex.pattern.text.to_string(),
            one.regex.flags.to_string(),
        ),
        ast::Expression::TemplateLiteral(template) => convert_template(template, depth),
        ast::Expression::CallExpression(one) => convert_call(one, depth),
        ast::Expression::NewExpression(made) => match convert_expression(&made.callee, depth) {
            Expression::Name(name) => Expression::Call(
                Box::new(Expression::Name(format!("new {name}"))),
                convert_arguments(&made.arguments, depth),
            ),
            _ => Expression::Other,
        },
        ast::Expression::ChainExpression(chain) => match &chain.expression {
            ast::ChainElement::CallExpression(one) => convert_call(one, depth),
            other => other
                .as_member_expression()
                .map_or(Expression::Other, |one| convert_member(one, depth)),
        },
        ast::Expression::ArrowFunctionExpression(one) => Expression::Function(match &one.body {
            ast::ArrowFunctionBody::FunctionBody(body) => {
                convert_statements(&body.statements, depth)
            }
            other => match other.as_expression() {
                Some(only) => vec![new_statement(
                    StatementKind::Expression(convert_expression(only, depth)),
                    to_range(only.span()),
                )],
                None => Vec::new(),
            },
        }),
        ast::Expression::FunctionExpression(one) => Expression::Function(
            one.body
                .as_ref()
                .map(|body| convert_statements(&body.statements, depth))
                .unwrap_or_default(),
        ),
        ast::Expression::BinaryExpression(one) => {
            Expression::Binary(inner(&one.left), one.operator.as_str(), inner(&one.right))
        }
        ast::Expression::LogicalExpression(one) => {
            Expression::Binary(inner(&one.left), one.operator.as_str(), inner(&one.right))
        }
        ast::Expression::UnaryExpression(one) => match one.operator.as_str() {
            "!" => Expression::Not(inner(&one.argument)),
            "typeof" => Expression::TypeOf(inner(&one.argument)),
            _ => convert_literal(found, depth).map_or(Expression::Other, Expression::Literal),
        },
        other => match other.as_member_expression() {
            Some(one) => convert_member(one, depth),
            None => convert_literal(other, depth).map_or(Expression::Other, Expression::Literal),
        },
    }
}

fn convert_call(one: &ast::CallExpression<'_>, depth: usize) -> Expression {
    let callee = Box::new(convert_expression(&one.callee, depth));
    Expression::Call(callee, convert_arguments(&one.arguments, depth))
}

fn convert_arguments(all: &[ast::Argument<'_>], depth: usize) -> Vec<Expression> {
    let known = |one: &ast::Argument<'_>| {
        one.as_expression()
            .map_or(Expression::Other, |one| convert_expression(one, depth))
    };
    all.iter().map(known).collect()
}

fn convert_member(one: &ast::MemberExpression<'_>, depth: usize) -> Expression {
    let of = Box::new(convert_expression(one.object(), depth));
    if let Some(name) = one.static_property_name() {
        return Expression::Member(of, name.to_owned());
    }
    let index = match one {
        ast::MemberExpression::ComputedMemberExpression(one) => {
            convert_literal(&one.expression, depth)
        }
        _ => None,
    };
    match index.and_then(|index| index.as_i64()) {
        Some(index) => Expression::Element(of, index),
        None => Expression::Other,
    }
}

/// A text with values in it, as a sum that begins with a text.
fn convert_template(template: &ast::TemplateLiteral<'_>, depth: usize) -> Expression {
    let texts = template.quasis.iter().map(|text| match &text.value.cooked {
        Some(text) => Expression::Literal(json!(text.as_str())),
        None => Expression::Other,
    });
    let mut values = template.expressions.iter();
    let parts = texts.flat_map(|text| {
        let value = values.next().map(|value| convert_expression(value, depth));
        std::iter::once(text).chain(value)
    });
    parts
        .reduce(|left, right| Expression::Binary(Box::new(left), "+", Box::new(right)))
        .unwrap_or(Expression::Other)
}

/// A value that is written out.
fn convert_literal(found: &ast::Expression<'_>, depth: usize) -> Option<Value> {
    if depth > MOST_DEPTH {
        return None;
    }
    Some(match found {
        ast::Expression::StringLiteral(text) => json!(text.value.as_str()),
        ast::Expression::NumericLiteral(number) => to_number(number.value),
        ast::Expression::BooleanLiteral(one) => json!(one.value),
        ast::Expression::NullLiteral(_) => Value::Null,
        ast::Expression::TemplateLiteral(text) if text.expressions.is_empty() => {
            json!(text.quasis.first()?.value.cooked?.as_str())
        }
        ast::Expression::UnaryExpression(one) if one.operator.as_str() == "-" => {
            to_number(-convert_literal(&one.argument, depth + 1)?.as_f64()?)
        }
        ast::Expression::ArrayExpression(list) => {
            let items = list.elements.iter();
            let items = items.map(|item| convert_literal(item.as_expression()?, depth + 1));
            Value::Array(items.collect::<Option<_>>()?)
        }
        ast::Expression::ObjectExpression(map) => {
            let members = map.properties.iter().map(|one| match one {
                ast::ObjectPropertyKind::ObjectProperty(one) => {
                    let name = one.key.static_name()?.into_owned();
                    Some((name, convert_literal(&one.value, depth + 1)?))
                }
                ast::ObjectPropertyKind::SpreadProperty(_) => None,
            });
            Value::Object(members.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

/// JavaScript has one kind of number; whole ones are written as such.
fn to_number(number: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_991.0;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        #[allow(clippy::cast_possible_truncation)]
        return json!(number as i64);
    }
    json!(number)
}
