//! Paths into JSON, put together.

/// The path to a member of what stands at a path.
pub(crate) fn member(path: &str, name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_plain {
        return format!("{path}.{name}");
    }
    let escaped = name.replace('\\', "\\\\").replace('\'', "\\'");
    let escaped: String = escaped.chars().filter(|c| !c.is_control()).collect();
    format!("{path}['{escaped}']")
}
