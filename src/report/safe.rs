//! Text from the input made safe to show: nothing in an id or a tag can move the cursor, break a table or start a formula.

use std::fmt::Write as _;

/// The text with control characters (and invisible ones that change direction) escaped as `\u{..}`.
pub(crate) fn plain(text: &str) -> String {
    let odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if odd(c) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// The text for a cell of a CSV file: a spreadsheet must not take it for a formula.
pub(crate) fn cell(text: &str) -> String {
    let text = plain(text);
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text }
}

/// The text for a cell of a Markdown table.
pub(crate) fn markdown(text: &str) -> String {
    let mut out = String::new();
    for c in plain(text).chars() {
        if matches!(c, '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_escapes() {
        assert_eq!(plain("a\u{1b}[31m\tb\n"), "a\\u{1b}[31m\\u{9}b\\u{a}");
        assert_eq!(plain("x\u{202e}y"), "x\\u{202e}y");
        for text in ["=1+1", "+1", "-1", "@x"] {
            assert_eq!(cell(text), format!("'{text}"));
        }
        assert_eq!(cell("i-0abc"), "i-0abc");
        assert_eq!(markdown("a|b`c"), "a\\|b\\`c");
    }
}
