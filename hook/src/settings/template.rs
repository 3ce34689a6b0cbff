//! An address in S3 that names what is deployed, by the templates and the names
//! of check files: `s3://bucket/checks/{{ deployment.tag }}/`.

use aws::s3::Address;
use check_file::template::{Scope, Template};
use diagnostic::suggest;
use report::Problem;
use serde_json::{Map, Value};

/// What may be named of `deployment`.
const NAMES: [&str; 11] = [
    "id",
    "application",
    "group",
    "creator",
    "lifecycle_event",
    "image",
    "tag",
    "digest",
    "task_definition",
    "target_group",
    "revision",
];
const HELP: &str = "write the bucket and the key, such as `s3://shop-checks/{{ deployment.tag }}/`";

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub(crate) struct AddressTemplateError {
    /// What was expected, and what was found.
    pub(crate) problem: String,
    /// What to do.
    pub(crate) help: String,
}

impl AddressTemplateError {
    fn new(problem: String, help: impl Into<String>) -> Self {
        let help = help.into();
        Self { problem, help }
    }
}

/// An address, perhaps with names in its key.
#[derive(Debug, Clone)]
pub(crate) struct AddressTemplate {
    template: Template,
    /// What it names of the deployment.
    names: Vec<&'static str>,
}

impl PartialEq for AddressTemplate {
    fn eq(&self, other: &Self) -> bool {
        self.template.text() == other.template.text()
    }
}

impl Eq for AddressTemplate {}

impl AddressTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// What was expected and found, and what to do.
    pub(crate) fn parse(text: &str) -> Result<Self, AddressTemplateError> {
        let malformed = |reason: String| {
            let problem =
                format!("expected an address with templates in it, found `{text}`, {reason}");
            AddressTemplateError::new(problem, HELP)
        };
        let template = Template::parse(text).map_err(|error| malformed(error.into()))?;
        let paths = template.paths().map_err(|error| malformed(error.into()))?;
        let names = paths.iter().map(|path| find_name(path));
        let names = names.collect::<Result<Vec<_>, _>>()?;
        let example = NAMES.map(|name| (name.to_owned(), Value::from("x")));
        let example = render(&template, Map::from_iter(example)).map_err(malformed)?;
        let address: Address = example
            .parse()
            .map_err(|problem| AddressTemplateError::new(problem, HELP))?;
        // A name in the bucket would let a deployment choose whose files run.
        let fixed = text.split('{').next().unwrap_or_default();
        if !template.is_fixed() && !fixed.contains(&format!("{}/", address.bucket)) {
            return Err(AddressTemplateError::new(
                format!("expected a bucket without a template, found `{text}`"),
                HELP,
            ));
        }
        Ok(Self { template, names })
    }

    /// Whether it takes a deployment to know the address.
    pub(crate) fn is_template(&self) -> bool {
        !self.template.is_fixed()
    }

    /// The address for what is deployed.
    ///
    /// # Errors
    /// What is named and not known.
    pub(crate) fn fill(&self, deployment: Option<&Map<String, Value>>) -> Result<Address, Problem> {
        let mut known = Map::new();
        for name in &self.names {
            let value = deployment.and_then(|deployment| deployment.get(*name));
            let value = value.filter(|value| value.is_string());
            let value = value.ok_or_else(|| unknown(name, deployment.is_some()))?;
            known.insert((*name).to_owned(), value.clone());
        }
        let filled = render(&self.template, known);
        filled
            .and_then(|text| text.parse())
            .map_err(|problem| Problem {
                text: format!("`SMOKE_CHECKS`: {problem}"),
                help: None,
            })
    }
}

fn render(template: &Template, deployment: Map<String, Value>) -> Result<String, String> {
    let mut scope = Scope::default();
    scope.set("deployment", &deployment.into());
    Ok(template.render(&scope)?)
}

/// The name in `deployment.NAME`.
fn find_name(path: &str) -> Result<&'static str, AddressTemplateError> {
    let name = path.strip_prefix("deployment.");
    if let Some(known) = NAMES.iter().find(|known| Some(**known) == name) {
        return Ok(known);
    }
    // `image_tag` and `image_digest` were names of keys alone.
    let word = name.unwrap_or(path).trim_start_matches("image_");
    let help = match suggest::nearest(word, NAMES) {
        Some(near) => format!("write `{{{{ deployment.{near} }}}}` if that is meant"),
        None => format!("name one of {}", suggest::list(&NAMES)),
    };
    let problem = format!("expected a name such as `deployment.tag` in the key, found `{path}`");
    Err(AddressTemplateError::new(problem, help))
}

fn unknown(name: &str, is_deployed: bool) -> Problem {
    Problem {
        text: format!("`SMOKE_CHECKS`: expected a deployment whose `{name}` is known, found none"),
        help: Some(if is_deployed {
            format!(
                "leave `SMOKE_PROOF` on, which learns it, and deploy an image that has it; or write the key without `{name}`"
            )
        } else {
            "name check files without a template for a run by hand".to_owned()
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filled(text: &str, deployment: Option<&Value>) -> String {
        match AddressTemplate::parse(text) {
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
            "s3://shop-checks/{{deployment.tag}}/",
            "s3://shop-checks/1.2/",
        );
        check(
            "s3://shop-checks/{{ deployment.tag }}/{{ deployment.id }}.yaml",
            "s3://shop-checks/1.2/d-1.yaml",
        );
        check(
            "s3://shop-checks/{{ deployment.tag | replace('.', '-') }}/",
            "s3://shop-checks/1-2/",
        );
        check(
            "s3://shop-checks/{{ deployment.digest }}",
            "s3://shop-checks/sha256:abc",
        );
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        let told = |text: &str| filled(text, Some(&json!({"id": "d-1", "group": ".."})));
        insta::assert_snapshot!(told("s3://shop-checks/{{ deployment.image_tag }}/"), @"expected a name such as `deployment.tag` in the key, found `deployment.image_tag`; write `{{ deployment.tag }}` if that is meant");
        insta::assert_snapshot!(told("s3://shop-checks/{{ stage }}/"), @"expected a name such as `deployment.tag` in the key, found `stage`; write `{{ deployment.tag }}` if that is meant");
        insta::assert_snapshot!(told("s3://shop-checks/{{ deployment.tag /"), @"expected an address with templates in it, found `s3://shop-checks/{{ deployment.tag /`, syntax error: unexpected end of input, expected expression; write the bucket and the key, such as `s3://shop-checks/{{ deployment.tag }}/`");
        insta::assert_snapshot!(told("s3://{{ deployment.group }}-checks/a/"), @"expected a bucket without a template, found `s3://{{ deployment.group }}-checks/a/`; write the bucket and the key, such as `s3://shop-checks/{{ deployment.tag }}/`");
        insta::assert_snapshot!(told("s3://Shop/a/"), @"expected a bucket of 3 to 63 lower case letters, digits, `.` and `-`, found `s3://Shop/a/`; write the bucket and the key, such as `s3://shop-checks/{{ deployment.tag }}/`");
        insta::assert_snapshot!(told("s3://shop-checks/{{ deployment.tag }}/"), @"`SMOKE_CHECKS`: expected a deployment whose `tag` is known, found none; leave `SMOKE_PROOF` on, which learns it, and deploy an image that has it; or write the key without `tag`");
        insta::assert_snapshot!(told("s3://shop-checks/{{ deployment.group }}/"), @"`SMOKE_CHECKS`: expected a key of at most 1,024 bytes without `.` and `..`, found `s3://shop-checks/../`;");
        insta::assert_snapshot!(filled("s3://shop-checks/{{ deployment.id }}/", None), @"`SMOKE_CHECKS`: expected a deployment whose `id` is known, found none; name check files without a template for a run by hand");
    }
}
