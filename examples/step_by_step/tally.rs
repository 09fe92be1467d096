//! What an hour has cost.

/// Counted, not timed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) name: &'static str,
    /// Of the database.
    pub(crate) queries: u64,
    /// Answers that were older than the database when they were given.
    pub(crate) old: u64,
    /// Of the rate service.
    pub(crate) asked: u64,
    /// Visitors who waited for the rate service, which takes its time.
    pub(crate) waited: u64,
    /// Visitors who were shown an error.
    pub(crate) errors: u64,
}

impl Tally {
    pub(crate) const HEAD: &'static str = "\
        | step | queries | saved | old answers | rates asked | waited for rates | errors |\n\
        |---|---:|---:|---:|---:|---:|---:|";

    /// A row of a table, where the first step took `first` queries.
    pub(crate) fn row(&self, first: u64) -> String {
        let Tally {
            name,
            queries,
            old,
            asked,
            waited,
            errors,
        } = self;
        let saved = 100.0 * (1.0 - *queries as f64 / first.max(1) as f64);
        format!("| {name} | {queries} | {saved:.1} % | {old} | {asked} | {waited} | {errors} |")
    }
}
