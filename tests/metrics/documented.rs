//! Whether the documents tell of the metrics that there are, and of no others.

use crate::exposition::{Exposition, Family};
use crate::promql::{Named, named};
use crate::world::{live, on, scraped, server};
use cache_runtime::http::{Purge, PurgeError, Purger};
use std::collections::{BTreeMap, BTreeSet};

const PAGE: &str = include_str!("../../docs/observability.md");
const DASHBOARD: &str = include_str!("../../docs/grafana-dashboard.json");

/// What the page says of one metric.
struct Row<'p> {
    kind: &'p str,
    unit: &'p str,
    labels: BTreeSet<&'p str>,
}

fn in_backticks(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.strip_suffix('`')
}

/// The table of metrics, by name.
fn table() -> BTreeMap<&'static str, Row<'static>> {
    let mut rows = BTreeMap::new();
    for line in PAGE.lines().filter(|line| line.starts_with("| `cache_")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, kind, unit, labels, meaning, _log] = *cells else {
            panic!("{line}");
        };
        assert!(!meaning.is_empty(), "{line}");
        let labels = labels.split(", ").filter_map(in_backticks).collect();
        let name = in_backticks(name).expect("a name");
        let before = rows.insert(name, Row { kind, unit, labels });
        assert!(before.is_none(), "twice: {line}");
    }
    rows
}

/// All metrics that there are: those of a cache with a server that has a limit, and a CDN.
async fn produced() -> Exposition {
    let server = server().await;
    let cache = on(&server).await;
    let _purger = Purger::new(&cache, NoCdn);
    live(&cache).await;
    scraped(&cache).await
}

struct NoCdn;

impl Purge for NoCdn {
    async fn purge(&self, _: &[String]) -> Result<(), PurgeError> {
        Ok(())
    }
}

fn labels(family: &Family) -> BTreeSet<&str> {
    let labels = family.samples.keys().flat_map(|(_, labels)| labels.keys());
    labels
        .map(String::as_str)
        .filter(|label| *label != "le")
        .collect()
}

#[tokio::test]
async fn the_page_tells_of_every_metric_and_of_no_other() {
    let (produced, table) = (produced().await, table());
    assert_eq!(produced.names(), table.keys().copied().collect());
    for (name, row) in table {
        let family = &produced.families[name];
        assert_eq!(family.kind, row.kind, "{name}");
        assert_eq!(labels(family), row.labels, "{name}");
        let unit = name.strip_suffix("_total").unwrap_or(name);
        for of in ["seconds", "bytes"] {
            assert_eq!(unit.ends_with(of), row.unit == of, "{name} in {}", row.unit);
        }
        assert!(family.help.ends_with('.'), "{name}: {}", family.help);
    }
}

/// Every metric that is named is there, and counted or measured as the query takes it to be.
fn assert_is_about(query: &Named, produced: &Exposition, from: &str) {
    assert!(!query.metrics.is_empty(), "{from}");
    let mut labels_there: BTreeSet<&str> = ["job", "instance"].into();
    for name in &query.metrics {
        let is_of = |(family, told): &(&String, &Family)| match &*told.kind {
            "histogram" => ["_bucket", "_sum", "_count"]
                .iter()
                .any(|part| *name == format!("{family}{part}")),
            _ => name == *family,
        };
        let (_, family) = produced
            .families
            .iter()
            .find(is_of)
            .unwrap_or_else(|| panic!("no {name}: {from}"));
        let samples = family.samples.keys().filter(|(sample, _)| sample == name);
        labels_there.extend(samples.flat_map(|(_, labels)| labels.keys().map(String::as_str)));
        assert_eq!(
            family.kind != "gauge",
            query.rated.contains(name),
            "{name} in {from}"
        );
    }
    for label in &query.labels {
        assert!(labels_there.contains(&**label), "{label} in {from}");
    }
}

/// All texts under these names, however deep.
fn texts<'j>(json: &'j serde_json::Value, names: &[&str], found: &mut Vec<&'j str>) {
    match json {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(text) if names.contains(&&**name) => found.push(text),
                    _ => texts(value, names, found),
                }
            }
        }
        serde_json::Value::Array(all) => all.iter().for_each(|value| texts(value, names, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_dashboard_asks_for_what_there_is_and_shows_all_of_it() {
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).expect("it is JSON");
    let produced = produced().await;
    let (mut queries, mut variables) = (Vec::new(), Vec::new());
    texts(&dashboard["panels"], &["expr"], &mut queries);
    texts(&dashboard["templating"], &["definition"], &mut variables);
    assert!(queries.len() > 30 && variables.len() == 3);
    let mut shown = BTreeSet::new();
    for query in queries {
        let names = named(query);
        assert_is_about(&names, &produced, query);
        let chosen = ["job", "instance"].map(|label| names.labels.contains(label));
        assert_eq!(chosen, [true, true], "of those that are chosen: {query}");
        shown.extend(names.metrics);
    }
    for variable in variables {
        // Labels are listed here, and nothing is added up.
        let mut names = named(variable);
        names.rated = names.metrics.clone();
        names.rated.remove("cache_info");
        assert_is_about(&names, &produced, variable);
    }
    for name in produced.names() {
        let is_shown = |shown: &String| {
            shown
                .strip_prefix(name)
                .is_some_and(|part| ["", "_bucket"].contains(&part))
        };
        assert!(shown.iter().any(is_shown), "{name} is not on the dashboard");
    }
}

#[test]
fn the_dashboard_is_one_that_grafana_imports() {
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).expect("it is JSON");
    assert_eq!(
        dashboard["id"],
        serde_json::Value::Null,
        "it has none before it is imported"
    );
    assert!(dashboard["schemaVersion"].as_u64() >= Some(39));
    let variables = dashboard["templating"]["list"]
        .as_array()
        .expect("variables");
    let names: Vec<_> = variables.iter().map(|variable| &variable["name"]).collect();
    assert_eq!(names, ["datasource", "job", "instance", "function"]);
    let panels = dashboard["panels"].as_array().expect("panels");
    let mut ids = BTreeSet::new();
    let mut places: Vec<[u64; 4]> = Vec::new();
    for panel in panels {
        assert!(
            ids.insert(panel["id"].as_u64()),
            "an id of its own: {}",
            panel["title"]
        );
        let [x, y, w, h] =
            ["x", "y", "w", "h"].map(|of| panel["gridPos"][of].as_u64().expect("a number"));
        assert!(x + w <= 24, "{}", panel["title"]);
        let is_covered =
            |[ox, oy, ow, oh]: &[u64; 4]| x < ox + ow && *ox < x + w && y < oy + oh && *oy < y + h;
        assert!(
            !places.iter().any(is_covered),
            "{} covers another",
            panel["title"]
        );
        places.push([x, y, w, h]);
        if panel["type"] != "row" {
            assert_eq!(panel["datasource"]["uid"], "${datasource}");
        }
    }
}

#[tokio::test]
async fn the_alerts_are_about_metrics_that_there_are() {
    let (_, alerts) = PAGE.split_once("```yaml\n").expect("alerts");
    let (alerts, _) = alerts.split_once("```").expect("their end");
    let produced = produced().await;
    let mut names = BTreeSet::new();
    let mut rest = alerts;
    while let Some((_, rule)) = rest.split_once("- alert: ") {
        let (name, rule) = rule.split_once('\n').expect("more");
        let (_, rule) = rule.split_once("expr: ").expect("an expression");
        let (query, _) = rule.split_once("\n        for: ").expect("for how long");
        assert_is_about(&named(query.trim_start_matches("|\n")), &produced, query);
        assert!(names.insert(name), "{name} is there twice");
        rest = rule;
    }
    assert_eq!(names.len(), alerts.matches("expr:").count());
    for wanted in [
        "CacheHitRateDropped",
        "CacheBreakerOpen",
        "CacheInvalidationsQueued",
        "CacheTooSmall",
    ] {
        assert!(names.contains(wanted), "{wanted}");
    }
}
