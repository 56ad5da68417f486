"""Random problems over the whole space, and twelve kinds of wrong prediction for each."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from linmod import (
    Aligned,
    Deep,
    Descent,
    Flow,
    Modular,
    Problem,
    Rule,
    Shallow,
    SmallRandom,
    SystematicityDataset,
    Trajectory,
    theory,
)
from linmod.problem import Divergence, NoClosedForm
from linmod.theory import Spectrum

MOST_STEPS = 3000
RULES = (
    Rule(),
    Rule(),
    Rule(),
    Rule.contrastive_hebbian(0.3),
    Rule.predictive_coding(-0.3),
    Rule(hebbian=0.05),
    Rule(hebbian=-0.02),
)


def random_problem(seed: int) -> tuple[Problem, Trajectory]:
    """A problem that theory predicts, with its prediction; draws that theory refuses are drawn again."""
    generator = np.random.default_rng(seed)
    while True:
        problem = _draw(generator)
        if problem is None:
            continue
        try:
            return problem, theory.solve(problem)
        except (NoClosedForm, Divergence):
            continue


def _draw(generator: np.random.Generator) -> Problem | None:
    dataset = _dataset(generator)
    if dataset is None:
        return None
    classes = theory.spectrum(dataset).learnable
    if not classes:
        return None
    network, initial = _network(generator, dataset), _initial(generator)
    if isinstance(network, Deep) and network.layers > 2:
        initial = Aligned(float(10 ** generator.uniform(-3, -1)))
    rule = RULES[generator.integers(len(RULES))] if isinstance(network, Deep) and network.layers == 2 else Rule()
    try:
        probe = Problem(dataset, network, initial, Descent(1.0, 1))
        limit = theory.largest_stable_step(network, dataset)
    except ValueError:
        return None
    size = initial.std if isinstance(initial, SmallRandom) else initial.strength
    pauses = 2.0 if isinstance(network, Shallow) else 2 * abs(math.log(max(size, 1e-12))) + 2
    end = float(generator.uniform(0.4, 3.0)) * pauses / float(generator.choice([c.lam for c in classes]))
    if generator.random() < 0.4 and rule.is_gradient:
        end = min(end, MOST_STEPS * limit)  # an explicit integrator takes steps of about the stable one
        training: Flow | Descent = Flow(_times(generator, end), *TOLERANCES[generator.integers(len(TOLERANCES))])
    else:
        step = limit * float(10 ** generator.uniform(-1.5, -0.05))
        steps = int(np.clip(round(end / step), 2, MOST_STEPS))
        training = Descent(step, steps, record_every=_every(generator, steps), rule=rule)
    return replace(probe, training=training)


TOLERANCES = ((1e-8, 1e-10), (1e-8, 1e-10), (1e-6, 1e-9), (1e-10, 1e-13))


def _dataset(generator: np.random.Generator) -> SystematicityDataset | None:
    bits = int(generator.integers(1, 4))
    n_x, n_y = (int(generator.integers(bits + 1)) for _ in range(2))
    k_x, k_y = (int(generator.choice([0, 1, 1, 2, 3])) for _ in range(2))
    if not ((n_x or k_x) and (n_y or k_y)):
        return None
    r = float(generator.choice([0.0, 0.1, 0.7, 1.0, 1.0, 1.0, 2.0, -1.0]))
    r_y = float(generator.choice([1.0, 1.0, 1.0, 0.5, 0.05, 3e-3]))
    return SystematicityDataset(n_x, n_y, k_x, k_y, r, n_bits=bits, r_y=r_y)


def _network(generator: np.random.Generator, dataset: SystematicityDataset) -> Shallow | Deep | Modular:
    modes = theory.spectrum(dataset).n_modes
    hidden = int(modes + generator.choice([0, 1, 5, 40]))
    kind = generator.integers(8)
    if kind < 2:
        return Shallow()
    if kind < 6:
        return Deep(hidden=hidden)
    if kind < 7:
        return Deep(hidden=hidden, layers=3)
    return Modular.output_split(Deep(hidden=hidden))


def _initial(generator: np.random.Generator) -> Aligned | SmallRandom:
    if generator.random() < 0.3:
        return Aligned(float(generator.choice([1e-6, 1e-4, 1e-3, 0.03, -1e-3])))
    std = float(10 ** generator.uniform(-5, math.log10(0.3)))
    return SmallRandom(std, seed=int(generator.integers(1000)))


def _times(generator: np.random.Generator, end: float) -> np.ndarray:
    kind = generator.integers(6)
    if kind == 0:
        return np.array([0.0, end])
    if kind == 1:
        return np.array([end])
    if kind == 2:
        return np.linspace(0.0, end, 5)
    return np.linspace(0.0 if kind < 5 else end / 2, end, int(generator.integers(20, 60)))


def _every(generator: np.random.Generator, steps: int) -> int:
    kind = generator.integers(6)
    if kind < 2:
        return steps  # the end points only
    return max(1, steps // (4 if kind == 2 else int(generator.integers(20, 60))))


def _scaled(problem: Problem, **factors: float) -> Trajectory:
    """The prediction with lambda or delta of all classes multiplied."""
    return _respectrum(problem, lambda c: replace(c, **{k: getattr(c, k) * v for k, v in factors.items()}))


def _respectrum(problem: Problem, change: Callable[[Any], Any], factor: float = 1.0) -> Trajectory:
    if isinstance(problem.network, Modular):
        spectra = theory.module_spectra(problem.network, problem.dataset)
        changed = [Spectrum(tuple(map(change, s.classes))) for s in spectra]
        return theory.solve(problem, spectrum=changed, strength_factor=factor)
    classes = theory.spectrum(problem.dataset).classes
    return theory.solve(problem, spectrum=Spectrum(tuple(map(change, classes))), strength_factor=factor)


def _one_class(problem: Problem, right: Trajectory, value: Callable[[np.ndarray], np.ndarray]) -> Trajectory:
    """One class of modes changed, the one that learns least."""
    name = min(right.modes, key=lambda name: np.max(np.abs(right.modes[name])) or math.inf)
    return replace(right, modes={**right.modes, name: value(right.modes[name])})


def _late(problem: Problem) -> Trajectory:
    name = theory.spectrum(problem.dataset).learnable[-1].name
    return _respectrum(problem, lambda c: replace(c, lam=0.97 * c.lam, delta=0.97 * c.delta) if c.name == name else c)


def _swapped(problem: Problem) -> Trajectory | None:
    """Lambda and delta exchanged between the two classes of the closest lambda."""
    classes = sorted(theory.spectrum(problem.dataset).learnable, key=lambda c: c.lam)
    if len(classes) < 2:
        return None
    first = min(range(len(classes) - 1), key=lambda i: classes[i + 1].lam / classes[i].lam)
    one, other = classes[first : first + 2]
    exchanged = {one.name: other, other.name: one}

    def change(c: Any) -> Any:
        new = exchanged.get(c.name, c)
        return replace(c, lam=new.lam, delta=new.delta)

    return _respectrum(problem, change)


def _chord(right: Trajectory) -> Trajectory:
    """Right at the first and the last time, straight between them."""
    if len(right.times) < 3:
        return right

    def straight(values: np.ndarray) -> np.ndarray:
        return np.interp(right.times, right.times[[0, -1]], values[[0, -1]])

    return _changed(right, straight)


def _changed(right: Trajectory, change: Callable[[np.ndarray], np.ndarray]) -> Trajectory:
    return replace(
        right,
        modes={name: change(values) for name, values in right.modes.items()},
        norms={pair: change(values) for pair, values in right.norms.items()},
        loss=change(right.loss),
    )


def _time_scale(problem: Problem, right: Trajectory) -> Trajectory:
    """The course at 1.03 times the times, as if a unit of time were mistaken."""
    training = problem.training
    if isinstance(training, Flow):
        later: Flow | Descent = replace(training, times=1.03 * training.times)
    else:
        later = replace(training, step_size=1.03 * training.step_size)
    return replace(theory.solve(replace(problem, training=later)), times=right.times)


def _exchanged(right: Trajectory) -> Trajectory | None:
    """The curve of the first class given to the second, and the other way round."""
    if len(right.modes) < 2:
        return None
    first, second = list(right.modes)[:2]
    return replace(right, modes={**right.modes, first: right.modes[second], second: right.modes[first]})


def wrong_predictions(problem: Problem, right: Trajectory) -> dict[str, Trajectory]:
    """Twelve kinds of wrong prediction; those that do not exist for a problem, or diverge, are left out."""
    kinds: dict[str, Callable[[], Trajectory | None]] = {
        "start 5 % off": lambda: _respectrum(problem, lambda c: c, 1.05),
        "rate 2 % off": lambda: _scaled(problem, lam=1.02, delta=1.02),
        "one class zero": lambda: _one_class(problem, right, np.zeros_like),
        "one mode late": lambda: _late(problem),
        "signs": lambda: replace(right, make_strengths=lambda: -right.strengths),
        "plateau 1 % off": lambda: _scaled(problem, delta=1 / 1.01),
        "close modes swapped": lambda: _swapped(problem),
        "right at the end points only": lambda: _chord(right),
        "time scale": lambda: _time_scale(problem, right),
        "lambda and delta doubled": lambda: _scaled(problem, lam=2.0, delta=2.0),
        "constant": lambda: _changed(right, lambda values: np.full_like(values, values[0])),
        "another class's curve": lambda: _exchanged(right),
    }
    found = {}
    for name, make in kinds.items():
        try:
            wrong = make()
        except (Divergence, NoClosedForm):
            continue
        if wrong is not None and all(np.all(np.isfinite(v)) for v in wrong.quantities.values()):
            found[name] = wrong
    return found
