//! Functions that return a boxed future: what `#[async_trait]` makes of an `async fn`.
//!
//! ```text
//! Input                                   Output of `#[async_trait]`, our input
//!
//! async fn get(&self, (a, b): (u8, u8))   fn get<…>(&'life0 self, __arg1: (u8, u8))
//!     -> u8 { body }                          -> Pin<Box<dyn Future<Output = u8> + Send + 'async_trait>> {
//!                                             Box::pin(async move {
//!                                                 let __self = self;
//!                                                 let (a, b) = { let __arg1 = __arg1; __arg1 };
//!                                                 let __ret: u8 = { body };
//!                                                 __ret
//!                                             })
//!                                         }
//! ```

use proc_macro2::{Group, Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Block, Expr, GenericArgument, Local, Pat, PathArguments, ReturnType, Signature, Stmt, Type,
    TypeParamBound,
};

pub(super) struct Boxed {
    /// `R` of `Future<Output = R>`.
    pub(super) output: Type,
    /// Patterns of arguments that were moved into the body, by the names that replaced them.
    pub(super) patterns: Vec<(Ident, Pat)>,
    pub(super) renames_self: bool,
    /// Everything before the computation: `let __self = self;` and the like.
    prelude: Vec<Stmt>,
    /// The computation.
    pub(super) body: TokenStream,
    /// `Box::pin`, as written.
    wrapper: Expr,
}

impl Boxed {
    pub(super) fn read(sig: &Signature, body: &Group) -> Option<Self> {
        if sig.asyncness.is_some() {
            return None;
        }
        let output = future_output(&sig.output)?;
        let block: Block = syn::parse2(body.to_token_stream()).ok()?;
        let [Stmt::Expr(Expr::Call(call), None)] = &*block.stmts else {
            return None;
        };
        let Some(Expr::Async(future)) = call.args.first() else {
            return None;
        };
        let statements = &future.block.stmts;
        let start = statements
            .iter()
            .position(|statement| !is_prelude(statement))?;
        let (prelude, rest) = statements.split_at(start);
        let moved = prelude.iter().filter_map(moved_argument);
        Some(Boxed {
            output,
            renames_self: prelude
                .iter()
                .any(|statement| local_name(statement).is_some_and(|name| name == "__self")),
            patterns: moved.collect(),
            prelude: prelude.to_vec(),
            body: quote!(#(#rest)*),
            wrapper: (*call.func).clone(),
        })
    }

    pub(super) fn with_body(&self, body: TokenStream) -> TokenStream {
        let (wrapper, prelude) = (&self.wrapper, &self.prelude);
        quote!(#wrapper(async move { #(#prelude)* #body }))
    }
}

/// `R` of `Pin<Box<dyn Future<Output = R> + …>>`.
fn future_output(output: &ReturnType) -> Option<Type> {
    let ReturnType::Type(_, output) = output else {
        return None;
    };
    let Type::TraitObject(object) = argument_of(argument_of(output, "Pin")?, "Box")? else {
        return None;
    };
    object.bounds.iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else {
            return None;
        };
        let future = bound
            .path
            .segments
            .last()
            .filter(|segment| segment.ident == "Future")?;
        let PathArguments::AngleBracketed(arguments) = &future.arguments else {
            return None;
        };
        arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::AssocType(assoc) if assoc.ident == "Output" => Some(assoc.ty.clone()),
            _ => None,
        })
    })
}

/// `T` of `Wrapper<T>`.
fn argument_of<'t>(wrapped: &'t Type, wrapper: &str) -> Option<&'t Type> {
    let Type::Path(path) = wrapped else {
        return None;
    };
    let segment = path
        .path
        .segments
        .last()
        .filter(|segment| segment.ident == wrapper)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(argument) => Some(argument),
        _ => None,
    })
}

/// What `#[async_trait]` puts before the body: it gives the names of the signature to the body, and tells the
/// compiler the type of the result.
fn is_prelude(statement: &Stmt) -> bool {
    match statement {
        Stmt::Local(local) => moves_argument(local),
        Stmt::Expr(Expr::If(branch), _) => {
            matches!(&*branch.cond, Expr::Let(_))
                && branch.to_token_stream().to_string().contains("__ret")
        }
        _ => false,
    }
}

fn moves_argument(local: &Local) -> bool {
    argument_moved_by(local).is_some() && !matches!(local.pat, Pat::Type(_))
}

/// `arg` of `let mut arg = arg;`, of `let __self = self;` and of `let pattern = { let __arg1 = __arg1; __arg1 };`, the
/// forms that `#[async_trait]` writes. A `let` that somebody has written does work, which belongs to the computation.
fn argument_moved_by(local: &Local) -> Option<&Ident> {
    match &*local.init.as_ref()?.expr {
        Expr::Path(path) => {
            let argument = path.path.get_ident()?;
            let Pat::Ident(bound) = &local.pat else {
                return None;
            };
            let is_self = bound.ident == "__self" && argument == "self";
            (is_self || bound.ident == *argument).then_some(argument)
        }
        Expr::Block(block) => {
            let [Stmt::Local(_), Stmt::Expr(Expr::Path(path), None)] = &*block.block.stmts else {
                return None;
            };
            let argument = path.path.get_ident()?;
            argument
                .to_string()
                .starts_with("__arg")
                .then_some(argument)
        }
        _ => None,
    }
}

fn local_name(statement: &Stmt) -> Option<&Ident> {
    match statement {
        Stmt::Local(Local {
            pat: Pat::Ident(pattern),
            ..
        }) => Some(&pattern.ident),
        _ => None,
    }
}

fn moved_argument(statement: &Stmt) -> Option<(Ident, Pat)> {
    let Stmt::Local(local) = statement else {
        return None;
    };
    let argument = argument_moved_by(local)?.clone();
    // An argument `_` has a name in the signature only for this statement.
    let is_wild =
        argument.to_string().starts_with("__arg") && local_name(statement) == Some(&argument);
    let pattern = if is_wild {
        syn::parse_quote!(_)
    } else {
        local.pat.clone()
    };
    Some((argument, pattern))
}
