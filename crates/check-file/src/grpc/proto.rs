//! Reads `.proto` files (protobuf language specification, proto2 and proto3)
//! as far as unary calls need them: messages, enums, services.
//!
//! Every file is parsed by itself, and all of them are linked together. What is
//! wrong with one is said with its place in it.

use std::sync::Arc;

use prost_reflect::prost_types::FileDescriptorProto;
use prost_reflect::{DescriptorError, DescriptorPool};

use super::options::drop_options;
use super::{Call, HEALTH_PROTO};
use diagnostic::{Diagnostic, Source, Span};

/// The most files that one declaration may be made of, with those that are not
/// there.
const MOST_FILES: usize = 64;

/// The most mistakes that are shown with their places, which are found by going
/// through the whole file for each.
const MOST_PLACED: usize = 64;

/// Everything that a set of files declares.
#[derive(Debug)]
pub(crate) struct Schema {
    pool: DescriptorPool,
}

/// Why a `.proto` file that is there cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportError {
    #[error("{found}, where a file has at most {most}")]
    TooLarge { found: String, most: String },
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Finds the file of an import: `None` if there is none.
pub(crate) type FindImport<'f> = dyn Fn(&str) -> Result<Option<Arc<Source>>, ImportError> + 'f;

impl Schema {
    /// What every server declares for its health check.
    pub(crate) fn health() -> Result<Self, Vec<Diagnostic>> {
        let source = Source::new("health.proto", HEALTH_PROTO);
        Self::read("health.proto", source, &|_| Ok(None))
    }

    /// What a file and all that it imports declare. The errors point into the
    /// files.
    pub(crate) fn read(
        name: &str,
        source: Arc<Source>,
        find_import: &FindImport<'_>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut files = Files::default();
        let mut problems = Vec::new();
        if let Err(problem) = files.parse(name, source) {
            return Err(vec![problem]);
        }
        while let Some(import) = files.next_import() {
            let read = files.read_import(&import, find_import);
            problems.extend(read.err());
        }
        if problems.is_empty() {
            files.link()
        } else {
            Err(problems)
        }
    }

    /// The full names of all calls, such as `shop.v1.Shop/GetItem`.
    pub(crate) fn call_names(&self) -> Vec<String> {
        let methods = self.calls().map(|(name, _)| name);
        methods.collect()
    }

    /// The call of this name.
    pub(crate) fn find_call(&self, name: &str) -> Option<Call> {
        let mut calls = self.calls();
        calls.find(|(own, _)| own == name).map(|(_, call)| call)
    }

    fn calls(&self) -> impl Iterator<Item = (String, Call)> {
        self.pool.services().flat_map(|service| {
            let methods: Vec<_> = service.methods().collect();
            methods.into_iter().map(move |method| {
                let name = format!("{}/{}", service.full_name(), method.name());
                (name, Call { method })
            })
        })
    }
}

/// Files that are read and not linked yet.
#[derive(Default)]
struct Files {
    parsed: Vec<File>,
    /// The imports that are still to be read.
    waiting: Vec<Import>,
    /// The imports without a file.
    absent: Vec<Import>,
}

struct File {
    descriptor: FileDescriptorProto,
    /// None for a well-known file.
    source: Option<Arc<Source>>,
}

#[derive(Clone)]
struct Import {
    name: String,
    /// The file that names it, and where.
    source: Arc<Source>,
    span: Span,
    /// Whether the options of the file that names it could need it.
    is_for_options: bool,
}

impl Files {
    fn parse(&mut self, name: &str, source: Arc<Source>) -> Result<(), Diagnostic> {
        let text = source.text();
        let mut descriptor =
            protox_parse::parse(name, text).map_err(|error| explain(&error, &source, &SYNTAX))?;
        let is_for_options = drop_options(&mut descriptor);
        let imports = descriptor.dependency.iter().enumerate();
        // One more than may be is enough to say so.
        let imports = imports.take(MOST_FILES + 1);
        self.waiting.extend(imports.map(|(index, name)| Import {
            name: name.clone(),
            source: Arc::clone(&source),
            span: span_of_import(&descriptor, index, text),
            is_for_options,
        }));
        self.parsed.push(File {
            descriptor,
            source: Some(source),
        });
        Ok(())
    }

    /// The next import that was not read before.
    fn next_import(&mut self) -> Option<Import> {
        while let Some(import) = self.waiting.pop() {
            let mut names = self.parsed.iter().map(|file| file.descriptor.name());
            let mut absent = self.absent.iter().map(|import| import.name.as_str());
            if !names.any(|name| name == import.name) && !absent.any(|name| name == import.name) {
                return Some(import);
            }
        }
        None
    }

    fn read_import(
        &mut self,
        import: &Import,
        find_import: &FindImport<'_>,
    ) -> Result<(), Diagnostic> {
        let Import { name, source, .. } = import;
        let at = |title: &str| Diagnostic::at(source, import.span, title);
        if self.parsed.len() + self.absent.len() >= MOST_FILES {
            self.waiting.clear();
            return Err(at("a declaration of too many files")
                .expected(format!("at most {MOST_FILES} files, with all imports"))
                .found(format!("`{name}` beside them"))
                .help("declare the call in a file that imports less"));
        }
        if let Some(descriptor) = find_well_known(name) {
            let imports = descriptor.dependency.iter();
            self.waiting.extend(imports.map(|name| Import {
                name: name.clone(),
                ..import.clone()
            }));
            self.parsed.push(File {
                descriptor,
                source: None,
            });
            return Ok(());
        }
        let found = find_import(name);
        let found = found.map_err(|error| {
            at("an import that cannot be read")
                .expected("a text of proto2 or proto3")
                .found(error.to_string())
                .help("mend the file, or import another one")
        })?;
        match found {
            Some(text) => self.parse(name, text),
            None if import.is_for_options => {
                self.absent.push(import.clone());
                Ok(())
            }
            None => Err(at("an import that is not there")
                .expected("a file beside the check file, or beside the file that `proto` names")
                .found(format!("no `{name}`"))
                .help("put the file there, or remove the import")),
        }
    }

    fn link(mut self) -> Result<Schema, Vec<Diagnostic>> {
        // Every file sees every other one. The library finds only the nearest of
        // a chain of public imports, and follows a circle of them for ever.
        let names = self
            .parsed
            .iter()
            .map(|file| file.descriptor.name().to_owned());
        let names: Vec<_> = names.collect();
        for File { descriptor, .. } in &mut self.parsed {
            descriptor.dependency.clone_from(&names);
            descriptor.public_dependency.clear();
            descriptor.weak_dependency.clear();
        }
        let mut pool = DescriptorPool::new();
        let linked = pool.add_file_descriptor_protos(self.descriptors(false));
        let Err(error) = linked else {
            return Ok(Schema { pool });
        };
        let mut problems = self.explain_with_places(&error);
        if problems.is_empty() {
            problems.push(
                Diagnostic::general("a declaration that does not fit together")
                    .expected(NAMES.expected)
                    .found(quote_with_backticks(&error.to_string()))
                    .help(NAMES.help),
            );
        }
        Err(problems)
    }

    /// The files for the library. Their places are many, and needed for a
    /// message about them only.
    fn descriptors(&self, with_places: bool) -> impl Iterator<Item = FileDescriptorProto> {
        self.parsed.iter().map(move |file| {
            let mut descriptor = file.descriptor.clone();
            descriptor.source_code_info = descriptor.source_code_info.filter(|_| with_places);
            descriptor
        })
    }

    /// Says what does not fit together, as far as the library knows where. A
    /// name that is not declared may be in an import without a file.
    fn explain_with_places(&self, error: &DescriptorError) -> Vec<Diagnostic> {
        let first: &dyn miette::Diagnostic = error;
        if first.related().into_iter().flatten().count() >= MOST_PLACED {
            return Vec::new();
        }
        let again = DescriptorPool::new().add_file_descriptor_protos(self.descriptors(true));
        let Err(error) = again else {
            return Vec::new();
        };
        let file = self
            .parsed
            .iter()
            .find(|file| error.file() == Some(file.descriptor.name()));
        let Some(source) = file.and_then(|file| file.source.as_ref()) else {
            return Vec::new();
        };
        let error = error.with_source_code(source.text());
        let first: &dyn miette::Diagnostic = &error;
        let others = first.related().into_iter().flatten();
        let all = std::iter::once(first).chain(others);
        // The library knows places in the first file only, so that mistakes in
        // others are reported once that file is right.
        let placed = all.filter(|error| error.labels().is_some());
        let mut problems: Vec<_> = placed.map(|error| explain(error, source, &NAMES)).collect();
        for problem in &mut problems {
            for import in &self.absent {
                let text = format!("`{}` is not there", import.name);
                let related = problem.clone().related(&import.source, import.span, text);
                *problem = related;
            }
        }
        problems
    }
}

/// A file of Google's that every compiler brings along.
fn find_well_known(name: &str) -> Option<FileDescriptorProto> {
    let file = DescriptorPool::global().get_file_by_name(name)?;
    let mut descriptor = file.file_descriptor_proto().clone();
    drop_options(&mut descriptor);
    Some(descriptor)
}

/// What a diagnostic says of a file that cannot be used.
struct Advice {
    expected: &'static str,
    help: &'static str,
}

/// For a file that cannot be parsed.
const SYNTAX: Advice = Advice {
    expected: "a declaration of proto2 or proto3",
    help: "write it as compilers of protobuf read it",
};

/// For files that contradict each other.
const NAMES: Advice = Advice {
    expected: "a declaration that fits the others",
    help: "declare each name and number once, in this file or in one that it imports",
};

/// A mistake in the words of the library, with its place as ours.
fn explain(error: &dyn miette::Diagnostic, source: &Arc<Source>, advice: &Advice) -> Diagnostic {
    let text = source.text();
    let labels = error.labels().into_iter().flatten();
    let mut labels = labels.map(|label| {
        let span = Span::new(label.offset(), label.offset() + label.len());
        (span, label.label().unwrap_or_default().to_owned())
    });
    // The parser has no place for what is missing at the end of the file.
    let end = text.trim_end().len();
    let (span, _) = labels
        .next()
        .unwrap_or((Span::new(end, end), String::new()));
    let found = text
        .get(span.range())
        .and_then(|found| found.lines().next());
    let found = found.filter(|found| !found.is_empty());
    let help = error
        .help()
        .map(|help| quote_with_backticks(&help.to_string()));
    let problem = Diagnostic::at(source, span, quote_with_backticks(&error.to_string()))
        .expected(advice.expected)
        .found(found.map_or("the end of the file".to_owned(), |found| {
            format!("`{found}`")
        }))
        .help(help.unwrap_or_else(|| advice.help.to_owned()));
    labels.fold(problem, |problem, (span, text)| {
        problem.related(source, span, text)
    })
}

/// The words of the library, with its quotes as ours.
fn quote_with_backticks(words: &str) -> String {
    words.replace('\'', "`")
}

/// Where the statement of an import stands (`SourceCodeInfo` of
/// `descriptor.proto`: the line and the bytes in it, from zero).
fn span_of_import(descriptor: &FileDescriptorProto, index: usize, text: &str) -> Span {
    const DEPENDENCY: i32 = 3;
    let info = descriptor.source_code_info.iter();
    let mut locations = info.flat_map(|info| &info.location);
    let path = [DEPENDENCY, i32::try_from(index).unwrap_or(i32::MAX)];
    let location = locations.find(|location| location.path == path);
    let offset = |line: i32, column: i32| {
        let lines = text.split_inclusive('\n').map(str::len);
        let before: usize = lines.take(usize::try_from(line).unwrap_or(0)).sum();
        before + usize::try_from(column).unwrap_or(0)
    };
    match location.map(|location| location.span.as_slice()) {
        Some(&[line, start, end]) => Span::new(offset(line, start), offset(line, end)),
        Some(&[line, start, last, end]) => Span::new(offset(line, start), offset(last, end)),
        _ => Span::default(),
    }
}
