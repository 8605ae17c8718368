//! Pictures: each as PNG, as SVG, and as the CSV that it was drawn from.
//!
//! One file per picture turns results into a [`Chart`], which is plain data; `figure` puts it on paper, `canvas` is the
//! only caller of plotters, `raster` makes the PNG.

pub mod accuracy;
mod axes;
mod callout;
pub mod canvas;
pub mod chart;
pub mod clip;
mod dots;
pub mod duration;
pub mod failure;
pub mod figure;
mod flags;
pub mod gantt;
pub mod grid;
pub mod heatmap;
pub mod knee;
mod labels;
pub mod loss;
mod marks;
pub mod occupancy;
mod origin;
#[cfg(test)]
mod outline;
mod raster;
pub mod recommendation;
#[cfg(test)]
pub(in crate::render) mod sample;
pub mod span;
pub mod spots;
pub mod storage;
pub mod style;
#[cfg(test)]
mod tests;
pub mod tick_label;
pub mod ticks;

pub use crate::render::plot::origin::Origin;

use crate::experiment::{RunResult, SweepResult};
use crate::render::plot::chart::Chart;
use crate::render::sheet::Sheet;
use crate::units::SimDuration;

/// A picture before it is drawn, with the numbers behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// File name without extension.
    pub name: String,
    /// What is drawn.
    pub chart: Chart,
    /// What it was drawn from.
    pub data: Sheet,
}

/// The files of a picture: `(name, content)` of SVG, PNG and CSV. The same picture gives the same bytes everywhere.
pub fn files(picture: &Picture) -> Vec<(String, Vec<u8>)> {
    let svg = svg(picture);
    let texts = [
        ("Title", picture.chart.title.as_str()),
        ("Description", picture.chart.subtitle.as_str()),
        ("Software", concat!("ckptsim ", env!("CARGO_PKG_VERSION"))),
        ("Source", picture.chart.footer.as_str()),
    ];
    let png = raster::png(&svg, &texts);
    vec![
        (format!("{}.svg", picture.name), svg.into_bytes()),
        (format!("{}.png", picture.name), png),
        (
            format!("{}.csv", picture.name),
            picture.data.csv().into_bytes(),
        ),
    ]
}

/// The picture as SVG text; its letters need the font [`style::FONT`].
pub fn svg(picture: &Picture) -> String {
    figure::file(&picture.chart)
}

/// Every picture that the axes of a sweep allow: over the interval its duration and its loss, over a rate the knee,
/// over two axes a heat map. `timeout` is `execution.checkpointing.timeout`, drawn where it is near.
pub fn sweep_pictures(sweep: &SweepResult, timeout: Option<SimDuration>) -> Vec<Picture> {
    let mut pictures: Vec<Picture> = Vec::new();
    pictures.extend(duration::picture(sweep, timeout));
    pictures.extend(loss::picture(sweep));
    pictures.extend(knee::picture(sweep));
    pictures.extend(heatmap::pictures(sweep));
    pictures
}

/// The pictures of a single run: its slowest checkpoint after warm-up by subtask; its longest recovery and its storage over
/// time, if a timeline was recorded; its queues if they were.
pub fn run_pictures(run: &RunResult, origin: &Origin) -> Vec<Picture> {
    let mut pictures: Vec<Picture> = Vec::new();
    pictures.extend(gantt::slowest(run).and_then(|id| gantt::picture(run, id, origin)));
    pictures.extend(failure::picture(run, None, origin));
    pictures.extend(storage::picture(run, origin));
    if let Some(occupancy) = &run.occupancy {
        pictures.extend(occupancy::picture(&[("", occupancy)], origin));
    }
    pictures
}
