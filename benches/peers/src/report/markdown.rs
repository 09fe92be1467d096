//! The report. Every number in it comes from the run.

use super::environment::Environment;
use super::losses::{Comparison, comparisons};
use super::{Chapter, Group, Row, Side, Table, amount, plot, versions};
use crate::measure::{median, quantile};
use std::fmt::Write;
use std::path::Path;

/// The text, and its plots by name.
pub(crate) struct Report {
    pub(crate) text: String,
    plots: Vec<(String, String)>,
}

/// Everything but the files. `folder` is what the plots will lie in, seen from the text; empty if they will not.
pub(crate) fn write(
    chapters: &[Chapter],
    environment: &Environment,
    command: &str,
    folder: &str,
) -> Report {
    let mut report = Report {
        text: String::new(),
        plots: Vec::new(),
    };
    let all = comparisons(chapters);
    let (lost, won): (Vec<_>, Vec<_>) = all.iter().partition(|one| one.is_lost());
    report.introduction(environment, command, lost.len(), won.len());
    report.list(
        "Where we lose",
        "Every row in which somebody else needs less time than one of ours, the greatest difference first.",
        lost,
    );
    for chapter in chapters {
        report.chapter(chapter, folder);
    }
    report.list(
        "Where we win",
        "Every other row, the greatest difference last.",
        won,
    );
    report
}

impl Report {
    /// Writes `path`, and the plots into the folder of the same name beside it.
    pub(crate) fn save(&self, path: &Path) -> std::io::Result<()> {
        let folder = path.with_extension("");
        std::fs::create_dir_all(&folder)?;
        for (name, plot) in &self.plots {
            std::fs::write(folder.join(name), plot)?;
        }
        std::fs::write(path, &self.text)
    }

    fn introduction(&mut self, environment: &Environment, command: &str, lost: usize, won: usize) {
        self.say("# Benchmarks\n");
        self.say(&format!(
            "This cache beside other caches for Rust, and beside what one would write by hand. A program has written all \
             of it, this text included:\n\n```sh\n{command}\n```\n"
        ));
        self.say(&format!(
            "In every case all candidates take their turns in one run, round by round, after a warm-up. A figure is the \
             median of its rounds, with its quartiles; a ratio is the median of the ratios of the rounds, hence not \
             always that of the medians. Less is better everywhere. Values are compared as a \
             whole before time is taken, and by their ids while it is; and all were hits: no body of a function runs while \
             hits are measured. Of {} comparisons we lose [{lost}](#where-we-lose) \
             and win [{won}](#where-we-win).\n",
            lost + won
        ));
        self.say(
            "One machine: client and server share its cores, and the network is its loopback. On a network a round trip \
             costs more, and everything that saves one is worth more. Peers run with their defaults, but with room for \
             all keys; what else is set stands in `benches/peers/src/peers`.\n",
        );
        self.say("| | |\n|---|---|");
        for (name, what) in environment.lines() {
            self.say(&format!("| {name} | {what} |"));
        }
        for (name, version) in versions::crates() {
            self.say(&format!("| `{name}` | {version} |"));
        }
        self.say("");
    }

    fn list(&mut self, title: &str, what: &str, mut rows: Vec<&Comparison>) {
        rows.sort_by(|a, b| a.ratio.total_cmp(&b.ratio));
        self.say(&format!("## {title}\n\n{what}\n"));
        if rows.is_empty() {
            return self.say("None.\n");
        }
        self.text.push_str(Comparison::HEAD);
        for row in rows {
            self.text.push_str(&row.line());
        }
        self.say("");
    }

    fn chapter(&mut self, chapter: &Chapter, folder: &str) {
        self.say(&format!("## {}\n\n{}\n", chapter.title, chapter.what));
        for absent in chapter.absent {
            self.say(&format!("- Not here: {absent}"));
        }
        if !chapter.absent.is_empty() {
            self.say("");
        }
        for (n, table) in chapter.tables.iter().enumerate() {
            let name = format!("{}-{}.svg", chapter.name, n + 1);
            self.say(&format!("### {}: {}\n", chapter.title, lower(&table.title)));
            if !folder.is_empty() {
                self.say(&format!("![{}]({folder}/{name})\n", table.title));
            }
            self.plots.push((name, plot::draw(chapter.title, table)));
            for group in &table.groups {
                self.group(table, group);
            }
        }
    }

    fn group(&mut self, table: &Table, group: &Group) {
        let ours: Vec<&Row> = group
            .rows
            .iter()
            .filter(|row| row.side == Side::Ours)
            .collect();
        let first = if group.label.is_empty() {
            " "
        } else {
            &group.label
        };
        let mut head = format!("| {first} | {} | quartiles |", table.unit.short());
        let mut rule = "|---|--:|--:|".to_owned();
        for row in &ours {
            let _ = write!(head, " times {} |", row.name);
            rule.push_str("--:|");
        }
        for column in &table.columns {
            let _ = write!(head, " {column} |");
            rule.push_str("--:|");
        }
        self.say(&format!("{head}\n{rule}"));
        for row in &group.rows {
            let mut line = format!("| {} |", named(row));
            if row.rounds.is_empty() {
                line.push_str(" – | – |");
            } else {
                let (low, high) = (quantile(&row.rounds, 0.25), quantile(&row.rounds, 0.75));
                let _ = write!(
                    line,
                    " {} | {} to {} |",
                    amount(row.median()),
                    amount(low),
                    amount(high)
                );
            }
            for ours in &ours {
                let ratios = row.ratios(ours);
                match ratios.is_empty() {
                    true => line.push_str(" – |"),
                    false => _ = write!(line, " {:.2} |", median(&ratios)),
                }
            }
            for more in &row.more {
                let _ = write!(line, " {more} |");
            }
            self.say(&line);
        }
        self.say("");
    }

    fn say(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

fn named(row: &Row) -> String {
    match row.side {
        Side::Ours => format!("**ours:** {}", row.name),
        Side::Theirs => row.name.clone(),
    }
}

/// Where a heading can be jumped to.
pub(super) fn anchor(title: &str) -> String {
    let kept = title
        .chars()
        .filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-');
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

fn lower(title: &str) -> String {
    let mut letters = title.chars();
    let first = letters.next().map(|first| first.to_lowercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
