//! What can be said of an expression before there is a document: the type of
//! its value, and whether it calls what is not there.

use xpath_eval::{
    Axis, Expr, FilterExpr, FunctionCall, LocationPath, NodeTest, PathExpr, PrimaryExpr,
};

use super::super::ExpressionError;
use super::ValueKind;
use diagnostic::suggest;

/// The deepest that an expression may be: the evaluator goes down with it.
const MOST_DEPTH: usize = 128;

/// The functions of XPath 1.0, section 4: how many arguments each takes, and
/// what it gives.
const FUNCTIONS: [(&str, usize, usize, ValueKind); 27] = [
    ("boolean", 1, 1, ValueKind::Boolean),
    ("ceiling", 1, 1, ValueKind::Number),
    ("concat", 2, usize::MAX, ValueKind::Text),
    ("contains", 2, 2, ValueKind::Boolean),
    ("count", 1, 1, ValueKind::Number),
    ("false", 0, 0, ValueKind::Boolean),
    ("floor", 1, 1, ValueKind::Number),
    ("id", 1, 1, ValueKind::Nodes),
    ("lang", 1, 1, ValueKind::Boolean),
    ("last", 0, 0, ValueKind::Number),
    ("local-name", 0, 1, ValueKind::Text),
    ("name", 0, 1, ValueKind::Text),
    ("namespace-uri", 0, 1, ValueKind::Text),
    ("normalize-space", 0, 1, ValueKind::Text),
    ("not", 1, 1, ValueKind::Boolean),
    ("number", 0, 1, ValueKind::Number),
    ("position", 0, 0, ValueKind::Number),
    ("round", 1, 1, ValueKind::Number),
    ("starts-with", 2, 2, ValueKind::Boolean),
    ("string", 0, 1, ValueKind::Text),
    ("string-length", 0, 1, ValueKind::Number),
    ("substring", 2, 3, ValueKind::Text),
    ("substring-after", 2, 2, ValueKind::Text),
    ("substring-before", 2, 2, ValueKind::Text),
    ("sum", 1, 1, ValueKind::Number),
    ("translate", 3, 3, ValueKind::Text),
    ("true", 0, 0, ValueKind::Boolean),
];

/// Functions whose first argument has to be nodes.
const OF_NODES: [&str; 5] = ["count", "local-name", "name", "namespace-uri", "sum"];

/// What is known of an expression.
#[derive(Debug, Clone)]
pub(super) struct Analysis {
    pub(super) kind: ValueKind,
    pub(super) prefixes: Vec<String>,
    /// It compares nodes with nodes, each with each.
    pub(super) compares_nodes: bool,
    /// It has a condition that is the number zero.
    pub(super) has_impossible_condition: bool,
}

impl Analysis {
    /// What is known of an expression, or what makes no sense in it.
    pub(super) fn new(expression: &Expr) -> Result<Self, ExpressionError> {
        let mut analysis = Self {
            kind: ValueKind::Boolean,
            prefixes: Vec::new(),
            compares_nodes: false,
            has_impossible_condition: false,
        };
        analysis.kind = analysis.check_expression(expression, MOST_DEPTH)?;
        Ok(analysis)
    }

    fn check_expression(
        &mut self,
        expression: &Expr,
        depth: usize,
    ) -> Result<ValueKind, ExpressionError> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(ExpressionError {
                expected: format!("at most {MOST_DEPTH} operators and brackets in one another"),
                found: "more of them".to_owned(),
                help: "divide it into several expectations".to_owned(),
            });
        };
        Ok(match expression {
            Expr::Or(left, right) | Expr::And(left, right) => {
                self.check_condition(left, depth)?;
                self.check_condition(right, depth)?;
                ValueKind::Boolean
            }
            Expr::Equality(left, _, right) | Expr::Relational(left, _, right) => {
                let left = self.check_expression(left, depth)?;
                let right = self.check_expression(right, depth)?;
                self.compares_nodes |= left == ValueKind::Nodes && right == ValueKind::Nodes;
                ValueKind::Boolean
            }
            Expr::Additive(left, _, right) | Expr::Multiplicative(left, _, right) => {
                self.check_expression(left, depth)?;
                self.check_expression(right, depth)?;
                ValueKind::Number
            }
            Expr::Negate(of) => {
                self.check_expression(of, depth)?;
                ValueKind::Number
            }
            Expr::Union(left, right) => {
                let left = self.check_expression(left, depth)?;
                let right = self.check_expression(right, depth)?;
                expect_nodes(left, "on the left of `|`")?;
                expect_nodes(right, "on the right of `|`")?
            }
            Expr::Path(PathExpr::Location(path)) => self.check_path(path, depth)?,
            Expr::Path(PathExpr::Filter(filter)) => self.check_filter(filter, depth)?,
            Expr::Path(PathExpr::FilterLocation(filter, path)) => {
                let kind = self.check_filter(filter, depth)?;
                expect_nodes(kind, "on the left of `/`")?;
                self.check_path(path, depth)?
            }
        })
    }

    /// Checks an expression of which only counts whether it is true.
    fn check_condition(&mut self, expression: &Expr, depth: usize) -> Result<(), ExpressionError> {
        if let Expr::Path(PathExpr::Filter(filter)) = expression
            && let PrimaryExpr::Number(number) = filter.primary
        {
            self.has_impossible_condition |= number == 0.0;
        }
        self.check_expression(expression, depth).map(drop)
    }

    fn check_path(
        &mut self,
        path: &LocationPath,
        depth: usize,
    ) -> Result<ValueKind, ExpressionError> {
        for step in &path.steps {
            if step.axis == Axis::Namespace {
                return Err(ExpressionError {
                    expected: "any other axis of XPath 1.0".to_owned(),
                    found: "`namespace::`".to_owned(),
                    help: "ask for `namespace-uri()` of an element or attribute".to_owned(),
                });
            }
            let prefix = match &step.node_test {
                NodeTest::NamespaceWildcard(prefix) => Some(prefix),
                NodeTest::QName(name) => name.prefix.as_ref(),
                _ => None,
            };
            if let Some(prefix) = prefix.filter(|prefix| !self.prefixes.contains(prefix)) {
                self.prefixes.push(prefix.clone());
            }
            for predicate in &step.predicates {
                self.check_condition(predicate, depth)?;
            }
        }
        Ok(ValueKind::Nodes)
    }

    fn check_filter(
        &mut self,
        filter: &FilterExpr,
        depth: usize,
    ) -> Result<ValueKind, ExpressionError> {
        let kind = match &filter.primary {
            PrimaryExpr::Literal(_) => ValueKind::Text,
            PrimaryExpr::Number(_) => ValueKind::Number,
            PrimaryExpr::Parenthesized(inner) => self.check_expression(inner, depth)?,
            PrimaryExpr::Function(call) => self.check_call(call, depth)?,
            PrimaryExpr::Variable(name) => {
                return Err(ExpressionError {
                    expected: "an expression without variables".to_owned(),
                    found: format!("`${}`", name.local),
                    help: "write the value in its place".to_owned(),
                });
            }
        };
        if !filter.predicates.is_empty() {
            expect_nodes(kind, "on the left of `[`")?;
        }
        for predicate in &filter.predicates {
            self.check_condition(predicate, depth)?;
        }
        Ok(kind)
    }

    fn check_call(
        &mut self,
        call: &FunctionCall,
        depth: usize,
    ) -> Result<ValueKind, ExpressionError> {
        let name = match &call.name.prefix {
            Some(prefix) => format!("{prefix}:{}", call.name.local),
            None => call.name.local.clone(),
        };
        let Some((_, least, most, kind)) = FUNCTIONS.iter().find(|(known, ..)| *known == name)
        else {
            let known = FUNCTIONS.iter().map(|(known, ..)| *known);
            return Err(ExpressionError {
                expected: "a function of XPath 1.0".to_owned(),
                found: format!("`{name}()`"),
                help: match suggest::nearest(&name, known) {
                    Some(nearest) => format!("write `{nearest}` if that is meant"),
                    None => "ask for the node, and use the predicates of the check file such as `matches`".to_owned(),
                },
            });
        };
        let given = call.args.len();
        if !(*least..=*most).contains(&given) {
            let wanted = match (*least, *most) {
                (least, most) if least == most => describe_count(least),
                (least, usize::MAX) => format!("at least {}", describe_count(least)),
                (least, most) => format!("{least} or {}", describe_count(most)),
            };
            return Err(ExpressionError {
                expected: format!("`{name}()` with {wanted}"),
                found: describe_count(given),
                help: "write the arguments in brackets, with commas between them".to_owned(),
            });
        }
        for (at, argument) in call.args.iter().enumerate() {
            let found = if matches!(name.as_str(), "not" | "boolean") {
                self.check_condition(argument, depth)?;
                ValueKind::Boolean
            } else {
                self.check_expression(argument, depth)?
            };
            if at == 0 && OF_NODES.contains(&name.as_str()) {
                expect_nodes(found, &format!("in `{name}()`"))?;
            }
            // `translate()` looks for each character of the text in this argument,
            // so that a long one from the document would take too many steps.
            if at == 1 && name == "translate" && !is_literal(argument) {
                return Err(ExpressionError {
                    expected: "a text in quotes as the second argument of `translate()`".to_owned(),
                    found: "an expression".to_owned(),
                    help: "write the characters that are replaced".to_owned(),
                });
            }
        }
        Ok(*kind)
    }
}

fn is_literal(expression: &Expr) -> bool {
    matches!(
        expression,
        Expr::Path(PathExpr::Filter(FilterExpr {
            primary: PrimaryExpr::Literal(_),
            ..
        }))
    )
}

fn expect_nodes(kind: ValueKind, place: &str) -> Result<ValueKind, ExpressionError> {
    let found = match kind {
        ValueKind::Nodes => return Ok(kind),
        ValueKind::Text => "a text",
        ValueKind::Number => "a number",
        ValueKind::Boolean => "true or false",
    };
    Err(ExpressionError {
        expected: format!("nodes {place}"),
        found: found.to_owned(),
        help: "write a path there, such as `//li`".to_owned(),
    })
}

fn describe_count(arguments: usize) -> String {
    match arguments {
        0 => "no argument".to_owned(),
        1 => "1 argument".to_owned(),
        more => format!("{more} arguments"),
    }
}
