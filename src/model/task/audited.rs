//! A batch of records whose identities are known: what they give, and to whom, follows from who they are.
//!
//! With `simulation.check-consistency`; otherwise records are numbers.

use crate::model::audit::{Identity, Ledger};
use crate::model::event::Agenda;
use crate::model::ids::{ChannelId, TaskId};
use crate::model::network::Network;
use crate::model::task::Task;
use crate::scenario::Reading;

/// The ledger, and where the batch stands.
pub(super) struct Audited<'a> {
    ledger: &'a mut Ledger,
    id: TaskId,
    /// A source's offset of the next record.
    offset: u64,
    /// The input that the next record comes from, or the first one that it may come from.
    input: usize,
}

impl<'a> Audited<'a> {
    /// At the first of a batch of `records`.
    pub(super) fn new(ledger: &'a mut Ledger, id: TaskId, task: &Task, records: u32) -> Self {
        let source = task.source.as_ref();
        Audited {
            ledger,
            id,
            offset: source.map_or(0, |source| source.offset(records)),
            input: task.next_input,
        }
    }

    /// Processes the next record, and emits what it gives. What it gives beyond one record is counted as work.
    #[cold]
    pub(super) fn emit(&mut self, task: &mut Task, network: &mut Network, agenda: &mut Agenda) {
        let record = self.next(task);
        for number in 0..record.outputs(task.selectivity) {
            let given = record.output(task.vertex, number);
            for output in &mut task.outputs {
                let to = output.partitioner.choose_for(given.key());
                let channels = network.partition(output.partition).channels.clone();
                let receivers = to.map_or(channels.clone(), |to| {
                    channels.start + to..channels.start + to + 1
                });
                for channel in receivers.map(ChannelId) {
                    self.ledger.send(channel, given);
                }
                task.counters.written += output.write(network, to, agenda);
            }
            if number > 0 && !agenda.toil(1) {
                return;
            }
        }
    }

    fn next(&mut self, task: &Task) -> Identity {
        if let Some(channel) = self.next_channel(task) {
            return self.ledger.process(channel);
        }
        self.offset += 1;
        self.ledger.read(self.id, self.offset - 1)
    }

    /// The channel of the next record, in the order in which the buffers are consumed; `None` at a source.
    fn next_channel(&mut self, task: &Task) -> Option<ChannelId> {
        for _ in 0..task.inputs.len() {
            let current = &task.inputs[self.input].current;
            if task.reading == Reading::Alternating {
                self.input = task.input_after(self.input);
            }
            if let Some(current) = current {
                return Some(current.channel);
            }
        }
        None
    }
}
