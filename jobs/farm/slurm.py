"""A film as one bash script for Slurm, which submits itself three times: plan, an array over the shots, mux.

Each waits for the one before with `afterok`. Every string of the job stands in the script once, quoted, as a
word of a bash array; nothing is ever evaluated again (no `--wrap`, no `eval`, no `sh -c`).
"""

import shlex

from jobs.farm.film_job import FarmJob
from jobs.version import VERSION

_SCRIPT = r"""#!/usr/bin/env bash
# Kinochrome {version}: {summary}
#
#   bash THIS_FILE [OPTIONS OF SBATCH]      submit plan, shots and mux; again after a failure: what is done stays done
#   LIMIT=8 bash THIS_FILE                  no more than 8 chunks at once
#   sbatch --array=3 THIS_FILE shots        one chunk alone
#
# Lines for your site (partition, account, mail) can stand here, or be given as options.
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --cpus-per-task={threads}
set -euo pipefail

name={name}
program=({program})
job=({job})
shots={shots} chunk={chunk}

case ${{1-}} in
plan | mux)
    exec "${{program[@]}}" "$1" "${{job[@]}}"
    ;;
shots)
    first=$((SLURM_ARRAY_TASK_ID * chunk))
    last=$((first + chunk < shots ? first + chunk - 1 : shots - 1))
    exec "${{program[@]}}" shots "${{job[@]}}" "--range=$first-$last"
    ;;
"" | -*) ;;
*)
    echo "$0: found '$1'; options of sbatch, or plan, shots or mux would work" >&2
    exit 2
    ;;
esac

script=$0
[[ $script == */* ]] || script=./$script
plan=$(sbatch --parsable --job-name="$name: plan"{time} "$@" "$script" plan)
array=$(sbatch --parsable --job-name="$name: shots"{time}{gres} "$@" --array="0-{last}${{LIMIT:+%$LIMIT}}" \
    --dependency="afterok:${{plan%%;*}}" --kill-on-invalid-dep=yes "$script" shots)
mux=$(sbatch --parsable --job-name="$name: mux"{time} "$@" \
    --dependency="afterok:${{array%%;*}}" --kill-on-invalid-dep=yes "$script" mux)
echo "submitted plan ${{plan%%;*}}, shots ${{array%%;*}} (chunks: {chunks}), mux ${{mux%%;*}}"
"""


def slurm_script(farm: FarmJob) -> str:
    """The script, for bash 4 and any Slurm that knows `--parsable`."""
    job = farm.command("plan")[len(farm.program) + 1 :]
    minutes = None if farm.timeout_seconds is None else -(-farm.timeout_seconds // 60)
    return _SCRIPT.format(
        version=VERSION,
        summary=f"{farm.title.removeprefix('Kinochrome ')}, shots {farm.shots}, chunks {farm.chunk_count}",
        threads=farm.threads,
        name=shlex.quote(farm.title),
        program=shlex.join(farm.program),
        job=shlex.join(job),
        shots=farm.shots,
        chunk=farm.chunk,
        chunks=farm.chunk_count,
        last=farm.chunk_count - 1,
        time="" if minutes is None else f" --time={minutes}",
        gres=f" --gres=gpu:{farm.gpus}" if farm.gpus else "",
    )
