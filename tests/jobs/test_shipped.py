from jobs.shipped import CONFIGS, GUIDES


def test_the_manuals_and_recipes_are_there() -> None:
    assert (CONFIGS / "README.md").is_file()
    assert (CONFIGS / "train" / "finetune.yaml").is_file()
    assert (GUIDES / "archivist.md").is_file()
