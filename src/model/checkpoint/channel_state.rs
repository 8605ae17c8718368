//! Files of in-flight data that several subtasks share.
//!
//! `flink-semantics` 3.6: up to `unaligned.max-subtasks-per-channel-state-file` subtasks of a TaskManager, also of
//! different vertices, write into one file, and none of them can acknowledge before all have finished
//! (`ChannelStateWriteRequestExecutorFactory`). The file is written when its last part is known: a writer thread would
//! have begun earlier, so this is late by at most the transfer time of the earlier parts.

use crate::model::ids::{CheckpointId, TaskId};

/// Who shares a file with whom, and what has been handed in.
#[derive(Clone, Debug)]
pub struct ChannelState {
    group_of: Vec<usize>,
    groups: Vec<Vec<TaskId>>,
    /// Checkpoints in progress: group, checkpoint, parts handed in, their bytes.
    parts: Vec<(usize, CheckpointId, usize, u64)>,
}

/// A file all of whose parts are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedFile {
    /// Number of the group.
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
            group_of,
            groups,
            parts: Vec::new(),
        }
    }

    /// A task's in-flight data is complete; the file, if it was the last part.
    pub fn hand_in(
        &mut self,
        task: TaskId,
        checkpoint: CheckpointId,
        bytes: u64,
    ) -> Option<SharedFile> {
        let group = self.group_of[task.index()];
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
        Some(SharedFile { group, bytes })
    }

    /// The tasks that share a file.
    pub fn members(&self, group: usize) -> &[TaskId] {
        &self.groups[group]
    }

    /// The checkpoint was aborted: which tasks' parts will never be complete. Their snapshots must not wait.
    pub fn abort(&mut self, checkpoint: CheckpointId) {
        self.parts.retain(|part| part.1 != checkpoint);
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
}
