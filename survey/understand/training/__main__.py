"""`make book`: check the recipe on authors it has not read, and train on all of them.

The two trainings know nothing of each other and take one core each, so they run side by side.
"""

import argparse

from survey.understand.trained import read_manifest
from survey.understand.training.second import write_second
from survey.understand.training.ship import write_background, write_reader
from survey.understand.training.text import BRIEF, read_labelled, without_copies
from survey.understand.training.train import check, say, train, train_and_check
from survey.understand.training.tune import Recipe


def main() -> None:
    """Train the shipped reader and write it to `survey/understand/shipped`."""
    asked = _arguments()
    answers, brief = without_copies(read_labelled()), read_labelled(BRIEF)
    if asked.second_only:
        write_second(answers, brief)
        return
    recipe = Recipe(seed=asked.seed)
    say(f"{len(answers)} answers by {len({one.author for one in answers})} authors")
    if asked.check_only:
        check(answers, brief, recipe, say)
        return
    if asked.keep_threshold:
        manifest = read_manifest()
        threshold, calibration = min(manifest.thresholds.values()), manifest.calibration
        network = train(answers, brief, recipe, say)
    else:
        network, threshold, calibration = train_and_check(answers, brief, recipe, say)
    write_background(answers, recipe.seed)
    write_reader(network, threshold, calibration)
    write_second(answers, brief)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m survey.understand.training", description=__doc__
    )
    parser.add_argument("--check-only", action="store_true", help="train without HELD_OUT; score")
    parser.add_argument("--keep-threshold", action="store_true", help="skip the check")
    parser.add_argument(
        "--second-only", action="store_true", help="keep the tuned encoder; fit the second look"
    )
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
