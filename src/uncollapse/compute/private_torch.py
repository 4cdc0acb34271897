"""Everything of torch that is used here although torch does not promise to keep it.

A release of torch may rename or remove one of these names: tests/compute/test_private_torch.py says which.
"""

import torch
from torch.utils._python_dispatch import TorchDispatchMode as TorchDispatchMode  # No public one exists.

# These are one kernel for all layers; torch.optim takes longer on the host and imports torch._dynamo.
update_by_adam = torch._fused_adam_
update_by_sgd = torch._fused_sgd_
norms_of = torch._foreach_norm

# The public `torch.backends.mkldnn.flags` warns of GPUs that are not there.
is_mkldnn_enabled = torch._C._get_mkldnn_enabled
set_mkldnn_enabled = torch._C._set_mkldnn_enabled

# The operations of an LSTM, on a CPU and on a GPU, which torch's counter of operations does not know.
LSTM_ON_CPU = torch.ops.aten.mkldnn_rnn_layer
LSTM_ON_CPU_BACKWARD = torch.ops.aten.mkldnn_rnn_layer_backward
LSTM_ON_GPU = torch.ops.aten._cudnn_rnn
LSTM_ON_GPU_BACKWARD = torch.ops.aten._cudnn_rnn_backward
