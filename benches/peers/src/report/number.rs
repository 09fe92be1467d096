//! Numbers as text.

/// Three digits or so.
pub(crate) fn amount(value: f64) -> String {
    let digits = match value.abs() {
        size if size < 0.0005 => 0,
        size if size < 0.1 => 4,
        size if size < 1.0 => 3,
        size if size < 10.0 => 2,
        size if size < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$}")
}
