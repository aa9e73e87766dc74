//! `[config]`: Flink's own keys, for the settings that there are here.
//!
//! Most say the same as a key of another section, and are laid there before that section is read:
//! so its checks hold for them, and errors are at their place and call them by Flink's name. What
//! no section has is kept in [`ConfigSection`].

use std::sync::Arc;

use super::job::LARGEST_PARALLELISM;
use super::restart;
use crate::scenario::document::{Entry, Node, Table, Value};
use crate::scenario::error::{Problem, ScenarioError};
use crate::scenario::reader::{Reader, whole};
use crate::scenario::shown::quoted;
use crate::scenario::source::{At, Located, Source};
use crate::scenario::{suggest, units};

/// What is said with Flink's keys alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigSection {
    /// The parallelism of jobs that ask for none (`parallelism.default`).
    pub default_parallelism: Option<Located<u32>>,
    /// The maximum parallelism of operators that say none (`pipeline.max-parallelism`).
    pub max_parallelism: Option<u32>,
}

/// A key of Flink's that a scenario may use.
#[derive(Clone, Copy, Debug)]
pub struct ConfigKey {
    /// The key.
    pub name: &'static str,
    /// The section and its key that say the same: the first of them, if there are several. None
    /// if only Flink's key says it.
    pub same_as: &'static [(&'static str, &'static str)],
    written: Written,
}

/// How Flink writes a value, as against how scenarios do.
#[derive(Clone, Copy, Debug)]
enum Written {
    Alike,
    /// With more names for units.
    Duration,
    /// In capitals, with underscores, and with these other words for the same.
    Word(&'static [(&'static str, &'static str)]),
}

const STRATEGIES: &[(&str, &str)] = &[
    ("off", "none"),
    ("disable", "none"),
    ("fixeddelay", "fixed-delay"),
    ("failurerate", "failure-rate"),
    ("exponentialdelay", "exponential-delay"),
];

type Places = &'static [(&'static str, &'static str)];

const fn alike(name: &'static str, same_as: Places) -> ConfigKey {
    ConfigKey { name, same_as, written: Written::Alike }
}

const fn duration(name: &'static str, same_as: Places) -> ConfigKey {
    ConfigKey { name, same_as, written: Written::Duration }
}

const fn word(name: &'static str, same_as: Places, words: Places) -> ConfigKey {
    ConfigKey { name, same_as, written: Written::Word(words) }
}

/// All keys of Flink's that a scenario may use. A restart strategy's comes before its parameters.
#[rustfmt::skip]
pub const CONFIG_KEYS: [ConfigKey; 35] = [
    alike("taskmanager.numberOfTaskSlots", &[("cluster", "slots")]),
    duration("heartbeat.interval", &[("cluster", "heartbeat-interval")]),
    duration("heartbeat.timeout", &[("cluster", "heartbeat-timeout")]),
    duration("slot.request.timeout", &[("cluster", "slot-request-timeout")]),
    alike("parallelism.default", &[]),
    alike("pipeline.max-parallelism", &[]),
    alike("pipeline.operator-chaining.enabled", &[("job", "chaining")]),
    duration("pipeline.auto-watermark-interval", &[("job", "auto-watermark-interval")]),
    duration("execution.buffer-timeout.interval", &[("job", "buffer-timeout")]),
    alike("taskmanager.network.memory.buffers-per-channel", &[("job", "credits")]),
    alike("taskmanager.network.memory.max-buffers-per-channel", &[("job", "output-buffers")]),
    word("state.backend.type", &[("state", "backend")], &[]),
    duration("execution.checkpointing.interval", &[("checkpointing", "interval")]),
    word("execution.checkpointing.mode", &[("checkpointing", "mode")], &[]),
    duration("execution.checkpointing.timeout", &[("checkpointing", "timeout")]),
    duration("execution.checkpointing.min-pause", &[("checkpointing", "min-pause")]),
    alike("execution.checkpointing.max-concurrent-checkpoints", &[("checkpointing", "max-concurrent")]),
    alike("execution.checkpointing.tolerable-failed-checkpoints", &[("checkpointing", "tolerable-failures")]),
    alike("execution.checkpointing.unaligned.enabled", &[("checkpointing", "unaligned")]),
    duration("execution.checkpointing.aligned-checkpoint-timeout", &[("checkpointing", "aligned-timeout")]),
    word("execution.checkpointing.storage", &[("checkpointing", "storage")], &[]),
    alike("execution.checkpointing.num-retained", &[("checkpointing", "retained")]),
    word("execution.checkpointing.externalized-checkpoint-retention", &[("checkpointing", "retention")], &[]),
    alike("execution.checkpointing.incremental", &[("checkpointing", "incremental"), ("state", "incremental")]),
    word("restart-strategy.type", &[("restart", "strategy")], STRATEGIES),
    alike("restart-strategy.fixed-delay.attempts", &[("restart", "attempts")]),
    duration("restart-strategy.fixed-delay.delay", &[("restart", "delay")]),
    alike("restart-strategy.failure-rate.max-failures-per-interval", &[("restart", "max-failures-per-interval")]),
    duration("restart-strategy.failure-rate.failure-rate-interval", &[("restart", "interval")]),
    duration("restart-strategy.failure-rate.delay", &[("restart", "delay")]),
    duration("restart-strategy.exponential-delay.initial-backoff", &[("restart", "initial-backoff")]),
    duration("restart-strategy.exponential-delay.max-backoff", &[("restart", "max-backoff")]),
    alike("restart-strategy.exponential-delay.backoff-multiplier", &[("restart", "backoff-multiplier")]),
    duration("restart-strategy.exponential-delay.reset-backoff-threshold", &[("restart", "reset-backoff-threshold")]),
    alike("restart-strategy.exponential-delay.attempts-before-reset-backoff", &[("restart", "attempts")]),
];

/// Takes `[config]` out of a scenario and lays its keys where they belong.
pub(in crate::scenario) fn read(
    source: &Arc<Source>,
    root: &mut Node,
) -> Result<ConfigSection, ScenarioError> {
    let Value::Table(sections) = &mut root.value else { return Ok(ConfigSection::default()) };
    let Some(config) = sections.shift_remove("config") else {
        return Ok(ConfigSection::default());
    };
    let Value::Table(table) = &config.node.value else {
        let problem =
            Problem::new(format!("[config] must be a table, not {}", config.node.value.kind()));
        return Err(problem.locate(source, &config.node.at));
    };
    let mut given = Table::new();
    flatten("", table, &mut given).map_err(|problem| problem.locate(source, &config.node.at))?;
    for (name, entry) in &given {
        if !CONFIG_KEYS.iter().any(|key| key.name == name) {
            let problem = Problem::new(format!("unknown key {} in [config]", quoted(name)));
            return Err(problem.hint(hint(name)).locate(source, &entry.key_at));
        }
    }
    for key in &CONFIG_KEYS {
        let Some(entry) = given.get(key.name) else { continue };
        let node = key.written.in_scenario(&entry.node).map_err(|problem| {
            let message = format!("`{}` {}", key.name, problem.message);
            Problem { message, ..problem }.locate(source, &entry.node.at)
        })?;
        let laid = Entry { key_at: entry.key_at.clone(), node, called: Some(key.name) };
        lay(sections, key, &laid).map_err(|problem| problem.locate(source, &entry.key_at))?;
    }
    check_interval(sections).map_err(|problem| problem.locate(source, &config.node.at))?;

    let given = Node { at: config.node.at.clone(), value: Value::Table(given) };
    let reader = Reader::new(source, "[config]", &given, &CONFIG_KEYS.map(|key| key.name))?;
    let default = reader.located("parallelism.default", whole(1..=LARGEST_PARALLELISM))?;
    let largest = reader.get("pipeline.max-parallelism", whole(1..=1 << 15))?;
    let small = |value| u32::try_from(value).expect("its bounds fit");
    Ok(ConfigSection {
        default_parallelism: default.map(|located| located.map(small)),
        max_parallelism: largest.map(small),
    })
}

/// Flink's keys have dots, in which TOML sees tables unless the key is quoted. Either will do.
fn flatten(above: &str, table: &Table, flat: &mut Table) -> Result<(), Problem> {
    // What a flag says comes before the text and before the flags in front of it.
    let layer = |entry: &Entry| match entry.node.at {
        At::File | At::Text(_) => 0,
        At::Flag { flag, .. } => flag + 1,
    };
    for (key, entry) in table {
        let name = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
        if let Value::Table(below) = &entry.node.value {
            flatten(&name, below, flat)?;
            continue;
        }
        match flat.get(&name) {
            Some(other) if layer(other) > layer(entry) => {}
            Some(other) if layer(other) == layer(entry) => {
                let problem = Problem::new(format!("{} is given twice", quoted(&name)));
                let hint = "with quotes and without, it is the same key";
                return Err(problem.hint(hint).at(entry.key_at.clone()));
            }
            Some(_) | None => {
                flat.insert(name, entry.clone());
            }
        }
    }
    Ok(())
}

/// What an unknown key may have been meant to be: the only one that begins like it, else one beside
/// it, else any that is like it.
fn hint(name: &str) -> String {
    let names = CONFIG_KEYS.map(|key| key.name);
    let below = |above: &str| -> Vec<&str> {
        let is_below = |name: &str| name.strip_prefix(above).is_some_and(|n| n.starts_with('.'));
        names.into_iter().filter(|name| is_below(name)).collect()
    };
    let (above, last) = name.rsplit_once('.').unwrap_or_default();
    let siblings = below(above);
    let near = match below(name)[..] {
        [longer] => Some(longer.to_owned()),
        _ if siblings.is_empty() => suggest::nearest(name, names).map(str::to_owned),
        _ => {
            let lasts = siblings.iter().map(|name| &name[above.len() + 1..]);
            suggest::nearest(last, lasts).map(|last| format!("{above}.{last}"))
        }
    };
    match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if siblings.is_empty() => {
            "docs/scenarios.md has the keys of Flink's that there are here".to_owned()
        }
        None => format!("known here: {}", siblings.join(", ")),
    }
}

/// Lays a key into the sections that say the same.
fn lay(sections: &mut Table, key: &ConfigKey, entry: &Entry) -> Result<(), Problem> {
    for (section, same) in key.same_as {
        if tables_of(sections, section).iter().any(|table| table.contains_key(*same)) {
            let both = format!("`{}` says the same as `{same}` in [{section}]", key.name);
            return Err(Problem::new(both).hint("keep one of them"));
        }
    }
    check_strategy(sections, key)?;
    let Some((section, same)) = key.same_as.first() else { return Ok(()) };
    // That there is no job, its own section says.
    if *section != "job" {
        let at = || entry.key_at.clone();
        let empty = || Node { at: at(), value: Value::Table(Table::new()) };
        let made = || Entry { key_at: at(), node: empty(), called: None };
        sections.entry((*section).to_owned()).or_insert_with(made);
    }
    for table in tables_of(sections, section) {
        table.insert((*same).to_owned(), entry.clone());
    }
    Ok(())
}

/// The tables of a section; those that are not as they must be, the section itself refuses.
fn tables_of<'a>(sections: &'a mut Table, section: &str) -> Vec<&'a mut Table> {
    let Some(entry) = sections.get_mut(section) else { return Vec::new() };
    let nodes = match &mut entry.node.value {
        Value::Table(table) => return vec![table],
        Value::Array(elements) if section == "job" => elements,
        _ => return Vec::new(),
    };
    let table = |node: &'a mut Node| match &mut node.value {
        Value::Table(table) => Some(table),
        _ => None,
    };
    nodes.iter_mut().filter_map(table).collect()
}

/// The parameters of a restart strategy are named after it, and mean nothing to another one.
fn check_strategy(sections: &mut Table, key: &ConfigKey) -> Result<(), Problem> {
    let parameter = key.name.strip_prefix("restart-strategy.").and_then(|n| n.split_once('.'));
    let Some((of, _)) = parameter else { return Ok(()) };
    let restart = tables_of(sections, "restart").pop();
    match restart.and_then(|table| table.get("strategy")).map(|entry| &entry.node.value) {
        None => Err(Problem::new(format!("`{}` means nothing without a strategy", key.name))
            .hint(format!("write \"restart-strategy.type\" = \"{of}\""))),
        Some(Value::Text(strategy)) if strategy != of && restart::is_strategy(strategy) => {
            Err(Problem::new(format!("`{}` means nothing here", key.name))
                .hint(format!("the restart strategy is `{strategy}`")))
        }
        // What is no strategy, its own section refuses.
        Some(_) => Ok(()),
    }
}

/// In Flink there are no checkpoints without an interval, whatever else is said of them.
fn check_interval(sections: &mut Table) -> Result<(), Problem> {
    let Some(table) = tables_of(sections, "checkpointing").pop() else { return Ok(()) };
    let mode = table.get("mode").map(|entry| &entry.node.value);
    let is_none = matches!(mode, Some(Value::Text(mode)) if mode == "none");
    match table.values().next() {
        Some(Entry { key_at, called: Some(name), .. })
            if !is_none && !table.contains_key("interval") =>
        {
            let problem = Problem::new(format!("`{name}` means nothing without an interval"));
            let hint = "write \"execution.checkpointing.interval\" = \"500 ms\"";
            Err(problem.hint(hint).at(key_at.clone()))
        }
        Some(_) | None => Ok(()),
    }
}

impl Written {
    /// The value as scenarios write it.
    fn in_scenario(self, node: &Node) -> Result<Node, Problem> {
        let unit = |millis: &str| {
            let hint = format!("Flink takes it for milliseconds; write it as \"{millis} ms\"");
            Err(Problem::new("has no unit").hint(hint))
        };
        let text = match (self, &node.value) {
            (Self::Duration, Value::Integer(millis)) => return unit(&millis.to_string()),
            (Self::Duration, Value::Text(text)) => match text.trim().parse::<i64>() {
                Ok(millis) => return unit(&millis.to_string()),
                Err(_) => units::without_long_names(text),
            },
            (Self::Word(words), Value::Text(text)) => {
                let word = text.to_lowercase().replace('_', "-");
                let same = words.iter().find(|(flink, _)| *flink == word);
                same.map_or(word, |(_, here)| (*here).to_owned())
            }
            _ => return Ok(node.clone()),
        };
        Ok(Node { at: node.at.clone(), value: Value::Text(text) })
    }
}
