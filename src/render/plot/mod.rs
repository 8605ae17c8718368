//! Pictures: each as PNG, as SVG, and as the CSV that it was drawn from.
//!
//! One file per picture: how it is called and read, and how results become a `Chart`, which is plain data. [`PICTURES`]
//! is the list of all; reports, the gallery and README follow it.

mod accuracy;
mod columns;
mod cost;
mod curve;
mod duration;
mod failure;
mod gantt;
mod headroom;
mod heatmap;
mod knee;
mod loss;
pub mod occupancy;
mod origin;
mod pareto;
mod real;
mod recommended;
mod recordings;
mod residuals;
mod role;
mod sensitivity;
mod storage;
mod strip;
#[cfg(test)]
mod tests;

pub use crate::render::plot::origin::Origin;
pub use crate::render::plot::real::real_pictures;
pub use crate::render::plot::recordings::recording_pictures;

use crate::experiment::recommend::Recommendation;
use crate::experiment::{RunResult, SweepResult};
use crate::render::chart::{self, Chart};
use crate::render::plot::recordings::Recordings;
use crate::render::sheet::Sheet;
use crate::units::SimDuration;

/// Every kind of picture, in the order of a report.
pub const PICTURES: [&Kind; 15] = [
    &duration::KIND,
    &loss::KIND,
    &knee::KIND,
    &heatmap::KIND,
    &gantt::KIND,
    &failure::KIND,
    &storage::KIND,
    &occupancy::KIND,
    &strip::KIND,
    &pareto::KIND,
    &cost::KIND,
    &sensitivity::KIND,
    &headroom::KIND,
    &accuracy::KIND,
    &residuals::KIND,
];

/// A kind of picture.
#[derive(Debug)]
pub struct Kind {
    /// Name of the file, without extension; where there are several, each adds to it.
    pub name: &'static str,
    /// Above it in a report.
    pub heading: &'static str,
    /// How to read it.
    pub caption: &'static str,
    /// Which results of the gallery show it.
    pub example: Option<Example>,
    /// How it is drawn.
    draw: Draw,
}

/// The results of which the gallery is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Example {
    /// A production job over its interval.
    Intervals,
    /// What is recommended for it.
    Recommendation,
    /// The same job loses a TaskManager.
    Failure,
    /// A skewed join.
    Join,
    /// The join over interval and skew.
    Plane,
    /// The join over its rate.
    Load,
    /// What real clusters measured, drawn by `validate`.
    Recordings,
}

/// From results to drawings; nothing if they do not have the numbers.
#[derive(Debug)]
enum Draw {
    /// With `execution.checkpointing.timeout`.
    Sweep(fn(&SweepResult, Option<SimDuration>) -> Option<Vec<Drawing>>),
    /// With the name of the job.
    Run(fn(&RunResult, &str) -> Option<Vec<Drawing>>),
    Recommendation(fn(&Recommendation) -> Option<Vec<Drawing>>),
    Recordings(fn(&Recordings) -> Vec<Drawing>),
}

/// A picture that does not know yet where it comes from.
#[derive(Debug)]
struct Drawing {
    /// What tells it from others of its kind, behind its name.
    suffix: String,
    chart: Chart,
    data: Sheet,
}

/// A picture before it is drawn, with the numbers behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// File name without extension.
    pub name: String,
    /// How it is called and read.
    pub kind: &'static Kind,
    /// What is drawn.
    pub chart: Chart,
    /// What it was drawn from.
    pub data: Sheet,
}

/// All pictures that these results give, with their origin at the foot.
fn all(footer: &str, draw: impl Fn(&Draw) -> Option<Vec<Drawing>>) -> Vec<Picture> {
    let drawn = |kind: &&'static Kind| {
        let drawings = draw(&kind.draw).unwrap_or_default();
        drawings.into_iter().map(|one| kind.picture(one, footer))
    };
    PICTURES.iter().flat_map(drawn).collect()
}

impl PartialEq for Kind {
    fn eq(&self, other: &Kind) -> bool {
        self.name == other.name
    }
}

impl Kind {
    fn picture(&'static self, drawing: Drawing, footer: &str) -> Picture {
        let mut chart = drawing.chart;
        footer.clone_into(&mut chart.footer);
        Picture {
            name: format!("{}{}", self.name, drawing.suffix),
            kind: self,
            chart,
            data: drawing.data,
        }
    }
}

impl Drawing {
    /// The only one of its kind.
    fn only(chart: Chart, data: Sheet) -> Vec<Drawing> {
        let suffix = String::new();
        vec![Drawing {
            suffix,
            chart,
            data,
        }]
    }
}

/// Every picture that the axes of a sweep allow. `timeout` is `execution.checkpointing.timeout`, drawn where it is near.
pub fn sweep_pictures(sweep: &SweepResult, timeout: Option<SimDuration>) -> Vec<Picture> {
    all(&Origin::from(sweep).footer(), |draw| match draw {
        Draw::Sweep(draw) => draw(sweep, timeout),
        _ => None,
    })
}

/// The pictures of a single run: its slowest checkpoint after warm-up by subtask; its longest recovery and its storage over
/// time, if a timeline was recorded; its queues if they were.
pub fn run_pictures(run: &RunResult, origin: &Origin) -> Vec<Picture> {
    all(&origin.footer(), |draw| match draw {
        Draw::Run(draw) => draw(run, &origin.scenario),
        _ => None,
    })
}

/// Every picture that a recommendation has the numbers for.
pub fn recommendation_pictures(found: &Recommendation) -> Vec<Picture> {
    all(&Origin::from(found).footer(), |draw| match draw {
        Draw::Recommendation(draw) => draw(found),
        _ => None,
    })
}

/// The files of a picture: `(name, content)` of SVG, PNG and CSV. The same picture gives the same bytes everywhere.
pub fn files(picture: &Picture) -> Vec<(String, Vec<u8>)> {
    let svg = svg(picture);
    let own = &picture.chart;
    let texts = [
        ("Title", own.title.as_str()),
        ("Description", own.subtitle.as_str()),
        ("Software", concat!("ckptsim ", env!("CARGO_PKG_VERSION"))),
        ("Source", own.footer.as_str()),
    ];
    let png = chart::png(&svg, &texts);
    let csv = picture.data.csv().into_bytes();
    [("svg", svg.into_bytes()), ("png", png), ("csv", csv)]
        .map(|(extension, content)| (format!("{}.{extension}", picture.name), content))
        .into()
}

/// The picture as SVG text; its letters need the embedded font.
pub fn svg(picture: &Picture) -> String {
    chart::svg(&picture.chart)
}
