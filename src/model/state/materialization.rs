//! Materialisation: the inner backend of a changelog is uploaded, independent of checkpoints (`flink-semantics` 5.5).

use crate::engine::Agenda;
use crate::model::Job;
use crate::model::event::Event;
use crate::model::ids::TaskId;
use crate::model::observe::Observer;
use crate::model::state::changelog::Log;
use crate::model::storage::{File, FileOwner};
use crate::units::SimDuration;

impl<O: Observer> Job<O> {
    /// The first materialisation of a subtask comes after a deterministic part of the interval, to spread them.
    pub(crate) fn schedule_materialisation(&mut self, id: TaskId, agenda: &mut Agenda<Event>) {
        let n = self.tasks.len();
        if let Some(interval) = self.materialisation_interval()
            && self.tasks[id.index()].state.changelog_mut().is_some()
        {
            let phase = interval.scale((id.index() + 1) as f64 / n as f64);
            agenda.after(phase, Event::Materialise { task: id });
        }
    }

    fn materialisation_interval(&self) -> Option<SimDuration> {
        let changelog = self.scenario.checkpointing.changelog;
        changelog.and_then(|changelog| changelog.materialize)
    }

    /// The time has come for a subtask's inner backend.
    pub(crate) fn materialise(&mut self, id: TaskId, agenda: &mut Agenda<Event>) {
        let task = &mut self.tasks[id.index()];
        task.state
            .begin_materialisation(agenda.now(), task.counters.records);
        self.upload_materialisation(id, agenda);
    }

    /// One of its files is in storage.
    pub(crate) fn materialised_file(&mut self, id: TaskId, agenda: &mut Agenda<Event>) {
        if let Some(log) = self.tasks[id.index()].state.changelog_mut() {
            log.file_closed();
        }
        self.upload_materialisation(id, agenda);
    }

    /// Opens as many files as there are threads. The next materialisation is due an interval after the end of this one
    /// (`PeriodicMaterializationManager.scheduleNextMaterialization`).
    fn upload_materialisation(&mut self, id: TaskId, agenda: &mut Agenda<Event>) {
        let taskmanager = self.taskmanager_of[id.index()];
        while let Some(bytes) = self.tasks[id.index()]
            .state
            .changelog_mut()
            .and_then(Log::next_file)
        {
            let owner = FileOwner::Materialisation(id);
            self.open_file(
                File {
                    owner,
                    taskmanager,
                    bytes,
                },
                agenda,
            );
        }
        if self.tasks[id.index()]
            .state
            .end_materialisation_if_uploaded()
            && let Some(interval) = self.materialisation_interval()
        {
            agenda.after(interval, Event::Materialise { task: id });
        }
    }
}
