import sys

import numpy as np

import lowbit

try:
    model = lowbit.Model(sys.argv[1] if len(sys.argv) == 2 else "", threads=1)
except lowbit.Error as error:
    print(error, file=sys.stderr)
    sys.exit(2)
image = np.full((1, *model.inputs[0].shape[1:]), 128, np.uint8)  # Raw pixels, 0..255: a grey image, a batch of one.
for logit in model(image)[0]:
    print(f"{logit:g}")
