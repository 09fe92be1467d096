//! `batch`: a function of several identifiers, each with an entry of its own.
//!
//! ```text
//! Input                                       Output
//!
//! #[cached(batch(id in ids), key = "user:{id}")]
//! async fn users(db: &Db, ids: &[Id])         Batch { site, cache, wanted: true }.fill(
//!     -> HashMap<Id, User> { body }               shapes,
//!                                                 ids,
//!                                                 (|id| key, |id| plan),
//!                                                 |missing| async move { let ids = &missing[..]; body },
//!                                                 |id, value, decision| { … },
//!                                             ).await
//! ```

use super::expand::{declare_site, finished_key};
use super::model::Cached;
use crate::error::Errors;
use crate::function::{Function, ends};
use crate::options::{Opt, Value};
use crate::shared;
use crate::storing::decided;
use crate::template::Scope;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::{FnArg, Pat, PathArguments, Token, Type};

const HELP: &str = "option `batch` tells which argument lists the identifiers, and what one of them is called in the key: `batch(id in ids)`";

/// Which argument lists the identifiers, and what one of them is called.
pub(super) struct Batch {
    pub(super) element: Ident,
    pub(super) list: Ident,
    form: Form,
}

/// How the identifiers are given.
#[derive(Clone, Copy)]
enum Form {
    /// `&[Id]`
    Slice,
    /// `&Vec<Id>`
    Lent,
    /// `Vec<Id>`
    Owned,
}

impl Batch {
    pub(super) fn parse(
        option: Opt,
        function: Option<&Function>,
        skipped: &[Ident],
        has_key: bool,
        errors: &mut Errors,
    ) -> Option<Self> {
        let function = function?;
        let (element, list) = match option.value {
            Value::Flag if has_key => {
                errors.push(&option.name, HELP);
                return None;
            }
            Value::Flag => {
                let mut lists = lists(function).filter(|(name, _)| !skipped.contains(name));
                let (Some((list, _)), None) = (lists.next(), lists.next()) else {
                    errors.push(&option.name, HELP);
                    return None;
                };
                (Ident::new("__cache_id", Span::mixed_site()), list.clone())
            }
            Value::Other(tokens) => {
                let names = |input: ParseStream| -> syn::Result<(Ident, Ident)> {
                    let element = input.parse()?;
                    input.parse::<Token![in]>()?;
                    Ok((element, input.parse()?))
                };
                let Ok(names) = names.parse2(tokens) else {
                    errors.push(&option.name, HELP);
                    return None;
                };
                names
            }
            _ => {
                errors.push(&option.name, HELP);
                return None;
            }
        };
        let Some((list, form)) = lists(function).find(|(name, _)| **name == list) else {
            errors.push(
                &list,
                format!("`{list}` is no argument that lists identifiers; it has to be a `&[Id]` or a `Vec<Id>`"),
            );
            return None;
        };
        let names = function.arguments().names;
        if names.contains(&element) {
            errors.push(
                &element,
                format!("`{element}` is an argument already; call one of `{list}` otherwise"),
            );
            return None;
        }
        Some(Batch {
            element,
            list: list.clone(),
            form,
        })
    }

    /// The names that templates may use: one identifier in place of the list.
    pub(super) fn names(&self, names: &[Ident]) -> Vec<Ident> {
        let name = |name: &Ident| {
            let is_list = *name == self.list;
            if is_list {
                self.element.clone()
            } else {
                name.clone()
            }
        };
        names.iter().map(name).collect()
    }
}

/// The arguments that can list identifiers.
fn lists(function: &Function) -> impl Iterator<Item = (&Ident, Form)> {
    function.sig.inputs.iter().filter_map(|input| {
        let FnArg::Typed(typed) = input else {
            return None;
        };
        let Pat::Ident(pattern) = &*typed.pat else {
            return None;
        };
        let form = match &*typed.ty {
            Type::Reference(reference) if reference.mutability.is_none() => {
                match &*reference.elem {
                    Type::Slice(_) => Form::Slice,
                    ty if is_vec(ty) => Form::Lent,
                    _ => return None,
                }
            }
            ty if is_vec(ty) => Form::Owned,
            _ => return None,
        };
        Some((&pattern.ident, form))
    })
}

fn is_vec(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let Some(last) = path.path.segments.last() else {
        return false;
    };
    last.ident == "Vec" && matches!(last.arguments, PathArguments::AngleBracketed(_))
}

pub(super) fn expand(
    function: &Function,
    cached: &Cached,
    batch: &Batch,
    output: &Type,
) -> TokenStream {
    let krate = &cached.krate;
    let arguments = function.arguments();
    let names = batch.names(&arguments.names);
    let scope = Scope {
        names: &names,
        ..arguments.scope()
    };
    let Batch { element, list, .. } = batch;
    let local = |name: &str| Ident::new(name, Span::mixed_site());
    let (whole, items, each) = (
        local("__cache_whole"),
        local("__cache_items"),
        local("__cache_each"),
    );
    let site = quote!(__CACHE_SITE);
    let declared = declare_site(cached, &site);
    let shape = shared::shape(output, krate);
    // At the place of the return type, which may be no collection.
    let (first, last) = ends(output);
    let items_of = quote_spanned!(first=> #krate::__private::items_of);
    let returned = Ident::new("__cache_whole", whole.span().located_at(first));
    let mut argument = Group::new(Delimiter::Parenthesis, quote!(#returned));
    argument.set_span(last);
    let cacheable = shared::cacheable_shape_of_items(&items, output, krate);
    let cache = shared::cache(cached.cache.as_ref(), krate, &scope);
    let wanted = cached
        .when
        .as_ref()
        .map_or(quote!(true), |when| scope.rename_receiver(quote!(#when)));
    let key = finished_key(cached, &site, &scope, quote!(finish));
    let plan = cached.storing.plan(krate, &scope);
    let decides = cached.storing.decides(krate, &scope);
    let (value, decision) = decided();
    let body = body(function, batch);
    function.with_body_apart(quote! {
        #declared
        let #whole = #shape;
        let #items = #items_of #argument;
        let #each = #cacheable;
        #krate::__private::Batch { site: &#site, cache: #cache, wanted: #wanted }.fill(
            (#whole, #each),
            ::core::iter::Iterator::cloned(#list.iter()),
            (|#element| #key, |#element| { let _ = #element; #plan }),
            #body,
            |#element, #value, #decision| { let _ = (#element, &#value, &#decision); #decides },
        ).await
    })
}

/// The body as a closure that can run more than once, with the identifiers that are missing in place of all.
fn body(function: &Function, batch: &Batch) -> TokenStream {
    let missing = Ident::new("__cache_missing", Span::mixed_site());
    let list = &batch.list;
    let mutable = function.sig.inputs.iter().find_map(|input| match input {
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(pattern) if pattern.ident == *list => pattern.mutability,
            _ => None,
        },
        FnArg::Receiver(_) => None,
    });
    let given = match batch.form {
        Form::Slice => quote!(let #mutable #list = &#missing[..];),
        Form::Lent => quote!(let #mutable #list = &#missing;),
        Form::Owned => quote!(let #mutable #list = #missing;),
    };
    let inputs = function.sig.inputs.iter();
    let copies = inputs.filter_map(|input| match input {
        FnArg::Typed(typed) if !matches!(*typed.ty, Type::Reference(_)) => Some(typed),
        _ => None,
    });
    let copies = copies.flat_map(|typed| {
        let mutable = match &*typed.pat {
            Pat::Ident(pattern) => pattern.mutability,
            _ => None,
        };
        let names = crate::function::pattern_names(&typed.pat);
        let copy = move |name: Ident| {
            (name != batch.list).then(|| {
                let span = name.span();
                quote_spanned!(span=> let #mutable #name = ::core::clone::Clone::clone(&#name);)
            })
        };
        names.into_iter().filter_map(copy).collect::<Vec<_>>()
    });
    let computation = function.computation_with(given, |body| body);
    quote!(|#missing| { #(#copies)* #computation })
}
