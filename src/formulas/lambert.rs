//! Lambert's W, which turns "interval that wastes least" into a closed form.

/// The principal branch: the w ≥ −1 with w·e^w = x; `None` for x < −1/e or NaN.
///
/// Halley's iteration (Corless et al., 1996, eq. 5.9), from the series at the branch point or the logarithm.
pub fn w0(x: f64) -> Option<f64> {
    let branch = -libm::exp(-1.0);
    if x.is_nan() || x < branch - 1e-15 {
        return None;
    }
    let from_branch = (2.0 * (libm::exp(1.0) * x + 1.0).max(0.0)).sqrt();
    if from_branch < 1e-6 {
        return Some(-1.0 + from_branch);
    }
    let mut w = if x < 1.0 {
        -1.0 + from_branch - from_branch * from_branch / 3.0
    } else {
        libm::log(1.0 + x)
    };
    for _ in 0..64 {
        let e = libm::exp(w);
        let error = w * e - x;
        let step = error / (e * (w + 1.0) - (w + 2.0) * error / (2.0 * w + 2.0));
        w -= step;
        if step.abs() <= 1e-15 * w.abs().max(1e-300) {
            break;
        }
    }
    Some(w)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert!((w0(0.0).unwrap()).abs() < 1e-12);
        assert!((w0(std::f64::consts::E).unwrap() - 1.0).abs() < 1e-12);
        assert!((w0(1.0).unwrap() - 0.567_143_290_409_783_8).abs() < 1e-12);
        assert!((w0(-libm::exp(-1.0)).unwrap() + 1.0).abs() < 1e-6);
    }

    #[test]
    fn it_inverts_w_times_e_to_the_w_over_the_whole_branch() {
        for w in [-0.999, -0.9, -0.5, -0.01, 0.3, 2.0, 20.0] {
            let x = w * libm::exp(w);
            assert!((w0(x).unwrap() - w).abs() < 1e-7, "{w}");
        }
    }

    #[test]
    fn left_of_the_branch_point_there_is_nothing() {
        assert_eq!(w0(-1.0), None);
        assert_eq!(w0(f64::NAN), None);
    }
}
