//! From an ack at the JobManager to the complete checkpoint: acks one after the other, the metadata, the commit of the pointer, the
//! notification.
//!
//! `flink-semantics` 1.7.

use crate::model::Job;
use crate::model::checkpoint::coordinator::Ack;
use crate::model::event::{Agenda, Event};
use crate::model::ids::{CheckpointId, TaskId};
use crate::model::observe::{Fact, FailureReason, Observer};
use crate::model::task::service::draw;
use crate::scenario::calibration::{FINALISE, NOTIFY};
use crate::scenario::{CheckpointStorage, Commit, Outage, OutageKind};
use crate::units::{SimDuration, SimTime};

impl<O: Observer> Job<O> {
    /// An ack reaches the JobManager, which handles one after the other.
    pub(crate) fn receive_ack(
        &mut self,
        task: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda,
    ) {
        let takes = self.scenario.cluster.jobmanager_per_ack;
        if takes.is_zero() {
            return self.acknowledge(task, checkpoint, agenda);
        }
        self.acks_until = self.acks_until.max(agenda.now()) + takes;
        agenda.at(self.acks_until, Event::AckHandled(task, checkpoint));
    }

    /// The JobManager handles an ack, once it is not busy with another checkpoint's metadata (`flink-semantics` 1.7).
    pub(crate) fn acknowledge(
        &mut self,
        task: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda,
    ) {
        let now = agenda.now();
        if now < self.locked_until {
            agenda.at(self.locked_until, Event::AckHandled(task, checkpoint));
            return;
        }
        let reports = &mut self.tasks[task].reports;
        let position = reports.iter().position(|(of, _)| *of == checkpoint);
        let (_, mut record) = reports.swap_remove(position.expect("an ack has its report"));
        let answer = self.coordinator.on_ack(checkpoint);
        if answer == Ack::Late {
            return;
        }
        record.ack = now;
        let fact = Fact::Acknowledged {
            checkpoint,
            task,
            record,
        };
        self.observer.observe(now, &fact);
        if answer == Ack::Complete {
            let fact = Fact::AllAcknowledged { checkpoint };
            self.observer.observe(now, &fact);
            let delay = self.finalization_delay(checkpoint, now);
            self.locked_until = now + delay;
            agenda.after(delay, Event::CheckpointFinalized(checkpoint));
        }
    }

    /// How long the JobManager writes the metadata, and waits for the pointer to it to be committed.
    fn finalization_delay(&mut self, checkpoint: CheckpointId, now: SimTime) -> SimDuration {
        let (info, cluster) = (self.info(checkpoint), &self.scenario.cluster);
        let handles = cluster.jobmanager_per_handle * info.handles
            + cluster.jobmanager_per_channel * info.channels;
        let storage = &self.scenario.storage;
        let metadata = match self.scenario.checkpointing.storage {
            CheckpointStorage::FileSystem => storage.open + storage.close,
            CheckpointStorage::JobManager { .. } => SimDuration::ZERO,
        };
        self.latencies.draw(FINALISE) + handles + metadata + self.commit_delay(now)
    }

    /// The pointer is committed when the k-th fastest of n replicas has answered.
    fn commit_delay(&mut self, now: SimTime) -> SimDuration {
        let Commit::Quorum {
            replicas,
            quorum,
            round_trip,
            law,
        } = self.scenario.cluster.commit
        else {
            return SimDuration::ZERO;
        };
        let mut answer = |replica| {
            let answer = draw(&mut self.commit, round_trip, law);
            answer + replica_away(&self.scenario.failures.outages, replica, now)
        };
        let mut answers: Vec<SimDuration> = (0..replicas).map(&mut answer).collect();
        answers.sort_unstable();
        answers[quorum - 1]
    }

    /// The checkpoint is complete: older ones are subsumed, the tasks are notified.
    pub(crate) fn complete_checkpoint(&mut self, checkpoint: CheckpointId, agenda: &mut Agenda) {
        let now = agenda.now();
        if let Some(subsumed) = self.coordinator.on_finalized(now, checkpoint) {
            self.observer.observe(now, &Fact::Completed { checkpoint });
            if let Some(ledger) = &mut self.ledger {
                ledger.complete(now, checkpoint);
            }
            for older in subsumed {
                self.abort_checkpoint(older, FailureReason::Subsumed, agenda);
            }
            let stops_for = self.info(checkpoint).stops_for;
            if stops_for.is_some() {
                self.coordinator.start_from(checkpoint);
            }
            self.forget_contents();
            if let Some(operation) = stops_for {
                return self.stop_with_savepoint(checkpoint, operation, agenda);
            }
            if self.operations.wait() && self.info(checkpoint).savepoint.is_none() {
                return self.restart_for_operation(agenda);
            }
            // A plain savepoint sends no notification (`flink-semantics` 1.4).
            if self.info(checkpoint).savepoint.is_none() {
                let arrival = self.latencies.at_tasks(now, NOTIFY);
                agenda.at(arrival, Event::CompletionAtTasks(checkpoint));
            }
        }
        self.trigger_requests(agenda);
    }
}

/// How long a replica will not answer.
fn replica_away(outages: &[Outage], replica: usize, now: SimTime) -> SimDuration {
    let of_it = outages
        .iter()
        .filter(|outage| outage.what == OutageKind::Replica(replica))
        .map(|outage| (SimTime::ZERO + outage.at, outage.duration));
    let ends = of_it
        .filter(|(at, _)| *at <= now)
        .map(|(at, lasts)| (at + lasts).since(now));
    ends.max().unwrap_or(SimDuration::ZERO)
}
