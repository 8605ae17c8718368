//! From the trigger to the snapshot of one subtask: the barrier that it waited for last, who sent that, what that one had
//! waited for, and so on to a source.

use crate::experiment::RunResult;
use crate::experiment::explain::step::{Doing, Flight, Held, Mostly, Part, Step, Subtask};
use crate::measure::close_up::{CloseUp, Spent, Wait};
use crate::measure::{Place, SubtaskRecord};
use crate::scenario::Scenario;
use crate::units::SimTime;

/// What a path is read from.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// Its run.
    pub run: &'a RunResult,
    /// One checkpoint of it.
    pub close_up: &'a CloseUp,
    /// When that was triggered.
    pub trigger: SimTime,
}

/// A piece of the way.
struct Stretch {
    step: Step,
    from: SimTime,
    until: SimTime,
}

/// Start delay and alignment of a subtask, each with what it consists of, and what it did before its barrier left, if that took
/// time; `None` if its snapshot was not seen.
pub fn until_snapshot(sight: Sight<'_>, place: Place, record: &SubtaskRecord) -> Option<Vec<Part>> {
    let steps = sight.close_up.steps.get(&place)?;
    let (first, ready, snapshot) = (steps.first_barrier?, steps.ready?, steps.snapshot?);
    let way = way(sight, place)?;
    let start_delay = Part::of(
        Step::StartDelay,
        first.since(sight.trigger),
        clipped(&way, sight.trigger, first),
    );
    let reported = record.alignment;
    let alignment = Part::of(
        Step::Alignment { reported },
        ready.since(first),
        clipped(&way, first, ready),
    );
    let mut parts = vec![start_delay, alignment];
    parts.extend(clipped(&way, ready, snapshot));
    Some(parts)
}

/// The way from the trigger to the snapshot, in order of time.
fn way(sight: Sight<'_>, to: Place) -> Option<Vec<Stretch>> {
    let mut way = Vec::new();
    let mut place = to;
    loop {
        let steps = sight.close_up.steps.get(&place)?;
        let (snapshot, wait) = (steps.snapshot?, steps.waited.as_ref()?);
        let ready = steps.ready?;
        if ready < snapshot {
            way.push(Stretch {
                step: Step::PreBarrier {
                    subtask: Subtask::at(sight.scenario, place),
                },
                from: ready,
                until: snapshot,
            });
        }
        if wait.ended < ready {
            way.push(Stretch {
                step: Step::UntilTimeout {
                    subtask: Subtask::at(sight.scenario, place),
                },
                from: wait.ended,
                until: ready,
            });
        }
        way.push(Stretch {
            step: waited(sight, wait),
            from: wait.began,
            until: wait.ended,
        });
        let Some(from) = wait.from else {
            way.push(Stretch {
                step: Step::TriggerRpc,
                from: sight.trigger,
                until: wait.began,
            });
            way.reverse();
            return Some(way);
        };
        place = from;
    }
}

/// What of the way lies between two instants. What a barrier had behind it by then is continued, not told again.
fn clipped(way: &[Stretch], from: SimTime, until: SimTime) -> Vec<Part> {
    let mut parts = Vec::new();
    for stretch in way {
        let (begin, end) = (stretch.from.max(from), stretch.until.min(until));
        if begin >= end {
            continue;
        }
        let mut step = stretch.step.clone();
        if let Step::Flight(flight) = &mut step {
            flight.continued = stretch.from < from;
        }
        parts.push(Part::leaf(step, end.since(begin)));
    }
    parts
}

fn waited(sight: Sight<'_>, wait: &Wait) -> Step {
    let to = Subtask::at(sight.scenario, wait.to);
    let doing = doing(sight, wait.to, wait.spent);
    let Some(from) = wait.from else {
        return Step::Mailbox { source: to, doing };
    };
    let inputs = &sight.scenario.vertices[wait.to.vertex].inputs;
    let read = inputs.iter().zip(&wait.read_meanwhile);
    let read = read.filter(|(_, bytes)| **bytes > 0);
    Step::Flight(Flight {
        from: Subtask::at(sight.scenario, from),
        to,
        remote: wait.remote,
        overtakes: wait.overtakes,
        continued: false,
        bytes_ahead: wait.bytes_ahead,
        records_ahead: wait.records_ahead,
        records_meanwhile: wait.records_meanwhile,
        read_meanwhile: read
            .map(|(input, bytes)| (sight.scenario.vertex(input.from).name.clone(), *bytes))
            .collect(),
        doing,
    })
}

fn doing(sight: Sight<'_>, place: Place, spent: Spent) -> Doing {
    let whole = (spent.busy + spent.backpressured + spent.idle).as_secs_f64();
    let share = |part: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let mut doing = Doing {
        busy: share(spent.busy.as_secs_f64()),
        backpressured: share(spent.backpressured.as_secs_f64()),
        idle: share(spent.idle.as_secs_f64()),
        held_by: None,
    };
    if doing.mostly() == Mostly::Backpressured {
        doing.held_by = busiest_below(sight, place.vertex);
    }
    doing
}

/// The busiest subtask of all vertices that are reached from this one.
fn busiest_below(sight: Sight<'_>, vertex: usize) -> Option<Held> {
    let vertices = &sight.scenario.vertices;
    let mut below = vec![false; vertices.len()];
    below[vertex] = true;
    // A vertex may stand before those that it reads: as many rounds as vertices reach everything.
    for _ in 0..vertices.len() {
        for (index, vertex) in vertices.iter().enumerate() {
            below[index] |= vertex.inputs.iter().any(|input| below[input.from.0]);
        }
    }
    below[vertex] = false;
    let mut busiest: Option<(Place, f64)> = None;
    let reached = sight.run.vertices.iter().enumerate();
    for (vertex, result) in reached.filter(|(vertex, _)| below[*vertex]) {
        for (subtask, &busy) in result.busy.iter().enumerate() {
            if busiest.is_none_or(|(_, most)| busy > most) {
                busiest = Some((Place { vertex, subtask }, busy));
            }
        }
    }
    busiest.map(|(place, busy)| Held {
        subtask: Subtask::at(sight.scenario, place),
        busy,
    })
}
