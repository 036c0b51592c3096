//! The folder list is the flow: a module imports only what stands before it, and leaves import leaves.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// Modules in the order of the flow. Those of one line may not import each other, except where a later test says so.
const FLOW: &[&[&str]] = &[
    &["error"],
    &["bits", "forecast", "groups", "instance", "money", "names", "note", "parallel", "quantile", "time"],
    &["season", "store"],
    &["defaults", "sku", "scan"],
    &["exports", "inventory", "transactions"],
    &["metrics"],
    &["facts"],
    &["prices", "waterfall"],
    &["commitments"],
    &["bill", "changes", "protect", "quality", "unit_cost"],
    &["suppress"],
    &["rules"],
    &["plan"],
    &["report"],
    &["baseline", "config", "output"],
    &["demo", "collect"],
    &["cli"],
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, all);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            all.push(path);
        }
    }
}

/// The top-level module of a file: `src/scan/decode.rs` is of `scan`.
fn module(path: &Path) -> String {
    let below = path.strip_prefix(source()).unwrap();
    let first = below.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The text without its unit tests, which may import anything.
fn code(path: &Path) -> String {
    if path.ends_with("tests.rs") {
        return String::new();
    }
    let text = std::fs::read_to_string(path).unwrap();
    text.split("#[cfg(test)]").next().unwrap().to_owned()
}

/// The modules that a text names as `crate::X`, alone or in a `use crate::{..}` list.
fn imports(text: &str) -> BTreeSet<String> {
    let word = |rest: &str| rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect::<String>();
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        let Some(list) = rest.strip_prefix('{') else {
            found.insert(word(rest));
            continue;
        };
        let (mut depth, mut item) = (1, String::new());
        for c in list.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 || (depth == 1 && c == ',') {
                found.insert(word(item.trim()));
                item.clear();
                if depth == 0 {
                    break;
                }
            } else {
                item.push(c);
            }
        }
    }
    found.remove("");
    found
}

#[test]
fn imports_run_against_the_flow() {
    let rank: BTreeMap<&str, usize> =
        FLOW.iter().enumerate().flat_map(|(rank, line)| line.iter().map(move |name| (*name, rank))).collect();
    let mut all = Vec::new();
    files(&source(), &mut all);
    let mut wrong = Vec::new();
    for path in all {
        let importer = module(&path);
        if ["lib", "main"].contains(&importer.as_str()) {
            continue;
        }
        let own = *rank.get(importer.as_str()).unwrap_or_else(|| panic!("{importer} has no place in the flow"));
        for imported in imports(&code(&path)).iter().filter(|name| **name != importer) {
            // `crate::run` and `crate::read` are the flow itself.
            let other = rank.get(imported.as_str()).copied().unwrap_or(if importer == "cli" || importer == "demo" {
                0
            } else {
                99
            });
            if other >= own {
                wrong.push(format!("{} imports {imported}", path.strip_prefix(source()).unwrap().display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_rule_reads_nothing_but_what_it_is_given() {
    let mut all = Vec::new();
    files(&source().join("rules"), &mut all);
    for path in all {
        let text = code(&path);
        for outside in ["arrow", "parquet", "std::fs", "std::env", "Instant", "SystemTime", "Timestamp::now", "clap"] {
            assert!(!text.contains(outside), "{} names {outside}", path.display());
        }
    }
}

#[test]
fn parquet_and_arrow_are_known_to_the_scan_alone_and_clap_to_the_command_line() {
    let mut all = Vec::new();
    files(&source(), &mut all);
    for path in all {
        let (module, text) = (module(&path), code(&path));
        let arrow = ["use arrow_", "use parquet", "arrow_array::", "parquet::"].iter().any(|name| text.contains(name));
        assert!(!arrow || module == "scan", "{} reads Parquet", path.display());
        let clap = text.contains("clap::");
        assert!(!clap || ["cli", "main"].contains(&module.as_str()), "{} knows clap", path.display());
    }
}

#[test]
fn the_parser_of_imports_sees_lists_and_paths() {
    let text = "use crate::{\n a::{x, y},\n b, c::Z,\n};\nfn f() { crate::d::g() }";
    let names: Vec<String> = imports(text).into_iter().collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
}
