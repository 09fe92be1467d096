//! The table and the plot of the documentation.

use super::measured::{Measured, grouped};
use super::{CLIENTS, Comparison, FIRST, REQUESTS, plot};
use crate::error::Error;
use crate::seed::{CONVERSATIONS, MESSAGES, USERS};
use std::fmt::Write;
use std::path::Path;

const BEGIN: &str = "<!-- written by `cargo run --release -p therapist -- load --write` -->";
const END: &str = "<!-- up to here -->";

type Cell = fn(&Measured) -> String;

pub(crate) fn table(comparison: &Comparison) -> String {
    let mut text = String::new();
    let Comparison {
        off,
        on,
        cold,
        warmed,
        ..
    } = comparison;
    let columns: [(&str, Cell); 8] = [
        ("requests", |it| grouped(it.times.len() as u64)),
        ("database queries", |it| grouped(it.queries)),
        ("asked the model", |it| grouped(it.transcribed)),
        ("look-ups that hit", |it| {
            format!("{:.1} %", 100.0 * it.hit_rate)
        }),
        ("p50", |it| millis(it, 50.0)),
        ("p95", |it| millis(it, 95.0)),
        ("p99", |it| millis(it, 99.0)),
        ("requests a second", |it| grouped(it.per_second() as u64)),
    ];
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    _ = writeln!(
        text,
        "| | {} |\n|---|{}",
        names.join(" | "),
        "---:|".repeat(columns.len())
    );
    for (name, measured) in [
        ("cache off", off),
        ("cache on", on),
        ("first after a start, cold", cold),
        ("first after a start, warmed", warmed),
    ] {
        let cells: Vec<String> = columns.iter().map(|(_, cell)| cell(measured)).collect();
        _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
    }
    let saved = 1.0 - on.queries as f64 / off.queries as f64;
    _ = writeln!(
        text,
        "\n{:.1} % fewer queries. {} users with {CONVERSATIONS} conversations of {MESSAGES} messages each, who come by popularity (Zipf) and\n\
         ask for 10 to 40 things; {} requests of {CLIENTS} clients over loopback, of a hundred three write, then the next {}\n\
         after a start; a database {:.1} ms away, a model that takes 30 ms; {}; a machine of two cores, which others use as well.",
        100.0 * saved,
        grouped(USERS.into()),
        grouped(REQUESTS as u64),
        grouped(FIRST as u64),
        1_000.0 * comparison.away.as_secs_f64(),
        if comparison.on_redis {
            "on Redis"
        } else {
            "without Redis"
        },
    );
    text
}

fn millis(measured: &Measured, percent: f64) -> String {
    format!(
        "{:.2} ms",
        1_000.0 * measured.percentile(percent).as_secs_f64()
    )
}

/// Into the README and beside it.
pub(crate) fn write(comparison: &Comparison) -> Result<(), Error> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = root.join("README.md");
    let text = std::fs::read_to_string(&page)?;
    let (before, rest) = text
        .split_once(BEGIN)
        .ok_or("the README has no place for it")?;
    let (_, after) = rest
        .split_once(END)
        .ok_or("the place in the README has no end")?;
    let table = table(comparison);
    let picture = "![Database queries and latency with the cache off and on](docs/therapist.svg)";
    std::fs::write(
        &page,
        format!("{before}{BEGIN}\n\n{table}\n{picture}\n\n{END}{after}"),
    )?;
    std::fs::write(root.join("docs/therapist.svg"), plot::svg(comparison))?;
    for summary in &comparison.warming {
        println!("{summary}");
    }
    println!("written: README.md, docs/therapist.svg");
    Ok(())
}
