//! Postman collections, format v2.1 (and v2.0, which differs in small things).
//!
//! Postman runs a collection from top to bottom, with one set of variables and
//! cookies. Checks run side by side and know nothing of each other. So
//! requests that may depend on each other become the steps of one check (see
//! [`group`]), and all others checks of their own.

mod auth;
mod body;
mod collection;
mod group;
mod pointer;
mod request;
mod script;
mod settings;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::variables::{GivenVariable, PostmanEnvironment, Variables};
use super::{Bodies, FileKind, Imported, file_stem, importer};
use crate::draft::StepDraft;
use collection::{is_enabled, text_at};
use diagnostic::{Diagnostic, Problems, Source, Span};

type Importer = importer::Importer<()>;

/// Tells a collection from an environment.
pub(super) fn detect_kind(source: &Arc<Source>) -> Result<FileKind, Problems> {
    let root = parse(source)?;
    let is_list = |key: &str| root.get(key).is_some_and(Value::is_array);
    if root.get("_postman_variable_scope").is_some()
        || is_list("values") && root.get("item").is_none()
    {
        return Ok(FileKind::PostmanEnvironment);
    }
    if is_list("item") {
        return Ok(FileKind::Postman);
    }
    let found = if is_list("requests") {
        "a Postman collection of format v1"
    } else {
        "JSON without `item`"
    };
    let help = "export the collection as Collection v2.1; a Hurl file's name ends in `.hurl`";
    Err(refuse(source, found, help))
}

fn parse(source: &Arc<Source>) -> Result<Value, Problems> {
    serde_json::from_str(source.text()).map_err(|error| {
        let help = "export the collection as Collection v2.1; a Hurl file's name ends in `.hurl`";
        refuse(source, &format!("text that is not JSON: {error}"), help)
    })
}

fn refuse(source: &Arc<Source>, found: &str, help: &str) -> Problems {
    Diagnostic::general(format!("`{}` cannot be imported", source.path().display()))
        .expected("a Postman collection of format v2.1, a Postman environment or a Hurl file")
        .found(found)
        .help(help)
        .into()
}

impl PostmanEnvironment {
    /// The values of a Postman environment that are switched on.
    ///
    /// # Errors
    /// A text that is not JSON.
    pub fn read(source: &Arc<Source>) -> Result<Self, Problems> {
        let root = parse(source)?;
        Ok(Self {
            values: read_variables(root.get("values")),
        })
    }
}

/// A list of `{ key, value }` as variables.
fn read_variables(list: Option<&Value>) -> Vec<GivenVariable> {
    let list = list.and_then(Value::as_array);
    let on = list.into_iter().flatten().filter(|entry| is_enabled(entry));
    on.filter_map(|entry| {
        let name = text_at(entry, "key").or_else(|| text_at(entry, "id"))?;
        Some(GivenVariable {
            name: name.to_owned(),
            value: match entry.get("value") {
                None | Some(Value::Null) => json!(""),
                // Postman's own values are texts.
                Some(Value::Array(_) | Value::Object(_)) => json!(entry["value"].to_string()),
                Some(value) => value.clone(),
            },
            secret: text_at(entry, "type") == Some("secret"),
        })
    })
    .collect()
}

impl Importer {
    fn span(&self, pointer: &str) -> Span {
        pointer::find_span(self.source.text(), pointer)
    }

    /// `found` is what is repeated of it: never a value that may be a secret.
    fn lose_pointer(
        &mut self,
        step: &mut StepDraft,
        pointer: &str,
        (what, found): (&str, &str),
        help: &str,
    ) {
        let start = self.span(pointer).start;
        self.lose(step, Span::new(start, start), (what, found), help);
    }

    /// The URL that the base of all requests stands for.
    fn target(&self) -> Option<String> {
        let url = if self.base.starts_with("{{") {
            self.variables.value_of_template(&self.base)?
        } else {
            self.base.clone()
        };
        let url = url.trim_end_matches('/').to_owned();
        let parsed = url::Url::parse(&url).ok();
        parsed.filter(url::Url::has_host).map(|_| url)
    }
}

pub(super) fn import(
    source: &Arc<Source>,
    environments: &[PostmanEnvironment],
    bodies: Bodies,
) -> Result<Imported, Problems> {
    let root = parse(source)?;
    let (found, left_out) = collection::collect_requests(&root);
    if found.is_empty() {
        let help = "export a collection with requests";
        return Err(refuse(source, "no request", help));
    }
    let bases: Vec<String> = found.iter().map(request::url_base).collect();
    let variables = Variables::for_postman();
    let mut importer = Importer::new(source, bodies, &bases, variables, ());
    for (pointer, what, name, help) in left_out {
        importer.lose_pointer(&mut StepDraft::default(), &pointer, (what, &name), help);
    }
    let own = read_variables(root.get("variable"));
    let values = environments.iter().flat_map(|one| &one.values);
    for GivenVariable {
        name,
        value,
        secret,
    } in own.iter().chain(values).cloned()
    {
        importer.variables.declare(name, value, secret);
    }
    let mut steps: Vec<_> = found
        .iter()
        .map(|one| importer.import_request(one))
        .collect();
    group::drop_unused(&mut steps);
    let (checks, too_many) = group::group_into_checks(steps);
    if too_many > 0 {
        let found = format!("{too_many} of them");
        let what = "requests that hang together";
        let help = "a check has 1,000 steps at the most: split the folder";
        importer
            .losses
            .add_text(Span::new(0, 0), what, &found, help);
    }
    let target = importer.target();
    let name = text_at(&root["info"], "name").filter(|name| !name.trim().is_empty());
    let name = name.map_or_else(|| file_stem(source.path()), str::to_owned);
    // As Postman does.
    let defaults = Map::from_iter([("follow_redirects".to_owned(), json!(true))]);
    Ok(
        importer.finish(name, target, defaults, checks, |unknown, losses| {
            for name in unknown {
                let what = "the value of a variable";
                let help =
                    "give it a value in the check file, by --var, or import its environment as well";
                losses.add_text(Span::new(0, 0), what, name, help);
            }
            let about = text_at(&root["info"], "description").map(|about| format!("\n{about}"));
            let about = about.unwrap_or_default();
            about.lines().take(21).map(str::to_owned).collect()
        }),
    )
}
