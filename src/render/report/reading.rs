//! How to read each kind of picture.

/// Heading and reading of a picture, by its name with or without number.
pub fn reading(name: &str) -> (&'static str, &'static str) {
    let kind = name.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
    let kinds = [
        (
            "duration",
            "Duration over the interval",
            "End to end duration as Flink reports it, trigger to last ack; the band is the 95 % interval of the median, \
             the grey dashed curve the closed form. Beyond the diagonal a checkpoint takes longer than its interval.",
        ),
        (
            "loss",
            "Throughput loss over the interval",
            "What checkpoints take from the throughput of saturated sources, against the same run without checkpoints. \
             Where the band contains zero, the loss cannot be told from nothing.",
        ),
        (
            "knee",
            "Duration over the load",
            "How the duration grows as the busiest subtask gets busier: left of the knee more load costs little, right \
             of it barriers wait behind full buffers.",
        ),
        (
            "heatmap",
            "Two axes at once",
            "One cell per point. Compare along a row and along a column to see which of the two keys matters.",
        ),
        (
            "checkpoint",
            "The slowest checkpoint",
            "One bar per subtask, from the trigger to its ack. The longest bar decides the duration of the checkpoint, \
             and its longest colour says what to change: start delay and alignment are barriers waiting behind data, \
             sync stops processing, async is the upload.",
        ),
        (
            "failure",
            "The longest recovery",
            "From top to bottom on one time axis: what comes in against what is processed, what waits, and how late it \
             is. The job has recovered when no more waits than before the failure.",
        ),
        (
            "storage",
            "Storage over time",
            "Bytes that retained checkpoints keep alive. A file lives as long as any retained checkpoint refers to it.",
        ),
        (
            "occupancy",
            "Buffers in front of the slowest subtask",
            "One strip per channel, darker where more buffers wait; the line is a barrier from sent to processed. An \
             aligned barrier waits its turn and then blocks its channel; an unaligned one overtakes, and what it \
             overtook is persisted.",
        ),
        (
            "recommendation",
            "Which intervals meet which objective",
            "One band per objective over the interval, with the limiting value where it is missed; the last band is \
             their intersection.",
        ),
        (
            "pareto",
            "Overhead against recovery",
            "Every configuration that was tried. On the joined front one cannot be improved without worsening the \
             other; all others are worse in both.",
        ),
        (
            "cost",
            "Total cost of an interval",
            "What checkpoints take, what failures repeat, and their sum. In the shaded region any interval is as good.",
        ),
        (
            "tornado",
            "What moves the answer",
            "The recommended interval when one input is a fifth smaller or larger, largest effect first: measure that \
             input first.",
        ),
    ];
    kinds
        .into_iter()
        .find(|(prefix, _, _)| kind.starts_with(prefix))
        .map_or(("Picture", ""), |(_, heading, text)| (heading, text))
}
