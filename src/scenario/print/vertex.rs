//! `[[vertex]]`.

use crate::scenario::key_groups;
use crate::scenario::keys::table::Choice;
use crate::scenario::keys::vertex::{self as keys, DistributionKind, ExchangeKind};
use crate::scenario::timers::TimersTable;
use crate::scenario::{
    Dealt, Distribution, Exchange, Fires, Input, Rate, Scenario, Service, Source, State, Timers,
    Updates, Vertex, VertexKind,
};
use crate::units::print;

/// One vertex, complete.
pub(super) fn vertex(scenario: &Scenario, vertex: &Vertex) -> keys::Vertex {
    let (given, operator) = match &vertex.work {
        VertexKind::Source(given) => (Some(given), None),
        VertexKind::Operator(operator) => (None, Some(operator)),
    };
    let inputs = vertex
        .inputs
        .iter()
        .map(|given| input(scenario, vertex.key_groups, given));
    let slowed = vertex.slowness.iter().any(|factor| differs(*factor, 1.0));
    let rescaled = scenario.is_rescaled();
    keys::Vertex {
        name: Some(vertex.name.clone()),
        parallelism: Some(vertex.parallelism),
        max_parallelism: vertex.max_parallelism,
        source: given.map(source),
        inputs: operator.map(|_| inputs.collect()),
        reading: operator.map(|operator| operator.reading),
        selectivity: operator.map(|operator| operator.selectivity),
        service: Some(service(vertex.service)),
        slow: (slowed && rescaled).then(|| slow(&vertex.slowness)),
        slowness: (slowed && !rescaled).then(|| vertex.slowness.clone()),
        record: Some(vertex.record),
        state: vertex.state.map(state),
        pre_barrier: vertex.pre_barrier,
        blocking: vertex.blocking.then_some(true),
        sync_extra: vertex.sync_extra,
        window: None,
        timers: vertex.timers.map(timers),
        sink: vertex.sink.clone(),
        placement: vertex.placement.clone(),
    }
}

fn source(source: &Source) -> keys::Source {
    let mut table = keys::Source {
        arrivals: source.arrivals,
        log: Some(source.log),
        start: source.start,
        watermark_delay: source.watermark_delay,
        idle_after: source.idle_after,
        watermark_alignment: source.watermark_alignment.as_ref().map(|given| {
            keys::WatermarkAlignment {
                group: given.group.clone(),
                max_drift: Some(given.max_drift),
                update_interval: given.update_interval,
            }
        }),
        backlog: source.backlog,
        records: source.records,
        finishes: source.finishes,
        legacy: source.legacy,
        batch: source.batch,
        splits: source.splits,
        shares: (source.splits.is_none() && uneven(&source.shares)).then(|| source.shares.clone()),
        ..keys::Source::default()
    };
    match &source.rate {
        Rate::Unlimited => table.rate = Some(None),
        Rate::Constant(rate) => table.rate = Some(Some(*rate)),
        Rate::Steps { steps, period } => {
            let steps = steps.iter().map(|(at, rate)| {
                let (at, rate) = (print::written(*at), print::written_record_rate(*rate));
                format!("{at} {rate}")
            });
            table.steps = Some(steps.collect());
            table.period = *period;
        }
    }
    table
}

fn input(scenario: &Scenario, groups: usize, input: &Input) -> keys::Input {
    let words = ExchangeKind::WORDS.iter();
    let mut kinds = words.filter(|(_, word, _)| *word == input.exchange.name());
    let mut table = keys::Input {
        from: Some(scenario.vertex(input.from).name.clone()),
        exchange: kinds.next().map_or(ExchangeKind::Hash, |(kind, ..)| *kind),
        ..keys::Input::default()
    };
    if let Exchange::Hash { shares } = &input.exchange {
        let follow = |dealt: &Dealt| {
            let dealt = dealt.shares(shares.len(), groups);
            !shares.iter().zip(&dealt).any(|(a, b)| differs(*a, *b))
        };
        match input.dealt.filter(follow) {
            Some(Dealt::Hot { subtask, share }) => {
                table.skew = Some(keys::Skew {
                    subtask: subtask as u64,
                    share: Some(share),
                });
                return table;
            }
            Some(Dealt::Zipf(exponent)) => {
                table.zipf = Some(exponent);
                return table;
            }
            None => {}
        }
        let dealt = key_groups::shares(shares.len(), groups);
        let mut pairs = shares.iter().zip(&dealt);
        let given = pairs.any(|(share, dealt)| differs(*share, *dealt));
        table.shares = given.then(|| shares.clone());
    }
    table
}

/// Subtasks that are slower than others: those that come later are not.
fn slow(slowness: &[f64]) -> Vec<keys::Slow> {
    let factors = slowness.iter().enumerate();
    let slower = factors.filter(|(_, factor)| differs(**factor, 1.0));
    let slower = slower.map(|(subtask, factor)| keys::Slow {
        subtask: subtask as u64,
        factor: *factor,
    });
    slower.collect()
}

fn service(service: Service) -> keys::Service {
    let (distribution, sigma, spread) = shape(service.law);
    keys::Service {
        mean: Some(service.mean),
        distribution: (service.law != Distribution::Deterministic).then_some(distribution),
        sigma,
        cv: None,
        spread,
    }
}

/// A distribution, and its `sigma` or its `spread`.
pub(super) fn shape(law: Distribution) -> (DistributionKind, Option<f64>, Option<f64>) {
    match law {
        Distribution::Deterministic => (DistributionKind::Deterministic, None, None),
        Distribution::Exponential => (DistributionKind::Exponential, None, None),
        Distribution::Lognormal { sigma } => (DistributionKind::Lognormal, Some(sigma), None),
        Distribution::Uniform { spread } => (DistributionKind::Uniform, None, Some(spread)),
    }
}

/// Whether some subtask has another share than the first.
fn uneven(shares: &[f64]) -> bool {
    shares.iter().any(|share| differs(*share, shares[0]))
}

fn timers(timers: Timers) -> TimersTable {
    let (number, records_of) = match timers.number {
        Fires::Keys(number) => (number, None),
        Fires::Records { of, keys } => (keys, Some(of)),
    };
    TimersTable {
        every: Some(timers.every),
        offset: timers.offset,
        number: Some(number),
        records_of,
        time: timers.time,
        output: timers.output,
        buffered: timers.buffered,
        clock: timers.clock,
    }
}

fn state(state: State) -> keys::State {
    let mut table = keys::State {
        size: Some(state.size),
        entry: state.entry,
        access: Some(state.access),
        inserts_per_record: state.inserts,
        lifetime: state.expiry.map(|expiry| expiry.lifetime),
        lifetime_step: state
            .expiry
            .and_then(|expiry| (!expiry.step.is_zero()).then_some(expiry.step)),
        ..keys::State::default()
    };
    match state.updates {
        Updates::PerSecond(share) => table.dirty = Some(share),
        Updates::PerRecord(entries) => table.updates_per_record = Some(entries),
        Updates::Adds(entries) => table.adds_per_record = Some(entries),
    }
    table
}

/// Whether two numbers differ in any bit: only what is exactly the default may be left out.
fn differs(number: f64, default: f64) -> bool {
    number.to_bits() != default.to_bits()
}
