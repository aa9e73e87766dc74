//! What each mistake is told as.

use super::*;

fn check_total(sink: &str, columns: &str) -> String {
    check(&format!("{HEAD}{JOB}[expect]\ntotals = {{ {sink} = {{ {columns} }} }}"))
}

#[test]
fn each_mistake_is_told_once_and_with_its_place() {
    let told = [
        ("unknown key", check_section("[cluster]\nslotz = 3")),
        ("unknown section", check_section("[clutser]\nslots = 3")),
        ("far from every key", check_section("[disk]\nfoo = 3")),
        ("wrong type", check_section("[cluster]\nslots = \"3\"")),
        ("zero slots", check_section("[cluster]\nslots = 0")),
        ("two jobmanagers", check_section("[cluster]\njobmanagers = 2")),
        ("unknown mode", check_section("[cluster]\nmode = \"per-job\"")),
        ("short timeout", check_section("[cluster]\nheartbeat-timeout = \"1s\"")),
        ("reversed range", check_section("[network]\nlatency = \"5ms..1ms\"")),
        ("certain loss", check_section("[network]\nloss = 1.5")),
        ("negative latency", check_section("[network]\nlatency = \"-5ms\"")),
        ("enormous latency", check_section("[network]\nlatency = \"99999999999d\"")),
        ("no unit", check_section("[network]\nlatency = \"5\"")),
        ("a number for a duration", check_section("[network]\nlatency = 5")),
        ("wrong unit", check_section("[network]\nlatency = \"5 parsecs\"")),
        ("wrong rate", check_section("[network]\nbandwidth = \"5MB\"")),
        ("unknown node", check_section("[[fault]]\nat = \"1s\"\nkill = \"taskmanager-9\"")),
        ("two whens", check_section("[[fault]]\nat = \"1s\"\nstep = 3\nkill = \"client\"")),
        ("no when", check_section("[[fault]]\nkill = \"client\"")),
        ("nth of nothing", check_section("[[fault]]\nat = \"1s\"\nnth = 2\nkill = \"client\"")),
        (
            "two faults",
            check_section("[[fault]]\nat = \"1s\"\nkill = \"client\"\npause = \"client\""),
        ),
        ("no subtask", check_section("[[fault]]\nat = \"1s\"\nfail = \"sum\"")),
        ("no fault", check_section("[[fault]]\nat = \"1s\"")),
        (
            "not this fault",
            check_section("[[fault]]\nat = \"1s\"\nkill = \"client\"\nfor = \"1s\""),
        ),
        (
            "check interval without retention",
            check_section("[log]\nretention-check-interval = \"1s\""),
        ),
        ("no retention at all", check_section("[log]\nretention = \"0s\"")),
        (
            "unknown event",
            check_section("[[note]]\nwhen = { event = \"task-start\" }\ntext = \"x\""),
        ),
        (
            "unknown field",
            check_section(
                "[[note]]\nwhen = { event = \"task-started\", subtsk = \"a#1\" }\ntext = \"x\"",
            ),
        ),
        (
            "record event",
            check_section("[[note]]\nwhen = { event = \"buffer-sent\" }\ntext = \"x\""),
        ),
        (
            "unknown state",
            check_section(
                "[[note]]\nwhen = { event = \"job-status-changed\", to = \"runing\" }\ntext = \"x\"",
            ),
        ),
        (
            "wrong field",
            check_section(
                "[[note]]\nwhen = { event = \"task-started\", attempt = \"one\" }\ntext = \"x\"",
            ),
        ),
        (
            "same link twice",
            check_section(
                "[[link]]\nfrom = \"client\"\nto = \"jobmanager-1\"\n\
         [[link]]\nfrom = \"client\"\nto = \"jobmanager-1\"",
            ),
        ),
        ("duplicate key", check_section("[cluster]\nslots = 1\nslots = 2")),
        ("not toml", check_section("[cluster\nslots = 1")),
        ("deep", check_section(&format!("x = {}", "[".repeat(200)))),
        ("no job", check(HEAD)),
        ("no title", check(JOB)),
        (
            "two jobs of one name",
            check(&format!("{HEAD}[[job]]\nprogram = \"count\"\n[[job]]\nprogram = \"count\"")),
        ),
        ("unknown program", check(&format!("{HEAD}[job]\nprogram = \"cuont\""))),
        ("unknown argument", check(&format!("{HEAD}{JOB}").replace("input", "imput"))),
        ("missing argument", check(&format!("{HEAD}[job]\nprogram = \"count\""))),
        ("wrong argument", check(&format!("{HEAD}{JOB}").replace("\"x.csv\"", "3"))),
        ("refused argument", check(&format!("{HEAD}{JOB}").replace("}", ", every = 0 }"))),
        ("unknown sink", check(&format!("{HEAD}{JOB}[expect]\nrows = {{ count = 1 }}"))),
        ("total of no sink", check_total("count", "count = 1")),
        ("total of no column", check_total("counts", "cuont = 1")),
        ("total that is no number", check_total("counts", "count = \"1\"")),
        (
            "totals without columns",
            check(&format!("{HEAD}{JOB}[expect]\ntotals = {{ counts = 1 }}")),
        ),
        (
            "interval below a millisecond",
            check(&format!("{HEAD}{JOB}auto-watermark-interval = \"10us\"")),
        ),
        (
            "cancelled before it is there",
            check(&format!("{HEAD}{JOB}submit-at = \"2s\"\ncancel-at = \"1s\"")),
        ),
        ("cause of no failure", check(&format!("{HEAD}{JOB}[expect]\nroot-cause = \"x\""))),
        ("unknown delivery", check(&format!("{HEAD}{JOB}[expect]\ndelivery = \"exactly-onec\""))),
        ("delivery of nothing", check(&format!("{HEAD}{JOB}[expect]\ndelivery = \"none\""))),
        (
            "delivery that cannot be told",
            check(&format!("{HEAD}{JOB}[expect]\ndelivery-is = \"exactly-once\"")),
        ),
        ("hostile text", check_section("[cluster]\n\"\\u001b[31m\\u202e\" = 1")),
        ("flag out of bounds", check_flag("cluster.slots=0")),
        ("flag unknown", check_flag("cluster.slotz=1")),
        ("flag without quotes", check_flag("network.latency=5ms")),
        ("flag without value", check_flag("cluster.slots")),
        ("flag to nowhere", check_flag("job.args.input.x.y=1")),
        ("no such scenario", shown(&load("basics/word-cuont").unwrap_err())),
    ];
    let told: Vec<String> =
        told.into_iter().map(|(mistake, error)| format!("# {mistake}\n{error}\n")).collect();
    assert_snapshot!("errors", told.join("\n"));
}
