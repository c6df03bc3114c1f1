from jobs.shipped import CONFIGS


def test_the_manual_of_keys_and_the_recipes_are_there() -> None:
    assert (CONFIGS / "README.md").is_file()
    assert (CONFIGS / "train" / "finetune.yaml").is_file()
