//! The page of the guide that shows the table.

use std::error::Error;
use std::path::Path;

const PAGE: &str = "docs/guide/step-by-step.md";

/// Compares the table on the page with this one.
pub(crate) fn check(table: &str) -> Result<(), Box<dyn Error>> {
    let page = std::fs::read_to_string(file())?;
    if page == with(&page, table) {
        return Ok(());
    }
    Err(format!(
        "{PAGE} shows other figures; `cargo run --example step_by_step -- --write` writes these"
    )
    .into())
}

/// Writes this table onto the page.
pub(crate) fn write(table: &str) -> Result<(), Box<dyn Error>> {
    let page = std::fs::read_to_string(file())?;
    std::fs::write(file(), with(&page, table))?;
    Ok(())
}

fn file() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)
}

/// The page with this table in place of its first.
fn with(page: &str, table: &str) -> String {
    let is_row = |line: &&str| line.starts_with('|');
    let before = page.lines().take_while(|line| !is_row(line));
    let after = page.lines().skip_while(|line| !is_row(line));
    let after = after.skip_while(is_row);
    let lines: Vec<&str> = before.chain(table.lines()).chain(after).collect();
    lines.join("\n") + "\n"
}
