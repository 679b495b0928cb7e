"""Which rules are there, and what does each say for itself?

One table. An id is permanent: configurations and suppressions name it. `--explain`, the README's table and the SARIF
help are all made from these texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from shortcut_audit.gate import checks
from shortcut_audit.report import Level

Check: TypeAlias = Callable[[checks.Case], Iterable[checks.Objection]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that can be objected to."""

    id: str
    level: Level
    check: Check | None
    """None for a rule about the configuration, which `policy.waive` judges over all models together."""
    what: str
    """What it objects to: one sentence."""
    why: str
    """Why that matters, with the source."""
    example: str
    """What gives a finding."""
    fix: str
    """What makes the finding go away, best first."""


HE_2015 = "He et al. 2015, Deep Residual Learning for Image Recognition, sections 3.2 and 4.1, table 3"
HE_2016 = "He et al. 2016, Identity Mappings in Deep Residual Networks, section 3, table 1"

RULES: tuple[Rule, ...] = (
    Rule(
        "extra-parameters-over-budget",
        "error",
        checks.extra_parameters_over_budget,
        "The shortcuts of a model hold more learned parameters than `max-extra-parameters` allows.",
        "Identity shortcuts add no parameter. Option A is free, B pays where dimensions change, C pays everywhere, and "
        f"the paper found the differences between them small ({HE_2015}).",
        'max-extra-parameters = "1%" and a model that holds 2,776,576 of its 25,557,032 parameters on shortcuts.',
        "Make projections identities where the shapes already match; otherwise raise the budget where it is reviewed.",
    ),
    Rule(
        "extra-macs-over-budget",
        "error",
        checks.extra_macs_over_budget,
        "The shortcuts of a model take more multiply-accumulates than `max-extra-macs` allows.",
        "The element-wise addition of an identity shortcut is negligible; a projection is a convolution or a matrix "
        f"product of its own ({HE_2015}).",
        'max-extra-macs = "5%" and a model that spends 359,661,568 of its 4,089,184,256 MACs on shortcuts.',
        "Make projections identities, or let them work after the subsampling; otherwise raise the budget.",
    ),
    Rule(
        "too-many-projections",
        "error",
        checks.too_many_projections,
        "More shortcuts are projections than `max-projections` allows.",
        "A plain count is the tightest guard there is: it does not depend on sizes, so no input shape loosens it "
        f"({HE_2015}: option B needs one projection for each change of dimensions).",
        "max-projections = 3 and a fourth shortcut with learned weights.",
        "Make the new projection an identity, or raise the number where it is reviewed.",
    ),
    Rule(
        "kind-not-allowed",
        "error",
        checks.kind_not_allowed,
        "A shortcut is of a kind that `allowed-kinds` does not list.",
        "Some families promise one kind: a pre-norm transformer has identities only, and its training stability rests "
        f"on them ({HE_2016}).",
        'allowed-kinds = ["identity"] and a block whose shortcut got a linear layer.',
        "Give the block the kind of shortcut that was agreed on, or list the kind.",
    ),
    Rule(
        "identity-lost",
        "error",
        checks.identity_lost,
        "A shortcut that was accepted as an identity, or as parameter-free, has become a dearer kind.",
        "Only an identity carries signal and gradient from any block to any other unchanged; scaling, gating or "
        f"projecting it made a 110-layer network train worse or not at all ({HE_2016}).",
        "layer1.1 was an identity in the baseline and is a projection now.",
        "Restore the identity; if the change is meant, accept it with --write-baseline.",
    ),
    Rule(
        "shortcut-removed",
        "error",
        checks.shortcut_removed,
        "A shortcut that was accepted has no counterpart any more.",
        "Without shortcuts depth makes a network worse, on the training set already: the plain 34-layer network has a "
        "higher error than the plain 18-layer one (He et al. 2015, section 4.1, figure 4).",
        "layer3.4 added x in the baseline; nothing adds it now.",
        "Restore the addition; if the change is meant, accept it with --write-baseline.",
    ),
    Rule(
        "shortcut-cost-grew",
        "error",
        checks.shortcut_cost_grew,
        "A shortcut takes more parameters or more MACs than were accepted.",
        "Costs creep in block by block, each too small to be seen. Vectors that an exporter folds into a convolution, "
        "or leaves standing, do not count as growth: a re-export alone must not fail.",
        "The 1x1 convolution on layer2.0 became a 3x3: 8,320 parameters, now 73,856.",
        "Restore the cheaper shortcut; if the change is meant, accept it with --write-baseline.",
    ),
    Rule(
        "shortcut-added",
        "note",
        checks.shortcut_added,
        "A shortcut has no counterpart in the baseline, or the whole model has none.",
        "A new block is usually meant. Its cost is guarded by the budgets.",
        "layer4.3 is new: an identity.",
        "Nothing has to be fixed; --write-baseline accepts it.",
    ),
    Rule(
        "shortcut-improved",
        "note",
        checks.shortcut_improved,
        "A shortcut is of a cheaper kind, or takes less, than was accepted.",
        "Until it is accepted, the gain may be lost again without a failure.",
        "layer1.1 was a projection in the baseline and is an identity now.",
        "Nothing has to be fixed; --write-baseline keeps the gain.",
    ),
    Rule(
        "avoidable-projection",
        "warning",
        checks.avoidable_projection,
        "A learned linear map stands on a shortcut whose fork and merge have the same shape already.",
        "That is the paper's option C. It was marginally better than B, which was put down to its extra parameters, "
        f"and was given up for memory, time and size ({HE_2015}). Later work found it harder to optimise ({HE_2016}).",
        "x is 1x64x56x56, F(x) is 1x64x56x56, and a 1x1 convolution stands between x and the addition.",
        "Add x itself.",
    ),
    Rule(
        "strided-pointwise-projection",
        "note",
        checks.strided_pointwise_projection,
        "A 1x1 convolution with a stride stands on a shortcut.",
        "With stride 2 it reads a quarter of its input and never sees the rest; pooling before a 1x1 convolution of "
        "stride 1 uses all of it at next to no cost (He et al. 2019, Bag of Tricks for Image Classification with "
        "Convolutional Neural Networks, section 4.2, ResNet-D).",
        "conv 1x1/2, 64 -> 128 on the shortcut of layer2.0.",
        "Average-pool 2x2 with stride 2, then project with stride 1.",
    ),
    Rule(
        "impeded-identity",
        "note",
        checks.impeded_identity,
        "A constant factor, a gate or a normalisation, and no linear map, stands on a shortcut.",
        "The product of such factors over many blocks grows or vanishes. On CIFAR-10, ResNet-110 went from 6.61 % "
        "error with identities to 12.35 % with both branches halved, to 8.70 % with exclusive gating at its best, and "
        f"did not converge with the shortcut alone halved ({HE_2016}).",
        "y = T(x) * H(x) + (1 - T(x)) * x, as in a Highway network.",
        "Put the factor on the residual branch and let x pass unchanged.",
    ),
    Rule(
        "doubled-shortcut",
        "warning",
        checks.doubled_shortcut,
        "One merge adds the same value, unchanged, more than once.",
        "y = F(x) + 2x scales the identity by two in every block that does it, so that activations grow "
        f"exponentially with depth; most often it is a slip ({HE_2016}, equation 5).",
        "out += x in the block, and the caller adds x again.",
        "Add x once.",
    ),
    Rule(
        "cost-unknown",
        "error",
        checks.cost_unknown,
        "A budget or a baseline cannot be checked, because an op is not counted or a dimension is not bound.",
        "Unknown is not zero: a gate that passes what it cannot see is open. A model with an op that is not understood "
        "may hide a shortcut in it.",
        'max-extra-macs = "5%" and a model whose batch size is the symbol "batch".',
        "Bind the dimension (--dim batch=1, or `dims` in the configuration); for an op that will stay unknown, set "
        "max-extra-parameters or max-projections instead, or ignore this rule for the model with a reason.",
    ),
    Rule(
        "unused-ignore",
        "warning",
        None,
        "An `ignore` entry of the configuration matches no finding, or has expired.",
        "What nobody needs any more may hide the next real finding.",
        'rule = "avoidable-projection", shortcut = "layer1.0", after layer1.0 became an identity.',
        "Remove the entry; renew an expired one if its reason still holds.",
    ),
)

RULE_IDS: tuple[str, ...] = tuple(rule.id for rule in RULES)
