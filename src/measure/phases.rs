//! Where the time of one completed checkpoint went, and what it wrote.

use crate::measure::checkpoint::{CheckpointRecord, Outcome, SubtaskRecord};
use crate::units::{Bytes, SimDuration};

/// The parts of a completed checkpoint. "Slowest subtask" is the one that acknowledged last: its phases add up to the
/// end to end duration, except for what the JobManager needs to handle the ack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phases {
    /// Trigger to last ack.
    pub end_to_end: SimDuration,
    /// Trigger to committed pointer.
    pub durable: SimDuration,
    /// Start delay of the slowest subtask.
    pub start_delay: SimDuration,
    /// Alignment of the slowest subtask, as Flink reports it: until the last barrier came, which unaligned is during its
    /// save.
    pub alignment: SimDuration,
    /// The part of it that no other phase covers: until the slowest subtask begins to save.
    pub alignment_before_save: SimDuration,
    /// Sync phase of the slowest subtask.
    pub sync: SimDuration,
    /// Async phase of the slowest subtask.
    pub r#async: SimDuration,
    /// Last ack to committed pointer.
    pub completion: SimDuration,
    /// First term of F1: trigger until the slowest subtask begins to save.
    pub until_save: SimDuration,
    /// Third term of F1: end of the slowest save to committed pointer.
    pub after_save: SimDuration,
    /// Longest sync + async of any subtask.
    pub longest_save: SimDuration,
    /// Newly persisted bytes of the whole job.
    pub checkpointed: Bytes,
    /// Full state size of the whole job.
    pub state_size: Bytes,
    /// In-flight bytes persisted by the whole job.
    pub persisted: Bytes,
    /// Subtasks whose state is part of the checkpoint.
    pub states: usize,
}

impl Phases {
    /// The parts of a checkpoint; `None` if it did not complete.
    pub fn of(checkpoint: &CheckpointRecord) -> Option<Phases> {
        let Outcome::Completed {
            latest_ack,
            durable,
        } = checkpoint.outcome
        else {
            return None;
        };
        let (_, _, slowest) = checkpoint.slowest()?;
        let durable_after = durable.since(checkpoint.trigger);
        let until_save = until_save(checkpoint, slowest);
        let subtasks = || checkpoint.acknowledged().map(|(_, _, record)| record);
        Some(Phases {
            end_to_end: latest_ack.since(checkpoint.trigger),
            durable: durable_after,
            start_delay: slowest.start_delay,
            alignment: slowest.alignment,
            alignment_before_save: until_save.saturating_sub(slowest.start_delay),
            sync: slowest.sync,
            r#async: slowest.r#async,
            completion: durable.since(latest_ack),
            until_save,
            after_save: durable_after.saturating_sub(until_save + save(slowest)),
            longest_save: subtasks().map(save).max().unwrap_or(SimDuration::ZERO),
            checkpointed: subtasks().map(|record| record.checkpointed).sum(),
            state_size: subtasks().map(|record| record.state_size).sum(),
            persisted: subtasks().map(|record| record.persisted).sum(),
            states: subtasks().count(),
        })
    }
}

fn save(record: &SubtaskRecord) -> SimDuration {
    record.sync + record.r#async
}

/// An unaligned snapshot begins before the last barrier has come, so that alignment overlaps the save; what precedes
/// the save is then what the save leaves of the time to the ack.
fn until_save(checkpoint: &CheckpointRecord, record: &SubtaskRecord) -> SimDuration {
    if record.unaligned {
        let until_ack = record.ack.since(checkpoint.trigger);
        until_ack
            .saturating_sub(save(record))
            .max(record.start_delay)
    } else {
        record.start_delay + record.alignment
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::checkpoint::CheckpointKind;
    use crate::units::SimTime;

    const MS: u64 = 1_000_000;

    fn record(ack_ms: u64, unaligned: bool) -> SubtaskRecord {
        SubtaskRecord {
            ack: SimTime::from_nanos((1_000 + ack_ms) * MS),
            start_delay: SimDuration::from_millis(10),
            alignment: SimDuration::from_millis(20),
            sync: SimDuration::from_millis(5),
            r#async: SimDuration::from_millis(ack_ms - 40),
            checkpointed: Bytes::new(100),
            state_size: Bytes::new(1_000),
            processed: Bytes::ZERO,
            persisted: Bytes::new(7),
            unaligned,
        }
    }

    fn checkpoint(unaligned: bool) -> CheckpointRecord {
        CheckpointRecord {
            id: 1,
            kind: CheckpointKind::Checkpoint,
            trigger: SimTime::from_nanos(1_000 * MS),
            outcome: Outcome::Completed {
                latest_ack: SimTime::from_nanos(1_100 * MS),
                durable: SimTime::from_nanos(1_130 * MS),
            },
            subtasks: vec![vec![Some(record(60, false)), Some(record(100, unaligned))]],
        }
    }

    #[test]
    fn the_three_terms_of_an_aligned_checkpoint_add_up_to_its_duration() {
        let phases = Phases::of(&checkpoint(false)).unwrap();
        assert_eq!(phases.end_to_end, SimDuration::from_millis(100));
        assert_eq!(phases.completion, SimDuration::from_millis(30));
        assert_eq!(phases.until_save, SimDuration::from_millis(30));
        assert_eq!(phases.longest_save, SimDuration::from_millis(65));
        assert_eq!(phases.after_save, SimDuration::from_millis(35));
        assert_eq!(phases.checkpointed, Bytes::new(200));
        assert_eq!(phases.states, 2);
    }

    #[test]
    fn alignment_of_an_unaligned_checkpoint_is_no_part_of_the_way_to_the_save() {
        let phases = Phases::of(&checkpoint(true)).unwrap();
        assert_eq!(phases.until_save, SimDuration::from_millis(35));
        assert_eq!(phases.after_save, SimDuration::from_millis(30));
    }

    #[test]
    fn an_alignment_beside_the_save_is_not_counted_twice() {
        // Start delay 10, alignment 20 as Flink reports it, save 65, ack after 100: the sum would be 95 and 5 of rest, but 5
        // of the alignment were during the save.
        let mut unaligned = checkpoint(true);
        let record = unaligned.subtasks[0][1].as_mut().unwrap();
        record.r#async = SimDuration::from_millis(70);
        let phases = Phases::of(&unaligned).unwrap();
        assert_eq!(phases.alignment, SimDuration::from_millis(20));
        assert_eq!(phases.alignment_before_save, SimDuration::from_millis(15));
        let sum = phases.start_delay + phases.alignment_before_save + phases.sync + phases.r#async;
        assert_eq!(sum, phases.end_to_end);
        let aligned = Phases::of(&checkpoint(false)).unwrap();
        assert_eq!(aligned.alignment_before_save, aligned.alignment);
    }

    #[test]
    fn a_checkpoint_that_did_not_complete_has_no_phases() {
        let mut pending = checkpoint(false);
        pending.outcome = Outcome::InProgress;
        assert_eq!(Phases::of(&pending), None);
    }
}
