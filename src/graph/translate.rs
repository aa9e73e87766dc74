//! Stream graph → job graph: checks a program and chains its operators.
//!
//! Previous: [`super::StreamGraph`]. Next: [`super::ExecutionGraph`].
//!
//! Invariants of the result: every operator is in exactly one chain; only the head of a chain
//! has edges from outside; vertices are in topological order of their heads.

use std::collections::BTreeMap;

use super::order;
use super::{
    ChainCandidate, ChainedOperator, ChainedOutput, ChainingRule, DistributionPattern, GraphError,
    JobEdge, JobGraph, JobVertex, OperatorLabel, OutputTarget, StreamEdge, StreamGraph, StreamNode,
    StreamNodeId,
};
use crate::base::VertexId;
use crate::record::Partitioning;
use crate::record::key_group::{MAX_PARALLELISM_LIMIT, default_max_parallelism};

/// Flink's name for the group of whatever asks for none.
pub const DEFAULT_SLOT_SHARING_GROUP: &str = "default";

impl JobGraph {
    /// Checks a program and chains its operators.
    ///
    /// Unlike Flink: a vertex's max parallelism that is unset is derived here and not when the
    /// execution graph is built, so that every later layer knows it.
    pub fn from_stream_graph(
        graph: &StreamGraph,
        rule: &dyn ChainingRule,
    ) -> Result<Self, GraphError> {
        let plan = ChainPlan::new(graph, rule)?;
        Ok(plan.job_graph())
    }
}

/// What is decided about a program, by place of its nodes and edges.
struct ChainPlan<'a> {
    graph: &'a StreamGraph,
    inputs: Vec<Vec<usize>>,
    outputs: Vec<Vec<usize>>,
    partitionings: Vec<Partitioning>,
    groups: Vec<&'a str>,
    /// The head of the chain that each node is in.
    heads: Vec<usize>,
    /// The heads, each after those that feed it.
    vertices: Vec<usize>,
}

impl<'a> ChainPlan<'a> {
    fn new(graph: &'a StreamGraph, rule: &dyn ChainingRule) -> Result<Self, GraphError> {
        check_nodes(graph)?;
        check_edges(graph)?;
        let nodes = graph.nodes.len();
        let (mut inputs, mut outputs) = (vec![Vec::new(); nodes], vec![Vec::new(); nodes]);
        for (place, edge) in graph.edges.iter().enumerate() {
            inputs[target(edge)].push(place);
            outputs[source(edge)].push(place);
        }
        let ends = graph.edges.iter().map(|edge| (source(edge), target(edge)));
        let order = order::topological(&order::digraph(nodes, ends)).map_err(|cycle| {
            let operators = cycle.into_iter().map(|node| label(&graph.nodes[node])).collect();
            GraphError::Cycle { operators }
        })?;
        let partitionings =
            graph.edges.iter().map(|edge| partitioning(graph, edge)).collect::<Result<_, _>>()?;
        let mut plan = Self {
            graph,
            inputs,
            outputs,
            partitionings,
            groups: vec![DEFAULT_SLOT_SHARING_GROUP; nodes],
            heads: (0..nodes).collect(),
            vertices: Vec::new(),
        };
        for node in order {
            plan.groups[node] = plan.group(node);
            match plan.inputs[node][..] {
                [edge] if rule.is_chainable(&plan.candidate(edge)) => {
                    plan.heads[node] = plan.heads[source(&graph.edges[edge])];
                }
                _ => plan.vertices.push(node),
            }
        }
        Ok(plan)
    }

    /// The group asked for, else that of the inputs if they agree, else the default.
    fn group(&self, node: usize) -> &'a str {
        if let Some(group) = &self.graph.nodes[node].slot_sharing_group {
            return group;
        }
        let mut groups =
            self.inputs[node].iter().map(|&edge| self.groups[source(&self.graph.edges[edge])]);
        match groups.next() {
            Some(first) if groups.all(|group| group == first) => first,
            Some(_) | None => DEFAULT_SLOT_SHARING_GROUP,
        }
    }

    fn candidate(&self, place: usize) -> ChainCandidate<'a> {
        let edge = &self.graph.edges[place];
        ChainCandidate {
            enabled: self.graph.chaining,
            upstream: &self.graph.nodes[source(edge)],
            upstream_group: self.groups[source(edge)],
            downstream: &self.graph.nodes[target(edge)],
            downstream_group: self.groups[target(edge)],
            downstream_inputs: self.inputs[target(edge)].len(),
            partitioning: self.partitionings[place],
        }
    }

    fn is_chained(&self, place: usize) -> bool {
        let edge = &self.graph.edges[place];
        self.heads[target(edge)] == self.heads[source(edge)]
    }

    fn job_graph(&self) -> JobGraph {
        let id = |place| VertexId(u16::try_from(place).expect("vertices are fewer than node ids"));
        let ids: BTreeMap<usize, VertexId> =
            self.vertices.iter().enumerate().map(|(place, &head)| (head, id(place))).collect();
        let mut edges = Vec::new();
        for &head in &self.vertices {
            let mut inputs = self.inputs[head].clone();
            inputs.sort_by_key(|&place| self.graph.edges[place].input);
            for place in inputs {
                edges.push(self.job_edge(place, &ids));
            }
        }
        let edge_places = edges.iter().enumerate().map(|(place, edge)| (edge.stream_edge, place));
        let edge_places: BTreeMap<usize, usize> = edge_places.collect();
        let vertices =
            self.vertices.iter().map(|&head| self.vertex(head, ids[&head], &edge_places)).collect();
        JobGraph { name: self.graph.name.clone(), vertices, edges }
    }

    fn job_edge(&self, place: usize, ids: &BTreeMap<usize, VertexId>) -> JobEdge {
        let edge = &self.graph.edges[place];
        JobEdge {
            source: ids[&self.heads[source(edge)]],
            target: ids[&target(edge)],
            input: edge.input,
            stream_edge: place,
            partitioning: self.partitionings[place],
            pattern: pattern(self.partitionings[place]),
        }
    }

    fn vertex(&self, head: usize, id: VertexId, edge_places: &BTreeMap<usize, usize>) -> JobVertex {
        let members = self.members(head);
        let places: BTreeMap<usize, usize> =
            members.iter().enumerate().map(|(place, &node)| (node, place)).collect();
        let chain = members.iter().map(|&node| self.operator(node, &places, edge_places)).collect();
        let node = &self.graph.nodes[head];
        JobVertex {
            id,
            name: self.name(&members),
            uid: node.uid.clone(),
            chain,
            parallelism: node.parallelism,
            max_parallelism: node
                .max_parallelism
                .unwrap_or_else(|| default_max_parallelism(node.parallelism)),
            max_parallelism_set: node.max_parallelism.is_some(),
            slot_sharing_group: self.groups[head].to_string(),
        }
    }

    /// The nodes of a chain: each branch to its end before the next begins.
    fn members(&self, head: usize) -> Vec<usize> {
        let mut members = Vec::new();
        let mut ahead = vec![head];
        while let Some(node) = ahead.pop() {
            members.push(node);
            ahead.extend(self.chained_outputs(node).rev());
        }
        members
    }

    fn chained_outputs(&self, node: usize) -> impl DoubleEndedIterator<Item = usize> {
        let chained = self.outputs[node].iter().filter(|&&place| self.is_chained(place));
        chained.map(|&place| target(&self.graph.edges[place]))
    }

    fn operator(
        &self,
        node: usize,
        places: &BTreeMap<usize, usize>,
        edge_places: &BTreeMap<usize, usize>,
    ) -> ChainedOperator {
        let output = |&place: &usize| {
            let edge = &self.graph.edges[place];
            ChainedOutput {
                stream_edge: place,
                side_output: edge.side_output.clone(),
                target: if self.is_chained(place) {
                    OutputTarget::Chained(places[&target(edge)])
                } else {
                    OutputTarget::Edge(edge_places[&place])
                },
            }
        };
        let StreamNode { id, name, uid, .. } = &self.graph.nodes[node];
        ChainedOperator {
            node: *id,
            name: name.clone(),
            uid: uid.clone(),
            outputs: self.outputs[node].iter().map(output).collect(),
        }
    }

    /// Flink's name of a chain: `a -> b`, and `a -> (b, c)` where it forks.
    fn name(&self, members: &[usize]) -> String {
        let mut names: BTreeMap<usize, String> = BTreeMap::new();
        for &node in members.iter().rev() {
            let tails: Vec<String> = self
                .chained_outputs(node)
                .map(|next| names.remove(&next).expect("an operator is fed by one of its chain"))
                .collect();
            let name = &self.graph.nodes[node].name;
            let name = match &tails[..] {
                [] => name.clone(),
                [tail] => format!("{name} -> {tail}"),
                tails => format!("{name} -> ({})", tails.join(", ")),
            };
            names.insert(node, name);
        }
        names.remove(&members[0]).expect("the head is a member of its chain")
    }
}

fn check_nodes(graph: &StreamGraph) -> Result<(), GraphError> {
    if graph.nodes.is_empty() {
        return Err(GraphError::Empty);
    }
    let mut uids: BTreeMap<&str, &StreamNode> = BTreeMap::new();
    for (place, node) in graph.nodes.iter().enumerate() {
        if usize::from(node.id.0) != place {
            return Err(GraphError::MisplacedNode { place, id: node.id });
        }
        if let Some(first) = uids.insert(&node.uid, node) {
            return Err(GraphError::DuplicateUid {
                uid: node.uid.clone(),
                first: format!("{:?}", first.name),
                second: format!("{:?}", node.name),
            });
        }
        if node.parallelism == 0 {
            return Err(GraphError::NoParallelism { operator: label(node) });
        }
        match node.max_parallelism {
            Some(max_parallelism) if !(1..=MAX_PARALLELISM_LIMIT).contains(&max_parallelism) => {
                return Err(GraphError::MaxParallelismOutOfBounds {
                    operator: label(node),
                    max_parallelism,
                    limit: MAX_PARALLELISM_LIMIT,
                });
            }
            Some(_) | None => {}
        }
    }
    Ok(())
}

fn check_edges(graph: &StreamGraph) -> Result<(), GraphError> {
    let nodes = graph.nodes.len();
    for (place, edge) in graph.edges.iter().enumerate() {
        for (direction, node) in [("from", edge.source), ("to", edge.target)] {
            if usize::from(node.0) >= nodes {
                return Err(GraphError::UnknownNode { edge: place, direction, node, nodes });
            }
        }
    }
    Ok(())
}

/// How an edge deals records; forwarding asks for equal parallelisms.
fn partitioning(graph: &StreamGraph, edge: &StreamEdge) -> Result<Partitioning, GraphError> {
    let (upstream, downstream) = (&graph.nodes[source(edge)], &graph.nodes[target(edge)]);
    let partitioning = edge.resolved_partitioning(upstream.parallelism, downstream.parallelism);
    if partitioning == Partitioning::Forward && upstream.parallelism != downstream.parallelism {
        return Err(GraphError::ForwardChangesParallelism {
            upstream: label(upstream),
            upstream_parallelism: upstream.parallelism,
            downstream: label(downstream),
            downstream_parallelism: downstream.parallelism,
        });
    }
    Ok(partitioning)
}

fn pattern(partitioning: Partitioning) -> DistributionPattern {
    match partitioning {
        Partitioning::Forward | Partitioning::Rescale => DistributionPattern::Pointwise,
        Partitioning::Rebalance
        | Partitioning::Shuffle
        | Partitioning::Broadcast
        | Partitioning::Global
        | Partitioning::Hash
        | Partitioning::Custom => DistributionPattern::AllToAll,
    }
}

fn label(node: &StreamNode) -> OperatorLabel {
    OperatorLabel { name: node.name.clone(), uid: node.uid.clone() }
}

fn source(edge: &StreamEdge) -> usize {
    place(edge.source)
}

fn target(edge: &StreamEdge) -> usize {
    place(edge.target)
}

fn place(node: StreamNodeId) -> usize {
    usize::from(node.0)
}
