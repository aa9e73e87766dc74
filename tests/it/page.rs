//! Pages of documentation that show traces, and are held to them.

use std::fmt::Write as _;

use weir::trace::{Filter, TraceFile, render_line};

/// The lines of a trace for which a filter holds, as a block of a page.
pub fn chosen_lines(trace: Vec<u8>, filter: &str) -> String {
    let trace = TraceFile::parse(trace).unwrap();
    let filter = Filter::parse(filter).unwrap();
    let header = trace.header();
    let mut lines = String::from("```text\n");
    for recorded in trace.iter().filter(|recorded| filter.matches(recorded, header)) {
        writeln!(lines, "{}", render_line(&recorded, header)).expect("a string can be written to");
    }
    lines + "```\n"
}

/// The page with what stands between a mark and the end of its block replaced.
pub fn with_block(page: &str, mark: &str, block: &str) -> String {
    let mark = format!("<!-- {mark} -->\n");
    let (before, rest) = page.split_once(&mark).unwrap_or_else(|| panic!("there is no {mark}"));
    let (_, after) = rest.split_once("<!-- end -->").expect("a block has an end");
    format!("{before}{mark}{block}<!-- end -->{after}")
}
