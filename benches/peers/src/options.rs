//! The command line.

use crate::cases::{Effort, NAMES};
use std::path::PathBuf;

const USAGE: &str = "\
usage: cargo run --release --manifest-path benches/peers/Cargo.toml -- [name…] [option…]

Without names all cases run, and docs/benchmarks.md is written; with names the report is printed.

  --out <path>   write the report there, and its plots into the folder of the same name
  --short        three rounds of everything: to see that it works
  --million      invalidate a million entries, too

names: ";

pub(crate) struct Options {
    pub(crate) names: Vec<&'static str>,
    pub(crate) out: Option<PathBuf>,
    pub(crate) effort: Effort,
    /// How this was asked for, without where it goes.
    pub(crate) command: String,
}

impl Options {
    /// Of the arguments of this program, or what is wrong with them.
    pub(crate) fn read(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = arguments.peekable();
        let mut effort = Effort {
            short: false,
            million: false,
        };
        let (mut names, mut out) = (Vec::new(), None);
        let mut command = "cargo run --release --manifest-path benches/peers/Cargo.toml".to_owned();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--short" => effort.short = true,
                "--million" => effort.million = true,
                "--out" => {
                    let path = arguments.next().ok_or("--out needs a path")?;
                    out = Some(PathBuf::from(path));
                    continue;
                }
                name => {
                    let known = NAMES.iter().find(|known| **known == name);
                    let known = known.ok_or_else(|| format!("{USAGE}{}", NAMES.join(", ")))?;
                    names.push(*known);
                }
            }
            if !command.contains(" -- ") {
                command.push_str(" --");
            }
            command.push(' ');
            command.push_str(&argument);
        }
        let all = names.is_empty();
        if all {
            names.extend(NAMES);
        }
        if all && !effort.short && out.is_none() {
            out = Some(PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../docs/benchmarks.md"
            )));
        }
        Ok(Options {
            names,
            out,
            effort,
            command,
        })
    }
}
