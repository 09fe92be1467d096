//! Whether everybody can read and use the page.

use crate::service::Service;
use crate::tab::Tab;

/// As somebody sees it who has waited for the second numbers.
fn opened() -> (Service, Tab) {
    let service = Service::start();
    let mut tab = Tab::open();
    tab.go(&service.page());
    tab.wait("document.getElementById('lookups-total').textContent.endsWith('in all')");
    tab.wait_for_change("lookups-total");
    (service, tab)
}

#[test]
fn nothing_is_wider_than_a_phone() {
    let (_service, mut tab) = opened();
    for width in [360, 320, 768, 1024, 1920] {
        tab.resize(width, 740);
        let too_wide =
            "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth";
        assert_eq!(tab.find(too_wide), 0, "at {width}");
    }
    tab.had_no_complaints();
}

#[test]
fn every_text_stands_out_from_its_ground_in_the_light_and_in_the_dark() {
    let (_service, mut tab) = opened();
    for scheme in ["light", "dark"] {
        tab.prefers(scheme);
        let faint = tab.find(FAINT);
        assert_eq!(faint, serde_json::json!([]), "{scheme}");
    }
    tab.had_no_complaints();
}

/// Contrast as WCAG 2.2 has it, 1.4.3: 4.5 to 1.
const FAINT: &str = r#"(() => {
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = channels(color).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (; element; element = element.parentElement) {
      const color = getComputedStyle(element).backgroundColor;
      if (!/, 0\)$/.test(color)) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const faint = [];
  for (const element of document.body.querySelectorAll("*")) {
    const says = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== "");
    if (!says || !element.checkVisibility() || element.closest("svg")) continue;
    const [one, other] = [light(getComputedStyle(element).color), light(ground(element))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) faint.push(`${element.id || element.className || element.tagName}: ${contrast.toFixed(2)}`);
  }
  return faint;
})()"#;

#[test]
fn the_keyboard_reaches_everything_and_one_sees_where_it_is() {
    let (_service, mut tab) = opened();
    tab.press("Tab");
    assert_eq!(tab.find("document.activeElement.className"), "skip");
    assert!(tab.is("document.activeElement.getBoundingClientRect().top >= 0"));
    let mut reached = Vec::new();
    for _ in 0..60 {
        tab.press("Tab");
        let focused = tab.find(
            "document.activeElement === document.body ? '' : document.activeElement.id || document.activeElement.textContent.trim() || document.activeElement.value",
        );
        let focused = focused.as_str().unwrap_or_default().to_owned();
        if focused.is_empty() {
            break;
        }
        let outlined = "(() => { const at = document.activeElement.closest('label') ?? document.activeElement; \
                        return getComputedStyle(at).outlineStyle !== 'none' })()";
        assert!(tab.is(outlined), "{focused} is not to be seen");
        reached.push(focused);
    }
    for needed in [
        "theme", "Live", "Hit rate", "Stale", "key", "target", "send", "past", "search",
    ] {
        assert!(
            reached.iter().any(|it| it == needed),
            "{needed}: {reached:?}"
        );
    }
    tab.had_no_complaints();
}

#[test]
fn skipping_leads_to_the_numbers() {
    let (_service, mut tab) = opened();
    tab.press("Tab");
    tab.press("Enter");
    tab.wait("document.activeElement.id === 'main'");
    tab.had_no_complaints();
}

#[test]
fn everything_has_a_name() {
    let (_service, mut tab) = opened();
    let nameless = tab.find(NAMELESS);
    assert_eq!(nameless, serde_json::json!([]));
    tab.had_no_complaints();
}

const NAMELESS: &str = r#"(() => {
  const of = (element) => element.getAttribute("aria-label")
    ?? (element.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join("")
    .concat(element.labels?.[0]?.textContent ?? "", element.matches("button, a") ? element.textContent : "");
  const named = "button, a, input, section, nav, svg[role], [role=region], [tabindex='0']";
  const nameless = [...document.querySelectorAll(named)].filter((element) => of(element).trim() === "");
  const tables = [...document.querySelectorAll("table")].filter((table) => !table.caption?.textContent);
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
  return [...nameless, ...tables].map((element) => element.outerHTML.slice(0, 80)).concat(twice);
})()"#;
