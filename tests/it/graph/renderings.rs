//! What graphs look like.

use insta::assert_snapshot;
use weir::graph::{FlinkChaining, Format, Layer, PhysicalPlan, StreamGraph, render};

use super::programs::{diamond, fan_out, slot_sharing, word_count};

fn shown(layer: Layer, format: Format, graph: &StreamGraph) -> String {
    let plan = PhysicalPlan::from_stream_graph(graph, &FlinkChaining).expect("sound");
    render(layer, format, graph, &plan)
}

/// All layers as text, one below the other.
fn drawn(graph: &StreamGraph) -> String {
    let layers = Layer::ALL.iter().map(|&layer| shown(layer, Format::Text, graph));
    let text = layers.collect::<Vec<_>>().join("\n");
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(100), "wider than a terminal:\n{text}");
    text
}

#[test]
fn drawings() {
    assert_snapshot!("word-count", drawn(&word_count(4)));
    assert_snapshot!("diamond", drawn(&diamond()));
    assert_snapshot!("fan-out", drawn(&fan_out()));
    assert_snapshot!("slot-sharing", drawn(&slot_sharing()));
}

#[test]
fn other_formats() {
    let graph = fan_out();
    assert_snapshot!("job-dot", shown(Layer::Job, Format::Dot, &graph));
    assert_snapshot!("job-mermaid", shown(Layer::Job, Format::Mermaid, &graph));
    assert_snapshot!("physical-dot", shown(Layer::Physical, Format::Dot, &graph));
    assert_snapshot!("execution-mermaid", shown(Layer::Execution, Format::Mermaid, &graph));
}

#[test]
fn names_cannot_break_a_format() {
    let mut graph = word_count(1);
    graph.nodes[2].name = "\"];<b>\\ \u{1b}[2J\n\u{202e}\u{200b} 計数".to_string();
    graph.name = "a \"job\"".to_string();
    assert_snapshot!("hostile-text", shown(Layer::Job, Format::Text, &graph));
    assert_snapshot!("hostile-dot", shown(Layer::Job, Format::Dot, &graph));
    assert_snapshot!("hostile-mermaid", shown(Layer::Job, Format::Mermaid, &graph));
    let json = shown(Layer::Stream, Format::Json, &graph);
    assert!(!json.contains(['\u{202e}', '\u{200b}', '\u{1b}']), "{json}");
    assert_eq!(serde_json::from_str::<StreamGraph>(&json).expect("it is JSON"), graph);
}

#[test]
fn layers_and_formats_have_names() {
    for layer in Layer::ALL {
        assert_eq!(layer.to_string().parse(), Ok(*layer));
    }
    for format in Format::ALL {
        assert_eq!(format.to_string().parse(), Ok(*format));
    }
    let error = "svg".parse::<Format>().expect_err("there is no such format");
    assert_snapshot!(error, @r#"unknown format "svg": it must be one of text, dot, mermaid, json"#);
}
