//! What a judge's figures would be if it made no mistakes of the known kind.

/// A rate corrected for a judge's misses and false alarms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CorrectedRate {
    /// May fall out of 0..=1 where the sample is small.
    pub rate: f64,
    /// Sensitivity + specificity − 1.
    pub youden: f64,
    /// How many times more cases it takes to know the rate as well as a flawless judge would: 1/J².
    pub sample_inflation: f64,
}

/// (apparent + specificity − 1) / (sensitivity + specificity − 1) (Rogan and Gladen 1978). `None` if the judge is no
/// better than chance, J ≤ 0.
pub fn rogan_gladen(apparent: f64, sensitivity: f64, specificity: f64) -> Option<CorrectedRate> {
    let youden = sensitivity + specificity - 1.0;
    let rate = (apparent + specificity - 1.0) / youden;
    (youden > 0.0).then(|| CorrectedRate { rate, youden, sample_inflation: 1.0 / (youden * youden) })
}

/// A distribution over −1, 0, 1 corrected by the judge's confusion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CorrectedShares {
    /// As solved; a share may fall out of 0..=1 where the sample is small.
    pub raw: [f64; 3],
    /// Clipped at 0 and scaled to sum to 1.
    pub shares: [f64; 3],
    /// Mean score of `shares`.
    pub mean: f64,
}

/// Solves Mᵀ·p = q: `rows[h][j]` is P(judge = j | human = h), `judged` the judge's shares, both in the order −1, 0, 1.
/// `None` if the judge does not tell the classes apart (M is singular), or nothing is left after clipping.
pub fn misclassification(rows: &[[f64; 3]; 3], judged: &[f64; 3]) -> Option<CorrectedShares> {
    let transposed = [0, 1, 2].map(|judge| [0, 1, 2].map(|human| rows[human][judge]));
    let scale = determinant(&transposed);
    if !(scale.abs() > 1e-12) {
        return None;
    }
    // Cramer's rule
    let raw = [0, 1, 2].map(|column| {
        let mut replaced = transposed;
        replaced.iter_mut().zip(judged).for_each(|(row, share)| row[column] = *share);
        determinant(&replaced) / scale
    });
    let clipped = raw.map(|share| share.max(0.0));
    let total: f64 = clipped.iter().sum();
    let shares = clipped.map(|share| share / total);
    (total > 0.0).then(|| CorrectedShares { raw, shares, mean: shares[2] - shares[0] })
}

fn determinant(m: &[[f64; 3]; 3]) -> f64 {
    m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_judge_by_chance_corrects_nothing() {
        assert_eq!(rogan_gladen(0.2, 0.5, 0.5), None);
        assert_eq!(misclassification(&[[0.2, 0.3, 0.5]; 3], &[0.2, 0.3, 0.5]), None);
    }

    #[test]
    fn a_flawless_judge_is_believed() {
        let flawless = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        assert_eq!(misclassification(&flawless, &[0.25, 0.25, 0.5]).unwrap().shares, [0.25, 0.25, 0.5]);
        assert_eq!(rogan_gladen(0.2, 1.0, 1.0).unwrap().sample_inflation, 1.0);
    }
}
