//! Which names an expression is about.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::Expr;
use syn::visit::Visit;

/// Whether an expression uses the variable `name`.
pub(super) fn uses(expr: &Expr, name: &Ident) -> bool {
    struct Uses<'n> {
        name: &'n Ident,
        found: bool,
    }
    impl<'ast> Visit<'ast> for Uses<'_> {
        fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
            self.found |= path.path.is_ident(self.name);
        }
        fn visit_macro(&mut self, invocation: &'ast syn::Macro) {
            self.found |= mentions(invocation.tokens.clone(), self.name);
        }
    }
    let mut uses = Uses { name, found: false };
    uses.visit_expr(expr);
    uses.found
}

/// Whether the variable `name` may be used in the tokens: the identifier occurs, not as a field or a method, nor as
/// a part of a path.
pub(crate) fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    let is_punct =
        |tree: Option<&TokenTree>, c| matches!(tree, Some(TokenTree::Punct(p)) if p.as_char() == c);
    let trees: Vec<_> = tokens.into_iter().collect();
    trees.iter().enumerate().any(|(at, tree)| match tree {
        TokenTree::Ident(ident) if ident == name => {
            let before = |n| at.checked_sub(n).and_then(|at| trees.get(at));
            let is_member = is_punct(before(1), '.') && !is_punct(before(2), '.');
            let ends_path = is_punct(before(1), ':') && is_punct(before(2), ':');
            let starts_path = is_punct(trees.get(at + 1), ':') && is_punct(trees.get(at + 2), ':');
            !is_member && !ends_path && !starts_path
        }
        TokenTree::Group(group) => mentions(group.stream(), name),
        _ => false,
    })
}

/// The name an expression starts from: `page` in `page.number`, `(*id).0`, `id.to_string()`.
pub(super) fn root(expr: &Expr) -> Option<Ident> {
    match expr {
        Expr::Path(path) => path.path.get_ident().cloned(),
        Expr::Field(field) => root(&field.base),
        Expr::MethodCall(call) => root(&call.receiver),
        Expr::Index(index) => root(&index.expr),
        Expr::Paren(paren) => root(&paren.expr),
        Expr::Reference(reference) => root(&reference.expr),
        Expr::Unary(unary) => root(&unary.expr),
        Expr::Cast(cast) => root(&cast.expr),
        _ => None,
    }
}

/// Whether a name is one of a constant: `REGION`.
pub(super) fn is_constant(name: &str) -> bool {
    name.chars().any(char::is_uppercase) && !name.chars().any(char::is_lowercase)
}

pub(super) fn as_ident(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Path(path) => path.path.get_ident(),
        _ => None,
    }
}

/// Whether this is a name that a variable can have.
pub(super) fn is_plain(expr: &Expr) -> bool {
    let is_path = |ident: &Ident| {
        ["self", "Self", "super", "crate"]
            .iter()
            .any(|path| ident == path)
    };
    as_ident(expr).is_some_and(|ident| !is_path(ident))
}
