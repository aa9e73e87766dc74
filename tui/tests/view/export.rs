//! What is on the screen, taken away.

use std::fs;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use weir::trace::{CheckpointEvent, Event};
use weir_tui::view::{
    Exports, Flow, Options, Theme, UiEvent, exports, save, screen_to_svg, screen_to_text, update,
};

use super::{buffer, checkpointed, keys, screen};

const SIZE: (u16, u16) = (80, 24);

fn drawn() -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 4));
    buffer.set_string(0, 0, "plain <&\"'> 界 end", Style::default());
    let red = Style::default().fg(Color::Red).add_modifier(Modifier::BOLD);
    buffer.set_string(2, 1, "red", red);
    buffer.set_string(5, 1, "more", red);
    buffer.set_string(0, 2, "turned", Style::default().add_modifier(Modifier::REVERSED));
    buffer.set_string(8, 2, "pale", Style::default().add_modifier(Modifier::DIM));
    buffer
}

#[test]
fn a_screen_as_text_is_what_one_sees() {
    assert_eq!(screen_to_text(&drawn()), "plain <&\"'> 界 end\n  redmore\nturned  pale\n\n");
    let app = checkpointed::app(&Options::default(), SIZE, |_| true);
    assert_eq!(screen_to_text(&buffer(&app, SIZE)), screen(&app, SIZE));
}

#[test]
fn a_screen_as_a_drawing_keeps_colours_and_escapes_markup() {
    let svg = screen_to_svg(&drawn(), Theme::Default);
    for part in ["&lt;&amp;&quot;&#39;&gt;", "#cd3131", "font-weight=\"bold\"", ">redmore<"] {
        assert!(svg.contains(part), "{part} is not in\n{svg}");
    }
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("export-svg", svg);
    });
    for color in [true, false] {
        let options = Options { color, ..Options::default() };
        let svg =
            screen_to_svg(&buffer(&checkpointed::hostile(&options, SIZE), SIZE), Theme::Default);
        assert_eq!(svg.matches('<').count(), svg.matches('>').count());
        assert!(svg.chars().all(|c| c == '\n' || !c.is_control()));
    }
}

#[test]
fn each_screen_has_its_files() {
    let is_complete = |event: &Event| {
        matches!(event, Event::Checkpoint(CheckpointEvent::CheckpointCompleted { .. }))
    };
    let mut app = checkpointed::app(&Options::default(), SIZE, is_complete);
    let step = app.timeline().current().unwrap().step;
    let endings =
        |exports: &Exports| -> Vec<&str> { exports.files.iter().map(|file| file.ending).collect() };
    let graph = exports(&app);
    assert_eq!(graph.stem, format!("word-count-step-{step}-graph"));
    assert_eq!(endings(&graph), [".txt", ".svg"]);
    assert_eq!(graph.files[0].contents, screen(&app, SIZE));
    keys(&mut app, "t");
    let time = exports(&app);
    assert_eq!(time.stem, format!("word-count-step-{step}-time"));
    assert_eq!(endings(&time), [".txt", ".svg", "-diagram.svg", "-diagram.mmd"]);
    assert!(time.files[2].contents.contains("cut of checkpoint 1"));
    assert!(time.files[3].contents.starts_with("sequenceDiagram\n"));
}

#[test]
fn the_view_asks_for_files_and_tells_what_became_of_them() {
    let mut app = checkpointed::app(&Options::default(), SIZE, |_| true);
    let before = screen(&app, SIZE);
    assert_eq!(keys(&mut app, "x"), Flow::Save);
    assert_eq!(screen(&app, SIZE), before, "the model writes nothing itself");
    update(&mut app, UiEvent::Saved(Ok(vec!["run-step-1-graph.txt".to_owned()])));
    assert!(screen(&app, SIZE).contains("run-step-1-graph.txt"));
    // What is written next is the screen, without what was told about the last.
    assert_eq!(keys(&mut app, "x"), Flow::Save);
    assert_eq!(exports(&app).files[0].contents, before);
    update(&mut app, UiEvent::Saved(Err("no space\u{1b}[2J".to_owned())));
    let told = screen(&app, SIZE);
    assert!(told.contains("no space") && !told.contains('\u{1b}'), "{told}");
    keys(&mut app, "\u{1b}");
    assert_eq!(screen(&app, SIZE), before);
}

#[test]
fn no_file_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let app = checkpointed::app(&Options::default(), SIZE, |_| true);
    let exports = exports(&app);
    let names = || -> Vec<String> {
        let paths = save(folder.path(), &exports).unwrap();
        paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let stem = &exports.stem;
    assert_eq!(names(), [format!("{stem}.txt"), format!("{stem}.svg")]);
    // One that is in the way lets all have a number.
    fs::remove_file(folder.path().join(format!("{stem}.txt"))).unwrap();
    assert_eq!(names(), [format!("{stem}-2.txt"), format!("{stem}-2.svg")]);
    fs::write(folder.path().join(format!("{stem}-3.svg")), "mine").unwrap();
    assert_eq!(names(), [format!("{stem}-4.txt"), format!("{stem}-4.svg")]);
    assert_eq!(fs::read_to_string(folder.path().join(format!("{stem}-3.svg"))).unwrap(), "mine");
    let text = fs::read_to_string(folder.path().join(format!("{stem}-2.txt"))).unwrap();
    assert_eq!(text, screen(&app, SIZE));
    assert!(save(&folder.path().join("nowhere"), &exports).is_err());
}
