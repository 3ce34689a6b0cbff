//! Text with `{{ expressions }}` in it, and the values that fill them.
//!
//! The only module that knows the template engine. Undefined names are errors,
//! nothing is escaped, and the work of one template is bounded.

mod bounds;
mod error;
mod filters;
mod functions;
mod scope;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use minijinja::{Environment, ErrorKind, UndefinedBehavior};
use serde_json::Value;

use bounds::StackDemand;
pub use error::TemplateError;
pub(crate) use filters::FILTERS;
#[cfg(test)]
pub(crate) use functions::Callable;
pub(crate) use functions::FUNCTIONS;
use query::value::{MOST_LEVELS, levels};
use query::work::budget::{self, OF_TEMPLATE};
use query::work::threads::run_with_room;
pub use scope::{ReplacedValues, Scope};

/// What a transform calls the value that it makes something of.
pub const VALUE: &str = "value";

/// The most steps that one template may take.
const FUEL: u64 = 100_000;

static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    engine.set_fuel(Some(FUEL));
    // The engine writes `True` and `none` as Python does; a request needs JSON's
    // `true` and `null`.
    engine.set_formatter(|out, state, value| match serde_json::to_value(value) {
        Ok(Value::Bool(value)) => write!(out, "{value}").map_err(minijinja::Error::from),
        Ok(Value::Null) if value.is_none() => write!(out, "null").map_err(minijinja::Error::from),
        _ => minijinja::escape_formatter(out, state, value),
    });
    for callable in FUNCTIONS.iter().chain(FILTERS) {
        (callable.add)(&mut engine, callable.name);
    }
    engine
});

/// The same engine for the trial run of a template, in which names have no values
/// yet: what is missing is no error.
static TRIAL: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut engine = ENGINE.clone();
    engine.set_undefined_behavior(UndefinedBehavior::Chainable);
    engine
});

impl From<minijinja::Error> for TemplateError {
    fn from(error: minijinja::Error) -> Self {
        let kind = error.kind().to_string();
        let reason = match error.detail() {
            Some(detail) => format!("{kind}: {detail}"),
            None => kind,
        };
        Self::Engine { reason }
    }
}

/// A template that is known to be well-formed.
#[derive(Debug, Clone)]
pub struct Template {
    text: String,
    form: TemplateForm,
    names: BTreeSet<String>,
    demand: StackDemand,
}

#[derive(Debug, Clone)]
enum TemplateForm {
    /// No expression at all.
    Fixed,
    /// Exactly one expression and nothing around it: it keeps its type.
    Expression(Arc<minijinja::Expression<'static, 'static>>),
    /// Text with expressions in it.
    Text,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// The text is no template, is too large, or names a filter, a test or a
    /// function that does not exist.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let demand = bounds::estimate_stack(text)?;
        run_bounded(demand, || Self::parse_here(text, demand))
    }

    fn parse_here(text: &str, demand: StackDemand) -> Result<Self, TemplateError> {
        let form = if !["{{", "{%", "{#"].iter().any(|open| text.contains(open)) {
            TemplateForm::Fixed
        } else if let Some(inner) = single_expression(text) {
            let expression = ENGINE.compile_expression_owned(inner.to_owned())?;
            TemplateForm::Expression(Arc::new(expression))
        } else {
            TemplateForm::Text
        };
        let names = match &form {
            TemplateForm::Fixed => BTreeSet::new(),
            TemplateForm::Expression(expression) => {
                expression.undeclared_variables(false).into_iter().collect()
            }
            TemplateForm::Text => ENGINE
                .template_from_str(text)?
                .undeclared_variables(false)
                .into_iter()
                .collect(),
        };
        // The engine looks filters, tests and functions up when it meets them, so
        // a trial run with lenient values finds those that do not exist.
        if !matches!(form, TemplateForm::Fixed)
            && let Err(error) = TRIAL.render_str(text, ())
            && matches!(
                error.kind(),
                ErrorKind::UnknownFilter
                    | ErrorKind::UnknownTest
                    | ErrorKind::UnknownFunction
                    | ErrorKind::SyntaxError
            )
        {
            return Err(error.into());
        }
        let names = names
            .into_iter()
            .filter(|name: &String| !is_builtin(name))
            .collect();
        Ok(Self {
            text: text.to_owned(),
            form,
            names,
            demand,
        })
    }

    /// The template as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it has no expression in it.
    pub fn is_fixed(&self) -> bool {
        matches!(self.form, TemplateForm::Fixed)
    }

    /// The names that need a value before the template can be filled in.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The names it needs, with the members that it asks of them, such as
    /// `deployment.tag`; functions are among them.
    ///
    /// # Errors
    /// The engine refuses the template as a text, such as a single expression
    /// that is none in a text.
    pub fn paths(&self) -> Result<BTreeSet<String>, TemplateError> {
        let template = ENGINE.template_from_str(&self.text)?;
        Ok(template.undeclared_variables(true).into_iter().collect())
    }

    /// The template filled in, as text.
    ///
    /// # Errors
    /// A name has no value, or a filter cannot make anything of its value.
    pub fn render(&self, scope: &Scope) -> Result<String, TemplateError> {
        self.spend();
        match &self.form {
            TemplateForm::Fixed => Ok(self.text.clone()),
            TemplateForm::Expression(_) | TemplateForm::Text => {
                // The engine drops one line break at the end of a text, so that it
                // gets one more.
                let spare = if self.text.ends_with('\n') { "\n" } else { "" };
                let text = format!("{}{spare}", self.text);
                run_bounded(self.demand, || Ok(ENGINE.render_str(&text, &scope.values)?))
            }
        }
    }

    /// The template filled in; a single expression keeps the type of its value.
    ///
    /// # Errors
    /// As [`Self::render`], or the value is nested too deep.
    pub fn evaluate(&self, scope: &Scope) -> Result<Value, TemplateError> {
        match &self.form {
            TemplateForm::Expression(expression) => {
                self.spend();
                run_bounded(self.demand, || self.evaluate_expression(expression, scope))
            }
            TemplateForm::Fixed | TemplateForm::Text => self.render(scope).map(Value::String),
        }
    }

    fn evaluate_expression(
        &self,
        expression: &minijinja::Expression<'_, '_>,
        scope: &Scope,
    ) -> Result<Value, TemplateError> {
        let value = expression.eval(&scope.values)?;
        if value.is_undefined() {
            return Err(TemplateError::NoValue {
                template: self.text.clone(),
            });
        }
        let value = serde_json::to_value(&value).map_err(|error| TemplateError::Engine {
            reason: error.to_string(),
        })?;
        check_depth(value)
    }

    /// Spends about as many steps as filling the template in takes.
    fn spend(&self) {
        budget::spend(match (&self.form, self.demand) {
            (TemplateForm::Fixed, _) => 1,
            (_, StackDemand::Usual) => 50,
            (_, StackDemand::Large) => FUEL / 10,
        });
    }
}

/// Refuses a value that is nested deeper than an answer can be: each step may put
/// the capture of the one before into another list.
pub(crate) fn check_depth(value: Value) -> Result<Value, TemplateError> {
    if levels(&value) <= MOST_LEVELS {
        return Ok(value);
    }
    Err(TemplateError::TooDeep)
}

/// Does the work on a stack that is large enough for a template, within the
/// caller's budget, or within a template's own where the caller has none.
fn run_bounded<T: Send>(
    demand: StackDemand,
    work: impl FnOnce() -> Result<T, TemplateError> + Send,
) -> Result<T, TemplateError> {
    if budget::remaining().is_none() {
        let result = budget::run_within(OF_TEMPLATE, || run_bounded(demand, work));
        return result.unwrap_or({
            Err(TemplateError::TooMuchWork {
                most: OF_TEMPLATE.steps,
            })
        });
    }
    match demand {
        StackDemand::Usual => work(),
        StackDemand::Large => run_with_room(work).unwrap_or_else(|error| {
            Err(TemplateError::NoThread {
                reason: error.to_string(),
            })
        }),
    }
}

impl Template {
    /// Whether the value of the template counts as true: not `null`, `false`, 0,
    /// nor empty, and not the text `false` either, because `--var` and the
    /// environment give text only.
    ///
    /// # Errors
    /// As [`Self::evaluate`].
    pub fn is_true(&self, scope: &Scope) -> Result<bool, TemplateError> {
        let value = self.evaluate(scope)?;
        Ok(match value {
            Value::Null => false,
            Value::Bool(value) => value,
            Value::Number(number) => number.as_f64() != Some(0.0),
            Value::String(text) => !matches!(text.trim(), "" | "false" | "False"),
            Value::Array(items) => !items.is_empty(),
            Value::Object(members) => !members.is_empty(),
        })
    }
}

/// The expression inside, if the text is `{{ … }}` and nothing else.
fn single_expression(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("{{")?.strip_suffix("}}")?;
    let other = ["{{", "}}", "{%", "{#"];
    let control = inner.starts_with('-') || inner.ends_with('-');
    (!control && !other.iter().any(|mark| inner.contains(mark))).then_some(inner)
}

fn is_builtin(name: &str) -> bool {
    ENGINE.globals().any(|(known, _)| known == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn scope() -> Scope {
        let mut scope = Scope::default();
        scope.set("n", &json!(3));
        scope.set("who", &json!("<Ada>"));
        scope.set("user", &json!({"id": 7}));
        scope
    }

    #[test]
    fn a_single_expression_keeps_its_type_and_text_does_not() {
        let check = |text: &str, value: Value| {
            let template = Template::parse(text).unwrap();
            assert_eq!(template.evaluate(&scope()), Ok(value), "{text}");
        };
        check("{{ n }}", json!(3));
        check("{{ n + 1 }}", json!(4));
        check("n={{ n }}", json!("n=3"));
        check("n={{ n > 2 }}", json!("n=true"));
        check("{{ n }},\n", json!("3,\n"));
        check("{{ n }}{{ n }}", json!("33"));
        check("{{ user.id }}", json!(7));
        check("{{ who }}", json!("<Ada>"));
        check("plain", json!("plain"));
    }

    #[test]
    fn what_has_no_value_is_an_error_and_not_an_empty_text() {
        let template = Template::parse("/{{ user.nme }}").unwrap();
        assert!(template.render(&scope()).is_err());
        let template = Template::parse("{{ user.nme }}").unwrap();
        assert!(template.evaluate(&scope()).is_err());
    }

    #[test]
    fn the_example_of_each_function_and_filter_is_one() {
        for callable in FUNCTIONS.iter().chain(FILTERS) {
            let template = Template::parse(&format!("{{{{ {} }}}}", callable.example));
            assert!(template.is_ok(), "{}: {template:?}", callable.name);
        }
    }

    #[test]
    fn a_template_knows_the_names_it_needs() {
        let template = Template::parse("{{ a }}-{{ b.c | upper }}-{{ range(3) }}").unwrap();
        assert_eq!(template.names().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn endless_work_is_cut_short() {
        let text = "{% for a in range(9000) %}{% for b in range(9000) %}x{% endfor %}{% endfor %}";
        assert!(Template::parse(text).unwrap().render(&scope()).is_err());
    }
}
