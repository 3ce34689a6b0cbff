//! The `variables` of a check file, and where their values come from.

use super::keys::{MARKED, ORIGINS, Table};
use super::reader::Reader;
use crate::remote::Remote;
use crate::value::ValueTemplate;
use diagnostic::Span;
use diagnostic::yaml::{Key, Node, Yaml};

/// A variable of a file, before it has a value.
#[derive(Debug)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Where the name is written.
    pub span: Span,
    /// Absent if it cannot be read, which is already reported.
    pub origin: Option<Origin>,
}

/// Where a variable's value comes from.
#[derive(Debug)]
pub enum Origin {
    /// It stands in the file, perhaps as a template that names variables
    /// above it.
    Literal(ValueTemplate),
    /// As a literal, but no output may hold it, nor the text of the file there.
    Secret(ValueTemplate, Span),
    /// An environment variable; its value is kept out of every output.
    Environment(String),
    /// It is stored outside of the file; the caller fetches it.
    Remote(RemoteValue),
}

/// A value that is stored outside of the file.
#[derive(Debug)]
pub struct RemoteValue {
    /// Where the value is stored.
    pub remote: Remote,
    /// The member of the JSON object that the value is.
    pub key: Option<String>,
    /// The name, where it is written.
    pub span: Span,
}

impl Reader<'_> {
    pub(super) fn read_variables(&mut self, node: &Node) -> Vec<Variable> {
        let Some(fields) = self.read_entries(node, "`variables`") else {
            return Vec::new();
        };
        fields
            .iter()
            .filter_map(|(key, value)| {
                let named = self.check_identifier(key, "a variable's name");
                let origin = self.read_origin(value);
                named.then(|| Variable {
                    name: key.text.clone(),
                    span: key.span,
                    origin,
                })
            })
            .collect()
    }

    fn read_origin(&mut self, node: &Node) -> Option<Origin> {
        if let Yaml::Map(entries) = &node.value
            && MARKED.accepts(entries)
            && let [Some(value), Some(marked)] =
                ["value", "secret"].map(|name| find_member(entries, name))
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
            return self
                .read_value(value)
                .map(|value| Origin::Secret(value, span));
        }
        if let Yaml::Map(entries) = &node.value
            && let Some(table) = ORIGINS.iter().find(|table| table.accepts(entries))
        {
            return self.read_outside_origin(node, table);
        }
        if let Yaml::Map(entries) = &node.value
            && is_marked_origin(entries)
        {
            let problem = self
                .at(node.span, "an origin that is marked as a secret")
                .expected("the origin alone, such as `{ env: SHOP_PASSWORD }`")
                .found("`secret` beside it")
                .help("leave `secret` out: what comes from outside of the file is one anyway");
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
        self.read_value(node).map(Origin::Literal)
    }

    /// Reads the origin of a value that does not stand in the file.
    fn read_outside_origin(&mut self, node: &Node, table: &'static Table) -> Option<Origin> {
        let fields = self.read_fields(node, table)?;
        let (key, value) = fields.iter().find(|(key, _)| key.text != "key")?;
        let name = self.read_string(value, "the name of a variable's origin")?;
        if name.contains("{{") {
            let problem = self
                .at(value.span, "a name that is computed")
                .expected("a fixed name, which is known before any variable is")
                .found(format!("`{name}`"))
                .help("write one variable for each name");
            self.report(problem);
            return None;
        }
        let remote = match key.text.as_str() {
            "env" => return self.read_environment(value, name),
            "secret" => Remote::Secret(name.to_owned()),
            _ => Remote::Parameter(name.to_owned()),
        };
        let key = match fields.value("key") {
            Some(key) => Some(self.read_string(key, "`key`")?.to_owned()),
            None => None,
        };
        Some(Origin::Remote(RemoteValue {
            remote,
            key,
            span: value.span,
        }))
    }

    fn read_environment(&mut self, node: &Node, name: &str) -> Option<Origin> {
        // Lambda passes the credentials of the function's own role in variables of
        // this name, and no request may carry them.
        if name.starts_with("AWS_") {
            let problem = self
                .at(node.span, "a variable of AWS's own")
                .expected("an environment variable that was set for the checks")
                .found(format!("`{name}`"))
                .help("name it otherwise, such as `SHOP_PASSWORD`");
            self.report(problem);
            return None;
        }
        Some(Origin::Environment(name.to_owned()))
    }
}

fn find_member<'n>(entries: &'n [(Key, Node)], name: &str) -> Option<&'n Node> {
    let entry = entries.iter().find(|(key, _)| key.text == name);
    entry.map(|(_, node)| node)
}

/// Whether a map says where a value comes from, and that it is a secret.
fn is_marked_origin(entries: &[(Key, Node)]) -> bool {
    let has = |name: &str| find_member(entries, name).is_some();
    entries.len() == 2 && has("secret") && (has("env") || has("parameter"))
}
