//! Records: the format in which they and all state are stored.

mod format;
mod rows;
mod shown;
