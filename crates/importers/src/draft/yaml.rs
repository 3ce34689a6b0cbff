//! The text of a draft: short values on one line, long ones below each other,
//! quotes only where YAML needs them.

use serde_json::{Map, Value};

use super::{CheckDraft, CheckFileDraft, StepDraft};
use diagnostic::yaml::scalar::parse_number;

/// How long a line may be before a value is spread over several.
const WIDTH: usize = 88;

/// How many characters a key may have on the line of its value (YAML 1.2.2,
/// section 7.4.2, allows 1,024).
const LONGEST_KEY: usize = 1_000;

pub(super) fn write(draft: &CheckFileDraft) -> String {
    let mut page = YamlPage::default();
    page.write_notes(0, &draft.notes);
    page.write_line(0, &format!("name: {}", scalar(&draft.name)));
    if !draft.variables.is_empty() {
        page.write_blank();
        page.write_line(0, "variables:");
        for entry in &draft.variables {
            page.write_notes(2, &entry.notes);
            page.write_entry(2, &entry.name, &entry.value);
        }
    }
    if !draft.defaults.is_empty() {
        page.write_blank();
        page.write_line(0, "defaults:");
        page.write_entries(2, &draft.defaults);
    }
    page.write_blank();
    page.write_line(0, "checks:");
    for (number, check) in draft.checks.iter().enumerate() {
        if number > 0 {
            page.write_blank();
        }
        page.write_check(check);
    }
    if !draft.remarks.is_empty() {
        page.write_blank();
        page.write_notes(2, &draft.remarks);
    }
    page.0
}

#[derive(Default)]
struct YamlPage(String);

impl YamlPage {
    fn write_line(&mut self, indent: usize, text: &str) {
        self.0.push_str(&" ".repeat(indent));
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn write_blank(&mut self) {
        self.0.push('\n');
    }

    fn write_notes(&mut self, indent: usize, notes: &[String]) {
        for line in notes.iter().flat_map(|note| note.split('\n')) {
            let line = replace_unprintable(line);
            self.write_line(indent, format!("# {line}").trim_end());
        }
    }

    fn write_check(&mut self, check: &CheckDraft) {
        self.write_notes(2, &check.notes);
        let (one, several) = match check.steps.as_slice() {
            [one] => (Some(one), [].as_slice()),
            several => (None, several),
        };
        if let Some(step) = one {
            self.write_notes(2, &step.notes);
        }
        self.write_line(2, &format!("- name: {}", scalar(&check.name)));
        if check.writes {
            self.write_line(4, "writes: true");
        }
        if let Some(reason) = &check.skip {
            self.write_line(4, &format!("skip: {}", scalar(reason)));
        }
        if let Some(step) = one {
            self.write_step(4, step);
            return;
        }
        self.write_line(4, "steps:");
        for step in several {
            self.write_notes(6, &step.notes);
            let begin = self.0.len();
            if !step.name.is_empty() {
                self.write_line(8, &format!("name: {}", scalar(&step.name)));
            }
            self.write_step(8, step);
            // The first line of the step carries the dash.
            self.0.replace_range(begin..begin + 8, "      - ");
        }
    }

    fn write_step(&mut self, indent: usize, step: &StepDraft) {
        for (key, value) in step.values() {
            self.write_entry(indent, &key, &value);
        }
    }

    fn write_entries(&mut self, indent: usize, entries: &Map<String, Value>) {
        for (key, value) in entries {
            self.write_entry(indent, key, value);
        }
    }

    fn write_entry(&mut self, indent: usize, key: &str, value: &Value) {
        let mut key = scalar(key);
        if key.chars().count() > LONGEST_KEY {
            self.write_line(indent, &format!("? {key}"));
            key.clear();
        }
        if let Value::String(text) = value
            && let Some(chomping) = block_chomping(text)
        {
            self.write_line(indent, &format!("{key}: |{chomping}"));
            self.write_block(indent + 2, text);
            return;
        }
        let flow = flow(value);
        if indent + key.len() + 2 + flow.len() <= WIDTH || is_leaf(value) {
            self.write_line(indent, &format!("{key}: {flow}"));
            return;
        }
        self.write_line(indent, &format!("{key}:"));
        self.write_below(indent + 2, value);
    }

    /// A map or list that does not fit on a line.
    fn write_below(&mut self, indent: usize, value: &Value) {
        match value {
            Value::Object(members) => self.write_entries(indent, members),
            Value::Array(items) => items.iter().for_each(|item| self.write_item(indent, item)),
            scalar => self.write_line(indent, &flow(scalar)),
        }
    }

    fn write_item(&mut self, indent: usize, item: &Value) {
        let flow = flow(item);
        if indent + 2 + flow.len() <= WIDTH || is_leaf(item) {
            self.write_line(indent, &format!("- {flow}"));
            return;
        }
        let begin = self.0.len();
        self.write_below(indent + 2, item);
        self.0
            .replace_range(begin + indent..begin + indent + 2, "- ");
    }

    fn write_block(&mut self, indent: usize, text: &str) {
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            if line.is_empty() {
                self.write_blank();
            } else {
                self.write_line(indent, line);
            }
        }
    }
}

fn is_leaf(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => true,
    }
}

/// The value on one line.
fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let members = members.iter();
            let members: Vec<_> = members
                .map(|(key, value)| format!("{}: {}", scalar(key), flow(value)))
                .collect();
            format!("{{ {} }}", members.join(", "))
        }
        other => other.to_string(),
    }
}

/// Text as it must stand to be read as this text.
fn scalar(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else if text.contains(['\\', '"']) && !text.contains('\'') && !text.contains(is_unprintable) {
        format!("'{text}'")
    } else {
        quote(text)
    }
}

fn is_plain(text: &str) -> bool {
    let inside =
        |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '.' | '/' | '$' | '-' | '@' | '+');
    let words = ["true", "false", "null", "yes", "no", "on", "off"];
    text.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '$' | '_'))
        && !text.ends_with(' ')
        && text.chars().all(inside)
        && !words.contains(&text.to_ascii_lowercase().as_str())
        && parse_number(text).is_none()
}

/// In double quotes, with everything escaped that YAML does not let stand.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_unprintable(c) => {
                out.extend(["\\U".to_owned(), format!("{:08x}", u32::from(c))]);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// What YAML reads otherwise, or not at all, or what people cannot see.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// How a text of several lines ends, if it can be written line by line.
fn block_chomping(text: &str) -> Option<&'static str> {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let fits = body.contains('\n')
        && !body.starts_with([' ', '\n'])
        && !body.ends_with(['\n', ' '])
        && !body.chars().any(|c| c != '\n' && is_unprintable(c));
    fits.then_some(if body.len() == text.len() { "-" } else { "" })
}

fn replace_unprintable(text: &str) -> String {
    text.chars()
        .map(|c| if is_unprintable(c) { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What is written must be read as what was meant.
    #[test]
    fn every_text_is_read_as_it_was_meant() {
        let texts = [
            "",
            " ",
            "plain",
            "2xx",
            "5s",
            "12",
            "0x1f",
            "1e3",
            ".5",
            "-",
            "~",
            "null",
            "Yes",
            "a: b",
            "a #b",
            "# a",
            "it's",
            "\"",
            "\\d+'",
            "\\d+",
            "a\nb",
            "a\nb\n",
            "a\n\nb\n\n",
            " a\nb",
            "a \nb",
            "\ta",
            "ü 🛒",
            "\u{7f}\u{85}\u{2028}\u{feff}",
            "{{ x }}",
            "[a]",
            "$.a",
            "$.a[0]",
            "/path?x=1&y=2",
            "---",
            "...",
            "--- a\nb",
            "a\r\nb",
            "!tag",
            "&a",
            "*a",
            "@",
            "`",
            "%",
            "|",
            ">",
            "? a",
            "- a",
            ": a",
            ",",
            "a,b",
            "{",
            "}",
            "2026-11-23",
        ];
        // As keys, these are longer than a line lets them be.
        let long = ["\0".repeat(200), "a: b".repeat(500)];
        let texts = texts.map(str::to_owned).into_iter().chain(long);
        for text in texts {
            for value in [
                json!(text),
                json!([text, { text.as_str(): text }]),
                json!({ "a": [text] }),
            ] {
                let mut page = YamlPage::default();
                page.write_line(0, "checks: []");
                page.write_entry(0, "value", &json!({ "long": "x".repeat(90), "v": value }));
                let read = parse(&page.0);
                assert_eq!(read["value"]["v"], value, "{}", page.0);
                let mut page = YamlPage::default();
                page.write_entry(0, "v", &value);
                assert_eq!(parse(&page.0)["v"], value, "{}", page.0);
            }
        }
    }

    /// The value of a text; `null` for one that cannot be read.
    fn parse(text: &str) -> Value {
        let source = diagnostic::Source::new("plain.yaml", text);
        let node = diagnostic::yaml::parse(&source, &mut Vec::new());
        node.map_or(Value::Null, |node| node.to_json())
    }
}
