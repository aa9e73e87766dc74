//! The kinds of events that a fault or a note can wait for, and their fields.

/// A kind of event.
pub(super) struct Kind {
    pub name: &'static str,
    /// Its fields beside `node`, and whether each is a number.
    pub fields: &'static [(&'static str, bool)],
}

const NUMBER: bool = true;
const TEXT: bool = false;

/// The kinds, in order of area.
pub(super) fn kinds() -> &'static [Kind] {
    KINDS
}

macro_rules! kinds {
    ($($name:literal { $($field:literal $kind:ident),* })*) => {
        &[$(Kind { name: $name, fields: &[$(($field, $kind)),*] }),*]
    };
}

const KINDS: &[Kind] = kinds! {
    "node-started" { "incarnation" NUMBER }
    "node-killed" { "incarnation" NUMBER }
    "node-paused" {}
    "node-resumed" {}
    "clock-changed" { "offset_us" NUMBER, "drift_ppm" NUMBER }
    "link-cut" { "to" TEXT }
    "link-healed" { "to" TEXT }
    "bytes-lost" { "file" TEXT, "bytes" NUMBER }
    "fault-injected" { "fault" NUMBER, "what" TEXT }
    "fault-healed" { "fault" NUMBER, "what" TEXT }
    "note-shown" { "note" NUMBER, "text" TEXT }
    "rpc-sent" { "from" TEXT, "to" TEXT, "message" TEXT, "about" TEXT }
    "rpc-received" { "by" TEXT, "from" TEXT, "message" TEXT, "about" TEXT }
    "connection-reset" { "by" TEXT, "peer" TEXT }
    "heartbeat-timed-out" { "by" TEXT, "peer" TEXT }
    "task-executor-registered" { "taskmanager" TEXT, "slots" NUMBER }
    "task-executor-lost" { "taskmanager" TEXT, "cause" TEXT }
    "resources-declared" { "job" NUMBER, "slots" NUMBER }
    "not-enough-resources" { "job" NUMBER, "missing" NUMBER }
    "slot-allocated" { "slot" TEXT, "allocation" NUMBER, "job" NUMBER }
    "slot-accepted" { "slot" TEXT, "allocation" NUMBER, "job" NUMBER }
    "slot-freed" { "slot" TEXT, "allocation" NUMBER, "job" NUMBER }
    "job-submitted" { "job" NUMBER, "name" TEXT }
    "job-status-changed" { "job" NUMBER, "from" TEXT, "to" TEXT, "cause" TEXT }
    "execution-state-changed" {
        "job" NUMBER, "subtask" TEXT, "attempt" NUMBER, "from" TEXT, "to" TEXT,
        "taskmanager" TEXT, "cause" TEXT
    }
    "task-started" { "job" NUMBER, "subtask" TEXT, "attempt" NUMBER }
    "task-ended" {
        "job" NUMBER, "subtask" TEXT, "attempt" NUMBER, "state" TEXT, "records_in" NUMBER,
        "records_out" NUMBER, "busy_us" NUMBER, "back_pressured_us" NUMBER, "idle_us" NUMBER
    }
    "back-pressured" { "job" NUMBER, "subtask" TEXT }
    "back-pressure-eased" { "job" NUMBER, "subtask" TEXT }
    "partition-requested" {
        "job" NUMBER, "edge" NUMBER, "from" TEXT, "to" TEXT, "credit" NUMBER
    }
    "end-of-input-sent" { "job" NUMBER, "edge" NUMBER, "from" TEXT, "to" TEXT, "seq" NUMBER }
    "end-of-input-received" { "job" NUMBER, "edge" NUMBER, "from" TEXT, "to" TEXT, "seq" NUMBER }
    "rows-visible" { "sink" TEXT, "subtask" TEXT, "rows" NUMBER, "hash" NUMBER }
};
