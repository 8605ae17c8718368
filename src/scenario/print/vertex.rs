//! `[[vertex]]`.

use crate::scenario::print::writer::{Inline, Writer, law_keys, numbers, text};
use crate::scenario::{
    Arrivals, Exchange, Input, Law, Rate, Reading, Scenario, Service, Source, State, Updates,
    Vertex, Work,
};
use crate::units::print;

/// One vertex, complete.
pub(super) fn vertex(scenario: &Scenario, vertex: &Vertex, writer: &mut Writer) {
    writer.table("[[vertex]]");
    writer.key("name", text(&vertex.name));
    writer.key("parallelism", vertex.parallelism);
    match &vertex.work {
        Work::Source(given) => writer.key("source", source(given)),
        Work::Operator(operator) => {
            let inputs: Vec<String> = vertex
                .inputs
                .iter()
                .map(|given| input(scenario, given))
                .collect();
            writer.key("inputs", format!("[{}]", inputs.join(", ")));
            let reading = match operator.reading {
                Reading::Union => "union",
                Reading::Alternating => "alternating",
            };
            writer.key("reading", text(reading));
            writer.key("selectivity", format!("{:?}", operator.selectivity));
        }
    }
    writer.key("service", service(vertex.service));
    if vertex.slowness.iter().any(|factor| differs(*factor, 1.0)) {
        writer.key("slowness", numbers(&vertex.slowness));
    }
    writer.key("record", text(&print::written_size(vertex.record)));
    if let Some(given) = &vertex.state {
        writer.key("state", state(given));
    }
    writer.key("sync-extra", text(&print::written(vertex.sync_extra)));
    if let Some(placement) = &vertex.placement {
        writer.key("placement", format!("{placement:?}"));
    }
}

fn source(source: &Source) -> String {
    let mut table = Inline::default();
    match &source.rate {
        Rate::Unlimited => table.key("rate", text("unlimited")),
        Rate::Constant(rate) => table.key("rate", text(&print::written_record_rate(*rate))),
        Rate::Steps { steps, period } => {
            let steps = steps.iter().map(|(at, rate)| {
                text(&format!(
                    "{} {}",
                    print::written(*at),
                    print::written_record_rate(*rate)
                ))
            });
            table.key(
                "steps",
                format!("[{}]", steps.collect::<Vec<_>>().join(", ")),
            );
            if let Some(period) = period {
                table.key("period", text(&print::written(*period)));
            }
        }
    }
    let arrivals = match source.arrivals {
        Arrivals::Regular => "regular",
        Arrivals::Poisson => "poisson",
    };
    table.key("arrivals", text(arrivals));
    table.key("log", source.log);
    table.key("start", text(&print::written(source.start)));
    table.finish()
}

fn input(scenario: &Scenario, input: &Input) -> String {
    let mut table = Inline::default();
    table.key("from", text(&scenario.vertex(input.from).name));
    table.key("exchange", text(input.exchange.name()));
    if let Exchange::Hash { shares } = &input.exchange {
        let equal = 1.0 / shares.len() as f64;
        if shares.iter().any(|share| differs(*share, equal)) {
            table.key("shares", numbers(shares));
        }
    }
    table.finish()
}

fn service(service: Service) -> String {
    let mean = text(&print::written(service.mean));
    if service.law == Law::Deterministic {
        return mean;
    }
    let mut table = Inline::default();
    table.key("mean", mean);
    law_keys(service.law, &mut table);
    table.finish()
}

fn state(state: &State) -> String {
    let mut table = Inline::default();
    table.key("size", text(&print::written_size(state.size)));
    table.key("entry", text(&print::written_size(state.entry)));
    match state.updates {
        Updates::PerSecond(share) => table.key("dirty", text(&print::written_share_rate(share))),
        Updates::PerRecord(entries) => table.key("updates-per-record", format!("{entries:?}")),
        Updates::Adds(entries) => table.key("adds-per-record", format!("{entries:?}")),
    }
    table.key("access", text(&print::written(state.access)));
    table.finish()
}

/// Whether two numbers differ in any bit: only what is exactly the default may be left out.
fn differs(number: f64, default: f64) -> bool {
    number.to_bits() != default.to_bits()
}
