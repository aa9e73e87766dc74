//! The binary as a person or a script meets it: exit codes, what goes where, what is written.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn weir() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.env_remove("NO_COLOR").stdin(Stdio::null());
    command
}

/// Runs the binary: its exit code, stdout and stderr.
fn check(arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = weir().args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// Like [`check`], for what must end with `code`; gives stdout and stderr.
fn ends(code: i32, arguments: &[&str]) -> (String, String) {
    let (found, stdout, stderr) = check(arguments);
    assert_eq!(found, code, "weir {}\n{stdout}\n{stderr}", arguments.join(" "));
    (stdout, stderr)
}

fn json(arguments: &[&str]) -> Value {
    let (_, stdout, _) = check(arguments);
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"))
}

fn file_names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn wrong_input_ends_with_2_and_one_error() {
    let cases: [&[&str]; 16] = [
        &[],
        &["fly"],
        &["run"],
        &["run", "no/such"],
        &["run", "."],
        &["run", "basics/word-count", "--set", "cluster.slots=0"],
        &["run", "basics/word-count", "--set", "cluster.slots"],
        &["run", "basics/word-count", "--set", "config.\"parallelism.defualt\"=2"],
        &["run", "basics/word-count", "--seed", "-1"],
        &["run", "basics/word-count", "--trace", "/no/such/folder/trace"],
        &["run", "basics/word-count", "--output", "/dev/null/here"],
        &["run", "basics/word-count", "--trace-level", "off", "--trace", "t"],
        &["trace", "/no/such/file"],
        &["bench", "nothing"],
        &["bench", "keyed-sum", "--trace-level", "some"],
        &["bench", "trace-events", "--trace-level", "control"],
    ];
    for arguments in cases {
        let (stdout, stderr) = ends(2, arguments);
        assert_eq!(stdout, "", "{arguments:?}");
        let errors = stderr.lines().filter(|line| line.starts_with("error")).count();
        assert!(errors == 1 || arguments.is_empty(), "{stderr}");
    }
}

#[test]
fn a_wrong_configuration_is_one_error_at_one_place() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("mine.toml");
    fs::write(&file, "[keys]\nplay = \"z\"\n").unwrap();
    let (stdout, stderr) = ends(2, &["tui", "--config", file.to_str().unwrap()]);
    assert_eq!(stdout, "");
    assert!(stderr.contains("mine.toml:2:8") && stderr.contains("detail = []"), "{stderr}");
    let (_, stderr) = ends(2, &["tui", "--config", "/no/such/file"]);
    assert!(stderr.contains("/no/such/file"), "{stderr}");
    // A file without an end.
    let (_, stderr) = ends(2, &["tui", "--config", "/dev/zero"]);
    assert!(stderr.contains("/dev/zero"), "{stderr}");
    let (_, stderr) = ends(2, &["tui", "--theme", "drak"]);
    assert!(stderr.contains("did you mean `dark`?"), "{stderr}");

    let at_home = || {
        let Output { status, stderr, .. } =
            weir().arg("tui").env("XDG_CONFIG_HOME", home.path()).output().unwrap();
        assert_eq!(status.code(), Some(2));
        String::from_utf8(stderr).unwrap()
    };
    let stderr = at_home();
    assert!(stderr.contains("needs a terminal"), "there need not be one: {stderr}");
    fs::create_dir(home.path().join("weir")).unwrap();
    fs::write(home.path().join("weir/config.toml"), "ascii = 1").unwrap();
    let stderr = at_home();
    assert!(stderr.contains("weir/config.toml:1:9"), "{stderr}");
}

#[test]
fn a_run_writes_what_its_sinks_show_and_can_be_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let (output, trace) = (folder.path().join("a/b"), folder.path().join("trace"));
    let run = |output: &Path| {
        let (output, trace) = (output.to_str().unwrap(), trace.to_str().unwrap());
        ends(0, &["run", "basics/word-count", "--output", output, "--trace", trace])
    };
    let (stdout, stderr) = run(&output);
    assert_eq!(stderr, "");
    assert!(stdout.contains("weir run basics/word-count --seed 7"), "{stdout}");
    assert!(!stdout.contains('\u{1b}'), "no colour in a pipe");
    let counts = fs::read_to_string(output.join("counts.csv")).unwrap();
    assert!(counts.starts_with("word,count\n"), "{counts}");
    assert!(counts.contains("\nriver,8\n"), "{counts}");
    assert_eq!(counts.lines().count(), 55);
    run(&output);
    assert_eq!(fs::read_to_string(output.join("counts.csv")).unwrap(), counts);
    assert_eq!(file_names(&output), ["counts.csv"]);
    assert_eq!(file_names(folder.path()), ["a", "trace"]);

    let trace = trace.to_str().unwrap();
    let (text, _) = ends(0, &["trace", trace, "--filter", "kind = job-status-changed", "-q"]);
    assert_eq!(text.lines().count(), 3, "{text}");
    let (jsonl, _) = ends(0, &["trace", trace, "--format", "jsonl", "--from", "3", "--to", "5"]);
    let steps: Vec<Value> =
        jsonl.lines().skip(1).map(|l| serde_json::from_str(l).unwrap()).collect();
    let steps: Vec<u64> = steps.iter().map(|event| event["step"].as_u64().unwrap()).collect();
    assert_eq!(steps, [3, 4, 5]);
    let (chrome, _) = ends(0, &["trace", trace, "--format", "chrome"]);
    serde_json::from_str::<Value>(&chrome).unwrap();
    let (_, stderr) = ends(2, &["trace", trace, "--filter", "kindd = x"]);
    assert!(stderr.contains("kind"), "{stderr}");
}

#[test]
fn a_run_that_does_not_end_well_leaves_old_output_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    fs::create_dir(&old).unwrap();
    fs::write(old.join("counts.csv"), "old").unwrap();
    for (set, code, says) in [
        ("expect.rows.counts=1", 1, "violated: sink counts shows 1 rows, but it shows 54"),
        ("limits.events=20", 3, "limit"),
        ("note.1.nth=1000000", 1, "vacuous"),
    ] {
        for output in [&old, &new, &new.join("deeper/still")] {
            let output = output.to_str().unwrap();
            let (_, stderr) =
                ends(code, &["run", "basics/word-count", "--set", set, "--output", output]);
            assert!(stderr.contains(says), "{set}: {stderr}");
        }
    }
    assert_eq!(fs::read_to_string(old.join("counts.csv")).unwrap(), "old");
    assert_eq!(file_names(&old), ["counts.csv"]);
    assert_eq!(file_names(folder.path()), ["old"]);
}

#[test]
fn the_machine_readable_result_is_one_object() {
    let result = json(&["run", "basics/word-count", "--json", "--seed", "3"]);
    assert_eq!(result["seed"], 3);
    assert_eq!(result["job_status"], "FINISHED");
    assert_eq!(result["holds"], true);
    let again =
        json(&["--json", "run", "basics/word-count", "--seed", "3", "--trace-level", "records"]);
    assert_eq!(again["digest"], result["digest"], "the level changes nothing");
    let list = json(&["list", "--json"]);
    let jobs: Vec<&str> =
        list["jobs"].as_array().unwrap().iter().map(|job| job["name"].as_str().unwrap()).collect();
    assert!(jobs.contains(&"word-count") && jobs.contains(&"flights-per-carrier"), "{jobs:?}");
}

#[test]
fn what_a_job_has_added_up_comes_with_its_result() {
    let of = |scenario| json(&["run", scenario, "--json"])["jobs"][0]["accumulators"].clone();
    assert_eq!(of("basics/word-count"), serde_json::json!({}));
    let expected = serde_json::json!({ "coldest": -1, "readings": 18 });
    assert_eq!(of("state/low-temperature"), expected);
    let (stdout, _) = ends(0, &["run", "state/low-temperature"]);
    let mut lines = stdout.lines().skip_while(|line| !line.starts_with("job "));
    lines.next();
    let table: Vec<&str> = lines.by_ref().take_while(|line| line.starts_with("  ")).collect();
    assert_eq!(
        table,
        [
            "      accumulator  kind         value",
            "      coldest      LongMinimum     -1",
            "      readings     LongCounter     18",
        ]
    );
    let (stdout, _) = ends(0, &["run", "basics/word-count"]);
    assert!(!stdout.contains("accumulator"), "{stdout}");
}

/// The table of tasks that a run ends with, as its lines without what stands before them.
fn tasks(arguments: &[&str]) -> Vec<String> {
    let (_, stdout, _) = check(arguments);
    let mut lines = stdout.lines().skip_while(|line| !line.starts_with("tasks "));
    let caption = lines.next().unwrap_or_else(|| panic!("no table: {stdout}"));
    let lines: Vec<&str> = lines.collect();
    for line in lines.iter().chain([&caption]) {
        assert!(line.chars().count() <= 80, "{line}");
        assert!(!line.contains('\u{1b}'), "{line}");
    }
    lines.iter().map(|line| line.strip_prefix("      ").expect("it comes last").into()).collect()
}

/// The rows of such a table with their first three cells alone.
fn counts(lines: &[String]) -> Vec<String> {
    let cells = |line: &String| {
        let cells = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
        cells.take(3).collect::<Vec<_>>().join(" ")
    };
    lines[1..].iter().map(cells).collect()
}

#[test]
fn a_run_ends_with_what_its_tasks_did() {
    let lines = tasks(&["run", "basics/word-count"]);
    assert_eq!(lines[0], "subtask  in  out  busy  back-pressured  idle");
    let each = ["lines#1 13 13", "words#1 7 62", "words#2 6 52", "count#1 35 35", "count#2 79 79"];
    assert_eq!(counts(&lines), each);
    let wide = "run basics/word-count --set cluster.slots=5 --set job.parallelism=9";
    let lines = tasks(&wide.split(' ').collect::<Vec<_>>());
    assert_eq!(counts(&lines), ["lines#1 13 13", "words ×9 13 114", "count ×9 114 114"]);

    // One that was tried again, and one of which nothing is known.
    let lines = tasks(&["run", "checkpoints/repeated-crashes"]);
    assert!(lines[0].starts_with("subtask  attempts  in"), "{lines:?}");
    assert!(lines[1].starts_with("fast#1          3"), "{lines:?}");
    let lines = tasks(&["run", "failure/taskmanager-lost"]);
    assert!(lines.iter().any(|line| line.starts_with("count#2 ") && line.ends_with('–')));

    assert_eq!(ends(0, &["run", "basics/word-count", "-q"]).0, "");
    let result = json(&["run", "basics/word-count", "--json"]);
    let subtask = &result["metrics"][1];
    assert_eq!((&subtask["job"], &subtask["subtask"]), (&"word-count".into(), &"words#1".into()));
    assert_eq!((&subtask["records_in"], &subtask["records_out"]), (&7.into(), &62.into()));
    assert_eq!(subtask["attempts"], 1);
}

#[test]
fn verify_finds_the_same_run_three_times() {
    let (stdout, _) = ends(0, &["verify", "basics/word-count", "--seed", "5"]);
    assert!(stdout.starts_with("the same three times: "), "{stdout}");
}

#[test]
fn every_layer_is_drawn_in_every_format() {
    for layer in ["stream", "job", "execution", "physical"] {
        for format in ["text", "dot", "mermaid", "json"] {
            let (stdout, _) =
                ends(0, &["graph", "basics/word-count", "--layer", layer, "--format", format]);
            assert!(stdout.len() > 50, "{layer} {format}: {stdout}");
        }
    }
}

#[test]
fn colour_is_as_wanted() {
    let colored = |arguments: &[&str], no_color: &str| {
        let output = weir().args(arguments).env("NO_COLOR", no_color).output().unwrap();
        (output.stdout.contains(&0x1b), output.stderr.contains(&0x1b))
    };
    assert_eq!(colored(&["run", "basics/word-count", "--color", "always"], "1"), (true, false));
    assert_eq!(colored(&["run", "basics/word-count", "--color", "never"], ""), (false, false));
    assert_eq!(colored(&["run", "no/such", "--color", "always"], "1"), (false, true));
    assert_eq!(colored(&["run", "no/such"], ""), (false, false));
    // Also where the arguments themselves are wrong.
    assert_eq!(colored(&["fly", "--color", "always"], "1"), (false, true));
    assert_eq!(colored(&["fly", "--color=never"], ""), (false, false));
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child =
        weir().arg("list").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[cfg(unix)]
#[test]
fn what_is_not_a_plain_file_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file"), folder.path().join("link"));
    std::fs::write(&file, "old").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    ends(0, &["run", "basics/word-count", "-q", "--trace", link.to_str().unwrap()]);
    assert!(link.is_symlink());
    assert!(std::fs::read(&file).unwrap().len() > 100, "the file behind the link has the trace");

    let socket = folder.path().join("socket");
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    ends(2, &["run", "basics/word-count", "-q", "--trace", socket.to_str().unwrap()]);
    let kind = std::fs::symlink_metadata(&socket).unwrap().file_type();
    assert!(std::os::unix::fs::FileTypeExt::is_socket(&kind));
    drop(listener);
}

#[test]
fn an_expected_limit_is_no_reason_for_another_violation() {
    let run = |sets: &[&str]| {
        let sets = sets.iter().flat_map(|set| ["--set", set]);
        check(&["run", "basics/word-count", "-q"].into_iter().chain(sets).collect::<Vec<_>>())
    };
    // All that the job does comes before the limit: only slots are left to be freed.
    let events = json(&["run", "basics/word-count", "--json"])["events"].as_u64().unwrap();
    let events = format!("limits.events={}", events - 1);
    let limit = [&events, "expect.end=\"limit\"", "expect.rows.counts=54"];
    assert_eq!(run(&limit), (0, String::new(), String::new()));
    let (code, _, stderr) = run(&[limit[0], limit[1], "expect.rows.counts=53"]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("violated: sink counts shows 53 rows"), "{stderr}");
    assert!(!stderr.contains("a limit was reached"), "{stderr}");
}

#[test]
fn data_that_is_wrong_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("s.toml");
    let run = |program: &str, data: &[u8]| {
        fs::write(folder.path().join("data"), data).unwrap();
        let text = format!(
            "title = \"t\"\n[job]\nprogram = \"{program}\"\nargs = {{ input = \"data\" }}\n"
        );
        fs::write(&scenario, text).unwrap();
        let (_, stderr) = ends(2, &["run", scenario.to_str().unwrap()]);
        assert!(stderr.contains("s.toml:4:18"), "{stderr}");
        stderr
    };
    for (program, data, says) in [
        ("word-count", &b"one\ntwo\nthr\xffee\n"[..], "data, line 3: not UTF-8"),
        ("flights-per-carrier", b"", "data, line 1: there is no header"),
        ("flights-per-carrier", b"carrier,flight\nUA,one\n", "data, line 2:"),
        ("flights-per-carrier", b"carrier,flight\nUA,1\nUA\n", "data, line 2:"),
    ] {
        let stderr = run(program, data);
        assert!(stderr.contains(says), "{says}: {stderr}");
    }
}

#[test]
fn a_job_that_is_too_large_is_pointed_at() {
    let parallelism = "job.parallelism=1000";
    let (_, stderr) = ends(2, &["run", "basics/word-count", "--set", parallelism]);
    assert!(stderr.contains("--set:1:17"), "{stderr}");
    assert!(stderr.contains("1001000 channels"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn what_is_written_is_as_open_as_the_user_wants() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let run = "umask 077; exec \"$0\" run basics/word-count -q --trace \"$1\"";
    let status = Command::new("sh")
        .args(["-c", run, env!("CARGO_BIN_EXE_weir")])
        .arg(&trace)
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(fs::metadata(&trace).unwrap().permissions().mode() & 0o777, 0o600);
}

#[cfg(unix)]
#[test]
fn a_device_without_end_is_no_trace() {
    let (_, stderr) = ends(2, &["trace", "/dev/zero"]);
    assert!(stderr.contains("not a trace"), "{stderr}");
}

#[test]
fn a_token_repeats_its_run() {
    let run = ["run", "basics/word-count", "--seed", "3", "--json"];
    let first = json(&run);
    let token = first["token"].as_str().unwrap();
    let again = json(&["token", token, "--json"]);
    assert_eq!(again["digest"], first["digest"]);
    assert_eq!(again["token"], first["token"]);

    let (stdout, _) = ends(0, &run[..2]);
    assert!(!stdout.contains("weir1-"), "a run that holds needs no token: {stdout}");
    let (stdout, _) = ends(1, &["run", "basics/word-count", "--set", "expect.rows.counts=1"]);
    let token = stdout.lines().find_map(|line| line.strip_prefix("token     ")).unwrap();
    let (_, stderr) = ends(1, &["token", token]);
    assert!(stderr.contains("violated: sink counts shows 1 rows"), "{stderr}");

    for wrong in ["", "weir1-", "weir2-abc", &token[..token.len() - 1], &token.to_lowercase()] {
        let (stdout, stderr) = ends(2, &["token", wrong]);
        assert_eq!((stdout.as_str(), stderr.lines().count()), ("", 1), "{wrong}: {stderr}");
    }
}

#[test]
fn a_sweep_reports_what_fails_with_a_token_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    let sweep = |seeds: &str, sets: &[&str], code: i32| {
        let arguments = ["sweep", "basics/word-count", "--seeds", seeds, "--faults", "none"];
        let report = ["--jobs", "2", "--json", "--report", report.to_str().unwrap()];
        let arguments: Vec<&str> = arguments.into_iter().chain(report).collect();
        let sets = sets.iter().flat_map(|set| ["--set", set]);
        ends(code, &arguments.into_iter().chain(sets).collect::<Vec<_>>())
    };
    let (stdout, stderr) = sweep("1..4", &[], 0);
    assert_eq!(stderr, "");
    assert_eq!(stdout, fs::read_to_string(&report).unwrap());
    let result: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&result["runs"], &result["holds"]), (&3.into(), &true.into()));

    let (stdout, stderr) = sweep("1..=2", &["expect.rows.counts=1"], 1);
    assert_eq!(stderr.lines().count(), 2, "{stderr}");
    let result: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(result["failures"][1]["seed"], 2);
    assert_eq!(result["failures"][1]["invariant"], "expectation");
    ends(1, &["token", result["failures"][1]["token"].as_str().unwrap(), "-q"]);

    for wrong in [
        &["--seeds", "4..4"][..],
        &["--shard", "3/2"],
        &["--jobs", "0"],
        &["--faults", "/no/such/file"],
        &["--mutant", "nobody"],
    ] {
        ends(2, &[&["sweep", "basics/word-count"], wrong].concat());
    }
}
