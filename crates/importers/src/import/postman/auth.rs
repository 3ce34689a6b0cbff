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
            // Postman, too, sends none without a user.
            "digest" if value("username").is_empty() => return,
            "bearer" => match value("token") {
                none if none.is_empty() => return,
                token => json!({ "bearer": token }),
            },
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
            "oauth2" => {
                let Some(login) = self.oauth2(values, step) else {
                    let help = "only client credentials are understood: `auth: { oauth2: { token_url: …, client_id: …, client_secret: … } }`; else get a token in an earlier step";
                    let note = self.lost(way, "a login of this kind", kind, help);
                    step.notes.push(note);
                    return;
                };
                login
            }
            "awsv4" => {
                let mut signer = serde_json::Map::new();
                let parts = [
                    ("region", "region", "us-east-1"),
                    ("service", "service", "execute-api"),
                    ("access_key", "accessKey", ""),
                    ("secret_key", "secretKey", ""),
                    ("session_token", "sessionToken", ""),
                ];
                for (ours, theirs, default) in parts {
                    let found = value(theirs);
                    let found = if found.is_empty() {
                        default.to_owned()
                    } else {
                        found
                    };
                    if ours != "session_token" || !found.is_empty() {
                        signer.insert(ours.to_owned(), json!(found));
                    }
                }
                if value("addAuthDataToQuery") == "true" {
                    step.note("The original signs in the query; here it is in headers.");
                }
                json!({ "sigv4": signer })
            }
            other => {
                let help = "get a token in an earlier step, or in `setup`, and send it by `auth: { bearer: … }`";
                let note = self.lost(way, "a login of this kind", other, help);
                step.notes.push(note);
                return;
            }
        };
        // Postman puts it in the place of a header of the request's own.
        if let Some(Value::Object(headers)) = step.request.get_mut("headers") {
            headers.shift_remove("authorization");
            if headers.is_empty() {
                step.request.shift_remove("headers");
            }
        }
        step.request.insert("auth".to_owned(), login);
    }

    /// Client credentials, or a token that is kept in the collection.
    fn oauth2(&mut self, values: Option<&Value>, step: &mut Step) -> Option<Value> {
        let of = |key: &str| parameter(values, key).filter(|value| !value.is_empty());
        let in_header = of("addTokenTo").is_none_or(|place| place == "header");
        let prefix = of("headerPrefix").is_none_or(|prefix| prefix.trim() == "Bearer");
        if !in_header || !prefix {
            return None;
        }
        let by_credentials = of("grant_type").as_deref() == Some("client_credentials");
        let parts = (of("accessTokenUrl"), of("clientId"), of("clientSecret"));
        let (true, (Some(url), Some(id), Some(secret))) = (by_credentials, parts) else {
            let token = of("accessToken")?;
            return Some(json!({ "bearer": self.variables.template(&token) }));
        };
        let address = super::super::base::split(&url);
        let path = self.variables.template(&address.path);
        let token_url = if address.base == self.base {
            path
        } else {
            let elsewhere = self.elsewhere(&address.base, step)?;
            format!("{elsewhere}{path}")
        };
        if of("client_authentication").as_deref() == Some("body") {
            step.note("The original sends the client's credentials in the body; here they are in a header, as RFC 6749 prefers.");
        }
        let mut login = json!({
            "token_url": token_url,
            "client_id": self.variables.template(&id),
            "client_secret": self.variables.template(&secret),
        });
        for key in ["scope", "audience"] {
            if let Some(value) = of(key) {
                login[key] = json!(self.variables.template(&value));
            }
        }
        Some(json!({ "oauth2": login }))
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
