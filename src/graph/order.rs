//! Order in a directed graph: topological order, or the cycle that rules it out.
//!
//! Invariant: the order is a function of the edges alone, and among nodes that are free to come
//! next the one that was declared first does.

use std::collections::BTreeSet;

use petgraph::Direction::Incoming;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

/// Nodes from 0 with edges between them.
pub(super) fn digraph(
    nodes: usize,
    edges: impl Iterator<Item = (usize, usize)>,
) -> DiGraph<(), ()> {
    let mut graph = DiGraph::with_capacity(nodes, 0);
    for _ in 0..nodes {
        graph.add_node(());
    }
    for (from, to) in edges {
        graph.add_edge(NodeIndex::new(from), NodeIndex::new(to), ());
    }
    graph
}

/// Every node after all that lead to it; or, as an error, the nodes of one cycle in ascending
/// order.
pub(super) fn topological(graph: &DiGraph<(), ()>) -> Result<Vec<usize>, Vec<usize>> {
    if let Some(mut cycle) = cycle(graph) {
        cycle.sort_unstable();
        return Err(cycle);
    }
    let mut waiting: Vec<usize> =
        graph.node_indices().map(|node| graph.edges_directed(node, Incoming).count()).collect();
    let mut free: BTreeSet<usize> = (0..waiting.len()).filter(|&node| waiting[node] == 0).collect();
    let mut order = Vec::with_capacity(waiting.len());
    while let Some(node) = free.pop_first() {
        order.push(node);
        for next in graph.neighbors(NodeIndex::new(node)) {
            waiting[next.index()] -= 1;
            if waiting[next.index()] == 0 {
                free.insert(next.index());
            }
        }
    }
    Ok(order)
}

fn cycle(graph: &DiGraph<(), ()>) -> Option<Vec<usize>> {
    let loops = |node: NodeIndex| graph.contains_edge(node, node);
    kosaraju_scc(graph)
        .into_iter()
        .find(|component| component.len() > 1 || loops(component[0]))
        .map(|component| component.into_iter().map(NodeIndex::index).collect())
}

/// The layer of every node: how many edges the longest way to it has.
///
/// # Panics
/// If the graph has a cycle.
pub(super) fn layers(graph: &DiGraph<(), ()>) -> Vec<usize> {
    let mut layers = vec![0; graph.node_count()];
    for node in topological(graph).expect("only acyclic graphs have layers") {
        for next in graph.neighbors(NodeIndex::new(node)) {
            layers[next.index()] = layers[next.index()].max(layers[node] + 1);
        }
    }
    layers
}
