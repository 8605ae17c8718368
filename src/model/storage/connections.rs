//! The client's pool of connections on each TaskManager: files that find none wait in line.
//!
//! Hadoop's S3 client has `fs.s3a.connection.maximum` of them (96 in Hadoop 3.3), Presto's `s3.max-connections` (500), the AWS SDK's
//! own default is 50. A file holds its connection from the first request to the last byte, and while it waits to be asked for
//! again.

use std::collections::VecDeque;

use crate::model::storage::file::FileId;
use crate::scenario::Storage as Profile;

/// The pools of all TaskManagers.
#[derive(Debug)]
pub struct Connections {
    of: Vec<Pool>,
}

#[derive(Clone, Debug)]
struct Pool {
    free: u32,
    waiting: VecDeque<FileId>,
}

impl Connections {
    /// Those of a profile, if it limits them.
    pub fn of(profile: &Profile, taskmanagers: usize) -> Option<Self> {
        let pool = Pool {
            free: profile.connections?,
            waiting: VecDeque::new(),
        };
        Some(Connections {
            of: vec![pool; taskmanagers],
        })
    }

    /// A file wants a connection: whether there is one. Else it is in line.
    pub fn take(&mut self, file: FileId, taskmanager: usize) -> bool {
        let pool = &mut self.of[taskmanager];
        let any = pool.free > 0;
        if any {
            pool.free -= 1;
        } else {
            pool.waiting.push_back(file);
        }
        any
    }

    /// A file has ended: its connection is free.
    pub fn give_back(&mut self, taskmanager: usize) {
        self.of[taskmanager].free += 1;
    }

    /// A file is given up, wherever it stands.
    pub fn give_up(&mut self, file: FileId, taskmanager: usize) {
        let pool = &mut self.of[taskmanager];
        match pool.waiting.iter().position(|waiting| *waiting == file) {
            Some(position) => {
                pool.waiting.remove(position);
            }
            None => pool.free += 1,
        }
    }

    /// Files that have waited, and have a connection now.
    pub fn next(&mut self) -> Vec<FileId> {
        let mut next = Vec::new();
        for pool in &mut self.of {
            while pool.free > 0
                && let Some(file) = pool.waiting.pop_front()
            {
                pool.free -= 1;
                next.push(file);
            }
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_gets_what_is_given_back_in_order() {
        let profile = Profile {
            connections: Some(2),
            ..Profile::default()
        };
        let mut connections = Connections::of(&profile, 2).unwrap();
        let taken: Vec<bool> = (0..5).map(|n| connections.take(FileId(n), 0)).collect();
        assert_eq!(taken, [true, true, false, false, false]);
        assert!(connections.take(FileId(9), 1), "another TaskManager");
        assert!(connections.next().is_empty());
        connections.give_up(FileId(2), 0);
        connections.give_back(0);
        assert_eq!(connections.next(), [FileId(3)]);
        connections.give_up(FileId(0), 0);
        assert_eq!(connections.next(), [FileId(4)]);
    }
}
