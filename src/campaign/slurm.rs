//! A campaign as a job array of Slurm.

use std::path::Path;

/// What a script needs to know.
pub struct SlurmJob<'a> {
    pub program: &'a Path,
    pub campaign: &'a Path,
    pub output: &'a Path,
    pub systems: Vec<&'a str>,
    pub ranks: usize,
    /// Further options, as they were given.
    pub options: Vec<String>,
}

/// A script that submits itself: one task for each system, and a last job that collects.
///
/// `sh FILE` submits both; `sbatch` runs the same file as a task of the array.
pub fn script(job: &SlurmJob) -> String {
    let mut call = vec![quoted(&job.program.display().to_string()), "simulate".into()];
    call.push(quoted(&job.campaign.display().to_string()));
    call.extend(["--output".into(), quoted(&job.output.display().to_string())]);
    call.extend(job.options.iter().map(|option| quoted(option)));
    let call = call.join(" ");
    let systems: Vec<String> = job.systems.iter().map(|name| quoted(name)).collect();
    format!(
        "#!/bin/bash\n\
         #SBATCH --job-name=ionscape\n\
         #SBATCH --ntasks={ranks}\n\
         #SBATCH --requeue\n\
         # Run this with bash: it submits a task for each system, then a job that collects their data set.\n\
         # A task that was cut off goes on where it was when it is submitted again.\n\
         set -eu\n\
         systems=({systems})\n\
         if [ -n \"${{SLURM_ARRAY_TASK_ID:-}}\" ]; then\n  \
           exec {call} --system \"${{systems[$SLURM_ARRAY_TASK_ID]}}\"\n\
         fi\n\
         array=$(sbatch --parsable --array=0-{last} \"$0\")\n\
         sbatch --job-name=ionscape-collect --ntasks=1 --dependency=afterany:\"${{array%%;*}}\" --wrap {collect}\n",
        ranks = job.ranks,
        systems = systems.join(" "),
        last = job.systems.len().saturating_sub(1),
        collect = quoted(&format!("{call} --collect")),
    )
}

/// For a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
