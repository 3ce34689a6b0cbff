//! The ways to log in: how a request proves who sends it.

use super::keys::{AUTH, BASIC, OAUTH2, SIGV4, Table};
use super::reader::{Fields, Reader};
use super::request::{explain_authority, find_authority};
use super::{Auth, OAuth2, SigV4};
use crate::template::Template;
use diagnostic::yaml::{Node, Yaml};

impl Reader<'_> {
    /// The `auth` of a request or of the defaults.
    pub(super) fn read_auth(&mut self, node: &Node) -> Option<Auth> {
        if matches!(&node.value, Yaml::String(text) if text == "none") {
            return Some(Auth::None);
        }
        let fields = self.read_fields(node, &AUTH)?;
        let mut ways = fields.iter().filter(|(key, _)| AUTH.has(&key.text));
        let (Some((key, way)), None) = (ways.next(), ways.next()) else {
            // An unknown key is reported already, and may be a misspelt way to log
            // in, so that a second diagnostic would mislead.
            if fields.iter().any(|(key, _)| !AUTH.has(&key.text)) {
                return None;
            }
            let problem = self
                .at(node.span, "other than one way to log in")
                .expected(format!("one of {}", AUTH.list_names()))
                .found("none of them, or several")
                .help("write `auth: { bearer: \"{{ token }}\" }`");
            self.report(problem);
            return None;
        };
        match key.text.as_str() {
            "bearer" => self.read_template(way, "a token").map(Auth::Bearer),
            "basic" => {
                let (user, password) = self.read_user_and_password(way)?;
                Some(Auth::Basic { user, password })
            }
            "oauth2" => self.read_oauth2(way),
            _ => self.read_sigv4(way),
        }
    }

    /// The user and the password of `basic`.
    fn read_user_and_password(&mut self, node: &Node) -> Option<(Template, Template)> {
        let fields = self.read_fields(node, &BASIC)?;
        let (Some(user), Some(password)) = (fields.value("user"), fields.value("password")) else {
            let problem = self
                .at(node.span, "a login without both its parts")
                .expected("`user` and `password`")
                .found("one of them, or none")
                .help("write `basic: { user: …, password: \"{{ password }}\" }`");
            self.report(problem);
            return None;
        };
        let user = self.read_template(user, "a user");
        let password = self.read_template(password, "a password");
        Some((user?, password?))
    }

    fn read_oauth2(&mut self, node: &Node) -> Option<Auth> {
        let fields = self.read_fields(node, &OAUTH2)?;
        let token_url = fields
            .value("token_url")
            .map(|node| Some((self.read_token_url(node)?, node.span)));
        self.require_all(fields, &OAUTH2)?;
        let client_id = self.read_auth_part(fields, "client_id");
        let client_secret = self.read_auth_part(fields, "client_secret");
        let scope = self.read_optional_auth_part(fields, "scope");
        let audience = self.read_optional_auth_part(fields, "audience");
        let (token_url, token_span) = token_url??;
        Some(Auth::OAuth2(Box::new(OAuth2 {
            token_url,
            token_span,
            client_id: client_id?,
            client_secret: client_secret?,
            scope: scope?,
            audience: audience?,
        })))
    }

    /// A path on the target, or the URL of another host.
    fn read_token_url(&mut self, node: &Node) -> Option<Template> {
        let text = self.read_string(node, "`token_url`")?;
        let template = self.parse_template(text, node.span)?;
        let begins = ["/", "https://", "http://", "{{"];
        let misfit = text.starts_with("//") || !begins.iter().any(|begin| text.starts_with(begin));
        let wrong = match find_authority(text).and_then(explain_authority) {
            None if misfit => Some(node.describe()),
            wrong => wrong.map(str::to_owned),
        };
        if let Some(wrong) = wrong {
            let problem = self
                .at(node.span, "a token URL that cannot be requested")
                .expected("a path on the target, such as `/oauth/token`, or a whole URL")
                .found(wrong)
                .help("begin with `/`, or with `https://`");
            self.report(problem);
            return None;
        }
        Some(template)
    }

    fn read_sigv4(&mut self, node: &Node) -> Option<Auth> {
        let fields = self.read_fields(node, &SIGV4)?;
        self.require_all(fields, &SIGV4)?;
        let needed = ["region", "service", "access_key", "secret_key"];
        let [region, service, access_key, secret_key] =
            needed.map(|key| self.read_auth_part(fields, key));
        let session_token = self.read_optional_auth_part(fields, "session_token");
        Some(Auth::SigV4(Box::new(SigV4 {
            region: region?,
            service: service?,
            access_key: access_key?,
            secret_key: secret_key?,
            session_token: session_token?,
        })))
    }

    /// Reports the keys that are missing of those that must be there.
    fn require_all(&mut self, fields: Fields<'_>, table: &Table) -> Option<()> {
        let missing: Vec<&str> = table
            .all_of
            .iter()
            .filter(|key| fields.value(key).is_none())
            .copied()
            .collect();
        if missing.is_empty() {
            return Some(());
        }
        let missing: Vec<_> = missing.iter().map(|key| format!("`{key}`")).collect();
        let problem = self
            .at(
                fields.span,
                format!("{} without all its parts", table.title),
            )
            .expected(format!("{} in it", missing.join(", ")))
            .found("none")
            .help("add what is missing; secrets come from variables with `{ env: NAME }`");
        self.report(problem);
        None
    }

    fn read_auth_part(&mut self, fields: Fields<'_>, key: &str) -> Option<Template> {
        let node = fields.value(key)?;
        self.read_template(node, &format!("`{key}`"))
    }

    /// `Some(None)` if the key is absent, `None` if its value cannot be read.
    #[allow(clippy::option_option)]
    fn read_optional_auth_part(
        &mut self,
        fields: Fields<'_>,
        key: &str,
    ) -> Option<Option<Template>> {
        match fields.value(key) {
            None => Some(None),
            Some(node) => self.read_template(node, &format!("`{key}`")).map(Some),
        }
    }
}
