//! A strict reader of the text format of Prometheus, version 0.0.4: it panics at whatever the format does not allow, or
//! advises against.

use std::collections::{BTreeMap, BTreeSet};

pub(crate) type Labels = BTreeMap<String, String>;

#[derive(Debug)]
pub(crate) struct Exposition {
    /// By name.
    pub(crate) families: BTreeMap<String, Family>,
}

#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) kind: String,
    pub(crate) help: String,
    /// By the name of the sample, which has a suffix if it is part of a histogram.
    pub(crate) samples: BTreeMap<(String, Labels), f64>,
}

impl Exposition {
    /// The sample of this name with exactly these labels.
    pub(crate) fn get(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let owned = labels
            .iter()
            .map(|(l, v)| ((*l).to_owned(), (*v).to_owned()));
        let series = (name.to_owned(), owned.collect());
        let mut families = self.families.values();
        families.find_map(|family| family.samples.get(&series).copied())
    }

    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let value = self.get(name, labels);
        value.unwrap_or_else(|| panic!("no {name} {labels:?} in {:#?}", self.families.get(name)))
    }

    pub(crate) fn names(&self) -> BTreeSet<&str> {
        self.families.keys().map(String::as_str).collect()
    }

    /// Every sample that never falls: counters, and all of a histogram.
    pub(crate) fn growing(&self) -> impl Iterator<Item = (&(String, Labels), f64)> {
        let families = self.families.values();
        let grow = families.filter(|family| family.kind != "gauge");
        grow.flat_map(|family| {
            family
                .samples
                .iter()
                .map(|(series, value)| (series, *value))
        })
    }
}

pub(crate) fn parse(text: &str) -> Exposition {
    assert!(text.ends_with('\n'), "the last line has an end");
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let (mut help, mut current) = (None, None);
    for line in text.lines() {
        if let Some(told) = line.strip_prefix("# HELP ") {
            let (name, told) = told.split_once(' ').expect("a name and a text");
            assert!(help.is_none(), "one help before one type: {line}");
            assert!(!told.trim().is_empty() && !told.contains('\\'), "{line}");
            help = Some((name.to_owned(), told.to_owned()));
        } else if let Some(told) = line.strip_prefix("# TYPE ") {
            let (name, kind) = told.split_once(' ').expect("a name and a kind");
            let (helped, help) = help.take().expect("help comes first");
            assert_eq!(helped, name);
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(is_name(name), "{line}");
            assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
            let (kind, samples) = (kind.to_owned(), BTreeMap::new());
            let before = families.insert(
                name.to_owned(),
                Family {
                    kind,
                    help,
                    samples,
                },
            );
            assert!(before.is_none(), "a family is told in one piece: {line}");
            current = Some(name.to_owned());
        } else {
            let (name, labels, value) = sample(line);
            let family = current.as_ref().expect("a type comes first");
            let of = families.get_mut(family).expect("it was begun");
            let suffix = name.strip_prefix(family.as_str());
            let suffix = suffix.unwrap_or_else(|| panic!("not of {family}: {line}"));
            match &*of.kind {
                "histogram" => assert!(["_bucket", "_sum", "_count"].contains(&suffix), "{line}"),
                _ => assert_eq!(suffix, "", "{line}"),
            }
            assert!(value.is_finite(), "{line}");
            assert!(of.kind == "gauge" || value >= 0.0, "{line}");
            let before = of.samples.insert((name, labels), value);
            assert!(before.is_none(), "twice: {line}");
        }
    }
    assert!(help.is_none(), "help of nothing");
    for (name, family) in &families {
        assert!(!family.samples.is_empty(), "{name} has no series");
        if family.kind == "histogram" {
            is_a_histogram(name, family);
        }
    }
    Exposition { families }
}

/// `name{label="value",…} value`.
fn sample(line: &str) -> (String, Labels, f64) {
    let end = line.find(['{', ' ']).expect("a name, and more");
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let mut labels = Labels::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, after) = rest.split_once("=\"").expect("a label");
            assert!(is_name(label) && !label.contains(':'), "{line}");
            let (value, after) = quoted(after);
            assert!(labels.insert(label.to_owned(), value).is_none(), "{line}");
            rest = after;
            match rest.strip_prefix(',') {
                Some(after) => rest = after,
                None => break,
            }
        }
        rest = rest.strip_prefix('}').expect("a brace");
    }
    let value = rest.strip_prefix(' ').expect("a space");
    let value = value.parse();
    (
        name.to_owned(),
        labels,
        value.unwrap_or_else(|error| panic!("{error}: {line}")),
    )
}

/// Up to the closing quotation mark, and what comes behind that.
fn quoted(text: &str) -> (String, &str) {
    let (mut value, mut letters) = (String::new(), text.char_indices());
    loop {
        match letters.next().expect("a closing mark") {
            (at, '"') => return (value, &text[at + 1..]),
            (_, '\\') => value.push(match letters.next() {
                Some((_, 'n')) => '\n',
                Some((_, letter @ ('\\' | '"'))) => letter,
                other => panic!("not to be escaped: {other:?}"),
            }),
            (_, letter) => value.push(letter),
        }
    }
}

fn is_name(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    name.chars().all(is_letter)
        && !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// Each series has its buckets, that only grow and end with all, and as many as it counts.
fn is_a_histogram(name: &str, family: &Family) {
    let mut series: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
    for ((sample, labels), count) in &family.samples {
        if *sample == format!("{name}_bucket") {
            let mut labels = labels.clone();
            let bound = labels.remove("le").expect("a bucket has a bound");
            let bound = bound.parse().expect("a number");
            series.entry(labels).or_default().push((bound, *count));
        }
    }
    for (labels, mut buckets) in series {
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(
            buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1),
            "{name} {labels:?}: {buckets:?}"
        );
        let (last, all) = buckets[buckets.len() - 1];
        assert_eq!(last, f64::INFINITY);
        let of = |suffix: &str| {
            family
                .samples
                .get(&(format!("{name}{suffix}"), labels.clone()))
        };
        assert_eq!(of("_count"), Some(&all));
        assert!(of("_sum").is_some());
    }
}
