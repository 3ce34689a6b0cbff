//! Postman collections, format v2.1 (and v2.0, which differs in small things).
//!
//! Postman runs a collection from top to bottom, with one set of variables and
//! cookies. Checks run side by side and know nothing of each other. So
//! requests that may depend on each other become the steps of one check (see
//! [`group`]), and all others checks of their own.

mod auth;
mod body;
mod group;
mod request;
mod script;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::json_place::{self, Way};
use super::losses::Losses;
use super::variables::{Environment, Given, Variables};
use super::{Imported, Kind, base, heading, stem};
use crate::diagnostic::{Diagnostic, Problems, Source, Span};
use crate::draft::Draft;

/// The deepest nesting of folders.
const MOST_DEPTH: usize = 20;
/// The most requests of a collection.
const MOST_REQUESTS: usize = 5_000;

/// Tells a collection from an environment.
pub(super) fn kind(source: &Arc<Source>) -> Result<Kind, Problems> {
    let root = read(source)?;
    if root.get("_postman_variable_scope").is_some()
        || root.get("values").is_some_and(Value::is_array) && root.get("item").is_none()
    {
        return Ok(Kind::PostmanEnvironment);
    }
    if root.get("item").is_some_and(Value::is_array) {
        return Ok(Kind::Postman);
    }
    let old = root.get("requests").is_some_and(Value::is_array);
    Err(wrong(
        source,
        if old {
            "a Postman collection of format v1"
        } else {
            "JSON without `item`"
        },
        "export the collection as Collection v2.1; a Hurl file's name ends in `.hurl`",
    ))
}

fn read(source: &Arc<Source>) -> Result<Value, Problems> {
    serde_json::from_str(source.text()).map_err(|error| {
        wrong(
            source,
            &format!("text that is not JSON: {error}"),
            "export the collection as Collection v2.1; a Hurl file's name ends in `.hurl`",
        )
    })
}

fn wrong(source: &Arc<Source>, found: &str, help: &str) -> Problems {
    Diagnostic::general(format!("`{}` cannot be imported", source.path().display()))
        .expected("a Postman collection of format v2.1, a Postman environment or a Hurl file")
        .found(found)
        .help(help)
        .into()
}

impl Environment {
    /// The values of a Postman environment that are switched on.
    ///
    /// # Errors
    /// A text that is not JSON.
    pub fn read(source: &Arc<Source>) -> Result<Self, Problems> {
        let root = read(source)?;
        Ok(Self {
            values: given(root.get("values")),
        })
    }
}

/// A list of `{ key, value }` as variables.
fn given(list: Option<&Value>) -> Vec<Given> {
    let list = list.and_then(Value::as_array);
    let on = list.into_iter().flatten().filter(|entry| is_on(entry));
    on.filter_map(|entry| {
        let name = text(entry, "key").or_else(|| text(entry, "id"))?;
        Some(Given {
            name: name.to_owned(),
            value: match entry.get("value") {
                None | Some(Value::Null) => json!(""),
                // Postman's own values are texts.
                Some(Value::Array(_) | Value::Object(_)) => json!(entry["value"].to_string()),
                Some(value) => value.clone(),
            },
            secret: text(entry, "type") == Some("secret"),
        })
    })
    .collect()
}

fn is_on(entry: &Value) -> bool {
    entry.get("disabled") != Some(&json!(true)) && entry.get("enabled") != Some(&json!(false))
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

/// A request with what it inherits from its folders.
struct Found<'v> {
    way: Way,
    name: String,
    folders: Vec<String>,
    request: &'v Value,
    /// Its own, or that of the nearest folder, with the way to it.
    auth: Option<(Way, &'v Value)>,
    /// From the outermost folder to the request itself.
    scripts: Vec<(Way, &'v Value)>,
    behaviour: Option<&'v Value>,
}

/// What the parts of the import share.
struct Importer<'s> {
    source: &'s Arc<Source>,
    losses: Losses,
    variables: Variables,
}

impl Importer<'_> {
    fn span(&self, way: &[String]) -> Span {
        json_place::span(self.source.text(), way)
    }

    /// `found` is what is repeated of it: never a value that may be a secret.
    fn lost(&mut self, way: &[String], what: &str, found: &str, help: &str) -> String {
        let span = self.span(way);
        let first = Span::new(span.start, span.start);
        self.losses.add_text(first, what, found, help)
    }
}

pub(super) fn import(
    source: &Arc<Source>,
    environments: &[Environment],
) -> Result<Imported, Problems> {
    let root = read(source)?;
    let mut found = Vec::new();
    let top = Found {
        way: Vec::new(),
        name: String::new(),
        folders: Vec::new(),
        request: &Value::Null,
        auth: root.get("auth").map(|auth| (vec!["auth".to_owned()], auth)),
        scripts: vec![(vec!["event".to_owned()], &root["event"])],
        behaviour: root.get("protocolProfileBehavior"),
    };
    collect(&root, &top, 0, &mut found);
    if found.is_empty() {
        return Err(wrong(
            source,
            "no request",
            "export a collection with requests",
        ));
    }
    let mut importer = Importer {
        source,
        losses: Losses::new(source),
        variables: Variables::default(),
    };
    for given in given(root.get("variable")) {
        importer.variables.give(given);
    }
    for given in environments
        .iter()
        .flat_map(|environment| &environment.values)
    {
        importer.variables.give(given.clone());
    }
    let base = base::most_common(
        found
            .iter()
            .map(|one| request::base(one))
            .collect::<Vec<_>>()
            .iter()
            .map(String::as_str),
    );
    let base = base.unwrap_or_default();
    let asked: Vec<_> = found
        .iter()
        .map(|one| importer.request(one, &base))
        .collect();
    let checks = group::checks(asked);
    let target = importer.target(&base);
    let name = text(&root["info"], "name").filter(|name| !name.trim().is_empty());
    let name = name.map_or_else(|| stem(source.path()), str::to_owned);
    let mut notes = heading(source, target.as_deref());
    if let Some(about) = text(&root["info"], "description") {
        notes.push(String::new());
        notes.extend(about.lines().take(20).map(str::to_owned));
    }
    let (variables, unknown) = importer.variables.into_entries();
    for name in unknown {
        let help = "give it a value in the check file, by --var, or import its environment as well";
        importer
            .losses
            .add_text(Span::new(0, 0), "the value of a variable", &name, help);
    }
    let draft = Draft {
        notes,
        name,
        variables,
        // As Postman does.
        defaults: Map::from_iter([("follow_redirects".to_owned(), json!(true))]),
        checks,
        remarks: Vec::new(),
    };
    Ok(Imported {
        text: draft.text(),
        losses: importer.losses.into_diagnostics(),
        target,
    })
}

/// All requests below a folder, in the order in which Postman runs them.
fn collect<'v>(folder: &'v Value, inherited: &Found<'v>, depth: usize, found: &mut Vec<Found<'v>>) {
    let items = folder.get("item").and_then(Value::as_array);
    for (number, item) in items.into_iter().flatten().enumerate() {
        if depth > MOST_DEPTH || found.len() >= MOST_REQUESTS {
            return;
        }
        let way = |more: &[&str]| {
            let own = ["item".to_owned(), number.to_string()];
            let more = more.iter().map(|&step| step.to_owned());
            inherited
                .way
                .iter()
                .cloned()
                .chain(own)
                .chain(more)
                .collect::<Way>()
        };
        let name = text(item, "name").unwrap_or_default().trim().to_owned();
        let request = item.get("request");
        let of_request = request.and_then(|request| request.get("auth"));
        let own = of_request
            .map(|auth| (way(&["request", "auth"]), auth))
            .or_else(|| item.get("auth").map(|auth| (way(&["auth"]), auth)))
            .filter(|(_, auth)| !auth.is_null());
        let mut scripts = inherited.scripts.clone();
        scripts.push((way(&["event"]), &item["event"]));
        let mut one = Found {
            way: way(&[]),
            name: name.clone(),
            folders: inherited.folders.clone(),
            request: request.unwrap_or(&Value::Null),
            auth: own.or_else(|| inherited.auth.clone()),
            scripts,
            behaviour: item.get("protocolProfileBehavior").or(inherited.behaviour),
        };
        if item.get("item").is_some() {
            one.folders.push(name);
            collect(item, &one, depth + 1, found);
        } else if request.is_some() {
            found.push(one);
        }
    }
}

impl Importer<'_> {
    /// The URL that a base stands for.
    fn target(&mut self, base: &str) -> Option<String> {
        let name = base
            .strip_prefix("{{")
            .and_then(|rest| rest.strip_suffix("}}"));
        let url = match name {
            Some(name) => self.variables.value(name.trim())?.as_str()?.to_owned(),
            None => base.to_owned(),
        };
        let url = url.trim_end_matches('/').to_owned();
        url::Url::parse(&url)
            .ok()
            .filter(url::Url::has_host)
            .map(|_| url)
    }
}
