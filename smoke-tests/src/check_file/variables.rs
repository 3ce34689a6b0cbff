//! The `variables` of a check file.

use super::read::Reader;
use super::{Origin, Variable};
use crate::yaml::{Node, Yaml};

/// The keys that say where a variable's value comes from.
const ORIGINS: [&str; 3] = ["env", "secret", "parameter"];

impl Reader<'_> {
    pub(super) fn variables(&mut self, node: &Node) -> Vec<Variable> {
        let Some(fields) = self.entries(node, "`variables`") else {
            return Vec::new();
        };
        fields
            .iter()
            .filter_map(|(key, value)| {
                let named = self.identifier(key, "a variable's name");
                let origin = self.origin(value);
                named.then(|| Variable {
                    name: key.text.clone(),
                    span: key.span,
                    origin,
                })
            })
            .collect()
    }

    fn origin(&mut self, node: &Node) -> Option<Origin> {
        if let Yaml::Map(entries) = &node.value
            && let Some((_, value)) = entries.iter().find(|(key, _)| key.text == "value")
            && let Some((_, marked)) = entries.iter().find(|(key, _)| key.text == "secret")
            && entries.len() == 2
        {
            if !matches!(marked.value, Yaml::Bool(true)) {
                let problem = self
                    .at(marked.span, "a mark that is not `true`")
                    .expected("`secret: true`")
                    .found(marked.describe())
                    .help("write the value alone if it is no secret");
                self.report(problem);
            }
            let span = value.span;
            return self.value(value).map(|value| Origin::Secret(value, span));
        }
        if let Yaml::Map(entries) = &node.value
            && let [(key, value)] = entries.as_slice()
            && ORIGINS.contains(&key.text.as_str())
        {
            let name = self.string(value, "the name of a variable's origin")?;
            // The function's own role is no business of a request.
            if key.text == "env" && name.starts_with("AWS_") {
                let problem = self
                    .at(value.span, "a variable of AWS's own")
                    .expected("an environment variable that was set for the checks")
                    .found(format!("`{name}`"))
                    .help("name it otherwise, such as `SHOP_PASSWORD`");
                self.report(problem);
                return None;
            }
            if key.text == "env" {
                return Some(Origin::Environment(name.to_owned()));
            }
            let problem = self
                .at(
                    key.span,
                    format!("the origin `{}` is not available", key.text),
                )
                .expected("a literal value or `env`")
                .found(format!("`{}`", key.text))
                .help("hand the value in as an environment variable: `{ env: NAME }`");
            self.report(problem);
            return None;
        }
        if matches!(node.value, Yaml::Null) {
            let problem = self
                .at(node.span, "a variable without a value")
                .expected("a value")
                .found("nothing")
                .help("write `\"\"` for empty text; leave the variable out if `--var` sets it");
            self.report(problem);
            return None;
        }
        self.value(node).map(Origin::Literal)
    }
}
