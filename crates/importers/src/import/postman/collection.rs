//! The requests of a collection, each with what it inherits from its folders.

use serde_json::{Value, json};

/// The deepest nesting of folders.
const MOST_DEPTH: usize = 20;
/// The most requests of a collection.
const MOST_REQUESTS: usize = 5_000;

/// A value with the JSON pointer to it.
pub(super) type Located<'v> = (String, &'v Value);

/// A request with what it inherits from its folders.
#[derive(Clone)]
pub(super) struct FoundRequest<'v> {
    pub(super) pointer: String,
    pub(super) name: String,
    pub(super) folders: Vec<String>,
    pub(super) request: &'v Value,
    /// Its own, or that of the nearest folder.
    pub(super) auth: Option<Located<'v>>,
    /// From the outermost folder to the request itself.
    pub(super) scripts: Vec<Located<'v>>,
    /// From the collection to the request itself.
    pub(super) settings: Vec<Located<'v>>,
}

/// What is not looked at: the pointer to it, what it is, its name, and what to
/// do.
pub(super) type SkippedItem = (String, &'static str, String, &'static str);

impl<'v> FoundRequest<'v> {
    /// The pointer to a part of the request.
    pub(super) fn pointer_to(&self, name: &str) -> String {
        format!("{}/request/{name}", self.pointer)
    }

    /// The nearest value of a setting.
    pub(super) fn setting(&self, name: &str) -> Option<&'v Value> {
        let mut nearest = self.settings.iter().rev();
        nearest.find_map(|(_, settings)| settings.get(name))
    }

    /// Takes in what a collection, a folder or a request says of those below.
    fn inherit(&mut self, item: &'v Value) {
        let locate = |key: &str| (format!("{}/{key}", self.pointer), &item[key]);
        let auth = locate("auth");
        self.auth = Some(auth)
            .filter(|(_, own)| !own.is_null())
            .or_else(|| self.auth.take());
        self.scripts.push(locate("event"));
        self.settings.push(locate("protocolProfileBehavior"));
    }
}

/// All requests, in the order in which Postman runs them.
pub(super) fn collect_requests(root: &Value) -> (Vec<FoundRequest<'_>>, Vec<SkippedItem>) {
    let mut top = FoundRequest {
        pointer: String::new(),
        name: String::new(),
        folders: Vec::new(),
        request: &Value::Null,
        auth: None,
        scripts: Vec::new(),
        settings: Vec::new(),
    };
    top.inherit(root);
    let (mut found, mut left_out) = (Vec::new(), Vec::new());
    collect_folder(root, &top, &mut found, &mut left_out);
    (found, left_out)
}

fn collect_folder<'v>(
    folder: &'v Value,
    inherited: &FoundRequest<'v>,
    found: &mut Vec<FoundRequest<'v>>,
    left_out: &mut Vec<SkippedItem>,
) {
    let depth = inherited.folders.len();
    let variables = folder.get("variable").and_then(Value::as_array);
    if depth > 0 && variables.is_some_and(|all| !all.is_empty()) {
        let help =
            "Postman's own runner ignores them; give them to the collection or to an environment";
        let pointer = format!("{}/variable", inherited.pointer);
        let name = inherited.name.clone();
        left_out.push((pointer, "the variables of a folder", name, help));
    }
    let items = folder.get("item").and_then(Value::as_array);
    for (number, item) in items.into_iter().flatten().enumerate() {
        let pointer = format!("{}/item/{number}", inherited.pointer);
        let name = text_at(item, "name").unwrap_or_default().trim().to_owned();
        if depth > MOST_DEPTH || found.len() >= MOST_REQUESTS {
            let (what, help) = if depth > MOST_DEPTH {
                (
                    "what lies so deep in folders",
                    "folders go 20 deep at the most: move it up",
                )
            } else {
                (
                    "this request, and all after it",
                    "a file has 5,000 requests at the most: split the collection",
                )
            };
            return left_out.push((pointer, what, name, help));
        }
        let mut one = FoundRequest {
            pointer,
            name,
            ..inherited.clone()
        };
        one.inherit(item);
        if item.get("item").is_some() {
            one.folders.push(one.name.clone());
            collect_folder(item, &one, found, left_out);
        } else if let Some(request) = item.get("request") {
            one.request = request;
            let auth = (one.pointer_to("auth"), &request["auth"]);
            one.auth = Some(auth).filter(|(_, own)| !own.is_null()).or(one.auth);
            found.push(one);
        }
    }
}

/// Whether an entry of a list is not switched off.
pub(super) fn is_enabled(entry: &Value) -> bool {
    entry.get("disabled") != Some(&json!(true)) && entry.get("enabled") != Some(&json!(false))
}

pub(super) fn text_at<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

/// A value as the text that is sent.
pub(super) fn to_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The entries of a list that are switched on, as names and values.
pub(super) fn enabled_pairs(list: &Value) -> impl Iterator<Item = (String, String)> {
    let entries = list.as_array().into_iter().flatten();
    entries.filter(|entry| is_enabled(entry)).map(|entry| {
        let key = text_at(entry, "key").unwrap_or_default().to_owned();
        (key, to_text(&entry["value"]))
    })
}
