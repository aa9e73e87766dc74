//! The schema and the documentation say what the code does.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::Value;
use weir::trace::{Level, kinds, line_schema};

use super::strategy::arbitrary_run;
use super::{jsonl, trace_of};

fn docs(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(path)
}

/// Compares a file, or a part of it, with what it should be. `WEIR_UPDATE=1` writes it instead.
pub fn check_file(path: &str, shape: impl Fn(&str) -> String) {
    let file = docs(path);
    let is = fs::read_to_string(&file).unwrap_or_default();
    let should = shape(&is);
    if std::env::var_os("WEIR_UPDATE").is_some() {
        fs::write(&file, should).expect("the file can be written");
    } else {
        let hint = "is out of date: run this test with WEIR_UPDATE=1 and look at the difference";
        assert!(is == should, "docs/{path} {hint}");
    }
}

#[test]
fn the_schema_file_is_current() {
    let mut schema = serde_json::to_string_pretty(&line_schema()).expect("plain data");
    schema.push('\n');
    check_file("trace.schema.json", |_| schema.clone());
}

#[test]
fn the_table_of_kinds_is_current() {
    let mut table =
        String::from("| kind | area | level | fields | what it says |\n|---|---|---|---|---|\n");
    for kind in kinds() {
        let name = |field: &weir::trace::FieldInfo| {
            format!("`{}`{}", field.name, if field.optional { "?" } else { "" })
        };
        let fields: Vec<_> = kind.fields.iter().map(name).collect();
        let (area, level, fields) = (kind.area, kind.level, fields.join(" "));
        table.push_str(&format!(
            "| `{}` | {area} | {level} | {fields} | {} |\n",
            kind.kind, kind.about
        ));
    }
    check_file("trace-format.md", |text| {
        let (begin, end) = ("<!-- kinds: begin -->\n", "<!-- kinds: end -->");
        let (before, rest) = text.split_once(begin).expect("the mark before the table");
        let (_, after) = rest.split_once(end).expect("the mark after the table");
        format!("{before}{begin}{table}{end}{after}")
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_line_fits_the_schema(run in arbitrary_run(0..40)) {
        let schema = jsonschema::validator_for(&line_schema()).expect("a schema");
        for line in jsonl(&trace_of(Level::Records, &run)).split(|byte| *byte == b'\n') {
            if line.is_empty() {
                continue;
            }
            let mut line: Value = serde_json::from_slice(line).expect("JSON");
            prop_assert!(schema.is_valid(&line), "{line}");
            line["surplus"] = 1.into();
            let first_line = line.get("format").is_some();
            prop_assert!(first_line || !schema.is_valid(&line), "{line}");
        }
    }
}
