"""The schedule of a training: stages one after another, each with its losses and rates."""

import math
from dataclasses import dataclass, field

from models.errors import TrainingError
from models.training.adversary import AdversarySettings
from models.weights_info import VIVID_WHERE

LAST_ENCODER_STAGE = 6


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A part of a training: which losses count, and how fast what learns."""

    name: str
    steps: int
    """Optimizer steps of this stage."""
    rate: float
    """Peak learning rate of the decoder; rises for `warmup_steps`, then falls along a cosine."""
    final_rate: float = 0
    """Learning rate of the decoder at the end of the stage."""
    warmup_steps: int = 50
    encoder_rate: float = 0
    """The encoder's learning rate as a share of the decoder's; 0 keeps it frozen."""
    unfrozen_from: int = 2
    """First encoder stage (0 to 6) that learns where the encoder does; earlier ones keep their weights."""
    encoder_decay: float = 1
    """Rate of an encoder stage as a share of the rate of the stage after it, above 0 and up to 1."""
    cross_entropy: float = 1
    """Weight of the class-rebalanced cross-entropy; 0 for a generator that predicts no distribution."""
    l1: float = 0
    """Weight of the mean absolute error of ab: pix2pix's lambda."""
    adversarial: float = 0
    """Weight of the non-saturating adversarial loss; above 0 the discriminator plays along."""
    perceptual: float = 0
    """Weight of the difference that the ImageNet encoder sees between the predicted picture and the true one."""
    colorful: float = 0
    """Weight of the difference in colourfulness, in hundreds."""

    def __post_init__(self) -> None:
        if self.steps < 1 or self.warmup_steps < 0:
            raise TrainingError(f"stage {self.name!r}: {self.steps} steps: at least 1 works")
        if not 0 <= self.unfrozen_from <= 6:
            raise TrainingError(
                f"stage {self.name!r}: unfrozen_from {self.unfrozen_from}: an encoder stage from 0 to 6 works"
            )
        if not 0 < self.encoder_decay <= 1:
            raise TrainingError(
                f"stage {self.name!r}: encoder_decay {self.encoder_decay}: a share above 0, at most 1, works"
            )
        weights = self.cross_entropy, self.l1, self.adversarial, self.perceptual, self.colorful
        if min(*weights, self.rate, self.final_rate, self.encoder_rate) < 0 or not sum(weights):
            raise TrainingError(
                f"stage {self.name!r}: rates and weights of losses are 0 or more, one weight more"
            )

    def encoder_share(self, encoder_stage: int) -> float:
        """The rate of an encoder stage (0 to 6) as a share of the decoder's."""
        return self.encoder_rate * self.encoder_decay ** (LAST_ENCODER_STAGE - encoder_stage)

    def rate_at(self, step: int) -> float:
        """Learning rate of the decoder at a step of this stage, counted from 0."""
        warm = min(1.0, (step + 1) / max(1, self.warmup_steps))
        fall = 0.5 * (1 + math.cos(math.pi * min(1.0, step / self.steps)))
        return warm * (self.final_rate + (self.rate - self.final_rate) * fall)


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """All that a training's result depends on, beside its data."""

    stages: tuple[Stage, ...]
    batch: int = 32
    """Samples a step, over all processes."""
    betas: tuple[float, float] = (0.9, 0.999)
    """Of the generator's AdamW."""
    weight_decay: float = 0.02
    gradient_clip: float = 1.0
    """Largest norm of the gradient; 0 does not clip."""
    rebalance: float = 0.5
    """Share of the uniform distribution in the class weights (Zhang et al. 2016: 0.5)."""
    adversary: AdversarySettings = field(default_factory=AdversarySettings)
    """The discriminator, for the stages that have one."""
    average: float = 0.999
    """Decay of the running mean of the generator's weights, which is what is validated and kept; 0 has none."""
    precision: str = "bf16"
    """bf16 (autocast) or fp32."""
    validate_every: int = 250
    """Steps between validations; a checkpoint is written at each."""
    checkpoint_every: int = 0
    """Steps between further checkpoints, for a slow machine; 0 has none between validations."""
    patience: int = 0
    """Validations without a better score after which a stage ends early; 0 for never."""
    keep: str = "best"
    """Whose weights are kept: the best validation's, by its score, or the last one's."""
    temperature: float = 0.38
    """Of the annealed mean, in the losses on ab and in validation."""
    vividness: float = 1.8
    """Factor on the predicted ab, 0.5 to 2, that goes into the weights for those who colour with them."""
    vivid_where: str = VIVID_WHERE[0]
    """Goes into the weights too: whether the factor counts everywhere, or where the network is unsure."""
    learns_shown: bool = False
    """Whether colours are learned, and validated, as they are shown, times `vividness`.

    Without, the factor makes up for what means lose; with it the shown colours of a film that is known well are true.
    """
    resting_norms: bool = False
    """Whether norms keep the statistics they have.

    So a fine-tuning starts where the weights are: statistics of its own few pictures would change all colours at once.
    """
    dropout: float | None = None
    """Share of the channels that is dropped while training, 0 to below 1; None takes the generator's own.

    A fine-tuning on a few pictures needs more of it.
    """
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.stages:
            raise TrainingError("stages: a training has at least one")
        for name in ("batch", "validate_every"):
            if getattr(self, name) < 1:
                raise TrainingError(f"{name} {getattr(self, name)}: at least 1 works")
        if self.checkpoint_every < 0:
            raise TrainingError(f"checkpoint_every {self.checkpoint_every}: 0 or more works")
        if self.precision not in ("bf16", "fp32"):
            raise TrainingError(f"precision {self.precision!r}: bf16 or fp32 works")
        if self.keep not in ("best", "last"):
            raise TrainingError(f"keep {self.keep!r}: best or last works")
        if not 0 <= self.average < 1:
            raise TrainingError(f"average {self.average}: a decay from 0 to below 1 works")
        if not 0.5 <= self.vividness <= 2:
            raise TrainingError(f"vividness {self.vividness}: a number from 0.5 to 2 works")
        if self.vivid_where not in VIVID_WHERE:
            raise TrainingError(f"vivid_where {self.vivid_where!r}: {' or '.join(VIVID_WHERE)} works")
        if self.learns_shown and self.vivid_where != "everywhere":
            raise TrainingError("learns_shown: with vivid_where: everywhere it works")
        if self.dropout is not None and not 0 <= self.dropout < 1:
            raise TrainingError(f"dropout {self.dropout}: a share from 0 to below 1 works")

    @property
    def steps(self) -> int:
        """Steps of all stages."""
        return sum(stage.steps for stage in self.stages)

    @property
    def adversarial(self) -> bool:
        """Whether any stage has a discriminator."""
        return any(stage.adversarial for stage in self.stages)

    @property
    def looks(self) -> bool:
        """Whether any stage compares whole pictures."""
        return any(stage.perceptual or stage.colorful for stage in self.stages)

    def starts(self) -> list[int]:
        """The first step of each stage."""
        return [sum(stage.steps for stage in self.stages[:index]) for index in range(len(self.stages))]
