//! Whether a client got what a step expects.

use super::case::{Case, Step};
use super::origin::{Call, Origin};
use super::player::{Amiss, Got};
use super::values;
use http::HeaderMap;
use serde_json::Value;

/// Of what happened in a step.
struct Seen<'s> {
    case: &'s Case,
    number: usize,
    step: &'s Step,
    got: &'s Got,
    /// All calls of the handler, and those of this step.
    calls: &'s [Call],
    own: Vec<&'s Call>,
    origin: &'s Origin,
}

pub(super) fn check(
    case: &Case,
    number: usize,
    got: Option<&Got>,
    all: &[Option<Got>],
    origin: &Origin,
) -> Result<(), Amiss> {
    let calls = origin.calls();
    let Some(got) = got else {
        return Err(Amiss::Failed(format!("step {number}: nothing")));
    };
    let seen = Seen {
        case,
        number,
        step: &case.steps[number],
        got,
        calls: &calls,
        own: calls.iter().filter(|call| call.step == number).collect(),
        origin,
    };
    let is_setup = seen.step.setup == Value::Bool(true);
    let reuse_is_setup = is_setup || seen.step.setup.is_array();
    let told = |is_setup: bool, why: String| {
        let why = format!(
            "step {number}: {why}; got {:?} {:?}",
            got.status, got.headers
        );
        if is_setup {
            Amiss::Setup(why)
        } else {
            Amiss::Failed(why)
        }
    };
    let _ = all;
    seen.reuse().map_err(|why| told(reuse_is_setup, why))?;
    seen.details().map_err(|why| told(is_setup, why))
}

impl Seen<'_> {
    fn body_of(&self, step: usize) -> Option<&[u8]> {
        let mut calls = self.calls.iter().rev();
        let call = calls.find(|call| call.step == step && call.status != 304)?;
        Some(&call.body)
    }

    fn has_content(&self) -> bool {
        let is_head = self.step.method.as_deref() == Some("HEAD");
        !is_head && !matches!(self.got.status, Some(204 | 206 | 304) | None)
    }

    fn is_of(&self, step: usize) -> Result<(), String> {
        let of = self.body_of(step);
        // One that was said bit by bit is told by `body_is`.
        let is_scripted = of.is_some_and(<[u8]>::is_empty);
        let is_told = self.step.body_is.is_some();
        if !self.has_content() || is_scripted || is_told || of == Some(&self.got.body[..]) {
            return Ok(());
        }
        let got = String::from_utf8_lossy(&self.got.body);
        Err(format!("not the body of step {step} but `{got:.60}`"))
    }

    fn status_is(&self, status: u16) -> Result<(), String> {
        match self.got.status {
            Some(got) if got == status => Ok(()),
            got => Err(format!("{got:?} instead of {status}")),
        }
    }

    /// Whether it came from where it should.
    fn reuse(&self) -> Result<(), String> {
        let in_background = self.case.requires.iter().any(|it| it == "swr");
        let was_called = !self.own.is_empty();
        match &self.step.expect {
            Value::String(expect) => match expect.as_str() {
                "cached" if was_called && !in_background => Err("the handler was called".into()),
                "cached" => self.is_of(self.step.from.unwrap_or_default()),
                "not_cached" if !was_called => Err("the handler was not called".into()),
                "not_cached" => {
                    let said = self.own.last().map_or(200, |call| call.status);
                    if self.step.client.is_some() && self.got.status.is_none() {
                        return Ok(());
                    }
                    self.status_is(self.step.status.unwrap_or(said))?;
                    self.is_of(self.number)
                }
                "validated" => {
                    let asked = self.own.iter().any(|call| call.status == 304);
                    if !asked {
                        return Err("the handler was not asked whether it has changed".into());
                    }
                    self.status_is(200)?;
                    self.is_of(self.step.from.unwrap_or_default())
                }
                "any" => Ok(()),
                other => Err(format!("what is `{other}`?")),
            },
            expect => {
                let status = &expect["status"];
                let is_it = |it: &Value| match it {
                    Value::String(_) => self.got.status.is_none_or(|got| got >= 500),
                    number => number.as_u64() == self.got.status.map(u64::from),
                };
                let fits = match status {
                    Value::Array(any) => any.iter().any(is_it),
                    one => is_it(one),
                };
                if !fits {
                    return Err(format!("{:?} instead of {status}", self.got.status));
                }
                match expect["handler"].as_str() {
                    Some("none") if was_called => return Err("the handler was called".into()),
                    Some("called" | "validated") if !was_called => {
                        return Err("the handler was not called".into());
                    }
                    _ => {}
                }
                self.step.from.map_or(Ok(()), |from| self.is_of(from))
            }
        }
    }

    fn details(&self) -> Result<(), String> {
        let step = self.step;
        if let Some(status) = step.status {
            self.status_is(status)?;
        }
        let body = String::from_utf8_lossy(&self.got.body);
        let fits = match &step.body_is {
            None => true,
            Some(Value::String(exact)) => *body == **exact,
            Some(any) => any["any_of"]
                .as_array()
                .is_some_and(|any| any.iter().any(|it| it.as_str() == Some(&body))),
        };
        if !fits {
            return Err(format!("the body is `{body:.60}`"));
        }
        for never in &step.never_from {
            let of = self.body_of(*never);
            if of.is_some_and(|of| !of.is_empty() && of == &self.got.body[..]) {
                return Err(format!("the body of step {never}"));
            }
        }
        for (name, expected) in &step.response_headers {
            self.field(&self.got.headers, name, expected)?;
        }
        if let Some(expected) = &step.handler_got {
            let call = self.own.last().ok_or("the handler was not called")?;
            if let Some(method) = &expected.method
                && call.method.as_str() != method
            {
                return Err(format!("the handler was asked by {}", call.method));
            }
            for (name, value) in &expected.has {
                let wanted = values::value(value, &self.case.id, &self.origin.clock, self.number);
                let got = call.headers.get(name).map(|it| it.as_bytes());
                if got != Some(&wanted[..]) {
                    return Err(format!("the handler got `{name}` {got:?}"));
                }
            }
            if let Some(name) = expected
                .not
                .iter()
                .find(|it| call.headers.contains_key(*it))
            {
                return Err(format!("the handler got `{name}`"));
            }
        }
        let arrived = self.origin.arrived();
        if step.handler_calls.is_some_and(|calls| calls != arrived) {
            return Err(format!("{arrived} calls of the handler"));
        }
        if let Some(within) = &step.within_ms {
            let times = [
                (within.first_chunk, self.got.first_chunk),
                (within.complete, self.got.complete),
            ];
            for (most, took) in times {
                if most.is_some_and(|most| took.as_millis() > u128::from(most)) {
                    return Err(format!("it took {took:?}"));
                }
            }
        }
        match &step.cache_status {
            Some(expected) => super::status::check(&self.got.headers, expected),
            None => Ok(()),
        }
    }

    fn field(&self, headers: &HeaderMap, name: &str, expected: &Value) -> Result<(), String> {
        let lines: Vec<&[u8]> = headers
            .get_all(name)
            .iter()
            .map(|it| it.as_bytes())
            .collect();
        let joined = lines.join(&b", "[..]);
        let told = || format!("`{name}` is `{}`", String::from_utf8_lossy(&joined));
        let number = || String::from_utf8_lossy(&joined).trim().parse::<i64>().ok();
        let fits = match expected {
            Value::String(word) if word == "present" => !lines.is_empty(),
            Value::String(_) => lines.is_empty(),
            Value::Object(parts) if parts.contains_key("eq") => {
                let tolerance = expected["tolerance_s"].as_i64().unwrap_or_default();
                let is_it = |by: i64| {
                    let mut value = expected["eq"].clone();
                    if let Some(date) = value.get("date").and_then(Value::as_i64) {
                        value["date"] = (date + by).into();
                    }
                    values::value(&value, &self.case.id, &self.origin.clock, self.number) == joined
                };
                (-tolerance..=tolerance).any(is_it)
            }
            Value::Object(parts) if parts.contains_key("lines") => {
                let wanted = expected["lines"].as_array().expect("lines");
                let wanted = wanted
                    .iter()
                    .map(|it| it.as_str().expect("text").as_bytes());
                wanted.eq(lines.iter().copied())
            }
            Value::Object(parts) if parts.contains_key("absent_or") => {
                lines.is_empty()
                    || expected["absent_or"].as_str().map(str::as_bytes) == Some(&joined)
            }
            _ => {
                let count = expected["count"].as_u64();
                let counted = count.is_none_or(|count| count == lines.len() as u64);
                let least = expected["min"].as_i64().unwrap_or(i64::MIN);
                let most = expected["max"].as_i64().unwrap_or(i64::MAX);
                counted && number().is_some_and(|number| (least..=most).contains(&number))
            }
        };
        if fits { Ok(()) } else { Err(told()) }
    }
}
