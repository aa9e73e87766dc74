//! The terminal instrument: a trace to walk through, forward and back.
//!
//! Event, update, draw: [`update`] is the only place where an [`App`] changes, and does nothing
//! else; [`draw`] is a function of it. Neither reads a clock, a file or the terminal, so both are
//! tested without one; [`run`] is the edge that does. What happens in the run comes from
//! [`weir::replay::Timeline`] alone.
//!
//! | module | what it is |
//! |---|---|
//! | `app`, `update`, `draw` | the model, what changes it, and the frame around the screens |
//! | `mouse`, `pop_up` | what the mouse does, and keys while something has popped up |
//! | `keys`, `names` | the table of keys, from which help, footer and palette are made |
//! | `keymap` | the keys as they are bound: the table, and what someone wants otherwise |
//! | `palette` | everything that can be done, by name |
//! | `choose` | the list of scenarios, for someone who has not yet chosen one |
//! | `screens` | the screens, their tabs, and two of them side by side |
//! | `graph` | the running jobs as boxes, and what is on its way between them |
//! | `checkpoints` | the checkpoints of a job, and how the time of one was spent |
//! | `state` | what operators hold, key by key, and how it differs from another place |
//! | `outside` | the log, the database, files, and the transactions of sinks |
//! | `cluster` | nodes with their clocks and slots, messages, faults |
//! | `events` | the log of the trace |
//! | `sections` | lines under headings, for screens that are lists |
//! | `space_time` | lanes, arrows from lane to lane, and the cut of a checkpoint |
//! | `about` | what an event is about, and selecting it on all screens |
//! | `changes` | which events change what is shown |
//! | `travel`, `landmarks` | going to the next of something; places worth going to |
//! | `judged` | what the run proves: invariants, and what sinks have shown |
//! | `scrub`, `overlay`, `prompt` | the bar of time, pop-ups, lines to type into |
//! | `help` | what the help says |
//! | `look`, `theme`, `text`, `pen` | symbols, colours, safe text, clipped drawing |
//! | `export` | what is on the screen, to take away |
//! | `terminal`, `save` | the edge |

mod about;
mod app;
mod changes;
mod checkpoints;
mod choose;
mod cluster;
mod draw;
mod events;
mod export;
mod goal;
mod graph;
mod help;
mod judged;
mod keymap;
mod keys;
mod landmarks;
mod look;
mod mouse;
mod names;
mod outside;
mod overlay;
mod palette;
mod pen;
mod pop_up;
mod prompt;
mod save;
mod screens;
mod scrub;
mod sections;
mod space_time;
mod state;
mod terminal;
mod text;
mod theme;
mod travel;
mod update;

pub use app::{App, Options, Source, UiEvent};
pub use choose::{Choice, Chooser, Entry};
pub use draw::draw;
pub use export::{Exported, Exports, exports, screen_to_svg, screen_to_text};
pub use goal::Goal;
pub use keymap::{Clash, Key, KeyError, Keymap};
pub use save::save;
pub use terminal::{Ended, choose, give_back, run, take_broken};
pub use theme::{Theme, ThemeError};
pub use update::{Flow, update};
