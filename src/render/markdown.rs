//! Texts in Markdown: what a user wrote is text there, neither HTML nor a link nor a cell.

use crate::units::harmless::harmless;

/// A name that a user chose: every sign that means something in Markdown is escaped.
pub fn name(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in harmless(text).chars() {
        match sign {
            '\n' | '\t' => escaped.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '~' => {
                escaped.extend(['\\', sign]);
            }
            '&' => escaped.push_str("&amp;"),
            other => escaped.push(other),
        }
    }
    escaped.replace("\\](", "\\]\\(")
}

/// A sentence of ours in which names may stand: tags, links and further lines become text, our own signs stay.
pub fn sentence(text: &str) -> String {
    let text = harmless(text)
        .replace(['\n', '\t'], " ")
        .replace("](", "]\\(");
    let mut escaped = String::with_capacity(text.len());
    for (at, sign) in text.char_indices() {
        // `<= 60 s` begins no tag.
        let next = text[at + sign.len_utf8()..].chars().next();
        let tag = |next: char| next.is_alphabetic() || matches!(next, '/' | '!' | '?');
        match sign {
            '<' if next.is_some_and(tag) => escaped.push_str("&lt;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A cell of a table.
pub fn cell(text: &str) -> String {
    sentence(text)
        .replace('\\', "\\\\")
        .replace("\\\\(", "\\(")
        .replace('|', "\\|")
}

/// Behind a fence that the text does not contain.
pub fn fenced(language: &str, text: &str) -> String {
    let text: String = harmless(text);
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_user_wrote_is_text_in_markdown() {
        let hostile = "a|b <img src=x onerror=alert(1)> `c`\n# d ![x](http://e) \u{1b}[31m";
        for escaped in [name(hostile), sentence(hostile), cell(hostile)] {
            assert!(
                !escaped.contains("<img src") || escaped.contains("\\<img"),
                "{escaped}"
            );
            assert!(
                !escaped.contains("](") && !escaped.contains(['\n', '\u{1b}']),
                "{escaped}"
            );
        }
        assert!(cell(hostile).starts_with("a\\|b"));
        assert_eq!(
            sentence("duration_p99 <= 60 s, `x`"),
            "duration_p99 <= 60 s, `x`"
        );
        let code = fenced("text", "```\n<b>\n````");
        assert!(code.starts_with("`````text\n") && code.ends_with("\n`````\n"));
    }
}
