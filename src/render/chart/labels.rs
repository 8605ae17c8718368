//! Labels beside curves that must not overlap.

/// Moves positions apart so that neighbours are at least `height` from each other, as little as possible, within
/// `low..high` where they fit. The order of the result is that of the input.
pub fn apart(wanted: &[f64], height: f64, low: f64, high: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]).then(a.cmp(&b)));
    // Clusters of touching labels: (members, sum of wanted offsets of the first one).
    let mut clusters: Vec<(Vec<usize>, f64)> = Vec::new();
    for index in order {
        clusters.push((vec![index], wanted[index]));
        while clusters.len() > 1 {
            let (above, below) = (&clusters[clusters.len() - 2], &clusters[clusters.len() - 1]);
            let (first, second) = (
                start(above, height, low, high),
                start(below, height, low, high),
            );
            if first + height * above.0.len() as f64 <= second + 1e-9 {
                break;
            }
            let (members, sum) = clusters.pop().expect("there are two");
            let merged = clusters.last_mut().expect("there is one left");
            let shift = height * merged.0.len() as f64 * members.len() as f64;
            merged.1 += sum - shift;
            merged.0.extend(members);
        }
    }
    let mut result = vec![0.0; wanted.len()];
    for cluster in &clusters {
        let first = start(cluster, height, low, high);
        for (rank, &index) in cluster.0.iter().enumerate() {
            result[index] = first + height * rank as f64;
        }
    }
    result
}

/// Position of the first label of a cluster: the mean of what its members want, pushed into the range.
fn start((members, sum): &(Vec<usize>, f64), height: f64, low: f64, high: f64) -> f64 {
    let count = members.len() as f64;
    // Sum of (wanted − rank × height), maintained while merging, over the number of members.
    (sum / count).min(high - height * (count - 1.0)).max(low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn labels_that_collide_share_the_shift() {
        assert_eq!(apart(&[100.0, 100.0], 20.0, 0.0, 500.0), [90.0, 110.0]);
        assert_eq!(apart(&[300.0, 100.0], 20.0, 0.0, 500.0), [300.0, 100.0]);
        assert_eq!(
            apart(&[495.0, 500.0, 10.0], 20.0, 0.0, 500.0),
            [480.0, 500.0, 10.0]
        );
    }

    proptest! {
        #[test]
        fn labels_never_overlap_and_keep_their_order(wanted in prop::collection::vec(0.0..500.0f64, 0..12)) {
            let placed = apart(&wanted, 18.0, 0.0, 500.0);
            let mut order: Vec<usize> = (0..wanted.len()).collect();
            order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]).then(a.cmp(&b)));
            for pair in order.windows(2) {
                prop_assert!(placed[pair[1]] - placed[pair[0]] >= 18.0 - 1e-6);
            }
        }
    }
}
