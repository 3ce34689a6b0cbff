//! An address in S3 that names what is deployed:
//! `s3://bucket/checks/{{ deployment.image_tag }}/`.

use aws::s3::Address;
use diagnostic::suggest;
use report::Problem;
use serde_json::{Map, Value};

/// What may be named, and what it is called in what the proof learns.
const NAMES: [(&str, &str); 13] = [
    ("id", "id"),
    ("application", "application"),
    ("group", "group"),
    ("creator", "creator"),
    ("lifecycle_event", "lifecycle_event"),
    ("image", "image"),
    ("image_tag", "tag"),
    ("tag", "tag"),
    ("image_digest", "digest"),
    ("digest", "digest"),
    ("task_definition", "task_definition"),
    ("target_group", "target_group"),
    ("revision", "revision"),
];

/// An address, perhaps with names in its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub(crate) struct TemplateError {
    /// What was expected, and what was found.
    pub(crate) problem: String,
    /// What to do.
    pub(crate) help: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// What is deployed, by the name of the template and that of the proof.
    Named(&'static str, &'static str),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// What was expected and found, and what to do.
    pub(crate) fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((inside, behind)) = after.split_once("}}") else {
                return Err(TemplateError {
                    problem: format!("expected `}}}}` after each `{{{{`, found none in `{text}`"),
                    help: "write `{{ deployment.image_tag }}`".to_owned(),
                });
            };
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(parse_name(inside.trim())?);
            rest = behind;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        let template = Self(pieces);
        let error = |problem: String| {
            TemplateError {
            problem,
            help: "write the bucket and the key, such as `s3://shop-checks/{{ deployment.image_tag }}/`"
                .to_owned(),
        }
        };
        // Any values do to see whether what comes out is an address.
        let example = template.render(|_| Some("x")).unwrap_or_default();
        let address: Address = example.parse().map_err(error)?;
        // A name in the bucket would let a deployment choose whose files run.
        let Some(Piece::Text(first)) = template.0.first() else {
            return Ok(template);
        };
        if template.is_template() && !first.contains(&format!("{}/", address.bucket)) {
            let problem = format!("expected a bucket without a template, found `{text}`");
            return Err(error(problem));
        }
        Ok(template)
    }

    /// Whether it names anything.
    pub(crate) fn is_template(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Named(..)))
    }

    /// The address for what is deployed.
    ///
    /// # Errors
    /// What is named and not known.
    pub(crate) fn fill(&self, deployment: Option<&Map<String, Value>>) -> Result<Address, Problem> {
        let value = |name: &str| deployment?.get(name)?.as_str();
        let filled = self.render(value).map_err(|name| Problem {
            text: format!("`SMOKE_CHECKS`: expected a deployment whose `{name}` is known, found none"),
            help: Some(match deployment {
                None => "name check files without a template for a run by hand".to_owned(),
                Some(_) => format!(
                    "leave `SMOKE_PROOF` on, which learns it, and deploy an image that has it; or write the key without `{name}`"
                ),
            }),
        })?;
        filled.parse().map_err(|problem| Problem {
            text: format!("`SMOKE_CHECKS`: {problem}"),
            help: None,
        })
    }

    /// The text with these values; or the name of the first that has none.
    fn render<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> Result<String, &'static str> {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(fixed) => text.push_str(fixed),
                Piece::Named(name, learned) => text.push_str(value(learned).ok_or(*name)?),
            }
        }
        Ok(text)
    }
}

fn parse_name(inside: &str) -> Result<Piece, TemplateError> {
    let name = inside.strip_prefix("deployment.").map(str::trim);
    let known = NAMES.iter().find(|(known, _)| Some(*known) == name);
    if let Some((name, learned)) = known {
        return Ok(Piece::Named(name, learned));
    }
    let names = NAMES.iter().map(|(name, _)| *name);
    let near = suggest::nearest(name.unwrap_or(inside), names.clone());
    let help = match near {
        Some(near) => format!("write `{{{{ deployment.{near} }}}}` if that is meant"),
        None => format!("name one of {}", suggest::list(&names.collect::<Vec<_>>())),
    };
    Err(TemplateError {
        problem: format!(
            "expected a name such as `deployment.image_tag` between `{{{{` and `}}}}`, found `{inside}`"
        ),
        help,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filled(text: &str, deployment: Option<&Value>) -> String {
        match Template::parse(text) {
            Err(error) => format!("{error}; {}", error.help),
            Ok(template) => match template.fill(deployment.and_then(Value::as_object)) {
                Ok(address) => address.to_string(),
                Err(problem) => format!("{}; {}", problem.text, problem.help.unwrap_or_default()),
            },
        }
    }

    #[test]
    fn what_is_deployed_stands_in_the_key() {
        let deployment = json!({"tag": "1.2", "id": "d-1", "digest": "sha256:abc"});
        let check = |text: &str, expected: &str| {
            assert_eq!(filled(text, Some(&deployment)), expected);
        };
        check(
            "s3://shop-checks/{{deployment.image_tag}}/",
            "s3://shop-checks/1.2/",
        );
        check(
            "s3://shop-checks/{{ deployment.tag }}/{{ deployment.id }}.yaml",
            "s3://shop-checks/1.2/d-1.yaml",
        );
        check(
            "s3://shop-checks/{{ deployment.digest }}",
            "s3://shop-checks/sha256:abc",
        );
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        let told = |text: &str| filled(text, Some(&json!({"id": "d-1", "group": ".."})));
        insta::assert_snapshot!(told("s3://shop-checks/{{ deployment.image_tga }}/"), @"expected a name such as `deployment.image_tag` between `{{` and `}}`, found `deployment.image_tga`; write `{{ deployment.image_tag }}` if that is meant");
        insta::assert_snapshot!(told("s3://shop-checks/{{ stage }}/"), @"expected a name such as `deployment.image_tag` between `{{` and `}}`, found `stage`; write `{{ deployment.tag }}` if that is meant");
        insta::assert_snapshot!(told("s3://shop-checks/{{ deployment.tag /"), @"expected `}}` after each `{{`, found none in `s3://shop-checks/{{ deployment.tag /`; write `{{ deployment.image_tag }}`");
        insta::assert_snapshot!(told("s3://{{ deployment.group }}-checks/a/"), @"expected a bucket without a template, found `s3://{{ deployment.group }}-checks/a/`; write the bucket and the key, such as `s3://shop-checks/{{ deployment.image_tag }}/`");
        insta::assert_snapshot!(told("s3://Shop/a/"), @"expected a bucket of 3 to 63 lower case letters, digits, `.` and `-`, found `s3://Shop/a/`; write the bucket and the key, such as `s3://shop-checks/{{ deployment.image_tag }}/`");
        insta::assert_snapshot!(told("s3://shop-checks/{{ deployment.image_tag }}/"), @"`SMOKE_CHECKS`: expected a deployment whose `image_tag` is known, found none; leave `SMOKE_PROOF` on, which learns it, and deploy an image that has it; or write the key without `image_tag`");
        insta::assert_snapshot!(told("s3://shop-checks/{{ deployment.group }}/"), @"`SMOKE_CHECKS`: expected a key of at most 1,024 bytes without `.` and `..`, found `s3://shop-checks/../`;");
        insta::assert_snapshot!(filled("s3://shop-checks/{{ deployment.id }}/", None), @"`SMOKE_CHECKS`: expected a deployment whose `id` is known, found none; name check files without a template for a run by hand");
    }
}
