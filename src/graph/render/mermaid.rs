//! Mermaid flowcharts.

use std::fmt::Write;

use super::diagram::{Diagram, DiagramBox};
use super::escape;

pub(super) fn render(diagram: &Diagram) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "flowchart LR");
    for (place, frame) in diagram.frames.iter().enumerate() {
        let _ = writeln!(out, "  subgraph f{place}[{}]", quoted(frame));
        for node in diagram.boxes.iter().filter(|node| node.frame == Some(place)) {
            let _ = writeln!(out, "    {}", box_line(node));
        }
        out.push_str("  end\n");
    }
    for node in diagram.boxes.iter().filter(|node| node.frame.is_none()) {
        let _ = writeln!(out, "  {}", box_line(node));
    }
    for edge in &diagram.edges {
        let (from, to) = (&diagram.boxes[edge.from].id, &diagram.boxes[edge.to].id);
        let _ = writeln!(out, "  {from} -->|{}| {to}", quoted(&edge.label));
    }
    out
}

fn box_line(node: &DiagramBox) -> String {
    let lines: Vec<String> = node.lines.iter().map(|line| escape::mermaid(line)).collect();
    format!("{}[\"{}\"]", node.id, lines.join("<br/>"))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escape::mermaid(text))
}
