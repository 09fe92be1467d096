//! Metrics as text: the exposition format of Prometheus, version 0.0.4.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use super::metric::{Family, Kind, Series, Value};
use super::{BUCKETS, FIRST_POWER};
use crate::stats::Distribution;
use std::fmt::{self, Write};

/// All `families`, each with what it means before its series.
pub(super) struct Text<'f>(pub(super) &'f [Family]);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Family { metric, series } in self.0 {
            let kind = match metric.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
                Kind::Histogram => "histogram",
            };
            // What our own tables say needs no escaping.
            writeln!(f, "# HELP {} {}.", metric.name, metric.help)?;
            writeln!(f, "# TYPE {} {kind}", metric.name)?;
            for series in series {
                write_series(f, metric.name, series)?;
            }
        }
        Ok(())
    }
}

fn write_series(f: &mut fmt::Formatter<'_>, name: &str, series: &Series) -> fmt::Result {
    let labels = Labels(series, None);
    match &series.value {
        Value::Count(count) => writeln!(f, "{name}{labels} {count}"),
        Value::Number(number) => writeln!(f, "{name}{labels} {number}"),
        Value::Times(times) => write_times(f, name, series, times),
    }
}

fn write_times(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    series: &Series,
    times: &Distribution,
) -> fmt::Result {
    for (power, bound) in (FIRST_POWER..).zip(BUCKETS) {
        let labels = Labels(series, Some(Bound(bound)));
        writeln!(f, "{name}_bucket{labels} {}", times.up_to(power))?;
    }
    let (count, seconds) = (times.count(), times.sum().as_secs_f64());
    let all = Labels(series, Some(Bound(f64::INFINITY)));
    writeln!(f, "{name}_bucket{all} {count}")?;
    let labels = Labels(series, None);
    writeln!(f, "{name}_sum{labels} {seconds}")?;
    writeln!(f, "{name}_count{labels} {count}")
}

/// In braces, if there are any; the bound of a bucket last.
struct Labels<'s>(&'s Series, Option<Bound>);

#[derive(Clone, Copy)]
struct Bound(f64);

impl fmt::Display for Labels<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Labels(series, bound) = self;
        let mut before = '{';
        for (name, value) in &series.labels {
            write!(f, "{before}{name}=\"{}\"", Escaped(value))?;
            before = ',';
        }
        if let Some(bound) = bound {
            write!(f, "{before}le=\"{bound}\"")?;
            before = ',';
        }
        if before == '{' {
            return Ok(());
        }
        f.write_char('}')
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Bound(f64::INFINITY) => f.write_str("+Inf"),
            Bound(seconds) => write!(f, "{seconds}"),
        }
    }
}

/// The value of a label.
struct Escaped<'v>(&'v str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '\\' => f.write_str(r"\\")?,
                '"' => f.write_str(r#"\""#)?,
                '\n' => f.write_str(r"\n")?,
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::metric::Metric;
    use super::*;
    use crate::stats::Histogram;
    use expect_test::expect;
    use std::time::Duration;

    static NUMBER: Metric = Metric::counter("number_total", "A number");
    static TIMES: Metric = Metric::times("times_seconds", "Some times");

    #[test]
    fn labels_are_escaped_and_each_family_is_introduced() {
        let series = |name: &str, count| Series {
            labels: vec![("function", name.into()), ("tier", "local".into())],
            value: Value::Count(count),
        };
        let family = Family {
            metric: &NUMBER,
            series: vec![series("a::b", 1), series("a\\\"\nb", u64::MAX)],
        };
        expect![[r#"
            # HELP number_total A number.
            # TYPE number_total counter
            number_total{function="a::b",tier="local"} 1
            number_total{function="a\\\"\nb",tier="local"} 18446744073709551615
        "#]]
        .assert_eq(&Text(&[family]).to_string());
    }

    #[test]
    fn a_time_that_is_the_bound_of_a_bucket_is_part_of_it() {
        let histogram = Histogram::default();
        for nanos in [64_000, 64_001, 1_500_000, 100_000_000_000] {
            histogram.record(Duration::from_nanos(nanos));
        }
        let family = Family::plain(&TIMES, Value::Times(histogram.distribution()));
        expect![[r#"
            # HELP times_seconds Some times.
            # TYPE times_seconds histogram
            times_seconds_bucket{le="0.000064"} 1
            times_seconds_bucket{le="0.000128"} 2
            times_seconds_bucket{le="0.000256"} 2
            times_seconds_bucket{le="0.000512"} 2
            times_seconds_bucket{le="0.001024"} 2
            times_seconds_bucket{le="0.002048"} 3
            times_seconds_bucket{le="0.004096"} 3
            times_seconds_bucket{le="0.008192"} 3
            times_seconds_bucket{le="0.016384"} 3
            times_seconds_bucket{le="0.032768"} 3
            times_seconds_bucket{le="0.065536"} 3
            times_seconds_bucket{le="0.131072"} 3
            times_seconds_bucket{le="0.262144"} 3
            times_seconds_bucket{le="0.524288"} 3
            times_seconds_bucket{le="1.048576"} 3
            times_seconds_bucket{le="2.097152"} 3
            times_seconds_bucket{le="4.194304"} 3
            times_seconds_bucket{le="8.388608"} 3
            times_seconds_bucket{le="16.777216"} 3
            times_seconds_bucket{le="33.554432"} 3
            times_seconds_bucket{le="+Inf"} 4
            times_seconds_sum 100.001628001
            times_seconds_count 4
        "#]]
        .assert_eq(&Text(&[family]).to_string());
    }
}
