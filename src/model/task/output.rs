//! Where a task's records go: who gets which (Flink: `StreamPartitioner`), and how they are written.

use crate::engine::Stream;
use crate::model::event::Agenda;
use crate::model::ids::PartitionId;
use crate::model::network::Network;
use crate::scenario::{Exchange, KeyDraw};

/// Bytes of one record that are as much work as an event: those of a buffer of Flink's default size.
const BYTES_PER_EVENT: u32 = 32 * 1024;

/// One output edge of a task (`RecordWriter`).
#[derive(Debug)]
pub struct TaskOutput {
    /// Its pool and subpartitions.
    pub partition: PartitionId,
    /// Who gets which record.
    pub partitioner: Partitioner,
    /// Bytes of a record on the wire.
    pub record_bytes: u32,
    /// Buffer timeout 0: every record is handed over at once.
    pub flush_every_record: bool,
    /// Unaligned barriers may overtake here.
    pub supports_unaligned: bool,
}

impl TaskOutput {
    /// Writes a record to one consumer, or to all (`None`). Returns to how many. What a record fills beyond one buffer is
    /// counted as work: it may fill any number.
    #[inline]
    pub fn write(&self, network: &mut Network, to: Option<u32>, agenda: &mut Agenda) -> u64 {
        let now = agenda.now();
        if self.record_bytes >= BYTES_PER_EVENT {
            agenda.toil(u64::from(self.record_bytes / BYTES_PER_EVENT));
        }
        if let Some(to) = to {
            network.write(now, self.partition, to, self.record_bytes);
            if self.flush_every_record {
                network.flush_channel(now, self.partition, to);
            }
            return 1;
        }
        network.write_to_all(now, self.partition, self.record_bytes);
        if self.flush_every_record {
            network.flush(now, self.partition);
        }
        network.partition(self.partition).channels.len() as u64
    }
}

/// Whether a task may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// A free segment, and no subpartition at its limit, on every output.
    Available,
    /// Not so: mails still run (soft backpressure).
    Unavailable,
    /// Inside a record with the overdraft used up (hard backpressure).
    Stuck,
}

/// Whether a task with these outputs may write.
#[inline]
pub fn output(outputs: &[TaskOutput], network: &Network) -> Output {
    let mut outputs = outputs.iter().map(|output| output.partition);
    if outputs.clone().all(|output| network.available(output)) {
        Output::Available
    } else if outputs.any(|output| network.hard_blocked(output)) {
        Output::Stuck
    } else {
        Output::Unavailable
    }
}

/// Emits the whole records of what is `owed`, on every output, and counts them.
#[inline]
pub fn give(
    outputs: &mut [TaskOutput],
    written: &mut u64,
    owed: &mut f64,
    network: &mut Network,
    agenda: &mut Agenda,
) {
    while *owed >= 1.0 - 1e-9 {
        *owed -= 1.0;
        for output in &mut *outputs {
            let to = output.partitioner.choose();
            *written += output.write(network, to, agenda);
        }
        if *owed >= 1.0 - 1e-9 && !agenda.toil(1) {
            *owed = 0.0;
        }
    }
}

/// The key of a record whose identity is known: 64 bits that look random.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub u64);

impl Key {
    /// Uniform on {0, …, n − 1}, from the upper half.
    fn below(self, n: u32) -> u32 {
        (((self.0 >> 32) * u64::from(n)) >> 32) as u32
    }

    /// Uniform on [0, 1), from the lower half.
    fn unit(self) -> f64 {
        (self.0 & 0xffff_ffff) as f64 / 4_294_967_296.0
    }
}

/// Chooses the subpartition of every record (Flink: `StreamPartitioner.selectChannel`).
#[derive(Debug)]
pub enum Partitioner {
    /// Independent keys, all consumers alike.
    Uniform {
        /// Number of subpartitions.
        n: u32,
        /// Draws the keys.
        stream: Stream,
    },
    /// Independent keys with given shares: Walker's alias table, one draw per record.
    Weighted {
        /// By column: probability to keep the column, and the other choice.
        alias: Vec<(f64, u32)>,
        /// Draws the keys.
        stream: Stream,
    },
    /// Exact shares in a fixed rotation (smooth weighted round robin).
    Even {
        /// Share of each subpartition.
        shares: Vec<f64>,
        /// What each subpartition is owed.
        owed: Vec<f64>,
    },
    /// One after the other.
    RoundRobin {
        /// Number of subpartitions.
        n: u32,
        /// The one whose turn it is.
        next: u32,
    },
    /// Every record goes to all subpartitions.
    Broadcast,
}

impl Partitioner {
    /// The partitioner of an exchange towards `n` subpartitions; `first` is where a rotation begins.
    pub fn new(exchange: &Exchange, keys: KeyDraw, n: u32, first: u32, stream: Stream) -> Self {
        match exchange {
            Exchange::Hash { shares } => match keys {
                KeyDraw::Even => Partitioner::Even {
                    shares: shares.clone(),
                    owed: vec![0.0; shares.len()],
                },
                KeyDraw::Random if shares.iter().all(|share| (share - shares[0]).abs() < 1e-12) => {
                    Partitioner::Uniform { n, stream }
                }
                KeyDraw::Random => Partitioner::Weighted {
                    alias: alias_table(shares),
                    stream,
                },
            },
            Exchange::Rebalance | Exchange::Rescale => {
                Partitioner::RoundRobin { n, next: first % n }
            }
            Exchange::Forward => Partitioner::RoundRobin { n: 1, next: 0 },
            Exchange::Broadcast => Partitioner::Broadcast,
        }
    }

    /// The subpartition of the next record; `None` = all.
    #[inline]
    pub fn choose(&mut self) -> Option<u32> {
        match self {
            Partitioner::Uniform { n, stream } => Some(stream.below(*n)),
            Partitioner::Weighted { alias, stream } => {
                let column = stream.below(alias.len() as u32);
                let (keep, other) = alias[column as usize];
                Some(if stream.unit() < keep { column } else { other })
            }
            Partitioner::Even { shares, owed } => {
                let mut most = 0;
                for i in 0..owed.len() {
                    owed[i] += shares[i];
                    if owed[i] > owed[most] {
                        most = i;
                    }
                }
                owed[most] -= 1.0;
                Some(most as u32)
            }
            Partitioner::RoundRobin { n, next } => {
                let chosen = *next;
                *next = if chosen + 1 == *n { 0 } else { chosen + 1 };
                Some(chosen)
            }
            Partitioner::Broadcast => None,
        }
    }

    /// The subpartition of a record with this key: a hash exchange gives the same one for the same key, by its shares;
    /// the others do not look at it.
    pub fn choose_for(&mut self, key: Key) -> Option<u32> {
        match self {
            Partitioner::Uniform { n, .. } => Some(key.below(*n)),
            Partitioner::Weighted { alias, .. } => {
                let column = key.below(alias.len() as u32);
                let (keep, other) = alias[column as usize];
                Some(if key.unit() < keep { column } else { other })
            }
            Partitioner::Even { shares, .. } => {
                let mut left = key.unit();
                let within = |share: &f64| {
                    left -= share;
                    left < 0.0
                };
                let chosen = shares.iter().position(within);
                Some(chosen.unwrap_or(shares.len() - 1) as u32)
            }
            Partitioner::RoundRobin { .. } | Partitioner::Broadcast => self.choose(),
        }
    }
}

/// Walker's alias table (Vose 1991) of shares that sum to 1.
fn alias_table(shares: &[f64]) -> Vec<(f64, u32)> {
    let n = shares.len();
    let mut scaled: Vec<f64> = shares.iter().map(|share| share * n as f64).collect();
    let mut table: Vec<(f64, u32)> = (0..n).map(|i| (1.0, i as u32)).collect();
    let (mut small, mut large): (Vec<usize>, Vec<usize>) = (0..n).partition(|&i| scaled[i] < 1.0);
    while let (Some(less), Some(&more)) = (small.pop(), large.last()) {
        table[less] = (scaled[less], more as u32);
        scaled[more] -= 1.0 - scaled[less];
        if scaled[more] < 1.0 {
            large.pop();
            small.push(more);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Streams;

    fn shares_drawn(shares: &[f64], keys: KeyDraw, n: usize) -> Vec<f64> {
        let stream = Streams::new(1, 0).named("keys");
        let exchange = Exchange::Hash {
            shares: shares.to_vec(),
        };
        let mut partitioner = Partitioner::new(&exchange, keys, shares.len() as u32, 0, stream);
        let mut counts = vec![0.0; shares.len()];
        for _ in 0..n {
            counts[partitioner.choose().unwrap() as usize] += 1.0 / n as f64;
        }
        counts
    }

    #[test]
    fn weighted_keys_fall_by_their_shares() {
        for (drawn, share) in shares_drawn(&[0.5, 0.1, 0.3, 0.1], KeyDraw::Random, 100_000)
            .iter()
            .zip([0.5, 0.1, 0.3, 0.1])
        {
            assert!((drawn - share).abs() < 0.006, "{drawn} for {share}");
        }
    }

    #[test]
    fn a_known_key_always_falls_on_the_same_consumer_and_all_of_them_by_their_shares() {
        let shares = [0.5, 0.1, 0.3, 0.1];
        for (keys, shares) in [
            (KeyDraw::Random, shares),
            (KeyDraw::Even, shares),
            (KeyDraw::Random, [0.25; 4]),
        ] {
            let exchange = Exchange::Hash {
                shares: shares.to_vec(),
            };
            let mut stream = Streams::new(1, 0).named("keys");
            let mut partitioner = Partitioner::new(&exchange, keys, 4, 0, stream.clone());
            let mut counts = [0; 4];
            for _ in 0..100_000 {
                let key = Key(
                    u64::from(stream.below(u32::MAX)) << 32 | u64::from(stream.below(u32::MAX))
                );
                let chosen = partitioner.choose_for(key).unwrap();
                assert_eq!(partitioner.choose_for(key), Some(chosen));
                counts[chosen as usize] += 1;
            }
            for (count, share) in counts.iter().zip(shares) {
                let drawn = f64::from(*count) / 100_000.0;
                assert!((drawn - share).abs() < 0.006, "{drawn} for {share}");
            }
        }
    }

    #[test]
    fn even_keys_are_exact_after_every_round() {
        assert_eq!(
            shares_drawn(&[0.5, 0.25, 0.25], KeyDraw::Even, 4),
            [0.5, 0.25, 0.25]
        );
    }
}
