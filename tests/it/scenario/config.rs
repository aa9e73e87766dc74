//! `[config]`: Flink's keys say the same as those of sections, and are refused in as many words.

use std::fs;

use weir::api::StreamExecutionEnvironment;
use weir::scenario::CONFIG_KEYS;

use super::*;

/// What a cluster is given for a scenario whose job has `job` too, in a form that can be compared.
fn lowered(config: &str, sections: &str, job: &str) -> String {
    let text = format!("{HEAD}[config]\n{config}\n{sections}\n{JOB}{job}");
    let scenario = parse(&text, "s.toml").unwrap_or_else(|error| panic!("{text}\n{error}"));
    let lowered = lower(&scenario, &registry(), &Overrides::default());
    let lowered = lowered.unwrap_or_else(|error| panic!("{text}\n{error}"));
    let program = &lowered.submissions[0].program;
    let watermarks = program.code.watermark_interval;
    format!("{:#?}\n{:#?}\n{watermarks:?}", lowered.options, program.graph)
}

/// With Flink's keys, and the same in other sections and in that of the job.
const SAME: &[(&str, &str, &str)] = &[
    (r#""taskmanager.numberOfTaskSlots" = 3"#, "[cluster]\nslots = 3", ""),
    (r#""heartbeat.interval" = "2 s""#, "[cluster]\nheartbeat-interval = \"2s\"", ""),
    (r#""heartbeat.interval" = "2s""#, "[cluster]\nheartbeat-interval = \"2s\"", ""),
    (r#""heartbeat.interval" = "2500 ms""#, "[cluster]\nheartbeat-interval = \"2.5s\"", ""),
    (r#""heartbeat.timeout" = "1 m""#, "[cluster]\nheartbeat-timeout = \"1min\"", ""),
    (r#""slot.request.timeout" = "90 Seconds""#, "[cluster]\nslot-request-timeout = \"90s\"", ""),
    (r#""pipeline.operator-chaining.enabled" = false"#, "", "chaining = false"),
    (r#""pipeline.auto-watermark-interval" = "0 ms""#, "", "auto-watermark-interval = \"0ms\""),
    (r#""execution.buffer-timeout.interval" = "20 millis""#, "", "buffer-timeout = \"20ms\""),
    (r#""taskmanager.network.memory.buffers-per-channel" = 5"#, "", "credits = 5"),
    (r#""taskmanager.network.memory.max-buffers-per-channel" = 6"#, "", "output-buffers = 6"),
    (r#""state.backend.type" = "rocksdb""#, "[state]\nbackend = \"lsm\"", ""),
    (
        r#"
        "execution.checkpointing.interval" = "1 s"
        "execution.checkpointing.mode" = "EXACTLY_ONCE"
        "execution.checkpointing.timeout" = "5 minutes"
        "execution.checkpointing.min-pause" = "100 ms"
        "execution.checkpointing.tolerable-failed-checkpoints" = 3
        "execution.checkpointing.unaligned.enabled" = true
        "execution.checkpointing.aligned-checkpoint-timeout" = "200 ms"
        "execution.checkpointing.storage" = "jobmanager"
        "execution.checkpointing.num-retained" = 2
        "execution.checkpointing.externalized-checkpoint-retention" = "RETAIN_ON_CANCELLATION"
        "execution.checkpointing.incremental" = true
        "#,
        r#"[checkpointing]
        interval = "1s"
        mode = "exactly-once"
        timeout = "5min"
        min-pause = "100ms"
        tolerable-failures = 3
        unaligned = true
        aligned-timeout = "200ms"
        storage = "jobmanager"
        retained = 2
        retention = "retain-on-cancellation"
        incremental = true
        "#,
        "",
    ),
    (
        r#"
        "execution.checkpointing.interval" = "2 s"
        "execution.checkpointing.mode" = "AT_LEAST_ONCE"
        "execution.checkpointing.max-concurrent-checkpoints" = 3
        "#,
        "[checkpointing]\ninterval = \"2s\"\nmode = \"at-least-once\"\nmax-concurrent = 3",
        "",
    ),
    (r#""restart-strategy.type" = "disable""#, "[restart]\nstrategy = \"none\"", ""),
    (
        r#"
        "restart-strategy.type" = "fixeddelay"
        "restart-strategy.fixed-delay.attempts" = 3
        "restart-strategy.fixed-delay.delay" = "2 s"
        "#,
        "[restart]\nstrategy = \"fixed-delay\"\nattempts = 3\ndelay = \"2s\"",
        "",
    ),
    (
        r#"
        "restart-strategy.type" = "failure-rate"
        "restart-strategy.failure-rate.max-failures-per-interval" = 4
        "restart-strategy.failure-rate.failure-rate-interval" = "3 min"
        "restart-strategy.failure-rate.delay" = "500 ms"
        "#,
        r#"[restart]
        strategy = "failure-rate"
        max-failures-per-interval = 4
        interval = "3min"
        delay = "500ms"
        "#,
        "",
    ),
    (
        r#"
        "restart-strategy.type" = "exponential-delay"
        "restart-strategy.exponential-delay.initial-backoff" = "2 s"
        "restart-strategy.exponential-delay.max-backoff" = "1 h"
        "restart-strategy.exponential-delay.backoff-multiplier" = 2.5
        "restart-strategy.exponential-delay.reset-backoff-threshold" = "2 h"
        "restart-strategy.exponential-delay.attempts-before-reset-backoff" = 7
        "#,
        r#"[restart]
        strategy = "exponential-delay"
        initial-backoff = "2s"
        max-backoff = "1h"
        backoff-multiplier = 2.5
        reset-backoff-threshold = "2h"
        attempts = 7
        "#,
        "",
    ),
];

#[test]
fn a_key_of_flinks_says_the_same_as_that_of_its_section() {
    let by_default = lowered("", "", "");
    for (config, sections, job) in SAME {
        let by_flink = lowered(config, "", "");
        assert_eq!(by_flink, lowered("", sections, job), "{config}");
        assert_ne!(by_flink, by_default, "{config}");
    }
    let all: String = SAME.iter().map(|(config, ..)| *config).collect();
    for key in CONFIG_KEYS.iter().filter(|key| !key.same_as.is_empty()) {
        assert!(all.contains(&format!("\"{}\"", key.name)), "{} is not tried", key.name);
    }
}

#[test]
fn each_key_of_flinks_is_in_the_book() {
    let page = format!("{}/docs/scenarios.md", env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(page).expect("the page is there");
    let table = page.split("<!-- config -->").nth(1).expect("the page marks its table of keys");
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let told: Vec<(String, String)> = rows
        .map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            (cells[0].to_owned(), cells[1].to_owned())
        })
        .collect();
    let known: Vec<(String, String)> = CONFIG_KEYS
        .iter()
        .map(|key| {
            let same = key.same_as.iter().map(|(section, key)| format!("`[{section}]` `{key}`"));
            let same = same.collect::<Vec<_>>().join(", ");
            let same = if same.is_empty() { "–".to_owned() } else { same };
            (format!("`{}`", key.name), same)
        })
        .collect();
    assert_eq!(told, known);
}

#[test]
fn a_key_may_stand_without_quotes_and_be_set_by_a_flag() {
    let quoted =
        lowered("\"heartbeat.interval\" = \"1 s\"\n\"heartbeat.timeout\" = \"9 s\"", "", "");
    for config in [
        "heartbeat.interval = \"1 s\"\nheartbeat.timeout = \"9 s\"",
        "heartbeat = { interval = \"1 s\", timeout = \"9 s\" }",
        "[config.heartbeat]\ninterval = \"1 s\"\ntimeout = \"9 s\"",
        "\"heartbeat.interval\" = \"1 s\"\nheartbeat.timeout = \"9 s\"",
    ] {
        assert_eq!(lowered(config, "", ""), quoted, "{config}");
    }
    for (config, flags, slots) in [
        ("", &["config.\"taskmanager.numberOfTaskSlots\"=4"][..], 4),
        ("", &["config.taskmanager.numberOfTaskSlots=4"], 4),
        ("\"taskmanager.numberOfTaskSlots\" = 3", &["config.taskmanager.numberOfTaskSlots=4"], 4),
        ("taskmanager.numberOfTaskSlots = 3", &["config.\"taskmanager.numberOfTaskSlots\"=4"], 4),
        (
            "taskmanager.numberOfTaskSlots = 3",
            &[
                "config.\"taskmanager.numberOfTaskSlots\"=4",
                "config.taskmanager.numberOfTaskSlots=5",
            ],
            5,
        ),
    ] {
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let text = format!("{HEAD}[config]\n{config}\n{JOB}");
        let scenario = parse_with(&text, "s.toml", &flags).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(scenario.cluster.slots, slots, "{config} {flags:?}");
    }
}

#[test]
fn jobs_have_the_clusters_parallelism_unless_they_ask_for_one() {
    let build = |_: &Arguments| -> Result<Program, ArgumentError> {
        let env = StreamExecutionEnvironment::new("");
        let numbers = env.from_sequence(4).map(|n| (n, 1_u64)).parallelism(2).max_parallelism(7);
        numbers.write_to("counts", ["word", "count"]);
        Ok(env.build().expect("it is sound"))
    };
    let registry = || Registry::default().with(GalleryJob::new("count", "", build));
    for (config, job, parallelism, max_parallelism) in [
        ("", "", [1, 2, 1], [None, Some(7), None]),
        ("\"parallelism.default\" = 3", "", [3, 2, 3], [None, Some(7), None]),
        ("", "parallelism = 4", [4, 2, 4], [None, Some(7), None]),
        ("parallelism.default = 3", "parallelism = 4", [4, 2, 4], [None, Some(7), None]),
        ("pipeline.max-parallelism = 6", "", [1, 2, 1], [Some(6), Some(7), Some(6)]),
    ] {
        let text = format!("{HEAD}[config]\n{config}\n[job]\nprogram = \"count\"\n{job}");
        let scenario = parse(&text, "s.toml").unwrap_or_else(|error| panic!("{error}"));
        let lowered = lower(&scenario, &registry(), &Overrides::default()).unwrap();
        let nodes = &lowered.submissions[0].program.graph.nodes;
        let found: Vec<u32> = nodes.iter().map(|node| node.parallelism).collect();
        assert_eq!(found, parallelism, "{config}; {job}");
        let found: Vec<Option<u32>> = nodes.iter().map(|node| node.max_parallelism).collect();
        assert_eq!(found, max_parallelism, "{config}; {job}");
    }
}

/// What is wrong with `config` and, in the end, `more`: the error, its hint, and what stands at its
/// place.
const WRONG: &[(&str, &str, [&str; 3])] = &[
    (
        "\"taskmanager.numberOfTaskSlot\" = 2",
        "",
        [
            "unknown key `taskmanager.numberOfTaskSlot` in [config]",
            "did you mean `taskmanager.numberOfTaskSlots`?",
            "\"taskmanager.numberOfTaskSlot\"",
        ],
    ),
    (
        "taskmanger.numberOfTaskSlots = 2",
        "",
        [
            "unknown key `taskmanger.numberOfTaskSlots` in [config]",
            "did you mean `taskmanager.numberOfTaskSlots`?",
            "numberOfTaskSlots",
        ],
    ),
    (
        "parallelism.defualt = 2",
        "",
        [
            "unknown key `parallelism.defualt` in [config]",
            "did you mean `parallelism.default`?",
            "defualt",
        ],
    ),
    (
        "\"execution.buffer-timeout\" = \"1 s\"",
        "",
        [
            "unknown key `execution.buffer-timeout` in [config]",
            "did you mean `execution.buffer-timeout.interval`?",
            "\"execution.buffer-timeout\"",
        ],
    ),
    (
        "restart-strategy = \"none\"",
        "",
        [
            "unknown key `restart-strategy` in [config]",
            "did you mean `restart-strategy.type`?",
            "restart-strategy",
        ],
    ),
    (
        "\"heartbeat.rpc-failure-threshold\" = 3",
        "",
        [
            "unknown key `heartbeat.rpc-failure-threshold` in [config]",
            "known here: heartbeat.interval, heartbeat.timeout",
            "\"heartbeat.rpc-failure-threshold\"",
        ],
    ),
    (
        "\"web.submit.enable\" = true",
        "",
        [
            "unknown key `web.submit.enable` in [config]",
            "docs/scenarios.md has the keys of Flink's that there are here",
            "\"web.submit.enable\"",
        ],
    ),
    (
        "\"taskmanager.numberOfTaskSlots\" = 0",
        "",
        ["`taskmanager.numberOfTaskSlots` is 0", "it must be between 1 and 1000", "0"],
    ),
    (
        "\"parallelism.default\" = 2000",
        "",
        ["`parallelism.default` is 2000", "it must be between 1 and 1024", "2000"],
    ),
    (
        "\"heartbeat.interval\" = 10000",
        "",
        [
            "`heartbeat.interval` has no unit",
            "Flink takes it for milliseconds; write it as \"10000 ms\"",
            "10000",
        ],
    ),
    (
        "\"heartbeat.interval\" = \"10000\"",
        "",
        [
            "`heartbeat.interval` has no unit",
            "Flink takes it for milliseconds; write it as \"10000 ms\"",
            "\"10000\"",
        ],
    ),
    (
        "\"heartbeat.interval\" = \"5 parsecs\"",
        "",
        [
            "`heartbeat.interval` is wrong: `parsecs` is not a unit: ns, us, µs, ms, s, min, h, d",
            "",
            "\"5 parsecs\"",
        ],
    ),
    (
        "\"heartbeat.interval\" = \"1 min\"",
        "",
        [
            "the heartbeat timeout must be longer than the interval",
            "interval 60s, timeout 50s",
            "\"1 min\"",
        ],
    ),
    (
        "\"execution.checkpointing.mode\" = \"EXACTLY_TWICE\"",
        "[checkpointing]\ninterval = \"1s\"",
        [
            "`execution.checkpointing.mode` cannot be `exactly-twice`",
            "did you mean `exactly-once`?",
            "\"EXACTLY_TWICE\"",
        ],
    ),
    (
        "\"parallelism.default\" = 2\nparallelism.default = 2",
        "",
        [
            "`parallelism.default` is given twice",
            "with quotes and without, it is the same key",
            "default = 2",
        ],
    ),
    (
        "\"taskmanager.numberOfTaskSlots\" = 2",
        "[cluster]\nslots = 2",
        [
            "`taskmanager.numberOfTaskSlots` says the same as `slots` in [cluster]",
            "keep one of them",
            "\"taskmanager.numberOfTaskSlots\"",
        ],
    ),
    (
        "\"pipeline.operator-chaining.enabled\" = true",
        "chaining = true",
        [
            "`pipeline.operator-chaining.enabled` says the same as `chaining` in [job]",
            "keep one of them",
            "\"pipeline.operator-chaining.enabled\"",
        ],
    ),
    (
        "\"execution.checkpointing.incremental\" = true",
        "[checkpointing]\ninterval = \"1s\"\n[state]\nincremental = true",
        [
            "`execution.checkpointing.incremental` says the same as `incremental` in [state]",
            "keep one of them",
            "\"execution.checkpointing.incremental\"",
        ],
    ),
    (
        "\"execution.checkpointing.timeout\" = \"1 s\"",
        "",
        [
            "`execution.checkpointing.timeout` means nothing without an interval",
            "write \"execution.checkpointing.interval\" = \"500 ms\"",
            "\"execution.checkpointing.timeout\"",
        ],
    ),
    (
        "\"execution.checkpointing.timeout\" = \"1 s\"",
        "[checkpointing]\nmode = \"none\"",
        [
            "`execution.checkpointing.timeout` means nothing here",
            "there are no checkpoints in mode \"none\"",
            "\"execution.checkpointing.timeout\"",
        ],
    ),
    (
        "\"restart-strategy.fixed-delay.delay\" = \"1 s\"",
        "",
        [
            "`restart-strategy.fixed-delay.delay` means nothing without a strategy",
            "write \"restart-strategy.type\" = \"fixed-delay\"",
            "\"restart-strategy.fixed-delay.delay\"",
        ],
    ),
    (
        "\"restart-strategy.fixed-delay.delay\" = \"1 s\"",
        "[restart]\nstrategy = \"failure-rate\"",
        [
            "`restart-strategy.fixed-delay.delay` means nothing here",
            "the restart strategy is `failure-rate`",
            "\"restart-strategy.fixed-delay.delay\"",
        ],
    ),
    (
        "\"restart-strategy.type\" = \"fixed-dely\"\n\"restart-strategy.fixed-delay.delay\" = \"1 s\"",
        "",
        [
            "`restart-strategy.type` cannot be `fixed-dely`",
            "did you mean `fixed-delay`?",
            "\"fixed-dely\"",
        ],
    ),
];

#[test]
fn what_is_wrong_with_a_key_is_told_by_its_own_name_and_at_its_place() {
    for (config, more, [message, hint, at]) in WRONG {
        let text = format!("{HEAD}[config]\n{config}\n{JOB}{more}");
        let parsed = parse(&text, "s.toml");
        let lowered = parsed.and_then(|s| lower(&s, &registry(), &Overrides::default()));
        let Err(error) = lowered else { panic!("nothing is wrong with\n{text}") };
        assert_eq!(error.message(), *message, "{error}");
        assert_eq!(error.hint().unwrap_or_default(), *hint, "{error}");
        let (name, line, column) = error.place();
        let found = text.lines().nth(line - 1).unwrap_or_default();
        let found: String = found.chars().skip(column - 1).collect();
        assert!(name == "s.toml" && line > 2 && found.starts_with(at), "{error}");
    }
    let text = format!("{HEAD}config = 3\n{JOB}");
    let error = parse(&text, "s.toml").unwrap_err();
    assert_eq!(error.message(), "[config] must be a table, not a whole number");
}
