//! The command line as a user sees it: help, errors, and the blocks of the README.

#[test]
fn commands_print_what_is_written_down() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd").case("README.md");
}
