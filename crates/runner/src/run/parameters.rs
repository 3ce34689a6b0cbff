//! The values of fragments' parameters, each known inside its fragment only.

use std::sync::Arc;

use check_file::Use;
use check_file::template::{ReplacedValues, Scope};
use diagnostic::Diagnostic;
use report::{Class, Failure};

/// The uses of fragments that a check has entered, with the values of their
/// parameters: filled in once, when the first step of the fragment begins, so
/// that all of its steps see the same values.
#[derive(Default)]
pub(super) struct ParameterValues(Vec<(*const Use, Vec<(String, serde_json::Value)>)>);

impl ParameterValues {
    /// Gives the scope the parameters of this use; returns what the scope knew
    /// by their names before, to be put back after the step.
    pub(super) fn enter(
        &mut self,
        used: Option<&Arc<Use>>,
        scope: &mut Scope,
    ) -> Result<ReplacedValues, Failure> {
        let Some(used) = used else {
            return Ok(ReplacedValues::default());
        };
        let at = self
            .0
            .iter()
            .position(|(known, _)| *known == Arc::as_ptr(used));
        let at = if let Some(at) = at {
            at
        } else {
            // A use inside another fragment may name that fragment's parameters.
            let outside = self.enter(used.within.as_ref(), scope)?;
            let values = fill_in_values(used, scope);
            scope.restore(outside);
            self.0.push((Arc::as_ptr(used), values?));
            self.0.len() - 1
        };
        Ok(scope.replace(&self.0[at].1))
    }
}

/// The parameters of a use with their values.
fn fill_in_values(used: &Use, scope: &Scope) -> Result<Vec<(String, serde_json::Value)>, Failure> {
    let values = used.with.iter().map(|binding| {
        let value = binding.value.evaluate(scope).map_err(|reason| Failure {
            class: Class::CouldNotAsk,
            diagnostic: Diagnostic::at(
                &binding.place.source,
                binding.place.span,
                format!("the parameter `{}` cannot be made", binding.name),
            )
            .expected("values that fit into it")
            .found(reason)
            .help("correct the template, or the values that it is made of"),
        })?;
        Ok((binding.name.clone(), value))
    });
    values.collect()
}
