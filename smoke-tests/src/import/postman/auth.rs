//! The login of a request.

use serde_json::{Value, json};

use super::request::{add, plain};
use super::{Found, Importer, text};
use crate::draft::{Step, can_be_sent};

impl Importer<'_> {
    pub(super) fn auth(&mut self, found: &Found<'_>, step: &mut Step) {
        let Some((way, auth)) = &found.auth else {
            return;
        };
        let kind = text(auth, "type").unwrap_or_default();
        let values = auth.get(kind);
        let mut value = |key: &str| {
            let value = parameter(values, key).unwrap_or_default();
            self.variables.template(&value)
        };
        let login = match kind {
            "" | "noauth" => return,
            "basic" => {
                json!({ "basic": { "user": value("username"), "password": value("password") } })
            }
            "bearer" => json!({ "bearer": value("token") }),
            "apikey" => {
                let (name, key) = (value("key"), value("value"));
                let in_query = value("in") == "query";
                let place = if in_query { "query" } else { "headers" };
                let name = if in_query {
                    name
                } else {
                    name.to_ascii_lowercase()
                };
                if !in_query && !can_be_sent(&name, &key) {
                    let help = "a header needs a name that HTTP allows";
                    let note = self.lost(way, "a login by a header", &name, help);
                    step.notes.push(note);
                    return;
                }
                let slot = step.request.entry(place).or_insert_with(|| json!({}));
                if let Value::Object(members) = slot {
                    add(members, &name, json!(key));
                }
                return;
            }
            other => {
                let help = "get a token in an earlier step, or in `setup`, and send it by `auth: { bearer: … }`";
                let note = self.lost(way, "a login of this kind", other, help);
                step.notes.push(note);
                return;
            }
        };
        step.request.insert("auth".to_owned(), login);
    }
}

/// A value of a login: in a list of format v2.1, in a map of v2.0.
fn parameter(values: Option<&Value>, key: &str) -> Option<String> {
    match values? {
        Value::Array(list) => {
            let entry = list.iter().find(|entry| text(entry, "key") == Some(key))?;
            entry.get("value").map(plain)
        }
        map => map.get(key).map(plain),
    }
}
