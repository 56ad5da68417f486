"""Learning rules in addition to gradient descent: the terms added to the updates of a two-layer network."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ..validation import choice, integer, real

__all__ = ["Rule"]

HEBBIAN_FORMS = ("inverse_complement", "inverse_norm", "oja")


@dataclass(frozen=True)
class Rule:
    r"""A mixture of gradient, Hebbian and contrastive Hebbian learning of a two-layer network y = W_2 W_1 x.

    With :math:`W = W_2 W_1`, :math:`\Sigma_x = \langle x x^\top \rangle`,
    :math:`\Sigma_{yx} = \langle y x^\top \rangle` and :math:`\Sigma_y = \langle y y^\top \rangle`, all averaged over
    items,

    .. math::
        \tau\,\dot W_1 &= W_2^\top (\Sigma_{yx} - W\Sigma_x) + \nabla\, H(W_1) \\
        \tau\,\dot W_2 &= (\Sigma_{yx} - W\Sigma_x) W_1^\top + \gamma\, (\Sigma_y - W \Sigma_x W^\top)\, W_2

    where :math:`H(W_1) = W_1\Sigma_x - W_1\Sigma_x W_1^\top W_1` is Oja's Hebbian term, or, for each hidden unit i
    separately, :math:`H_i = (W_1\Sigma_x)_i / (1 + |(W_1)_i|^2)`, the unbounded Hebbian term over a growing norm, or
    :math:`H_i = (W_1\Sigma_x)_i / (1 - |(W_1)_i|^2)`, the same over the complement of the norm, whose domain is
    :math:`|(W_1)_i| < 1` for every hidden unit.

    Parameters
    ----------
    contrastive : float, default 0.0
        Weight :math:`\gamma` of the contrastive term on the second layer: 1 for contrastive Hebbian learning, -1 for
        predictive coding.
    hebbian : float, default 0.0
        Weight :math:`\nabla` of the Hebbian term on the first layer: positive for Hebbian, negative for anti-Hebbian
        learning.
    form : {"oja", "inverse_norm", "inverse_complement"}
        Form H of the Hebbian term. In the last one weights that leave the domain end in a `Divergence`.

    Raises
    ------
    TypeError, ValueError
        If contrastive or hebbian is not a finite number, or form not one of these three.

    See Also
    --------
    Flow, Descent : Trainings that take a rule.

    Notes
    -----
    Source: "On The Specialization of Neural Modules" (Jarvis, Klein, Rosman & Saxe; ICLR 2023), learning rules. The
    published settings sum over items where this averages; see :meth:`summed_over_items`.

    Examples
    --------
    >>> Rule.contrastive_hebbian()
    Rule(contrastive=1.0)
    >>> Rule(hebbian=0.1), Rule(hebbian=-0.1)
    (Rule(hebbian=0.1), Rule(hebbian=-0.1))
    >>> Rule().is_gradient
    True
    """

    contrastive: float = 0.0
    hebbian: float = 0.0
    form: str = "oja"

    def __post_init__(self) -> None:
        real("contrastive", self.contrastive)
        real("hebbian", self.hebbian)
        choice("form", self.form, HEBBIAN_FORMS)

    def __repr__(self) -> str:
        given = [
            f"{item.name}={getattr(self, item.name)!r}"
            for item in fields(self)
            if getattr(self, item.name) != item.default
        ]
        return f"Rule({', '.join(given)})"

    @property
    def is_gradient(self) -> bool:
        """Whether nothing is added to the gradient."""
        return self.contrastive == 0 and self.hebbian == 0

    @classmethod
    def gradient(cls) -> Rule:
        """Return the rule of gradient descent of the loss, without added terms.

        Examples
        --------
        >>> Rule.gradient() == Rule()
        True
        """
        return cls()

    @classmethod
    def contrastive_hebbian(cls, contrastive: float = 1.0) -> Rule:
        """Add the contrast between the clamped and the free output to the second layer.

        Parameters
        ----------
        contrastive : float, default 1.0
            Its weight, positive.

        Examples
        --------
        >>> Rule.contrastive_hebbian().contrastive
        1.0
        """
        return cls(contrastive=real("contrastive", contrastive, positive=True))

    @classmethod
    def predictive_coding(cls, contrastive: float = -1.0) -> Rule:
        """Subtract the contrast between the clamped and the free output from the update of the second layer.

        Parameters
        ----------
        contrastive : float, default -1.0
            Its weight, negative.

        Examples
        --------
        >>> Rule.predictive_coding().contrastive
        -1.0
        """
        return cls(contrastive=_negative("contrastive", contrastive))

    @classmethod
    def inverse_norm_anti_hebbian(cls, hebbian: float) -> Rule:
        r"""Subtract the Hebbian term of each hidden unit, divided by one plus its squared norm.

        Unlike Oja's term with a negative sign it is bounded, so that it cannot grow without limit in finite time.

        Parameters
        ----------
        hebbian : float
            Its weight, negative.

        Examples
        --------
        >>> Rule.inverse_norm_anti_hebbian(-0.1)
        Rule(hebbian=-0.1, form='inverse_norm')
        """
        return cls(hebbian=_negative("hebbian", hebbian), form="inverse_norm")

    @classmethod
    def inverse_complement_anti_hebbian(cls, hebbian: float) -> Rule:
        r"""Subtract the Hebbian term of each hidden unit, divided by one minus its squared norm.

        Domain: :math:`|(W_1)_i| < 1` for the input weights of every hidden unit i. Where they reach 1 the rule is not
        defined, and training ends in a `Divergence`.

        Parameters
        ----------
        hebbian : float
            Its weight, negative.

        Returns
        -------
        Rule

        See Also
        --------
        inverse_norm_anti_hebbian : Division by one plus the squared norm, which has no such limit.

        Examples
        --------
        >>> Rule.inverse_complement_anti_hebbian(-0.1)
        Rule(hebbian=-0.1, form='inverse_complement')
        """
        return cls(hebbian=_negative("hebbian", hebbian), form="inverse_complement")

    @classmethod
    def summed_over_items(
        cls, n_items: int, step_size: float, *, contrastive: float = 0.0, hebbian: float = 0.0, form: str = "oja"
    ) -> Rule:
        r"""Return the rule of descent whose added terms are sums over items, as in the published settings.

        There one step is the gradient times :math:`\alpha = 1/\tau` plus

        .. math:: \Delta W_1 = \nabla \sum_{\mathrm{items}} H, \qquad
                  \Delta W_2 = \frac{\gamma}{\tau} \sum_{\mathrm{items}} (y y^\top - \hat y \hat y^\top)\, W_2

        so that the Hebbian term is not scaled by the step, and both are N times as large as an average: `contrastive`
        is N gamma, and `hebbian` is N nabla / alpha.

        Parameters
        ----------
        n_items : int
            Number N of items.
        step_size : float
            The step alpha of the descent.
        contrastive, hebbian, form
            As published: gamma, nabla and the form H.

        Examples
        --------
        >>> Rule.summed_over_items(8, 0.08, hebbian=0.001)
        Rule(hebbian=0.1)
        """
        items, step = integer("n_items", n_items, 1), real("step_size", step_size, positive=True)
        return cls(
            contrastive=items * real("contrastive", contrastive),
            hebbian=items * real("hebbian", hebbian) / step,
            form=form,
        )


def _negative(name: str, value: float) -> float:
    number = real(name, value)
    if number >= 0:
        raise ValueError(f"{name} must be negative, got {number}")
    return number
