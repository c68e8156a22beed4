//! Papers read back from their bytes.

mod hostile;
mod reader;
mod structure;
#[path = "../../examples/synthetic/mod.rs"]
mod synthetic;
mod text;
