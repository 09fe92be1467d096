//! Values of fields: as they are, dates relative to a moment, addresses of the case.

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(super) const HOST: &str = "origin.example";

/// When the responses to steps were made.
#[derive(Default)]
pub(super) struct Clock(Mutex<HashMap<usize, SystemTime>>);

impl Clock {
    pub(super) fn made(&self, step: usize) {
        let mut made = self.0.lock().expect("no panic");
        made.insert(step, SystemTime::now());
    }

    pub(super) fn of(&self, step: usize) -> SystemTime {
        let made = self.0.lock().expect("no panic");
        made.get(&step).copied().unwrap_or_else(SystemTime::now)
    }
}

/// Code points are bytes.
fn bytes(text: &str) -> Vec<u8> {
    text.chars()
        .map(|it| u8::try_from(u32::from(it)).expect("Latin-1"))
        .collect()
}

pub(super) fn headers(
    fields: &[(String, Value)],
    case: &str,
    clock: &Clock,
    step: usize,
) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, given) in fields {
        let name: HeaderName = name.parse().expect("a name");
        let value = HeaderValue::from_bytes(&value(given, case, clock, step));
        headers.append(name, value.expect("a value"));
    }
    headers
}

/// At `step`, of which a date says nothing else.
pub(super) fn value(given: &Value, case: &str, clock: &Clock, step: usize) -> Vec<u8> {
    match given {
        Value::String(text) => bytes(text),
        Value::Object(parts) if parts.contains_key("date") => {
            let seconds = given["date"].as_i64().expect("a number");
            let of = given["of"].as_u64().map(|of| of as usize);
            let time = shifted(clock.of(of.unwrap_or(step)), seconds);
            match given["fmt"].as_str() {
                Some("rfc850") => rfc850(time).into_bytes(),
                _ => httpdate::fmt_http_date(time).into_bytes(),
            }
        }
        Value::Object(_) => {
            let host = given["host"].as_str().unwrap_or(HOST);
            let path = given["url"].as_str().expect("a path");
            format!("http://{host}{}{path}", base(case)).into_bytes()
        }
        other => panic!("{case}: what is {other}?"),
    }
}

pub(super) fn base(case: &str) -> String {
    format!("/c/{case}/")
}

fn shifted(time: SystemTime, seconds: i64) -> SystemTime {
    let by = Duration::from_secs(seconds.unsigned_abs());
    let shifted = if seconds < 0 {
        time.checked_sub(by)
    } else {
        time.checked_add(by)
    };
    let last = UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    shifted.unwrap_or(last).clamp(UNIX_EPOCH, last)
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`
fn rfc850(time: SystemTime) -> String {
    let usual = httpdate::fmt_http_date(time);
    let day = match &usual[..3] {
        "Mon" => "Monday",
        "Tue" => "Tuesday",
        "Wed" => "Wednesday",
        "Thu" => "Thursday",
        "Fri" => "Friday",
        "Sat" => "Saturday",
        _ => "Sunday",
    };
    let (date, month, year) = (&usual[5..7], &usual[8..11], &usual[14..16]);
    format!("{day}, {date}-{month}-{year} {}", &usual[17..])
}
