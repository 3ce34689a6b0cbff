//! Holds every name in a template against the values that there will be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use check_file::template::{Template, VALUE};
use check_file::{Auth, Body, Capture, Check, CheckFile, Expectation, Origin, Query, Step, Use};
use diagnostic::suggest;
use diagnostic::{Diagnostic, Source, Span};

/// Reports each name in a template that has no value when its step runs. Adds
/// to `known` every name that the file declares or uses.
pub(super) fn check_names(
    file: &CheckFile,
    values: &BTreeMap<String, Option<Value>>,
    known: &mut BTreeSet<String>,
    problems: &mut Vec<Diagnostic>,
) {
    for variable in &file.variables {
        known.insert(variable.name.clone());
        if let Some(Origin::Literal(value) | Origin::Secret(value, _)) = &variable.origin {
            let mut templates = Vec::new();
            value.templates(&mut templates);
            for template in templates {
                known.extend(template.names().map(str::to_owned));
            }
        }
    }
    let mut known_names = KnownNames {
        file,
        values,
        captured: BTreeSet::new(),
    };
    if let Some(setup) = &file.setup {
        known_names.check_templates(setup, known, problems);
        let captures = setup.steps.iter().flat_map(Step::all_captures);
        known_names
            .captured
            .extend(captures.map(|capture| capture.name.as_str()));
    }
    for check in &file.checks {
        known_names.check_templates(check, known, problems);
    }
    if let Some(teardown) = &file.teardown {
        known_names.check_templates(teardown, known, problems);
    }
}

/// The names that every check of a file knows.
struct KnownNames<'a> {
    file: &'a CheckFile,
    values: &'a BTreeMap<String, Option<Value>>,
    /// The captures of the setup.
    captured: BTreeSet<&'a str>,
}

/// A template where it stands, and what it may name beside the values of the
/// file.
struct TemplateSite<'a> {
    template: &'a Template,
    source: &'a Arc<Source>,
    span: Span,
    /// The use of a fragment that it stands in.
    used: Option<&'a Arc<Use>>,
    /// Whether it is the `transform` of a capture, which may name the captured
    /// value.
    transforms: bool,
    /// The step that it stands in.
    step: Option<Span>,
}

impl<'a> KnownNames<'a> {
    fn check_templates(
        &self,
        check: &'a Check,
        known: &mut BTreeSet<String>,
        problems: &mut Vec<Diagnostic>,
    ) {
        let source = &self.file.source;
        let of_later_steps = check.steps.iter().flat_map(|step| {
            let source = step.source(source);
            let captures = step.all_captures();
            captures.map(move |capture| (capture.name.as_str(), (source, capture.span)))
        });
        let later: BTreeMap<&str, (&Arc<Source>, Span)> = of_later_steps.collect();
        let rows = check.flow.each.iter().flatten();
        let columns = rows.flat_map(|row| &row.0).map(|(name, _)| name.as_str());
        let mut captured: BTreeSet<&str> = self.captured.iter().copied().chain(columns).collect();
        let mut visit = |site: &TemplateSite<'_>, captured: &BTreeSet<&str>| {
            for name in site.template.names() {
                known.insert(name.to_owned());
                let parameters = site.used.iter().flat_map(|used| &used.with);
                let mut parameters = parameters.map(|binding| binding.name.as_str());
                if captured.contains(name)
                    || self.values.contains_key(name)
                    || parameters.any(|parameter| parameter == name)
                    || (site.transforms && name == VALUE)
                {
                    continue;
                }
                let later = later.get(name).copied();
                problems.push(self.diagnose_unknown(site, name, captured, later));
            }
        };
        if let Some((template, span)) = &check.flow.when {
            let site = TemplateSite {
                template,
                source,
                span: *span,
                used: None,
                transforms: false,
                step: None,
            };
            visit(&site, &captured);
        }
        let mut entered: Vec<*const Use> = Vec::new();
        for step in &check.steps {
            // The values of parameters are known before the fragment begins.
            let mut uses: Vec<_> = step.uses().collect();
            uses.reverse();
            for used in uses {
                // The steps of one use share its parameters, which are checked once.
                if entered.contains(&Arc::as_ptr(used)) {
                    continue;
                }
                entered.push(Arc::as_ptr(used));
                for binding in &used.with {
                    let mut templates = Vec::new();
                    binding.value.templates(&mut templates);
                    for template in templates {
                        let site = TemplateSite {
                            template,
                            source: &binding.place.source,
                            span: binding.place.span,
                            used: used.within.as_ref(),
                            transforms: false,
                            step: None,
                        };
                        visit(&site, &captured);
                    }
                }
            }
            for (templates, captures) in group_templates(step) {
                for (template, span) in templates {
                    let site = TemplateSite {
                        template,
                        source: step.source(source),
                        span,
                        used: step.used.as_ref(),
                        transforms: is_transform(step, template),
                        step: Some(step.block),
                    };
                    visit(&site, &captured);
                }
                captured.extend(captures.iter().map(|capture| capture.name.as_str()));
            }
        }
    }

    /// The diagnostic of a name without a value; `later` is where a later step
    /// captures it, if one does.
    fn diagnose_unknown(
        &self,
        site: &TemplateSite<'_>,
        name: &str,
        captured: &BTreeSet<&str>,
        later: Option<(&Arc<Source>, Span)>,
    ) -> Diagnostic {
        let span = locate_name(site.source, site.span, site.template, name);
        let at = |title: String| Diagnostic::at(site.source, span, title);
        let problem = if let Some((source, capture)) = later {
            let inside = |step: Span| step.start <= capture.start && capture.end <= step.end;
            let same = Arc::ptr_eq(source, site.source) && site.step.is_some_and(inside);
            let (found, help) = if same {
                (
                    "a capture of this step",
                    "say what is expected of it under `variables`, or use it in what follows",
                )
            } else {
                (
                    "a capture of a later step",
                    "move the step that captures it before this one",
                )
            };
            at(format!("`{name}` is used before it is captured"))
                .expected("a variable, or a capture of an earlier step")
                .found(found)
                .help(help)
                .related(source, capture, "captured here")
        } else {
            let parameters = site.used.iter().flat_map(|used| &used.with);
            let candidates = captured
                .iter()
                .copied()
                .chain(self.values.keys().map(String::as_str))
                .chain(parameters.map(|binding| binding.name.as_str()))
                .chain(site.transforms.then_some(VALUE));
            at(format!("unknown variable `{name}`"))
                .expected("a variable of this file, or a capture of an earlier step")
                .found(format!("`{name}`"))
                .help(match suggest::nearest(name, candidates) {
                    Some(near) => format!("write `{near}` if that is meant"),
                    None if site.used.is_some() => {
                        format!("add it to the fragment's `parameters`, or give `--var {name}=…`")
                    }
                    None => format!("add it to `variables`, or give `--var {name}=…`"),
                })
        };
        match site.used {
            Some(used) => problem.related(&used.place.source, used.place.span, "used here"),
            None => problem,
        }
    }
}

/// Whether a template of the step is the `transform` of one of its captures.
fn is_transform(step: &Step, template: &Template) -> bool {
    let transforms = step.all_captures().filter_map(|c| c.transform.as_ref());
    let mut transforms = transforms.map(|(transform, _)| transform);
    transforms.any(|transform| std::ptr::eq(transform, template))
}

/// The names that the templates of a check use, those in its name included.
pub(super) fn list_used_names(check: &Check) -> BTreeSet<String> {
    let title = Template::parse(&check.name).ok();
    let conditions = check.flow.when.iter().map(|(template, _)| template);
    let groups = check.steps.iter().flat_map(group_templates);
    let templates = groups.flat_map(|(templates, _)| templates);
    let templates = templates.map(|(template, _)| template);
    let all = conditions.chain(templates).chain(&title);
    all.flat_map(Template::names).map(str::to_owned).collect()
}

/// Templates, each with the place that it is best shown at, and what is
/// captured after them.
type TemplateGroup<'s> = (Vec<(&'s Template, Span)>, &'s [Capture]);

/// The templates of a step in the order in which they are filled in: the
/// request and its answer, and each message of a WebSocket.
fn group_templates(step: &Step) -> Vec<TemplateGroup<'_>> {
    let variables = (list_variable_templates(step), [].as_slice());
    let mut groups = vec![(list_templates(step), step.captures.as_slice()), variables];
    groups.extend(step.request.messages().iter().map(|message| {
        let sent = message.sent_templates().into_iter();
        let mut found: Vec<_> = sent.map(|template| (template, message.span)).collect();
        for expectation in message.expectations() {
            expectation.predicate.templates(&mut found);
        }
        if let Some(close) = message.close() {
            close.templates(&mut found);
        }
        found.extend(list_transforms(message.captures()));
        (found, message.captures())
    }));
    groups
}

/// The transforms of captures.
fn list_transforms(captures: &[Capture]) -> impl Iterator<Item = (&Template, Span)> {
    let transforms = captures.iter().filter_map(|c| c.transform.as_ref());
    transforms.map(|(template, span)| (template, *span))
}

/// The templates of a request, of what its answer must be like, and of its
/// captures.
fn list_templates(step: &Step) -> Vec<(&Template, Span)> {
    let request = &step.request;
    let mut found = vec![(&request.path, step.span)];
    let named = request.query.iter().map(|(_, template)| template);
    let headers = request.headers.iter().map(|(_, template)| template);
    found.extend(named.chain(headers).map(|template| (template, step.block)));
    let auth = request.auth.iter().flat_map(Auth::templates);
    let body = request.body.iter().flat_map(Body::templates);
    found.extend(auth.chain(body).map(|template| (template, step.block)));
    for expectation in &step.expectations {
        if !matches!(expectation.query, Query::Variable(..)) {
            expectation.predicate.templates(&mut found);
        }
    }
    found.extend(list_transforms(&step.captures));
    found
}

/// The templates of expectations of variables, which know the captures of the
/// step itself.
fn list_variable_templates(step: &Step) -> Vec<(&Template, Span)> {
    let mut found = Vec::new();
    for Expectation { query, predicate } in &step.expectations {
        if let Query::Variable(named) = query {
            found.push((&named.template, named.span));
            predicate.templates(&mut found);
        }
    }
    found
}

/// The place of a name inside a template, if the template stands in the span as
/// its author wrote it; else the whole span. YAML may hold it in another form,
/// with escapes or over several lines.
fn locate_name(source: &Source, span: Span, template: &Template, name: &str) -> Span {
    let text = source.text().get(span.range()).unwrap_or_default();
    let template_at = text.find(template.text());
    let name_at = template_at.and_then(|at| Some(at + template.text().find(name)?));
    match name_at {
        Some(at) => Span::new(span.start + at, span.start + at + name.len()),
        None => span,
    }
}
