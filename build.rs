//! Scenarios are embedded into the library: a changed or new file rebuilds it.

fn main() {
    println!("cargo::rerun-if-changed=scenarios");
}
