//! Exact decimal numbers in front of a unit: "1.5" times a whole number of nanoseconds or bytes, without floats.

/// A non-negative decimal number: `digits / 10^scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    digits: u128,
    scale: u32,
}

/// More digits than this carry no meaning in a quantity of 64 bits.
const DIGITS_MAX: usize = 24;

impl Decimal {
    /// Reads `12`, `1.5` or `50_000`; `None` if it is no such number or has too many digits.
    pub(crate) fn parse(text: &str) -> Option<Decimal> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if whole.is_empty() || text.ends_with('.') || text.len() > 2 * DIGITS_MAX {
            return None;
        }
        let plain =
            |part: &str| !part.starts_with('_') && !part.ends_with('_') && !part.contains("__");
        if !plain(whole) || !plain(fraction) {
            return None;
        }
        let digits: String = whole
            .chars()
            .chain(fraction.chars())
            .filter(|c| *c != '_')
            .collect();
        if digits.len() > DIGITS_MAX || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let scale = fraction.bytes().filter(u8::is_ascii_digit).count() as u32;
        Some(Decimal {
            digits: digits.parse().ok()?,
            scale,
        })
    }

    /// This number times `factor / divisor`, rounded to the nearest whole number; `None` if that does not fit into
    /// 64 bits or if a positive number would become 0.
    pub(crate) fn times(self, factor: u64, divisor: u64) -> Option<u64> {
        let divisor = 10_u128
            .checked_pow(self.scale)?
            .checked_mul(u128::from(divisor))?;
        let product = self.digits.checked_mul(u128::from(factor))?;
        let rounded = product.checked_add(divisor / 2)? / divisor;
        if rounded == 0 && product > 0 {
            return None;
        }
        u64::try_from(rounded).ok()
    }

    /// The nearest float; the same as reading the decimal text as a float.
    pub(crate) fn text_to_f64(text: &str) -> Option<f64> {
        let plain: String = text.chars().filter(|c| *c != '_').collect();
        let number = plain.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        plain
            .parse()
            .ok()
            .filter(|value: &f64| number && value.is_finite())
    }
}

/// Splits `text` where its leading number ends: `("1.5", "ms")`. A sign is part of neither.
pub(crate) fn split_number(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number, unit.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_where_floats_are_not() {
        assert_eq!(Decimal::parse("0.1").unwrap().times(1_000, 1), Some(100));
        assert_eq!(
            Decimal::parse("123456789.123456789")
                .unwrap()
                .times(1_000_000_000, 1),
            Some(123_456_789_123_456_789)
        );
        assert_eq!(Decimal::parse("50_000").unwrap().times(1, 1), Some(50_000));
    }

    #[test]
    fn what_does_not_fit_or_would_vanish_is_refused() {
        assert_eq!(
            Decimal::parse("99999999999").unwrap().times(u64::MAX, 1),
            None
        );
        assert_eq!(Decimal::parse("0.0001").unwrap().times(1, 1), None);
        assert_eq!(Decimal::parse("0").unwrap().times(1, 1), Some(0));
    }

    #[test]
    fn only_plain_numbers_are_numbers() {
        for text in [
            "",
            ".",
            ".5",
            "5.",
            "1.2.3",
            "_1",
            "1_",
            "1__0",
            "-1",
            "1e3",
            &"9".repeat(25),
        ] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }
}
