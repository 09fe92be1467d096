//! What is done with time and failure: `swr`, `stale_if_error`, `early` and their like.

use crate::error::Errors;
use crate::options::{Opt, Options, Value, written};
use crate::storing::{Time, of_literal};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Expr, Lit};

#[derive(Default)]
pub(crate) struct Policy {
    swr: Option<Span>,
    stale_if_error: Option<Span>,
    throttle: Option<Span>,
    revalidate: Option<Span>,
    early: Option<Number>,
    jitter: Option<Number>,
    soft_timeout: Option<Span>,
    timeout: Option<Span>,
    idle: Option<Span>,
}

/// Where a time to live is declared.
#[derive(Clone, Copy)]
pub(crate) enum Declared<'t> {
    Nowhere,
    Time(&'t Time),
    /// By something that is no time yet.
    Otherwise,
}

impl<'t> From<Option<&'t Time>> for Declared<'t> {
    fn from(time: Option<&'t Time>) -> Self {
        time.map_or(Declared::Nowhere, Declared::Time)
    }
}

/// A length of time, known when the program is compiled.
struct Span {
    name: Ident,
    length: Length,
}

enum Length {
    Millis(u64),
    /// A constant.
    Expr(Box<Expr>),
}

struct Number {
    name: Ident,
    value: TokenStream,
}

impl Policy {
    /// `ttl` is the time to live, if one is declared.
    pub(crate) fn parse(options: &mut Options, ttl: Declared<'_>, errors: &mut Errors) -> Self {
        let mut span = |name| Span::parse(options.take(name)?, errors);
        let policy = Policy {
            swr: span("swr"),
            stale_if_error: span("stale_if_error"),
            throttle: span("throttle"),
            revalidate: span("revalidate"),
            soft_timeout: span("soft_timeout"),
            timeout: span("timeout"),
            idle: span("idle"),
            early: options
                .take("early")
                .and_then(|option| Number::early(option, errors)),
            jitter: options
                .take("jitter")
                .and_then(|option| Number::jitter(option, errors)),
        };
        policy.check(ttl, errors);
        policy
    }

    /// What would have no effect is a mistake.
    fn check(&self, ttl: Declared<'_>, errors: &mut Errors) {
        let olds = [&self.swr, &self.stale_if_error, &self.revalidate];
        if let Declared::Time(Time::Forever) = ttl {
            for span in olds.into_iter().flatten() {
                let name = &span.name;
                errors.push(name, format!("`{name}` is for entries past their time to live, and with `ttl = forever` there are none; give a shorter `ttl`, or leave `{name}` out"));
            }
        }
        if let Some(throttle) = &self.throttle
            && self.swr.is_none()
            && self.stale_if_error.is_none()
        {
            errors.push(&throttle.name, "`throttle` is how long a source that has failed is left alone while an older value answers; there is one only with `stale_if_error` or `swr`");
        }
        if let Some(soft) = &self.soft_timeout {
            if self.stale_if_error.is_none() {
                errors.push(&soft.name, "after `soft_timeout` an older value answers, and there is one only with `stale_if_error`: say for how long past its `ttl` it may");
            }
            if let (Some(Length::Millis(soft_millis)), Some(Length::Millis(hard))) = (
                Some(&soft.length),
                self.timeout.as_ref().map(|span| &span.length),
            ) && soft_millis >= hard
            {
                errors.push(
                    &soft.name,
                    "`soft_timeout` has an effect only if it is shorter than `timeout`",
                );
            }
        }
        self.check_idle(ttl, errors);
    }

    fn check_idle(&self, ttl: Declared<'_>, errors: &mut Errors) {
        let Some(idle) = &self.idle else { return };
        match (ttl, &idle.length) {
            (Declared::Nowhere, _) => errors.push(&idle.name, "`idle` is how long an entry lives that nobody reads; with it say how long one lives at most: `ttl = \"12h\"`, or `forever`"),
            (Declared::Time(Time::Millis(ttl)), Length::Millis(idle_millis)) if idle_millis >= ttl => {
                errors.push(&idle.name, "`idle` has an effect only if it is shorter than `ttl`, which is how long an entry lives at most");
            }
            _ => {}
        }
    }

    /// The option that lets the body go on after its caller, if there is one.
    pub(crate) fn apart(&self) -> Option<Ident> {
        let spans = [&self.swr, &self.soft_timeout, &self.timeout];
        let early = self.early.as_ref().map(|early| &early.name);
        let names = spans.into_iter().flatten().map(|span| &span.name);
        names.chain(early).next().cloned()
    }

    /// Whether an error of the function is answered with an older value, and nothing else is.
    pub(crate) fn needs_errors(&self) -> bool {
        self.stale_if_error.is_some() && self.soft_timeout.is_none() && self.timeout.is_none()
    }

    /// Those options that say nothing of several values at once.
    pub(crate) fn beside_batches(&self) -> Vec<Ident> {
        let spans = [
            &self.swr,
            &self.stale_if_error,
            &self.throttle,
            &self.revalidate,
            &self.soft_timeout,
            &self.timeout,
        ];
        let names = spans.into_iter().flatten().map(|span| span.name.clone());
        let early = self.early.as_ref().map(|early| early.name.clone());
        names.chain(early).collect()
    }

    pub(crate) fn has_timeout(&self) -> bool {
        self.timeout.is_some()
    }

    /// The options of the site: `, swr = …`.
    pub(crate) fn site_options(&self) -> TokenStream {
        let mut options = TokenStream::new();
        let spans = [
            &self.swr,
            &self.stale_if_error,
            &self.throttle,
            &self.revalidate,
            &self.soft_timeout,
            &self.timeout,
            &self.idle,
        ];
        for Span { name, length } in spans.into_iter().flatten() {
            let length = length.as_duration();
            options.extend(quote!(, #name = #length));
        }
        if let Some(Number { value, .. }) = &self.early {
            options.extend(quote!(, early = #value));
        }
        if let Some(Number { value, .. }) = &self.jitter {
            options.extend(quote!(, jitter = #value));
        }
        options
    }
}

impl Span {
    fn parse(option: Opt, errors: &mut Errors) -> Option<Self> {
        let name = option.name;
        let Value::Expr(expr) = option.value else {
            let help = format!(
                "option `{name}` needs a value: `{}`",
                written(&name.to_string())
            );
            errors.push(&name, help);
            return None;
        };
        let length = Length::parse(&name, *expr, errors)?;
        Some(Span { name, length })
    }
}

impl Length {
    fn parse(name: &Ident, expr: Expr, errors: &mut Errors) -> Option<Self> {
        match &expr {
            Expr::Lit(literal) => match of_literal(name, &literal.lit) {
                Ok(millis) => Some(Length::Millis(millis)),
                Err(message) => {
                    errors.push(&expr, message);
                    None
                }
            },
            Expr::Path(path) if path.path.is_ident("forever") => {
                errors.push(
                    &expr,
                    format!("`{name}` has to end some time; give a duration"),
                );
                None
            }
            Expr::Closure(_) => {
                let help = format!(
                    "`{name}` is known before any value is; give a duration, or a constant of type `Duration`"
                );
                errors.push(&expr, help);
                None
            }
            _ => Some(Length::Expr(Box::new(expr))),
        }
    }

    fn as_duration(&self) -> TokenStream {
        match self {
            Length::Millis(millis) => quote!(::core::time::Duration::from_millis(#millis)),
            Length::Expr(expr) => quote!(#expr),
        }
    }
}

impl Number {
    /// `early`, or `early = 2.0`.
    fn early(option: Opt, errors: &mut Errors) -> Option<Self> {
        const HELP: &str = "option `early` stands alone, or takes a number above 0, the more the earlier: `early = 2.0`";
        match option.value {
            Value::Flag => Some(Number {
                name: option.name,
                value: quote!(1.0),
            }),
            Value::Expr(expr) => Number::of(
                &option.name,
                &expr,
                |number| number > 0.0 && number <= 1000.0,
                HELP,
                errors,
            ),
            _ => {
                errors.push(&option.name, HELP);
                None
            }
        }
    }

    fn jitter(option: Opt, errors: &mut Errors) -> Option<Self> {
        const HELP: &str = "option `jitter` takes the part of `ttl` by which it is shortened at most, above 0 and below 1: `jitter = 0.1`";
        match option.value {
            Value::Expr(expr) => Number::of(
                &option.name,
                &expr,
                |number| number > 0.0 && number < 1.0,
                HELP,
                errors,
            ),
            _ => {
                errors.push(&option.name, HELP);
                None
            }
        }
    }

    /// A literal that is within the bounds.
    fn of(
        name: &Ident,
        expr: &Expr,
        is_good: fn(f64) -> bool,
        help: &str,
        errors: &mut Errors,
    ) -> Option<Self> {
        let number = match expr {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Int(number) => number.base10_parse::<f64>().ok(),
                Lit::Float(number) => number.base10_parse::<f64>().ok(),
                _ => None,
            },
            _ => None,
        };
        match number.filter(|number| is_good(*number)) {
            Some(number) => Some(Number {
                name: name.clone(),
                value: quote!(#number),
            }),
            None => {
                errors.push(expr, help);
                None
            }
        }
    }
}

/// `adaptive("30s", "1h")`: the shortest and the longest time to live, as durations.
pub(crate) struct Adaptive {
    shortest: Length,
    longest: Length,
}

impl Adaptive {
    /// `None` if it is none; the inner one after a mistake.
    pub(crate) fn parse(name: &Ident, expr: &Expr, errors: &mut Errors) -> Option<Option<Self>> {
        let Expr::Call(call) = expr else { return None };
        let Expr::Path(path) = &*call.func else {
            return None;
        };
        if !path.path.is_ident("adaptive") {
            return None;
        }
        let arguments: Vec<&Expr> = call.args.iter().collect();
        let [shortest, longest] = arguments[..] else {
            errors.push(expr, "an adaptive time to live takes the shortest and the longest: `ttl = adaptive(\"30s\", \"1h\")`");
            return Some(None);
        };
        let shortest = Length::parse(name, shortest.clone(), errors);
        let longest = Length::parse(name, longest.clone(), errors);
        let (Some(shortest), Some(longest)) = (shortest, longest) else {
            return Some(None);
        };
        if let (Length::Millis(least), Length::Millis(most)) = (&shortest, &longest)
            && least >= most
        {
            errors.push(expr, "the shortest time to live comes first, and is shorter than the longest: `ttl = adaptive(\"30s\", \"1h\")`");
            return Some(None);
        }
        Some(Some(Adaptive { shortest, longest }))
    }

    pub(crate) fn site_options(&self) -> TokenStream {
        let (shortest, longest) = (self.shortest.as_duration(), self.longest.as_duration());
        quote!(, adaptive = (#shortest, #longest))
    }
}
