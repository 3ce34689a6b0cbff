//! The login of a request.

use serde_json::{Map, Value, json};

use super::super::base;
use super::Importer;
use super::collection::{FoundRequest, text_at, to_text};
use crate::draft::{AuthDraft, StepDraft, add_member, is_sendable_header};

impl Importer {
    pub(super) fn import_auth(&mut self, found: &FoundRequest<'_>, step: &mut StepDraft) {
        let Some((pointer, auth)) = &found.auth else {
            return;
        };
        let kind = text_at(auth, "type").unwrap_or_default();
        let values = auth.get(kind);
        let value = |key: &str| auth_parameter(values, key).unwrap_or_default();
        let login = match kind {
            "" | "noauth" => return,
            "basic" => Some(self.basic_auth(&value("username"), &value("password"))),
            "bearer" if value("token").is_empty() => return,
            "bearer" => Some(AuthDraft::Bearer(self.variables.template(&value("token")))),
            "apikey" => return self.import_api_key(pointer, values, step),
            "oauth2" => self.oauth2_auth(values, step),
            "awsv4" => {
                let keys = [
                    ("region", "region", "us-east-1"),
                    ("service", "service", "execute-api"),
                    ("access_key", "accessKey", ""),
                    ("secret_key", "secretKey", ""),
                    ("session_token", "sessionToken", ""),
                ];
                let mut signer = Map::new();
                for (key, postman_key, default) in keys {
                    let found = Some(value(postman_key)).filter(|found| !found.is_empty());
                    if found.is_some() || key != "session_token" {
                        let found = found.unwrap_or_else(|| default.to_owned());
                        let found = self.variables.template(&found);
                        signer.insert(key.to_owned(), json!(found));
                    }
                }
                if value("addAuthDataToQuery") == "true" {
                    step.add_note("The original signs in the query; here it is in headers.");
                }
                Some(AuthDraft::Sigv4(signer))
            }
            _ => None,
        };
        if login.is_none() {
            let help = match kind {
                "oauth2" => {
                    "only client credentials are understood: `auth: { oauth2: { token_url: …, client_id: …, client_secret: … } }`; else get a token in an earlier step"
                }
                _ => {
                    "get a token in an earlier step, or in `setup`, and send it by `auth: { bearer: … }`"
                }
            };
            return self.lose_pointer(step, pointer, ("a login of this kind", kind), help);
        }
        // Postman puts it in the place of a header of the request's own.
        step.request.headers.shift_remove("authorization");
        step.request.auth = login;
    }

    /// A key in a header or in the query.
    fn import_api_key(&mut self, pointer: &str, values: Option<&Value>, step: &mut StepDraft) {
        let mut value = |key: &str| {
            let value = auth_parameter(values, key).unwrap_or_default();
            self.variables.template(&value)
        };
        let (name, key) = (value("key"), value("value"));
        if value("in") == "query" {
            return add_member(&mut step.request.query, &name, json!(key));
        }
        let name = name.to_ascii_lowercase();
        if !is_sendable_header(&name, &key) {
            let help = "a header needs a name that HTTP allows";
            return self.lose_pointer(step, pointer, ("a login by a header", &name), help);
        }
        add_member(&mut step.request.headers, &name, json!(key));
    }

    /// Client credentials, or a token that is kept in the collection.
    fn oauth2_auth(&mut self, values: Option<&Value>, step: &mut StepDraft) -> Option<AuthDraft> {
        let non_empty = |key: &str| auth_parameter(values, key).filter(|value| !value.is_empty());
        let in_header = non_empty("addTokenTo").is_none_or(|place| place == "header");
        let prefix = non_empty("headerPrefix").is_none_or(|prefix| prefix.trim() == "Bearer");
        if !in_header || !prefix {
            return None;
        }
        let by_credentials = non_empty("grant_type").as_deref() == Some("client_credentials");
        let parts = (
            non_empty("accessTokenUrl"),
            non_empty("clientId"),
            non_empty("clientSecret"),
        );
        let (true, (Some(url), Some(id), Some(secret))) = (by_credentials, parts) else {
            let token = non_empty("accessToken")?;
            return Some(AuthDraft::Bearer(self.variables.template(&token)));
        };
        let address = base::split_url(&url);
        let mut token_url = self.variables.template(&address.path);
        if address.base != self.base {
            token_url.insert_str(0, &self.allow_other_host(&address.base, step)?);
        }
        if non_empty("client_authentication").as_deref() == Some("body") {
            step.add_note("The original sends the client's credentials in the body; here they are in a header, as RFC 6749 prefers.");
        }
        let mut keys = Map::from_iter([("token_url".to_owned(), json!(token_url))]);
        for (key, value) in [
            ("client_id", Some(id)),
            ("client_secret", Some(secret)),
            ("scope", non_empty("scope")),
            ("audience", non_empty("audience")),
        ] {
            if let Some(value) = value {
                let value = self.variables.template(&value);
                keys.insert(key.to_owned(), json!(value));
            }
        }
        Some(AuthDraft::OAuth2(keys))
    }
}

/// A value of a login: in a list of format v2.1, in a map of v2.0.
fn auth_parameter(values: Option<&Value>, key: &str) -> Option<String> {
    match values? {
        Value::Array(list) => {
            let entry = list
                .iter()
                .find(|entry| text_at(entry, "key") == Some(key))?;
            entry.get("value").map(to_text)
        }
        map => map.get(key).map(to_text),
    }
}
