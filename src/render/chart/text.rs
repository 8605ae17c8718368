//! Texts: how wide they are, and how they are cut and wrapped to fit.

use std::borrow::Cow;
use std::sync::LazyLock;

use ab_glyph::{Font, FontRef};

use crate::render::chart::area::{Area, Point};
use crate::render::chart::colour::Colour;

/// Headline.
pub const TITLE: f64 = 24.0;
/// Second line.
pub const SUBTITLE: f64 = 15.0;
/// Axis titles, tick labels and direct labels.
pub const BODY: f64 = 14.5;
/// Footer and texts inside marks; nothing is smaller.
pub const SMALL: f64 = 12.5;
/// The embedded font family.
pub const FONT: &str = "Inter";
/// Inter, regular weight (OFL-1.1, `src/render/fonts/OFL.txt`).
pub const REGULAR: &[u8] = include_bytes!("../fonts/Inter_400Regular.sub.ttf");
/// Inter, bold weight.
pub const BOLD: &[u8] = include_bytes!("../fonts/Inter_700Bold.sub.ttf");

/// Half the height of what a text covers, in pixels.
const HALF: f64 = 9.0;

/// A text in a picture.
#[derive(Clone, Debug)]
pub struct Text<'t> {
    pub words: Cow<'t, str>,
    /// Vertically the middle of small letters.
    pub at: Point,
    /// Which part of the text lies there.
    pub anchor: Anchor,
    /// Logical font size.
    pub size: f64,
    pub colour: Colour,
    pub bold: bool,
    /// Read from bottom to top.
    pub turned: bool,
}

/// Horizontal part of a text that lies at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

impl<'t> Text<'t> {
    /// A text of ordinary size, in ink, that begins at a point.
    pub fn new(words: impl Into<Cow<'t, str>>, at: Point) -> Text<'t> {
        Text {
            words: words.into(),
            at,
            anchor: Anchor::Start,
            size: BODY,
            colour: Colour::Ink,
            bold: false,
            turned: false,
        }
    }

    pub fn anchor(self, anchor: Anchor) -> Text<'t> {
        Text { anchor, ..self }
    }

    pub fn size(self, size: f64) -> Text<'t> {
        Text { size, ..self }
    }

    pub fn colour(self, colour: Colour) -> Text<'t> {
        Text { colour, ..self }
    }

    pub fn bold(self, bold: bool) -> Text<'t> {
        Text { bold, ..self }
    }

    /// Cut with `…` to at most `width` pixels.
    pub fn cut(self, width: f64) -> Text<'t> {
        let words = cut(&self.words, self.size, self.bold, width).into();
        Text { words, ..self }
    }

    /// In logical pixels.
    pub fn width(&self) -> f64 {
        text_width(&self.words, self.size, self.bold)
    }

    /// What it covers, if it is not turned.
    pub fn area(&self) -> Area {
        let width = self.width();
        let left = match self.anchor {
            Anchor::Start => self.at.0,
            Anchor::Middle => self.at.0 - width / 2.0,
            Anchor::End => self.at.0 - width,
        };
        Area::between((left, self.at.1 - HALF), (left + width, self.at.1 + HALF))
    }
}

/// Width of a text in logical pixels: the advances of its letters. Kerning makes it a little narrower.
pub fn text_width(text: &str, size: f64, bold: bool) -> f64 {
    static FONTS: LazyLock<[FontRef<'static>; 2]> = LazyLock::new(|| {
        [REGULAR, BOLD]
            .map(|bytes| FontRef::try_from_slice(bytes).expect("the embedded font is a font"))
    });
    let font = &FONTS[usize::from(bold)];
    let letters = text.chars().map(|letter| font.glyph_id(letter));
    let units: f32 = letters.map(|glyph| font.h_advance_unscaled(glyph)).sum();
    let em = font.units_per_em().expect("every font has an em");
    f64::from(units / em) * size
}

/// The text in lines of at most `width` pixels and at most `most` lines; what does not fit ends with `…`.
pub fn wrap(text: &str, size: f64, bold: bool, width: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is always a line");
        let longer = if last.is_empty() {
            word.to_owned()
        } else {
            format!("{last} {word}")
        };
        if last.is_empty() || text_width(&longer, size, bold) <= width {
            *last = longer;
        } else {
            lines.push(word.to_owned());
        }
    }
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            last.push_str(" …");
        }
    }
    lines
        .into_iter()
        .map(|line| cut(&line, size, bold, width))
        .collect()
}

/// The text, cut with `…` to at most `width` pixels.
pub fn cut(text: &str, size: f64, bold: bool, width: f64) -> String {
    // Nothing beyond a thousand characters fits any picture; measuring it would only take time.
    let mut kept: Vec<char> = text.chars().take(1000).collect();
    let short = kept.len() == text.chars().count();
    if short && text_width(text, size, bold) <= width {
        return text.to_owned();
    }
    let mut low = 0;
    let mut high = kept.len();
    while low < high {
        let middle = (low + high).div_ceil(2);
        let candidate: String = kept[..middle].iter().chain(['…'].iter()).collect();
        if text_width(&candidate, size, bold) <= width {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    kept.truncate(low);
    kept.into_iter().chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_width_is_that_of_the_letters_in_em() {
        let regular = text_width("n", 100.0, false);
        assert!((text_width("nn", 100.0, false) - 2.0 * regular).abs() < 1e-3);
        assert!(text_width("n", 100.0, true) > regular);
        assert!((text_width("n", 50.0, false) - regular / 2.0).abs() < 1e-3);
    }

    #[test]
    fn a_long_text_is_wrapped_and_then_cut() {
        let lines = wrap(
            "one two three four five six seven eight nine ten",
            15.0,
            false,
            120.0,
            2,
        );
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with('…'), "{lines:?}");
        assert_eq!(wrap("", 15.0, false, 120.0, 2), [""]);
    }

    proptest! {
        #[test]
        fn a_cut_text_fits(text in "\\PC{0,60}", width in 20.0..300.0f64) {
            prop_assert!(text_width(&cut(&text, 14.0, true, width), 14.0, true) <= width);
        }
    }
}
