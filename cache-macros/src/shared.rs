//! What the expansions of several attributes have in common.

use crate::error::Errors;
use crate::function::{Function, ends};
use crate::options::{Options, Value};
use crate::suggest::did_you_mean;
use crate::template::{Scope, Template};
use proc_macro2::{Delimiter, Group, Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, Path, Type};

/// The expansion; or, if there are mistakes, the user's item as it is and the mistakes behind it, so that nothing
/// else in the program breaks and an editor keeps understanding it.
pub(crate) fn finish(
    item: TokenStream,
    function: Option<Function>,
    errors: Errors,
    expand: impl FnOnce(&Function) -> TokenStream,
) -> TokenStream {
    match function {
        Some(function) if errors.is_empty() => expand(&function),
        Some(function) => {
            let (errors, statements) = errors.emit();
            let function = function.with_prefix(statements);
            quote!(#function #errors)
        }
        None => {
            let errors = errors.into_compile_errors();
            quote!(#item #errors)
        }
    }
}

/// `cache = …`, or the installed one, as an expression of type `&Cache`.
pub(crate) fn cache(expr: Option<&Expr>, krate: &Path, scope: &Scope<'_>) -> TokenStream {
    match expr {
        Some(expr) => {
            let expr = scope.rename_receiver(expr.to_token_stream());
            quote!(&#expr)
        }
        None => quote!(#krate::__private::Cache::global()),
    }
}

/// The shape of the result, found by method resolution.
pub(crate) fn shape(output: &Type, krate: &Path) -> TokenStream {
    let probe = probe(output, krate);
    quote!({ use #krate::__private::dispatch::*; #probe })
}

/// As [`shape`], for a result whose value is to be cached. The check has the place of the return type, so that a
/// type that cannot be cached is underlined there, and nowhere else: its shape is another.
pub(crate) fn cacheable_shape(output: &Type, krate: &Path) -> TokenStream {
    let (first, last) = ends(output);
    let probe = probe(output, krate);
    let check = quote_spanned!(first=> #krate::__private::cached_value);
    let value = quote_spanned!(last=> .of_value());
    let mut argument = Group::new(Delimiter::Parenthesis, quote!(#probe #value));
    argument.set_span(last);
    let shape = checked_shape(output, krate);
    quote!({
        use #krate::__private::dispatch::*;
        #check #argument;
        #shape
    })
}

/// As [`cacheable_shape`], for those who come after the check.
pub(crate) fn checked_shape(output: &Type, krate: &Path) -> TokenStream {
    let probe = probe(output, krate);
    quote!({ use #krate::__private::dispatch::*; (&&#probe).if_cacheable() })
}

fn probe(output: &Type, krate: &Path) -> TokenStream {
    let (first, last) = ends(output);
    let returned = quote_spanned!(first=> (&&&&&&#krate::__private::Returned::<#output>::new()));
    let shape = quote_spanned!(last=> .shape());
    quote!(#returned #shape)
}

/// The names in `skip(…)`.
pub(crate) fn skipped(
    options: &mut Options,
    arguments: &[Ident],
    errors: &mut Errors,
) -> Vec<Ident> {
    let Some(option) = options.take("skip") else {
        return Vec::new();
    };
    let Value::List(names) = option.value else {
        errors.push(
            &option.name,
            "option `skip` takes names of arguments: `skip(db, ctx)`",
        );
        return Vec::new();
    };
    for (at, name) in names.iter().enumerate() {
        let known = || {
            arguments
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        if name == "self" {
            errors.push(
                name,
                "`self` is never part of a key; leave it out of `skip`",
            );
        } else if names[..at].contains(name) {
            errors.push(name, format!("`{name}` is skipped twice"));
        } else if !arguments.contains(name) {
            let known = known();
            let near = did_you_mean(&name.to_string(), known.iter().map(String::as_str));
            let help = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            errors.push(name, format!("there is no argument `{name}` to skip{help}"));
        }
    }
    names
}

/// Whether every argument is in the key or skipped, and none is both.
pub(crate) fn check_every_argument(
    function: &Function,
    key: Option<&Template>,
    skipped: &[Ident],
    errors: &mut Errors,
) {
    for name in &function.arguments().names {
        let in_key = key.is_some_and(|key| key.mentions(name));
        match (key, in_key, skipped.iter().find(|skipped| *skipped == name)) {
            (Some(_), false, None) => errors.push(
                name,
                format!("argument `{name}` is not in the key, so calls that differ in it would share an entry; put `{{{name}}}` into the key, or name it in `skip({name})` if the result does not depend on it"),
            ),
            (Some(_), true, Some(skip)) => errors.push(
                skip,
                format!("argument `{name}` is in the key and skipped; decide for one"),
            ),
            _ => {}
        }
    }
}

/// Whether there is a value to keep, and a type to keep it as.
pub(crate) fn check_output(function: &Function, attribute: &str, errors: &mut Errors) {
    match function.output() {
        None => errors.push(
            &function.sig.ident,
            format!("`{attribute}` needs a return value; this function returns nothing that could be kept"),
        ),
        Some(output @ Type::ImplTrait(_)) => errors.push(
            output,
            format!("`{attribute}` needs to name the type of the value; write a concrete type instead of `impl …`"),
        ),
        Some(_) => {}
    }
}
