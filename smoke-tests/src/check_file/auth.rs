//! Who asks: the ways to log in.

use super::Auth;
use super::read::Reader;
use crate::yaml::{Node, Yaml};

impl Reader<'_> {
    /// The `auth` of a request or of the defaults.
    pub(super) fn auth(&mut self, node: &Node) -> Option<Auth> {
        if matches!(&node.value, Yaml::String(text) if text == "none") {
            return Some(Auth::None);
        }
        let fields = self.fields(node, "`auth`", &["basic", "bearer"])?;
        match (fields.value("basic"), fields.value("bearer")) {
            (None, Some(token)) => self.template(token, "a token").map(Auth::Bearer),
            (Some(basic), None) => {
                let basic = self.fields(basic, "`basic`", &["user", "password"])?;
                let (Some(user), Some(password)) = (basic.value("user"), basic.value("password"))
                else {
                    let problem = self
                        .at(basic.span, "a login without both its parts")
                        .expected("`user` and `password`")
                        .found("one of them, or none")
                        .help("write `basic: { user: …, password: \"{{ password }}\" }`");
                    self.report(problem);
                    return None;
                };
                Some(Auth::Basic {
                    user: self.template(user, "a user")?,
                    password: self.template(password, "a password")?,
                })
            }
            _ => {
                let problem = self
                    .at(node.span, "other than one way to log in")
                    .expected("`basic` or `bearer`")
                    .found("none of them, or both")
                    .help("write `auth: { bearer: \"{{ token }}\" }`");
                self.report(problem);
                None
            }
        }
    }
}
