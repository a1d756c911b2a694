"""Golden vectors of losses, optimizers and schedules: what torch and geoopt compute, in float64 where they can.

    pip install torch geoopt
    python npm/golden/training.py > Tests/Fixtures/training_golden.json

Tests/RuvectorTrainingTests/GoldenTests.swift reads them.
"""
import json
import math
import sys

import geoopt
import torch
import torch.nn.functional as F

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)


def numbers(t):
    return [float(f"{x:.9g}") for x in t.detach().double().flatten().tolist()]


def rand(*shape, low=-1.5, high=1.5):
    # float32 values, so that both sides begin with the same numbers
    return (torch.rand(*shape) * (high - low) + low).float().double()


def case(name, options, inputs, value, integers=()):
    """A loss: its value and the gradients of all inputs that have one."""
    leaves = {k: v.clone().requires_grad_(k not in integers) if k not in integers else v for k, v in inputs.items()}
    loss = value(**leaves)
    loss.backward()
    return {
        "loss": name,
        "options": options,
        "inputs": {k: {"shape": list(v.shape), "data": [int(x) for x in v.tolist()] if k in integers else numbers(v), "integers": k in integers} for k, v in inputs.items()},
        "value": float(loss),
        "gradients": {k: numbers(v.grad) for k, v in leaves.items() if k not in integers},
    }


def info_nce(temperature, reduction, dot=False, in_batch=False):
    def value(anchor, positive, negatives=None):
        sim = (lambda a, b: a @ b.T) if dot else (lambda a, b: F.normalize(a, dim=1) @ F.normalize(b, dim=1).T)
        own = sim(anchor, positive)
        first = own if in_batch else own.diagonal()[:, None]
        scores = first if negatives is None else torch.cat([first, sim(anchor, negatives)], 1)
        target = torch.arange(len(anchor)) if in_batch else torch.zeros(len(anchor), dtype=torch.long)
        return F.cross_entropy(scores / temperature, target, reduction=reduction)

    return value


def losses():
    all = []
    for reduction in ["mean", "sum"]:
        x, y = rand(4, 5), rand(4, 5)
        all.append(case("mse", {"reduction": reduction}, {"input": x, "target": y}, lambda input, target: F.mse_loss(input, target, reduction=reduction)))
        t = torch.tensor([2, 0, 4, 2])
        for smoothing in [0, 0.1]:
            all.append(case("crossEntropy", {"reduction": reduction, "labelSmoothing": smoothing}, {"input": x, "target": t},
                            lambda input, target: F.cross_entropy(input, target, reduction=reduction, label_smoothing=smoothing), ("target",)))
        for weight in [1, 2.5]:
            p = rand(4, 5, low=0, high=1)
            all.append(case("bce", {"reduction": reduction, "posWeight": weight}, {"input": 4 * x, "target": p},
                            lambda input, target: F.binary_cross_entropy_with_logits(input, target, reduction=reduction, pos_weight=torch.tensor(float(weight)))))
        relevance = rand(4, 5, low=0, high=1)
        relevance = (relevance / relevance.sum(1, keepdim=True)).float().double()
        relevance[1] = 0
        all.append(case("listwiseSoftmax", {"reduction": reduction}, {"scores": x, "relevance": relevance},
                        lambda scores, relevance: F.cross_entropy(scores, relevance, reduction=reduction)))
        for margin in [0.3, 1]:
            all.append(case("triplet", {"reduction": reduction, "margin": margin}, {"anchor": rand(6, 4), "positive": rand(6, 4), "negative": rand(6, 4)},
                            lambda anchor, positive, negative: F.triplet_margin_loss(anchor, positive, negative, margin=margin, reduction=reduction)))
            all.append(case("triplet", {"reduction": reduction, "margin": margin, "distance": "cosine"}, {"anchor": rand(6, 4), "positive": rand(6, 4), "negative": rand(6, 4)},
                            lambda anchor, positive, negative: F.triplet_margin_with_distance_loss(anchor, positive, negative, distance_function=lambda a, b: 1 - F.cosine_similarity(a, b), margin=margin, reduction=reduction)))
        for temperature, dot in [(0.07, False), (1, False), (2, True)]:
            options = {"reduction": reduction, "temperature": temperature, "similarity": "dot" if dot else "cosine"}
            inputs = {"anchor": rand(3, 6), "positive": rand(3, 6), "negatives": rand(5, 6)}
            all.append(case("infoNce", options, inputs, info_nce(temperature, reduction, dot)))
            all.append(case("infoNce", {**options, "inBatch": True}, inputs, info_nce(temperature, reduction, dot, True)))
            all.append(case("infoNce", {**options, "inBatch": True}, {k: inputs[k] for k in ["anchor", "positive"]}, info_nce(temperature, reduction, dot, True)))

        def contrastive(input, other, similar):
            d = F.pairwise_distance(input, other)
            rows = similar * d**2 + (1 - similar) * torch.clamp(1.5 - d, min=0) ** 2
            return rows.mean() if reduction == "mean" else rows.sum()

        all.append(case("contrastive", {"reduction": reduction, "margin": 1.5}, {"input": rand(6, 2), "other": rand(6, 2), "similar": torch.tensor([0.0, 1, 0, 0, 1, 0.5])}, contrastive))
    all.append(case("localContrastive", {"margin": 0.5}, {"anchor": rand(2, 3), "positive": rand(2, 3), "negatives": rand(4, 3)},
                    lambda anchor, positive, negatives: torch.clamp((anchor - positive).norm(dim=1)[:, None] - torch.cdist(anchor, negatives) + 0.5, min=0).mean()))
    for rows, columns in [(3, 5), (5, 3)]:
        def orthogonality(x):
            gram = x @ x.T if rows <= columns else x.T @ x
            return 0.5 * ((gram - torch.eye(min(rows, columns))) ** 2).sum()

        all.append(case("orthogonality", {"weight": 0.5}, {"x": rand(rows, columns)}, orthogonality))
    all.append(case("normPenalty", {"weight": 2, "norm": 0.7}, {"x": rand(4, 3)}, lambda x: 2 * ((x.norm(dim=1) - 0.7) ** 2).mean()))
    all.append(case("l2", {"weight": 0.3}, {"x": rand(4, 3)}, lambda x: 0.15 * (x**2).sum()))
    all.append(case("spectral", {"weight": 3}, {"x": rand(5, 4)}, lambda x: 3 * x.var(0, unbiased=False).var(unbiased=False)))
    return all


def trajectory(make, start, gradients, state=None):
    parameter = start if isinstance(start, geoopt.ManifoldParameter) else torch.nn.Parameter(start.clone())
    optimizer = make([parameter])
    if state is not None:
        state(optimizer, parameter)
    points = []
    for i, g in enumerate(gradients):
        parameter.grad = g.clone()
        optimizer.step()
        if i in (0, 1, 9, len(gradients) - 1):
            points.append({"step": i, "parameters": numbers(parameter.data)})
    return points


def optimizers():
    start, gradients = rand(12), [rand(12) * (0.1 + (i % 7)) for i in range(50)]
    out = {"start": numbers(start), "gradients": [numbers(g) for g in gradients], "flat": [], "rows": []}
    for options, make in [
        ({"type": "sgd", "learningRate": 0.1}, lambda p: torch.optim.SGD(p, 0.1)),
        ({"type": "sgd", "learningRate": 0.1, "momentum": 0.9, "weightDecay": 0.01}, lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, weight_decay=0.01)),
        ({"type": "sgd", "learningRate": 0.05, "momentum": 0.8, "dampening": 0.3}, lambda p: torch.optim.SGD(p, 0.05, momentum=0.8, dampening=0.3)),
        ({"type": "sgd", "learningRate": 0.05, "momentum": 0.8, "nesterov": True}, lambda p: torch.optim.SGD(p, 0.05, momentum=0.8, nesterov=True)),
        ({"type": "adam", "learningRate": 0.1}, lambda p: torch.optim.Adam(p, 0.1)),
        ({"type": "adam", "learningRate": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-3, "weightDecay": 0.1}, lambda p: torch.optim.Adam(p, 0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)),
        ({"type": "adamW", "learningRate": 0.1}, lambda p: torch.optim.AdamW(p, 0.1)),
        ({"type": "adamW", "learningRate": 0.02, "weightDecay": 0.5}, lambda p: torch.optim.AdamW(p, 0.02, weight_decay=0.5)),
    ]:
        out["flat"].append({"options": options, "points": trajectory(make, start, gradients)})

    def begun(optimizer, parameter):  # it begins with the Euclidean gradient, which is no tangent: ours begins with none
        optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)

    gradients = [rand(3, 4) * (0.02 + 0.01 * (i % 7)) for i in range(50)]
    out["rowGradients"] = [numbers(g) for g in gradients]
    for name, dim, curvature in [("poincare", 4, -1.0), ("poincare", 4, -0.5), ("lorentz", 4, -1.0), ("euclidean", 4, -1.0)]:
        for exact in [False, True] if name == "poincare" else [False]:
            if name == "poincare":
                manifold = (geoopt.PoincareBallExact if exact else geoopt.PoincareBall)(c=-curvature)
                points = rand(3, 4, low=-0.4, high=0.4)
            elif name == "lorentz":
                manifold = geoopt.Lorentz(k=torch.tensor(1.0))
                space = rand(3, 3)
                points = torch.cat([(1 + (space**2).sum(1, keepdim=True)).sqrt(), space], 1).float().double()
                points = manifold.projx(points)
            else:
                manifold, points = geoopt.Euclidean(), rand(3, 4)
            base = {"manifold": name, "dim": dim, "curvature": curvature, "exact": exact}
            for options, make, state in [
                ({"type": "riemannianSgd", "learningRate": 0.05}, lambda p: geoopt.optim.RiemannianSGD(p, 0.05), None),
                ({"type": "riemannianSgd", "learningRate": 0.05, "momentum": 0.9, "dampening": 0.0}, lambda p: geoopt.optim.RiemannianSGD(p, 0.05, momentum=0.9), begun),
                ({"type": "riemannianAdam", "learningRate": 0.01}, lambda p: geoopt.optim.RiemannianAdam(p, 0.01), None),
            ]:
                parameter = geoopt.ManifoldParameter(points.clone(), manifold=manifold)
                out["rows"].append({"options": {**base, **options}, "start": numbers(points), "points": trajectory(make, parameter, gradients, state)})
    return out


def schedules():
    def run(make, steps, losses=None):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 0.1)
        schedule, values = make(optimizer), []
        for i in range(steps):
            values.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step(losses[i]) if losses else schedule.step()
        return values

    S = torch.optim.lr_scheduler
    measured = [float(x) for x in [5, 4, 4.1, 4.2, 4.05, 4.3, 3.9, 3.9, 3.91, 3.92, 3.93, 3.94, 3.95, 3.96, 3.0, 3.1, 3.2, 3.3, 3.4, 3.5]]
    return [
        {"type": "cosine", "options": {"start": 0.1, "end": 0.01, "total": 20}, "values": run(lambda o: S.CosineAnnealingLR(o, 20, 0.01), 20)},
        {"type": "linear", "options": {"start": 0.1, "end": 0.02, "total": 20}, "values": run(lambda o: S.LinearLR(o, 1.0, 0.2, 20), 30)},
        {"type": "exponential", "options": {"start": 0.1, "gamma": 0.9}, "values": run(lambda o: S.ExponentialLR(o, 0.9), 30)},
        {"type": "step", "options": {"start": 0.1, "every": 7, "gamma": 0.5}, "values": run(lambda o: S.StepLR(o, 7, 0.5), 30)},
        {"type": "cosineRestarts", "options": {"start": 0.1, "end": 0.01, "period": 4, "factor": 2}, "values": run(lambda o: S.CosineAnnealingWarmRestarts(o, 4, 2, 0.01), 30)},
        {"type": "cosineRestarts", "options": {"start": 0.1, "period": 5}, "values": run(lambda o: S.CosineAnnealingWarmRestarts(o, 5), 30)},
        {"type": "plateau", "options": {"start": 0.1, "factor": 0.5, "patience": 2}, "history": measured, "values": run(lambda o: S.ReduceLROnPlateau(o, factor=0.5, patience=2), 20, measured)},
        {"type": "plateau", "options": {"start": 0.1, "factor": 0.5, "patience": 1, "cooldown": 2, "minimum": 0.02}, "history": measured,
         "values": run(lambda o: S.ReduceLROnPlateau(o, factor=0.5, patience=1, cooldown=2, min_lr=0.02), 20, measured)},
    ]


json.dump({"torch": torch.__version__, "geoopt": geoopt.__version__, "losses": losses(), "optimizers": optimizers(), "schedules": schedules()}, sys.stdout)
