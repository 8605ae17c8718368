//! Files of in-flight data that several subtasks share.
//!
//! `flink-semantics` 3.6: up to `unaligned.max-subtasks-per-channel-state-file` subtasks of a TaskManager, also of
//! different vertices, write into one file, and none of them can acknowledge before all have finished
//! (`ChannelStateWriteRequestExecutorFactory`). The file is written when its last part is known: a writer thread would
//! have begun earlier, so this is late by at most the transfer time of the earlier parts.
//!
//! A writer has one checkpoint at a time. When one of its subtasks begins a newer one, what it has written of the older one
//! fails for all of them, and a subtask that comes late with an older one has no part in it any more
//! (`ChannelStateWriteRequestDispatcherImpl.handleCheckpointStartRequest`: `CHECKPOINT_DECLINED_SUBSUMED`). So concurrent
//! unaligned checkpoints decline each other.

use crate::model::Job;
use crate::model::event::Agenda;
use crate::model::ids::{CheckpointId, Table, TaskId};
use crate::model::observe::{FailureReason, Observer};
use crate::model::storage::file::{File, FileOwner};

/// Who shares a file with whom, and what has been handed in.
#[derive(Clone, Debug)]
pub struct ChannelState {
    group_of: Table<TaskId, usize>,
    groups: Vec<Vec<TaskId>>,
    /// By group: which checkpoint its writer has, and whether that file lacks parts.
    ongoing: Vec<Option<(CheckpointId, bool)>>,
    /// Checkpoints in progress: group, checkpoint, parts handed in, their bytes.
    parts: Vec<(usize, CheckpointId, usize, u64)>,
}

/// A file all of whose parts are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedFile {
    /// Which tasks share it.
    pub group: usize,
    /// Bytes of all parts.
    pub bytes: u64,
}

impl ChannelState {
    /// Groups of at most `limit` tasks, filled in order of deployment; `taskmanager_of` by task.
    pub fn new(taskmanager_of: &[usize], limit: usize) -> Self {
        let mut groups: Vec<Vec<TaskId>> = Vec::new();
        let mut open: Vec<Option<usize>> = Vec::new();
        let mut group_of = Vec::with_capacity(taskmanager_of.len());
        for (task, &taskmanager) in taskmanager_of.iter().enumerate() {
            if open.len() <= taskmanager {
                open.resize(taskmanager + 1, None);
            }
            let group = match open[taskmanager] {
                Some(group) if groups[group].len() < limit => group,
                _ => {
                    groups.push(Vec::new());
                    groups.len() - 1
                }
            };
            open[taskmanager] = Some(group);
            groups[group].push(TaskId(task as u32));
            group_of.push(group);
        }
        ChannelState {
            group_of: group_of.into(),
            ongoing: vec![None; groups.len()],
            groups,
            parts: Vec::new(),
        }
    }

    /// A task begins a checkpoint: which one its writer declines because of that, if any.
    pub fn start(&mut self, task: TaskId, checkpoint: CheckpointId) -> Option<CheckpointId> {
        let ongoing = &mut self.ongoing[self.group_of[task]];
        match *ongoing {
            Some((newer, _)) if newer > checkpoint => Some(checkpoint),
            Some((same, _)) if same == checkpoint => None,
            older => {
                *ongoing = Some((checkpoint, true));
                older.and_then(|(older, lacks_parts)| lacks_parts.then_some(older))
            }
        }
    }

    /// A task's in-flight data is complete; the file, if it was the last part.
    pub fn hand_in(
        &mut self,
        task: TaskId,
        checkpoint: CheckpointId,
        bytes: u64,
    ) -> Option<SharedFile> {
        let group = self.group_of[task];
        let position = self
            .parts
            .iter()
            .position(|part| (part.0, part.1) == (group, checkpoint))
            .unwrap_or_else(|| {
                self.parts.push((group, checkpoint, 0, 0));
                self.parts.len() - 1
            });
        let part = &mut self.parts[position];
        part.2 += 1;
        part.3 += bytes;
        if part.2 < self.groups[group].len() {
            return None;
        }
        let (group, _, _, bytes) = self.parts.swap_remove(position);
        if let Some((of, lacks_parts)) = &mut self.ongoing[group] {
            *lacks_parts &= *of != checkpoint;
        }
        Some(SharedFile { group, bytes })
    }

    /// The tasks that share a file.
    pub fn members(&self, group: usize) -> &[TaskId] {
        &self.groups[group]
    }

    /// The checkpoint was aborted: parts that will never be complete are forgotten.
    pub fn abort(&mut self, checkpoint: CheckpointId) {
        self.parts.retain(|part| part.1 != checkpoint);
    }
}

impl<O: Observer> Job<O> {
    /// The task begins to write in-flight data: its writer gives up what it has of another checkpoint.
    pub(crate) fn start_channel_state(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda,
    ) {
        if let Some(declined) = self.channel_state.start(id, checkpoint) {
            self.abort_checkpoint(declined, FailureReason::DeclinedSubsumed, agenda);
        }
    }

    /// The in-flight data of the task's snapshot is complete: the last of those who share a file writes it.
    pub(crate) fn hand_in_channel_state(
        &mut self,
        id: TaskId,
        checkpoint: CheckpointId,
        agenda: &mut Agenda,
    ) {
        let record = &mut self.snapshot_of(id, checkpoint).record;
        let persisted = record.persisted.get();
        record.unaligned |= persisted > 0;
        let Some(SharedFile { group, bytes }) =
            self.channel_state.hand_in(id, checkpoint, persisted)
        else {
            return;
        };
        if bytes <= self.scenario.checkpointing.inline_threshold.get() {
            return self.channel_state_written(group, checkpoint, agenda);
        }
        let file = File {
            owner: FileOwner::ChannelState(group, checkpoint),
            taskmanager: self.taskmanager_of[self.channel_state.members(group)[0]],
            bytes,
        };
        self.open_file(file, agenda);
    }

    /// The file is in storage, or travels in the acks.
    pub(crate) fn channel_state_written(
        &mut self,
        group: usize,
        checkpoint: CheckpointId,
        agenda: &mut Agenda,
    ) {
        for id in self.channel_state.members(group).to_vec() {
            if let Some(snapshot) = self.tasks[id].snapshots.get_mut(checkpoint) {
                snapshot.channel_state_written = true;
                self.end_async_if_done(id, checkpoint, agenda);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_shared_within_a_task_manager_only() {
        let mut state = ChannelState::new(&[0, 1, 0, 1, 0], 2);
        assert_eq!(state.hand_in(TaskId(0), CheckpointId(1), 10), None);
        assert_eq!(state.hand_in(TaskId(1), CheckpointId(1), 5), None);
        assert_eq!(
            state.hand_in(TaskId(2), CheckpointId(1), 7),
            Some(SharedFile {
                group: 0,
                bytes: 17
            })
        );
        assert_eq!(
            state.hand_in(TaskId(4), CheckpointId(1), 3),
            Some(SharedFile { group: 2, bytes: 3 })
        );
    }

    #[test]
    fn a_newer_checkpoint_takes_the_writer_from_an_older_one_whose_file_lacks_parts() {
        let mut state = ChannelState::new(&[0, 0, 1], 2);
        let [first, second, elsewhere] = [0, 1, 2].map(TaskId);
        let [older, newer, newest] = [1, 2, 3].map(CheckpointId);
        assert_eq!(state.start(first, older), None);
        assert_eq!(state.hand_in(first, older, 10), None);
        assert_eq!(state.start(elsewhere, older), None, "a writer of its own");
        assert_eq!(state.start(first, newer), Some(older));
        assert_eq!(state.start(second, older), Some(older), "too late");
        assert_eq!(state.start(second, newer), None);
        assert_eq!(state.hand_in(first, newer, 1), None);
        assert!(state.hand_in(second, newer, 1).is_some());
        assert_eq!(state.start(first, newest), None, "that file is complete");
    }
}
