//! How many subtasks operators have. What is said nearest to them counts: by the operator, else by
//! its environment, else by who submits the program, else by the cluster.

use weir::api::TumblingEventTimeWindows;
use weir::operator::{MapFunction, RuntimeContext};
use weir::record::Failure;

use super::*;

/// Tells how many subtasks it has.
#[derive(Clone)]
struct Siblings(u32);

impl MapFunction<u64> for Siblings {
    type Out = (u32,);

    fn open(&mut self, context: &RuntimeContext) -> Result<(), Failure> {
        self.0 = context.parallelism;
        Ok(())
    }

    fn map(&mut self, _: u64) -> Self::Out {
        (self.0,)
    }
}

#[test]
fn what_is_said_nearest_to_an_operator_counts() {
    for (operator, environment, submission, cluster, expected) in [
        (None, None, None, None, "1"),
        (None, None, None, Some(2), "2"),
        (None, None, Some(3), None, "3"),
        (None, None, Some(3), Some(2), "3"),
        (None, Some(4), None, Some(2), "4"),
        (None, Some(4), Some(3), Some(2), "4"),
        (Some(5), None, None, Some(2), "5"),
        (Some(5), Some(4), Some(3), Some(2), "5"),
        (Some(1), Some(4), Some(3), Some(2), "1"),
    ] {
        let env = StreamExecutionEnvironment::new("siblings");
        if let Some(parallelism) = environment {
            env.set_parallelism(parallelism);
        }
        let mut counted = env.from_sequence(1).map_with(Siblings(0));
        if let Some(parallelism) = operator {
            counted = counted.parallelism(parallelism);
        }
        counted.write_to("out", ["siblings"]);
        let mut program = env.build().unwrap();
        if let Some(parallelism) = submission {
            program = program.with_parallelism(parallelism);
        }
        let mut options = self::cluster();
        if let Some(parallelism) = cluster {
            options.default_parallelism = parallelism;
        }
        let report = cluster::execute(options, program).unwrap();
        let said = (operator, environment, submission, cluster);
        assert_eq!(rows(&report), [expected], "{said:?}");
    }
}

#[test]
fn what_tags_records_for_a_join_is_as_parallel_as_what_gives_them() {
    let env = StreamExecutionEnvironment::new("joins");
    let any = env.from_sequence(4);
    let one = env.from_collection(vec![1_u64]);
    let two = env.from_sequence(4).parallelism(2);
    for (sink, first, second) in [("a", &any, &one), ("b", &two, &any)] {
        first
            .join(second)
            .where_key(|n| *n)
            .equal_to(|n| *n)
            .window(TumblingEventTimeWindows::of(Duration::from_secs(1)))
            .apply(|n, m, out| out.collect((*n, *m)))
            .write_to(sink, ["n", "m"]);
    }
    // Sources; then, of each join, what tags the one side and the other, windows and sink.
    let parallelism = |default: u32| -> Vec<u32> {
        let program = env.build().unwrap().with_parallelism(default);
        program.graph.nodes.iter().map(|node| node.parallelism).collect()
    };
    for default in [1, 3] {
        let joins = [[default, 1, default, default], [2, default, default, default]];
        let expected = [vec![default, 1, 2], joins.concat()].concat();
        assert_eq!(parallelism(default), expected);
    }
}

#[test]
fn a_parallelism_that_cannot_be_is_refused_when_the_program_is_submitted() {
    for (parallelism, says) in [(0, "parallelism"), (40_000, "40000")] {
        let env = StreamExecutionEnvironment::new("wrong");
        env.from_sequence(1).discard();
        let options = ClusterOptions { default_parallelism: parallelism, ..cluster() };
        let error = cluster::execute(options, env.build().unwrap()).unwrap_err();
        let told = error.to_string();
        assert!(told.contains(says), "{told}");
    }
}
