//! Files that are not of `fix ave/time`'s rows of the current, told apart by what stands above their numbers.

/// What to write in place of them.
pub(super) const INSTEAD: &str = "fix flux all ave/time 1 10 10 v_Jx v_Jy v_Jz file flux.dat";

/// What a line above the numbers says of a file that is of another kind, and what to do; none where it says nothing.
pub(super) fn kind(line: &str) -> Option<String> {
    let line = line.trim();
    let first = line.split_whitespace().next().unwrap_or("");
    let comment = line.strip_prefix('#').map(str::trim_start);
    let begins = |start: &str| comment.is_some_and(|comment| comment.starts_with(start));
    let give = |what: &str| Some(format!("{what}; give the current itself, as of {INSTEAD}"));
    if line.starts_with("ITEM:") {
        Some(
            "this is a dump, and no file of fix ave/time; give it without --current (each --current takes one file)"
                .into(),
        )
    } else if begins("Time-correlated data") || begins("Index TimeDelta Ncount") {
        give("these are correlations, of fix ave/correlate, which tell no course of the current and no error")
    } else if begins("TimeStep Number-of-rows") {
        give("these are vectors, of fix ave/time in mode vector, one below the other")
    } else if begins("Histogrammed data") || begins("Chunk-averaged data") {
        give("these are histograms or chunks, which are no series of one current")
    } else if line == "---" || first == "keywords:" {
        Some(format!(
            "this is YAML, which is not read; write text, to a file whose name does not end in .yaml or .yml, as of {INSTEAD}"
        ))
    } else if first == "Step" || line.starts_with("LAMMPS (") {
        give("this is a log, or the thermo output of one, of single steps far apart")
    } else {
        None
    }
}
