//! Texts for terminals that know nothing but ASCII.

/// Signs of the tables and texts, and what stands for them. Bars keep their order, and each is one letter wide.
const PLAIN: [(char, &str); 27] = [
    ('├', "|"),
    ('└', "`"),
    ('│', "|"),
    ('─', "-"),
    ('–', "-"),
    ('−', "-"),
    ('·', "-"),
    ('µ', "u"),
    ('μ', "u"),
    ('…', "..."),
    ('×', "x"),
    ('±', "+-"),
    ('≤', "<="),
    ('≥', ">="),
    ('→', "->"),
    ('←', "<-"),
    ('✓', "+"),
    ('✗', "x"),
    ('▁', "_"),
    ('▂', "."),
    ('▃', ":"),
    ('▄', "-"),
    ('▅', "="),
    ('▆', "+"),
    ('▇', "*"),
    ('█', "#"),
    ('ρ', "rho"),
];

/// The text without the signs above. Names that the user chose stay as they are.
pub fn plain(text: &str) -> String {
    // As wide as it was: it stands in columns.
    let text = text.replace(" ±", "+-");
    let mut plain = String::with_capacity(text.len());
    for sign in text.chars() {
        match PLAIN.iter().find(|(known, _)| *known == sign) {
            Some((_, letters)) => plain.push_str(letters),
            None => plain.push(sign),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_become_letters_and_names_stay() {
        assert_eq!(plain("├─ 日本 1.5 µs ± 2 …"), "|- 日本 1.5 us+- 2 ...");
        assert_eq!(plain("▁█ ✓ <= 60 s"), "_# + <= 60 s");
    }
}
