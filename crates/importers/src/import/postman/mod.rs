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
mod settings;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::files::Files;
use super::json_place::{self, Way};
use super::losses::Losses;
use super::variables::{Environment, Given, Variables};
use super::{Bodies, Imported, Kind, WITHOUT_BLANKS, base, heading, stem};
use crate::draft::{Draft, Step};
use diagnostic::{Diagnostic, Problems, Source, Span};

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
    /// From the collection to the request itself.
    behaviour: Vec<(Way, &'v Value)>,
}

/// What is not looked at: the way to it, what it is, its name, and what to do.
type LeftOut = (Way, &'static str, String, &'static str);

/// What the parts of the import share.
struct Importer<'s> {
    source: &'s Arc<Source>,
    losses: Losses,
    variables: Variables,
    files: Files,
    bodies: Bodies,
    /// Whether a body of JSON is sent in another form than the original's.
    reformed: bool,
    /// What the URLs on the target begin with.
    base: String,
    /// Other hosts, as `--allow-host` takes them.
    hosts: BTreeSet<String>,
}

impl Importer<'_> {
    fn span(&self, way: &[String]) -> Span {
        json_place::span(self.source.text(), way)
    }

    /// What URLs on another host begin with, which has to be allowed.
    fn elsewhere(&mut self, base: &str, step: &mut Step) -> Option<String> {
        let elsewhere = base::elsewhere(base, &mut self.variables)?;
        step.note(match &elsewhere.allow {
            Some(_) => "It asks another host, which `--allow-host` has to allow.",
            None => "It may ask another host than the target: if so, allow it by `--allow-host`.",
        });
        self.hosts.extend(elsewhere.allow);
        Some(elsewhere.base)
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
    bodies: Bodies,
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
        behaviour: settings::of(
            &root,
            vec!["protocolProfileBehavior".to_owned()],
            Vec::new(),
        ),
    };
    let mut left_out = Vec::new();
    collect(&root, &top, 0, &mut found, &mut left_out);
    if found.is_empty() {
        return Err(wrong(
            source,
            "no request",
            "export a collection with requests",
        ));
    }
    let base = base::most_common(
        found
            .iter()
            .map(|one| request::base(one))
            .collect::<Vec<_>>()
            .iter()
            .map(String::as_str),
    );
    let mut importer = Importer {
        source,
        losses: Losses::new(source),
        variables: Variables::of_postman(),
        files: Files::beside(source),
        bodies,
        reformed: false,
        base: base.unwrap_or_default(),
        hosts: BTreeSet::new(),
    };
    for (way, what, name, help) in left_out {
        importer.lost(&way, what, &name, help);
    }
    for given in given(root.get("variable")) {
        importer.variables.give(given);
    }
    for given in environments
        .iter()
        .flat_map(|environment| &environment.values)
    {
        importer.variables.give(given.clone());
    }
    let mut asked: Vec<_> = found.iter().map(|one| importer.request(one)).collect();
    group::without_unused(&mut asked);
    let (checks, left_out) = group::checks(asked);
    if left_out > 0 {
        let found = format!("{left_out} of them");
        let help = "a check has 1,000 steps at the most: split the folder";
        importer
            .losses
            .add_text(Span::new(0, 0), "requests that hang together", &found, help);
    }
    let target = importer.target();
    let hosts: Vec<String> = importer.hosts.iter().cloned().collect();
    let name = text(&root["info"], "name").filter(|name| !name.trim().is_empty());
    let name = name.map_or_else(|| stem(source.path()), str::to_owned);
    let mut notes = heading(source, target.as_deref(), &hosts);
    if importer.reformed {
        notes.push(WITHOUT_BLANKS.to_owned());
    }
    if let Some(about) = text(&root["info"], "description") {
        notes.push(String::new());
        notes.extend(about.lines().take(20).map(str::to_owned));
    }
    let (variables, unknown) = importer.variables.into_entries(&checks);
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
    let text = draft.text();
    importer.losses.too_long(&text);
    Ok(Imported {
        text,
        losses: importer.losses.into_diagnostics(),
        target,
        hosts,
        files: importer.files.into_needed(),
    })
}

/// All requests below a folder, in the order in which Postman runs them.
fn collect<'v>(
    folder: &'v Value,
    inherited: &Found<'v>,
    depth: usize,
    found: &mut Vec<Found<'v>>,
    left_out: &mut Vec<LeftOut>,
) {
    let items = folder.get("item").and_then(Value::as_array);
    if depth > 0
        && folder
            .get("variable")
            .and_then(Value::as_array)
            .is_some_and(|all| !all.is_empty())
    {
        let way = [inherited.way.as_slice(), &["variable".to_owned()]].concat();
        let help =
            "Postman's own runner ignores them; give them to the collection or to an environment";
        left_out.push((
            way,
            "the variables of a folder",
            inherited.name.clone(),
            help,
        ));
    }
    for (number, item) in items.into_iter().flatten().enumerate() {
        if depth > MOST_DEPTH || found.len() >= MOST_REQUESTS {
            let way = [
                inherited.way.as_slice(),
                &["item".to_owned(), number.to_string()],
            ]
            .concat();
            let name = text(item, "name").unwrap_or_default().to_owned();
            let (what, help) = if depth > MOST_DEPTH {
                (
                    "what lies so deep in folders",
                    "folders go 20 deep at the most: move it up",
                )
            } else {
                (
                    "this request, and all after it",
                    "a file has 5,000 requests at the most: split the collection",
                )
            };
            left_out.push((way, what, name, help));
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
            behaviour: Vec::new(),
        };
        let own = way(&["protocolProfileBehavior"]);
        one.behaviour = settings::of(item, own, inherited.behaviour.clone());
        if item.get("item").is_some() {
            one.folders.push(name);
            collect(item, &one, depth + 1, found, left_out);
        } else if request.is_some() {
            found.push(one);
        }
    }
}

impl Importer<'_> {
    /// The URL that a base stands for.
    fn target(&mut self) -> Option<String> {
        let base = self.base.as_str();
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
