//! Texts that a stranger wrote, on their way to a terminal: signs that move the cursor, turn the direction of reading or
//! are invisible could make something else be seen than what is there.

/// Bold, on a terminal.
pub const BOLD: &str = "\u{1b}[1m";
/// Dim.
pub const DIM: &str = "\u{1b}[2m";
/// Green.
pub const GREEN: &str = "\u{1b}[32m";
/// Bold red.
pub const RED: &str = "\u{1b}[1;31m";
/// The end of all of these.
pub const PLAIN: &str = "\u{1b}[0m";

/// What stands for such a sign.
const REPLACED: char = '\u{FFFD}';

/// Whether a sign must not reach a terminal: controls (but for line feed and tab), marks of direction, and what has no
/// width.
pub fn is_harmful(sign: char) -> bool {
    match sign {
        '\n' | '\t' => false,
        '\u{AD}'
        | '\u{61C}'
        | '\u{180E}'
        | '\u{FEFF}'
        | '\u{200B}'..='\u{200F}'
        | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FFF9}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E007F}' => true,
        other => other.is_control(),
    }
}

/// The text without harmful signs.
pub fn harmless(text: &str) -> String {
    let replaced = |sign| if is_harmful(sign) { REPLACED } else { sign };
    text.chars().map(replaced).collect()
}

/// The same, each sign replaced by as many bytes as it had, so that places in the text stay right.
pub fn harmless_in_place(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign.len_utf8() {
            _ if !is_harmful(sign) => clean.push(sign),
            3 => clean.push(REPLACED),
            bytes => clean.extend(std::iter::repeat_n('?', bytes)),
        }
    }
    clean
}

/// The text without harmful signs, except for the sequences above.
pub fn harmless_emphasised(text: &str) -> String {
    const EMPHASIS: [&str; 5] = [BOLD, DIM, GREEN, RED, PLAIN];
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        let own = EMPHASIS
            .iter()
            .find(|sequence| rest.starts_with(**sequence));
        let length = if let Some(sequence) = own {
            clean.push_str(sequence);
            sequence.len()
        } else {
            clean.push(if is_harmful(sign) { REPLACED } else { sign });
            sign.len_utf8()
        };
        rest = &rest[length..];
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\u{1b}[31mb\u{202e}c\u{200b}d\r\u{9b}e\u{7f}\u{e0041}";

    #[test]
    fn signs_that_deceive_are_replaced_and_letters_stay() {
        for clean in [
            harmless(HOSTILE),
            harmless_in_place(HOSTILE),
            harmless_emphasised(HOSTILE),
        ] {
            assert!(!clean.chars().any(is_harmful), "{clean}");
        }
        assert_eq!(harmless_in_place(HOSTILE).len(), HOSTILE.len());
        let letters = "ä 日本\tµ ≤\n🙂";
        assert_eq!(harmless(letters), letters);
    }

    #[test]
    fn our_own_emphasis_stays() {
        let text = "\u{1b}[1mx\u{1b}[0m";
        assert_eq!(harmless_emphasised(text), text);
        assert_eq!(
            harmless_emphasised("\u{1b}[1m\u{1b}[5m"),
            "\u{1b}[1m\u{FFFD}[5m"
        );
    }
}
