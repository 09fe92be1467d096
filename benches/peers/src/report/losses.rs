//! Every comparison, sorted by who needs less time.

use super::{Chapter, Row, Side};
use crate::measure::{median, quantile};

/// One of theirs beside one of ours, measured in turn.
pub(super) struct Comparison<'a> {
    chapter: &'a Chapter,
    of: String,
    ours: &'a str,
    theirs: &'a str,
    /// How many times as long as ours.
    pub(super) ratio: f64,
    quartiles: (f64, f64),
}

pub(super) fn comparisons(chapters: &[Chapter]) -> Vec<Comparison<'_>> {
    let mut all = Vec::new();
    for chapter in chapters {
        for table in &chapter.tables {
            for group in &table.groups {
                let of = match group.label.as_str() {
                    "" => table.title.clone(),
                    label => format!("{}, {label}", table.title),
                };
                let (ours, theirs): (Vec<&Row>, Vec<&Row>) =
                    group.rows.iter().partition(|row| row.side == Side::Ours);
                for (ours, theirs) in ours
                    .iter()
                    .flat_map(|&o| theirs.iter().map(move |&t| (o, t)))
                {
                    let ratios = theirs.ratios(ours);
                    if !ratios.is_empty() {
                        all.push(Comparison {
                            chapter,
                            of: of.clone(),
                            ours: &ours.name,
                            theirs: &theirs.name,
                            ratio: median(&ratios),
                            quartiles: (quantile(&ratios, 0.25), quantile(&ratios, 0.75)),
                        });
                    }
                }
            }
        }
    }
    all
}

impl Comparison<'_> {
    pub(super) fn is_lost(&self) -> bool {
        self.ratio < 1.0
    }

    pub(super) const HEAD: &'static str = "| case | of | who | takes so many times as long | quartiles | as ours |\n|---|---|---|--:|--:|---|\n";

    pub(super) fn line(&self) -> String {
        let (low, high) = self.quartiles;
        let noise = if low <= 1.0 && high >= 1.0 {
            " (noise)"
        } else {
            ""
        };
        format!(
            "| [{}](#{}) | {} | {} | {:.2}{noise} | {low:.2} to {high:.2} | {} |\n",
            self.chapter.title,
            super::markdown::anchor(self.chapter.title),
            self.of,
            self.theirs,
            self.ratio,
            self.ours,
        )
    }
}
