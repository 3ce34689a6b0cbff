//! Names and texts of other languages, as templates and paths of ours.

/// Words that the template engine keeps for itself.
const RESERVED: &str = "true false none not and or in is if else loop self range dict namespace debug uuid random now timestamp";

/// The name as a variable can have it: letters, digits and `_`.
pub(crate) fn identifier(name: &str) -> String {
    let mut identifier: String = name
        .trim()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if !identifier.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        identifier.insert(0, '_');
    }
    let lower = identifier.to_ascii_lowercase();
    if RESERVED.split(' ').any(|word| word == lower) {
        identifier.push('_');
    }
    identifier
}

/// The text as a template that gives it back, whatever it holds.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = ["{{", "{%", "{#"]
        .iter()
        .filter_map(|open| rest.find(open))
        .min()
    {
        let (before, found) = rest.split_at(at);
        let (open, after) = found.split_at(2);
        escaped.push_str(before);
        escaped.push_str("{{ '");
        escaped.push_str(open);
        escaped.push_str("' }}");
        rest = after;
    }
    escaped.push_str(rest);
    escaped
}

/// The path to a member of what stands at a path.
pub(crate) fn member_path(path: &str, name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_plain {
        return format!("{path}.{name}");
    }
    let escaped = name.replace('\\', "\\\\").replace('\'', "\\'");
    let escaped: String = escaped.chars().filter(|c| !c.is_control()).collect();
    format!("{path}['{escaped}']")
}

#[cfg(test)]
mod tests {
    use super::*;
    use check_file::template::{Scope, Template};

    #[test]
    fn any_text_survives_as_a_template() {
        for text in [
            "plain",
            "{{",
            "a {{ b }} c",
            "{{{",
            "{% if %}{# x #}",
            "}}",
            "{{{{",
        ] {
            let template = Template::parse(&escape(text)).unwrap_or_else(|why| panic!("{why}"));
            assert_eq!(template.render(&Scope::default()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn names_become_identifiers() {
        let check = |name: &str, identifier: &str| assert_eq!(super::identifier(name), identifier);
        check("base-url", "base_url");
        check("3rd", "_3rd");
        check("now", "now_");
        check("ü", "_");
        check("", "_");
    }
}
