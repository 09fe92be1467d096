//! Horizontal bars as SVG, for light and dark pages.

use super::{Row, Side, Table, amount};
use crate::measure::quantile;
use std::fmt::Write;

const WIDTH: f64 = 860.0;
const LEFT: f64 = 350.0;
/// The number stands behind the longest bar.
const BARS: f64 = WIDTH - LEFT - 90.0;
const LINE: f64 = 22.0;
/// From such a range on, short bars could not be told apart.
const LINEAR_UP_TO: f64 = 40.0;

const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#24292f}.head{font-weight:600}.ours{fill:#0f8a63}\
.theirs{fill:#9aa4af}line{stroke:#24292f;stroke-opacity:.55}@media(prefers-color-scheme:dark){text{fill:#e6edf3}\
.ours{fill:#2fbf8f}.theirs{fill:#6a7683}line{stroke:#e6edf3}}";

/// Where a value lies on the axis.
struct Scale {
    from: f64,
    to: f64,
    logarithmic: bool,
}

impl Scale {
    fn of(rows: &[&Row]) -> Self {
        let values = || rows.iter().map(|row| row.median());
        let most = values().fold(f64::MIN_POSITIVE, f64::max);
        let least = values().filter(|&value| value > 0.0).fold(most, f64::min);
        let logarithmic = most / least > LINEAR_UP_TO;
        Scale {
            // A decade lower, so that the shortest bar is one.
            from: if logarithmic {
                10_f64.powf(least.log10().floor()) / 2.0
            } else {
                0.0
            },
            to: most,
            logarithmic,
        }
    }

    fn x(&self, value: f64) -> f64 {
        let share = match self.logarithmic {
            true => (value.max(self.from) / self.from).ln() / (self.to / self.from).ln(),
            false => value / self.to,
        };
        share.clamp(0.0, 1.1) * BARS
    }
}

pub(super) fn draw(chapter: &str, table: &Table) -> String {
    let shown = |row: &&Row| !row.rounds.is_empty();
    let rows: Vec<&Row> = table
        .groups
        .iter()
        .flat_map(|group| &group.rows)
        .filter(shown)
        .collect();
    let scale = Scale::of(&rows);
    let axis = if scale.logarithmic {
        ", logarithmic"
    } else {
        ""
    };
    let title = escaped(&format!(
        "{chapter}: {} ({}{axis}; less is better)",
        table.title,
        table.unit.short()
    ));
    let mut body = String::new();
    let mut y = LINE;
    let _ = writeln!(
        body,
        r#"<text class="head" x="0" y="{y:.0}">{title}</text>"#
    );
    for group in &table.groups {
        y += LINE * 0.4;
        if !group.label.is_empty() {
            y += LINE;
            let _ = writeln!(
                body,
                r#"<text class="head" x="0" y="{y:.0}">{}</text>"#,
                escaped(&group.label)
            );
        }
        for row in group.rows.iter().filter(shown) {
            y += LINE;
            bar(&mut body, row, &scale, y);
        }
    }
    let height = y + LINE * 0.6;
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0} {height:.0}" width="{WIDTH:.0}" height="{height:.0}" role="img"><title>{title}</title><style>{STYLE}</style>
{body}</svg>
"#
    )
}

/// With its name before it, its number behind it, and a line from quartile to quartile.
fn bar(body: &mut String, row: &Row, scale: &Scale, y: f64) {
    let (class, ours) = match row.side {
        Side::Ours => ("ours", "ours: "),
        Side::Theirs => ("theirs", ""),
    };
    let length = scale.x(row.median());
    let low = LEFT + scale.x(quantile(&row.rounds, 0.25));
    let high = LEFT + scale.x(quantile(&row.rounds, 0.75));
    let (top, middle) = (y - 13.0, y - 5.0);
    let name = escaped(&format!("{ours}{}", row.name));
    let number = amount(row.median());
    let behind = high.max(LEFT + length) + 6.0;
    let _ = writeln!(
        body,
        r#"<text x="{:.0}" y="{y:.0}" text-anchor="end">{name}</text><rect class="{class}" x="{LEFT:.0}" y="{top:.0}" width="{length:.1}" height="16" rx="2"/><line x1="{low:.1}" x2="{high:.1}" y1="{middle:.0}" y2="{middle:.0}"/><text x="{behind:.0}" y="{y:.0}">{number}</text>"#,
        LEFT - 8.0,
    );
}

fn escaped(text: &str) -> String {
    text.replace('`', "")
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
