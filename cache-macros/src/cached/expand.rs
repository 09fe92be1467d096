//! The expansion of `#[cached]`.
//!
//! ```text
//! Input                                   Output
//!
//! #[cached(ttl = 60, key = "user:{id}")]
//! async fn user(id: u64) -> User {        async fn user(id: u64) -> User {
//!     body                                    site!(__CACHE_SITE: function, key = "user:{id}", …);
//! }                                           let __cache_shape = …;
//!                                             let __cache_looked =
//!                                                 Call::new(&__CACHE_SITE, Cache::global(), key).look(__cache_shape, || plan);
//!                                             match __cache_looked {
//!                                                 Lookup::Hit(__cache_hit) => __cache_hit,
//!                                                 Lookup::Miss(__cache_miss) => {
//!                                                     __cache_miss.fill(async move { body }, decision).await
//!                                                 }
//!                                             }
//!                                         }
//! ```

use super::model::Cached;
use super::{apart, batch, companion};
use crate::function::Function;
use crate::shared;
use crate::template::{ROOM_FOR_A_VALUE, Scope};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

pub(super) fn expand(function: &Function, cached: &Cached) -> TokenStream {
    let Some(output) = function.output() else {
        return function.with_prefix(TokenStream::new());
    };
    if let Some(batch) = &cached.batch {
        return batch::expand(function, cached, batch, output);
    }
    let arguments = function.arguments();
    let scope = arguments.scope();
    let krate = &cached.krate;
    let local = |name: &str| Ident::new(name, Span::mixed_site());
    let (shape, looked, hit, miss) = (
        local("__cache_shape"),
        local("__cache_looked"),
        local("__cache_hit"),
        local("__cache_miss"),
    );
    let (site, declared) = if cached.companion {
        let module = &function.sig.ident;
        (quote!(#module::__CACHE_SITE), TokenStream::new())
    } else {
        (
            quote!(__CACHE_SITE),
            declare_site(cached, &quote!(__CACHE_SITE)),
        )
    };
    let call = call(cached, &site, &scope);
    let cacheable = shared::cacheable_shape(output, krate);
    let plan = cached.storing.plan(krate, &scope);
    let fill = if cached.storing.policy.apart().is_some() {
        apart::fill(function, cached, &miss, output)
    } else {
        let decision = cached.storing.decision(krate, &scope);
        let computation = function.computation();
        quote!(#miss.fill(#computation, #decision).await)
    };
    let failure = cached
        .storing
        .policy
        .needs_errors()
        .then(|| shared::check_failure(output, &shape, krate));
    let absence = cached
        .storing
        .negative
        .as_ref()
        .map(|_| shared::check_absence(output, &shape, krate));
    let annotated = function.with_body(quote! {
        #declared
        let #shape = #cacheable;
        #absence
        #failure
        // What was needed to look is gone before anything is waited for.
        let #looked = #call.look(#shape, || #plan);
        match #looked {
            #krate::__private::Lookup::Hit(#hit) => #hit,
            #krate::__private::Lookup::Miss(#miss) => #fill,
        }
    });
    let companion = cached
        .companion
        .then(|| companion::expand(function, cached, output));
    quote!(#annotated #companion)
}

/// The description of the function, which registers itself.
pub(super) fn declare_site(cached: &Cached, name: &TokenStream) -> TokenStream {
    let krate = &cached.krate;
    let key = match &cached.key {
        Some(key) => {
            let literal = &key.literal;
            quote!(, key = #literal)
        }
        None => {
            let names = cached.keyed.iter().map(ToString::to_string);
            let arguments = quote!(, arguments = &[#(#names),*]);
            let generic = cached.generic.then(|| quote!(, generic = true));
            quote!(#arguments #generic)
        }
    };
    let storing = cached
        .storing
        .site_options(&cached.krate, cached.key.as_ref());
    let keeping = cached.keeping.site_options();
    let batch = cached.batch.as_ref().map(|_| quote!(, batch = true));
    quote!(#krate::__private::site! { #name: function #key #storing #keeping #batch })
}

/// `Call::new(…)`, up to the look-up.
pub(super) fn call(cached: &Cached, site: &TokenStream, scope: &Scope<'_>) -> TokenStream {
    let krate = &cached.krate;
    let cache = shared::cache(cached.cache.as_ref(), krate, scope);
    // Where it is put together: it is not needed for longer than the look-up takes.
    let key = finished_key(cached, site, scope, quote!(as_key));
    let when = cached.when.as_ref().map(|when| {
        let when = scope.rename_receiver(quote!(#when));
        quote!(.when(#when))
    });
    quote!(#krate::__private::Call::new(&#site, #cache, #key)#when)
}

/// The key: from the template, or of the function's path and all arguments that are not skipped.
pub(super) fn key(cached: &Cached, site: &TokenStream, scope: &Scope<'_>) -> TokenStream {
    finished_key(cached, site, scope, quote!(finish))
}

pub(super) fn finished_key(
    cached: &Cached,
    site: &TokenStream,
    scope: &Scope<'_>,
    finish: TokenStream,
) -> TokenStream {
    let krate = &cached.krate;
    if let Some(key) = &cached.key {
        return key.build(krate, scope, finish);
    }
    let capacity = cached.keyed.len() * (1 + ROOM_FOR_A_VALUE);
    let parts = cached.keyed.iter().map(|name| {
        let expr: syn::Expr = syn::parse_quote!(#name);
        scope.part(&expr)
    });
    let start = if cached.companion {
        quote!(plain_function_key(&#site, #capacity))
    } else {
        quote!(function_key(&#site, || (), #capacity))
    };
    quote!(#krate::__private::#start #(#parts)*.#finish())
}
