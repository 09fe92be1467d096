//! The options of an attribute: `"positional", name = value, name(list), flag`.
//!
//! This room knows the syntax and the names, not what they mean. It goes on after a mistake.

use crate::error::Errors;
use crate::suggest::{did_you_mean, list};
use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, Ident, Lit, LitStr, Path, Token};

/// One option as written.
pub(crate) struct Opt {
    pub(crate) name: Ident,
    pub(crate) value: Value,
}

pub(crate) enum Value {
    Flag,
    Expr(Box<Expr>),
    /// `crate = some::path`
    Path(Path),
    /// `skip(a, b)`
    List(Vec<Ident>),
    /// Parentheses around anything else.
    Other(TokenStream),
}

/// The options of one attribute.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) positional: Vec<LitStr>,
    named: Vec<Opt>,
}

/// Which options an attribute has.
pub(crate) struct Known {
    /// As messages call it: `` `#[cached]` ``.
    pub(crate) attribute: &'static str,
    pub(crate) options: &'static [&'static str],
    /// Whether strings without a name are allowed.
    pub(crate) positional: bool,
}

impl Known {
    fn help(&self) -> String {
        let options = list(self.options.iter().copied());
        let patterns = if self.positional {
            "; patterns stand without a name: `\"user:{id}\"`"
        } else {
            ""
        };
        format!("the options of {} are {options}{patterns}", self.attribute)
    }
}

/// Options that are designed and do not exist yet. They are refused by name, so that nobody waits for an effect.
const PLANNED: [&str; 1] = ["lock"];

impl Options {
    pub(crate) fn parse(tokens: TokenStream, known: &Known, errors: &mut Errors) -> Self {
        let mut options = Options::default();
        let parser = |input: ParseStream| {
            while !input.is_empty() {
                if let Err(error) = options.parse_one(input, known, errors) {
                    errors.push_syn(&error);
                    skip_to_comma(input)?;
                }
                if !input.is_empty()
                    && let Err(error) = input.parse::<Token![,]>()
                {
                    errors.push_syn(&error);
                    skip_to_comma(input)?;
                    input.parse::<Option<Token![,]>>()?;
                }
            }
            Ok(())
        };
        if let Err(error) = parser.parse2(tokens) {
            errors.push_syn(&error);
        }
        options
    }

    fn parse_one(
        &mut self,
        input: ParseStream,
        known: &Known,
        errors: &mut Errors,
    ) -> syn::Result<()> {
        if known.positional && input.peek(LitStr) {
            self.positional.push(input.parse()?);
            return Ok(());
        }
        if input.peek(LitStr) && known.options.contains(&"key") {
            let help = "a string without a name; if this is the key, write";
            return Err(input.error(format!("{help} `{}`", written("key"))));
        }
        if !input.peek(Ident::peek_any) {
            let expected = if known.positional {
                "a pattern or an option"
            } else {
                "an option"
            };
            return Err(input.error(format!("expected {expected}; {}", known.help())));
        }
        let name = input.call(Ident::parse_any)?;
        let value = parse_value(&name, input)?;
        self.add(Opt { name, value }, known, errors);
        Ok(())
    }

    fn add(&mut self, option: Opt, known: &Known, errors: &mut Errors) {
        let name = option.name.to_string();
        if !known.options.contains(&name.as_str()) {
            errors.push(&option.name, unknown(&name, known));
        } else if self.name_of(&name).is_some() {
            errors.push(
                &option.name,
                format!("option `{name}` is given twice; keep one of them"),
            );
        } else {
            self.named.push(option);
        }
    }

    /// The name of an option, where it was given.
    pub(crate) fn name_of(&self, name: &str) -> Option<Ident> {
        let mut named = self.named.iter();
        named
            .find(|option| option.name == name)
            .map(|option| option.name.clone())
    }

    /// Takes an option out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Opt> {
        let at = self.named.iter().position(|option| option.name == name)?;
        Some(self.named.remove(at))
    }

    /// Takes a flag out: whether it is there.
    pub(crate) fn take_flag(&mut self, name: &str, errors: &mut Errors) -> bool {
        let Some(option) = self.take(name) else {
            return false;
        };
        if let Value::Flag = option.value {
            return true;
        }
        errors.push(
            &option.name,
            format!("option `{name}` takes no value; write just `{name}`"),
        );
        false
    }

    /// Takes an option out whose value is an expression.
    pub(crate) fn take_expr(&mut self, name: &str, errors: &mut Errors) -> Option<Expr> {
        let option = self.take(name)?;
        match option.value {
            Value::Expr(expr) => Some(*expr),
            _ => {
                errors.push(
                    &option.name,
                    format!("option `{name}` needs a value: `{}`", written(name)),
                );
                None
            }
        }
    }

    /// Takes an option out whose value is a string.
    pub(crate) fn take_str(&mut self, name: &str, errors: &mut Errors) -> Option<LitStr> {
        let expr = self.take_expr(name, errors)?;
        let help = format!("option `{name}` takes a string: `{}`", written(name));
        as_str(expr, errors, &help)
    }

    /// Takes an option out whose value is a list of strings.
    pub(crate) fn take_strs(&mut self, name: &str, errors: &mut Errors) -> Vec<LitStr> {
        let help = format!(
            "option `{name}` takes a list of strings: `{}`",
            written(name)
        );
        match self.take_expr(name, errors) {
            Some(Expr::Array(array)) => {
                let strs = array
                    .elems
                    .into_iter()
                    .map(|element| as_str(element, errors, &help));
                strs.collect::<Vec<_>>().into_iter().flatten().collect()
            }
            Some(other) => {
                errors.push(other, help);
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// Takes an option out whose value is one of a few bare words.
    pub(crate) fn take_word(
        &mut self,
        name: &str,
        words: &[&str],
        errors: &mut Errors,
    ) -> Option<Ident> {
        let expr = self.take_expr(name, errors)?;
        if let Expr::Path(path) = &expr
            && let Some(word) = path.path.get_ident()
        {
            if words.iter().any(|known| word == known) {
                return Some(word.clone());
            }
            let word = word.to_string();
            let help = match did_you_mean(&word, words.iter().copied()) {
                Some(near) => format!("did you mean `{name} = {near}`?"),
                None => match words {
                    [only] => format!("it can only be `{name} = {only}`"),
                    _ => format!("`{name}` is one of {}", list(words.iter().copied())),
                },
            };
            errors.push(&expr, format!("unknown `{name} = {word}`; {help}"));
            return None;
        }
        let help = match &expr {
            Expr::Lit(ExprLit {
                lit: Lit::Str(quoted),
                ..
            }) if words.contains(&&*quoted.value()) => {
                format!(
                    "the word stands without quotes: `{name} = {}`",
                    quoted.value()
                )
            }
            _ => match words {
                [only] => format!(
                    "option `{name}` takes the word `{only}`: `{}`",
                    written(name)
                ),
                _ => format!(
                    "option `{name}` takes one of the words {}, without quotes: `{}`",
                    list(words.iter().copied()),
                    written(name)
                ),
            },
        };
        errors.push(&expr, help);
        None
    }

    /// Takes `crate = path` out; `::cache_runtime` if it is not there.
    pub(crate) fn take_crate(&mut self, errors: &mut Errors) -> Path {
        match self.take("crate") {
            None => syn::parse_quote!(::cache_runtime),
            Some(Opt {
                value: Value::Path(path),
                ..
            }) => path,
            Some(option) => {
                let help = format!("option `crate` takes a path: `{}`", written("crate"));
                errors.push(&option.name, help);
                syn::parse_quote!(::cache_runtime)
            }
        }
    }
}

/// What a `macro_rules!` puts in place of `$value` comes in an invisible group. Where the value is to be looked into,
/// the group is in the way; elsewhere it keeps the value together.
fn ungrouped(expr: Expr) -> Expr {
    match expr {
        Expr::Group(group) => match ungrouped(*group.expr) {
            plain @ (Expr::Lit(_) | Expr::Path(_) | Expr::Closure(_) | Expr::Array(_)) => plain,
            expr => Expr::Group(syn::ExprGroup {
                expr: Box::new(expr),
                ..group
            }),
        },
        other => other,
    }
}

fn as_str(expr: Expr, errors: &mut Errors, help: &str) -> Option<LitStr> {
    let expr = ungrouped(expr);
    if let Expr::Lit(syn::ExprLit {
        lit: syn::Lit::Str(literal),
        ..
    }) = expr
    {
        return Some(literal);
    }
    errors.push(expr, help);
    None
}

fn parse_value(name: &Ident, input: ParseStream) -> syn::Result<Value> {
    if name == "crate" && input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        if !input.peek(Ident::peek_any) && !input.peek(Token![::]) {
            let help = format!("option `crate` takes a path: `{}`", written("crate"));
            return Err(input.error(help));
        }
        return Ok(Value::Path(input.call(Path::parse_mod_style)?));
    }
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        return Ok(Value::Expr(Box::new(ungrouped(input.parse()?))));
    }
    if input.peek(syn::token::Paren) {
        let content;
        syn::parenthesized!(content in input);
        let names = |input: ParseStream| {
            Punctuated::<Ident, Token![,]>::parse_terminated_with(input, Ident::parse_any)
        };
        let tokens: TokenStream = content.parse()?;
        return Ok(match names.parse2(tokens.clone()) {
            Ok(names) => Value::List(names.into_iter().collect()),
            Err(_) => Value::Other(tokens),
        });
    }
    Ok(Value::Flag)
}

fn unknown(name: &str, known: &Known) -> String {
    if PLANNED.contains(&name) {
        return format!("option `{name}` is not supported by this version; leave it out");
    }
    if name == "skip" {
        let why = "only the arguments that its templates name are part of a key here";
        return format!("there is nothing to skip: {why}; leave `skip` out");
    }
    match did_you_mean(name, known.options.iter().copied()) {
        Some(near) => format!("unknown option `{name}`; did you mean `{near}`?"),
        None => format!("unknown option `{name}`; {}", known.help()),
    }
}

/// How an option is written.
pub(crate) fn written(name: &str) -> String {
    let value = match name {
        "skip" => return "skip(db, ctx)".to_owned(),
        "batch" => return "batch(id in ids)".to_owned(),
        "key" => "\"user:{id}\"",
        "prefix" => "\"session\"",
        "ttl" | "negative" | "swr" => "\"5m\"",
        "stale_if_error" | "revalidate" => "\"1h\"",
        "throttle" => "\"5s\"",
        "soft_timeout" => "\"200ms\"",
        "timeout" => "\"2s\"",
        "idle" => "\"30m\"",
        "early" => "1.0",
        "jitter" => "0.1",
        "tags" => "[\"user:{id}\"]",
        "tags_with" => "|value| [\"team:{value.team}\"]",
        "ttl_with" => "|record| …",
        "unless" => "|value| …",
        "cache" => "self.cache",
        "version" => "2",
        "name" => "Sessions",
        "on" => "always",
        "codec" => "json",
        "compress" | "local" => "off",
        "consistency" => "strict",
        "crate" => "my_crate::cache_runtime",
        _ => "…",
    };
    format!("{name} = {value}")
}

/// Goes on behind the option that could not be read.
fn skip_to_comma(input: ParseStream) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}
