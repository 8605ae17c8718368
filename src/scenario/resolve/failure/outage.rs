//! `[[outage]]`: storage or a replica of the quorum store, for a while.

use crate::scenario::cluster::Commit;
use crate::scenario::failure::{Outage, OutageKind};
use crate::scenario::key_path::KeyPath;
use crate::scenario::keys::failure as file;
use crate::scenario::keys::table::Table;
use crate::scenario::resolve::failure::required;
use crate::scenario::resolve::problems::Problems;
use crate::units::SimDuration;

/// An outage; `None` if it is not known of what.
pub(super) fn outage(
    table: &file::Outage,
    commit: Commit,
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> Option<Outage> {
    let at = required(table.at, &path.key("at"), "an outage", problems);
    let key = path.key("duration");
    if table.duration.is_none() {
        let help = "add for example `duration = \"2 min\"`";
        problems.missing(&key, "an outage without an end", help);
    }
    let duration = table.duration.unwrap_or(SimDuration::ZERO);
    if duration.is_zero() && table.duration.is_some() {
        problems.error(&key, "an outage must last longer than 0 s");
    }
    let ways = file::Outage::ALTERNATIVES[0];
    problems.said_once(path, ways, "what is away is said");
    let what = if let Some(share) = table.storage {
        if share >= 1.0 {
            problems
                .error(&path.key("storage"), "a share of 100 % is no outage")
                .help("give the share of the bandwidth that is left, such as \"0 %\"");
        }
        OutageKind::Storage { share }
    } else if let Some(replica) = table.replica {
        replica_of(replica, commit, &path.key("replica"), problems)?
    } else {
        let help =
            "add `storage = \"0 %\"` (the share of the bandwidth that is left) or `replica = 0`";
        problems.missing(&path.key("storage"), "an outage of nothing", help);
        return None;
    };
    Some(Outage { at, duration, what })
}

fn replica_of(
    replica: usize,
    commit: Commit,
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> Option<OutageKind> {
    let Commit::Quorum { replicas, .. } = commit else {
        if !problems.unreadable_within(&KeyPath::top("cluster").key("commit")) {
            problems
                .error(path, "there is no quorum store, so no replica")
                .help("add `commit = { replicas = 3 }` to [cluster]");
        }
        return None;
    };
    if replica >= replicas {
        problems
            .error(path, format!("there is no replica {replica}"))
            .help(format!(
                "there are {replicas}, counted from 0; see `cluster.commit`"
            ));
        return None;
    }
    Some(OutageKind::Replica(replica))
}
