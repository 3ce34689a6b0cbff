//! Fragments: steps under a name, with parameters, that other steps use.
//!
//! A fragment is read once for each file that knows it, with that file's
//! defaults, and its steps are put where it is used.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::defaults::Defaults;
use super::keys::{FRAGMENT, PARAMETER};
use super::reader::{Fields, Reader};
use super::{Binding, Step, Use};
use crate::value::ValueTemplate;
use diagnostic::suggest;
use diagnostic::yaml::{Key, Node, Yaml};
use diagnostic::{Diagnostic, Place, Source, Span};

/// How deep fragments may use each other.
const MOST_DEPTH: usize = 8;
/// The most steps of a list, those of fragments counted.
const MOST_STEPS: usize = 1_000;

/// The fragments that a file knows, by their names.
pub(super) type Library = BTreeMap<String, Fragment>;

/// Steps under a name.
#[derive(Debug)]
pub(super) struct Fragment {
    /// The file that they stand in.
    source: Arc<Source>,
    /// Where the name stands.
    span: Span,
    parameters: Vec<Parameter>,
    items: Vec<StepItem>,
}

#[derive(Debug)]
struct Parameter {
    name: String,
    /// The value that it has where none is given, and where that stands.
    default: Option<(ValueTemplate, Span)>,
}

/// An element of a list of steps.
#[derive(Debug)]
pub(super) enum StepItem {
    Step(Box<Step>),
    Use {
        fragment: String,
        /// What reports call it.
        label: String,
        span: Span,
        with: Vec<(String, ValueTemplate, Span)>,
    },
}

impl Reader<'_> {
    /// Adds the `fragments` of this file to those that are known.
    pub(super) fn read_fragments(
        &mut self,
        node: &Node,
        defaults: &Defaults,
        library: &mut Library,
    ) {
        let Some(fields) = self.read_entries(node, "`fragments`") else {
            return;
        };
        for (key, node) in fields.iter() {
            let fragment = self.read_fragment(key, node, defaults);
            if let Some(first) = library.get(&key.text) {
                let problem = self
                    .at(key.span, "two fragments of one name")
                    .expected("a name of its own for each fragment")
                    .found(format!("`{}` again", key.text))
                    .help("rename one of the two")
                    .related(&first.source, first.span, "the first of them");
                self.report(problem);
                continue;
            }
            library.extend(fragment.map(|fragment| (key.text.clone(), fragment)));
        }
    }

    fn read_fragment(&mut self, name: &Key, node: &Node, defaults: &Defaults) -> Option<Fragment> {
        let fields = self.read_fields(node, &FRAGMENT)?;
        let parameters = fields
            .value("parameters")
            .map(|node| self.read_parameters(node))
            .unwrap_or_default();
        let Some((key, node)) = fields.get("steps") else {
            let problem = self
                .at(name.span, "a fragment without steps")
                .expected("`steps:` with at least one step")
                .found("no key `steps`")
                .help("add `steps:` and one `- get: …` below it");
            self.report(problem);
            return None;
        };
        // The check that uses a fragment says whether it may write, not the file
        // that holds it.
        let items = self.read_step_items(key, node, &defaults.with_writes(true))?;
        for item in &items {
            let StepItem::Step(step) = item else { continue };
            for capture in step.all_captures() {
                if parameters.iter().any(|known| known.name == capture.name) {
                    let problem = self
                        .at(capture.span, "a capture that hides a parameter")
                        .expected("a name that no parameter of the fragment has")
                        .found(format!("`{}`", capture.name))
                        .help("rename one of the two");
                    self.report(problem);
                }
            }
        }
        Some(Fragment {
            source: Arc::clone(self.source),
            span: name.span,
            parameters,
            items,
        })
    }

    fn read_parameters(&mut self, node: &Node) -> Vec<Parameter> {
        let mut found: Vec<Parameter> = Vec::new();
        for item in self.read_list(node, "`parameters`").unwrap_or_default() {
            let (name, default) = match &item.value {
                Yaml::Map(_) => {
                    let Some(fields) = self.read_fields(item, &PARAMETER) else {
                        continue;
                    };
                    let Some(name) = fields.value("name") else {
                        let problem = self
                            .at(item.span, "a parameter without a name")
                            .expected("`name`, and perhaps `default`")
                            .found("no key `name`")
                            .help("write `{ name: user, default: demo }`");
                        self.report(problem);
                        continue;
                    };
                    let default = fields.value("default");
                    let default =
                        default.and_then(|node| Some((self.read_value(node)?, node.span)));
                    (name, default)
                }
                _ => (item, None),
            };
            let Some(text) = self.read_string(name, "a parameter's name") else {
                continue;
            };
            let key = Key {
                text: text.to_owned(),
                span: name.span,
            };
            if !self.check_identifier(&key, "a parameter's name") {
                continue;
            }
            if found.iter().any(|known| known.name == text) {
                let problem = self
                    .at(name.span, "two parameters of one name")
                    .expected("each parameter once")
                    .found(format!("`{text}` again"))
                    .help("remove one of the two");
                self.report(problem);
                continue;
            }
            found.push(Parameter {
                name: text.to_owned(),
                default,
            });
        }
        found
    }

    /// A step that uses a fragment.
    pub(super) fn read_use(&mut self, fields: Fields<'_>) -> Option<StepItem> {
        let (key, node) = fields.get("use")?;
        let fragment = self.read_string(node, "a fragment's name");
        let label = fields
            .value("name")
            .and_then(|node| self.read_string(node, "a step's name"));
        let with = fields.value("with").and_then(|node| {
            let fields = self.read_entries(node, "`with`")?;
            let values = fields.iter().map(|(key, value)| {
                let span = key.span.to(value.span);
                Some((key.text.clone(), self.read_value(value)?, span))
            });
            Some(values.collect::<Vec<_>>())
        });
        let with: Option<Vec<_>> = with.unwrap_or_default().into_iter().collect();
        let fragment = fragment?;
        Some(StepItem::Use {
            fragment: fragment.to_owned(),
            label: label.unwrap_or(fragment).to_owned(),
            span: key.span.to(node.span),
            with: with?,
        })
    }

    /// Whether a step uses a fragment.
    pub(super) fn is_use(node: &Node) -> bool {
        match &node.value {
            Yaml::Map(entries) => entries.iter().any(|(key, _)| key.text == "use"),
            _ => false,
        }
    }

    /// Puts the steps of fragments in the place of their uses.
    pub(super) fn expand_uses(
        &mut self,
        items: Vec<StepItem>,
        library: &Library,
    ) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        let mut fine = true;
        for item in items {
            match item {
                StepItem::Step(step) => steps.push(*step),
                StepItem::Use { span, .. } => {
                    let source = Arc::clone(self.source);
                    fine &= self.expand_use(&item, &source, None, library, &mut steps);
                    if steps.len() > MOST_STEPS {
                        let problem = self
                            .at(span, "too many steps")
                            .expected(format!("at most {MOST_STEPS}, those of fragments counted"))
                            .found("more")
                            .help("split the check");
                        self.report(problem);
                        return None;
                    }
                }
            }
        }
        fine.then_some(steps)
    }

    /// Adds the steps of one use to `steps`; false if a mistake was reported.
    fn expand_use(
        &mut self,
        item: &StepItem,
        source: &Arc<Source>,
        within: Option<&Arc<Use>>,
        library: &Library,
        steps: &mut Vec<Step>,
    ) -> bool {
        let StepItem::Use {
            fragment: name,
            label,
            span,
            with,
        } = item
        else {
            return false;
        };
        let at = |title: &str| Diagnostic::at(source, *span, title);
        let Some(fragment) = library.get(name) else {
            let near = suggest::nearest(name, library.keys().map(String::as_str));
            let problem = at(&format!("no fragment is named `{name}`"))
                .expected("a fragment of this file, or of one that it includes")
                .found(format!("`{name}`"))
                .help(match near {
                    Some(near) => format!("write `{near}` if that is meant"),
                    None => "add it to `fragments`, or `include` the file that has it".to_owned(),
                });
            self.report(problem);
            return false;
        };
        let outer = || std::iter::successors(within, |used| used.within.as_ref());
        if outer().any(|used| used.fragment == *name) || outer().count() >= MOST_DEPTH {
            let problem = at("fragments that use each other without an end")
                .expected(format!("at most {MOST_DEPTH} uses inside each other"))
                .found(format!("`{name}` inside itself, or deeper"))
                .help("write the steps out where they end")
                .related(&fragment.source, fragment.span, "this fragment");
            self.report(problem);
            return false;
        }
        let Some(with) = self.bind_parameters(name, fragment, with, source, *span) else {
            return false;
        };
        let used = Arc::new(Use {
            fragment: name.clone(),
            label: label.clone(),
            source: Arc::clone(&fragment.source),
            place: Place {
                source: Arc::clone(source),
                span: *span,
            },
            with,
            within: within.cloned(),
        });
        fragment.items.iter().all(|item| match item {
            StepItem::Step(step) => {
                steps.push(Step {
                    used: Some(Arc::clone(&used)),
                    ..(**step).clone()
                });
                true
            }
            StepItem::Use { .. } => {
                steps.len() <= MOST_STEPS
                    && self.expand_use(item, &fragment.source, Some(&used), library, steps)
            }
        })
    }

    /// The values of a fragment's parameters: what is given, or the defaults.
    fn bind_parameters(
        &mut self,
        name: &str,
        fragment: &Fragment,
        with: &[(String, ValueTemplate, Span)],
        source: &Arc<Source>,
        span: Span,
    ) -> Option<Vec<Binding>> {
        let before = self.problems.len();
        let known: Vec<&str> = fragment
            .parameters
            .iter()
            .map(|p| p.name.as_str())
            .collect();
        for (given, _, span) in with.iter().filter(|(g, ..)| !known.contains(&g.as_str())) {
            let near = suggest::nearest(given, known.iter().copied());
            let problem = Diagnostic::at(source, *span, format!("`{name}` has no such parameter"))
                .expected(match known.as_slice() {
                    [] => "no parameters".to_owned(),
                    known => suggest::list(known),
                })
                .found(format!("`{given}`"))
                .help(match near {
                    Some(near) => format!("write `{near}` if that is meant"),
                    None => "remove it, or add it to the fragment's `parameters`".to_owned(),
                })
                .related(&fragment.source, fragment.span, "the fragment");
            self.report(problem);
        }
        let mut bindings = Vec::new();
        for parameter in &fragment.parameters {
            let given = with.iter().find(|(given, ..)| *given == parameter.name);
            let (value, source, span) = match (given, &parameter.default) {
                (Some((_, value, span)), _) => (value, source, *span),
                (None, Some((value, span))) => (value, &fragment.source, *span),
                (None, None) => {
                    let name = &parameter.name;
                    let problem = Diagnostic::at(source, span, "a use without a parameter")
                        .expected(format!("a value for `{name}` in `with`"))
                        .found("none")
                        .help(format!("write `with: {{ {name}: … }}`"))
                        .related(&fragment.source, fragment.span, "the fragment");
                    self.report(problem);
                    continue;
                }
            };
            bindings.push(Binding {
                name: parameter.name.clone(),
                value: value.clone(),
                place: Place {
                    source: Arc::clone(source),
                    span,
                },
            });
        }
        (self.problems.len() == before).then_some(bindings)
    }
}
