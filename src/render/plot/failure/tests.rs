//! What the picture of a failure says, in easy and in hard cases.

use insta::assert_snapshot;

use crate::render::plot::Picture;
use crate::render::plot::failure::picture;
use crate::render::plot::outline::outline;
use crate::render::plot::sample::failure::{OUTAGE, Outage, failing};
use crate::render::plot::sample::origin;

fn title(outages: &[Outage], seconds: f64) -> String {
    let run = failing(outages, seconds, 1.0);
    picture(&run, None, &origin()).unwrap().chart.title
}

/// The outline with every tenth second; all of them would fill pages.
fn said(picture: &Picture) -> String {
    outline(&picture.chart)
}

#[test]
fn a_failure_and_its_catch_up() {
    let run = failing(&[OUTAGE], 900.0, 10.0);
    let picture = picture(&run, None, &origin()).unwrap();
    assert_snapshot!(format!("{}\n{}", said(&picture), picture.data.csv()));
}
