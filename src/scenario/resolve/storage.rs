//! `[storage]`: a profile and what overrides it.

use crate::scenario::key_path::KeyPath;
use crate::scenario::keys::read;
use crate::scenario::profiles;
use crate::scenario::resolve::problems::Problems;
use crate::scenario::storage::Storage;
use crate::scenario::tree;

/// `[storage]`; what was given is read again over the figures of its profile.
pub(super) fn storage(given: Option<&Storage>, problems: &Problems<'_>) -> Storage {
    let Some(given) = given else {
        return Storage::default();
    };
    let path = KeyPath::top("storage");
    let mut storage = profiles::of(given.profile);
    if let Some(table) = tree::get(&problems.document().table, &path) {
        read::over(&mut storage, table);
    }
    let prices = path.key("prices");
    let changed = ["per-gib-month", "per-1000-writes", "per-1000-reads"];
    let changed = changed.iter().any(|key| problems.given(&prices.key(key)));
    if changed && !problems.given(&prices.key("note")) {
        "as given in the scenario".clone_into(&mut storage.prices.note);
    }
    storage
}
