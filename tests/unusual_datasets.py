"""Datasets off the grid of edges: permuted, overlapping and missing features, scales of either sign."""

from linmod import SystematicityDataset

UNUSUAL = {
    "permuted and overlapping": SystematicityDataset(3, 2, 2, 2, 1.1, input_signs=(2, 0, 1), output_signs=(1, 3)),
    "disjoint, more bits": SystematicityDataset(2, 2, 3, 1, 0.6, input_signs=(0, 3), output_signs=(2, 1), n_bits=5),
    "one class missing": SystematicityDataset(2, 2, 0, 2, 0.6, input_signs=(4, 1), output_signs=(1, 0), n_bits=5),
    "negative scale": SystematicityDataset(3, 2, 3, 2, -1.5),
    "scales of opposite sign": SystematicityDataset(3, 2, 1, 2, -1.5, r_y=0.4),
    "output identity zero": SystematicityDataset(3, 2, 2, 2, 1.5, r_y=0.0),
    "input identity zero": SystematicityDataset(3, 2, 2, 2, 0.0, r_y=1.5),
    "no sign inputs": SystematicityDataset(0, 3, 2, 1),
    "no sign outputs": SystematicityDataset(4, 0, 2, 1),
    "only identity": SystematicityDataset(0, 0, 2, 1, n_bits=3),
}
