//! What a value is stored with: the options that `#[cached]` and `#[cache_put]` share.

use crate::duration;
use crate::encoding::Encoding;
use crate::error::Errors;
use crate::options::{Options, Value, written};
use crate::policy::{Adaptive, Policy};
use crate::template::{Role, Scope, Template};
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Expr, ExprClosure, ExprUnary, Lit, Pat, Path, UnOp};

/// A time, as an option has it.
pub(crate) enum Time {
    Millis(u64),
    Forever,
    /// Follows how often the value changes.
    Adaptive(Box<Adaptive>),
    /// An expression of a type that becomes a `Ttl`.
    Expr(Box<Expr>),
    /// Decided by the value.
    OfValue(OfValue),
}

/// `|value| …`, or the path of a function of the value.
pub(crate) struct OfValue {
    pattern: Option<Box<Pat>>,
    body: Box<Expr>,
}

/// The parsed options.
pub(crate) struct Storing {
    pub(crate) ttl: Option<Time>,
    pub(crate) tags: Vec<Template>,
    tags_with: Option<TagsOfValue>,
    unless: Option<OfValue>,
    pub(crate) negative: Option<Time>,
    pub(crate) policy: Policy,
    version: Option<u32>,
    encoding: Encoding,
    sensitive: bool,
}

/// Tags known from the value.
enum TagsOfValue {
    Templates(OfValue, Vec<Template>),
    Expr(OfValue),
}

impl Storing {
    pub(crate) fn parse(options: &mut Options, errors: &mut Errors) -> Self {
        let tags = options.take_strs("tags", errors);
        let ttl = options
            .take("ttl")
            .and_then(|option| Time::parse(&option.name, option.value, true, errors));
        Storing {
            policy: Policy::parse(options, ttl.as_ref().into(), errors),
            ttl,
            tags: tags
                .into_iter()
                .map(|tag| Template::parse(tag, Role::Tag, errors))
                .collect(),
            tags_with: TagsOfValue::parse(options, errors),
            unless: options
                .take_expr("unless", errors)
                .and_then(|expr| OfValue::parse(expr, "unless", errors)),
            negative: Time::negative(options, errors),
            version: options
                .take_expr("version", errors)
                .and_then(|expr| version(&expr, errors)),
            encoding: Encoding::parse(options, errors),
            sensitive: options.take_flag("sensitive", errors),
        }
    }

    pub(crate) fn check_names(&self, scope: &Scope<'_>, errors: &mut Errors) {
        for tag in &self.tags {
            tag.check_names(Role::Tag, scope, errors);
        }
        if let Some(TagsOfValue::Templates(value, tags)) = &self.tags_with {
            let names = [scope.names, &value.names()].concat();
            let scope = Scope {
                names: &names,
                receiver: scope.receiver.clone(),
                what: scope.what,
            };
            for tag in tags {
                tag.check_names(Role::Tag, &scope, errors);
            }
        }
    }

    /// The options of the site: `, tags = &[…], ttl_millis = 300000u64`.
    pub(crate) fn site_options(&self, krate: &Path, key: Option<&Template>) -> TokenStream {
        let mut options = TokenStream::new();
        let of_value = match &self.tags_with {
            Some(TagsOfValue::Templates(_, tags)) => &tags[..],
            _ => &[],
        };
        let tags: Vec<_> = self
            .tags
            .iter()
            .chain(of_value)
            .map(|tag| &tag.literal)
            .collect();
        if !tags.is_empty() {
            options.extend(quote!(, tags = &[#(#tags),*]));
        }
        match &self.tags_with {
            Some(TagsOfValue::Templates(..)) => options.extend(quote!(, value_tags = true)),
            Some(TagsOfValue::Expr(_)) => options.extend(quote!(, open_tags = true)),
            None => {}
        }
        let tags_follow = |key: &Template| self.tags.iter().all(|tag| tag.follows_from(key));
        let tags_are_fixed = self
            .tags
            .iter()
            .all(|tag| tag.placeholders().next().is_none());
        if !tags_are_fixed && !key.is_some_and(tags_follow) {
            options.extend(quote!(, tags_vary = true));
        }
        match &self.ttl {
            Some(Time::Millis(millis)) => options.extend(quote!(, ttl_millis = #millis)),
            Some(Time::Forever) => options.extend(quote!(, ttl_forever = true)),
            Some(Time::Expr(_) | Time::OfValue(_)) => options.extend(quote!(, ttl_dynamic = true)),
            Some(Time::Adaptive(adaptive)) => options.extend(adaptive.site_options()),
            None => {}
        }
        options.extend(self.policy.site_options());
        if let Some(version) = self.version {
            options.extend(quote!(, version = #version));
        }
        options.extend(self.encoding.site_options(krate));
        if self.negative.is_some() {
            options.extend(quote!(, negative = true));
        }
        if self.sensitive {
            options.extend(quote!(, sensitive = true));
        }
        options
    }

    /// What is known before the computation.
    pub(crate) fn plan(&self, krate: &Path, scope: &Scope<'_>) -> TokenStream {
        let mut calls = self.plan_tags(krate, scope);
        if let Some(ttl) = self
            .ttl
            .as_ref()
            .and_then(|ttl| ttl.before_value(krate, scope))
        {
            calls.extend(quote!(.ttl(#ttl)));
        }
        if let Some(negative) = self
            .negative
            .as_ref()
            .and_then(|ttl| ttl.before_value(krate, scope))
        {
            calls.extend(quote!(.negative(#negative)));
        }
        quote!(#krate::__private::Plan::new()#calls)
    }

    /// `.tag(…)` for every declared tag.
    pub(crate) fn plan_tags(&self, krate: &Path, scope: &Scope<'_>) -> TokenStream {
        let tags = self.tags.iter().map(|tag| tag.to_tag(krate, scope));
        quote!(#(.tag(#tags))*)
    }

    /// What is decided when the value is known, as a closure.
    pub(crate) fn decision(&self, krate: &Path, scope: &Scope<'_>) -> TokenStream {
        let (value, decision) = decided();
        let statements = self.decides(krate, scope);
        if statements.is_empty() {
            quote!(|_, _| {})
        } else {
            quote!(|#value, #decision| { #statements })
        }
    }

    /// The same as statements about [`decided`].
    pub(crate) fn decides(&self, krate: &Path, scope: &Scope<'_>) -> TokenStream {
        let (value, decision) = decided();
        let mut statements = TokenStream::new();
        if let Some(Time::OfValue(ttl)) = &self.ttl {
            let ttl = ttl.applied(&value, scope);
            statements.extend(quote!(#decision.ttl(#ttl);));
        }
        if let Some(tags) = &self.tags_with {
            let tags = tags.applied(krate, &value, scope);
            statements.extend(quote!(#decision.tags(#tags);));
        }
        if let Some(unless) = &self.unless {
            let unless = unless.applied(&value, scope);
            statements.extend(quote!(#decision.unless(#unless);));
        }
        statements
    }
}

/// What a decision is about, and where it is made.
pub(crate) fn decided() -> (Ident, Ident) {
    let local = |name| Ident::new(name, Span::mixed_site());
    (local("__cache_value"), local("__cache_decision"))
}

impl Time {
    fn parse(name: &Ident, value: Value, of_value: bool, errors: &mut Errors) -> Option<Self> {
        let Value::Expr(expr) = value else {
            errors.push(
                name,
                format!(
                    "option `{name}` needs a value: `{}`",
                    written(&name.to_string())
                ),
            );
            return None;
        };
        let time = match &*expr {
            Expr::Lit(literal) if is_forever(&literal.lit) => Ok(Time::Forever),
            Expr::Lit(literal) => of_literal(name, &literal.lit).map(Time::Millis),
            Expr::Unary(ExprUnary {
                op: UnOp::Neg(_),
                expr: number,
                ..
            }) if matches!(**number, Expr::Lit(_)) => Err(format!(
                "`{name}` cannot be negative; for ever is `{name} = forever`"
            )),
            Expr::Path(path) if path.path.is_ident("forever") => Ok(Time::Forever),
            call if let Some(adaptive) = Adaptive::parse(name, call, errors) => {
                if name == "ttl" {
                    return adaptive.map(|adaptive| Time::Adaptive(Box::new(adaptive)));
                }
                Err(format!("`{name}` cannot be adaptive; give a duration"))
            }
            Expr::Closure(_) if !of_value => Err(format!(
                "`{name}` cannot depend on a value: there is none; give a duration"
            )),
            Expr::Closure(_) => {
                return OfValue::parse(*expr, &name.to_string(), errors).map(Time::OfValue);
            }
            other => Ok(Time::Expr(Box::new(other.clone()))),
        };
        time.map_err(|message| errors.push(&expr, message)).ok()
    }

    /// The time as an expression, if it is known before the value is.
    pub(crate) fn before_value(&self, krate: &Path, scope: &Scope<'_>) -> Option<TokenStream> {
        match self {
            Time::Millis(millis) => Some(quote!(#krate::__private::Ttl::millis(#millis))),
            Time::Forever => Some(quote!(#krate::__private::Ttl::Forever)),
            Time::Expr(expr) => Some(scope.rename_receiver(expr.to_token_stream())),
            Time::OfValue(_) | Time::Adaptive(_) => None,
        }
    }

    /// Reads the time of `negative`.
    pub(crate) fn negative(options: &mut Options, errors: &mut Errors) -> Option<Self> {
        let option = options.take("negative")?;
        Time::parse(&option.name, option.value, false, errors)
    }

    /// Reads the time of a `ttl` option.
    pub(crate) fn ttl(options: &mut Options, errors: &mut Errors) -> Option<Self> {
        let option = options.take("ttl")?;
        Time::parse(&option.name, option.value, false, errors)
    }
}

/// In an environment variable `forever` is text, so it is here too.
fn is_forever(literal: &Lit) -> bool {
    matches!(literal, Lit::Str(text) if text.value().trim() == "forever")
}

/// The milliseconds that a literal stands for, or what is wrong with it.
pub(crate) fn of_literal(name: &Ident, literal: &Lit) -> Result<u64, String> {
    match literal {
        Lit::Str(text) => duration::parse(&text.value()),
        Lit::Int(number) if !is_integer_suffix(number.suffix()) => Err(format!(
            "`{number}` is not a number of seconds; a duration with a unit is a string: `{name} = \"{number}\"`"
        )),
        Lit::Int(seconds) => {
            let millis = seconds.base10_parse::<u64>().ok();
            match millis.and_then(|seconds| seconds.checked_mul(1000)) {
                Some(0) => Err(format!(
                    "`{name} = {seconds}` is no time at all, nothing would ever be stored; give a longer one, or leave `{name}` out"
                )),
                Some(millis) => Ok(millis),
                None => Err(format!(
                    "`{name} = {seconds}` is too long; for ever is `{name} = forever`"
                )),
            }
        }
        Lit::Float(_) => Err(format!(
            "`{name}` takes whole seconds; for a fraction, write milliseconds: `{name} = \"1500ms\"`"
        )),
        _ => Err(format!(
            "`{name}` takes seconds, a duration such as `\"5m\"`, `forever`, or an expression of type `Duration`"
        )),
    }
}

/// The compiler takes any suffix for a macro's: `5m` is a literal.
fn is_integer_suffix(suffix: &str) -> bool {
    let width = suffix.trim_start_matches(['i', 'u']);
    suffix.is_empty() || matches!(width, "8" | "16" | "32" | "64" | "128" | "size")
}

impl OfValue {
    pub(crate) fn parse(expr: Expr, option: &str, errors: &mut Errors) -> Option<Self> {
        match expr {
            Expr::Closure(closure) => OfValue::of_closure(closure, option, errors),
            Expr::Path(_) => Some(OfValue {
                pattern: None,
                body: Box::new(expr),
            }),
            other => {
                errors.push(
                    other,
                    format!(
                        "option `{option}` takes a closure over the value: `{}`",
                        written(option)
                    ),
                );
                None
            }
        }
    }

    fn of_closure(closure: ExprClosure, option: &str, errors: &mut Errors) -> Option<Self> {
        if closure.inputs.len() != 1 {
            errors.push(&closure, format!("the closure of `{option}` takes one argument, a reference to the value: `|value| …`"));
            return None;
        }
        let pattern = closure.inputs.into_iter().next().map(Box::new);
        Some(OfValue {
            pattern,
            body: closure.body,
        })
    }

    fn names(&self) -> Vec<Ident> {
        let mut names = Vec::new();
        if let Some(pattern) = &self.pattern {
            names.extend(crate::function::pattern_names(pattern));
        }
        names
    }

    /// The result for `value`, at the place of what was written.
    pub(crate) fn applied(&self, value: &Ident, scope: &Scope<'_>) -> TokenStream {
        // The braces of a closure's body are ours already.
        let body = match &*self.body {
            Expr::Block(block)
                if block.label.is_none() && block.attrs.is_empty() && self.pattern.is_some() =>
            {
                let statements = &block.block.stmts;
                quote!(#(#statements)*)
            }
            body => body.to_token_stream(),
        };
        self.around(value, scope.rename_receiver(body))
    }

    fn around(&self, value: &Ident, body: TokenStream) -> TokenStream {
        let (delimiter, tokens) = match &self.pattern {
            Some(pattern) => (Delimiter::Brace, quote!(let #pattern = #value; #body)),
            None => (Delimiter::Parenthesis, quote!(#value)),
        };
        let mut group = Group::new(delimiter, tokens);
        group.set_span(self.body.span());
        match &self.pattern {
            Some(_) => group.to_token_stream(),
            None => quote!(#body #group),
        }
    }
}

impl TagsOfValue {
    /// A closure over an array of strings has templates; any other expression makes tags itself.
    fn parse(options: &mut Options, errors: &mut Errors) -> Option<Self> {
        let value = OfValue::parse(options.take_expr("tags_with", errors)?, "tags_with", errors)?;
        let Expr::Array(array) = &*value.body else {
            return Some(TagsOfValue::Expr(value));
        };
        let literals: Option<Vec<_>> = array
            .elems
            .iter()
            .map(|element| match element {
                Expr::Lit(syn::ExprLit {
                    lit: Lit::Str(literal),
                    ..
                }) => Some(literal.clone()),
                _ => None,
            })
            .collect();
        let Some(literals) = literals else {
            return Some(TagsOfValue::Expr(value));
        };
        let templates = literals
            .into_iter()
            .map(|tag| Template::parse(tag, Role::Tag, errors));
        let templates = templates.collect();
        Some(TagsOfValue::Templates(value, templates))
    }

    fn applied(&self, krate: &Path, value: &Ident, scope: &Scope<'_>) -> TokenStream {
        match self {
            TagsOfValue::Expr(of_value) => of_value.applied(value, scope),
            TagsOfValue::Templates(of_value, templates) => {
                let tags = templates.iter().map(|tag| tag.to_tag(krate, scope));
                let tags = quote!([#(<#krate::__private::Tag as ::core::convert::From<_>>::from(#tags)),*]);
                of_value.around(value, tags)
            }
        }
    }
}

pub(crate) fn version(expr: &Expr, errors: &mut Errors) -> Option<u32> {
    if let Expr::Lit(syn::ExprLit {
        lit: Lit::Int(number),
        ..
    }) = expr
        && is_integer_suffix(number.suffix())
        && let Ok(version) = number.base10_parse()
    {
        return Some(version);
    }
    errors.push(
        expr,
        format!(
            "option `version` takes a whole number: `{}`",
            written("version")
        ),
    );
    None
}
