//! How fast RocksDB flushes on these machines: of the subtasks of a TaskManager whose sync phase is the shortest, none has waited
//! for another one's flush.

use std::collections::BTreeMap;

use crate::recording::answers::Answers;
use crate::recording::estimate::estimated::Estimated;
use crate::scenario::calibration::ROCKSDB_FLUSH_FIXED;

/// Smaller flushes are all fixed cost.
const BYTES_MIN: f64 = 1e6;
/// Seconds per megabyte between which disks and processors lie; beyond, something else takes the time.
const PER_MB_S: (f64, f64) = (0.001, 0.03);

/// Seconds to flush a megabyte, from checkpoints after which nothing was compacted.
pub fn per_mb_s(answers: &Answers) -> Option<Estimated> {
    let known = answers.checkpoints.windows(2);
    let known = known.filter(|pair| pair[1].trigger_ms >= answers.from_ms);
    let mut figures = Vec::new();
    for pair in known {
        let [before, now] = pair else { continue };
        // By TaskManager: the shortest sync phase of a flush, and its bytes.
        let mut first: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        for (position, vertex) in answers.vertices.iter().enumerate() {
            let earlier = before.vertices.get(position).into_iter().flatten();
            let sizes: BTreeMap<usize, f64> = earlier.map(|s| (s.subtask, s.state)).collect();
            for snapshot in now.vertices.get(position).into_iter().flatten() {
                let grown = sizes
                    .get(&snapshot.subtask)
                    .map(|state| snapshot.state - state);
                let flushed = grown.is_some_and(|grown| {
                    grown > 0.0 && (grown - snapshot.checkpointed).abs() < 0.02 * grown
                });
                let subtask = vertex.subtasks.get(snapshot.subtask);
                let taskmanager = subtask.and_then(|subtask| subtask.taskmanager.as_deref());
                if !flushed || snapshot.checkpointed < BYTES_MIN {
                    continue;
                }
                let found = (snapshot.sync_ms, snapshot.checkpointed);
                let entry = first
                    .entry(taskmanager.unwrap_or_default())
                    .or_insert(found);
                if found.0 < entry.0 {
                    *entry = found;
                }
            }
        }
        let fixed_ms = ROCKSDB_FLUSH_FIXED.as_millis_f64();
        figures.extend(first.values().map(|(sync_ms, bytes)| {
            (0.001 * (sync_ms - fixed_ms) / (bytes / 1e6)).clamp(PER_MB_S.0, PER_MB_S.1)
        }));
    }
    // The fastest of them: the others have also waited for processors.
    let all = Estimated::median(
        &figures,
        "shortest sync / checkpointed_size on a TaskManager",
    )?;
    Some(Estimated {
        value: all.spread.0,
        ..all
    })
}
