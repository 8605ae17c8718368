//! `cluster.gc`: garbage collections that stop all threads of a TaskManager.
//!
//! A stop-the-world collection (every young and mixed collection of G1, every full one) holds all threads of a JVM at a safepoint:
//! tasks process nothing, snapshots do not go on, uploads get no bytes. How often and for how long depends on what user code
//! allocates and what survives, which no model of a job knows; so both are given, as the TaskManager measures them
//! (`Status.JVM.GarbageCollector.<name>.Count` and `.Time`, or its GC log), and what they do to checkpoints is simulated. From
//! one to the next it takes half to one and a half times the mean: a steady allocation fills the young generation in
//! about equal times, and no two TaskManagers keep step.
//!
//! Limits: network threads stand still with the tasks only as far as these produce and consume; a connector that waits for an
//! external system goes on; a pause is never taken for a lost TaskManager.

use crate::engine::{Stream, Streams};
use crate::model::Job;
use crate::model::event::{Agenda, Event};
use crate::model::observe::Observer;
use crate::scenario::Cluster;
use crate::scenario::cluster::Gc;

/// When the TaskManagers collect.
#[derive(Debug)]
pub struct Collections {
    gc: Gc,
    /// By TaskManager.
    streams: Vec<Stream>,
}

impl Collections {
    /// Those of a cluster, if there are any.
    pub fn of(cluster: &Cluster, taskmanagers: usize, streams: &Streams) -> Option<Self> {
        let stream = |taskmanager| streams.named(&format!("garbage of TaskManager {taskmanager}"));
        Some(Collections {
            gc: cluster.gc?,
            streams: (0..taskmanagers).map(stream).collect(),
        })
    }
}

impl<O: Observer> Job<O> {
    /// The first collections: anywhere within the mean time between two.
    pub(crate) fn schedule_collections(&mut self, agenda: &mut Agenda) {
        let Some(collections) = &mut self.collections else {
            return;
        };
        let every = collections.gc.every;
        for (taskmanager, stream) in collections.streams.iter_mut().enumerate() {
            let first = every.scale(stream.unit());
            agenda.after(first, Event::CollectionBegins(taskmanager as u32));
        }
    }

    /// The threads of a TaskManager stand still.
    pub(crate) fn begin_collection(&mut self, taskmanager: u32, agenda: &mut Agenda) {
        let Some(collections) = &mut self.collections else {
            return;
        };
        let Gc { every, pause } = collections.gc;
        let stream = &mut collections.streams[taskmanager as usize];
        let next = every.scale(0.5 + stream.unit()).max(pause);
        agenda.after(pause, Event::CollectionEnds(taskmanager));
        agenda.after(next, Event::CollectionBegins(taskmanager));
        self.stop_processors(taskmanager as usize, true, agenda);
        self.stop_transfers(taskmanager as usize, true, agenda);
    }

    /// They go on.
    pub(crate) fn end_collection(&mut self, taskmanager: u32, agenda: &mut Agenda) {
        self.stop_processors(taskmanager as usize, false, agenda);
        self.stop_transfers(taskmanager as usize, false, agenda);
    }
}
