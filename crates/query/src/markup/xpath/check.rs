//! What can be said of an expression before there is a document: the type of
//! its value, and whether it calls what is not there.

use xpath_eval::{
    Axis, Expr, FilterExpr, FunctionCall, LocationPath, NodeTest, PathExpr, PrimaryExpr,
};

use super::super::Wrong;
use super::Kind;
use diagnostic::suggest;

/// The deepest that an expression may be: the evaluator goes down with it.
const MOST_DEPTH: usize = 128;

/// The functions of XPath 1.0, section 4: how many arguments each takes, and
/// what it gives.
const FUNCTIONS: [(&str, usize, usize, Kind); 27] = [
    ("boolean", 1, 1, Kind::Boolean),
    ("ceiling", 1, 1, Kind::Number),
    ("concat", 2, usize::MAX, Kind::Text),
    ("contains", 2, 2, Kind::Boolean),
    ("count", 1, 1, Kind::Number),
    ("false", 0, 0, Kind::Boolean),
    ("floor", 1, 1, Kind::Number),
    ("id", 1, 1, Kind::Nodes),
    ("lang", 1, 1, Kind::Boolean),
    ("last", 0, 0, Kind::Number),
    ("local-name", 0, 1, Kind::Text),
    ("name", 0, 1, Kind::Text),
    ("namespace-uri", 0, 1, Kind::Text),
    ("normalize-space", 0, 1, Kind::Text),
    ("not", 1, 1, Kind::Boolean),
    ("number", 0, 1, Kind::Number),
    ("position", 0, 0, Kind::Number),
    ("round", 1, 1, Kind::Number),
    ("starts-with", 2, 2, Kind::Boolean),
    ("string", 0, 1, Kind::Text),
    ("string-length", 0, 1, Kind::Number),
    ("substring", 2, 3, Kind::Text),
    ("substring-after", 2, 2, Kind::Text),
    ("substring-before", 2, 2, Kind::Text),
    ("sum", 1, 1, Kind::Number),
    ("translate", 3, 3, Kind::Text),
    ("true", 0, 0, Kind::Boolean),
];

/// Functions whose first argument has to be nodes.
const OF_NODES: [&str; 5] = ["count", "local-name", "name", "namespace-uri", "sum"];

/// What is known of an expression.
#[derive(Debug, Clone)]
pub(super) struct Sense {
    pub(super) kind: Kind,
    pub(super) prefixes: Vec<String>,
    /// It compares nodes with nodes, each with each.
    pub(super) pairs: bool,
    /// It has a condition that is the number zero.
    pub(super) never: bool,
}

impl Sense {
    /// What is known of an expression, or what makes no sense in it.
    pub(super) fn of(expression: &Expr) -> Result<Self, Wrong> {
        let mut sense = Self {
            kind: Kind::Boolean,
            prefixes: Vec::new(),
            pairs: false,
            never: false,
        };
        sense.kind = sense.expression(expression, MOST_DEPTH)?;
        Ok(sense)
    }

    fn expression(&mut self, expression: &Expr, depth: usize) -> Result<Kind, Wrong> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(Wrong {
                expected: format!("at most {MOST_DEPTH} operators and brackets in one another"),
                found: "more of them".to_owned(),
                help: "divide it into several expectations".to_owned(),
            });
        };
        Ok(match expression {
            Expr::Or(left, right) | Expr::And(left, right) => {
                self.condition(left, depth)?;
                self.condition(right, depth)?;
                Kind::Boolean
            }
            Expr::Equality(left, _, right) | Expr::Relational(left, _, right) => {
                let left = self.expression(left, depth)?;
                let right = self.expression(right, depth)?;
                self.pairs |= left == Kind::Nodes && right == Kind::Nodes;
                Kind::Boolean
            }
            Expr::Additive(left, _, right) | Expr::Multiplicative(left, _, right) => {
                self.expression(left, depth)?;
                self.expression(right, depth)?;
                Kind::Number
            }
            Expr::Negate(of) => {
                self.expression(of, depth)?;
                Kind::Number
            }
            Expr::Union(left, right) => {
                let left = self.expression(left, depth)?;
                let right = self.expression(right, depth)?;
                nodes(left, "on the left of `|`")?;
                nodes(right, "on the right of `|`")?
            }
            Expr::Path(PathExpr::Location(path)) => self.path(path, depth)?,
            Expr::Path(PathExpr::Filter(filter)) => self.filter(filter, depth)?,
            Expr::Path(PathExpr::FilterLocation(filter, path)) => {
                let kind = self.filter(filter, depth)?;
                nodes(kind, "on the left of `/`")?;
                self.path(path, depth)?
            }
        })
    }

    /// An expression of which only counts whether it is true.
    fn condition(&mut self, expression: &Expr, depth: usize) -> Result<(), Wrong> {
        if let Expr::Path(PathExpr::Filter(filter)) = expression
            && let PrimaryExpr::Number(number) = filter.primary
        {
            self.never |= number == 0.0;
        }
        self.expression(expression, depth).map(drop)
    }

    fn path(&mut self, path: &LocationPath, depth: usize) -> Result<Kind, Wrong> {
        for step in &path.steps {
            if step.axis == Axis::Namespace {
                return Err(Wrong {
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
                self.condition(predicate, depth)?;
            }
        }
        Ok(Kind::Nodes)
    }

    fn filter(&mut self, filter: &FilterExpr, depth: usize) -> Result<Kind, Wrong> {
        let kind = match &filter.primary {
            PrimaryExpr::Literal(_) => Kind::Text,
            PrimaryExpr::Number(_) => Kind::Number,
            PrimaryExpr::Parenthesized(inner) => self.expression(inner, depth)?,
            PrimaryExpr::Function(call) => self.call(call, depth)?,
            PrimaryExpr::Variable(name) => {
                return Err(Wrong {
                    expected: "an expression without variables".to_owned(),
                    found: format!("`${}`", name.local),
                    help: "write the value in its place".to_owned(),
                });
            }
        };
        if !filter.predicates.is_empty() {
            nodes(kind, "on the left of `[`")?;
        }
        for predicate in &filter.predicates {
            self.condition(predicate, depth)?;
        }
        Ok(kind)
    }

    fn call(&mut self, call: &FunctionCall, depth: usize) -> Result<Kind, Wrong> {
        let name = match &call.name.prefix {
            Some(prefix) => format!("{prefix}:{}", call.name.local),
            None => call.name.local.clone(),
        };
        let Some((_, least, most, kind)) = FUNCTIONS.iter().find(|(known, ..)| *known == name)
        else {
            let known = FUNCTIONS.iter().map(|(known, ..)| *known);
            return Err(Wrong {
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
                (least, most) if least == most => count(least),
                (least, usize::MAX) => format!("at least {}", count(least)),
                (least, most) => format!("{least} or {}", count(most)),
            };
            return Err(Wrong {
                expected: format!("`{name}()` with {wanted}"),
                found: count(given),
                help: "write the arguments in brackets, with commas between them".to_owned(),
            });
        }
        for (at, argument) in call.args.iter().enumerate() {
            let found = if matches!(name.as_str(), "not" | "boolean") {
                self.condition(argument, depth)?;
                Kind::Boolean
            } else {
                self.expression(argument, depth)?
            };
            if at == 0 && OF_NODES.contains(&name.as_str()) {
                nodes(found, &format!("in `{name}()`"))?;
            }
            // Each character of the text is looked for in it.
            if at == 1 && name == "translate" && !is_literal(argument) {
                return Err(Wrong {
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

fn nodes(kind: Kind, place: &str) -> Result<Kind, Wrong> {
    let found = match kind {
        Kind::Nodes => return Ok(kind),
        Kind::Text => "a text",
        Kind::Number => "a number",
        Kind::Boolean => "true or false",
    };
    Err(Wrong {
        expected: format!("nodes {place}"),
        found: found.to_owned(),
        help: "write a path there, such as `//li`".to_owned(),
    })
}

fn count(arguments: usize) -> String {
    match arguments {
        0 => "no argument".to_owned(),
        1 => "1 argument".to_owned(),
        more => format!("{more} arguments"),
    }
}
