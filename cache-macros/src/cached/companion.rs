//! `companion`: a module of the function's name, with `key`, `peek`, `refresh` and `invalidate`.

use super::expand::{call, declare_site, key};
use super::model::Cached;
use crate::function::Function;
use crate::shared;
use crate::template::mentions;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{FnArg, GenericParam, Generics, Pat, Type, Visibility};

pub(super) fn expand(function: &Function, cached: &Cached, output: &Type) -> TokenStream {
    let krate = &cached.krate;
    let name = &function.sig.ident;
    let arguments = function.arguments();
    let scope = arguments.scope();
    let vis = &function.vis;
    let inner = one_level_in(vis);
    let site = quote!(__CACHE_SITE);
    let declared = declare_site(cached, &quote!(pub __CACHE_SITE));

    let keyed = select(function, |name| uses(&[key(cached, &site, &scope)], name));
    let key_expr = key(cached, &site, &scope);
    let (generics, inputs, bounds) = keyed.signature();

    let cache = shared::cache(cached.cache.as_ref(), krate, &scope);
    let deleting = select(function, |name| {
        uses(&[key_expr.clone(), cache.clone()], name)
    });
    let (delete_generics, delete_inputs, delete_bounds) = deleting.signature();

    let call = call(cached, &site, &scope);
    let tags = cached.storing.plan_tags(krate, &scope);
    let looking = select(function, |name| uses(&[call.clone(), tags.clone()], name));
    let (peek_generics, peek_inputs, peek_bounds) = looking.signature();
    let shape = shared::checked_shape(output, krate);

    let (all_generics, _, all_bounds) = function.sig.generics.split_for_impl();
    let (all_inputs, passed) = renamed(function);
    let about = |what: &str| format!("{what} [`{name}`]({name}()).");
    let module_doc = about("Keys, and single entries, of");
    let key_doc = about("The key of a call of");
    let peek_doc =
        format!("What [`{name}`]({name}()) would return if it is stored; nothing is computed.");
    let refresh_doc =
        format!("Calls [`{name}`]({name}()) so that it computes afresh, and stores the new value.");
    let invalidate_doc =
        format!("Invalidates one call of [`{name}`]({name}()); tells whether it was stored.");
    quote! {
        #[doc = #module_doc]
        #vis mod #name {
            #[allow(unused_imports, reason = "the signature may need none of them")]
            use super::*;
            #declared
            #[doc = #key_doc]
            #[allow(dead_code, reason = "a companion is there to be used, not all of it has to be")]
            #inner fn key #generics(#inputs) -> #krate::Key #bounds {
                #key_expr
            }
            #[doc = #peek_doc]
            #[allow(dead_code, reason = "a companion is there to be used, not all of it has to be")]
            #inner async fn peek #peek_generics(#peek_inputs) -> ::core::option::Option<#output> #peek_bounds {
                let __cache_shape = #shape;
                #call.peek(__cache_shape, || #krate::__private::Plan::new()#tags).await
            }
            #[doc = #refresh_doc]
            #[allow(dead_code, reason = "a companion is there to be used, not all of it has to be")]
            #inner async fn refresh #all_generics(#all_inputs) -> #output #all_bounds {
                #krate::__private::refresh(&__CACHE_SITE, super::#name(#passed)).await
            }
            #[doc = #invalidate_doc]
            #[allow(dead_code, reason = "a companion is there to be used, not all of it has to be")]
            #inner async fn invalidate #delete_generics(#delete_inputs) -> bool #delete_bounds {
                let __cache_key = #key_expr;
                #krate::__private::Cache::delete(#cache, __cache_key).await
            }
        }
    }
}

/// The same visibility, written one module further in.
fn one_level_in(vis: &Visibility) -> TokenStream {
    match vis {
        Visibility::Inherited => quote!(pub(super)),
        Visibility::Restricted(restricted) => {
            let path = &restricted.path;
            match path.segments.first() {
                Some(first) if first.ident == "self" => quote!(pub(super)),
                Some(first) if first.ident == "super" => quote!(pub(in super::#path)),
                _ => vis.to_token_stream(),
            }
        }
        Visibility::Public(_) => vis.to_token_stream(),
    }
}

/// Some of the arguments, and the generics that these need.
struct Selection<'f> {
    inputs: Vec<&'f FnArg>,
    generics: Generics,
}

impl Selection<'_> {
    fn signature(&self) -> (TokenStream, TokenStream, TokenStream) {
        let inputs = self.inputs.iter().map(|input| without_mut(input));
        let (generics, _, bounds) = self.generics.split_for_impl();
        (
            generics.to_token_stream(),
            quote!(#(#inputs),*),
            bounds.to_token_stream(),
        )
    }
}

/// The arguments that bind a name which `wanted` wants.
fn select(function: &Function, wanted: impl Fn(&Ident) -> bool) -> Selection<'_> {
    let by_argument = function.arguments().by_argument;
    let inputs: Vec<_> = function
        .sig
        .inputs
        .iter()
        .zip(by_argument)
        .filter(|(_, names)| names.iter().any(&wanted))
        .map(|(input, _)| input)
        .collect();
    let mut generics = function.sig.generics.clone();
    let tokens: Vec<_> = inputs.iter().map(|input| input.to_token_stream()).collect();
    let kept = generics.params.iter().filter(|param| match param {
        GenericParam::Type(param) => uses(&tokens, &param.ident),
        GenericParam::Const(param) => uses(&tokens, &param.ident),
        GenericParam::Lifetime(param) => uses(&tokens, &param.lifetime.ident),
    });
    let params = kept.cloned().collect();
    let dropped: Vec<Ident> = generics
        .type_params()
        .map(|param| param.ident.clone())
        .filter(|ident| !uses(&tokens, ident))
        .collect();
    if let Some(bounds) = &mut generics.where_clause {
        let needed = bounds.predicates.iter().filter(|predicate| {
            !dropped
                .iter()
                .any(|ident| uses(&[predicate.to_token_stream()], ident))
        });
        bounds.predicates = needed.cloned().collect();
    }
    generics.params = params;
    Selection { inputs, generics }
}

fn uses(tokens: &[TokenStream], name: &Ident) -> bool {
    tokens.iter().any(|tokens| mentions(tokens.clone(), name))
}

/// `mut` is for the body.
fn without_mut(input: &FnArg) -> FnArg {
    let mut input = input.clone();
    if let FnArg::Typed(typed) = &mut input
        && let Pat::Ident(pattern) = &mut *typed.pat
    {
        pattern.mutability = None;
    }
    input
}

/// Every argument under a plain name, and those names to pass on.
fn renamed(function: &Function) -> (TokenStream, TokenStream) {
    let types = function.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(&typed.ty),
        FnArg::Receiver(_) => None,
    });
    let (mut inputs, mut passed) = (TokenStream::new(), TokenStream::new());
    for (number, ty) in types.enumerate() {
        let name = format_ident!("__cache_argument_{number}");
        inputs.extend(quote!(#name: #ty,));
        passed.extend(quote!(#name,));
    }
    (inputs, passed)
}
