//! Windows of SQL as the plan describes them: `window=[HOP(time_col=[pt], size=[10500 ms], slide=[3500 ms])]`
//! (`TimeAttributeWindowingStrategy.toSummaryString`, `CumulativeWindowSpec` and its siblings).

use std::collections::BTreeSet;

use crate::scenario::timers::Clock;
use crate::units::{SimDuration, parse};

/// A window by key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanWindow {
    /// Its length; of a session the gap that ends it.
    pub size: SimDuration,
    /// From one end to the next; of a session nothing.
    pub slide: Option<SimDuration>,
    /// What its end waits for.
    pub clock: Clock,
}

/// Columns that a vertex makes of the clock on the wall.
pub fn processing_columns(description: &str) -> impl Iterator<Item = &str> {
    let columns = description.split("PROCTIME() AS ").skip(1);
    columns.map(|behind| {
        let ends = |c: char| !c.is_alphanumeric() && c != '_';
        behind.split(ends).next().unwrap_or_default()
    })
}

/// The window that a vertex computes, if its description tells of one; `processing` are the columns of all vertices that
/// are made of the clock.
pub fn of(description: &str, processing: &BTreeSet<&str>) -> Option<PlanWindow> {
    let places = description.match_indices("window=[");
    // A table function only says which windows a record belongs to.
    let mut aggregates =
        places.filter(|(at, _)| !description[..*at].ends_with("WindowTableFunction("));
    let (at, name) = aggregates.next()?;
    let window = &description[at + name.len()..];
    let (kind, rest) = window.split_once('(')?;
    let arguments = rest
        .split_once(")]")
        .map_or(rest, |(arguments, _)| arguments);
    let length = |key: &str| {
        let (_, behind) = arguments.split_once(&format!("{key}=["))?;
        let (value, _) = behind.split_once(']')?;
        let value = parse::duration(value).ok()?;
        (!value.is_zero()).then_some(value)
    };
    let (size, slide) = match kind {
        "TUMBLE" => (length("size")?, Some(length("size")?)),
        "HOP" => (length("size")?, Some(length("slide")?)),
        "CUMULATE" => (length("max_size")?, Some(length("step")?)),
        "SESSION" => (length("gap")?, None),
        _ => return None,
    };
    let column = arguments
        .split_once("time_col=[")
        .and_then(|(_, behind)| behind.split_once(']'));
    let clock = if column.is_some_and(|(column, _)| processing.contains(column)) {
        Clock::Processing
    } else {
        Clock::Event
    };
    Some(PlanWindow { size, slide, clock })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_read_from_the_plan_of_a_sql_job() {
        let hop = "[67]:WindowAggregate(groupBy=[uid], window=[HOP(time_col=[pt], size=[10500 ms], slide=[3500 ms])], select=[uid])";
        let scan = "[65]:Calc(select=[uid, PROCTIME() AS pt])";
        let processing: BTreeSet<&str> = processing_columns(scan).collect();
        let none = BTreeSet::new();
        let window = of(hop, &processing).unwrap();
        assert_eq!(
            (window.size.as_millis(), window.clock),
            (10_500, Clock::Processing)
        );
        assert_eq!(window.slide.unwrap().as_millis(), 3500);
        assert_eq!(of(hop, &none).unwrap().clock, Clock::Event);
        let tumble = "window=[TUMBLE(time_col=[ts], size=[1 min])], select=[k]";
        assert_eq!(
            of(tumble, &none).unwrap().slide.unwrap().as_millis(),
            60_000
        );
        let session = "window=[SESSION(time_col=[ts], gap=[30 s], partition keys=[k])]";
        assert_eq!(of(session, &none).unwrap().slide, None);
    }

    #[test]
    fn what_is_no_window_is_none() {
        for text in [
            "",
            "window=[",
            "window=[HOP(size=[",
            "window=[TUMBLE(size=[0 s])]",
            "window=[X(size=[1 s])]",
        ] {
            assert_eq!(of(text, &BTreeSet::new()), None, "{text}");
        }
    }
}
