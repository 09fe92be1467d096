//! The path of an annotated function, read from the type names that the compiler gives to items in it.

/// The type name of `F`: for a function item it tells the path to the item.
#[doc(hidden)]
pub fn path_of<F>(_: &F) -> &'static str {
    std::any::type_name::<F>()
}

/// From `shop::load::{{closure}}::__CACHE_SITE::path` to `shop::load`.
pub(super) fn function_path(item: &str) -> &str {
    let mut path = item;
    for tail in ["::path", "::__CACHE_SITE"] {
        path = path.strip_suffix(tail).unwrap_or(path);
    }
    without_closures(path)
}

fn without_closures(mut path: &str) -> &str {
    while let Some(outer) = path.strip_suffix("::{{closure}}") {
        path = outer;
    }
    path
}

/// From `<shop::Till as shop::Desk>::load::{{closure}}` to `<shop.Till@shop.Desk>.load`: one segment of a key.
pub(super) fn key_prefix(path: &str) -> String {
    let path = without_closures(path)
        .replace("'_, ", "")
        .replace("<'_>", "")
        .replace("'_", "")
        .replace(" as ", "@")
        .replace("::", ".");
    let mut prefix = String::new();
    for c in path.chars() {
        match c {
            // What is left of `[T; 3]`, `*const T`, `&T`, `fn(T)`.
            ' ' => prefix.push('+'),
            ':' | '*' | '?' | '[' | ']' | '\\' | '{' | '}' | '%' | '~' => {
                prefix.push_str(&format!("%{:02X}", u32::from(c)));
            }
            other => prefix.push(other),
        }
    }
    prefix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_from_a_type_name() {
        assert_eq!(
            function_path("shop::load::{{closure}}::__CACHE_SITE::path"),
            "shop::load"
        );
        assert_eq!(
            key_prefix("<shop::R<u8> as shop::At>::get<'_, '_>::{{closure}}::{{closure}}"),
            "<shop.R<u8>@shop.At>.get"
        );
    }
}
