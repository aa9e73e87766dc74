//! The trace of `docs/follow-a-barrier.md`, and the functions that it leads to.

use std::fs;
use std::path::Path;

use weir::cluster::Onlooker;
use weir::gallery;
use weir::scenario::{self, Overrides};
use weir::trace::Level;

use crate::page::{chosen_lines, with_block};
use crate::trace::schema::check_file;

const PAGE: &str = "follow-a-barrier.md";

fn trace() -> Vec<u8> {
    let scenario = scenario::load("checkpoints/alignment").unwrap();
    let overrides = Overrides { seed: None, level: Level::Control, mutant: None };
    let outcome =
        scenario::run(&scenario, &gallery::registry(), &overrides, Onlooker::default()).unwrap();
    outcome.report.trace.expect("its level is control")
}

#[test]
fn the_page_shows_what_happens() {
    let trace = trace();
    let of = |filter: &str| chosen_lines(trace.clone(), &format!("checkpoint = 2 and ({filter})"));
    let stored = "kind = file-stored and path ~ \"job-1/chk-2/sum#1\"";
    let acknowledged = "checkpoint = 2 and subtask = \"sum#1\" and \
                        (kind = snapshot-stored or kind = checkpoint-acknowledged)";
    let blocks = [
        ("trace: trigger", of("kind = checkpoint-triggered")),
        ("trace: source", of("kind = snapshot-taken and subtask = \"fast#1\"")),
        (
            "trace: barriers",
            of("(kind = barrier-sent or kind = barrier-received) and to = \"sum#1\""),
        ),
        (
            "trace: alignment",
            of("subtask = \"sum#1\" and (kind = alignment-started or kind = snapshot-taken) or \
                to = \"sum#1\" and (kind = channel-blocked or kind = channel-resumed)"),
        ),
        ("trace: stored", chosen_lines(trace.clone(), &format!("{stored} or {acknowledged}"))),
        (
            "trace: complete",
            of(
                "kind = metadata-stored or kind = checkpoint-completed or kind = completion-notified",
            ),
        ),
    ];
    check_file(PAGE, |page| {
        blocks.iter().fold(page.to_string(), |page, (mark, block)| with_block(&page, mark, block))
    });
}

/// Links go to files that are there.
#[test]
fn the_page_leads_somewhere() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let page = fs::read_to_string(docs.join(PAGE)).unwrap();
    let links: Vec<&str> = page
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')').map(|(link, _)| link))
        .collect();
    assert!(links.len() > 5);
    for link in links {
        let file = link.split('#').next().unwrap_or(link);
        assert!(docs.join(file).is_file(), "{link}");
    }
}
