//! A page in the browser, as somebody uses it who has a keyboard and eyes.

use crate::base64;
use crate::browser::{Browser, PATIENCE};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

pub(crate) struct Tab {
    browser: Browser,
    session: String,
    complaints: Vec<String>,
}

impl Tab {
    /// An empty page of 1280 by 900 pixels, in the light.
    pub(crate) fn open() -> Self {
        let mut browser = Browser::start();
        let target = browser.ask(None, "Target.createTarget", json!({ "url": "about:blank" }));
        let attached = browser.ask(
            None,
            "Target.attachToTarget",
            json!({ "targetId": target["targetId"], "flatten": true }),
        );
        let session = attached["sessionId"]
            .as_str()
            .expect("a session")
            .to_owned();
        let mut tab = Tab {
            browser,
            session,
            complaints: Vec::new(),
        };
        for domain in ["Page", "Runtime", "Log"] {
            tab.ask(&format!("{domain}.enable"), json!({}));
        }
        tab.resize(1280, 900);
        tab.prefers("light");
        tab
    }

    fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.browser.ask(Some(&self.session), method, parameters)
    }

    /// Opens a page, also the one that is open once more.
    pub(crate) fn go(&mut self, address: &str) {
        // What is open answers for a moment longer.
        self.find("window.isLeft = true");
        self.ask("Page.navigate", json!({ "url": address }));
        self.wait("!window.isLeft && document.readyState === 'complete'");
    }

    pub(crate) fn resize(&mut self, width: u32, height: u32) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
        });
        self.ask("Emulation.setDeviceMetricsOverride", size);
    }

    /// What the system asks for: `light` or `dark`.
    pub(crate) fn prefers(&mut self, scheme: &str) {
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.ask(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        );
    }

    /// What an expression is in the page; awaited, if it is a promise.
    pub(crate) fn find(&mut self, expression: &str) -> Value {
        let question =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut answer = self.ask("Runtime.evaluate", question);
        let thrown = &answer["exceptionDetails"];
        assert!(thrown.is_null(), "{expression}: {thrown}");
        answer["result"]["value"].take()
    }

    pub(crate) fn is(&mut self, expression: &str) -> bool {
        self.find(expression) == true
    }

    /// The text of the element with this id.
    pub(crate) fn text(&mut self, id: &str) -> String {
        let text = self.find(&format!("document.getElementById({id:?}).textContent"));
        text.as_str().expect("text").to_owned()
    }

    /// Waits until an expression is true.
    pub(crate) fn wait(&mut self, expression: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.is(&format!("Boolean({expression})")) {
            assert!(
                Instant::now() < end,
                "waited in vain until {expression}: {:?}",
                self.complaints()
            );
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Waits until an element says something else than it did.
    pub(crate) fn wait_for_change(&mut self, id: &str) -> (String, String) {
        let before = self.text(id);
        self.wait(&format!(
            "document.getElementById({id:?}).textContent !== {before:?}"
        ));
        (before, self.text(id))
    }

    pub(crate) fn focus(&mut self, selector: &str) {
        self.find(&format!("document.querySelector({selector:?}).focus()"));
    }

    /// Presses a key: `Tab`, `Enter`, ` `, `ArrowRight`.
    pub(crate) fn press(&mut self, key: &str) {
        let (code, number, text) = match key {
            "Enter" => ("Enter", 13, "\r"),
            "Tab" => ("Tab", 9, ""),
            " " => ("Space", 32, " "),
            "ArrowRight" => ("ArrowRight", 39, ""),
            _ => panic!("unknown key `{key}`"),
        };
        let event = json!({
            "type": if text.is_empty() { "rawKeyDown" } else { "keyDown" },
            "key": key, "code": code, "windowsVirtualKeyCode": number, "text": text,
        });
        self.ask("Input.dispatchKeyEvent", event);
        let event =
            json!({ "type": "keyUp", "key": key, "code": code, "windowsVirtualKeyCode": number });
        self.ask("Input.dispatchKeyEvent", event);
    }

    pub(crate) fn write(&mut self, text: &str) {
        self.ask("Input.insertText", json!({ "text": text }));
    }

    /// A picture of what is to be seen, as PNG.
    pub(crate) fn picture(&mut self) -> Vec<u8> {
        let picture = self.ask("Page.captureScreenshot", json!({ "format": "png" }));
        base64::decode(picture["data"].as_str().expect("base64"))
    }

    /// Errors and warnings in the console, and exceptions that nobody has caught, since this was asked last.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        // A question, so that all that came before its answer is there.
        self.ask("Runtime.evaluate", json!({ "expression": "0" }));
        for event in self.browser.events() {
            let parameters = &event["params"];
            let is_loud =
                |level: &Value| level == "error" || level == "warning" || level == "assert";
            let complains = match event["method"].as_str() {
                Some("Runtime.exceptionThrown") => true,
                Some("Runtime.consoleAPICalled") => is_loud(&parameters["type"]),
                Some("Log.entryAdded") => is_loud(&parameters["entry"]["level"]),
                _ => false,
            };
            if complains {
                self.complaints.push(parameters.to_string());
            }
        }
        std::mem::take(&mut self.complaints)
    }

    /// To be called at the end of a test.
    pub(crate) fn had_no_complaints(mut self) {
        let complaints = self.complaints();
        assert!(complaints.is_empty(), "{complaints:#?}");
    }
}
