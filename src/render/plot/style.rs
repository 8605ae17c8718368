//! Colours with a fixed meaning, sizes, and the font. Colours are those of Okabe and Ito (2008), which stay apart for
//! every kind of colour vision; heat maps use viridis.

/// Logical width of every picture, in pixels; the PNG has twice as many.
pub const WIDTH: u32 = 1200;
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

/// What a colour stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Paint {
    /// Text and emphasis.
    Ink,
    /// Secondary text.
    Grey,
    /// Grid lines.
    Grid,
    /// Ground.
    White,
    /// Everything computed in closed form.
    Formula,
    /// An objective and its violation.
    Objective,
    /// Aligned checkpoints, and the first series.
    Aligned,
    /// Unaligned checkpoints.
    Unaligned,
    /// Further series, from 0.
    Series(usize),
    /// Groups that are compared at a glance, from 0; beyond eight they repeat.
    Family(usize),
    /// Trigger to first barrier.
    StartDelay,
    /// First to last barrier.
    Alignment,
    /// Synchronous phase.
    Sync,
    /// Asynchronous phase.
    Async,
    /// End of the asynchronous phase to the ack.
    Ack,
    /// Failure until the JobManager knows.
    Detect,
    /// The JobManager knows until tasks are deployed.
    Restart,
    /// Tasks are deployed until all run.
    Restore,
    /// All tasks run until no more records wait than before.
    CatchUp,
    /// An objective is met.
    Met,
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

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// The main thing.
    Solid,
    /// Secondary.
    Thin,
    /// Not measured.
    Dashed,
}

const SERIES: [[u8; 3]; 5] = [
    [204, 121, 167],
    [230, 159, 0],
    [86, 180, 233],
    [0, 114, 178],
    [0, 158, 115],
];

/// Okabe and Ito without their yellow, which is lost on white, with ink and Tol's wine.
const FAMILIES: [[u8; 3]; 8] = [
    [0, 114, 178],
    [213, 94, 0],
    [0, 158, 115],
    [204, 121, 167],
    [33, 37, 41],
    [230, 159, 0],
    [86, 180, 233],
    [136, 34, 85],
];

/// Every tenth of matplotlib's viridis.
const VIRIDIS: [[u8; 3]; 11] = [
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
const HEAT: [[u8; 3]; 3] = [[241, 245, 249], [158, 202, 235], [43, 123, 186]];

const DARK_SERIES: [[u8; 3]; 5] = [
    [222, 150, 189],
    [240, 178, 50],
    [104, 190, 238],
    [77, 163, 224],
    [38, 188, 143],
];
const DARK_FAMILIES: [[u8; 3]; 8] = [
    [77, 163, 224],
    [243, 132, 62],
    [38, 188, 143],
    [222, 150, 189],
    [230, 233, 237],
    [240, 178, 50],
    [104, 190, 238],
    [216, 110, 150],
];
const DARK_HEAT: [[u8; 3]; 3] = [[38, 43, 50], [36, 92, 138], [96, 178, 240]];

impl Paint {
    /// Red, green, blue.
    pub fn rgb(self, theme: Theme) -> [u8; 3] {
        match theme {
            Theme::Light => self.light(),
            Theme::Dark => self.dark(),
        }
    }

    fn light(self) -> [u8; 3] {
        match self {
            Paint::Ink => [33, 37, 41],
            Paint::Grey => [92, 99, 106],
            Paint::Grid => [229, 232, 236],
            Paint::White => [255, 255, 255],
            Paint::Formula => [134, 142, 150],
            Paint::Objective => [213, 94, 0],
            Paint::Aligned => [0, 114, 178],
            Paint::Unaligned | Paint::Async | Paint::CatchUp | Paint::Met => [0, 158, 115],
            Paint::Series(n) => SERIES[n % SERIES.len()],
            Paint::Family(n) => FAMILIES[n % FAMILIES.len()],
            Paint::StartDelay => [184, 192, 204],
            Paint::Alignment | Paint::Restore => [86, 180, 233],
            Paint::Sync | Paint::Restart => [230, 159, 0],
            Paint::Detect => [204, 121, 167],
            Paint::Ack => [73, 80, 87],
            Paint::Viridis(level) => between(&VIRIDIS, level),
            Paint::Heat(level) => between(&HEAT, level),
        }
    }

    fn dark(self) -> [u8; 3] {
        match self {
            Paint::Ink => [230, 233, 237],
            Paint::Grey => [163, 171, 180],
            Paint::Grid => [50, 56, 64],
            Paint::White => [24, 27, 32],
            Paint::Formula => [148, 157, 167],
            Paint::Objective => [243, 132, 62],
            Paint::Aligned => [77, 163, 224],
            Paint::Unaligned | Paint::Async | Paint::CatchUp | Paint::Met => [38, 188, 143],
            Paint::Series(n) => DARK_SERIES[n % DARK_SERIES.len()],
            Paint::Family(n) => DARK_FAMILIES[n % DARK_FAMILIES.len()],
            Paint::StartDelay => [104, 114, 128],
            Paint::Alignment | Paint::Restore => [104, 190, 238],
            Paint::Sync | Paint::Restart => [240, 178, 50],
            Paint::Detect => [222, 150, 189],
            Paint::Ack => [176, 184, 193],
            Paint::Viridis(_) => self.light(),
            Paint::Heat(level) => between(&DARK_HEAT, level),
        }
    }

    /// Ground or ink, whichever is readable on this colour (WCAG relative luminance, without gamma).
    #[must_use]
    pub fn text_on(self, theme: Theme) -> Paint {
        let [r, g, b] = self.rgb(theme).map(f64::from);
        let is_dark = 0.2126 * r + 0.7152 * g + 0.0722 * b < 140.0;
        match (theme, is_dark) {
            (Theme::Light, true) | (Theme::Dark, false) => Paint::White,
            (Theme::Light, false) | (Theme::Dark, true) => Paint::Ink,
        }
    }
}

fn between(stops: &[[u8; 3]], level: f64) -> [u8; 3] {
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
        let (from, to) = (
            f64::from(stops[below][channel]),
            f64::from(stops[above][channel]),
        );
        (from + (to - from) * part).round() as u8
    })
}

impl Stroke {
    /// Width in logical pixels.
    pub fn width(self) -> f64 {
        match self {
            Stroke::Solid => 2.5,
            Stroke::Thin => 1.25,
            Stroke::Dashed => 2.0,
        }
    }

    /// Length of a dash and of a gap, where it is dashed.
    pub fn dashes(self) -> Option<(f64, f64)> {
        match self {
            Stroke::Solid | Stroke::Thin => None,
            Stroke::Dashed => Some((7.0, 5.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heat_colours_run_from_end_to_end_and_survive_nonsense() {
        let rgb = |paint: Paint| paint.rgb(Theme::Light);
        assert_eq!(rgb(Paint::Viridis(0.0)), [68, 1, 84]);
        assert_eq!(rgb(Paint::Viridis(1.0)), [253, 231, 37]);
        assert_eq!(rgb(Paint::Viridis(7.0)), [253, 231, 37]);
        assert_eq!(rgb(Paint::Heat(f64::NAN)), [241, 245, 249]);
    }

    #[test]
    fn text_is_white_on_dark_cells_only() {
        assert_eq!(Paint::Viridis(0.1).text_on(Theme::Light), Paint::White);
        assert_eq!(Paint::Viridis(0.95).text_on(Theme::Light), Paint::Ink);
        assert_eq!(Paint::Viridis(0.1).text_on(Theme::Dark), Paint::Ink);
        assert_eq!(Paint::Viridis(0.95).text_on(Theme::Dark), Paint::White);
    }

    /// Contrast of WCAG 2, from 1 to 21.
    fn contrast(a: Paint, b: Paint, theme: Theme) -> f64 {
        let luminance = |paint: Paint| {
            let [r, g, b] = paint.rgb(theme).map(|part| {
                let part = f64::from(part) / 255.0;
                if part <= 0.040_45 {
                    part / 12.92
                } else {
                    libm::pow((part + 0.055) / 1.055, 2.4)
                }
            });
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn texts_are_readable_on_both_grounds_and_marks_visible_on_the_dark_one() {
        for theme in [Theme::Light, Theme::Dark] {
            for text in [Paint::Ink, Paint::Grey] {
                assert!(
                    contrast(text, Paint::White, theme) >= 4.5,
                    "{text:?} {theme:?}"
                );
            }
        }
        let phases = [
            Paint::StartDelay,
            Paint::Alignment,
            Paint::Sync,
            Paint::Async,
            Paint::Ack,
        ];
        let others = [
            Paint::Formula,
            Paint::Objective,
            Paint::Aligned,
            Paint::Detect,
        ];
        let groups = (0..8).flat_map(|n| [Paint::Series(n), Paint::Family(n)]);
        for paint in phases.into_iter().chain(others).chain(groups) {
            let found = contrast(paint, Paint::White, Theme::Dark);
            assert!(found >= 3.0, "{paint:?}: {found:.1}");
        }
    }
}
