//! What the macros say: programs that must compile without a warning, and programs that must not, with the
//! compiler's words beside them. `TRYBUILD=overwrite` writes these anew; then read every one as its user would.

#[test]
fn mistakes_are_reported_where_they_are() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("../tests/ui/*/fail/*.rs");
}

#[test]
fn correct_programs_compile_without_a_warning() {
    let cases = trybuild::TestCases::new();
    cases.pass("../tests/ui/*/pass/*.rs");
}

#[cfg(all(feature = "redis", not(feature = "json")))]
#[test]
fn a_codec_without_its_feature_says_which_one_it_needs() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("../tests/ui/*/without_json/*.rs");
}
