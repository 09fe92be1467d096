//! What the page does.

use crate::service::{Service, cache};
use crate::tab::Tab;
use cache_runtime::http::{Purge, PurgeError, Purger};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

fn opened() -> (Service, Tab) {
    let service = Service::start();
    let mut tab = Tab::open();
    tab.go(&service.page());
    tab.wait("document.getElementById('state').textContent === 'Healthy'");
    (service, tab)
}

fn numbers(values: &Value) -> Vec<f64> {
    let values = values.as_array().expect("a list").iter();
    values
        .map(|value| value.as_f64().expect("a number"))
        .collect()
}

#[test]
fn the_numbers_move_under_load() {
    let (_service, mut tab) = opened();
    let total = "lookups-total";
    tab.wait("document.getElementById('lookups-total').textContent.endsWith('in all')");
    let (before, after) = tab.wait_for_change(total);
    let number = |text: &str| {
        text.replace(',', "")
            .split(' ')
            .next()
            .and_then(|n| n.parse::<u64>().ok())
    };
    assert!(number(&before) < number(&after), "{before} {after}");
    // A second difference makes a line.
    tab.wait_for_change(total);
    let rate: f64 = tab.text("hit-rate").parse().expect("a number");
    assert!((0.0..=100.0).contains(&rate), "{rate}");
    let per_second = tab.text("lookups-rate").replace(',', "");
    assert!(
        per_second.parse::<f64>().expect("a number") > 1.0,
        "{per_second}"
    );
    assert!(tab.is("document.querySelector('#history .line').getAttribute('d').includes('L')"));
    assert!(tab.is("document.querySelectorAll('#functions tr').length >= 5"));
    assert!(tab.is("document.getElementById('functions').textContent.includes('shop::search')"));
    assert!(tab.is("document.getElementById('families').textContent.includes('product')"));
    assert!(tab.is("document.getElementById('backend').textContent.includes('embedded')"));
    tab.had_no_complaints();
}

#[test]
fn the_theme_follows_the_system_until_somebody_chooses_one() {
    let (service, mut tab) = opened();
    let ground = |tab: &mut Tab| tab.find("getComputedStyle(document.body).backgroundColor");
    let light = ground(&mut tab);
    tab.prefers("dark");
    let dark = ground(&mut tab);
    assert_ne!(light, dark);
    tab.focus("#theme");
    for (told, shown) in [
        ("light", &light),
        ("dark", &dark),
        ("system", &dark),
        ("light", &light),
    ] {
        tab.press("Enter");
        assert_eq!(tab.text("theme"), format!("Theme: {told}"));
        assert_eq!(ground(&mut tab), *shown, "{told}");
    }
    tab.go(&service.page());
    assert_eq!(tab.text("theme"), "Theme: light", "it is remembered");
    assert_eq!(ground(&mut tab), light);
    tab.had_no_complaints();
}

#[test]
fn functions_are_sorted_by_keyboard() {
    let (_service, mut tab) = opened();
    tab.wait("document.querySelectorAll('#functions tr').length >= 5");
    // Of one answer, so that nothing moves meanwhile.
    let column = "[...document.querySelectorAll('#functions tr')].map((row) => functions.find((it) => \
                  it.name === row.querySelector('.name').title).misses)";
    tab.focus("#functions-head th:nth-child(4) button");
    for (way, is_in_order) in [
        ("descending", (|a, b| a >= b) as fn(&f64, &f64) -> bool),
        ("ascending", |a, b| a <= b),
    ] {
        tab.press("Enter");
        let sorted =
            "document.querySelector('#functions-head th:nth-child(4)').getAttribute('aria-sort')";
        assert_eq!(tab.find(sorted), way);
        let misses = numbers(&tab.find(column));
        assert!(misses.is_sorted_by(is_in_order), "{way}: {misses:?}");
        assert!(tab.is("document.querySelectorAll('[aria-sort]').length === 1"));
    }
    assert!(tab.text("sorted").contains("misses"), "it is said aloud");
    let focused = "document.activeElement.textContent === 'Misses'";
    assert!(tab.is(focused));
    tab.wait_for_change("lookups-total");
    assert!(tab.is(focused), "new numbers leave the focus where it is");
    tab.press("Tab");
    tab.press(" ");
    assert!(tab.is("document.activeElement.parentElement.hasAttribute('aria-sort')"));
    tab.had_no_complaints();
}

#[test]
fn the_form_invalidates_and_tells_what_was_done() {
    let (service, mut tab) = opened();
    service.runtime().block_on(async {
        cache().set("note:1", 1).tag("notes").await;
        cache().set("note:2", 2).tag("notes").await;
    });
    tab.focus("#target");
    tab.write("note:1");
    tab.press("Enter");
    tab.wait("document.getElementById('outcome').textContent !== ''");
    assert_eq!(
        tab.text("outcome"),
        "The key note:1 is invalidated. 1 entry was removed."
    );
    assert_eq!(
        service.runtime().block_on(cache().get::<i32>("note:1")),
        None
    );
    tab.wait("document.getElementById('past').textContent.includes('note:1')");

    // The kinds are one stop for the keyboard; arrows choose.
    tab.focus("#invalidate [value=key]");
    tab.press("ArrowRight");
    tab.press("ArrowRight");
    assert!(tab.is("document.querySelector('#invalidate [value=tag]').checked"));
    tab.focus("#target");
    tab.write("notes");
    tab.press("Enter");
    tab.wait("document.getElementById('outcome').textContent.startsWith('The tag notes is')");
    assert_eq!(
        service.runtime().block_on(cache().get::<i32>("note:2")),
        None
    );

    tab.find("document.getElementById('send').click()");
    tab.wait("document.getElementById('outcome').textContent === 'Which tag?'");
    tab.had_no_complaints();
}

#[test]
fn names_are_shown_as_text_whatever_is_in_them() {
    let (service, mut tab) = opened();
    let hostile = "<img src=x onerror=\"document.title='taken'\"><b>";
    service.runtime().block_on(async {
        cache().set(format!("{hostile}:1"), 1).await;
        cache().invalidate_tag(hostile).await;
    });
    tab.wait("document.getElementById('past').textContent.includes('<img src=x')");
    tab.wait("document.getElementById('families').textContent.includes('<img src=x')");
    assert!(
        tab.is("document.querySelectorAll('img, b').length === 0 && document.title === 'Cache'")
    );
    service
        .runtime()
        .block_on(cache().delete(format!("{hostile}:1")));
    tab.had_no_complaints();
}

#[test]
fn the_wiring_can_be_searched() {
    let (_service, mut tab) = opened();
    tab.wait("document.querySelectorAll('#map > li').length >= 5");
    tab.focus("#search");
    tab.write("Visitor sensitive");
    let shown = "[...document.querySelectorAll('#map > li:not([hidden]) .name')].map((name) => name.title).join()";
    assert_eq!(tab.find(shown), "dashboard::shop::basket");
    assert!(tab.text("found").starts_with("1 of "));
    assert!(
        tab.text("map").contains("put_into_basket"),
        "it tells what ends it"
    );
    tab.had_no_complaints();
}

#[test]
fn a_page_that_nobody_looks_at_does_not_ask() {
    let (service, mut tab) = opened();
    let look = |hidden: bool| {
        format!(
            "Object.defineProperty(document, 'hidden', {{ value: {hidden}, configurable: true }}); \
             document.dispatchEvent(new Event('visibilitychange'))"
        )
    };
    tab.find(&look(true));
    tab.wait("!asking");
    let asked = service.asked();
    // That something does not happen cannot be awaited.
    std::thread::sleep(Duration::from_millis(4_500));
    assert_eq!(service.asked(), asked);
    tab.find(&look(false));
    tab.wait_for_change("lookups-total");
    assert!(service.asked() > asked);
    tab.had_no_complaints();
}

#[test]
fn a_service_that_is_away_is_said_to_be_and_comes_back() {
    let (service, mut tab) = opened();
    let address = service.address;
    drop(service);
    tab.wait("!document.getElementById('lost').hidden");
    assert_eq!(tab.text("state"), "Unreachable");
    tab.wait("document.getElementById('again').textContent.includes('8 s')");
    assert!(
        tab.text("lost-for").contains("old"),
        "{}",
        tab.text("lost-for")
    );
    let complaints = tab.complaints();
    let is_expected = |complaint: &String| complaint.contains("net::ERR_CONNECTION_REFUSED");
    assert!(
        complaints.iter().all(is_expected),
        "the browser's own alone: {complaints:#?}"
    );

    let _again = Service::start_at(address);
    tab.find("document.getElementById('retry').click()");
    tab.wait("document.getElementById('lost').hidden");
    assert_eq!(tab.text("state"), "Healthy");
    tab.complaints();
}

#[test]
fn latency_is_shown_once_it_is_measured() {
    let (_service, mut tab) = opened();
    // What the service has measured.
    tab.wait("!document.getElementById('latency-card').hidden");
    assert!(tab.is("document.getElementById('latency').textContent.includes('its load')"));
    let latency = "{ count: 3, p50: 0.0015, p90: 0.02, p99: 0.25, max: 2 }";
    let cells =
        "[...document.querySelectorAll('#latency td')].map((cell) => cell.textContent).join(' | ')";
    let shown = tab.find(&format!(
        "(showLatency([{{ name: 'shop::slow', load_latency: {latency} }}]), {cells})"
    ));
    assert_eq!(shown, "its load | 3 | 1.5 ms | 20 ms | 250 ms | 2 s");
    tab.had_no_complaints();
}

/// A CDN that is away at first.
struct Cdn(Arc<AtomicBool>);

impl Purge for Cdn {
    async fn purge(&self, _: &[String]) -> Result<(), PurgeError> {
        match self.0.load(SeqCst) {
            true => Ok(()),
            false => Err(PurgeError::new("it is away")),
        }
    }
}

#[test]
fn what_a_cdn_has_not_purged_is_shown() {
    let (service, mut tab) = opened();
    tab.wait("document.getElementById('backend').textContent.includes('embedded')");
    assert!(!tab.text("backend").contains("CDN"));
    let is_there = Arc::new(AtomicBool::new(false));
    let purger = Purger::new(cache(), Cdn(Arc::clone(&is_there)));
    let purging = service.runtime().spawn(purger.run());
    service.runtime().block_on(cache().invalidate_tag("notes"));
    tab.wait("document.getElementById('backend').textContent.includes('to purge, the first for')");
    is_there.store(true, SeqCst);
    tab.wait(
        "document.getElementById('backend').textContent.includes('purged of all that has ended')",
    );
    purging.abort();
    tab.had_no_complaints();
}
