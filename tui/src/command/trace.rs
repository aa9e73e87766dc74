//! `weir trace`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use weir::trace::{
    Filter, Recorded, TraceError, TraceFile, chrome, legend, render_line, write_jsonl_event,
    write_jsonl_header,
};

use super::arguments::{TraceArguments, TraceFormat};
use super::console::Meaning;
use super::{Console, Failure};
use crate::view::Goal;

/// So many bytes tell a trace from a device that never ends.
const BEGINNING: u64 = 8;

/// Shows a trace, or the part of it that was asked for.
pub fn trace(arguments: &TraceArguments, console: &mut Console) -> Result<u8, Failure> {
    let filter = arguments.filter.as_deref().map(parse_filter).transpose()?;
    let part = filter.is_some() || arguments.from.is_some() || arguments.to.is_some();
    if part && arguments.format == TraceFormat::Chrome {
        let message =
            "a Chrome trace is of the whole run: --filter, --from and --to do not go with it";
        return Err(Failure::Usage(message.to_owned()));
    }
    let file = read(&arguments.file)?;
    match arguments.format {
        TraceFormat::Chrome => chrome(&file, console.out())?,
        TraceFormat::Jsonl => jsonl(arguments, filter.as_ref(), &file, console)?,
        TraceFormat::Text if console.json() => jsonl(arguments, filter.as_ref(), &file, console)?,
        TraceFormat::Text => text(arguments, filter.as_ref(), &file, console)?,
    }
    Ok(0)
}

fn parse_filter(text: &str) -> Result<Filter, Failure> {
    Filter::parse(text)
        .map_err(|error| Failure::Usage(format!("wrong filter: {}", error.pointed(text))))
}

/// The trace in a file.
pub fn read(path: &Path) -> Result<TraceFile, Failure> {
    let wrong = |error| Failure::Usage(format!("{}: {error}", path.display()));
    let mut file = File::open(path).map_err(Failure::file(path))?;
    let mut bytes = Vec::new();
    (&mut file).take(BEGINNING).read_to_end(&mut bytes).map_err(Failure::file(path))?;
    if let Err(error @ TraceError::NotATrace) = TraceFile::parse(bytes.clone()) {
        return Err(wrong(error));
    }
    file.read_to_end(&mut bytes).map_err(Failure::file(path))?;
    TraceFile::parse(bytes).map_err(wrong)
}

/// The events that were asked for.
fn chosen<'a>(
    arguments: &'a TraceArguments,
    filter: Option<&'a Filter>,
    file: &'a TraceFile,
) -> impl Iterator<Item = Recorded> + 'a {
    let events = match arguments.from {
        None => file.iter(),
        Some(Goal::Place(place)) => file.iter_from(place.step),
        Some(Goal::Time(at)) => file.iter_from_time(at),
    };
    let begun = |recorded: &Recorded| match arguments.from {
        Some(Goal::Place(place)) => (recorded.step, recorded.sub) >= (place.step, place.sub),
        Some(Goal::Time(_)) | None => true,
    };
    // A step takes the record events below it along, unless one of them is named.
    let ended = |recorded: &Recorded| match arguments.to {
        Some(Goal::Place(place)) if place.sub == 0 => recorded.step > place.step,
        Some(Goal::Place(place)) => (recorded.step, recorded.sub) > (place.step, place.sub),
        Some(Goal::Time(at)) => recorded.at > at,
        None => false,
    };
    events
        .skip_while(move |recorded| !begun(recorded))
        .take_while(move |recorded| !ended(recorded))
        .filter(move |recorded| filter.is_none_or(|filter| filter.matches(recorded, file.header())))
}

fn text(
    arguments: &TraceArguments,
    filter: Option<&Filter>,
    file: &TraceFile,
    console: &mut Console,
) -> Result<(), Failure> {
    if !console.quiet() {
        for line in legend(file.header()).lines() {
            let line = console.paint(Meaning::Aside, line);
            console.line(line)?;
        }
    }
    for recorded in chosen(arguments, filter, file) {
        console.line(render_line(&recorded, file.header()))?;
    }
    if !console.quiet() {
        let trailer = file.trailer();
        let end = weir::scenario::escape(&trailer.end);
        let last = format!("{} events, end: {end}, digest {}", trailer.events, trailer.digest);
        let last = console.paint(Meaning::Aside, last);
        console.line(last)?;
    }
    Ok(())
}

fn jsonl(
    arguments: &TraceArguments,
    filter: Option<&Filter>,
    file: &TraceFile,
    console: &mut Console,
) -> Result<(), Failure> {
    let part = filter.is_some() || arguments.from.is_some() || arguments.to.is_some();
    if !part {
        weir::trace::write_jsonl(file, console.out())?;
        return Ok(());
    }
    write_jsonl_header(file.header(), console.out())?;
    for recorded in chosen(arguments, filter, file) {
        write_jsonl_event(&recorded, file.header(), console.out())?;
    }
    Ok(())
}
