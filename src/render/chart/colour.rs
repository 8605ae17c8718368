//! Colours on a light and on a dark ground. They are those of Okabe and Ito (2008), which stay apart for every kind of
//! colour vision; heat maps use viridis.

/// A colour by its name; what it stands for is said by who uses it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Colour {
    /// Text and emphasis.
    Ink,
    /// Secondary text.
    Grey,
    /// Axes, and what is secondary in a panel.
    Silver,
    /// Grid lines.
    Grid,
    /// Paper.
    Ground,
    /// A pale filling.
    Pale,
    /// A dark filling.
    Slate,
    Blue,
    Vermillion,
    Green,
    Pink,
    Orange,
    Sky,
    /// Of Tol (2021), in the place of Okabe and Ito's yellow, which is lost on white.
    Wine,
    /// Viridis, 0 to 1.
    Viridis(f64),
    /// One hue from pale to full, 0 to 1.
    Heat(f64),
}

/// The ground on which colours must be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// White paper.
    Light,
    /// A dark screen: every colour keeps its hue and its meaning.
    Dark,
}

type Rgb = [u8; 3];

/// Every tenth of matplotlib's viridis.
const VIRIDIS: [Rgb; 11] = [
    [68, 1, 84],
    [72, 36, 117],
    [65, 68, 135],
    [53, 95, 141],
    [42, 120, 142],
    [33, 145, 140],
    [34, 168, 132],
    [68, 191, 112],
    [122, 209, 81],
    [189, 223, 38],
    [253, 231, 37],
];
const HEAT: [Rgb; 3] = [[241, 245, 249], [158, 202, 235], [43, 123, 186]];
const DARK_HEAT: [Rgb; 3] = [[38, 43, 50], [36, 92, 138], [96, 178, 240]];

impl Colour {
    /// Red, green, blue.
    pub fn rgb(self, theme: Theme) -> Rgb {
        let (light, dark) = self.pair();
        match theme {
            Theme::Light => light,
            Theme::Dark => dark,
        }
    }

    /// On light and on dark ground.
    fn pair(self) -> (Rgb, Rgb) {
        match self {
            Colour::Ink => ([33, 37, 41], [230, 233, 237]),
            Colour::Grey => ([92, 99, 106], [163, 171, 180]),
            Colour::Silver => ([134, 142, 150], [148, 157, 167]),
            Colour::Grid => ([229, 232, 236], [50, 56, 64]),
            Colour::Ground => ([255, 255, 255], [24, 27, 32]),
            Colour::Pale => ([184, 192, 204], [104, 114, 128]),
            Colour::Slate => ([73, 80, 87], [176, 184, 193]),
            Colour::Blue => ([0, 114, 178], [77, 163, 224]),
            Colour::Vermillion => ([213, 94, 0], [243, 132, 62]),
            Colour::Green => ([0, 158, 115], [38, 188, 143]),
            Colour::Pink => ([204, 121, 167], [222, 150, 189]),
            Colour::Orange => ([230, 159, 0], [240, 178, 50]),
            Colour::Sky => ([86, 180, 233], [104, 190, 238]),
            Colour::Wine => ([136, 34, 85], [216, 110, 150]),
            Colour::Viridis(level) => (between(&VIRIDIS, level), between(&VIRIDIS, level)),
            Colour::Heat(level) => (between(&HEAT, level), between(&DARK_HEAT, level)),
        }
    }

    /// Ground or ink, whichever is readable on this colour over the ground (WCAG relative luminance, without gamma).
    #[must_use]
    pub fn text_on(self, opacity: f64, theme: Theme) -> Colour {
        let (own, ground) = (self.rgb(theme), Colour::Ground.rgb(theme));
        let [r, g, b] = std::array::from_fn(|channel| {
            let [own, ground] = [own, ground].map(|colour| f64::from(colour[channel]));
            own * opacity + ground * (1.0 - opacity)
        });
        let is_dark = 0.2126 * r + 0.7152 * g + 0.0722 * b < 140.0;
        if is_dark == (theme == Theme::Light) {
            Colour::Ground
        } else {
            Colour::Ink
        }
    }
}

fn between(stops: &[Rgb], level: f64) -> Rgb {
    let level = if level.is_nan() {
        0.0
    } else {
        level.clamp(0.0, 1.0)
    };
    let position = level * (stops.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(stops.len() - 1);
    let part = position - below as f64;
    std::array::from_fn(|channel| {
        let [from, to] = [below, above].map(|stop| f64::from(stops[stop][channel]));
        (from + (to - from) * part).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heat_colours_run_from_end_to_end_and_survive_nonsense() {
        let rgb = |colour: Colour| colour.rgb(Theme::Light);
        assert_eq!(rgb(Colour::Viridis(0.0)), [68, 1, 84]);
        assert_eq!(rgb(Colour::Viridis(1.0)), [253, 231, 37]);
        assert_eq!(rgb(Colour::Viridis(7.0)), [253, 231, 37]);
        assert_eq!(rgb(Colour::Heat(f64::NAN)), [241, 245, 249]);
    }

    #[test]
    fn text_is_white_on_dark_cells_only() {
        assert_eq!(
            Colour::Viridis(0.1).text_on(1.0, Theme::Light),
            Colour::Ground
        );
        assert_eq!(
            Colour::Viridis(0.95).text_on(1.0, Theme::Light),
            Colour::Ink
        );
        assert_eq!(Colour::Viridis(0.1).text_on(1.0, Theme::Dark), Colour::Ink);
        assert_eq!(
            Colour::Viridis(0.95).text_on(1.0, Theme::Dark),
            Colour::Ground
        );
        // It was white on pale green.
        assert_eq!(Colour::Green.text_on(1.0, Theme::Light), Colour::Ground);
        assert_eq!(Colour::Green.text_on(0.6, Theme::Light), Colour::Ink);
    }

    /// Contrast of WCAG 2 with the ground, from 1 to 21.
    fn contrast(colour: Colour, theme: Theme) -> f64 {
        let luminance = |colour: Colour| {
            let [r, g, b] = colour.rgb(theme).map(|part| {
                let part = f64::from(part) / 255.0;
                if part <= 0.040_45 {
                    part / 12.92
                } else {
                    libm::pow((part + 0.055) / 1.055, 2.4)
                }
            });
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (a, b) = (luminance(colour), luminance(Colour::Ground));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn texts_are_readable_on_both_grounds_and_marks_visible_on_the_dark_one() {
        use Colour::{
            Blue, Green, Grey, Ink, Orange, Pale, Pink, Silver, Sky, Slate, Vermillion, Wine,
        };
        for theme in [Theme::Light, Theme::Dark] {
            for text in [Ink, Grey] {
                assert!(contrast(text, theme) >= 4.5, "{text:?} {theme:?}");
            }
        }
        let marks = [
            Silver, Pale, Slate, Blue, Vermillion, Green, Pink, Orange, Sky, Wine,
        ];
        for colour in marks {
            let found = contrast(colour, Theme::Dark);
            assert!(found >= 3.0, "{colour:?}: {found:.1}");
        }
    }
}
