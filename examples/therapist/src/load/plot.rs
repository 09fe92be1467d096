//! Queries as bars, and which part of the requests was answered within which time.

use super::Comparison;
use super::measured::{Measured, grouped};
use std::fmt::Write;

const HEIGHT: f64 = 240.0;
const TOP: f64 = 56.0;
/// Of the curves.
const LEFT: f64 = 330.0;
const WIDTH: f64 = 420.0;
/// In milliseconds, on a logarithmic scale.
const SHORTEST: f64 = 0.05;
const LONGEST: f64 = 100.0;

pub(crate) fn svg(comparison: &Comparison) -> String {
    let Comparison {
        off,
        on,
        warmed,
        cold,
        ..
    } = comparison;
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 800 370\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"800\" height=\"370\" fill=\"#ffffff\"/>\n",
    );
    text(&mut svg, 40.0, 24.0, "start", "Database queries");
    let most = off.queries.max(1) as f64;
    for (at, name, measured, colour) in [(60.0, "off", off, OFF), (160.0, "on", on, ON)] {
        let high = HEIGHT * measured.queries as f64 / most;
        let y = TOP + HEIGHT - high;
        _ = writeln!(
            svg,
            "<rect x=\"{at}\" y=\"{y:.1}\" width=\"70\" height=\"{high:.1}\" fill=\"{colour}\"/>"
        );
        text(
            &mut svg,
            at + 35.0,
            y - 6.0,
            "middle",
            &grouped(measured.queries),
        );
        text(&mut svg, at + 35.0, TOP + HEIGHT + 18.0, "middle", name);
    }
    text(
        &mut svg,
        LEFT,
        24.0,
        "start",
        "Requests answered within this time",
    );
    for part in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let y = TOP + HEIGHT * (1.0 - part);
        _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\" stroke=\"#dddddd\"/>",
            LEFT + WIDTH
        );
        text(
            &mut svg,
            LEFT - 6.0,
            y + 4.0,
            "end",
            &format!("{:.0} %", 100.0 * part),
        );
    }
    for millis in [0.1, 1.0, 10.0, 100.0] {
        text(
            &mut svg,
            x(millis),
            TOP + HEIGHT + 18.0,
            "middle",
            &format!("{millis} ms"),
        );
    }
    let curves = [
        ("cache off", off, OFF, ""),
        ("cache on", on, ON, ""),
        ("first 1,000, cold", cold, OFF, "4 3"),
        ("first 1,000, warmed", warmed, ON, "4 3"),
    ];
    for (nth, (name, measured, colour, dashes)) in curves.into_iter().enumerate() {
        curve(&mut svg, measured, colour, dashes);
        let (at, y) = (
            LEFT + 10.0 + 200.0 * (nth % 2) as f64,
            TOP + HEIGHT + 40.0 + 16.0 * (nth / 2) as f64,
        );
        _ = writeln!(
            svg,
            "<line x1=\"{at}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\"/>",
            at + 24.0
        );
        text(&mut svg, at + 30.0, y + 4.0, "start", name);
    }
    svg.push_str("</svg>\n");
    svg
}

const OFF: &str = "#c0504d";
const ON: &str = "#2e75b6";

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, text: &str) {
    _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
    );
}

fn x(millis: f64) -> f64 {
    let part = (millis / SHORTEST).ln() / (LONGEST / SHORTEST).ln();
    LEFT + WIDTH * part.clamp(0.0, 1.0)
}

fn curve(svg: &mut String, measured: &Measured, colour: &str, dashes: &str) {
    let points: Vec<String> = (0..=100)
        .map(|percent| {
            let percent = f64::from(percent);
            let time = 1_000.0 * measured.percentile(percent).as_secs_f64();
            let y = TOP + HEIGHT * (1.0 - percent / 100.0);
            format!("{:.1},{y:.1}", x(time))
        })
        .collect();
    _ = writeln!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\"/>",
        points.join(" ")
    );
}
