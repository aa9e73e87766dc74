//! The binary `weir`.

use std::process::ExitCode;

// A thousand live strings per batch overflow the thread caches of the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    weir_tui::main(weir::gallery::registry())
}
