//! Step by step: one small shop, the same hour of visitors, and a feature more at each step.
//!
//! ```text
//! cargo run --example step_by_step                # prints the table
//! cargo run --example step_by_step -- --check     # and compares it with the page of the guide
//! cargo run --example step_by_step -- --write     # or writes it there
//! ```
//!
//! Everything that is printed is counted: queries by the database, questions by the rate service, and answers that were
//! older than they should be by comparing each with the database. Time is virtual and visitors are drawn from a fixed
//! seed, so every run prints the same; `docs/guide/step-by-step.md`
//! shows it.
//!
//! `database.rs` is an SQLite database that counts, `rates.rs` a service elsewhere that fails for five minutes,
//! `visitors.rs` the hour, and `steps/` the shop, once a file: read one beside the next.

mod database;
mod page;
mod rates;
mod shop;
mod steps;
mod tally;
mod visitors;

use std::error::Error;
use tally::Tally;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let steps = steps::all().await?;
    let first = steps.first().map_or(0, |step| step.queries);
    let rows = steps.iter().map(|step| step.row(first));
    let table: Vec<String> = std::iter::once(Tally::HEAD.to_owned())
        .chain(rows)
        .collect();
    let table = table.join("\n");
    println!("{table}");
    match std::env::args().nth(1).as_deref() {
        Some("--check") => page::check(&table),
        Some("--write") => page::write(&table),
        _ => Ok(()),
    }
}
