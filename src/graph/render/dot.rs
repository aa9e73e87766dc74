//! Graphviz's DOT language.

use std::fmt::Write;

use super::diagram::{Diagram, DiagramBox};
use super::escape;

pub(super) fn render(diagram: &Diagram) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "digraph {} {{", quoted(&diagram.title));
    out.push_str("  rankdir=LR;\n  node [shape=box, fontname=\"monospace\"];\n");
    for (place, frame) in diagram.frames.iter().enumerate() {
        let _ = writeln!(out, "  subgraph cluster_{place} {{\n    label={};", quoted(frame));
        for node in diagram.boxes.iter().filter(|node| node.frame == Some(place)) {
            let _ = writeln!(out, "    {}", box_line(node));
        }
        out.push_str("  }\n");
    }
    for node in diagram.boxes.iter().filter(|node| node.frame.is_none()) {
        let _ = writeln!(out, "  {}", box_line(node));
    }
    for edge in &diagram.edges {
        let (from, to) = (&diagram.boxes[edge.from].id, &diagram.boxes[edge.to].id);
        let _ = writeln!(out, "  {from} -> {to} [label={}];", quoted(&edge.label));
    }
    out.push_str("}\n");
    out
}

fn box_line(node: &DiagramBox) -> String {
    // The line break is DOT's own escape, so it goes between lines that are already escaped.
    let lines: Vec<String> = node.lines.iter().map(|line| escape::dot(line)).collect();
    format!("{} [label=\"{}\"];", node.id, lines.join("\\n"))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escape::dot(text))
}
