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

impl Paint {
    /// Red, green, blue.
    pub fn rgb(self) -> [u8; 3] {
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

    /// White or ink, whichever is readable on this colour (WCAG relative luminance, without gamma).
    #[must_use]
    pub fn text_on(self) -> Paint {
        let [r, g, b] = self.rgb().map(f64::from);
        if 0.2126 * r + 0.7152 * g + 0.0722 * b < 140.0 {
            Paint::White
        } else {
            Paint::Ink
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
        assert_eq!(Paint::Viridis(0.0).rgb(), [68, 1, 84]);
        assert_eq!(Paint::Viridis(1.0).rgb(), [253, 231, 37]);
        assert_eq!(Paint::Viridis(7.0).rgb(), [253, 231, 37]);
        assert_eq!(Paint::Heat(f64::NAN).rgb(), [241, 245, 249]);
    }

    #[test]
    fn text_is_white_on_dark_cells_only() {
        assert_eq!(Paint::Viridis(0.1).text_on(), Paint::White);
        assert_eq!(Paint::Viridis(0.95).text_on(), Paint::Ink);
    }
}
