//! Lines for people, and the export for Perfetto.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::Value;
use weir::trace::{Level, TraceFile, chrome, escape, legend, render_line};

use super::strategy::arbitrary_run;
use super::{examples, jsonl, trace_of};

#[test]
fn every_kind_reads_well() {
    let trace = trace_of(Level::Records, &examples::run());
    let mut log = legend(trace.header());
    for event in &trace {
        log.push_str(&render_line(&event, trace.header()));
        log.push('\n');
    }
    assert_snapshot!(log, @r#"
 step          time  node           area        what happened
 step  number of the control event; 17.3 is the 3rd record event after step 17
 time  simulated time since the start of the run
names  parse#1 is the first subtask of operator `parse`; /e0 is edge 0 of the job graph;
       (job 2) and (attempt 1) are shown where they are not the first
    1     0.001234s  client         node        process starts, life 1
    2     0.002469s  jobmanager-1   node        clock is 1.5ms behind and drifts 200 ppm
    3     0.003704s  taskmanager-1  node        link to taskmanager-2 cut
    4     0.004939s  taskmanager-2  node        link to taskmanager-2 healed
    5     0.006173s  client         node        process stands still
    6     0.007408s  jobmanager-1   node        process goes on
    7     0.008643s  taskmanager-1  resource    taskmanager-1 registered with 2 slots
    8     0.009878s  taskmanager-2  resource    job 1 needs 3 slots
    9     0.011112s  client         resource    job 1 lacks 1 slot
   10     0.012347s  jobmanager-1   resource    slot taskmanager-1/0 granted to job 1, allocation 4
   11     0.013582s  taskmanager-1  resource    slot taskmanager-1/0 accepted by job 1, allocation 4
   12     0.014817s  taskmanager-2  resource    slot taskmanager-1/0 freed by job 1, allocation 4
   13     0.016051s  client         resource    taskmanager-2 lost: no heartbeat for 5s
   14     0.017286s  jobmanager-1   job         job 1 submitted: word-count
   15     0.018521s  taskmanager-1  job         job 1  RUNNING -> FAILING: parse#1: line 3 is\nnot a flight
   16     0.019756s  taskmanager-2  rpc         jobmaster-1 -> taskmanager-1  SubmitTask  parse#1, attempt 0
   17     0.020991s  client         rpc         taskexecutor <- jobmanager-1  SubmitTask
 17.1     0.022226s  jobmanager-1   rpc         resourcemanager -> taskmanager-1  heartbeat
 17.2     0.023460s  taskmanager-1  rpc         taskexecutor <- jobmanager-1  heartbeat
   18     0.024695s  taskmanager-2  rpc         resourcemanager has not heard from taskmanager-2 for too long
   19     0.025930s  client         rpc         jobmaster-1 learns that the process on taskmanager-2 is gone
   20     0.027165s  jobmanager-1   task        parse#1  DEPLOYING -> RUNNING on taskmanager-2
   21     0.028399s  taskmanager-1  task        parse#1 (job 2) (attempt 1)  starts
   22     0.029634s  taskmanager-2  task        parse#1 (job 2)  back-pressured
   23     0.030869s  client         exchange    parse#1 -> count#2/e0  connected, credit 2
 23.1     0.032104s  jobmanager-1   exchange    parse#1 -> count#2/e0  sends buffer 7, 1024 records; backlog 3, credit 1
 23.2     0.033338s  taskmanager-1  exchange    parse#1 -> count#2/e0  takes up buffer 7, 1024 records
 23.3     0.034573s  taskmanager-2  exchange    parse#1 -> count#2/e0  grants credit 1
   24     0.035808s  client         exchange    parse#1 -> count#2/e0  sends end of input as 8
   25     0.037043s  jobmanager-1   exchange    parse#1 -> count#2/e0  has read to the end of input, 8
 25.1     0.038278s  taskmanager-1  record      parse#1  lines emits 1 record: "to be \u{202e}or not\u{1b}[31m"
 25.2     0.039513s  taskmanager-2  record      parse#1 -> count#2/e0  buffer 7 holds 4 records: to | be | or | … 1 more
 25.3     0.040747s  client         exchange    parse#1 -> count#2/e0  sends watermark 2013-01-01T09:59:59.999Z as 8
 25.4     0.041982s  jobmanager-1   exchange    parse#1 -> count#2/e0  takes up watermark 2013-01-01T09:59:59.999Z, 8
 25.5     0.043217s  taskmanager-1  exchange    parse#1 -> count#2/e0  sends watermark status idle as 9
 25.6     0.044452s  taskmanager-2  exchange    parse#1 -> count#2/e0  takes up watermark status idle, 9
   26     0.045686s  client         time        parse#1  emits watermark 2013-01-01T09:59:59.999Z on e0
   27     0.046921s  jobmanager-1   time        count#2  event time is now 2013-01-01T10:00:59.999Z
   28     0.048156s  taskmanager-1  time        parse#1  says on e0 that it is idle: nobody need wait for it
   29     0.049391s  taskmanager-2  time        count#2 (job 2)  some of its input is active again
   30     0.050625s  client         time        count#2  hourly: too late: 2 records dropped
   31     0.051860s  jobmanager-1   time        parse#1  may read ahead up to watermark 2013-01-01T10:01:00Z
   32     0.053095s  taskmanager-1  time        parse#1  pauses split 3, which is too far ahead of the others
   33     0.054330s  taskmanager-2  time        parse#1  reads split 3 again
 33.1     0.055565s  client         window      count#2  hourly: window [2013-01-01T09:00:00Z, 2013-01-01T10:00:00Z) of key "JFK" opens
 33.2     0.056800s  jobmanager-1   window      count#2  hourly: window [2013-01-01T09:00:00Z, 2013-01-01T10:00:00Z) of key "JFK" merges [2013-01-01T09:00:00Z, 2013-01-01T09:59:58Z) and [2013-01-01T09:59:59Z, 2013-01-01T10:00:00Z)
 33.3     0.058034s  taskmanager-1  window      count#2  hourly: window [2013-01-01T09:00:00Z, 2013-01-01T10:00:00Z) of key "JFK" fires late, after event time has passed its end
 33.4     0.059269s  taskmanager-2  window      count#2  hourly: the global window of key "JFK" is emptied by its trigger
 33.5     0.060504s  client         window      count#2  hourly: window [2013-01-01T09:00:00Z, 2013-01-01T10:00:00Z) of key "JFK" is over, its state removed
 33.6     0.061739s  jobmanager-1   window      count#2  hourly: too late: ("JFK", 12) of 2013-01-01T09:58:30Z sent to the side output, event time is 2013-01-01T09:59:59.999Z
 33.7     0.062973s  taskmanager-1  timer       alert#2  alert: timer 2013-01-01T10:00:10Z of key "sensor_3" in window [0, 10000) is set
 33.8     0.064208s  taskmanager-2  timer       alert#2  alert: clock timer 2013-01-01T10:00:11Z of key "sensor_3" in window [0, 10000) is taken back
 33.9     0.065443s  client         timer       alert#2  alert: timer 2013-01-01T10:00:10Z of key "sensor_3" fires
   34     0.066678s  jobmanager-1   state       alert#2  alert keeps key groups 64 to 127 in the lsm backend
 34.1     0.067912s  taskmanager-1  state       alert#2  alert: last of key "sensor_3" in group 17 is not there
 34.2     0.069147s  taskmanager-2  state       alert#2  alert: last of key "sensor_3" in window [0, 10000) in group 17 becomes 21.5
   35     0.070382s  client         checkpoint  checkpoint 3 begins, barriers aligned: 1 source, 2 to acknowledge, 1 finished
   36     0.071617s  jobmanager-1   checkpoint  no checkpoint now: Not all required tasks are currently running.
   37     0.072852s  taskmanager-1  checkpoint  parse#1  stands still for checkpoint 3
   38     0.074087s  taskmanager-2  checkpoint  parse#1  goes on after 21.28ms, checkpoint 3
   39     0.075321s  client         checkpoint  parse#1 -> count#1/e0  sends barrier 3 as 17, behind 4096 records, of which it overtakes 12
   40     0.076556s  jobmanager-1   checkpoint  parse#1 -> count#1/e0  takes up barrier 3, 17, behind 4096 records
   41     0.077791s  taskmanager-1  checkpoint  count#1 (attempt 1)  begins to align checkpoint 3
   42     0.079026s  taskmanager-2  checkpoint  parse#1 -> count#1/e0  waits for the other barriers of checkpoint 3
   43     0.080260s  client         checkpoint  parse#1 -> count#1/e0  goes on after checkpoint 3
   44     0.081495s  jobmanager-1   checkpoint  count#1 (attempt 1)  aligns no longer: barriers of checkpoint 3 overtake
   45     0.082730s  taskmanager-1  checkpoint  count#1 (attempt 1)  takes its snapshot of checkpoint 3: 2187 bytes, split 0 at 4096, 4096 records in, 0 records out, aligned for 3.4ms
   46     0.083965s  taskmanager-2  checkpoint  count#1 (attempt 1)  keeps 12 records of its inputs and 0 records of its outputs, 2187 bytes, for checkpoint 3
   47     0.085199s  client         checkpoint  count#1 (attempt 1)  has stored its snapshot of checkpoint 3: 1 file, 1024 bytes written in 6.126ms
   48     0.086434s  jobmanager-1   checkpoint  count#1 (attempt 1)  has no snapshot of checkpoint 3: Checkpoint was declined.
   49     0.087669s  taskmanager-1  checkpoint  count#1 (attempt 1)  has acknowledged checkpoint 3, 2187 bytes
   50     0.088904s  taskmanager-2  checkpoint  count#1 (attempt 1)  acknowledges checkpoint 3 in vain: the checkpoint is over
   51     0.090138s  client         checkpoint  count#1 (attempt 1)  has declined checkpoint 3: Checkpoint was declined.
   52     0.091373s  jobmanager-1   checkpoint  metadata of checkpoint 3 is in job-1/chk-3/_metadata
   53     0.092608s  taskmanager-1  checkpoint  checkpoint 3 is complete after 21.28ms: 2187 bytes, 1024 written
   54     0.093843s  taskmanager-2  checkpoint  checkpoint 3 is aborted: Checkpoint was declined.
   55     0.095078s  client         checkpoint  count#1 (attempt 1)  learns that checkpoint 3 is complete
   56     0.096313s  jobmanager-1   checkpoint  count#1 (attempt 1)  learns that checkpoint 3 was aborted
   57     0.097547s  taskmanager-1  checkpoint  checkpoint 3 is discarded, 1 file deleted
   58     0.098782s  taskmanager-2  recovery    job 1  restart 2 in 200 ms: taskmanager-2 was lost
   59     0.100017s  client         recovery    job 1  restart 2 goes back to checkpoint 3
   60     0.101252s  jobmanager-1   recovery    parse#1 (attempt 1)  cannot rewind words: it goes on with what comes now
   61     0.102486s  taskmanager-1  recovery    job 1  checkpoint 3 cannot be restored: job-1/chk-3/count#1 is damaged
   62     0.103721s  taskmanager-2  recovery    count#1 (attempt 1)  takes over checkpoint 3 from 1 file, split 0 at 4096, 12 records in flight
   63     0.104956s  client         storage     job-1/chk-3/count#1 is stored, 2187 bytes
   64     0.106191s  jobmanager-1   storage     job-1/chk-3/count#1 is read, 2187 bytes
   65     0.107425s  taskmanager-1  storage     job-1/chk-3/count#1 is deleted
   66     0.108660s  taskmanager-2  storage     job-1/chk-3/count#1 is now files/out/out-0-1-3.0
   67     0.109895s  client         storage     job-1/chk-3/count#1 is refused: input/output error
   68     0.111130s  jobmanager-1   sink        sink#1 opens counts (attempt 1)
   69     0.112365s  taskmanager-1  sink        2 rows of sink#1 for counts refused: it has been replaced
   70     0.113600s  taskmanager-2  log         log is read again, 1204 entries; 17 torn bytes are cut off
   71     0.114834s  client         log         producer out-1-7 (4001/3) is given out
   72     0.116069s  jobmanager-1   log         producer out-1-7 (4001/3) is fenced: its epoch is 4 by now
   73     0.117304s  taskmanager-1  log         out-1  40..52 appended by out-1-7 (4001/3)
   74     0.118539s  taskmanager-2  log         out-1  records of 4001/3 are refused: INVALID_PRODUCER_EPOCH
   75     0.119773s  client         log         out-1 joins transaction out-1-7
   76     0.121008s  jobmanager-1   log         transaction out-1-7 (4001/3) will commit
   77     0.122243s  taskmanager-1  log         transaction out-1-7 (4001/3) was open for too long
   78     0.123478s  taskmanager-2  log         out-1  commit of producer 4001 marked at 52
   79     0.124712s  client         log         transaction out-1-7 of producer 4001: commit is complete
   80     0.125947s  jobmanager-1   log         out-1  is stable up to 53
   81     0.127182s  taskmanager-1  log         out-1  12..40 are too old, and deleted
   82     0.128417s  taskmanager-2  log         topic out has 4 partitions from now on
   83     0.129652s  client         log         in#2 (attempt 1)  has found out-1, and reads it
   84     0.130887s  jobmanager-1   log         in#2 (attempt 1)  finds nothing at 12 of out-1, and goes on at 40
   85     0.132121s  taskmanager-1  transaction  out#2 (attempt 1)  begins transaction out-1-7
   86     0.133356s  taskmanager-2  transaction  out#2 (attempt 1)  pre-commits transaction out-1-7 for checkpoint 7
   87     0.134591s  client         transaction  out#2 (attempt 1)  commits transaction out-1-7
   88     0.135826s  jobmanager-1   transaction  out#2 (attempt 1)  commits transaction out-1-7, which it finds in its checkpoint
   89     0.137060s  taskmanager-1  transaction  out#2 (attempt 1)  transaction out-1-7 is committed
   90     0.138295s  taskmanager-2  transaction  out#2 (attempt 1)  aborts transaction out-1-7
   91     0.139530s  client         transaction  out#2 (attempt 1)  aborts transaction out-1-7, which was left open
   92     0.140765s  jobmanager-1   transaction  out#2 (attempt 1)  transaction out-1-7 cannot be committed, and is lost: INVALID_TXN_STATE
   93     0.141999s  taskmanager-1  database    redo log is read again, 310 entries; 9 torn bytes are cut off
   94     0.143234s  taskmanager-2  database    table balances  20 rows changed, a part of balances-0-1-7
   95     0.144469s  client         database    transaction balances-0-1-7 is prepared, 38 rows for balances
   96     0.145704s  jobmanager-1   database    transaction balances-0-1-7 is committed
   97     0.146939s  taskmanager-1  database    transaction balances-0-1-7 is rolled back
   98     0.148174s  taskmanager-2  database    transaction balances-0-1-7 is marked as written
   99     0.149408s  client         database    refuses: database is locked
  100     0.150643s  jobmanager-1   database    query total says 19997, and not 20000
100.1     0.151878s  taskmanager-1  sink        sink#1 writes to counts: +I to,2 | +U be,2
  101     0.153113s  taskmanager-2  sink        sink#1 makes 2 rows visible in counts, hash 000000000000feed
101.1     0.154347s  client         sink        sink#1 receives 1 latency marker, the first left at 0.001500s
  102     0.155582s  jobmanager-1   sink        rows of one key replace each other in counts
  103     0.156817s  taskmanager-1  sink        sink#1 has written 9 rows to counts up to checkpoint 3
  104     0.158052s  taskmanager-2  sink        counts must show 2 rows in the end, the last of each key (1 key column)
  105     0.159286s  client         task        parse#1 (job 2)  back-pressure eased
  106     0.160521s  jobmanager-1   task        parse#1 (job 2) (attempt 1)  has state of 3 keys left
  107     0.161756s  taskmanager-1  task        parse#1 (job 2) (attempt 1)  ends FINISHED: 26483 records in, 26483 out; busy 26.5ms, back-pressured 1.2s, idle 0ns
  108     0.162991s  taskmanager-2  fault       FAULT 1: kill taskmanager-2
  109     0.164225s  client         fault       FAULT 1 over: taskmanager-2 starts again
  110     0.165460s  jobmanager-1   fault       NOTE 1: Channel 0 now waits for channel 1.
  111     0.166695s  taskmanager-1  node        process killed, life 1
  112     0.167930s  taskmanager-2  node        4096 unsynced bytes of journal lost
  113     0.169165s  client         job         job 1  has added up lines = 7, least\nof all = -
"#);
}

#[test]
fn json_lines_are_flat() {
    let trace = trace_of(Level::Records, &examples::run());
    let lines = String::from_utf8(jsonl(&trace)).expect("JSON is text");
    let shown = ["\"format\"", "node-paused", "job-submitted", "buffer-sent", "rows-written"];
    let shown = lines.lines().filter(|line| shown.iter().any(|word| line.contains(word)));
    assert_snapshot!(shown.collect::<Vec<_>>().join("\n"), @r#"
{"format":"weir-trace","format_version":2,"weir_version":"0.1.0","scenario":"demo/word-count","scenario_hash":"0123456789abcdef","mutant":null,"again":"weir run demo/word-count --seed 7","seed":7,"level":"records","nodes":["client","jobmanager-1","taskmanager-1","taskmanager-2"],"trailer":{"end":"completed","events":113,"kept":137,"last_ns":169165123,"digest":"ea79818396896bfca5385923a5c72d01","records_digest":"d3c07d8e3fb6bc478eaf97d52501e65d"}}
{"step":5,"t_us":6173,"t_ns":701,"node":"client","area":"node","kind":"node-paused"}
{"step":14,"t_us":17286,"t_ns":969,"node":"jobmanager-1","area":"job","kind":"job-submitted","job":1,"name":"word-count","plan":{"slots":[],"execution":{"channels":[1,2]}}}
{"step":23,"sub":1,"t_us":32104,"t_ns":371,"node":"jobmanager-1","life":1,"area":"exchange","kind":"buffer-sent","job":1,"edge":0,"from":"parse#1","to":"count#2","seq":7,"records":1024,"backlog":3,"credit":1}
{"step":100,"sub":1,"t_us":151878,"t_ns":154,"node":"taskmanager-1","area":"sink","kind":"rows-written","sink":"counts","subtask":"sink#1","rows":[{"kind":"insert","fields":["to","2"],"id":null,"number":null},{"kind":"update-after","fields":["be","2"],"id":null,"number":null}]}
"#);
}

#[test]
fn what_could_upset_a_terminal_is_escaped() {
    let check = |text: &str, shown: &str| assert_eq!(escape(text), shown);
    check("plain, wörds and 漢字", "plain, wörds and 漢字");
    check("a\nb\tc\r", "a\\nb\\tc\\r");
    check("\u{1b}[2J", "\\u{1b}[2J");
    check("\u{9b}31m", "\\u{9b}31m");
    check("user\u{202e}txt\u{200b}\u{feff}", "user\\u{202e}txt\\u{200b}\\u{feff}");
    check("\u{2066}\u{e0041}", "\\u{2066}\\u{e0041}");
}

/// Checks that the export is what Perfetto takes: every span closed on its track, flows in pairs.
pub(super) fn check_chrome(trace: &TraceFile) -> Value {
    let mut bytes = Vec::new();
    chrome(trace, &mut bytes).expect("a Vec takes all");
    let document: Value = serde_json::from_slice(&bytes).expect("the export is JSON");
    let mut open: BTreeMap<(u64, u64), i32> = BTreeMap::new();
    let mut flows = Vec::new();
    for event in document["traceEvents"].as_array().expect("a list") {
        let number = |name: &str| event[name].as_u64().unwrap_or_else(|| panic!("{name}: {event}"));
        let phase = event["ph"].as_str().expect("a phase");
        assert!(phase == "M" || event["ts"].is_number(), "{event}");
        match phase {
            "B" => *open.entry((number("pid"), number("tid"))).or_default() += 1,
            "E" => {
                let depth = open.entry((number("pid"), number("tid"))).or_default();
                *depth -= 1;
                assert!(*depth >= 0, "ends what did not begin: {event}");
            }
            "s" => flows.push(number("id")),
            "f" => {
                let id = number("id");
                let place = flows.iter().position(|flow| *flow == id).expect("a flow that began");
                flows.remove(place);
            }
            "M" | "i" | "C" => assert!(event["name"].is_string(), "{event}"),
            other => panic!("phase {other}"),
        }
    }
    assert!(open.values().all(|depth| *depth == 0), "some spans never end: {open:?}");
    document
}

#[test]
fn the_export_has_tracks_spans_and_flows() {
    let given = examples::run().into_iter().map(|(delta, _, _, event)| (delta, 2, 0, event));
    let document = check_chrome(&trace_of(Level::Records, &given.collect::<Vec<_>>()));
    let events = document["traceEvents"].as_array().expect("a list").iter();
    let shown = events.filter(|event| {
        ["M", "B", "E", "s", "f", "C"].contains(&event["ph"].as_str().unwrap_or(""))
    });
    let shown: Vec<_> = shown.map(Value::to_string).collect();
    assert_snapshot!(shown.join("\n"), @r#"
{"ph":"M","name":"process_name","pid":0,"args":{"name":"client"}}
{"ph":"M","name":"process_sort_index","pid":0,"args":{"sort_index":0}}
{"ph":"M","name":"process_name","pid":1,"args":{"name":"jobmanager-1"}}
{"ph":"M","name":"process_sort_index","pid":1,"args":{"sort_index":1}}
{"ph":"M","name":"process_name","pid":2,"args":{"name":"taskmanager-1"}}
{"ph":"M","name":"process_sort_index","pid":2,"args":{"sort_index":2}}
{"ph":"M","name":"process_name","pid":3,"args":{"name":"taskmanager-2"}}
{"ph":"M","name":"process_sort_index","pid":3,"args":{"sort_index":3}}
{"ph":"M","name":"thread_name","pid":2,"tid":1,"args":{"name":"process"}}
{"ph":"M","name":"thread_name","pid":2,"tid":2,"args":{"name":"resources"}}
{"ph":"M","name":"thread_name","pid":2,"tid":3,"args":{"name":"job 1"}}
{"ph":"B","name":"FAILING","cat":"job","args":{"cause":"parse#1: line 3 is\nnot a flight"},"pid":2,"tid":3,"ts":18521.536}
{"ph":"M","name":"thread_name","pid":2,"tid":4,"args":{"name":"jobmaster-1"}}
{"ph":"M","name":"thread_name","pid":2,"tid":5,"args":{"name":"taskexecutor"}}
{"ph":"M","name":"thread_name","pid":2,"tid":6,"args":{"name":"resourcemanager"}}
{"ph":"M","name":"thread_name","pid":2,"tid":7,"args":{"name":"execution of parse#1"}}
{"ph":"B","name":"RUNNING","cat":"task","args":{"attempt":0,"taskmanager":"taskmanager-2"},"pid":2,"tid":7,"ts":27165.237}
{"ph":"M","name":"thread_name","pid":2,"tid":8,"args":{"name":"parse#1 (job 2)"}}
{"ph":"B","name":"parse#1","cat":"task","args":{"attempt":1},"pid":2,"tid":8,"ts":28399.804}
{"ph":"B","name":"back-pressured","cat":"task","args":{},"pid":2,"tid":8,"ts":29634.804}
{"ph":"M","name":"thread_name","pid":2,"tid":9,"args":{"name":"count#2"}}
{"ph":"M","name":"thread_name","pid":2,"tid":10,"args":{"name":"parse#1"}}
{"ph":"s","id":1,"name":"buffer","cat":"exchange","args":{"records":1024},"pid":2,"tid":10,"ts":32104.371}
{"ph":"f","bp":"e","id":1,"name":"buffer","cat":"exchange","args":{"records":1024},"pid":2,"tid":9,"ts":33338.938}
{"ph":"C","name":"watermarks of parse#1 on e0","args":{"ms since the first watermark":0},"pid":2,"tid":0,"ts":45686.773}
{"ph":"C","name":"event time of count#2","args":{"ms since the first watermark":60000},"pid":2,"tid":0,"ts":46921.773}
{"ph":"M","name":"thread_name","pid":2,"tid":11,"args":{"name":"count#2 (job 2)"}}
{"ph":"M","name":"thread_name","pid":2,"tid":12,"args":{"name":"alert#2"}}
{"ph":"M","name":"thread_name","pid":2,"tid":13,"args":{"name":"checkpoints"}}
{"ph":"B","name":"checkpoint 3","cat":"checkpoint","args":{"kind":"aligned"},"pid":2,"tid":13,"ts":70382.443}
{"ph":"M","name":"thread_name","pid":2,"tid":14,"args":{"name":"count#1"}}
{"ph":"M","name":"thread_name","pid":2,"tid":15,"args":{"name":"snapshots of count#1"}}
{"ph":"B","name":"aligning 3","cat":"checkpoint","args":{},"pid":2,"tid":15,"ts":77791.144}
{"ph":"E","pid":2,"tid":15,"ts":82730.278}
{"ph":"B","name":"storing 3","cat":"checkpoint","args":{"bytes":2187},"pid":2,"tid":15,"ts":82730.278}
{"ph":"E","pid":2,"tid":15,"ts":85199.845}
{"ph":"E","pid":2,"tid":13,"ts":92608.546}
{"ph":"M","name":"thread_name","pid":2,"tid":16,"args":{"name":"storage"}}
{"ph":"M","name":"thread_name","pid":2,"tid":17,"args":{"name":"sink#1"}}
{"ph":"M","name":"thread_name","pid":2,"tid":18,"args":{"name":"log"}}
{"ph":"M","name":"thread_name","pid":2,"tid":19,"args":{"name":"out#2"}}
{"ph":"M","name":"thread_name","pid":2,"tid":20,"args":{"name":"database"}}
{"ph":"C","name":"rows in counts","args":{"rows":2},"pid":2,"tid":0,"ts":153113.154}
{"ph":"E","pid":2,"tid":8,"ts":159286.855}
{"ph":"E","pid":2,"tid":8,"ts":161756.422}
{"ph":"M","name":"thread_name","pid":2,"tid":21,"args":{"name":"faults"}}
{"ph":"M","name":"thread_name","pid":2,"tid":22,"args":{"name":"notes"}}
{"ph":"E","pid":2,"tid":3,"ts":166695.556}
{"ph":"E","pid":2,"tid":7,"ts":166695.556}
"#);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_run_can_be_shown(run in arbitrary_run(0..60)) {
        let trace = trace_of(Level::Records, &run);
        check_chrome(&trace);
        for event in &trace {
            let line = render_line(&event, trace.header());
            prop_assert!(!line.chars().any(char::is_control), "{line:?}");
        }
    }
}
