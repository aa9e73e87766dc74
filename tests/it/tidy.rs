//! Holds the code to its own page: the edges of `docs/architecture.md`, module docs, sizes,
//! and that every page is in the book.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Files longer than this need a reason to be listed below. The list only shrinks.
const LONG: usize = 500;
const KNOWN_LONG: &[&str] = &[];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).expect("the folder is in the checkout");
        for path in entries.map(|entry| entry.expect("the folder can be read").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).expect("files are under the root").display().to_string()
}

/// The top-level module of the library that a file under `src/` belongs to.
fn module_of(path: &Path) -> Option<String> {
    let inside = relative(path);
    let inside = inside.strip_prefix("src/")?;
    let first = inside.split('/').next()?;
    (first != "lib.rs").then(|| first.trim_end_matches(".rs").to_string())
}

/// The modules that a file names as `crate::module`, outside comments.
fn named_modules(text: &str) -> BTreeSet<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut named = BTreeSet::new();
    for line in code {
        for rest in line.split("crate::").skip(1) {
            let name: String =
                rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            named.insert(name);
        }
    }
    named.remove("");
    named
}

/// The table of allowed edges: module → modules it may use.
fn allowed_edges() -> BTreeMap<String, BTreeSet<String>> {
    let page = fs::read_to_string(root().join("docs/architecture.md")).expect("the page is there");
    let table = page.split("<!-- edges -->").nth(1).expect("the page marks its table of edges");
    let names = |cell: &str| -> BTreeSet<String> {
        let names = cell.split(',').map(|name| name.trim().trim_matches('`').to_string());
        names.filter(|name| !name.is_empty() && name != "–").collect()
    };
    let mut edges = BTreeMap::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        let module = names(cells[0]).pop_first().expect("a row begins with a module");
        edges.insert(module, names(cells[1]));
    }
    edges
}

#[test]
fn modules_use_only_what_the_architecture_allows() {
    let allowed = allowed_edges();
    let mut wrong = Vec::new();
    let mut used = BTreeMap::<String, BTreeSet<String>>::new();
    for path in files("src", "rs") {
        let Some(module) = module_of(&path) else { continue };
        let Some(may_use) = allowed.get(&module) else {
            wrong.push(format!("`{module}` is not in the table"));
            continue;
        };
        let named = named_modules(&fs::read_to_string(&path).expect("a source file is text"));
        for other in named.into_iter().filter(|other| *other != module) {
            if !may_use.contains(&other) {
                wrong.push(format!("{} uses `{other}`", relative(&path)));
            }
            used.entry(module.clone()).or_default().insert(other);
        }
    }
    for (module, may_use) in &allowed {
        for other in may_use {
            if !used.get(module).is_some_and(|used| used.contains(other)) {
                wrong.push(format!("the table lets `{module}` use `{other}`, but it does not"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_allowed_edges_have_no_cycle() {
    let mut edges = allowed_edges();
    while !edges.is_empty() {
        let leaf = edges
            .iter()
            .find(|(_, uses)| uses.iter().all(|other| !edges.contains_key(other)))
            .map(|(module, _)| module.clone());
        let left: Vec<&String> = edges.keys().collect();
        let leaf = leaf.unwrap_or_else(|| panic!("there is a cycle among {left:?}"));
        edges.remove(&leaf);
    }
}

#[test]
fn the_views_see_only_the_trace_and_plans() {
    let mut wrong = Vec::new();
    for path in files("tui/src/view", "rs") {
        let text = fs::read_to_string(&path).expect("a source file is text");
        for hidden in ["sim", "runtime", "task", "network", "host", "cluster", "operator"] {
            if text.contains(&format!("weir::{hidden}")) {
                wrong.push(format!("{} uses weir::{hidden}", relative(&path)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_source_file_says_what_it_is_for_and_fits_a_reader() {
    let mut wrong = Vec::new();
    for path in ["src", "tui/src", "tests", "tui/tests"].iter().flat_map(|f| files(f, "rs")) {
        let text = fs::read_to_string(&path).expect("a source file is text");
        let (name, lines) = (relative(&path), text.lines().count());
        if !text.starts_with("//!") {
            wrong.push(format!("{name} does not begin with a module doc"));
        }
        let known = KNOWN_LONG.contains(&name.as_str());
        if lines > LONG && !known {
            wrong.push(format!("{name} has {lines} lines"));
        }
        if lines <= LONG && known {
            wrong.push(format!("{name} is no longer long: take it off the list"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_page_is_in_the_book() {
    let summary = fs::read_to_string(root().join("docs/SUMMARY.md")).expect("the book has one");
    let pages = files("docs", "md").into_iter().map(|path| relative(&path));
    let missing: Vec<String> = pages
        .map(|page| page.trim_start_matches("docs/").to_string())
        .filter(|page| page != "SUMMARY.md" && !summary.contains(&format!("({page})")))
        .collect();
    assert!(missing.is_empty(), "not in docs/SUMMARY.md: {missing:?}");
}
