//! What was measured, and what is written of it.

mod environment;
mod losses;
mod markdown;
mod number;
mod plot;
mod versions;

pub(crate) use environment::Environment;
pub(crate) use markdown::write;
pub(crate) use number::amount;

/// A case, with everything that it has measured.
pub(crate) struct Chapter {
    /// Its name on the command line, and that of its plots.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What it measures.
    pub(crate) what: String,
    /// Who could not take part, and why.
    pub(crate) absent: &'static [&'static str],
    pub(crate) tables: Vec<Table>,
}

/// Figures of one kind. Less is better, in all of them.
pub(crate) struct Table {
    pub(crate) title: String,
    pub(crate) unit: Unit,
    /// What else stands beside each row.
    pub(crate) columns: Vec<&'static str>,
    pub(crate) groups: Vec<Group>,
}

/// Rows that were measured in turn.
pub(crate) struct Group {
    /// What they have in common; empty if there is only one group.
    pub(crate) label: String,
    pub(crate) rows: Vec<Row>,
}

pub(crate) struct Row {
    pub(crate) side: Side,
    pub(crate) name: String,
    /// One figure a round, of the same rounds as those of the other rows; none if there is nothing to compare.
    pub(crate) rounds: Vec<f64>,
    /// As many as the table has columns.
    pub(crate) more: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Ours,
    /// A peer, or what one would write by hand.
    Theirs,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Microseconds,
    Milliseconds,
}

impl Unit {
    pub(crate) fn short(self) -> &'static str {
        match self {
            Unit::Microseconds => "µs",
            Unit::Milliseconds => "ms",
        }
    }
}

impl Row {
    pub(crate) fn new(side: Side, name: &str) -> Self {
        Row {
            side,
            name: name.to_owned(),
            rounds: Vec::new(),
            more: Vec::new(),
        }
    }

    pub(crate) fn median(&self) -> f64 {
        crate::measure::median(&self.rounds)
    }

    /// How many times as long as `ours` this takes, in every round.
    pub(crate) fn ratios(&self, ours: &Row) -> Vec<f64> {
        let both = self.rounds.iter().zip(&ours.rounds);
        both.map(|(theirs, ours)| theirs / ours).collect()
    }
}
