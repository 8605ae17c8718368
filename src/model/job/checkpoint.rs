//! The coordinator's part: triggering, acks, completion, expiry (`flink-semantics` 1).

use crate::engine::Agenda;
use crate::model::coordinator::{Ack, Admission, Tolerance, Wish};
use crate::model::event::Event;
use crate::model::ids::{CheckpointId, TaskId};
use crate::model::job::{CheckpointInfo, Job, KEPT_OF_SUBTASK};
use crate::model::ledger::Promise;
use crate::model::observe::{Fact, FailureReason, Observer};
use crate::model::service::draw;
use crate::scenario::calibration::{FINALISE, NOTIFY, TRIGGER_RPC};
use crate::scenario::{Alignment, Commit, OutageKind, Trigger};
use crate::units::{SimDuration, SimTime};

impl<O: Observer> Job<O> {
    /// Somebody asks for a checkpoint or a savepoint.
    pub(super) fn request(&mut self, trigger: u32, agenda: &mut Agenda<Event>) {
        let wish = match self.scenario.triggers[trigger as usize].kind {
            Trigger::Checkpoint => Wish::Checkpoint,
            Trigger::Savepoint(format) => Wish::Savepoint(format),
        };
        if self.coordinator.is_suspended() {
            self.observer.observe(agenda.now(), &Fact::PreflightFailed);
            return;
        }
        self.coordinator.enqueue(agenda.now(), wish);
        self.look_at_queue(agenda);
    }

    /// Counts what the sources have emitted, and triggers by number of records if asked to.
    pub(super) fn count_emitted(&mut self, agenda: &mut Agenda<Event>) {
        let Some(every) = self.scenario.simulation.trigger_every_records else {
            return;
        };
        let emitted: u64 = self
            .tasks
            .iter()
            .filter(|task| task.source.is_some())
            .map(|task| task.counters.records)
            .sum();
        if emitted - self.emitted_at_trigger >= every && !self.coordinator.is_suspended() {
            self.emitted_at_trigger = emitted;
            self.coordinator.enqueue(agenda.now(), Wish::Periodic);
            self.look_at_queue(agenda);
        }
    }

    /// Admits as many requests as the rules allow.
    pub(super) fn look_at_queue(&mut self, agenda: &mut Agenda<Event>) {
        loop {
            match self.coordinator.admit(agenda.now()) {
                Admission::Nothing => return,
                Admission::Postponed { at, tick } => {
                    return agenda.at(at, Event::CheckpointDue { tick });
                }
                Admission::Trigger { id, savepoint } => {
                    self.checkpoints.push(CheckpointInfo {
                        trigger: agenda.now(),
                        savepoint,
                    });
                    self.kept += self.tasks.len() as u64 * KEPT_OF_SUBTASK;
                    self.mishaps.cuts.open(id, agenda.now());
                    self.observer.observe(
                        agenda.now(),
                        &Fact::Triggered {
                            checkpoint: id,
                            savepoint,
                        },
                    );
                    if let Some(ledger) = &mut self.ledger {
                        let options = &self.scenario.checkpointing;
                        ledger.open(id, Promise::of(options, savepoint));
                    }
                    let arrival = self.latencies.at_tasks(agenda.now(), TRIGGER_RPC);
                    agenda.at(arrival, Event::TriggerAtSources { checkpoint: id });
                    if self.scenario.checkpointing.spared != Some(u64::from(id.0)) {
                        agenda.after(
                            self.coordinator.timeout(),
                            Event::CheckpointExpired { checkpoint: id },
                        );
                    }
                    if let Alignment::AlignedThenUnaligned { after } =
                        self.scenario.checkpointing.alignment
                        && self.scenario.checkpointing.may_overtake()
                        && savepoint.is_none()
                    {
                        agenda.after(after, Event::AlignmentTimedOut { checkpoint: id });
                    }
                }
            }
        }
    }

    /// The JobManager handles an ack, once it is not busy with another checkpoint's metadata (1.7).
    pub(super) fn acknowledge(
        &mut self,
        task: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda<Event>,
    ) {
        if agenda.now() < self.locked_until {
            agenda.at(
                self.locked_until,
                Event::AckAtCoordinator { task, checkpoint },
            );
            return;
        }
        let reports = &mut self.tasks[task.index()].reports;
        let position = reports
            .iter()
            .position(|(of, _)| *of == checkpoint)
            .expect("an ack has its report");
        let (_, mut record) = reports.swap_remove(position);
        let answer = self.coordinator.on_ack(checkpoint);
        if answer == Ack::Late {
            return;
        }
        record.ack = agenda.now();
        self.observer.observe(
            agenda.now(),
            &Fact::Acknowledged {
                checkpoint,
                task,
                record,
            },
        );
        if answer == Ack::Complete {
            self.observer
                .observe(agenda.now(), &Fact::AllAcknowledged { checkpoint });
            let delay = self.latencies.draw(FINALISE)
                + self.metadata_delay()
                + self.commit_delay(agenda.now());
            self.locked_until = agenda.now() + delay;
            agenda.after(delay, Event::CheckpointDurable { checkpoint });
        }
    }

    /// How long a replica will not answer.
    fn replica_away(&self, replica: usize, now: SimTime) -> SimDuration {
        let outages = self.scenario.failures.outages.iter();
        let ends = outages
            .filter(|outage| outage.what == OutageKind::Replica(replica))
            .filter(|outage| SimTime::ZERO + outage.at <= now)
            .map(|outage| (SimTime::ZERO + outage.at + outage.duration).since(now));
        ends.max().unwrap_or(SimDuration::ZERO)
    }

    /// The pointer is durable when the k-th fastest of n replicas has answered.
    fn commit_delay(&mut self, now: SimTime) -> SimDuration {
        match self.scenario.cluster.commit {
            Commit::None => SimDuration::ZERO,
            Commit::Quorum {
                replicas,
                quorum,
                round_trip,
                law,
            } => {
                let mut answers: Vec<_> = (0..replicas)
                    .map(|replica| {
                        let answer = draw(&mut self.commit, round_trip, law);
                        answer + self.replica_away(replica, now)
                    })
                    .collect();
                answers.sort_unstable();
                answers[quorum - 1]
            }
        }
    }

    /// The checkpoint is complete: older ones are subsumed, the tasks are told.
    pub(super) fn complete_checkpoint(
        &mut self,
        checkpoint: CheckpointId,
        agenda: &mut Agenda<Event>,
    ) {
        if let Some(subsumed) = self.coordinator.on_durable(agenda.now(), checkpoint) {
            self.observer
                .observe(agenda.now(), &Fact::Completed { checkpoint });
            if let Some(ledger) = &mut self.ledger {
                ledger.complete(agenda.now(), checkpoint);
            }
            for older in subsumed {
                self.abort_checkpoint(older, FailureReason::Subsumed, agenda);
            }
            self.forget_cuts();
            // A plain savepoint sends no notification (1.4).
            if self.info(checkpoint).savepoint.is_none() {
                let arrival = self.latencies.at_tasks(agenda.now(), NOTIFY);
                agenda.at(arrival, Event::CompletionAtTasks { checkpoint });
            }
        }
        self.look_at_queue(agenda);
    }

    /// The timeout counts from the trigger; a checkpoint whose metadata is being written is not aborted any more.
    pub(super) fn expire(&mut self, checkpoint: CheckpointId, agenda: &mut Agenda<Event>) {
        if !self.coordinator.is_fully_acknowledged(checkpoint) {
            self.abort_checkpoint(checkpoint, FailureReason::Expired, agenda);
        }
    }

    /// Gives a pending checkpoint up. Nothing else happens before the caller goes on: if the job cannot tolerate it, it
    /// fails only after what is being done now ([`Job::fail_if_intolerable`]), as the JobManager, which is told by a
    /// message, would see to it.
    pub(super) fn abort_checkpoint(
        &mut self,
        checkpoint: CheckpointId,
        reason: FailureReason,
        agenda: &mut Agenda<Event>,
    ) {
        let Some(tolerance) = self.coordinator.abort(checkpoint, reason) else {
            return;
        };
        self.aborted.insert(checkpoint);
        if let Some(ledger) = &mut self.ledger {
            ledger.abort(checkpoint);
        }
        self.observer
            .observe(agenda.now(), &Fact::Failed { checkpoint, reason });
        let arrival = self.latencies.at_tasks(agenda.now(), NOTIFY);
        agenda.at(arrival, Event::AbortAtTasks { checkpoint });
        match tolerance {
            Tolerance::Tolerated => self.look_at_queue(agenda),
            Tolerance::Exceeded => self.mishaps.intolerable = true,
        }
    }

    /// The job fails if a checkpoint was given up that it cannot tolerate. Tasks go down here, with their snapshots and
    /// files: nobody may be in the middle of one.
    #[inline]
    pub(super) fn fail_if_intolerable(&mut self, agenda: &mut Agenda<Event>) {
        if std::mem::take(&mut self.mishaps.intolerable) {
            let cause = "Exceeded checkpoint tolerable failure threshold.".to_owned();
            self.fail_globally(cause, agenda);
        }
    }

    /// The job fails; what follows (restart, recovery) is not simulated: the run ends here.
    pub(super) fn fail_job(&mut self, reason: String, agenda: &mut Agenda<Event>) {
        self.failed = true;
        self.observer
            .observe(agenda.now(), &Fact::JobFailed { reason });
    }
}
