//! Which subtasks an edge connects, and how many of a producer's records take each channel.
//!
//! Source: Flink's `VertexInputInfoComputationUtils` (pointwise groups) and its partitioners (shares).

use std::ops::Range;

use crate::scenario::{Exchange, Input, Scenario, VertexId};

/// One edge with the parallelism of both ends.
#[derive(Clone, Copy, Debug)]
pub struct Edge<'a> {
    /// The producing vertex.
    pub from: VertexId,
    /// How records are distributed.
    pub exchange: &'a Exchange,
    /// Parallelism of the producer.
    pub producers: usize,
    /// Parallelism of the consumer.
    pub consumers: usize,
}

impl<'a> Edge<'a> {
    /// The edge behind this input of `consumer`.
    pub fn new(scenario: &Scenario, consumer: VertexId, input: &'a Input) -> Self {
        Edge {
            from: input.from,
            exchange: &input.exchange,
            producers: scenario.vertex(input.from).parallelism,
            consumers: scenario.vertex(consumer).parallelism,
        }
    }

    /// The consumers to which this producer has a channel.
    pub fn consumers_of(&self, producer: usize) -> Range<usize> {
        let (p, q) = (self.producers, self.consumers);
        match self.exchange {
            Exchange::Hash { .. } | Exchange::Rebalance | Exchange::Broadcast => 0..q,
            Exchange::Forward => producer..producer + 1,
            Exchange::Rescale if p < q => {
                (producer * q).div_ceil(p)..((producer + 1) * q).div_ceil(p)
            }
            Exchange::Rescale => {
                let consumer = (0..q)
                    .find(|&j| self.producers_of(j).contains(&producer))
                    .unwrap_or(q - 1);
                consumer..consumer + 1
            }
        }
    }

    /// The producers from which this consumer has a channel.
    pub fn producers_of(&self, consumer: usize) -> Range<usize> {
        let (p, q) = (self.producers, self.consumers);
        match self.exchange {
            Exchange::Hash { .. } | Exchange::Rebalance | Exchange::Broadcast => 0..p,
            Exchange::Forward => consumer..consumer + 1,
            Exchange::Rescale if p < q => {
                let producer = (0..p)
                    .find(|&k| self.consumers_of(k).contains(&consumer))
                    .unwrap_or(p - 1);
                producer..producer + 1
            }
            Exchange::Rescale => consumer * p / q..(consumer + 1) * p / q,
        }
    }

    /// The share of a producer's records that takes the channel to `consumer`, given that the channel exists.
    pub fn share(&self, producer: usize, consumer: usize) -> f64 {
        match self.exchange {
            Exchange::Hash { shares } => shares[consumer],
            Exchange::Rebalance => 1.0 / self.consumers as f64,
            Exchange::Broadcast | Exchange::Forward => 1.0,
            Exchange::Rescale => 1.0 / self.consumers_of(producer).len() as f64,
        }
    }
}

/// All vertices, each after everything it reads from.
pub fn upstream_first(scenario: &Scenario) -> Vec<VertexId> {
    let mut order: Vec<VertexId> = Vec::with_capacity(scenario.vertices.len());
    while order.len() < scenario.vertices.len() {
        let before = order.len();
        for (index, vertex) in scenario.vertices.iter().enumerate() {
            let ready = vertex
                .inputs
                .iter()
                .all(|input| order.contains(&input.from));
            if ready && !order.contains(&VertexId(index)) {
                order.push(VertexId(index));
            }
        }
        assert!(
            order.len() > before,
            "the graph of a resolved scenario is acyclic"
        );
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rescale_from_two_to_five_gives_three_and_two_consumers() {
        // producer k feeds consumers ⌈k·5/2⌉ … ⌈(k+1)·5/2⌉ − 1: 0..3 and 3..5
        let edge = Edge {
            from: VertexId(0),
            exchange: &Exchange::Rescale,
            producers: 2,
            consumers: 5,
        };
        assert_eq!((edge.consumers_of(0), edge.consumers_of(1)), (0..3, 3..5));
        assert_eq!(edge.producers_of(3), 1..2);
        assert!((edge.share(1, 4) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn rescale_from_five_to_two_gathers_two_and_three_producers() {
        // consumer i reads producers ⌊i·5/2⌋ … ⌊(i+1)·5/2⌋ − 1: 0..2 and 2..5
        let edge = Edge {
            from: VertexId(0),
            exchange: &Exchange::Rescale,
            producers: 5,
            consumers: 2,
        };
        assert_eq!((edge.producers_of(0), edge.producers_of(1)), (0..2, 2..5));
        assert_eq!(edge.consumers_of(4), 1..2);
        assert!((edge.share(4, 1) - 1.0).abs() < 1e-9);
    }
}
