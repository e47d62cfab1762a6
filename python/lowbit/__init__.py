"""lowbit's runtime in Python: runs packed networks (.lbm files) on NumPy arrays.

    import lowbit
    model = lowbit.Model("net.lbm")
    logits = model(images)  # raw pixels 0..255, [batch, channels, height, width]

It calls the shared library liblowbit.so (lowbit/runtime/lowbit.h). Importing it fails with ImportError where there is
none; the environment variable LOWBIT_LIBRARY may name the file.
"""

from ._tensors import Error, NodeInfo, TensorInfo
from ._version import VERSION as __version__
from .model import Model

__all__ = ["Error", "Model", "NodeInfo", "TensorInfo", "__version__"]

for _public in (Error, Model, NodeInfo, TensorInfo):
    _public.__module__ = __name__  # As messages and documentation call them: lowbit.Error.
