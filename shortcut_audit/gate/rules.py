"""Which rules are there, and what does each say for itself?

One table. An id is permanent: configurations and suppressions name it. `--explain`, the README's table and the SARIF
help are all made from these texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from shortcut_audit.frozen import frozen
from shortcut_audit.gate import advice, believed, budgets, changes
from shortcut_audit.gate.case import Case, Objection
from shortcut_audit.gate.settings import RuleLevel

Check: TypeAlias = Callable[[Case], Iterable[Objection]]


@frozen
class Rule:
    """One thing that can be objected to."""

    id: str
    level: RuleLevel
    """Unless the configuration says otherwise. What is "off" speaks where it is switched on."""
    check: Check | None
    """None for a rule about the run as a whole, which `policy` judges over all models together."""
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
        budgets.extra_parameters_over_budget,
        "The shortcuts of a model hold more learned parameters than `max-extra-parameters` allows.",
        "Identity shortcuts add no parameter. Option A is free, B pays where dimensions change, C pays everywhere, and "
        f"the paper found the differences between them small ({HE_2015}).",
        'max-extra-parameters = "1%" and a model that holds 2,776,576 of its 25,557,032 parameters on shortcuts.',
        "Make projections identities where the shapes already match; otherwise raise the budget where it is reviewed.",
    ),
    Rule(
        "extra-macs-over-budget",
        "error",
        budgets.extra_macs_over_budget,
        "The shortcuts of a model take more multiply-accumulates than `max-extra-macs` allows.",
        "The element-wise addition of an identity shortcut is negligible; a projection is a convolution or a matrix "
        f"product of its own ({HE_2015}).",
        'max-extra-macs = "5%" and a model that spends 359,661,568 of its 4,089,184,256 MACs on shortcuts.',
        "Make projections identities, or let them work after the subsampling; otherwise raise the budget.",
    ),
    Rule(
        "parameters-over-budget",
        "error",
        budgets.parameters_over_budget,
        "A model holds more learned parameters than `max-parameters` allows.",
        "Size is what is paid for on a device and over a network; it creeps up one block at a time.",
        'max-parameters = "25M" and a model of 25,557,032.',
        "Take out what is not needed; otherwise raise the budget where it is reviewed.",
    ),
    Rule(
        "macs-over-budget",
        "error",
        budgets.macs_over_budget,
        "A model takes more multiply-accumulates than `max-macs` allows.",
        "Work is latency and energy; it creeps up one block at a time.",
        'max-macs = "4G" and a model of 4,089,184,256 MACs.',
        "Take out what is not needed; otherwise raise the budget where it is reviewed.",
    ),
    Rule(
        "held-memory-over-budget",
        "error",
        budgets.held_memory_over_budget,
        "A shortcut keeps more bytes of x alive than `max-held-memory` allows, while its branch is computed.",
        "That is the price which an identity does have: on a small device the largest held value decides whether the "
        "model fits (Sandler et al. 2018, MobileNetV2, section 5.1: shortcuts between thin bottlenecks).",
        'max-held-memory = "512KiB" and a shortcut around a 1x256x56x56 value of float32: 3,211,264 bytes.',
        "Put the shortcut where the value is small; otherwise raise the budget where it is reviewed.",
    ),
    Rule(
        "too-many-projections",
        "error",
        budgets.too_many_projections,
        "More shortcuts are projections than `max-projections` allows.",
        "A plain count is the tightest guard there is: it does not depend on sizes, so no input shape loosens it "
        f"({HE_2015}: option B needs one projection for each change of dimensions).",
        "max-projections = 3 and a fourth shortcut with learned weights.",
        "Make the new projection an identity, or raise the number where it is reviewed.",
    ),
    Rule(
        "too-few-identities",
        "error",
        budgets.too_few_identities,
        "Fewer shortcuts are identities than `min-identities` asks for.",
        f"It is the identities that let a network be deep ({HE_2016}); a count of them needs no baseline.",
        "min-identities = 12 and a ResNet-50 in which one of 12 has become a projection.",
        "Restore the identity, or lower the number where it is reviewed.",
    ),
    Rule(
        "kind-not-allowed",
        "error",
        budgets.kind_not_allowed,
        "A shortcut is of a kind that `allowed-kinds` does not list.",
        "Some families promise one kind: a pre-norm transformer has identities only, and its training stability rests "
        f"on them ({HE_2016}).",
        'allowed-kinds = ["identity"] and a block whose shortcut got a linear layer.',
        "Give the block the kind of shortcut that was agreed on, or list the kind.",
    ),
    Rule(
        "identity-lost",
        "error",
        changes.identity_lost,
        "A shortcut that was accepted as an identity, or as parameter-free, has become a dearer kind, or has a "
        "dearer one "
        "beside it at the same merge, or from the same x.",
        "Only an identity carries signal and gradient from any block to any other unchanged; scaling, gating or "
        f"projecting it made a 110-layer network train worse or not at all ({HE_2016}).",
        "layer1.1 was an identity in the baseline and is a projection now, or adds F(x) + x + W x, or keeps F(x) + x "
        "as an output that nobody uses and goes on with F(x) + W x.",
        "Restore the identity; if the change is meant, accept it with --write-baseline.",
    ),
    Rule(
        "model-missing",
        "error",
        None,
        "A model that was accepted is not among those that are audited.",
        "Whoever renames a model, gives it another suffix or moves it into a hidden folder takes it from under the "
        "gate. "
        "Asked of all entries of the baseline when the configuration names the models, and of those below a folder "
        "that "
        "is audited; never of files that are named one by one.",
        "The baseline holds models/net.onnx, and there is no such file any more.",
        "Restore the model; if it is meant to go, --write-baseline over the whole set drops it. A file of equal "
        "structure "
        "under a new name is taken for the renamed one.",
    ),
    Rule(
        "model-unaccepted",
        "warning",
        changes.model_unaccepted,
        "A baseline that has entries has none for a model.",
        "Nothing was compared: the model is held to the budgets alone.",
        "models/new.onnx, and a baseline that knows models/net.onnx only.",
        "Accept the model with --write-baseline.",
    ),
    Rule(
        "model-renamed",
        "note",
        None,
        "A model has the structure of one that was accepted under another name, which is gone.",
        "It was compared with that one: nothing but the name has changed.",
        "models/net.onnx is gone, and models/resnet.onnx has the same shortcuts.",
        "Nothing has to be fixed; --write-baseline over the whole set keeps the new name.",
    ),
    Rule(
        "shortcut-removed",
        "error",
        changes.shortcut_removed,
        "A shortcut that was accepted has no counterpart any more, or an output no longer depends on it.",
        "Without shortcuts depth makes a network worse, on the training set already: the plain 34-layer network has a "
        "higher error than the plain 18-layer one (He et al. 2015, section 4.1, figure 4).",
        "layer3.4 added x in the baseline; nothing adds it now, or the output does not depend on it any more: it "
        "lives on in another output, which nobody reads.",
        "Restore the addition; if the change is meant, accept it with --write-baseline.",
    ),
    Rule(
        "shortcut-cost-grew",
        "error",
        changes.shortcut_cost_grew,
        "A shortcut takes more parameters or more MACs than were accepted.",
        "Costs creep in block by block, each too small to be seen. Vectors that an exporter folds into a convolution, "
        "or leaves standing, do not count as growth: a re-export alone must not fail.",
        "The 1x1 convolution on layer2.0 became a 3x3: 8,320 parameters, now 73,856.",
        "Restore the cheaper shortcut; if the change is meant, accept it with --write-baseline.",
    ),
    Rule(
        "weighted-shortcut-added",
        "warning",
        changes.weighted_shortcut_added,
        "A shortcut that holds weights has no counterpart in the baseline.",
        "A new block is usually meant; a new projection is what budgets are for, and there may be none.",
        "layer4.3 is new: a projection.",
        "Make it an identity, or accept it with --write-baseline.",
    ),
    Rule(
        "shortcut-added",
        "note",
        changes.shortcut_added,
        "A shortcut without weights has no counterpart in the baseline, or the baseline has no entries yet.",
        "A new block is usually meant. Its cost is guarded by the budgets.",
        "layer4.3 is new: an identity.",
        "Nothing has to be fixed; --write-baseline accepts it.",
    ),
    Rule(
        "shortcut-improved",
        "note",
        changes.shortcut_improved,
        "A shortcut is of a cheaper kind, or takes less, than was accepted.",
        "Until it is accepted, the gain may be lost again without a failure.",
        "layer1.1 was a projection in the baseline and is an identity now.",
        "Nothing has to be fixed; --write-baseline keeps the gain.",
    ),
    Rule(
        "avoidable-projection",
        "warning",
        advice.avoidable_projection,
        "A learned linear map stands on a shortcut whose fork and merge have the same shape already.",
        "That is the paper's option C. It was marginally better than B, which was put down to its extra parameters, "
        f"and was given up for memory, time and size ({HE_2015}). Later work found it harder to optimise ({HE_2016}).",
        "x is 1x64x56x56, F(x) is 1x64x56x56, and a 1x1 convolution stands between x and the addition.",
        "Add x itself.",
    ),
    Rule(
        "strided-pointwise-projection",
        "note",
        advice.strided_pointwise_projection,
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
        advice.impeded_identity,
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
        advice.doubled_shortcut,
        "One merge adds the same value, unchanged, more than once.",
        "y = F(x) + 2x scales the identity by two in every block that does it, so that activations grow "
        f"exponentially with depth; most often it is a slip ({HE_2016}, equation 5).",
        "out += x in the block, and the caller adds x again.",
        "Add x once.",
    ),
    Rule(
        "residual-not-quantised",
        "off",
        advice.residual_not_quantised,
        "In a quantised model a merge adds values of different scales: a shortcut that is not quantised to a branch "
        "that "
        "is, or one whose scale differs.",
        "Runtimes fuse an addition of integers where both operands are quantised alike; otherwise one is converted on "
        "every pass. Quantisers that stand at layers alone miss the shortcut: NVIDIA's documentation has them added to "
        "the residual connections of ResNets for the sake of TensorRT's INT8 fusions (TensorRT 8.6, TensorFlow "
        "Quantization Toolkit, Add Custom QDQ Insertion Case).",
        "y = DequantizeLinear(QuantizeLinear(F(x))) + x.",
        "Quantise the shortcut with the branch's scale. Off unless [tool.shortcut-audit.rules] switches it on.",
    ),
    Rule(
        "cost-unknown",
        "error",
        budgets.cost_unknown,
        "A budget or a baseline cannot be checked, because an op is not counted, a dimension is not bound, or an "
        "addition "
        "is not understood.",
        "Unknown is not zero: a gate that passes what it cannot see is open. What is decided however the unknown turns "
        "out is judged.",
        'max-extra-macs = "1G" and a model whose batch size is the symbol "batch".',
        "Bind the dimension (--dim batch=1, or `dims` in the configuration); export an operator that is not understood "
        "as a function of the model (ONNX), or declare it (--explain operators), or ignore this rule for the model "
        "with a reason.",
    ),
    Rule(
        "kind-unknown",
        "error",
        budgets.kind_unknown,
        "An addition is not understood, and `allowed-kinds`, `max-projections`, `min-identities` or the baseline "
        "depends "
        "on what it is.",
        "An operator of which nobody knows what it does may be a copy or a projection: unknown is never green.",
        'y = mine::Op(x) + F(x), with allowed-kinds = ["identity"].',
        "Export the operator as a function of the model, which is looked into (ONNX), or declare what it does "
        "(--explain operators), or ignore this rule for the model with a reason.",
    ),
    Rule(
        "operator-declared",
        "note",
        believed.operator_declared,
        "A model has an operator that is not understood, whose meaning [tool.shortcut-audit.operators] declares.",
        "A declaration is believed: who may write `copy` may turn a projection into an identity. So every report, in "
        "every format, says what was believed, and in which file it stands.",
        '"qonnx.custom_op.general::Quant" = "copy", and a model with nine such nodes.',
        "Nothing has to be fixed; let a reviewer own the configuration, or export the operator as a function of the "
        "model, which is looked into (ONNX).",
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
    Rule(
        "unused-setting",
        "warning",
        None,
        "The configuration, or `--dim`, gives a size to a dimension or an input that no model has, or declares an "
        "operator that none has.",
        "What is meant for one model of many is no error for the others; what none has is a slip of the pen, and the "
        "model that it is meant for stays as unknown as it was.",
        'dims = { btch = 1 }, and models whose batch is called "batch".',
        "Correct the name, or remove the entry.",
    ),
)

RULE_IDS: tuple[str, ...] = tuple(rule.id for rule in RULES)
