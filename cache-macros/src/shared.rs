//! What the expansions of several attributes have in common.

use crate::error::Errors;
use crate::function::{Function, ends};
use crate::options::{Options, Value, written};
use crate::suggest::{did_you_mean, list};
use crate::template::{Scope, Template};
use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
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
            let (errors, items) = errors.emit();
            let function = function.with_mistakes(items);
            quote!(#function #errors)
        }
        None => {
            let errors = errors.into_compile_errors();
            quote!(#item #errors)
        }
    }
}

/// `cache = …`, or the installed one, as an expression of type `&Cache`, at the place of what was written.
pub(crate) fn cache(expr: Option<&Expr>, krate: &Path, scope: &Scope<'_>) -> TokenStream {
    match expr {
        Some(expr) => {
            let (first, _) = ends(expr);
            let expr = scope.rename_receiver(expr.to_token_stream());
            quote_spanned!(first=> &#expr)
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
    cacheable(&probe(output, krate), output, krate)
}

/// The same for the items of a batch, of which `items` is to be probed.
pub(crate) fn cacheable_shape_of_items(items: &Ident, output: &Type, krate: &Path) -> TokenStream {
    let (first, last) = ends(output);
    let items = quote_spanned!(first=> (&&&&&&#items));
    let shape = quote_spanned!(last=> .shape());
    cacheable(&quote!(#items #shape), output, krate)
}

fn cacheable(probe: &TokenStream, output: &Type, krate: &Path) -> TokenStream {
    let (first, last) = ends(output);
    let check = quote_spanned!(first=> #krate::__private::cached_value);
    let value = quote_spanned!(last=> .of_value());
    let mut argument = Group::new(Delimiter::Parenthesis, quote!(#probe #value));
    argument.set_span(last);
    quote!({
        use #krate::__private::dispatch::*;
        #check #argument;
        { use #krate::__private::dispatch::*; (&&#probe).if_cacheable() }
    })
}

/// As [`cacheable_shape`], for those who come after the check.
pub(crate) fn checked_shape(output: &Type, krate: &Path) -> TokenStream {
    let probe = probe(output, krate);
    quote!({ use #krate::__private::dispatch::*; (&&#probe).if_cacheable() })
}

/// `negative` needs a result that can say there is nothing: a check at the place of the return type.
pub(crate) fn check_absence(output: &Type, shape: &Ident, krate: &Path) -> TokenStream {
    check_shape("can_be_absent", output, shape, krate)
}

/// `stale_if_error` needs one that can be an error.
pub(crate) fn check_failure(output: &Type, shape: &Ident, krate: &Path) -> TokenStream {
    check_shape("can_fail", output, shape, krate)
}

fn check_shape(check: &str, output: &Type, shape: &Ident, krate: &Path) -> TokenStream {
    let (first, last) = ends(output);
    let check = Ident::new(check, first);
    let check = quote_spanned!(first=> #krate::__private::#check);
    let shape = Ident::new(&shape.to_string(), shape.span().located_at(last));
    let mut argument = Group::new(Delimiter::Parenthesis, quote_spanned!(first=> &#shape));
    argument.set_span(last);
    quote!(#check #argument;)
}

fn probe(output: &Type, krate: &Path) -> TokenStream {
    let (first, last) = ends(output);
    let returned = quote_spanned!(first=> (&&&&&&#krate::__private::Returned::<#output>::new()));
    let shape = quote_spanned!(last=> .shape());
    quote!(#returned #shape)
}

/// The names in `skip(…)`.
#[derive(Default)]
pub(crate) struct Skipped {
    pub(crate) names: Vec<Ident>,
    /// Whether there is a name that no argument has: then it is not known which one was meant.
    is_unclear: bool,
}

impl Skipped {
    /// `arguments` are those of the function, if it could be read.
    pub(crate) fn parse(
        options: &mut Options,
        arguments: Option<&[Ident]>,
        errors: &mut Errors,
    ) -> Self {
        let Some(option) = options.take("skip") else {
            return Skipped::default();
        };
        let Value::List(names) = option.value else {
            let help = format!(
                "option `skip` takes names of arguments: `{}`",
                written("skip")
            );
            errors.push(&option.name, help);
            return Skipped {
                names: Vec::new(),
                is_unclear: true,
            };
        };
        let mut is_unclear = false;
        for (at, name) in names.iter().enumerate() {
            if name == "self" {
                errors.push(name, "`self` is skipped by itself; leave it out");
            } else if names[..at].contains(name) {
                errors.push(name, format!("`{name}` is skipped twice; keep one of them"));
            } else if let Some(arguments) = arguments
                && !arguments.contains(name)
            {
                is_unclear = true;
                errors.push(name, no_such_argument(name, arguments));
            }
        }
        Skipped { names, is_unclear }
    }

    fn find(&self, name: &Ident) -> Option<&Ident> {
        self.names.iter().find(|skipped| *skipped == name)
    }
}

fn no_such_argument(name: &Ident, arguments: &[Ident]) -> String {
    let known: Vec<_> = arguments.iter().map(ToString::to_string).collect();
    let known = || known.iter().map(String::as_str);
    let help = match (did_you_mean(&name.to_string(), known()), known().count()) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, 0) => "there are no arguments".to_owned(),
        (None, 1) => format!("the only argument is {}", list(known())),
        (None, _) => format!("the arguments are {}", list(known())),
    };
    format!("there is no argument `{name}` to skip; {help}")
}

/// Whether every argument is in the key or skipped, and none is both.
pub(crate) fn check_every_argument(
    names: &[Ident],
    key: Option<&Template>,
    skipped: &Skipped,
    errors: &mut Errors,
) {
    let Some(key) = key else { return };
    for name in names {
        match (key.mentions(name), skipped.find(name)) {
            (false, None) if !skipped.is_unclear => errors.push(
                name,
                format!("argument `{name}` is not in the key, so calls that differ in it would share an entry; put `{{{name}}}` into the key, or name it in `skip({name})` if the result does not depend on it"),
            ),
            (true, Some(skip)) => errors.push(
                skip,
                format!("argument `{name}` is in the key and skipped; decide for one"),
            ),
            _ => {}
        }
    }
}

/// Whether every type and constant that a caller chooses apart from the arguments is in a key that is written out.
/// One that an argument's type tells is as good as that argument. A default key tells them all.
pub(crate) fn check_every_parameter(
    function: &Function,
    key: Option<&Template>,
    skipped: &Skipped,
    errors: &mut Errors,
) {
    let Some(key) = key else {
        return;
    };
    let inputs = function.sig.inputs.to_token_stream();
    for name in &function.parameters() {
        let in_arguments = occurs(inputs.clone(), name);
        let in_key = key
            .placeholders()
            .any(|placeholder| occurs(placeholder.expr.to_token_stream(), name));
        if !in_arguments && !in_key && !skipped.names.contains(name) {
            let is_const = function
                .sig
                .generics
                .const_params()
                .any(|param| param.ident == *name);
            let example = if is_const {
                format!("{{{name}}}")
            } else {
                format!("{{{name}::NAME}}")
            };
            errors.push(
                name,
                format!("`{name}` is not in the key, so all instances of this function would share their entries; put it into the key (`{example}`), leave `key` out, or name it in `skip({name})` if the result does not depend on it"),
            );
        }
    }
}

fn occurs(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => occurs(group.stream(), name),
        _ => false,
    })
}
