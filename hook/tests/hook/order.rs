//! Data flows one way through the hook: a module uses what stands above it in
//! the documented order, never what stands below it.

use std::path::{Path, PathBuf};

/// The files whose documentation lists modules in their order, and how one
/// module of the list names another.
const LISTS: [(&str, &str); 4] = [
    ("main.rs", "crate::"),
    ("gate.rs", "super::"),
    ("proof.rs", "super::"),
    ("sinks.rs", "super::"),
];

fn source_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The modules in the table of a file's documentation, in their order.
fn listed_modules(text: &str) -> Vec<String> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! | `"));
    let cells = rows.filter_map(|row| row.split(" | ").next());
    let names = cells.flat_map(|cell| cell.split(", "));
    names
        .map(|name| name.trim_matches('`').to_owned())
        .collect()
}

/// The files of a module, those of its own tests left out.
fn module_files(folder: &Path, module: &str) -> Vec<PathBuf> {
    let mut files = vec![folder.join(format!("{module}.rs"))];
    let mut folders = vec![folder.join(module)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name != "tests.rs") {
                files.push(path);
            }
        }
    }
    files
}

/// The names that code has behind a prefix, such as `x` of `crate::x::Y`; those
/// in braces, too.
fn names_behind<'a>(code: &'a str, prefix: &str) -> Vec<&'a str> {
    let places = code.match_indices(prefix).map(|(at, _)| at + prefix.len());
    let names = places.flat_map(|at| {
        let rest = &code[at..];
        let group = rest
            .strip_prefix('{')
            .and_then(|rest| rest.split('}').next());
        let names = group.unwrap_or(rest).split(',');
        let most = if group.is_some() { usize::MAX } else { 1 };
        names.take(most).map(str::trim_start)
    });
    let is_end = |c: char| !c.is_alphanumeric() && c != '_';
    names
        .map(|name| name.split(is_end).next().unwrap_or_default())
        .collect()
}

#[test]
fn no_module_uses_one_that_stands_below_it_in_the_documented_order() {
    let mut found = 0;
    for (list, prefix) in LISTS {
        let list = source_folder().join(list);
        let text = std::fs::read_to_string(&list).unwrap();
        let modules = listed_modules(&text);
        let folder = match list.file_stem().unwrap().to_str().unwrap() {
            "main" => source_folder(),
            module => source_folder().join(module),
        };
        for declared in text.lines().filter_map(|line| line.strip_prefix("mod ")) {
            let declared = declared.trim_end_matches(';').to_owned();
            let is_listed = modules.contains(&declared);
            assert!(is_listed, "{} does not list `{declared}`", list.display());
        }
        for (place, module) in modules.iter().enumerate() {
            for file in module_files(&folder, module) {
                let code = std::fs::read_to_string(&file).unwrap();
                let code = code.split("#[cfg(test)]\nmod tests").next().unwrap();
                for name in names_behind(code, prefix) {
                    found += 1;
                    let used = modules.iter().position(|module| module == name);
                    assert!(
                        used.is_none_or(|used| used <= place),
                        "{} uses `{name}`, which stands below `{module}`",
                        file.display()
                    );
                }
            }
        }
    }
    assert!(
        found > 100,
        "{found}: are modules named in another way now?"
    );
}
