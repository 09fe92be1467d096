//! The annotated function: read by its signature alone, so that a half-typed body is no obstacle.

mod arguments;
mod boxed;

pub(crate) use arguments::Arguments;

use crate::error::Errors;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, FnArg, GenericParam, ReturnType, Signature, Token, Type, Visibility};

/// A function with its body left as tokens.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    default: Option<Token![default]>,
    pub(crate) sig: Signature,
    body: Group,
    form: Form,
}

/// How the function is asynchronous.
enum Form {
    Async,
    /// `fn … -> Pin<Box<dyn Future<Output = R>>> { Box::pin(async move { … }) }`, as `#[async_trait]` leaves it.
    Boxed(Box<boxed::Boxed>),
}

impl Parse for Function {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let default = input.parse()?;
        let sig: Signature = input.parse()?;
        if input.peek(Token![;]) {
            return Err(input.error("this function has no body; annotate its implementation"));
        }
        let TokenTree::Group(body) = input.parse::<TokenTree>()? else {
            return Err(syn::Error::new_spanned(
                &sig,
                "expected a function with a body",
            ));
        };
        if body.delimiter() != Delimiter::Brace {
            return Err(syn::Error::new_spanned(
                &sig,
                "expected a function with a body",
            ));
        }
        let form = match boxed::Boxed::read(&sig, &body) {
            Some(boxed) => Form::Boxed(Box::new(boxed)),
            None => Form::Async,
        };
        Ok(Function {
            attrs,
            vis,
            default,
            sig,
            body,
            form,
        })
    }
}

impl Function {
    /// Reads the annotated item; on failure says why.
    pub(crate) fn read(item: TokenStream, attribute: &str, errors: &mut Errors) -> Option<Self> {
        let is_function = is_function(item.clone());
        match syn::parse2::<Function>(item) {
            Ok(function) => {
                function.check_asyncness(attribute, errors);
                Some(function)
            }
            Err(error) if is_function => {
                errors.push_syn(&error);
                None
            }
            Err(error) => {
                let message = format!("`{attribute}` is for functions; annotate an `async fn`");
                errors.push_syn(&syn::Error::new(error.span(), message));
                None
            }
        }
    }

    /// Whether it is `async`, or what `#[async_trait]` makes of that.
    pub(crate) fn is_async(&self) -> bool {
        self.sig.asyncness.is_some() || matches!(self.form, Form::Boxed(_))
    }

    fn check_asyncness(&self, attribute: &str, errors: &mut Errors) {
        if !self.is_async() {
            errors.push(
                self.sig.fn_token,
                format!(
                    "`{attribute}` needs an `async fn`; write `async fn {}`",
                    self.sig.ident
                ),
            );
        }
    }

    /// The arguments that keys and tags can use.
    pub(crate) fn arguments(&self) -> Arguments {
        let renamed = match &self.form {
            Form::Async => &[][..],
            Form::Boxed(boxed) => &boxed.patterns,
        };
        Arguments::of(&self.sig, renamed, self.receiver())
    }

    /// Whether the function has generic arguments, named or not.
    pub(crate) fn is_generic(&self) -> bool {
        let params = &self.sig.generics.params;
        let is_named = |param: &GenericParam| !matches!(param, GenericParam::Lifetime(_));
        let is_unnamed = |input: &FnArg| matches!(input, FnArg::Typed(typed) if matches!(*typed.ty, Type::ImplTrait(_)));
        params.iter().any(is_named) || self.sig.inputs.iter().any(is_unnamed)
    }

    /// The names of its type and constant parameters.
    pub(crate) fn parameters(&self) -> Vec<Ident> {
        let params = self.sig.generics.params.iter();
        let names = params.filter_map(|param| match param {
            GenericParam::Type(param) => Some(param.ident.clone()),
            GenericParam::Const(param) => Some(param.ident.clone()),
            GenericParam::Lifetime(_) => None,
        });
        names.collect()
    }

    /// What the function's future returns.
    pub(crate) fn output(&self) -> Option<&Type> {
        match (&self.form, &self.sig.output) {
            (Form::Boxed(boxed), _) => Some(&boxed.output),
            (Form::Async, ReturnType::Type(_, output)) => Some(output),
            (Form::Async, ReturnType::Default) => None,
        }
    }

    /// What `self` is called where the computation stands.
    pub(crate) fn receiver(&self) -> Option<Ident> {
        self.sig.receiver()?;
        Some(match &self.form {
            Form::Boxed(boxed) if boxed.renames_self => Ident::new("__self", Span::call_site()),
            _ => Ident::new("self", Span::call_site()),
        })
    }

    /// The function's own work as a future that takes the arguments with it.
    pub(crate) fn computation(&self) -> TokenStream {
        self.computation_with(TokenStream::new(), |body| body)
    }

    /// The same with `statements` before it, and the body as `change` has it.
    pub(crate) fn computation_with(
        &self,
        statements: TokenStream,
        change: impl FnOnce(TokenStream) -> TokenStream,
    ) -> TokenStream {
        let before = statements;
        let statements = change(match &self.form {
            Form::Async => self.body.stream(),
            Form::Boxed(boxed) => boxed.body.clone(),
        });
        // Tells the compiler what `?`, `return` and the last expression lead to, before it reads them.
        let returned = self.output().filter(|output| !is_never(output));
        let returned = returned.map(|output| {
            let (first, _) = ends(output);
            let returned = quote_spanned!(first=> return __cache_returned;);
            quote! {
                if let ::core::option::Option::Some(__cache_returned) = ::core::option::Option::None::<#output> {
                    #returned
                }
            }
        });
        let block = |tokens, span| {
            let mut block = Group::new(Delimiter::Brace, tokens);
            block.set_span(span);
            block
        };
        let span = self.body.span();
        let is_semicolon = |tree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ';');
        let is_expression = !statements.clone().into_iter().any(is_semicolon);
        // In a block of its own, so that items at its beginning stay there.
        let body = if is_expression {
            // Around one expression the compiler would call the function's own braces unnecessary.
            block(statements, Span::mixed_site().located_at(span))
        } else {
            block(statements, span)
        };
        let block = block(quote!(#before #returned #body), span);
        quote_spanned!(self.body.span()=> async move #block)
    }

    /// The function with `body` in place of its computation.
    pub(crate) fn with_body(&self, body: TokenStream) -> TokenStream {
        match &self.form {
            Form::Async => self.rebuilt(body),
            Form::Boxed(boxed) => self.rebuilt(boxed.with_body(body)),
        }
    }

    /// The same where the computation has copies of the arguments: `mut` is for those.
    pub(crate) fn with_body_apart(&self, body: TokenStream) -> TokenStream {
        let Form::Async = self.form else {
            return self.with_body(body);
        };
        let mut sig = self.sig.clone();
        for input in &mut sig.inputs {
            if let FnArg::Typed(typed) = input
                && let syn::Pat::Ident(pattern) = &mut *typed.pat
            {
                pattern.mutability = None;
            }
        }
        self.rebuilt_as(&sig, body)
    }

    /// The function as it was, with `statements` before its body.
    pub(crate) fn with_prefix(&self, statements: TokenStream) -> TokenStream {
        let body = self.body.stream();
        self.rebuilt(quote!(#statements #body))
    }

    /// The function as it was, with `items` in its body. What only the annotation would have used counts as used.
    pub(crate) fn with_mistakes(&self, items: TokenStream) -> TokenStream {
        let used = match &self.form {
            Form::Async => self.arguments().names,
            Form::Boxed(_) => Vec::new(),
        };
        self.with_prefix(quote!(#items let _ = (#(&#used,)*);))
    }

    fn rebuilt(&self, body: TokenStream) -> TokenStream {
        self.rebuilt_as(&self.sig, body)
    }

    fn rebuilt_as(&self, sig: &Signature, body: TokenStream) -> TokenStream {
        let Function {
            attrs,
            vis,
            default,
            ..
        } = self;
        let mut block = Group::new(Delimiter::Brace, body);
        block.set_span(self.body.span());
        quote!(#(#attrs)* #vis #default #sig #block)
    }
}

/// Whether this is a function, however broken: `fn` comes before any body.
fn is_function(item: TokenStream) -> bool {
    item.into_iter()
        .take_while(|tree| !matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace))
        .any(|tree| matches!(tree, TokenTree::Ident(ident) if ident == "fn"))
}

/// Whether this is `!`, which generic code cannot name yet.
pub(crate) fn is_never(output: &Type) -> bool {
    matches!(output, Type::Never(_))
}

/// The span of the first and of the last token: together they cover all between.
pub(crate) fn ends(tokens: &impl ToTokens) -> (Span, Span) {
    let mut spans = tokens.to_token_stream().into_iter().map(|tree| tree.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    (first, spans.last().unwrap_or(first))
}

/// The names that a pattern binds.
pub(crate) fn pattern_names(pattern: &syn::Pat) -> Vec<Ident> {
    arguments::names(pattern, &[])
}
