"""Problems, which consist of a dataset, a network, a start and a training, and the trajectories of solutions."""

from .dense import *
from .modular import *
from .observation import *
from .problem import *
from .refusals import *
from .rules import *
from .saving import *
from .starts import *
from .systematicity import *
from .training import *
from .trajectory import *
