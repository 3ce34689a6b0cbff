//! What the imports of all tools share while they write a check file.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::files::SourceFiles;
use super::json_body::{is_better_as_yaml, is_compact, parse_json_body};
use super::losses::Losses;
use super::variables::Variables;
use super::{Bodies, Imported, base};
use crate::draft::{
    self, AuthDraft, BodyDraft, CheckDraft, CheckFileDraft, RequestDraft, StepDraft, editor_notes,
    is_sendable_header, type_by_itself,
};
use diagnostic::{Source, Span};

/// The most requests of one check.
pub(super) const MOST_STEPS: usize = 1000;
/// The most bytes of all files of a form.
const MOST_FILES: u64 = 1024 * 1024;
/// What is said where blanks of the original are not sent.
const WITHOUT_BLANKS: &str =
    "JSON with variables is sent without its blanks; `smoke import --verbatim` keeps them.";

/// An import at work, with what only this tool needs.
pub(super) struct Importer<S> {
    pub(super) source: Arc<Source>,
    pub(super) losses: Losses,
    pub(super) variables: Variables,
    pub(super) files: SourceFiles,
    pub(super) bodies: Bodies,
    /// Whether a body of JSON is sent in another form than the original's.
    reformed: bool,
    /// What the URLs on the target begin with.
    pub(super) base: String,
    /// Other hosts, as `--allow-host` takes them.
    pub(super) hosts: BTreeSet<String>,
    pub(super) state: S,
}

impl<S> Importer<S> {
    /// `bases` are what the URLs of all requests begin with.
    pub(super) fn new(
        source: &Arc<Source>,
        bodies: Bodies,
        bases: &[String],
        variables: Variables,
        state: S,
    ) -> Self {
        let bases = bases.iter().map(String::as_str);
        Self {
            source: Arc::clone(source),
            losses: Losses::new(source),
            variables,
            files: SourceFiles::from_source(source),
            bodies,
            reformed: false,
            base: base::most_common_base(bases).unwrap_or_default(),
            hosts: BTreeSet::new(),
            state,
        }
    }

    /// `what` is lost, which is repeated as `found`: never a value that may be
    /// a secret.
    pub(super) fn lose(
        &mut self,
        step: &mut StepDraft,
        span: Span,
        (what, found): (&str, &str),
        help: &str,
    ) {
        let note = self.losses.add_text(span, what, found, help);
        step.notes.push(note);
    }

    /// What URLs on another host begin with, which has to be allowed.
    pub(super) fn allow_other_host(&mut self, base: &str, step: &mut StepDraft) -> Option<String> {
        let (base, allow) = base::base_on_other_host(base, &mut self.variables)?;
        step.add_note(match &allow {
            Some(_) => "It asks another host, which `--allow-host` has to allow.",
            None => "It may ask another host than the target: if so, allow it by `--allow-host`.",
        });
        self.hosts.extend(allow);
        Some(base)
    }

    /// A login by name and password.
    pub(super) fn basic_auth(&mut self, user: &str, password: &str) -> AuthDraft {
        AuthDraft::Basic {
            user: self.variables.template(user),
            password: self.variables.template(password),
        }
    }

    /// Sends JSON as YAML, if that is better than its text.
    pub(super) fn send_json(&mut self, text: &str, request: &mut RequestDraft) -> bool {
        if self.bodies == Bodies::Verbatim || !is_better_as_yaml(text) {
            return false;
        }
        let Some(value) = parse_json_body(text, &mut self.variables) else {
            return false;
        };
        self.reformed |= !is_compact(text);
        type_by_itself(request, "application/json");
        request.body = Some(BodyDraft::Json(value));
        true
    }

    /// Sends a query of GraphQL with its variables, a text of JSON; false if
    /// the variables cannot be read.
    pub(super) fn send_graphql(
        &mut self,
        query: &str,
        variables: &str,
        request: &mut RequestDraft,
    ) -> bool {
        let query = json!(self.variables.template(query));
        let mut sent = Map::from_iter([("query".to_owned(), query)]);
        let values = parse_json_body(variables, &mut self.variables);
        let is_readable = values.is_some() || variables.trim().is_empty();
        sent.extend(values.map(|values| ("variables".to_owned(), values)));
        type_by_itself(request, "application/json");
        request.body = Some(BodyDraft::Json(sent.into()));
        is_readable
    }

    /// Sends fields as a form: as text where fields have one name, or names
    /// that only answers give.
    pub(super) fn send_form(&mut self, pairs: &[(String, String)], request: &mut RequestDraft) {
        let mut form = Map::new();
        for (key, value) in pairs {
            let name = self.variables.resolve(key);
            let Some(name) = name.filter(|name| !form.contains_key(name)) else {
                let variables = &mut self.variables;
                let pairs = pairs.iter();
                let pairs = pairs
                    .map(|(key, value)| (variables.urlencode(key), variables.urlencode(value)));
                return request.send_form_text(pairs);
            };
            form.insert(name, json!(self.variables.template(value)));
        }
        type_by_itself(request, "application/x-www-form-urlencoded");
        if !form.is_empty() {
            request.body = Some(BodyDraft::Form(form));
        }
    }

    /// A file as a field of a form that has so many bytes of files already.
    pub(super) fn file_part(&mut self, name: &str, kind: &str, sent: &mut u64) -> Option<Value> {
        let is_valid_type =
            kind.is_empty() || kind.contains('/') && is_sendable_header("content-type", kind);
        let size = self.files.size(name).filter(|_| is_valid_type)?;
        *sent = Some(*sent + size).filter(|sent| *sent <= MOST_FILES)?;
        let mut part = json!({ "file": self.files.require(name)? });
        if !kind.is_empty() {
            part["type"] = json!(kind);
        }
        Some(part)
    }

    /// The check file, with the names of the variables that nothing gives a
    /// value. `about` stands below the first lines.
    pub(super) fn finish(
        mut self,
        name: String,
        target: Option<String>,
        defaults: Map<String, Value>,
        checks: Vec<CheckDraft>,
        about: impl FnOnce(&[String], &mut Losses) -> Vec<String>,
    ) -> Imported {
        let hosts: Vec<String> = self.hosts.into_iter().collect();
        let original = self.source.path().file_name().unwrap_or_default();
        let mut notes = editor_notes();
        notes.push(format!("Imported from {}.", original.to_string_lossy()));
        let shown = target.as_deref().unwrap_or("https://your.test.listener");
        let mut command = vec![format!("smoke run THIS-FILE --target {shown}")];
        command.extend(hosts.iter().map(|host| format!("--allow-host {host}")));
        notes.push(command.join(" "));
        if self.reformed {
            notes.push(WITHOUT_BLANKS.to_owned());
        }
        let (variables, unknown) = self.variables.into_entries(&checks);
        notes.extend(about(&unknown, &mut self.losses));
        let draft = CheckFileDraft {
            notes,
            name,
            variables,
            defaults,
            checks,
            remarks: Vec::new(),
        };
        let text = draft.into_text();
        self.losses.check_length(&text);
        Imported {
            text,
            losses: self.losses.into_diagnostics(),
            target,
            hosts,
            files: self.files.into_required(),
        }
    }
}

/// Whether a request by this method may change something.
pub(super) fn is_write(request: &RequestDraft) -> bool {
    draft::is_write(&request.method)
}
