//! The README shows what the terminal draws, and is held to it.

use std::fs;
use std::path::Path;

use weir::replay::Timeline;
use weir::trace::{CheckpointEvent, Event, Level, Recorded};
use weir_tui::view::{App, Options, Source, exports};

use super::{keys, recorded};

const SIZE: (u16, u16) = (100, 30);
const MARK: &str = "<!-- weir tui checkpoints/alignment -->\n";

/// A run in the middle of its first alignment: half way from the barrier that comes first, behind
/// which nothing is read any more, to the snapshot.
fn aligning() -> App {
    let (scenario, trace) = recorded("checkpoints/alignment", Level::Records);
    let mut timeline = Timeline::new(trace.header().clone(), trace.iter());
    let (blocked, of) = timeline
        .events()
        .enumerate()
        .find_map(|(index, recorded)| match &recorded.event {
            Event::Checkpoint(CheckpointEvent::ChannelBlocked { to, .. }) => {
                Some((index, to.clone()))
            }
            _ => None,
        })
        .expect("a channel is blocked");
    let is_snapshot = |recorded: &Recorded| {
        matches!(
            &recorded.event,
            Event::Checkpoint(CheckpointEvent::SnapshotTaken { subtask, .. }) if *subtask == of
        )
    };
    let mut rest = timeline.range(blocked..timeline.len());
    let until = rest.position(|recorded| is_snapshot(&recorded));
    timeline.seek_position(blocked + 1 + until.expect("a snapshot is taken") / 2);
    let source = Source {
        title: scenario.title,
        teaches: Vec::new(),
        about: String::new(),
        timeline,
        grows: false,
    };
    let mut app = App::new(source, &Options::default(), SIZE);
    keys(&mut app, "c");
    app
}

/// `WEIR_UPDATE=1` writes the README instead.
#[test]
fn the_readme_shows_what_is_drawn() {
    let files = exports(&aligning()).files;
    let text = files.into_iter().find(|file| file.ending == ".txt").unwrap().contents;
    // Who waits is seen: a channel at whose end stands the sign for it.
    assert!(text.contains('‖') && text.contains("aligning"), "{text}");
    let block = format!("```text\n{text}```\n");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(MARK).expect("the block is marked");
    let (shown, after) = rest.split_once("<!-- end -->").expect("the block has an end");
    if std::env::var_os("WEIR_UPDATE").is_some() {
        fs::write(&path, format!("{before}{MARK}{block}<!-- end -->{after}")).unwrap();
    } else {
        assert_eq!(shown, block, "run this test with WEIR_UPDATE=1 and look at the difference");
    }
}
